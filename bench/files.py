#!/usr/bin/env python3
"""CPU per request for files of 1 KiB and 10 MiB, beside nginx with sendfile, in interleaved rounds.

    files.py [--rounds N] [--seconds S]
"""
import argparse
import os
import pathlib
import shutil
import statistics
import tempfile

import measure

CONF = """daemon off;
master_process off;
worker_processes 1;
pid DIR/nginx.pid;
error_log /dev/null crit;
events { worker_connections 1000; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
    server { listen 127.0.0.1:PORT backlog=4096; root DIR/files; etag on; }
}
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        files = pathlib.Path(directory) / "files"
        files.mkdir()
        (files / "small.bin").write_bytes(os.urandom(1024))
        (files / "large.bin").write_bytes(os.urandom(10 * 1024 * 1024))
        commands = {"crema": [str(measure.BUILD / "bench_files"), "{port}", str(files)]}
        if shutil.which("nginx"):
            commands["nginx"] = ["nginx", "-e", "/dev/null", "-p", directory, "-c", f"{directory}/nginx.conf"]
        measure.WORK["small"], measure.WORK["large"] = ("small", 64, 1, {}), ("large", 4, 1, {})
        used = {(name, work): [] for name in commands for work in ("small", "large")}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                for work in ("small", "large"):
                    port = measure.free_port()
                    (pathlib.Path(directory) / "nginx.conf").write_text(CONF.replace("PORT", str(port)).replace("DIR", directory))
                    measure_port, measure.free_port = measure.free_port, lambda p=port: p
                    try:
                        with measure.Server("files", command=command) as server:
                            measure.load(server.port, work, "--requests", 200 if work == "small" else 8)
                            used[name, work].append(measure.cpu_per_request(server, work, arguments.seconds)[0])
                    finally:
                        measure.free_port = measure_port
        print("\n| CPU per request | 1 KiB | 10 MiB |\n|---|---|---|")
        for name in commands:
            print(f"| {name} | " + " | ".join(f"{statistics.median(used[name, w]):.1f} µs" for w in ("small", "large")) + " |")
        if "nginx" in commands:
            print("| crema against nginx, goal 1.1 | " + " | ".join(
                f"{statistics.median(c / n for c, n in zip(used['crema', w], used['nginx', w])):.2f}" for w in ("small", "large")) + " |")


if __name__ == "__main__":
    main()
