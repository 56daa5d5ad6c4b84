#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What befalls a machine while it records: its disk is pulled, its clock is set. (Its power: test_crash.py; its package: test_package.py.)

    senders (namespace) ── veth ──> dataplane ── files ──> ext4 on a loop device, which goes away with everything on it, and comes back
                                    control ── uploads ──> Swift, whose clock is right
                                    both by a wall clock of their own (wall_clock.c); the monotonic one goes on
"""
import contextlib
import datetime
import os
import re
import struct
import subprocess
import threading
import time

import store
from disks import Disk
from packets import AUDIO, Audio, real_packets, same
from rig import BUILD, Rig, check, decodes, equal, main, wait_for

PLAIN = dict(ingest="allow_plain_rtp = 1")
HOUR = 3600


# --- disk ---------------------------------------------------------------------------------------------------------------
def ready(rig):
    status, answer, _ = rig.api("GET", "/readyz")
    return status, {name: c.get("reason") for name, c in answer["checks"].items()}


def ended(rig, sid):
    return wait_for(f"the end of session {sid}", lambda: (lambda s: s["state"] in ("done", "failed") and s)(rig.session(sid)), 20)


def told(feed):
    return [line[7:] for line in open(feed.name, encoding="utf-8").read().splitlines() if line.startswith("event: ")]


def audio_works(rig, room, count=30):
    """A whole recording from opening to listing."""
    s = rig.open([dict(AUDIO, ssrc=7)], room=room)
    a = Audio(rig, s["port"], ssrc=7)
    a.send(count)
    time.sleep(0.3)
    done = rig.finish(s["id"])
    equal((done["state"], len(done["recordings"])), ("done", 1), f"a session of room {room}: {done}")
    name = done["recordings"][0]["name"]
    same(real_packets(rig.path(name)), a.sent, f"packets of {name}")
    wait_for(f"{name} in the list", lambda: name in [r["name"] for r in rig.listing("?limit=100")])
    return name, a.sent


def the_disk_is_pulled_and_comes_back():
    with Rig(start=False, record="sync_interval_ms = 200", **PLAIN) as rig, Disk(os.path.join(rig.dir, "image"), rig.records) as disk:
        rig.start_dataplane()
        rig.start_control()
        with open(os.path.join(rig.dir, "feed"), "wb") as feed:
            rig.senders.append(subprocess.Popen(["curl", "-sN", f"http://127.0.0.1:{rig.port}/api/v1/events"], stdout=feed, stdin=subprocess.DEVNULL))
        kept, sent = audio_works(rig, "before")
        s, idle = rig.open([dict(AUDIO, ssrc=1000)], room="pulled"), rig.open([dict(AUDIO, ssrc=1001)], room="waits")
        a = Audio(rig, s["port"])
        a.send(100, 0.01)
        wait_for("state recording", lambda: rig.session(s["id"])["state"] == "recording")
        time.sleep(1)  # synced
        disk.pull()
        a.send(60, 0.02)
        done = ended(rig, s["id"])
        equal(done["state"], "failed", f"the session that recorded: {done}")
        check("Input/output error" in done["reason"], f"its reason: {done['reason']}")
        status, why = wait_for("word of the disk", lambda: (lambda r: r[1].get("disk") and r)(ready(rig)))
        check(status == 503 and "Input/output error" in why["disk"], f"readiness without a disk: {status} {why}")
        status, body, _ = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=[AUDIO]))
        equal((status, body["error"]["code"]), (500, "disk_error"), f"a session without a disk: {body}")
        check("Input/output error" in body["error"]["message"], f"its reason: {body}")
        wait_for("the event", lambda: "disk.full" in told(feed) and "session.failed" in told(feed))
        text = rig.api("GET", "/metrics", raw=True)[1].decode()
        check("\nwirespool_proc_disk_error 5\n" in text, "no wirespool_proc_disk_error in the metrics")
        for path in ("/api/records", f"/api/records/{kept}", f"/records/{kept}", "/api/v1/sessions", "/api/v1/stats"):  # an answer, whatever it is
            check(rig.api("GET", path, raw=True)[0] in (200, 404, 500, 503), path)
        equal(rig.session(idle["id"])["state"], "waiting", "the neighbour that waits")
        equal([p.poll() for p in rig.procs.values()], [None, None], "daemons that ended")

        disk.unplug()
        disk.plug()
        wait_for("readiness", lambda: ready(rig)[0] == 200, 30)
        wait_for("the event", lambda: "disk.free" in told(feed))
        # The index was on that disk, too: whoever asks first finds it out, and it is made anew.
        wait_for("the list", lambda: rig.api("GET", "/api/records?limit=100")[0] == 200, 30)
        b = Audio(rig, idle["port"], ssrc=1001)
        b.send(20)
        time.sleep(0.3)
        equal(rig.finish(idle["id"])["state"], "done", "the neighbour")
        audio_works(rig, "after")
        wait_for("what was there before", lambda: kept in [r["name"] for r in rig.listing("?limit=100")], 30)
        same(real_packets(rig.path(kept)), sent, f"packets of {kept}")
        # What had reached the disk of the one that was cut off is whole after the next start.
        equal(rig.stop("wirespool-dataplane"), 0, "exit code")
        rig.start_dataplane()
        name = wait_for("the recording that was cut off", lambda: next((r["name"] for r in rig.listing("?limit=100") if r["name"].startswith("pulled_")), None), 30)
        got = real_packets(rig.path(name))
        check(len(got) >= 90, f"{len(got)} packets of it are there")
        same(got, a.sent[:len(got)], f"packets of {name}")
        check(decodes(rig.path(name)) > 0, f"{name} plays")
        left = [n for n in os.listdir(rig.records) if n.startswith(".") and not n.startswith(".catalogue")]
        equal(left, [], "left between the recordings")


# --- clock --------------------------------------------------------------------------------------------------------------
class Clock:
    """The wall clock of whoever has its environment; this machine's stays what it is."""

    def __init__(self, place):
        self.path = os.path.join(place, "clock")
        self.set(0)
        self.env = dict(LD_PRELOAD=os.path.join(BUILD, "base/libwall_clock.so"), WALL_CLOCK=self.path)

    def set(self, ahead_s):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb", buffering=0) as f:
            f.write(struct.pack("=q", ahead_s * 10 ** 9))
        self.ahead_s = ahead_s


class Going:
    """A sender that goes on in the background, a packet each 20 ms, until it is stopped."""

    def __init__(self, sender):
        self.sender, self.stopped = sender, False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        at = time.monotonic()
        while not self.stopped:
            self.sender.send(1, 0)
            at += 0.02
            time.sleep(max(0, at - time.monotonic()))

    def stop(self):
        self.stopped = True
        self.thread.join()


def unix(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def told_ahead(rig):
    """By how much the clock of control's is ahead of ours."""
    return unix(rig.api("GET", "/api/v1/stats")[1]["time"]) - time.time()


def the_clock_is_set_an_hour_forth_and_back():
    with contextlib.ExitStack() as stack:
        swift = stack.enter_context(store.Store())
        rig = stack.enter_context(Rig(start=False, record="retention_days = 1\nidle_timeout_s = 6", rest=swift.ini(), env=swift.env(), **PLAIN))
        clock = Clock(rig.dir)
        rig.env.update(clock.env)
        rig.start_dataplane()
        rig.start_control()

        def uploaded(name):
            wait_for(f"{name} in the store", lambda: swift.get(name) is not None, 30, 0.2)
            with open(rig.path(name), "rb") as f:
                equal(f.read(), swift.get(name), f"the object of {name}")
        old, _ = audio_works(rig, "old")
        uploaded(old)
        rig.stop("wirespool-control")
        for name in (old, old + ".json"):  # half an hour more and it goes
            os.utime(rig.path(name), (time.time() - 23.5 * HOUR,) * 2)
        rig.start_control()
        wait_for("its age in the list", lambda: unix(rig.listing()[0]["modTime"]) < time.time() - 23 * HOUR)
        s = rig.open([dict(AUDIO, ssrc=1000)], room="long")
        sender = Going(Audio(rig, s["port"]))
        began = time.time()
        time.sleep(1)

        for ahead in (HOUR, -HOUR):
            clock.set(ahead)
            time.sleep(3)  # packets come on while the clock is set
            wait_for("the clock to be set", lambda: abs(told_ahead(rig) - clock.ahead_s) < 5)
            equal(rig.session(s["id"])["state"], "recording", f"the session that records, {ahead:+d} s")
            name, _ = audio_works(rig, f"at{'-' if ahead < 0 else '+'}")
            check(abs(int(name.split("_")[-1].split(".")[0]) - time.time() - ahead) < 30, f"{name} is not named by the clock, {ahead:+d} s")
            uploaded(name)
            if ahead > 0:
                def passed():
                    return "the clock was set forward by 36" in rig.log("wirespool-control") or "removed by retention" in rig.log("wirespool-control")
                wait_for("retention to look at its age", passed, 45)
                check("removed by retention" not in rig.log("wirespool-control"), "retention removed what is not a day old")
        clock.set(0)
        time.sleep(2)
        wait_for("the clock to be set", lambda: abs(told_ahead(rig)) < 5)
        sender.stop()
        took, a = time.time() - began, sender.sender
        time.sleep(0.3)
        done = rig.finish(s["id"])
        equal((done["state"], len(done["recordings"])), ("done", 1), f"the session that went through it all: {done}")
        name = done["recordings"][0]["name"]
        side = rig.sidecar(name)
        same(real_packets(rig.path(name)), a.sent, f"packets of {name}")
        equal((side["gap_count"], side.get("gaps", []), [e for e in side.get("events", []) if e["type"] != "ssrc"]), (0, [], []), "gaps and events")
        equal(side["packets"], len(a.sent), "packets in the sidecar")
        check(abs(side["duration_s"] - len(a.sent) * 0.02) < 0.05, f"duration {side['duration_s']} of {len(a.sent)} packets")
        began_at, lasted = unix(side["started"]), unix(side["ended"]) - unix(side["started"])
        check(abs(began_at - began) < 5 and abs(lasted - took) < 5, f"started {side['started']}, ended {side['ended']}: {lasted} s of {took} s")
        check(abs(side["clock"]["unix_ns_at_start"] / 1e9 - began) < 5, f"clock {side['clock']}, begun at {began}")
        uploaded(name)
        idle = rig.open([dict(AUDIO, ssrc=9)], room="idle", idle_timeout_s=5)
        Audio(rig, idle["port"], ssrc=9).send(10)
        clock.set(HOUR)
        before = time.monotonic()
        done = ended(rig, idle["id"])
        check(time.monotonic() - before > 3, "the clock that was set ended a session as idle")
        equal((done["state"], done["reason"]), ("done", "idle"), "the session that fell silent")
        check(old in [r["name"] for r in rig.listing("?limit=100")], "retention removed what is not a day old")
        check(re.search(r"it refuses our clock, which is 3(599|600|601) s", rig.log("wirespool-control")), "the store's clock is not told of")


main([the_disk_is_pulled_and_comes_back, the_clock_is_set_an_hour_forth_and_back])
