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
};

} // namespace crema

#if CREMA_BODIES
#include <crema/loop/loop.hpp>

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

// An answer that is complete but waits.
struct response::hooks::ending {
    response& res;
    std::vector<at_end> left;
    std::string_view given;  // the last piece, or all of the body: the caller's, as long as that is on the stack
    std::string kept;
    bool whole;
    bool inside = true;

    static void go_on(std::shared_ptr<ending> self) {
        if (self->left.empty()) return self->complete();
        auto next = std::move(self->left.back());
        self->left.pop_back();
        try {
            next.call([self, from = next.from](std::exception_ptr e) mutable {
                if (!self) return;
                auto held = std::exchange(self, {});
                if (!e) return go_on(std::move(held));
                held->failed(*from, std::move(e));
            });
        } catch (...) {
            self->failed(*next.from, std::current_exception());
        }
    }
    // Who has answered goes on first: for him it is answered.
    void failed(detail::activation& from, std::exception_ptr e) {
        if (!inside) return fail(res, from, std::move(e));
        res.exchange_->loop().queue_microtask([&r = res, &from, e] { fail(r, from, e); });
    }
    void complete() {
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
};

CREMA_DECL bool response::end_later(std::string_view last, bool whole) {
    if (hooks_->end.empty()) return false;
    exchange_->retain();
    auto all = std::exchange(hooks_->end, {});
    const auto e = std::make_shared<hooks::ending>(hooks::ending{*this, std::move(all), last, {}, whole});
    hooks::ending::go_on(e);
    if (e.use_count() == 1) return true; // over, one way or the other
    e->kept = last;
    e->inside = false;
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
