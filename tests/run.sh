#!/bin/sh
# Builds and runs every test: sh tests/run.sh [preset]     ends with one line of totals
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/packages.sh
preset=${1:-default}
install_packages $packages_build $packages_test || exit 1
[ -z "${CREMA_SHARED:-}" ] && [ -d ../shared/conformance ] && CREMA_SHARED=$(cd ../shared && pwd) && export CREMA_SHARED
build=build/$preset
export TSAN_OPTIONS="die_after_fork=0 ${TSAN_OPTIONS:-}" # one test forks, to be killed
passed=0
failed=0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }

launcher=
command -v ccache >/dev/null 2>&1 && launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake --preset "$preset" $launcher -DCREMA_WERROR=ON >"$out/configure" 2>&1 || { cat "$out/configure"; echo "crema: configuring failed"; exit 1; }
cmake --build "$build" -j 2 -- -k 0 >"$out/build" 2>&1 || { grep -E 'error|FAILED' "$out/build" | head -40; bad "building (preset $preset)"; }

# Each test case of each module counts.
inside= # tests of what is in the bodies alone have a binary of their own where the others link these
grep -q '^CREMA_COMPILED_TESTS:.*=ON' "$build/CMakeCache.txt" && inside=inside
for module in core async http json route loop net fs server web middleware testing ext $inside; do
    [ $module = inside ] || [ -n "$(ls tests/$module/*.cpp 2>/dev/null)" ] || continue
    binary=$build/test_$module
    if [ ! -x "$binary" ]; then bad "$module: was not built"; continue; fi
    timeout 900 "$binary" -r compact >"$out/$module" 2>&1
    code=$?
    # compact: "Passed all 12 test cases with …" / "Failed 1 test case, failed 2 assertions."
    total=$("$binary" --list-test-names-only | grep -c .)
    if [ $code -eq 0 ]; then
        passed=$((passed + total))
        echo "$module: $total passed"
    else
        wrong=$(sed -n 's/^Failed \([0-9]*\) .*/\1/p' "$out/$module" | tail -1)
        [ "$(sed -n 's/^Failed \(both\|all\) .*/x/p' "$out/$module" | tail -1)" = x ] && wrong=$total
        [ -n "$wrong" ] && [ "$wrong" -gt 0 ] || wrong=1
        passed=$((passed + total - wrong))
        failed=$((failed + wrong))
        echo "FAILED: $module, $wrong of $total (exit $code)"
        tail -n 60 "$out/$module"
    fi
done

# Checks that are programs of their own: each prints "N passed, N failed" as its last line.
for check in tests/*/check.sh; do
    [ -f "$check" ] || continue
    if [ "$preset" != default ] && ! grep -q '^# every preset' "$check"; then continue; fi
    BUILD=$build timeout 1200 sh "$check" >"$out/check" 2>&1
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$out/check" | tail -1)
    if [ -z "$line" ]; then bad "$check ended without totals"; tail -n 30 "$out/check"; continue; fi
    p=${line%% *}
    f=${line#*, }
    f=${f%% *}
    passed=$((passed + p))
    failed=$((failed + f))
    echo "$check: $line"
    [ "$f" -eq 0 ] || grep -v -E '^[0-9]+ passed' "$out/check" | tail -n 60
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
