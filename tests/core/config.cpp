#include <crema/core/config.hpp>
#include <catch2/catch.hpp>

TEST_CASE("bodies are compiled in header-only builds and in the one source of separate ones", "[config]") {
#if defined(CREMA_SEPARATE_COMPILATION) && !defined(CREMA_SOURCE)
    CHECK(CREMA_BODIES == 0);
#else
    CHECK(CREMA_BODIES == 1);
#endif
}

TEST_CASE("the build knows whether AddressSanitizer watches it", "[config]") {
#if defined(__SANITIZE_ADDRESS__)
    CHECK(crema::sanitize_address);
#elif !defined(__has_feature)
    CHECK_FALSE(crema::sanitize_address);
#else
    SUCCEED("clang says it through __has_feature, as the header does");
#endif
}
