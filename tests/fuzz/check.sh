#!/bin/sh
# Fuzzes every parser for a short time, always with the same random numbers:
#
#   sh tests/fuzz/check.sh                 the targets of this directory, a few seconds each
#   sh tests/fuzz/check.sh plant           each again with a bug planted in a copy of the header: it has to be found
#   sh tests/fuzz/check.sh run 600 [name]  with libFuzzer (clang), so many seconds each
cd "$(dirname "$0")/../.." || exit 1
mode=${1:-short}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
p=0
f=0
cache=
command -v ccache >/dev/null 2>&1 && cache=ccache
# compiled <target> <include directory>
compiled() {
    $cache ${CXX:-g++} -std=c++20 -g1 -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -DCREMA_FUZZ_SHORT "-I$2" -c "tests/fuzz/$1.cpp" -o "$out/$1.o" 2>"$out/log" &&
        ${CXX:-g++} -fsanitize=address,undefined "$out/$1.o" -o "$out/$1" -lsimdjson 2>>"$out/log"
}
# planted <target> <header> <sed expression>
planted() {
    rm -rf "$out/include"
    cp -r include "$out/include"
    sed -i "$3" "$out/include/crema/$2"
    if cmp -s "include/crema/$2" "$out/include/crema/$2"; then
        f=$((f + 1)); echo "FAILED: $1: there is no place for the bug in $2"
    elif ! compiled "$1" "$out/include"; then
        f=$((f + 1)); echo "FAILED: $1 does not compile with its bug"; grep -m 3 error "$out/log"
    elif timeout 120 "$out/$1" 20000 >"$out/log" 2>&1; then
        f=$((f + 1)); echo "FAILED: $1 did not find the bug in $2"
    else
        p=$((p + 1)); echo "$1: $(grep -m 1 -E 'violated|ERROR|runtime error|terminate' "$out/log")"
    fi
}
case $mode in
short)
    for source in tests/fuzz/*.cpp; do
        name=$(basename "$source" .cpp)
        if ! compiled "$name" include; then
            f=$((f + 1)); echo "FAILED: $name does not compile"; grep -m 3 error "$out/log"
        elif timeout 120 "$out/$name" 4000 >"$out/log" 2>&1; then
            p=$((p + 1))
        else
            f=$((f + 1)); echo "FAILED: $name"; head -n 20 "$out/log"
        fi
    done
    ;;
plant)
    . tests/fuzz/plants.sh
    ;;
run)
    for source in tests/fuzz/*.cpp; do
        name=$(basename "$source" .cpp)
        [ -z "${3:-}" ] || [ "$3" = "$name" ] || continue
        clang++-16 -std=c++20 -g1 -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iinclude "$source" -o "$out/$name" -lsimdjson || { f=$((f + 1)); continue; }
        if (cd "$out" && "./$name" -max_total_time="${2:-600}" -max_len=1024 -timeout=300 -print_final_stats=1 >"$name.log" 2>&1); then
            p=$((p + 1)); echo "$name: $(grep number_of_executed "$out/$name.log")"
        else
            f=$((f + 1)); echo "FAILED: $name"; tail -n 40 "$out/$name.log"
        fi
    done
    ;;
esac
echo "$p passed, $f failed"
