#!/usr/bin/env python3
"""Sends raw requests to a proxy before a server and compares what both took for a request.

    probes.py <echo server>

proxy -> tap -> server, all on 127.0.0.1. The tap counts the answers of the server, the log of the proxy says what it
forwarded; every request has a name in its target (/p12-first, /p12-hidden, /p12-marker), and behind each probe follows a
marker on the same connection and a stranger on another one. A name that the server answered and the proxy does not know,
or the other way, is a disagreement about where a request ends.
"""
import collections
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

NAME = re.compile(rb"/(p\d+-[a-z]+)")


def probe_table():
    """Pairs of what is tried and the octets; @ stands for the number of the probe."""
    hidden = b"GET /p@-hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    chunked_end = b"0\r\n\r\n"
    table = []

    def post(what, fields, body=b"", line=b"POST /p@-first HTTP/1.1", host=b"Host: a\r\n"):
        table.append((what, line + b"\r\n" + host + fields + b"\r\n" + body))

    n = str(len(hidden)).encode()
    te = b"Transfer-Encoding: chunked\r\n"
    for what, fields in [
        ("length and chunked", b"Content-Length: " + n + b"\r\n" + te),
        ("chunked and length", te + b"Content-Length: 5\r\n"),
        ("chunked, length 0", te + b"Content-Length: 0\r\n"),
    ]:
        post(what, fields, chunked_end + hidden)
    codings = [
        b"Transfer-Encoding:chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked", b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: identity",
        b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: \x0cchunked", b"Transfer-Encoding: chunked\x00", b"Transfer-Encoding:\r\n chunked",
        b"Transfer-Encoding: chu\r\n nked", b"X: y\r\n Transfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked", b"X: y\rTransfer-Encoding: chunked",
        b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding: chunked;q=1", b"Transfer_Encoding: chunked", b"Transfer-Encoding: Chunked",
        b"transfer-encoding: CHUNKED", b"Transfer-Encoding: chunked,", b"Transfer-Encoding: ,chunked", b"Transfer-Encoding:", b" Transfer-Encoding: chunked",
        b"\xefTransfer-Encoding: chunked", b"Transfer-Encoding\x00: chunked", b"Transfer-Encoding: \xff chunked", b"TE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X",
    ]
    for coding in codings:
        post(repr(coding), coding + b"\r\n", chunked_end + hidden)
        post(repr(coding) + " with a length", coding + b"\r\nContent-Length: " + str(5 + len(hidden)).encode() + b"\r\n", chunked_end + hidden)
    for length in [
        b"+" + n, b"-1", b"0x10", b"0" + n, n + b", " + n, b"0, " + n, n + b", 0", b" ", b"", n + b" ", n + b"\x00", n + b"a", b"1e1", b"1 0", b"4294967296",
        b"18446744073709551616", b"99999999999999999999999999", b"\t" + n, b"\x0b" + n, b"\"" + n + b"\"", n + b";", b"\r\n " + n, b"1_0",
    ]:
        post("length " + repr(length), b"Content-Length: " + length + b"\r\n", hidden)
    post("length twice, equal", b"Content-Length: " + n + b"\r\nContent-Length: " + n + b"\r\n", hidden)
    post("length twice, differing", b"Content-Length: " + n + b"\r\nContent-Length: 0\r\n", hidden)
    post("length twice, 0 first", b"Content-Length: 0\r\nContent-Length: " + n + b"\r\n", hidden)
    post("length before a colon with a blank", b"Content-Length : " + n + b"\r\n", hidden)
    post("Content_Length", b"Content_Length: " + n + b"\r\n", hidden)
    for size in [
        b"0", b"00", b"0;x", b"0;x=\"\r\n\"", b"0;a\nb", b"0 ", b" 0", b"0x0", b"+0", b"-0", b"0\t", b"0;", b"0;\x00", b"0\n", b"0\r", b"00000000000000000000", b"g", b"",
        b"10000000000000000", b"ffffffffffffffff", b"0_", b"0,",
    ]:
        post("chunk size " + repr(size), te, size + b"\r\n\r\n" + hidden)
    post("a chunk that ends in LF", te, b"1\r\na\n0\r\n\r\n" + hidden)
    post("a chunk without its end", te, b"1\r\nab0\r\n\r\n" + hidden)
    post("a chunk that is longer than said", te, b"1\r\naGET /p@-hidden HTTP/1.1\r\nHost: a\r\n\r\n0\r\n\r\n")
    post("size lines ended by LF", te, b"1\na\n0\n\n" + hidden)
    post("trailers", te, b"0\r\nX: y\r\n\r\n" + hidden)
    post("a length as trailer", te, b"0\r\nContent-Length: " + n + b"\r\n\r\n" + hidden)
    post("a trailer without a colon", te, b"0\r\nGET /p@-hidden HTTP/1.1\r\nHost: a\r\n\r\n")
    post("a trailer ended by LF", te, b"0\r\nX: y\n\r\n" + hidden)
    post("extension that hides a line", te, b"1;x=\r\na\r\n0\r\n\r\n" + hidden)
    get = b"GET /p@-first HTTP/1.1"
    post("GET with a length", b"Content-Length: " + n + b"\r\n", hidden, get)
    post("GET, chunked", te, chunked_end + hidden, get)
    post("OPTIONS with a length", b"Content-Length: " + n + b"\r\n", hidden, b"OPTIONS /p@-first HTTP/1.1")
    post("HTTP/1.0, chunked", te, chunked_end + hidden, b"POST /p@-first HTTP/1.0")
    post("HTTP/1.0, chunked, kept alive", te + b"Connection: keep-alive\r\n", chunked_end + hidden, b"POST /p@-first HTTP/1.0")
    post("no version", b"", hidden, b"GET /p@-first", host=b"")
    for line in [b"GET /p@-first HTTP/1.2", b"GET /p@-first HTTP/2.0", b"GET /p@-first HTTP/0.9", b"GET /p@-first  HTTP/1.1", b"GET\t/p@-first HTTP/1.1",
                 b"GET /p@-first HTTP/1.1 ", b"GET /p@-first x HTTP/1.1", b"GET http://b/p@-first HTTP/1.1", b"GET /p@-first#x HTTP/1.1",
                 b"GET /p@-first%0d%0aX:%20y HTTP/1.1", b"GET /p@-first\x00 HTTP/1.1", b"G\x00T /p@-first HTTP/1.1", b" GET /p@-first HTTP/1.1",
                 b"\r\nGET /p@-first HTTP/1.1", b"\nGET /p@-first HTTP/1.1", b"GET /p@-first http/1.1", b"GET /p@-first HTTP/1.1\nX: y", b"GET /p@-first\xff HTTP/1.1"]:
        post("line " + repr(line), b"", hidden, line)
    post("line and fields ended by LF", b"Content-Length: 0\n\n", hidden)
    for host in [b"", b"Host: a\r\nHost: b\r\n", b"Host: a, b\r\n", b"Host: a/b\r\n", b"Host: \r\n", b"Host : a\r\n", b"Host: a@b\r\n"]:
        post("host " + repr(host), b"", hidden, get, host)
    post("expects an answer first", b"Expect: 100-continue\r\nContent-Length: " + n + b"\r\n", hidden)
    post("expects an answer first, chunked", b"Expect: 100-continue\r\n" + te, chunked_end + hidden)
    post("expects something else", b"Expect: x\r\nContent-Length: " + n + b"\r\n", hidden)
    post("upgrade", b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: " + n + b"\r\n", hidden)
    post("h2c", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", hidden, get)
    post("the length is of the hop", b"Connection: Content-Length\r\nContent-Length: " + n + b"\r\n", hidden)
    post("the coding is of the hop", b"Connection: Transfer-Encoding\r\n" + te, chunked_end + hidden)
    post("a body that is cut", b"Content-Length: 4000\r\n", hidden)
    post("pipelined", b"Content-Length: 0\r\n", hidden + hidden.replace(b"hidden", b"third"))
    return table


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


class Tap:
    """Relays connections to the server and notes the name of each request that was answered."""

    def __init__(self, target):
        self.target = target
        self.answered = collections.Counter()
        self.strange = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            asked = bytearray()
            threading.Thread(target=self.forward, args=(near, far, asked), daemon=True).start()
            threading.Thread(target=self.backward, args=(far, near, asked), daemon=True).start()

    @staticmethod
    def forward(near, far, asked):
        try:
            while data := near.recv(65536):
                asked += data
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def backward(self, far, near, asked):
        held = b""
        try:
            while data := far.recv(65536):
                held = self.count(held + data, asked)
                near.sendall(data)
        except OSError:
            pass
        if held:
            self.strange.append(held[:80])
        near.close()

    def count(self, held, asked):
        while True:
            end = held.find(b"\r\n\r\n")
            if end < 0:
                return held
            head = held[:end]
            status = re.match(rb"HTTP/1\.1 (\d{3})", head)
            if not status:
                self.strange.append(head[:80])
                return b""
            if status[1][0:1] == b"1":
                held = held[end + 4:]
                continue
            length = re.search(rb"\r\nContent-Length: (\d+)", head, re.I)
            size = int(length[1]) if length and not asked.startswith(b"HEAD ") else 0
            if len(held) < end + 4 + size:
                return held
            body, held = held[end + 4:end + 4 + size], held[end + 4 + size:]
            name = NAME.search(json.loads(body)["url"].encode()) if status[1] == b"200" else NAME.search(bytes(asked))
            if not asked:
                self.strange.append(b"an answer to nothing")
            self.answered[name[1].decode() if name else "?"] += 1
            asked.clear()


class Naive:
    """A server that knows nothing of bodies: it shows that the comparison finds what it looks for."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    @staticmethod
    def serve(peer):
        held = b""
        try:
            while data := peer.recv(65536):
                held += data
                while (end := held.find(b"\r\n\r\n")) >= 0:
                    parts = held[:end].split(b" ")
                    held = held[end + 4:]
                    body = json.dumps({"url": parts[1].decode("latin1") if len(parts) > 1 else ""}).encode()
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except OSError:
            pass
        peer.close()


def nginx(folder, port, tap):
    log = folder + "/access.log"
    with open(folder + "/nginx.conf", "w") as f:
        f.write(f"""worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format seen escape=json '"$request_uri" $upstream_addr $upstream_status'; access_log {log} seen;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream server {{ server 127.0.0.1:{tap}; keepalive 2; }}
  server {{ listen 127.0.0.1:{port}; ignore_invalid_headers off; underscores_in_headers on;
    location / {{ proxy_pass http://server; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_request_buffering off; proxy_next_upstream off; proxy_read_timeout 2s; }} }}
}}
""")
    return ["nginx", "-p", folder, "-c", folder + "/nginx.conf"], log


def haproxy(lax):
    def make(folder, port, tap):
        with open(folder + "/haproxy.cfg", "w") as f:
            f.write(f"""global
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "\\"%HU\\" %s %ST"
  option http-keep-alive
  http-reuse always
  timeout connect 2s
  timeout client 3s
  timeout server 2s
frontend f
  bind 127.0.0.1:{port}
  {'option accept-invalid-http-request' if lax else ''}
  default_backend b
backend b
  server server 127.0.0.1:{tap}
""")
        return ["haproxy", "-db", "-f", folder + "/haproxy.cfg"], folder + "/out"

    return make


def forwarded(lines):
    """What a proxy sent on and got an answer for, by name; and what it sent on and gave up."""
    seen, given_up = collections.Counter(), collections.Counter()
    for line in lines:
        m = re.match(rb'"(.*)" (\S+) (.*)$', line)
        if not m or m[2] in (b"<NOSRV>", b"-", b"\"\""):
            continue
        name = NAME.search(m[1])
        kind = seen if re.fullmatch(rb"[2345]\d\d", m[3]) and m[3] not in (b"499", b"502", b"504") else given_up
        kind[name[1].decode() if name else "?"] += 1
    return seen, given_up


def send(port, octets, until, wait):
    got = b""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as s:
            s.settimeout(wait)
            s.sendall(octets)
            while data := s.recv(65536):
                got += data
                if until in got:
                    break
    except OSError:
        pass
    return got


def run(what, make, server, table):
    """Sends all probes; returns passed checks and complaints."""
    tap = Tap(server)
    port = free_port()
    passed, wrong = 0, []
    with tempfile.TemporaryDirectory(prefix="crema-proxy-") as folder:
        command, log = make(folder, port, tap.port)
        with open(folder + "/out", "wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            if not wait_for(port):
                with open(folder + "/out", "rb") as f:
                    return 0, [f"{what} did not start: {f.read(300)!r}"]
            for number, (_, octets) in enumerate(table):
                name = b"p%d" % number
                marker = b"GET /%s-marker HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % name
                send(port, octets.replace(b"p@", name) + marker, b"-marker\"", 0.25)
                stranger = b"/%s-stranger" % name
                got = send(port, b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % stranger, stranger, 2)
                if not re.match(rb"HTTP/1\.[01] 200 ", got) or stranger not in got:
                    wrong.append(f"{what}, {table[number][0]}: the stranger got {got[:60]!r}")
            time.sleep(2.3)  # requests that hang are given up by the proxy
        finally:
            process.terminate()
            process.wait(10)
        with open(log, "rb") as f:
            seen, given_up = forwarded(f)
    answered = +tap.answered
    for number, (title, _) in enumerate(table):
        names = {n for n in (*answered, *seen) if n.startswith(f"p{number}-")}
        bad = {n: (seen[n], answered[n]) for n in names if not seen[n] <= answered[n] <= seen[n] + given_up[n]}
        if bad:
            wrong.append(f"{what}, {title}: (the proxy sent, the server answered) {bad}")
        else:
            passed += 1
    if seen["?"] != answered["?"]:
        wrong.append(f"{what}: {answered['?']} answers to requests without a name, the proxy sent {seen['?']}")
    for octets in tap.strange:
        wrong.append(f"{what}: not an answer: {octets!r}")
    return passed, wrong


def main():
    server = subprocess.Popen([sys.argv[1], "0"], stdout=subprocess.PIPE)
    table = probe_table()
    kinds = []
    if shutil.which("nginx"):
        kinds.append(("nginx", nginx))
    if shutil.which("haproxy"):
        kinds += [("haproxy", haproxy(False)), ("haproxy, lax", haproxy(True))]
    passed, wrong = 0, []
    try:
        port = int(server.stdout.readline())
        results = {}
        threads = [threading.Thread(target=lambda k=k, m=m: results.__setitem__(k, run(k, m, port, table))) for k, m in kinds]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for kind, _ in kinds:
            p, w = results.get(kind, (0, [kind + " ended early"]))
            passed += p
            wrong += w
        if kinds:
            smuggled = [p for p in table if p[0] in ("length twice, equal", "OPTIONS with a length", "GET with a length")]
            if run(kinds[0][0], kinds[0][1], Naive().port, smuggled)[1]:
                passed += 1
            else:
                wrong.append("a server that takes a body for a request was not noticed")
    finally:
        server.terminate()
        if server.wait(15) != 0:
            wrong.append(f"the server ended with {server.returncode}")
    for w in wrong:
        print("FAILED:", w)
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong or not passed and kinds else 0


if __name__ == "__main__":
    sys.exit(main())
