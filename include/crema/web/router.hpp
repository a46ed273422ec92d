// router: layers of middleware and routes, in the order of registration.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/http/method.hpp>
#include <crema/route/expression.hpp>
#include <crema/route/matcher.hpp>
#include <crema/route/pattern.hpp>
#include <crema/route/typed.hpp>
#include <crema/web/handler.hpp>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

class router;

namespace detail {

class router_core;
struct app_core;

using route::all_methods;
using route::method_mask;
// The bit of a method; methods that have no name here share one, which only `all` has.
constexpr method_mask mask_of(http::method m) noexcept { return method_mask{1} << static_cast<unsigned>(m); }

// A handler in its row, below one mount or at the top: all that next() needs of it.
struct step {
    handler_base* fn = nullptr;
    const activity_label* label = nullptr;
    // What is right behind, when it is synchronous, takes no error, and is for whatever comes through here.
    const step* behind = nullptr;
};

// A handler at its place. It has a step for the top, and one for the first mount that it ran below.
struct placed_handler {
    // What a walk gets to know when it comes here: how to show it, and what is ahead of its next().
    struct row {
        const activity_label* label;
        const step* ahead;
    };
    std::unique_ptr<handler_base> fn;

    placed_handler() noexcept = default;
    placed_handler(const placed_handler&) = delete;
    CREMA_DECL ~placed_handler();
    void place(std::unique_ptr<handler_base> f, const activity_label& l) noexcept {
        fn = std::move(f);
        top_.fn = fn.get();
        label_as(l);
    }
    void label_as(const activity_label& l) noexcept { top_.label = &l; }
    CREMA_DECL void put_behind(const placed_handler& one); // this one's next() comes upon that

    row row_in(const activity_label* mount) const {
        const auto* const s = seen_.load(std::memory_order_acquire);
        if (s->label->below == mount) [[likely]] return {s->label, s->behind};
        return find_row(mount);
    }
    const activity_label* label_in(const activity_label* mount) const { return row_in(mount).label; }
    const step& at_top() const noexcept { return top_; }
    CREMA_DECL const step* step_in(const activity_label* mount) const; // null when it first ran below another

private:
    CREMA_DECL row find_row(const activity_label* mount) const;

    step top_;
    mutable std::atomic<step*> seen_{const_cast<step*>(&top_)}; // or that of the first mount
    const placed_handler* behind_ = nullptr;
};

// A handler of a route, for some methods.
struct route_entry : placed_handler {
    method_mask methods = 0;
};

// What stands behind one path: an app.get() or an app.route().
struct route_stack {
    std::vector<std::unique_ptr<route_entry>> entries;
    method_mask methods = 0; // of all entries
    method_mask allowed = 0; // what OPTIONS tells: those that were named, not `all`
    std::string path;
    std::source_location where;

    bool handles(http::method m) const noexcept {
        if (m == http::method::head && !(methods & mask_of(http::method::head))) m = http::method::get;
        return (methods & mask_of(m)) != 0;
    }
};

// One of several paths of a layer, when regular expressions are among them.
struct path_choice {
    std::optional<route::pattern> pattern;
    route::shared_expression expression;
};

// What is registered at one position of a router: a route, a middleware or a mounted router.
// A middleware is the handler that it begins with; what is behind is one that every request goes through as it is.
struct layer : placed_handler {
    layer(route::pattern p, std::vector<path_choice> c) : pattern(std::move(p)), choices(std::move(c)) {}
    route::pattern pattern;
    std::vector<path_choice> choices; // asked instead of the pattern, in order
    std::unique_ptr<route_stack> route;
    std::shared_ptr<router_core> mounted;
    std::shared_ptr<app_core> app; // of a mounted app
    route::matcher::index number = 0;
};

// The callbacks of one parameter.
struct param_entry {
    std::string name;
    std::vector<std::unique_ptr<handler_base>> callbacks;
    std::vector<const activity_label*> labels;
};

// One path, or several; each a pattern or an expression. Knows where it was written; takes part in registration
// calls so that a pack of handlers may follow.
struct located_path {
    struct item {
        std::string_view text;
        route::shared_expression expression;
        template <class S>
            requires std::is_convertible_v<const S&, std::string_view>
        item(const S& s) : text(s) {}
        template <class E>
            requires(std::is_convertible_v<const E&, route::shared_expression> &&
                     !std::is_convertible_v<const E&, std::string_view>)
        item(const E& e) : expression(e) {
            text = expression->source();
        }
    };

    std::vector<item> items;
    std::source_location where;
    bool several = false; // was given as a list

    template <class S>
        requires std::is_constructible_v<item, const S&>
    located_path(const S& s, std::source_location w = std::source_location::current()) : where(w) {
        items.emplace_back(s);
    }
    located_path(std::initializer_list<item> list, std::source_location w = std::source_location::current())
        : items(list), where(w), several(true) {}
    template <class Range>
        requires(!std::is_constructible_v<item, const Range&> && requires(const Range& r) { item(*std::begin(r)); })
    located_path(const Range& list, std::source_location w = std::source_location::current()) : where(w), several(true) {
        for (const auto& one : list) items.emplace_back(one);
    }

    CREMA_DECL std::string text() const; // of all, for messages
};

class router_core {
public:
    bool case_sensitive = false;
    bool strict = false;
    bool merge_params = false;
    bool captures = false;     // some path does
    bool begun = false;        // something was registered: what an app's settings say of the above counts no more
    app_core* owner = nullptr; // whose base router this is

    std::vector<std::unique_ptr<layer>> layers;
    const placed_handler* plain_first = nullptr; // as step::behind, of the beginning
    std::vector<param_entry> params;
    route::matcher index;

    CREMA_DECL layer& add(const located_path& path, bool route);
    const param_entry* param_of(std::string_view name) const noexcept {
        for (const auto& p : params)
            if (p.name == name) return &p;
        return nullptr;
    }
};

// Says so of what cannot be a handler, instead of "no matching function".
template <class... F>
constexpr void refuse_handlers() {
    static_assert((handler<F> && ...), "crema: this is no handler: it must be a function or lambda that is callable as "
                                       "(request&, response&), with next& or not, or as (std::exception_ptr, request&, response&, next&)");
}

// Tells an app from a router without knowing it.
template <class T>
concept app_like = requires(const T& a) { a.app_of_handle(); };

} // namespace detail

/** Options of a router.

    @par Thread Safety
    Distinct objects: safe.
*/
struct router_options {
    bool case_sensitive = false; ///< `/Foo` is not `/foo`
    bool strict = false;         ///< `/foo/` is not `/foo`
    bool merge_params = false;   ///< handlers see the parameters of the mount, too
};

/// Can be given to `use`: a handler, a router or an app.
template <class T>
concept usable = handler<T> || std::derived_from<std::decay_t<T>, router>;

namespace detail {

template <class... F>
constexpr void refuse_middleware() {
    static_assert((usable<F> && ...), "crema: app.use() requires a middleware function: a handler, a router or an app, behind a "
                                      "path or without one");
}

} // namespace detail

// Every method that has a function of its name, and that name.
#define CREMA_EACH_METHOD(X)                                                                                                  \
    X(get) X(head) X(post) X(put) X(del) X(patch) X(options) X(connect) X(trace) X(acl) X(bind) X(checkout)        \
    X(copy) X(link) X(lock) X(m_search) X(merge) X(mkactivity) X(mkcalendar) X(mkcol) X(move) X(notify)              \
    X(propfind) X(proppatch) X(purge) X(query) X(rebind) X(report) X(search) X(source) X(subscribe) X(unbind)        \
    X(unlink) X(unlock) X(unsubscribe)

/** Adds handlers for several methods of one path: `app.route("/book").get(list).post(create)`.

    @par Thread Safety
    As the router.
*/
class route_chain {
public:
    /// Adds handlers for some methods.
    template <handler... F>
    route_chain& add(detail::method_mask methods, std::source_location where, F... f) {
        (push(methods, where, detail::make_handler(std::move(f))), ...);
        return *this;
    }
#define CREMA_CHAIN_METHOD(which)                                                                                              \
    /** Adds a handler for the method of that name. */                                                                         \
    template <handler F>                                                                                                       \
    route_chain& which(F f, std::source_location where = std::source_location::current()) {                                    \
        return add(detail::mask_of(http::method::which), where, std::move(f));                                                 \
    }                                                                                                                          \
    /** Adds handlers for the method of that name; the place of all is that of the route. */                                   \
    template <handler F, handler G, handler... More>                                                                           \
    route_chain& which(F f, G g, More... more) {                                                                               \
        return add(detail::mask_of(http::method::which), where(), std::move(f), std::move(g), std::move(more)...);             \
    }
    CREMA_EACH_METHOD(CREMA_CHAIN_METHOD)
#undef CREMA_CHAIN_METHOD
    /// Adds a handler for every method.
    template <handler F>
    route_chain& all(F f, std::source_location where = std::source_location::current()) {
        return add(detail::all_methods, where, std::move(f));
    }
    /// Adds handlers for every method.
    template <handler F, handler G, handler... More>
    route_chain& all(F f, G g, More... more) {
        return add(detail::all_methods, where(), std::move(f), std::move(g), std::move(more)...);
    }

private:
    friend class router;
    route_chain(std::shared_ptr<detail::router_core> owner, detail::layer& l) : owner_(std::move(owner)), layer_(&l) {}
    std::source_location where() const noexcept { return layer_->route->where; }
    CREMA_DECL void push(detail::method_mask methods, std::source_location where, std::unique_ptr<detail::handler_base> f);
    std::shared_ptr<detail::router_core> owner_;
    detail::layer* layer_;
};

/** Holds layers of middleware and routes. A handle: copies share the same layers, so a router may be mounted
    first and filled later.

    A path is a pattern of path-to-regexp 8 (`/users/:id`, `/file-*path`, `/posts{/:page}`), a regular expression of
    `ext/pcre2.hpp`, or a list of these: `app.get({"/a", "/b"}, …)`.

    @par Thread Safety
    Register before the server listens, or on the only loop.
*/
class router {
    // What `use` gets first, with the place of the call: a default argument cannot stand behind a pack.
    struct located_usable {
        template <usable F>
        located_usable(F f, std::source_location w = std::source_location::current())
            : where(w), add([f = std::move(f), w](router& r) mutable { r.add_usable({"/", w}, std::move(f)); }) {}
        std::source_location where;
        unique_function<void(router&)> add;
    };
    // The first of several handlers of a typed path, likewise.
    template <route::fixed_string Path>
    struct located_typed {
        template <class F>
        located_typed(F f, std::source_location w = std::source_location::current())
            : where(w), made(detail::make_handler<route::typed_pattern<Path>>(std::move(f))) {}
        std::source_location where;
        std::unique_ptr<detail::handler_base> made;
    };

public:
    /// Construct empty.
    CREMA_DECL explicit router(router_options options = {});

    /** Register handlers for a method and a path.

        @param m `unknown` stands for all methods that have no name of their own.
        @param path See above.
        @param f One or more handlers, called in order as each calls `next`.
        @throws system_error(error::bad_pattern) with place and hint.
    */
    template <handler... F>
    router& on(http::method m, detail::located_path path, F... f) {
        static_assert(sizeof...(F) > 0, "crema: a route needs a handler");
        add_route(path).add(detail::mask_of(m), path.where, std::move(f)...);
        return *this;
    }

#define CREMA_ROUTER_METHOD(which)                                                                                             \
    /** Registers handlers for the method of that name and a path; see `on`. */                                               \
    template <handler F, handler... More>                                                                                      \
    router& which(detail::located_path path, F f, More... more) {                                                              \
        return on(http::method::which, std::move(path), std::move(f), std::move(more)...);                                     \
    }                                                                                                                          \
    /** Does not compile, and says why. */                                                                                     \
    template <class... F>                                                                                                      \
        requires(!(handler<F> && ...))                                                                                         \
    router& which(const detail::located_path&, const F&...) {                                                                  \
        detail::refuse_handlers<F...>();                                                                                       \
        return *this;                                                                                                          \
    }                                                                                                                          \
    /** Registers a handler for a path that is checked by the compiler, as are the names of its parameters. */                \
    template <route::fixed_string Path, class F>                                                                               \
    router& which(F f, std::source_location where = std::source_location::current()) {                                         \
        return on_typed(detail::mask_of(http::method::which), {Path.octets, sizeof Path.octets - 1}, where,                   \
                        detail::make_handler<route::typed_pattern<Path>>(static_cast<F&&>(f)));                               \
    }                                                                                                                          \
    /** Registers several handlers for such a path, called in order as each calls `next`. */                                  \
    template <route::fixed_string Path, class G, class... More>                                                               \
        requires(!std::same_as<G, std::source_location>)                                                                       \
    router& which(located_typed<Path> first, G second, More... more) {                                                         \
        return on_typed_row<Path>(detail::mask_of(http::method::which), std::move(first), std::move(second),                   \
                                  std::move(more)...);                                                                         \
    }
    CREMA_EACH_METHOD(CREMA_ROUTER_METHOD)
#undef CREMA_ROUTER_METHOD
#undef CREMA_EACH_METHOD

    /// Registers handlers for every method and a path.
    template <handler... F>
    router& all(detail::located_path path, F... f) {
        static_assert(sizeof...(F) > 0, "crema: a route needs a handler");
        add_route(path).add(detail::all_methods, path.where, std::move(f)...);
        return *this;
    }
    /// Does not compile, and says why.
    template <class... F>
        requires(!(handler<F> && ...))
    router& all(const detail::located_path&, const F&...) {
        detail::refuse_handlers<F...>();
        return *this;
    }
    /// Registers a handler for every method and a path that is checked by the compiler.
    template <route::fixed_string Path, class F>
    router& all(F f, std::source_location where = std::source_location::current()) {
        return on_typed(detail::all_methods, {Path.octets, sizeof Path.octets - 1}, where,
                        detail::make_handler<route::typed_pattern<Path>>(static_cast<F&&>(f)));
    }
    /// Registers several handlers for such a path, called in order as each calls `next`.
    template <route::fixed_string Path, class G, class... More>
        requires(!std::same_as<G, std::source_location>)
    router& all(located_typed<Path> first, G second, More... more) {
        return on_typed_row<Path>(detail::all_methods, std::move(first), std::move(second), std::move(more)...);
    }
    /// Begins a route that gets its handlers by method: `route("/book").get(…).post(…)`.
    route_chain route(detail::located_path path) { return add_route(path); }
    /// Does not compile, and says why.
    template <route::fixed_string Path>
    route_chain route() {
        static_assert(Path.view().empty() && !Path.view().empty(),
                      "crema: route<\"/path\">() is not there: register each method by itself, app.get<\"/path\">(...), or take "
                      "app.route(\"/path\")");
        return add_route(detail::located_path(Path.view()));
    }

    /// Registers middleware for every path, or mounts a router or an app there.
    template <usable F>
    router& use(F f, std::source_location where = std::source_location::current()) {
        add_usable({"/", where}, std::move(f));
        return *this;
    }
    /// Registers several for every path, in their order.
    template <usable... F>
        requires(sizeof...(F) > 0)
    router& use(located_usable first, F... more) {
        const auto where = first.where;
        first.add(*this);
        (add_usable({"/", where}, std::move(more)), ...);
        return *this;
    }
    /** Registers middleware for a path and what is below it, or mounts routers and apps there.

        These do not see that part of the path: `req.url()` is what is left, `req.base_url()` what was taken. An app keeps its
        own settings, inherits the others, and its `mount` callbacks are called.

        @throws std::invalid_argument when a router is mounted in itself.
    */
    template <usable... F>
    router& use(detail::located_path path, F... f) {
        static_assert(sizeof...(F) > 0, "crema: app.use() requires a middleware function");
        (add_usable(path, std::move(f)), ...);
        return *this;
    }

    /// Does not compile, and says why.
    template <route::fixed_string Path, class... F>
    router& use(F&&...) {
        static_assert(Path.view().empty() && !Path.view().empty(),
                      "crema: use<\"/path\">() is not there, as middleware has no typed parameters: write app.use(\"/path\", ...)");
        return *this;
    }
    /// Does not compile, and says why.
    template <class F>
        requires(!usable<F>)
    router& use(const F&) {
        detail::refuse_middleware<F>();
        return *this;
    }
    /// Does not compile, and says why.
    template <class A, class B, class... F>
        requires(!std::convertible_to<const A&, detail::located_path> && !std::same_as<B, std::source_location> &&
                 !(usable<A> && usable<B> && (usable<F> && ...)))
    router& use(const A&, const B&, const F&...) {
        detail::refuse_middleware<A, B, F...>();
        return *this;
    }
    /// Does not compile, and says why.
    template <class... F>
        requires(!(usable<F> && ...))
    router& use(const detail::located_path&, const F&...) {
        detail::refuse_middleware<F...>();
        return *this;
    }

    /** Register a callback for a parameter of this router's own paths.

        It runs before the handlers of any path that captured the parameter: once for each value a request, and must
        call `next`. What it throws, or gives to `next`, is the error of every path with that value. It may replace the
        value: `req.params("id", "7")`.

        @param name The name in the patterns, without `:` or `*`.
        @param f Called as `(request&, response&, next&, std::string_view value, std::string_view name)`; the name may
        be left out.
        @throws std::invalid_argument when the name is empty.
    */
    template <param_callback F>
    router& param(std::string_view name, F f, std::source_location where = std::source_location::current()) {
        add_param(name, where, std::make_unique<detail::param_handler_of<F>>(std::move(f)));
        return *this;
    }
    /// Registers a callback for several parameters; it is copied.
    template <param_callback F>
    router& param(std::initializer_list<std::string_view> names, F f,
                  std::source_location where = std::source_location::current()) {
        for (const auto name : names) param(name, f, where);
        return *this;
    }

    /// @cond
    detail::router_core& core() const noexcept { return *core_; }
    /// @endcond

protected:
    CREMA_DECL explicit router(std::shared_ptr<detail::router_core> core);
    std::shared_ptr<detail::router_core> core_;

private:
    CREMA_DECL route_chain add_route(const detail::located_path& path);
    CREMA_DECL void add_use(const detail::located_path& path, std::unique_ptr<detail::handler_base> f);
    CREMA_DECL void mount(const detail::located_path& path, std::shared_ptr<detail::router_core> below,
                          std::shared_ptr<detail::app_core> app);
    CREMA_DECL void add_param(std::string_view name, std::source_location where, std::unique_ptr<detail::handler_base> f);

    template <class F>
    void add_usable(const detail::located_path& path, F f) {
        if constexpr (detail::app_like<F>) mount(path, f.core_, f.app_of_handle());
        else if constexpr (std::derived_from<F, router>) mount(path, f.core_, nullptr);
        else add_use(path, detail::make_handler(std::move(f)));
    }

    template <route::fixed_string Path, class... F>
    router& on_typed_row(detail::method_mask methods, located_typed<Path> first, F... more) {
        auto chain = add_route(detail::located_path(Path.view(), first.where));
        chain.push(methods, first.where, std::move(first.made));
        (chain.push(methods, first.where, detail::make_handler<route::typed_pattern<Path>>(std::move(more))), ...);
        return *this;
    }
    CREMA_DECL router& on_typed(detail::method_mask methods, std::string_view path, std::source_location where,
                                std::unique_ptr<detail::handler_base> h);
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/error.hpp>
#include <algorithm>
#include <stdexcept>

namespace crema {
namespace detail {

CREMA_DECL placed_handler::~placed_handler() {
    if (auto* const s = seen_.load(std::memory_order_relaxed); s != &top_) delete s;
}

CREMA_DECL void placed_handler::put_behind(const placed_handler& one) {
    behind_ = &one;
    top_.behind = &one.top_;
    if (auto* const s = seen_.load(std::memory_order_relaxed); s != &top_) s->behind = one.step_in(s->label->below);
}

// Makes the steps of the whole row when they are not there. Several threads may do so at the same time.
CREMA_DECL const step* placed_handler::step_in(const activity_label* mount) const {
    if (!mount) return &top_;
    auto* seen = seen_.load(std::memory_order_acquire);
    if (seen == &top_) {
        auto made = std::make_unique<step>(top_);
        made->label = &label_below(*top_.label, *mount);
        made->behind = behind_ ? behind_->step_in(mount) : nullptr;
        if (seen_.compare_exchange_strong(seen, made.get(), std::memory_order_acq_rel)) return made.release();
    }
    return seen->label->below == mount ? seen : nullptr;
}

CREMA_DECL placed_handler::row placed_handler::find_row(const activity_label* mount) const {
    if (const auto* const s = step_in(mount)) return {s->label, s->behind};
    return {&label_below(*top_.label, *mount), nullptr};
}

CREMA_DECL std::string located_path::text() const {
    std::string all;
    for (const auto& i : items) {
        if (!all.empty()) all += ", ";
        all += i.text;
    }
    return all;
}

CREMA_DECL layer& router_core::add(const located_path& path, bool route) {
    route::layer_options options;
    options.is = route ? route::layer_options::kind::route : route::layer_options::kind::mount;
    options.sensitive = case_sensitive;
    options.strict = strict && route;
    const auto checked = [&](result<route::pattern> parsed) {
        if (!parsed)
            throw system_error(parsed.error().code, parsed.error().message() + " (registered at " + path.where.file_name() +
                                                        ":" + std::to_string(path.where.line()) + ")");
        return std::move(*parsed);
    };
    std::vector<std::string_view> texts;
    std::vector<path_choice> choices;
    if (std::none_of(path.items.begin(), path.items.end(), [](const auto& i) { return i.expression != nullptr; })) {
        for (const auto& i : path.items) texts.push_back(i.text);
    } else {
        for (const auto& i : path.items) {
            auto& c = choices.emplace_back();
            if (i.expression) c.expression = i.expression;
            else c.pattern = checked(route::pattern::layer(std::span(&i.text, 1), options));
        }
    }
    auto parsed = checked(texts.size() == 1 && !path.several ? route::pattern::layer(texts.front(), options)
                                                             : route::pattern::layer(texts, options));
    begun = true;
    auto& made = *layers.emplace_back(new layer(std::move(parsed), std::move(choices)));
    captures = captures || !made.choices.empty() || !made.pattern.names().empty();
    made.number = made.choices.empty() ? index.add(made.pattern) : index.add_any();
    return made;
}

} // namespace detail

CREMA_DECL router::router(router_options options) : core_(std::make_shared<detail::router_core>()) {
    core_->case_sensitive = options.case_sensitive;
    core_->strict = options.strict;
    core_->merge_params = options.merge_params;
}

CREMA_DECL router::router(std::shared_ptr<detail::router_core> core) : core_(std::move(core)) {}

CREMA_DECL route_chain router::add_route(const detail::located_path& path) {
    auto& l = core_->add(path, true);
    l.route = std::make_unique<detail::route_stack>();
    l.route->path = path.text();
    l.route->where = path.where;
    core_->index.set_methods(l.number, 0);
    return route_chain(core_, l);
}

CREMA_DECL router& router::on_typed(detail::method_mask methods, std::string_view path, std::source_location where,
                                    std::unique_ptr<detail::handler_base> h) {
    add_route(detail::located_path(path, where)).push(methods, where, std::move(h));
    return *this;
}

CREMA_DECL void router::add_use(const detail::located_path& path, std::unique_ptr<detail::handler_base> f) {
    auto& l = core_->add(path, false);
    const auto text = path.text();
    const auto* const kind = f->takes_error ? "error handler" : "middleware";
    l.place(std::move(f), make_label(kind, text == "/" ? "" : text, path.where));
    if (!l.pattern.matches_everything() || !l.choices.empty() || l.fn->takes_error || l.fn->suspends) return;
    const auto& all = core_->layers;
    if (all.size() == 1) core_->plain_first = &l;
    else all[all.size() - 2]->put_behind(l);
}

CREMA_DECL void router::add_param(std::string_view name, std::source_location where,
                                  std::unique_ptr<detail::handler_base> f) {
    if (name.empty()) throw std::invalid_argument("crema: argument name is required");
    core_->begun = true;
    auto& all = core_->params;
    auto at = std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.name == name; });
    if (at == all.end()) at = all.insert(all.end(), {std::string(name), {}, {}});
    at->callbacks.push_back(std::move(f));
    at->labels.push_back(&make_label("param", name, where));
}

CREMA_DECL void route_chain::push(detail::method_mask methods, std::source_location where,
                                  std::unique_ptr<detail::handler_base> f) {
    auto& r = *layer_->route;
    r.methods |= methods;
    if (methods != detail::all_methods) r.allowed |= methods;
    owner_->index.set_methods(layer_->number, r.methods & detail::mask_of(http::method::get)
                                                  ? r.methods | detail::mask_of(http::method::head)
                                                  : r.methods);
    auto& e = *r.entries.emplace_back(new detail::route_entry);
    e.methods = methods;
    e.place(std::move(f), make_label("handler", r.path, where));
    if (r.entries.size() == 1 || e.fn->takes_error || e.fn->suspends) return;
    auto& before = *r.entries[r.entries.size() - 2];
    if ((before.methods & ~methods) == 0) before.put_behind(e);
}

} // namespace crema
#endif
