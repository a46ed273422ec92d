// stream: octets in both directions, without waiting; who uses it is told when it is ready.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/net/address.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

namespace crema::net {

/// Is told when a stream is ready. Called on the loop, as callbacks.
class stream_handler {
public:
    /// There are octets, or the end, or an error: read.
    virtual void on_readable() = 0;
    /// There is room to write.
    virtual void on_writable() = 0;
    /// There are octets, and `on_readable` follows once others have been told the same: may read, but calls nobody.
    virtual void on_arrival() noexcept {}
    /// Follows the `on_readable` that has called `stream::put_off`, once others have been told, too.
    virtual void on_flush() {}
    /// The peer will send nothing more; what it sent before may still be read. Called once, only when reading is not wanted:
    /// who reads finds the end.
    virtual void on_peer_closed() = 0;
    /// The connection is broken. Only called when neither reading nor writing is wanted, else these find it out.
    virtual void on_broken(std::error_code why) = 0;

protected:
    ~stream_handler() = default;
};

/// Says what a read or write has done.
struct io_result {
    std::size_t size = 0;    ///< octets moved; 0 of a read without an error is the end
    std::error_code error{}; ///< `operation_would_block` when it is not ready

    /// Tells whether nothing could be done for now.
    bool would_block() const noexcept {
        return error == std::errc::operation_would_block || error == std::errc::resource_unavailable_try_again;
    }
};

/** Moves octets in both directions without ever waiting: a socket, TLS over one, or memory in tests.

    Buffers are given for the length of a call only, so an idle stream needs none.

    @par Thread Safety
    Only on its loop.
*/
class stream {
public:
    virtual ~stream() = default;

    /// Sets who is told; before anything else, and again when somebody else takes over. It outlives the stream, or its `close`.
    virtual void start(stream_handler& handler) = 0;
    /// Says what the handler wants to be told of, again and again as long as it lasts. At first: reading.
    virtual void want(bool readable, bool writable) = 0;
    /// Reads what is there.
    virtual io_result read(std::span<char> into) noexcept = 0;
    /// Writes what there is room for, one piece after the other as one message.
    virtual io_result write(std::span<const std::string_view> pieces) noexcept = 0;
    /** Writes octets of a file, from the system's memory, without a copy; waits for the disk when they are not there.

        @return `operation_not_supported` when this stream, or this file, cannot: read and write them.
    */
    virtual io_result write_file([[maybe_unused]] int descriptor, [[maybe_unused]] std::uint64_t offset,
                                 [[maybe_unused]] std::size_t size) noexcept {
        return {0, std::make_error_code(std::errc::operation_not_supported)};
    }
    /** Asks, in `on_readable`, for an `on_flush` once all who have octets at the moment have read them: for who has
        something to write, which costs less when many do it in a row.

        @return False when there will be none: write now.
    */
    virtual bool put_off() noexcept { return false; }
    /// Says, in `on_readable` or `on_flush`, that all of what came was read and seen to, as far as the handler can tell, and no more is
    /// expected at once. Only a hint: what is there all the same may be told later than it could be.
    virtual void settled() noexcept {}
    /// Tells the peer that nothing more follows.
    virtual void end() noexcept = 0;
    /// Closes; the handler is not called any more.
    virtual void close() noexcept = 0;
    /// Closes at once, throwing away what was not sent; the peer sees a reset.
    virtual void reset() noexcept = 0;
    /// Returns the address of the peer.
    virtual const address& peer() const noexcept = 0;
    /// Returns the address of this end; nothing when closed.
    virtual address local() const noexcept = 0;
    /// Returns how many octets that `write` took are still on their way: the peer's system has not confirmed them.
    virtual std::size_t in_flight() const noexcept { return 0; }
    /// Tells whether it is encrypted.
    virtual bool secure() const noexcept { return false; }
};

} // namespace crema::net
