#!/usr/bin/env python3
"""Sends requests of every kind to an echo server and reads strictly what it answers.

    http1.py PORT [WORD]      WORD: only the cases that have it in their group or name

The server on 127.0.0.1 answers 200 and JSON: {"method", "url", "headers": {lower-case name: value}, "bodyLength",
"body": base64}. A marker, one more request, follows each case in the same segment. It is answered behind what is accepted,
which shows that server and client agree where that ends, and never behind what is refused. Where the RFCs leave a choice,
the cases hold the server to the one it made. Prints a line for each failure and the totals.
"""
import base64
import calendar
import dataclasses
import email.utils
import functools
import json
import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from http1_cases import GROUPS, request

PATIENCE = 5  # seconds until silence is a failure; no case waits for them when all is well
SHORT = 200  # octets; what is accepted and no longer is also sent in two segments, cut at every place
ONCE = {"age", "connection", "content-length", "content-type", "date", "etag", "location", "transfer-encoding"}
STATUS_LINE = re.compile(r"HTTP/1\.1 ([1-5]\d\d) [\t \x21-\x7e\x80-\xff]*")
FIELD_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\x21-\x7e\x80-\xff](?:[\t \x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")


class wrong(Exception):
    """What came is not what had to come."""


# ---- the client: a strict reader of answers


@dataclasses.dataclass
class answer:
    status: int
    fields: dict
    body: bytes
    interim: int  # how many 100 came before it

    def options(self):
        return [o.strip().lower() for o in self.fields.get("connection", "").split(",")]


@functools.lru_cache
def seconds_of(date):
    """Seconds since 1970; a Date has one form, with the right day of the week (RFC 9110 5.6.7)."""
    try:
        seconds = calendar.timegm(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT"))
    except ValueError:
        raise wrong(f"Date: {date!a}") from None
    if email.utils.formatdate(seconds, usegmt=True) != date:
        raise wrong(f"Date: {date!a}")
    return seconds


class connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError:
            pass  # refused before all of it was sent; what was answered decides

    def more(self):
        """Reads on; false at the end. A reset is no end: it can take the answer away from the client."""
        try:
            octets = self.socket.recv(65536)
        except TimeoutError:
            raise wrong(f"silence after {self.got[:60]!r}") from None
        except ConnectionResetError:
            raise wrong(f"a reset after {self.got[:60]!r}") from None
        self.got += octets
        return octets != b""

    def take(self, size):
        while len(self.got) < size:
            if not self.more():
                raise wrong("the connection ended inside of an answer")
        octets, self.got = self.got[:size], self.got[size:]
        return octets

    def take_line(self, end):
        while (at := self.got.find(end)) < 0:
            if not self.more():
                raise wrong("the connection ended inside of an answer" if self.got else "the connection ended unanswered")
        return self.take(at + len(end))[: -len(end)].decode("latin-1")

    def head(self):
        line, *lines = self.take_line(b"\r\n\r\n").split("\r\n")
        status = STATUS_LINE.fullmatch(line)
        if not status:
            raise wrong(f"status line {line[:60]!a}")
        fields = {}
        for line in lines:
            field = FIELD_LINE.fullmatch(line)
            if not field:
                raise wrong(f"field line {line[:60]!a}")
            name = field[1].lower()
            if name in fields and name in ONCE:
                raise wrong(f"two of {name}")
            fields[name] = field[2] or ""
        return int(status[1]), fields

    def answer(self, method):
        interim = 0
        while True:
            status, fields = self.head()
            framing = [name for name in ("content-length", "transfer-encoding") if name in fields]
            if status >= 200:
                break
            if status != 100 or framing:
                raise wrong(f"status {status} with {framing}")
            interim += 1
        if "date" not in fields or abs(seconds_of(fields["date"]) - time.time()) > PATIENCE:
            raise wrong(f"status {status} with Date: {fields.get('date')}")
        if len(framing) == 2:
            raise wrong("Content-Length together with Transfer-Encoding")
        if framing and (status == 204 or (method == "CONNECT" and status < 300)):
            raise wrong(f"{framing[0]} in {status} of {method}")
        return answer(status, fields, self.body(method, status, fields), interim)

    def body(self, method, status, fields):
        if method == "HEAD" or status in (204, 304) or (method == "CONNECT" and status < 300):
            return b""
        if "content-length" in fields:
            if not re.fullmatch("[0-9]+", fields["content-length"]):
                raise wrong(f"Content-Length: {fields['content-length']}")
            return self.take(int(fields["content-length"]))
        if "transfer-encoding" not in fields:
            while self.more():
                pass
            return self.take(len(self.got))
        body = b""
        while (line := self.take_line(b"\r\n")) and re.fullmatch("[0-9A-Fa-f]+", line):
            chunk = self.take(int(line, 16))
            if self.take(2) != b"\r\n":
                break
            if not chunk:
                return body
            body += chunk
        raise wrong(f"chunk {line[:60]!a}")

    def end(self):
        if self.got or self.more():
            raise wrong(f"behind the last answer: {self.got[:60]!r}")


# ---- how a case is sent and judged

BEFORE = request("GET /before HTTP/1.1").encode()
MARKER = request("GET /marker HTTP/1.1", "Connection: close").encode()


def check_echo(got, method, target, body="", fields=None):
    if got.status != 200:
        raise wrong(f"status {got.status}")
    if method in ("HEAD", "CONNECT"):
        return
    try:
        said = json.loads(got.body)
        seen = (said["method"], said["url"], said["bodyLength"], base64.b64decode(said["body"]))
        headers = said["headers"]
    except (ValueError, KeyError, TypeError):
        raise wrong(f"the body is no echo: {got.body[:60]!r}") from None
    octets = body.encode("latin-1")
    if seen != (method, target, len(octets), octets):
        raise wrong(f"the server took it for {ascii(seen)[:100]}")
    for name, value in (fields or {}).items():
        if headers.get(name) != value:
            raise wrong(f"the field {name} is {headers.get(name)!a}")


def check_answers(link, c):
    """Reads the answers to one copy of the octets, without the marker."""
    for method, target in c.requests[:-1]:
        got = link.answer(method)
        check_echo(got, method, target)
        if got.interim or "close" in got.options():
            raise wrong(f"{got.interim} times 100, Connection: {got.fields.get('connection')} before the last answer")
    method, target = c.requests[-1]
    got = link.answer(method)
    if got.status != c.status:
        raise wrong(f"status {got.status}")
    if got.interim not in c.interim:
        raise wrong(f"{got.interim} times 100")
    if c.status == 200:
        check_echo(got, method, target, c.body, c.fields)
    says = "close" if c.end == "refused" else c.says
    closes = "close" in got.options()
    # Who sends nothing more need not be told that the connection closes.
    if (closes != (says == "close") and not c.half_close) or (says and says not in got.options()):
        raise wrong(f"Connection: {got.fields.get('connection')}")
    if c.end == "refused" and method != "HEAD" and not 0 < len(got.body) < 1000:
        raise wrong(f"a body of {len(got.body)} octets")


def check_end(link, c):
    if c.end == "goes on":
        check_echo(link.answer("GET"), "GET", "/marker")
    link.end()


def send_whole(port, c):
    with connection(port) as link:
        if c.then:
            link.send(c.octets)
            if link.head()[0] != 100:
                raise wrong("no 100 came first")
            link.send(c.then.encode("latin-1") + MARKER)
        else:
            link.send(c.octets + (b"" if c.half_close else MARKER))
        if c.half_close:
            link.socket.shutdown(socket.SHUT_WR)
        check_answers(link, c)
        check_end(link, c)


def send_cut(port, c, places):
    """Copies on one connection, each cut at one of the places: a segment is the rest of one and the beginning of the next.

    The answer to what is in front tells that the beginning was read, so that the rest is a segment of its own.
    """
    with connection(port) as link:
        link.send(BEFORE + c.octets[: places[0]])
        check_echo(link.answer("GET"), "GET", "/before")
        for at, following in zip(places, [*places[1:], None]):
            link.send(c.octets[at:] + (MARKER if following is None else c.octets[:following]))
            try:
                check_answers(link, c)
                if following is None:
                    check_end(link, c)
            except wrong as e:
                raise wrong(f"cut at {at}: {e}") from None


def run(port, number, c):
    """Returns what failed, of one way to send it or two."""
    ways = [lambda: send_whole(port, c)]
    places = range(1, len(c.octets))
    if c.end != "goes on":  # each place takes a connection: one, another one from case to case
        places = [1 + number * 7 % min(len(places), SHORT)]
    elif len(c.octets) > SHORT:
        places = []
    if places and not c.half_close and not c.then:
        ways.append(lambda: send_cut(port, c, places))
    failures = []
    for way in ways:
        try:
            way()
        except (wrong, OSError) as e:
            failures.append(f"FAIL: {c.group}: {c.name} (RFC {c.section}): {e or type(e).__name__}")
    return len(ways), failures


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    port = int(sys.argv[1])
    cases = [dataclasses.replace(c, group=group) for group, make in GROUPS.items() for c in make()]
    if len({(c.group, c.name) for c in cases}) != len(cases):
        sys.exit("two cases have one name")
    if len(sys.argv) > 2:
        cases = [c for c in cases if sys.argv[2] in f"{c.group}: {c.name}"]
    passed = failed = 0
    with ThreadPoolExecutor(16) as pool:
        for ways, failures in pool.map(run, [port] * len(cases), range(len(cases)), cases):
            failed += len(failures)
            passed += ways - len(failures)
            print(*failures, sep="\n", end="\n" if failures else "")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
