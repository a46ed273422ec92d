// router: layers of middleware and routes, in the order of registration.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/http/method.hpp>
#include <crema/route/matcher.hpp>
#include <crema/route/pattern.hpp>
#include <crema/route/typed.hpp>
#include <crema/web/handler.hpp>
#include <cstdint>
#include <initializer_list>
#include <memory>
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

// A handler of a route, for some methods.
struct route_entry {
    method_mask methods;
    std::unique_ptr<handler_base> fn;
    const activity_label* label;
};

// What stands behind one path: an app.get() or an app.route().
struct route_stack {
    std::vector<route_entry> entries;
    method_mask methods = 0;  // of all entries
    method_mask allowed = 0;  // what OPTIONS tells: those that were named, not `all`
    std::string path;

    bool handles(http::method m) const noexcept {
        if (m == http::method::head && !(methods & mask_of(http::method::head))) m = http::method::get;
        return (methods & mask_of(m)) != 0;
    }
};

// What is registered at one position of a router: a route, a middleware or a mounted router.
struct layer {
    route::pattern pattern;
    std::unique_ptr<route_stack> route;
    std::unique_ptr<handler_base> fn;
    std::shared_ptr<router_core> mounted;
    std::shared_ptr<app_core> app; // of a mounted app
    const activity_label* label = nullptr;
    route::matcher::index number = 0;
};

class router_core {
public:
    bool case_sensitive = false;
    bool strict = false;
    bool merge_params = false;

    std::vector<std::unique_ptr<layer>> layers;
    route::matcher index;

    CREMA_DECL layer& add(std::string_view path, bool route, std::source_location where);
};

// A path and where it was written; takes part in registration calls so that a pack of handlers may follow.
struct located_path {
    std::string_view text;
    std::source_location where;
    template <class S>
        requires std::is_convertible_v<const S&, std::string_view>
    located_path(const S& s, std::source_location w = std::source_location::current()) : text(s), where(w) {}
};

// A handler and where it was written.
template <class F>
struct located {
    F f;
    std::source_location where;
};

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

/** Adds handlers for several methods of one path: `app.route("/book").get(list).post(create)`.

    @par Thread Safety
    As the router.
*/
class route_chain {
public:
    /// Adds handlers for a method.
    template <handler... F>
    route_chain& add(detail::method_mask methods, std::source_location where, F... f) {
        (push(methods, where, std::make_unique<detail::handler_of<F>>(std::move(f))), ...);
        return *this;
    }
#define CREMA_CHAIN_METHOD(name, which)                                                                                        \
    /** Adds a handler for the method of that name. */                                                                         \
    template <handler F>                                                                                                       \
    route_chain& name(F f, std::source_location where = std::source_location::current()) {                                     \
        return add(detail::mask_of(http::method::which), where, std::move(f));                                                   \
    }
    CREMA_CHAIN_METHOD(get, get)
    CREMA_CHAIN_METHOD(post, post)
    CREMA_CHAIN_METHOD(put, put)
    CREMA_CHAIN_METHOD(patch, patch)
    CREMA_CHAIN_METHOD(del, del)
    CREMA_CHAIN_METHOD(head, head)
    CREMA_CHAIN_METHOD(options, options)
#undef CREMA_CHAIN_METHOD
    /// Adds a handler for every method.
    template <handler F>
    route_chain& all(F f, std::source_location where = std::source_location::current()) {
        return add(detail::all_methods, where, std::move(f));
    }

private:
    friend class router;
    route_chain(std::shared_ptr<detail::router_core> owner, detail::layer& l) : owner_(std::move(owner)), layer_(&l) {}
    CREMA_DECL void push(detail::method_mask methods, std::source_location where, std::unique_ptr<detail::handler_base> f);
    std::shared_ptr<detail::router_core> owner_;
    detail::layer* layer_;
};

/** Holds layers of middleware and routes. A handle: copies share the same layers, so a router may be mounted
    first and filled later.

    @par Thread Safety
    Register before the server listens, or on the only loop.
*/
class router {
public:
    /// Construct empty.
    CREMA_DECL explicit router(router_options options = {});

    /** Register handlers for a method and a path.

        @param path A pattern: `/users/:id`, wildcards (`*path`), optional groups (`{/:page}`); see path-to-regexp 8.
        @param f One or more handlers, called in order as each calls `next`.
        @throws system_error(error::bad_pattern) with place and hint.
    */
    template <handler... F>
    router& on(http::method m, detail::located_path path, F... f) {
        static_assert(sizeof...(F) > 0, "crema: a route needs a handler");
        add_route(path).add(detail::mask_of(m), path.where, std::move(f)...);
        return *this;
    }

#define CREMA_ROUTER_METHOD(name, which)                                                                                       \
    /** Registers handlers for the method of that name and a path; see `on`. */                                               \
    template <handler... F>                                                                                                    \
    router& name(detail::located_path path, F... f) {                                                                          \
        return on(http::method::which, path, std::move(f)...);                                                                 \
    }                                                                                                                          \
    /** Registers a handler for a path that is checked by the compiler, as are the names of its parameters. */                \
    template <route::fixed_string Path, class F>                                                                               \
    router& name(F f, std::source_location where = std::source_location::current()) {                                          \
        return on_typed<Path>(detail::mask_of(http::method::which), where, std::move(f));                                        \
    }
    CREMA_ROUTER_METHOD(get, get)
    CREMA_ROUTER_METHOD(post, post)
    CREMA_ROUTER_METHOD(put, put)
    CREMA_ROUTER_METHOD(patch, patch)
    CREMA_ROUTER_METHOD(del, del)
    CREMA_ROUTER_METHOD(head, head)
    CREMA_ROUTER_METHOD(options, options)
#undef CREMA_ROUTER_METHOD

    /// Registers handlers for every method and a path.
    template <handler... F>
    router& all(detail::located_path path, F... f) {
        add_route(path).add(detail::all_methods, path.where, std::move(f)...);
        return *this;
    }
    /// Registers a handler for every method and a path that is checked by the compiler.
    template <route::fixed_string Path, class F>
    router& all(F f, std::source_location where = std::source_location::current()) {
        return on_typed<Path>(detail::all_methods, where, std::move(f));
    }
    /// Begins a route that gets its handlers by method: `route("/book").get(…).post(…)`.
    route_chain route(detail::located_path path) { return add_route(path); }

    /// Registers middleware for every path.
    template <handler F>
    router& use(F f, std::source_location where = std::source_location::current()) {
        add_use("/", where, std::make_unique<detail::handler_of<F>>(std::move(f)));
        return *this;
    }
    /// Registers middleware for a path and what is below it.
    template <handler... F>
    router& use(detail::located_path path, F... f) {
        static_assert(sizeof...(F) > 0, "crema: app.use() requires a middleware function");
        (add_use(path.text, path.where, std::make_unique<detail::handler_of<F>>(std::move(f))), ...);
        return *this;
    }
    /// Mounts a router below a path, which it does not see.
    CREMA_DECL router& use(detail::located_path path, const router& below);
    /// Mounts a router.
    router& use(const router& below, std::source_location where = std::source_location::current()) {
        return use(detail::located_path("/", where), below);
    }

    /// @cond
    detail::router_core& core() const noexcept { return *core_; }
    /// @endcond

protected:
    CREMA_DECL explicit router(std::shared_ptr<detail::router_core> core);
    std::shared_ptr<detail::router_core> core_;

private:
    CREMA_DECL route_chain add_route(const detail::located_path& path);
    CREMA_DECL void add_use(std::string_view path, std::source_location where, std::unique_ptr<detail::handler_base> f);

    template <route::fixed_string Path, class F>
    router& on_typed(detail::method_mask methods, std::source_location where, F f) {
        using pattern = route::typed_pattern<Path>;
        route_chain chain = add_route(detail::located_path(Path.view(), where));
        chain.push(methods, where, std::make_unique<detail::handler_of<F, pattern>>(std::move(f)));
        return *this;
    }
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/error.hpp>

namespace crema {
namespace detail {

CREMA_DECL layer& router_core::add(std::string_view path, bool route, std::source_location where) {
    route::layer_options options;
    options.is = route ? route::layer_options::kind::route : route::layer_options::kind::mount;
    options.sensitive = case_sensitive;
    options.strict = strict && route;
    auto parsed = route::pattern::layer(path, options);
    if (!parsed)
        throw system_error(parsed.error().code, parsed.error().message() + " (registered at " + where.file_name() + ":" +
                                                    std::to_string(where.line()) + ")");
    auto& made = *layers.emplace_back(new layer{std::move(*parsed), {}, {}, {}, {}});
    made.number = index.add(made.pattern);
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
    auto& l = core_->add(path.text, true, path.where);
    l.route = std::make_unique<detail::route_stack>();
    l.route->path = path.text;
    return route_chain(core_, l);
}

CREMA_DECL void router::add_use(std::string_view path, std::source_location where, std::unique_ptr<detail::handler_base> f) {
    auto& l = core_->add(path, false, where);
    l.label = &make_label(f->takes_error ? "error handler" : "middleware", path == "/" ? std::string_view{} : path, where);
    l.fn = std::move(f);
}

CREMA_DECL router& router::use(detail::located_path path, const router& below) {
    if (below.core_ == core_) throw std::invalid_argument("crema: a router cannot be mounted in itself");
    auto& l = core_->add(path.text, false, path.where);
    l.label = &make_label("router", path.text, path.where);
    l.mounted = below.core_;
    return *this;
}

CREMA_DECL void route_chain::push(detail::method_mask methods, std::source_location where,
                                  std::unique_ptr<detail::handler_base> f) {
    auto& r = *layer_->route;
    r.methods |= methods;
    if (methods != detail::all_methods) r.allowed |= methods;
    owner_->index.set_methods(layer_->number, r.methods & detail::mask_of(http::method::get)
                                                  ? r.methods | detail::mask_of(http::method::head)
                                                  : r.methods);
    r.entries.push_back({methods, std::move(f), &make_label("handler", r.path, where)});
}

} // namespace crema
#endif
