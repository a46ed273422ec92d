// What a session costs: finding it in memory, the check of its signature included.
//
//     bench_session [ROUNDS]    prints nanoseconds for each step, the best of five runs
// SPDX-License-Identifier: MIT
#include <crema/core/secret.hpp>
#include <crema/ext/openssl.hpp>
#include <crema/middleware/session.hpp>
#include <crema/web/app.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
using namespace crema;

namespace {

template <class F>
double best(long rounds, F f) {
    double least = 1e9;
    for (int run = 0; run < 5; ++run) {
        const auto begin = std::chrono::steady_clock::now();
        for (long i = 0; i < rounds; ++i) f(static_cast<std::size_t>(i));
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        least = std::min(least, took.count() / static_cast<double>(rounds));
    }
    return least;
}

} // namespace

int main(int argc, char** argv) {
    const long rounds = argc > 1 ? std::atol(argv[1]) : 200'000;
    constexpr std::size_t sessions = 10'000;
    const auto signer = openssl::hmac_signer("a secret of thirty-two octets or so");
    memory_session_store store(sessions);
    std::vector<std::string> cookies;
    const auto later = std::chrono::system_clock::now() + std::chrono::hours(1);
    for (std::size_t i = 0; i < sessions; ++i) {
        const auto id = random_token(24);
        store.put(id, {R"({"user":"ada","cart":[1,2,3]})", later, {}});
        cookies.push_back("theme=dark; connect.sid=" + http::serialize_cookie("x", "s:" + signer->sign(id))->substr(2));
    }
    std::size_t found = 0;
    const auto id_of = [&](std::size_t i) {
        for (const auto& [name, raw] : http::cookie_pairs(cookies[i % sessions])) {
            if (name != "connect.sid") continue;
            const auto text = http::decode_cookie(raw);
            return std::string(signer->unsign(std::string_view(text).substr(2)).value_or(""));
        }
        return std::string();
    };
    const auto sign = [&](std::size_t i) { found += signer->signature(cookies[i % sessions].substr(0, 32)).size(); };
    const auto signature = best(rounds, sign);
    const auto checked = best(rounds, [&](std::size_t i) { found += id_of(i).size(); });
    const auto all = best(rounds, [&](std::size_t i) { found += store.find(id_of(i)).has_value() ? 1 : 0; });
    std::printf("signature            %7.0f ns\n", signature);
    std::printf("cookie, checked      %7.0f ns\n", checked);
    std::printf("session, found       %7.0f ns\n", all);
    return found > 0 ? 0 : 1;
}
