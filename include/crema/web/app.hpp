// app: a router with settings that listens.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/value.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/signal_set.hpp>
#include <crema/loop/watchdog.hpp>
#include <crema/server/server.hpp>
#include <crema/web/app_core.hpp>
#include <crema/web/closing.hpp>
#include <crema/web/render.hpp>
#include <crema/web/router.hpp>
#include <crema/web/send.hpp>
#include <crema/web/transaction.hpp>
#include <crema/web/view.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

namespace detail {

// What is called once an app listens, or when it cannot.
template <class F>
concept told_of_listening = std::invocable<F&, server&> || std::invocable<F&, std::exception_ptr, server&>;

struct listen_callback {
    unique_function<void(std::exception_ptr, server&)> f{};
    bool takes_errors = false;

    template <told_of_listening F>
    static listen_callback of(F f) {
        if constexpr (std::invocable<F&, server&>)
            return {[f = std::move(f)](std::exception_ptr, server& s) mutable { f(s); }, false};
        else return {std::move(f), true};
    }
};

} // namespace detail

/** Options of `app::listen`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct listen_options {
    /// Address to bind; `"::"` takes IPv4, too, and falls back to `"0.0.0.0"`. `"unix:PATH"` is a Unix socket, without a port.
    std::string address = "::";
    std::vector<int> sockets{};            ///< when there are any: listen on these instead; see `net::inherited_sockets`
    int backlog = 4096;                    ///< connections that may wait to be accepted; the system may have a smaller bound
    bool block = true;                     ///< run the loop until the server has stopped
    bool handle_signals = true;            ///< SIGINT and SIGTERM stop the server; the second one does not wait for requests
    std::chrono::milliseconds grace{10'000}; ///< how long running requests may take when it stops
    /// How long idle connections may send one more request when it stops, so that none is lost that is on its way.
    std::chrono::milliseconds drain_idle{1'000};
    /** Threads that serve, this one included; 0 for one a core. Each has a loop of its own: handlers run on all of them at
        once, and what they share has to be safe for that. The app is no more changed once it listens. */
    unsigned threads = 1;
    limits limit{};                        ///< see `limits`
    bool half_open = false;                ///< a client that has ended its sending side does not cancel handlers that wait
    std::function<void(client_error&)> on_client_error{}; ///< is told of requests that were refused; see `server_options`
    watchdog_options watchdog{};           ///< who names handlers that block the loop; on stderr unless told otherwise
};

/** Is an application: layers, settings, and what makes it listen.

    A handle: copies share everything.

    @par Thread Safety
    Register and set before it listens, or on its loop.
*/
class app : public router {
public:
    /// Construct an empty application.
    CREMA_DECL app();

    using router::get;
    /// Returns a setting; null value when it was never set.
    CREMA_DECL value get(std::string_view setting) const;

    /** Change a setting, here and in the apps mounted here that have none of their own.

        @throws system_error(error::bad_value)
        @see settings
    */
    CREMA_DECL app& set(std::string_view setting, value v);
    /// Changes a setting that is a function. @copydetails set
    template <class F>
        requires(!std::convertible_to<F, value> &&
                 requires(settings& s, std::string_view name, const F& f) { s.set(name, f); })
    app& set(std::string_view setting, F f) {
        app_->set(setting, [name = std::string(setting), f = std::move(f)](settings& s) { s.set(name, f); });
        return *this;
    }
    /// Sets a setting to true.
    app& enable(std::string_view setting) { return set(setting, value(true)); }
    /// Sets a setting to false.
    app& disable(std::string_view setting) { return set(setting, value(false)); }
    /// Tells whether a setting is true.
    CREMA_DECL bool enabled(std::string_view setting) const;
    /// Tells whether a setting is not true.
    bool disabled(std::string_view setting) const { return !enabled(setting); }
    /// Returns values for templates and handlers; among them `settings`, an object of all settings that are no functions.
    value& locals() noexcept { return app_->locals; }

    /** Register what makes texts of templates with an extension; apps that are mounted here have it, too.

        @param extension With or without its point.
        @param f Called as `f(const std::string& path, const value& options)`, it returns `std::string`, or `task<std::string>`
        when it waits, reads files or works on the pool (`co_await offload(…)`). Or, as in Express,
        `f(const std::string& path, value options, rendered_callback done)`.
    */
    template <class F>
    app& engine(std::string_view extension, F f) {
        add_engine(extension, detail::make_engine(std::move(f)));
        return *this;
    }
    /** Render a view: `auto text = co_await app.render("mail", values);` with `value values{{"name", "Ada"}};`

        The template may name what is in `locals()` and in `values`, which hides it.

        @param name Relative to the setting `views`; copied.
        @throws view_error when it is not there, or when nothing says by which engine.
    */
    rendering render(std::string_view name, value values = {}) const {
        return rendering(app_, std::string(name), std::move(values));
    }
    /// Renders a view and calls `done(std::exception_ptr, std::string)`, later than this returns.
    template <std::invocable<std::exception_ptr, std::string> Done>
    void render(std::string_view name, value values, Done done) const {
        app_->render(name, std::move(values), nullptr, rendered_callback(std::move(done)));
    }
    /// @copydoc render(std::string_view, value, Done) const
    template <std::invocable<std::exception_ptr, std::string> Done>
    void render(std::string_view name, Done done) const {
        render(name, value(), std::move(done));
    }

    /// Returns the path or paths under which it is mounted: a string or an array of strings; `"/"` at the top.
    value mountpath() const { return app_->mount_path; }
    /// Returns the path under which it is mounted, from the topmost app on; empty at the top.
    std::string path() const { return app_->path(); }
    /// Returns the app it is mounted in, as long as that exists.
    std::optional<app> parent() const {
        if (auto above = app_->parent.lock()) return app(std::move(above));
        return std::nullopt;
    }
    using router::on;
    /** Register what is called on an event.

        @param event `"mount"`: this app was mounted in another.
        @param f Called with the other app.
        @throws std::invalid_argument for any other event.
    */
    CREMA_DECL app& on(std::string_view event, unique_function<void(app&)> f);

    /** Serve on a TCP port of the current loop.

        Blocks, unless told not to, until the servers of this app were stopped by `close`, SIGINT or SIGTERM, then
        returns 0.

        @param port 0 for any; `server::port` tells which.
        @param ready Called as `ready(server&)` once it listens. Or, as in Express, called as
        `ready(std::exception_ptr error, server&)` in any case: what it is told is neither printed nor thrown.
        @return What the program may return from main: 0, or 1 when the port could not be had; the reason is printed then.
        @throws system_error when it cannot listen and does not block.
    */
    template <detail::told_of_listening Ready>
    int listen(std::uint16_t port, Ready ready) {
        return listen(port, listen_options(), std::move(ready));
    }
    /// @copydoc listen
    int listen(std::uint16_t port, listen_options options = {}) { return listen_with(port, std::move(options), {}); }
    /// @copydoc listen
    template <detail::told_of_listening Ready>
    int listen(std::uint16_t port, listen_options options, Ready ready) {
        return listen_with(port, std::move(options), detail::listen_callback::of(std::move(ready)));
    }
    /// Serves on any port. @copydetails listen
    int listen() { return listen(0); }
    /// @copydoc listen()
    template <detail::told_of_listening Ready>
    int listen(Ready ready) {
        return listen(0, std::move(ready));
    }
    /// Serves on a Unix socket: `app.listen("/run/app.sock")`; a text of digits is a port, as what comes from the environment.
    /// @copydetails listen
    template <std::convertible_to<std::string> Path>
    int listen(const Path& path) {
        return listen_on(path, {});
    }
    /// @copydoc listen(const Path&)
    template <std::convertible_to<std::string> Path, detail::told_of_listening Ready>
    int listen(const Path& path, Ready ready) {
        return listen_on(path, detail::listen_callback::of(std::move(ready)));
    }
    /// Serves on an address; so many connections may wait to be accepted. @copydetails listen
    template <std::convertible_to<std::string> Address>
    int listen(std::uint16_t port, const Address& address, int backlog = listen_options().backlog) {
        return listen(port, at(address, backlog));
    }
    /// @copydoc listen(std::uint16_t, const Address&, int)
    template <std::convertible_to<std::string> Address, detail::told_of_listening Ready>
    int listen(std::uint16_t port, const Address& address, Ready ready) {
        return listen(port, at(address), std::move(ready));
    }
    /// @copydoc listen(std::uint16_t, const Address&, int)
    template <std::convertible_to<std::string> Address, detail::told_of_listening Ready>
    int listen(std::uint16_t port, const Address& address, int backlog, Ready ready) {
        return listen(port, at(address, backlog), std::move(ready));
    }

    /// Stops listening, lets running requests finish within `grace`, then cancels them; calls `done` at the end.
    void close(std::chrono::milliseconds grace = std::chrono::seconds(10), unique_function<void()> done = {}) {
        close(grace, unique_function<void(const drain_report&)>([done = std::move(done)](const drain_report&) mutable {
            if (done) done();
        }));
    }
    /// Stops and calls `done(const drain_report&)`, which says how many requests have ended and how many were cut.
    template <std::invocable<const drain_report&> Done>
    void close(std::chrono::milliseconds grace, Done done) {
        close(grace, unique_function<void(const drain_report&)>(std::move(done)));
    }
    /// @copydoc close(std::chrono::milliseconds, Done)
    CREMA_DECL void close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done);
    /** Stop and wait until everything has ended: `auto report = co_await app.close({.grace = 10s});`
        @see closing
    */
    closing close(close_options options) {
        return closing([self = *this, options](unique_function<void(const drain_report&)> done) mutable {
            self.close(options.grace, std::move(done));
        });
    }

    /// @cond
    exchange_handler& handler() noexcept { return *app_; }
    const std::shared_ptr<detail::app_core>& app_of_handle() const noexcept { return app_; }
    /// @endcond

private:
    friend struct detail::app_core;
    explicit app(std::shared_ptr<detail::app_core> core) : router(core->core), app_(std::move(core)) {}
    CREMA_DECL void add_engine(std::string_view extension, std::shared_ptr<detail::view_engine> made);
    static listen_options at(std::string address, int backlog = listen_options().backlog) {
        listen_options o;
        o.address = std::move(address);
        o.backlog = backlog;
        return o;
    }
    CREMA_DECL int listen_with(std::uint16_t port, listen_options options, detail::listen_callback ready);
    CREMA_DECL int listen_on(std::string path_or_port, detail::listen_callback ready);
    std::shared_ptr<detail::app_core> app_;
};

} // namespace crema

#if CREMA_BODIES
#include <charconv>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <stdexcept>

namespace crema {

CREMA_DECL void detail::app_core::adopt(app_core& child, value path) {
    child.parent = weak_from_this();
    child.mount_path = std::move(path);
    below.push_back(child.weak_from_this());
    for (const auto& [name, c] : changes) child.inherit(name, c);
    app above(shared_from_this());
    for (auto& f : child.on_mount) f(above);
}

CREMA_DECL void router::mount(const detail::located_path& path, std::shared_ptr<detail::router_core> below,
                              std::shared_ptr<detail::app_core> app) {
    if (below == core_) throw std::invalid_argument("crema: a router cannot be mounted in itself");
    auto& l = core_->add(path, false);
    l.label_as(make_label(app ? "app" : "router", path.text(), path.where));
    l.mounted = std::move(below);
    l.app = app;
    if (!app || !core_->owner) return;
    std::vector<std::string> paths;
    for (const auto& i : path.items) paths.emplace_back(i.text);
    core_->owner->adopt(*app, path.several ? value(paths) : value(paths.front()));
}

CREMA_DECL app detail::app_core::handle() const { return app(shared()); }
CREMA_DECL app request::app() const { return owner_->app().handle(); }
CREMA_DECL app response::app() const { return owner_->app().handle(); }

CREMA_DECL void app::add_engine(std::string_view extension, std::shared_ptr<detail::view_engine> made) {
    const std::lock_guard lock(app_->views.guard);
    app_->views.engines[(extension.starts_with('.') ? "" : ".") + std::string(extension)] = std::move(made);
}

CREMA_DECL app::app() : app(std::make_shared<detail::app_core>()) {}

CREMA_DECL app& app::set(std::string_view setting, value v) {
    app_->set(setting, [name = std::string(setting), v = std::move(v)](settings& s) { s.set(name, v); });
    return *this;
}

CREMA_DECL value app::get(std::string_view setting) const {
    const auto* v = app_->options.get(setting);
    return v ? *v : value();
}

CREMA_DECL bool app::enabled(std::string_view setting) const {
    const auto* v = app_->options.get(setting);
    return v && detail::truthy(*v);
}

CREMA_DECL app& app::on(std::string_view event, unique_function<void(app&)> f) {
    if (event != "mount") throw std::invalid_argument("crema: an app has no event \"" + std::string(event) + "\"");
    app_->on_mount.push_back(std::move(f));
    return *this;
}

CREMA_DECL int app::listen_with(std::uint16_t port, listen_options options, detail::listen_callback ready) {
    auto& l = loop::current();
    server_options given{options.limit, options.half_open, options.on_client_error};
    given.drain_idle = options.drain_idle;
    given.threads = options.threads;
    given.on_thread = [dog = options.watchdog] { return std::make_shared<watchdog>(dog); };
    app_->servers.push_back(std::make_unique<server>(l, *app_, std::move(given)));
    auto& made = *app_->servers.back();
    try {
        constexpr std::string_view path = "unix:";
        for (const int fd : options.sockets) made.listen_on_socket(fd);
        if (options.sockets.empty() && options.address.starts_with(path))
            made.listen_on_path(std::string_view(options.address).substr(path.size()));
        else if (options.sockets.empty()) made.listen(options.address, port, net::port_sharing::none, options.backlog);
    } catch (const system_error& e) {
        const auto failed = std::move(app_->servers.back());
        app_->servers.pop_back();
        if (ready.takes_errors) {
            ready.f(std::current_exception(), *failed);
            return 1;
        }
        if (!options.block) throw;
        std::fprintf(stderr, "crema: cannot %s\n", e.what());
        return 1;
    }
    if (!options.block) {
        if (!app_->dog) app_->dog.emplace(std::move(options.watchdog));
        if (ready.f) ready.f(nullptr, made);
        return 0;
    }
    const auto keep = app_; // the handle may go while the loop runs
    std::optional<signal_set> signals;
    if (options.handle_signals) {
        signals.emplace({SIGINT, SIGTERM}, l);
        signals->on_signal([self = *this, grace = options.grace](int) mutable { self.close(std::exchange(grace, {})); });
    }
    const watchdog dog(std::move(options.watchdog));
    if (ready.f) ready.f(nullptr, made);
    const auto open = std::make_shared<std::size_t>(0);
    for (auto& s : keep->servers)
        if (s.get() == &made || !s->closing()) {
            ++*open;
            s->on_closed([open, &l] {
                if (--*open == 0) l.stop();
            });
        }
    const int code = l.run();
    signals.reset();
    std::erase_if(keep->servers, [&](const auto& s) { return s.get() == &made; });
    return code;
}

CREMA_DECL int app::listen_on(std::string path_or_port, detail::listen_callback ready) {
    const char* const end = path_or_port.data() + path_or_port.size();
    std::uint16_t port = 0;
    if (const auto [p, ec] = std::from_chars(path_or_port.data(), end, port); p == end && p != path_or_port.data()) {
        if (ec == std::errc{}) return listen_with(port, {}, std::move(ready));
        return listen_with(0, at(std::move(path_or_port)), std::move(ready)); // no port is that large, and no address is so called
    }
    if (!path_or_port.starts_with("unix:")) path_or_port.insert(0, "unix:");
    return listen_with(0, at(std::move(path_or_port)), std::move(ready));
}

CREMA_DECL void app::close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done) {
    struct sum {
        std::size_t left;
        drain_report all;
        unique_function<void(const drain_report&)> done;
    };
    const auto total = std::make_shared<sum>(sum{app_->servers.size(), {}, std::move(done)});
    if (total->left == 0 && total->done) total->done(total->all);
    for (auto& s : app_->servers)
        s->close(grace, [total](const drain_report& r) {
            total->all.finished += r.finished;
            total->all.cut += r.cut;
            if (--total->left == 0 && total->done) total->done(total->all);
        });
}

} // namespace crema
#endif
