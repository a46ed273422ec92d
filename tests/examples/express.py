"""The rows of docs/express.md: each name exists in the headers of its section, and each has a test of that title. Where CREMA_SHARED has the list
of Express' names (EXPRESS.md), each of these has a row, or a reason here. Prints what is missing, and "N passed, N failed"."""
import glob
import os
import re

WEB = "include/crema/web/"
HEADERS = {  # of the names in the second column
    "express": ["include/crema/middleware/*.hpp", WEB + "app.hpp", WEB + "router.hpp"],
    "app": [WEB + "app.hpp", WEB + "router.hpp", WEB + "settings.hpp", WEB + "view.hpp"],
    "Settings": [WEB + "settings.hpp", WEB + "view.hpp", WEB + "router.hpp"],
    "Dispatch": [WEB + "*.hpp", "include/crema/ext/pcre2.hpp"],
    "Patterns": ["include/crema/route/*.hpp"],
    "req": [WEB + "request*.hpp", WEB + "response_fields.hpp", WEB + "next.hpp"],
    "res": [WEB + "response*.hpp", WEB + "send_file.hpp"],
    "Router": [WEB + "router.hpp"],
}
# Names of EXPRESS.md that have no row of their own, and why.
EXCEPT = {
    "cb": "an argument of listen, which has a row",
    "error": "an event of Node's server: the callback of listen is told, which has a row",
}
OPTIONS = ["json", "urlencoded", "static"]  # rows of section 1 whose options are looked for, by how they are written there
OPTION = re.compile(r"`(limit|inflate|strict|type|verify|reviver|defaultCharset|extended|parameterLimit|depth|charsetSentinel|"
                    r"interpretNumericEntities|acceptRanges|cacheControl|dotfiles|etag|extensions|fallthrough|immutable|index|"
                    r"lastModified|maxAge|redirect|setHeaders)\b")


def code_of(path):
    text = open(path).read()
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', " ", text, flags=re.S)


words = {}
for section, patterns in HEADERS.items():
    words[section] = set()
    for path in {p for pattern in patterns for p in glob.glob(pattern)}:
        words[section].update(re.findall(r"\w+", code_of(path)))
titles = {}


def has(path, title):
    if path not in titles:
        try:
            text = open("tests/" + path).read()
        except OSError:
            text = ""
        titles[path] = {t.replace('\\"', '"') for t in re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', text)}
    return title in titles[path]


passed = failed = 0
section = ""
named = {}  # the names of Express that have a row, by section
for line in open("docs/express.md"):
    if line.startswith("## "):
        section = line[3:].strip()
    cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
    if not line.startswith("|") or len(cells) != 3 or cells[0] in ("Express", "---"):
        if line.startswith("|") and len(cells) != 3:
            failed += 1
            print("FAILED: no row of three: " + line.strip())
        continue
    spans = re.findall(r"`([^`]*)`", cells[0])
    named.setdefault(section, set()).update(spans)
    for span in spans:
        named[section].update(re.findall(r"\w+", span))
    path, _, title = cells[2].partition(": ")
    wrong = [] if has(path, title) else [f"there is no test \"{title}\" in tests/{path}"]
    wrong += [f"there is no {name} in the headers of {section}" for name in re.findall(r"`(\w+)`", cells[1]) if name not in words.get(section, ())]
    if wrong:
        failed += 1
        print(f"FAILED: {cells[0]}: " + "; ".join(wrong))
    else:
        passed += 1


def names_in(span):
    """Names in a span as `set/header(name,val | map)`: set, header."""
    while re.search(r"\([^()]*\)", span):
        span = re.sub(r"\([^()]*\)", "", span)
    if re.search(r"\w \w", span):
        return []  # the words of a message
    return [n for n in re.split(r"[^\w.\-]+", span) if re.fullmatch(r"[a-zA-Z][\w.\-]*", n)]


specification = os.environ.get("CREMA_SHARED", "") + "/EXPRESS.md"
if os.path.exists(specification):
    text = open(specification).read()
    part = {m.group(1): m.group(2) for m in re.finditer(r"^## (\d)[^\n]*\n(.*?)(?=^## |\Z)", text, re.S | re.M)}
    wanted = []  # section, name
    for cells in (re.split(r"(?<!\\)\|", row)[1:-1] for row in part["1"].splitlines() if row.startswith("|")):
        first = re.findall(r"`([^`]*)`", cells[0])
        wanted += [("express", re.sub(r"\(.*", "", name)) for name in first]
        if first and re.sub(r"express\.|\(.*", "", first[0]) in OPTIONS:
            wanted += [("express", option) for option in OPTION.findall(cells[1])]
    head, _, settings = part["2"].partition("Settings (complete)")
    head = re.sub(r"Event: `'mount'\(parent\)`", "", head).split("; on mount")[0] + head[head.index("Methods:"):]
    for span in re.findall(r"`([^`]*)`", head):
        for name in names_in(span):
            if name != "..." and not name[0].isupper():
                wanted.append(("app", re.sub(r"^app\.", "", name)))
    for row in settings.splitlines():
        if row.startswith("| `"):
            wanted += [("Settings", name) for name in re.findall(r"`([^`]*)`", row.split("|")[1])]
    for number, of in (("5", "req"), ("6", "res")):
        for row in part[number].splitlines():
            cells = re.split(r"(?<!\\)\|", row)
            if row.startswith("|") and len(cells) > 2 and cells[1].strip() not in ("Member", "---"):
                for span in re.findall(r"`([^`]*)`", cells[1]):
                    for name in names_in(span.replace("\\|", "|")):
                        wanted.append((of, name))
    for of, name in wanted:
        have = named.get(of, set())
        short = name.split(".")[-1]
        alike = {short, "accepts" + short, "m_search"} if of == "req" else {short}
        if have & alike or short in EXCEPT or short.replace("-", "_") in have:
            passed += 1
        else:
            failed += 1
            print(f"FAILED: {of}: {name} of EXPRESS.md has no row in docs/express.md")
    if len(wanted) < 140:
        failed += 1
        print(f"FAILED: only {len(wanted)} names were found in EXPRESS.md")
print(f"{passed} passed, {failed} failed")
