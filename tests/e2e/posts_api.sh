#!/bin/sh
# Tests examples/posts_api.cpp as its users meet it: a real server on a free port, a real database, curl.
# usage: posts_api.sh <the built posts_api> [its source]
# Ends with one line "N passed, M failed" and exit code 0 when nothing failed.
# SPDX-License-Identifier: MIT
set -u
binary=${1:?usage: posts_api.sh binary [source]}
source=${2:-$(dirname "$0")/../../examples/posts_api.cpp}
command -v curl >/dev/null || { echo "posts_api: curl is missing" >&2; exit 1; }
LC_ALL=C
export LC_ALL
dir=$(mktemp -d)
server=
passed=0
failed=0
trap '[ -n "$server" ] && kill -9 "$server" 2>/dev/null; rm -rf "$dir"' EXIT

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED: $*" >&2
}
# start [options]: runs the server, sets $server and $base
start() {
    rm -f "$dir/out" "$dir/err" # not the port of the last one
    : >"$dir/out"
    "$binary" --port 0 --db "$dir/posts.db" "$@" >"$dir/out" 2>"$dir/err" &
    server=$!
    tries=0
    until base=$(sed -n 's/^\(http:\/\/localhost:[0-9]*\).*/\1/p' "$dir/out" | head -n 1) && [ -n "$base" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 600 ] || ! kill -0 "$server" 2>/dev/null; then
            echo "posts_api: the server did not start: $(cat "$dir/err")" >&2
            exit 1
        fi
        sleep 0.05
    done
    base=$(echo "$base" | sed 's/localhost/127.0.0.1/')
}
# stop: asks it to stop, sets $code
stop() {
    kill -TERM "$server" 2>/dev/null
    wait "$server"
    code=$?
    server=
}
# request <status> <text in the body> <path> [options of curl]
request() {
    want=$1 text=$2 path=$3
    shift 3
    : >"$dir/body"
    status=$(curl -s -m 60 -D "$dir/head" -o "$dir/body" -w '%{http_code}' "$@" "$base$path")
    if ! kill -0 "$server" 2>/dev/null; then
        echo "posts_api: the server died at $path $*: $(cat "$dir/err")" >&2
        exit 1
    elif [ "$status" != "$want" ]; then
        bad "$path $*: status $status instead of $want: $(head -c 300 "$dir/body")"
    elif [ -n "$text" ] && ! grep -qF -e "$text" "$dir/body"; then
        bad "$path $*: no '$text' in $(head -c 300 "$dir/body")"
    else ok; fi
}
json() { # json <status> <text> <method> <path> <body>
    request "$1" "$2" "$4" -X "$3" -H 'Content-Type: application/json' --data-binary "$5"
}
expect() { # expect <what> <condition…>
    what=$1
    shift
    if "$@"; then ok; else bad "$what"; fi
}
in_file() { grep -qF -e "$1" "$2"; }
not_in_file() { ! grep -qF -e "$1" "$2"; }

# ---- each curl line of the source, in order, on a fresh database
start
lines=0
awk '/^ *\/\/ +curl /{sub(/^ *\/\/ +/,""); line=$0; while (line ~ /\\$/ || line !~ /->/) {
        if ((getline next_line) <= 0 || next_line !~ /^ *\/\/ /) break;
        sub(/\\$/,"",line); sub(/^ *\/\/ +/,"",next_line); line=line " " next_line }
     print line }' "$source" >"$dir/curls"
while IFS= read -r line; do
    lines=$((lines + 1))
    command=$(printf '%s' "$line" | sed 's/ *->.*//')
    wanted=$(printf '%s' "$line" | sed -n 's/.*-> *//p')
    status=$(printf '%s' "$wanted" | sed -n 's/^\([0-9][0-9][0-9]\).*/\1/p')
    # the beginning of the JSON, up to what is left out
    text=$(printf '%s' "$wanted" | sed -n 's/^[^[{]*\([[{].*\)/\1/p' | sed -e 's/\xe2\x80\xa6.*//' -e 's/^\(.*[]}]\)[^]}]*$/\1/')
    command=$(printf '%s' "$command" | sed -e "s|http://localhost:3000|$base|" -e "s|^curl|curl -s -m 60 -o $dir/body -w '%{http_code}'|")
    : >"$dir/body"
    got=$(sh -c "$command" </dev/null)
    if [ "$got" != "${status:-200}" ]; then bad "$line: status $got: $(head -c 300 "$dir/body")"
    elif ! grep -qF -e "$text" "$dir/body" && [ -n "$text" ]; then bad "$line: answered $(head -c 300 "$dir/body")"
    else ok; fi
done <"$dir/curls"
expect "the source has a curl line for each route ($lines found)" [ "$lines" -ge 14 ]
stop
expect "stops with code 0 (was $code)" [ "$code" = 0 ]
rm -f "$dir"/posts.db*

# ---- the page and the files
start
request 200 '<title>crema: posts</title>' /
expect "the page is HTML" in_file 'text/html' "$dir/head"
request 200 '"status":"ok"' /api/health
request 200 '"posts_per_page":20' /api/config
request 200 '"now_ms":' /api/loop
request 404 '"error":"Cannot GET /api/nothing"' /api/nothing

# ---- posts
request 200 '"title":"Notes on the engine"' /api/posts
expect "three posts are there at first" [ "$(grep -o '"id":' "$dir/body" | wc -l)" = 3 ]
request 200 '"author":"Grace"' '/api/posts?author_id=2'
expect "only hers" not_in_file '"author":"Ada"' "$dir/body"
request 200 '"id":3' '/api/posts?limit=1'
expect "one of them" not_in_file '"id":2' "$dir/body"
for wrong in 0 -1 x 101 1x 99999999999999999999; do request 400 '"error":"limit: ' "/api/posts?limit=$wrong"; done
request 200 '"title":"The first bug"' /api/posts/2
request 404 '"error":"no such post"' /api/posts/99
request 400 '"error":"parameter \"id\"' /api/posts/abc
json 201 '"title":"Ünï 🦊","body":"<b>&amp;</b>"' POST /api/posts '{"title":"Ünï 🦊","body":"<b>&amp;</b>","author_id":2}'
expect "says where it is" grep -qi '^location: /api/posts/4' "$dir/head"
request 200 '"author":"Grace"' /api/posts/4
json 400 'title' POST /api/posts '{"body":"x","author_id":1}'
json 400 'author_id' POST /api/posts '{"title":"x","body":"x","author_id":"1"}'
json 400 '"error":"author_id: no such user"' POST /api/posts '{"title":"x","body":"x","author_id":77}'
json 400 '"error":"title: must not be empty"' POST /api/posts '{"title":"","body":"x","author_id":1}'
json 400 '"error":' POST /api/posts '{"title":"x",'
json 400 '"error":' POST /api/posts '{"title":"x","body":"x","author_id":1} trailing'
json 400 '"error":' POST /api/posts ''
json 400 '"error":"title: at most 200' POST /api/posts "{\"title\":\"$(head -c 201 /dev/zero | tr '\0' x)\",\"body\":\"x\",\"author_id\":1}"
head -c 200000 /dev/zero | tr '\0' ' ' >"$dir/large"
request 413 '' /api/posts -X POST -H 'Content-Type: application/json' --data-binary @"$dir/large"
request 415 '' /api/posts -X POST -H 'Content-Type: text/plain' --data-binary '{"title":"x","body":"x","author_id":1}'
json 200 '"id":4,"title":"New","body":"Text"' PUT /api/posts/4 '{"title":"New","body":"Text"}'
json 404 '"error":"no such post"' PUT /api/posts/99 '{"title":"New","body":"Text"}'
json 400 '"error":"body: must not be empty"' PUT /api/posts/4 '{"title":"New","body":""}'
request 204 '' /api/posts/4 -X DELETE
request 404 '"error":"no such post"' /api/posts/4
request 404 '"error":"no such post"' /api/posts/4 -X DELETE
request 200 '"users":[{"id":1,"email":"ada@example.com","name":"Ada"}' /api/dashboard
expect "no password leaves" not_in_file 'password' "$dir/body"

# ---- accounts
json 201 '{"id":3,"email":"alan@example.com","name":"Alan"}' POST /api/auth/register '{"email":"alan@example.com","name":"Alan","password":"on computable"}'
json 409 'email: is registered already' POST /api/auth/register '{"email":"ALAN@example.com","name":"A","password":"on computable"}'
json 200 '"name":"Alan"' POST /api/auth/login '{"email":"alan@example.com","password":"on computable"}'
json 401 'wrong e-mail address or password' POST /api/auth/login '{"email":"alan@example.com","password":"on computablf"}'
json 401 'wrong e-mail address or password' POST /api/auth/login '{"email":"nobody@example.com","password":"on computable"}'
json 400 'email: is no' POST /api/auth/register '{"email":"alan","name":"Alan","password":"on computable"}'
json 400 'password: at least 8' POST /api/auth/register '{"email":"a@b","name":"Alan","password":"short"}'
json 400 'password: at most 72' POST /api/auth/register "{\"email\":\"a@b\",\"name\":\"A\",\"password\":\"$(head -c 73 /dev/zero | tr '\0' x)\"}"
json 400 'password: must not hold a NUL' POST /api/auth/register '{"email":"a@b","name":"A","password":"1234\u000056789"}'
json 400 '' POST /api/auth/login '{"email":"alan@example.com"}'

# ---- reports: on the pool nobody waits, on the loop everybody does, and the log says who is to blame
curl -s -m 60 -o "$dir/report" "$base/api/report" &
report=$!
answered=0
while kill -0 $report 2>/dev/null; do
    curl -s -m 5 -o /dev/null "$base/api/health" && answered=$((answered + 1))
done
wait $report
expect "the report is right" in_file '{"below":2000000,"primes":148933}' "$dir/report"
expect "others are answered while it is made ($answered)" [ $answered -ge 3 ]
expect "the log blames nobody yet" not_in_file '/api/report' "$dir/err"
request 200 '"primes":148933' /api/report-wrong
expect "the log names the route that blocks: $(cat "$dir/err")" in_file '/api/report-wrong' "$dir/err"
expect "and its method" in_file 'GET' "$dir/err"
expect "and where it was registered" in_file "(handler registered at posts_api.cpp:$(grep -n '"/api/report-wrong", ' "$source" | cut -d: -f1))" "$dir/err"
request 200 '"max_ms":' /api/loop
expect "the loop's delay shows it: $(cat "$dir/body")" [ "$(sed 's/.*"now_ms":\([0-9]*\).*/\1/' "$dir/body")" -ge 100 ]
expect "and the log tells how long it was in total" in_file ' ms in total' "$dir/err"

# ---- clients that leave half-way do no harm
curl -s -m 0.05 -o /dev/null "$base/api/report"
curl -s -m 0.05 -o /dev/null "$base/api/posts" -X POST -H 'Content-Type: application/json' -H 'Content-Length: 1000' --data-binary '{'
request 200 '"status":"ok"' /api/health

# ---- many at once
i=0
posters=
while [ $i -lt 20 ]; do
    curl -s -m 60 -o /dev/null -X POST -H 'Content-Type: application/json' \
        --data-binary "{\"title\":\"many $i\",\"body\":\"x\",\"author_id\":1}" "$base/api/posts" &
    posters="$posters $!"
    i=$((i + 1))
done
for p in $posters; do wait "$p"; done
request 200 '"title":"many 19"' '/api/posts?limit=100'
expect "all of them are there" [ "$(grep -o '"many [0-9]*"' "$dir/body" | sort -u | wc -l)" = 20 ]

# ---- bad starts
port=${base##*:}
timeout 60 "$binary" --port "$port" --db "$dir/second.db" >"$dir/out2" 2>"$dir/err2"
expect "a port in use ends with code 1" [ $? = 1 ]
expect "and says so: $(cat "$dir/err2")" grep -qi 'in use' "$dir/err2"
expect "and names the port" in_file "$port" "$dir/err2"
"$binary" --port 0 --db "$dir/no/such/posts.db" >"$dir/out2" 2>"$dir/err2"
expect "a missing directory ends with code 1" [ $? = 1 ]
expect "and is named: $(cat "$dir/err2")" in_file "$dir/no/such" "$dir/err2"
"$binary" 70000 >"$dir/out2" 2>"$dir/err2"
expect "a bad port ends with code 2" [ $? = 2 ]
"$binary" --colour red >"$dir/out2" 2>"$dir/err2"
expect "an unknown option ends with code 2" [ $? = 2 ]

# ---- what was answered stays: over a stop, over kill -9
stop
expect "stops with code 0 (was $code): $(cat "$dir/err")" [ "$code" = 0 ]
start
request 200 '"title":"many 19"' '/api/posts?limit=100'
json 201 '"id":' POST /api/posts '{"title":"before the kill","body":"x","author_id":1}'
json 201 '"id":' POST /api/auth/register '{"email":"killed@example.com","name":"K","password":"before the kill"}'
kill -9 "$server"
wait "$server" 2>/dev/null
start --config "$dir/none.json"
request 200 '"title":"before the kill"' '/api/posts?limit=1'
json 200 '"name":"K"' POST /api/auth/login '{"email":"killed@example.com","password":"before the kill"}'
request 500 '"error":' /api/config
expect "the path stays in the log" not_in_file 'none.json' "$dir/body"
expect "where it can be read: $(cat "$dir/err")" in_file 'none.json' "$dir/err"

# ---- a stop lets running requests finish
curl -s -m 60 -o "$dir/report" "$base/api/report" &
report=$!
sleep 0.2
stop
wait $report
expect "stops with code 0 (was $code)" [ "$code" = 0 ]
expect "what ran was answered" in_file '148933' "$dir/report"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
