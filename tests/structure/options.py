#!/usr/bin/env python3
"""Compares the tables of docs/middleware.md with the options that the headers declare: names, order, defaults that are plain.
Prints what is wrong, then totals."""
import re

from totals import ROOT, check, finish

NESTED = {"rate_rule", "multipart_limits", "jwt_rules", "session_cookie"}  # their members are shown as `member.name`
UNITS = {"milliseconds": "ms", "seconds": "s", "minutes": "minute", "hours": "h"}


def members(body):
    """(type, name, default) of the members of an aggregate."""
    depth, statement = 0, ""
    for c in re.sub(r"//[^\n]*|/\*.*?\*/", "", body, flags=re.S):
        depth += (c in "{(<[") - (c in "})>]")
        if c != ";" or depth:
            statement += c
            continue
        m = re.fullmatch(r"(.*?[ >&])(\w+)(?: = (.*)|\{(.*)\})?", " ".join(statement.split()))
        yield m[1].strip(), m[2], (m[3] or m[4] or "").strip()
        statement = ""


def shown(kind, default):
    """How a table may show a default; nothing when that is for a reader."""
    if m := re.fullmatch(r'"([^"]+)"', default):
        return [f"`{m[1]}`"]
    if kind == "bool" or re.fullmatch(r"[\d.]+", default) and "chrono" not in kind and kind != "byte_size":
        return [default]
    if m := re.fullmatch(r"(?:std::chrono::(\w+)\()?(\d+)\)?", default) if "chrono" in kind else None:
        return [f"{m[2]} {UNITS[m[1] or kind.split('::')[-1]]}"]
    if kind in ("byte_size", "std::size_t") and re.fullmatch(r"[\d *]+", default):
        n = eval(default)
        small, unit = (n >> 20, "m") if n >= 1 << 20 else (n >> 10, "k")
        return [f"{small}{unit}b", f"{small} {unit.upper()}iB"]
    return []


options = {}
for path in (ROOT / "include/crema/middleware").glob("*.hpp"):
    public = path.read_text().split("#if CREMA_BODIES")[0]
    found = {m[1]: list(members(m[2])) for m in re.finditer(r"^struct (\w+) \{\n(.*?)^\};", public, re.M | re.S) if re.search("option|" + "|".join(NESTED), m[1])}
    for name, all_of in found.items():
        flat = []
        for kind, member, default in all_of:
            inner = found.get(kind) if kind in NESTED else None
            flat += [(k, f"{member}.{n}", d) for k, n, d in inner] if inner else [(kind, member, default)]
        options[name] = flat

tables = {}
columns = None
for line in (ROOT / "docs/middleware.md").read_text().splitlines():
    cells = [c.strip() for c in line.strip().strip("|").split(" | ")] if line.startswith("|") else None
    if not cells:
        columns = None
    elif cells[0].startswith("option of "):
        columns = re.findall(r"`(\w+)`", cells[0])
        for c in columns:
            tables[c] = []
    elif columns and not cells[0].startswith("---"):
        last = cells[-1].rstrip(" |")
        of = re.findall(r"`(\w+)`", last) if len(columns) > 1 and last != "all" else columns
        prefix = ""
        for name in re.findall(r"`([\w.]+)`", cells[0]):
            prefix, name = (prefix, prefix + name) if name.startswith(".") else (name.split(".")[0], name)
            for c in of:
                tables[c].append((name, line))

documented = {n + "_options" for n in tables}
for name in sorted({n for n in options if n.endswith("_options")} - {"log_format_options", "log_queue_options"}):
    check(name in documented, f"docs/middleware.md: no table 'option of `{name[:-8]}`'")
for name, rows in sorted(tables.items()):
    wanted = options.get(name + "_options", [])
    names = [n for n, _ in rows]
    check(names == [n for _, n, _ in wanted], f"docs/middleware.md: {name}: has {names}, is {[n for _, n, _ in wanted]}")
    lines = dict(rows)
    for kind, member, default in wanted:
        ways = shown(kind, default)
        check(not ways or any(w in lines.get(member, "") for w in ways), f"docs/middleware.md: {name}.{member} is {ways} and not: {lines.get(member)}")

finish()
