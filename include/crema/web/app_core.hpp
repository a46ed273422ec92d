// app_core: what an app is made of, shared by its handle, its mounts and its servers.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/loop/watchdog.hpp>
#include <crema/server/exchange.hpp>
#include <crema/server/server.hpp>
#include <crema/web/router.hpp>
#include <crema/web/settings.hpp>
#include <memory>
#include <optional>
#include <vector>

namespace crema::detail {

struct app_core final : exchange_handler {
    std::shared_ptr<router_core> core = std::make_shared<router_core>();
    settings options;
    value locals = value::object();
    std::vector<std::unique_ptr<server>> servers;
    std::optional<watchdog> dog; // of servers that listen without blocking

    CREMA_DECL void on_request(exchange& x) override;
};

} // namespace crema::detail
