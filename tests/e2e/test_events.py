#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What an operator watches: the feed of events, readiness by its parts, metrics with dashboard and alert rules, and the log as JSON.

    this script (namespace) ── RTP ──> dataplane ─ files ─ control ──> faulty proxy ──> Swift's S3
    readers of /api/v1/events <────────────────────────────── HTTP
    promtool <── /metrics, appliance/prometheus, appliance/grafana
"""
import contextlib
import http.client
import itertools
import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import store
from fault_proxy import SLOW_DOWN, Fault
from rig import ROOT, Rig, check, equal, main, run, wait_for

AUDIO = dict(id="audio1", codec="opus", payload_type=111, clock_rate=48000, channels=2)
store.PORT, store.PROXY_PORT = 18500, 18550  # of its own: it may run beside test_store.py
READERS_MAX = 256  # LIMIT_EVENT_READERS


class Message:
    def __init__(self, id, kind, data):
        self.id, self.kind, self.data = id, kind, json.loads(data)

    def __getattr__(self, name):
        return self.data.get(name)

    def __repr__(self):
        return f"<{self.id} {self.kind} {self.data}>"


class Feed:
    """A reader of the events, in a thread; takes nothing for granted about framing."""

    def __init__(self, port, query="", headers=None, expect=200, receive_bytes=None, read=True, tls=False):
        self.sock = socket.socket()
        if receive_bytes:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.sock.settimeout(40)
        self.sock.connect(("127.0.0.1", port))
        if tls:
            self.sock = ssl._create_unverified_context().wrap_socket(self.sock)
        lines = [f"GET /api/v1/events{query} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in (headers or {}).items())]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.raw, self.text, self.last_id = b"", b"", None
        self.messages, self.comments, self.ended, self.lock = [], 0, None, threading.Lock()
        while b"\r\n\r\n" not in self.raw:
            got = self.sock.recv(4096)
            check(got, f"an answer to {query}: {self.raw!r}")
            self.raw += got
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        status, *fields = head.decode().split("\r\n")
        self.headers = {f.split(":", 1)[0].lower(): f.split(":", 1)[1].strip() for f in fields}
        self.status = int(status.split()[1])
        equal(self.status, expect, f"status of {query}")
        if expect == 200:
            equal(self.headers["content-type"], "text/event-stream", "type of the feed")
            equal(self.headers["transfer-encoding"], "chunked", "its coding")
            if read:
                self.thread = threading.Thread(target=self._read, daemon=True)
                self.thread.start()
                self.wait(lambda: self.retry == 1000, "the reconnection time that comes first")

    retry, thread = None, None

    def _read(self):
        try:
            while True:
                while b"\r\n" not in self.raw:
                    self._more()
                size, self.raw = self.raw.split(b"\r\n", 1)
                size = int(size, 16)
                while len(self.raw) < size + 2:
                    self._more()
                piece, end, self.raw = self.raw[:size], self.raw[size:size + 2], self.raw[size + 2:]
                assert end == b"\r\n"
                if not size:
                    how = "whole"
                    break
                self.text += piece
                self._messages()
        except OSError as why:
            how = f"cut: {why}"
        self.ended = how

    def _more(self):
        got = self.sock.recv(65536)
        if not got:
            raise OSError("closed")
        self.raw += got

    def _messages(self):
        """WHATWG HTML section 9.2.6, of what is complete."""
        while b"\n\n" in self.text:
            block, self.text = self.text.split(b"\n\n", 1)
            fields = {}
            for line in block.decode("utf-8").split("\n"):
                name, _, value = line.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if not name:
                    self.comments += 1
                elif name == "retry":
                    self.retry = int(value)
                else:
                    assert name in ("id", "event", "data") and name not in fields, line
                    fields[name] = value
            if fields:
                if "id" in fields:
                    self.last_id = int(fields["id"])
                with self.lock:
                    self.messages.append(Message(int(fields["id"]) if "id" in fields else None, fields["event"], fields["data"]))

    def wait(self, test, what, seconds=20):
        try:
            return wait_for(what, test, seconds)
        except AssertionError as why:
            raise AssertionError(f"{why}; came: {self.seen()[-30:]}") from None

    def seen(self):
        with self.lock:
            return list(self.messages)

    def kinds(self, **fields):
        return [m.kind for m in self.seen() if all(m.data.get(k) == v for k, v in fields.items())]

    def one(self, kind, seconds=20, **fields):
        """The first of that type with these fields, waited for."""
        return self.wait(lambda: next((m for m in self.seen() if m.kind == kind and all(m.data.get(k) == v for k, v in fields.items())), None),
                         f"{kind} {fields}", seconds)

    def close(self):
        """Its thread has to be out of the socket before another gets the same number."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        if self.thread:
            self.thread.join()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def in_order(kinds, want, what):
    at = -1
    for kind in want:
        check(kind in kinds, f"{what}: no {kind} in {kinds}")
        check(kinds.index(kind) > at, f"{what}: {kind} comes too early in {kinds}")
        at = kinds.index(kind)
        equal(kinds.count(kind), 1, f"{what}: how often {kind} came")


class Recorder(Rig):
    def __init__(self, upload=None, **more):
        super().__init__(ingest="allow_plain_rtp = 1", rest=swift.ini(**(upload or {})), env=swift.env(), log="debug\nformat = json", **more)

    def send(self, session, ssrc, count=20, first=0):
        with self.socket() as out:
            for i in range(first, first + count):
                out.sendto(struct.pack("!BBHII", 0x80, 111, 100 + i, 960 * i, ssrc) + b"\xfc" + bytes([ssrc, i & 255]) * 20, ("10.77.0.1", session["port"]))
                time.sleep(0.002)

    def begin(self, room, ssrc):
        s = self.open([dict(AUDIO, ssrc=ssrc)], room=room)
        self.send(s, ssrc)
        wait_for("packets", lambda: self.session(s["id"])["tracks"][0].get("packets") == 20)
        return s


def one_recording(rig, feed, room, ssrc):
    """From opening to upload and removal; the events of its session and record."""
    s = rig.begin(room, ssrc)
    opened = feed.one("record.opened", session=s["id"])
    feed.one("session.recording", session=s["id"])
    rig.finish(s["id"])
    name = feed.one("record.finished", session=s["id"]).record
    equal(opened.record, name, "the name told at its beginning")
    feed.one("upload.finished", record=name)
    rig.ok("DELETE", f"/api/records/{name}")
    gone = feed.one("record.removed", record=name)
    equal((gone.room, gone.session, gone.track, gone.reason), (room, s["id"], "audio1", "deleted"), "who is gone")
    return s, name


def events_follow_a_recording_to_its_end():
    with Recorder() as rig, Feed(rig.port) as feed, Feed(rig.port, "?room=other") as other, Feed(rig.port, "?types=record.*,upload.finished&room=demo") as few:
        s, name = one_recording(rig, feed, "demo", 9)
        told = feed.kinds(session=s["id"])
        in_order(told, ["session.opened", "session.recording", "session.finalising", "session.done", "record.removed"], "its session")
        in_order(told, ["session.opened", "record.opened", "record.finished", "session.done", "record.removed"], "its session's recording")
        in_order(feed.kinds(record=name), ["record.opened", "upload.queued", "upload.started", "upload.finished", "record.removed"], "its recording")
        opening = feed.one("session.opened", session=s["id"])
        equal((opening.participant, opening.transport, opening.port, opening.tracks), ("alice", "rtp", s["port"], ["audio1"]), "how it was opened")
        equal(feed.one("session.done", session=s["id"]).files, 1, "its files")
        finished, up = feed.one("record.finished", record=name), feed.one("upload.finished", record=name)
        equal((up.key, up.bytes, up.room, up.track), (store.PREFIX + name, finished.bytes, "demo", "audio1"), "the object")
        for m in feed.seen():
            check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", m.time), f"time of {m}")
            equal(m.data["type"], m.kind, "type in the data")
        ids = [m.id for m in feed.seen()]
        equal(ids, sorted(set(ids)), "ids only grow")

        one_recording(rig, feed, "other", 10)
        other.one("record.removed", room="other")
        equal({m.room for m in other.seen()}, {"other"}, "rooms of a feed of one")
        few.one("record.removed")
        equal(few.kinds(), ["record.opened", "record.finished", "upload.finished", "record.removed"], "types and room of a filtered feed")

        # A reader that comes back gets the rest, by header or query, and the header counts.
        ids = [m.id for m in feed.seen()]
        for query, headers in (("", {"Last-Event-ID": str(ids[4])}), (f"?since={ids[4]}", {}), ("?since=0", {"Last-Event-ID": str(ids[4])})):
            with Feed(rig.port, query, headers) as again:
                again.wait(lambda: len(again.seen()) >= len(ids) - 5, "the rest")
                equal([m.id for m in again.seen()], ids[5:], f"what came after {ids[4]}")
        with Feed(rig.port, "?since=0") as whole:
            whole.wait(lambda: whole.last_id == ids[-1], "all that is kept")
            equal([m.id for m in whole.seen()][-len(ids):], ids, "all")
            equal(whole.kinds()[0], "control.started", "the first of all")
        for query, headers in (("?since=x", {}), ("?since=-1", {}), ("", {"Last-Event-ID": "1 2"}), ("?types=", {}), ("?types=session.done,nonsense", {})):
            Feed(rig.port, query, headers, expect=400).close()

        the_store_fails(rig, feed)
        the_dataplane_goes_and_comes(rig, feed)
        readiness_tells_the_part(rig, feed)
        the_metrics_are_what_prometheus_reads(rig)
        before = feed.last_id
        rig.stop("wirespool-control")
        feed.wait(lambda: feed.ended == "whole", "the end of the feed, in good order")
        rig.start_control()
        with Feed(rig.port, headers={"Last-Event-ID": str(before)}) as after:
            after.one("dataplane.back")
            equal(after.kinds()[:2], ["missed", "control.started"], "what a reader hears after a restart")
            equal(after.seen()[0].first, after.seen()[1].id, "the first that it did not miss")
            check(after.seen()[1].id > before, "ids grow over a restart")
            one_recording(rig, after, "demo", 12)
        the_log_is_json_with_ids(rig)


def the_store_fails(rig, feed):
    """Told once for the reason, not once a try."""
    swift.proxy.add(Fault("put", times=3, answer=(503, SLOW_DOWN)))
    s = rig.begin("demo", 13)
    rig.finish(s["id"])
    name = feed.one("record.finished", session=s["id"]).record
    feed.one("upload.finished", record=name)
    in_order(feed.kinds(record=name), ["upload.queued", "upload.started", "upload.failed", "upload.finished"], "an upload that failed")
    failed = feed.one("upload.failed", record=name)
    check("SlowDown" in failed.reason and failed.tries == 1 and failed.next_try >= failed.time, f"why it failed: {failed}")


def the_dataplane_goes_and_comes(rig, feed):
    s, more = rig.begin("crash", 11), itertools.count(30)
    name = feed.one("record.opened", session=s["id"]).record
    wait_for("media on disk", lambda: any(r["name"] == name and r["size"] for r in rig.listing("?state=open")))
    rig.kill("wirespool-dataplane")
    feed.one("dataplane.lost")
    rig.start_dataplane()
    equal(feed.one("dataplane.back", restarted=True).restarted, True, "another dataplane")
    repaired = feed.one("record.repaired", record=name)
    equal((repaired.room, repaired.session, repaired.track), ("crash", s["id"], "audio1"), "what was repaired")
    feed.wait(lambda: rig.send(s, 11, 1, next(more)) or feed.kinds(session=s["id"]).count("session.recording") == 2, "that it goes on")
    rig.finish(s["id"])
    feed.one("session.done", session=s["id"])
    equal(feed.kinds(record=name).count("record.opened"), 1, "how often its beginning was told")


def the_log_is_json_with_ids(rig):
    """Every line of both daemons; what control says of a session or a recording has it as a field, too."""
    lines = {name: [json.loads(line) for line in rig.log(name).splitlines()] for name in ("wirespool-control", "wirespool-dataplane")}
    for name, log in lines.items():
        check(log, f"{name} has logged")
        for line in log:
            equal((line["process"], line["level"] in ("error", "warn", "info", "debug"), "message" in line), (name, True, True), f"a line: {line}")
    about = {"session": 0, "record": 0, "room": 0, "track": 0}
    for line in lines["wirespool-control"]:
        text = line["message"]
        if text.startswith("http: "):
            continue
        for field, form in (("session", r"\bs_[a-z2-7]{20}\b"), ("record", r"\S+_audio1_\d+\.ogg")):
            found = re.search(form, text)
            check(not found or line.get(field) == found.group(), f"{field} of {line}")
        for field in about:
            about[field] += field in line
    check(all(n >= 6 for n in about.values()), f"lines with ids: {about}")


def the_metrics_are_what_prometheus_reads(rig):
    text = rig.api("GET", "/metrics", raw=True)[1].decode()
    lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    # The unit ns is in names that dashboards of others know by now; nothing else is found fault with.
    left = [line for line in lint.stderr.splitlines() if line and not re.fullmatch(r"wirespool_\w+_ns(_\w+)? metric names should not contain abbreviated units", line)]
    equal((lint.stdout, left), ("", []), "promtool check metrics")
    sample = {m.group(1): float(m.group(2)) for m in re.finditer(r"^(wirespool_\S+) (\S+)$", text, re.M)}
    check(sample["wirespool_uploads_seconds_count"] >= 3, "uploads have their time taken")
    equal(sample["wirespool_uploads_seconds_count"], sample['wirespool_uploads_seconds_bucket{le="+Inf"}'], "the last bucket")
    check(sample['wirespool_control_http_request_seconds_count{method="POST",route="/api/v1/sessions"}'] >= 4, "HTTP by route")
    equal(sample['wirespool_control_http_request_seconds_count{method="GET",route="/api/v1/events"}'], 5, "the feeds that were refused; others have no duration")
    names = set(re.findall(r"^(wirespool_\w+)", text, re.M))

    rules = os.path.join(ROOT, "appliance/prometheus/wirespool.rules.yml")
    with open(rules) as f:
        check_names("the rules", re.sub(r"^ *#.*$|summary:.*|description:.*", "", f.read(), flags=re.M), names)
    promtool("check", "rules", rules)
    promtool("test", "rules", os.path.join(ROOT, "tests/unit/appliance/wirespool.rules.test.yml"))
    the_dashboard_is_sound(rig, names)


def promtool(*argv):
    p = subprocess.run(["promtool", *argv], capture_output=True, text=True)
    check(p.returncode == 0, f"promtool {' '.join(argv)}: {p.stdout}{p.stderr}")


def check_names(where, text, known):
    used = set(re.findall(r"\bwirespool_\w+", text))
    check(len(used) > 15, f"{where} use metrics: {used}")
    equal(used - known, set(), f"{where} use what /metrics does not have")


def the_dashboard_is_sound(rig, names):
    """Of Grafana's import: ids once, panels side by side, every datasource the variable; its queries parse as rules."""
    with open(os.path.join(ROOT, "appliance/grafana/wirespool.json")) as f:
        dashboard = json.load(f)
    equal(dashboard["id"], None, "id of a dashboard to import")
    equal([v["name"] for v in dashboard["templating"]["list"]], ["datasource", "instance"], "variables")
    cells, ids, rules = set(), set(), ["groups:", "- name: dashboard", "  rules:"]
    for panel in dashboard["panels"]:
        check(panel["id"] not in ids, f"panel {panel['id']} is there twice")
        ids.add(panel["id"])
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        check(not mine & cells and at["x"] + at["w"] <= 24, f"{panel['title']} lies over another")
        cells |= mine
        for target in panel.get("targets", []):
            equal((panel["datasource"]["uid"], target["datasource"]["uid"]), ("${datasource}", "${datasource}"), panel["title"])
            expr = target["expr"].replace("$__rate_interval", "5m")
            check_one = set(re.findall(r"\bwirespool_\w+", expr)) - names
            equal(check_one, set(), f"{panel['title']}: what /metrics does not have")
            rules += [f"  - record: panel_{panel['id']}_{target['refId']}", f"    expr: {json.dumps(expr)}"]
    check(len(rules) > 60, "the dashboard has queries")
    path = os.path.join(rig.dir, "dashboard.rules.yml")
    with open(path, "w") as f:
        f.write("\n".join(rules) + "\n")
    promtool("check", "rules", path)


def readiness_tells_the_part(rig, feed):
    """record.dir goes and comes; the store goes and comes. Both are told."""
    def state():
        status, body, _ = rig.api("GET", "/readyz")
        equal((status, body["ready"]), (200, True) if all(c["ok"] for c in body["checks"].values()) else (503, False), "status of readiness")
        return {name: c.get("reason") for name, c in body["checks"].items()}
    equal(state(), dict(dataplane=None, disk=None, store=None, catalogue=None), "all is well")
    os.rename(rig.records, rig.records + ".away")
    broken = wait_for("the disk's part", lambda: (lambda s: s if s["disk"] else None)(state()))
    check("records: No such file" in broken["disk"] and not broken["dataplane"] and not broken["store"] and not broken["catalogue"], f"the disk alone: {broken}")
    full = feed.one("disk.full")
    equal(full.reason, broken["disk"], "the same reason")
    os.rename(rig.records + ".away", rig.records)
    feed.one("disk.free")
    swift.proxy.go_away()
    s = rig.begin("demo", 14)
    rig.finish(s["id"])
    name = feed.one("record.finished", session=s["id"]).record
    feed.one("upload.failed", record=name)
    broken = wait_for("the store's part", lambda: (lambda s: s if s["store"] else None)(state()))
    check(f"127.0.0.1:{store.PROXY_PORT}" in broken["store"] and not broken["disk"], f"the store alone: {broken}")
    swift.proxy.come()
    feed.one("upload.finished", record=name)
    wait_for("all to be well", lambda: not any(state().values()))


ALONE = "api_tokens = MASTER\nwhip_tokens = a=ONE, b=ONE, *=ANY"
MASTER = {"Authorization": "Bearer MASTER"}


class Alone(Rig):
    """Control without a dataplane, over recordings of before."""

    def __init__(self, rooms, each, tls=False, **more):
        super().__init__(start=False, log="warn", **more)
        self.tls = tls
        self.names = []
        for i in range(each):
            for room in rooms:
                name = f"{room}_v_{i}.ivf"
                with open(self.path(name), "w") as f:
                    f.write("x")
                with open(self.path(name + ".json"), "w") as f:
                    json.dump(dict(room=room, track="v", session="s_before"), f)
                self.names.append(name)
        self.start_control(wait=False)
        wait_for("control", self.has_scanned)

    def has_scanned(self):
        with contextlib.suppress(OSError, KeyError, TypeError):
            if self.tls:
                Feed(self.port, "", MASTER, tls=True).close()
                return True
            return self.api("GET", "/api/v1/stats", headers=MASTER)[1]["control"]["recordings"] == len(self.names)

    def remove(self, names):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for name in names:
            c.request("DELETE", "/api/records/" + name, headers=MASTER)
            r = c.getresponse()
            r.read()
            equal(r.status, 200, f"removal of {name}")
        c.close()

    def readers(self):
        return self.api("GET", "/api/v1/stats", headers=MASTER)[1]["control"]["events_readers"]


def a_token_shows_its_rooms_and_no_more():
    bearer = lambda token: {"Authorization": "Bearer " + token}
    with Alone("abc", 2, control=ALONE) as rig:
        feeds = {token: Feed(rig.port, "?since=0", bearer(token)) for token in ("MASTER", "ONE", "ANY")}
        only_b = Feed(rig.port, "?room=b", bearer("ONE"))
        rig.remove(rig.names)
        feeds["MASTER"].wait(lambda: len(feeds["MASTER"].kinds(type="record.removed")) == 6, "all that were removed")
        for token, rooms in (("MASTER", "aabbcc"), ("ONE", "aabb"), ("ANY", "aabbcc")):
            feed = feeds[token]
            feed.wait(lambda: len(feed.kinds(type="record.removed")) >= len(rooms), f"what {token} may see")
            equal("".join(sorted(m.room for m in feed.seen() if m.room)), rooms, f"rooms that {token} sees")
            equal("control.started" in feed.kinds(), token == "MASTER", f"whether {token} sees what belongs to no room")
        only_b.wait(lambda: len(only_b.seen()) == 2, "one of its rooms")
        for query, headers in (("", {}), ("", bearer("WRONG")), ("?room=c", bearer("ONE")), ("?room=*", bearer("ONE"))):
            refused = Feed(rig.port, query, headers, expect=401)
            check(refused.headers["www-authenticate"].startswith("Bearer"), "what to come with")
            refused.close()
        equal(rig.api("GET", "/api/v1/sessions", headers=bearer("ONE"))[0], 401, "the rest of the API stays closed to it")


def many_readers_and_slow_ones_are_bounded():
    """256 read at most; one that takes nothing is cut; one hundred hear the same; at the stop all end in good order."""
    with Alone("ab", 700, control=ALONE) as rig:
        rig.remove(rig.names[:1200])
        began = Feed(rig.port, "?types=dataplane.*", MASTER)  # hears nothing but signs of life
        slow = Feed(rig.port, "?since=0", MASTER, receive_bytes=4096, read=False)
        hundred = [Feed(rig.port, "", MASTER) for _ in range(100)]
        rig.remove(rig.names[1200:])
        for feed in hundred:
            feed.wait(lambda: len(feed.seen()) == 200, "200 removals")
        equal({tuple(m.id for m in f.seen()) for f in hundred}, {tuple(m.id for m in hundred[0].seen())}, "the same for all")
        equal([m.record for m in hundred[0].seen()], rig.names[1200:], "all, in their order")
        rest = [Feed(rig.port, "", MASTER) for _ in range(READERS_MAX - 102)]
        for _ in range(3):
            refused = Feed(rig.port, "", MASTER, expect=503)
            equal(refused.headers["retry-after"], "5", "when to come again")
            refused.close()
        equal(rig.api("GET", "/healthz")[0], 200, "readers pin no thread")
        check(rig.readers() == READERS_MAX, "all places are taken")
        for feed in rest:
            feed.close()
        wait_for("that those who left are noticed, and the slow one cut", lambda: rig.readers() == 101, 60, 0.5)
        check(began.comments >= 1 and not began.seen(), f"signs of life: {began.comments}, {began.seen()}")
        equal([f.ended for f in hundred + [began]], [None] * 101, "the others go on")
        slow.close()
        rig.procs["wirespool-control"].send_signal(signal.SIGTERM)
        for feed in hundred + [began]:
            feed.wait(lambda: feed.ended == "whole", "the end")
        equal(rig.procs.pop("wirespool-control").wait(30), 0, "control's exit code")


def the_readme_lists_every_event():
    with open(os.path.join(ROOT, "control/events.h")) as f:
        rows = re.findall(r'EVENT\((\w+), "([^"]*)", "([^"]*)", "([^"]*)"\)', f.read())
    check(len(rows) >= 20, "events in the table")
    with open(os.path.join(ROOT, "README.md")) as f:
        table = f.read().split("<!-- events:")[1].split("<!-- end of events -->")[0].splitlines()[3:]
    equal(table, [f"| `{name}` | {fields} | {sentence} |" for _, name, fields, sentence in rows], "the README's table of events")


def the_feed_goes_over_tls():
    with tempfile.TemporaryDirectory() as box:
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-keyout", f"{box}/key.pem", "-out", f"{box}/cert.pem")
        with Alone("", 0, control=ALONE + f"\ntls_cert = {box}/cert.pem\ntls_key = {box}/key.pem", tls=True) as rig:
            feeds = [Feed(rig.port, "?since=0", MASTER, tls=True) for _ in range(3)]
            for feed in feeds:
                feed.one("control.started")
            os.rename(rig.records, rig.records + ".away")
            for feed in feeds:
                feed.one("disk.full")
            os.rename(rig.records + ".away", rig.records)
            for feed in feeds:
                feed.one("disk.free")
            rig.procs["wirespool-control"].send_signal(signal.SIGTERM)
            for feed in feeds:
                feed.wait(lambda: feed.ended == "whole", "the end")


if __name__ == "__main__":
    with store.Store() as swift:
        main([the_readme_lists_every_event, events_follow_a_recording_to_its_end, a_token_shows_its_rooms_and_no_more, many_readers_and_slow_ones_are_bounded,
              the_feed_goes_over_tls])
