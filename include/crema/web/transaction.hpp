// transaction: one request on its way through the layers: request, response, running coroutines, what is left to do.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/context.hpp>
#include <crema/async/environment.hpp>
#include <crema/async/task.hpp>
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/loop/loop.hpp>
#include <crema/server/exchange.hpp>
#include <crema/web/app_core.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <crema/web/router.hpp>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

namespace crema::detail {

// Returns "http://host" of a target in absolute form, as far as Express sees one; empty otherwise.
CREMA_DECL std::string_view host_of(std::string_view target) noexcept;

// Returns the path of a target, without query and fragment; null data when it has none.
CREMA_DECL std::string_view path_of(std::string_view target) noexcept;

// After so many calls of next() on top of each other a router or route goes on in an immediate.
inline constexpr std::int32_t max_steps = 100;

// Where next() goes on: in a router, in the handlers of a route, in the callbacks of a parameter. In the arena of the
// request. What Express keeps in closures.
struct run {
    enum class kind : unsigned char { router, route, param };
    kind what;
    run* outer = nullptr; // where it goes on when this one is through; null at the top
    // What next() of the handler on the stack goes on with, where that is known (step::behind).
    const step* ahead = nullptr;
    const activity_label* below = nullptr; // of the mount
    std::uint32_t index = 0;               // next layer, handler or parameter to look at
    std::int32_t left = max_steps;         // how many more calls of next() may lie on the stack
};

// What the callbacks of one parameter have done, for the paths behind that have the same value.
struct param_memory {
    std::string_view name, match, value;
    baton::kind error = baton::kind::go;
    std::uint32_t kept = 0; // of an error: which one, in transaction::kept_
    bool wildcard = false;  // a list in Express, and no two lists are the same
    param_memory* before = nullptr;
};

// A walk over the layers of a router.
struct router_run : run {
    const router_core* core = nullptr;
    const app_core* app = nullptr; // whose settings count
    method_mask options = 0;       // methods of the routes that matched an OPTIONS request
    // what the request showed when this router was entered
    std::string_view base_url;
    path_params params;
    std::string_view host; // "http://host" of a target in absolute form
    // what the current layer has taken from the path
    std::string_view removed;
    bool slash_added = false;
    std::string_view url_before, path_before, url_inside;
    param_memory* called = nullptr;
};

// A walk over the handlers of a route.
struct route_run : run {
    const route_stack* stack = nullptr;
    method_mask method = 0;
};

// A walk over the callbacks of the parameters of one layer.
struct param_run : run, param_value {
    const layer* to = nullptr;
    std::string_view path; // that was matched
    std::size_t matched = 0, matched_at = 0;
    const path_params::entry* entries = nullptr; // of this layer alone
    std::uint32_t count = 0;
    std::uint32_t callback = 0; // next callback of it
    const param_entry* now = nullptr;
    param_memory* memory = nullptr;
    std::uint32_t pending = 0; // an error that was on its way, in transaction::kept_, counted from 1
};

// A coroutine handler that runs.
struct running : activation {
    running(transaction& t, run& where, const activity_label* l) noexcept : activation(t, &where, l) { put_work = &work; }
    environment env;
    activity what;
    task<> work;
    bool starting = false;       // its first part runs
    running* previous = nullptr; // all of this request
};

// A synchronous handler while it is called, and room for what it throws; that is there when the frame says so.
struct called {
    called(transaction& t, run& at, const activity_label* l) noexcept : frame(t, &at, l, 0) {}
    called(const called&) = delete;
    ~called() {}
    // Keeps what was thrown; in a catch block.
    void fail() noexcept {
        std::construct_at(&error, std::current_exception());
        frame.state |= call_frame::failed;
    }
    union {
        std::exception_ptr error;
    };
    call_frame frame;
};

class transaction final : public exchange::listener {
public:
    // Takes a request from the engine: builds the transaction in the memory of the exchange and sends it on its way.
    static void begin(exchange& x, app_core& app);

    request& req() noexcept { return req_; }
    response& res() noexcept { return res_; }
    exchange& raw() noexcept { return *x_; }
    context_frame& context() noexcept { return context_; }
    const app_core& app() const noexcept { return *now_; }             // that the current handler belongs to
    arena& memory() noexcept { return x_->memory(); }

    activation* pass(call_frame& from, const baton& b);
    activation& hold(call_frame& c) noexcept;
    void drop(activation& a) noexcept;
    activation& current() noexcept;
    void rewrite(std::string_view url);
    void rename(std::string_view method);
    void replace(std::string_view name, std::string_view value);

    CREMA_DECL void on_finish() noexcept override;
    CREMA_DECL void on_close(cancel_reason why) noexcept override;
    CREMA_DECL void on_destroy() noexcept override;
    bool wants_finish() const noexcept override { return !res_.on_finish_.empty(); }

private:
    friend std::default_delete<transaction>;
    friend struct call_frame;
    transaction() noexcept : req_(*this), res_(*this) {}
    ~transaction();
    static std::vector<std::unique_ptr<transaction>>& spare();
    void open(exchange& x, app_core& app);
    void close() noexcept;

    // dispatch.hpp
    void go_on(run& where, const baton& b);
    void walk(router_run& at, const baton& b);
    void enter_plain(router_run& at);
    void enter_route(router_run& at, const layer& l);
    const layer* search(router_run& at, const baton*& b, baton& wrong, route::path_match& m);
    bool choose(const layer& l, std::string_view path);
    template <class Captures>
    static std::string_view undecodable(const Captures& all, std::size_t size);
    bool dispatch(router_run& at, const layer& l, std::string_view path, std::size_t matched, const baton& b);
    void begin_params(router_run& at, const layer& l, std::size_t matched, std::size_t own, const baton& b);
    void walk_route(route_run& at, const baton& b);
    void walk_params(param_run& at, baton b);
    void leave(router_run& at, const baton& b);
    void later(run& at, const baton& b, bool leaving);
    bool enter(router_run& at, const layer& l, std::string_view path, std::size_t matched);
    void descend(router_run& at, const layer& l);
    void restore(router_run& at);
    void show_app(const app_core& a);
    template <class Captures>
    std::size_t bind(const Captures& all, std::size_t size, const router_run& at);
    void bind_beside(path_params::entry* list, std::size_t own, const path_params& outer);
    std::string_view join(std::string_view a, std::string_view b, std::string_view c = {});
    std::uint32_t keep(const std::exception_ptr& e);
    void set_path() noexcept;
    void answer_options(const router_run& at);
    void answer_not_allowed();
    std::string list_methods(method_mask methods) const;

    bool body_first(handler_base& fn, run& from, const activity_label* label);
    void invoke(handler_base& fn, run& from, const activity_label* label, call_frame::extra given);
    void run_now(handler_base& fn, run& from, const activity_label* label, call_frame::extra given);
    void start(handler_base& fn, run& from, const activity_label* label, call_frame::extra given);
    void settle(called& c);
    activation* settled(called& c);
    void settle(activation& a, std::exception_ptr error);
    activation* go_slowly(call_frame& from);
    activation& living(call_frame& c) noexcept;
    void finish(activation& a);
    void hand_over(activation& a);
    void unanswered(const activity_label* label);
    void finally(const baton& b);
    bool abandoned() const noexcept { return x_->scope().is_cancelled(); }

    activity_board& board_ = this_thread_activity();
    const baton go_;
    exchange* x_ = nullptr;
    const app_core* app_ = nullptr;
    const app_core* now_ = nullptr;
    router_run top_; // of the app; all others are in the arena
    request req_;
    response res_;
    context_frame context_;
    http::method method_ = http::method::unknown;
    const char* method_text_ = nullptr;
    call_frame* current_ = nullptr; // whose handler runs on the stack now
    activation* pending_ = nullptr; // the last one that next() started and that has not ended
    running* running_ = nullptr;    // all coroutine handlers of this request
    activation anybody_{*this};     // of holds that no handler is known for
    const activity_label* forgot_ = nullptr; // ended without an answer while there were such holds
    method_mask others_ = 0;        // methods of the paths that matched, when the app tells them
    std::vector<std::exception_ptr> kept_; // errors that frames in the arena refer to
    const path_params::entry* bound_ = nullptr; // what the current layer has captured
    // what a layer with expressions has matched
    std::vector<route::capture> chosen_;
    std::size_t chosen_at_ = 0, chosen_length_ = 0;
    route::expression::found found_;
};

} // namespace crema::detail

#if CREMA_BODIES
#include <crema/web/answer_hooks.hpp>
#include <crema/web/dispatch.hpp>
#include <crema/web/final_handler.hpp>
#include <cstdio>
#include <new>
#include <stdexcept>

namespace crema {
namespace detail {

CREMA_DECL void app_core::on_request(exchange& x) { transaction::begin(x, *this); }

CREMA_DECL void transaction::begin(exchange& x, app_core& app) {
    auto& pool = spare();
    std::unique_ptr<transaction> t;
    if (pool.empty()) [[unlikely]] t.reset(new transaction);
    else {
        t = std::move(pool.back());
        pool.pop_back();
    }
    t->open(x, app);
    x.listen(t.get());
    auto* const self = t.release(); // on_destroy puts it back
    auto* top = ::new (&self->top_) router_run;
    top->what = run::kind::router;
    top->core = app.core.get();
    top->app = &app;
    const auto target = x.head().target();
    const auto* first = top->core->plain_first;
    if (!target.starts_with('/')) [[unlikely]] {
        top->host = host_of(target);
        if (!self->req_.path_.data()) first = nullptr; // no layer is for it
    }
    if (first) {
        top->ahead = &first->at_top();
        --top->left;
        self->enter_plain(*top);
    } else {
        self->walk(*top, self->go_);
    }
}

// Transactions that are not in use, with the room that their parts have grown to.
CREMA_DECL std::vector<std::unique_ptr<transaction>>& transaction::spare() {
    static thread_local std::vector<std::unique_ptr<transaction>> pool;
    return pool;
}

CREMA_DECL void transaction::open(exchange& x, app_core& app) {
    x_ = &x;
    app_ = now_ = &app;
    method_ = x.head().method();
    method_text_ = method_ == http::method::unknown ? "?" : http::to_string(method_).data();
    req_.open(x);
    res_.open(x, req_, app.options);
}

CREMA_DECL void transaction::close() noexcept {
    while (running_) {
        auto* r = running_;
        running_ = r->previous;
        r->~running();
    }
    req_.close();
    res_.close();
    context_.clear();
    x_ = nullptr;
    current_ = pending_ = nullptr;
    forgot_ = nullptr;
    others_ = 0;
    if (!kept_.empty()) [[unlikely]] kept_.clear();
}

CREMA_DECL transaction::~transaction() {
    if (x_) close();
}

CREMA_DECL void transaction::on_finish() noexcept {
    if (res_.on_finish_.empty()) [[likely]] return;
    auto callbacks = std::exchange(res_.on_finish_, {});
    for (auto& f : callbacks) x_->loop().callback(f);
}

CREMA_DECL void transaction::on_close(cancel_reason) noexcept {}

CREMA_DECL void transaction::on_destroy() noexcept {
    res_.watched_.over(req_, res_);
    if (!res_.on_close_.empty()) [[unlikely]] {
        auto callbacks = std::exchange(res_.on_close_, {});
        auto& loop = x_->loop();
        for (auto& f : callbacks) loop.callback(f);
    }
    close();
    auto& pool = spare();
    if (pool.size() < 1024) pool.emplace_back(this);
    else delete this;
}

// next() of some handler.
CREMA_DECL activation* transaction::pass(call_frame& from, const baton& b) {
    from.state |= call_frame::passed;
    pending_ = nullptr;
    go_on(*from.from, b);
    return pending_;
}
CREMA_DECL activation* call_frame::hand_on(const baton& b) { return owner->pass(*this, b); }
CREMA_DECL activation& call_frame::hold() noexcept { return owner->hold(*this); }
CREMA_DECL void activation::drop() noexcept { owner->drop(*this); }

// The same without an error. That a handler calls next() directly, and what is behind is known, is what most requests pass
// most often: nothing is done here that it does not need. What the thread shows is what the caller's frame says, so that
// it need not be read; what went through here has left req.params as it is to be (see `replace`). How much of `left` was used
// is given back where the row was entered: who calls next() twice in a row has the fewer calls left.
CREMA_NOINLINE CREMA_DECL activation* call_frame::hand_on() {
    run& at = *from;
    const step* const h = at.ahead;
    transaction& t = *owner;
    if (!h || t.current_ != this || --at.left < 0) [[unlikely]] return t.go_slowly(*this);
    state |= passed;
    at.ahead = h->behind;
    ++at.index;
    t.board_.label.store(h->label, std::memory_order_release);
    called one(t, at, h->label);
    one.frame.before = this;
    t.current_ = &one.frame;
    try {
        h->fn->call(*h->fn, t.req_, t.res_, one.frame.handed.it);
    } catch (...) {
        one.fail();
    }
    // All is read again, that no register is kept over the call.
    call_frame& self = *one.frame.before;
    transaction& u = *self.owner;
    u.current_ = &self;
    u.board_.label.store(self.label, std::memory_order_release);
    if (one.frame.state != passed) [[unlikely]] return u.settled(one);
    return u.pending_;
}

CREMA_NOINLINE CREMA_DECL activation* transaction::settled(called& c) {
    run& at = *c.frame.before->from;
    if (!(c.frame.state & call_frame::passed)) pending_ = nullptr; // nobody behind has said what has not ended
    settle(c);
    at.left = max_steps;
    return pending_;
}

CREMA_NOINLINE CREMA_DECL activation* transaction::go_slowly(call_frame& from) {
    from.state |= call_frame::passed;
    pending_ = nullptr;
    run& at = *from.from;
    if (at.what == run::kind::router) [[likely]] walk(static_cast<router_run&>(at), go_);
    else go_on(at, go_);
    return pending_;
}

// The body of a typed handler is read before it runs, and a small JSON body; a synchronous handler could not read it
// itself, so that one of unknown length is read for it, too.
CREMA_DECL bool transaction::body_first(handler_base& fn, run& from, const activity_label* label) {
    constexpr std::size_t small = 102400;
    const auto length = x_->content_length();
    const bool of_size = length ? *length <= small && (fn.reads_now || !x_->head().expect_continue()) : fn.reads_now;
    const bool json = of_size &&
                      x_->head().get(http::field::content_type).find("json") != std::string_view::npos;
    if (!json && !fn.takes_body) return false;
    auto* a = ::new (memory().allocate(sizeof(activation), alignof(activation))) activation(*this, &from, label);
    a->state |= call_frame::passed; // not a handler: nothing to report
    hold(*a);
    pending_ = a;
    x_->read_all(small, [this, a, &fn, &from, label](std::error_code ec, std::string text) {
        pending_ = nullptr;
        if ((ec == error::too_large || ec == error::would_exceed_limit) && !fn.takes_body) {
            req_.body_too_large_ = true; // who asks for it is told; it need not be asked for
            invoke(fn, from, label, {});
        } else if (ec == error::too_large || ec == error::would_exceed_limit)
            go_on(from, {baton::kind::error, std::make_exception_ptr(http_error(413, "request entity too large"))});
        else if (ec && !abandoned())
            go_on(from, {baton::kind::error, std::make_exception_ptr(http_error(400, "request aborted"))});
        else if (!ec) {
            req_.raw_body(std::move(text));
            invoke(fn, from, label, {});
        }
        a->ended = true;
        --a->holds;
        hand_over(*a);
        x_->release();
    });
    return true;
}

CREMA_DECL void transaction::invoke(handler_base& fn, run& from, const activity_label* label, call_frame::extra given) {
    if (fn.suspends) start(fn, from, label, given);
    else run_now(fn, from, label, given);
}

// The same for a coroutine.
CREMA_DECL void transaction::start(handler_base& fn, run& from, const activity_label* label, call_frame::extra given) {
    auto* a = ::new (memory().allocate(sizeof(running), alignof(running))) running(*this, from, label);
    a->what = {label, method_text_};
    a->env.scope = &x_->scope();
    a->env.what = &a->what;
    a->env.context = &context_;
    a->given = given;
    a->previous = running_;
    running_ = a;
    const activity_scope shown(&a->what);
    auto* const outer = std::exchange(current_, static_cast<call_frame*>(a));
    std::exception_ptr error;
    try {
        fn.call(fn, req_, res_, a->handed.it);
    } catch (...) {
        error = std::current_exception();
    }
    if (!error && a->work) {
        x_->retain();
        pending_ = nullptr;
        a->starting = true;
        task_access::start(a->work, &a->env, [](void* p) {
            auto& r = *static_cast<running*>(p);
            auto& t = *r.owner;
            auto& x = *t.x_;
            if (const auto e = task_access::promise(r.work).error(); e && r.starting) {
                // As a promise that is rejected: who called goes on first.
                x.loop().queue_microtask([&t, &r, &x, e] {
                    t.settle(r, e);
                    x.release();
                });
                return;
            } else {
                t.settle(r, e);
            }
            x.release(); // may end the exchange and this
        }, a);
        a->starting = false;
        // `a` and this are alive: whoever called on_request holds the exchange
        if (!a->over()) pending_ = a;
    } else {
        settle(*a, std::move(error));
    }
    current_ = outer;
}

// A synchronous handler has returned: did it answer, hand on, throw? Is it kept for later?
CREMA_DECL void transaction::settle(called& one) {
    auto& c = one.frame;
    std::exception_ptr error;
    if (c.state & call_frame::failed) [[unlikely]] {
        error = std::move(one.error);
        std::destroy_at(&one.error);
    }
    if (c.state & call_frame::kept) {
        c.lives_on->state |= c.state;
        return settle(*c.lives_on, std::move(error));
    }
    if (error) [[unlikely]] {
        if (!abandoned()) pass(c, {baton::kind::error, std::move(error)}); // else nobody is there to be answered
        return;
    }
    if (!(c.state & call_frame::passed) && !res_.begun_ && !abandoned() && !x_->ended()) [[unlikely]] unanswered(c.label);
}

// A handler has ended: was the request answered, handed on, or kept for later?
CREMA_DECL void transaction::settle(activation& a, std::exception_ptr error) {
    a.ended = true;
    if (error) [[unlikely]] {
        if (!abandoned()) pass(a, {baton::kind::error, std::move(error)}); // else nobody is there to be answered
        return hand_over(a);
    }
    if (a.holds) {
        pending_ = &a;
        return;
    }
    if (!a.has_passed() && !res_.begun_ && !abandoned() && !x_->ended()) [[unlikely]] unanswered(a.label);
    if (a.waiter) finish(a);
}

// All of an activation is over: who waits for it goes on.
CREMA_DECL void transaction::finish(activation& a) {
    if (a.holds) return;
    if (const auto w = std::exchange(a.waiter, {})) resume_in(*a.waiter_env, w);
}

// An activation that only stood for what came later ends: who waits for it waits for that.
CREMA_DECL void transaction::hand_over(activation& a) {
    auto* const more = last_of(pending_ == &a ? nullptr : pending_);
    if (!more) return finish(a);
    a.successor = more;
    more->waiter = std::exchange(a.waiter, {});
    more->waiter_env = a.waiter_env;
}

// What stands for a call beyond its time on the stack.
CREMA_DECL activation& transaction::living(call_frame& c) noexcept {
    if (!(c.state & call_frame::kept)) {
        c.lives_on = ::new (memory().allocate(sizeof(activation), alignof(activation))) activation(*this, c.from, c.label);
        c.state |= call_frame::kept;
    }
    return *c.lives_on;
}

CREMA_DECL activation& transaction::hold(call_frame& c) noexcept {
    auto& a = living(c);
    ++a.holds;
    x_->retain();
    return a;
}

CREMA_DECL void transaction::drop(activation& a) noexcept {
    if (--a.holds == 0 && a.ended) {
        if (!a.has_passed() && !res_.begun_ && !abandoned() && !x_->ended()) unanswered(a.label);
        finish(a);
    }
    if (&a == &anybody_ && a.holds == 0 && forgot_ && !res_.begun_ && !abandoned() && !x_->ended()) unanswered(forgot_);
    x_->release();
}

// Whose code runs: the handler on the stack, or a coroutine that was resumed.
CREMA_DECL activation& transaction::current() noexcept {
    if (current_) return living(*current_);
    const auto* const shown = this_thread_activity().label.load(std::memory_order_relaxed);
    for (auto* r = running_; r; r = r->previous)
        if (!r->ended && r->label == shown) return *r;
    for (auto* r = running_; r; r = r->previous)
        if (!r->ended) return *r;
    return anybody_;
}

CREMA_DECL void transaction::unanswered(const activity_label* label) {
    if (anybody_.holds) {
        forgot_ = label;
        return;
    }
    const auto& where = label->where;
    std::fprintf(stderr, "crema: %s: the %.*s registered at %s:%u ended without an answer, without next() and without hold()\n",
                 request_in_log(req_).c_str(), static_cast<int>(label->kind.size()), label->kind.data(), where.file_name(),
                 static_cast<unsigned>(where.line()));
    finally({baton::kind::error, std::make_exception_ptr(http_error(500, "the handler did not answer"))});
}

CREMA_DECL void transaction::finally(const baton& b) {
    try {
        if (others_ && b.what != baton::kind::error && !res_.begun_) return answer_not_allowed();
        final_handler(req_, res_, app_->options, b.what == baton::kind::error ? b.error : nullptr);
    } catch (...) {
        x_->abort();
    }
}

} // namespace detail

CREMA_DECL exchange_hold response::hold() {
    return exchange_hold(&owner_->hold(owner_->current()));
}
CREMA_DECL void response::before_end(unique_function<void(end_callback)> f) {
    if (ended_) throw already_answered("before_end()");
    hooked().end.push_back({&owner_->current(), std::move(f)});
}
CREMA_DECL response& exchange_hold::res() const noexcept { return at_->owner->res(); }
CREMA_DECL request& exchange_hold::req() const noexcept { return at_->owner->req(); }
CREMA_DECL exchange_hold::~exchange_hold() {
    if (at_) at_->owner->drop(*at_);
}

CREMA_DECL void request::url(std::string_view target) { owner_->rewrite(target); }
CREMA_DECL void request::method(std::string_view name) { owner_->rename(name); }
CREMA_DECL void request::params(std::string_view name, std::string_view replacement) { owner_->replace(name, replacement); }
CREMA_DECL context_frame& request::context() noexcept { return owner_->context(); }
CREMA_DECL response& request::res() noexcept { return owner_->res(); }
CREMA_DECL bool request::fresh() const { return fresh(owner_->res()); }
CREMA_DECL bool request::stale() const { return !fresh(); }

} // namespace crema
#endif
