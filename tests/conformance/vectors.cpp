// Answers JSON lines {"id","lib","fn",…inputs} with {"id","result"}, {"id","error"} or {"id","skip"}: the library under the
// names of the npm packages it stands for.
#include "vectors_fields.hpp"
#include "vectors_queries.hpp"
#include "vectors_routing.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

using namespace crema;

namespace {

// Half a pair of surrogates: JavaScript's strings may hold that, UTF-8 may not.
bool has_lone_surrogate(std::string_view json, std::string_view in_front_of = {}) {
    const auto unit = [&](std::size_t at) -> unsigned {
        if (json.substr(at, 2) != "\\u") return 0;
        return static_cast<unsigned>(std::strtoul(std::string(json.substr(at + 2, 4)).c_str(), nullptr, 16));
    };
    for (std::size_t at = 0; (at = json.find("\\u", at)) != json.npos;) {
        const auto u = unit(at);
        const bool pair = u >= 0xd800 && u < 0xdc00 && unit(at + 6) >= 0xdc00 && unit(at + 6) < 0xe000;
        if (!pair && u >= 0xd800 && u < 0xe000 && json.substr(at + 6).starts_with(in_front_of)) return true;
        at += pair ? 12 : 6;
    }
    return false;
}

} // namespace

int main() {
    std::map<std::string, vectors::library, std::less<>> libraries;
    vectors::add_fields(libraries);
    vectors::add_queries(libraries);
    vectors::add_routing(libraries);
    for (std::string line; std::getline(std::cin, line);) {
        value answer = value::object();
        const auto fail = [&](std::string_view message) { answer["error"] = value::object({{"message", std::string(message)}}); };
        auto parsed = json::parse<value>(line);
        const bool lone = has_lone_surrogate(line);
        if (!parsed || (lone && (*parsed)["lib"] == value("querystring"))) {
            const auto at = line.find("\"id\":");
            answer["id"] = at == line.npos ? 0 : std::atoi(line.c_str() + at + 5);
            // What follows half a pair Node takes for the other half, whatever it is.
            if (parsed && (*parsed)["fn"] == value("escape") && !has_lone_surrogate(line, "\"")) answer["skip"] = true;
            else fail("URI malformed");
        } else {
            const value& q = *parsed;
            answer["id"] = q["id"];
            const auto lib = libraries.find(q["lib"].is_string() ? q["lib"].as_string() : "");
            const auto fn = q["fn"].is_string() ? q["fn"].as_string() : std::string();
            try {
                if (lib == libraries.end()) throw vectors::skipped();
                auto f = lib->second.find(fn);
                if (f == lib->second.end()) f = lib->second.find("*");
                if (f == lib->second.end()) throw vectors::skipped();
                answer["result"] = f->second(q);
            } catch (const vectors::skipped&) {
                answer["skip"] = true;
            } catch (const vectors::refused& e) {
                fail(e.message);
            } catch (const std::exception& e) {
                fail(e.what());
            }
        }
        std::puts(json::stringify(answer).c_str());
    }
}
