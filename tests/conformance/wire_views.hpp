// express: views, and the engines that make texts of them.
#pragma once
#include "wire_apps.hpp"

namespace wire {

namespace view_tests {

using express_tests::one;
using express_tests::sets;

inline std::filesystem::path root() {
    static const auto made = files().make("views", 0x1a205dcd3f5,
                                          {{"blog/post/index.tmpl", "<h1>blog post</h1>"},
                                           {"broken.send", ""},
                                           {"default_layout/name.tmpl", "<p>$name</p>"},
                                           {"default_layout/user.tmpl", "<p>$user.name</p>"},
                                           {"email.tmpl", "<p>This is an email</p>"},
                                           {"local_layout/user.tmpl", "<span>$user.name</span>"},
                                           {"name.tmpl", "<p>$name</p>"},
                                           {"user.html", "<p>{{user.name}}</p>"},
                                           {"user.tmpl", "<p>$user.name</p>"}});
    return made;
}

struct render_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// `$user.name` is what the options say.
inline std::string tmpl(const std::string& path, const value& options) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}}, out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '$') {
            out += text[i];
            continue;
        }
        const value* v = &options;
        while (i + 1 < text.size() && text[i + 1] != '<') {
            const auto end = text.find_first_of(".<", i + 1);
            v = v ? v->find(text.substr(i + 1, end - i - 1)) : nullptr;
            i = text[end] == '.' ? end : end - 1;
        }
        if (!v) throw render_error("there is no such value");
        out += v->as_string();
    }
    return out;
}
inline std::string mustache(const std::string& path, const value& options) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    constexpr std::string_view name = "{{user.name}}";
    return text.replace(text.find(name), name.size(), options["user"]["name"].as_string());
}

inline const value tobi{{"name", "tobi"}}, jane{{"name", "jane"}};

inline void prepare(app& a) { a.engine(".tmpl", tmpl); }
inline value views(std::initializer_list<std::string_view> folders) {
    auto all = value::array();
    for (const auto f : folders) all.as_array().push_back((root() / f).string());
    return all;
}

// What a test expects of app.render.
inline check renders(std::function<void(app&)> f, std::string name, value options, std::string expected) {
    return [=] {
        app a;
        prepare(a);
        f(a);
        std::string got = "nothing";
        testing::client c(a);
        c.loop().callback([&] {
            a.render(name, options, [&](std::exception_ptr e, std::string text) { got = e ? "error: " + message_of(e) : text; });
        });
        c.run();
        require(got == expected, got);
    };
}

inline void add_app(suite& s) {
    const std::string top = "app / .render(name, fn) / ", with_options = "app / .render(name, options, fn) / ";
    const auto in_root = [](app& a) { a.set("views", root().string()); };
    const auto user = [](app& a) { a.locals()["user"] = tobi; };
    const auto both = [=](app& a) { in_root(a), user(a); };
    const auto layouts = [](app& a) {
        a.set("views", views({"local_layout", "default_layout"}));
        a.locals()["user"] = tobi;
        a.locals()["name"] = "tobi";
    };
    const auto here = root().string();
    s.result(top + "should support absolute paths", renders(user, here + "/user.tmpl", {}, "<p>tobi</p>"));
    s.result(top + "should support absolute paths with \"view engine\"", renders([=](app& a) { user(a), a.set("view engine", "tmpl"); }, here + "/user", {}, "<p>tobi</p>"));
    s.result(top + "should expose app.locals", renders(both, "user.tmpl", {}, "<p>tobi</p>"));
    s.result(top + "should support index.<engine>", renders([=](app& a) { in_root(a), a.set("view engine", "tmpl"); }, "blog/post", {}, "<h1>blog post</h1>"));
    s.result(top + "when the file does not exist / should provide a helpful error",
             renders(in_root, "rawr.tmpl", {}, "error: Failed to lookup view \"rawr.tmpl\" in views directory \"" + here + "\""));
    s.result(top + "when an error occurs / should invoke the callback", renders(in_root, "user.tmpl", {}, "error: there is no such value"));
    s.result(top + "when an extension is given / should render the template", renders(in_root, "email.tmpl", {}, "<p>This is an email</p>"));
    s.result(top + "when \"view engine\" is given / should render the template", renders([=](app& a) { in_root(a), a.set("view engine", "tmpl"); }, "email", {}, "<p>This is an email</p>"));
    s.result(top + "when \"views\" is given / should lookup the file in the path",
             renders([=](app& a) { user(a), a.set("views", (root() / "default_layout").string()); }, "user.tmpl", {}, "<p>tobi</p>"));
    const auto array = top + "when \"views\" is given / when array of paths / ";
    s.result(array + "should lookup the file in the path", renders(layouts, "user.tmpl", {}, "<span>tobi</span>"));
    s.result(array + "should lookup in later paths until found", renders(layouts, "name.tmpl", {}, "<p>tobi</p>"));
    s.result(array + "should error if file does not exist",
             renders(layouts, "pet.tmpl", {}, "error: Failed to lookup view \"pet.tmpl\" in views directories \"" + here + "/local_layout\" or \"" + here + "/default_layout\""));
    s.result(with_options + "should render the template", renders(in_root, "user.tmpl", {{"user", tobi}}, "<p>tobi</p>"));
    s.result(with_options + "should expose app.locals", renders(both, "user.tmpl", value::object(), "<p>tobi</p>"));
    s.result(with_options + "should give precedence to app.render() locals", renders(both, "user.tmpl", {{"user", jane}}, "<p>jane</p>"));
    s.result(with_options + "should accept null or undefined options", renders(both, "user.tmpl", {}, "<p>tobi</p>"));
    const std::string engine = "app / .engine(ext, fn) / ";
    s.result(engine + "should map a template engine", renders([=](app& a) { both(a), a.engine(".html", mustache); }, "user.html", {}, "<p>tobi</p>"));
    s.result(engine + "should work without leading \".\"", renders([=](app& a) { both(a), a.engine("html", mustache); }, "user.html", {}, "<p>tobi</p>"));
    s.result(engine + "should work \"view engine\" setting", renders([=](app& a) { both(a), a.engine("html", mustache), a.set("view engine", "html"); }, "user", {}, "<p>tobi</p>"));
    s.result(engine + "should work \"view engine\" with leading \".\"", renders([=](app& a) { both(a), a.engine(".html", mustache), a.set("view engine", ".html"); }, "user", {}, "<p>tobi</p>"));
}

inline void add_response(suite& s) {
    const std::string top = "res / .render(name) / ", with_options = "res / .render(name, option) / ";
    const auto here = root().string();
    const auto page = [](std::string name, value options, std::function<void(app&)> f, value locals = {}) {
        return one(
            [=](request&, response& res) {
                if (!locals.is_null()) res.locals()["user"] = locals;
                res.render(name, options);
            },
            [=](app& a) {
                prepare(a);
                if (f) f(a);
            });
    };
    const auto in_root = [](app& a) { a.set("views", root().string()); };
    const auto user = [](app& a) { a.locals()["user"] = tobi; };
    const auto both = [=](app& a) { in_root(a), user(a); };
    s.add(top + "should support absolute paths", page(here + "/user.tmpl", {}, user));
    s.add(top + "should support absolute paths with \"view engine\"", page(here + "/user", {}, [=](app& a) { user(a), a.set("view engine", "tmpl"); }));
    s.add(top + "should expose app.locals", page("user.tmpl", {}, both));
    s.add(top + "should expose app.locals with `name` property", page("name.tmpl", {}, [=](app& a) { in_root(a), a.locals()["name"] = "tobi"; }));
    s.add(top + "should support index.<engine>", page("blog/post", {}, [=](app& a) { in_root(a), a.set("view engine", "tmpl"); }));
    s.add(top + "when an error occurs / should next(err)", [=](app& a) {
        page("user.tmpl", {}, in_root)(a);
        a.use([](const render_error&, request&, response& res, next&) { res.status(500).send("got error: RenderError"); });
    });
    s.add(top + "when \"view engine\" is given / should render the template", page("email", {}, [=](app& a) { in_root(a), a.set("view engine", "tmpl"); }));
    s.add(top + "when \"views\" is given / should lookup the file in the path",
          page("user.tmpl", {{"user", tobi}}, [](app& a) { a.set("views", (root() / "default_layout").string()); }));
    const auto layouts = [](app& a) { a.set("views", views({"local_layout", "default_layout"})); };
    s.add(top + "when \"views\" is given / when array of paths / should lookup the file in the path", page("user.tmpl", {{"user", tobi}}, layouts));
    s.add(top + "when \"views\" is given / when array of paths / should lookup in later paths until found", page("name.tmpl", {{"name", "tobi"}}, layouts));
    s.add(with_options + "should render the template", page("user.tmpl", {{"user", tobi}}, in_root));
    s.add(with_options + "should expose app.locals", page("user.tmpl", {}, both));
    s.add(with_options + "should expose res.locals", page("user.tmpl", {}, in_root, tobi));
    s.add(with_options + "should give precedence to res.locals over app.locals", page("user.tmpl", value::object(), both, jane));
    s.add(with_options + "should give precedence to res.render() locals over res.locals", page("user.tmpl", {{"user", jane}}, in_root, tobi));
    s.add(with_options + "should give precedence to res.render() locals over app.locals", page("user.tmpl", {{"user", jane}}, both));
    const auto changed = [](bool by_locals) {
        return one(
            [by_locals](request&, response& res) {
                const auto done = [&res](std::exception_ptr, std::string text) { res.end(text.replace(text.find("tobi"), 4, "loki")); };
                if (by_locals) {
                    res.locals()["user"] = tobi;
                    res.render("user.tmpl", done);
                } else {
                    res.render("user.tmpl", value{{"user", tobi}}, done);
                }
            },
            [](app& a) { prepare(a), a.set("views", root().string()); });
    };
    s.add("res / .render(name, options, fn) / should pass the resulting string", changed(false));
    s.add("res / .render(name, fn) / should pass the resulting string", changed(true));
    s.add("res / .render(name, fn) / when an error occurs / should pass it to the callback", one(
        [](request&, response& res) {
            res.render("user.tmpl", [&res](std::exception_ptr e, std::string) {
                if (e) res.status(500).send("got error: RenderError");
            });
        },
        [](app& a) { prepare(a), a.set("views", root().string()); }));
}

} // namespace view_tests

inline void add_views(std::map<std::string, suite>& all) {
    view_tests::add_app(all["express"]);
    view_tests::add_response(all["express"]);
}

} // namespace wire
