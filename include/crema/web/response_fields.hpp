// response_fields: status and header fields of an answer, by the names that Express has for setting them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/signer.hpp>
#include <crema/http/cookie.hpp>
#include <crema/http/header_block.hpp>
#include <crema/json/write.hpp>
#include <crema/web/error.hpp>
#include <crema/web/fwd.hpp>
#include <crema/web/response_arguments.hpp>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace crema {

/** Sets status and header fields. A part of `response`, which all that sets returns.

    @par Thread Safety
    Only on the loop of the request.
*/
class response_fields {
public:
    response_fields(const response_fields&) = delete;
    response_fields& operator=(const response_fields&) = delete;

    /** Set the status.
        @throws std::range_error when it is not within 100 to 999.
    */
    CREMA_DECL response& status(int code);
    /// A status is a whole number: `status(200.5)` does not compile.
    response& status(std::floating_point auto code) = delete;
    /// Returns the status.
    int status_code() const noexcept { return status_; }

    /** Set a header field, replacing what was there.

        A Content-Type without a charset gets the usual one of its type: `text/html; charset=utf-8`.

        @param name Case does not matter.
        @param field_value A text or an integer.
        @throws system_error(error::bad_value) when name or value cannot stand in a header.
    */
    response& set(std::string_view name, const detail::field_text& field_value) { return set_field(name, field_value); }
    /// Sets a header field to several lines; not for Content-Type.
    CREMA_DECL response& set(std::string_view name, std::initializer_list<std::string_view> values);
    /// Sets several header fields.
    CREMA_DECL response& set(field_list fields);
    /// Sets a header field; the same as `set`.
    response& header(std::string_view name, const detail::field_text& field_value) {
        return set_field(name, field_value);
    }
    /// Adds a header field beside those of the same name.
    CREMA_DECL response& append(std::string_view name, std::string_view field_value);
    /// Adds several lines of a header field.
    CREMA_DECL response& append(std::string_view name, std::initializer_list<std::string_view> values);
    /// Returns the first line of a header field that was set; valid until the next change.
    std::optional<std::string_view> get(std::string_view name) const {
        const auto i = headers_.find(name, 0);
        return i == http::header_block::npos ? std::nullopt : std::optional(headers_.value_at(i));
    }
    /// Returns the fields that were set.
    const http::header_block& fields() const noexcept { return headers_; }
    /// Removes a header field.
    CREMA_DECL response& remove(std::string_view name);
    /// Sets the Content-Type, from an extension (`"json"`, `".html"`) or a media type.
    CREMA_DECL response& type(std::string_view extension_or_type);
    /// Sets the Content-Type; the same as `type`.
    response& content_type(std::string_view extension_or_type) { return type(extension_or_type); }
    /** Add names to Vary: `res.vary("Accept, Origin")`.
        @throws system_error(error::bad_value) when one of them is no name of a field.
    */
    CREMA_DECL response& vary(std::string_view field);
    /// Adds links to Link: `res.links({{"next", "http://…"}, {"alternate", {"http://…", "http://…"}}})`.
    CREMA_DECL response& links(std::initializer_list<link_entry> links);
    /// Sets Location, percent-encoding what cannot stand in it.
    CREMA_DECL response& location(std::string_view url);
    /** Set Content-Disposition to attachment.

        @param filename UTF-8; what is in front of its last slash is cut off. Its extension decides on the Content-Type. Without
        one nothing is said of a name.
    */
    CREMA_DECL response& attachment(std::optional<std::string_view> filename = std::nullopt);

    /** Set a cookie.

        With `max_age` it sets Expires too, as Express does, for old clients.

        @throws system_error(error::bad_value) when the name or an option is malformed.
        @see RFC 6265bis
    */
    CREMA_DECL response& cookie(std::string_view name, std::string_view cookie_value,
                                const http::cookie_options& options = {});
    /// Sets a cookie to a number or a truth value as text, or to anything else as `j:` and JSON.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view>)
    response& cookie(std::string_view name, const T& v, const http::cookie_options& options = {}) {
        std::string text(is_plain(v) ? "" : "j:");
        crema::json::write(text, v, {});
        return cookie(name, std::string_view(text), options);
    }
    /** Set a signed cookie, which `request::signed_cookies` gives again; signed by what `cookie_parser` was given.

        @throws std::logic_error when there is no signer.
        @throws system_error(error::bad_value) as `cookie`.
    */
    CREMA_DECL response& signed_cookie(std::string_view name, std::string_view cookie_value,
                                       const http::cookie_options& options = {});
    /// Sets a signed cookie to a number or a truth value as text, or to anything else as `j:` and JSON.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view>)
    response& signed_cookie(std::string_view name, const T& v, const http::cookie_options& options = {}) {
        std::string text(is_plain(v) ? "" : "j:");
        crema::json::write(text, v, {});
        return signed_cookie(name, std::string_view(text), options);
    }
    /** Set a field as it is given: Node's `setHeader`, where `set` adds a charset to a Content-Type.

        @throws system_error(error::bad_value) when name or value cannot stand in a header.
    */
    CREMA_DECL response& set_header(std::string_view name, std::string_view field_value);
    /// Sets what signs cookies, for who checks them; must outlive the exchange.
    void cookie_signer(const signer& s) noexcept { signer_ = &s; }
    /// Makes the client forget a cookie; path and domain must be those it was set with.
    CREMA_DECL response& clear_cookie(std::string_view name, http::cookie_options options = {});

protected:
    response_fields() noexcept = default;
    // A number or a truth value.
    template <class T>
    static bool is_plain(const T& v) noexcept {
        if constexpr (std::same_as<T, value>) return v.is_bool() || v.is_number();
        else return std::is_arithmetic_v<T>;
    }
    void close_fields() noexcept {
        headers_.clear();
        signer_ = nullptr;
        status_ = 200;
        begun_ = ended_ = false;
    }
    inline response& self() noexcept; // response.hpp
    CREMA_DECL response& set_field(std::string_view name, std::string_view field_value);
    CREMA_DECL std::string lines_of(std::string_view name) const; // with commas between
    void require_open(const char* what) const {
        if (begun_) [[unlikely]]
            throw already_answered(what);
    }

    const signer* signer_ = nullptr;
    http::header_block headers_;
    int status_ = 200;
    bool begun_ = false; // the fields are sent, or about to be
    bool ended_ = false; // the answer is complete
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/error.hpp>
#include <crema/core/text.hpp>
#include <crema/http/content_disposition.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/mime.hpp>
#include <crema/http/vary.hpp>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace crema {
namespace detail {

[[noreturn]] inline void bad_field(std::string_view name, std::string_view why) {
    throw system_error(make_error_code(error::bad_value),
                       std::string(why).append(" [\"").append(name.substr(0, 80)).append("\"]"));
}
[[noreturn]] inline void bad_field(std::string_view name) {
    bad_field(name, is_token(name) ? "Invalid character in header content" : "Header name must be a valid HTTP token");
}

inline std::string_view base_name(std::string_view path) noexcept {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path.substr(path.rfind('/') + 1);
}

// With its point; empty when there is none, or nothing in front of it.
inline std::string_view extension_of(std::string_view path) noexcept {
    const auto name = base_name(path);
    const auto dot = name.rfind('.');
    return dot == name.npos || dot == 0 ? std::string_view{} : name.substr(dot);
}

} // namespace detail

CREMA_DECL response& response_fields::status(int code) {
    if (code < 100 || code > 999)
        throw std::range_error("Invalid status code: " + std::to_string(code) +
                               ". Status code must be greater than 99 and less than 1000.");
    require_open("status()");
    status_ = code;
    return self();
}

CREMA_DECL response& response_fields::set_field(std::string_view name, std::string_view field_value) {
    require_open("set()");
    if (name.size() == 12 && iequals(name, "content-type") && field_value.find("charset") == field_value.npos) {
        constexpr std::string_view utf8 = "; charset=utf-8";
        if (char full[100 + utf8.size()]; field_value.size() <= 100 && http::mime_charset(field_value) == "UTF-8") {
            std::memcpy(full, field_value.data(), field_value.size());
            std::memcpy(full + field_value.size(), utf8.data(), utf8.size());
            if (!headers_.set(name, {full, field_value.size() + utf8.size()})) detail::bad_field(name);
        } else if (!headers_.set(name, http::with_charset(field_value))) {
            detail::bad_field(name);
        }
        return self();
    }
    if (!headers_.set(name, field_value)) detail::bad_field(name);
    return self();
}

CREMA_DECL response& response_fields::set_header(std::string_view name, std::string_view field_value) {
    require_open("set_header()");
    if (!headers_.set(name, field_value)) detail::bad_field(name);
    return self();
}

CREMA_DECL response& response_fields::set(std::string_view name, std::initializer_list<std::string_view> values) {
    require_open("set()");
    if (iequals(name, "content-type")) detail::bad_field(name, "Content-Type cannot be set to an Array");
    for (const auto v : values)
        if (!http::valid_field_value(v)) detail::bad_field(name);
    headers_.remove(name);
    return append(name, values);
}

CREMA_DECL response& response_fields::set(field_list fields) {
    for (const auto& [name, field_value] : fields) set_field(name, field_value);
    return self();
}

CREMA_DECL response& response_fields::append(std::string_view name, std::string_view field_value) {
    require_open("append()");
    if (name.size() == 12 && iequals(name, "content-type")) {
        if (headers_.has("Content-Type")) detail::bad_field(name, "Content-Type cannot be set to an Array");
        return set_field(name, field_value);
    }
    if (!headers_.append(name, field_value)) detail::bad_field(name);
    return self();
}

CREMA_DECL response& response_fields::append(std::string_view name, std::initializer_list<std::string_view> values) {
    for (const auto v : values) append(name, v);
    return self();
}

CREMA_DECL response& response_fields::remove(std::string_view name) {
    require_open("remove()");
    headers_.remove(name);
    return self();
}

CREMA_DECL response& response_fields::type(std::string_view extension_or_type) {
    if (!begun_ && !headers_.has("Content-Type")) { // what is asked for most
        if (is_literal(extension_or_type, "text/plain")) {
            headers_.append_known("Content-Type", "text/plain; charset=utf-8");
            return self();
        }
        if (is_literal(extension_or_type, "text/html") || is_literal(extension_or_type, "html")) {
            headers_.append_known("Content-Type", "text/html; charset=utf-8");
            return self();
        }
    }
    if (extension_or_type.starts_with("text/") && extension_or_type.size() <= 50) {
        constexpr std::string_view utf8 = "; charset=utf-8";
        char full[50 + utf8.size()];
        std::size_t n = 0;
        for (char c; n < extension_or_type.size() && (is_alpha(c = extension_or_type[n]) || c == '/' || c == '-'); ++n)
            full[n] = c;
        if (n == extension_or_type.size()) { // nothing but a name
            require_open("type()");
            std::memcpy(full + n, utf8.data(), utf8.size());
            headers_.set_trusted("Content-Type", {full, n + utf8.size()});
            return self();
        }
    }
    if (extension_or_type.find('/') != extension_or_type.npos) return set_field("Content-Type", extension_or_type);
    require_open("type()");
    const auto known = http::mime_type(extension_or_type);
    if (known.empty()) {
        headers_.set_trusted("Content-Type", "application/octet-stream");
    } else if (constexpr std::string_view utf8 = "; charset=utf-8";
               http::mime_charset(known) == "UTF-8" && known.size() < 100) {
        char full[100 + utf8.size()];
        std::memcpy(full, known.data(), known.size());
        std::memcpy(full + known.size(), utf8.data(), utf8.size());
        headers_.set_trusted("Content-Type", {full, known.size() + utf8.size()});
    } else {
        headers_.set_trusted("Content-Type", http::with_charset(known));
    }
    return self();
}

CREMA_DECL std::string response_fields::lines_of(std::string_view name) const {
    std::string all;
    for (auto i = headers_.find(name, 0); i != http::header_block::npos; i = headers_.find(name, i + 1)) {
        if (!all.empty()) all += ", ";
        all += headers_.value_at(i);
    }
    return all;
}

CREMA_DECL response& response_fields::vary(std::string_view field) {
    require_open("vary()");
    if (field.empty()) detail::bad_field("Vary", "field argument is required");
    auto all = http::append_vary(lines_of("Vary"), field);
    if (!all) detail::bad_field("Vary", all.error().message());
    headers_.set_trusted("Vary", *all);
    return self();
}

CREMA_DECL response& response_fields::links(std::initializer_list<link_entry> links) {
    auto all = lines_of("Link");
    const auto add = [&](std::string_view rel, std::string_view url) {
        if (rel.find_first_of("\"\\") != rel.npos) detail::bad_field("Link", "the relation \"" + std::string(rel) + "\"");
        if (!all.empty()) all += ", ";
        all.append("<").append(encode_url(url)).append(">; rel=\"").append(rel).append("\"");
    };
    for (const auto& link : links) {
        if (link.several.size() == 0) add(link.rel, link.one);
        for (const auto url : link.several) add(link.rel, url);
    }
    return set_field("Link", all);
}

CREMA_DECL response& response_fields::location(std::string_view url) { return set_field("Location", encode_url(url)); }

CREMA_DECL response& response_fields::attachment(std::optional<std::string_view> filename) {
    if (filename) filename = detail::base_name(*filename);
    if (filename && !filename->empty()) type(detail::extension_of(*filename));
    return set_field("Content-Disposition", http::write_content_disposition(filename).value());
}

CREMA_DECL response& response_fields::cookie(std::string_view name, std::string_view cookie_value,
                                      const http::cookie_options& options) {
    require_open("cookie()");
    auto line = [&] {
        if (!options.max_age) return http::serialize_cookie(name, cookie_value, options);
        using time_point = std::chrono::system_clock::time_point; // which ends in the year 2262
        auto with_end = options;
        const auto now = std::chrono::system_clock::now();
        const auto most = std::chrono::floor<std::chrono::milliseconds>(time_point::max() - now);
        with_end.expires = now + std::clamp(*options.max_age, -most, most);
        return http::serialize_cookie(name, cookie_value, with_end);
    }();
    if (!line) throw system_error(line.error().code, line.error().message());
    return append("Set-Cookie", *line);
}

CREMA_DECL response& response_fields::signed_cookie(std::string_view name, std::string_view cookie_value,
                                             const http::cookie_options& options) {
    if (!signer_) throw std::logic_error("crema: signed cookies need app.use(cookie_parser({.signer = ...})) in front");
    return cookie(name, "s:" + signer_->sign(cookie_value), options);
}

CREMA_DECL response& response_fields::clear_cookie(std::string_view name, http::cookie_options options) {
    options.max_age.reset();
    options.expires = std::chrono::system_clock::time_point{} + std::chrono::milliseconds(1);
    return cookie(name, "", options);
}

} // namespace crema
#endif
