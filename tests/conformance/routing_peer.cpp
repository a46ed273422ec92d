// The other side of differential.mjs: reads programs as JSON lines, builds the routers they describe, asks them in-process,
// writes what came and which handlers ran.
#include <crema.hpp>

#if defined(CREMA_WITH_PCRE2)
#include <crema/ext/pcre2.hpp>
#endif
#include <crema/testing/client.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>

using namespace crema;

namespace {

std::vector<std::string> log_lines;

// Goes on in the next check phase, as `await` of a promise that setImmediate resolves.
struct immediately {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        loop::current().set_immediate([env = environment_of(h), h] { resume_in(*env, h); });
    }
    void await_resume() const noexcept {}
};

struct step {
    enum class kind : unsigned char { wait, url, method, param, log, later, error, next, next_error, next_text, send };
    kind what;
    std::string text, name;
    int status = 200;
};
struct script {
    std::string id;
    bool error = false, suspends = false;
    std::vector<step> steps;
};

script read_script(const value& v) {
    script s{v["id"].as_string(), v["error"].as_bool(), v["async"].as_bool(), {}};
    for (const auto& one : v["steps"].elements()) {
        const auto& what = one["do"].as_string();
        const auto text = [&](const char* name) { return one[name].is_string() ? one[name].as_string() : std::string(); };
        if (what == "wait") s.steps.push_back({step::kind::wait, {}, {}});
        else if (what == "url") s.steps.push_back({step::kind::url, text("to"), {}});
        else if (what == "method") s.steps.push_back({step::kind::method, text("to"), {}});
        else if (what == "param") s.steps.push_back({step::kind::param, text("value"), text("name")});
        else if (what == "log") s.steps.push_back({step::kind::log, {}, {}});
        else if (what == "later") s.steps.push_back({step::kind::later, {}, {}});
        else if (what == "throw") s.steps.push_back({step::kind::error, text("error"), {}});
        else if (what == "send") s.steps.push_back({step::kind::send, {}, {}, static_cast<int>(one["status"].as_int64())});
        else if (one.contains("error")) s.steps.push_back({step::kind::next_error, text("error"), {}});
        else if (one.contains("text")) s.steps.push_back({step::kind::next_text, text("text"), {}});
        else s.steps.push_back({step::kind::next, {}, {}});
    }
    return s;
}

void enter(const script& s, request& req, const std::string& more = {}) {
    std::vector<std::pair<std::string, std::string>> params;
    for (const auto& p : req.params()) params.emplace_back(p.name, p.value);
    const auto number = [](const std::string& name) { return !name.empty() && name[0] >= '0' && name[0] <= '9'; };
    std::sort(params.begin(), params.end(), [&](const auto& a, const auto& b) { // as the members of an object of JavaScript
        return number(a.first) != number(b.first) ? number(a.first) : a < b;
    });
    value shown = value::object();
    for (const auto& [name, v] : params) shown[name] = v;
    log_lines.push_back(s.id + " " + std::string(req.base_url()) + " " + std::string(req.url()) + " " + json::stringify(shown) + more);
}

void perform(const step& one, const script& s, request& req, response& res, next& n) {
    switch (one.what) {
    case step::kind::wait: break;
    case step::kind::url: req.url(one.text); break;
    case step::kind::method: req.method(one.text); break;
    case step::kind::param: req.params(one.name, one.text); break;
    case step::kind::log: log_lines.push_back(s.id + " after"); break;
    case step::kind::later:
        loop::current().set_immediate([id = s.id, later = n]() mutable {
            log_lines.push_back(id + " later");
            later();
        });
        break;
    case step::kind::error: throw std::runtime_error(one.text);
    case step::kind::next: n(); break;
    case step::kind::next_error: n(std::runtime_error(one.text)); break;
    case step::kind::next_text: n(one.text); break;
    case step::kind::send:
        if (res.headers_sent()) log_lines.push_back(s.id + " too late");
        else res.status(one.status).send(s.id);
    }
}
void run(const script& s, request& req, response& res, next& n) {
    for (const auto& one : s.steps) perform(one, s, req, res, n);
}
task<> run_waiting(const script& s, request& req, response& res, next& n) {
    for (const auto& one : s.steps) {
        if (one.what == step::kind::wait) co_await immediately();
        else perform(one, s, req, res, n);
    }
}
std::string message_of(const std::exception_ptr& e) {
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& x) {
        return x.what();
    }
}

// Calls `with` with the callable that a script stands for: its signature decides, as everywhere.
template <class With>
void made(script s, With with) {
    if (!s.error && !s.suspends) {
        with([s](request& req, response& res, next& n) { enter(s, req), run(s, req, res, n); });
    } else if (!s.error) {
        with([s](request& req, response& res, next& n) {
            enter(s, req);
            return run_waiting(s, req, res, n);
        });
    } else if (!s.suspends) {
        with([s](std::exception_ptr e, request& req, response& res, next& n) {
            enter(s, req, " " + message_of(e));
            run(s, req, res, n);
        });
    } else {
        with([s](std::exception_ptr e, request& req, response& res, next& n) {
            enter(s, req, " " + message_of(e));
            return run_waiting(s, req, res, n);
        });
    }
}

detail::located_path read_path(const value& v) {
    const auto item = [](const value& one) {
#if defined(CREMA_WITH_PCRE2)
        if (one.is_object()) return detail::located_path::item(regexp(one["regexp"].as_string()));
#endif
        return detail::located_path::item(one.as_string());
    };
    auto path = detail::located_path("/");
    path.items.clear();
    path.several = v.is_array();
    if (path.several)
        for (const auto& one : v.elements()) path.items.push_back(item(one));
    else path.items.push_back(item(v));
    return path;
}
detail::method_mask read_method(const std::string& name) {
    if (name == "all") return detail::all_methods;
    std::string capital = name;
    for (char& c : capital)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return detail::mask_of(http::to_method(capital));
}

app read_app(const value& options) {
    app a;
    a.set("env", "production");
    if (options["caseSensitive"].as_bool()) a.enable("case sensitive routing");
    if (options["strict"].as_bool()) a.enable("strict routing");
    return a;
}

void fill(router& r, const value& spec) {
    for (const auto& l : spec["layers"].elements()) {
        const auto& kind = l["kind"].as_string();
        if (kind == "param") {
            const auto s = read_script(l["handler"]);
            const auto enter_param = [s](request& req, std::string_view v, std::string_view name) {
                enter(s, req, " " + std::string(name) + "=" + std::string(v));
            };
            const auto& name = l["name"].as_string();
            if (!s.suspends)
                r.param(name, [=](request& req, response& res, next& n, std::string_view v, std::string_view k) {
                    enter_param(req, v, k);
                    run(s, req, res, n);
                });
            else
                r.param(name, [=](request& req, response& res, next& n, std::string_view v, std::string_view k) {
                    enter_param(req, v, k);
                    return run_waiting(s, req, res, n);
                });
        } else if (kind == "use") {
            for (const auto& h : l["handlers"].elements())
                made(read_script(h), [&](auto f) { r.use(read_path(l["path"]), std::move(f)); });
        } else if (kind == "mount") {
            const value& o = l["router"]["options"];
            router below(router_options{.case_sensitive = o["caseSensitive"].as_bool(), .strict = o["strict"].as_bool(),
                                        .merge_params = o["mergeParams"].as_bool()});
            fill(below, l["router"]);
            r.use(read_path(l["path"]), below);
        } else if (kind == "app") {
            app below = read_app(l["router"]["options"]);
            fill(below, l["router"]);
            r.use(read_path(l["path"]), below);
        } else {
            auto chain = r.route(read_path(l["path"]));
            for (const auto& e : l["entries"].elements())
                made(read_script(e["handler"]), [&](auto f) {
                    const auto add = [&](auto... more) {
                        chain.add(read_method(e["method"].as_string()), std::source_location::current(), f, std::move(more)...);
                    };
                    if (e.contains("second")) made(read_script(e["second"]), add);
                    else add();
                });
        }
    }
}

value ask(testing::client& c, const value& r) {
    log_lines.clear();
    value out = value::object();
    try {
        const auto reply = c.request(r["method"].as_string(), r["url"].as_string()).result();
        c.run(); // what still runs
        out["status"] = reply.status;
        out["body"] = reply.body;
        const auto allow = reply.header("allow");
        out["allow"] = allow ? value(std::string(*allow)) : value();
    } catch (const testing::failure& e) {
        out["failure"] = e.what();
    }
    value log = value::array();
    for (const auto& line : log_lines) log.push_back(value(line));
    out["log"] = std::move(log);
    return out;
}

} // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        const auto program = json::parse<value>(line).value();
        app a = read_app(program["router"]["options"]);
        fill(a, program["router"]);
        testing::client c(a);
        value all = value::array();
        for (const auto& r : program["requests"].elements()) all.push_back(ask(c, r));
        std::puts(json::stringify(all).c_str());
    }
}
