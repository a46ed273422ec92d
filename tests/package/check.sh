#!/bin/sh
# Every way of consumption, against an installed copy: each builds and runs the same application.
p=0
f=0
dir=$(mktemp -d)
top=$(pwd)
log=$dir/log
command -v ccache >/dev/null 2>&1 && { export CMAKE_CXX_COMPILER_LAUNCHER=ccache; cxx="ccache ${CXX:-g++}"; } || cxx=${CXX:-g++}
step() { if sh -ec "$2" >"$log" 2>&1; then p=$((p + 1)); else f=$((f + 1)); echo "FAILED: $1"; tail -n 15 "$log"; fi; }
# The steps of the Conan recipe and the vcpkg port are these: configure without tests, install, find_package.
step install "cmake -S . -B $dir/b -G Ninja -DCREMA_BUILD_TESTS=OFF -DCREMA_BUILD_EXAMPLES=OFF -DCREMA_WITH_SQLITE=OFF -DCREMA_WITH_CRYPT=OFF -DCREMA_WITH_ZLIB=OFF -DCREMA_WITH_BROTLI=OFF -DCREMA_WITH_ZSTD=OFF -DCREMA_WITH_OPENSSL=OFF -DCREMA_WITH_PCRE2=OFF -DCREMA_WITH_MUSTACHE=OFF -DCMAKE_INSTALL_PREFIX=$dir/prefix && cmake --install $dir/b"
step find_package "cmake -S tests/package/find_package -B $dir/fp -G Ninja -DCMAKE_PREFIX_PATH=$dir/prefix && cmake --build $dir/fp && $dir/fp/app"
step add_subdirectory "cmake -S tests/package/add_subdirectory -B $dir/as -G Ninja && cmake --build $dir/as && $dir/as/app"
export PKG_CONFIG_PATH="$dir/prefix/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
step pkg-config "$cxx -std=c++20 -c tests/package/app.cpp -o $dir/pc.o \$(pkg-config --cflags crema) && g++ $dir/pc.o -o $dir/pc \$(pkg-config --libs crema) && $dir/pc"
step meson "cp -r tests/package/meson $dir/m && cp tests/package/app.cpp $dir/m && cd $dir/m && CXX='$cxx' meson setup build && ninja -C build && build/app"
step "meson options" "meson setup $dir/mo '$top' -Dauto_features=disabled -Dsqlite=enabled -Dcrypt=enabled >$dir/mo.log && grep -A1 'integrations *: crypt' $dir/mo.log | grep -q sqlite && ninja -C $dir/mo -t commands posts_api | grep -q -- -lcrypt"
step "the recipe and the port are well-formed" "cd '$top' && python3 -m py_compile conanfile.py tests/package/conan/conanfile.py && python3 -c 'import json; [json.load(open(f)) for f in (\"vcpkg.json\", \"tests/package/vcpkg/crema/vcpkg.json\", \"CMakePresets.json\")]'"
rm -rf "$dir" conanfile.pyc __pycache__ tests/package/conan/__pycache__
echo "$p passed, $f failed"
