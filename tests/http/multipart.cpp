// Multipart bodies: taken apart the same way in whatever pieces they come; malformed ones are refused.
// SPDX-License-Identifier: MIT
#include <crema/http/multipart.hpp>

#include <catch2/catch.hpp>
#include <algorithm>
#include <vector>

using namespace crema::http;
using state = multipart_parser::state;

namespace {

struct part {
    part_head head;
    std::string content;
    bool ended = false;
};

struct outcome {
    std::vector<part> parts;
    bool done = false;
    std::string wrong;
    std::error_code code;
};

outcome take_apart(std::string_view body, std::size_t step = 1000, const multipart_parser_limits& limits = {},
                   std::string_view boundary = "b") {
    multipart_parser parser(boundary, limits);
    outcome r;
    for (std::size_t at = 0; at < body.size(); at += step) {
        const std::string piece(body.substr(at, step)); // each in memory of its own
        std::string_view rest = piece;
        for (state s; (s = parser.parse(rest)) != state::more;) {
            if (s == state::bad) {
                r.wrong = parser.error().detail;
                r.code = parser.error().code;
                return r;
            }
            if (s == state::head) r.parts.push_back({parser.head(), {}, false});
            if (s == state::data) r.parts.back().content += parser.data();
            if (s == state::part) r.parts.back().ended = true;
        }
        REQUIRE(rest.empty());
    }
    r.done = parser.done();
    return r;
}

const std::string form = "--AaB03x\r\n"
                         "content-disposition: form-data; name=\"field1\"\r\n"
                         "content-type: text/plain;charset=UTF-8\r\n\r\n"
                         "Joe owes \xe2\x82\xac"
                         "100.\r\n"
                         "--AaB03x\r\n"
                         "Content-Disposition: form-data; name=\"pics\"; filename=\"file1.bin\"\r\n"
                         "Content-Type: application/octet-stream\r\n\r\n"
                         "\r\n--AaB03\r\r\n-\r\n--AaB03-x\r\n\r\n\r\n"
                         "--AaB03x--\r\n";

} // namespace

TEST_CASE("a form is taken apart, whatever pieces it comes in", "[multipart]") {
    auto whole = form;
    whole[whole.find("-x\r")] = '\0';
    for (std::size_t step = 1; step <= whole.size(); ++step) {
        INFO("pieces of " << step);
        const auto r = take_apart(whole, step, {}, "AaB03x");
        REQUIRE(r.done);
        REQUIRE(r.parts.size() == 2);
        CHECK(r.parts[0].head.name == "field1");
        CHECK_FALSE(r.parts[0].head.filename);
        CHECK(r.parts[0].head.type == "text/plain;charset=UTF-8");
        CHECK(r.parts[0].content == "Joe owes \xe2\x82\xac"
                                    "100.");
        CHECK(r.parts[0].ended);
        CHECK(r.parts[1].head.filename == "file1.bin");
        CHECK(r.parts[1].head.get("CONTENT-TYPE") == "application/octet-stream");
        CHECK_FALSE(r.parts[1].head.get("content-length"));
        CHECK(r.parts[1].content == std::string("\r\n--AaB03\r\r\n-\r\n--AaB03\0x\r\n\r\n", 28));
    }
}

TEST_CASE("preamble, epilogue and blanks behind a boundary mean nothing", "[multipart]") {
    const auto r = take_apart("to be ignored\r\n--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
                              "--b--\r\n--b\r\nfoo");
    CHECK(r.done);
    REQUIRE(r.parts.size() == 1);
    CHECK(r.parts[0].content == "1");
    CHECK(r.parts[0].head.type == "text/plain");
    CHECK(take_apart("--b--").done);
    CHECK(take_apart("--b--\r\n").parts.empty());
    CHECK(take_apart("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--b--").parts.at(0).content.empty());
}

TEST_CASE("a body that ends too early is not done", "[multipart]") {
    for (std::size_t n = 0; n < form.find("--AaB03x--") + 10; ++n) {
        const auto r = take_apart(std::string_view(form).substr(0, n), 7, {}, "AaB03x");
        INFO(n << " octets");
        CHECK_FALSE(r.done);
        CHECK(r.wrong.empty());
    }
}

TEST_CASE("malformed bodies are refused", "[multipart]") {
    const std::string disposition = "Content-Disposition: form-data; name=a\r\n";
    for (const auto& body : std::vector<std::string>{
             "--bb\r\n", "--b\n", "--b\rx", "--b-x", "--b x\r\n",
             "--b\r\nContent-Disposition: form-data; name=a\n\r\nx",
             "--b\r\nno colon\r\n\r\nx", "--b\r\n: x\r\n\r\nx", "--b\r\nA B: x\r\n\r\nx", "--b\r\n folded\r\n\r\nx",
             "--b\r\n" + disposition + " folded\r\n\r\nx", std::string("--b\r\nA: x\0y\r\n\r\nx", 16),
             "--b\r\nA: x\ry\r\n\r\nx", "--b\r\n" + disposition + "\r\nx\r\n--bc\r\n"}) {
        for (std::size_t step : {1u, 2u, 1000u}) {
            const auto r = take_apart(body, step);
            INFO(body);
            CHECK(r.code == crema::error::bad_syntax);
            CHECK_FALSE(r.wrong.empty());
            CHECK_FALSE(r.done);
        }
    }
}

TEST_CASE("parts and their heads are bounded", "[multipart]") {
    const std::string part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
    CHECK(take_apart(part + part + "--b--", 1000, {.parts = 2}).done);
    const auto many = take_apart(part + part + part + "--b--", 1000, {.parts = 2});
    CHECK(many.code == crema::error::too_large);
    CHECK(many.wrong == "Too many parts");
    CHECK(many.parts.size() == 2);
    const auto head = [](std::size_t n) { return "--b\r\nA: " + std::string(n, 'x') + "\r\n\r\n\r\n--b--"; };
    for (std::size_t step : {1u, 1000u}) {
        CHECK(take_apart(head(100 - 7), step, {.head = 100}).done);
        CHECK(take_apart(head(100 - 6), step, {.head = 100}).code == crema::error::would_exceed_limit);
    }
    CHECK(take_apart("--b\r\n" + std::string(100'000, 'a'), 1000).code == crema::error::would_exceed_limit);
    const std::string two = "--b\r\nA: 1\r\nA: 2\r\n", end = "\r\n\r\n--b--";
    CHECK(take_apart(two + end, 1000, {.head_fields = 2}).done);
    CHECK(take_apart(two + "A: 3\r\n" + end, 1000, {.head_fields = 2}).code == crema::error::would_exceed_limit);
}

TEST_CASE("a name of a file is one, not a path", "[multipart]") {
    const auto name_of = [](const std::string& disposition) {
        const auto r = take_apart("--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\nx\r\n--b--");
        return r.parts.at(0).head.filename;
    };
    CHECK(name_of("name=a; filename=\"../../etc/passwd\"") == "passwd");
    CHECK(name_of("name=a; filename=\"C:\\fakepath\\a.txt\"") == "a.txt");
    CHECK(name_of("name=a; filename=\"..\\..\\a/b\\c.txt\"") == "c.txt");
    for (const char* nothing : {"", ".", "..", "/", "a/", "../..", "..\\..", "/..", "%0A"})
        CHECK(name_of("name=a; filename=\"" + std::string(nothing) + "\"") == "");
    CHECK(name_of("name=a; filename=\"a%0D%0ASet-Cookie: x%22.txt\"") == "aSet-Cookie: x\".txt");
    CHECK(name_of("name=a; filename*=UTF-8''..%2F..%2F%C3%A9") == "\xc3\xa9");
    CHECK(name_of("name=a; filename=\"\xc3\xa9t\xc3\xa9.txt\"") == "\xc3\xa9t\xc3\xa9.txt");
    CHECK_FALSE(name_of("name=a"));
}

TEST_CASE("a boundary is taken from the type", "[multipart]") {
    CHECK(multipart_boundary("multipart/form-data; boundary=abc").value() == "abc");
    CHECK(multipart_boundary("multipart/form-data; boundary=\"a b:c\"; x=y").value() == "a b:c");
    CHECK(multipart_boundary("multipart/form-data").error().code == crema::error::not_found);
    CHECK(multipart_boundary("multipart/form-data; boundary=").error().code == crema::error::not_found);
    CHECK(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'x')).has_value());
    const std::string bad_ones[] = {std::string(71, 'x'), "\"a \"", "\"a\tb\"", "a\xc3\xa9"};
    for (const auto& bad : bad_ones)
        CHECK(multipart_boundary("multipart/form-data; boundary=" + bad).error().code == crema::error::bad_value);
}
