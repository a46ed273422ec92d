#!/bin/sh
# Builds posts_api and serves it: sh examples/serve.sh [port]     (port 3000, or $PORT)
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/packages.sh
port=${1:-${PORT:-3000}}
install_packages $packages_build || exit 1
echo "building posts_api (a minute at the first time) …"
log=$(mktemp)
{ cmake --preset release -DCREMA_BUILD_TESTS=OFF && cmake --build build/release --target example_posts_api -j 2; } >"$log" 2>&1 || {
    grep -m1 -E 'error|Error' "$log" || tail -n 1 "$log"
    echo "crema: building posts_api failed; the whole output is in $log" >&2
    exit 1
}
rm -f "$log"
echo "posts_api on http://localhost:$port     try: curl http://localhost:$port/api/health     stop: Ctrl-C"
exec build/release/examples/posts_api "$port"
