// mustache: a template engine for app.engine, through kainjow's Mustache (header-only, Debian: libkainjow-mustache-dev).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace crema {

/// Configures `mustache`.
struct mustache_options {
    std::filesystem::path partials{}; ///< where `{{> name}}` is looked for; empty: beside the template
};

/** Is an engine for Mustache: `app.engine("mustache", mustache())`.

    `{{name}}` is escaped for HTML, `{{{name}}}` is not; `{{#list}} … {{/list}}` repeats or asks, `{{^list}}` is for what is
    missing, false or empty, an empty text too; `{{> name}}` puts in another template with the extension of this one. A name
    with points goes into objects: `{{settings.title}}`.

    Files are read and templates rendered on the pool. With the option `cache`, which `view cache` sets, a file is read once.

    @par Errors
    view_error For what is no template, with the place, and for a partial that is not there or that never ends.

    @par Thread Safety
    Safe. Copies share what they keep.

    @see mustache(5)
*/
class mustache {
public:
    /// Construct an engine.
    CREMA_DECL explicit mustache(mustache_options options = {});

    /// Renders a file. Both arguments must live until it has ended.
    CREMA_COROUTINE task<std::string> operator()(const std::string& path, const value& options) const;

    /** Render a text at once; it may name partials if the options say where those are.
        @throws view_error
    */
    CREMA_DECL std::string render(std::string_view text, const value& options) const;

private:
    struct store;
    CREMA_DECL std::string render_file(const std::string& path, const value& options) const;
    std::shared_ptr<store> store_;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/fs/read_file.hpp>
#include <crema/json/write.hpp>
#include <crema/loop/offload.hpp>
#include <crema/web/view.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <kainjow/mustache.hpp>
#include <map>
#include <mutex>

namespace crema {

struct mustache::store {
    mustache_options options;
    std::mutex guard;
    std::map<std::string, std::shared_ptr<const std::string>, std::less<>> files;

    // Returns the content of a file, kept when that is wanted.
    std::shared_ptr<const std::string> read(const std::string& path, bool keep) {
        if (keep) {
            const std::lock_guard lock(guard);
            if (const auto at = files.find(path); at != files.end()) return at->second;
        }
        auto text = std::make_shared<const std::string>(fs::read_file_now(path));
        if (keep) {
            const std::lock_guard lock(guard);
            files.insert_or_assign(path, text);
        }
        return text;
    }
};

namespace detail {

using mustache_data = kainjow::mustache::data;

inline mustache_data mustache_data_of(const value& v) {
    if (v.is_null()) return mustache_data(false);
    if (v.is_bool()) return mustache_data(v.as_bool());
    if (v.is_string()) return v.as_string().empty() ? mustache_data(false) : mustache_data(v.as_string());
    if (v.is_array()) {
        kainjow::mustache::list all;
        for (const auto& one : v.as_array()) all.push_back(mustache_data_of(one));
        return mustache_data(all);
    }
    if (v.is_object()) {
        kainjow::mustache::object all;
        for (const auto& [name, one] : v.as_object()) all.emplace(name, mustache_data_of(one));
        return mustache_data(all);
    }
    std::string number;
    json::write(number, v, {});
    return mustache_data(number);
}

// Where a template finds its names: the values it was given, and files for partials.
class mustache_names final : public kainjow::mustache::context<std::string> {
public:
    using loader = std::function<std::string(const std::string&)>;
    mustache_names(const mustache_data* data, loader load) : context(data), load_(std::move(load)), begin_(here()) {}

    const mustache_data* get_partial(const std::string& name) const override {
        // A partial that has itself in it is good for trees; it has no end when it does not ask whether there is more.
        const auto now = here();
        if ((now > begin_ ? now - begin_ : begin_ - now) > stack_for_partials)
            throw view_error("partial \"" + name + "\" is within itself without an end", name);
        auto at = partials_.find(name);
        if (at == partials_.end()) at = partials_.emplace(name, mustache_data(load_(name))).first;
        return &at->second;
    }

private:
    static constexpr std::uintptr_t stack_for_partials = 256 * 1024; // octets
    static std::uintptr_t here() noexcept { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }
    loader load_;
    std::uintptr_t begin_;
    mutable std::map<std::string, mustache_data> partials_;
};

inline std::string render_mustache(const std::string& text, const std::string& name, const value& options,
                                   mustache_names::loader load) {
    kainjow::mustache::mustache made(text);
    if (!made.is_valid()) throw view_error(name + ": " + made.error_message(), name);
    const auto data = mustache_data_of(options);
    mustache_names names(&data, std::move(load));
    auto all = made.render(names);
    if (!made.is_valid()) throw view_error(name + ": " + made.error_message(), name);
    return all;
}

} // namespace detail

CREMA_DECL mustache::mustache(mustache_options options) : store_(std::make_shared<store>()) {
    store_->options = std::move(options);
}

CREMA_DECL std::string mustache::render(std::string_view text, const value& options) const {
    return detail::render_mustache(std::string(text), "template", options, [&](const std::string& name) {
        if (store_->options.partials.empty()) throw view_error("partial \"" + name + "\": there is no directory for partials", name);
        return *store_->read((store_->options.partials / (name + ".mustache")).string(), false);
    });
}

CREMA_DECL std::string mustache::render_file(const std::string& path, const value& options) const {
    const std::filesystem::path at(path);
    const auto& cache = options["cache"];
    const bool keep = cache.is_bool() && cache.as_bool();
    return detail::render_mustache(*store_->read(path, keep), path, options, [&](const std::string& name) {
        const auto& where = store_->options.partials;
        const auto file = (where.empty() ? at.parent_path() : where) / (name + at.extension().string());
        try {
            return *store_->read(file.string(), keep);
        } catch (const std::system_error& e) {
            throw view_error(path + ": partial \"" + name + "\": " + e.what(), name);
        }
    });
}

CREMA_COROUTINE task<std::string> mustache::operator()(const std::string& path, const value& options) const {
    auto text = co_await offload([&] { return render_file(path, options); });
    co_return text;
}

} // namespace crema
#endif
