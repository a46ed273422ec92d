// Clock: where a loop takes the time from; the real one, or one that a test moves by hand.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <chrono>
#include <cstdint>

namespace crema {

/** Tells a loop the time. The loop uses `std::chrono::steady_clock` unless another clock is given to it.

    @par Thread Safety
    Only on the thread of the loops that use it.
*/
class loop_clock {
public:
    using time_point = std::chrono::steady_clock::time_point; ///< what it tells
    using duration = std::chrono::steady_clock::duration;     ///< what lies between two of them

    /// Is a loop that wants to know when the time was moved.
    class listener {
    public:
        virtual void on_time_moved() noexcept = 0; ///< called after each move

    protected:
        ~listener() = default;

    private:
        friend class loop_clock;
        listener* next_ = nullptr;
        listener** link_ = nullptr;
    };

    loop_clock() = default;
    loop_clock(const loop_clock&) = delete;
    loop_clock& operator=(const loop_clock&) = delete;
    virtual ~loop_clock() = default;

    /// Returns the time.
    virtual time_point now() noexcept = 0;

    /// Says what a loop does that has nothing to do but wait for a timer.
    enum class when_idle : unsigned char {
        sleep, ///< it sleeps: the time passes by itself
        wait,  ///< it waits for something else, or until somebody moves the clock
        jump,  ///< it calls `jump_to` with the time of the timer
    };
    /// Returns what a loop does.
    virtual when_idle idle() const noexcept { return when_idle::sleep; }
    /// Moves the time forward, for `when_idle::jump`.
    virtual void jump_to(time_point) noexcept {}

    /// Adds a listener.
    void listen(listener& l) noexcept {
        l.next_ = head_;
        if (head_) head_->link_ = &l.next_;
        l.link_ = &head_;
        head_ = &l;
    }
    /// Removes a listener; does nothing when it was not added.
    static void unlisten(listener& l) noexcept {
        if (!l.link_) return;
        *l.link_ = l.next_;
        if (l.next_) l.next_->link_ = l.link_;
        l.link_ = nullptr;
    }

protected:
    /// Tells the listeners that the time was moved.
    void moved() noexcept {
        for (auto* l = head_; l;) {
            auto* next = l->next_;
            l->on_time_moved();
            l = next;
        }
    }

private:
    listener* head_ = nullptr;
};

/** Is a clock that stands still until it is moved: for tests.

    With `when_idle::jump` a loop that has nothing ready to run moves it to the next timer while some timer keeps the
    loop alive, so that `loop.run()` ends in no time; what other threads still do is not waited for.

    @par Thread Safety
    Only on the thread of the loops that use it.
*/
class manual_clock final : public loop_clock {
public:
    /// Construct at some whole second.
    explicit manual_clock(when_idle idle = when_idle::wait) noexcept : idle_(idle) {}

    time_point now() noexcept override { return now_; }
    when_idle idle() const noexcept override { return idle_; }
    void jump_to(time_point then) noexcept override {
        if (then > now_) now_ = then;
    }

    /// Moves the time forward. Timers that are due now run in the next turn of the loop.
    void advance(duration by) noexcept {
        now_ += by;
        moved();
    }

private:
    time_point now_{std::chrono::seconds(1000)};
    when_idle idle_;
};

namespace detail {

// The time of one loop: read at most once a callback, in whole milliseconds for timers as in libuv.
class loop_time {
public:
    using time_point = loop_clock::time_point;

    loop_clock* clock() const noexcept { return clock_; }
    void clock(loop_clock* c) noexcept {
        clock_ = c;
        fresh_ = false;
    }
    // Forgets what was read.
    void stale() noexcept { fresh_ = false; }
    time_point now() noexcept {
        if (!fresh_) update();
        return now_;
    }
    std::int64_t update() noexcept {
        now_ = clock_ ? clock_->now() : std::chrono::steady_clock::now();
        fresh_ = true;
        return ms_ = std::chrono::floor<std::chrono::milliseconds>(now_).time_since_epoch().count();
    }
    // The milliseconds of the last update.
    std::int64_t ms() const noexcept { return ms_; }
    static time_point at(std::int64_t ms) noexcept { return time_point(std::chrono::milliseconds(ms)); }

private:
    loop_clock* clock_ = nullptr;
    time_point now_{};
    std::int64_t ms_ = 0;
    bool fresh_ = false;
};

} // namespace detail
} // namespace crema
