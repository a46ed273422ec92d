// Scanning: the vector forms find what the portable forms find.
// SPDX-License-Identifier: MIT
#include <crema/core/scan.hpp>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

using namespace crema;

namespace {

// Copies to memory of exactly this size, so that a read beyond is seen by sanitizers.
struct exact {
    explicit exact(const std::string& s) : size(s.size()), data(new char[s.size()]) { s.copy(data.get(), size); }
    const char* begin() const { return data.get(); }
    const char* end() const { return data.get() + size; }
    std::size_t size;
    std::unique_ptr<char[]> data;
};

} // namespace

namespace {

// Compares one form with the portable one: every octet at every place of texts of several sizes.
template <class FieldValue, class Token, class Path, class Query>
void compare(FieldValue field_value, Token token, Path path, Query query) {
    for (std::size_t size : {1, 7, 15, 16, 17, 31, 33, 50, 97, 200}) {
        for (std::size_t at = 0; at < size; ++at) {
            for (int c = 0; c < 256; ++c) {
                if (size > 50 && c > 0x23 && c < 0x7e && c != '<' && c != '?' && c != '>') continue;
                std::string s(size, 'a');
                s[at] = static_cast<char>(c);
                const exact e(s);
                const auto *b = e.begin(), *n = e.end();
                bool same = field_value(b, n) == scan_portable::field_value(b, n) && token(b, n) == scan_portable::token(b, n);
                for (auto k : {target_octets::strict, target_octets::relaxed})
                    same = same && path(b, n, k) == scan_portable::target_path(b, n, k) &&
                           query(b, n, k) == scan_portable::target_query(b, n, k);
                if (!same) FAIL("octet " << c << " at " << at << " of " << size);
            }
        }
    }
    SUCCEED();
}
#define FORMS_OF(space)                                                                                                \
    [](const char* p, const char* e) { return space::field_value(p, e); }, [](const char* p, const char* e) { return space::token(p, e); },   \
        [](const char* p, const char* e, target_octets k) { return space::target_path(p, e, k); },                    \
        [](const char* p, const char* e, target_octets k) { return space::target_query(p, e, k); }

} // namespace

TEST_CASE("every octet stops at every place as the portable form says", "[scan]") {
    compare(FORMS_OF(scan));
#if CREMA_SCAN_SSE2
    compare(FORMS_OF(scan_sse2));
#endif
#if CREMA_SCAN_AVX2
    if (scan_avx2::available()) compare(FORMS_OF(scan_avx2));
#endif
}

TEST_CASE("what stands in front of a value makes no difference", "[scan]") {
    for (std::size_t size : {1, 15, 16, 17, 40, 90, 170}) {
        for (std::size_t at = 0; at < size; ++at) {
            for (char c : {'a', '\t', '\r', '\0', '\x1f', ' ', '\x7f', '\x80', '\xff'}) {
                std::string s(size, 'a');
                s[at] = c;
                const exact e(s);
                const auto *b = e.begin(), *n = e.end();
                for (const char* p = b; p <= b + at; ++p)
                    if (scan::field_value(p, n, b) != scan_portable::field_value(p, n, b)) FAIL(at << " of " << size);
            }
        }
    }
    SUCCEED();
}

TEST_CASE("the portable forms stop where the grammars say", "[scan]") {
    auto stop = [](auto f, const std::string& s) { return static_cast<std::size_t>(f(s.data(), s.data() + s.size()) - s.data()); };
    auto value = [](const char* a, const char* b) { return scan_portable::field_value(a, b); };
    CHECK(stop(value, "a\tb \xff\r") == 5);
    CHECK(stop(value, "ab\x7f") == 2);
    CHECK(stop(scan_portable::token, "Content-Type: x") == 12);
    CHECK(stop(scan_portable::token, "all_of'it") == 9);
    auto path = [](const char* a, const char* b) { return scan_portable::target_path(a, b, target_octets::strict); };
    auto query = [](const char* a, const char* b) { return scan_portable::target_query(a, b, target_octets::strict); };
    auto relaxed = [](const char* a, const char* b) { return scan_portable::target_query(a, b, target_octets::relaxed); };
    CHECK(stop(path, "/a/b?c d") == 4);
    CHECK(stop(query, "/a/b?c{}|\\^`[] d") == 14);
    for (char c : {'"', '#', '<', '>', '\xe9'}) {
        CHECK(stop(query, std::string("ab") + c) == 2);
        CHECK(stop(relaxed, std::string("ab") + c) == 3);
    }
    for (char c : {' ', '\0', '\n', '\x7f'}) CHECK(stop(relaxed, std::string("ab") + c) == 2);
}
