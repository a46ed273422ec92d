#!/bin/sh
# The single header is what the script makes, and an application compiles with nothing but it.
p=0
f=0
step() { if "$@" >"$log" 2>&1; then p=$((p + 1)); else f=$((f + 1)); echo "FAILED: $*"; head -n 20 "$log"; fi; }
log=$(mktemp)
dir=$(mktemp -d)
cp single_include/crema.hpp "$dir/"
cp tests/single_include/app.cpp "$dir/"
cxx=${CXX:-g++}
command -v ccache >/dev/null 2>&1 && cxx="ccache $cxx"
step python3 single_include/amalgamate.py --check
step sh -c "cd '$dir' && $cxx -std=c++20 -c app.cpp -o app.o && g++ app.o -o app -lsimdjson -pthread"
step "$dir/app"
rm -rf "$dir" "$log"
echo "$p passed, $f failed"
