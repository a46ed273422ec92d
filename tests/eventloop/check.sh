#!/bin/sh
# Random programs on crema and on the installed node: CREMA_SEED and CREMA_PROGRAMS set the seed and how many.
if ! command -v node >/dev/null 2>&1; then
    echo "node is not installed: the order of random programs was not compared"
    echo "0 passed, 0 failed"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
here=tests/eventloop
launcher=
command -v ccache >/dev/null 2>&1 && launcher=ccache
$launcher ${CXX:-g++} -std=c++20 -O1 -Wall -Wextra -fPIC -c $here/virtual_time.cpp -o "$dir/virtual_time.o" &&
    $launcher ${CXX:-g++} -std=c++20 -O1 -Wall -Wextra -Iinclude -c $here/differential.cpp -o "$dir/differential.o" &&
    ${CXX:-g++} -shared "$dir/virtual_time.o" -o "$dir/virtual_time.so" -ldl &&
    ${CXX:-g++} "$dir/differential.o" -o "$dir/differential" -pthread || { echo "0 passed, 1 failed"; exit 1; }
echo '[["immediate",[]],["timeout",100000000,[["log","soon"]]]]' >"$dir/probe"
printed=$(LD_PRELOAD="$dir/virtual_time.so" timeout 20 node $here/programs.cjs "$dir/probe" 2>/dev/null)
if [ "$printed" != '["soon"]' ]; then
    echo "this node takes its time from elsewhere than the C library: the order of random programs was not compared"
    echo "0 passed, 0 failed"
    exit 0
fi
"$dir/differential" "$dir/virtual_time.so" $here/programs.cjs "$dir" "${CREMA_PROGRAMS:-1000}" $CREMA_SEED
