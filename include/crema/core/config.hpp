// Configuration: version of the language, how bodies are compiled, compiler differences.
// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__cpp_impl_coroutine) || !defined(__cpp_concepts)
#error "crema needs C++20 with coroutines and concepts: compile with -std=c++20 (g++ 12, clang 16 or newer)"
#endif

/** @def CREMA_DECL
    Marks a function whose body stands in the lower part of its header. Header-only builds make it
    `inline`; with `CREMA_SEPARATE_COMPILATION` the body is compiled once, in the one source file that
    defines `CREMA_SOURCE` before it includes crema. */

/** @def CREMA_COROUTINE
    Is `CREMA_DECL` for coroutines. g++ 12 emits the body of every inline coroutine and all that it calls, even when
    nobody calls it; as a template it is emitted where it is used. */
#if defined(CREMA_SEPARATE_COMPILATION)
#define CREMA_DECL
#define CREMA_COROUTINE
#if defined(CREMA_SOURCE)
#define CREMA_BODIES 1
#if defined(__GNUC__) && !defined(__clang__)
// The frame of a coroutine that holds a lambda; in this one source file there is nothing to collide with.
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif
#else
#define CREMA_BODIES 0
#endif
#else
#define CREMA_DECL inline
#define CREMA_COROUTINE template <class...>
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
