# SPDX-License-Identifier: BSD-3-Clause
"""Uploading a finished recording by our uploader, awscli, s3cmd and rclone: throughput, CPU time, memory."""
import contextlib
import os
import random
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

import measure
import report
from rig import ROOT, Failed, free_port, wait_for
from s3_client import S3

MIB = 1 << 20
E2E = os.path.join(ROOT, "tests/e2e")
ACCESS, SECRET, BUCKET = "test:tester", "testing", "bench"
PORTS = {("Swift", False): 18500, ("Swift", True): 18520}
NAME = "bench_video0_1710123456.ivf"
PART_MB, PARALLEL = 8, 4  # our defaults; awscli has ten at once, s3cmd one part of 15 MB, rclone four of 5 MiB

OURS = """[record]
dir = {dir}/records
[upload]
enabled = 1
part_size_mb = {part}
parallel_parts = {parallel}
[s3]
endpoint = 127.0.0.1:{port}
bucket = {bucket}
access_key = {access}
secret_key = {secret}
use_ssl = {tls}
path_style = 1
ca_file = {ca}
[log]
level = warn
"""

S3CMD = """[default]
access_key = {access}
secret_key = {secret}
host_base = 127.0.0.1:{port}
host_bucket = 127.0.0.1:{port}
bucket_location = us-east-1
use_https = {https}
ca_certs_file = {ca}
check_ssl_hostname = False
"""


class Target:
    """A store: Swift, or the sink that throws everything away."""

    def __init__(self, stack, stand, kind, tls):
        self.kind, self.tls, self.ca = kind, tls, ""
        self.what = f"{kind}, {'TLS' if tls else 'plain HTTP'}"
        self.port = PORTS.get((kind, tls)) or free_port()
        if kind == "Swift":
            place = os.path.join(stand, f"swift-{int(tls)}")
            subprocess.run([os.path.join(E2E, "start-swift"), str(self.port), ACCESS, SECRET, place], check=True, stdout=subprocess.DEVNULL,
                           timeout=120, env=dict(os.environ, TLS=str(int(tls))))
            stack.callback(subprocess.run, [os.path.join(E2E, "stop-swift"), place, "wipe"], check=False, timeout=60)
            self.ca = os.path.join(place, "tls.pem") if tls else ""
            S3(self.port, ACCESS, SECRET, self.ca).make_bucket(BUCKET)
            return
        argv = [measure.program("tests/bench/s3_sink"), str(self.port)]
        if tls:
            self.ca, key = os.path.join(stand, "sink.pem"), os.path.join(stand, "sink.key")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", self.ca], check=True, stderr=subprocess.DEVNULL)
            argv += [self.ca, key]
        proc = subprocess.Popen(argv)
        stack.callback(proc.wait, 10)
        stack.callback(proc.terminate)

    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"


def environment(**more):
    """Without proxies, keys and certificates of this machine's own."""
    foreign = ("AWS_", "SSL_", "CURL_", "REQUESTS_", "RCLONE_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign) and not k.lower().endswith("_proxy")}
    return dict(kept, **more)


class Spent:
    """What a process and its children took from start to end; @peak: resident memory, if talk() told."""

    def __init__(self, argv, talk=None, **env):
        began = time.monotonic()
        with tempfile.TemporaryFile() as log:
            proc = subprocess.Popen([str(a) for a in argv], env=environment(**env), stdin=subprocess.PIPE, stderr=log, text=True,
                                    stdout=subprocess.PIPE if talk else log)
            self.peak = talk(proc) if talk else None
            proc.stdin.close()
            _, status, usage = os.wait4(proc.pid, 0)
            proc.returncode = os.waitstatus_to_exitcode(status)
            if talk:
                proc.stdout.close()
            self.wall = time.monotonic() - began
            self.cpu = usage.ru_utime + usage.ru_stime
            if proc.returncode:
                log.seek(0)
                raise Failed(f"{argv[0]} failed: {log.read().decode(errors='replace')[-500:]}")


def peak_bytes(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) * 1024


class Clients:
    """Each method uploads the file to @target once, from the start of its process to its end."""

    def __init__(self, dir, path):
        self.dir, self.path = dir, path

    def _ini(self, target, text, **more):
        path = os.path.join(self.dir, "client.conf")
        with open(path, "w") as f:
            f.write(text.format(dir=self.dir, port=target.port, bucket=BUCKET, access=ACCESS, secret=SECRET, ca=target.ca, **more))
        return path

    def ours(self, target, upload=True):
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(self.dir, "records", f".{NAME}.upload"))
        ini = self._ini(target, OURS, part=PART_MB, parallel=PARALLEL, tls=int(target.tls))

        def talk(proc):
            if upload:
                proc.stdin.write(f"finished {NAME}\n")
                proc.stdin.flush()
                for line in proc.stdout:
                    if '"event":"done"' in line:
                        break
                else:
                    raise Failed("upload_driver ended before its upload")
            else:
                proc.stdout.readline()  # it is ready
            peak = peak_bytes(proc.pid)
            proc.stdin.write("quit\n")
            return peak
        return Spent([measure.program("uploader/upload_driver"), "--config", ini], talk=talk)

    def awscli(self, target):
        return Spent(["/usr/bin/aws", "--endpoint-url", target.url(), "s3", "cp", "--only-show-errors", self.path, f"s3://{BUCKET}/aws.ivf"],
                     AWS_ACCESS_KEY_ID=ACCESS, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION="us-east-1", AWS_CONFIG_FILE="/dev/null",
                     AWS_EC2_METADATA_DISABLED="true", **({"AWS_CA_BUNDLE": target.ca} if target.tls else {}))

    def s3cmd(self, target):
        ini = self._ini(target, S3CMD, https=target.tls)
        return Spent(["s3cmd", "-c", ini, "--no-progress", "put", self.path, f"s3://{BUCKET}/s3cmd.ivf"])

    def rclone(self, target):
        trust = ["--ca-cert", target.ca] if target.tls else []
        return Spent(["rclone", "--config", "/dev/null", "--s3-no-check-bucket", *trust, "copyto", self.path, f"store:{BUCKET}/rclone.ivf"],
                     RCLONE_CONFIG_STORE_TYPE="s3", RCLONE_CONFIG_STORE_PROVIDER="Other", RCLONE_CONFIG_STORE_ACCESS_KEY_ID=ACCESS,
                     RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=SECRET, RCLONE_CONFIG_STORE_ENDPOINT=target.url(), RCLONE_CONFIG_STORE_REGION="us-east-1")


def compare(how, clients, target, size):
    names = ("ours", "awscli", "s3cmd", "rclone")
    runs = {name: [] for name in names}
    for _ in range(how.repeat):
        for name in names:
            runs[name].append(getattr(clients, name)(target))
    wall = {name: statistics.median(r.wall for r in runs[name]) for name in names}
    cpu = {name: statistics.median(r.cpu for r in runs[name]) for name in names}
    for other in names[1:]:
        wanted = other != "rclone"
        ratio = wall[other] / wall["ours"]
        yield report.row(8, f"upload to {target.what}", size / MIB / wall["ours"], "MiB/s", against=other, limit=size / MIB / wall[other],
                         wanted=">= 1.5" if wanted else "", met=ratio >= 1.5 if wanted else None, sink=target.what)
        yield report.row(8, f"upload to {target.what}, CPU of the client", cpu["ours"], "s", against=other, limit=cpu[other],
                         wanted="less" if wanted else "", met=cpu["ours"] < cpu[other] if wanted else None, sink=target.what)
    idle = clients.ours(target, upload=False).peak
    grown = max(r.peak for r in runs["ours"]) - idle
    bound = PART_MB * PARALLEL * MIB
    yield report.row(8, f"upload to {target.what}, growth of resident memory", grown / MIB, "MiB", against="part_size x parallel_parts", limit=bound / MIB,
                     wanted="<= 1", met=grown <= bound, sink=target.what, note=f"{idle / MIB:.0f} MiB without an upload")


def run(how):
    size = (64 if how.short else 1024) * MIB
    with contextlib.ExitStack() as stack:
        stand = tempfile.mkdtemp(prefix="wirespool-bench-")
        stack.callback(shutil.rmtree, stand, ignore_errors=True)
        os.mkdir(os.path.join(stand, "records"))
        path = os.path.join(stand, "records", NAME)
        with open(path, "wb") as f:
            for i in range(size // (16 * MIB)):
                f.write(random.Random(i).randbytes(16 * MIB))
        clients = Clients(stand, path)
        targets = [(kind, tls) for kind in ("Swift", "sink that discards") for tls in (False, True)]
        for kind, tls in (targets[0], targets[-1]) if how.short else targets:
            with contextlib.ExitStack() as one:
                target = Target(one, stand, kind, tls)
                wait_for(target.what, lambda: answers(target.port))
                yield from compare(how, clients, target, size)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
