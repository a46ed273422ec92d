#!/usr/bin/env python3
"""Holds the levels and the anatomy of docs/design.md. Prints what is wrong, then totals."""
import re

from totals import ROOT, check, finish

LEVEL = {"core": 0, "async": 1, "http": 1, "json": 1, "route": 2, "ws": 2, "loop": 2, "net": 3, "fs": 3, "server": 4,
         "client": 4, "web": 5, "middleware": 6, "testing": 6, "ext": 7}
ASIO = {"loop", "net", "ext"}
headers = sorted((ROOT / "include/crema").rglob("*.hpp"))

for path in headers:
    name = path.relative_to(ROOT).as_posix()
    parts = path.relative_to(ROOT / "include/crema").parts
    check(len(parts) == 2 and parts[0] in LEVEL, f"{name}: not include/crema/<module>/<concept>.hpp of a known module")
    module = parts[0]
    text = path.read_text()
    lines = text.splitlines()
    check(lines[0].startswith("// ") and lines[1] == "// SPDX-License-Identifier: MIT" and lines[2] == "#pragma once",
          f"{name}: does not begin with a line of what it is, the licence and #pragma once")
    check(len(lines) <= 900, f"{name}: {len(lines)} lines are two concepts")
    for i, include in enumerate(re.findall(r"^#include <crema/([^>]+)>", text, re.M)):
        other = include.split("/")[0]
        check(other == module or LEVEL.get(other, 99) < LEVEL[module],
              f"{name}: includes {include}, which is not below {module}")
    if module not in ASIO:
        check(not re.search(r"^#include <asio", text, re.M), f"{name}: includes Asio")
    if name != "include/crema/json/parse.hpp":
        check(not re.search(r"^#include <simdjson", text, re.M), f"{name}: includes simdjson")
    check(not re.search(r"/work/|/tmp/|/home/", text), f"{name}: names a path of a machine")
    test = ROOT / "tests" / module / (path.stem + ".cpp")
    check(test.exists(), f"{name}: has no test {test.relative_to(ROOT)}")

# A binary refuses to start when two of its test cases have one name.
for module in sorted(p for p in (ROOT / "tests").iterdir() if p.name in LEVEL):
    names = [n for path in module.glob("*.cpp") for n in re.findall(r'TEST_CASE(?:_METHOD)?\((?:\w+, )?"((?:[^"\\]|\\.)*)"', path.read_text())]
    for n in {n for n in names if names.count(n) > 1}:
        check(False, f"tests/{module.name}: two test cases are called: {n}")

# docs/server.md tells every limit with its default, in the order of the header.
def octets(text):
    n, unit = re.match(r"([\d ]+)(KiB|MiB|s\b)?", text).groups()
    return int(n.replace(" ", "")) * {None: 1, "KiB": 1024, "MiB": 1024 * 1024, "s": 1000}[unit]


members = re.findall(r"^    [\w:]+ (\w+)(?: = |\{)([\d' *+]+)", (ROOT / "include/crema/server/limits.hpp").read_text(), re.M)
rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", (ROOT / "docs/server.md").read_text().split("## Threads")[0], re.M)
check([m for m, _ in members] == [r for r, _ in rows], "docs/server.md: not the members of limits, in their order")
for (name, default), (_, told) in zip(members, rows):
    check(eval(default.replace("'", "")) == octets(told), f"docs/server.md: {name} is not {told}")

finish()
