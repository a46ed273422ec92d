// answer_json: how response writes JSON and JSONP, by the settings.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/web/response.hpp>
#include <crema/web/settings.hpp>
#include <optional>
#include <string_view>

namespace crema::detail {

// What a replacer makes of a value; nothing when it is left out.
CREMA_DECL std::optional<value> replaced(const settings::json_replacer_function& f, std::string_view name, const value& v);

} // namespace crema::detail

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/json/parse.hpp>
#include <crema/json/write.hpp>
#include <crema/web/request.hpp>
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace crema {
namespace detail {

CREMA_DECL std::optional<value> replaced(const settings::json_replacer_function& f, std::string_view name, const value& v) {
    auto r = f(name, v);
    if (!r) return r;
    if (r->is_object()) {
        value::object_type members;
        for (const auto& [key, member] : r->as_object())
            if (auto m = replaced(f, key, member)) members.emplace_back(key, std::move(*m));
        r->as_object() = std::move(members);
        return r;
    }
    if (r->is_array()) {
        std::size_t i = 0;
        for (auto& element : r->as_array()) element = replaced(f, std::to_string(i++), element).value_or(value());
    }
    return r;
}

} // namespace detail

CREMA_DECL void response::send_json(std::string_view text) {
    require_open("json()");
    if (!headers_.has("Content-Type")) [[likely]] {
        headers_.append_known("Content-Type", "application/json; charset=utf-8");
        finish(text);
    } else {
        send(text);
    }
}

CREMA_DECL void response::send_jsonp(std::string& text) {
    require_open("jsonp()");
    if (!headers_.has("Content-Type")) {
        headers_.set_trusted("X-Content-Type-Options", "nosniff");
        headers_.append_trusted("Content-Type", "application/json; charset=utf-8");
    }
    const auto named = req_->query(settings_->jsonp_callback);
    if (!named || named->empty()) return send(text);
    std::string callback;
    for (const char c : *named)
        if (is_alpha(c) || is_digit(c) || std::string_view("[]_$.").find(c) != std::string_view::npos) callback += c;
    // the comment keeps the name of a callback from being the first octets: they could be those of another format
    std::string script = "/**/ typeof " + callback + " === 'function' && " + callback + "(";
    for (std::size_t at = 0; at < text.size();) { // two characters end a line in a script, but not in JSON
        const auto next = std::min(text.find("\xe2\x80", at), text.size());
        script.append(text, at, next - at);
        at = next;
        if (at == text.size()) break;
        const bool ends_line = at + 2 < text.size() && (text[at + 2] == '\xa8' || text[at + 2] == '\xa9');
        if (ends_line) script += text[at + 2] == '\xa8' ? "\\u2028" : "\\u2029";
        else script.append(text, at, 3);
        at += 3;
    }
    script += ");";
    headers_.set_trusted("X-Content-Type-Options", "nosniff");
    headers_.set_trusted("Content-Type", "text/javascript; charset=utf-8");
    finish(script);
}

CREMA_DECL std::string& response::json_buffer() {
    static thread_local std::string buffer;
    if (buffer.capacity() > 1 << 20) buffer = {}; // not kept for one large answer
    buffer.clear();
    return buffer;
}

CREMA_DECL void response::replace_json(std::string& text) const {
    const auto whole = detail::replaced(settings_->json_replacer, {}, crema::json::parse<value>(text).value());
    text.clear();
    if (whole) crema::json::write(text, *whole, json_options());
}

} // namespace crema
#endif
