// express, send and serve-static: arguments that are refused when a program runs in Node, and when it is compiled here.
#pragma once
#include "wire_apps.hpp"
#include <crema/http/url.hpp>
#include <array>

namespace wire {

namespace argument_tests {

// Each is asked of what is good, too: a refusal counts only when something else is taken.
template <class R, class T>
concept gets = requires(R& r, T name) { r.get(name); };
template <class R, class T>
concept locates = requires(R& r, T url) { r.location(url); };
template <class R, class... T>
concept has_status = requires(R& r, T... code) { r.status(code...); };
template <class R, class... T>
concept sends_status = requires(R& r, T... code) { r.send_status(code...); };
template <class R, class... T>
concept sends_file = requires(R& r, T... path) { r.send_file(path...); };
template <class R, class... T>
concept varies = requires(R& r, T... field) { r.vary(field...); };
template <class R, class... T>
concept uses = requires(R& r, T... f) { r.use(f...); };
template <class A, class... T>
concept takes_engine = requires(A& a, T... f) { a.engine("html", f...); };
template <class T>
concept served = requires(T root) { static_files(root); };
template <class O, class T>
concept expires_at = requires(O& o, T t) { o.expires = t; };
template <class O, class T>
concept of_age = requires(O& o, T t) { o.max_age = t; };
template <class O, class T>
concept of_priority = requires(O& o, T t) { o.priority = t; };
template <class O, class T>
concept with_extensions = requires(O& o, T t) { o.extensions = t; };
template <class O, class T>
concept with_index = requires(O& o, T t) { o.index = t; };
template <class O, class T>
concept with_dotfiles = requires(O& o, T t) { o.dotfiles = t; };

inline check compiled(bool good) {
    return [good] { require(good, "it does compile"); };
}

inline void add_express(suite& s) {
    const std::string res_ = "res / ", codes = res_ + ".status(code) / invalid status codes / should raise error for ";
    s.otherwise("req / .get(field) / should throw for non-string header name", compiled(gets<request, const char*> && !gets<request, int>));
    const std::string places = res_ + ".location(url) / should consistently handle non-string input";
    s.otherwise(places + ": boolean", compiled(locates<response, const char*> && !locates<response, bool>));
    s.otherwise(places + "s: object", compiled(!locates<response, value>));
    s.otherwise(places + "s: array", compiled(!locates<response, std::vector<std::string>>));
    s.add(res_ + ".location(url) / should accept an instance of URL",
          express_tests::one([](request&, response& res) { res.location(http::parse_url("http://google.com/")->to_string()).end(); }));
    s.otherwise(codes + "non-integer status codes", compiled(has_status<response, int> && !has_status<response, double>));
    s.otherwise(codes + "undefined status code", compiled(!has_status<response> && !has_status<response, std::nullopt_t>));
    s.otherwise(codes + "null status code", compiled(!has_status<response, std::nullptr_t>));
    s.otherwise(codes + "string status code", compiled(!has_status<response, const char*> && !has_status<response, std::string>));
    s.otherwise(codes + "NaN status code", compiled(!has_status<response, float>));
    s.otherwise(res_ + ".sendStatus(statusCode) / should raise error for invalid status code",
                compiled(sends_status<response, int> && !sends_status<response> && !sends_status<response, double> && !sends_status<response, const char*>));
    s.otherwise(res_ + ".sendFile(path) / should error missing path", compiled(sends_file<response, const char*> && !sends_file<response>));
    s.otherwise(res_ + ".sendFile(path) / should error for non-string path", compiled(!sends_file<response, int> && !sends_file<response, value>));
    s.otherwise("res.vary() / with no arguments / should throw error", compiled(varies<response, const char*> && !varies<response>));
    const std::string options = res_ + ".cookie(name, string, options) / ";
    using cookie = http::cookie_options;
    s.otherwise(options + "expires / should throw on invalid date", compiled(expires_at<cookie, std::chrono::system_clock::time_point> && !expires_at<cookie, const char*>));
    s.otherwise(options + "maxAge / should throw an error with invalid maxAge", compiled(of_age<cookie, std::chrono::seconds> && !of_age<cookie, const char*> && !of_age<cookie, int>));
    s.otherwise(options + "priority / should throw with invalid priority", compiled(of_priority<cookie, http::cookie_priority> && !of_priority<cookie, const char*>));
    s.result("app / .engine(ext, fn) / should throw when the callback is missing",
             compiled(takes_engine<app, std::string (*)(const std::string&, const value&)> && !takes_engine<app>));
    s.result("express.static() / basic operations / should require root path to be string", compiled(served<const char*> && !served<int>));
    s.result("app / .use(path, middleware) / should require middleware", compiled(uses<app, handler> && !uses<app>));
    const std::string use = "Router / .use / should ";
    struct date {};
    s.result(use + "require middleware", compiled(uses<router, handler> && !uses<router>));
    s.result(use + "reject string as middleware", compiled(usable<handler> && !usable<const char*> && !usable<std::string>));
    s.result(use + "reject number as middleware", compiled(!usable<int> && !usable<double>));
    s.result(use + "reject null as middleware", compiled(!usable<std::nullptr_t>));
    s.result(use + "reject Date as middleware", compiled(!usable<date> && !usable<std::chrono::system_clock::time_point>));
}

inline void add_others(suite& router_, suite& send, suite& serve) {
    // an array of handlers is none, be there something in it or not
    router_.result("Router / .use(...fn) / should reject empty array", compiled(usable<handler> && !usable<std::array<handler, 0>> && !usable<std::vector<handler>>));
    // a router answers nothing by itself: what it is mounted in calls it, and goes on behind it
    router_.result("Router / should reject missing callback", compiled(std::is_invocable_v<handler&, request&, response&, next&> && !std::is_invocable_v<router&, request&, response&> &&
                                                                       !std::is_invocable_v<router&, request&, response&, next&>));
    using options = static_files_options;
    using names = std::vector<std::string>;
    const std::string top = "send(file, options) / ";
    send.otherwise(top + "extensions / should reject numbers", compiled(with_extensions<options, names> && !with_extensions<options, int>));
    send.otherwise(top + "extensions / should reject true", compiled(!with_extensions<options, bool>));
    send.otherwise(top + "index / should reject numbers", compiled(with_index<options, names> && !with_index<options, int>));
    send.otherwise(top + "index / should reject true", compiled(!with_index<options, bool>));
    send.otherwise(top + "dotfiles / should reject bad value", compiled(with_dotfiles<options, dotfiles> && !with_dotfiles<options, const char*> && !with_dotfiles<options, int>));
    serve.result("serveStatic() / basic operations / should require root path to be string", compiled(served<std::string> && !served<int>));
}

} // namespace argument_tests

inline void add_arguments(std::map<std::string, suite>& all) {
    argument_tests::add_express(all["express"]);
    argument_tests::add_others(all["router"], all["send"], all["serve-static"]);
}

} // namespace wire
