#!/bin/sh
# The vector forms for NEON against the portable ones, in an emulator; where g++-aarch64-linux-gnu and qemu-user are installed.
cxx=aarch64-linux-gnu-g++
if ! command -v $cxx >/dev/null 2>&1 || ! command -v qemu-aarch64 >/dev/null 2>&1; then
    echo "no cross compiler for aarch64, or no qemu-aarch64: skipped"
    echo "0 passed, 0 failed"
    exit 0
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
