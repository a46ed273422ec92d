// Tests of web/body_coding.hpp: what is answered goes through what was given to the response.
// SPDX-License-Identifier: MIT
#include <crema/web/body_coding.hpp>

#include <crema/core/text.hpp>
#include <crema/loop/immediate.hpp>
#include <crema/loop/schedule.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema;

namespace {

// Capital letters; holds back what was not flushed.
class shout final : public body_coder {
public:
    void respond(exchange& x, int status, std::string_view fields, std::string_view body) override {
        x.respond(status, {}, fields, upper(body));
    }
    void begin(exchange& x, int status, std::string_view fields) override { x.begin(status, {}, fields, std::nullopt); }
    void write(exchange& x, std::string_view piece) override {
        kept_ += upper(piece);
        if (piece != "wait") return;
        x.hold_writers();
        x.retain();
        set_immediate([this, &x] {
            flush(x);
            x.writers_may_go();
            x.release();
        });
    }
    void flush(exchange& x) override {
        x.write_now(kept_);
        kept_.clear();
    }
    void end(exchange& x, std::string_view last, std::string_view trailers) override {
        write(x, last);
        flush(x);
        x.end(trailers);
    }

private:
    static std::string upper(std::string_view text) {
        std::string s(text);
        for (auto& c : s) c = to_upper(c);
        return s;
    }
    std::string kept_;
};

struct shouting final : body_coding {
    mutable std::optional<std::uint64_t> seen;
    std::unique_ptr<body_coder> begin(response& res, std::optional<std::uint64_t> length) const override {
        seen = length;
        res.set("X-Status", res.status_code());
        if (res.get("Content-Type").value_or("").starts_with("image/")) return nullptr;
        return std::make_unique<shout>();
    }
};

app loud(shouting& how) {
    app a;
    a.use([&how](request&, response& res, next& next) {
        res.code_body(how);
        next();
    });
    return a;
}

} // namespace

TEST_CASE("what sends in one go is coded, and the length is that of what comes out", "[web][body_coding]") {
    shouting how;
    auto a = loud(how);
    a.get("/send", [](request&, response& res) { res.status(201).send("straße"); });
    a.get("/json", [](request&, response& res) { res.json({{"a", "b"}}); });
    a.get("/end", [](request&, response& res) { res.end("end"); });
    a.get("/image", [](request&, response& res) { res.type("image/png").send("png"); });
    testing::client c(a);
    c.get("/send").expect(201, "STRAßE").expect("Content-Length", "7").expect("X-Status", "201");
    CHECK(how.seen == 7);
    c.get("/json").expect(200, R"({"A":"B"})");
    c.get("/end").expect(200, "END");
    c.get("/image").expect(200, "png").expect("X-Status", "200");
    c.get("/none").expect(404).expect([](const testing::reply& r) { CHECK(r.body.find("CANNOT GET") != r.body.npos); });
}

TEST_CASE("a body that is not changed is decided on before its type is gone", "[web][body_coding]") {
    shouting how;
    auto a = loud(how);
    a.get("/", [](request&, response& res) { res.set("ETag", "\"1\"").send("body"); });
    testing::client c(a);
    c.get("/").set("If-None-Match", "\"1\"").expect(304).expect("X-Status", "304");
}

TEST_CASE("what is streamed is coded piece by piece, and flushed on request", "[web][body_coding]") {
    shouting how;
    auto a = loud(how);
    a.get("/", [](request&, response& res) -> task<> {
        res.set("Content-Length", 8);
        co_await res.write("ab");
        co_await res.write("cd");
        res.flush();
        co_await res.write("ef");
        res.end("gh");
    });
    testing::client c(a);
    c.get("/").expect(200, "ABCDEFGH").expect([](const testing::reply& r) {
        CHECK_FALSE(r.header("Content-Length"));
        CHECK(r.header("Transfer-Encoding") == "chunked");
    });
    CHECK(how.seen == 8);
}

TEST_CASE("who awaits a piece waits until it was worked on", "[web][body_coding]") {
    shouting how;
    auto a = loud(how);
    bool after = false;
    a.get("/", [&](request&, response& res) -> task<> {
        co_await res.write("wait");
        after = true;
        res.end();
    });
    a.get("/left", [&](request&, response& res) -> task<> {
        try {
            for (;;) co_await res.write("wait");
        } catch (const cancelled&) {
            after = true;
            throw;
        }
    });
    testing::client c(a);
    c.get("/").expect(200, "WAIT");
    CHECK(after);
    after = false;
    c.get("/left").start().disconnect();
    c.run();
    CHECK(after);
}

TEST_CASE("the next request of a connection is not coded by what was left over", "[web][body_coding]") {
    shouting how;
    app a;
    a.get("/quiet", [](request&, response& res) { res.send("quiet"); });
    a.use(loud(how));
    a.get("/loud", [](request&, response& res) { res.send("loud"); });
    testing::client c(a);
    c.get("/loud").expect(200, "LOUD");
    c.get("/quiet").expect(200, "quiet");
    c.get("/quiet").expect(200, "quiet");
}
