"""What the checks of this directory share: where the project is, what is counted, and how it ends."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
problems = []
checks = 0


def check(ok, what):
    global checks
    checks += 1
    if not ok:
        problems.append(what)


def finish():
    """Prints what is wrong, then totals, and exits."""
    for p in problems:
        print(p)
    print(f"{checks - len(problems)} passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)
