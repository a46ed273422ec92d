#include <crema/core/error.hpp>
#include <catch2/catch.hpp>
#include <set>

TEST_CASE("every error has a message of its own", "[error]") {
    std::set<std::string> seen;
    for (int i = 1; i <= static_cast<int>(crema::error::already_answered); ++i) {
        const auto text = make_error_code(static_cast<crema::error>(i)).message();
        CHECK(text != "unknown crema error");
        CHECK(seen.insert(text).second);
    }
    CHECK(make_error_code(static_cast<crema::error>(999)).message() == "unknown crema error");
    CHECK(std::string(crema::crema_category().name()) == "crema");
}

TEST_CASE("an error compares with the code made of it", "[error]") {
    const std::error_code code = crema::error::closed;
    CHECK(code == crema::error::closed);
    CHECK(code != crema::error::queue_full);
}

TEST_CASE("a system_error carries what it happened to", "[error]") {
    const crema::system_error e(std::make_error_code(std::errc::no_such_file_or_directory), "config.json");
    CHECK(e.subject() == "config.json");
    CHECK(std::string(e.what()).find("config.json: No such file") == 0);
}

TEST_CASE("cancelled and timed_out are system errors with their codes", "[error]") {
    const crema::cancelled c(crema::cancel_reason::disconnected);
    CHECK(c.code() == crema::error::cancelled);
    CHECK(c.reason() == crema::cancel_reason::disconnected);
    CHECK(crema::timed_out().code() == crema::error::timed_out);
}
