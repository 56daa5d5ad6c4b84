#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Very many flows: opened and closed through the API while twenty others record, which must lose nothing.

    wirespool-gen, 20 flows ──> dataplane <── control <── POST and DELETE of N sessions of 16 SRTP tracks each

usage: bench_flows.py [--flows N]
"""
import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import store  # noqa: E402
from rig import BUILD, Rig, key_base64  # noqa: E402

TRACKS = 16


def memory_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--flows", type=int, default=100000)
    count = parser.parse_args().flows // TRACKS
    with Rig(dataplane="max_tracks = 131072\nidle_sleep_us = 0", log="warn") as rig:
        plan, account = os.path.join(rig.dir, "plan"), os.path.join(rig.dir, "account.json")
        live = []
        with open(plan, "w") as f:
            for i in range(20):
                key = store.random_key(i)
                s = rig.open([dict(id="a", codec="opus", payload_type=111, clock_rate=48000, channels=2, ssrc=5000 + i,
                                   srtp=dict(profile="AES_CM_128_HMAC_SHA1_80", key=key))], room=f"live{i}", idle_timeout_s=600)
                live.append(s["id"])
                f.write(f"10.77.0.1 {s['port']} {5000 + i} 111 opus AES_CM_128_HMAC_SHA1_80 {key}\n")
        sender = rig.netns(os.path.join(BUILD, "tools/gen/wirespool-gen"), "--plan", plan, "--duration", "3600", "--no-bye", "--account", account)
        pid = rig.procs["wirespool-dataplane"].pid
        before, began = memory_mb(pid), time.monotonic()
        ids = []
        for i in range(count):
            tracks = [dict(id=f"t{k}", codec="opus", payload_type=96 + k, clock_rate=48000, channels=2, ssrc=(i << 8) + 100000 + k,
                           srtp=dict(profile="AEAD_AES_128_GCM" if k % 2 else "AES_CM_128_HMAC_SHA1_80",
                                     key=key_base64("AEAD_AES_128_GCM" if k % 2 else "AES_CM_128_HMAC_SHA1_80", i + k))) for k in range(TRACKS)]
            ids.append(rig.open(tracks, room=f"room{i}", idle_timeout_s=3600)["id"])
        opened = time.monotonic() - began
        after = memory_mb(pid)
        began = time.monotonic()
        for sid in ids:
            rig.finish(sid)
        closed = time.monotonic() - began
        sender.send_signal(2)
        sender.wait(30)
        time.sleep(0.5)
        with open(account) as f:
            told = json.load(f)
        lcore = rig.stats()["lcore"][0]
        sent = told["totals"]["packets_sent"] if "totals" in told else told["total"]["packets_sent"]
        n = count * TRACKS
        print(f"{n} SRTP flows opened in {opened:.1f} s ({n / opened:.0f}/s), {(after - before) * 1024 / n:.1f} KiB each; closed in {closed:.1f} s ({n / closed:.0f}/s); "
              f"meanwhile {sent} packets sent by others, {lcore['rtp_pkts']} accepted, longest stall of the poll loop {lcore['stall_max_ns'] / 1e6:.1f} ms")
        sys.exit(0 if sent == lcore["rtp_pkts"] else 1)


main()
