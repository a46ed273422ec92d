// Tests of core/codec.hpp, with a coding made for them: each octet is doubled, a full stop ends.
// SPDX-License-Identifier: MIT
#include <crema/core/codec.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

struct halve final : decoder {
    result<state> decode(std::string_view& in, std::string& out, std::size_t limit) override {
        while (!in.empty()) {
            if (in[0] == '.') {
                in.remove_prefix(1);
                return state::done;
            }
            if (in.size() < 2 || in[0] != in[1]) return failure{make_error_code(error::bad_syntax), 0, "not doubled"};
            if (out.size() == limit) return state::full;
            out += in[0];
            in.remove_prefix(2);
        }
        return state::more;
    }
};

struct doubling final : encoder {
    void encode(std::string_view in, std::string& out, flush how) override {
        for (const char c : in) out.append(2, c);
        if (how == flush::end) out += '.';
    }
};

constexpr codec twice{"twice", [] { return std::unique_ptr<decoder>(new halve); },
                      [](int) { return std::unique_ptr<encoder>(new doubling); }};

} // namespace

TEST_CASE("a coding is applied and undone", "[core][codec]") {
    CHECK(encode_all(twice, "abc") == "aabbcc.");
    CHECK(decode_all(twice, "aabbcc.", 100).value() == "abc");
    CHECK(decode_all(twice, ".", 0).value().empty());
}

TEST_CASE("what comes out is limited", "[core][codec]") {
    CHECK(decode_all(twice, "aabbcc.", 3).value() == "abc");
    CHECK(decode_all(twice, "aabbcc.", 2).error().code == make_error_code(error::too_large));
    CHECK(decode_all(twice, "aa.", 0).error().code == make_error_code(error::too_large));
    CHECK(decode_all(twice, "aa.", static_cast<std::size_t>(-1)).value() == "a");
}

TEST_CASE("damaged and cut data is refused", "[core][codec]") {
    CHECK(decode_all(twice, "ab.", 9).error().detail == "not doubled");
    CHECK(decode_all(twice, "aabb", 9).error().code == make_error_code(error::end_of_stream));
    CHECK(decode_all(twice, "", 9).error().detail == "unexpected end of file");
    CHECK(decode_all(twice, "aa.garbage", 9).value() == "a");
}
