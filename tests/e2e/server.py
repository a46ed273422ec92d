#!/usr/bin/env python3
"""Tests of whole server processes: signals, ports, clients that misbehave, what is said on stderr.

usage: server.py <the built e2e_server> [part of a test's name]
Ends with one line "N passed, M failed" and exit code 0 when nothing failed.
"""
import email.utils
import fcntl
import itertools
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BINARY = sys.argv[1]
ONLY = sys.argv[2] if len(sys.argv) > 2 else ""
SANITIZED = b"__asan_init" in open(BINARY, "rb").read() or b"__tsan_init" in open(BINARY, "rb").read()


class Server:
    """A server process on a free port; killed at the end of the test if it still runs."""

    def __init__(self, *options, stdout=subprocess.PIPE, **more):
        self.log = tempfile.NamedTemporaryFile(delete=False)
        self.process = subprocess.Popen([BINARY, *options], stdout=stdout, stderr=self.log, **more)
        self.port = int(self.process.stdout.readline() or 0) if stdout == subprocess.PIPE else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        os.unlink(self.log.name)

    def said(self):
        with open(self.log.name, errors="replace") as f:
            return f.read()

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=20):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server still runs after {seconds} s: {self.said()}") from None

    def stop(self):
        """Asks it to stop; it ends well and leaves nothing."""
        self.send(signal.SIGTERM)
        same(self.wait(), 0, self.said())
        has(self.said(), "left 0")

    def connect(self):
        return Client(self.port)

    def get(self, path, **more):
        with self.connect() as c:
            return c.get(path, **more)

    def counts(self):
        return json.loads(self.get("/counts").body)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body


class Closed(Exception):
    """The server ended the connection where an answer was expected."""


class Client:
    """A connection, on which exactly the given octets are sent."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.got = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError:
            pass
        return self

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        except TimeoutError:
            raise AssertionError("the server did not answer in time") from None
        self.got += piece
        return bool(piece)

    def answer(self):
        while b"\r\n\r\n" not in self.got:
            if not self.more():
                raise Closed(self.got)
        head, self.got = self.got.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        fields = {n.lower(): v.strip() for n, v in (line.split(":", 1) for line in lines[1:])}
        status = int(lines[0].split()[1])
        if fields.get("transfer-encoding") == "chunked":
            while b"\r\n0\r\n\r\n" not in b"\r\n" + self.got:
                if not self.more():
                    raise Closed(self.got)
            body, self.got = self.got, b""
        else:
            size = int(fields.get("content-length", 0))
            while len(self.got) < size:
                if not self.more():
                    raise Closed(self.got)
            body, self.got = self.got[:size], self.got[size:]
        return Answer(status, fields, body.decode("utf-8", "replace"))

    def get(self, path, fields=""):
        return self.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode()).answer()

    def post(self, path, body, fields=""):
        if isinstance(body, str):
            body = body.encode()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
        return self.send(head.encode() + body).answer()

    def ended(self):
        """Nothing more comes."""
        while self.more():
            pass
        return self.got == b""


def same(got, wanted, what=""):
    assert got == wanted, f"got {got!r} instead of {wanted!r} {what}"


def has(text, part):
    assert part in text, f"no {part!r} in {text!r}"


def eventually(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def later(function, *arguments, **more):
    """Runs it on a thread; .result() waits for what it returns or raises."""
    class Call(threading.Thread):
        def run(self):
            try:
                self.value, self.error = function(*arguments, **more), None
            except Exception as e:  # for the test that asks
                self.value, self.error = None, e

        def result(self):
            self.join()
            if self.error:
                raise self.error
            return self.value

    call = Call(daemon=True)
    call.start()
    return call


TESTS = []


def test(function):
    TESTS.append(function)
    return function


# ---- signals


@test
def each_of_the_two_signals_ends_an_idle_server_with_0():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server() as s:
            same(s.get("/").body, "ok")
            s.send(number)
            same(s.wait(5), 0)


@test
def a_signal_before_the_first_request_is_heard():
    for _ in range(5):
        with Server() as s:  # its port is known: it hears
            s.send(signal.SIGTERM)
            same(s.wait(5), 0, s.said())


@test
def a_stop_lets_requests_finish_and_takes_no_new_ones():
    with Server() as s, s.connect() as idle:
        same(idle.get("/").status, 200)
        slow = later(s.get, "/sleep/700")
        pool = later(s.get, "/pool/500")
        eventually(lambda: s.counts()["alive"] == 2, "both run")
        s.send(signal.SIGTERM)
        assert idle.ended(), "an idle connection is closed"
        eventually(lambda: refused(s.port), "nobody is accepted any more", 1)
        answer = slow.result()
        same((answer.status, answer.body, answer.fields["connection"]), (200, "slept", "close"))
        same(pool.result().body, "worked")
        same(s.wait(5), 0)
        has(s.said(), "begun 2, cancelled 0, left 0")


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return False
    except ConnectionError:
        return True


@test
def clients_that_ask_again_and_again_lose_nothing_when_it_stops():
    for threads in ("1", "2"):
        with Server("--threads", threads) as s:
            lost, answered, going, go = [], [], [], threading.Event()
            connections = [s.connect() for _ in range(20)]

            def ask(c):
                for turn in itertools.count():
                    c.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    try:
                        answer = c.answer()
                    except Closed:
                        lost.append(1)
                        return
                    answered.append(answer.status)
                    if turn == 5:
                        going.append(1)
                        if len(going) == len(connections):
                            go.set()
                    if answer.fields.get("connection") == "close":
                        return

            clients = [later(ask, c) for c in connections]
            assert go.wait(20)
            s.send(signal.SIGTERM)
            for c in clients:
                c.result()
            same(s.wait(10), 0)
            same((lost, set(answered)), ([], {200}))


class Listening:
    """Sockets that listen on one port, as a supervisor keeps them; each process gets them from descriptor 3 on."""

    def __init__(self, count):
        self.sockets = []
        for _ in range(count):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            s.bind(("127.0.0.1", self.sockets[0].getsockname()[1] if self.sockets else 0))
            s.listen(1024)
            self.sockets.append(s)

    def serve(self, *options):
        numbers = [s.fileno() for s in self.sockets]

        def hand_on():
            kept = [os.dup(n) for n in numbers]
            kept = [fcntl.fcntl(n, fcntl.F_DUPFD, 50) for n in kept]  # out of the way of those below
            for i, n in enumerate(kept):
                os.dup2(n, 3 + i, inheritable=True)

        environment = dict(os.environ, LISTEN_FDS=str(len(numbers)))
        return Server("--inherit", *options, env=environment, preexec_fn=hand_on, close_fds=False)

    def close(self):
        for s in self.sockets:
            s.close()


@test
def a_generation_takes_over_from_another_under_load_and_no_request_is_lost():
    for count, threads in ((1, "1"), (2, "2")):
        listening = Listening(count)
        port = listening.sockets[0].getsockname()[1]
        lost, by, stop = [], {}, threading.Event()

        def ask():
            c, fresh = Client(port), True
            while not stop.is_set():
                try:
                    answer = c.get("/process")
                except (Closed, OSError) as e:
                    lost.append((fresh, repr(e)))
                    return
                by[answer.body] = by.get(answer.body, 0) + 1
                fresh = answer.fields.get("connection") == "close"
                if fresh or by[answer.body] % 20 == 0:  # many connections, so that some wait in the queue
                    c.socket.close()
                    c = Client(port)
            c.socket.close()

        with listening.serve("--threads", threads) as old:
            clients = [later(ask) for _ in range(16)]
            eventually(lambda: by.get(str(old.process.pid), 0) > 500, "the first one serves")
            with listening.serve("--threads", threads) as new:
                same(new.port, port)
                old.send(signal.SIGTERM)
                same(old.wait(20), 0, old.said())
                before = by.get(str(new.process.pid), 0)
                eventually(lambda: by.get(str(new.process.pid), 0) > before + 500, "the second one serves")
                stop.set()
                for c in clients:
                    c.result()
                same(lost, [])
                same(set(by), {str(old.process.pid), str(new.process.pid)})
                new.stop()
        listening.close()


@test
def a_server_that_stops_is_not_ready_but_lives():
    with Server() as s, s.connect() as one, s.connect() as other:
        same(one.get("/health/ready").status, 200)
        same(other.get("/health/ready").status, 200)
        s.send(signal.SIGTERM)
        eventually(lambda: refused(s.port), "nobody is accepted any more", 5)
        answer = one.get("/health/ready")
        same((answer.status, answer.fields["connection"]), (503, "close"))
        same(other.get("/health/live").status, 200)
        same(s.wait(5), 0)


@test
def what_takes_longer_than_the_grace_is_cancelled():
    with Server("--grace", "300") as s:
        slow = later(s.get, "/sleep/60000")
        pool = later(s.get, "/pool/60000")
        eventually(lambda: s.counts()["alive"] == 2, "both run")
        s.send(signal.SIGINT)
        same(s.wait(10), 0)
        has(s.said(), "begun 2, cancelled 2, left 0")
        for call in (slow, pool):
            try:
                raise AssertionError(f"an answer: {call.result().body}")
            except Closed:
                pass


@test
def a_second_signal_does_not_wait():
    for second in (signal.SIGTERM, signal.SIGINT):
        with Server("--grace", "60000") as s:
            slow = later(s.get, "/sleep/60000")
            eventually(lambda: s.counts()["alive"] == 1, "it runs")
            s.send(signal.SIGTERM)
            time.sleep(0.2)
            assert s.process.poll() is None, "the first one waits"
            s.send(second)
            same(s.wait(5), 0)
            has(s.said(), "begun 1, cancelled 1, left 0")
            slow.join()


@test
def a_signal_while_a_handler_blocks_is_heard_behind_it():
    with Server("--watch", "0") as s:
        slow = later(s.get, "/block/600")
        time.sleep(0.2)
        s.send(signal.SIGTERM)
        same(slow.result().body, "blocked")
        same(s.wait(5), 0)


@test
def requests_that_were_sent_before_the_stop_are_answered():
    with Server() as s, s.connect() as c:
        c.send(b"GET /sleep/300 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: s.counts()["alive"] == 1, "it runs")
        s.send(signal.SIGTERM)
        same(c.answer().body, "slept")
        same(s.wait(5), 0)


@test
def sigpipe_ends_nothing():
    with Server() as s:
        s.send(signal.SIGPIPE)
        for path in ("/careless", "/endless"):
            for _ in range(5):
                with s.connect() as c:
                    c.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    c.more()
                    c.reset()
        same(s.get("/").status, 200)
        eventually(lambda: s.counts()["alive"] == 0, "the handlers end")
        s.stop()


@test
def a_log_that_nobody_reads_any_more_ends_nothing():
    with Server("--log") as s:
        s.process.stdout.close()  # the other end of its stdout
        for _ in range(3):
            same(s.get("/").status, 200)
        s.process.stdout = None
        s.stop()


@test
def no_descriptor_left_is_survived():
    if SANITIZED:
        return  # UBSan itself needs a pipe to look at an object

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))

    with Server(preexec_fn=few) as s:
        clients = []
        for _ in range(40):
            try:
                clients.append(s.connect())
            except OSError:
                break
        first = clients[0].get("/")
        same(first.status, 200)
        for c in clients:
            c.socket.close()
        eventually(lambda: quietly(lambda: s.get("/").status == 200), "it serves again")
        s.stop()


def quietly(f):
    try:
        return f()
    except (OSError, Closed, AssertionError):
        return False


@test
def several_threads_drain_are_watched_and_cancelled_as_one_server():
    with Server("--threads", "3", "--watch", "50") as s:
        clients = [s.connect() for _ in range(30)]  # the kernel spreads them
        for c in clients:
            same(c.get("/").status, 200)
        for c in clients[:9]:
            c.send(b"GET /block/200 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: s.said().count("GET /block/:ms has blocked the loop for") >= 2, "loops of threads are watched, too")
        for c in clients[:9]:
            same(c.answer().body, "blocked")
        for c in clients:
            c.send(b"GET /sleep/500 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: s.counts()["begun"] == 30, "all run")
        s.send(signal.SIGTERM)
        for c in clients:
            same(c.answer().body, "slept")
        same(s.wait(10), 0, s.said())
        has(s.said(), "begun 30, cancelled 0, left 0")
    with Server("--threads", "3", "--grace", "60000") as s:
        clients = [s.connect() for _ in range(12)]
        for c in clients:
            c.send(b"GET /sleep/60000 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: s.counts()["alive"] == 12, "they run")
        s.send(signal.SIGTERM)
        time.sleep(0.2)
        s.send(signal.SIGTERM)
        same(s.wait(10), 0, s.said())
        has(s.said(), "begun 12, cancelled 12, left 0")


# ---- the start


@test
def a_port_in_use_is_named_and_ends_with_1():
    with Server() as s, Server("--port", str(s.port)) as second:
        same(second.wait(), 1)
        has(second.said(), f":{s.port}")
        has(second.said().lower(), "in use")
        same(s.get("/").status, 200)


@test
def an_address_that_is_not_ours_or_none_ends_with_1():
    for address in ("192.0.2.1", "256.1.1.1", "nonsense"):
        with Server("--address", address) as s:
            same(s.wait(), 1)
            has(s.said(), address)


@test
def a_bad_pattern_ends_the_start_with_its_place_and_a_hint():
    with Server("--bad-pattern") as s:
        same(s.wait(), 1)
        has(s.said(), "server.cpp:")
        has(s.said(), "/files/*")


@test
def a_port_is_free_again_at_once():
    with Server() as s:
        port = s.port
        with s.connect() as c:
            same(c.get("/").status, 200)
            s.stop()
    with Server("--port", str(port)) as s:
        same(s.port, port, s.said())
        same(s.get("/").status, 200)


# ---- who blocks


def blocked(s, path, subject, kind):
    call = later(s.get, path)
    line = rf"crema: {subject} has blocked the loop for (\d+) ms \({kind} at server\.cpp:\d+\)"
    eventually(lambda: re.search(line, s.said()), f"{line} in {s.said()}")
    call.result()
    total = rf"crema: {subject} blocked the loop for (\d+) ms in total \({kind} at server\.cpp:\d+\)"
    eventually(lambda: re.search(total, s.said()), f"{total} in {s.said()}")
    same(len(re.findall(line, s.said())), 1)
    so_far, all_of_it = (int(re.search(x, s.said()).group(1)) for x in (line, total))
    assert 50 <= so_far < all_of_it <= 5000, (so_far, all_of_it)


@test
def whoever_blocks_is_named_on_stderr():
    with Server("--watch", "50") as s:
        blocked(s, "/block/300", "GET /block/:ms", "handler registered")
        blocked(s, "/block-later", "GET /block-later", "handler registered")
        blocked(s, "/block-asio", "GET /block-asio", "handler registered")
        blocked(s, "/block-timer", "a timer", "set")
        s.stop()


@test
def it_is_named_while_it_blocks():
    with Server() as s:
        with s.connect() as c:
            c.send(b"GET /block/60000 HTTP/1.1\r\nHost: x\r\n\r\n")
            eventually(lambda: "GET /block/:ms has blocked the loop for 1" in s.said(), "it is named")
        # kill -9 does not ask anybody


@test
def a_stack_is_shown_when_it_was_asked_for():
    if SANITIZED:
        return
    with Server("--watch", "50", "--stack") as s:
        s.get("/block/300")
        has(s.said(), "keeps_the_loop_busy(int)")
        has(s.said(), "\n    #1 ")
        s.stop()


@test
def nobody_is_named_when_nobody_blocks_or_nobody_watches():
    with Server() as s:
        waiting = [later(s.get, "/sleep/400") for _ in range(5)] + [later(s.get, "/pool/300")]
        for call in waiting:
            same(call.result().status, 200)
        s.stop()
        assert "blocked" not in s.said(), s.said()
    with Server("--watch", "0") as s:
        s.get("/block/300")
        s.stop()
        assert "blocked" not in s.said(), s.said()


# ---- handlers that are wrong


@test
def a_full_pool_is_answered_503_and_works_again():
    with Server() as s:
        running = later(s.get, "/pool/3000")
        eventually(lambda: s.counts()["on_pool"] == 1, "one runs")
        waiting = later(s.get, "/pool/1")
        eventually(lambda: s.counts()["alive"] == 2, "one waits")
        answer = s.get("/pool/1")
        same(answer.status, 503)
        assert int(answer.fields["retry-after"]) > 0
        same((running.result().status, waiting.result().status), (200, 200))
        same(s.get("/pool/1").status, 200)
        s.stop()


@test
def a_second_answer_is_told_and_the_first_one_arrives_whole():
    with Server() as s:
        with s.connect() as c:
            same(c.get("/twice").body, "first")
            same(c.get("/").body, "ok")
        has(s.said(), "/twice")
        s.stop()


@test
def a_handler_that_does_nothing_is_answered_500_and_named():
    with Server() as s, s.connect() as c:
        same(c.get("/silent").status, 500)
        has(s.said(), "GET /silent")
        has(s.said(), "server.cpp:")
        same(c.get("/").status, 200)


@test
def a_handler_that_throws_is_answered_500_and_logged():
    with Server() as s, s.connect() as c:
        same(c.get("/throw").status, 500)
        has(s.said(), "a secret of the server")
        same(c.get("/").status, 200)
    with Server(env={**os.environ, "NODE_ENV": "production", "CREMA_ENV": "production"}) as s, s.connect() as c:
        assert "a secret" not in c.get("/throw").body


# ---- clients that leave in the middle


@test
def neither_secrets_nor_lines_of_strangers_are_logged():
    with Server() as s:
        same(s.get("/throw?token=SECRET&x=%0aforged").status, 500)
        same(s.get("/silent?token=SECRET").status, 500)
        s.stop()
        assert "SECRET" not in s.said(), s.said()
        has(s.said(), "crema: GET /throw: ")
        has(s.said(), "crema: GET /silent: ")


@test
def clients_that_leave_in_the_middle_of_anything_leave_nothing():
    pieces = [
        b"",
        b"G",
        b"GET /slee",
        b"GET / HTTP/1.1\r\nHo",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT",
        b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
        b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it",
        b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"POST /item HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        b"GET /sleep/60000 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /sleep/60000 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /pool/60000 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /careless HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    with Server() as s:
        same(s.get("/").status, 200)
        before = s.descriptors()
        for leave in ("close", "reset"):
            for octets in pieces:
                c = s.connect().send(octets)
                time.sleep(0.02)
                if leave == "close":
                    c.socket.close()
                else:
                    c.reset()
                same(s.get("/").status, 200, octets)
        eventually(lambda: s.counts()["alive"] == 0, f"all handlers end: {s.counts()}")
        eventually(lambda: s.descriptors() <= before, f"all descriptors are closed: {before} before, {s.descriptors()} now")
        s.stop()
        assert "a handler" not in s.said() and "rror" not in s.said(), s.said()


@test
def many_clients_that_come_and_go_at_once_leave_nothing():
    with Server() as s:
        same(s.get("/").status, 200)
        before = s.descriptors()

        def come_and_go(n):
            for i in range(60):
                with s.connect() as c:
                    c.send(b"GET /sleep/60000 HTTP/1.1\r\nHost: x\r\n\r\n" if (i + n) % 3 else b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    if (i + n) % 2:
                        c.reset()

        for call in [later(come_and_go, n) for n in range(8)]:
            call.result()
        eventually(lambda: s.counts()["alive"] == 0, "all handlers end")
        eventually(lambda: s.descriptors() <= before, "all descriptors are closed")
        s.stop()


# ---- requests that are wrong

HOST = b"Host: x\r\n"
BAD = [
    (400, b"nonsense\r\n\r\n"),
    (400, b"GET\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\n\r\n"),  # no Host
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    (400, b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n"),
    (400, b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n"),
    (400, b"GET / HTTP/1.1\r\n" + HOST + b"No colon\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\n" + HOST + b"Space : x\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: x\r\n folded\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: nul\0\r\n\r\n"),
    (400, b"POST /size HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n"),
    (400, b"POST /size HTTP/1.1\r\n" + HOST + b"Content-Length: 1x\r\n\r\n"),
    (400, b"POST /size HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n"),
    (400, b"POST /size HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
    (400, b"POST /size HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"),
    (400, b"POST /size HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    (400, b"POST /size HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n"),
    (501, b"POST /size HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n"),
    (505, b"GET / HTTP/3.0\r\n" + HOST + b"\r\n"),
    (413, b"POST /size HTTP/1.1\r\n" + HOST + b"Content-Length: 9999999999\r\n\r\n"),
    (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 20000 + b"\r\n\r\n"),
    (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: a\r\n" * 200 + b"\r\n"),
    (417, b"POST /size HTTP/1.1\r\n" + HOST + b"Expect: miracles\r\nContent-Length: 1\r\n\r\nx"),
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200))),  # TLS
    (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
]


@test
def a_refusal_is_told_in_words_of_ones_own():
    with Server("--words") as s, s.connect() as c:
        c.send(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        answer = c.answer()
        same((answer.status, answer.body), (400, "in our words\n"))
        assert c.ended()
        has(s.said(), "refused 400: ")


@test
def who_ends_its_side_is_answered_when_that_is_wanted():
    for wanted in (True, False):
        with Server(*["--half-open"] * wanted) as s, s.connect() as c:
            c.send(b"GET /sleep/200 HTTP/1.1\r\nHost: x\r\n\r\n")
            eventually(lambda: s.counts()["begun"] == 1, "it runs")
            c.socket.shutdown(socket.SHUT_WR)
            if wanted:
                same(c.answer().body, "slept")
            assert c.ended()
            eventually(lambda: s.counts()["alive"] == 0, "it has ended")
            same(s.counts()["cancelled"], 0 if wanted else 1)


@test
def what_is_wrong_with_a_request_is_said_and_the_connection_ends():
    with Server() as s:
        for status, octets in BAD:
            with s.connect() as c:
                try:
                    answer = c.send(octets).answer()
                except Closed as e:
                    raise AssertionError(f"{octets[:80]!r}: closed without an answer: {e}") from None
                assert answer.status == status, f"{octets[:80]!r}: {answer.status} instead of {status}: {answer.body}"
                same(answer.fields.get("connection"), "close", octets[:80])
                assert answer.body.strip(), f"{octets[:80]!r}: no word of what is wrong"
                assert c.ended(), octets[:80]
        same(s.get("/").status, 200)
        s.stop()


@test
def a_bomb_of_cookies_is_refused_and_a_large_one_read():
    with Server() as s, s.connect() as c:
        same(c.get("/", "Cookie: " + "; ".join(f"c{i}=v" for i in range(1500)) + "\r\n").status, 200)
        answer = c.get("/", "Cookie: " + "; ".join(f"c{i}=v" for i in range(4000)) + "\r\n")
        same((answer.status, answer.fields["connection"]), (431, "close"))
        has(answer.body, "header section too large")
        assert c.ended()
        s.stop()


@test
def parameters_that_do_not_fit_are_named():
    with Server() as s, s.connect() as c:
        for path in ("/sleep/abc", "/sleep/1.5", "/sleep/99999999999", "/sleep/%31x"):
            answer = c.get(path)
            same(answer.status, 400, path)
            has(answer.body, "ms")
        same(c.get("/sleep/%zz").status, 400)
        same(c.get("/nowhere").status, 404)
        same(c.get("/sleep/").status, 404)


@test
def wrong_json_is_refused_with_its_place():
    with Server() as s, s.connect() as c:
        def refused_with(body, *words):
            answer = c.post("/item", body, "Content-Type: application/json\r\n")
            same(answer.status, 400, body[:60])
            for w in words:
                has(answer.body.replace("&quot;", '"'), w)

        refused_with("")
        refused_with('{"name":"a","sizes":[1,2', "position")
        refused_with('{"name":"a","sizes":[1,2]} x', "position")
        refused_with('{"name":"a","sizes":[1,"two"]}', "/sizes/1")
        refused_with('{"name":7,"sizes":[]}', "/name")
        refused_with('{"sizes":[]}', "name")
        refused_with('{"name":"a","sizes":[99999999999]}', "/sizes/0")
        refused_with('{"name":"a","sizes":[],"unread":[1,]}', "position")
        refused_with('{"name":"\xff","sizes":[]}'.encode("latin-1"))
        refused_with("[" * 5000)
        same(c.post("/item", '{"name":"a","sizes":[1]}', "Content-Type: application/json\r\n").body, '{"name":"a","sizes":[1]}')
        with s.connect() as other:
            same(other.post("/item", '{"name":"' + "x" * 200_000 + '","sizes":[]}', "Content-Type: application/json\r\n").status, 413)
        s.stop()


@test
def the_date_is_that_of_now_after_a_pause():
    with Server() as s:
        s.get("/")
        time.sleep(2.5)  # nobody is there
        now = time.time()
        told = email.utils.parsedate_to_datetime(s.get("/").fields["date"]).timestamp()
        assert abs(told - now) <= 1.5, f"{told - now} seconds"
        s.stop()


@test
def who_reads_slowly_but_reads_gets_all_of_it():
    with Server("--quick") as s, s.connect() as c:  # 240 octets a second, looked at every 0.3 seconds
        c.send(b"GET /careless HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = 0
        for _ in range(16):
            time.sleep(0.25)
            piece = c.socket.recv(50_000)
            got += len(piece)
        while True:
            piece = c.socket.recv(1 << 20)
            if not piece:
                break
            got += len(piece)
        assert got > 10_000_000, f"{got} octets"
        s.stop()


@test
def deadlines_end_what_drips():
    with Server("--quick") as s:
        with s.connect() as c:
            same(c.send(b"GET / HTTP/1.1\r\nHos").answer().status, 408)
            assert c.ended()
        with s.connect() as c:
            assert c.ended(), "nothing was said for too long"
        with s.connect() as c:
            same(c.get("/").status, 200)
            assert c.ended(), "idle for too long"
        with s.connect() as c:
            same(c.send(b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc").answer().status, 408)
        with s.connect() as c:
            same(c.post("/size", b"x" * 100_001).status, 413)
        with s.connect() as c:
            c.send(b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(30):
                c.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            same(c.answer().status, 413)
        eventually(lambda: s.counts()["alive"] == 0, "all handlers end")
        s.stop()


@test
def bodies_of_every_kind_arrive_whole():
    with Server() as s, s.connect() as c:
        same(c.post("/size", b"").body, "0")
        same(c.post("/size", b"x" * 3_000_000).body, "3000000")
        c.send(b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for n in (1, 4000, 70000):
            c.send(f"{n:x}\r\n".encode() + b"y" * n + b"\r\n")
        same(c.send(b"0\r\n\r\n").answer().body, "74001")
        head = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        same(c.send(head).answer().status, 100)
        same(c.send(b"hello").answer().body, "5")
        s.stop()


passed = failed = 0
for t in TESTS:
    if ONLY not in t.__name__:
        continue
    try:
        t()
        passed += 1
    except Exception:
        failed += 1
        print(f"FAILED: {t.__name__}", file=sys.stderr)
        traceback.print_exc()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
