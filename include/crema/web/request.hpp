// request: what the client asked, with Express' names.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/http/query.hpp>
#include <crema/http/request_parser.hpp>
#include <crema/json/parse.hpp>
#include <crema/server/exchange.hpp>
#include <crema/web/error.hpp>
#include <crema/web/fwd.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crema {

namespace detail {
class transaction;
struct router_run;
} // namespace detail

/** Holds the parameters that the path of a route or mount captured, decoded.

    @par Thread Safety
    Only on the loop of the request.
*/
class path_params {
public:
    /// Is one parameter.
    struct entry {
        std::string_view name;  ///< its name in the pattern
        std::string_view value; ///< decoded; of a wildcard the segments with `/` between, each decoded
        bool wildcard;          ///< whether it was captured by `*name`
    };

    /// Returns the value, or nothing when the path has none of that name. Valid until the exchange ends.
    std::optional<std::string_view> get(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (entries_[i].name == name) return entries_[i].value;
        return std::nullopt;
    }
    /// Returns the value; empty when the path has none of that name. Valid until the exchange ends.
    std::string_view operator[](std::string_view name) const noexcept { return get(name).value_or(std::string_view{}); }
    /// Tells whether there is a parameter of that name.
    bool has(std::string_view name) const noexcept { return get(name).has_value(); }
    const entry* begin() const noexcept { return entries_; }
    const entry* end() const noexcept { return entries_ + count_; }
    std::size_t size() const noexcept { return count_; }

private:
    friend class detail::transaction;
    friend class router;
    const entry* entries_ = nullptr;
    std::size_t count_ = 0;
};

/** Represents one HTTP request while it is handled.

    Handlers get it by reference; it lives until the last coroutine and the last `hold` of the request end.
    All views that it gives are valid as long.

    @par Thread Safety
    Only on the loop of the request.
*/
class request {
public:
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    /// Returns the method as it was sent: `"GET"`.
    std::string_view method() const noexcept { return head_->method_text(); }
    /// Returns the target without the part that a mount has taken: `"/7?x=1"`.
    std::string_view url() const noexcept { return url_; }
    /// Rewrites the target for the layers behind; copied.
    CREMA_DECL void url(std::string_view target);
    /// Returns the target as it was sent.
    std::string_view original_url() const noexcept { return head_->target(); }
    /// Returns the part of the path that mounts have taken, without a slash at its end.
    std::string_view base_url() const noexcept { return base_url_; }
    /// Returns the path of `url()`, still percent-encoded.
    std::string_view path() const noexcept { return path_; }
    /// Returns the minor version of HTTP/1.
    int http_version_minor() const noexcept { return head_->version_minor(); }

    /** Return a header field; repeated ones of list type are the first.

        @param name Case does not matter; `referrer` is `referer`.
    */
    CREMA_DECL std::optional<std::string_view> get(std::string_view name) const;
    /// Returns a header field; the same as `get`.
    std::optional<std::string_view> header(std::string_view name) const { return get(name); }
    /// Returns the fields as they came.
    const http::request_head& head() const noexcept { return *head_; }

    /// Returns what the pattern of the layer captured.
    const path_params& params() const noexcept { return params_; }
    /// Returns one captured parameter; empty when the path has none of that name.
    std::string_view params(std::string_view name) const noexcept { return params_[name]; }
    /// Sets a parameter for this layer and what is within; copied. Callbacks of `router::param` may replace theirs.
    CREMA_DECL void params(std::string_view name, std::string_view replacement);

    /// Returns the query as an object of strings, and arrays of strings for repeated names; parsed at the first call.
    CREMA_DECL const value& query();
    /// Returns the first value of a name in the query, decoded.
    CREMA_DECL std::optional<std::string_view> query(std::string_view name);

    /// Returns what a body parser made; null before.
    value& body() noexcept { return body_; }
    /// Tells whether a body parser has set `body()`.
    bool body_parsed() const noexcept { return body_parsed_; }
    /// Sets the body, for parsers.
    void body(value v) {
        body_ = std::move(v);
        body_parsed_ = true;
    }
    /// Tells whether the Content-Type is application/json or ends in `+json`.
    CREMA_DECL bool is_json() const;
    /// Tells whether the request has a body, read or not.
    bool has_body() const noexcept { return exchange_->has_body(); }

    /** Return the octets of the body, when all of them are here: a parser or `read_text` has read them, or the
        body is JSON with a length of at most 100 KiB (which is read before a route's handler runs). */
    CREMA_DECL std::optional<std::string_view> raw_body();
    /// Keeps the octets of the body, for parsers.
    CREMA_DECL void raw_body(std::string text);

    /** Read the whole body.

        @param limit Octets.
        @return The body; valid until the exchange ends. Again at once when it was read before.
        @throws http_error 413 when it is longer than `limit`, 400 when it is malformed or ends early.

        @par Cancellation
        Ends the wait. Calls must not overlap.
    */
    CREMA_COROUTINE task<std::string_view> read_text(std::size_t limit = 102400);

    /** Read the next piece of the body, as it arrives; empty at the end. See `exchange::read`. */
    auto read() { return exchange_->read(); }

    /** Parse the body as JSON into a `T`: an aggregate, a container, `value`.

        Works after `body_json()` or `body_text()`, in a handler that takes `body<T>`, and without any of them when the body is
        here (see `raw_body`). In a coroutine `co_await req.read_json<T>()` always works.

        @throws http_error 400 that names the field; 415 when the content type is no JSON; std::logic_error when
        the body has not been read.
    */
    template <class T>
    T json() {
        return parse_json<T>(require_json_text());
    }
    /// Reads the body when that has not been done and parses it as JSON into a `T`. See `json`, `read_text`.
    template <class T>
    task<T> read_json(std::size_t limit = 102400) {
        require_json_type();
        const auto text = co_await read_text(limit);
        co_return parse_json<T>(text);
    }

    /// Returns the address of the client; without a port.
    CREMA_DECL std::string_view ip();
    /// Returns `"https"` or `"http"`.
    std::string_view protocol() const noexcept { return exchange_->secure() ? "https" : "http"; }
    /// Tells whether the connection is encrypted.
    bool secure() const noexcept { return exchange_->secure(); }
    /// Returns the Host field, with a port when it has one.
    std::string_view host() const noexcept { return head_->host(); }
    /// Returns the Host field without its port.
    CREMA_DECL std::string_view hostname() const;
    /// Tells whether `X-Requested-With` says XMLHttpRequest.
    CREMA_DECL bool xhr() const;
    /// Tells whether the client's copy is still good, by what the response has set so far.
    CREMA_DECL bool fresh() const;
    /// Tells the opposite of `fresh`.
    bool stale() const { return !fresh(); }

    /// Returns the response to this request.
    CREMA_DECL response& res() noexcept;
    /// Returns the values that follow all coroutines of this request. See `context_value`.
    CREMA_DECL context_frame& context() noexcept;
    /// Returns the layer under the framework.
    exchange& raw() noexcept { return *exchange_; }
    /// Returns the scope that is cancelled when the client leaves.
    cancel_scope& scope() noexcept { return exchange_->scope(); }

private:
    friend class detail::transaction;
    friend struct detail::router_run;
    friend class response;

    explicit request(detail::transaction& owner) noexcept : owner_(&owner) {}
    void open(exchange& x) noexcept {
        exchange_ = &x;
        head_ = &x.head();
        url_ = head_->target();
        path_ = head_->path();
    }
    void close() noexcept {
        exchange_ = nullptr;
        base_url_ = {};
        params_ = {};
        query_.reset();
        body_ = nullptr;
        raw_body_.reset();
        raw_owned_.clear();
        ip_.clear();
        body_parsed_ = false;
    }

    CREMA_DECL bool fresh(const response& res) const;
    CREMA_DECL void require_json_type() const;
    CREMA_DECL std::string_view require_json_text();
    [[noreturn]] CREMA_DECL static void bad_json(const failure& why);
    template <class T>
    static T parse_json(std::string_view text) {
        auto r = crema::json::parse<T>(text);
        if (!r) bad_json(r.error());
        return std::move(*r);
    }

    exchange* exchange_ = nullptr;
    detail::transaction* owner_;
    const http::request_head* head_ = nullptr;
    std::string_view url_, path_, base_url_;
    path_params params_;
    std::optional<value> query_;
    value body_;
    std::optional<std::string_view> raw_body_;
    std::string raw_owned_;
    std::string ip_;
    bool body_parsed_ = false;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/fresh.hpp>
#include <stdexcept>

namespace crema {
namespace detail {

[[noreturn]] CREMA_DECL void throw_body_error(std::error_code why, std::size_t limit);

} // namespace detail

CREMA_DECL std::optional<std::string_view> request::get(std::string_view name) const {
    auto i = head_->find(name, 0);
    if (i == http::request_head::npos && iequals(name, "referrer")) i = head_->find(http::field::referer, 0);
    if (i == http::request_head::npos) return std::nullopt;
    return head_->field_at(i).value;
}

CREMA_DECL const value& request::query() {
    if (!query_) {
        const auto at = url_.find('?');
        query_ = http::parse_query(at == url_.npos ? std::string_view{} : url_.substr(at + 1));
    }
    return *query_;
}

CREMA_DECL std::optional<std::string_view> request::query(std::string_view name) {
    const value* v = query().find(name);
    if (v && v->is_array()) v = v->size() ? &v->at(std::size_t{0}) : nullptr;
    if (!v || !v->is_string()) return std::nullopt;
    return v->as_string();
}

CREMA_DECL std::optional<std::string_view> request::raw_body() {
    if (!raw_body_ && exchange_->has_body()) raw_body_ = exchange_->buffered_body();
    return raw_body_;
}

CREMA_DECL void request::raw_body(std::string text) {
    raw_owned_ = std::move(text);
    raw_body_ = raw_owned_;
}

CREMA_COROUTINE task<std::string_view> request::read_text(std::size_t limit) {
    if (auto here = raw_body()) {
        if (here->size() > limit) detail::throw_body_error(make_error_code(error::too_large), limit);
        co_return *here;
    }
    std::string all;
    std::error_code failed;
    try {
        if (exchange_->content_length().value_or(0) > limit) failed = make_error_code(error::too_large);
        while (!failed) {
            const std::string_view piece = co_await exchange_->read();
            if (piece.empty()) break;
            if (all.size() + piece.size() > limit) failed = make_error_code(error::too_large);
            else all += piece;
        }
    } catch (const cancelled&) {
        throw;
    } catch (const std::system_error& e) {
        failed = e.code();
    }
    if (failed) detail::throw_body_error(failed, limit);
    raw_body(std::move(all));
    co_return *raw_body_;
}

CREMA_DECL std::string_view request::ip() {
    if (ip_.empty()) ip_ = exchange_->peer().host();
    return ip_;
}

CREMA_DECL std::string_view request::hostname() const {
    const auto h = host();
    if (h.starts_with('[')) return h.substr(0, h.find(']') == h.npos ? h.size() : h.find(']') + 1);
    return h.substr(0, h.find(':'));
}

CREMA_DECL bool request::xhr() const {
    return iequals(head_->get(http::field::x_requested_with), "xmlhttprequest");
}

CREMA_DECL bool request::is_json() const {
    const auto type = head_->get(http::field::content_type);
    const auto essence = trim_ows(type.substr(0, type.find(';')));
    const auto slash = essence.find('/');
    const auto sub = slash == essence.npos ? std::string_view{} : essence.substr(slash + 1);
    return iequals(essence, "application/json") || (sub.size() > 5 && iequals(sub.substr(sub.size() - 5), "+json"));
}

CREMA_DECL void request::require_json_type() const {
    if (is_json() || !has_body() || body_parsed_) return; // a parser may be told to take other types for JSON
    const auto type = head_->get(http::field::content_type);
    throw http_error(415, type.empty() ? "the body has no Content-Type; application/json is wanted"
                                       : "the body is " + std::string(type) + "; application/json is wanted")
        .type("media.type.unsupported");
}

CREMA_DECL std::string_view request::require_json_text() {
    require_json_type();
    if (auto text = raw_body()) return *text;
    if (!exchange_->has_body()) return {};
    throw std::logic_error("crema: req.json() before the body was read: app.use(body_json()), take body<T> as an argument, "
                           "or co_await req.read_json<T>()");
}

CREMA_DECL void request::bad_json(const failure& why) {
    throw http_error(400, why.message()).type("entity.parse.failed");
}

namespace detail {

CREMA_DECL void throw_body_error(std::error_code why, std::size_t limit) {
    if (why == make_error_code(error::too_large) || why == make_error_code(error::would_exceed_limit))
        throw http_error(413, "the body is larger than " + std::to_string(limit) + " octets").type("entity.too.large");
    if (why == make_error_code(error::bad_syntax)) throw http_error(400, "the body is malformed").type("entity.malformed");
    throw http_error(400, "the body ended early").type("request.aborted");
}

} // namespace detail
} // namespace crema
#endif
