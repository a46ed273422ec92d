#!/usr/bin/env python3
"""Compares compile times: hello world of crema and of the neighbours whose headers are there, against a file that includes
asio.hpp and simdjson.h alone.

    compile.py [--rounds N] [--cxx g++] [--only a,b]

Each round compiles each file once (`g++ -std=c++20 -c`); what is compared is CPU time, which others on the machine disturb
least. Medians; the sizes are those of the linked programs (-O2, stripped), without the libraries they share.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import measure

MAIN = "int main() {"
SOURCES = {
    "asio.hpp + simdjson.h": ("#include <asio.hpp>\n#include <simdjson.h>\nint main() {}\n", [], ["-pthread", "-lsimdjson"]),
    "crema": ((measure.ROOT / "examples/hello_world.cpp").read_text(), [], ["-pthread", "-lsimdjson"]),
    "crema (separate compilation)": ((measure.ROOT / "examples/hello_world.cpp").read_text(), ["-DCREMA_SEPARATE_COMPILATION"], None),
    "cpp-httplib": ('#include <httplib.h>\nint main() { httplib::Server s; s.Get("/", [](const httplib::Request&, httplib::Response& r) '
                    '{ r.set_content("hello", "text/plain"); }); s.listen("127.0.0.1", 3000); }\n', [], ["-pthread", "-lcpp-httplib"]),
    "Pistache": ('#include <pistache/endpoint.h>\n#include <pistache/router.h>\nusing namespace Pistache;\nint main() { Rest::Router r; '
                 'Rest::Routes::Get(r, "/", [](const Rest::Request&, Http::ResponseWriter w) { w.send(Http::Code::Ok, "hello"); '
                 'return Rest::Route::Result::Ok; }); Http::Endpoint e(Address("127.0.0.1", Port(3000))); e.init(Http::Endpoint::options()); '
                 'e.setHandler(r.handler()); e.serve(); }\n', [], ["-pthread", "-lpistache"]),
    "RESTinio": ('#include <restinio/all.hpp>\nint main() { restinio::run(restinio::on_this_thread().port(3000).address("127.0.0.1")'
                 '.request_handler([](auto r) { return r->create_response().set_body("hello").done(); })); }\n', [],
                 ["-pthread", "-lhttp_parser", "-lfmt"]),
    "Boost.Beast": ((measure.BENCH / "peers/beast.cpp").read_text(), [], ["-pthread"]),
}


def typed_routes(count):
    """A program of that many typed routes of four kinds, each with a handler of its own."""
    kinds = ['get<"/r{}/:id">([](param<"id", int> id, response& res) {{ res.json(int(id)); }});',
             'get<"/r{}/:name/x">([](param<"name", std::string_view> n, request&, response& res) {{ res.send(std::string_view(n)); }});',
             'post<"/r{}/:id">([](param<"id", int>, body<post> p, response& res) {{ res.json(*p); }});',
             'get<"/r{}/:a/:b">([](param<"a", int> a, param<"b", int> b) {{ return post{{"x", a + b}}; }});']
    lines = "\n".join("    app." + kinds[i % len(kinds)].format(i) for i in range(count))
    return ("#include <crema.hpp>\nusing namespace crema;\nstruct post { std::string title; int n; };\n"
            "int main() {\n    class app app;\n" + lines + "\n}\n")


def cpu_of(command, cwd):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[:400])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cxx", default="g++")
    parser.add_argument("--only", type=lambda t: t.split(","))
    arguments = parser.parse_args()
    # Not through a cache.
    compile_one = [arguments.cxx, "-std=c++20", f"-I{measure.ROOT / 'include'}"]
    os.environ["CCACHE_DISABLE"] = "1"
    with tempfile.TemporaryDirectory() as directory:
        there = {}
        for i, (name, (text, flags, libraries)) in enumerate(SOURCES.items()):
            if i and arguments.only and name not in arguments.only:
                continue
            path = pathlib.Path(directory) / f"{i}.cpp"
            path.write_text(text)
            try:
                cpu_of([*compile_one, *flags, "-fsyntax-only", path.name], directory)
                there[name] = (path, flags, libraries)
            except RuntimeError as e:
                print(f"without {name}: {str(e).splitlines()[0]}", file=sys.stderr)
        times, ratios = {n: [] for n in there}, {n: [] for n in there}
        for _ in range(arguments.rounds):
            for name, (path, flags, _) in there.items():
                times[name].append(cpu_of([*compile_one, *flags, "-c", path.name, "-o", "out.o"], directory))
                ratios[name].append(times[name][-1] / times["asio.hpp + simdjson.h"][-1])
        sizes = {}
        for name, (path, flags, libraries) in there.items():
            if libraries is not None:
                cpu_of([*compile_one, *flags, "-O2", path.name, "-o", "out", "-s", *libraries], directory)
                sizes[name] = (pathlib.Path(directory) / "out").stat().st_size
        print("\n| hello world | compile time, against the first line | seconds of CPU | KiB, -O2, stripped |\n|---|---|---|---|")
        for name in there:
            size = f"{sizes[name] / 1024:.0f}" if name in sizes else ""
            print(f"| {name} | {statistics.median(ratios[name]):.2f} | {statistics.median(times[name]):.2f} | {size} |")
        print("| goal for crema; in separate compilation | 1.6; 1.2 | | |")
        if not arguments.only or "routes" in arguments.only:
            (pathlib.Path(directory) / "routes.cpp").write_text(typed_routes(1000))
            took = [cpu_of([*compile_one, *flags, "-c", "routes.cpp", "-o", "out.o"], directory)
                    for flags in ([], ["-DCREMA_SEPARATE_COMPILATION"])]
            print(f"\n1 000 typed routes: {took[0]:.1f} s, in separate compilation {took[1]:.1f} s (goal 20 s)")


if __name__ == "__main__":
    main()
