// The version of the library, for the preprocessor and for the program.
// SPDX-License-Identifier: MIT
#pragma once

#define CREMA_VERSION_MAJOR 0
#define CREMA_VERSION_MINOR 1
#define CREMA_VERSION_PATCH 0
#define CREMA_VERSION_STRING "0.1.0"

namespace crema {

/// Holds the version of the headers in use, as `"major.minor.patch"`.
inline constexpr char version[] = CREMA_VERSION_STRING;

} // namespace crema
