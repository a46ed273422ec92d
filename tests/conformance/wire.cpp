// Replays what the tests of Express and its packages sent, against apps of crema of the same meaning, and compares the octets.
//   conformance_wire FOLDER [-v] [--only PART] [--table FILE]      FOLDER: one JSON file for each package
//
// What must differ, and is not compared:
// - the order of header fields, as long as those of one name keep theirs, and the case of their names; the value of Date;
//   `Connection: keep-alive` and Keep-Alive, which HTTP/1.1 does not need
// - whether a body comes in chunks or with a length: it is compared without its framing
// - the reason of a status that has none: Node says `unknown`; when a cookie expires, unless that is 1970
// - a Host with a scheme, which is refused here, is sent without it
// - the Content-Length of an answer to HEAD where Node leaves it out
// - `X-Powered-By: Express`, which says `crema` here
// - the stack of an error behind its message, the ETag of a page that has one, and the JavaScript class in front: C++ has none
// - ids of sessions: the one that was recorded is drawn again, so that its signature is compared
// - the words in which a JSON parser or a decompressor says what is wrong; the kind and the status are compared
// - where the files of the tests are, and the name of the system call that did not find one
// - milliseconds of the time at which the files of the tests were written
#include "wire.hpp"
#include "wire_apps.hpp"
#include "wire_arguments.hpp"
#include "wire_around.hpp"
#include "wire_bodies.hpp"
#include "wire_dispatch.hpp"
#include "wire_examples.hpp"
#include "wire_express.hpp"
#include "wire_extend.hpp"
#include "wire_files.hpp"
#include "wire_final.hpp"
#include "wire_functions.hpp"
#include "wire_mvc.hpp"
#include "wire_others.hpp"
#include "wire_pages.hpp"
#include "wire_parsers.hpp"
#include "wire_refused.hpp"
#include "wire_router.hpp"
#include "wire_small.hpp"
#include "wire_views.hpp"

#include <cstdio>
#include <iterator>
#include <set>

using namespace wire;

namespace {

std::string read_octets(const value& v, std::optional<std::size_t>& length) {
    if (v.is_string()) return v.as_string();
    if (v.contains("b64")) return base64_decode(v["b64"].as_string()).value_or("");
    length = static_cast<std::size_t>(v["length"].as_int64());
    return v["text"].as_string();
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

struct answer {
    std::string start;
    std::vector<std::string> fields;
    std::string body;
    bool chunked = false, cut = false, stack = false;
};

std::string unchunk(std::string_view text) {
    std::string out;
    for (;;) {
        const auto end = text.find("\r\n");
        if (end == text.npos) return out;
        const auto size = std::strtoul(std::string(text.substr(0, end)).c_str(), nullptr, 16);
        if (size == 0) return out;
        out += text.substr(end + 2, size);
        if (text.size() < end + 4 + size) return out;
        text.remove_prefix(end + 4 + size);
    }
}

answer take_apart(std::string text) {
    answer a;
    // a change of files within the second that was recorded
    for (auto at = text.find("-1a205d"); at != text.npos; at = text.find("-1a205d", at + 8))
        if (text.size() > at + 12 && text[at + 12] == '"') text.replace(at + 9, 3, "xxx");
    const auto end = std::min(text.find("\r\n\r\n"), text.size());
    a.body = text.substr(std::min(end + 4, text.size()));
    std::string_view head(text.data(), end);
    a.start = head.substr(0, head.find("\r\n"));
    if (a.start.ends_with(" unknown")) a.start.resize(a.start.size() - 7);
    for (auto at = head.find("\r\n"); at != head.npos;) {
        const auto next = head.find("\r\n", at + 2);
        std::string line(head.substr(at + 2, next == head.npos ? next : next - at - 2));
        at = next;
        const auto name = to_lower(line.substr(0, line.find(':')));
        if (name == "date") line = "Date: DATE";
        if (const auto expires = line.find("Expires="); name == "set-cookie" && expires != line.npos && line.find("1970", expires) == line.npos)
            line.replace(expires, std::min(line.find(';', expires), line.size()) - expires, "Expires=LATER");
        if (name == "keep-alive" || line == "Connection: keep-alive") continue;
        if (name == "transfer-encoding") {
            a.chunked = true;
            continue;
        }
        if (name == "x-powered-by") replace_all(line, "Express", "crema");
        line.replace(0, name.size(), name);
        a.fields.push_back(std::move(line));
    }
    if (a.chunked) a.body = unchunk(a.body);
    const auto name_of = [](const std::string& line) { return to_lower(line.substr(0, line.find(':'))); };
    std::stable_sort(a.fields.begin(), a.fields.end(), [&](const auto& x, const auto& y) { return name_of(x) < name_of(y); });
    // what no other language has
    const auto cut = [&](std::string_view from, std::string_view to) {
        const auto at = a.body.find(from);
        if (at == a.body.npos) return;
        const auto end_of = to.empty() ? a.body.size() : std::min(a.body.find(to, at), a.body.size());
        a.body.erase(at, end_of - at);
        a.cut = true;
    };
    cut("<br> &nbsp; &nbsp;at ", "</pre>");
    if (a.body.find("\n    at ") != a.body.npos) a.stack = true;
    cut("\n    at ", "</pre>");
    return a;
}

void drop(answer& a, std::string_view name) {
    std::erase_if(a.fields, [&](const auto& line) { return to_lower(line.substr(0, line.find(':'))) == name; });
}

// `Error: no` and `TypeError: no` are `no`.
void drop_class(std::string& body) {
    constexpr std::string_view pre = "<pre>";
    auto at = body.find(pre);
    at = at == body.npos ? 0 : at + pre.size();
    const auto end = body.find("Error", at);
    if (end == body.npos || body.substr(at, end - at).find_first_of(" <\n:") != body.npos) return;
    if (body.compare(end, 7, "Error: ") == 0) body.erase(at, end + 7 - at);
}

void drop_words(std::string& body) {
    for (const std::string_view kind : {"[entity.parse.failed] ", "[undefined] ", "[encoding.invalid] "})
        if (body.starts_with(kind)) body = kind[1] == 'e' && kind[2] == 'n' && kind[3] == 't' ? "[entity.parse.failed]" : "[a damaged coding]";
}

std::string session_id_of(const std::string& response) {
    constexpr std::string_view begin = "connect.sid=s%3A";
    const auto at = response.find(begin);
    if (at == response.npos) return "unknown";
    const auto id = response.substr(at + begin.size());
    return id.substr(0, id.find('.'));
}

std::string join(const answer& a) {
    std::string all = a.start + "\n";
    for (const auto& f : a.fields) all += f + "\n";
    return all + "\n" + a.body;
}

struct difference {
    std::string theirs, ours;
};
std::optional<difference> compare(const std::string& recorded, std::optional<std::size_t> length, const std::string& got, bool head) {
    auto theirs = take_apart(recorded), ours = take_apart(got);
    if (theirs.body.find("ENOENT: ") != theirs.body.npos || theirs.body.find("ENAMETOOLONG: ") != theirs.body.npos) { // where the files are
        for (const std::string_view quote : {"'", "&#39;"}) replace_all(theirs.body, ", stat " + std::string(quote), ", " + std::string(quote));
        for (const std::string_view name : {"/send", "/serve-static", "/express"}) replace_all(ours.body, files().top().string() + std::string(name), "");
        theirs.cut = true;
    }
    if (theirs.stack) drop(theirs, "etag"), drop(ours, "etag"); // it is that of a body with the stack
    if (theirs.chunked || ours.chunked || theirs.cut) drop(theirs, "content-length"), drop(ours, "content-length");
    if (theirs.cut) {
        drop_class(theirs.body);
        drop_class(ours.body);
    }
    const auto before = theirs.body;
    drop_words(theirs.body);
    drop_words(ours.body);
    if (before != theirs.body) {
        for (auto* one : {&theirs, &ours}) drop(*one, "content-length"), drop(*one, "etag");
    }
    if (head && recorded.find("Content-Length: ") == recorded.npos) drop(ours, "content-length");
    if (length) ours.body.resize(std::min(ours.body.size(), theirs.body.size())); // only its beginning was recorded
    if (join(theirs) == join(ours)) return std::nullopt;
    return difference{join(theirs), join(ours)};
}

} // namespace

int main(int argc, char** argv) {
    std::string folder, only, table;
    bool verbose = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        if (arg == "-v") verbose = true;
        else if (arg == "--only" && i + 1 < argc) only = argv[++i];
        else if (arg == "--table" && i + 1 < argc) table = argv[++i];
        else folder = arg;
    }
    std::map<std::string, suite> suites;
    add_files(suites);
    add_bodies(suites);
    add_small(suites);
    add_router(suites);
    add_express(suites);
    add_apps(suites);
    add_examples(suites);
    add_views(suites);
    add_refused(suites);
    add_pages(suites);
    add_mvc(suites);
    add_dispatch(suites);
    add_around(suites);
    add_extend(suites);
    add_parsers(suites);
    add_final(suites);
    add_arguments(suites);
    add_functions(suites);
    add_others(suites);

    std::size_t passed = 0, failed = 0;
    std::string overview, missing;
    for (auto& [name, s] : suites) {
        std::ifstream in(folder + "/" + name + ".json", std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto recorded = json::parse<value>(text);
        if (!recorded) {
            std::printf("FAILED: %s.json cannot be read\n", name.c_str());
            ++failed;
            continue;
        }
        std::size_t all = 0, done = 0, reasoned = 0;
        std::map<std::string, std::vector<std::string>> left; // by reason
        for (const auto& c : (*recorded)["cases"].elements()) {
            const auto& title = c["title"].as_string();
            const auto& exchanges = c["exchanges"].elements();
            ++all;
            const auto file = c["file"].as_string();
            const auto keyed = file + ": " + title;
            const auto make = s.find(file, title);
            auto r = s.results.find(title);
            const bool by_result = exchanges.empty() && r != s.results.end();
            const auto other = s.instead.find(title);
            const bool otherwise = other != s.instead.end() && !by_result && (exchanges.empty() || !make);
            if (!otherwise && (exchanges.empty() ? !by_result : !make)) {
                const auto why = s.why_not(title).empty() ? s.why_not(keyed) : s.why_not(title);
                if (!why.empty()) ++reasoned;
                left[why.empty() ? "not yet" : why].push_back(title);
                continue;
            }
            ++done;
            if (!only.empty() && (name + ": " + title).find(only) == std::string::npos) continue;
            std::string wrong;
            try {
                if (by_result || otherwise) {
                    (by_result ? r : other)->second();
                } else {
                    app a;
                    a.set("env", "test");
                    a.set("etag", "express");
                    make(a);
                    const auto connection = s.connections.find(title);
                    testing::client client(a, connection == s.connections.end() ? testing::client_options() : connection->second);
                    const auto rewrite = s.requests.find(title);
                    for (const auto& e : exchanges) {
                        std::optional<std::size_t> in_part, out_part;
                        const auto request = read_octets(e["request"], in_part);
                        auto whole = request;
                        replace_all(whole, "Host: http://", "Host: ");
                        if (rewrite != s.requests.end()) whole = rewrite->second(std::move(whole));
                        else if (in_part && *in_part > whole.size()) whole.append(*in_part - whole.size(), '.');
                        next_session_id() = session_id_of(read_octets(e["response"], out_part));
                        const auto got = client.raw(whole);
                        if (const auto d = compare(read_octets(e["response"], out_part), out_part, got, request.starts_with("HEAD ")))
                            wrong += "  request:\n" + request.substr(0, 400) + "\n  recorded:\n" + d->theirs.substr(0, 1500) +
                                     "\n  got:\n" + d->ours.substr(0, 1500) + "\n";
                    }
                }
            } catch (const std::exception& e) {
                wrong += std::string("  ") + e.what() + "\n";
            }
            if (wrong.empty()) {
                ++passed;
                if (verbose) std::printf("ok: %s: %s\n", name.c_str(), title.c_str());
            } else {
                ++failed;
                std::printf("FAILED: %s: %s\n%s", name.c_str(), title.c_str(), wrong.c_str());
            }
        }
        overview += "| " + name + " | " + std::to_string(all) + " | " + std::to_string(done) + " | " + std::to_string(reasoned) + " | " +
                    std::to_string(all - done - reasoned) + " |\n";
        if (!left.empty()) missing += "\n## " + name + "\n";
        for (const auto& [why, titles] : left) {
            missing += "\n" + why + " (" + std::to_string(titles.size()) + "):\n\n";
            std::map<std::string, std::size_t> counted;
            for (const auto& t : titles) ++counted[t];
            for (const auto& [t, n] : counted) missing += "- " + t + (n > 1 ? " (" + std::to_string(n) + ")" : "") + "\n";
        }
    }
    if (!table.empty()) {
        std::ofstream out(table);
        out << "# Counterparts of the tests of Express and its packages\n\n"
               "Made by `conformance_wire FOLDER --table`. A title has a counterpart when the octets that were recorded for it are\n"
               "replayed against an app of crema and compared, or, where nothing was sent or what was sent cannot be compared, its\n"
               "result is asserted.\n\n"
               "| package | titles | with a counterpart | without, for a reason | without yet |\n|---|---|---|---|---|\n"
            << overview << missing;
    }
    std::printf("%zu passed, %zu failed\n", passed, failed);
    return failed != 0;
}
