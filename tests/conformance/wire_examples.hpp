// express: the apps among its examples that its tests run.
#pragma once
#include "wire_apps.hpp"

namespace wire {

namespace example_tests {

using app_tests::says;

inline void of(suite& s, std::string_view name, setup f) {
    const auto top = std::string(name) + " / ";
    s.family([top, f](std::string_view title) { return title.starts_with(top) ? f : setup{}; });
}

inline void hello(app& a) { a.get("/", says("Hello World")); }

inline void negotiation(app& a) {
    const handler users([](request&, response& res, next&) {
        const std::vector<std::string> names{"Tobi", "Loki", "Jane"};
        res.format({{"html", [&] {
                         std::string page;
                         for (const auto& n : names) page += "<li>" + n + "</li>";
                         res.send("<ul>" + page + "</ul>");
                     }},
                    {"text", [&] {
                         std::string page;
                         for (const auto& n : names) page += " - " + n + "\n";
                         res.send(page);
                     }},
                    {"json", [&] {
                         auto all = value::array();
                         for (const auto& n : names) all.as_array().push_back(value{{"name", n}});
                         res.json(all);
                     }}});
    });
    a.get("/", users);
    a.get("/users", users);
}

inline void cookies(app& a) {
    a.use(body_urlencoded());
    a.get("/", handler([](request& req, response& res, next&) {
              if (req.cookies("remember")) res.send("Remembered :). Click to <a href=\"/forget\">forget</a>!.");
              else res.send("<form method=\"post\"><p>Check to <label><input type=\"checkbox\" name=\"remember\"/> remember me</label> <input type=\"submit\" value=\"Submit\"/>.</p></form>");
          }));
    a.get("/forget", handler([](request&, response& res, next&) { res.clear_cookie("remember").redirect("/"); }));
    a.post("/", handler([](request& req, response& res, next&) {
               if (req.body_parsed() && req.body().find("remember")) res.cookie("remember", 1, {.max_age = std::chrono::minutes(1)});
               res.redirect("/");
           }));
}

inline void downloads(app& a) {
    const auto root = files().make("downloads", 0x1a205dcd3f5, {{"notes/groceries.txt", "* milk\n* eggs\n* bread\n"}, {"amazing.txt", "what an amazing download"}});
    a.get("/files/*file", [root](request& req, response& res, next& next) -> task<> {
        std::exception_ptr failed;
        const send_file_options options{.root = root};
        try {
            co_await res.download(req.params("file"), options);
        } catch (const http_error&) {
            failed = std::current_exception();
        }
        if (!failed) co_return;
        if (status_of(failed) != 404) next(failed);
        else res.status(404).send("Cant find that file, sorry!");
    });
}

inline void errors(app& a) {
    a.get("/", handler([](request&, response&, next&) { throw std::runtime_error("something broke!"); }));
    a.get("/next", handler([](request&, response&, next& n) { loop::current().next_tick([n]() mutable { n(std::runtime_error("oh no!")); }); }));
    a.use(error_handler([](std::exception_ptr, request&, response& res, next&) { res.status(500).send("Internal Server Error"); }));
}

inline void multi_router(app& a) {
    for (const std::string version : {"v1", "v2"}) {
        router api;
        api.get("/", says("Hello from API" + version + " root route."));
        api.get("/users", says("List of API" + version + " users."));
        a.use("/api/" + version, api);
    }
    a.get("/", says("Hello from root route."));
}

inline void params(app& a) {
    static const std::vector<std::string> names{"tj", "tobi", "loki", "jane", "bandit"};
    for (const std::string_view name : {"to", "from"})
        a.param(name, std::function<void(request&, response&, next&, std::string_view)>([](request&, response&, next& n, std::string_view v) {
                    if (!route::from_text<int>(v)) throw http_error(400, "failed to parseInt " + std::string(v));
                    n();
                }));
    a.param("user", std::function<void(request&, response&, next&, std::string_view)>([](request&, response& res, next& n, std::string_view v) {
                const auto i = route::from_text<std::size_t>(v);
                if (!i || *i >= names.size()) {
                    n(http_error(404, "failed to find user"));
                    return;
                }
                res.locals()["user"] = names[*i];
                n();
            }));
    a.get("/", says("Visit /user/0 or /users/0-2"));
    a.get("/user/:user", handler([](request&, response& res, next&) { res.send("user " + res.locals()["user"].as_string()); }));
    a.get("/users/:from-:to", handler([](request& req, response& res, next&) {
              std::string all;
              for (int i = req.params<"from", int>(); i <= req.params<"to", int>(); ++i) all += (all.empty() ? "" : ", ") + names[static_cast<std::size_t>(i)];
              res.send("users " + all);
          }));
}

inline void resource_without(app& a, bool one_deleted) {
    static const auto none = value();
    const auto users = std::make_shared<value>(value::array());
    for (const std::string_view n : {"tj", "ciaran", "aaron", "guillermo", "simon", "tobi"}) users->as_array().push_back(value{{"name", n}});
    if (one_deleted) users->as_array()[1] = nullptr; // by the test before
    const auto at = [](const value& all, std::string_view text) -> const value& {
        const auto i = route::from_text<std::size_t>(text);
        return i && *i < all.size() ? all.at(*i) : none;
    };
    a.get("/users/:a..:b{.:format}", handler([users](request& req, response& res, next&) {
              auto some = value::array();
              const auto to = req.params<"b", std::size_t>();
              for (auto i = req.params<"a", std::size_t>(); i <= to; ++i) some.as_array().push_back(users->at(i));
              if (req.params("format") == "json") return res.send(some);
              std::string page;
              for (const auto& u : some.elements()) page += (page.empty() ? "<li>" : "</li>\n<li>") + (u.is_null() ? std::string() : u["name"].as_string());
              res.send("<ul>" + page + "</li></ul>");
          }));
    a.get("/users", handler([users](request&, response& res, next&) { res.send(*users); }));
    a.get("/users/:id", handler([=](request& req, response& res, next&) {
              const auto& u = at(*users, req.params("id"));
              res.send(u.is_null() ? value{{"error", "Cannot find user"}} : u);
          }));
    a.del("/users/:id", handler([=](request& req, response& res, next&) {
              const bool there = !at(*users, req.params("id")).is_null();
              if (there) users->as_array()[req.params<"id", std::size_t>()] = nullptr;
              res.send(there ? "destroyed" : "Cannot find user");
          }));
    a.get("/", says("<h1>Examples:</h1> <ul>\n<li>GET /users</li>\n<li>GET /users/1</li>\n<li>GET /users/3</li>\n<li>GET /users/1..3</li>\n<li>GET /users/1..3.json</li>\n<li>DELETE "
                    "/users/4</li>\n</ul>"));
}

inline void resource(app& a) { resource_without(a, false); }

inline void route_map(app& a) {
    a.route("/users").get(says("user list")).del(says("delete users"));
    a.get("/users/:uid", handler([](request& req, response& res, next&) { res.send("user " + std::string(req.params("uid"))); }));
    a.get("/users/:uid/pets", handler([](request& req, response& res, next&) { res.send("user " + std::string(req.params("uid")) + "'s pets"); }));
    a.del("/users/:uid/pets/:pid",
          handler([](request& req, response& res, next&) { res.send("delete " + std::string(req.params("uid")) + "'s pet " + std::string(req.params("pid"))); }));
}

inline void vhost(app& a) {
    app main, redirect;
    for (auto* one : {&main, &redirect}) one->set("etag", "express");
    main.get("/", says("Hello from main app!"));
    main.get("/:sub", handler([](request& req, response& res, next&) { res.send("requested " + std::string(req.params("sub"))); }));
    redirect.use(handler([](request& req, response& res, next&) {
        const auto host = req.hostname();
        res.redirect("http://example.com:3000/" + std::string(host.substr(0, host.find('.'))));
    }));
    // which app is asked is what the host decides
    const auto subdomain = [](request& req) { return req.hostname() != "example.com"; };
    router to_main, to_redirect;
    const auto only = [subdomain](bool sub) {
        return handler([=](request& req, response&, next& n) { n(subdomain(req) == sub ? "" : "router"); });
    };
    to_redirect.use(only(true)), to_redirect.use(redirect);
    to_main.use(only(false)), to_main.use(main);
    a.use(to_redirect), a.use(to_main);
}

inline void web_service(app& a) {
    static const std::vector<std::string_view> keys{"foo", "bar", "baz"};
    const auto repo = [](std::string name, std::string owner) { return value{{"name", name}, {"url", "https://github.com/" + owner + "/" + name}}; };
    const auto repos = value::array({repo("express", "expressjs"), repo("stylus", "learnboost"), repo("cluster", "learnboost")});
    const std::map<std::string, value, std::less<>> of_user{
        {"tobi", value::array({repos.at(0), repos.at(1)})}, {"loki", value::array({repos.at(1)})}, {"jane", value::array({repos.at(2)})}};
    a.use("/api", handler([](request& req, response&, next& n) {
              const auto key = req.query("api-key");
              if (!key) n(http_error(400, "api key required"));
              else if (std::find(keys.begin(), keys.end(), *key) == keys.end()) n(http_error(401, "invalid api key"));
              else n();
          }));
    a.get("/api/users", handler([](request&, response& res, next&) { res.send(value::array({value{{"name", "tobi"}}, value{{"name", "loki"}}, value{{"name", "jane"}}})); }));
    a.get("/api/repos", handler([repos](request&, response& res, next&) { res.send(repos); }));
    a.get("/api/user/:name/repos", handler([of_user](request& req, response& res, next& n) {
              const auto found = of_user.find(req.params("name"));
              if (found == of_user.end()) n();
              else res.send(found->second);
          }));
    a.use(error_handler([](std::exception_ptr e, request&, response& res, next&) { res.status(status_of(e)).send(value{{"error", message_of(e)}}); }));
    a.use(handler([](request&, response& res, next&) { res.status(404).send(value{{"error", "Sorry, can't find that"}}); }));
}

} // namespace example_tests

inline void add_examples(std::map<std::string, suite>& all) {
    using namespace example_tests;
    auto& s = all["express"];
    of(s, "hello-world", hello);
    of(s, "content-negotiation", negotiation);
    of(s, "cookies", cookies);
    of(s, "downloads / GET /files/amazing.txt", downloads);
    of(s, "downloads / GET /files/notes/groceries.txt", downloads);
    of(s, "downloads / GET /files/missing.txt", downloads);
    of(s, "downloads / GET /files/../index.js", downloads);
    of(s, "error", errors);
    of(s, "multi-router", multi_router);
    of(s, "params", params);
    s.add("resource / GET /users/1..3.json / should respond with users 2 and 3 as json", [](app& a) { resource_without(a, true); });
    of(s, "resource", resource);
    of(s, "route-map", route_map);
    of(s, "vhost", vhost);
    of(s, "web-service", web_service);
}

} // namespace wire
