#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What one poll core records without losing a packet, over veth (af_packet) and over memif.

    wirespool-gen on CPU 0 ── 40 flows of VP8, 1200-byte packets ──> poll core on CPU 1 ──> writer ──> IVF on tmpfs

The rate is doubled until something is lost, then halved in on, or until the generator cannot send more: the knee is the highest rate at which everything that the
generator sent was recorded, with nothing dropped anywhere. Then cycles per packet of each stage, at the knee. The writer
shares CPU 0 with the generator on a machine of two: the figure is a floor. usage: bench_loop.py [--profile NAME|plain] [--seconds N] [veth|memif ...]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import store  # noqa: E402
from rig import BUILD, Rig, key_base64  # noqa: E402

FLOWS = 40
KBPS = 4000
STAGES = ("classify", "unprotect", "rtp", "handover")


def send(rig, scale, profile, seconds, transport):
    """Record @seconds of media at @scale times its rate: (packets/s, bit/s, whether all was recorded, cycles by stage)."""
    plan, account = os.path.join(rig.dir, "plan"), os.path.join(rig.dir, "account.json")
    sessions = []
    with open(plan, "w") as f:
        for i in range(FLOWS):
            track = dict(id="v", codec="VP8", payload_type=96, clock_rate=90000, ssrc=1000 + i)
            key = "-"
            if profile != "plain":
                key = key_base64(profile, i)
                track["srtp"] = dict(profile=profile, key=key)
            s = rig.open([track], room=f"r{i}")
            sessions.append(s["id"])
            f.write(f"10.77.0.1 {s['port']} {1000 + i} 96 VP8 {profile} {key}\n")
    before = rig.stats()["lcore"][0]
    argv = ["taskset", "-c", "0", os.path.join(BUILD, "tools/gen/wirespool-gen"), "--plan", plan, "--duration", str(seconds * scale), "--rate-scale", str(scale),
            "--kbps", str(KBPS), "--size", "640x360", "--no-sr", "--account", account]
    if transport == "memif":
        argv += ["--vdev", f"net_memif0,role=client,id=0,socket-abstract=no,socket={rig.dir}/memif.sock", "--src-ip", "10.77.0.2", "--no-huge"]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds * 4 + 60)
        if done.returncode:
            raise SystemExit(f"wirespool-gen: {done.stdout[-800:]}")
    else:
        rig.netns_run(*argv, timeout=seconds * 4 + 60)
    with open(account) as f:
        told = json.load(f)
    after = rig.stats()["lcore"][0]
    for sid in sessions:
        rig.finish(sid)
    totals = told["totals"] if "totals" in told else told["total"]
    took = told.get("seconds") or seconds
    frames = sum(r.get("frames", 0) for r in rig.listing("?limit=1000") if r["session"] in sessions)
    for name in [r["name"] for r in rig.listing("?limit=1000")]:
        rig.api("DELETE", f"/api/records/{name}")
    delta = {k: after[k] - before[k] for k in after if isinstance(after[k], int)}
    whole = delta["rtp_pkts"] == totals["packets_sent"] and frames == totals["frames_intact"]
    cycles = {s: delta["cycles_" + s] / max(1, delta["rx_pkts"]) for s in STAGES}
    cycles["burst"] = delta["rx_pkts"] / max(1, delta["bursts"])
    return totals["packets_sent"] / took, totals["bytes"] * 8 / took, whole, cycles


def knee(transport, profile, seconds):
    nic = None if transport == "veth" else "net_memif0,role=server,id=0,socket-abstract=no,socket={dir}/memif.sock,rsize=12"
    with tempfile.TemporaryDirectory(dir="/dev/shm") as tmpfs, \
            Rig(nic=nic, ingest="allow_plain_rtp = 1", env={"RECORD_DIR": tmpfs}, flush=1000, log="warn") as rig:
        rig.records = tmpfs
        best, low, high, scale = None, 0, None, 1.0
        while (high is None or high - low > 0.2 * high) and scale <= 256:
            result = send(rig, scale, profile, seconds, transport)
            print(f"# {transport} {profile} x{scale:g}: {result[0] / 1e3:.0f} kpps {'all recorded' if result[2] else 'lost'}", file=sys.stderr, flush=True)
            if result[2] and best and result[0] < 1.1 * best[0]:
                print(f"# {transport}: the generator cannot send more", file=sys.stderr)
                break
            if result[2]:
                best, low = result, scale
            else:
                high = scale
            scale = scale * 2 if high is None else (low + high) / 2
            if high is not None and low == 0 and scale < 0.2:
                break
        return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", default="AES_CM_128_HMAC_SHA1_80")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("transports", nargs="*", default=["veth", "memif"])
    args = parser.parse_args()
    for transport in args.transports:
        best = knee(transport, args.profile, args.seconds)
        if not best:
            print(f"{transport}: nothing was recorded whole")
            continue
        pps, bps, _, cycles = best
        stages = ", ".join(f"{s} {cycles[s]:.0f}" for s in STAGES)
        print(f"{transport}, {args.profile}, sink tmpfs: {pps / 1e3:.0f} kpps, {bps / 1e9:.2f} Gbit/s, zero loss; cycles a packet: {stages}; {cycles['burst']:.1f} packets a burst")


main()
