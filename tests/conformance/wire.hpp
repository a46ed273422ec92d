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

    void add(std::initializer_list<std::string> titles, setup s) {
        for (const auto& t : titles) apps.emplace(t, s);
    }
    void add(std::string_view title, setup s) { apps.emplace(title, std::move(s)); }
    void result(std::string_view title, check c) { results.insert_or_assign(std::string(title), std::move(c)); }
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
