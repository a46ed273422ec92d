"""The curl lines in front of the examples, as a reader types them: each is run, in order, and answers what stands behind its arrow.

    python3 curl.py FOLDER      where the examples were built; those that were not are left out

What is said in words only is in `words`; a part with an ellipsis, or behind a comma or semicolon, need not come word by word. Lines of
posts_api.cpp are run by tests/e2e/posts_api.sh. Prints what fails, and "N passed, N failed".
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

words = {
    "a token T": r"^[\w-]{80,}$",
    "a JSON Web Token J for this account": r"^[\w-]+\.[\w-]+\.[\w-]+$",
    "a JSON Web Token J": r"^[\w-]+\.[\w-]+\.[\w-]+$",
    "README.md: so many octets, with the note hi": r"^README\.md: \d+ octets, with the note hi$",
    "the directory as a page of HTML": r"(?i)<!doctype html>(?s:.*)a\.txt",
    "the first four octets": r"^1234$",
    "the log: … \"GET /posts?token=[redacted] HTTP/1.1\" 200 …": r"day 100",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-… of a request to another service": r"^traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-\w+-01",
    "Content-Encoding: zstd, br or gzip, as the client likes": r"Content-Encoding: (zstd|br|gzip)",
    "three lines, each when it happens": r"^tick 1\ntick 2\ntick 3$",
    "five events": r"^(id: \d\ndata: \d\s*){5}$",
    "Content-Security-Policy: …'nonce-N'…, and a page with the same N": r"'nonce-([\w-]+)'(?s:.*)nonce=\"?\1",
    "RateLimit: \"api\";r=4;t=1, the sixth time 429 with Retry-After": r"RateLimit: \"api\";r=\d;t=1",
    "X-Request-Id: another one each time": r"(?i)X-Request-Id: \S{8,}",
    "the users, by a Mustache template": r"<li>Ada, 36</li>",
    "those whose name has an a": r"<li>Ada, 36</li>",
    "an engine of three lines": r"^Hello, Ada$",
    "500: Failed to lookup view \"missing\" …": r"Failed to lookup view",
}
folder = os.path.abspath(sys.argv[1])
passed = failed = 0


def lines_of(path):
    """Pairs of a command and what it answers, from the comment that the file begins with."""
    command = None
    for line in open(path, encoding="utf-8"):
        if not line.startswith("//"):
            return
        line = line[2:].strip()
        if line.startswith("curl "):
            command, arrow, answer = line.partition("-> ")
            if not arrow:
                command, _, answer = re.sub(r"(\S)\s{3,}(\S)", "\\1\0\\2", line, count=1).partition("\0")
            if answer:
                yield command.strip(), answer.strip()
                command = None
        elif command and line.startswith("-> "):
            yield command.strip(), line[3:].strip()
            command = None


def is_answered(answer, text, status):
    if answer in words:
        return re.search(words[answer], text) is not None
    wanted = re.match(r"(\d{3})\b\s*", answer)
    if wanted:
        if wanted[1] != status and text.strip() != wanted[1]:
            return False
        answer = answer[wanted.end():]
        if not answer.startswith("{"):
            return True
    for end in ("", "…", "; ", ", and ", ", "):
        part = answer.partition(end)[0].strip() if end else answer
        if part and part in text:
            return True
    return False


for source in sorted(glob.glob("examples/*.cpp")):
    name = os.path.basename(source)[:-4]
    commands = list(lines_of(source))
    program = os.path.join(folder, name)
    if name == "posts_api" or not commands or not os.path.exists(program):
        continue
    with tempfile.TemporaryDirectory() as here:
        shutil.copy("README.md", here)
        files = os.path.join(here, "files")
        os.mkdir(files)
        for file, text in {"a.txt": "123456789", "a.txt.gz": "123456789", "app.3f2a9c1e.js": "x"}.items():
            open(os.path.join(files, file), "w").write(text)
        server = subprocess.Popen([program, "0"] + ([files] if name == "files" else []), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = ""
        while not address.startswith("http://localhost:"):
            address = server.stdout.readline()
            if not address:
                break
        known = {}
        for command, answer in commands:
            port = address.strip().rpartition(":")[2]
            typed = re.sub(r"localhost:3000", "localhost:" + port, command)
            for letter, value in known.items():
                typed = re.sub(rf"(: |Bearer ){letter}'", lambda m: m[1] + value + "'", typed)
            if "|" not in typed and " -w " not in typed:
                typed += r" -w '\n%{http_code}'"
            done = subprocess.run(["sh", "-c", re.sub(r"^curl ", "curl -s -m 10 ", typed)], cwd=here, capture_output=True, text=True, errors="replace")
            text = done.stdout.replace("\r", "").rstrip("\n")
            status = ""
            if r"\n%{http_code}" in typed:
                text, _, status = text.rpartition("\n")
            text = text.rstrip("\n")
            letter = re.match(r"a (?:token|JSON Web Token) ([A-Z])\b", answer)
            if letter:
                known[letter[1]] = text
            if is_answered(answer, text, status):
                passed += 1
            else:
                failed += 1
                print(f"FAILED: {source}: {command}\n    answers {status} {text[:300]!r}\n    instead of {answer!r}")
        server.terminate()
        server.wait()
print(f"{passed} passed, {failed} failed")
