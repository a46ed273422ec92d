// poller: tells which descriptors are ready; level-triggered, many with one system call.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/loop/loop.hpp>
#include <memory>

namespace crema::net {

/** Watches descriptors for the sockets of one loop.

    On Linux an epoll set of its own, nested in that of Asio: one wait for all sockets, no system call to re-arm a
    socket, and no operation object a socket. Elsewhere each socket waits through Asio.

    @par Thread Safety
    Only on its loop.
*/
class poller {
public:
    /// Is told of a descriptor. Removed before it is destroyed.
    class watcher {
    public:
        /// The descriptor is ready.
        virtual void on_ready(bool readable, bool writable, bool peer_closed) = 0;

    protected:
        ~watcher() = default;

    private:
        friend class poller;
        int fd_ = -1;
        bool readable_ = false, writable_ = false, closing_ = false;
        void* waits_ = nullptr; // where Asio waits for it
    };

    /// Construct for a loop, which outlives this.
    CREMA_DECL explicit poller(loop& l);
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;
    CREMA_DECL ~poller();

    /** Watch a descriptor, for reading.
        @throws system_error when the system refuses.
    */
    CREMA_DECL void add(watcher& w, int fd);
    /// Changes what is watched for. `peer_closed`: that the peer sends nothing more.
    CREMA_DECL void change(watcher& w, bool readable, bool writable, bool peer_closed) noexcept;
    /// Watches it no more. Does nothing when it is not watched.
    CREMA_DECL void remove(watcher& w) noexcept;

    /// Returns the loop.
    loop& owner() const noexcept { return loop_; }

private:
    struct state;
    loop& loop_;
    std::shared_ptr<state> state_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <asio/posix/stream_descriptor.hpp>
#include <asio/bind_executor.hpp>
#include <crema/core/error.hpp>
#include <crema/core/recycle.hpp>
#include <cerrno>
#include <unistd.h>
#if CREMA_LINUX
#include <sys/epoll.h>
#endif

namespace crema::net {

#if CREMA_LINUX

struct poller::state : std::enable_shared_from_this<state> {
    using descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

    struct on_events {
        std::shared_ptr<state> self;
        using allocator_type = recycling_allocator<void>;
        allocator_type get_allocator() const noexcept { return {}; }
        void operator()(std::error_code ec) const {
            if (!ec) self->run();
        }
    };

    explicit state(loop& l) : loop_(l), set_(l.context()) {
        const int fd = ::epoll_create1(EPOLL_CLOEXEC);
        if (fd < 0) throw system_error(std::error_code(errno, std::system_category()), "epoll_create1");
        set_.assign(fd);
    }
    void wait() {
        if (waiting_ || count_ == 0 || !set_.is_open()) return;
        waiting_ = true;
        set_.async_wait(descriptor::wait_read, on_events{shared_from_this()});
    }
    void run() {
        waiting_ = false;
        if (!set_.is_open()) return;
        epoll_event events[256];
        const int n = ::epoll_wait(set_.native_handle(), events, 256, 0);
        batch_ = events;
        size_ = n > 0 ? n : 0;
        for (int i = 0; i < size_; ++i) {
            auto* w = static_cast<watcher*>(events[i].data.ptr);
            if (!w) continue; // removed by one before
            const auto e = events[i].events;
            const bool failed = (e & (EPOLLHUP | EPOLLERR)) != 0;
            loop_.callback([&] { w->on_ready((e & EPOLLIN) || failed, (e & EPOLLOUT) || failed, (e & (EPOLLRDHUP | EPOLLHUP)) != 0); });
        }
        batch_ = nullptr;
        wait();
    }
    void forget(watcher& w) noexcept {
        for (int i = 0; batch_ && i < size_; ++i)
            if (batch_[i].data.ptr == &w) batch_[i].data.ptr = nullptr;
    }

    loop& loop_;
    descriptor set_;
    epoll_event* batch_ = nullptr;
    int size_ = 0;
    std::size_t count_ = 0;
    bool waiting_ = false;
};

CREMA_DECL poller::poller(loop& l) : loop_(l), state_(std::make_shared<state>(l)) {}

CREMA_DECL poller::~poller() {
    std::error_code ignored;
    state_->set_.close(ignored);
}

CREMA_DECL void poller::add(watcher& w, int fd) {
    epoll_event e{};
    e.events = EPOLLIN | EPOLLRDHUP;
    e.data.ptr = &w;
    if (::epoll_ctl(state_->set_.native_handle(), EPOLL_CTL_ADD, fd, &e) != 0)
        throw system_error(std::error_code(errno, std::system_category()), "epoll_ctl");
    w.fd_ = fd;
    w.readable_ = w.closing_ = true;
    w.writable_ = false;
    ++state_->count_;
    state_->wait();
}

CREMA_DECL void poller::change(watcher& w, bool readable, bool writable, bool peer_closed) noexcept {
    if (w.fd_ < 0 || (w.readable_ == readable && w.writable_ == writable && w.closing_ == peer_closed)) return;
    epoll_event e{};
    e.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u) | (peer_closed ? EPOLLRDHUP : 0u);
    e.data.ptr = &w;
    w.readable_ = readable;
    w.writable_ = writable;
    w.closing_ = peer_closed;
    ::epoll_ctl(state_->set_.native_handle(), EPOLL_CTL_MOD, w.fd_, &e);
}

CREMA_DECL void poller::remove(watcher& w) noexcept {
    if (w.fd_ < 0) return;
    epoll_event e{};
    ::epoll_ctl(state_->set_.native_handle(), EPOLL_CTL_DEL, w.fd_, &e);
    w.fd_ = -1;
    state_->forget(w);
    if (--state_->count_ == 0 && state_->waiting_) {
        std::error_code ignored;
        state_->set_.cancel(ignored); // nothing to wait for: the loop may end
        state_->waiting_ = false;
    }
}

#else

struct poller::state {};

namespace detail {

// Waits for one descriptor through Asio, again and again.
struct waiting : std::enable_shared_from_this<waiting> {
    waiting(loop& l, int fd) : owner(l), descriptor(l.context(), fd) {}
    ~waiting() { descriptor.release(); }
    void wait_readable() {
        if (std::exchange(reading, true)) return;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code ec) {
            self->reading = false;
            if (ec || !self->watcher) return;
            self->owner.callback([&] { self->ready(true, false); });
            if (self->watcher && self->wants_readable) self->wait_readable();
        });
    }
    void wait_writable() {
        if (std::exchange(writing, true)) return;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_write, [self = shared_from_this()](std::error_code ec) {
            self->writing = false;
            if (ec || !self->watcher) return;
            self->owner.callback([&] { self->ready(false, true); });
            if (self->watcher && self->wants_writable) self->wait_writable();
        });
    }
    void ready(bool readable, bool writable) { on_ready(watcher, readable, writable); }
    loop& owner;
    asio::posix::stream_descriptor descriptor;
    void* watcher = nullptr;
    void (*on_ready)(void*, bool, bool) = nullptr;
    bool wants_readable = false, wants_writable = false, reading = false, writing = false;
};

} // namespace detail

CREMA_DECL poller::poller(loop& l) : loop_(l) {}
CREMA_DECL poller::~poller() = default;

CREMA_DECL void poller::add(watcher& w, int fd) {
    auto* waits = new std::shared_ptr<detail::waiting>(std::make_shared<detail::waiting>(loop_, fd));
    (*waits)->watcher = &w;
    (*waits)->on_ready = [](void* p, bool readable, bool writable) { static_cast<watcher*>(p)->on_ready(readable, writable, false); };
    w.waits_ = waits;
    w.fd_ = fd;
    change(w, true, false, true);
}

CREMA_DECL void poller::change(watcher& w, bool readable, bool writable, bool) noexcept {
    if (w.fd_ < 0) return;
    auto& waits = **static_cast<std::shared_ptr<detail::waiting>*>(w.waits_);
    waits.wants_readable = readable;
    waits.wants_writable = writable;
    if (readable) waits.wait_readable();
    if (writable) waits.wait_writable();
}

CREMA_DECL void poller::remove(watcher& w) noexcept {
    if (w.fd_ < 0) return;
    auto* waits = static_cast<std::shared_ptr<detail::waiting>*>(w.waits_);
    (*waits)->watcher = nullptr;
    std::error_code ignored;
    (*waits)->descriptor.cancel(ignored);
    delete waits;
    w.waits_ = nullptr;
    w.fd_ = -1;
}

#endif

} // namespace crema::net
#endif
