// Immediates: what runs in the check phase, after the poll phase of the same turn.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/recycle.hpp>
#include <crema/loop/job_queue.hpp>
#include <cstdint>
#include <utility>

namespace crema {

namespace detail {

class immediate_queue;

struct immediate_link {
    immediate_link* prev = nullptr;
    immediate_link* next = nullptr;
    bool linked() const noexcept { return next != nullptr; }
    void unlink() noexcept {
        if (!next) return;
        prev->next = next;
        next->prev = prev;
        prev = next = nullptr;
    }
};

} // namespace detail

/** Is an immediate that costs no allocation: a member of whoever waits. Runs once for each `start`.

    The function may destroy it or start it again.

    @par Thread Safety
    Only on the thread of the loop.
*/
class loop_immediate : private detail::immediate_link {
public:
    using function = void (*)(loop_immediate&); ///< what is called, as a callback of the loop

    /// Construct with what to call.
    explicit loop_immediate(function f) noexcept : fire_(f) {}
    loop_immediate(const loop_immediate&) = delete;
    loop_immediate& operator=(const loop_immediate&) = delete;
    ~loop_immediate() { cancel(); }

    /** Queue it for the next check phase; does nothing when it is queued already.

        @param queue Of the loop: `loop.immediates()`.
        @param label What the watchdog names.
    */
    inline void start(detail::immediate_queue& queue, const activity_label* label = nullptr) noexcept;
    /// Takes it back; does nothing when not queued.
    inline void cancel() noexcept;
    /// Tells whether it is queued.
    bool active() const noexcept { return linked(); }
    /// Lets it keep the loop alive, which is the default.
    inline void ref() noexcept;
    /// Lets it not keep the loop alive.
    inline void unref() noexcept;
    /// Tells whether it keeps the loop alive while queued.
    bool has_ref() const noexcept { return refed_; }

private:
    friend class detail::immediate_queue;
    friend class immediate;
    function fire_;
    detail::immediate_queue* queue_ = nullptr;
    const activity_label* label_ = nullptr;
    bool refed_ = true;
    bool owned_ = false; // is an immediate_object
};

namespace detail {

// What `set_immediate` makes. Counted: once by the queue while it waits or runs, once by each handle.
class immediate_object final : public loop_immediate {
public:
    explicit immediate_object(unique_function<void()> f) noexcept
        : loop_immediate([](loop_immediate& i) { static_cast<immediate_object&>(i).run_(); }), run_(std::move(f)) {}
    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }
    void retain() noexcept { ++count_; }
    void release() noexcept {
        if (--count_ == 0) delete this;
    }

private:
    unique_function<void()> run_;
    unsigned count_ = 0;
};

// The immediates of one loop: those that wait, and the batch that runs.
class immediate_queue {
public:
    explicit immediate_queue(loop_signals& signals) noexcept : signals_(signals) {}
    immediate_queue(const immediate_queue&) = delete;
    immediate_queue& operator=(const immediate_queue&) = delete;
    ~immediate_queue() { clear(); }

    bool empty() const noexcept { return count_ == 0; }
    // How many keep the loop alive.
    std::int64_t refs() const noexcept { return refs_; }

    void push(loop_immediate& i) noexcept {
        append(waiting_, i);
        i.queue_ = this;
        ++count_;
        if (i.refed_) ++refs_;
        if (i.owned_) static_cast<immediate_object&>(i).retain();
        signals_.touch();
    }
    void take_back(loop_immediate& i) noexcept {
        i.unlink();
        --count_;
        if (i.refed_) --refs_;
        signals_.touch();
        if (i.owned_) static_cast<immediate_object&>(i).release();
    }
    void count_ref(int by) noexcept {
        refs_ += by;
        signals_.touch();
    }

    /** Run all that wait now. The host has `bool run(label, f)`, `bool drain()`, both false after an exception,
        and `bool halted()`. */
    template <class Host>
    void process(Host& host) {
        if (empty()) return;
        do {
            if (batch(host)) host.drain();
        } while (outstanding_ && !host.halted());
    }
    // Destroys all, also those that are made by the destructors of others.
    void clear() noexcept {
        while (waiting_.next != &waiting_ || running_.next != &running_) {
            auto& i = static_cast<loop_immediate&>(running_.next != &running_ ? *running_.next : *waiting_.next);
            take_back(i);
        }
        outstanding_ = false;
    }

private:
    static void append(immediate_link& list, immediate_link& i) noexcept {
        i.prev = list.prev;
        i.next = &list;
        i.prev->next = &i;
        list.prev = &i;
    }
    // False after an exception: the rest of the batch waits in `running_`.
    template <class Host>
    bool batch(Host& host) {
        if (running_.next == &running_) {
            if (waiting_.next != &waiting_) { // all of them at once
                running_ = waiting_;
                running_.next->prev = running_.prev->next = &running_;
                waiting_.prev = waiting_.next = &waiting_;
            }
            outstanding_ = true;
        }
        bool ran_one = false;
        while (running_.next != &running_) {
            if (ran_one && !host.drain()) return false;
            ran_one = true;
            if (host.halted()) return true;
            if (running_.next == &running_) break; // cleared by a tick
            auto& i = static_cast<loop_immediate&>(*running_.next);
            i.unlink();
            --count_;
            if (i.refed_) --refs_;
            bool ok;
            if (i.owned_) {
                auto& owned = static_cast<immediate_object&>(i); // with the count of the queue
                ok = host.run(i.label_, [&i] { i.fire_(i); });
                owned.release();
            } else {
                ok = host.run(i.label_, [&i] { i.fire_(i); }); // may destroy itself
            }
            if (!ok) return false;
            if (host.halted()) return true;
        }
        outstanding_ = false;
        return true;
    }

    loop_signals& signals_;
    immediate_link waiting_{&waiting_, &waiting_};
    immediate_link running_{&running_, &running_};
    std::int64_t count_ = 0;
    std::int64_t refs_ = 0;
    bool outstanding_ = false;
};

} // namespace detail

/** Refers to what `set_immediate` made. Copies refer to the same immediate; destroying it does not take it back.

    It may outlive the loop; then nothing has an effect.

    @par Thread Safety
    Only on the thread of the loop.

    @see Node.js documentation, class Immediate
*/
class immediate {
public:
    /// Construct empty.
    immediate() noexcept = default;
    immediate(const immediate& other) noexcept : object_(other.object_) {
        if (object_) object_->retain();
    }
    immediate(immediate&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    immediate& operator=(immediate other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~immediate() {
        if (object_) object_->release();
    }

    /// Lets it keep the loop alive, which is the default.
    immediate& ref() noexcept {
        if (object_) object_->ref();
        return *this;
    }
    /// Lets it not keep the loop alive.
    immediate& unref() noexcept {
        if (object_) object_->unref();
        return *this;
    }
    /// Tells whether it waits and keeps the loop alive.
    bool has_ref() const noexcept { return object_ && object_->active() && object_->has_ref(); }
    /// Takes it back; does nothing when it has run.
    void clear() noexcept {
        if (object_) object_->cancel();
    }
    /// Tells whether it waits to run.
    bool active() const noexcept { return object_ && object_->active(); }

private:
    friend class loop;
    immediate(detail::immediate_queue& queue, unique_function<void()> f, const activity_label* label)
        : object_(new detail::immediate_object(std::move(f))) {
        object_->retain();
        object_->owned_ = true;
        object_->start(queue, label);
    }
    detail::immediate_object* object_ = nullptr;
};

inline void loop_immediate::start(detail::immediate_queue& queue, const activity_label* label) noexcept {
    if (linked()) return;
    label_ = label;
    queue.push(*this);
}
inline void loop_immediate::cancel() noexcept {
    if (linked()) queue_->take_back(*this);
}
inline void loop_immediate::ref() noexcept {
    if (refed_) return;
    refed_ = true;
    if (linked()) queue_->count_ref(1);
}
inline void loop_immediate::unref() noexcept {
    if (!refed_) return;
    refed_ = false;
    if (linked()) queue_->count_ref(-1);
}

} // namespace crema
