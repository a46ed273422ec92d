// Compares what an app answers with the octets that were recorded of a package.
#pragma once
#include <crema/core/text.hpp>
#include <crema/testing/client.hpp>
#include <catch2/catch.hpp>
#include <charconv>
#include <filesystem>
#include <map>
#include <shared.hpp>
#include <string>
#include <string_view>

namespace octets {

using fields = std::map<std::string, std::string>;

/// Takes an answer apart: fields in lower case, the status as "", the body as "(body)"; without what differs from day to day.
inline fields parts_of(std::string_view s) {
    fields all;
    const auto head = s.find("\r\n\r\n");
    if (head == s.npos || s.size() < 12) return all;
    auto lines = s.substr(0, head + 2);
    all[""] = lines.substr(9, 3);
    lines.remove_prefix(lines.find("\r\n") + 2);
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(line.size() + 2);
        all[crema::to_lower(line.substr(0, line.find(':')))] = line.substr(line.find(':') + 2);
    }
    for (auto name : {"date", "connection", "keep-alive"}) all.erase(name);
    all["(body)"] = s.substr(head + 4);
    return all;
}

/// Gives all files the time that the recorded validators tell, so that ours are the same.
inline void set_times(const std::filesystem::path& root, std::string_view answer) {
    const auto tag = answer.find("ETag: W/\"");
    std::int64_t ms = 0x1a205dccaee;
    if (tag != answer.npos) {
        const auto dash = answer.find('-', tag + 6);
        std::from_chars(answer.data() + dash + 1, answer.data() + answer.size(), ms, 16);
    }
    const std::filesystem::file_time_type time = std::chrono::file_clock::from_sys(std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms)));
    for (const auto& file : std::filesystem::recursive_directory_iterator(root))
        if (file.is_regular_file()) std::filesystem::last_write_time(file, time);
}

/** Repeat the exchanges of a recorded test and compare: the status and all fields; the body, unless it is a text of an error.

    @param root Where the files are.
    @return How many exchanges were compared.
*/
inline int compare(crema::app a, const std::filesystem::path& root, const crema::value& test) {
    crema::testing::client c(std::move(a));
    int compared = 0;
    for (const auto& e : test.find("exchanges")->as_array()) {
        auto asked = shared::text(e, "request");
        const auto wanted = shared::text(e, "response");
        if (asked.empty() || wanted.empty()) continue;
        set_times(root, wanted);
        if (const auto at = asked.find("Host: HOST"); at != asked.npos) asked.replace(at, 10, "Host: here");
        const auto got = c.raw(asked);
        auto g = parts_of(got), w = parts_of(wanted);
        if (w[""] >= "400")
            for (auto* side : {&g, &w})
                for (auto name : {"(body)", "content-length", "content-type", "content-security-policy", "x-content-type-options"})
                    side->erase(name);
        INFO(shared::text(test, "title") << "\n" << asked << wanted << "\n--- but\n" << got);
        CHECK(g == w);
        ++compared;
    }
    return compared;
}

} // namespace octets
