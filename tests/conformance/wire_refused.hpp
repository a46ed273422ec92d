// What Express refuses when it runs and the compiler refuses here: asserted by asking the compiler.
#pragma once
#include "wire_views.hpp"

namespace wire {

namespace refused_tests {

// What decides about all functions that take handlers, middleware or callbacks.
struct date {};
static_assert(crema::handler<wire::handler> && usable<wire::handler> && usable<router> && !usable<date>);
template <class R>
concept param_by_number = requires(R& r, std::function<void(request&, response&, next&, std::string_view)> f) { r.param(42, f); };
template <class O>
concept verified_by_text = requires { O{.verify = "lol"}; };
template <class O>
concept many_of_text = requires { O{.parameter_limit = "beep"}; };
template <class O>
concept headers_by_number = requires(O& o) { o.set_headers = 42; };

inline void add(std::map<std::string, suite>& all) {
    auto& s = all["router"];
    auto& e = all["express"];
    const auto compiled = [](bool good) { return [good] { require(good, "it does compile"); }; };
    const bool no_number = !crema::handler<int> && !crema::handler<double>;
    for (const std::string m : {"acl", "bind", "checkout", "copy", "delete", "get", "head", "link", "lock", "m-search", "merge", "mkactivity", "mkcalendar", "mkcol", "move",
                                "notify", "options", "patch", "post", "propfind", "proppatch", "purge", "put", "query", "rebind", "report", "search", "source", "subscribe",
                                "trace", "unbind", "unlink", "unlock", "unsubscribe", "all"}) {
        s.result("Router / .route(path) / ." + m + "(...fn) / should reject invalid fn", compiled(no_number));
        s.result("Router / ." + m + "(path, ...fn) / should reject invalid fn", compiled(no_number));
        e.result("app.router / methods / should reject numbers for app." + m, compiled(no_number));
    }
    const std::string use = "Router / .use(...fn) / ", param = "Router / .param(name, fn) / ", path = "app / .use(path, middleware) / ";
    s.result(use + "should reject non-functions", compiled(!usable<const char*> && !usable<int> && !usable<std::nullptr_t> && !usable<date>));
    s.result(param + "should reject bad name", compiled(!param_by_number<router>));
    s.result(param + "should reject bad fn", compiled(!param_callback<int>));
    e.result(path + "should reject string as middleware", compiled(!usable<const char*> && !usable<std::string>));
    e.result(path + "should reject number as middleware", compiled(!usable<int>));
    e.result(path + "should reject null as middleware", compiled(!usable<std::nullptr_t>));
    e.result(path + "should reject Date as middleware", compiled(!usable<date>));
    for (auto* one : {&all["body-parser"], &e})
        for (const std::string prefix : {"bodyParser.", "express."})
            for (const std::string is : {"if", "is"}) {
                const auto title = [&](const char* parser) { return prefix + parser + " / with verify option / should assert value " + is + " function"; };
                one->result(title("json()"), compiled(!verified_by_text<body_json_options>));
                one->result(title("text()"), compiled(!verified_by_text<body_text_options>));
                one->result(title("raw()"), compiled(!verified_by_text<body_raw_options>));
                one->result(title("urlencoded()"), compiled(!verified_by_text<body_urlencoded_options>));
                for (const auto* extended : {"false", "true"})
                    one->result(prefix + "urlencoded() / with parameterLimit option / with extended: " + extended + " / should reject string", compiled(!many_of_text<body_urlencoded_options>));
            }
    all["serve-static"].result("serveStatic() / setHeaders / should reject non-functions", compiled(!headers_by_number<static_files_options>));
    e.result("express.static() / setHeaders / should reject non-functions", compiled(!headers_by_number<static_files_options>));
}

// Views that are no files, and what else an app shows without a request.
struct abstract_view final : view {
    bool throws = false;
    void render(value, rendered_callback done) override {
        if (throws) throw std::runtime_error("err!");
        done(nullptr, "abstract engine");
    }
};

inline check renders_twice(value setting, value options, int made, bool throws = false) {
    return [=] {
        app a;
        const auto count = std::make_shared<int>(0);
        a.set("view cache", setting);
        a.set("view", [=](std::string_view, const view_options&) -> std::shared_ptr<view> {
            ++*count;
            auto v = std::make_shared<abstract_view>();
            v->throws = throws;
            return v;
        });
        testing::client c(a);
        for (int i = 0; i < 2; ++i) {
            std::string got;
            c.loop().callback([&] { a.render("something", options, [&](std::exception_ptr e, std::string text) { got = e ? message_of(e) : text; }); });
            c.run();
            require(got == (throws ? "err!" : "abstract engine"), got);
        }
        require(*count == made, "made " + std::to_string(*count));
    };
}

inline void add_rest(suite& s, suite& r) {
    const std::string top = "app / .render(name, fn) / ";
    s.result(top + "when a \"view\" constructor is given / should create an instance of it", renders_twice(false, {}, 2));
    s.result(top + "should handle render error throws", renders_twice(false, {}, 2, true));
    s.result(top + "caching / should always lookup view without cache", renders_twice(false, {}, 2));
    s.result(top + "caching / should cache with \"view cache\" setting", renders_twice(true, {}, 1));
    s.result("app / .render(name, options, fn) / caching / should cache with cache option", renders_twice(false, {{"cache", true}}, 1));
    const auto within = [](const char* env, auto f) {
        return [=] {
            const auto keep = [](const char* name) { return std::getenv(name) ? std::optional<std::string>(std::getenv(name)) : std::nullopt; };
            const auto old = keep("CREMA_ENV"), old_node = keep("NODE_ENV");
            unsetenv("NODE_ENV");
            if (env) setenv("CREMA_ENV", env, 1);
            else unsetenv("CREMA_ENV");
            app a;
            if (old) setenv("CREMA_ENV", old->c_str(), 1);
            else unsetenv("CREMA_ENV");
            if (old_node) setenv("NODE_ENV", old_node->c_str(), 1);
            require(f(a), "another");
        };
    };
    s.result("in production / should enable \"view cache\"", within("production", [](app& a) { return a.enabled("view cache"); }));
    s.result("in development / should disable \"view cache\"", within("development", [](app& a) { return !a.enabled("view cache"); }));
    s.result("without NODE_ENV / should default to development", within(nullptr, [](app& a) { return a.get("env") == value("development"); }));
    s.add("throw after .end() / should fail gracefully", [](app& a) {
        a.get("/", handler([](request&, response& res, next&) {
                  res.end("yay");
                  throw std::runtime_error("boom!");
              }));
    });
    s.add("express.static() / when responding non-2xx or 304 / should not alter the status", [](app& a) {
        a.use(handler([](request&, response& res, next& n) {
            res.status(501);
            n();
        }));
        a.use(static_files(file_tests::express_root()));
    });
    s.add("res / .render(name) / should error without \"view engine\" set and no file extension", [](app& a) {
        view_tests::prepare(a);
        a.use(handler([](request&, response& res, next&) { res.render((view_tests::root() / "user").string()); }));
    });
    // what follows a request is there in callbacks, too
    const auto stored = [](auto send, bool shows) {
        return [=](app& a) {
            a.use(handler([](request& req, response&, next& n) {
                req.context().set(body_tests::store, std::string("bar"));
                n();
            }));
            a.use(handler([=](request& req, response& res, next&) {
                send(res, sent_callback([&req, &res, shows](std::exception_ptr e) {
                         require(*req.context().find(body_tests::store) == "bar", "another");
                         if (!e) return;
                         if (shows) body_tests::show_store(req, res);
                         res.send("got " + std::to_string(status_of(e)) + " error");
                     }));
            }));
        };
    };
    const auto file = [](std::string name) {
        return [name](response& res, sent_callback done) { res.send_file(file_tests::express_root() / name, std::move(done)); };
    };
    const auto save = [](std::string name) {
        return [name](response& res, sent_callback done) { res.download(file_tests::express_root() / name, std::move(done)); };
    };
    const std::string sends = "res / .sendFile(path, fn) / async local storage / should persist store", saves = "res / .download(path, fn) / async local storage / should persist store";
    s.add(sends, stored(file("name.txt"), false));
    s.add(sends + " on error", stored(file("does-not-exist"), true));
    s.add(saves, stored(save("name.txt"), false));
    s.add(saves + " on error", stored(save("does-not-exist"), true));
    const auto begun = [](app& a, bool with_fields) {
        router users;
        users.get("/users", handler([](request&, response& res, next&) { res.end("get"); }));
        if (!with_fields) a.disable("x-powered-by");
        a.use(handler([](request&, response& res, next& n) { res.write_head(200), n(); }));
        a.use(users);
        a.use(error_handler([](std::exception_ptr, request&, response& res, next&) { res.end("true"); }));
    };
    s.add("OPTIONS / when error occurs in response handler / should pass error to callback", [=](app& a) { begun(a, true); });
    r.add("OPTIONS / when error occurs in respone handler / should pass error to callback", [=](app& a) { begun(a, false); });
}

} // namespace refused_tests

inline void add_refused(std::map<std::string, suite>& all) {
    refused_tests::add(all);
    refused_tests::add_rest(all["express"], all["router"]);
}

} // namespace wire
