// at_hand: what it opens and reads is what the pool would; where it cannot tell it says so.
// SPDX-License-Identifier: MIT
#include <crema/fs/at_hand.hpp>

#include "directory.hpp"
#include <catch2/catch.hpp>
#include <crema/fs/open_beneath.hpp>
#include <cerrno>
#include <fstream>
#include <string>
#include <unistd.h>

using namespace crema;

namespace {

// The message, or "waits".
std::string opened(const std::filesystem::path& root, std::string_view below) {
    try {
        const auto f = fs::open_at_hand(root, below);
        if (!f) return "waits";
        char text[64];
        if (const auto n = fs::read_at_hand(*f, 0, text, sizeof text)) return std::string(text, *n);
        return "waits";
    } catch (const system_error& e) {
        return "errno " + std::to_string(e.code().value());
    }
}

} // namespace

TEST_CASE("what was just written is at hand, or is not told to be", "[at_hand]") {
    test_directory place;
    const auto root = place.path() / "root";
    std::filesystem::create_directories(root / "a");
    std::ofstream(root / "a/file") << "content";
    std::ofstream(place.path() / "secret") << "secret";
    std::filesystem::create_symlink("../secret", root / "out");
    std::filesystem::create_symlink("a/file", root / "in");
    const auto is = [&](std::string_view below, const std::string& wanted) {
        const auto got = opened(root, below);
        CAPTURE(below, got);
        CHECK((got == wanted || got == "waits"));
    };
    is("a/file", "content");
    is("in", "content");
    is("out", "errno " + std::to_string(EXDEV));
    is("../secret", "errno " + std::to_string(EXDEV));
    is("nothing", "errno " + std::to_string(ENOENT));
    CHECK(opened(root, "/etc/passwd") == "errno " + std::to_string(EXDEV));
    CHECK(opened(root, std::string_view("a\0b", 3)) == "errno " + std::to_string(EINVAL));
    const auto whole = opened({}, (root / "a/file").native());
    CHECK((whole == "content" || whole == "waits"));
}

TEST_CASE("reading at hand gives a part, the end, or nothing, never something else", "[at_hand]") {
    test_directory place;
    const auto path = place.path() / "file";
    std::string content;
    for (int i = 0; i < 100'000; ++i) content += std::to_string(i);
    std::ofstream(path) << content;
    const auto f = fs::open_without_waiting(path);
    std::string room(content.size() + 10, '\0');
    for (std::size_t at = 0; at < content.size();) {
        auto n = fs::read_at_hand(f, at, room.data(), 4096);
        if (!n) n = f.read(at, room.data(), 4096);
        REQUIRE(*n > 0);
        REQUIRE(std::string_view(room.data(), *n) == std::string_view(content).substr(at, *n));
        at += *n;
    }
    if (const auto end = fs::read_at_hand(f, content.size(), room.data(), 10)) CHECK(*end == 0);
}

TEST_CASE("what is in memory is told of each part of a file, and of none behind its end", "[at_hand]") {
    test_directory place;
    const auto path = place.path() / "file";
    std::ofstream(path) << std::string(5 * 1024 * 1024, 'x');
    const auto f = fs::open_without_waiting(path);
    const auto s = fs::stat_now(f);
    constexpr std::size_t whole = 5 * 1024 * 1024;
    for (int again = 0; again < 2; ++again) {
        const bool there = fs::is_at_hand(f, 0, whole);
        CHECK((fs::is_at_hand(f, s, 0, whole) || !there));
        CHECK((fs::is_at_hand(f, s, 3'000'000, 2'000'000) || !there));
    }
    std::ofstream(path, std::ios::trunc) << "short";
    std::ofstream(place.path() / "other") << std::string(whole, 'y');
    const auto other = fs::open_without_waiting(place.path() / "other");
    const auto s2 = fs::stat_now(other);
    CHECK(fs::is_at_hand(other, s2, 0, whole) == fs::is_at_hand(other, 0, whole)); // another file is asked for itself
}

TEST_CASE("what is no regular file is left to the pool", "[at_hand]") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const auto pipe = fs::file::adopt(ends[0], "pipe");
    char c;
    CHECK_FALSE(fs::read_at_hand(pipe, 0, &c, 1));
    ::close(ends[1]);
}
