// finalhandler: errors that are not what it expects, bodies that are still to be read, and who is told.
#pragma once
#include "wire_small.hpp"

namespace wire {

namespace final_tests {

inline setup fails_with(std::function<std::exception_ptr()> error) {
    return [=](app& a) {
        a.disable("x-powered-by");
        a.use(handler([=](request&, response&, next& n) { n(error()); }));
    };
}
inline std::exception_ptr words(std::string text) { return std::make_exception_ptr(std::runtime_error(text)); }

// An error that has fields, and nothing that says its status.
struct error_with_fields : std::runtime_error {
    using std::runtime_error::runtime_error;
    std::vector<std::pair<std::string, std::string>> headers() const { return {{"X-Custom-Header", "foo"}}; }
};
template <class E>
concept fields_of_text = requires(E& e) { e.header("foobar"); };
template <class E>
concept fields_in_pairs = requires(E& e) { e.header("foo", "bar"); };
template <class R>
concept status_of_text = requires(R& r) { r.status("foobar"); };
template <class R>
concept status_of_nothing = requires(R& r) { r.status(); } || requires(R& r) { r.status(std::nullopt); } || requires(R& r) { r.status(nullptr); };
template <class R>
concept status_of_number = requires(R& r) { r.status(503); };

inline void add(suite& s) {
    const std::string top = "http / ";
    const auto refusing = [](bool refused, std::string text) {
        return [=](app& a) {
            require(refused, "it does compile");
            fails_with([text] { return words(text); })(a);
        };
    };
    s.add(top + "headers / should ignore err.headers without status code", fails_with([] { return std::make_exception_ptr(error_with_fields("oops!")); }));
    s.add(top + "headers / should ignore err.headers when not an object", refusing(fields_in_pairs<http_error> && !fields_of_text<http_error>, "oops!"));
    for (const auto* field : {"err.status", "err.statusCode"})
        s.add(top + "status code / should ignore non-numeric " + field,
              refusing(std::is_constructible_v<http_error, int, const char*> && !std::is_constructible_v<http_error, const char*, const char*>, "oops"));
    s.add(top + "error response / when res.statusCode set / should convert to 500 is not a number", refusing(status_of_number<response> && !status_of_text<response>, "oops"));
    s.add(top + "error response / when res.statusCode undefined / should set to 500", refusing(status_of_number<response> && !status_of_nothing<response>, "oops"));
    // `new Error()` says the name of its class
    const auto unnamed = fails_with([] { return words("Error"); });
    s.add(top + "status code / should 500 on error", unnamed);
    s.add(top + "status message / should be \"Internal Server Error\" on error", unnamed);
    // the length of the page, which has no stack here, is that of the answer to GET
    const auto head_as_get = [](setup make) {
        return [=] {
            app a;
            a.set("env", "test");
            make(a);
            testing::client client(a);
            const auto head = client.head("/foo").result(), get = client.get("/foo").result();
            require(head.status == 500 && head.body.empty() && !get.body.empty(), "another answer");
            require(head.header("Content-Length") == std::to_string(get.body.size()), "another length");
            for (const auto& [name, text] : {std::pair("Content-Security-Policy", "default-src 'none'"), std::pair("X-Content-Type-Options", "nosniff"),
                                             std::pair("Content-Type", "text/html; charset=utf-8")})
                require(head.header(name) == text, name);
        };
    };
    s.otherwise(top + "error response / should handle HEAD", head_as_get(fails_with([] { return words("boom!"); })));
    s.otherwise(top + "no deprecation warnings / should respond 500 on error", head_as_get(unnamed));
    // what stands in no target is sent as its number
    s.add(top + "404 response / should escape method and pathname characters", [](app& a) { a.disable("x-powered-by"); });
    s.sent(top + "404 response / should escape method and pathname characters", [](std::string recorded) {
        const std::string_view target = "/<la'me>";
        return recorded.replace(recorded.find(target), target.size(), "/%3Cla'me%3E");
    });
    s.add(top + "onerror / should be invoked when error", [](app& a) {
        a.disable("x-powered-by");
        const auto told = std::make_shared<std::string>();
        a.use(handler([told](request&, response& res, next& n) {
            res.on_headers([told] { require(*told == "boom!", "nobody was told"); });
            n(std::runtime_error("boom!"));
        }));
        // who wants to know of errors stands in front of the final handler
        a.use(error_handler([told](std::exception_ptr e, request&, response&, next& n) {
            *told = message_of(e);
            n(e);
        }));
    });
    const auto reading = [](bool whole) {
        return [whole](app& a) {
            a.disable("x-powered-by");
            a.use([whole](request& req, response&, next& n) -> task<> {
                std::size_t octets = 0;
                for (;;) {
                    const auto piece = co_await req.read();
                    octets += piece.size();
                    if (piece.empty() || !whole) break;
                }
                require(whole ? octets == 3 * 0x4000 : octets > 0, "another body");
                n(std::runtime_error("boom!"));
            });
        };
    };
    const std::string body = top + "error response / when there is a request body / should not hang/error when ";
    for (const bool whole : {true, false}) {
        const auto title = body + (whole ? "read" : "actively piped");
        s.add(title, reading(whole));
        s.sent(title, [](const std::string& recorded) {
            auto all = recorded.substr(0, recorded.find("\r\n\r\n") + 4);
            for (int i = 0; i < 3; ++i) all += "4000\r\n" + std::string(0x4000, '.') + "\r\n";
            return all + "0\r\n\r\n";
        });
    }
}

} // namespace final_tests

inline void add_final(std::map<std::string, suite>& all) { final_tests::add(all["finalhandler"]); }

} // namespace wire
