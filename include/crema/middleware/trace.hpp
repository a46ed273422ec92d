// trace: takes part in distributed traces, by the fields traceparent and tracestate.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/context.hpp>
#include <crema/core/config.hpp>
#include <crema/http/trace_context.hpp>
#include <crema/web/answer_watcher.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Is one request as a span of a trace.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
struct trace_span {
    http::traceparent id{};                          ///< of the trace and of this span
    std::optional<std::array<char, 16>> parent{};    ///< the span that asked, when one did
    http::tracestate state{};                        ///< what tracing systems tell each other

    /// Returns the id of the trace; valid as long as this.
    std::string_view trace_id() const noexcept { return id.trace_id(); }
    /// Returns the id of this span; valid as long as this.
    std::string_view span_id() const noexcept { return id.span_id(); }
    /// Tells whether it is recorded.
    bool sampled() const noexcept { return id.sampled(); }
    /** Return the fields for a request to another service, which becomes a child of this span.

        `for (auto& [name, value] : span_of(req)->headers()) …`
    */
    CREMA_DECL std::vector<std::pair<std::string, std::string>> headers() const;
    /// Returns a span within this one, with an id of its own.
    CREMA_DECL trace_span child() const;
};

/// Is a span that has ended, for who records it.
struct finished_span {
    const trace_span& span;                                  ///< valid during the call
    std::string name;                                        ///< `GET /users/:id`
    int status;                                              ///< 0 when nobody got an answer
    std::chrono::system_clock::time_point begun;             ///< when the middleware saw the request
    std::chrono::nanoseconds took;                           ///< until the answer was over
};

/** Options of `trace`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct trace_options {
    double sample = 1;                                           ///< the part of traces that begin here which is recorded, 0 to 1
    /// Go on with traces of clients: for services that only one's own proxies and services ask. A stranger would decide what is recorded.
    bool trust = false;
    std::function<void(const finished_span& s)> finished{};      ///< receives each sampled span, on the loop
    std::string response_field{};                                ///< a field of answers that tells the span, as `traceresponse`; empty for none
};

/** Is the middleware that `trace` makes.

    @par Thread Safety
    Safe, when `finished` is.
*/
class trace_handler {
public:
    /// @cond
    CREMA_DECL explicit trace_handler(trace_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    struct watcher;
    std::shared_ptr<const trace_options> options_;
};

/** Make a middleware that gives each request a span: the first of a new trace, or a child of the one that asks.

    Unless `trust` says so each request begins a new trace. So do, with it, a malformed traceparent or several; a malformed tracestate is
    left out.

    @throws std::invalid_argument when `sample` is not within 0 and 1, or `response_field` is no name of a field.

    @see https://www.w3.org/TR/trace-context/
*/
inline trace_handler trace(trace_options options = {}) { return trace_handler(std::move(options)); }

/// Names the span in the context, which follows the coroutines of the request: `co_await context_value(trace_key)`.
inline const context_key<trace_span> trace_key;

/// Returns the span of a request; null without `trace`. Valid until the exchange ends.
inline trace_span* span_of(request& req) noexcept { return req.context().find(trace_key); }

} // namespace crema

#if CREMA_BODIES
#include <crema/core/printable.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>

namespace crema {
namespace detail {

// Gives random octets, many for each call of the system.
inline void trace_random(unsigned char* to, std::size_t n) {
    struct supply {
        std::string octets;
        std::size_t used = 0;
    };
    static thread_local supply s;
    if (s.octets.size() - s.used < n) s = {random_octets(1536), 0};
    std::memcpy(to, s.octets.data() + s.used, n);
    s.used += n;
}

// Fills with random digits, not all of them 0.
template <std::size_t N>
void trace_id(std::array<char, N>& to) {
    constexpr std::string_view hex = "0123456789abcdef";
    unsigned char octets[N / 2];
    do {
        trace_random(octets, sizeof octets);
        for (std::size_t i = 0; i < sizeof octets; ++i) {
            to[2 * i] = hex[octets[i] >> 4];
            to[2 * i + 1] = hex[octets[i] & 15];
        }
    } while (std::string_view(to.data(), N).find_first_not_of('0') == std::string_view::npos);
}

} // namespace detail

struct trace_handler::watcher final : detail::answer_watcher {
    watcher(const trace_options& o, const trace_span& s) noexcept : options(o), span(s), begun(std::chrono::system_clock::now()) {}
    void over(request& req, response& res) noexcept override {
        try {
            auto name = std::string(req.method());
            if (const auto route = req.route(); !route.empty()) name.append(" ").append(route);
            const auto& times = res.watched();
            options.finished({span, std::move(name), res.headers_sent() ? res.status_code() : 0, begun, times.over_at() - times.begun()});
        } catch (const std::exception& e) {
            std::fprintf(stderr, "crema: trace: %s\n", printable(e.what()).c_str());
        } catch (...) {
            std::fprintf(stderr, "crema: trace failed\n");
        }
    }
    const trace_options& options;
    const trace_span& span; // in the context of the request
    const std::chrono::system_clock::time_point begun;
};

CREMA_DECL std::vector<std::pair<std::string, std::string>> trace_span::headers() const {
    std::vector<std::pair<std::string, std::string>> all{{"traceparent", http::write_traceparent(id)}};
    if (!state.empty()) all.emplace_back("tracestate", state.text());
    return all;
}

CREMA_DECL trace_span trace_span::child() const {
    auto c = *this;
    c.parent = id.span;
    detail::trace_id(c.id.span);
    return c;
}

CREMA_DECL trace_handler::trace_handler(trace_options options) {
    if (!(options.sample >= 0 && options.sample <= 1)) throw std::invalid_argument("crema: trace: sample is a part, 0 to 1");
    if (!options.response_field.empty() && !is_token(options.response_field))
        throw std::invalid_argument("crema: trace: response_field \"" + options.response_field + "\" is no name of a field");
    options_ = std::make_shared<trace_options>(std::move(options));
}

CREMA_DECL void trace_handler::operator()(request& req, response& res, next& next) const {
    const auto& o = *options_;
    trace_span s;
    std::size_t lines = 0;
    for (const auto& f : req.head().fields()) lines += iequals(f.name, "traceparent");
    const auto from = o.trust && lines == 1 ? http::parse_traceparent(req.get("traceparent").value_or(""))
                                            : result<http::traceparent>(failure{make_error_code(error::bad_syntax)});
    if (from) {
        s.id = *from;
        s.id.flags &= 1; // of the others nothing is known
        s.parent = from->span;
        std::string state;
        for (const auto& f : req.head().fields())
            if (iequals(f.name, "tracestate")) state.append(state.empty() ? "" : ",").append(f.value);
        if (auto parsed = http::tracestate::parse(state)) s.state = std::move(*parsed);
    } else {
        detail::trace_id(s.id.trace);
        std::uint32_t chance;
        detail::trace_random(reinterpret_cast<unsigned char*>(&chance), sizeof chance);
        s.id.flags = o.sample >= 1 || chance < o.sample * 4294967296.0;
    }
    detail::trace_id(s.id.span);
    if (!o.response_field.empty()) res.set(o.response_field, http::write_traceparent(s.id));
    const auto& kept = req.context().set(trace_key, std::move(s));
    if (o.finished && kept.sampled()) res.watched().add(*req.raw().memory().make<watcher>(o, kept));
    next();
}

} // namespace crema
#endif
