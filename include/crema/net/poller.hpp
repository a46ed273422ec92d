// poller: tells which descriptors are ready; level-triggered, many with one system call.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/loop/loop.hpp>
#include <memory>

#if !defined(CREMA_NET_EPOLL)
#define CREMA_NET_EPOLL CREMA_LINUX // 0 waits through Asio, as on other systems
#endif

namespace crema::net {

/** Watches descriptors for the sockets of one loop.

    On Linux an epoll set of its own, nested in that of Asio: one wait for all sockets, no system call to re-arm a
    socket, and no operation object a socket. When all that were told have `settled`, the set itself needs none either.
    Elsewhere each socket waits through Asio.

    @par Thread Safety
    Only on its loop.
*/
class poller {
public:
    /// Tells what a descriptor is ready for.
    struct readiness {
        bool readable;    ///< octets, the end, or an error
        bool writable;    ///< room, or an error
        bool peer_closed; ///< the peer sends nothing more
        bool broken;      ///< both directions are over; told whatever is watched for
    };
    /// Is told of a descriptor. Removed before it is destroyed.
    class watcher {
    public:
        /// The descriptor is ready.
        virtual void on_ready(readiness r) = 0;
        /// The descriptor is readable; `on_ready` follows once others have been told this. Calls nobody.
        virtual void on_arrival() noexcept {}
        /// Follows the `on_ready` that has called `put_off`.
        virtual void on_flush() {}

    protected:
        ~watcher() = default;

    private:
        friend class poller;
        int fd_ = -1;
        bool readable_ = false, writable_ = false, closing_ = false;
#if !CREMA_NET_EPOLL
        void* waits_ = nullptr; // where Asio waits for it
#endif
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

    /// Returns whose `on_ready` runs; null when it has been removed meanwhile.
    const watcher* current() const noexcept { return *current_; }
    /** Asks, while its `on_ready` runs, for an `on_flush` after those of the others that are ready.
        @return False when there will be none. */
    bool put_off(const watcher& w) noexcept { return *current_ == &w && *may_put_off_ && (*put_off_ = true); }
    /** Says, while its `on_ready` runs, that nothing is left of the octets that it was told of.

        What comes later is told. Should something be left all the same, it is told with the next thing that happens to
        any descriptor, or after `look_again`. */
    void settled(const watcher& w) noexcept {
        if (*current_ == &w) *settled_ = true;
    }
    /// Tells of everything that is ready, whoever has `settled`: now and then, for who was wrong in that.
    CREMA_DECL void look_again() noexcept;
    /// Returns the loop.
    loop& owner() const noexcept { return loop_; }

private:
    struct state;
    loop& loop_;
    std::shared_ptr<state> state_;
    const watcher* const* current_;
    bool* settled_;
    bool* may_put_off_;
    bool* put_off_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <asio/posix/stream_descriptor.hpp>
#include <asio/io_context.hpp>
#include <crema/core/error.hpp>
#include <crema/net/set_wait.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <new>
#include <utility>
#include <unistd.h>
#if CREMA_NET_EPOLL
#include <sys/epoll.h>
#endif

namespace crema::net {

#if CREMA_NET_EPOLL

struct poller::state : std::enable_shared_from_this<state> {
    static int make_set() {
        const int fd = ::epoll_create1(EPOLL_CLOEXEC);
        if (fd < 0) throw system_error(std::error_code(errno, std::system_category()), "epoll_create1");
        return fd;
    }
    explicit state(loop& l)
        : loop_(l), set_(l.context(), make_set(), [](void* self) { static_cast<state*>(self)->run(); }, this) {}
    void wait(crema::detail::waiting_for what = crema::detail::waiting_for::anew) {
        if (waiting_ || count_ == 0 || !set_.is_open()) return;
        try {
            set_.start(shared_from_this(), what);
            waiting_ = true;
            quiet_ = what == crema::detail::waiting_for::news;
        } catch (const std::bad_alloc&) { // looks without waiting until there is memory again
            loop_.callback([&] { again_.start(loop_.immediates()); });
        }
    }
    // What is ready now counts too, not only what comes.
    void look_again() noexcept {
        all_settled_ = false;
        if (!waiting_ || !quiet_) return;
        set_.cancel();
        waiting_ = false;
        wait();
    }
    void run() {
        waiting_ = false;
        if (!set_.is_open()) return;
        if (next_ == size_) {
            next_ = 0;
            const int found = ::epoll_wait(set_.descriptor(), batch_, most, 0);
            size_ = std::max(found, 0);
            all_settled_ = found >= 0 && found < most; // who was not seen because that failed is still there
        }
        while (next_ < size_)
            if (!tell(next_, std::min(size_, next_ + most_at_once))) break;
        current_ = nullptr;
        if (next_ == size_) return wait(all_settled_ ? crema::detail::waiting_for::news : crema::detail::waiting_for::anew);
        loop_.callback([&] { again_.start(loop_.immediates()); }); // those whose octets were read already, too
    }
    /* Tells those from `begin` to `end`, in three rounds, each of which stays within the code that a core keeps at hand:
       octets are read, handlers run, answers are written. That costs a tenth less than one after the other. Who has put
       off an answer waits for the others no longer than `patience`, beside the one that runs. False when the loop was told
       to stop. */
    bool tell(int begin, int end) {
        const bool rounds = end - begin > 1;
        if (rounds) {
            for (int i = begin; i < end; ++i)
                if (batch_[i].events == EPOLLIN && batch_[i].data.ptr) static_cast<watcher*>(batch_[i].data.ptr)->on_arrival();
        }
        int waiting = 0;
        bool going = true;
        std::uint64_t since = 0;
        for (int i = begin; i < end; ++i) {
            auto* w = static_cast<watcher*>(batch_[i].data.ptr);
            if (!w) continue; // removed by one before
            if (waiting != 0 && ticks() - since > patience) {
                flush(begin, i);
                waiting = 0;
                if (!batch_[i].data.ptr) continue;
            }
            current_ = w;
            settled_ = put_off_ = false;
            may_put_off_ = rounds;
            const auto e = batch_[i].events;
            const bool failed = (e & (EPOLLHUP | EPOLLERR)) != 0;
            loop_.callback([&] {
                w->on_ready({(e & EPOLLIN) || failed, (e & EPOLLOUT) || failed, (e & (EPOLLRDHUP | EPOLLHUP)) != 0, failed});
            });
            if (put_off_ && current_) {
                if (waiting++ == 0) since = ticks();
            } else {
                batch_[i].data.ptr = nullptr;
                if (e != EPOLLIN || (!settled_ && current_)) all_settled_ = false;
            }
            if (loop_.halted() && loop_.context().stopped()) { // told to stop; the others are told when it goes on
                going = false;
                end = i + 1;
            }
        }
        if (waiting != 0) flush(begin, end);
        next_ = end;
        return going;
    }
    void flush(int begin, int end) {
        may_put_off_ = false;
        loop_.callback([&] {
            for (int i = begin; i < end; ++i) {
                auto* w = static_cast<watcher*>(batch_[i].data.ptr);
                if (!w) continue;
                current_ = w;
                settled_ = false;
                w->on_flush();
                batch_[i].data.ptr = nullptr;
                if (!settled_ && current_) all_settled_ = false;
            }
        });
    }
    static constexpr int most_at_once = 24;
#if defined(__x86_64__)
    static std::uint64_t ticks() noexcept { return __builtin_ia32_rdtsc(); } // no more exact than it need be
    static constexpr std::uint64_t patience = 200'000;
#else
    static std::uint64_t ticks() noexcept {
        return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
    }
    static constexpr std::uint64_t patience = 60'000;
#endif
    void forget(watcher& w) noexcept {
        if (current_ == &w) current_ = nullptr;
        for (int i = 0; i < size_; ++i)
            if (batch_[i].data.ptr == &w) batch_[i].data.ptr = nullptr;
    }

    struct without_memory : loop_immediate {
        explicit without_memory(state& s) noexcept
            : loop_immediate([](loop_immediate& i) {
                  const auto keep = static_cast<without_memory&>(i).self.shared_from_this();
                  keep->run();
              }), self(s) {}
        state& self;
    };
    loop& loop_;
    crema::detail::set_wait set_;
    without_memory again_{*this};
    static constexpr int most = 256;
    epoll_event batch_[most];
    int next_ = 0, size_ = 0; // of the batch, who is to be told
    const watcher* current_ = nullptr;
    std::size_t count_ = 0;
    bool waiting_ = false;
    bool settled_ = false; // whose `on_ready` runs
    bool may_put_off_ = false, put_off_ = false;
    bool all_settled_ = false;
    bool quiet_ = false; // it waits for news only
};

CREMA_DECL poller::poller(loop& l)
    : loop_(l), state_(std::make_shared<state>(l)), current_(&state_->current_), settled_(&state_->settled_),
      may_put_off_(&state_->may_put_off_), put_off_(&state_->put_off_) {}

CREMA_DECL poller::~poller() { state_->set_.close(); }

CREMA_DECL void poller::add(watcher& w, int fd) {
    epoll_event e{};
    e.events = EPOLLIN | EPOLLRDHUP;
    e.data.ptr = &w;
    if (::epoll_ctl(state_->set_.descriptor(), EPOLL_CTL_ADD, fd, &e) != 0)
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
    ::epoll_ctl(state_->set_.descriptor(), EPOLL_CTL_MOD, w.fd_, &e);
    state_->look_again(); // the kernel does not tell of what was ready already
}

CREMA_DECL void poller::look_again() noexcept { state_->look_again(); }

CREMA_DECL void poller::remove(watcher& w) noexcept {
    if (w.fd_ < 0) return;
    epoll_event e{};
    ::epoll_ctl(state_->set_.descriptor(), EPOLL_CTL_DEL, w.fd_, &e);
    w.fd_ = -1;
    state_->forget(w);
    if (--state_->count_ == 0 && state_->waiting_) {
        state_->set_.cancel(); // nothing to wait for: the loop may end
        state_->waiting_ = false;
    }
}

#else

struct poller::state {
    const watcher* current_ = nullptr;
    bool settled_ = false, may_put_off_ = false, put_off_ = false;
};

namespace detail {

// Waits for one descriptor through Asio, again and again.
struct waiting : std::enable_shared_from_this<waiting> {
    waiting(loop& l, int fd) : owner(l), descriptor(l.context(), fd) {}
    ~waiting() {
        if (descriptor.is_open()) descriptor.release();
    }
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
    void ready(bool readable, bool writable) {
        current(watcher);
        on_ready(watcher, readable, writable);
        current(nullptr);
    }
    loop& owner;
    asio::posix::stream_descriptor descriptor;
    void* watcher = nullptr;
    std::function<void(void*)> current;
    void (*on_ready)(void*, bool, bool) = nullptr;
    bool wants_readable = false, wants_writable = false, reading = false, writing = false;
};

} // namespace detail

CREMA_DECL poller::poller(loop& l)
    : loop_(l), state_(std::make_shared<state>()), current_(&state_->current_), settled_(&state_->settled_),
      may_put_off_(&state_->may_put_off_), put_off_(&state_->put_off_) {}
CREMA_DECL poller::~poller() = default;
CREMA_DECL void poller::look_again() noexcept {}

CREMA_DECL void poller::add(watcher& w, int fd) {
    auto* waits = new std::shared_ptr<detail::waiting>(std::make_shared<detail::waiting>(loop_, fd));
    (*waits)->watcher = &w;
    (*waits)->on_ready = [](void* p, bool readable, bool writable) { static_cast<watcher*>(p)->on_ready({readable, writable, false, false}); };
    (*waits)->current = [s = state_](void* p) { s->current_ = static_cast<watcher*>(p); };
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
    if (state_->current_ == &w) state_->current_ = nullptr;
    (*waits)->descriptor.release(); // ends the waits, as long as the descriptor is still this one
    delete waits;
    w.waits_ = nullptr;
    w.fd_ = -1;
}

#endif

} // namespace crema::net
#endif
