// Answers every request with what it was, as JSON: echo PORT
#include <crema/core/encode.hpp>
#include <crema/web/app.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>
using namespace crema;

namespace {

// Octets above 0x7F stand for the code points of the same number.
std::string latin1(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (u < 0x80) out += c;
        else {
            out += static_cast<char>(0xC0 | u >> 6);
            out += static_cast<char>(0x80 | (u & 0x3F));
        }
    }
    return out;
}

value fields_of(const request& req) {
    value all = value::object();
    for (const auto f : req.head().fields()) {
        std::string name(f.name);
        for (char& c : name) c = to_lower(c);
        auto& slot = all[name];
        if (slot.is_string()) slot.as_string() += ", " + latin1(f.value);
        else slot = latin1(f.value);
    }
    return all;
}

} // namespace

int main(int argc, char** argv) {
    app app;
    app.use([](request& req, response& res) -> task<> {
        const std::string_view body = co_await req.read_text(8 * 1024 * 1024);
        value answer = value::object();
        answer["method"] = req.method();
        answer["url"] = latin1(req.original_url());
        answer["headers"] = fields_of(req);
        answer["bodyLength"] = body.size();
        answer["body"] = base64_encode(body);
        res.json(answer);
    });
    listen_options options;
    options.address = "127.0.0.1";
    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0), options, [](server& s) {
        std::printf("%d\n", s.port());
        std::fflush(stdout);
    });
}
