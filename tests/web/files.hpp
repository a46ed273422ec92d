// A directory of files as the tests of send_file and static_files serve them.
#pragma once
#include <crema/http/date.hpp>
#include <crema/http/etag.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <string_view>

class served_files {
public:
    served_files() {
        std::string name = (std::filesystem::temp_directory_path() / "crema-web-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp " + name);
        top_ = name;
        std::filesystem::create_directory(root());
    }
    served_files(const served_files&) = delete;
    ~served_files() {
        std::error_code ignored;
        std::filesystem::remove_all(top_, ignored);
    }

    /// Returns the directory that is served.
    std::filesystem::path root() const { return top_ / "root"; }
    /// Returns the directory around it.
    const std::filesystem::path& outside() const { return top_; }
    /// Writes a file, with the directories it lies in.
    std::filesystem::path write(const std::string& name, std::string_view content) const {
        const auto path = root() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    /// Returns when a file was changed, in milliseconds since 1970.
    std::int64_t changed(const std::string& name) const {
        const auto time = std::chrono::file_clock::to_sys(std::filesystem::last_write_time(root() / name));
        return std::chrono::floor<std::chrono::milliseconds>(time + std::chrono::microseconds(500)).time_since_epoch().count();
    }
    /// Returns its Last-Modified.
    std::string date(const std::string& name) const { return crema::http::format_date(changed(name) / 1000); }
    /// Returns its ETag.
    std::string etag(const std::string& name) const {
        return crema::http::file_etag(std::filesystem::file_size(root() / name), changed(name));
    }

private:
    std::filesystem::path top_;
};
