#include <crema/core/version.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

TEST_CASE("the version is the same for the preprocessor, the program and the build", "[version]") {
    const std::string numbers = std::to_string(CREMA_VERSION_MAJOR) + "." + std::to_string(CREMA_VERSION_MINOR) + "." +
                                std::to_string(CREMA_VERSION_PATCH);
    CHECK(crema::version == numbers);
    CHECK(CREMA_VERSION_STRING == numbers);
    std::ifstream cmake("CMakeLists.txt");
    if (!cmake) return; // run from elsewhere
    const std::string text((std::istreambuf_iterator<char>(cmake)), {});
    CHECK(text.find("project(crema VERSION " + numbers + " ") != std::string::npos);
}
