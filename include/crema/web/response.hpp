// response: the answer to one request, with Express' names.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/value.hpp>
#include <crema/http/header_block.hpp>
#include <crema/json/write.hpp>
#include <crema/server/exchange.hpp>
#include <crema/web/answer_watcher.hpp>
#include <crema/web/body_coding.hpp>
#include <crema/web/error.hpp>
#include <crema/web/fwd.hpp>
#include <crema/web/response_arguments.hpp>
#include <crema/web/response_fields.hpp>
#include <crema/web/send_file.hpp>
#include <crema/web/settings.hpp>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <memory>
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
struct file_sender;
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
    CREMA_DECL ~exchange_hold();

    /// Returns the response.
    CREMA_DECL response& res() const noexcept;
    /// Returns the request.
    CREMA_DECL request& req() const noexcept;

private:
    friend class response;
    explicit exchange_hold(detail::activation* at) noexcept : at_(at) {}
    detail::activation* at_;
};

/** Represents the answer to one request.

    Fields and status are set first, then one of `send`, `json`, `end` … answers; `write` streams. What is set
    after that throws `already_answered`.

    @par Thread Safety
    Only on the loop of the request.
*/
class response : public response_fields {
public:
    /** Send a text.

        Content-Type is text/html when none is set; its charset becomes utf-8. Sets Content-Length and ETag, answers 304 when
        the client's copy is still good; HEAD, 204, 205 and 304 have no body.

        @throws already_answered
    */
    CREMA_DECL void send(std::string_view text);
    /// @copydoc send(std::string_view)
    void send(const char* text) { text ? send(std::string_view(text)) : send(nullptr); }
    /// @copydoc send(std::string_view)
    void send(const std::string& text) { send(std::string_view(text)); }
    /// Sends octets; Content-Type is application/octet-stream when none is set.
    CREMA_DECL void send(std::span<const std::byte> octets);
    /// Sends octets; see above.
    void send(std::span<const unsigned char> octets) { send(std::as_bytes(octets)); }
    /// Sends anything else as JSON.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view> &&
                 !std::convertible_to<const T&, std::span<const std::byte>> &&
                 !std::convertible_to<const T&, std::span<const unsigned char>>)
    void send(const T& v) {
        json(v);
    }
    /// Sends an empty body without type and validator.
    void send() { end(); }
    /// Sends an empty body without type, with its validator: what Express makes of null. @throws already_answered
    template <std::same_as<std::nullptr_t> T>
    void send(T) {
        require_open("send()");
        finish({});
    }

    /** Send a value as JSON: any aggregate, container, number, string, `value`, without macros.

        `res.json({{"status", "ok"}})` makes an object.

        @throws already_answered
        @see RFC 8259
    */
    template <class T>
    void json(const T& v) {
        send_json(written(v));
    }
    /// @copydoc json
    void json(std::initializer_list<value::init> list) { json(value(list)); }
    /// @copydoc json
    void json(const char* text) { text ? json(std::string_view(text)) : json(value()); }

    /** Send a value as JSON, or, when the query names a callback, as a script that calls it.

        The setting `jsonp callback name` tells the name in the query.

        @throws already_answered
    */
    template <class T>
    void jsonp(const T& v) {
        send_jsonp(written(v));
    }
    /// @copydoc jsonp
    void jsonp(std::initializer_list<value::init> list) { jsonp(value(list)); }
    /// @copydoc jsonp
    void jsonp(const char* text) { jsonp(std::string_view(text)); }

    /// Sends the standard phrase of a status as text, or its number when it has none.
    CREMA_DECL void send_status(int code);
    /// A status is a whole number: `send_status(200.5)` does not compile.
    void send_status(std::floating_point auto code) = delete;
    /// Redirects with 302; the body is a short text in what the client accepts.
    void redirect(std::string_view url) { redirect(302, url); }
    /// Redirects with a status.
    CREMA_DECL void redirect(int code, std::string_view url);
    /** Answer with the case that the client likes best, the first when it does not say.

        @code
        res.format({{"text", [&] { res.send("hey"); }}, {"json", [&] { res.json({{"message", "hey"}}); }}});
        @endcode

        Sets Content-Type and `Vary: Accept`. When the client accepts none, the case `"default"` answers.

        @throws http_error 406 when there is none of that name.
    */
    CREMA_DECL void format(std::initializer_list<format_case> cases);

    /** Send a file: `res.send_file("/srv/a.html")`, `res.send_file("a.html", {.root = "/srv"})`.

        Sets Content-Type from the extension, Accept-Ranges, Cache-Control, Last-Modified, ETag, unless they are set. Answers
        conditions and ranges: 304, 412, 206, 416. Disk work is done on the pool; large files are read as fast as the client
        takes them. With `root`, nothing outside of it can be reached.

        @param path Absolute, or relative to `root`; a name, not an URL: nothing is decoded.
        @return Await it or drop it; see `file_sending`. To await it with options, give these a name first: g++ 12
        miscompiles braces in the expression of a `co_await`.
        @throws std::invalid_argument when the path is empty, or relative without a root.
    */
    CREMA_COROUTINE file_sending send_file(const std::filesystem::path& path, const send_file_options& options);
    /// @copydoc send_file(const std::filesystem::path&, const send_file_options&)
    CREMA_COROUTINE file_sending send_file(const std::filesystem::path& path);
    /// Sends a file and calls back; its errors are the callback's.
    CREMA_COROUTINE void send_file(const std::filesystem::path& path, const send_file_options& options, sent_callback done);
    /// @copydoc send_file(const std::filesystem::path&, const send_file_options&, sent_callback)
    CREMA_COROUTINE void send_file(const std::filesystem::path& path, sent_callback done);
    /** Send a file to be saved: `send_file` with Content-Disposition.

        @param path Absolute, or relative to the root of the options, or to the working directory.
        @param filename What the client calls it, UTF-8; the last part of the path when empty.
        @param options A Content-Disposition among their headers is not used.
    */
    CREMA_COROUTINE file_sending download(const std::filesystem::path& path, std::string_view filename,
                                     const send_file_options& options);
    /// @copydoc download
    CREMA_COROUTINE file_sending download(const std::filesystem::path& path, std::string_view filename = {});
    /// @copydoc download
    CREMA_COROUTINE file_sending download(const std::filesystem::path& path, const send_file_options& options);
    /// Sends a file to be saved and calls back; its errors are the callback's.
    CREMA_COROUTINE void download(const std::filesystem::path& path, std::string_view filename,
                             const send_file_options& options, sent_callback done);
    /// @copydoc download(const std::filesystem::path&, std::string_view, const send_file_options&, sent_callback)
    CREMA_COROUTINE void download(const std::filesystem::path& path, sent_callback done);
    /// @copydoc download(const std::filesystem::path&, std::string_view, const send_file_options&, sent_callback)
    CREMA_COROUTINE void download(const std::filesystem::path& path, std::string_view filename, sent_callback done);
    /// @copydoc download(const std::filesystem::path&, std::string_view, const send_file_options&, sent_callback)
    CREMA_COROUTINE void download(const std::filesystem::path& path, const send_file_options& options, sent_callback done);

    /** Render a view and send it: `res.render("index", {{"title", "Hey"}})`.

        The template may name what is in `app::locals`, in `locals()` and in `values`, of which a later one hides an earlier one.
        Its text is sent as by `send`, later than this returns; errors go to the error handlers.

        @param name Relative to the setting `views`. Not to be taken from the client: `..` leads where it leads.
        @throws view_error when nothing says by which engine.
    */
    CREMA_DECL void render(std::string_view name, value values = {});
    /// Renders a view and calls `done(std::exception_ptr, std::string)` with the text; that answers, what it throws goes to the
    /// error handlers.
    template <std::invocable<std::exception_ptr, std::string> Done>
    void render(std::string_view name, value values, Done done) {
        render_with(name, std::move(values), unique_function<void(std::exception_ptr, std::string)>(std::move(done)));
    }
    /// @copydoc render(std::string_view, value, Done)
    template <std::invocable<std::exception_ptr, std::string> Done>
    void render(std::string_view name, Done done) {
        render(name, value(), std::move(done));
    }

    /// Sends status and header fields now; what follows is streamed.
    void flush_headers() { begin_stream(); }
    /// Sets a status and header fields and sends them.
    void write_head(int code, field_list fields = {}) { status(code).set(fields).flush_headers(); }
    /** Stream a piece of the body. Without a Content-Length set before, the body is chunked.

        The octets are taken before this returns; await it to go on only when there is room again.

        @throws system_error `closed` when awaited and the client leaves; `bad_value` for more than the Content-Length.
        @throws already_answered

        @par Cancellation
        Throws `cancelled` when the client left. Calls must not overlap: await one before the next.
    */
    auto write(std::string_view piece) {
        if (ended_) [[unlikely]]
            throw already_answered("write()");
        begin_stream();
        if (coder_) [[unlikely]] {
            coder_->write(*exchange_, piece);
            return exchange_->room();
        }
        return exchange_->write(piece);
    }
    /// Sends what a compression holds back of the pieces that were written; without one they are on their way anyway.
    void flush() {
        if (coder_ && !ended_) coder_->flush(*exchange_);
    }
    /** Add trailers, which follow a body that is streamed.

        @throws system_error(error::bad_value) when name or value cannot stand in a header, or the field has to come before the
        body: what says how long the body is, how it is coded, or where it belongs.
        @see RFC 9110 section 6.5
    */
    CREMA_DECL response& add_trailers(field_list trailers);
    /** End the answer; without anything sent before, as it is: without ETag, without a Content-Type of its own.

        @throws already_answered
        @throws system_error `bad_value` when less than the Content-Length was written.
    */
    CREMA_DECL void end(std::string_view last = {});
    /// Sends 103 Early Hints: `res.write_early_hints({{"Link", "</style.css>; rel=preload"}})`. @see RFC 8297
    CREMA_DECL void write_early_hints(field_list hints);
    /// Sends 100 Continue to a client that waits for it.
    void write_continue() { exchange_->informational(100, {}); }

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

    /** Let the body of the answer go through something that changes it, as compression does. The last one that is given decides
        alone, when the head is about to be sent.

        @param coding Must outlive the exchange, as a member of a middleware does.
    */
    void code_body(const body_coding& coding) noexcept { coding_ = &coding; }

    /** Call right before status and header fields are sent, which the function may still change. The last one added is
        called first; what it throws comes out of what answers. @throws already_answered */
    CREMA_DECL void on_headers(unique_function<void()> f);
    using end_callback = unique_function<void(std::exception_ptr)>; ///< called once, with what went wrong or null
    /** Let the answer wait for something, as a store that saves.

        When the answer is complete the function is called; the last of it, or all when it was not begun before, is sent
        when that calls back, perhaps at once. With an error it is not: one that has begun is cut off, and the error
        handlers behind the handler that called this are called, to answer instead. Who calls back late, after the client has
        left or after `give_up`, calls nobody. @throws already_answered */
    CREMA_DECL void before_end(unique_function<void(end_callback)> f);
    /** Wait no longer for what `before_end` was given.

        @param why As if it had called back with this error; with null the answer is sent as it is.
        @return False when the answer waits for nothing. */
    CREMA_DECL bool give_up(std::exception_ptr why);
    /// Calls when the last octet of the answer was handed to the kernel.
    void on_finish(unique_function<void()> f) { on_finish_.push_back(std::move(f)); }
    /// Calls when the exchange ends, answered or not: exactly once.
    void on_close(unique_function<void()> f) { on_close_.push_back(std::move(f)); }

    /// Returns the settings of the app that handles the request.
    const settings& options() const noexcept { return *settings_; }
    /// Returns the request.
    request& req() noexcept { return *req_; }
    /// Returns the app that handles the request now.
    CREMA_DECL crema::app app() const;
    /// Returns who is told of the end, and the times.
    detail::answer_watch& watched() noexcept { return watched_; }

private:
    friend class detail::transaction;
    friend class exchange_hold;
    friend class request;
    friend struct detail::file_sender;

    explicit response(detail::transaction& owner) noexcept : owner_(&owner) {}
    void open(exchange& x, request& req, const settings& options) {
        exchange_ = &x;
        req_ = &req;
        settings_ = &options;
        if (options.x_powered_by) headers_.append_known("X-Powered-By", "crema");
    }
    void close() noexcept {
        exchange_ = nullptr;
        close_fields();
        trailers_.clear();
        locals_.reset();
        on_finish_.clear();
        on_close_.clear();
        if (hooks_) [[unlikely]] hooks_.reset();
        if (coding_) [[unlikely]] {
            coding_ = nullptr;
            coder_.reset();
        }
    }
    struct hooks; // answer_hooks.hpp
    CREMA_DECL hooks& hooked();
    CREMA_DECL void call_head_hooks();
    CREMA_DECL void before_head(std::size_t length);
    CREMA_DECL bool end_later(std::string_view last, bool whole);
    // The last step: sends all of an answer, or the end of one that has begun.
    template <bool Whole>
    void deliver(std::string_view last) {
        if (coder_) [[unlikely]]
            return Whole ? coder_->respond(*exchange_, status_, headers_.view(), last)
                         : coder_->end(*exchange_, last, trailers_);
        if (Whole) return exchange_->respond(status_, {}, headers_.view(), last);
        if (!last.empty()) exchange_->write_now(last);
        exchange_->end(trailers_);
    }
    // Leaves to the engine what it says itself: how long the body is, the date, whether the connection goes on.
    CREMA_FORCEINLINE void leave_to_engine() {
        if (headers_.may_have("Content-Length", "Transfer-Encoding", "Connection", "Date")) [[unlikely]] drop_engine_fields();
    }
    CREMA_DECL void drop_engine_fields();
    CREMA_DECL void begin_stream();
    CREMA_DECL void render_with(std::string_view name, value values, unique_function<void(std::exception_ptr, std::string)> done);
    void make_etag(std::string_view body);
    CREMA_DECL void finish(std::string_view body);
    CREMA_DECL void send_json(std::string_view text);
    CREMA_DECL void send_jsonp(std::string& text);
    CREMA_DECL static std::string& json_buffer();
    CREMA_DECL void replace_json(std::string& text) const;
    template <class T>
    std::string& written(const T& v) const {
        auto& out = json_buffer();
        if (settings_->json_replacer) [[unlikely]] {
            crema::json::write(out, v, {});
            replace_json(out);
        } else {
            crema::json::write(out, v, json_options());
        }
        return out;
    }
    crema::json::write_options json_options() const noexcept {
        crema::json::write_options o;
        o.spaces = static_cast<int>(settings_->json_spaces);
        o.indent = settings_->json_indent;
        o.escape = settings_->json_escape;
        return o;
    }
    exchange* exchange_ = nullptr;
    detail::transaction* owner_;
    request* req_ = nullptr;
    const settings* settings_ = nullptr;
    detail::answer_watch watched_;
    const body_coding* coding_ = nullptr;
    std::unique_ptr<body_coder> coder_; // once the head was sent, of a body that is coded
    std::string trailers_; // ready lines
    std::optional<value> locals_;
    std::vector<unique_function<void()>> on_finish_, on_close_;
    std::shared_ptr<hooks> hooks_;
};

inline response& response_fields::self() noexcept { return static_cast<response&>(*this); }

} // namespace crema

#if CREMA_BODIES
#include <crema/core/html.hpp>
#include <crema/core/text.hpp>
#include <crema/http/etag.hpp>
#include <crema/http/fresh.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/http/status.hpp>
#include <crema/web/request.hpp>
#include <stdexcept>

namespace crema {

CREMA_DECL bool request::fresh(const response& res) const {
    const auto m = head_->method();
    const int status = res.status_code();
    const bool safe = m == http::method::get || m == http::method::head || m == http::method::query;
    if (!safe || ((status < 200 || status > 299) && status != 304)) return false;
    if (!head_->has(http::field::if_none_match) && !head_->has(http::field::if_modified_since)) [[likely]]
        return false;
    http::freshness f;
    f.if_none_match = field(http::field::if_none_match).value_or("");
    f.if_modified_since = field(http::field::if_modified_since).value_or("");
    f.cache_control = field(http::field::cache_control).value_or("");
    f.etag = res.get("ETag").value_or(std::string_view{});
    f.last_modified = res.get("Last-Modified").value_or(std::string_view{});
    return http::is_fresh(f);
}
namespace detail {

inline std::string phrase_of(int code) {
    const auto phrase = http::reason_phrase(code);
    return phrase.empty() ? std::to_string(code) : std::string(phrase);
}

} // namespace detail

CREMA_DECL void response::send(std::string_view text) {
    require_open("send()");
    if (!headers_.last_is("Content-Type", "; charset=utf-8")) { // else it was set just now
        const auto i = headers_.find("Content-Type", 0);
        if (i == http::header_block::npos) [[likely]]
            headers_.append_known("Content-Type", "text/html; charset=utf-8");
        else if (!ends_with_literal(headers_.value_at(i), "; charset=utf-8"))
            headers_.set_trusted("Content-Type", http::with_utf8(headers_.value_at(i)));
    }
    finish(text);
}

CREMA_DECL void response::send(std::span<const std::byte> octets) {
    require_open("send()");
    if (!headers_.has("Content-Type")) headers_.append_trusted("Content-Type", "application/octet-stream");
    finish({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

CREMA_NOINLINE CREMA_DECL void response::make_etag(std::string_view body) {
    using kind = settings::etag_kind;
    const auto& options = *settings_;
    switch (options.etag) {
    case kind::off: break;
    case kind::weak:
        headers_.append_written("ETag", http::etag_size, [&](char* to) { http::write_etag(to, body, true); });
        break;
    case kind::strong:
        headers_.append_written("ETag", http::etag_size - 2, [&](char* to) { http::write_etag(to, body, false); });
        break;
    case kind::express: headers_.append_trusted("ETag", http::express_etag(body)); break;
    case kind::function:
        if (const auto made = options.make_etag(body); !made.empty()) set_field("ETag", made);
        break;
    }
}

// Answers in one go: validator, 304, and what has no body.
CREMA_DECL void response::finish(std::string_view body) {
    if (!headers_.has("ETag")) [[likely]]
        make_etag(body);
    if (req_->fresh(*this)) [[unlikely]]
        status_ = 304;
    if (hooks_ || coding_) [[unlikely]] before_head(body.size());
    if (http::has_no_body(status_)) [[unlikely]] {
        headers_.remove("Content-Type");
        body = {};
    } else if (status_ == 205) body = {};
    leave_to_engine();
    begun_ = ended_ = true;
    if (!hooks_ || !end_later(body, true)) [[likely]] deliver<true>(body);
}

CREMA_DECL void response::send_status(int code) {
    status(code);
    type("txt");
    send(detail::phrase_of(code));
}

CREMA_DECL void response::redirect(int code, std::string_view url) {
    location(url);
    const std::string target(get("Location").value_or(""));
    const auto phrase = detail::phrase_of(code);
    std::string text;
    format({{"text", [&] { text = phrase + ". Redirecting to " + target; }},
            {"html",
             [&] {
                 text = "<!DOCTYPE html><head><title>" + phrase + "</title></head><body><p>" + phrase +
                        ". Redirecting to " + escape_html(target) + "</p></body>";
             }},
            {"default", [] {}}});
    status(code);
    end(text);
}

CREMA_DECL void response::format(std::initializer_list<format_case> cases) {
    require_open("format()");
    std::vector<std::string_view> types;
    const format_case* otherwise = nullptr;
    for (const auto& c : cases) {
        if (c.type == "default") otherwise = &c;
        else types.push_back(c.type);
    }
    const auto best = types.empty() ? std::string_view{} : http::accepts(req_->get("Accept"), types);
    vary("Accept");
    if (!best.empty()) {
        type(trim_ows(best.substr(0, best.find(';')))); // its parameters are for the choice
        for (const auto& c : cases)
            if (c.type == best) return c.answer();
    }
    if (!otherwise) throw http_error(406, "Not Acceptable");
    otherwise->answer();
}

CREMA_DECL void response::drop_engine_fields() {
    headers_.remove("Content-Length");
    headers_.remove("Transfer-Encoding");
    headers_.remove("Date");
    std::string others; // as `upgrade`, beside Upgrade
    for (auto i = headers_.find("Connection", 0); i != http::header_block::npos; i = headers_.find("Connection", i + 1))
        for (const auto option : comma_list(headers_.value_at(i))) {
            if (iequals(option, "close")) exchange_->close_after();
            else if (!option.empty() && !iequals(option, "keep-alive")) others.append(others.empty() ? "" : ", ").append(option);
        }
    headers_.remove("Connection");
    if (!others.empty()) headers_.append_trusted("Connection", others);
}

CREMA_DECL void response::begin_stream() {
    if (begun_) return;
    if (hooks_) [[unlikely]] call_head_hooks();
    std::optional<std::uint64_t> length;
    if (const auto given = get("Content-Length")) {
        std::uint64_t n = 0;
        const auto [p, ec] = std::from_chars(given->data(), given->data() + given->size(), n);
        if (ec == std::errc{} && p == given->data() + given->size()) length = n;
    }
    if (coding_) [[unlikely]]
        coder_ = coding_->begin(*this, length);
    leave_to_engine();
    begun_ = true;
    watched_.head();
    if (coder_) [[unlikely]]
        return coder_->begin(*exchange_, status_, headers_.view());
    exchange_->begin(status_, {}, headers_.view(), length);
}

CREMA_DECL response& response::add_trailers(field_list trailers) {
    if (ended_) throw already_answered("add_trailers()");
    for (const auto& [name, field_value] : trailers) {
        if (!http::valid_field_name(name) || !http::valid_field_value(field_value) || !http::may_be_trailer(name)) detail::bad_field(name);
        trailers_.append(name).append(": ").append(field_value).append("\r\n");
    }
    return *this;
}

CREMA_DECL void response::end(std::string_view last) {
    if (ended_) throw already_answered("end()");
    const bool length_alone =
        last.empty() && req_->head().method() == http::method::head && headers_.has("Content-Length");
    if (!begun_ && (length_alone || !trailers_.empty())) begin_stream();
    if (!begun_) {
        if (hooks_ || coding_) [[unlikely]] before_head(last.size());
        leave_to_engine();
        begun_ = ended_ = true;
        if (http::has_no_body(status_)) last = {};
        if (!hooks_ || !end_later(last, true)) [[likely]] deliver<true>(last);
        return;
    }
    ended_ = true;
    if (!hooks_ || !end_later(last, false)) [[likely]] deliver<false>(last);
}

CREMA_DECL void response::write_early_hints(field_list hints) {
    http::header_block lines;
    for (const auto& [name, field_value] : hints)
        if (!lines.append(name, field_value)) detail::bad_field(name);
    exchange_->informational(103, lines.view());
}

} // namespace crema
#include <crema/web/answer_hooks.hpp>
#include <crema/web/answer_json.hpp>
#endif
