// app_core: what an app is made of, shared by its handle, its mounts and its servers.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/value.hpp>
#include <crema/loop/watchdog.hpp>
#include <crema/server/exchange.hpp>
#include <crema/server/server.hpp>
#include <crema/web/fwd.hpp>
#include <crema/web/router.hpp>
#include <crema/web/settings.hpp>
#include <crema/web/view.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace crema::detail {

struct app_core final : exchange_handler, std::enable_shared_from_this<app_core> {
    std::shared_ptr<router_core> core = std::make_shared<router_core>();
    settings options;
    value locals = value::object();
    view_store views;
    std::vector<std::unique_ptr<server>> servers;
    std::optional<watchdog> dog; // of servers that listen without blocking

    // of a mounted app
    std::weak_ptr<app_core> parent;
    value mount_path = value("/");
    std::vector<unique_function<void(app&)>> on_mount;
    std::vector<std::weak_ptr<app_core>> below; // the apps that are mounted here
    std::set<std::string, std::less<>> own;     // settings that are not inherited
    using change = std::function<void(settings&)>;
    std::map<std::string, change, std::less<>> changes; // settings that were set here or above

    // read by each request
    bool tells_methods = false;  // setting "method not allowed"

    CREMA_DECL app_core();
    ~app_core() { core->owner = nullptr; }
    CREMA_DECL void on_request(exchange& x) override;
    CREMA_DECL void set(std::string_view name, change c);            // as app.set
    CREMA_DECL void inherit(const std::string& name, const change& c); // from above, unless it is its own
    CREMA_DECL void apply(const std::string& name, const change& c);   // here and below
    CREMA_DECL void adopt(app_core& child, value path);              // a child was mounted
    CREMA_DECL std::string path() const;                             // where it is mounted, from the top
    CREMA_DECL app handle() const;                                   // as the application has it
    std::shared_ptr<app_core> shared() const { return std::const_pointer_cast<app_core>(shared_from_this()); }

    // render.hpp
    CREMA_DECL void render(std::string_view name, value given, const value* of_answer, rendered_callback done);
    CREMA_DECL std::shared_ptr<view_engine> engine(std::string_view extension); // its own or from above
    CREMA_DECL std::shared_ptr<view> make_view(std::string_view name);          // null when there is none
};

} // namespace crema::detail

#if CREMA_BODIES

namespace crema::detail {

// What an app of Express has of its own from the beginning.
CREMA_DECL app_core::app_core()
    : own{"env", "etag", "jsonp callback name", "query parser", "subdomain offset", "view", "views", "x-powered-by"} {
    core->owner = this;
    if (options.production) {
        options.set("view cache", value(true));
        own.emplace("view cache");
    }
    locals["settings"] = options.all();
}

// Settings go down when they are set, and when an app is mounted: reading one costs nothing.
CREMA_DECL void app_core::set(std::string_view name, change c) {
    const std::string key(name);
    apply(key, c);
    own.insert(key);
}

CREMA_DECL void app_core::inherit(const std::string& name, const change& c) {
    if (!own.contains(name)) apply(name, c);
}

CREMA_DECL void app_core::apply(const std::string& name, const change& c) {
    c(options); // may throw: then nothing has changed
    changes[name] = c;
    if (auto& shown = locals["settings"]; shown.is_object())
        if (const auto* const v = options.get(name)) shown[name] = *v;
    if (!core->begun) { // Express: read when the router is made, which is when it is needed first
        core->case_sensitive = options.case_sensitive_routing;
        core->strict = options.strict_routing;
    }
    tells_methods = options.method_not_allowed;
    for (const auto& w : below)
        if (const auto child = w.lock()) child->inherit(name, c);
}

CREMA_DECL std::string app_core::path() const {
    const auto above = parent.lock();
    if (!above) return {};
    std::string mine;
    if (mount_path.is_string()) mine = mount_path.as_string();
    else
        for (const auto& one : mount_path.as_array()) mine += (mine.empty() ? "" : ",") + std::string(one.as_string());
    return above->path() + mine;
}

} // namespace crema::detail
#endif
