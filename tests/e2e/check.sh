#!/bin/sh
# every preset
# Whole processes: the servers as their users, their operators and their enemies meet them.
p=0
f=0
out=$(mktemp)
# run <binary> <command…>: adds the totals of a test program; says so when what it tests was not built
run() {
    if [ ! -x "$1" ]; then
        echo "$1 was not built: skipped"
        return
    fi
    shift
    timeout 600 "$@" >"$out" 2>&1
    line=$(tail -n 1 "$out")
    case $line in
    *" passed, "*" failed")
        x=${line#*, }
        p=$((p + ${line%% *}))
        f=$((f + ${x%% *}))
        [ "${x%% *}" = 0 ] || grep -v ' passed, ' "$out"
        ;;
    *)
        f=$((f + 1))
        echo "FAILED: $* ended without totals"
        tail -n 30 "$out"
        ;;
    esac
}
run "$BUILD/e2e_server" python3 tests/e2e/server.py "$BUILD/e2e_server"
run "$BUILD/examples/posts_api" sh tests/e2e/posts_api.sh "$BUILD/examples/posts_api" examples/posts_api.cpp
run "$BUILD/examples/posts_api" python3 tests/e2e/durability.py "$BUILD/examples/posts_api"
if command -v node >/dev/null 2>&1; then
    run "$BUILD/e2e_migration" node tests/e2e/migration.mjs "$BUILD/e2e_migration"
    # Once: what they find does not depend on the compiler.
    [ "${BUILD##*/}" != default ] || run "$BUILD/examples/reference_app" node tests/e2e/clients.mjs "$BUILD/examples"
    if [ "${BUILD##*/}" = default ] && [ -x "$BUILD/examples/browser" ]; then
        . tests/packages.sh
        [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || install_packages chromium
        run "$BUILD/examples/browser" node tests/e2e/browser.mjs "$BUILD/examples/browser"
    fi
else
    echo "node is not here: Express' programs are not compared with crema's"
fi
rm -f "$out"
echo "$p passed, $f failed"
