// The umbrella: everything that needs no external library beside Asio and simdjson.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/version.hpp>

#include <crema/async/all_settled.hpp>
#include <crema/async/context.hpp>
#include <crema/async/race.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/async/when_all.hpp>
#include <crema/async/when_any.hpp>

#include <crema/route/url_for.hpp>

#include <crema/loop/lag_histogram.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/microtask.hpp>
#include <crema/loop/offload.hpp>
#include <crema/loop/schedule.hpp>
#include <crema/loop/signal_set.hpp>
#include <crema/loop/sleep.hpp>
#include <crema/loop/watchdog.hpp>
#include <crema/loop/with_timeout.hpp>

#include <crema/fs/read_file.hpp>
#include <crema/fs/read_stream.hpp>
#include <crema/fs/stat.hpp>
#include <crema/fs/write_file.hpp>
#include <crema/fs/write_stream.hpp>

#include <crema/web/app.hpp>

#include <crema/middleware/body_json.hpp>
#include <crema/middleware/body_raw.hpp>
#include <crema/middleware/body_text.hpp>
#include <crema/middleware/body_urlencoded.hpp>
#include <crema/middleware/logger.hpp>
#include <crema/middleware/static_files.hpp>

#if defined(CREMA_WITH_CRYPT)
#include <crema/ext/crypt.hpp>
#endif
#if defined(CREMA_WITH_PCRE2)
#include <crema/ext/pcre2.hpp>
#endif
#if defined(CREMA_WITH_SQLITE)
#include <crema/ext/sqlite.hpp>
#endif
