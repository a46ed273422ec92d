#!/bin/sh
# every preset
p=0
f=0
# add <what> <command…>: a program of its own, whose last line has its totals
add() {
    what=$1
    shift
    out=$(mktemp)
    timeout 600 "$@" >"$out" 2>&1
    line=$(tail -n 1 "$out")
    case $line in
    *" passed, "*" failed"*)
        w=${line%% *}
        x=${line#*, }
        x=${x%% *}
        p=$((p + w))
        f=$((f + x))
        echo "$what: $line"
        [ "$x" = 0 ] || grep -v ' passed' "$out" | head -n 60
        ;;
    *)
        f=$((f + 1))
        echo "FAILED: $what ended with: $line"
        ;;
    esac
    rm -f "$out"
}
# The echo server, which all wire cases are sent to.
echo_out=$(mktemp)
"$BUILD/conformance_echo" 0 >"$echo_out" 2>&1 &
pid=$!
port=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    port=$(head -n 1 "$echo_out")
    [ -n "$port" ] && break
    sleep 0.2
done
# The project's own cases: each is sent whole, and in two segments.
add "HTTP/1.1 on the wire, our cases" python3 tests/conformance/http1.py "$port"
# Those of the harness, in two modes, where it is there; each case counts.
wire=${CREMA_SHARED:-}/conformance/h1_wire.mjs
if [ -f "$wire" ] && command -v node >/dev/null 2>&1; then
    for mode in --need-status --strict; do
        timeout 300 node "$wire" "127.0.0.1:$port" $mode >"$echo_out.$mode" 2>&1
        line=$(tail -n 1 "$echo_out.$mode")
        case $line in
        *" passed, "*" failed")
            w=${line%% *}; x=${line#*, }; x=${x%% *}; p=$((p + w)); f=$((f + x)); grep '^FAIL' "$echo_out.$mode"
            [ $((w + x)) -ge 457 ] || { f=$((f + 1)); echo "FAILED: the harness has run $((w + x)) cases alone"; }
            ;;
        *) f=$((f + 1)); echo "FAILED: the harness ended with: $line" ;;
        esac
    done
else
    echo "the wire harness is not here: skipped"
fi
kill "$pid"
wait "$pid"
code=$?
if [ $code -eq 0 ]; then p=$((p + 1)); else f=$((f + 1)); echo "FAILED: the echo server ended with $code"; tail -n 20 "$echo_out"; fi
rm -f "$echo_out" "$echo_out".*
if command -v node >/dev/null 2>&1; then
    vectors=${CREMA_SHARED:-}/conformance/check_vectors.mjs
    if [ -f "$vectors" ]; then
        add "the vectors of Express' libraries" node "$vectors" --adapter "$BUILD/conformance_vectors"
        add "the texts of path-to-regexp's errors" node tests/conformance/messages.mjs "$vectors" "$BUILD/conformance_vectors"
    else
        echo "the vectors are not here: skipped"
    fi
    add "random routers, compared with Express" node tests/conformance/differential.mjs "$BUILD/conformance_routing_peer" 600
else
    echo "node is not here: vectors and random routers skipped"
fi
if [ -d "${CREMA_SHARED:-}/conformance/wire" ]; then
    add "the tests of Express and its packages, replayed" "$BUILD/conformance_wire" "$CREMA_SHARED/conformance/wire"
    add "the titles of four packages" python3 tests/conformance/titles.py "$CREMA_SHARED/conformance/wire"
else
    echo "what the tests of Express sent is not here: skipped"
fi
# Real clients against the reference application, once: they take their time. WebSocket is not there yet.
matrix=${CREMA_SHARED:-}/conformance/client_matrix.mjs
npm=${CREMA_NPM:-${TMPDIR:-/tmp}/crema-npm-$(id -u)}
clients="ws undici@6 supertest autocannon playwright-core"
if [ "${BUILD##*/}" != default ]; then
    :
elif [ ! -f "$matrix" ] || ! command -v node >/dev/null 2>&1 || [ ! -x "$BUILD/examples/reference_app" ]; then
    echo "the matrix of clients, node or the reference application is not here: skipped"
elif [ ! -d "$npm/node_modules/autocannon" ] && ! timeout 300 npm install --prefix "$npm" --no-audit --no-fund --silent $clients >/dev/null 2>&1; then
    echo "the clients cannot be had from npm: skipped"
else
    . tests/packages.sh
    install_packages wrk nghttp2-client apache2-utils slowhttptest chromium || echo "not all of the clients can be had"
    out=$(mktemp)
    "$BUILD/examples/reference_app" 0 >"$out" 2>"$out.err" &
    pid=$!
    port=
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        port=$(sed -n 's/.*://p' "$out" | head -n 1)
        [ -n "$port" ] && break
        sleep 0.2
    done
    export CONF_NODE_MODULES="$npm/"
    add "real clients of the reference application" node "$matrix" "127.0.0.1:$port" --only '^(?!.*(ws client|WebSocket))'
    kill "$pid"
    wait "$pid"
    code=$?
    if [ $code -eq 0 ]; then p=$((p + 1)); else f=$((f + 1)); echo "FAILED: the reference application ended with $code"; tail -n 20 "$out.err"; fi
    rm -f "$out" "$out.err"
fi
echo "$p passed, $f failed"
