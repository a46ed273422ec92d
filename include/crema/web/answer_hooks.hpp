// answer_hooks: what is done before the head of an answer is sent, and before the answer ends.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/web/next.hpp>
#include <crema/web/response.hpp>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

// What was asked for by `on_headers` and `before_end`, for one answer.
struct response::hooks {
    struct at_end {
        detail::activation* from; // whose error handlers are called
        unique_function<void(end_callback)> call;
    };
    struct ending;
    static void fail(response& res, detail::activation& from, std::exception_ptr e);
    std::vector<unique_function<void()>> head;
    std::vector<at_end> end;
    std::shared_ptr<ending> waits; // what is complete but waits
};

} // namespace crema

#if CREMA_BODIES
#include <crema/async/cancellation.hpp>
#include <crema/loop/loop.hpp>
#include <stdexcept>

namespace crema {

CREMA_DECL response::hooks& response::hooked() {
    if (!hooks_) hooks_ = std::make_shared<hooks>();
    return *hooks_;
}

CREMA_DECL void response::on_headers(unique_function<void()> f) {
    require_open("on_headers()");
    hooked().head.push_back(std::move(f));
}

CREMA_DECL void response::call_head_hooks() {
    auto all = std::exchange(hooks_->head, {});
    for (; !all.empty(); all.pop_back()) {
        all.back()();
        require_open("an answer");
    }
}


CREMA_DECL void response::before_head(std::size_t length) {
    if (hooks_) call_head_hooks();
    if (coding_) coder_ = coding_->begin(*this, length);
}

// An answer that is complete but waits. Callbacks hold it; once it is over it is an empty shell, for those that come late.
struct response::hooks::ending final : cancel_callback {
    ending(response& of, std::vector<at_end> all, std::string_view last, bool is_whole) noexcept
        : cancel_callback(&gone), res(of), left(std::move(all)), given(last), whole(is_whole) {}

    static void go_on(std::shared_ptr<ending> self) {
        if (self->left.empty()) return self->complete();
        auto next = std::move(self->left.back());
        self->left.pop_back();
        self->from = next.from;
        self->calls = true;
        try {
            next.call([t = turn(self)](std::exception_ptr e) mutable {
                const auto held = std::exchange(t.self, {});
                if (!held || held->over) return;
                if (!e) return go_on(held);
                held->failed(std::move(e));
            });
            self->calls = false;
        } catch (...) {
            self->calls = false;
            if (!self->over) self->failed(std::current_exception());
        }
    }
    // What a callback holds. When it goes without having been called, nobody would ever go on.
    struct turn {
        explicit turn(std::shared_ptr<ending> e) noexcept : self(std::move(e)) {}
        turn(turn&&) noexcept = default;
        ~turn() {
            if (!self || self->over || (self->calls && std::uncaught_exceptions() > 0)) return; // what was thrown says more
            try {
                self->dropped();
            } catch (...) {
                self->res.exchange_->abort(); // who is not there cannot be waited for
            }
        }
        std::shared_ptr<ending> self;
    };
    void dropped() {
        const auto why = std::make_exception_ptr(std::logic_error("crema: what before_end() was given is gone and was not called"));
        res.exchange_->loop().queue_microtask([&r = res, at = from, why] { fail(r, *at, why); });
        end();
    }
    // Who has answered goes on first: for him it is answered.
    void failed(std::exception_ptr e) {
        end();
        if (!inside) return fail(res, *from, std::move(e));
        res.exchange_->loop().queue_microtask([&r = res, at = from, e] { fail(r, *at, e); });
    }
    void complete() {
        end();
        auto& x = *res.exchange_;
        const auto last = inside ? given : std::string_view(kept);
        try {
            if (whole) res.deliver<true>(last);
            else res.deliver<false>(last);
        } catch (...) {
            if (!x.ended()) x.abort();
        }
        x.release(); // may end the exchange
    }
    // Waits, behind the call that has answered.
    void wait() {
        kept = given;
        inside = false;
        auto& scope = res.exchange_->scope();
        if (res.exchange_->ended()) leave();
        else if (!scope.is_cancelled()) attach(&scope);
    }

    response& res;
    std::vector<at_end> left;
    std::string_view given;  // the last piece, or all of the body: the caller's, as long as that is on the stack
    std::string kept;
    detail::activation* from = nullptr; // who is waited for
    bool whole;
    bool inside = true, over = false;
    bool calls = false; // who is waited for is on the stack

private:
    void end() noexcept {
        over = true;
        detach();
    }
    // Nobody is there to be answered.
    void leave() noexcept {
        end();
        res.exchange_->release(); // may end the exchange
    }
    static void gone(cancel_callback& c) noexcept {
        auto& self = static_cast<ending&>(c);
        if (self.res.exchange_->ended()) self.leave(); // not when somebody else has cancelled it
    }
};

CREMA_DECL bool response::end_later(std::string_view last, bool whole) {
    if (hooks_->end.empty()) return false;
    exchange_->retain();
    const auto e = std::make_shared<hooks::ending>(*this, std::exchange(hooks_->end, {}), last, whole);
    hooks_->waits = e; // what is called below may let go of the hooks
    hooks::ending::go_on(e);
    if (!e->over) e->wait();
    return true;
}

CREMA_DECL bool response::give_up(std::exception_ptr why) {
    const auto e = hooks_ ? hooks_->waits : nullptr;
    if (!e || e->over || e->inside) return false;
    if (why) e->failed(std::move(why));
    else e->complete();
    return true;
}

inline void response::hooks::fail(response& res, detail::activation& from, std::exception_ptr e) {
    auto& x = *res.exchange_;
    if (x.head_sent()) x.abort();
    else {
        res.begun_ = res.ended_ = false;
        if (std::exchange(res.coder_, nullptr)) res.headers_.remove("Content-Encoding");
    }
    if (!x.scope().is_cancelled()) from.hand_on({detail::baton::kind::error, std::move(e)});
    x.release(); // may end the exchange
}

} // namespace crema
#endif
