# SPDX-License-Identifier: BSD-3-Clause
"""CPU time a recorded gigabit: wirespool, Janus, GStreamer and ffmpeg fed the same SRTP flows"""
import json
import os
import subprocess
import tempfile
import time

import measure
import report
import senders
import store
from peers import PAYLOAD_TYPE, PEERS, PROFILE, Flow
from rig import Rig, check

KBPS = 4000
WANTED = {"Janus": 15, "GStreamer": 25, "ffmpeg": 25}  # times what we spend
MEMIF = "net_memif0,role={role},id=0,socket-abstract=no,socket={dir}/memif.sock{more}"


class Spent:
    """What one recorder spent on one run: CPU seconds by part, gigabits that it recorded, and their share of what was sent."""

    def __init__(self, cpu, share, told, sender_seconds):
        self.cpu, self.share = cpu, share
        self.gbit = told["totals"]["bytes"] * 8 / 1e9 * share
        self.gbit_s = told["totals"]["bytes"] * 8 / 1e9 / told["seconds"]
        self.seconds = sum(cpu.values())
        self.a_gbit = self.seconds / self.gbit if self.gbit else float("inf")
        self.sender_a_gbit = sender_seconds * share / self.gbit if self.gbit else float("inf")


def feed(rig, flows, seconds, *more):
    """Send @seconds of all @flows: (the account, the sender's CPU seconds). Their reports go to the next port, since
    GStreamer's srtpdec takes no RTCP among the media unless somebody takes it from there."""
    plan, account = os.path.join(rig.dir, "plan"), os.path.join(rig.dir, "account.json")
    with open(plan, "w") as f:
        f.writelines(flow.plan() for flow in flows)
    clip = senders.video_clip("VP8", 4, "1280x720", 30, 60, KBPS)
    argv = measure.pinned(measure.OTHER_CPU, measure.program("tools/gen/wirespool-gen"), "--plan", plan, "--ivf", clip, "--duration", seconds, "--account", account,
                          "--rtcp-next-port", *more)
    with open(os.path.join(rig.dir, "sender.log"), "wb") as log:
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    rig.senders.append(p)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    check(p.returncode == 0, f"wirespool-gen ended with {p.returncode}: {rig.log('sender')[-800:]}")
    with open(account) as f:
        return json.load(f), usage.ru_utime + usage.ru_stime


def peer(kind, sink, count, seconds):
    """The flows into another recorder."""
    with tempfile.TemporaryDirectory(prefix="wirespool-peer-", dir=sink) as where, PEERS[kind](where) as rig:
        flows = [Flow(i, store.random_key(i)) for i in range(count)]
        rig.start_peer(flows)
        rig.marked()
        told, sender = feed(rig, flows, seconds, "--netns", rig.ns)
        time.sleep(0.5)  # what it holds back for reordering
        rig.end_peer()
        want = told["totals"]["packets_sent" if rig.unit == "packets" else "frames_intact"]
        return Spent({kind: rig.seconds()}, sum(rig.recorded(flow) for flow in flows) / want, told, sender)


def busy(rig):
    """CPU seconds of the dataplane and control by part; of the poll loop, which always runs, what it was busy for."""
    stats, parts = rig.ok("GET", "/api/v1/stats"), {}
    parts["poll core"] = sum(lcore["cycles_busy"] / lcore["tsc_hz"] for lcore in stats["dataplane"]["lcore"])
    for name, spent in measure.thread_cpu_seconds(rig.procs["wirespool-dataplane"].pid).items():
        part = "writers" if name.startswith("writer") else "filers" if name.startswith("filer") else "rest"
        if "worker" not in name:
            parts[part] = parts.get(part, 0) + sum(spent)
    parts["rest"] = parts.get("rest", 0) + sum(map(sum, measure.thread_cpu_seconds(rig.procs["wirespool-control"].pid).values()))
    return parts


def wirespool(sink, count, seconds, memif=False, scale=1):
    """The same flows into us, by veth and af_packet, or by memif and @scale times as fast."""
    nic = MEMIF.format(role="server", dir="{dir}", more=",rsize=12") if memif else None
    with tempfile.TemporaryDirectory(prefix="wirespool-peer-", dir=sink) as where, \
            Rig(flush=1000, log="warn", nic=nic, env={"RECORD_DIR": where}, lcores=(measure.POLL_CPU,)) as rig:
        flows, sessions = [], []
        for i in range(count):
            key = store.random_key(i)
            s = rig.open([dict(id="v", codec="VP8", payload_type=PAYLOAD_TYPE, clock_rate=90000, ssrc=1000 + i, srtp=dict(profile=PROFILE, key=key))], room=f"r{i}")
            sessions.append(s["id"])
            flows.append(Flow(i, key, s["port"]))
        way = (["--vdev", MEMIF.format(role="client", dir=rig.dir, more=""), "--src-ip", "10.77.0.2", "--no-huge"] if memif else ["--netns", rig.ns])
        before = busy(rig)
        told, sender = feed(rig, flows, seconds * scale, "--rate-scale", scale, *way)
        for sid in sessions:
            rig.finish(sid)
        after = busy(rig)
        frames = sum(r["frames"] for r in rig.listing("?limit=1000"))
        return Spent({part: after[part] - before.get(part, 0) for part in after}, frames / told["totals"]["frames_intact"], told, sender)


def middle(runs):
    return sorted(runs, key=lambda spent: spent.a_gbit)[len(runs) // 2]


def sinks():
    """(name, directory): memory, and the disk that the checkout is on."""
    yield "tmpfs", "/dev/shm"
    source, kind = subprocess.run(["findmnt", "-no", "SOURCE,FSTYPE", "-T", measure.ROOT], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[:2]
    yield f"disk {source}, {kind}", measure.ROOT


def describe(spent, whose):
    parts = ", ".join(f"{part} {seconds / spent.gbit:.3f}" for part, seconds in spent.cpu.items()) if len(spent.cpu) > 1 and spent.gbit else ""
    return (f"{whose} at {spent.gbit_s:.2f} Gbit/s" + (f" ({parts})" if parts else "") + (f", recorded {spent.share * 100:.2f} %" if round(spent.share, 4) != 1 else ", nothing lost")
            + f", its sender with the kernel's way to the receiver {spent.sender_a_gbit:.2f}")


def run(how):
    count, seconds = (4, 2) if how.short else (20, 10)
    for sink, where in list(sinks())[:1 if how.short else None]:
        ways = {"wirespool": lambda: wirespool(where, count, seconds),
                "dense": lambda: wirespool(where, count, seconds, memif=True, scale=8)}
        ways.update({kind: lambda kind=kind: peer(kind, where, count, seconds) for kind in PEERS})
        runs = {way: [] for way in ways}
        for _ in range(how.repeat):
            for way, one in ways.items():
                runs[way].append(one())
        best = {way: middle(got) for way, got in runs.items()}
        for kind, times in WANTED.items():
            for way, told in (("wirespool", f"{count} flows by veth"), ("dense", "the same flows faster, by memif")):
                ratio = best[way].a_gbit / best[kind].a_gbit
                yield report.row(2, f"CPU to record SRTP, {told}, as {kind}", best[way].a_gbit, "CPU-s/Gbit", against=kind, limit=best[kind].a_gbit, ratio=ratio,
                                 wanted=f"<= 1/{times}", met=ratio <= 1 / times, sink=sink,
                                 note="our poll core counts as busy time: cycles_busy of its TSC; " + describe(best[way], "ours") + "; " + describe(best[kind], kind))
