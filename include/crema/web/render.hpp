// render: from a name and values to a text; what app.render and res.render do, and the awaitable.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/cancellation.hpp>
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/core/value.hpp>
#include <crema/web/app_core.hpp>
#include <crema/web/response.hpp>
#include <crema/web/view.hpp>
#include <coroutine>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace crema {

/** Is what `app::render` returns without a callback; nothing is rendered before it is awaited.

    @throws view_error when there is no such view; what the engine throws.

    @par Cancellation
    Ends the wait; the engine goes on by itself.

    @par Thread Safety
    Only on the loop.
*/
class [[nodiscard("nothing is rendered until it is awaited")]] rendering : cancel_callback {
public:
    /// @cond
    rendering(std::shared_ptr<detail::app_core> app, std::string name, value locals)
        : cancel_callback(&stop), app_(std::move(app)), name_(std::move(name)), locals_(std::move(locals)) {}
    ~rendering() {
        if (shared_) shared_->waits = nullptr;
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) {
            stopped_ = env_->scope->reason();
            return false;
        }
        shared_ = std::make_shared<ending>();
        app_->render(name_, std::move(locals_), nullptr, promised{shared_}); // calls back later
        waiter_ = h;
        shared_->waits = this;
        attach(env_->scope);
        return true;
    }
    std::string await_resume() {
        if (stopped_ != cancel_reason::none) throw cancelled(stopped_);
        if (shared_->error) std::rethrow_exception(shared_->error);
        return std::move(shared_->text);
    }
    /// @endcond

private:
    struct ending {
        rendering* waits = nullptr;
        std::exception_ptr error;
        std::string text;

        void end() {
            if (auto* const w = std::exchange(waits, nullptr)) {
                w->detach();
                resume_in(*w->env_, w->waiter_);
            }
        }
    };
    // A callback that may be forgotten: then that is the error.
    struct promised {
        std::shared_ptr<ending> to;
        explicit promised(std::shared_ptr<ending> s) noexcept : to(std::move(s)) {}
        promised(promised&&) noexcept = default;
        promised& operator=(promised&&) = delete;
        ~promised() {
            if (!to) return;
            to->error = std::make_exception_ptr(view_error("the engine has not called back", {}));
            to->end();
        }
        void operator()(std::exception_ptr error, std::string text) {
            const auto s = std::exchange(to, nullptr);
            if (!s) return;
            s->error = std::move(error);
            s->text = std::move(text);
            s->end();
        }
    };
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<rendering&>(c);
        self.shared_->waits = nullptr;
        self.stopped_ = self.env_->scope->reason();
        resume_in(*self.env_, self.waiter_);
    }

    std::shared_ptr<detail::app_core> app_;
    std::string name_;
    value locals_;
    std::shared_ptr<ending> shared_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
    cancel_reason stopped_ = cancel_reason::none;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/loop/loop.hpp>
#include <crema/web/final_handler.hpp>
#include <crema/web/next.hpp>
#include <crema/web/transaction.hpp>
#include <stdexcept>

namespace crema {
namespace detail {

CREMA_DECL std::shared_ptr<view_engine> app_core::engine(std::string_view extension) {
    {
        const std::lock_guard lock(views.guard);
        if (const auto at = views.engines.find(extension); at != views.engines.end()) return at->second;
    }
    const auto above = parent.lock();
    return above ? above->engine(extension) : nullptr;
}

CREMA_DECL std::shared_ptr<view> app_core::make_view(std::string_view name) {
    const auto* const set = options.get("view engine");
    const view_options asked{set && set->is_string() ? set->as_string() : std::string(), view_roots(options)};
    if (options.make_view) return options.make_view(name, asked);
    std::string file(name);
    auto extension = view_extension(name);
    if (extension.empty()) {
        if (asked.default_engine.empty())
            throw view_error("No default engine was specified and no extension was provided.", name);
        extension = (asked.default_engine.front() == '.' ? "" : ".") + asked.default_engine;
        file += extension;
    }
    auto made = engine(extension);
    if (!made)
        throw view_error("No engine is registered for \"" + extension + "\": app.engine(\"" + extension.substr(1) + "\", …)", name);
    auto path = find_view(asked.roots, file, extension);
    return path.empty() ? nullptr : std::make_shared<file_view>(std::move(path), std::move(made));
}

CREMA_DECL void app_core::render(std::string_view name, value given, const value* of_answer, rendered_callback done) {
    value all = value::object({});
    for (const value* const from : {static_cast<const value*>(&locals), of_answer, static_cast<const value*>(&given)})
        if (from)
            for (const auto& [key, v] : from->members()) all[key] = v;
    if (const auto* const told = all.find("cache"); !told || told->is_null()) {
        const auto* const on = options.get("view cache");
        all["cache"] = value(on && truthy(*on));
    }
    const bool kept = truthy(all["cache"]);
    std::shared_ptr<view> found;
    if (kept) {
        const std::lock_guard lock(views.guard);
        if (const auto at = views.cache.find(name); at != views.cache.end()) found = at->second;
    }
    if (!found) {
        found = make_view(name);
        if (found && kept) {
            const std::lock_guard lock(views.guard);
            views.cache.emplace(std::string(name), found);
        }
    }
    // Who asked is called back later, whatever the engine does.
    auto& l = loop::current();
    const auto inside = std::make_shared<bool>(true);
    const auto shared = std::make_shared<rendered_callback>(std::move(done));
    const auto later = [&l, inside, shared](std::exception_ptr error, std::string text) {
        if (!*shared) return; // called back twice
        if (!*inside) return std::exchange(*shared, {})(std::move(error), std::move(text));
        l.next_tick([to = std::exchange(*shared, {}), error = std::move(error), text = std::move(text)]() mutable {
            to(std::move(error), std::move(text));
        });
    };
    try {
        if (!found) throw view_error(lookup_message(name, view_roots(options)), name);
        found->render(std::move(all), later);
    } catch (...) {
        later(std::current_exception(), {});
    }
    *inside = false;
}

} // namespace detail

// The exchange stays until the callback was called or forgotten; what that throws goes to the error handlers.
CREMA_DECL void response::render_with(std::string_view name, value values, rendered_callback done) {
    auto& from = owner_->current();
    exchange_hold hold(&owner_->hold(from));
    owner_->app().shared()->render(
        name, std::move(values), locals_ ? &*locals_ : nullptr,
        [this, &from, hold = std::move(hold), done = std::move(done)](std::exception_ptr error, std::string text) mutable {
            try {
                return done(std::move(error), std::move(text));
            } catch (...) {
                error = std::current_exception();
            }
            if (exchange_->scope().is_cancelled()) return; // nobody is there to be answered
            if (from.from) owner_->pass(from, {detail::baton::kind::error, std::move(error)});
            else final_handler(*req_, *this, *settings_, error);
        });
}

CREMA_DECL void response::render(std::string_view name, value values) {
    render_with(name, std::move(values), [this](std::exception_ptr error, std::string text) {
        if (exchange_->scope().is_cancelled()) return;
        if (error) std::rethrow_exception(error);
        send(text);
    });
}

} // namespace crema
#endif
