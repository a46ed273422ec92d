// Tests of middleware/session.hpp, with signatures that protect nothing; those of ext/ have real ones. Titles in
// brackets are those of express-session's own tests, whose recorded answers are expected but for how a body is framed.
// SPDX-License-Identifier: MIT
#include <crema/middleware/session.hpp>

#include <crema/async/event.hpp>
#include <crema/loop/sleep.hpp>
#include <crema/middleware/cookie_parser.hpp>
#include <crema/middleware/deadline.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

struct length_signer final : signer {
    std::string signature(std::string_view text) const override { return std::to_string(text.size()); }
    bool is_signature(std::string_view text, std::string_view s) const override { return s == signature(text); }
};

using time_point = std::chrono::system_clock::time_point;
constexpr auto noon = time_point(1'800'000'000s);

// A store that tells what it is asked for, waits when it should, and fails on demand.
struct told_store final : session_store {
    task<std::optional<session_record>> load(std::string id) override {
        log += "load ";
        if (slow) co_await sleep(10ms);
        if (fail == "load") throw std::runtime_error("boom!");
        co_return inner.find(id);
    }
    task<> save(std::string id, session_record record) override {
        log += "save ";
        if (slow) co_await sleep(10ms);
        if (fail == "save") throw std::runtime_error("boom!");
        inner.put(id, std::move(record));
    }
    task<bool> update(std::string id, session_record record) override {
        log += "save ";
        if (slow) co_await sleep(10ms);
        if (fail == "save") throw std::runtime_error("boom!");
        co_return inner.replace(id, std::move(record));
    }
    task<> touch(std::string id, time_point expires) override {
        log += "touch ";
        if (slow) co_await sleep(10ms);
        if (fail == "touch") throw std::runtime_error("boom!");
        inner.prolong(id, expires);
    }
    task<> remove(std::string id) override {
        log += "remove ";
        if (slow) co_await sleep(10ms);
        if (fail == "remove") throw std::runtime_error("boom!");
        inner.erase(id);
    }
    std::string take() { return std::exchange(log, {}); }
    memory_session_store inner;
    std::string log, fail;
    bool slow = false;
};

struct fixture {
    std::shared_ptr<told_store> store = std::make_shared<told_store>();
    time_point now = noon;
    int ids = 0;

    session_options options(session_options o = {}) {
        o.signer = std::make_shared<length_signer>();
        o.store = store;
        if (!o.generate_id) o.generate_id = [this](request&) { return "id" + std::to_string(++ids); };
        o.now = [this] { return now; };
        return o;
    }
    app make(session_options o = {}) {
        app a;
        a.set("env", "test");
        a.use(session(options(std::move(o))));
        a.get("/count", [](request& req, response& res) {
            auto& n = session_of(req)["n"];
            n = n.is_null() ? 1 : n.as_int64() + 1;
            res.send("session " + json::stringify(n));
        });
        a.get("/look", [](request& req, response& res) { res.send(json::stringify(session_of(req).data())); });
        a.get("/untouched", [](request&, response& res) { res.end("hello"); });
        a.get("/stream", [](request& req, response& res) -> task<> {
            session_of(req)["n"] = 7;
            co_await res.write("hello, ");
            res.end("world!");
        });
        a.get("/login", [](request& req, response& res) -> task<> {
            co_await session_of(req).regenerate();
            session_of(req)["user"] = "ada";
            res.send("welcome");
        });
        a.get("/logout", [](request& req, response& res) -> task<> {
            co_await session_of(req).destroy();
            CHECK(session_of(req).destroyed());
            res.send("bye");
        });
        a.get("/gone", [this](request& req, response& res) { // as when another request logs out meanwhile
            session_of(req)["late"] = true;
            store->inner.erase(session_of(req).id());
            res.send("late");
        });
        a.get("/save", [](request& req, response& res) -> task<> {
            session_of(req)["saved"] = true;
            co_await session_of(req).save();
            res.send("saved");
        });
        a.get("/reload", [](request& req, response& res) -> task<> {
            session_of(req)["lost"] = true;
            co_await session_of(req).reload();
            res.send(json::stringify(session_of(req).data()));
        });
        a.get("/remember", [](request& req, response& res) {
            session_of(req).max_age(30min);
            res.send("remembered");
        });
        a.get("/long", [](request& req, response& res) {
            session_of(req).max_age(3'000'000s);
            res.send("for long");
        });
        a.get("/empty", [](request& req, response& res) {
            session_of(req)["n"] = 1;
            res.end();
        });
        a.get("/length", [](request& req, response& res) {
            session_of(req)["n"] = 1;
            res.set("Content-Length", "13").end("session saved");
        });
        a.use([](const std::exception& e, request&, response& res, next&) { res.status(500).send(e.what()); });
        return a;
    }
};

std::string cookie_of(const testing::reply& r) { return std::string(r.header("set-cookie").value_or("")); }
constexpr const char* id1 = "connect.sid=s%3Aid1.3";

} // namespace

TEST_CASE("a client gets a session when something is put into it (should create a new session, should load session "
          "from cookie sid)",
          "[middleware][session]") {
    fixture f;
    f.store->slow = GENERATE(false, true);
    testing::client c(f.make());
    c.get("/look").expect(200, "{}").expect([](const testing::reply& r) { CHECK(cookie_of(r).empty()); });
    CHECK(f.store->take() == ""); // (saveUninitialized / should prevent save, and from being touched)
    f.ids = 0;
    const auto first = c.get("/count").expect(200, "session 1").result();
    CHECK(cookie_of(first) == "connect.sid=s%3Aid1.3; Path=/; HttpOnly; SameSite=Lax");
    CHECK(f.store->take() == "save ");
    const auto again = c.get("/count").set("Cookie", std::string("a=b; ") + id1).expect(200, "session 2").result();
    CHECK(cookie_of(again).empty()); // (rolling option / should default to false)
    CHECK(f.store->take() == "load save ");
    c.get("/look").set("Cookie", id1).expect(200, R"({"n":2})");
    CHECK(f.store->take() == "load touch "); // (resave / when false / should prevent save on unmodified session)
    c.get("/untouched").set("Cookie", id1).expect(200, "hello");
    CHECK(f.store->take() == "load touch ");
    CHECK(cookie_of(c.get("/count").result()) == "connect.sid=s%3Aid2.3; Path=/; HttpOnly; SameSite=Lax");
}

TEST_CASE("ids that nobody has given out are not taken (when sid not in store, when sid not properly signed)",
          "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.save_uninitialized = true}));
    c.get("/look").set("Cookie", "connect.sid=s%3Achosen.6").expect(200).expect([](const testing::reply& r) {
        CHECK(cookie_of(r).starts_with(id1));
    });
    CHECK(f.store->take() == "load save ");
    for (const std::string bad :
         {"s%3Aid1.4", "s%3Aid1", "id1.3", "id1", "", "s%3A", "s%3A.0", "s%3A.", "s:id1.3.3", "%zz"}) {
        const auto r = c.get("/look").set("Cookie", "connect.sid=" + bad).result();
        INFO(bad);
        CHECK(cookie_of(r).find("connect.sid=s%3Aid") == 0);
        CHECK(f.store->take() == "save "); // (should not attempt fetch from store)
    }
    // Only the first cookie of that name counts, and it may not be endless.
    c.get("/look").set("Cookie", "connect.sid=x; " + std::string(id1)).expect(200);
    CHECK(f.store->take() == "save ");
    c.get("/look").set("Cookie", "connect.sid=s:" + std::string(2000, 'x') + ".2000").expect(200);
    CHECK(f.store->take() == "save ");
}

TEST_CASE("a session expires when it was not used for long (when session expired in store)", "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.lifetime = 1h}));
    c.get("/count").expect(200, "session 1");
    f.now += 59min;
    c.get("/look").set("Cookie", id1).expect(200, R"({"n":1})"); // (.touch() / should reset session expiration)
    f.now += 59min;
    c.get("/count").set("Cookie", id1).expect(200, "session 2");
    f.now += 1h;
    f.store->take();
    c.get("/count").set("Cookie", id1).expect(200, "session 1").expect([](const testing::reply& r) {
        CHECK(cookie_of(r).starts_with("connect.sid=s%3Aid2.3")); // (should have a new sid)
    });
    CHECK(f.store->take() == "load remove save "); // (should not exist in store)
    CHECK(f.store->inner.size() == 1);
}

TEST_CASE("what is stored is saved before the answer ends (when response ended / should have saved session ...)",
          "[middleware][session]") {
    fixture f;
    f.store->slow = true;
    testing::client c(f.make());
    auto whole = c.get("/count").start();
    auto streamed = c.get("/stream").start();
    c.advance(9ms);
    CHECK_FALSE(whole.done());
    CHECK(streamed.body_so_far() == "hello, ");
    CHECK_FALSE(streamed.done());
    CHECK(f.store->inner.size() == 0);
    c.advance(1ms);
    whole.expect(200, "session 1");
    streamed.expect(200, "hello, world!");
    CHECK(f.store->inner.size() == 2);
    INFO("should have saved session even with empty response");
    auto empty = c.get("/empty").start();
    CHECK(f.store->inner.size() == 2);
    const auto nothing = empty.expect(200, "").expect("Content-Length", "0").result();
    CHECK(f.store->inner.size() == 3);
    CHECK(cookie_of(nothing).starts_with("connect.sid="));
    INFO("should have saved session even with non-chunked response");
    auto length = c.get("/length").start();
    CHECK(f.store->inner.size() == 3);
    const auto plain = length.expect(200, "session saved").expect("Content-Length", "13").result();
    CHECK(f.store->inner.size() == 4);
    CHECK_FALSE(plain.header("Transfer-Encoding"));
}

TEST_CASE("cookies are set with each answer on request (rolling option)", "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.rolling = true}));
    const auto has_cookie = [](const testing::reply& r) { return !cookie_of(r).empty(); };
    CHECK_FALSE(has_cookie(c.get("/look").result())); // should not force cookie on uninitialized session
    f.ids = 0;
    CHECK(has_cookie(c.get("/count").result()));
    CHECK(has_cookie(c.get("/look").set("Cookie", id1).result())); // should force cookie on unmodified session
    fixture g;
    testing::client all(g.make({.rolling = true, .save_uninitialized = true}));
    CHECK(has_cookie(all.get("/look").result())); // should force cookie and save uninitialized session
    CHECK(g.store->take() == "save ");
}

TEST_CASE("unmodified sessions are saved on request (resave option / when true)", "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.resave = true}));
    c.get("/count").expect(200);
    f.store->take();
    c.get("/look").set("Cookie", id1).expect(200);
    CHECK(f.store->take() == "load save ");
}

TEST_CASE("the cookie is as the options say (cookie option, .cookie / should override defaults)",
          "[middleware][session]") {
    const auto cookie = [](session_cookie options, const char* target = "/count", const char* protocol = "http") {
        fixture f;
        auto a = f.make({.name = "sid", .cookie = std::move(options)});
        a.set("trust proxy", true);
        return cookie_of(testing::client(a).get(target).set("X-Forwarded-Proto", protocol).result());
    };
    CHECK(cookie({}) == "sid=s%3Aid1.3; Path=/; HttpOnly; SameSite=Lax");
    CHECK(cookie({}, "/count", "https") == "sid=s%3Aid1.3; Path=/; HttpOnly; Secure; SameSite=Lax");
    CHECK(cookie({.secure = secure_cookie::never}, "/count", "https").find("Secure") == std::string::npos);
    CHECK(cookie({.secure = secure_cookie::always}).empty()); // (.secure / should not set-cookie when insecure)
    CHECK(cookie({.secure = secure_cookie::always}, "/count", "https").find("; Secure") != std::string::npos);
    CHECK(cookie({.secure = true}, "/count", "https").find("; Secure") != std::string::npos);
    CHECK(cookie({.secure = false}, "/count", "https").find("Secure") == std::string::npos);
    CHECK(cookie({.domain = "a.example", .max_age = 1h, .http_only = false, .same_site = http::same_site_policy::unset,
                  .partitioned = true, .priority = http::cookie_priority::high}) ==
          "sid=s%3Aid1.3; Domain=a.example; Path=/; Expires=Fri, 15 Jan 2027 09:00:00 GMT; Partitioned; Priority=High");
    // (when "path" set to "/foo/bar")
    CHECK(cookie({.path = "/cou"}) == "sid=s%3Aid1.3; Path=/cou; HttpOnly; SameSite=Lax");
    CHECK(cookie({.path = "/foo/bar"}).empty());
}

TEST_CASE("no session is there outside of its path", "[middleware][session]") {
    fixture f;
    app a;
    a.use(session(f.options({.cookie = {.path = "/admin"}, .save_uninitialized = true})));
    a.use([](request& req, response& res) { res.send(has_session(req) ? "object" : "undefined"); });
    testing::client c(a);
    c.get("/").expect(200, "undefined");
    c.get("/admin/x").expect(200, "object");
    CHECK(c.request("GET", "http://admin/").result().body == "undefined");
    CHECK(c.request("GET", "http://localhost/admin").result().body == "object");
}

TEST_CASE("the cookie may depend on the request (when \"cookie\" is a function, \"sameSite\" set to \"auto\")",
          "[middleware][session]") {
    fixture f;
    auto a = f.make({.cookie_for = [](request& req) {
        session_cookie made;
        made.same_site = req.secure() ? http::same_site_policy::none : http::same_site_policy::lax;
        made.max_age = req.path() == "/count" ? 1h : 2h;
        return made;
    }});
    a.set("trust proxy", true);
    testing::client c(a);
    CHECK(cookie_of(c.get("/count").result()) ==
          "connect.sid=s%3Aid1.3; Path=/; Expires=Fri, 15 Jan 2027 09:00:00 GMT; HttpOnly; SameSite=Lax");
    CHECK(cookie_of(c.get("/count").set("X-Forwarded-Proto", "https").result()) ==
          "connect.sid=s%3Aid2.3; Path=/; Expires=Fri, 15 Jan 2027 09:00:00 GMT; HttpOnly; Secure; SameSite=None");
}

TEST_CASE("a cookie that lives long is set when its session changes (.maxAge, .originalMaxAge)",
          "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.cookie = {.max_age = 1h}}));
    const auto expires = [](const testing::reply& r) {
        const auto line = cookie_of(r);
        const auto at = line.find("Expires=");
        return at == line.npos ? "" : line.substr(at + 25, 8);
    };
    CHECK(expires(c.get("/count").result()) == "09:00:00");
    f.now += 10min;
    CHECK(expires(c.get("/look").set("Cookie", id1).result()) == "");
    CHECK(expires(c.get("/count").set("Cookie", id1).result()) == "09:10:00"); // (should only set-cookie when modified)
    // (should modify cookie expires when changed)
    CHECK(expires(c.get("/remember").set("Cookie", id1).result()) == "08:40:00");
    f.now += 10min;
    INFO("should modify cookie expires when changed to large value"); // some 34 days
    CHECK_THAT(cookie_of(c.get("/long").set("Cookie", id1).result()), Catch::Matchers::Contains("; Expires=Fri, 19 Feb 2027 01:40:00 GMT; "));
    c.get("/remember").set("Cookie", id1).expect(200);
    // (should equal original maxAge for all requests)
    CHECK(expires(c.get("/count").set("Cookie", id1).result()) == "08:50:00");
    f.now += 30min;
    CHECK(c.get("/look").set("Cookie", id1).result().body == "{}");
}

TEST_CASE("a session is replaced at a login (.regenerate() / should destroy/replace the previous session)",
          "[middleware][session]") {
    fixture f;
    f.store->slow = GENERATE(false, true);
    testing::client c(f.make());
    c.get("/count").expect(200);
    f.store->take();
    c.get("/login").set("Cookie", id1).expect(200, "welcome").expect([](const testing::reply& r) {
        CHECK(cookie_of(r).starts_with("connect.sid=s%3Aid2.3"));
    });
    CHECK(f.store->take() == "load remove save ");
    c.get("/look").set("Cookie", id1).expect(200, "{}");
    c.get("/look").set("Cookie", "connect.sid=s%3Aid2.3").expect(200, R"({"user":"ada"})");
}

TEST_CASE("a session ends (.destroy() / should destroy the previous session, should respond correctly on destroy)",
          "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.save_uninitialized = true}));
    c.get("/count").expect(200);
    CHECK(cookie_of(c.get("/logout").set("Cookie", id1).expect(200, "bye").result()).empty());
    CHECK(f.store->inner.size() == 0);
    c.get("/logout").expect(200, "bye"); // (unset option / should not set cookie if initial session destroyed)
    CHECK(f.store->inner.size() == 0);
}

TEST_CASE("a session that was saved is not saved again (.save() / should prevent end-of-request save)",
          "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.save_uninitialized = GENERATE(false, true)}));
    CHECK(cookie_of(c.get("/save").expect(200, "saved").result()).starts_with(id1));
    CHECK(f.store->take().starts_with("save "));
    c.get("/save").set("Cookie", id1).expect(200);
    CHECK(f.store->take() == "load save touch ");
}

TEST_CASE("a session is loaded again (.reload() / should reload session from store, should error is session "
          "missing)",
          "[middleware][session]") {
    fixture f;
    testing::client c(f.make());
    c.get("/count").expect(200);
    f.store->take();
    c.get("/reload").set("Cookie", id1).expect(200, R"({"n":1})");
    CHECK(f.store->take() == "load load touch ");
    c.get("/reload").expect(500, "failed to load session");
}

TEST_CASE("errors of the store are answered (should pass session fetch, save, touch, destroy error)",
          "[middleware][session]") {
    fixture f;
    f.store->slow = GENERATE(false, true);
    testing::client c(f.make());
    c.get("/count").expect(200);
    f.store->fail = "load";
    c.get("/look").set("Cookie", id1).expect(500, "boom!");
    // Express sends "session saved" although it was not; here nobody is told so.
    f.store->fail = "save";
    c.get("/count").set("Cookie", id1).expect(500, "boom!");
    c.get("/save").set("Cookie", id1).expect(500); // in vain twice: the error handler's answer waits for the store, too
    CHECK_THROWS_AS(c.get("/stream").set("Cookie", id1).result(), testing::failure); // has begun: is cut off
    f.store->fail = "touch";
    c.get("/look").set("Cookie", id1).expect(500, "boom!");
    f.store->fail = "remove";
    c.get("/login").set("Cookie", id1).expect(500, "boom!");
    c.get("/logout").set("Cookie", id1).expect(500, "boom!");
    f.store->fail = "";
    c.get("/count").set("Cookie", id1).expect(200, "session 2");
}

TEST_CASE("what is malformed in the store is an error (when session without cookie property / should pass error from "
          "inflate)",
          "[middleware][session]") {
    fixture f;
    testing::client c(f.make());
    for (const char* bad : {"", "[1]", "{\"a\":", "null", "\xff"}) {
        f.store->inner.put("id1", {bad, noon + 1h, {}});
        c.get("/count").set("Cookie", id1).expect(500, "the session in the store is malformed");
        c.get("/untouched").set("Cookie", id1).expect(200, "hello");
    }
    // Written by somebody else: not taken for a change.
    f.store->inner.put("id1", {"{ \"n\" : 1.0e0 }", noon + 1h, {}});
    f.store->take();
    c.get("/look").set("Cookie", id1).expect(200);
    CHECK(f.store->take() == "load touch ");
}

TEST_CASE("a session within a session is the outer one (should do nothing if req.session exists)",
          "[middleware][session]") {
    fixture f;
    app a;
    a.use(session(f.options({.save_uninitialized = true})));
    a.use(session(f.options({.name = "other", .save_uninitialized = true})));
    a.use([](request&, response& res) { res.end(); });
    testing::client c(a);
    const auto r = c.get("/").result();
    CHECK(r.headers("set-cookie").size() == 1);
    CHECK(cookie_of(r).starts_with("connect.sid="));
}

TEST_CASE("cookies that were set before stay (should preserve cookies set before writeHead is called)",
          "[middleware][session]") {
    fixture f;
    app a;
    // (cookieParser() / should read from req.signedCookies)
    a.use(cookie_parser({.signer = std::make_shared<length_signer>()}));
    a.use(session(f.options()));
    a.use([](request& req, response& res) {
        res.cookie("previous", "cookieValue", {.http_only = true});
        session_of(req)["n"] = session_of(req).is_new() ? 1 : 2;
        res.send(json::stringify(session_of(req).data()));
    });
    testing::client c(a);
    const auto r = c.get("/").expect(200, R"({"n":1})").result();
    CHECK(r.headers("set-cookie").at(0) == "previous=cookieValue; Path=/; HttpOnly");
    CHECK(r.headers("set-cookie").at(1).starts_with(id1));
    c.get("/").set("Cookie", id1).expect(200, R"({"n":2})");
}

TEST_CASE("ids are made by a function or at random (genid option)", "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.save_uninitialized = true, .generate_id = [](request& req) {
        return req.path() == "/look" ? std::string("%") : std::string(req.path());
    }}));
    // (should encode unsafe chars, should provide req argument)
    CHECK(cookie_of(c.get("/look").result()).starts_with("connect.sid=s%3A%25.1;"));
    CHECK(cookie_of(c.get("/untouched").result()).starts_with("connect.sid=s%3A%2Funtouched.10;"));
    app a;
    a.use(session({.signer = std::make_shared<length_signer>(), .save_uninitialized = true}));
    a.use([](request& req, response& res) { res.send(session_of(req).id()); });
    testing::client d(a);
    const auto one = d.get("/").result().body, two = d.get("/").result().body;
    CHECK(one.size() == 32);
    CHECK(one != two);
}

TEST_CASE("a session needs a signer (should error without secret, secret option / should reject empty arrays)",
          "[middleware][session]") {
    CHECK_THROWS_AS(session({}), system_error);
    CHECK_THROWS_AS(session({.signer = std::make_shared<length_signer>(), .name = "a b"}), system_error);
    for (const auto& cookie : {session_cookie{.path = "/s;x"}, session_cookie{.path = "/a\r\nb"}, session_cookie{.domain = "a;b"}})
        CHECK_THROWS_AS(session({.signer = std::make_shared<length_signer>(), .cookie = cookie}), system_error);
    app a;
    a.set("env", "test");
    a.get("/", [](request& req, response& res) { res.send(session_of(req).id()); });
    testing::client(a).get("/").expect(500);
}

TEST_CASE("memory for sessions is bounded: those unused for longest go, the expired ones first",
          "[middleware][session]") {
    memory_session_store store(3);
    const auto later = std::chrono::system_clock::now() + 1h;
    for (const char* id : {"a", "b", "c"}) store.put(id, {id, later, {}});
    CHECK(store.find("a")->data == "a");
    store.put("d", {"d", later, {}});
    CHECK_FALSE(store.find("b"));
    CHECK(store.size() == 3);
    store.put("d", {"e", later, {}});
    CHECK(store.find("d")->data == "e");
    store.prolong("c", noon - 10000 * 24h);
    store.prolong("none", later);
    store.find("a");
    store.put("f", {"f", later, {}});
    CHECK_FALSE(store.find("c"));
    store.erase("f");
    store.erase("f");
    CHECK(store.size() == 2);
}

TEST_CASE("requests without an answer yet, or whose client has left, harm no session", "[middleware][session]") {
    fixture f;
    f.store->slow = true;
    testing::client c(f.make());
    auto gone = c.get("/count").start();
    gone.disconnect();
    c.advance(1s);
    CHECK(f.store->inner.size() == 1); // what was changed was saved
    auto loading = c.get("/count").set("Cookie", id1).start();
    loading.disconnect();
    c.advance(1s);
    c.get("/look").set("Cookie", id1).expect(200, R"({"n":1})");
}

TEST_CASE("cookies of mounted paths, without path, and what proxies say only when they are trusted", "[middleware][session]") {
    fixture f;
    app a;
    a.use("/foo", session(f.options({.cookie = {.path = "/foo/bar"}, .save_uninitialized = true})));
    a.use([](request&, response& res) { res.end(); });
    testing::client c(a);
    CHECK(cookie_of(c.get("/foo/bar").result()).find("; Path=/foo/bar") != std::string::npos);
    CHECK(cookie_of(c.get("/foo/bar/baz").result()).find("; Path=/foo/bar") != std::string::npos);
    CHECK(cookie_of(c.get("/foo/foo/bar").result()).empty());
    fixture g;
    auto trusting = g.make();
    testing::client untrusted(g.make());
    trusting.set("trust proxy", true);
    testing::client trusted(trusting);
    CHECK(cookie_of(untrusted.get("/count").set("X-Forwarded-Proto", "https").result()).find("Secure") == std::string::npos);
    CHECK(cookie_of(trusted.get("/count").set("X-Forwarded-Proto", "https,http").result()).find("Secure") != std::string::npos);
    CHECK(cookie_of(trusted.get("/count").result()).find("Secure") == std::string::npos);
}

TEST_CASE("a cookie that ends with the browser is set once, and is changed by what changes it", "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.rolling = false}));
    const auto first = cookie_of(c.get("/count").result());
    CHECK(first.find("Expires") == std::string::npos);
    CHECK(cookie_of(c.get("/count").set("Cookie", id1).result()).empty());
    CHECK(cookie_of(c.get("/count").set("Cookie", id1).result()).empty());
    c.get("/count").set("Cookie", id1).expect(200, "session 4"); // persists
    // reserved names are data like others
    app a;
    a.use(session(f.options()));
    a.get("/", [](request& req, response& res) {
        auto& s = session_of(req);
        s["cookie"] = s["cookie"].is_null() ? 1 : s["cookie"].as_int64() + 1;
        s["id"] = "mine";
        res.send(json::stringify(s.data()));
    });
    testing::client d(a);
    f.ids = 40;
    d.get("/").expect(200, R"({"cookie":1,"id":"mine"})");
    d.get("/").set("Cookie", "connect.sid=s%3Aid41.4").expect(200, R"({"cookie":2,"id":"mine"})");
}

TEST_CASE("a clock that is set back or forth ends sessions at the worst", "[middleware][session]") {
    fixture f;
    testing::client c(f.make({.cookie = {.max_age = 1h}}));
    c.get("/count").expect(200, "session 1");
    f.now -= 24h * 365;
    c.get("/count").set("Cookie", id1).expect(200, "session 2");
    f.now += 24h * 365 * 20;
    c.get("/look").set("Cookie", id1).expect(200, "{}");
    CHECK(f.store->inner.size() == 0);
}

TEST_CASE("a session that another request has ended meanwhile does not come back", "[middleware][session]") {
    fixture f;
    testing::client c(f.make());
    c.get("/count").expect(200, "session 1");
    CHECK(f.store->inner.size() == 1);
    c.get("/gone").set("Cookie", id1).expect(200, "late");
    CHECK(f.store->inner.size() == 0);
    memory_session_store store;
    CHECK_FALSE(store.replace("a", {"{}", noon + 1h, {}}));
    store.put("a", {"{}", noon + 1h, {}});
    CHECK(store.replace("a", {R"({"n":1})", noon + 1h, {}}));
    CHECK(store.find("a")->data == R"({"n":1})");
    CHECK(store.size() == 1);
}

namespace {

// Answers nothing from some call on.
struct hung_store final : session_store {
    task<std::optional<session_record>> load(std::string id) override {
        co_await answer("load");
        co_return inner.find(id);
    }
    task<> save(std::string id, session_record record) override {
        co_await answer("save");
        inner.put(id, std::move(record));
    }
    task<bool> update(std::string id, session_record record) override {
        co_await answer("save");
        co_return inner.replace(id, std::move(record));
    }
    task<> touch(std::string id, time_point expires) override {
        co_await answer("touch");
        inner.prolong(id, expires);
    }
    task<> remove(std::string id) override {
        co_await answer("remove");
        inner.erase(id);
    }
    task<> answer(std::string_view call) {
        if (call == hangs) co_await never.wait();
    }
    memory_session_store inner;
    std::string hangs;
    event never;
};

} // namespace

TEST_CASE("a store that does not answer is an error after some time", "[middleware][session]") {
    fixture f;
    const auto store = std::make_shared<hung_store>();
    int ended = 0, n = 0;
    app a;
    a.set("env", "test");
    auto options = f.options();
    options.store = store;
    a.use([&](request&, response& res, next& next) {
        res.on_close([&] { ++ended; });
        next();
    });
    a.use(session(options));
    a.get("/count", [&](request& req, response& res) {
        session_of(req)["n"] = ++n;
        res.send("counted");
    });
    a.get("/look", [](request& req, response& res) { res.send(json::stringify(session_of(req).data())); });
    a.get("/end", [](request& req, response& res) -> task<> {
        co_await session_of(req).destroy();
        res.send("bye");
    });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.type()); });
    testing::client c(a);
    c.get("/count").expect(200);
    const std::pair<const char*, const char*> calls[] = {{"load", "/look"}, {"save", "/count"}, {"touch", "/look"}, {"remove", "/end"}};
    for (const auto& [hangs, target] : calls) {
        INFO(hangs);
        store->hangs = hangs;
        auto asked = c.get(target).set("Cookie", id1).start();
        c.advance(9999ms);
        CHECK_FALSE(asked.done());
        c.advance(1ms);
        asked.expect(503, "session.timeout");
    }
    store->hangs = "save";
    ended = 0;
    auto gone = c.get("/count").set("Cookie", id1).start();
    CHECK(ended == 0);
    gone.disconnect();
    CHECK(ended == 1); // nobody is kept for it
    store->inner.put("id1", {"{}", noon + 1h, {}});
    store->never.set(); // what he did is kept all the same
    CHECK(store->inner.find("id1")->data == R"({"n":)" + std::to_string(n) + "}");
}

TEST_CASE("a store that does not answer does not defeat a deadline", "[middleware][session]") {
    fixture f;
    const auto store = std::make_shared<hung_store>();
    app a;
    a.set("env", "test");
    auto options = f.options();
    options.store = store;
    a.use(deadline(1s));
    a.use(session(options));
    a.use([](request& req, response& res) {
        session_of(req)["n"] = 1;
        res.send("saved");
    });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.type()); });
    testing::client c(a);
    store->hangs = "save";
    auto asked = c.get("/").start();
    c.advance(999ms);
    CHECK_FALSE(asked.done());
    c.advance(1ms);
    asked.expect(503, "deadline.exceeded");
}

TEST_CASE("sessions in memory have so many octets together", "[middleware][session]") {
    memory_session_store store(100, 1000);
    const auto record = [](std::size_t size) { return session_record{std::string(size, 'x'), noon + 100'000h, {}}; };
    store.put("a", record(400));
    store.put("b", record(400));
    CHECK(store.find("a"));       // is the last used now
    store.put("c", record(300));
    CHECK_FALSE(store.find("b"));
    CHECK(store.find("a"));
    CHECK(store.replace("a", record(900)));
    CHECK_FALSE(store.find("c"));
    CHECK(store.find("a")->data.size() == 900);
    store.erase("a");
    store.put("d", record(1000));
    CHECK(store.find("d"));
    CHECK_THROWS_AS(store.put("e", record(1001)), system_error);
    CHECK_THROWS_AS(store.replace("d", record(1001)), system_error);
    CHECK(store.size() == 1);
}
