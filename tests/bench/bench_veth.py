# SPDX-License-Identifier: BSD-3-Clause
"""veth and af_packet: the rate that is recorded without loss, beside what dpdk-testpmd only receives on the same pair"""
import contextlib
import json
import os
import re
import subprocess
import tempfile

import measure
import report
import senders
import store
from knee import Ceiling, knee
from peers import PAYLOAD_TYPE, PROFILE, Flow
from rig import Failed, Rig, check, wait_for
from rig import run as command

FLOWS, KBPS = 40, 4000
WANTED = 0.85
SLOWER = 0.9  # a sender that reaches less than this of what it was asked is at its ceiling


def send(rig, flows, scale, seconds, mac):
    """@seconds of the flows at @scale times their rate by a DPDK device on the other end of the pair: the account."""
    plan, account = os.path.join(rig.dir, "plan"), os.path.join(rig.dir, "account.json")
    with open(plan, "w") as f:
        f.writelines(flow.plan() for flow in flows)
    done = subprocess.run(measure.pinned(measure.OTHER_CPU, measure.program("tools/gen/wirespool-gen"), "--plan", plan, "--ivf", senders.video_clip("VP8", 4, "1280x720", 30, 60, KBPS),
                                         "--duration", seconds * scale, "--rate-scale", scale, "--no-sr", "--no-bye", "--account", account, "--netns", rig.ns,
                                         "--vdev", "net_af_packet0,iface=snd,blocksz=65536,framesz=2048,framecnt=8192", "--src-ip", "10.77.0.2", "--dst-mac", mac, "--no-huge"),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds * 20 + 60)
    check(done.returncode == 0, f"wirespool-gen ended with {done.returncode}: {done.stdout[-800:]}")
    with open(account) as f:
        return json.load(f)


def judged(told, whole, scale, seconds):
    """What try_rate answers for an account: packets a second, None when not all arrived."""
    if not whole:
        return None
    pps = told["totals"]["packets_sent"] / told["seconds"]
    if told["seconds"] * SLOWER > seconds:
        raise Ceiling(scale, pps)
    return pps


def mac_of(iface):
    with open(f"/sys/class/net/{iface}/address") as f:
        return f.read().strip()


def wirespool(scale, seconds):
    with tempfile.TemporaryDirectory(prefix="wirespool-veth-", dir="/dev/shm") as where, \
            Rig(flush=1000, log="warn", env={"RECORD_DIR": where}, lcores=(measure.POLL_CPU,)) as rig:
        flows, sessions = [], []
        for i in range(FLOWS):
            key = store.random_key(i)
            s = rig.open([dict(id="v", codec="VP8", payload_type=PAYLOAD_TYPE, clock_rate=90000, ssrc=1000 + i, srtp=dict(profile=PROFILE, key=key))], room=f"r{i}")
            sessions.append(s["id"])
            flows.append(Flow(i, key, s["port"]))
        told = send(rig, flows, scale, seconds, mac_of(rig.iface))
        for sid in sessions:
            rig.finish(sid)
        frames = sum(r["frames"] for r in rig.listing("?limit=1000"))
        return judged(told, frames == told["totals"]["frames_intact"], scale, seconds)


@contextlib.contextmanager
def testpmd(rig):
    """dpdk-testpmd that only receives, on the rig's end of the pair; yields what ends it and tells how many it received."""
    argv = ["stdbuf", "-oL", "dpdk-testpmd", "--lcores", f"0@{measure.OTHER_CPU},1@{measure.POLL_CPU}", "--in-memory", "--no-pci", "--no-telemetry", "-m", "256",
            "--vdev", f"net_af_packet0,iface={rig.iface},blocksz=65536,framesz=2048,framecnt=8192", "--", "--forward-mode=rxonly", "--total-num-mbufs=32767", "--no-lsc-interrupt"]
    log = os.path.join(rig.dir, "testpmd.log")
    with open(log, "wb") as out:
        p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True)

    def started():
        check(p.poll() is None, f"dpdk-testpmd ended with {p.returncode}: {rig.log('testpmd')[-800:]}")
        return "Press enter to exit" in rig.log("testpmd")

    def received():
        p.communicate(b"\n", timeout=30)
        found = re.findall(r"RX-packets: *(\d+)", rig.log("testpmd"))
        if not found:
            raise Failed(f"dpdk-testpmd told no figures: {rig.log('testpmd')[-800:]}")
        return int(found[-1])

    try:
        wait_for("dpdk-testpmd", started, 30)
        yield received
    finally:
        if p.poll() is None:
            p.kill()
        p.wait()


def limit(scale, seconds):
    with Rig(start=False) as rig:
        command("ip", "link", "set", rig.iface, "promisc", "on")
        flows = [Flow(i, store.random_key(i)) for i in range(FLOWS)]
        with testpmd(rig) as received:
            told = send(rig, flows, scale, seconds, mac_of(rig.iface))
            return judged(told, received() >= told["totals"]["packets_sent"], scale, seconds)


def run_knee(how, try_rate, seconds):
    """(packets a second at the knee, whether it was the sender's and not the receiver's)."""
    ceilings = []

    def tried(scale):
        try:
            return try_rate(scale, seconds)
        except Ceiling as reached:
            ceilings.append(reached)
            raise
    best = knee(tried, 0.25, 64, 0.5 if how.short else 0.05, again=0 if how.short else 1)
    return best[1] if best else 0.0, bool(ceilings)


def run(how):
    seconds = 1 if how.short else 3
    (ours, ours_ceiling), (theirs, their_ceiling) = run_knee(how, wirespool, seconds), run_knee(how, limit, seconds)
    note = "; ".join(f"{whose}: the sender could not send faster" for whose, it in (("ours", ours_ceiling), ("testpmd", their_ceiling)) if it)
    ratio = ours / theirs if theirs else None
    yield report.row(5, f"veth and af_packet, {FLOWS} SRTP flows of 1200 B, recorded without loss", ours / 1e3, "kpps", against="dpdk-testpmd rxonly", limit=theirs / 1e3,
                     wanted=f">= {WANTED}", met=None if ratio is None else ratio >= WANTED, sink="tmpfs", note=note)
