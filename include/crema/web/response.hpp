// response: the answer to one request, with Express' names.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/value.hpp>
#include <crema/http/cookie.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/header_block.hpp>
#include <crema/json/write.hpp>
#include <crema/server/exchange.hpp>
#include <crema/web/error.hpp>
#include <crema/web/fwd.hpp>
#include <crema/web/settings.hpp>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

namespace detail {
class transaction;
struct activation;
} // namespace detail

/** Keeps an exchange alive for a callback that answers later. Made by `response::hold`.

    While one exists the request counts as being worked on. When the last one goes and nobody answered, that is
    reported and answered 500.

    @par Thread Safety
    Only on the loop of the request: move it there with `loop::post` before it is destroyed.
*/
class exchange_hold {
public:
    exchange_hold(exchange_hold&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    exchange_hold& operator=(exchange_hold&&) = delete;
    ~exchange_hold() {
        if (at_) drop();
    }

    /// Returns the response.
    CREMA_DECL response& res() const noexcept;
    /// Returns the request.
    CREMA_DECL request& req() const noexcept;

private:
    friend class response;
    explicit exchange_hold(detail::activation* at) noexcept : at_(at) {}
    CREMA_DECL void drop() noexcept;
    detail::activation* at_;
};

/** Represents the answer to one request.

    Fields and status are set first, then one of `send`, `json`, `end` … answers; `write` streams. What is set
    after that throws `already_answered`.

    @par Thread Safety
    Only on the loop of the request.
*/
class response {
public:
    response(const response&) = delete;
    response& operator=(const response&) = delete;

    /** Set the status.
        @throws std::range_error when it is not within 100 to 999.
    */
    CREMA_DECL response& status(int code);
    /// Returns the status.
    int status_code() const noexcept { return status_; }

    /** Set a header field, replacing what was there.

        A Content-Type of text without a charset gets `; charset=utf-8`.

        @throws system_error(error::bad_value) when name or value cannot stand in a header.
    */
    CREMA_DECL response& set(std::string_view name, std::string_view field_value);
    /// Sets several header fields.
    CREMA_DECL response& set(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);
    /// Adds a header field beside those of the same name.
    CREMA_DECL response& append(std::string_view name, std::string_view field_value);
    /// Returns a header field that was set; valid until the next change.
    std::optional<std::string_view> get(std::string_view name) const {
        const auto i = headers_.find(name, 0);
        return i == http::header_block::npos ? std::nullopt : std::optional(headers_.value_at(i));
    }
    /// Removes a header field.
    CREMA_DECL response& remove(std::string_view name);
    /// Sets the Content-Type, from an extension (`"json"`) or a media type.
    CREMA_DECL response& type(std::string_view extension_or_type);
    /// Adds names to Vary.
    CREMA_DECL response& vary(std::string_view field);
    /// Adds links to Link: `res.links({{"next", "http://…"}})`.
    CREMA_DECL response& links(std::initializer_list<std::pair<std::string_view, std::string_view>> links);
    /// Sets Location, percent-encoding what cannot stand in it.
    CREMA_DECL response& location(std::string_view url);
    /// Sets Content-Disposition to attachment, and the type from the extension of the name.
    CREMA_DECL response& attachment(std::string_view filename = {});

    /** Set a cookie.
        @throws system_error(error::bad_value) when the name or an option is malformed.
        @see RFC 6265bis
    */
    CREMA_DECL response& cookie(std::string_view name, std::string_view cookie_value, const http::cookie_options& options = {});
    /// Makes the client forget a cookie; path and domain must be those it was set with.
    CREMA_DECL response& clear_cookie(std::string_view name, http::cookie_options options = {});

    /** Send a text.

        Content-Type is text/html when none is set. Sets Content-Length and ETag, answers 304 when the client's
        copy is still good; HEAD, 204 and 304 have no body.

        @throws already_answered
    */
    CREMA_DECL void send(std::string_view text);
    /// @copydoc send(std::string_view)
    void send(const char* text) { send(std::string_view(text)); }
    /// @copydoc send(std::string_view)
    void send(const std::string& text) { send(std::string_view(text)); }
    /// Sends octets; Content-Type is application/octet-stream when none is set.
    CREMA_DECL void send(std::span<const std::byte> octets);
    /// Sends anything else as JSON.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view> && !std::convertible_to<const T&, std::span<const std::byte>>)
    void send(const T& v) {
        json(v);
    }
    /// Sends an empty body.
    void send() { send(std::string_view{}); }

    /** Send a value as JSON: any aggregate, container, number, string, `value`, without macros.

        `res.json({{"status", "ok"}})` makes an object.

        @throws already_answered
        @see RFC 8259
    */
    template <class T>
    void json(const T& v) {
        auto& out = json_buffer();
        crema::json::write(out, v, json_options());
        send_json(out);
    }
    /// @copydoc json
    void json(std::initializer_list<value::init> list) { json(value(list)); }
    /// @copydoc json
    void json(const char* text) { json(std::string_view(text)); }

    /// Sends the standard phrase of a status as text.
    CREMA_DECL void send_status(int code);
    /// Redirects; the body is a short text in what the client accepts.
    void redirect(std::string_view url) { redirect(302, url); }
    /// Redirects with a status.
    CREMA_DECL void redirect(int code, std::string_view url);
    /// Answers by the first format that the client accepts, in the order given; 406 when none fits.
    CREMA_DECL void format(std::initializer_list<std::pair<std::string_view, unique_function<void()>>> formats);

    /// Sends the header now; what follows is streamed.
    CREMA_DECL void flush_headers();
    /** Stream a piece of the body. Without a Content-Length set before, the body is chunked.

        The octets are taken before this returns; await it to go on only when there is room again.

        @par Cancellation
        Throws `cancelled` when the client left. Calls must not overlap: await one before the next.
    */
    auto write(std::string_view piece) {
        begin_stream();
        return exchange_->write(piece);
    }
    /// Ends the answer; without anything sent before, an empty one without ETag.
    CREMA_DECL void end(std::string_view last = {});
    /// Sends 103 Early Hints with the given Link values.
    CREMA_DECL void write_early_hints(std::initializer_list<std::pair<std::string_view, std::string_view>> links);

    /// Tells whether the header has been sent.
    bool headers_sent() const noexcept { return begun_; }
    /// Tells whether the answer is complete.
    bool finished() const noexcept { return ended_; }

    /// Returns values for the layers behind, and for templates.
    value& locals() {
        if (!locals_) locals_.emplace(value::object({}));
        return *locals_;
    }

    /** Keep the exchange alive for a callback that answers later.

        `set_timeout([later = res.hold()] { later.res().send("ready"); }, 100);`
    */
    CREMA_DECL exchange_hold hold();

    /// Calls when the last octet of the answer was handed to the kernel.
    CREMA_DECL void on_finish(unique_function<void()> f);
    /// Calls when the exchange ends, answered or not: exactly once.
    CREMA_DECL void on_close(unique_function<void()> f);

    /// Returns the settings of the app that handles the request.
    const settings& options() const noexcept { return *settings_; }
    /// Returns the request.
    request& req() noexcept { return *req_; }

private:
    friend class detail::transaction;
    friend class exchange_hold;
    friend class request;

    explicit response(detail::transaction& owner) noexcept : owner_(&owner) {}
    void open(exchange& x, request& req, const settings& options) {
        exchange_ = &x;
        req_ = &req;
        settings_ = &options;
        if (options.x_powered_by) headers_.append_trusted("X-Powered-By", "crema");
    }
    void close() noexcept {
        exchange_ = nullptr;
        headers_.clear();
        locals_.reset();
        on_finish_.clear();
        on_close_.clear();
        status_ = 200;
        begun_ = ended_ = false;
    }
    CREMA_DECL void begin_stream();
    CREMA_DECL void finish(std::string_view body, bool text);
    CREMA_DECL void send_json(std::string_view text);
    CREMA_DECL static std::string& json_buffer();
    crema::json::write_options json_options() const noexcept {
        crema::json::write_options o;
        o.spaces = static_cast<int>(settings_->json_spaces);
        o.escape = settings_->json_escape;
        return o;
    }
    void require_open(const char* what) const {
        if (begun_) [[unlikely]] throw already_answered(what);
    }

    exchange* exchange_ = nullptr;
    detail::transaction* owner_;
    request* req_ = nullptr;
    const settings* settings_ = nullptr;
    http::header_block headers_;
    std::optional<value> locals_;
    std::vector<unique_function<void()>> on_finish_, on_close_;
    int status_ = 200;
    bool begun_ = false;
    bool ended_ = false;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/html.hpp>
#include <crema/core/text.hpp>
#include <crema/http/etag.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/mime.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/http/status.hpp>
#include <crema/http/vary.hpp>
#include <crema/web/request.hpp>
#include <charconv>

namespace crema {
namespace detail {

[[noreturn]] inline void bad_field(std::string_view name) {
    throw system_error(make_error_code(error::bad_value),
                       "header field \"" + std::string(name.substr(0, 80)) + "\" has a name or value that cannot be sent");
}

} // namespace detail

CREMA_DECL response& response::status(int code) {
    if (code < 100 || code > 999) throw std::range_error("crema: invalid status code " + std::to_string(code));
    require_open("status()");
    status_ = code;
    return *this;
}

CREMA_DECL response& response::set(std::string_view name, std::string_view field_value) {
    require_open("set()");
    if (iequals(name, "content-type") && field_value.find(';') == field_value.npos) {
        const auto full = http::with_charset(field_value);
        if (!headers_.set(name, full)) detail::bad_field(name);
        return *this;
    }
    if (!headers_.set(name, field_value)) detail::bad_field(name);
    return *this;
}

CREMA_DECL response& response::set(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    for (const auto& [name, field_value] : fields) set(name, field_value);
    return *this;
}

CREMA_DECL response& response::append(std::string_view name, std::string_view field_value) {
    require_open("append()");
    if (!headers_.append(name, field_value)) detail::bad_field(name);
    return *this;
}

CREMA_DECL response& response::remove(std::string_view name) {
    require_open("remove()");
    headers_.remove(name);
    return *this;
}

CREMA_DECL response& response::type(std::string_view extension_or_type) {
    if (extension_or_type.find('/') != extension_or_type.npos) return set("Content-Type", extension_or_type);
    const auto known = http::mime_type(extension_or_type);
    return set("Content-Type", known.empty() ? std::string_view("application/octet-stream") : known);
}

CREMA_DECL response& response::vary(std::string_view field) {
    auto all = http::append_vary(get("Vary").value_or(std::string_view{}), field);
    if (!all) detail::bad_field("Vary");
    return set("Vary", *all);
}

CREMA_DECL response& response::links(std::initializer_list<std::pair<std::string_view, std::string_view>> links) {
    std::string all(get("Link").value_or(std::string_view{}));
    for (const auto& [rel, url] : links) {
        if (!all.empty()) all += ", ";
        all.append("<").append(url).append(">; rel=\"").append(rel).append("\"");
    }
    return set("Link", all);
}

CREMA_DECL response& response::location(std::string_view url) { return set("Location", encode_url(url)); }

CREMA_DECL response& response::cookie(std::string_view name, std::string_view cookie_value, const http::cookie_options& options) {
    auto line = http::serialize_cookie(name, cookie_value, options);
    if (!line) throw system_error(line.error().code, line.error().message());
    return append("Set-Cookie", *line);
}

CREMA_DECL response& response::clear_cookie(std::string_view name, http::cookie_options options) {
    options.max_age.reset();
    options.expires = std::chrono::system_clock::time_point{} + std::chrono::milliseconds(1);
    return cookie(name, "", options);
}

CREMA_DECL void response::send(std::string_view text) {
    require_open("send()");
    const auto i = headers_.find("Content-Type", 0);
    if (i == http::header_block::npos) [[likely]] headers_.append_trusted("Content-Type", "text/html; charset=utf-8");
    else if (headers_.value_at(i).find("charset=utf-8") == std::string_view::npos)
        headers_.set_trusted("Content-Type", http::with_utf8(headers_.value_at(i)));
    finish(text, true);
}

CREMA_DECL void response::send(std::span<const std::byte> octets) {
    require_open("send()");
    if (!headers_.has("Content-Type")) headers_.append_trusted("Content-Type", "application/octet-stream");
    finish({reinterpret_cast<const char*>(octets.data()), octets.size()}, false);
}

CREMA_DECL void response::send_json(std::string_view text) {
    require_open("json()");
    if (!headers_.has("Content-Type")) headers_.append_trusted("Content-Type", "application/json; charset=utf-8");
    finish(text, true);
}

CREMA_DECL std::string& response::json_buffer() {
    static thread_local std::string buffer;
    if (buffer.capacity() > 1 << 20) buffer = {}; // not kept for one large answer
    buffer.clear();
    return buffer;
}

// Answers in one go: validator, 304, and what has no body.
CREMA_DECL void response::finish(std::string_view body, bool) {
    const auto& options = *settings_;
    if (options.etag != settings::etag_kind::off && !headers_.has("ETag")) {
        char tag[http::etag_room];
        switch (options.etag) {
        case settings::etag_kind::express: headers_.append_trusted("ETag", http::express_etag(body)); break;
        default: headers_.append_trusted("ETag", http::write_etag(tag, body, options.etag == settings::etag_kind::weak)); break;
        }
    }
    if (status_ == 200 && req_->fresh(*this)) status_ = 304;
    if (http::has_no_body(status_)) [[unlikely]] {
        headers_.remove("Content-Type");
        headers_.remove("Transfer-Encoding");
        body = {};
    } else if (status_ == 205) body = {};
    headers_.remove("Content-Length");
    begun_ = ended_ = true;
    exchange_->respond(status_, {}, headers_.view(), body);
}

CREMA_DECL void response::send_status(int code) {
    status(code);
    type("txt");
    const auto phrase = http::reason_phrase(code);
    send(phrase.empty() ? std::to_string(code) : std::string(phrase));
}

CREMA_DECL void response::redirect(int code, std::string_view url) {
    location(url);
    status(code);
    const std::string target(get("Location").value_or(""));
    const auto phrase = http::reason_phrase(code);
    const auto best = http::accepts(req_->get("Accept"), {"text/plain", "text/html"});
    vary("Accept");
    std::string text;
    if (best == "text/plain") {
        set("Content-Type", "text/plain; charset=utf-8");
        text = std::string(phrase) + ". Redirecting to " + target;
    } else if (best == "text/html") {
        set("Content-Type", "text/html; charset=utf-8");
        const auto shown = escape_html(target);
        text = "<p>" + std::string(phrase) + ". Redirecting to " + shown + "</p>";
    }
    end(text);
}

CREMA_DECL void response::begin_stream() {
    if (begun_) return;
    std::optional<std::uint64_t> length;
    if (const auto given = get("Content-Length")) {
        std::uint64_t n = 0;
        const auto [p, ec] = std::from_chars(given->data(), given->data() + given->size(), n);
        if (ec == std::errc{} && p == given->data() + given->size()) length = n;
        headers_.remove("Content-Length");
    }
    headers_.remove("Transfer-Encoding");
    begun_ = true;
    exchange_->begin(status_, {}, headers_.view(), length);
}

CREMA_DECL void response::flush_headers() { begin_stream(); }

CREMA_DECL void response::end(std::string_view last) {
    if (ended_) throw already_answered("end()");
    if (!begun_) {
        headers_.remove("Content-Length");
        headers_.remove("Transfer-Encoding");
        begun_ = ended_ = true;
        exchange_->respond(status_, {}, headers_.view(), http::has_no_body(status_) ? std::string_view{} : last);
        return;
    }
    ended_ = true;
    if (!last.empty()) exchange_->write_now(last);
    exchange_->end();
}

CREMA_DECL void response::on_finish(unique_function<void()> f) { on_finish_.push_back(std::move(f)); }
CREMA_DECL void response::on_close(unique_function<void()> f) { on_close_.push_back(std::move(f)); }

} // namespace crema
#endif
