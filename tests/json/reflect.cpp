// Reflection: counts and names of members, whatever their types, wherever the aggregate was declared.
// SPDX-License-Identifier: MIT
#include <crema/core/value.hpp>
#include <crema/json/reflect.hpp>
#include <catch2/catch.hpp>
#include <any>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using crema::detail::field_count;
using crema::detail::field_keys;
using crema::detail::field_names;
using crema::detail::with_fields;

namespace far::away {
struct point {
    double x, y;
};
template <class T>
struct box {
    T content;
    int weight = 1;
};
} // namespace far::away

namespace {

struct empty {};
struct one {
    int only;
};
struct many {
    std::string text;
    std::vector<many> list;
    std::optional<std::string> maybe;
    std::variant<int, std::string> either;
    std::map<std::string, int> table;
    std::unique_ptr<many> next;
    std::shared_ptr<int> shared;
    std::function<void()> call;
    std::any any;
    far::away::point where;
    const char* c;
    std::string_view view;
};
struct nested {
    far::away::point first, second;
    struct {
        int inner;
    } unnamed;
    int last;
};
struct with_defaults {
    int page = 1;
    std::string sort = "date";
    std::optional<int> size = 20;
    far::away::point origin{1, 2};
};
struct arrays {
    int before;
    int triple[3];
    char name[16];
    std::array<int, 4> std_array;
    far::away::point corners[2];
    int grid[2][3];
    std::vector<int> list;
    int after;
};
struct only_array {
    int numbers[5];
};
struct no_default {
    explicit no_default(int) {}
};
struct needs_values {
    no_default a;
    int b;
    no_default c;
    int d[2];
};
struct thirty_two {
    int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1;
};
struct sixty_four {
    thirty_two no; // one member
    std::string e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9;
    int h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, j0, j1, j2, j3, j4, j5, j6, j7, j8, j9, k0, k1, the_last;
};
struct immovable {
    std::mutex guard;
    int counted;
};
struct greedy { // takes anything
    template <class T>
    greedy(const T&) {}
    greedy() = default;
};
struct greedier {
    template <class T>
    greedier(T&&) {}
    greedier() = default;
};
struct with_greedy {
    int a;
    greedy b;
    crema::value c;
    greedier d;
    std::optional<crema::value> e;
    std::vector<greedy> f;
};
struct large_arrays {
    char text[3000];
    int numbers[1000];
    std::string last;
};
struct bools {
    bool email, sms, push;
};
struct constant {
    const int a = 1;
    const std::string b;
};

struct own_names {
    int class_, other;
    static constexpr crema::json::rename json_names[] = {{"class_", "class"}};
};
struct foreign_names {
    int a, b, c;
};
struct swapped {
    int a, b;
    static constexpr crema::json::rename json_names[] = {{"a", "b"}, {"b", "a"}};
};
struct odd_names {
    int a, b;
    static constexpr crema::json::rename json_names[] = {{"a", "say \"hi\"\n\\"}, {"b", "\xC3\xA9"}};
};

struct lenient {
    int a = 1;
    static constexpr bool json_defaults = true;
};
struct strict {
    static constexpr bool json_defaults = false;
};

template <class T>
std::string names() {
    std::string all;
    for (std::size_t i = 0; i < field_names<T>.size(); ++i) all += std::string(i ? " " : "") + std::string(field_names<T>[i]);
    return all;
}

} // namespace

template <>
struct crema::json::names<foreign_names> {
    static constexpr crema::json::rename list[] = {{"a", "$ref"}, {"c", "x-c"}};
};

TEST_CASE("members are counted", "[reflect]") {
    CHECK(field_count<empty> == 0);
    CHECK(field_count<one> == 1);
    CHECK(field_count<far::away::point> == 2);
    CHECK(field_count<far::away::box<std::vector<std::string>>> == 2);
    CHECK(field_count<many> == 12);
    CHECK(field_count<nested> == 4);
    CHECK(field_count<with_defaults> == 4);
    CHECK(field_count<bools> == 3);
    CHECK(field_count<constant> == 2);
    CHECK(field_count<thirty_two> == 32);
    CHECK(field_count<sixty_four> == 64);
    CHECK(field_count<immovable> == 2);
    CHECK(field_count<with_greedy> == 6);
}

TEST_CASE("an array counts once, whatever it holds", "[reflect]") {
    CHECK(field_count<arrays> == 8);
    CHECK(field_count<only_array> == 1);
    CHECK(field_count<large_arrays> == 3);
}

TEST_CASE("members without a default are counted too", "[reflect]") {
    CHECK(field_count<needs_values> == 4);
}

TEST_CASE("members are named, for types of every kind", "[reflect]") {
    CHECK(names<one>() == "only");
    CHECK(names<many>() == "text list maybe either table next shared call any where c view");
    CHECK(names<far::away::box<std::map<std::string, far::away::point>>>() == "content weight");
    CHECK(names<with_defaults>() == "page sort size origin");
    CHECK(names<arrays>() == "before triple name std_array corners grid list after");
    CHECK(names<sixty_four>().substr(0, 8) == "no e0 e1");
    CHECK(field_names<sixty_four>[63] == "the_last");
    CHECK(names<immovable>() == "guard counted");
    CHECK(names<constant>() == "a b");
    CHECK(names<empty>().empty());
}

TEST_CASE("types inside of a function are reflected", "[reflect]") {
    struct local {
        int number;
        std::string text;
        std::vector<std::string> list;
    };
    CHECK(names<local>() == "number text list");
    const auto in_lambda = [] {
        struct inner {
            std::optional<local> deep_one;
        };
        return names<inner>();
    };
    CHECK(in_lambda() == "deep_one");
}

TEST_CASE("a type may give its members other names", "[reflect]") {
    CHECK(names<own_names>() == "class other");
    CHECK(names<foreign_names>() == "$ref b x-c");
    CHECK(names<swapped>() == "b a");
}

TEST_CASE("keys are ready to be written, with what JSON escapes", "[reflect]") {
    CHECK(field_keys<one>[0] == ",\"only\":");
    CHECK(field_keys<far::away::point>[1] == ",\"y\":");
    CHECK(field_keys<odd_names>[0] == R"(,"say \"hi\"\u000a\\":)");
    CHECK(field_keys<odd_names>[1] == ",\"\xC3\xA9\":");
}

TEST_CASE("members are visited by reference, in order", "[reflect]") {
    with_defaults w;
    with_fields(w, [](int& page, std::string& sort, std::optional<int>& size, far::away::point& origin) {
        page = 7;
        sort += "!";
        size.reset();
        origin.x = 3;
    });
    CHECK(w.page == 7);
    CHECK(w.sort == "date!");
    CHECK(!w.size);
    CHECK(w.origin.x == 3);

    const far::away::point p{1, 2};
    CHECK(with_fields(p, [](const double& x, const double& y) { return x + y; }) == 3);
    empty e;
    CHECK(with_fields(e, [] { return 5; }) == 5);

    arrays a{};
    with_fields(a, [](int&, int (&triple)[3], auto&...) { triple[2] = 9; });
    CHECK(a.triple[2] == 9);
}

TEST_CASE("a type says whether its members may be absent", "[reflect]") {
    CHECK(crema::json::defaults<lenient>::value);
    CHECK_FALSE(crema::json::defaults<strict>::value);
    CHECK_FALSE(crema::json::defaults<one>::value);
    CHECK_FALSE(crema::json::defaults<int>::value);
}
