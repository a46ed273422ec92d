// Forward declarations: what a header of an application needs to name crema's types.
// SPDX-License-Identifier: MIT
#pragma once

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
