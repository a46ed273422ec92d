#!/usr/bin/env python3
"""Tells what an honest client waits for while slow ones attack: p50, p99 and the longest of GET /plaintext.

    slow.py [--connections N] [--seconds S]

Each kind of attack alone, with as many connections; before and after each the same without, so that what the machine does shows.
Honest are four connections, each of which asks, waits for the answer and asks again; the time of an answer counts from its request.

- headers: a field line that never ends, an octet a second on each connection
- bodies: a JSON body of which an octet comes a second
- readers: sixteen pipelined requests again and again, of whose answers nothing is read
- silent: connections that say nothing
"""
import argparse
import asyncio
import resource
import statistics
import subprocess
import time

import measure

ATTACKS = {
    "headers": (b"GET /plaintext HTTP/1.1\r\nHost: h\r\nX-Slow: ", b"x"),
    "bodies": (b"POST /echo-json HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[", b" "),
    "readers": (b"GET /plaintext HTTP/1.1\r\nHost: h\r\n\r\n" * 16, b"GET /plaintext HTTP/1.1\r\nHost: h\r\n\r\n" * 16),
    "silent": (b"", b""),
}


async def attack(port, first, more, until):
    try:
        _, to = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return 0
    try:
        to.write(first)
        while time.monotonic() < until:
            await asyncio.sleep(1)
            if to.is_closing():
                return 1
            to.write(more)
        return 0
    except OSError:
        return 1
    finally:
        to.transport.abort()


async def honest(port, until, times):
    source, to = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        begin = time.perf_counter()
        to.write(b"GET /plaintext HTTP/1.1\r\nHost: h\r\n\r\n")
        head = await source.readuntil(b"\r\n\r\n")
        await source.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        times.append((time.perf_counter() - begin) * 1000)
        await asyncio.sleep(0.002)
    to.close()


async def measured(port, seconds, connections=0, first=b"", more=b""):
    """Attacks from this thread; asks from another process, which no attack of ours keeps waiting."""
    until = time.monotonic() + seconds + 2
    slow = [asyncio.create_task(attack(port, first, more, until)) for _ in range(connections)]
    await asyncio.sleep(2)  # they are all there
    asks = await asyncio.create_subprocess_exec("python3", __file__, "--ask", str(port), "--seconds", str(seconds), stdout=subprocess.PIPE)
    out, _ = await asks.communicate()
    gone = sum(await asyncio.gather(*slow))
    return [float(x) for x in out.split()], gone


async def ask(port, seconds):
    times = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(honest(port, until, times) for _ in range(4)))
    times.sort()
    print(times[len(times) // 2], times[len(times) * 99 // 100], times[-1])


async def main(arguments):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 20_000)), hard))
    port = measure.free_port()
    server = subprocess.Popen([str(measure.BUILD / "bench_server"), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        print(f"| {arguments.connections} slow connections | p50 ms | p99 ms | longest ms | without them: p50, p99 ms | gone after {arguments.seconds + 2} s |\n"
              "|---|---|---|---|---|---|")
        for name, (first, more) in ATTACKS.items():
            before, _ = await measured(port, arguments.seconds / 2)
            during, gone = await measured(port, arguments.seconds, arguments.connections, first, more)
            after, _ = await measured(port, arguments.seconds / 2)
            quiet = [statistics.mean(pair) for pair in zip(before, after)]
            print(f"| {name} | {during[0]:.2f} | {during[1]:.2f} | {during[2]:.1f} | {quiet[0]:.2f}, {quiet[1]:.2f} | {gone} |", flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--connections", type=int, default=2000)
    options.add_argument("--seconds", type=float, default=8)
    options.add_argument("--ask", type=int, default=0)
    given = options.parse_args()
    asyncio.run(ask(given.ask, given.seconds) if given.ask else main(given))
