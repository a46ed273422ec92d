#!/usr/bin/env python3
"""What posts_api has acknowledged is there after kill -9; what it cannot do now or ever is told.

usage: durability.py <the built posts_api>
Ends with one line "N passed, M failed" and exit code 0 when nothing failed.
"""
import http.client
import json
import os
import random
import re
import resource
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BINARY = sys.argv[1]
DIRECTORY = tempfile.mkdtemp()
STARTED = []


def start(database):
    process = subprocess.Popen([BINARY, "--port", "0", "--db", database], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    STARTED.append(process)
    port = re.match(r"http://localhost:(\d+)", process.stdout.readline())
    if not port:
        raise AssertionError(f"it did not start: {process.stderr.read()}")
    threading.Thread(target=process.stdout.read, daemon=True).start()  # the log
    return process, int(port.group(1))


def acknowledged_posts_survive_kill_9():
    database = os.path.join(DIRECTORY, "posts.db")
    acknowledged, unknown = {}, set()
    guard = threading.Lock()

    def post(port, name):
        """Posts, changes and deletes until the server dies; notes what was answered."""
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            for i in range(100_000):
                title, made = f"{name} {i}", None
                with guard:
                    unknown.add(title)
                c.request("POST", "/api/posts", json.dumps({"title": title, "body": "x", "author_id": 1}), {"Content-Type": "application/json"})
                answer = c.getresponse()
                text = answer.read()
                assert answer.status == 201, (answer.status, text)
                made = json.loads(text)["id"]
                with guard:
                    unknown.discard(title)
                    acknowledged[made] = title
                if i % 5 == 4:  # one of five goes again
                    with guard:
                        del acknowledged[made]
                        unknown.add(title)
                    c.request("DELETE", f"/api/posts/{made}")
                    answer = c.getresponse()
                    answer.read()
                    assert answer.status == 204
                    with guard:
                        unknown.discard(title)
        except (OSError, http.client.HTTPException):
            pass  # it was killed

    for round_ in range(4):
        process, port = start(database)
        clients = [threading.Thread(target=post, args=(port, f"round {round_} client {n}")) for n in range(6)]
        for t in clients:
            t.start()
        time.sleep(random.uniform(0.3, 0.8))
        process.kill()
        process.wait()
        for t in clients:
            t.join()
        process, port = start(database)
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for made, title in acknowledged.items():
            c.request("GET", f"/api/posts/{made}")
            answer = c.getresponse()
            body = answer.read()
            assert answer.status == 200, f"round {round_}: post {made} was acknowledged and is gone: {body}"
            assert json.loads(body)["title"] == title
        # nothing that was never sent, nothing that was deleted
        known = set(acknowledged.values()) | unknown
        c.request("GET", "/api/posts?limit=100")
        for found in json.loads(c.getresponse().read()):
            assert found["title"] in known or not found["title"].startswith("round "), found
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert len(acknowledged) > 20, f"only {len(acknowledged)} posts were made"


def ends_with_1(database, *words):
    ended = subprocess.run([BINARY, "--port", "0", "--db", database], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1, (ended.returncode, ended.stdout, ended.stderr)
    for w in words:
        assert w in ended.stderr, f"no {w!r} in {ended.stderr!r}"
    assert len(ended.stderr.splitlines()) == 1, f"more than a line: {ended.stderr}"


def a_database_that_cannot_be_opened_is_told_in_a_line():
    missing = os.path.join(DIRECTORY, "no", "such", "directory", "posts.db")
    ends_with_1(missing, missing)
    assert not os.path.exists(os.path.dirname(missing)), "nothing was made"
    ends_with_1(DIRECTORY, DIRECTORY)  # is a directory


def a_file_that_is_no_database_is_told_and_left_alone():
    file = os.path.join(DIRECTORY, "letter.txt")
    text = b"Dear Ada, this is no database.\n" * 100
    with open(file, "wb") as f:
        f.write(text)
    ends_with_1(file, file)
    with open(file, "rb") as f:
        assert f.read() == text


def a_stop_in_the_middle_of_writes_loses_nothing():
    database = os.path.join(DIRECTORY, "stopped.db")
    process, port = start(database)
    answered = []

    def post(n):
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            c.request("POST", "/api/posts", json.dumps({"title": f"post {n}", "body": "x", "author_id": 1}), {"Content-Type": "application/json"})
            answer = c.getresponse()
            if answer.status == 201:
                answered.append(json.loads(answer.read())["id"])
        except (OSError, http.client.HTTPException):
            pass

    clients = [threading.Thread(target=post, args=(n,)) for n in range(40)]
    for t in clients:
        t.start()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    for t in clients:
        t.join()
    process, port = start(database)
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for made in answered:
        c.request("GET", f"/api/posts/{made}")
        answer = c.getresponse()
        answer.read()
        assert answer.status == 200, f"post {made} is gone"
    process.kill()
    process.wait()


def more_than_the_pool_can_hold_is_refused_with_503():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 3000:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (3000, hard))
    process, port = start(os.path.join(DIRECTORY, "busy.db"))
    connections = []
    answers = selectors.DefaultSelector()
    for _ in range(1100):  # four threads and 1024 that wait
        s = socket.create_connection(("127.0.0.1", port), 20)
        s.sendall(b"GET /api/report HTTP/1.1\r\nHost: x\r\n\r\n")
        connections.append(s)
        answers.register(s, selectors.EVENT_READ)
    end = time.monotonic() + 20
    refused = []
    while not refused and time.monotonic() < end:
        for key, _ in answers.select(1):
            text = key.fileobj.recv(4096)
            if text.startswith(b"HTTP/1.1 503 "):
                refused.append(text)
    assert refused, "nobody was refused"
    assert b"\r\nRetry-After: " in refused[0] and refused[0].endswith(b'{"error":"too much to do at the moment"}'), refused[0]
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)  # who does not need the pool is served
    c.request("GET", "/api/health")
    assert c.getresponse().status == 200
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)  # those that wait are dropped
    assert process.wait(20) == 0
    for s in connections:
        s.close()


passed = failed = 0
for t in (acknowledged_posts_survive_kill_9, a_database_that_cannot_be_opened_is_told_in_a_line,
          a_file_that_is_no_database_is_told_and_left_alone, a_stop_in_the_middle_of_writes_loses_nothing,
          more_than_the_pool_can_hold_is_refused_with_503):
    try:
        t()
        passed += 1
    except Exception:
        failed += 1
        print(f"FAILED: {t.__name__}", file=sys.stderr)
        traceback.print_exc()
    for process in STARTED:  # what a test that failed has left
        process.kill()
        process.wait()
shutil.rmtree(DIRECTORY)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
