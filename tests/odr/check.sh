#!/bin/sh
# Two translation units link, header-only and with separate compilation; who includes and does not use emits nothing.
p=0
f=0
dir=$(mktemp -d)
log=$dir/log
cxx=${CXX:-g++}
command -v ccache >/dev/null 2>&1 && cxx="ccache $cxx"
step() { if sh -c "$1" >"$log" 2>&1; then p=$((p + 1)); else f=$((f + 1)); echo "FAILED: $1"; grep -m5 -E 'error|undefined|multiple' "$log"; fi; }
cat >"$dir/one.cpp" <<'X'
#include <crema.hpp>
crema::app make();
int main() { return make().enabled("x-powered-by") ? 0 : 1; }
X
cat >"$dir/two.cpp" <<'X'
#include <crema.hpp>
struct point { int x, y; };
crema::app make() {
    crema::app app;
    app.use(crema::body_json());
    app.get("/:id", [](crema::request& req, crema::response& res) -> crema::task<> { auto p = req.json<point>(); res.json(p); co_return; });
    return app;
}
X
printf '#define CREMA_SOURCE\n#include <crema.hpp>\n' >"$dir/bodies.cpp"
for unit in one two; do step "$cxx -std=c++20 -Iinclude -c $dir/$unit.cpp -o $dir/$unit.o"; done
step "g++ $dir/one.o $dir/two.o -o $dir/a -lsimdjson -pthread && $dir/a"
for unit in one two bodies; do step "$cxx -std=c++20 -DCREMA_SEPARATE_COMPILATION -Iinclude -c $dir/$unit.cpp -o $dir/s_$unit.o"; done
step "g++ $dir/s_one.o $dir/s_two.o $dir/s_bodies.o -o $dir/b -lsimdjson -pthread && $dir/b"
# A virtual function declared without inline, or a coroutine that is no template, drags thousands of functions in.
printf '#include <crema.hpp>\nint main() {}\n' >"$dir/three.cpp"
step "$cxx -std=c++20 -Iinclude -c $dir/three.cpp -o $dir/three.o && test \$(nm --defined-only $dir/three.o | grep -c ' [TtWw] ') -lt 400"
rm -rf "$dir"
echo "$p passed, $f failed"
