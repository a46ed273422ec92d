// The order in which a loop runs things: the facts of Node's event loop, as programs and what they print.
#include "program.hpp"
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace {

using lines = std::vector<std::string>;

std::string shared_file(const std::string& name) {
    const char* set = std::getenv("CREMA_SHARED");
    std::vector<std::string> places;
    if (set) places.push_back(set);
    for (std::string up = "../"; up.size() < 16; up += "../") places.push_back(up + "shared");
    for (const auto& place : places)
        if (std::ifstream file(place + "/conformance/" + name); file) {
            std::ostringstream text;
            text << file.rdbuf();
            return text.str();
        }
    return {};
}

} // namespace

TEST_CASE("ticks come before microtasks, both before anything else", "[loop][order]") {
    CHECK(program::run(R"([["micro",[["log","m"]]],["immediate",[["log","i"]]],["tick",[["log","t"]]],["log","main"]])") ==
          lines{"main", "t", "m", "i"});
}

TEST_CASE("ticks and microtasks that queue each other go on until both queues are empty", "[loop][order]") {
    CHECK(program::run(R"([["tick",[["log","t1"],["micro",[["log","m1"],["tick",[["log","t2"]]]]]]],
                           ["micro",[["log","m0"],["tick",[["log","t3"]]]]],["immediate",[["log","i"]]]])") ==
          lines{"t1", "m0", "m1", "t3", "t2", "i"});
}

TEST_CASE("queues are drained between any two callbacks", "[loop][order]") {
    CHECK(program::run(R"([["timeout",1,[["log","A"],["tick",[["log","t"]]],["micro",[["log","m"]]]]],
                           ["timeout",1,[["log","B"]]],["busy",5]])") == lines{"A", "t", "m", "B"});
    CHECK(program::run(R"([["immediate",[["log","A"],["tick",[["log","t"]]],["micro",[["log","m"]]]]],
                           ["immediate",[["log","B"]]]])") == lines{"A", "t", "m", "B"});
    CHECK(program::run(R"([["close",[["log","A"],["tick",[["log","t"]]]]],["close",[["log","B"],["tick",[["log","u"]]]]]])") ==
          lines{"B", "u", "A", "t"});
}

TEST_CASE("check comes before close, close before timers", "[loop][order]") {
    CHECK(program::run(R"([["io",[["timeout",1,[["log","timeout"]]],["close",[["log","close"]]],
                           ["immediate",[["log","imm"]]],["busy",5],["log","io"]]]])") ==
          lines{"io", "imm", "close", "timeout"});
}

TEST_CASE("what is ready when the poll phase comes runs before immediates", "[loop][order]") {
    CHECK(program::run(R"([["immediate",[["log","i1"],["io",[["log","io"],["immediate",[["log","i3"]]]]],
                           ["immediate",[["log","i2"]]],["busy",30]]]])") == lines{"i1", "io", "i2", "i3"});
}

TEST_CASE("timers of one delay keep their order, those added while timers run wait for the next turn", "[loop][order]") {
    CHECK(program::run(R"([["timeout",1,[["log","A"],["timeout",0,[["log","B"]]],["busy",5]]],["timeout",1,[["log","C"]]],
                           ["busy",5],["immediate",[["log","imm"]]]])") == lines{"A", "C", "imm", "B"});
}

TEST_CASE("a timer that a tick clears does not fire although it was due", "[loop][order]") {
    CHECK(program::run(R"([["timeout",1,[["log","A"],["tick",[["clear","b"]]]]],["timeout",1,[["log","B"]],"b"],
                           ["timeout",1,[["log","C"]]],["busy",5]])") == lines{"A", "C"});
}

TEST_CASE("after an exception the rest goes on where Node goes on", "[loop][order]") {
    SECTION("in a timer: the next timer, then the ticks of the first") {
        CHECK(program::run(R"([["timeout",1,[["tick",[["log","t"]]],["throw","x"]]],["timeout",1,[["log","T2"]]],
                               ["busy",5],["immediate",[["log","imm"]]]])") == lines{"uncaught:x", "T2", "t", "imm"});
        CHECK(program::run(R"([["timeout",1,[["tick",[["log","t"]]],["throw","x"]]],["busy",5],
                               ["immediate",[["log","imm"]]]])") == lines{"uncaught:x", "t", "imm"});
    }
    SECTION("in a tick: the rest of the ticks waits for the next callback") {
        CHECK(program::run(R"([["tick",[["throw","x"]]],["tick",[["log","t2"]]],["micro",[["log","m"]]],
                               ["timeout",1,[["log","T"]]],["immediate",[["log","I"]]],["busy",5]])") ==
              lines{"uncaught:x", "T", "t2", "m", "I"});
    }
    SECTION("in a tick behind the last immediate: the ticks come before the next immediates") {
        CHECK(program::run(R"([["immediate",[["tick",[["tick",[["log","t"]]],["throw","x"]]],
                               ["immediate",[["log","I"]]]]]])") == lines{"uncaught:x", "t", "I"});
    }
    SECTION("in an immediate: the rest of the batch, and after the last one the next batch at once") {
        CHECK(program::run(R"([["immediate",[["log","1"],["immediate",[["log","4"]]]]],["immediate",[["throw","x"]]],
                               ["immediate",[["log","2"]]]])") == lines{"1", "uncaught:x", "2", "4"});
        CHECK(program::run(R"([["immediate",[["tick",[["log","t"]]],["throw","x"]]],["immediate",[["log","I2"]]],
                               ["immediate",[["immediate",[["log","next"]]],["throw","y"]]]])") ==
              lines{"uncaught:x", "I2", "t", "uncaught:y", "next"});
    }
    SECTION("of a coroutine that nobody awaits: after the microtasks") {
        CHECK(program::run(R"([["reject","r"],["tick",[["throw","x"]]],["micro",[["log","m"]]],
                               ["immediate",[["log","I"]]]])") == lines{"uncaught:x", "m", "unhandledRejection:r", "I"});
    }
    SECTION("in the main program: its ticks still run") {
        CHECK(program::run(R"([["tick",[["log","t"]]],["immediate",[["log","i"]]],["throw","x"],["log","no"]])") ==
              lines{"uncaught:x", "t", "i"});
    }
}

TEST_CASE("an unref'd immediate runs only when a turn comes anyway", "[loop][order]") {
    CHECK(program::run(R"([["immediate",[["log","u"]],"u"],["unref","u"]])") == lines{});
    CHECK(program::run(R"([["immediate",[["log","u"]],"u"],["unref","u"],["timeout",5,[["log","T"]]]])") == lines{"u", "T"});
    CHECK(program::run(R"([["io",[["immediate",[["log","u"]],"u"],["unref","u"]]]])") == lines{"u"});
    CHECK(program::run(R"([["timeout",5,[["immediate",[["log","u"]],"u"],["unref","u"]]]])") == lines{});
}

TEST_CASE("a clock that jumps does not wait for timers that were cleared", "[loop][order]") {
    program::virtual_clock clock;
    const auto main = program::reader::read(R"([["timeout",2,[["tick",[["interval",40,[["log","I"]],"i",2]]]]],["busy",6],
                                                ["timeout",5,[["tick",[["clear","i"],["busy",65]]]]]])");
    CHECK(program::interpreter(clock).run(main) == lines{});
}

TEST_CASE("the recorded programs print what they print on Node", "[loop][order][shared]") {
    const auto text = shared_file("eventloop_order.json");
    if (text.empty()) {
        WARN("eventloop_order.json is not there (CREMA_SHARED): skipped");
        return;
    }
    const auto file = program::reader::read(text);
    REQUIRE(file["cases"].size() > 30);
    for (const auto& c : file["cases"].items) {
        lines expected;
        for (const auto& line : c["expect"].items) expected.push_back(line.text);
        INFO(c["id"].text);
        CHECK(program::run(c["program"]) == expected);
    }
}
