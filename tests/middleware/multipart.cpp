// Tests of middleware/multipart.hpp. Titles in brackets are those of multer's own tests.
// SPDX-License-Identifier: MIT
#include <crema/middleware/multipart.hpp>

#include <crema/fs/read_file.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace crema;

namespace {

// A form, part by part.
struct form {
    std::string body;
    form& field(const std::string& name, const std::string& text, const std::string& type = "") {
        return part("form-data; name=\"" + name + "\"", text, type);
    }
    form& file(const std::string& name, const std::string& filename, const std::string& content,
               const std::string& type = "application/octet-stream") {
        return part("form-data; name=\"" + name + "\"; filename=\"" + filename + "\"", content, type);
    }
    form& part(const std::string& disposition, const std::string& content, const std::string& type = "") {
        body += "--x\r\nContent-Disposition: " + disposition + "\r\n";
        if (!type.empty()) body += "Content-Type: " + type + "\r\n";
        body += "\r\n" + content + "\r\n";
        return *this;
    }
    std::string end() const { return body + "--x--\r\n"; }
};

constexpr const char* form_type = "multipart/form-data; boundary=x";

// Tells what was read.
void tell(request& req, response& res) {
    auto files = value::array();
    for (const auto& u : uploads_of(req))
        files.as_array().push_back({{"field", u.field()},
                                    {"name", u.filename()},
                                    {"type", u.type()},
                                    {"size", static_cast<double>(u.size())},
                                    {"content", u.content()},
                                    {"disk", !u.path().empty()}});
    value all = value::object();
    all.as_object().emplace_back("body", req.body());
    all.as_object().emplace_back("files", std::move(files));
    res.json(all);
}

app with(multipart_options options) {
    app a;
    a.set("env", "test");
    a.use(multipart(std::move(options)));
    a.use(tell);
    a.use([](const http_error& e, request&, response& res, next&) {
        res.status(e.status()).end(e.type() + ": " + e.what());
    });
    return a;
}

testing::call post(testing::client& c, const std::string& body, const std::string& type = form_type) {
    auto call = c.post("/");
    call.send(body, type);
    return call;
}

struct directory {
    directory() {
        char name[] = "/tmp/crema-multipart-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~directory() { std::filesystem::remove_all(path); }
    std::size_t size() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
    }
    std::filesystem::path path;
};

} // namespace

TEST_CASE("fields become an object, files stand apart (Fields, Memory Storage / should process multipart/form-data "
          "POST request)",
          "[middleware][multipart]") {
    testing::client c(with({}));
    form sent;
    sent.field("name", "Multer").file("small", "small.dat", "0123").field("key", "v").field("key", "w").field("key", "");
    post(c, sent.end())
        .expect(200, R"({"body":{"name":"Multer","key":["v","w",""]},"files":[{"field":"small","name":"small.dat",)"
                     R"("type":"application/octet-stream","size":4,"content":"0123","disk":false}]})");
    for (std::size_t chunk : {1u, 7u})
        c.post("/")
            .send(form().field("a", "1").file("b", "b", "\r\n--").end(), form_type)
            .chunked(chunk)
            .expect(200, R"({"body":{"a":"1"},"files":[{"field":"b","name":"b","type":"application/octet-stream","size":4,)"
                         R"("content":"\r\n--","disk":false}]})");
    post(c, "--x--").expect(200, R"({"body":{},"files":[]})");
    post(c, "--x--", "Multipart/Form-Data; boundary=\"x\"").expect(200);
}

TEST_CASE("a field of files where nothing was chosen is passed over (should process empty fields and an empty file)",
          "[middleware][multipart]") {
    testing::client c(with({.limits = {.files = 1}}));
    post(c, form().field("name", "").file("none", "", "").file("empty", "empty.dat", "").end())
        .expect(200, R"({"body":{"name":""},"files":[{"field":"empty","name":"empty.dat","type":"application/octet-stream",)"
                     R"("size":0,"content":"","disk":false}]})");
}

TEST_CASE("other requests are handed on unread (should not process non-multipart POST request, GET request)",
          "[middleware][multipart]") {
    app a;
    a.use(multipart());
    a.use([](request& req, response& res) -> task<> {
        const auto text = co_await req.read_text();
        const auto files = std::to_string(uploads_of(req).size());
        res.send((req.body_parsed() ? "parsed " : "not parsed ") + std::string(text) + files);
    });
    testing::client c(a);
    c.get("/").expect(200, "not parsed 0");
    c.post("/").send("a=1", "application/x-www-form-urlencoded").expect(200, "not parsed a=10");
    c.post("/").send("--x--", "multipart/mixed; boundary=x").expect(200, "not parsed --x--0");
}

TEST_CASE("names with structure are read on request (should handle deeper structure, even deeper)", "[middleware][multipart]") {
    testing::client c(with({.extended = true}));
    INFO("should handle deeper structure");
    post(c, form().field("pet[species]", "Dahut").field("pet[name]", "Hypatia").field("kids[1]", "Thelma").field("kids[0]", "Ashley").end())
        .expect(200, R"({"body":{"pet":{"species":"Dahut","name":"Hypatia"},"kids":["Ashley","Thelma"]},"files":[]})");
    INFO("should handle even deeper");
    post(c, form().field("pet[0][species]", "Dahut").field("pet[0][name]", "Hypatia").field("pet[1][species]", "Felis Stultus").field("pet[1][name]", "Billie").end())
        .expect(200, R"({"body":{"pet":[{"species":"Dahut","name":"Hypatia"},{"species":"Felis Stultus","name":"Billie"}]},"files":[]})");
    form sent;
    sent.field("obj[0]", "a").field("obj[2]", "c").field("x[y][z]", "1 & 2=3").field("list[]", "a").field("list[]", "b");
    post(c, sent.end())
        .expect(200, R"({"body":{"obj":["a","c"],"x":{"y":{"z":"1 & 2=3"}},"list":["a","b"]},"files":[]})");
    post(c, form().field("__proto__[x]", "1").field("a", "1").end()).expect(200, R"({"body":{"a":"1"},"files":[]})");
    testing::client plain(with({}));
    post(plain, form().field("obj[0]", "a").end()).expect(200, R"({"body":{"obj[0]":"a"},"files":[]})");
}

TEST_CASE("text in other character sets becomes UTF-8 (Unicode / should handle unicode filenames)", "[middleware][multipart]") {
    testing::client c(with({}));
    post(c, form().field("a", "caf\xe9", "text/plain; charset=iso-8859-1").field("b", "caf\xc3\xa9").end())
        .expect(200, R"({"body":{"a":"café","b":"café"},"files":[]})");
    const auto r = post(c, form().file("a", "\xc3\x96oo.dat", "x").end()).result().json();
    CHECK(r.at("files").at(std::size_t{0}).at("name").as_string() == "\xc3\x96oo.dat");
}

TEST_CASE("what is no UTF-8 is repaired, the same with and without structure", "[middleware][multipart]") {
    for (const bool extended : {false, true}) {
        testing::client c(with({.extended = extended}));
        post(c, form().field("a", "\xff%").field("b\xff", "%41+").end()).expect(200, "{\"body\":{\"a\":\"\xef\xbf\xbd%\",\"b\xef\xbf\xbd\":\"%41+\"},\"files\":[]}");
    }
}

TEST_CASE("each limit has its status and its word (Error Handling / should respect ... limit)", "[middleware][multipart]") {
    const std::string ten(10, 'x');
    const auto f = [] { return form().field("f", "1"); };
    const auto file = [](const std::string& name, const std::string& content) { return form().file(name, "a", content); };
    struct {
        multipart_limits limits;
        std::string within, beyond, status_and_text;
    } const all[] = {
        {{.file = 10}, file("f", ten).end(), file("f", ten + "x").end(), "413 file.too.large: File too large: f"},
        {{.field = 10},
         form().field("f", ten).end(),
         form().field("f", ten + "x").end(),
         "413 field.too.large: Field value too long: f"},
        {{.name = 10},
         form().field(ten, "1").end(),
         file(ten + "x", "1").end(),
         "400 field.name.too.long: Field name too long"},
        {{.files = 1}, file("f", "1").end(), file("f", "1").file("g", "b", "").end(), "413 files.too.many: Too many files"},
        {{.fields = 1}, f().end(), f().field("f", "2").end(), "413 fields.too.many: Too many fields"},
        {{.parts = 1}, f().end(), f().file("g", "b", "").end(), "413 parts.too.many: Too many parts"},
        {{.head = 100},
         f().end(),
         form().field("f", "1", std::string(100, 'x')).end(),
         "431 part.head.too.large: Multipart: the head of a part is too long"},
        {{.total = 100},
         f().end(),
         form().field("f", std::string(100, 'x')).end(),
         "413 entity.too.large: request entity too large"},
    };
    for (const auto& l : all) {
        testing::client c(with({.limits = l.limits}));
        INFO(l.status_and_text);
        post(c, l.within).expect(200);
        post(c, l.beyond).expect(std::stoi(l.status_and_text), l.status_and_text.substr(4));
        // Of unknown length, in small pieces.
        c.post("/")
            .send(l.beyond, form_type)
            .chunked(13)
            .expect(std::stoi(l.status_and_text), l.status_and_text.substr(4));
    }
}

TEST_CASE("malformed forms are answered 400 (should notify of missing field name, should report errors from busboy "
          "parsing)",
          "[middleware][multipart]") {
    testing::client c(with({}));
    post(c, form().field("a", "1").body).expect(400, "multipart.malformed: Unexpected end of form");
    post(c, "").expect(200); // without a body there is nothing to be read
    c.post("/").send("", form_type).chunked(1).expect(400, "multipart.malformed: Unexpected end of form");
    post(c, "--x\r\nno head\r\n\r\n--x--").expect(400, "multipart.malformed: Malformed part header");
    post(c, "--xy\r\n\r\n").expect(400, "multipart.malformed: Multipart: malformed boundary");
    post(c, form().part("form-data", "1").end()).expect(400, "field.name.missing: Field name missing");
    post(c, form().part("form-data; name=\"\"", "1").end()).expect(400, "field.name.missing: Field name missing");
    post(c, form().part("form-data; filename=\"a\"", "1").end()).expect(400, "field.name.missing: Field name missing");
    post(c, "--x--", "multipart/form-data").expect(400, "multipart.boundary.missing: Multipart: Boundary not found");
    post(c, "--x--", "multipart/form-data; boundary=" + std::string(71, 'x'))
        .expect(400, "multipart.malformed: Multipart: malformed boundary");
    c.post("/").set("Content-Encoding", "gzip").send("--x--", form_type)
        .expect(415, "encoding.unsupported: content encoding unsupported");
    // The connection goes on: what was not read is thrown away.
    post(c, form().field("a", "1").end()).expect(200);
}

TEST_CASE("a form of a million parts is refused early", "[middleware][multipart]") {
    testing::client c(with({}));
    std::string many;
    while (many.size() < 5'000'000) many += "--x\r\nA: b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    post(c, many).expect(413, "fields.too.many: Too many fields");
}

TEST_CASE("only expected files are taken (Expected files)", "[middleware][multipart]") {
    testing::client c(with({.files = {{{"avatar"}, {"photos", 2}}}}));
    post(c, form().file("photos", "1", "1").file("avatar", "a", "a").file("photos", "2", "2").end()).expect(200);
    post(c, form().file("photos", "1", "1").file("photos", "2", "2").file("photos", "3", "3").end())
        .expect(400, "file.unexpected: Unexpected file field: photos");
    post(c, form().file("avatar2", "1", "1").end()).expect(400, "file.unexpected: Unexpected file field: avatar2");
    testing::client none(with({.files = std::vector<upload_field>{}}));
    post(none, form().field("a", "1").end()).expect(200);
    post(none, form().file("a", "1", "1").end()).expect(400);
}

TEST_CASE("a filter passes over files or refuses them (File Filter)", "[middleware][multipart]") {
    testing::client c(with({.filter = [](request&, const http::part_head& head) {
        if (head.type == "image/evil") throw http_error(403, "no").type("evil");
        return head.type == "image/png";
    }}));
    const auto r = post(c, form().file("a", "1.txt", "1").file("b", "2.png", "2", "image/png").end()).result().json();
    REQUIRE(r.at("files").size() == 1);
    CHECK(r.at("files").at(std::size_t{0}).at("field").as_string() == "b");
    post(c, form().file("a", "1", "1", "image/evil").end()).expect(403, "evil: no");
}

TEST_CASE("files are written to a directory under names of their own, and go with the request (Disk Storage)",
          "[middleware][multipart]") {
    const directory d;
    std::vector<std::string> seen;
    app a;
    a.use(multipart({.directory = d.path}));
    a.post("/keep", [&](request& req, response& res) -> task<> {
        co_await upload_of(req, "one")->move_to(d.path / "kept");
        uploads_of(req)[1].keep();
        res.send("ok");
    });
    a.use([&](request& req, response& res) -> task<> {
        for (const auto& u : uploads_of(req)) {
            CHECK(u.path().parent_path() == d.path);
            CHECK(u.content().empty());
            CHECK(std::filesystem::status(u.path()).permissions() == std::filesystem::perms(0600));
            const std::string text = co_await fs::read_file(u.path());
            CHECK(u.size() == text.size());
            seen.push_back(u.filename() + "=" + text.substr(0, 3));
        }
        res.send("seen");
    });
    testing::client c(a);
    const std::string large(1'000'000, 'z');
    form sent;
    sent.file("one", "../../evil", "1").file("two", "/etc/passwd", "").file("three", "..", "x");
    const auto body = sent.file("three", "c:\\a.txt", large).end();
    post(c, body).expect(200, "seen");
    c.run();
    CHECK(seen == std::vector<std::string>{"evil=1", "passwd=", "a.txt=zzz"});
    CHECK(d.size() == 0);
    c.post("/keep").send(body, form_type).expect(200, "ok");
    c.run();
    CHECK(d.size() == 2);
    CHECK(std::filesystem::file_size(d.path / "kept") == 1);
}

TEST_CASE("what was written is removed when the form turns out bad (should remove uploaded files on error)",
          "[middleware][multipart]") {
    const directory d;
    testing::client c(with({.limits = {.file = 100'000}, .directory = d.path}));
    const auto begin = form().file("one", "1", "1").file("two", "2", std::string(90'000, 'x'));
    post(c, begin.body).expect(400);
    CHECK(d.size() == 0);
    post(c, form(begin).file("three", "3", std::string(1'000'000, 'x')).end()).expect(413);
    CHECK(d.size() == 0);
    // The client leaves half-way (should not hang when client aborts multipart upload).
    auto gone = c.post("/").send(begin.body + std::string(500'000, 'x'), form_type).start_part(95'000);
    c.run();
    CHECK(d.size() == 1);
    gone.disconnect();
    c.run();
    CHECK(d.size() == 0);
}

TEST_CASE("a directory that is not there is an error of the server (should report error when directory doesn't exist)",
          "[middleware][multipart]") {
    const directory d;
    app a;
    a.set("env", "test");
    a.use(multipart({.directory = d.path / "none"}));
    testing::client c(a);
    post(c, form().file("one", "1", "1").end()).expect(500);
}

TEST_CASE("files are taken piece by piece", "[middleware][multipart]") {
    std::uint64_t sum = 0;
    app a;
    a.use(multipart({.receive = [&](request&, multipart_reader& part) -> task<> {
        if (part.head().filename == "skipped") co_return;
        for (;;) {
            const std::string_view piece = co_await part.read();
            if (piece.empty()) break;
            for (const char ch : piece) sum += static_cast<unsigned char>(ch);
        }
    }}));
    a.use(tell);
    testing::client c(a);
    form sent;
    sent.file("a", "a", std::string(300'000, 2)).file("b", "skipped", "xyz").field("c", "1").file("d", "d", "\x01\x01");
    post(c, sent.end())
        .expect(200, R"({"body":{"c":"1"},"files":[]})");
    CHECK(sum == 600'002);
}

TEST_CASE("a handler reads a form itself", "[middleware][multipart]") {
    app a;
    a.set("env", "test");
    a.post("/", [](request& req, response& res) -> task<> {
        multipart_reader form(req, {.fields = 1});
        std::string all;
        for (;;) {
            const auto* part = co_await form.next();
            if (!part) break;
            all += *part->name + ":";
            if (form.is_file()) all += co_await form.text();
        }
        const auto* again = co_await form.next();
        res.send(all + (again ? "?" : "."));
    });
    testing::client c(a);
    post(c, form().field("a", "passed over").file("b", "b", "1").file("c", "c", "").end()).expect(200, "a:b:1c:.");
    post(c, "a=1", "application/x-www-form-urlencoded").expect(415);
}

TEST_CASE("files keep the order in which they came, and are found by the name of their field", "[middleware][multipart]") {
    app a;
    a.use(multipart());
    a.use([](request& req, response& res) {
        std::string all;
        for (const auto& u : uploads_of(req)) all += u.field() + "=" + u.content() + " ";
        const auto* first = upload_of(req, "a");
        res.send(all + (first ? first->content() : "none") + (upload_of(req, "none") ? "?" : "."));
    });
    testing::client c(a);
    for (int again = 0; again < 3; ++again) { // one middleware, many requests
        const auto n = std::to_string(again);
        post(c, form().file("b", "x", "1" + n).file("a", "x", "2" + n).field("t", "1").file("b", "y", "3" + n).file("a", "z", "4" + n).end())
            .expect(200, "b=1" + n + " a=2" + n + " b=3" + n + " a=4" + n + " 2" + n + ".");
    }
    post(c, form().field("t", "1").end()).expect(200, "none.");
}

TEST_CASE("many files on disk go with a form that turns out bad, and its first error is answered", "[middleware][multipart]") {
    const directory d;
    testing::client c(with({.limits = {.files = 2000, .parts = 4000}, .directory = d.path}));
    form many;
    for (int i = 0; i < 1000; ++i) many.file("f", "f", "x");
    post(c, many.part("form-data", "no name").part("form-data; name=\"\"", "another").body).expect(400, "field.name.missing: Field name missing");
    CHECK(d.size() == 0);
    post(c, "--AaB03x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nhello", "multipart/form-data; boundary=AaB03x")
        .expect(400, "multipart.malformed: Unexpected end of form");
    CHECK(d.size() == 0);
}
