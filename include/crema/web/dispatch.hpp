// dispatch: the way of a request through routers, routes and parameter callbacks, by Express' rules.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/request_head.hpp>
#include <crema/route/expression.hpp>
#include <crema/route/pattern.hpp>
#include <crema/web/app_core.hpp>
#include <crema/web/router.hpp>
#include <crema/web/transaction.hpp>
#include <string_view>

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/header_block.hpp>
#include <crema/web/error.hpp>
#include <crema/web/final_handler.hpp>
#include <crema/web/next.hpp>
#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace crema::detail {

CREMA_DECL std::string_view host_of(std::string_view target) noexcept {
    const auto scheme = target.substr(0, target.find('?')).find("://");
    if (target.starts_with('/') || scheme == target.npos) return {};
    const auto slash = target.find('/', scheme + 3);
    return slash == target.npos ? std::string_view{} : target.substr(0, slash);
}

CREMA_DECL std::string_view path_of(std::string_view target) noexcept {
    if (!target.starts_with('/')) {
        const auto scheme = target.substr(0, target.find('?')).find("://");
        if (scheme != target.npos) { // absolute-form: the path begins behind the authority
            const auto slash = target.find_first_of("/?#", scheme + 3);
            if (slash == target.npos || target[slash] != '/') return "/";
            target.remove_prefix(slash);
        }
    }
    std::size_t size = 0;
    while (size < target.size() && target[size] != '?' && target[size] != '#') ++size;
    return size == 0 ? std::string_view{} : target.substr(0, size);
}

CREMA_DECL void transaction::set_path() noexcept { req_.path_ = path_of(req_.url_); }

CREMA_DECL void transaction::rewrite(std::string_view url) {
    req_.url_ = url.empty() ? std::string_view("") : memory().copy(url); // empty, and yet another than none
    set_path();
    if (req_.path_.data() == nullptr) // nothing matches any more: what is behind is not known
        for (run* r = current_ ? current_->from : nullptr; r; r = r->outer) r->ahead = nullptr;
}

CREMA_DECL void transaction::rename(std::string_view method) {
    if (!is_token(method)) throw system_error(make_error_code(error::bad_value), "method");
    req_.method_given_ = memory().copy(method);
    method_ = http::to_method(method);
    method_text_ = method_ == http::method::unknown ? "?" : http::to_string(method_).data();
}

// Sets a parameter; one that is there changes where it stands, since routers around may restore the same list. The layer
// behind has others again, so it is not gone to directly.
CREMA_DECL void transaction::replace(std::string_view name, std::string_view value) {
    if (current_ && current_->from) current_->from->ahead = nullptr;
    auto& p = req_.params_;
    const auto text = memory().copy(value);
    auto* const list = const_cast<path_params::entry*>(p.entries_);
    for (std::size_t i = 0; i < p.count_; ++i)
        if (list[i].name == name) {
            list[i].value = text;
            list[i].raw = {};
            return;
        }
    auto* const more = static_cast<path_params::entry*>(
        memory().allocate((p.count_ + 1) * sizeof(path_params::entry), alignof(path_params::entry)));
    std::copy(p.begin(), p.end(), more);
    ::new (&more[p.count_]) path_params::entry{memory().copy(name), text, false, {}};
    p.entries_ = more;
    ++p.count_;
}

CREMA_DECL std::string_view transaction::join(std::string_view a, std::string_view b, std::string_view c) {
    auto* const p = static_cast<char*>(memory().allocate(a.size() + b.size() + c.size(), 1));
    auto* at = std::copy(a.begin(), a.end(), p);
    at = std::copy(b.begin(), b.end(), at);
    std::copy(c.begin(), c.end(), at);
    return {p, a.size() + b.size() + c.size()};
}

// Keeps an error as long as the request, for frames in the arena, which have no destructors.
CREMA_DECL std::uint32_t transaction::keep(const std::exception_ptr& e) {
    kept_.push_back(e);
    return static_cast<std::uint32_t>(kept_.size() - 1);
}

CREMA_DECL void transaction::go_on(run& where, const baton& b) {
    switch (where.what) {
    case run::kind::route: return walk_route(static_cast<route_run&>(where), b);
    case run::kind::router: return walk(static_cast<router_run&>(where), b);
    case run::kind::param: return walk_params(static_cast<param_run&>(where), b);
    }
}

// Runs a synchronous handler.
CREMA_FORCEINLINE void transaction::run_now(handler_base& fn, run& from, const activity_label* label, call_frame::extra given) {
    called one(*this, from, label);
    one.frame.given = given;
    one.frame.before = std::exchange(current_, &one.frame);
    const activity shown{board_.label.load(std::memory_order_relaxed), board_.method.load(std::memory_order_relaxed)};
    board_.show(label, method_text_);
    try {
        fn.call(fn, req_, res_, one.frame.handed.it);
    } catch (...) {
        one.fail();
    }
    current_ = one.frame.before;
    if (one.frame.state != call_frame::passed) settle(one);
    board_.show(&shown);
}

// Goes on from an immediate, when nothing of this request is on the stack.
CREMA_DECL void transaction::later(run& at, const baton& b, bool leaving) {
    auto* const a = ::new (memory().allocate(sizeof(activation), alignof(activation))) activation(*this, &at);
    if (leaving) a->state |= call_frame::passed;
    pending_ = a;
    x_->retain();
    x_->loop().set_immediate([this, a, b] {
        pending_ = nullptr;
        if (a->has_passed()) leave(static_cast<router_run&>(*a->from), b);
        else go_on(*a->from, b);
        a->ended = true;
        hand_over(*a);
        x_->release();
    });
}

// next(err) of a router. Each turn of the loop is one call of the function of that name in Express' router.
CREMA_DECL void transaction::walk(router_run& at, const baton& given) {
    baton wrong; // with a path, as search() finds
    const baton* b = given.what == baton::kind::route ? &go_ : &given;
    for (;;) {
        if (!at.removed.empty()) [[unlikely]] restore(at);
        if (b->what == baton::kind::router) [[unlikely]] return later(at, {}, true);
        if (at.index >= at.core->layers.size()) return later(at, *b, true);
        if (--at.left < 0) [[unlikely]] {
            at.left = max_steps;
            return later(at, *b, false);
        }
        const auto path = req_.path_;
        if (at.ahead && b->what == baton::kind::go && path.data() != nullptr) return enter_plain(at);
        at.ahead = nullptr;
        route::path_match m;
        const layer* const l = search(at, b, wrong, m);
        if (!l) return leave(at, *b);
        std::size_t matched = m.length(), own = 0;
        if (l->choices.empty()) [[likely]] own = bind(m, m.size(), at);
        else {
            matched = chosen_length_;
            own = bind(chosen_, chosen_.size(), at);
        }
        if (own != 0 && !at.core->params.empty()) [[unlikely]] return begin_params(at, *l, matched, own, *b);
        if (l->route) [[likely]] {
            enter_route(at, *l);
            at.left = max_steps;
            return;
        }
        if (!dispatch(at, *l, path, matched, *b)) continue; // not for such: as if it had called next(err)
        at.left = max_steps;
        return;
    }
}

// Goes into the layer ahead.
CREMA_DECL void transaction::enter_plain(router_run& at) {
    const auto& h = *at.ahead;
    at.ahead = h.behind;
    ++at.index;
    req_.params_ = {};
    run_now(*h.fn, at, h.label, {});
    at.left = max_steps;
}

// The next layer that matches; what cannot be decoded becomes the error.
CREMA_DECL const layer* transaction::search(router_run& at, const baton*& b, baton& wrong, route::path_match& m) {
    const auto path = req_.path_;
    if (path.data() == nullptr) [[unlikely]] return nullptr;
    const auto& layers = at.core->layers;
    if (const auto& first = *layers[at.index]; first.pattern.matches_everything()) { // no need to search
        ++at.index;
        first.pattern.match(path, m);
        return &first;
    }
    const auto method = method_;
    const bool escaped = at.core->captures && std::memchr(path.data(), '%', path.size()) != nullptr;
    // What cannot be decoded is an error whatever the method, and some requests ask for all methods.
    const bool every = escaped || method == http::method::options || method == http::method::head || app_->tells_methods;
    const auto fail = [&](std::string_view message) {
        if (b->what == baton::kind::error) return;
        wrong = {baton::kind::error, std::make_exception_ptr(http_error(400, message))};
        b = &wrong;
    };
    route::matcher::search candidates(at.core->index, path, every ? all_methods : mask_of(method), at.index);
    for (;;) {
        const auto i = candidates.next(m);
        if (i == route::matcher::npos) {
            at.index = static_cast<std::uint32_t>(layers.size());
            return nullptr;
        }
        at.index = i + 1;
        const layer& l = *layers[i];
        if (!l.choices.empty()) [[unlikely]] {
            try {
                if (!choose(l, path)) continue;
            } catch (const http_error& e) {
                fail(e.what());
                continue;
            }
        } else if (escaped && m.size() != 0) {
            const auto part = undecodable(m, m.size());
            if (!part.empty()) {
                fail("Failed to decode param '" + std::string(part) + "'");
                continue;
            }
        }
        if (!l.route) return &l;
        if (b->what == baton::kind::error) continue;
        if (!l.route->handles(method)) {
            if (method == http::method::options) at.options |= l.route->allowed;
            else if (app_->tells_methods) others_ |= l.route->allowed;
            if (method != http::method::head) continue;
        }
        return &l;
    }
}

// Matches a layer that has regular expressions among its paths.
CREMA_DECL bool transaction::choose(const layer& l, std::string_view path) {
    for (const auto& c : l.choices) {
        chosen_.clear();
        if (c.pattern) {
            route::path_match m;
            if (!c.pattern->match(path, m)) continue;
            for (std::size_t i = 0; i < m.size(); ++i) chosen_.push_back(m[i]);
            chosen_length_ = m.length();
            chosen_at_ = 0;
        } else {
            const auto what = c.expression->match(path, found_);
            if (what == route::expression::outcome::too_hard)
                throw http_error(400, "Path takes too long to match " + std::string(c.expression->source()));
            if (what == route::expression::outcome::none) continue;
            for (const auto& g : found_.groups) chosen_.push_back({g.name, g.value, false});
            chosen_length_ = found_.length;
            chosen_at_ = found_.begin;
        }
        const auto wrong = undecodable(chosen_, chosen_.size());
        if (!wrong.empty()) throw http_error(400, "Failed to decode param '" + std::string(wrong) + "'");
        return true;
    }
    return false;
}

// Returns the first part of the captures that has a malformed escape.
template <class Captures>
std::string_view transaction::undecodable(const Captures& all, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const route::capture c = all[i];
        for (auto rest = c.value; !rest.empty();) {
            const auto end = c.wildcard ? std::min(rest.find('/'), rest.size()) : rest.size();
            const auto part = rest.substr(0, end);
            if (part.find('%') != part.npos && !route::decode_capture(part)) return part;
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return {};
}

// Puts what the layer captured into req.params, decoded; returns how many of these are its own.
template <class Captures>
CREMA_FORCEINLINE std::size_t transaction::bind(const Captures& all, std::size_t size, const router_run& at) {
    const auto outer = at.core->merge_params ? at.params : path_params{};
    if (size + outer.size() == 0) [[likely]] {
        req_.params_ = outer;
        return 0;
    }
    auto* const list = static_cast<path_params::entry*>(
        memory().allocate(size * sizeof(path_params::entry), alignof(path_params::entry)));
    for (std::size_t i = 0; i < size; ++i) {
        const route::capture c = all[i];
        auto text = c.value;
        if (text.find('%') != text.npos)
            if (const auto decoded = route::decode_capture(text)) text = memory().copy(*decoded);
        ::new (&list[i]) path_params::entry{c.name, text, c.wildcard, c.value};
    }
    bound_ = req_.params_.entries_ = list;
    req_.params_.count_ = size;
    if (outer.size() != 0) [[unlikely]] bind_beside(list, size, outer);
    return size;
}

// Adds the parameters of the mount in front of a router's own, which hide them; numbers are counted on instead.
CREMA_DECL void transaction::bind_beside(path_params::entry* list, std::size_t own, const path_params& outer) {
    const auto has = [](const path_params::entry* from, std::size_t n, std::string_view name) {
        return std::any_of(from, from + n, [&](const auto& e) { return e.name == name; });
    };
    const auto counted = [&](const path_params::entry* from, std::size_t n) {
        std::size_t i = 0;
        while (has(from, n, std::to_string(i))) ++i;
        return i;
    };
    if (has(list, own, "0") && outer.has("0")) {
        const auto mine = counted(list, own), theirs = counted(outer.begin(), outer.size());
        for (std::size_t i = 0; i < own; ++i) {
            std::size_t number = 0;
            const auto name = list[i].name;
            const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), number);
            if (ec == std::errc{} && end == name.data() + name.size() && number < mine)
                list[i].name = memory().copy(std::to_string(number + theirs));
        }
    }
    // In the order of Express: those of the mount, with a router's own in the place of what they hide, then the others.
    auto* const all = static_cast<path_params::entry*>(
        memory().allocate((own + outer.size()) * sizeof(path_params::entry), alignof(path_params::entry)));
    std::size_t n = 0;
    for (const auto& e : outer) {
        const auto* const mine = std::find_if(list, list + own, [&](const auto& one) { return one.name == e.name; });
        ::new (&all[n++]) path_params::entry(mine == list + own ? e : *mine);
    }
    for (std::size_t i = 0; i < own; ++i)
        if (!outer.has(list[i].name)) ::new (&all[n++]) path_params::entry(list[i]);
    req_.params_.entries_ = all;
    req_.params_.count_ = n;
}

// Runs the callbacks of the parameters that the layer captured, then the layer.
CREMA_DECL void transaction::begin_params(router_run& at, const layer& l, std::size_t matched, std::size_t own,
                                          const baton& b) {
    auto* const p = ::new (memory().allocate(sizeof(param_run), alignof(param_run))) param_run;
    p->what = run::kind::param;
    p->outer = &at;
    p->below = at.below;
    p->to = &l;
    p->path = req_.path_;
    p->matched = matched;
    p->matched_at = l.choices.empty() ? 0 : chosen_at_;
    p->entries = bound_;
    p->count = static_cast<std::uint32_t>(own);
    if (b.what == baton::kind::error) p->pending = keep(b.error) + 1;
    walk_params(*p, {});
}

// next(err) of a parameter callback.
CREMA_DECL void transaction::walk_params(param_run& at, baton b) {
    auto& outer = static_cast<router_run&>(*at.outer);
    for (;;) {
        if (at.now) {
            auto& memory = *at.memory;
            memory.value = req_.params_[memory.name];
            if (b.what != baton::kind::go) {
                memory.error = b.what;
                if (b.what == baton::kind::error) memory.kept = keep(b.error);
                at.now = nullptr;
                break;
            }
            if (at.callback < at.now->callbacks.size()) {
                const auto i = at.callback++;
                const auto* const label = at.now->labels[i];
                at.name = memory.name;
                at.value = memory.match;
                return invoke(*at.now->callbacks[i], at, at.below ? &label_below(*label, *at.below) : label, {.param = &at});
            }
            at.now = nullptr;
        }
        if (at.index >= at.count) break;
        const auto& e = at.entries[at.index++];
        const auto* const callbacks = outer.core->param_of(e.name);
        const auto now = req_.params_.get(e.name);
        if (!callbacks || !now) continue;
        auto* known = outer.called;
        while (known && known->name != e.name) known = known->before;
        if (known && ((known->match == *now && !e.wildcard && !known->wildcard) ||
                      (known->error != baton::kind::go && known->error != baton::kind::route))) {
            replace(e.name, known->value);
            if (known->error == baton::kind::go) continue;
            b = {known->error, known->error == baton::kind::error ? kept_[known->kept] : nullptr};
            break;
        }
        auto* const made = memory().make<param_memory>();
        made->name = e.name;
        made->match = made->value = *now;
        made->wildcard = e.wildcard;
        made->before = outer.called;
        at.memory = outer.called = made;
        at.now = callbacks;
        at.callback = 0;
    }
    baton pending;
    if (at.pending) pending = {baton::kind::error, kept_[at.pending - 1]};
    if (b.what != baton::kind::go) walk(outer, at.pending ? pending : b);
    else {
        chosen_at_ = at.matched_at;
        if (!dispatch(outer, *at.to, at.path, at.matched, pending)) walk(outer, pending);
    }
    outer.left = max_steps;
}

// Goes into a route. What most have is done here: one handler for all its methods, or one in front.
CREMA_DECL void transaction::enter_route(router_run& at, const layer& l) {
    const auto& stack = *l.route;
    auto* const r = ::new (memory().allocate(sizeof(route_run), alignof(route_run))) route_run;
    r->what = run::kind::route;
    r->outer = &at;
    r->below = at.below;
    r->stack = &stack;
    r->method = mask_of(method_);
    if (method_ == http::method::head && !(stack.allowed & r->method)) [[unlikely]]
        r->method = mask_of(http::method::get); // Express: HEAD is answered by GET, unless HEAD itself has a handler
    if (stack.entries.empty()) [[unlikely]] return walk_route(*r, go_); // a HEAD
    const auto& e = *stack.entries.front();
    if (!(e.methods & r->method) || e.fn->takes_error || x_->has_body()) [[unlikely]] return walk_route(*r, go_);
    r->index = 1;
    --r->left;
    const auto [label, ahead] = e.row_in(at.below);
    r->ahead = ahead;
    req_.route_ = label;
    if (e.fn->suspends) start(*e.fn, *r, label, {});
    else run_now(*e.fn, *r, label, {});
    r->left = max_steps;
}

// Goes into a layer. False when it is not for such: an error handler without an error, or the other way round.
CREMA_DECL bool transaction::dispatch(router_run& at, const layer& l, std::string_view path, std::size_t matched,
                                      const baton& b) {
    if (l.route) {
        enter_route(at, l);
        return true;
    }
    const auto [label, ahead] = l.row_in(at.below);
    if (matched == 0 && (!at.core->merge_params || at.params.size() == 0)) at.ahead = ahead;
    const bool fits = l.mounted ? b.what != baton::kind::error : l.fn->takes_error == (b.what == baton::kind::error);
    // Express takes the path away before it looks; giving it back changes nothing, except where it stands elsewhere by now.
    if (!fits && (matched == 0 || path.data() == req_.url_.data() + at.host.size())) return false;
    if (matched != 0 && !enter(at, l, path, matched)) return false;
    if (!fits) return false;
    if (l.mounted) descend(at, l);
    else invoke(*l.fn, at, label, {&b.error});
    return true;
}

// Takes the part that a middleware or a mount has matched away from the target. `path` is what was matched; parameter
// callbacks may have written another target since: as many octets of that are taken.
CREMA_DECL bool transaction::enter(router_run& at, const layer& l, std::string_view path, std::size_t matched) {
    if (!l.choices.empty()) { // an expression may match anywhere
        if (path.substr(0, matched) != path.substr(std::min(chosen_at_, path.size()), matched)) return false;
        if (matched < path.size() && path[matched] != '/') return false;
    }
    at.removed = path.substr(0, matched);
    at.url_before = req_.url_;
    at.path_before = req_.path_;
    auto rest = req_.url_.substr(std::min(at.host.size() + matched, req_.url_.size()));
    const bool in_place = path.data() == req_.url_.data() && rest.starts_with('/');
    if (!at.host.empty()) [[unlikely]] rest = join(at.host, rest);
    else if (rest.empty()) {
        rest = "/";
        at.slash_added = true;
    } else if (rest.front() != '/') {
        rest = join("/", rest);
        at.slash_added = true;
    }
    // Only when the path stands where it was taken from does the same come back.
    if (path.data() == req_.url_.data() + at.host.size()) [[likely]] at.url_inside = rest;
    else rest = memory().copy(rest);
    req_.url_ = rest;
    const auto taken = at.removed.ends_with('/') ? at.removed.substr(0, matched - 1) : at.removed;
    req_.base_url_ = at.base_url.empty() ? taken : join(at.base_url, taken);
    if (in_place) [[likely]] req_.path_ = path.substr(matched);
    else set_path();
    return true;
}

// Gives it back, whatever the layer has made of the rest.
CREMA_DECL void transaction::restore(router_run& at) {
    req_.base_url_ = at.base_url;
    auto url = req_.url_;
    if (url.data() == at.url_inside.data() && url.size() == at.url_inside.size()) [[likely]] {
        req_.url_ = at.url_before;
        req_.path_ = at.path_before;
    } else {
        if (at.slash_added) {
            const bool root = url == "/" || url.starts_with("/?");
            if (root || (at.removed.ends_with('/') && url.starts_with('/'))) url.remove_prefix(1);
        }
        req_.url_ = join(at.host, at.removed, url.substr(std::min(at.host.size(), url.size())));
        set_path();
    }
    at.removed = at.url_inside = {};
    at.slash_added = false;
}

// Goes into a mounted router or app.
CREMA_DECL void transaction::descend(router_run& at, const layer& l) {
    auto* const r = ::new (memory().allocate(sizeof(router_run), alignof(router_run))) router_run;
    r->what = run::kind::router;
    r->outer = &at;
    r->core = l.mounted.get();
    r->app = l.app ? l.app.get() : at.app;
    r->base_url = req_.base_url_;
    r->params = req_.params_;
    const bool plain = r->core->plain_first && (!r->core->merge_params || r->params.size() == 0);
    if (!req_.url_.starts_with('/')) [[unlikely]] r->host = host_of(req_.url_);
    r->below = at.removed.empty() ? at.below : l.label_in(at.below);
    if (plain) r->ahead = r->core->plain_first->step_in(r->below);
    if (r->app != at.app) show_app(*r->app);
    walk(*r, go_);
}

// Makes an app the one whose settings count.
CREMA_DECL void transaction::show_app(const app_core& a) {
    now_ = &a;
    res_.settings_ = &a.options;
    if (a.options.x_powered_by && !res_.begun_ && !res_.headers_.has("X-Powered-By"))
        res_.headers_.append_trusted("X-Powered-By", "crema");
}

// next(err) of a handler of a route.
CREMA_DECL void transaction::walk_route(route_run& at, const baton& b) {
    auto& outer = static_cast<router_run&>(*at.outer);
    const auto& entries = at.stack->entries;
    for (;;) {
        if (b.what == baton::kind::route) return walk(outer, go_);
        if (b.what == baton::kind::router || at.index >= entries.size()) return walk(outer, b);
        if (--at.left < 0) [[unlikely]] {
            at.left = max_steps;
            return later(at, b, false);
        }
        at.ahead = nullptr;
        const route_entry* e = nullptr;
        while (!e && at.index < entries.size())
            if (const auto& one = *entries[at.index++]; one.methods & at.method) e = &one;
        if (!e) return walk(outer, b);
        const bool error = b.what == baton::kind::error;
        if (e->fn->takes_error != error) continue; // as if it had called next(err)
        const auto [label, ahead] = e->row_in(at.below);
        req_.route_ = label;
        if (!x_->has_body() || req_.raw_body()) at.ahead = ahead;
        else if (!error && body_first(*e->fn, at, label)) return;
        invoke(*e->fn, at, label, {&b.error});
        at.left = max_steps;
        return;
    }
}

// The end of a router: back to where it is mounted, or to the final handler.
CREMA_DECL void transaction::leave(router_run& at, const baton& b) {
    if (at.options && b.what == baton::kind::go) {
        if (!res_.begun_) return answer_options(at);
        at.options = 0;
        return leave(at, {baton::kind::error, std::make_exception_ptr(already_answered("the answer to OPTIONS"))});
    }
    if (!at.outer) return finally(b);
    auto& outer = static_cast<router_run&>(*at.outer);
    req_.base_url_ = at.base_url;
    req_.params_ = at.params;
    if (now_ != outer.app) {
        now_ = outer.app;
        res_.settings_ = &now_->options;
    }
    walk(outer, b);
}

// Sorted, HEAD where there is GET.
CREMA_DECL std::string transaction::list_methods(method_mask methods) const {
    if (methods & mask_of(http::method::get)) methods |= mask_of(http::method::head);
    std::vector<std::string_view> names;
    for (std::size_t i = 1; i < http::method_count; ++i)
        if (methods >> i & 1) names.push_back(http::to_string(static_cast<http::method>(i)));
    std::sort(names.begin(), names.end());
    std::string all;
    for (const auto n : names) {
        if (!all.empty()) all += ", ";
        all += n;
    }
    return all;
}

CREMA_DECL void transaction::answer_options(const router_run& at) {
    const auto allow = list_methods(at.options);
    res_.headers_.set_trusted("Allow", allow);
    res_.headers_.set_trusted("Content-Type", "text/plain");
    res_.headers_.set_trusted("X-Content-Type-Options", "nosniff");
    res_.end(allow);
}

// With the setting "method not allowed": the path is known, the method is not.
CREMA_DECL void transaction::answer_not_allowed() {
    const auto error = std::make_exception_ptr(
        http_error(405, "Cannot " + std::string(req_.method()) + " " + std::string(path_of(req_.original_url())))
            .header("Allow", list_methods(others_)));
    final_handler(req_, res_, app_->options, error);
}

} // namespace crema::detail
#endif
