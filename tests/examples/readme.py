"""The code of the README is code of the examples: prints what stands in none of them, and "N passed, N failed"."""
import glob
import re


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def stands_in(block, source):
    n = len(block)
    return any(source[i : i + n] == block for i in range(len(source) - n + 1))


sources = {path: lines(open(path).read()) for path in sorted(glob.glob("examples/*.cpp"))}
passed = failed = 0
for block in re.findall(r"```cpp\n(.*?)```", open("README.md").read(), re.S):
    if any(stands_in(lines(block), source) for source in sources.values()):
        passed += 1
    else:
        failed += 1
        print("FAILED: stands in no example:\n" + block)
print(f"{passed} passed, {failed} failed")
