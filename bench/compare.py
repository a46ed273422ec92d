#!/usr/bin/env python3
"""Prints the figures of crema beside the floor and the neighbours that are there, as tables, and keeps them for the plot.

    compare.py instructions|allocations|calls|cpu|idle|latency|threads|plot ... [--rounds N] [--seconds S] [--only a,b] [--work a,b]

Ratios are taken within one run: the floor is measured before and after each slice of another server, the two as near in
time as can be, and what is printed is the median over the rounds with the least and the greatest beside it.
"""
import argparse
import json
import statistics
import sys

import measure

RESULTS = measure.BUILD / "figures.json"
GOALS = {
    "cpu": {"plaintext": 1.05, "pipelined": 1.25, "json": 1.06, "post": 1.35, "param": 1.03, "param100": 1.06},
    "instructions": {"plaintext": 3000, "pipelined": 2000, "json": 3100, "param": 3300, "param100": 3500, "param1000": 3500,
                     "post": 22000, "browser": 5500},
    "allocations": {"plaintext": 0, "json": 0, "coroutine": 0},
}


def keep(figure, values):
    all_of = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for server, of in values.items():
        all_of.setdefault(figure, {}).setdefault(server, {}).update(of)
    RESULTS.write_text(json.dumps(all_of, indent=1))


def table(figure, works, names, values, form):
    goals = GOALS.get(figure, {})
    print(f"\n| {figure} | " + " | ".join(works) + " |\n|---" * 1 + "|---" * len(works) + "|")
    for name in names:
        cells = [form(values[name][w]) if w in values.get(name, {}) else "" for w in works]
        print(f"| {name} | " + " | ".join(cells) + " |")
    if goals:
        print("| goal | " + " | ".join(str(goals.get(w, "")) for w in works) + " |")
    sys.stdout.flush()


def chosen(arguments, usual_work):
    names = [n for n in measure.servers() if not arguments.only or n in arguments.only]
    return names, [w for w in (arguments.work or usual_work)]


def counted(figure, function, arguments, usual_work, form, without=()):
    names, works = chosen(arguments, usual_work)
    names = [n for n in names if n not in without]
    values = {n: {} for n in names}
    for name in names:
        for work in works:
            if not measure.can(name, work):
                continue
            try:
                values[name][work] = function(name, work)
            except RuntimeError as e:
                print(f"{figure} of {name}, {work}: {e}", file=sys.stderr)
        keep(figure, {name: values[name]})
    table(figure, works, names, values, form)


def instructions(arguments):
    counted("instructions", measure.instructions, arguments,
            ["plaintext", "pipelined", "json", "post", "param", "param100", "param1000", "browser", "middleware", "coroutine", "observed"],
            lambda v: f"{v:.0f}", without=measure.NOT_COUNTED)


def allocations(arguments):
    counted("allocations", measure.allocations, arguments, ["plaintext", "json", "coroutine", "param", "post", "observed"],
            lambda v: f"{v:.2f}".rstrip("0").rstrip("."))


def calls(arguments):
    """System calls per request: 64 connections that keep the server busy, and one, so that events come one at a time."""
    names, _ = chosen(arguments, [])
    values = {}
    for name in names:
        try:
            busy = measure.system_calls(name, "plaintext")
            single = measure.system_calls(name, "single")
        except RuntimeError as e:
            print(f"calls of {name}: {e}", file=sys.stderr)
            continue
        values[name] = {"busy": busy, "single": single}
    keep("calls", values)
    print("\n| system calls per request | loaded | one at a time | which |\n|---|---|---|---|")
    for name, of in values.items():
        which = ", ".join(f"{k} {v:.2f}" for k, v in of["single"].items())
        print(f"| {name} | {sum(of['busy'].values()):.2f} | {sum(of['single'].values()):.2f} | {which} |")
    print("| goal | 2.1 | 4 | |", flush=True)


def cpu(arguments):
    names, works = chosen(arguments, ["plaintext", "pipelined", "json", "post", "param", "param100"])
    names = [n for n in names if n != "floor"]
    values = {n: {} for n in names}
    for work in works:
        running = {}
        try:
            for name in ["floor", *names]:
                if measure.can(name, work):
                    running[name] = measure.Server(name, measure.WORK[work][3])
                    measure.load(running[name].port, work, "--seconds", 0.3)  # warm
            ratios = {name: [] for name in running}
            per_request = {name: [] for name in running}
            for _ in range(arguments.rounds):
                before, _ = measure.cpu_per_request(running["floor"], work, arguments.seconds)
                for name in names:
                    if name not in running:
                        continue
                    own, _ = measure.cpu_per_request(running[name], work, arguments.seconds)
                    after, _ = measure.cpu_per_request(running["floor"], work, arguments.seconds)
                    ratios[name].append(own / ((before + after) / 2))
                    per_request[name].append(own)
                    before = after
            for name in names:
                if name in running:
                    values[name][work] = [statistics.median(ratios[name]), min(ratios[name]), max(ratios[name])]
                    print(f"{work:10} {name:9} {statistics.median(ratios[name]):6.2f} x floor "
                          f"({min(ratios[name]):.2f} to {max(ratios[name]):.2f}), {statistics.median(per_request[name]):.2f} us",
                          file=sys.stderr)
        finally:
            for server in running.values():
                server.stop()
    keep("cpu", values)
    table("cpu", works, names, values, lambda v: f"{v[0]:.2f}")


def idle(arguments):
    names, _ = chosen(arguments, [])
    names = [n for n in names if n != "httplib"]  # has a thread for each connection
    values = {}
    for name in names:
        try:
            each, answered = measure.idle_memory(name)
            values[name] = {"idle": each}
            print(f"{name}: {answered} connections", file=sys.stderr)
        except RuntimeError as e:
            print(f"idle of {name}: {e}", file=sys.stderr)
    keep("idle", values)
    print("\n| resident octets per idle connection | |\n|---|---|")
    for name, of in values.items():
        print(f"| {name} | {of['idle']:.0f} |")
    print("| goal | 1024 |", flush=True)


def threads(arguments):
    """What a second thread costs: CPU per request with two against one, and the futex calls of two.

    Both on one core, so that only counts what they do to each other; and free, where they and the load contend for the cores.
    The floor with a second thread shows what of that is the machine's.
    """
    measure.WORK["threads"] = ("plaintext", 64, 1, {"THREADS": "2"})
    futex = measure.system_calls("crema", "threads", pin=False).get("futex", 0.0)
    print("\n| two threads | | goal |\n|---|---|---|")
    for where, pin in (("on one core", True), ("free", False)):
        ratios = {"crema": [], "floor": []}
        running = {(name, n): measure.Server(name, {"THREADS": str(n)}, pin=pin) for name in ratios for n in (1, 2)}
        try:
            for server in running.values():
                measure.load(server.port, "plaintext", "--seconds", 0.3)
            for _ in range(arguments.rounds):
                for name in ratios:
                    one, _ = measure.cpu_per_request(running[name, 1], "plaintext", arguments.seconds)
                    two, _ = measure.cpu_per_request(running[name, 2], "plaintext", arguments.seconds)
                    again, _ = measure.cpu_per_request(running[name, 1], "plaintext", arguments.seconds)
                    ratios[name].append(two / ((one + again) / 2))
        finally:
            for server in running.values():
                server.stop()
        for name, of in ratios.items():
            keep("threads", {name: {f"two against one, {where}": statistics.median(of)}})
            goal = "1.05" if name == "crema" else ""
            print(f"| CPU per request, against one thread, {where}: {name} | {statistics.median(of):.2f} ({min(of):.2f} to {max(of):.2f}) | {goal} |")
    keep("threads", {"crema": {"futex": futex}})
    print(f"| futex calls per request, those of the thread of the watchdog, which looks by the clock, included | {futex:.3f} | 0 |", flush=True)


def latency(arguments):
    """p99 with 1024 connections at half of what the floor can do at most, against the floor's at the same rate."""
    names, _ = chosen(arguments, [])
    names = [n for n in names if n not in ("floor", "express", "fastify", "node", "httplib", "pistache")]
    running = {n: measure.Server(n) for n in ["floor", *names]}
    try:
        best = max(measure.load(running["floor"].port, "plaintext", "--seconds", arguments.seconds, connections=1024)["per_second"]
                   for _ in range(3))
        rate = best / 2
        ratios, p99 = {n: [] for n in running}, {n: [] for n in running}

        def at_rate(name):
            value = measure.load(running[name].port, "plaintext", "--seconds", arguments.seconds, "--rate", rate, connections=1024)["p99"]
            p99[name].append(value)
            return value

        for name in running:
            measure.load(running[name].port, "plaintext", "--seconds", 0.3, connections=1024)
        for _ in range(arguments.rounds):
            before = at_rate("floor")
            for name in names:
                own = at_rate(name)
                after = at_rate("floor")
                ratios[name].append(own / ((before + after) / 2))
                before = after
    finally:
        for server in running.values():
            server.stop()
    keep("latency", {n: {"p99": statistics.median(r)} for n, r in ratios.items() if r})
    print(f"\n| p99 at {rate:.0f} requests a second on 1024 connections | against the floor | microseconds |\n|---|---|---|")
    for name in names:
        print(f"| {name} | {statistics.median(ratios[name]):.2f} | {statistics.median(p99[name]):.0f} |")
    print(f"| floor | 1 | {statistics.median(p99['floor']):.0f} |\n| goal | 1.3 | |", flush=True)


def plot(_):
    """Bars of what was kept: CPU and instructions per plaintext request."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    charts = []
    if "cpu" in kept:
        charts.append(("CPU per keep-alive request, plaintext, against a bare epoll loop",
                       {"floor": 1, **{n: of["plaintext"][0] for n, of in kept["cpu"].items() if "plaintext" in of}}, "{:.2f}"))
    if "instructions" in kept:
        charts.append(("User instructions per request, plaintext",
                       {n: of["plaintext"] for n, of in kept["instructions"].items() if "plaintext" in of}, "{:.0f}"))
    lines, y = [], 10
    for title, values, form in charts:
        lines.append(f'<text x="10" y="{y + 16}" font-weight="bold">{title}</text>')
        y += 28
        most = max(values.values())
        for name, v in sorted(values.items(), key=lambda kv: kv[1]):
            width = max(2, 420 * v / most)
            colour = "#8a5a2b" if name == "crema" else "#b9c0c8"
            lines.append(f'<text x="90" y="{y + 13}" text-anchor="end">{name}</text>'
                         f'<rect x="100" y="{y}" width="{width:.0f}" height="17" fill="{colour}"/>'
                         f'<text x="{106 + width:.0f}" y="{y + 13}">{form.format(v)}</text>')
            y += 22
        y += 14
    path = measure.BUILD / "figures.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="620" height="{y}" font-family="sans-serif" font-size="13">'
                    '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(lines) + "\n</svg>\n")
    print(f"plot: {path}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("figure", nargs="+", choices=["instructions", "allocations", "calls", "cpu", "idle", "latency", "threads", "plot"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--only", type=lambda t: t.split(","))
    parser.add_argument("--work", type=lambda t: t.split(","))
    arguments = parser.parse_args()
    for figure in arguments.figure:
        globals()[figure](arguments)


if __name__ == "__main__":
    main()
