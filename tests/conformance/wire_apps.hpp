// express: apps, their routes and settings; files that a handler sends; negotiation.
#pragma once
#include "wire_express.hpp"

namespace wire {

namespace app_tests {

using express_tests::one;
using express_tests::one_route;
using router_tests::params_of;

inline handler says(std::string text) {
    return [text](request&, response& res, next&) { res.send(text); };
}
inline handler ends(std::string text) {
    return [text](request&, response& res, next&) { res.end(text); };
}
inline handler hits(int number, bool last = false) {
    return [=](request&, response& res, next& n) {
        res.set("x-fn-" + std::to_string(number), "hit");
        if (last) res.end();
        else n();
    };
}
inline handler notes(std::shared_ptr<value> list, std::string what, bool answers = false) {
    return [=](request&, response& res, next& n) {
        list->as_array().push_back(what);
        if (answers) res.json(*list);
        else n();
    };
}
inline std::shared_ptr<value> a_list() { return std::make_shared<value>(value::array()); }
inline const handler nothing([](request&, response&, next&) {});
inline const handler goes_on([](request&, response&, next& n) { n(); });
inline const handler saw_sent([](request& req, response& res, next&) { res.send("saw " + std::string(req.method()) + " " + std::string(req.url())); });
inline const handler saw_through([](request& req, response& res, next&) {
    res.send("saw " + std::string(req.method()) + " " + std::string(req.url()) + " through " + std::string(req.original_url()));
});
inline error_handler caught(std::string words, int status = 0) {
    return [=](std::exception_ptr e, request&, response& res, next&) {
        if (status) res.status(status);
        res.send(words + message_of(e));
    };
}
inline handler param(std::string name) {
    return [name](request& req, response& res, next&) { res.end(req.params(name)); };
}

inline void add_router(suite& s) {
    const std::string top = "app.router / ", slashes = top + "trailing slashes / ", strict = slashes + "when \"strict routing\" is enabled / ";
    s.family([top](std::string_view t) {
        const auto include = top + "methods / should include ";
        if (!t.starts_with(include)) return setup{};
        const auto name = t.substr(include.size());
        const auto m = http::to_method(name);
        if (m == http::method::unknown) return setup{};
        return setup([m, text = to_lower(name)](app& a) { a.on(m, "/foo", says(text)); });
    });
    s.add(top + "should restore req.params after leaving router", [](app& a) {
        router inner;
        inner.use(handler([](request& req, response& res, next& n) {
            res.set("x-router", req.params().get("id").value_or("undefined"));
            n();
        }));
        // what stands between two handlers of a route is mounted where it matches
        a.use("/user/:id", handler([](request& req, response& res, next& n) {
                  res.set("x-user-id", req.params("id"));
                  n();
              }));
        a.use("/user", inner);
        a.get("/user/:id", handler([](request& req, response& res, next&) { res.send(req.params("id")); }));
    });
    const auto get = [&](std::string title, std::string path, handler h) { s.add(top + title, [=](app& a) { a.get(path, h); }); };
    const handler name([](request& req, response& res, next&) { res.send(req.params("name")); });
    for (const auto* t : {"should decode correct params", "should not accept params in malformed paths", "should not decode spaces", "should work with unicode"})
        get(std::string("decode params / ") + t, "/:name", name);
    s.add(top + "should be .use()able", [](app& a) {
        const auto calls = a_list();
        a.use(notes(calls, "before")), a.get("/", notes(calls, "GET /")), a.use(notes(calls, "after", true));
    });
#if defined(CREMA_WITH_PCRE2)
    s.add(top + "when given a regexp / should match the pathname only", [](app& a) { a.get(regexp("^/user/[0-9]+$"), ends("user")); });
    s.add(top + "when given a regexp / should populate req.params with the captures", [](app& a) {
        a.get(regexp("^/user/([0-9]+)/(view|edit)?$"),
              handler([](request& req, response& res, next&) { res.end(std::string(req.params("1")) + "ing user " + std::string(req.params("0"))); }));
    });
    s.add(top + "when given a regexp / should populate req.params with named captures", [](app& a) {
        a.get(regexp("^/user/(?<userId>[0-9]+)/(view|edit)?$"),
              handler([](request& req, response& res, next&) { res.end(std::string(req.params("0")) + "ing user " + std::string(req.params("userId"))); }));
    });
    s.add(top + "when given a regexp / should ensure regexp matches path prefix", [](app& a) {
        const auto p = a_list();
        a.use(regexp("/api.*"), notes(p, "a")), a.use(regexp("api"), notes(p, "b")), a.use(regexp("/test"), notes(p, "c"));
        a.use(handler([p](request&, response& res, next&) {
            require(*p == value::array({"c"}), "others ran");
            res.end();
        }));
    });
#endif
    s.add(top + "case sensitivity / should be disabled by default", [](app& a) { a.get("/user", ends("tj")); });
    for (const auto* t : {"should match identical casing", "should not match otherwise"})
        s.add(top + "case sensitivity / when \"case sensitive routing\" is enabled / " + t, [](app& a) {
            a.enable("case sensitive routing");
            a.get("/uSer", ends("tj"));
        });
    const handler pairs([](request& req, response& res, next&) {
        std::map<std::string, std::string> sorted;
        for (const auto& p : req.params()) sorted.emplace(p.name, p.value);
        auto all = value::array();
        for (const auto& [k, v] : sorted) all.as_array().push_back(value::array({k, v}));
        res.send(all);
    });
    s.add(top + "params / should overwrite existing req.params by default", [](app& a) {
        router r;
        r.get("/:action", handler([](request& req, response& res, next&) { res.send(params_of(req)); }));
        a.use("/user/:user", r);
    });
    const auto merging = [&](std::string title, auto outer, auto inner) {
        s.add(top + "params / " + title, [=](app& a) {
            router r({.merge_params = true});
            r.get(inner, pairs);
            a.use(outer, r);
        });
    };
    merging("should allow merging existing req.params", "/user/:user", "/:action");
    merging("should use params from router", "/user/:thing", "/:thing");
#if defined(CREMA_WITH_PCRE2)
    merging("should merge numeric indices req.params", regexp("^/user/id:(\\d+)"), regexp("^/(.*)\\.(.*)"));
    merging("should merge numeric indices req.params when more in parent", regexp("^/user/id:(\\d+)/name:(\\w+)"), regexp("/(.*)"));
    merging("should merge numeric indices req.params when parent has same number", regexp("/user/id:(\\d+)"), regexp("/name:(\\w+)"));
#endif
    s.add(slashes + "should be optional by default", [](app& a) { a.get("/user", ends("tj")); });
    const auto strictly = [&](std::string title, std::string path, bool use = false) {
        s.add(strict + title, [=](app& a) {
            a.enable("strict routing");
            if (use) a.use(path, ends("tj"));
            else a.get(path, ends("tj"));
        });
    };
    strictly("should match trailing slashes", "/user/");
    strictly("should match no slashes", "/user");
    strictly("should match middleware when omitting the trailing slash", "/user/", true);
    strictly("should match middleware", "/user", true);
    strictly("should match middleware when adding the trailing slash", "/user", true);
    strictly("should fail when omitting the trailing slash", "/user/");
    strictly("should fail when adding the trailing slash", "/user");
    const handler passes([](request&, response& res, next& n) {
        res.set("x-middleware", "true");
        n();
    });
    s.add(strict + "should pass-though middleware", [=](app& a) { a.enable("strict routing"), a.use(passes), a.get("/user/", ends("tj")); });
    s.add(strict + "should pass-though mounted middleware", [=](app& a) { a.enable("strict routing"), a.use("/user/", passes), a.get("/user/test/", ends("tj")); });
    get("should allow literal \".\"", "/api/users/:from..:to", handler([](request& req, response& res, next&) {
            res.end("users from " + std::string(req.params("from")) + " to " + std::string(req.params("to")));
        }));
    const auto doing = [](std::string usual) {
        return handler([usual](request& req, response& res, next&) {
            res.end(std::string(req.params().get("op").value_or(usual)) + "ing " + std::string(req.params("user")) + (req.url().starts_with("/users") ? " (old)" : ""));
        });
    };
    for (const auto* t : {"should denote a capture group", "should match a single segment only"}) get(std::string(":name / ") + t, "/user/:user", param("user"));
    get(":name / should allow several capture groups", "/user/:user/:op", doing(""));
    get(":name / should work following a partial capture group", "/user{s}/:user/:op", doing(""));
    get(":name / should work inside literal parenthesis", "/:user\\(:op\\)", doing(""));
    s.add(top + ":name / should work in array of paths", [](app& a) {
        a.get({"/user/:user/poke", "/user/:user/pokes"}, handler([](request& req, response& res, next&) { res.end("poking " + std::string(req.params("user"))); }));
    });
    for (const auto* t : {"should denote an optional capture group", "should populate the capture group"}) get(std::string(":name? / ") + t, "/user/:user{/:op}", doing("view"));
    for (const auto* group : {":name* / ", ":name+ / "}) {
        get(group + std::string("should match one segment"), "/user/*user", param("user"));
        get(group + std::string("should match many segments"), "/user/*user", param("user"));
    }
    get(":name* / should match zero segments", "/user{/*user}", param("user"));
    get(":name+ / should not match zero segments", "/user/*user", param("user"));
    const handler format([](request& req, response& res, next&) { res.end(std::string(req.params("name")) + " as " + std::string(req.params().get("format").value_or("html"))); });
    get(".:name / should denote a format", "/:name.:format", format);
    get(".:name? / should denote an optional format", "/:name{.:format}", format);
    s.add(top + "when next() is called / should continue lookup", [](app& a) {
        const auto calls = a_list();
        a.get("/foo{/:bar}", notes(calls, "/foo/:bar?")), a.get("/bar", nothing), a.get("/foo", notes(calls, "/foo")), a.get("/foo", notes(calls, "/foo 2", true));
    });
    const auto leaves = [](std::string_view what) {
        return handler([what](request&, response& res, next& n) {
            res.set("X-Hit", "1");
            n(what);
        });
    };
    s.add(top + "when next(\"route\") is called / should jump to next route", [=](app& a) { a.get("/foo", leaves("route"), ends("failure")), a.get("/foo", ends("success")); });
    s.add(top + "when next(\"router\") is called / should jump out of router", [=](app& a) {
        router r;
        r.get("/foo", leaves("router"), ends("failure")), r.get("/foo", ends("failure"));
        a.use(r), a.get("/foo", ends("success"));
    });
    s.add(top + "when next(err) is called / should break out of app.router", [](app& a) {
        const auto calls = a_list();
        a.get("/foo{/:bar}", notes(calls, "/foo/:bar?")), a.get("/bar", nothing);
        a.get("/foo", handler([calls](request&, response&, next& n) {
                  calls->as_array().push_back("/foo");
                  n(std::runtime_error("fail"));
              }));
        a.get("/foo", nothing);
        a.use(error_handler([calls](std::exception_ptr e, request&, response& res, next&) { res.json({{"calls", *calls}, {"error", message_of(e)}}); }));
    });
    const handler boom([](request&, response&, next& n) { n(std::runtime_error("boom!")); });
    s.add(top + "when next(err) is called / should call handler in same route, if exists", [=](app& a) {
        a.get("/foo", boom, says("foo here"), caught("route go "));
        a.use(caught("error!"));
    });
    const auto promise = [&](std::string title, auto... f) {
        s.add(top + "promise support / " + title, [=](app& a) {
            router r;
            (r.use(f), ...);
            a.use(r);
        });
    };
    const router_tests::waiting answers([](request&, response& res, next&) -> task<> {
        res.send("saw GET /foo");
        co_return;
    });
    const auto answers_error = [](std::string words, int status) {
        return router_tests::error_waiting([=](std::exception_ptr e, request&, response& res, next&) -> task<> {
            if (status) res.status(status);
            res.send(words + message_of(e));
            co_return;
        });
    };
    promise("should pass rejected promise value", router_tests::rejects, caught("saw Error: "));
    promise("should ignore resolved promise", answers, router_tests::throws_boom);
    promise("error handling / should pass rejected promise value", router_tests::rejects, router_tests::rejects_again, caught("saw Error: "));
    promise("error handling / should ignore resolved promise", router_tests::rejects, answers_error("saw Error: ", 0), router_tests::throws_boom);
    s.add(top + "should allow rewriting of the url", [](app& a) {
        a.get("/account/edit", handler([](request& req, response&, next& n) {
                  req.url("/user/12/edit");
                  n();
              }));
        a.get("/user/:id/edit", handler([](request& req, response& res, next&) { res.send("editing user " + std::string(req.params("id"))); }));
    });
    s.add(top + "should run in order added", [](app& a) {
        const auto path = std::make_shared<std::string>();
        const auto push = [path](const char* n, bool last = false) {
            return handler([=](request&, response& res, next& go) {
                *path += (path->empty() ? "" : ",") + std::string(n);
                if (last) res.end(*path);
                else go();
            });
        };
        a.get("/*path", push("0")), a.get("/user/:id", push("1")), a.use(push("2")), a.all("/user/:id", push("3")), a.get("/*splat", push("4")), a.use(push("5", true));
    });
    s.result(top + "should be chainable", [] {
        app a;
        require(&a.get("/", nothing) == &a, "another app");
    });
    // route, VERB, OPTIONS, HEAD, all
    const std::string route = "app.route / ";
    s.add(route + "should return a new route", [](app& a) { a.route("/foo").get(says("get")).post(says("post")); });
    s.add(route + "should all .VERB after .all", [](app& a) { a.route("/foo").all(goes_on).get(says("get")).post(says("post")); });
    s.add(route + "should support dynamic routes", [](app& a) { a.route("/:foo").get(handler([](request& req, response& res, next&) { res.send(req.params("foo")); })); });
    s.add(route + "should not error on empty routes", [](app& a) { a.route("/:foo"); });
    const auto chain = [&](std::string title, auto... f) {
        s.add(route + "promise support / " + title, [=](app& a) {
            auto c = a.route("/foo");
            (c.all(f), ...);
        });
    };
    chain("should pass rejected promise value", router_tests::rejects, says("hello, world!"), caught("caught: ", 500));
    chain("should ignore resolved promise", answers, router_tests::throws_boom);
    chain("error handling / should pass rejected promise value", router_tests::rejects, router_tests::rejects_again, caught("caught again: ", 500));
    chain("error handling / should ignore resolved promise", router_tests::rejects, answers_error("caught: ", 500), router_tests::throws_boom);
    s.add("app / .VERB() / should not get invoked without error handler on error", [boom](app& a) { a.use(boom), a.get("/bar", says("hello, world!")); });
    s.add("app / .VERB() / should only call an error handling routing callback when an error is propagated", [](app& a) {
        const auto ran = std::make_shared<std::string>();
        const auto passes_on = [ran](char c, bool same) {
            return error_handler([=](std::exception_ptr e, request&, response&, next& n) {
                *ran += c;
                if (same) n(e);
                else n();
            });
        };
        a.get("/", handler([](request&, response&, next& n) { n(std::runtime_error("fabricated error")); }), handler([ran](request&, response&, next& n) {
                  *ran += 'a';
                  n();
              }),
              passes_on('b', true), passes_on('c', false), passes_on('d', false), handler([ran](request&, response& res, next&) {
                  require(*ran == "bc", "ran: " + *ran);
                  res.send_status(204);
              }));
    });
    const auto users = [&](std::string title, std::function<void(app&)> f) { s.add("OPTIONS / " + title, f); };
    // express: those of the router have the same titles, and other ones
    users("should default to the routes defined", [](app& a) { a.post("/", nothing), a.get("/users", nothing), a.put("/users", nothing); });
    users("should only include each method once", [](app& a) { a.del("/", nothing), a.get("/users", nothing), a.put("/users", nothing), a.get("/users", nothing); });
    users("should not be affected by app.all", [](app& a) {
        a.get("/", nothing), a.get("/users", nothing), a.put("/users", nothing);
        a.all("/users", handler([](request&, response& res, next& n) {
                  res.set("x-hit", "1");
                  n();
              }));
    });
    users("should not respond if the path is not defined", [](app& a) { a.get("/users", nothing); });
    users("should forward requests down the middleware chain", [](app& a) {
        router r;
        r.get("/users", nothing);
        a.use(r), a.get("/other", nothing);
    });
    s.add("app.options() / should override the default behavior", [](app& a) {
        a.options("/users", handler([](request&, response& res, next&) { res.set("Allow", "GET").send("GET"); }));
        a.get("/users", nothing), a.put("/users", nothing);
    });
    for (const auto* t : {"should default to GET", "should output the same headers as GET requests"}) s.add(std::string("HEAD / ") + t, [](app& a) { a.get("/tobi", says("tobi")); });
    s.add("app.head() / should override", [](app& a) {
        a.head("/tobi", handler([](request&, response& res, next&) { res.header("x-method", "head").end(); }));
        a.get("/tobi", says("tobi"));
    });
    s.add("app.all() / should add a router per method", [](app& a) { a.all("/tobi", handler([](request& req, response& res, next&) { res.end(req.method()); })); });
    s.add("app.all() / should run the callback for a method just once", [](app& a) {
        const auto times = std::make_shared<int>(0);
        a.all("/*splat", handler([times](request&, response&, next& n) {
                  require((*times)++ == 0, "twice");
                  n();
              }));
    });
    s.add("app / should 404 without routes", [](app&) {});
}

inline void add_use(suite& s) {
    const std::string app_ = "app / .use(app) / ", path = "app / .use(path, middleware) / ", bare = "app / .use(middleware) / ";
    const auto below = [](std::string where, std::string text, std::string inner = "/") {
        return [=](app& a) {
            app child;
            child.get(inner, ends(text));
            a.use(where, child);
        };
    };
    s.add(app_ + "should mount the app", below("/", "blog", "/blog"));
    s.add(app_ + "should support mount-points", [below](app& a) { below("/blog", "blog")(a), below("/forum", "forum")(a); });
    s.add(app_ + "should support dynamic routes", below("/post/:article", "success"));
    s.add(app_ + "should support mounted app anywhere", [](app& a) {
        app blog, other;
        const auto mounted = std::make_shared<int>(0);
        blog.get("/", ends("success"));
        for (auto* one : {&blog, &other}) one->on("mount", [mounted](app&) { ++*mounted; });
        a.use("/post/:article", hits(1), other, hits(2), blog);
        require(*mounted == 2, "not mounted");
    });
    s.result("app / should emit \"mount\" when mounted", [] {
        app blog, a;
        bool told = false;
        blog.on("mount", [&](app& parent) { told = parent.app_of_handle() == a.app_of_handle(); });
        a.use(blog);
        require(told, "not told");
    });
    for (const auto* t : {"app / .use(app) / should set the child's .parent", "app.parent / should return the parent when mounted"})
        s.result(t, [] {
            app blog, a;
            a.use("/blog", blog);
            require(blog.parent() && blog.parent()->app_of_handle() == a.app_of_handle(), "another parent");
            require(!a.parent(), "the top has none");
        });
    s.result("app.mountpath / should return the mounted path", [] {
        app a, admin, blog, fallback;
        a.use("/blog", blog), a.use(fallback), blog.use("/admin", admin);
        require(admin.mountpath() == value("/admin") && a.mountpath() == value("/") && blog.mountpath() == value("/blog") && fallback.mountpath() == value("/"), "another path");
    });
    s.result("app.path() / should return the canonical", [] {
        app a, blog, admin;
        a.use("/blog", blog), blog.use("/admin", admin);
        require(a.path().empty() && blog.path() == "/blog" && admin.path() == "/blog/admin", "another path");
    });
    s.result("in development / should disable \"view cache\"", [] { require(!app().enabled("view cache") || app().get("env") == value("production"), "enabled"); });
    s.result("app / should be callable", [] { static_assert(usable<app>); });

    const auto three = [](app& a, std::string_view where) { a.use(where, hits(1), hits(2), hits(3, true)); };
    for (const auto* t : {"should accept multiple arguments", "should accept array of middleware", "should accept multiple arrays of middleware", "should accept nested arrays of middleware"}) {
        s.add(bare + t, [three](app& a) { three(a, "/"); });
        s.add(path + t, [three](app& a) { three(a, "/foo"); });
    }
    s.add(bare + "should invoke middleware for all requests", [](app& a) { a.use(saw_sent); });
    s.add(path + "should strip path from req.url", [](app& a) { a.use("/foo", saw_sent); });
    s.add(path + "should invoke middleware for all requests starting with path", [](app& a) { a.use("/foo", saw_sent); });
    s.add(path + "should work if path has trailing slash", [](app& a) { a.use("/foo/", saw_sent); });
    s.add(path + "should support array of paths", [](app& a) { a.use({"/foo/", "/bar"}, saw_through); });
    s.add(path + "should support array of paths with middleware array", [](app& a) { a.use({"/foo/", "/bar"}, hits(1), hits(2), handler([](request& req, response& res, next& n) {
                                                                                              res.set("x-fn-3", "hit");
                                                                                              saw_through(req, res, n);
                                                                                          })); });
#if defined(CREMA_WITH_PCRE2)
    s.add(path + "should support regexp path", [](app& a) { a.use(regexp("^/[a-z]oo"), saw_through); });
#endif
    s.add(path + "should support empty string path", [](app& a) { a.use("", saw_through); });

    // param
    using callback = std::function<void(request&, response&, next&, std::string_view)>;
    const std::string param_ = "app / .param(name, fn) / ";
    const auto keep = callback([](request&, response&, next& n, std::string_view) { n(); });
    const auto show = [](std::string name) { return handler([name](request& req, response& res, next&) { res.send(req.params(name)); }); };
    const callback boom([](request&, response&, next&, std::string_view) { throw std::runtime_error("err!"); });
    struct counts {
        int called = 0, count = 0;
        std::string users;
    };
    const auto counting = [](std::shared_ptr<counts> c, std::string skip = {}, bool fails = false, bool all = false) {
        return callback([=](request&, response&, next& n, std::string_view user) {
            ++c->called;
            if (!skip.empty() && user == skip) {
                if (fails) throw std::runtime_error("err!");
                n("route");
                return;
            }
            c->users = all && !c->users.empty() ? c->users + "," + std::string(user) : std::string(user);
            n();
        });
    };
    const auto counted = [](std::shared_ptr<counts> c) {
        return handler([c](request&, response&, next& n) {
            ++c->count;
            n();
        });
    };
    const auto total = [](std::shared_ptr<counts> c) {
        return handler([c](request&, response& res, next&) { res.end(std::to_string(c->count) + " " + std::to_string(c->called) + " " + c->users); });
    };
    s.add(param_ + "should only call once per request", [=](app& a) {
        const auto c = std::make_shared<counts>();
        a.param("user", counting(c)), a.get("/foo/:user", counted(c)), a.get("/foo/:user", counted(c)), a.use(total(c));
    });
    s.add(param_ + "should call when values differ", [=](app& a) {
        const auto c = std::make_shared<counts>();
        a.param("user", counting(c, {}, false, true)), a.get("/:user/bob", counted(c)), a.get("/foo/:user", counted(c)), a.use(total(c));
    });
    s.add(param_ + "should not call when values differ on error", [=](app& a) {
        const auto c = std::make_shared<counts>();
        a.param("user", counting(c, "foo", true)), a.get("/:user/bob", counted(c)), a.get("/foo/:user", counted(c));
        a.use(error_handler([c](std::exception_ptr e, request&, response& res, next&) {
            res.status(500).send(std::to_string(c->count) + " " + std::to_string(c->called) + " " + message_of(e));
        }));
    });
    s.add(param_ + "should call when values differ when using \"next\"", [=](app& a) {
        const auto c = std::make_shared<counts>();
        a.param("user", counting(c, "foo")), a.get("/:user/bob", counted(c)), a.get("/foo/:user", counted(c)), a.use(total(c));
    });
    s.add(param_ + "should support altering req.params across routes", [=](app& a) {
        a.param("user", callback([](request& req, response&, next& n, std::string_view) {
                    req.params("user", "loki");
                    n();
                }));
        a.get("/:user", router_tests::passes("route")), a.get("/:user", show("user"));
    });
    s.add(param_ + "should not invoke without route handler", [=](app& a) {
        a.param("thing", keep), a.param("user", boom);
        a.post("/:user", show("user")), a.get("/:thing", show("thing"));
    });
    s.add(param_ + "should work with encoded values", [=](app& a) { a.param("name", keep), a.get("/user/:name", show("name")); });
    s.add(param_ + "should catch thrown error", [=](app& a) { a.param("id", boom), a.get("/user/:id", show("id")); });
    s.add(param_ + "should catch thrown secondary error", [=](app& a) {
        a.param("id", callback([](request&, response&, next& n, std::string_view) { loop::current().next_tick([n]() mutable { n(); }); }));
        a.param("id", boom), a.get("/user/:id", show("id"));
    });
    s.add(param_ + "should defer to next route", [=](app& a) {
        a.param("id", callback([](request&, response&, next& n, std::string_view) { n("route"); }));
        a.get("/user/:id", show("id")), a.get("/:name/123", says("name"));
    });
    s.add(param_ + "should defer all the param routes", [=](app& a) {
        a.param("id", callback([](request&, response&, next& n, std::string_view v) { n(v == "new" ? "route" : ""); }));
        a.all("/user/:id", says("all.id")), a.get("/user/:id", says("get.id")), a.get("/user/new", says("get.new"));
    });
    const auto number = [](std::string as) {
        return callback([as](request& req, response&, next& n, std::string_view v) {
            if (v.find_first_not_of("0123456789") != v.npos) {
                n("route");
                return;
            }
            req.params(as, v);
            n();
        });
    };
    const handler typed([](request& req, response& res, next&) { res.send("number:" + std::string(req.params("id"))); });
    s.add("app / .param(names, fn) / should map the array", [=](app& a) { a.param({"id", "uid"}, number("id")), a.get("/post/:id", typed), a.get("/user/:uid", typed); });
    s.add(param_ + "should map logic for a single param", [=](app& a) { a.param("id", number("id")), a.get("/user/:id", typed); });

    // settings
    const auto config = [&](std::string title, std::function<void(app&)> f) {
        s.result("config / " + title, [f] {
            app a;
            f(a);
        });
    };
    config(".set() / should set a value", [](app& a) { a.set("foo", "bar"), require(a.get("foo") == value("bar"), "another"); });
    config(".set() / should return set value", [](app& a) { require(a.set("foo", "bar").get("foo") == value("bar"), "another"); });
    config(".set() / should return the app", [](app& a) { require(&a.set("foo", "bar") == &a, "another"); });
    config(".set() / \"etag\" / should throw on bad value", [](app& a) { throws([&] { a.set("etag", 42); }, "etag"); });
    config(".get() / should return undefined when unset", [](app& a) { require(a.get("foo").is_null(), "there is one"); });
    config(".get() / should otherwise return the value", [](app& a) { a.set("foo", "bar"), require(a.get("foo") == value("bar"), "another"); });
    config(".get() / when mounted / should default to the parent app", [](app& a) {
        app blog;
        a.set("title", "Express"), a.use(blog);
        require(blog.get("title") == value("Express"), "another");
    });
    config(".get() / when mounted / should given precedence to the child", [](app& a) {
        app blog;
        a.use(blog), a.set("title", "Express"), blog.set("title", "Some Blog");
        require(blog.get("title") == value("Some Blog"), "another");
    });
    for (const auto* name : {"should inherit \"trust proxy\" setting", "should prefer child \"trust proxy\" setting"})
        config(std::string(".get() / when mounted / ") + name, [own = std::string_view(name).find("prefer") != std::string_view::npos](app& a) {
            app blog;
            a.set("trust proxy", true);
            if (own) blog.set("trust proxy", false);
            a.use(blog);
            require(blog.enabled("trust proxy") == !own, "another");
        });
    config(".enable() / should set the value to true", [](app& a) { require(a.enable("tobi").get("tobi") == value(true), "another"); });
    config(".disable() / should set the value to false", [](app& a) { require(a.disable("tobi").get("tobi") == value(false), "another"); });
    config(".enabled() / should default to false", [](app& a) { require(!a.enabled("foo"), "enabled"); });
    config(".enabled() / should return true when set", [](app& a) { a.set("foo", "bar"), require(a.enabled("foo"), "disabled"); });
    config(".disabled() / should default to true", [](app& a) { require(a.disabled("foo"), "enabled"); });
    config(".disabled() / should return false when set", [](app& a) { a.set("foo", "bar"), require(!a.disabled("foo"), "disabled"); });
    for (const auto* name : {"hasOwnProperty", "constructor", "__proto__"}) {
        const auto plain = [name](app& a) { require(a.get(name).is_null() && !a.enabled(name) && a.disabled(name), "there is one"); };
        config(".get() / should return undefined for prototype values", plain);
        config(".set() / should return undefined for prototype values", plain);
        config(".enabled() / should default to false for prototype values", plain);
        config(".disabled() / should default to true for prototype values", plain);
        config(".set() / should set prototype values", [name](app& a) { a.set(name, 42), require(a.get(name) == value(42), "another"); });
        config(".enable() / should set prototype values", [name](app& a) { require(a.enable(name).get(name) == value(true), "another"); });
        config(".disable() / should set prototype values", [name](app& a) { require(a.disable(name).get(name) == value(false), "another"); });
    }
    s.add("app.router / methods / should re-route when method is altered", [](app& a) {
        a.use(handler([](request& req, response& res, next& n) {
            if (req.method() == "POST") req.method("DELETE"), res.set("X-Method-Altered", "1");
            n();
        }));
        a.del("/", handler([](request&, response& res, next&) { res.end("deleted everything"); }));
    });
    s.reason("invalid incoming req.params", "a router is mounted, never called by hand");
    s.reason("inherit from event emitter", "`on(\"mount\")` is the only event");
    s.reason("Router / should handle ", "a request has a target");
}

inline void add_sending(suite& s) {
    using namespace std::chrono_literals;
    using options = send_file_options;
    const auto fixture = [](std::string_view name) { return file_tests::express_root() / name; };
    const auto sends = [](std::filesystem::path file, options o = {}) {
        return one([=](request&, response& res) { res.send_file(file, o); });
    };
    const std::string top = "res / .sendFile(path) / ", with_fn = "res / .sendFile(path, fn) / ", opts = "res / .sendFile(path, options) / ";
    s.add({top + "should transfer a file", top + "should include ETag", top + "should 304 when ETag matches", top + "should send cache-control by default"}, sends(fixture("name.txt")));
    s.add(top + "should transfer a file with special characters in string", sends(fixture("% of dogs.txt")));
    s.add(top + "should disable the ETag function if requested", one([=](request&, response& res) { res.send_file(fixture("name.txt")); }, [](app& a) { a.disable("etag"); }));
    s.add(top + "should 404 for directory", sends(fixture("blog")));
    s.add(top + "should 404 when not found", sends(fixture("does-no-exist")));
    s.add(top + "should not serve dotfiles by default", sends(fixture(".name")));
    s.add(top + "should not override manual content-types", one([=](request&, response& res) { res.content_type("application/x-bogus").send_file(fixture("name.txt")); }));
    const auto called = [=](std::string name) {
        return one([=](request&, response& res) {
            res.send_file(fixture(name), [&res](std::exception_ptr e) {
                if (e) res.send("got " + std::to_string(status_of(e)) + " error");
            });
        });
    };
    for (const auto* t : {"should invoke the callback when complete", "should invoke the callback without error when HEAD", "should invoke the callback without error when 304"})
        s.add(with_fn + t, called("name.txt"));
    s.add(with_fn + "should invoke the callback on 404", called("does-not-exist"));
    const auto with = [&](std::string title, std::string name, auto change) {
        options o;
        change(o);
        s.add(opts + title, sends(fixture(name), o));
    };
    with("should pass options to send module", "name.txt", [](options& o) { o.start = 0, o.end = 1; });
    for (const auto* t : {"should advertise byte range accepted", "should respond to range request"}) with(std::string("with \"acceptRanges\" option / when true / ") + t, "nums.txt", [](options&) {});
    for (const auto* t : {"should not advertise accept-ranges", "should not honor range requests"})
        with(std::string("with \"acceptRanges\" option / when false / ") + t, "nums.txt", [](options& o) { o.accept_ranges = false; });
    with("with \"cacheControl\" option / when true / should send cache-control header", "user.html", [](options&) {});
    with("with \"cacheControl\" option / when false / should not send cache-control header", "user.html", [](options& o) { o.cache_control = false; });
    with("with \"dotfiles\" option / when \"allow\" / should allow dotfiles", ".name", [](options& o) { o.dotfiles = dotfiles::allow; });
    with("with \"dotfiles\" option / when \"deny\" / should deny dotfiles", ".name", [](options& o) { o.dotfiles = dotfiles::deny; });
    with("with \"dotfiles\" option / when \"ignore\" / should ignore dotfiles", ".name", [](options&) {});
    with("with \"headers\" option / should set headers on response", "user.html", [](options& o) { o.headers = {{"X-Foo", "Bar"}, {"X-Bar", "Foo"}}; });
    with("with \"headers\" option / should use last header when duplicated", "user.html", [](options& o) { o.headers = {{"X-Foo", "Bar"}, {"x-foo", "bar"}}; });
    with("with \"headers\" option / should override Content-Type", "user.html", [](options& o) { o.headers = {{"Content-Type", "text/x-custom"}}; });
    with("with \"headers\" option / should not set headers on 404", "does-not-exist", [](options& o) { o.headers = {{"X-Foo", "Bar"}}; });
    with("with \"immutable\" option / when true / should send cache-control header with immutable", "user.html", [](options& o) { o.immutable = true; });
    with("with \"immutable\" option / when false / should not send cache-control header with immutable", "user.html", [](options&) {});
    for (const auto* t : {"should send last-modified header", "should conditionally respond with if-modified-since"}) with(std::string("with \"lastModified\" option / when true / ") + t, "user.html", [](options&) {});
    for (const auto* t : {"should not have last-modified header", "should not honor if-modified-since"})
        with(std::string("with \"lastModified\" option / when false / ") + t, "user.html", [](options& o) { o.last_modified = false; });
    const std::string age = "with \"maxAge\" option / ";
    with(age + "should set cache-control max-age to milliseconds", "user.html", [](options& o) { o.max_age = 20000ms; });
    with(age + "should cap cache-control max-age to 1 year", "user.html", [](options& o) { o.max_age = 99999999999ms; });
    with(age + "should min cache-control max-age to 0", "user.html", [](options& o) { o.max_age = -20000ms; });
    with(age + "should floor cache-control max-age", "user.html", [](options& o) { o.max_age = 21911ms; });
    with(age + "when cacheControl: false / should not send cache-control", "user.html", [](options& o) { o.cache_control = false, o.max_age = 20000ms; });
    for (const auto* t : {"should accept plain number as milliseconds", "should accept suffix \"s\" for seconds"}) with(age + "when string / " + t, "user.html", [](options& o) { o.max_age = 20s; });
    with(age + "when string / should accept suffix \"m\" for minutes", "user.html", [](options& o) { o.max_age = 20min; });
    with(age + "when string / should accept suffix \"d\" for days", "user.html", [](options& o) { o.max_age = 24h * 20; });
    const auto rooted = [=](std::string path) {
        options o;
        o.root = file_tests::express_root();
        return std::pair(path, o);
    };
    for (const auto& [title, path] : {std::pair("should allow relative path", "name.txt"), std::pair("should allow up within root", "fake/../name.txt"),
                                      std::pair("should reject up outside root", "../fixtures/name.txt"), std::pair("should reject reading outside root", "../name.txt")}) {
        const auto [p, o] = rooted(path);
        s.add(opts + "with \"root\" option / " + title, sends(p, o));
        s.add(std::string("res / .download(path, options) / with \"root\" option / ") + title, one([p = p, o = o](request&, response& res) { res.download(p, o); }));
    }
    // download
    const std::string down = "res / .download(path) / ", down_options = "res / .download(path, options) / ", down_all = "res / .download(path, filename, options, fn) / ";
    const auto downloads = [=](std::string name, std::string as = {}, options o = {}) {
        return one([=](request&, response& res) { res.download(fixture(name), as, o); });
    };
    for (const auto* t : {"should transfer as an attachment", "should accept range requests", "should respond with requested byte range"}) s.add(down + t, downloads("user.html"));
    s.add("res / .download(path, filename) / should provide an alternate filename", downloads("user.html", "document"));
    const auto down_called = [=](std::string name, std::string as, options o = {}) {
        return one([=](request&, response& res) {
            res.download(fixture(name), as, o, [&res](std::exception_ptr e) {
                if (!e) return;
                if (res.get("Content-Disposition")) res.end("a disposition");
                else res.end("failed");
            });
        });
    };
    s.add("res / .download(path, fn) / should invoke the callback", down_called("user.html", ""));
    for (const auto* t : {"res / .download(path, filename, fn) / should invoke the callback", "res / .download(path, filename, options, fn) / should invoke the callback"})
        s.add(t, down_called("user.html", "document"));
    s.add("res / on failure / should invoke the callback", one([=](request&, response& res) {
              res.download(fixture("foobar.html"), "", options{}, [&res](std::exception_ptr e) { res.send("got " + std::to_string(status_of(e)) + " " + type_of(e)); });
          }));
    s.add("res / on failure / should remove Content-Disposition", down_called("foobar.html", ""));
    options hidden;
    hidden.dotfiles = dotfiles::allow;
    hidden.max_age = 4h;
    s.add(down_options + "should allow options to res.sendFile()", downloads(".name", "", hidden));
    s.add(down_all + "should allow options to res.sendFile()", downloads(".name", "document", hidden));
    const auto headed = [](std::vector<std::pair<std::string, std::string>> fields) {
        options o;
        o.headers = std::move(fields);
        return o;
    };
    const std::string head = down_options + "with \"headers\" option / ";
    s.add(head + "should set headers on response", downloads("user.html", "", headed({{"X-Foo", "Bar"}, {"X-Bar", "Foo"}})));
    s.add(head + "should use last header when duplicated", downloads("user.html", "", headed({{"X-Foo", "Bar"}, {"x-foo", "bar"}})));
    s.add(head + "should override Content-Type", downloads("user.html", "", headed({{"Content-Type", "text/x-custom"}})));
    s.add(head + "should not set headers on 404", downloads("does-not-exist", "", headed({{"X-Foo", "Bar"}})));
    s.add(head + "when headers contains Content-Disposition / should be ignored", downloads("user.html", "", headed({{"Content-Disposition", "inline"}})));
    s.add(head + "when headers contains Content-Disposition / should be ignored case-insensitively", downloads("user.html", "", headed({{"content-disposition", "inline"}})));
    const std::string more = down_all + "when options.headers contains Content-Disposition / ";
    s.add(more + "should be ignored", downloads("user.html", "document", headed({{"Content-Type", "text/x-custom"}, {"Content-Disposition", "inline"}})));
    s.add(more + "should be ignored case-insensitively", downloads("user.html", "document", headed({{"content-type", "text/x-custom"}, {"content-disposition", "inline"}})));
    // format
    const std::string format = "res / .format(obj) / ";
    const auto three = [](std::string_view text, std::string_view html, std::string_view object) {
        return handler([=](request&, response& res, next&) {
            res.format({{text, [&] { res.send("hey"); }}, {html, [&] { res.send("<p>hey</p>"); }}, {object, [&] { res.send(value{{"message", "hey"}}); }}});
        });
    };
    const auto supports = [](std::string text) {
        return error_handler([text](std::exception_ptr e, request&, response& res, next&) { res.status(status_of(e)).send("Supports: " + text); });
    };
    const std::string usual = "text/plain, text/html, application/json";
    s.family([=](std::string_view t) {
        if (!t.starts_with(format)) return setup{};
        const auto rest = t.substr(format.size());
        if (rest.starts_with("with canonicalized")) return setup([=](app& a) { a.use(three("text/plain", "text/html", "application/json")), a.use(supports(usual)); });
        if (rest.starts_with("with extnames")) return setup([=](app& a) { a.use(three("text", "html", "json")), a.use(supports(usual)); });
        if (rest.starts_with("with parameters"))
            return setup([=](app& a) {
                a.use(three("text/plain; charset=utf-8", "text/html; foo=bar; bar=baz", "application/json; q=0.5"));
                a.use(supports(usual));
            });
        if (rest.starts_with("in router")) return setup([=](app& a) { a.get("/", three("text", "html", "json")), a.use(supports(usual)); });
        return setup{};
    });
    s.add(format + "given .default / should be invoked instead of auto-responding",
          one([](request&, response& res) { res.format({{"text", [&] { res.send("hey"); }}, {"default", [&] { res.send("default"); }}}); }));
    s.add(format + "given .default / should work when only .default is provided", one([](request&, response& res) { res.format({{"default", [&] { res.send("hey"); }}}); }));
    s.add(format + "given .default / should be able to invoke other formatter", one([](request&, response& res) {
              const auto json = [&] { res.send("json"); };
              res.format({{"json", json}, {"default", [&] {
                               res.header("x-default", "1");
                               json();
                           }}});
          }));
}

} // namespace app_tests

inline void add_apps(std::map<std::string, suite>& all) {
    app_tests::add_router(all["express"]);
    app_tests::add_use(all["express"]);
    app_tests::add_sending(all["express"]);
}

} // namespace wire
