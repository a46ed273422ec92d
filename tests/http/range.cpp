// Range: satisfiable, unsatisfiable, malformed; combining.
// SPDX-License-Identifier: MIT
#include <crema/http/range.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;
using kind = range_set::kind;
using ranges = std::vector<byte_range>;

TEST_CASE("ranges are cut to the representation", "[range]") {
    const auto one = parse_range(1000, "bytes=0-499");
    CHECK(one.state == kind::satisfiable);
    CHECK(one.unit == "bytes");
    CHECK(one.ranges == ranges{{0, 499}});
    CHECK(one.ranges[0].size() == 500);
    CHECK(parse_range(200, "bytes=0-499").ranges == ranges{{0, 199}});
    CHECK(parse_range(1000, "bytes=400-").ranges == ranges{{400, 999}});
    CHECK(parse_range(1000, "bytes=-400").ranges == ranges{{600, 999}});
    CHECK(parse_range(1000, "bytes=0-").ranges == ranges{{0, 999}});
    CHECK(parse_range(1000, "bytes=-1").ranges == ranges{{999, 999}});
    CHECK(parse_range(1000, "items=0-5").unit == "items");
    CHECK(parse_range(1000, "bytes=40-80 , 81-90,-1").ranges == ranges{{40, 80}, {81, 90}, {999, 999}});
    CHECK(parse_range(10, "bytes=0-99999999999999999999999999").ranges == ranges{{0, 9}});
}

TEST_CASE("ranges outside of it are dropped", "[range]") {
    for (auto header : {"bytes=500-999", "bytes=500-20", "bytes=200-", "bytes=-0", "bytes=-201",
                        "bytes=99999999999999999999999-", "bytes=500-,600-"})
        CHECK(parse_range(200, header).state == kind::unsatisfiable);
    CHECK(parse_range(0, "bytes=0-0").state == kind::unsatisfiable);
    CHECK(parse_range(200, "bytes=0-1,500-600").ranges == ranges{{0, 1}});
}

TEST_CASE("what is no range is malformed", "[range]") {
    for (auto header : {"", "bytes", "bytes=", "bytes=x-100", "bytes=100-x", "bytes=-", "bytes=--1", "bytes=1",
                        "bytes=0-1,", "bytes=0-1,x", "bytes=+1-2", "bytes=0x1-2", "bytes=1.5-"})
        CHECK(parse_range(200, header).state == kind::malformed);
}

TEST_CASE("ranges that overlap or touch are combined on demand", "[range]") {
    auto combined = [](std::string_view header) { return parse_range(150, header, range_combining::on).ranges; };
    CHECK(combined("bytes=0-4,90-99,5-75,100-199,101-102") == ranges{{0, 75}, {90, 149}});
    CHECK(combined("bytes=-1,20-100,0-1,101-120") == ranges{{149, 149}, {20, 120}, {0, 1}});
    CHECK(combined("bytes=5-5") == ranges{{5, 5}});
}

TEST_CASE("Content-Range says what is sent", "[range]") {
    CHECK(content_range({0, 4}, 10) == "bytes 0-4/10");
    CHECK(content_range_unsatisfied(10) == "bytes */10");
}

// What cost more than in proportion would take minutes, or hours.
TEST_CASE("a range of very many parts is read, and combined, in proportion", "[range]") {
    std::string header = "bytes=";
    constexpr std::uint64_t parts = 300'000;
    for (std::uint64_t i = parts; i-- > 0;) header += std::to_string(2 * i) + "-" + std::to_string(2 * i) + (i == 0 ? "" : ",");
    CHECK(parse_range(parts * 2, header).ranges.size() == parts);
    CHECK(parse_range(parts * 2, header, range_combining::on).ranges.size() == parts);
    CHECK(parse_range(1, header, range_combining::on).ranges == ranges{{0, 0}});
    CHECK(parse_range(1, "bytes=" + std::string(1'000'000, ',')).state == kind::malformed);
    CHECK(parse_range(1, "bytes=" + std::string(1'000'000, '9') + "-").state == kind::unsatisfiable);
}
