// body_coding: what changes the bodies of answers on their way out, as compression does.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/server/exchange.hpp>
#include <crema/web/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace crema {

/** Stands between a response and its exchange: what the handlers answer goes through it.

    Octets are views of whoever answers: what is not sent at once is copied. It lives until the exchange ends; work that goes on
    after a call returned, on the pool or as a coroutine, retains the exchange meanwhile.

    @par Thread Safety
    Only on the loop of the request.
*/
class body_coder {
public:
    virtual ~body_coder() = default;
    /// Answers in one go, after which nothing else is called.
    virtual void respond(exchange& x, int status, std::string_view fields, std::string_view body) = 0;
    /// Begins a streamed answer.
    virtual void begin(exchange& x, int status, std::string_view fields) = 0;
    /// Takes a piece of a streamed answer. Who waits for room waits for `exchange::writers_may_go`, too.
    virtual void write(exchange& x, std::string_view piece) = 0;
    /// Sends all that was written, although the coding may suffer.
    virtual void flush(exchange& x) = 0;
    /** End a streamed answer.
        @param trailers Ready lines.
    */
    virtual void end(exchange& x, std::string_view last, std::string_view trailers) = 0;
};

/** Decides on each answer whether its body is coded. A middleware gives it to `response::code_body`.

    @par Thread Safety
    As the derived class says.
*/
class body_coding {
public:
    /** Decide, when the head is about to be sent; may change fields of the response.

        @param res Status and fields as they would be sent, Content-Length perhaps not yet.
        @param length Octets of the body, when they are known.
        @return What codes the body; null to leave it as it is.
    */
    virtual std::unique_ptr<body_coder> begin(response& res, std::optional<std::uint64_t> length) const = 0;

protected:
    ~body_coding() = default;
};

} // namespace crema
