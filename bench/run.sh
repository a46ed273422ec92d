#!/bin/sh
# Builds and runs the benchmarks: sh bench/run.sh [what ...] [-- options]
#
#   probe         GET /api/health of posts_api while everything slow runs
#   compile       compile time and size of hello world
#   allocations   heap allocations per request
#   await         what coroutines cost (time, instructions)
#   watchdog      what the watchdog costs
#   compression   what the gzip of an answer costs beside zlib itself
#   session       what finding a session costs, the check of its signature included
#   upload        speed and memory of a form with a file of 1 GiB
#   files         CPU per request for files of 1 KiB and 10 MiB, beside nginx
#   instructions  user instructions per request
#   calls         system calls per request
#   cpu           CPU time per request against the floor
#   idle          memory per idle connection
#   threads       what a second thread costs
#   latency       p99 at half the floor's highest rate
#   slow          what honest clients wait for while thousands of slow ones attack
#   plot          writes figures.svg from what was measured so far
#   peers         builds the neighbours that are to be compared; after that they are measured, too
#   all           everything but peers (the default)
#
# Options after -- go to compare.py: --only crema,floor  --work plaintext,json  --rounds 7  --seconds 0.5
# Installs, and says so, what Debian packages are missing; `peers` installs theirs, and two npm packages into build/bench/peers.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
packages_bench="valgrind strace python3"
packages_peers="nginx nodejs libboost-dev nlohmann-json3-dev librestinio-dev libhttp-parser-dev libfmt-dev libcpp-httplib-dev libpistache-dev"
build=${BUILD:-build/bench}
case $build in /*) ;; *) build=$PWD/$build ;; esac
export BUILD="$build"

what=
while [ $# -gt 0 ]; do
    case $1 in
    --) shift; break ;;
    all) what="$what compile allocations await watchdog compression session upload files instructions calls idle probe cpu threads latency slow plot" ;;
    probe | compile | allocations | await | watchdog | compression | session | upload | files | instructions | calls | cpu | idle | threads | latency | slow | plot | peers) what="$what $1" ;;
    *) echo "crema: $1 is nothing to measure; the beginning of bench/run.sh lists what is" >&2; exit 2 ;;
    esac
    shift
done
[ -n "$what" ] || what="compile allocations await watchdog compression session upload files instructions calls idle probe cpu threads latency slow plot"

install_packages $packages_build $packages_bench
launcher=
command -v ccache >/dev/null 2>&1 && launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake --preset bench -B "$build" $launcher >/dev/null
mkdir -p "$build/peers"

build() {
    cmake --build "$build" -j 2 --target "$@" >"$build/log" 2>&1 || { grep -m 5 -E 'error|FAILED' "$build/log" >&2; echo "crema: building $* failed" >&2; exit 1; }
}
build_peers() {
    install_packages $packages_peers
    command -v npm >/dev/null 2>&1 || install_packages npm
    cp bench/peers/*.cjs "$build/peers/"
    (cd "$build/peers" && npm install --no-audit --no-fund --silent express@5 fastify@5) || echo "crema: npm could not install express and fastify" >&2
    for pair in "beast:" "asio:" "restinio:-lhttp_parser -lfmt" "httplib:-lcpp-httplib -lssl -lcrypto -lz" "pistache:-lpistache"; do
        name=${pair%%:*}
        [ -f "bench/peers/$name.cpp" ] || continue
        g++ -std=c++20 -O3 -DNDEBUG "bench/peers/$name.cpp" -o "$build/peers/$name" -pthread ${pair#*:} 2>"$build/peers/$name.log" ||
            echo "crema: $name could not be built: $(grep -m1 -E 'error|undefined' "$build/peers/$name.log")" >&2
    done
}
# What a difference of two runs costs each, in instructions.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | sed -n 's/.*Collected : *//p'
}
await() {
    "$build/bench_async"
    for one in nested asio; do
        shallow=$(instructions "$build/bench_async" $one 10 2000)
        deep=$(instructions "$build/bench_async" $one 20 2000)
        eval "$one=$(((deep - shallow) / 20000))"
    done
    echo "| each further nested co_await of a task | $nested instructions | goal 60 |"
    echo "| the same of an asio::awaitable | $asio instructions, $((asio * 10 / nested)) tenths of a task's | |"
}

for one in $what; do
    case $one in
    peers) build_peers ;;
    compile) python3 bench/compile.py ;;
    probe)
        build bench_load bench_floor example_posts_api
        python3 bench/probe.py
        ;;
    await)
        build bench_async
        await
        ;;
    watchdog)
        [ -f bench/watchdog.cpp ] || continue
        build bench_watchdog
        "$build/bench_watchdog"
        ;;
    session)
        build bench_session
        "$build/bench_session"
        ;;
    compression)
        build bench_compression
        "$build/bench_compression"
        ;;
    slow)
        build bench_server
        python3 bench/slow.py "$@"
        ;;
    upload)
        build bench_upload
        python3 bench/upload.py "$@"
        ;;
    files)
        build bench_load bench_files
        python3 bench/files.py
        ;;
    *)
        build bench_server bench_floor bench_load bench_count
        python3 bench/compare.py "$one" "$@"
        ;;
    esac
done
