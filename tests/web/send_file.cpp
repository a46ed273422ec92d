// send_file: what a response makes of a file, and who is told when it cannot.
// SPDX-License-Identifier: MIT
#include <crema/web/send_file.hpp>

#include "files.hpp"
#include "server/sockets.hpp"
#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>
#include <crema/web/send.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <thread>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using crema::testing::reply;

namespace {

// An app that answers with what `f` sends; errors as their status, type and text, what falls through as 404.
app sends(std::function<void(request&, response&)> f) {
    app a;
    a.use([f = std::move(f)](request& req, response& res, next&) { f(req, res); });
    a.use([](request&, response& res) { res.status(404).send("fell through"); });
    a.use([](std::exception_ptr e, request&, response& res, next&) {
        try {
            std::rethrow_exception(e);
        } catch (const http_error& x) {
            for (const auto& [name, text] : x.headers()) res.set(name, text);
            res.status(x.status()).set("X-Type", x.type()).end(x.what());
        } catch (const std::exception& x) {
            res.status(500).end(x.what());
        }
    });
    return a;
}

std::string field(const reply& r, std::string_view name) { return std::string(r.header(name).value_or("(none)")); }

} // namespace

TEST_CASE("a file is sent with its type, length, date and validator", "[send_file]") {
    served_files files;
    files.write("name.txt", "tobi");
    testing::client c(sends([&](request&, response& res) { res.send_file(files.root() / "name.txt"); }));
    const auto r = c.get("/").result();
    CHECK(r.status == 200);
    CHECK(r.body == "tobi");
    CHECK(field(r, "content-type") == "text/plain; charset=utf-8");
    CHECK(field(r, "content-length") == "4");
    CHECK(field(r, "accept-ranges") == "bytes");
    CHECK(field(r, "cache-control") == "public, max-age=0");
    CHECK(field(r, "last-modified") == files.date("name.txt"));
    CHECK(field(r, "etag") == files.etag("name.txt"));
    const auto head = c.head("/").result();
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(field(head, "content-length") == "4");
    CHECK(field(head, "etag") == files.etag("name.txt"));
}

TEST_CASE("an empty file, one without an extension, one that is large", "[send_file]") {
    served_files files;
    files.write("empty.txt", "");
    files.write("plain", "x");
    std::string large;
    for (int i = 0; large.size() < 1'000'000; ++i) large += std::to_string(i);
    files.write("large.bin", large);
    testing::client c(sends([&](request& req, response& res) { res.send_file(req.path().substr(1), {.root = files.root()}); }));
    c.get("/empty.txt").expect(200, "").expect("content-length", "0");
    c.get("/plain").expect(200, "x").expect("content-type", "application/octet-stream");
    c.get("/large.bin").expect(200, large).expect("content-length", std::to_string(large.size()));
    c.get("/large.bin").set("Range", "bytes=150000-449999").expect(206, large.substr(150'000, 300'000));
    c.head("/large.bin").expect(200, "").expect("content-length", std::to_string(large.size()));
    c.get("/plain").expect(200, "x"); // the connection goes on
    CHECK(c.server().connections() == 1);
}

TEST_CASE("fields that are set stay, those of the options come on top", "[send_file]") {
    served_files files;
    files.write("a.txt", "x");
    auto a = sends([&](request& req, response& res) {
        if (req.path() == "/set")
            res.set("Content-Type", "text/x-own").set("ETag", "\"own\"").set("Cache-Control", "no-store").set("Accept-Ranges", "none");
        if (req.path() == "/off") {
            res.send_file("a.txt", {.root = files.root(), .last_modified = false, .accept_ranges = false, .cache_control = false});
            return;
        }
        res.send_file("a.txt", {.root = files.root(), .headers = {{"X-A", "1"}, {"X-B", "2"}}, .max_age = 90min, .immutable = true});
    });
    testing::client c(a);
    const auto own = c.get("/set").result();
    CHECK(field(own, "content-type") == "text/x-own; charset=utf-8");
    CHECK(field(own, "etag") == "\"own\"");
    CHECK(field(own, "cache-control") == "no-store");
    CHECK(field(own, "accept-ranges") == "none");
    CHECK(field(own, "x-b") == "2");
    CHECK(field(c.get("/").result(), "cache-control") == "public, max-age=5400, immutable");
    const auto off = c.get("/off").set("Range", "bytes=0-0").result();
    CHECK(off.status == 200);
    for (auto name : {"last-modified", "accept-ranges", "cache-control"}) CHECK(field(off, name) == "(none)");
    a.set("etag", value(false));
    CHECK(field(c.get("/").result(), "etag") == "(none)");
}

TEST_CASE("what the handler sets after the call still counts, even when the file is in memory", "[send_file]") {
    served_files files;
    files.write("name.txt", "tobi");
    bool told = false;
    testing::client c(sends([&](request&, response& res) {
        res.send_file(files.root() / "name.txt", [&](std::exception_ptr e) { told = !e; });
        CHECK_FALSE(told);
        CHECK_FALSE(res.headers_sent());
        res.set("X-Later", "yes");
    }));
    const auto r = c.get("/").result();
    CHECK(r.body == "tobi");
    CHECK(field(r, "x-later") == "yes");
    CHECK(told);
}

TEST_CASE("max_age is at most a year, and not negative", "[send_file]") {
    served_files files;
    files.write("a.txt", "x");
    testing::client c(sends([&](request& req, response& res) {
        res.send_file("a.txt", {.root = files.root(), .max_age = req.path() == "/long" ? 24h * 366 * 5 : -5s});
    }));
    CHECK(field(c.get("/long").result(), "cache-control") == "public, max-age=31536000");
    CHECK(field(c.get("/").result(), "cache-control") == "public, max-age=0");
}

TEST_CASE("what cannot be sent goes to the error handlers, a directory on with next", "[send_file]") {
    served_files files;
    files.write("dir/index.html", "index");
    files.write(".hidden", "x");
    files.write("a.txt", "x");
    testing::client c(sends([&](request& req, response& res) {
        res.send_file(std::string(req.query("path").value_or("")), {.root = files.root()});
    }));
    const auto get = [&](std::string_view path) { return c.get("/").query("path", path).result(); };
    for (const auto& [path, status, type] : std::vector<std::tuple<std::string, int, std::string>>{
             {"nothing.txt", 404, "ENOENT"}, {"a.txt/", 404, ""}, {"a.txt/b", 404, "ENOTDIR"}, {std::string(300, 'x'), 404, "ENAMETOOLONG"},
             {"../root/a.txt", 403, ""}, {"dir/../../root/a.txt", 403, ""}, {"..\\a.txt", 403, ""}, {"..", 403, ""},
             {".hidden", 404, ""}, {std::string("a.txt\0", 6), 400, ""}}) {
        INFO(path);
        const auto r = get(path);
        CHECK(r.status == status);
        if (!type.empty()) CHECK(field(r, "x-type") == type);
        CHECK(field(r, "content-type") == "(none)");
    }
    CHECK(get("dir").body == "fell through");
    CHECK(get("dir/").body == "index");
    CHECK(get("dir/../a.txt").body == "x");
    CHECK(get("/a.txt").body == "x");
    CHECK_THAT(get("nothing.txt").body, Contains("no such file or directory") && Contains("nothing.txt"));
}

TEST_CASE("links do not lead out of the root", "[send_file]") {
    served_files files;
    files.write("a.txt", "inside");
    std::ofstream(files.outside() / "secret.txt") << "secret";
    std::filesystem::create_symlink("../secret.txt", files.root() / "out.txt");
    std::filesystem::create_symlink(files.outside() / "secret.txt", files.root() / "absolute.txt");
    std::filesystem::create_symlink("a.txt", files.root() / "in.txt");
    std::filesystem::create_symlink("..", files.root() / "up");
    testing::client c(sends([&](request& req, response& res) {
        if (req.path() == "/free") res.send_file(files.root() / "out.txt"); // no root: the application answers for the path
        else res.send_file(req.path().substr(1), {.root = files.root()});
    }));
    c.get("/out.txt").expect(403);
    c.get("/absolute.txt").expect(403);
    c.get("/up/secret.txt").expect(403);
    c.get("/in.txt").expect(200, "inside");
    c.get("/free").expect(200, "secret");
}

TEST_CASE("dotfiles are not there, or forbidden, or files like others", "[send_file]") {
    served_files files;
    files.write(".hidden", "h");
    files.write(".git/config", "c");
    testing::client c(sends([&](request& req, response& res) {
        const auto how = req.query("how") == "allow" ? dotfiles::allow : req.query("how") == "deny" ? dotfiles::deny : dotfiles::ignore;
        res.send_file(req.path().substr(1), {.root = files.root(), .dotfiles = how});
    }));
    for (auto path : {"/.hidden", "/.git/config"}) {
        c.get(path).expect(404);
        c.get(path).query("how", "deny").expect(403);
        c.get(path).query("how", "allow").expect(200);
    }
}

TEST_CASE("paths without a root are absolute and know no ..", "[send_file]") {
    served_files files;
    files.write("a.txt", "x");
    testing::client c(sends([&](request& req, response& res) {
        if (req.path() == "/empty") res.send_file("");
        else if (req.path() == "/relative") res.send_file("a.txt");
        else if (req.path() == "/up") res.send_file(files.root() / "dir/../a.txt");
        else res.send_file(files.root() / "a.txt");
    }));
    c.get("/").expect(200, "x");
    c.get("/empty").expect(500, "path argument is required to res.send_file");
    c.get("/relative").expect(500, "path must be absolute or specify root to res.send_file");
    c.get("/up").expect(403);
}

TEST_CASE("conditions are answered 304 and 412", "[send_file]") {
    served_files files;
    files.write("a.txt", "x");
    testing::client c(sends([&](request&, response& res) { res.send_file("a.txt", {.root = files.root()}); }));
    const auto tag = files.etag("a.txt"), date = files.date("a.txt");
    const auto later = http::format_date(files.changed("a.txt") / 1000 + 60), before = http::format_date(files.changed("a.txt") / 1000 - 60);
    for (const auto& [name, text, status] : std::vector<std::tuple<std::string, std::string, int>>{
             {"If-None-Match", tag, 304}, {"If-None-Match", "\"x\", " + tag, 304}, {"If-None-Match", "*", 304},
             {"If-None-Match", "\"x\"", 200}, {"If-Modified-Since", date, 304}, {"If-Modified-Since", later, 304},
             {"If-Modified-Since", before, 200}, {"If-Modified-Since", "yesterday", 200}, {"If-Match", tag, 200},
             {"If-Match", "\"x\", " + tag.substr(2), 200}, {"If-Match", "*", 200}, {"If-Match", "\"x\"", 412},
             {"If-Unmodified-Since", date, 200}, {"If-Unmodified-Since", before, 412}, {"If-Unmodified-Since", "foo", 200}}) {
        INFO(name << ": " << text);
        const auto r = c.get("/").set(name, text).result();
        CHECK(r.status == status);
        CHECK(r.body == (status == 200 ? "x" : status == 412 ? "Precondition Failed" : ""));
        if (status == 304) CHECK(field(r, "content-type") == "(none)");
        if (status == 304) CHECK(field(r, "last-modified") == date);
    }
}

TEST_CASE("parts of a file are 206, what lies behind it 416, several parts the whole", "[send_file]") {
    served_files files;
    files.write("nums.txt", "123456789");
    testing::client c(sends([&](request&, response& res) { res.send_file("nums.txt", {.root = files.root()}); }));
    for (const auto& [range, status, body, part] : std::vector<std::tuple<std::string, int, std::string, std::string>>{
             {"bytes=0-4", 206, "12345", "bytes 0-4/9"}, {"bytes=0-0", 206, "1", "bytes 0-0/9"}, {"bytes=-3", 206, "789", "bytes 6-8/9"},
             {"bytes=3-", 206, "456789", "bytes 3-8/9"}, {"bytes=2-50", 206, "3456789", "bytes 2-8/9"},
             {"bytes=0-2,1-4", 206, "12345", "bytes 0-4/9"}, {"bytes=0-0,8-8", 200, "123456789", "(none)"},
             {"asdf", 200, "123456789", "(none)"}, {"lines=0-1", 200, "123456789", "(none)"},
             {"bytes=9-50", 416, "Range Not Satisfiable", "bytes */9"}, {"bytes=x-1", 200, "123456789", "(none)"}}) {
        INFO(range);
        const auto r = c.get("/").set("Range", range).result();
        CHECK(r.status == status);
        CHECK(r.body == body);
        CHECK(field(r, "content-range") == part);
    }
    c.head("/").set("Range", "bytes=2-3").expect(206, "").expect("content-length", "2");
    // If-Range
    const auto with = [&](std::string_view condition) {
        return c.get("/").set("Range", "bytes=0-0").set("If-Range", condition).result().status;
    };
    CHECK(with(files.etag("nums.txt")) == 206);
    CHECK(with("\"x\"") == 200);
    CHECK(with(files.date("nums.txt")) == 206);
    CHECK(with(http::format_date(files.changed("nums.txt") / 1000 - 60)) == 200);
    CHECK(with("nonsense") == 200);
}

TEST_CASE("several parts on request: in order, coalesced, counted", "[send_file]") {
    served_files files;
    std::string large;
    while (large.size() < 700'000) large += std::to_string(large.size()) + ",";
    files.write("nums.txt", "123456789");
    files.write("large.bin", large);
    std::string name = "nums.txt";
    testing::client c(sends([&](request&, response& res) { res.send_file(name, {.root = files.root(), .max_ranges = 3}); }));
    // The parts as one text: each with its place.
    const auto ask = [&](const std::string& range, std::string condition = {}) {
        auto call = c.get("/").set("Range", range);
        if (!condition.empty()) call.set("If-Range", condition);
        const auto r = call.result();
        const auto type = field(r, "content-type");
        const std::string_view multipart = "multipart/byteranges; boundary=";
        if (!type.starts_with(multipart)) return std::to_string(r.status) + " " + r.body;
        CHECK(r.status == 206);
        CHECK(field(r, "content-range") == "(none)"); // only that of the parts
        CHECK(field(r, "content-length") == std::to_string(r.body.size()));
        const auto between = "--" + type.substr(multipart.size());
        std::string out, rest = r.body;
        REQUIRE(rest.ends_with("\r\n" + between + "--\r\n"));
        rest.resize(rest.size() - between.size() - 6);
        for (std::size_t at = 0; at < rest.size();) {
            REQUIRE(rest.compare(at, between.size() + 2, between + "\r\n") == 0);
            const auto end = std::min(rest.find("\r\n" + between, at), rest.size());
            const auto body = rest.find("\r\n\r\n", at) + 4;
            auto head = rest.substr(at + between.size() + 2, body - at - between.size() - 4);
            out += (out.empty() ? "" : " | ") + head + rest.substr(body, end - body);
            at = std::min(end + 2, rest.size());
        }
        return out;
    };
    const std::string type = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ";
    CHECK(ask("bytes=0-0,8-8") == type + "0-0/9\r\n1 | " + type + "8-8/9\r\n9");
    CHECK(ask("bytes=-1, 0-1 , 4-4") == type + "8-8/9\r\n9 | " + type + "0-1/9\r\n12 | " + type + "4-4/9\r\n5"); // in the order asked for
    CHECK(ask("bytes=7-,0-0,20-30") == type + "7-8/9\r\n89 | " + type + "0-0/9\r\n1");  // what lies outside is left out
    CHECK(ask("bytes=6-8,0-2,1-3") == type + "6-8/9\r\n789 | " + type + "0-3/9\r\n1234"); // what overlaps is one
    CHECK(ask("bytes=0-2,2-4,3-") == "206 123456789");                                // nothing twice, whatever is asked
    std::string many = "bytes=0-";
    for (int i = 0; i < 1000; ++i) many += ",0-";
    CHECK(ask(many) == "206 123456789");
    CHECK(ask("bytes=0-0,2-2,4-4,6-6") == "200 123456789"); // more than are allowed: the whole
    CHECK(ask("bytes=0-0,2-2,x") == "200 123456789");
    CHECK(ask("bytes=9-,10-11") == "416 Range Not Satisfiable");
    // If-Range
    CHECK(ask("bytes=0-0,8-8", files.etag("nums.txt")) == type + "0-0/9\r\n1 | " + type + "8-8/9\r\n9");
    CHECK(ask("bytes=0-0,8-8", files.date("nums.txt")).starts_with(type));
    CHECK(ask("bytes=0-0,8-8", "\"x\"") == "200 123456789");
    CHECK(ask("bytes=0-0,8-8", "nonsense") == "200 123456789");
    // HEAD knows no ranges
    c.head("/").set("Range", "bytes=0-0,8-8").expect(200, "").expect("content-length", "9");
    // the boundary is another one each time
    const auto boundary = [&] { return field(c.get("/").set("Range", "bytes=0-0,8-8").result(), "content-type"); };
    CHECK(boundary() != boundary());

    name = "large.bin"; // parts of more than one piece
    const auto place = [&](std::size_t first, std::size_t last) {
        return "Content-Type: application/octet-stream\r\nContent-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
               std::to_string(large.size()) + "\r\n" + large.substr(first, last - first + 1);
    };
    CHECK(ask("bytes=300000-650000,5-200004") == place(300000, 650000) + " | " + place(5, 200004));
}

TEST_CASE("start and end make a part of a file the whole", "[send_file]") {
    served_files files;
    files.write("nums.txt", "123456789");
    testing::client c(sends([&](request& req, response& res) {
        if (req.path() == "/behind") res.send_file("nums.txt", {.root = files.root(), .start = 20});
        else res.send_file("nums.txt", {.root = files.root(), .start = 2, .end = 5});
    }));
    c.get("/").expect(200, "3456").expect("content-length", "4");
    c.get("/").set("Range", "bytes=1-2").expect(206, "45").expect("content-range", "bytes 1-2/4");
    c.get("/").set("Range", "bytes=5-9").expect(416).expect("content-range", "bytes */4");
    c.get("/behind").expect(200, "");
}

TEST_CASE("a callback hears of the end, and answers for itself when that is an error", "[send_file]") {
    served_files files;
    files.write("a.txt", "x");
    files.write("dir/b.txt", "y");
    std::vector<std::string> log;
    testing::client c(sends([&](request& req, response& res) {
        res.send_file(req.path().substr(1), {.root = files.root()}, [&](std::exception_ptr e) {
            try {
                if (e) std::rethrow_exception(e);
                log.push_back("sent");
            } catch (const http_error& x) {
                log.push_back(x.type());
                res.status(x.status()).send("mine");
            }
        });
    }));
    c.get("/a.txt").expect(200, "x");
    c.get("/none").expect(404, "mine");
    c.get("/dir").expect(404, "mine");
    c.run();
    CHECK(log == std::vector<std::string>{"sent", "ENOENT", "EISDIR"});
}

TEST_CASE("awaited, its errors are exceptions and what follows runs when it was sent", "[send_file]") {
    served_files files;
    files.write("a.txt", "x");
    std::vector<std::string> log;
    app a;
    a.get("/:name", [&](request& req, response& res) -> task<> {
        const auto path = files.root() / std::string(req.params("name"));
        std::string failed;
        const send_file_options options{.headers = {{"X-A", "1"}}};
        try {
            if (req.query("options")) co_await res.send_file(path, options);
            else co_await res.send_file(path);
            log.push_back("sent");
        } catch (const http_error& e) {
            failed = e.type();
        }
        if (!failed.empty()) res.status(404).send("no " + failed);
    });
    a.use("/returned", [&](request&, response& res) { return res.send_file(files.root() / "a.txt"); });
    testing::client c(a);
    c.get("/a.txt").expect(200, "x");
    c.get("/a.txt?options=1").expect(200, "x").expect("X-A", "1");
    log.pop_back();
    c.get("/none").expect(404, "no ENOENT");
    c.get("/returned/x").expect(200, "x");
    CHECK(log == std::vector<std::string>{"sent"});
}

TEST_CASE("a coroutine may send without waiting, after others waits", "[send_file]") {
    served_files files;
    files.write("a.txt", "x");
    app a;
    a.get("/:name", [&](request& req, response& res) -> task<> {
        co_await sleep(1ms);
        res.send_file(files.root() / std::string(req.params("name")));
    });
    a.use([](std::exception_ptr, request&, response& res, next&) { res.status(418).send("error"); });
    testing::client c(a);
    c.get("/a.txt").expect(200, "x");
    c.get("/none.txt").expect(418, "error");
}

TEST_CASE("a client that leaves ends the transfer", "[send_file]") {
    served_files files;
    files.write("large.bin", std::string(20'000'000, 'x'));
    bool told = false, cancelled_ = false;
    testing::client_options options;
    options.connection.capacity = 4096;
    app a;
    a.get("/", [&](request&, response& res) {
        res.send_file(files.root() / "large.bin", [&](std::exception_ptr e) {
            told = true;
            try {
                if (e) std::rethrow_exception(e);
            } catch (const cancelled&) {
                cancelled_ = true;
            }
        });
    });
    testing::client c(a, options);
    auto [far, near] = net::memory_stream::pair(c.loop(), options.connection);
    c.server().serve(std::move(near));
    struct nobody : net::stream_handler {
        void on_readable() override {}
        void on_writable() override {}
        void on_peer_closed() override {}
        void on_broken(std::error_code) override {}
    } handler;
    far->start(handler);
    const std::string_view request[] = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n"};
    far->write(request);
    far->want(false, false);
    c.run();
    CHECK(!told); // waits for the client
    far->close();
    c.run();
    CHECK(told);
    CHECK(cancelled_);
}

TEST_CASE("a file that becomes shorter while it is sent closes the connection", "[send_file]") {
    served_files files;
    files.write("a.bin", std::string(30'000'000, 'x'));
    testing::client c(sends([&](request&, response& res) {
        res.send_file(files.root() / "a.bin", {.headers = {{"X-A", "b"}}});
    }));
    auto call = c.get("/").start();
    for (int i = 0; i < 10'000 && call.body_so_far().empty(); ++i) {
        c.loop().run_once(loop::wait::no);
        std::this_thread::sleep_for(1ms);
    }
    REQUIRE(call.body_so_far().size() < 30'000'000);
    std::filesystem::resize_file(files.root() / "a.bin", 0);
    CHECK_THROWS_AS(call.result(), testing::failure);
}

TEST_CASE("a large file leaves a real socket whole, in order with its neighbours; whoever leaves half-way ends it", "[send_file][socket]") {
    served_files files;
    std::string content;
    for (int i = 0; content.size() < 9'000'000; ++i) content += std::to_string(i) + '\n';
    files.write("large.bin", content);
    app a;
    int ended = 0, cut = 0;
    a.get("/large", [&](request&, response& res) -> task<> {
        try {
            co_await res.send_file(files.root() / "large.bin");
            ++ended;
        } catch (const cancelled&) {
            ++cut;
        }
    });
    a.get("/small", [](request&, response& res) { res.send("small"); });
    auto& l = loop::current();
    listen_options options;
    options.address = "127.0.0.1";
    options.block = false;
    std::string first, part, leaver;
    std::thread client;
    a.listen(0, std::move(options), [&](server& s) {
        client = std::thread([&, port = s.port()] {
            crema_test::tcp_client c(port);
            const std::string large = "GET /large HTTP/1.1\r\nHost: h\r\n", small = "GET /small HTTP/1.1\r\nHost: h\r\n";
            c.send(small + "\r\n" + large + "\r\n" + large + "Range: bytes=1000000-4999999\r\n\r\n" + small +
                   "Connection: close\r\n\r\n");
            std::this_thread::sleep_for(20ms); // it stands still meanwhile
            first = c.all().value_or("broken");
            {
                crema_test::tcp_client leaves(port);
                leaves.send(large + "\r\n");
                leaver = leaves.some(100'000);
            }
            l.post([&] { a.close(2s); });
        });
    });
    l.run();
    client.join();
    const auto small = first.find("small"), large = first.find(content, small),
               range = first.find(std::string_view(content).substr(1'000'000, 4'000'000), large + content.size()),
               last = first.find("small", range + 4'000'000);
    CHECK(small != first.npos);
    REQUIRE(large != first.npos);
    REQUIRE(range != first.npos);
    CHECK(range - large - content.size() < 500); // a head
    CHECK(last == first.size() - 5);
    CHECK(leaver.find(content.substr(0, 50'000)) != leaver.npos);
    CHECK(ended == 2);
    CHECK(cut == 1);
}

TEST_CASE("download names the file", "[send_file]") {
    served_files files;
    files.write("user.html", "<p>tobi</p>");
    testing::client c(sends([&](request& req, response& res) {
        const auto path = files.root() / "user.html";
        if (req.path() == "/named") res.download(path, "document.txt");
        else if (req.path() == "/options")
            res.download("user.html", {.root = files.root(), .headers = {{"content-disposition", "inline"}, {"X-A", "1"}}});
        else if (req.path() == "/both") res.download("user.html", "café.html", {.root = files.root(), .max_age = 10s});
        else if (req.path() == "/none") res.download(files.root() / "none.html");
        else if (req.path() == "/path") res.download(path, "some/dir/x.html");
        else if (req.path() == "/slash") res.download(path.native() + "/");
        else if (req.path() == "/directory") res.download(files.root().native() + "/");
        else if (req.path() == "/relative") res.download("CMakeLists.txt");
        else res.download(path);
    }));
    c.get("/").expect(200, "<p>tobi</p>").expect("content-disposition", "attachment; filename=user.html").expect("content-type", "text/html; charset=utf-8");
    c.get("/named").expect("content-disposition", "attachment; filename=document.txt").expect("content-type", "text/html; charset=utf-8");
    c.get("/options").expect(200).expect("content-disposition", "attachment; filename=user.html").expect("x-a", "1");
    c.get("/both").expect("content-disposition", "attachment; filename=\"caf?.html\"; filename*=UTF-8''caf%C3%A9.html").expect("cache-control", "public, max-age=10");
    c.get("/path").expect("content-disposition", "attachment; filename=x.html");
    c.get("/slash").expect(200, "<p>tobi</p>");
    c.get("/directory").expect(404);
    c.get("/relative").expect("content-disposition", "attachment; filename=CMakeLists.txt");
    const auto none = c.get("/none").result();
    CHECK(none.status == 404);
    CHECK(field(none, "content-disposition") == "(none)");
}

TEST_CASE("download calls back, with a name, with options, or with neither", "[send_file]") {
    served_files files;
    files.write("user.html", "<p>tobi</p>");
    int good = 0, bad = 0;
    testing::client c(sends([&](request& req, response& res) {
        const auto path = files.root() / "user.html";
        const send_file_options rooted{.root = files.root()};
        const auto done = [&](std::exception_ptr error) { ++(error ? bad : good); };
        if (req.path() == "/named") res.download(path, "document.txt", done);
        else if (req.path() == "/options") res.download("user.html", rooted, done);
        else if (req.path() == "/both") res.download("user.html", "document.txt", rooted, done);
        else if (req.path() == "/none")
            res.download(files.root() / "none.html", [&](std::exception_ptr error) {
                ++(error ? bad : good);
                res.status(404).end();
            });
        else res.download(path, done);
    }));
    c.get("/").expect(200, "<p>tobi</p>").expect("content-disposition", "attachment; filename=user.html");
    c.get("/named").expect(200).expect("content-disposition", "attachment; filename=document.txt");
    c.get("/options").expect(200).expect("content-disposition", "attachment; filename=user.html");
    c.get("/both").expect(200).expect("content-disposition", "attachment; filename=document.txt");
    CHECK(good == 4);
    c.get("/none").expect(404);
    CHECK(bad == 1);
}
