// view: a template that was found, and the engine that makes a text of it.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/value.hpp>
#include <crema/web/settings.hpp>
#include <concepts>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

/// Is called once, on the loop, with what went wrong or null, and the text.
using rendered_callback = unique_function<void(std::exception_ptr, std::string)>;

/** Thrown or handed on when a view cannot be found or rendered.

    @par Thread Safety
    Distinct objects: safe.
*/
class view_error : public std::runtime_error {
public:
    /// Construct with a message and the name of the view; copied.
    view_error(const std::string& message, std::string_view name) : std::runtime_error(message), name_(name) {}
    /// Returns the name that was asked for.
    const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
};

/** Is a template that was found. The setting `view` is a function that makes these; by default they are files.

    @par Thread Safety
    With `view cache`, one is rendered by all loops of the app.
*/
class view : public std::enable_shared_from_this<view> {
public:
    virtual ~view() = default;
    /** Render.
        @param options Everything that the template may name; `"cache"` tells whether it may be kept.
        @param done Called on the loop, at once or later.
    */
    virtual void render(value options, rendered_callback done) = 0;
};

namespace detail {

// What app.engine was given, whatever its form.
class view_engine : public std::enable_shared_from_this<view_engine> {
public:
    virtual ~view_engine() = default;
    virtual void render(const std::string& path, value options, rendered_callback done) = 0;
};

template <class F>
concept text_engine = std::is_invocable_r_v<std::string, F&, const std::string&, const value&>;
template <class F>
concept task_engine = requires(F& f, const std::string& path, const value& options) {
    { f(path, options) } -> std::same_as<task<std::string>>;
};
template <class F>
concept callback_engine = std::is_invocable_v<F&, const std::string&, value, rendered_callback>;

template <class F>
class engine_of final : public view_engine {
public:
    explicit engine_of(F f) : f_(std::move(f)) {}
    void render(const std::string& path, value options, rendered_callback done) override {
        if constexpr (callback_engine<F>) {
            f_(path, std::move(options), std::move(done));
        } else if constexpr (task_engine<F>) {
            spawn(wait(std::static_pointer_cast<engine_of>(shared_from_this()), path, std::move(options), std::move(done)));
        } else {
            std::string text;
            std::exception_ptr error;
            try {
                text = f_(path, options);
            } catch (...) {
                error = std::current_exception();
            }
            done(std::move(error), std::move(text));
        }
    }

private:
    static task<> wait(std::shared_ptr<engine_of> self, std::string path, value options, rendered_callback done) {
        std::string text;
        std::exception_ptr error;
        try {
            text = co_await self->f_(path, options);
        } catch (...) {
            error = std::current_exception();
        }
        done(std::move(error), std::move(text));
    }
    F f_;
};

template <class F>
std::shared_ptr<view_engine> make_engine(F f) {
    static_assert(text_engine<F> || task_engine<F> || callback_engine<F>,
                  "crema: an engine is called as f(const std::string& path, const value& options) and returns std::string or "
                  "task<std::string>, or as f(const std::string& path, value options, rendered_callback done)");
    if constexpr (text_engine<F> || task_engine<F> || callback_engine<F>)
        return std::make_shared<engine_of<F>>(std::move(f));
    else return nullptr;
}

// Engines and views of one app.
struct view_store {
    std::mutex guard; // of both: an app may serve on several threads
    std::map<std::string, std::shared_ptr<view_engine>, std::less<>> engines; // by extension, ".html"
    std::map<std::string, std::shared_ptr<view>, std::less<>> cache;          // by name
};

// Finds the file of a view as Express does: `<root>/<name>.<ext>`, then `<root>/<name>/index.<ext>`, root by root. Empty when there
// is none. Looks at the disk.
CREMA_DECL std::string find_view(const std::vector<std::string>& roots, std::string_view name, std::string_view extension);

// Returns the extension of a name, `.html`; empty without one.
CREMA_DECL std::string view_extension(std::string_view name);

// A view that is a file.
class file_view final : public view {
public:
    file_view(std::string path, std::shared_ptr<view_engine> engine) noexcept
        : path_(std::move(path)), engine_(std::move(engine)) {}
    CREMA_DECL void render(value options, rendered_callback done) override;

private:
    std::string path_;
    std::shared_ptr<view_engine> engine_;
};

// The roots that the setting `views` names.
CREMA_DECL std::vector<std::string> view_roots(const settings& s);

// Express' message for a view that is nowhere.
CREMA_DECL std::string lookup_message(std::string_view name, const std::vector<std::string>& roots);

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <filesystem>
#include <system_error>

namespace crema::detail {

CREMA_DECL std::string view_extension(std::string_view name) { return std::filesystem::path(name).extension().string(); }

CREMA_DECL std::string find_view(const std::vector<std::string>& roots, std::string_view name, std::string_view extension) {
    namespace files = std::filesystem;
    std::error_code ignored;
    for (const auto& root : roots) {
        const auto at = (files::absolute(root) / name).lexically_normal();
        if (files::is_regular_file(at, ignored)) return at.string();
        auto base = at.filename().string();
        if (base.size() > extension.size() && base.ends_with(extension)) base.resize(base.size() - extension.size());
        const auto index = at.parent_path() / base / ("index" + std::string(extension));
        if (files::is_regular_file(index, ignored)) return index.string();
    }
    return {};
}

CREMA_DECL void file_view::render(value options, rendered_callback done) {
    // the path is this view's, which lives until the engine has called back
    engine_->render(path_, std::move(options),
                    [self = shared_from_this(), done = std::move(done)](std::exception_ptr error, std::string text) mutable {
                        done(std::move(error), std::move(text));
                    });
}

CREMA_DECL std::vector<std::string> view_roots(const settings& s) {
    const auto* const v = s.get("views");
    std::vector<std::string> all;
    if (v && v->is_string()) all.push_back(v->as_string());
    else if (v)
        for (const auto& one : v->elements())
            if (one.is_string()) all.push_back(one.as_string());
    return all;
}

CREMA_DECL std::string lookup_message(std::string_view name, const std::vector<std::string>& roots) {
    std::string all = "Failed to lookup view \"" + std::string(name) + "\" in views ";
    all += roots.size() > 1 ? "directories \"" : "directory \"";
    for (std::size_t i = 0; i < roots.size(); ++i) {
        if (i) all += i + 1 == roots.size() ? "\" or \"" : "\", \"";
        all += roots[i];
    }
    return all += '"';
}

} // namespace crema::detail
#endif
