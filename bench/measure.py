"""Starts servers, loads them, and counts what they use. Everything on 127.0.0.1, ended by process id.

The server is pinned to the first core, the load to the second. CPU time is that of the server's process tree, from
/proc/*/task/*/schedstat.
"""
import contextlib
import glob
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build/bench"))
PEERS = BUILD / "peers"
CORES = sorted(os.sched_getaffinity(0))

# What is measured: request, connections, requests in flight on each, environment of the server.
WORK = {
    "plaintext": ("plaintext", 64, 1, {}),
    "pipelined": ("plaintext", 64, 16, {}),
    "json": ("json", 64, 1, {}),
    "post": ("post", 64, 1, {}),
    "param": ("param", 64, 1, {}),
    "param100": ("param100", 64, 1, {"ROUTES": "100"}),
    "param1000": ("param1000", 64, 1, {"ROUTES": "1000"}),
    "browser": ("browser", 64, 1, {}),
    "middleware": ("plaintext", 64, 1, {"MW": "5"}),
    "coroutine": ("coroutine", 64, 1, {}),
    "observed": ("plaintext", 64, 1, {"OBSERVE": "1"}),
    "single": ("plaintext", 1, 1, {}),
}


def servers():
    """Every server that can be started here: name -> command."""
    found = {"floor": [str(BUILD / "bench_floor"), "{port}"], "crema": [str(BUILD / "bench_server"), "{port}"]}
    for name in ("beast", "restinio", "httplib", "pistache", "asio"):
        if (PEERS / name).exists():
            found[name] = [str(PEERS / name), "{port}"]
    if shutil.which("nginx"):
        found["nginx"] = ["nginx", "-e", "/dev/null", "-p", str(PEERS), "-c", str(PEERS / "nginx-{port}.conf")]
    if shutil.which("node"):
        found["node"] = ["node", str(BENCH / "peers/node_http.mjs"), "{port}"]
        for name in ("fastify", "express"):
            if (PEERS / "node_modules" / name).exists():
                found[name] = ["node", str(PEERS / f"{name}.cjs"), "{port}"]
    return found


# What a server does not have, or cannot do.
LACKS = {
    "floor": {"coroutine"},
    "asio": {"coroutine"},
    "nginx": {"post", "param1000", "param100", "middleware", "coroutine"},
    "httplib": {"pipelined", "middleware", "coroutine"},
    "pistache": {"pipelined", "middleware", "coroutine"},
    "node": {"param100", "param1000", "middleware", "coroutine"},
    "beast": {"param100", "param1000", "middleware", "coroutine"},
    "restinio": {"middleware", "coroutine", "param1000"},
    "express": {"coroutine"},
    "fastify": {"coroutine"},
}
for lacking in LACKS.values():
    lacking.add("observed")


# Too slow under valgrind to answer in time.
NOT_COUNTED = ("node", "fastify", "express", "httplib", "pistache")


def can(server, work):
    return work not in LACKS.get(server, ())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tree(pid):
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        for name in glob.glob(f"/proc/{p}/task/*/children"):
            with contextlib.suppress(OSError):
                todo += [int(x) for x in pathlib.Path(name).read_text().split()]
    return found


def cpu_seconds(pid):
    total = 0
    for p in tree(pid):
        for name in glob.glob(f"/proc/{p}/task/*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(pathlib.Path(name).read_text().split()[0])
    return total / 1e9


def resident(pid):
    """Resident octets of the process tree."""
    total = 0
    for p in tree(pid):
        found = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{p}/status").read_text())
        total += int(found.group(1)) * 1024
    return total


class Server:
    """A running server; a context manager that ends it."""

    def __init__(self, name, env=None, wrapper=(), patience=15, command=None, pin=True):
        self.name = name
        self.port = free_port()
        if name == "nginx":
            (PEERS / f"nginx-{self.port}.conf").write_text(
                (BENCH / "peers/nginx.conf").read_text().replace("PORT", str(self.port)).replace("DIR", str(PEERS)))
        command = [part.replace("{port}", str(self.port)) for part in (command or servers()[name])]
        pinned = ["taskset", "-c", str(CORES[0])] if pin else []
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(pinned + list(wrapper) + command, env=dict(os.environ, **(env or {})),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)
        end = time.monotonic() + patience
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise RuntimeError(f"{name} did not start: {self.errors()[-300:]}") from None
                time.sleep(0.02)

    def errors(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def pid(self):
        return self.process.pid

    def stop(self):
        # A wrapper may be between: its child ends first, or the wrapper writes nothing.
        if self.process.poll() is None:
            for p in tree(self.process.pid)[1:] or [self.process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(p, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                for p in tree(self.process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(p, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def load(port, work="plaintext", *options, connections=None, request=None, timeout=60):
    name, usual, pipeline, _ = WORK[work]
    command = ["taskset", "-c", str(CORES[-1]), str(BUILD / "bench_load"), str(port), str(BENCH / f"load/{request or name}.request"),
               "--connections", str(connections or usual), "--pipeline", str(pipeline), *map(str, options)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not answered within {timeout} s") from None
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-300:] or f"the load ended with {done.returncode}")
    result = json.loads(done.stdout)
    if result.get("bad"):
        raise RuntimeError(f"{result['bad']} wrong answers to {work}")
    return result


def cpu_per_request(server, work, seconds):
    before = cpu_seconds(server.pid())
    result = load(server.port, work, "--seconds", seconds)
    return (cpu_seconds(server.pid()) - before) / result["requests"] * 1e6, result


def slope(name, work, wrapper, count, few, many, connections=None, pin=True):
    """What each further request costs, by two runs of different length. `count` reads the total after a run."""
    totals = []
    for requests in (few, many):
        with Server(name, WORK[work][3], wrapper, patience=60, pin=pin) as server:
            load(server.port, work, "--requests", requests, connections=connections)
            server.stop()
            totals.append(count(server))
    if isinstance(totals[0], dict):
        keys = set(totals[0]) | set(totals[1])
        each = {k: (totals[1].get(k, 0) - totals[0].get(k, 0)) / (many - few) for k in keys}
        return dict(sorted(((k, v) for k, v in each.items() if v >= 0.005), key=lambda kv: -kv[1]))
    return (totals[1] - totals[0]) / (many - few)


def instructions(name, work, few=640, many=2560):
    """User instructions per request."""
    def count(server):
        found = re.search(r"Collected\s*:\s*(\d+)", server.errors())
        if not found:
            raise RuntimeError(f"callgrind says nothing of {name}: {server.errors()[-300:]}")
        return int(found.group(1))

    return slope(name, work, ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"], count, few, many)


def system_calls(name, work, connections=None, few=640, many=5760, pin=True):
    """System calls per request, by name."""
    with tempfile.NamedTemporaryFile(mode="r") as out:
        def count(_):
            out.seek(0)
            calls = {}
            for line in out.read().splitlines():
                part = line.split()
                if len(part) >= 5 and re.fullmatch(r"[\d.]+", part[0]) and part[-1] != "total":
                    calls[part[-1]] = int(part[3])
            return calls

        return slope(name, work, ["strace", "-f", "-c", "-o", out.name], count, few, many, connections, pin)


def allocations(name, work, warm=2000, requests=1000):
    """Heap allocations per request in steady state, and over all the requests asked."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(8))
        file.flush()
        counted = mmap.mmap(file.fileno(), 8)
        env = dict(WORK[work][3], LD_PRELOAD=str(BUILD / "libbench_count.so"), CREMA_COUNT=file.name)
        wrapper = ["env", *(f"{k}={v}" for k, v in env.items())]
        with Server(name, {}, wrapper) as server:
            port = server.port
            request = (BENCH / f"load/{WORK[work][0]}.request").read_bytes()
            with socket.create_connection(("127.0.0.1", port)) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                depth = WORK[work][2]
                ask_many(s, request, warm, depth)
                before = struct.unpack("Q", counted[:8])[0]
                ask_many(s, request, requests, depth)
                after = struct.unpack("Q", counted[:8])[0]
        return (after - before) / requests


def ask_many(s, request, n, depth):
    """Asks n times on one connection, `depth` at once; reads every answer."""
    rest = b""
    for _ in range(0, n, depth):
        s.sendall(request * depth)
        for _ in range(depth):
            rest = answer(s, rest)[1]


def answer(s, rest=b""):
    """Reads one answer; returns it and what came behind it."""
    while b"\r\n\r\n" not in rest:
        got = s.recv(65536)
        if not got:
            raise RuntimeError("the server has closed the connection")
        rest += got
    head, _, body = rest.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head).group(1))
    while len(body) < length:
        got = s.recv(65536)
        if not got:
            raise RuntimeError("the server has closed the connection")
        body += got
    return head + b"\r\n\r\n" + body[:length], body[length:]


def idle_memory(name, connections=10000):
    """Resident octets per connection that has had one request and is idle, and how many there were."""
    with Server(name) as server:
        load(server.port, "plaintext", "--requests", 1000)
        before = resident(server.pid())
        holder = subprocess.Popen([str(BUILD / "bench_load"), str(server.port), str(BENCH / "load/plaintext.request"), "--hold",
                                   "--connections", str(connections)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = holder.stdout.readline()
        time.sleep(1)
        after = resident(server.pid())
        holder.stdin.close()
        holder.wait(30)
        if not line:
            raise RuntimeError("the connections could not be made")
        answered = json.loads(line)["answered"]
        return (after - before) / answered, answered
