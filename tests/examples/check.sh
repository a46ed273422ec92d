#!/bin/sh
# Every example is run and shows what its comment says.
p=0
f=0
dir=$(mktemp -d)
is() { if [ "$2" = "$3" ]; then p=$((p + 1)); else f=$((f + 1)); echo "FAILED: $1: got '$2', expected '$3'"; fi; }
has() { case $2 in *"$3"*) p=$((p + 1)) ;; *) f=$((f + 1)); echo "FAILED: $1: got '$2', expected to find '$3'" ;; esac; }
serve() {
    : >"$dir/out"
    "$BUILD/examples/$1" 0 ${2:+"$2"} >"$dir/out" 2>"$dir/err" &
    pid=$!
    at=
    for _ in $(seq 50); do
        at=$(sed -n 's|.*\(http://localhost:[0-9]*\).*|\1|p' "$dir/out" | head -n 1)
        [ -n "$at" ] && break
        sleep 0.1
    done
    [ -n "$at" ] || { f=$((f + 1)); echo "FAILED: $1 did not start"; at=http://localhost:1; }
}
stop() {
    kill -TERM "$pid"
    wait "$pid"
    is "$1 ends with 0 on SIGTERM" $? 0
}
get() { curl -s -m 20 "$@"; }

serve hello_world
is hello_world "$(get "$at/")" "hello, world"
stop hello_world

serve routing
is users "$(get "$at/users/7")" "user 7"
is files "$(get "$at/files/a/b.txt")" "file a/b.txt"
is docs "$(get "$at/docs")" "docs, page 1"
is docs4 "$(get "$at/docs/4")" "docs, page 4"
is square "$(get "$at/square/12")" '{"number":12,"square":144}'
is "square abc" "$(get -o "$dir/body" -w '%{http_code}' "$at/square/abc")" 400
has "square abc" "$(cat "$dir/body")" number
is shop "$(get "$at/shop/items/9?sort=price")" "item 9 of /shop by price"
is "shop del" "$(get -X DELETE "$at/shop/items/9")" "deleted 9"
stop routing

serve middleware
is middleware "$(get -D "$dir/head" "$at/")" hello
has "frame options" "$(cat "$dir/head")" "X-Frame-Options: DENY"
is admin "$(get -o "$dir/body" -w '%{http_code}' "$at/admin")" 401
is "admin with token" "$(get -H 'X-Token: secret' "$at/admin")" welcome
is echo "$(get -d '{"text":"hi"}' -H 'Content-Type: application/json' "$at/echo")" '{"text":"hi"}'
stop middleware
has "log line" "$(cat "$dir/out")" "GET /admin 401"

serve error_handling
is "no such user" "$(get -w ' %{http_code}' "$at/users/99")" '{"error":"no such user"} 404'
is later "$(get -w ' %{http_code}' "$at/later")" '{"error":"the disk is on fire"} 500'
is passed "$(get -D "$dir/head" -w ' %{http_code}' "$at/passed")" '{"error":"come back later"} 503'
has "retry after" "$(cat "$dir/head")" "Retry-After: 30"
is missing "$(get -w ' %{http_code}' "$at/missing")" '{"error":"Cannot GET /missing"} 404'
stop error_handling

serve offload
is primes "$(get "$at/primes/20000")" '{"below":20000,"count":2262}'
is health "$(get "$at/health")" ok
stop offload

if [ -x "$BUILD/examples/views" ]; then
    serve views
    is "a view" "$(get "$at/" | tr -d '\n')" '<title>Everybody</title><h1>Views: Everybody</h1><ul>  <li>Ada, 36</li>  <li>Bob, 41</li>  <li>Eve, 29</li></ul>'
    is "a view with the answer's locals" "$(get "$at/search?q=a" | tr -d '\n')" '<title>Found</title><h1>Views: Found</h1><ul>  <li>Ada, 36</li></ul>'
    has "an empty list" "$(get "$at/search?q=x")" "nobody"
    is "an engine of the application's" "$(get "$at/hello.txt")" "Hello, Ada"
    has "a view that is nowhere" "$(get "$at/missing")" 'Failed to lookup view &quot;missing&quot; in views directory'
    stop views
fi

if [ -x "$BUILD/examples/production" ]; then
    serve production
    has "gzip" "$(get -i -H 'Accept-Encoding: gzip' "$at/posts" | tr -d '\r' | grep -a -i content-encoding)" "Content-Encoding: gzip"
    has "whatever curl likes" "$(get --compressed "$at/posts")" '{"id":100,"title":"what was done on day 100"}'
    is ticks "$(get -N -H 'Accept-Encoding: gzip' "$at/ticks" | gzip -d | tr '\n' ' ')" "tick 1 tick 2 tick 3 "
    get -o "$dir/body" "$at/posts?token=x"
    has trace "$(get -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' "$at/trace")" "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"
    has metrics "$(get "$at/metrics")" 'http_request_duration_seconds_count{method="GET",route="/posts",status="200"} 3'
    stop production
    has "the log" "$(cat "$dir/out")" '"GET /posts?token=[redacted] HTTP/1.1" 200'
fi

serve guards
page=$(get -D "$dir/head" "$at/")
has "nonce" "$(cat "$dir/head")" "'nonce-$(echo "$page" | sed 's/.*nonce="\([^"]*\)".*/\1/')'"
has "request id" "$(cat "$dir/head")" "X-Request-Id: "
has cors "$(get -i -H 'Origin: https://a.example' "$at/api/")" "Access-Control-Allow-Origin: https://a.example"
is "cors, others" "$(get -i -H 'Origin: https://evil.example' "$at/api/" | grep -ci allow-origin)" 0
has preflight "$(get -i -X OPTIONS -H 'Origin: https://a.example' -H 'Access-Control-Request-Method: PUT' "$at/api/")" "Access-Control-Allow-Methods: "
for _ in 1 2 3 4 5 6 7 8 9 10; do get -i "$at/api/"; done >"$dir/body"
has "rate limit" "$(cat "$dir/body")" 'RateLimit: "api";r='
has "rate limit, too many" "$(cat "$dir/body")" "HTTP/1.1 429 Too Many Requests"
is admin "$(get -u ada:lovelace "$at/admin")" "hello, ada"
is "admin without password" "$(get -o "$dir/body" -w '%{http_code}' "$at/admin")" 401
is robots "$(get -H 'Authorization: Bearer 12345' "$at/robots")" "hello, r2d2"
is "robots without token" "$(get -o "$dir/body" -w '%{http_code}' "$at/robots")" 401
is "from another site" "$(get -o "$dir/body" -w '%{http_code}' -d x -H 'Sec-Fetch-Site: cross-site' "$at/save")" 403
is "from no site" "$(get -d x "$at/save")" saved
is slow "$(get -o "$dir/body" -w '%{http_code}' "$at/slow")" 503
is ready "$(get "$at/health/ready")" '{"status":"up","checks":{"disk":"up"}}'
stop guards

mkdir -p "$dir/files/sub"
printf 123456789 >"$dir/files/a.txt"
gzip -k "$dir/files/a.txt"
printf x >"$dir/files/app.3f2a9c1e.js"
printf x >"$dir/files/.hidden"
ln -s /etc "$dir/files/out"
serve files "$dir/files"
has "a page" "$(get "$at/")" '<a href="./sub/">'
is "a page as JSON" "$(get -H 'Accept: application/json' "$at/" | grep -o '"name":"[^"]*"' | tr '\n' ' ')" '"name":"sub" "name":"a.txt" "name":"a.txt.gz" "name":"app.3f2a9c1e.js" '
is "a range" "$(get -H 'Range: bytes=0-3' "$at/a.txt")" 1234
has "two ranges" "$(get -i -H 'Range: bytes=0-1,4-5' "$at/a.txt")" "Content-Type: multipart/byteranges; boundary="
is "two ranges of another file" "$(get -w ' %{http_code}' -H 'Range: bytes=0-1,4-5' -H 'If-Range: "x"' "$at/a.txt")" "123456789 200"
has coded "$(get -D - -o "$dir/body" -H 'Accept-Encoding: gzip' "$at/a.txt")" "Content-Encoding: gzip"
has immutable "$(get -i "$at/app.3f2a9c1e.js")" "max-age=31536000, immutable"
for path in /../secret /out/passwd /%2e%2e/secret /.hidden /out/; do is "$path" "$(get -o "$dir/body" -w '%{http_code}' --path-as-is "$at$path")" 404; done
stop files

if [ -x "$BUILD/examples/accounts" ]; then
    serve accounts
    jar="-c $dir/jar -b $dir/jar"
    is "a first visit" "$(get $jar "$at/visits")" "visit 1"
    is "a second visit" "$(get $jar "$at/visits")" "visit 2"
    is login "$(get $jar -d name=ada "$at/login")" "hello, ada"
    is "the old session is gone" "$(get $jar "$at/visits")" "visit 1"
    token=$(get $jar "$at/form")
    is transfer "$(get $jar -d amount=5 -H "X-CSRF-Token: $token" "$at/transfer")" "ada sent 5"
    is "transfer without a token" "$(get $jar -o "$dir/body" -w '%{http_code}' -d amount=5 "$at/transfer")" 403
    is theme "$(get $jar -d theme=dark "$at/theme")" "saved, where nobody can read it"
    is "theme again" "$(get $jar "$at/theme")" dark
    is "nobody can read it" "$(grep -c dark "$dir/jar")" 0
    is "api" "$(get -H "Authorization: Bearer $(get $jar "$at/token")" "$at/api/me")" ada
    is "api without a token" "$(get -o "$dir/body" -w '%{http_code}' "$at/api/me")" 401
    is upload "$(get -F note=hi -F file=@README.md "$at/upload")" "README.md: $(($(wc -c <README.md))) octets, with the note hi"
    is "upload of something else" "$(get -o "$dir/body" -w '%{http_code}' -F other=@README.md "$at/upload")" 400
    is logout "$(get $jar -X POST "$at/logout")" bye
    is "after logout" "$(get $jar -o "$dir/body" -w '%{http_code}' "$at/token")" 401
    stop accounts
fi

is event_loop "$("$BUILD/examples/event_loop" | tr '\n' ' ')" "1 2 2.5 3 "
has concurrency "$("$BUILD/examples/concurrency")" "the first of two: near"
[ -x "$BUILD/examples/testing" ] && is testing "$("$BUILD/examples/testing")" "3 passed"

# The curl lines in front of them, as they are typed.
said=$(python3 tests/examples/curl.py "$BUILD/examples")
line=$(echo "$said" | tail -n 1)
p=$((p + ${line%% *}))
line=${line#*, }
f=$((f + ${line%% *}))
echo "$said" | sed '$d'

# The README's code is code of the examples; every row of docs/express.md has a name and a test.
for script in readme express; do
    said=$(python3 tests/examples/$script.py)
    line=$(echo "$said" | tail -n 1)
    p=$((p + ${line%% *}))
    line=${line#*, }
    f=$((f + ${line%% *}))
    echo "$said" | sed '$d'
done

rm -rf "$dir"
echo "$p passed, $f failed"
