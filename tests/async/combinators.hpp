// Branches for the tests of the combinators.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include "gate.hpp"
#include <memory>
#include <stdexcept>
#include <string>

inline crema::task<int> number(int n) { co_return n; }
inline crema::task<> nothing() { co_return; }
inline crema::task<int> fails(const char* what) {
    throw std::runtime_error(what);
    co_return 0;
}
// The tracers show when locals and parameters are destroyed.
inline crema::task<int> waits(gate& g, int n, tracer, std::vector<std::string>& log, const char* local) {
    const tracer t(log, local);
    co_await g.wait();
    co_return n;
}
inline crema::task<int> fails_after(gate& g, const char* what) {
    co_await g.wait();
    throw std::runtime_error(what);
}
// Runs f as the body of a task and returns what it caught, or "".
template <class F>
std::string caught(F f, crema::cancel_scope* scope = nullptr) {
    auto out = std::make_shared<std::string>("not ended");
    crema::spawn([](F body, std::shared_ptr<std::string> o) -> crema::task<> {
        try {
            co_await body();
            *o = "";
        } catch (const crema::cancelled&) {
            *o = "cancelled";
        } catch (const std::exception& e) {
            *o = e.what();
        }
    }(std::move(f), out), scope);
    return *out;
}
