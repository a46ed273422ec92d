// static_files: the files of a directory, as express.static serves them.
// SPDX-License-Identifier: MIT
#include <crema/middleware/static_files.hpp>

#include "../web/files.hpp"
#include "../web/octets.hpp"
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <shared.hpp>

using namespace crema;
using namespace std::chrono_literals;
using crema::testing::reply;

namespace {

std::string field(const reply& r, std::string_view name) { return std::string(r.header(name).value_or("(none)")); }

// The files of serve-static's own tests.
struct fixtures : served_files {
    fixtures() {
        write("todo.txt", "- groceries");
        write("todo.html", "<li>groceries</li>");
        write("nums.txt", "123456789");
        write("foo bar", "baz");
        write("empty.txt", "");
        write(".hidden", "I am hidden");
        write("users/tobi.txt", "ferret");
        write("users/index.html", "<p>tobi, loki, jane</p>");
        write("pets/names.txt", "tobi,loki");
    }
};

// Files at a path, then 404 with "sorry!"; errors answer with their status.
app serves(const std::filesystem::path& root, static_files_options options = {}, const char* at = "/") {
    app a;
    a.disable("x-powered-by");
    a.use(at, static_files(root, std::move(options)));
    a.use([](request&, response& res) { res.status(404).end("sorry!"); });
    a.use([](std::exception_ptr e, request&, response& res, next&) {
        try {
            std::rethrow_exception(e);
        } catch (const http_error& x) {
            res.status(x.status()).end(x.what());
        }
    });
    return a;
}

} // namespace

TEST_CASE("files are served with type, date and validator", "[static_files]") {
    fixtures files;
    testing::client c(serves(files.root()));
    c.get("/todo.txt").expect(200, "- groceries").expect("content-type", "text/plain; charset=utf-8");
    c.get("/todo.txt").expect("cache-control", "public, max-age=0").expect("etag", files.etag("todo.txt"));
    c.get("/todo.txt").expect("last-modified", files.date("todo.txt")).expect("accept-ranges", "bytes");
    c.get("/users/tobi.txt").expect(200, "ferret");
    c.get("/foo%20bar").expect(200, "baz").expect("content-type", "application/octet-stream");
    c.get("/empty.txt").expect(200, "");
    c.head("/todo.txt").expect(200, "").expect("content-length", "11");
    c.get("/users/../todo.txt").expect(200, "- groceries");
    c.get("/todo.txt?query").expect(200);
    c.get("/todo.txt").set("If-None-Match", files.etag("todo.txt")).expect(304, "");
    c.get("/todo.txt").set("If-Match", "\"foo\"").expect(412);
    c.get("/nums.txt").set("Range", "bytes=2-5").expect(206, "3456").expect("content-range", "bytes 2-5/9");
    c.get("/nums.txt").set("Range", "bytes=9-").expect(416).expect("content-range", "bytes */9");
}

TEST_CASE("what is not there goes on with the next layer, or is an error", "[static_files]") {
    fixtures files;
    const std::vector<std::tuple<std::string, std::string, int>> cases{
        {"GET", "/does-not-exist", 404}, {"GET", "/%", 400},   {"GET", "/todo%00.txt", 400},     {"GET", "/users/../../todo.txt", 403},
        {"GET", "/%2e%2e/x", 403},       {"GET", "/.hidden", 404}, {"GET", "/pets/", 404},       {"GET", "/todo.txt/", 404},
        {"GET", "/todo.txt/a", 404},     {"POST", "/todo.txt", 405}, {"OPTIONS", "/todo.txt", 405}, {"GET", "/..%5ctodo.txt", 403}};
    testing::client on(serves(files.root())), off(serves(files.root(), {.fallthrough = fallthrough::off}));
    for (const auto& [method, target, status] : cases) {
        INFO(method << " " << target);
        on.request(method, target).expect(404, "sorry!");
        off.request(method, target).expect(status);
    }
    off.post("/todo.txt").expect(405, "").expect("allow", "GET, HEAD");
    off.get("/" + std::string(5000, 'x')).expect(404);
}

TEST_CASE("index and extensions are tried in order", "[static_files]") {
    fixtures files;
    testing::client plain(serves(files.root()));
    plain.get("/users/").expect(200, "<p>tobi, loki, jane</p>").expect("content-type", "text/html; charset=utf-8");
    plain.get("/todo").expect(404);
    testing::client other(serves(files.root(), {.index = {"none.html", "names.txt"}, .extensions = {"htm", "html", "txt"}}));
    other.get("/pets/").expect(200, "tobi,loki");
    other.get("/todo").expect(200, "<li>groceries</li>");
    other.get("/nums").expect(200, "123456789");
    other.get("/bob").expect(404);
    testing::client none(serves(files.root(), {.index = {}}));
    none.get("/users/").expect(404, "sorry!");
    none.get("/users").expect(301);
}

TEST_CASE("a directory is redirected to the one with a slash, on the same host", "[static_files]") {
    fixtures files;
    files.write("a & b/x", "x");
    testing::client c(serves(files.root()));
    const auto r = c.get("/users").result();
    CHECK(r.status == 301);
    CHECK(field(r, "location") == "/users/");
    CHECK(field(r, "content-type") == "text/html; charset=UTF-8");
    CHECK(field(r, "content-security-policy") == "default-src 'none'");
    CHECK(field(r, "x-content-type-options") == "nosniff");
    CHECK_THAT(r.body, Catch::Matchers::Contains("<pre>Redirecting to /users/</pre>"));
    c.get("/users?name=john&x=%22").expect("location", "/users/?name=john&x=%22");
    c.get("//users").expect(301).expect("location", "/users/"); // not to the host "users"
    // nor to a host that a browser sees behind a backslash
    c.get("/\\evil.example/%2e%2e").expect(301).expect("location", "/evil.example/%2e%2e/");
    c.get("/a%20&%20b").expect("location", "/a%20&%20b/").expect([](const reply& x) {
        CHECK_THAT(x.body, Catch::Matchers::Contains("/a%20&amp;%20b/"));
    });
    testing::client off(serves(files.root(), {.redirect = false}));
    off.get("/users").expect(404, "sorry!");
    testing::client mounted(serves(files.root(), {}, "/static"));
    mounted.get("/static/users").expect(301).expect("location", "/static/users/");
    mounted.get("/static").expect(301).expect("location", "/static/");
    mounted.get("/static/todo.txt").expect(200);
    mounted.get("/todo.txt").expect(404, "sorry!");
}

TEST_CASE("one file may be mounted", "[static_files]") {
    fixtures files;
    testing::client c(serves(files.root() / "todo.txt", {}, "/todo"));
    c.get("/todo").expect(200, "- groceries");
    c.get("/todo/").expect(404, "sorry!");
}

TEST_CASE("nothing outside of the directory is reached", "[static_files]") {
    fixtures files;
    std::ofstream(files.outside() / "secret.txt") << "secret";
    std::filesystem::create_symlink("../secret.txt", files.root() / "link.txt");
    std::filesystem::create_directory_symlink("..", files.root() / "up");
    for (auto how : {dotfiles::ignore, dotfiles::allow}) {
        testing::client c(serves(files.root(), {.dotfiles = how}));
        for (auto target : {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/users/..%2f..%2fsecret.txt", "/link.txt",
                            "/up/secret.txt", "/users/../../secret.txt", "/..%5csecret.txt", "//../secret.txt", "/./../secret.txt",
                            "/%252e%252e/secret.txt", "/..;/secret.txt", "/....//secret.txt"}) {
            INFO(target);
            c.get(target).expect(404, "sorry!");
        }
    }
}

TEST_CASE("paths that lead out are refused in every spelling", "[static_files]") {
    served_files files;
    files.write("a/b.txt", "inside");
    std::ofstream(files.outside() / "secret") << "outside";
    std::vector<std::string> ups;
    for (const std::string dots : {"..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "%uff0e%uff0e", "\xef\xbc\x8e\xef\xbc\x8e", "....", "..;",
                                   "..%00", "..%0a", " ..", "..%20", "..\\", "..%5c", ".%00."})
        for (const std::string slash : {"/", "%2f", "%2F", "\\", "%5c", "%5C", "%252f", "%255c", "%c0%af", "%c1%9c", "%u2215", "//", "/./", "/%2e/"}) ups.push_back(dots + slash);
    testing::client on(serves(files.root())), off(serves(files.root(), {.fallthrough = fallthrough::off, .dotfiles = dotfiles::allow}));
    for (const auto& up : ups)
        for (const auto& in : std::vector<std::string>{"/", "/a/", "/a/" + up, "//", "/a%2f"})
            for (auto* c : {&on, &off}) {
                const auto target = in + up + "secret";
                const auto r = c->request("GET", target).result();
                const bool by_server = r.status == 400 && r.body.starts_with("400 Bad Request: "); // no target at all
                const bool as_said = c == &on ? r.status == 404 && r.body == "sorry!"
                                              : (r.status == 400 && r.body == "Bad Request") || (r.status == 403 && r.body == "Forbidden") ||
                                                    (r.status == 404 && r.body.starts_with("ENOENT: "));
                if (by_server || as_said) continue;
                INFO(target << " " << r.status << " " << r.body);
                CHECK(as_said);
            }
    for (const auto& whole : {files.outside() / "secret", std::filesystem::path("/etc/passwd")})
        for (const std::string in : {"", "/", "//", "/%2f", "/a/..//", "/file:%2f%2f", "/a/%2f.."}) {
            INFO(in << whole);
            CHECK(off.request("GET", in + whole.string()).result().status / 100 == 4);
        }
    const std::string forbidden = "Forbidden", malformed = "Bad Request", none = "ENOENT: no such file or directory, '" + files.root().string();
    const std::pair<std::string, std::vector<const char*>> each[] = {
        {forbidden, {"/../secret", "/a/../../secret", "/%2e%2e/secret", "/%2E%2E/secret", "/.%2e/secret", "/%2e./secret", "/..%2fsecret", "/..%2Fsecret",
                     "/a/..%2f..%2fsecret", "/..%5csecret", "/..%5Csecret", "/..\\secret", "/%2e%2e%5csecret", "//../secret", "/./../secret",
                     "/%2e/%2e%2e/secret", "/a%2f..%2f..%2fsecret", "/.."}},
        {malformed, {"/%c0%ae%c0%ae/secret", "/%e0%80%ae%e0%80%ae/secret", "/..%c0%afsecret", "/%u2215..", "/%uff0e%uff0e/secret", "/..%00/secret", "/a%00",
                     "/.%00./secret", "/%", "/%2", "/%zz"}},
        {none + "/%2e%2e/secret'", {"/%252e%252e/secret"}},
        {none + "/..%2fsecret'", {"/..%252fsecret"}},
        {none + "/..../secret'", {"/....//secret", "/..../secret"}},
        {none + "/..;/secret'", {"/..;/secret"}},
        {none + "/.. /secret'", {"/..%20/secret"}},
        {none + "/..\n/secret'", {"/..%0a/secret"}},
        {none + "/etc/passwd'", {"/etc/passwd", "//etc/passwd", "/%2fetc%2fpasswd"}},
        {none + "/file:/etc/passwd'", {"/file:%2f%2f/etc/passwd"}},
    };
    for (const auto& [said, targets] : each)
        for (const auto* target : targets) {
            INFO(target);
            const auto r = off.request("GET", target).result();
            CHECK(r.status == (said == forbidden ? 403 : said == malformed ? 400 : 404));
            CHECK(r.body == said);
        }
    off.get("/a/../a/b.txt").expect(200, "inside"); // what does not lead out is found
    off.get("/a/%2e%2e/a/b.txt").expect(200, "inside");
}

TEST_CASE("every option has its effect", "[static_files]") {
    fixtures files;
    testing::client off(serves(files.root(), {.etag = false, .last_modified = false, .accept_ranges = false, .cache_control = false}));
    const auto r = off.get("/nums.txt").set("Range", "bytes=0-1").result();
    CHECK(r.status == 200);
    for (auto name : {"etag", "last-modified", "accept-ranges", "cache-control"}) CHECK(field(r, name) == "(none)");
    testing::client age(serves(files.root(), {.max_age = 1h, .immutable = true}));
    age.get("/nums.txt").expect("cache-control", "public, max-age=3600, immutable");
    testing::client allow(serves(files.root(), {.dotfiles = dotfiles::allow}));
    allow.get("/.hidden").expect(200, "I am hidden");
    testing::client deny(serves(files.root(), {.fallthrough = fallthrough::off, .dotfiles = dotfiles::deny}));
    deny.get("/.hidden").expect(403);
    std::string seen;
    testing::client own(serves(files.root(), {.set_headers = [&](response& res, std::string_view path, const fs::file_status& s) {
                                                  seen = std::string(path) + " " + std::to_string(s.size);
                                                  res.set("X-Own", "1").set("Cache-Control", "no-store");
                                              }}));
    own.get("/nums.txt").expect(200).expect("x-own", "1").expect("cache-control", "no-store");
    CHECK(seen == (files.root() / "nums.txt").string() + " 9");
    CHECK(field(own.get("/none").result(), "x-own") == "(none)");
}

TEST_CASE("what lies compressed beside a file is sent to who takes it", "[static_files]") {
    fixtures files;
    files.write("app.js", "plain");
    files.write("app.js.br", "brotli");
    files.write("app.js.gz", "gzip!!");
    files.write("only.css", "plain");
    std::filesystem::create_directory(files.root() / "only.css.gz"); // not a file
    files.write("index.html", "index");
    files.write("index.html.gz", "index in gzip");
    const static_files_options options{.coded = {{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}};
    testing::client c(serves(files.root(), options));
    const auto get = [&](const char* path, const char* accepted) {
        auto call = c.get(path);
        if (accepted) call.set("Accept-Encoding", accepted);
        return call.result();
    };
    auto r = get("/app.js", "gzip, br, zstd");
    CHECK(r.body == "brotli");
    CHECK(field(r, "Content-Encoding") == "br");
    CHECK(field(r, "Content-Type") == "text/javascript; charset=utf-8");
    CHECK(field(r, "Vary") == "Accept-Encoding");
    CHECK(field(r, "Content-Length") == "6");
    const auto of_br = field(r, "ETag");
    CHECK(get("/app.js", "gzip;q=1, br;q=0.5").body == "gzip!!");
    CHECK(get("/app.js", "zstd").body == "plain"); // there is none
    files.write("app.css.zst", "zstandard");
    files.write("app.css.gz", "gzip!!");
    files.write("app.css", "plain");
    r = get("/app.css", "gzip, br, zstd");
    CHECK(r.body == "zstandard");
    CHECK(field(r, "Content-Encoding") == "zstd");
    CHECK(field(r, "Content-Type") == "text/css; charset=utf-8");
    CHECK(field(r, "Content-Length") == "9");
    CHECK(get("/app.css", "gzip").body == "gzip!!");
    CHECK(field(get("/app.css", "gzip"), "Content-Encoding") == "gzip");
    CHECK(get("/app.css", "br").body == "plain");
    r = get("/app.js", nullptr);
    CHECK(r.body == "plain");
    CHECK(field(r, "Content-Encoding") == "(none)");
    CHECK(field(r, "Vary") == "Accept-Encoding");
    CHECK(field(r, "ETag") != of_br);
    CHECK(get("/app.js", "identity, gzip;q=0.5").body == "plain");
    CHECK(get("/app.js", "br;q=0, gzip;q=0").body == "plain");
    CHECK(get("/only.css", "gzip").body == "plain");
    CHECK(get("/", "gzip").body == "index in gzip");
    CHECK(field(get("/", "gzip"), "Content-Type") == "text/html; charset=utf-8");
    c.get("/app.js").set("Accept-Encoding", "br").set("If-None-Match", of_br).expect(304).expect("Vary", "Accept-Encoding");
    c.get("/app.js").set("Accept-Encoding", "br").set("Range", "bytes=0-1").expect(206, "br").expect("Content-Range", "bytes 0-1/6");
    c.head("/app.js").set("Accept-Encoding", "br").expect(200, "").expect("Content-Length", "6").expect("Content-Encoding", "br");
    c.get("/nowhere.js").set("Accept-Encoding", "br").expect(404);
}

TEST_CASE("strong validators, which If-Range compares strongly", "[static_files]") {
    fixtures files;
    testing::client c(serves(files.root(), {.strong_etag = true}));
    const auto tag = field(c.get("/nums.txt").result(), "ETag");
    CHECK(tag == http::file_etag(9, files.changed("nums.txt"), http::etag_strength::strong));
    c.get("/nums.txt").set("Range", "bytes=0-1").set("If-Range", tag).expect(206, "12");
    c.get("/nums.txt").set("Range", "bytes=0-1").set("If-Range", "W/" + tag).expect(200, "123456789");
    c.get("/nums.txt").set("If-None-Match", tag).expect(304);
}

TEST_CASE("several parts of a file, when they are allowed", "[static_files]") {
    fixtures files;
    files.write("nums.txt.gz", "not really gzip");
    testing::client plain(serves(files.root())), c(serves(files.root(), {.coded = {{"gzip", ".gz"}}, .max_ranges = 4}));
    plain.get("/nums.txt").set("Range", "bytes=0-1,4-5").expect(200, "123456789"); // as in Express
    const auto r = c.get("/nums.txt").set("Range", "bytes=0-1,4-5").result();
    CHECK(r.status == 206);
    CHECK(field(r, "content-type").starts_with("multipart/byteranges; boundary="));
    CHECK(field(r, "etag") == files.etag("nums.txt"));
    CHECK_THAT(r.body, Catch::Matchers::Contains("bytes 0-1/9\r\n\r\n12\r\n--") && Catch::Matchers::Contains("bytes 4-5/9\r\n\r\n56\r\n--"));
    // of what is coded one part, else the whole: the coding would be one of the multipart
    c.get("/nums.txt").set("Accept-Encoding", "gzip").set("Range", "bytes=0-1,4-5").expect(200, "not really gzip");
    c.get("/nums.txt").set("Accept-Encoding", "gzip").set("Range", "bytes=0-2").expect(206, "not");
}

TEST_CASE("names that stand for their content are kept for a year", "[static_files]") {
    fixtures files;
    files.write("app.3f2a9c1e.js", "hashed");
    testing::client c(serves(files.root(), {.immutable_names = hashed_name}));
    c.get("/app.3f2a9c1e.js").expect("Cache-Control", "public, max-age=31536000, immutable");
    c.get("/nums.txt").expect("Cache-Control", "public, max-age=0");
    for (const auto* name : {"/a/app.3f2a9c1e.js", "app-BXf3k_9Q.css", "chunk.0123456a.min-0123456a.js", "x.abcdefg1.map"}) CHECK(hashed_name(name));
    for (const auto* name : {"app.js", "app.12345678.js", "app.abcdefgh.js", "app.3f2a9c1.js", ".3f2a9c1e.js", "3f2a9c1e.js", "3f2a9c1e", "a.3f2a9c1e/b.js", "", "."})
        CHECK_FALSE(hashed_name(name));
}

TEST_CASE("a root is required", "[static_files]") {
    CHECK_THROWS_WITH(static_files(""), "root path required");
    testing::client c(serves("does/not/exist"));
    c.get("/a").expect(404, "sorry!");
}

TEST_CASE("a relative root is that of the time it was given", "[static_files]") {
    testing::client c(serves("."));
    c.get("/CMakeLists.txt").expect(200);
    testing::client slash(serves("tests/"));
    slash.get("/main.cpp").expect(200);
}

// What was recorded of serve-static: each title with the options that its test has.
TEST_CASE("answers as serve-static 2 does, octet for octet", "[static_files][shared]") {
    fixtures files;
    using how = std::function<app()>;
    const auto with = [&](static_files_options o, const char* at = "/") -> how {
        return [&files, o, at] { return serves(files.root(), o, at); };
    };
    const auto off = fallthrough::off;
    const std::map<std::string, how> table{
        {"basic operations", with({})},
        {"acceptRanges / when false", with({.accept_ranges = false})},
        {"acceptRanges / when true", with({})},
        {"cacheControl / when false / should not", with({.cache_control = false})},
        {"cacheControl / when false / should ignore", with({.max_age = 1h, .cache_control = false})},
        {"cacheControl / when true", with({})},
        {"extensions / should be not be enabled", with({})},
        {"extensions / should be configurable", with({.extensions = {"txt"}})},
        {"extensions / should support disabling", with({.extensions = {}})},
        {"extensions / should support fallbacks", with({.extensions = {"htm", "html", "txt"}})},
        {"extensions / should 404 if nothing", with({.extensions = {"htm", "html", "txt"}})},
        {"fallthrough / should default to true", with({})},
        {"fallthrough / when true / should", with({})},
        {"fallthrough / when true / with redirect: true", with({})},
        {"fallthrough / when true / with redirect: false", with({.redirect = false})},
        {"fallthrough / when false / should", with({.fallthrough = off})},
        {"fallthrough / when false / with redirect: true", with({.fallthrough = off})},
        {"fallthrough / when false / with redirect: false", with({.fallthrough = off, .redirect = false})},
        {"hidden files / should be served when dotfiles", with({.dotfiles = dotfiles::allow})},
        {"immutable / should default to false", with({})},
        {"lastModified / when false", with({.last_modified = false})},
        {"lastModified / when true", with({})},
        {"redirect / should redirect directories", with({})},
        {"redirect / should include HTML link", with({})},
        {"redirect / should redirect directories with query", with({})},
        {"redirect / should not redirect to protocol-relative", with({})},
        {"redirect / should respond with default", with({})},
        {"redirect / when false", with({.redirect = false})},
        {"when traversing past root / should catch", with({.fallthrough = off})},
        {"when request has \"Range\" header", with({})},
        {"when index at mount point", [&files] { return serves(files.root() / "users", {}, "/users"); }},
        {"when mounted / should redirect", with({}, "/static")},
        {"when mounted \"root\" as a file", [&files] { return serves(files.root() / "todo.txt", {}, "/todo"); }},
        {"when index file serving disabled", with({.index = {}}, "/static")},
    };
    int compared = 0;
    for (const auto& v : shared::recorded("serve-static")) {
        const auto title = shared::text(v, "title");
        const how* make = nullptr;
        for (const auto& [part, f] : table)
            if (title.find("serveStatic() / " + part) == 0) make = &f;
        const auto* exchanges = v.find("exchanges");
        if (!make || !exchanges || exchanges->size() == 0) continue;
        compared += octets::compare((*make)(), files.root(), v);
    }
    if (!shared::file("wire/serve-static.json").empty()) CHECK(compared > 60);
}

// What was recorded of send, which does the work of serve-static and send_file.
TEST_CASE("answers as send 1.2 does, octet for octet", "[static_files][shared]") {
    served_files files;
    const std::pair<std::string, std::string> all[] = {
        {"name.txt", "tobi"}, {"empty.txt", ""}, {"some thing.txt", "hey"}, {"do..ts.txt", "..."}, {"no_ext", "foobar"},
        {"tobi.html", "<p>tobi</p>"}, {"name.html", "<p>tobi</p>"}, {"nums.txt", "123456789"}, {"pets/index.html", "tobi\nloki\njane"},
        {"pets/.hidden", "secret"}, {".hidden.txt", "secret"}, {".mine/name.txt", "tobi"}, {".mine/.hidden", "secret"},
        {"thing.html.html", "<p>trap!</p>"}, {"name.dir/name.txt", "tobi"}, {"snow \u2603/.keep", ""}};
    for (const auto& [name, content] : all) files.write(name, content);
    const auto root = files.root();
    using how = std::function<app()>;
    const auto with = [&](static_files_options o, std::string below = {}) -> how {
        o.fallthrough = fallthrough::off;
        return [=] { return serves(below.empty() ? root : root / below, o); };
    };
    const auto sending = [&](send_file_options o) -> how {
        return [=] {
            app inner;
            inner.disable("x-powered-by");
            inner.get("/*path", [root, o](request& req, response& res) {
                auto mine = o;
                mine.root = root;
                res.send_file(req.path(), mine);
            });
            return inner;
        };
    };
    const auto headers = [&](set_headers_function f) { return with({.set_headers = std::move(f)}); };
    const std::string pipe = "send(file).pipe(res) / ", options = "send(file, options) / ";
    const std::map<std::string, how> table{
        {pipe + "should stream", with({})},
        {pipe + "should decode", with({})},
        {pipe + "should serve files", with({})},
        {pipe + "should treat", with({})},
        {pipe + "should 400", with({})},
        {pipe + "should support HEAD", with({})},
        {pipe + "should add", with({})},
        {pipe + "should 404 if the file does not exist", with({})},
        {pipe + "should set Content-Type via", with({})},
        {pipe + "should default Content-Type", with({})},
        {pipe + "should not override content-type",
         headers([](response& res, std::string_view, const fs::file_status&) { res.set("Content-Type", "application/x-custom"); })},
        {pipe + "\"headers\" event / should fire", with({})},
        {pipe + "\"headers\" event / should not fire", with({})},
        {pipe + "\"headers\" event / should provide", with({})},
        {pipe + "when no \"directory\" listeners", with({})},
        {pipe + "when no \"error\" listeners", with({})},
        {pipe + "with conditional-GET / where", with({})},
        {pipe + "with Range request", with({})},
        {options + "acceptRanges", with({.accept_ranges = false})},
        {options + "cacheControl / should support", with({.cache_control = false})},
        {options + "cacheControl / should ignore", with({.max_age = 1s, .cache_control = false})},
        {options + "etag", with({.etag = false})},
        {options + "extensions / should be not", with({})},
        {options + "extensions / should be configurable", with({.extensions = {"txt"}})},
        {options + "extensions / should support disabling", with({})},
        {options + "extensions / should support fallbacks", with({.extensions = {"htm", "html", "txt"}})},
        {options + "extensions / should 404", with({.extensions = {"htm", "html", "txt"}})},
        {options + "extensions / should skip directories", with({.extensions = {"file", "dir"}})},
        {options + "extensions / should not search", with({.extensions = {"html"}})},
        {options + "lastModified", with({.last_modified = false})},
        {options + "dotfiles / should default", with({})},
        {options + "dotfiles / should ignore", with({})},
        {options + "dotfiles / when \"allow\"", with({.dotfiles = dotfiles::allow})},
        {options + "dotfiles / when \"deny\" / should 403", with({.dotfiles = dotfiles::deny})},
        {options + "dotfiles / when \"deny\" / should send files", with({.dotfiles = dotfiles::deny}, ".mine")},
        {options + "dotfiles / when \"ignore\" / should 404", with({.dotfiles = dotfiles::ignore})},
        {options + "dotfiles / when \"ignore\" / should send files", with({.dotfiles = dotfiles::ignore}, ".mine")},
        {options + "immutable / should default", with({})},
        {options + "immutable / should set", with({.max_age = 1h, .immutable = true})},
        {options + "maxAge / should default", with({})},
        {options + "maxAge / should floor", with({.max_age = 123956ms})},
        {options + "maxAge / should accept string", with({.max_age = 24h * 30})},
        {options + "maxAge / should max", with({.max_age = 24h * 366 * 100})},
        {options + "index / should default", with({})},
        {options + "index / should be configurable", with({.index = {"tobi.html"}})},
        {options + "index / should support fallbacks", with({.index = {"default.htm", "index.html"}})},
        {options + "index / should 404 if no index file found (file)", with({.index = {"default.htm"}})},
        {options + "index / should 404 if no index file found (dir)", with({.index = {"pets"}})},
        {options + "index / should not follow", with({.index = {"pets", "name.txt"}})},
        {options + "index / should 404 if file path", with({.index = {}})},
        {options + "root / when given / should join", with({})},
        {options + "root / when given / should work with trailing", with({})},
        {options + "root / when given / should restrict", with({})},
        {options + "root / when given / should allow", with({})},
        {options + "root / when given / should not allow", with({})},
    };
    // the same titles may need several options; these are of send_file
    const std::map<std::string, how> exact{
        {pipe + "when \"options\" is specified / should support start/end", sending({.start = 3, .end = 5})},
        {pipe + "when \"options\" is specified / should adjust too large end", sending({.start = 3, .end = 90})},
        {pipe + "when \"options\" is specified / should support start/end with Range request", sending({.start = 0, .end = 2})},
        {pipe + "when \"options\" is specified / should support start/end with unsatisfiable Range request", sending({.start = 0, .end = 2})},
    };
    // no root; fields of other listeners; send takes all fields away where nobody listens for errors, an app keeps them
    const std::vector<std::string> others{"dotfile without root", "should remove all previously-set", "should emit error 416",
                                          "unsatisfiable Range"};
    int compared = 0;
    for (const auto& v : shared::recorded("send")) {
        const auto title = shared::text(v, "title");
        const how* make = exact.contains(title) ? &exact.at(title) : nullptr;
        for (const auto& [part, f] : table)
            if (!make && title.find(part) == 0) make = &f;
        const auto* exchanges = v.find("exchanges");
        if (!make || !exchanges || exchanges->size() == 0) continue;
        if (shared::text(exchanges->at(std::size_t{0}), "request").find("GET /snow") == 0) continue; // the name is not in the request
        if (std::any_of(others.begin(), others.end(), [&](const auto& o) { return title.find(o) != title.npos; })) continue;
        compared += octets::compare((*make)(), root, v);
    }
    if (!shared::file("wire/send.json").empty()) CHECK(compared > 100);
}

TEST_CASE("an error is not in the coding of the file, and is not kept as long", "[static_files]") {
    fixtures files;
    files.write("app.3f2a9c1e.js", "hashed");
    files.write("app.3f2a9c1e.js.br", "not really br");
    app a;
    a.use(static_files(files.root(), {.strong_etag = true, .coded = {{"br", ".br"}}, .immutable_names = hashed_name}));
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).json({{"error", e.status()}}); });
    testing::client c(a);
    const auto plain = field(c.get("/app.3f2a9c1e.js").result(), "etag");
    const auto coded = field(c.get("/app.3f2a9c1e.js").set("Accept-Encoding", "br").result(), "etag");
    CHECK(coded.ends_with("-br\""));
    CHECK(plain != coded);
    const auto refused = [&](const char* name, std::string text) {
        return c.get("/app.3f2a9c1e.js").set("Accept-Encoding", "br").set(name, std::move(text)).result();
    };
    for (const auto& [r, status] : {std::pair{refused("Range", "bytes=9999-"), 416}, std::pair{refused("If-Match", "\"no\""), 412}}) {
        CHECK(r.status == status);
        CHECK(field(r, "content-encoding") == "(none)");
        CHECK(field(r, "content-type") == "application/json; charset=utf-8");
        CHECK(field(r, "cache-control") == "(none)");
    }
    CHECK(refused("If-Match", coded).status == 200);
    CHECK(refused("If-Match", "W/" + coded).status == 412); // as strong as it says
}
