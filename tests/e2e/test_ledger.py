#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The conservation ledger: what comes in adds up to what was recorded and what was dropped for a reason; broken on purpose, it says so.

    wirespool-gen ──> dataplane ── counters ──> control: /api/v1/stats, /metrics, events, log
                                       ↑ poke_counter
"""
import json
import os
import re
import subprocess
import time

import store
from rig import BUILD, Rig, check, equal, main, run, wait_for

PROFILE = "AES_CM_128_HMAC_SHA1_80"


def ledger(rig):
    return rig.ok("GET", "/api/v1/stats")["ledger"]


def unaccounted(rig):
    return {row["account"]: row.get("packets", row.get("bytes")) for row in ledger(rig)["unaccounted"]}


def poke(rig, scope, instance, name, n):
    run(os.path.join(BUILD, "base/poke_counter"), os.path.join(rig.dir, "run", "counters"), scope, str(instance), name, str(n % (1 << 64)))


def gauges(rig):
    text = rig.api("GET", "/metrics", raw=True)[1].decode()
    return {line.split('"')[1]: int(line.split()[-1]) for line in text.splitlines() if line.startswith("wirespool_unaccounted_packets{")}


def record(rig, count, *options):
    """Sessions that are sent to by plan, with what @options do to the packets."""
    plan, sessions = os.path.join(rig.dir, "plan"), []
    with open(plan, "w") as f:
        for i in range(count):
            key = store.random_key(i)
            srtp = dict(profile=PROFILE, key=key)
            s = rig.open([dict(id="v", codec="VP8", payload_type=96, clock_rate=90000, ssrc=100 + i, srtp=srtp),
                          dict(id="a", codec="opus", payload_type=111, clock_rate=48000, channels=2, ssrc=200 + i, srtp=srtp)], room=f"r{i}")
            sessions.append(s["id"])
            f.write(f"10.77.0.1 {s['port']} {100 + i} 96 VP8 {PROFILE} {key}\n10.77.0.1 {s['port']} {200 + i} 111 opus {PROFILE} {key}\n")
    rig.netns_run(os.path.join(BUILD, "tools/gen/wirespool-gen"), "--plan", plan, "--duration", "4", "--size", "160x90", "--kbps", "150", *options)
    return sessions


def it_balances_and_tells_when_it_does_not():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        feed = subprocess.Popen(["curl", "-sN", f"http://127.0.0.1:{rig.port}/api/v1/events?types=alarm.*"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        rig.senders.append(feed)
        sessions = record(rig, 5, "--loss", "2", "--reorder", "2", "--duplicate", "2")
        stray = rig.socket()
        for n in range(50):
            stray.sendto(bytes([n]) * 40, ("10.77.0.1", 21234))
        for sid in sessions[:3]:
            rig.finish(sid)
        wait_for("a first account", lambda: ledger(rig)["accounts"], 15, 0.5)
        time.sleep(12)  # another, of which all has been there
        equal(unaccounted(rig), {}, "packets that are not accounted for")
        check(ledger(rig)["accounts"] >= 2 + 1, f"accounts: {ledger(rig)}")
        equal(set(gauges(rig).values()), {0}, "wirespool_unaccounted_packets")
        check({"ports", "rings", "tracks", "files", "lcore 0"} <= set(gauges(rig)), f"accounts in /metrics: {gauges(rig)}")

        poke(rig, "lcore", 0, "forwarded_in", 7)
        poke(rig, "writer", 0, "pkts", 2)
        wait_for("two alarms", lambda: unaccounted(rig) == {"lcore 0": 7, "rings": -2}, 30, 0.5)
        equal({k: v for k, v in gauges(rig).items() if v}, {"lcore 0": 7, "rings": -2}, "wirespool_unaccounted_packets")
        wait_for("it in the log", lambda: "ledger: lcore 0 does not balance: 7 packets" in rig.log("wirespool-control"))
        poke(rig, "lcore", 0, "forwarded_in", -7)
        poke(rig, "writer", 0, "pkts", -2)
        wait_for("their end", lambda: unaccounted(rig) == {}, 30, 0.5)
        feed.kill()
        told = [json.loads(line[6:]) for line in feed.stdout.read().decode().splitlines() if line.startswith("data: ")]
        equal(sorted((e["type"], e["account"]) for e in told), [("alarm.cleared", "lcore 0"), ("alarm.cleared", "rings"), ("alarm.raised", "lcore 0"), ("alarm.raised", "rings")],
              "alarms in the feed")
        for sid in sessions[3:]:
            rig.finish(sid)


def a_track_that_is_done_has_to_balance():
    with Rig() as rig:
        sessions = record(rig, 2)
        poke(rig, "track", 0, "late_pkts", 3)
        wait_for("an alarm", lambda: list(unaccounted(rig).values()) == [-3], 40, 0.5)
        check(next(iter(unaccounted(rig))).startswith("track r"), f"it has a name: {unaccounted(rig)}")
        poke(rig, "track", 0, "late_pkts", -3)
        wait_for("its end", lambda: unaccounted(rig) == {}, 40, 0.5)
        for sid in sessions:
            rig.finish(sid)


FATES = ("packets", "late_packets", "malformed_packets", "cut_packets")


def what_came_in_is_in_the_files():
    """By file: what a track took is in the sidecars of its files, or there under the reason why it is not in one."""
    with Rig(record="max_size_mb = 1") as rig:
        sessions = record(rig, 2, "--kbps", "6000", "--size", "640x360", "--loss", "1", "--reorder", "2")
        time.sleep(1)
        came = {(sid, t["id"]): t["packets"] for sid in sessions for t in rig.session(sid)["tracks"]}
        files = {}
        for sid in sessions:
            for r in rig.finish(sid)["recordings"]:
                files.setdefault((sid, r["track"]), []).append(rig.sidecar(r["name"]))
        filed = {k: sum(side[fate] for side in v for fate in FATES) for k, v in files.items()}
        empty = re.findall(r"(r\d)_v_\S+: nothing was recorded, removed", rig.log("wirespool-dataplane"))  # what was cut there is in no sidecar
        for n, sid in enumerate(sessions):
            for track in ("v", "a"):
                took, told = came[sid, track], filed[sid, track]
                check(told == took or (track == "v" and f"r{n}" in empty and told < took), f"{told} packets in the files of track {track} of session {n}, which took {took}")
        check(any(len(files[sid, "v"]) > 1 for sid in sessions), f"files of a track of video: {[len(v) for v in files.values()]}")

        sid = record(rig, 1)[0]
        rig.finish(sid)
        slots = rig.session(sid)["tracks"]
        wait_for("an account of the files that balances", lambda: gauges(rig).get("files") == 0 and not unaccounted(rig), 30, 0.5)
        slot = next(t.get("slot", 0) for t in slots)
        poke(rig, "track", slot, "filed_pkts", -4)
        wait_for("an alarm", lambda: list(unaccounted(rig).values()) == [4], 40, 0.5)
        check(next(iter(unaccounted(rig))).startswith("files r"), f"it has a name: {unaccounted(rig)}")
        wait_for("it in the log", lambda: "4 packets were recorded that are in none of its files" in rig.log("wirespool-control"))
        poke(rig, "track", slot, "filed_pkts", 4)
        wait_for("its end", lambda: unaccounted(rig) == {}, 40, 0.5)


def what_is_in_the_files_is_in_the_store_or_waits():
    """By object: bytes of files that were handed to the uploader are in objects, wait, or were deleted before they came to it."""
    with store.Store() as swift, Rig(rest=swift.ini(), env=swift.env()) as rig:
        def sizes(names):
            return sum(os.path.getsize(rig.path(n)) for n in names)

        def take(count):
            return [r["name"] for sid in record(rig, count) for r in rig.finish(sid)["recordings"]]

        def account(**want):
            def now():
                got = ledger(rig).get("objects", {})
                return all(got.get(k) == v for k, v in want.items()) and got
            got = wait_for(f"the account of objects to be {want}", now, 40, 0.5)
            equal(got["offered"], got["objects"] + got["pending"] + got["failed"] + got["forgotten"], "what was offered, and where it is")
            equal(unaccounted(rig), {}, "what is not accounted for")
        there = take(2)
        stored = sizes(there)
        account(offered=stored, objects=stored, pending=0, failed=0, forgotten=0)
        equal(sum(len(swift.get(n)) for n in there), stored, "bytes of the objects in the store")
        swift.proxy.go_away()
        waits = take(2)
        pending = sizes(waits)
        account(offered=stored + pending, objects=stored, pending=pending)
        gone = os.path.getsize(rig.path(waits[0]))
        rig.ok("DELETE", f"/api/records/{waits[0]}")
        account(offered=stored + pending, objects=stored, pending=pending - gone, forgotten=gone)
        swift.proxy.come()
        account(offered=stored + pending, objects=stored + pending - gone, pending=0, forgotten=gone)
        text = rig.api("GET", "/metrics", raw=True)[1].decode()
        check('\nwirespool_unaccounted_bytes{account="objects"} 0\n' in text and f'\nwirespool_uploads_account_bytes{{where="forgotten"}} {gone}\n' in text, "the metrics")


main([it_balances_and_tells_when_it_does_not, a_track_that_is_done_has_to_balance, what_came_in_is_in_the_files, what_is_in_the_files_is_in_the_store_or_waits])
