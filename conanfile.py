from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, CMakeDeps, cmake_layout
from conan.tools.files import copy
import os


class CremaConan(ConanFile):
    name = "crema"
    version = "0.1.0"
    license = "MIT"
    description = "Express-like web framework for C++20: coroutine handlers on one Asio event loop"
    topics = ("web", "http", "express", "coroutines", "asio", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    exports_sources = "CMakeLists.txt", "CMakePresets.json", "include/*", "LICENSE"
    no_copy_source = True

    def requirements(self):
        self.requires("asio/[>=1.22 <2]", transitive_headers=True)
        self.requires("simdjson/[>=3.0 <4]", transitive_headers=True, transitive_libs=True)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("TESTS", "EXAMPLES"):
            toolchain.variables["CREMA_BUILD_" + option] = False
        for option in ("SQLITE", "CRYPT", "ZLIB", "BROTLI", "ZSTD", "OPENSSL", "PCRE2", "MUSTACHE"):
            toolchain.variables["CREMA_WITH_" + option] = False
        toolchain.variables["CREMA_ASIO_INCLUDE_DIR"] = self.dependencies["asio"].cpp_info.includedirs[0].replace("\\", "/")
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "crema")
        self.cpp_info.set_property("cmake_target_name", "crema::crema")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
