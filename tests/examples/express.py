"""The rows of docs/express.md: each name exists here, and each has a test of that title. Prints what is missing, and "N passed, N failed"."""
import glob
import re

words = set()
for path in glob.glob("include/crema/web/*.hpp") + glob.glob("include/crema/*/*.hpp"):
    words.update(re.findall(r"\w+", open(path).read()))
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
for line in open("docs/express.md"):
    cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
    if not line.startswith("|") or len(cells) != 3 or cells[0] in ("Express", "---"):
        if line.startswith("|") and len(cells) != 3:
            failed += 1
            print("FAILED: no row of three: " + line.strip())
        continue
    path, _, title = cells[2].partition(": ")
    wrong = [] if has(path, title) else [f"there is no test \"{title}\" in tests/{path}"]
    wrong += [f"there is no {name}" for name in re.findall(r"`(\w+)`", cells[1]) if name not in words]
    if wrong:
        failed += 1
        print(f"FAILED: {cells[0]}: " + "; ".join(wrong))
    else:
        passed += 1
print(f"{passed} passed, {failed} failed")
