// closing: the awaitable that waits for an app to have stopped.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/cancellation.hpp>
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/core/function.hpp>
#include <crema/server/server.hpp>
#include <chrono>
#include <coroutine>
#include <memory>
#include <utility>

namespace crema {

/// Says how an app stops.
struct close_options {
    std::chrono::milliseconds grace{10'000}; ///< how long running requests may take; then they are cancelled
};

/** Is what `app::close(close_options)` returns: the app closes when it is awaited, or when it is destroyed before.

    The result says how many requests have ended by themselves, and how many were cut.

    @par Cancellation
    Ends the wait, not the closing. A handler that awaits this waits for its own request, too: the grace ends that.

    @par Thread Safety
    Only on the loop of the app.
*/
class [[nodiscard]] closing : cancel_callback {
public:
    /// Is called with what is to be called in the end.
    using start_function = unique_function<void(unique_function<void(const drain_report&)>)>;

    /// @cond
    explicit closing(start_function start) noexcept : cancel_callback(&stop), start_(std::move(start)) {}
    ~closing() {
        if (shared_) shared_->waits = nullptr;
        else start_({});
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        shared_ = std::make_shared<ending>();
        start_([s = shared_](const drain_report& r) {
            s->report = r;
            s->over = true;
            if (auto* const w = std::exchange(s->waits, nullptr)) {
                w->detach();
                resume_in(*w->env_, w->waiter_);
            }
        });
        if (shared_->over) return false;
        if (env_->scope && env_->scope->is_cancelled()) {
            stopped_ = env_->scope->reason();
            return false;
        }
        waiter_ = h;
        shared_->waits = this;
        attach(env_->scope);
        return true;
    }
    drain_report await_resume() const {
        if (stopped_ != cancel_reason::none) throw cancelled(stopped_);
        return shared_->report;
    }
    /// @endcond

private:
    struct ending {
        closing* waits = nullptr;
        bool over = false;
        drain_report report;
    };
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<closing&>(c);
        self.shared_->waits = nullptr;
        self.stopped_ = self.env_->scope->reason();
        resume_in(*self.env_, self.waiter_);
    }

    start_function start_;
    std::shared_ptr<ending> shared_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
    cancel_reason stopped_ = cancel_reason::none;
};

} // namespace crema
