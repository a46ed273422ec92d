// A directory that is empty at first and gone at the end: what the tests of fs share.
#pragma once
#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>

class test_directory {
public:
    test_directory() {
        std::string name = (std::filesystem::temp_directory_path() / "crema-fs-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp " + name);
        path_ = name;
    }
    test_directory(const test_directory&) = delete;
    ~test_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::filesystem::path operator/(const char* name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};
