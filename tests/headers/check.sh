#!/bin/sh
# Every header compiles by itself, without a warning. (CMake does the same: target all_verify_interface_header_sets.)
# From web up some bodies stand behind those of app.hpp, without which nothing of it is of use.
dir=$(mktemp -d)
cat >"$dir/one" <<'END'
header=$1 dir=$2
unit=$dir/$(echo "$header" | tr / _)
printf '#include <%s>\n' "${header#include/}" >"$unit.cpp"
case $header in */web/* | */middleware/*) echo '#include <crema/web/app.hpp>' >>"$unit.cpp" ;; esac
if $cxx -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Werror -Iinclude -fsyntax-only "$unit.cpp" >"$unit.log" 2>&1; then
    echo ok
else
    echo "FAILED: $header"
    grep -m3 -E 'error' "$unit.log"
fi
rm -f "$unit".*
END
cxx=${CXX:-g++}
export cxx
find include -name '*.hpp' | sort | xargs -P 2 -I{} sh "$dir/one" {} "$dir" >"$dir/out"
grep -v '^ok$' "$dir/out"
echo "$(grep -c '^ok$' "$dir/out") passed, $(grep -c '^FAILED' "$dir/out") failed"
rm -rf "$dir"
