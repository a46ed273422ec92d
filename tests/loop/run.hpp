// Runs a coroutine on a loop to its end and gives its result: what the tests of loop and fs share.
#pragma once
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/loop/loop.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace testing_loop {

template <class T>
T run(crema::loop& l, crema::task<T> work, crema::cancel_scope* scope = nullptr) {
    std::optional<crema::value_of_t<T>> value;
    std::exception_ptr error;
    bool ended = false;
    auto root = [](crema::task<T> t, auto& v, auto& e, bool& end) -> crema::task<> {
        try {
            if constexpr (std::is_void_v<T>) {
                co_await std::move(t);
                v.emplace();
            } else {
                v.emplace(co_await std::move(t));
            }
        } catch (...) {
            e = std::current_exception();
        }
        end = true;
    };
    l.callback([&] { crema::spawn(root(std::move(work), value, error, ended), scope); });
    l.run();
    if (error) std::rethrow_exception(error);
    if (!ended) throw std::logic_error("the coroutine still waits although nothing keeps the loop alive");
    if constexpr (!std::is_void_v<T>) return std::move(*value);
}

template <class T>
T run(crema::task<T> work) {
    crema::loop l;
    return run(l, std::move(work));
}

} // namespace testing_loop
