// send_file: how a response sends a file; options and what response::send_file returns.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/web/fwd.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crema {

/// Says what becomes of requests for files and directories whose name begins with a point.
enum class dotfiles : unsigned char {
    ignore, ///< 404, as if they were not there
    allow,  ///< they are sent
    deny,   ///< 403
};

/** Configures `response::send_file` and `response::download`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct send_file_options {
    std::filesystem::path root{};     ///< what a relative path is relative to; no link and no `..` leads out of it
    std::vector<std::pair<std::string, std::string>> headers{}; ///< fields of the answer when the file is there
    crema::dotfiles dotfiles = crema::dotfiles::ignore;         ///< names that begin with a point
    std::chrono::milliseconds max_age{0}; ///< of Cache-Control, in whole seconds; at most a year
    bool immutable = false;           ///< Cache-Control says that it will never change
    bool last_modified = true;        ///< send Last-Modified
    bool accept_ranges = true;        ///< answer requests for parts
    std::size_t max_ranges = 1;       ///< parts in one answer (multipart/byteranges); who asks for more gets the whole
    bool cache_control = true;        ///< send Cache-Control
    std::uint64_t start = 0;          ///< first octet that counts
    std::optional<std::uint64_t> end{}; ///< last octet that counts
};

namespace detail {
struct file_plan;
}

/** Is what `response::send_file` gives.

    Await it, or return it from the handler, to go on when the last octet was taken and to get its errors as exceptions. Dropped,
    it sends by itself, keeps the exchange until it has ended, and its errors go to the error handlers as those of `next(error)`;
    a directory goes on with `next()`.

    @throws http_error 404, 403, 400, 412, 416, 500 when awaited. Its `type()` is the name of the system's error: `"ENOENT"`,
    for a directory `"EISDIR"`. The response has not begun then.

    @par Cancellation
    Stops reading, throws `cancelled`. When the answer has begun the connection is closed.

    @par Thread Safety
    Only on the loop of the request.
*/
class file_sending {
public:
    /// @cond
    // Coroutines reached by pointers: who never sends a file compiles none of them.
    struct operations {
        task<> (*send)(response& res, std::unique_ptr<detail::file_plan> plan);
        void (*detach)(response& res, std::unique_ptr<detail::file_plan> plan) noexcept;
    };
    CREMA_DECL file_sending(const operations& how, response& res, std::unique_ptr<detail::file_plan> plan) noexcept;
    CREMA_DECL file_sending(file_sending&& other) noexcept;
    file_sending& operator=(file_sending&&) = delete;
    CREMA_DECL ~file_sending();
    CREMA_DECL detail::owning_task_awaiter<void> operator co_await() &&;
    /// @endcond

private:
    const operations* how_;
    response* res_;
    std::unique_ptr<detail::file_plan> plan_;
};

/// Is called when a file was sent, with null, or when it was not, with the reason; then it has to answer.
using sent_callback = unique_function<void(std::exception_ptr)>;

} // namespace crema
