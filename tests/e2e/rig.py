# SPDX-License-Identifier: BSD-3-Clause
"""A recorder and its senders on one machine, for the end-to-end tests.

    namespace ws<pid>s (senders)                    the machine
    ┌────────────────────────┐   veth    ┌─────────────────────────────┐
    │ 10.77.0.2/24  snd      ├───────────┤ ws<pid>r   af_packet → DPDK │  10.77.0.1, fd77::1: the dataplane's own
    │ fd77::2/64             │           │ wirespool-control on lo     │
    └────────────────────────┘           └─────────────────────────────┘

Everything lives in one temporary directory and one namespace, and is gone after close().
"""
import base64
import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))

INI = """
[record]
dir = {dir}/records
min_free_mb = 0
flush_interval_ms = {flush}
{record}
[ingest]
address = 10.77.0.1/24, fd77::1/64
{ingest}
[dataplane]
port = {nic}
hugepages = {hugepages}
memory_mb = 256
block_mb = 96
mbufs = 32767
lcores = {lcores}
run_dir = {dir}/run
{dataplane}
[control]
listen = 127.0.0.1:{port}
dtls_dir = {dir}/dtls
{control}
{rest}
[log]
level = {log}
"""


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a time limit ends a script in good order: close() is reached


class Failed(AssertionError):
    pass


class Skipped(Exception):
    """A case that cannot be tried on this machine as it is now."""


def check(condition, what):
    if not condition:
        raise Failed(what)


def equal(got, want, what):
    if got != want:
        raise Failed(f"{what}: {got!r}, expected {want!r}")


def conserved(lcore):
    """What came into an lcore, or several added up, went out: of plain RTP and SRTP, without WebRTC."""
    out = lcore["forwarded_out"] + lcore["answered"] + lcore["rtcp_pkts"] + lcore["handed_pkts"] + sum(v for k, v in lcore.items() if k.startswith("drop_"))
    equal(lcore["rx_pkts"] + lcore["forwarded_in"], out, "packets in and out of the lcores")


def wait_for(what, test, seconds=10.0, every=0.05):
    """Poll test() until it is true; its value. Raises after so many seconds: a bound for the hopeless, not a measure."""
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"waited {seconds:g} s in vain for {what}")
        time.sleep(every)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*argv, **kw):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw).stdout


def key_base64(profile="AES_CM_128_HMAC_SHA1_80", seed=1):
    """A master key and salt of the profile's length; the same for the same seed."""
    n = {"AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30, "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44}[profile]
    return base64.b64encode(bytes((seed * 37 + i * 11) & 255 for i in range(n))).decode()


class Rig:
    """Namespace, daemons and API. Options are INI lines per section."""

    def __init__(self, flush=200, record="", ingest="", dataplane="", control="", rest="", log="info", start=True, env=None, keep=False, lcores=(1,), nic=None):
        self.name = f"ws{os.getpid() % 100000}"
        self.dir = tempfile.mkdtemp(prefix="wirespool-e2e-")
        self.records = os.path.join(self.dir, "records")
        os.makedirs(self.records)
        self.ns, self.iface = self.name + "s", self.name + "r"
        self.port = free_port()
        self.env = dict(os.environ, **(env or {}))
        self.procs, self.senders = {}, []
        self.keep = keep
        self.ini = os.path.join(self.dir, "wirespool.ini")
        with open(self.ini, "w") as f:
            nic = nic or f"net_af_packet0,iface={self.iface},blocksz=65536,framesz=2048,framecnt=8192,qpairs={len(lcores)}"
            f.write(INI.format(nic=nic.format(dir=self.dir), dir=self.dir, flush=flush, record=record, ingest=ingest, dataplane=dataplane, control=control,
                               rest=rest, log=log, port=self.port, lcores=",".join(map(str, lcores)), hugepages=os.environ.get("HUGEPAGES", "off")))
        try:
            self._network()
            if start:
                self.start_dataplane()
                self.start_control()
        except BaseException:
            self.close()
            raise

    def _network(self):
        ip = lambda *a: run("ip", *a)
        ip("netns", "add", self.ns)
        ip("link", "add", self.iface, "type", "veth", "peer", "name", "snd", "netns", self.ns)
        with open(f"/proc/sys/net/ipv6/conf/{self.iface}/disable_ipv6", "w") as f:
            f.write("1")  # the kernel stays silent on the dataplane's end
        ip("link", "set", self.iface, "up")
        n = lambda *a: run("ip", "netns", "exec", self.ns, *a)
        n("sysctl", "-qw", "net.ipv6.conf.snd.accept_dad=0")
        n("ip", "link", "set", "lo", "up")
        n("ip", "addr", "add", "10.77.0.2/24", "dev", "snd")
        n("ip", "addr", "add", "fd77::2/64", "dev", "snd", "nodad")
        n("ethtool", "-K", "snd", "tx", "off")  # or every checksum arrives unfinished
        n("ip", "link", "set", "snd", "up")

    # --- daemons ------------------------------------------------------------------------------------------------------
    def _start(self, name):
        folder = {"wirespool-dataplane": "dataplane", "wirespool-control": "control"}[name]
        log = open(os.path.join(self.dir, name + ".log"), "ab")
        self.procs[name] = subprocess.Popen([os.path.join(BUILD, folder, name), "--config", self.ini], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.env, start_new_session=True)
        log.close()
        return self.procs[name]

    def start_dataplane(self, wait=True):
        p = self._start("wirespool-dataplane")
        if wait:
            def up():
                if p.poll() is not None:
                    raise Failed(f"wirespool-dataplane ended with {p.returncode}: {self.log('wirespool-dataplane')[-600:]}")
                s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                try:
                    s.connect(os.path.join(self.dir, "run", "control.sock"))
                    return True
                except OSError:
                    return False
                finally:
                    s.close()
            wait_for("the dataplane's socket", up, 20)
        return p

    def start_control(self, wait=True):
        p = self._start("wirespool-control")
        if wait:
            def ready():
                if p.poll() is not None:
                    raise Failed(f"wirespool-control ended with {p.returncode}: {self.log('wirespool-control')[-600:]}")
                try:
                    return self.api("GET", "/readyz")[0] == 200
                except OSError:
                    return False
            wait_for("readiness", ready, 20)
        return p

    def log(self, name):
        with open(os.path.join(self.dir, name + ".log"), errors="replace") as f:
            return f.read()

    def stop(self, name, sig=signal.SIGTERM, seconds=30):
        p = self.procs.pop(name, None)
        if not p:
            return None
        if p.poll() is None:
            p.send_signal(sig)
        try:
            return p.wait(seconds)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            raise Failed(f"{name} did not stop within {seconds} s of signal {sig}")

    def start_control_alone(self):
        """Without waiting for readiness, which a dataplane or a store that is away withholds."""
        self.start_control(wait=False)

        def answers():
            try:
                return self.api("GET", "/healthz")[0] == 200
            except OSError:
                return False
        wait_for("control", answers)

    def kill(self, name):
        return self.stop(name, signal.SIGKILL)

    def close(self):
        for p in self.senders:
            if p.poll() is None:
                p.kill()
            p.wait()
        for name in list(self.procs):
            try:
                self.stop(name)
            except Failed as why:
                print("#", why, file=sys.stderr)
        subprocess.run(["ip", "netns", "del", self.ns], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", self.iface], stderr=subprocess.DEVNULL)
        if self.keep or os.environ.get("KEEP"):
            print("# kept", self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and issubclass(kind, Exception):
            try:
                for scope in ("lcore", "port", "writer"):
                    print(f"# {scope}:", [{k: v for k, v in one.items() if v} for one in self.stats()[scope]], file=sys.stderr)
            except (OSError, Failed, TypeError):
                pass
            for name in ("wirespool-dataplane", "wirespool-control"):
                try:
                    print(f"# --- {name}:\n" + self.log(name)[-3000:], file=sys.stderr)
                except OSError:
                    pass
        lost = None if kind else self.unaccounted()
        self.close()
        check(not lost, f"packets that are not accounted for: {lost}")

    def unaccounted(self):
        """What the ledger has found in its last ten seconds; nothing where it cannot be asked."""
        try:
            status, got, _ = self.api("GET", "/api/v1/stats")
            return got["ledger"]["unaccounted"] if status == 200 else None
        except (OSError, http.client.HTTPException):
            return None

    # --- API ----------------------------------------------------------------------------------------------------------
    def api(self, method, path, body=None, headers=None, raw=False):
        """(status, body as JSON or bytes, headers)."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        h = dict(headers or {})
        if data is not None and "Content-Type" not in h:
            h["Content-Type"] = "application/json"
        try:
            c.request(method, path, data, h)
            r = c.getresponse()
            got = r.read()
        finally:
            c.close()
        if not raw and (r.getheader("Content-Type") or "").startswith("application/json") and got:
            got = json.loads(got)
        return r.status, got, dict(r.getheaders())

    def ok(self, method, path, body=None, want=(200, 201, 204)):
        status, got, _ = self.api(method, path, body)
        check(status in want, f"{method} {path}: {status} {got}")
        return got

    def open(self, tracks, room="demo", participant="alice", **more):
        return self.ok("POST", "/api/v1/sessions", dict(room=room, participant=participant, tracks=tracks, **more))

    def session(self, sid):
        return self.ok("GET", f"/api/v1/sessions/{sid}")

    def finish(self, sid):
        """Stop a session; its recordings are durable after."""
        return self.ok("DELETE", f"/api/v1/sessions/{sid}")

    def listing(self, query=""):
        return self.ok("GET", "/api/records" + query)

    def sidecar(self, name):
        return self.ok("GET", f"/api/records/{name}")

    def path(self, name):
        return os.path.join(self.records, name)

    def stats(self):
        """The dataplane's counters by scope."""
        return self.ok("GET", "/api/v1/stats")["dataplane"]

    # --- senders ------------------------------------------------------------------------------------------------------
    def netns(self, *argv, **kw):
        """Start a command in the senders' namespace."""
        kw.setdefault("stdout", subprocess.DEVNULL)
        kw.setdefault("stderr", subprocess.DEVNULL)
        p = subprocess.Popen(["ip", "netns", "exec", self.ns, *map(str, argv)], stdin=subprocess.DEVNULL, start_new_session=True, **kw)
        self.senders.append(p)
        return p

    def netns_run(self, *argv, timeout=120):
        p = self.netns(*argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = p.communicate(timeout=timeout)[0].decode(errors="replace")
        check(p.returncode == 0, f"{argv[0]} ended with {p.returncode}: {out[-800:]}")
        return out

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, proto=0):
        """A socket of this process that lives in the senders' namespace."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net") as home, open(f"/run/netns/{self.ns}") as there:
            check(libc.setns(there.fileno(), 0x40000000) == 0, "setns")
            try:
                return socket.socket(family, kind, proto)
            finally:
                check(libc.setns(home.fileno(), 0x40000000) == 0, "setns back")


# --- media ----------------------------------------------------------------------------------------------------------------
def ivf_frames(path):
    """(header, [(pts, bytes)]) of an IVF file; raises when it does not walk to its last byte."""
    with open(path, "rb") as f:
        data = f.read()
    check(data[:4] == b"DKIF", f"{path}: no IVF")
    _, size, fourcc, w, h, den, num, count = struct.unpack("<HH4sHHIII", data[4:28])
    at, frames = size, []
    while at < len(data):
        check(at + 12 <= len(data), f"{path}: torn frame header at {at} of {len(data)}")
        n, pts = struct.unpack("<IQ", data[at:at + 12])
        check(n > 0 and at + 12 + n <= len(data), f"{path}: torn frame of {n} at {at} of {len(data)}")
        frames.append((pts, data[at + 12:at + 12 + n]))
        at += 12 + n
    return dict(fourcc=fourcc.decode(), width=w, height=h, den=den, num=num, count=count), frames


def ogg_packets(path):
    """[(page granule if the packet ends its page else None, bytes)] of an Ogg file, checksums verified."""
    with open(path, "rb") as f:
        data = f.read()
    packets, part, at, eos = [], b"", 0, False
    while at < len(data):
        check(data[at:at + 4] == b"OggS", f"{path}: no page at {at}")
        flags, granule, serial, seq, crc, segs = struct.unpack("<BqIIIB", data[at + 5:at + 27])
        table = data[at + 27:at + 27 + segs]
        end = at + 27 + segs + sum(table)
        check(end <= len(data), f"{path}: torn page at {at}")
        check(ogg_crc(data[at:at + 22] + b"\0\0\0\0" + data[at + 26:end]) == crc, f"{path}: checksum of the page at {at}")
        body, eos = at + 27 + segs, bool(flags & 4)
        page = []
        for lace in table:
            part += data[body:body + lace]
            body += lace
            if lace < 255:
                page.append(part)
                part = b""
        packets += [(granule if i == len(page) - 1 else None, p) for i, p in enumerate(page)]
        at = end
    check(eos, f"{path}: no end-of-stream page")
    return packets


_CRC = []
for _i in range(256):
    _r = _i << 24
    for _ in range(8):
        _r = ((_r << 1) ^ 0x04C11DB7 if _r & 0x80000000 else _r << 1) & 0xFFFFFFFF
    _CRC.append(_r)


def ogg_crc(data):
    crc = 0
    for b in data:
        crc = ((crc << 8) & 0xFFFFFFFF) ^ _CRC[((crc >> 24) & 0xFF) ^ b]
    return crc


def decodes(path, decoder=()):
    """Frames that ffmpeg decodes out of a file; raises when it reports an error. @decoder: ("-c:v", NAME) for another than its first choice."""
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-xerror", *decoder, "-i", path, "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framecrc", "-"]
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    check(p.returncode == 0 and not p.stderr.strip(), f"{path} does not decode: {p.stderr[-500:]}")
    return sum(not line.startswith("#") for line in p.stdout.splitlines())


# --- running the cases ----------------------------------------------------------------------------------------------------
def main(cases):
    """Run the cases (all, or those named on the command line): 'ok NAME', 'FAIL NAME: why' or 'skip NAME: why', exit code 0 or 1."""
    names = sys.argv[1:]
    failed = 0
    for case in cases:
        name = case.__name__
        if names and name not in names:
            continue
        began = time.monotonic()
        try:
            case()
            print(f"ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Skipped as why:
            print(f"skip {name}: {why}", flush=True)
        except Exception as why:
            failed += 1
            print(f"FAIL {name}: {why}", flush=True)
            if not isinstance(why, Failed):
                traceback.print_exc()
    sys.exit(1 if failed else 0)
