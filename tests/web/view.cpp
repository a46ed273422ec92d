// view: where a template is looked for, and what an engine may be.
#include <crema/web/view.hpp>

#include "files.hpp"

#include <catch2/catch.hpp>

using namespace crema;

namespace {

std::string rendered(detail::view_engine& e, std::string* error = nullptr) {
    std::string all;
    e.render("/x.html", value::object({{"name", "Ada"}}), [&](std::exception_ptr why, std::string text) {
        all = std::move(text);
        if (why && error) try { std::rethrow_exception(why); } catch (const std::exception& x) { *error = x.what(); }
    });
    return all;
}

} // namespace

TEST_CASE("a view is a file in a root, or the index of a directory there", "[view]") {
    served_files files;
    const auto a = files.write("a.html", "");
    const auto index = files.write("user/index.html", "");
    const auto other = files.write("other/b.html", "");
    const std::vector roots{files.root().string(), (files.root() / "other").string()};
    CHECK(detail::find_view(roots, "a.html", ".html") == a);
    CHECK(detail::find_view(roots, "user.html", ".html") == index);
    CHECK(detail::find_view(roots, "b.html", ".html") == other); // the second root
    CHECK(detail::find_view(roots, "user/../a.html", ".html") == a);
    CHECK(detail::find_view(roots, a.string(), ".html") == a); // absolute
    CHECK(detail::find_view(roots, "user", "").empty());       // a directory is no view
    CHECK(detail::find_view(roots, "none.html", ".html").empty());
    CHECK(detail::find_view({}, "a.html", ".html").empty());
}

TEST_CASE("the first root that has the view is taken", "[view]") {
    served_files files;
    const auto first = files.write("one/a.html", "");
    files.write("two/a.html", "");
    CHECK(detail::find_view({(files.root() / "one").string(), (files.root() / "two").string()}, "a.html", ".html") == first);
}

TEST_CASE("the extension of a name is that of its last part", "[view]") {
    CHECK(detail::view_extension("a.html") == ".html");
    CHECK(detail::view_extension("a.b/c") == "");
    CHECK(detail::view_extension(".profile") == "");
    CHECK(detail::view_extension("a.tar.gz") == ".gz");
    CHECK(detail::view_extension("") == "");
}

TEST_CASE("what was looked through is told as Express tells it", "[view]") {
    CHECK(detail::lookup_message("a", {"/v"}) == "Failed to lookup view \"a\" in views directory \"/v\"");
    CHECK(detail::lookup_message("a", {"/v", "/w"}) == "Failed to lookup view \"a\" in views directories \"/v\" or \"/w\"");
    CHECK(detail::lookup_message("a", {"/v", "/w", "/x"}) ==
          "Failed to lookup view \"a\" in views directories \"/v\", \"/w\" or \"/x\"");
}

TEST_CASE("the setting views is a directory or several", "[view]") {
    settings s;
    CHECK(detail::view_roots(s) == std::vector{(std::filesystem::current_path() / "views").string()});
    s.set("views", value("/a"));
    CHECK(detail::view_roots(s) == std::vector<std::string>{"/a"});
    s.set("views", value::array({"/a", "/b"}));
    CHECK(detail::view_roots(s) == std::vector<std::string>{"/a", "/b"});
    CHECK_THROWS_AS(s.set("views", value(3)), system_error);
    CHECK_THROWS_AS(s.set("views", value::array({"/a", 3})), system_error);
    CHECK_THROWS_AS(s.set("view engine", value(true)), system_error);
    CHECK_THROWS_AS(s.set("view", value("x")), system_error);
}

TEST_CASE("an engine returns the text, waits for it, or calls back", "[view]") {
    const auto plain = detail::make_engine([](const std::string& path, const value& o) { return path + o["name"].as_string(); });
    CHECK(rendered(*plain) == "/x.htmlAda");
    const auto waits = detail::make_engine(
        [](const std::string& path, const value& o) -> task<std::string> { co_return path + o["name"].as_string(); });
    CHECK(rendered(*waits) == "/x.htmlAda");
    const auto calls = detail::make_engine(
        [](const std::string& path, value o, rendered_callback done) { done(nullptr, path + o["name"].as_string()); });
    CHECK(rendered(*calls) == "/x.htmlAda");
}

TEST_CASE("what an engine throws is handed on", "[view]") {
    std::string error;
    const auto plain = detail::make_engine(
        [](const std::string&, const value&) -> std::string { throw std::runtime_error("line 3"); });
    CHECK(rendered(*plain, &error).empty());
    CHECK(error == "line 3");
    const auto waits = detail::make_engine([](const std::string&, const value&) -> task<std::string> {
        throw std::runtime_error("line 4");
        co_return "";
    });
    CHECK(rendered(*waits, &error).empty());
    CHECK(error == "line 4");
}
