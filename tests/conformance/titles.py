# Compares titles.md with the recorded titles of four packages, and with the tests that it names.
#   titles.py FOLDER      FOLDER: one JSON file for each package
import collections
import json
import os
import re
import sys

folder = sys.argv[1]
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
said = {}  # package -> counted titles
tests = set()
package = None
wrong = []
for line in open(os.path.join(root, "tests/conformance/titles.md"), encoding="utf-8"):
    line = line.rstrip("\n")
    if line.startswith("## "):
        package = said.setdefault(line[3:], collections.Counter())
    elif line.startswith("in "):
        file, name = line[3:].split(": ", 1)
        tests.add((file, name))
    elif line.startswith("- "):
        many = re.fullmatch(r"- (.*) \((\d+)\)", line)
        package[many[1] if many else line[2:]] += int(many[2]) if many else 1

passed = 0
for file, name in sorted(tests):
    text = open(os.path.join(root, file), encoding="utf-8").read()
    text = re.sub(r'"\s*\n\s*"', "", text).replace('\\"', '"')  # literals of several lines
    if f'TEST_CASE("{name}"' in text:
        passed += 1
    else:
        wrong.append(f"no test of {file} is called: {name}")
for name, counted in said.items():
    cases = json.load(open(os.path.join(folder, name + ".json"), encoding="utf-8"))["cases"]
    recorded = collections.Counter(c["title"] for c in cases)
    for title in recorded.keys() | counted.keys():
        if recorded[title] == counted[title]:
            passed += recorded[title]
        else:
            wrong.append(f"{name}: {title}: recorded {recorded[title]} times, in titles.md {counted[title]} times")
print("\n".join("FAILED: " + w for w in wrong))
print(f"{passed} passed, {len(wrong)} failed")
