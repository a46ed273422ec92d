// Tests of ext/sqlite_session_store.hpp: sessions that outlive the process, and a database that fails.
// SPDX-License-Identifier: MIT
#include <crema/ext/sqlite_session_store.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

using namespace crema;
using namespace std::chrono_literals;

namespace {

struct length_signer final : signer {
    std::string signature(std::string_view text) const override { return std::to_string(text.size()); }
    bool is_signature(std::string_view text, std::string_view s) const override { return s == signature(text); }
};

struct directory {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("crema_sessions_" + std::to_string(std::random_device{}()));
    directory() { std::filesystem::create_directory(path); }
    directory(const directory&) = delete;
    ~directory() { std::filesystem::remove_all(path); }
};

using time_point = std::chrono::system_clock::time_point;
time_point now = time_point(1'800'000'000s);

app counting(sqlite::database& db) {
    app a;
    a.set("env", "test");
    a.use(session({.signer = std::make_shared<length_signer>(),
                   .store = std::make_shared<sqlite::session_store>(db),
                   .generate_id = [](request&) { return std::string("me"); },
                   .now = [] { return now; }}));
    a.get("/count", [](request& req, response& res) {
        auto& n = session_of(req)["n"];
        n = n.is_null() ? 1 : n.as_int64() + 1;
        res.json(n);
    });
    a.get("/remember", [](request& req, response& res) {
        session_of(req).max_age(30min);
        session_of(req)["text"] = "it's \"\xc3\xa9\"";
        res.json(session_of(req).data());
    });
    a.get("/logout", [](request& req, response& res) -> task<> {
        co_await session_of(req).destroy();
        res.send("bye");
    });
    return a;
}

constexpr const char* me = "connect.sid=s%3Ame.2";

} // namespace

TEST_CASE("sessions outlive the process", "[ext][sqlite_session_store]") {
    const directory d;
    const auto file = (d.path / "sessions.db").string();
    {
        sqlite::database db(file);
        testing::client c(counting(db));
        c.get("/count").expect(200, "1");
        c.get("/count").set("Cookie", me).expect(200, "2");
        c.get("/remember").set("Cookie", me).expect(200, "{\"n\":2,\"text\":\"it's \\\"\xc3\xa9\\\"\"}");
    }
    sqlite::database db(file);
    testing::client c(counting(db));
    const auto r = c.get("/count").set("Cookie", me).expect(200, "3").result();
    CHECK(r.header("set-cookie")->find("; Expires=") != std::string_view::npos); // its max_age was kept
    c.get("/logout").set("Cookie", me).expect(200, "bye");
    c.get("/count").set("Cookie", me).expect(200, "1");
}

TEST_CASE("expired sessions are neither given nor kept", "[ext][sqlite_session_store]") {
    sqlite::database db(":memory:");
    testing::client c(counting(db));
    const auto count = [&] {
        const auto query = [](sqlite::connection& k) { return k.query_one<int>("SELECT count(*) FROM sessions"); };
        return db.setup(query);
    };
    c.get("/count").expect(200, "1");
    now += 23h;
    c.get("/count").set("Cookie", me).expect(200, "2");
    now += 23h;
    app sweeper;
    sqlite::session_store store(db);
    sweeper.get("/", [&](request&, response& res) -> task<> {
        const auto n = co_await store.sweep(now);
        res.json(n);
    });
    testing::client s(sweeper);
    s.get("/").expect(200, "0");
    now += 1h;
    c.get("/count").set("Cookie", me).expect(200, "1");
    now += 24h;
    CHECK(count() == 1);
    s.get("/").expect(200, "1");
    CHECK(count() == 0);
}

TEST_CASE("a database that fails is an error of the request", "[ext][sqlite_session_store]") {
    sqlite::database db(":memory:");
    testing::client c(counting(db));
    c.get("/count").expect(200, "1");
    db.setup([](sqlite::connection& k) {
        k.execute("CREATE TRIGGER no BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END");
    });
    c.get("/count").set("Cookie", me).expect(500).expect([](const testing::reply& r) {
        CHECK(r.body.find("full") != std::string::npos);
    });
    db.setup([](sqlite::connection& k) { k.execute("DROP TABLE sessions"); });
    c.get("/count").set("Cookie", me).expect(500);
    c.get("/count").expect(500);
}
