# SPDX-License-Identifier: BSD-3-Clause
"""100,000 flows opened and closed while twenty record; what a packet costs two poll loops, beside one

    wirespool-gen, 20 flows ──> dataplane <── control <── POST and DELETE of N sessions of 16 SRTP tracks each
    wirespool-gen, 40 and 80 flows ──> 2 queues by hash ──> 2 poll loops, each the owner of its sessions
"""
import json
import os
import tempfile
import time

import measure
import report
import senders
import store
from others import FLOWS as OTHERS
from others import Others
from peers import PAYLOAD_TYPE, PROFILE, Flow
from rig import Rig, key_base64

TRACKS = 16
PROFILES = ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM")
LOOP_FLOWS, KBPS = 40, 4000
# Without rx: whenever the scheduler takes the CPU away, packets gather meanwhile, and the poll that finds them is charged for it.
STAGES = ("classify", "unprotect", "rtp", "handover")


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def srtp(seed):
    profile = PROFILES[seed % len(PROFILES)]
    return dict(profile=profile, key=key_base64(profile, seed))


def opened(rig, sessions):
    """Ids of so many sessions, opened one after another."""
    return [rig.open([dict(id=f"t{k}", codec="opus", payload_type=96 + k, clock_rate=48000, channels=2, ssrc=100000 + (i << 8) + k, srtp=srtp(i + k))
                      for k in range(TRACKS)], room=f"room{i}", idle_timeout_s=3600)["id"] for i in range(sessions)]


def many(how):
    sessions = (2000 if how.short else 100000) // TRACKS
    flows = sessions * TRACKS
    with tempfile.TemporaryDirectory(prefix="wirespool-scale-", dir="/dev/shm") as where, \
            Rig(dataplane="max_tracks = 131072", log="warn", env={"RECORD_DIR": where}, lcores=(measure.POLL_CPU,)) as rig:
        others, pid = Others(rig), rig.procs["wirespool-dataplane"].pid
        time.sleep(1)  # they record
        before, began = resident_kib(pid), time.monotonic()
        ids = opened(rig, sessions)
        opening, grown, began = time.monotonic() - began, resident_kib(pid) - before, time.monotonic()
        for sid in ids:
            rig.finish(sid)
        closing = time.monotonic() - began
        sent = others.end()
    each = f"{TRACKS} a session, one call after another"
    yield report.row(3, f"{flows} SRTP flows opened", flows / opening, "flows/s", note=f"{each}; {opening:.1f} s")
    yield report.row(3, f"{flows} SRTP flows closed", flows / closing, "flows/s", note=f"{each}; {closing:.1f} s")
    yield report.row(3, f"memory of a flow that is open and silent, {flows} at once", grown / flows, "KiB", wanted="<= 16", met=grown / flows <= 16,
                     note="growth of the dataplane's resident memory")
    yield report.row(3, f"packets that {OTHERS} other flows lost meanwhile", 0, "packets", wanted="0", met=True, sink="tmpfs", note=f"{sent} sent, all recorded")


def send(rig, flows, seconds):
    """The account of what was sent from the poll loop's CPU, which one loop and two have to share with the sender alike."""
    plan, account = os.path.join(rig.dir, "plan"), os.path.join(rig.dir, "account.json")
    with open(plan, "w") as f:
        f.writelines(flow.plan() for flow in flows)
    rig.netns_run(*measure.pinned(measure.POLL_CPU, measure.program("tools/gen/wirespool-gen"), "--plan", plan, "--duration", seconds, "--no-sr", "--no-bye",
                                  "--account", account, "--ivf", senders.video_clip("VP8", 4, "1280x720", 30, 60, KBPS)), timeout=seconds + 60)
    with open(account) as f:
        return json.load(f)


def loops(lcores, count, seconds):
    """The counters of each of the poll loops that recorded so many flows, all of them."""
    with tempfile.TemporaryDirectory(prefix="wirespool-scale-", dir="/dev/shm") as where, \
            Rig(flush=1000, log="warn", env={"RECORD_DIR": where}, lcores=lcores) as rig:
        flows, ids = [], []
        for i in range(count):
            key = store.random_key(i)
            s = rig.open([dict(id="v", codec="VP8", payload_type=PAYLOAD_TYPE, clock_rate=90000, ssrc=1000 + i, srtp=dict(profile=PROFILE, key=key))], room=f"r{i}")
            ids.append(s["id"])
            flows.append(Flow(i, key, s["port"]))
        told = send(rig, flows, seconds)
        for sid in ids:
            rig.finish(sid)
        frames, sent, stats = sum(r["frames"] for r in rig.listing("?limit=1000")), told["totals"], rig.stats()
        if frames != sent["frames_intact"]:
            lost = sent["packets_sent"] - stats["port"][0]["rx_pkts"]
            raise (Starved if lost > 0 else measure.Failed)(
                f"{len(lcores)} poll loops recorded {frames} of {sent['frames_intact']} frames; at least {lost} packets were lost before the port")
        return stats["lcore"]


class Starved(measure.Failed):
    """The kernel lost packets on their way to the port: senders and loops share CPUs, and there was none left for it."""


def whole(lcores, count, seconds, tries=3):
    """loops() once more when the kernel could not keep up."""
    for left in range(tries - 1, -1, -1):
        try:
            return loops(lcores, count, seconds)
        except Starved:
            if not left:
                raise


def total(lcores, counter):
    return sum(lcore[counter] for lcore in lcores)


def cycles(lcores, stages=STAGES):
    return sum(total(lcores, "cycles_" + stage) for stage in stages) / total(lcores, "rx_pkts")


def parts(lcores):
    return f"{' / '.join(f'{cycles(lcores, [s]):.0f}' for s in STAGES)} of {'/'.join(STAGES)}, {total(lcores, 'rx_pkts') / total(lcores, 'bursts'):.1f} packets a burst"


def scaling(how):
    """Two poll loops with the flows of one, and with as many each; runs interleaved."""
    if os.cpu_count() < 2:
        raise measure.Failed("two poll loops need two CPUs")
    one_cpu, two_cpus = (measure.POLL_CPU,), (measure.OTHER_CPU, measure.POLL_CPU)
    settings = ((one_cpu, LOOP_FLOWS), (two_cpus, LOOP_FLOWS), (two_cpus, 2 * LOOP_FLOWS))
    seconds, runs = 2 if how.short else 7, [[] for _ in settings]
    for _ in range(how.repeat):
        for got, (cpus, count) in zip(runs, settings):
            got.append(whole(cpus, count, seconds))
    one, same, each = (sorted(got, key=cycles)[len(got) // 2] for got in runs)
    for what, two in ((f"{2 * LOOP_FLOWS} flows over two poll loops, {LOOP_FLOWS} for each", each), (f"the same {LOOP_FLOWS} flows over two poll loops", same)):
        yield report.row(3, what, cycles(two), "cycles a packet", against="over one", limit=cycles(one), sink="tmpfs",
                         note=f"{parts(two)}; one: {parts(one)}; of the two the one on the sender's CPU, where the single one is, {cycles(two[1:]):.0f}, the one on the "
                              f"writer's {cycles(two[:1]):.0f}; they share their CPUs with these, so that cycles past the queue count here, and no rate")
    owned = [100 * lcore["handed_pkts"] / total(each, "handed_pkts") for lcore in each]
    yield report.row(3, "packets that came to the loop that does not own them", 100 * total(each, "forwarded_out") / total(each, "rx_pkts"), "%", sink="tmpfs",
                     note=f"{total(each, 'forwarded_out')} passed on, {total(each, 'forwarded_in')} taken over, {total(each, 'drop_forward_full')} lost; "
                          f"the loops own {owned[0]:.0f} and {owned[1]:.0f} % of what was recorded")


def run(how):
    yield from many(how)
    yield from scaling(how)
