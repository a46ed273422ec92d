// set_wait: waits through Asio until a set of descriptors has something to tell, again and again.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>

#if CREMA_BODIES
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/version.hpp>
#include <crema/core/error.hpp>
#include <crema/core/recycle.hpp>
#include <memory>
#include <system_error>
#include <utility>
#include <unistd.h>

/** @def CREMA_NET_QUIET_WAIT
    Is 1 where Asio's reactor is told directly to wait for what is new, which its public interface cannot say: that spares
    an `epoll_ctl` each time. Only with the versions of Asio that this is tested with; set it to 1 to try others. */
#if !defined(CREMA_NET_QUIET_WAIT)
#if defined(ASIO_HAS_EPOLL) && !defined(ASIO_HAS_IO_URING_AS_DEFAULT) && ASIO_VERSION >= 102200 && ASIO_VERSION < 102300
#define CREMA_NET_QUIET_WAIT 1
#else
#define CREMA_NET_QUIET_WAIT 0
#endif
#endif
#if CREMA_NET_QUIET_WAIT
#include <asio/detail/reactor.hpp>
#include <asio/detail/reactor_op.hpp>
#endif

namespace crema::detail {

/* Owns a descriptor and waits until it is readable. One wait at a time; while it lasts, what was given to `start` lives.

   `anew` tells of a descriptor that is readable already, too; `news` only of what happens from the last time on that
   it was told: for who has seen to everything. Only on the loop. */
enum class waiting_for : bool { anew, news };

#if CREMA_NET_QUIET_WAIT

class set_wait : private asio::detail::reactor_op {
public:
    using ready_function = void (*)(void*);

    set_wait(asio::io_context& context, int fd, ready_function ready, void* what)
        : reactor_op(asio::error_code(), &set_wait::perform_now, &set_wait::complete_now),
          reactor_(asio::use_service<asio::detail::reactor>(context)), fd_(fd), ready_(ready), what_(what) {
        reactor_.init_task();
        if (const int e = reactor_.register_descriptor(fd, state_); e != 0) {
            ::close(fd);
            throw system_error(std::error_code(e, std::system_category()), "epoll_ctl");
        }
    }
    set_wait(const set_wait&) = delete;
    set_wait& operator=(const set_wait&) = delete;
    ~set_wait() { close(); }

    int descriptor() const noexcept { return fd_; }
    bool is_open() const noexcept { return fd_ >= 0; }
    void start(std::shared_ptr<void> keep, waiting_for what) {
        keep_ = std::move(keep);
        if (std::exchange(pending_, true)) { // the wait that was ended is not over yet
            again_ = true;
            return;
        }
        ec_ = asio::error_code();
        reactor_.start_op(asio::detail::reactor::read_op, fd_, state_, this, false, what == waiting_for::news);
    }
    // Ends the wait; its function is not called.
    void cancel() noexcept {
        again_ = false;
        reactor_.cancel_ops(fd_, state_);
    }
    void close() noexcept {
        if (fd_ < 0) return;
        reactor_.deregister_descriptor(fd_, state_, false); // not left to the kernel, which minds duplicates
        ::close(std::exchange(fd_, -1));
        reactor_.cleanup_descriptor_data(state_);
    }

private:
    // That nothing more is to be had stops Asio from trying before the next event.
    static status perform_now(reactor_op*) { return done_and_exhausted; }
    static void complete_now(void* owner, asio::detail::operation* base, const asio::error_code&, std::size_t) {
        auto* const self = static_cast<set_wait*>(static_cast<reactor_op*>(base));
        auto keep = std::move(self->keep_);
        self->pending_ = false;
        const bool again = std::exchange(self->again_, false);
        if (!owner) return;
        if (!self->ec_) self->ready_(self->what_);
        else if (again && self->is_open()) self->start(std::move(keep), waiting_for::anew);
    }

    asio::detail::reactor& reactor_;
    asio::detail::reactor::per_descriptor_data state_{};
    int fd_;
    ready_function ready_;
    void* what_;
    std::shared_ptr<void> keep_;
    bool pending_ = false; // Asio has the operation
    bool again_ = false;   // wait again when it gives it back
};

#else

class set_wait {
public:
    using ready_function = void (*)(void*);

    set_wait(asio::io_context& context, int fd, ready_function ready, void* what)
        : set_(context), ready_(ready), what_(what) {
        set_.assign(fd);
    }
    set_wait(const set_wait&) = delete;
    set_wait& operator=(const set_wait&) = delete;

    int descriptor() noexcept { return set_.native_handle(); }
    bool is_open() const noexcept { return set_.is_open(); }
    void start(std::shared_ptr<void> keep, waiting_for) { set_.async_wait(set_.wait_read, on_ready{this, std::move(keep)}); }
    void cancel() noexcept {
        std::error_code ignored;
        set_.cancel(ignored);
    }
    void close() noexcept {
        std::error_code ignored;
        set_.close(ignored);
    }

private:
    struct on_ready {
        set_wait* self;
        std::shared_ptr<void> keep;
        using allocator_type = recycling_allocator<void>;
        allocator_type get_allocator() const noexcept { return {}; }
        void operator()(std::error_code ec) const {
            if (!ec) self->ready_(self->what_);
        }
    };
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> set_;
    ready_function ready_;
    void* what_;
};

#endif

} // namespace crema::detail
#endif
