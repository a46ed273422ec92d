// Content-Disposition: names of files written for any client, fields read as browsers do.
// SPDX-License-Identifier: MIT
#include <crema/http/content_disposition.hpp>

#include <shared.hpp>
#include <catch2/catch.hpp>

using namespace crema::http;
using crema::error;

TEST_CASE("a field names a file", "[content_disposition]") {
    CHECK(write_content_disposition("plans.pdf").value() == "attachment; filename=plans.pdf");
    CHECK(write_content_disposition("my plans.pdf", "inline").value() == "inline; filename=\"my plans.pdf\"");
    CHECK(write_content_disposition(std::nullopt).value() == "attachment");
    CHECK(write_content_disposition("").value() == "attachment; filename=\"\"");
    CHECK(write_content_disposition("a\"b\\c").value() == "attachment; filename=\"a\\\"b\\\\c\"");
}

TEST_CASE("names beyond ASCII are written twice: for old clients, and extended", "[content_disposition]") {
    CHECK(write_content_disposition("€ rates.pdf").value() ==
          "attachment; filename=\"? rates.pdf\"; filename*=UTF-8''%E2%82%AC%20rates.pdf");
    CHECK(write_content_disposition("€'*%().pdf").value() ==
          "attachment; filename=\"?'*%().pdf\"; filename*=UTF-8''%E2%82%AC%27%2A%25%28%29.pdf");
    CHECK(write_content_disposition("😀.txt").value() ==
          "attachment; filename=\"??.txt\"; filename*=UTF-8''%F0%9F%98%80.txt");
    CHECK(write_content_disposition("€", "attachment", filename_fallback::none).value() ==
          "attachment; filename*=UTF-8''%E2%82%AC");
    CHECK(write_content_disposition("€", "attachment", "EUR").value() == "attachment; filename=EUR; filename*=UTF-8''%E2%82%AC");
    CHECK(write_content_disposition("a", "attachment", "a").value() == "attachment; filename=a");
}

TEST_CASE("a name that looks escaped is written twice, so that nobody decodes it wrongly", "[content_disposition]") {
    CHECK(write_content_disposition("the%20plans.pdf").value() ==
          "attachment; filename=the%20plans.pdf; filename*=UTF-8''the%2520plans.pdf");
    CHECK(write_content_disposition("50%.pdf").value() == "attachment; filename=50%.pdf");
}

TEST_CASE("no name breaks out of its field", "[content_disposition]") {
    const auto field = write_content_disposition("a\r\nSet-Cookie: x=1.txt").value();
    CHECK(field.find_first_of("\r\n") == field.npos);
    CHECK(field == "attachment; filename=\"a??Set-Cookie: x=1.txt\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3D1.txt");
    CHECK(write_content_disposition("a", "in line").error().code == error::bad_value);
    CHECK(write_content_disposition("a", "inline;x").error().message() == "Invalid type: inline;x");
    CHECK(write_content_disposition("a", "inline", "\xc3\xa4").error().code == error::bad_value);
    CHECK(format_content_disposition({"attachment", {{"file name", "x"}}}).error().message() == "Invalid parameter name: file name");
}

TEST_CASE("fields are read leniently", "[content_disposition]") {
    const auto d = parse_content_disposition("ATTACHMENT ; FILENAME = \"a\\\"b;.txt\" x ; ;foo=bar baz; foo=2; open=\"end");
    CHECK(d.type == "attachment");
    CHECK(d.parameters.size() == 2);
    CHECK(d.get("filename") == "a\"b;.txt");
    CHECK(d.get("foo") == "bar baz");
    CHECK(d.get("nothing").empty());
    CHECK(parse_content_disposition("").type.empty());
}

TEST_CASE("extended values win over plain ones, unless they are broken", "[content_disposition]") {
    for (auto field : {"attachment; filename=\"x\"; filename*=UTF-8''%E2%82%AC", "attachment; filename*=UTF-8'de'%E2%82%AC; filename=x"})
        CHECK(parse_content_disposition(field).get("filename") == "€");
    CHECK(parse_content_disposition("a; f*=iso-8859-1''%A3%20").get("f") == "£ ");
    for (auto broken : {"a; f=x; f*=UTF-8''%E2%82", "a; f=x; f*=UTF-8''%", "a; f=x; f*=''y", "a; f=x; f*=y", "a; f=x; f*=koi8-r''y",
                        "a; f=x; f*=\"UTF-8''y\""})
        CHECK(parse_content_disposition(broken).get("f") == "x");
    CHECK(parse_content_disposition("a; f=x; f*=UTF-8''y", {.extended = false}).get("f") == "x");
}

TEST_CASE("forms escape three octets", "[content_disposition]") {
    const auto d = parse_content_disposition("form-data; name=\"a\\\"; filename=\"the %22plans%22%0A%0d%41%2\"", {.multipart = true});
    CHECK(d.get("name") == "a\\");
    CHECK(d.get("filename") == "the \"plans\"\n\r%41%2");
}

TEST_CASE("agrees with content-disposition 2.0", "[content_disposition][shared]") {
    const auto vectors = shared::vectors("content-disposition");
    for (const auto& v : vectors) {
        INFO(crema::json::stringify(v));
        const auto fn = shared::text(v, "fn");
        const auto* options = v.find("options");
        const auto option = [&](std::string_view name) { return options && options->is_object() ? options->find(name) : nullptr; };
        crema::result<std::string> got = std::string();
        if (fn == "create") {
            const auto* name = v.find("filename");
            const auto* fallback = option("fallback");
            const auto type = option("type") ? std::string(option("type")->as_string()) : "attachment";
            if (!name || !name->is_string()) got = write_content_disposition(std::nullopt, type);
            else if (fallback && fallback->is_string()) got = write_content_disposition(name->as_string(), type, fallback->as_string());
            else
                got = write_content_disposition(name->as_string(), type,
                                                fallback && !fallback->as_bool() ? filename_fallback::none
                                                                                 : filename_fallback::question_marks);
        } else if (fn == "format") {
            content_disposition parts{std::string(v.find("object")->find("type")->as_string()), {}};
            if (const auto* all = v.find("object")->find("parameters"); all && all->is_object())
                for (const auto& [key, text] : all->as_object()) parts.parameters.emplace_back(key, std::string(text.as_string()));
            got = format_content_disposition(parts);
        } else {
            content_disposition_options o;
            if (const auto* x = option("extended")) o.extended = x->as_bool();
            if (const auto* x = option("multipart")) o.multipart = x->as_bool();
            const auto d = parse_content_disposition(shared::text(v, "header"), o);
            CHECK(d.type == v.find("result")->find("type")->as_string());
            const auto* wanted = v.find("result")->find("parameters");
            CHECK(d.parameters.size() == wanted->size());
            for (const auto& [key, text] : d.parameters) {
                const auto* w = wanted->find(key);
                // names are trimmed everywhere
                if (key != "filename " && key != "filename *") CHECK((w && w->as_string() == text));
            }
            continue;
        }
        if (const auto* problem = v.find("error")) CHECK((!got && got.error().message() == problem->find("message")->as_string()));
        else CHECK((got && *got == v.find("result")->as_string()));
    }
}

TEST_CASE("a quote behind a backslash is one of the name, unless it is the last", "[content_disposition]") {
    const auto name = [](std::string_view text) {
        return std::string(parse_content_disposition(text, {.multipart = true}).get("filename"));
    };
    CHECK(name(R"(form-data; name="f"; filename="cur\"l.txt")") == R"(cur"l.txt)");
    CHECK(name(R"(form-data; filename="a\"b\"c"; name="f")") == R"(a"b"c)");
    CHECK(name(R"(form-data; filename="C:\dir\"; name="f")") == R"(C:\dir\)");
    CHECK(name(R"(form-data; filename="C:\dir\" )") == R"(C:\dir\)");
}
