// request: what the client asked, with Express' names.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/json/parse.hpp>
#include <crema/server/exchange.hpp>
#include <crema/web/error.hpp>
#include <crema/web/fwd.hpp>
#include <crema/web/path_params.hpp>
#include <crema/web/request_fields.hpp>
#include <crema/web/settings.hpp>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

namespace detail {
class transaction;
struct router_run;
} // namespace detail

/** Represents one HTTP request while it is handled.

    Handlers get it by reference; it lives until the last coroutine and the last `hold` of the request end.
    All views that it gives are valid as long.

    @par Thread Safety
    Only on the loop of the request.
*/
class request : public request_fields {
public:
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    /// Returns the method as it was sent: `"GET"`.
    std::string_view method() const noexcept { return method_given_.empty() ? head_->method_text() : method_given_; }
    /// Sets the method by which the layers behind are chosen, as method-override does. Copied. The answer to HEAD has no body
    /// all the same.
    CREMA_DECL void method(std::string_view name);
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

    /// Returns what the pattern of the layer captured.
    const path_params& params() const noexcept { return params_; }
    /// Returns one captured parameter; empty when the path has none of that name.
    std::string_view params(std::string_view name) const noexcept { return params_[name]; }
    /** Return one captured parameter as a `T`: `req.params<"id", int>()`.

        In a generic handler of a typed route, `app.get<"/users/:id">([](auto& req, auto& res) …)`, a name that the
        pattern does not have does not compile.

        @throws http_error 400 that names the parameter when it is no `T`, 404 when the path has none of that name and
        `T` is no `std::optional`.
    */
    template <route::fixed_string Name, class T = std::string_view>
    T params() const {
        return params_.template as<Name, T>();
    }
    /// Sets a parameter for this layer and what is within; copied. Callbacks of `router::param` may replace theirs.
    CREMA_DECL void params(std::string_view name, std::string_view replacement);

    /** Return the query, parsed as the setting `query parser` says.

        By default an object of strings, and arrays of strings for repeated names. Valid until the query of `url()` is
        another one.
    */
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
    /// Tells whether the request has a body, read or not.
    bool has_body() const noexcept { return exchange_->has_body(); }
    /// Returns the first trailer of that name, once a chunked body has been read to its end. Valid until the exchange ends.
    CREMA_DECL std::optional<std::string_view> trailer(std::string_view name) const noexcept;

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

    /** Read the next piece of the body, as it arrives; empty at the end. A body that was read before, for or by somebody else,
        is one piece. See `exchange::read`. */
    auto read() { return piece_read(*this); }
    /// Tells whether somebody has begun to `read()`: a parser has nothing to read then, unless all is here.
    bool reading_begun() const noexcept { return reading_begun_; }

    /** Parse the body as JSON into a `T`: an aggregate, a container, `value`.

        Works after `body_json()` or `body_text()`, in a handler that takes `body<T>`, and without any of them when the
        body is here (see `raw_body`). In a coroutine `co_await req.read_json<T>()` always works.

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

    /// Returns the address of the client, without a port: that of the peer, or what trusted proxies say it is.
    CREMA_DECL std::string_view ip();
    /// Returns the addresses that trusted proxies tell, the client's first, without that of the peer.
    CREMA_DECL std::vector<std::string_view> ips();
    /// Returns `"https"` or `"http"`, or what a trusted proxy says in X-Forwarded-Proto.
    CREMA_DECL std::string_view protocol();
    /// Tells whether `protocol()` is `"https"`.
    bool secure() { return protocol() == "https"; }
    /// Returns host and port that the request is for, or what a trusted proxy says in X-Forwarded-Host.
    CREMA_DECL std::string_view host();
    /// Returns `host()` without its port.
    CREMA_DECL std::string_view hostname();
    /// Returns the parts of `hostname()` from the last to the first, without the last `subdomain offset` of them.
    CREMA_DECL std::vector<std::string_view> subdomains();
    /// Returns the cookies as an object, decoded; those that begin with `j:` as what they say in JSON. Parsed at the
    /// first call.
    CREMA_DECL const value& cookies();
    /// Returns the cookie of that name when it is a text.
    CREMA_DECL std::optional<std::string_view> cookies(std::string_view name);
    /// Sets the cookies, for who checks signatures: without the signed ones.
    template <std::same_as<value> V>
    void cookies(V all) {
        cookies_ = std::move(all);
    }
    /// Returns the cookies whose signature was checked; one with a false signature is false. Empty unless a middleware
    /// has checked them.
    const value& signed_cookies() const noexcept { return signed_cookies_; }
    /// Sets the cookies whose signature was checked.
    template <std::same_as<value> V>
    void signed_cookies(V all) {
        signed_cookies_ = std::move(all);
    }

    /// Tells whether the client's copy is still good, by what the response has set so far.
    CREMA_DECL bool fresh() const;
    /// Tells the opposite of `fresh`.
    CREMA_DECL bool stale() const;

    /// Returns the pattern of the route whose handler ran last, with what it is mounted at; empty before one: `"/api/users/:id"`.
    CREMA_DECL std::string route() const;
    /// Returns the label of that route, which lives as long as the process; null before one.
    const activity_label* route_label() const noexcept { return route_; }
    /// Returns the response to this request.
    CREMA_DECL response& res() noexcept;
    /// Returns the app that handles the request now: the mounted one within it.
    CREMA_DECL crema::app app() const;
    /// Returns the settings of the app that handles the request.
    CREMA_DECL const settings& options() const noexcept;
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
        open_fields(x.head(), x.memory());
        url_ = head_->target();
        path_ = head_->path();
    }
    void close() noexcept {
        exchange_ = nullptr;
        base_url_ = {};
        params_ = {};
        query_.reset();
        cookies_.reset();
        if (!signed_cookies_.empty()) [[unlikely]] signed_cookies_ = value::object();
        if (!body_.is_null()) body_ = nullptr;
        raw_body_.reset();
        raw_owned_.clear();
        peer_.clear();
        route_ = nullptr;
        close_fields();
        body_parsed_ = streamed_ = reading_begun_ = body_too_large_ = false;
        method_given_ = {};
    }

    // Awaits a piece, unless all of them are here.
    class piece_read {
    public:
        explicit piece_read(request& req) : rest_(req.exchange_->read()) {
            req.reading_begun_ = true;
            if (req.raw_body_ && !std::exchange(req.streamed_, true)) here_ = req.raw_body_;
        }
        bool await_ready() { return here_ || rest_.await_ready(); }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> h) {
            return rest_.await_suspend(h);
        }
        std::string_view await_resume() { return here_ ? *here_ : rest_.await_resume(); }

    private:
        exchange::read_awaiter rest_;
        std::optional<std::string_view> here_;
    };

    CREMA_DECL bool fresh(const response& res) const;
    CREMA_DECL std::string_view peer();
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
    std::string_view url_, path_, base_url_;
    path_params params_;
    std::optional<value> query_;
    std::string query_text_; // what `query_` was parsed from
    const settings* query_by_ = nullptr;
    std::optional<value> cookies_;
    value signed_cookies_ = value::object();
    value body_;
    std::optional<std::string_view> raw_body_;
    std::string raw_owned_;
    std::string peer_;
    const activity_label* route_ = nullptr;
    bool body_parsed_ = false;
    bool streamed_ = false; // `raw_body_` was given as a piece
    bool reading_begun_ = false; // piece by piece
    bool body_too_large_ = false; // to be read before the handler
    std::string_view method_given_; // by `method(std::string_view)`
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/cookie.hpp>
#include <crema/http/nested_query.hpp>
#include <crema/http/query.hpp>
#include <crema/web/origin.hpp>
#include <stdexcept>

namespace crema {
namespace detail {

[[noreturn]] CREMA_DECL void throw_body_error(std::error_code why, std::size_t limit, int status = 0);

} // namespace detail

CREMA_DECL const value& request::query() {
    const auto whole = url_.substr(0, url_.find('#')); // one that was set may have a fragment
    const auto at = whole.find('?');
    const auto text = at == whole.npos ? std::string_view{} : whole.substr(at + 1);
    const auto& by = options();
    if (query_ && text == query_text_ && &by == query_by_) return *query_;
    switch (by.query_parser) {
    case settings::query_parser_kind::off: query_ = value::object(); break;
    case settings::query_parser_kind::simple: query_ = http::parse_query(text); break;
    case settings::query_parser_kind::extended: query_ = *http::parse_nested_query(text); break;
    case settings::query_parser_kind::function: query_ = by.parse_query(text); break;
    }
    query_text_ = text;
    query_by_ = &by;
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
    if (failed) detail::throw_body_error(failed, limit, exchange_->body_status());
    raw_body(std::move(all));
    co_return *raw_body_;
}

CREMA_DECL std::string_view request::peer() {
    if (peer_.empty()) peer_ = exchange_->peer().host();
    return peer_;
}

CREMA_DECL std::string request::route() const {
    std::string all;
    for (const auto* l = route_; l; l = l->below) all.insert(0, l->name == "/" && l->below ? std::string_view{} : l->name);
    return all;
}

CREMA_DECL std::string_view request::ip() {
    const auto& trust = options().trust_proxy;
    if (trust.nobody()) [[likely]] return peer();
    return http::client_address(peer(), field(http::field::x_forwarded_for).value_or(""), trust);
}

CREMA_DECL std::vector<std::string_view> request::ips() {
    const auto& trust = options().trust_proxy;
    if (trust.nobody()) return {};
    auto all = http::forwarded_addresses(peer(), field(http::field::x_forwarded_for).value_or(""), trust);
    all.erase(all.begin());
    return {all.rbegin(), all.rend()};
}

CREMA_DECL std::string_view request::protocol() {
    const std::string_view own = exchange_->secure() ? "https" : "http";
    const auto said = field(http::field::x_forwarded_proto);
    if (!said || said->empty()) return own;
    const auto& trust = options().trust_proxy;
    return !trust.nobody() && trust.trusts(peer(), 0) ? detail::first_of_list(*said) : own;
}

CREMA_DECL std::string_view request::host() {
    const auto said = field(http::field::x_forwarded_host);
    if (!said || said->empty()) return head_->host();
    const auto& trust = options().trust_proxy;
    if (trust.nobody() || !trust.trusts(peer(), 0)) return head_->host();
    return said->find(',') == said->npos ? *said : detail::first_of_list(*said);
}

CREMA_DECL std::string_view request::hostname() { return detail::hostname_of(host()); }

CREMA_DECL std::vector<std::string_view> request::subdomains() {
    return detail::subdomains_of(hostname(), options().subdomain_offset);
}

CREMA_DECL const value& request::cookies() {
    if (cookies_) return *cookies_;
    cookies_ = value::object();
    auto& all = cookies_->as_object();
    for (auto& [name, text] : http::parse_cookies(field(http::field::cookie).value_or(""))) {
        value content;
        if (text.starts_with("j:"))
            if (auto tree = crema::json::parse<value>(std::string_view(text).substr(2))) content = std::move(*tree);
        if (!detail::truthy(content)) content = value(std::move(text)); // `j:0` stays a text, as in Express
        all.emplace_back(std::move(name), std::move(content));
    }
    return *cookies_;
}

CREMA_DECL std::optional<std::string_view> request::cookies(std::string_view name) {
    const auto* v = cookies().find(name);
    if (!v || !v->is_string()) return std::nullopt;
    return v->as_string();
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
    if (body_too_large_ || exchange_->content_length().value_or(0) > 102400)
        throw http_error(413, "the body is larger than 102400 octets").type("entity.too.large");
    throw std::logic_error("crema: req.json() before the body was read: app.use(body_json()), take body<T> as an "
                           "argument, or co_await req.read_json<T>()");
}

CREMA_DECL void request::bad_json(const failure& why) {
    throw http_error(400, why.message()).type("entity.parse.failed");
}

CREMA_DECL std::optional<std::string_view> request::trailer(std::string_view name) const noexcept {
    for (auto rest = exchange_->trailers(); !rest.empty();) {
        const auto line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        const auto colon = line.find(':');
        if (iequals(line.substr(0, colon), name)) return trim_ows(line.substr(colon + 1));
    }
    return std::nullopt;
}

namespace detail {

CREMA_DECL void throw_body_error(std::error_code why, std::size_t limit, int status) {
    if (status == 431) throw http_error(431, "the trailers are too large").type("trailers.too.large");
    if (why == make_error_code(error::too_large) || why == make_error_code(error::would_exceed_limit))
        throw http_error(413, "the body is larger than " + std::to_string(limit) + " octets").type("entity.too.large");
    if (why == make_error_code(error::bad_syntax))
        throw http_error(400, "the body is malformed").type("entity.malformed");
    throw http_error(400, "the body ended early").type("request.aborted");
}

} // namespace detail
} // namespace crema
#endif
