// app: settings and who inherits them when, mounting, what listens.
#include <crema/web/app.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <unistd.h>

using namespace crema;

namespace {

auto says(std::string text) {
    return [text](request&, response& res) { res.send(text); };
}

} // namespace

TEST_CASE("settings are set, read, enabled and disabled by name", "[app]") {
    app a;
    CHECK(a.get("etag").as_string() == "weak");
    CHECK(a.get("nothing").is_null());
    a.set("title", "My site").enable("trust me").disable("x-powered-by");
    CHECK(a.get("title").as_string() == "My site");
    CHECK(a.enabled("trust me"));
    CHECK(a.disabled("x-powered-by"));
    CHECK(a.disabled("nothing"));
    a.set("none", 0).set("empty", "").set("one", 1).set("list", value::array());
    CHECK((a.disabled("none") && a.disabled("empty") && a.enabled("one") && a.enabled("list"))); // as JavaScript's truth
    CHECK_THROWS_AS(a.set("etag", "sometimes"), system_error);
    CHECK(a.get("etag").as_string() == "weak"); // nothing has changed
}

TEST_CASE("a setting may be a function", "[app]") {
    app a;
    a.set("etag", [](std::string_view body) { return "\"" + std::to_string(body.size()) + "\""; });
    a.get("/", says("12345"));
    testing::client(a).get("/").expect(200).expect("ETag", "\"5\"");
}

TEST_CASE("locals belong to the app", "[app]") {
    app a;
    a.locals()["title"] = "My site";
    CHECK(app(a).locals()["title"].as_string() == "My site"); // a copy is the same app
    CHECK(app().locals().find("title") == nullptr);
}

TEST_CASE("locals hold the settings, as they are now", "[app]") {
    app a, child;
    CHECK(a.locals()["settings"]["etag"] == value("weak"));
    a.set("title", "My site").disable("etag");
    a.use("/child", child);
    CHECK(a.locals()["settings"]["title"] == value("My site"));
    CHECK(a.locals()["settings"]["etag"] == value(false));
    CHECK(child.locals()["settings"]["title"] == value("My site")); // inherited
    CHECK(child.locals()["settings"]["etag"] == value("weak"));
    a.locals()["settings"] = "mine";
    a.set("title", "another");
    CHECK(a.locals()["settings"] == value("mine"));
}

TEST_CASE("an app is the router that its layers are registered with, and knows its settings", "[app]") {
    app a;
    a.set("env", "test");
    router& base = a;
    base.get("/", [](request& req, response& res) { res.send(req.options().test ? "test" : ""); });
    testing::client(a).get("/").expect(200, "test");
}

TEST_CASE("every answer says what made it, unless that is disabled", "[app]") {
    app a;
    a.get("/", says("x"));
    testing::client c(a);
    c.get("/").expect("X-Powered-By", "crema");
    c.get("/none").expect(404).expect("X-Powered-By", "crema");
    a.disable("x-powered-by");
    CHECK_FALSE(c.get("/").result().header("X-Powered-By"));
}

TEST_CASE("case sensitive routing and strict routing are read when the first layer is registered", "[app]") {
    app a;
    a.enable("case sensitive routing").enable("strict routing");
    a.get("/Foo", says("x"));
    testing::client c(a);
    c.get("/Foo").expect(200);
    c.get("/foo").expect(404);
    c.get("/Foo/").expect(404);

    app late;
    late.get("/Foo", says("x"));
    late.enable("case sensitive routing"); // too late, as in Express
    late.get("/Bar", says("x"));
    testing::client d(late);
    d.get("/foo").expect(200);
    d.get("/bar").expect(200);
}

TEST_CASE("a mounted app knows where it is mounted", "[app][mount]") {
    app top, blog, admin;
    top.use("/blog", blog);
    blog.use({"/admin", "/manage"}, admin);
    CHECK(top.mountpath().as_string() == "/");
    CHECK(top.path() == "");
    CHECK(blog.mountpath().as_string() == "/blog");
    CHECK(blog.path() == "/blog");
    CHECK(admin.mountpath() == value::array({"/admin", "/manage"}));
    CHECK(admin.path() == "/blog/admin,/manage"); // as Express spells it
    REQUIRE(blog.parent());
    CHECK(&blog.parent()->core() == &top.core());
    CHECK_FALSE(top.parent());
}

TEST_CASE("a mounted app is told of it", "[app][mount]") {
    app top, blog;
    top.set("title", "top");
    std::string seen;
    blog.on("mount", [&](app& parent) { seen = parent.get("title").as_string() + " " + blog.path(); });
    top.use("/blog", blog);
    CHECK(seen == "top /blog");
    CHECK_THROWS_AS(blog.on("unmount", [](app&) {}), std::invalid_argument);
}

TEST_CASE("a mounted app inherits what it has not set, now and later", "[app][mount]") {
    app top, blog, comments;
    top.set("title", "top").set("color", "red").set("json spaces", 2);
    blog.set("color", "blue");
    top.use("/blog", blog);
    blog.use("/comments", comments);
    CHECK(blog.get("title").as_string() == "top");
    CHECK(blog.get("color").as_string() == "blue");
    CHECK(comments.get("color").as_string() == "blue");
    top.set("title", "new").set("color", "green");
    CHECK(comments.get("title").as_string() == "new");
    CHECK(comments.get("color").as_string() == "blue");
    // These an app has of its own from the beginning, as in Express.
    top.disable("etag").disable("x-powered-by");
    CHECK(blog.enabled("etag"));
    blog.get("/", [](request&, response& res) { res.json({{"a", 1}}); });
    testing::client c(top);
    c.get("/blog").expect(200, "{\n  \"a\": 1\n}").expect("X-Powered-By", "crema").expect([](const testing::reply& r) {
        CHECK(r.header("ETag"));
    });
}

TEST_CASE("an app that is filled after it was mounted inherits how paths are compared", "[app][mount]") {
    app top, blog;
    top.enable("case sensitive routing");
    top.use("/blog", blog);
    blog.get("/Foo", says("x"));
    testing::client c(top);
    c.get("/blog/Foo").expect(200);
    c.get("/blog/foo").expect(404);
}

TEST_CASE("settings are those of the mounted app while it handles, and of the other behind it", "[app][mount]") {
    app top, blog;
    top.disable("x-powered-by").set("json spaces", 0);
    blog.set("json spaces", 1);
    top.use("/blog", blog);
    blog.get("/x", [](request&, response& res) { res.json({{"a", 1}}); });
    top.use([](request&, response& res) { res.json({{"a", 1}}); });
    testing::client c(top);
    c.get("/blog/x").expect(200, "{\n \"a\": 1\n}");
    c.get("/blog/y").expect(200, "{\"a\":1}");
}

TEST_CASE("errors of a mounted app reach those around it", "[app][mount]") {
    app top, blog;
    blog.get("/", [](request&, response&) { throw std::runtime_error("boom"); });
    top.use("/blog", blog);
    top.use([](std::exception_ptr, request& req, response& res, next&) { res.send("caught " + std::string(req.base_url())); });
    testing::client(top).get("/blog").expect(200, "caught ");
}

TEST_CASE("listen serves on a port and close ends it", "[app]") {
    app a;
    a.get("/", says("x"));
    std::uint16_t port = 0;
    bool closed = false;
    const int code = a.listen(0, listen_options{.address = "127.0.0.1", .handle_signals = false}, [&](server& s) {
        port = s.port();
        set_timeout([&] { a.close(std::chrono::milliseconds(0), [&] { closed = true; }); }, std::chrono::milliseconds(1));
    });
    CHECK(code == 0);
    CHECK(port != 0);
    CHECK(closed);
}

TEST_CASE("a port in use is told: 1 when it blocks, else an exception", "[app]") {
    app a, b;
    std::uint16_t port = 0;
    a.listen(0, listen_options{.address = "127.0.0.1", .block = false}, [&](server& s) { port = s.port(); });
    CHECK(b.listen(port, listen_options{.address = "127.0.0.1", .handle_signals = false}) == 1);
    CHECK_THROWS_AS(b.listen(port, listen_options{.address = "127.0.0.1", .block = false}), system_error);
    a.close(std::chrono::milliseconds(0));
    loop::current().run();
}

TEST_CASE("listen takes an address and a backlog, or nothing at all", "[app][socket]") {
    app a;
    int port = 0;
    const auto ready = [&](server& s) {
        port = s.port();
        a.close(std::chrono::milliseconds(0));
    };
    CHECK(a.listen(0, "127.0.0.1", 16, ready) == 0);
    CHECK(std::exchange(port, 0) > 0);
    CHECK(a.listen(0, std::string("127.0.0.1"), ready) == 0);
    CHECK(std::exchange(port, 0) > 0);
    CHECK(a.listen(ready) == 0);
    CHECK(port > 0);
}

TEST_CASE("who takes an error is told of it, and of nothing when there is none", "[app][socket]") {
    app a, b;
    std::uint16_t port = 0;
    const listen_options quiet{.address = "127.0.0.1", .block = false};
    CHECK(a.listen(0, quiet, [&](std::exception_ptr error, server& s) {
        CHECK_FALSE(error);
        port = s.port();
    }) == 0);
    CHECK(port != 0);
    int told = 0;
    const auto refused = [&](std::exception_ptr error, server&) {
        ++told;
        REQUIRE(error);
        CHECK_THROWS_AS(std::rethrow_exception(error), system_error);
    };
    CHECK(b.listen(port, quiet, refused) == 1);
    CHECK(b.listen(port, "127.0.0.1", refused) == 1);
    CHECK(b.listen("/nowhere/at/all/crema.sock", refused) == 1);
    CHECK(b.listen("70000", refused) == 1); // no port, and no path either
    CHECK(told == 4);
    CHECK_THROWS_AS(b.listen(port, quiet, [](std::exception_ptr error, server&) { std::rethrow_exception(error); }), system_error);
    CHECK(a.listen(0, quiet) == 0); // nothing of what failed is left
    a.close(std::chrono::milliseconds(0));
    loop::current().run();
}

TEST_CASE("listen takes a path, an address with a backlog, or nothing", "[app][socket]") {
    app a;
    const auto path = (std::filesystem::temp_directory_path() / ("crema_listen_" + std::to_string(::getpid()))).string();
    int ready = 0;
    const auto stop = [&](server&) {
        ++ready;
        a.close(std::chrono::milliseconds(0));
    };
    CHECK(a.listen(path, stop) == 0);
    CHECK(std::filesystem::is_socket(path));
    std::filesystem::remove(path);
    CHECK(a.listen("unix:" + path, stop) == 0);
    CHECK(std::filesystem::is_socket(path));
    std::filesystem::remove(path);
    CHECK(a.listen("0", stop) == 0); // a port, as one from the environment
    CHECK_FALSE(std::filesystem::exists("0"));
    CHECK(ready == 3);
    // without a callback: somebody else stops it
    const auto later = [&] { set_timeout([&] { a.close(std::chrono::milliseconds(0)); }, std::chrono::milliseconds(1)); };
    later();
    CHECK(a.listen() == 0);
    later();
    CHECK(a.listen(0, "127.0.0.1", 16) == 0);
    later();
    CHECK(a.listen(path) == 0);
    std::filesystem::remove(path);
}
