// logger: a line for each request, in morgan's formats or as JSON, written by a thread of its own.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/byte_size.hpp>
#include <crema/core/config.hpp>
#include <crema/middleware/log_format.hpp>
#include <crema/middleware/log_queue.hpp>
#include <crema/web/answer_watcher.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Options of `logger`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct logger_options {
    /// `combined`, `common`, `short`, `tiny`, `dev`, `json`, or a text with tokens.
    std::string format = log_format_options().format;
    /// Tokens of one's own.
    std::vector<std::pair<std::string, log_token>> tokens{};
    /// Tells which requests are not logged, when the answer is over.
    std::function<bool(request& req, response& res)> skip{};
    /// Log when the request comes instead of when its answer is over.
    bool immediate = false;
    /// Header fields whose values are never shown.
    std::vector<std::string> redact_headers = log_format_options().redact_headers;
    /// Names in queries whose values are never shown.
    std::vector<std::string> redact_query = log_format_options().redact_query;
    /// Receives each line, without an end of line, on the logger's thread. Standard output when empty.
    std::function<void(std::string_view)> write{};
    /// How much may wait to be written; what comes then is dropped, and a line tells how many.
    byte_size queue = 1024 * 1024;
    /// How long lines are collected before they are written together.
    std::chrono::milliseconds collect{100};
    /// How long the end waits for lines to be written, as into a pipe that nobody reads; what is left then is dropped, and said on stderr.
    std::chrono::milliseconds patience = std::chrono::seconds(2);
};

/** Is the middleware that `logger` makes. Copies share one queue and one thread, which ends, with all lines written, when the
    last copy is destroyed. When that takes longer than `patience` the thread is left behind, with a copy of the options.

    @par Thread Safety
    Safe.
*/
class logger_handler {
public:
    /// @cond
    CREMA_DECL explicit logger_handler(logger_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond
    /// Waits until all lines so far have been written.
    CREMA_DECL void flush() const;
    /// Counts the lines that were dropped, because there was no room or because they could not be written.
    CREMA_DECL std::uint64_t dropped() const noexcept;

private:
    struct state;
    struct writer;
    struct watcher;
    std::shared_ptr<state> state_;
};

/** Make a middleware that logs requests: `GET /api/posts 200 3.1 ms`.

    Times run from this layer to the head and to the end of the answer; `-` stands for what there is not, as for the status when the
    client left before an answer. On the loop a line costs a copy of what it needs.

    @throws std::invalid_argument for a token that is not known.
*/
inline logger_handler logger(logger_options options = {}) { return logger_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <crema/core/printable.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <poll.h>
#include <unistd.h>

namespace crema {

// What the thread needs, which may be left behind.
struct logger_handler::writer {
    explicit writer(logger_options o) : given(std::move(o)), format({given.format, given.tokens, given.redact_headers, given.redact_query}) {}

    void write(std::string_view records, std::uint64_t dropped) {
        text.clear();
        format.write(text, records, dropped + std::exchange(untold, 0), std::chrono::system_clock::now(), std::chrono::steady_clock::now());
        std::uint64_t lost = 0;
        if (!given.write) lost = put_out();
        else
            for (std::string_view rest = text; !rest.empty();) {
                const auto end = rest.find('\n');
                try {
                    given.write(rest.substr(0, end));
                } catch (...) {
                    if (lost++ == 0) std::fprintf(stderr, "crema: logger: a line could not be written\n");
                }
                rest.remove_prefix(end + 1);
            }
        untold = lost;
        failed.fetch_add(lost, std::memory_order_relaxed);
    }
    // Not by stdio, whose lock a thread that is left behind would keep. Returns how many lines were lost.
    std::uint64_t put_out() {
        std::string_view rest = text;
        while (!rest.empty()) {
            const auto n = ::write(STDOUT_FILENO, rest.data(), rest.size());
            if (n >= 0) rest.remove_prefix(static_cast<std::size_t>(n));
            else if (errno == EAGAIN) {
                pollfd p{STDOUT_FILENO, POLLOUT, 0};
                ::poll(&p, 1, -1);
            } else if (errno != EINTR) break;
        }
        return static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
    }

    const logger_options given;
    const log_format format;
    std::string text;
    std::uint64_t untold = 0;
    std::atomic<std::uint64_t> failed{0};
};

struct logger_handler::state {
    const std::shared_ptr<writer> out;
    const logger_options& given;
    const log_format& format;
    log_queue queue;

    explicit state(logger_options o)
        : out(std::make_shared<writer>(std::move(o))), given(out->given), format(out->format),
          queue({static_cast<std::size_t>(given.queue.octets()), given.collect, given.patience},
                [w = out](std::string_view records, std::uint64_t dropped) { w->write(records, dropped); }) {}
    ~state() {
        if (const auto lost = queue.close(); lost != 0)
            std::fprintf(stderr, "crema: logger: nobody takes the log, %llu lines were dropped\n", static_cast<unsigned long long>(lost));
    }

    void log(request& req, response& res, bool answered) {
        static thread_local log_format::taken t;
        if (given.skip && given.skip(req, res)) return;
        format.take(t, req, res, answered);
        queue.push(t.size, [this](char* to) { format.put(to, t); });
    }
};

struct logger_handler::watcher final : detail::answer_watcher {
    explicit watcher(state& s) noexcept : state_(s) {}
    void over(request& req, response& res) noexcept override {
        try {
            state_.log(req, res, true);
        } catch (const std::exception& e) { // of a token or filter of one's own
            std::fprintf(stderr, "crema: logger: %s\n", printable(e.what()).c_str());
        } catch (...) {
            std::fprintf(stderr, "crema: logger failed\n");
        }
    }
    state& state_; // of a handler, which outlives the exchange
};

CREMA_DECL logger_handler::logger_handler(logger_options options) : state_(std::make_shared<state>(std::move(options))) {}

CREMA_DECL void logger_handler::operator()(request& req, response& res, next& next) const {
    if (state_->given.immediate) state_->log(req, res, false);
    else res.watched().add(*req.raw().memory().make<watcher>(*state_));
    next();
}

CREMA_DECL void logger_handler::flush() const { state_->queue.flush(); }
CREMA_DECL std::uint64_t logger_handler::dropped() const noexcept { return state_->queue.dropped() + state_->out->failed.load(std::memory_order_relaxed); }

} // namespace crema
#endif
