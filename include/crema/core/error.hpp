// Errors: the codes of the library, their category, and the exception that carries a place.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <string>
#include <string_view>
#include <system_error>

namespace crema {

/// Names what went wrong inside the library. Convertible to `std::error_code`.
enum class error {
    cancelled = 1,      ///< the operation was cancelled
    timed_out,          ///< a deadline passed
    closed,             ///< the peer or the object is closed
    end_of_stream,      ///< nothing more to read
    would_exceed_limit, ///< a configured limit would be exceeded
    queue_full,         ///< a bounded queue is full
    bad_syntax,         ///< text does not follow its grammar
    bad_value,          ///< a value is out of its range or of the wrong type
    bad_pattern,        ///< a route pattern does not follow its grammar
    not_found,          ///< nothing of that name
    too_deep,           ///< nesting is deeper than allowed
    too_large,          ///< larger than allowed
    unsupported,        ///< not supported here
    already_answered,   ///< the response was sent before
};

/** Return the category of `crema::error`.

    @par Thread Safety
    Safe.
*/
CREMA_DECL const std::error_category& crema_category() noexcept;

/// Makes an error code from an `error`; found by argument-dependent lookup.
inline std::error_code make_error_code(error e) noexcept {
    return {static_cast<int>(e), crema_category()};
}

/** Carries an error code and the thing it happened to: a path, a peer, a pattern.

    `what()` reads `"<subject>: <detail>"`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class system_error : public std::system_error {
public:
    /** Construct from a code and its subject.

        @param code What happened.
        @param subject What it happened to; copied. May be empty.
    */
    system_error(std::error_code code, std::string_view subject)
        : std::system_error(code, std::string(subject)), subject_(subject) {}

    /// Construct from a code alone.
    explicit system_error(std::error_code code) : std::system_error(code) {}

    /// Returns the path, peer or pattern; valid as long as the exception.
    const std::string& subject() const noexcept { return subject_; }

private:
    std::string subject_;
};

/// Tells why a coroutine was cancelled.
enum class cancel_reason : unsigned char {
    none,         ///< not cancelled
    requested,    ///< somebody asked: a lost race, a failed sibling, `cancel()`
    timed_out,    ///< a deadline passed
    disconnected, ///< the client left
    shutdown,     ///< the server stops
};

/** Thrown by an awaitable whose coroutine was cancelled. Never answered, never logged as an error.

    @par Thread Safety
    Distinct objects: safe.
*/
class cancelled : public system_error {
public:
    /// Construct with the reason.
    explicit cancelled(cancel_reason why = cancel_reason::requested)
        : system_error(make_error_code(error::cancelled)), reason_(why) {}

    /// Returns why.
    cancel_reason reason() const noexcept { return reason_; }

private:
    cancel_reason reason_;
};

/** Thrown by `with_timeout` when the time is over.

    @par Thread Safety
    Distinct objects: safe.
*/
class timed_out : public system_error {
public:
    /// Construct with an empty subject.
    timed_out() : system_error(make_error_code(error::timed_out)) {}
};

} // namespace crema

template <>
struct std::is_error_code_enum<crema::error> : std::true_type {};

#if CREMA_BODIES
namespace crema {
namespace detail {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "crema"; }
    std::string message(int code) const override {
        switch (static_cast<error>(code)) {
        case error::cancelled: return "operation cancelled";
        case error::timed_out: return "timed out";
        case error::closed: return "closed";
        case error::end_of_stream: return "end of stream";
        case error::would_exceed_limit: return "limit exceeded";
        case error::queue_full: return "queue full";
        case error::bad_syntax: return "syntax error";
        case error::bad_value: return "bad value";
        case error::bad_pattern: return "bad pattern";
        case error::not_found: return "not found";
        case error::too_deep: return "nested too deeply";
        case error::too_large: return "too large";
        case error::unsupported: return "not supported";
        case error::already_answered: return "response already sent";
        }
        return "unknown crema error";
    }
};

} // namespace detail

CREMA_DECL const std::error_category& crema_category() noexcept {
    static const detail::category instance;
    return instance;
}

} // namespace crema
#endif
