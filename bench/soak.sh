#!/bin/sh
# Loads posts_api with good and bad requests together and asserts that it ends with the memory it began with:
#
#   sh bench/soak.sh [seconds, 600]
#
# Builds what it needs into build/bench; SERVER=<posts_api> and LOAD=<bench_load> name programs that are built already.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/packages.sh
seconds=${1:-600}
if [ -z "${SERVER:-}" ] || [ -z "${LOAD:-}" ]; then
    install_packages $packages_build python3 || exit 1
    log=$(mktemp)
    { cmake --preset bench && cmake --build build/bench --target example_posts_api bench_load -j 2; } >"$log" 2>&1 || {
        tail -n 3 "$log"
        echo "crema: building failed; the whole output is in $log" >&2
        exit 1
    }
    rm -f "$log"
    SERVER=build/bench/examples/posts_api
    LOAD=build/bench/bench_load
fi
exec python3 bench/soak/soak.py "$SERVER" "$LOAD" "$seconds"
