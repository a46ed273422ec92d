// crema in one file, made by single_include/amalgamate.py. Do not edit.
// SPDX-License-Identifier: MIT
//
//   g++ -std=c++20 app.cpp -lsimdjson -pthread
#pragma once
// ---- crema/core/config.hpp
// Configuration: version of the language, how bodies are compiled, compiler differences.

#if !defined(__cpp_impl_coroutine) || !defined(__cpp_concepts)
#error "crema needs C++20 with coroutines and concepts: compile with -std=c++20 (g++ 12, clang 16 or newer)"
#endif

/** @def CREMA_DECL
    Marks a function whose body stands in the lower part of its header. Header-only builds make it
    `inline`; with `CREMA_SEPARATE_COMPILATION` the body is compiled once, in the one source file that
    defines `CREMA_SOURCE` before it includes crema. */
#if defined(CREMA_SEPARATE_COMPILATION)
#define CREMA_DECL
#if defined(CREMA_SOURCE)
#define CREMA_BODIES 1
#else
#define CREMA_BODIES 0
#endif
#else
#define CREMA_DECL inline
#define CREMA_BODIES 1
#endif

#if defined(__GNUC__)
#define CREMA_NOINLINE [[gnu::noinline]]
#define CREMA_COLD [[gnu::cold, gnu::noinline]]
#define CREMA_FORCEINLINE [[gnu::always_inline]] inline
#else
#define CREMA_NOINLINE
#define CREMA_COLD
#define CREMA_FORCEINLINE inline
#endif

#if defined(__linux__)
#define CREMA_LINUX 1
#else
#define CREMA_LINUX 0
#endif

namespace crema {

/// Tells whether AddressSanitizer watches this build.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitize_address = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool sanitize_address = true;
#else
inline constexpr bool sanitize_address = false;
#endif
#else
inline constexpr bool sanitize_address = false;
#endif

} // namespace crema
// ---- crema/core/version.hpp
// The version of the library, for the preprocessor and for the program.

#define CREMA_VERSION_MAJOR 0
#define CREMA_VERSION_MINOR 1
#define CREMA_VERSION_PATCH 0
#define CREMA_VERSION_STRING "0.1.0"

namespace crema {

/// Holds the version of the headers in use, as `"major.minor.patch"`.
inline constexpr char version[] = CREMA_VERSION_STRING;

} // namespace crema
// ---- crema/async/awaitable.hpp
// awaitable: what can be awaited, what it gives, and how foreign types are made awaitable.
#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>
#include <variant>

namespace crema {

/** Makes a foreign type awaitable in a `task`. Specialise it with

    @code
    template <> struct await_adaptor<foreign> { static awaitable auto adapt(foreign&& x); };
    @endcode

    `loop/asio_bridge.hpp` does so for `asio::awaitable`.
*/
template <class T>
struct await_adaptor {};

/// Has an `await_adaptor`.
template <class T>
concept adaptable = requires(std::remove_cvref_t<T>&& x) { await_adaptor<std::remove_cvref_t<T>>::adapt(std::move(x)); };

namespace detail {

template <class A>
concept awaiter = requires(A& a) {
    { a.await_ready() } -> std::convertible_to<bool>;
    a.await_resume();
};

template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };

template <class A>
decltype(auto) get_awaiter(A&& a) {
    if constexpr (adaptable<A>) return get_awaiter(await_adaptor<std::remove_cvref_t<A>>::adapt(std::move(a)));
    else if constexpr (has_member_co_await<A>) return std::forward<A>(a).operator co_await();
    else if constexpr (has_free_co_await<A>) return operator co_await(std::forward<A>(a));
    else return std::forward<A>(a);
}

// Stands for an awaiter that lives until the end of the full expression. g++ 12 copies what an await_transform
// returns by reference, and awaiters are often immovable.
template <class A>
struct awaiter_ref {
    A& a;
    bool await_ready() { return static_cast<bool>(a.await_ready()); }
    template <class Promise>
    decltype(auto) await_suspend(std::coroutine_handle<Promise> h) {
        return a.await_suspend(h);
    }
    decltype(auto) await_resume() { return a.await_resume(); }
};

template <class A>
struct await_result {
    using awaiter_type = decltype(get_awaiter(std::declval<A>()));
    using type = decltype(std::declval<std::remove_reference_t<awaiter_type>&>().await_resume());
};

} // namespace detail

/// Can be awaited in a `task`: has the three functions of an awaiter, an `operator co_await`, or an adaptor.
template <class A>
concept awaitable = adaptable<A> || detail::has_member_co_await<A> || detail::has_free_co_await<A> ||
                    detail::awaiter<std::remove_reference_t<A>>;

/// The type of `co_await std::declval<A>()`.
template <awaitable A>
using await_result_t = typename detail::await_result<A>::type;

/// `std::monostate` for void, else the type without reference: what can be put into a tuple.
template <class T>
using value_of_t = std::conditional_t<std::is_void_v<T>, std::monostate, std::remove_cvref_t<T>>;

} // namespace crema
// ---- crema/core/error.hpp
// Errors: the codes of the library, their category, and the exception that carries a place.
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
// ---- crema/async/cancellation.hpp
// Cancellation: a request to stop that travels down a tree of coroutines of one thread.

namespace crema {

class cancel_scope;

/** Registers what is to be called when a scope is cancelled; unregisters when it is destroyed.

    Derive from it, or embed it, and give the function that gets the object back. It is called at most once.
    The function may destroy the callback and others of the same scope.

    @par Thread Safety
    Only on the thread of the scope.
*/
class cancel_callback {
public:
    using function = void (*)(cancel_callback&) noexcept; ///< what is called

    /// Construct with what to call; registers nothing yet.
    explicit cancel_callback(function f) noexcept : call_(f) {}
    cancel_callback(const cancel_callback&) = delete;
    cancel_callback& operator=(const cancel_callback&) = delete;
    ~cancel_callback() { detach(); }

    /// Registers with a scope, which may be null. A scope that is cancelled already does not call: test first.
    inline void attach(cancel_scope* scope) noexcept;

    /// Unregisters. Does nothing when not registered.
    void detach() noexcept {
        if (!link_) return;
        *link_ = next_;
        if (next_) next_->link_ = link_;
        link_ = nullptr;
    }

private:
    friend class cancel_scope;
    function call_;
    cancel_callback* next_ = nullptr;
    cancel_callback** link_ = nullptr;
};

/** Groups coroutines that are cancelled together. Scopes form a tree: cancelling one cancels all below it.

    Every coroutine has a pointer to one, in its environment, and hands it to the coroutines that it awaits.
    A leaf that waits for something registers a `cancel_callback`, ends its wait when called, and throws
    `cancelled` in its coroutine. A scope lives at least as long as the coroutines in it.

    @par Thread Safety
    Only on one thread; from others go through `loop::post`.
*/
class cancel_scope {
public:
    /// Construct a root.
    cancel_scope() noexcept : up_(*this) {}
    /// Construct below `parent`, which may be null. A parent that is cancelled already cancels this one.
    explicit cancel_scope(cancel_scope* parent) noexcept : up_(*this) { attach(parent); }
    cancel_scope(const cancel_scope&) = delete;
    cancel_scope& operator=(const cancel_scope&) = delete;
    ~cancel_scope() {
        if (gone_) *gone_ = true;
        while (head_) head_->detach();
    }

    /// Puts this scope below `parent`, which may be null; takes it from below its former parent.
    void attach(cancel_scope* parent) noexcept {
        up_.detach();
        parent_ = parent;
        if (!parent) return;
        if (parent->reason_ != cancel_reason::none) cancel(parent->reason_);
        else up_.attach(parent);
    }

    /// Forgets what was asked and stands alone again.
    void reset() noexcept {
        up_.detach();
        parent_ = nullptr;
        reason_ = cancel_reason::none;
        on_stuck_ = nullptr;
    }

    /// Tells whether cancellation was asked for.
    bool is_cancelled() const noexcept { return reason_ != cancel_reason::none; }
    /// Returns why, `none` while nobody asked.
    cancel_reason reason() const noexcept { return reason_; }
    /// Throws `cancelled` when cancellation was asked for.
    void check() const {
        if (is_cancelled()) [[unlikely]] throw cancelled(reason_);
    }

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wdangling-pointer" // the pointer to the local goes before the local does
#endif
    /// Cancels everything in this scope and below. Only the first call counts. The scope may be destroyed
    /// by what it calls.
    void cancel(cancel_reason why = cancel_reason::requested) noexcept {
        if (is_cancelled()) return;
        reason_ = why;
        bool gone = false;
        gone_ = &gone;
        while (!gone && head_) {
            auto* c = head_;
            c->detach();
            c->call_(*c);
        }
        if (!gone) gone_ = nullptr;
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

    /** Report that something in this scope cannot stop at once (a job that runs on the pool).

        The nearest scope upwards that asked to know, with `on_stuck`, is told. */
    void stuck() noexcept {
        for (auto* s = this; s; s = s->parent_)
            if (auto* h = s->on_stuck_) {
                h->call(*h);
                return;
            }
    }

    /// Wants to know of `stuck()`; see `with_timeout`.
    struct stuck_handler {
        void (*call)(stuck_handler&) noexcept; ///< what is called
    };
    /// Sets or, with null, removes who is told; it must live as long as it is set.
    void on_stuck(stuck_handler* h) noexcept { on_stuck_ = h; }

private:
    friend class cancel_callback;
    struct up_link : cancel_callback {
        explicit up_link(cancel_scope& s) noexcept
            : cancel_callback([](cancel_callback& c) noexcept {
                  auto& below = static_cast<up_link&>(c).scope;
                  below.cancel(below.parent_->reason_);
              }),
              scope(s) {}
        cancel_scope& scope;
    };

    up_link up_;
    cancel_scope* parent_ = nullptr;
    cancel_callback* head_ = nullptr;
    stuck_handler* on_stuck_ = nullptr;
    bool* gone_ = nullptr;
    cancel_reason reason_ = cancel_reason::none;
};

inline void cancel_callback::attach(cancel_scope* scope) noexcept {
    detach();
    if (!scope) return;
    next_ = scope->head_;
    if (next_) next_->link_ = &next_;
    link_ = &scope->head_;
    scope->head_ = this;
}

} // namespace crema
// ---- crema/core/activity.hpp
// activity: what the current thread works on, written cheaply and read by the watchdog from its own thread.
#include <atomic>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace crema {

/** Names a piece of the program that can run on a loop: a handler, a middleware, a timer.

    Labels are made by `make_label`, once for each content, and never destroyed: another thread may read one at any time.

    @par Thread Safety
    Immutable.
*/
struct activity_label {
    std::string_view kind;             ///< `"handler"`, `"middleware"`, `"timer"` …
    std::string_view name;             ///< the route pattern; empty where there is none
    std::source_location where;        ///< where it was registered
    const activity_label* below;       ///< the router or app it was mounted in; null at the top
};

/** Return the label of this content, making it when it is new.

    @param kind One of a few words; copied.
    @param name The pattern of the route or mount; copied.
    @param where Where it was registered.
    @param below The label of the mount it stands below; may be null.
    @return A label that lives as long as the process.

    @par Complexity
    Logarithmic in the number of labels; takes a lock. For registration, not for requests.

    @par Thread Safety
    Safe.
*/
CREMA_DECL const activity_label& make_label(std::string_view kind, std::string_view name, std::source_location where,
                                            const activity_label* below = nullptr);

/** Return the label of a place in the source, without a name, through a small cache of this thread.

    @param kind A string literal: compared by address.
    @param where The place.

    @par Complexity
    A few instructions when the place was asked for recently, else as `make_label`.

    @par Thread Safety
    Safe.
*/
CREMA_DECL const activity_label& label_at(const char* kind, const std::source_location& where);

/** Return the label of `l` mounted below `below`, through a small cache of this thread.

    @par Complexity
    A few instructions when the pair was asked for recently, else as `make_label`.

    @par Thread Safety
    Safe.
*/
CREMA_DECL const activity_label& label_below(const activity_label& l, const activity_label& below);

/// Is what runs: a label and, for requests, the method. Owned by whoever runs (the exchange of a request).
struct activity {
    const activity_label* label = nullptr; ///< what
    const char* method = nullptr;          ///< the method of the request, a string that lives forever; may be null
};

/** Shows what a thread does now. One a thread; the thread writes, a watchdog reads.

    `turn` changes whenever a callback begins or ends; it is odd while one runs. A reader that sees the same odd
    turn twice knows that one callback ran all the time between.

    @par Thread Safety
    The members are atomic; only the owning thread writes.
*/
struct activity_board {
    std::atomic<std::uint64_t> turn{0};                 ///< odd while a callback runs
    std::atomic<const activity_label*> label{nullptr};  ///< what runs, may be null
    std::atomic<const char*> method{nullptr};           ///< its request's method, may be null

    /// Shows another activity of the same callback; null shows nothing.
    void show(const activity* a) noexcept {
        show(a ? a->label : nullptr, a ? a->method : nullptr);
    }
    /// Shows a label and a method; each may be null. The stores release what the reader follows.
    void show(const activity_label* l, const char* m) noexcept {
        label.store(l, std::memory_order_release);
        method.store(m, std::memory_order_release);
    }
    /// Begins a callback. Calls do not nest.
    void begin() noexcept {
        turn.store(turn.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    /// Ends it.
    void end() noexcept {
        turn.store(turn.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
};

/// Returns the board of this thread.
inline activity_board& this_thread_activity() noexcept {
    static thread_local constinit activity_board board{};
    return board;
}

/** Shows an activity for the length of a C++ scope, then what was shown before.

    @par Thread Safety
    Only on one thread.
*/
class activity_scope {
public:
    /// Shows `a`; null keeps what is shown.
    explicit activity_scope(const activity* a) noexcept : board_(this_thread_activity()), active_(a != nullptr) {
        if (!active_) return;
        label_ = board_.label.load(std::memory_order_relaxed);
        method_ = board_.method.load(std::memory_order_relaxed);
        board_.show(a);
    }
    activity_scope(const activity_scope&) = delete;
    activity_scope& operator=(const activity_scope&) = delete;
    ~activity_scope() {
        if (!active_) return;
        board_.show(label_, method_);
    }

private:
    activity_board& board_;
    const activity_label* label_ = nullptr;
    const char* method_ = nullptr;
    bool active_;
};

} // namespace crema

#if CREMA_BODIES
#include <mutex>
#include <set>
#include <string>
#include <tuple>

namespace crema {

CREMA_DECL const activity_label& make_label(std::string_view kind, std::string_view name, std::source_location where,
                                            const activity_label* below) {
    struct entry {
        std::string kind, name;
        activity_label label;
    };
    struct order {
        static auto key(const entry& e) {
            return std::tuple(std::string_view(e.kind), std::string_view(e.name), std::string_view(e.label.where.file_name()),
                              e.label.where.line(), e.label.where.column(), e.label.below);
        }
        bool operator()(const entry& a, const entry& b) const { return key(a) < key(b); }
    };
    static std::mutex guard;
    static auto& all = *new std::set<entry, order>; // never destroyed: the watchdog may read to the end
    const std::lock_guard lock(guard);
    auto at = all.insert(entry{std::string(kind), std::string(name), {{}, {}, where, below}}).first;
    auto& e = const_cast<entry&>(*at); // the views below are no part of the key
    if (e.label.kind.data() == nullptr) {
        e.label.kind = e.kind;
        e.label.name = e.name;
    }
    return e.label;
}

CREMA_DECL const activity_label& label_at(const char* kind, const std::source_location& where) {
    struct slot {
        const char* kind;
        const char* file;
        std::uint_least32_t line, column;
        const activity_label* label;
    };
    static thread_local constinit slot slots[64]{};
    const auto key = reinterpret_cast<std::uintptr_t>(where.file_name()) / 8 + where.line() * 31 + where.column();
    auto& s = slots[key % 64];
    if (s.kind != kind || s.file != where.file_name() || s.line != where.line() || s.column != where.column())
        s = {kind, where.file_name(), where.line(), where.column(), &make_label(kind, {}, where)};
    return *s.label;
}

CREMA_DECL const activity_label& label_below(const activity_label& l, const activity_label& below) {
    struct slot {
        const activity_label *l, *below, *composed;
    };
    static thread_local constinit slot slots[64]{};
    auto& s = slots[(reinterpret_cast<std::uintptr_t>(&l) / 64 + reinterpret_cast<std::uintptr_t>(&below) / 32) % 64];
    if (s.l != &l || s.below != &below) s = {&l, &below, &make_label(l.kind, l.name, l.where, &below)};
    return *s.composed;
}

} // namespace crema
#endif
// ---- crema/async/environment.hpp
// environment: what a coroutine hands down to the coroutines that it awaits.
#include <coroutine>

namespace crema {

class context_frame; // per-request values, see context.hpp

/** Travels down a chain of coroutines: whom to obey, what they work on, which values they see.

    A root (`spawn`, the handler of a request, a combinator) owns one; the promises below point to it. Whoever
    resumes a coroutine after a real suspension does so through `resume_in`, so that the thread knows what runs.

    @par Thread Safety
    Only on the thread of the coroutines.
*/
struct environment {
    cancel_scope* scope = nullptr;     ///< whose cancellation is obeyed; may be null
    const activity* what = nullptr;    ///< what the coroutines work on; may be null
    context_frame* context = nullptr;  ///< innermost values of `context_value`; may be null
};

/// Returns the environment for coroutines that were started without one.
inline environment& no_environment() noexcept {
    static thread_local constinit environment none{};
    return none;
}

/** Resume a coroutine after a real suspension, from a callback of the loop.

    @param env The environment of the coroutine; not null.
    @param handle What to resume.
*/
inline void resume_in(const environment& env, std::coroutine_handle<> handle) {
    const activity_scope running(env.what);
    handle.resume();
}

/// Is a promise that knows its environment: what leaf awaitables require of the coroutine that awaits them.
template <class Promise>
concept has_environment = requires(Promise& p) {
    { p.env() } -> std::convertible_to<environment*>;
};

/// Returns the environment of the coroutine, or the empty one when its promise knows none.
template <class Promise>
environment* environment_of(std::coroutine_handle<Promise> h) noexcept {
    if constexpr (has_environment<Promise>) return h.promise().env();
    else return &no_environment();
}

} // namespace crema
// ---- crema/async/settled.hpp
// settled<T>: how a branch ended, by value or by exception; aggregate_error: all of them failed.
#include <exception>
#include <utility>
#include <variant>
#include <vector>

namespace crema {

/** Holds how one branch of `all_settled` ended.

    @tparam T What the branch gives; `std::monostate` for void.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class T>
class settled {
public:
    using value_type = T; ///< what the branch gives

    /// Construct fulfilled.
    explicit settled(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    /// Construct rejected.
    explicit settled(std::exception_ptr error) : state_(std::in_place_index<1>, std::move(error)) {}

    /// Tells whether the branch gave a value.
    bool fulfilled() const noexcept { return state_.index() == 0; }
    /// Tells whether the branch gave a value.
    explicit operator bool() const noexcept { return fulfilled(); }

    /// Returns the value, or rethrows the exception.
    T& value() {
        if (!fulfilled()) std::rethrow_exception(*std::get_if<1>(&state_));
        return *std::get_if<0>(&state_);
    }
    /// Returns the exception, null when fulfilled.
    std::exception_ptr error() const noexcept { return fulfilled() ? nullptr : *std::get_if<1>(&state_); }

private:
    std::variant<T, std::exception_ptr> state_;
};

/** Thrown by `when_any` when no branch succeeded: holds the exceptions in the order of the arguments.

    @par Thread Safety
    Distinct objects: safe.
*/
class aggregate_error : public system_error {
public:
    /// Construct from all of them.
    explicit aggregate_error(std::vector<std::exception_ptr> all)
        : system_error(make_error_code(error::not_found), "all branches failed"), all_(std::move(all)) {}

    /// Returns the exceptions; valid as long as this.
    const std::vector<std::exception_ptr>& errors() const noexcept { return all_; }

private:
    std::vector<std::exception_ptr> all_;
};

} // namespace crema
// ---- crema/core/recycle.hpp
// Recycled memory: per-thread free lists for coroutine frames and operations, so that steady state allocates nothing.
#include <cstddef>
#include <new>

namespace crema {

/** Allocate memory from the free lists of this thread.

    Sizes up to 2 KiB are rounded up to a class of 64 octets and kept for reuse, at most 128 a class; larger
    ones go to `operator new`, as all do under AddressSanitizer, which would not see through reuse. Memory may be freed on another thread than the one that allocated it.

    @param size Octets wanted.
    @return Memory aligned for every standard type.
    @throws std::bad_alloc

    @par Complexity
    Constant.

    @par Thread Safety
    Safe.
*/
inline void* recycle_allocate(std::size_t size);

/** Give back what `recycle_allocate` returned.

    @param memory What was returned; not null.
    @param size The size that was asked for.
*/
inline void recycle_free(void* memory, std::size_t size) noexcept;

/// A standard allocator over `recycle_allocate`.
template <class T>
struct recycling_allocator {
    using value_type = T; ///< what it allocates

    recycling_allocator() = default;
    /// Converts from an allocator of another type.
    template <class U>
    recycling_allocator(const recycling_allocator<U>&) noexcept {}

    /// Allocates room for `n` objects.
    T* allocate(std::size_t n) { return static_cast<T*>(recycle_allocate(n * sizeof(T))); }
    /// Gives it back.
    void deallocate(T* p, std::size_t n) noexcept { recycle_free(p, n * sizeof(T)); }
    /// All are equal.
    friend bool operator==(recycling_allocator, recycling_allocator) noexcept { return true; }
};

namespace detail {

// One list a size class. The state is trivially destructible so that frames freed by the destructors of
// other thread-local objects still find it; `recycle_reaper` empties it when the thread ends.
struct recycle_bins {
    static constexpr std::size_t step = 64;
    static constexpr std::size_t classes = 32;
    static constexpr unsigned keep = 128;
    struct node {
        node* next;
    };
    node* head[classes];
    unsigned count[classes];
    bool closed;
    bool armed;
};

inline thread_local constinit recycle_bins bins{};

struct recycle_reaper {
    ~recycle_reaper() {
        bins.closed = true;
        for (auto& head : bins.head)
            while (head) {
                auto* next = head->next;
                ::operator delete(head);
                head = next;
            }
    }
};

CREMA_DECL void recycle_arm();
// Not inline: g++ 12 would warn of the frame of a coroutine that it deletes through the address of the promise.
CREMA_NOINLINE inline void plain_free(void* memory) noexcept { ::operator delete(memory); }

} // namespace detail

inline void* recycle_allocate(std::size_t size) {
    if constexpr (sanitize_address) return ::operator new(size);
    using bins = detail::recycle_bins;
    const std::size_t c = (size + bins::step - 1) / bins::step - (size != 0);
    if (c >= bins::classes) [[unlikely]] return ::operator new(size);
    auto& b = detail::bins;
    if (auto* n = b.head[c]) [[likely]] {
        b.head[c] = n->next;
        --b.count[c];
        return n;
    }
    return ::operator new((c + 1) * bins::step);
}

inline void recycle_free(void* memory, std::size_t size) noexcept {
    if constexpr (sanitize_address) return detail::plain_free(memory);
    using bins = detail::recycle_bins;
    const std::size_t c = (size + bins::step - 1) / bins::step - (size != 0);
    auto& b = detail::bins;
    if (c >= bins::classes || b.count[c] >= bins::keep || b.closed) [[unlikely]] {
        ::operator delete(memory);
        return;
    }
    if (!b.armed) [[unlikely]] detail::recycle_arm();
    auto* n = static_cast<bins::node*>(memory);
    n->next = b.head[c];
    b.head[c] = n;
    ++b.count[c];
}

} // namespace crema

#if CREMA_BODIES
namespace crema::detail {

CREMA_DECL void recycle_arm() {
    static thread_local recycle_reaper reaper;
    (void)&reaper;
    bins.armed = true;
}

} // namespace crema::detail
#endif
// ---- crema/async/task.hpp
// task<T>: a lazy coroutine, awaited by at most one other.
#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace crema {

template <class T = void>
class task;

namespace detail {

template <class T>
struct owning_task_awaiter;
template <class T>
owning_task_awaiter<T> hold_awaiter(task<T> t);
template <class A>
    requires awaiter<A>
A hold_awaiter(A a);

// What all promises of tasks share. `done` is called when the task ends after it had really suspended or was
// started by `start_task`; a task that ends while `co_await` still starts it has no `done` and goes on inline:
// that is why a million ready awaits need no stack.
class task_promise_base {
public:
    using function = void (*)(void*);

    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct final_awaiter {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
            auto& p = h.promise();
            if (p.done_) p.done_(p.who_); // may destroy this coroutine
        }
        void await_resume() const noexcept {}
    };
    final_awaiter final_suspend() const noexcept { return {}; }

    environment* env() const noexcept { return env_; }
    void env(environment* e) noexcept { env_ = e; }
    void on_done(function f, void* who) noexcept {
        done_ = f;
        who_ = who;
    }

    template <class A>
    decltype(auto) await_transform(A&& a) {
        static_assert(awaitable<A>, "crema: this cannot be awaited in a task: it has neither await_ready/await_suspend/"
                                    "await_resume nor operator co_await (for Asio include crema/loop/asio_bridge.hpp)");
        if constexpr (adaptable<A>)
            return hold_awaiter(await_adaptor<std::remove_cvref_t<A>>::adapt(std::move(a)));
        else if constexpr (detail::awaiter<std::remove_reference_t<A>>)
            return detail::awaiter_ref<std::remove_reference_t<A>>{a};
        else return detail::get_awaiter(static_cast<A&&>(a));
    }

private:
    environment* env_ = &no_environment();
    function done_ = nullptr;
    void* who_ = nullptr;
};

template <class T>
class task_promise final : public task_promise_base {
public:
    ~task_promise() {
        if (state_ == state::value) std::destroy_at(&value_);
        else if (state_ == state::error) std::destroy_at(&error_);
    }
    task_promise() noexcept {}

    task<T> get_return_object() noexcept;
    void unhandled_exception() noexcept {
        std::construct_at(&error_, std::current_exception());
        state_ = state::error;
    }
    template <class U = T>
        requires std::is_convertible_v<U&&, T>
    void return_value(U&& value) {
        std::construct_at(&value_, std::forward<U>(value));
        state_ = state::value;
    }
    bool failed() const noexcept { return state_ == state::error; }
    std::exception_ptr error() const noexcept { return failed() ? error_ : nullptr; }
    T take() {
        if (state_ == state::error) [[unlikely]] std::rethrow_exception(error_);
        return std::move(value_);
    }

private:
    enum class state : unsigned char { running, value, error };
    union {
        T value_;
        std::exception_ptr error_;
    };
    state state_ = state::running;
};

template <class T>
class task_promise<T&> final : public task_promise_base {
public:
    task<T&> get_return_object() noexcept;
    void unhandled_exception() noexcept { error_ = std::current_exception(); }
    void return_value(T& value) noexcept { value_ = &value; }
    bool failed() const noexcept { return error_ != nullptr; }
    std::exception_ptr error() const noexcept { return error_; }
    T& take() {
        if (error_) [[unlikely]] std::rethrow_exception(error_);
        return *value_;
    }

private:
    T* value_ = nullptr;
    std::exception_ptr error_;
};

template <>
class task_promise<void> final : public task_promise_base {
public:
    inline task<void> get_return_object() noexcept;
    void unhandled_exception() noexcept { error_ = std::current_exception(); }
    void return_void() const noexcept {}
    bool failed() const noexcept { return error_ != nullptr; }
    std::exception_ptr error() const noexcept { return error_; }
    void take() const {
        if (error_) [[unlikely]] std::rethrow_exception(error_);
    }

private:
    std::exception_ptr error_;
};

struct task_access;
template <class T>
struct task_awaiter {
    std::coroutine_handle<task_promise<T>> child;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) {
        auto& p = child.promise();
        p.env(environment_of(parent));
        child.resume();
        if (child.done()) return false;
        p.on_done([](void* a) { std::coroutine_handle<>::from_address(a).resume(); }, parent.address());
        return true;
    }
    T await_resume() { return child.promise().take(); }
};

} // namespace detail

/** Holds a coroutine that has not run yet; `co_await` runs it and gives its result or rethrows its exception.

    A task starts when it is awaited, in the thread that awaits it, and runs there until it really has to wait.
    What awaits it hands down its environment: cancellation and context follow. Its frame is recycled memory.

    Awaited once; a second `co_await` is undefined. A task that is destroyed while it waits stops waiting and
    destroys its locals. Parameters of the coroutine that are references, and captures of a lambda, must live
    until the task ends: pass values.

    @tparam T What it gives; may be void or a reference.

    @par Cancellation
    The task obeys the scope of whoever awaits it: what it waits for ends and throws `cancelled` in it.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class T>
class [[nodiscard("a task does nothing until it is awaited or spawned")]] task {
public:
    using promise_type = detail::task_promise<T>; ///< for the compiler
    using value_type = T;                         ///< what it gives

    /// Construct empty.
    task() noexcept = default;
    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~task() { reset(); }

    /// Tells whether there is a coroutine.
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /// Runs it and gives its result. The task must be an rvalue: `co_await std::move(t)`.
    auto operator co_await() && noexcept {
        assert(handle_ && "crema: an empty or moved-from task was awaited");
        return detail::task_awaiter<T>{handle_};
    }

private:
    friend promise_type;
    friend struct detail::task_access;
    explicit task(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    void reset() noexcept {
        if (auto h = std::exchange(handle_, nullptr)) h.destroy();
    }
    std::coroutine_handle<promise_type> handle_;
};

/// Is a `task`.
template <class T>
inline constexpr bool is_task_v = false;
template <class T>
inline constexpr bool is_task_v<task<T>> = true;

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
template <class T>
task<T&> task_promise<T&>::get_return_object() noexcept {
    return task<T&>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

// For what runs tasks without being a coroutine: combinators, spawn, the handlers of requests.
struct task_access {
    // Starts the task in `env`. Calls done(who) when it has ended, perhaps before this returns.
    template <class T>
    static void start(task<T>& t, environment* env, task_promise_base::function done, void* who) {
        auto& p = t.handle_.promise();
        p.env(env);
        p.on_done(done, who);
        t.handle_.resume();
    }
    template <class T>
    static task_promise<T>& promise(task<T>& t) noexcept {
        return t.handle_.promise();
    }
    template <class T>
    static bool done(const task<T>& t) noexcept {
        return t.handle_.done();
    }
};

// Awaits a task that an adaptor made: nobody else owns it.
template <class T>
struct owning_task_awaiter {
    task<T> owned;
    task_awaiter<T> inner;
    explicit owning_task_awaiter(task<T> t) noexcept : owned(std::move(t)), inner(std::move(owned).operator co_await()) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        return inner.await_suspend(h);
    }
    T await_resume() { return inner.await_resume(); }
};
template <class T>
owning_task_awaiter<T> hold_awaiter(task<T> t) {
    return owning_task_awaiter<T>(std::move(t));
}
template <class A>
    requires awaiter<A>
A hold_awaiter(A a) {
    return a;
}

// Turns any awaitable into a task.
template <class A>
auto as_task(A a) -> task<std::remove_cvref_t<await_result_t<A>>> {
    co_return co_await std::move(a);
}
template <class A>
    requires std::is_void_v<await_result_t<A>>
auto as_task(A a) -> task<void> {
    co_await std::move(a);
}
template <class T>
task<T> as_task(task<T> t) {
    return t;
}

} // namespace detail
} // namespace crema
// ---- crema/async/join.hpp
// join: the primitive under the combinators: run branches side by side, wait for all of them.
#include <cstddef>
#include <exception>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <vector>

namespace crema::detail {

inline constexpr std::size_t no_branch = static_cast<std::size_t>(-1);

/// When the rest of the branches is cancelled.
enum class join_until {
    all_ended,     // all_settled
    first_error,   // when_all
    first_success, // when_any
    first_end,     // race
};

// Counts the branches, keeps their scope, resumes whoever awaits them. Lives in the frame of the awaiting coroutine.
class join_state {
public:
    explicit join_state(join_until until) noexcept : until_(until) {}
    join_state(const join_state&) = delete;
    join_state& operator=(const join_state&) = delete;

    std::size_t winner() const noexcept { return winner_; }
    bool parent_cancelled() const noexcept { return parent_scope_ && parent_scope_->is_cancelled(); }
    void check_parent() const {
        if (parent_scope_) parent_scope_->check();
    }

    void open(environment* parent, std::coroutine_handle<> h) noexcept {
        parent_scope_ = parent->scope;
        env_ = *parent;
        env_.scope = &scope_;
        scope_.attach(parent->scope);
        parent_ = h;
        pending_ = 1; // held by the starting loop
    }
    environment* env() noexcept { return &env_; }
    void begin_one() noexcept { ++pending_; }
    // A branch has ended. Resumes the parent when it was the last, which may destroy this.
    void end_one(std::size_t index, bool failed) noexcept {
        const bool decides = until_ == join_until::first_end || (until_ == join_until::first_error && failed) ||
                             (until_ == join_until::first_success && !failed);
        if (decides && winner_ == no_branch) {
            winner_ = index;
            scope_.cancel(cancel_reason::requested); // the count held by this branch keeps the parent waiting
        }
        if (--pending_ == 0) parent_.resume();
    }
    // All were started: true when none is left to wait for.
    bool all_started() noexcept { return --pending_ == 0; }

private:
    cancel_scope scope_;
    environment env_;
    cancel_scope* parent_scope_ = nullptr;
    std::coroutine_handle<> parent_;
    std::size_t pending_ = 0;
    std::size_t winner_ = no_branch;
    join_until until_;
};

template <class T>
struct branch {
    task<T> work;
    join_state* join = nullptr;
    std::size_t index = 0;

    explicit branch(task<T> t) noexcept : work(std::move(t)) {}
    branch(branch&&) noexcept = default;

    void start(join_state& j, std::size_t i) {
        join = &j;
        index = i;
        j.begin_one();
        task_access::start(work, j.env(), [](void* self) {
            auto& b = *static_cast<branch*>(self);
            b.join->end_one(b.index, task_access::promise(b.work).failed());
        }, this);
    }
    std::exception_ptr error() { return task_access::promise(work).error(); }
    value_of_t<T> take() {
        if constexpr (std::is_void_v<T>) {
            task_access::promise(work).take();
            return {};
        } else {
            return task_access::promise(work).take();
        }
    }
    settled<value_of_t<T>> settle() {
        if (auto e = error()) return settled<value_of_t<T>>(e);
        return settled<value_of_t<T>>(take());
    }
};

// Nothing of a branch is left when the combinator has returned or thrown, its parameters included.
template <class F>
struct destroy_frames {
    F f;
    ~destroy_frames() { f(); }
};
template <class F>
destroy_frames(F) -> destroy_frames<F>;

// The awaiter of a pack. Finish turns (join_state&, tuple of branches) into the result.
template <class Finish, class... T>
class join_pack {
public:
    join_pack(join_until until, task<T>... tasks) : join_(until), branches_(branch<T>(std::move(tasks))...) {}
    join_pack(join_pack&&) = delete;

    bool await_ready() const noexcept { return sizeof...(T) == 0; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        join_.open(environment_of(h), h);
        std::size_t i = 0;
        std::apply([&](auto&... b) { (b.start(join_, i++), ...); }, branches_);
        return !join_.all_started();
    }
    auto await_resume() {
        const destroy_frames at_end{[this] { std::apply([](auto&... b) { ((b.work = {}), ...); }, branches_); }};
        return Finish::finish(join_, branches_);
    }

private:
    join_state join_;
    std::tuple<branch<T>...> branches_;
};

// The awaiter of a range.
template <class Finish, class T>
class join_range {
public:
    join_range(join_until until, std::vector<branch<T>> branches) : join_(until), branches_(std::move(branches)) {}
    join_range(join_range&&) = delete;

    bool await_ready() const noexcept { return branches_.empty(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        join_.open(environment_of(h), h);
        for (std::size_t i = 0; i < branches_.size(); ++i) branches_[i].start(join_, i);
        return !join_.all_started();
    }
    auto await_resume() {
        const destroy_frames at_end{[this] { branches_.clear(); }};
        return Finish::finish(join_, branches_);
    }

private:
    join_state join_;
    std::vector<branch<T>> branches_;
};

template <class R>
concept range_of_awaitables =
    std::ranges::input_range<R> && awaitable<std::ranges::range_value_t<R>> && !awaitable<std::remove_cvref_t<R>>;

template <class A>
concept joinable = awaitable<A> && !std::is_lvalue_reference_v<A>;

template <class A>
using task_of = decltype(as_task(std::declval<A>()));

template <class Finish, class... A>
auto join_all(join_until until, A... a) {
    return join_pack<Finish, typename task_of<A>::value_type...>(until, as_task(std::move(a))...);
}

template <class Finish, class R>
auto join_all_of(join_until until, R& range) {
    using T = typename task_of<std::ranges::range_value_t<R>>::value_type;
    std::vector<branch<T>> branches;
    if constexpr (std::ranges::sized_range<R>) branches.reserve(std::ranges::size(range));
    for (auto&& a : range) branches.emplace_back(as_task(std::move(a)));
    return join_range<Finish, T>(until, std::move(branches));
}

} // namespace crema::detail
// ---- crema/async/all_settled.hpp
// all_settled: run awaitables side by side and tell of each how it ended, as Promise.allSettled.
#include <tuple>
#include <vector>

namespace crema {

namespace detail {

struct finish_settled {
    template <class... T>
    static std::tuple<settled<value_of_t<T>>...> finish(join_state& join, std::tuple<branch<T>...>& branches) {
        join.check_parent();
        return std::apply([](auto&... b) { return std::tuple<settled<value_of_t<T>>...>(b.settle()...); }, branches);
    }
    template <class T>
    static std::vector<settled<value_of_t<T>>> finish(join_state& join, std::vector<branch<T>>& branches) {
        join.check_parent();
        std::vector<settled<value_of_t<T>>> all;
        all.reserve(branches.size());
        for (auto& b : branches) all.push_back(b.settle());
        return all;
    }
};

} // namespace detail

/** Run awaitables side by side, wait for all of them, and tell of each how it ended.

    No branch cancels another.

    @param a Any awaitables; moved in.
    @return A tuple of `settled<T>` in the order of the arguments.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @see ECMAScript, Promise.allSettled
*/
template <detail::joinable... A>
    requires(sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...))
auto all_settled(A&&... a) {
    return detail::join_all<detail::finish_settled>(detail::join_until::all_ended, std::forward<A>(a)...);
}

/** Run the awaitables of a range side by side and tell of each how it ended, in a vector of `settled<T>`.

    @param range Its elements are moved from.
*/
template <detail::range_of_awaitables R>
auto all_settled(R&& range) {
    return detail::join_all_of<detail::finish_settled>(detail::join_until::all_ended, range);
}

} // namespace crema
// ---- crema/async/context.hpp
// context: values that follow a chain of coroutines, as AsyncLocalStorage.
#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

/** Names a value of a context. Its address is its identity: make it a global or static object.

    @tparam T The type of the value.

    @par Thread Safety
    Immutable.
*/
template <class T>
class context_key {
public:
    constexpr context_key() = default;
    context_key(const context_key&) = delete;
    context_key& operator=(const context_key&) = delete;

private:
    [[maybe_unused]] char identity_ = 0; // an empty constant could share its address
};

/// Holds values and looks outwards for those it does not have.
class context_frame {
public:
    /// Construct within `outer`, which may be null and must outlive this.
    explicit context_frame(context_frame* outer = nullptr) noexcept : outer_(outer) {}
    context_frame(const context_frame&) = delete;
    context_frame& operator=(const context_frame&) = delete;

    /// Sets a value here; replaces one that was set here before.
    template <class T>
    T& set(const context_key<T>& key, std::type_identity_t<T> v) {
        auto made = std::make_unique<slot<T>>(&key, std::move(v));
        auto& ref = made->value;
        for (auto& s : slots_)
            if (s->key == &key) {
                s = std::move(made);
                return ref;
            }
        slots_.push_back(std::move(made));
        return ref;
    }
    /// Returns the innermost value of a key, or null. Valid as long as the frame it was set in.
    template <class T>
    T* find(const context_key<T>& key) noexcept {
        for (auto* f = this; f; f = f->outer_)
            for (auto& s : f->slots_)
                if (s->key == &key) return &static_cast<slot<T>&>(*s).value;
        return nullptr;
    }
    /// Removes what was set here.
    void clear() noexcept { slots_.clear(); }

private:
    struct slot_base {
        explicit slot_base(const void* k) noexcept : key(k) {}
        virtual ~slot_base() = default;
        const void* key;
    };
    template <class T>
    struct slot final : slot_base {
        slot(const void* k, T v) : slot_base(k), value(std::move(v)) {}
        T value;
    };
    context_frame* outer_;
    std::vector<std::unique_ptr<slot_base>> slots_;
};

namespace detail {

template <class T>
struct context_lookup {
    const context_key<T>* key;
    T* found = nullptr;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        if (auto* frame = environment_of(h)->context) found = frame->find(*key);
        return false;
    }
    T* await_resume() const noexcept { return found; }
};

// Runs a task in an environment with one more frame.
template <class T, class R>
class context_awaiter {
public:
    context_awaiter(const context_key<T>& key, T v, task<R> work) : key_(&key), value_(std::move(v)), work_(std::move(work)) {}
    context_awaiter(context_awaiter&&) = delete;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = *environment_of(h);
        frame_ = std::make_unique<context_frame>(env_.context);
        frame_->set(*key_, std::move(value_));
        env_.context = frame_.get();
        waiter_ = h;
        starting_ = true;
        task_access::start(work_, &env_, [](void* p) {
            auto& self = *static_cast<context_awaiter*>(p);
            self.ended_ = true;
            if (!self.starting_) self.waiter_.resume();
        }, this);
        starting_ = false;
        return !ended_;
    }
    R await_resume() { return task_access::promise(work_).take(); }

private:
    const context_key<T>* key_;
    T value_;
    environment env_;
    std::unique_ptr<context_frame> frame_;
    task<R> work_;
    std::coroutine_handle<> waiter_;
    bool starting_ = false;
    bool ended_ = false;
};

template <class T, class R>
struct [[nodiscard("with_context does nothing until it is awaited")]] context_awaitable {
    const context_key<T>& key;
    T value;
    task<R> work;
    context_awaiter<T, R> operator co_await() && { return {key, std::move(value), std::move(work)}; }
};

} // namespace detail

/** Await a task in which, and in all that it awaits, a key has a value.

    `co_await with_context(request_id, std::string("a1"), handle());`

    @par Cancellation
    As the task.
*/
template <class T, class R>
auto with_context(const context_key<T>& key, std::type_identity_t<T> v, task<R> work) {
    return detail::context_awaitable<T, R>{key, std::move(v), std::move(work)};
}

/// Gives the innermost value of a key in the awaiting coroutine, or null: `if (auto* id = co_await context_value(request_id))`.
template <class T>
auto context_value(const context_key<T>& key) noexcept {
    return detail::context_lookup<T>{&key};
}

} // namespace crema
// ---- crema/async/race.hpp
// race: the first branch that ends decides, as Promise.race.
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

namespace crema {

namespace detail {

template <class First, class... Rest>
struct first_or_variant_of {
    using type = std::conditional_t<(std::is_same_v<First, Rest> && ...), First,
                                    std::variant<value_of_t<First>, value_of_t<Rest>...>>;
};
template <class... T>
using first_or_variant = typename first_or_variant_of<T...>::type;

// Gives the result of the branch that won, for `race` and `when_any`.
struct finish_winner {
    template <class... T>
    static first_or_variant<T...> finish(join_state& join, std::tuple<branch<T>...>& branches) {
        join.check_parent();
        return pick<first_or_variant<T...>, 0>(join.winner(), branches);
    }
    template <class T>
    static T finish(join_state& join, std::vector<branch<T>>& branches) {
        join.check_parent();
        if (join.winner() == no_branch) throw std::invalid_argument("crema: a race of nothing never ends");
        return static_cast<T>(task_access::promise(branches[join.winner()].work).take());
    }

private:
    template <class R, std::size_t I, class Branches>
    static R pick(std::size_t winner, Branches& branches) {
        if constexpr (I + 1 < std::tuple_size_v<Branches>)
            if (winner != I) return pick<R, I + 1>(winner, branches);
        auto& b = std::get<I>(branches);
        using T = typename decltype(b.work)::value_type;
        if constexpr (std::is_same_v<R, T>) return static_cast<R>(task_access::promise(b.work).take());
        else return R(std::in_place_index<I>, b.take());
    }
};

} // namespace detail

/** Run awaitables side by side; the first that ends, by value or by exception, decides.

    The others are cancelled, and have ended and been destroyed when this returns or throws.

    @param a One or more awaitables; moved in.
    @return The result of the first, when all have one type; else a `std::variant`, whose index tells which.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @see ECMAScript, Promise.race
*/
template <detail::joinable... A>
    requires(sizeof...(A) > 0 && (sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...)))
auto race(A&&... a) {
    return detail::join_all<detail::finish_winner>(detail::join_until::first_end, std::forward<A>(a)...);
}

/** Race the awaitables of a range.

    @param range Its elements are moved from.
    @throws std::invalid_argument when the range is empty: such a race would never end.
*/
template <detail::range_of_awaitables R>
auto race(R&& range) {
    return detail::join_all_of<detail::finish_winner>(detail::join_until::first_end, range);
}

} // namespace crema
// ---- crema/async/spawn.hpp
// spawn: start a coroutine that nobody awaits.
#include <exception>
#include <source_location>

namespace crema {

namespace detail {

// A root coroutine: owns its environment, is in the list of its thread until it ends.
struct spawned {
    spawned* next = nullptr;
    spawned** link = nullptr;
    std::coroutine_handle<> frame;
    void remove() noexcept {
        *link = next;
        if (next) next->link = link;
    }
};

struct spawned_list {
    spawned* head = nullptr;
    void add(spawned& s) noexcept {
        s.next = head;
        if (head) head->link = &s.next;
        s.link = &head;
        head = &s;
    }
};
inline thread_local constinit spawned_list all_spawned{};

// Set by the loop of the thread: receives errors that nobody observed. Without a loop they leave `spawn`.
using unobserved_function = void (*)(std::exception_ptr);
inline thread_local constinit unobserved_function report_unobserved = nullptr;

// Destroys every spawned coroutine of this thread that still waits; the loop calls it when it is destroyed.
CREMA_DECL void destroy_spawned() noexcept;
CREMA_DECL void unobserved(std::exception_ptr error);

struct spawn_frame {
    struct promise_type : spawned {
        environment environment_;
        activity activity_;

        promise_type(task<>&, cancel_scope* scope, const activity_label& label) noexcept {
            activity_.label = &label;
            environment_.scope = scope;
            environment_.what = &activity_;
            frame = std::coroutine_handle<promise_type>::from_promise(*this);
            all_spawned.add(*this);
        }
        ~promise_type() { remove(); }
        static void* operator new(std::size_t size) { return recycle_allocate(size); }
        static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }
        spawn_frame get_return_object() noexcept { return {this}; }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const { unobserved(std::current_exception()); }
        environment* env() noexcept { return &environment_; }
    };
    promise_type* promise;
};

inline spawn_frame spawn_root(task<> t, cancel_scope*, const activity_label&) {
    co_await std::move(t);
}

} // namespace detail

/** Start a task that nobody awaits. It runs at once until it first waits, then goes on by itself.

    It has an environment of its own: it is not cancelled with whoever spawned it. Its frame lives until it ends,
    or until the loop of the thread is destroyed.

    @param t The task; its result, if any, is discarded.
    @param scope Whose cancellation it obeys; null for none. It must outlive the task.
    @param where What the watchdog names; the caller's place by default.

    @par Errors
    An exception that leaves the task reaches `loop.on_error` once the microtasks are drained; `cancelled` is dropped.

    @par Thread Safety
    The task stays on the calling thread.
*/
template <class T>
void spawn(task<T> t, cancel_scope* scope = nullptr, std::source_location where = std::source_location::current()) {
    if constexpr (std::is_void_v<T>) {
        auto* p = detail::spawn_root(std::move(t), scope, label_at("task", where)).promise;
        resume_in(p->environment_, p->frame);
    } else {
        spawn([](task<T> inner) -> task<> { co_await std::move(inner); }(std::move(t)), scope, where);
    }
}

} // namespace crema

#if CREMA_BODIES
namespace crema::detail {

CREMA_DECL void destroy_spawned() noexcept {
    while (auto* s = all_spawned.head) s->frame.destroy();
}

CREMA_DECL void unobserved(std::exception_ptr error) {
    try {
        std::rethrow_exception(error);
    } catch (const cancelled&) {
        return;
    } catch (...) {
    }
    if (report_unobserved) report_unobserved(std::move(error));
    else std::rethrow_exception(std::move(error)); // no loop: out of spawn()
}

} // namespace crema::detail
#endif
// ---- crema/async/when_all.hpp
// when_all: run awaitables side by side and give all their results, as Promise.all.
#include <tuple>
#include <vector>

namespace crema {

namespace detail {

struct finish_all {
    template <class... T>
    static std::tuple<value_of_t<T>...> finish(join_state& join, std::tuple<branch<T>...>& branches) {
        fail(join, branches, std::index_sequence_for<T...>{});
        return std::apply([](auto&... b) { return std::tuple<value_of_t<T>...>(b.take()...); }, branches);
    }
    template <class T>
    static std::vector<value_of_t<T>> finish(join_state& join, std::vector<branch<T>>& branches) {
        if (join.winner() != no_branch) {
            join.check_parent();
            std::rethrow_exception(branches[join.winner()].error());
        }
        std::vector<value_of_t<T>> all;
        all.reserve(branches.size());
        for (auto& b : branches) all.push_back(b.take());
        return all;
    }

private:
    template <class Branches, std::size_t... I>
    static void fail(join_state& join, Branches& branches, std::index_sequence<I...>) {
        if (join.winner() == no_branch) return;
        join.check_parent();
        ((join.winner() == I ? std::rethrow_exception(std::get<I>(branches).error()) : void()), ...);
    }
};

} // namespace detail

/** Run awaitables side by side and give all their results.

    `auto [user, posts] = co_await when_all(db.user(id), db.posts_of(id));`

    All are started at once, in order. The first that throws cancels the others; when every one of them has ended,
    that exception is rethrown. Nothing of a branch is left when this returns.

    @param a Tasks, Asio operations (`use_await`), `asio::awaitable`s, any awaitable; moved in.
    @return A tuple of the results in the order of the arguments, `std::monostate` for void.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @par Complexity
    No allocation besides the frames of the branches; one frame for a branch that is no `task`.

    @see ECMAScript, Promise.all
*/
template <detail::joinable... A>
    requires(sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...))
auto when_all(A&&... a) {
    return detail::join_all<detail::finish_all>(detail::join_until::first_error, std::forward<A>(a)...);
}

/** Run the awaitables of a range side by side and give all their results in a vector.

    @param range Its elements are moved from.

    @see when_all(A&&...)
*/
template <detail::range_of_awaitables R>
auto when_all(R&& range) {
    return detail::join_all_of<detail::finish_all>(detail::join_until::first_error, range);
}

} // namespace crema
// ---- crema/async/when_any.hpp
// when_any: the first branch that succeeds decides, as Promise.any.
#include <tuple>
#include <vector>

namespace crema {

namespace detail {

struct finish_any {
    template <class... T>
    static auto finish(join_state& join, std::tuple<branch<T>...>& branches) {
        join.check_parent();
        if (join.winner() == no_branch)
            std::apply([](auto&... b) { throw aggregate_error(errors(b...)); }, branches);
        return finish_winner::finish(join, branches);
    }
    template <class T>
    static T finish(join_state& join, std::vector<branch<T>>& branches) {
        join.check_parent();
        if (join.winner() == no_branch) {
            std::vector<std::exception_ptr> all;
            for (auto& b : branches) all.push_back(b.error());
            throw aggregate_error(std::move(all));
        }
        return finish_winner::finish(join, branches);
    }

private:
    template <class... B>
    static std::vector<std::exception_ptr> errors(B&... b) {
        std::vector<std::exception_ptr> all;
        (all.push_back(b.error()), ...);
        return all;
    }
};

} // namespace detail

/** Run awaitables side by side; the first that succeeds decides.

    The others are cancelled, and have ended and been destroyed when this returns.

    @param a One or more awaitables; moved in.
    @return The result, when all have one type; else a `std::variant`, whose index tells which.
    @throws aggregate_error when every branch failed.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @see ECMAScript, Promise.any
*/
template <detail::joinable... A>
    requires(sizeof...(A) > 0 && (sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...)))
auto when_any(A&&... a) {
    return detail::join_all<detail::finish_any>(detail::join_until::first_success, std::forward<A>(a)...);
}

/** Run the awaitables of a range; the first that succeeds decides.

    @param range Its elements are moved from.
    @throws aggregate_error when every branch failed, or there is none.
*/
template <detail::range_of_awaitables R>
auto when_any(R&& range) {
    return detail::join_all_of<detail::finish_any>(detail::join_until::first_success, range);
}

} // namespace crema
// ---- crema/core/result.hpp
// result<T>: a value, or an error code with what and where. For code that does no I/O and does not throw.
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace crema {

/** Describes a failure: the code, where in the input, and a sentence for people.

    @par Thread Safety
    Distinct objects: safe.
*/
struct failure {
    std::error_code code;     ///< what happened
    std::size_t position = 0; ///< offset in octets into the input, when there is one
    std::string detail{};     ///< a sentence without a final full stop

    /// Returns the detail, or the message of the code when there is none.
    std::string message() const { return detail.empty() ? code.message() : detail; }
};

/** Holds either a `T` or a `failure`.

    @tparam T The type of the value; `std::monostate` where there is none.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T; ///< the type of the value

    /// Construct a success.
    result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    /// Construct a success from the arguments of `T`'s constructor, in place.
    template <class... Args>
    explicit result(std::in_place_t, Args&&... args) : state_(std::in_place_index<0>, std::forward<Args>(args)...) {}
    /// Construct a failure.
    result(failure f) : state_(std::in_place_index<1>, std::move(f)) {}
    /// Construct a failure from a code alone.
    result(crema::error e) : state_(std::in_place_index<1>, failure{make_error_code(e)}) {}

    /// Tells whether there is a value.
    bool has_value() const noexcept { return state_.index() == 0; }
    /// Tells whether there is a value.
    explicit operator bool() const noexcept { return has_value(); }

    /** Return the value.
        @throws system_error when there is none.
    */
    T& value() & {
        require();
        return *std::get_if<0>(&state_);
    }
    /// @copydoc value
    const T& value() const& {
        require();
        return *std::get_if<0>(&state_);
    }
    /// @copydoc value
    T value() && {
        require();
        return std::move(*std::get_if<0>(&state_));
    }

    /// Returns the value; undefined when there is none.
    T& operator*() & noexcept { return *std::get_if<0>(&state_); }
    /// Returns the value; undefined when there is none.
    const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
    /// Returns the value; undefined when there is none.
    T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
    /// Accesses the value; undefined when there is none.
    T* operator->() noexcept { return std::get_if<0>(&state_); }
    /// Accesses the value; undefined when there is none.
    const T* operator->() const noexcept { return std::get_if<0>(&state_); }

    /// Returns the value, or `other` when there is none.
    T value_or(T other) const& { return has_value() ? **this : std::move(other); }

    /// Returns the failure; undefined when there is a value.
    const failure& error() const noexcept { return *std::get_if<1>(&state_); }

private:
    void require() const {
        if (!has_value()) throw system_error(error().code, error().detail);
    }
    std::variant<T, failure> state_;
};

} // namespace crema
// ---- crema/core/text.hpp
// Text: classes of ASCII octets by table, comparison without case, optional whitespace, lists at commas, UTF-8.
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace crema {

/// Names the classes of octets that `has_class` knows. One octet can be in several.
enum class octet_class : std::uint8_t {
    token = 1,       ///< tchar: may stand in a token (a method, a field name)
    digit = 2,       ///< 0 to 9
    alpha = 4,       ///< A to Z, a to z
    hex = 8,         ///< 0 to 9, A to F, a to f
    field_value = 16,///< may stand in a field value: visible, space, tab, obs-text
    unreserved = 32, ///< what encodeURIComponent leaves as it is
    uri_host = 64,   ///< unreserved or sub-delims of RFC 3986
    upper = 128,     ///< A to Z
};

namespace detail {

constexpr std::array<std::uint8_t, 256> make_octet_classes() {
    std::array<std::uint8_t, 256> t{};
    auto put = [&](std::string_view set, octet_class c) {
        for (char x : set) t[static_cast<unsigned char>(x)] |= static_cast<std::uint8_t>(c);
    };
    constexpr std::string_view digits = "0123456789", uppers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                               lowers = "abcdefghijklmnopqrstuvwxyz";
    for (auto c : {octet_class::token, octet_class::unreserved, octet_class::uri_host}) {
        put(digits, c);
        put(uppers, c);
        put(lowers, c);
    }
    put("!#$%&'*+-.^_`|~", octet_class::token);
    put("-_.!~*'()", octet_class::unreserved);
    put("-._~!$&'()*+,;=", octet_class::uri_host);
    put(digits, octet_class::digit);
    put(digits, octet_class::hex);
    put("abcdefABCDEF", octet_class::hex);
    put(uppers, octet_class::alpha);
    put(lowers, octet_class::alpha);
    put(uppers, octet_class::upper);
    for (unsigned i = 0; i < 256; ++i)
        if (i == '\t' || (i >= 0x20 && i != 0x7f)) t[i] |= static_cast<std::uint8_t>(octet_class::field_value);
    return t;
}

inline constexpr auto octet_classes = make_octet_classes();

} // namespace detail

/// Tells whether the octet is in the class.
constexpr bool has_class(char c, octet_class k) noexcept {
    return (detail::octet_classes[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(k)) != 0;
}
/// Tells whether all octets are in the class; true for no octets.
constexpr bool all_of_class(std::string_view s, octet_class k) noexcept {
    for (char c : s)
        if (!has_class(c, k)) return false;
    return true;
}
/// Tells whether the octet is 0 to 9.
constexpr bool is_digit(char c) noexcept { return has_class(c, octet_class::digit); }
/// Tells whether the octet is an ASCII letter.
constexpr bool is_alpha(char c) noexcept { return has_class(c, octet_class::alpha); }
/// Tells whether the octet is a hexadecimal digit.
constexpr bool is_hex(char c) noexcept { return has_class(c, octet_class::hex); }
/// Returns the value of a hexadecimal digit; undefined for others.
constexpr unsigned hex_value(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return u <= '9' ? u - '0' : (u | 0x20u) - 'a' + 10;
}
/// Tells whether the text is a token: one or more tchar (RFC 9110 section 5.6.2).
constexpr bool is_token(std::string_view s) noexcept { return !s.empty() && all_of_class(s, octet_class::token); }
/// Returns the octet, an ASCII capital made small.
constexpr char to_lower(char c) noexcept {
    return has_class(c, octet_class::upper) ? static_cast<char>(c | 0x20) : c;
}
/// Returns the octet, a small ASCII letter made capital.
constexpr char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }
/// Returns a copy with ASCII capitals made small.
inline std::string to_lower(std::string_view s) {
    std::string r(s);
    for (char& c : r) c = to_lower(c);
    return r;
}
/// Returns a copy with small ASCII letters made capital.
inline std::string to_upper(std::string_view s) {
    std::string r(s);
    for (char& c : r) c = to_upper(c);
    return r;
}

/// Tells whether two texts are equal when the case of ASCII letters is ignored.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}
/// Tells whether `s` begins with `prefix` when the case of ASCII letters is ignored.
constexpr bool istarts_with(std::string_view s, std::string_view prefix) noexcept {
    return s.size() >= prefix.size() && iequals(s.substr(0, prefix.size()), prefix);
}

/// Tells whether the octet is optional whitespace: a space or a tab.
constexpr bool is_ows(char c) noexcept { return c == ' ' || c == '\t'; }
/// Returns the view without spaces and tabs at both ends.
constexpr std::string_view trim_ows(std::string_view s) noexcept {
    while (!s.empty() && is_ows(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_ows(s.back())) s.remove_suffix(1);
    return s;
}

/** Walks over the elements of a comma-separated list, each without the spaces and tabs around it.

    Empty elements are walked over too: whoever may ignore them does. Text without a comma is one element, so
    that an empty text is one empty element. Holds views into the text. Commas inside of quoted strings separate
    only when `quoted` is false.

    @code
    for (std::string_view option : comma_list("close, foo")) …
    @endcode

    @par Thread Safety
    Distinct objects: safe.
*/
class comma_list {
public:
    /// Tells whether `"a,b"` in double quotes is one element.
    enum class quotes : bool { ignored, respected };

    /// Construct over a text, which must outlive the views.
    constexpr explicit comma_list(std::string_view text, quotes q = quotes::ignored) noexcept
        : text_(text), quotes_(q) {}

    /// Is a forward iterator over the elements.
    class iterator {
    public:
        using value_type = std::string_view;                  ///< an element
        using difference_type = std::ptrdiff_t;               ///< unused
        using reference = std::string_view;                   ///< an element
        using pointer = const std::string_view*;              ///< unused
        using iterator_category = std::forward_iterator_tag;  ///< forward

        constexpr iterator() noexcept = default;
        /// Returns the element.
        constexpr std::string_view operator*() const noexcept { return trim_ows(rest_.substr(0, size_)); }
        /// Goes to the next.
        constexpr iterator& operator++() noexcept {
            if (size_ == rest_.size()) done_ = true;
            else {
                rest_.remove_prefix(size_ + 1);
                measure();
            }
            return *this;
        }
        /// Goes to the next, returns the former.
        constexpr iterator operator++(int) noexcept {
            auto old = *this;
            ++*this;
            return old;
        }
        /// Compares positions in the same list.
        friend constexpr bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.done_ == b.done_ && (a.done_ || a.rest_.data() == b.rest_.data());
        }

    private:
        friend class comma_list;
        constexpr iterator(std::string_view rest, quotes q) noexcept : rest_(rest), quotes_(q), done_(false) {
            measure();
        }
        constexpr void measure() noexcept {
            bool inside = false;
            size_ = 0;
            for (; size_ < rest_.size(); ++size_) {
                const char c = rest_[size_];
                if (c == ',' && !inside) return;
                if (quotes_ == quotes::ignored) continue;
                if (c == '"') inside = !inside;
                else if (c == '\\' && inside && size_ + 1 < rest_.size()) ++size_;
            }
        }
        std::string_view rest_{};
        std::size_t size_ = 0;
        quotes quotes_ = quotes::ignored;
        bool done_ = true;
    };

    /// Returns the first.
    constexpr iterator begin() const noexcept { return {text_, quotes_}; }
    /// Returns the end.
    constexpr iterator end() const noexcept { return {}; }

private:
    std::string_view text_;
    quotes quotes_;
};

/// Returns the elements of a comma-separated list; see `comma_list`.
constexpr comma_list split_list(std::string_view text) noexcept { return comma_list(text); }

/// Tells whether a comma-separated list holds the word, the case of ASCII letters ignored.
constexpr bool list_contains(std::string_view list, std::string_view word) noexcept {
    for (auto item : comma_list(list))
        if (iequals(item, word)) return true;
    return false;
}

/** Return how many octets the well-formed UTF-8 character at the front has.

    @param s The text.
    @return 1 to 4; 0 when `s` is empty or does not begin with a well-formed character (overlong forms,
    surrogates and values above U+10FFFF are not well-formed).

    @see RFC 3629 section 4
*/
constexpr std::size_t utf8_length(std::string_view s) noexcept {
    if (s.empty()) return 0;
    auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned c = at(0);
    if (c < 0x80) return 1;
    auto tail = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
    if (c >= 0xc2 && c <= 0xdf) return s.size() >= 2 && tail(1) ? 2 : 0;
    if ((c & 0xf0) == 0xe0) {
        if (s.size() < 3 || !tail(1) || !tail(2)) return 0;
        if ((c == 0xe0 && at(1) < 0xa0) || (c == 0xed && at(1) > 0x9f)) return 0;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        if (s.size() < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
        if ((c == 0xf0 && at(1) < 0x90) || (c == 0xf4 && at(1) > 0x8f)) return 0;
        return 4;
    }
    return 0;
}

/// Returns how many octets at the front begin a character and break off, at least 1; the front is not well-formed.
constexpr std::size_t utf8_broken_length(std::string_view s) noexcept {
    auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned c = at(0);
    const std::size_t size = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c <= 0xef ? 3 : 1;
    if (size == 1 || s.size() < 2) return 1;
    const unsigned low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80, high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (at(1) < low || at(1) > high) return 1;
    std::size_t n = 2;
    while (n + 1 < size && n < s.size() && (at(n) & 0xc0) == 0x80) ++n;
    return n;
}

/// Tells whether the whole text is well-formed UTF-8. Linear in its length.
constexpr bool is_utf8(std::string_view s) noexcept {
    while (!s.empty()) {
        const auto n = utf8_length(s);
        if (n == 0) return false;
        s.remove_prefix(n);
    }
    return true;
}

} // namespace crema
// ---- crema/core/encode.hpp
// Encodings of octets as text: base64, base64url, hexadecimal, percent.
#include <string>
#include <string_view>

namespace crema {

/// Returns the octets in base64 with padding (RFC 4648 section 4).
CREMA_DECL std::string base64_encode(std::string_view octets);
/// Returns the octets in base64url without padding (RFC 4648 section 5).
CREMA_DECL std::string base64url_encode(std::string_view octets);

/** Decode base64, strictly: padding is required, bits that carry nothing must be zero, no whitespace.

    @return The octets.

    @par Errors
    @li `error::bad_syntax` with the position of the first wrong octet.

    @see RFC 4648 section 4
*/
CREMA_DECL result<std::string> base64_decode(std::string_view text);

/** Decode base64url, strictly: no padding, bits that carry nothing must be zero.

    @par Errors
    @li `error::bad_syntax` with the position of the first wrong octet.

    @see RFC 4648 section 5
*/
CREMA_DECL result<std::string> base64url_decode(std::string_view text);

/// Returns the octets as pairs of small hexadecimal digits.
CREMA_DECL std::string hex_encode(std::string_view octets);

/** Decode pairs of hexadecimal digits of either case.

    @par Errors
    @li `error::bad_syntax` an odd number of digits, or something else than a digit.
*/
CREMA_DECL result<std::string> hex_decode(std::string_view text);

/** Decode percent escapes as JavaScript's decodeURIComponent does. A plus sign stays one.

    @return The text, which is well-formed UTF-8.

    @par Errors
    @li `error::bad_syntax` an incomplete escape, or octets that are no well-formed UTF-8; a character that
    is begun by escapes must be completed by escapes.
*/
CREMA_DECL result<std::string> percent_decode(std::string_view text);

/// Tells what a plus sign means: itself, or a space as in forms.
enum class plus_sign : bool { kept, is_space };

/// Decodes percent escapes leniently: what is no escape stays as it is; octets are not checked.
CREMA_DECL std::string percent_decode_lenient(std::string_view text, plus_sign plus = plus_sign::kept);

/// Appends the text with everything escaped that JavaScript's encodeURIComponent escapes.
CREMA_DECL void encode_uri_component_to(std::string& out, std::string_view text);

/// Returns the text with everything escaped that JavaScript's encodeURIComponent escapes.
inline std::string encode_uri_component(std::string_view text) {
    std::string out;
    encode_uri_component_to(out, text);
    return out;
}

/// Returns the text with the replacement character U+FFFD for each piece that is no well-formed UTF-8, as browsers
/// and Node do.
CREMA_DECL std::string repair_utf8(std::string_view octets);

/** Return a URL made fit to be sent: escapes what may not stand in a URL and leaves escapes that are there.

    Octets that are no UTF-8 become the escaped replacement character. Follows the npm package encodeurl, which Express
    uses for Location.
*/
CREMA_DECL std::string encode_url(std::string_view url);

} // namespace crema

#if CREMA_BODIES
#include <array>
#include <cstdint>

namespace crema {
namespace detail {

inline constexpr std::string_view base64_standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view base64_url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr std::string_view hex_small = "0123456789abcdef";
inline constexpr std::string_view hex_capital = "0123456789ABCDEF";

inline std::string base64_encode_with(std::string_view octets, std::string_view alphabet, bool padding) {
    std::string out;
    out.reserve((octets.size() + 2) / 3 * 4);
    auto at = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(octets[i])}; };
    std::size_t i = 0;
    for (; i + 3 <= octets.size(); i += 3) {
        const auto v = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        out += {alphabet[v >> 18], alphabet[v >> 12 & 63], alphabet[v >> 6 & 63], alphabet[v & 63]};
    }
    const auto rest = octets.size() - i;
    if (rest == 0) return out;
    const auto v = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0);
    out += {alphabet[v >> 18], alphabet[v >> 12 & 63]};
    if (rest == 2) out += alphabet[v >> 6 & 63];
    if (padding) out.append(3 - rest, '=');
    return out;
}

inline result<std::string> base64_decode_with(std::string_view text, std::string_view alphabet, bool padding) {
    auto wrong = [](std::size_t at, const char* why) { return failure{make_error_code(error::bad_syntax), at, why}; };
    auto digits = text;
    if (padding) {
        if (text.size() % 4 != 0) return wrong(text.size(), "base64 is not a multiple of four octets");
        for (int i = 0; i < 2 && !digits.empty() && digits.back() == '='; ++i) digits.remove_suffix(1);
    }
    if (digits.size() % 4 == 1) return wrong(digits.size(), "base64 is incomplete");
    std::array<std::uint8_t, 256> value;
    value.fill(0xff);
    for (std::size_t i = 0; i < 64; ++i) value[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    std::string out;
    out.reserve(digits.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto v = value[static_cast<unsigned char>(digits[i])];
        if (v == 0xff) return wrong(i, "not a base64 digit");
        bits = bits << 6 | v;
        if ((count += 6) >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 0xff);
        }
    }
    if ((bits & ((1u << count) - 1)) != 0) return wrong(digits.size() - 1, "base64 has bits beyond the last octet");
    return out;
}

inline void percent_octet(std::string& out, char c) {
    const auto u = static_cast<unsigned char>(c);
    out += {'%', hex_capital[u >> 4], hex_capital[u & 15]};
}

} // namespace detail

CREMA_DECL std::string base64_encode(std::string_view octets) {
    return detail::base64_encode_with(octets, detail::base64_standard, true);
}
CREMA_DECL std::string base64url_encode(std::string_view octets) {
    return detail::base64_encode_with(octets, detail::base64_url, false);
}
CREMA_DECL result<std::string> base64_decode(std::string_view text) {
    return detail::base64_decode_with(text, detail::base64_standard, true);
}
CREMA_DECL result<std::string> base64url_decode(std::string_view text) {
    return detail::base64_decode_with(text, detail::base64_url, false);
}

CREMA_DECL std::string hex_encode(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() * 2);
    for (char c : octets) {
        const auto u = static_cast<unsigned char>(c);
        out += {detail::hex_small[u >> 4], detail::hex_small[u & 15]};
    }
    return out;
}

CREMA_DECL result<std::string> hex_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        for (auto k : {i, i + 1})
            if (k >= text.size() || !is_hex(text[k]))
                return failure{make_error_code(error::bad_syntax), k, "not a pair of hexadecimal digits"};
        out += static_cast<char>(hex_value(text[i]) << 4 | hex_value(text[i + 1]));
    }
    return out;
}

CREMA_DECL result<std::string> percent_decode(std::string_view text) {
    auto escape = [&](std::size_t i) { return i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]); };
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '%') {
            const auto n = utf8_length(text.substr(i));
            if (n == 0) return failure{make_error_code(error::bad_syntax), i, "not well-formed UTF-8"};
            out.append(text, i, n);
            i += n;
            continue;
        }
        char octets[4];
        std::size_t n = 0, at = i;
        for (; n < 4 && at < text.size() && text[at] == '%'; at += 3) {
            if (!escape(at)) break;
            octets[n++] = static_cast<char>(hex_value(text[at + 1]) << 4 | hex_value(text[at + 2]));
        }
        if (n == 0) return failure{make_error_code(error::bad_syntax), i, "incomplete percent escape"};
        const auto length = utf8_length({octets, n});
        if (length == 0) return failure{make_error_code(error::bad_syntax), i, "escapes are not well-formed UTF-8"};
        out.append(octets, length);
        i += length * 3;
    }
    return out;
}

CREMA_DECL std::string percent_decode_lenient(std::string_view text, plus_sign plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' && plus == plus_sign::is_space ? ' ' : text[i];
        }
    }
    return out;
}

CREMA_DECL void encode_uri_component_to(std::string& out, std::string_view text) {
    for (char c : text) {
        if (has_class(c, octet_class::unreserved)) out += c;
        else detail::percent_octet(out, c);
    }
}

CREMA_DECL std::string encode_url(std::string_view url) {
    std::string out;
    out.reserve(url.size());
    for (std::size_t i = 0; i < url.size();) {
        const char c = url[i];
        if (c == '%') {
            const bool escape = i + 2 < url.size() && is_hex(url[i + 1]) && is_hex(url[i + 2]);
            out += escape ? "%" : "%25";
            ++i;
        } else if (c > ' ' && c < 0x7f && std::string_view("\"<>`{}").find(c) == std::string_view::npos) {
            out += c;
            ++i;
        } else if (const auto n = utf8_length(url.substr(i)); n != 0) {
            for (char octet : url.substr(i, n)) detail::percent_octet(out, octet);
            i += n;
        } else {
            out += "%EF%BF%BD";
            i += utf8_broken_length(url.substr(i));
        }
    }
    return out;
}

CREMA_DECL std::string repair_utf8(std::string_view octets) {
    std::string out;
    out.reserve(octets.size());
    for (std::size_t i = 0; i < octets.size();) {
        if (const auto n = utf8_length(octets.substr(i)); n != 0) {
            out.append(octets, i, n);
            i += n;
        } else {
            out += "\xef\xbf\xbd";
            i += utf8_broken_length(octets.substr(i));
        }
    }
    return out;
}

} // namespace crema
#endif
// ---- crema/route/identifier.hpp
// Identifiers: which characters a parameter name may hold, as JavaScript has it (Unicode ID_Start and ID_Continue).
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema::route {

/// Is one character of UTF-8 text: its code point and the octets it takes.
struct code_point {
    char32_t value;     ///< the code point; an octet that is no valid UTF-8 stands for itself
    std::uint32_t size; ///< 1 to 4 octets
};

/** Return the character at an offset.

    Text that is no valid UTF-8 is read octet by octet.

    @param text Any text.
    @param at An offset below its size.
*/
constexpr code_point code_point_at(std::string_view text, std::size_t at) noexcept {
    const auto size = static_cast<std::uint32_t>(utf8_length(text.substr(at)));
    const auto octet = [&](std::uint32_t i) { return static_cast<unsigned char>(text[at + i]); };
    if (size < 2) return {octet(0), 1};
    char32_t value = octet(0) & (0xFFu >> (size + 1));
    for (std::uint32_t i = 1; i < size; ++i) value = value << 6 | (octet(i) & 0x3Fu);
    return {value, size};
}

namespace detail {

// Runs of code points from U+0080 on: four times the length, plus 0 for those outside of names, 1 for those which
// continue a name, 2 for those which also begin one. What lies behind the last run is outside.
inline constexpr std::uint32_t identifier_runs[] = {
    168, 6, 40, 6, 4, 5, 8, 6, 20, 94, 4, 126, 4, 1834, 16, 50, 56, 22, 28, 6, 4, 6, 68, 449, 22, 4, 10, 8, 18, 4, 6,
    24, 6, 5, 14, 4, 6, 4, 82, 4, 334, 4, 558, 4, 21, 8, 666, 4, 154, 8, 6, 24, 166, 32, 181, 4, 5, 4, 9, 4, 9, 4, 5,
    32, 110, 16, 18, 116, 45, 20, 174, 125, 16, 10, 5, 398, 4, 6, 29, 8, 25, 10, 9, 4, 17, 10, 41, 14, 8, 6, 64, 6, 5,
    122, 109, 8, 358, 45, 6, 56, 41, 134, 37, 10, 16, 6, 8, 5, 8, 90, 17, 6, 37, 6, 13, 6, 21, 72, 102, 13, 16, 46,
    20, 98, 4, 30, 28, 37, 170, 97, 4, 133, 218, 13, 6, 73, 6, 29, 42, 9, 8, 41, 4, 66, 13, 4, 34, 8, 10, 8, 90, 4,
    30, 4, 6, 12, 18, 8, 5, 6, 29, 8, 9, 8, 13, 6, 32, 5, 16, 10, 4, 14, 9, 8, 41, 10, 40, 6, 4, 5, 8, 13, 4, 26, 16,
    10, 8, 90, 4, 30, 4, 10, 4, 10, 4, 10, 8, 5, 4, 21, 16, 9, 8, 13, 12, 5, 28, 18, 4, 6, 28, 49, 14, 5, 44, 13, 4,
    38, 4, 14, 4, 90, 4, 30, 4, 10, 4, 22, 8, 5, 6, 33, 4, 13, 4, 13, 8, 6, 60, 10, 9, 8, 41, 36, 6, 25, 4, 13, 4, 34,
    8, 10, 8, 90, 4, 30, 4, 10, 4, 22, 8, 5, 6, 29, 8, 9, 8, 13, 28, 13, 16, 10, 4, 14, 9, 8, 41, 4, 6, 64, 5, 6, 4,
    26, 12, 14, 4, 18, 12, 10, 4, 6, 4, 10, 12, 10, 12, 14, 12, 50, 16, 21, 12, 13, 4, 17, 8, 6, 24, 5, 56, 41, 64,
    21, 34, 4, 14, 4, 94, 4, 66, 8, 5, 6, 29, 4, 13, 4, 17, 28, 9, 4, 14, 4, 10, 8, 10, 9, 8, 41, 64, 6, 13, 4, 34, 4,
    14, 4, 94, 4, 42, 4, 22, 8, 5, 6, 29, 4, 13, 4, 17, 28, 9, 20, 14, 4, 10, 9, 8, 41, 4, 10, 5, 48, 17, 38, 4, 14,
    4, 166, 9, 6, 29, 4, 13, 4, 17, 6, 20, 14, 5, 28, 14, 9, 8, 41, 40, 26, 4, 13, 4, 74, 12, 98, 4, 38, 4, 6, 8, 30,
    12, 5, 16, 25, 4, 5, 4, 33, 24, 41, 8, 9, 52, 194, 5, 10, 29, 20, 30, 33, 4, 41, 156, 10, 4, 6, 4, 22, 4, 98, 4,
    6, 4, 42, 5, 10, 37, 6, 8, 22, 4, 6, 4, 29, 4, 41, 8, 18, 128, 6, 92, 9, 24, 41, 44, 5, 4, 5, 4, 5, 16, 9, 34, 4,
    146, 16, 81, 4, 9, 22, 45, 4, 145, 36, 5, 228, 174, 81, 6, 41, 24, 26, 17, 18, 13, 6, 13, 10, 29, 14, 17, 54, 49,
    6, 61, 8, 154, 4, 6, 20, 6, 8, 174, 4, 1334, 4, 18, 8, 30, 4, 6, 4, 18, 8, 166, 4, 18, 8, 134, 4, 18, 8, 30, 4, 6,
    4, 18, 8, 62, 4, 230, 4, 18, 8, 270, 8, 13, 36, 37, 56, 66, 64, 346, 8, 26, 12, 2482, 8, 70, 4, 106, 20, 302, 12,
    46, 28, 74, 17, 36, 78, 13, 44, 74, 9, 48, 54, 4, 14, 4, 9, 48, 210, 129, 12, 6, 16, 6, 5, 8, 41, 132, 13, 4, 45,
    24, 358, 28, 166, 5, 6, 20, 282, 40, 126, 4, 49, 16, 49, 40, 41, 122, 8, 22, 44, 178, 16, 106, 24, 45, 148, 94,
    21, 16, 214, 41, 4, 117, 8, 45, 24, 41, 52, 6, 32, 57, 4, 125, 8, 49, 80, 21, 190, 69, 34, 12, 41, 68, 37, 48, 13,
    122, 53, 10, 41, 178, 57, 48, 146, 81, 32, 41, 12, 14, 41, 146, 8, 46, 20, 174, 8, 14, 64, 13, 4, 85, 18, 5, 26,
    5, 10, 13, 6, 20, 770, 257, 1114, 8, 26, 8, 154, 8, 26, 8, 34, 4, 6, 4, 6, 4, 6, 4, 126, 8, 214, 4, 30, 4, 6, 12,
    14, 4, 30, 12, 18, 8, 26, 16, 54, 20, 14, 4, 30, 60, 9, 196, 9, 76, 5, 112, 6, 52, 6, 64, 54, 204, 53, 16, 5, 12,
    49, 68, 6, 16, 6, 8, 42, 4, 6, 8, 26, 24, 6, 4, 6, 4, 6, 4, 66, 8, 18, 20, 22, 16, 6, 68, 166, 10716, 918, 24, 18,
    13, 10, 48, 154, 4, 6, 20, 6, 8, 226, 28, 6, 60, 5, 94, 36, 30, 4, 30, 4, 30, 4, 30, 4, 30, 4, 30, 4, 30, 4, 30,
    4, 129, 2068, 14, 100, 38, 25, 4, 22, 8, 22, 16, 346, 8, 9, 22, 4, 362, 5, 18, 20, 174, 4, 378, 68, 130, 192, 66,
    2048, 26370, 256, 88630, 268, 186, 8, 1078, 12, 66, 41, 10, 80, 190, 5, 16, 41, 4, 126, 9, 322, 9, 148, 38, 8,
    414, 8, 330, 80, 70, 5, 14, 5, 18, 5, 94, 21, 16, 5, 76, 210, 48, 9, 202, 73, 40, 41, 24, 73, 26, 12, 6, 4, 10,
    45, 114, 33, 8, 94, 53, 48, 118, 12, 17, 190, 57, 56, 6, 41, 24, 22, 5, 42, 41, 22, 4, 166, 57, 36, 14, 5, 34, 9,
    8, 41, 24, 94, 12, 6, 13, 202, 5, 6, 13, 10, 9, 22, 9, 6, 5, 6, 96, 14, 8, 46, 21, 8, 14, 9, 40, 26, 8, 26, 8, 26,
    36, 30, 4, 30, 4, 174, 4, 58, 24, 462, 33, 4, 9, 8, 41, 24, 44690, 48, 94, 16, 198, 33808, 1466, 8, 426, 152, 30,
    48, 22, 20, 6, 5, 42, 4, 54, 4, 22, 4, 6, 4, 10, 4, 10, 4, 434, 132, 1454, 72, 258, 8, 218, 160, 50, 16, 65, 64,
    65, 12, 9, 96, 13, 128, 22, 4, 542, 76, 41, 28, 106, 16, 5, 4, 106, 40, 5, 358, 12, 26, 8, 26, 8, 26, 8, 14, 140,
    50, 4, 106, 4, 78, 4, 10, 4, 62, 8, 58, 136, 494, 276, 214, 544, 5, 520, 118, 12, 198, 60, 5, 124, 130, 52, 122,
    20, 154, 21, 20, 122, 8, 146, 16, 34, 4, 22, 168, 634, 8, 41, 24, 146, 16, 146, 16, 162, 32, 210, 48, 46, 4, 62,
    4, 30, 4, 10, 4, 46, 4, 62, 4, 30, 4, 10, 12, 210, 48, 1246, 36, 90, 40, 34, 96, 26, 4, 170, 4, 38, 276, 26, 8, 6,
    4, 178, 4, 10, 12, 6, 8, 94, 40, 94, 36, 126, 260, 78, 4, 10, 40, 90, 40, 106, 24, 106, 152, 226, 24, 10, 256, 6,
    13, 4, 9, 20, 17, 18, 4, 14, 4, 118, 8, 13, 16, 5, 128, 118, 12, 118, 140, 34, 4, 114, 9, 100, 218, 40, 90, 40,
    78, 52, 74, 440, 294, 220, 206, 52, 206, 52, 146, 17, 32, 41, 24, 41, 114, 12, 21, 4, 94, 1000, 170, 4, 9, 12, 10,
    64, 26, 200, 25, 118, 40, 6, 32, 90, 45, 124, 74, 17, 168, 86, 108, 94, 36, 13, 214, 61, 124, 45, 10, 9, 6, 36,
    17, 182, 45, 28, 5, 52, 102, 28, 41, 24, 13, 146, 57, 4, 41, 16, 6, 9, 6, 32, 142, 5, 8, 6, 36, 13, 194, 57, 18,
    16, 17, 4, 49, 6, 4, 6, 140, 74, 4, 102, 49, 24, 5, 10, 5, 248, 30, 4, 6, 4, 18, 4, 62, 4, 42, 28, 190, 49, 20,
    41, 24, 17, 4, 34, 8, 10, 8, 90, 4, 30, 4, 10, 4, 22, 4, 9, 6, 29, 8, 9, 8, 13, 8, 6, 24, 5, 20, 22, 9, 8, 29, 12,
    21, 44, 42, 4, 6, 8, 6, 4, 154, 4, 6, 37, 4, 5, 8, 5, 4, 17, 4, 21, 6, 5, 6, 52, 9, 116, 214, 73, 18, 20, 41, 16,
    5, 14, 120, 194, 81, 10, 4, 6, 32, 41, 664, 190, 29, 8, 37, 92, 18, 9, 136, 194, 69, 12, 6, 44, 41, 152, 174, 53,
    6, 28, 41, 24, 81, 112, 110, 8, 61, 16, 41, 24, 30, 740, 178, 61, 404, 258, 41, 84, 34, 8, 6, 8, 34, 4, 10, 4, 98,
    25, 4, 9, 8, 17, 6, 5, 6, 9, 48, 41, 280, 34, 8, 158, 29, 8, 29, 6, 4, 6, 5, 108, 6, 41, 162, 29, 6, 17, 32, 5,
    32, 6, 45, 186, 65, 12, 6, 72, 294, 412, 33, 352, 134, 60, 41, 24, 38, 4, 150, 33, 4, 33, 6, 60, 41, 96, 122, 8,
    89, 4, 57, 292, 30, 4, 10, 4, 154, 25, 12, 5, 4, 9, 4, 29, 6, 5, 32, 41, 24, 26, 4, 10, 4, 130, 21, 4, 9, 4, 21,
    6, 28, 41, 24, 178, 16, 41, 984, 78, 17, 36, 9, 6, 5, 54, 4, 138, 29, 12, 21, 52, 45, 340, 6, 316, 3690, 408, 446,
    68, 786, 10544, 390, 60, 4290, 64, 5, 26, 61, 40, 15982, 20, 2334, 27364, 122, 113, 6936, 2278, 28, 126, 4, 41,
    24, 318, 4, 41, 24, 122, 8, 21, 44, 194, 29, 36, 18, 48, 41, 36, 86, 20, 78, 1728, 182, 12, 41, 792, 258, 128,
    102, 8, 102, 176, 302, 16, 5, 6, 221, 28, 17, 54, 256, 10, 4, 6, 5, 44, 9, 22, 36, 29530, 164, 130, 388, 462,
    34804, 18, 4, 30, 4, 10, 4, 1166, 60, 6, 116, 14, 8, 6, 56, 18, 32, 1586, 9232, 430, 20, 54, 12, 38, 28, 42, 12,
    9, 16708, 41, 2072, 185, 8, 93, 2168, 21, 12, 25, 32, 33, 8, 29, 120, 17, 592, 13, 1772, 342, 4, 286, 4, 10, 8, 6,
    8, 10, 8, 18, 4, 50, 4, 6, 4, 30, 4, 262, 4, 18, 8, 34, 4, 30, 4, 114, 4, 18, 4, 22, 4, 6, 12, 30, 4, 1362, 8,
    102, 4, 102, 4, 126, 4, 102, 4, 126, 4, 102, 4, 126, 4, 102, 4, 126, 4, 102, 4, 34, 8, 201, 2048, 221, 16, 201,
    32, 5, 56, 5, 88, 21, 4, 61, 4416, 126, 24, 26, 852, 29, 4, 69, 8, 29, 4, 9, 4, 21, 20, 250, 132, 5, 448, 182, 12,
    29, 30, 8, 41, 16, 6, 1284, 122, 5, 68, 178, 57, 1880, 114, 57, 856, 122, 9, 6, 41, 788, 126, 4, 14, 5, 10, 5, 30,
    9, 22, 5, 32, 10, 896, 30, 4, 18, 4, 10, 4, 62, 4, 790, 44, 29, 164, 274, 29, 6, 16, 41, 4760, 18, 4, 110, 4, 10,
    4, 6, 8, 6, 4, 42, 4, 18, 4, 6, 4, 6, 24, 6, 16, 6, 4, 6, 4, 6, 4, 14, 4, 10, 4, 6, 8, 6, 4, 6, 4, 6, 4, 6, 4, 6,
    4, 10, 4, 6, 8, 18, 4, 30, 4, 18, 4, 18, 4, 6, 4, 42, 4, 70, 20, 14, 4, 22, 4, 70, 13520, 41, 4120, 170882, 128,
    17530, 8, 23098, 8, 29894, 60, 2490, 9864, 2170, 6024, 19758, 20, 33962, 2830872, 961,
};

constexpr unsigned identifier_class(char32_t c) noexcept {
    if (c < 0x80) {
        const bool begins = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
        return begins ? 2 : c >= '0' && c <= '9' ? 1 : 0;
    }
    char32_t end = 0x80;
    for (const std::uint32_t run : identifier_runs) {
        end += run >> 2;
        if (c < end) return run & 3;
    }
    return 0;
}

} // namespace detail

/** Tell whether a name may begin with this character.

    @par Complexity
    Constant for ASCII, else linear in a table of two thousand runs: for registration, not for requests.

    @see ECMA-262 IdentifierStart
*/
constexpr bool begins_name(char32_t c) noexcept {
    return detail::identifier_class(c) == 2;
}

/// Tells whether a name may go on with this character. @see ECMA-262 IdentifierPart
constexpr bool continues_name(char32_t c) noexcept {
    return detail::identifier_class(c) != 0;
}

} // namespace crema::route
// ---- crema/route/tokens.hpp
// Tokens: the grammar of route patterns (path-to-regexp 8), parsed at run time and at compile time alike.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crema::route {

/// Names the parts of a pattern.
enum class token_kind : unsigned char {
    text,        ///< stands for itself
    param,       ///< `:name`, one segment or a part of one
    wildcard,    ///< `*name`, one octet or more, across segments
    group_open,  ///< `{`, what follows may be left out
    group_close, ///< `}`
};

/// Is one part of a pattern; its text or name stands in the list it belongs to.
struct token {
    token_kind kind = token_kind::text; ///< what it is
    std::uint32_t at = 0;               ///< offset of the text or name
    std::uint32_t size = 0;             ///< octets of the text or name
    std::uint32_t partner = 0;          ///< of a group: the index of its other end
};

/// Names what is wrong with a pattern.
enum class pattern_fault : unsigned char {
    none,                  ///< nothing
    unexpected_character,  ///< one of `( ) [ ] + ? ! }` without a backslash
    missing_name,          ///< `:` or `*` without a name
    unterminated_quote,    ///< a quoted name does not end
    unfinished_escape,     ///< a backslash is the last character
    unclosed_group,        ///< `{` without `}`
    missing_text,          ///< two captures with nothing between them
    too_many_combinations, ///< optional groups with more than 256 ways to combine
};

/// Tells what is wrong with a pattern, and where.
struct syntax_fault {
    pattern_fault fault = pattern_fault::none; ///< what
    std::uint32_t index = 0;                   ///< where, counted in characters
    std::uint32_t position = 0;                ///< where, counted in octets
    std::uint32_t token = 0;                   ///< of `missing_text`: the index of the second capture

    /// Tells whether something is wrong.
    constexpr explicit operator bool() const noexcept { return fault != pattern_fault::none; }
};

/// Is the number of ways in which optional groups may combine, at most.
inline constexpr std::uint32_t most_combinations = 256;

namespace detail {

/* Parses into a sink, which has
     void put(std::string_view)                  append octets to its text
     std::uint32_t text_size() const             octets appended so far
     void add(token)                             append a token
     std::uint32_t close()                       append a group_close and link it with its group_open */
template <class Sink>
constexpr syntax_fault parse_tokens(std::string_view source, Sink& sink) {
    std::uint32_t at = 0, index = 0, depth = 0, text = sink.text_size();
    const auto size = static_cast<std::uint32_t>(source.size());
    const auto fault = [&](pattern_fault f, std::uint32_t i) { return syntax_fault{f, i, at, 0}; };
    const auto step = [&] { // the octets of one character
        const std::uint32_t n = code_point_at(source, at).size;
        const auto octets = source.substr(at, n);
        at += n;
        ++index;
        return octets;
    };
    const auto flush = [&] {
        if (sink.text_size() != text) sink.add({token_kind::text, text, sink.text_size() - text, 0});
        text = sink.text_size();
    };
    while (at < size) {
        const std::string_view c = step();
        switch (c[0]) {
        case '\\':
            if (at == size) return fault(pattern_fault::unfinished_escape, index);
            sink.put(step());
            break;
        case ':':
        case '*': {
            flush();
            if (at < size && begins_name(code_point_at(source, at).value)) {
                do sink.put(step());
                while (at < size && continues_name(code_point_at(source, at).value));
            } else if (at < size && source[at] == '"') {
                const auto quote = index, quote_at = at;
                step();
                while (at < size && source[at] != '"') {
                    if (source[at] == '\\') step();
                    if (at < size) sink.put(step());
                }
                if (at >= size) {
                    at = quote_at;
                    return fault(pattern_fault::unterminated_quote, quote);
                }
                step();
            }
            if (sink.text_size() == text) return fault(pattern_fault::missing_name, index);
            sink.add({c[0] == ':' ? token_kind::param : token_kind::wildcard, text, sink.text_size() - text, 0});
            text = sink.text_size();
            break;
        }
        case '{':
            flush();
            ++depth;
            sink.add({token_kind::group_open, text, 0, 0});
            break;
        case '}':
            if (depth != 0) {
                flush();
                --depth;
                sink.close();
                break;
            }
            [[fallthrough]];
        case '(':
        case ')':
        case '[':
        case ']':
        case '+':
        case '?':
        case '!':
            --at;
            return fault(pattern_fault::unexpected_character, index - 1);
        default: sink.put(c);
        }
    }
    if (depth != 0) return fault(pattern_fault::unclosed_group, index);
    flush();
    return {};
}

/* Calls `emit(tokens, count)` with each way to take or leave the groups, first those that take; `emit` returns false
   to stop. `room` has place for as many indices as there are tokens. */
template <class Emit>
constexpr bool expand_groups(const token* tokens, std::uint32_t count, std::uint32_t at, std::uint32_t* room,
                             std::uint32_t taken, Emit& emit) {
    while (at < count) {
        const token& t = tokens[at];
        if (t.kind == token_kind::group_open) {
            if (!expand_groups(tokens, count, at + 1, room, taken, emit)) return false;
            at = t.partner + 1;
            continue;
        }
        if (t.kind != token_kind::group_close) room[taken++] = at;
        ++at;
    }
    return emit(room, taken);
}

constexpr std::uint32_t count_groups(const token* tokens, std::uint32_t count) {
    std::uint32_t groups = 0;
    for (std::uint32_t i = 0; i < count; ++i) groups += tokens[i].kind == token_kind::group_open;
    return groups;
}

/* Checks what the tokens of a pattern alone do not show. `combinations` counts on over several patterns. */
constexpr syntax_fault check_tokens(const token* tokens, std::uint32_t count, std::uint32_t* room,
                                    std::uint32_t& combinations) {
    syntax_fault found;
    if (count_groups(tokens, count) >= most_combinations) return {pattern_fault::too_many_combinations, 0, 0, 0};
    auto check = [&](const std::uint32_t* taken, std::uint32_t n) {
        if (combinations++ >= most_combinations) {
            found.fault = pattern_fault::too_many_combinations;
            return false;
        }
        bool captured = false, text = false;
        for (std::uint32_t i = 0; i < n; ++i) {
            const token& t = tokens[taken[i]];
            if (t.kind == token_kind::text) {
                text = text || t.size != 0;
                continue;
            }
            if (captured && !text) {
                found = {pattern_fault::missing_text, 0, 0, taken[i]};
                return false;
            }
            captured = true;
            text = false;
        }
        return true;
    };
    expand_groups(tokens, count, 0, room, 0, check);
    return found;
}

} // namespace detail

/** Holds a pattern as a flat list of tokens, groups marked by their two ends.

    Is made by `parse_pattern`, or by hand from text that must not be parsed.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class token_list {
public:
    /// Construct empty. @param source The pattern that messages name; may be empty.
    explicit token_list(std::string_view source = {}) : source_(source) {}

    /// Appends text that stands for itself.
    token_list& text(std::string_view octets) { return append(token_kind::text, octets); }
    /// Appends `:name`.
    token_list& param(std::string_view name) { return append(token_kind::param, name); }
    /// Appends `*name`.
    token_list& wildcard(std::string_view name) { return append(token_kind::wildcard, name); }
    /// Begins a group.
    token_list& open() { return append(token_kind::group_open, {}); }
    /// Ends the group that was begun last and is not ended; does nothing when there is none.
    CREMA_DECL token_list& close();

    /// Returns the tokens, in order.
    const std::vector<token>& tokens() const noexcept { return tokens_; }
    /// Returns the text or name of a token; valid as long as this list and unchanged.
    std::string_view text_of(const token& t) const noexcept { return std::string_view(text_).substr(t.at, t.size); }
    /// Returns all texts and names, where the offsets of tokens lead.
    std::string_view text() const noexcept { return text_; }
    /// Returns the pattern it was parsed from, or what the constructor was given.
    const std::string& source() const noexcept { return source_; }

    /// @cond the sink of the parser
    void put(std::string_view octets) { text_ += octets; }
    std::uint32_t text_size() const noexcept { return static_cast<std::uint32_t>(text_.size()); }
    void add(token t) { tokens_.push_back(t); }
    /// @endcond

private:
    token_list& append(token_kind kind, std::string_view octets) {
        tokens_.push_back({kind, text_size(), static_cast<std::uint32_t>(octets.size()), 0});
        text_ += octets;
        return *this;
    }
    std::string source_;
    std::string text_;
    std::vector<token> tokens_;
};

/** Explains why a pattern is refused.

    @par Thread Safety
    Distinct objects: safe.
*/
struct pattern_error {
    pattern_fault fault = pattern_fault::none; ///< what is wrong
    std::size_t index = 0;                     ///< where, in characters; 0 when it has no place
    std::size_t position = 0;                  ///< where, in octets; 0 when it has no place
    std::string message;                       ///< the words of path-to-regexp
    std::string hint;                          ///< how to write what was probably meant; may be empty

    /// Returns it as a `failure` of `error::bad_pattern`, the hint behind the message.
    CREMA_DECL failure as_failure() const;
};

/** Parse a pattern into tokens.

    @param source The pattern.
    @param list Receives the tokens; its contents are unspecified after an error.
    @return Nothing, or what is wrong.
*/
CREMA_DECL std::optional<pattern_error> parse_pattern(std::string_view source, token_list& list);

/** Return the pattern that parses into these tokens.

    @param list Tokens whose groups are all closed.
*/
CREMA_DECL std::string stringify(const token_list& list);

/** Describe a fault in words.

    @param source The pattern; empty when tokens were made by hand.
    @param fault What was found, not `none`.
    @param name Of `missing_text`: the name of the capture.
    @param kind Of `missing_text`: its kind.
*/
CREMA_DECL pattern_error describe_fault(std::string_view source, const syntax_fault& fault, std::string_view name = {},
                                        token_kind kind = token_kind::param);

} // namespace crema::route

#if CREMA_BODIES
namespace crema::route {
namespace detail {

// What the pattern has before an octet, read backwards: the name of a parameter that ends there, and the sign before.
struct named_before {
    std::string_view name;
    char sign = 0;           // ':' or '*', 0 when there is no parameter
    std::string_view before; // what stands before the sign
};

inline named_before name_before(std::string_view source, std::size_t at) {
    std::size_t begin = at;
    const auto part_of_name = [](char c) {
        return static_cast<unsigned char>(c) >= 0x80 || continues_name(static_cast<unsigned char>(c));
    };
    while (begin > 0 && part_of_name(source[begin - 1])) --begin;
    if (begin == at || begin == 0 || (source[begin - 1] != ':' && source[begin - 1] != '*')) return {};
    return {source.substr(begin, at - begin), source[begin - 1], source.substr(0, begin - 1)};
}

// How version 8 writes a parameter with one of the old modifiers behind it.
inline std::string modern_spelling(const named_before& p, char modifier) {
    const bool slash = !p.before.empty() && p.before.back() == '/';
    const std::string name(p.name), lead = slash ? "/" : "";
    if (modifier == '?') return "{" + lead + p.sign + name + "}";
    if (modifier == '*') return "{" + lead + "*" + name + "}";
    return lead + "*" + name; // '+'
}

inline std::string hint_for(std::string_view source, const syntax_fault& f) {
    if (source.empty() && f.fault != pattern_fault::missing_text) return {};
    const char c = f.position < source.size() ? source[f.position] : '\0';
    const named_before p = name_before(source, f.position);
    const auto quoted = [](const std::string& s) { return "\"" + s + "\""; };
    switch (f.fault) {
    case pattern_fault::unexpected_character:
        if (p.sign && (c == '?' || c == '+')) return "write " + quoted(modern_spelling(p, c));
        if (p.sign && c == '(')
            return "write " + quoted(p.sign + std::string(p.name)) +
                   " and check the value in the handler: patterns hold no regular expressions";
        if (c == '(' && source.substr(f.position, 4) == "(.*)") return "write \"*name\" for a wildcard";
        if (c == '(')
            return "patterns hold no regular expressions: register a list of paths, or write \"\\(\" for the character";
        if (c == '}') return "there is no \"{\" to close; write \"\\}\" for the character";
        if (c == '?') return "an optional part is written in braces: \"{/part}\"; write \"\\?\" for the character";
        return "write " + quoted(std::string("\\") + c) + " for the character";
    case pattern_fault::missing_name: {
        const std::size_t sign = f.position != 0 ? f.position - 1 : 0; // "" behind it is no name either
        if (source[sign] == '*') {
            const named_before q = name_before(source, sign);
            if (q.sign) return "write " + quoted(modern_spelling(q, '*'));
            if (sign > 0 && source[sign - 1] == '/')
                return "a wildcard has a name: write \"/*path\", or \"{/*path}\" to match without it as well";
            return "a wildcard has a name: write \"*path\"";
        }
        if (is_digit(c)) return "a name does not begin with a digit: write it in quotes, as in \":\\\"1\\\"\"";
        if (source[sign] == ':') return "write \"\\:\" for the character";
        return {};
    }
    case pattern_fault::unterminated_quote: return "the name needs a second '\"'";
    case pattern_fault::unfinished_escape: return "write \"\\\\\" for the character";
    case pattern_fault::unclosed_group: return "close the group with \"}\", or write \"\\{\" for the character";
    case pattern_fault::missing_text: return "put text between the two, as in \":from-:to\" or \"/:one/:two\"";
    case pattern_fault::too_many_combinations: return "register several patterns with fewer optional groups";
    case pattern_fault::none: break;
    }
    return {};
}

} // namespace detail

CREMA_DECL token_list& token_list::close() {
    for (std::size_t i = tokens_.size(); i-- > 0;) {
        if (tokens_[i].kind != token_kind::group_open || tokens_[i].partner != 0) continue;
        tokens_[i].partner = static_cast<std::uint32_t>(tokens_.size());
        tokens_.push_back({token_kind::group_close, text_size(), 0, static_cast<std::uint32_t>(i)});
        break;
    }
    return *this;
}

CREMA_DECL failure pattern_error::as_failure() const {
    return {make_error_code(error::bad_pattern), position, hint.empty() ? message : message + "; " + hint};
}

CREMA_DECL pattern_error describe_fault(std::string_view source, const syntax_fault& f, std::string_view name,
                                        token_kind kind) {
    pattern_error e{f.fault, f.index, f.position, {}, detail::hint_for(source, f)};
    const std::string at = " at index " + std::to_string(f.index);
    switch (f.fault) {
    case pattern_fault::none: break;
    case pattern_fault::unexpected_character: e.message = std::string("Unexpected ") + source[f.position] + at; break;
    case pattern_fault::missing_name: e.message = "Missing parameter name" + at; break;
    case pattern_fault::unterminated_quote: e.message = "Unterminated quote" + at; break;
    case pattern_fault::unfinished_escape: e.message = "Unexpected end after \\" + at; break;
    case pattern_fault::unclosed_group: e.message = "Unexpected end" + at + ", expected }"; break;
    case pattern_fault::missing_text:
        e.message =
            "Missing text before \"" + std::string(name) + (kind == token_kind::param ? "\" param" : "\" wildcard");
        break;
    case pattern_fault::too_many_combinations: e.message = "Too many path combinations"; break;
    }
    if (!source.empty()) e.message += ": " + std::string(source);
    e.message += "; visit https://git.new/pathToRegexpError for info";
    return e;
}

CREMA_DECL std::optional<pattern_error> parse_pattern(std::string_view source, token_list& list) {
    list = token_list(source);
    if (const auto f = detail::parse_tokens(source, list)) return describe_fault(source, f);
    return std::nullopt;
}

CREMA_DECL std::string stringify(const token_list& list) {
    std::string out;
    const auto& tokens = list.tokens();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string_view text = list.text_of(tokens[i]);
        switch (tokens[i].kind) {
        case token_kind::text:
            for (const char c : text) {
                if (std::string_view("{}()[]+?!:*\\").find(c) != std::string_view::npos) out += '\\';
                out += c;
            }
            break;
        case token_kind::group_open: out += '{'; break;
        case token_kind::group_close: out += '}'; break;
        case token_kind::param:
        case token_kind::wildcard: {
            out += tokens[i].kind == token_kind::param ? ':' : '*';
            bool plain = !text.empty() && begins_name(code_point_at(text, 0).value);
            for (std::size_t at = 0; plain && at < text.size();) {
                const auto c = code_point_at(text, at);
                plain = continues_name(c.value);
                at += c.size;
            }
            if (plain && i + 1 < tokens.size() && tokens[i + 1].kind == token_kind::text && tokens[i + 1].size != 0)
                plain = !continues_name(code_point_at(list.text_of(tokens[i + 1]), 0).value);
            if (!plain) out += '"';
            for (const char c : text) {
                if (!plain && (c == '"' || c == '\\')) out += '\\';
                out += c;
            }
            if (!plain) out += '"';
        }
        }
    }
    return out;
}

} // namespace crema::route
#endif
// ---- crema/route/from_text.hpp
// Conversion of text to values: numbers, truth values, text; strict, with an error that says what was expected.
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace crema::route {

/** Converts text to a `T`. Specialize it for types that have no `static result<T> from_text(std::string_view)`.

    A specialization has one member, `static result<T> from(std::string_view text)`, whose failures are of
    `error::bad_value` and whose detail reads `"abc" is not a colour`.

    @tparam T An integer, a floating-point number, `bool`, `char`, `std::string`, `std::string_view` (of the text
    itself), `std::optional` of these, or a type of the application.
*/
template <class T>
struct text_conversion;

/** Convert text to a value. The whole text counts: no blanks, no plus sign, nothing behind.

    @return The value. A `std::string_view` is a view of `text`.

    @par Errors
    @li `error::bad_value` the text is no `T`, or out of its range; the detail quotes it.
*/
template <class T>
result<T> from_text(std::string_view text) {
    return text_conversion<T>::from(text);
}

namespace detail {

CREMA_DECL failure not_a(std::string_view text, std::string_view what);
CREMA_DECL failure out_of_range(std::string_view text, std::string_view from, std::string_view to);
CREMA_DECL result<long long> signed_from_text(std::string_view text, long long least, long long most);
CREMA_DECL result<unsigned long long> unsigned_from_text(std::string_view text, unsigned long long most);
CREMA_DECL result<float> float_from_text(std::string_view text, float);
CREMA_DECL result<double> float_from_text(std::string_view text, double);
CREMA_DECL result<long double> float_from_text(std::string_view text, long double);
CREMA_DECL result<bool> bool_from_text(std::string_view text);

template <class T>
concept has_from_text = requires(std::string_view text) {
    { T::from_text(text) } -> std::convertible_to<result<T>>;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

} // namespace detail

/// @cond
template <class T>
struct text_conversion {
    static result<T> from(std::string_view text) {
        if constexpr (detail::has_from_text<T>) {
            return T::from_text(text);
        } else if constexpr (std::same_as<T, bool>) {
            return detail::bool_from_text(text);
        } else if constexpr (std::same_as<T, char>) {
            if (text.size() != 1) return detail::not_a(text, "a single character");
            return text[0];
        } else if constexpr (std::signed_integral<T>) {
            const auto v = detail::signed_from_text(text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
            if (!v) return v.error();
            return static_cast<T>(*v);
        } else if constexpr (std::unsigned_integral<T>) {
            const auto v = detail::unsigned_from_text(text, std::numeric_limits<T>::max());
            if (!v) return v.error();
            return static_cast<T>(*v);
        } else if constexpr (std::floating_point<T>) {
            return detail::float_from_text(text, T{});
        } else if constexpr (std::same_as<T, std::string>) {
            return std::string(text);
        } else if constexpr (std::same_as<T, std::string_view>) {
            return text;
        } else if constexpr (detail::is_optional<T>) {
            auto v = route::from_text<typename T::value_type>(text);
            if (!v) return v.error();
            return T(std::move(*v));
        } else {
            static_assert(detail::has_from_text<T>,
                          "crema: a parameter cannot be converted to this type; give it a member "
                          "'static crema::result<T> from_text(std::string_view)' or specialize "
                          "'crema::route::text_conversion<T>'");
            return error::unsupported;
        }
    }
};
/// @endcond

} // namespace crema::route

#if CREMA_BODIES
#include <charconv>
#include <cmath>
namespace crema::route::detail {

// Quotes a text that came from outside, not all of it when it is long.
inline std::string quoted(std::string_view text) {
    constexpr std::size_t most = 64;
    return "\"" + std::string(text.substr(0, most)) + (text.size() > most ? "...\"" : "\"");
}

CREMA_DECL failure not_a(std::string_view text, std::string_view what) {
    return {make_error_code(error::bad_value), 0, quoted(text) + " is not " + std::string(what)};
}

CREMA_DECL failure out_of_range(std::string_view text, std::string_view from, std::string_view to) {
    return {make_error_code(error::bad_value), 0,
            quoted(text) + " is out of range, which is " + std::string(from) + " to " + std::string(to)};
}

// Reads the whole text as one number; the error code is that of std::from_chars.
template <class T>
std::errc read_number(std::string_view text, T& value) {
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc{} && problem != std::errc::result_out_of_range) return problem;
    return stop == end ? problem : std::errc::invalid_argument;
}

CREMA_DECL result<long long> signed_from_text(std::string_view text, long long least, long long most) {
    long long v = 0;
    const auto problem = read_number(text, v);
    if (problem == std::errc::invalid_argument) return not_a(text, "an integer");
    if (problem != std::errc{} || v < least || v > most)
        return out_of_range(text, std::to_string(least), std::to_string(most));
    return v;
}

CREMA_DECL result<unsigned long long> unsigned_from_text(std::string_view text, unsigned long long most) {
    unsigned long long v = 0;
    auto problem = read_number(text, v);
    if (long long negative = 0; problem == std::errc::invalid_argument && text.starts_with('-') &&
                                read_number(text, negative) != std::errc::invalid_argument)
        problem = std::errc::result_out_of_range;
    if (problem == std::errc::invalid_argument) return not_a(text, "an integer");
    if (problem != std::errc{} || v > most) return out_of_range(text, "0", std::to_string(most));
    return v;
}

template <class T>
result<T> read_float(std::string_view text) {
    T v{};
    const auto problem = read_number(text, v);
    if (problem == std::errc::invalid_argument || (problem == std::errc{} && !std::isfinite(v)))
        return not_a(text, "a number");
    if (problem != std::errc{}) return failure{make_error_code(error::bad_value), 0, quoted(text) + " is out of range"};
    return v;
}
CREMA_DECL result<float> float_from_text(std::string_view text, float) { return read_float<float>(text); }
CREMA_DECL result<double> float_from_text(std::string_view text, double) { return read_float<double>(text); }
CREMA_DECL result<long double> float_from_text(std::string_view text, long double) {
    return read_float<long double>(text);
}

CREMA_DECL result<bool> bool_from_text(std::string_view text) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return not_a(text, "true or false");
}

} // namespace crema::route::detail
#endif
// ---- crema/route/typed.hpp
// Typed patterns: route patterns that the compiler reads, and their parameters as typed arguments of handlers.
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema::route {

/// Holds a string literal as a template argument, its final zero included in `Size`.
template <std::size_t Size>
struct fixed_string {
    char octets[Size]{}; ///< the text and a zero

    /// Construct from a literal.
    consteval fixed_string(const char (&literal)[Size]) {
        for (std::size_t i = 0; i < Size; ++i) octets[i] = literal[i];
    }
    /// Construct from a text of `Size - 1` octets.
    consteval explicit fixed_string(std::string_view text) {
        for (std::size_t i = 0; i + 1 < Size; ++i) octets[i] = text[i];
    }
    /// Returns the text, which lives as long as the program when this is a template argument.
    constexpr std::string_view view() const noexcept { return {octets, Size - 1}; }
};

namespace detail {

// Where the parser puts the tokens of a pattern that the compiler reads: there are never more than octets.
template <std::size_t Size>
struct fixed_tokens {
    char text[Size + 1]{};
    token tokens[Size + 1]{};
    std::uint32_t text_used = 0, count = 0;
    syntax_fault fault;

    constexpr void put(std::string_view octets) {
        for (const char c : octets) text[text_used++] = c;
    }
    constexpr std::uint32_t text_size() const { return text_used; }
    constexpr void add(token t) { tokens[count++] = t; }
    constexpr void close() {
        for (std::uint32_t i = count; i-- > 0;) {
            if (tokens[i].kind != token_kind::group_open || tokens[i].partner != 0) continue;
            tokens[i].partner = count;
            tokens[count++] = {token_kind::group_close, text_used, 0, i};
            return;
        }
    }
    constexpr std::string_view text_of(const token& t) const { return {text + t.at, t.size}; }
};

template <fixed_string Source>
consteval auto parse_fixed() {
    fixed_tokens<sizeof(Source.octets)> out;
    out.fault = parse_tokens(Source.view(), out);
    std::uint32_t room[sizeof(Source.octets) + 1]{}, combinations = 0;
    if (!out.fault) out.fault = check_tokens(out.tokens, out.count, room, combinations);
    return out;
}

} // namespace detail

/// Describes a parameter of a pattern.
struct parameter_info {
    std::string_view name; ///< without `:` or `*`
    bool wildcard = false; ///< `*name`
    bool optional = false; ///< it stands in a group: a path may match without it
};

/// Lists names in error messages of the compiler.
template <fixed_string... Names>
struct parameters_are;
/// Is what the compiler complains about when a handler takes a parameter that its pattern does not have.
template <fixed_string Missing, class ParametersAre>
struct no_such_parameter;
/// Is what the compiler complains about when a parameter can be absent but its type cannot say so.
template <fixed_string Name, class Type>
struct optional_parameter_needs_std_optional;

/** Reads a route pattern at compile time; one that is malformed does not compile.

    @code
    using users = typed_pattern<"/users/:id{/posts/:post}">;
    static_assert(users::has_param("id") && users::at(users::find("post")).optional);
    users::require<"idd">();   // error: … no_such_parameter<"idd", parameters_are<"id", "post">>
    @endcode
*/
template <fixed_string Source>
class typed_pattern {
    static constexpr auto parsed_ = detail::parse_fixed<Source>();
    static constexpr pattern_fault fault_ = parsed_.fault.fault;
    static constexpr char character_ =
        parsed_.fault.position < Source.view().size() ? Source.octets[parsed_.fault.position] : '\0';
    static constexpr bool unexpected_ = fault_ == pattern_fault::unexpected_character;

    static_assert(!unexpected_ || character_ != '?',
                  "crema: unexpected ? in a route pattern: what is optional stands in braces, "
                  "as in {/:id}; write \\\\? for the character");
    static_assert(!unexpected_ || character_ != '(',
                  "crema: unexpected ( in a route pattern: patterns hold no regular expressions; "
                  "take param<\"id\", int> for digits; write \\\\( for the character");
    static_assert(!unexpected_ || character_ != '+',
                  "crema: unexpected + in a route pattern: one or more segments are a "
                  "wildcard, as in /*name; write \\\\+ for the character");
    static_assert(!unexpected_ || character_ != '}',
                  "crema: unexpected } in a route pattern: there is no { to close; write \\\\} "
                  "for the character");
    static_assert(!unexpected_ || (character_ != ')' && character_ != '[' && character_ != ']' && character_ != '!'),
                  "crema: one of ) [ ] ! in a route pattern: write it with \\\\ before it");
    static_assert(fault_ != pattern_fault::missing_name,
                  "crema: : or * without a name in a route pattern: a wildcard is written "
                  "*name; write \\\\: or \\\\* for the character");
    static_assert(fault_ != pattern_fault::unterminated_quote, "crema: a quoted name in a route pattern does not end");
    static_assert(fault_ != pattern_fault::unfinished_escape, "crema: a route pattern ends with a backslash");
    static_assert(fault_ != pattern_fault::unclosed_group, "crema: a { in a route pattern is not closed");
    static_assert(fault_ != pattern_fault::missing_text,
                  "crema: two parameters in a route pattern have no text between them");
    static_assert(fault_ != pattern_fault::too_many_combinations,
                  "crema: a route pattern has too many optional groups");

    // The distinct names in order, then how many there are.
    static consteval auto collect() {
        struct list {
            std::array<parameter_info, sizeof(Source.octets)> all{};
            std::size_t size = 0;
        } out;
        std::size_t depth = 0;
        for (std::uint32_t i = 0; fault_ == pattern_fault::none && i < parsed_.count; ++i) {
            const token& t = parsed_.tokens[i];
            depth += t.kind == token_kind::group_open;
            depth -= t.kind == token_kind::group_close;
            if (t.kind != token_kind::param && t.kind != token_kind::wildcard) continue;
            const std::string_view name = parsed_.text_of(t);
            std::size_t at = 0;
            while (at < out.size && out.all[at].name != name) ++at;
            if (at == out.size) out.all[out.size++] = {name, t.kind == token_kind::wildcard, true};
            out.all[at].wildcard = t.kind == token_kind::wildcard;
            out.all[at].optional = out.all[at].optional && depth != 0;
        }
        return out;
    }
    static constexpr auto list_ = collect();

    template <std::size_t... I>
    static parameters_are<fixed_string<list_.all[I].name.size() + 1>(list_.all[I].name)...>
        listed(std::index_sequence<I...>);

public:
    /// Lists the names, for the compiler's messages.
    using names = decltype(listed(std::make_index_sequence<list_.size>{}));

    /// Returns the pattern as it was written.
    static constexpr std::string_view source() noexcept { return Source.view(); }
    /// Returns the number of distinct parameters.
    static constexpr std::size_t size() noexcept { return list_.size; }
    /// Returns one of them, in the order of the pattern.
    static constexpr const parameter_info& at(std::size_t i) noexcept { return list_.all[i]; }
    /// Returns the number of the parameter of this name, `size()` when there is none.
    static constexpr std::size_t find(std::string_view name) noexcept {
        std::size_t i = 0;
        while (i < list_.size && list_.all[i].name != name) ++i;
        return i;
    }
    /// Tells whether there is a parameter of this name.
    static constexpr bool has_param(std::string_view name) noexcept { return find(name) != list_.size; }

    /** Refuse to compile unless there is a parameter of this name.

        With a type, also unless a parameter that can be absent is a `std::optional`.
    */
    template <fixed_string Name, class T = void>
    static constexpr void require() noexcept {
        if constexpr (!has_param(Name.view())) {
            static_cast<void>(sizeof(no_such_parameter<Name, names>));
            static_assert(has_param(Name.view()),
                          "crema: the route has no parameter of this name; those it has are listed above");
        } else if constexpr (!std::is_void_v<T> && !detail::is_optional<T>) {
            constexpr bool always = !at(find(Name.view())).optional;
            if constexpr (!always) static_cast<void>(sizeof(optional_parameter_needs_std_optional<Name, T>));
            static_assert(always, "crema: this parameter stands in an optional group: take it as std::optional");
        }
    }

    /// @cond for url_for
    static constexpr const auto& parsed() noexcept { return parsed_; }
    /// @endcond
};

} // namespace crema::route

namespace crema {

/** Is a parameter of the route as an argument of a handler: `[](param<"id", int> id, response& res)`.

    Behaves as its value. With `app.get<"/users/:id">(…)` a misspelt name does not compile.

    @tparam Name The name in the pattern, without `:` or `*`.
    @tparam T What `route::from_text` makes of the text; `std::optional` for a parameter that may be absent.

    @par Thread Safety
    Distinct objects: safe.
*/
template <route::fixed_string Name, class T = std::string>
class param {
public:
    using value_type = T; ///< the type of the value

    /// Construct with a value.
    constexpr explicit param(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : value_(std::move(value)) {}

    /** Convert a decoded text.

        @par Errors
        @li `error::bad_value` it is no `T`: `parameter "id": "abc" is not an integer`.
    */
    static result<param> from(std::string_view text) {
        auto v = route::from_text<T>(text);
        if (v) return param(std::move(*v));
        failure f = v.error();
        f.detail = "parameter \"" + std::string(Name.view()) + "\": " + f.message();
        return f;
    }

    /// Returns the name.
    static constexpr std::string_view name() noexcept { return Name.view(); }
    /// Returns the value.
    constexpr const T& value() const& noexcept { return value_; }
    /// Returns the value, moved out.
    constexpr T&& value() && noexcept { return std::move(value_); }
    /// Converts to the value.
    constexpr operator const T&() const noexcept { return value_; }
    /// Returns the value.
    constexpr const T& operator*() const noexcept { return value_; }
    /// Accesses the value.
    constexpr const T* operator->() const noexcept { return &value_; }

    /// Compares the value. (Numbers are compared as numbers, by conversion.)
    friend constexpr bool operator==(const param& a, const T& b)
        requires(!std::is_arithmetic_v<T>)
    {
        return a.value_ == b;
    }
    /// Compares the values.
    friend constexpr bool operator==(const param& a, const param& b)
        requires(!std::is_arithmetic_v<T>)
    {
        return a.value_ == b.value_;
    }

private:
    T value_;
};

} // namespace crema
// ---- crema/route/url_for.hpp
// url_for: makes paths of route patterns and values, the reverse of matching.
#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema::route {

/** Holds the value of a parameter: text, a list of segments for a wildcard, or nothing.

    Numbers become text.

    @par Thread Safety
    Distinct objects: safe.
*/
class url_value {
public:
    /// Construct nothing: the parameter is absent.
    url_value(std::nullopt_t = std::nullopt) noexcept {}
    /// Construct from text, which is copied.
    url_value(std::string_view text) : kind_(kind::text), text_(text) {}
    /// Construct from text, which is copied.
    url_value(const char* text) : url_value(std::string_view(text)) {}
    /// Construct from text.
    url_value(std::string text) : kind_(kind::text), text_(std::move(text)) {}
    /// Construct from a number.
    template <std::integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char>)
    url_value(T number) : kind_(kind::text), text_(std::to_string(number)) {}
    /// Construct from segments.
    url_value(std::initializer_list<url_value> segments) : kind_(kind::list), list_(segments) {}
    /// Construct from segments.
    url_value(std::vector<url_value> segments) : kind_(kind::list), list_(std::move(segments)) {}
    /// Construct from any range of values.
    template <std::ranges::input_range R>
        requires(!std::convertible_to<const R&, std::string_view> && !std::same_as<std::remove_cvref_t<R>, url_value> &&
                 std::constructible_from<url_value, std::ranges::range_reference_t<const R>>)
    url_value(const R& segments) : kind_(kind::list) {
        for (const auto& s : segments) list_.emplace_back(s);
    }
    /// Construct from a value that may be absent.
    template <class T>
    url_value(const std::optional<T>& value) : url_value(value ? url_value(*value) : url_value()) {}
    /// Construct from an argument of a handler.
    template <fixed_string Name, class T>
    url_value(const param<Name, T>& p) : url_value(p.value()) {}

    /// Tells whether there is no value.
    bool is_absent() const noexcept { return kind_ == kind::absent; }
    /// Returns the text, or null when it is none.
    const std::string* text() const noexcept { return kind_ == kind::text ? &text_ : nullptr; }
    /// Returns the segments, or null when it is no list.
    const std::vector<url_value>* list() const noexcept { return kind_ == kind::list ? &list_ : nullptr; }

private:
    enum class kind : unsigned char { absent, text, list };
    kind kind_ = kind::absent;
    std::string text_;
    std::vector<url_value> list_;
};

/// Is a list of names and their values. The names are views.
using url_params = std::vector<std::pair<std::string_view, url_value>>;

/// Says how values become parts of a path.
struct url_options {
    bool encode = true; ///< escape as encodeURIComponent does; else the values go in as they are, wildcards as text
    std::string_view delimiter = "/"; ///< what separates the segments of a wildcard
};

/** Makes paths of one pattern.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class url_template {
public:
    /** Make a path.

        @param params Values by name; those the pattern does not have are ignored. A group lacking one is left out.

        @par Errors
        @li `error::not_found` `Missing parameters: a, b`
        @li `error::bad_value` `Expected "a" to be a string`, `Expected "a" to be a non-empty array`
    */
    CREMA_DECL result<std::string> operator()(const url_params& params = {}) const;

private:
    friend CREMA_DECL result<url_template> compile(token_list tokens, const url_options& options);
    url_template(token_list tokens, const url_options& options)
        : tokens_(std::move(tokens)), delimiter_(options.delimiter), encode_(options.encode) {}
    token_list tokens_;
    std::string delimiter_;
    bool encode_;
};

/** Read a pattern for making paths.

    @par Errors
    @li `error::bad_pattern` as with `pattern::parse`, except that captures may stand side by side.
*/
CREMA_DECL result<url_template> compile(std::string_view pattern, const url_options& options = {});
/// Takes tokens for making paths. @copydetails compile
CREMA_DECL result<url_template> compile(token_list tokens, const url_options& options = {});

/// Is what the compiler complains about when `url_for` is given too many or too few values.
template <std::size_t Given, class ParametersAre>
struct url_for_wrong_number_of_values;

namespace detail {

// Makes a path of tokens, whose texts stand in `text`.
CREMA_DECL result<std::string> make_url(const token* tokens, std::size_t count, std::string_view text,
                                        const url_params& params, const url_options& options);

template <class T>
inline constexpr bool is_param = false;
template <fixed_string Name, class T>
inline constexpr bool is_param<param<Name, T>> = true;

template <class T>
concept url_segments = std::ranges::input_range<const T> && !std::convertible_to<const T&, std::string_view>;

// Which parameter of the pattern the value at `i` is for.
template <class Pattern>
constexpr std::size_t parameter_for(std::size_t i, bool required_only) {
    for (std::size_t p = 0; p < Pattern::size(); ++p) {
        if (required_only && Pattern::at(p).optional) continue;
        if (i-- == 0) return p;
    }
    return Pattern::size();
}

template <class Pattern>
constexpr std::size_t count_required() {
    std::size_t n = 0;
    for (std::size_t p = 0; p < Pattern::size(); ++p) n += !Pattern::at(p).optional;
    return n;
}

template <class Pattern, class Arg>
constexpr bool fits_parameter(std::size_t i) {
    if constexpr (is_optional<Arg>) return fits_parameter<Pattern, typename Arg::value_type>(i);
    else return Pattern::at(i).wildcard == url_segments<Arg>;
}

} // namespace detail
} // namespace crema::route

namespace crema {

/** Make the path of a pattern, with values by name: `url_for("/users/:id", {{"id", 7}})`.

    @throws system_error as `route::url_template` returns, or the pattern is malformed.
*/
CREMA_DECL std::string url_for(std::string_view pattern, const route::url_params& params = {});

/** Make the path of a pattern that the compiler reads.

    Values come in the order of the pattern, one for each parameter, or one for each that is not optional:
    `url_for<"/users/:id{/posts/:post}">(7, 8)`. Or all are `param`, of any order: `url_for<"/users/:id">(id)`.
    A wildcard takes a range. `std::nullopt` and empty optionals leave a group out.

    @throws system_error an empty range for a wildcard, or an empty optional where there is no group.
*/
template <route::fixed_string Pattern, class... Args>
std::string url_for(const Args&... args) {
    using pattern = route::typed_pattern<Pattern>;
    constexpr std::size_t given = sizeof...(Args), required = route::detail::count_required<pattern>();
    route::url_params params;
    params.reserve(given);
    if constexpr (given != 0 && (route::detail::is_param<Args> && ...)) {
        ((pattern::template require<route::fixed_string<Args::name().size() + 1>(Args::name())>()), ...);
        ((params.emplace_back(Args::name(), route::url_value(args))), ...);
    } else {
        constexpr bool all = given == pattern::size();
        if constexpr (!all && given != required)
            static_cast<void>(sizeof(route::url_for_wrong_number_of_values<given, typename pattern::names>));
        static_assert(all || given == required,
                      "crema: url_for takes a value for each parameter of the pattern, in order, or for "
                      "each that is not optional");
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_assert(
                (route::detail::fits_parameter<pattern, Args>(route::detail::parameter_for<pattern>(I, !all)) && ...),
                "crema: url_for takes a range of segments for a wildcard, and one value for any other parameter");
            (params.emplace_back(pattern::at(route::detail::parameter_for<pattern>(I, !all)).name,
                                 route::url_value(args)),
             ...);
        }(std::make_index_sequence<given>{});
    }
    const auto& p = pattern::parsed();
    auto path = route::detail::make_url(p.tokens, p.count, {p.text, p.text_used}, params, {});
    return std::move(path).value();
}

} // namespace crema

#if CREMA_BODIES
namespace crema::route {
namespace detail {

class url_maker {
public:
    url_maker(std::string_view text, const url_params& params, const url_options& options)
        : text_(text), params_(params), options_(options) {}

    result<std::string> make(const token* tokens, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const token& t = tokens[i];
            const std::string_view text = text_.substr(t.at, t.size);
            if (t.kind == token_kind::text) out_ += text;
            else if (t.kind == token_kind::group_open) groups_.push_back({out_.size(), missing_.size()});
            else if (t.kind == token_kind::group_close) leave_group();
            else if (auto f = put(t.kind == token_kind::wildcard, text)) return *f;
        }
        if (missing_.empty()) return std::move(out_);
        std::string names;
        for (const auto name : missing_) (names += names.empty() ? "" : ", ") += name;
        return failure{make_error_code(error::not_found), 0, "Missing parameters: " + names};
    }

private:
    struct group {
        std::size_t out, missing; // how much there was at its begin
    };

    // Takes back a group that lacks something.
    void leave_group() {
        const group g = groups_.back();
        groups_.pop_back();
        if (missing_.size() == g.missing) return;
        missing_.resize(g.missing);
        out_.resize(g.out);
    }
    static failure expected(std::string name, std::string_view what) {
        return {make_error_code(error::bad_value), 0, "Expected \"" + name + "\" to be " + std::string(what)};
    }
    void append(std::string_view text) {
        if (options_.encode) encode_uri_component_to(out_, text);
        else out_ += text;
    }
    std::optional<failure> put(bool wildcard, std::string_view name) {
        const url_value* value = nullptr;
        for (const auto& [n, v] : params_)
            if (n == name) value = &v; // the last one counts
        if (!value || value->is_absent()) {
            missing_.push_back(name);
            return std::nullopt;
        }
        if (!wildcard || !options_.encode) {
            if (!value->text()) return expected(std::string(name), "a string");
            append(*value->text());
            return std::nullopt;
        }
        if (!value->list() || value->list()->empty()) return expected(std::string(name), "a non-empty array");
        std::size_t i = 0;
        for (const url_value& segment : *value->list()) {
            if (!segment.text()) return expected(std::string(name) + "/" + std::to_string(i), "a string");
            if (i++ != 0) out_ += options_.delimiter;
            append(*segment.text());
        }
        return std::nullopt;
    }

    std::string_view text_;
    const url_params& params_;
    const url_options& options_;
    std::string out_;
    std::vector<std::string_view> missing_;
    std::vector<group> groups_;
};

CREMA_DECL result<std::string> make_url(const token* tokens, std::size_t count, std::string_view text,
                                        const url_params& params, const url_options& options) {
    return url_maker(text, params, options).make(tokens, count);
}

} // namespace detail

CREMA_DECL result<std::string> url_template::operator()(const url_params& params) const {
    const auto& t = tokens_.tokens();
    return detail::make_url(t.data(), t.size(), tokens_.text(), params, {.encode = encode_, .delimiter = delimiter_});
}

CREMA_DECL result<url_template> compile(std::string_view pattern, const url_options& options) {
    token_list tokens;
    if (const auto e = parse_pattern(pattern, tokens)) return e->as_failure();
    return compile(std::move(tokens), options);
}

CREMA_DECL result<url_template> compile(token_list tokens, const url_options& options) {
    return url_template(std::move(tokens), options);
}

} // namespace crema::route

namespace crema {

CREMA_DECL std::string url_for(std::string_view pattern, const route::url_params& params) {
    const auto made = route::compile(pattern).value();
    return made(params).value();
}

} // namespace crema
#endif
// ---- crema/core/function.hpp
// unique_function: a callable that is moved, never copied, with room for small ones inside.
#include <cstddef>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

namespace crema {

template <class Signature>
class unique_function;

/** Holds any callable of the signature, without copying it.

    Callables of up to four pointers that move without throwing are kept inside; others cost one allocation.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class R, class... Args>
class unique_function<R(Args...)> {
    static constexpr std::size_t room = 4 * sizeof(void*);

    template <class F>
    static constexpr bool fits = sizeof(F) <= room && alignof(F) <= alignof(std::max_align_t) &&
                                 std::is_nothrow_move_constructible_v<F>;

    struct operations {
        R (*call)(void*, Args...);
        void (*move)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
    };

    template <class F>
    static F& stored(void* place) noexcept {
        if constexpr (fits<F>) return *std::launder(static_cast<F*>(place));
        else return **static_cast<F**>(place);
    }

    template <class F>
    static constexpr operations operations_of{
        [](void* place, Args... args) -> R {
            return std::invoke(stored<F>(place), std::forward<Args>(args)...);
        },
        [](void* from, void* to) noexcept {
            if constexpr (fits<F>) {
                F& f = stored<F>(from);
                ::new (to) F(std::move(f));
                f.~F();
            } else {
                *static_cast<F**>(to) = *static_cast<F**>(from);
            }
        },
        [](void* place) noexcept {
            if constexpr (fits<F>) stored<F>(place).~F();
            else delete *static_cast<F**>(place);
        }};

public:
    /// Construct empty.
    unique_function() noexcept = default;
    /// Construct empty.
    unique_function(std::nullptr_t) noexcept {}

    /// Construct from a callable, which is moved in.
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, unique_function> &&
                 std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
    unique_function(F&& f) {
        using D = std::decay_t<F>;
        if constexpr (fits<D>) ::new (static_cast<void*>(place_)) D(std::forward<F>(f));
        else *reinterpret_cast<D**>(place_) = new D(std::forward<F>(f));
        ops_ = &operations_of<D>;
    }

    unique_function(unique_function&& other) noexcept : ops_(std::exchange(other.ops_, nullptr)) {
        if (ops_) ops_->move(other.place_, place_);
    }
    unique_function& operator=(unique_function&& other) noexcept {
        if (this != &other) {
            reset();
            ops_ = std::exchange(other.ops_, nullptr);
            if (ops_) ops_->move(other.place_, place_);
        }
        return *this;
    }
    unique_function(const unique_function&) = delete;
    unique_function& operator=(const unique_function&) = delete;
    ~unique_function() { reset(); }

    /// Tells whether there is a callable.
    explicit operator bool() const noexcept { return ops_ != nullptr; }

    /// Calls it; undefined when empty.
    R operator()(Args... args) { return ops_->call(place_, std::forward<Args>(args)...); }

    /// Destroys the callable and leaves this empty.
    void reset() noexcept {
        if (auto* ops = std::exchange(ops_, nullptr)) ops->destroy(place_);
    }

private:
    const operations* ops_ = nullptr;
    alignas(std::max_align_t) std::byte place_[room];
};

} // namespace crema
// ---- crema/loop/clock.hpp
// Clock: where a loop takes the time from; the real one, or one that a test moves by hand.
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
// ---- crema/loop/job_queue.hpp
// The queues of ticks and microtasks: first in, first out, without allocation in steady state.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace crema::detail {

// What a loop hears from its queues: that it must look at what keeps it alive.
class loop_signals {
public:
    // Something changed. Inside a callback the loop looks when the callback ends, else at once.
    void touch() noexcept {
        dirty_ = true;
        if (!inside_) settle_outside();
    }

protected:
    ~loop_signals() = default;
    virtual void settle_outside() noexcept = 0;
    bool dirty_ = false;
    bool inside_ = false;
};

struct queued_job {
    unique_function<void()> run;
    const activity_label* label = nullptr;
};

// A ring that grows and never shrinks. Positions count up, so that a job can be taken back.
class job_queue {
public:
    bool empty() const noexcept { return head_ == tail_; }

    std::uint64_t push(unique_function<void()> f, const activity_label* label) {
        if (tail_ - head_ == ring_.size()) grow();
        auto& slot = ring_[tail_ & (ring_.size() - 1)];
        slot.run = std::move(f);
        slot.label = label;
        return tail_++;
    }
    queued_job take() noexcept { return std::move(ring_[head_++ & (ring_.size() - 1)]); }

    // Makes the job at this position do nothing; one that was taken already stays as it is.
    void revoke(std::uint64_t position) noexcept {
        if (position >= head_ && position < tail_) ring_[position & (ring_.size() - 1)].run.reset();
    }
    // Destroys all jobs, also those that are queued by their destructors.
    void clear() noexcept {
        while (!empty()) take();
    }

private:
    void grow() {
        std::vector<queued_job> larger(ring_.empty() ? 64 : 2 * ring_.size());
        for (auto p = head_; p != tail_; ++p)
            larger[p & (larger.size() - 1)] = std::move(ring_[p & (ring_.size() - 1)]);
        ring_.swap(larger);
    }
    std::vector<queued_job> ring_; // a power of two, or empty
    std::uint64_t head_ = 0;
    std::uint64_t tail_ = 0;
};

} // namespace crema::detail
// ---- crema/loop/immediate.hpp
// Immediates: what runs in the check phase, after the poll phase of the same turn.
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
// ---- crema/loop/remote.hpp
// Remote jobs: work that other threads hand to a loop, without a lock and with one wake-up for a batch.
#include <atomic>
#include <utility>

namespace crema::detail {

// A node in the queue of a loop; whoever hands it over keeps it alive until `run` is called, on the loop.
struct remote_job {
    using function = void (*)(remote_job&, bool abandoned); // abandoned: the loop ends, only clean up
    explicit remote_job(function f) noexcept : run(f) {}
    function run;
    remote_job* next = nullptr;
};

// What `loop::post` makes.
class posted_job final : public remote_job {
public:
    explicit posted_job(unique_function<void()> f) noexcept
        : remote_job([](remote_job& self, bool abandoned) {
              auto work = std::move(static_cast<posted_job&>(self).work_);
              delete static_cast<posted_job*>(&self);
              if (!abandoned) work();
          }),
          work_(std::move(f)) {}
    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

private:
    unique_function<void()> work_;
};

// Many producers, one consumer, first in, first out.
class remote_queue {
public:
    // True when it was empty: then the consumer has to be woken.
    bool push(remote_job& job) noexcept {
        auto* head = head_.load(std::memory_order_relaxed);
        do job.next = head;
        while (!head_.compare_exchange_weak(head, &job, std::memory_order_acq_rel, std::memory_order_relaxed));
        return head == nullptr;
    }
    // Takes all, in the order in which they came.
    remote_job* take_all() noexcept {
        auto* job = head_.exchange(nullptr, std::memory_order_acq_rel);
        remote_job* first = nullptr;
        while (job) {
            auto* next = job->next;
            job->next = first;
            first = job;
            job = next;
        }
        return first;
    }

private:
    std::atomic<remote_job*> head_{nullptr};
};

} // namespace crema::detail
// ---- crema/loop/timer.hpp
// Timers: Node's rules for when and in which order they fire.
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
    void run() { run_(); }

private:
    unique_function<void()> run_;
    unsigned count_ = 0;
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
        owned.release();
        return ok;
    }

    timer_list* find(std::int32_t msecs) const noexcept {
        const auto at = lists_.find(msecs);
        return at == lists_.end() ? nullptr : at->second;
    }
    timer_list* make(std::int64_t expiry, std::int32_t msecs) {
        auto* list = new timer_list(expiry, next_id_++, msecs);
        lists_.emplace(msecs, list);
        list->at = static_cast<std::uint32_t>(heap_.size());
        heap_.push_back(list);
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
    /// Stops it for good. Does nothing when empty or cleared before.
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
    object_->cleared_ = true;
    if (object_->queue_) object_->queue_->unenroll(*object_);
}

} // namespace crema
// ---- crema/loop/loop.hpp
// loop: Node's event loop on an asio::io_context.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace asio {
class io_context;
}

namespace crema {

class loop;

namespace detail {

struct loop_engine; // what needs Asio
// The loops of this thread: the one that runs, and those that were made here, the last one first.
inline thread_local constinit loop* running_loop = nullptr;
inline thread_local constinit loop* newest_loop = nullptr;

} // namespace detail

/** Runs callbacks one after the other, in Node's phases, over one `asio::io_context`.

    Each turn: the poll phase (sockets, results of the pool, `post`), the check phase (immediates), close callbacks,
    timers. Between any two callbacks the ticks and then the microtasks are run, again and again until both queues are
    empty. What leaves a callback as an exception goes to `on_error`, and the rest goes on as in Node.

    Timers, immediates, operations of Asio on the context, `post`, `hold` and close callbacks keep a loop alive.

    The loop may be driven by `io_context::run()` of a borrowed context as well; then `on_before_exit` and `on_exit` are
    not called, and what was queued before that call runs a little later.

    @par Thread Safety
    Only on one thread, besides `post`, `complete` and `stop`. It is destroyed on the thread that made it.

    @see Node.js documentation, event loop; libuv design overview
*/
class loop final : private detail::loop_signals, private loop_clock::listener {
public:
    /// Construct with an `io_context` of its own.
    CREMA_DECL loop();
    /// Construct on the user's `io_context`, which must outlive the loop.
    CREMA_DECL explicit loop(asio::io_context& context);
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    /// Destroys what waits; coroutines of `spawn` go with the last loop of the thread.
    CREMA_DECL ~loop();

    /// Returns the loop that runs on this thread, else the one made last, else the default loop, made at first use.
    static loop& current() {
        if (detail::running_loop) [[likely]] return *detail::running_loop;
        return current_slow();
    }
    /// Returns the loop of this thread that drives this context, null when there is none.
    static loop* driving(const asio::io_context& context) noexcept {
        if (detail::running_loop && detail::running_loop->context_ == &context) return detail::running_loop;
        for (auto* l = detail::newest_loop; l; l = l->older_)
            if (l->context_ == &context) return l;
        return nullptr;
    }
    /// Returns the context.
    asio::io_context& context() noexcept { return *context_; }

    /** Run until nothing keeps the loop alive, or `stop` or `exit` is called.

        Before it returns for the first reason it calls the functions of `on_before_exit`, which may give it more to do.

        @return The code given to `exit`, else 0.
        @throws std::logic_error when the loop runs already.
    */
    CREMA_DECL int run();
    /// Says whether `run_once` waits for something to happen.
    enum class wait : bool { no, yes };
    /** Run one turn of all phases.

        @return False when nothing keeps the loop alive any more.
    */
    CREMA_DECL bool run_once(wait w = wait::no);
    /// Makes `run` return after the callback that runs; what waits keeps waiting. Any thread.
    CREMA_DECL void stop() noexcept;
    /** End the program as far as the loop is concerned, as `process.exit`.

        Calls the functions of `on_exit`, drops whatever waits, and makes `run` return `code`.
    */
    CREMA_DECL void exit(int code = 0);

    /** Run a function as one callback of the loop.

        The watchdog watches it, an exception goes to `on_error`, then ticks and microtasks are run. Inside a callback
        it only calls `f` and catches. Completion handlers of Asio operations wrap their body in this.
    */
    template <class F>
    void callback(F&& f) {
        callback(nullptr, std::forward<F>(f));
    }
    /// Runs a function as one callback, with a label for the watchdog, which may be null.
    template <class F>
    void callback(const activity_label* label, F&& f) {
        if (inside_) {
            try {
                f();
            } catch (...) {
                uncaught(std::current_exception());
            }
            return;
        }
        auto* const outer = std::exchange(detail::running_loop, this);
        inside_ = true;
        const bool ok = host().run(label, f);
        if (ok && has_jobs()) drain();
        inside_ = false;
        detail::running_loop = outer;
        if (dirty_) settle(ok ? moment::callback : moment::failed);
    }

    /// Returns the time at which the running callback began or later; outside of callbacks, the time.
    std::chrono::steady_clock::time_point now() const noexcept {
        if (!inside_) timers_.time.stale();
        return timers_.time.now();
    }
    /// Returns when the first timer that keeps the loop alive is due; linear in the number of timers.
    std::optional<std::chrono::steady_clock::time_point> next_timer() const noexcept {
        const auto due = timers_.first_ref();
        if (due == detail::timer_queue::never) return std::nullopt;
        return detail::loop_time::at(due);
    }
    /// Tells whether jobs of other threads or operations of Asio are awaited. Not while it runs.
    CREMA_DECL bool waits_for_others() noexcept;
    /// Sets the clock, which must outlive the loop; null for the real one. Before anything else is done with the loop.
    CREMA_DECL void clock(loop_clock* c) noexcept;

    /// Runs a function as a callback in the poll phase. Keeps the loop alive until then. Any thread.
    void post(unique_function<void()> f) { complete(*new detail::posted_job(std::move(f))); }
    /// Hands over a job without allocation. Keeps the loop alive until it has run. Any thread.
    CREMA_DECL void complete(detail::remote_job& job);
    /** Announce a job that another thread will `deliver`: the loop stays alive, and is not destroyed, until then.

        The job's function calls `release`. One that will not come is taken back by `forget`.
    */
    void expect() noexcept {
        expected_.fetch_add(1, std::memory_order_relaxed);
        hold();
    }
    /// Hands over a job that was announced. Any thread.
    void deliver(detail::remote_job& job) {
        complete(job);
        expected_.fetch_sub(1, std::memory_order_release);
    }
    /// Takes back an announcement.
    void forget() noexcept {
        expected_.fetch_sub(1, std::memory_order_release);
        release();
    }
    /// Takes back a job that was handed over and has not run. @return False when it has run.
    CREMA_DECL bool revoke(detail::remote_job& job) noexcept;

    /** Set who receives the exceptions of callbacks and of spawned coroutines that nobody observed.

        By default they are printed to stderr and the process ends with code 1.
    */
    void on_error(unique_function<void(std::exception_ptr)> f) { on_error_ = std::move(f); }
    /// Reports an exception that nobody observed; `on_error` gets it once the microtasks are done.
    void report_unobserved(std::exception_ptr e) {
        unobserved_.push_back(std::move(e));
        touch();
    }
    /// Adds a function that `run` calls whenever nothing keeps the loop alive any more.
    void on_before_exit(unique_function<void()> f) { before_exit_.push_back(std::move(f)); }
    /// Adds a function that is called once, before `run` returns because nothing is left, or by `exit`.
    void on_exit(unique_function<void()> f) { at_exit_.push_back(std::move(f)); }

    /// Keeps the loop alive until `release`; counts.
    void hold() noexcept {
        ++holds_;
        touch();
    }
    /// Ends one `hold`.
    void release() noexcept {
        --holds_;
        touch();
    }

    /// Queues a function before all microtasks, to run when the running callback has ended.
    void next_tick(unique_function<void()> f, std::source_location where = std::source_location::current()) {
        ticks_.push(std::move(f), &label_at("tick", where));
        if (!inside_) touch();
    }
    /// Queues a function to run when the running callback has ended and the ticks are done.
    void queue_microtask(unique_function<void()> f, std::source_location where = std::source_location::current()) {
        enqueue_microtask(std::move(f), &label_at("microtask", where));
    }
    /// Queues a microtask with a label for the watchdog, which may be null. @return Its position, for `microtasks().revoke`.
    std::uint64_t enqueue_microtask(unique_function<void()> f, const activity_label* label) {
        const auto position = microtasks_.push(std::move(f), label);
        if (!inside_) touch();
        return position;
    }
    /** Call a function once, after a delay.

        @param f What to call, in the timers phase.
        @param delay Milliseconds or a duration; at least 1 ms.
    */
    timer set_timeout(unique_function<void()> f, timer_delay delay = 1,
                      std::source_location where = std::source_location::current()) {
        return timer(timers_, std::move(f), delay, false, &label_at("timer", where));
    }
    /// Calls a function again and again; a call that comes late is not made up for.
    timer set_interval(unique_function<void()> f, timer_delay period,
                       std::source_location where = std::source_location::current()) {
        return timer(timers_, std::move(f), period, true, &label_at("interval", where));
    }
    /// Calls a function in the next check phase.
    immediate set_immediate(unique_function<void()> f, std::source_location where = std::source_location::current()) {
        return immediate(immediates_, std::move(f), &label_at("immediate", where));
    }
    /// Calls a function in the next close phase. Of several, the last one comes first, as in libuv.
    void defer_close(unique_function<void()> f) {
        closing_.push_back(std::move(f));
        touch();
    }

    /// Returns where `loop_timer`s are started.
    detail::timer_queue& timers() noexcept { return timers_; }
    /// Returns where `loop_immediate`s are started.
    detail::immediate_queue& immediates() noexcept { return immediates_; }
    /// Returns the queue of microtasks.
    detail::job_queue& microtasks() noexcept { return microtasks_; }

private:
    friend struct detail::loop_engine;

    // When `settle` looks at what is pending.
    enum class moment { outside, callback, failed, phases };

    // Runs single callbacks for the queues.
    struct runner {
        loop& self;
        template <class F>
        bool run(const activity_label* label, F&& f) noexcept {
            auto& board = this_thread_activity();
            board.show(label, nullptr);
            self.timers_.time.stale();
            board.begin();
            bool ok = true;
            try {
                f();
            } catch (...) {
                self.uncaught(std::current_exception());
                ok = false;
            }
            board.end();
            return ok;
        }
        bool drain() { return !self.has_jobs() || self.drain(); }
        bool halted() const noexcept { return self.halted_.load(std::memory_order_relaxed); }
    };
    struct running_scope {
        loop& self;
        loop* outer;
        explicit running_scope(loop& l) noexcept : self(l), outer(std::exchange(detail::running_loop, &l)) {
            l.running_ = true;
        }
        ~running_scope() {
            self.running_ = false;
            detail::running_loop = outer;
        }
    };
    runner host() noexcept { return {*this}; }
    bool has_jobs() const noexcept { return !ticks_.empty() || !microtasks_.empty() || !unobserved_.empty(); }
    bool wants_turn() const noexcept { return keeps_alive() || drain_first_ || single_turn_; }
    bool keeps_alive() const noexcept {
        return timers_.refs() > 0 || immediates_.refs() > 0 || holds_ > 0 || !closing_.empty();
    }

    CREMA_DECL static loop& current_slow();
    CREMA_DECL void open();
    CREMA_DECL bool drain();
    CREMA_DECL void uncaught(std::exception_ptr e) noexcept;
    CREMA_DECL void settle(moment when) noexcept;
    void settle_outside() noexcept override { settle(moment::outside); }
    void on_time_moved() noexcept override { touch(); }
    CREMA_DECL void phases();
    CREMA_DECL void jump_when_idle() noexcept;
    CREMA_DECL void close_phase();
    CREMA_DECL void take_remote() noexcept;
    CREMA_DECL void run_remote();
    CREMA_DECL std::size_t run_context();
    CREMA_DECL void call_at_exit();
    CREMA_DECL void drop_all() noexcept;

    asio::io_context* context_ = nullptr;
    std::unique_ptr<detail::loop_engine, void (*)(detail::loop_engine*)> engine_;
    mutable detail::timer_queue timers_{*this};
    detail::immediate_queue immediates_{*this};
    detail::job_queue ticks_;
    detail::job_queue microtasks_;
    std::vector<std::exception_ptr> unobserved_;
    std::vector<unique_function<void()>> closing_;
    detail::remote_queue remote_;
    detail::remote_job* remote_rest_ = nullptr;
    unique_function<void(std::exception_ptr)> on_error_;
    std::deque<unique_function<void()>> before_exit_;
    std::vector<unique_function<void()>> at_exit_;
    loop_immediate after_error_{[](loop_immediate&) {}};
    std::int64_t holds_ = 0;
    loop* older_ = nullptr;
    std::atomic<int> expected_{0}; // jobs announced and not delivered
    std::atomic<bool> halted_{false};
    bool running_ = false;
    bool exiting_ = false;
    bool drain_first_ = false;
    bool single_turn_ = false; // run_once waits for the phases
    int exit_code_ = 0;
};

/// Calls a function once, after a delay, on the loop of this thread. @see loop::set_timeout
inline timer set_timeout(unique_function<void()> f, timer_delay delay = 1,
                         std::source_location where = std::source_location::current()) {
    return loop::current().set_timeout(std::move(f), delay, where);
}
/// Calls a function again and again, on the loop of this thread. @see loop::set_interval
inline timer set_interval(unique_function<void()> f, timer_delay period,
                          std::source_location where = std::source_location::current()) {
    return loop::current().set_interval(std::move(f), period, where);
}
/// Calls a function in the next check phase of the loop of this thread. @see loop::set_immediate
inline immediate set_immediate(unique_function<void()> f,
                               std::source_location where = std::source_location::current()) {
    return loop::current().set_immediate(std::move(f), where);
}
/// Queues a tick on the loop of this thread. @see loop::next_tick
inline void next_tick(unique_function<void()> f, std::source_location where = std::source_location::current()) {
    loop::current().next_tick(std::move(f), where);
}
/// Queues a microtask on the loop of this thread. @see loop::queue_microtask
inline void queue_microtask(unique_function<void()> f, std::source_location where = std::source_location::current()) {
    loop::current().queue_microtask(std::move(f), where);
}
/// Stops a timer for good. Interchangeable with `clear_interval`.
inline void clear_timeout(timer t) noexcept {
    t.clear();
}
/// Stops a timer for good. Interchangeable with `clear_timeout`.
inline void clear_interval(timer t) noexcept {
    t.clear();
}
/// Takes an immediate back.
inline void clear_immediate(immediate i) noexcept {
    i.clear();
}

} // namespace crema

// ---- crema/loop/asio_version.hpp
// What differs between the versions of Asio, in one place: 1.22 is the floor.

// Asio before 1.24 does not know that clang has coroutines. It is too late to tell when <asio.hpp> came before crema:
// then define ASIO_HAS_CO_AWAIT for the whole program, or do without asio::awaitable.
#if defined(__clang__) && !defined(ASIO_HAS_CO_AWAIT) && !defined(ASIO_DISABLE_CO_AWAIT) && !defined(ASIO_AWAITABLE_HPP)
#define ASIO_HAS_CO_AWAIT 1
#endif

#include <asio/execution.hpp>
#include <asio/io_context.hpp>
#include <asio/version.hpp>
#include <utility>

#if ASIO_VERSION < 102200
#error "crema needs Asio 1.22 or newer"
#endif

namespace crema::detail {

// Runs a function on an executor as its properties say.
template <class Executor, class F>
void execute_on(const Executor& executor, F&& f) {
#if ASIO_VERSION < 102400
    asio::execution::execute(executor, std::forward<F>(f)); // the member is not public
#else
    executor.execute(std::forward<F>(f));
#endif
}

// Counts one more, one less reason for `run` to go on.
inline void work_started(asio::io_context& context) noexcept {
#if defined(ASIO_NO_TS_EXECUTORS)
    asio::use_service<asio::detail::io_context_impl>(context).work_started();
#else
    context.get_executor().on_work_started();
#endif
}
inline void work_finished(asio::io_context& context) noexcept {
#if defined(ASIO_NO_TS_EXECUTORS)
    asio::use_service<asio::detail::io_context_impl>(context).work_finished();
#else
    context.get_executor().on_work_finished();
#endif
}

} // namespace crema::detail
// ---- crema/loop/loop.hpp, bodies
#if CREMA_BODIES
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace crema {
namespace detail {

// Memory for one operation of Asio at a time; a second one comes from the free lists.
struct operation_slot {
    alignas(std::max_align_t) std::byte memory[192];
    std::atomic<bool> used{false};
};
template <class T>
struct slot_allocator {
    using value_type = T;
    operation_slot* slot;

    explicit slot_allocator(operation_slot& s) noexcept : slot(&s) {}
    template <class U>
    slot_allocator(const slot_allocator<U>& other) noexcept : slot(other.slot) {}
    T* allocate(std::size_t n) {
        if (n * sizeof(T) <= sizeof slot->memory && !slot->used.exchange(true, std::memory_order_acquire))
            return reinterpret_cast<T*>(slot->memory);
        return static_cast<T*>(recycle_allocate(n * sizeof(T)));
    }
    void deallocate(T* p, std::size_t n) noexcept {
        if (reinterpret_cast<std::byte*>(p) == slot->memory) slot->used.store(false, std::memory_order_release);
        else recycle_free(p, n * sizeof(T));
    }
    friend bool operator==(const slot_allocator& a, const slot_allocator& b) noexcept { return a.slot == b.slot; }
};

// What handlers in the queue of a context refer to; outlives the loop.
struct loop_anchor {
    loop_engine* engine;
    operation_slot pump, wake, wait;
};

template <void (loop_engine::*Run)(), operation_slot loop_anchor::*Slot>
struct engine_handler {
    std::shared_ptr<loop_anchor> anchor;
    using allocator_type = slot_allocator<void>;
    allocator_type get_allocator() const noexcept { return allocator_type((*anchor).*Slot); }
    void operator()(const asio::error_code& = {}) const {
        if (anchor->engine) (anchor->engine->*Run)();
    }
};

/* How the phases come out of `io_context::run()`: after the poll phase there is a handler at the end of the queue, the
   pump, which runs check, close and timers. It is posted only when these have something to do, so a turn that only
   polls costs nothing else. The context's reactor stands in the same queue: behind the handlers of one poll, before
   the pump. A pump that was posted by the phases themselves must let the next poll go first; when it comes up the
   events of that poll are queued behind it, so it queues itself once more. */
struct loop_engine {
    explicit loop_engine(loop& l, asio::io_context* borrowed)
        : self(l), anchor(std::make_shared<loop_anchor>()) {
        anchor->engine = this;
        if (!borrowed) borrowed = &own.emplace(1);
        context = borrowed;
        wait.emplace(*context);
    }
    ~loop_engine() {
        wait.reset();
        anchor->engine = nullptr;
        for (; waits > 0; --waits) work_started(); // their handlers, if they are called at all, end it
        if (counted) work_finished();
    }
    void work_started() { detail::work_started(*context); }
    void work_finished() { detail::work_finished(*context); }

    // Tells whether anything keeps the context alive; what is 0 when it is raised and lowered stops it.
    bool has_work() {
        context->restart();
        work_started();
        work_finished();
        return !context->stopped();
    }
    void count(bool alive) {
        if (alive == counted) return;
        counted = alive;
        if (alive) work_started();
        else work_finished();
    }
    void request_pump(bool after_poll) {
        if (pumping) return;
        pumping = true;
        poll_first = after_poll;
        requested_at = this_thread_activity().turn.load(std::memory_order_relaxed);
        asio::post(*context, engine_handler<&loop_engine::pump, &loop_anchor::pump>{anchor});
    }
    void pump() {
        if (poll_first) {
            poll_first = false;
            if (!self.wants_turn()) {
                pumping = false;
                return;
            }
            asio::post(*context, engine_handler<&loop_engine::pump, &loop_anchor::pump>{anchor});
            return;
        }
        pumping = false;
        self.phases();
    }
    void wake() { self.run_remote(); }
    // Does not count as work: `count` does.
    void wait_until(std::int64_t due) {
        if (armed <= due) return;
        armed = due;
        wait->expires_at(loop_time::at(due));
        wait->async_wait(engine_handler<&loop_engine::waited, &loop_anchor::wait>{anchor});
        ++waits;
        work_finished();
    }
    void waited() {
        --waits;
        work_started();
        if (waits > 0) return; // a later wait replaced this one
        armed = timer_queue::never;
        if (self.timers_.due() == timer_queue::never) return;
        if (self.timers_.due() <= self.timers_.time.update()) request_pump(false);
        else wait_until(self.timers_.due());
    }

    loop& self;
    std::shared_ptr<loop_anchor> anchor;
    std::optional<asio::io_context> own;
    asio::io_context* context = nullptr;
    std::optional<asio::steady_timer> wait;
    std::int64_t armed = timer_queue::never; // when `wait` ends
    int waits = 0;                           // handlers of `wait` that were not called yet
    std::uint64_t requested_at = 0;          // the turn of the board when the pump was posted
    bool counted = false;
    bool pumping = false;
    bool poll_first = false;
};

} // namespace detail

CREMA_DECL loop::loop() : engine_(new detail::loop_engine(*this, nullptr), [](detail::loop_engine* e) { delete e; }) {
    open();
}
CREMA_DECL loop::loop(asio::io_context& context)
    : engine_(new detail::loop_engine(*this, &context), [](detail::loop_engine* e) { delete e; }) {
    open();
}
CREMA_DECL void loop::open() {
    context_ = engine_->context;
    older_ = std::exchange(detail::newest_loop, this);
    detail::report_unobserved = [](std::exception_ptr e) { loop::current().report_unobserved(std::move(e)); };
#if defined(SIGPIPE)
    // A peer that has gone is an error code. A handler of the user's stays.
    static const auto before = std::signal(SIGPIPE, SIG_IGN);
    if (before != SIG_DFL && before != SIG_ERR) std::signal(SIGPIPE, before);
#endif
}
CREMA_DECL loop::~loop() {
    inside_ = true; // nothing is to be started any more
    if (detail::newest_loop == this && !older_) detail::destroy_spawned();
    while (expected_.load(std::memory_order_acquire) > 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    for (auto** l = &detail::newest_loop; *l; l = &(*l)->older_)
        if (*l == this) {
            *l = older_;
            break;
        }
    if (!detail::newest_loop) detail::report_unobserved = nullptr;
    if (detail::running_loop == this) detail::running_loop = nullptr;
    if (engine_->own) { // handlers own things that still use the loop
        engine_->wait.reset();
        engine_->anchor->engine = nullptr;
        engine_->waits = 0;
        engine_->counted = false;
        engine_->own.reset();
    }
    drop_all();
    if (auto* c = timers_.time.clock()) {
        (void)c;
        loop_clock::unlisten(*this);
    }
    engine_.reset();
}
CREMA_DECL loop& loop::current_slow() {
    if (detail::newest_loop) return *detail::newest_loop;
    static thread_local loop default_loop;
    return default_loop;
}
CREMA_DECL void loop::clock(loop_clock* c) noexcept {
    if (timers_.time.clock()) loop_clock::unlisten(*this);
    timers_.time.clock(c);
    if (c) c->listen(*this);
}

CREMA_DECL void loop::uncaught(std::exception_ptr e) noexcept {
    if (on_error_) {
        try {
            on_error_(e);
            after_error_.start(immediates_); // whatever the error left in the queues is run soon
            return;
        } catch (...) {
            e = std::current_exception();
        }
    }
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& x) {
        std::fprintf(stderr, "crema: uncaught exception: %s\n", x.what());
    } catch (...) {
        std::fprintf(stderr, "crema: uncaught exception\n");
    }
    call_at_exit();
    std::fflush(nullptr);
    std::_Exit(1);
}

// Ticks, then microtasks, until both are empty; then errors nobody observed. False when a tick threw: the rest waits
// for the next callback, as in Node.
CREMA_DECL bool loop::drain() {
    drain_first_ = false;
    if (exiting_) return true;
    for (;;) {
        while (!ticks_.empty()) {
            auto job = ticks_.take();
            if (job.run && !host().run(job.label, job.run)) return false;
            if (exiting_) return true;
        }
        while (!microtasks_.empty()) {
            auto job = microtasks_.take();
            if (job.run) host().run(job.label, job.run);
            if (exiting_) return true;
        }
        if (!ticks_.empty()) continue;
        if (unobserved_.empty()) return true;
        auto errors = std::move(unobserved_);
        unobserved_.clear();
        for (auto& e : errors) {
            if (!on_error_) uncaught(e);
            host().run(nullptr, [&] { on_error_(e); });
            if (exiting_) return true;
        }
    }
}

// Adapts the context to what waits now.
CREMA_DECL void loop::settle(moment when) noexcept {
    dirty_ = false;
    engine_->count(keeps_alive());
    if (exiting_) return;
    const bool polling = (when == moment::callback || when == moment::failed) &&
                         context_->get_executor().running_in_this_thread();
    // the main program: its ticks run even after an exception
    if ((when == moment::outside || (when == moment::failed && !polling)) && has_jobs()) drain_first_ = true;
    // A turn that has begun goes on to the check phase; a new one begins only for what keeps the loop alive.
    const bool check = polling ? !immediates_.empty() : immediates_.refs() > 0;
    if (check || !closing_.empty() || drain_first_) engine_->request_pump(!polling);
    const auto due = timers_.due();
    if (due == detail::timer_queue::never) return;
    auto* const clock = timers_.time.clock();
    if (!clock || clock->idle() == loop_clock::when_idle::sleep) {
        // outside, a wait that keeps nothing alive would stop the context
        if (polling || keeps_alive()) engine_->wait_until(due);
    } else if (due <= timers_.time.update() || (clock->idle() == loop_clock::when_idle::jump && timers_.refs() > 0)) {
        engine_->request_pump(!polling);
    }
}

// Check, close and timers: the part of a turn after the poll phase.
CREMA_DECL void loop::phases() {
    auto* const outer = std::exchange(detail::running_loop, this);
    inside_ = true;
    auto runs = host();
    single_turn_ = false;
    jump_when_idle();
    if (std::exchange(drain_first_, false)) runs.drain();
    if (!runs.halted()) immediates_.process(runs);
    if (!runs.halted()) close_phase();
    if (!runs.halted() && timers_.due() != detail::timer_queue::never && timers_.due() <= timers_.time.update()) {
        timers_.process(runs);
        if (!runs.halted()) runs.drain();
    }
    inside_ = false;
    detail::running_loop = outer;
    settle(moment::phases);
}
// Moves a clock that wants it, when nothing has run since the phases were asked for.
CREMA_DECL void loop::jump_when_idle() noexcept {
    auto* const clock = timers_.time.clock();
    if (!clock || clock->idle() != loop_clock::when_idle::jump || timers_.refs() == 0) return;
    if (timers_.due() == detail::timer_queue::never) return;
    if (!immediates_.empty() || !closing_.empty() || drain_first_) return;
    if (engine_->requested_at != this_thread_activity().turn.load(std::memory_order_relaxed)) return;
    clock->jump_to(detail::loop_time::at(timers_.due()));
}
CREMA_DECL void loop::close_phase() {
    if (closing_.empty()) return;
    auto batch = std::move(closing_);
    closing_.clear();
    while (!batch.empty()) {
        auto f = std::move(batch.back());
        batch.pop_back();
        if (host().run(nullptr, f)) host().drain();
        if (host().halted()) break;
    }
    if (!batch.empty()) {
        std::move(closing_.begin(), closing_.end(), std::back_inserter(batch));
        closing_ = std::move(batch);
    } else if (closing_.empty()) {
        closing_ = std::move(batch); // keeps the memory
    }
}

CREMA_DECL void loop::complete(detail::remote_job& job) {
    if (!remote_.push(job)) return;
    asio::post(*context_, detail::engine_handler<&detail::loop_engine::wake, &detail::loop_anchor::wake>{engine_->anchor});
}
// Moves what other threads handed over to the end of the list of this thread.
CREMA_DECL void loop::take_remote() noexcept {
    auto* fresh = remote_.take_all();
    if (remote_rest_) {
        auto* last = remote_rest_;
        while (last->next) last = last->next;
        last->next = fresh;
    } else {
        remote_rest_ = fresh;
    }
}
CREMA_DECL bool loop::revoke(detail::remote_job& job) noexcept {
    take_remote();
    for (auto** at = &remote_rest_; *at; at = &(*at)->next)
        if (*at == &job) {
            *at = job.next;
            return true;
        }
    return false;
}
CREMA_DECL void loop::run_remote() {
    take_remote();
    while (remote_rest_ && !host().halted()) {
        auto* job = std::exchange(remote_rest_, remote_rest_->next);
        callback([job] { job->run(*job, false); });
    }
}

CREMA_DECL std::size_t loop::run_context() {
    for (;;) {
        try {
            context_->restart();
            if (halted_.load(std::memory_order_relaxed)) return 0;
            return context_->run();
        } catch (...) { // out of a handler that is not crema's
            callback([] { throw; });
        }
    }
}
CREMA_DECL int loop::run() {
    if (running_) throw std::logic_error("crema: this loop runs already");
    const running_scope running(*this);
    const auto ended = [&] { return halted_.load(std::memory_order_relaxed); };
    if (!ended()) {
        // the end of the main program
        inside_ = true;
        if (std::exchange(drain_first_, false)) host().drain();
        if (!ended() && keeps_alive() && timers_.due() <= timers_.time.update()) {
            auto runs = host();
            timers_.process(runs);
            if (!ended()) runs.drain();
        }
        inside_ = false;
        settle(moment::outside);
        if (remote_rest_) run_remote();
        bool again = true;
        while (again && !ended()) {
            if (run_context() > 0 || ended()) continue;
            for (std::size_t i = 0; i < before_exit_.size() && !ended(); ++i) callback(before_exit_[i]);
            settle(moment::outside);
            again = !ended() && run_context() > 0;
        }
    }
    const bool stopped = halted_.exchange(false);
    if (exiting_) {
        exiting_ = false;
        drop_all();
        settle(moment::outside);
    } else if (!stopped) {
        call_at_exit();
    }
    return std::exchange(exit_code_, 0);
}
CREMA_DECL bool loop::run_once(wait w) {
    if (running_) throw std::logic_error("crema: this loop runs already");
    const running_scope running(*this);
    context_->restart();
    callback([] {}); // the end of the main program
    if (remote_rest_) run_remote();
    const auto ended = [&] { return halted_.load(std::memory_order_relaxed); };
    const auto step = [&] {
        try {
            return context_->run_one();
        } catch (...) { // out of a handler that is not crema's
            callback([] { throw; });
            return std::size_t{1};
        }
    };
    if (w == wait::yes && !engine_->pumping && !ended()) step();
    single_turn_ = true;
    if (!ended()) engine_->request_pump(true);
    while (single_turn_ && !ended()) {
        context_->restart();
        if (step() == 0) break;
    }
    single_turn_ = false;
    halted_ = false;
    if (exiting_) {
        exiting_ = false;
        drop_all();
        settle(moment::outside);
    }
    return keeps_alive() || engine_->has_work();
}
CREMA_DECL bool loop::waits_for_others() noexcept {
    if (expected_.load(std::memory_order_acquire) > 0) return true;
    engine_->count(false);
    const bool more = engine_->has_work();
    engine_->count(keeps_alive());
    return more;
}
CREMA_DECL void loop::stop() noexcept {
    halted_ = true;
    context_->stop();
}
CREMA_DECL void loop::exit(int code) {
    if (exiting_) return;
    exit_code_ = code;
    exiting_ = true;
    call_at_exit();
    stop();
}
CREMA_DECL void loop::call_at_exit() {
    auto functions = std::move(at_exit_);
    at_exit_.clear();
    for (auto& f : functions) host().run(nullptr, f);
}
CREMA_DECL void loop::drop_all() noexcept {
    const bool was_inside = std::exchange(inside_, true);
    do {
        timers_.clear();
        immediates_.clear();
        ticks_.clear();
        microtasks_.clear();
        unobserved_.clear();
        auto closing = std::move(closing_);
        closing_.clear();
        take_remote();
        while (remote_rest_) {
            auto* job = std::exchange(remote_rest_, remote_rest_->next);
            job->run(*job, true);
        }
    } while (timers_.refs() > 0 || !immediates_.empty() || has_jobs() || !closing_.empty());
    inside_ = was_inside;
}

} // namespace crema
#endif
// ---- crema/loop/microtask.hpp
// resume_microtask, resume_immediate: a coroutine goes on later in the same turn, or in the next check phase.
#include <coroutine>
#include <cstdint>
#include <utility>

namespace crema {

namespace detail {

class microtask_awaiter {
public:
    microtask_awaiter() = default;
    microtask_awaiter(microtask_awaiter&&) noexcept : microtask_awaiter() {} // before it is awaited
    ~microtask_awaiter() {
        if (loop_) loop_->microtasks().revoke(position_);
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        loop_ = &loop::current();
        position_ = loop_->enqueue_microtask(job(*this), nullptr);
        return true;
    }
    void await_resume() const {
        if (env_->scope) env_->scope->check();
    }

private:
    // Tells the awaiter when it leaves the queue, also when that is destroyed.
    struct job {
        explicit job(microtask_awaiter& a) noexcept : awaiter(&a) {}
        job(job&& other) noexcept : awaiter(std::exchange(other.awaiter, nullptr)) {}
        ~job() {
            if (awaiter) awaiter->loop_ = nullptr;
        }
        void operator()() {
            auto& a = *std::exchange(awaiter, nullptr);
            a.loop_ = nullptr;
            resume_in(*a.env_, a.handle_);
        }
        microtask_awaiter* awaiter;
    };
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    loop* loop_ = nullptr; // while queued
    std::uint64_t position_ = 0;
};

class immediate_awaiter : loop_immediate, cancel_callback {
public:
    immediate_awaiter() noexcept
        : loop_immediate([](loop_immediate& i) { static_cast<immediate_awaiter&>(i).resume(); }),
          cancel_callback([](cancel_callback& c) noexcept {
              auto& self = static_cast<immediate_awaiter&>(c);
              self.cancel();
              self.resume();
          }) {}
    immediate_awaiter(immediate_awaiter&&) noexcept : immediate_awaiter() {} // before it is awaited
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        attach(env_->scope);
        start(loop::current().immediates());
        return true;
    }
    void await_resume() const {
        if (env_->scope) env_->scope->check();
    }

private:
    void resume() {
        detach();
        resume_in(*env_, handle_);
    }
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
};

} // namespace detail

/** Go on as a microtask: after the running callback and what was queued before.

    As `await` of a settled promise in JavaScript. `co_await resume_microtask();`

    @par Cancellation
    Throws `cancelled` when the scope was cancelled before it goes on.
*/
inline detail::microtask_awaiter resume_microtask() noexcept {
    return {};
}

/** Go on in the next check phase, as an immediate: the loop serves others before. `co_await resume_immediate();`

    @par Cancellation
    Ends at once and throws `cancelled`.
*/
inline detail::immediate_awaiter resume_immediate() noexcept {
    return {};
}

} // namespace crema
// ---- crema/loop/pool.hpp
// offload_pool: a few threads for work that would block the loop.
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace crema {

/// Configures an `offload_pool`.
struct offload_options {
    /// Says what happens to a job that finds the queue full.
    enum class when_full : unsigned char {
        reject, ///< it fails with `error::queue_full`: better a quick 503 than a slow everything
        wait,   ///< it waits behind the others, however many they are
    };
    unsigned threads = 4;                  ///< at most; made when they are needed, never ended before the pool
    std::size_t queue = 1024;              ///< how many jobs may wait for a thread
    when_full full = when_full::reject;    ///< what then
};

namespace detail {

// A job of a pool: part of whatever waits for it, so that queueing allocates nothing.
struct pool_job {
    using function = void (*)(pool_job&) noexcept;
    explicit pool_job(function f) noexcept : work(f) {}
    pool_job(const pool_job&) = delete;
    pool_job& operator=(const pool_job&) = delete;

    function work; // called on a thread of the pool, which does not touch the job afterwards
    pool_job* prev = nullptr;
    pool_job* next = nullptr;
    bool queued = false;
};

} // namespace detail

/** Runs jobs on a few threads, first come first served.

    One pool, `shared()`, serves all loops of the process, as libuv's does: the bound on threads is what protects the
    machine. Make others for work that must not wait behind that of `shared()`.

    @par Thread Safety
    Safe.
*/
class offload_pool {
public:
    /// Construct without any thread.
    explicit offload_pool(offload_options options = {}) noexcept : options_(options) {}
    offload_pool(const offload_pool&) = delete;
    offload_pool& operator=(const offload_pool&) = delete;
    /// Runs what is still queued and ends the threads.
    CREMA_DECL ~offload_pool();

    /// Returns the pool of `offload`.
    CREMA_DECL static offload_pool& shared();

    /// Changes the options. Threads that exist stay.
    CREMA_DECL void options(offload_options options);
    /// Returns the options.
    CREMA_DECL offload_options options() const;
    /// Returns how many jobs wait for a thread.
    CREMA_DECL std::size_t waiting() const;

    /// Queues a job. @return False when the queue is full; the job was not queued then.
    CREMA_DECL bool push(detail::pool_job& job);
    /// Takes a job back. @return False when a thread has begun it.
    CREMA_DECL bool drop(detail::pool_job& job) noexcept;

private:
    CREMA_DECL void work();
    void unlink(detail::pool_job& job) noexcept {
        (job.prev ? job.prev->next : head_) = job.next;
        (job.next ? job.next->prev : tail_) = job.prev;
        job.prev = job.next = nullptr;
        job.queued = false;
        --waiting_;
    }

    mutable std::mutex guard_;
    std::condition_variable wake_;
    offload_options options_;
    detail::pool_job* head_ = nullptr;
    detail::pool_job* tail_ = nullptr;
    std::size_t waiting_ = 0;
    std::size_t idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <csignal>

namespace crema {

CREMA_DECL offload_pool::~offload_pool() {
    {
        const std::lock_guard lock(guard_);
        ending_ = true;
    }
    wake_.notify_all();
    for (auto& t : threads_) t.join();
}
CREMA_DECL offload_pool& offload_pool::shared() {
    static offload_pool pool;
    return pool;
}
CREMA_DECL void offload_pool::options(offload_options options) {
    const std::lock_guard lock(guard_);
    options_ = options;
}
CREMA_DECL offload_options offload_pool::options() const {
    const std::lock_guard lock(guard_);
    return options_;
}
CREMA_DECL std::size_t offload_pool::waiting() const {
    const std::lock_guard lock(guard_);
    return waiting_;
}

CREMA_DECL bool offload_pool::push(detail::pool_job& job) {
    std::unique_lock lock(guard_);
    const bool wants_thread = waiting_ >= idle_ && threads_.size() < std::max(options_.threads, 1u);
    // what a thread is about to take does not count as waiting
    if (!wants_thread && waiting_ >= options_.queue + idle_ && options_.full == offload_options::when_full::reject)
        return false;
    if (wants_thread) {
        try {
#if CREMA_LINUX
            // signals are for the thread of the loop
            sigset_t all, before;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, &before);
            struct restore {
                const sigset_t& mask;
                ~restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
            } const at_end{before};
#endif
            threads_.emplace_back([this] { work(); });
        } catch (...) {
            if (threads_.empty()) throw; // else the others do it
        }
    }
    job.queued = true;
    job.next = nullptr;
    job.prev = tail_;
    (tail_ ? tail_->next : head_) = &job;
    tail_ = &job;
    ++waiting_;
    lock.unlock();
    wake_.notify_one();
    return true;
}
CREMA_DECL bool offload_pool::drop(detail::pool_job& job) noexcept {
    const std::lock_guard lock(guard_);
    if (!job.queued) return false;
    unlink(job);
    return true;
}
CREMA_DECL void offload_pool::work() {
    std::unique_lock lock(guard_);
    for (;;) {
        if (auto* job = head_) {
            unlink(*job);
            lock.unlock();
            job->work(*job);
            lock.lock();
        } else if (ending_) {
            return;
        } else {
            ++idle_;
            wake_.wait(lock);
            --idle_;
        }
    }
}

} // namespace crema
#endif
// ---- crema/loop/offload.hpp
// offload: run a function on the pool and go on, on the loop, with its result.
#include <atomic>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crema {

namespace detail {

template <class F>
concept offloadable = std::is_invocable_v<F&> || std::is_invocable_v<F&, std::stop_token>;

template <class F>
inline constexpr bool wants_stop_token = std::is_invocable_v<F&, std::stop_token>;

template <class F>
struct offload_result {
    using type = std::invoke_result_t<F&>;
};
template <class F>
    requires wants_stop_token<F>
struct offload_result<F> {
    using type = std::invoke_result_t<F&, std::stop_token>;
};

struct no_stop_source {
    void request_stop() const noexcept {}
};

template <class F>
class offload_awaiter : pool_job, remote_job, cancel_callback {
public:
    using result_type = typename offload_result<F>::type;
    static_assert(!is_task_v<std::remove_cvref_t<result_type>>,
                  "crema: offload runs a plain function on a thread; a coroutine belongs to the loop");

    template <class G>
    offload_awaiter(offload_pool& pool, G&& f)
        : pool_job([](pool_job& j) noexcept { static_cast<offload_awaiter&>(j).work_here(); }),
          remote_job([](remote_job& j, bool abandoned) { static_cast<offload_awaiter&>(j).completed(abandoned); }),
          cancel_callback([](cancel_callback& c) noexcept { static_cast<offload_awaiter&>(c).cancelled_now(); }),
          pool_(pool), function_(std::forward<G>(f)) {}
    // before it is awaited
    offload_awaiter(offload_awaiter&& other) : offload_awaiter(other.pool_, std::move(other.function_)) {}
    ~offload_awaiter() {
        if (loop_) abandon();
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        loop_ = &loop::current();
        loop_->expect();
        bool accepted = false;
        try {
            accepted = pool_.push(*this);
        } catch (...) {
            std::exchange(loop_, nullptr)->forget();
            throw;
        }
        if (!accepted) {
            std::exchange(loop_, nullptr)->forget();
            error_ = std::make_exception_ptr(system_error(make_error_code(error::queue_full), "offload"));
            return false;
        }
        attach(env_->scope);
        return true;
    }
    result_type await_resume() {
        if (env_->scope) env_->scope->check();
        if (error_) std::rethrow_exception(error_);
        if constexpr (std::is_reference_v<result_type>) return static_cast<result_type>(**value_);
        else if constexpr (!std::is_void_v<result_type>) return std::move(*value_);
    }

private:
    using stored = std::conditional_t<
        std::is_void_v<result_type>, char,
        std::conditional_t<std::is_reference_v<result_type>, std::remove_reference_t<result_type>*, result_type>>;

    decltype(auto) call() {
        if constexpr (wants_stop_token<F>) return std::invoke(function_, stop_.get_token());
        else return std::invoke(function_);
    }
    void work_here() noexcept {
        try {
            if constexpr (std::is_void_v<result_type>) call();
            else if constexpr (std::is_reference_v<result_type>) value_.emplace(std::addressof(call()));
            else value_.emplace(call());
        } catch (...) {
            error_ = std::current_exception();
        }
        auto* const l = loop_; // this may be gone once it is delivered
        done_.store(true, std::memory_order_release);
        l->deliver(*this);
    }
    void completed(bool abandoned) {
        detach();
        auto* const l = std::exchange(loop_, nullptr);
        l->release();
        if (!abandoned) resume_in(*env_, handle_);
    }
    void cancelled_now() noexcept {
        if (pool_.drop(*this)) {
            std::exchange(loop_, nullptr)->forget();
            resume_in(*env_, handle_);
            return;
        }
        stop_.request_stop();
        if (!done_.load(std::memory_order_acquire)) env_->scope->stuck();
    }
    // The coroutine is destroyed while it waits; what the function uses may be its locals.
    void abandon() noexcept {
        if (pool_.drop(*this)) {
            loop_->forget();
            return;
        }
        stop_.request_stop();
        while (!loop_->revoke(*this)) std::this_thread::sleep_for(std::chrono::microseconds(50));
        loop_->release();
    }

    offload_pool& pool_;
    F function_;
    [[no_unique_address]] std::conditional_t<wants_stop_token<F>, std::stop_source, no_stop_source> stop_{};
    std::optional<stored> value_;
    std::exception_ptr error_;
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    loop* loop_ = nullptr; // while it waits
    std::atomic<bool> done_{false};
};

// A job that nobody waits for.
template <class F, class... Args>
class detached_job : pool_job, remote_job {
public:
    template <class G, class... A>
    explicit detached_job(G&& f, A&&... args)
        : pool_job([](pool_job& j) noexcept { static_cast<detached_job&>(j).work_here(); }),
          remote_job([](remote_job& j, bool abandoned) {
              const std::unique_ptr<detached_job> self(&static_cast<detached_job&>(j));
              self->loop_->release();
              if (self->error_ && !abandoned) std::rethrow_exception(self->error_);
          }),
          function_(std::forward<G>(f)), arguments_(std::forward<A>(args)...) {}

    static void start(offload_pool& pool, std::unique_ptr<detached_job> job) {
        job->loop_->expect();
        bool accepted = false;
        try {
            accepted = pool.push(*job);
        } catch (...) {
            job->loop_->forget();
            throw;
        }
        if (!accepted) {
            job->loop_->forget();
            throw system_error(make_error_code(error::queue_full), "offload");
        }
        job.release();
    }

private:
    void work_here() noexcept {
        try {
            std::apply(std::move(function_), std::move(arguments_));
        } catch (...) {
            error_ = std::current_exception();
        }
        loop_->deliver(*this);
    }
    loop* loop_ = &loop::current();
    F function_;
    std::tuple<Args...> arguments_;
    std::exception_ptr error_;
};

} // namespace detail

/** Run a function on a thread of the pool and go on with its result. `auto hash = co_await offload([&] { … });`

    The function may use locals of the coroutine by reference: the coroutine's frame lives until the function has
    returned. It may take a `std::stop_token`, by which it hears that nobody wants its result any more.

    g++ 12 miscompiles a lambda that captures a `std::string` or the like *by value* inside the expression of a `co_await`.
    Capture by reference, which is safe here, or give the lambda a name first and move that in.

    @param f What to run; moved in. Its exception is rethrown where it is awaited.
    @param pool Where; must outlive the job.
    @throws system_error `error::queue_full` when the pool is full and its options say so.

    @par Cancellation
    A job that waits for a thread is dropped at once. One that runs is asked to stop and awaited, then `cancelled` is
    thrown; a `with_timeout` around it gives its answer without waiting.
*/
template <class F>
    requires detail::offloadable<std::decay_t<F>>
[[nodiscard("offload does nothing until it is awaited")]] auto offload(F&& f,
                                                                       offload_pool& pool = offload_pool::shared()) {
    return detail::offload_awaiter<std::decay_t<F>>(pool, std::forward<F>(f));
}

/** Run a function on a thread of the shared pool without waiting for it. The loop stays alive until it has returned.

    @param f What to run; copied or moved in, as are its arguments: nothing is referred to.
    @param args Passed to it.
    @throws system_error `error::queue_full` when the pool is full and its options say so.

    @par Errors
    What the function throws reaches `loop.on_error`.
*/
template <class F, class... Args>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void offload_detached(F&& f, Args&&... args) {
    using job = detail::detached_job<std::decay_t<F>, std::decay_t<Args>...>;
    job::start(offload_pool::shared(), std::make_unique<job>(std::forward<F>(f), std::forward<Args>(args)...));
}

} // namespace crema
// ---- crema/loop/sleep.hpp
// sleep: a coroutine waits for a time, the loop goes on.
#include <chrono>
#include <coroutine>

namespace crema {

namespace detail {

class sleep_awaiter : loop_timer, cancel_callback {
public:
    using clock = std::chrono::steady_clock;
    explicit sleep_awaiter(clock::duration d) noexcept : sleep_awaiter() {
        duration_ = d;
    }
    explicit sleep_awaiter(clock::time_point t) noexcept : sleep_awaiter() {
        until_ = t;
        absolute_ = true;
    }
    // before it is awaited
    sleep_awaiter(sleep_awaiter&& other) noexcept : sleep_awaiter() {
        duration_ = other.duration_;
        until_ = other.until_;
        absolute_ = other.absolute_;
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        return begin();
    }
    void await_resume() const {
        if (env_->scope) env_->scope->check();
    }

private:
    sleep_awaiter() noexcept
        : loop_timer([](loop_timer& t) { static_cast<sleep_awaiter&>(t).fired(); }),
          cancel_callback([](cancel_callback& c) noexcept {
              auto& self = static_cast<sleep_awaiter&>(c);
              self.cancel();
              self.resume();
          }) {}
    // Timers count whole milliseconds from the last full one: round up so as not to wake early.
    bool begin() {
        using std::chrono::milliseconds;
        auto& queue = loop::current().timers();
        const auto start = queue.time.update();
        const auto now = queue.time.now();
        if (!absolute_) until_ = duration_ < clock::time_point::max() - now ? now + duration_ : clock::time_point::max();
        else if (until_ <= now) return false;
        absolute_ = true;
        constexpr auto longest = milliseconds(std::numeric_limits<std::int32_t>::max());
        const auto left = std::chrono::ceil<milliseconds>(until_.time_since_epoch()) - milliseconds(start);
        attach(env_->scope);
        this->start(queue, left < longest ? left : longest);
        return true;
    }
    void fired() {
        if (until_ > loop::current().now()) { // longer than the longest timer
            detach();
            if (begin()) return;
        }
        resume();
    }
    void resume() {
        detach();
        resume_in(*env_, handle_);
    }
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    clock::duration duration_{};
    clock::time_point until_{};
    bool absolute_ = false;
};

} // namespace detail

/** Wait for a duration. `co_await sleep(50ms);`

    Never shorter; on an idle loop about a millisecond longer at most. Nothing or less waits for the next timers phase.
    Allocates nothing.

    @par Cancellation
    Ends at once and throws `cancelled`.
*/
template <class Rep, class Period>
detail::sleep_awaiter sleep(std::chrono::duration<Rep, Period> d) noexcept {
    return detail::sleep_awaiter(std::chrono::ceil<std::chrono::steady_clock::duration>(d));
}

/** Wait until a time of the loop's clock. Goes on inline when that is past.

    @par Cancellation
    Ends at once and throws `cancelled`.
*/
inline detail::sleep_awaiter sleep_until(std::chrono::steady_clock::time_point t) noexcept {
    return detail::sleep_awaiter(t);
}

} // namespace crema
// ---- crema/loop/with_timeout.hpp
// with_timeout: an await that ends at a deadline.
#include <chrono>
#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

namespace crema {
namespace detail {

// The awaited task with its own scope. Owned by the awaiter; by itself once the awaiter has gone on without it.
template <class T>
class timeout_frame final : cancel_scope::stuck_handler {
public:
    timeout_frame(task<T> work, std::chrono::milliseconds time)
        : stuck_handler{[](stuck_handler& h) noexcept { static_cast<timeout_frame&>(h).stuck_ = true; }},
          work_(std::move(work)), time_(time) {}

    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    // False when the task has ended at once.
    bool start(environment* parent, std::coroutine_handle<> waiter) {
        parent_ = parent;
        env_ = *parent;
        if (parent->what) {
            what_ = *parent->what;
            env_.what = &what_;
        }
        env_.scope = &scope_;
        scope_.attach(parent->scope);
        timer_.self = this;
        timer_.start(loop::current().timers(), time_);
        task_access::start(work_, &env_, [](void* p) { static_cast<timeout_frame*>(p)->ended(); }, this);
        if (ended_) return false;
        waiter_ = waiter;
        return true;
    }

    T result() {
        if (parent_->scope) parent_->scope->check();
        if (expired_) throw timed_out();
        return task_access::promise(work_).take();
    }
    // The awaiter goes: true when the task goes on alone.
    bool detached() const noexcept { return detached_; }

private:
    struct deadline : loop_timer {
        deadline() noexcept : loop_timer([](loop_timer& t) { static_cast<deadline&>(t).self->expire(); }) {}
        timeout_frame* self = nullptr;
    };

    void ended() {
        ended_ = true;
        timer_.cancel();
        if (detached_) delete this;
        else if (waiter_) waiter_.resume(); // destroys this
    }

    void expire() {
        expired_ = true;
        bool gone = false;
        gone_ = &gone;
        scope_.on_stuck(this);
        scope_.cancel(cancel_reason::timed_out); // the task may end within this call, and the awaiter destroy this
        if (gone) return;
        gone_ = nullptr;
        if (!stuck_ || ended_) return; // it ends soon, and is awaited
        // A job of the pool cannot be stopped: answer now, let the frame live until the job has ended.
        detached_ = true;
        scope_.attach(nullptr);
        env_.context = nullptr;
        const auto waiter = std::exchange(waiter_, {});
        resume_in(*parent_, waiter);
    }

public:
    ~timeout_frame() {
        if (gone_) *gone_ = true;
    }

private:
    cancel_scope scope_;
    environment env_;
    activity what_;
    environment* parent_ = nullptr;
    task<T> work_;
    std::chrono::milliseconds time_;
    deadline timer_;
    std::coroutine_handle<> waiter_;
    bool* gone_ = nullptr;
    bool ended_ = false;
    bool expired_ = false;
    bool stuck_ = false;
    bool detached_ = false;
};

template <class T>
class timeout_awaiter {
public:
    explicit timeout_awaiter(timeout_frame<T>* frame) noexcept : frame_(frame) {}
    timeout_awaiter(timeout_awaiter&&) = delete;
    ~timeout_awaiter() {
        if (frame_ && !frame_->detached()) delete frame_;
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        return frame_->start(environment_of(h), h);
    }
    T await_resume() { return frame_->result(); }

private:
    timeout_frame<T>* frame_;
};

template <class T>
class [[nodiscard("with_timeout does nothing until it is awaited")]] timeout_awaitable {
public:
    timeout_awaitable(task<T> work, std::chrono::milliseconds time) : frame_(new timeout_frame<T>(std::move(work), time)) {}
    timeout_awaiter<T> operator co_await() && { return timeout_awaiter<T>(frame_.release()); }

private:
    std::unique_ptr<timeout_frame<T>> frame_;
};

} // namespace detail

/** Await something for a limited time.

    `auto answer = co_await with_timeout(ask(peer), 500ms);`

    At the deadline what is awaited is cancelled, and awaited until it has ended. Only what cannot stop, a job that runs on
    the pool, is not waited for: this answers all the same, and the frame of the awaited task lives on until the job has
    ended. Such a task must own what it works on: its locals and parameters by value live long enough, references to the
    caller's do not.

    @param a Any awaitable; moved in.
    @param time Rounded up to milliseconds, at least one.
    @return What `a` gives.
    @throws timed_out at the deadline, also when `a` gave a result after it.

    @par Cancellation
    Cancels what is awaited, waits for it, throws `cancelled`.
*/
template <awaitable A, class Rep, class Period>
    requires(!std::is_lvalue_reference_v<A>)
auto with_timeout(A&& a, std::chrono::duration<Rep, Period> time) {
    auto work = detail::as_task(std::forward<A>(a));
    using T = typename decltype(work)::value_type;
    return detail::timeout_awaitable<T>(std::move(work), std::chrono::ceil<std::chrono::milliseconds>(time));
}

} // namespace crema
// ---- crema/fs/file.hpp
// file: an open file with blocking operations, for threads of the pool; its errors carry the path.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace crema::fs {

/// Says how a file is opened for writing.
enum class write_mode : unsigned char {
    truncate,   ///< created, or emptied first
    append,     ///< created, or written to at its end
    create_new, ///< created; it is an error when it exists
    replace,    ///< written beside it under another name, flushed to the disk and put in its place: all or nothing
};

/** Is an open file. All operations block: for threads of the pool (`offload`).

    @par Errors
    Every function throws `system_error` with the path.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class file {
public:
    /// Construct closed.
    file() noexcept = default;
    file(file&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
    file& operator=(file&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(path_, other.path_);
        return *this;
    }
    CREMA_DECL ~file();

    /// Opens a file for reading. A directory is refused.
    CREMA_DECL static file open_read(const std::filesystem::path& path);
    /** Open a file for writing.

        @param mode `replace` is not for single files: see `write_file`.
        @param permissions Of a file that is created, less the process' mask.
    */
    CREMA_DECL static file open_write(const std::filesystem::path& path, write_mode mode, std::uint32_t permissions = 0666);

    /// Tells whether it is open.
    explicit operator bool() const noexcept { return fd_ >= 0; }
    /// Returns the path it was opened by.
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Returns the descriptor, -1 when closed.
    int descriptor() const noexcept { return fd_; }
    /// Returns the size now, in octets.
    CREMA_DECL std::uint64_t size() const;
    /// Reads up to `size` octets at `offset`. @return How many, 0 at the end only.
    CREMA_DECL std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;
    /// Writes all of it where the last write ended, or at the end for `append`.
    CREMA_DECL void write(std::string_view data);
    /// Waits until the disk has it.
    CREMA_DECL void flush();
    /// Closes it and reports what could not be written.
    CREMA_DECL void close();

private:
    int fd_ = -1;
    std::filesystem::path path_;
};

namespace detail {
// Throws system_error with errno's value and the path.
[[noreturn]] CREMA_DECL void fail(int code, const std::filesystem::path& path);
} // namespace detail

} // namespace crema::fs

#if CREMA_BODIES
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace crema::fs {
namespace detail {

CREMA_DECL void fail(int code, const std::filesystem::path& path) {
    throw system_error(std::error_code(code, std::system_category()), path.string());
}
// One system call moves no more than this.
inline constexpr std::size_t largest_transfer = 1u << 30;

} // namespace detail

CREMA_DECL file::~file() {
    if (fd_ >= 0) ::close(fd_);
}
CREMA_DECL file file::open_read(const std::filesystem::path& path) {
    file f;
    f.path_ = path;
    do f.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    while (f.fd_ < 0 && errno == EINTR);
    if (f.fd_ < 0) detail::fail(errno, path);
    struct ::stat s;
    if (::fstat(f.fd_, &s) != 0) detail::fail(errno, path);
    if (S_ISDIR(s.st_mode)) detail::fail(EISDIR, path);
    return f;
}
CREMA_DECL file file::open_write(const std::filesystem::path& path, write_mode mode, std::uint32_t permissions) {
    const int how = mode == write_mode::append       ? O_APPEND
                    : mode == write_mode::create_new ? O_EXCL
                                                     : O_TRUNC;
    file f;
    f.path_ = path;
    do f.fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, static_cast<mode_t>(permissions));
    while (f.fd_ < 0 && errno == EINTR);
    if (f.fd_ < 0) detail::fail(errno, path);
    return f;
}
CREMA_DECL std::uint64_t file::size() const {
    struct ::stat s;
    if (::fstat(fd_, &s) != 0) detail::fail(errno, path_);
    return static_cast<std::uint64_t>(s.st_size);
}
CREMA_DECL std::size_t file::read(std::uint64_t offset, char* into, std::size_t size) const {
    for (;;) {
        auto n = ::pread(fd_, into, std::min(size, detail::largest_transfer), static_cast<off_t>(offset));
        if (n < 0 && errno == ESPIPE) n = ::read(fd_, into, std::min(size, detail::largest_transfer)); // a pipe
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR) detail::fail(errno, path_);
    }
}
CREMA_DECL void file::write(std::string_view data) {
    while (!data.empty()) {
        const auto n = ::write(fd_, data.data(), std::min(data.size(), detail::largest_transfer));
        if (n >= 0) data.remove_prefix(static_cast<std::size_t>(n));
        else if (errno != EINTR) detail::fail(errno, path_);
    }
}
CREMA_DECL void file::flush() {
    if (::fsync(fd_) != 0) detail::fail(errno, path_);
}
CREMA_DECL void file::close() {
    const int fd = std::exchange(fd_, -1);
    if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) detail::fail(errno, path_);
}

} // namespace crema::fs
#endif
// ---- crema/fs/read_file.hpp
// read_file: the whole content of a file.
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>

namespace crema::fs {

/// Configures `read_file`.
struct read_file_options {
    std::size_t limit = std::numeric_limits<std::size_t>::max(); ///< a larger file is an error, in octets
};

/** Read a whole file, on the pool. `auto text = co_await fs::read_file("config.json");`

    @param path The path; copied.
    @return Its octets, as they are.
    @throws system_error With the path; `error::too_large` beyond the limit.

    @par Cancellation
    As `offload`; between pieces of a mebibyte while it reads.
*/
CREMA_DECL task<std::string> read_file(std::filesystem::path path, read_file_options options = {});

/** Read a whole file at once; blocks. For threads of the pool.

    @throws system_error With the path; `error::too_large` beyond the limit.
*/
CREMA_DECL std::string read_file_now(const std::filesystem::path& path, read_file_options options = {});

} // namespace crema::fs

#if CREMA_BODIES
#include <algorithm>
#include <cstdint>
#include <stop_token>

namespace crema::fs {
namespace detail {

inline std::string read_all(const std::filesystem::path& path, read_file_options options, const std::stop_token& stop) {
    constexpr std::size_t piece = 1u << 20;
    const auto f = file::open_read(path);
    const auto expected = f.size(); // 0 for pipes and the files of /proc
    if (expected > options.limit) throw system_error(make_error_code(error::too_large), path.string());
    std::string all;
    std::size_t have = 0;
    for (;;) {
        // one octet more than expected, to find the end without growing
        const auto want = have < expected ? static_cast<std::size_t>(expected) - have + 1 : std::max<std::size_t>(have, 4096);
        all.resize(have + std::min(want, piece));
        const auto n = f.read(have, all.data() + have, all.size() - have);
        have += n;
        if (have > options.limit) throw system_error(make_error_code(error::too_large), path.string());
        if (n == 0 || stop.stop_requested()) break;
    }
    all.resize(have);
    return all;
}

} // namespace detail

CREMA_DECL std::string read_file_now(const std::filesystem::path& path, read_file_options options) {
    return detail::read_all(path, options, {});
}
CREMA_DECL task<std::string> read_file(std::filesystem::path path, read_file_options options) {
    co_return co_await offload([&](std::stop_token stop) { return detail::read_all(path, options, stop); });
}

} // namespace crema::fs
#endif
// ---- crema/fs/read_stream.hpp
// read_stream: a file piece by piece.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>

namespace crema::fs {

/// Configures a `read_stream`.
struct read_stream_options {
    std::uint64_t start = 0;                                           ///< offset of the first octet
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();     ///< offset behind the last octet
    std::size_t piece = 64 * 1024;                                     ///< largest piece, in octets
};

/** Reads a file piece by piece, on the pool.

    @code
    fs::read_stream in(path);
    for (auto piece = co_await in.read(); !piece.empty(); piece = co_await in.read()) co_await res.write(piece);
    @endcode

    @par Thread Safety
    Only on one loop.
*/
class read_stream {
public:
    /// Construct; the file is opened by the first `read` or `open`.
    explicit read_stream(std::filesystem::path path, read_stream_options options = {})
        : path_(std::move(path)), options_(options), at_(options.start) {}
    read_stream(read_stream&&) noexcept = default;
    read_stream& operator=(read_stream&&) noexcept = default;

    /** Open the file, to find out whether it can be read. Does nothing when it is open.

        @throws system_error With the path.
    */
    CREMA_DECL task<> open();

    /** Read the next piece.

        @return The octets, empty at the end; valid until the next call or the end of the stream.
        @throws system_error With the path. After an error, as after the end, nothing more comes.

        @par Cancellation
        As `offload`. Calls must not overlap, and the stream lives until the call has ended.
    */
    CREMA_DECL task<std::string_view> read();

    /// Returns the path.
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Returns the offset of the next octet.
    std::uint64_t offset() const noexcept { return at_; }

private:
    std::filesystem::path path_;
    read_stream_options options_;
    std::uint64_t at_;
    file file_;
    std::unique_ptr<char[]> buffer_;
    bool ended_ = false;
};

} // namespace crema::fs

#if CREMA_BODIES
#include <algorithm>

namespace crema::fs {

CREMA_DECL task<> read_stream::open() {
    if (file_ || ended_) co_return;
    co_await offload([this] { file_ = file::open_read(path_); });
}
CREMA_DECL task<std::string_view> read_stream::read() {
    const auto left = options_.end > at_ ? options_.end - at_ : 0;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, std::max<std::size_t>(options_.piece, 1)));
    if (ended_ || want == 0) {
        ended_ = true;
        file_ = {};
        co_return std::string_view();
    }
    if (!buffer_) buffer_ = std::make_unique<char[]>(std::max<std::size_t>(options_.piece, 1));
    ended_ = true; // until it has gone well
    const auto n = co_await offload([this, want] {
        if (!file_) file_ = file::open_read(path_);
        return file_.read(at_, buffer_.get(), want);
    });
    ended_ = n == 0;
    if (ended_) file_ = {};
    at_ += n;
    co_return std::string_view(buffer_.get(), n);
}

} // namespace crema::fs
#endif
// ---- crema/fs/stat.hpp
// stat: what the file system knows of a path.
#include <chrono>
#include <cstdint>
#include <filesystem>

namespace crema::fs {

/// Holds what the file system knows of a file.
struct file_status {
    std::filesystem::file_type type = std::filesystem::file_type::none; ///< regular, directory …
    std::uint64_t size = 0;                                             ///< octets; 0 for what is no regular file
    std::chrono::sys_time<std::chrono::nanoseconds> modified{};         ///< last change of the content
    std::uint64_t inode = 0;                                            ///< its number on its device
    std::uint64_t device = 0;                                           ///< number of the device
    std::uint32_t mode = 0;                                             ///< permissions, as in `chmod`

    /// Tells whether it is a regular file.
    bool is_file() const noexcept { return type == std::filesystem::file_type::regular; }
    /// Tells whether it is a directory.
    bool is_directory() const noexcept { return type == std::filesystem::file_type::directory; }
};

/** Ask for the status of a file, on the pool. Symbolic links are followed.

    @param path The path; copied.
    @throws system_error With the path, when there is no such file or it cannot be reached.

    @par Cancellation
    As `offload`.
*/
CREMA_DECL task<file_status> stat(std::filesystem::path path);

/** Ask for the status of a file at once; blocks. For threads of the pool.

    @throws system_error With the path.
*/
CREMA_DECL file_status stat_now(const std::filesystem::path& path);

} // namespace crema::fs

#if CREMA_BODIES
#include <cerrno>
#include <sys/stat.h>

namespace crema::fs {
namespace detail {

inline file_status status_of(const struct ::stat& s) noexcept {
    using std::filesystem::file_type;
    file_status r;
    r.type = S_ISREG(s.st_mode)    ? file_type::regular
             : S_ISDIR(s.st_mode)  ? file_type::directory
             : S_ISCHR(s.st_mode)  ? file_type::character
             : S_ISBLK(s.st_mode)  ? file_type::block
             : S_ISFIFO(s.st_mode) ? file_type::fifo
             : S_ISSOCK(s.st_mode) ? file_type::socket
                                   : file_type::unknown;
    r.size = S_ISREG(s.st_mode) ? static_cast<std::uint64_t>(s.st_size) : 0;
#if defined(__APPLE__)
    const auto& m = s.st_mtimespec;
#else
    const auto& m = s.st_mtim;
#endif
    r.modified = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(m.tv_sec) +
                                                                 std::chrono::nanoseconds(m.tv_nsec));
    r.inode = s.st_ino;
    r.device = s.st_dev;
    r.mode = s.st_mode & 07777;
    return r;
}

} // namespace detail

CREMA_DECL file_status stat_now(const std::filesystem::path& path) {
    struct ::stat s;
    if (::stat(path.c_str(), &s) != 0) detail::fail(errno, path);
    return detail::status_of(s);
}
CREMA_DECL task<file_status> stat(std::filesystem::path path) {
    co_return co_await offload([&path] { return stat_now(path); });
}

} // namespace crema::fs
#endif
// ---- crema/fs/write_file.hpp
// write_file: give a file a content.
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace crema::fs {

/// Configures `write_file`.
struct write_file_options {
    write_mode mode = write_mode::truncate; ///< what happens to the file that is there
    std::uint32_t permissions = 0666;       ///< of a file that is created, less the process' mask
};

/** Write a file, on the pool. `co_await fs::write_file("state.json", text, {.mode = fs::write_mode::replace});`

    @param path The path; copied.
    @param content Its octets; moved or copied in.
    @throws system_error With the path.

    @par Cancellation
    As `offload`. One that has begun is finished.
*/
CREMA_DECL task<> write_file(std::filesystem::path path, std::string content, write_file_options options = {});

/** Write a file at once; blocks. For threads of the pool.

    @throws system_error With the path.
*/
CREMA_DECL void write_file_now(const std::filesystem::path& path, std::string_view content,
                               write_file_options options = {});

} // namespace crema::fs

#if CREMA_BODIES
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace crema::fs {
namespace detail {

// Beside the file, flushed, renamed onto it, and the directory flushed: a crash leaves the old or the new one.
inline void replace_whole(const std::filesystem::path& path, std::string_view content, std::uint32_t permissions) {
    struct ::stat old;
    const bool exists = ::stat(path.c_str(), &old) == 0;
    auto beside = path;
    std::random_device random;
    file f;
    for (int tries = 0;; ++tries) {
        beside = path;
        beside += "." + std::to_string(random()) + ".tmp";
        try {
            f = file::open_write(beside, write_mode::create_new, permissions);
            break;
        } catch (const system_error& e) {
            if (e.code() != std::errc::file_exists || tries > 100) throw system_error(e.code(), path.string());
        }
    }
    try {
        if (exists && ::fchmod(f.descriptor(), old.st_mode & 07777) != 0) fail(errno, path);
        f.write(content);
        f.flush();
        f.close();
        if (::rename(beside.c_str(), path.c_str()) != 0) fail(errno, path);
    } catch (const system_error& e) {
        ::unlink(beside.c_str());
        throw system_error(e.code(), path.string());
    }
    const auto directory = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
    const int d = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d < 0) return; // not ours to read
    ::fsync(d);
    ::close(d);
}

} // namespace detail

CREMA_DECL void write_file_now(const std::filesystem::path& path, std::string_view content, write_file_options options) {
    if (options.mode == write_mode::replace) return detail::replace_whole(path, content, options.permissions);
    auto f = file::open_write(path, options.mode, options.permissions);
    f.write(content);
    f.close();
}
CREMA_DECL task<> write_file(std::filesystem::path path, std::string content, write_file_options options) {
    co_await offload([&] { write_file_now(path, content, options); });
}

} // namespace crema::fs
#endif
// ---- crema/fs/write_stream.hpp
// write_stream: a file written piece by piece.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace crema::fs {

/// Configures a `write_stream`.
struct write_stream_options {
    write_mode mode = write_mode::truncate; ///< what happens to the file that is there; not `replace`
    std::uint32_t permissions = 0666;       ///< of a file that is created, less the process' mask
    std::size_t buffer = 64 * 1024;         ///< this many octets are gathered before they are written
};

/** Writes a file piece by piece, on the pool.

    @code
    fs::write_stream out(path);
    co_await out.write(piece);
    co_await out.finish();
    @endcode

    What was not finished may be missing in the file.

    @par Thread Safety
    Only on one loop.
*/
class write_stream {
public:
    /// Construct; the file is opened by the first octet that is written, or by `finish`.
    explicit write_stream(std::filesystem::path path, write_stream_options options = {})
        : path_(std::move(path)), options_(options) {}
    write_stream(write_stream&&) noexcept = default;
    write_stream& operator=(write_stream&&) noexcept = default;

    /** Write octets. Goes on inline while they fit into the buffer.

        @param piece Must stay valid until the call has ended.
        @throws system_error With the path; `error::closed` after `finish` or an error.

        @par Cancellation
        As `offload`; what was written so far is unknown then. Calls must not overlap.
    */
    CREMA_DECL task<> write(std::string_view piece);

    /** Write what is left and close the file. Once.

        @throws system_error With the path.
    */
    CREMA_DECL task<> finish();

    /// Returns the path.
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Returns how many octets were given to `write`.
    std::uint64_t written() const noexcept { return written_; }

private:
    void require() const {
        if (closed_) throw system_error(make_error_code(error::closed), path_.string());
    }
    void open_now() {
        if (!file_) file_ = file::open_write(path_, options_.mode, options_.permissions);
    }

    std::filesystem::path path_;
    write_stream_options options_;
    file file_;
    std::string buffer_;
    std::uint64_t written_ = 0;
    bool closed_ = false;
};

} // namespace crema::fs

#if CREMA_BODIES

namespace crema::fs {

CREMA_DECL task<> write_stream::write(std::string_view piece) {
    require();
    written_ += piece.size();
    if (buffer_.size() + piece.size() < options_.buffer) {
        buffer_ += piece;
        co_return;
    }
    closed_ = true; // until it has gone well
    co_await offload([this, piece] {
        open_now();
        file_.write(buffer_);
        file_.write(piece);
    });
    buffer_.clear();
    closed_ = false;
}
CREMA_DECL task<> write_stream::finish() {
    require();
    closed_ = true;
    co_await offload([this] {
        open_now();
        file_.write(buffer_);
        file_.close();
    });
    buffer_ = {};
}

} // namespace crema::fs
#endif
// ---- crema/core/value.hpp
// value: a tree of null, booleans, numbers, strings, arrays and objects, as JSON and nested queries make them.
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

class value;

namespace detail {

template <class T>
concept text_like = std::is_convertible_v<const T&, std::string_view> && !std::same_as<T, std::nullptr_t>;

// A range whose elements are something else than the range itself (a path is a range of paths).
template <class T>
concept plain_range = requires(const T& t) {
    std::begin(t);
    std::end(t);
} && !std::same_as<std::iter_value_t<decltype(std::begin(std::declval<const T&>()))>, T>;

template <class T>
concept map_like = plain_range<T> && requires { typename T::mapped_type; };

template <class T>
concept optional_like = requires(const T& t) {
    typename T::value_type;
    { t.has_value() } -> std::same_as<bool>;
    *t;
};

template <class T>
struct is_character
    : std::bool_constant<std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
                         std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>> {};

// What becomes an array or an object of `Value`, the class below, which is incomplete here.
template <class R, class Value>
concept tree_range = [] {
    if constexpr (text_like<R> || std::same_as<R, std::vector<Value>>) return false;
    else if constexpr (map_like<R>)
        return text_like<typename R::key_type> && std::constructible_from<Value, const typename R::mapped_type&>;
    else return std::constructible_from<Value, std::iter_value_t<decltype(std::begin(std::declval<const R&>()))>>;
}();

template <class T>
concept whole_number = std::integral<T> && !std::same_as<T, bool> && !is_character<T>::value;

} // namespace detail

/** Holds null, a boolean, a number, a string, an array of values or an object of named values in the order of their
    insertion.

    Brace lists build trees: a list of which every element is a pair that begins with a string is an object, any other
    is an array, and `{}` is null. Where that guess is not what is meant, say `value::array({...})` or
    `value::object({...})`. Do not copy with braces: whether `value{other}` copies or makes an array of one differs
    between compilers; write `value(other)`.
    @code
    value v{{"status", "ok"}, {"sizes", {1, 2, 3}}, {"none", nullptr}};
    v["sizes"].push_back(4);
    @endcode

    Integers keep all 64 bits, signed or unsigned. Moving costs a few words, copying copies the tree. A moved-from
    value is null. Names in an object are unique; they are looked up by walking, since objects are small.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class value {
public:
    /// Names what a value holds.
    enum class kind : unsigned char {
        null,    ///< nothing
        boolean, ///< true or false
        integer, ///< a whole number that fits `std::int64_t`
        natural, ///< a whole number above that, which fits `std::uint64_t`
        number,  ///< a floating point number
        string,  ///< octets, UTF-8 by convention
        array,   ///< values
        object,  ///< named values
    };

    struct init;                                  // an element of a brace list
    using member = std::pair<std::string, value>; ///< a named value
    using array_type = std::vector<value>;        ///< the content of an array
    using object_type = std::vector<member>;      ///< the content of an object

    /// Construct null.
    value() noexcept : kind_(kind::null), integer_(0) {}
    /// Construct null.
    value(std::nullptr_t) noexcept : value() {}
    /// Construct a boolean; nothing else converts to one.
    template <std::same_as<bool> B>
    value(B b) noexcept : kind_(kind::boolean), boolean_(b) {}
    /// Construct a whole number.
    template <detail::whole_number I>
    value(I i) noexcept {
        if (std::in_range<std::int64_t>(i))
            ::new (&integer_) std::int64_t(static_cast<std::int64_t>(i)), kind_ = kind::integer;
        else ::new (&natural_) std::uint64_t(static_cast<std::uint64_t>(i)), kind_ = kind::natural;
    }
    /// Construct a floating point number.
    template <std::floating_point F>
    value(F f) noexcept : kind_(kind::number), number_(static_cast<double>(f)) {}
    /// Construct a string, which is moved in.
    value(std::string s) noexcept : kind_(kind::string), string_(std::move(s)) {}
    /// Construct a string, which is copied; a null pointer makes null.
    template <detail::text_like S>
        requires(!std::same_as<S, std::string>)
    value(const S& s) : value() {
        if constexpr (std::is_pointer_v<S>)
            if (!s) return; // a null pointer is null
        ::new (&string_) std::string(std::string_view(s));
        kind_ = kind::string;
    }
    /// Construct an array, which is moved in.
    value(array_type a) noexcept : kind_(kind::array), array_(std::move(a)) {}
    /// Construct from a brace list; see the class for what becomes an object. @throws std::bad_alloc
    value(std::initializer_list<init> list);
    /// Construct from an optional: its value, or null.
    template <class O>
        requires(detail::optional_like<O> && std::constructible_from<value, const typename O::value_type&>)
    value(const O& o) : value() {
        if (o.has_value()) *this = value(*o);
    }
    /// Construct an array from a range, or an object from a map whose keys are text.
    template <detail::plain_range R>
        requires detail::tree_range<R, value>
    value(const R& range);

    value(const value& other) : kind_(kind::null), integer_(0) { copy_from(other); }
    value(value&& other) noexcept : kind_(kind::null), integer_(0) { take(other); }
    value& operator=(const value& other) {
        if (this != &other) {
            value copy(other); // `other` may be a part of this
            reset();
            take(copy);
        }
        return *this;
    }
    value& operator=(value&& other) noexcept {
        if (this != &other) {
            value moved(std::move(other));
            reset();
            take(moved);
        }
        return *this;
    }
    ~value() { reset(); }

    /// Returns an array of these; `value::array()` is the empty one.
    static value array(std::initializer_list<init> elements = {});
    /** Return an object of these members; `value::object()` is the empty one. A name that comes again replaces what
        it named.
        @throws system_error `error::bad_value` when an element is no pair that begins with a string.
    */
    static value object(std::initializer_list<init> members = {});

    /// Returns what this holds.
    kind type() const noexcept { return kind_; }
    /// Tells whether this is null.
    bool is_null() const noexcept { return kind_ == kind::null; }
    /// Tells whether this is a boolean.
    bool is_bool() const noexcept { return kind_ == kind::boolean; }
    /// Tells whether this is a whole number, kept as one.
    bool is_integer() const noexcept { return kind_ == kind::integer || kind_ == kind::natural; }
    /// Tells whether this is any number.
    bool is_number() const noexcept { return is_integer() || kind_ == kind::number; }
    /// Tells whether this is a string.
    bool is_string() const noexcept { return kind_ == kind::string; }
    /// Tells whether this is an array.
    bool is_array() const noexcept { return kind_ == kind::array; }
    /// Tells whether this is an object.
    bool is_object() const noexcept { return kind_ == kind::object; }

    /** Return the boolean.
        @throws system_error `error::bad_value` when this holds something else; so do the other `as_` functions.
    */
    bool as_bool() const {
        require(kind::boolean);
        return boolean_;
    }
    /// Returns the whole number; also a floating point number without a fraction. @throws system_error also when it
    /// does not fit.
    std::int64_t as_int64() const;
    /// Returns the whole number; also a floating point number without a fraction. @throws system_error also when it
    /// does not fit.
    std::uint64_t as_uint64() const;
    /// Returns the number, rounded when it is a whole one of more than 53 bits.
    double as_double() const;
    /// Returns the string.
    const std::string& as_string() const {
        require(kind::string);
        return string_;
    }
    /// Returns the string.
    std::string& as_string() {
        require(kind::string);
        return string_;
    }
    /// Returns the elements.
    const array_type& as_array() const {
        require(kind::array);
        return array_;
    }
    /// Returns the elements.
    array_type& as_array() {
        require(kind::array);
        return array_;
    }
    /// Returns the members, in order. Keep their names unique.
    const object_type& as_object() const {
        require(kind::object);
        return object_;
    }
    /// Returns the members, in order. Keep their names unique.
    object_type& as_object() {
        require(kind::object);
        return object_;
    }

    /// Returns the elements to iterate over; none when this is no array. Valid until the array changes.
    const array_type& elements() const noexcept { return is_array() ? array_ : nothing().array_; }
    /// Returns the members to iterate over; none when this is no object. Valid until the object changes.
    const object_type& members() const noexcept { return is_object() ? object_ : nothing_named().object_; }

    /// Returns the number of elements or members, the length of a string, 0 for null, 1 for the rest.
    std::size_t size() const noexcept;
    /// Tells whether `size()` is 0.
    bool empty() const noexcept { return size() == 0; }

    /** Find a member.
        @return The value of that name, or null when there is none or this is no object. Valid until the object changes.
        @par Complexity
        Linear in the number of members.
    */
    const value* find(std::string_view name) const noexcept;
    /// @copydoc find
    value* find(std::string_view name) noexcept { return const_cast<value*>(std::as_const(*this).find(name)); }
    /// Tells whether there is a member of that name.
    bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }

    /// Returns the member. @throws system_error `error::not_found` when there is none.
    const value& at(std::string_view name) const;
    /// @copydoc at
    value& at(std::string_view name) { return const_cast<value&>(std::as_const(*this).at(name)); }
    /// Returns the element. @throws system_error `error::not_found` when there is none.
    const value& at(std::size_t index) const;
    /// @copydoc at
    value& at(std::size_t index) { return const_cast<value&>(std::as_const(*this).at(index)); }

    /// Returns the member, or a null that lives forever.
    const value& operator[](std::string_view name) const noexcept {
        const value* v = find(name);
        return v ? *v : nothing_null();
    }
    /// Returns the member, made null when it is new; null becomes an object. @throws system_error when this is
    /// something else.
    value& operator[](std::string_view name);
    /// Returns the element, or a null that lives forever.
    template <detail::whole_number I>
    const value& operator[](I index) const noexcept {
        return is_array() && std::cmp_greater_equal(index, 0) && std::cmp_less(index, array_.size())
                   ? array_[static_cast<std::size_t>(index)]
                   : nothing_null();
    }
    /// Returns the element. @throws system_error `error::not_found` when there is none.
    template <detail::whole_number I>
    value& operator[](I index) {
        return at(std::cmp_less(index, 0) ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(index));
    }

    /// Adds an element at the end; null becomes an array. @return The element. @throws system_error when this is
    /// something else.
    value& push_back(value element);
    /// Removes a member. @return Whether there was one.
    bool erase(std::string_view name);

    /// Compares deeply. Numbers by their value, whatever they are kept as; members in any order.
    friend bool operator==(const value& a, const value& b) noexcept { return equal(a, b); }

private:
    static bool equal(const value& a, const value& b) noexcept;
    void copy_from(const value& other); // on a null
    void destroy() noexcept;
    void take(value& other) noexcept; // on a null; leaves null
    [[noreturn]] void mismatch(const char* wanted) const;
    static const value& nothing() noexcept;
    static const value& nothing_named() noexcept;
    static const value& nothing_null() noexcept;
    void reset() noexcept {
        if (kind_ >= kind::string) destroy();
        kind_ = kind::null;
    }
    void require(kind k) const;

    kind kind_;
    union {
        bool boolean_;
        std::int64_t integer_;
        std::uint64_t natural_;
        double number_;
        std::string string_;
        array_type array_;
        object_type object_;
    };
};

/// Is an element of a brace list: anything a value is made of, or a brace list again.
struct value::init {
    /// Construct from what a value is made of.
    template <class T>
        requires(!std::same_as<std::remove_cvref_t<T>, init> && std::constructible_from<value, T>)
    init(T&& from) : content(std::forward<T>(from)) {}
    /// Construct from a nested list.
    init(std::initializer_list<init> list) : content(list) {}

    mutable value content; ///< moved out by the value that is being built
};

template <detail::plain_range R>
    requires detail::tree_range<R, value>
value::value(const R& range) : value() {
    if constexpr (detail::map_like<R>) {
        kind_ = kind::object;
        ::new (&object_) object_type();
        for (const auto& [name, content] : range) {
            const std::string_view text(name); // equal names stand side by side in a multimap
            if (!object_.empty() && object_.back().first == text) object_.back().second = value(content);
            else object_.emplace_back(std::string(text), value(content));
        }
    } else {
        kind_ = kind::array;
        ::new (&array_) array_type();
        for (auto&& element : range)
            array_.push_back(value(static_cast<std::iter_value_t<decltype(std::begin(range))>>(element)));
    }
}

} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <cmath>

namespace crema {
namespace detail {

inline const char* kind_name(value::kind k) noexcept {
    switch (k) {
    case value::kind::null: return "null";
    case value::kind::boolean: return "a boolean";
    case value::kind::integer:
    case value::kind::natural: return "an integer";
    case value::kind::number: return "a number";
    case value::kind::string: return "a string";
    case value::kind::array: return "an array";
    case value::kind::object: return "an object";
    }
    return "nothing";
}

// 2^63 and 2^64 as doubles; whole doubles below them convert exactly.
inline constexpr double two_63 = 9223372036854775808.0;
inline constexpr double two_64 = 18446744073709551616.0;

} // namespace detail

CREMA_DECL value::value(std::initializer_list<init> list) : value() {
    const bool named =
        list.size() != 0 && std::all_of(list.begin(), list.end(), [](const init& e) {
            return e.content.is_array() && e.content.array_.size() == 2 && e.content.array_[0].is_string();
        });
    *this = named ? object(list) : array(list);
}

CREMA_DECL value value::array(std::initializer_list<init> elements) {
    array_type all;
    all.reserve(elements.size());
    for (const init& e : elements) all.push_back(std::move(e.content));
    return value(std::move(all));
}

CREMA_DECL value value::object(std::initializer_list<init> members) {
    value made;
    made.kind_ = kind::object;
    ::new (&made.object_) object_type();
    made.object_.reserve(members.size());
    for (const init& e : members) {
        value& pair = e.content;
        if (!pair.is_array() || pair.array_.size() != 2 || !pair.array_[0].is_string())
            throw system_error(make_error_code(error::bad_value), "a member is {name, value}");
        made[pair.array_[0].string_] = std::move(pair.array_[1]);
    }
    return made;
}

CREMA_NOINLINE CREMA_DECL void value::copy_from(const value& other) {
    switch (other.kind_) {
    case kind::null: break;
    case kind::boolean: boolean_ = other.boolean_; break;
    case kind::integer: integer_ = other.integer_; break;
    case kind::natural: natural_ = other.natural_; break;
    case kind::number: number_ = other.number_; break;
    case kind::string: ::new (&string_) std::string(other.string_); break;
    case kind::array: ::new (&array_) array_type(other.array_); break;
    case kind::object: ::new (&object_) object_type(other.object_); break;
    }
    kind_ = other.kind_;
}

CREMA_NOINLINE CREMA_DECL void value::take(value& other) noexcept {
    switch (other.kind_) {
    case kind::null: break;
    case kind::boolean: boolean_ = other.boolean_; break;
    case kind::integer: integer_ = other.integer_; break;
    case kind::natural: natural_ = other.natural_; break;
    case kind::number: number_ = other.number_; break;
    case kind::string: ::new (&string_) std::string(std::move(other.string_)); break;
    case kind::array: ::new (&array_) array_type(std::move(other.array_)); break;
    case kind::object: ::new (&object_) object_type(std::move(other.object_)); break;
    }
    kind_ = other.kind_;
    other.reset();
}

CREMA_NOINLINE CREMA_DECL void value::destroy() noexcept {
    switch (kind_) {
    case kind::string: string_.~basic_string(); break;
    case kind::array: array_.~vector(); break;
    case kind::object: object_.~vector(); break;
    default: break;
    }
}

CREMA_DECL void value::mismatch(const char* wanted) const {
    throw system_error(make_error_code(error::bad_value),
                       std::string("expected ") + wanted + ", found " + detail::kind_name(kind_));
}

CREMA_DECL void value::require(kind k) const {
    if (kind_ != k) mismatch(detail::kind_name(k));
}

CREMA_DECL const value& value::nothing() noexcept {
    static const value none = array();
    return none;
}

CREMA_DECL const value& value::nothing_named() noexcept {
    static const value none = object();
    return none;
}

CREMA_DECL const value& value::nothing_null() noexcept {
    static const value none;
    return none;
}

CREMA_DECL std::int64_t value::as_int64() const {
    if (kind_ == kind::integer) return integer_;
    if (kind_ == kind::number && number_ >= -detail::two_63 && number_ < detail::two_63 &&
        std::trunc(number_) == number_)
        return static_cast<std::int64_t>(number_);
    mismatch("an integer of 64 bits");
}

CREMA_DECL std::uint64_t value::as_uint64() const {
    if (kind_ == kind::natural) return natural_;
    if (kind_ == kind::integer && integer_ >= 0) return static_cast<std::uint64_t>(integer_);
    if (kind_ == kind::number && number_ >= 0 && number_ < detail::two_64 && std::trunc(number_) == number_)
        return static_cast<std::uint64_t>(number_);
    mismatch("an integer of 64 bits without sign");
}

CREMA_DECL double value::as_double() const {
    switch (kind_) {
    case kind::number: return number_;
    case kind::integer: return static_cast<double>(integer_);
    case kind::natural: return static_cast<double>(natural_);
    default: mismatch("a number");
    }
}

CREMA_DECL std::size_t value::size() const noexcept {
    switch (kind_) {
    case kind::null: return 0;
    case kind::string: return string_.size();
    case kind::array: return array_.size();
    case kind::object: return object_.size();
    default: return 1;
    }
}

CREMA_DECL const value* value::find(std::string_view name) const noexcept {
    if (kind_ != kind::object) return nullptr;
    for (const member& m : object_)
        if (m.first == name) return &m.second;
    return nullptr;
}

CREMA_DECL const value& value::at(std::string_view name) const {
    if (const value* v = find(name)) return *v;
    throw system_error(make_error_code(error::not_found), name);
}

CREMA_DECL const value& value::at(std::size_t index) const {
    if (kind_ == kind::array && index < array_.size()) return array_[index];
    throw system_error(make_error_code(error::not_found), "element " + std::to_string(index));
}

CREMA_DECL value& value::operator[](std::string_view name) {
    if (kind_ == kind::null) {
        ::new (&object_) object_type();
        kind_ = kind::object;
    }
    require(kind::object);
    if (value* v = find(name)) return *v;
    return object_.emplace_back(std::string(name), value()).second;
}

CREMA_DECL value& value::push_back(value element) {
    if (kind_ == kind::null) {
        ::new (&array_) array_type();
        kind_ = kind::array;
    }
    require(kind::array);
    return array_.emplace_back(std::move(element));
}

CREMA_DECL bool value::erase(std::string_view name) {
    if (kind_ != kind::object) return false;
    return std::erase_if(object_, [&](const member& m) { return m.first == name; }) != 0;
}

CREMA_DECL bool value::equal(const value& a, const value& b) noexcept {
    if (a.is_number() && b.is_number()) {
        if (a.kind_ == b.kind_) return a.kind_ == kind::number ? a.number_ == b.number_ : a.integer_ == b.integer_;
        const auto same = [](const value& whole, const value& real) { // exact: no rounding of the whole number
            if (whole.kind_ == kind::integer)
                return real.number_ >= -detail::two_63 && real.number_ < detail::two_63 &&
                       std::trunc(real.number_) == real.number_ &&
                       static_cast<std::int64_t>(real.number_) == whole.integer_;
            return real.number_ >= 0 && real.number_ < detail::two_64 && std::trunc(real.number_) == real.number_ &&
                   static_cast<std::uint64_t>(real.number_) == whole.natural_;
        };
        if (b.kind_ == kind::number) return same(a, b);
        if (a.kind_ == kind::number) return same(b, a);
        return false; // an integer and a natural are never equal
    }
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
    case kind::boolean: return a.boolean_ == b.boolean_;
    case kind::string: return a.string_ == b.string_;
    case kind::array: return std::equal(a.array_.begin(), a.array_.end(), b.array_.begin(), b.array_.end(), equal);
    case kind::object: {
        if (a.object_.size() != b.object_.size()) return false;
        for (std::size_t i = 0; i < a.object_.size(); ++i) { // mostly the order is the same
            const member& m = a.object_[i];
            const member& there = b.object_[i];
            const value* other = m.first == there.first ? &there.second : b.find(m.first);
            if (!other || !equal(m.second, *other)) return false;
        }
        return true;
    }
    default: return true;
    }
}

} // namespace crema
#endif
// ---- crema/net/address.hpp
// address: of a peer or of a listening socket.
#include <cstdint>
#include <string>
#include <sys/socket.h>

namespace crema::net {

/** Holds the address of a socket: IP and port, or the path of a Unix socket.

    @par Thread Safety
    Distinct objects: safe.
*/
class address {
public:
    /// Construct an address of nothing.
    address() noexcept = default;
    /// Construct from what the system gives. @param size Octets of `from`.
    CREMA_DECL address(const sockaddr* from, socklen_t size) noexcept;

    /// Returns the IP address as text (an IPv4 address in IPv6 as IPv4), or the path; empty for nothing.
    CREMA_DECL std::string host() const;
    /// Returns the port; 0 where there is none.
    CREMA_DECL std::uint16_t port() const noexcept;
    /// Returns `host:port`, with brackets around IPv6.
    CREMA_DECL std::string text() const;
    /// Returns a number that is the same for the same host, for counting.
    CREMA_DECL std::uint64_t host_key() const noexcept;

private:
    // Room for IPv6; the path of a Unix socket is not kept for each connection.
    alignas(4) unsigned char raw_[28]{};
};

} // namespace crema::net

#if CREMA_BODIES
#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

namespace crema::net {

CREMA_DECL address::address(const sockaddr* from, socklen_t size) noexcept {
    static_assert(sizeof(sockaddr_in6) <= sizeof raw_);
    if (size >= static_cast<socklen_t>(sizeof(sa_family_t)))
        std::memcpy(raw_, from, std::min<std::size_t>(size, sizeof raw_));
}

namespace detail {

inline sa_family_t family_of(const unsigned char* raw) noexcept {
    sockaddr a{};
    std::memcpy(&a.sa_family, raw + offsetof(sockaddr, sa_family), sizeof a.sa_family);
    return a.sa_family;
}

} // namespace detail

CREMA_DECL std::string address::host() const {
    char text[INET6_ADDRSTRLEN] = "";
    switch (detail::family_of(raw_)) {
    case AF_INET: {
        sockaddr_in a;
        std::memcpy(&a, raw_, sizeof a);
        inet_ntop(AF_INET, &a.sin_addr, text, sizeof text);
        return text;
    }
    case AF_INET6: {
        sockaddr_in6 a;
        std::memcpy(&a, raw_, sizeof a);
        if (IN6_IS_ADDR_V4MAPPED(&a.sin6_addr)) inet_ntop(AF_INET, a.sin6_addr.s6_addr + 12, text, sizeof text);
        else inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof text);
        return text;
    }
    default: return {};
    }
}

CREMA_DECL std::uint16_t address::port() const noexcept {
    switch (detail::family_of(raw_)) {
    case AF_INET:
    case AF_INET6: {
        std::uint16_t port; // at the same place in both
        std::memcpy(&port, raw_ + offsetof(sockaddr_in, sin_port), sizeof port);
        return ntohs(port);
    }
    default: return 0;
    }
}

CREMA_DECL std::string address::text() const {
    auto h = host();
    if (h.find(':') != h.npos) h = "[" + h + "]";
    return h + ":" + std::to_string(port());
}

CREMA_DECL std::uint64_t address::host_key() const noexcept {
    if (detail::family_of(raw_) == AF_INET) {
        std::uint32_t ip;
        std::memcpy(&ip, raw_ + offsetof(sockaddr_in, sin_addr), sizeof ip);
        return ip;
    }
    std::uint64_t network; // of IPv6 the first 64 bits: that is what one customer has
    std::memcpy(&network, raw_ + offsetof(sockaddr_in6, sin6_addr), sizeof network);
    std::uint64_t rest;
    std::memcpy(&rest, raw_ + offsetof(sockaddr_in6, sin6_addr) + 8, sizeof rest);
    return network != 0 ? network : rest;
}

} // namespace crema::net
#endif
// ---- crema/net/poller.hpp
// poller: tells which descriptors are ready; level-triggered, many with one system call.
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

    /// Returns whose `on_ready` runs; null when it has been removed meanwhile.
    const watcher* current() const noexcept { return *current_; }
    /// Returns the loop.
    loop& owner() const noexcept { return loop_; }

private:
    struct state;
    loop& loop_;
    std::shared_ptr<state> state_;
    const watcher* const* current_;
};

} // namespace crema::net

#if !defined(CREMA_NET_EPOLL)
#define CREMA_NET_EPOLL CREMA_LINUX // 0 waits through Asio, as on other systems
#endif

#if CREMA_BODIES
#include <asio/posix/stream_descriptor.hpp>
#include <asio/io_context.hpp>
#include <cerrno>
#include <functional>
#include <utility>
#include <unistd.h>
#if CREMA_NET_EPOLL
#include <sys/epoll.h>
#endif

namespace crema::net {

#if CREMA_NET_EPOLL

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
            current_ = w;
            const auto e = events[i].events;
            const bool failed = (e & (EPOLLHUP | EPOLLERR)) != 0;
            loop_.callback([&] {
                w->on_ready({(e & EPOLLIN) || failed, (e & EPOLLOUT) || failed, (e & (EPOLLRDHUP | EPOLLHUP)) != 0, failed});
            });
            if (loop_.context().stopped()) break; // told to stop; what is ready stays so
        }
        batch_ = nullptr;
        current_ = nullptr;
        wait();
    }
    void forget(watcher& w) noexcept {
        if (current_ == &w) current_ = nullptr;
        for (int i = 0; batch_ && i < size_; ++i)
            if (batch_[i].data.ptr == &w) batch_[i].data.ptr = nullptr;
    }

    loop& loop_;
    descriptor set_;
    epoll_event* batch_ = nullptr;
    const watcher* current_ = nullptr;
    int size_ = 0;
    std::size_t count_ = 0;
    bool waiting_ = false;
};

CREMA_DECL poller::poller(loop& l) : loop_(l), state_(std::make_shared<state>(l)), current_(&state_->current_) {}

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

struct poller::state {
    const watcher* current_ = nullptr;
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

CREMA_DECL poller::poller(loop& l) : loop_(l), state_(std::make_shared<state>()), current_(&state_->current_) {}
CREMA_DECL poller::~poller() = default;

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
// ---- crema/net/listener.hpp
// listener: a socket that accepts connections.
#include <cstdint>
#include <functional>
#include <string>

namespace crema::net {

/** Accepts TCP connections.

    @par Thread Safety
    Only on its loop.
*/
class listener final : private poller::watcher {
public:
    /// Receives each connection: a non-blocking socket that is now its, and the peer.
    using function = std::function<void(int fd, const address& peer)>;

    /** Listen.

        @param p Tells when a connection is there; outlives this.
        @param host An IP address; `"::"` takes IPv4, too, and falls back to `"0.0.0.0"` where there is no IPv6.
        @param port 0 for any.
        @param accepted Called for each connection.
        @throws system_error with the address as its subject.
    */
    CREMA_DECL listener(poller& p, const std::string& host, std::uint16_t port, function accepted);
    CREMA_DECL ~listener();

    /// Returns the address it listens on.
    const address& local() const noexcept { return local_; }
    /// Stops accepting for a while, when the system has no descriptor left; see `resume`.
    bool paused() const noexcept { return paused_; }
    /// Accepts again.
    CREMA_DECL void resume() noexcept;

private:
    CREMA_DECL void on_ready(poller::readiness r) override;

    poller& poller_;
    int fd_ = -1;
    bool paused_ = false;
    address local_;
    function accepted_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace crema::net {

namespace detail {

inline bool parse_ip(const std::string& host, std::uint16_t port, sockaddr_storage& out, socklen_t& size) noexcept {
    std::memset(&out, 0, sizeof out);
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        size = sizeof v4;
        return true;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        size = sizeof v6;
        return true;
    }
    return false;
}

inline bool make_nonblocking(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFL, 0);
    return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

} // namespace detail

CREMA_DECL listener::listener(poller& p, const std::string& host, std::uint16_t port, function accepted)
    : poller_(p), accepted_(std::move(accepted)) {
    const std::string name = host == "localhost" ? "127.0.0.1" : host;
    const auto subject = "listen on " + (name.find(':') != name.npos ? "[" + name + "]" : name) + ":" + std::to_string(port);
    sockaddr_storage at;
    socklen_t size = 0;
    if (!detail::parse_ip(name, port, at, size)) throw system_error(make_error_code(std::errc::invalid_argument), subject);
    fd_ = ::socket(at.ss_family, SOCK_STREAM, 0);
    if (fd_ < 0 && name == "::") { // no IPv6 on this machine
        detail::parse_ip("0.0.0.0", port, at, size);
        fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    }
    const auto fail = [&] {
        const auto code = std::error_code(errno, std::system_category());
        if (fd_ >= 0) ::close(fd_);
        throw system_error(code, subject);
    };
    if (fd_ < 0 || !detail::make_nonblocking(fd_)) fail();
    const int yes = 1, no = 0;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (at.ss_family == AF_INET6 && name == "::") ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(fd_, 4096) != 0) fail();
    socklen_t got = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &got);
    local_ = address(reinterpret_cast<sockaddr*>(&at), got);
    poller_.add(*this, fd_);
}

CREMA_DECL listener::~listener() {
    poller_.remove(*this);
    ::close(fd_);
}

CREMA_DECL void listener::resume() noexcept {
    if (!paused_) return;
    paused_ = false;
    poller_.change(*this, true, false, false);
}

CREMA_DECL void listener::on_ready(poller::readiness) {
    for (int i = 0; i < 64; ++i) { // bounded, so that a flood of connections does not starve the others
        sockaddr_storage from;
        socklen_t size = sizeof from;
#if CREMA_LINUX
        const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
        const int fd = ::accept(fd_, reinterpret_cast<sockaddr*>(&from), &size);
        if (fd >= 0) detail::make_nonblocking(fd);
#endif
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                paused_ = true; // the connection stays in the backlog; asking at once again would only burn time
                poller_.change(*this, false, false, false);
            }
            if (errno == EINTR || errno == ECONNABORTED) continue;
            return;
        }
        const int yes = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        accepted_(fd, address(reinterpret_cast<sockaddr*>(&from), size));
    }
}

} // namespace crema::net
#endif
// ---- crema/net/stream.hpp
// stream: octets in both directions, without waiting; who uses it is told when it is ready.
#include <cstddef>
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

    /// Sets who is told; before anything else. It outlives the stream, or its `close`.
    virtual void start(stream_handler& handler) = 0;
    /// Says what the handler wants to be told of, again and again as long as it lasts. At first: reading.
    virtual void want(bool readable, bool writable) = 0;
    /// Reads what is there.
    virtual io_result read(std::span<char> into) noexcept = 0;
    /// Writes what there is room for, one piece after the other as one message.
    virtual io_result write(std::span<const std::string_view> pieces) noexcept = 0;
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
    /// Tells whether it is encrypted.
    virtual bool secure() const noexcept { return false; }
};

} // namespace crema::net
// ---- crema/core/arena.hpp
// arena: memory that is handed out by moving a pointer and given back all at once.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema {

/** Hands out memory in constant time; all of it ends with `reset()` or with the arena.

    Memory comes from blocks of at least `block_size` octets. The first block is allocated at the first use and
    kept by `reset()`, so that an arena that is used again allocates nothing in steady state. Destructors are not run.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class arena {
public:
    /// Construct empty. @param block_size Octets of a block.
    explicit arena(std::size_t block_size = 4096 - 2 * sizeof(void*)) noexcept : block_size_(block_size) {}
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    ~arena() { release(); }

    /** Allocate memory.

        @param size Octets; may be 0.
        @param align A power of two.
        @return Memory that is valid until `reset()`; never null.
        @throws std::bad_alloc
    */
    void* allocate(std::size_t size, std::size_t align = alignof(std::max_align_t)) {
        auto at = (reinterpret_cast<std::uintptr_t>(next_) + align - 1) & ~(static_cast<std::uintptr_t>(align) - 1);
        if (next_ == nullptr || at > reinterpret_cast<std::uintptr_t>(end_) ||
            size > reinterpret_cast<std::uintptr_t>(end_) - at) [[unlikely]]
            return allocate_block(size, align);
        auto* p = next_ + (at - reinterpret_cast<std::uintptr_t>(next_));
        next_ = p + size;
        return p;
    }

    /// Copies a text; the view is valid until `reset()`.
    std::string_view copy(std::string_view text) {
        if (text.empty()) return {};
        auto* p = static_cast<char*>(allocate(text.size(), 1));
        std::memcpy(p, text.data(), text.size());
        return {p, text.size()};
    }

    /// Constructs an object that needs no destructor; valid until `reset()`.
    template <class T, class... Args>
        requires std::is_trivially_destructible_v<T>
    T* make(Args&&... args) {
        return ::new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
    }

    /// Returns default-initialised room for `n` objects that need no destructor; valid until `reset()`.
    template <class T>
        requires(std::is_trivially_destructible_v<T> && std::is_trivially_default_constructible_v<T>)
    T* make_array(std::size_t n) {
        if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_alloc();
        return static_cast<T*>(allocate(n * sizeof(T), alignof(T)));
    }

    /// Ends everything that was handed out; keeps the first block.
    void reset() noexcept {
        if (first_ == nullptr) return;
        if (first_->next != nullptr) [[unlikely]] free_after_first();
        next_ = reinterpret_cast<char*>(first_ + 1);
        end_ = next_ + first_->size;
    }

    /// Ends everything that was handed out and gives all memory back.
    void release() noexcept {
        if (first_ == nullptr) return;
        free_after_first();
        ::operator delete(first_);
        first_ = last_ = nullptr;
        next_ = end_ = nullptr;
    }

private:
    struct alignas(std::max_align_t) block {
        block* next;
        std::size_t size;
    };

    CREMA_NOINLINE void* allocate_block(std::size_t size, std::size_t align) {
        if (size > static_cast<std::size_t>(-1) / 2) throw std::bad_alloc();
        const auto wanted = size + align > block_size_ ? size + align : block_size_;
        auto* b = ::new (::operator new(sizeof(block) + wanted)) block{nullptr, wanted};
        if (last_) last_->next = b;
        else first_ = b;
        last_ = b;
        next_ = reinterpret_cast<char*>(b + 1);
        end_ = next_ + wanted;
        return allocate(size, align);
    }
    void free_after_first() noexcept {
        for (auto* b = first_->next; b;) {
            auto* next = b->next;
            ::operator delete(b);
            b = next;
        }
        first_->next = nullptr;
        last_ = first_;
    }

    block* first_ = nullptr;
    block* last_ = nullptr;
    char* next_ = nullptr;
    char* end_ = nullptr;
    std::size_t block_size_;
};

} // namespace crema
// ---- crema/core/scan.hpp
// Scanning: find the first octet that may not stand where it stands, 16 octets a step where SSE2 is there.
#include <array>
#include <bit>
#include <cstdint>

#if defined(__SSE2__) && !defined(CREMA_PORTABLE_SCAN)
#define CREMA_SCAN_SSE2 1
#include <emmintrin.h>
#else
#define CREMA_SCAN_SSE2 0
#endif

namespace crema {

/// Tells which octets a request target may hold.
enum class target_octets : bool {
    strict,  ///< visible ASCII without `"`, `#`, `<` and `>`
    relaxed, ///< also those four and octets above 0x7F, as browsers of old and `curl` send
};

namespace detail {

constexpr bool is_target_octet(unsigned char u, target_octets k) noexcept {
    if (u <= 0x20 || u == 0x7f) return false;
    return k == target_octets::relaxed || !(u > 0x7f || u == '"' || u == '#' || u == '<' || u == '>');
}

constexpr std::array<std::uint8_t, 256> make_target_table() {
    std::array<std::uint8_t, 256> t{};
    for (unsigned u = 0; u < 256; ++u)
        t[u] = static_cast<std::uint8_t>(
            (is_target_octet(static_cast<unsigned char>(u), target_octets::strict) ? 1 : 0) |
            (is_target_octet(static_cast<unsigned char>(u), target_octets::relaxed) ? 2 : 0));
    return t;
}
inline constexpr auto target_table = make_target_table();

} // namespace detail

/// Tells whether a request target may hold the octet.
constexpr bool is_target_octet(char c, target_octets k) noexcept {
    return (detail::target_table[static_cast<unsigned char>(c)] & (k == target_octets::strict ? 1 : 2)) != 0;
}

/// Holds the portable forms of the scanning functions, one octet a step; the others are tested against these.
namespace scan_portable {

/// Returns the first octet that may not stand in a field value (a control octet other than TAB), or `end`.
inline const char* field_value(const char* p, const char* end) noexcept {
    while (p != end && has_class(*p, octet_class::field_value)) ++p;
    return p;
}
/// Does the same; memory may be read from `floor` on, which is not behind `p`.
inline const char* field_value(const char* p, const char* end, const char* floor) noexcept {
    (void)floor;
    return field_value(p, end);
}
/// Returns the first octet that may not stand in a token, or `end`.
inline const char* token(const char* p, const char* end) noexcept {
    while (p != end && has_class(*p, octet_class::token)) ++p;
    return p;
}
/// Returns the first octet that may not stand in a request target, or the first `?`, or `end`.
inline const char* target_path(const char* p, const char* end, target_octets k) noexcept {
    while (p != end && *p != '?' && is_target_octet(*p, k)) ++p;
    return p;
}
/// Returns the first octet that may not stand in a request target, or `end`.
inline const char* target_query(const char* p, const char* end, target_octets k) noexcept {
    while (p != end && is_target_octet(*p, k)) ++p;
    return p;
}

} // namespace scan_portable

#if CREMA_SCAN_SSE2

/// Holds the forms for SSE2, which every x86-64 has. They never read outside of the range.
namespace scan_sse2 {

namespace detail {

// One bit for each of 16 octets: may it not stand in a field value?
inline unsigned field_value_stops(const char* p) noexcept {
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto control = _mm_andnot_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('\t')),
                                          _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)))));
}

} // namespace detail

/// @copydoc scan_portable::field_value(const char*, const char*)
inline const char* field_value(const char* p, const char* end) noexcept {
    for (; end - p >= 16; p += 16)
        if (const auto stop = detail::field_value_stops(p)) return p + std::countr_zero(stop);
    return scan_portable::field_value(p, end);
}

/// @copydoc scan_portable::field_value(const char*, const char*, const char*)
inline const char* field_value(const char* p, const char* end, const char* floor) noexcept {
    for (; end - p >= 16; p += 16)
        if (const auto stop = detail::field_value_stops(p)) return p + std::countr_zero(stop);
    if (end - floor < 16) return scan_portable::field_value(p, end);
    const auto left = end - p; // the last octets are looked at together with those in front of them
    const auto stop = detail::field_value_stops(end - 16) >> (16 - left);
    return stop != 0 ? p + std::countr_zero(stop) : end;
}

/// @copydoc scan_portable::token
inline const char* token(const char* p, const char* end) noexcept {
    const auto small = _mm_set1_epi8(0x20), a = _mm_set1_epi8('a'), letters = _mm_set1_epi8(25),
               zero = _mm_set1_epi8('0'), digits = _mm_set1_epi8(9), dash = _mm_set1_epi8('-');
    while (end - p >= 16) {
        const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const auto l = _mm_sub_epi8(_mm_or_si128(x, small), a), d = _mm_sub_epi8(x, zero);
        const auto good =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(l, letters), l), _mm_cmpeq_epi8(x, dash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(d, digits), d));
        const auto stop = static_cast<unsigned>(_mm_movemask_epi8(good)) ^ 0xffffu;
        if (stop == 0) {
            p += 16;
            continue;
        }
        p += std::countr_zero(stop);
        if (!has_class(*p, octet_class::token)) return p; // else one of the rare ones: go on behind it
        ++p;
    }
    return scan_portable::token(p, end);
}

namespace detail {

template <bool StopAtQuestionMark>
inline const char* target(const char* p, const char* end, target_octets k) noexcept {
    if (k == target_octets::strict) {
        const auto first = _mm_set1_epi8(0x21), del = _mm_set1_epi8(0x7f), low = _mm_set1_epi8('"'),
                   angle = _mm_set1_epi8('<'), without_1 = _mm_set1_epi8(static_cast<char>(0xfe)),
                   without_2 = _mm_set1_epi8(static_cast<char>(0xfd)), question = _mm_set1_epi8('?');
        while (end - p >= 16) {
            const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
            auto bad = _mm_or_si128(_mm_cmplt_epi8(x, first), _mm_cmpeq_epi8(x, del)); // signed: also above 0x7f
            bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_and_si128(x, without_1), low));
            bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_and_si128(x, without_2), angle));
            if constexpr (StopAtQuestionMark) bad = _mm_or_si128(bad, _mm_cmpeq_epi8(x, question));
            const auto stop = static_cast<unsigned>(_mm_movemask_epi8(bad));
            if (stop != 0) return p + std::countr_zero(stop);
            p += 16;
        }
    }
    if constexpr (StopAtQuestionMark) return scan_portable::target_path(p, end, k);
    else return scan_portable::target_query(p, end, k);
}

} // namespace detail

/// @copydoc scan_portable::target_path
inline const char* target_path(const char* p, const char* end, target_octets k) noexcept {
    return detail::target<true>(p, end, k);
}
/// @copydoc scan_portable::target_query
inline const char* target_query(const char* p, const char* end, target_octets k) noexcept {
    return detail::target<false>(p, end, k);
}

} // namespace scan_sse2

/// Is the fastest form that this build can count on.
namespace scan = scan_sse2;

#else

/// Is the fastest form that this build can count on.
namespace scan = scan_portable;

#endif

} // namespace crema
// ---- crema/http/fields.hpp
// Header fields: known names as small integers, and which names and values may be sent.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema::http {

/// Names the fields that requests often have. Fewer than 64, so that a set of them is one integer.
enum class field : std::uint8_t {
    unknown, ///< none of these; its name is text
    host, connection, content_length, content_type, transfer_encoding, upgrade, expect, accept, accept_charset,
    accept_encoding, accept_language, access_control_request_headers, access_control_request_method, authorization,
    cache_control, content_encoding, cookie, dnt, forwarded, http2_settings, if_match, if_modified_since, if_none_match,
    if_range, if_unmodified_since, keep_alive, last_event_id, max_forwards, origin, pragma, priority,
    proxy_authorization, proxy_connection, range, referer, sec_ch_ua, sec_ch_ua_mobile, sec_ch_ua_platform,
    sec_fetch_dest, sec_fetch_mode, sec_fetch_site, sec_fetch_user, sec_gpc, sec_websocket_extensions,
    sec_websocket_key, sec_websocket_protocol, sec_websocket_version, te, trailer, traceparent, tracestate,
    upgrade_insecure_requests, user_agent, via, x_csrf_token, x_forwarded_for, x_forwarded_host, x_forwarded_proto,
    x_http_method_override, x_real_ip, x_request_id, x_requested_with,
};

/// Counts the known fields, `unknown` included.
inline constexpr std::size_t field_count = static_cast<std::size_t>(field::x_requested_with) + 1;
static_assert(field_count <= 64);

/// Returns the name of a known field in small letters, which lives forever; empty for `unknown`.
constexpr std::string_view to_string(field f) noexcept;

/// Returns the field with this name, the case of letters ignored; `unknown` when it is none of the known.
constexpr field to_field(std::string_view name) noexcept;

/// Tells whether a field may have this name: it is a token (RFC 9110 section 5.1).
constexpr bool valid_field_name(std::string_view name) noexcept { return is_token(name); }

/** Tells whether a field may have this value: no control octets but TAB, so neither CR, LF nor NUL.

    A value that comes from outside must be tested before it is sent: a line end in it would let it write fields of
    its own (response splitting). Spaces at the ends are allowed here; receivers strip them.

    @par Complexity
    Linear in the length.

    @see RFC 9110 section 5.5
*/
inline bool valid_field_value(std::string_view value) noexcept {
    const char* end = value.data() + value.size();
    return scan::field_value(value.data(), end) == end;
}

namespace detail {

inline constexpr std::string_view field_names[field_count] = {
    "",
    "host", "connection", "content-length", "content-type", "transfer-encoding", "upgrade", "expect", "accept",
    "accept-charset", "accept-encoding", "accept-language", "access-control-request-headers",
    "access-control-request-method", "authorization", "cache-control", "content-encoding", "cookie", "dnt", "forwarded",
    "http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
    "last-event-id", "max-forwards", "origin", "pragma", "priority", "proxy-authorization", "proxy-connection", "range",
    "referer", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode",
    "sec-fetch-site", "sec-fetch-user", "sec-gpc", "sec-websocket-extensions", "sec-websocket-key",
    "sec-websocket-protocol", "sec-websocket-version", "te", "trailer", "traceparent", "tracestate",
    "upgrade-insecure-requests", "user-agent", "via", "x-csrf-token", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "x-http-method-override", "x-real-ip", "x-request-id", "x-requested-with"};

// A perfect hash of the length and the last four letters; the table below fails to compile when it is none. Shorter
// names are few.
constexpr std::uint32_t field_hash(const char* name, std::size_t size) noexcept {
    const char* p = name + size - 4;
    auto at = [&](int i) { return std::uint32_t{static_cast<unsigned char>(p[i])} << (8 * i); };
    return (((at(0) | at(1) | at(2) | at(3)) | 0x20202020u) + static_cast<std::uint32_t>(size)) * 0x4110c769u >> 24;
}

struct field_table {
    std::uint8_t by_hash[256]{};
    std::uint8_t size[field_count]{};
    char name[field_count][32]{}; // padded, so that 16 octets can be compared at once
    constexpr field_table() {
        for (std::size_t i = 1; i < field_count; ++i) {
            const auto n = field_names[i];
            if (n.size() < 4) continue;
            auto& slot = by_hash[field_hash(n.data(), n.size())];
            if (slot != 0 || n.size() > 31) throw "the hash of field names is not perfect";
            slot = static_cast<std::uint8_t>(i);
            size[i] = static_cast<std::uint8_t>(n.size());
            for (std::size_t k = 0; k < n.size(); ++k) name[i][k] = n[k];
        }
    }
};
inline constexpr field_table known_fields{};

constexpr field to_short_field(std::string_view name) noexcept {
    for (auto f : {field::te, field::via, field::dnt})
        if (iequals(name, field_names[static_cast<std::size_t>(f)])) return f;
    return field::unknown;
}

#if CREMA_SCAN_SSE2
// Tells, one bit each, which of 16 octets are equal to those of a known name when made small. What is below a space
// would become a letter or hyphen; it is none.
inline unsigned same_as_known(const char* octets, const char* known) noexcept {
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets)),
               k = _mm_loadu_si128(reinterpret_cast<const __m128i*>(known));
    const auto space = _mm_set1_epi8(0x20);
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_andnot_si128(_mm_cmplt_epi8(x, space), _mm_cmpeq_epi8(_mm_or_si128(x, space), k))));
}
#endif

// As `to_field`, faster where 16 octets, for longer names 32, from `name` on may be read.
CREMA_FORCEINLINE field to_field_within(const char* name, std::size_t size, const char* readable_end) noexcept {
    if (size - 4 > 27) return to_short_field({name, size});
    const auto i = known_fields.by_hash[field_hash(name, size)];
#if CREMA_SCAN_SSE2
    if (known_fields.size[i] != size) return field::unknown;
    if (size <= 16 && readable_end - name >= 16) {
        const auto wanted = (1u << size) - 1;
        return (same_as_known(name, known_fields.name[i]) & wanted) == wanted ? static_cast<field>(i) : field::unknown;
    }
    if (readable_end - name >= 32) {
        const auto wanted = (1u << size) - 1;
        const auto same =
            same_as_known(name, known_fields.name[i]) | same_as_known(name + 16, known_fields.name[i] + 16) << 16;
        return (same & wanted) == wanted ? static_cast<field>(i) : field::unknown;
    }
#endif
    (void)readable_end;
    return iequals({name, size}, field_names[i]) ? static_cast<field>(i) : field::unknown;
}

} // namespace detail

constexpr std::string_view to_string(field f) noexcept {
    return static_cast<std::size_t>(f) < field_count ? detail::field_names[static_cast<std::size_t>(f)]
                                                     : std::string_view{};
}

constexpr field to_field(std::string_view name) noexcept {
    if (name.size() < 4) return detail::to_short_field(name);
    if (name.size() > 31) return field::unknown;
    const auto i = detail::known_fields.by_hash[detail::field_hash(name.data(), name.size())];
    return iequals(name, detail::field_names[i]) ? static_cast<field>(i) : field::unknown;
}

} // namespace crema::http
// ---- crema/http/method.hpp
// Request methods as small integers: all that Node knows.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema::http {

/// Names a request method. Methods are case-sensitive; `unknown` stands for every other token.
enum class method : std::uint8_t {
    unknown, ///< none of these; its text is kept beside it
    get, head, post, put, del, patch, options, connect, trace,
    acl, bind, checkout, copy, link, lock, m_search, merge, mkactivity, mkcalendar, mkcol, move, notify, propfind,
    proppatch, purge, query, rebind, report, search, source, subscribe, unbind, unlink, unlock, unsubscribe,
};

/// Counts the methods, `unknown` included.
inline constexpr std::size_t method_count = static_cast<std::size_t>(method::unsubscribe) + 1;

/// Returns the text of a method, which lives forever and is followed by a NUL; empty for `unknown`.
constexpr std::string_view to_string(method m) noexcept;

/// Returns the method with this text, `unknown` when there is none.
constexpr method to_method(std::string_view text) noexcept;

/// Tells whether a request with this method changes nothing (RFC 9110 section 9.2.1).
constexpr bool is_safe(method m) noexcept {
    return m == method::get || m == method::head || m == method::options || m == method::trace ||
           m == method::propfind || m == method::report || m == method::search || m == method::query;
}

/// Tells whether repeating the request changes nothing more (RFC 9110 section 9.2.2).
constexpr bool is_idempotent(method m) noexcept { return is_safe(m) || m == method::put || m == method::del; }

namespace detail {

inline constexpr std::string_view method_names[method_count] = {
    "",          "GET",    "HEAD",       "POST",       "PUT",       "DELETE", "PATCH",     "OPTIONS",  "CONNECT",
    "TRACE",     "ACL",    "BIND",       "CHECKOUT",   "COPY",      "LINK",   "LOCK",      "M-SEARCH", "MERGE",
    "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE",       "NOTIFY",    "PROPFIND", "PROPPATCH", "PURGE",  "QUERY",
    "REBIND",    "REPORT", "SEARCH",     "SOURCE",     "SUBSCRIBE", "UNBIND", "UNLINK",    "UNLOCK",   "UNSUBSCRIBE"};

} // namespace detail

constexpr std::string_view to_string(method m) noexcept {
    return static_cast<std::size_t>(m) < method_count ? detail::method_names[static_cast<std::size_t>(m)]
                                                      : std::string_view{};
}

constexpr method to_method(std::string_view text) noexcept {
    if (text.empty()) return method::unknown;
    for (std::size_t i = 1; i < method_count; ++i)
        if (detail::method_names[i] == text) return static_cast<method>(i);
    return method::unknown;
}

} // namespace crema::http
// ---- crema/http/request_head.hpp
// The head of a request: method, target, fields, and what follows from them, as views into the octets received.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>

namespace crema::http {

/// Shows one field of a head.
struct field_view {
    field id;               ///< its small integer, `unknown` when it has none
    std::string_view name;  ///< as received
    std::string_view value; ///< without spaces and tabs around it
};

/// Names the four forms of a request target (RFC 9112 section 3.2).
enum class target_form : std::uint8_t {
    origin,    ///< `/path?query`
    absolute,  ///< `http://host/path?query`
    authority, ///< `host:port`, for CONNECT
    asterisk,  ///< `*`, for OPTIONS
};

/** Shows the head of one request.

    Filled by `request_parser`. Nothing is copied: all views point into the octets that were parsed and are valid as
    long as these, at the place where they were when the parser ran last, or where `rebase` was told that they are.
    Fields are remembered by their offsets. Room for them grows on demand and is kept by `clear()`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class request_head {
public:
    /// Construct without a request.
    request_head() noexcept {} // leaves `first_` as it is
    request_head(const request_head&) = delete;
    request_head& operator=(const request_head&) = delete;

    /// Returns the method.
    http::method method() const noexcept { return method_; }
    /// Returns the text of the method.
    std::string_view method_text() const noexcept { return view(method_at_, method_size_); }
    /// Returns the target as received.
    std::string_view target() const noexcept { return view(target_at_, target_size_); }
    /// Returns the form of the target.
    target_form form() const noexcept { return form_; }
    /// Returns the path of the target, still escaped: `/` when an absolute target has none, `*` for the asterisk,
    /// empty for CONNECT.
    std::string_view path() const noexcept {
        if (path_size_ == 0 && form_ == target_form::absolute) return "/";
        return view(path_at_, path_size_);
    }
    /// Returns the query without its question mark, still escaped; empty when there is none.
    std::string_view query() const noexcept { return has_query_ ? view(query_at_, query_size_) : std::string_view{}; }
    /// Tells whether there is a question mark in the target.
    bool has_query() const noexcept { return has_query_; }
    /// Returns the authority of an absolute target or of CONNECT; empty for others.
    std::string_view authority() const noexcept { return view(authority_at_, authority_size_); }
    /// Tells whether an absolute target has the scheme https.
    bool target_is_https() const noexcept { return https_; }
    /// Returns host and port that the request is for: of the target when it has them, else of the Host field.
    std::string_view host() const noexcept { return authority_size_ != 0 ? authority() : get(field::host); }
    /// Returns the minor version: 0 for HTTP/1.0, 1 for HTTP/1.1.
    int version_minor() const noexcept { return minor_; }

    /// Counts the fields.
    std::size_t field_count() const noexcept { return count_; }
    /// Returns the field with the index, in the order received. @param i Less than `field_count()`.
    field_view field_at(std::size_t i) const noexcept {
        const auto& r = records_[i];
        return {r.id, view(r.name_at, r.name_size), view(r.value_at, r.value_size)};
    }

    /// Is a forward iterator over the fields.
    class iterator {
    public:
        using value_type = field_view;                        ///< a field
        using difference_type = std::ptrdiff_t;               ///< distance
        using reference = field_view;                         ///< made on the fly
        using pointer = const field_view*;                    ///< unused
        using iterator_category = std::forward_iterator_tag;  ///< forward

        iterator() noexcept = default;
        /// Returns the field.
        field_view operator*() const noexcept { return head_->field_at(at_); }
        /// Goes to the next.
        iterator& operator++() noexcept {
            ++at_;
            return *this;
        }
        /// Goes to the next, returns the former.
        iterator operator++(int) noexcept {
            auto old = *this;
            ++at_;
            return old;
        }
        /// Compares positions.
        friend bool operator==(const iterator&, const iterator&) noexcept = default;

    private:
        friend class request_head;
        iterator(const request_head* head, std::size_t at) noexcept : head_(head), at_(at) {}
        const request_head* head_ = nullptr;
        std::size_t at_ = 0;
    };
    /// Is the range of all fields.
    struct field_range {
        iterator first, last;
        iterator begin() const noexcept { return first; }
        iterator end() const noexcept { return last; }
    };
    /// Returns all fields, in the order received.
    field_range fields() const noexcept { return {{this, 0}, {this, count_}}; }

    /// Tells whether there is such a field.
    bool has(field f) const noexcept { return (present_ >> static_cast<unsigned>(f) & 1) != 0; }
    /// Tells whether there are several lines of such a field.
    bool repeated(field f) const noexcept { return (repeated_ >> static_cast<unsigned>(f) & 1) != 0; }
    /// Returns the value of the first line of a known field, empty when there is none. Constant time.
    std::string_view get(field f) const noexcept {
        if (!has(f)) return {};
        const auto& r = records_[first_[static_cast<std::size_t>(f)]];
        return view(r.value_at, r.value_size);
    }
    /// Tells whether there is a field of this name, the case of letters ignored.
    bool has(std::string_view name) const noexcept { return find(name, 0) != npos; }
    /// Returns the value of the first line with this name, the case of letters ignored; empty when there is none.
    /// Constant time for known names, else linear in the number of fields.
    std::string_view get(std::string_view name) const noexcept {
        const auto i = find(name, 0);
        return i == npos ? std::string_view{} : field_at(i).value;
    }
    /// Stands for no index.
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    /// Returns the index of the next line with this name from `from` on, `npos` when there is none.
    inline std::size_t find(std::string_view name, std::size_t from) const noexcept;
    /// @copydoc find
    std::size_t find(field f, std::size_t from) const noexcept {
        if (!has(f)) return npos;
        if (const std::size_t i = first_[static_cast<std::size_t>(f)]; i >= from) return i;
        for (auto i = from; i < count_; ++i)
            if (records_[i].id == f) return i;
        return npos;
    }

    /// Tells whether the connection may serve another request after this one, as the client sees it.
    bool keep_alive() const noexcept { return keep_alive_; }
    /// Tells whether a body follows: a length above 0, or chunks.
    bool has_body() const noexcept { return chunked_ || content_length_ > 0; }
    /// Tells whether the body comes in chunks.
    bool chunked() const noexcept { return chunked_; }
    /// Returns the length of the body when the request says one.
    std::optional<std::uint64_t> content_length() const noexcept {
        return has(field::content_length) ? std::optional(content_length_) : std::nullopt;
    }
    /// Tells whether the client waits for `100 Continue` before it sends the body.
    bool expect_continue() const noexcept { return expect_continue_; }
    /// Tells whether the client wants another protocol: Connection names Upgrade, and there is an Upgrade field.
    bool upgrade() const noexcept { return upgrade_; }

    /// Tells that the octets, and all views with them, are now at `begin`.
    void rebase(const char* begin) noexcept { base_ = begin; }
    /// Returns where the octets begin.
    const char* base() const noexcept { return base_; }
    /// Returns the size of the head in octets, from `base()` on, with the empty line at its end.
    std::size_t size() const noexcept { return size_; }
    /// Forgets the request; keeps the room.
    void clear() noexcept {
        present_ = repeated_ = content_length_ = 0;
        count_ = method_size_ = target_size_ = path_size_ = query_size_ = authority_size_ = size_ = 0;
        method_ = http::method::unknown;
        form_ = target_form::origin;
        minor_ = 1;
        has_query_ = https_ = keep_alive_ = chunked_ = expect_continue_ = upgrade_ = false;
    }

private:
    friend class request_parser;
    struct record {
        std::uint32_t name_at, value_at, value_size;
        std::uint16_t name_size;
        field id;
    };

    std::string_view view(std::uint32_t at, std::uint32_t size) const noexcept { return {base_ + at, size}; }
    void add(std::uint32_t name_at, std::uint32_t name_size, std::uint32_t value_at, std::uint32_t value_size,
             field id) {
        if (count_ == capacity_) [[unlikely]] grow();
        records_[count_] = {name_at, value_at, value_size, static_cast<std::uint16_t>(name_size), id};
        const auto bit = std::uint64_t{1} << static_cast<unsigned>(id);
        if ((present_ & bit) != 0) repeated_ |= bit;
        else first_[static_cast<std::size_t>(id)] = static_cast<std::uint16_t>(count_);
        present_ |= bit;
        ++count_;
    }
    inline void grow();

    const char* base_ = "";
    std::unique_ptr<record[]> records_;
    std::uint32_t count_ = 0, capacity_ = 0;
    std::uint64_t present_ = 0, repeated_ = 0; // bit n: the field with the integer n
    std::uint64_t content_length_ = 0;
    std::uint32_t method_at_ = 0, method_size_ = 0, target_at_ = 0, target_size_ = 0, path_at_ = 0, path_size_ = 0,
                  query_at_ = 0, query_size_ = 0, authority_at_ = 0, authority_size_ = 0, size_ = 0;
    http::method method_ = http::method::unknown;
    target_form form_ = target_form::origin;
    std::uint8_t minor_ = 1;
    bool has_query_ = false, https_ = false, keep_alive_ = false, chunked_ = false, expect_continue_ = false,
         upgrade_ = false;
    std::uint16_t first_[http::field_count]; // meaningful where `present_` has the bit
};

inline std::size_t request_head::find(std::string_view name, std::size_t from) const noexcept {
    const auto id = to_field(name);
    if (id != field::unknown) return find(id, from);
    for (auto i = from; i < count_; ++i)
        if (records_[i].id == field::unknown && records_[i].name_size == name.size() &&
            iequals(view(records_[i].name_at, records_[i].name_size), name))
            return i;
    return npos;
}

inline void request_head::grow() {
    const auto wanted = capacity_ == 0 ? 24u : capacity_ * 2;
    auto more = std::make_unique_for_overwrite<record[]>(wanted);
    for (std::uint32_t i = 0; i < count_; ++i) more[i] = records_[i];
    records_ = std::move(more);
    capacity_ = wanted;
}

} // namespace crema::http
// ---- crema/http/request_parser.hpp
// request_parser: reads the head of an HTTP/1.1 request, strictly, from octets that may arrive in any pieces.
#include <cstddef>
#include <cstdint>

namespace crema::http {

/// Bounds what a request head may cost. Sizes in octets.
struct parse_limits {
    std::size_t request_line = 8 * 1024 + 256; ///< the request line with its end, else 414
    std::size_t header_bytes = 16 * 1024;      ///< all field lines with the empty line at the end, else 431
    std::size_t header_count = 128;            ///< field lines, else 431; at most 65535
    target_octets target = target_octets::strict; ///< what may stand in a target, else 400
};

/// Tells how far a parser got.
enum class parse_state : std::uint8_t {
    need_more, ///< all is well so far, and not complete
    done,      ///< complete; `consumed()` octets belong to it
    bad,       ///< malformed or too large: answer `status()` and close the connection
};

/** Parses the head of one request after the other.

    Feed it what was received so far, always from the first octet of the request on; the octets may move between
    calls. What was looked at is not looked at again, and every division of the octets into calls gives the same
    result. A wrong octet is found as soon as it is there.

    Refused, as RFC 9112 demands or allows, is everything that two implementations could read differently: bare CR or
    LF, folded lines, space before a colon or around the parts of the request line, more than one empty line in
    front, control octets, several or missing or malformed Host fields, Content-Length that is repeated, listed, signed
    or above 2^53-1 or stands beside Transfer-Encoding, Transfer-Encoding in HTTP/1.0 or with another last coding than a
    single chunked, targets that do not fit the method.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 9112 sections 2 to 6
*/
class request_parser {
public:
    /// Construct. @param limits Copied.
    explicit request_parser(const parse_limits& limits = {}) noexcept : limits_(limits) {}

    /** Parse on.

        @param head Filled; must be the same object, cleared by `reset`, in all calls for one request.
        @param data The first octet of the request.
        @param size How many octets there are.
        @return What to do next. After `done` or `bad`, call `reset` before the next request.
        @throws std::bad_alloc when the room for fields has to grow.

        @par Complexity
        Linear in the number of octets that are new.
    */
    CREMA_DECL parse_state parse(request_head& head, const char* data, std::size_t size);

    /// Begins another request. @param head Cleared.
    void reset(request_head& head) noexcept {
        head.clear();
        at_ = 0;
        step_ = step::begin;
    }

    /// Returns how many octets belong to the head, after `done`.
    std::size_t consumed() const noexcept { return at_; }
    /// Returns the status to answer, after `bad`: 400, 414, 417, 431, 501 or 505.
    int status() const noexcept { return status_; }
    /// Returns what is wrong, in a few words that live forever, after `bad`.
    std::string_view reason() const noexcept { return reason_; }
    /// Tells whether anything but an empty line of a request has been seen.
    bool started() const noexcept { return step_ > step::begin_lf; }
    /// Tells whether the request line is complete, so that method and target of the head are valid.
    bool has_request_line() const noexcept { return step_ >= step::field_begin; }
    /// Returns the limits.
    const parse_limits& limits() const noexcept { return limits_; }

private:
    enum class step : std::uint8_t {
        begin,
        begin_lf,
        method_begin,
        method,
        path_begin,
        path,
        query,
        version,
        field_begin,
        name,
        space,
        value,
        value_lf,
        last_lf
    };

    parse_state more(const char* begin, const char* p, step s) noexcept {
        at_ = static_cast<std::uint32_t>(p - begin);
        step_ = s;
        return parse_state::need_more;
    }
    CREMA_COLD parse_state fail(int status, const char* reason) noexcept {
        status_ = status;
        reason_ = reason;
        return parse_state::bad;
    }
    parse_state fail_field(char c, bool in_name) noexcept;
    const char* simple_line(request_head& head, const char* begin, const char* end) const noexcept;
    const char* simple_fields(request_head& head, const char* begin, const char* p, const char* end) const noexcept;
    parse_state go_on(request_head& head, const char* begin, std::size_t size);
    parse_state exhausted(const char* begin, const char* p, step s) noexcept;
    parse_state check_version(const char* p, const char* end) noexcept;
    parse_state finish_target(request_head& head) noexcept;
    parse_state finish(request_head& head) noexcept;
    parse_state finish_framing(request_head& head) noexcept;

    parse_limits limits_;
    const char* reason_ = "";
    std::uint32_t at_ = 0;         // where to go on
    std::uint32_t line_at_ = 0;    // of the request line; then of the first field
    std::uint32_t name_at_ = 0;    // of the field that is read
    std::uint32_t name_size_ = 0;
    std::uint32_t value_at_ = 0;
    std::uint16_t status_ = 0;
    step step_ = step::begin;
    field id_ = field::unknown;
};

/** Tells whether a text may be the value of a Host field: a host, and perhaps a colon and a port of digits.

    @see RFC 9110 section 7.2
*/
CREMA_DECL bool valid_host(std::string_view host) noexcept;

} // namespace crema::http

#if CREMA_BODIES
#include <algorithm>
#include <cstring>

namespace crema::http {
namespace detail {

inline constexpr std::uint64_t max_body_length = (std::uint64_t{1} << 53) - 1; // what every language counts exactly
inline constexpr std::size_t max_method_size = 64;

// Tells whether a host is letters, digits, dots and hyphens, with or without a port, in 16 octets; what lies in front
// of `readable_end` may be read.
inline bool plain_host(std::string_view host, const char* readable_end) noexcept {
#if CREMA_SCAN_SSE2
    if (host.size() > 16 || readable_end - host.data() < 16) return false;
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(host.data()));
    const auto l = _mm_sub_epi8(_mm_or_si128(x, _mm_set1_epi8(0x20)), _mm_set1_epi8('a')),
               d = _mm_sub_epi8(x, _mm_set1_epi8('0'));
    const auto digit = _mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d);
    const auto sign = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('.')), _mm_cmpeq_epi8(x, _mm_set1_epi8('-')));
    const auto name = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(l, _mm_set1_epi8(25)), l), digit), sign);
    const auto whole = (1u << host.size()) - 1;
    const auto others = ~static_cast<unsigned>(_mm_movemask_epi8(name)) & whole;
    if (others == 0) return true;
    const auto at = static_cast<unsigned>(std::countr_zero(others));
    const auto port = whole & ~((2u << at) - 1);
    return host[at] == ':' && (static_cast<unsigned>(_mm_movemask_epi8(digit)) & port) == port;
#else
    (void)host, (void)readable_end;
    return false;
#endif
}

CREMA_NOINLINE inline bool is_name(std::string_view name) noexcept { return is_token(name); }

constexpr std::uint64_t field_bit(field f) noexcept { return std::uint64_t{1} << static_cast<unsigned>(f); }

} // namespace detail

CREMA_DECL bool valid_host(std::string_view host) noexcept {
    std::size_t i = 0;
    if (host.starts_with('[')) { // an address of IPv6 or later
        i = 1;
        while (i < host.size() && host[i] != ']' &&
               (has_class(host[i], octet_class::uri_host) || host[i] == ':' || host[i] == '%'))
            ++i;
        if (i == 1 || i == host.size() || host[i] != ']') return false;
        const auto inside = host.substr(1, i - 1);
        if (inside[0] != 'v' && inside[0] != 'V') {
            const auto zone = std::min(inside.find('%'), inside.size());
            for (char c : inside.substr(0, zone))
                if (!is_hex(c) && c != ':' && c != '.') return false;
        }
        ++i;
    } else {
        for (; i < host.size() && host[i] != ':'; ++i) {
            if (has_class(host[i], octet_class::uri_host)) continue;
            if (host[i] != '%' || i + 2 >= host.size() || !is_hex(host[i + 1]) || !is_hex(host[i + 2])) return false;
        }
    }
    if (i == host.size()) return true;
    return host[i] == ':' && all_of_class(host.substr(i + 1), octet_class::digit);
}

CREMA_DECL parse_state request_parser::parse(request_head& head, const char* data, std::size_t size) {
    head.base_ = data;
    if (step_ == step::begin) [[likely]] // most requests have a simple first line that is there as a whole
        if (const char* p = simple_line(head, data, data + size)) {
            at_ = line_at_ = static_cast<std::uint32_t>(p - data);
            step_ = step::field_begin;
        }
    return go_on(head, data, size);
}

// Reads a complete line `METHOD /path?query HTTP/1.1` of the most frequent methods; null when it is another, or
// incomplete.
CREMA_DECL const char* request_parser::simple_line(request_head& head, const char* begin,
                                                   const char* end) const noexcept {
    if (end - begin < 16) return nullptr;
    const char* p = begin + 4;
    if (std::memcmp(begin, "GET ", 4) == 0) {
        head.method_ = method::get;
        head.method_size_ = 3;
    } else if (std::memcmp(begin, "POST ", 5) == 0) {
        head.method_ = method::post;
        head.method_size_ = 4;
        ++p;
    } else {
        return nullptr;
    }
    if (*p != '/') return nullptr;
    const auto path = static_cast<std::uint32_t>(p - begin);
    p = scan::target_path(p, end, limits_.target);
    head.path_size_ = static_cast<std::uint32_t>(p - begin) - path;
    if (p != end && *p == '?') {
        head.query_at_ = static_cast<std::uint32_t>(++p - begin);
        head.has_query_ = true;
        p = scan::target_query(p, end, limits_.target);
        head.query_size_ = static_cast<std::uint32_t>(p - begin) - head.query_at_;
    }
    if (end - p < 11 || std::memcmp(p, " HTTP/1.1\r\n", 11) != 0 ||
        static_cast<std::size_t>(p + 11 - begin) > limits_.request_line) [[unlikely]] {
        head.clear();
        return nullptr;
    }
    head.method_at_ = 0;
    head.target_at_ = head.path_at_ = path;
    head.target_size_ = static_cast<std::uint32_t>(p - begin) - path;
    return p + 11;
}

// What to say when `p` stands at the end of the octets, or of what a limit allows.
CREMA_DECL parse_state request_parser::exhausted(const char* begin, const char* p, step s) noexcept {
    const auto used = static_cast<std::size_t>(p - begin) - line_at_;
    if (used < (s >= step::field_begin ? limits_.header_bytes : limits_.request_line)) return more(begin, p, s);
    return s >= step::field_begin ? fail(431, "header section too large") : fail(414, "request line too long");
}

CREMA_DECL parse_state request_parser::go_on(request_head& head, const char* begin, std::size_t size) {
    const char* p = begin + at_;
    auto bound = [=](std::size_t from, std::size_t limit) {
        return begin + (size - from > limit ? from + limit : size);
    };
    auto offset = [=](const char* q) { return static_cast<std::uint32_t>(q - begin); };
    const char* end = begin + size; // or where the limit of this part is
    if (step_ >= step::field_begin) end = bound(line_at_, limits_.header_bytes);
    else if (step_ >= step::method) end = bound(line_at_, limits_.request_line);

    switch (step_) {
    case step::begin:
        if (p == end) return more(begin, p, step::begin);
        if (*p != '\r') goto method_begin;
        ++p;
        [[fallthrough]];
    case step::begin_lf: // one empty line in front is forgiven
        if (p == end) return more(begin, p, step::begin_lf);
        if (*p != '\n') return fail(400, "bare CR before the request line");
        ++p;
        [[fallthrough]];
    case step::method_begin:
    method_begin:
        if (p == end) return more(begin, p, step::method_begin);
        line_at_ = offset(p);
        end = bound(line_at_, limits_.request_line);
        head.method_at_ = line_at_;
        [[fallthrough]];
    case step::method: {
        const char* const start = begin + line_at_;
        const char* const last = std::min(end, start + detail::max_method_size);
        while (p != last && has_class(*p, octet_class::token)) ++p;
        if (p == end) return exhausted(begin, p, step::method);
        if (p == last) return fail(501, "method too long");
        if (*p != ' ')
            return fail(400,
                        p == start ? "request line does not begin with a method" : "invalid octet in the method");
        if (p == start) return fail(400, "request line does not begin with a method");
        head.method_size_ = static_cast<std::uint32_t>(p - start);
        head.method_ = to_method({start, head.method_size_});
        ++p;
        [[fallthrough]];
    }
    case step::path_begin:
        if (p == end) return exhausted(begin, p, step::path_begin);
        head.target_at_ = head.path_at_ = offset(p);
        if (*p == ' ') return fail(400, "several spaces in the request line");
        [[fallthrough]];
    case step::path:
        p = scan::target_path(p, end, limits_.target);
        if (p == end) return exhausted(begin, p, step::path);
        head.path_size_ = offset(p) - head.path_at_;
        if (*p != '?') goto target_end;
        ++p;
        head.has_query_ = true;
        head.query_at_ = offset(p);
        [[fallthrough]];
    case step::query:
        p = scan::target_query(p, end, limits_.target);
        if (p == end) return exhausted(begin, p, step::query);
        head.query_size_ = offset(p) - head.query_at_;
    target_end:
        if (*p != ' ')
            return fail(400,
                        *p == '\r' || *p == '\n' ? "request line without a version" : "invalid octet in the target");
        head.target_size_ = offset(p) - head.target_at_;
        ++p;
        [[fallthrough]];
    case step::version:
        if (end - p >= 10 && std::memcmp(p, "HTTP/1.1\r\n", 10) == 0) {
            head.minor_ = 1;
        } else {
            if (const auto s = check_version(p, end); s == parse_state::bad) return s;
            else if (s == parse_state::need_more) {
                if (offset(end) - line_at_ < limits_.request_line) return more(begin, p, step::version);
                return fail(414, "request line too long");
            }
            head.minor_ = static_cast<std::uint8_t>(p[7] - '0');
        }
        p += 10;
        if (head.form_ = target_form::origin; begin[head.target_at_] != '/' || head.method_ == method::connect)
            [[unlikely]]
            if (finish_target(head) == parse_state::bad) return parse_state::bad;
        line_at_ = offset(p);
        end = bound(line_at_, limits_.header_bytes);
        [[fallthrough]];
    case step::field_begin:
    field_begin:
        p = simple_fields(head, begin, p, end);
        if (p == end) return exhausted(begin, p, step::field_begin);
        if (*p == '\r') {
            ++p;
            goto last_lf;
        }
        if (head.count_ >= limits_.header_count) return fail(431, "too many header fields");
        name_at_ = offset(p);
        [[fallthrough]];
    case step::name:
        p = scan::token(p, end);
        if (p == end) return exhausted(begin, p, step::name);
        name_size_ = offset(p) - name_at_;
        if (*p != ':' || name_size_ == 0) return fail_field(*p, true);
        if (name_size_ > 0xffff) return fail(431, "field name too long");
        id_ = detail::to_field_within(begin + name_at_, name_size_, end);
        ++p;
        [[fallthrough]];
    case step::space:
        while (p != end && is_ows(*p)) ++p;
        if (p == end) return exhausted(begin, p, step::space);
        value_at_ = offset(p);
        [[fallthrough]];
    case step::value:
        p = scan::field_value(p, end, begin);
        if (p == end) return exhausted(begin, p, step::value);
        if (*p != '\r') return fail_field(*p, false);
        ++p;
        [[fallthrough]];
    case step::value_lf: {
        if (p == end) return exhausted(begin, p, step::value_lf);
        if (*p != '\n') return fail(400, "bare CR in a field value");
        const char* const value = begin + value_at_;
        const char* last = p - 1;
        while (last != value && is_ows(last[-1])) --last;
        head.add(name_at_, name_size_, value_at_, static_cast<std::uint32_t>(last - value), id_);
        ++p;
        goto field_begin;
    }
    case step::last_lf:
    last_lf:
        if (p == end) return exhausted(begin, p, step::last_lf);
        if (*p != '\n') return fail(400, "bare CR in the header section");
        ++p;
        at_ = head.size_ = offset(p);
        return finish(head);
    }
    return fail(400, "malformed request"); // not reached
}

// Reads complete lines `Name: value` of the usual kind: a name of at most 31 octets, one space at most in front of the
// value and none behind it. Returns where the first other line begins, or the incomplete one.
CREMA_DECL const char* request_parser::simple_fields(request_head& head, const char* begin, const char* p,
                                                     const char* end) const noexcept {
#if CREMA_SCAN_SSE2
    const auto most = std::min<std::size_t>(limits_.header_count, head.capacity_);
    auto* records = head.records_.get();
    std::size_t count = head.count_;
    auto present = head.present_, repeated = head.repeated_;
    const auto colon = _mm_set1_epi8(':');
    while (end - p >= 18 && count < most) {
        auto colons = static_cast<unsigned>(
            _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), colon)));
        if (colons == 0) [[unlikely]] {
            if (end - p < 34) break;
            const auto second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16));
            colons = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(second, colon))) << 16;
            if (colons == 0) break;
        }
        const auto size = static_cast<unsigned>(std::countr_zero(colons));
        const auto id = detail::to_field_within(p, size, end);
        if (id == field::unknown && !detail::is_name({p, size})) [[unlikely]] break;
        const char* value = p + size + 1; // in front of `end` by two octets or more
        if (*value == ' ') ++value;
        if (static_cast<unsigned char>(*value) <= ' ') break;
        const char* const last = scan::field_value(value, end, begin);
        if (end - last < 2 || std::memcmp(last, "\r\n", 2) != 0 || static_cast<unsigned char>(last[-1]) <= ' ') break;
        records[count] = {static_cast<std::uint32_t>(p - begin), static_cast<std::uint32_t>(value - begin),
                          static_cast<std::uint32_t>(last - value), static_cast<std::uint16_t>(size), id};
        const auto bit = detail::field_bit(id);
        if ((present & bit) != 0) [[unlikely]] repeated |= bit;
        else head.first_[static_cast<std::size_t>(id)] = static_cast<std::uint16_t>(count);
        present |= bit;
        ++count;
        p = last + 2;
    }
    head.count_ = static_cast<std::uint32_t>(count);
    head.present_ = present;
    head.repeated_ = repeated;
#else
    (void)head, (void)begin, (void)end;
#endif
    return p;
}

CREMA_DECL parse_state request_parser::fail_field(char c, bool in_name) noexcept {
    if (c == '\n') return fail(400, "line ends in a bare LF");
    if (c == '\0') return fail(400, "NUL in a field");
    if (!in_name) return fail(400, "control octet in a field value");
    if (is_ows(c))
        return fail(400, name_size_ == 0 ? "folded line, or space before a field" : "space in or after a field name");
    if (c == '\r') return fail(400, "field line without a colon");
    return fail(400, c == ':' ? "empty field name" : "invalid octet in a field name");
}

CREMA_DECL parse_state request_parser::check_version(const char* p, const char* end) noexcept {
    constexpr std::string_view shape = "HTTP/d.d\r\n";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (p + i == end) return parse_state::need_more;
        const bool good = shape[i] == 'd' ? is_digit(p[i]) : p[i] == shape[i];
        if (!good) return fail(400, i < 8 ? "malformed HTTP version" : "request line does not end after the version");
    }
    if (p[5] != '1' || p[7] > '1') return fail(505, "HTTP version not supported");
    return parse_state::done;
}

CREMA_DECL parse_state request_parser::finish_target(request_head& head) noexcept {
    const auto target = head.target();
    if (head.method_ == method::connect) {
        const auto colon = target.rfind(':');
        const auto port = colon == std::string_view::npos ? std::string_view{} : target.substr(colon + 1);
        if (port.empty() || colon == 0 || !all_of_class(port, octet_class::digit) || !valid_host(target))
            return fail(400, "the target of CONNECT is not host and port");
        head.form_ = target_form::authority;
        head.authority_at_ = head.target_at_;
        head.authority_size_ = head.target_size_;
        head.path_size_ = 0;
        return parse_state::done;
    }
    if (target == "*") {
        if (head.method_ != method::options) return fail(400, "the target * is for OPTIONS only");
        head.form_ = target_form::asterisk;
        return parse_state::done;
    }
    const std::size_t scheme = istarts_with(target, "http://") ? 7 : istarts_with(target, "https://") ? 8 : 0;
    if (scheme == 0) return fail(400, "invalid request target");
    const auto front =
        target.substr(scheme, head.path_size_ < scheme ? 0 : head.path_size_ - scheme); // up to the question mark
    const auto size = std::min(front.find('/'), front.size());
    const auto authority = front.substr(0, size);
    if (authority.empty() || authority[0] == ':' || !valid_host(authority))
        return fail(400, "invalid authority in the target");
    head.form_ = target_form::absolute;
    head.https_ = scheme == 8;
    head.authority_at_ = head.target_at_ + static_cast<std::uint32_t>(scheme);
    head.authority_size_ = static_cast<std::uint32_t>(size);
    head.path_at_ = head.authority_at_ + head.authority_size_;
    head.path_size_ -= static_cast<std::uint32_t>(scheme + size);
    return parse_state::done;
}

CREMA_DECL parse_state request_parser::finish(request_head& head) noexcept {
    if (!head.has(field::host)) {
        if (head.minor_ != 0) return fail(400, "no Host field");
    } else {
        if (head.repeated(field::host)) return fail(400, "several Host fields");
        if (const auto host = head.get(field::host);
            !detail::plain_host(host, head.base_ + head.size_) && !valid_host(host))
            return fail(400, "invalid Host field");
    }
    head.keep_alive_ = head.minor_ == 1;
    constexpr auto special = detail::field_bit(field::content_length) | detail::field_bit(field::transfer_encoding) |
                             detail::field_bit(field::connection) | detail::field_bit(field::expect);
    const auto found = head.present_ & special;
    if (found == 0) return parse_state::done;
    if (found == detail::field_bit(field::connection) && !head.has(field::upgrade) && !head.repeated(field::connection))
        if (const auto text = head.get(field::connection); text == "keep-alive" || text == "Keep-Alive") {
            head.keep_alive_ = true;
            return parse_state::done;
        }
    return finish_framing(head);
}

CREMA_DECL parse_state request_parser::finish_framing(request_head& head) noexcept {
    if (head.has(field::connection)) {
        bool close = false, keep = false, upgrade = false;
        for (auto i = head.find(field::connection, 0); i != request_head::npos; i = head.find(field::connection, i + 1))
            for (auto option : comma_list(head.field_at(i).value)) {
                if (iequals(option, "keep-alive")) keep = true;
                else if (iequals(option, "close")) close = true;
                else if (iequals(option, "upgrade")) upgrade = true;
            }
        head.keep_alive_ = !close && (head.minor_ == 1 || keep);
        head.upgrade_ = upgrade && head.minor_ == 1 && head.has(field::upgrade);
    }
    if (head.has(field::transfer_encoding)) {
        if (head.minor_ == 0) return fail(400, "Transfer-Encoding in HTTP/1.0");
        if (head.has(field::content_length)) return fail(400, "Content-Length with Transfer-Encoding");
        std::size_t count = 0, chunked = 0;
        bool chunked_is_last = false;
        for (auto i = head.find(field::transfer_encoding, 0); i != request_head::npos;
             i = head.find(field::transfer_encoding, i + 1))
            for (auto coding : comma_list(head.field_at(i).value, comma_list::quotes::respected)) {
                ++count;
                const auto name = trim_ows(coding.substr(0, coding.find(';')));
                if (!is_token(name)) return fail(400, "malformed Transfer-Encoding");
                chunked_is_last = iequals(coding, "chunked");
                if (iequals(name, "chunked")) ++chunked;
            }
        if (!chunked_is_last || chunked != 1)
            return fail(400, "the last coding of Transfer-Encoding is not a single chunked");
        if (count > 1) return fail(501, "transfer coding not supported");
        head.chunked_ = true;
    } else if (head.has(field::content_length)) {
        const auto text = head.get(field::content_length);
        if (head.repeated(field::content_length)) return fail(400, "several Content-Length fields");
        if (text.empty() || !all_of_class(text, octet_class::digit)) return fail(400, "invalid Content-Length");
        for (char c : text) {
            head.content_length_ = head.content_length_ * 10 + static_cast<unsigned>(c - '0');
            if (head.content_length_ > detail::max_body_length) return fail(400, "Content-Length too large");
        }
    }
    if (head.has(field::expect) && head.minor_ == 1) {
        if (head.repeated(field::expect) || !iequals(head.get(field::expect), "100-continue"))
            return fail(417, "unknown expectation");
        head.expect_continue_ = head.has_body();
    }
    return parse_state::done;
}

} // namespace crema::http
#endif
// ---- crema/server/exchange.hpp
// exchange: one request and its answer, as the engine sees them.
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace crema {

class loop;
class exchange;

namespace detail {

class h1_connection;
struct h1_shared;
class h1_nobody;

// Tells what is there of a request body.
enum class body_state : unsigned char { piece, end, wait, failed };

// Waits for octets of a request, or for room in an answer. `wake` may destroy it.
struct exchange_waiter {
    void (*wake)(exchange_waiter&) = nullptr;
};

// Carries an exchange: a connection of some version of HTTP, or nobody once the connection is gone.
class exchange_carrier {
public:
    virtual void respond(exchange& x, int status, std::string_view reason, std::string_view fields, std::string_view body) = 0;
    virtual void begin(exchange& x, int status, std::string_view reason, std::string_view fields,
                       std::optional<std::uint64_t> length) = 0;
    virtual void write(exchange& x, std::string_view piece) = 0;
    virtual void end(exchange& x, std::string_view trailers) = 0;
    virtual void informational(exchange& x, int status, std::string_view fields) = 0;
    virtual void abort(exchange& x) noexcept = 0;
    virtual bool has_room(exchange& x) noexcept = 0;
    virtual body_state next_piece(exchange& x, std::string_view& piece) = 0;
    virtual std::optional<std::string_view> buffered_body(exchange& x) = 0;
    virtual void wants_body(exchange& x) = 0;
    virtual std::string_view trailers(const exchange& x) const noexcept = 0;
    virtual void released(exchange& x) noexcept = 0;
    virtual net::address local() const noexcept = 0;

protected:
    ~exchange_carrier() = default;
};

} // namespace detail

/// Receives requests. Called on the loop, within a callback.
class exchange_handler {
public:
    /// Handles a request; answers it now, or keeps it with `exchange::retain` and answers later.
    virtual void on_request(exchange& x) = 0;

protected:
    ~exchange_handler() = default;
};

/** Represents one request and its answer on a connection.

    It ends when the answer is complete and nobody retains it; the connection then goes on with the next request. All
    views are valid until then, across suspension too. When it was answered and sent but is still retained, the
    connection goes on without it, and a client that leaves then does not cancel it any more.

    An exchange whose client has left stays valid as long as it is retained: what is sent goes nowhere, and
    `ended()` is true.

    @par Thread Safety
    Only on its loop.
*/
class exchange {
public:
    /// Is told what becomes of the exchange.
    struct listener {
        /// The last octet of the answer was handed to the kernel.
        virtual void on_finish() noexcept {}
        /// The connection is gone before that.
        virtual void on_close(cancel_reason) noexcept {}
        /// The exchange ends now: last call.
        virtual void on_destroy() noexcept {}
        /** Tells whether `on_finish` or `on_close` matter once the answer is complete.

            When not, and nobody retains the exchange, it ends at once, without either of them: memory that is warm
            serves the next of several pipelined requests. */
        virtual bool wants_finish() const noexcept { return true; }

    protected:
        ~listener() = default;
    };

    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    /// Returns the head of the request.
    const http::request_head& head() const noexcept { return head_; }

    /// Tells whether the request has a body.
    bool has_body() const noexcept { return head_.has_body(); }
    /// Returns the length of the body when the request says one.
    std::optional<std::uint64_t> content_length() const noexcept { return head_.content_length(); }
    /// Returns the whole body when all of it is here already, else nothing. Nothing is copied; valid until the exchange ends.
    std::optional<std::string_view> buffered_body() { return carrier_->buffered_body(*this); }

    /// Is the awaitable of `read`.
    class read_awaiter;
    /** Read the next piece of the body; empty at its end. The view is valid until the next call.

        The first call that finds nothing asks a client that waits for it to go on (`100 Continue`).

        @throws system_error `closed` when the client left, `would_exceed_limit` when the body is too long, `bad_syntax` when it is
        malformed. In the last two cases the connection closes behind the answer; `body_status` tells which fits.
        @throws std::logic_error when another read waits.

        @par Cancellation
        Ends the wait; the body can be read on. Calls must not overlap.
    */
    inline read_awaiter read() noexcept;
    /** Read the whole body.

        @param limit Octets; a longer body gives `error::too_large`.
        @param done Called once, perhaps before this returns; with `error::cancelled` when the scope of the exchange is
        cancelled before. The exchange is retained until then.
    */
    CREMA_DECL void read_all(std::size_t limit, unique_function<void(std::error_code, std::string)> done);
    /** Throw away what nobody has read of the body, as it comes, also before the answer.

        After the answer this is done anyway. More than `limits::drain` octets close the connection behind the answer. */
    CREMA_DECL void drain();
    /// Returns the status that fits a body that could not be read: 400, 408, 413 or 431; 0 while nothing is wrong.
    int body_status() const noexcept { return body_status_; }
    /// Returns the trailer lines, each with CRLF, after the end of a chunked body; valid until the exchange ends.
    std::string_view trailers() const noexcept { return carrier_->trailers(*this); }

    /** Answer in one go. Does nothing when the client has left.

        @param status 200 to 999.
        @param reason Empty for the standard phrase.
        @param fields Ready lines, each with CRLF, without Date, Connection, Content-Length, Transfer-Encoding.
        @param body Not sent for HEAD, 204 and 304; taken before this returns.
        @throws system_error `already_answered`
    */
    void respond(int status, std::string_view reason, std::string_view fields, std::string_view body) {
        carrier_->respond(*this, status, reason, fields, body);
    }
    /** Begin an answer whose body follows with `write`. Does nothing when the client has left.

        @param length When known; else the body is chunked, or ends with the connection for HTTP/1.0.
        @throws system_error `already_answered`
    */
    void begin(int status, std::string_view reason, std::string_view fields, std::optional<std::uint64_t> length) {
        carrier_->begin(*this, status, reason, fields, length);
    }
    /// Is the awaitable of `write`.
    class write_awaiter;
    /** Send a piece of the body. It is taken before this returns; await it to go on when there is room again.

        @throws system_error `closed` when the client left, or when awaited and it leaves.

        @par Cancellation
        Ends the wait. Calls must not overlap.
    */
    inline write_awaiter write(std::string_view piece);
    /** Send a piece of the body without waiting for room. Does nothing when the client has left.

        @throws system_error `bad_value` when there is no answer to write to, or more than its length: the connection is reset then.
    */
    void write_now(std::string_view piece) { carrier_->write(*this, piece); }
    /** End the answer.

        @param trailers Ready lines, only for a chunked body.
        @throws system_error `bad_value` when less than its length was written: the connection is reset then.
    */
    void end(std::string_view trailers = {}) { carrier_->end(*this, trailers); }
    /// Sends an informational response, 100 to 199 but not 101, to clients that understand it.
    void informational(int status, std::string_view fields) { carrier_->informational(*this, status, fields); }
    /// Closes the connection behind the answer.
    void close_after() noexcept { close_after_ = true; }
    /// Closes the connection at once; the client sees that the answer is not whole.
    void abort() noexcept { carrier_->abort(*this); }

    /// Tells whether the head of the answer was sent.
    bool head_sent() const noexcept { return head_sent_; }
    /// Tells whether the answer is complete, or nobody is there any more to take it.
    bool ended() const noexcept { return ended_; }

    /// Keeps the exchange; counts.
    void retain() noexcept { ++retained_; }
    /// Ends one `retain`. May end the exchange.
    void release() noexcept {
        if (--retained_ == 0) carrier_->released(*this);
    }

    /// Returns the scope that is cancelled when the client leaves or the server gives up.
    cancel_scope& scope() noexcept { return scope_; }
    /// Sets who is told of the end; null for nobody.
    void listen(listener* l) noexcept { listener_ = l; }
    /// Returns memory that ends with the exchange.
    arena& memory() noexcept { return memory_; }
    /// Returns the address of the client.
    const net::address& peer() const noexcept { return peer_; }
    /// Returns the address that the client is connected to; nothing when it has left.
    net::address local() const noexcept { return carrier_->local(); }
    /// Tells whether the connection is encrypted.
    bool secure() const noexcept { return secure_; }
    /// Returns the loop.
    class loop& loop() const noexcept { return *owner_; }

private:
    friend class detail::h1_connection;
    friend struct detail::h1_shared;
    friend class detail::h1_nobody;

    struct collector;
    enum class framing : unsigned char { none, length, chunked, until_close };

    explicit exchange(const http::parse_limits& l) noexcept : parser_(l) {}
    CREMA_DECL void wait_for_body(detail::exchange_waiter& w);
    CREMA_DECL void require_body() const;

    detail::exchange_carrier* carrier_ = nullptr;
    class loop* owner_ = nullptr;
    listener* listener_ = nullptr;
    detail::exchange_waiter* reader_ = nullptr;
    detail::exchange_waiter* writer_ = nullptr;
    cancel_scope scope_;
    unsigned retained_ = 0;
    bool head_sent_ = false;
    bool ended_ = false;
    bool told_ = false;        // on_finish or on_close was called
    bool close_after_ = false;
    bool no_body_ = false;     // of the answer
    bool continued_ = false;   // the client was asked for the body
    bool draining_ = false;    // nobody will read the body
    bool gone_ = false;        // nobody is there to be answered
    bool secure_ = false;
    framing out_ = framing::none;
    std::uint16_t body_status_ = 0;
    net::address peer_;
    std::uint64_t out_left_ = 0;
    std::error_code body_error_;
    const char* body_reason_ = "";
    http::request_head head_;
    http::request_parser parser_;
    arena memory_;
    std::uint64_t sent_at_ = 0;  // where the answer ends in what the connection sends
    exchange* next_ = nullptr;   // those that wait for their answer to be sent; those without a connection
    exchange* prev_ = nullptr;
    // the octets of the request, once the connection uses others
    struct {
        char* data = nullptr;
        std::size_t size = 0;
    } rooms_[2];
};

class exchange::read_awaiter : detail::exchange_waiter, cancel_callback {
public:
    /// @cond
    explicit read_awaiter(exchange& x) noexcept : exchange_waiter{&woken}, cancel_callback(&stop), x_(x) {}
    ~read_awaiter() {
        if (x_.reader_ == this) x_.reader_ = nullptr;
    }
    bool await_ready() {
        state_ = x_.carrier_->next_piece(x_, piece_);
        return state_ != detail::body_state::wait;
    }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) {
            stopped_ = env_->scope->reason();
            return false;
        }
        waiter_ = h;
        x_.wait_for_body(*this);
        attach(env_->scope);
        return true;
    }
    std::string_view await_resume() {
        if (stopped_ != cancel_reason::none) throw cancelled(stopped_);
        if (state_ == detail::body_state::failed) x_.require_body();
        return piece_;
    }
    /// @endcond

private:
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<read_awaiter&>(c);
        self.x_.reader_ = nullptr;
        self.stopped_ = self.env_->scope->reason();
        resume_in(*self.env_, self.waiter_);
    }
    static void woken(exchange_waiter& w) {
        auto& self = static_cast<read_awaiter&>(w);
        self.state_ = self.x_.carrier_->next_piece(self.x_, self.piece_);
        if (self.state_ == detail::body_state::wait) return;
        self.x_.reader_ = nullptr;
        self.detach();
        resume_in(*self.env_, self.waiter_);
    }
    exchange& x_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
    std::string_view piece_;
    detail::body_state state_ = detail::body_state::wait;
    cancel_reason stopped_ = cancel_reason::none;
};

class exchange::write_awaiter : detail::exchange_waiter, cancel_callback {
public:
    /// @cond
    explicit write_awaiter(exchange& x) noexcept : exchange_waiter{&woken}, cancel_callback(&stop), x_(x) {}
    ~write_awaiter() {
        if (x_.writer_ == this) x_.writer_ = nullptr;
    }
    bool await_ready() noexcept { return x_.carrier_->has_room(x_); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) {
            stopped_ = env_->scope->reason();
            return false;
        }
        waiter_ = h;
        x_.writer_ = this;
        attach(env_->scope);
        return true;
    }
    void await_resume() const {
        if (stopped_ != cancel_reason::none) throw cancelled(stopped_);
        if (x_.gone_) throw system_error(make_error_code(error::closed), "response");
    }
    /// @endcond

private:
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<write_awaiter&>(c);
        self.x_.writer_ = nullptr;
        self.stopped_ = self.env_->scope->reason();
        resume_in(*self.env_, self.waiter_);
    }
    static void woken(exchange_waiter& w) {
        auto& self = static_cast<write_awaiter&>(w);
        self.x_.writer_ = nullptr;
        self.detach();
        resume_in(*self.env_, self.waiter_);
    }
    exchange& x_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
    cancel_reason stopped_ = cancel_reason::none;
};

inline exchange::read_awaiter exchange::read() noexcept { return read_awaiter(*this); }
inline exchange::write_awaiter exchange::write(std::string_view piece) {
    write_now(piece);
    return write_awaiter(*this);
}

} // namespace crema

#if CREMA_BODIES
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

namespace crema {

// What `read_all` waits with. Owns itself and retains the exchange; ends with the body, or with the scope of the exchange.
struct exchange::collector final : detail::exchange_waiter, cancel_callback {
    collector(exchange& from, std::size_t most, unique_function<void(std::error_code, std::string)> f) noexcept
        : exchange_waiter{&woken}, cancel_callback(&stop), x(from), limit(most), done(std::move(f)) {}

    // True when the body has ended one way or the other; `error` tells which.
    bool collect() {
        std::string_view piece;
        for (;;) {
            switch (x.carrier_->next_piece(x, piece)) {
            case detail::body_state::piece:
                if (piece.size() > limit - text.size()) {
                    error = make_error_code(crema::error::too_large);
                    return true;
                }
                text.append(piece);
                break;
            case detail::body_state::end: return true;
            case detail::body_state::failed: error = x.body_error_; return true;
            case detail::body_state::wait: return false;
            }
        }
    }
    void tell() {
        const std::unique_ptr<collector> self(this);
        if (error) text.clear();
        done(error, std::move(text));
    }
    void tell_later() noexcept {
        auto& keep = x;
        keep.reader_ = nullptr;
        detach();
        try {
            tell();
        } catch (...) {
            keep.owner_->report_unobserved(std::current_exception());
        }
        keep.release();
    }
    static void woken(exchange_waiter& w) {
        auto& self = static_cast<collector&>(w);
        if (self.collect()) self.tell_later();
    }
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<collector&>(c);
        self.error = make_error_code(crema::error::cancelled);
        self.tell_later();
    }

    exchange& x;
    std::size_t limit;
    unique_function<void(std::error_code, std::string)> done;
    std::string text;
    std::error_code error;
};

CREMA_DECL void exchange::wait_for_body(detail::exchange_waiter& w) {
    if (reader_) throw std::logic_error("crema: the body is being read already");
    reader_ = &w;
    carrier_->wants_body(*this);
}

CREMA_DECL void exchange::require_body() const {
    throw system_error(body_error_, *body_reason_ ? body_reason_ : "request body");
}

CREMA_DECL void exchange::drain() {
    draining_ = true;
    carrier_->wants_body(*this);
}

CREMA_DECL void exchange::read_all(std::size_t limit, unique_function<void(std::error_code, std::string)> done) {
    if (content_length().value_or(0) > limit) return done(make_error_code(error::too_large), {});
    auto all = std::make_unique<collector>(*this, limit, std::move(done));
    if (all->collect()) return all.release()->tell();
    if (scope_.is_cancelled()) {
        all->error = make_error_code(error::cancelled);
        return all.release()->tell();
    }
    wait_for_body(*all);
    retain();
    all.release()->attach(&scope_);
}

} // namespace crema
#endif
// ---- crema/http/chunked.hpp
// chunked_decoder: takes the chunks of a request body apart, strictly, from octets that may arrive in any pieces.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crema::http {

/// Bounds what a chunked body may cost beside its data. Sizes in octets.
struct chunk_limits {
    std::size_t extensions = 16 * 1024; ///< all chunk extensions of a body, else 413
    std::size_t trailers = 8 * 1024;    ///< all trailer lines, else 431
};

/** Decodes one chunked body after the other.

    Refused is everything that two implementations could read differently: sizes with signs, prefixes, spaces, more
    than 16 digits or above 2^53-1, lines that end in a bare LF, malformed extensions, trailers that are no
    fields or that would change the framing (Content-Length, Transfer-Encoding, Host).

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 9112 section 7.1
*/
class chunked_decoder {
public:
    /// Construct. @param limits Copied.
    explicit chunked_decoder(const chunk_limits& limits = {}) noexcept : limits_(limits) {}

    /// Tells what one step found.
    struct piece {
        parse_state state;     ///< `need_more`, also when there is data; `done` at the end of the body; `bad`
        std::string_view data; ///< a view into the input, empty when the input holds no further data
        std::size_t consumed;  ///< octets of the input that are used up
    };

    /** Decode up to and with the next piece of data.

        @param data Octets of the body that were not consumed yet.
        @param size How many.
        @return A piece. While its state is `need_more` and not all is consumed, call again with the rest.
    */
    CREMA_DECL piece next(const char* data, std::size_t size);

    /// Tells what `decode` did.
    struct outcome {
        parse_state state;    ///< `need_more`, `done` or `bad`
        std::size_t produced; ///< octets of data, which are now at the front of the buffer
        std::size_t consumed; ///< octets of the input that are used up: all of them unless the body ended before
    };

    /** Decode in place as much as there is, so that the data of all chunks become one view.

        @param data Octets of the body that were not consumed yet; overwritten.
        @param size How many.
    */
    CREMA_DECL outcome decode(char* data, std::size_t size);

    /// Begins another body.
    void reset() noexcept {
        left_ = 0;
        extension_octets_ = 0;
        digits_ = 0;
        step_ = step::size;
        trailers_.clear();
        line_ = 0;
    }

    /// Returns the trailer lines received, each as `name: value` with CRLF; complete after `done`; valid until `reset`.
    std::string_view trailers() const noexcept { return trailers_; }
    /// Returns the status to answer, after `bad`: 400, 413 or 431.
    int status() const noexcept { return status_; }
    /// Returns what is wrong, in a few words that live forever, after `bad`.
    std::string_view reason() const noexcept { return reason_; }

private:
    enum class step : std::uint8_t {
        size,
        size_space,
        extension,
        extension_name,
        name_space,
        equals,
        extension_value,
        quoted,
        quoted_pair,
        after_value,
        line_lf,
        data,
        data_cr,
        data_lf,
        trailer_begin,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf,
        done
    };
    CREMA_COLD parse_state fail(int status, const char* reason) noexcept {
        status_ = status;
        reason_ = reason;
        return parse_state::bad;
    }
    parse_state control(const char*& p, const char* end);
    parse_state size_line(char c);
    parse_state trailer(char c);

    chunk_limits limits_;
    const char* reason_ = "";
    std::uint64_t left_ = 0; // of the size while it is read, of the data then
    std::size_t extension_octets_ = 0;
    std::size_t line_ = 0; // where the trailer line begins that is read
    std::string trailers_;
    std::uint16_t status_ = 0;
    std::uint8_t digits_ = 0;
    step step_ = step::size;
};

/** Write the head of a chunk: its size and a line end.

    @param out Room for 18 octets.
    @param size Octets of data; not 0.
    @return How many octets were written. Data and another line end follow.
*/
inline std::size_t write_chunk_head(char* out, std::uint64_t size) noexcept {
    char digits[16];
    std::size_t n = 0;
    do {
        digits[n++] = "0123456789abcdef"[size & 15];
        size >>= 4;
    } while (size != 0);
    for (std::size_t i = 0; i < n; ++i) out[i] = digits[n - 1 - i];
    out[n] = '\r';
    out[n + 1] = '\n';
    return n + 2;
}

/// Ends a chunked body that has no trailers.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace crema::http

#if CREMA_BODIES
#include <cstring>

namespace crema::http {

CREMA_DECL parse_state chunked_decoder::size_line(char c) {
    // After the size: BWS only in front of an extension, extensions as tokens or quoted strings.
    auto extend = [&](step s) {
        step_ = s;
        return ++extension_octets_ > limits_.extensions ? fail(413, "chunk extensions too large")
                                                        : parse_state::need_more;
    };
    auto line_end = [&] {
        step_ = step::line_lf;
        return parse_state::need_more;
    };
    const bool token = has_class(c, octet_class::token);
    switch (step_) {
    case step::size:
        if (is_hex(c)) {
            if (++digits_ > 16) return fail(400, "chunk size has too many digits");
            left_ = left_ << 4 | hex_value(c);
            return parse_state::need_more;
        }
        if (digits_ == 0) return fail(400, "invalid chunk size");
        if (left_ > detail::max_body_length) return fail(400, "chunk size too large");
        if (c == '\r') return line_end();
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::size_space);
        return fail(400, "invalid chunk size");
    case step::size_space:
        if (is_ows(c)) return extend(step::size_space);
        if (c == ';') return extend(step::extension);
        return fail(400, "space after the chunk size");
    case step::extension:
        if (is_ows(c)) return extend(step::extension);
        if (token) return extend(step::extension_name);
        break;
    case step::extension_name:
        if (token) return extend(step::extension_name);
        if (c == '=') return extend(step::equals);
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::name_space);
        if (c == '\r') return line_end();
        break;
    case step::name_space:
        if (is_ows(c)) return extend(step::name_space);
        if (c == '=') return extend(step::equals);
        if (c == ';') return extend(step::extension);
        break;
    case step::equals:
        if (is_ows(c)) return extend(step::equals);
        if (c == '"') return extend(step::quoted);
        if (token) return extend(step::extension_value);
        break;
    case step::extension_value:
        if (token) return extend(step::extension_value);
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::size_space);
        if (c == '\r') return line_end();
        break;
    case step::quoted:
        if (c == '"') return extend(step::after_value);
        if (c == '\\') return extend(step::quoted_pair);
        if (has_class(c, octet_class::field_value)) return extend(step::quoted);
        break;
    case step::quoted_pair:
        if (has_class(c, octet_class::field_value)) return extend(step::quoted);
        break;
    case step::after_value:
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::size_space);
        if (c == '\r') return line_end();
        break;
    default: break;
    }
    return fail(400, "malformed chunk extension");
}

CREMA_DECL parse_state chunked_decoder::trailer(char c) {
    auto keep = [&](step s) {
        step_ = s;
        if (trailers_.size() >= limits_.trailers) return fail(431, "trailers too large");
        trailers_ += c;
        return parse_state::need_more;
    };
    switch (step_) {
    case step::trailer_begin:
        if (c == '\r') {
            step_ = step::last_lf;
            return parse_state::need_more;
        }
        line_ = trailers_.size();
        if (has_class(c, octet_class::token)) return keep(step::trailer_name);
        break;
    case step::trailer_name: {
        if (has_class(c, octet_class::token)) return keep(step::trailer_name);
        if (c != ':') break;
        const auto id = to_field(std::string_view(trailers_).substr(line_));
        if (id == field::content_length || id == field::transfer_encoding || id == field::host)
            return fail(400, "trailer field that is not allowed there");
        return keep(step::trailer_value);
    }
    case step::trailer_value:
        if (c == '\r') return keep(step::trailer_lf);
        if (has_class(c, octet_class::field_value)) return keep(step::trailer_value);
        break;
    case step::trailer_lf:
        if (c == '\n') return keep(step::trailer_begin);
        break;
    default: // last_lf
        if (c != '\n') break;
        step_ = step::done;
        return parse_state::done;
    }
    return fail(400, "malformed trailer");
}

// Reads everything that is no data. Stops in front of data, at the end of the body, and when it is wrong.
CREMA_DECL parse_state chunked_decoder::control(const char*& p, const char* end) {
    while (p != end) {
        const char c = *p++;
        auto s = parse_state::need_more;
        switch (step_) {
        case step::line_lf:
            if (c != '\n') return fail(400, "bare CR in a chunk line");
            step_ = left_ == 0 ? step::trailer_begin : step::data;
            if (left_ != 0) return s;
            break;
        case step::data: --p; return s;
        case step::data_cr:
            if (c != '\r') return fail(400, "chunk data is not followed by a line end");
            step_ = step::data_lf;
            break;
        case step::data_lf:
            if (c != '\n') return fail(400, "chunk data is not followed by a line end");
            step_ = step::size;
            digits_ = 0;
            break;
        case step::trailer_begin:
        case step::trailer_name:
        case step::trailer_value:
        case step::trailer_lf:
        case step::last_lf: s = trailer(c); break;
        case step::done: --p; return parse_state::done;
        default: s = size_line(c); break;
        }
        if (s != parse_state::need_more) return s;
    }
    return step_ == step::done ? parse_state::done : parse_state::need_more;
}

CREMA_DECL chunked_decoder::piece chunked_decoder::next(const char* data, std::size_t size) {
    const char *p = data, *end = data + size;
    if (step_ != step::data) {
        const auto s = control(p, end);
        if (s != parse_state::need_more || step_ != step::data) return {s, {}, static_cast<std::size_t>(p - data)};
    }
    const auto there = static_cast<std::size_t>(end - p);
    const auto n = there < left_ ? there : static_cast<std::size_t>(left_);
    left_ -= n;
    if (left_ == 0) step_ = step::data_cr;
    return {parse_state::need_more, {p, n}, static_cast<std::size_t>(p - data) + n};
}

CREMA_DECL chunked_decoder::outcome chunked_decoder::decode(char* data, std::size_t size) {
    outcome r{parse_state::need_more, 0, 0};
    while (r.state == parse_state::need_more && r.consumed < size) {
        const auto got = next(data + r.consumed, size - r.consumed);
        if (!got.data.empty() && got.data.data() != data + r.produced)
            std::memmove(data + r.produced, got.data.data(), got.data.size());
        r.produced += got.data.size();
        r.consumed += got.consumed;
        r.state = got.state;
    }
    return r;
}

} // namespace crema::http
#endif
// ---- crema/http/date.hpp
// Dates of HTTP: format IMF-fixdate, parse all three forms, keep a ready Date line.
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace crema::http {

/// Counts octets of an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
inline constexpr std::size_t date_size = 29;

/** Write a date as IMF-fixdate.

    @param out Room for `date_size` octets.
    @param seconds Seconds since 1970-01-01 00:00:00 UTC; clamped to the years 0 to 9999.

    @see RFC 9110 section 5.6.7
*/
CREMA_DECL void format_date_to(char* out, std::int64_t seconds) noexcept;

/// Returns a date as IMF-fixdate; see `format_date_to`.
inline std::string format_date(std::int64_t seconds) {
    std::string s(date_size, ' ');
    format_date_to(s.data(), seconds);
    return s;
}

/** Parse a date: IMF-fixdate, the form of RFC 850, or the form of asctime.

    The day of the week is read but not compared. A year of two digits that seems more than 50 years in the future
    is one of the past.

    @param text The date.
    @param now Seconds since 1970, to resolve years of two digits; without it they are 1970 to 2069.
    @return Seconds since 1970-01-01 00:00:00 UTC.

    @par Errors
    @li `error::bad_syntax` none of the three forms, or no such day or time.

    @see RFC 9110 section 5.6.7
*/
CREMA_DECL result<std::int64_t> parse_date(std::string_view text,
                                           std::int64_t now = std::numeric_limits<std::int64_t>::min());

/** Keeps the line `Date: …\r\n` of the current second, so that no request formats it.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class date_cache {
public:
    /// Construct with the line of the second 0.
    date_cache() noexcept { format(0); }

    /// Formats the line when the second is another than before. @param seconds Seconds since 1970.
    void refresh(std::int64_t seconds) noexcept {
        if (seconds != seconds_) [[unlikely]] format(seconds);
    }
    /// Returns the line with its line end; the content changes with `refresh`, the place does not.
    std::string_view line() const noexcept { return {line_, sizeof line_}; }
    /// Returns the date alone.
    std::string_view value() const noexcept { return {line_ + 6, date_size}; }

private:
    void format(std::int64_t seconds) noexcept {
        seconds_ = seconds;
        format_date_to(line_ + 6, seconds);
    }
    std::int64_t seconds_ = 0;
    char line_[6 + date_size + 2] = {'D', 'a', 't', 'e', ':', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
                                     ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
                                     ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', '\r', '\n'};
};

} // namespace crema::http

#if CREMA_BODIES
#include <cstring>

namespace crema::http {
namespace detail {

inline constexpr std::string_view day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
inline constexpr std::string_view long_day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
inline constexpr std::string_view month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Days since 1970-01-01 of a date of the Gregorian calendar. Years begin in March, so that leap days come last.
constexpr std::int64_t days_of(std::int64_t year, int month, int day) noexcept {
    const auto y = month <= 2 ? year - 1 : year;
    const auto era = (y >= 0 ? y : y - 399) / 400;
    const auto year_of_era = y - era * 400;
    const auto day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

struct calendar_date {
    std::int64_t year;
    int month, day;
};

constexpr calendar_date date_of(std::int64_t days) noexcept {
    days += 719468;
    const auto era = (days >= 0 ? days : days - 146096) / 146097;
    const auto day_of_era = days - era * 146097;
    const auto year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const auto day_of_year = static_cast<int>(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    const int m = (5 * day_of_year + 2) / 153;
    const int month = m < 10 ? m + 3 : m - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * m + 2) / 5 + 1};
}

// Reads pieces of a date off the front; every step fails once one has failed.
struct date_reader {
    std::string_view rest;
    bool good = true;

    bool fail() { return good = false; }
    void literal(std::string_view s) {
        if (!good || rest.substr(0, s.size()) != s) fail();
        else rest.remove_prefix(s.size());
    }
    int number(std::size_t digits) {
        if (!good || rest.size() < digits || !all_of_class(rest.substr(0, digits), octet_class::digit))
            return fail(), 0;
        int v = 0;
        for (char c : rest.substr(0, digits)) v = v * 10 + (c - '0');
        rest.remove_prefix(digits);
        return v;
    }
    template <std::size_t N>
    int name(const std::string_view (&names)[N]) {
        for (std::size_t i = 0; good && i < N; ++i)
            if (rest.starts_with(names[i])) {
                rest.remove_prefix(names[i].size());
                return static_cast<int>(i);
            }
        return fail(), 0;
    }
};

} // namespace detail

CREMA_DECL void format_date_to(char* out, std::int64_t seconds) noexcept {
    constexpr auto first = detail::days_of(0, 1, 1) * 86400, last = detail::days_of(10000, 1, 1) * 86400 - 1;
    seconds = seconds < first ? first : seconds > last ? last : seconds;
    auto days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        --days;
    }
    const auto date = detail::date_of(days);
    const auto weekday = ((days + 4) % 7 + 7) % 7; // 1970-01-01 was a Thursday
    auto two = [&](std::size_t at, std::int64_t v) {
        out[at] = static_cast<char>('0' + v / 10);
        out[at + 1] = static_cast<char>('0' + v % 10);
    };
    std::memcpy(out, "Sun, 00 Jan 0000 00:00:00 GMT", date_size);
    std::memcpy(out, detail::day_names[weekday].data(), 3);
    two(5, date.day);
    std::memcpy(out + 8, detail::month_names[date.month - 1].data(), 3);
    two(12, date.year / 100);
    two(14, date.year % 100);
    two(17, rest / 3600);
    two(20, rest / 60 % 60);
    two(23, rest % 60);
}

CREMA_DECL result<std::int64_t> parse_date(std::string_view text, std::int64_t now) {
    text = trim_ows(text);
    detail::date_reader in{text};
    const auto comma = text.find(',');
    std::int64_t year = 0;
    int month = 0, day = 0, hour = 0, minute = 0, second = 0;
    auto time = [&] {
        hour = in.number(2);
        in.literal(":");
        minute = in.number(2);
        in.literal(":");
        second = in.number(2);
    };
    if (comma == 3) { // Sun, 06 Nov 1994 08:49:37 GMT
        in.name(detail::day_names);
        in.literal(", ");
        day = in.number(2);
        in.literal(" ");
        month = in.name(detail::month_names);
        in.literal(" ");
        year = in.number(4);
        in.literal(" ");
        time();
        in.literal(" GMT");
    } else if (comma != std::string_view::npos) { // Sunday, 06-Nov-94 08:49:37 GMT
        in.name(detail::long_day_names);
        in.literal(", ");
        day = in.number(2);
        in.literal("-");
        month = in.name(detail::month_names);
        in.literal("-");
        year = in.number(2);
        in.literal(" ");
        time();
        in.literal(" GMT");
        if (now == std::numeric_limits<std::int64_t>::min()) {
            year += year < 70 ? 2000 : 1900;
        } else {
            const auto this_year = detail::date_of(now / 86400 - (now % 86400 < 0 ? 1 : 0)).year;
            year += this_year / 100 * 100;
            if (year > this_year + 50) year -= 100;
        }
    } else { // Sun Nov  6 08:49:37 1994
        in.name(detail::day_names);
        in.literal(" ");
        month = in.name(detail::month_names);
        in.literal(" ");
        if (in.rest.starts_with(' ')) {
            in.literal(" ");
            day = in.number(1);
        } else {
            day = in.number(2);
        }
        in.literal(" ");
        time();
        in.literal(" ");
        year = in.number(4);
    }
    ++month;
    const failure wrong{make_error_code(error::bad_syntax), text.size() - in.rest.size(), "not a date of HTTP"};
    if (!in.good || !in.rest.empty()) return wrong;
    constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int length = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
    if (day < 1 || day > length || hour > 23 || minute > 59 || second > 60) return wrong;
    return detail::days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

} // namespace crema::http
#endif
// ---- crema/http/status.hpp
// Status codes: their standard phrases and ready-made status lines.
#include <cstddef>
#include <string_view>

namespace crema::http {

/// Returns the standard phrase of a status, as Node's STATUS_CODES has it; empty when there is none. Lives forever.
constexpr std::string_view reason_phrase(int status) noexcept;

/// Returns `"HTTP/1.1 200 OK\r\n"`, ready to send; empty when the status has no standard phrase. Lives forever.
constexpr std::string_view status_line(int status) noexcept;

/// Tells whether a response with this status never has a body: 1xx, 204, 304 (RFC 9112 section 6.3).
constexpr bool has_no_body(int status) noexcept { return status < 200 || status == 204 || status == 304; }

/// Tells whether the status has three digits and so may be sent.
constexpr bool is_valid_status(int status) noexcept { return status >= 100 && status <= 999; }

namespace detail {

struct status_entry {
    int status;
    std::string_view line; // the phrase stands from octet 13 on
};

#define CREMA_STATUS(code, phrase) {code, "HTTP/1.1 " #code " " phrase "\r\n"}
inline constexpr status_entry statuses[] = {
    CREMA_STATUS(100, "Continue"),
    CREMA_STATUS(101, "Switching Protocols"),
    CREMA_STATUS(102, "Processing"),
    CREMA_STATUS(103, "Early Hints"),
    CREMA_STATUS(200, "OK"),
    CREMA_STATUS(201, "Created"),
    CREMA_STATUS(202, "Accepted"),
    CREMA_STATUS(203, "Non-Authoritative Information"),
    CREMA_STATUS(204, "No Content"),
    CREMA_STATUS(205, "Reset Content"),
    CREMA_STATUS(206, "Partial Content"),
    CREMA_STATUS(207, "Multi-Status"),
    CREMA_STATUS(208, "Already Reported"),
    CREMA_STATUS(226, "IM Used"),
    CREMA_STATUS(300, "Multiple Choices"),
    CREMA_STATUS(301, "Moved Permanently"),
    CREMA_STATUS(302, "Found"),
    CREMA_STATUS(303, "See Other"),
    CREMA_STATUS(304, "Not Modified"),
    CREMA_STATUS(305, "Use Proxy"),
    CREMA_STATUS(307, "Temporary Redirect"),
    CREMA_STATUS(308, "Permanent Redirect"),
    CREMA_STATUS(400, "Bad Request"),
    CREMA_STATUS(401, "Unauthorized"),
    CREMA_STATUS(402, "Payment Required"),
    CREMA_STATUS(403, "Forbidden"),
    CREMA_STATUS(404, "Not Found"),
    CREMA_STATUS(405, "Method Not Allowed"),
    CREMA_STATUS(406, "Not Acceptable"),
    CREMA_STATUS(407, "Proxy Authentication Required"),
    CREMA_STATUS(408, "Request Timeout"),
    CREMA_STATUS(409, "Conflict"),
    CREMA_STATUS(410, "Gone"),
    CREMA_STATUS(411, "Length Required"),
    CREMA_STATUS(412, "Precondition Failed"),
    CREMA_STATUS(413, "Payload Too Large"),
    CREMA_STATUS(414, "URI Too Long"),
    CREMA_STATUS(415, "Unsupported Media Type"),
    CREMA_STATUS(416, "Range Not Satisfiable"),
    CREMA_STATUS(417, "Expectation Failed"),
    CREMA_STATUS(418, "I'm a Teapot"),
    CREMA_STATUS(421, "Misdirected Request"),
    CREMA_STATUS(422, "Unprocessable Entity"),
    CREMA_STATUS(423, "Locked"),
    CREMA_STATUS(424, "Failed Dependency"),
    CREMA_STATUS(425, "Too Early"),
    CREMA_STATUS(426, "Upgrade Required"),
    CREMA_STATUS(428, "Precondition Required"),
    CREMA_STATUS(429, "Too Many Requests"),
    CREMA_STATUS(431, "Request Header Fields Too Large"),
    CREMA_STATUS(451, "Unavailable For Legal Reasons"),
    CREMA_STATUS(500, "Internal Server Error"),
    CREMA_STATUS(501, "Not Implemented"),
    CREMA_STATUS(502, "Bad Gateway"),
    CREMA_STATUS(503, "Service Unavailable"),
    CREMA_STATUS(504, "Gateway Timeout"),
    CREMA_STATUS(505, "HTTP Version Not Supported"),
    CREMA_STATUS(506, "Variant Also Negotiates"),
    CREMA_STATUS(507, "Insufficient Storage"),
    CREMA_STATUS(508, "Loop Detected"),
    CREMA_STATUS(509, "Bandwidth Limit Exceeded"),
    CREMA_STATUS(510, "Not Extended"),
    CREMA_STATUS(511, "Network Authentication Required"),
};
#undef CREMA_STATUS

struct status_index {
    unsigned char at[512]{}; // position in `statuses` plus one
    constexpr status_index() {
        unsigned char n = 0;
        for (const auto& s : statuses) at[s.status] = ++n;
    }
};
inline constexpr status_index statuses_by_code{};

} // namespace detail

constexpr std::string_view status_line(int status) noexcept {
    if (status < 0 || status >= 512) return {};
    const auto i = detail::statuses_by_code.at[status];
    return i == 0 ? std::string_view{} : detail::statuses[i - 1].line;
}

constexpr std::string_view reason_phrase(int status) noexcept {
    const auto line = status_line(status);
    return line.empty() ? line : line.substr(13, line.size() - 15);
}

} // namespace crema::http
// ---- crema/http/serializer.hpp
// Serializer: writes the heads of responses, and chunks, into a buffer that grows and is used again.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace crema::http {

/** Holds octets that wait to be sent: appended at the end, consumed from the front.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class output_buffer {
public:
    output_buffer() noexcept = default;
    output_buffer(output_buffer&& other) noexcept { swap(other); }
    output_buffer& operator=(output_buffer&& other) noexcept {
        output_buffer(std::move(other)).swap(*this);
        return *this;
    }
    /// Exchanges contents and room.
    void swap(output_buffer& other) noexcept {
        std::swap(room_, other.room_);
        std::swap(begin_, other.begin_);
        std::swap(end_, other.end_);
        std::swap(capacity_, other.capacity_);
    }

    /** Make room for `size` more octets behind the contents.

        @return Where they go; tell with `commit` how many were written. Views of the contents end.
        @throws std::bad_alloc
    */
    char* prepare(std::size_t size) {
        if (size > capacity_ - end_) [[unlikely]] grow(size);
        return room_.get() + end_;
    }
    /// Adds octets that were written where `prepare` said.
    void commit(std::size_t size) noexcept { end_ += size; }
    /// Adds a copy of the octets.
    void append(std::string_view octets) {
        if (octets.empty()) return;
        std::memcpy(prepare(octets.size()), octets.data(), octets.size());
        end_ += octets.size();
    }
    /// Removes octets from the front. @param size At most `size()`.
    void consume(std::size_t size) noexcept {
        begin_ += size;
        if (begin_ == end_) begin_ = end_ = 0;
    }
    /// Removes octets from the end, down to a size that was there before.
    void truncate(std::size_t size) noexcept { end_ = begin_ + size; }
    /// Returns the contents; valid until the next change.
    std::string_view view() const noexcept { return {room_.get() + begin_, end_ - begin_}; }
    /// Returns where the contents begin.
    const char* data() const noexcept { return room_.get() + begin_; }
    /// Counts the octets.
    std::size_t size() const noexcept { return end_ - begin_; }
    /// Tells whether there are none.
    bool empty() const noexcept { return begin_ == end_; }
    /// Counts the octets there is room for in all.
    std::size_t capacity() const noexcept { return capacity_; }
    /// Removes all octets; keeps the room.
    void clear() noexcept { begin_ = end_ = 0; }
    /// Removes all octets and gives the room back.
    void release() noexcept {
        room_.reset();
        begin_ = end_ = capacity_ = 0;
    }

private:
    inline void grow(std::size_t size);
    std::unique_ptr<char[]> room_;
    std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

/// Tells which Connection field a response gets.
enum class connection_field : std::uint8_t {
    none,       ///< none: HTTP/1.1 goes on by default
    close,      ///< `Connection: close`
    keep_alive, ///< `Connection: keep-alive`, for clients of HTTP/1.0
};

/// Tells how the end of a response body is found.
enum class body_framing : std::uint8_t {
    none,    ///< nothing is said: there is no body, or it ends with the connection
    length,  ///< `Content-Length`
    chunked, ///< `Transfer-Encoding: chunked`
};

/// Describes the parts of a response head.
struct response_head {
    int status = 200;                                  ///< 100 to 999
    std::string_view reason{};                         ///< empty: the standard phrase; must be a valid field value
    std::string_view fields{};                         ///< ready lines, each with CRLF
    std::string_view date_line{};                      ///< `date_cache::line()`, or empty for none
    connection_field connection = connection_field::none; ///< which Connection field
    body_framing framing = body_framing::none;         ///< how the body ends
    std::uint64_t length = 0;                          ///< of the body, for `body_framing::length`
};

/** Write the head of a response, with the empty line at its end.

    The parts are written as they are: the caller has checked them (`valid_field_value`).

    @param out Appended to.
    @param head The parts.
    @param body Octets that follow at once, to spare a second growth; may be empty.
    @throws std::bad_alloc
*/
inline void write_response(output_buffer& out, const response_head& head, std::string_view body = {});

/// Writes a chunk. @param data Its data; nothing is written when empty, since that would end the body.
inline void write_chunk(output_buffer& out, std::string_view data) {
    if (data.empty()) return;
    char* p = out.prepare(data.size() + 20);
    auto n = write_chunk_head(p, data.size());
    std::memcpy(p + n, data.data(), data.size());
    n += data.size();
    p[n] = '\r';
    p[n + 1] = '\n';
    out.commit(n + 2);
}

/// Ends a chunked body. @param trailers Ready lines, each with CRLF; may be empty.
inline void write_last_chunk(output_buffer& out, std::string_view trailers = {}) {
    out.append("0\r\n");
    out.append(trailers);
    out.append("\r\n");
}

/** Write a number in decimal digits.

    @param out Room for 20 octets.
    @return Behind the last digit.
*/
inline char* write_decimal(char* out, std::uint64_t value) noexcept {
    char digits[20];
    std::size_t n = 0;
    do {
        digits[n++] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n != 0) *out++ = digits[--n];
    return out;
}

namespace detail {

inline char* put(char* p, std::string_view s) noexcept {
    if (!s.empty()) std::memcpy(p, s.data(), s.size());
    return p + s.size();
}

} // namespace detail

inline void write_response(output_buffer& out, const response_head& head, std::string_view body) {
    constexpr std::string_view close = "Connection: close\r\n", keep = "Connection: keep-alive\r\n",
                               chunked = "Transfer-Encoding: chunked\r\n", length = "Content-Length: ";
    constexpr std::size_t most =
        13 + 2 + keep.size() + chunked.size() + length.size() + 22 + 2 + 64; // 64: the longest phrase
    char* const begin =
        out.prepare(most + head.reason.size() + head.fields.size() + head.date_line.size() + body.size());
    char* p = begin;
    if (const auto line = status_line(head.status); head.reason.empty() && !line.empty()) [[likely]] {
        p = detail::put(p, line);
    } else {
        p = detail::put(p, "HTTP/1.1 ");
        p = write_decimal(p, static_cast<unsigned>(head.status));
        *p++ = ' '; // stays also when there is no phrase
        p = detail::put(p, head.reason);
        p = detail::put(p, "\r\n");
    }
    p = detail::put(p, head.fields);
    p = detail::put(p, head.date_line);
    if (head.framing == body_framing::length) {
        p = detail::put(p, length);
        p = write_decimal(p, head.length);
        *p++ = '\r';
        *p++ = '\n';
    } else if (head.framing == body_framing::chunked) {
        p = detail::put(p, chunked);
    }
    if (head.connection != connection_field::none) [[unlikely]]
        p = detail::put(p, head.connection == connection_field::close ? close : keep);
    *p++ = '\r';
    *p++ = '\n';
    p = detail::put(p, body);
    out.commit(static_cast<std::size_t>(p - begin));
}

inline void output_buffer::grow(std::size_t size) {
    const auto used = end_ - begin_;
    if (begin_ != 0 && size <= capacity_ - used && begin_ >= capacity_ / 2) { // move to the front
        std::memmove(room_.get(), room_.get() + begin_, used);
    } else {
        if (size > static_cast<std::size_t>(-1) / 2 - used) throw std::bad_alloc();
        auto wanted = capacity_ < 512 ? std::size_t{1024} : capacity_ * 2;
        if (wanted < used + size) wanted = used + size;
        auto more = std::make_unique_for_overwrite<char[]>(wanted);
        if (used != 0) std::memcpy(more.get(), room_.get() + begin_, used);
        room_ = std::move(more);
        capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
}

} // namespace crema::http
// ---- crema/server/limits.hpp
// limits: what one client may use up. All are on by default.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace crema {

/** Bounds everything that a client can make a server spend.

    Deadlines are checked every half second, so that they may come that much later.

    @par Thread Safety
    Distinct objects: safe.
*/
struct limits {
    std::size_t request_line = 8 * 1024 + 256;      ///< octets of the request line; 414
    std::size_t header_bytes = 16 * 1024;           ///< octets of all header fields; 431
    std::size_t header_count = 128;                 ///< header fields; 431
    std::uint64_t body = 64 * 1024 * 1024;          ///< octets of a body as it arrives; 413. Parsers have smaller limits.
    std::uint64_t drain = 256 * 1024;               ///< octets of a body nobody read that are thrown away, else the connection closes
    std::chrono::milliseconds header_deadline{10'000}; ///< from the first octet of a request to the end of its header; 408
    std::chrono::milliseconds idle{60'000};         ///< between requests, and from connecting to the first one; closed
    std::uint32_t rate = 240;                       ///< octets a second of a body, and of answers that the client takes
    std::chrono::milliseconds rate_grace{5'000};    ///< time before the rate counts; 408, or reset
    std::chrono::milliseconds linger{2'000};        ///< time a refused client has to read the answer
    std::size_t backlog = 256 * 1024;               ///< octets of an answer that wait for the client before `write` waits
    std::uint64_t requests_per_connection = 0;      ///< then the connection closes; 0 for no limit
    std::size_t connections = 50'000;               ///< at once; more are closed at once
    std::size_t connections_per_address = 20'000;   ///< at once from one address; more are closed at once
};

/** Print limits as a table, a line each.

    @par Thread Safety
    Safe.
*/
CREMA_DECL std::string to_string(const limits& l);

} // namespace crema

#if CREMA_BODIES
namespace crema {

CREMA_DECL std::string to_string(const limits& l) {
    std::string out;
    const auto line = [&](const char* name, std::uint64_t v, const char* unit) {
        std::string row = name;
        row.resize(26, ' ');
        out += row + (v == 0 ? std::string("none") : std::to_string(v) + unit) + "\n";
    };
    line("request line", l.request_line, " octets");
    line("header bytes", l.header_bytes, " octets");
    line("header count", l.header_count, "");
    line("body", l.body, " octets");
    line("drain", l.drain, " octets");
    line("header deadline", static_cast<std::uint64_t>(l.header_deadline.count()), " ms");
    line("idle", static_cast<std::uint64_t>(l.idle.count()), " ms");
    line("rate", l.rate, " octets/s");
    line("rate grace", static_cast<std::uint64_t>(l.rate_grace.count()), " ms");
    line("linger", static_cast<std::uint64_t>(l.linger.count()), " ms");
    line("backlog", l.backlog, " octets");
    line("requests per connection", l.requests_per_connection, "");
    line("connections", l.connections, "");
    line("connections per address", l.connections_per_address, "");
    return out;
}

} // namespace crema
#endif
// ---- crema/server/h1_shared.hpp
// h1_shared: what the connections of one server share: pools, lists, coarse time.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/// Describes a request that was refused before a handler saw all of it, and how it is answered.
struct client_error {
    int status;                ///< 400, 408, 413, 414, 417, 431, 501 or 505
    std::string_view reason;   ///< what was wrong, in a few words; lives forever
    const net::address& peer;  ///< who sent it
    std::string_view received; ///< the octets of the request that are there, at most 16 KiB; valid during the call
    std::string type{};        ///< Content-Type of the answer; may be changed
    std::string body{};        ///< body of the answer; may be changed
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

// Octets for requests.
struct h1_room {
    static constexpr std::size_t size = 16 * 1024;
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
    bool has_room(exchange&) noexcept override { return true; }
    body_state next_piece(exchange& x, std::string_view& piece) override;
    std::optional<std::string_view> buffered_body(exchange&) override { return std::nullopt; }
    void wants_body(exchange&) override {}
    std::string_view trailers(const exchange&) const noexcept override { return {}; }
    void released(exchange& x) noexcept override;
    net::address local() const noexcept override { return {}; }

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
    limits limit;
    bool half_open = false;
    bool draining = false;
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

    h1_link idle;    // connections on which nothing is going on, the longest first
    h1_link active;  // all others
    h1_link buried;  // closed ones, destroyed when no function of any is on the stack
    std::size_t connections = 0;
    std::size_t exchanges = 0;   // that were handed to a handler and have not ended
    exchange* detached = nullptr; // exchanges without a connection
    unsigned depth = 0;          // functions of connections on the stack

    // Connections that have something to do when the running callback has ended.
    void soon(h1_connection& c);
    void not_soon(h1_connection& c) noexcept;

    exchange* take_exchange();
    void give_back(exchange* x) noexcept;
    char* take_room(std::size_t size = h1_room::size);
    void give_room(char* room, std::size_t size) noexcept;
    void take_output(http::output_buffer& out) noexcept;
    void give_output(http::output_buffer& out) noexcept;
    std::unique_ptr<http::chunked_decoder> take_decoder();
    void give_back(std::unique_ptr<http::chunked_decoder> d) noexcept;

    // Takes an exchange away from its connection.
    void adopt(exchange& x) noexcept;
    // Ends an exchange.
    void recycle(exchange& x) noexcept;
    // Calls for each connection, whatever becomes of others meanwhile.
    template <class F>
    void for_each(h1_link& list, F&& f);
    void drain();
    void check_all();
    void cut(cancel_reason why);
    void leave() noexcept;
    void may_be_quiet();

    // Keeps everything in place while functions of connections are on the stack.
    struct entry {
        explicit entry(h1_shared& s) noexcept : shared(s) { ++s.depth; }
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        ~entry() { if (--shared.depth == 0 && !shared.buried.alone()) shared.leave(); }
        h1_shared& shared;
    };

    char scratch[4096]; // for octets that nobody wants

    std::shared_ptr<h1_shared> self; // set when the server has gone before the last exchange

private:
    static constexpr std::size_t most_spare = 256;
    void run_soon();
    bool quiet_told_ = false;
    std::vector<h1_connection*> soon_, running_;
    std::vector<std::unique_ptr<exchange>> spare_exchanges_;
    std::vector<std::unique_ptr<char[]>> spare_rooms_;
    std::vector<http::output_buffer> spare_outputs_;
    std::vector<std::unique_ptr<http::chunked_decoder>> spare_decoders_;
};

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <ctime>
#include <utility>

namespace crema::detail {

CREMA_DECL body_state h1_nobody::next_piece(exchange& x, std::string_view&) {
    if (!x.body_error_) x.body_error_ = make_error_code(error::closed);
    return body_state::failed;
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
    date.refresh(static_cast<std::int64_t>(std::time(nullptr)));
    spare_exchanges_.reserve(most_spare); // giving back never fails
    spare_rooms_.reserve(most_spare);
    spare_outputs_.reserve(most_spare);
    spare_decoders_.reserve(most_spare);
}
CREMA_DECL h1_shared::~h1_shared() = default;

CREMA_DECL std::uint32_t h1_shared::ticks_of(std::chrono::milliseconds time) const noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>((time + period - std::chrono::milliseconds(1)) / period, 1, 1 << 30));
}

CREMA_DECL exchange* h1_shared::take_exchange() {
    if (spare_exchanges_.empty())
        return new exchange(http::parse_limits{.request_line = limit.request_line, .header_bytes = limit.header_bytes, .header_count = limit.header_count});
    auto* x = spare_exchanges_.back().release();
    spare_exchanges_.pop_back();
    return x;
}
CREMA_DECL void h1_shared::give_back(exchange* x) noexcept {
    std::unique_ptr<exchange> owned(x);
    if (spare_exchanges_.size() >= most_spare) return;
    x->parser_.reset(x->head_);
    spare_exchanges_.push_back(std::move(owned));
}
CREMA_DECL char* h1_shared::take_room(std::size_t size) {
    if (size != h1_room::size || spare_rooms_.empty()) return new char[size];
    auto* room = spare_rooms_.back().release();
    spare_rooms_.pop_back();
    return room;
}
CREMA_DECL void h1_shared::give_room(char* room, std::size_t size) noexcept {
    std::unique_ptr<char[]> owned(room);
    if (!room || size != h1_room::size || spare_rooms_.size() >= most_spare) return;
    spare_rooms_.push_back(std::move(owned));
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
    if (spare_decoders_.empty()) return std::make_unique<http::chunked_decoder>();
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

CREMA_DECL void h1_shared::recycle(exchange& x) noexcept {
    std::shared_ptr<h1_shared> last;
    const entry e(*this);
    if (x.carrier_ == &nobody) {
        (x.prev_ ? x.prev_->next_ : detached) = x.next_;
        if (x.next_) x.next_->prev_ = x.prev_;
    }
    x.prev_ = x.next_ = nullptr;
    if (auto* l = std::exchange(x.listener_, nullptr)) l->on_destroy();
    x.scope_.reset();
    x.memory_.reset();
    for (auto& room : x.rooms_)
        if (room.data) give_room(std::exchange(room.data, nullptr), room.size);
    give_back(&x);
    if (--exchanges == 0) {
        last = std::move(self);
        if (draining) may_be_quiet();
    }
}

CREMA_DECL void h1_shared::soon(h1_connection& c) {
    soon_.push_back(&c);
    if (soon_.size() > 1) return;
    owner->queue_microtask([self = shared_from_this()] { self->run_soon(); });
}
CREMA_DECL void h1_shared::not_soon(h1_connection& c) noexcept {
    std::replace(soon_.begin(), soon_.end(), &c, static_cast<h1_connection*>(nullptr));
    std::replace(running_.begin(), running_.end(), &c, static_cast<h1_connection*>(nullptr));
}

CREMA_DECL void h1_shared::may_be_quiet() {
    if (connections != 0 || exchanges != 0 || !on_quiet || std::exchange(quiet_told_, true)) return;
    owner->queue_microtask([keep = shared_from_this()] {
        keep->quiet_told_ = false;
        if (keep->connections == 0 && keep->exchanges == 0 && keep->on_quiet) keep->on_quiet();
    });
}

} // namespace crema::detail
#endif
// ---- crema/server/server.hpp
// server: accepts connections and hands requests to a handler.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace crema {

/** Options of a server.

    @par Thread Safety
    Distinct objects: safe.
*/
struct server_options {
    limits limit{};         ///< what a client may use up
    bool half_open = false; ///< a client that has ended its sending side does not cancel handlers that wait
    /// Is told of requests that were refused before a handler saw all of them; may change how they are answered.
    std::function<void(client_error&)> on_client_error{};
};

/// Says what a server that was closed had to cut.
struct drain_report {
    std::size_t finished = 0; ///< requests that ended by themselves within the grace
    std::size_t cut = 0;      ///< requests that were cancelled at its end
};

/** Serves HTTP/1.1 on one loop.

    @par Thread Safety
    Only on its loop.
*/
class server {
public:
    /** Construct; does not listen yet.

        @param l Its loop; outlives this.
        @param handler Receives the requests; outlives this.
    */
    CREMA_DECL server(class loop& l, exchange_handler& handler, server_options options = {});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Cuts what still runs.
    CREMA_DECL ~server();

    /** Listen on a TCP port. May be called for several.

        @param host An IP address.
        @param port 0 for any.
        @throws system_error when the address cannot be had; its subject names it.
    */
    CREMA_DECL void listen(const std::string& host, std::uint16_t port);
    /// Serves a stream that was accepted elsewhere.
    CREMA_DECL void serve(std::unique_ptr<net::stream> s);

    /// Returns the port of the first listening socket; 0 when there is none.
    int port() const noexcept { return listeners_.empty() ? 0 : listeners_.front()->local().port(); }
    /// Returns the number of open connections.
    std::size_t connections() const noexcept { return shared_->connections; }
    /// Returns the limits.
    const limits& limit() const noexcept { return shared_->limit; }
    /// Tells whether it was told to close.
    bool closing() const noexcept { return shared_->draining; }

    /** Stop: accept no more, close idle connections, let running requests finish, cancel them after `grace`.

        @param grace How long running requests may take.
        @param done Called once, when the last connection and the last request are gone; never before this returns. A second
        call gives another grace and, when it has one, another `done`.
    */
    CREMA_DECL void close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done = {});
    /// Sets what is called, after `done`, when a server that closes has lost its last connection.
    void on_closed(std::function<void()> f) { closed_ = std::move(f); }

private:
    struct ticker : loop_timer {
        explicit ticker(server& s) noexcept : loop_timer([](loop_timer& t) { static_cast<ticker&>(t).self.tick(); }), self(s) {}
        server& self;
    };
    struct grace_timer : loop_timer {
        explicit grace_timer(server& s) noexcept : loop_timer([](loop_timer& t) { static_cast<grace_timer&>(t).self.cut(); }), self(s) {}
        server& self;
    };
    struct late_ticks : loop_immediate {
        explicit late_ticks(server& s) noexcept
            : loop_immediate([](loop_immediate& i) { static_cast<late_ticks&>(i).self.pass(); }), self(s) {}
        server& self;
    };
    CREMA_DECL void accept(int fd, const net::address& peer);
    CREMA_DECL void tick();
    CREMA_DECL void start_ticks();
    CREMA_DECL void pass();
    CREMA_DECL void cut();
    CREMA_DECL void quiet();

    loop& loop_;
    net::poller poller_;
    std::shared_ptr<detail::h1_shared> shared_;
    std::vector<std::unique_ptr<net::listener>> listeners_;
    std::unordered_map<std::uint64_t, std::uint32_t> by_address_;
    ticker ticker_{*this};
    grace_timer grace_{*this};
    late_ticks late_{*this};
    std::chrono::steady_clock::time_point last_tick_{};
    drain_report report_;
    unique_function<void(const drain_report&)> done_;
    std::function<void()> closed_;
};

} // namespace crema

// ---- crema/net/socket_stream.hpp
// socket_stream: a connected TCP or Unix socket.

namespace crema::net {

/** Moves octets through a connected socket.

    @par Thread Safety
    Only on its loop.
*/
class socket_stream final : public stream, private poller::watcher {
public:
    /** Take over a connected, non-blocking socket.

        @param p Tells when it is ready; outlives this.
        @param fd The socket; closed by this.
        @param peer Its peer.
    */
    socket_stream(poller& p, int fd, const address& peer) noexcept : poller_(p), fd_(fd), peer_(peer) {}
    ~socket_stream() override { close(); }

    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    CREMA_DECL void start(stream_handler& handler) override;
    CREMA_DECL void want(bool readable, bool writable) override;
    CREMA_DECL io_result read(std::span<char> into) noexcept override;
    CREMA_DECL io_result write(std::span<const std::string_view> pieces) noexcept override;
    CREMA_DECL void end() noexcept override;
    CREMA_DECL void close() noexcept override;
    CREMA_DECL void reset() noexcept override;
    const address& peer() const noexcept override { return peer_; }
    CREMA_DECL address local() const noexcept override;

private:
    CREMA_DECL void on_ready(poller::readiness r) override;
    CREMA_DECL void tell() noexcept;

    poller& poller_;
    int fd_;
    stream_handler* handler_ = nullptr;
    bool wants_readable_ = true, wants_writable_ = false; // by the handler
    bool asked_readable_ = true, asked_writable_ = false; // of the system
    bool peer_closed_ = false;
    address peer_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <algorithm>
#include <cerrno>
#include <utility>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace crema::net {

CREMA_DECL void socket_stream::start(stream_handler& handler) {
    handler_ = &handler;
    poller_.add(*this, fd_);
}

CREMA_DECL void socket_stream::want(bool readable, bool writable) {
    wants_readable_ = readable;
    wants_writable_ = writable;
    // What is wanted is told to the system at once. What is no longer wanted only when it comes (see on_ready):
    // most of the time it does not, and a system call is spared.
    if (fd_ >= 0 && handler_ && ((readable && !asked_readable_) || (writable && !asked_writable_))) tell();
}

CREMA_DECL void socket_stream::tell() noexcept {
    asked_readable_ = wants_readable_;
    asked_writable_ = wants_writable_;
    poller_.change(*this, wants_readable_, wants_writable_, !peer_closed_);
}

CREMA_DECL void socket_stream::on_ready(poller::readiness r) {
    auto* const h = handler_;
    if (r.writable && wants_writable_) {
        const auto& p = poller_;
        h->on_writable();
        if (p.current() != this) return; // closed, perhaps destroyed
    }
    if (r.readable && wants_readable_) {
        h->on_readable(); // finds the end and errors, too
    } else if (r.broken && !wants_writable_) { // would be told for ever
        int code = 0;
        socklen_t size = sizeof code;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size);
        poller_.remove(*this);
        h->on_broken(std::error_code(code != 0 ? code : ECONNRESET, std::system_category()));
    } else if (r.peer_closed && !std::exchange(peer_closed_, true)) {
        tell();
        h->on_peer_closed();
    } else if ((r.readable && !wants_readable_) || (r.writable && !wants_writable_)) {
        tell();
    }
}

CREMA_DECL io_result socket_stream::read(std::span<char> into) noexcept {
    for (;;) {
        const auto n = ::recv(fd_, into.data(), into.size(), 0);
        if (n >= 0) return {static_cast<std::size_t>(n), {}};
        if (errno != EINTR) return {0, std::error_code(errno, std::system_category())};
    }
}

CREMA_DECL io_result socket_stream::write(std::span<const std::string_view> pieces) noexcept {
    for (;;) {
        ssize_t n;
        if (pieces.size() == 1) {
            n = ::send(fd_, pieces[0].data(), pieces[0].size(), MSG_NOSIGNAL);
        } else {
            iovec parts[16];
            msghdr m{};
            m.msg_iov = parts;
            m.msg_iovlen = std::min<std::size_t>(pieces.size(), 16);
            for (std::size_t i = 0; i < m.msg_iovlen; ++i)
                parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
            n = ::sendmsg(fd_, &m, MSG_NOSIGNAL);
        }
        if (n >= 0) return {static_cast<std::size_t>(n), {}};
        if (errno != EINTR) return {0, std::error_code(errno, std::system_category())};
    }
}

CREMA_DECL address socket_stream::local() const noexcept {
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    if (fd_ < 0 || ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) != 0) return {};
    return address(reinterpret_cast<const sockaddr*>(&at), size);
}

CREMA_DECL void socket_stream::end() noexcept {
    if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

CREMA_DECL void socket_stream::close() noexcept {
    if (fd_ < 0) return;
    if (handler_) poller_.remove(*this);
    ::close(fd_);
    fd_ = -1;
}

CREMA_DECL void socket_stream::reset() noexcept {
    if (fd_ < 0) return;
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

} // namespace crema::net
#endif
// ---- crema/server/h1_connection.hpp
// h1_connection: the state machine of one HTTP/1.1 connection.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace crema::detail {

/* One connection. Requests are parsed one after the other out of one buffer; answers are collected in another and
   leave with one send when the input is used up or a handler waits.

   What is called from outside enters `run`, which takes steps until nothing more can be done. Handlers only change
   state: while `run` is on the stack it goes on after them, else they ask for a `run` when the running callback has
   ended. So nothing here runs on top of a handler, and several writes of one callback leave together.

   A connection on which nothing is going on owns no buffer and no exchange. Closed ones are destroyed when no function
   of any connection is on the stack. */
class h1_connection final : public h1_link, public exchange_carrier, private net::stream_handler {
public:
    h1_connection(h1_shared& shared, std::unique_ptr<net::stream> s);
    h1_connection(const h1_connection&) = delete;
    h1_connection& operator=(const h1_connection&) = delete;
    ~h1_connection();
    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    void start();
    // Looks at its deadlines.
    void check();
    // Closes when nothing is going on; a running request is the last one.
    void drain();
    // It is over.
    void lose(cancel_reason why) noexcept;
    void run_soon();
    std::uint32_t since() const noexcept { return since_; }
    const net::address& peer() const noexcept { return stream_->peer(); }

private:
    // idle: nothing of a request is there. head: some. busy: a handler has it. discard: it was answered, its body is not
    // over. closing: the last answer is on its way. linger: it has gone; what the client still sends is thrown away.
    enum class state : unsigned char { idle, head, busy, discard, closing, linger, closed };
    enum class body_framing : unsigned char { none, length, chunked };

    void on_readable() override;
    void on_writable() override;
    void on_broken(std::error_code) override { lose(cancel_reason::disconnected); }
    void on_peer_closed() override;

    void respond(exchange& x, int status, std::string_view reason, std::string_view fields, std::string_view body) override;
    void begin(exchange& x, int status, std::string_view reason, std::string_view fields,
               std::optional<std::uint64_t> length) override;
    void write(exchange& x, std::string_view piece) override;
    void end(exchange& x, std::string_view trailers) override;
    void informational(exchange& x, int status, std::string_view fields) override;
    void abort(exchange& x) noexcept override;
    bool has_room(exchange& x) noexcept override;
    body_state next_piece(exchange& x, std::string_view& piece) override;
    std::optional<std::string_view> buffered_body(exchange& x) override;
    void wants_body(exchange& x) override;
    std::string_view trailers(const exchange& x) const noexcept override;
    void released(exchange& x) noexcept override;
    net::address local() const noexcept override { return stream_->local(); }

    void enter(state s) noexcept;
    void run();
    void take_steps();
    void soon();
    bool step();
    bool step_head();
    bool step_busy();
    bool step_discard();
    void rest();
    void go_on();
    void dispatch();
    void finish();
    void detach() noexcept;
    void forget_body() noexcept;
    void refuse(int status, std::string_view reason, cancel_reason why);
    void client_ended();
    void end_with(exchange& x, cancel_reason why) noexcept;
    void write_through(std::string_view body);
    void head_of(exchange& x, http::response_head& head, int status, std::string_view reason, std::string_view fields);
    void want() noexcept;

    std::span<char> room_to_read();
    void advance_body();
    bool body_over() const noexcept { return framing_ == body_framing::none; }
    bool body_waits() const noexcept { return body_at_ == body_end_ && !body_over() && !body_failed_; }
    void fail_body(int status, error code, const char* why) noexcept;
    bool decide_keep(const exchange& x) const noexcept;
    http::connection_field connection_field(const exchange& x) const noexcept;
    bool send() noexcept;
    void tell_sent();

    h1_shared& shared_;
    std::unique_ptr<net::stream> stream_;
    exchange* x_ = nullptr;                     // the request that is parsed or handled
    exchange* unsent_ = nullptr;                // answered ones whose listeners wait for the send, in order
    std::unique_ptr<http::chunked_decoder> chunks_;
    // Octets received: [head of the request] [body_at_ body_end_: body not handed out] [begin_ end_: not looked at]
    char* in_ = nullptr;
    std::uint32_t capacity_ = 0, begin_ = 0, end_ = 0, body_at_ = 0, body_end_ = 0;
    std::uint32_t pinned_ = 0;                  // octets in front that a handler may look at
    http::output_buffer out_;
    std::uint64_t sent_ = 0;                    // octets of answers since the beginning
    std::uint64_t body_left_ = 0;               // octets of the body that have not been received
    std::uint64_t body_seen_ = 0;               // octets of a chunked body so far
    std::uint64_t swallowed_ = 0;               // octets that were thrown away
    std::uint64_t in_octets_ = 0, out_octets_ = 0; // in the current stretch of waiting
    std::uint64_t requests_ = 0;
    std::uint32_t since_ = 0;                   // tick in which the state began
    std::uint32_t in_ticks_ = 0, out_ticks_ = 0; // ticks of waiting for the client in the current stretch
    state state_ = state::idle;
    body_framing framing_ = body_framing::none;
    bool body_failed_ = false;
    bool lent_ = false;       // a piece of the body is in the hands of the handler
    bool keep_ = true;        // another request may follow
    bool ended_ = false;      // the client sends nothing more
    bool blocked_ = false;    // the client does not take what is sent
    bool stalled_ = false;    // requests wait because answers do
    bool running_ = false;
    bool soon_ = false;
    bool failed_ = false;     // sending has failed
};

} // namespace crema::detail

// ---- crema/server/h1_answer.hpp
// h1_answer: how a connection answers.

#if CREMA_BODIES
#include <algorithm>

namespace crema::detail {

// Decides whether another request may follow this answer.
CREMA_DECL bool h1_connection::decide_keep(const exchange& x) const noexcept {
    const auto& l = shared_.limit;
    if (!x.head_.keep_alive() || x.close_after_ || shared_.draining || body_failed_) return false;
    if (l.requests_per_connection != 0 && requests_ >= l.requests_per_connection) return false;
    if (body_over()) return true;
    // a client that was not asked for its body may send it or not
    if (x.head_.expect_continue() && !x.continued_ && begin_ == end_ && body_at_ == body_end_) return false;
    return framing_ != body_framing::length || body_left_ <= l.drain + (end_ - begin_); // what is here costs nothing
}

CREMA_DECL http::connection_field h1_connection::connection_field(const exchange& x) const noexcept {
    if (!keep_) return http::connection_field::close;
    return x.head_.version_minor() == 0 ? http::connection_field::keep_alive : http::connection_field::none;
}

CREMA_DECL void h1_connection::head_of(exchange& x, http::response_head& head, int status, std::string_view reason, std::string_view fields) {
    if (x.head_sent_) throw system_error(make_error_code(error::already_answered));
    if (status < 200 || !http::is_valid_status(status)) throw system_error(make_error_code(error::bad_value), "status " + std::to_string(status));
    keep_ = decide_keep(x);
    x.no_body_ = http::has_no_body(status) || x.head_.method() == http::method::head;
    head.status = status;
    head.reason = reason;
    head.fields = fields;
    head.date_line = shared_.date.line();
    if (x.head_.method() == http::method::connect && status < 300) { // what follows is a tunnel, which nobody has taken over
        x.no_body_ = true;
        keep_ = false;
    }
    if (out_.capacity() == 0) shared_.take_output(out_);
}

CREMA_DECL void h1_connection::respond(exchange& x, int status, std::string_view reason, std::string_view fields, std::string_view body) {
    http::response_head head;
    head_of(x, head, status, reason, fields);
    if (!x.no_body_ || (x.head_.method() == http::method::head && !http::has_no_body(status))) {
        head.framing = http::body_framing::length;
        head.length = body.size();
    }
    head.connection = connection_field(x);
    const bool through = !x.no_body_ && body.size() >= 64 * 1024 && !blocked_ && !failed_;
    http::write_response(out_, head, x.no_body_ || through ? std::string_view{} : body);
    x.head_sent_ = x.ended_ = true;
    if (through) write_through(body);
    x.sent_at_ = sent_ + out_.size();
    soon();
}

// Sends a large body without copying what the kernel takes at once.
CREMA_DECL void h1_connection::write_through(std::string_view body) {
    const std::string_view pieces[] = {out_.view(), body};
    const auto r = stream_->write(pieces);
    if (r.error && !r.would_block()) {
        failed_ = true;
        return;
    }
    const auto of_head = std::min(r.size, out_.size());
    out_.consume(of_head);
    sent_ += r.size;
    out_octets_ += r.size;
    out_.append(body.substr(r.size - of_head));
    blocked_ = !out_.empty();
}

CREMA_DECL void h1_connection::begin(exchange& x, int status, std::string_view reason, std::string_view fields, std::optional<std::uint64_t> length) {
    http::response_head head;
    head_of(x, head, status, reason, fields);
    using framing = exchange::framing;
    x.out_ = framing::none;
    if (!http::has_no_body(status) && (!x.no_body_ || x.head_.method() == http::method::head)) {
        if (length) {
            x.out_ = framing::length;
            x.out_left_ = *length;
            head.framing = http::body_framing::length;
            head.length = *length;
        } else if (x.head_.version_minor() != 0) {
            x.out_ = framing::chunked;
            head.framing = http::body_framing::chunked;
        } else {
            x.out_ = framing::until_close;
            if (!x.no_body_) keep_ = false;
        }
    }
    head.connection = connection_field(x);
    http::write_response(out_, head);
    x.head_sent_ = true;
    soon();
}

CREMA_DECL void h1_connection::write(exchange& x, std::string_view piece) {
    if (!x.head_sent_ || x.ended_) throw system_error(make_error_code(error::bad_value), "no answer to write to");
    if (piece.empty()) return;
    if (x.out_ == exchange::framing::length) {
        if (piece.size() > x.out_left_) { // the client would take the rest for another answer
            lose(cancel_reason::requested);
            throw system_error(make_error_code(error::bad_value), "response body longer than its Content-Length");
        }
        x.out_left_ -= piece.size();
    }
    if (x.no_body_) return;
    if (out_.capacity() == 0) shared_.take_output(out_);
    if (x.out_ == exchange::framing::chunked) http::write_chunk(out_, piece);
    else out_.append(piece);
    if (out_.size() >= 64 * 1024) send(); // before it grows further; what fails is seen when the callback has ended
    soon();
}

CREMA_DECL void h1_connection::end(exchange& x, std::string_view trailers) {
    if (!x.head_sent_ || x.ended_) throw system_error(make_error_code(error::bad_value), "no answer to end");
    if (x.out_ == exchange::framing::length && x.out_left_ != 0 && !x.no_body_) {
        lose(cancel_reason::requested);
        throw system_error(make_error_code(error::bad_value), "response body shorter than its Content-Length");
    }
    if (x.out_ == exchange::framing::chunked && !x.no_body_) {
        if (out_.capacity() == 0) shared_.take_output(out_);
        http::write_last_chunk(out_, trailers);
    }
    x.ended_ = true;
    x.sent_at_ = sent_ + out_.size();
    soon();
}

CREMA_DECL void h1_connection::informational(exchange& x, int status, std::string_view fields) {
    if (status < 100 || status > 199 || status == 101) throw system_error(make_error_code(error::bad_value), "status " + std::to_string(status));
    if (x.head_sent_ || x.head_.version_minor() == 0) return;
    if (status == 100) x.continued_ = true;
    http::response_head head;
    head.status = status;
    head.fields = fields;
    if (out_.capacity() == 0) shared_.take_output(out_);
    http::write_response(out_, head);
    soon();
}

CREMA_DECL void h1_connection::abort(exchange&) noexcept { lose(cancel_reason::requested); }

CREMA_DECL bool h1_connection::has_room(exchange&) noexcept { return out_.size() <= shared_.limit.backlog; }

CREMA_DECL void h1_connection::released(exchange&) noexcept { soon(); }

// Sends what there is, as far as the kernel takes it. False when the connection is broken.
CREMA_DECL bool h1_connection::send() noexcept {
    if (failed_) return false;
    if (out_.empty() || blocked_) return true;
    const std::string_view piece[] = {out_.view()};
    const auto r = stream_->write(piece);
    if (r.error && !r.would_block()) {
        failed_ = true;
        return false;
    }
    sent_ += r.size;
    out_octets_ += r.size;
    out_.consume(r.size);
    blocked_ = !out_.empty();
    if (!blocked_) {
        out_ticks_ = 0;
        out_octets_ = 0;
    }
    return true;
}

// Tells those whose answer the kernel has now.
CREMA_DECL void h1_connection::tell_sent() {
    while (unsent_ && unsent_->sent_at_ <= sent_) {
        auto& x = *unsent_;
        unsent_ = x.next_;
        x.told_ = true;
        x.listener_->on_finish();
        shared_.recycle(x);
    }
    if (state_ == state::busy && x_->ended_ && !x_->told_ && x_->sent_at_ <= sent_) {
        x_->told_ = true;
        if (x_->listener_) x_->listener_->on_finish();
    }
}

} // namespace crema::detail
#endif
// ---- crema/server/h1_body.hpp
// h1_body: how a connection receives the body of a request.

#if CREMA_BODIES
#include <algorithm>
#include <cstring>

namespace crema::detail {

// Where to read to; empty when there is no room before a handler has gone on.
CREMA_DECL std::span<char> h1_connection::room_to_read() {
    constexpr std::uint32_t enough = 4096;
    if (unsent_ || state_ == state::closing) return {};
    if (!in_) {
        in_ = shared_.take_room();
        capacity_ = h1_room::size;
        begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
    }
    if (state_ == state::busy) {
        if ((x_->reader_ || x_->draining_) && !lent_ && begin_ == end_ && body_at_ == body_end_) {
            begin_ = end_ = body_at_ = body_end_ = pinned_;
            const std::size_t wanted = framing_ == body_framing::length && body_left_ > 4 * h1_room::size ? 4 * h1_room::size : h1_room::size;
            if ((capacity_ - end_ < enough || wanted > capacity_) && !x_->rooms_[0].data) { // the head stays where it is
                auto* const more = shared_.take_room(wanted);
                x_->rooms_[0].data = in_;
                x_->rooms_[0].size = capacity_;
                in_ = more;
                capacity_ = static_cast<std::uint32_t>(wanted);
                begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
            }
        }
        return {in_ + end_, capacity_ - end_};
    }
    if (begin_ == end_) {
        begin_ = end_ = body_at_ = body_end_ = 0;
    } else if (end_ == capacity_) {
        if (begin_ != 0) {
            std::memmove(in_, in_ + begin_, end_ - begin_);
        } else { // a head that is larger than the room; the parser says how large it may be
            auto* const more = shared_.take_room(std::size_t{capacity_} * 2);
            std::memcpy(more, in_, end_);
            shared_.give_room(in_, capacity_);
            in_ = more;
            capacity_ *= 2;
        }
        end_ -= begin_;
        begin_ = body_at_ = body_end_ = 0;
    }
    return {in_ + end_, capacity_ - end_};
}

// Finds what there is of the body among the octets received.
CREMA_DECL void h1_connection::advance_body() {
    if (body_over() || body_failed_ || begin_ == end_) return;
    if (body_at_ == body_end_) body_at_ = body_end_ = begin_;
    if (framing_ == body_framing::length) {
        const auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(body_left_, end_ - begin_));
        begin_ += n;
        body_end_ = begin_;
        body_left_ -= n;
        if (body_left_ == 0) framing_ = body_framing::none;
        return;
    }
    const auto got = chunks_->decode(in_ + begin_, end_ - begin_);
    const auto produced = static_cast<std::uint32_t>(got.produced);
    if (produced != 0 && body_end_ != begin_) std::memmove(in_ + body_end_, in_ + begin_, produced);
    body_end_ += produced;
    begin_ += static_cast<std::uint32_t>(got.consumed);
    body_seen_ += produced;
    if (got.state == http::parse_state::bad) {
        fail_body(chunks_->status(), chunks_->status() == 400 ? error::bad_syntax : error::would_exceed_limit, chunks_->reason().data());
    } else if (body_seen_ > shared_.limit.body) {
        fail_body(413, error::would_exceed_limit, "the body is too large");
    } else if (got.state == http::parse_state::done) {
        framing_ = body_framing::none;
    }
}

CREMA_DECL void h1_connection::fail_body(int status, error code, const char* why) noexcept {
    body_failed_ = true;
    keep_ = false;
    if (!x_) return;
    x_->body_status_ = static_cast<std::uint16_t>(status);
    x_->body_error_ = make_error_code(code);
    x_->body_reason_ = why;
}

CREMA_DECL body_state h1_connection::next_piece(exchange&, std::string_view& piece) {
    piece = {};
    lent_ = false;
    advance_body();
    if (body_failed_) return body_state::failed;
    if (body_at_ != body_end_) {
        piece = {in_ + body_at_, body_end_ - body_at_};
        body_at_ = body_end_;
        lent_ = true;
        return body_state::piece;
    }
    return body_over() ? body_state::end : body_state::wait;
}

CREMA_DECL std::optional<std::string_view> h1_connection::buffered_body(exchange& x) {
    if (lent_ || !x.head_.has_body()) return std::nullopt;
    advance_body();
    if (!body_over() || body_at_ == body_end_) return std::nullopt;
    std::string_view all;
    next_piece(x, all);
    return all;
}

// Somebody waits for the body, or wants it to be thrown away.
CREMA_DECL void h1_connection::wants_body(exchange& x) {
    if (x.reader_ && x.head_.expect_continue() && !x.continued_ && !x.head_sent_ && begin_ == end_) informational(x, 100, {});
    soon();
}

CREMA_DECL std::string_view h1_connection::trailers(const exchange&) const noexcept {
    return chunks_ && body_over() ? chunks_->trailers() : std::string_view{};
}

} // namespace crema::detail
#endif
// ---- crema/server/h1_connection.hpp, bodies
#if CREMA_BODIES
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace crema::detail {

CREMA_DECL h1_connection::h1_connection(h1_shared& shared, std::unique_ptr<net::stream> s)
    : shared_(shared), stream_(std::move(s)), since_(shared.tick) {
    shared.idle.push_back(*this);
    ++shared.connections;
}

CREMA_DECL h1_connection::~h1_connection() {
    if (soon_) shared_.not_soon(*this);
    if (in_) shared_.give_room(in_, capacity_);
}

CREMA_DECL void h1_shared::run_soon() {
    const entry e(*this);
    running_.swap(soon_);
    for (std::size_t i = 0; i < running_.size(); ++i) if (running_[i]) running_[i]->run_soon();
    running_.clear();
}

CREMA_DECL void h1_shared::leave() noexcept {
    while (!buried.alone()) {
        auto* c = static_cast<h1_connection*>(buried.next);
        c->unlink();
        delete c;
    }
}

template <class F>
void h1_shared::for_each(h1_link& list, F&& f) {
    const entry e(*this);
    h1_link rest;
    rest.take_all(list);
    while (!rest.alone()) {
        auto& c = *static_cast<h1_connection*>(rest.next);
        list.push_back(c);
        f(c);
    }
}

// Looks at all deadlines.
CREMA_DECL void h1_shared::check_all() {
    date.refresh(static_cast<std::int64_t>(std::time(nullptr)));
    const entry e(*this);
    while (!idle.alone()) {
        auto& c = *static_cast<h1_connection*>(idle.next);
        if (tick - c.since() <= idle_ticks) break;
        c.lose(cancel_reason::timed_out);
    }
    for_each(active, [](h1_connection& c) { c.check(); });
    passed = 0;
}

// Cancels everything.
CREMA_DECL void h1_shared::cut(cancel_reason why) {
    const auto keep = shared_from_this();
    for_each(idle, [&](h1_connection& c) { c.lose(why); });
    for_each(active, [&](h1_connection& c) { c.lose(why); });
    for (auto* x = detached; x;) { // each cancellation may end any of them
        if (x->scope_.is_cancelled()) {
            x = x->next_;
            continue;
        }
        x->retain();
        x->scope_.cancel(why);
        x->release();
        x = detached;
    }
}

CREMA_DECL void h1_shared::drain() {
    draining = true;
    for_each(idle, [](h1_connection& c) { c.drain(); });
    may_be_quiet();
}

CREMA_DECL void h1_connection::start() { stream_->start(*this); }

CREMA_DECL void h1_connection::enter(state s) noexcept {
    state_ = s;
    since_ = shared_.tick;
}

// Asks for a run when the running callback has ended.
CREMA_DECL void h1_connection::soon() {
    if (running_ || state_ == state::closed || std::exchange(soon_, true)) return;
    shared_.soon(*this);
}
CREMA_DECL void h1_connection::run_soon() {
    soon_ = false;
    run();
}

CREMA_DECL void h1_connection::on_readable() {
    const h1_shared::entry e(shared_);
    if (state_ == state::linger) {
        const auto r = stream_->read(shared_.scratch);
        swallowed_ += r.size;
        if ((r.error && !r.would_block()) || (!r.error && r.size == 0)) lose(cancel_reason::disconnected);
        return;
    }
    const auto room = room_to_read();
    if (room.empty()) return want();
    const auto r = stream_->read(room);
    if (r.error) {
        if (!r.would_block()) return lose(cancel_reason::disconnected);
        return rest();
    }
    if (r.size == 0) return client_ended();
    end_ += static_cast<std::uint32_t>(r.size);
    in_octets_ += r.size;
    run();
}

CREMA_DECL void h1_connection::on_writable() {
    const h1_shared::entry e(shared_);
    blocked_ = false;
    run();
}

// Nothing is read at the moment, and the client has gone or will send nothing more.
CREMA_DECL void h1_connection::on_peer_closed() {
    const h1_shared::entry e(shared_);
    if (state_ == state::busy && body_over() && !x_->ended_ && !shared_.half_open) lose(cancel_reason::disconnected);
}

// Takes steps until nothing more can be done, and sends what they have answered.
CREMA_DECL void h1_connection::run() {
    if (running_ || state_ == state::closed) return;
    const h1_shared::entry e(shared_);
    running_ = true;
    try {
        take_steps();
    } catch (...) { // no memory
        shared_.owner->report_unobserved(std::current_exception());
        lose(cancel_reason::requested);
    }
    running_ = false;
    if (state_ != state::closed) rest();
}

CREMA_DECL void h1_connection::take_steps() {
    for (;;) {
        while (step()) {}
        if (state_ == state::closed) break;
        if (!send()) {
            lose(cancel_reason::disconnected);
            break;
        }
        tell_sent();
        if (state_ == state::closed) break;
        if (stalled_ && out_.size() <= shared_.limit.backlog) {
            stalled_ = false;
            continue;
        }
        if (state_ != state::busy) break;
        if (x_->writer_ && has_room(*x_)) {
            x_->writer_->wake(*x_->writer_);
            continue;
        }
        if (x_->retained_ == 0) continue; // a listener let go
        break;
    }
}

CREMA_DECL bool h1_connection::step() {
    switch (state_) {
    case state::idle:
    case state::head: return step_head();
    case state::busy: return step_busy();
    case state::discard: return step_discard();
    default: return false;
    }
}

CREMA_DECL bool h1_connection::step_head() {
    if (begin_ == end_) {
        if (state_ == state::idle && (ended_ || shared_.draining)) enter(state::closing);
        return false;
    }
    if (out_.size() > shared_.limit.backlog) { // the client does not take its answers: no more of them
        if (!send()) failed_ = true;
        if (out_.size() > shared_.limit.backlog) {
            stalled_ = true;
            return false;
        }
    }
    if (!x_) x_ = shared_.take_exchange();
    switch (x_->parser_.parse(x_->head_, in_ + begin_, end_ - begin_)) {
    case http::parse_state::done:
        begin_ += static_cast<std::uint32_t>(x_->parser_.consumed());
        dispatch();
        return true;
    case http::parse_state::need_more:
        if (ended_) refuse(400, "the request is not complete", cancel_reason::disconnected);
        else if (state_ == state::idle) enter(state::head);
        return false;
    case http::parse_state::bad: break;
    }
    refuse(x_->parser_.status(), x_->parser_.reason(), cancel_reason::requested);
    return false;
}

CREMA_DECL bool h1_connection::step_busy() {
    auto& x = *x_;
    if (x.retained_ == 0) {
        if (!x.ended_) { // nobody is left who could answer
            if (x.head_sent_) {
                lose(cancel_reason::requested);
                return false;
            }
            x.close_after_ = true;
            respond(x, 500, {}, "Content-Type: text/plain; charset=utf-8\r\n", "500 Internal Server Error: no answer\n");
        }
        finish();
        return true;
    }
    if (x.reader_ || x.draining_) {
        advance_body();
        if (!body_waits()) {
            if (x.reader_) {
                x.reader_->wake(*x.reader_);
                return true;
            }
            if (body_at_ != body_end_) {
                swallowed_ += body_end_ - body_at_;
                body_at_ = body_end_;
                if (swallowed_ > shared_.limit.drain) fail_body(413, error::would_exceed_limit, "too much of the body was not wanted");
                return true;
            }
        }
    }
    return false;
}

// The rest of a body that nobody wanted.
CREMA_DECL bool h1_connection::step_discard() {
    advance_body();
    const auto size = body_end_ - body_at_;
    body_at_ = body_end_;
    swallowed_ += size;
    if (body_over()) {
        forget_body();
        enter(state::idle);
        return true;
    }
    if (!body_failed_ && swallowed_ <= shared_.limit.drain) return false;
    enter(state::closing);
    return false;
}

// A request is complete as far as its head goes.
CREMA_DECL void h1_connection::dispatch() {
    auto& x = *x_;
    auto& head = x.head_;
    ++requests_;
    lent_ = body_failed_ = stalled_ = false;
    body_seen_ = swallowed_ = in_octets_ = 0;
    in_ticks_ = 0;
    body_at_ = body_end_ = pinned_ = begin_;
    x.carrier_ = this;
    x.owner_ = shared_.owner;
    x.peer_ = stream_->peer();
    x.secure_ = stream_->secure();
    x.head_sent_ = x.ended_ = x.told_ = x.close_after_ = x.no_body_ = x.continued_ = x.draining_ = x.gone_ = false;
    x.out_ = exchange::framing::none;
    x.body_status_ = 0;
    x.body_error_ = {};
    x.body_reason_ = "";
    enter(state::busy);
    ++shared_.exchanges;
    x.retained_ = 1;
    if (head.has_body()) {
        if (head.chunked()) {
            framing_ = body_framing::chunked;
            if (!chunks_) chunks_ = shared_.take_decoder();
            else chunks_->reset();
        } else {
            framing_ = body_framing::length;
            body_left_ = *head.content_length();
            if (body_left_ > shared_.limit.body) {
                x.retained_ = 0;
                return refuse(413, "the body is too large", cancel_reason::requested);
            }
        }
    }
    try {
        shared_.handler->on_request(x);
    } catch (...) {
        shared_.owner->report_unobserved(std::current_exception());
        if (!x.head_sent_) {
            x.close_after_ = true;
            x.respond(500, {}, "Content-Type: text/plain; charset=utf-8\r\n", "500 Internal Server Error\n");
        } else if (!x.ended_) {
            x.abort();
        }
    }
    if (x.carrier_ == this) --x.retained_;
    else x.release(); // the connection was lost
}

// The answer is complete and nobody holds the exchange.
CREMA_DECL void h1_connection::finish() {
    auto& x = *std::exchange(x_, nullptr);
    keep_ = keep_ && !x.close_after_ && !body_failed_;
    if (x.listener_ && !x.told_ && x.listener_->wants_finish()) {
        if (x.sent_at_ <= sent_) {
            x.told_ = true;
            x.listener_->on_finish();
            shared_.recycle(x);
        } else { // after the send; the head of the request stays where it is until then
            x.next_ = nullptr;
            auto** last = &unsent_;
            while (*last) last = &(*last)->next_;
            *last = &x;
        }
    } else {
        shared_.recycle(x);
    }
    if (state_ != state::busy) return; // a listener has closed it
    if (!keep_) return enter(state::closing);
    if (body_over()) {
        forget_body();
        return enter(state::idle);
    }
    advance_body();
    body_at_ = body_end_;
    swallowed_ = 0;
    enter(state::discard);
}

// The connection goes on, or ends, without an exchange that somebody still holds. It takes the octets of its request along.
CREMA_DECL void h1_connection::detach() noexcept {
    auto& x = *std::exchange(x_, nullptr);
    shared_.adopt(x);
    x.reader_ = x.writer_ = nullptr;
    auto& room = x.rooms_[x.rooms_[0].data != nullptr];
    room.data = std::exchange(in_, nullptr);
    room.size = std::exchange(capacity_, 0);
    begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
}

CREMA_DECL void h1_connection::forget_body() noexcept {
    framing_ = body_framing::none;
    lent_ = false;
    pinned_ = 0;
    body_at_ = body_end_ = begin_;
    if (chunks_) shared_.give_back(std::move(chunks_));
}

// Answers what cannot be served, and closes.
CREMA_DECL void h1_connection::refuse(int status, std::string_view reason, cancel_reason why) {
    const h1_shared::entry e(shared_);
    const bool handled = state_ == state::busy;
    if (handled && x_->head_sent_) return lose(why);
    const auto phrase = http::reason_phrase(status);
    const auto octets = std::string_view(in_ + (handled ? 0 : begin_), in_ ? end_ - (handled ? 0 : begin_) : 0);
    client_error error{status, reason, stream_->peer(), octets, "text/plain; charset=utf-8", {}};
    error.body = std::to_string(status) + " " + std::string(phrase) + ": " + std::string(reason) + "\n";
    if (shared_.on_client_error) {
        try {
            shared_.on_client_error(error);
        } catch (...) {
            shared_.owner->report_unobserved(std::current_exception());
        }
        if (state_ == state::closed) return;
    }
    const auto fields = error.type.empty() ? std::string() : "Content-Type: " + error.type + "\r\n";
    const bool silent = x_ && x_->parser_.has_request_line() && x_->head_.method() == http::method::head;
    http::response_head head;
    head.status = status;
    head.fields = fields;
    head.date_line = shared_.date.line();
    head.connection = http::connection_field::close;
    head.framing = http::body_framing::length;
    head.length = error.body.size();
    keep_ = false;
    if (out_.capacity() == 0) shared_.take_output(out_);
    http::write_response(out_, head, silent ? std::string_view{} : error.body);
    framing_ = body_framing::none;
    enter(state::closing);
    if (handled) {
        auto& x = *x_;
        end_with(x, why);
    } else if (x_) {
        shared_.give_back(std::exchange(x_, nullptr));
    }
    if (!running_) run();
}

// The client has sent all it will.
CREMA_DECL void h1_connection::client_ended() {
    ended_ = true;
    switch (state_) {
    case state::idle:
        if (begin_ == end_ && out_.empty()) return lose(cancel_reason::disconnected);
        break;
    case state::head: return refuse(400, "the request is not complete", cancel_reason::disconnected);
    case state::busy:
        advance_body();
        if (x_->ended_) break;
        if (!body_over()) return refuse(400, "the body is not complete", cancel_reason::disconnected);
        if (!shared_.half_open) return lose(cancel_reason::disconnected);
        break;
    case state::discard: enter(state::closing); break;
    default: break;
    }
    run();
}

// Tells an exchange that nobody is there any more, and lets go of it.
CREMA_DECL void h1_connection::end_with(exchange& x, cancel_reason why) noexcept {
    auto* const reader = x.reader_;
    auto* const writer = x.writer_;
    detach();
    x.reader_ = reader;
    x.writer_ = writer;
    x.gone_ = true;
    ++x.retained_;
    const bool told = std::exchange(x.told_, true);
    x.ended_ = true;
    if (!told && x.listener_) x.listener_->on_close(why);
    x.scope_.cancel(why);
    try {
        if (x.reader_) x.reader_->wake(*x.reader_);
        if (x.writer_) x.writer_->wake(*x.writer_);
    } catch (...) {
        shared_.owner->report_unobserved(std::current_exception());
    }
    x.release();
}

CREMA_DECL void h1_connection::lose(cancel_reason why) noexcept {
    if (state_ == state::closed) return;
    const h1_shared::entry e(shared_);
    const bool handled = state_ == state::busy && x_ != nullptr;
    const bool cut = (handled && !x_->ended_) || !out_.empty() || failed_;
    state_ = state::closed;
    keep_ = false;
    shared_.buried.push_back(*this);
    if (cut) stream_->reset();
    else stream_->close();
    while (unsent_) {
        auto& x = *unsent_;
        unsent_ = x.next_;
        x.told_ = true;
        if (x.listener_) x.listener_->on_close(why);
        shared_.recycle(x);
    }
    if (handled) end_with(*x_, why);
    else if (x_) shared_.give_back(std::exchange(x_, nullptr));
    if (chunks_) shared_.give_back(std::move(chunks_));
    shared_.give_output(out_);
    --shared_.connections;
    if (shared_.on_gone) shared_.on_gone(*this);
    if (shared_.draining) shared_.may_be_quiet();
}

// Nothing more can be done now: gives back what is not needed and says what is waited for.
CREMA_DECL void h1_connection::rest() {
    if (state_ == state::busy && x_->ended_ && x_->told_ && body_over()) return go_on();
    if (out_.empty()) {
        if (out_.capacity() != 0) shared_.give_output(out_);
        if (state_ == state::closing) {
            if (ended_) return lose(cancel_reason::disconnected);
            stream_->end();
            begin_ = end_;
            enter(state::linger);
        }
        if ((state_ == state::idle || state_ == state::linger) && begin_ == end_) {
            if (in_) shared_.give_room(std::exchange(in_, nullptr), capacity_);
            capacity_ = begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
            if (x_) shared_.give_back(std::exchange(x_, nullptr));
            if (state_ == state::idle) {
                since_ = shared_.tick;
                shared_.idle.push_back(*this);
                return want();
            }
        }
    }
    shared_.active.push_back(*this);
    want();
}

// Whatever the handler still does after its answer is its own affair; the next request does not wait for it.
CREMA_DECL void h1_connection::go_on() {
    const auto left = end_ - begin_;
    const auto size = std::max<std::size_t>(h1_room::size, left);
    char* more = nullptr;
    if (left != 0) {
        more = shared_.take_room(size);
        std::memcpy(more, in_ + begin_, left);
    }
    keep_ = keep_ && !x_->close_after_ && !body_failed_;
    detach();
    forget_body();
    if (more) {
        in_ = more;
        capacity_ = static_cast<std::uint32_t>(size);
        end_ = left;
    }
    enter(keep_ ? state::idle : state::closing);
    run();
}

CREMA_DECL void h1_connection::want() noexcept {
    bool readable = !ended_;
    if (state_ == state::busy) readable = readable && !unsent_ && (end_ < capacity_ || ((x_->reader_ || x_->draining_) && !lent_));
    else if (state_ == state::closing || stalled_ || (unsent_ && state_ != state::linger)) readable = false;
    stream_->want(readable, blocked_);
}

CREMA_DECL void h1_connection::check() {
    const auto& s = shared_;
    const auto slow = [&s](std::uint32_t& ticks, std::uint64_t& octets) {
        ticks += s.passed;
        if (ticks < s.rate_ticks) return false;
        const bool result = octets < s.rate_octets;
        ticks = 0;
        octets = 0;
        return result;
    };
    if (blocked_ && slow(out_ticks_, out_octets_)) {
        failed_ = true;
        return lose(cancel_reason::timed_out);
    }
    switch (state_) {
    case state::head:
        if (s.tick - since_ > s.header_ticks) refuse(408, "the header took too long", cancel_reason::timed_out);
        break;
    case state::busy:
        if ((x_->reader_ || x_->draining_) && body_waits() && slow(in_ticks_, in_octets_)) {
            fail_body(408, error::timed_out, "the body comes too slowly");
            refuse(408, "the body comes too slowly", cancel_reason::timed_out);
        }
        break;
    case state::discard:
        if (slow(in_ticks_, in_octets_)) {
            enter(state::closing);
            run();
        }
        break;
    case state::linger:
        if (s.tick - since_ > s.linger_ticks) lose(cancel_reason::timed_out);
        break;
    default: break;
    }
}

// The server closes: a request that runs is the last one, one that is there already is served.
CREMA_DECL void h1_connection::drain() {
    if (state_ != state::idle || begin_ != end_ || !out_.empty()) return;
    on_readable();
    if (state_ == state::idle) lose(cancel_reason::shutdown);
}

} // namespace crema::detail
#endif
// ---- crema/server/server.hpp, bodies
#if CREMA_BODIES
#include <algorithm>
#include <unistd.h>
#include <utility>

namespace crema {

CREMA_DECL server::server(class loop& l, exchange_handler& handler, server_options options)
    : loop_(l), poller_(l), shared_(std::make_shared<detail::h1_shared>(handler, l, options.limit)) {
    shared_->half_open = options.half_open;
    shared_->on_client_error = std::move(options.on_client_error);
    shared_->on_gone = [this](detail::h1_connection& c) {
        const auto at = by_address_.find(c.peer().host_key());
        if (at != by_address_.end() && --at->second == 0) by_address_.erase(at);
    };
    shared_->on_quiet = [this] { quiet(); };
    ticker_.unref();
}

CREMA_DECL server::~server() {
    listeners_.clear();
    done_.reset();
    shared_->draining = true;
    shared_->on_quiet = {};
    shared_->cut(cancel_reason::shutdown);
    shared_->on_gone = {};
    shared_->on_client_error = {};
    if (shared_->exchanges != 0) shared_->self = shared_; // what somebody still holds
}

CREMA_DECL void server::listen(const std::string& host, std::uint16_t port) {
    listeners_.push_back(std::make_unique<net::listener>(poller_, host, port,
                                                         [this](int fd, const net::address& peer) { accept(fd, peer); }));
}

CREMA_DECL void server::accept(int fd, const net::address& peer) {
    const auto& l = shared_->limit;
    const auto from = by_address_.find(peer.host_key());
    if (shared_->connections >= l.connections || (from != by_address_.end() && from->second >= l.connections_per_address)) {
        ::close(fd);
        return;
    }
    serve(std::make_unique<net::socket_stream>(poller_, fd, peer));
}

CREMA_DECL void server::serve(std::unique_ptr<net::stream> s) {
    if (shared_->draining) return s->close();
    ++by_address_[s->peer().host_key()];
    const detail::h1_shared::entry e(*shared_);
    (new detail::h1_connection(*shared_, std::move(s)))->start();
    start_ticks();
}

CREMA_DECL void server::start_ticks() {
    if (ticker_.active()) return;
    if (last_tick_ == std::chrono::steady_clock::time_point{}) last_tick_ = loop_.now();
    ticker_.start(loop_.timers(), shared_->period);
}

// Ticks go on as long as there is anybody to watch. When they come late, because something has blocked the loop, clients
// have sent octets that nobody has seen yet: these come first, deadlines after the poll phase.
CREMA_DECL void server::tick() {
    const auto elapsed = (loop_.now() - last_tick_) / shared_->period;
    last_tick_ = loop_.now();
    const auto ticks = static_cast<std::uint32_t>(std::clamp<std::int64_t>(elapsed, 1, 1 << 20));
    shared_->tick += ticks;
    shared_->passed += ticks;
    start_ticks();
    if (shared_->passed > 2) late_.start(loop_.immediates());
    else pass();
}

// Deadlines, the date, sockets that could not be accepted.
CREMA_DECL void server::pass() {
    const auto keep = shared_;
    for (auto& l : listeners_)
        if (l->paused()) l->resume();
    keep->check_all(); // may destroy this
    if (keep->on_quiet && keep->connections == 0) {
        ticker_.cancel();
        last_tick_ = {};
    }
}

CREMA_DECL void server::close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done) {
    if (done) done_ = std::move(done);
    listeners_.clear();
    const bool first = !shared_->draining;
    if (first) report_.finished = shared_->exchanges;
    if (grace.count() > 0) grace_.start(loop_.timers(), grace);
    const auto keep = shared_;
    if (first) keep->drain();
    if (grace.count() <= 0) cut();
    else keep->may_be_quiet();
}

CREMA_DECL void server::cut() {
    grace_.cancel();
    report_.cut += shared_->exchanges;
    const auto keep = shared_;
    keep->cut(cancel_reason::shutdown);
    keep->may_be_quiet();
}

CREMA_DECL void server::quiet() {
    ticker_.cancel();
    grace_.cancel();
    report_.finished -= std::min(report_.finished, report_.cut);
    auto closed = std::exchange(closed_, {});
    if (auto done = std::exchange(done_, {})) done(std::exchange(report_, {}));
    if (closed) closed(); // this may be gone
}

} // namespace crema
#endif
// ---- crema/route/program.hpp
// Program: the compiled form of route patterns, and the matcher of one path which runs it without backtracking twice.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema::route {

/** Says how a pattern meets a path.

    @par Thread Safety
    Distinct objects: safe.
*/
struct pattern_options {
    bool end = true;                  ///< the whole path must match; else a prefix that ends before a delimiter will do
    bool sensitive = false;           ///< the case of ASCII letters matters
    bool trailing = true;             ///< one delimiter at the end of the path may be ignored
    bool decode = true;               ///< captured values are decoded on demand; else they are handed out as they stand
    std::string_view delimiter = "/"; ///< what parameters do not cross
};

namespace detail {

/* path-to-regexp makes a regular expression of a pattern: an alternation of sequences, one for each way to take or
   leave the optional groups. A sequence is text and captures, and a capture is "one or more octets at which neither of
   two texts begins", longest first, sometimes with a second form when the first fails. A `step` is one of these. */
enum class step_kind : unsigned char {
    text,    // `text`
    segment, // a capture up to the delimiter, which is one octet
    rest,    // a capture of everything
    run,     // a capture up to where `stop[0]` or `stop[1]` begins
};
enum class second_form : unsigned char {
    none,
    text, // or else `other[0]`
    run,  // or else up to where `other[0]` or `other[1]` begins
};
struct piece {
    std::uint32_t at = 0, size = 0; // in program::chars; of no size: begins nowhere
};
struct step {
    step_kind kind = step_kind::text;
    second_form second = second_form::none;
    bool only_longest = false; // what follows begins with a stop: no shorter capture can do
    bool wildcard = false;
    piece text;
    piece stop[2];
    piece other[2];
    std::uint32_t key = 0;     // of a capture: index of its name
    std::uint32_t slot = 0;    // its place in the match; `shadowed` when a later capture has the same name
    std::uint32_t ordinal = 0; // counts the captures of its sequence
};
inline constexpr std::uint32_t shadowed = ~std::uint32_t{0};

struct sequence {
    std::uint32_t first = 0, last = 0; // steps
    std::uint32_t slots = 0;           // distinct names
    std::uint32_t captures = 0;
    bool straight = false; // each capture has one possible end: there are no ways back
};

struct captured {
    std::uint32_t step, begin, end;
};

struct program {
    std::vector<step> steps;
    std::vector<sequence> sequences;
    std::vector<std::string> names;
    std::string chars;     // all texts; small letters when not `sensitive`
    std::string delimiter; // as in chars
    std::string separator; // the same as it was given
    std::string source;
    std::uint32_t slots = 0; // the most of any sequence
    bool end = true, sensitive = false, trailing = true, decode = true;
    bool everything = false; // matches every path, with nothing of it

    std::string_view text_of(piece p) const noexcept { return std::string_view(chars).substr(p.at, p.size); }
};

inline std::uint64_t load64(const char* p) noexcept {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    return v;
}
inline std::uint32_t load32(const char* p) noexcept {
    std::uint32_t v;
    std::memcpy(&v, p, 4);
    return v;
}

// Makes the ASCII capitals among eight octets small.
constexpr std::uint64_t fold64(std::uint64_t v) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    const std::uint64_t low = v & (0x7f * ones);
    const std::uint64_t from_a = low + (0x80 - 'A') * ones, past_z = low + (0x7f - 'Z') * ones;
    return v | ((from_a & ~past_z & ~v & (0x80 * ones)) >> 2);
}

// Compares `n` octets of a path with text; `Fold` makes the path's small, the text's are small already.
template <bool Fold>
CREMA_FORCEINLINE bool same_text(const char* path, const char* text, std::size_t n) noexcept {
    const auto differ = [](std::uint64_t p, std::uint64_t t) { return p != t && (!Fold || fold64(p) != t); };
    if (n >= 8) {
        for (std::size_t i = 0; i + 8 < n; i += 8)
            if (differ(load64(path + i), load64(text + i))) return false;
        return !differ(load64(path + n - 8), load64(text + n - 8));
    }
    if (n >= 4) {
        const auto both = [n](const char* p) { return std::uint64_t{load32(p)} << 32 | load32(p + n - 4); };
        return !differ(both(path), both(text));
    }
    if (n == 0) return true;
    const auto all = [n](const char* p) {
        const auto octet = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
        return octet(0) | octet(n / 2) << 8 | octet(n - 1) << 16;
    };
    return !differ(all(path), all(text));
}

// Returns the first of a one-octet delimiter, or `end`.
CREMA_FORCEINLINE const char* find_octet(const char* at, const char* end, char octet) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    const std::uint64_t wanted = static_cast<unsigned char>(octet) * ones;
    for (; end - at >= 8; at += 8) {
        const std::uint64_t v = load64(at) ^ wanted;
        if (((v - ones) & ~v & (0x80 * ones)) != 0) break;
    }
    while (at != end && *at != octet) ++at;
    return at;
}

/* Runs a program over one path. First greedily, with the ways back bounded in number; a pattern and a path that need
   more are done again with a memory of what failed, which takes time linear in the path and some memory. */
class runner {
public:
    runner(const program& p, std::string_view path, captured* slots) noexcept
        : program_(p), chars_(p.chars.data()), path_(path.data()), size_(static_cast<std::uint32_t>(path.size())),
          delimiter_(p.delimiter.size() == 1 ? p.delimiter[0] : '\0'), fold_(!p.sensitive), slots_(slots) {}

    // Returns the sequence that matches, or null.
    CREMA_DECL const sequence* match();

    std::uint32_t length() const noexcept { return length_; } // octets matched
    std::uint32_t work() const noexcept { return work_; }     // a measure of the time taken

private:
    bool same(std::uint32_t at, piece p) const noexcept {
        return fold_ ? same_text<true>(path_ + at, chars_ + p.at, p.size)
                     : same_text<false>(path_ + at, chars_ + p.at, p.size);
    }
    bool begins(std::uint32_t at, piece p) const noexcept { return size_ - at >= p.size && same(at, p); }
    bool stops(std::uint32_t at, const piece (&stop)[2]) const noexcept {
        return (stop[0].size != 0 && begins(at, stop[0])) || (stop[1].size != 0 && begins(at, stop[1]));
    }
    template <bool Fold>
    bool straight(const sequence& q) noexcept;
    CREMA_DECL bool finish(std::uint32_t at) noexcept;
    CREMA_DECL std::uint32_t extent(const step& s, std::uint32_t at) noexcept;
    template <bool Careful>
    bool run(const step* s, const step* last, std::uint32_t at);
    template <bool Careful>
    bool capture(const step* s, const step* last, std::uint32_t at);
    CREMA_DECL bool exits(const step* s, const step* last, std::uint32_t at, unsigned form);
    CREMA_DECL void prepare(const sequence& q);

    bool take(const step* s, std::uint32_t begin, std::uint32_t end) noexcept {
        if (s->slot != shadowed) slots_[s->slot] = {static_cast<std::uint32_t>(s - program_.steps.data()), begin, end};
        return true;
    }

    const program& program_;
    const char* chars_;
    const char* path_;
    std::uint32_t size_;
    char delimiter_;
    bool fold_;
    bool gave_up_ = false;
    captured* slots_;
    std::uint32_t length_ = 0;
    std::uint32_t work_ = 0;
    std::uint32_t budget_ = 0;
    std::unique_ptr<std::uint32_t[]> memory_; // of `exits`, see there
};

/** Compiles tokens into a program, which it extends.

    @param combinations Counts the sequences of this program.
*/
CREMA_DECL std::optional<pattern_error> extend_program(program& p, const token_list& list, std::uint32_t& combinations);

} // namespace detail
} // namespace crema::route

#if CREMA_BODIES
#include <algorithm>
namespace crema::route::detail {

// Tells whether the path may end here, and how long the match is then.
CREMA_DECL bool runner::finish(std::uint32_t at) noexcept {
    if (at == size_) {
        length_ = at;
        return true;
    }
    const piece d{0, static_cast<std::uint32_t>(program_.delimiter.size())}; // it stands first in `chars`
    const bool delimited = begins(at, d);
    if (delimited && program_.trailing && size_ - at == d.size) {
        length_ = size_;
        return true;
    }
    length_ = at;
    return delimited && !program_.end;
}

// Returns where the capture ends at the latest; `at` when it captures nothing.
CREMA_DECL std::uint32_t runner::extent(const step& s, std::uint32_t at) noexcept {
    switch (s.kind) {
    case step_kind::segment:
        return static_cast<std::uint32_t>(find_octet(path_ + at, path_ + size_, delimiter_) - path_);
    case step_kind::rest: return size_;
    default:
        while (at != size_ && !stops(at, s.stop)) ++at;
        return at;
    }
}

// Matches a sequence that has no ways back.
template <bool Fold>
bool runner::straight(const sequence& q) noexcept {
    const char* at = path_;
    const char* const end = path_ + size_;
    const step* const steps = program_.steps.data();
    for (std::uint32_t i = q.first; i != q.last; ++i) {
        const step& s = steps[i];
        if (s.kind == step_kind::text) {
            if (static_cast<std::size_t>(end - at) < s.text.size ||
                !same_text<Fold>(at, chars_ + s.text.at, s.text.size))
                return false;
            at += s.text.size;
            continue;
        }
        const char* const begin = at;
        at = s.kind == step_kind::segment ? find_octet(at, end, delimiter_) : end;
        if (at == begin) return false;
        if (s.slot != shadowed)
            slots_[s.slot] = {i, static_cast<std::uint32_t>(begin - path_), static_cast<std::uint32_t>(at - path_)};
    }
    return finish(static_cast<std::uint32_t>(at - path_));
}

template <bool Careful>
bool runner::run(const step* s, const step* last, std::uint32_t at) {
    for (; s != last; ++s) {
        if (s->kind != step_kind::text) return capture<Careful>(s, last, at);
        if (!begins(at, s->text)) return false;
        at += s->text.size;
    }
    return finish(at);
}

template <bool Careful>
bool runner::capture(const step* s, const step* last, std::uint32_t at) {
    if constexpr (Careful) {
        std::uint32_t& entered = memory_[(s->ordinal * 5 + 4) * (std::size_t{size_} + 1) + at];
        if (entered) return false;
        entered = 1;
        ++work_;
        if (exits(s, last, at, 0)) return true;
        if (s->second == second_form::run) return exits(s, last, at, 1);
    } else {
        const std::uint32_t end = extent(*s, at);
        work_ += end - at + 1;
        if (work_ > budget_) gave_up_ = true;
        if (gave_up_) return false;
        const std::uint32_t shortest = s->only_longest ? end - 1 : at;
        for (std::uint32_t e = end; e > at && e > shortest; --e) {
            if (run<false>(s + 1, last, e)) return take(s, at, e);
            if (gave_up_) return false;
        }
        if (s->second == second_form::none) return false;
        if (s->second == second_form::run) {
            std::uint32_t e = at;
            while (e != size_ && !stops(e, s->other)) ++e;
            work_ += e - at;
            for (; e > at; --e) {
                if (run<false>(s + 1, last, e)) return take(s, at, e);
                if (gave_up_) return false;
            }
        }
    }
    if (s->second == second_form::text && begins(at, s->other[0]) && run<Careful>(s + 1, last, at + s->other[0].size))
        return take(s, at, at + s->other[0].size);
    return false;
}

/* The memory holds for each capture five arrays of an entry for each octet and the end: for both forms, where a run
   ends that covers this octet, and of the run that ends here the first octet at which going on was tried, plus one; and
   whether the capture was tried here. What was tried has failed, else the match would be over. So each octet is tried
   once. */
CREMA_DECL bool runner::exits(const step* s, const step* last, std::uint32_t at, unsigned form) {
    std::uint32_t* const ends = memory_.get() + (s->ordinal * 5 + form * 2) * (std::size_t{size_} + 1);
    std::uint32_t* const tried = ends + size_ + 1;
    const std::uint32_t end = ends[at];
    for (std::uint32_t e = std::min(end, tried[end] ? tried[end] - 2 : end); e > at; --e) {
        tried[end] = e + 1;
        ++work_;
        if (run<true>(s + 1, last, e)) return take(s, at, e);
    }
    return false;
}

// Makes the memory of a sequence.
CREMA_DECL void runner::prepare(const sequence& q) {
    const std::size_t row = std::size_t{size_} + 1;
    memory_ = std::make_unique<std::uint32_t[]>(q.captures * 5 * row);
    for (std::uint32_t i = q.first; i < q.last; ++i) {
        const step& s = program_.steps[i];
        if (s.kind == step_kind::text) continue;
        for (unsigned form = 0; form < 2; ++form) {
            if (form == 1 && s.second != second_form::run) break;
            const auto& stop = form == 0 ? s.stop : s.other;
            std::uint32_t* const ends = memory_.get() + (s.ordinal * 5 + form * 2) * row;
            ends[size_] = size_;
            for (std::uint32_t at = size_; at-- > 0;) ends[at] = stops(at, stop) ? at : ends[at + 1];
        }
    }
    work_ += static_cast<std::uint32_t>(q.captures * row);
}

CREMA_DECL const sequence* runner::match() {
    const step* const steps = program_.steps.data();
    for (const sequence& q : program_.sequences) {
        if (q.straight) {
            work_ += size_ + 1;
            if (fold_ ? straight<true>(q) : straight<false>(q)) return &q;
            continue;
        }
        budget_ = work_ + 8 * size_ + 64;
        if (run<false>(steps + q.first, steps + q.last, 0)) return &q;
        if (!gave_up_) continue;
        gave_up_ = false;
        prepare(q);
        if (run<true>(steps + q.first, steps + q.last, 0)) return &q;
    }
    return nullptr;
}

// Compiles one sequence of tokens, following toRegExpSource of path-to-regexp in what it takes for a stop.
class sequence_compiler {
public:
    sequence_compiler(program& p, const token_list& list, const std::uint32_t* taken, std::uint32_t count)
        : program_(p), list_(list), taken_(taken), count_(count) {}

    void compile() {
        sequence q;
        q.first = static_cast<std::uint32_t>(program_.steps.size());
        for (std::uint32_t i = 0; i < count_; ++i) {
            const token& t = at(i);
            const std::string_view text = list_.text_of(t);
            if (t.kind == token_kind::text) {
                append_text(text, q.first);
                since_capture_ += text;
                if (previous_ == wildcard) since_wildcard_ += text;
                if (text.find(program_.delimiter) != std::string_view::npos) in_segment_ = 0;
                continue;
            }
            step s;
            if (t.kind == token_kind::param) compile_param(s, i + 1);
            else compile_wildcard(s);
            s.wildcard = t.kind == token_kind::wildcard;
            s.key = key_of(text);
            s.ordinal = q.captures++;
            settle(s);
            program_.steps.push_back(s);
            since_capture_.clear();
        }
        q.last = static_cast<std::uint32_t>(program_.steps.size());
        q.slots = assign_slots(q);
        program_.slots = std::max(program_.slots, q.slots);
        q.straight = true;
        for (std::uint32_t i = q.first; i < q.last; ++i) {
            step& each = program_.steps[i];
            each.only_longest = is_final(i, q.last);
            const bool one_end = each.only_longest || (each.kind == step_kind::rest && i + 1 == q.last);
            q.straight &= each.kind == step_kind::text ||
                          (one_end && each.kind != step_kind::run && each.second == second_form::none);
        }
        program_.sequences.push_back(q);
    }

private:
    static constexpr unsigned param = 1, wildcard = 2;

    const token& at(std::uint32_t i) const { return list_.tokens()[taken_[i]]; }

    piece add(std::string_view text) {
        const piece p{static_cast<std::uint32_t>(program_.chars.size()), static_cast<std::uint32_t>(text.size())};
        for (const char c : text) program_.chars += program_.sensitive ? c : to_lower(c);
        return p;
    }
    piece delimiter() const { return {0, static_cast<std::uint32_t>(program_.delimiter.size())}; }

    void append_text(std::string_view text, std::uint32_t first) {
        if (text.empty()) return;
        auto& steps = program_.steps;
        if (steps.size() > first && steps.back().kind == step_kind::text &&
            steps.back().text.at + steps.back().text.size == program_.chars.size()) {
            steps.back().text.size += add(text).size;
            return;
        }
        step s;
        s.text = add(text);
        steps.push_back(s);
    }
    std::string text_from(std::uint32_t i) const {
        std::string text;
        for (; i < count_ && at(i).kind == token_kind::text; ++i) text += list_.text_of(at(i));
        return text;
    }
    bool wildcard_in_segment(std::uint32_t i) const {
        for (; i < count_; ++i) {
            if (at(i).kind == token_kind::wildcard) return true;
            if (at(i).kind == token_kind::text &&
                list_.text_of(at(i)).find(program_.delimiter) != std::string_view::npos)
                break;
        }
        return false;
    }
    void compile_param(step& s, std::uint32_t next) {
        s.kind = step_kind::run;
        s.stop[0] = delimiter();
        if (in_segment_ & wildcard) {
            s.stop[1] = add(since_capture_);
        } else if (wildcard_in_segment(next)) {
            s.stop[1] = add(text_from(next));
        } else if (in_segment_ & param) {
            s.stop[1] = add(since_capture_);
            s.second = second_form::text;
            s.other[0] = s.stop[1];
        }
        previous_ = param;
        in_segment_ |= param;
    }
    void compile_wildcard(step& s) {
        s.kind = step_kind::run;
        if (in_segment_ & wildcard) {
            s.stop[0] = add(since_capture_);
        } else if (!since_wildcard_.empty()) {
            s.stop[0] = add(since_wildcard_);
            s.second = second_form::run;
            s.other[0] = delimiter();
        }
        since_wildcard_.clear();
        previous_ = wildcard;
        in_segment_ |= wildcard;
    }
    // Chooses the cheaper kinds where they do.
    void settle(step& s) const {
        if (s.stop[0].size == 0) std::swap(s.stop[0], s.stop[1]);
        if (s.stop[0].size == 0) s.kind = step_kind::rest;
        else if (s.stop[1].size == 0 && s.stop[0].at == 0 && s.stop[0].size == 1 &&
                 (program_.sensitive || !is_alpha(program_.chars[0])))
            s.kind = step_kind::segment;
    }
    // Tells whether what follows step `i` can only match where a stop begins.
    bool is_final(std::uint32_t i, std::uint32_t last) const {
        const step& s = program_.steps[i];
        if (s.kind == step_kind::text || s.kind == step_kind::rest) return false;
        const piece next = i + 1 == last ? delimiter() : program_.steps[i + 1].text;
        for (const piece stop : s.stop)
            if (stop.size != 0 && program_.text_of(next).starts_with(program_.text_of(stop))) return true;
        return false;
    }
    std::uint32_t key_of(std::string_view name) {
        auto& names = program_.names;
        const auto index = static_cast<std::uint32_t>(std::find(names.begin(), names.end(), name) - names.begin());
        if (index == names.size()) names.emplace_back(name);
        return index;
    }
    // The last capture of a name counts; it takes the place of the first.
    std::uint32_t assign_slots(const sequence& q) {
        std::uint32_t used = 0;
        std::vector<std::uint32_t> slot_of(program_.names.size(), shadowed), last_of(program_.names.size(), 0);
        for (std::uint32_t i = q.first; i < q.last; ++i) {
            const step& s = program_.steps[i];
            if (s.kind == step_kind::text) continue;
            if (slot_of[s.key] == shadowed) slot_of[s.key] = used++;
            last_of[s.key] = i;
        }
        for (std::uint32_t i = q.first; i < q.last; ++i) {
            step& s = program_.steps[i];
            if (s.kind != step_kind::text) s.slot = last_of[s.key] == i ? slot_of[s.key] : shadowed;
        }
        return used;
    }

    program& program_;
    const token_list& list_;
    const std::uint32_t* taken_;
    std::uint32_t count_;
    std::string since_capture_, since_wildcard_;
    unsigned previous_ = 0, in_segment_ = 0;
};

CREMA_DECL std::optional<pattern_error> extend_program(program& p, const token_list& list,
                                                       std::uint32_t& combinations) {
    const auto& tokens = list.tokens();
    const auto count = static_cast<std::uint32_t>(tokens.size());
    std::vector<std::uint32_t> room(tokens.size() + 1);
    if (const auto f = check_tokens(tokens.data(), count, room.data(), combinations)) {
        const token t = f.token < count ? tokens[f.token] : token{};
        return describe_fault(list.source(), f, list.text_of(t), t.kind);
    }
    auto emit = [&](const std::uint32_t* taken, std::uint32_t n) {
        sequence_compiler(p, list, taken, n).compile();
        return true;
    };
    expand_groups(tokens.data(), count, 0, room.data(), 0, emit);
    return std::nullopt;
}

} // namespace crema::route::detail
#endif
// ---- crema/route/pattern.hpp
// Patterns: match paths against the route patterns of Express 5, with captures that are decoded on demand.
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crema::route {

class pattern;
class matcher;
class path_match;
namespace detail {
CREMA_DECL bool match_path(const program& p, std::string_view path, path_match& found);
}

/// Is a named part of a path. The views live as long as the path and the pattern.
struct capture {
    std::string_view name;   ///< the name, without `:` or `*`
    std::string_view value;  ///< as it stands in the path, not decoded
    bool wildcard = false;   ///< `*name`: the value may hold several segments
};

/** Receives the result of `pattern::match`: how much matched, and the captures.

    Has room for eight captures; a pattern with more costs an allocation. A match may be used again and again.
    Holds views into the path, which must outlive its use, and keeps what it needs of the pattern as long as one copy of
    that pattern exists.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class path_match {
public:
    /// Is the number of captures that need no allocation.
    static constexpr std::size_t capacity = 8;

    path_match() noexcept = default;

    /// Returns how many octets of the path matched.
    std::size_t length() const noexcept { return length_; }
    /// Returns the part of the path that matched.
    std::string_view path() const noexcept { return path_.substr(0, length_); }
    /// Returns the number of captures. Those of groups that were left out are not among them.
    std::size_t size() const noexcept { return count_; }
    /// Tells whether there are none.
    bool empty() const noexcept { return count_ == 0; }
    /// Returns a capture; `i` is below `size()`. They come in the order of the pattern, each name once.
    capture operator[](std::size_t i) const noexcept { return at(slots()[i]); }

    /// Returns the capture of a name, if there is one. Linear in their number.
    std::optional<capture> find(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (capture c = at(slots()[i]); c.name == name) return c;
        return std::nullopt;
    }

    /** Return the value of a capture, percent escapes decoded (a plus sign stays one).

        @param i Below `size()`.

        @par Errors
        @li `error::bad_syntax` an escape is malformed: `Failed to decode param '%zz'`.
    */
    CREMA_DECL result<std::string> decoded(std::size_t i) const;

    /** Return the segments of a wildcard, each decoded. A parameter is one segment.

        @param i Below `size()`.

        @par Errors
        As `decoded`.
    */
    CREMA_DECL result<std::vector<std::string>> segments(std::size_t i) const;

    /// Returns a measure of the work that the last match took, matched or not: proportional to time.
    std::size_t work() const noexcept { return work_; }

private:
    friend class pattern;
    friend class matcher;
    friend bool detail::match_path(const detail::program& p, std::string_view path, path_match& found);
    void begin(const detail::program* p, std::string_view path) noexcept {
        program_ = p;
        path_ = path;
        length_ = count_ = work_ = 0;
    }
    CREMA_DECL void make_room(std::uint32_t slots);
    const detail::captured* slots() const noexcept { return more_ ? more_.get() : inline_.data(); }
    detail::captured* slots() noexcept { return more_ ? more_.get() : inline_.data(); }
    capture at(const detail::captured& c) const noexcept {
        const detail::step& s = program_->steps[c.step];
        return {program_->names[s.key], path_.substr(c.begin, c.end - c.begin), s.wildcard};
    }
    const detail::program* program_ = nullptr;
    std::string_view path_;
    std::uint32_t length_ = 0, count_ = 0, work_ = 0, room_ = capacity;
    std::unique_ptr<detail::captured[]> more_;
    std::array<detail::captured, capacity> inline_;
};

/** Decode a captured value as Express does.

    @par Errors
    @li `error::bad_syntax` an escape is malformed: `Failed to decode param '%zz'`.
*/
CREMA_DECL result<std::string> decode_capture(std::string_view value);

/// Says how a layer of a router meets a path.
struct layer_options {
    /// Tells a route, which takes the whole path, from a mount, which takes a prefix of it.
    enum class kind : bool { route, mount };

    kind is = kind::route;  ///< route or mount
    bool sensitive = false; ///< the case of ASCII letters matters: `case sensitive routing`
    bool strict = false;    ///< a final slash matters: `strict routing`
};

/** Matches paths against one or several patterns of path-to-regexp 8.

    `/users/:id` captures one segment or a part of it, `*path` one octet or more across segments, `/a{/b}` has an
    optional part; `\` makes the next character ordinary; a name that is no identifier is quoted, as in `:"user-id"`.
    The result is that of the regular expression which path-to-regexp 8.4 makes, found without one.

    Texts are octets in UTF-8. Case is ignored for ASCII letters alone.

    Copies share one immutable program.

    @par Complexity
    Matching is linear in the length of the path for every pattern, also for hostile paths.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class pattern {
public:
    /** Compile a pattern.

        @param source The pattern; copied.
        @param options Copied.

        @par Errors
        @li `error::bad_pattern` with the position in octets, the words of path-to-regexp and a hint;
        `check_pattern` returns these apart.
    */
    static CREMA_DECL result<pattern> parse(std::string_view source, const pattern_options& options = {});

    /** Compile several patterns into one, tried in order.

        @par Errors
        As with one; the message names the pattern.
    */
    static CREMA_DECL result<pattern> parse(std::span<const std::string_view> sources,
                                            const pattern_options& options = {});
    /// @copydoc parse
    static result<pattern> parse(std::initializer_list<std::string_view> sources, const pattern_options& options = {}) {
        return parse(std::span<const std::string_view>(sources.begin(), sources.size()), options);
    }

    /** Compile tokens.

        @par Errors
        @li `error::bad_pattern` two captures with nothing between, or too many combinations of groups.
    */
    static CREMA_DECL result<pattern> parse(const token_list& tokens, const pattern_options& options = {});

    /** Compile the pattern of a router's layer as Express does.

        Unless strict, slashes at the end of the pattern are ignored and one at the end of the path is. The mount of `/`
        matches every path, with nothing of it.

        @par Errors
        As `parse`.
    */
    static CREMA_DECL result<pattern> layer(std::string_view source, const layer_options& options = {});
    /// Compiles a layer that has several patterns. @copydetails layer
    static CREMA_DECL result<pattern> layer(std::span<const std::string_view> sources,
                                            const layer_options& options = {});

    /** Match a path.

        @param path As received, not decoded, without the query. Must outlive the use of `found`.
        @param found Receives the captures; meaningful only when this returns true, but for `work()`.
        @return Whether it matches.
    */
    bool match(std::string_view path, path_match& found) const { return detail::match_path(*program_, path, found); }

    /// Returns the text of the pattern, of several the first.
    const std::string& source() const noexcept { return program_->source; }
    /// Returns the names of all captures, in the order of their first appearance.
    std::span<const std::string> names() const noexcept { return program_->names; }
    /// Tells whether it matches every path with nothing of it: the mount of `/`.
    bool matches_everything() const noexcept { return program_->everything; }

private:
    friend class matcher;
    explicit pattern(std::shared_ptr<const detail::program> p) noexcept : program_(std::move(p)) {}
    std::shared_ptr<const detail::program> program_;
};

/** Tell what is wrong with a pattern, message and hint apart.

    @return Nothing when it is right.
*/
CREMA_DECL std::optional<pattern_error> check_pattern(std::string_view source);

} // namespace crema::route

#if CREMA_BODIES
namespace crema::route {
namespace detail {

inline std::shared_ptr<program> new_program(const pattern_options& o) {
    auto p = std::make_shared<program>();
    p->end = o.end;
    p->sensitive = o.sensitive;
    p->trailing = o.trailing;
    p->decode = o.decode;
    for (const char c : o.delimiter) p->delimiter += o.sensitive ? c : to_lower(c);
    p->chars = p->delimiter;
    p->separator = o.delimiter;
    return p;
}

inline std::optional<pattern_error> extend_program(program& p, std::string_view source, std::uint32_t& combinations) {
    token_list list;
    if (auto e = parse_pattern(source, list)) return e;
    return extend_program(p, list, combinations);
}

CREMA_DECL bool match_path(const program& p, std::string_view path, path_match& found) {
    found.begin(&p, path);
    if (p.everything) return true;
    if (p.slots > found.room_) found.make_room(p.slots);
    runner run(p, path, found.slots());
    const sequence* const q = run.match();
    found.work_ = run.work();
    if (!q) return false;
    found.length_ = run.length();
    found.count_ = q->slots;
    return true;
}

} // namespace detail

CREMA_DECL void path_match::make_room(std::uint32_t slots) {
    more_ = std::make_unique<detail::captured[]>(slots);
    room_ = slots;
}

CREMA_DECL result<pattern> pattern::parse(std::string_view source, const pattern_options& options) {
    return parse(std::span<const std::string_view>(&source, 1), options);
}

CREMA_DECL result<pattern> pattern::parse(std::span<const std::string_view> sources, const pattern_options& options) {
    auto p = detail::new_program(options);
    std::uint32_t combinations = 0;
    for (const auto source : sources)
        if (const auto e = detail::extend_program(*p, source, combinations)) return e->as_failure();
    if (!sources.empty()) p->source = sources.front();
    return pattern(std::move(p));
}

CREMA_DECL result<pattern> pattern::parse(const token_list& tokens, const pattern_options& options) {
    auto p = detail::new_program(options);
    std::uint32_t combinations = 0;
    if (const auto e = detail::extend_program(*p, tokens, combinations)) return e->as_failure();
    p->source = tokens.source();
    return pattern(std::move(p));
}

CREMA_DECL result<pattern> pattern::layer(std::string_view source, const layer_options& options) {
    if (source != "/" || options.is != layer_options::kind::mount)
        return layer(std::span<const std::string_view>(&source, 1), options);
    auto p = detail::new_program({.end = false});
    p->everything = true;
    p->source = source;
    return pattern(std::move(p));
}

CREMA_DECL result<pattern> pattern::layer(std::span<const std::string_view> sources, const layer_options& options) {
    auto p = detail::new_program({.end = options.is == layer_options::kind::route,
                                  .sensitive = options.sensitive,
                                  .trailing = !options.strict});
    for (const auto given : sources) {
        std::string_view source = given;
        if (!options.strict && source != "/")
            while (source.ends_with('/')) source.remove_suffix(1);
        std::uint32_t combinations = 0;
        if (const auto e = detail::extend_program(*p, source, combinations)) return e->as_failure();
    }
    if (!sources.empty()) p->source = sources.front();
    return pattern(std::move(p));
}

CREMA_DECL result<std::string> decode_capture(std::string_view value) {
    auto text = percent_decode(value);
    if (text) return text;
    return failure{make_error_code(error::bad_syntax), text.error().position,
                   "Failed to decode param '" + std::string(value) + "'"};
}

CREMA_DECL result<std::string> path_match::decoded(std::size_t i) const {
    const auto value = (*this)[i].value;
    return program_->decode ? decode_capture(value) : result<std::string>(std::string(value));
}

CREMA_DECL result<std::vector<std::string>> path_match::segments(std::size_t i) const {
    const capture c = (*this)[i];
    std::vector<std::string> out;
    const auto append = [&](std::string_view part) -> std::optional<failure> {
        if (!program_->decode) {
            out.emplace_back(part);
            return std::nullopt;
        }
        auto text = decode_capture(part);
        if (!text) return text.error();
        out.push_back(std::move(*text));
        return std::nullopt;
    };
    const std::string_view delimiter = program_->separator;
    std::string_view rest = c.value;
    while (c.wildcard) { // an empty delimiter separates the characters
        const auto at = delimiter.empty() ? code_point_at(rest, 0).size : rest.find(delimiter);
        if (at >= rest.size()) break;
        if (auto f = append(rest.substr(0, at))) return *f;
        rest.remove_prefix(at + delimiter.size());
    }
    if (auto f = append(rest)) return *f;
    return out;
}

CREMA_DECL std::optional<pattern_error> check_pattern(std::string_view source) {
    detail::program p;
    p.delimiter = p.chars = "/";
    std::uint32_t combinations = 0;
    return detail::extend_program(p, source, combinations);
}

} // namespace crema::route
#endif
// ---- crema/route/matcher.hpp
// Matcher: an index over the layers of a router, which finds those that may match a path, in order of registration.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::route {

/// Is a set of methods, one bit for each; who uses the matcher says which.
using method_mask = std::uint64_t;
/// Is the set of all methods.
inline constexpr method_mask all_methods = ~method_mask{0};

namespace detail {

// A list of trivial things with room for some inside.
template <class T, std::uint32_t Room>
class short_list {
public:
    short_list() noexcept = default;
    short_list(const short_list&) = delete;
    short_list& operator=(const short_list&) = delete;

    void push(T value) {
        if (size_ == room_) [[unlikely]] grow();
        data_[size_++] = value;
    }
    void clear() noexcept { size_ = 0; }
    std::uint32_t size() const noexcept { return size_; }
    const T& operator[](std::uint32_t i) const noexcept { return data_[i]; }

private:
    CREMA_NOINLINE void grow() {
        auto bigger = std::make_unique<T[]>(std::size_t{room_} * 2);
        std::memcpy(bigger.get(), data_, size_ * sizeof(T));
        many_ = std::move(bigger);
        data_ = many_.get();
        room_ *= 2;
    }
    std::uint32_t size_ = 0, room_ = Room;
    T* data_ = few_;
    std::unique_ptr<T[]> many_;
    T few_[Room];
};

} // namespace detail

/** Finds the layers of a router that match a path, without walking over all of them.

    Layers are numbered in the order in which they were added. A `search` over a path yields in that order every layer
    whose pattern matches. What the index goes by: the text before the first capture and, for parameters, the text
   behind their segment, and so on, ignoring the case of letters. What it finds that way is asked itself, unless that
   says all.

    @code
    matcher::search s(index, path, method);
    path_match match;
    for (auto i = s.next(match); i != matcher::npos; i = s.next(match)) …
    @endcode

    @par Complexity
    A step of a search takes time in the length of the path and the number of places at which patterns fork along it,
    not in the number of layers. Adding is linear in the length of the pattern.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for searching; `add` must be alone.
*/
class matcher {
public:
    using index = std::uint32_t;             ///< the number of a layer
    static constexpr index npos = ~index{0}; ///< no layer

    matcher() { nodes_.emplace_back(); }

    /** Add a layer.

        @param p Its pattern, of which a copy is kept.
        @param methods The methods it answers; all for a mount.
        @return Its number: the number of layers before.
    */
    CREMA_DECL index add(const pattern& p, method_mask methods = all_methods);

    /** Add a layer that comes up for every path, because no pattern decides (a regular expression, a predicate).

        Its match is empty.

        @return Its number.
    */
    CREMA_DECL index add_any(method_mask methods = all_methods);

    /** Change the methods of a layer; searches see it at once.

        @param i A layer that was added.
    */
    void set_methods(index i, method_mask methods) noexcept { methods_[i] = methods; }

    /// Returns the methods of a layer that was added.
    method_mask methods(index i) const noexcept { return methods_[i]; }
    /// Returns the number of layers.
    std::size_t size() const noexcept { return size_; }

    class search;

private:
    // Where along a path a layer may match: when nothing or one slash is left, when nothing or a slash and more is
    // left, whatever is left. A list holds the layers of those behind it as well, so that a search takes one of a node.
    enum list : unsigned { exact, mount, rest, lists };

    // A layer in a list: its number, and whether to be in the list means to match.
    using entry = std::uint32_t;
    static constexpr entry make_entry(index layer, bool certain) noexcept { return layer << 1 | entry{certain}; }

    struct node {
        std::string text;              // the way to it, small letters
        node* parameter = nullptr;     // what follows one segment, or the rest of one
        bool populated = false;        // there are layers here
        std::array<char, 4> firsts{};  // the first octets of up to four children
        std::array<node*, 4> children{};
        std::unique_ptr<std::array<node*, 256>> table; // of more children
        std::array<std::vector<entry>, lists> layers;

        // The child whose text begins with this small letter, or null.
        node* child(char octet) const noexcept {
            if (table) return (*table)[static_cast<unsigned char>(octet)];
            for (unsigned i = 0; i < 4; ++i)
                if (firsts[i] == octet) return children[i];
            return nullptr;
        }
        CREMA_DECL void adopt(char first, node& child);
        CREMA_DECL void put(list where, entry e);
    };

    CREMA_DECL void insert(const detail::program& p, const detail::sequence& q, index layer);
    CREMA_DECL node& descend(node& at, std::string_view text);
    CREMA_DECL node& descend_parameter(node& at);
    CREMA_DECL index number(std::shared_ptr<const detail::program> program, method_mask methods);

    std::deque<node> nodes_; // which stay where they are; the first is the root
    std::vector<method_mask> methods_;
    std::vector<std::shared_ptr<const detail::program>> programs_; // null: any
    index size_ = 0;
};

/** Walks over the layers that match one path.

    Holds a view of the path, which must outlive it, and refers to the matcher. Layers added meanwhile are found, too.

    @par Thread Safety
    Distinct objects: safe.
*/
class matcher::search {
public:
    /** Begin a search.

        @param m The index; must outlive this.
        @param path The path, not decoded, without the query.
        @param methods Layers that have none of these are passed over.
        @param from The first layer to look at.
    */
    search(const matcher& m, std::string_view path, method_mask methods = all_methods, index from = 0) noexcept
        : matcher_(&m), path_(path), methods_(methods), from_(from) {}
    search(const search&) = delete;
    search& operator=(const search&) = delete;

    /** Return the next layer that matches, or `npos`.

        @param match Receives how much of the path matched, and the captures.
    */
    index next(path_match& match) {
        const index layer = next_candidate();
        if (layer == npos) return npos;
        if (!(best_ & 1) || parameter_ != none) return next_verified(match);
        match.begin(matcher_->programs_[layer].get(), path_);
        match.length_ = length_;
        return layer;
    }

    /// Returns the next layer that the index offers, which may match or not, or `npos`. For those who count.
    index next_candidate() {
        best_ = npos;
        segments_.clear();
        walk(&matcher_->nodes_.front(), path_.data(), path_.data() + path_.size(), none);
        if (best_ == npos) return npos;
        from_ = (best_ >> 1) + 1;
        return best_ >> 1;
    }

    /// Returns the path that is searched.
    std::string_view path() const noexcept { return path_; }

private:
    // A segment which the way to a node took for a parameter, and the one before it.
    struct segment {
        std::uint32_t begin, end, before;
    };
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    CREMA_DECL void walk(const node* at, const char* path, const char* end, std::uint32_t parameter);
    void offer(const std::vector<entry>& entries, std::size_t length, std::uint32_t parameter);
    CREMA_DECL index next_verified(path_match& match);
    CREMA_DECL void recall(path_match& match) const;

    const matcher* matcher_;
    std::string_view path_;
    method_mask methods_;
    index from_;
    // The first layer found so far, how much of the path it takes if it is certain, the last parameter on the way to
    // it.
    entry best_ = npos;
    std::uint32_t length_ = 0, parameter_ = none;
    detail::short_list<segment, 8> segments_;
};

} // namespace crema::route

#if CREMA_BODIES
#include <algorithm>
namespace crema::route {

CREMA_DECL matcher::index matcher::number(std::shared_ptr<const detail::program> program, method_mask methods) {
    methods_.push_back(methods);
    programs_.push_back(std::move(program));
    return size_++;
}

CREMA_DECL matcher::index matcher::add(const pattern& p, method_mask methods) {
    const index layer = number(p.program_, methods);
    const detail::program& program = *p.program_;
    if (program.everything) nodes_.front().put(rest, make_entry(layer, true));
    for (const auto& q : program.sequences) insert(program, q, layer);
    return layer;
}

CREMA_DECL matcher::index matcher::add_any(method_mask methods) {
    const index layer = number(nullptr, methods);
    nodes_.front().put(rest, make_entry(layer, true));
    return layer;
}

// Goes along one sequence of the pattern as far as the index can follow.
CREMA_DECL void matcher::insert(const detail::program& p, const detail::sequence& q, index layer) {
    const bool slashes = p.delimiter == "/";
    // Whether to arrive here is to match: all that is asked of the path is asked on the way.
    bool certain = slashes && !p.sensitive && p.trailing && q.straight && p.sequences.size() == 1;
    node* at = &nodes_.front();
    for (std::uint32_t i = q.first; i < q.last; ++i) {
        const detail::step& s = p.steps[i];
        if (s.kind == detail::step_kind::text) {
            at = &descend(*at, p.text_of(s.text));
            continue;
        }
        if (!slashes || s.wildcard) return at->put(rest, make_entry(layer, false));
        at = &descend_parameter(*at);
        if (i + 1 == q.last) break;
        std::string_view behind; // the text from the end of this segment on
        while (behind.empty() && ++i < q.last) {
            if (p.steps[i].wildcard) return at->put(rest, make_entry(layer, false));
            if (p.steps[i].kind != detail::step_kind::text) continue;
            const std::string_view text = p.text_of(p.steps[i].text);
            behind = text.substr(std::min(text.find('/'), text.size()));
            certain = certain && behind.size() == text.size();
        }
        at = &descend(*at, behind);
    }
    certain = certain && at != &nodes_.front(); // (what is in the root's lists takes nothing of the path)
    at->put(!slashes ? rest : p.end ? exact : mount, make_entry(layer, certain));
}

// Returns the node that lies this text below another, made if need be.
CREMA_DECL matcher::node& matcher::descend(node& from, std::string_view given) {
    const std::string folded = to_lower(given);
    node* at = &from;
    for (std::string_view text = folded; !text.empty();) {
        node* const child = at->child(text[0]);
        if (!child) {
            node& fresh = nodes_.emplace_back();
            fresh.text = text;
            at->adopt(text[0], fresh);
            return fresh;
        }
        const std::string label = child->text;
        std::size_t common = 0;
        while (common < label.size() && common < text.size() && label[common] == text[common]) ++common;
        text.remove_prefix(common);
        at = child;
        if (common == label.size()) continue;
        // The child stays where it is and becomes the fork; what it was moves below.
        node& below = nodes_.emplace_back();
        std::swap(*child, below);
        child->text = label.substr(0, common);
        below.text = label.substr(common);
        child->adopt(label[common], below);
    }
    return *at;
}

CREMA_DECL matcher::node& matcher::descend_parameter(node& at) {
    if (!at.parameter) at.parameter = &nodes_.emplace_back();
    return *at.parameter;
}

CREMA_DECL void matcher::node::adopt(char first, node& child) {
    const auto count =
        static_cast<std::size_t>(std::find(children.begin(), children.end(), nullptr) - children.begin());
    if (count < children.size()) {
        firsts[count] = first;
        children[count] = &child;
        return;
    }
    if (!table) {
        table = std::make_unique<std::array<node*, 256>>();
        for (std::size_t i = 0; i < count; ++i) (*table)[static_cast<unsigned char>(firsts[i])] = children[i];
    }
    (*table)[static_cast<unsigned char>(first)] = &child;
}

CREMA_DECL void matcher::node::put(list where, entry e) {
    populated = true;
    for (unsigned l = exact; l <= where; ++l)
        if (layers[l].empty() || layers[l].back() >> 1 != e >> 1) layers[l].push_back(e);
}

CREMA_DECL matcher::index matcher::search::next_verified(path_match& match) {
    do {
        const index layer = best_ >> 1;
        const detail::program* const p = matcher_->programs_[layer].get();
        if (best_ & 1) {
            match.begin(p, path_);
            match.length_ = length_;
            if (parameter_ != none && p) recall(match);
            return layer;
        }
        if (detail::match_path(*p, path_, match)) return layer;
    } while (next_candidate() != npos);
    return npos;
}

// Looks whether a list has an earlier layer than the one found so far.
CREMA_FORCEINLINE void matcher::search::offer(const std::vector<entry>& entries, std::size_t length,
                                              std::uint32_t parameter) {
    const entry* e = entries.data();
    const entry* const end = e + entries.size();
    if (from_ != 0 && entries.size() > 8) e = std::lower_bound(e, end, make_entry(from_, false));
    for (; e != end && *e < best_; ++e) {
        const index layer = *e >> 1;
        if (layer < from_ || !(matcher_->methods_[layer] & methods_)) continue;
        best_ = *e;
        length_ = static_cast<std::uint32_t>(length);
        parameter_ = parameter;
        return;
    }
}

// Looks at the lists of all nodes that lie on the path, from node `at` on, whose text begins at `path`.
CREMA_DECL void matcher::search::walk(const node* at, const char* path, const char* end, std::uint32_t parameter) {
    for (;;) {
        const std::size_t size = at->text.size();
        if (static_cast<std::size_t>(end - path) < size || !detail::same_text<true>(path, at->text.data(), size))
            return;
        path += size;
        const auto left = static_cast<std::size_t>(end - path);
        if (at->populated) {
            const bool whole = left == 0 || (left == 1 && *path == '/');
            const auto& entries = at->layers[whole ? exact : *path == '/' ? mount : rest];
            if (!entries.empty())
                offer(entries, path == path_.data() ? 0 : path_.size() - (whole ? 0 : left), parameter);
            if (best_ >> 1 == from_) return; // none can be earlier
        }
        if (left == 0) return;
        const node* const child = at->child(to_lower(*path));
        if (at->parameter && *path != '/') {
            const char* const behind = detail::find_octet(path, end, '/');
            const auto offset = [&](const char* p) { return static_cast<std::uint32_t>(p - path_.data()); };
            const std::uint32_t taken = segments_.size();
            segments_.push({offset(path), offset(behind), parameter});
            if (child) walk(child, path, end, parameter);
            at = at->parameter;
            path = behind;
            parameter = taken;
            continue;
        }
        if (!child) return;
        at = child;
    }
}

// Fills in the captures of a layer that is certain, from the last to the first.
CREMA_DECL void matcher::search::recall(path_match& match) const {
    const detail::program& p = *match.program_;
    const detail::sequence& q = p.sequences.front();
    if (p.slots > match.room_) match.make_room(p.slots);
    match.count_ = q.slots;
    detail::captured* const slots = match.slots();
    std::uint32_t parameter = parameter_;
    for (std::uint32_t i = q.last; i-- > q.first;) {
        const detail::step& s = p.steps[i];
        if (s.kind == detail::step_kind::text) continue;
        const segment& taken = segments_[parameter];
        if (s.slot != detail::shadowed) slots[s.slot] = {i, taken.begin, taken.end};
        parameter = taken.before;
    }
}

} // namespace crema::route
#endif
// ---- crema/web/error.hpp
// http_error: an exception that says which status it wants to be answered with.
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Thrown by handlers, or given to `next`, to answer with a status.

    `throw http_error(404, "no such user");`

    The final handler answers with its status and header fields; it shows the message only when `expose` is set.

    @par Thread Safety
    Distinct objects: safe.

    @see RFC 9110 section 15
*/
class http_error : public std::runtime_error {
public:
    /** Construct.

        @param status 400 to 599; anything else is answered as 500.
        @param message For the client, unless the status is 500 or more; copied.
    */
    explicit http_error(int status, std::string_view message = {})
        : std::runtime_error(std::string(message)), status_(status), expose_(status < 500) {}

    /// Returns the status.
    int status() const noexcept { return status_; }
    /// Tells whether the client may see the message.
    bool expose() const noexcept { return expose_; }
    /// Returns header fields for the answer; valid as long as the exception.
    const std::vector<std::pair<std::string, std::string>>& headers() const noexcept { return headers_; }
    /// Returns a machine-readable word for the kind of error (`entity.too.large`); may be empty.
    const std::string& type() const noexcept { return type_; }
    /// Returns what led to this; may be null.
    std::exception_ptr cause() const noexcept { return cause_; }

    /// Sets whether the client may see the message.
    http_error& expose(bool yes) & {
        expose_ = yes;
        return *this;
    }
    /// Adds a header field to the answer.
    http_error& header(std::string name, std::string value) & {
        headers_.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    /// Sets the kind.
    http_error& type(std::string word) & {
        type_ = std::move(word);
        return *this;
    }
    /// Sets what led to this.
    http_error& cause(std::exception_ptr e) & {
        cause_ = std::move(e);
        return *this;
    }
    /// @copydoc expose(bool)
    http_error&& expose(bool yes) && { return std::move(expose(yes)); }
    /// @copydoc header
    http_error&& header(std::string name, std::string value) && {
        return std::move(header(std::move(name), std::move(value)));
    }
    /// @copydoc type(std::string)
    http_error&& type(std::string word) && { return std::move(type(std::move(word))); }
    /// @copydoc cause(std::exception_ptr)
    http_error&& cause(std::exception_ptr e) && { return std::move(cause(std::move(e))); }

private:
    int status_;
    bool expose_;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::string type_;
    std::exception_ptr cause_;
};

/** Thrown when a handler answers a request that was answered already.

    @par Thread Safety
    Distinct objects: safe.
*/
class already_answered : public std::logic_error {
public:
    /// Construct with what was tried.
    explicit already_answered(std::string_view what)
        : std::logic_error("crema: " + std::string(what) + " after the response was sent") {}
};

} // namespace crema
// ---- crema/web/next.hpp
// next: hands the request on to the next layer that matches.
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema {

namespace detail {

class transaction;
struct run;
struct running;

// What one handler hands to the next.
struct baton {
    enum class kind : unsigned char { go, error, route, router };
    kind what = kind::go;
    std::exception_ptr error{};
};

// One call of one handler, in the arena of its request.
struct activation {
    transaction* owner = nullptr;
    run* from = nullptr;                  // where next() goes on
    const activity_label* label = nullptr;
    unsigned holds = 0;                   // copies of next, for later callbacks
    bool passed = false;                  // next() was called
    bool ended = false;                   // the handler returned, its coroutine ended
    activation* downstream = nullptr;     // what its next() started and has not ended
    // of a coroutine that waits for this one's end: co_await next()
    std::coroutine_handle<> waiter{};
    environment* waiter_env = nullptr;
};

} // namespace detail

/** Hands the request on, as Express' `next`.

    A handler gets it by reference. A copy may be kept for a later callback and keeps the exchange alive:
    `set_timeout([next]() mutable { next(); }, 100)`. When the last copy goes and nobody answered, that is
    reported as an unanswered request.

    @par Thread Safety
    Only on the loop of the request.
*/
class next {
public:
    /** Is what `next()` gives: await it to go on when all handlers behind have ended, as in Koa.

        Not awaiting it is fine: what can run without waiting has run when `next()` returns.

        @par Cancellation
        The handlers behind are cancelled with the request; the wait ends when they have ended.
    */
    class downstream {
    public:
        /// @cond
        bool await_ready() const noexcept { return behind_ == nullptr || behind_->ended; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> h) noexcept {
            behind_->waiter = h;
            behind_->waiter_env = environment_of(h);
        }
        void await_resume() const noexcept {}
        /// @endcond

    private:
        friend class next;
        friend class detail::transaction;
        explicit downstream(detail::activation* behind) noexcept : behind_(behind) {}
        detail::activation* behind_;
    };

    next(const next& other) noexcept : at_(other.at_), copy_(true) { keep(); }
    next(next&& other) noexcept : at_(other.at_), copy_(true) { keep(); }
    next& operator=(const next&) = delete;
    ~next() {
        if (copy_) drop();
    }

    /// Goes on with the next layer that matches.
    CREMA_DECL downstream operator()();
    /// Goes on with the next error handler that matches.
    CREMA_DECL downstream operator()(std::exception_ptr error);
    /// Goes on with the next error handler that matches.
    template <class E>
        requires std::derived_from<std::remove_cvref_t<E>, std::exception>
    downstream operator()(E&& error) {
        return (*this)(std::make_exception_ptr(std::forward<E>(error)));
    }
    /** Leave the route or the router; any other text is an error with that message.

        @param what `"route"` skips the remaining handlers of this route, `"router"` leaves the router.
    */
    CREMA_DECL downstream operator()(std::string_view what);

private:
    friend class detail::transaction;
    friend struct detail::running;
    explicit next(detail::activation& a) noexcept : at_(&a), copy_(false) {}
    CREMA_DECL void keep() noexcept;
    CREMA_DECL void drop() noexcept;
    CREMA_DECL downstream pass(const detail::baton& b);

    detail::activation* at_;
    bool copy_;
};

} // namespace crema
// ---- crema/http/query.hpp
// Query strings and forms: pairs of names and values, as Node's querystring reads and writes them.
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace crema::http {

/// Is one pair of a query, still escaped: views into the query.
struct query_pair {
    std::string_view name;  ///< what is in front of the first `=`
    std::string_view value; ///< what is behind it; empty when there is none
};

/** Walks over the pairs of a query as views, without decoding. Empty pieces are passed over.

    @par Thread Safety
    Distinct objects: safe.
*/
class query_pairs {
public:
    /// Construct over a query without its question mark, which must outlive the views.
    explicit query_pairs(std::string_view query, std::string_view separator = "&",
                         std::string_view equals = "=") noexcept
        : query_(query), separator_(separator), equals_(equals) {}

    /// Is a forward iterator over the pairs.
    class iterator {
    public:
        using value_type = query_pair;                        ///< a pair
        using difference_type = std::ptrdiff_t;               ///< unused
        using reference = const query_pair&;                  ///< a pair
        using pointer = const query_pair*;                    ///< a pair
        using iterator_category = std::forward_iterator_tag;  ///< forward

        iterator() noexcept = default;
        /// Returns the pair.
        const query_pair& operator*() const noexcept { return pair_; }
        /// Accesses the pair.
        const query_pair* operator->() const noexcept { return &pair_; }
        /// Counts the pieces between separators so far, the empty ones too.
        std::size_t pieces() const noexcept { return pieces_; }
        /// Goes to the next.
        iterator& operator++() noexcept {
            read();
            return *this;
        }
        /// Goes to the next, returns the former.
        iterator operator++(int) noexcept {
            auto old = *this;
            read();
            return old;
        }
        /// Compares positions in the same query.
        friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.done_ == b.done_ && (a.done_ || a.pair_.name.data() == b.pair_.name.data());
        }

    private:
        friend class query_pairs;
        explicit iterator(const query_pairs& q) noexcept
            : rest_(q.query_), separator_(q.separator_), equals_(q.equals_), done_(false) {
            read();
        }
        CREMA_DECL void read() noexcept;
        std::string_view rest_{}, separator_{}, equals_{};
        query_pair pair_{};
        std::size_t pieces_ = 0;
        bool done_ = true;
    };

    /// Returns the first.
    iterator begin() const noexcept { return iterator(*this); }
    /// Returns the end.
    iterator end() const noexcept { return {}; }

private:
    std::string_view query_, separator_, equals_;
};

/** Return a name or a value decoded: `+` becomes a space, escapes their octets, malformed escapes stay, and what is
    no well-formed UTF-8 then becomes the replacement character. */
CREMA_DECL std::string decode_query(std::string_view raw);

/// Returns the decoded first value of a name, itself given decoded.
CREMA_DECL std::optional<std::string> find_query(std::string_view query, std::string_view name);

/// Describes how a query is parsed.
struct query_options {
    std::string_view separator = "&"; ///< between pairs; not empty
    std::string_view equals = "=";    ///< between name and value; not empty
    std::size_t max_pairs = 1000;     ///< what is behind is ignored; empty pieces count; 0: no limit
};

/** Parse a query into an object of strings; names that come several times have an array of strings.

    Behaves as Node's querystring.parse, which is Express' `simple` query parser.

    @param query Without its question mark.

    @par Complexity
    Linear in the length of the query.
*/
CREMA_DECL value parse_query(std::string_view query, const query_options& options = {});

/** Write an object as a query, as Node's querystring.stringify does: arrays as repeated names, numbers and booleans
    as text, everything else as an empty text. */
CREMA_DECL std::string stringify_query(const value& object, const query_options& options = {});

} // namespace crema::http

// ---- crema/core/hash128.hpp
// hash128: a fast hash of 128 bits for validators and tables. Not for secrets: whoever knows it can make collisions.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema {

/// Holds 128 bits.
struct hash128_value {
    std::uint64_t low, high;
    friend bool operator==(const hash128_value&, const hash128_value&) = default;
};

/** Return the hash of the octets: MurmurHash3, the form for 128 bits and 64-bit machines.

    The same octets have the same hash on every machine and in every run.

    @par Complexity
    Linear, about one instruction an octet.
*/
CREMA_DECL hash128_value hash128(std::string_view octets, std::uint32_t seed = 0) noexcept;

} // namespace crema

#if CREMA_BODIES
#include <bit>
#include <cstring>

namespace crema {
namespace detail {

inline constexpr std::uint64_t hash_1 = 0x87c37b91114253d5, hash_2 = 0x4cf5ad432745937f;

inline std::uint64_t load_little(const char* p) noexcept {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    if constexpr (std::endian::native == std::endian::big) {
        v = (v & 0x00ff00ff00ff00ff) << 8 | (v >> 8 & 0x00ff00ff00ff00ff);
        v = (v & 0x0000ffff0000ffff) << 16 | (v >> 16 & 0x0000ffff0000ffff);
        v = v << 32 | v >> 32;
    }
    return v;
}
constexpr std::uint64_t scatter_low(std::uint64_t k) noexcept { return std::rotl(k * hash_1, 31) * hash_2; }
constexpr std::uint64_t scatter_high(std::uint64_t k) noexcept { return std::rotl(k * hash_2, 33) * hash_1; }
constexpr std::uint64_t avalanche(std::uint64_t h) noexcept {
    h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
    return h ^ h >> 33;
}

} // namespace detail

CREMA_DECL hash128_value hash128(std::string_view octets, std::uint32_t seed) noexcept {
    std::uint64_t low = seed, high = seed;
    const char* p = octets.data();
    auto left = octets.size();
    for (; left >= 16; left -= 16, p += 16) {
        low = std::rotl(low ^ detail::scatter_low(detail::load_little(p)), 27);
        low = (low + high) * 5 + 0x52dce729;
        high = std::rotl(high ^ detail::scatter_high(detail::load_little(p + 8)), 31);
        high = (high + low) * 5 + 0x38495ab5;
    }
    if (left != 0) { // as if followed by zeros, without the last mixing
        char last[16] = {};
        std::memcpy(last, p, left);
        if (left > 8) high ^= detail::scatter_high(detail::load_little(last + 8));
        low ^= detail::scatter_low(detail::load_little(last));
    }
    low ^= octets.size();
    high ^= octets.size();
    low += high;
    high += low;
    low = detail::avalanche(low);
    high = detail::avalanche(high);
    low += high;
    high += low;
    return {low, high};
}

} // namespace crema
#endif
// ---- crema/http/query.hpp, bodies
#if CREMA_BODIES
#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace crema::http {
namespace detail {

// Finds members of a growing object by name, in constant time once there are many.
class member_index {
public:
    explicit member_index(value::object_type& members) noexcept : members_(members) {}

    value* find(std::string_view name) {
        if (members_.size() < few) {
            for (auto& [key, content] : members_)
                if (key == name) return &content;
            return nullptr;
        }
        if (slots_.size() < members_.size() * 2) rebuild();
        for (auto i = start(name); slots_[i] != 0; i = (i + 1) & (slots_.size() - 1))
            if (members_[slots_[i] - 1].first == name) return &members_[slots_[i] - 1].second;
        return nullptr;
    }
    void add(std::string name, value content) {
        members_.emplace_back(std::move(name), std::move(content));
        if (slots_.size() >= members_.size() * 2) place(members_.size());
    }

private:
    static constexpr std::size_t few = 16;
    // Seeded by an address that differs from run to run; the limit of pairs bounds what is left to a hostile sender.
    std::size_t start(std::string_view name) const noexcept {
        static const int anchor = 0;
        const auto seed = reinterpret_cast<std::uintptr_t>(&anchor) ^ reinterpret_cast<std::uintptr_t>(this);
        const auto h = hash128(name, static_cast<std::uint32_t>(seed >> 4));
        return static_cast<std::size_t>(h.low) & (slots_.size() - 1);
    }
    void place(std::size_t number) {
        auto i = start(members_[number - 1].first);
        while (slots_[i] != 0) i = (i + 1) & (slots_.size() - 1);
        slots_[i] = static_cast<std::uint32_t>(number);
    }
    void rebuild() {
        std::size_t size = 64;
        while (size < members_.size() * 4) size *= 2;
        slots_.assign(size, 0);
        for (std::size_t n = 1; n <= members_.size(); ++n) place(n);
    }
    value::object_type& members_;
    std::vector<std::uint32_t> slots_; // number of the member, 0 for none
};

inline std::string query_text(const value& v) {
    switch (v.type()) {
    case value::kind::string: return v.as_string();
    case value::kind::boolean: return v.as_bool() ? "true" : "false";
    case value::kind::integer: return std::to_string(v.as_int64());
    case value::kind::natural: return std::to_string(v.as_uint64());
    case value::kind::number: {
        if (!std::isfinite(v.as_double())) return {};
        char digits[32];
        return std::string(digits, std::to_chars(digits, digits + sizeof digits, v.as_double()).ptr);
    }
    default: return {};
    }
}

} // namespace detail

CREMA_DECL void query_pairs::iterator::read() noexcept {
    while (!rest_.empty()) {
        const auto end = std::min(rest_.find(separator_), rest_.size());
        const auto piece = rest_.substr(0, end);
        rest_.remove_prefix(end == rest_.size() ? end : end + separator_.size());
        ++pieces_;
        if (piece.empty()) continue;
        const auto equals = piece.find(equals_);
        pair_ = equals == std::string_view::npos
                    ? query_pair{piece, {}}
                    : query_pair{piece.substr(0, equals), piece.substr(equals + equals_.size())};
        return;
    }
    done_ = true;
}

CREMA_DECL std::string decode_query(std::string_view raw) {
    if (raw.find('%') == std::string_view::npos && raw.find('+') == std::string_view::npos)
        return is_utf8(raw) ? std::string(raw) : repair_utf8(raw);
    auto decoded = percent_decode_lenient(raw, plus_sign::is_space);
    return is_utf8(decoded) ? decoded : repair_utf8(decoded);
}

CREMA_DECL std::optional<std::string> find_query(std::string_view query, std::string_view name) {
    for (const auto& pair : query_pairs(query)) {
        if (pair.name != name && decode_query(pair.name) != name) continue;
        return decode_query(pair.value);
    }
    return std::nullopt;
}

CREMA_DECL value parse_query(std::string_view query, const query_options& options) {
    auto made = value::object();
    detail::member_index index(made.as_object());
    const query_pairs pairs(query, options.separator, options.equals);
    for (auto pair = pairs.begin(); pair != pairs.end(); ++pair) {
        if (options.max_pairs != 0 && pair.pieces() > options.max_pairs) break;
        auto name = decode_query(pair->name);
        auto content = decode_query(pair->value);
        if (auto* there = index.find(name)) {
            if (!there->is_array()) {
                value::array_type both;
                both.push_back(std::move(*there));
                *there = value(std::move(both));
            }
            there->as_array().emplace_back(std::move(content));
        } else {
            index.add(std::move(name), value(std::move(content)));
        }
    }
    return made;
}

CREMA_DECL std::string stringify_query(const value& object, const query_options& options) {
    std::string out;
    for (const auto& [name, content] : object.members()) {
        auto pair = [&](const value& v) {
            if (!out.empty()) out += options.separator;
            encode_uri_component_to(out, name);
            out += options.equals;
            encode_uri_component_to(out, detail::query_text(v));
        };
        if (content.is_array()) {
            for (const auto& element : content.elements()) pair(element);
        } else {
            pair(content);
        }
    }
    return out;
}

} // namespace crema::http
#endif
// ---- crema/json/node.hpp
// node: one value inside of parsed JSON, before it becomes a C++ value.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace crema::detail {

// Parsed JSON: 64-bit words, one or two a value. The top octet of a word tells what it is, the rest is its payload:
//   r          the root; what follows is the value
//   { [        index of the word behind its end (32 bits), number of members or elements (24 bits, saturated)
//   } ]        the end of it
//   "          offset into `text`, where a 32-bit length, the octets and a NUL stand; names of members as well
//   l u d      the next word is the int64, uint64 or double
//   t f n      true, false, null
// This is simdjson's documented tape (its doc/tape.md), so that it is read without a copy and without its header.
struct json_tape {
    const std::uint64_t* words = nullptr;
    const char* text = nullptr;
};

} // namespace crema::detail

namespace crema::json {

/** Is one value inside of parsed JSON. Cheap to copy.

    Valid only while a hook `from_json` runs that was given it, or something around it.

    @par Thread Safety
    Distinct objects: safe on the thread that parses.
*/
class node {
public:
    class element_range;
    class member_range;
    using kind = value::kind; ///< what it may be

    /// Construct on a word of a tape, for the parser.
    node(const detail::json_tape& tape, std::size_t index) noexcept : tape_(&tape), at_(tape.words + index) {}

    /// Returns what it is. A whole number is an `integer` when it fits `std::int64_t`, else a `natural` when it fits
    /// `std::uint64_t`.
    kind type() const noexcept {
        switch (mark()) {
        case 't':
        case 'f': return kind::boolean;
        case 'l': return kind::integer;
        case 'u': return kind::natural;
        case 'd': return kind::number;
        case '"': return kind::string;
        case '[': return kind::array;
        case '{': return kind::object;
        default: return kind::null;
        }
    }
    /// Tells whether it is null.
    bool is_null() const noexcept { return mark() == 'n'; }
    /// Tells whether it is true or false.
    bool is_bool() const noexcept { return mark() == 't' || mark() == 'f'; }
    /// Tells whether it is any number.
    bool is_number() const noexcept { return mark() == 'l' || mark() == 'u' || mark() == 'd'; }
    /// Tells whether it is a string.
    bool is_string() const noexcept { return mark() == '"'; }
    /// Tells whether it is an array.
    bool is_array() const noexcept { return mark() == '['; }
    /// Tells whether it is an object.
    bool is_object() const noexcept { return mark() == '{'; }

    /// Returns whether it is true.
    bool as_bool() const noexcept { return mark() == 't'; }
    /// Returns the octets of a string, well-formed UTF-8, which may hold NUL; undefined for anything else.
    std::string_view as_string() const noexcept {
        const char* p = tape_->text + payload();
        std::uint32_t size;
        std::memcpy(&size, p, sizeof size);
        return {p + sizeof size, size};
    }
    /// Returns the number, rounded when need be; undefined for anything else.
    double as_double() const noexcept {
        switch (mark()) {
        case 'l': return static_cast<double>(static_cast<std::int64_t>(at_[1]));
        case 'u': return static_cast<double>(at_[1]);
        default: return std::bit_cast<double>(at_[1]);
        }
    }
    /// Returns the bits of a whole number: of `std::int64_t` for an integer, of `std::uint64_t` for a natural.
    std::uint64_t whole_bits() const noexcept { return at_[1]; }

    /// Returns the number of elements or members; 16777215 when there are as many or more; undefined for anything else.
    std::size_t size() const noexcept { return (payload() >> 32) & 0xFFFFFF; }
    /// Returns the elements of an array, to iterate over; undefined for anything else.
    element_range elements() const noexcept;
    /// Returns the members of an object, `{name, node}` each, to iterate over; undefined for anything else.
    member_range members() const noexcept;

    /// Returns the index of its word.
    std::size_t index() const noexcept { return static_cast<std::size_t>(at_ - tape_->words); }

private:
    node(const detail::json_tape* tape, const std::uint64_t* at) noexcept : tape_(tape), at_(at) {}
    char mark() const noexcept { return static_cast<char>(*at_ >> 56); }
    std::uint64_t payload() const noexcept { return *at_ & 0x00FFFFFFFFFFFFFF; }
    const std::uint64_t* last() const noexcept { return tape_->words + static_cast<std::uint32_t>(payload()) - 1; }
    const std::uint64_t* behind() const noexcept {
        switch (mark()) {
        case 'l':
        case 'u':
        case 'd': return at_ + 2;
        case '[':
        case '{': return last() + 1;
        default: return at_ + 1;
        }
    }

    const detail::json_tape* tape_;
    const std::uint64_t* at_;
};

/// Is the elements of an array.
class node::element_range {
public:
    /// Walks over them.
    class iterator {
    public:
        iterator(node n) noexcept : node_(n) {}
        const node& operator*() const noexcept { return node_; }
        iterator& operator++() noexcept {
            node_.at_ = node_.behind();
            return *this;
        }
        bool operator==(const iterator& other) const noexcept { return node_.at_ == other.node_.at_; }

    private:
        node node_;
    };
    explicit element_range(node array) noexcept : array_(array) {}
    iterator begin() const noexcept { return node(array_.tape_, array_.at_ + 1); }
    iterator end() const noexcept { return node(array_.tape_, array_.last()); }

private:
    node array_;
};

/// Is the members of an object.
class node::member_range {
public:
    /// Is a name and its value.
    struct member {
        std::string_view name; ///< valid as long as the node
        node content;          ///< the value
    };
    /// Walks over them.
    class iterator {
    public:
        iterator(node n) noexcept : name_(n) {}
        member operator*() const noexcept { return {name_.as_string(), node(name_.tape_, name_.at_ + 1)}; }
        iterator& operator++() noexcept {
            name_.at_ = node(name_.tape_, name_.at_ + 1).behind();
            return *this;
        }
        bool operator==(const iterator& other) const noexcept { return name_.at_ == other.name_.at_; }

    private:
        node name_;
    };
    explicit member_range(node object) noexcept : object_(object) {}
    iterator begin() const noexcept { return node(object_.tape_, object_.at_ + 1); }
    iterator end() const noexcept { return node(object_.tape_, object_.last()); }

private:
    node object_;
};

inline node::element_range node::elements() const noexcept { return element_range(*this); }
inline node::member_range node::members() const noexcept { return member_range(*this); }

} // namespace crema::json
// ---- crema/json/reflect.hpp
// Reflection of aggregates without macros: how many fields, their names, and what a type says about itself.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema::json {

/// Says how a member or an enumerator is called in JSON.
struct rename {
    std::string_view member; ///< the identifier in C++
    std::string_view name;   ///< the name in JSON
};

/** Gives members of a type, or enumerators, other names. Specialise it for types you do not own:
    @code
    template <>
    struct crema::json::names<user> {
        static constexpr crema::json::rename list[] = {{"class_", "class"}, {"ref", "$ref"}};
    };
    @endcode
    A type of your own may hold the list itself, as `static constexpr crema::json::rename json_names[]`. What is not
    listed keeps its identifier. An identifier that does not exist, and two members of one name, do not compile.
*/
template <class T>
struct names {};

/** Says that every member of the type may be absent from JSON and then keeps the value that `T{}` gives it.

    Specialise it as `std::true_type`, or write `static constexpr bool json_defaults = true;` into the type. Which
    single members have a default initialiser cannot be seen in C++20, so it is all or none; a member of type
    `std::optional` or a smart pointer may always be absent.
*/
template <class T>
struct defaults : std::bool_constant<requires { requires T::json_defaults; }> {};

} // namespace crema::json

namespace crema::detail {

// ---- counting fields

// Converts to whatever a member wants; never called. A member's constructor for anything at all competes with the
// conversion: `const &&` loses against its `U&&` and wins against its `const U&`, so that one is always better.
// g++ 12 asks for a definition when T is local to a function.
struct anything {
    template <class T>
    operator T() const&& {
        throw nullptr;
    }
};

template <class T>
struct any_base_of {
    template <class B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const {
        throw nullptr;
    }
};

template <class T, class Places>
struct takes;
template <class T, std::size_t... I>
struct takes<T, std::index_sequence<I...>>
    : std::bool_constant<requires { T{(static_cast<void>(I), anything{})...}; }> {};

// T{anything × before, {anything × inside}, anything × after}
template <class T, class Before, class Inside, class After>
struct takes_nested;
template <class T, std::size_t... B, std::size_t... I, std::size_t... A>
struct takes_nested<T, std::index_sequence<B...>, std::index_sequence<I...>, std::index_sequence<A...>>
    : std::bool_constant<requires {
          T{(static_cast<void>(B), anything{})...,
            {(static_cast<void>(I), anything{})...},
            (static_cast<void>(A), anything{})...};
      }> {};

template <class T, std::size_t N>
inline constexpr bool takes_n = takes<T, std::make_index_sequence<N>>::value;
template <class T, std::size_t B, std::size_t I, std::size_t A>
inline constexpr bool takes_nested_n =
    takes_nested<T, std::make_index_sequence<B>, std::make_index_sequence<I>, std::make_index_sequence<A>>::value;

inline constexpr std::size_t most_fields = 64;
inline constexpr std::size_t most_initializers = 4096; // with each element of an array member counted

// The number of initializers: elements of C arrays count one by one, since braces may be left out.
template <class T, std::size_t Low, std::size_t High> // Low is taken, High is not
consteval std::size_t search_initializers() {
    if constexpr (High - Low <= 1) return Low;
    else if constexpr (takes_n<T, (Low + High) / 2>) return search_initializers<T, (Low + High) / 2, High>();
    else return search_initializers<T, Low, (Low + High) / 2>();
}
template <class T, std::size_t N = 8>
consteval std::size_t count_initializers() {
    if constexpr (takes_n<T, N> && N < most_initializers) return count_initializers<T, N * 2>();
    else return search_initializers<T, N == 8 ? 0 : N / 2, N>();
}
// Members without a default initialisation need at least so many.
template <class T, std::size_t N>
consteval std::size_t least_initializers() {
    if constexpr (N > most_fields) return 0;
    else if constexpr (takes_n<T, N>) return N;
    else return least_initializers<T, N + 1>();
}
template <class T, std::size_t N>
consteval std::size_t climb_initializers() {
    if constexpr (takes_n<T, N + 1>) return climb_initializers<T, N + 1>();
    else return N;
}

// The initializers that the member beginning at the Ith takes: more than one for a C array only. An array of k takes
// up to k in braces, and leaves All - I - k for those behind it.
template <class T, std::size_t All, std::size_t I, std::size_t Size>
inline constexpr bool is_array_of =
    takes_nested_n<T, I, Size, All - I - Size> && !takes_nested_n<T, I, Size, All - I - Size + 1>;

template <class T, std::size_t I, std::size_t Low, std::size_t High> // Low is taken, High is not
consteval std::size_t search_array() {
    if constexpr (High - Low <= 1) return Low;
    else if constexpr (takes_nested_n<T, I, (Low + High) / 2, 0>) return search_array<T, I, (Low + High) / 2, High>();
    else return search_array<T, I, Low, (Low + High) / 2>();
}
template <class T, std::size_t All, std::size_t I, std::size_t Size>
consteval std::size_t try_array() { // where the members behind need values, each size is tried
    if constexpr (I + Size > All || Size > most_fields) return 1;
    else if constexpr (is_array_of<T, All, I, Size>) return Size;
    else return try_array<T, All, I, Size + 1>();
}
template <class T, std::size_t All, std::size_t I>
consteval std::size_t member_length() {
    // A member of one initializer can be `{}`, with all the others still there.
    if constexpr (I + 1 >= All || takes_nested_n<T, I, 0, All - I - 1>) {
        return 1;
    } else if constexpr (takes_nested_n<T, I, 2, 0>) {
        constexpr std::size_t size = search_array<T, I, 2, All - I + 1>();
        if constexpr (is_array_of<T, All, I, size>) return size;
        else return 1;
    } else {
        return try_array<T, All, I, 2>();
    }
}
template <class T, std::size_t All, std::size_t I, std::size_t Count>
consteval std::size_t count_members() {
    if constexpr (I >= All) return Count;
    else return count_members<T, All, I + member_length<T, All, I>(), Count + 1>();
}

template <class T>
consteval std::size_t count_fields() {
    if constexpr (std::is_empty_v<T>) return 0;
    else if constexpr (takes_n<T, 0>) return count_members<T, count_initializers<T>(), 0, 0>();
    else return count_members<T, climb_initializers<T, least_initializers<T, 1>()>(), 0, 0>();
}

template <class T>
inline constexpr bool has_base = requires { T{any_base_of<T>{}}; };

/// Is the number of members of an aggregate.
template <class T>
inline constexpr std::size_t field_count = count_fields<T>();

template <class T>
concept aggregate = std::is_class_v<T> && std::is_aggregate_v<T>;

// ---- reaching them

#define CREMA_N1(p) p##1
#define CREMA_N2(p) CREMA_N1(p), p##2
#define CREMA_N3(p) CREMA_N2(p), p##3
#define CREMA_N4(p) CREMA_N3(p), p##4
#define CREMA_N5(p) CREMA_N4(p), p##5
#define CREMA_N6(p) CREMA_N5(p), p##6
#define CREMA_N7(p) CREMA_N6(p), p##7
#define CREMA_N8(p) CREMA_N7(p), p##8
#define CREMA_N9(p) CREMA_N8(p), p##9
#define CREMA_N10(p) CREMA_N9(p), p##10
#define CREMA_N11(p) CREMA_N10(p), p##11
#define CREMA_N12(p) CREMA_N11(p), p##12
#define CREMA_N13(p) CREMA_N12(p), p##13
#define CREMA_N14(p) CREMA_N13(p), p##14
#define CREMA_N15(p) CREMA_N14(p), p##15
#define CREMA_N16(p) CREMA_N15(p), p##16
#define CREMA_FIELDS(n, ...)                                                                                           \
    else if constexpr (count == n) {                                                                                   \
        auto& [__VA_ARGS__] = object;                                                                                  \
        return visitor(__VA_ARGS__);                                                                                   \
    }

// Calls `visitor` with references to all members, in order.
template <class T, class F>
constexpr decltype(auto) with_fields(T& object, F&& visitor) {
    static_assert(!takes_n<std::remove_cv_t<T>, most_initializers>,
                  "crema::json: an aggregate with arrays of more than 4095 elements is not reflected; give it "
                  "to_json and from_json");
    static_assert(!has_base<std::remove_cv_t<T>>,
                  "crema::json: an aggregate with a base class is not reflected; give it to_json and from_json, or "
                  "make the base a member");
    constexpr std::size_t count = field_count<std::remove_cv_t<T>>;
    static_assert(count <= most_fields,
                  "crema::json: an aggregate of more than 64 members is not reflected; give it to_json and from_json");
    if constexpr (count == 0) return visitor();
    // clang-format off
    CREMA_FIELDS(1, CREMA_N1(a))
    CREMA_FIELDS(2, CREMA_N2(a))
    CREMA_FIELDS(3, CREMA_N3(a))
    CREMA_FIELDS(4, CREMA_N4(a))
    CREMA_FIELDS(5, CREMA_N5(a))
    CREMA_FIELDS(6, CREMA_N6(a))
    CREMA_FIELDS(7, CREMA_N7(a))
    CREMA_FIELDS(8, CREMA_N8(a))
    CREMA_FIELDS(9, CREMA_N9(a))
    CREMA_FIELDS(10, CREMA_N10(a))
    CREMA_FIELDS(11, CREMA_N11(a))
    CREMA_FIELDS(12, CREMA_N12(a))
    CREMA_FIELDS(13, CREMA_N13(a))
    CREMA_FIELDS(14, CREMA_N14(a))
    CREMA_FIELDS(15, CREMA_N15(a))
    CREMA_FIELDS(16, CREMA_N16(a))
    CREMA_FIELDS(17, CREMA_N16(a), CREMA_N1(b))
    CREMA_FIELDS(18, CREMA_N16(a), CREMA_N2(b))
    CREMA_FIELDS(19, CREMA_N16(a), CREMA_N3(b))
    CREMA_FIELDS(20, CREMA_N16(a), CREMA_N4(b))
    CREMA_FIELDS(21, CREMA_N16(a), CREMA_N5(b))
    CREMA_FIELDS(22, CREMA_N16(a), CREMA_N6(b))
    CREMA_FIELDS(23, CREMA_N16(a), CREMA_N7(b))
    CREMA_FIELDS(24, CREMA_N16(a), CREMA_N8(b))
    CREMA_FIELDS(25, CREMA_N16(a), CREMA_N9(b))
    CREMA_FIELDS(26, CREMA_N16(a), CREMA_N10(b))
    CREMA_FIELDS(27, CREMA_N16(a), CREMA_N11(b))
    CREMA_FIELDS(28, CREMA_N16(a), CREMA_N12(b))
    CREMA_FIELDS(29, CREMA_N16(a), CREMA_N13(b))
    CREMA_FIELDS(30, CREMA_N16(a), CREMA_N14(b))
    CREMA_FIELDS(31, CREMA_N16(a), CREMA_N15(b))
    CREMA_FIELDS(32, CREMA_N16(a), CREMA_N16(b))
    CREMA_FIELDS(33, CREMA_N16(a), CREMA_N16(b), CREMA_N1(c))
    CREMA_FIELDS(34, CREMA_N16(a), CREMA_N16(b), CREMA_N2(c))
    CREMA_FIELDS(35, CREMA_N16(a), CREMA_N16(b), CREMA_N3(c))
    CREMA_FIELDS(36, CREMA_N16(a), CREMA_N16(b), CREMA_N4(c))
    CREMA_FIELDS(37, CREMA_N16(a), CREMA_N16(b), CREMA_N5(c))
    CREMA_FIELDS(38, CREMA_N16(a), CREMA_N16(b), CREMA_N6(c))
    CREMA_FIELDS(39, CREMA_N16(a), CREMA_N16(b), CREMA_N7(c))
    CREMA_FIELDS(40, CREMA_N16(a), CREMA_N16(b), CREMA_N8(c))
    CREMA_FIELDS(41, CREMA_N16(a), CREMA_N16(b), CREMA_N9(c))
    CREMA_FIELDS(42, CREMA_N16(a), CREMA_N16(b), CREMA_N10(c))
    CREMA_FIELDS(43, CREMA_N16(a), CREMA_N16(b), CREMA_N11(c))
    CREMA_FIELDS(44, CREMA_N16(a), CREMA_N16(b), CREMA_N12(c))
    CREMA_FIELDS(45, CREMA_N16(a), CREMA_N16(b), CREMA_N13(c))
    CREMA_FIELDS(46, CREMA_N16(a), CREMA_N16(b), CREMA_N14(c))
    CREMA_FIELDS(47, CREMA_N16(a), CREMA_N16(b), CREMA_N15(c))
    CREMA_FIELDS(48, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c))
    CREMA_FIELDS(49, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N1(d))
    CREMA_FIELDS(50, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N2(d))
    CREMA_FIELDS(51, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N3(d))
    CREMA_FIELDS(52, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N4(d))
    CREMA_FIELDS(53, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N5(d))
    CREMA_FIELDS(54, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N6(d))
    CREMA_FIELDS(55, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N7(d))
    CREMA_FIELDS(56, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N8(d))
    CREMA_FIELDS(57, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N9(d))
    CREMA_FIELDS(58, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N10(d))
    CREMA_FIELDS(59, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N11(d))
    CREMA_FIELDS(60, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N12(d))
    CREMA_FIELDS(61, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N13(d))
    CREMA_FIELDS(62, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N14(d))
    CREMA_FIELDS(63, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N15(d))
    CREMA_FIELDS(64, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N16(d))
    // clang-format on
}

#undef CREMA_FIELDS
#undef CREMA_N1
#undef CREMA_N2
#undef CREMA_N3
#undef CREMA_N4
#undef CREMA_N5
#undef CREMA_N6
#undef CREMA_N7
#undef CREMA_N8
#undef CREMA_N9
#undef CREMA_N10
#undef CREMA_N11
#undef CREMA_N12
#undef CREMA_N13
#undef CREMA_N14
#undef CREMA_N15
#undef CREMA_N16

// ---- their names

// An object that never lives. Its members have addresses, and an address as a template argument is printed with
// the member's name. The union keeps the members from being built, so any type will do.
template <class T>
union ghost {
    constexpr ghost() : none() {}
    constexpr ~ghost() {}
    char none;
    T object;
};
#if defined(__clang__)
template <class T>
inline ghost<T> ghost_of{}; // constant, though its type is no literal one
#else
template <class T>
inline constexpr ghost<T> ghost_of{}; // so that no destructor is registered
#endif

template <class P>
struct address {
    P at; // clang 16 takes the address of a subobject inside a class only
};

template <std::size_t I, class P>
struct numbered_address {
    P at;
};
template <class Places, class... P>
struct addresses;
template <std::size_t... I, class... P>
struct addresses<std::index_sequence<I...>, P...> : numbered_address<I, P>... {};
template <std::size_t I, class P>
consteval address<P> address_at(const numbered_address<I, P>& a) {
    return {a.at};
}

template <class T>
consteval auto addresses_of() {
    return with_fields(ghost_of<T>.object, [](auto&... member) {
        return addresses<std::index_sequence_for<decltype(member)...>, decltype(&member)...>{{&member}...};
    });
}

template <auto Address>
consteval std::string_view print_address() {
    return __PRETTY_FUNCTION__;
}

// g++: "... (& ghost_of<T>.ghost<T>::object.T::name)}; ...", clang: "... {&ghost_of.object.name}]"
consteval std::string_view cut_identifier(std::string_view printed) {
#if defined(__clang__)
    printed = printed.substr(0, printed.rfind('}'));
#else
    printed = printed.substr(0, printed.rfind(")}"));
#endif
    return printed.substr(printed.find_last_of(".:>") + 1);
}

template <class T>
consteval auto identifiers_of() {
    constexpr auto all = addresses_of<T>();
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<std::string_view, sizeof...(I)>{cut_identifier(print_address<address_at<I>(all)>())...};
    }(std::make_index_sequence<field_count<T>>());
}

// ---- their names in JSON

// A row of texts without the compiler's long literals they were cut from.
template <std::size_t Count, std::size_t Length>
struct text_row {
    char text[Length + 1] = {};
    std::uint32_t begin[Count + 1] = {};

    constexpr std::string_view operator[](std::size_t i) const { return {text + begin[i], begin[i + 1] - begin[i]}; }
    static constexpr std::size_t size() { return Count; }
};

template <class T>
concept has_names = requires { json::names<T>::list[0].member; };
template <class T>
concept has_own_names = requires { T::json_names[0].member; };

template <class T, std::size_t N>
consteval bool apply_names(std::array<std::string_view, N>& all) {
    const auto apply = [&](const auto& list) {
        const std::array<std::string_view, N> identifiers = all;
        for (const json::rename& r : list) {
            bool found = false;
            for (std::size_t i = 0; i != N; ++i)
                if (identifiers[i] == r.member) all[i] = r.name, found = true;
            if (!found) return false;
        }
        return true;
    };
    if constexpr (has_names<T>) return apply(json::names<T>::list);
    else if constexpr (has_own_names<T>) return apply(T::json_names);
    else return true;
}

template <std::size_t N>
consteval bool all_distinct(const std::array<std::string_view, N>& all) {
    for (std::size_t i = 0; i != N; ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (all[i] == all[j]) return false;
    return true;
}

template <class T, std::size_t N>
consteval auto renamed(std::array<std::string_view, N> all) {
    struct {
        std::array<std::string_view, N> names;
        bool known, distinct;
    } r{all, true, true};
    r.known = apply_names<T>(r.names);
    r.distinct = all_distinct(r.names);
    return r;
}

// What of a name is written differently inside quotes.
constexpr std::size_t quoted_length(std::string_view name) {
    std::size_t n = name.size();
    for (char c : name) n += c == '"' || c == '\\' ? 1 : static_cast<unsigned char>(c) < 0x20 ? 5 : 0;
    return n;
}
constexpr char* quote(char* to, std::string_view name) {
    for (char c : name) {
        if (static_cast<unsigned char>(c) < 0x20) {
            for (char d : {'\\', 'u', '0', '0'}) *to++ = d;
            *to++ = "0123456789abcdef"[c >> 4];
            *to++ = "0123456789abcdef"[c & 15];
            continue;
        }
        if (c == '"' || c == '\\') *to++ = '\\';
        *to++ = c;
    }
    return to;
}

template <class T>
consteval auto names_of_fields() {
    constexpr auto all = renamed<T>(identifiers_of<T>());
    static_assert(all.known, "crema::json: json::names lists an identifier that is no member of the type");
    static_assert(all.distinct, "crema::json: two members have the same name in JSON");
    constexpr std::size_t length = [&] {
        std::size_t n = 0;
        for (auto name : all.names) n += name.size();
        return n;
    }();
    text_row<all.names.size(), length> row;
    std::size_t at = 0;
    for (std::size_t i = 0; i != all.names.size(); ++i) {
        for (char c : all.names[i]) row.text[at++] = c;
        row.begin[i + 1] = static_cast<std::uint32_t>(at);
    }
    return row;
}

/// Is the names in JSON of the members of an aggregate, in order.
template <class T>
inline constexpr auto field_names = names_of_fields<T>();

template <class T>
consteval auto keys_of_fields() {
    constexpr auto& all = field_names<T>;
    constexpr std::size_t length = [] {
        std::size_t n = 0;
        for (std::size_t i = 0; i != all.size(); ++i) n += quoted_length(all[i]) + 4;
        return n;
    }();
    text_row<all.size(), length> row;
    char* at = row.text;
    for (std::size_t i = 0; i != all.size(); ++i) {
        *at++ = ',';
        *at++ = '"';
        at = quote(at, all[i]);
        *at++ = '"';
        *at++ = ':';
        row.begin[i + 1] = static_cast<std::uint32_t>(at - row.text);
    }
    return row;
}

/// Is `,"name":` for each member of an aggregate, ready to be written.
template <class T>
inline constexpr auto field_keys = keys_of_fields<T>();

} // namespace crema::detail
// ---- crema/json/enumerate.hpp
// Enumerations as text: the names of the enumerators without macros.
#include <algorithm>
#include <limits>
#include <optional>

namespace crema::detail {

inline constexpr int lowest_enumerator = -128;
inline constexpr int highest_enumerator = 255;

#if defined(__clang__)
#pragma clang diagnostic push
#if __has_warning("-Wenum-constexpr-conversion") // clang 16 to 19 warn and cast all the same; later ones see no value
#pragma clang diagnostic ignored "-Wenum-constexpr-conversion"
#endif
#endif

template <class E, int V, class = void>
struct is_enumerable : std::false_type {};
template <class E, int V>
struct is_enumerable<E, V, std::void_t<std::integral_constant<E, static_cast<E>(V)>>> : std::true_type {};

// The first and the last value that may be cast to E in a constant expression.
template <class E>
consteval std::pair<int, int> enumerable_range() {
    using U = std::underlying_type_t<E>;
    if constexpr (std::is_same_v<U, bool>) return {0, 1};
    else if constexpr (requires { E{U(0)}; }) {
        const int low = std::is_signed_v<U> ? lowest_enumerator : 0;
        const bool small = sizeof(U) == 1 && std::is_signed_v<U>;
        return {low, small ? 127 : highest_enumerator};
    } else {
        // Not fixed: the values of the smallest bit-field that holds all enumerators.
        int low = 0, high = 0;
        [&]<int... Bits>(std::integer_sequence<int, Bits...>) {
            ((is_enumerable<E, (1 << Bits) - 1>::value ? high = (1 << Bits) - 1 : 0), ...);
            ((is_enumerable<E, -(1 << Bits)>::value ? low = -(1 << Bits) : 0), ...);
        }(std::make_integer_sequence<int, 9>());
        return {std::max(low, lowest_enumerator), std::min(high, highest_enumerator)};
    }
}

template <auto... V>
consteval std::string_view print_values() {
    return __PRETTY_FUNCTION__;
}

template <class E>
struct enumerator {
    E value;
    std::string_view name;
};

// Cuts "a::red, (a::color)1, a::blue" after its "= {" or "= <"; what begins with a parenthesis has no name.
template <class E>
consteval auto cut_enumerators() {
    constexpr auto range = enumerable_range<E>();
    constexpr std::size_t most = static_cast<std::size_t>(range.second - range.first + 1);
    std::string_view printed = []<int... I>(std::integer_sequence<int, I...>) {
        return print_values<static_cast<E>(I + enumerable_range<E>().first)...>();
    }(std::make_integer_sequence<int, static_cast<int>(most)>());
    struct {
        std::array<enumerator<E>, most> all{};
        std::size_t count = 0;
        std::size_t length = 0;
    } r;
    printed.remove_prefix(printed.find("V = ") + 5);
    int value = range.first, depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < printed.size() && value <= range.second; ++i) {
        const char c = printed[i];
        const bool last = depth == 0 && (c == '}' || c == '>');
        if (last || (depth == 0 && c == ',')) {
            std::string_view one = printed.substr(begin, i - begin);
            // `(anonymous namespace)::x` and `{anonymous}::x` are names too: what matters is whether an identifier
            // ends it.
            const std::size_t start = one.find_last_of(":)") + 1; // npos + 1 is 0
            std::string_view name = one.substr(start);
            const char first = name.empty() ? '0' : name.front();
            const bool number = first == '-' || (first >= '0' && first <= '9') || (start != 0 && one[start - 1] == ')');
            if (!number) {
                r.all[r.count++] = {static_cast<E>(value), name};
                r.length += name.size();
            }
            ++value;
            begin = i + 2;
            if (last) break;
        } else if (c == '(' || c == '<' || c == '{' || c == '[') {
            ++depth;
        } else if (c == ')' || c == '>' || c == '}' || c == ']') {
            --depth;
        }
    }
    return r;
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

template <class E>
consteval auto make_enumerators() {
    constexpr auto cut = cut_enumerators<E>();
    constexpr auto identifiers = [&] {
        std::array<std::string_view, cut.count> names{};
        for (std::size_t i = 0; i != cut.count; ++i) names[i] = cut.all[i].name;
        return names;
    }();
    constexpr auto all = renamed<E>(identifiers);
    static_assert(cut.count != 0, "crema::json: an enumeration without a named value from -128 to 255 is not "
                                  "reflected; give it to_json and from_json");
    static_assert(all.known, "crema::json: json::names lists an identifier that is no enumerator of the type");
    static_assert(all.distinct, "crema::json: two enumerators have the same name in JSON");
    constexpr std::size_t length = [&] {
        std::size_t n = 0;
        for (auto name : all.names) n += name.size();
        return n;
    }();
    struct {
        std::array<E, cut.count> values{};
        text_row<cut.count, length> names{};
    } r;
    std::size_t at = 0;
    for (std::size_t i = 0; i != cut.count; ++i) {
        r.values[i] = cut.all[i].value;
        for (char c : all.names[i]) r.names.text[at++] = c;
        r.names.begin[i + 1] = static_cast<std::uint32_t>(at);
    }
    return r;
}

template <class E>
inline constexpr auto enumerators = make_enumerators<E>();

} // namespace crema::detail

namespace crema::json {

/** Return the name of an enumerator, as `json::names` gives it.

    @return A text that lives forever; empty when the value has no name or lies outside of -128 to 255.

    @par Complexity
    Linear in the number of enumerators; constant when they count up from 0.

    @par Thread Safety
    Safe.
*/
template <class E>
    requires std::is_enum_v<E>
constexpr std::string_view enum_name(E value) noexcept {
    constexpr auto& all = detail::enumerators<E>;
    const auto guess = static_cast<std::size_t>(static_cast<std::underlying_type_t<E>>(value));
    if (guess < all.values.size() && all.values[guess] == value) return all.names[guess];
    for (std::size_t i = 0; i < all.values.size(); ++i)
        if (all.values[i] == value) return all.names[i];
    return {};
}

/** Return the enumerator of that name, or nothing.

    @par Complexity
    Linear in the number of enumerators.

    @par Thread Safety
    Safe.
*/
template <class E>
    requires std::is_enum_v<E>
constexpr std::optional<E> enum_value(std::string_view name) noexcept {
    constexpr auto& all = detail::enumerators<E>;
    for (std::size_t i = 0; i < all.values.size(); ++i)
        if (all.names[i] == name) return all.values[i];
    return std::nullopt;
}

} // namespace crema::json
// ---- crema/json/reader.hpp
// The reader: what hooks read with, how strictly, and where it did not fit.
#include <cstddef>
#include <string>
#include <string_view>

namespace crema::json {

/// Says what happens to members that the type does not have.
enum class unknown_members : unsigned char {
    ignore, ///< nothing; they are validated all the same
    refuse, ///< an error
};

/// Says what happens when a member that the type has is absent.
enum class missing_members : unsigned char {
    refuse,   ///< an error, unless the member is an optional or a smart pointer, or its type says `json::defaults`
    defaults, ///< it keeps what its default initialiser gave it
};

/// Says how JSON is parsed and read.
struct parse_options {
    std::size_t max_depth = 64; ///< how deep arrays and objects that hold something may nest; at most 1024
    unknown_members unknown = unknown_members::ignore; ///< members that the type does not have
    missing_members missing = missing_members::refuse; ///< members that are not there
    std::string* pointer = nullptr; ///< receives the JSON pointer (RFC 6901) of a value that does not fit
};

/** Reads C++ values out of nodes. Handed to the hooks of your own types.

    A type of yours is read by a function `bool from_json(crema::json::reader&, crema::json::node, T&)` in its
    namespace:
    @code
    bool from_json(json::reader& r, json::node n, date& d) {
        std::string text;
        if (!r.read(n, text)) return false;             // "expected a string at /items/3/day"
        return parse_date(text, d) || r.expected(n, "a date");
    }
    @endcode
    Reading stops at the first `false`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class reader {
public:
    /// Construct with options, which have to live as long.
    explicit reader(const parse_options& options) noexcept : options_(options) {}

    /// Reads a value into `out`. @return Whether it fitted; when not, the reason is kept.
    template <class T>
    bool read(node n, T& out);

    /** Read a member of an object.

        @param n The object; anything else fails.
        @param name The name of the member. The last one counts when there are several.
        @param out Is read into; a member that is absent fails, unless `out` is an optional or a smart pointer.
        @par Complexity
        Linear in the number of members.
    */
    template <class T>
    bool member(node n, std::string_view name, T& out);

    /// Fails with `expected <what>`. @return false
    bool expected(node n, std::string_view what);
    /// Fails with a sentence of its own. @return false
    bool fail(node n, std::string_view sentence);
    /// Notes, on the way out, that what failed lies inside of this member. @return false
    bool inside(std::string_view name);
    /// Notes, on the way out, that what failed lies inside of this element. @return false
    bool inside(std::size_t index);

    /// Returns the options.
    const parse_options& options() const noexcept { return options_; }
    /// Returns the JSON pointer of what failed.
    const std::string& pointer() const noexcept { return pointer_; }
    /// Returns the word of the tape of what failed.
    std::size_t failed_word() const noexcept { return word_; }
    /// Returns the sentence, with the pointer.
    std::string message() const;

private:
    const parse_options& options_;
    std::string sentence_;
    std::string pointer_;
    std::size_t word_ = 0;
};

} // namespace crema::json

// ---- crema/json/pointer.hpp
// JSON pointers: name a place inside of a tree.
#include <string>
#include <string_view>
#include <vector>

namespace crema::json {

/** Append one step to the text of a pointer: a slash, and the step with `~` as `~0` and `/` as `~1`.

    @param pointer Grows.
    @param step The name of a member, or an index in decimal.
*/
CREMA_DECL void append_step(std::string& pointer, std::string_view step);

/** Names a place inside of a tree by the steps that lead there.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.

    @see RFC 6901
*/
class pointer {
public:
    /// Construct the pointer to the whole tree.
    pointer() = default;
    /// Construct from steps as they are, without escapes.
    explicit pointer(std::vector<std::string> steps) : steps_(std::move(steps)) {}

    /** Parse the text of a pointer, in which `~0` stands for `~` and `~1` for `/`.

        @param text Empty, or a slash before each step. Not the form of URI fragments.

        @par Errors
        @li `error::bad_syntax` it does not begin with a slash, or a `~` is followed by neither 0 nor 1.
    */
    static result<pointer> parse(std::string_view text);

    /// Returns the steps, without escapes.
    const std::vector<std::string>& steps() const noexcept { return steps_; }
    /// Returns the text, with escapes.
    std::string text() const;

    /** Find what this points to.

        @return The value, or null when there is none: no member or element of that name, an index with a leading
            zero, `-` (the place behind the last element), or a step into what is neither array nor object. Valid
            until the tree changes.

        @par Complexity
        Linear in the members of the objects on the way.
    */
    const value* find(const value& root) const noexcept;
    /// @copydoc find
    value* find(value& root) const noexcept { return const_cast<value*>(find(static_cast<const value&>(root))); }

    /// Compares the steps.
    friend bool operator==(const pointer&, const pointer&) = default;

private:
    std::vector<std::string> steps_;
};

/// Finds what a pointer's text points to; null also when the text is no pointer.
CREMA_DECL const value* find(const value& root, std::string_view pointer_text);

} // namespace crema::json

#if CREMA_BODIES
#include <charconv>
#include <cstddef>

namespace crema::json {

CREMA_DECL void append_step(std::string& pointer, std::string_view step) {
    pointer += '/';
    for (char c : step) {
        if (c == '~') pointer += "~0";
        else if (c == '/') pointer += "~1";
        else pointer += c;
    }
}

CREMA_DECL result<pointer> pointer::parse(std::string_view text) {
    pointer made;
    if (text.empty()) return made;
    if (text.front() != '/') return failure{make_error_code(error::bad_syntax), 0, "a JSON pointer begins with '/'"};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '/') {
            made.steps_.emplace_back();
        } else if (c == '~') {
            const char next = ++i < text.size() ? text[i] : ' ';
            if (next != '0' && next != '1')
                return failure{make_error_code(error::bad_syntax), i - 1,
                               "in a JSON pointer '~' is followed by 0 or 1"};
            made.steps_.back() += next == '0' ? '~' : '/';
        } else {
            made.steps_.back() += c;
        }
    }
    return made;
}

CREMA_DECL std::string pointer::text() const {
    std::string all;
    for (const std::string& step : steps_) append_step(all, step);
    return all;
}

CREMA_DECL const value* pointer::find(const value& root) const noexcept {
    const value* at = &root;
    for (const std::string& step : steps_) {
        if (at->is_object()) {
            at = at->find(step);
        } else if (at->is_array()) {
            std::size_t index = 0;
            const char* const end = step.data() + step.size();
            const auto [stop, bad] = std::from_chars(step.data(), end, index);
            const bool decimal = bad == std::errc() && stop == end && (step.size() == 1 || step[0] != '0');
            at = decimal && index < at->as_array().size() ? &at->as_array()[index] : nullptr;
        } else {
            at = nullptr;
        }
        if (!at) return nullptr;
    }
    return at;
}

CREMA_DECL const value* find(const value& root, std::string_view pointer_text) {
    const auto p = pointer::parse(pointer_text);
    return p ? p->find(root) : nullptr;
}

} // namespace crema::json
#endif
// ---- crema/json/reader.hpp, bodies
#if CREMA_BODIES

namespace crema::json {

CREMA_COLD CREMA_DECL bool reader::fail(node n, std::string_view sentence) {
    sentence_ = sentence;
    pointer_.clear();
    word_ = n.index();
    return false;
}

CREMA_COLD CREMA_DECL bool reader::expected(node n, std::string_view what) {
    std::string sentence = "expected ";
    sentence += what;
    return fail(n, sentence);
}

CREMA_COLD CREMA_DECL bool reader::inside(std::string_view name) {
    std::string step;
    append_step(step, name);
    pointer_.insert(0, step);
    return false;
}

CREMA_COLD CREMA_DECL bool reader::inside(std::size_t index) { return inside(std::string_view(std::to_string(index))); }

CREMA_DECL std::string reader::message() const {
    return sentence_ + " at " + (pointer_.empty() ? "the root" : pointer_);
}

} // namespace crema::json
#endif
// ---- crema/json/read.hpp
// Reading C++ values out of parsed JSON: what fits what, and where it did not.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

namespace crema::detail {

template <class T>
bool read_json(json::reader& r, json::node n, T& out);
CREMA_DECL void read_json_tree(json::node n, value& out);

namespace json_hooks {
void from_json(); // hides what stands in outer namespaces

template <class T>
concept reads_itself = requires(json::reader& r, json::node n, T& t) {
    { from_json(r, n, t) } -> std::same_as<bool>;
};

template <class T>
bool call_from_json(json::reader& r, json::node n, T& t) {
    return from_json(r, n, t);
}
} // namespace json_hooks

template <class T>
struct is_held_variant : std::false_type {};
template <class... A>
struct is_held_variant<std::variant<A...>> : std::true_type {};

template <class T>
struct is_owner : std::false_type {};
template <class T>
struct is_owner<std::unique_ptr<T>> : std::true_type {};
template <class T>
struct is_owner<std::shared_ptr<T>> : std::true_type {};

template <class T>
inline constexpr bool is_char_array = std::is_array_v<T> && std::is_same_v<std::remove_extent_t<T>, char>;

template <class T>
concept owning_text =
    std::constructible_from<T, const char*, std::size_t> && std::is_convertible_v<const T&, std::string_view> &&
    requires(T& t, const char* p, std::size_t n) { t.assign(p, n); };

// As many elements as its type says.
template <class T>
concept fixed_range = std::is_array_v<T> || requires(T& t) {
    requires std::tuple_size<T>::value >= 0;
    std::begin(t);
};

template <class T>
concept has_back = requires(T& t) { t.emplace_back(); };
template <class T>
concept has_insert = requires(T& t, typename T::value_type e) { t.insert(std::move(e)); };
template <class T>
concept growing_range = plain_range<T> && (has_back<T> || has_insert<T>);

template <class T>
inline constexpr bool may_be_absent = optional_like<T> || is_owner<T>::value;

template <class T>
consteval std::size_t fixed_size() {
    if constexpr (std::is_array_v<T>) return std::extent_v<T>;
    else return std::tuple_size<T>::value;
}

// ---- parts that are compiled once

CREMA_DECL std::size_t find_json_field(const char* names, const std::uint32_t* begin, std::size_t count,
                                       std::string_view name, std::size_t guess) noexcept;
CREMA_DECL bool whole_in_range(json::node n, std::int64_t low, std::uint64_t high, std::uint64_t& bits) noexcept;
bool expected_range(json::reader& r, json::node n, std::int64_t low, std::uint64_t high);
bool expected_size(json::reader& r, json::node n, std::size_t size);
CREMA_DECL bool exact_size(json::node n, std::size_t size) noexcept;
bool expected_name(json::reader& r, json::node n, const char* names, const std::uint32_t* begin, std::size_t count);
bool refuse_unknown(json::reader& r, json::node n, std::string_view name);
bool missing_member(json::reader& r, json::node n, std::string_view name);

// ---- what fits, told from the outside: for variants. Nothing inside of an array or of a member is looked at, so it
// costs no second reading.

template <class T>
bool fits_json(json::node n);

template <class T>
consteval std::uint64_t required_members() {
    std::uint64_t all = 0;
    if constexpr (!json::defaults<T>::value) {
        using pointers = decltype(addresses_of<T>());
        [&]<std::size_t... I, class... P>(addresses<std::index_sequence<I...>, P...>*) {
            ((all |= may_be_absent<std::remove_cv_t<std::remove_pointer_t<P>>> ? 0 : std::uint64_t(1) << I), ...);
        }(static_cast<pointers*>(nullptr));
    }
    return all;
}

template <class T>
bool fits_aggregate(json::node n) {
    if (!n.is_object()) return false;
    constexpr auto& names = field_names<T>;
    std::uint64_t seen = 0;
    std::size_t guess = 0;
    for (const auto& m : n.members()) {
        const std::size_t i = find_json_field(names.text, names.begin, names.size(), m.name, guess);
        if (i == names.size()) continue;
        seen |= std::uint64_t(1) << i;
        guess = i + 1;
    }
    return (required_members<T>() & ~seen) == 0;
}

template <class T>
bool fits_json(json::node n) {
    std::uint64_t bits;
    if constexpr (json_hooks::reads_itself<T> || std::is_same_v<T, value>) return true;
    else if constexpr (std::is_same_v<T, bool>) return n.is_bool();
    else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) return n.is_null();
    else if constexpr (std::is_same_v<T, char>) return n.is_string() && n.as_string().size() == 1;
    else if constexpr (whole_number<T>)
        return whole_in_range(n, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), bits);
    else if constexpr (std::is_floating_point_v<T>) return n.is_number();
    else if constexpr (owning_text<T> || is_char_array<T>) return n.is_string();
    else if constexpr (optional_like<T>) return n.is_null() || fits_json<typename T::value_type>(n);
    else if constexpr (is_owner<T>::value) return n.is_null() || fits_json<typename T::element_type>(n);
    else if constexpr (is_held_variant<T>::value)
        return []<class... A>(json::node held, std::variant<A...>*) {
            return (fits_json<A>(held) || ...);
        }(n, static_cast<T*>(nullptr));
    else if constexpr (map_like<T>) return n.is_object();
    else if constexpr (fixed_range<T> || (requires { std::tuple_size<T>::value; }))
        return n.is_array() && exact_size(n, fixed_size<T>());
    else if constexpr (plain_range<T>) return n.is_array();
    else if constexpr (std::is_enum_v<T>) return n.is_string() && json::enum_value<T>(n.as_string()).has_value();
    else return fits_aggregate<T>(n);
}

// ---- reading

template <class M>
void forget(M& member) { // what an earlier member of the same name left
    if constexpr (std::is_array_v<M>) {
        for (auto& e : member) forget(e);
    } else if constexpr (std::is_default_constructible_v<M> && std::is_move_assignable_v<M>) {
        member = M();
    }
}

// What there is to know of an aggregate; the reading itself is compiled once for all of them.
struct json_slot {
    bool (*read)(json::reader& r, json::node n, void* member);
    void (*forget)(void* member);
};
struct json_shape {
    const char* names;           // of all members, one behind the other
    const std::uint32_t* begin;  // where each begins
    const std::uint32_t* offset; // where each member lies in the object
    const json_slot* slots;
    std::size_t count;
    std::uint64_t required; // a bit for each member that may not be absent
};
bool read_json_object(json::reader& r, json::node n, void* out, const json_shape& shape);

template <class M>
inline constexpr json_slot slot_of{
    [](json::reader& r, json::node n, void* member) { return read_json(r, n, *static_cast<M*>(member)); },
    [](void* member) { forget(*static_cast<M*>(member)); }};

template <class T>
const json_shape& shape_of(T& any) {
    static const auto offsets = with_fields(any, [&](auto&... member) {
        const char* const begin = reinterpret_cast<const char*>(&any);
        return std::array<std::uint32_t, sizeof...(member) + 1>{
            static_cast<std::uint32_t>(reinterpret_cast<const char*>(&member) - begin)..., 0};
    });
    static constexpr auto slots = []<std::size_t... I, class... P>(addresses<std::index_sequence<I...>, P...>) {
        return std::array<json_slot, sizeof...(P) + 1>{slot_of<std::remove_const_t<std::remove_pointer_t<P>>>...,
                                                       json_slot{}};
    }(addresses_of<T>());
    static const json_shape shape{field_names<T>.text, field_names<T>.begin, offsets.data(),
                                  slots.data(),        field_count<T>,       required_members<T>()};
    return shape;
}

template <class T>
bool read_json_map(json::reader& r, json::node n, T& out) {
    if (!n.is_object()) return r.expected(n, "an object");
    using K = typename T::key_type;
    out.clear();
    for (const auto& m : n.members()) {
        K key{};
        if constexpr (owning_text<K>) {
            key.assign(m.name.data(), m.name.size());
        } else if constexpr (std::is_enum_v<K>) {
            const auto e = json::enum_value<K>(m.name);
            if (!e) return r.fail(m.content, "unknown name"), r.inside(m.name);
            key = *e;
        } else {
            static_assert(whole_number<K>, "crema::json: the keys of a map have to be text that is owned, integers or "
                                           "enumerators to be read from names of members");
            const char* const end = m.name.data() + m.name.size();
            const auto [stop, bad] = std::from_chars(m.name.data(), end, key);
            if (bad != std::errc() || stop != end)
                return r.fail(m.content, "expected an integer as name"), r.inside(m.name);
        }
        typename T::mapped_type content{};
        if (!read_json(r, m.content, content)) return r.inside(m.name);
        if constexpr (requires { out.insert_or_assign(std::move(key), std::move(content)); })
            out.insert_or_assign(std::move(key), std::move(content));
        else out.emplace(std::move(key), std::move(content));
    }
    return true;
}

template <class T>
bool read_json_range(json::reader& r, json::node n, T& out) {
    if (!n.is_array()) return r.expected(n, "an array");
    using E = typename T::value_type;
    out.clear();
    // A short text may promise many large elements: what is reserved ahead is bounded.
    if constexpr (requires { out.reserve(n.size()); })
        out.reserve(std::min<std::size_t>(n.size(), 64 + 65536 / sizeof(E)));
    std::size_t i = 0;
    for (const json::node& e : n.elements()) {
        bool fine;
        if constexpr (std::is_same_v<E, bool> || !requires { out.emplace_back(); }) {
            E element{};
            fine = read_json(r, e, element);
            if constexpr (requires { out.push_back(std::move(element)); }) out.push_back(std::move(element));
            else out.insert(std::move(element));
        } else {
            fine = read_json(r, e, out.emplace_back());
        }
        if (!fine) return r.inside(i);
        ++i;
    }
    return true;
}

template <class T>
bool read_json_fixed(json::reader& r, json::node n, T& out) {
    if (!n.is_array() || !exact_size(n, fixed_size<T>())) return expected_size(r, n, fixed_size<T>());
    auto to = std::begin(out);
    std::size_t i = 0;
    for (const json::node& e : n.elements()) {
        if (!read_json(r, e, *to++)) return r.inside(i);
        ++i;
    }
    return true;
}

template <class T>
bool read_json_tuple(json::reader& r, json::node n, T& out) {
    if (!n.is_array() || !exact_size(n, fixed_size<T>())) return expected_size(r, n, fixed_size<T>());
    auto from = n.elements().begin();
    return std::apply(
        [&](auto&... e) {
            std::size_t i = 0;
            [[maybe_unused]] const auto one = [&](auto& here) {
                const json::node at = *from;
                ++from;
                return read_json(r, at, here) ? (++i, true) : r.inside(i);
            };
            return (one(e) && ...);
        },
        out);
}

template <class... A>
bool read_json_variant(json::reader& r, json::node n, std::variant<A...>& out) {
    bool fine = false, found = false;
    const auto one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
        using T = std::variant_alternative_t<I, std::variant<A...>>;
        if (!fits_json<T>(n)) return false;
        found = true;
        fine = read_json(r, n, out.template emplace<I>());
        return true;
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        static_cast<void>((one(std::integral_constant<std::size_t, I>()) || ...));
    }(std::index_sequence_for<A...>());
    return found ? fine : r.fail(n, "none of the types that may stand here fits");
}

template <class T>
inline constexpr bool no_reading = false;

template <class T>
bool read_json(json::reader& r, json::node n, T& out) {
    if constexpr (json_hooks::reads_itself<T>) {
        return json_hooks::call_from_json(r, n, out);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!n.is_bool()) return r.expected(n, "true or false");
        out = n.as_bool();
        return true;
    } else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
        return n.is_null() || r.expected(n, "null");
    } else if constexpr (std::is_same_v<T, char>) {
        if (!n.is_string() || n.as_string().size() != 1) return r.expected(n, "a string of one ASCII character");
        out = n.as_string()[0];
        return true;
    } else if constexpr (whole_number<T>) {
        using limits = std::numeric_limits<T>;
        std::uint64_t bits;
        if (!whole_in_range(n, static_cast<std::int64_t>(limits::min()), static_cast<std::uint64_t>(limits::max()),
                            bits)) [[unlikely]]
            return expected_range(r, n, static_cast<std::int64_t>(limits::min()),
                                  static_cast<std::uint64_t>(limits::max()));
        out = static_cast<T>(bits);
        return true;
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!n.is_number()) return r.expected(n, "a number");
        const double d = n.as_double();
        if (sizeof(T) < sizeof(double) && std::abs(d) > static_cast<double>(std::numeric_limits<T>::max()) &&
            std::abs(d) <= std::numeric_limits<double>::max())
            return r.expected(n, "a number that fits a float");
        out = static_cast<T>(d);
        return true;
    } else if constexpr (std::is_same_v<T, value>) {
        read_json_tree(n, out);
        return true;
    } else if constexpr (owning_text<T>) {
        if (!n.is_string()) return r.expected(n, "a string");
        const std::string_view text = n.as_string();
        out = T(text.data(), text.size()); // cheaper than assign, which cannot know that it is empty
        return true;
    } else if constexpr (is_char_array<T>) {
        constexpr std::size_t room = std::extent_v<T>;
        if (!n.is_string() || n.as_string().size() >= room)
            return r.expected(n, "a string of at most " + std::to_string(room - 1) + " octets");
        const std::string_view text = n.as_string();
        std::fill(std::copy(text.begin(), text.end(), out), out + room, '\0');
        return true;
    } else if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, const char*>) {
        static_assert(
            no_reading<T>,
            "crema::json: a view would dangle, since the parsed text does not outlive parsing: use std::string");
    } else if constexpr (optional_like<T>) {
        if (n.is_null()) {
            out.reset();
            return true;
        }
        return read_json(r, n, out.emplace());
    } else if constexpr (is_owner<T>::value) {
        using E = typename T::element_type;
        if (n.is_null()) {
            out.reset();
            return true;
        }
        if constexpr (std::is_same_v<T, std::unique_ptr<E>>) out = std::make_unique<E>();
        else out = std::make_shared<E>();
        return read_json(r, n, *out);
    } else if constexpr (is_held_variant<T>::value) {
        return read_json_variant(r, n, out);
    } else if constexpr (map_like<T>) {
        return read_json_map(r, n, out);
    } else if constexpr (fixed_range<T>) {
        return read_json_fixed(r, n, out);
    } else if constexpr (growing_range<T>) {
        return read_json_range(r, n, out);
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        return read_json_tuple(r, n, out);
    } else if constexpr (std::is_enum_v<T>) {
        constexpr auto& names = enumerators<T>.names;
        const std::size_t i =
            n.is_string() ? find_json_field(names.text, names.begin, names.size(), n.as_string(), 0) : names.size();
        if (i == names.size()) return expected_name(r, n, names.text, names.begin, names.size());
        out = enumerators<T>.values[i];
        return true;
    } else if constexpr (aggregate<T>) {
        return read_json_object(r, n, &out, shape_of(out));
    } else {
        static_assert(no_reading<T>,
                      "crema::json: this type cannot be read from JSON: make it an aggregate, or give it "
                      "bool from_json(crema::json::reader&, crema::json::node, T&) in its namespace");
    }
}

} // namespace crema::detail

namespace crema::json {

template <class T>
bool reader::read(node n, T& out) {
    return detail::read_json(*this, n, out);
}

template <class T>
bool reader::member(node n, std::string_view name, T& out) {
    if (!n.is_object()) return expected(n, "an object");
    const node* found = nullptr;
    node content = n;
    for (const auto& m : n.members())
        if (m.name == name) content = m.content, found = &content;
    if (found) return detail::read_json(*this, content, out) || inside(name);
    if constexpr (detail::may_be_absent<T>) {
        out.reset();
        return true;
    } else {
        return detail::missing_member(*this, n, name);
    }
}

} // namespace crema::json

#if CREMA_BODIES
#include <cstring>
#include <utility>
#include <vector>

namespace crema::detail {

CREMA_DECL std::size_t find_json_field(const char* names, const std::uint32_t* begin, std::size_t count,
                                       std::string_view name, std::size_t guess) noexcept {
    const auto load = []<class W>(const char* p, W w) {
        std::memcpy(&w, p, sizeof w);
        return w;
    };
    const std::size_t n = name.size();
    const auto same = [&](const char* p) { // short texts, without a call
        const char* const q = name.data();
        if (n > 16) return std::memcmp(p, q, n) == 0;
        if (n >= 8) {
            const std::uint64_t w = 0;
            return ((load(p, w) ^ load(q, w)) | (load(p + n - 8, w) ^ load(q + n - 8, w))) == 0;
        }
        if (n >= 4) {
            const std::uint32_t w = 0;
            return ((load(p, w) ^ load(q, w)) | (load(p + n - 4, w) ^ load(q + n - 4, w))) == 0;
        }
        return n == 0 || (p[0] == q[0] && p[n / 2] == q[n / 2] && p[n - 1] == q[n - 1]);
    };
    const auto is = [&](std::size_t i) { return begin[i + 1] - begin[i] == n && same(names + begin[i]); };
    if (guess < count && is(guess)) return guess; // mostly they come in order
    for (std::size_t i = 0; i < count; ++i)
        if (is(i)) return i;
    return count;
}

CREMA_DECL bool read_json_object(json::reader& r, json::node n, void* out, const json_shape& shape) {
    if (!n.is_object()) return r.expected(n, "an object");
    std::uint64_t seen = 0;
    std::size_t guess = 0;
    for (const auto& m : n.members()) {
        const std::size_t i = find_json_field(shape.names, shape.begin, shape.count, m.name, guess);
        if (i == shape.count) [[unlikely]] {
            if (r.options().unknown == json::unknown_members::refuse) return refuse_unknown(r, m.content, m.name);
            continue;
        }
        guess = i + 1;
        void* const member = static_cast<char*>(out) + shape.offset[i];
        const std::uint64_t bit = std::uint64_t(1) << i;
        if ((seen & bit) != 0) [[unlikely]]
            shape.slots[i].forget(member);
        seen |= bit;
        if (!shape.slots[i].read(r, m.content, member)) [[unlikely]]
            return r.inside(m.name);
    }
    const std::uint64_t missing = shape.required & ~seen;
    if (missing != 0 && r.options().missing == json::missing_members::refuse) [[unlikely]] {
        const auto i = static_cast<std::size_t>(std::countr_zero(missing));
        return missing_member(r, n, {shape.names + shape.begin[i], shape.begin[i + 1] - shape.begin[i]});
    }
    return true;
}

CREMA_DECL bool whole_in_range(json::node n, std::int64_t low, std::uint64_t high, std::uint64_t& bits) noexcept {
    switch (n.type()) {
    case json::node::kind::integer: {
        bits = n.whole_bits();
        const auto i = static_cast<std::int64_t>(bits);
        return i < 0 ? i >= low : bits >= static_cast<std::uint64_t>(std::max<std::int64_t>(low, 0)) && bits <= high;
    }
    case json::node::kind::natural: bits = n.whole_bits(); return bits <= high;
    case json::node::kind::number: { // 1.0 and 1e3 are whole too
        const double d = n.as_double();
        if (std::trunc(d) != d || d < -9007199254740992.0 || d > 9007199254740992.0) return false;
        const auto i = static_cast<std::int64_t>(d);
        bits = static_cast<std::uint64_t>(i);
        return i < 0 ? i >= low : bits <= high;
    }
    default: return false;
    }
}

CREMA_COLD CREMA_DECL bool expected_range(json::reader& r, json::node n, std::int64_t low, std::uint64_t high) {
    std::uint64_t bits;
    const bool whole =
        n.type() == json::node::kind::integer || n.type() == json::node::kind::natural ||
        whole_in_range(n, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max(), bits);
    if (!whole) return r.expected(n, "an integer");
    return r.expected(n, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
}

CREMA_DECL bool exact_size(json::node n, std::size_t size) noexcept {
    if (n.size() < 0xFFFFFF) return n.size() == size;
    std::size_t all = 0;
    for (const json::node& e : n.elements()) all += static_cast<std::size_t>(e.index() != 0);
    return all == size;
}

CREMA_COLD CREMA_DECL bool expected_size(json::reader& r, json::node n, std::size_t size) {
    return r.expected(n, "an array of " + std::to_string(size) + (size == 1 ? " element" : " elements"));
}

CREMA_COLD CREMA_DECL bool expected_name(json::reader& r, json::node n, const char* names, const std::uint32_t* begin,
                                         std::size_t count) {
    std::string what = count > 1 ? "one of " : "";
    for (std::size_t i = 0; i < count; ++i) {
        if (i == 16) {
            what += ", ...";
            break;
        }
        what.append(i ? ", \"" : "\"").append(names + begin[i], begin[i + 1] - begin[i]).append("\"");
    }
    return r.expected(n, what);
}

CREMA_COLD CREMA_DECL bool refuse_unknown(json::reader& r, json::node n, std::string_view name) {
    r.fail(n, "unknown member");
    return r.inside(name);
}

CREMA_COLD CREMA_DECL bool missing_member(json::reader& r, json::node n, std::string_view name) {
    r.fail(n, "missing member");
    return r.inside(name);
}

// Of several members of one name the last value counts, in the place of the first, as in JSON.parse.
CREMA_DECL void keep_last(value::object_type& members) {
    if (members.size() <= 16) {
        for (std::size_t i = 1; i < members.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (members[j].first == members[i].first) {
                    members[j].second = std::move(members[i].second);
                    members.erase(members.begin() + static_cast<std::ptrdiff_t>(i--));
                    break;
                }
        return;
    }
    std::vector<std::size_t> order(members.size()); // sorted: no hash that could be attacked
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const int c = members[a].first.compare(members[b].first);
        return c != 0 ? c < 0 : a < b;
    });
    std::vector<bool> dropped(members.size());
    bool any = false;
    for (std::size_t i = 0, first = 0; i < order.size(); ++i) {
        if (members[order[i]].first != members[order[first]].first) first = i;
        if (i == first) continue;
        members[order[first]].second = std::move(members[order[i]].second);
        dropped[order[i]] = any = true;
    }
    if (!any) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < members.size(); ++i)
        if (!dropped[i]) {
            if (kept != i) members[kept] = std::move(members[i]);
            ++kept;
        }
    members.resize(kept);
}

CREMA_DECL void read_json_tree(json::node n, value& out) {
    switch (n.type()) {
    case value::kind::null: out = nullptr; break;
    case value::kind::boolean: out = n.as_bool(); break;
    case value::kind::integer: out = static_cast<std::int64_t>(n.whole_bits()); break;
    case value::kind::natural: out = n.whole_bits(); break;
    case value::kind::number: out = n.as_double(); break;
    case value::kind::string: out = n.as_string(); break;
    case value::kind::array: {
        out = value::array();
        auto& all = out.as_array();
        all.reserve(std::min<std::size_t>(n.size(), 1024)); // an element is 40 octets for two of the text
        for (const json::node& e : n.elements()) read_json_tree(e, all.emplace_back());
        break;
    }
    case value::kind::object: {
        out = value::object();
        auto& all = out.as_object();
        all.reserve(std::min<std::size_t>(n.size(), 1024));
        for (const auto& m : n.members()) {
            auto& made = all.emplace_back(std::string(m.name), value());
            read_json_tree(m.content, made.second);
        }
        keep_last(all);
    }
    }
}

} // namespace crema::detail
#endif
// ---- crema/json/parse.hpp
// Parsing JSON into C++ values and trees. The only header that needs simdjson.
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema::detail {

struct json_parser; // holds simdjson; one a thread, used again and again

/** Is a text that was parsed, for the time it is read.

    The text is parsed whole by simdjson's DOM parser: unlike its on-demand parser it validates every octet, also of
    what nobody reads, before the first value is read.

    @par Thread Safety
    Only on one thread. May be made while another one lives.
*/
class parsed_json {
public:
    parsed_json(std::string_view text, const json::parse_options& options);
    ~parsed_json();
    parsed_json(const parsed_json&) = delete;
    parsed_json& operator=(const parsed_json&) = delete;

    bool failed() const noexcept { return failure_.has_value(); }
    failure take_failure() { return std::move(*failure_); }
    json::node root() const noexcept { return json::node(tape_, 1); }
    // Says where in the text it was that reading failed.
    failure describe(const json::reader& r) const;

private:
    std::string_view text_;
    const json::parse_options& options_;
    json_parser* parser_;
    json_tape tape_;
    std::optional<failure> failure_;
};

} // namespace crema::detail

namespace crema::json {

/** Parse JSON into a C++ value.

    Strict: the whole text has to be valid JSON (RFC 8259) and nothing may follow; no value is converted into one of
    another kind. What is read into what:
    @li a type with `bool from_json(json::reader&, json::node, T&)` in its namespace: as that reads;
    @li `bool` from true and false; integers from whole numbers in their range (1.0 and 1e3 are whole); floating point
        from numbers, rounded; `char` from a string of one ASCII character; strings and arrays of `char` from strings;
        `std::monostate` from null;
    @li `std::optional`, `std::unique_ptr`, `std::shared_ptr`: null is empty, and so is a member that is absent;
    @li `std::variant`: the first alternative that fits, by kind, range, enumerator, number of elements, and, for
        aggregates, by the members that have to be there; nothing deeper is tried, so time stays linear. An
        alternative with a hook fits everything: let it be the last;
    @li maps from objects; ranges from arrays; `std::array`, C arrays, `std::tuple` and `std::pair` from arrays of
        exactly that size;
    @li enumerations from the names of their enumerators (see `json::names`);
    @li aggregates from objects. A member that is absent is an error, unless it is an optional or a smart pointer, or
        the type says `json::defaults`; unknown members are ignored; both are options. Of several members of one name
        the last counts, as in JSON.parse;
    @li `crema::value` from anything.

    Numbers beyond 64 bits or the range of `double` are what JSON.parse makes of them. An escaped surrogate without
    its other half becomes U+FFFD. A byte order mark is refused.

    @param text UTF-8; not needed any longer when this returns. No padding is needed.
    @param options Depth, unknown and missing members.
    @return The value, or the first thing that is wrong; `position` is its offset in octets.

    @par Errors
    @li `error::bad_syntax` no JSON: `unexpected '}' at position 17 (line 2, column 5)`
    @li `error::too_deep` nested deeper than `max_depth`
    @li `error::bad_value` JSON that does not fit `T`: `expected an integer at /items/3/price`, with the JSON pointer
        of the value
    @li `error::too_large` 4 GiB or more

    @throws std::bad_alloc

    @par Complexity
    Linear in the size of the text (times the logarithm of the members of an object for `crema::value`).

    @par Thread Safety
    Safe.

    @see RFC 8259, RFC 6901
*/
template <class T>
result<T> parse(std::string_view text, const parse_options& options = {}) {
    static_assert(std::is_default_constructible_v<T> && std::is_move_constructible_v<T>,
                  "crema::json: what is parsed into has to be default constructible and movable");
    detail::parsed_json parsed(text, options);
    result<T> made(std::in_place); // the one object that is returned: nothing is moved
    if (parsed.failed()) [[unlikely]] {
        made = parsed.take_failure();
    } else {
        reader r(options);
        if (!r.read(parsed.root(), *made)) [[unlikely]]
            made = parsed.describe(r);
    }
    return made;
}

/// Parses JSON into a tree; see `parse`.
CREMA_DECL result<value> parse_value(std::string_view text, const parse_options& options = {});

} // namespace crema::json

// ---- crema/json/scan.hpp
// The careful parser: finds the place and the reason of an error, and reads JSON that the fast parser refuses.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crema::detail {

/** Parse JSON octet by octet into the same tape that the fast parser makes.

    It stands behind the fast one, which is some ten times faster but says neither where nor why. It also reads
    numbers that fit no 64-bit integer or no double (as JSON.parse does: rounded, or infinite), and replaces an
    escaped surrogate without its other half by U+FFFD.

    @par Thread Safety
    Distinct objects: safe.
*/
class json_scanner {
public:
    /// Construct over a text, which has to live as long. Containers that hold something may nest `max_depth` deep.
    json_scanner(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

    /// Parses; returns why not, if so: `error::bad_syntax` or `error::too_deep`, with the position in octets, and line
    /// and column in the detail.
    std::optional<failure> run();

    /// Returns the tape, valid as long as this object.
    json_tape tape() const noexcept { return {words_.data(), strings_.data()}; }
    /// Returns the offset in the text of the value at a word of the tape.
    std::size_t position_of(std::size_t word) const noexcept;

private:
    struct scope {
        std::size_t word;
        std::size_t count;
    };
    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool ended() const noexcept { return at_ >= text_.size(); }
    void skip_space() noexcept;
    void emit(char mark, std::uint64_t payload, std::size_t position);
    bool value_here();
    bool after_value();
    bool name_here();
    bool open(char c);
    void close(char c);
    bool string_here();
    bool escape_here();
    bool number_here();
    bool literal_here(std::string_view word);
    bool unit_here(unsigned& unit);
    bool fail(error code, std::string what);
    bool unexpected();

    std::string_view text_;
    std::size_t max_depth_;
    std::size_t at_ = 0;
    bool done_ = false;
    std::vector<std::uint64_t> words_;
    std::vector<std::size_t> positions_; // of each word
    std::string strings_;
    std::vector<scope> scopes_;
    std::optional<failure> failure_;
};

} // namespace crema::detail

#if CREMA_BODIES
#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace crema::detail {

CREMA_DECL std::optional<failure> json_scanner::run() {
    emit('r', 0, 0);
    bool going = value_here();
    while (going && !done_) going = after_value();
    if (going) {
        emit('r', 0, at_);
        words_[0] |= words_.size();
    }
    return failure_;
}

CREMA_DECL std::size_t json_scanner::position_of(std::size_t word) const noexcept {
    return word < positions_.size() ? positions_[word] : 0;
}

CREMA_DECL void json_scanner::skip_space() noexcept {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
        ++at_;
}

CREMA_DECL void json_scanner::emit(char mark, std::uint64_t payload, std::size_t position) {
    words_.push_back(static_cast<std::uint64_t>(static_cast<unsigned char>(mark)) << 56 | payload);
    positions_.push_back(position);
}

CREMA_DECL bool json_scanner::fail(error code, std::string what) {
    std::size_t line = 1, column = 1; // columns in code points
    for (std::size_t i = 0; i < at_; ++i) {
        if (text_[i] == '\n') ++line, column = 1;
        else if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++column;
    }
    what += " at position " + std::to_string(at_) + " (line " + std::to_string(line) + ", column " +
            std::to_string(column) + ")";
    failure_ = failure{make_error_code(code), at_, std::move(what)};
    return false;
}

CREMA_DECL bool json_scanner::unexpected() {
    if (ended()) return fail(error::bad_syntax, "unexpected end of JSON");
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    if (c > 0x20 && c < 0x7F) return fail(error::bad_syntax, std::string("unexpected '") + static_cast<char>(c) + "'");
    constexpr const char* hex = "0123456789ABCDEF";
    return fail(error::bad_syntax, std::string("unexpected octet 0x") + hex[c >> 4] + hex[c & 15]);
}

CREMA_DECL bool json_scanner::value_here() {
    skip_space();
    switch (peek()) {
    case '{':
    case '[': return open(text_[at_]);
    case '"': return string_here();
    case 't': return literal_here("true");
    case 'f': return literal_here("false");
    case 'n': return literal_here("null");
    case '-': return number_here();
    default: return peek() >= '0' && peek() <= '9' ? number_here() : unexpected();
    }
}

CREMA_DECL bool json_scanner::open(char c) {
    const std::size_t begin = at_;
    scopes_.push_back({words_.size(), 0});
    emit(c, 0, at_++);
    skip_space();
    const char end = c == '{' ? '}' : ']';
    if (peek() == end) {
        close(end);
        return true;
    }
    if (scopes_.size() > max_depth_) {
        at_ = begin;
        return fail(error::too_deep, "nested deeper than " + std::to_string(max_depth_) + " levels");
    }
    scopes_.back().count = 1;
    return c == '{' ? name_here() : value_here();
}

CREMA_DECL void json_scanner::close(char c) {
    const scope s = scopes_.back();
    scopes_.pop_back();
    emit(c, s.word, at_++);
    words_[s.word] |= std::uint64_t(std::min<std::size_t>(s.count, 0xFFFFFF)) << 32 | words_.size();
}

CREMA_DECL bool json_scanner::after_value() {
    skip_space();
    if (scopes_.empty()) {
        done_ = true;
        return ended() || unexpected();
    }
    const bool object = words_[scopes_.back().word] >> 56 == '{';
    if (peek() == ',') {
        ++at_;
        ++scopes_.back().count;
        return object ? name_here() : value_here();
    }
    if (peek() != (object ? '}' : ']')) return unexpected();
    close(peek());
    return true;
}

CREMA_DECL bool json_scanner::name_here() {
    skip_space();
    if (peek() != '"') return unexpected();
    if (!string_here()) return false;
    skip_space();
    if (peek() != ':') return unexpected();
    ++at_;
    return value_here();
}

CREMA_DECL bool json_scanner::literal_here(std::string_view word) {
    const std::size_t begin = at_;
    for (char c : word) {
        if (peek() != c) return unexpected();
        ++at_;
    }
    emit(word[0], 0, begin);
    return true;
}

CREMA_DECL bool json_scanner::string_here() {
    emit('"', strings_.size(), at_++);
    const std::size_t begin = strings_.size();
    strings_.append(sizeof(std::uint32_t), '\0');
    for (;;) {
        if (ended()) return unexpected();
        const unsigned char c = static_cast<unsigned char>(text_[at_]);
        if (c == '"') break;
        if (c == '\\') {
            if (!escape_here()) return false;
        } else if (c < 0x20) {
            constexpr const char* hex = "0123456789ABCDEF";
            return fail(error::bad_syntax,
                        std::string("unescaped control character U+00") + hex[c >> 4] + hex[c & 15] + " in a string");
        } else if (c < 0x80) {
            strings_ += text_[at_++];
        } else {
            const std::size_t n = utf8_length(text_.substr(at_));
            if (n == 0) return fail(error::bad_syntax, "invalid UTF-8");
            strings_.append(text_, at_, n);
            at_ += n;
        }
    }
    ++at_;
    const auto size = static_cast<std::uint32_t>(strings_.size() - begin - sizeof(std::uint32_t));
    std::memcpy(strings_.data() + begin, &size, sizeof size);
    strings_ += '\0';
    return true;
}

CREMA_DECL bool json_scanner::unit_here(unsigned& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
        if (ended() || !is_hex(text_[at_])) return unexpected();
        unit = unit << 4 | hex_value(text_[at_]);
    }
    return true;
}

CREMA_DECL bool json_scanner::escape_here() {
    ++at_;
    switch (const char c = peek()) {
    case '"':
    case '\\':
    case '/': strings_ += c; break;
    case 'b': strings_ += '\b'; break;
    case 'f': strings_ += '\f'; break;
    case 'n': strings_ += '\n'; break;
    case 'r': strings_ += '\r'; break;
    case 't': strings_ += '\t'; break;
    case 'u': {
        ++at_;
        unsigned point = 0;
        if (!unit_here(point)) return false;
        if (point >= 0xD800 && point < 0xDC00 && text_.substr(at_, 2) == "\\u") {
            const std::size_t here = at_;
            at_ += 2;
            unsigned low = 0;
            if (!unit_here(low)) return false;
            if (low >= 0xDC00 && low < 0xE000) point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            else at_ = here; // looked at again, as an escape of its own
        }
        if (point >= 0xD800 && point < 0xE000) point = 0xFFFD;
        const auto put = [&](unsigned octet) { strings_ += static_cast<char>(octet); };
        if (point < 0x80) {
            put(point);
        } else if (point < 0x800) {
            put(0xC0 | point >> 6);
            put(0x80 | (point & 0x3F));
        } else if (point < 0x10000) {
            put(0xE0 | point >> 12);
            put(0x80 | (point >> 6 & 0x3F));
            put(0x80 | (point & 0x3F));
        } else {
            put(0xF0 | point >> 18);
            put(0x80 | (point >> 12 & 0x3F));
            put(0x80 | (point >> 6 & 0x3F));
            put(0x80 | (point & 0x3F));
        }
        return true;
    }
    default: return unexpected();
    }
    ++at_;
    return true;
}

CREMA_DECL bool json_scanner::number_here() {
    const std::size_t begin = at_;
    const auto digits = [&] {
        const std::size_t first = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ != first || unexpected();
    };
    if (peek() == '-') ++at_;
    if (peek() == '0') ++at_; // and no digit may follow
    else if (!digits()) return false;
    bool whole = true;
    if (peek() == '.') {
        whole = false;
        ++at_;
        if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
        whole = false;
        ++at_;
        if (peek() == '+' || peek() == '-') ++at_;
        if (!digits()) return false;
    }
    const char* const first = text_.data() + begin;
    const char* const last = text_.data() + at_;
    const auto emit_number = [&](char mark, std::uint64_t bits) {
        emit(mark, 0, begin);
        words_.push_back(bits);
        positions_.push_back(begin);
        return true;
    };
    std::int64_t i = 0;
    if (whole && std::from_chars(first, last, i).ec == std::errc())
        return emit_number('l', static_cast<std::uint64_t>(i));
    std::uint64_t u = 0;
    if (whole && *first != '-' && std::from_chars(first, last, u).ec == std::errc()) return emit_number('u', u);
    double d = 0;
    if (std::from_chars(first, last, d).ec == std::errc::result_out_of_range) {
        // Too large or too small? The exponent of the first digit that is not 0 tells.
        const char* e = std::find_if(first, last, [](char c) { return c == 'e' || c == 'E'; });
        const char* point = std::find(first, e, '.');
        const char* digit = std::find_if(first, e, [](char c) { return c >= '1' && c <= '9'; });
        long long exponent = 0;
        if (e != last) {
            const char* from = e + 1 + (e[1] == '+');
            if (std::from_chars(from, last, exponent).ec != std::errc())
                exponent = *from == '-' ? -(1ll << 40) : 1ll << 40;
        }
        d = exponent + (point - digit) > 0 ? std::numeric_limits<double>::infinity() : 0.0;
        if (*first == '-') d = -d;
    }
    return emit_number('d', std::bit_cast<std::uint64_t>(d));
}

} // namespace crema::detail
#endif
// ---- crema/json/parse.hpp, bodies
#if CREMA_BODIES
#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <simdjson.h>

namespace crema::detail {

struct json_parser {
    static constexpr std::size_t least_room = 4096;
    static constexpr std::size_t most_kept = 1 << 20; // more is given back after use

    simdjson::dom::parser parser;
    std::unique_ptr<char[]> padded;
    std::size_t room = 0;
    std::unique_ptr<json_scanner> scanner; // when the fast parser refused
    bool busy = false;

    bool parse(std::string_view text, std::size_t max_depth) {
        if (room < text.size()) {
            padded.reset();
            room = std::max(text.size() + text.size() / 2, least_room);
            padded.reset(new char[room + simdjson::SIMDJSON_PADDING]);
        }
        // Its depth is counted from 0, and an empty container is none.
        if (parser.max_depth() != max_depth + 1 || parser.capacity() < text.size())
            if (parser.allocate(std::max(parser.capacity(), room), max_depth + 1) == simdjson::MEMALLOC)
                throw std::bad_alloc();
        if (!text.empty()) std::memcpy(padded.get(), text.data(), text.size());
        std::memset(padded.get() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
        const auto error = parser.parse(padded.get(), text.size(), false).error();
        if (error == simdjson::MEMALLOC) throw std::bad_alloc();
        return error == simdjson::SUCCESS;
    }

    void reuse() noexcept {
        scanner.reset();
        busy = false;
        if (room <= most_kept) return;
        parser = simdjson::dom::parser();
        padded.reset();
        room = 0;
    }
};

inline json_parser& this_thread_json_parser() {
    static thread_local json_parser instance;
    return instance;
}

inline void give_back(json_parser* p) noexcept {
    if (p != &this_thread_json_parser()) delete p;
    else p->reuse();
}

// Tells whether each escaped surrogate has its other half; simdjson 3.0 does not look at all of them.
inline bool surrogates_are_paired(std::string_view text) noexcept {
    const auto unit = [&](std::size_t i) { // of \uXXXX at i; 0 when there is none
        if (text.size() - i < 6 || text[i] != '\\' || text[i + 1] != 'u') return 0u;
        return hex_value(text[i + 2]) << 12 | hex_value(text[i + 3]) << 8 | hex_value(text[i + 4]) << 4 |
               hex_value(text[i + 5]);
    };
    std::size_t at = 0;
    while ((at = text.find('\\', at)) != std::string_view::npos) {
        const unsigned first = unit(at);
        if (first < 0xD800 || first > 0xDFFF) {
            at += 2;
            continue;
        }
        const unsigned second = at + 6 <= text.size() ? unit(at + 6) : 0;
        if (first >= 0xDC00 || second < 0xDC00 || second > 0xDFFF) return false;
        at += 12;
    }
    return true;
}

CREMA_DECL parsed_json::parsed_json(std::string_view text, const json::parse_options& options)
    : text_(text), options_(options) {
    json_parser& usual = this_thread_json_parser();
    parser_ = usual.busy ? new json_parser : &usual; // a hook may parse again
    parser_->busy = true;
    const std::size_t max_depth = std::clamp<std::size_t>(options.max_depth, 1, 1024);
    if (text.size() >= std::numeric_limits<std::uint32_t>::max() - simdjson::SIMDJSON_PADDING) {
        failure_ = failure{make_error_code(error::too_large), 0, "JSON of 4 GiB or more"};
        return;
    }
    try {
        const bool marked = text.starts_with("\xEF\xBB\xBF");
        if (!marked && parser_->parse(text, max_depth) && surrogates_are_paired(text)) [[likely]] {
            tape_ = {parser_->parser.doc.tape.get(),
                     reinterpret_cast<const char*>(parser_->parser.doc.string_buf.get())};
            return;
        }
        parser_->scanner = std::make_unique<json_scanner>(text, max_depth);
        failure_ = parser_->scanner->run();
        tape_ = parser_->scanner->tape();
    } catch (...) {
        give_back(parser_);
        throw;
    }
}

CREMA_DECL parsed_json::~parsed_json() { give_back(parser_); }

CREMA_DECL failure parsed_json::describe(const json::reader& r) const {
    if (options_.pointer) *options_.pointer = r.pointer();
    // The careful parser makes the same tape, and knows where each word of it comes from.
    json_scanner scanner(text_, std::clamp<std::size_t>(options_.max_depth, 1, 1024));
    static_cast<void>(scanner.run());
    return failure{make_error_code(error::bad_value), scanner.position_of(r.failed_word()), r.message()};
}

} // namespace crema::detail

namespace crema::json {

CREMA_DECL result<value> parse_value(std::string_view text, const parse_options& options) {
    return parse<value>(text, options);
}

} // namespace crema::json
#endif
// ---- crema/web/fwd.hpp
// Forward declarations: what a header of an application needs to name crema's types.

namespace crema {

template <class T>
class task;
class app;
class router;
class request;
class response;
class next;
class http_error;
class exchange;
class settings;

} // namespace crema
// ---- crema/web/request.hpp
// request: what the client asked, with Express' names.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crema {

namespace detail {
class transaction;
struct router_run;
} // namespace detail

/** Holds the parameters that the path of a route or mount captured, decoded.

    @par Thread Safety
    Only on the loop of the request.
*/
class path_params {
public:
    /// Is one parameter.
    struct entry {
        std::string_view name;  ///< its name in the pattern
        std::string_view value; ///< decoded; of a wildcard the segments with `/` between, each decoded
        bool wildcard;          ///< whether it was captured by `*name`
    };

    /// Returns the value, or nothing when the path has none of that name. Valid until the exchange ends.
    std::optional<std::string_view> get(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (entries_[i].name == name) return entries_[i].value;
        return std::nullopt;
    }
    /// Returns the value; empty when the path has none of that name. Valid until the exchange ends.
    std::string_view operator[](std::string_view name) const noexcept { return get(name).value_or(std::string_view{}); }
    /// Tells whether there is a parameter of that name.
    bool has(std::string_view name) const noexcept { return get(name).has_value(); }
    const entry* begin() const noexcept { return entries_; }
    const entry* end() const noexcept { return entries_ + count_; }
    std::size_t size() const noexcept { return count_; }

private:
    friend class detail::transaction;
    friend class router;
    const entry* entries_ = nullptr;
    std::size_t count_ = 0;
};

/** Represents one HTTP request while it is handled.

    Handlers get it by reference; it lives until the last coroutine and the last `hold` of the request end.
    All views that it gives are valid as long.

    @par Thread Safety
    Only on the loop of the request.
*/
class request {
public:
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    /// Returns the method as it was sent: `"GET"`.
    std::string_view method() const noexcept { return head_->method_text(); }
    /// Returns the target without the part that a mount has taken: `"/7?x=1"`.
    std::string_view url() const noexcept { return url_; }
    /// Rewrites the target for the layers behind; copied.
    CREMA_DECL void url(std::string_view target);
    /// Returns the target as it was sent.
    std::string_view original_url() const noexcept { return head_->target(); }
    /// Returns the part of the path that mounts have taken, without a slash at its end.
    std::string_view base_url() const noexcept { return base_url_; }
    /// Returns the path of `url()`, still percent-encoded.
    std::string_view path() const noexcept { return path_; }
    /// Returns the minor version of HTTP/1.
    int http_version_minor() const noexcept { return head_->version_minor(); }

    /** Return a header field; repeated ones of list type are the first.

        @param name Case does not matter; `referrer` is `referer`.
    */
    CREMA_DECL std::optional<std::string_view> get(std::string_view name) const;
    /// Returns a header field; the same as `get`.
    std::optional<std::string_view> header(std::string_view name) const { return get(name); }
    /// Returns the fields as they came.
    const http::request_head& head() const noexcept { return *head_; }

    /// Returns what the pattern of the layer captured.
    const path_params& params() const noexcept { return params_; }
    /// Returns one captured parameter; empty when the path has none of that name.
    std::string_view params(std::string_view name) const noexcept { return params_[name]; }

    /// Returns the query as an object of strings, and arrays of strings for repeated names; parsed at the first call.
    CREMA_DECL const value& query();
    /// Returns the first value of a name in the query, decoded.
    CREMA_DECL std::optional<std::string_view> query(std::string_view name);

    /// Returns what a body parser made; null before.
    value& body() noexcept { return body_; }
    /// Tells whether a body parser has set `body()`.
    bool body_parsed() const noexcept { return body_parsed_; }
    /// Sets the body, for parsers.
    void body(value v) {
        body_ = std::move(v);
        body_parsed_ = true;
    }
    /// Tells whether the Content-Type is application/json or ends in `+json`.
    CREMA_DECL bool is_json() const;
    /// Tells whether the request has a body, read or not.
    bool has_body() const noexcept { return exchange_->has_body(); }

    /** Return the octets of the body, when all of them are here: a parser or `read_text` has read them, or the
        body is JSON with a length of at most 100 KiB (which is read before a route's handler runs). */
    CREMA_DECL std::optional<std::string_view> raw_body();
    /// Keeps the octets of the body, for parsers.
    CREMA_DECL void raw_body(std::string text);

    /** Read the whole body.

        @param limit Octets.
        @return The body; valid until the exchange ends. Again at once when it was read before.
        @throws http_error 413 when it is longer than `limit`, 400 when it is malformed or ends early.

        @par Cancellation
        Ends the wait. Calls must not overlap.
    */
    CREMA_DECL task<std::string_view> read_text(std::size_t limit = 102400);

    /** Read the next piece of the body, as it arrives; empty at the end. See `exchange::read`. */
    auto read() { return exchange_->read(); }

    /** Parse the body as JSON into a `T`: an aggregate, a container, `value`.

        Works after `body_json()` or `body_text()`, in a handler that takes `body<T>`, and without any of them when the body is
        here (see `raw_body`). In a coroutine `co_await req.read_json<T>()` always works.

        @throws http_error 400 that names the field; 415 when the content type is no JSON; std::logic_error when
        the body has not been read.
    */
    template <class T>
    T json() {
        return parse_json<T>(require_json_text());
    }
    /// Reads the body when that has not been done and parses it as JSON into a `T`. See `json`, `read_text`.
    template <class T>
    task<T> read_json(std::size_t limit = 102400) {
        require_json_type();
        const auto text = co_await read_text(limit);
        co_return parse_json<T>(text);
    }

    /// Returns the address of the client; without a port.
    CREMA_DECL std::string_view ip();
    /// Returns `"https"` or `"http"`.
    std::string_view protocol() const noexcept { return exchange_->secure() ? "https" : "http"; }
    /// Tells whether the connection is encrypted.
    bool secure() const noexcept { return exchange_->secure(); }
    /// Returns the Host field, with a port when it has one.
    std::string_view host() const noexcept { return head_->host(); }
    /// Returns the Host field without its port.
    CREMA_DECL std::string_view hostname() const;
    /// Tells whether `X-Requested-With` says XMLHttpRequest.
    CREMA_DECL bool xhr() const;
    /// Tells whether the client's copy is still good, by what the response has set so far.
    CREMA_DECL bool fresh() const;
    /// Tells the opposite of `fresh`.
    bool stale() const { return !fresh(); }

    /// Returns the response to this request.
    CREMA_DECL response& res() noexcept;
    /// Returns the values that follow all coroutines of this request. See `context_value`.
    CREMA_DECL context_frame& context() noexcept;
    /// Returns the layer under the framework.
    exchange& raw() noexcept { return *exchange_; }
    /// Returns the scope that is cancelled when the client leaves.
    cancel_scope& scope() noexcept { return exchange_->scope(); }

private:
    friend class detail::transaction;
    friend struct detail::router_run;
    friend class response;

    explicit request(detail::transaction& owner) noexcept : owner_(&owner) {}
    void open(exchange& x) noexcept {
        exchange_ = &x;
        head_ = &x.head();
        url_ = head_->target();
        path_ = head_->path();
    }
    void close() noexcept {
        exchange_ = nullptr;
        base_url_ = {};
        params_ = {};
        query_.reset();
        body_ = nullptr;
        raw_body_.reset();
        raw_owned_.clear();
        ip_.clear();
        body_parsed_ = false;
    }

    CREMA_DECL bool fresh(const response& res) const;
    CREMA_DECL void require_json_type() const;
    CREMA_DECL std::string_view require_json_text();
    [[noreturn]] CREMA_DECL static void bad_json(const failure& why);
    template <class T>
    static T parse_json(std::string_view text) {
        auto r = crema::json::parse<T>(text);
        if (!r) bad_json(r.error());
        return std::move(*r);
    }

    exchange* exchange_ = nullptr;
    detail::transaction* owner_;
    const http::request_head* head_ = nullptr;
    std::string_view url_, path_, base_url_;
    path_params params_;
    std::optional<value> query_;
    value body_;
    std::optional<std::string_view> raw_body_;
    std::string raw_owned_;
    std::string ip_;
    bool body_parsed_ = false;
};

} // namespace crema

// ---- crema/http/fresh.hpp
// fresh: whether the copy that a client has is still good, so that 304 is the answer.
#include <string_view>

namespace crema::http {

/// Holds the fields that decide whether a copy is fresh; empty where there is none.
struct freshness {
    std::string_view if_none_match{};     ///< of the request
    std::string_view if_modified_since{}; ///< of the request
    std::string_view cache_control{};     ///< of the request
    std::string_view etag{};              ///< of the response
    std::string_view last_modified{};     ///< of the response
};

/** Tell whether the client's copy is still good.

    Without a condition in the request it is not. `Cache-Control: no-cache` asks for a new one. If-None-Match decides
    alone when it is there, by weak comparison; else If-Modified-Since does, when both dates can be read.

    @par Complexity
    Linear in the length of the fields.

    @see RFC 9110 section 13.2.2
*/
CREMA_DECL bool is_fresh(const freshness& fields);

} // namespace crema::http

// ---- crema/http/etag.hpp
// ETag: validators made from a body or a file, and their comparison (RFC 9110 section 8.8.3).
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crema::http {

/// Tells how much a validator promises: the same octets (strong), or the same meaning (weak).
enum class etag_strength : bool { strong, weak };

/// Counts the octets that `write_etag` needs.
inline constexpr std::size_t etag_room = 40;

/** Write the default validator of a body, from a fast 128-bit hash.

    The same body has the same validator in every process and on every machine.

    @param out Room for `etag_room` octets.
    @return What was written, quotes included: `W/"…"`.
*/
CREMA_DECL std::string_view write_etag(char* out, std::string_view body,
                                       etag_strength strength = etag_strength::weak) noexcept;

/// @copydoc write_etag
inline std::string_view write_etag(char* out, std::string_view body, bool weak) noexcept {
    return write_etag(out, body, weak ? etag_strength::weak : etag_strength::strong);
}

/// Returns the validator of a body that Express makes: length and SHA-1, `W/"5-qvTGHdzF6KLavt4PO0gs2a6pQ00"`.
CREMA_DECL std::string express_etag(std::string_view body, etag_strength strength = etag_strength::weak);

/** Return the validator of a file that Express makes: size and time of last change, `W/"1f-18b2c0f4a00"`.

    @param size Octets.
    @param modified_ms Milliseconds since 1970.
*/
CREMA_DECL std::string file_etag(std::uint64_t size, std::int64_t modified_ms,
                                 etag_strength strength = etag_strength::weak);

/** Tell whether two validators are equal when their weakness is ignored.

    @see RFC 9110 section 8.8.3.2
*/
constexpr bool weakly_equal(std::string_view a, std::string_view b) noexcept {
    if (a.starts_with("W/")) a.remove_prefix(2);
    if (b.starts_with("W/")) b.remove_prefix(2);
    return a == b;
}

/// Tells whether two validators are equal and both strong (RFC 9110 section 8.8.3.2).
constexpr bool strongly_equal(std::string_view a, std::string_view b) noexcept {
    return a == b && !a.starts_with("W/");
}

} // namespace crema::http

// ---- crema/core/sha1.hpp
// SHA-1, where protocols ask for it (WebSocket handshakes, validators): not for security.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema {

/** Computes a SHA-1 digest from octets that come in pieces.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see FIPS 180-4
*/
class sha1 {
public:
    /// Counts the octets of a digest.
    static constexpr std::size_t size = 20;
    using digest_type = std::array<char, size>; ///< octets of a digest

    /// Adds octets.
    CREMA_DECL void update(std::string_view octets) noexcept;
    /// Returns the digest of all octets added; the object is used up.
    CREMA_DECL digest_type finish() noexcept;

    /// Returns the digest of octets that are all there.
    static digest_type of(std::string_view octets) noexcept {
        sha1 s;
        s.update(octets);
        return s.finish();
    }

private:
    CREMA_DECL void block(const char* p) noexcept;
    std::uint32_t state_[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    std::uint64_t count_ = 0;
    char rest_[64];
};

} // namespace crema

#if CREMA_BODIES
#include <bit>
#include <cstring>

namespace crema {

CREMA_DECL void sha1::block(const char* p) noexcept {
    std::uint32_t w[80];
    for (int i = 0; i < 16; ++i) {
        auto at = [&](int k) { return std::uint32_t{static_cast<unsigned char>(p[i * 4 + k])}; };
        w[i] = at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
    }
    for (int i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = state_;
    for (int i = 0; i < 80; ++i) {
        std::uint32_t f, k;
        if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
        else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
        else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
        else f = b ^ c ^ d, k = 0xca62c1d6;
        const auto t = std::rotl(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = t;
    }
    const std::uint32_t sum[] = {a, b, c, d, e};
    for (int i = 0; i < 5; ++i) state_[i] += sum[i];
}

CREMA_DECL void sha1::update(std::string_view octets) noexcept {
    const auto held = static_cast<std::size_t>(count_ % 64);
    count_ += octets.size();
    if (held != 0) {
        const auto n = octets.size() < 64 - held ? octets.size() : 64 - held;
        if (n != 0) std::memcpy(rest_ + held, octets.data(), n);
        octets.remove_prefix(n);
        if (held + n < 64) return;
        block(rest_);
    }
    for (; octets.size() >= 64; octets.remove_prefix(64)) block(octets.data());
    if (!octets.empty()) std::memcpy(rest_, octets.data(), octets.size());
}

CREMA_DECL sha1::digest_type sha1::finish() noexcept {
    const auto bits = count_ * 8;
    char padding[72] = {static_cast<char>(0x80)};
    const auto held = static_cast<std::size_t>(count_ % 64);
    const std::size_t zeros = held < 56 ? 56 - held : 120 - held;
    for (std::size_t i = 0; i < 8; ++i) padding[zeros + i] = static_cast<char>(bits >> (56 - 8 * i));
    update({padding, zeros + 8});
    digest_type out;
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(state_[i / 4] >> (24 - 8 * (i % 4)));
    return out;
}

} // namespace crema
#endif
// ---- crema/http/etag.hpp, bodies
#if CREMA_BODIES
#include <bit>
#include <charconv>
#include <cstring>

namespace crema::http {
namespace detail {

// Writes 32 bits as 8 hexadecimal digits, all at once: one digit an octet of a 64-bit word.
inline void put_hex(char* out, std::uint32_t value) noexcept {
    std::uint64_t x = value;
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
    const auto letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101; // 1 where the digit is above 9
    x += 0x3030303030303030 + letters * ('a' - '0' - 10);
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    x = __builtin_bswap64(x);
    std::memcpy(out, &x, 8);
#else
    for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(x >> (56 - 8 * i));
#endif
}

inline void append_hex(std::string& out, std::uint64_t value) {
    char digits[16];
    out.append(digits, std::to_chars(digits, digits + 16, value, 16).ptr);
}

} // namespace detail

CREMA_DECL std::string_view write_etag(char* out, std::string_view body, etag_strength strength) noexcept {
    const auto hash = hash128(body);
    char* p = out;
    if (strength == etag_strength::weak) {
        *p++ = 'W';
        *p++ = '/';
    }
    *p++ = '"';
    for (auto half : {hash.low, hash.high}) {
        detail::put_hex(p, static_cast<std::uint32_t>(half >> 32));
        detail::put_hex(p + 8, static_cast<std::uint32_t>(half));
        p += 16;
    }
    *p++ = '"';
    return {out, static_cast<std::size_t>(p - out)};
}

CREMA_DECL std::string express_etag(std::string_view body, etag_strength strength) {
    const auto digest = sha1::of(body);
    std::string tag(strength == etag_strength::weak ? "W/\"" : "\"");
    detail::append_hex(tag, body.size());
    tag += '-';
    tag.append(base64_encode({digest.data(), digest.size()}), 0, 27);
    tag += '"';
    return tag;
}

CREMA_DECL std::string file_etag(std::uint64_t size, std::int64_t modified_ms, etag_strength strength) {
    std::string tag(strength == etag_strength::weak ? "W/\"" : "\"");
    detail::append_hex(tag, size);
    tag += '-';
    if (modified_ms < 0) tag += '-';
    detail::append_hex(tag, modified_ms < 0 ? -static_cast<std::uint64_t>(modified_ms)
                                            : static_cast<std::uint64_t>(modified_ms));
    tag += '"';
    return tag;
}

} // namespace crema::http
#endif
// ---- crema/http/fresh.hpp, bodies
#if CREMA_BODIES

namespace crema::http {

CREMA_DECL bool is_fresh(const freshness& f) {
    if (f.if_none_match.empty() && f.if_modified_since.empty()) return false;
    for (auto directive : comma_list(f.cache_control))
        if (directive == "no-cache") return false;
    if (!f.if_none_match.empty()) {
        if (f.if_none_match == "*") return true;
        if (f.etag.empty()) return false;
        for (auto tag : comma_list(f.if_none_match))
            if (weakly_equal(tag, f.etag)) return true;
        return false;
    }
    if (f.last_modified == f.if_modified_since) return parse_date(f.last_modified).has_value();
    const auto modified = parse_date(f.last_modified), since = parse_date(f.if_modified_since);
    return modified && since && *modified <= *since;
}

} // namespace crema::http
#endif
// ---- crema/web/request.hpp, bodies
#if CREMA_BODIES
#include <stdexcept>

namespace crema {
namespace detail {

[[noreturn]] CREMA_DECL void throw_body_error(std::error_code why, std::size_t limit);

} // namespace detail

CREMA_DECL std::optional<std::string_view> request::get(std::string_view name) const {
    auto i = head_->find(name, 0);
    if (i == http::request_head::npos && iequals(name, "referrer")) i = head_->find(http::field::referer, 0);
    if (i == http::request_head::npos) return std::nullopt;
    return head_->field_at(i).value;
}

CREMA_DECL const value& request::query() {
    if (!query_) {
        const auto at = url_.find('?');
        query_ = http::parse_query(at == url_.npos ? std::string_view{} : url_.substr(at + 1));
    }
    return *query_;
}

CREMA_DECL std::optional<std::string_view> request::query(std::string_view name) {
    const value* v = query().find(name);
    if (v && v->is_array()) v = v->size() ? &v->at(std::size_t{0}) : nullptr;
    if (!v || !v->is_string()) return std::nullopt;
    return v->as_string();
}

CREMA_DECL std::optional<std::string_view> request::raw_body() {
    if (!raw_body_ && exchange_->has_body()) raw_body_ = exchange_->buffered_body();
    return raw_body_;
}

CREMA_DECL void request::raw_body(std::string text) {
    raw_owned_ = std::move(text);
    raw_body_ = raw_owned_;
}

CREMA_DECL task<std::string_view> request::read_text(std::size_t limit) {
    if (auto here = raw_body()) {
        if (here->size() > limit) detail::throw_body_error(make_error_code(error::too_large), limit);
        co_return *here;
    }
    std::string all;
    std::error_code failed;
    try {
        if (exchange_->content_length().value_or(0) > limit) failed = make_error_code(error::too_large);
        while (!failed) {
            const std::string_view piece = co_await exchange_->read();
            if (piece.empty()) break;
            if (all.size() + piece.size() > limit) failed = make_error_code(error::too_large);
            else all += piece;
        }
    } catch (const cancelled&) {
        throw;
    } catch (const std::system_error& e) {
        failed = e.code();
    }
    if (failed) detail::throw_body_error(failed, limit);
    raw_body(std::move(all));
    co_return *raw_body_;
}

CREMA_DECL std::string_view request::ip() {
    if (ip_.empty()) ip_ = exchange_->peer().host();
    return ip_;
}

CREMA_DECL std::string_view request::hostname() const {
    const auto h = host();
    if (h.starts_with('[')) return h.substr(0, h.find(']') == h.npos ? h.size() : h.find(']') + 1);
    return h.substr(0, h.find(':'));
}

CREMA_DECL bool request::xhr() const {
    return iequals(head_->get(http::field::x_requested_with), "xmlhttprequest");
}

CREMA_DECL bool request::is_json() const {
    const auto type = head_->get(http::field::content_type);
    const auto essence = trim_ows(type.substr(0, type.find(';')));
    const auto slash = essence.find('/');
    const auto sub = slash == essence.npos ? std::string_view{} : essence.substr(slash + 1);
    return iequals(essence, "application/json") || (sub.size() > 5 && iequals(sub.substr(sub.size() - 5), "+json"));
}

CREMA_DECL void request::require_json_type() const {
    if (is_json() || !has_body()) return;
    const auto type = head_->get(http::field::content_type);
    throw http_error(415, type.empty() ? "the body has no Content-Type; application/json is wanted"
                                       : "the body is " + std::string(type) + "; application/json is wanted")
        .type("media.type.unsupported");
}

CREMA_DECL std::string_view request::require_json_text() {
    require_json_type();
    if (auto text = raw_body()) return *text;
    if (!exchange_->has_body()) return {};
    throw std::logic_error("crema: req.json() before the body was read: app.use(body_json()), take body<T> as an argument, "
                           "or co_await req.read_json<T>()");
}

CREMA_DECL void request::bad_json(const failure& why) {
    throw http_error(400, why.message()).type("entity.parse.failed");
}

namespace detail {

CREMA_DECL void throw_body_error(std::error_code why, std::size_t limit) {
    if (why == make_error_code(error::too_large) || why == make_error_code(error::would_exceed_limit))
        throw http_error(413, "the body is larger than " + std::to_string(limit) + " octets").type("entity.too.large");
    if (why == make_error_code(error::bad_syntax)) throw http_error(400, "the body is malformed").type("entity.malformed");
    throw http_error(400, "the body ended early").type("request.aborted");
}

} // namespace detail
} // namespace crema
#endif
// ---- crema/http/cookie.hpp
// Cookies: read the Cookie field, write Set-Cookie (RFC 6265bis).
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Walks over the pairs of a Cookie field as views, without decoding; pieces without `=` are passed over.

    Names and values are trimmed, values in double quotes lose these.

    @par Thread Safety
    Distinct objects: safe.
*/
class cookie_pairs {
public:
    /// Construct over the value of a field, which must outlive the views.
    explicit constexpr cookie_pairs(std::string_view header) noexcept
        : header_(header.size() < 2 ? std::string_view{} : header) {}

    /// Is a forward iterator over name and value.
    class iterator {
    public:
        using value_type = std::pair<std::string_view, std::string_view>; ///< name and raw value
        using difference_type = std::ptrdiff_t;                           ///< unused
        using reference = const value_type&;                              ///< the pair
        using pointer = const value_type*;                                ///< the pair
        using iterator_category = std::forward_iterator_tag;              ///< forward

        iterator() noexcept = default;
        /// Returns the pair.
        const value_type& operator*() const noexcept { return pair_; }
        /// Accesses the pair.
        const value_type* operator->() const noexcept { return &pair_; }
        /// Goes to the next.
        iterator& operator++() noexcept {
            read();
            return *this;
        }
        /// Goes to the next, returns the former.
        iterator operator++(int) noexcept {
            auto old = *this;
            read();
            return old;
        }
        /// Compares positions in the same field.
        friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.done_ == b.done_ && (a.done_ || a.pair_.first.data() == b.pair_.first.data());
        }

    private:
        friend class cookie_pairs;
        explicit iterator(std::string_view rest) noexcept : rest_(rest), done_(false) { read(); }
        CREMA_DECL void read() noexcept;
        std::string_view rest_{};
        value_type pair_{};
        bool done_ = true;
    };

    /// Returns the first.
    iterator begin() const noexcept { return iterator(header_); }
    /// Returns the end.
    iterator end() const noexcept { return {}; }

private:
    std::string_view header_;
};

/// Returns the value of a cookie with its percent escapes decoded, or as it is when they are malformed.
CREMA_DECL std::string decode_cookie(std::string_view raw);

/// Returns the decoded value of the first cookie with this name. Names are compared with case.
CREMA_DECL std::optional<std::string> find_cookie(std::string_view header, std::string_view name);

/** Return all cookies of a field, decoded; of those with the same name the first.

    @par Complexity
    Linear in the length of the field, with a sort of the cookies' names.
*/
CREMA_DECL std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view header);

/// Names the values of the attribute SameSite.
enum class same_site_policy : std::uint8_t { unset, strict, lax, none };
/// Names the values of the attribute Priority.
enum class cookie_priority : std::uint8_t { unset, low, medium, high };
/// Names how a value is written.
enum class cookie_encoding : std::uint8_t {
    percent, ///< as encodeURIComponent does, so that any text is possible
    raw,     ///< as it is; it must be a valid cookie value
};

/// Describes a cookie beside its name and value.
struct cookie_options {
    std::string domain{};                                             ///< none when empty: this host alone
    std::string path{"/"};                                            ///< none when empty
    std::optional<std::chrono::system_clock::time_point> expires{};   ///< when it ends
    std::optional<std::chrono::seconds> max_age{};                    ///< how long it lives; stronger than `expires`
    bool http_only = false;                                           ///< hidden from scripts
    bool secure = false;                                              ///< sent over TLS only
    bool partitioned = false;                                         ///< one for each top-level site
    cookie_priority priority = cookie_priority::unset;                ///< which to drop first
    same_site_policy same_site = same_site_policy::unset;             ///< sent with requests of other sites?
    cookie_encoding encoding = cookie_encoding::percent;              ///< how the value is written
};

/** Write the value of a Set-Cookie field.

    @par Errors
    @li `error::bad_value` name, value, domain or path hold octets that may not stand there.

    @see RFC 6265bis section 4.1
*/
CREMA_DECL result<std::string> serialize_cookie(std::string_view name, std::string_view value,
                                                const cookie_options& options = {});

} // namespace crema::http

#if CREMA_BODIES
#include <algorithm>

namespace crema::http {
namespace detail {

// cookie-octets, perhaps all of them in double quotes.
inline bool valid_cookie_value(std::string_view v) noexcept {
    if (v.size() >= 2 && v.front() == '"' && v.back() == '"') v = v.substr(1, v.size() - 2);
    for (char c : v)
        if (c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\') return false;
    return true;
}

// Labels of letters, digits and inner hyphens, at most 63 long, perhaps with a point in front.
inline bool valid_cookie_domain(std::string_view d) noexcept {
    if (d.starts_with('.')) d.remove_prefix(1);
    for (;;) {
        const auto dot = std::min(d.find('.'), d.size());
        const auto label = d.substr(0, dot);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
        for (char c : label)
            if (!is_alpha(c) && !is_digit(c) && c != '-') return false;
        if (dot == d.size()) return true;
        d.remove_prefix(dot + 1);
    }
}

inline bool valid_cookie_path(std::string_view p) noexcept {
    for (char c : p)
        if (c < ' ' || c >= 0x7f || c == ';' || c == '<') return false;
    return true;
}

} // namespace detail

CREMA_DECL void cookie_pairs::iterator::read() noexcept {
    while (rest_.data() != nullptr) {
        const auto end = std::min(rest_.find(';'), rest_.size());
        const auto piece = rest_.substr(0, end);
        rest_ = end == rest_.size() ? std::string_view{} : rest_.substr(end + 1);
        const auto equals = piece.find('=');
        if (equals == std::string_view::npos) continue;
        auto value = trim_ows(piece.substr(equals + 1));
        if (!value.empty() && value.front() == '"' && value.back() == '"')
            value = value.size() < 2 ? std::string_view{} : value.substr(1, value.size() - 2);
        pair_ = {trim_ows(piece.substr(0, equals)), value};
        return;
    }
    done_ = true;
}

CREMA_DECL std::string decode_cookie(std::string_view raw) {
    if (raw.find('%') == std::string_view::npos) return std::string(raw);
    auto decoded = percent_decode(raw);
    return decoded ? std::move(*decoded) : std::string(raw);
}

CREMA_DECL std::optional<std::string> find_cookie(std::string_view header, std::string_view name) {
    for (const auto& [key, raw] : cookie_pairs(header))
        if (key == name) return decode_cookie(raw);
    return std::nullopt;
}

CREMA_DECL std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view header) {
    std::vector<std::pair<std::string_view, std::string_view>> raw;
    for (const auto& pair : cookie_pairs(header)) raw.push_back(pair);
    auto by_name = raw;
    auto before = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::stable_sort(by_name.begin(), by_name.end(), before);
    by_name.erase(
        std::unique(by_name.begin(), by_name.end(), [](const auto& a, const auto& b) { return a.first == b.first; }),
        by_name.end());
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [name, value] : raw) {
        const auto first = std::lower_bound(by_name.begin(), by_name.end(), std::pair(name, value), before);
        if (first->second.data() == value.data() && first->first.data() == name.data())
            all.emplace_back(name, decode_cookie(value));
    }
    return all;
}

CREMA_DECL result<std::string> serialize_cookie(std::string_view name, std::string_view value,
                                                const cookie_options& options) {
    auto wrong = [](const char* what) { return failure{make_error_code(error::bad_value), 0, what}; };
    if (!is_token(name)) return wrong("argument name is invalid");
    std::string line(name);
    line += '=';
    if (options.encoding == cookie_encoding::percent) encode_uri_component_to(line, value);
    else if (detail::valid_cookie_value(value)) line += value;
    else return wrong("argument val is invalid");
    if (options.max_age) line.append("; Max-Age=").append(std::to_string(options.max_age->count()));
    if (!options.domain.empty()) {
        if (!detail::valid_cookie_domain(options.domain)) return wrong("option domain is invalid");
        line.append("; Domain=").append(options.domain);
    }
    if (!options.path.empty()) {
        if (!detail::valid_cookie_path(options.path)) return wrong("option path is invalid");
        line.append("; Path=").append(options.path);
    }
    if (options.expires)
        line.append("; Expires=")
            .append(
                format_date(std::chrono::floor<std::chrono::seconds>(*options.expires).time_since_epoch().count()));
    if (options.http_only) line += "; HttpOnly";
    if (options.secure) line += "; Secure";
    if (options.partitioned) line += "; Partitioned";
    constexpr std::string_view priorities[] = {"", "; Priority=Low", "; Priority=Medium", "; Priority=High"};
    constexpr std::string_view policies[] = {"", "; SameSite=Strict", "; SameSite=Lax", "; SameSite=None"};
    line += priorities[static_cast<std::size_t>(options.priority)];
    line += policies[static_cast<std::size_t>(options.same_site)];
    return line;
}

} // namespace crema::http
#endif
// ---- crema/http/header_block.hpp
// header_block: the fields of a response that is being built, kept as the octets that will be sent.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema::http {

/** Collects fields as ready lines `Name: value\r\n`, in the order in which they were set.

    Made for the few fields of a response: looking for a name that is not there costs next to nothing, else time is
    linear in the number of fields. `clear()` keeps the room, so that one that is used again allocates nothing.
    Names keep the spelling they were set with and are compared without case.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class header_block {
public:
    /// Construct empty.
    header_block() noexcept = default;
    header_block(const header_block&) = delete;
    header_block& operator=(const header_block&) = delete;

    /** Set a field, replacing all lines of that name. A new line goes to the end, a replaced one keeps its place.

        @return False, and nothing is changed, when name or value may not be sent (`valid_field_name`,
        `valid_field_value`).
    */
    [[nodiscard]] bool set(std::string_view name, std::string_view value) {
        if (!valid_field_name(name) || !valid_field_value(value)) return false;
        set_trusted(name, value);
        return true;
    }

    /** Add a line, beside others of that name.

        @return False, and nothing is changed, when name or value may not be sent.
    */
    [[nodiscard]] bool append(std::string_view name, std::string_view value) {
        if (!valid_field_name(name) || !valid_field_value(value)) return false;
        append_trusted(name, value);
        return true;
    }

    /// Does as `set` for a name and a value that are known to be valid.
    void set_trusted(std::string_view name, std::string_view value) {
        if (const auto i = find(name, 0); i != npos) [[unlikely]] replace(i, value);
        else append_trusted(name, value);
    }

    /// Does as `append` for a name and a value that are known to be valid.
    void append_trusted(std::string_view name, std::string_view value) {
        const auto size = name.size() + value.size() + 4;
        if (size > capacity_ - size_ || count_ == lines_.size()) [[unlikely]] return append_growing(name, value);
        char* p = text_.get() + size_;
        if (!name.empty()) std::memcpy(p, name.data(), name.size());
        p += name.size();
        *p++ = ':';
        *p++ = ' ';
        if (!value.empty()) std::memcpy(p, value.data(), value.size());
        p += value.size();
        *p++ = '\r';
        *p++ = '\n';
        lines_[count_++] = {static_cast<std::uint32_t>(size_), static_cast<std::uint32_t>(name.size()),
                            static_cast<std::uint32_t>(value.size())};
        size_ += size;
        names_ |= trace(name);
    }

    /// Removes all lines of that name; tells whether there were any.
    bool remove(std::string_view name) {
        bool any = false;
        for (auto i = find(name, 0); i != npos; i = find(name, i)) {
            erase(i);
            any = true;
        }
        return any;
    }

    /// Tells whether there is a line of that name.
    bool has(std::string_view name) const noexcept { return find(name, 0) != npos; }
    /// Returns the value of the first line of that name, empty when there is none; valid until the next change.
    std::string_view get(std::string_view name) const noexcept {
        const auto i = find(name, 0);
        return i == npos ? std::string_view{} : value_at(i);
    }

    /// Counts the lines.
    std::size_t size() const noexcept { return count_; }
    /// Tells whether there are none.
    bool empty() const noexcept { return count_ == 0; }
    /// Returns the name of a line. @param i Less than `size()`.
    std::string_view name_at(std::size_t i) const noexcept { return {text_.get() + lines_[i].at, lines_[i].name}; }
    /// Returns the value of a line. @param i Less than `size()`.
    std::string_view value_at(std::size_t i) const noexcept {
        return {text_.get() + lines_[i].at + lines_[i].name + 2, lines_[i].value};
    }
    /// Stands for no index.
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    /// Returns the index of the next line of that name from `from` on, `npos` when there is none.
    std::size_t find(std::string_view name, std::size_t from) const noexcept {
        if ((names_ & trace(name)) == 0) return npos;
        for (auto i = from; i < count_; ++i)
            if (lines_[i].name == name.size() && iequals(name_at(i), name)) return i;
        return npos;
    }

    /// Returns all lines, ready to be sent, without the empty line at the end; valid until the next change.
    std::string_view view() const noexcept { return {text_.get(), size_}; }
    /// Removes all lines; keeps the room.
    void clear() noexcept {
        size_ = count_ = 0;
        names_ = 0;
    }

private:
    struct line {
        std::uint32_t at, name, value;
        std::uint32_t size() const noexcept { return name + value + 4; }
    };
    // One bit of 64 from the length and the first letter: when it is clear, the name is not there.
    static std::uint64_t trace(std::string_view name) noexcept {
        if (name.empty()) return 0;
        return std::uint64_t{1} << ((name.size() * 7 + (static_cast<unsigned char>(name[0]) | 0x20u)) & 63);
    }
    CREMA_NOINLINE void append_growing(std::string_view name, std::string_view value) {
        const std::string name_copy(name), value_copy(value); // both may be views into this block
        reserve(size_ + name.size() + value.size() + 4);
        if (count_ == lines_.size()) lines_.resize(count_ == 0 ? 16 : count_ * 2);
        append_trusted(name_copy, value_copy);
    }
    inline void reserve(std::size_t wanted);
    inline void replace(std::size_t i, std::string_view value);
    inline void erase(std::size_t i);

    std::unique_ptr<char[]> text_;
    std::size_t size_ = 0, capacity_ = 0; // of the text
    std::vector<line> lines_;             // the first `count_` are in use
    std::size_t count_ = 0;
    std::uint64_t names_ = 0;
};

inline void header_block::reserve(std::size_t wanted) {
    if (wanted <= capacity_) return;
    const auto room = wanted < 512 ? 512 : wanted * 2;
    auto more = std::make_unique_for_overwrite<char[]>(room);
    if (size_ != 0) std::memcpy(more.get(), text_.get(), size_);
    text_ = std::move(more);
    capacity_ = room;
}

inline void header_block::replace(std::size_t i, std::string_view value) {
    const std::string name(name_at(i)), copy(value); // the value may be a view into this block
    const auto old = std::size_t{lines_[i].value}, at = std::size_t{lines_[i].at} + lines_[i].name + 2;
    reserve(size_ - old + copy.size());
    std::memmove(text_.get() + at + copy.size(), text_.get() + at + old, size_ - at - old);
    if (!copy.empty()) std::memcpy(text_.get() + at, copy.data(), copy.size());
    size_ = size_ - old + copy.size();
    const auto grown = static_cast<std::uint32_t>(copy.size()) - lines_[i].value; // modulo 2^32
    lines_[i].value += grown;
    for (auto k = i + 1; k < count_; ++k) lines_[k].at += grown;
    for (auto k = find(name, i + 1); k != npos; k = find(name, k)) erase(k);
}

inline void header_block::erase(std::size_t i) {
    const auto gone = lines_[i];
    std::memmove(text_.get() + gone.at, text_.get() + gone.at + gone.size(), size_ - gone.at - gone.size());
    size_ -= gone.size();
    for (auto k = i + 1; k < count_; ++k) {
        lines_[k - 1] = lines_[k];
        lines_[k - 1].at -= gone.size();
    }
    --count_;
}

} // namespace crema::http
// ---- crema/json/writer.hpp
// The writer: JSON text piece by piece into a string or another sink, as JSON.stringify spells it.
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace crema::json {

class writer;

/// Says how JSON is written.
struct write_options {
    int spaces = 0; ///< indent by so many spaces, at most 10; 0 writes no white space
    std::string_view
        indent{};        ///< indent by this text instead, of which 10 octets count; has to live until all is written
    bool escape = false; ///< write `<`, `>` and `&` as `\u003c`, `\u003e`, `\u0026`, for text inside of HTML
    bool keep_empty = false; ///< write a member that is an empty `std::optional` as null instead of leaving it out
};

/// Is a thing that takes text: `std::string`, or any class with `append(const char*, std::size_t)`.
template <class S>
concept sink = requires(S& s, const char* text, std::size_t size) { s.append(text, size); };

} // namespace crema::json

namespace crema::detail {

template <class T>
void put_json(json::writer& w, const T& v); // in write.hpp

// Octets, numbers and strings, through a small buffer; knows no structure.
class json_text {
public:
    static constexpr std::size_t room = 2048;

    template <json::sink S>
    json_text(S& sink, const json::write_options& o) noexcept
        : sink_(&sink), append_([](void* s, const char* text, std::size_t n) { static_cast<S*>(s)->append(text, n); }),
          options_(o), plain_(o.spaces <= 0 && o.indent.empty() && !o.escape) {}
    json_text(const json_text&) = delete;
    json_text& operator=(const json_text&) = delete;

    // Neither indented nor escaped for HTML: what is ready-made may be copied.
    bool plain() const noexcept { return plain_; }
    const json::write_options& options() const noexcept { return options_; }

    // Makes room for n octets, at most `room`.
    CREMA_FORCEINLINE void reserve(std::size_t n) {
        if (static_cast<std::size_t>(buffer_ + room - at_) < n) [[unlikely]]
            flush();
    }
    CREMA_FORCEINLINE void put(char c) {
        reserve(1);
        *at_++ = c;
    }
    // Copies n octets, n known at compile time and small.
    CREMA_FORCEINLINE char* copy(const char* text, std::size_t n) {
        reserve(n);
        char* here = at_;
        std::memcpy(here, text, n);
        at_ = here + n;
        return here;
    }
    void text(std::string_view s);
    template <class I>
    CREMA_FORCEINLINE void integer(I i) {
        if (std::is_unsigned_v<I> ? i < I(10) : (i >= I(0) && i < I(10)))
            return put(static_cast<char>('0' + static_cast<int>(i)));
        if constexpr (std::is_signed_v<I>) whole(static_cast<std::int64_t>(i));
        else whole(static_cast<std::uint64_t>(i));
    }
    void whole(std::int64_t i);
    void whole(std::uint64_t i);
    void number(double v);
    void number(float v);
    void string(std::string_view s);
    void flush();

    // Structure for the readers of white space.
    void open(char c) {
        put(c);
        ++depth_;
    }
    CREMA_FORCEINLINE void separate(bool first) {
        if (!first) put(',');
        if (!plain_) [[unlikely]]
            new_line();
    }
    void close(char c, bool empty) {
        --depth_;
        if (!plain_ && !empty) new_line();
        put(c);
    }
    void colon() {
        put(':');
        if (!plain_ && indented()) put(' ');
    }

private:
    bool indented() const noexcept { return options_.spaces > 0 || !options_.indent.empty(); }
    void new_line();
    template <class F>
    void shortest(F v);
    template <class F>
    bool short_decimal(F v);
    bool copy_clean(char* to, const char* from, std::size_t n) noexcept;
    const char* escape(const char* p, const char* end);
    const char* block(const char* p, const char* stop, const char* end);

    char* at_ = buffer_;
    void* sink_;
    void (*append_)(void*, const char*, std::size_t);
    json::write_options options_;
    unsigned depth_ = 0;
    bool plain_;
    char buffer_[room]; // not initialised
};

} // namespace crema::detail

namespace crema::json {

/** Writes one JSON text, piece by piece. For hooks of your own types and for answers that are made while they are sent.

    It cares for commas and white space. What it cannot care for is yours: each `begin_` has its `end_`, a name comes
    before each member's value, and the last thing is `finish()`.
    @code
    std::string out;
    json::writer w(out);
    w.begin_object();
    w.member("id", 7);
    w.key("tags");
    w.value(tags);
    w.end_object();
    w.finish();                    // {"id":7,"tags":["a","b"]}
    @endcode
    A type of yours is written by a function `void to_json(crema::json::writer&, const T&)` in its namespace, which
    writes exactly one value.

    Text goes to the sink in pieces of up to 2 KiB; nothing is allocated besides what the sink does.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 8259; ECMAScript JSON.stringify, whose numbers, escapes and white space these are
*/
class writer : public detail::json_text {
public:
    /// Construct over a sink, which has to live as long. `options.indent` is not copied.
    template <sink S>
    explicit writer(S& s, const write_options& o = {}) noexcept : json_text(s, o) {}

    /// Begins an object.
    void begin_object() { begin('{'); }
    /// Ends it.
    void end_object() { end('}'); }
    /// Begins an array.
    void begin_array() { begin('['); }
    /// Ends it.
    void end_array() { end(']'); }
    /// Writes the name of a member; its value comes next.
    void key(std::string_view name) {
        separate(first_);
        string(name);
        colon();
        ready_ = true;
    }
    /// Writes a value: an element, what belongs to the last name, or the whole text.
    template <class T>
    void value(const T& v) {
        lead();
        detail::put_json(*this, v);
        first_ = false;
    }
    /// Writes a name and its value.
    template <class T>
    void member(std::string_view name, const T& v) {
        key(name);
        value(v);
    }
    /// Writes a value that is JSON already; it is not looked at.
    void raw(std::string_view json) {
        lead();
        text(json);
        first_ = false;
    }
    /// Hands what is still buffered to the sink. @throws what the sink throws
    void finish() { flush(); }

    // Lets a hook write the value that belongs here; null when it writes none.
    template <class F>
    void hooked(F&& write) {
        ready_ = true;
        write();
        if (ready_) raw("null");
    }

private:
    void lead() {
        if (!ready_) separate(first_);
        ready_ = false;
    }
    void begin(char c) {
        lead();
        open(c);
        first_ = true;
    }
    void end(char c) {
        close(c, first_);
        first_ = false;
    }

    bool ready_ = true; // a value may come right here
    bool first_ = true; // nothing was written on this level
};

} // namespace crema::json

#if CREMA_BODIES
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crema::detail {

CREMA_NOINLINE CREMA_DECL void json_text::flush() {
    append_(sink_, buffer_, static_cast<std::size_t>(at_ - buffer_));
    at_ = buffer_;
}

CREMA_DECL void json_text::text(std::string_view s) {
    if (s.size() > room / 2) {
        flush();
        append_(sink_, s.data(), s.size());
    } else if (!s.empty()) {
        copy(s.data(), s.size());
    }
}

CREMA_DECL void json_text::new_line() {
    if (!indented()) return;
    put('\n');
    const std::string_view by =
        options_.indent.empty()
            ? std::string_view("          ", static_cast<std::size_t>(std::min(options_.spaces, 10)))
            : options_.indent.substr(0, 10);
    for (unsigned i = 0; i < depth_; ++i) text(by);
}

CREMA_DECL void json_text::whole(std::uint64_t i) {
    reserve(24);
    if (i >= 100) {
        at_ = std::to_chars(at_, at_ + 24, i).ptr;
        return;
    }
    const unsigned u = static_cast<unsigned>(i);
    if (u >= 10) *at_++ = static_cast<char>('0' + u / 10);
    *at_++ = static_cast<char>('0' + u % 10);
}
CREMA_DECL void json_text::whole(std::int64_t i) {
    if (i < 0) put('-');
    whole(i < 0 ? std::uint64_t(0) - static_cast<std::uint64_t>(i) : static_cast<std::uint64_t>(i));
}

// Writes what has few digits behind the point, which is most of what people write: when n / 10^k, two exact numbers
// divided,
// gives v again, and n has no more digits than any decimal survives with, no other decimal that short gives v.
template <class F>
bool json_text::short_decimal(F v) {
    constexpr F powers[] = {F(1e1), F(1e2), F(1e3), F(1e4), F(1e5), F(1e6), F(1e7)}; // exact in float too
    constexpr F most = sizeof(F) == sizeof(double) ? F(1e15) : F(1e6);
    const F positive = std::abs(v);
    if (positive < F(1e-6)) return false; // written with an exponent
    for (std::size_t k = 0; k != std::size(powers); ++k) {
        const F scaled = positive * powers[k];
        if (scaled >= most) return false;
        const auto n = static_cast<std::int64_t>(scaled + F(0.5));
        if (n == 0 || static_cast<F>(n) / powers[k] != positive) continue;
        if (v < 0) put('-');
        constexpr std::int64_t whole_powers[] = {10, 100, 1000, 10000, 100000, 1000000, 10000000};
        whole(n / whole_powers[k]);
        reserve(24);
        auto rest = static_cast<unsigned>(n % whole_powers[k]);
        *at_ = '.';
        for (std::size_t i = k + 1; i > 0; --i, rest /= 10) at_[i] = static_cast<char>('0' + rest % 10);
        at_ += k + 2;
        return true;
    }
    return false;
}

// Number::toString of ECMAScript, except that float keeps to the digits that a float needs.
template <class F>
void json_text::shortest(F v) {
    if (!std::isfinite(v)) {
        copy("null", 4);
        return;
    }
    if (std::abs(v) < F(1e15) && v == static_cast<F>(static_cast<std::int64_t>(v))) {
        integer(static_cast<std::int64_t>(v)); // and -0 is 0
        return;
    }
    if (short_decimal(v)) return;
    char digits[40]; // d.ddde-308
    const char* end = std::to_chars(digits, digits + sizeof digits, v, std::chars_format::scientific).ptr;
    reserve(40);
    char* out = at_;
    char* from = digits;
    if (*from == '-') *out++ = *from++;
    char* mantissa_end = from + 1;
    int k = 1;
    if (*mantissa_end == '.') {
        mantissa_end[0] = from[0]; // the digits in one piece, from the second place
        ++from;
        while (*++mantissa_end != 'e') ++k;
    }
    const char* e = mantissa_end + 1;
    const bool negative = *e == '-';
    int n = 0;
    std::from_chars(e + 1, end, n);
    n = (negative ? -n : n) + 1; // 0.ddd × 10^n
    const auto put_digits = [&](int first, int last) { out = std::copy(from + first, from + last, out); };
    const auto put_zeros = [&](int count) { out = std::fill_n(out, count, '0'); };
    if (k <= n && n <= 21) {
        put_digits(0, k);
        put_zeros(n - k);
    } else if (0 < n && n <= 21) {
        put_digits(0, n);
        *out++ = '.';
        put_digits(n, k);
    } else if (-6 < n && n <= 0) {
        *out++ = '0';
        *out++ = '.';
        put_zeros(-n);
        put_digits(0, k);
    } else {
        put_digits(0, 1);
        if (k > 1) {
            *out++ = '.';
            put_digits(1, k);
        }
        *out++ = 'e';
        *out++ = n > 0 ? '+' : '-';
        out = std::to_chars(out, out + 4, std::abs(n - 1)).ptr;
    }
    at_ = out;
}

CREMA_DECL void json_text::number(double v) { shortest(v); }
CREMA_DECL void json_text::number(float v) { shortest(v); }

// Writes what stands at p and cannot be copied as it is, or a run of it. Six octets for each at most.
CREMA_NOINLINE CREMA_DECL const char* json_text::escape(const char* p, const char* end) {
    const unsigned char c = static_cast<unsigned char>(*p);
    if (c >= 0x80) {
        const std::string_view rest(p, static_cast<std::size_t>(end - p));
        const std::size_t n = utf8_length(rest);
        if (n == 0) {
            std::memcpy(at_, "\xEF\xBF\xBD", 3);
            at_ += 3;
            return p + utf8_broken_length(rest);
        }
        for (std::size_t i = 0; i < n; ++i) *at_++ = *p++;
        return p;
    }
    *at_++ = '\\';
    switch (c) {
    case '"':
    case '\\': *at_++ = static_cast<char>(c); break;
    case '\b': *at_++ = 'b'; break;
    case '\f': *at_++ = 'f'; break;
    case '\n': *at_++ = 'n'; break;
    case '\r': *at_++ = 'r'; break;
    case '\t': *at_++ = 't'; break;
    default:
        std::memcpy(at_, "u00", 3);
        at_[3] = "0123456789abcdef"[c >> 4];
        at_[4] = "0123456789abcdef"[c & 15];
        at_ += 5;
    }
    return p + 1;
}

// Writes what stands from p to stop; there is room for six octets for each and 16 more.
CREMA_DECL const char* json_text::block(const char* p, const char* stop, const char* end) {
    if (options_.escape || std::endian::native != std::endian::little) {
        while (p < stop) {
            const char c = *p;
            const bool html = options_.escape && (c == '<' || c == '>' || c == '&');
            if (html || static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ||
                static_cast<unsigned char>(c) >= 0x80)
                p = escape(p, end);
            else *at_++ = *p++;
        }
        return p;
    }
#if defined(__SSE2__)
    while (stop - p >= 16) {
        const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at_), x);
        const __m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20)); // signed: what is 0x80 and above too
        const __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
        const __m128i slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
        const auto bad = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, quote), slash)));
        const int n = bad ? std::countr_zero(bad) : 16;
        p += n;
        at_ += n;
        if (bad) p = escape(p, end);
    }
#endif
    constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    const auto zero_octets = [](std::uint64_t y) { return (y - ones) & ~y & tops; }; // exact up to the first one
    while (p < stop) {
        const auto left = static_cast<std::size_t>(stop - p);
        std::uint64_t x;
        if (left >= 8) {
            std::memcpy(&x, p, 8);
        } else if (left >= 4) {
            std::uint32_t first, last; // they overlap
            std::memcpy(&first, p, 4);
            std::memcpy(&last, p + left - 4, 4);
            x = first | static_cast<std::uint64_t>(last) << (left - 4) * 8 |
                (ones << 5) << left * 8; // and spaces behind
        } else {
            const auto at = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])); };
            x = at(0) | at(left / 2) << (left / 2) * 8 | at(left - 1) << (left - 1) * 8 | (ones << 5) << left * 8;
        }
        std::memcpy(at_, &x, 8);
        const std::uint64_t bad =
            ((x - (ones << 5)) & ~x & tops) | zero_octets(x ^ ones * '"') | zero_octets(x ^ ones * '\\') | (x & tops);
        const std::size_t n =
            bad ? static_cast<std::size_t>(std::countr_zero(bad)) / 8 : std::min<std::size_t>(left, 8);
        p += n;
        at_ += n;
        if (bad) p = escape(p, end);
    }
    return p;
}

// Copies n octets and tells whether all of them may stand in a string as they are.
CREMA_DECL bool json_text::copy_clean(char* to, const char* from, std::size_t n) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    const auto zero_octets = [](std::uint64_t y) { return (y - ones) & ~y & tops; };
    const auto clean = [&](std::uint64_t x) {
        return (((x - (ones << 5)) & ~x & tops) | zero_octets(x ^ ones * '"') | zero_octets(x ^ ones * '\\') |
                (x & tops)) == 0;
    };
    const auto copy = [&]<class W>(W& w, std::size_t i) {
        std::memcpy(&w, from + i, sizeof w);
        std::memcpy(to + i, &w, sizeof w);
    };
#if defined(__SSE2__)
    const auto bad = [](__m128i x) {
        return _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(x, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(x, _mm_set1_epi8('"'))),
                            _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    };
    if (n >= 16) {
        __m128i x, all = _mm_setzero_si128();
        for (std::size_t i = 0; i + 16 < n; i += 16) {
            copy(x, i);
            all = _mm_or_si128(all, bad(x));
        }
        copy(x, n - 16);
        return _mm_movemask_epi8(_mm_or_si128(all, bad(x))) == 0;
    }
    if (n >= 8) {
        long long first, last; // they overlap
        copy(first, 0);
        copy(last, n - 8);
        return _mm_movemask_epi8(bad(_mm_set_epi64x(last, first))) == 0;
    }
#else
    if (n >= 8) {
        std::uint64_t x;
        bool fine = true;
        for (std::size_t i = 0; i + 8 < n; i += 8) {
            copy(x, i);
            fine &= clean(x);
        }
        copy(x, n - 8);
        return fine & clean(x);
    }
#endif
    if (n >= 4) {
        std::uint32_t first, last;
        copy(first, 0);
        copy(last, n - 4);
        return clean(first | static_cast<std::uint64_t>(last) << 32);
    }
    std::uint64_t x = ones << 5;
    for (std::size_t i = 0; i < n; ++i) x = x << 8 | static_cast<unsigned char>(to[i] = from[i]);
    return clean(x);
}

CREMA_DECL void json_text::string(std::string_view s) {
    constexpr std::ptrdiff_t piece = 128;
    static_assert(piece * 6 + 18 <= static_cast<std::ptrdiff_t>(room));
    const char* p = s.data();
    const char* const end = p + s.size();
    if (end - p <= piece) {
        reserve(s.size() * 6 + 18);
        *at_++ = '"';
        if (!options_.escape && copy_clean(at_, p, s.size())) [[likely]]
            at_ += s.size();
        else block(p, end, end);
        *at_++ = '"';
        return;
    }
    put('"');
    while (p < end) {
        reserve(piece * 6 + 16);
        p = block(p, end - p > piece ? p + piece : end, end);
    }
    put('"');
}

} // namespace crema::detail
#endif
// ---- crema/json/write.hpp
// Writing JSON from C++ values: aggregates without macros, containers, variants, enumerations, trees.
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

namespace crema::json {

/** Append a value as JSON text to a sink.

    What is written, in the order it is looked for:
    @li a type with a function `to_json(json::writer&, const T&)` in its namespace: what that writes;
    @li `bool`; integers with all digits; floating point as JavaScript does, a `float` with the digits a float needs;
        NaN and infinities as null, -0 as 0; `char` as a string of one;
    @li strings and what converts to `std::string_view`; array of `char` up to its NUL; invalid UTF-8 becomes U+FFFD;
    @li `nullptr`, `std::monostate`, null pointers, an empty `std::optional`: null; but a member of an aggregate that
        is an empty `std::optional` is left out, as JSON.stringify leaves out `undefined` (see
        `write_options::keep_empty`);
    @li `std::variant`: the alternative it holds; `crema::value`; pointers, smart or not: what they point to, which
        must not lead back;
    @li maps whose keys are text, integers or enumerators: objects; other ranges, `std::tuple` and `std::pair`: arrays;
    @li enumerations: the name of the enumerator (see `json::names`), an integer where there is none;
    @li aggregates: objects, members in order of declaration, which `json::names` may rename. At most 64 members, no
        base class, no references, bit-fields or anonymous unions; types of namespaces, classes and functions alike.

    Anything else does not compile, and says so.

    @param out `std::string`, or any class with `append(const char*, std::size_t)`.
    @param v The value.
    @param options White space and escapes.

    @throws What the sink throws; nothing else is allocated.

    @par Complexity
    Linear in the size of the text.

    @par Thread Safety
    Safe for distinct sinks.

    @see RFC 8259
*/
template <sink S, class T>
void write(S& out, const T& v, const write_options& options = {}) {
    writer w(out, options);
    detail::put_json(w, v);
    w.finish();
}

/// Returns a value as JSON text; see `write`.
template <class T>
std::string stringify(const T& v, const write_options& options = {}) {
    std::string out;
    write(out, v, options);
    return out;
}

} // namespace crema::json

namespace crema::detail {

namespace json_hooks {
void to_json(); // hides what stands in outer namespaces

template <class T>
concept writes_itself = requires(json::writer& w, const T& t) { to_json(w, t); };

template <class T>
void call_to_json(json::writer& w, const T& t) {
    to_json(w, t);
}
} // namespace json_hooks

template <class T>
struct is_variant : std::false_type {};
template <class... A>
struct is_variant<std::variant<A...>> : std::true_type {};

template <class T>
struct is_smart_pointer : std::false_type {};
template <class T, class D>
struct is_smart_pointer<std::unique_ptr<T, D>> : std::true_type {};
template <class T>
struct is_smart_pointer<std::shared_ptr<T>> : std::true_type {};

template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };

template <class T>
concept object_pointer = std::is_pointer_v<T> && std::is_object_v<std::remove_pointer_t<T>>;

// A container type that is neither text nor an optional.
template <class T>
concept json_range = plain_range<T> && !text_like<T>;

template <class K>
void put_json_key(json::writer& w, const K& key) {
    if constexpr (text_like<K>) {
        w.string(std::string_view(key));
    } else if constexpr (std::is_enum_v<K>) {
        const std::string_view name = json::enum_name(key);
        if (!name.empty()) return w.string(name);
        w.put('"');
        w.integer(static_cast<std::underlying_type_t<K>>(key));
        w.put('"');
    } else {
        static_assert(
            whole_number<K>,
            "crema::json: the keys of a map have to be text, integers or enumerators to become names of members");
        w.put('"');
        w.integer(key);
        w.put('"');
    }
}

template <class M>
void put_json_map(json::writer& w, const M& map) {
    bool first = true;
    w.open('{');
    for (const auto& [key, content] : map) {
        w.separate(first);
        first = false;
        put_json_key(w, key);
        w.colon();
        put_json(w, content);
    }
    w.close('}', first);
}

template <class R>
void put_json_range(json::writer& w, const R& range) {
    using element = std::iter_value_t<decltype(std::begin(range))>;
    bool first = true;
    w.open('[');
    for (auto&& e : range) {
        w.separate(first);
        first = false;
        put_json<element>(w, e);
    }
    w.close(']', first);
}

template <class... E>
void put_json_tuple(json::writer& w, const E&... e) {
    bool first = true;
    w.open('[');
    ((w.separate(first), first = false, put_json(w, e)), ...);
    w.close(']', first);
}

template <class T, std::size_t I, class M>
CREMA_FORCEINLINE void put_json_member(json::writer& w, const M& member, bool& first) {
    if constexpr (optional_like<M>)
        if (!member.has_value() && !w.options().keep_empty) return;
    constexpr std::string_view key = field_keys<T>[I];
    if (w.plain()) [[likely]] {
        if constexpr (key.size() <= json_text::room) {
            char* at = w.copy(key.data(), key.size());
            if (first) *at = '{'; // instead of the comma
        } else {
            w.text(first ? "{" : ",");
            w.text(key.substr(1));
        }
    } else {
        if (first) w.open('{');
        w.separate(first);
        w.string(field_names<T>[I]);
        w.colon();
    }
    first = false;
    put_json(w, member);
}

template <class T>
void put_json_aggregate(json::writer& w, const T& v) {
    bool first = true;
    with_fields(v, [&](const auto&... member) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (put_json_member<T, I>(w, member, first), ...);
        }(std::index_sequence_for<decltype(member)...>());
    });
    if (first) w.copy("{}", 2);
    else if (w.plain()) w.put('}');
    else w.close('}', false);
}

CREMA_DECL void put_json_tree(json::writer& w, const value& v);

template <class T>
inline constexpr bool never = false;

template <class T>
void put_json(json::writer& w, const T& v) {
    if constexpr (json_hooks::writes_itself<T>) {
        w.hooked([&] { json_hooks::call_to_json(w, v); });
    } else if constexpr (std::is_same_v<T, bool>) {
        v ? w.copy("true", 4) : w.copy("false", 5);
    } else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
        w.copy("null", 4);
    } else if constexpr (std::is_same_v<T, char>) {
        w.string({&v, 1});
    } else if constexpr (whole_number<T>) {
        w.integer(v);
    } else if constexpr (std::is_same_v<T, float>) {
        w.number(v);
    } else if constexpr (std::is_floating_point_v<T>) {
        w.number(static_cast<double>(v));
    } else if constexpr (std::is_same_v<T, value>) {
        put_json_tree(w, v);
    } else if constexpr (std::is_array_v<T> && std::is_same_v<std::remove_cv_t<std::remove_extent_t<T>>, char>) {
        const void* nul = std::memchr(v, 0, std::extent_v<T>);
        w.string({v, nul ? static_cast<std::size_t>(static_cast<const char*>(nul) - v) : std::extent_v<T>});
    } else if constexpr (text_like<T>) {
        if constexpr (std::is_pointer_v<T>)
            if (!v) return void(w.copy("null", 4));
        w.string(std::string_view(v));
    } else if constexpr (optional_like<T>) {
        if (v.has_value()) put_json(w, static_cast<const typename T::value_type&>(*v));
        else w.copy("null", 4);
    } else if constexpr (object_pointer<T> || is_smart_pointer<T>::value) {
        if (v) put_json(w, *v);
        else w.copy("null", 4);
    } else if constexpr (is_variant<T>::value) {
        std::visit([&](const auto& held) { put_json(w, held); }, v);
    } else if constexpr (map_like<T>) {
        put_json_map(w, v);
    } else if constexpr (json_range<T>) {
        put_json_range(w, v);
    } else if constexpr (tuple_like<T>) {
        std::apply([&](const auto&... e) { put_json_tuple(w, e...); }, v);
    } else if constexpr (std::is_enum_v<T>) {
        const std::string_view name = json::enum_name(v);
        if (name.empty()) w.integer(static_cast<std::underlying_type_t<T>>(v));
        else w.string(name);
    } else if constexpr (aggregate<T>) {
        put_json_aggregate(w, v);
    } else {
        static_assert(never<T>, "crema::json: this type cannot be written as JSON: make it an aggregate, or give it "
                                "void to_json(crema::json::writer&, const T&) in its namespace");
    }
}

} // namespace crema::detail

#if CREMA_BODIES
namespace crema::detail {

CREMA_DECL void put_json_tree(json::writer& w, const value& v) {
    switch (v.type()) {
    case value::kind::null: w.copy("null", 4); break;
    case value::kind::boolean: put_json(w, v.as_bool()); break;
    case value::kind::integer: w.integer(v.as_int64()); break;
    case value::kind::natural: w.integer(v.as_uint64()); break;
    case value::kind::number: w.number(v.as_double()); break;
    case value::kind::string: w.string(v.as_string()); break;
    case value::kind::array: put_json_range(w, v.as_array()); break;
    case value::kind::object: {
        bool first = true;
        w.open('{');
        for (const value::member& m : v.as_object()) {
            w.separate(first);
            first = false;
            w.string(m.first);
            w.colon();
            put_json_tree(w, m.second);
        }
        w.close('}', first);
    }
    }
}

} // namespace crema::detail
#endif
// ---- crema/web/settings.hpp
// settings: what app.set, app.enable and app.disable change.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace crema {

/** Holds the settings of an app by their Express names, and beside them what each request reads, ready to use.

    | name | default | meaning |
    |---|---|---|
    | `case sensitive routing` | false | `/Foo` is not `/foo`; read when the first route or middleware is added |
    | `strict routing` | false | `/foo/` is not `/foo`; read likewise |
    | `env` | `CREMA_ENV`, else `NODE_ENV`, else `"development"` | `"production"` hides the text of errors |
    | `etag` | `"weak"` | `true`, `"weak"`, `"strong"`, `false`, or `"express"` for Express' own validator |
    | `json escape` | false | `<`, `>` and `&` are escaped in JSON |
    | `json spaces` | 0 | indentation of JSON |
    | `x-powered-by` | true | sends `X-Powered-By: crema` |

    Other names are kept for the application.

    @par Thread Safety
    Set before the server listens, or on the only loop.
*/
class settings {
public:
    /// How `response::send` makes a validator.
    enum class etag_kind : unsigned char { off, weak, strong, express };

    /// Construct with the defaults.
    CREMA_DECL settings();

    /** Set a value.
        @throws system_error(error::bad_value) when the name is known and the value is not one of its values.
    */
    CREMA_DECL void set(std::string_view name, value v);
    /// Returns a value, or null when the name was never set; valid until it is set again.
    CREMA_DECL const value* get(std::string_view name) const;

    bool case_sensitive_routing = false; ///< setting `case sensitive routing`
    bool strict_routing = false;         ///< setting `strict routing`
    bool production = false;             ///< setting `env` is `"production"`
    bool test = false;                   ///< setting `env` is `"test"`
    bool x_powered_by = true;            ///< setting `x-powered-by`
    bool json_escape = false;            ///< setting `json escape`
    etag_kind etag = etag_kind::weak;    ///< setting `etag`
    unsigned json_spaces = 0;            ///< setting `json spaces`

private:
    std::map<std::string, value, std::less<>> all_;
};

} // namespace crema

#if CREMA_BODIES
#include <cstdlib>

namespace crema {

CREMA_DECL settings::settings() {
    const char* env = std::getenv("CREMA_ENV");
    if (!env || !*env) env = std::getenv("NODE_ENV");
    set("env", value(std::string(env && *env ? env : "development")));
    set("x-powered-by", value(true));
    set("etag", value("weak"));
}

CREMA_DECL void settings::set(std::string_view name, value v) {
    const auto bad = [&](const char* wanted) {
        throw system_error(make_error_code(error::bad_value), "setting \"" + std::string(name) + "\": expected " + wanted);
    };
    const auto truth = [&]() -> bool {
        if (v.is_null()) return false;
        if (!v.is_bool()) bad("true or false");
        return v.as_bool();
    };
    if (name == "case sensitive routing") case_sensitive_routing = truth();
    else if (name == "strict routing") strict_routing = truth();
    else if (name == "x-powered-by") x_powered_by = truth();
    else if (name == "json escape") json_escape = truth();
    else if (name == "json spaces") {
        if (v.is_null()) json_spaces = 0;
        else if (!v.is_integer() || v.as_int64() < 0 || v.as_int64() > 10) bad("a number from 0 to 10");
        else json_spaces = static_cast<unsigned>(v.as_int64());
    } else if (name == "env") {
        if (!v.is_string()) bad("a string");
        production = v.as_string() == "production";
        test = v.as_string() == "test";
    } else if (name == "etag") {
        if (v.is_bool()) etag = v.as_bool() ? etag_kind::weak : etag_kind::off;
        else if (v.is_string() && v.as_string() == "weak") etag = etag_kind::weak;
        else if (v.is_string() && v.as_string() == "strong") etag = etag_kind::strong;
        else if (v.is_string() && v.as_string() == "express") etag = etag_kind::express;
        else bad("true, false, \"weak\", \"strong\" or \"express\"");
    }
    const auto at = all_.find(name);
    if (at != all_.end()) at->second = std::move(v);
    else all_.emplace(std::string(name), std::move(v));
}

CREMA_DECL const value* settings::get(std::string_view name) const {
    const auto at = all_.find(name);
    return at == all_.end() ? nullptr : &at->second;
}

} // namespace crema
#endif
// ---- crema/web/response.hpp
// response: the answer to one request, with Express' names.
#include <concepts>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

namespace detail {
class transaction;
struct activation;
} // namespace detail

/** Keeps an exchange alive for a callback that answers later. Made by `response::hold`.

    While one exists the request counts as being worked on. When the last one goes and nobody answered, that is
    reported and answered 500.

    @par Thread Safety
    Only on the loop of the request: move it there with `loop::post` before it is destroyed.
*/
class exchange_hold {
public:
    exchange_hold(exchange_hold&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    exchange_hold& operator=(exchange_hold&&) = delete;
    ~exchange_hold() {
        if (at_) drop();
    }

    /// Returns the response.
    CREMA_DECL response& res() const noexcept;
    /// Returns the request.
    CREMA_DECL request& req() const noexcept;

private:
    friend class response;
    explicit exchange_hold(detail::activation* at) noexcept : at_(at) {}
    CREMA_DECL void drop() noexcept;
    detail::activation* at_;
};

/** Represents the answer to one request.

    Fields and status are set first, then one of `send`, `json`, `end` … answers; `write` streams. What is set
    after that throws `already_answered`.

    @par Thread Safety
    Only on the loop of the request.
*/
class response {
public:
    response(const response&) = delete;
    response& operator=(const response&) = delete;

    /** Set the status.
        @throws std::range_error when it is not within 100 to 999.
    */
    CREMA_DECL response& status(int code);
    /// Returns the status.
    int status_code() const noexcept { return status_; }

    /** Set a header field, replacing what was there.

        A Content-Type of text without a charset gets `; charset=utf-8`.

        @throws system_error(error::bad_value) when name or value cannot stand in a header.
    */
    CREMA_DECL response& set(std::string_view name, std::string_view field_value);
    /// Sets several header fields.
    CREMA_DECL response& set(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);
    /// Adds a header field beside those of the same name.
    CREMA_DECL response& append(std::string_view name, std::string_view field_value);
    /// Returns a header field that was set; valid until the next change.
    std::optional<std::string_view> get(std::string_view name) const {
        const auto i = headers_.find(name, 0);
        return i == http::header_block::npos ? std::nullopt : std::optional(headers_.value_at(i));
    }
    /// Removes a header field.
    CREMA_DECL response& remove(std::string_view name);
    /// Sets the Content-Type, from an extension (`"json"`) or a media type.
    CREMA_DECL response& type(std::string_view extension_or_type);
    /// Adds names to Vary.
    CREMA_DECL response& vary(std::string_view field);
    /// Adds links to Link: `res.links({{"next", "http://…"}})`.
    CREMA_DECL response& links(std::initializer_list<std::pair<std::string_view, std::string_view>> links);
    /// Sets Location, percent-encoding what cannot stand in it.
    CREMA_DECL response& location(std::string_view url);
    /// Sets Content-Disposition to attachment, and the type from the extension of the name.
    CREMA_DECL response& attachment(std::string_view filename = {});

    /** Set a cookie.
        @throws system_error(error::bad_value) when the name or an option is malformed.
        @see RFC 6265bis
    */
    CREMA_DECL response& cookie(std::string_view name, std::string_view cookie_value, const http::cookie_options& options = {});
    /// Makes the client forget a cookie; path and domain must be those it was set with.
    CREMA_DECL response& clear_cookie(std::string_view name, http::cookie_options options = {});

    /** Send a text.

        Content-Type is text/html when none is set. Sets Content-Length and ETag, answers 304 when the client's
        copy is still good; HEAD, 204 and 304 have no body.

        @throws already_answered
    */
    CREMA_DECL void send(std::string_view text);
    /// @copydoc send(std::string_view)
    void send(const char* text) { send(std::string_view(text)); }
    /// @copydoc send(std::string_view)
    void send(const std::string& text) { send(std::string_view(text)); }
    /// Sends octets; Content-Type is application/octet-stream when none is set.
    CREMA_DECL void send(std::span<const std::byte> octets);
    /// Sends anything else as JSON.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view> && !std::convertible_to<const T&, std::span<const std::byte>>)
    void send(const T& v) {
        json(v);
    }
    /// Sends an empty body.
    void send() { send(std::string_view{}); }

    /** Send a value as JSON: any aggregate, container, number, string, `value`, without macros.

        `res.json({{"status", "ok"}})` makes an object.

        @throws already_answered
        @see RFC 8259
    */
    template <class T>
    void json(const T& v) {
        auto& out = json_buffer();
        crema::json::write(out, v, json_options());
        send_json(out);
    }
    /// @copydoc json
    void json(std::initializer_list<value::init> list) { json(value(list)); }
    /// @copydoc json
    void json(const char* text) { json(std::string_view(text)); }

    /// Sends the standard phrase of a status as text.
    CREMA_DECL void send_status(int code);
    /// Redirects; the body is a short text in what the client accepts.
    void redirect(std::string_view url) { redirect(302, url); }
    /// Redirects with a status.
    CREMA_DECL void redirect(int code, std::string_view url);
    /// Answers by the first format that the client accepts, in the order given; 406 when none fits.
    CREMA_DECL void format(std::initializer_list<std::pair<std::string_view, unique_function<void()>>> formats);

    /// Sends the header now; what follows is streamed.
    CREMA_DECL void flush_headers();
    /** Stream a piece of the body. Without a Content-Length set before, the body is chunked.

        The octets are taken before this returns; await it to go on only when there is room again.

        @par Cancellation
        Throws `cancelled` when the client left. Calls must not overlap: await one before the next.
    */
    auto write(std::string_view piece) {
        begin_stream();
        return exchange_->write(piece);
    }
    /// Ends the answer; without anything sent before, an empty one without ETag.
    CREMA_DECL void end(std::string_view last = {});
    /// Sends 103 Early Hints with the given Link values.
    CREMA_DECL void write_early_hints(std::initializer_list<std::pair<std::string_view, std::string_view>> links);

    /// Tells whether the header has been sent.
    bool headers_sent() const noexcept { return begun_; }
    /// Tells whether the answer is complete.
    bool finished() const noexcept { return ended_; }

    /// Returns values for the layers behind, and for templates.
    value& locals() {
        if (!locals_) locals_.emplace(value::object({}));
        return *locals_;
    }

    /** Keep the exchange alive for a callback that answers later.

        `set_timeout([later = res.hold()] { later.res().send("ready"); }, 100);`
    */
    CREMA_DECL exchange_hold hold();

    /// Calls when the last octet of the answer was handed to the kernel.
    CREMA_DECL void on_finish(unique_function<void()> f);
    /// Calls when the exchange ends, answered or not: exactly once.
    CREMA_DECL void on_close(unique_function<void()> f);

    /// Returns the settings of the app that handles the request.
    const settings& options() const noexcept { return *settings_; }
    /// Returns the request.
    request& req() noexcept { return *req_; }

private:
    friend class detail::transaction;
    friend class exchange_hold;
    friend class request;

    explicit response(detail::transaction& owner) noexcept : owner_(&owner) {}
    void open(exchange& x, request& req, const settings& options) {
        exchange_ = &x;
        req_ = &req;
        settings_ = &options;
        if (options.x_powered_by) headers_.append_trusted("X-Powered-By", "crema");
    }
    void close() noexcept {
        exchange_ = nullptr;
        headers_.clear();
        locals_.reset();
        on_finish_.clear();
        on_close_.clear();
        status_ = 200;
        begun_ = ended_ = false;
    }
    CREMA_DECL void begin_stream();
    CREMA_DECL void finish(std::string_view body, bool text);
    CREMA_DECL void send_json(std::string_view text);
    CREMA_DECL static std::string& json_buffer();
    crema::json::write_options json_options() const noexcept {
        crema::json::write_options o;
        o.spaces = static_cast<int>(settings_->json_spaces);
        o.escape = settings_->json_escape;
        return o;
    }
    void require_open(const char* what) const {
        if (begun_) [[unlikely]] throw already_answered(what);
    }

    exchange* exchange_ = nullptr;
    detail::transaction* owner_;
    request* req_ = nullptr;
    const settings* settings_ = nullptr;
    http::header_block headers_;
    std::optional<value> locals_;
    std::vector<unique_function<void()>> on_finish_, on_close_;
    int status_ = 200;
    bool begun_ = false;
    bool ended_ = false;
};

} // namespace crema

// ---- crema/core/html.hpp
// HTML: text made safe for a page.
#include <string>
#include <string_view>

namespace crema {

/** Replace the five characters that mean something in HTML: `& < > " '`.

    @par Complexity
    Linear.
*/
CREMA_DECL std::string escape_html(std::string_view text);

} // namespace crema

#if CREMA_BODIES
namespace crema {

CREMA_DECL std::string escape_html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    return out;
}

} // namespace crema
#endif
// ---- crema/http/media_type.hpp
// Media types: read and write Content-Type values, and the parts of a type name (RFC 9110 section 8.3).
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Holds a type and its parameters, as in a Content-Type field.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct media_type {
    std::string type{};                                              ///< `text/html`, small letters when it was parsed
    std::vector<std::pair<std::string, std::string>> parameters{};   ///< names in small letters, in order, each once

    /// Returns the value of a parameter, its name in small letters; empty when there is none.
    std::string_view parameter(std::string_view name) const noexcept {
        for (const auto& [key, text] : parameters)
            if (key == name) return text;
        return {};
    }
    /// Sets a parameter, replacing its value.
    CREMA_DECL void set_parameter(std::string_view name, std::string_view text);
};

/** Parse the value of a Content-Type field, leniently: nothing is refused.

    The type is what is in front of the first semicolon, made small, whether it is a valid type or not. Of parameters
    with the same name the first counts, pieces that are no parameter are passed over.
*/
CREMA_DECL media_type parse_media_type(std::string_view header);

/** Parse one element of a comma-separated list of media types with parameters.

    @param header The list.
    @param at Where the element begins; then where the comma is that ends it, or the end.
*/
CREMA_DECL media_type parse_media_type_at(std::string_view header, std::size_t& at);

/** Write a Content-Type value; parameters that are no tokens are quoted.

    @par Errors
    @li `error::bad_value` the type is not two tokens with a slash between, a name is no token, or a value holds
    control octets.
*/
CREMA_DECL result<std::string> format_media_type(const media_type& type);

/// Returns the part of a Content-Type value in front of its parameters, trimmed; a view.
CREMA_DECL std::string_view essence(std::string_view header) noexcept;

/** Return a Content-Type value with its usual charset when it has none: `text/html` becomes `text/html; charset=utf-8`.

    @param extension_or_type A type, or an extension as `html`; an unknown one is returned as it is.
*/
CREMA_DECL std::string with_charset(std::string_view extension_or_type);

/// Returns a Content-Type value with its charset set to utf-8, whatever it was; as it is when it is no valid type.
CREMA_DECL std::string with_utf8(std::string_view header);

/// Holds the parts of the name of a type: `image`, `svg`, `xml` for `image/svg+xml`. Views into its text.
struct type_name {
    std::string_view type;    ///< in front of the slash
    std::string_view subtype; ///< behind it, without the suffix
    std::string_view suffix;  ///< behind the last `+`; empty when there is none
};

/** Take the name of a type apart.

    @param text The name without parameters, spaces around it allowed; the result holds views into it.

    @par Errors
    @li `error::bad_syntax` not two names of at most 127 octets with a slash between them.

    @see RFC 6838 section 4.2
*/
CREMA_DECL result<type_name> parse_type_name(std::string_view text);

/// Tells whether the text is the name of a type, without parameters; see `parse_type_name`.
CREMA_DECL bool is_type_name(std::string_view text) noexcept;

/** Write the name of a type.

    @par Errors
    @li `error::bad_value` a part that is malformed.
*/
CREMA_DECL result<std::string> format_type_name(const type_name& parts);

} // namespace crema::http

// ---- crema/http/mime.hpp
// Media types of files: from an extension to its type, and back, with the usual charset.
#include <string>
#include <string_view>

namespace crema::http {

/** Return the media type for an extension, a file name or a path, without a charset.

    @param path `"html"`, `".html"`, `"index.html"` or `"/a/index.html"`, in any case.
    @return The type, which lives forever; empty when the extension is not known or there is none.

    @par Complexity
    Logarithmic in the number of known extensions, about 1200.
*/
CREMA_DECL std::string_view mime_type(std::string_view path) noexcept;

/** Return the usual extension for a media type, without a point.

    @param type A type; parameters are ignored.
    @return The extension, which lives forever; empty when the type is not known.

    @par Complexity
    Linear in the number of known extensions.
*/
CREMA_DECL std::string_view mime_extension(std::string_view type) noexcept;

/// Returns the usual charset of a type: `UTF-8` for text and what is defined so, empty where there is none; it lives
/// forever.
CREMA_DECL std::string_view mime_charset(std::string_view type) noexcept;

/** Return the value for a Content-Type field: the type of an extension, or the given type, with its usual charset.

    @return `"text/html; charset=utf-8"` for `"html"`; empty when the extension is not known.
*/
CREMA_DECL std::string content_type_of(std::string_view extension_or_type);

/// Tells whether bodies of this type usually become smaller when they are compressed.
CREMA_DECL bool is_compressible(std::string_view type) noexcept;

} // namespace crema::http

#if CREMA_BODIES
#include <algorithm>

namespace crema::http {
namespace detail {

// Lines "extension type", sorted by extension. A line that ends in "-" is not what the type's usual extension is.
// One literal, searched as text, costs neither compile time nor start-up time.
inline constexpr std::string_view mime_lines =
    "123 application/vnd.lotus-1-2-3\n1km application/vnd.1000minds.decision-model+xml\n210 model/step-\n"
    "3dml text/vnd.in3d.3dml\n3ds image/x-3ds\n3g2 video/3gpp2\n3gp video/3gpp\n3gpp video/3gpp-\n3mf model/3mf\n"
    "7z application/x-7z-compressed\naab application/x-authorware-bin\naac audio/aac-\n"
    "aam application/x-authorware-map\naas application/x-authorware-seg\nabw application/x-abiword\n"
    "ac application/pkix-attr-cert\nacc application/vnd.americandynamics.acc\nace application/x-ace-compressed\n"
    "acu application/vnd.acucobol\nacutc application/vnd.acucorp-\nadp audio/adpcm\nadts audio/aac\n"
    "aep application/vnd.audiograph\nafm application/x-font-type1-\nafp application/vnd.ibm.modcap\n"
    "age application/vnd.age\nahead application/vnd.ahead.space\nai application/postscript\naif audio/x-aiff\n"
    "aifc audio/x-aiff-\naiff audio/x-aiff-\nair application/vnd.adobe.air-application-installer-package+zip\n"
    "ait application/vnd.dvb.ait\nami application/vnd.amiga.ami\naml application/automationml-aml+xml\n"
    "amlx application/automationml-amlx+zip\namr audio/amr\napk application/vnd.android.package-archive\n"
    "apng image/apng\nappcache text/cache-manifest\nappinstaller application/appinstaller\n"
    "application application/x-ms-application\nappx application/appx\nappxbundle application/appxbundle\n"
    "apr application/vnd.lotus-approach\narc application/x-freearc\narj application/x-arj\nasc application/pgp-keys\n"
    "asf video/x-ms-asf\nasm text/x-asm-\naso application/vnd.accpac.simply.aso\nasx video/x-ms-asf-\n"
    "atc application/vnd.acucorp\natom application/atom+xml\natomcat application/atomcat+xml\n"
    "atomdeleted application/atomdeleted+xml\natomsvc application/atomsvc+xml\n"
    "atx application/vnd.antix.game-component\nau audio/basic\navci image/avci\navcs image/avcs\n"
    "avi video/x-msvideo\navif image/avif\naw application/applixware\nazf application/vnd.airzip.filesecure.azf\n"
    "azs application/vnd.airzip.filesecure.azs\nazv image/vnd.airzip.accelerator.azv\n"
    "azw application/vnd.amazon.ebook\nb16 image/vnd.pco.b16\nbary model/vnd.bary\nbat application/x-msdownload-\n"
    "bcpio application/x-bcpio\nbdf application/x-font-bdf\nbdm application/vnd.syncml.dm+wbxml\n"
    "bdo application/vnd.nato.bindingdataobject+xml\nbdoc application/bdoc\nbed application/vnd.realvnc.bed\n"
    "bh2 application/vnd.fujitsu.oasysprs\nbin application/octet-stream\nblb application/x-blorb\n"
    "blend application/x-blender\nblorb application/x-blorb-\nbmi application/vnd.bmi\n"
    "bmml application/vnd.balsamiq.bmml+xml\nbmp image/bmp\nbook application/vnd.framemaker-\n"
    "box application/vnd.previewsystems.box\nboz application/x-bzip2-\nbpk application/octet-stream-\n"
    "brush application/vnd.procreate.brush\nbrushset application/vnd.procrate.brushset\n"
    "bsp model/vnd.valve.source.compiled-map\nbtf image/prs.btif-\nbtif image/prs.btif\n"
    "buffer application/octet-stream-\nbz application/x-bzip\nbz2 application/x-bzip2\nc text/x-c\n"
    "c11amc application/vnd.cluetrust.cartomobile-config\nc11amz application/vnd.cluetrust.cartomobile-config-pkg\n"
    "c4d application/vnd.clonk.c4group-\nc4f application/vnd.clonk.c4group-\nc4g application/vnd.clonk.c4group\n"
    "c4p application/vnd.clonk.c4group-\nc4u application/vnd.clonk.c4group-\ncab application/vnd.ms-cab-compressed\n"
    "caf audio/x-caf\ncap application/vnd.tcpdump.pcap-\ncar application/vnd.curl.car\n"
    "cat application/vnd.ms-pki.seccat\ncb7 application/x-cbr-\ncba application/x-cbr-\ncbr application/x-cbr\n"
    "cbt application/x-cbr-\ncbz application/x-cbr-\ncc text/x-c-\ncco application/x-cocoa\n"
    "cct application/x-director-\nccxml application/ccxml+xml\ncdbcmsg application/vnd.contact.cmsg\n"
    "cdf application/x-netcdf-\ncdfx application/cdfx+xml\ncdkey application/vnd.mediastation.cdkey\n"
    "cdmia application/cdmi-capability\ncdmic application/cdmi-container\ncdmid application/cdmi-domain\n"
    "cdmio application/cdmi-object\ncdmiq application/cdmi-queue\ncdx chemical/x-cdx\n"
    "cdxml application/vnd.chemdraw+xml\ncdy application/vnd.cinderella\ncer application/pkix-cert\n"
    "cfs application/x-cfs-compressed\ncgm image/cgm\nchat application/x-chat\nchm application/vnd.ms-htmlhelp\n"
    "chrt application/vnd.kde.kchart\ncif chemical/x-cif\n"
    "cii application/vnd.anser-web-certificate-issue-initiation\ncil application/vnd.ms-artgalry\n"
    "cjs application/node\ncla application/vnd.claymore\nclass application/java-vm\ncld model/vnd.cld\n"
    "clkk application/vnd.crick.clicker.keyboard\nclkp application/vnd.crick.clicker.palette\n"
    "clkt application/vnd.crick.clicker.template\nclkw application/vnd.crick.clicker.wordbank\n"
    "clkx application/vnd.crick.clicker\nclp application/x-msclip\ncmc application/vnd.cosmocaller\n"
    "cmdf chemical/x-cmdf\ncml chemical/x-cml\ncmp application/vnd.yellowriver-custom-menu\ncmx image/x-cmx\n"
    "cod application/vnd.rim.cod\ncoffee text/coffeescript\ncom application/x-msdownload-\nconf text/plain-\n"
    "cpio application/x-cpio\ncpl application/cpl+xml\ncpp text/x-c-\ncpt application/mac-compactpro\n"
    "crd application/x-mscardfile\ncrl application/pkix-crl\ncrt application/x-x509-ca-cert-\n"
    "crx application/x-chrome-extension\ncryptonote application/vnd.rig.cryptonote\ncsh application/x-csh\n"
    "csl application/vnd.citationstyles.style+xml\ncsml chemical/x-csml\ncsp application/vnd.commonspace\n"
    "css text/css\ncst application/x-director-\ncsv text/csv\ncu application/cu-seeme\ncurl text/vnd.curl\n"
    "cwl application/cwl\ncww application/prs.cww\ncxt application/x-director-\ncxx text/x-c-\n"
    "dae model/vnd.collada+xml\ndaf application/vnd.mobius.daf\ndart application/vnd.dart\n"
    "dataless application/vnd.fdsn.seed-\ndavmount application/davmount+xml\ndbf application/vnd.dbf\n"
    "dbk application/docbook+xml\ndcm application/dicom\ndcmp application/vnd.dcmp+xml\ndcr application/x-director-\n"
    "dcurl text/vnd.curl.dcurl\ndd2 application/vnd.oma.dd2+xml\nddd application/vnd.fujixerox.ddd\n"
    "ddf application/vnd.syncml.dmddf+xml\ndds image/vnd.ms-dds\ndeb application/x-debian-package\ndef text/plain-\n"
    "deploy application/octet-stream-\nder application/x-x509-ca-cert\ndfac application/vnd.dreamfactory\n"
    "dgc application/x-dgc-compressed\ndib image/bmp-\ndic text/x-c-\ndir application/x-director\n"
    "dis application/vnd.mobius.dis\ndisposition-notification message/disposition-notification\n"
    "dist application/octet-stream-\ndistz application/octet-stream-\ndjv image/vnd.djvu-\ndjvu image/vnd.djvu\n"
    "dll application/x-msdownload-\ndmg application/x-apple-diskimage\ndmp application/vnd.tcpdump.pcap-\n"
    "dms application/octet-stream-\ndna application/vnd.dna\ndng image/x-adobe-dng\ndoc application/msword\n"
    "docm application/vnd.ms-word.document.macroenabled.12\n"
    "docx application/vnd.openxmlformats-officedocument.wordprocessingml.document\ndot application/msword-\n"
    "dotm application/vnd.ms-word.template.macroenabled.12\n"
    "dotx application/vnd.openxmlformats-officedocument.wordprocessingml.template\ndp application/vnd.osgi.dp\n"
    "dpg application/vnd.dpgraph\ndpx image/dpx\ndra audio/vnd.dra\ndrle image/dicom-rle\n"
    "drm application/vnd.procreate.dream\ndsc text/prs.lines.tag\ndssc application/dssc+der\n"
    "dtb application/x-dtbook+xml\ndtd application/xml-dtd\ndts audio/vnd.dts\ndtshd audio/vnd.dts.hd\n"
    "dump application/octet-stream-\ndvb video/vnd.dvb.file\ndvi application/x-dvi\ndwd application/atsc-dwd+xml\n"
    "dwf model/vnd.dwf\ndwg image/vnd.dwg\ndxf image/vnd.dxf\ndxp application/vnd.spotfire.dxp\n"
    "dxr application/x-director-\near application/java-archive-\necelp4800 audio/vnd.nuera.ecelp4800\n"
    "ecelp7470 audio/vnd.nuera.ecelp7470\necelp9600 audio/vnd.nuera.ecelp9600\necma application/ecmascript\n"
    "edm application/vnd.novadigm.edm\nedx application/vnd.novadigm.edx\nefif application/vnd.picsel\n"
    "ei6 application/vnd.pg.osasli\nelc application/octet-stream-\nemf image/emf\neml message/rfc822\n"
    "emma application/emma+xml\nemotionml application/emotionml+xml\nemz application/x-msmetafile-\n"
    "eol audio/vnd.digital-winds\neot application/vnd.ms-fontobject\neps application/postscript-\n"
    "epub application/epub+zip\nes3 application/vnd.eszigno3+xml\nesa application/vnd.osgi.subsystem\n"
    "esf application/vnd.epson.esf\net3 application/vnd.eszigno3+xml-\netx text/x-setext\neva application/x-eva\n"
    "evy application/x-envoy\nexe application/x-msdos-program\nexi application/exi\nexp application/express\n"
    "exr image/aces\next application/vnd.novadigm.ext\nez application/andrew-inset\nez2 application/vnd.ezpix-album\n"
    "ez3 application/vnd.ezpix-package\nf text/x-fortran\nf4v video/x-f4v\nf77 text/x-fortran-\nf90 text/x-fortran-\n"
    "fbs image/vnd.fastbidsheet\nfbx application/vnd.autodesk.fbx\nfcdt application/vnd.adobe.formscentral.fcdt\n"
    "fcs application/vnd.isac.fcs\nfdf application/fdf\nfdt application/fdt+xml\n"
    "fe_launch application/vnd.denovo.fcselayout-link\nfg5 application/vnd.fujitsu.oasysgp\n"
    "fgd application/x-director-\nfh image/x-freehand\nfh4 image/x-freehand-\nfh5 image/x-freehand-\n"
    "fh7 image/x-freehand-\nfhc image/x-freehand-\nfig application/x-xfig\nfits image/fits\nflac audio/x-flac\n"
    "fli video/x-fli\nflo application/vnd.micrografx.flo\nflv video/x-flv\nflw application/vnd.kde.kivio\n"
    "flx text/vnd.fmi.flexstor\nfly text/vnd.fly\nfm application/vnd.framemaker\nfnc application/vnd.frogans.fnc\n"
    "fo application/vnd.software602.filler.form+xml\nfor text/x-fortran-\nfpx image/vnd.fpx\n"
    "frame application/vnd.framemaker-\nfsc application/vnd.fsc.weblaunch\nfst image/vnd.fst\n"
    "ftc application/vnd.fluxtime.clip\nfti application/vnd.anser-web-funds-transfer-initiation\nfvt video/vnd.fvt\n"
    "fxp application/vnd.adobe.fxp\nfxpl application/vnd.adobe.fxp-\nfzs application/vnd.fuzzysheet\n"
    "g2w application/vnd.geoplan\ng3 image/g3fax\ng3w application/vnd.geospace\ngac application/vnd.groove-account\n"
    "gam application/x-tads\ngbr application/rpki-ghostbusters\ngca application/x-gca-compressed\ngdl model/vnd.gdl\n"
    "gdoc application/vnd.google-apps.document\ngdraw application/vnd.google-apps.drawing\n"
    "ged text/vnd.familysearch.gedcom\ngeo application/vnd.dynageo\ngeojson application/geo+json\n"
    "gex application/vnd.geometry-explorer\ngform application/vnd.google-apps.form\n"
    "ggb application/vnd.geogebra.file\nggs application/vnd.geogebra.slides\nggt application/vnd.geogebra.tool\n"
    "ghf application/vnd.groove-help\ngif image/gif\ngim application/vnd.groove-identity-message\n"
    "gjam application/vnd.google-apps.jam\nglb model/gltf-binary\ngltf model/gltf+json\n"
    "gmap application/vnd.google-apps.map\ngml application/gml+xml\ngmx application/vnd.gmx\n"
    "gnumeric application/x-gnumeric\ngph application/vnd.flographit\ngpx application/gpx+xml\n"
    "gqf application/vnd.grafeq\ngqs application/vnd.grafeq-\ngram application/srgs\n"
    "gramps application/x-gramps-xml\ngre application/vnd.geometry-explorer-\ngrv application/vnd.groove-injector\n"
    "grxml application/srgs+xml\ngscript application/vnd.google-apps.script\ngsf application/x-font-ghostscript\n"
    "gsheet application/vnd.google-apps.spreadsheet\ngsite application/vnd.google-apps.site\n"
    "gslides application/vnd.google-apps.presentation\ngtar application/x-gtar\n"
    "gtm application/vnd.groove-tool-message\ngtw model/vnd.gtw\ngv text/vnd.graphviz\ngxf application/gxf\n"
    "gxt application/vnd.geonext\ngz application/gzip\nh text/x-c-\nh261 video/h261\nh263 video/h263\n"
    "h264 video/h264\nhal application/vnd.hal+xml\nhbci application/vnd.hbci\nhbs text/x-handlebars-template\n"
    "hdd application/x-virtualbox-hdd\nhdf application/x-hdf\nheic image/heic\nheics image/heic-sequence\n"
    "heif image/heif\nheifs image/heif-sequence\nhej2 image/hej2k\nheld application/atsc-held+xml\nhh text/x-c-\n"
    "hjson application/hjson\nhlp application/winhlp\nhpgl application/vnd.hp-hpgl\nhpid application/vnd.hp-hpid\n"
    "hps application/vnd.hp-hps\nhqx application/mac-binhex40\nhtc text/x-component\n"
    "htke application/vnd.kenameaapp\nhtm text/html-\nhtml text/html\nhvd application/vnd.yamaha.hv-dic\n"
    "hvp application/vnd.yamaha.hv-voice\nhvs application/vnd.yamaha.hv-script\ni2g application/vnd.intergeo\n"
    "icc application/vnd.iccprofile\nice x-conference/x-cooltalk\nicm application/vnd.iccprofile-\n"
    "ico image/vnd.microsoft.icon\nics text/calendar\nief image/ief\nifb text/calendar-\n"
    "ifm application/vnd.shana.informed.formdata\niges model/iges-\nigl application/vnd.igloader\n"
    "igm application/vnd.insors.igm\nigs model/iges\nigx application/vnd.micrografx.igx\n"
    "iif application/vnd.shana.informed.interchange\nimg application/octet-stream-\n"
    "imp application/vnd.accpac.simply.imp\nims application/vnd.ms-ims\nin text/plain-\nini text/plain-\n"
    "ink application/inkml+xml\ninkml application/inkml+xml-\ninstall application/x-install-instructions\n"
    "iota application/vnd.astraea-software.iota\nipfix application/ipfix\n"
    "ipk application/vnd.shana.informed.package\nipynb application/x-ipynb+json\n"
    "irm application/vnd.ibm.rights-management\nirp application/vnd.irepository.package+xml\n"
    "iso application/x-iso9660-image\nitp application/vnd.shana.informed.formtemplate\nits application/its+xml\n"
    "ivp application/vnd.immervision-ivp\nivu application/vnd.immervision-ivu\njad text/vnd.sun.j2me.app-descriptor\n"
    "jade text/jade\njaii image/jaii\njais image/jais\njam application/vnd.jam\njar application/java-archive\n"
    "jardiff application/x-java-archive-diff\njava text/x-java-source\njfif image/pjpeg\njhc image/jphc\n"
    "jisp application/vnd.jisp\njls image/jls\njlt application/vnd.hp-jlyt\njng image/x-jng\n"
    "jnlp application/x-java-jnlp-file\njoda application/vnd.joost.joda-archive\njp2 image/jp2\njpe image/jpeg-\n"
    "jpeg image/jpeg-\njpf image/jpx-\njpg image/jpeg\njpg2 image/jp2-\njpgm image/jpm-\njpgv video/jpeg\n"
    "jph image/jph\njpm image/jpm\njpx image/jpx\njs text/javascript\njson application/json\n"
    "json5 application/json5\njsonld application/ld+json\njsonml application/jsonml+json\njsx text/jsx\njt model/jt\n"
    "jxl image/jxl\njxr image/jxr\njxra image/jxra\njxrs image/jxrs\njxs image/jxs\njxsc image/jxsc\n"
    "jxsi image/jxsi\njxss image/jxss\nkar audio/midi-\nkarbon application/vnd.kde.karbon\n"
    "kdbx application/x-keepass2\nkey application/vnd.apple.keynote\nkfo application/vnd.kde.kformula\n"
    "kia application/vnd.kidspiration\nkml application/vnd.google-earth.kml+xml\n"
    "kmz application/vnd.google-earth.kmz\nkne application/vnd.kinar\nknp application/vnd.kinar-\n"
    "kon application/vnd.kde.kontour\nkpr application/vnd.kde.kpresenter\nkpt application/vnd.kde.kpresenter-\n"
    "kpxx application/vnd.ds-keypoint\nksp application/vnd.kde.kspread\nktr application/vnd.kahootz-\nktx image/ktx\n"
    "ktx2 image/ktx2\nktz application/vnd.kahootz\nkwd application/vnd.kde.kword\nkwt application/vnd.kde.kword-\n"
    "lasxml application/vnd.las.las+xml\nlatex application/x-latex\n"
    "lbd application/vnd.llamagraphics.life-balance.desktop\n"
    "lbe application/vnd.llamagraphics.life-balance.exchange+xml\nles application/vnd.hhe.lesson-player\n"
    "less text/less\nlgr application/lgr+xml\nlha application/x-lzh-compressed-\n"
    "link66 application/vnd.route66.link66+xml\nlist text/plain-\nlist3820 application/vnd.ibm.modcap-\n"
    "listafp application/vnd.ibm.modcap-\nlitcoffee text/coffeescript-\nlnk application/x-ms-shortcut\n"
    "log text/plain-\nlostxml application/lost+xml\nlottie application/zip+dotlottie\nlrf application/octet-stream-\n"
    "lrm application/vnd.ms-lrm\nltf application/vnd.frogans.ltf\nlua text/x-lua\nluac application/x-lua-bytecode\n"
    "lvp audio/vnd.lucent.voice\nlwp application/vnd.lotus-wordpro\nlzh application/x-lzh-compressed\n"
    "m13 application/x-msmediaview-\nm14 application/x-msmediaview-\nm1v video/mpeg-\nm21 application/mp21\n"
    "m2a audio/mpeg-\nm2t video/mp2t-\nm2ts video/mp2t-\nm2v video/mpeg-\nm3a audio/mpeg-\nm3u audio/x-mpegurl\n"
    "m3u8 application/vnd.apple.mpegurl\nm4a audio/mp4\nm4b audio/mp4-\nm4p application/mp4-\nm4s video/iso.segment\n"
    "m4u video/vnd.mpegurl-\nm4v video/x-m4v\nma application/mathematica\nmads application/mads+xml\n"
    "maei application/mmt-aei+xml\nmag application/vnd.ecowin.chart\nmaker application/vnd.framemaker-\n"
    "man text/troff-\nmanifest text/cache-manifest-\nmap application/json-\nmar application/octet-stream-\n"
    "markdown text/markdown-\nmathml application/mathml+xml\nmb application/mathematica-\n"
    "mbk application/vnd.mobius.mbk\nmbox application/mbox\nmc1 application/vnd.medcalcdata\n"
    "mcd application/vnd.mcd\nmcurl text/vnd.curl.mcurl\nmd text/markdown\nmdb application/x-msaccess\n"
    "mdi image/vnd.ms-modi\nmdx text/mdx\nme text/troff-\nmesh model/mesh-\nmeta4 application/metalink4+xml\n"
    "metalink application/metalink+xml\nmets application/mets+xml\nmfm application/vnd.mfmp\n"
    "mft application/rpki-manifest\nmgp application/vnd.osgeo.mapguide.package\n"
    "mgz application/vnd.proteus.magazine\nmht message/rfc822-\nmhtml message/rfc822-\nmid audio/midi\n"
    "midi audio/midi-\nmie application/x-mie\nmif application/vnd.mif\nmime message/rfc822-\nmj2 video/mj2\n"
    "mjp2 video/mj2-\nmjs text/javascript-\nmk3d video/x-matroska-\nmka audio/x-matroska\nmkd text/x-markdown\n"
    "mks video/x-matroska-\nmkv video/x-matroska\nmlp application/vnd.dolby.mlp\n"
    "mmd application/vnd.chipnuts.karaoke-mmd\nmmf application/vnd.smaf\nmml text/mathml\n"
    "mmr image/vnd.fujixerox.edmics-mmr\nmng video/x-mng\nmny application/x-msmoney\n"
    "mobi application/x-mobipocket-ebook-\nmods application/mods+xml\nmov video/quicktime-\nmovie video/x-sgi-movie\n"
    "mp2 audio/mpeg-\nmp21 application/mp21-\nmp2a audio/mpeg-\nmp3 audio/mpeg-\nmp4 video/mp4\nmp4a audio/mp4-\n"
    "mp4s application/mp4-\nmp4v video/mp4-\nmpc application/vnd.mophun.certificate\nmpd application/dash+xml\n"
    "mpe video/mpeg-\nmpeg video/mpeg\nmpf application/media-policy-dataset+xml\nmpg video/mpeg-\nmpg4 video/mp4-\n"
    "mpga audio/mpeg\nmpkg application/vnd.apple.installer+xml\nmpm application/vnd.blueice.multipass\n"
    "mpn application/vnd.mophun.application\nmpp application/dash-patch+xml\nmpt application/vnd.ms-project-\n"
    "mpy application/vnd.ibm.minipay\nmqy application/vnd.mobius.mqy\nmrc application/marc\n"
    "mrcx application/marcxml+xml\nms text/troff-\nmscml application/mediaservercontrol+xml\n"
    "mseed application/vnd.fdsn.mseed\nmseq application/vnd.mseq\nmsf application/vnd.epson.msf\n"
    "msg application/vnd.ms-outlook\nmsh model/mesh\nmsi application/x-msdownload-\nmsix application/msix\n"
    "msixbundle application/msixbundle\nmsl application/vnd.mobius.msl\nmsm application/octet-stream-\n"
    "msp application/octet-stream-\nmsty application/vnd.muvee.style\nmtl model/mtl\nmts video/mp2t-\n"
    "mus application/vnd.musician\nmusd application/mmt-usd+xml\nmusicxml application/vnd.recordare.musicxml+xml\n"
    "mvb application/x-msmediaview\nmvt application/vnd.mapbox-vector-tile\nmwf application/vnd.mfer\n"
    "mxf application/mxf\nmxl application/vnd.recordare.musicxml\nmxmf audio/mobile-xmf\nmxml application/xv+xml\n"
    "mxs application/vnd.triscape.mxs\nmxu video/vnd.mpegurl\nn-gage application/vnd.nokia.n-gage.symbian.install\n"
    "n3 text/n3\nnb application/mathematica-\nnbp application/vnd.wolfram.player\nnc application/x-netcdf\n"
    "ncx application/x-dtbncx+xml\nnfo text/x-nfo\nngdat application/vnd.nokia.n-gage.data\n"
    "nitf application/vnd.nitf-\nnlu application/vnd.neurolanguage.nlu\nnml application/vnd.enliven\n"
    "nnd application/vnd.noblenet-directory\nnns application/vnd.noblenet-sealer\nnnw application/vnd.noblenet-web\n"
    "npx image/vnd.net-fpx\nnq application/n-quads\nnsc application/x-conference\nnsf application/vnd.lotus-notes\n"
    "nt application/n-triples\nntf application/vnd.nitf\nnumbers application/vnd.apple.numbers\n"
    "nzb application/x-nzb\noa2 application/vnd.fujitsu.oasys2\noa3 application/vnd.fujitsu.oasys3\n"
    "oas application/vnd.fujitsu.oasys\nobd application/x-msbinder\nobgx application/vnd.openblox.game+xml\n"
    "obj model/obj\noda application/oda\nodb application/vnd.oasis.opendocument.database\n"
    "odc application/vnd.oasis.opendocument.chart\nodf application/vnd.oasis.opendocument.formula\n"
    "odft application/vnd.oasis.opendocument.formula-template\nodg application/vnd.oasis.opendocument.graphics\n"
    "odi application/vnd.oasis.opendocument.image\nodm application/vnd.oasis.opendocument.text-master\n"
    "odp application/vnd.oasis.opendocument.presentation\nods application/vnd.oasis.opendocument.spreadsheet\n"
    "odt application/vnd.oasis.opendocument.text\noga audio/ogg\nogex model/vnd.opengex\nogg audio/ogg-\n"
    "ogv video/ogg\nogx application/ogg\nomdoc application/omdoc+xml\none application/onenote-\n"
    "onea application/onenote-\nonepkg application/onenote-\nonetmp application/onenote-\n"
    "onetoc application/onenote\nonetoc2 application/onenote-\nopf application/oebps-package+xml\nopml text/x-opml\n"
    "oprc application/vnd.palm-\nopus audio/ogg-\norg application/vnd.lotus-organizer\n"
    "osf application/vnd.yamaha.openscoreformat\nosfpvg application/vnd.yamaha.openscoreformat.osfpvg+xml\n"
    "osm application/vnd.openstreetmap.data+xml\notc application/vnd.oasis.opendocument.chart-template\n"
    "otf font/otf\notg application/vnd.oasis.opendocument.graphics-template\n"
    "oth application/vnd.oasis.opendocument.text-web\noti application/vnd.oasis.opendocument.image-template\n"
    "otp application/vnd.oasis.opendocument.presentation-template\n"
    "ots application/vnd.oasis.opendocument.spreadsheet-template\n"
    "ott application/vnd.oasis.opendocument.text-template\nova application/x-virtualbox-ova\n"
    "ovf application/x-virtualbox-ovf\nowl application/rdf+xml-\noxps application/oxps\n"
    "oxt application/vnd.openofficeorg.extension\np text/x-pascal\np10 application/pkcs10\np12 application/x-pkcs12\n"
    "p21 model/step-\np7b application/x-pkcs7-certificates\np7c application/pkcs7-mime-\np7m application/pkcs7-mime\n"
    "p7r application/x-pkcs7-certreqresp\np7s application/pkcs7-signature\np8 application/pkcs8\n"
    "pac application/x-ns-proxy-autoconfig\npages application/vnd.apple.pages\npas text/x-pascal-\n"
    "paw application/vnd.pawaafile\npbd application/vnd.powerbuilder6\npbm image/x-portable-bitmap\n"
    "pcap application/vnd.tcpdump.pcap\npcf application/x-font-pcf\npcl application/vnd.hp-pcl\n"
    "pclxl application/vnd.hp-pclxl\npct image/x-pict-\npcurl application/vnd.curl.pcurl\npcx image/vnd.zbrush.pcx\n"
    "pdb application/vnd.palm\npde text/x-processing\npdf application/pdf\npem application/x-x509-ca-cert-\n"
    "pfa application/x-font-type1\npfb application/x-font-type1-\npfm application/x-font-type1-\n"
    "pfr application/font-tdpfr\npfx application/x-pkcs12-\npgm image/x-portable-graymap\n"
    "pgn application/x-chess-pgn\npgp application/pgp-encrypted\nphp application/x-httpd-php\npic image/x-pict\n"
    "pkg application/octet-stream-\npki application/pkixcmp\npkipath application/pkix-pkipath\n"
    "pkpass application/vnd.apple.pkpass\npl application/x-perl\nplb application/vnd.3gpp.pic-bw-large\n"
    "plc application/vnd.mobius.plc\nplf application/vnd.pocketlearn\npls application/pls+xml\n"
    "pm application/x-perl-\npml application/vnd.ctc-posml\npng image/png\npnm image/x-portable-anymap\n"
    "portpkg application/vnd.macports.portpkg\npot application/vnd.ms-powerpoint-\n"
    "potm application/vnd.ms-powerpoint.template.macroenabled.12\n"
    "potx application/vnd.openxmlformats-officedocument.presentationml.template\n"
    "ppam application/vnd.ms-powerpoint.addin.macroenabled.12\nppd application/vnd.cups-ppd\n"
    "ppm image/x-portable-pixmap\npps application/vnd.ms-powerpoint-\n"
    "ppsm application/vnd.ms-powerpoint.slideshow.macroenabled.12\n"
    "ppsx application/vnd.openxmlformats-officedocument.presentationml.slideshow\nppt application/vnd.ms-powerpoint\n"
    "pptm application/vnd.ms-powerpoint.presentation.macroenabled.12\n"
    "pptx application/vnd.openxmlformats-officedocument.presentationml.presentation\npqa application/vnd.palm-\n"
    "prc model/prc\npre application/vnd.lotus-freelance\nprf application/pics-rules\n"
    "provx application/provenance+xml\nps application/postscript-\npsb application/vnd.3gpp.pic-bw-small\n"
    "psd image/vnd.adobe.photoshop\npsf application/x-font-linux-psf\npskcxml application/pskc+xml\n"
    "pti image/prs.pti\nptid application/vnd.pvi.ptid1\npub application/x-mspublisher\n"
    "pvb application/vnd.3gpp.pic-bw-var\npwn application/vnd.3m.post-it-notes\n"
    "pya audio/vnd.ms-playready.media.pya\npyo model/vnd.pytha.pyox\npyox model/vnd.pytha.pyox-\n"
    "pyv video/vnd.ms-playready.media.pyv\nqam application/vnd.epson.quickanime\nqbo application/vnd.intu.qbo\n"
    "qfx application/vnd.intu.qfx\nqps application/vnd.publishare-delta-tree\nqt video/quicktime\n"
    "qwd application/vnd.quark.quarkxpress-\nqwt application/vnd.quark.quarkxpress-\n"
    "qxb application/vnd.quark.quarkxpress-\nqxd application/vnd.quark.quarkxpress\n"
    "qxl application/vnd.quark.quarkxpress-\nqxt application/vnd.quark.quarkxpress-\nra audio/x-pn-realaudio-\n"
    "ram audio/x-pn-realaudio\nraml application/raml+yaml\nrapd application/route-apd+xml\nrar application/vnd.rar\n"
    "ras image/x-cmu-raster\nrcprofile application/vnd.ipunplugged.rcprofile\nrdf application/rdf+xml\n"
    "rdz application/vnd.data-vision.rdz\nrelo application/p2p-overlay+xml\nrep application/vnd.businessobjects\n"
    "res application/x-dtbresource+xml\nrgb image/x-rgb\nrif application/reginfo+xml\nrip audio/vnd.rip\n"
    "ris application/x-research-info-systems\nrl application/resource-lists+xml\nrlc image/vnd.fujixerox.edmics-rlc\n"
    "rld application/resource-lists-diff+xml\nrm application/vnd.rn-realmedia\nrmi audio/midi-\n"
    "rmp audio/x-pn-realaudio-plugin\nrms application/vnd.jcp.javame.midlet-rms\n"
    "rmvb application/vnd.rn-realmedia-vbr\nrnc application/relax-ng-compact-syntax\nrng application/xml-\n"
    "roa application/rpki-roa\nroff text/troff-\nrp9 application/vnd.cloanto.rp9\n"
    "rpm application/x-redhat-package-manager\nrpss application/vnd.nokia.radio-presets\n"
    "rpst application/vnd.nokia.radio-preset\nrq application/sparql-query\nrs application/rls-services+xml\n"
    "rsat application/atsc-rsat+xml\nrsd application/rsd+xml\nrsheet application/urc-ressheet+xml\n"
    "rss application/rss+xml\nrtf application/rtf\nrtx text/richtext\nrun application/x-makeself\n"
    "rusd application/route-usd+xml\ns text/x-asm\ns3m audio/s3m\nsaf application/vnd.yamaha.smaf-audio\n"
    "sass text/x-sass\nsbml application/sbml+xml\nsc application/vnd.ibm.secure-container\n"
    "scd application/x-msschedule\nscm application/vnd.lotus-screencam\nscq application/scvp-cv-request\n"
    "scs application/scvp-cv-response\nscss text/x-scss\nscurl text/vnd.curl.scurl\n"
    "sda application/vnd.stardivision.draw\nsdc application/vnd.stardivision.calc\n"
    "sdd application/vnd.stardivision.impress\nsdkd application/vnd.solent.sdkm+xml-\n"
    "sdkm application/vnd.solent.sdkm+xml\nsdp application/sdp\nsdw application/vnd.stardivision.writer\n"
    "sea application/x-sea\nsee application/vnd.seemail\nseed application/vnd.fdsn.seed\nsema application/vnd.sema\n"
    "semd application/vnd.semd\nsemf application/vnd.semf\nsenmlx application/senml+xml\n"
    "sensmlx application/sensml+xml\nser application/java-serialized-object\n"
    "setpay application/set-payment-initiation\nsetreg application/set-registration-initiation\n"
    "sfd-hdstx application/vnd.hydrostatix.sof-data\nsfs application/vnd.spotfire.sfs\nsfv text/x-sfv\n"
    "sgi image/sgi\nsgl application/vnd.stardivision.writer-global\nsgm text/sgml-\nsgml text/sgml\n"
    "sh application/x-sh\nshar application/x-shar\nshex text/shex\nshf application/shf+xml\nshtml text/html-\n"
    "sid image/x-mrsid-image\nsieve application/sieve-\nsig application/pgp-signature\nsil audio/silk\n"
    "silo model/mesh-\nsis application/vnd.symbian.install\nsisx application/vnd.symbian.install-\n"
    "sit application/x-stuffit\nsitx application/x-stuffitx\nsiv application/sieve\nskd application/vnd.koan-\n"
    "skm application/vnd.koan-\nskp application/vnd.koan\nskt application/vnd.koan-\n"
    "sldm application/vnd.ms-powerpoint.slide.macroenabled.12\n"
    "sldx application/vnd.openxmlformats-officedocument.presentationml.slide\nslim text/slim\nslm text/slim-\n"
    "sls application/route-s-tsid+xml\nslt application/vnd.epson.salt\nsm application/vnd.stepmania.stepchart\n"
    "smf application/vnd.stardivision.math\nsmi application/smil+xml\nsmil application/smil+xml-\nsmv video/x-smv\n"
    "smzip application/vnd.stepmania.package\nsnd audio/basic-\nsnf application/x-font-snf\n"
    "so application/octet-stream-\nspc application/x-pkcs7-certificates-\nspdx text/spdx\n"
    "spf application/vnd.yamaha.smaf-phrase\nspl application/x-futuresplash\nspot text/vnd.in3d.spot\n"
    "spp application/scvp-vp-response\nspq application/scvp-vp-request\nspx audio/ogg-\nsql application/sql\n"
    "src application/x-wais-source\nsrt application/x-subrip\nsru application/sru+xml\n"
    "srx application/sparql-results+xml\nssdl application/ssdl+xml\nsse application/vnd.kodak-descriptor\n"
    "ssf application/vnd.epson.ssf\nssml application/ssml+xml\nst application/vnd.sailingtracker.track\n"
    "stc application/vnd.sun.xml.calc.template\nstd application/vnd.sun.xml.draw.template\nstep model/step\n"
    "stf application/vnd.wt.stf\nsti application/vnd.sun.xml.impress.template\nstk application/hyperstudio\n"
    "stl model/stl\nstp model/step-\nstpnc model/step-\nstpx model/step+xml\nstpxz model/step-xml+zip\n"
    "stpz model/step+zip\nstr application/vnd.pg.format\nstw application/vnd.sun.xml.writer.template\n"
    "styl text/stylus-\nstylus text/stylus\nsub text/vnd.dvb.subtitle\nsus application/vnd.sus-calendar\n"
    "susp application/vnd.sus-calendar-\nsv4cpio application/x-sv4cpio\nsv4crc application/x-sv4crc\n"
    "svc application/vnd.dvb.service\nsvd application/vnd.svd\nsvg image/svg+xml\nsvgz image/svg+xml-\n"
    "swa application/x-director-\nswf application/x-shockwave-flash\nswi application/vnd.aristanetworks.swi\n"
    "swidtag application/swid+xml\nsxc application/vnd.sun.xml.calc\nsxd application/vnd.sun.xml.draw\n"
    "sxg application/vnd.sun.xml.writer.global\nsxi application/vnd.sun.xml.impress\n"
    "sxm application/vnd.sun.xml.math\nsxw application/vnd.sun.xml.writer\nt text/troff\n"
    "t3 application/x-t3vm-image\nt38 image/t38\ntaglet application/vnd.mynfc\n"
    "tao application/vnd.tao.intent-module-archive\ntap image/vnd.tencent.tap\ntar application/x-tar\n"
    "tcap application/vnd.3gpp2.tcap\ntcl application/x-tcl\ntd application/urc-targetdesc+xml\n"
    "teacher application/vnd.smart.teacher\ntei application/tei+xml\nteicorpus application/tei+xml-\n"
    "tex application/x-tex\ntexi application/x-texinfo-\ntexinfo application/x-texinfo\ntext text/plain-\n"
    "tfi application/thraud+xml\ntfm application/x-tex-tfm\ntfx image/tiff-fx\ntga image/x-tga\n"
    "thmx application/vnd.ms-officetheme\ntif image/tiff\ntiff image/tiff-\ntk application/x-tcl-\n"
    "tmo application/vnd.tmobile-livetv\ntoml application/toml\ntorrent application/x-bittorrent\n"
    "tpl application/vnd.groove-tool-template\ntpt application/vnd.trid.tpt\ntr text/troff-\n"
    "tra application/vnd.trueapp\ntrig application/trig\ntrm application/x-msterminal\nts video/mp2t\n"
    "tsd application/timestamped-data\ntsv text/tab-separated-values\nttc font/collection\nttf font/ttf\n"
    "ttl text/turtle\nttml application/ttml+xml\ntwd application/vnd.simtech-mindmapper\n"
    "twds application/vnd.simtech-mindmapper-\ntxd application/vnd.genomatix.tuxedo\ntxf application/vnd.mobius.txf\n"
    "txt text/plain\nu32 application/x-authorware-bin-\nu3d model/u3d\nu8dsn message/global-delivery-status\n"
    "u8hdr message/global-headers\nu8mdn message/global-disposition-notification\nu8msg message/global\n"
    "ubj application/ubjson\nudeb application/x-debian-package-\nufd application/vnd.ufdl\n"
    "ufdl application/vnd.ufdl-\nulx application/x-glulx\numj application/vnd.umajin\n"
    "unityweb application/vnd.unity\nuo application/vnd.uoml+xml-\nuoml application/vnd.uoml+xml\nuri text/uri-list\n"
    "uris text/uri-list-\nurls text/uri-list-\nusda model/vnd.usda\nusdz model/vnd.usdz+zip\n"
    "ustar application/x-ustar\nutz application/vnd.uiq.theme\nuu text/x-uuencode\nuva audio/vnd.dece.audio\n"
    "uvd application/vnd.dece.data-\nuvf application/vnd.dece.data\nuvg image/vnd.dece.graphic-\n"
    "uvh video/vnd.dece.hd\nuvi image/vnd.dece.graphic\nuvm video/vnd.dece.mobile\nuvp video/vnd.dece.pd\n"
    "uvs video/vnd.dece.sd\nuvt application/vnd.dece.ttml+xml\nuvu video/vnd.uvvu.mp4\nuvv video/vnd.dece.video\n"
    "uvva audio/vnd.dece.audio-\nuvvd application/vnd.dece.data-\nuvvf application/vnd.dece.data-\n"
    "uvvg image/vnd.dece.graphic-\nuvvh video/vnd.dece.hd-\nuvvi image/vnd.dece.graphic-\n"
    "uvvm video/vnd.dece.mobile-\nuvvp video/vnd.dece.pd-\nuvvs video/vnd.dece.sd-\n"
    "uvvt application/vnd.dece.ttml+xml-\nuvvu video/vnd.uvvu.mp4-\nuvvv video/vnd.dece.video-\n"
    "uvvx application/vnd.dece.unspecified-\nuvvz application/vnd.dece.zip-\nuvx application/vnd.dece.unspecified\n"
    "uvz application/vnd.dece.zip\nvbox application/x-virtualbox-vbox\n"
    "vbox-extpack application/x-virtualbox-vbox-extpack\nvcard text/vcard\nvcd application/x-cdlink\n"
    "vcf text/x-vcard\nvcg application/vnd.groove-vcard\nvcs text/x-vcalendar\nvcx application/vnd.vcx\n"
    "vdi application/x-virtualbox-vdi\nvds model/vnd.sap.vds\nvdx application/vnd.ms-visio.viewer\n"
    "vhd application/x-virtualbox-vhd\nvis application/vnd.visionary\nviv video/vnd.vivo\n"
    "vmdk application/x-virtualbox-vmdk\nvob video/x-ms-vob\nvor application/vnd.stardivision.writer-\n"
    "vox application/x-authorware-bin-\nvrml model/vrml-\nvsd application/vnd.visio\nvsdx application/vnd.visio-\n"
    "vsf application/vnd.vsf\nvss application/vnd.visio-\nvst application/vnd.visio-\nvsw application/vnd.visio-\n"
    "vtf image/vnd.valve.source.texture\nvtt text/vtt\nvtu model/vnd.vtu\nvtx application/vnd.visio-\n"
    "vxml application/voicexml+xml\nw3d application/x-director-\nwad application/x-doom\n"
    "wadl application/vnd.sun.wadl+xml\nwar application/java-archive-\nwasm application/wasm\nwav audio/wav\n"
    "wax audio/x-ms-wax\nwbmp image/vnd.wap.wbmp\nwbs application/vnd.criticaltools.wbs+xml\n"
    "wbxml application/vnd.wap.wbxml\nwcm application/vnd.ms-works-\nwdb application/vnd.ms-works-\n"
    "wdp image/vnd.ms-photo\nweba audio/webm\nwebapp application/x-web-app-manifest+json\nwebm video/webm\n"
    "webmanifest application/manifest+json\nwebp image/webp\nwg application/vnd.pmi.widget\nwgsl text/wgsl\n"
    "wgt application/widget\nwif application/watcherinfo+xml\nwks application/vnd.ms-works-\nwm video/x-ms-wm\n"
    "wma audio/x-ms-wma\nwmd application/x-ms-wmd\nwmf image/wmf\nwml text/vnd.wap.wml\n"
    "wmlc application/vnd.wap.wmlc\nwmls text/vnd.wap.wmlscript\nwmlsc application/vnd.wap.wmlscriptc\n"
    "wmv video/x-ms-wmv\nwmx video/x-ms-wmx\nwmz application/x-ms-wmz\nwoff font/woff\nwoff2 font/woff2\n"
    "wpd application/vnd.wordperfect\nwpl application/vnd.ms-wpl\nwps application/vnd.ms-works\n"
    "wqd application/vnd.wqd\nwri application/x-mswrite\nwrl model/vrml\nwsc message/vnd.wfa.wsc\n"
    "wsdl application/wsdl+xml\nwspolicy application/wspolicy+xml\nwtb application/vnd.webturbo\nwvx video/x-ms-wvx\n"
    "x32 application/x-authorware-bin-\nx3d model/x3d+xml\nx3db model/x3d+fastinfoset\nx3dbz model/x3d+binary-\n"
    "x3dv model/x3d-vrml\nx3dvz model/x3d+vrml-\nx3dz model/x3d+xml-\nx_b model/vnd.parasolid.transmit.binary\n"
    "x_t model/vnd.parasolid.transmit.text\nxaml application/xaml+xml\nxap application/x-silverlight-app\n"
    "xar application/vnd.xara\nxav application/xcap-att+xml\nxbap application/x-ms-xbap\n"
    "xbd application/vnd.fujixerox.docuworks.binder\nxbm image/x-xbitmap\nxca application/xcap-caps+xml\n"
    "xcs application/calendar+xml\nxdcf application/vnd.gov.sk.xmldatacontainer+xml\nxdf application/xcap-diff+xml\n"
    "xdm application/vnd.syncml.dm+xml\nxdp application/vnd.adobe.xdp+xml\nxdssc application/dssc+xml\n"
    "xdw application/vnd.fujixerox.docuworks\nxel application/xcap-el+xml\nxenc application/xenc+xml\n"
    "xer application/patch-ops-error+xml\nxfdf application/xfdf\nxfdl application/vnd.xfdl\n"
    "xht application/xhtml+xml-\nxhtm application/vnd.pwg-xhtml-print+xml\nxhtml application/xhtml+xml\n"
    "xhvml application/xv+xml-\nxif image/vnd.xiff\nxla application/vnd.ms-excel-\n"
    "xlam application/vnd.ms-excel.addin.macroenabled.12\nxlc application/vnd.ms-excel-\nxlf application/xliff+xml\n"
    "xlm application/vnd.ms-excel-\nxls application/vnd.ms-excel\n"
    "xlsb application/vnd.ms-excel.sheet.binary.macroenabled.12\n"
    "xlsm application/vnd.ms-excel.sheet.macroenabled.12\n"
    "xlsx application/vnd.openxmlformats-officedocument.spreadsheetml.sheet\nxlt application/vnd.ms-excel-\n"
    "xltm application/vnd.ms-excel.template.macroenabled.12\n"
    "xltx application/vnd.openxmlformats-officedocument.spreadsheetml.template\nxlw application/vnd.ms-excel-\n"
    "xm audio/xm\nxml application/xml\nxns application/xcap-ns+xml\nxo application/vnd.olpc-sugar\n"
    "xop application/xop+xml\nxpi application/x-xpinstall\nxpl application/xproc+xml\nxpm image/x-xpixmap\n"
    "xpr application/vnd.is-xpr\nxps application/vnd.ms-xpsdocument\nxpw application/vnd.intercon.formnet\n"
    "xpx application/vnd.intercon.formnet-\nxsd application/xml-\nxsf application/prs.xsf+xml\nxsl application/xml-\n"
    "xslt application/xslt+xml-\nxsm application/vnd.syncml+xml\nxspf application/xspf+xml\n"
    "xul application/vnd.mozilla.xul+xml\nxvm application/xv+xml-\nxvml application/xv+xml-\n"
    "xwd image/x-xwindowdump\nxyz chemical/x-xyz\nxz application/x-xz\nyaml text/yaml\nyang application/yang\n"
    "yin application/yin+xml\nyml text/yaml-\nymp text/x-suse-ymp\nz1 application/x-zmachine\n"
    "z2 application/x-zmachine-\nz3 application/x-zmachine-\nz4 application/x-zmachine-\nz5 application/x-zmachine-\n"
    "z6 application/x-zmachine-\nz7 application/x-zmachine-\nz8 application/x-zmachine-\n"
    "zaz application/vnd.zzazz.deck+xml\nzip application/zip\nzir application/vnd.zul\nzirz application/vnd.zul-\n"
    "zmm application/vnd.handheld-entertainment+xml\n";

// Lines "extension type" for types whose usual extension leads to another type.
inline constexpr std::string_view mime_more_types =
    "js application/javascript\nmp4 application/mp4\nxfdf application/vnd.adobe.xfdf\nfdf application/vnd.fdf\n"
    "stl application/vnd.ms-pki.stl\nmpp application/vnd.ms-project\nac application/vnd.nokia.n-gage.ac+xml\n"
    "bdoc application/x-bdoc\nrar application/x-compressed\nkey application/x-iwork-keynote-sffkey\n"
    "numbers application/x-iwork-numbers-sffnumbers\npages application/x-iwork-pages-sffpages\n"
    "prc application/x-mobipocket-ebook\nexe application/x-msdownload\nwmf application/x-msmetafile\n"
    "prc application/x-pilot\nrar application/x-rar-compressed\nsql application/x-sql\nobj application/x-tgif\n"
    "xlf application/x-xliff+xml\nzip application/x-zip-compressed\nxsl application/xslt+xml\n3gpp audio/3gpp\n"
    "mp3 audio/mp3\nwav audio/wave\naac audio/x-aac\nm4a audio/x-m4a\nra audio/x-realaudio\nwav audio/x-wav\n"
    "sub image/vnd.dvb.subtitle\nico image/x-icon\nbmp image/x-ms-bmp\npcx image/x-pcx\nmts model/vnd.mts\n"
    "x3db model/x3d+binary\nx3dv model/x3d+vrml\nrtf text/rtf\norg text/x-org\nxml text/xml\njpm video/jpm\n";

// Types with UTF-8 as their charset, beside text.
inline constexpr std::string_view mime_utf8_types =
    "application/3gpdash-qoe-report+xml\napplication/beep+xml\napplication/cda+xml\napplication/elm+json\n"
    "application/emergencycalldata.cap+xml\napplication/fhir+json\napplication/fhir+xml\napplication/hl7v2+xml\n"
    "application/im-iscomposing+xml\napplication/javascript\napplication/json\napplication/manifest+json\n"
    "application/msc-ivr+xml\napplication/msc-mixer+xml\napplication/pidf+xml\napplication/pidf-diff+xml\n"
    "application/poc-settings+xml\napplication/vnd.omads-email+xml\napplication/vnd.omads-file+xml\n"
    "application/vnd.omads-folder+xml\napplication/vnd.syncml+xml\napplication/vnd.syncml.dm+wbxml\n"
    "application/vnd.syncml.dm+xml\napplication/vnd.syncml.dmddf+xml\napplication/vnd.syncml.dmtnds+xml\n"
    "application/vnd.wap.wbxml\n";

// Lines "charset type" for the few with another one.
inline constexpr std::string_view mime_more_charsets =
    "US-ASCII application/news-checkgroups\nUS-ASCII application/news-groupinfo\n7-BIT application/prs.cyn\n"
    "XML-BASED application/vnd.fdsn.stationxml+xml\n";

// Types worth compressing, beside text and what ends in +json, +text or +xml.
inline constexpr std::string_view mime_compressible_types =
    "application/dart\napplication/ecmascript\napplication/javascript\napplication/json\napplication/octet-stream\n"
    "application/postscript\napplication/raml+yaml\napplication/rtf\napplication/tar\napplication/toml\n"
    "application/vnd.dart\napplication/vnd.ms-fontobject\napplication/vnd.ms-opentype\napplication/wasm\n"
    "application/x-httpd-php\napplication/x-javascript\napplication/x-ns-proxy-autoconfig\napplication/x-sh\n"
    "application/x-tar\napplication/x-virtualbox-hdd\napplication/x-virtualbox-ova\napplication/x-virtualbox-ovf\n"
    "application/x-virtualbox-vbox\napplication/x-virtualbox-vdi\napplication/x-virtualbox-vhd\n"
    "application/x-virtualbox-vmdk\napplication/x-www-form-urlencoded\napplication/xml\napplication/xml-dtd\n"
    "font/otf\nfont/ttf\nimage/bmp\nimage/vnd.adobe.photoshop\nimage/vnd.microsoft.icon\nimage/vnd.ms-dds\n"
    "image/x-icon\nimage/x-ms-bmp\nmessage/rfc822\nmodel/gltf-binary\nx-shader/x-fragment\nx-shader/x-vertex\n";

// The type without parameters and whitespace.
inline std::string_view mime_essence(std::string_view type) noexcept {
    constexpr std::string_view white = " \t\r\n\v\f";
    type.remove_prefix(std::min(type.find_first_not_of(white), type.size()));
    return type.substr(0, type.find_first_of("; \t\r\n\v\f"));
}

inline std::string_view front_line(std::string_view text) noexcept { return text.substr(0, text.find('\n')); }

inline bool has_line(std::string_view text, std::string_view wanted) noexcept {
    for (; !text.empty(); text.remove_prefix(front_line(text).size() + 1))
        if (iequals(front_line(text), wanted)) return true;
    return false;
}

// Returns the first word of the line whose second is wanted.
inline std::string_view front_of(std::string_view text, std::string_view wanted) noexcept {
    for (; !text.empty(); text.remove_prefix(front_line(text).size() + 1)) {
        const auto line = front_line(text);
        const auto space = line.find(' ');
        if (line.size() == space + 1 + wanted.size() && iequals(line.substr(space + 1), wanted))
            return line.substr(0, space);
    }
    return {};
}

// The extension of a path as Node's path.extname sees it when `x.` stands in front of the path.
inline std::string_view path_extension(std::string_view path) noexcept {
    while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    const auto slash = path.rfind('/');
    const auto name = slash == path.npos ? path : path.substr(slash + 1);
    const auto dot = name.rfind('.');
    if (slash == path.npos) return dot == name.npos ? name : name.substr(dot + 1);
    return dot == name.npos || dot == 0 ? std::string_view{} : name.substr(dot + 1);
}

} // namespace detail

CREMA_DECL std::string_view mime_type(std::string_view path) noexcept {
    const auto wanted = detail::path_extension(path);
    char small[32];
    if (wanted.empty() || wanted.size() > sizeof small) return {};
    for (std::size_t i = 0; i < wanted.size(); ++i) small[i] = to_lower(wanted[i]);
    const std::string_view extension(small, wanted.size());
    auto lines = detail::mime_lines;
    while (!lines.empty()) { // halve the text, at the begin of a line
        auto middle = lines.rfind('\n', lines.size() / 2);
        middle = middle == lines.npos ? 0 : middle + 1;
        const auto line = detail::front_line(lines.substr(middle));
        const auto key = line.substr(0, line.find(' '));
        if (key == extension) {
            const auto type = line.substr(key.size() + 1);
            return type.ends_with('-') ? type.substr(0, type.size() - 1) : type;
        }
        lines = key < extension ? lines.substr(middle + line.size() + 1) : lines.substr(0, middle);
    }
    return {};
}

CREMA_DECL std::string_view mime_extension(std::string_view type) noexcept {
    const auto wanted = detail::mime_essence(type);
    if (wanted.empty()) return {};
    if (const auto extension = detail::front_of(detail::mime_lines, wanted); !extension.empty()) return extension;
    return detail::front_of(detail::mime_more_types, wanted);
}

CREMA_DECL std::string_view mime_charset(std::string_view type) noexcept {
    const auto wanted = detail::mime_essence(type);
    if (istarts_with(wanted, "text/")) return "UTF-8";
    if (iequals(wanted, "application/json")) return "UTF-8"; // the one that is asked for most
    if (detail::has_line(detail::mime_utf8_types, wanted)) return "UTF-8";
    return detail::front_of(detail::mime_more_charsets, wanted);
}

CREMA_DECL std::string content_type_of(std::string_view extension_or_type) {
    std::string value(extension_or_type.find('/') == std::string_view::npos ? mime_type(extension_or_type)
                                                                            : extension_or_type);
    if (value.empty() || value.find("charset") != std::string::npos) return value;
    if (const auto charset = mime_charset(value); !charset.empty())
        value.append("; charset=").append(to_lower(charset));
    return value;
}

CREMA_DECL bool is_compressible(std::string_view type) noexcept {
    const auto wanted = detail::mime_essence(type);
    if (istarts_with(wanted, "text/")) return true;
    for (std::string_view suffix : {"+json", "+text", "+xml"})
        if (wanted.size() > suffix.size() && iequals(wanted.substr(wanted.size() - suffix.size()), suffix)) return true;
    return detail::has_line(detail::mime_compressible_types, wanted);
}

} // namespace crema::http
#endif
// ---- crema/http/media_type.hpp, bodies
#if CREMA_BODIES
#include <algorithm>
#include <optional>
#include <tuple>

namespace crema::http {
namespace detail {

inline std::size_t skip_ows(std::string_view s, std::size_t at) noexcept {
    while (at < s.size() && is_ows(s[at])) ++at;
    return at;
}

inline std::size_t find_end(std::string_view s, std::size_t at, std::string_view stops) noexcept {
    return std::min(s.find_first_of(stops, at), s.size());
}

// Of pairs with the same name keeps the first, in time that many hostile ones do not blow up.
inline void keep_first(std::vector<std::pair<std::string, std::string>>& pairs) {
    if (pairs.size() < 2) return;
    std::vector<std::size_t> order(pairs.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return std::tie(pairs[a].first, a) < std::tie(pairs[b].first, b); });
    std::vector<bool> again(pairs.size());
    for (std::size_t i = 1; i < order.size(); ++i) again[order[i]] = pairs[order[i]].first == pairs[order[i - 1]].first;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (again[i]) continue;
        if (kept != i) pairs[kept] = std::move(pairs[i]);
        ++kept;
    }
    pairs.resize(kept);
}

inline media_type read_media_type(std::string_view s, std::size_t& at, bool stop_at_comma) {
    const std::string_view stops = stop_at_comma ? ";," : ";";
    media_type m;
    at = skip_ows(s, at);
    const auto type_end = find_end(s, at, stops);
    m.type = to_lower(trim_ows(s.substr(at, type_end - at)));
    at = type_end;
    while (at < s.size() && s[at] == ';') {
        at = skip_ows(s, at + 1);
        const auto name_end = find_end(s, at, stop_at_comma ? "=;," : "=;");
        if (name_end == s.size() || s[name_end] != '=') { // no parameter
            at = name_end;
            continue;
        }
        const auto name = to_lower(trim_ows(s.substr(at, name_end - at)));
        std::optional<std::string> text;
        at = skip_ows(s, name_end + 1);
        if (at < s.size() && s[at] == '"') {
            std::string quoted;
            for (++at; at < s.size() && !text;) {
                const char c = s[at++];
                if (c == '"') {
                    at = find_end(s, at, stops);
                    text = std::move(quoted);
                } else {
                    quoted += c == '\\' && at < s.size() ? s[at++] : c;
                }
            }
        } else {
            const auto end = find_end(s, at, stops);
            text = trim_ows(s.substr(at, end - at));
            at = end;
        }
        if (text) m.parameters.emplace_back(name, std::move(*text));
    }
    keep_first(m.parameters);
    return m;
}

// The first octet is a letter or digit, the rest these or some signs; at most 127 in all.
inline bool is_restricted_name(std::string_view s, std::string_view signs) noexcept {
    if (s.empty() || s.size() > 127 || (!is_alpha(s[0]) && !is_digit(s[0]))) return false;
    for (char c : s)
        if (!is_alpha(c) && !is_digit(c) && signs.find(c) == std::string_view::npos) return false;
    return true;
}

} // namespace detail

CREMA_DECL void media_type::set_parameter(std::string_view name, std::string_view text) {
    for (auto& [key, old] : parameters)
        if (key == name) {
            old = text;
            return;
        }
    parameters.emplace_back(name, text);
}

CREMA_DECL media_type parse_media_type(std::string_view header) {
    std::size_t at = 0;
    return detail::read_media_type(header, at, false);
}

CREMA_DECL media_type parse_media_type_at(std::string_view header, std::size_t& at) {
    return detail::read_media_type(header, at, true);
}

CREMA_DECL result<std::string> format_media_type(const media_type& type) {
    auto wrong = [](const char* what, std::string_view it) {
        return failure{make_error_code(error::bad_value), 0, what + std::string(it)};
    };
    const auto slash = type.type.find('/');
    if (slash == std::string::npos || !is_token(std::string_view(type.type).substr(0, slash)) ||
        !is_token(std::string_view(type.type).substr(slash + 1)))
        return wrong("Invalid type: ", type.type);
    std::string out = type.type;
    for (const auto& [name, text] : type.parameters) {
        if (!is_token(name)) return wrong("Invalid parameter name: ", name);
        out.append("; ").append(name) += '=';
        if (is_token(text)) {
            out += text;
            continue;
        }
        if (!valid_field_value(text)) return wrong("Invalid parameter value: ", text);
        out += '"';
        for (char c : text) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return out;
}

CREMA_DECL std::string_view essence(std::string_view header) noexcept {
    return trim_ows(header.substr(0, header.find(';')));
}

CREMA_DECL std::string with_charset(std::string_view extension_or_type) {
    auto full = content_type_of(extension_or_type);
    return full.empty() ? std::string(extension_or_type) : full;
}

CREMA_DECL std::string with_utf8(std::string_view header) {
    auto m = parse_media_type(header);
    m.set_parameter("charset", "utf-8");
    auto full = format_media_type(m);
    return full ? std::move(*full) : std::string(header);
}

CREMA_DECL bool is_type_name(std::string_view text) noexcept {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    const auto slash = text.find('/');
    return slash != text.npos && detail::is_restricted_name(text.substr(0, slash), "!#$&^_-") &&
           detail::is_restricted_name(text.substr(slash + 1), "!#$&^_.+-");
}

CREMA_DECL result<type_name> parse_type_name(std::string_view text) {
    if (!is_type_name(text)) return failure{make_error_code(error::bad_syntax), 0, "invalid media type"};
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    const auto slash = text.find('/');
    type_name parts{text.substr(0, slash), text.substr(slash + 1), {}};
    if (const auto plus = parts.subtype.rfind('+'); plus != parts.subtype.npos) {
        parts.suffix = parts.subtype.substr(plus + 1);
        parts.subtype = parts.subtype.substr(0, plus);
    }
    return parts;
}

CREMA_DECL result<std::string> format_type_name(const type_name& parts) {
    auto wrong = [](const char* what) { return failure{make_error_code(error::bad_value), 0, what}; };
    if (!detail::is_restricted_name(parts.type, "!#$&^_-")) return wrong("invalid type");
    if (!detail::is_restricted_name(parts.subtype, "!#$&^_.-")) return wrong("invalid subtype");
    auto out = std::string(parts.type).append("/").append(parts.subtype);
    if (parts.suffix.empty()) return out;
    if (!detail::is_restricted_name(parts.suffix, "!#$&^_-")) return wrong("invalid suffix");
    return out.append("+").append(parts.suffix);
}

} // namespace crema::http
#endif
// ---- crema/http/negotiate.hpp
// Negotiation: what a client accepts, and the best of what there is (RFC 9110 section 12.5).
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace crema::http {

/// Is a list of texts that are offered: media types, charsets, encodings or languages.
using offers = std::span<const std::string_view>;

/** Return all media types that an Accept field accepts, the preferred first.

    @param accept The value of the field, without one `nullopt`, which accepts everything. The result holds views into
    it.

    The functions for charsets, encodings and languages do the same for their fields. Order: higher quality first, then
    the order in the field. Elements with quality 0 are left out.

    @par Complexity
    Linear in the length of the field, with a sort of its elements.

    @see RFC 9110 section 12.5.1
*/
CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept);
/** Return those of the offered media types that an Accept field accepts, the preferred first.

    Each offer counts with the most specific element that matches it. Order: higher quality, then higher specificity,
    then the order in the field, then the order of the offers.
*/
CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept, offers offered);
/// @copydoc preferred_types(std::optional<std::string_view>)
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset);
/// @copydoc preferred_types(std::optional<std::string_view>, offers)
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset,
                                                            offers offered);
/// @copydoc preferred_types(std::optional<std::string_view>)
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language);
/// @copydoc preferred_types(std::optional<std::string_view>, offers)
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language,
                                                             offers offered);
/** Return the encodings that an Accept-Encoding field accepts, the preferred first.

    `identity` counts as accepted with the lowest quality in the field, unless the field says otherwise.

    @param server_order Encodings of the same quality that stand here are ordered as here, in front of others.
*/
CREMA_DECL std::vector<std::string_view> preferred_encodings(std::optional<std::string_view> accept_encoding,
                                                             offers server_order = {});
/// Returns those of the offered encodings that are accepted; see `preferred_encodings`. Nothing offered: nothing
/// returned.
CREMA_DECL std::vector<std::string_view> preferred_offered_encodings(std::optional<std::string_view> accept_encoding,
                                                                     offers offered, offers server_order = {});

/** Return the best of the offered types for an Accept field.

    @param accept The value of the field; without one, or with an empty one, the first offer is the best.
    @param offered Media types, or extensions such as `json`.
    @return The offer as it was spelled; empty when none is accepted.
*/
CREMA_DECL std::string_view accepts(std::optional<std::string_view> accept, offers offered);
/// @copydoc accepts
inline std::string_view accepts(std::optional<std::string_view> accept,
                                std::initializer_list<std::string_view> offered) {
    return accepts(accept, offers(offered.begin(), offered.size()));
}

/// Returns the best of the offered charsets, empty when none is accepted.
CREMA_DECL std::string_view accepts_charset(std::optional<std::string_view> accept_charset, offers offered);
/// @copydoc accepts_charset
inline std::string_view accepts_charset(std::optional<std::string_view> accept_charset,
                                        std::initializer_list<std::string_view> offered) {
    return accepts_charset(accept_charset, offers(offered.begin(), offered.size()));
}
/// Returns the best of the offered encodings, empty when none is accepted.
CREMA_DECL std::string_view accepts_encoding(std::optional<std::string_view> accept_encoding, offers offered,
                                             offers server_order = {});
/// @copydoc accepts_encoding
inline std::string_view accepts_encoding(std::optional<std::string_view> accept_encoding,
                                         std::initializer_list<std::string_view> offered) {
    return accepts_encoding(accept_encoding, offers(offered.begin(), offered.size()));
}
/// Returns the best of the offered languages, empty when none is accepted.
CREMA_DECL std::string_view accepts_language(std::optional<std::string_view> accept_language, offers offered);
/// @copydoc accepts_language
inline std::string_view accepts_language(std::optional<std::string_view> accept_language,
                                         std::initializer_list<std::string_view> offered) {
    return accepts_language(accept_language, offers(offered.begin(), offered.size()));
}

} // namespace crema::http

#if CREMA_BODIES
#include <algorithm>
#include <charconv>
#include <limits>

namespace crema::http {
namespace detail {

// One element of a field.
struct accepted {
    std::string_view text;
    double quality;
    std::ptrdiff_t order;
    std::vector<std::pair<std::string, std::string>> parameters; // of media types, without q
};

// How well an offer, or an element, does.
struct standing {
    std::string_view text;
    double quality;
    int specificity;
    std::ptrdiff_t order, index;
};

// Reads a number at the front, as JavaScript's parseFloat does; not a number when there is none.
inline double parse_quality(std::string_view s) noexcept {
    while (!s.empty() && (is_ows(s.front()) || (s.front() >= '\n' && s.front() <= '\r'))) s.remove_prefix(1);
    double sign = 1;
    if (!s.empty() && (s.front() == '+' || s.front() == '-')) {
        sign = s.front() == '-' ? -1 : 1;
        s.remove_prefix(1);
    }
    if (s.starts_with("Infinity")) return sign * std::numeric_limits<double>::infinity();
    if (s.empty() || !(is_digit(s[0]) || (s[0] == '.' && s.size() > 1 && is_digit(s[1]))))
        return std::numeric_limits<double>::quiet_NaN();
    double v = 0;
    const auto got = std::from_chars(s.data(), s.data() + s.size(), v);
    if (got.ec == std::errc::result_out_of_range) return v;
    return got.ec == std::errc{} ? sign * v : std::numeric_limits<double>::quiet_NaN();
}

inline std::vector<accepted> read_accepted(std::string_view field, bool media_types) {
    std::vector<accepted> all;
    std::ptrdiff_t order = 0;
    for (std::size_t at = 0; at < field.size(); ++at, ++order) {
        while (at < field.size() && is_ows(field[at])) ++at;
        const auto begin = at;
        auto parsed = parse_media_type_at(field, at);
        const auto text = field.substr(begin, parsed.type.size()); // as it was spelled
        if (media_types ? text.find('/') == text.npos : text.empty()) continue;
        const auto q = parsed.parameter("q");
        const auto quality = q.empty() ? 1 : parse_quality(q);
        if (media_types) std::erase_if(parsed.parameters, [](const auto& p) { return p.first == "q"; });
        all.push_back({text, quality, order, std::move(parsed.parameters)});
    }
    return all;
}

// The more specific first, then the higher quality, then the later in the field.
inline bool weaker(const standing& a, const standing& b) noexcept {
    if (a.specificity != b.specificity) return a.specificity < b.specificity;
    if (a.quality < b.quality || a.quality > b.quality) return a.quality < b.quality;
    return a.order < b.order;
}

// `match` returns the specificity with which the offer matches an element, -1 when it does not.
template <class Match>
standing stand(std::string_view offer, std::ptrdiff_t index, const std::vector<accepted>& all, Match match) {
    standing best{offer, 0, 0, -1, index};
    for (const auto& element : all) {
        const int s = match(element);
        if (s < 0) continue;
        const standing here{offer, element.quality, s, element.order, index};
        if (weaker(best, here)) best = here;
    }
    return best;
}

inline std::vector<std::string_view> ordered(std::vector<standing> all, offers server_order = {}) {
    std::erase_if(all, [](const standing& s) { return !(s.quality > 0); });
    auto preference = [&](const standing& s) {
        return std::find(server_order.begin(), server_order.end(), s.text) - server_order.begin();
    };
    std::stable_sort(all.begin(), all.end(), [&](const standing& a, const standing& b) {
        if (a.quality != b.quality) return a.quality > b.quality;
        if (!server_order.empty())
            if (const auto x = preference(a), y = preference(b); x != y) return x < y;
        if (a.specificity != b.specificity) return a.specificity > b.specificity;
        if (a.order != b.order) return a.order < b.order;
        return a.index < b.index;
    });
    std::vector<std::string_view> texts;
    for (const auto& s : all) texts.push_back(s.text);
    return texts;
}

inline std::vector<std::string_view> all_of_them(const std::vector<accepted>& all, offers server_order = {}) {
    std::vector<standing> standings;
    for (const auto& a : all) standings.push_back({a.text, a.quality, 0, 0, a.order});
    return ordered(std::move(standings), server_order);
}

// `matcher` makes of an offer what matches it with elements.
template <class Matcher>
std::vector<std::string_view> best_of(offers offered, const std::vector<accepted>& all, Matcher matcher,
                                      offers server_order = {}) {
    std::vector<standing> standings;
    for (auto offer : offered)
        standings.push_back(stand(offer, static_cast<std::ptrdiff_t>(standings.size()), all, matcher(offer)));
    return ordered(std::move(standings), server_order);
}

inline int match_word(std::string_view offer, const accepted& element) noexcept {
    return iequals(offer, element.text) ? 1 : element.text == "*" ? 0 : -1;
}

inline int match_language(std::string_view offer, const accepted& element) noexcept {
    if (offer.empty()) return -1;
    if (iequals(element.text, offer)) return 4;
    if (iequals(element.text.substr(0, element.text.find('-')), offer)) return 2;
    if (iequals(element.text, offer.substr(0, offer.find('-')))) return 1;
    return element.text == "*" ? 0 : -1;
}

inline int match_type(const media_type& offer, const accepted& element) {
    const auto a = offer.type.find('/'), b = element.text.find('/');
    if (a == std::string::npos) return -1;
    const std::string_view whole = offer.type, front = element.text.substr(0, b), back = element.text.substr(b + 1);
    int specificity = 0;
    if (iequals(front, whole.substr(0, a))) specificity |= 4;
    else if (front != "*") return -1;
    if (iequals(back, whole.substr(a + 1))) specificity |= 2;
    else if (back != "*") return -1;
    if (element.parameters.empty()) return specificity;
    for (const auto& [name, text] : element.parameters)
        if (text != "*" && !iequals(text, offer.parameter(name))) return -1;
    return specificity | 1;
}

inline auto word_matcher(std::string_view offer) {
    return [=](const accepted& element) { return match_word(offer, element); };
}
inline auto language_matcher(std::string_view offer) {
    return [full = essence(offer)](const accepted& element) { return match_language(full, element); };
}
inline auto type_matcher(std::string_view offer) {
    return [parsed = parse_media_type(offer)](const accepted& element) { return match_type(parsed, element); };
}

// The elements of Accept-Encoding, with identity when the field does not speak of it.
inline std::vector<accepted> read_encodings(std::string_view field) {
    auto all = read_accepted(field, false);
    bool identity = false;
    double lowest = 1;
    for (const auto& e : all) {
        identity = identity || match_word("identity", e) >= 0;
        if (e.quality > 0 || e.quality < 0) lowest = std::min(lowest, e.quality);
    }
    std::ptrdiff_t elements = 0;
    for (std::size_t at = 0; at < field.size(); ++at, ++elements) parse_media_type_at(field, at);
    if (!identity) all.push_back({"identity", lowest, elements, {}});
    return all;
}

} // namespace detail

CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept) {
    return detail::all_of_them(detail::read_accepted(accept.value_or("*/*"), true));
}
CREMA_DECL std::vector<std::string_view> preferred_types(std::optional<std::string_view> accept, offers offered) {
    return detail::best_of(offered, detail::read_accepted(accept.value_or("*/*"), true), detail::type_matcher);
}
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset) {
    return detail::all_of_them(detail::read_accepted(accept_charset.value_or("*"), false));
}
CREMA_DECL std::vector<std::string_view> preferred_charsets(std::optional<std::string_view> accept_charset,
                                                            offers offered) {
    return detail::best_of(offered, detail::read_accepted(accept_charset.value_or("*"), false), detail::word_matcher);
}
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language) {
    return detail::all_of_them(detail::read_accepted(accept_language.value_or("*"), false));
}
CREMA_DECL std::vector<std::string_view> preferred_languages(std::optional<std::string_view> accept_language,
                                                             offers offered) {
    return detail::best_of(offered, detail::read_accepted(accept_language.value_or("*"), false),
                           detail::language_matcher);
}
CREMA_DECL std::vector<std::string_view> preferred_encodings(std::optional<std::string_view> accept_encoding,
                                                             offers server_order) {
    return detail::all_of_them(detail::read_encodings(accept_encoding.value_or("")), server_order);
}
CREMA_DECL std::vector<std::string_view> preferred_offered_encodings(std::optional<std::string_view> accept_encoding,
                                                                     offers offered, offers server_order) {
    return detail::best_of(offered, detail::read_encodings(accept_encoding.value_or("")), detail::word_matcher,
                           server_order);
}

CREMA_DECL std::string_view accepts(std::optional<std::string_view> accept, offers offered) {
    if (offered.empty()) return {};
    if (accept.value_or("").empty()) return offered.front();
    std::vector<std::string_view> types;
    std::vector<std::size_t> place; // of each type among the offers
    for (std::size_t i = 0; i < offered.size(); ++i) {
        const auto type = offered[i].find('/') == std::string_view::npos ? mime_type(offered[i]) : offered[i];
        if (type.empty()) continue;
        types.push_back(type);
        place.push_back(i);
    }
    const auto best = preferred_types(accept, types);
    if (best.empty()) return {};
    return offered[place[static_cast<std::size_t>(std::find(types.begin(), types.end(), best.front()) -
                                                  types.begin())]];
}
CREMA_DECL std::string_view accepts_charset(std::optional<std::string_view> accept_charset, offers offered) {
    const auto best = preferred_charsets(accept_charset, offered);
    return best.empty() ? std::string_view{} : best.front();
}
CREMA_DECL std::string_view accepts_encoding(std::optional<std::string_view> accept_encoding, offers offered,
                                             offers server_order) {
    const auto best = preferred_offered_encodings(accept_encoding, offered, server_order);
    return best.empty() ? std::string_view{} : best.front();
}
CREMA_DECL std::string_view accepts_language(std::optional<std::string_view> accept_language, offers offered) {
    const auto best = preferred_languages(accept_language, offered);
    return best.empty() ? std::string_view{} : best.front();
}

} // namespace crema::http
#endif
// ---- crema/http/vary.hpp
// Vary: add names to the field (RFC 9110 section 12.5.5).
#include <string>
#include <string_view>

namespace crema::http {

/** Add field names to the value of a Vary field. Names that are there stay as they are spelled; `*` swallows all
    others.

    @param header The value so far, may be empty.
    @param names One name, or several with commas between.

    @par Errors
    @li `error::bad_value` something in `names` is no field name.
*/
CREMA_DECL result<std::string> append_vary(std::string_view header, std::string_view names);

} // namespace crema::http

#if CREMA_BODIES

namespace crema::http {

CREMA_DECL result<std::string> append_vary(std::string_view header, std::string_view names) {
    for (auto name : comma_list(names))
        if (!is_token(name))
            return failure{make_error_code(error::bad_value), 0, "field argument contains an invalid header name"};
    if (list_contains(header, "*") || list_contains(names, "*")) return std::string("*");
    std::string all(header);
    for (auto name : comma_list(names)) {
        if (list_contains(all, name)) continue;
        if (!all.empty()) all += ", ";
        all += name;
    }
    return all;
}

} // namespace crema::http
#endif
// ---- crema/web/response.hpp, bodies
#if CREMA_BODIES
#include <charconv>

namespace crema {
namespace detail {

[[noreturn]] inline void bad_field(std::string_view name) {
    throw system_error(make_error_code(error::bad_value),
                       "header field \"" + std::string(name.substr(0, 80)) + "\" has a name or value that cannot be sent");
}

} // namespace detail

CREMA_DECL response& response::status(int code) {
    if (code < 100 || code > 999) throw std::range_error("crema: invalid status code " + std::to_string(code));
    require_open("status()");
    status_ = code;
    return *this;
}

CREMA_DECL response& response::set(std::string_view name, std::string_view field_value) {
    require_open("set()");
    if (iequals(name, "content-type") && field_value.find(';') == field_value.npos) {
        const auto full = http::with_charset(field_value);
        if (!headers_.set(name, full)) detail::bad_field(name);
        return *this;
    }
    if (!headers_.set(name, field_value)) detail::bad_field(name);
    return *this;
}

CREMA_DECL response& response::set(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    for (const auto& [name, field_value] : fields) set(name, field_value);
    return *this;
}

CREMA_DECL response& response::append(std::string_view name, std::string_view field_value) {
    require_open("append()");
    if (!headers_.append(name, field_value)) detail::bad_field(name);
    return *this;
}

CREMA_DECL response& response::remove(std::string_view name) {
    require_open("remove()");
    headers_.remove(name);
    return *this;
}

CREMA_DECL response& response::type(std::string_view extension_or_type) {
    if (extension_or_type.find('/') != extension_or_type.npos) return set("Content-Type", extension_or_type);
    const auto known = http::mime_type(extension_or_type);
    return set("Content-Type", known.empty() ? std::string_view("application/octet-stream") : known);
}

CREMA_DECL response& response::vary(std::string_view field) {
    auto all = http::append_vary(get("Vary").value_or(std::string_view{}), field);
    if (!all) detail::bad_field("Vary");
    return set("Vary", *all);
}

CREMA_DECL response& response::links(std::initializer_list<std::pair<std::string_view, std::string_view>> links) {
    std::string all(get("Link").value_or(std::string_view{}));
    for (const auto& [rel, url] : links) {
        if (!all.empty()) all += ", ";
        all.append("<").append(url).append(">; rel=\"").append(rel).append("\"");
    }
    return set("Link", all);
}

CREMA_DECL response& response::location(std::string_view url) { return set("Location", encode_url(url)); }

CREMA_DECL response& response::cookie(std::string_view name, std::string_view cookie_value, const http::cookie_options& options) {
    auto line = http::serialize_cookie(name, cookie_value, options);
    if (!line) throw system_error(line.error().code, line.error().message());
    return append("Set-Cookie", *line);
}

CREMA_DECL response& response::clear_cookie(std::string_view name, http::cookie_options options) {
    options.max_age.reset();
    options.expires = std::chrono::system_clock::time_point{} + std::chrono::milliseconds(1);
    return cookie(name, "", options);
}

CREMA_DECL void response::send(std::string_view text) {
    require_open("send()");
    const auto i = headers_.find("Content-Type", 0);
    if (i == http::header_block::npos) [[likely]] headers_.append_trusted("Content-Type", "text/html; charset=utf-8");
    else if (headers_.value_at(i).find("charset=utf-8") == std::string_view::npos)
        headers_.set_trusted("Content-Type", http::with_utf8(headers_.value_at(i)));
    finish(text, true);
}

CREMA_DECL void response::send(std::span<const std::byte> octets) {
    require_open("send()");
    if (!headers_.has("Content-Type")) headers_.append_trusted("Content-Type", "application/octet-stream");
    finish({reinterpret_cast<const char*>(octets.data()), octets.size()}, false);
}

CREMA_DECL void response::send_json(std::string_view text) {
    require_open("json()");
    if (!headers_.has("Content-Type")) headers_.append_trusted("Content-Type", "application/json; charset=utf-8");
    finish(text, true);
}

CREMA_DECL std::string& response::json_buffer() {
    static thread_local std::string buffer;
    if (buffer.capacity() > 1 << 20) buffer = {}; // not kept for one large answer
    buffer.clear();
    return buffer;
}

// Answers in one go: validator, 304, and what has no body.
CREMA_DECL void response::finish(std::string_view body, bool) {
    const auto& options = *settings_;
    if (options.etag != settings::etag_kind::off && !headers_.has("ETag")) {
        char tag[http::etag_room];
        switch (options.etag) {
        case settings::etag_kind::express: headers_.append_trusted("ETag", http::express_etag(body)); break;
        default: headers_.append_trusted("ETag", http::write_etag(tag, body, options.etag == settings::etag_kind::weak)); break;
        }
    }
    if (status_ == 200 && req_->fresh(*this)) status_ = 304;
    if (http::has_no_body(status_)) [[unlikely]] {
        headers_.remove("Content-Type");
        headers_.remove("Transfer-Encoding");
        body = {};
    } else if (status_ == 205) body = {};
    headers_.remove("Content-Length");
    begun_ = ended_ = true;
    exchange_->respond(status_, {}, headers_.view(), body);
}

CREMA_DECL void response::send_status(int code) {
    status(code);
    type("txt");
    const auto phrase = http::reason_phrase(code);
    send(phrase.empty() ? std::to_string(code) : std::string(phrase));
}

CREMA_DECL void response::redirect(int code, std::string_view url) {
    location(url);
    status(code);
    const std::string target(get("Location").value_or(""));
    const auto phrase = http::reason_phrase(code);
    const auto best = http::accepts(req_->get("Accept"), {"text/plain", "text/html"});
    vary("Accept");
    std::string text;
    if (best == "text/plain") {
        set("Content-Type", "text/plain; charset=utf-8");
        text = std::string(phrase) + ". Redirecting to " + target;
    } else if (best == "text/html") {
        set("Content-Type", "text/html; charset=utf-8");
        const auto shown = escape_html(target);
        text = "<p>" + std::string(phrase) + ". Redirecting to " + shown + "</p>";
    }
    end(text);
}

CREMA_DECL void response::begin_stream() {
    if (begun_) return;
    std::optional<std::uint64_t> length;
    if (const auto given = get("Content-Length")) {
        std::uint64_t n = 0;
        const auto [p, ec] = std::from_chars(given->data(), given->data() + given->size(), n);
        if (ec == std::errc{} && p == given->data() + given->size()) length = n;
        headers_.remove("Content-Length");
    }
    headers_.remove("Transfer-Encoding");
    begun_ = true;
    exchange_->begin(status_, {}, headers_.view(), length);
}

CREMA_DECL void response::flush_headers() { begin_stream(); }

CREMA_DECL void response::end(std::string_view last) {
    if (ended_) throw already_answered("end()");
    if (!begun_) {
        headers_.remove("Content-Length");
        headers_.remove("Transfer-Encoding");
        begun_ = ended_ = true;
        exchange_->respond(status_, {}, headers_.view(), http::has_no_body(status_) ? std::string_view{} : last);
        return;
    }
    ended_ = true;
    if (!last.empty()) exchange_->write_now(last);
    exchange_->end();
}

CREMA_DECL void response::on_finish(unique_function<void()> f) { on_finish_.push_back(std::move(f)); }
CREMA_DECL void response::on_close(unique_function<void()> f) { on_close_.push_back(std::move(f)); }

} // namespace crema
#endif
// ---- crema/web/arguments.hpp
// arguments: fills the parameters of a handler by their types.
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crema {

/** Is the parsed JSON body of the request, as an argument of a handler: `[](body<post> b, response& res)`.

    The body, at most 100 KiB of it, is read before the handler runs; what is no valid `T` is answered with 400, naming the
    field.

    @par Thread Safety
    Distinct objects: safe.
*/
template <class T>
struct body {
    T value; ///< what was parsed
    T* operator->() noexcept { return &value; }
    const T* operator->() const noexcept { return &value; }
    T& operator*() noexcept { return value; }
    const T& operator*() const noexcept { return value; }
    operator T&() noexcept { return value; }
};

namespace detail {

// The pattern of a route that was given as a string.
struct runtime_pattern {};

template <class T>
inline constexpr bool is_optional_v = false;
template <class T>
inline constexpr bool is_optional_v<std::optional<T>> = true;

template <class T>
struct argument {
    static constexpr bool known = false;
};

template <class T>
concept argument_type = argument<T>::known;

template <>
struct argument<request&> {
    static constexpr bool known = true;
    static request& get(request& req, response&, next&) { return req; }
};
template <>
struct argument<const request&> : argument<request&> {};
template <>
struct argument<response&> {
    static constexpr bool known = true;
    static response& get(request&, response& res, next&) { return res; }
};
template <>
struct argument<next&> {
    static constexpr bool known = true;
    static next& get(request&, response&, next& n) { return n; }
};
template <>
struct argument<next> {
    static constexpr bool known = true;
    static next get(request&, response&, next& n) { return n; }
};
template <class T>
struct argument<body<T>> {
    static constexpr bool known = true;
    static constexpr bool is_body = true;
    static body<T> get(request& req, response&, next&) { return body<T>{req.json<T>()}; }
};
template <class T>
struct argument<const body<T>&> : argument<body<T>> {};

template <route::fixed_string Name, class T>
struct argument<param<Name, T>> {
    static constexpr bool known = true;
    static constexpr bool is_param = true;
    static constexpr auto name = Name;

    static param<Name, T> get(request& req, response&, next&) {
        const auto text = req.params().get(Name.view());
        if (!text) {
            if constexpr (is_optional_v<T>) return param<Name, T>(T{});
            else throw http_error(404, "there is no parameter \"" + std::string(Name.view()) + "\" in this path");
        }
        auto v = route::from_text<T>(*text);
        if (!v)
            throw http_error(400, "parameter \"" + std::string(Name.view()) + "\": " + v.error().message());
        return param<Name, T>(std::move(*v));
    }
};
template <route::fixed_string Name, class T>
struct argument<const param<Name, T>&> : argument<param<Name, T>> {};

// Fails to compile, with the name in the first line, when the pattern has no such parameter.
template <class Pattern, class A>
constexpr void check_argument() {
    static_assert(argument_type<A>, "crema: a handler cannot take an argument of this type; it may take request&, "
                                    "response&, next&, param<\"name\", T>, query<T>, body<T>, in any order");
    if constexpr (!std::is_same_v<Pattern, runtime_pattern> && requires { argument<A>::is_param; })
        Pattern::template require<argument<A>::name>();
}

template <class R, class... A>
struct call_signature {
    static constexpr bool known = true;
    using result = R;
    using first = std::tuple_element_t<0, std::tuple<A..., void>>;
    using error_type = std::remove_cvref_t<first>;
    static constexpr bool is_typed_error = sizeof...(A) == 4 && std::derived_from<error_type, std::exception>;
    static constexpr bool suspends = [] {
        if constexpr (std::is_void_v<R>) return false;
        else return awaitable<R>;
    }();
    template <class Pattern>
    static constexpr bool takes_body = (requires { argument<A>::is_body; } || ...);

    template <class Pattern, class F>
    static R apply(F& f, request& req, response& res, next& n) {
        (check_argument<Pattern, A>(), ...);
        return f(argument<A>::get(req, res, n)...);
    }
};

template <class F>
struct signature {
    static constexpr bool known = false;
};
template <class R, class... A>
struct signature<R (*)(A...)> : call_signature<R, A...> {};
template <class R, class... A>
struct signature<R (*)(A...) noexcept> : call_signature<R, A...> {};

template <class M>
struct member_signature;
#define CREMA_MEMBER_SIGNATURE(qualifier)                                                                                      \
    template <class C, class R, class... A>                                                                                    \
    struct member_signature<R (C::*)(A...) qualifier> : call_signature<R, A...> {};
CREMA_MEMBER_SIGNATURE()
CREMA_MEMBER_SIGNATURE(const)
CREMA_MEMBER_SIGNATURE(noexcept)
CREMA_MEMBER_SIGNATURE(const noexcept)
#undef CREMA_MEMBER_SIGNATURE

template <class F>
    requires requires { &F::operator(); }
struct signature<F> : member_signature<decltype(&F::operator())> {};

} // namespace detail
} // namespace crema
// ---- crema/web/handler.hpp
// handler: what may be registered; turns any callable with a suitable signature into one kind of object.
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace crema {
namespace detail {

// A registered handler. Owned by the router, so that the captures of a lambda coroutine outlive its frame.
class handler_base {
public:
    handler_base() = default;
    handler_base(const handler_base&) = delete;
    handler_base& operator=(const handler_base&) = delete;
    virtual ~handler_base() = default;

    // Calls it. A synchronous one has returned, a coroutine has been put into `work`.
    // `error` is null for normal handlers.
    virtual void call(request& req, response& res, next& n, const std::exception_ptr* error, task<>& work) = 0;

    bool takes_error = false; // (err, req, res, next)
    bool suspends = false;    // gives an awaitable: needs a frame, and its next in the arena
    bool takes_body = false;  // has a body<T>: the body is read before the call
};

// Answers with what a handler returned.
template <class V>
void answer(response& res, V&& v) {
    if constexpr (std::is_convertible_v<V&&, std::string_view>) res.send(std::string_view(v));
    else res.json(v);
}
template <class A>
task<> answer_later(response& res, A work) {
    auto v = co_await std::move(work);
    answer(res, std::move(v));
}

// Deals with what the call of a handler gave.
template <class Call>
void settle_call(Call&& call, response& res, task<>& work) {
    using R = std::invoke_result_t<Call>;
    if constexpr (std::is_void_v<R>) {
        call();
    } else if constexpr (awaitable<R>) {
        using V = await_result_t<R>;
        if constexpr (std::is_void_v<V>) work = as_task(call());
        else work = answer_later(res, call());
    } else {
        answer(res, call());
    }
}

template <class F, class... A>
inline constexpr bool gives_awaitable = [] {
    using R = std::invoke_result_t<F, A...>;
    if constexpr (std::is_void_v<R>) return false;
    else return awaitable<R>;
}();

enum class shape { none, nothing, req, res, req_res, req_res_next, error, error_typed, by_type };

template <class F>
inline constexpr bool takes_any_error =
    std::is_invocable_v<F&, std::exception_ptr, request&, response&, next&>;

// Which of the signatures it has. A callable with written argument types is filled in by type, in any order;
// a generic lambda by position.
template <class F>
consteval shape shape_of() {
    if constexpr (takes_any_error<F>) return shape::error;
    else if constexpr (signature<F>::known) {
        if constexpr (signature<F>::is_typed_error) return shape::error_typed;
        else return shape::by_type;
    } else if constexpr (std::is_invocable_v<F&, request&, response&, next&>) return shape::req_res_next;
    else if constexpr (std::is_invocable_v<F&, request&, response&>) return shape::req_res;
    else return shape::none;
}

template <class F, class Pattern = runtime_pattern>
class handler_of final : public handler_base {
    static constexpr shape form = shape_of<F>();

public:
    explicit handler_of(F f) : f_(std::move(f)) {
        takes_error = form == shape::error || form == shape::error_typed;
        if constexpr (form == shape::error) suspends = gives_awaitable<F&, std::exception_ptr, request&, response&, next&>;
        else if constexpr (form == shape::error_typed || form == shape::by_type) {
            suspends = signature<F>::suspends;
            takes_body = signature<F>::template takes_body<Pattern>;
        } else if constexpr (form == shape::req_res_next) suspends = gives_awaitable<F&, request&, response&, next&>;
        else suspends = gives_awaitable<F&, request&, response&>;
    }

    void call(request& req, response& res, next& n, const std::exception_ptr* error, task<>& work) override {
        (void)n;
        (void)error;
        (void)req;
        if constexpr (form == shape::error) {
            settle_call([&]() -> decltype(auto) { return f_(*error, req, res, n); }, res, work);
        } else if constexpr (form == shape::error_typed) {
            using E = typename signature<F>::error_type;
            try {
                std::rethrow_exception(*error);
            } catch (const E& e) {
                if constexpr (signature<F>::suspends)
                    static_assert(!std::is_reference_v<typename signature<F>::first>,
                                  "crema: an error handler that is a coroutine takes the error by value, or as std::exception_ptr");
                settle_call([&]() -> decltype(auto) { return f_(e, req, res, n); }, res, work);
            } catch (...) {
                n(*error); // not for this one
            }
        } else if constexpr (form == shape::by_type) {
            settle_call([&]() -> decltype(auto) { return signature<F>::template apply<Pattern>(f_, req, res, n); }, res, work);
        } else if constexpr (form == shape::req_res_next) {
            settle_call([&]() -> decltype(auto) { return f_(req, res, n); }, res, work);
        } else {
            settle_call([&]() -> decltype(auto) { return f_(req, res); }, res, work);
        }
    }

private:
    F f_;
};

} // namespace detail

/** Can be registered as a handler.

    | signature | called |
    |---|---|
    | `(request&, response&)`, `(request&, response&, next&)` and any order or part of these | for requests |
    | `(std::exception_ptr, request&, response&, next&)` | for errors |
    | `(const E&, request&, response&, next&)` | for errors of class `E`; others pass by |

    It returns nothing, a value (sent as text or JSON), or a `task`, `asio::awaitable` or other awaitable of these.
*/
template <class F>
concept handler = detail::shape_of<std::decay_t<F>>() != detail::shape::none;

} // namespace crema
// ---- crema/web/router.hpp
// router: layers of middleware and routes, in the order of registration.
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

class router;

namespace detail {

class router_core;
struct app_core;

using route::all_methods;
using route::method_mask;
// The bit of a method; methods that have no name here share one, which only `all` has.
constexpr method_mask mask_of(http::method m) noexcept { return method_mask{1} << static_cast<unsigned>(m); }

// A handler of a route, for some methods.
struct route_entry {
    method_mask methods;
    std::unique_ptr<handler_base> fn;
    const activity_label* label;
};

// What stands behind one path: an app.get() or an app.route().
struct route_stack {
    std::vector<route_entry> entries;
    method_mask methods = 0;  // of all entries
    method_mask allowed = 0;  // what OPTIONS tells: those that were named, not `all`
    std::string path;

    bool handles(http::method m) const noexcept {
        if (m == http::method::head && !(methods & mask_of(http::method::head))) m = http::method::get;
        return (methods & mask_of(m)) != 0;
    }
};

// What is registered at one position of a router: a route, a middleware or a mounted router.
struct layer {
    route::pattern pattern;
    std::unique_ptr<route_stack> route;
    std::unique_ptr<handler_base> fn;
    std::shared_ptr<router_core> mounted;
    std::shared_ptr<app_core> app; // of a mounted app
    const activity_label* label = nullptr;
    route::matcher::index number = 0;
};

class router_core {
public:
    bool case_sensitive = false;
    bool strict = false;
    bool merge_params = false;

    std::vector<std::unique_ptr<layer>> layers;
    route::matcher index;

    CREMA_DECL layer& add(std::string_view path, bool route, std::source_location where);
};

// A path and where it was written; takes part in registration calls so that a pack of handlers may follow.
struct located_path {
    std::string_view text;
    std::source_location where;
    template <class S>
        requires std::is_convertible_v<const S&, std::string_view>
    located_path(const S& s, std::source_location w = std::source_location::current()) : text(s), where(w) {}
};

// A handler and where it was written.
template <class F>
struct located {
    F f;
    std::source_location where;
};

} // namespace detail

/** Options of a router.

    @par Thread Safety
    Distinct objects: safe.
*/
struct router_options {
    bool case_sensitive = false; ///< `/Foo` is not `/foo`
    bool strict = false;         ///< `/foo/` is not `/foo`
    bool merge_params = false;   ///< handlers see the parameters of the mount, too
};

/** Adds handlers for several methods of one path: `app.route("/book").get(list).post(create)`.

    @par Thread Safety
    As the router.
*/
class route_chain {
public:
    /// Adds handlers for a method.
    template <handler... F>
    route_chain& add(detail::method_mask methods, std::source_location where, F... f) {
        (push(methods, where, std::make_unique<detail::handler_of<F>>(std::move(f))), ...);
        return *this;
    }
#define CREMA_CHAIN_METHOD(name, which)                                                                                        \
    /** Adds a handler for the method of that name. */                                                                         \
    template <handler F>                                                                                                       \
    route_chain& name(F f, std::source_location where = std::source_location::current()) {                                     \
        return add(detail::mask_of(http::method::which), where, std::move(f));                                                   \
    }
    CREMA_CHAIN_METHOD(get, get)
    CREMA_CHAIN_METHOD(post, post)
    CREMA_CHAIN_METHOD(put, put)
    CREMA_CHAIN_METHOD(patch, patch)
    CREMA_CHAIN_METHOD(del, del)
    CREMA_CHAIN_METHOD(head, head)
    CREMA_CHAIN_METHOD(options, options)
#undef CREMA_CHAIN_METHOD
    /// Adds a handler for every method.
    template <handler F>
    route_chain& all(F f, std::source_location where = std::source_location::current()) {
        return add(detail::all_methods, where, std::move(f));
    }

private:
    friend class router;
    route_chain(std::shared_ptr<detail::router_core> owner, detail::layer& l) : owner_(std::move(owner)), layer_(&l) {}
    CREMA_DECL void push(detail::method_mask methods, std::source_location where, std::unique_ptr<detail::handler_base> f);
    std::shared_ptr<detail::router_core> owner_;
    detail::layer* layer_;
};

/** Holds layers of middleware and routes. A handle: copies share the same layers, so a router may be mounted
    first and filled later.

    @par Thread Safety
    Register before the server listens, or on the only loop.
*/
class router {
public:
    /// Construct empty.
    CREMA_DECL explicit router(router_options options = {});

    /** Register handlers for a method and a path.

        @param path A pattern: `/users/:id`, wildcards (`*path`), optional groups (`{/:page}`); see path-to-regexp 8.
        @param f One or more handlers, called in order as each calls `next`.
        @throws system_error(error::bad_pattern) with place and hint.
    */
    template <handler... F>
    router& on(http::method m, detail::located_path path, F... f) {
        static_assert(sizeof...(F) > 0, "crema: a route needs a handler");
        add_route(path).add(detail::mask_of(m), path.where, std::move(f)...);
        return *this;
    }

#define CREMA_ROUTER_METHOD(name, which)                                                                                       \
    /** Registers handlers for the method of that name and a path; see `on`. */                                               \
    template <handler... F>                                                                                                    \
    router& name(detail::located_path path, F... f) {                                                                          \
        return on(http::method::which, path, std::move(f)...);                                                                 \
    }                                                                                                                          \
    /** Registers a handler for a path that is checked by the compiler, as are the names of its parameters. */                \
    template <route::fixed_string Path, class F>                                                                               \
    router& name(F f, std::source_location where = std::source_location::current()) {                                          \
        return on_typed<Path>(detail::mask_of(http::method::which), where, std::move(f));                                        \
    }
    CREMA_ROUTER_METHOD(get, get)
    CREMA_ROUTER_METHOD(post, post)
    CREMA_ROUTER_METHOD(put, put)
    CREMA_ROUTER_METHOD(patch, patch)
    CREMA_ROUTER_METHOD(del, del)
    CREMA_ROUTER_METHOD(head, head)
    CREMA_ROUTER_METHOD(options, options)
#undef CREMA_ROUTER_METHOD

    /// Registers handlers for every method and a path.
    template <handler... F>
    router& all(detail::located_path path, F... f) {
        add_route(path).add(detail::all_methods, path.where, std::move(f)...);
        return *this;
    }
    /// Registers a handler for every method and a path that is checked by the compiler.
    template <route::fixed_string Path, class F>
    router& all(F f, std::source_location where = std::source_location::current()) {
        return on_typed<Path>(detail::all_methods, where, std::move(f));
    }
    /// Begins a route that gets its handlers by method: `route("/book").get(…).post(…)`.
    route_chain route(detail::located_path path) { return add_route(path); }

    /// Registers middleware for every path.
    template <handler F>
    router& use(F f, std::source_location where = std::source_location::current()) {
        add_use("/", where, std::make_unique<detail::handler_of<F>>(std::move(f)));
        return *this;
    }
    /// Registers middleware for a path and what is below it.
    template <handler... F>
    router& use(detail::located_path path, F... f) {
        static_assert(sizeof...(F) > 0, "crema: app.use() requires a middleware function");
        (add_use(path.text, path.where, std::make_unique<detail::handler_of<F>>(std::move(f))), ...);
        return *this;
    }
    /// Mounts a router below a path, which it does not see.
    CREMA_DECL router& use(detail::located_path path, const router& below);
    /// Mounts a router.
    router& use(const router& below, std::source_location where = std::source_location::current()) {
        return use(detail::located_path("/", where), below);
    }

    /// @cond
    detail::router_core& core() const noexcept { return *core_; }
    /// @endcond

protected:
    CREMA_DECL explicit router(std::shared_ptr<detail::router_core> core);
    std::shared_ptr<detail::router_core> core_;

private:
    CREMA_DECL route_chain add_route(const detail::located_path& path);
    CREMA_DECL void add_use(std::string_view path, std::source_location where, std::unique_ptr<detail::handler_base> f);

    template <route::fixed_string Path, class F>
    router& on_typed(detail::method_mask methods, std::source_location where, F f) {
        using pattern = route::typed_pattern<Path>;
        route_chain chain = add_route(detail::located_path(Path.view(), where));
        chain.push(methods, where, std::make_unique<detail::handler_of<F, pattern>>(std::move(f)));
        return *this;
    }
};

} // namespace crema

#if CREMA_BODIES

namespace crema {
namespace detail {

CREMA_DECL layer& router_core::add(std::string_view path, bool route, std::source_location where) {
    route::layer_options options;
    options.is = route ? route::layer_options::kind::route : route::layer_options::kind::mount;
    options.sensitive = case_sensitive;
    options.strict = strict && route;
    auto parsed = route::pattern::layer(path, options);
    if (!parsed)
        throw system_error(parsed.error().code, parsed.error().message() + " (registered at " + where.file_name() + ":" +
                                                    std::to_string(where.line()) + ")");
    auto& made = *layers.emplace_back(new layer{std::move(*parsed), {}, {}, {}, {}});
    made.number = index.add(made.pattern);
    return made;
}

} // namespace detail

CREMA_DECL router::router(router_options options) : core_(std::make_shared<detail::router_core>()) {
    core_->case_sensitive = options.case_sensitive;
    core_->strict = options.strict;
    core_->merge_params = options.merge_params;
}

CREMA_DECL router::router(std::shared_ptr<detail::router_core> core) : core_(std::move(core)) {}

CREMA_DECL route_chain router::add_route(const detail::located_path& path) {
    auto& l = core_->add(path.text, true, path.where);
    l.route = std::make_unique<detail::route_stack>();
    l.route->path = path.text;
    return route_chain(core_, l);
}

CREMA_DECL void router::add_use(std::string_view path, std::source_location where, std::unique_ptr<detail::handler_base> f) {
    auto& l = core_->add(path, false, where);
    l.label = &make_label(f->takes_error ? "error handler" : "middleware", path == "/" ? std::string_view{} : path, where);
    l.fn = std::move(f);
}

CREMA_DECL router& router::use(detail::located_path path, const router& below) {
    if (below.core_ == core_) throw std::invalid_argument("crema: a router cannot be mounted in itself");
    auto& l = core_->add(path.text, false, path.where);
    l.label = &make_label("router", path.text, path.where);
    l.mounted = below.core_;
    return *this;
}

CREMA_DECL void route_chain::push(detail::method_mask methods, std::source_location where,
                                  std::unique_ptr<detail::handler_base> f) {
    auto& r = *layer_->route;
    r.methods |= methods;
    if (methods != detail::all_methods) r.allowed |= methods;
    owner_->index.set_methods(layer_->number, r.methods & detail::mask_of(http::method::get)
                                                  ? r.methods | detail::mask_of(http::method::head)
                                                  : r.methods);
    r.entries.push_back({methods, std::move(f), &make_label("handler", r.path, where)});
}

} // namespace crema
#endif
// ---- crema/web/app_core.hpp
// app_core: what an app is made of, shared by its handle, its mounts and its servers.
#include <memory>
#include <vector>

namespace crema::detail {

struct app_core final : exchange_handler {
    std::shared_ptr<router_core> core = std::make_shared<router_core>();
    settings options;
    value locals = value::object();
    std::vector<std::unique_ptr<server>> servers;

    CREMA_DECL void on_request(exchange& x) override;
};

} // namespace crema::detail
// ---- crema/web/transaction.hpp
// transaction: one request on its way through the layers: request, response, running coroutines, what is left to do.
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

namespace crema::detail {

// Where next() goes on: within a router or within the handlers of one route. In the arena of the request.
struct run {
    enum class kind : unsigned char { router, route };
    kind what;
    run* outer = nullptr; // where it goes on when this one is through; null at the top
};

// A walk over the layers of a router.
struct router_run : run {
    const router_core* core = nullptr;
    const app_core* app = nullptr; // of a mounted app, else the one around
    std::uint32_t index = 0;       // next layer to look at
    method_mask options = 0;       // methods of the routes that matched an OPTIONS request
    // what the request showed when this router was entered, and what the current mount has taken
    std::string_view base_url;
    path_params params;
    const activity_label* below = nullptr;
    bool stripped = false;
    std::string_view url_before;
};

// A walk over the handlers of a route.
struct route_run : run {
    const route_stack* stack = nullptr;
    std::uint32_t index = 0;
    method_mask method = 0;
};

// A coroutine handler that runs.
struct running : activation {
    running(transaction& t, run& where, const activity_label* l) noexcept : handed(*this) {
        owner = &t;
        from = &where;
        label = l;
    }
    next handed; // stays where it is while the coroutine lives
    environment env;
    activity what;
    task<> work;
    running* previous = nullptr; // all of this request
};

class transaction final : public exchange::listener {
public:
    // Takes a request from the engine: builds the transaction in the memory of the exchange and sends it on its way.
    static void begin(exchange& x, app_core& app);

    request& req() noexcept { return req_; }
    response& res() noexcept { return res_; }
    exchange& raw() noexcept { return *x_; }
    context_frame& context() noexcept { return context_; }

    next::downstream pass(activation& from, const baton& b);
    void hold(activation& a) noexcept;
    void drop(activation& a) noexcept;
    activation* current() const noexcept { return current_; }

    void on_finish() noexcept override;
    void on_close(cancel_reason why) noexcept override;
    void on_destroy() noexcept override;

private:
    friend std::default_delete<transaction>;
    transaction() noexcept : req_(*this), res_(*this) {}
    ~transaction();
    static std::vector<std::unique_ptr<transaction>>& spare();
    void open(exchange& x, app_core& app);
    void close() noexcept;

    void go_on(run& where, const baton& b);
    void walk(router_run& at, baton b);
    void walk_route(route_run& at, const baton& b);
    void leave(router_run& at, const baton& b);
    void enter(router_run& at, const layer& l, std::size_t matched, const baton& b);
    bool bind(const route::path_match& m, const router_run& at, baton& pending);
    void call(handler_base& fn, run& from, const activity_label* label, const baton& b);
    bool body_first(handler_base& fn, run& from, const activity_label* label);
    void invoke(handler_base& fn, run& from, const activity_label* label, const baton& b);
    void settle(activation& a, std::exception_ptr error);
    void unanswered(const activation& a);
    void finally(const baton& b);
    void answer_options(const router_run& at);
    void set_path() noexcept;
    bool abandoned() const noexcept { return x_->scope().is_cancelled(); }

    exchange* x_ = nullptr;
    const app_core* app_ = nullptr;
    request req_;
    response res_;
    context_frame context_;
    http::method method_ = http::method::unknown;
    const char* method_text_ = nullptr;
    activation* current_ = nullptr; // whose handler runs on the stack now
    activation* pending_ = nullptr; // the last one that next() started and that has not ended
    running* running_ = nullptr;    // all coroutine handlers of this request
    const activity_label* below_ = nullptr;
    unsigned depth_ = 0;            // synchronous next() calls that are on the stack
};

} // namespace crema::detail

// ---- crema/web/final_handler.hpp
// The final handler: answers what no layer has answered, and errors that nobody handled.
#include <exception>

namespace crema {

/** Answer a request that went through all layers.

    Without an error: 404, `Cannot GET /path`. With one: the status of an `http_error`, else the status that was
    set when it is one of an error, else 500; the text of the error is hidden when the setting `env` is
    `production`, and where the error says so. What was already streaming is cut off, so that the client sees it is
    not whole.

    @param req The request.
    @param res Its response.
    @param options The settings of the app.
    @param error What was thrown or given to `next`; null for none.
*/
CREMA_DECL void final_handler(request& req, response& res, const settings& options, std::exception_ptr error);

} // namespace crema

#if CREMA_BODIES
#include <cstdio>
#include <string>

namespace crema {
CREMA_DECL void final_handler(request& req, response& res, const settings& options, std::exception_ptr error) {
    int status = 404;
    std::string message;
    if (!error) {
        message = "Cannot " + std::string(req.method()) + " " + std::string(req.original_url().substr(0, req.original_url().find('?')));
    } else {
        status = res.status_code() >= 400 && res.status_code() <= 599 ? res.status_code() : 500;
        bool expose = !options.production;
        const http_error* with_fields = nullptr;
        std::string what = "unknown error";
        try {
            std::rethrow_exception(error);
        } catch (const http_error& e) {
            if (e.status() >= 400 && e.status() <= 599) {
                status = e.status();
                with_fields = &e;
            }
            what = e.what();
            if (what.empty()) what = http::reason_phrase(status);
            expose = e.expose() || !options.production;
        } catch (const std::exception& e) {
            what = e.what();
        } catch (...) {
        }
        if (status >= 500 && !options.test)
            std::fprintf(stderr, "crema: %.*s %.*s: %s\n", static_cast<int>(req.method().size()), req.method().data(),
                         static_cast<int>(req.original_url().size()), req.original_url().data(), what.c_str());
        message = expose ? what : std::string(http::reason_phrase(status));
        if (res.headers_sent()) {
            req.raw().abort();
            return;
        }
        if (with_fields)
            for (const auto& [name, field_value] : with_fields->headers()) res.set(name, field_value);
    }
    if (res.headers_sent()) {
        req.raw().abort();
        return;
    }
    for (const auto* name : {"Content-Encoding", "Content-Language", "Content-Range"}) res.remove(name);
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>";
    page += escape_html(message);
    page += "</pre>\n</body>\n</html>\n";
    res.status(status);
    res.set("Content-Security-Policy", "default-src 'none'");
    res.set("X-Content-Type-Options", "nosniff");
    res.set("Content-Type", "text/html; charset=utf-8");
    res.end(page);
}

} // namespace crema
#endif
// ---- crema/web/transaction.hpp, bodies
#if CREMA_BODIES
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

namespace crema {
namespace detail {

inline constexpr unsigned max_depth = 100; // as Express: then the stack unwinds through an immediate

CREMA_DECL void app_core::on_request(exchange& x) { transaction::begin(x, *this); }

CREMA_DECL void transaction::begin(exchange& x, app_core& app) {
    auto& pool = spare();
    std::unique_ptr<transaction> t;
    if (pool.empty()) [[unlikely]] t.reset(new transaction);
    else {
        t = std::move(pool.back());
        pool.pop_back();
    }
    t->open(x, app);
    x.listen(t.get());
    auto* const self = t.release(); // on_destroy puts it back
    auto* top = ::new (x.memory().allocate(sizeof(router_run), alignof(router_run))) router_run;
    top->what = run::kind::router;
    top->core = app.core.get();
    top->app = &app;
    self->walk(*top, {});
}

// Transactions that are not in use, with the room that their parts have grown to.
CREMA_DECL std::vector<std::unique_ptr<transaction>>& transaction::spare() {
    static thread_local std::vector<std::unique_ptr<transaction>> pool;
    return pool;
}

CREMA_DECL void transaction::open(exchange& x, app_core& app) {
    x_ = &x;
    app_ = &app;
    method_ = x.head().method();
    method_text_ = method_ == http::method::unknown ? "?" : http::to_string(method_).data();
    req_.open(x);
    res_.open(x, req_, app.options);
}

CREMA_DECL void transaction::close() noexcept {
    while (running_) {
        auto* r = running_;
        running_ = r->previous;
        r->~running();
    }
    req_.close();
    res_.close();
    context_.clear();
    x_ = nullptr;
    current_ = pending_ = nullptr;
    below_ = nullptr;
    depth_ = 0;
}

CREMA_DECL transaction::~transaction() {
    if (x_) close();
}

CREMA_DECL void transaction::on_finish() noexcept {
    if (res_.on_finish_.empty()) [[likely]] return;
    auto callbacks = std::exchange(res_.on_finish_, {});
    for (auto& f : callbacks) x_->loop().callback(f);
}

CREMA_DECL void transaction::on_close(cancel_reason) noexcept {}

CREMA_DECL void transaction::on_destroy() noexcept {
    auto callbacks = std::exchange(res_.on_close_, {});
    auto& loop = x_->loop();
    for (auto& f : callbacks) loop.callback(f);
    close();
    auto& pool = spare();
    if (pool.size() < 1024) pool.emplace_back(this);
    else delete this;
}

// next() of some handler.
CREMA_DECL next::downstream transaction::pass(activation& from, const baton& b) {
    from.passed = true;
    auto* const outer_current = current_;
    pending_ = nullptr;
    if (depth_ >= max_depth) {
        x_->retain();
        x_->loop().set_immediate([this, where = from.from, b] {
            go_on(*where, b);
            x_->release();
        });
    } else {
        ++depth_;
        go_on(*from.from, b);
        --depth_;
    }
    current_ = outer_current;
    from.downstream = pending_;
    return next::downstream(pending_);
}

CREMA_DECL void transaction::go_on(run& where, const baton& b) {
    if (where.what == run::kind::route) walk_route(static_cast<route_run&>(where), b);
    else walk(static_cast<router_run&>(where), b);
}

// The next layer of a router that matches. Express: lib/index.js, next().
CREMA_DECL void transaction::walk(router_run& at, baton b) {
    if (at.stripped) { // back from a mount
        req_.url_ = at.url_before;
        req_.base_url_ = at.base_url;
        at.stripped = false;
        below_ = at.below;
        set_path();
    }
    if (b.what == baton::kind::router) return leave(at, {});
    if (b.what == baton::kind::route) b = {};
    const auto method = method_;
    const auto& layers = at.core->layers;
    route::path_match m;
    for (;;) {
        if (at.index < layers.size() && layers[at.index]->pattern.matches_everything()) [[likely]] {
            layers[at.index]->pattern.match(req_.path_, m); // a middleware for every path: no need to search
        } else {
            // What cannot be decoded is an error whatever the method, and OPTIONS asks for all of them.
            auto wanted = mask_of(method);
            if (method == http::method::options || req_.path_.find('%') != req_.path_.npos) wanted = all_methods;
            route::matcher::search search(at.core->index, req_.path_, wanted, at.index);
            const auto i = search.next(m);
            at.index = i == route::matcher::npos ? static_cast<std::uint32_t>(layers.size()) : i;
        }
        if (at.index >= layers.size()) return leave(at, b);
        const layer& l = *layers[at.index++];
        if (!bind(m, at, b)) continue;
        const bool failed = b.what == baton::kind::error;
        if (!l.route) {
            if (l.mounted ? failed : l.fn->takes_error != failed) continue;
            return enter(at, l, m.length(), b);
        }
        if (failed) continue;
        if (!l.route->handles(method)) {
            if (method == http::method::options) {
                at.options |= l.route->allowed;
                continue;
            }
            if (method != http::method::head) continue;
        }
        auto* r = ::new (x_->memory().allocate(sizeof(route_run), alignof(route_run))) route_run;
        r->what = run::kind::route;
        r->outer = &at;
        r->stack = l.route.get();
        auto bit = mask_of(method);
        if (method == http::method::head && !(l.route->methods & bit)) bit = mask_of(http::method::get);
        r->method = bit;
        return walk_route(*r, {});
    }
}

// The next handler of a route. Express: lib/route.js, next().
CREMA_DECL void transaction::walk_route(route_run& at, const baton& b) {
    if (b.what == baton::kind::route) return go_on(*at.outer, {});
    if (b.what == baton::kind::router) return go_on(*at.outer, b);
    const bool failed = b.what == baton::kind::error;
    const auto& entries = at.stack->entries;
    while (at.index < entries.size()) {
        const auto& e = entries[at.index++];
        if (!(e.methods & at.method) && e.methods != all_methods) continue;
        if (e.fn->takes_error != failed) continue;
        return call(*e.fn, at, e.label, b);
    }
    go_on(*at.outer, b);
}

// The end of a router: back to where it is mounted, or to the final handler.
CREMA_DECL void transaction::leave(router_run& at, const baton& b) {
    if (at.options && b.what == baton::kind::go) return answer_options(at);
    if (!at.outer) return finally(b);
    req_.base_url_ = at.base_url;
    req_.params_ = at.params;
    go_on(*at.outer, b);
}

// A middleware or a mounted router: takes the matched part away from the path.
CREMA_DECL void transaction::enter(router_run& at, const layer& l, std::size_t matched, const baton& b) {
    at.below = below_;
    if (matched != 0) {
        auto& memory = x_->memory();
        at.stripped = true;
        at.url_before = req_.url_;
        at.base_url = req_.base_url_;
        auto taken = req_.path_.substr(0, matched);
        while (taken.ends_with('/')) taken.remove_suffix(1);
        auto rest = req_.url_.substr(static_cast<std::size_t>(req_.path_.data() - req_.url_.data()) + matched);
        if (rest.empty()) rest = "/";
        else if (rest.front() != '/') {
            auto* p = static_cast<char*>(memory.allocate(rest.size() + 1, 1));
            p[0] = '/';
            std::memcpy(p + 1, rest.data(), rest.size());
            rest = {p, rest.size() + 1};
        }
        req_.url_ = rest;
        if (req_.base_url_.empty()) req_.base_url_ = taken;
        else {
            auto* p = static_cast<char*>(memory.allocate(req_.base_url_.size() + taken.size(), 1));
            std::memcpy(p, req_.base_url_.data(), req_.base_url_.size());
            std::memcpy(p + req_.base_url_.size(), taken.data(), taken.size());
            req_.base_url_ = {p, req_.base_url_.size() + taken.size()};
        }
        set_path();
    }
    if (!l.mounted) return call(*l.fn, at, l.label, b);
    auto* r = ::new (x_->memory().allocate(sizeof(router_run), alignof(router_run))) router_run;
    r->what = run::kind::router;
    r->outer = &at;
    r->core = l.mounted.get();
    r->app = l.app ? l.app.get() : at.app;
    r->base_url = req_.base_url_;
    r->params = req_.params_;
    if (matched != 0) below_ = below_ ? &label_below(*l.label, *below_) : l.label;
    r->below = below_;
    walk(*r, b);
}

// Puts what the pattern captured into req.params. False when it cannot be decoded: `pending` is the error then.
CREMA_DECL bool transaction::bind(const route::path_match& m, const router_run& at, baton& pending) {
    const path_params outer = at.outer && at.core->merge_params ? at.params : path_params{};
    if (m.size() == 0) {
        req_.params_ = outer;
        return true;
    }
    auto* list = static_cast<path_params::entry*>(
        x_->memory().allocate((m.size() + outer.size()) * sizeof(path_params::entry), alignof(path_params::entry)));
    std::size_t n = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
        const auto c = m[i];
        auto text = c.value;
        if (text.find('%') != text.npos) {
            const auto decoded = route::decode_capture(text);
            if (!decoded) {
                if (pending.what != baton::kind::error)
                    pending = {baton::kind::error, std::make_exception_ptr(http_error(400, decoded.error().detail))};
                return false;
            }
            text = x_->memory().copy(*decoded);
        }
        ::new (&list[n++]) path_params::entry{c.name, text, c.wildcard};
    }
    const auto own = n;
    for (const auto& e : outer) {
        bool hidden = false;
        for (std::size_t i = 0; i < own; ++i) hidden = hidden || list[i].name == e.name;
        if (!hidden) ::new (&list[n++]) path_params::entry(e);
    }
    req_.params_.entries_ = list;
    req_.params_.count_ = n;
    return true;
}

CREMA_DECL void transaction::set_path() noexcept {
    auto path = req_.url_;
    if (!path.starts_with('/')) { // absolute-form: the path begins after the authority
        if (const auto scheme = path.find("://"); scheme != path.npos) {
            const auto slash = path.find_first_of("/?", scheme + 3);
            path = slash == path.npos ? std::string_view("/") : path.substr(slash);
        }
    }
    req_.path_ = path.substr(0, path.find('?'));
}

// Runs a handler; the body comes first where the handler needs it.
CREMA_DECL void transaction::call(handler_base& fn, run& from, const activity_label* label, const baton& b) {
    if (from.what == run::kind::route && b.what == baton::kind::go && x_->has_body() && !req_.raw_body() &&
        body_first(fn, from, label))
        return;
    invoke(fn, from, label, b);
}

// A JSON body of known, small length and the body of a typed handler are read before the handler runs.
CREMA_DECL bool transaction::body_first(handler_base& fn, run& from, const activity_label* label) {
    constexpr std::size_t small = 102400;
    const auto length = x_->content_length();
    const bool json = length && *length <= small && !x_->head().expect_continue() &&
                      x_->head().get(http::field::content_type).find("json") != std::string_view::npos;
    if (!json && !fn.takes_body) return false;
    auto* a = ::new (x_->memory().allocate(sizeof(activation), alignof(activation))) activation;
    a->owner = this;
    a->from = &from;
    a->label = label;
    a->passed = true; // not a handler: nothing to report
    hold(*a);
    x_->read_all(small, [this, a, &fn, &from, label](std::error_code ec, std::string text) {
        if (ec == error::too_large || ec == error::would_exceed_limit)
            go_on(from, {baton::kind::error, std::make_exception_ptr(http_error(413, "request entity too large"))});
        else if (ec && !abandoned())
            go_on(from, {baton::kind::error, std::make_exception_ptr(http_error(400, "request aborted"))});
        else if (!ec) {
            req_.raw_body(std::move(text));
            invoke(fn, from, label, {});
        }
        drop(*a);
    });
    return true;
}

CREMA_DECL void transaction::invoke(handler_base& fn, run& from, const activity_label* label, const baton& b) {
    if (below_) label = &label_below(*label, *below_);
    auto& memory = x_->memory();
    if (!fn.suspends) {
        const activity what{label, method_text_};
        const activity_scope shown(&what);
        auto* a = ::new (memory.allocate(sizeof(activation), alignof(activation))) activation;
        a->owner = this;
        a->from = &from;
        a->label = label;
        auto* const outer = std::exchange(current_, a);
        next n(*a);
        task<> none;
        std::exception_ptr error;
        try {
            fn.call(req_, res_, n, &b.error, none);
        } catch (...) {
            error = std::current_exception();
        }
        current_ = outer;
        settle(*a, std::move(error));
        return;
    }
    auto* a = ::new (memory.allocate(sizeof(running), alignof(running))) running(*this, from, label);
    a->what = {label, method_text_};
    a->env.scope = &x_->scope();
    a->env.what = &a->what;
    a->env.context = &context_;
    a->previous = running_;
    running_ = a;
    const activity_scope shown(&a->what);
    auto* const outer = std::exchange(current_, a);
    std::exception_ptr error;
    try {
        fn.call(req_, res_, a->handed, &b.error, a->work);
    } catch (...) {
        error = std::current_exception();
    }
    if (!error && a->work) {
        x_->retain();
        pending_ = nullptr;
        task_access::start(a->work, &a->env, [](void* p) {
            auto& r = *static_cast<running*>(p);
            auto& t = *r.owner;
            auto& x = *t.x_;
            t.settle(r, task_access::promise(r.work).error());
            if (auto w = std::exchange(r.waiter, {})) resume_in(*r.waiter_env, w);
            x.release(); // may end the exchange and this
        }, a);
        // `a` and this are alive: whoever called on_request holds the exchange
        if (!a->ended) pending_ = a;
    } else {
        settle(*a, std::move(error));
    }
    current_ = outer;
}

// A handler has ended: was the request answered, handed on, or kept for later?
CREMA_DECL void transaction::settle(activation& a, std::exception_ptr error) {
    a.ended = true;
    if (error) [[unlikely]] {
        if (abandoned()) return; // nobody is there to be answered
        pass(a, {baton::kind::error, std::move(error)});
        return;
    }
    if (a.passed || a.holds || res_.begun_) [[likely]] return;
    if (abandoned() || x_->ended()) return;
    unanswered(a);
}

CREMA_DECL void transaction::hold(activation& a) noexcept {
    ++a.holds;
    x_->retain();
}

CREMA_DECL void transaction::drop(activation& a) noexcept {
    if (--a.holds == 0 && a.ended && !a.passed && !res_.begun_ && !abandoned()) unanswered(a);
    x_->release();
}

CREMA_DECL void transaction::unanswered(const activation& a) {
    const auto& where = a.label->where;
    std::fprintf(stderr, "crema: %.*s %.*s: the %.*s registered at %s:%u ended without an answer, without next() and without hold()\n",
                 static_cast<int>(req_.method().size()), req_.method().data(), static_cast<int>(req_.original_url().size()),
                 req_.original_url().data(), static_cast<int>(a.label->kind.size()), a.label->kind.data(), where.file_name(),
                 static_cast<unsigned>(where.line()));
    finally({baton::kind::error, std::make_exception_ptr(http_error(500, "the handler did not answer"))});
}

CREMA_DECL void transaction::finally(const baton& b) {
    try {
        final_handler(req_, res_, app_->options, b.what == baton::kind::error ? b.error : nullptr);
    } catch (...) {
        x_->abort();
    }
}

CREMA_DECL void transaction::answer_options(const router_run& at) {
    std::string allow;
    auto methods = at.options;
    if (methods & mask_of(http::method::get)) methods |= mask_of(http::method::head);
    std::vector<std::string_view> names;
    for (std::size_t i = 1; i < http::method_count; ++i)
        if (methods >> i & 1) names.push_back(http::to_string(static_cast<http::method>(i)));
    std::sort(names.begin(), names.end());
    for (const auto n : names) {
        if (!allow.empty()) allow += ", ";
        allow += n;
    }
    res_.set("Allow", allow);
    res_.set("Content-Type", "text/plain; charset=utf-8");
    res_.set("X-Content-Type-Options", "nosniff");
    res_.end(allow);
}

} // namespace detail

CREMA_DECL next::downstream next::operator()() { return pass({}); }
CREMA_DECL next::downstream next::operator()(std::exception_ptr error) {
    if (!error) return pass({});
    return pass({detail::baton::kind::error, std::move(error)});
}
CREMA_DECL next::downstream next::operator()(std::string_view what) {
    if (what == "route") return pass({detail::baton::kind::route, {}});
    if (what == "router") return pass({detail::baton::kind::router, {}});
    return pass({detail::baton::kind::error, std::make_exception_ptr(std::runtime_error(std::string(what)))});
}
CREMA_DECL next::downstream next::pass(const detail::baton& b) { return at_->owner->pass(*at_, b); }
CREMA_DECL void next::keep() noexcept { at_->owner->hold(*at_); }
CREMA_DECL void next::drop() noexcept { at_->owner->drop(*at_); }

CREMA_DECL exchange_hold response::hold() {
    auto* a = owner_->current();
    if (!a) throw std::logic_error("crema: hold() is called while the handler runs, before its first co_await");
    owner_->hold(*a);
    return exchange_hold(a);
}
CREMA_DECL response& exchange_hold::res() const noexcept { return at_->owner->res(); }
CREMA_DECL request& exchange_hold::req() const noexcept { return at_->owner->req(); }
CREMA_DECL void exchange_hold::drop() noexcept { at_->owner->drop(*at_); }

CREMA_DECL context_frame& request::context() noexcept { return owner_->context(); }
CREMA_DECL response& request::res() noexcept { return owner_->res(); }
CREMA_DECL bool request::fresh() const { return fresh(owner_->res()); }

CREMA_DECL bool request::fresh(const response& res) const {
    const auto m = head_->method();
    const int status = res.status_code();
    if ((m != http::method::get && m != http::method::head) || ((status < 200 || status > 299) && status != 304)) return false;
    http::freshness f;
    f.if_none_match = head_->get(http::field::if_none_match);
    f.if_modified_since = head_->get(http::field::if_modified_since);
    if (f.if_none_match.empty() && f.if_modified_since.empty()) [[likely]] return false;
    f.cache_control = head_->get(http::field::cache_control);
    f.etag = res.get("ETag").value_or(std::string_view{});
    f.last_modified = res.get("Last-Modified").value_or(std::string_view{});
    return http::is_fresh(f);
}

} // namespace crema
#endif
// ---- crema/web/app.hpp
// app: a router with settings that listens.
#include <chrono>
#include <concepts>
#include <functional>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crema {

/** Options of `app::listen`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct listen_options {
    std::string address = "::";            ///< address to bind; `"::"` takes IPv4, too; falls back to `"0.0.0.0"`
    bool block = true;                     ///< run the loop until the server has stopped
    bool handle_signals = true;            ///< SIGINT and SIGTERM stop the server
    std::chrono::milliseconds grace{10'000}; ///< how long running requests may take when it stops
    limits limit{};                        ///< see `limits`
    bool half_open = false;                ///< a client that has ended its sending side does not cancel handlers that wait
    std::function<void(const client_error&)> on_client_error{}; ///< is told of requests that were refused
};

/** Is an application: layers, settings, and what makes it listen.

    A handle: copies share everything.

    @par Thread Safety
    Register and set before it listens, or on its loop.
*/
class app : public router {
public:
    /// Construct an empty application.
    CREMA_DECL app();

    using router::get;
    /// Returns a setting; null value when it was never set.
    CREMA_DECL value get(std::string_view setting) const;
    using router::use;
    /// Mounts another app below a path; it keeps its own settings.
    CREMA_DECL app& use(detail::located_path path, const app& below);

    /** Change a setting.
        @throws system_error(error::bad_value)
        @see settings
    */
    CREMA_DECL app& set(std::string_view setting, value v);
    /// Sets a setting to true.
    app& enable(std::string_view setting) { return set(setting, value(true)); }
    /// Sets a setting to false.
    app& disable(std::string_view setting) { return set(setting, value(false)); }
    /// Tells whether a setting is true.
    CREMA_DECL bool enabled(std::string_view setting) const;
    /// Tells whether a setting is not true.
    bool disabled(std::string_view setting) const { return !enabled(setting); }
    /// Returns values for templates and handlers.
    value& locals() noexcept { return app_->locals; }

    /** Serve on a TCP port of the current loop.

        Blocks, unless told not to, until the server was stopped by `close`, SIGINT or SIGTERM, then returns 0.

        @param port 0 for any; `server::port` tells which.
        @param ready Called as `ready(server&)` once it listens.
        @return What the program may return from main: 0, or 1 when the port could not be had; the reason is printed then.
        @throws system_error when it cannot listen and does not block.
    */
    template <std::invocable<server&> Ready>
    int listen(std::uint16_t port, Ready ready) {
        return listen_with(port, {}, unique_function<void(server&)>(std::move(ready)));
    }
    /// @copydoc listen
    int listen(std::uint16_t port, listen_options options = {}) { return listen_with(port, std::move(options), {}); }
    /// @copydoc listen
    template <std::invocable<server&> Ready>
    int listen(std::uint16_t port, listen_options options, Ready ready) {
        return listen_with(port, std::move(options), unique_function<void(server&)>(std::move(ready)));
    }

    /// Stops listening, lets running requests finish within `grace`, then cancels them; calls `done` at the end.
    CREMA_DECL void close(std::chrono::milliseconds grace = std::chrono::seconds(10), unique_function<void()> done = {});

    /// @cond
    exchange_handler& handler() noexcept { return *app_; }
    detail::app_core& core_of_app() noexcept { return *app_; }
    /// @endcond

private:
    explicit app(std::shared_ptr<detail::app_core> core) : router(core->core), app_(std::move(core)) {}
    CREMA_DECL int listen_with(std::uint16_t port, listen_options options, unique_function<void(server&)> ready);
    std::shared_ptr<detail::app_core> app_;
};

} // namespace crema

#if CREMA_BODIES
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>

namespace crema {

CREMA_DECL app::app() : app(std::make_shared<detail::app_core>()) {}

CREMA_DECL app& app::set(std::string_view setting, value v) {
    app_->options.set(setting, std::move(v));
    if (core_->layers.empty()) { // Express: read when the router is made
        core_->case_sensitive = app_->options.case_sensitive_routing;
        core_->strict = app_->options.strict_routing;
    }
    return *this;
}

CREMA_DECL value app::get(std::string_view setting) const {
    const auto* v = app_->options.get(setting);
    return v ? *v : value();
}

CREMA_DECL bool app::enabled(std::string_view setting) const {
    const auto* v = app_->options.get(setting);
    return v && !v->is_null() && !(v->is_bool() && !v->as_bool());
}

CREMA_DECL app& app::use(detail::located_path path, const app& below) {
    router::use(path, static_cast<const router&>(below));
    core_->layers.back()->app = below.app_;
    return *this;
}

CREMA_DECL int app::listen_with(std::uint16_t port, listen_options options, unique_function<void(server&)> ready) {
    auto& l = loop::current();
    app_->servers.push_back(std::make_unique<server>(l, *app_, server_options{options.limit, options.half_open, options.on_client_error}));
    auto& made = *app_->servers.back();
    try {
        made.listen(options.address, port);
    } catch (const system_error& e) {
        app_->servers.pop_back();
        if (!options.block) throw;
        std::fprintf(stderr, "crema: cannot %s\n", e.what());
        return 1;
    }
    if (ready) ready(made);
    if (!options.block) return 0;
    const auto keep = app_; // the handle may go while the loop runs
    std::optional<asio::signal_set> signals;
    if (options.handle_signals) {
        signals.emplace(l.context(), SIGINT, SIGTERM);
        signals->async_wait([&, grace = options.grace](std::error_code ec, int) {
            if (ec) return;
            l.callback([&] { close(grace); });
            // A second signal does not wait.
            signals->async_wait([&](std::error_code again, int) {
                if (!again) l.callback([&] { close(std::chrono::milliseconds(0)); });
            });
        });
    }
    made.on_closed([&l] { l.stop(); });
    const int code = l.run();
    signals.reset();
    std::erase_if(app_->servers, [&](const auto& s) { return s.get() == &made; });
    return code;
}

CREMA_DECL void app::close(std::chrono::milliseconds grace, unique_function<void()> done) {
    auto left = std::make_shared<std::size_t>(app_->servers.size());
    auto tell = std::make_shared<unique_function<void()>>(std::move(done));
    if (*left == 0 && *tell) (*tell)();
    for (auto& s : app_->servers)
        s->close(grace, [left, tell](const drain_report&) {
            if (--*left == 0 && *tell) (*tell)();
        });
}

} // namespace crema
#endif
// ---- crema/middleware/body_json.hpp
// body_json: reads JSON bodies before the layers behind run, as express.json.
#include <cstddef>

namespace crema {

/** Options of `body_json`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct body_json_options {
    std::size_t limit = 102400; ///< octets; a longer body is answered 413
    bool strict = true;         ///< only objects and arrays are accepted at the top
};

/** Is the middleware that `body_json` makes. A copy may be registered many times.

    A request without a body, or with one of another type, is handed on untouched.

    @par Thread Safety
    Safe.
*/
class body_json_handler {
public:
    /// Construct with options.
    explicit body_json_handler(body_json_options options) : options_(options) {}
    /// @cond
    CREMA_DECL task<> operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    body_json_options options_;
};

/** Make a middleware that reads and checks JSON bodies.

    After it `req.body()` is the parsed value and `req.json<T>()` gives it as a `T`.

    @par Errors
    413 over the limit, 400 with the place of what is wrong, each through the error handlers.

    @see RFC 8259
*/
inline body_json_handler body_json(body_json_options options = {}) { return body_json_handler(options); }

} // namespace crema

#if CREMA_BODIES

namespace crema {

CREMA_DECL task<> body_json_handler::operator()(request& req, response&, next& next) const {
    if (req.body_parsed() || !req.has_body() || !req.is_json()) {
        next();
        co_return;
    }
    const std::string_view text = co_await req.read_text(options_.limit);
    value parsed;
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != text.npos) {
        if (options_.strict && text[first] != '{' && text[first] != '[')
            throw http_error(400, "the body must be a JSON object or array; it begins with '" + std::string(1, text[first]) + "'")
                .type("entity.parse.failed");
        auto made = json::parse_value(text);
        if (!made) throw http_error(400, made.error().message()).type("entity.parse.failed");
        parsed = std::move(*made);
    } else {
        parsed = value::object();
    }
    req.body(std::move(parsed));
    next();
}

} // namespace crema
#endif
// ---- crema/middleware/logger.hpp
// logger: a line for each request, when it has been answered.
#include <functional>
#include <memory>
#include <string_view>

namespace crema {

/** Options of `logger`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct logger_options {
    /// Receives each line, without an end of line, on the loop. Standard output when empty.
    std::function<void(std::string_view)> write{};
};

/** Is the middleware that `logger` makes.

    @par Thread Safety
    As what `write` does.
*/
class logger_handler {
public:
    /// Construct with options.
    explicit logger_handler(logger_options options) : options_(std::make_shared<logger_options>(std::move(options))) {}
    /// @cond
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const logger_options> options_;
};

/** Make a middleware that logs requests: `GET /api/posts 200 3.1 ms`.

    The time runs from this layer to the end of the exchange; `-` stands for a status when the client left before an answer.
    Control characters of the target are shown escaped.
*/
inline logger_handler logger(logger_options options = {}) { return logger_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <chrono>
#include <cstdio>
#include <string>

namespace crema {

CREMA_DECL void logger_handler::operator()(request& req, response& res, next& next) const {
    const auto begin = std::chrono::steady_clock::now();
    res.on_close([options = options_, begin, &req, &res] {
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
        std::string line;
        const auto shown = [&](std::string_view text) {
            for (const char c : text)
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                    char hex[8];
                    std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
                    line += hex;
                } else line += c;
        };
        shown(req.method());
        line += ' ';
        shown(req.original_url());
        line += ' ';
        line += res.headers_sent() ? std::to_string(res.status_code()) : "-";
        char rest[64];
        std::snprintf(rest, sizeof rest, " %.1f ms", took.count());
        line += rest;
        if (options->write) options->write(line);
        else {
            line += '\n';
            std::fwrite(line.data(), 1, line.size(), stdout);
            std::fflush(stdout);
        }
    });
    next();
}

} // namespace crema
#endif
// ---- crema.hpp
// The umbrella: everything that needs no external library beside Asio and simdjson.

#if defined(CREMA_WITH_CRYPT)
// ---- crema/ext/crypt.hpp
// Passwords: hash and verify with bcrypt, through libxcrypt (link with -lcrypt).
#include <cstddef>
#include <string>
#include <string_view>

/// Holds what an application does with passwords.
namespace crema::password {

/// Is the most octets that bcrypt looks at; longer passwords are refused instead of cut.
inline constexpr std::size_t max_size = 72;

/** Hash a password with bcrypt and a fresh random salt.

    Slow on purpose, about 0.2 s at cost 12, and it blocks: a handler writes
    `auto stored = co_await offload([&] { return password::hash(form.password); });`

    @param password At most 72 octets, none of them NUL.
    @param cost The logarithm of the work, 4 to 31. One more takes twice as long.
    @return 60 octets that begin with `$2b$`: what `verify` wants.

    @throws system_error `error::too_large` for more than 72 octets (what bcrypt would silently cut), `error::bad_value`
    for a NUL in the password or a cost out of range, the error of the operating system when it gives no random octets.

    @par Thread Safety
    Safe.

    @see crypt(5)
*/
CREMA_DECL std::string hash(std::string_view password, int cost = 12);

/** Tell whether a password is the one that was hashed.

    As slow as the hash was; blocks: see `hash`. The comparison takes the same time for every wrong password.

    @param password What was typed. More than 72 octets or a NUL are never right, since they cannot have been hashed.
    @param stored What `hash` returned; also `$2a$` and `$2y$` from elsewhere.
    @return False for a wrong password, and for a `stored` that is no bcrypt hash.

    @throws std::bad_alloc

    @par Thread Safety
    Safe.
*/
CREMA_DECL bool verify(std::string_view password, std::string_view stored);

/** Tell whether a stored hash should be made anew at the next login: it is no `$2b$` hash or its cost is lower.

    @param stored What `hash` returned.
    @param cost What is wanted today.

    @par Thread Safety
    Safe.
*/
CREMA_DECL bool needs_rehash(std::string_view stored, int cost = 12) noexcept;

} // namespace crema::password

#if CREMA_BODIES
#include <cerrno>
#include <crypt.h>
#include <memory>
#include <string.h>

namespace crema::detail {

// The password with a NUL behind it, as crypt wants it, and its large scratch memory; both are wiped.
struct bcrypt_secret {
    crypt_data scratch{};
    char phrase[password::max_size + 1]{};

    explicit bcrypt_secret(std::string_view password) noexcept { password.copy(phrase, sizeof phrase - 1); }
    bcrypt_secret(const bcrypt_secret&) = delete;
    bcrypt_secret& operator=(const bcrypt_secret&) = delete;
    ~bcrypt_secret() {
        ::explicit_bzero(phrase, sizeof phrase);
        ::explicit_bzero(&scratch, sizeof scratch);
    }
    // Null when the setting is malformed.
    const char* crypt(const char* setting) noexcept {
        return ::crypt_rn(phrase, setting, &scratch, static_cast<int>(sizeof scratch));
    }
};

inline bool same_octets(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned differ = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        differ |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    return differ == 0;
}

inline bool is_bcrypt(std::string_view s) noexcept {
    auto digit = [&](std::size_t i) { return s[i] >= '0' && s[i] <= '9'; };
    return s.size() == 60 && s.substr(0, 2) == "$2" && (s[2] == 'a' || s[2] == 'b' || s[2] == 'y') && s[3] == '$' &&
           digit(4) && digit(5) && s[6] == '$' && s.find('\0') == s.npos;
}

} // namespace crema::detail

namespace crema::password {

CREMA_DECL std::string hash(std::string_view password, int cost) {
    if (password.size() > max_size)
        throw system_error(make_error_code(error::too_large),
                           "password of more than 72 octets (bcrypt would ignore the rest)");
    if (password.find('\0') != password.npos)
        throw system_error(make_error_code(error::bad_value),
                           "password with a NUL character (bcrypt would ignore what follows)");
    if (cost < 4 || cost > 31)
        throw system_error(make_error_code(error::bad_value),
                           "bcrypt cost " + std::to_string(cost) + ", which must be 4 to 31");
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    // No random octets given: it takes them from the operating system.
    if (!::crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), nullptr, 0, setting, sizeof setting))
        throw system_error(std::error_code(errno, std::generic_category()), "salt for a password");
    const auto s = std::make_unique<crema::detail::bcrypt_secret>(password); // more than 32 KiB: not on the stack
    const char* done = s->crypt(setting);
    if (!done) throw system_error(std::error_code(errno, std::generic_category()), "hash of a password");
    return done;
}

CREMA_DECL bool verify(std::string_view password, std::string_view stored) {
    if (password.size() > max_size || password.find('\0') != password.npos || !crema::detail::is_bcrypt(stored))
        return false;
    const std::string setting(stored); // crypt wants a NUL behind it
    const auto s = std::make_unique<crema::detail::bcrypt_secret>(password);
    const char* again = s->crypt(setting.c_str());
    return again && crema::detail::same_octets(again, stored);
}

CREMA_DECL bool needs_rehash(std::string_view stored, int cost) noexcept {
    return !crema::detail::is_bcrypt(stored) || stored[2] != 'b' || (stored[4] - '0') * 10 + (stored[5] - '0') < cost;
}

} // namespace crema::password
#endif
#endif
#if defined(CREMA_WITH_SQLITE)
// ---- crema/ext/sqlite.hpp
// SQLite for handlers: a database with one writer thread and several reader threads, awaited from a loop.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
// ---- crema/ext/sqlite_connection.hpp
// One SQLite connection, used by one thread at a time: opening, cached statements, queries, transactions.
#include <array>
#include <atomic>
#include <chrono>
// ---- crema/ext/sqlite_row.hpp
// Rows of SQLite as C++ values: aggregates by name, tuples by position, single cells; checked, with clear errors.
#include <array>
#include <concepts>
// ---- crema/ext/sqlite_statement.hpp
// SQLite, lowest part: its errors, the values that are bound and read, one prepared statement.
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Holds SQLite: databases, connections, rows (link with -lsqlite3).
namespace crema::sqlite {

/// Returns the category of SQLite's extended result codes. Thread-safe.
CREMA_DECL const std::error_category& sqlite_category() noexcept;

/** Thrown when SQLite refuses a statement, and when values or columns do not fit.

    `what()` reads `"<message> [<SQL>]: <text of the code>"`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class error : public system_error {
public:
    /** Construct from a code of SQLite or of crema.

        @param code What happened.
        @param message The sentence of SQLite or of crema; copied.
        @param sql What was to be run; copied. May be empty.
    */
    error(std::error_code code, std::string_view message, std::string_view sql)
        : system_error(code, subject_of(message, sql)), message_(message), sql_(sql) {}

    /// Returns the sentence: `UNIQUE constraint failed: users.email`.
    const std::string& message() const noexcept { return message_; }
    /// Returns the statement; empty when there was none.
    const std::string& sql() const noexcept { return sql_; }
    /// Returns SQLite's extended result code; 0 when crema itself refused.
    int extended_code() const noexcept { return code().category() == sqlite_category() ? code().value() : 0; }

    /// Tells whether a row with that key is there already.
    bool is_unique_violation() const noexcept {
        const int c = extended_code();
        return c == SQLITE_CONSTRAINT_UNIQUE || c == SQLITE_CONSTRAINT_PRIMARYKEY || c == SQLITE_CONSTRAINT_ROWID;
    }
    /// Tells whether a foreign key points nowhere.
    bool is_foreign_key_violation() const noexcept { return extended_code() == SQLITE_CONSTRAINT_FOREIGNKEY; }
    /// Tells whether any constraint was violated.
    bool is_constraint_violation() const noexcept { return (extended_code() & 0xff) == SQLITE_CONSTRAINT; }
    /// Tells whether another process held the lock for longer than `options::busy_timeout`.
    bool is_busy() const noexcept { return (extended_code() & 0xff) == SQLITE_BUSY; }

private:
    static std::string subject_of(std::string_view message, std::string_view sql) {
        std::string s(message);
        if (!sql.empty()) s.append(" [").append(sql).append("]");
        return s;
    }
    std::string message_;
    std::string sql_;
};

using blob = std::vector<std::byte>; ///< octets that are no text

/** Holds what one cell of a table can hold: NULL, an integer, a real, text or a blob.

    Parameters of statements are converted to it, and copied, since another thread binds them.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class value {
public:
    using storage = std::variant<std::monostate, std::int64_t, double, std::string, blob>; ///< what is inside

    /// Construct NULL.
    value() noexcept = default;
    /// Construct NULL.
    value(std::nullptr_t) noexcept {}
    /// Construct NULL.
    value(std::nullopt_t) noexcept {}
    /** Construct an integer; booleans are 0 and 1, enumerators their number.
        @throws error with `error::bad_value` above 2^63 - 1, which SQLite cannot hold. */
    template <class T>
        requires(std::integral<T> || std::is_enum_v<T>)
    value(T n) {
        if constexpr (std::is_enum_v<T>) *this = value(static_cast<std::underlying_type_t<T>>(n));
        else {
            if (!std::in_range<std::int64_t>(widen(n))) too_large();
            v_ = static_cast<std::int64_t>(n);
        }
    }
    /// Construct a real. SQLite stores a NaN as NULL.
    value(std::floating_point auto x) noexcept : v_(static_cast<double>(x)) {}
    /// Construct text, in UTF-8.
    template <class T>
        requires(std::convertible_to<const T&, std::string_view> && !std::same_as<T, std::nullptr_t>)
    value(const T& text) : v_(std::in_place_type<std::string>, static_cast<std::string_view>(text)) {}
    /// Construct text from a string without copying.
    value(std::string&& text) noexcept : v_(std::move(text)) {}
    /// Construct a blob.
    value(blob octets) noexcept : v_(std::move(octets)) {}
    /// Construct a blob from octets elsewhere.
    value(std::span<const std::byte> octets) : v_(blob(octets.begin(), octets.end())) {}
    /// Construct NULL from an empty optional, else from what it holds.
    template <class T>
        requires std::constructible_from<value, const T&>
    value(const std::optional<T>& maybe) {
        if (maybe) *this = value(*maybe);
    }

    /// Tells whether this is NULL.
    bool is_null() const noexcept { return v_.index() == 0; }
    /// Returns the variant inside, valid as long as the value.
    const storage& get() const noexcept { return v_; }
    /// Compares kind and content.
    friend bool operator==(const value&, const value&) = default;

private:
    template <class T>
    static constexpr auto widen(T n) noexcept { // in_range takes no characters and no bool
        if constexpr (std::is_signed_v<T>) return static_cast<std::int64_t>(n);
        else return static_cast<std::uint64_t>(n);
    }
    [[noreturn]] CREMA_COLD static void too_large() {
        throw error(make_error_code(crema::error::bad_value), "an integer above 9223372036854775807 cannot be stored",
                    {});
    }
    storage v_;
};

/// Can be a parameter of a statement.
template <class T>
concept bindable = std::constructible_from<value, T&&>;

/** Owns one prepared statement. The lowest interface; `connection` is the convenient one.

    Columns and parameters count from 0. Views of text and blobs are valid until the next `step` or `reset`.

    @par Thread Safety
    Only on the thread that uses its connection.
*/
class statement {
public:
    /// Construct empty.
    statement() noexcept = default;
    /** Prepare SQL.
        @throws error when it is no SQL, is empty, or is more than one statement. */
    CREMA_DECL statement(sqlite3* db, std::string_view sql);
    statement(statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    statement& operator=(statement&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~statement() { ::sqlite3_finalize(handle_); }

    /// Returns SQLite's own handle, which this owns.
    sqlite3_stmt* native() const noexcept { return handle_; }
    /// Tells whether running it leaves the database as it is.
    bool is_read_only() const noexcept { return ::sqlite3_stmt_readonly(handle_) != 0; }
    /// Returns the SQL.
    std::string_view sql() const noexcept { return ::sqlite3_sql(handle_); }

    /** Bind all parameters, in order. The values must live until `reset`.
        @throws error when their number is not that of the parameters, or one is too large. */
    CREMA_DECL void bind(std::span<const value> values);
    /** Run up to the next row.
        @return False when there are no more rows.
        @throws error what SQLite says. `SQLITE_INTERRUPT` when the job was cancelled. */
    CREMA_DECL bool step();
    /// Makes it ready to run again and forgets the parameters.
    void reset() noexcept {
        ::sqlite3_reset(handle_);
        ::sqlite3_clear_bindings(handle_);
    }

    /// Returns how often SQLite prepared it again because the schema had changed; the columns may differ then.
    int times_prepared() const noexcept { return ::sqlite3_stmt_status(handle_, SQLITE_STMTSTATUS_REPREPARE, 0); }
    /// Returns the number of columns of its rows; 0 when it gives none.
    int columns() const noexcept { return ::sqlite3_column_count(handle_); }
    /// Returns the name of a column: what stands behind AS, or what SQLite chose.
    std::string_view column_name(int i) const noexcept {
        const char* name = ::sqlite3_column_name(handle_, i);
        return name ? std::string_view(name) : std::string_view();
    }
    /// Returns `SQLITE_NULL`, `SQLITE_INTEGER`, `SQLITE_FLOAT`, `SQLITE_TEXT` or `SQLITE_BLOB`, of this row.
    int type(int i) const noexcept { return ::sqlite3_column_type(handle_, i); }
    /// Returns an integer.
    std::int64_t integer(int i) const noexcept { return ::sqlite3_column_int64(handle_, i); }
    /// Returns a real.
    double real(int i) const noexcept { return ::sqlite3_column_double(handle_, i); }
    /// Returns text.
    std::string_view text(int i) const noexcept {
        const auto* p = reinterpret_cast<const char*>(::sqlite3_column_text(handle_, i)); // before the size
        return p ? std::string_view(p, static_cast<std::size_t>(::sqlite3_column_bytes(handle_, i)))
                 : std::string_view();
    }
    /// Returns octets.
    std::span<const std::byte> octets(int i) const noexcept {
        const auto* p = static_cast<const std::byte*>(::sqlite3_column_blob(handle_, i));
        return p ? std::span(p, static_cast<std::size_t>(::sqlite3_column_bytes(handle_, i)))
                 : std::span<const std::byte>();
    }
    /// Returns whatever is there.
    CREMA_DECL value cell(int i) const;

private:
    sqlite3_stmt* handle_ = nullptr;
};

} // namespace crema::sqlite

namespace crema::detail {

/// Throws what SQLite says about the last call on this connection.
[[noreturn]] CREMA_DECL void throw_sqlite(sqlite3* db, int code, std::string_view sql);

} // namespace crema::detail

#if CREMA_BODIES
#include <algorithm>

namespace crema::detail {

class sqlite_errors final : public std::error_category {
public:
    const char* name() const noexcept override { return "sqlite"; }
    std::string message(int code) const override {
        return std::string(::sqlite3_errstr(code)) + " (SQLite code " + std::to_string(code) + ")";
    }
};

[[noreturn]] CREMA_DECL void throw_sqlite(sqlite3* db, int code, std::string_view sql) {
    const int extended =
        db && (::sqlite3_extended_errcode(db) & 0xff) == (code & 0xff) ? ::sqlite3_extended_errcode(db) : code;
    throw sqlite::error(std::error_code(extended, sqlite::sqlite_category()),
                        db ? ::sqlite3_errmsg(db) : ::sqlite3_errstr(code), sql);
}

// Tells whether nothing but white space, comments and semicolons follows.
inline bool is_blank_sql(std::string_view s) noexcept {
    while (!s.empty()) {
        if (s.front() == ' ' || s.front() == ';' || (s.front() >= '\t' && s.front() <= '\r')) s.remove_prefix(1);
        else if (s.substr(0, 2) == "--") s.remove_prefix(std::min(s.find('\n'), s.size()));
        else if (s.substr(0, 2) == "/*") {
            const auto end = s.find("*/", 2);
            s.remove_prefix(end == s.npos ? s.size() : end + 2);
        } else return false;
    }
    return true;
}

} // namespace crema::detail

namespace crema::sqlite {

CREMA_DECL const std::error_category& sqlite_category() noexcept {
    static const crema::detail::sqlite_errors instance;
    return instance;
}

CREMA_DECL statement::statement(sqlite3* db, std::string_view sql) {
    if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw error(make_error_code(crema::error::too_large), "SQL of more than 2 GiB", {});
    const char* rest = nullptr;
    const int code =
        ::sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle_, &rest);
    if (code != SQLITE_OK) crema::detail::throw_sqlite(db, code, sql);
    if (!handle_) throw error(make_error_code(crema::error::bad_syntax), "no SQL statement", sql);
    if (!crema::detail::is_blank_sql(sql.substr(static_cast<std::size_t>(rest - sql.data())))) {
        ::sqlite3_finalize(handle_);
        throw error(make_error_code(crema::error::bad_syntax), "more than one SQL statement; for several use script()",
                    sql);
    }
}

CREMA_DECL void statement::bind(std::span<const value> values) {
    const auto wanted = static_cast<std::size_t>(::sqlite3_bind_parameter_count(handle_));
    if (values.size() != wanted)
        throw error(make_error_code(crema::error::bad_value),
                    "the statement has " + std::to_string(wanted) + (wanted == 1 ? " parameter, " : " parameters, ") +
                        std::to_string(values.size()) +
                        (values.size() == 1 ? " value was given" : " values were given"),
                    sql());
    struct binder {
        sqlite3_stmt* s;
        int i;
        int operator()(std::monostate) const { return ::sqlite3_bind_null(s, i); }
        int operator()(std::int64_t n) const { return ::sqlite3_bind_int64(s, i, n); }
        int operator()(double x) const { return ::sqlite3_bind_double(s, i, x); }
        int operator()(const std::string& t) const {
            return ::sqlite3_bind_text64(s, i, t.data(), t.size(), SQLITE_STATIC, SQLITE_UTF8);
        }
        int operator()(const blob& b) const {
            return b.empty() ? ::sqlite3_bind_zeroblob(s, i, 0)
                             : ::sqlite3_bind_blob64(s, i, b.data(), b.size(), SQLITE_STATIC);
        }
    };
    for (std::size_t i = 0; i < values.size(); ++i) {
        const int code = std::visit(binder{handle_, static_cast<int>(i) + 1}, values[i].get());
        if (code != SQLITE_OK) crema::detail::throw_sqlite(::sqlite3_db_handle(handle_), code, sql());
    }
}

CREMA_DECL bool statement::step() {
    const int code = ::sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    crema::detail::throw_sqlite(::sqlite3_db_handle(handle_), code, sql());
}

CREMA_DECL value statement::cell(int i) const {
    switch (type(i)) {
    case SQLITE_INTEGER: return integer(i);
    case SQLITE_FLOAT: return real(i);
    case SQLITE_TEXT: return text(i);
    case SQLITE_BLOB: return octets(i);
    default: return nullptr;
    }
}

} // namespace crema::sqlite
#endif
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crema::detail {

template <class T>
inline constexpr bool is_sqlite_optional = false;
template <class T>
inline constexpr bool is_sqlite_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_sqlite_tuple = false;
template <class... T>
inline constexpr bool is_sqlite_tuple<std::tuple<T...>> = true;
template <class A, class B>
inline constexpr bool is_sqlite_tuple<std::pair<A, B>> = true;

template <class T>
concept sqlite_plain_cell =
    std::integral<T> || std::is_enum_v<T> || std::floating_point<T> || std::same_as<T, std::string> ||
    std::same_as<T, sqlite::blob> || std::same_as<T, sqlite::value>;
template <class T>
struct sqlite_optional_cell : std::false_type {};
template <sqlite_plain_cell T>
struct sqlite_optional_cell<std::optional<T>> : std::true_type {};

} // namespace crema::detail

namespace crema::sqlite {

/// Can be read from one cell: see `connection::query`.
template <class T>
concept cell = crema::detail::sqlite_plain_cell<T> || crema::detail::sqlite_optional_cell<T>::value;

} // namespace crema::sqlite

namespace crema::detail {

// Throws that a column does not fit: "column 2 'age' is text, but an integer is wanted".
[[noreturn]] CREMA_DECL void throw_sqlite_cell(const sqlite::statement& s, int column, std::string_view wanted);
// Throws that an integer is out of the range of its field.
[[noreturn]] CREMA_DECL void throw_sqlite_range(const sqlite::statement& s, int column);
// Throws that the number of columns is another one.
[[noreturn]] CREMA_DECL void throw_sqlite_columns(const sqlite::statement& s, std::size_t wanted);
// Finds for each field the column of that name, the identifier in C++. Throws when a field has none, or a column is
// left over or there twice.
CREMA_DECL void match_sqlite_columns(const sqlite::statement& s, const std::string_view* fields, std::size_t count,
                                     int* columns);

template <sqlite::cell T>
T read_sqlite_cell(const sqlite::statement& s, int i) {
    if constexpr (is_sqlite_optional<T>) {
        if (s.type(i) == SQLITE_NULL) return std::nullopt;
        return read_sqlite_cell<typename T::value_type>(s, i);
    } else if constexpr (std::same_as<T, sqlite::value>) {
        return s.cell(i);
    } else if constexpr (std::same_as<T, bool>) {
        if (s.type(i) != SQLITE_INTEGER) throw_sqlite_cell(s, i, "a boolean (0 or 1)");
        const auto n = s.integer(i);
        if (n != 0 && n != 1) throw_sqlite_range(s, i);
        return n == 1;
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(read_sqlite_cell<std::underlying_type_t<T>>(s, i));
    } else if constexpr (std::integral<T>) {
        if (s.type(i) != SQLITE_INTEGER) throw_sqlite_cell(s, i, "an integer");
        const auto n = s.integer(i);
        const auto fitted = static_cast<T>(n);
        if (static_cast<std::int64_t>(fitted) != n || (fitted < T{}) != (n < 0)) throw_sqlite_range(s, i);
        return fitted;
    } else if constexpr (std::floating_point<T>) {
        if (s.type(i) != SQLITE_FLOAT && s.type(i) != SQLITE_INTEGER) throw_sqlite_cell(s, i, "a number");
        return static_cast<T>(s.real(i));
    } else if constexpr (std::same_as<T, std::string>) {
        if (s.type(i) != SQLITE_TEXT) throw_sqlite_cell(s, i, "text");
        return std::string(s.text(i));
    } else {
        if (s.type(i) != SQLITE_BLOB) throw_sqlite_cell(s, i, "a blob");
        const auto octets = s.octets(i);
        return sqlite::blob(octets.begin(), octets.end());
    }
}

// Knows how the columns of one statement become a Row; checks that once, before the first row.
template <class Row>
class sqlite_row_reader {
    static_assert(
        std::is_aggregate_v<Row>,
        "crema: a row of SQLite is an aggregate of cells, a std::tuple or std::pair of cells, or one cell: bool, an "
        "integer, an enumeration, a floating type, std::string, sqlite::blob, sqlite::value, or an optional of these "
        "(views are no cells, since the row outlives the statement)");
    static constexpr auto names = identifiers_of<Row>();
    static constexpr std::size_t count = field_count<Row>;

public:
    explicit sqlite_row_reader(const sqlite::statement& s) : statement_(s) {
        match_sqlite_columns(s, names.data(), count, columns_.data());
    }
    Row read() const {
        Row row{};
        with_fields(row, [&](auto&... fields) {
            const int* column = columns_.data();
            ((fields = field<std::remove_reference_t<decltype(fields)>>(*column++)), ...);
        });
        return row;
    }

private:
    template <class T>
    T field(int column) const {
        static_assert(
            sqlite::cell<T>,
            "crema: this field of the row cannot be read from a cell of SQLite: it must be bool, an integer, an "
            "enumeration, a floating type, std::string, sqlite::blob, sqlite::value, or an optional of these");
        return read_sqlite_cell<T>(statement_, column);
    }
    const sqlite::statement& statement_;
    std::array<int, count> columns_;
};

template <sqlite::cell T>
class sqlite_row_reader<T> {
public:
    explicit sqlite_row_reader(const sqlite::statement& s) : statement_(s) {
        if (s.columns() != 1) throw_sqlite_columns(s, 1);
    }
    T read() const { return read_sqlite_cell<T>(statement_, 0); }

private:
    const sqlite::statement& statement_;
};

template <class Tuple>
    requires is_sqlite_tuple<Tuple>
class sqlite_row_reader<Tuple> {
    static constexpr std::size_t count = std::tuple_size_v<Tuple>;

public:
    explicit sqlite_row_reader(const sqlite::statement& s) : statement_(s) {
        if (s.columns() != static_cast<int>(count)) throw_sqlite_columns(s, count);
    }
    Tuple read() const { return read_all(std::make_index_sequence<count>{}); }

private:
    template <std::size_t... I>
    Tuple read_all(std::index_sequence<I...>) const {
        return Tuple(read_sqlite_cell<std::tuple_element_t<I, Tuple>>(statement_, static_cast<int>(I))...);
    }
    const sqlite::statement& statement_;
};

} // namespace crema::detail

#if CREMA_BODIES
namespace crema::detail {

inline std::string sqlite_column(const sqlite::statement& s, int column) {
    return "column " + std::to_string(column + 1) + " '" + std::string(s.column_name(column)) + "'";
}

[[noreturn]] CREMA_DECL void throw_sqlite_cell(const sqlite::statement& s, int column, std::string_view wanted) {
    std::string message = sqlite_column(s, column);
    switch (s.type(column)) {
    case SQLITE_NULL: message += " is NULL"; break;
    case SQLITE_INTEGER: message += " is an integer"; break;
    case SQLITE_FLOAT: message += " is a real"; break;
    case SQLITE_TEXT: message += " is text"; break;
    default: message += " is a blob"; break;
    }
    message.append(", but ").append(wanted).append(" is wanted");
    if (s.type(column) == SQLITE_NULL) message += "; a std::optional can hold NULL";
    throw sqlite::error(make_error_code(error::bad_value), message, s.sql());
}

[[noreturn]] CREMA_DECL void throw_sqlite_range(const sqlite::statement& s, int column) {
    throw sqlite::error(make_error_code(error::bad_value),
                        sqlite_column(s, column) + " is " + std::to_string(s.integer(column)) +
                            ", which does not fit its field",
                        s.sql());
}

[[noreturn]] CREMA_DECL void throw_sqlite_columns(const sqlite::statement& s, std::size_t wanted) {
    throw sqlite::error(make_error_code(error::bad_value),
                        "the statement gives " + std::to_string(s.columns()) +
                            (s.columns() == 1 ? " column, " : " columns, ") + std::to_string(wanted) +
                            (wanted == 1 ? " is wanted" : " are wanted"),
                        s.sql());
}

CREMA_DECL void match_sqlite_columns(const sqlite::statement& s, const std::string_view* fields, std::size_t count,
                                     int* columns) {
    auto refuse = [&](std::string_view what, std::string_view name, std::string_view why) {
        throw sqlite::error(make_error_code(error::bad_value), std::string(what).append(name).append(why), s.sql());
    };
    for (std::size_t f = 0; f < count; ++f) columns[f] = -1;
    for (int c = 0; c < s.columns(); ++c) {
        const auto name = s.column_name(c);
        std::size_t f = 0;
        while (f < count && fields[f] != name) ++f;
        if (f == count)
            refuse("the row has no field for the column '", name, "'; name it with AS as the field is named");
        if (columns[f] != -1) refuse("two columns are named '", name, "'; name them with AS");
        columns[f] = c;
    }
    for (std::size_t f = 0; f < count; ++f)
        if (columns[f] == -1) refuse("the statement gives no column for the field '", fields[f], "'");
}

} // namespace crema::detail
#endif
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema::sqlite {

/// Tells what a statement changed.
struct outcome {
    std::int64_t changes = 0;        ///< rows inserted, changed or deleted by the statement itself
    std::int64_t last_insert_id = 0; ///< rowid of the last row that this connection inserted
};

/// Chooses when the operating system is told to write to the disk. Either way what was acknowledged survives the end of
/// the process, `kill -9` too.
enum class durability : unsigned char {
    full,   ///< each commit waits for the disk (fsync): survives a loss of power. The default.
    normal, ///< the disk is waited for at checkpoints only: a loss of power may undo the last commits, never corrupts
};

/// Says how one connection is opened; see `sqlite::options` for a whole database.
struct connection_options {
    /// What the connection may do.
    enum class access : unsigned char {
        read_write, ///< everything; the file is created when it is missing, its directory is not
        read_only,  ///< statements that write are refused
    };
    access mode = access::read_write;                    ///< what it may do
    durability sync = durability::full;                  ///< when a commit is told to be done
    std::chrono::milliseconds busy_timeout{5000};        ///< how long to wait for a lock of another process
    std::size_t cached_statements = 64;                  ///< prepared statements that are kept
};

/** Owns one connection to a database file, with its prepared statements.

    Every function blocks: inside of an application it is met in `database::transaction`, on a thread of the database.

    @par Thread Safety
    Only on one thread at a time.
*/
class connection {
public:
    /** Open a database file in WAL mode, with foreign keys enforced.

        @param path The file; `":memory:"` for one that is gone with the connection.
        @param o How.
        @throws error with a message that names the path: its directory does not exist, it is no database, it may not be
        read or written.
    */
    CREMA_DECL explicit connection(const std::string& path, const connection_options& o = {});
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    CREMA_DECL ~connection();

    /** Run a query and give all its rows.

        @tparam Row An aggregate, whose fields are matched with the columns by name; a tuple or pair, matched by
        position; or the type of the only column: `bool`, an integer, an enumeration, a floating type, `std::string`,
        `blob`, `value`, or an optional of these, which can hold NULL.
        @param sql One statement. `INSERT … RETURNING` is a query too.
        @param args One for each `?`.
        @throws error what SQLite says, or why the columns do not fit `Row`; `cancelled`.
    */
    template <class Row, bindable... Args>
    std::vector<Row> query(std::string_view sql, Args&&... args) {
        std::vector<Row> rows;
        each<Row>([&](Row&& r) { rows.push_back(std::move(r)); return true; }, sql, std::forward<Args>(args)...);
        return rows;
    }
    /// Runs a query and gives its first row, or none. See `query`.
    template <class Row, bindable... Args>
    std::optional<Row> query_one(std::string_view sql, Args&&... args) {
        std::optional<Row> row;
        each<Row>([&](Row&& r) { row.emplace(std::move(r)); return false; }, sql, std::forward<Args>(args)...);
        return row;
    }
    /** Run a query and call `f(Row&&)` for each row, until it returns false. See `query`. */
    template <class Row, class F, bindable... Args>
    void each(F&& f, std::string_view sql, Args&&... args) {
        const std::array<value, sizeof...(Args)> values{value(std::forward<Args>(args))...};
        each_bound<Row>(std::forward<F>(f), sql, values);
    }
    /** Run a statement and tell what it changed. Rows that it gives are dropped.
        @throws error what SQLite says; `cancelled`. */
    template <bindable... Args>
    outcome execute(std::string_view sql, Args&&... args) {
        const std::array<value, sizeof...(Args)> values{value(std::forward<Args>(args))...};
        return execute_bound(sql, values);
    }
    /// Runs any number of statements without parameters, separated by semicolons. See `execute`.
    CREMA_DECL void script(std::string_view sql);

    /** Run `f(connection&)` in a transaction: commits when it returns, rolls back when it throws.

        @return What `f` returns.
        @throws error what SQLite says; what `f` throws; `error::unsupported` inside of another transaction.
    */
    template <class F>
    auto transaction(F&& f) -> std::invoke_result_t<F&, connection&> {
        return within("BEGIN IMMEDIATE", f);
    }
    /// Runs `f(connection&)` so that all its queries see the same state of the database. See `transaction`.
    template <class F>
    auto snapshot(F&& f) -> std::invoke_result_t<F&, connection&> {
        return within("BEGIN DEFERRED", f);
    }
    /// Tells whether a transaction is open.
    bool in_transaction() const noexcept { return ::sqlite3_get_autocommit(db_) == 0; }

    /// Tells whether whoever waits for this work gave up; long loops in a transaction look at it.
    bool is_cancelled() const noexcept { return stop_ && stop_->load(std::memory_order_relaxed); }
    /// Throws `cancelled` when whoever waits for this work gave up. Every statement does so before it starts.
    void check() const {
        if (is_cancelled()) [[unlikely]] throw cancelled();
    }

    /// Returns SQLite's own handle, which this owns: for functions, collations, backups.
    sqlite3* native() const noexcept { return db_; }
    /// Returns the path it was opened with.
    const std::string& path() const noexcept { return path_; }

    /// Runs `execute` with values that are made already; they must live until it returns.
    CREMA_DECL outcome execute_bound(std::string_view sql, std::span<const value> values);
    /// Runs `each` with values that are made already; they must live until it returns.
    template <class Row, class F>
    void each_bound(F&& f, std::string_view sql, std::span<const value> values) {
        borrowed s(*this, sql);
        run_bound<Row>(s.get(), f, values);
    }
    /// Tells whether a statement leaves the database as it is. @throws error when it is no SQL.
    bool is_read_only(std::string_view sql) { return borrowed(*this, sql).get().is_read_only(); }

    /// Sets, or with null removes, the flag that ends what runs; it is read on this thread. For `database`.
    void watch(const std::atomic<bool>* stop) noexcept { stop_ = stop; }
    /** Roll back what a job left open, so that the next one finds a clean connection.
        @return False when there was something. */
    CREMA_DECL bool clean() noexcept;

private:
    struct cached {
        std::string sql;
        statement prepared;
    };
    // Takes a statement out of the cache while it is used, so that the same SQL can run inside of itself.
    class borrowed {
    public:
        borrowed(connection& c, std::string_view sql) : owner_(c), node_(c.borrow(sql)) {}
        borrowed(const borrowed&) = delete;
        borrowed& operator=(const borrowed&) = delete;
        ~borrowed() { owner_.give_back(node_); }
        statement& get() noexcept { return node_.front().prepared; }

    private:
        connection& owner_;
        std::list<cached> node_;
    };

    CREMA_DECL void open(const connection_options& o);
    CREMA_DECL std::list<cached> borrow(std::string_view sql);
    CREMA_DECL void give_back(std::list<cached>& node) noexcept;
    CREMA_DECL void begin(std::string_view sql);
    CREMA_DECL void roll_back() noexcept;
    CREMA_DECL bool step(statement& s);

    template <class Row, class F>
    void run_bound(statement& s, F& f, std::span<const value> values) {
        s.bind(values);
        std::optional<crema::detail::sqlite_row_reader<Row>> reader(std::in_place, s); // before anything is written
        const int prepared = s.times_prepared();
        for (bool first = true; step(s); first = false) {
            if (first && s.times_prepared() != prepared) reader.emplace(s); // the schema had changed
            if (!f(reader->read())) return;
        }
    }
    template <class F>
    auto within(std::string_view how, F& f) -> std::invoke_result_t<F&, connection&> {
        struct guard {
            connection& c;
            ~guard() { c.roll_back(); } // nothing after a commit
        };
        begin(how);
        const guard rolls_back{*this};
        if constexpr (std::is_void_v<std::invoke_result_t<F&, connection&>>) {
            f(*this);
            execute("COMMIT");
        } else {
            auto result = f(*this);
            execute("COMMIT");
            return result;
        }
    }

    sqlite3* db_ = nullptr;
    std::string path_;
    const std::atomic<bool>* stop_ = nullptr;
    std::chrono::milliseconds busy_timeout_;
    std::list<cached> cache_; // the last used is first
    std::size_t cached_statements_;
};

} // namespace crema::sqlite

#if CREMA_BODIES
#include <algorithm>
#include <filesystem>
#include <thread>

namespace crema::sqlite {

CREMA_DECL connection::connection(const std::string& path, const connection_options& o)
    : path_(path), busy_timeout_(o.busy_timeout), cached_statements_(std::max<std::size_t>(o.cached_statements, 1)) {
    try {
        open(o);
    } catch (...) {
        ::sqlite3_close_v2(db_);
        throw;
    }
}

CREMA_DECL connection::~connection() {
    cache_.clear();
    ::sqlite3_close_v2(db_);
}

CREMA_DECL void connection::open(const connection_options& o) {
    auto refuse = [&](int code, const std::string& why) {
        throw error(std::error_code(code, sqlite_category()), "cannot open the database '" + path_ + "': " + why, {});
    };
    if (::sqlite3_threadsafe() == 0) refuse(SQLITE_MISUSE, "this SQLite was built without threads");
    const bool in_memory = path_ == ":memory:" || path_.empty();
    if (!in_memory) {
        std::error_code ignored;
        const auto directory = std::filesystem::path(path_).parent_path();
        if (!directory.empty() && !std::filesystem::is_directory(directory, ignored))
            refuse(SQLITE_CANTOPEN, "its directory '" + directory.string() + "' does not exist");
        if (std::filesystem::is_directory(path_, ignored)) refuse(SQLITE_CANTOPEN_ISDIR, "it is a directory");
    }
    // Readers open for writing too, since they need the shared memory of the WAL; query_only keeps them from it.
    const int code = ::sqlite3_open_v2(path_.c_str(), &db_,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK)
        refuse(db_ ? ::sqlite3_extended_errcode(db_) : code, db_ ? ::sqlite3_errmsg(db_) : ::sqlite3_errstr(code));
    ::sqlite3_extended_result_codes(db_, 1);
    ::sqlite3_progress_handler(
        db_, 4000, [](void* c) { return static_cast<connection*>(c)->is_cancelled() ? 1 : 0; }, this);
    ::sqlite3_busy_handler(
        db_,
        [](void* self, int calls) {
            constexpr auto pause = std::chrono::milliseconds(2);
            auto& c = *static_cast<connection*>(self);
            if (c.is_cancelled() || calls * pause >= c.busy_timeout_) return 0;
            std::this_thread::sleep_for(pause);
            return 1;
        },
        this);
    try {
        if (o.mode == connection_options::access::read_write) {
            const auto mode = query_one<std::string>("PRAGMA journal_mode = WAL");
            if (!in_memory && mode != "wal") refuse(SQLITE_CANTOPEN, "no write-ahead log on this file system");
            execute(o.sync == durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        } else {
            execute("PRAGMA query_only = ON");
        }
        execute("PRAGMA foreign_keys = ON");
        (void)query<std::int64_t>("SELECT count(*) FROM sqlite_schema"); // a file that is no database is noticed here
    } catch (const error& e) {
        if (!e.sql().empty()) refuse(e.extended_code(), e.message());
        throw;
    }
}

CREMA_DECL std::list<connection::cached> connection::borrow(std::string_view sql) {
    std::list<cached> node;
    for (auto at = cache_.begin(); at != cache_.end(); ++at)
        if (at->sql == sql) {
            node.splice(node.begin(), cache_, at);
            return node;
        }
    node.push_back(cached{std::string(sql), statement(db_, sql)});
    return node;
}

CREMA_DECL void connection::give_back(std::list<cached>& node) noexcept {
    node.front().prepared.reset();
    cache_.splice(cache_.begin(), node);
    if (cache_.size() > cached_statements_) cache_.pop_back();
}

CREMA_DECL bool connection::step(statement& s) {
    check();
    try {
        return s.step();
    } catch (const error& e) {
        if (e.extended_code() == SQLITE_INTERRUPT || e.is_busy()) check(); // our own doing
        throw;
    }
}

CREMA_DECL outcome connection::execute_bound(std::string_view sql, std::span<const value> values) {
    borrowed b(*this, sql);
    auto& s = b.get();
    s.bind(values);
    const auto before = ::sqlite3_total_changes64(db_);
    while (step(s)) {}
    outcome done;
    done.last_insert_id = ::sqlite3_last_insert_rowid(db_);
    if (::sqlite3_total_changes64(db_) != before)
        done.changes = ::sqlite3_changes64(db_); // else it is that of an earlier one
    return done;
}

CREMA_DECL void connection::script(std::string_view sql) {
    const std::string all(sql);
    const char* at = all.c_str();
    while (*at) {
        sqlite3_stmt* one = nullptr;
        const int code = ::sqlite3_prepare_v2(db_, at, -1, &one, &at);
        if (code != SQLITE_OK) crema::detail::throw_sqlite(db_, code, sql);
        if (!one) continue; // white space or a comment
        struct finalizer {
            sqlite3_stmt* s;
            ~finalizer() { ::sqlite3_finalize(s); }
        };
        const finalizer owns{one};
        check();
        int stepped = SQLITE_ROW;
        while (stepped == SQLITE_ROW) stepped = ::sqlite3_step(one);
        if (stepped == SQLITE_INTERRUPT || stepped == SQLITE_BUSY) check();
        if (stepped != SQLITE_DONE) crema::detail::throw_sqlite(db_, stepped, ::sqlite3_sql(one));
    }
}

CREMA_DECL void connection::begin(std::string_view sql) {
    if (in_transaction())
        throw error(make_error_code(crema::error::unsupported), "a transaction inside of a transaction; use SAVEPOINT",
                    {});
    execute(sql);
}

CREMA_DECL void connection::roll_back() noexcept {
    if (!in_transaction()) return;
    const auto* stop = std::exchange(stop_, nullptr); // a cancelled job must be rolled back too
    ::sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    stop_ = stop;
}

CREMA_DECL bool connection::clean() noexcept {
    if (!in_transaction()) return true;
    roll_back();
    return false;
}

} // namespace crema::sqlite
#endif
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace crema::sqlite {

/// Says how a database is opened.
struct options {
    std::size_t readers = 4;                       ///< threads that read; 0: the writer reads, as for `":memory:"`
    std::size_t queue = 1024;                      ///< jobs that may wait for the writer, and for the readers
    durability sync = durability::full;            ///< what a commit waits for
    std::chrono::milliseconds busy_timeout{5000};  ///< how long to wait for a lock of another process
    std::size_t cached_statements = 64;            ///< prepared statements that each connection keeps
    std::string schema{};                          ///< a script that the writer runs in a transaction at the opening
    std::function<void(connection&)> on_connect{}; ///< called for each connection at the opening: functions, pragmas
};

} // namespace crema::sqlite

namespace crema::detail {

class sqlite_core;
struct sqlite_mailbox;
struct sqlite_worker;

struct sqlite_links {
    sqlite_links* next = this;
    sqlite_links* prev = this;
    sqlite_links() noexcept = default;
    sqlite_links(const sqlite_links&) = delete;
    sqlite_links& operator=(const sqlite_links&) = delete;
    bool alone() const noexcept { return next == this; }
    void remove() noexcept {
        next->prev = prev;
        prev->next = next;
        next = prev = this;
    }
    void append(sqlite_links& one) noexcept { // this is the head of a list
        one.prev = prev;
        one.next = this;
        prev->next = &one;
        prev = &one;
    }
};

/// Which threads a job may run on.
enum class sqlite_role : unsigned char { reader, writer };

// One piece of work for a connection, and the coroutine that waits for it. It lives in the frame of that coroutine.
// Its links and its place are guarded by the mutex of the core.
class sqlite_job : public sqlite_links, private cancel_callback {
public:
    enum class place : unsigned char { nowhere, queued, running, finished };

    sqlite_job(std::shared_ptr<sqlite_core> core, sqlite_role role, bool runs_user_code) noexcept
        : cancel_callback([](cancel_callback& c) noexcept { static_cast<sqlite_job&>(c).cancel(); }),
          core_(std::move(core)), role_(role), runs_user_code_(runs_user_code) {}
    // On a thread of the database. False: it writes, and wants to run on the writer instead.
    virtual bool run(sqlite::connection& c, sqlite_role on) noexcept = 0;
    virtual bool failed() const noexcept = 0;

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        return start(environment_of(h), h);
    }

protected:
    ~sqlite_job() = default;
    CREMA_DECL bool start(environment* env, std::coroutine_handle<> h);
    CREMA_DECL void block();            // runs it on the writer and waits, without a loop
    CREMA_DECL void abandon() noexcept; // for destructors: what is queued is dropped, what runs is waited for
    CREMA_DECL void check() const;      // throws what the wait ended with, unless the work ended
    [[noreturn]] CREMA_DECL static void throw_left_open();

private:
    friend class sqlite_core;
    enum class refusal : unsigned char { none, closed, queue_full };
    CREMA_DECL void cancel() noexcept;
    void settle() noexcept; // no longer pending; on the loop

    std::shared_ptr<sqlite_core> core_;
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    sqlite_mailbox* box_ = nullptr;   // null when a thread blocks
    sqlite_worker* worker_ = nullptr; // while running
    std::atomic<bool> stop_{false};
    place place_ = place::nowhere;
    sqlite_role role_;
    const bool runs_user_code_;
    refusal refusal_ = refusal::none;
};

// Ties a job to its work, `R work(connection&)`, and keeps the result.
template <class Work>
class sqlite_awaiter final : public sqlite_job {
    using result = std::invoke_result_t<Work&, sqlite::connection&>;
    using stored = std::conditional_t<std::is_void_v<result>, std::monostate, result>;

public:
    sqlite_awaiter(std::shared_ptr<sqlite_core> core, Work&& work)
        : sqlite_job(std::move(core), Work::role, Work::runs_user_code), work_(std::move(work)) {}
    ~sqlite_awaiter() { abandon(); }

    bool await_ready() const noexcept { return false; }
    result await_resume() {
        check();
        return take();
    }
    result wait() {
        block();
        return await_resume();
    }

private:
    bool run(sqlite::connection& c, sqlite_role on) noexcept override {
        try {
            if (on == sqlite_role::reader && work_.wants_writer(c)) return false;
            if constexpr (std::is_void_v<result>) {
                work_(c);
                result_.template emplace<1>();
            } else {
                result_.template emplace<1>(work_(c));
            }
            if (!c.clean()) throw_left_open();
        } catch (...) {
            result_.template emplace<2>(std::current_exception());
        }
        return true;
    }
    bool failed() const noexcept override { return result_.index() == 2; }
    result take() {
        if (result_.index() == 2) std::rethrow_exception(std::get<2>(std::move(result_)));
        if constexpr (!std::is_void_v<result>) return std::get<1>(std::move(result_));
    }

    Work work_;
    std::variant<std::monostate, stored, std::exception_ptr> result_;
};

template <std::size_t N>
struct sqlite_call {
    static constexpr bool runs_user_code = false;
    std::string sql;
    std::array<sqlite::value, N> values;
};

template <class Row, std::size_t N>
struct sqlite_query : sqlite_call<N> {
    static constexpr auto role = sqlite_role::reader;
    bool wants_writer(sqlite::connection& c) { return !c.is_read_only(this->sql); }
    std::vector<Row> operator()(sqlite::connection& c) {
        std::vector<Row> rows;
        c.each_bound<Row>([&](Row&& r) { rows.push_back(std::move(r)); return true; }, this->sql, this->values);
        return rows;
    }
};

template <class Row, std::size_t N>
struct sqlite_query_one : sqlite_call<N> {
    static constexpr auto role = sqlite_role::reader;
    bool wants_writer(sqlite::connection& c) { return !c.is_read_only(this->sql); }
    std::optional<Row> operator()(sqlite::connection& c) {
        std::optional<Row> row;
        c.each_bound<Row>([&](Row&& r) { row.emplace(std::move(r)); return false; }, this->sql, this->values);
        return row;
    }
};

template <std::size_t N>
struct sqlite_execute : sqlite_call<N> {
    static constexpr auto role = sqlite_role::writer;
    bool wants_writer(sqlite::connection&) const noexcept { return false; }
    sqlite::outcome operator()(sqlite::connection& c) { return c.execute_bound(this->sql, this->values); }
};

template <class F, sqlite_role Role>
struct sqlite_transaction {
    static constexpr auto role = Role;
    static constexpr bool runs_user_code = true;
    F f;
    bool wants_writer(sqlite::connection&) const noexcept { return false; }
    decltype(auto) operator()(sqlite::connection& c) {
        if constexpr (Role == sqlite_role::writer) return c.transaction(f);
        else return c.snapshot(f);
    }
};

} // namespace crema::detail

namespace crema::sqlite {

/** Is work for a database that has not begun; `co_await` it once, or hand it to a combinator.

    @par Cancellation
    Work that still waits in the queue is dropped at once. Work that runs is interrupted (`sqlite3_interrupt`), awaited,
    and rolled back; work that is committed at that moment stays. Then `cancelled` is thrown.

    @par Thread Safety
    Distinct objects: safe. Any number may be awaited at a time, on any number of loops.
*/
template <class Work>
class [[nodiscard("work for a database does nothing until it is awaited")]] operation {
public:
    /// Construct; `database` does.
    operation(std::shared_ptr<crema::detail::sqlite_core> core, Work work)
        : core_(std::move(core)), work_(std::move(work)) {}
    operation(operation&&) = default;
    operation& operator=(operation&&) = default;

    /// Begins the work and gives its result. The operation must be an rvalue.
    auto operator co_await() && { return crema::detail::sqlite_awaiter<Work>(std::move(core_), std::move(work_)); }

private:
    std::shared_ptr<crema::detail::sqlite_core> core_;
    Work work_;
};

/** Owns a database file: a connection with a thread that writes, and several that read at the same time (WAL).

    @code
    struct user { std::int64_t id; std::string name; std::optional<std::string> email; };
    sqlite::database db("app.db", {.schema = "CREATE TABLE IF NOT EXISTS users(id INTEGER PRIMARY KEY, name, email)"});

    auto all = co_await db.query<user>("SELECT id, name, email FROM users WHERE name = ?", "ada");
    auto done = co_await db.execute("INSERT INTO users(name) VALUES (?)", "bob");   // done.last_insert_id
    @endcode

    Nothing runs on the loop. A query whose statement only reads runs on a reader, everything else on the writer, in the
    order of arrival. Each statement is a transaction of its own; when its `co_await` returns it is committed, and every
    later query sees it. SQL and parameters are copied.

    @par Errors
    Every function may throw `sqlite::error` from its `co_await`, and `system_error` with `error::queue_full` when more
    than `options::queue` jobs wait, `error::closed` when the database is being destroyed.

    @par Thread Safety
    Safe: its functions may be called on any thread that has a loop.
*/
class database {
public:
    /** Open a database file, which is created when it is missing, and start the threads.

        Blocks; for the start of a program.

        @param path The file; `":memory:"` for one that is gone with the object. Its directory must exist.
        @param o How.
        @throws error with a message that names the path; what `o.schema` and `o.on_connect` throw.
    */
    CREMA_DECL explicit database(const std::string& path, options o = {});
    database(const database&) = delete;
    database& operator=(const database&) = delete;
    /// Closes; see `close`.
    ~database() { close(); }

    /** Run a query and give all its rows: `std::vector<Row>`.

        @tparam Row An aggregate, whose fields are matched with the columns by name; a tuple or pair, matched by
        position; or the type of the only column: `bool`, an integer, an enumeration, a floating type, `std::string`,
        `blob`, `value`, or an optional of these, which can hold NULL.
        @param sql One statement. `INSERT … RETURNING` is a query too: it goes to the writer.
        @param args One for each `?`.
    */
    template <class Row, bindable... Args>
    auto query(std::string_view sql, Args&&... args) {
        return make(crema::detail::sqlite_query<Row, sizeof...(Args)>{call(sql, std::forward<Args>(args)...)});
    }
    /// Runs a query and gives its first row: `std::optional<Row>`. See `query`.
    template <class Row, bindable... Args>
    auto query_one(std::string_view sql, Args&&... args) {
        return make(crema::detail::sqlite_query_one<Row, sizeof...(Args)>{call(sql, std::forward<Args>(args)...)});
    }
    /// Runs a statement on the writer and tells what it changed: `outcome`.
    template <bindable... Args>
    auto execute(std::string_view sql, Args&&... args) {
        return make(crema::detail::sqlite_execute<sizeof...(Args)>{call(sql, std::forward<Args>(args)...)});
    }
    /** Run `f(connection&)` on the writer in a transaction; gives what it returns. When it throws, everything is rolled
        back.

        `f` is plain code on another thread: what it captures by reference must live until the `co_await` returns, and
        nobody else may touch it meanwhile. A long one calls `connection::check`; one that does not is left behind by
        `with_timeout` at the deadline, and goes on: then it must own what it works on.
    */
    template <class F>
        requires std::invocable<std::decay_t<F>&, connection&>
    auto transaction(F&& f) {
        return make(
            crema::detail::sqlite_transaction<std::decay_t<F>, crema::detail::sqlite_role::writer>{std::forward<F>(f)});
    }
    /// Runs `f(connection&)` on a reader, so that all its queries see the same state; gives what it returns. See
    /// `transaction`.
    template <class F>
        requires std::invocable<std::decay_t<F>&, connection&>
    auto snapshot(F&& f) {
        return make(
            crema::detail::sqlite_transaction<std::decay_t<F>, crema::detail::sqlite_role::reader>{std::forward<F>(f)});
    }
    /** Run `f(connection&)` on the writer in a transaction and block the calling thread until it is done.

        For the start of a program, before its loop runs; a handler writes `co_await db.transaction(f)`. */
    template <class F>
        requires std::invocable<std::decay_t<F>&, connection&>
    auto setup(F&& f) {
        using work = crema::detail::sqlite_transaction<std::decay_t<F>, crema::detail::sqlite_role::writer>;
        return crema::detail::sqlite_awaiter<work>(core_, work{std::forward<F>(f)}).wait();
    }

    /** Close: waiting jobs end with `error::closed`, running ones are interrupted and rolled back, the threads are
        joined.

        The coroutines that wait go on in later callbacks of their loops. A second call does nothing. */
    CREMA_DECL void close() noexcept;

    /// Returns the path it was opened with.
    CREMA_DECL const std::string& path() const noexcept;

private:
    template <class... Args>
    static crema::detail::sqlite_call<sizeof...(Args)> call(std::string_view sql, Args&&... args) {
        return {std::string(sql), std::array<value, sizeof...(Args)>{value(std::forward<Args>(args))...}};
    }
    template <class Work>
    operation<Work> make(Work work) {
        return operation<Work>(core_, std::move(work));
    }
    std::shared_ptr<crema::detail::sqlite_core> core_;
};

} // namespace crema::sqlite

#if CREMA_BODIES
#include <asio/post.hpp>
#if defined(__unix__)
#include <signal.h>
#endif

namespace crema::detail {

// The finished jobs of one loop: one wake-up for however many they are, then a callback for each.
struct sqlite_mailbox {
    class loop* where;
    sqlite_links finished;          // filled by the threads of the database
    sqlite_links ready;             // being delivered
    std::atomic<std::size_t> pending{0}; // who needs the box: jobs of this loop, and a delivery
    explicit sqlite_mailbox(class loop& l) noexcept : where(&l) {}
    std::atomic<bool> posted{false};
};

struct sqlite_queue {
    sqlite_links jobs;
    std::size_t size = 0;
    std::condition_variable wake;
    void push(sqlite_job& j) {
        jobs.append(j);
        ++size;
        wake.notify_one();
    }
};

struct sqlite_worker {
    std::unique_ptr<sqlite::connection> connection;
    sqlite_role role;
    sqlite_job* current = nullptr;
    std::thread thread{};
};

class sqlite_core : public std::enable_shared_from_this<sqlite_core> {
public:
    using place = sqlite_job::place;

    std::string path;
    std::size_t bound = 0;
    std::mutex guard;
    std::vector<std::unique_ptr<sqlite_worker>> workers; // the writer is the first
    sqlite_queue reads, writes;
    std::vector<std::unique_ptr<sqlite_mailbox>> boxes;
    std::condition_variable finished; // for threads that block
    bool closing = false;

    void open(const sqlite::options& o) {
        sqlite::connection_options c;
        c.sync = o.sync;
        c.busy_timeout = o.busy_timeout;
        c.cached_statements = o.cached_statements;
        bound = o.queue;
        add(c, sqlite_role::writer, o);
        if (!o.schema.empty()) workers[0]->connection->transaction([&](sqlite::connection& w) { w.script(o.schema); });
        c.mode = sqlite::connection_options::access::read_only;
        const bool alone = path == ":memory:" || path.empty(); // each connection would have a database of its own
        for (std::size_t i = 0; i < o.readers && !alone; ++i) add(c, sqlite_role::reader, o);
        const blocked_signals inherited_by_threads;
        try {
            for (auto& w : workers) w->thread = std::thread([this, &w = *w] { work(w); });
        } catch (...) {
            close();
            throw;
        }
    }

    void close() noexcept {
        {
            const std::lock_guard lock(guard);
            closing = true;
            for (auto* q : {&reads, &writes}) {
                while (auto* j = pop(*q)) {
                    j->refusal_ = sqlite_job::refusal::closed;
                    finish(*j);
                }
                q->wake.notify_all();
            }
            for (auto& w : workers)
                if (w->current) interrupt(*w->current);
        }
        for (auto& w : workers)
            if (w->thread.joinable()) w->thread.join();
        workers.clear();
    }

    sqlite_queue& queue_of(sqlite_role role) noexcept {
        return role == sqlite_role::writer || workers.size() == 1 ? writes : reads;
    }
    // With the lock: takes the job out of whichever list it is in.
    void unlink(sqlite_job& j) noexcept {
        if (j.place_ == place::queued) --queue_of(j.role_).size;
        j.remove();
        j.place_ = place::nowhere;
    }
    // With the lock, so that the connection is still at that job.
    static void interrupt(sqlite_job& j) noexcept {
        j.stop_.store(true, std::memory_order_relaxed);
        ::sqlite3_interrupt(j.worker_->connection->native());
    }
    // With the lock.
    sqlite_mailbox& box_of(class loop& where) {
        for (auto& b : boxes)
            if (b->where == &where) return *b;
        std::erase_if(boxes, [](auto& b) { return b->pending == 0 && !b->posted; }); // of loops that may be gone
        boxes.push_back(std::make_unique<sqlite_mailbox>(where));
        return *boxes.back();
    }
    void deliver(sqlite_mailbox& box) {
        {
            const std::lock_guard lock(guard);
            ++box.pending; // the box stays until the end of this
            box.posted = false;
            while (!box.finished.alone()) {
                auto& j = *box.finished.next;
                j.remove();
                box.ready.append(j);
            }
        }
        for (;;) {
            sqlite_job* j = nullptr;
            {
                const std::lock_guard lock(guard);
                if (box.ready.alone()) {
                    --box.pending;
                    return;
                }
                j = static_cast<sqlite_job*>(box.ready.next);
                unlink(*j);
            }
            box.where->callback([j] {
                j->settle();
                resume_in(*j->env_, j->handle_);
            });
        }
    }

private:
    struct blocked_signals { // signals are for the threads of the application
#if defined(__unix__)
        sigset_t before;
        blocked_signals() noexcept {
            sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_SETMASK, &all, &before);
        }
        ~blocked_signals() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
#endif
    };
    // What is posted to a loop, outside of its callbacks so that each job has one of its own; one that is destroyed
    // unrun went down with its loop.
    struct wake_up {
        std::shared_ptr<sqlite_core> core;
        sqlite_mailbox* box;
        wake_up(std::shared_ptr<sqlite_core> c, sqlite_mailbox* b) noexcept : core(std::move(c)), box(b) {}
        wake_up(wake_up&&) noexcept = default;
        ~wake_up() {
            if (core) box->posted = false;
        }
        void operator()() {
            const auto keep = std::move(core);
            keep->deliver(*box);
        }
    };

    void add(const sqlite::connection_options& c, sqlite_role role, const sqlite::options& o) {
        workers.push_back(std::make_unique<sqlite_worker>());
        workers.back()->role = role;
        workers.back()->connection = std::make_unique<sqlite::connection>(path, c);
        if (o.on_connect) o.on_connect(*workers.back()->connection);
    }
    static sqlite_job* pop(sqlite_queue& q) noexcept {
        if (q.jobs.alone()) return nullptr;
        auto* j = static_cast<sqlite_job*>(q.jobs.next);
        j->remove();
        --q.size;
        return j;
    }
    // With the lock: hands the job back to who waits.
    void finish(sqlite_job& j) {
        j.place_ = place::finished;
        j.worker_ = nullptr;
        finished.notify_all();
        if (!j.box_) return;
        j.box_->finished.append(j);
        if (!j.box_->posted.exchange(true)) asio::post(j.box_->where->context(), wake_up(shared_from_this(), j.box_));
    }
    void work(sqlite_worker& w) {
        std::unique_lock lock(guard);
        auto& queue = queue_of(w.role);
        for (;;) {
            queue.wake.wait(lock, [&] { return closing || !queue.jobs.alone(); });
            if (closing) return;
            auto* j = pop(queue);
            j->place_ = place::running;
            j->worker_ = &w;
            w.current = j;
            lock.unlock();
            w.connection->watch(&j->stop_);
            const bool ran = j->run(*w.connection, w.role);
            w.connection->watch(nullptr);
            w.connection->clean(); // after an exception
            lock.lock();
            w.current = nullptr;
            if (!ran && !closing && !j->stop_.load(std::memory_order_relaxed)) {
                j->role_ = sqlite_role::writer;
                j->worker_ = nullptr;
                j->place_ = place::queued;
                writes.push(*j); // was accepted before, so the bound does not count
                continue;
            }
            if (closing && (!ran || j->failed())) j->refusal_ = sqlite_job::refusal::closed;
            finish(*j);
        }
    }
};

CREMA_DECL bool sqlite_job::start(environment* env, std::coroutine_handle<> h) {
    env_ = env;
    handle_ = h;
    if (env->scope && env->scope->is_cancelled()) return false;
    auto& where = loop::current();
    {
        const std::lock_guard lock(core_->guard);
        auto& queue = core_->queue_of(role_);
        if (core_->closing) refusal_ = refusal::closed;
        else if (queue.size >= core_->bound) refusal_ = refusal::queue_full;
        if (refusal_ != refusal::none) return false;
        box_ = &core_->box_of(where);
        ++box_->pending;
        place_ = place::queued;
        queue.push(*this);
    }
    where.hold();
    attach(env->scope);
    return true;
}

CREMA_DECL void sqlite_job::block() {
    std::unique_lock lock(core_->guard);
    if (core_->closing) {
        refusal_ = refusal::closed;
        return;
    }
    place_ = place::queued;
    core_->writes.push(*this);
    core_->finished.wait(lock, [&] { return place_ == place::finished; });
    place_ = place::nowhere;
}

inline void sqlite_job::settle() noexcept {
    detach();
    --box_->pending; // only this loop counts it
    box_->where->release();
}

CREMA_DECL void sqlite_job::abandon() noexcept {
    if (!core_ || !box_) return;
    {
        std::unique_lock lock(core_->guard);
        if (place_ == place::nowhere) return;
        if (place_ == place::running) core_->interrupt(*this);
        core_->finished.wait(lock, [&] { return place_ != place::running; });
        core_->unlink(*this);
    }
    settle();
}

CREMA_DECL void sqlite_job::cancel() noexcept {
    std::unique_lock lock(core_->guard);
    if (place_ == place::queued) {
        core_->unlink(*this);
        lock.unlock();
        settle();
        resume_in(*env_, handle_);
    } else if (place_ == place::running) {
        core_->interrupt(*this);
        lock.unlock();
        if (runs_user_code_) env_->scope->stuck();
    } // else it is on its way
}

[[noreturn]] CREMA_DECL void sqlite_job::throw_left_open() {
    throw sqlite::error(make_error_code(error::unsupported),
                        "a transaction was left open and is rolled back; use transaction()", {});
}

CREMA_DECL void sqlite_job::check() const {
    if (env_ && env_->scope) env_->scope->check();
    if (refusal_ == refusal::closed)
        throw system_error(make_error_code(crema::error::closed), "the database '" + core_->path + "'");
    if (refusal_ == refusal::queue_full)
        throw system_error(make_error_code(crema::error::queue_full),
                           std::to_string(core_->bound) + " jobs wait for the database '" + core_->path + "'");
}

} // namespace crema::detail

namespace crema::sqlite {

CREMA_DECL database::database(const std::string& path, options o)
    : core_(std::make_shared<crema::detail::sqlite_core>()) {
    core_->path = path;
    core_->open(o);
}

CREMA_DECL void database::close() noexcept { core_->close(); }

CREMA_DECL const std::string& database::path() const noexcept { return core_->path; }

} // namespace crema::sqlite
#endif
#endif
// ---- crema/net/memory_stream.hpp
// memory_stream: two streams in one process that are each other's peer, for tests and in-process clients.
#include <cstddef>
#include <memory>
#include <utility>

namespace crema::net {

/// Says how the two ends of a pair of memory streams behave.
struct memory_stream_options {
    std::size_t capacity = 64 * 1024; ///< octets on their way in one direction before writing would block; at least 1
    std::size_t segment = 0;          ///< the most octets that one read gives, 0 for all: cuts messages at every place
    bool secure = false;              ///< what `secure()` tells
    address near{};                   ///< what the second end sees as its peer
    address far{};                    ///< what the first end sees as its peer
};

/** Moves octets between two ends in memory, with all that a socket does: back pressure, half-close, reset.

    Handlers are called by the loop, as callbacks in the poll phase, never from within `write`. Octets on their way keep
    the loop alive as long as somebody wants them; a quiet pair does not. Destroying an end closes it.

    @par Thread Safety
    Only on its loop.
*/
class memory_stream final : public stream {
public:
    /// Makes two ends that are each other's peer. @param l Must outlive both.
    static CREMA_DECL std::pair<std::unique_ptr<memory_stream>, std::unique_ptr<memory_stream>>
    pair(loop& l, const memory_stream_options& options = {});
    memory_stream(const memory_stream&) = delete;
    memory_stream& operator=(const memory_stream&) = delete;
    ~memory_stream() override { close(); }

    CREMA_DECL void start(stream_handler& handler) override;
    CREMA_DECL void want(bool readable, bool writable) override;
    CREMA_DECL io_result read(std::span<char> into) noexcept override;
    CREMA_DECL io_result write(std::span<const std::string_view> pieces) noexcept override;
    CREMA_DECL void end() noexcept override;
    CREMA_DECL void close() noexcept override;
    CREMA_DECL void reset() noexcept override;
    CREMA_DECL const address& peer() const noexcept override;
    CREMA_DECL address local() const noexcept override;
    CREMA_DECL bool secure() const noexcept override;

    /// Counts the octets that the peer has written and this end has not read.
    CREMA_DECL std::size_t available() const noexcept;

private:
    struct side;
    struct link;
    memory_stream(std::shared_ptr<link> l, int which) noexcept : link_(std::move(l)), which_(which) {}
    side& mine() const noexcept;
    side& other() const noexcept;
    void drop(bool broken) noexcept;

    std::shared_ptr<link> link_;
    int which_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <algorithm>

namespace crema::net {

// One end: what is on its way to it, and what its handler waits for.
struct memory_stream::side : crema::detail::remote_job {
    side() noexcept : remote_job(&deliver) {}
    static void deliver(remote_job& job, bool abandoned);

    link* owner = nullptr;
    std::shared_ptr<link> held; // while the delivery is queued
    stream_handler* handler = nullptr;
    http::output_buffer in;
    bool wants_readable = true;
    bool wants_writable = false;
    bool ended = false;      // the peer has said that nothing more follows
    bool broken = false;     // the peer is gone without having read everything
    bool told_ended = false; // the handler knows of the end
    bool closed = false;
    bool* alive = nullptr; // set false when closed within a callback
};

struct memory_stream::link : std::enable_shared_from_this<link> {
    link(loop& l, const memory_stream_options& o) noexcept : where(l), options(o) {
        for (auto& s : sides) s.owner = this;
    }
    side& peer_of(side& s) noexcept { return &s == &sides[0] ? sides[1] : sides[0]; }
    bool readable(const side& s) const noexcept { return !s.in.empty() || s.ended || s.broken; }
    bool writable(side& s) noexcept { return s.broken || peer_of(s).closed || peer_of(s).in.size() < options.capacity; }
    bool has_news(side& s) noexcept {
        if (s.closed || !s.handler) return false;
        return (s.wants_readable && readable(s)) || (s.wants_writable && writable(s)) ||
               ((s.ended || s.broken) && !s.told_ended);
    }
    void tell(side& s) noexcept {
        if (s.held || !has_news(s)) return;
        s.held = shared_from_this();
        where.complete(s);
    }

    loop& where;
    memory_stream_options options;
    side sides[2];
};

CREMA_DECL void memory_stream::side::deliver(remote_job& job, bool abandoned) {
    auto& s = static_cast<side&>(job);
    const auto keep = std::move(s.held);
    s.held = nullptr;
    if (abandoned || s.closed) return;
    auto& l = *keep;
    auto* const h = s.handler;
    bool alive = true;
    s.alive = &alive;
    if (s.wants_writable && l.writable(s)) h->on_writable();
    if (alive && s.wants_readable && l.readable(s)) {
        s.told_ended = s.told_ended || s.ended || s.broken;
        h->on_readable();
    } else if (alive && (s.ended || s.broken) && !std::exchange(s.told_ended, true)) {
        if (s.broken) h->on_broken(std::make_error_code(std::errc::connection_reset));
        else h->on_peer_closed();
    }
    if (!alive) return;
    s.alive = nullptr;
    l.tell(s); // level-triggered: as long as it is wanted and there
}

CREMA_DECL std::pair<std::unique_ptr<memory_stream>, std::unique_ptr<memory_stream>>
memory_stream::pair(loop& l, const memory_stream_options& options) {
    auto shared = std::make_shared<link>(l, options);
    shared->options.capacity = std::max<std::size_t>(options.capacity, 1);
    std::unique_ptr<memory_stream> first(new memory_stream(shared, 0));
    std::unique_ptr<memory_stream> second(new memory_stream(shared, 1));
    return {std::move(first), std::move(second)};
}

inline memory_stream::side& memory_stream::mine() const noexcept { return link_->sides[which_]; }
inline memory_stream::side& memory_stream::other() const noexcept { return link_->sides[1 - which_]; }

CREMA_DECL void memory_stream::start(stream_handler& handler) {
    mine().handler = &handler;
    link_->tell(mine());
}

CREMA_DECL void memory_stream::want(bool readable, bool writable) {
    mine().wants_readable = readable;
    mine().wants_writable = writable;
    link_->tell(mine());
}

CREMA_DECL io_result memory_stream::read(std::span<char> into) noexcept {
    auto& s = mine();
    if (s.closed) return {0, std::make_error_code(std::errc::bad_file_descriptor)};
    if (!s.in.empty()) {
        auto n = std::min(into.size(), s.in.size());
        if (link_->options.segment != 0) n = std::min(n, link_->options.segment);
        std::copy_n(s.in.data(), n, into.data());
        s.in.consume(n);
        link_->tell(other()); // there is room again
        return {n, {}};
    }
    if (s.broken) return {0, std::make_error_code(std::errc::connection_reset)};
    if (s.ended) return {0, {}};
    return {0, std::make_error_code(std::errc::operation_would_block)};
}

CREMA_DECL io_result memory_stream::write(std::span<const std::string_view> pieces) noexcept {
    auto& s = mine();
    auto& to = other();
    if (s.closed) return {0, std::make_error_code(std::errc::bad_file_descriptor)};
    if (s.broken || to.closed || to.ended) return {0, std::make_error_code(std::errc::broken_pipe)};
    std::size_t taken = 0;
    for (auto piece : pieces) {
        const auto n = std::min(piece.size(), link_->options.capacity - std::min(link_->options.capacity, to.in.size()));
        try {
            to.in.append(piece.substr(0, n));
        } catch (...) {
            return {taken, std::make_error_code(std::errc::not_enough_memory)};
        }
        taken += n;
        if (n < piece.size()) break;
    }
    link_->tell(to);
    std::size_t wanted = 0;
    for (auto piece : pieces) wanted += piece.size();
    if (taken == 0 && wanted != 0) return {0, std::make_error_code(std::errc::operation_would_block)};
    return {taken, {}};
}

CREMA_DECL void memory_stream::end() noexcept {
    if (mine().closed) return;
    other().ended = true;
    link_->tell(other());
}

CREMA_DECL void memory_stream::close() noexcept { drop(!mine().in.empty()); }
CREMA_DECL void memory_stream::reset() noexcept { drop(true); }

// As a socket: whoever leaves octets unread breaks the connection.
inline void memory_stream::drop(bool broken) noexcept {
    auto& s = mine();
    if (std::exchange(s.closed, true)) return;
    s.handler = nullptr;
    s.in.release();
    if (auto* alive = std::exchange(s.alive, nullptr)) *alive = false;
    auto& peer = other();
    if (broken) {
        peer.broken = true;
        peer.in.clear();
    } else {
        peer.ended = true;
    }
    link_->tell(peer);
}

CREMA_DECL const address& memory_stream::peer() const noexcept {
    return which_ == 0 ? link_->options.far : link_->options.near;
}
CREMA_DECL address memory_stream::local() const noexcept {
    if (mine().closed) return {};
    return which_ == 0 ? link_->options.near : link_->options.far;
}
CREMA_DECL bool memory_stream::secure() const noexcept { return link_->options.secure; }
CREMA_DECL std::size_t memory_stream::available() const noexcept { return mine().in.size(); }

} // namespace crema::net
#endif
// ---- crema/testing/reply.hpp
// reply: what came back for a request of the test client.
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::testing {

/// Says how an answer differs from what was expected, or why there is none; test frameworks print it.
class failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/** Is a whole response, as it came over the wire.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
struct reply {
    int status = 0;     ///< status code
    std::string reason; ///< reason phrase
    std::vector<std::pair<std::string, std::string>> fields; ///< header fields in order, names as they came
    std::string body;                ///< body without its framing
    std::vector<int> informational;  ///< statuses of the 1xx responses before it
    bool keep_alive = true;          ///< the connection may be used again

    /// Returns the first field of a name, case ignored.
    CREMA_DECL std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// Returns all fields of a name, case ignored.
    CREMA_DECL std::vector<std::string_view> headers(std::string_view name) const;

    /** Return the body as JSON.
        @throws failure when it is none, or does not fit `T`.
    */
    template <class T = value>
    T json() const {
        auto parsed = crema::json::parse<T>(body);
        if (!parsed) throw failure("the body is no such JSON: " + parsed.error().message() + "\n" + body);
        return std::move(parsed).value();
    }
};

} // namespace crema::testing

#if CREMA_BODIES
namespace crema::testing {

CREMA_DECL std::optional<std::string_view> reply::header(std::string_view name) const noexcept {
    for (const auto& [n, v] : fields)
        if (iequals(n, name)) return v;
    return std::nullopt;
}

CREMA_DECL std::vector<std::string_view> reply::headers(std::string_view name) const {
    std::vector<std::string_view> all;
    for (const auto& [n, v] : fields)
        if (iequals(n, name)) all.push_back(v);
    return all;
}

} // namespace crema::testing
#endif
// ---- crema/testing/client.hpp
// client: drives an app without a socket, through the same engine, on a clock of its own.
#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::testing {

class client;

namespace detail {
class connection;
}

/// Says how a client and the server it talks to behave.
struct client_options {
    server_options server{};                ///< limits and such of the server
    net::memory_stream_options connection{}; ///< room on the way, size of what one read gives, addresses
    std::chrono::milliseconds longest = std::chrono::hours(24 * 30); ///< of its clock; then waiting fails
    std::chrono::milliseconds patience{10'000}; ///< real time to wait for other threads and real connections
};

/** Is one request, which is sent when its answer is asked for, or by `start`.

    A handle: copies share everything. Valid as long as its client. When the last copy of one that runs is destroyed its
    connection is closed, as by a client that leaves.

    @par Thread Safety
    Only on the thread of its client.
*/
class [[nodiscard]] call {
public:
    /// Adds a header field; the same name may come several times.
    CREMA_DECL call& set(std::string_view name, std::string_view value);
    /// Adds a parameter to the query, escaped.
    CREMA_DECL call& query(std::string_view name, std::string_view value);
    /// Gives the body. @param type `Content-Type`, unless it was set or is empty.
    CREMA_DECL call& send(std::string body, std::string_view type = "text/plain; charset=utf-8");
    /// Gives the body as JSON.
    template <class T>
    call& json(const T& v) {
        return send(crema::json::stringify(v), "application/json");
    }
    /// Gives the body as JSON that is text already.
    call& json(const char* text) { return send(text, "application/json"); }
    /// Sends the body in chunks of at most this size instead of with its length.
    CREMA_DECL call& chunked(std::size_t size);

    /// Sends it and returns at once; what can happen without time passing happens in `client::run`.
    CREMA_DECL call& start();
    /** Send only the first octets of it, head and body; the rest never.
        @see disconnect
    */
    CREMA_DECL call& start_part(std::size_t octets);
    /// Closes its connection, as a client that leaves half-way, and lets the app notice.
    CREMA_DECL call& disconnect();
    /// Resets its connection, as a client that crashes.
    CREMA_DECL call& reset();
    /// Tells whether its answer is complete.
    CREMA_DECL bool done() const noexcept;
    /// Returns what came of the body so far, for answers that are streamed.
    CREMA_DECL std::string_view body_so_far() const noexcept;

    /** Wait for the answer and return it.

        Time passes only when nothing else can happen: then the clock moves to the next timer.

        @throws failure when there will be none.
    */
    CREMA_DECL reply result();
    /** Expect a status.
        @throws failure which tells what came instead.
    */
    CREMA_DECL call& expect(int status);
    /// Expects a status and a whole body; see above.
    CREMA_DECL call& expect(int status, std::string_view body);
    /// Expects a header field; see above.
    CREMA_DECL call& expect(std::string_view name, std::string_view value);
    /// Expects what a function checks, called with the reply; it throws, or returns nothing.
    template <std::invocable<const reply&> F>
    call& expect(F&& check) {
        check(need());
        return *this;
    }

private:
    friend class client;
    struct state;
    call(client& c, std::string_view method, std::string_view target);
    CREMA_DECL const reply& need();

    std::shared_ptr<state> s_;
};

/** Drives an app without a socket: the same server, the same parser, the same timers, on memory streams.

    Time stands still, and passes by itself only when nothing else can happen, or by `advance`; work on the pool is
    waited for. Its loop is its own: what the app does in its handlers happens there.

    @code
    testing::client client(app);
    client.get("/").expect(200, "hello");
    @endcode

    @par Thread Safety
    Only on one thread, and not within a loop that runs.
*/
class client {
public:
    /// Construct for an app; both share it.
    explicit CREMA_DECL client(app a, client_options options = {});
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    /// Cuts what still runs, and lets it clean up.
    CREMA_DECL ~client();

    /// Makes a request. @param target Path and query, or whatever is to be sent.
    CREMA_DECL call request(std::string_view method, std::string_view target);
    /// Makes a request; see `request`.
    call get(std::string_view target) { return request("GET", target); }
    /// @copydoc get
    call head(std::string_view target) { return request("HEAD", target); }
    /// @copydoc get
    call post(std::string_view target) { return request("POST", target); }
    /// @copydoc get
    call put(std::string_view target) { return request("PUT", target); }
    /// @copydoc get
    call patch(std::string_view target) { return request("PATCH", target); }
    /// @copydoc get
    call del(std::string_view target) { return request("DELETE", target); }
    /// @copydoc get
    call options(std::string_view target) { return request("OPTIONS", target); }

    /** Send octets as they are on a connection of their own, and return all that comes back.

        Waits until the server closes, or nothing more can happen without time passing.
    */
    CREMA_DECL std::string raw(std::string_view octets);

    /// Lets happen whatever can happen without time passing; waits for the pool.
    CREMA_DECL void run();
    /// Lets time pass, and happen what then happens.
    CREMA_DECL void advance(std::chrono::milliseconds time);
    /// Returns the clock.
    manual_clock& clock() noexcept { return clock_; }
    /// Returns the loop.
    class loop& loop() noexcept { return loop_; }
    /// Returns the server.
    class server& server() noexcept { return *server_; }

private:
    friend class call;
    std::shared_ptr<detail::connection> idle();
    bool turn();
    bool wait_outside(std::chrono::steady_clock::time_point& since, bool time_may_pass);
    void rethrow();
    template <class Done>
    bool wait(Done done);

    client_options options_;
    manual_clock clock_;
    class loop loop_;
    app app_;
    std::unique_ptr<class server> server_;
    std::vector<std::shared_ptr<detail::connection>> connections_;
    std::exception_ptr error_;
};

} // namespace crema::testing

// ---- crema/http/response_parser.hpp
// response_parser: reads a whole response, for clients.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Reads one response after the other from the octets of a connection, with the body in memory.

    Responses of status 1xx, except 101, are counted and passed over.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 9112 sections 4 and 6.3
*/
class response_parser {
public:
    /// Says whether the answer can have a body at all.
    enum class to : bool { other, head };
    /// Is where the parser stands.
    enum class state : unsigned char { head, body, done, bad };

    /// Construct for the answer to a request. @param method `to::head` for HEAD.
    explicit response_parser(to method = to::other) noexcept : to_(method) {}

    /** Read octets.
        @return How many belong to this response.
    */
    CREMA_DECL std::size_t feed(std::string_view octets);
    /// Says that the connection has ended: completes a body that lasts until then, else the response is bad.
    CREMA_DECL void finish();

    /// Returns where it stands.
    state where() const noexcept { return state_; }
    /// Tells whether the response is complete.
    bool done() const noexcept { return state_ == state::done; }
    /// Returns what is wrong when it is bad.
    std::string_view problem() const noexcept { return problem_; }

    /// Returns the status, 0 before the head is complete.
    int status() const noexcept { return status_; }
    /// Returns the reason phrase.
    const std::string& reason() const noexcept { return reason_; }
    /// Returns the header fields in order, names as they came.
    const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }
    /// Returns the first field of a name, case ignored.
    CREMA_DECL std::optional<std::string_view> field(std::string_view name) const noexcept;
    /// Returns what there is of the body.
    const std::string& body() const noexcept { return body_; }
    /// Takes the body.
    std::string take_body() noexcept { return std::move(body_); }
    /// Returns the status of the informational responses before this one, in order.
    const std::vector<int>& informational() const noexcept { return informational_; }
    /// Tells whether the connection may be used again behind this response.
    bool keep_alive() const noexcept { return keep_alive_; }
    /// Tells whether the head is complete.
    bool head_done() const noexcept { return state_ == state::body || state_ == state::done; }

private:
    enum class framing : unsigned char { none, length, chunked, until_close };
    CREMA_DECL bool parse_head(std::string_view text);
    bool fail(std::string_view why) {
        problem_ = why;
        state_ = state::bad;
        return false;
    }

    to to_;
    state state_ = state::head;
    framing framing_ = framing::none;
    bool keep_alive_ = true;
    int status_ = 0;
    std::uint64_t left_ = 0;
    std::string head_, reason_, body_, problem_;
    std::vector<std::pair<std::string, std::string>> fields_;
    std::vector<int> informational_;
    chunked_decoder chunks_;
};

} // namespace crema::http

#if CREMA_BODIES
#include <algorithm>
#include <charconv>

namespace crema::http {

CREMA_DECL std::optional<std::string_view> response_parser::field(std::string_view name) const noexcept {
    for (const auto& [n, v] : fields_)
        if (iequals(n, name)) return v;
    return std::nullopt;
}

CREMA_DECL std::size_t response_parser::feed(std::string_view octets) {
    std::size_t used = 0;
    while (state_ == state::head && used < octets.size()) {
        constexpr std::size_t most = 256 * 1024;
        const auto before = head_.size();
        head_ += octets.substr(used);
        const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == head_.npos) {
            if (head_.size() > most) fail("the head of the response is too large");
            return octets.size();
        }
        used += end + 4 - before;
        head_.resize(end + 2);
        const std::string text = std::exchange(head_, {});
        if (!parse_head(text)) return used;
        if (status_ >= 100 && status_ < 200 && status_ != 101) {
            informational_.push_back(status_);
            status_ = 0;
            fields_.clear();
            continue;
        }
        state_ = framing_ == framing::none ? state::done : state::body;
    }
    while (state_ == state::body && used < octets.size()) {
        const auto rest = octets.substr(used);
        if (framing_ == framing::until_close) {
            body_ += rest;
            return octets.size();
        }
        if (framing_ == framing::length) {
            const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
            body_ += rest.substr(0, n);
            used += n;
            left_ -= n;
            if (left_ == 0) state_ = state::done;
            continue;
        }
        const auto piece = chunks_.next(rest.data(), rest.size());
        body_ += piece.data;
        used += piece.consumed;
        if (piece.state == parse_state::done) state_ = state::done;
        else if (piece.state == parse_state::bad) fail(chunks_.reason());
    }
    return used;
}

CREMA_DECL void response_parser::finish() {
    if (state_ == state::body && framing_ == framing::until_close) state_ = state::done;
    else if (state_ != state::done) fail("the connection ended within the response");
}

CREMA_DECL bool response_parser::parse_head(std::string_view text) {
    const auto line = text.substr(0, text.find("\r\n"));
    if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return fail("malformed status line");
    const auto [end, ec] = std::from_chars(line.data() + 9, line.data() + 12, status_);
    if (ec != std::errc{} || end != line.data() + 12 || status_ < 100 || (line.size() > 12 && line[12] != ' '))
        return fail("malformed status line");
    reason_ = line.size() > 13 ? line.substr(13) : std::string_view{};
    keep_alive_ = line[7] != '0';
    text.remove_prefix(line.size() + 2);
    framing_ = framing::until_close;
    bool has_length = false, chunked = false;
    while (!text.empty()) {
        const auto field = text.substr(0, text.find("\r\n"));
        text.remove_prefix(field.size() + 2);
        const auto colon = field.find(':');
        if (colon == field.npos || !is_token(field.substr(0, colon))) return fail("malformed header field");
        const auto name = field.substr(0, colon), value = trim_ows(field.substr(colon + 1));
        if (iequals(name, "content-length")) {
            std::uint64_t n = 0;
            const auto [p, bad] = std::from_chars(value.data(), value.data() + value.size(), n);
            if (bad != std::errc{} || p != value.data() + value.size() || (has_length && n != left_))
                return fail("malformed Content-Length");
            left_ = n;
            has_length = true;
        } else if (iequals(name, "transfer-encoding")) chunked = list_contains(value, "chunked");
        else if (iequals(name, "connection")) {
            if (list_contains(value, "close")) keep_alive_ = false;
            else if (list_contains(value, "keep-alive")) keep_alive_ = true;
        }
        fields_.emplace_back(name, value);
    }
    if (chunked && has_length) return fail("both Content-Length and Transfer-Encoding");
    if (to_ == to::head || status_ < 200 || status_ == 204 || status_ == 304) framing_ = framing::none;
    else if (chunked) framing_ = framing::chunked;
    else if (has_length) framing_ = left_ == 0 ? framing::none : framing::length;
    if (framing_ == framing::until_close) keep_alive_ = false;
    return true;
}

} // namespace crema::http
#endif
// ---- crema/testing/client.hpp, bodies
#if CREMA_BODIES
#include <algorithm>
#include <optional>
#include <thread>

namespace crema::testing {

namespace detail {

// The client's end of one connection.
class connection final : net::stream_handler {
public:
    explicit connection(std::unique_ptr<net::memory_stream> s) : stream_(std::move(s)) { stream_->start(*this); }

    void expect(http::response_parser::to what) { parser_.emplace(what); }
    void put(std::string_view octets) {
        out_ += octets;
        flush();
    }
    void close() { gone_ = true, stream_->close(); }
    void reset() { gone_ = true, stream_->reset(); }
    bool gone() const noexcept { return gone_; }
    bool ended() const noexcept { return ended_; }
    bool broken() const noexcept { return broken_; }
    const std::optional<http::response_parser>& parser() const noexcept { return parser_; }
    bool answered() const noexcept { return parser_ && parser_->done(); }
    bool bad() const noexcept { return parser_ && parser_->where() == http::response_parser::state::bad; }
    bool usable() const noexcept {
        return !gone_ && !ended_ && !broken_ && out_.empty() && raw.empty() &&
               (!parser_ || (answered() && parser_->keep_alive()));
    }
    bool over() const noexcept { return answered() || bad() || ended_ || broken_ || gone_; }
    std::string raw; // what belongs to no answer

private:
    void flush() {
        while (!out_.empty() && !broken_ && !gone_) {
            const std::string_view piece[] = {out_};
            const auto r = stream_->write(piece);
            if (r.would_block()) break;
            if (r.error) {
                out_.clear(); // what it answers may still be read
                break;
            }
            out_.erase(0, r.size);
        }
        if (!gone_) stream_->want(!ended_ && !broken_, !out_.empty());
    }
    void on_readable() override {
        char room[16384];
        const auto r = stream_->read(room);
        if (r.would_block()) return;
        if (r.error || r.size == 0) {
            (r.error ? broken_ : ended_) = true;
            if (parser_ && !parser_->done()) parser_->finish();
            return flush();
        }
        const auto used = parser_ ? parser_->feed(std::string_view(room, r.size)) : 0;
        raw.append(room + used, r.size - used);
    }
    void on_writable() override { flush(); }
    void on_peer_closed() override { ended_ = true; }
    void on_broken(std::error_code) override { broken_ = true; }

    std::unique_ptr<net::memory_stream> stream_;
    std::string out_;
    std::optional<http::response_parser> parser_;
    bool ended_ = false, broken_ = false, gone_ = false;
};

} // namespace detail

struct call::state {
    state(client& c, std::string_view m, std::string_view t) : owner(c), method(m), target(t) {}
    state(const state&) = delete;
    ~state() {
        if (connection && !connection->over()) connection->close();
    }
    std::string message() const;
    [[noreturn]] void fail(const std::string& why) const { throw failure(method + " " + target + ": " + why); }

    client& owner;
    std::string method, target, fields, body, type;
    std::size_t chunk = 0;
    bool has_body = false, has_type = false, has_host = false;
    std::shared_ptr<detail::connection> connection;
    std::optional<reply> got;
};

inline call::call(client& c, std::string_view method, std::string_view target)
    : s_(std::make_shared<state>(c, method, target)) {}

CREMA_DECL call& call::set(std::string_view name, std::string_view value) {
    s_->has_host = s_->has_host || iequals(name, "host");
    s_->has_type = s_->has_type || iequals(name, "content-type");
    s_->fields.append(name).append(": ").append(value).append("\r\n");
    return *this;
}

CREMA_DECL call& call::query(std::string_view name, std::string_view value) {
    s_->target += s_->target.find('?') == std::string::npos ? '?' : '&';
    s_->target += encode_uri_component(name) + "=" + encode_uri_component(value);
    return *this;
}

CREMA_DECL call& call::send(std::string body, std::string_view type) {
    s_->body = std::move(body);
    s_->type = type;
    s_->has_body = true;
    return *this;
}

CREMA_DECL call& call::chunked(std::size_t size) {
    s_->chunk = std::max<std::size_t>(size, 1);
    return *this;
}

inline std::string call::state::message() const {
    std::string m = method + " " + target + " HTTP/1.1\r\n";
    if (!has_host) m += "Host: localhost\r\n";
    m += fields;
    if (has_body && !has_type && !type.empty()) m += "Content-Type: " + type + "\r\n";
    if (chunk == 0) {
        if (has_body) m += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return m + "\r\n" + body;
    }
    m += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::string_view rest = body; !rest.empty();) {
        const auto piece = rest.substr(0, chunk);
        rest.remove_prefix(piece.size());
        constexpr std::string_view digits = "0123456789abcdef";
        std::string size;
        for (auto n = piece.size(); n != 0; n /= 16) size.insert(size.begin(), digits[n % 16]);
        m.append(size).append("\r\n").append(piece).append("\r\n");
    }
    return m + "0\r\n\r\n";
}

CREMA_DECL call& call::start() { return start_part(std::string::npos); }

CREMA_DECL call& call::start_part(std::size_t octets) {
    if (s_->connection) s_->fail("was sent already");
    s_->connection = s_->owner.idle();
    s_->connection->expect(s_->method == "HEAD" ? http::response_parser::to::head : http::response_parser::to::other);
    s_->connection->put(s_->message().substr(0, octets));
    return *this;
}

CREMA_DECL call& call::disconnect() {
    if (!s_->connection) start();
    s_->connection->close();
    s_->owner.run();
    return *this;
}

CREMA_DECL call& call::reset() {
    if (!s_->connection) start();
    s_->connection->reset();
    s_->owner.run();
    return *this;
}

CREMA_DECL bool call::done() const noexcept { return s_->got || (s_->connection && s_->connection->answered()); }

CREMA_DECL std::string_view call::body_so_far() const noexcept {
    if (s_->got) return s_->got->body;
    return s_->connection ? std::string_view(s_->connection->parser()->body()) : std::string_view();
}

CREMA_DECL const reply& call::need() {
    if (s_->got) return *s_->got;
    if (!s_->connection) start();
    if (!s_->owner.wait([&] { return s_->connection->over(); })) {
        s_->fail("was not answered, and nothing is left that could answer it");
    }
    const auto& c = *s_->connection;
    const auto& p = *c.parser();
    if (!p.done()) {
        if (c.gone()) s_->fail("was not answered: the client has left");
        if (c.bad() && p.status() != 0) s_->fail("the answer is broken: " + std::string(p.problem()));
        s_->fail(c.broken() ? "the server has reset the connection" : "the server has closed the connection");
    }
    auto& r = s_->got.emplace();
    r.status = p.status();
    r.reason = p.reason();
    r.fields = p.fields();
    r.body = p.body();
    r.informational = p.informational();
    r.keep_alive = p.keep_alive();
    s_->connection.reset();
    return r;
}

CREMA_DECL reply call::result() { return need(); }

CREMA_DECL call& call::expect(int status) {
    const auto& r = need();
    if (r.status == status) return *this;
    const auto got = std::to_string(r.status) + " " + r.reason + "\n" + r.body;
    s_->fail("expected status " + std::to_string(status) + ", got " + got);
}

CREMA_DECL call& call::expect(int status, std::string_view body) {
    expect(status);
    if (need().body != body) s_->fail("expected the body\n  " + std::string(body) + "\ngot\n  " + need().body);
    return *this;
}

CREMA_DECL call& call::expect(std::string_view name, std::string_view value) {
    const auto all = need().headers(name);
    if (std::find(all.begin(), all.end(), value) != all.end()) return *this;
    std::string got;
    for (auto v : all) got.append("\n  ").append(name).append(": ").append(v);
    if (got.empty()) got = " no such field";
    s_->fail("expected\n  " + std::string(name) + ": " + std::string(value) + "\ngot" + got);
}

CREMA_DECL client::client(app a, client_options options) : options_(std::move(options)), app_(std::move(a)) {
    loop_.clock(&clock_);
    loop_.on_error([this](std::exception_ptr e) {
        if (!error_) error_ = std::move(e);
    });
    server_ = std::make_unique<class server>(loop_, app_.handler(), options_.server);
}

CREMA_DECL client::~client() {
    connections_.clear();
    server_.reset();
    while (turn()) {
    }
}

CREMA_DECL call client::request(std::string_view method, std::string_view target) {
    return call(*this, method, target);
}

inline std::shared_ptr<detail::connection> client::idle() {
    std::erase_if(connections_, [](const auto& c) { return c.use_count() == 1 && !c->usable(); });
    for (const auto& c : connections_)
        if (c.use_count() == 1) return c;
    auto [far, near] = net::memory_stream::pair(loop_, options_.connection);
    server_->serve(std::move(near));
    connections_.push_back(std::make_shared<detail::connection>(std::move(far)));
    return connections_.back();
}

CREMA_DECL std::string client::raw(std::string_view octets) {
    auto [far, near] = net::memory_stream::pair(loop_, options_.connection);
    server_->serve(std::move(near));
    detail::connection c(std::move(far));
    c.put(octets);
    run();
    c.close();
    return std::move(c.raw);
}

// One turn of the loop. False when nothing has happened.
inline bool client::turn() {
    const auto& turns = this_thread_activity().turn;
    const auto before = turns.load(std::memory_order_relaxed);
    loop_.callback([] {});
    const auto idle = turns.load(std::memory_order_relaxed) - before;
    const auto started = turns.load(std::memory_order_relaxed);
    loop_.run_once();
    return turns.load(std::memory_order_relaxed) - started > idle;
}

inline void client::rethrow() {
    if (auto e = std::exchange(error_, nullptr)) std::rethrow_exception(e);
}

// Gives real time to other threads and connections. False when there are none, or they take too long.
inline bool client::wait_outside(std::chrono::steady_clock::time_point& since, bool time_may_pass) {
    if (!loop_.waits_for_others()) return false;
    const auto now = std::chrono::steady_clock::now();
    if (since == std::chrono::steady_clock::time_point{}) since = now;
    if (now - since > options_.patience) {
        if (time_may_pass) return false;
        throw failure("other threads or connections have not answered in time");
    }
    std::this_thread::sleep_for(std::chrono::microseconds(now - since > std::chrono::milliseconds(2) ? 500 : 50));
    return true;
}

template <class Done>
bool client::wait(Done done) {
    const auto end = clock_.now() + options_.longest;
    std::chrono::steady_clock::time_point since{};
    for (;;) {
        if (done()) break;
        const bool happened = turn();
        rethrow();
        if (happened) {
            since = {};
            continue;
        }
        if (done()) break;
        const auto next = loop_.next_timer();
        if (wait_outside(since, next.has_value())) continue;
        since = {};
        if (!next || *next > end) return false;
        if (*next > clock_.now()) clock_.advance(*next - clock_.now());
    }
    return true;
}

CREMA_DECL void client::run() {
    std::chrono::steady_clock::time_point since{};
    for (;;) {
        const bool happened = turn();
        rethrow();
        if (happened) since = {};
        else if (!wait_outside(since, true)) return;
    }
}

CREMA_DECL void client::advance(std::chrono::milliseconds time) {
    run();
    const auto end = clock_.now() + time;
    for (auto next = loop_.next_timer(); next && *next <= end; next = loop_.next_timer()) {
        if (*next > clock_.now()) clock_.advance(*next - clock_.now());
        run();
    }
    clock_.advance(end - clock_.now());
    run();
}

} // namespace crema::testing
#endif
