# SPDX-License-Identifier: BSD-3-Clause
"""Listing a million recordings over HTTP, starting with them, and downloads against nginx's sendfile."""
import contextlib
import http.client
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

import measure
import report
from rig import Failed, free_port, wait_for

MIB = 1 << 20
NAME = "big_video0_1600000000.ivf"  # older than what catalogue_fill makes
RANGE_BYTES = 64 << 10

CONTROL_INI = """[record]
dir = {dir}/records
[ingest]
address = 10.77.0.1/24
[dataplane]
port = net_null0
run_dir = {dir}/run
[control]
listen = 127.0.0.1:{port}
dtls_dir = {dir}/dtls
[log]
level = warn
"""

NGINX_CONF = """daemon off;
worker_processes auto;
pid {dir}/nginx.pid;
error_log {dir}/nginx.log;
events {{ }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush off;
    client_body_temp_path {dir}/nginx-body;
    proxy_temp_path {dir}/nginx-proxy;
    fastcgi_temp_path {dir}/nginx-fastcgi;
    uwsgi_temp_path {dir}/nginx-uwsgi;
    scgi_temp_path {dir}/nginx-scgi;
    server {{ listen 127.0.0.1:{port}; root {dir}; }}
}}
"""


class Server:
    """A process that answers HTTP on @port; its CPU time is that of its children, too."""

    def __init__(self, what, port, *argv):
        self.what, self.port = what, port
        began = time.monotonic()
        self.proc = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{port}"
        try:
            wait_for(what, self.answers, 120, every=0.005)
        except Failed:
            self.stop()
            raise
        self.started_s = time.monotonic() - began

    def answers(self):
        if self.proc.poll() is not None:
            raise Failed(f"{self.what} ended with {self.proc.returncode} at its start")
        try:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as c:
                c.request("GET", "/healthz")
                c.getresponse().read()
            return True
        except ConnectionError:
            return False

    def cpu_seconds(self):
        with open(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children") as f:
            pids = [self.proc.pid, *map(int, f.read().split())]
        return sum(sum(sum(threads) for threads in measure.thread_cpu_seconds(pid).values()) for pid in pids)

    def stop(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
        self.proc.wait(60)


class Stand:
    """A directory of recordings in memory with its catalogue, control and nginx in front of it."""

    def __init__(self, rows, big_bytes):
        self.stack = contextlib.ExitStack()
        self.dir = tempfile.mkdtemp(prefix="wirespool-bench-")
        self.stack.callback(shutil.rmtree, self.dir, ignore_errors=True)
        try:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=0,size=90%", "tmpfs", self.dir], check=True)
            self.stack.callback(subprocess.run, ["umount", "-l", self.dir], check=False)
            self.records = os.path.join(self.dir, "records")
            os.mkdir(self.records)
            os.chmod(self.dir, 0o755)
            self.big = os.path.join(self.records, NAME)
            with open(self.big, "wb") as f:
                piece = random.Random(1).randbytes(MIB)
                for _ in range(big_bytes // MIB):
                    f.write(piece)
            subprocess.run([measure.program("tests/bench/catalogue_fill"), self.records, self.records + "/.catalogue.db", str(rows)], check=True)
        except BaseException:
            self.close()
            raise

    def _serve(self, what, text, *argv):
        port, path = free_port(), os.path.join(self.dir, what + ".conf")
        with open(path, "w") as f:
            f.write(text.format(dir=self.dir, port=port))
        server = Server(what, port, *argv, path)
        self.stack.callback(server.stop)
        return server

    def control(self):
        return self._serve("control", CONTROL_INI, measure.program("control/wirespool-control"), "--config")

    def nginx(self):
        return self._serve("nginx", NGINX_CONF, "nginx", "-p", self.dir, "-c")

    def close(self):
        self.stack.close()


class Client:
    """One connection that is kept."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def get(self, path, **headers):
        """Seconds until the last byte, Link, and how many bytes."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers=headers)
        response = self.connection.getresponse()
        body = response.read()
        took = time.perf_counter() - began
        if response.status not in (200, 206):
            raise Failed(f"GET {path}: {response.status} {body[:200]}")
        link = re.match(r"<(.*)>; rel=\"next\"", response.getheader("Link") or "")
        return took, link and link[1], len(body)


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def deep(client, path, pages):
    """The path of the page so many pages on."""
    for _ in range(pages):
        path = client.get(path)[1]
        if not path:
            raise Failed("the list ended before its middle: are rows missing from the catalogue?")
    return path


def listing(server, rows, count):
    client = Client(server)
    half = rows // 2000
    busy = "/api/records?room=busy"
    middle = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1700000600 + rows // 4))  # catalogue_fill's own times
    cases = {
        "first page, 1000 rows": "/api/records",
        "first page, 100 rows": "/api/records?limit=100",
        "deep page, 1000 rows": deep(client, "/api/records", half),
        "a room's first page, 1000 rows": busy,
        "a room's deep page since and until, 1000 rows": deep(client, f"{busy}&since={middle}&until=2100-01-01T00:00:00Z", half // 4),
        "one of a thousand rooms, 100 rows": "/api/records?room=room-7&limit=100",
        "a session": "/api/records?session=s_0000000000000007",
    }
    for what, path in cases.items():
        took = [client.get(path)[0] * 1000 for _ in range(count)]
        p50, p99 = percentile(took, 50), percentile(took, 99)
        yield report.row(9, f"listing of {rows} recordings, {what}, p99", p99, "ms", against="p50", limit=p50, wanted="p99 <= 20 ms",
                         met=p99 <= 20, sink="tmpfs", note=f"{count} requests, one after another; {client.get(path)[2]} bytes each")


class Downloads:
    """The same curl against two servers."""

    def __init__(self, how, servers, paths, big_bytes):
        self.how, self.servers, self.paths, self.bytes = how, servers, paths, big_bytes

    def fetch(self, i, parallel, extra):
        """(MiB/s, CPU seconds of the server a GiB)"""
        argv = ["curl", "-sSf", "-o", "/dev/null", *extra, self.servers[i].url + self.paths[i]]
        cpu, began = self.servers[i].cpu_seconds(), time.monotonic()
        procs = [subprocess.Popen(argv) for _ in range(parallel)]
        if any([p.wait(300) for p in procs]):
            raise Failed(f"curl failed against {self.servers[i].what}: {' '.join(argv)}")
        took = time.monotonic() - began
        total = self.bytes * parallel
        return total / MIB / took, (self.servers[i].cpu_seconds() - cpu) * (1 << 30) / total

    def compare(self, what, parallel=1, extra=(), share=1.0):
        runs = [[], []]
        for _ in range(max(self.how.repeat, 1 if self.how.short else 5)):
            for i in (0, 1):
                runs[i].append(self.fetch(i, parallel, extra))
        speed, cpu = ([statistics.median(r[k] for r in one) * factor for one in runs] for k, factor in ((0, share), (1, 1 / share)))
        yield report.row(9, f"download, {what}", speed[0], "MiB/s", against="nginx", limit=speed[1], wanted=">= 0.9 of nginx",
                         met=speed[0] >= 0.9 * speed[1], sink="tmpfs, loopback, curl to /dev/null")
        yield report.row(9, f"download, {what}, CPU of the server", cpu[0], "s/GiB", against="nginx", limit=cpu[1], sink="tmpfs, loopback")

    def ranges(self, count):
        """Ranges of 64 KiB at random places over one connection: requests a second."""
        def one(i):
            client, places = Client(self.servers[i]), random.Random(5)
            began = time.perf_counter()
            for _ in range(count):
                first = places.randrange(self.bytes - RANGE_BYTES)
                if client.get(self.paths[i], Range=f"bytes={first}-{first + RANGE_BYTES - 1}")[2] != RANGE_BYTES:
                    raise Failed(f"{self.servers[i].what} does not answer with the range that was asked for")
            return count / (time.perf_counter() - began)
        ours, theirs = self.how.median(lambda: one(0), lambda: one(1))
        yield report.row(9, "download, ranges of 64 KiB on one connection", ours, "requests/s", against="nginx", limit=theirs,
                         wanted=">= 0.9 of nginx", met=ours >= 0.9 * theirs, sink="tmpfs, loopback")


def run(how):
    rows, big_bytes, requests = (20000, 64 * MIB, 100) if how.short else (1000000, 1024 * MIB, 1000)
    with contextlib.closing(Stand(rows, big_bytes)) as stand:
        control = stand.control()
        yield report.row(9, f"start-up with {rows} recordings, to the first answer", control.started_s * 1000, "ms", sink="tmpfs")
        client = Client(control)
        began = time.monotonic()
        wait_for("the first scan", lambda: scans(control, client), 300, every=0.01)
        yield report.row(9, f"comparing the directory of {rows} recordings with the catalogue", time.monotonic() - began, "s", sink="tmpfs",
                         note="beside requests, at start and every ten minutes")
        yield from listing(control, rows, requests)
        downloads = Downloads(how, (control, stand.nginx()), (f"/records/{NAME}",) * 2, big_bytes)
        yield from downloads.compare("one at a time")
        yield from downloads.compare("four at a time", parallel=4)
        yield from downloads.compare("the second half as a range", extra=("-r", f"{big_bytes // 2}-"), share=0.5)
        yield from downloads.ranges(requests)


def scans(server, client):
    client.connection.request("GET", "/metrics")
    text = client.connection.getresponse().read().decode()
    return int(re.search(r"^wirespool\w*library_scans\w* (\d+)", text, re.M)[1])
