// express: what a program adds to apps, requests and responses, and what the package exports.
#pragma once
#include "wire_apps.hpp"

namespace wire {

namespace extend_tests {

using express_tests::act;
using express_tests::one;
using act_of_app = std::function<void(app&)>;

/* What a program of Node adds to a prototype is a function here, which is given the request or the response. When each app has its
   own, it asks the app, and an app that is mounted has what those around it have. */
inline std::string_view query_text(const request& req) { return req.url().substr(req.url().find('?') + 1); }
inline std::string foobar(const request& req) { return req.app().get("foobar").as_string(); }
inline void shout(response& res, std::string text) {
    if (res.app().enabled("loud")) text = to_upper(text);
    res.send(text + res.app().get("after").as_string());
}
inline const handler sends_foobar([](request& req, response& res, next&) { res.send(foobar(req)); });
inline const handler shouts([](request&, response& res, next&) { shout(res, "foo"); });

inline void express_like(app& a) { a.set("etag", "express"); } // is not inherited

inline void add_prototypes(suite& s) {
    const std::string requests = "app / .request / should ", responses = "app / .response / should ";
    s.add(requests + "extend the request prototype", one([](request& req, response& res) { res.end(query_text(req)); }));
    s.add(responses + "extend the response prototype", one(
        [](request&, response& res) { shout(res, "hey"); },
        [](app& a) { a.enable("loud"), a.set("after", ""); }));
    // an app, and one mounted in it at /sub
    const auto both = [](handler h, std::function<void(app&)> outer_has, std::function<void(app&)> inner_has, std::string outer_path) {
        return [=](app& a) {
            app sub;
            express_like(sub);
            outer_has(a);
            sub.get("/", h);
            a.use("/sub", sub);
            a.get(outer_path, h);
            inner_has(sub);
        };
    };
    const auto named = [](std::string text) { return [text](app& a) { a.set("foobar", text); }; };
    const auto none = [](app&) {};
    s.add(requests + "inherit to sub apps", both(sends_foobar, named("tobi"), none, "/"));
    s.add(requests + "allow sub app to override", both(sends_foobar, named("tobi"), named("loki"), "/"));
    s.add(requests + "not pollute parent app", both(sends_foobar, named("tobi"), named("loki"), "/sub/foo"));
    // what an app was not given it does not have
    const auto alone = [](act f, act_of_app gives) {
        return [=] {
            app has, lacks;
            gives(has);
            for (auto* a : {&has, &lacks}) {
                a->set("env", "test");
                one(f)(*a);
            }
            testing::client(has).get("/").expect(200);
            testing::client(lacks).get("/").expect(500);
        };
    };
    s.otherwise(requests + "only extend for the referenced app", alone([](request& req, response& res) { res.send(foobar(req)); }, named("tobi")));
    s.otherwise(responses + "only extend for the referenced app", alone([](request&, response& res) { shout(res, "foo"); }, [](app& a) { a.set("after", ""); }));
    const auto loud = [](app& a) { a.enable("loud"), a.set("after", ""); };
    const auto low = [](app& a) { a.disable("loud"), a.set("after", "!"); };
    s.add(responses + "inherit to sub apps", both(shouts, loud, none, "/"));
    s.add(responses + "allow sub app to override", both(shouts, loud, low, "/"));
    s.add(responses + "not pollute parent app", both(shouts, loud, low, "/sub/foo"));
}

struct app_with_foo : app {
    std::string foo() const { return "bar"; }
};
template <class A>
concept like_app = requires(A& a) { a.set("title", value("x")), a.get("title"), a.enable("x"), a.engine("x", std::function<std::string(const std::string&, const value&)>()); };
template <class R>
concept like_request = requires(R& r) { r.accepts("json"), r.get("Host"), r.is("json"), r.query("a"); };
template <class R>
concept like_response = requires(R& r) { r.send("text"), r.json(value()), r.set("Name", "value"), r.redirect("/"); };

inline void add_exports(suite& s) {
    const std::string top = "exports / should ";
    // what is made without options and with them can be given to an app
    const auto parses = [](auto middleware, std::string body, std::string_view type, value expected) {
        return [=] {
            static_assert(usable<decltype(middleware)>);
            app a;
            a.use(middleware);
            a.post("/", handler([](request& req, response& res, next&) { res.json(req.body()); }));
            testing::client(a).post("/").send(body, type).expect(200, json::stringify(expected));
        };
    };
    s.result(top + "expose json middleware", parses(body_json({.strict = false}), "[1]", "application/json", value::array({1})));
    s.result(top + "expose raw middleware", parses(body_raw({.type = "text/x-raw"}), "abc", "text/x-raw", "abc"));
    s.result(top + "expose text middleware", parses(body_text(), "abc", "text/plain", "abc"));
    s.result(top + "expose urlencoded middleware", parses(body_urlencoded({.extended = true}), "a[b]=c", "application/x-www-form-urlencoded", {{"a", {{"b", "c"}}}}));
    s.result(top + "expose static middleware", [] {
        app a;
        a.use(static_files(file_tests::express_root()));
        testing::client(a).get("/name.txt").expect(200, "tobi");
    });
    s.result(top + "expose Router", [] {
        app a;
        router r;
        r.get("/there", app_tests::says("routed"));
        a.use("/it/is", r);
        testing::client(a).get("/it/is/there").expect(200, "routed");
    });
    s.result(top + "expose the application prototype", [] { require(like_app<app> && !like_app<router>, "an app lacks something"); });
    s.result(top + "expose the request prototype", [] { require(like_request<request> && !like_request<response>, "a request lacks something"); });
    s.result(top + "expose the response prototype", [] { require(like_response<response> && !like_response<request>, "a response lacks something"); });
    s.result(top + "permit modifying the .application prototype", [] {
        app_with_foo a; // an app that has more is one, too
        a.get("/", handler([&a](request&, response& res, next&) { res.send(a.foo()); }));
        testing::client(a).get("/").expect(200, "bar");
    });
    const auto foo = [](const auto& about) { return about.app().get("foo").as_string(); };
    s.add(top + "permit modifying the .request prototype", one([foo](request& req, response& res) { res.end(foo(req)); }, express_tests::sets("foo", "bar")));
    s.add(top + "permit modifying the .response prototype", one([foo](request&, response& res) { res.send(foo(res)); }, express_tests::sets("foo", "bar")));
}

} // namespace extend_tests

inline void add_extend(std::map<std::string, suite>& all) {
    extend_tests::add_prototypes(all["express"]);
    extend_tests::add_exports(all["express"]);
}

} // namespace wire
