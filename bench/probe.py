#!/usr/bin/env python3
"""Asks posts_api for its health while everything slow is under way, and tells how long that took.

    probe.py [--rounds N]

The database is filled until one list of posts, by an author who has none, takes 100 ms: SQLite looks at every post. Then 50
of these, four registrations (bcrypt) and two reports run at once, on the default pools, while GET /api/health is due 200 times
a second; its time counts from when it was due. The floor, a bare epoll loop with nothing else to do, is asked likewise at the
same time: what it needs is the machine's doing, both cores being busy, and no loop can do better. One line for each round, then
the medians.
"""
import argparse
import pathlib
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import measure

SLOW_MS = 100
NOBODY = "/api/posts?author_id=999"


def ask(port, method, path, body=b"", timeout=60):
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        s.sendall(head.encode() + b"\r\n" + body)
        got, _ = measure.answer(s)
    return int(got.split(None, 2)[1])


def fill(path):
    """Adds posts until the query takes SLOW_MS; returns how long it takes."""
    with sqlite3.connect(path) as db:
        while True:
            db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
                       "INSERT INTO posts(title, body, author_id) SELECT 'Post ' || i, 'Some text of the post ' || i, 1 FROM n")
            db.commit()
            times = []
            for _ in range(5):
                begin = time.thread_time()
                db.execute("SELECT p.id AS id, title, body, author_id, u.name AS author, created_at FROM posts p JOIN users u "
                           "ON u.id = p.author_id WHERE ?1 = 0 OR author_id = ?1 ORDER BY p.id DESC LIMIT 20", (999,)).fetchall()
                times.append((time.thread_time() - begin) * 1000)
            if statistics.median(times) >= SLOW_MS:
                return statistics.median(times)


def probing(port, request):
    """Asks for one second."""
    return subprocess.Popen([str(measure.BUILD / "bench_load"), str(port), str(measure.BENCH / f"load/{request}.request"),
                             "--connections", "4", "--rate", "200", "--seconds", "1", "--times"], stdout=subprocess.PIPE, text=True)


def part(times, p):
    return times[max(0, int(len(times) * p + 0.999999) - 1)] / 1000


def one_round(port, floor, number):
    jobs = [("GET", NOBODY, b"")] * 50 + [("GET", "/api/report", b"")] * 2
    for i in range(4):
        jobs.append(("POST", "/api/auth/register",
                     f'{{"email":"probe{number}.{i}@example.com","name":"Probe","password":"correct horse"}}'.encode()))
    wrong = []

    def run(job):
        status = ask(port, *job)
        if status not in (200, 201):
            wrong.append((job[1], status))

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    begin = time.monotonic()
    for t in threads:
        t.start()
    # Asked for as long as the jobs run, in pieces, since how long that is shows only at the end.
    own, floors = [], []
    while any(t.is_alive() for t in threads):
        both = [(own, probing(port, "health")), (floors, probing(floor, "plaintext"))]
        for times, process in both:
            out, _ = process.communicate(timeout=30)
            if process.returncode != 0:
                raise RuntimeError("a probe was not answered")
            times += [float(x) for x in out.split()]
    took = time.monotonic() - begin
    if wrong:
        raise RuntimeError(f"wrong answers: {wrong}")
    return took, sorted(own), sorted(floors)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    program = str(measure.BUILD / "examples/posts_api")
    with tempfile.TemporaryDirectory() as directory:
        path = str(pathlib.Path(directory) / "posts.db")
        command = [program, "{port}", "--db", path]
        with measure.Server("posts_api", command=command, pin=False):
            pass  # makes the tables
        slow = fill(path)
        print(f"each of the 50 queries takes {slow:.0f} ms of CPU", file=sys.stderr)
        kept = {"health": [], "most": [], "floor": []}
        with measure.Server("posts_api", command=command, pin=False) as server, measure.Server("floor", pin=False) as floor:
            for number in range(arguments.rounds):
                took, times, floors = one_round(server.port, floor.port, number)
                kept["health"].append(part(times, 0.99))
                kept["most"].append(part(times, 1))
                kept["floor"].append(part(floors, 0.99))
                print(f"round {number + 1}: {len(times)} probes in {took:.1f} s, p50 {part(times, 0.5):.2f} ms, p99 {part(times, 0.99):.2f} ms, "
                      f"max {part(times, 1):.2f} ms; the floor's p99 {part(floors, 0.99):.2f} ms", flush=True)
    middle = {k: statistics.median(v) for k, v in kept.items()}
    print("\n| GET /api/health under everything | milliseconds | goal |\n|---|---|---|")
    print(f"| p99 | {middle['health']:.2f} | 5 |\n| max | {middle['most']:.2f} | |\n| p99 of a bare epoll loop meanwhile | {middle['floor']:.2f} | |")


if __name__ == "__main__":
    main()
