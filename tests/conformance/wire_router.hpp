// router: routes, middleware, parameters; the same titles in Express' own tests of its routers.
#pragma once
#include "wire.hpp"
#if defined(CREMA_WITH_PCRE2)
#include <crema/ext/pcre2.hpp>
#endif

namespace wire {

namespace router_tests {

inline void plain(response& res) { res.set_header("Content-Type", "text/plain"); } // `set` names a charset
inline const handler hello([](request&, response& res, next&) {
    plain(res.status(200));
    res.end("hello, world");
});
inline const handler saw([](request& req, response& res, next&) {
    plain(res.status(200));
    res.end("saw " + std::string(req.method()) + " " + std::string(req.url()));
});
inline const error_handler saw_error([](std::exception_ptr e, request&, response& res, next&) {
    plain(res.status(200));
    res.end("saw Error: " + message_of(e));
});
inline const handler saw_base([](request& req, response& res, next&) {
    plain(res.status(200));
    res.end("saw " + std::string(req.base_url()));
});
inline handler hit(int number) {
    return [number](request&, response& res, next& n) {
        res.set("x-fn-" + std::to_string(number), "hit");
        n();
    };
}
inline handler set_saw(int number) {
    return [number](request& req, response& res, next& n) {
        res.set("x-saw-" + std::to_string(number), std::string(req.method()) + " " + std::string(req.url()));
        n();
    };
}
inline handler set_saw_base(int number) {
    return [number](request& req, response& res, next& n) {
        res.set("x-saw-base-" + std::to_string(number), req.base_url());
        n();
    };
}
inline value params_of(const request& req) {
    auto all = value::object();
    for (const auto& p : req.params()) all[p.name] = p.value;
    return all;
}
inline const handler send_params([](request& req, response& res, next&) {
    res.set_header("Content-Type", "application/json");
    res.end(json::stringify(params_of(req)));
});
inline handler passes(std::string_view what, std::string_view field = {}) {
    return [what, field](request&, response& res, next& n) {
        if (!field.empty()) res.set("x-next", field);
        n(what);
    };
}
inline const handler throws_boom([](request&, response&, next&) { throw std::runtime_error("boom!"); });
inline const handler passes_boom([](request&, response&, next& n) { n(std::runtime_error("boom!")); });
inline error_handler caught(std::string_view words = "caught: ") {
    return [words](std::exception_ptr e, request&, response& res, next&) { res.status(500).end(std::string(words) + message_of(e)); };
}
using waiting = std::function<task<>(request&, response&, next&)>;
using error_waiting = std::function<task<>(std::exception_ptr, request&, response&, next&)>;
inline const waiting rejects([](request&, response&, next&) -> task<> {
    throw std::runtime_error("boom!");
    co_return;
});
inline const error_waiting rejects_again([](std::exception_ptr e, request&, response&, next&) -> task<> {
    throw std::runtime_error("caught: " + message_of(e));
    co_return;
});

template <class... F>
void route_all(router& r, detail::located_path path, F... f) {
    (r.route(path).add(detail::all_methods, std::source_location::current(), std::move(f)), ...);
}

// A test on a router that is made with options; the app has nothing else.
inline setup on(std::function<void(router&)> fill, router_options options = {}) {
    return [=](app& a) {
        a.disable("x-powered-by");
        router r(options);
        fill(r);
        a.use(r);
    };
}

// `Router / .put(path, ...fn) / rest`, for each method.
inline setup of_method(std::string_view title, std::string_view top, bool route) {
    if (!title.starts_with(top)) return {};
    title.remove_prefix(top.size());
    const auto open = title.find('(');
    if (open == title.npos) return {};
    std::string name = to_upper(title.substr(0, open));
    const auto method = http::to_method(name);
    if (method == http::method::unknown) return {};
    const auto mask = detail::mask_of(method);
    const auto slash = title.find(" / ");
    if (slash == title.npos) return {};
    const auto rest = title.substr(slash + 3);
    const auto is = [&](std::string_view part) { return rest.starts_with(part); };
    const auto where = std::source_location::current();
    if (is("should respond to a ")) return on([=](router& r) { r.route("/").add(mask, where, hello); });
    if (is("should accept single array")) return on([=](router& r) { r.route("/foo").add(mask, where, hit(1), hit(2), hello); });
    if (is("should accept nested arrays")) return on([=](router& r) { r.route("/foo").add(mask, where, hit(1), hit(2), hit(3), hello); });
    if (is("should accept multiple arguments")) return on([=](router& r) { r.route(route ? "/foo" : "/").add(mask, where, hit(1), hit(2), hello); });
    if (is("should support array of paths")) return on([=](router& r) { r.route({"/foo", "/bar"}).add(mask, where, hit(1), hello); });
    if (is("should support parameterized path")) return on([=](router& r) { r.route("/:thing").add(mask, where, hit(1), hello); });
#if defined(CREMA_WITH_PCRE2)
    if (is("should support regexp path")) return on([=](router& r) { r.route(regexp("^/[a-z]oo$")).add(mask, where, hit(1), hello); });
#endif
    if (is("req.baseUrl / should be empty"))
        return on([=](router& r) {
            r.route("/foo").add(mask, where, handler([](request& req, response& res, next&) {
                                    res.set("x-url-base", "\"" + std::string(req.base_url()) + "\"").end();
                                }));
        });
    return {};
}

inline void add(suite& s) {
    const std::string top = "Router / ", route = top + ".route(path) / ", use = top + ".use(...fn) / ", use_path = top + ".use(path, ...fn) / ", all = top + ".all(path, fn) / ";
    s.family([=](std::string_view title) -> setup { return of_method(title, route + ".", true); });
    s.family([=](std::string_view title) -> setup { return of_method(title, top + ".", false); });
    const auto with = [&](const std::string& title, std::function<void(router&)> fill, router_options options = {}) { s.add(title, on(fill, options)); };

    // .all
    with(all + "should respond to all methods", [](router& r) { r.all("/", hello); });
    with(all + "should support array of paths", [](router& r) { r.all({"/foo", "/bar"}, saw); });
    with(all + "should support parameterized path", [](router& r) { r.all("/:thing", saw); });
#if defined(CREMA_WITH_PCRE2)
    with(all + "should support regexp path", [](router& r) { r.all(regexp("^/[a-z]oo$"), saw); });
#endif
    with(all + "should not stack overflow with many registered routes", [](router& r) {
        for (int i = 0; i < 6000; ++i) r.get("/thing" + std::to_string(i), hello);
        r.get("/", hello);
    });
    const handler goes([](request&, response&, next& n) { n(); });
    with(all + "should not stack overflow with a large sync stack", [goes](router& r) {
        for (int i = 0; i < 6000; ++i) r.get("/foo", goes);
        r.get("/foo", hello);
    });
    for (const auto* when : {"by default", "when false", "when true"}) {
        const bool yes = std::string_view(when) == "when true";
        for (const bool used : {false, true}) {
            const auto group = used ? use_path : all;
            const auto fill = [used](std::string_view path) {
                return [used, path](router& r) {
                    if (used) r.use(path, saw);
                    else r.all(path, saw);
                };
            };
            with(group + "with \"caseSensitive\" option / should " + (yes ? "" : "not ") + "match paths case-sensitively " + when, fill(used ? "/foo" : "/foo/bar"),
                 {.case_sensitive = yes});
            with(group + "with \"strict\" option / should " + (yes && !used ? "not " : "") + "accept optional trailing slashes " + when, fill("/foo"), {.strict = yes});
        }
    }

    // .use
    with(use + "should invoke function for all requests", [](router& r) { r.use(saw); });
    with(use + "should support another router", [](router& r) {
        router inner;
        inner.use(saw);
        r.use(inner);
    });
    with(use + "should accept multiple arguments", [](router& r) { r.use("/", hit(1), hit(2), hello); });
    with(use + "should accept single array of middleware", [](router& r) { r.use("/", hit(1), hit(2), hello); });
    with(use + "should accept nested arrays of middleware", [](router& r) { r.use("/", hit(1), hit(2), hit(3), hello); });
    with(use + "should not invoke singular error function", [](router& r) { r.use(caught()); });
    with(use + "should not stack overflow with a large sync stack", [goes](router& r) {
        for (int i = 0; i < 6000; ++i) r.use(goes);
        r.use(hello);
    });
    with(use + "error handling / should invoke error function after next(err)", [](router& r) { r.use(passes_boom), r.use(saw_error); });
    with(use + "error handling / should invoke error function after throw err", [](router& r) { r.use(throws_boom), r.use(saw_error); });
    with(use + "error handling / should not invoke error functions above function", [](router& r) { r.use(saw_error), r.use(throws_boom); });
    for (const auto& group : {use, use_path}) {
        const std::string_view path = group == use ? "/" : "/foo";
        with(group + "next(\"route\") / should invoke next handler", [path](router& r) { r.use(path, passes("route", "route")), r.use(path, saw); });
        with(group + "next(\"route\") / should invoke next function", [path](router& r) { r.use(path, hit(1), passes("route", "route"), hit(2), saw); });
    }
    with(use + "next(\"route\") / should not invoke error handlers", [](router& r) { r.use(passes("route", "route")), r.use(saw_error); });
    with(use + "next(\"router\") / should exit the router", [](router& r) { r.use("/", passes("router", "router"), hit(1)), r.use(saw); });
    with(use + "next(\"router\") / should not invoke error handlers", [](router& r) { r.use(passes("route", "router")), r.use(saw_error); });
    with(use + "promise support / should pass rejected promise value", [](router& r) { r.use(rejects), r.use(saw_error); });
    const waiting answers([](request& req, response& res, next& n) -> task<> {
        saw(req, res, n);
        co_return;
    });
    with(use + "promise support / should ignore resolved promise", [answers](router& r) { r.use(answers), r.use(throws_boom); });
    with(use + "promise support / error handling / should pass rejected promise value", [](router& r) { r.use(rejects), r.use(rejects_again), r.use(saw_error); });
    with(use + "promise support / error handling / should ignore resolved promise", [](router& r) {
        r.use(rejects);
        r.use(error_waiting([](std::exception_ptr e, request& req, response& res, next& n) -> task<> {
            saw_error(e, req, res, n);
            co_return;
        }));
        r.use(throws_boom);
    });
    with(use + "req.baseUrl / should be empty", [](router& r) { r.use(saw_base); });

    with(use_path + "should invoke when req.url starts with path", [](router& r) { r.use("/foo", saw); });
    with(use_path + "should match if path has trailing slash", [](router& r) { r.use("/foo/", saw); });
    with(use_path + "should support array of paths", [](router& r) { r.use({"/foo/", "/bar"}, saw); });
    with(use_path + "should support parameterized path", [](router& r) { r.use("/:thing", saw); });
    with(use_path + "should accept multiple arguments", [](router& r) { r.use("/foo", hit(1), hit(2), hello); });
#if defined(CREMA_WITH_PCRE2)
    with(use_path + "should support regexp path", [](router& r) { r.use(regexp("^/[a-z]oo$"), saw); });
    with(use_path + "should support regexp path with params", [](router& r) {
        const auto name = [](std::string_view more) {
            return handler([more](request& req, response& res, next& n) {
                res.set("x-fn-" + std::string(req.params("0")) + (more.empty() ? "" : std::string(req.params(more))), "hit");
                n();
            });
        };
        r.use(regexp("^/([a-z]oo)$"), name(""), saw);
        r.use(regexp("^/([a-z]oo)/(?<animal>bear)$"), name("animal"), saw);
    });
    with(use_path + "should ensure regexp matches path prefix", [](router& r) {
        r.use(regexp("/api.*"), hit(1));
        r.use(regexp("api"), hit(2));
        r.use(regexp("/test"), hit(3));
        r.use(hello);
    });
    with(use_path + "req.baseUrl / should contain the stripped path for multiple levels with regular expressions", [](router& r) {
        router inner;
        r.use(regexp("^/foo"), inner);
        inner.use(regexp("^/bar"), saw_base);
    });
    with(route + "path / using regular expression with param name \"(?<name>pattern)\" / should limit capture group to regexp match",
         [](router& r) { r.all(regexp("/(?<foo>[0-9]+)"), send_params); });
    with(route + "path / using \"(regexp)\" / should add capture group using regexp", [](router& r) { r.all(regexp("/page_([0-9]+)"), send_params); });
#endif
    with(use_path + "req.baseUrl / should contain the stripped path", [](router& r) { r.use("/foo", saw_base); });
    with(use_path + "req.baseUrl / should contain the stripped path for multiple levels", [](router& r) {
        router inner;
        r.use("/foo", inner);
        inner.use("/bar", saw_base);
    });
    with(use_path + "req.baseUrl / should be altered correctly", [](router& r) {
        router one, two, three;
        three.get("/zed", set_saw_base(1));
        two.use("/baz", three);
        one.use("/", set_saw_base(2));
        one.use("/bar", two);
        one.use("/bar", set_saw_base(3));
        r.use(set_saw_base(4));
        r.use("/foo", one);
        r.use(set_saw_base(5));
        r.use(hello);
    });
    with(use_path + "req.url / should strip path from req.url", [](router& r) { r.use("/foo", saw); });
    for (const auto* one : {"should restore req.url after stripping", "should strip/restore with trailing stash"})
        with(use_path + "req.url / " + one, [](router& r) { r.use("/foo", set_saw(1)), r.use(saw); });
    with(top + "request rewriting / should support altering req.url", [](router& r) {
        r.get("/bar", hit(1));
        r.get("/foo", hit(2), handler([](request& req, response&, next& n) {
                  req.url("/bar");
                  n();
              }));
        r.get("/foo", hit(3));
        r.get("/bar", hit(4));
        r.use(saw);
    });

    // .route
    with(route + "should respond to multiple methods", [](router& r) { r.route("/foo").get(saw).post(saw); });
    with(route + "should stack", [](router& r) {
        auto c = r.route("/foo");
        c.post(hit(1)), c.all(hit(2)), c.get(hit(3));
        r.use(saw);
    });
    with(route + "should not error on empty route", [](router& r) { r.route("/foo"); });
    with(route + "should not invoke singular error route", [](router& r) { r.route("/foo").all(caught()); });
    with(route + "should not stack overflow with a large sync stack", [goes](router& r) {
        auto c = r.route("/foo");
        for (int i = 0; i < 6000; ++i) c.all(goes);
        c.get(hello);
    });
    with(route + ".all(...fn) / should respond to all methods", [](router& r) { r.route("/foo").all(saw); });
    with(route + ".all(...fn) / should accept multiple arguments", [](router& r) { r.route("/foo").all(hit(1)).all(hit(2)).all(hello); });
    with(route + ".all(...fn) / should accept single array of handlers", [](router& r) { r.route("/foo").all(hit(1)).all(hit(2)).all(hello); });
    with(route + ".all(...fn) / should accept nested arrays of handlers", [](router& r) { r.route("/foo").all(hit(1)).all(hit(2)).all(hit(3)).all(hello); });
    const auto chain = [&](const std::string& title, auto... f) {
        with(route + title, [=](router& r) {
            auto c = r.route("/foo");
            (c.all(f), ...);
        });
    };
    const error_handler ouch([](std::exception_ptr e, request&, response&, next&) { throw std::runtime_error("ouch: " + message_of(e)); });
    chain("error handling / should handle errors from next(err)", passes_boom, hello, caught());
    chain("error handling / should handle errors thrown", throws_boom, hello, caught());
    chain("error handling / should handle errors thrown in error handlers", throws_boom, ouch, caught());
    with(route + "next(\"route\") / should invoke next handler", [](router& r) { r.route("/foo").get(passes("route", "route")), r.use(saw); });
    with(route + "next(\"route\") / should invoke next route", [](router& r) { r.route("/foo").get(passes("route", "route")), r.route("/foo").all(saw); });
    with(route + "next(\"route\") / should skip next handlers in route", [](router& r) {
        auto c = r.route("/foo");
        c.all(hit(1)), c.get(passes("route", "route")), c.all(hit(2));
        r.use(saw);
    });
    chain("next(\"route\") / should not invoke error handlers", passes("route", "route"), caught());
    with(route + "next(\"router\") / should exit the router", [](router& r) { r.route("/foo").get(passes("router", "router")).get(hit(1)), r.use(saw); });
    with(route + "next(\"router\") / should not invoke error handlers", [](router& r) {
        auto c = r.route("/foo");
        c.all(passes("router", "router")), c.all(caught());
        r.use(caught());
    });
    chain("promise support / should pass rejected promise value", rejects, hello, caught());
    chain("promise support / should ignore resolved promise", answers, throws_boom);
    chain("promise support / error handling / should pass rejected promise value", rejects, rejects_again, caught("caught again: "));
    chain("promise support / error handling / should ignore resolved promise", rejects, error_waiting([](std::exception_ptr e, request&, response& res, next&) -> task<> {
              res.status(500).end("caught: " + message_of(e));
              co_return;
          }),
          throws_boom);
    const auto path = [&](const std::string& title, std::string_view pattern) {
        with(route + "path / " + title, [pattern](router& r) { r.route(pattern).all(send_params); });
    };
    path("using \":name\" / should name a capture group", "/:foo");
    path("using \":name\" / should match single path segment", "/:foo");
    path("using \":name\" / should work multiple times", "/:foo/:bar");
    path("using \":name\" / should work inside literal parentheses", "/:user\\(:op\\)");
    with(route + "path / using \":name\" / should work within arrays", [](router& r) { r.route({"/user/:user/poke", "/user/:user/pokes"}).all(send_params); });
    path("using \"{:name}\" / should name an optional parameter", "{/:foo}");
    path("using \"{:name}\" / should work in any segment", "/user{/:foo}/delete");
    for (const auto* t : {"should name a zero-or-more repeated parameter", "should work in any segment"})
        with(route + "path / using \"*name\" / " + t, [t](router& r) {
            const bool inner = std::string_view(t) == "should work in any segment";
            r.route(inner ? "/user{/*foo}/delete" : "{/*foo}").all(handler([](request& req, response& res, next&) {
                auto shown = value::object();
                for (const auto& p : req.params()) {
                    auto parts = value::array();
                    for (const auto& one : p.segments()) parts.as_array().push_back(one);
                    shown[p.name] = std::move(parts);
                }
                res.set_header("Content-Type", "application/json");
                res.end(json::stringify(shown));
            }));
        });
    s.result(route + "path / using \"(regexp)\" / should not treat regexp as literal regexp", [] {
        router r;
        throws([&] { r.route("/([a-z]+:n[0-9]+)"); }, "(");
    });

    // OPTIONS, HEAD, absolute targets, params
    const auto options = [&](std::string_view title, std::function<void(router&)> fill) { with("OPTIONS / " + std::string(title), fill); };
    options("should respond with defined routes", [](router& r) { r.del("/", saw), r.get("/users", saw), r.post("/users", saw), r.put("/users", saw); });
    options("should not contain methods multiple times", [](router& r) { r.del("/", saw), r.get("/users", saw), r.put("/users", saw), r.get("/users", saw); });
    options("should not include \"all\" routes", [](router& r) { r.get("/", saw), r.get("/users", saw), r.put("/users", saw), r.all("/users", hit(1)); });
    options("should not respond if no matching path", [](router& r) { r.get("/users", saw); });
    options("should do nothing with explicit options route", [](router& r) { r.get("/users", saw), r.options("/users", saw); });
    with("HEAD / should invoke get without head", [](router& r) { r.get("/users", hit(1), saw); });
    with("HEAD / should invoke head if prior to get", [](router& r) { r.head("/users", hit(1), saw), r.get("/users", hit(2), saw); });
    with("FQDN url / should not obscure FQDNs", [](router& r) { r.use(saw); });
    with("FQDN url / should strip/restore FQDN req.url", [](router& r) { r.use("/blog", set_saw(1)), r.use(saw); });
    for (const auto* one : {"should ignore FQDN in search", "should ignore FQDN in path"}) with(std::string("FQDN url / ") + one, [](router& r) { r.use("/proxy", set_saw(1)), r.use(saw); });
    const handler show_params([](request& req, response& res, next&) {
        res.status(200).set_header("Content-Type", "application/json");
        res.end(json::stringify(params_of(req)));
    });
    with("req.params / should default to empty object", [show_params](router& r) { r.get("/", show_params); });

    // .param
    const std::string param = top + ".param(name, fn) / ";
    using callback = std::function<void(request&, response&, next&, std::string_view)>;
    const auto number = [](std::string_view v) {
        const bool digits = !v.empty() && v.find_first_not_of("0123456789") == v.npos;
        return digits ? std::to_string(std::atoi(std::string(v).c_str())) : std::string("NaN");
    };
    const auto says = [](std::string before, std::string name, std::string after = {}) {
        return handler([=](request& req, response& res, next&) {
            plain(res);
            res.end(before + std::string(req.params(name)) + after);
        });
    };
    const callback keep([](request&, response&, next& n, std::string_view) { n(); });
    const callback boom([](request&, response&, next&, std::string_view) { throw std::runtime_error("boom"); });
    s.result(param + "should reject missing name", [] {
        router r;
        throws([&] { r.param("", [](request&, response&, next&, std::string_view) {}); });
    });
    with(param + "should map logic for a path param", [=](router& r) {
        r.param("id", callback([=](request& req, response&, next& n, std::string_view v) {
                    req.params("id", number(v));
                    n();
                }));
        r.get("/user/:id", says("get user ", "id"));
    });
    with(param + "should allow chaining", [=](router& r) {
        r.param("id", callback([=](request& req, response&, next& n, std::string_view v) {
                    req.params("id", number(v));
                    n();
                }));
        r.param("id", callback([=](request&, response& res, next& n, std::string_view v) {
                    res.locals()["item"] = number(v);
                    n();
                }));
        r.get("/user/:id", handler([](request& req, response& res, next&) {
                  plain(res);
                  res.end("get user " + std::string(req.params("id")) + " (" + res.locals()["item"].as_string() + ")");
              }));
    });
    with(param + "should automatically decode path value", [=](router& r) { r.param("user", keep), r.get("/user/:user", says("get user ", "user")); });
    with(param + "should 400 on invalid path value", [=](router& r) { r.param("user", keep), r.get("/user/:user", says("get user ", "user")); });
    with(param + "should only invoke fn when necessary", [=](router& r) {
        r.param("id", callback([](request&, response& res, next& n, std::string_view v) {
                    res.set("x-id", v);
                    n();
                }));
        r.param("user", boom);
        r.get("/user/:user", saw);
        r.put("/user/:id", saw);
    });
    with(param + "should catch exception in fn", [=](router& r) { r.param("user", boom), r.get("/user/:user", says("get user ", "user")); });
    with(param + "should catch exception in chained fn", [=](router& r) {
        r.param("user", callback([](request&, response&, next& n, std::string_view) { loop::current().next_tick([n]() mutable { n(); }); }));
        r.param("user", boom);
        r.get("/user/:user", says("get user ", "user"));
    });
    const callback counts([](request&, response& res, next& n, std::string_view v) {
        auto& l = res.locals();
        l["count"] = l.contains("count") ? l["count"].as_int64() + 1 : 1;
        l["user"] = v;
        l["vals"] = l.contains("vals") ? l["vals"].as_string() + ", " + std::string(v) : std::string(v);
        n();
    });
    const auto counted = [](bool values) {
        return handler([values](request&, response& res, next&) {
            auto& l = res.locals();
            res.end("get user " + l["user"].as_string() + " " + std::to_string(l["count"].as_int64()) + " times" + (values ? ": " + l["vals"].as_string() : ""));
        });
    };
    const handler goes_on([](request&, response&, next& n) { n(); });
    with(param + "should only invoke fn once per request", [=](router& r) {
        r.param("user", counts);
        r.get("/user/:user", hit(1)), r.get("/user/:user", hit(2));
        r.use(counted(false));
    });
    with(param + "should invoke fn if path value differs", [=](router& r) {
        r.param("user", counts);
        r.get("/:user/bob", hit(1)), r.get("/user/:user", hit(2));
        r.use(counted(true));
    });
    with(param + "promise support / should pass rejected promise value", [=](router& r) {
        r.param("user", [](request&, response&, next&, std::string_view) -> task<> {
            throw std::runtime_error("boom");
            co_return;
        });
        r.get("/user/:user", says("get user ", "user"));
    });
    with(param + "next(\"route\") / should cause route with param to be skipped", [=](router& r) {
        r.param("id", callback([=](request& req, response&, next& n, std::string_view v) {
                    if (number(v) == "NaN") {
                        n("route");
                        return;
                    }
                    req.params("id", number(v));
                    n();
                }));
        r.get("/user/:id", says("get user ", "id"));
        r.get("/user/new", handler([](request&, response& res, next&) {
                  plain(res.status(400));
                  res.end("cannot get a new user");
              }));
    });
    with(param + "next(\"route\") / should invoke fn if path value differs", [=](router& r) {
        r.param("user", callback([=](request&, response& res, next& n, std::string_view v) {
                    auto& l = res.locals();
                    l["count"] = l.contains("count") ? l["count"].as_int64() + 1 : 1;
                    l["user"] = v;
                    l["vals"] = l.contains("vals") ? l["vals"].as_string() + ", " + std::string(v) : std::string(v);
                    n(v == "user" ? "route" : "");
                }));
        r.get("/:user/bob", hit(1)), r.get("/user/:user", hit(2));
        r.use(counted(true));
    });

    // what a program shows when it is compiled
    s.result(top + "should return a function", [] { static_assert(usable<router>); });
    s.result(top + "should return a function using new", [] { static_assert(usable<router&>); });
    s.result(all + "should be chainable", [] {
        router r;
        require(&r.all("/", hello) == &r, "another router");
    });
    s.result(use + "should be chainable", [] {
        router r;
        require(&r.use(hello) == &r, "another router");
    });
    s.result(use_path + "should be chainable", [] {
        router r;
        require(&r.use("/", hello) == &r, "another router");
    });
    for (const std::string_view name : {"acl", "bind", "checkout", "copy", "delete", "get", "head", "link", "lock", "m-search", "merge", "mkactivity", "mkcalendar", "mkcol", "move",
                                        "notify", "options", "patch", "post", "propfind", "proppatch", "purge", "put", "query", "rebind", "report", "search", "source", "subscribe",
                                        "trace", "unbind", "unlink", "unlock", "unsubscribe"})
        s.result(top + "." + std::string(name) + "(path, ...fn) / should be chainable", [name] {
            router r;
            require(&r.on(http::to_method(to_upper(name)), "/", hello) == &r, "another router");
        });
    // req.route() is the pattern of the route
    const auto is_route = handler([](request& req, response& res, next&) {
        res.set("x-is-route", req.route() == "/foo" ? "true" : "false");
        res.end();
    });
    for (std::size_t i = 0; i < http::method_count; ++i) {
        const auto method = static_cast<http::method>(i);
        std::string name(http::to_string(method));
        for (char& c : name) c = to_lower(c);
        const std::string group = top + "." + name + "(path, ...fn) / req.route / ";
        with(group + "should be a Route", [=](router& r) { r.on(method, "/foo", is_route); });
        with(group + "should be the matched route", [=](router& r) {
            r.on(method, "/foo/bar", hit(1));
            r.on(method, "/foo", is_route);
            r.on(method, "/:thing", hit(2));
        });
    }
    // what the compiler refuses
    const auto refused = [&](const std::string& title, bool taken) {
        s.result(title, [taken] { require(!taken, "the compiler takes it"); });
    };
#define WIRE_REFUSED(which, name)                                                                                              \
    refused(route + "." + name + "(...fn) / should reject no arguments",                                                       \
            []<class C>(C*) { return requires(C& c) { c.which(); }; }(static_cast<route_chain*>(nullptr)));                    \
    refused(route + "." + name + "(...fn) / should reject empty array",                                                        \
            []<class C>(C*) { return requires(C& c) { c.which({}); }; }(static_cast<route_chain*>(nullptr)));
    WIRE_REFUSED(all, "all") WIRE_REFUSED(del, "delete") WIRE_REFUSED(m_search, "m-search")
    WIRE_REFUSED(get, "get") WIRE_REFUSED(head, "head") WIRE_REFUSED(post, "post") WIRE_REFUSED(put, "put")
    WIRE_REFUSED(patch, "patch") WIRE_REFUSED(options, "options") WIRE_REFUSED(trace, "trace") WIRE_REFUSED(acl, "acl")
    WIRE_REFUSED(bind, "bind") WIRE_REFUSED(checkout, "checkout") WIRE_REFUSED(copy, "copy") WIRE_REFUSED(link, "link")
    WIRE_REFUSED(lock, "lock") WIRE_REFUSED(merge, "merge") WIRE_REFUSED(mkactivity, "mkactivity")
    WIRE_REFUSED(mkcalendar, "mkcalendar") WIRE_REFUSED(mkcol, "mkcol") WIRE_REFUSED(move, "move")
    WIRE_REFUSED(notify, "notify") WIRE_REFUSED(propfind, "propfind") WIRE_REFUSED(proppatch, "proppatch")
    WIRE_REFUSED(purge, "purge") WIRE_REFUSED(query, "query") WIRE_REFUSED(rebind, "rebind")
    WIRE_REFUSED(report, "report") WIRE_REFUSED(search, "search") WIRE_REFUSED(source, "source")
    WIRE_REFUSED(subscribe, "subscribe") WIRE_REFUSED(unbind, "unbind") WIRE_REFUSED(unlink, "unlink")
    WIRE_REFUSED(unlock, "unlock") WIRE_REFUSED(unsubscribe, "unsubscribe")
#undef WIRE_REFUSED
    refused(param + "should reject missing fn", []<class R>(R*) { return requires(R& r) { r.param("id"); }; }(static_cast<router*>(nullptr)));
    refused(use + "should reject missing functions", []<class R>(R*) { return requires(R& r) { r.use(); }; }(static_cast<router*>(nullptr)));

    s.result(route + "should return a new route", [] {
        router r;
        auto one = r.route("/foo");
        one.get(hello);
        require(r.core().layers.size() == 1 && r.core().layers[0]->route->path == "/foo", "another path");
    });

    s.reason("should reject bad", "the compiler refuses another type");
    s.reason("without \"req.url\"", "a request has a target");
    s.reason("for blank URLs", "a request has a target");
    s.reason("route without method", "a request has a method");
    s.add("Router / request rewriting / should support altering req.method", on([](router& r) {
              r.put("/foo", hit(1));
              r.post("/foo", hit(2), handler([](request& req, response&, next& n) { req.method("PUT"), n(); }));
              r.post("/foo", hit(3));
              r.put("/foo", hit(4));
              r.use(saw);
          }));
    s.reason("outside", "a router is never called by hand: it has no outside");
    s.reason("with numeric properties", "a router is never called by hand: it has no outside");
    s.reason("response handler", "a router is never called by hand: it has no outside");
}

} // namespace router_tests

inline void add_router(std::map<std::string, suite>& all) { router_tests::add(all["router"]); }

} // namespace wire
