// express: the apps among its examples whose pages come from templates.
#pragma once
#include "wire_examples.hpp"
#include <crema/core/html.hpp>
#include <crema/core/sha1.hpp>
#include <crema/middleware/session.hpp>
#include <cstring>

namespace wire {

namespace page_tests {

using app_tests::says;
using example_tests::of;

/* Renders templates with the marks of EJS: `<%= name %>` is escaped, `<%- name %>` is not, `<%- include other %>`,
   `<% each users as user %> … <% end %>`, `<% if name %> … <% end %>`; `-%>` takes the end of the line with it. */
class marked {
public:
    std::string operator()(const std::string& path, const value& options) const {
        return whole(std::filesystem::path(path), options);
    }

private:
    static std::string read(const std::filesystem::path& file) {
        std::ifstream in(file, std::ios::binary);
        require(in.good(), "there is no " + file.string());
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static std::string whole(const std::filesystem::path& file, const value& options) {
        const auto text = read(file);
        std::string_view rest = text;
        std::string out;
        run(rest, options, file, &out);
        return out;
    }
    static const value* find(const value& scope, std::string_view name) {
        const value* v = &scope;
        while (v && !name.empty()) {
            const auto point = std::min(name.find('.'), name.size());
            v = v->is_object() ? v->find(name.substr(0, point)) : nullptr;
            name.remove_prefix(std::min(point + 1, name.size()));
        }
        return v;
    }
    static std::string text_of(const value* v) {
        if (!v || v->is_null()) return {};
        return v->is_string() ? v->as_string() : json::stringify(*v);
    }
    static bool truth(const value* v) {
        return v && !v->is_null() && *v != value(false) && *v != value("") && !(v->is_array() && v->size() == 0);
    }
    // Until `end` or the end of the text; without `out` it is passed over.
    static void run(std::string_view& rest, const value& scope, const std::filesystem::path& file, std::string* out) {
        for (;;) {
            const auto open = std::min(rest.find("<%"), rest.size());
            if (out) out->append(rest.substr(0, open));
            if (open == rest.size()) return;
            const auto close = rest.find("%>", open);
            require(close != rest.npos, "a mark without its end");
            auto mark = rest.substr(open + 2, close - open - 2);
            rest.remove_prefix(close + 2);
            if (mark.ends_with('-')) {
                mark.remove_suffix(1);
                if (rest.starts_with('\n')) rest.remove_prefix(1);
            }
            const char kind = mark.starts_with('=') || mark.starts_with('-') ? mark.front() : ' ';
            if (kind != ' ') mark.remove_prefix(1);
            mark = trim_ows(mark);
            const auto word = mark.substr(0, mark.find(' '));
            if (kind == '=') {
                if (out) *out += escape_html(text_of(find(scope, mark)));
            } else if (kind == '-' && word == "include") {
                if (out) *out += whole(file.parent_path() / (std::string(mark.substr(8)) + file.extension().string()), scope);
            } else if (kind == '-') {
                if (out) *out += text_of(find(scope, mark));
            } else if (word == "end") {
                return;
            } else if (word == "if") {
                run(rest, scope, file, truth(find(scope, mark.substr(3))) ? out : nullptr);
            } else {
                const auto as = mark.find(" as ");
                require(word == "each" && as != mark.npos, "an unknown mark");
                const auto* list = find(scope, mark.substr(5, as - 5));
                const auto again = rest;
                run(rest, scope, file, nullptr);
                if (!out || !list) continue;
                for (const auto& one : list->elements()) {
                    auto inner = scope;
                    inner[mark.substr(as + 4)] = one;
                    auto body = again;
                    run(body, inner, file, out);
                }
            }
        }
    }
};

inline void views(app& a, const std::filesystem::path& folder, std::string_view engine) {
    a.engine(engine, marked());
    a.set("views", folder.string());
    a.set("view engine", engine);
}

inline void ejs(app& a) {
    static const auto folder = files().make("ejs", 0x1a205dcd3f5, {
        {"header.html", R"(<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width,initial-scale=1">
  <title><%= title %></title>
  <link rel="stylesheet" href="/stylesheets/<%- stylesheet %>">
</head>
<body>
)"},
        {"users.html", R"(<%- include header -%>

<h1>Users</h1>
<ul id="users">
  <% each users as user %>
    <li><%= user.name %> &lt;<%= user.email %>&gt;</li>
  <% end %>
</ul>

<%- include footer -%>
)"},
        {"footer.html", "</body>\n</html>\n"}});
    views(a, folder, "html");
    a.get("/", handler([](request&, response& res, next&) {
              auto users = value::array();
              for (const std::string name : {"tobi", "loki", "jane"}) users.as_array().push_back(value{{"name", name}, {"email", name + "@learnboost.com"}});
              res.render("users", value{{"users", users}, {"title", "EJS example"}, {"stylesheet", "style.css"}});
          }));
}

inline void error_pages(app& a) {
    static const auto folder = files().make("error-pages", 0x1a205dcd3f5, {
        {"error_header.ejs", R"(<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Error</title>
</head>

<body>
<h1>An error occurred!</h1>
)"},
        {"footer.ejs", "</body>\n</html>\n"},
        {"404.ejs", "<%- include error_header -%>\n<h2>Cannot find <%= url %></h2>\n<%- include footer -%>\n"},
        {"500.ejs", R"(<%- include error_header -%>
<h2>Error: <%= error.message %></h2>
<% if settings.verbose errors %>
  <pre><%= error.stack %></pre>
<% end -%>

<%- include footer -%>
)"},
        {"index.ejs", R"(<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Custom Pages Example</title>
</head>

<body>
<h1>My Site</h1>
<h2>Pages Example</h2>

<ul>
<% each links as link -%>
<li>visit <a href="/<%= link %>"><%= link %></a></li>
<% end -%>
</ul>

<%- include footer -%>
)"}});
    views(a, folder, "ejs");
    a.enable("verbose errors");
    a.get("/", handler([](request&, response& res, next&) { res.render("index", value{{"links", value::array({500, 404, 403})}}); }));
    a.get("/404", router_tests::passes(""));
    a.get("/403", handler([](request&, response&, next& n) { n(http_error(403, "not allowed!")); }));
    a.get("/500", handler([](request&, response&, next& n) { n(std::runtime_error("keyboard cat!")); }));
    a.use(handler([](request& req, response& res, next&) {
        const auto url = std::string(req.url());
        res.status(404).format({{"html", [&] { res.render("404", value{{"url", url}}); }},
                                {"json", [&] { res.json({{"error", "Not found"}}); }},
                                {"default", [&] { res.type("txt").send("Not found"); }}});
    }));
    // what a program of C++ has in place of a stack is what it says itself
    a.use(error_handler([](std::exception_ptr e, request&, response& res, next&) {
        const auto words = message_of(e);
        res.status(status_of(e)).render("500", value{{"error", value{{"message", words}, {"stack", "Error: " + words + "\n    at main"}}}});
    }));
}

// As much of Markdown as the example needs: a heading, a paragraph, emphasis; names in braces.
inline std::string markdown_engine(const std::string& path, const value& options) {
    std::ifstream in(path, std::ios::binary);
    std::string out;
    for (std::string line; std::getline(in, line);) {
        if (line.empty()) continue;
        const bool heading = line.starts_with("# ");
        if (heading) line.erase(0, 2);
        for (auto at = line.find('{'); at != line.npos; at = line.find('{', at)) {
            const auto end = line.find('}', at);
            const auto text = escape_html(options[line.substr(at + 1, end - at - 1)].as_string());
            line.replace(at, end + 1 - at, text);
        }
        bool open = false;
        for (auto at = line.find('*'); at != line.npos; at = line.find('*'), open = !open) line.replace(at, 1, open ? "</em>" : "<em>");
        out += (heading ? "<h1>" : "<p>") + line + (heading ? "</h1>\n" : "</p>\n");
    }
    return out;
}

inline setup markdown(std::filesystem::path folder) {
    return [=](app& a) {
        a.engine("md", markdown_engine);
        a.set("views", folder.string());
        a.set("view engine", "md");
        a.get("/", handler([](request&, response& res, next&) { res.render("index", value{{"title", "Markdown Example"}}); }));
        a.get("/fail", handler([](request&, response& res, next&) { res.render("missing", value{{"title", "Markdown Example"}}); }));
    };
}

inline void downloads_index(app& a) {
    a.get("/", handler([](request&, response& res, next&) {
              std::string page;
              for (const std::string file : {"notes/groceries.txt", "amazing.txt", "missing.txt", "CCTV大赛上海分赛区.txt"})
                  page += "<li>Download <a href=\"/files/" + file + "\">" + file + "</a>.</li>";
              res.send("<ul>" + page + "</ul>");
          }));
}

#if defined(CREMA_WITH_OPENSSL)
// A session as express-session's: its id is the one that was recorded, its cookie says nothing about other sites.
inline session_handler session_as(std::string_view secret) {
    session_options o;
    o.signer = openssl::hmac_signer(secret);
    o.cookie.same_site = http::same_site_policy::unset;
    o.generate_id = [](request&) { return next_session_id(); };
    return session(std::move(o));
}
// Takes a member out of a session.
inline std::string taken(request& req, std::string_view name) {
    auto& members = session_of(req).data().as_object();
    std::string text;
    for (const auto& [key, v] : members)
        if (key == name) text = v.as_string();
    std::erase_if(members, [&](const auto& m) { return m.first == name; });
    return text;
}

inline void auth(app& a) {
    static const auto folder = files().make("auth", 0x1a205dcd3f5, {
        {"head.ejs", R"(
<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <title><%= title %></title>
    <style>
      body {
        padding: 50px;
        font: 13px Helvetica, Arial, sans-serif;
      }
      .error {
          color: red;
      }
      .success {
          color: green;
      }
    </style>
  </head>
  <body>
)"},
        {"foot.ejs", "\n  </body>\n</html>\n"},
        {"login.ejs", R"(<%- include head -%>

<h1>Login</h1>
<%- message %>
Try accessing <a href="/restricted">/restricted</a>, then authenticate with "tj" and "foobar".
<form method="post" action="/login">
<% each fields as field -%>
  <p>
    <label for="<%= field.name %>"><%= field.label %>:</label>
    <input type="text" name="<%= field.name %>" id="<%= field.name %>">
  </p>
<% end -%>
  <p>
    <input type="submit" value="Login">
  </p>
</form>
<%- include foot -%>
)"}});
    views(a, folder, "ejs");
    a.use(body_urlencoded());
    a.use(session_as("shhhh, very secret"));
    a.use(handler([](request& req, response& res, next& n) {
        const auto error = taken(req, "error"), success = taken(req, "success");
        res.locals()["message"] = !error.empty()     ? "<p class=\"msg error\">" + error + "</p>"
                                  : !success.empty() ? "<p class=\"msg success\">" + success + "</p>"
                                                     : std::string();
        n();
    }));
    a.get("/", handler([](request&, response& res, next&) { res.redirect("/login"); }));
    const handler restricted([](request& req, response& res, next& n) {
        if (session_of(req).find("user")) {
            n();
            return;
        }
        session_of(req)["error"] = "Access denied!";
        res.redirect("/login");
    });
    a.get("/restricted", restricted, says("Wahoo! restricted area, click to <a href=\"/logout\">logout</a>"));
    a.get("/logout", [](request& req, response& res) -> task<> {
        co_await session_of(req).destroy();
        res.redirect("/");
    });
    a.get("/login", handler([](request&, response& res, next&) {
              const auto fields = value::array({value{{"name", "username"}, {"label", "Username"}}, value{{"name", "password"}, {"label", "Password"}}});
              res.render("login", value{{"title", "Authentication Example"}, {"fields", fields}});
          }));
    a.post("/login", [](request& req, response& res) -> task<> {
        const auto& form = req.body();
        if (form["username"] != value("tj") || form["password"] != value("foobar")) {
            session_of(req)["error"] = "Authentication failed, please check your  username and password. (use \"tj\" and \"foobar\")";
            res.redirect("/login");
            co_return;
        }
        co_await session_of(req).regenerate(); // so that nobody knew its id before
        session_of(req)["user"] = form["username"];
        session_of(req)["success"] = "Authenticated as tj";
        res.redirect(req.get("Referrer").value_or("/"));
    });
}

// As the package cookie-session: the session is in the cookie, and another cookie signs it, with SHA-1.
inline std::string keygrip(std::string_view key, std::string_view text) {
    std::string inner(64, '\x36'), outer(64, '\x5c');
    for (std::size_t i = 0; i < key.size(); ++i) inner[i] = static_cast<char>(inner[i] ^ key[i]), outer[i] = static_cast<char>(outer[i] ^ key[i]);
    const auto hash = [](const std::string& octets) {
        const auto digest = sha1::of(octets);
        return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
    };
    auto made = base64_encode(hash(outer + hash(inner.append(text))));
    while (made.ends_with('=')) made.pop_back();
    std::replace(made.begin(), made.end(), '+', '-');
    std::replace(made.begin(), made.end(), '/', '_');
    return made;
}
inline void cookie_sessions(app& a) {
    const std::string key = "manny is cool";
    a.use(handler([key](request& req, response& res, next& n) {
        auto held = value::object();
        const auto text = req.cookies("session"), signature = req.cookies("session.sig");
        if (text && signature == keygrip(key, "session=" + std::string(*text)))
            held = json::parse<value>(base64_decode(*text).value_or("")).value_or(value::object());
        res.locals()["session"] = held;
        res.on_headers([&res, key] {
            const auto cookie = "session=" + base64_encode(json::stringify(res.locals()["session"]));
            res.append("Set-Cookie", {cookie + "; path=/; httponly", "session.sig=" + keygrip(key, cookie) + "; path=/; httponly"});
        });
        n();
    }));
    a.use(handler([](request&, response& res, next&) {
        auto& count = res.locals()["session"]["count"];
        count = (count.is_null() ? 0 : count.as_int64()) + 1;
        res.send("viewed " + std::to_string(count.as_int64()) + " times\n");
    }));
}
#endif

} // namespace page_tests

inline void add_pages(std::map<std::string, suite>& all) {
    using namespace page_tests;
    auto& s = all["express"];
    of(s, "ejs", ejs);
    of(s, "error-pages", error_pages);
    s.add("markdown / GET / / should respond with html",
          markdown(files().make("markdown", 0x1a205dcd3f5, {{"index.md", "# {title}\n\nJust an example view rendered with *markdown*.\n"}})));
    s.add("markdown / GET /fail / should respond with an error", markdown("/examples/markdown/views"));
    of(s, "downloads / GET /", downloads_index);
#if defined(CREMA_WITH_OPENSSL)
    of(s, "auth", auth);
    of(s, "cookie-sessions", cookie_sessions);
#endif
}

} // namespace wire
