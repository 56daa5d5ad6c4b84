#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""wirespool-control alone, without a dataplane: it answers, says what is missing, serves what is on disk, and takes no harm
from wrong input.

    this script ── HTTP, HTTPS, raw TCP on 127.0.0.1 / ::1 ──▶ wirespool-control ──▶ a temporary record.dir
"""
import concurrent.futures
import contextlib
import email.utils
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
CONTROL = os.path.join(BUILD, "control", "wirespool-control")
PORTS = range(18200, 18300)
OGG = bytes(range(256)) * 40


def equal(got, want, what=""):
    assert got == want, f"{what}: got {got!r}, wanted {want!r}"


def wait_for(what, test, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = test()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket(family) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((host, port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def refused(self, status, code):
        equal(self.status, status, self.body[:200])
        equal(self.headers["Content-Type"], "application/json")
        error = self.json()["error"]
        equal(error["code"], code, error["message"])
        assert error["message"]
        return error["message"]


class Control:
    """One wirespool-control with a directory of its own."""

    def __init__(self, control="", record="", host="127.0.0.1", rest="", start=True, tls=None, env=None):
        self.dir = tempfile.mkdtemp(prefix="wirespool-api-")
        self.records = os.path.join(self.dir, "records")
        os.mkdir(self.records)
        os.mkdir(os.path.join(self.dir, "run"))
        self.host, self.tls, self.env = host, tls, dict(os.environ, **(env or {}))
        self.port = free_port(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        self.ini = os.path.join(self.dir, "wirespool.ini")
        shown = f"[{host}]" if ":" in host else host
        with open(self.ini, "w") as f:
            f.write(f"[record]\ndir = {self.records}\nmin_free_mb = 0\n{record}\n[dataplane]\nrun_dir = {self.dir}/run\n"
                    f"[control]\nlisten = {shown}:{self.port}\ndtls_dir = {self.dir}/dtls\n{control}\n[log]\nlevel = debug\n{rest}\n")
        self.process = None
        if start:
            self.start()

    def start(self):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.process = subprocess.Popen([CONTROL, "--config", self.ini], stderr=self.log, env=self.env)
        wait_for("healthz", self.is_up)

    def is_up(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.logged()[-2000:]}"
        try:
            return self.call("GET", "/healthz").status == 200
        except OSError:
            return False

    def stop(self, sig=signal.SIGTERM):
        if not self.process:
            return None
        self.process.send_signal(sig)
        code = self.process.wait(20)
        self.process = None
        self.log.close()
        return code

    def logged(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as f:
            return f.read()

    def connect(self, timeout=20):
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def call(self, method, path, body=None, **headers):
        with contextlib.closing(self.connect()) as c:
            c.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())

    def raw(self, data, timeout=3):
        """Bytes as they are; whatever comes back until the server closes or says nothing more."""
        with socket.create_connection((self.host, self.port), timeout=timeout) as s:
            got = b""
            try:
                s.sendall(data)
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    got += piece
            except OSError:
                pass
            return got

    def pair(self, name, data, sidecar=None, when=None):
        path = os.path.join(self.records, name)
        with open(path, "wb") as f:
            f.write(data)
        if sidecar is not None:
            with open(path + ".json", "w") as f:
                f.write(sidecar if isinstance(sidecar, str) else json.dumps(sidecar))
        if when:
            os.utime(path, (when, when))

    def names(self, query=""):
        return [r["name"] for r in self.call("GET", "/api/records" + query).json()]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind:
                print(self.logged()[-3000:], file=sys.stderr)
                return
            code = self.stop()  # sanitizers have their say at the end
            if code:
                print(self.logged()[-3000:], file=sys.stderr)
                raise AssertionError(f"wirespool-control ended with {code}")
        finally:
            if self.process:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.dir, ignore_errors=True)


def filled(**kw):
    """Three recordings; the names say room, track and time."""
    c = Control(start=False, **kw)
    c.pair("red_v_1000.ivf", b"DKIF" + bytes(996), {"version": 1, "room": "red", "participant": "al", "track": "v", "codec": "VP8",
           "session": "s_one", "promised": "red_v_999.ivf", "started": "1970-01-01T00:16:40.5Z", "duration_s": 2.5, "frames": 7,
           "gaps": [{"at": 1}, {"at": 2}], "gap_packets": 9, "size": 4, "name": "lie"}, 1000)
    c.pair("red_a_2000.ogg", OGG, {"room": "red", "track": "a", "codec": "opus"}, 2000)
    c.pair("bl--_v_3000.ivf", b"x", None, 3000)
    c.start()
    wait_for("scan", lambda: len(c.names()) == 3)
    return c


def without_a_dataplane_it_answers_and_says_so():
    with Control() as c:
        equal(c.call("GET", "/healthz").json()["status"], "ok")
        ready = c.call("GET", "/readyz")
        equal(ready.status, 503)
        checks = ready.json()["checks"]
        equal(ready.json()["ready"], False)
        equal([checks[k]["ok"] for k in ("dataplane", "disk", "store")], [False, True, True])
        assert "control.sock" in checks["dataplane"]["reason"]
        equal(c.call("GET", "/api/records").json(), [])
        c.call("POST", "/api/v1/sessions", json.dumps({"room": "demo", "participant": "al", "tracks": [{"id": "v", "codec": "VP8", "payload_type": 96,
               "clock_rate": 90000, "srtp": {"profile": "AES_CM_128_HMAC_SHA1_80", "key": "A" * 40}}]}),
               Content_Type="application/json").refused(503, "dataplane_down")
        equal(c.call("GET", "/api/v1/sessions").status, 200)
        c.call("GET", "/api/v1/sessions/s_nobody").refused(404, "not_found")
        c.call("GET", "/api/v1/uploads").refused(409, "upload_disabled")
        c.call("POST", "/api/v1/uploads/a.ivf/retry", "").refused(409, "upload_disabled")


def readiness_names_a_directory_that_vanished():
    with filled() as c:
        os.rename(c.records, c.records + ".away")
        disk = wait_for("not ready", lambda: c.call("GET", "/readyz").json()["checks"]["disk"])
        equal(disk["ok"], False)
        assert "No such file" in disk["reason"]
        c.call("GET", "/records/red_a_2000.ogg").refused(500, "disk_error")
        equal(c.call("GET", "/healthz").status, 200)
        os.rename(c.records + ".away", c.records)
        equal(c.call("GET", "/readyz").json()["checks"]["disk"]["ok"], True)
        equal(c.call("GET", "/records/red_a_2000.ogg").body, OGG)
        equal(len(c.names()), 3)


def readiness_names_a_full_disk():
    with Control(record="", start=False) as c:
        text = open(c.ini).read().replace("min_free_mb = 0", "min_free_mb = 1073741824")
        open(c.ini, "w").write(text)
        c.start()
        assert "min_free_mb" in c.call("GET", "/readyz").json()["checks"]["disk"]["reason"]


def records_are_listed_newest_first_with_their_sidecars():
    with filled() as c:
        r = c.call("GET", "/api/records")
        equal(r.headers["Content-Type"], "application/json")
        records = r.json()
        equal([x["name"] for x in records], ["bl--_v_3000.ivf", "red_a_2000.ogg", "red_v_1000.ivf"])
        red = records[2]
        equal({k: red[k] for k in ("size", "modTime", "url", "room", "participant", "track", "codec", "session", "frames",
               "duration_s", "gap_count", "gap_packets", "state", "uploaded")},
              {"size": 1000, "modTime": "1970-01-01T00:16:40Z", "url": "/records/red_v_1000.ivf", "room": "red", "participant": "al",
               "track": "v", "codec": "VP8", "session": "s_one", "frames": 7, "duration_s": 2.5, "gap_count": 2, "gap_packets": 9,
               "state": "finished", "uploaded": False})
        one = c.call("GET", "/api/records/red_v_1000.ivf").json()
        equal((one["name"], one["size"], len(one["gaps"])), ("red_v_1000.ivf", 1000, 2))
        equal(c.call("GET", "/api/records/red_v_999.ivf").json()["name"], "red_v_1000.ivf", "promised name")
        equal(c.call("HEAD", "/api/records").body, b"")


def lists_are_filtered_and_paged():
    with filled() as c:
        equal(c.names("?room=red"), ["red_a_2000.ogg", "red_v_1000.ivf"])
        equal(c.names("?session=s_one"), ["red_v_1000.ivf"])
        equal(c.names("?since=1970-01-01T00:33:20Z"), ["bl--_v_3000.ivf", "red_a_2000.ogg"])
        equal(c.names("?until=1970-01-01T00:33:20Z"), ["red_v_1000.ivf"])
        equal(c.names("?since=1970-01-01T01:33:20%2B01:00&until=1970-01-01T00:50:00Z"), ["red_a_2000.ogg"])
        equal(len(c.names("?state=all")), 3)
        equal(c.names("?state=open"), [])
        for i in range(500):
            c.pair(f"many_v_{i}.ivf", b"", {"room": "many"}, 5000 + i // 3)
        c.stop()
        c.start()
        wait_for("scan", lambda: len(c.names("?room=many")) == 500)
        path, seen, pages = "/api/records?room=many&limit=7", [], 0
        while path:
            r = c.call("GET", path)
            seen += [x["name"] for x in r.json()]
            link = re.fullmatch(r'<(/api/records\?[^>]*)>; rel="next"', r.headers["Link"]) if r.headers["Link"] else None
            path, pages = link and link.group(1), pages + 1
        equal(pages, 72)
        equal(len(set(seen)), 500)
        equal(len(seen), 500)


def wrong_parameters_are_named():
    with filled() as c:
        for query, name in (("limit=0", "limit"), ("limit=1001", "limit"), ("limit=ten", "limit"), ("since=now", "since"),
                            ("until=2026-13-01T00:00:00Z", "until"), ("state=shut", "state"), ("cursor=%2e%2e", "cursor"),
                            ("room=%FF", "room"), ("room=" + "r" * 129, "room"), ("room=a%0a", "room")):
            message = c.call("GET", "/api/records?" + query).refused(400, "bad_parameter")
            assert message.startswith(name), message
        c.call("GET", "/api/records?room=a%00b").refused(400, "bad_request")
        c.call("GET", "/api/records?room=%4").refused(400, "bad_request")
        c.call("GET", "/api/records?" + "&".join("a" * 60)).refused(400, "bad_request")
        c.call("GET", "/api/v1/sessions?limit=0").refused(400, "bad_parameter")


def files_are_served_whole_and_by_ranges():
    with filled() as c:
        path, size = "/records/red_a_2000.ogg", len(OGG)
        r = c.call("GET", path)
        equal((r.status, r.body, r.headers["Content-Type"], r.headers["Accept-Ranges"]), (200, OGG, "audio/ogg", "bytes"))
        equal(r.headers["Last-Modified"], "Thu, 01 Jan 1970 00:33:20 GMT")
        equal(c.call("GET", "/records/red_v_1000.ivf").headers["Content-Type"], "video/x-ivf")
        r = c.call("HEAD", path)
        equal((r.status, r.body, r.headers["Content-Length"]), (200, b"", str(size)))
        for spec, first, last in (("0-99", 0, 99), ("100-", 100, size - 1), ("-7", size - 7, size - 1), (f"5-{size * 9}", 5, size - 1),
                                  ("0-0", 0, 0), ("10-19,20-29", 10, 29)):
            r = c.call("GET", path, Range="bytes=" + spec)
            equal((r.status, r.headers["Content-Range"]), (206, f"bytes {first}-{last}/{size}"), spec)
            equal(r.body, OGG[first:last + 1], spec)
        r = c.call("HEAD", path, Range="bytes=0-99")
        equal((r.status, r.headers["Content-Length"], r.body), (206, "100", b""))
        for spec in (f"{size}-", "99999999999999999999-", "-0"):
            r = c.call("GET", path, Range="bytes=" + spec)
            r.refused(416, "range_not_satisfiable")
            equal(r.headers["Content-Range"], f"bytes */{size}")
        for spec in ("bytes=5-4", "bytes=a-b", "bytes=", "octets=0-5", "bytes=0-5;6-7", "bytes=" + ",".join(f"{i * 9}-{i * 9}" for i in range(50))):
            equal(c.call("GET", path, Range=spec).status, 200, spec)


def several_ranges_come_as_multipart():
    with filled() as c:
        r = c.call("GET", "/records/red_a_2000.ogg", Range="bytes=0-4,1000-1009,-3")
        equal(r.status, 206)
        boundary = re.fullmatch(r"multipart/byteranges; boundary=(\S+)", r.headers["Content-Type"]).group(1).encode()
        want = b""
        for first, last in ((0, 4), (1000, 1009), (len(OGG) - 3, len(OGG) - 1)):
            want += b"\r\n--%s\r\nContent-Type: audio/ogg\r\nContent-Range: bytes %d-%d/%d\r\n\r\n" % (boundary, first, last, len(OGG))
            want += OGG[first:last + 1]
        equal(r.body, (want + b"\r\n--%s--\r\n" % boundary)[2:])
        equal(int(r.headers["Content-Length"]), len(r.body))


def conditions_are_kept():
    with filled() as c:
        path = "/records/red_a_2000.ogg"
        head = c.call("HEAD", path).headers
        tag, date = head["ETag"], head["Last-Modified"]
        assert re.fullmatch(r'"[^"]+"', tag), tag
        equal(c.call("GET", path, If_None_Match=tag).status, 304)
        equal(c.call("GET", path, If_None_Match=tag).body, b"")
        equal(c.call("GET", path, If_None_Match='"x", W/' + tag).status, 304)
        equal(c.call("GET", path, If_None_Match='"x"').status, 200)
        equal(c.call("GET", path, If_Modified_Since=date).status, 304)
        equal(c.call("GET", path, If_Modified_Since="Thu, 01 Jan 1970 00:33:19 GMT").status, 200)
        c.call("GET", path, If_Match='"x"').refused(412, "precondition_failed")
        equal(c.call("GET", path, If_Match=tag).status, 200)
        c.call("GET", path, If_Unmodified_Since="Thu, 01 Jan 1970 00:33:19 GMT").refused(412, "precondition_failed")
        equal(c.call("GET", path, Range="bytes=0-4", If_Range=tag).status, 206)
        equal(c.call("GET", path, Range="bytes=0-4", If_Range=date).status, 206)
        equal(c.call("GET", path, Range="bytes=0-4", If_Range='"x"').status, 200)
        equal(c.call("GET", path, Range="bytes=0-4", If_Range="W/" + tag).status, 200)
        equal(c.call("GET", path, Range="bytes=0-4", If_Range=email.utils.formatdate(usegmt=True)).status, 200)
        c.pair("red_a_2000.ogg", b"new", None, 2000)
        assert c.call("HEAD", path).headers["ETag"] != tag


def big_files_and_parallel_downloads_come_through():
    with Control(start=False) as c:
        block = os.urandom(1 << 20)
        with open(os.path.join(c.records, "big_v_1.ivf"), "wb") as f:
            for _ in range(64):
                f.write(block)
        c.start()

        def fetch(first):
            r = c.call("GET", "/records/big_v_1.ivf", Range=f"bytes={first}-")
            return r.body == (block * 64)[first:]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert all(pool.map(fetch, (0, 1, 4095, 1 << 20, (1 << 26) - 1, 12345678, 0, 77)))
        with contextlib.closing(c.connect()) as half:
            half.request("GET", "/records/big_v_1.ivf")
            half.getresponse().read(1000)
        equal(c.call("GET", "/healthz").status, 200)


def downloads_go_by_sendfile():
    """The kernel sends them from the page cache: strace sees every byte go that way, of ranges too."""
    with Control(start=False) as c:
        body = os.urandom((1 << 20) + 77)
        c.pair("big_v_1.ivf", body, None, 1000)
        c.start()
        trace = os.path.join(c.dir, "trace")
        tracer = subprocess.Popen(["strace", "-f", "-e", "trace=sendfile", "-o", trace, "-p", str(c.process.pid)], stderr=subprocess.PIPE, text=True)
        said = tracer.stderr.readline()
        assert "attached" in said, f"strace cannot look on: {said}"
        equal(c.call("GET", "/records/big_v_1.ivf").body, body)
        equal(c.call("GET", "/records/big_v_1.ivf", Range="bytes=1000-").body, body[1000:])
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=20)
        with open(trace) as f:
            sent = sum(int(line.rsplit("= ", 1)[1]) for line in f if re.search(r"sendfile.*= [0-9]+$", line))
        equal(sent, 2 * len(body) - 1000, "bytes that sendfile sent")


def deletion_removes_the_pair():
    with filled() as c:
        equal(c.call("DELETE", "/api/records/red_v_999.ivf").json(), {"deleted": "red_v_1000.ivf"}, "promised name")
        equal(c.call("DELETE", "/api/records/red_a_2000.ogg").status, 200)
        equal(sorted(x for x in os.listdir(c.records) if not x.startswith(".")), ["bl--_v_3000.ivf"])
        equal(c.names(), ["bl--_v_3000.ivf"])
        c.call("DELETE", "/api/records/red_a_2000.ogg").refused(404, "not_found")
        c.call("GET", "/records/red_a_2000.ogg").refused(404, "not_found")
        c.call("GET", "/api/records/red_a_2000.ogg").refused(404, "not_found")


def a_part_that_nobody_finished_is_open():
    with filled() as c:
        with open(os.path.join(c.records, ".left_v_1.ivf.part"), "wb") as f:
            f.write(b"DKIF")
        c.call("DELETE", "/api/records/left_v_1.ivf").refused(409, "recording_open")
        c.call("GET", "/api/records/left_v_1.ivf").refused(409, "recording_open")
        assert os.path.exists(os.path.join(c.records, ".left_v_1.ivf.part"))


def names_lead_nowhere_else():
    with filled() as c:
        with open(os.path.join(c.dir, "secret.ivf"), "w") as f:
            f.write("hidden words")
        os.symlink(os.path.join(c.dir, "secret.ivf"), os.path.join(c.records, "link_v_1.ivf"))
        names = ["..", ".", "%2e%2e", "..%2fsecret.ivf", "%2e%2e%2fsecret.ivf", "..%5csecret.ivf", "....//secret.ivf", "link_v_1.ivf",
                 ".catalogue.db", "red_a_2000.ogg.json", ".red_a_2000.ogg.part", "red_a_2000.ogg%00", "red_a_2000.ogg%00.ivf", "%00",
                 "red_a_2000.ogg%20", "red_a_2000.ogg/", "a" * 300 + ".ivf", "%FF%FE.ivf", "caf%C3%A9.ivf", "%", "%zz", "*", "~root", "-rf",
                 "red_a_2000.OGG", "con.ivf", "%0d%0aSet-Cookie:%20x=1.ivf"]
        for name in names:
            for method, path in (("GET", "/records/"), ("HEAD", "/records/"), ("GET", "/api/records/"), ("DELETE", "/api/records/")):
                r = c.call(method, path + name)
                equal(r.status, 404, method + " " + path + name)
                assert b"hidden words" not in r.body
                assert "Set-Cookie" not in r.headers
        for target in (b"/records/../secret.ivf", b"/../../etc/passwd", b"//etc/passwd", b"/records/..;/secret.ivf", b"/records/\xff.ivf"):
            got = c.raw(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b" 404 " in got.split(b"\r\n")[0], got[:200]
            body = got.split(b"\r\n\r\n", 1)[1]
            json.loads(body.decode("utf-8"))
        equal(len(c.names()), 3)


def methods_and_paths_that_are_not_there_are_refused():
    with filled() as c:
        for method, path, allow in (("POST", "/api/records", "GET, HEAD, OPTIONS"), ("PUT", "/records/red_a_2000.ogg", "GET, HEAD, OPTIONS"),
                                    ("PATCH", "/api/records/x", "GET, HEAD, DELETE, OPTIONS"), ("BREW", "/healthz", "GET, HEAD, OPTIONS"),
                                    ("GET", "/api/v1/uploads/x/retry", "POST, OPTIONS")):
            r = c.call(method, path, "{}")
            r.refused(405, "method_not_allowed")
            equal(r.headers["Allow"], allow)
        for path in ("/", "/api", "/api/records/", "/records/", "/api/v2/sessions", "/healthz/", "/metrics/x", "/" + "a/" * 200):
            c.call("GET", path).refused(404, "not_found")


def broken_bodies_are_refused():
    with Control() as c:
        def post(body, kind="application/json"):
            return c.call("POST", "/api/v1/sessions", body, Content_Type=kind)
        for body in (b"", b"{", b"[]", b"null", b"\"x\"", b"{\"a\":1,\"a\":2}", b"{\"room\":\"\xff\"}", b"{\"room\":\"\\u0000\"}", b"{}x", b"\x00" * 50,
                     b"{\"a\":" * 5000 + b"1" + b"}" * 5000, b"[" * 100000, b"{\"a\":1e999}", b"{\"a\":" + b"9" * 400 + b"}"):
            post(body).refused(400, "bad_json")
        post(b"{\"room\":\"" + b"x" * (300 << 10) + b"\"}").refused(413, "too_large")
        post(b"{\"room\":\"" + b"x" * (3 << 20) + b"\"}").refused(413, "too_large")
        for body in ({}, {"room": 5}, {"room": "x"}, {"room": "x", "tracks": []}, {"room": "x", "tracks": [5]}, {"room": "", "tracks": [{}]},
                     {"room": "x" * 200, "tracks": [{"id": "v", "codec": "VP8", "payload_type": 96}]}):
            equal(post(json.dumps(body)).status, 400, body)
        equal(c.call("GET", "/healthz").status, 200)


def what_is_not_http_does_no_harm():
    with filled() as c:
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 1000, b"GET\r\n\r\n", b"GET / HTTP/7.0\r\n\r\n", os.urandom(2000),
                     b"GET /healthz HTTP/1.1\r\n\r\n", b"A" * 200000, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 500) for i in range(500)) + b"\r\n",
                     b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
                     b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
                     b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"):
            got = c.raw(data, timeout=0.5)
            assert b" 200 " not in got and b" 201 " not in got, (data[:60], got[:100])
        held = [socket.create_connection((c.host, c.port)) for _ in range(200)]
        for s in held[:100]:
            s.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        equal(c.call("GET", "/healthz").status, 200)
        for s in held:
            s.close()
        equal(len(c.names()), 3)
        begun = time.monotonic()
        equal(c.stop(), 0)
        assert time.monotonic() - begun < 4, "the stop waited for clients that say nothing"


def tokens_open_all_but_health_checks():
    with Control(env={"WIRESPOOL_API_TOKENS": "sesame, other-token"}) as c:
        for path in ("/api/records", "/records/a.ivf", "/metrics", "/api/v1/stats", "/api/v1/sessions", "/api/v1/uploads"):
            r = c.call("GET", path)
            r.refused(401, "unauthorized")
            assert r.headers["WWW-Authenticate"].startswith("Bearer")
        for value in ("Bearer", "Bearer ", "Bearer wrong", "Bearer sesam", "Bearer sesame2", "Basic sesame", "sesame", "Bearer sesame, other-token",
                      "Bearer " + "x" * 5000):
            c.call("GET", "/api/records", Authorization=value).refused(401, "unauthorized")
        c.call("POST", "/api/v1/sessions", "{}").refused(401, "unauthorized")
        c.call("DELETE", "/api/records/a.ivf").refused(401, "unauthorized")
        equal(c.call("GET", "/api/records", Authorization="Bearer sesame").status, 200)
        equal(c.call("GET", "/api/records", Authorization="bearer other-token").status, 200)
        equal(c.call("GET", "/healthz").status, 200)
        equal(c.call("GET", "/readyz").status, 503)
        equal(c.call("OPTIONS", "/api/records").status, 204)
        assert "sesame" not in c.logged() and "other-token" not in c.logged()


def browsers_may_ask_from_other_origins():
    with Control(control="cors_origin = https://call.example") as c:
        r = c.call("OPTIONS", "/api/v1/sessions", Origin="https://call.example", Access_Control_Request_Method="POST",
                   Access_Control_Request_Headers="authorization, content-type", Access_Control_Request_Private_Network="true")
        equal(r.status, 204)
        equal(r.headers["Access-Control-Allow-Origin"], "https://call.example")
        assert "POST" in r.headers["Access-Control-Allow-Methods"] and "Authorization" in r.headers["Access-Control-Allow-Headers"]
        equal(r.headers["Access-Control-Allow-Private-Network"], "true")
        for path in ("/api/records", "/records/none.ivf", "/nothing"):
            r = c.call("GET", path, Origin="https://call.example")
            equal(r.headers["Access-Control-Allow-Origin"], "https://call.example")
            for header in ("Location", "ETag", "Link", "Content-Range", "Accept-Ranges"):
                assert header in r.headers["Access-Control-Expose-Headers"]


def tls_and_ipv6_are_served():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=wirespool", "-addext", "subjectAltName=IP:::1", "-keyout", d + "/key.pem", "-out", d + "/cert.pem"],
                       check=True, stderr=subprocess.DEVNULL)
        context = ssl.create_default_context(cafile=d + "/cert.pem")
        with filled(host="::1", tls=context, control=f"tls_cert = {d}/cert.pem\ntls_key = {d}/key.pem") as c:
            equal(c.call("GET", "/records/red_a_2000.ogg").body, OGG)
            r = c.call("GET", "/records/red_a_2000.ogg", Range="bytes=5-9,100-109")
            equal(r.status, 206)
            assert OGG[100:110] in r.body
            c.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", timeout=0.5)
            old = ssl.create_default_context(cafile=d + "/cert.pem")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            with contextlib.suppress(ssl.SSLError, OSError):
                with socket.create_connection(("::1", c.port)) as s, old.wrap_socket(s, server_hostname="::1"):
                    raise AssertionError("TLS 1.1 was taken")
            equal(c.stop(), 0)


def bad_configuration_ends_with_2():
    def ends(ini, env=None):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as f:
            f.write(ini)
            f.flush()
            p = subprocess.run([CONTROL, "--config", f.name], stderr=subprocess.PIPE, env=dict(os.environ, **(env or {})), timeout=20, text=True)
            return p.returncode, p.stderr
    for ini, word in (("[control]\nlisten = 0.0.0.0:18299\n", "api_tokens"), ("[control]\nlisten = nonsense\n", "listen"),
                      ("[control]\nhttp_threads = 0\n", "http_threads"), ("[nothing]\na = 1\n", "nothing"), ("[control]\ntls_cert = /x\n", "tls"),
                      ("[upload]\nenabled = 1\n", "bucket")):
        code, said = ends(ini)
        equal(code, 2, said)
        assert word in said, (word, said)
    equal(subprocess.run([CONTROL, "--nonsense"], stderr=subprocess.DEVNULL).returncode, 2)
    equal(subprocess.run([CONTROL, "--config", "/nonexistent.ini"], stderr=subprocess.DEVNULL).returncode, 2)


def what_cannot_be_started_ends_with_1():
    with Control() as c:
        second = subprocess.run([CONTROL, "--config", c.ini], stderr=subprocess.PIPE, timeout=20, text=True)
        equal(second.returncode, 1)
        assert "Address already in use" in second.stderr, second.stderr
        equal(c.call("GET", "/healthz").status, 200)
    with Control(control="tls_cert = /etc/hostname\ntls_key = /etc/hostname", start=False) as c:
        p = subprocess.run([CONTROL, "--config", c.ini], stderr=subprocess.PIPE, timeout=20, text=True)
        equal(p.returncode, 1)
        assert "PEM" in p.stderr, p.stderr


def it_stops_cleanly_and_comes_back_with_all_it_had():
    with filled() as c:
        names = c.names()
        equal(c.stop(signal.SIGINT), 0)
        c.start()
        equal(c.names(), names)
        equal(c.stop(signal.SIGTERM), 0)
        c.pair("new_v_4000.ivf", b"x", None, 4000)
        os.unlink(os.path.join(c.records, "red_a_2000.ogg"))
        c.start()
        wait_for("scan", lambda: c.names() == ["new_v_4000.ivf", "bl--_v_3000.ivf", "red_v_1000.ivf"])
        for _ in range(5):
            c.process.kill()
            c.process.wait()
            c.start()
        wait_for("scan", lambda: len(c.names()) == 3)


def a_damaged_catalogue_is_made_anew():
    with filled() as c:
        db = os.path.join(c.records, ".catalogue.db")
        for damage in (b"", b"garbage", b"SQLite format 3\0" + os.urandom(8192), None):
            c.process.kill()
            c.process.wait()
            for tail in ("-wal", "-shm"):
                with contextlib.suppress(OSError):
                    os.unlink(db + tail)
            if damage is None:
                os.unlink(db)
                os.symlink("/dev/full", db)
            else:
                with open(db, "wb") as f:
                    f.write(damage)
            c.start()
            wait_for("scan", lambda: len(c.names()) == 3)
        equal(c.call("GET", "/api/records/red_v_999.ivf").json()["name"], "red_v_1000.ivf")


def foreign_sidecars_are_survived():
    with Control(start=False) as c:
        bad = ["", "[]", "{", "null", "\x00", '{"room":5,"started":[],"gaps":"x","upload":[1],"frames":{"a":1}}', '{"a":' * 100 + "1" + "}" * 100,
               '{"name":"../../etc/passwd","promised":"../x","url":"javascript:x","size":-1,"modTime":1,"state":"open","uploaded":true}',
               json.dumps({f"k{i}": "x" * 400 for i in range(2000)}), json.dumps({"room": "caf\u00e9 \u2603", "track": "t" * 5000}, ensure_ascii=False)]
        for i, text in enumerate(bad):
            c.pair(f"bad_v_{i}.ivf", b"x" * i, text, 1000 + i)
        c.pair("big_v_1.ivf", b"", json.dumps({"gaps": [{"at": i} for i in range(200000)]}), 900)
        os.mkdir(os.path.join(c.records, "dir_v_1.ivf"))
        os.mkfifo(os.path.join(c.records, "fifo_v_1.ivf"))
        c.pair("lone_v_1.ivf.json", b"{}")
        c.start()
        wait_for("scan", lambda: len(c.names()) == len(bad) + 1)
        records = {r["name"]: r for r in c.call("GET", "/api/records").json()}
        lie = records["bad_v_7.ivf"]
        equal((lie["size"], lie["url"], lie["state"], lie["uploaded"], lie["modTime"]),
              (7, "/records/bad_v_7.ivf", "finished", False, "1970-01-01T00:16:47Z"))
        equal(records["bad_v_9.ivf"]["room"], "caf\u00e9 \u2603")
        equal(records["big_v_1.ivf"]["gap_count"], 200000)
        for name in list(records) + ["fifo_v_1.ivf", "dir_v_1.ivf"]:
            equal(c.call("GET", "/api/records/" + name).status, 200 if name in records else 404, name)
            equal(c.call("GET", "/records/" + name).status, 200 if name in records else 404, name)


def metrics_and_stats_count():
    with filled() as c:
        text = c.call("GET", "/metrics")
        assert text.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = text.body.decode().splitlines()
        for line in lines:
            assert re.fullmatch(r'# (HELP|TYPE) [a-z_][a-z0-9_]* .+|[a-z_][a-z0-9_]*(\{([a-z_]+="[^"]*",?)*\})? (-?[0-9.e+]+|\+Inf)', line), line
        values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        equal(values["wirespool_control_recordings"], "3")
        equal(values["wirespool_control_recordings_bytes"], str(1000 + len(OGG) + 1))
        equal(values["wirespool_control_dataplane_up"], "0")
        stats = c.call("GET", "/api/v1/stats").json()
        equal((stats["control"]["recordings"], stats["dataplane"], stats["uploads"]), (3, None, None))
        c.call("GET", "/nothing")
        before = stats["control"]["http_requests_4xx"]
        equal(c.call("GET", "/api/v1/stats").json()["control"]["http_requests_4xx"], before + 1)


def many_clients_at_once_are_served():
    with filled() as c:
        def worker(seed):
            rng = random.Random(seed)
            with contextlib.closing(c.connect()) as conn:
                for _ in range(100):
                    path = rng.choice(["/api/records", "/healthz", "/readyz", "/metrics", "/records/red_a_2000.ogg", "/api/records/red_v_1000.ivf", "/nothing"])
                    conn.request("GET", path)
                    r = conn.getresponse()
                    body = r.read()
                    if path.startswith("/records/"):
                        equal(body, OGG)
                    equal(r.status, {"/readyz": 503, "/nothing": 404}.get(path, 200), path)
            return True
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert all(pool.map(worker, range(16)))
        equal(c.stop(), 0)


def retention_removes_the_oldest():
    with Control(record="retention_days = 1", start=False) as c:
        c.pair("old_v_1.ivf", b"x", {}, time.time() - 3 * 86400)
        c.pair("new_v_1.ivf", b"x", {})
        c.start()
        wait_for("retention", lambda: c.names() == ["new_v_1.ivf"])
        assert not os.path.exists(os.path.join(c.records, "old_v_1.ivf.json"))


CASES = [without_a_dataplane_it_answers_and_says_so, readiness_names_a_directory_that_vanished, readiness_names_a_full_disk,
         records_are_listed_newest_first_with_their_sidecars, lists_are_filtered_and_paged, wrong_parameters_are_named,
         files_are_served_whole_and_by_ranges, several_ranges_come_as_multipart, conditions_are_kept,
         big_files_and_parallel_downloads_come_through, downloads_go_by_sendfile, deletion_removes_the_pair, a_part_that_nobody_finished_is_open,
         names_lead_nowhere_else, methods_and_paths_that_are_not_there_are_refused, broken_bodies_are_refused,
         what_is_not_http_does_no_harm, tokens_open_all_but_health_checks, browsers_may_ask_from_other_origins, tls_and_ipv6_are_served,
         bad_configuration_ends_with_2, what_cannot_be_started_ends_with_1, it_stops_cleanly_and_comes_back_with_all_it_had,
         a_damaged_catalogue_is_made_anew, foreign_sidecars_are_survived, metrics_and_stats_count, many_clients_at_once_are_served,
         retention_removes_the_oldest]


def main():
    failed = False
    for case in CASES:
        if sys.argv[1:] and case.__name__ not in sys.argv[1:]:
            continue
        try:
            case()
            print(f"ok {case.__name__}", flush=True)
        except Exception as e:
            failed = True
            traceback.print_exc()
            print(f"FAIL {case.__name__}: {' '.join(str(e).split())[:300]}", flush=True)
    sys.exit(1 if failed else 0)


main()
