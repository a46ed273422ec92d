// body_parser: what the parsers of bodies have in common: which bodies, how large, in which coding and character set.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/byte_size.hpp>
#include <crema/core/codec.hpp>
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Says which bodies a parser takes: those of one type or of several, spelled as for `request::is`, or those for which
    a function says true.

    @par Thread Safety
    Distinct objects: safe.
*/
class body_types {
public:
    /// Construct for one type: `"application/json"`, `"json"`, `"text/*"`, `"+json"`.
    body_types(const char* one) : types_{one} {}
    /// Construct for several.
    body_types(std::initializer_list<std::string_view> several) : types_(several.begin(), several.end()) {}
    /// Construct with a function. It is asked for requests with a body only.
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, body_types> && std::is_invocable_r_v<bool, F&, request&>)
    body_types(F f) : decide_(std::move(f)) {}

    /// Tells whether the body of a request is to be taken.
    CREMA_DECL bool match(request& req) const;

private:
    std::vector<std::string> types_;
    std::function<bool(request&)> decide_;
};

/** Looks at the octets of a body, inflated but otherwise as they came, before they are parsed; refuses them by throwing.

    The charset is the name of the character set in small letters; empty for `body_raw`. What it throws is answered with
    403, an `http_error` with its own status.
*/
using body_verify =
    std::function<void(request& req, response& res, std::string_view octets, std::string_view charset)>;

namespace detail {

enum class body_charsets : unsigned char { any, unicode, form, ignored };

struct body_rules {
    std::uint64_t limit = 0;
    bool inflate = true;
    std::vector<codec> codecs{};
    body_types type;
    body_verify verify{};
    std::string default_charset{};
    body_charsets charsets = body_charsets::any;
    // Parses text in UTF-8, or octets when character sets are ignored. May throw.
    std::function<value(std::string_view text, std::string_view charset)> parse;
};

} // namespace detail

/** Is the middleware that `body_json`, `body_text`, `body_raw` and `body_urlencoded` make. A copy may be registered often.

    | request | outcome |
    |---|---|
    | without a body, of another type, or read already | handed on as it is; `body_parsed()` stays false |
    | longer than the limit, inflated or not | 413 `entity.too.large` |
    | in a coding that is not among `codecs` | 415 `encoding.unsupported` |
    | in a character set that is not known or not allowed | 415 `charset.unsupported` |
    | damaged or cut off in its coding | 400 `encoding.invalid` |
    | refused by `verify` | 403 `entity.verify.failed` |
    | not parsed | 400 `entity.parse.failed` |

    The errors are an `http_error` of that `type()` for the error handlers; what was read of the body is then
    `req.raw_body()`. Afterwards `req.raw_body()` is the text that was parsed: inflated, in UTF-8.

    @par Thread Safety
    Safe, when the functions among its options are.
*/
class body_parser {
public:
    /// @cond
    explicit body_parser(detail::body_rules rules) : rules_(std::make_shared<const detail::body_rules>(std::move(rules))) {}
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const detail::body_rules> rules_;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/charset.hpp>
#include <crema/core/text.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/type_is.hpp>
#include <algorithm>
#include <exception>
#include <limits>

namespace crema {

CREMA_DECL bool body_types::match(request& req) const {
    if (decide_) return decide_(req);
    const auto type = req.head().get(http::field::content_type);
    if (types_.size() == 1 && type == types_.front()) return true;
    const std::vector<std::string_view> views(types_.begin(), types_.end());
    return !views.empty() && !http::type_is(type, views).empty();
}

namespace detail {

// One body on its way through a parser.
struct body_reading {
    const body_rules& rules;
    request& req;
    response& res;
    std::string charset{};
    const codec* coding = nullptr;

    [[noreturn]] static void too_large() { throw http_error(413, "request entity too large").type("entity.too.large"); }

    void choose_charset() {
        if (rules.charsets == body_charsets::ignored) return;
        const auto type = req.head().get(http::field::content_type);
        if (type.find(';') != type.npos) charset = to_lower(http::parse_media_type(type).parameter("charset"));
        if (charset.empty()) charset = rules.default_charset;
        if (charset == "utf-8") return;
        const bool allowed = rules.charsets == body_charsets::form      ? charset == "iso-8859-1"
                             : rules.charsets == body_charsets::unicode ? charset.starts_with("utf-") && is_charset(charset)
                                                                        : is_charset(charset);
        if (!allowed)
            throw http_error(415, "unsupported charset \"" + to_upper(charset) + "\"").type("charset.unsupported");
    }

    void choose_coding() {
        auto name = trim_ows(req.get("content-encoding").value_or(std::string_view{}));
        if (name.empty() || iequals(name, "identity")) return;
        if (!rules.inflate) throw http_error(415, "content encoding unsupported").type("encoding.unsupported");
        if (iequals(name, "x-gzip")) name = "gzip";
        for (const auto& c : rules.codecs)
            if (iequals(c.name, name)) {
                coding = &c;
                return;
            }
        throw http_error(415, "unsupported content encoding \"" + to_lower(name) + "\"").type("encoding.unsupported");
    }

    // How much is read. The limit holds for what comes out of a coding; what goes in is hardly ever longer.
    std::size_t octets_to_read() const {
        const auto most = std::min<std::uint64_t>(rules.limit, std::numeric_limits<std::size_t>::max() / 4);
        return static_cast<std::size_t>(coding ? most + most / 8 + 1024 : most);
    }

    void take(std::string_view octets) {
        std::string inflated;
        if (coding) {
            auto r = decode_all(*coding, octets, static_cast<std::size_t>(std::min<std::uint64_t>(
                                                     rules.limit, std::numeric_limits<std::size_t>::max() / 4)));
            if (!r && r.error().code == make_error_code(error::too_large)) too_large();
            if (!r) throw http_error(400, r.error().message()).type("encoding.invalid");
            inflated = std::move(*r);
            octets = inflated;
        } else if (octets.size() > rules.limit) {
            too_large();
        }
        if (rules.verify) verify(octets);
        std::string_view text = octets;
        if (rules.charsets != body_charsets::ignored && charset != "utf-8") {
            inflated = to_utf8(octets, charset);
            coding = nullptr;
            keep(std::move(inflated), text);
        } else {
            if (coding) keep(std::move(inflated), text);
            if (rules.charsets != body_charsets::ignored && text.starts_with("\xef\xbb\xbf")) // a mark in front
                keep(std::string(text.substr(3)), text);
        }
        parse(text);
    }

    void keep(std::string made, std::string_view& text) {
        req.raw_body(std::move(made));
        text = *req.raw_body();
    }

    void verify(std::string_view octets) {
        try {
            rules.verify(req, res, octets, charset);
        } catch (const http_error& e) {
            if (!e.type().empty()) throw;
            auto typed = e;
            typed.type("entity.verify.failed");
            throw typed;
        } catch (const std::exception& e) {
            throw http_error(403, e.what()).type("entity.verify.failed").cause(std::current_exception());
        }
    }

    void parse(std::string_view text) {
        try {
            req.body(rules.parse(text, charset));
        } catch (const http_error&) {
            throw;
        } catch (const std::exception& e) {
            throw http_error(400, e.what()).type("entity.parse.failed").cause(std::current_exception());
        }
    }

    // The whole body, or why there is none.
    void arrived(std::error_code ec, std::string octets) {
        if (ec == make_error_code(error::too_large) || ec == make_error_code(error::would_exceed_limit)) too_large();
        if (ec == make_error_code(error::bad_syntax)) throw http_error(400, "the body is malformed").type("entity.malformed");
        if (ec) throw http_error(400, "request aborted").type("request.aborted");
        if (octets.empty() && req.raw().content_length().value_or(0) != 0) return; // somebody has read it below the request
        req.raw_body(std::move(octets));
        take(*req.raw_body());
    }
};

} // namespace detail

CREMA_DECL void body_parser::operator()(request& req, response& res, next& next) const {
    auto& x = req.raw();
    if (req.body_parsed() || (!x.has_body() && !x.content_length()) || !rules_->type.match(req)) {
        next();
        return;
    }
    detail::body_reading reading{*rules_, req, res};
    reading.choose_charset();
    reading.choose_coding();
    if (!reading.coding && x.content_length().value_or(0) > rules_->limit) reading.too_large();
    if (!x.has_body()) req.raw_body(std::string()); // Content-Length: 0
    if (const auto here = req.raw_body()) {
        reading.take(*here);
        next();
        return;
    }
    if (req.reading_begun()) { // what is left is no whole body
        next();
        return;
    }
    const auto most = reading.octets_to_read();
    auto goes_on = [rules = rules_, reading = std::move(reading), n = crema::next(next)](std::error_code ec,
                                                                                         std::string octets) mutable {
        if (ec == make_error_code(error::cancelled)) return; // nobody is there to be answered
        try {
            reading.arrived(ec, std::move(octets));
        } catch (...) {
            n(std::current_exception());
            return;
        }
        n();
    };
    x.read_all(most, std::move(goes_on));
}

} // namespace crema
#endif
