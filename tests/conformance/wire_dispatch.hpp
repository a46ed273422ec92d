// express: what its tests of Router and Route do by calling one, done with requests.
#pragma once
#include "wire_apps.hpp"

namespace wire {

namespace dispatch_tests {

inline constexpr int many = 6000;

using app_tests::goes_on;
using param_function = std::function<void(request&, response&, next&, std::string_view)>;

// Asks an app that has one router and nothing else.
inline check asks(std::function<void(router&)> fill, std::function<void(testing::client&)> f) {
    return [=] {
        app a;
        a.set("env", "test");
        router r;
        fill(r);
        a.use(r);
        testing::client client(a);
        f(client);
    };
}
inline check gets(std::string target, int status, std::string body, std::function<void(router&)> fill) {
    return asks(fill, [=](testing::client& c) { c.get(target).expect(status, body); });
}
inline handler answers(std::function<std::string(request&)> f) {
    return [f](request& req, response& res, next&) { res.end(f(req)); };
}
inline handler marks(char c) {
    return [c](request&, response& res, next& n) {
        auto& order = res.locals()["order"];
        order = (order.is_null() ? std::string() : order.as_string()) + c;
        n();
    };
}
inline const handler shows_order([](request&, response& res, next&) { res.end(res.locals()["order"].as_string()); });
inline handler fails(std::string text) {
    return [text](request&, response&, next&) { throw std::runtime_error(text); };
}
inline handler passes_error(std::string text) {
    return [text](request&, response&, next& n) { n(std::runtime_error(text)); };
}
inline const error_handler says_error([](std::exception_ptr e, request&, response& res, next&) { res.end("error: " + message_of(e)); });
inline error_handler fails_again(std::string text) {
    return [text](std::exception_ptr, request&, response&, next&) { throw std::runtime_error(text); };
}
// How often something was called.
using counter = std::shared_ptr<int>;
inline counter zero() { return std::make_shared<int>(0); }
inline handler counts(counter n, bool last = false) {
    return [=](request&, response& res, next& go) {
        ++*n;
        if (last) res.end();
        else go();
    };
}
// Every method that has a name, asked once; CONNECT has no path.
inline check every_method(std::function<void(router&, counter)> fill) {
    return [=] {
        const auto n = zero();
        asks([=](router& r) { fill(r, n); }, [=](testing::client& c) {
            int all = 0;
            for (std::size_t i = 0; i < http::method_count; ++i) {
                const auto name = http::to_string(static_cast<http::method>(i));
                if (name.empty() || name == "CONNECT") continue;
                c.request(name, "/foo").expect(200);
                require(*n == ++all, std::string(name) + " does not come through");
            }
            require(all > 30, "methods are missing");
        })();
    };
}

inline void add_router(suite& s) {
    const std::string top = "Router / ";
    s.result(top + "should return a function with router methods", [] {
        static_assert(usable<router>);
        router r;
        require(&r.get("/", goes_on) == &r && &r.use(goes_on) == &r && &r.all("/", goes_on) == &r, "another router");
    });
    s.result(top + "should support .use of other routers", gets("/foo/bar", 200, "ended", [](router& r) {
                 router another;
                 another.get("/bar", answers([](request&) { return "ended"; }));
                 r.use("/foo", another);
             }));
    s.result(top + "should support dynamic routes", gets("/test/route", 200, "route", [](router& r) {
                 router another;
                 another.get("/:bar", answers([](request& req) { return std::string(req.params("bar")); }));
                 r.use("/:foo", another);
             }));
    s.result(top + "should handle blank URL", asks(
        [](router& r) {
            r.use(handler([](request& req, response&, next& n) {
                req.url("");
                n();
            }));
            r.use(fails("it matches"));
        },
        [](testing::client& c) { c.get("/").expect(404); }));
    s.result(top + "handle missing method", asks(
        [](router& r) {
            r.all("/foo", marks('a'));
            r.get("/foo", fails("a GET"));
            auto c = r.route("/foo");
            c.post(fails("a POST")), c.all(marks('b')), c.put(fails("a PUT"));
            r.use(shows_order);
        },
        [](testing::client& c) { c.request("BREW", "/foo").expect(200, "ab"); })); // a method that nothing is called by
    const std::string stack = top + "should not stack overflow with ";
    s.result(stack + "many registered routes", gets("/", 200, "last", [](router& r) {
                 for (int i = 0; i < many; ++i) r.get("/thing" + std::to_string(i), fails("another route"));
                 r.get("/", answers([](request&) { return "last"; }));
             }));
    for (const bool routes : {true, false}) {
        s.result(stack + "a large sync " + (routes ? "route" : "middleware") + " stack", [=] {
            const auto n = zero();
            asks(
                [=](router& r) {
                    for (int i = 0; i < many; ++i) {
                        if (routes) r.get("/foo", counts(n));
                        else r.use(counts(n));
                    }
                    r.use(answers([n](request&) { return std::to_string(*n); }));
                },
                [](testing::client& c) { c.get("/foo").expect(200, std::to_string(many)); })();
        });
    }
    s.result(top + ".handle / should dispatch", gets("/foo", 200, "foo", [](router& r) { r.get("/foo", handler([](request&, response& res, next&) { res.send("foo"); })); }));
    const std::string several = top + ".multiple callbacks / should ";
    const auto compiled = [](bool good) { return [good] { require(good, "it does compile"); }; };
    s.result(several + "throw if a callback is null", compiled(crema::handler<wire::handler> && !crema::handler<std::nullptr_t>));
    s.result(several + "throw if a callback is undefined", compiled(!crema::handler<value> && !crema::handler<std::monostate>));
    s.result(several + "throw if a callback is not a function", compiled(!crema::handler<int> && !crema::handler<std::string> && !crema::handler<const char*>));
    s.result(several + "not throw if all callbacks are functions", gets("/foo", 200, "abc", [](router& r) { r.all("/foo", marks('a'), marks('b'), marks('c'), shows_order); }));
    const std::string error = top + "error / should ";
    s.result(error + "skip non error middleware", asks(
        [](router& r) {
            r.get("/foo", passes_error("foo")), r.get("/bar", passes_error("bar"));
            r.use(fails("no handler of errors")), r.use(says_error);
        },
        [](testing::client& c) { c.get("/foo").expect(200, "error: foo"), c.get("/bar").expect(200, "error: bar"); }));
    s.result(error + "handle throwing inside routes with params", gets("/foo/2", 200, "error: foo", [](router& r) {
                 r.get("/foo/:id", fails("foo"));
                 r.use(fails("no handler of errors")), r.use(says_error);
             }));
    s.result(error + "handle throwing in handler after async param", gets("/bob", 200, "error: oh no!", [](router& r) {
                 r.param("user", param_function([](request&, response&, next& n, std::string_view) { loop::current().next_tick([n]() mutable { n(); }); }));
                 r.use("/:user", fails("oh no!")), r.use(says_error);
             }));
    s.result(error + "handle throwing inside error handlers", gets("/", 200, "error: oops", [](router& r) { r.use(fails("boom!")), r.use(fails_again("oops")), r.use(says_error); }));
    // targets in absolute form
    const std::string whole = top + "FQDN / should ";
    const auto url = [](std::shared_ptr<std::string> all) {
        return handler([all](request& req, response&, next& n) {
            *all += (all->empty() ? "" : " ") + std::string(req.url());
            n();
        });
    };
    const auto sees = [&](const std::string& title, std::string target, std::string expected, std::vector<std::string> paths) {
        s.result(whole + title, [=] {
            const auto seen = std::make_shared<std::string>();
            asks(
                [=](router& r) {
                    for (const auto& p : paths) r.use(p, url(seen));
                    r.use(handler([](request&, response& res, next&) { res.end(); }));
                },
                [=](testing::client& c) { c.get(target).expect(200); })();
            require(*seen == expected, *seen);
        });
    };
    const std::string post = "http://example.com/blog/post/1", adjusted = "http://example.com/post/1";
    sees("not obscure FQDNs", "http://example.com/foo", "http://example.com/foo", {"/"});
    sees("ignore FQDN in search", "/proxy?url=" + post, "/?url=" + post, {"/proxy"});
    sees("ignore FQDN in path", "/proxy/" + post, "/" + post, {"/proxy"});
    sees("adjust FQDN req.url", post, adjusted, {"/blog"});
    sees("adjust FQDN req.url with multiple handlers", post, post + " " + adjusted, {"/", "/blog"});
    sees("adjust FQDN req.url with multiple routed handlers", post, adjusted + " " + adjusted + " " + post, {"/blog", "/blog", "/"});
    s.result(top + ".all / should support using .all to capture all http verbs", every_method([](router& r, counter n) { r.all("/foo", counts(n, true)); }));
    s.result(top + ".use / should be called for any URL", [] {
        const auto n = zero();
        asks([n](router& r) { r.use(counts(n, true)); }, [n](testing::client& c) {
            int all = 0;
            for (const auto* target : {"/", "/foo", "http://example.com", "/foo/bar?a=b"}) {
                c.get(target).expect(200);
                require(*n == ++all, target);
            }
            c.options("*").expect(200);
            require(*n == ++all, "*");
        })();
    });
    s.result(top + ".use / should accept array of middleware", gets("/", 200, "ab", [](router& r) { r.use(marks('a'), marks('b'), shows_order); }));
    // .param
    const std::string param = top + ".param / should ";
    const auto keep = [](std::shared_ptr<std::vector<std::string>> all) {
        return param_function([all](request&, response&, next& n, std::string_view v) {
            all->emplace_back(v);
            n();
        });
    };
    s.result(param + "require function", compiled(!([]<class R>(R*) { return requires(R& r) { r.param("id"); }; })(static_cast<router*>(nullptr))));
    s.result(param + "reject non-function", compiled(param_callback<param_function> && !param_callback<int> && !param_callback<std::string> && !param_callback<std::nullptr_t>));
    const auto values = [=](std::string title, std::string target, std::vector<std::string> expected, std::string body, std::string name, std::function<void(router&)> fill) {
        return std::pair(title, check([=] {
            const auto all = std::make_shared<std::vector<std::string>>();
            asks([=](router& r) { r.param(name, keep(all)), fill(r); }, [=](testing::client& c) { c.get(target).expect(200, body); })();
            require(*all == expected, "called " + std::to_string(all->size()) + " times");
        }));
    };
    const handler shows_id = answers([](request& req) { return std::string(req.params("id")) + " " + std::string(req.url()); });
    for (const auto& [title, f] : {
             values("call param function when routing VERBS", "/foo/123/bar", {"123"}, "123 /foo/123/bar", "id", [=](router& r) { r.get("/foo/:id/bar", shows_id); }),
             values("call param function when routing middleware", "/foo/123/bar/baz", {"123"}, "123 /baz", "id", [=](router& r) { r.use("/foo/:id/bar", shows_id); }),
             values("only call once per request", "/foo/bob", {"bob"}, "ab", "user",
                    [](router& r) { r.get("/foo/:user", marks('a')), r.get("/foo/:user", marks('b')), r.use(shows_order); }),
             values("call when values differ", "/foo/bob", {"bob", "foo"}, "ab", "user",
                    [](router& r) { r.get("/foo/:user", marks('a')), r.get("/:user/bob", marks('b')), r.use(shows_order); }),
         })
        s.result(param + title, f);
    s.result(top + "parallel requests / should not mix requests", asks(
        [](router& r) {
            router sub;
            sub.get("/bar", goes_on);
            r.param("ms", param_function([](request&, response& res, next& n, std::string_view v) {
                        res.locals()["ms"] = v;
                        set_timeout([n]() mutable { n(); }, *route::from_text<int>(v));
                    }));
            r.use("/foo/:ms/", goes_on), r.use("/foo/:ms/", sub);
            r.use(handler([](request& req, response& res, next&) { res.end(res.locals()["ms"].as_string() + " " + std::string(req.url())); }));
        },
        [](testing::client& c) {
            auto slow = c.get("/foo/50/bar"), quick = c.get("/foo/10/bar");
            slow.start(), quick.start();
            c.advance(std::chrono::milliseconds(20));
            require(quick.done() && !slow.done(), "they wait for each other");
            slow.expect(200, "50 /foo/50/bar");
            quick.expect(200, "10 /foo/10/bar");
        }));
}

inline void add_route(suite& s) {
    const std::string top = "Route / ";
    // The route is asked; what it does not answer comes to a handler that tells so.
    const auto route = [](std::string method, std::string expected, std::function<void(route_chain&)> fill) {
        return asks(
            [=](router& r) {
                auto c = r.route("/foo");
                fill(c);
                r.use(handler([](request&, response& res, next&) { res.end("done " + (res.locals()["order"].is_string() ? res.locals()["order"].as_string() : "")); }));
                r.use(error_handler([](std::exception_ptr e, request&, response& res, next&) {
                    res.end("error " + message_of(e) + " " + (res.locals()["order"].is_string() ? res.locals()["order"].as_string() : ""));
                }));
            },
            [=](testing::client& c) { c.request(method, "/foo").expect(200, expected); });
    };
    const auto notes = [](char c) {
        return error_handler([c](std::exception_ptr e, request&, response& res, next& n) {
            auto& order = res.locals()["order"];
            order = (order.is_null() ? std::string() : order.as_string()) + c;
            n(e);
        });
    };
    s.result(top + "should work without handlers", route("GET", "done ", [](route_chain&) {}));
    s.result(top + "should not stack overflow with a large sync stack", [=] {
        const auto n = zero();
        route("GET", "done b", [n](route_chain& c) {
            for (int i = 0; i < 6000; ++i) c.all(counts(n)), c.get(counts(n));
            c.get(marks('b'));
        })();
        require(*n == 12000, "called " + std::to_string(*n) + " times");
    });
    s.result(top + ".all / should add handler", route("GET", "done a", [](route_chain& c) { c.all(marks('a')); }));
    s.result(top + ".all / should handle VERBS", every_method([](router& r, counter n) { r.route("/foo").all(counts(n, true)); }));
    s.result(top + ".all / should stack", route("GET", "done ab", [](route_chain& c) { c.all(marks('a')), c.all(marks('b')); }));
    s.result(top + ".VERB / should support .get", route("GET", "done a", [](route_chain& c) { c.get(marks('a')); }));
    s.result(top + ".VERB / should limit to just .VERB", route("POST", "done b", [](route_chain& c) { c.get(marks('a')), c.post(marks('b')); }));
    s.result(top + ".VERB / should allow fallthrough", route("GET", "done abc", [](route_chain& c) { c.get(marks('a')), c.all(marks('b')), c.get(marks('c')); }));
    const std::string errors = top + "errors / should ";
    s.result(errors + "handle errors via arity 4 functions", route("GET", "error foobar a", [=](route_chain& c) { c.all(passes_error("foobar")), c.all(marks('0')), c.all(notes('a')); }));
    s.result(errors + "handle throw", route("GET", "error foobar a", [=](route_chain& c) { c.get(fails("foobar")), c.get(marks('0')), c.get(notes('a')); }));
    s.result(errors + "handle throwing inside error handlers",
             route("GET", "error oops a", [=](route_chain& c) { c.get(fails("boom!")), c.get(fails_again("oops")), c.get(notes('a')); }));
    s.result(errors + "handle throw in .all", route("GET", "error boom! ", [](route_chain& c) { c.all(fails("boom!")); }));
    s.result(errors + "handle single error handler", route("GET", "done ", [](route_chain& c) { c.all(fails_again("nothing was wrong")); }));
}

} // namespace dispatch_tests

inline void add_dispatch(std::map<std::string, suite>& all) {
    dispatch_tests::add_router(all["express"]);
    dispatch_tests::add_route(all["express"]);
}

} // namespace wire
