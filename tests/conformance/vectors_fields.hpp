// negotiator, accepts, range-parser, fresh, etag, type-is, content-disposition, content-type, media-typer, cookie,
// proxy-addr, forwarded, vary, mime-types, encodeurl, escape-html, bytes.
// SPDX-License-Identifier: MIT
#pragma once
#include "vectors.hpp"

#include <crema/core/byte_size.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/html.hpp>
#include <crema/http/content_disposition.hpp>
#include <crema/http/cookie.hpp>
#include <crema/http/etag.hpp>
#include <crema/http/forwarded.hpp>
#include <crema/http/fresh.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/mime.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/http/range.hpp>
#include <crema/http/type_is.hpp>
#include <crema/http/vary.hpp>
#if defined(CREMA_WITH_OPENSSL)
#include <crema/ext/openssl.hpp>
#endif
#include <cmath>

namespace vectors {

namespace http = crema::http;

inline value first_or_undefined(const std::vector<std::string_view>& all) {
    return all.empty() ? value() : value(std::string(all.front()));
}

// `one(header)` and `some(header, offers)` of one kind, as negotiator has them in singular and plural.
template <class All, class Some>
void add_negotiator(library& lib, const std::string& singular, const char* field, All all, Some some) {
    const auto choose = [=](const value& q) {
        const auto header = optional_text(q["headers"][field]);
        const value& offered = q["args"][0];
        // encodings have preferences of the server behind the offers
        const value& more = q["args"][1];
        const value& preferred = more.is_array() ? more : more["preferred"];
        const auto order = texts(preferred);
        return offered.is_array() ? some(header, texts(offered), order) : all(header, order);
    };
    lib[singular + "s"] = [=](const value& q) { return list(choose(q)); };
    lib[singular] = [=](const value& q) { return first_or_undefined(choose(q)); };
}

inline void add_negotiation(std::map<std::string, library, std::less<>>& all) {
    using header = std::optional<std::string_view>;
    using names = std::vector<std::string_view>;
    auto& n = all["negotiator"];
    add_negotiator(n, "charset", "accept-charset", [](header h, const names&) { return http::preferred_charsets(h); },
                   [](header h, const names& o, const names&) { return http::preferred_charsets(h, o); });
    add_negotiator(n, "language", "accept-language", [](header h, const names&) { return http::preferred_languages(h); },
                   [](header h, const names& o, const names&) { return http::preferred_languages(h, o); });
    add_negotiator(n, "mediaType", "accept", [](header h, const names&) { return http::preferred_types(h); },
                   [](header h, const names& o, const names&) { return http::preferred_types(h, o); });
    add_negotiator(n, "encoding", "accept-encoding",
                   [](header h, const names& order) { return http::preferred_encodings(h, order); },
                   [](header h, const names& o, const names& order) { return http::preferred_offered_encodings(h, o, order); });

    auto& a = all["accepts"];
    const auto offered = [](const value& q) { return texts(q["args"][0].is_array() ? q["args"][0] : q["args"]); };
    const auto no_offer = [](const value& q) { return q["args"].empty(); };
    a["types"] = [=](const value& q) {
        const auto h = optional_text(q["headers"]["accept"]);
        return no_offer(q) ? list(http::preferred_types(h)) : or_false(http::accepts(h, offered(q)));
    };
    a["charsets"] = [=](const value& q) {
        const auto h = optional_text(q["headers"]["accept-charset"]);
        return no_offer(q) ? list(http::preferred_charsets(h)) : or_false(http::accepts_charset(h, offered(q)));
    };
    a["encodings"] = [=](const value& q) {
        const auto h = optional_text(q["headers"]["accept-encoding"]);
        return no_offer(q) ? list(http::preferred_encodings(h)) : or_false(http::accepts_encoding(h, offered(q)));
    };
    a["languages"] = [=](const value& q) {
        const auto h = optional_text(q["headers"]["accept-language"]);
        return no_offer(q) ? list(http::preferred_languages(h)) : or_false(http::accepts_language(h, offered(q)));
    };
}

inline void add_types(std::map<std::string, library, std::less<>>& all) {
    auto& t = all["type-is"];
    const auto is = [](const value& type, const value& args) -> value {
        const value& content_type = type["headers"].is_object() ? type["headers"]["content-type"] : type;
        if (!content_type.is_string()) return false;
        return or_false(http::type_is(content_type.as_string(), texts(args[0].is_array() ? args[0] : args)));
    };
    const auto has_body = [](const value& headers) {
        const value& length = headers["content-length"];
        const bool number = length.is_string() && !length.as_string().empty() &&
                            length.as_string().find_first_not_of("0123456789") == std::string::npos;
        return !absent(headers["transfer-encoding"]) || number || length.is_number();
    };
    t["is"] = [=](const value& q) { return is(q["value"], q["args"]); };
    t["request"] = [=](const value& q) {
        return has_body(q["headers"]) ? is(q["headers"]["content-type"], q["args"]) : value();
    };
    t["hasBody"] = [=](const value& q) { return value(has_body(q["headers"])); };
    t["normalize"] = [](const value& q) {
        return q["value"].is_string() ? or_false(http::normalize_type(q["value"].as_string())) : value(false);
    };
    t["match"] = [](const value& q) {
        return value(q["expected"].is_string() && http::type_matches(q["expected"].as_string(), q["actual"].as_string()));
    };

    auto& m = all["mime-types"];
    const auto of = [](std::string (*f)(std::string_view)) {
        return [f](const value& q) { return q["input"].is_string() ? or_false(f(q["input"].as_string())) : value(false); };
    };
    m["lookup"] = of([](std::string_view s) { return std::string(http::mime_type(s)); });
    m["extension"] = of([](std::string_view s) { return std::string(http::mime_extension(s)); });
    m["charset"] = of([](std::string_view s) { return std::string(http::mime_charset(s)); });
    m["contentType"] = of([](std::string_view s) { return http::content_type_of(s); });

    auto& y = all["media-typer"];
    const auto wanted = [](const value& v) {
        return absent(v) ? "argument string is required" : "argument string is required to be a string";
    };
    y["parse"] = [=](const value& q) {
        const auto parts = take(http::parse_type_name(text(q["input"], wanted(q["input"]))));
        value out = value::object({{"type", crema::to_lower(parts.type)}, {"subtype", crema::to_lower(parts.subtype)}});
        if (!parts.suffix.empty()) out["suffix"] = crema::to_lower(parts.suffix);
        return out;
    };
    y["test"] = [=](const value& q) { return value(http::is_type_name(text(q["input"], wanted(q["input"])))); };
    y["format"] = [](const value& q) {
        const value& o = q["object"].is_null() ? q["input"] : q["object"];
        if (!o.is_object() || is_tagged(o, "undefined")) throw refused("argument obj is required");
        return value(take(http::format_type_name({text(o["type"], "invalid type"), optional_text(o["subtype"]).value_or(""),
                                                  optional_text(o["suffix"]).value_or("")})));
    };

    auto& c = all["content-type"];
    const auto object_of = [](const auto& parameters) {
        value out = value::object();
        for (const auto& [name, v] : parameters) out[name] = v;
        return out;
    };
    c["parse"] = [=](const value& q) {
        const value& h = q["header"];
        const value& header = h["headers"].is_object() ? h["headers"]["content-type"] : is_tagged(h, "response") ? h["value"] : h;
        const auto& s = text(header, "argument header is required");
        const value& o = q["options"];
        auto at = std::min(o["start"].is_integer() ? static_cast<std::size_t>(o["start"].as_uint64()) : 0, s.size());
        http::media_type found;
        if (truthy(o["comma"])) found = http::parse_media_type_at(s, at);
        else {
            found = http::parse_media_type(std::string_view(s).substr(at));
            at = s.size();
        }
        if (o["parameters"].is_bool() && !o["parameters"].as_bool()) {
            at = std::min(s.find(';', o["start"].is_integer() ? o["start"].as_uint64() : 0), s.size());
            found.parameters.clear();
        }
        const auto units = [](std::string_view octets) { // JavaScript counts UTF-16
            std::size_t n = 0;
            for (const char octet : octets) n += (octet & 0xc0) != 0x80 ? 1 + (static_cast<unsigned char>(octet) >= 0xf0) : 0;
            return n;
        };
        value out = value::object({{"type", found.type}, {"index", units(std::string_view(s).substr(0, at))}});
        out["parameters"] = object_of(found.parameters);
        return out;
    };
    c["format"] = [](const value& q) {
        http::media_type type;
        type.type = text(q["object"]["type"], "Invalid type: undefined");
        for (const auto& [name, v] : q["object"]["parameters"].members())
            type.parameters.emplace_back(name, text(v, "Invalid parameter value"));
        return value(take(http::format_media_type(type)));
    };

    auto& d = all["content-disposition"];
    d["create"] = [](const value& q) {
        const value& o = q["options"];
        const value& fallback = o["fallback"];
        const auto type = absent(o["type"]) ? std::string("attachment") : text(o["type"], "invalid type");
        const auto name = optional_text(q["filename"]);
        if (fallback.is_string() && name) return value(take(http::write_content_disposition(name.value_or(""), type, fallback.as_string())));
        if (!absent(fallback) && !fallback.is_bool() && !fallback.is_string()) throw refused("fallback must be a string or boolean");
        return value(take(http::write_content_disposition(
            name, type, !fallback.is_bool() || fallback.as_bool() ? http::filename_fallback::question_marks
                                                               : http::filename_fallback::none)));
    };
    d["parse"] = [=](const value& q) {
        http::content_disposition_options o;
        if (q["options"]["extended"].is_bool()) o.extended = q["options"]["extended"].as_bool();
        if (q["options"]["multipart"].is_bool()) o.multipart = q["options"]["multipart"].as_bool();
        const auto parts = http::parse_content_disposition(text(q["header"], "argument string is required"), o);
        value out = value::object({{"type", parts.type}});
        out["parameters"] = object_of(parts.parameters);
        return out;
    };
    d["format"] = [](const value& q) {
        http::content_disposition parts;
        parts.type = text(q["object"]["type"], "invalid type");
        for (const auto& [name, v] : q["object"]["parameters"].members()) parts.parameters.emplace_back(name, text(v, "a string is wanted"));
        return value(take(http::format_content_disposition(parts)));
    };
}

inline value serialize_cookie(const value& q) {
    http::cookie_options out;
    const value& o = q["options"];
    out.path.clear();
    const auto wrong = [](const char* name) { return refused(std::string("option ") + name + " is invalid"); };
    if (!absent(o["encode"])) throw wrong("encode");
    if (const value& v = o["maxAge"]; !absent(v)) {
        double seconds = 0; // a text is taken for the number it says
        if (v.is_number()) seconds = v.as_double();
        else if (const auto& digits = text(v, "option maxAge is invalid");
                 digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)
            throw wrong("maxAge");
        else seconds = std::stod(digits);
        out.max_age = std::chrono::seconds(static_cast<std::int64_t>(std::floor(seconds)));
    }
    if (const value& v = o["domain"]; truthy(v)) out.domain = text(v, "option domain is invalid");
    if (const value& v = o["path"]; truthy(v)) out.path = text(v, "option path is invalid");
    if (const value& v = o["expires"]; !absent(v)) {
        if (!is_tagged(v, "date") || !v["ms"].is_integer()) throw wrong("expires");
        out.expires = std::chrono::system_clock::time_point(std::chrono::milliseconds(v["ms"].as_int64()));
    }
    out.http_only = truthy(o["httpOnly"]);
    out.secure = truthy(o["secure"]);
    out.partitioned = truthy(o["partitioned"]);
    const auto lower = [](const value& v) { return v.is_string() ? crema::to_lower(v.as_string()) : std::string(); };
    if (const value& v = o["priority"]; truthy(v)) {
        const auto p = lower(v);
        if (p != "low" && p != "medium" && p != "high") throw wrong("priority");
        out.priority = p == "low" ? http::cookie_priority::low : p == "medium" ? http::cookie_priority::medium : http::cookie_priority::high;
    }
    if (const value& v = o["sameSite"]; truthy(v)) {
        const auto s = v.is_bool() ? std::string("strict") : lower(v);
        if (s != "strict" && s != "lax" && s != "none") throw wrong("sameSite");
        out.same_site = s == "strict" ? http::same_site_policy::strict : s == "lax" ? http::same_site_policy::lax : http::same_site_policy::none;
    }
    const value& v = q["value"];
    std::string written = v.is_string() ? v.as_string() : is_tagged(v, "undefined") ? "undefined" : crema::json::stringify(v);
    return take(http::serialize_cookie(text(q["name"], "argument name is invalid"), written, out));
}

inline http::proxy_trust trust_of(const value& t) {
    if (absent(t)) throw refused("argument is required");
    if (t.is_string()) return take(http::proxy_trust::subnets(t.as_string()));
    if (t.is_array()) return take(http::proxy_trust::subnets(texts(t)));
    if (t.is_bool() || t.is_number()) throw refused("unsupported trust argument");
    throw skipped();
}

inline void add_fields(std::map<std::string, library, std::less<>>& all) {
    add_negotiation(all);
    add_types(all);
    all["range-parser"]["*"] = [](const value& q) {
        const auto r = http::parse_range(q["size"].as_uint64(), text(q["header"], "argument str must be a string"),
                                         truthy(q["options"]["combine"]) ? http::range_combining::on : http::range_combining::off);
        if (r.state == http::range_set::kind::malformed) return value(-2);
        if (r.state == http::range_set::kind::unsatisfiable) return value(-1);
        value ranges = value::array();
        for (const auto& one : r.ranges) ranges.push_back(value::object({{"start", one.first}, {"end", one.last}}));
        value out = value::object({{"$", "array"}});
        out["v"] = std::move(ranges);
        out["props"] = value::object({{"type", std::string(r.unit)}});
        return out;
    };
    all["fresh"]["*"] = [](const value& q) {
        const auto of = [](const value& fields, std::string_view name) { return optional_text(fields[name]).value_or(""); };
        return value(http::is_fresh({of(q["request"], "if-none-match"), of(q["request"], "if-modified-since"),
                                     of(q["request"], "cache-control"), of(q["response"], "etag"),
                                     of(q["response"], "last-modified")}));
    };
    all["etag"]["*"] = [](const value& q) {
        const value& e = q["entity"];
        const value& weak = q["options"]["weak"];
        const auto strength = [&](bool by_default) {
            return (weak.is_bool() ? weak.as_bool() : by_default) ? http::etag_strength::weak : http::etag_strength::strong;
        };
        if (is_tagged(e, "stat")) return value(http::file_etag(e["size"].as_uint64(), e["mtimeMs"].as_int64(), strength(true)));
        if (is_tagged(e, "bytes")) return value(http::express_etag(take(crema::base64_decode(e["b64"].as_string())), strength(false)));
        return value(http::express_etag(text(e, absent(e) ? "argument entity is required" : "argument entity must be string, Buffer, or fs.Stats"), strength(false)));
    };
    all["cookie"]["parse"] = [](const value& q) {
        value out = value::object();
        for (const auto& [name, v] : http::parse_cookies(text(q["header"], "argument str must be a string"))) out[name] = v;
        return out;
    };
    all["cookie"]["serialize"] = serialize_cookie;

    auto& p = all["proxy-addr"];
    const auto peer = [](const value& q) { return optional_text(q["remote"]).value_or(""); };
    const auto xff = [](const value& q) { return optional_text(q["xff"]).value_or(""); };
    p["proxyaddr"] = [=](const value& q) {
        if (q.contains("remote") && q["remote"].is_null()) throw refused("req argument is required");
        if (absent(q["trust"])) throw refused("trust argument is required");
        const auto trust = trust_of(q["trust"]);
        return or_undefined(http::client_address(peer(q), xff(q), trust));
    };
    p["all"] = [=](const value& q) {
        return list(absent(q["trust"]) ? http::forwarded_addresses(peer(q), xff(q))
                                       : http::forwarded_addresses(peer(q), xff(q), trust_of(q["trust"])));
    };
    p["compile"] = [](const value& q) -> value {
        trust_of(q["trust"]);
        throw skipped(); // a function
    };
    all["forwarded"]["*"] = [=](const value& q) {
        if (q["remote"].is_null()) throw refused("argument req is required");
        return list(http::forwarded_addresses(peer(q), xff(q)));
    };

    const auto names = [](const value& field) {
        if (field.is_string()) return field.as_string();
        if (!field.is_array()) throw refused("field argument is required");
        std::string joined;
        for (const auto& one : field.elements()) {
            const auto& name = text(one, "field argument is required");
            if (name.find(',') != name.npos) throw refused("field argument contains an invalid header name");
            joined += (joined.empty() ? "" : ", ") + name;
        }
        return joined;
    };
    all["vary"]["append"] = [=](const value& q) {
        const auto& header = text(q["header"], "header argument is required");
        return value(take(http::append_vary(header, names(q["field"]))));
    };
    all["vary"]["vary"] = [=](const value& q) {
        const value& before = q["before"];
        if (before.is_null() && absent(q["field"])) throw refused("res argument is required");
        std::string header;
        if (before.is_array())
            for (const auto& one : before.elements()) header += (header.empty() ? "" : ", ") + one.as_string();
        else header = optional_text(before).value_or("");
        if (q["field"].is_array() && q["field"].empty()) return or_undefined(header);
        return or_undefined(take(http::append_vary(header, names(q["field"]))));
    };
    all["encodeurl"]["*"] = [](const value& q) { return value(crema::encode_url(text(q["url"], "a string is wanted"))); };
    all["escape-html"]["*"] = [](const value& q) {
        const value& in = q["input"];
        if (in.is_string()) return value(crema::escape_html(in.as_string()));
        if (is_tagged(in, "undefined")) return value("undefined");
        if (in.is_null() || in.is_bool() || in.is_number()) return value(crema::escape_html(crema::json::stringify(in)));
        if (in.is_object() && !in.contains("$")) return value("[object Object]");
        throw skipped();
    };
#if defined(CREMA_WITH_OPENSSL)
    auto& signature = all["cookie-signature"];
    const auto signer_of = [](const value& q) {
        const value& secret = q["secret"];
        if (is_tagged(secret, "bytes"))
            return crema::openssl::hmac_signer(take(crema::base64_decode(secret["b64"].as_string())));
        return crema::openssl::hmac_signer(text(secret, "Secret key must be provided."));
    };
    signature["sign"] = [=](const value& q) {
        return value(signer_of(q)->sign(text(q["value"], "Cookie value must be provided as a string.")));
    };
    signature["unsign"] = [=](const value& q) {
        const auto found = signer_of(q)->unsign(text(q["value"], "Signed cookie string must be provided."));
        return found ? value(std::string(*found)) : value(false);
    };
#endif
    all["bytes"]["parse"] = [](const value& q) -> value {
        const value& in = q["value"];
        if (in.is_number()) return in;
        if (!in.is_string()) return {};
        // JavaScript knows negative sizes, and takes what begins with digits for these.
        std::string_view size = in.as_string();
        const bool negative = size.starts_with('-');
        if (negative) size.remove_prefix(1);
        auto n = crema::parse_byte_size(size);
        if (!n) n = crema::parse_byte_size(size.substr(0, size.find_first_not_of("0123456789")));
        if (!n) return {};
        return negative ? value(-static_cast<std::int64_t>(*n)) : value(*n);
    };
    all["bytes"]["bytes"] = [parse = all["bytes"]["parse"]](const value& q) {
        if (q["value"].is_number()) throw skipped(); // a size as text: not there
        return parse(q);
    };
}

} // namespace vectors
