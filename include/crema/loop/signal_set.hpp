// signal_set: signals of the operating system arrive as callbacks of a loop.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/loop/loop.hpp>
#include <coroutine>
#include <initializer_list>
#include <memory>
#include <utility>

namespace crema {

namespace detail {

struct signal_state; // what needs Asio
class signal_waiter;

} // namespace detail

/** Receives signals on a loop, as long as it lives.

    `signal_set stop{SIGINT, SIGTERM}; const int which = co_await stop.wait();`

    The signals lose their usual effect on the process. One that arrives while nobody waits is kept for the next wait,
    several of the same number as one. It goes to a function when one was set, else to the coroutine that waits.

    As in Node, listening to a signal does not keep the loop alive; waiting for one with `wait` does.

    @par Thread Safety
    Only on the thread of the loop, which must outlive it. The signals may arrive on any thread.
*/
class signal_set {
public:
    /** Construct for some signals.

        @param signals Their numbers, as in `<csignal>`.
        @param l Where they arrive.
        @throws system_error for what is no signal, or one that cannot be caught.
    */
    CREMA_DECL signal_set(std::initializer_list<int> signals, loop& l = loop::current());
    signal_set(const signal_set&) = delete;
    signal_set& operator=(const signal_set&) = delete;
    /// Gives the signals their usual effect again. No coroutine may wait any more.
    CREMA_DECL ~signal_set();

    /** Wait for the next signal and return its number. Goes on inline when one has arrived already.

        @par Cancellation
        Ends at once and throws `cancelled`. Only one coroutine may wait at a time: the next throws `std::logic_error`.
    */
    [[nodiscard]] inline detail::signal_waiter wait() noexcept;

    /** Set a function that is called with the number of each signal, as one callback; an empty one removes it.

        What has arrived before is handed to it in the next turn of the loop. It may destroy the set.
    */
    CREMA_DECL void on_signal(unique_function<void(int)> f);

private:
    friend class detail::signal_waiter;
    std::shared_ptr<detail::signal_state> state_; // with the handler in Asio's queue
};

namespace detail {

class [[nodiscard("a wait does nothing until it is awaited")]] signal_waiter : cancel_callback {
public:
    explicit signal_waiter(signal_state& s) noexcept : signal_waiter(&s) {}
    // before it is awaited
    signal_waiter(signal_waiter&& other) noexcept : signal_waiter(other.state_) {}
    ~signal_waiter() {
        if (handle_) leave();
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        if (take()) return false;
        enter(); // throws when somebody waits
        handle_ = h;
        attach(env_->scope);
        return true;
    }
    int await_resume() const {
        if (env_->scope) env_->scope->check();
        return number_;
    }

private:
    friend struct signal_state;
    explicit signal_waiter(signal_state* s) noexcept
        : cancel_callback([](cancel_callback& c) noexcept { static_cast<signal_waiter&>(c).resume(); }), state_(s) {}
    void arrived(int number) {
        number_ = number;
        resume();
    }
    void resume() {
        detach();
        leave();
        resume_in(*env_, std::exchange(handle_, {}));
    }
    CREMA_DECL bool take() noexcept;
    CREMA_DECL void enter();
    CREMA_DECL void leave() noexcept;

    signal_state* state_;
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    int number_ = 0;
};

} // namespace detail

inline detail::signal_waiter signal_set::wait() noexcept {
    return detail::signal_waiter(*state_);
}

} // namespace crema

#if CREMA_BODIES
#include <crema/core/error.hpp>
#include <crema/loop/asio_version.hpp>
#include <asio/basic_signal_set.hpp>
#include <asio/io_context.hpp>
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace crema {
namespace detail {

struct signal_state {
    explicit signal_state(loop& l) : self(l), set(l.context()) {}

    // A wait of Asio that does not count as work; see `loop_engine::wait_until`.
    static void arm(const std::shared_ptr<signal_state>& s) {
        auto& context = s->self.context();
        s->set->async_wait([s, &context](const asio::error_code& failed, int number) {
            work_started(context);
            if (!s->set || failed) return;
            arm(s);
            s->self.callback([&] { s->arrived(number); });
        });
        work_finished(context);
    }
    void arrived(int number) {
        if (function) {
            auto f = function; // it may set another or destroy the set
            (*f)(number);
        } else if (waiter) {
            waiter->arrived(number);
        } else if (std::find(kept.begin(), kept.end(), number) == kept.end()) {
            kept.push_back(number);
        }
    }

    loop& self;
    std::optional<asio::basic_signal_set<asio::io_context::executor_type>> set; // none once nobody listens
    std::shared_ptr<unique_function<void(int)>> function;
    signal_waiter* waiter = nullptr;
    std::vector<int> kept; // arrived while nobody waited
};

CREMA_DECL bool signal_waiter::take() noexcept {
    if (state_->kept.empty()) return false;
    number_ = state_->kept.front();
    state_->kept.erase(state_->kept.begin());
    return true;
}
CREMA_DECL void signal_waiter::enter() {
    if (state_->waiter) throw std::logic_error("crema: another coroutine waits for this signal_set");
    state_->waiter = this;
    state_->self.hold();
}
CREMA_DECL void signal_waiter::leave() noexcept {
    state_->waiter = nullptr;
    state_->self.release();
}

} // namespace detail

CREMA_DECL signal_set::signal_set(std::initializer_list<int> signals, loop& l)
    : state_(std::make_shared<detail::signal_state>(l)) {
    for (const int number : signals) {
        asio::error_code failed;
        state_->set->add(number, failed);
        if (failed) throw system_error(failed, "signal " + std::to_string(number));
    }
    detail::signal_state::arm(state_);
}
CREMA_DECL signal_set::~signal_set() {
    state_->function = nullptr;
    state_->set.reset(); // the wait ends, its handler does nothing
}
CREMA_DECL void signal_set::on_signal(unique_function<void(int)> f) {
    state_->function = f ? std::make_shared<unique_function<void(int)>>(std::move(f)) : nullptr;
    if (!state_->function || state_->kept.empty()) return;
    state_->self.set_immediate([s = state_] {
        const auto numbers = std::exchange(s->kept, {});
        for (const int number : numbers)
            if (s->set) s->arrived(number);
    });
}

} // namespace crema
#endif
