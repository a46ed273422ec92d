// h1_shared: what the connections of one server share: pools, lists, coarse time.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/chunked.hpp>
#include <crema/http/date.hpp>
#include <crema/http/serializer.hpp>
#include <crema/loop/immediate.hpp>
#include <crema/server/exchange.hpp>
#include <crema/server/limits.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/// Describes a request that was refused before a handler saw all of it, and how it is answered.
struct client_error {
    int status;                ///< 400, 408, 413, 414, 417, 431, 501 or 505; may be changed to another of 400 to 599
    std::string_view reason;   ///< what was wrong, in a few words; lives forever
    const net::address& peer;  ///< who sent it
    std::string_view received; ///< the octets of the request that are there; valid during the call
    std::string type{};        ///< Content-Type of the answer; may be changed
    std::string body{};        ///< body of the answer; may be changed
    /// Further fields of the answer; those that are malformed, or say how the answer is framed, are left out.
    std::vector<std::pair<std::string, std::string>> fields{};
    bool silent = false;       ///< set: the connection is closed without an answer
};

namespace detail {

// A place in one of the lists of connections.
struct h1_link {
    h1_link* prev = this;
    h1_link* next = this;

    h1_link() noexcept = default;
    h1_link(const h1_link&) = delete;
    h1_link& operator=(const h1_link&) = delete;
    bool alone() const noexcept { return next == this; }
    void unlink() noexcept {
        prev->next = next;
        next->prev = prev;
        prev = next = this;
    }
    // Puts `l` at the end of the list whose head this is, from wherever it was.
    void push_back(h1_link& l) noexcept {
        l.prev->next = l.next;
        l.next->prev = l.prev;
        l.prev = prev;
        l.next = this;
        prev->next = &l;
        prev = &l;
    }
    // Moves all of another list to the end of this.
    void take_all(h1_link& other) noexcept {
        if (other.alone()) return;
        other.next->prev = prev;
        other.prev->next = this;
        prev->next = other.next;
        prev = other.prev;
        other.prev = other.next = &other;
    }
};

// Octets of requests. Shared by the connection that reads into them and by exchanges whose requests lie there, once the
// connection has gone on.
struct alignas(16) h1_room {
    static constexpr std::uint32_t size = 16 * 1024;
    std::size_t capacity;
    std::size_t users = 1;

    char* octets() noexcept { return reinterpret_cast<char*>(this + 1); }
    static h1_room& of(char* octets) noexcept { return *(reinterpret_cast<h1_room*>(octets) - 1); }
    static bool is_shared(char* octets) noexcept { return of(octets).users > 1; }
};

// Carries exchanges whose connection is gone or has gone on.
class h1_nobody final : public exchange_carrier {
public:
    explicit h1_nobody(h1_shared& s) noexcept : shared_(s) {}
    void respond(exchange&, int, std::string_view, std::string_view, std::string_view) override {}
    void begin(exchange&, int, std::string_view, std::string_view, std::optional<std::uint64_t>) override {}
    void write(exchange&, std::string_view) override {}
    void end(exchange&, std::string_view) override {}
    void informational(exchange&, int, std::string_view) override {}
    void abort(exchange&) noexcept override {}
    upgraded_stream upgrade(exchange&, int, std::string_view) override { return {}; }
    bool has_room(exchange&) noexcept override { return true; }
    CREMA_DECL body_state next_piece(exchange& x, std::string_view& piece) override;
    std::optional<std::string_view> buffered_body(exchange&) override { return std::nullopt; }
    void wants_body(exchange&) override {}
    CREMA_DECL std::string_view trailers(const exchange& x) const noexcept override;
    CREMA_DECL void released(exchange& x) noexcept override;
    net::address local() const noexcept override { return {}; }
    std::size_t connections() const noexcept override { return 0; }
    bool closing() const noexcept override { return true; }

private:
    h1_shared& shared_;
};

/* Shared by the connections of a server; lives until the last of them and the last exchange is gone, whatever becomes
   of the server.

   Time is counted in ticks of one timer: deadlines need no clock and no timer a connection. */
struct h1_shared : std::enable_shared_from_this<h1_shared> {
    h1_shared(exchange_handler& h, class loop& l, const limits& given);
    ~h1_shared();
    h1_shared(const h1_shared&) = delete;
    h1_shared& operator=(const h1_shared&) = delete;

    exchange_handler* handler;
    class loop* owner;
    limits limit; // pipeline_depth is 1 at least
    bool half_open = false;
    bool draining = false;
    std::chrono::milliseconds drain_idle{0};
    std::function<void(client_error&)> on_client_error;
    std::function<void(h1_connection&)> on_gone; // a connection is over
    std::function<void()> on_quiet;              // nothing is left at all
    http::date_cache date;
    h1_nobody nobody{*this};

    // Ticks of the limits.
    std::chrono::milliseconds period;
    std::uint32_t tick = 0;
    std::uint32_t passed = 0; // ticks since the last look
    std::uint32_t idle_ticks, header_ticks, rate_ticks, linger_ticks;
    std::uint64_t rate_octets; // what has to move in `rate_ticks`
    std::uint32_t ticks_of(std::chrono::milliseconds time) const noexcept;
    void advance(std::uint32_t ticks) noexcept; // time has passed
    // How long a client may still keep the server waiting, in ticks. What moves buys time at the rate of the limits, for a pause
    // of a few times their grace: who has a slow line, or stops for a moment, is not cut off; who moves hardly anything is.
    std::int32_t pace() const noexcept { return static_cast<std::int32_t>(rate_ticks); }
    template <class F>
    bool slow(std::int32_t& left, F&& moved) const {
        left -= static_cast<std::int32_t>(passed);
        if (left >= 0) return false;
        const std::uint64_t most = 6 * std::uint64_t{rate_ticks}, octets = moved();
        const auto bought = rate_octets == 0 || octets / rate_octets >= 6 ? most : octets * rate_ticks / rate_octets;
        left = static_cast<std::int32_t>(std::min(bought, most)) + std::max(left, -static_cast<std::int32_t>(rate_ticks));
        return left < 0;
    }

    h1_link idle;    // connections on which nothing is going on, the longest first
    h1_link active;  // all others
    h1_link buried;  // closed ones, destroyed when no function of any is on the stack
    std::size_t connections = 0;
    std::size_t exchanges = 0;   // that were handed to a handler and have not ended
    std::uint64_t begun = 0;     // that were ever
    exchange* detached = nullptr; // exchanges without a connection
    unsigned depth = 0;          // functions of connections on the stack

    // Connections that have something to do when the running callback has ended.
    void make_room_for_soon() { // so that `soon` cannot fail; once for each connection
        if (soon_.capacity() <= connections) soon_.reserve(2 * connections + 16);
        for (auto* v : {&running_, &later_, &turning_})
            if (v->capacity() <= connections) v->reserve(2 * connections + 16);
    }
    void soon(h1_connection& c) noexcept;
    void not_soon(h1_connection& c) noexcept;
    // The same in another turn of the loop.
    void later(h1_connection& c) noexcept;
    void report(std::exception_ptr e) noexcept;

    exchange* take_exchange();
    void give_back(exchange* x) noexcept;
    char* take_room(std::size_t size = h1_room::size);
    static char* share_room(char* room) noexcept {
        ++h1_room::of(room).users;
        return room;
    }
    void give_room(char* room) noexcept;
    void take_output(http::output_buffer& out) noexcept;
    void give_output(http::output_buffer& out) noexcept;
    std::unique_ptr<http::chunked_decoder> take_decoder();
    void give_back(std::unique_ptr<http::chunked_decoder> d) noexcept;

    // Takes an exchange away from its connection.
    void adopt(exchange& x) noexcept;
    // Ends an exchange.
    void recycle(exchange& x) noexcept;
    void recycle_one(exchange& x) noexcept;
    void give_back_rest(exchange& x) noexcept;
    // Calls for each connection, whatever becomes of others meanwhile.
    template <class F>
    void for_each(h1_link& list, F&& f);
    void drain();
    void check_all();
    bool make_room() noexcept; // for a new connection; false when all are at work
    void cut(cancel_reason why);
    std::size_t uncut() const noexcept; // exchanges that a cut would cancel
    void leave() noexcept;
    void may_be_quiet() noexcept;

    // Keeps everything in place while functions of connections are on the stack.
    struct entry {
        CREMA_FORCEINLINE explicit entry(h1_shared& s) noexcept : shared(s) { ++s.depth; }
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        CREMA_FORCEINLINE ~entry() {
            if (--shared.depth == 0 && !shared.buried.alone()) [[unlikely]] shared.leave();
        }
        h1_shared& shared;
    };

    char scratch[4096]; // for octets that nobody wants

    std::shared_ptr<h1_shared> self; // set when the server has gone before the last exchange

private:
    static constexpr std::size_t most_spare = 256;
    static constexpr std::size_t most_fields = 65'535; // that a head can count
    // Does what a microtask would do when there is no memory for one.
    struct without_memory : loop_immediate {
        explicit without_memory(h1_shared& s) noexcept
            : loop_immediate([](loop_immediate& i) { static_cast<without_memory&>(i).self.run_late(); }), self(s) {}
        h1_shared& self;
    };
    struct next_turn : loop_immediate {
        explicit next_turn(h1_shared& s) noexcept
            : loop_immediate([](loop_immediate& i) { static_cast<next_turn&>(i).self.keep_and_run_later(); }), self(s) {}
        h1_shared& self;
    };
    void run_soon();
    void run_late();
    void run_later();
    void keep_and_run_later();
    void tell_quiet();
    bool quiet_told_ = false;
    without_memory late_{*this};
    next_turn next_turn_{*this};
    std::vector<h1_connection*> soon_, running_, later_, turning_;
    std::vector<std::unique_ptr<exchange>> spare_exchanges_;
    std::vector<h1_room*> spare_rooms_;
    std::vector<http::output_buffer> spare_outputs_;
    std::vector<std::unique_ptr<http::chunked_decoder>> spare_decoders_;
};

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/loop/loop.hpp>
#include <ctime>
#include <utility>

namespace crema::detail {

CREMA_DECL body_state h1_nobody::next_piece(exchange& x, std::string_view&) {
    if (!x.body_error_) x.body_error_ = make_error_code(error::closed);
    return body_state::failed;
}
CREMA_DECL std::string_view h1_nobody::trailers(const exchange& x) const noexcept {
    return x.chunks_ ? x.chunks_->trailers() : std::string_view{};
}
CREMA_DECL void h1_nobody::released(exchange& x) noexcept { shared_.recycle(x); }

CREMA_DECL h1_shared::h1_shared(exchange_handler& h, class loop& l, const limits& given)
    : handler(&h), owner(&l), limit(given) {
    using namespace std::chrono_literals;
    // fine enough for the shortest deadline, and for the date
    const auto shortest = std::min({limit.idle, limit.header_deadline, limit.rate_grace, limit.linger});
    period = std::clamp(shortest / 4, 10ms, 250ms);
    idle_ticks = ticks_of(limit.idle);
    header_ticks = ticks_of(limit.header_deadline);
    rate_ticks = ticks_of(limit.rate_grace);
    linger_ticks = ticks_of(limit.linger);
    rate_octets = limit.rate * static_cast<std::uint64_t>(std::max<std::int64_t>(limit.rate_grace.count(), 1)) / 1000;
    limit.pipeline_depth = std::max<std::size_t>(limit.pipeline_depth, 1);
    date.refresh(static_cast<std::int64_t>(std::time(nullptr)));
    spare_exchanges_.reserve(most_spare); // giving back never fails
    spare_rooms_.reserve(most_spare);
    spare_outputs_.reserve(most_spare);
    spare_decoders_.reserve(most_spare);
}
CREMA_DECL h1_shared::~h1_shared() {
    for (auto* r : spare_rooms_) ::operator delete(r);
}

CREMA_DECL std::uint32_t h1_shared::ticks_of(std::chrono::milliseconds time) const noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>((time + period - std::chrono::milliseconds(1)) / period, 1, 1 << 30));
}

CREMA_DECL exchange* h1_shared::take_exchange() {
    if (spare_exchanges_.empty())
        return new exchange(http::parse_limits{.request_line = limit.request_line, .header_bytes = limit.header_bytes,
                                               .header_count = std::min(limit.header_count, most_fields)});
    auto* x = spare_exchanges_.back().release();
    spare_exchanges_.pop_back();
    return x;
}
CREMA_DECL void h1_shared::give_back(exchange* x) noexcept {
    if (spare_exchanges_.size() >= most_spare) [[unlikely]] return delete x;
    x->parser_.reset(x->head_);
    spare_exchanges_.emplace_back(x);
}
CREMA_DECL char* h1_shared::take_room(std::size_t size) {
    if (size != h1_room::size || spare_rooms_.empty()) {
        static_assert(alignof(h1_room) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
        return (::new (::operator new(sizeof(h1_room) + size)) h1_room{size})->octets();
    }
    auto* const room = spare_rooms_.back();
    spare_rooms_.pop_back();
    return room->octets();
}
CREMA_DECL void h1_shared::give_room(char* octets) noexcept {
    auto& room = h1_room::of(octets);
    if (room.users != 1) [[unlikely]] --room.users;
    else if (room.capacity != h1_room::size || spare_rooms_.size() >= most_spare) [[unlikely]] ::operator delete(&room);
    else spare_rooms_.push_back(&room);
}
CREMA_DECL void h1_shared::take_output(http::output_buffer& out) noexcept {
    if (spare_outputs_.empty()) return;
    out.swap(spare_outputs_.back());
    spare_outputs_.pop_back();
}
CREMA_DECL void h1_shared::give_output(http::output_buffer& out) noexcept {
    if (out.capacity() > 64 * 1024 || spare_outputs_.size() >= most_spare) return out.release();
    out.clear();
    spare_outputs_.push_back(std::move(out));
}
CREMA_DECL std::unique_ptr<http::chunked_decoder> h1_shared::take_decoder() {
    if (spare_decoders_.empty()) return std::make_unique<http::chunked_decoder>(
        http::chunk_limits{.extensions = limit.chunk_extensions, .trailers = limit.trailers});
    auto d = std::move(spare_decoders_.back());
    spare_decoders_.pop_back();
    d->reset();
    return d;
}
CREMA_DECL void h1_shared::give_back(std::unique_ptr<http::chunked_decoder> d) noexcept {
    if (spare_decoders_.size() < most_spare) spare_decoders_.push_back(std::move(d));
}

CREMA_DECL void h1_shared::adopt(exchange& x) noexcept {
    x.carrier_ = &nobody;
    x.prev_ = nullptr;
    x.next_ = detached;
    if (detached) detached->prev_ = &x;
    detached = &x;
}

CREMA_FORCEINLINE void h1_shared::recycle_one(exchange& x) noexcept {
    const entry e(*this);
    if (x.carrier_ == &nobody) {
        (x.prev_ ? x.prev_->next_ : detached) = x.next_;
        if (x.next_) x.next_->prev_ = x.prev_;
    }
    x.prev_ = x.next_ = nullptr;
    if (auto* l = std::exchange(x.listener_, nullptr)) l->on_destroy();
    x.scope_.reset();
    x.memory_.reset();
    if (x.rooms_[0]) [[unlikely]] give_back_rest(x);
    give_back(&x);
    if (--exchanges == 0 && draining) [[unlikely]] may_be_quiet();
}

// What only one has that its connection has left.
CREMA_COLD CREMA_DECL void h1_shared::give_back_rest(exchange& x) noexcept {
    for (auto& room : x.rooms_) // they are filled in order
        if (room) give_room(std::exchange(room, nullptr));
    if (x.chunks_) give_back(std::move(x.chunks_));
}

CREMA_DECL void h1_shared::recycle(exchange& x) noexcept {
    recycle_one(x);
    if (self && exchanges == 0) [[unlikely]] { // the server has gone: with the last exchange this goes, too
        const auto last = std::move(self);
    }
}

CREMA_DECL void h1_shared::soon(h1_connection& c) noexcept {
    soon_.push_back(&c);
    if (soon_.size() > 1) return;
    try {
        owner->queue_microtask([self = shared_from_this()] { self->run_soon(); });
    } catch (...) {
        late_.start(owner->immediates());
    }
}
CREMA_DECL void h1_shared::not_soon(h1_connection& c) noexcept {
    std::replace(soon_.begin(), soon_.end(), &c, static_cast<h1_connection*>(nullptr));
    std::replace(running_.begin(), running_.end(), &c, static_cast<h1_connection*>(nullptr));
    std::replace(later_.begin(), later_.end(), &c, static_cast<h1_connection*>(nullptr));
    std::replace(turning_.begin(), turning_.end(), &c, static_cast<h1_connection*>(nullptr));
}
CREMA_DECL void h1_shared::later(h1_connection& c) noexcept {
    later_.push_back(&c);
    if (!next_turn_.active()) next_turn_.start(owner->immediates());
}
CREMA_DECL void h1_shared::keep_and_run_later() {
    const auto keep = shared_from_this();
    run_later();
}

CREMA_DECL void h1_shared::may_be_quiet() noexcept {
    if (connections != 0 || exchanges != 0 || !on_quiet || std::exchange(quiet_told_, true)) return;
    try {
        owner->queue_microtask([keep = shared_from_this()] { keep->tell_quiet(); });
    } catch (...) {
        late_.start(owner->immediates());
    }
}
CREMA_DECL void h1_shared::tell_quiet() {
    if (!std::exchange(quiet_told_, false)) return;
    if (connections == 0 && exchanges == 0 && on_quiet) on_quiet();
}
CREMA_DECL void h1_shared::run_late() {
    const auto keep = shared_from_this();
    if (!soon_.empty()) run_soon();
    tell_quiet();
}

CREMA_DECL void h1_shared::report(std::exception_ptr e) noexcept {
    try {
        owner->report_unobserved(std::move(e));
    } catch (...) { // no memory to tell of it
    }
}

} // namespace crema::detail
#endif
