#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""kill -9 at random moments over both daemons, under load, with uploads on.

    wirespool-gen (namespace) ── SRTP ──> dataplane ─ files ─ control ──> counting proxy ──> Swift's S3

After every kill the daemon is started again; at the end: every file walks to its last byte and decodes, every file is in
the catalogue and in the store with the same bytes, none was completed twice, and what a kill cost is at most what one flush
interval holds. usage: test_crash.py [--kills N] [--seed N]
"""
import argparse
import collections
import hashlib
import os
import random
import signal
import sys
import time
from datetime import datetime

import store
from rig import BUILD, Failed, Rig, check, decodes, equal, ivf_frames, main, ogg_packets, wait_for

FLUSH_MS = 200
SLACK_S = 0.6  # a kill meets a busy machine of two cores: what was sent is not yet received, what is received not yet written


def recorded(path):
    """Media of one file, as a list of bytes."""
    if path.endswith(".ivf"):
        return [d for _, d in ivf_frames(path)[1]]
    return [p for _, p in ogg_packets(path)[2:] if len(p) > 2]


class Load:
    """The generator, sending until it is told to stop; and the client that opened its sessions."""

    SESSIONS = 4

    def __init__(self, rig):
        self.rig, self.all, self.live = rig, [], {}
        plan, account = os.path.join(rig.dir, "plan"), os.path.join(rig.dir, "account.json")
        with open(plan, "w") as f:
            for i in range(self.SESSIONS):
                s = self.open(i)
                f.write(f"10.77.0.1 {s['port']} {1000 + i} 96 VP8 AES_CM_128_HMAC_SHA1_80 {store.random_key(i)}\n")
                f.write(f"10.77.0.1 {s['port']} {2000 + i} 111 opus AES_CM_128_HMAC_SHA1_80 {store.random_key(i)}\n")
        self.proc = rig.netns(os.path.join(BUILD, "tools/gen/wirespool-gen"), "--plan", plan, "--duration", "3600", "--size", "320x180", "--kbps", "500",
                              "--account", account)

    def open(self, i, **more):
        srtp = dict(profile="AES_CM_128_HMAC_SHA1_80", key=store.random_key(i))
        s = self.rig.open([dict(id="v", codec="VP8", payload_type=96, clock_rate=90000, ssrc=1000 + i, srtp=srtp),
                           dict(id="a", codec="opus", payload_type=111, clock_rate=48000, channels=2, ssrc=2000 + i, srtp=srtp)],
                          room=f"room{i}", idle_timeout_s=60, **more)
        self.live[i] = s
        self.all.append(s["id"])
        return s

    def look_after(self):
        """A client sees that its session is gone, as when both daemons died at a time, and opens it again. True: all live."""
        alive = 0
        for i, s in list(self.live.items()):
            try:
                status, now, _ = self.rig.api("GET", f"/api/v1/sessions/{s['id']}")
                if status == 404 or (status == 200 and now["state"] in ("done", "failed")):
                    self.open(i, port=s["port"])
                elif status == 200 and now["state"] == "recording":
                    alive += 1
            except (OSError, Failed):
                pass  # control is down, or the dataplane: the next time
        return alive == self.SESSIONS

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        equal(self.proc.wait(30), 0, "the generator's exit code")


def settle(rig, load):
    """Stop everything in good order; all uploads done."""
    load.stop()
    for s in load.live.values():
        rig.finish(s["id"])
    wait_for("every recording to be uploaded",
             lambda: (lambda rs: rs and all(r.get("uploaded") for r in rs) and len(rs))(everything(rig)), 120, 0.5)


def everything(rig):
    """All pages of the list."""
    records, path = [], "/api/records?limit=200"
    while path:
        status, page, headers = rig.api("GET", path)
        equal(status, 200, path)
        records += page
        link = headers.get("Link", "")
        path = link[link.index("<") + 1:link.index(">")] if 'rel="next"' in link else None
    return records


def verify(rig, swift):
    records = everything(rig)
    names = {r["name"] for r in records}
    on_disk = {n for n in os.listdir(rig.records) if not n.startswith(".") and not n.endswith(".json")}
    equal(names, on_disk, "catalogue and directory")
    left = [n for n in os.listdir(rig.records) if n.endswith((".part", ".journal"))]
    equal(left, [], "unfinished files")
    for name in sorted(names):
        check(recorded(rig.path(name)), f"{name} holds no media")
        check(decodes(rig.path(name)) > 0, f"{name} does not decode")
        side = rig.sidecar(name)
        with open(rig.path(name), "rb") as f:
            data = f.read()
        equal((side["size"], side["sha256"]), (len(data), hashlib.sha256(data).hexdigest()), f"sidecar of {name}")
        check(swift.get(name) == data, f"the object of {name} differs from the file")
    done = collections.Counter(swift.completed())
    equal({k for k, n in done.items() if n > 1}, set(), "objects that were completed twice")
    return records


def crash(kills, seed):
    rnd = random.Random(seed)
    with store.Store() as swift, Rig(flush=FLUSH_MS, record="sync_interval_ms = 1000", rest=swift.ini(), env=swift.env()) as rig:
        load = Load(rig)
        wait_for("every track to record", lambda: len(rig.listing("?state=all")) >= 8, 20)
        log = []
        for n in range(kills):
            time.sleep(rnd.uniform(0.05, 1.0))
            load.look_after()
            victims = rnd.choice([["wirespool-dataplane"], ["wirespool-control"], ["wirespool-dataplane", "wirespool-control"]])
            at = time.time()
            for v in victims:
                rig.kill(v)
            time.sleep(rnd.uniform(0, 0.2))
            for v in reversed(victims) if rnd.random() < 0.5 else victims:
                (rig.start_dataplane if v == "wirespool-dataplane" else lambda **kw: rig.start_control(wait=False))(wait=v == "wirespool-dataplane")
            log.append((at, victims))
            if n % 10 == 9:
                print(f"# {n + 1} kills", file=sys.stderr, flush=True)
        wait_for("readiness", lambda: ready(rig), 30)
        wait_for("all sessions to record again", load.look_after, 30, 0.3)
        time.sleep(1)
        settle(rig, load)
        records = verify(rig, swift)
        bound(rig, records, log)


def ready(rig):
    try:
        return rig.api("GET", "/readyz")[0] == 200
    except OSError:
        return False


def bound(rig, records, log):
    """Of each file that a kill of the dataplane cut off, at most flush_interval is missing before the kill."""
    dataplane_kills = [at for at, victims in log if "wirespool-dataplane" in victims]
    for r in records:
        side = rig.sidecar(r["name"])
        if not side.get("repaired"):
            continue
        began, ended = (datetime.fromisoformat(side[k].rstrip("Z")[:26] + "+00:00").timestamp() for k in ("started", "ended"))
        kill = next((k for k in dataplane_kills if k > began), None)
        check(kill is not None, f"{r['name']} was repaired without a kill")
        lost = kill - ended
        check(lost <= FLUSH_MS / 1000 + SLACK_S, f"{r['name']} lacks {lost:.2f} s before the kill, flush interval {FLUSH_MS} ms")


def kills_at_random_moments():
    crash(args.kills, args.seed)


parser = argparse.ArgumentParser(add_help=True)
parser.add_argument("--kills", type=int, default=50)
parser.add_argument("--seed", type=int, default=1)
args, rest = parser.parse_known_args()
sys.argv[1:] = rest
main([kills_at_random_moments])
