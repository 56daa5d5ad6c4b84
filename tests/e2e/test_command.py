#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The operator's command against running daemons, a store, and set-ups that are broken on purpose.

    wirespool ── HTTP on lo ──> wirespool-control ── wirespool-dataplane <── RTP ── senders (namespace)
        │ files                      └──> counting, faulty proxy ──> Swift's S3
        └── record.dir, /proc, /sys (its own mounts, where a machine has to look otherwise), the proxy

Listeners of this script take the part of control where that would have to break off at a certain byte or event.
"""
import contextlib
import email.utils
import hashlib
import json
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import threading
import time

import store
from fault_proxy import INTERNAL, Fault
from rig import BUILD, ROOT, Rig, check, equal, free_port, main, run, wait_for

COMMAND = os.path.join(BUILD, "tools", "wirespool", "wirespool")
AUDIO = dict(id="audio1", codec="opus", payload_type=111, clock_rate=48000, channels=2)
SECRETS = ("WIRESPOOL_API_TOKENS", "S3_SECRET_KEY", "S3_ACCESS_KEY")


class Said:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)

    def rows(self):
        """A table's cells by its heads; it was not printed to a terminal."""
        lines = [line.split("\t") for line in self.out.splitlines()]
        return [dict(zip(lines[0], line)) for line in lines[1:]]


def wirespool(*words, code=0, env=None, before=(), cwd=None):
    """Run it; @before: what runs it, e.g. unshare. Its exit code is looked at."""
    clean = {k: v for k, v in os.environ.items() if k not in SECRETS}
    p = subprocess.run([*before, COMMAND, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=cwd, env=dict(clean, **(env or {})))
    check(p.returncode == code, f"wirespool {' '.join(map(str, words))} ended with {p.returncode}, not {code}: {p.stdout[-1500:]}{p.stderr[-1500:]}")
    return Said(p.returncode, p.stdout, p.stderr)


class Recorder(Rig):
    def __init__(self, **more):
        more.setdefault("ingest", "allow_plain_rtp = 1")
        super().__init__(**more)

    def said(self, *words, **more):
        return wirespool(*words, "--config", self.ini, **more)

    def talk(self, room="demo", ssrc=9):
        """A session with twenty Opus packets in it."""
        s = self.open([dict(AUDIO, ssrc=ssrc)], room=room)
        with self.socket() as out:
            for i in range(20):
                out.sendto(struct.pack("!BBHII", 0x80, 111, 100 + i, 960 * i, ssrc) + b"\xfc" + bytes([ssrc & 255, i]) * 20, ("10.77.0.1", s["port"]))
                time.sleep(0.002)
        wait_for("packets", lambda: (lambda now: now["state"] == "recording" and now["tracks"][0]["packets"] == 20)(self.session(s["id"])))
        return s

    def record(self, room="demo", ssrc=9):
        """A finished recording's name."""
        return self.finish(self.talk(room, ssrc)["id"])["recordings"][0]["name"]


def pair(rig, name, data, room="made"):
    """A recording with its sidecar, as the recorder leaves them."""
    with open(rig.path(name), "wb") as f:
        f.write(data)
    with open(rig.path(name) + ".json", "w") as f:
        json.dump({"version": 1, "room": room, "track": "v", "codec": "VP8", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}, f)


def on_a_terminal(*words):
    """What it prints to a terminal."""
    master, slave = pty.openpty()
    p = subprocess.Popen([COMMAND, *words], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
    os.close(slave)
    got = b""
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while piece := os.read(master, 65536):
            got += piece
    os.close(master)
    equal(p.wait(20), 0, "exit code on a terminal")
    return got.decode().replace("\r\n", "\n")


# --- sessions, records, uploads, events ---------------------------------------------------------------------------------------
def sessions_and_records_are_listed_shown_and_ended():
    with Recorder() as rig:
        s = rig.talk(room="salle d'été")
        rows = rig.said("sessions").rows()
        equal([(r["ID"], r["STATE"], r["ROOM"], r["CODECS"], r["PACKETS"]) for r in rows], [(s["id"], "recording", "salle d'été", "opus", "20")], "sessions")
        equal(rig.said("sessions", "list", "--room", "another").out, "", "sessions of another room")
        equal([x["id"] for x in rig.said("sessions", "--room", "salle d'été", "--json").json()], [s["id"]], "sessions as JSON")
        equal(rig.said("sessions", "show", s["id"], "--json").json()["tracks"][0]["packets"], 20, "a session as JSON")
        check("audio1\topus" in rig.said("sessions", "show", s["id"]).out, "a session's tracks")
        equal([(r["STATE"], r["SIZE"] != "0 B") for r in rig.said("records", "--all").rows()], [("open", True)], "what is being recorded")
        equal(rig.said("records").out, "", "what is finished")
        got = rig.said("records", "get", s["tracks"][0]["record"], code=1, cwd=rig.dir)
        check("is still being recorded" in got.err and s["id"] in got.err, f"get of an open recording: {got.err}")
        stopped = rig.said("sessions", "stop", s["id"]).out
        check(f"{s['id']}: done" in stopped and f"recorded {s['tracks'][0]['record']}" in stopped, f"stop: {stopped}")
        name = s["tracks"][0]["record"]
        table = on_a_terminal("records", "--config", rig.ini).splitlines()
        equal([line.index(word) for line, word in zip(table, ("ROOM", "salle d'été"))], [table[0].index("ROOM")] * 2, f"columns of {table}")
        equal(rig.said("records", "--since", "2100-01-01T00:00:00Z").out, "", "records of the future")
        equal(rig.said("records", "--until", "2100-01-01T00:00:00Z", "--room", "salle d'été").rows()[0]["NAME"], name, "records until then")
        shown = rig.said("records", "show", name).out
        check(f"sha256\t{hashlib.sha256(open(rig.path(name), 'rb').read()).hexdigest()}" in shown, f"show: {shown}")
        equal(rig.said("records", "show", name, "--json").json(), rig.sidecar(name), "show as JSON")
        equal(rig.said("records", "rm", name, "none_v_1.ivf", code=1).out, f"{name}: removed\n", "rm")
        equal((rig.listing(), os.path.exists(rig.path(name))), ([], False), "what is left of it")
        for words, why in ((("sessions", "show", "s_none"), "there is no such session"), (("records", "show", "none_v_1.ivf"), "none_v_1.ivf"),
                           (("records", "--since", "yesterday"), "RFC 3339"), (("upload",), "upload.enabled")):
            check(why in rig.said(*words, code=1).err, f"{words}: {rig.said(*words, code=1).err}")
        for words in (("records", "--limit", "0"), ("records", "burn"), ("sessions", "show"), ("upload", "status", "--all")):
            check("wirespool: " in rig.said(*words, code=2).err, f"{words} is wrong use")


def long_lists_are_paged():
    with Recorder(start=False) as rig:
        for i in range(2100):
            pair(rig, f"made_v_{i}.ivf", b"")
        rig.start_control_alone()
        wait_for("the scan", lambda: len(rig.listing("?limit=1000&until=2100-01-01T00:00:00Z")) == 1000)
        wait_for("all of it", lambda: len(rig.said("records", "--json").json()) == 2100, 30)
        equal(len({r["name"] for r in rig.said("records", "--json").json()}), 2100, "different names")
        equal(len(rig.said("records", "--json", "--limit", "1500").json()), 1500, "with --limit")
        equal(len(rig.said("records", "--limit", "3").rows()), 3, "with a small --limit")


def hashes_are_compared_with_and_without_daemons():
    with Recorder() as rig:
        name = rig.record()
        pair(rig, "made_v_1.ivf", b"DKIF" * 500)
        equal(rig.said("records", "verify").out, "2 good, 0 bad\n", "with daemons")
        url = f"http://127.0.0.1:{rig.port}"
        equal(rig.said("records", "verify", name, "--url", url).out, f"{name}: good\n1 good, 0 bad\n", "by download")
        rig.stop("wirespool-control")
        rig.stop("wirespool-dataplane")
        equal(rig.said("records", "verify").out, "2 good, 0 bad\n", "without daemons")
        with open(rig.path(name), "r+b") as f:
            f.seek(-1, 2)
            last = f.read(1)
            f.seek(-1, 2)
            f.write(bytes([last[0] ^ 1]))
        bad = rig.said("records", "verify", code=1).out
        check(bad.startswith(f"{name}: SHA-256 is ") and bad.endswith("1 good, 1 bad\n"), f"a bit turned: {bad}")
        os.truncate(rig.path("made_v_1.ivf"), 100)
        check("has 100 bytes, its sidecar says 2000" in rig.said("records", "verify", "made_v_1.ivf", code=1).out, "a file cut short")
        rig.start_control_alone()
        wait_for("the scan", lambda: len(rig.listing()) == 2)
        bad = rig.said("records", "verify", "--url", url, code=1).out
        check("0 good, 2 bad" in bad and f"{name}: SHA-256" in bad, f"by download: {bad}")
        check("there is no such recording" in rig.said("records", "verify", "none_v_1.ivf", code=1).out, "a name that is none")


class Cutter:
    """Passes requests on to control, and ends the first connections after so many bytes of the answer."""

    def __init__(self, port, cuts):
        self.port, self.cuts, self.ranges = port, list(cuts), []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                link, _ = self.server.accept()
                threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with link, socket.create_connection(("127.0.0.1", self.port)) as out, contextlib.suppress(OSError):
            while request := link.recv(65536):
                is_file = request.startswith(b"GET /records/")
                found = re.search(rb"(?i)\r\nrange: *bytes=(\d+)-\r\n", request)
                left = None
                if is_file:
                    self.ranges.append(int(found.group(1)) if found else None)
                    left = self.cuts.pop(0) if self.cuts else None
                out.sendall(request)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += out.recv(65536)
                length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
                body = length + head.index(b"\r\n\r\n") + 4
                link.sendall(head[:left])
                sent = len(head)
                while sent < body and (left is None or sent < left):
                    piece = out.recv(65536)
                    link.sendall(piece if left is None else piece[:left - sent])
                    sent += len(piece)
                if left is not None:
                    return

    def close(self):
        self.server.close()


def a_download_goes_on_where_it_broke_off():
    with Recorder(start=False) as rig:
        data = os.urandom(3 << 20)
        pair(rig, "made_v_1.ivf", data)
        rig.start_control_alone()
        wait_for("the scan", lambda: len(rig.listing()) == 1)
        cutter = Cutter(rig.port, (900000, 700000))
        out = os.path.join(rig.dir, "out.ivf")
        get = lambda *more, **kw: wirespool("records", "get", "made_v_1.ivf", "--url", cutter.url, "--config", rig.ini, *more, **kw)
        get("-o", out)
        check(open(out, "rb").read() == data, "the file is not the recording")
        equal((cutter.ranges[0], len(cutter.ranges)), (None, 3), "requests")
        check(800000 < cutter.ranges[1] < 900000 and cutter.ranges[2] > 1400000, f"ranges {cutter.ranges}")
        check("is there already" in get("-o", out, code=1).err, "a file that is there")
        os.unlink(out)
        with open(out + ".partial", "wb") as f:  # of an earlier run
            f.write(data[:1 << 20])
        cutter.ranges.clear()
        get("-o", out)
        check(open(out, "rb").read() == data and not os.path.exists(out + ".partial"), "the file that was gone on with")
        equal(cutter.ranges, [1 << 20], "ranges")
        os.unlink(out)
        with open(out + ".partial", "wb") as f:  # of another file
            f.write(os.urandom(1 << 20))
        cutter.ranges.clear()
        check("anew" in get("-o", out).err, "what was begun is another file's")
        check(open(out, "rb").read() == data, "the file that was begun anew")
        equal(cutter.ranges, [1 << 20, None], "ranges")
        here = os.path.join(rig.dir, "here")
        os.mkdir(here)
        get(cwd=here)
        equal(os.listdir(here), ["made_v_1.ivf"], "without -o")
        with open(rig.path("made_v_1.ivf"), "r+b") as f:  # now the recorder's own is damaged
            f.write(b"x")
        os.unlink(out)
        check("SHA-256" in get("-o", out, code=1).err and not os.path.exists(out), "a damaged recording")
        cutter.close()


def uploads_that_wait_are_told_and_tried_again():
    with Recorder(rest=swift.ini(max_retries=2), env=swift.env()) as rig:
        equal(rig.said("upload").out, "nothing waits to be uploaded\n", "without recordings, and without the secrets of the daemons")
        swift.proxy.add(Fault("put", times=1000, answer=(500, INTERNAL)))
        name = rig.record()
        row = wait_for("the end of its tries", lambda: (lambda rows: rows and rows[0]["STATE"] == "stopped" and rows[0])(rig.said("upload", "status", env=swift.env()).rows()))
        equal((row["NAME"], row["TRIES"]), (name, "2"), "the upload")
        check("500 InternalError" in row["LAST ERROR"], f"its error: {row}")
        equal(rig.said("upload", "--json", env=swift.env()).json()[0]["state"], "stopped", "as JSON")
        check("none_v_1.ivf" in rig.said("upload", "retry", "none_v_1.ivf", code=1, env=swift.env()).err, "a name that is none")
        swift.proxy.faults.clear()
        check(rig.said("upload", "retry", name, env=swift.env()).out.startswith(name + ": "), "retry")
        wait_for("the upload", lambda: rig.listing()[0]["uploaded"])
        check(swift.get(name) == open(rig.path(name), "rb").read(), "the object is not the recording")
        equal(rig.said("upload", env=swift.env()).out, "nothing waits to be uploaded\n", "when all is done")


def events_are_followed():
    with Recorder() as rig:
        asked = subprocess.run(["curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", f"http://127.0.0.1:{rig.port}/api/v1/events"], capture_output=True, text=True, check=False)
        if asked.stdout == "404":
            check("has no /api/v1/events" in rig.said("tail", code=1).err, "a control without events")
            return
        p = subprocess.Popen([COMMAND, "tail", "--json", "--room", "demo", "--config", rig.ini], stdout=subprocess.PIPE, text=True)
        wait_for("an event", lambda: rig.record("another", ssrc=8) and rig.record("demo") and select.select([p.stdout], [], [], 0)[0], 20)
        event = next(e for e in map(json.loads, p.stdout) if "room" in e)
        equal((event["room"], "type" in event, "time" in event), ("demo", True, True), f"an event {event}")
        p.terminate()
        equal(p.wait(20), 0, "exit code when it is ended")


class Feed:
    """Takes the part of an events feed that breaks off: each connection gets the next text."""

    def __init__(self, *texts):
        self.requests = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._run, args=(texts,), daemon=True).start()

    def _run(self, texts):
        with contextlib.suppress(OSError):
            for text in texts:
                link, _ = self.server.accept()
                with link:
                    self.requests.append(link.recv(65536).decode())
                    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + text.encode())
            self.server.accept()[0].recv(1)  # the last one is held


def a_feed_that_breaks_off_is_taken_up_again():
    data = lambda **fields: "data: " + json.dumps(dict(dict(time="2026-01-02T03:04:05.678Z", type="session"), **fields)) + "\n\n"
    feed = Feed("retry: 10\n\nid: 7\nevent: session\n" + data(room="demo", session="s_1", state="recording") + "id: 8\nevent: session\ndata: {half",
                ": still here\n\nid: 9\nevent: recording\n" + data(type="recording", room="demo", name="a b", size=7) + "id: 10\n" + data(room="other") + data(type="control.started"))
    p = subprocess.Popen([COMMAND, "tail", "--url", feed.url, "--room", "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        equal(p.stdout.readline(), "2026-01-02T03:04:05Z session room=demo session=s_1 state=recording\n", "the first event")
        equal(p.stdout.readline(), '2026-01-02T03:04:05Z recording room=demo name="a b" size=7\n', "the one after")
        equal(p.stdout.readline(), "2026-01-02T03:04:05Z control.started\n", "one of no room")
        check("Last-Event-ID" not in feed.requests[0] and "Last-Event-ID: 7\r\n" in feed.requests[1], f"requests {feed.requests}")
    finally:
        p.terminate()
    equal(p.wait(20), 0, "exit code")
    check("making another" in p.stderr.read(), "a broken connection is told")


def tokens_and_certificates_are_found():
    with Recorder(start=False, control="api_tokens = SESAM OTHER") as rig:
        rig.start_control_alone()
        equal(rig.said("records").out, "", "with the token of the INI")
        url = f"http://127.0.0.1:{rig.port}"
        check("wants a token" in wirespool("records", "--url", url, code=1).err, "without a token")
        wirespool("records", "--url", url, "--token", "OTHER")
        wirespool("records", "--url", url, env={"WIRESPOOL_API_TOKENS": "OTHER,x"})
        check("wants a token" in wirespool("records", "--url", url, "--token", "WRONG", code=1).err, "with a wrong one")
        rig.stop("wirespool-control")
        check("does wirespool-control run there" in rig.said("records", code=1).err, "without control")
        pem = os.path.join(rig.dir, "cert.pem")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=recorder", "-keyout", pem + ".key", "-out", pem)
        with open(rig.ini, "a") as f:
            f.write(f"[control]\ntls_cert = {pem}\ntls_key = {pem}.key\n")
        rig.start_control(wait=False)
        wait_for("TLS", lambda: subprocess.run([COMMAND, "records", "--config", rig.ini], capture_output=True, check=False).returncode == 0)
        check("certificate" in wirespool("records", "--url", f"https://127.0.0.1:{rig.port}", "--token", "SESAM", code=1).err, "an unknown authority")
        check("certificate subject name" in wirespool("records", "--url", f"https://127.0.0.1:{rig.port}", "--token", "SESAM", "--ca-file", pem, code=1).err, "another name")


# --- configuration and help ---------------------------------------------------------------------------------------------------
def configurations_are_checked():
    with Recorder(start=False) as rig:
        equal(rig.said("check-config").out, f"{rig.ini}: good\n", "a good one")
        with open(rig.ini, "a") as f:
            f.write("[record]\ncolour = red\n")
        line = open(rig.ini).read().count("\n")
        check(f"{rig.ini}:{line}: " in rig.said("check-config", code=1).err, f"a wrong key: {rig.said('check-config', code=1).err}")
        check("No such file" in wirespool("check-config", "--config", rig.dir + "/none.ini", code=1).err, "no such file")
        said = rig.said("records", code=1)
        check("--url says it, too" in said.err and f":{line}: " in said.err, f"a call by a broken INI: {said.err}")


def help_and_wrong_use():
    check(re.fullmatch(r"wirespool \d+\.\d+\.\d+\n", wirespool("--version").out), "version")
    commands = re.findall(r"^  ([a-z][a-z-]*)", wirespool("--help").out, re.M)
    check({"doctor", "check-config", "sessions", "records", "upload", "tail"} <= set(commands), f"commands {commands}")
    for name in set(commands):
        check(f"usage: wirespool {name}" in wirespool("help", name).out, f"help {name}")
        if name == "setup":  # a program that comes with the package
            continue
        check(f"usage: wirespool {name}" in wirespool(name, "--help").out, f"{name} --help")
    for words in ((), ("nonsense",), ("help", "nonsense"), ("records", "--colour"), ("doctor", "nonsense")):
        check(wirespool(*words, code=2).err, f"{words} is wrong use")


def words_are_completed():
    with Recorder(start=False) as rig:
        pair(rig, "made_v_1.ivf", b"x")
        rig.start_control_alone()
        wait_for("the scan", lambda: len(rig.listing()) == 1)

        def complete(line):
            words = line.split(" ")
            script = f"source {ROOT}/appliance/completion/wirespool; COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; _wirespool; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            p = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ, PATH=os.path.dirname(COMMAND) + ":" + os.environ["PATH"]))
            equal(p.stderr, "", f"errors of completing {line}")
            return p.stdout.split()
        equal(complete("wirespool ses"), ["sessions"], "a subcommand")
        equal(complete("wirespool records ver"), ["verify"], "an action")
        equal(complete("wirespool records get --out"), ["--output"], "an option")
        equal(complete("wirespool records rm --ro"), [], "an option of another action")
        equal(complete("wirespool doctor huge"), ["hugepages"], "a check")
        equal(complete("wirespool help tai"), ["tail"], "help")
        equal(complete(f"wirespool records --config {rig.ini} get mad"), ["made_v_1.ivf"], "a recording")
        equal(complete(f"wirespool tail --config {rig.ini[:-2]}"), [rig.ini], "a file")


# --- doctor -------------------------------------------------------------------------------------------------------------------
def doctor(rig, *checks, code=0, **more):
    """Its findings: {check: [(state, found, remedy)]}."""
    said = rig.said("doctor", "--json", *checks, code=code, **more).json()
    equal(said["ok"], code == 0, "whether it is well")
    found = {}
    for c in said["checks"]:
        found.setdefault(c["check"], []).append((c["state"], c["found"], c.get("remedy", "")))
    return found


def has(found, name, state, words, remedy=""):
    check(any(f[0] == state and words in f[1] and remedy in f[2] for f in found.get(name, [])), f"no {state} with '{words}' ({remedy}) in {name}: {found.get(name)}")


def in_mounts(script):
    """What runs a command with mounts of its own, made by @script."""
    return ("unshare", "-m", "sh", "-ec", script + '; exec "$@"', "sh")


def a_sound_recorder_has_no_problem():
    with Recorder(flush=60000, rest=swift.ini(), env=swift.env()) as rig:  # a busy disk of the tests is no problem of the recorder's
        found = doctor(rig, env=swift.env())
        states = {state for findings in found.values() for state, _, _ in findings}
        check("problem" not in states and "ok" in states, f"states {states}")
        has(found, "config", "ok", rig.ini)
        has(found, "dataplane", "ok", f"process {rig.procs['wirespool-dataplane'].pid}")
        has(found, "control", "ok", "answers")
        for part in ("dataplane", "disk", "store"):
            has(found, "ready", "ok", part + ": ready")
        has(found, "nic", "ok", rig.iface)
        has(found, "io_uring", "ok", "works")
        has(found, "limits", "ok", "the dataplane may open")
        has(found, "descriptors", "ok", "RX descriptors take 1024 of 32767 packet buffers")
        has(found, "crypto", "ok" if " aes " in open("/proc/cpuinfo", encoding="ascii").read() else "warning", "SRTP goes by")
        check(found["reach"][0][0] in ("ok", "warning") and "net_af_packet0 has a link" in found["reach"][0][1], f"reach: {found['reach']}")
        has(found, "versions", "ok", "the dataplane runs on DPDK's")
        version = wirespool("--version").out.split()[1]
        for daemon in rig.procs:
            has(found, "versions", "ok", f"{daemon} {version} runs (process {rig.procs[daemon].pid})")
        check("1 MiB (median)" in found["disk-speed"][-1][1], f"writes {found['disk-speed']}")
        for words in ("was written", "read back", "may be listed", "begun and aborted", "clock is ours"):
            has(found, "store", "ok", words)
        ops = [e.op for e in swift.proxy.log if "wirespool-doctor-" in e.path]
        equal(ops, ["put", "head", "get", "list", "create", "abort", "other"], "what the store was asked")
        key = [e.path for e in swift.proxy.log if e.op == "put"][0]
        check(re.fullmatch(r"/recordings/calls/\.wirespool-doctor-[a-z2-7]+", key), f"key {key}")
        equal((swift.s3.get("recordings", key.split("/", 2)[2])[0], swift.s3.uploads("recordings")), (None, []), "what is left in the store")
        equal([f for f in os.listdir(rig.records) if "doctor" in f], [], "what is left on disk")
        text = rig.said("doctor", "--no-store", env=swift.env()).out
        check(re.search(r"^unchecked  store +left alone", text, re.M) and re.search(r"^\d+ ok, \d+ warnings, 0 problems", text.splitlines()[-1]), f"as text: {text}")


def stores_that_refuse_are_told_with_a_remedy():
    with Recorder(start=False, rest=swift.ini()) as rig:
        has(doctor(rig, "store", code=1, env={"S3_SECRET_KEY": "wrong"}), "store", "problem", "SignatureDoesNotMatch", "S3_SECRET_KEY")
        has(doctor(rig, "store", code=1, env=dict(swift.env(), S3_BUCKET="none")), "store", "problem", "NoSuchBucket", "make the bucket")
        has(doctor(rig, "store", code=1, env=dict(swift.env(), S3_ENDPOINT=f"127.0.0.1:{free_port()}")), "store", "problem", "Couldn't connect", "s3.endpoint")
        has(doctor(rig, "store", code=1, env=dict(swift.env(), S3_USE_SSL="1", S3_ENDPOINT=f"127.0.0.1:{store.PORT}")), "store", "problem", "SSL", "use_ssl = 0")
        swift.proxy.add(Fault("list", times=1, answer=(403, b"<Error><Code>AccessDenied</Code></Error>")))
        has(doctor(rig, "store", env=swift.env()), "store", "warning", "may not be listed")
        swift.proxy.add(Fault("create", times=1, answer=(403, b"<Error><Code>AccessDenied</Code></Error>")))
        has(doctor(rig, "store", code=1, env=swift.env()), "store", "problem", "multipart upload cannot be begun: ", "policy")
        swift.proxy.add(Fault("get", times=1, answer=(200, b"another text")))
        has(doctor(rig, "store", code=1, env=swift.env()), "store", "problem", "is not the one that was written")
        has(doctor(rig, "config", "store", code=1), "config", "problem", "secret_key")


def a_clock_that_is_off_is_told():
    body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"
    date = email.utils.formatdate(time.time() - 3600, usegmt=True)
    answer = f"HTTP/1.1 403 Forbidden\r\nDate: {date}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with Recorder(start=False, rest=swift.ini()) as rig, socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            with server.accept()[0] as link:
                link.recv(65536)
                link.sendall(answer.encode())
        threading.Thread(target=serve, daemon=True).start()
        found = doctor(rig, "store", code=1, env=dict(swift.env(), S3_ENDPOINT=f"127.0.0.1:{server.getsockname()[1]}"))
        has(found, "store", "problem", "clock and ours are 36", "chrony")
        has(found, "store", "problem", "RequestTimeTooSkewed", "set the clock")


def machines_that_are_not_set_up():
    with Recorder(start=False, dataplane="max_tracks = 100000") as rig:
        text = open(rig.ini).read()
        with open(rig.ini, "w") as f:
            f.write(re.sub("hugepages = .*", "hugepages = auto", text).replace(f"iface={rig.iface}", "iface=wsnone"))
        found = doctor(rig, "hugepages", "nic", code=1, before=in_mounts(
            "mount -t tmpfs none /sys/kernel/mm/hugepages; mkdir /sys/kernel/mm/hugepages/hugepages-2048kB; cd /sys/kernel/mm/hugepages/hugepages-2048kB; echo 0 >nr_hugepages; echo 0 >free_hugepages; cd /"))
        has(found, "hugepages", "warning", "no huge pages are reserved", "nr_hugepages")
        has(found, "hugepages", "warning", "small form", "wirespool setup --hugepages 2M:192")
        has(found, "nic", "problem", "no interface wsnone")
        found = doctor(rig, "hugepages", before=in_mounts(
            "mount -t tmpfs none /sys/kernel/mm/hugepages; mkdir /sys/kernel/mm/hugepages/hugepages-2048kB; cd /sys/kernel/mm/hugepages/hugepages-2048kB; echo 512 >nr_hugepages; echo 512 >free_hugepages; cd /"))
        has(found, "hugepages", "ok", "512 of 512 pages of 2 MiB free, 256 + 96 MiB asked for")
        with open(rig.ini, "w") as f:
            f.write(text.replace("lcores = 1", "lcores = 1000").replace("address = 10.77.0.1/24, fd77::1/64", "address = 127.0.0.1/8, 10.77.0.1/24\ngateway = 10.78.0.1"))
        run("ip", "link", "set", rig.iface, "down")
        run("ip", "addr", "add", "10.77.0.1/32", "dev", rig.iface)
        found = doctor(rig, "nic", "cpus", "address", code=1)
        has(found, "nic", "problem", f"interface {rig.iface} is down", f"ip link set {rig.iface} up")
        has(found, "cpus", "problem", "CPUs 1000 of dataplane.lcores are not there")
        has(found, "address", "problem", "127.0.0.1/8 is a loopback address")
        has(found, "address", "warning", f"10.77.0.1/24 is the kernel's, too ({rig.iface})", "ip addr del")
        has(found, "address", "problem", "gateway 10.78.0.1 is in no prefix")
        masked = os.path.join(rig.dir, "cpuinfo")  # an old model
        with open("/proc/cpuinfo", encoding="ascii") as f, open(masked, "w", encoding="ascii") as g:
            g.write(re.sub(r" (v?aes|v?pclmulqdq)\b", "", f.read()))
        has(doctor(rig, "crypto", before=in_mounts(f"mount --bind {masked} /proc/cpuinfo")), "crypto", "warning", "shows no aes pclmulqdq", "host-passthrough")
        has(doctor(rig, "descriptors", code=1, env={"WIRESPOOL_DATAPLANE_RX_DESCRIPTORS": "32768"}), "descriptors", "problem", "RX descriptors take 32768 packet buffers", "dataplane.mbufs")
        os.chmod(rig.dir, 0o755)
        found = doctor(rig, "limits", code=1, before=("setpriv", "--reuid", "65534", "--clear-groups", "prlimit", "--nofile=1024:1024", "--memlock=65536:65536"))
        has(found, "limits", "problem", "may open 1024 files", "LimitNOFILE=401024")
        has(found, "limits", "warning", "may lock 65536 bytes", "LimitMEMLOCK=infinity")


def disks_that_take_nothing():
    with Recorder(start=False) as rig:
        mount = lambda options: in_mounts(f"mount -t tmpfs -o {options} none {rig.records}")
        found = doctor(rig, "disk", "disk-space", "disk-speed", code=1, before=mount("ro"))
        has(found, "disk", "problem", "Read-only file system", "mount it for writing")
        has(found, "disk", "warning", "is tmpfs")
        has(found, "disk-speed", "problem", "Read-only file system")
        has(doctor(rig, "disk-speed", code=1, before=mount("size=512k")), "disk-speed", "problem", "takes no more: No space left", "make room")
        has(doctor(rig, "disk-space", code=1, before=mount("size=64m"), env={"WIRESPOOL_RECORD_MIN_FREE_MB": "100"}), "disk-space", "problem", "no new session is taken", "retention")
        has(doctor(rig, "disk-space", before=mount("size=150m"), env={"WIRESPOOL_RECORD_MIN_FREE_MB": "100"}), "disk-space", "warning", "150 MiB of 150 MiB free")
        found = doctor(rig, "disk", code=1, env={"WIRESPOOL_DATAPLANE_USER": "nobody"})
        has(found, "disk", "problem", "nobody (the dataplane) cannot write", f"chown nobody '{rig.records}'")
        shutil.chown(rig.records, "nobody")
        os.chmod(rig.dir, 0o755)
        has(doctor(rig, "disk", env={"WIRESPOOL_DATAPLANE_USER": "nobody"}), "disk", "ok", "nobody (the dataplane) may write")
        os.rmdir(rig.records)
        has(doctor(rig, "disk"), "disk", "warning", "No such file", "mkdir")


def daemons_that_do_not_answer():
    with Recorder(start=False) as rig:
        found = doctor(rig, "dataplane", "control", "ready")
        has(found, "dataplane", "warning", "does not run")
        has(found, "control", "warning", f"127.0.0.1:{rig.port} is free")
        has(found, "ready", "unchecked", "does not tell")
        with socket.create_server(("127.0.0.1", rig.port)) as server:
            def answer():
                with contextlib.suppress(OSError):
                    while True:
                        with server.accept()[0] as link:
                            link.recv(4096)
                            link.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            threading.Thread(target=answer, daemon=True).start()
            has(doctor(rig, "control", code=1), "control", "problem", "is taken", "ss -ltnp")
            server.shutdown(socket.SHUT_RDWR)
        with subprocess.Popen(["python3", "-m", "http.server", str(rig.port), "--bind", "127.0.0.1", "--directory", rig.records], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            wait_for("the other server", lambda: socket.socket().connect_ex(("127.0.0.1", rig.port)) == 0)
            has(doctor(rig, "control", code=1), "control", "problem", "that is no wirespool-control (404")
            p.terminate()
        rig.start_control_alone()
        has(doctor(rig, "reach"), "reach", "unchecked", "does not run", "start wirespool-dataplane")
        found = doctor(rig, "dataplane", "control", "ready", code=1)
        has(found, "control", "ok", "answers")
        has(found, "ready", "problem", "dataplane: wirespool-dataplane does not answer", "start wirespool-dataplane")
        has(found, "ready", "ok", "disk: ready")
        with open(rig.ini, "a") as f:  # broken while the daemon runs on
            f.write("colour = red\n")
        found = doctor(rig, code=1)
        has(found, "config", "problem", f"{rig.ini}:")
        has(found, "control", "unchecked", "needs a good configuration")
        check(found["io_uring"][0][0] == "ok", "what needs no configuration is looked at")


def a_gateway_that_does_not_answer():
    with Recorder(ingest="gateway = 10.77.0.254") as rig:
        has(doctor(rig, "reach", code=1), "reach", "problem", "0 of 1 gateways", "ingest.gateway")
        rig.netns_run("ip", "addr", "add", "10.77.0.254/24", "dev", "snd")

        wait_for("the gateway", lambda: rig.stats()["port"][0].get("gateways_resolved") == 1, 30, 0.5)
        has(doctor(rig, "reach"), "reach", "ok", "1 of 1 gateways answer")


def whoever_may_not_look_is_told_so():
    with Recorder() as rig:
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        has(doctor(rig, "config", code=1, before=nobody), "config", "problem", "Permission denied")
        os.chmod(rig.dir, 0o755)
        os.chmod(rig.records, 0o750)
        found = doctor(rig, before=nobody)
        has(found, "config", "ok", rig.ini)
        has(found, "control", "ok", "answers")
        has(found, "disk", "unchecked", "root (the dataplane) may write", "run this as root")
        has(found, "disk-speed", "unchecked", "Permission denied", "run this as root")


def fresh(case):
    def run_case():
        swift.proxy.reset()
        case()
    run_case.__name__ = case.__name__
    return run_case


CASES = [sessions_and_records_are_listed_shown_and_ended, long_lists_are_paged, hashes_are_compared_with_and_without_daemons, a_download_goes_on_where_it_broke_off,
         uploads_that_wait_are_told_and_tried_again, events_are_followed, a_feed_that_breaks_off_is_taken_up_again, tokens_and_certificates_are_found,
         configurations_are_checked, help_and_wrong_use, words_are_completed, a_sound_recorder_has_no_problem, stores_that_refuse_are_told_with_a_remedy, a_clock_that_is_off_is_told,
         machines_that_are_not_set_up, disks_that_take_nothing, daemons_that_do_not_answer, a_gateway_that_does_not_answer, whoever_may_not_look_is_told_so]

with store.Store() as swift:
    main([fresh(case) for case in CASES])
