#!/usr/bin/env python3
"""Makes single_include/crema.hpp of include/crema.hpp and everything below it.

    amalgamate.py            writes it
    amalgamate.py --check    says whether it is what would be written (exit code 1 when not)
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
OUTPUT = ROOT / "single_include" / "crema.hpp"
OWN = re.compile(r'^#include <(crema(?:/[^>]+)?\.hpp)>\s*$')
EXTRA = ["crema/testing/client.hpp"]  # part of the single header, though not of the umbrella


def expand(name, done, out):
    """Puts a header in place of its first include; later includes of it vanish, as with #pragma once.

    The bodies of a header may include further headers of the project. Those are put in front of the bodies,
    outside of their #if, so that no header is swallowed by a condition. Integrations stay within theirs.
    """
    if name in done:
        return
    done.add(name)
    lines = (INCLUDE / name).read_text().splitlines()
    ext = [i for i, l in enumerate(lines) if (m := OWN.match(l)) and m.group(1).startswith("crema/ext/")]
    for i, line in enumerate(lines):
        m = OWN.match(line)
        if m and i not in ext and "#if CREMA_BODIES" not in lines[:i]:
            expand(m.group(1), done, out)
    out.append(f"// ---- {name}")
    in_bodies = False
    for i, line in enumerate(lines):
        if line.startswith("#pragma once") or line.startswith("// SPDX"):
            continue
        if line.startswith("#if CREMA_BODIES"):
            in_bodies = True
            needed = [OWN.match(l).group(1) for l in lines[i:] if OWN.match(l)]
            missing = [n for n in needed if n not in done]
            if missing:
                for n in missing:
                    expand(n, done, out)
                out.append(f"// ---- {name}, bodies")
        m = OWN.match(line)
        if m:
            if i in ext:
                expand(m.group(1), done, out)
            continue
        out.append(line)


def amalgamation():
    done, out = set(), []
    expand("crema.hpp", done, out)
    for name in EXTRA:
        if (INCLUDE / name).exists():
            expand(name, done, out)
    head = [
        "// crema in one file, made by single_include/amalgamate.py. Do not edit.",
        "// SPDX-License-Identifier: MIT",
        "//",
        "//   g++ -std=c++20 app.cpp -lsimdjson -pthread",
        "#pragma once",
    ]
    text = "\n".join(head + out)
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def main():
    made = amalgamation()
    if "--check" in sys.argv[1:]:
        if not OUTPUT.exists() or OUTPUT.read_text() != made:
            print("single_include/crema.hpp is stale: run single_include/amalgamate.py", file=sys.stderr)
            return 1
        return 0
    OUTPUT.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
