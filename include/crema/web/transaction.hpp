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

// Where next() goes on: within a router or within the handlers of one route. In the arena of the request.
struct run {
    enum class kind : unsigned char { router, route };
    kind what;
    run* outer = nullptr; // where it goes on when this one is through; null at the top
};

// A walk over the layers of a router.
struct router_run : run {
    const router_core* core = nullptr;
    const app_core* app = nullptr; // of a mounted app, else the one around
    std::uint32_t index = 0;       // next layer to look at
    method_mask options = 0;       // methods of the routes that matched an OPTIONS request
    // what the request showed when this router was entered, and what the current mount has taken
    std::string_view base_url;
    path_params params;
    const activity_label* below = nullptr;
    bool stripped = false;
    std::string_view url_before;
};

// A walk over the handlers of a route.
struct route_run : run {
    const route_stack* stack = nullptr;
    std::uint32_t index = 0;
    method_mask method = 0;
};

// A coroutine handler that runs.
struct running : activation {
    running(transaction& t, run& where, const activity_label* l) noexcept : handed(*this) {
        owner = &t;
        from = &where;
        label = l;
    }
    next handed; // stays where it is while the coroutine lives
    environment env;
    activity what;
    task<> work;
    running* previous = nullptr; // all of this request
};

class transaction final : public exchange::listener {
public:
    // Takes a request from the engine: builds the transaction in the memory of the exchange and sends it on its way.
    static void begin(exchange& x, app_core& app);

    request& req() noexcept { return req_; }
    response& res() noexcept { return res_; }
    exchange& raw() noexcept { return *x_; }
    context_frame& context() noexcept { return context_; }

    next::downstream pass(activation& from, const baton& b);
    void hold(activation& a) noexcept;
    void drop(activation& a) noexcept;
    activation* current() const noexcept { return current_; }

    void on_finish() noexcept override;
    void on_close(cancel_reason why) noexcept override;
    void on_destroy() noexcept override;

private:
    friend std::default_delete<transaction>;
    transaction() noexcept : req_(*this), res_(*this) {}
    ~transaction();
    static std::vector<std::unique_ptr<transaction>>& spare();
    void open(exchange& x, app_core& app);
    void close() noexcept;

    void go_on(run& where, const baton& b);
    void walk(router_run& at, baton b);
    void walk_route(route_run& at, const baton& b);
    void leave(router_run& at, const baton& b);
    void enter(router_run& at, const layer& l, std::size_t matched, const baton& b);
    bool bind(const route::path_match& m, const router_run& at, baton& pending);
    void call(handler_base& fn, run& from, const activity_label* label, const baton& b);
    bool body_first(handler_base& fn, run& from, const activity_label* label);
    void invoke(handler_base& fn, run& from, const activity_label* label, const baton& b);
    void settle(activation& a, std::exception_ptr error);
    void unanswered(const activation& a);
    void finally(const baton& b);
    void answer_options(const router_run& at);
    void set_path() noexcept;
    bool abandoned() const noexcept { return x_->scope().is_cancelled(); }

    exchange* x_ = nullptr;
    const app_core* app_ = nullptr;
    request req_;
    response res_;
    context_frame context_;
    http::method method_ = http::method::unknown;
    const char* method_text_ = nullptr;
    activation* current_ = nullptr; // whose handler runs on the stack now
    activation* pending_ = nullptr; // the last one that next() started and that has not ended
    running* running_ = nullptr;    // all coroutine handlers of this request
    const activity_label* below_ = nullptr;
    unsigned depth_ = 0;            // synchronous next() calls that are on the stack
};

} // namespace crema::detail

#if CREMA_BODIES
#include <crema/http/fresh.hpp>
#include <crema/web/final_handler.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

namespace crema {
namespace detail {

inline constexpr unsigned max_depth = 100; // as Express: then the stack unwinds through an immediate

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
    auto* top = ::new (x.memory().allocate(sizeof(router_run), alignof(router_run))) router_run;
    top->what = run::kind::router;
    top->core = app.core.get();
    top->app = &app;
    self->walk(*top, {});
}

// Transactions that are not in use, with the room that their parts have grown to.
CREMA_DECL std::vector<std::unique_ptr<transaction>>& transaction::spare() {
    static thread_local std::vector<std::unique_ptr<transaction>> pool;
    return pool;
}

CREMA_DECL void transaction::open(exchange& x, app_core& app) {
    x_ = &x;
    app_ = &app;
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
    below_ = nullptr;
    depth_ = 0;
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
    auto callbacks = std::exchange(res_.on_close_, {});
    auto& loop = x_->loop();
    for (auto& f : callbacks) loop.callback(f);
    close();
    auto& pool = spare();
    if (pool.size() < 1024) pool.emplace_back(this);
    else delete this;
}

// next() of some handler.
CREMA_DECL next::downstream transaction::pass(activation& from, const baton& b) {
    from.passed = true;
    auto* const outer_current = current_;
    pending_ = nullptr;
    if (depth_ >= max_depth) {
        x_->retain();
        x_->loop().set_immediate([this, where = from.from, b] {
            go_on(*where, b);
            x_->release();
        });
    } else {
        ++depth_;
        go_on(*from.from, b);
        --depth_;
    }
    current_ = outer_current;
    from.downstream = pending_;
    return next::downstream(pending_);
}

CREMA_DECL void transaction::go_on(run& where, const baton& b) {
    if (where.what == run::kind::route) walk_route(static_cast<route_run&>(where), b);
    else walk(static_cast<router_run&>(where), b);
}

// The next layer of a router that matches. Express: lib/index.js, next().
CREMA_DECL void transaction::walk(router_run& at, baton b) {
    if (at.stripped) { // back from a mount
        req_.url_ = at.url_before;
        req_.base_url_ = at.base_url;
        at.stripped = false;
        below_ = at.below;
        set_path();
    }
    if (b.what == baton::kind::router) return leave(at, {});
    if (b.what == baton::kind::route) b = {};
    const auto method = method_;
    const auto& layers = at.core->layers;
    route::path_match m;
    for (;;) {
        if (at.index < layers.size() && layers[at.index]->pattern.matches_everything()) [[likely]] {
            layers[at.index]->pattern.match(req_.path_, m); // a middleware for every path: no need to search
        } else {
            // What cannot be decoded is an error whatever the method, and OPTIONS asks for all of them.
            auto wanted = mask_of(method);
            if (method == http::method::options || req_.path_.find('%') != req_.path_.npos) wanted = all_methods;
            route::matcher::search search(at.core->index, req_.path_, wanted, at.index);
            const auto i = search.next(m);
            at.index = i == route::matcher::npos ? static_cast<std::uint32_t>(layers.size()) : i;
        }
        if (at.index >= layers.size()) return leave(at, b);
        const layer& l = *layers[at.index++];
        if (!bind(m, at, b)) continue;
        const bool failed = b.what == baton::kind::error;
        if (!l.route) {
            if (l.mounted ? failed : l.fn->takes_error != failed) continue;
            return enter(at, l, m.length(), b);
        }
        if (failed) continue;
        if (!l.route->handles(method)) {
            if (method == http::method::options) {
                at.options |= l.route->allowed;
                continue;
            }
            if (method != http::method::head) continue;
        }
        auto* r = ::new (x_->memory().allocate(sizeof(route_run), alignof(route_run))) route_run;
        r->what = run::kind::route;
        r->outer = &at;
        r->stack = l.route.get();
        auto bit = mask_of(method);
        if (method == http::method::head && !(l.route->methods & bit)) bit = mask_of(http::method::get);
        r->method = bit;
        return walk_route(*r, {});
    }
}

// The next handler of a route. Express: lib/route.js, next().
CREMA_DECL void transaction::walk_route(route_run& at, const baton& b) {
    if (b.what == baton::kind::route) return go_on(*at.outer, {});
    if (b.what == baton::kind::router) return go_on(*at.outer, b);
    const bool failed = b.what == baton::kind::error;
    const auto& entries = at.stack->entries;
    while (at.index < entries.size()) {
        const auto& e = entries[at.index++];
        if (!(e.methods & at.method) && e.methods != all_methods) continue;
        if (e.fn->takes_error != failed) continue;
        return call(*e.fn, at, e.label, b);
    }
    go_on(*at.outer, b);
}

// The end of a router: back to where it is mounted, or to the final handler.
CREMA_DECL void transaction::leave(router_run& at, const baton& b) {
    if (at.options && b.what == baton::kind::go) return answer_options(at);
    if (!at.outer) return finally(b);
    req_.base_url_ = at.base_url;
    req_.params_ = at.params;
    go_on(*at.outer, b);
}

// A middleware or a mounted router: takes the matched part away from the path.
CREMA_DECL void transaction::enter(router_run& at, const layer& l, std::size_t matched, const baton& b) {
    at.below = below_;
    if (matched != 0) {
        auto& memory = x_->memory();
        at.stripped = true;
        at.url_before = req_.url_;
        at.base_url = req_.base_url_;
        auto taken = req_.path_.substr(0, matched);
        while (taken.ends_with('/')) taken.remove_suffix(1);
        auto rest = req_.url_.substr(static_cast<std::size_t>(req_.path_.data() - req_.url_.data()) + matched);
        if (rest.empty()) rest = "/";
        else if (rest.front() != '/') {
            auto* p = static_cast<char*>(memory.allocate(rest.size() + 1, 1));
            p[0] = '/';
            std::memcpy(p + 1, rest.data(), rest.size());
            rest = {p, rest.size() + 1};
        }
        req_.url_ = rest;
        if (req_.base_url_.empty()) req_.base_url_ = taken;
        else {
            auto* p = static_cast<char*>(memory.allocate(req_.base_url_.size() + taken.size(), 1));
            std::memcpy(p, req_.base_url_.data(), req_.base_url_.size());
            std::memcpy(p + req_.base_url_.size(), taken.data(), taken.size());
            req_.base_url_ = {p, req_.base_url_.size() + taken.size()};
        }
        set_path();
    }
    if (!l.mounted) return call(*l.fn, at, l.label, b);
    auto* r = ::new (x_->memory().allocate(sizeof(router_run), alignof(router_run))) router_run;
    r->what = run::kind::router;
    r->outer = &at;
    r->core = l.mounted.get();
    r->app = l.app ? l.app.get() : at.app;
    r->base_url = req_.base_url_;
    r->params = req_.params_;
    if (matched != 0) below_ = below_ ? &label_below(*l.label, *below_) : l.label;
    r->below = below_;
    walk(*r, b);
}

// Puts what the pattern captured into req.params. False when it cannot be decoded: `pending` is the error then.
CREMA_DECL bool transaction::bind(const route::path_match& m, const router_run& at, baton& pending) {
    const path_params outer = at.outer && at.core->merge_params ? at.params : path_params{};
    if (m.size() == 0) {
        req_.params_ = outer;
        return true;
    }
    auto* list = static_cast<path_params::entry*>(
        x_->memory().allocate((m.size() + outer.size()) * sizeof(path_params::entry), alignof(path_params::entry)));
    std::size_t n = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
        const auto c = m[i];
        auto text = c.value;
        if (text.find('%') != text.npos) {
            const auto decoded = route::decode_capture(text);
            if (!decoded) {
                if (pending.what != baton::kind::error)
                    pending = {baton::kind::error, std::make_exception_ptr(http_error(400, decoded.error().detail))};
                return false;
            }
            text = x_->memory().copy(*decoded);
        }
        ::new (&list[n++]) path_params::entry{c.name, text, c.wildcard};
    }
    const auto own = n;
    for (const auto& e : outer) {
        bool hidden = false;
        for (std::size_t i = 0; i < own; ++i) hidden = hidden || list[i].name == e.name;
        if (!hidden) ::new (&list[n++]) path_params::entry(e);
    }
    req_.params_.entries_ = list;
    req_.params_.count_ = n;
    return true;
}

CREMA_DECL void transaction::set_path() noexcept {
    auto path = req_.url_;
    if (!path.starts_with('/')) { // absolute-form: the path begins after the authority
        if (const auto scheme = path.find("://"); scheme != path.npos) {
            const auto slash = path.find_first_of("/?", scheme + 3);
            path = slash == path.npos ? std::string_view("/") : path.substr(slash);
        }
    }
    req_.path_ = path.substr(0, path.find('?'));
}

// Runs a handler; the body comes first where the handler needs it.
CREMA_DECL void transaction::call(handler_base& fn, run& from, const activity_label* label, const baton& b) {
    if (from.what == run::kind::route && b.what == baton::kind::go && x_->has_body() && !req_.raw_body() &&
        body_first(fn, from, label))
        return;
    invoke(fn, from, label, b);
}

// A JSON body of known, small length and the body of a typed handler are read before the handler runs.
CREMA_DECL bool transaction::body_first(handler_base& fn, run& from, const activity_label* label) {
    constexpr std::size_t small = 102400;
    const auto length = x_->content_length();
    const bool json = length && *length <= small && !x_->head().expect_continue() &&
                      x_->head().get(http::field::content_type).find("json") != std::string_view::npos;
    if (!json && !fn.takes_body) return false;
    auto* a = ::new (x_->memory().allocate(sizeof(activation), alignof(activation))) activation;
    a->owner = this;
    a->from = &from;
    a->label = label;
    a->passed = true; // not a handler: nothing to report
    hold(*a);
    x_->read_all(small, [this, a, &fn, &from, label](std::error_code ec, std::string text) {
        if (ec == error::too_large || ec == error::would_exceed_limit)
            go_on(from, {baton::kind::error, std::make_exception_ptr(http_error(413, "request entity too large"))});
        else if (ec && !abandoned())
            go_on(from, {baton::kind::error, std::make_exception_ptr(http_error(400, "request aborted"))});
        else if (!ec) {
            req_.raw_body(std::move(text));
            invoke(fn, from, label, {});
        }
        drop(*a);
    });
    return true;
}

CREMA_DECL void transaction::invoke(handler_base& fn, run& from, const activity_label* label, const baton& b) {
    if (below_) label = &label_below(*label, *below_);
    auto& memory = x_->memory();
    if (!fn.suspends) {
        const activity what{label, method_text_};
        const activity_scope shown(&what);
        auto* a = ::new (memory.allocate(sizeof(activation), alignof(activation))) activation;
        a->owner = this;
        a->from = &from;
        a->label = label;
        auto* const outer = std::exchange(current_, a);
        next n(*a);
        task<> none;
        std::exception_ptr error;
        try {
            fn.call(req_, res_, n, &b.error, none);
        } catch (...) {
            error = std::current_exception();
        }
        current_ = outer;
        settle(*a, std::move(error));
        return;
    }
    auto* a = ::new (memory.allocate(sizeof(running), alignof(running))) running(*this, from, label);
    a->what = {label, method_text_};
    a->env.scope = &x_->scope();
    a->env.what = &a->what;
    a->env.context = &context_;
    a->previous = running_;
    running_ = a;
    const activity_scope shown(&a->what);
    auto* const outer = std::exchange(current_, a);
    std::exception_ptr error;
    try {
        fn.call(req_, res_, a->handed, &b.error, a->work);
    } catch (...) {
        error = std::current_exception();
    }
    if (!error && a->work) {
        x_->retain();
        pending_ = nullptr;
        task_access::start(a->work, &a->env, [](void* p) {
            auto& r = *static_cast<running*>(p);
            auto& t = *r.owner;
            auto& x = *t.x_;
            t.settle(r, task_access::promise(r.work).error());
            if (auto w = std::exchange(r.waiter, {})) resume_in(*r.waiter_env, w);
            x.release(); // may end the exchange and this
        }, a);
        // `a` and this are alive: whoever called on_request holds the exchange
        if (!a->ended) pending_ = a;
    } else {
        settle(*a, std::move(error));
    }
    current_ = outer;
}

// A handler has ended: was the request answered, handed on, or kept for later?
CREMA_DECL void transaction::settle(activation& a, std::exception_ptr error) {
    a.ended = true;
    if (error) [[unlikely]] {
        if (abandoned()) return; // nobody is there to be answered
        pass(a, {baton::kind::error, std::move(error)});
        return;
    }
    if (a.passed || a.holds || res_.begun_) [[likely]] return;
    if (abandoned() || x_->ended()) return;
    unanswered(a);
}

CREMA_DECL void transaction::hold(activation& a) noexcept {
    ++a.holds;
    x_->retain();
}

CREMA_DECL void transaction::drop(activation& a) noexcept {
    if (--a.holds == 0 && a.ended && !a.passed && !res_.begun_ && !abandoned()) unanswered(a);
    x_->release();
}

CREMA_DECL void transaction::unanswered(const activation& a) {
    const auto& where = a.label->where;
    std::fprintf(stderr, "crema: %.*s %.*s: the %.*s registered at %s:%u ended without an answer, without next() and without hold()\n",
                 static_cast<int>(req_.method().size()), req_.method().data(), static_cast<int>(req_.original_url().size()),
                 req_.original_url().data(), static_cast<int>(a.label->kind.size()), a.label->kind.data(), where.file_name(),
                 static_cast<unsigned>(where.line()));
    finally({baton::kind::error, std::make_exception_ptr(http_error(500, "the handler did not answer"))});
}

CREMA_DECL void transaction::finally(const baton& b) {
    try {
        final_handler(req_, res_, app_->options, b.what == baton::kind::error ? b.error : nullptr);
    } catch (...) {
        x_->abort();
    }
}

CREMA_DECL void transaction::answer_options(const router_run& at) {
    std::string allow;
    auto methods = at.options;
    if (methods & mask_of(http::method::get)) methods |= mask_of(http::method::head);
    std::vector<std::string_view> names;
    for (std::size_t i = 1; i < http::method_count; ++i)
        if (methods >> i & 1) names.push_back(http::to_string(static_cast<http::method>(i)));
    std::sort(names.begin(), names.end());
    for (const auto n : names) {
        if (!allow.empty()) allow += ", ";
        allow += n;
    }
    res_.set("Allow", allow);
    res_.set("Content-Type", "text/plain; charset=utf-8");
    res_.set("X-Content-Type-Options", "nosniff");
    res_.end(allow);
}

} // namespace detail

CREMA_DECL next::downstream next::operator()() { return pass({}); }
CREMA_DECL next::downstream next::operator()(std::exception_ptr error) {
    if (!error) return pass({});
    return pass({detail::baton::kind::error, std::move(error)});
}
CREMA_DECL next::downstream next::operator()(std::string_view what) {
    if (what == "route") return pass({detail::baton::kind::route, {}});
    if (what == "router") return pass({detail::baton::kind::router, {}});
    return pass({detail::baton::kind::error, std::make_exception_ptr(std::runtime_error(std::string(what)))});
}
CREMA_DECL next::downstream next::pass(const detail::baton& b) { return at_->owner->pass(*at_, b); }
CREMA_DECL void next::keep() noexcept { at_->owner->hold(*at_); }
CREMA_DECL void next::drop() noexcept { at_->owner->drop(*at_); }

CREMA_DECL exchange_hold response::hold() {
    auto* a = owner_->current();
    if (!a) throw std::logic_error("crema: hold() is called while the handler runs, before its first co_await");
    owner_->hold(*a);
    return exchange_hold(a);
}
CREMA_DECL response& exchange_hold::res() const noexcept { return at_->owner->res(); }
CREMA_DECL request& exchange_hold::req() const noexcept { return at_->owner->req(); }
CREMA_DECL void exchange_hold::drop() noexcept { at_->owner->drop(*at_); }

CREMA_DECL context_frame& request::context() noexcept { return owner_->context(); }
CREMA_DECL response& request::res() noexcept { return owner_->res(); }
CREMA_DECL bool request::fresh() const { return fresh(owner_->res()); }

CREMA_DECL bool request::fresh(const response& res) const {
    const auto m = head_->method();
    const int status = res.status_code();
    if ((m != http::method::get && m != http::method::head) || ((status < 200 || status > 299) && status != 304)) return false;
    http::freshness f;
    f.if_none_match = head_->get(http::field::if_none_match);
    f.if_modified_since = head_->get(http::field::if_modified_since);
    if (f.if_none_match.empty() && f.if_modified_since.empty()) [[likely]] return false;
    f.cache_control = head_->get(http::field::cache_control);
    f.etag = res.get("ETag").value_or(std::string_view{});
    f.last_modified = res.get("Last-Modified").value_or(std::string_view{});
    return http::is_fresh(f);
}

} // namespace crema
#endif
