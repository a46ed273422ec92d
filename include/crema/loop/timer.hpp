// Timers: Node's rules for when and in which order they fire.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/recycle.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/job_queue.hpp>
#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace crema {

/** Holds the delay of a timer: whole milliseconds from 1 to 2^31-1.

    Made from a number of milliseconds or any `std::chrono` duration. Fractions are cut off; what is less than 1, more
    than 2^31-1, or no number becomes 1, as in Node.

    @par Thread Safety
    Distinct objects: safe.
*/
class timer_delay {
public:
    /// Construct from milliseconds.
    template <class T>
        requires std::is_arithmetic_v<T>
    constexpr timer_delay(T ms) noexcept : ms_(of(static_cast<double>(ms))) {}
    /// Construct from a duration.
    template <class Rep, class Period>
    constexpr timer_delay(std::chrono::duration<Rep, Period> d) noexcept
        : ms_(of(std::chrono::duration<double, std::milli>(d).count())) {}

    /// Returns the milliseconds.
    constexpr std::int32_t count() const noexcept { return ms_; }

private:
    static constexpr std::int32_t of(double ms) noexcept {
        return ms >= 1 && ms <= std::numeric_limits<std::int32_t>::max() ? static_cast<std::int32_t>(ms) : 1;
    }
    std::int32_t ms_;
};

namespace detail {

class timer_queue;

struct timer_link {
    timer_link* prev = nullptr;
    timer_link* next = nullptr;
    bool linked() const noexcept { return next != nullptr; }
    void unlink() noexcept {
        if (!next) return;
        prev->next = next;
        next->prev = prev;
        prev = next = nullptr;
    }
};

// All timers of one duration, in the order of their start.
struct timer_list {
    timer_link head{&head, &head};
    std::int64_t expiry; // when the list has to be looked at
    std::int64_t id;     // decides between lists of one expiry
    std::int32_t msecs;
    std::uint32_t at = 0; // in the heap
    bool mapped = true;

    timer_list(std::int64_t e, std::int64_t i, std::int32_t m) noexcept : expiry(e), id(i), msecs(m) {}
    bool empty() const noexcept { return head.next == &head; }
    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }
};

} // namespace detail

/** Is a timer that costs no allocation: a member of whoever waits. Fires once for each `start`.

    For engines; applications use `set_timeout`. The function may destroy the timer or start it again. The time counts
    from the loop time of the running callback, so starting and cancelling read no clock.

    @par Thread Safety
    Only on the thread of the loop.
*/
class loop_timer : private detail::timer_link {
public:
    using function = void (*)(loop_timer&); ///< what is called, as a callback of the loop

    /// Construct with what to call.
    explicit loop_timer(function f) noexcept : fire_(f) {}
    loop_timer(const loop_timer&) = delete;
    loop_timer& operator=(const loop_timer&) = delete;
    ~loop_timer() { cancel(); }

    /** Start, or start anew.

        @param queue Of the loop: `loop.timers()`.
        @param delay From now.
        @param label What the watchdog names; null for "timer".
    */
    inline void start(detail::timer_queue& queue, timer_delay delay, const activity_label* label = nullptr);
    /// Stops; does nothing when not started.
    inline void cancel() noexcept;
    /// Tells whether it was started and has not fired.
    bool active() const noexcept { return linked(); }
    /// Lets it keep the loop alive, which is the default.
    inline void ref() noexcept;
    /// Lets it not keep the loop alive.
    inline void unref() noexcept;
    /// Tells whether it keeps the loop alive while active.
    bool has_ref() const noexcept { return refed_; }

private:
    friend class detail::timer_queue;
    friend class timer;
    function fire_;
    detail::timer_queue* queue_ = nullptr;
    const activity_label* label_ = nullptr;
    std::int64_t start_ = 0;
    std::int32_t msecs_ = 0;
    std::int32_t repeat_ = 0;  // owned ones: the period of an interval
    bool refed_ = true;
    bool destroyed_ = true;    // not counted among those that keep the loop alive
    bool cleared_ = false;     // owned ones: by clear_timeout, for good
    bool owned_ = false;       // is a timeout_object
};

namespace detail {

// What `set_timeout` makes. Counted: once by the queue while it waits or runs, once by each handle.
class timeout_object final : public loop_timer {
public:
    inline explicit timeout_object(unique_function<void()> f) noexcept;
    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }
    void retain() noexcept { ++count_; }
    void release() noexcept {
        if (--count_ == 0) delete this;
    }
    void run() {
        struct mark {
            bool& running;
            explicit mark(bool& r) noexcept : running(r) { running = true; }
            ~mark() { running = false; }
        } const m(running_);
        run_();
    }
    // Destroys the function, which may hold handles to this: not while it runs.
    void drop() noexcept {
        if (running_) return;
        const auto last = std::move(run_);
    }

private:
    unique_function<void()> run_;
    unsigned count_ = 0;
    bool running_ = false;
};

/** Holds the timers of one loop, in lists by duration and a heap of these lists.

    Node's lib/internal/timers.js tells when what fires; `due` is what it gives to libuv's one timer.
*/
class timer_queue {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    explicit timer_queue(loop_signals& signals) noexcept : signals_(signals) {}
    timer_queue(const timer_queue&) = delete;
    timer_queue& operator=(const timer_queue&) = delete;
    ~timer_queue() { clear(); }

    loop_time time;

    // How many timers keep the loop alive.
    std::int64_t refs() const noexcept { return refs_; }
    // When `process` is to be called, `never` for not at all.
    std::int64_t due() const noexcept { return due_; }
    // When the first that keeps the loop alive is due; linear in their number.
    std::int64_t first_ref() const noexcept {
        std::int64_t first = never;
        for (const auto* list : heap_)
            for (const auto* n = list->head.next; n != &list->head; n = n->next) {
                const auto& t = static_cast<const loop_timer&>(*n);
                if (t.refed_) first = std::min(first, t.start_ + t.msecs_);
            }
        return first;
    }

    // The time is read anew, as Node does.
    void insert_now(loop_timer& t) { insert(t, time.update()); }
    void insert(loop_timer& t, std::int64_t start) {
        t.start_ = start;
        timer_list* list = find(t.msecs_);
        if (!list) {
            list = make(start + t.msecs_, t.msecs_);
            if (next_expiry_ > list->expiry) {
                schedule(t.msecs_);
                next_expiry_ = list->expiry;
            }
        }
        if (t.linked()) t.unlink();
        else if (t.owned_) static_cast<timeout_object&>(t).retain();
        t.prev = list->head.prev;
        t.next = &list->head;
        t.prev->next = &t;
        list->head.prev = &t;
        t.queue_ = this;
        signals_.touch();
    }
    // Counts the timer as waiting.
    void enrol(loop_timer& t) noexcept {
        if (!t.destroyed_) return;
        t.destroyed_ = false;
        if (t.refed_) ++refs_;
    }
    void count_ref(loop_timer& t, int by) noexcept {
        if (t.destroyed_) return;
        refs_ += by;
        signals_.touch();
    }
    // Takes it out for good (owned ones) or until it is started again.
    void unenroll(loop_timer& t) noexcept {
        if (t.destroyed_) return;
        t.destroyed_ = true;
        if (peeked_ == &t) peeked_ = nullptr;
        const bool was_linked = t.linked();
        t.unlink();
        if (t.refed_) {
            // lists of unref'd timers stay, as in Node
            if (auto* list = find(t.msecs_); list && list->empty()) remove(*list);
            --refs_;
        }
        signals_.touch();
        if (was_linked && t.owned_) static_cast<timeout_object&>(t).release();
    }

    /** Run what is due. The host has `bool run(label, f)`, `bool drain()`, both false after an exception, and
        `bool halted()`. */
    template <class Host>
    void process(Host& host) {
        due_ = never;
        const std::int64_t now = time.update();
        while (!lists_due(host, now) && !host.halted()) {
        }
        if (host.halted()) {
            if (!heap_.empty()) due_ = std::min(due_, now);
            return;
        }
        if (!heap_.empty()) {
            next_expiry_ = heap_.front()->expiry;
            schedule(std::max<std::int64_t>(next_expiry_ - time.ms(), 1));
        }
    }
    // Destroys all timers, also those that are made by the destructors of others.
    void clear() noexcept {
        while (!heap_.empty()) {
            auto& list = *heap_.front();
            while (!list.empty()) {
                auto& t = static_cast<loop_timer&>(*list.head.next);
                t.unlink();
                if (!t.destroyed_ && t.refed_) --refs_;
                t.destroyed_ = true;
                t.cleared_ = true;
                t.queue_ = nullptr;
                if (t.owned_) static_cast<timeout_object&>(t).release();
            }
            remove(list);
        }
        due_ = next_expiry_ = never;
    }

private:
    void schedule(std::int64_t delay) noexcept { due_ = time.ms() + delay; }

    // False when a callback threw: then start again.
    template <class Host>
    bool lists_due(Host& host, std::int64_t now) {
        next_expiry_ = never;
        bool ran_one = false;
        while (!heap_.empty() && heap_.front()->expiry <= now) {
            if (host.halted()) return true;
            if (ran_one && !host.drain()) return false;
            ran_one = true;
            if (host.halted()) return true;
            if (heap_.empty()) break; // cleared by a tick
            auto& list = *heap_.front();
            current_ = &list;
            const bool ok = list_due(host, list, now);
            current_ = nullptr;
            if (!list.mapped) delete &list;
            if (!ok) return false;
        }
        return true;
    }
    template <class Host>
    bool list_due(Host& host, timer_list& list, std::int64_t now) {
        bool ran_one = false;
        while (!list.empty()) {
            auto& t = static_cast<loop_timer&>(*list.head.next);
            if (now - t.start_ < list.msecs) {
                list.expiry = std::max(t.start_ + list.msecs, now + 1);
                list.id = next_id_++;
                if (list.mapped) moved(list);
                return true;
            }
            if (ran_one) {
                peeked_ = &t;
                const bool ok = host.drain();
                const bool gone = std::exchange(peeked_, nullptr) == nullptr;
                if (!ok || host.halted()) return ok;
                if (gone) continue; // a tick cleared it
            }
            ran_one = true;
            t.unlink();
            if (!fire(host, t)) return false;
            if (host.halted()) return true;
        }
        if (list.mapped) remove(list);
        return true;
    }
    template <class Host>
    bool fire(Host& host, loop_timer& t) {
        if (!t.owned_) { // may destroy itself
            t.destroyed_ = true;
            if (t.refed_) --refs_;
            return host.run(t.label_, [&t] { t.fire_(t); });
        }
        auto& owned = static_cast<timeout_object&>(t); // with the count of the queue
        const std::int64_t start = t.repeat_ ? time.update() : 0;
        const bool ok = host.run(t.label_, [&owned] { owned.run(); });
        if (t.repeat_ && !t.cleared_) {
            t.msecs_ = t.repeat_;
            insert(t, start);
        } else if (!t.linked() && !t.destroyed_) {
            t.destroyed_ = true;
            if (t.refed_) --refs_;
        }
        if (t.cleared_) owned.drop();
        owned.release();
        return ok;
    }

    timer_list* find(std::int32_t msecs) const noexcept {
        const auto at = lists_.find(msecs);
        return at == lists_.end() ? nullptr : at->second;
    }
    timer_list* make(std::int64_t expiry, std::int32_t msecs) {
        heap_.push_back(nullptr); // what may fail leaves nothing behind
        timer_list* list = nullptr;
        try {
            list = new timer_list(expiry, next_id_++, msecs);
            lists_.emplace(msecs, list);
        } catch (...) {
            delete list;
            heap_.pop_back();
            throw;
        }
        list->at = static_cast<std::uint32_t>(heap_.size() - 1);
        heap_.back() = list;
        up(list->at);
        return list;
    }
    void remove(timer_list& list) noexcept {
        lists_.erase(list.msecs);
        const auto at = list.at;
        auto* last = heap_.back();
        heap_.pop_back();
        if (last != &list) {
            place(last, at);
            moved(*last);
        }
        list.mapped = false;
        if (current_ != &list) delete &list;
    }
    static bool before(const timer_list* a, const timer_list* b) noexcept {
        return a->expiry != b->expiry ? a->expiry < b->expiry : a->id < b->id;
    }
    void place(timer_list* list, std::size_t at) noexcept {
        heap_[at] = list;
        list->at = static_cast<std::uint32_t>(at);
    }
    void moved(timer_list& list) noexcept {
        up(list.at);
        down(list.at);
    }
    void up(std::size_t at) noexcept {
        auto* list = heap_[at];
        for (; at > 0 && before(list, heap_[(at - 1) / 2]); at = (at - 1) / 2) place(heap_[(at - 1) / 2], at);
        place(list, at);
    }
    void down(std::size_t at) noexcept {
        auto* list = heap_[at];
        for (;;) {
            auto child = 2 * at + 1;
            if (child >= heap_.size()) break;
            if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
            if (!before(heap_[child], list)) break;
            place(heap_[child], at);
            at = child;
        }
        place(list, at);
    }

    loop_signals& signals_;
    std::unordered_map<std::int32_t, timer_list*, std::hash<std::int32_t>, std::equal_to<>,
                       recycling_allocator<std::pair<const std::int32_t, timer_list*>>>
        lists_;
    std::vector<timer_list*> heap_;
    std::int64_t due_ = never;
    std::int64_t next_expiry_ = never;
    std::int64_t next_id_ = 0;
    std::int64_t refs_ = 0;
    timer_list* current_ = nullptr;
    loop_timer* peeked_ = nullptr;
};

} // namespace detail

/** Refers to what `set_timeout` or `set_interval` made. Copies refer to the same timer.

    Destroying it does not stop the timer. The callback is destroyed when the timer has ended and no handle is left.
    It may outlive the loop; then nothing has an effect.

    @par Thread Safety
    Only on the thread of the loop.

    @see Node.js documentation, class Timeout
*/
class timer {
public:
    /// Construct empty.
    timer() noexcept = default;
    timer(const timer& other) noexcept : object_(other.object_) {
        if (object_) object_->retain();
    }
    timer(timer&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    timer& operator=(timer other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~timer() {
        if (object_) object_->release();
    }

    /// Lets it keep the loop alive, which is the default.
    timer& ref() noexcept {
        if (object_) object_->ref();
        return *this;
    }
    /// Lets it not keep the loop alive.
    timer& unref() noexcept {
        if (object_) object_->unref();
        return *this;
    }
    /// Tells whether it keeps the loop alive.
    bool has_ref() const noexcept { return object_ && object_->has_ref(); }
    /// Starts the delay anew, also after it has fired; does nothing once it was cleared.
    inline timer& refresh();
    /// Stops it for good and destroys its function, unless that runs. Does nothing when empty or cleared before.
    inline void clear() noexcept;
    /// Tells whether it waits to fire.
    bool active() const noexcept { return object_ && object_->active(); }

private:
    friend class loop;
    inline timer(detail::timer_queue& queue, unique_function<void()> f, timer_delay delay, bool repeat,
                 const activity_label* label);
    detail::timeout_object* object_ = nullptr;
};

inline void loop_timer::start(detail::timer_queue& queue, timer_delay delay, const activity_label* label) {
    cancel();
    queue_ = &queue;
    label_ = label;
    msecs_ = delay.count();
    queue.enrol(*this);
    queue.time.now();
    queue.insert(*this, queue.time.ms());
}
inline void loop_timer::cancel() noexcept {
    if (queue_) queue_->unenroll(*this);
}
inline void loop_timer::ref() noexcept {
    if (refed_) return;
    refed_ = true;
    if (queue_) queue_->count_ref(*this, 1);
}
inline void loop_timer::unref() noexcept {
    if (!refed_) return;
    if (queue_) queue_->count_ref(*this, -1);
    refed_ = false;
}

inline detail::timeout_object::timeout_object(unique_function<void()> f) noexcept
    : loop_timer([](loop_timer& t) { static_cast<timeout_object&>(t).run(); }), run_(std::move(f)) {}

inline timer::timer(detail::timer_queue& queue, unique_function<void()> f, timer_delay delay, bool repeat,
                    const activity_label* label)
    : object_(new detail::timeout_object(std::move(f))) {
    object_->retain();
    auto& t = *object_;
    t.owned_ = true;
    t.queue_ = &queue;
    t.label_ = label;
    t.msecs_ = delay.count();
    t.repeat_ = repeat ? delay.count() : 0;
    queue.enrol(t);
    queue.insert_now(t);
}
inline timer& timer::refresh() {
    if (!object_ || object_->cleared_ || !object_->queue_) return *this;
    object_->queue_->enrol(*object_);
    object_->queue_->insert_now(*object_);
    return *this;
}
inline void timer::clear() noexcept {
    if (!object_ || object_->cleared_) return;
    auto& object = *object_;
    object.cleared_ = true;
    object.retain(); // the function may hold this handle
    if (object.queue_) object.queue_->unenroll(object);
    object.drop();
    object.release();
}

} // namespace crema
