// router and express: what is around a router, and what is thrown without saying anything.
#pragma once
#include "wire_apps.hpp"

namespace wire {

namespace around_tests {

// As JavaScript shows them.
inline std::string all_params(const request& req) {
    value all = value::object();
    for (const auto& p : req.params()) all[p.name] = p.value;
    return json::stringify(as_javascript(all));
}
inline const handler shows_params([](request& req, response& res, next&) {
    res.set_header("Content-Type", "application/json");
    res.end(all_params(req));
});
inline const handler sets_params([](request& req, response& res, next& n) {
    res.set("x-params-1", all_params(req));
    n();
});

/* Parameters outside a router are those of what it is mounted in: the target gets them in front, a mount takes them off. What
   stands behind the router shows what it has left there. */
template <class Path>
setup within(Path path, std::string front, router_options options, std::function<void(router&)> fill) {
    return [=](app& a) {
        a.disable("x-powered-by");
        a.use(handler([front](request& req, response&, next& n) {
            req.url(front + std::string(req.url()));
            n();
        }));
        router inner(options), outer({.merge_params = true});
        fill(inner);
        outer.use(inner), outer.use(shows_params);
        a.use(path, outer);
    };
}

inline void add_params(suite& s) {
    const std::string top = "req.params / ", merge = top + "when \"mergeParams: true\" / ";
    s.add(top + "should overwrite value outside the router", within("/:foo", "/bar", {}, [](router& r) { r.get("/", shows_params); }));
    s.add(top + "should restore previous value outside the router", within("/:foo", "/bar", {}, [](router& r) { r.get("/", sets_params); }));
    s.add(merge + "should merge outside object with params", within("/:foo", "/bar", {.merge_params = true}, [](router& r) { r.get("/:fizz", sets_params); }));
    s.add(merge + "should overwrite outside keys that are the same", within("/:foo", "/bar", {.merge_params = true}, [](router& r) { r.get("/:foo", sets_params); }));
#if defined(CREMA_WITH_PCRE2)
    const auto numbers = merge + "with numeric properties in req.params / should merge ";
    s.add(numbers + "numeric properties by offsetting", within(regexp("^/(foo)/(bar)"), "/foo/bar", {.merge_params = true}, [](router& r) { r.get(regexp("/([^/]*)"), sets_params); }));
    s.add(numbers + "with same numeric properties", within(regexp("^/(foo)"), "/foo", {.merge_params = true}, [](router& r) { r.get(regexp("/([^/]*)"), sets_params); }));
#endif
    s.add("Router / .param(name, fn) / should keep changes to req.params value", router_tests::on([](router& r) {
              const auto count = std::make_shared<int>(0);
              r.param("id", std::function<void(request&, response&, next&, std::string_view)>([count](request& req, response&, next& n, std::string_view v) {
                          ++*count;
                          req.params("id", std::to_string(*route::from_text<int>(v.substr(v.find_first_not_of('0')))));
                          n();
                      }));
              r.get("/user/:id", handler([](request& req, response& res, next& n) {
                        res.set("x-user-id", req.params("id"));
                        n();
                    }));
              r.get("/user/:id", handler([count](request& req, response& res, next&) {
                        res.end("get user " + std::string(req.params("id")) + " " + std::to_string(*count) + " times");
                    }));
          }));
}

inline void add_express(suite& s) {
#if defined(CREMA_WITH_PCRE2)
    s.add("app.router / params / should restore req.params", [](app& a) {
        router inner, outer;
        inner.get(regexp("/user:(\\w+)/"), app_tests::goes_on);
        outer.use(inner);
        router around({.merge_params = true});
        around.use(outer);
        around.use(handler([](request& req, response& res, next&) {
            auto all = value::array();
            for (const auto& p : req.params()) all.as_array().push_back(value::array({p.name, p.value}));
            res.send(all);
        }));
        a.use(regexp("/user/id:(\\d+)"), around);
    });
#endif
    s.add("app.router / should not use disposed router/middleware", [](app& a) {
        // one takes the place of the other after the first request
        const auto served = std::make_shared<int>(0);
        const auto only = [served](int which, const char* name, const char* text) {
            router r;
            r.use(handler([=](request&, response&, next& n) { n(*served == which ? "" : "router"); }));
            r.use(handler([=](request&, response& res, next& n) {
                res.set(name, text);
                n();
            }));
            return r;
        };
        a.use(only(0, "old", "foo"), only(1, "new", "bar"));
        a.get("/", handler([served](request&, response& res, next&) {
                  ++*served;
                  res.send("yee");
              }));
    });
    s.add("middleware / .next() / should behave like connect", [](app& a) {
        const auto calls = std::make_shared<std::string>();
        for (const std::string name : {"one", "two"})
            a.use(handler([=](request&, response&, next& n) {
                *calls += name + " ";
                n();
            }));
        a.use([calls](request& req, response& res) -> task<> {
            res.set_header("Content-Type", "application/json");
            std::string text(co_await req.read_text());
            require(*calls == "one two ", *calls);
            res.end(text);
        });
    });
}

// What a promise that is rejected without a value is in Node: an exception that says nothing.
struct nothing {};
inline std::string words_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (const nothing&) {
        return "Rejected promise";
    }
}
inline const router_tests::waiting says_nothing([](request&, response&, next&) -> task<> {
    throw nothing();
    co_return;
});
inline const router_tests::error_waiting says_nothing_again([](std::exception_ptr, request&, response&, next&) -> task<> {
    throw nothing();
    co_return;
});
inline const router_tests::error_waiting repeats([](std::exception_ptr e, request&, response&, next&) -> task<> {
    throw std::runtime_error("caught: " + words_of(e));
    co_return;
});
inline error_handler caught(std::string words, int status, bool typed) {
    return [=](std::exception_ptr e, request&, response& res, next&) {
        res.status(status);
        if (typed) router_tests::plain(res);
        res.end(words + words_of(e));
    };
}
inline error_handler sent(std::string words, int status) {
    return [=](std::exception_ptr e, request&, response& res, next&) { res.status(status).send(words + words_of(e)); };
}

inline void add_rejected(suite& r, suite& x) {
    const std::string title = "should pass rejected promise without value", promise = "promise support / ", error = "promise support / error handling / ";
    const auto chain = [](auto... f) {
        return [=](router& made) {
            auto c = made.route("/foo");
            (c.all(f), ...);
        };
    };
    const std::string route = "Router / .route(path) / ", use = "Router / .use(...fn) / ";
    r.add(route + promise + title, router_tests::on(chain(says_nothing, router_tests::hello, caught("caught: ", 500, false))));
    r.add(route + error + title, router_tests::on(chain(router_tests::rejects, says_nothing_again, caught("caught again: ", 500, false))));
    r.add(use + promise + title, router_tests::on([](router& made) { made.use(says_nothing), made.use(caught("saw Error: ", 200, true)); }));
    r.add(use + error + title, router_tests::on([](router& made) { made.use(says_nothing), made.use(repeats), made.use(caught("saw Error: ", 200, true)); }));
    r.add("Router / .param(name, fn) / " + promise + title, router_tests::on([](router& made) {
              made.param("user", [](request&, response&, next&, std::string_view) -> task<> {
                  throw nothing();
                  co_return;
              });
              made.get("/user/:user", router_tests::hello);
              made.use(error_handler([](std::exception_ptr e, request&, response&, next& n) { n(std::runtime_error(words_of(e))); }));
          }));
    x.add("app.route / " + promise + title, [chain](app& a) { chain(says_nothing, app_tests::says("hello, world!"), sent("caught: ", 500))(a); });
    x.add("app.route / " + error + title, [chain](app& a) { chain(router_tests::rejects, says_nothing_again, sent("caught again: ", 500))(a); });
    x.add("app.router / " + promise + title, [](app& a) {
        router made;
        made.use(says_nothing), made.use(sent("saw Error: ", 200));
        a.use(made);
    });
    x.add("app.router / " + error + title, [](app& a) {
        router made;
        made.use(says_nothing), made.use(repeats), made.use(sent("saw Error: ", 200));
        a.use(made);
    });
}

} // namespace around_tests

inline void add_around(std::map<std::string, suite>& all) {
    around_tests::add_params(all["router"]);
    around_tests::add_express(all["express"]);
    around_tests::add_rejected(all["router"], all["express"]);
}

} // namespace wire
