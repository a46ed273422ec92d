// directory_pages: what lies in a directory, as HTML and JSON.
// SPDX-License-Identifier: MIT
#include <crema/middleware/directory_pages.hpp>

#include "../web/files.hpp"
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <atomic>
#include <thread>

using namespace crema;
using crema::testing::reply;
using Catch::Matchers::Contains;

namespace {

// Files, then their directories, then 404 with "sorry!"; errors answer with their status.
app shows(const std::filesystem::path& root, directory_pages_options options = {}, const char* at = "/") {
    app a;
    a.use(at, static_files(root), directory_pages(root, std::move(options)));
    a.use([](request&, response& res) { res.status(404).end("sorry!"); });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).end(e.what()); });
    return a;
}

value json_of(testing::client& c, std::string_view path) {
    const auto r = c.get(path).set("Accept", "application/json").result();
    CHECK(r.status == 200);
    return json::parse<value>(r.body).value();
}
std::string names(const value& page) {
    std::string all;
    for (const auto& e : page.at("entries").elements()) all += e.at("name").as_string() + " ";
    return all;
}

} // namespace

TEST_CASE("a directory is shown as HTML, with sizes and dates", "[directory_pages]") {
    served_files files;
    files.write("a.txt", "12345");
    files.write("sub/b.txt", "1");
    testing::client c(shows(files.root()));
    const auto r = c.get("/").set("Accept", "text/html,*/*;q=0.8").result();
    CHECK(r.status == 200);
    CHECK(r.header("content-type") == "text/html; charset=utf-8");
    CHECK(r.header("content-security-policy") == "default-src 'none'");
    CHECK(r.header("x-content-type-options") == "nosniff");
    CHECK(r.header("vary") == "Accept");
    CHECK_THAT(r.body, Contains("<title>Index of /</title>"));
    CHECK_THAT(r.body, Contains("<tr><td><a href=\"./sub/\"><bdi>sub</bdi>/</a></td><td></td>"));
    CHECK_THAT(r.body, Contains("<tr><td><a href=\"./a.txt\"><bdi>a.txt</bdi></a></td><td>5</td><td>" + files.date("a.txt") + "</td></tr>"));
    CHECK(r.body.find("sub") < r.body.find("a.txt"));
    CHECK_THAT(r.body, !Contains("../")); // nothing above what is shown
    c.get("/sub/").expect(200).expect([](const reply& x) { CHECK_THAT(x.body, Contains("<a href=\"../\">../</a>")); });
    c.head("/").expect(200, "").expect("content-length", std::to_string(r.body.size()));
    c.get("/a.txt").expect(200, "12345");
    c.get("/sub").expect(301).expect("location", "/sub/");
    c.post("/").expect(404, "sorry!");
    c.get("/none/").expect(404, "sorry!");
    c.get("/a.txt/").expect(404, "sorry!");
    c.get("/").set("Accept", "image/png").expect(406, "Not Acceptable");
    files.write("sub/index.html", "mine");
    c.get("/sub/").expect(200, "mine"); // of static_files
}

TEST_CASE("a directory is shown as JSON to who prefers it", "[directory_pages]") {
    served_files files;
    files.write("a.txt", "12345");
    files.write("sub/b.txt", "1");
    testing::client c(shows(files.root(), {}, "/files"));
    const auto page = json_of(c, "/files/");
    CHECK(page.at("complete").as_bool());
    const auto& all = page.at("entries").elements();
    REQUIRE(all.size() == 2);
    CHECK(json::stringify(all[1]) == R"({"name":"a.txt","href":"./a.txt","directory":false,"size":5,"modified":")" + files.date("a.txt") + "\"}");
    CHECK(all[0].at("href").as_string() == "./sub/");
    CHECK(all[0].at("directory").as_bool());
    CHECK_FALSE(all[0].contains("size"));
    c.get("/files").expect(301).expect("location", "/files/");
    c.get("/").expect(404, "sorry!");
}

TEST_CASE("without static_files it redirects itself, or not", "[directory_pages]") {
    served_files files;
    files.write("sub/b.txt", "1");
    app a, b;
    a.use(directory_pages(files.root()));
    b.use(directory_pages(files.root(), {.redirect = false}));
    testing::client redirects(a), plain(b);
    redirects.get("/sub?x=1").expect(301).expect("location", "/sub/?x=1");
    redirects.get("/sub/b.txt").expect(404);
    plain.get("/sub").expect(200);
    CHECK_THROWS_AS(directory_pages(""), std::invalid_argument);
}

TEST_CASE("hostile names are escaped, and their links lead to them", "[directory_pages]") {
    served_files files;
    const std::vector<std::string> hostile{"<script>alert(1)<",  "\"onmouseover=x",         "'&amp;", "javascript:alert(1)", "a b%41?#c", "line\r\nSet-Cookie: x=1",
                                           "\xe2\x80\xaegpj.exe",    "..x",    "\\\\evil.example",    "ö;=@,+",   "-rf"};
    for (const auto& name : hostile) files.write(name, name);
    files.write("\xff\xfe no UTF-8", ""); // cannot be asked for
    testing::client c(shows(files.root(), {.dotfiles = dotfiles::allow}));
    const auto html = c.get("/").set("Accept", "text/html").result();
    CHECK_THAT(html.body, Contains("<bdi>&lt;script&gt;alert(1)&lt;</bdi>") && Contains("&quot;onmouseover=x") && Contains("&#39;&amp;amp;"));
    CHECK_THAT(html.body, !Contains("<script") && !Contains("href=\"javascript") && !Contains("\xff"));
    CHECK_FALSE(html.header("set-cookie"));
    const auto page = json_of(c, "/");
    std::vector<std::string> found;
    for (const auto& e : page.at("entries").elements()) {
        const auto& href = e.at("href").as_string();
        INFO(href);
        REQUIRE(href.starts_with("./"));
        CHECK(href.find_first_of(":?#\\\"<>& \r\n", 2) == href.npos);
        CHECK_THAT(html.body, Contains("href=\"" + href.substr(0, href.find('\''))));
        testing::client files_only([&] {
            app a;
            a.use(static_files(files.root(), {.dotfiles = dotfiles::allow}));
            return a;
        }());
        found.push_back(files_only.get(href.substr(1)).result().body); // each file holds its name
    }
    std::sort(found.begin(), found.end());
    auto sorted = hostile;
    std::sort(sorted.begin(), sorted.end());
    CHECK(found == sorted);
    // and in the title
    files.write("<b>/x", "");
    CHECK_THAT(c.get("/%3Cb%3E/").result().body, Contains("Index of /&lt;b&gt;/</title>") && !Contains("<b>"));
}

TEST_CASE("nothing outside of the directory is shown, however it is asked for", "[directory_pages]") {
    namespace sfs = std::filesystem;
    served_files files;
    files.write("sub/x", "");
    sfs::create_directory(files.outside() / "secret");
    sfs::create_symlink(files.outside() / "secret", files.root() / "absolute");
    sfs::create_symlink("../secret", files.root() / "relative");
    sfs::create_symlink("loop", files.root() / "loop");
    sfs::create_symlink("sub", files.root() / "inside");
    testing::client c(shows(files.root()));
    CHECK(names(json_of(c, "/")) == "inside sub ");
    CHECK(names(json_of(c, "/inside/")) == "x ");
    for (const char* path : {"/../secret/", "/%2e%2e/secret/", "/..%2fsecret/", "/%2e%2e%2fsecret%2f", "/..%5csecret/", "/sub/../../secret/", "/absolute/", "/relative/", "/loop/",
                             "/%00/", "/sub%00/", "/%/", "/%ff/", "/%c0%ae%c0%ae/secret/", "/%252e%252e/secret/", "/....//secret/", "/.%2e/secret/", "//../secret/",
                             "/sub/%2e%2e/%2e%2e/secret/"}) {
        INFO(path);
        c.get(path).expect(404, "sorry!");
    }
    c.get("/" + std::string(5000, 'x') + "/").expect(404, "sorry!");
}

TEST_CASE("dotfiles, filter and limit", "[directory_pages]") {
    served_files files;
    for (const auto* name : {".git/config", ".env", "a.txt", "b.tmp"}) files.write(name, "");
    testing::client plain(shows(files.root())), denied(shows(files.root(), {.dotfiles = dotfiles::deny})),
        allowed(shows(files.root(), {.dotfiles = dotfiles::allow}));
    CHECK(names(json_of(plain, "/")) == "a.txt b.tmp ");
    CHECK(names(json_of(denied, "/")) == "a.txt b.tmp ");
    CHECK(names(json_of(allowed, "/")) == ".git .env a.txt b.tmp ");
    plain.get("/.git/").expect(404, "sorry!");
    denied.get("/.git/").expect(403, "Forbidden");
    CHECK(names(json_of(allowed, "/.git/")) == "config ");
    testing::client filtered(shows(files.root(), {.filter = [](std::string_view name, const fs::file_status& s) { return s.is_file() && !name.ends_with(".tmp"); }}));
    CHECK(names(json_of(filtered, "/")) == "a.txt ");
    testing::client few(shows(files.root(), {.dotfiles = dotfiles::allow, .limit = 3}));
    CHECK(json_of(few, "/").at("entries").elements().size() == 3);
    CHECK_FALSE(json_of(few, "/").at("complete").as_bool());
    CHECK_THAT(few.get("/").result().body, Contains("There is more"));
}

TEST_CASE("a directory that changes while it is read is shown all the same", "[directory_pages]") {
    served_files files;
    files.write("stays", "");
    testing::client c(shows(files.root()));
    std::atomic<bool> over{false};
    std::thread others([&] {
        for (int i = 0; !over; ++i) {
            const auto name = "f" + std::to_string(i % 50);
            files.write(name, "x");
            std::filesystem::create_symlink(name, files.root() / ("l" + name));
            std::filesystem::remove(files.root() / name);
            std::filesystem::remove(files.root() / ("l" + name));
        }
    });
    for (int i = 0; i < 30; ++i) CHECK_THAT(names(json_of(c, "/")), Contains("stays "));
    over = true;
    others.join();
    std::filesystem::remove_all(files.root());
    c.get("/").expect(404, "sorry!");
}
