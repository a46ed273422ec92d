#!/bin/sh
# The vector forms for NEON against the portable ones: with a cross compiler in an emulator, both of which are installed when
# they are missing. What cannot be installed is a failure, not passed over. On ARM64 itself the tests of core say it all.
cd "$(dirname "$0")/../.." || exit 1
if [ "$(uname -m)" = aarch64 ]; then
    echo "the tests of core have run the forms for NEON"
    echo "0 passed, 0 failed"
    exit 0
fi
. tests/packages.sh
cxx=aarch64-linux-gnu-g++
if ! install_packages g++-aarch64-linux-gnu qemu-user || ! command -v $cxx >/dev/null 2>&1 || ! command -v qemu-aarch64 >/dev/null 2>&1; then
    echo "FAILED: without g++-aarch64-linux-gnu and qemu-user nothing tests the forms for NEON"
    echo "0 passed, 1 failed"
    exit 1
fi
p=0
f=0
dir=$(mktemp -d)
catch2=$(echo '#include <catch2/catch.hpp>' | ${CXX:-g++} -x c++ -E - 2>/dev/null | sed -n 's|^# 1 "\(.*\)/catch2/catch.hpp".*|\1|p' | head -n 1)
mkdir "$dir/include"
ln -s "$catch2/catch2" "$dir/include/catch2" # this header alone: the others there are those of another machine
command -v ccache >/dev/null 2>&1 && cxx="ccache $cxx"
for source in tests/core/scan.cpp tests/main.cpp; do
    $cxx -std=c++20 -O1 -Wall -Wextra -Wpedantic -Werror -Iinclude -Itests -isystem "$dir/include" -c "$source" -o "$dir/$(basename "$source").o" >>"$dir/log" 2>&1
done
if ${cxx#ccache } -static "$dir"/*.o -o "$dir/scan" >>"$dir/log" 2>&1 && qemu-aarch64 "$dir/scan" >>"$dir/log" 2>&1; then
    p=1
else
    f=1
    tail -n 20 "$dir/log"
fi
rm -rf "$dir"
echo "$p passed, $f failed"
