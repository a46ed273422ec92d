// settings: what app.set, app.enable and app.disable change.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/http/forwarded.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

class view;

/** Says what a view is looked for with; the setting `view` gets it.

    @par Thread Safety
    Distinct objects: safe.
*/
struct view_options {
    std::string default_engine{};     ///< setting `view engine`: the extension of names without one; may be empty
    std::vector<std::string> roots{}; ///< setting `views`
};

/** Holds the settings of an app by their Express names, and beside them what each request reads, ready to use.

    | name | default | meaning |
    |---|---|---|
    | `case sensitive routing` | false | `/Foo` is not `/foo`; read when the first route or middleware is added |
    | `strict routing` | false | `/foo/` is not `/foo`; read likewise |
    | `env` | `CREMA_ENV`, else `NODE_ENV`, else `"development"` | `"production"` hides the text of errors |
    | `etag` | `"weak"` | `true`, `"weak"`, `"strong"`, `false`, `"express"` (Express' own), or a function of the body |
    | `json escape` | false | `<`, `>` and `&` are escaped in JSON |
    | `json replacer` | none | a function of name and value that gives what is written instead, if anything; or an array of names |
    | `json spaces` | 0 | indentation of JSON: so many spaces, or a text such as `"\t"`; at most 10 of either |
    | `jsonp callback name` | `"callback"` | the name in the query that `response::jsonp` looks for |
    | `method not allowed` | false | a path that has the method not, but others, is answered 405 with Allow; Express says 404 |
    | `problem details` | false | what the final handler answers is `application/problem+json` instead of a page |
    | `query parser` | `"simple"` | `true`, `"simple"`: flat; `"extended"`: nested; `false`: none; or a function |
    | `subdomain offset` | 2 | how many parts of the host's name are no subdomains |
    | `trust proxy` | false | whose `X-Forwarded-` fields are believed, see below |
    | `view` | files | a function of name and `view_options` that gives a `std::shared_ptr<view>`, or null when there is none |
    | `view cache` | false; true in production | views that were found are kept |
    | `view engine` | none | extension of views whose name has none |
    | `views` | `views` in the working directory | a directory, or an array of them, that views are in |
    | `x-powered-by` | true | sends `X-Powered-By: crema` |

    `trust proxy` is `true` for everybody, a number of hops, a text with commas or an array of addresses, subnets
    (`"10.0.0.0/8"`) and the names `loopback`, `linklocal` and `uniquelocal`, or a function of address and hop. Unless
    the peer of the connection is trusted, what the client says about itself is not believed. See `http::proxy_trust`.

    What is true or false may be anything: what JavaScript takes for true is. Other names are kept for the application.

    @par Thread Safety
    Set before the server listens, or on the only loop.
*/
class settings {
public:
    /// How `response::send` makes a validator.
    enum class etag_kind : unsigned char { off, weak, strong, express, function };
    /// Makes the validator of a body, quotes included; none when it returns an empty text.
    using etag_function = std::function<std::string(std::string_view)>;
    /// Gives what is written for a member; the name of the whole is empty, those of elements are numbers.
    using json_replacer_function = std::function<std::optional<value>(std::string_view name, const value& v)>;

    /// How `request::query` parses.
    enum class query_parser_kind : unsigned char { off, simple, extended, function };
    /// Parses a query, given without its question mark.
    using query_function = std::function<value(std::string_view)>;

    /// Finds a view, or gives null.
    using view_function = std::function<std::shared_ptr<view>(std::string_view name, const view_options& o)>;

    /// Construct with the defaults.
    CREMA_DECL settings();

    /** Set a value.
        @throws system_error(error::bad_value) when the name is known and the value is not one of its values.
    */
    CREMA_DECL void set(std::string_view name, value v);
    /** Set `etag` to a function.
        @throws system_error(error::bad_value) when it is another name.
    */
    CREMA_DECL void set(std::string_view name, etag_function f);
    /** Set `json replacer`.
        @throws system_error(error::bad_value) when it is another name.
    */
    CREMA_DECL void set(std::string_view name, json_replacer_function f);
    /** Set `trust proxy` to a function, called as `f(std::string_view address, std::size_t hop)`.
        @throws system_error(error::bad_value) when it is another name.
    */
    CREMA_DECL void set(std::string_view name, http::proxy_trust::predicate f);
    /** Set `view` to a function.
        @throws system_error(error::bad_value) when it is another name.
    */
    CREMA_DECL void set(std::string_view name, view_function f);
    /** Set `query parser` to a function, called as `f(std::string_view query)`, which returns a `value`.
        @throws system_error(error::bad_value) when it is another name.
    */
    template <class F>
        requires std::same_as<std::invoke_result_t<F&, std::string_view>, value>
    void set(std::string_view name, F f) {
        set_query_parser(name, std::move(f));
    }
    /// Returns a value, or null when the name was never set; valid until it is set again.
    CREMA_DECL const value* get(std::string_view name) const;
    /// Returns all values by name, as an object.
    CREMA_DECL value all() const;

    bool case_sensitive_routing = false; ///< setting `case sensitive routing`
    bool strict_routing = false;         ///< setting `strict routing`
    bool production = false;             ///< setting `env` is `"production"`
    bool test = false;                   ///< setting `env` is `"test"`
    bool x_powered_by = true;            ///< setting `x-powered-by`
    bool json_escape = false;            ///< setting `json escape`
    bool problem_details = false;        ///< setting `problem details`
    bool method_not_allowed = false;     ///< setting `method not allowed`
    etag_kind etag = etag_kind::weak;    ///< setting `etag`
    unsigned json_spaces = 0;            ///< setting `json spaces` when it is a number
    std::string json_indent{};           ///< setting `json spaces` when it is a text
    etag_function make_etag{};           ///< setting `etag` when it is a function
    json_replacer_function json_replacer{};     ///< setting `json replacer`
    std::string jsonp_callback = "callback";    ///< setting `jsonp callback name`
    query_parser_kind query_parser = query_parser_kind::simple; ///< setting `query parser`
    query_function parse_query{};                               ///< setting `query parser` when it is a function
    std::size_t subdomain_offset = 2;                           ///< setting `subdomain offset`
    http::proxy_trust trust_proxy{};                            ///< setting `trust proxy`
    view_function make_view{};                                  ///< setting `view` when it is a function

private:
    CREMA_DECL void set_query_parser(std::string_view name, query_function f);
    CREMA_DECL void keep(std::string_view name, value v);
    CREMA_DECL void set_trust(const value& v);
    CREMA_DECL static json_replacer_function members_named(const value& list);
    std::map<std::string, value, std::less<>> all_;
};

namespace detail {

// What JavaScript takes for true.
CREMA_DECL bool truthy(const value& v);

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/core/error.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace crema {

CREMA_DECL bool detail::truthy(const value& v) {
    if (v.is_bool()) return v.as_bool();
    if (v.is_number()) return v.as_double() < 0 || v.as_double() > 0;
    return v.is_string() ? !v.as_string().empty() : !v.is_null();
}

CREMA_DECL settings::settings() {
    const char* env = std::getenv("CREMA_ENV");
    if (!env || !*env) env = std::getenv("NODE_ENV");
    set("env", value(std::string(env && *env ? env : "development")));
    set("x-powered-by", value(true));
    set("etag", value("weak"));
    set("query parser", value("simple"));
    set("subdomain offset", value(2));
    set("trust proxy", value(false));
    std::error_code ignored; // without a working directory there are no views
    set("views", value((std::filesystem::current_path(ignored) / "views").string()));
}

CREMA_DECL void settings::set(std::string_view name, value v) {
    const auto bad = [&](const char* wanted) {
        throw system_error(make_error_code(error::bad_value),
                           "setting \"" + std::string(name) + "\": expected " + wanted);
    };
    const auto truth = [&] { return detail::truthy(v); };
    if (name == "case sensitive routing") case_sensitive_routing = truth();
    else if (name == "strict routing") strict_routing = truth();
    else if (name == "x-powered-by") x_powered_by = truth();
    else if (name == "json escape") json_escape = truth();
    else if (name == "problem details") problem_details = truth();
    else if (name == "method not allowed") method_not_allowed = truth();
    else if (name == "json spaces") {
        if (!v.is_null() && !v.is_number() && !v.is_string()) bad("a number or a text");
        const double wanted = v.is_number() ? v.as_double() : 0; // as JSON.stringify
        json_spaces = wanted >= 1 ? static_cast<unsigned>(std::min(wanted, 10.0)) : 0;
        json_indent = v.is_string() ? v.as_string() : std::string();
        std::size_t n = std::min<std::size_t>(json_indent.size(), 10);
        while (n != 0 && n != json_indent.size() && (static_cast<unsigned char>(json_indent[n]) & 0xC0) == 0x80)
            --n; // whole characters
        json_indent.resize(n);
    } else if (name == "env") {
        if (!v.is_string()) bad("a string");
        production = v.as_string() == "production";
        test = v.as_string() == "test";
    } else if (name == "jsonp callback name") {
        if (!v.is_string()) bad("a string");
        jsonp_callback = v.as_string();
    } else if (name == "json replacer") {
        if (v.is_array()) json_replacer = members_named(v);
        else if (v.is_null()) json_replacer = nullptr;
        else bad("a function, an array of names or null");
    } else if (name == "etag") {
        if (v.is_bool()) etag = v.as_bool() ? etag_kind::weak : etag_kind::off;
        else if (v.is_string() && v.as_string() == "weak") etag = etag_kind::weak;
        else if (v.is_string() && v.as_string() == "strong") etag = etag_kind::strong;
        else if (v.is_string() && v.as_string() == "express") etag = etag_kind::express;
        else bad("true, false, \"weak\", \"strong\", \"express\" or a function");
        make_etag = nullptr;
    } else if (name == "query parser") {
        if (v.is_bool()) query_parser = v.as_bool() ? query_parser_kind::simple : query_parser_kind::off;
        else if (v.is_string() && v.as_string() == "simple") query_parser = query_parser_kind::simple;
        else if (v.is_string() && v.as_string() == "extended") query_parser = query_parser_kind::extended;
        else bad("true, false, \"simple\", \"extended\" or a function");
        parse_query = nullptr;
    } else if (name == "subdomain offset") {
        if (!v.is_integer() || v.as_int64() < 0) bad("a number from 0 on");
        subdomain_offset = static_cast<std::size_t>(v.as_uint64());
    } else if (name == "trust proxy") {
        set_trust(v);
    } else if (name == "view engine") {
        if (!v.is_null() && !v.is_string()) bad("an extension");
    } else if (name == "views") {
        bool texts = v.is_string() || v.is_array();
        for (const auto& one : v.elements()) texts = texts && one.is_string();
        if (!texts) bad("a directory or an array of directories");
    } else if (name == "view") {
        if (!v.is_null()) bad("a function or null");
        make_view = nullptr;
    }
    keep(name, std::move(v));
}

CREMA_DECL void settings::keep(std::string_view name, value v) {
    const auto at = all_.find(name);
    if (at != all_.end()) at->second = std::move(v);
    else all_.emplace(std::string(name), std::move(v));
}

// Lets through the members of these names, in the order of the list, at every depth.
CREMA_DECL settings::json_replacer_function settings::members_named(const value& list) {
    std::vector<std::string> names;
    for (const auto& one : list.elements()) {
        if (!one.is_string() && !one.is_integer()) continue; // as JSON.stringify
        auto name = one.is_string() ? std::string(one.as_string()) : std::to_string(one.as_int64());
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
    return [names = std::move(names)](std::string_view, const value& v) -> std::optional<value> {
        if (!v.is_object()) return v;
        auto few = value::object();
        for (const auto& name : names)
            if (const auto* const member = v.find(name)) few.as_object().emplace_back(name, *member);
        return few;
    };
}

CREMA_DECL void settings::set_trust(const value& v) {
    const auto bad = [](const std::string& why) {
        throw system_error(make_error_code(error::bad_value), "setting \"trust proxy\": " + why);
    };
    const auto take = [&](result<http::proxy_trust> t) {
        if (!t) bad(t.error().message());
        trust_proxy = std::move(*t);
    };
    if (v.is_null()) trust_proxy = {};
    else if (v.is_bool()) trust_proxy = v.as_bool() ? http::proxy_trust::everybody() : http::proxy_trust();
    else if (v.is_number()) {
        const double hops = std::ceil(v.as_double());
        trust_proxy = hops >= 1 ? http::proxy_trust::first(hops < 1e9 ? static_cast<std::size_t>(hops) : 1'000'000'000)
                                : http::proxy_trust();
    } else if (v.is_string()) {
        take(http::proxy_trust::subnets(std::string_view(v.as_string())));
    } else if (v.is_array()) {
        std::vector<std::string_view> list;
        for (const auto& one : v.as_array()) {
            if (!one.is_string()) bad("expected texts in the array");
            list.push_back(one.as_string());
        }
        take(http::proxy_trust::subnets(list));
    } else {
        bad("expected true, false, a number, a text, an array of texts or a function");
    }
}

CREMA_DECL void settings::set(std::string_view name, http::proxy_trust::predicate f) {
    if (name != "trust proxy" || !f)
        throw system_error(make_error_code(error::bad_value),
                           "setting \"" + std::string(name) + "\": no such function");
    trust_proxy = http::proxy_trust::by(std::move(f));
    keep(name, value(true));
}

CREMA_DECL void settings::set_query_parser(std::string_view name, query_function f) {
    if (name != "query parser" || !f)
        throw system_error(make_error_code(error::bad_value),
                           "setting \"" + std::string(name) + "\": no such function");
    parse_query = std::move(f);
    query_parser = query_parser_kind::function;
    keep(name, value(true));
}

CREMA_DECL void settings::set(std::string_view name, etag_function f) {
    if (name != "etag" || !f)
        throw system_error(make_error_code(error::bad_value),
                           "setting \"" + std::string(name) + "\": no such function");
    set(name, value(true));
    make_etag = std::move(f);
    etag = etag_kind::function;
}

CREMA_DECL void settings::set(std::string_view name, json_replacer_function f) {
    if (name != "json replacer" || !f)
        throw system_error(make_error_code(error::bad_value),
                           "setting \"" + std::string(name) + "\": no such function");
    json_replacer = std::move(f);
}

CREMA_DECL void settings::set(std::string_view name, view_function f) {
    if (name != "view" || !f)
        throw system_error(make_error_code(error::bad_value),
                           "setting \"" + std::string(name) + "\": no such function");
    make_view = std::move(f);
}

CREMA_DECL value settings::all() const {
    value v = value::object();
    for (const auto& [name, one] : all_) v[name] = one;
    return v;
}

CREMA_DECL const value* settings::get(std::string_view name) const {
    const auto at = all_.find(name);
    return at == all_.end() ? nullptr : &at->second;
}

} // namespace crema
#endif
