#!/usr/bin/env python3
"""Serves posts_api, loads it with good and bad input at once, and compares its memory, descriptors and threads.

    soak.py <posts_api> <bench_load> <seconds>

After a first tenth (one that fills caches and pools) everything is closed and the memory is noted, then again at the end. What is
open in between: two loads of 64 keep-alive connections (a page, the health) which check every answer, and three clients that
write posts and delete them, send what is malformed, cut, too large, too slow or too deep, and leave in the middle of anything.
"""
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SLACK = 2 * 1024 * 1024  # of the allocator and the caches of the database


def request(line, fields=b"", body=b""):
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return line + b" HTTP/1.1\r\nHost: a\r\n" + fields + length + b"\r\n" + body


def bad_inputs(r):
    """Yields one bad thing after another: octets, and whether the client waits for the answer."""
    json_type = b"Content-Type: application/json\r\n"
    post = b"POST /api/posts"
    noise = lambda n: bytes(r.randrange(256) for _ in range(n))
    table = [
        lambda: noise(r.randrange(1, 400)),
        lambda: b"GET / HTTP/1.1\r\n\r\n",
        lambda: b"GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        lambda: request(b"GET /" + b"a" * r.randrange(1, 200000)),
        lambda: request(b"GET /", b"X: " + b"y" * r.randrange(1, 200000) + b"\r\n"),
        lambda: request(b"GET /", b"X: y\r\n" * r.randrange(1, 500)),
        lambda: request(b"GET /", b"Cookie: " + b"a=b; " * r.randrange(1, 4000) + b"\r\n"),
        lambda: request(b"GET /", b"Accept: " + b"a/b;q=0.1," * r.randrange(1, 1500) + b"\r\n"),
        lambda: request(b"GET /", b"Range: bytes=" + b"0-1," * r.randrange(1, 3000) + b"\r\n"),
        lambda: request(b"GET /api/posts?" + b"a[b]=c&" * r.randrange(1, 1000)),
        lambda: request(b"GET /%zz/%00/..%2f..%2fetc/passwd"),
        lambda: request(post, json_type, b"[" * r.randrange(1, 90000)),
        lambda: request(post, json_type, b'{"title":"' + noise(r.randrange(1, 300))),
        lambda: request(post, json_type, b'{"title":1,"content":2}'),
        lambda: request(post, json_type + b"Content-Encoding: gzip\r\n", noise(200)),
        lambda: request(post, json_type, b'"' + b"x" * 200000 + b'"'),
        lambda: request(post, b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b""),
        lambda: request(post, json_type + b"Transfer-Encoding: chunked\r\n") + b"ffffffffffffffff\r\n",
        lambda: request(post, json_type + b"Transfer-Encoding: chunked\r\n") + b"1\r\n[\r\n" * r.randrange(1, 3000) + b"zz\r\n",
        lambda: request(post, json_type + b"Content-Length: 5000\r\n") + b"{",
        lambda: request(post, b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n"),
        lambda: request(b"GET /api/dashboard") * r.randrange(1, 300),
        lambda: request(b"GET /api/posts") * 3 + noise(30),
        lambda: request(b"DELETE /api/posts/99999999999999999999"),
        lambda: request(b"GET /")[:r.randrange(1, 30)],
        lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise(500),
    ]
    while True:
        octets = r.choice(table)()
        if r.random() < 0.2:
            octets = octets[:r.randrange(len(octets) + 1)]
        yield octets


class Clients:
    def __init__(self, port):
        self.port = port
        self.stop = threading.Event()
        self.sent = self.refused = self.written = 0
        self.wrong = []

    def bad(self, seed):
        r = random.Random(seed)
        slow = []
        for octets in bad_inputs(r):
            if self.stop.is_set():
                break
            try:
                s = socket.create_connection(("127.0.0.1", self.port), 5)
                s.settimeout(0.05 if r.random() < 0.9 else 1)
                s.sendall(octets)
                self.sent += 1
                way = r.random()
                if way < 0.1:
                    slow.append(s)  # says no more; closed much later
                    if len(slow) > 50:
                        slow.pop(0).close()
                    continue
                if way < 0.2:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
                elif way < 0.8:
                    answer = s.recv(65536)
                    if answer[9:10] == b"4":
                        self.refused += 1
                s.close()
            except OSError:
                pass
        for s in slow:
            s.close()

    def writer(self):
        """Posts and deletes over one connection; what it wrote has to be there."""
        try:
            s = socket.create_connection(("127.0.0.1", self.port), 5)
            s.settimeout(30)
            fields = b"Content-Type: application/json\r\n"
            while not self.stop.is_set():
                s.sendall(request(b"POST /api/posts", fields, b'{"title":"soak","body":"%s","author_id":1}' % (b"x" * 500)))
                answer = s.recv(65536)
                at = answer.find(b'"id":')
                if not answer.startswith(b"HTTP/1.1 201") or at < 0:
                    self.wrong.append("a post was answered " + repr(answer[:200]))
                    return
                number = answer[at + 5:].split(b",")[0].strip(b"}")
                s.sendall(request(b"DELETE /api/posts/" + number))
                answer = s.recv(65536)
                if not answer.startswith(b"HTTP/1.1 204"):
                    self.wrong.append("a removal was answered " + repr(answer[:200]))
                    return
                self.written += 1
        except OSError as e:
            self.wrong.append(f"the writer: {e}")


def state(pid):
    with open(f"/proc/{pid}/status") as f:
        lines = dict(line.split(":", 1) for line in f)
    return int(lines["VmRSS"].split()[0]) * 1024, len(os.listdir(f"/proc/{pid}/fd")), int(lines["Threads"])


def round_of(port, load, seconds, seed, folder):
    clients = Clients(port)
    threads = [threading.Thread(target=clients.bad, args=(seed * 10 + i,)) for i in range(2)] + [threading.Thread(target=clients.writer)]
    loads = []
    for name in (b"/api/health", b"/"):
        path = folder + "/" + name.decode().strip("/").replace("/", "-") + ".request"
        with open(path, "wb") as f:
            f.write(request(b"GET " + name))
        loads.append(subprocess.Popen([load, str(port), path, "--connections", "64", "--seconds", str(seconds)], stdout=subprocess.PIPE))
    for t in threads:
        t.start()
    output = []
    for p in loads:
        output.append(p.communicate()[0].decode().strip())
        if p.returncode != 0:
            clients.wrong.append(f"the load ended with {p.returncode}: {output[-1]}")
    clients.stop.set()
    for t in threads:
        t.join()
    return clients, output


def main():
    server, load, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    wrong = []
    with tempfile.TemporaryDirectory(prefix="crema-soak-") as folder:
        with open(folder + "/log", "wb") as log:
            process = subprocess.Popen([server, str(port), "--db", folder + "/posts.db"], stdout=log, stderr=log)
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            memory = []
            for number, share in enumerate((0.1, 0.45, 0.45)):
                clients, output = round_of(port, load, max(2, seconds * share), number, folder)
                wrong += clients.wrong
                time.sleep(3)  # what was closed is gone
                if process.poll() is not None:
                    wrong.append(f"the server ended with {process.returncode}")
                    break
                memory.append(state(process.pid))
                print(f"{share:.0%}: {memory[-1][0] / 2**20:.1f} MiB, {memory[-1][1]} descriptors, {memory[-1][2]} threads; "
                      f"{clients.sent} bad inputs ({clients.refused} answered 4xx), {clients.written} posts written and removed; {' '.join(output)}", flush=True)
            if len(memory) == 3:
                if memory[2][0] > memory[0][0] + SLACK:
                    wrong.append(f"memory grew from {memory[0][0]} to {memory[2][0]} octets")
                if memory[2][1:] != memory[0][1:]:
                    wrong.append(f"descriptors and threads were {memory[0][1:]}, are {memory[2][1:]}")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        if process.wait(30) != 0:
            wrong.append(f"the server ended with {process.returncode}")
        if wrong:
            with open(folder + "/log", "rb") as f:
                print(f.read()[-2000:].decode(errors="replace"))
    for w in wrong:
        print("FAILED:", w)
    print("ends with the memory it began with" if not wrong else "did not hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
