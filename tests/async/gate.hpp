// A leaf awaitable that a test opens by hand, and what tests of coroutines look at.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/core/error.hpp>
#include <string>
#include <utility>
#include <vector>

// Waits until it is opened, fails when told to, and obeys cancellation.
class gate {
public:
    class awaiter : crema::cancel_callback {
    public:
        explicit awaiter(gate& g) noexcept : cancel_callback(&stop), gate_(g) {}
        ~awaiter() {
            if (gate_.waiting_ == this) gate_.waiting_ = nullptr;
        }
        bool await_ready() const noexcept { return gate_.open_; }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> h) {
            env_ = crema::environment_of(h);
            if (env_->scope && env_->scope->is_cancelled()) return false;
            handle_ = h;
            gate_.waiting_ = this;
            attach(env_->scope);
            return true;
        }
        void await_resume() const {
            if (env_ && env_->scope) env_->scope->check();
        }

    private:
        friend class gate;
        static void stop(crema::cancel_callback& c) noexcept {
            auto& self = static_cast<awaiter&>(c);
            self.gate_.waiting_ = nullptr;
            crema::resume_in(*self.env_, self.handle_);
        }
        void resume() {
            detach();
            crema::resume_in(*env_, handle_);
        }
        gate& gate_;
        crema::environment* env_ = nullptr;
        std::coroutine_handle<> handle_;
    };

    awaiter wait() noexcept { return awaiter(*this); }
    auto operator co_await() noexcept { return awaiter(*this); }
    void open() {
        open_ = true;
        if (auto* w = std::exchange(waiting_, nullptr)) w->resume();
    }
    bool waits() const noexcept { return waiting_ != nullptr; }

private:
    awaiter* waiting_ = nullptr;
    bool open_ = false;
};

// Writes its name into a log when it is destroyed.
struct tracer {
    std::vector<std::string>* log;
    const char* name;
    tracer(std::vector<std::string>& l, const char* n) : log(&l), name(n) {}
    tracer(tracer&& other) noexcept : log(std::exchange(other.log, nullptr)), name(other.name) {}
    ~tracer() {
        if (log) log->push_back(name);
    }
};
