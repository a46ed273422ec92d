// send, serve-static and express.static: files of a directory.
#pragma once
#include "wire.hpp"

namespace wire {

namespace file_tests {

using options = static_files_options;

inline std::filesystem::path send_root() {
    static const auto root = files().make("send", 0x1a205dccaee,
                                          {{".hidden.txt", "secret"},
                                           {".mine/.hidden", "secret\n"},
                                           {".mine/name.txt", "tobi"},
                                           {"do..ts.txt", "..."},
                                           {"empty.txt", ""},
                                           {"name.d/name.txt", "loki"},
                                           {"name.dir/name.txt", "tobi"},
                                           {"name.html", "<p>tobi</p>"},
                                           {"name.txt", "tobi"},
                                           {"no_ext", "foobar"},
                                           {"nums.txt", "123456789"},
                                           {"pets/.hidden", "secret\n"},
                                           {"pets/index.html", "tobi\nloki\njane"},
                                           {"snow ☃/index.html", ""},
                                           {"some thing.txt", "hey"},
                                           {"thing.html.html", "<p>trap!</p>"},
                                           {"tobi.html", "<p>tobi</p>"}});
    return root;
}
inline std::filesystem::path static_root() {
    static const auto root = files().make("serve-static", 0x1a205dccb7e,
                                          {{".hidden", "I am hidden"},
                                           {"empty.txt", ""},
                                           {"foo bar", "baz"},
                                           {"nums.txt", "123456789"},
                                           {"pets/names.txt", "tobi,loki"},
                                           {"snow ☃/.gitkeep", ""},
                                           {"todo.html", "<li>groceries</li>"},
                                           {"todo.txt", "- groceries"},
                                           {"users/index.html", "<p>tobi, loki, jane</p>"},
                                           {"users/tobi.txt", "ferret"}});
    return root;
}
inline std::filesystem::path express_root() {
    static const auto root = files().make("express", 0x1a205dcd3f5,
                                          {{"% of dogs.txt", "20%"},
                                           {".name", "tobi"},
                                           {"blog/index.html", "<b>index</b>"},
                                           {"empty.txt", ""},
                                           {"name.txt", "tobi"},
                                           {"nums.txt", "123456789"},
                                           {"pets/names.txt", "tobi,loki"},
                                           {"snow ☃/.gitkeep", ""},
                                           {"todo.html", "<li>groceries</li>"},
                                           {"todo.txt", "- groceries"},
                                           {"user.html", "<p>{{user.name}}</p>"},
                                           {"users/index.html", "<p>tobi, loki, jane</p>"},
                                           {"users/tobi.txt", "ferret"}});
    return root;
}

// The page of send itself, for errors that nobody handles.
inline void send_page(const std::exception_ptr& error, response& res) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < res.fields().size(); ++i)
        if (const auto name = res.fields().name_at(i); !iequals(name, "Content-Range")) names.emplace_back(name);
    for (const auto& name : names) res.remove(name);
    const int status = status_of(error);
    res.status(status);
    res.set("Content-Security-Policy", "default-src 'none'");
    res.set("X-Content-Type-Options", "nosniff");
    res.set("Content-Type", "text/html; charset=UTF-8");
    res.end("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>" +
            std::string(http::reason_phrase(status)) + "</pre>\n</body>\n</html>\n");
}

enum class on_error { page, text };

inline setup sends(options o, on_error what = on_error::page, std::filesystem::path root = {}, handler first = {}) {
    o.fallthrough = fallthrough::off;
    return [=](app& a) {
        a.disable("x-powered-by");
        if (first) a.use(first);
        a.use(static_files(root.empty() ? send_root() : root, o));
        a.use(error_handler([what](std::exception_ptr e, request&, response& res, next&) {
            if (what == on_error::page) return send_page(e, res);
            res.status(status_of(e)).end(http::reason_phrase(res.status_code()));
        }));
    };
}
// One path, as the code of a handler names it.
inline setup sends_file(std::function<std::filesystem::path(request&)> path, send_file_options o, on_error what = on_error::page) {
    return [=](app& a) {
        a.disable("x-powered-by");
        a.use(handler([=](request& req, response& res, next&) { res.send_file(path(req), o); }));
        a.use(error_handler([what](std::exception_ptr e, request&, response& res, next&) {
            if (what == on_error::page) return send_page(e, res);
            res.status(status_of(e)).end(http::reason_phrase(res.status_code()));
        }));
    };
}

inline setup serves(options o = {}, std::filesystem::path root = {}, handler first = {}, std::string mount = "/") {
    return [=](app& a) {
        a.disable("x-powered-by");
        if (first) a.use(first);
        a.use(mount, static_files(root.empty() ? static_root() : root, o));
        a.use(handler([](request&, response& res, next&) { res.status(404).end("sorry!"); }));
        a.use(error_handler([](std::exception_ptr e, request&, response& res, next&) { res.status(status_of(e)).end(message_of(e)); }));
    };
}
inline setup express_serves(options o = {}, std::filesystem::path root = {}, std::string mount = "/", bool last = true) {
    return [=](app& a) {
        a.use(mount, static_files(root.empty() ? express_root() : root, o));
        if (last) a.use(handler([](request&, response& res, next&) { res.send_status(404); }));
    };
}

inline void add_send(suite& s) {
    using namespace std::chrono_literals;
    const std::string pipe = "send(file).pipe(res) / ", opts = "send(file, options) / ";
    const auto plain = [](std::string_view title) {
        return title.find("with conditional-GET") != title.npos || title.find("with Range request") != title.npos;
    };
    const handler sets_more([](request&, response& res, next& n) {
        res.set({{"Content-Language", "en-US"}, {"Content-Location", "http://localhost/name.txt"}, {"Contents", "foo"}});
        n();
    });
    s.add(pipe + "with conditional-GET / should remove Content headers with 304", sends({}, on_error::page, {}, sets_more));
    s.add(pipe + "with conditional-GET / should not remove all Content-* headers",
          sends({}, on_error::page, {}, handler([](request&, response& res, next& n) {
                    res.set({{"Content-Location", "http://localhost/name.txt"}, {"Content-Security-Policy", "default-src 'self'"}});
                    n();
                })));
    s.add(pipe + "with Range request / when the first- byte-pos of the range is greater length / should emit error 416 with content-range header",
          [](app& a) {
              a.disable("x-powered-by");
              options o;
              o.fallthrough = fallthrough::off;
              a.use(static_files(send_root(), o));
              a.use(error_handler([](std::exception_ptr e, request&, response& res, next&) {
                  const auto range = std::string(res.get("Content-Range").value_or(""));
                  res.set("X-Content-Range", range);
                  res.status(status_of(e)).end(message_of(e));
              }));
          });
    s.family([=](std::string_view title) { return plain(title) ? sends({}, on_error::text) : setup{}; });
    for (const auto* one :
         {"should stream the file contents", "should stream a zero-length file", "should decode the given path as a URI",
          "should serve files with dots in name", "should treat a malformed URI as a bad request", "should 400 on NULL bytes",
          "should treat an ENAMETOOLONG as a 404", "should support HEAD", "should add an ETag header field", "should add a Date header field",
          "should add a Last-Modified header field", "should add a Accept-Ranges header field", "should 404 if the file does not exist",
          "should set Content-Type via mime map", "should default Content-Type to octet-stream"})
        s.add(pipe + one, sends({}, on_error::text));
    s.add(pipe + "should emit ENOENT if the file does not exist", [](app& a) {
        a.disable("x-powered-by");
        options o;
        o.fallthrough = fallthrough::off;
        a.use(static_files(send_root(), o));
        a.use(error_handler([](std::exception_ptr e, request&, response& res, next&) {
            res.end(std::to_string(status_of(e)) + " " + type_of(e));
        }));
    });
    s.add(pipe + "should not override content-type", sends({}, on_error::page, {}, handler([](request&, response& res, next& n) {
                                                               res.set("Content-Type", "application/x-custom");
                                                               n();
                                                           })));
    for (const auto* one : {"should not fire on 404", "should fire on index", "should not fire on redirect"})
        s.add(pipe + "\"headers\" event / " + one, sends({}));
    const auto seen = [](std::function<bool(std::string_view, const fs::file_status&)> good) {
        options o;
        o.set_headers = [good](response& res, std::string_view path, const fs::file_status& status) {
            if (!good(path, status)) res.set("X-Wrong", "yes");
        };
        return sends(o);
    };
    s.add(pipe + "\"headers\" event / should fire when sending file", seen([](auto, const auto&) { return true; }));
    s.add(pipe + "\"headers\" event / should provide path", seen([](std::string_view path, const auto&) { return path == (send_root() / "name.txt").string(); }));
    s.add(pipe + "\"headers\" event / should provide stat", seen([](auto, const fs::file_status& status) { return status.size == 4; }));
    s.add(pipe + "\"headers\" event / should allow altering headers", [](app& a) {
        options o;
        o.set_headers = [](response& res, std::string_view, const fs::file_status&) {
            res.set_header("Content-Type", "text/x-custom"); // `set` names a charset
            res.set({{"Cache-Control", "no-cache"}, {"ETag", "W/\"everything\""}, {"X-Created", "Mon, 23 Nov 2026 00:44:45 GMT"}});
        };
        sends(o)(a);
    });
    s.add(pipe + "when \"directory\" listeners are present / should be called when sending directory", [](app& a) {
        options o;
        o.redirect = false;
        o.fallthrough = fallthrough::off;
        a.disable("x-powered-by");
        a.use(static_files(send_root(), o));
        a.use(error_handler([](std::exception_ptr, request&, response& res, next&) { res.status(400).end("No directory for you"); }));
    });
    s.family([pipe](std::string_view title) {
        if (title.starts_with(pipe + "when no \"directory\" listeners are present"))
            return title.ends_with("should respond with an HTML redirect") ? setup{} : sends({});
        if (title.starts_with(pipe + "when no \"error\" listeners are present"))
            return sends({}, on_error::page, {}, handler([](request&, response& res, next& n) {
                             res.set("X-Foo", "bar");
                             n();
                         }));
        return setup{};
    });
    const auto part = [](std::uint64_t start, std::uint64_t end) {
        send_file_options o;
        o.root = send_root();
        o.start = start;
        o.end = end;
        return sends_file([](request& req) { return std::string(req.path().substr(1)); }, o);
    };
    const auto specified = pipe + "when \"options\" is specified / ";
    s.add(specified + "should support start/end", part(3, 5));
    s.add(specified + "should adjust too large end", part(3, 90));
    s.add(specified + "should support start/end with Range request", part(0, 2));
    s.add(specified + "should support start/end with unsatisfiable Range request", part(0, 2));

    const auto with = [&](std::string_view title, auto change) {
        options o;
        change(o);
        s.add(opts + std::string(title), sends(o));
    };
    for (const auto* one : {"should support disabling accept-ranges", "should ignore requested range"})
        with(std::string("acceptRanges / ") + one, [](options& o) { o.accept_ranges = false; });
    with("cacheControl / should support disabling cache-control", [](options& o) { o.cache_control = false; });
    with("cacheControl / should ignore maxAge option", [](options& o) { o.cache_control = false, o.max_age = 1000ms; });
    with("etag / should support disabling etags", [](options& o) { o.etag = false; });
    with("extensions / should be not be enabled by default", [](options&) {});
    with("extensions / should be configurable", [](options& o) { o.extensions = {"txt"}; });
    with("extensions / should support disabling extensions", [](options&) {});
    with("extensions / should support fallbacks", [](options& o) { o.extensions = {"htm", "html", "txt"}; });
    with("extensions / should 404 if nothing found", [](options& o) { o.extensions = {"htm", "html", "txt"}; });
    with("extensions / should skip directories", [](options& o) { o.extensions = {"file", "dir"}; });
    with("extensions / should not search if file has extension", [](options& o) { o.extensions = {"html"}; });
    with("lastModified / should support disabling last-modified", [](options& o) { o.last_modified = false; });
    with("dotfiles / should default to \"ignore\"", [](options&) {});
    with("dotfiles / should ignore file within dotfile directory", [](options&) {});
    s.family([opts](std::string_view title) {
        options o;
        const auto is = [&](std::string_view word) { return title.starts_with(opts + "dotfiles / when \"" + std::string(word) + "\""); };
        if (is("allow")) o.dotfiles = dotfiles::allow;
        else if (is("deny")) o.dotfiles = dotfiles::deny;
        else if (!is("ignore")) return setup{};
        if (title.ends_with("without root")) {
            send_file_options f;
            f.dotfiles = o.dotfiles;
            return sends_file([](request& req) { return send_root().string() + "/.mine" + std::string(req.path()); }, f);
        }
        return title.ends_with("in root dotfile directory") ? sends(o, on_error::page, send_root() / ".mine") : sends(o);
    });
    with("immutable / should default to false", [](options&) {});
    with("immutable / should set immutable directive in Cache-Control", [](options& o) { o.immutable = true, o.max_age = 1h; });
    with("maxAge / should default to 0", [](options&) {});
    with("maxAge / should floor to integer", [](options& o) { o.max_age = 123956ms; });
    with("maxAge / should accept string", [](options& o) { o.max_age = 24h * 30; });
    with("maxAge / should max at 1 year", [](options& o) { o.max_age = 24h * 730; });
    with("index / should default to index.html", [](options&) {});
    with("index / should be configurable", [](options& o) { o.index = {"tobi.html"}; });
    with("index / should support fallbacks", [](options& o) { o.index = {"default.htm", "index.html"}; });
    with("index / should 404 if no index file found (file)", [](options& o) { o.index = {"default.htm"}; });
    with("index / should 404 if no index file found (dir)", [](options& o) { o.index = {"pets"}; });
    with("index / should not follow directories", [](options& o) { o.index = {"pets", "name.txt"}; });
    with("index / should 404 if file path contains trailing slash (windows)", [](options& o) { o.index = {}; });
    for (const auto* one : {"should join root", "should restrict paths to within root", "should not allow root path disclosure"})
        with(std::string("root / when given / ") + one, [](options&) {});
    s.add(opts + "root / when given / should work with trailing slash", sends({}, on_error::page, send_root().string() + "/"));
    s.add(opts + "root / when given / should allow .. in root", sends({}, on_error::page, send_root() / ".." / "fixtures"));
    s.add(opts + "root / when given / should not allow root transversal", sends({}, on_error::page, send_root() / "name.d"));
    for (const auto* one : {"should consider .. malicious", "should still serve files with dots in name"})
        s.add(opts + "root / when missing / " + one, sends_file([](request& req) { return send_root().string() + std::string(req.path()); }, {}));

    s.reason("\"directory\" listeners", "there are no events: a directory is an error, `EISDIR`");
    s.reason("disappears after stat", "the file is opened once, nothing can disappear between");
    s.reason("file stream error", "needs a file that is replaced within Node's streams");
    s.reason("empty path", "a path is never empty");
    s.reason("index / should support disabling", "a directory without an index is 404 of static_files, as of serve-static; send alone says 403");
}

inline void add_serve_static(suite& s, std::string_view name, bool express) {
    using namespace std::chrono_literals;
    const std::string top = std::string(name) + " / ";
    const auto make = [express](options o = {}, std::filesystem::path root = {}, std::string mount = "/", bool last = true) {
        return express ? express_serves(o, root, mount, last) : serves(o, root, {}, mount);
    };
    const auto root = [express] { return express ? express_root() : static_root(); };
    const auto with = [&](std::string title, auto change) {
        options o;
        change(o);
        s.add(top + title, make(o));
    };
    const auto starts = [top](std::string_view title, std::string_view part) { return title.starts_with(top + std::string(part)); };
    s.add(top + "current dir / should be served with \".\"", make({}, root() / ".." / ".."));
    for (const auto* one : {"should not include Accept-Ranges", "should ignore Rage request header"})
        with(std::string("acceptRanges / when false / ") + one, [](options& o) { o.accept_ranges = false; });
    for (const auto* one : {"should not include Cache-Control", "should ignore maxAge"})
        with(std::string("cacheControl / when false / ") + one, [](options& o) { o.cache_control = false, o.max_age = 12000ms; });
    with("extensions / should be configurable", [](options& o) { o.extensions = {"txt"}; });
    with("extensions / should support fallbacks", [](options& o) { o.extensions = {"htm", "html", "txt"}; });
    with("extensions / should 404 if nothing found", [](options& o) { o.extensions = {"htm", "html", "txt"}; });
    s.family([=](std::string_view title) {
        if (!starts(title, "fallthrough / ")) return setup{};
        options o;
        if (title.find("when false") != title.npos) o.fallthrough = fallthrough::off;
        if (title.find("redirect: false") != title.npos) o.redirect = false;
        if (title.find("with redirect") != title.npos || title.find("when directory") != title.npos) o.index = {};
        if (title.find("should 404 when directory") != title.npos) o.index = {"index.html"};
        if (title.ends_with("URL too long")) {
            auto long_root = root().string();
            for (int i = 0; i < 9999; ++i) long_root += "/foobar";
            return make(o, long_root);
        }
        return make(o);
    });
    with("hidden files / should be served when dotfiles: \"allow\" is given", [](options& o) { o.dotfiles = dotfiles::allow; });
    with("immutable / should set immutable directive in Cache-Control", [](options& o) { o.immutable = true, o.max_age = 1h; });
    with("lastModified / when false / should not include Last-Modifed", [](options& o) { o.last_modified = false; });
    with("lastModified / when false / should not include Last-Modified", [](options& o) { o.last_modified = false; });
    with("maxAge / should accept string", [](options& o) { o.max_age = 24h * 30; });
    with("maxAge / should be reasonable when infinite", [](options& o) { o.max_age = 24h * 9999; });
    with("redirect / when false / should disable redirect", [](options& o) { o.redirect = false; });
    s.family([=](std::string_view title) {
        options o;
        if (starts(title, "setHeaders / should ")) {
            o.set_headers = [](response& res, std::string_view, const fs::file_status&) { res.set("x-custom", "set"); };
            return make(o, {}, "/", false);
        }
        if (starts(title, "when non-existent root path")) return make({}, root() / "does-not-exist");
        if (starts(title, "when mounted \"root\" as a file")) return make({}, root() / "todo.txt", express ? "/todo.txt" : "/todo", false);
        if (!express && starts(title, "when mounted / should not choke"))
            return serves({}, {}, handler([](request& req, response&, next& n) {
                              req.url("/");
                              n();
                          }));
        if (starts(title, "when mounted")) return make({}, {}, title.find("originalUrl") != title.npos ? "/static" : "/", false);
        if (starts(title, "when index at mount point")) return make({}, root() / "users", "/users");
        if (starts(title, "when traversing past root")) {
            o.fallthrough = fallthrough::off;
            return make(o);
        }
        if (starts(title, "when index file serving disabled")) {
            o.index = {};
            return make(o, {}, "/static");
        }
        return setup{};
    });
    s.add(top + "when responding non-2xx or 304 / should respond as-is", [](app& a) {
        const auto count = std::make_shared<int>(0);
        serves({}, {}, handler([count](request&, response& res, next& n) {
                   if ((*count)++ != 0) res.status(500);
                   n();
               }))(a);
    });
    s.result(top + "basic operations / should require root path", [] { throws([] { static_files(""); }, "root path required"); });
    s.result(top + "setHeaders / should reject non-functions", [] {});
    s.results.erase(top + "setHeaders / should reject non-functions");
    s.reason("should require root path to be string", "the compiler refuses another type");
    s.reason("should reject non-functions", "the compiler refuses another type");
    for (const auto* group : {"basic operations / ", "acceptRanges / when true", "cacheControl / when true", "extensions / ", "immutable / should default", "lastModified / when true",
                              "redirect / ", "when request has \"Range\" header"})
        s.family([=](std::string_view title) {
            if (!starts(title, group) || title.ends_with("properly encoded")) return setup{};
            return make({}, {}, "/", group != std::string_view("redirect / "));
        });
}

} // namespace file_tests

inline void add_files(std::map<std::string, suite>& all) {
    file_tests::add_send(all["send"]);
    file_tests::add_serve_static(all["serve-static"], "serveStatic()", false);
    file_tests::add_serve_static(all["express"], "express.static()", true);
}

} // namespace wire
