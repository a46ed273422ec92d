# Overlay port of the sources beside it: vcpkg install crema --overlay-ports=tests/package/vcpkg
set(VCPKG_BUILD_TYPE release) # header-only
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS -DCREMA_BUILD_TESTS=OFF -DCREMA_BUILD_EXAMPLES=OFF -DCREMA_WITH_SQLITE=OFF -DCREMA_WITH_CRYPT=OFF
            -DCREMA_WITH_ZLIB=OFF -DCREMA_WITH_BROTLI=OFF -DCREMA_WITH_ZSTD=OFF -DCREMA_WITH_OPENSSL=OFF -DCREMA_WITH_PCRE2=OFF -DCREMA_WITH_MUSTACHE=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME crema CONFIG_PATH lib/cmake/crema)
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/lib" "${CURRENT_PACKAGES_DIR}/debug")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
