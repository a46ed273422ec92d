// http_error: an exception that says which status it wants to be answered with.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Thrown by handlers, or given to `next`, to answer with a status.

    `throw http_error(404, "no such user");`

    The final handler answers with its status and header fields. It shows the message while developing; in production it
    does so only when `expose(true)` was called, and otherwise shows the standard phrase of the status.

    @par Thread Safety
    Distinct objects: safe.

    @see RFC 9110 section 15
*/
class http_error : public std::runtime_error {
public:
    /** Construct.

        @param status 400 to 599; anything else is answered as 500.
        @param message For the client, unless the status is 500 or more; copied.
    */
    explicit http_error(int status, std::string_view message = {})
        : std::runtime_error(std::string(message)), status_(status) {}

    /// Returns the status.
    int status() const noexcept { return status_; }
    /// Tells whether the client may see the message: as was said, else whether the status is below 500.
    bool expose() const noexcept { return exposure_ == exposure::by_status ? status_ < 500 : exposure_ == exposure::yes; }
    /// Tells whether `expose(true)` was called.
    bool exposed_on_purpose() const noexcept { return exposure_ == exposure::yes; }
    /// Returns header fields for the answer; valid as long as the exception.
    const std::vector<std::pair<std::string, std::string>>& headers() const noexcept { return headers_; }
    /// Returns a machine-readable word for the kind of error (`entity.too.large`); may be empty.
    const std::string& type() const noexcept { return type_; }
    /// Returns what led to this; may be null.
    std::exception_ptr cause() const noexcept { return cause_; }

    /// Sets whether the client may see the message.
    http_error& expose(bool yes) & {
        exposure_ = yes ? exposure::yes : exposure::no;
        return *this;
    }
    /// Adds a header field to the answer.
    http_error& header(std::string name, std::string value) & {
        headers_.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    /// Sets the kind.
    http_error& type(std::string word) & {
        type_ = std::move(word);
        return *this;
    }
    /// Sets what led to this.
    http_error& cause(std::exception_ptr e) & {
        cause_ = std::move(e);
        return *this;
    }
    /// @copydoc expose(bool)
    http_error&& expose(bool yes) && { return std::move(expose(yes)); }
    /// @copydoc header
    http_error&& header(std::string name, std::string value) && {
        return std::move(header(std::move(name), std::move(value)));
    }
    /// @copydoc type(std::string)
    http_error&& type(std::string word) && { return std::move(type(std::move(word))); }
    /// @copydoc cause(std::exception_ptr)
    http_error&& cause(std::exception_ptr e) && { return std::move(cause(std::move(e))); }

private:
    enum class exposure : unsigned char { by_status, yes, no };
    int status_;
    exposure exposure_ = exposure::by_status;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::string type_;
    std::exception_ptr cause_;
};

/** Thrown when a handler answers a request that was answered already.

    @par Thread Safety
    Distinct objects: safe.
*/
class already_answered : public std::logic_error {
public:
    /// Construct with what was tried.
    explicit already_answered(std::string_view what)
        : std::logic_error("crema: " + std::string(what) + " after the response was sent") {}
};

} // namespace crema
