#!/usr/bin/env python3
"""Tells how fast a form with a large file is taken into a directory, beside `recv` of the same octets into a file there, and how much
larger the server becomes meanwhile.

    upload.py [--size MIB] [--rounds N]

Both are sent over loopback, in turn; the form by curl. The directory is in $TMPDIR.
"""
import argparse
import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time

import measure

arguments = argparse.ArgumentParser()
arguments.add_argument("--size", type=int, default=1024)
arguments.add_argument("--rounds", type=int, default=5)
arguments = arguments.parse_args()


def resident(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def received(octets, into):
    """Seconds that a loop of recv and write takes for the file."""
    listener = socket.create_server(("127.0.0.1", 0))

    def send():
        with socket.create_connection(listener.getsockname()) as s, open(octets, "rb") as f:
            s.sendfile(f)

    start = time.monotonic()
    thread = threading.Thread(target=send)
    thread.start()
    s, _ = listener.accept()
    room = bytearray(65536)
    with open(into, "wb", buffering=0) as f:
        while n := s.recv_into(room):
            f.write(memoryview(room)[:n])
    took = time.monotonic() - start
    thread.join()
    listener.close()
    os.unlink(into)
    return took


with tempfile.TemporaryDirectory() as folder:
    octets = pathlib.Path(folder) / "sent"
    with open(octets, "wb") as f:
        for _ in range(arguments.size):
            f.write(os.urandom(1 << 20))
    directory = pathlib.Path(folder) / "received"
    directory.mkdir()
    server = measure.Server("upload", command=[str(measure.BUILD / "bench_upload"), "{port}", str(directory)], pin=False)
    try:
        ratios, most = [], 0
        for turn in range(arguments.rounds + 1):
            before = resident(server.pid())
            start = time.monotonic()
            curl = subprocess.Popen(["curl", "-s", "-F", f"file=@{octets}", f"http://127.0.0.1:{server.port}/"], stdout=subprocess.PIPE)
            while curl.poll() is None:
                most = max(most, resident(server.pid()) - before) if turn else 0  # the first one fills the pools
                time.sleep(0.02)
            took = time.monotonic() - start
            assert int(curl.stdout.read()) == arguments.size << 20, "another size"
            beside = received(octets, directory / "beside")
            if turn:
                ratios.append(beside / took)
    finally:
        server.stop()
print(f"\n| a form with a file of {arguments.size} MiB, into a directory | | goal |\n|---|---|---|")
print(f"| speed, against recv into a file | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) | 0.5 |")
print(f"| resident memory more than before it | {most / 1024:.1f} MiB | 16 MiB |")
