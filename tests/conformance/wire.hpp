// What wire.cpp and its suites share: titles, the apps that stand for them, and how octets are compared.
#pragma once
#include <crema.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/final_handler.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wire {

using namespace crema;

using handler = std::function<void(request&, response&, next&)>;
using error_handler = std::function<void(std::exception_ptr, request&, response&, next&)>;
using setup = std::function<void(app&)>;
using check = std::function<void()>;

inline void require(bool good, const std::string& what) {
    if (!good) throw std::runtime_error(what);
}
template <class F>
void throws(F&& f, std::string_view part = {}) {
    try {
        f();
    } catch (const std::exception& e) {
        require(std::string_view(e.what()).find(part) != std::string_view::npos, "says \"" + std::string(e.what()) + "\"");
        return;
    }
    throw std::runtime_error("does not throw");
}

// The tests of one package, by title.
struct suite {
    std::map<std::string, setup, std::less<>> apps;
    std::map<std::string, check, std::less<>> results;
    std::vector<std::function<setup(std::string_view title)>> families;
    std::vector<std::pair<std::string, std::string>> reasons; // part of a title, why it has no counterpart
    // Where what was recorded cannot be replayed or compared, as a page whose words are others here: the same is done and its
    // result asserted.
    std::map<std::string, check, std::less<>> instead;
    // Where the request is not what was sent: what was recorded in part is made whole, what was hidden is written again.
    std::map<std::string, std::function<std::string(std::string recorded)>, std::less<>> requests;
    // How the connection of a title is, if it is no usual one.
    std::map<std::string, testing::client_options, std::less<>> connections;

    void add(std::initializer_list<std::string> titles, setup s) {
        for (const auto& t : titles) apps.emplace(t, s);
    }
    void add(std::string_view title, setup s) { apps.emplace(title, std::move(s)); }
    void result(std::string_view title, check c) { results.insert_or_assign(std::string(title), std::move(c)); }
    void otherwise(std::string_view title, check c) { instead.insert_or_assign(std::string(title), std::move(c)); }
    void sent(std::string_view title, std::function<std::string(std::string)> f) { requests.insert_or_assign(std::string(title), std::move(f)); }
    void family(std::function<setup(std::string_view)> f) { families.push_back(std::move(f)); }
    void reason(std::string_view part, std::string_view why) { reasons.emplace_back(part, why); }

    setup find(const std::string& file, std::string_view title) const {
        if (const auto i = apps.find(file + ": " + std::string(title)); i != apps.end()) return i->second;
        if (const auto i = apps.find(title); i != apps.end()) return i->second;
        for (const auto& f : families)
            if (auto s = f(title)) return s;
        return {};
    }
    std::string why_not(std::string_view title) const {
        for (const auto& [part, why] : reasons)
            if (title.find(part) != title.npos) return why;
        return {};
    }
};

// Files with the times that were recorded: all of one package have one.
class fixtures {
public:
    fixtures() {
        std::string name = (std::filesystem::temp_directory_path() / "wire-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        top_ = name;
    }
    fixtures(const fixtures&) = delete;
    ~fixtures() {
        std::error_code ignored;
        std::filesystem::remove_all(top_, ignored);
    }
    std::filesystem::path make(std::string_view folder, std::int64_t changed_ms,
                               std::initializer_list<std::pair<std::string_view, std::string_view>> files) {
        using namespace std::chrono;
        const auto where = top_ / folder / "test" / "fixtures";
        for (const auto& [name, text] : files) {
            const auto file = where / name;
            std::filesystem::create_directories(file.parent_path());
            std::ofstream(file, std::ios::binary) << text;
            const auto at = file_clock::from_sys(system_clock::time_point(milliseconds(changed_ms)));
            std::filesystem::last_write_time(file, time_point_cast<std::filesystem::file_time_type::duration>(at));
        }
        return where;
    }
    const std::filesystem::path& top() const { return top_; }

private:
    std::filesystem::path top_;
};
inline fixtures& files() {
    static fixtures all;
    return all;
}

// Ids of sessions are random: the one that was recorded is drawn again, so that the cookie and its signature can be compared.
inline std::string& next_session_id() {
    static std::string id;
    return id;
}

// In JavaScript names that are numbers come first, the smallest in front.
inline value as_javascript(const value& v) {
    value::object_type numbers, others;
    for (const auto& [name, one] : v.as_object()) {
        const bool number = name == "0" || (name.front() != '0' && name.find_first_not_of("0123456789") == name.npos);
        (number ? numbers : others).emplace_back(name, one);
    }
    std::stable_sort(numbers.begin(), numbers.end(), [](const auto& a, const auto& b) { return std::pair(a.first.size(), a.first) < std::pair(b.first.size(), b.first); });
    numbers.insert(numbers.end(), others.begin(), others.end());
    value all = value::object();
    all.as_object() = std::move(numbers);
    return all;
}

// Answers an error as the servers of the tests do: its status, and a text.
inline int status_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const http_error& e) {
        return e.status();
    } catch (...) {
        return 500;
    }
}
inline std::string message_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    }
}
inline std::string type_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const http_error& e) {
        return e.type();
    } catch (...) {
        return {};
    }
}


} // namespace wire
