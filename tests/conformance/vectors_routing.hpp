// path-to-regexp, express-routing.
// SPDX-License-Identifier: MIT
#pragma once
#include "vectors.hpp"

#include <crema/route/pattern.hpp>
#include <crema/route/tokens.hpp>
#include <crema/route/url_for.hpp>
#include <crema/testing/client.hpp>
#if defined(CREMA_WITH_PCRE2)
#include <crema/ext/pcre2.hpp>
#endif
#include <algorithm>
#include <memory>

namespace vectors {

namespace route = crema::route;

inline void read_tokens(const value& tokens, route::token_list& into) {
    for (const auto& t : tokens.elements()) {
        const auto& type = t["type"].as_string();
        if (type == "text") into.text(t["value"].as_string());
        else if (type == "param") into.param(t["name"].as_string());
        else if (type == "wildcard") into.wildcard(t["name"].as_string());
        else if (type == "group") {
            into.open();
            read_tokens(t["tokens"], into);
            into.close();
        } else throw refused("Unknown token type: " + type);
    }
}

inline value write_tokens(const route::token_list& list) {
    std::vector<value> open{value::array()};
    for (const auto& t : list.tokens()) {
        const std::string text(list.text_of(t));
        switch (t.kind) {
        case route::token_kind::text: open.back().push_back(value::object({{"type", "text"}, {"value", text}})); break;
        case route::token_kind::param: open.back().push_back(value::object({{"type", "param"}, {"name", text}})); break;
        case route::token_kind::wildcard: open.back().push_back(value::object({{"type", "wildcard"}, {"name", text}})); break;
        case route::token_kind::group_open: open.push_back(value::array()); break;
        case route::token_kind::group_close: {
            value group = value::object({{"type", "group"}});
            group["tokens"] = std::move(open.back());
            open.pop_back();
            open.back().push_back(std::move(group));
        }
        }
    }
    return std::move(open.front());
}

inline route::token_list parsed(std::string_view source) {
    route::token_list list(source);
    if (const auto e = route::parse_pattern(source, list)) throw refused(e->message);
    return list;
}

// A path as path-to-regexp takes it: text, tokens, or a list of texts.
inline route::pattern compiled(const value& path, const route::pattern_options& o) {
    if (path.is_string()) {
        if (const auto e = route::check_pattern(path.as_string())) throw refused(e->message);
        return take(route::pattern::parse(path.as_string(), o));
    }
    if (path.is_array()) return take(route::pattern::parse(texts(path), o));
    if (is_tagged(path, "tokens") || path["tokens"].is_array()) {
        route::token_list list;
        read_tokens(path["tokens"], list);
        auto made = route::pattern::parse(list, o);
        if (!made) { // without the hint
            const auto message = made.error().message();
            throw refused(message.substr(0, message.find("for info") + 8));
        }
        return std::move(made).value();
    }
    throw refused("path must be a string, tokens, or a list of these");
}

inline value match_path(const value& q) {
    route::pattern_options o;
    const value& given = q["options"];
    if (given["sensitive"].is_bool()) o.sensitive = given["sensitive"].as_bool();
    if (given["trailing"].is_bool()) o.trailing = given["trailing"].as_bool();
    if (given["end"].is_bool()) o.end = given["end"].as_bool();
    if (given["decode"].is_bool()) o.decode = given["decode"].as_bool();
    if (given["delimiter"].is_string()) o.delimiter = given["delimiter"].as_string();
    const auto pattern = compiled(q["path"], o);
    if (!q.contains("input")) throw skipped();
    route::path_match m;
    if (!pattern.match(q["input"].as_string(), m)) return false;
    value params = value::object();
    for (std::size_t i = 0; i < m.size(); ++i) {
        const std::string name(m[i].name);
        if (!m[i].wildcard || !o.decode) params[name] = take(m.decoded(i));
        else {
            value all = value::array();
            for (auto& segment : take(m.segments(i))) all.push_back(value(std::move(segment)));
            params[name] = std::move(all);
        }
    }
    value out = value::object({{"path", std::string(m.path())}});
    out["params"] = std::move(params);
    return out;
}

inline route::url_value url_value_of(const value& v) {
    if (absent(v)) return {};
    if (v.is_string()) return v.as_string();
    if (v.is_array()) {
        std::vector<route::url_value> all;
        for (const auto& one : v.elements()) all.push_back(one.is_number() || one.is_bool() ? route::url_value({}) : url_value_of(one));
        return all;
    }
    return route::url_value(std::initializer_list<route::url_value>{}); // neither a text nor segments
}

inline value compile_path(const value& q) {
    route::url_options o;
    if (q["options"]["encode"].is_bool()) o.encode = q["options"]["encode"].as_bool();
    if (q["options"]["delimiter"].is_string()) o.delimiter = q["options"]["delimiter"].as_string();
    const value& path = q["path"];
    route::token_list tokens;
    if (path.is_string()) tokens = parsed(path.as_string());
    else read_tokens(path["tokens"], tokens);
    const auto make = take(route::compile(std::move(tokens), o));
    if (!q.contains("params")) throw skipped();
    route::url_params params;
    for (const auto& [name, v] : q["params"].members()) params.emplace_back(name, url_value_of(v));
    return take(make(params));
}

// A router with one layer, driven through the whole engine; the target is set behind the parser, which is stricter.
class one_layer {
public:
    explicit one_layer(const value& q) {
        using namespace crema;
        router_options o;
        o.case_sensitive = truthy(q["options"]["caseSensitive"]);
        o.strict = truthy(q["options"]["strict"]);
        o.merge_params = truthy(q["options"]["mergeParams"]);
        const bool mounted = q["kind"] == value("use");
        auto answer = [mounted](request& req, response& res) {
            value params = value::object();
            for (const auto& p : req.params()) {
                if (!p.wildcard) {
                    params[p.name] = p.value;
                    continue;
                }
                value segments = value::array();
                for (auto& one : p.segments()) segments.push_back(value(std::move(one)));
                params[p.name] = std::move(segments);
            }
            value out = value::object();
            out["params"] = std::move(params);
            if (mounted) {
                out["baseUrl"] = std::string(req.base_url());
                out["url"] = std::string(req.url());
            }
            res.json(out);
        };
        router r(o);
        auto paths = paths_of(q["pattern"]);
        if (mounted) r.use(paths, answer);
        else r.get(paths, answer);
        app a;
        a.set("env", "test");
        a.use([this](request& req, response&, next& next) {
            req.url(url_);
            next();
        });
        a.use(r);
        client_ = std::make_unique<testing::client>(a);
    }

    value ask(std::string url) {
        url_ = std::move(url);
        const auto r = client_->get("/").result();
        if (r.status == 404) return false;
        if (r.status != 200) return value::object({{"status", r.status}});
        return r.json();
    }

private:
    static crema::detail::located_path paths_of(const value& pattern) {
        const auto one = [](const value& p) -> crema::detail::located_path::item {
            if (p.is_string()) return std::string_view(p.as_string());
#if defined(CREMA_WITH_PCRE2)
            if (is_tagged(p, "regexp")) return crema::regexp(p["source"].as_string(), p["flags"].as_string());
#endif
            throw skipped();
        };
        crema::detail::located_path paths("");
        paths.items.clear();
        paths.several = pattern.is_array();
        if (!pattern.is_array()) paths.items.push_back(one(pattern));
        for (const auto& p : pattern.elements()) paths.items.push_back(one(p));
        return paths;
    }
    std::string url_;
    std::unique_ptr<crema::testing::client> client_;
};

inline value route_request(const value& q) {
    static std::map<std::string, std::unique_ptr<one_layer>> layers;
    const value& pattern = q["pattern"];
    if (pattern.is_string())
        if (const auto e = route::check_pattern(pattern.as_string())) throw refused(e->message);
    // Case of other letters than those of ASCII is not ignored: they do not come in a target, but escaped.
    const auto foreign = [](const value& v) {
        return v.is_string() && std::any_of(v.as_string().begin(), v.as_string().end(), [](char c) { return (c & 0x80) != 0; });
    };
    if (foreign(q["url"]) && foreign(pattern) && q["url"] != pattern && !truthy(q["options"]["caseSensitive"])) throw skipped();
    // Nor does a space, which Express escapes.
    if (q["url"].is_string() && q["url"].as_string().find(' ') != std::string::npos) throw skipped();
    auto& layer = layers[q["kind"].as_string() + crema::json::stringify(pattern) + crema::json::stringify(q["options"])];
    if (!layer) layer = std::make_unique<one_layer>(q);
    return layer->ask(q["url"].is_string() ? q["url"].as_string() : "/");
}

inline void add_routing(std::map<std::string, library, std::less<>>& all) {
    auto& p = all["path-to-regexp"];
    p["match"] = p["match-only"] = match_path;
    p["compile"] = p["compile-only"] = compile_path;
    p["parse"] = [](const value& q) {
        const auto list = parsed(q["path"].as_string());
        value out = value::object();
        out["tokens"] = write_tokens(list);
        out["originalPath"] = list.source();
        return out;
    };
    p["stringify"] = [](const value& q) {
        route::token_list list;
        read_tokens(q["data"]["tokens"], list);
        return value(route::stringify(list));
    };
    p["pathToRegexp"] = [](const value& q) -> value {
        compiled(q["path"], {});
        throw skipped(); // there is no regular expression
    };
    all["express-routing"]["*"] = route_request;
}

} // namespace vectors
