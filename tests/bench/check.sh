#!/bin/sh
# The benchmarks are no part of the tests, but they compile, start and answer.
p=0
f=0
dir=$(mktemp -d)
ok() { p=$((p + 1)); }
bad() { f=$((f + 1)); echo "FAILED: $*"; }
compiler="${CXX:-g++} -std=c++20 -Iinclude -Wall -Wextra -Werror"
command -v ccache >/dev/null 2>&1 && compiler="ccache $compiler"
build() {
    out=$1
    shift
    if $compiler "$@" -o "$dir/$out" -pthread -lsimdjson -lz -lcrypto >"$dir/log" 2>&1; then ok; else bad "$out does not compile"; head -n 12 "$dir/log"; fi
}
build floor bench/floor/epoll.cpp
build load bench/load/load.cpp
build count.so -shared -fPIC bench/count/allocations.cpp
for source in bench/*.cpp; do build "$(basename "$source" .cpp)" "$source"; done

# The server of the benchmarks and the floor answer the load, whose answers are all 200 and alike.
for server in server floor; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    ROUTES=100 MW=5 "$dir/$server" "$port" >"$dir/out" 2>&1 &
    pid=$!
    for _ in $(seq 50); do
        curl -s -o "$dir/body" "http://127.0.0.1:$port/plaintext" && break
        sleep 0.1
    done
    if [ "$(cat "$dir/body")" = "Hello, World!" ]; then ok; else bad "$server does not answer"; fi
    for work in plaintext json param param100 post; do
        if "$dir/load" "$port" bench/load/$work.request --connections 4 --pipeline 2 --requests 100 >"$dir/out" 2>&1 &&
            grep -q '"requests": 100,.*"bad": 0' "$dir/out"; then ok; else bad "$server, $work: $(cat "$dir/out")"; fi
    done
    if [ "$server" = server ]; then
        if [ "$(curl -s "http://127.0.0.1:$port/api/v1/resource7/12/detail")" = 12 ]; then ok; else bad "the last routes are missing"; fi
        # What comes back says the same as what was sent.
        curl -s -H 'Content-Type: application/json' --data-binary @bench/load/person.json "http://127.0.0.1:$port/echo-json" >"$dir/person"
        if python3 - "$dir/person" <<'PY'; then ok; else bad "the body does not come back"; fi
import json, sys
sent, got = json.load(open("bench/load/person.json")), json.load(open(sys.argv[1]))
sys.exit({k: v for k, v in sent.items() if v is not None} != {k: v for k, v in got.items() if v is not None})
PY
    fi
    kill -TERM $pid
    wait $pid
done
if "$dir/async" nested 3 2 >/dev/null 2>&1; then ok; else bad "async does not run"; fi
if PYTHONDONTWRITEBYTECODE=1 python3 -c 'import ast, glob
for name in glob.glob("bench/*.py"): ast.parse(open(name).read())' && sh -n bench/run.sh; then ok; else bad "a script is malformed"; fi
rm -rf "$dir"
echo "$p passed, $f failed"
