# SPDX-License-Identifier: BSD-3-Clause
"""time from packet to file and to disk; stalls of the poll loop while a thousand files open and close; what idling costs

    ten frames a second ──> dataplane ──> file; its length asked of control again and again
    wirespool-gen, 1000 sessions opened, recorded, closed, beside 20 that go on ──> dataplane: how long between two polls
    nothing, then a ping ──> dataplane
"""
import gc
import http.client
import json
import re
import os
import statistics
import subprocess
import sys
import threading
import time

import measure
import report
import senders
from others import Others
from packets import VIDEO, Video
from rig import Rig, wait_for
from rig import run as command

US = 1e3  # in nanoseconds
FPS = 10
DISK_S, STALL_US, IDLE_PERCENT, FIRST_MS = 1.2, 200, 5, 1  # the goals
IVF_HEAD, IVF_FRAME_HEAD = 32, 12  # bytes
SYNC_S = 0.1  # a file's sync and its journal's take less: what was written later than this before their end is the next one's


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def apart(rig):
    """This process and control away from the poll loop's CPU, as the dataplane's other threads are by themselves."""
    for pid in (os.getpid(), rig.procs["wirespool-control"].pid):
        for tid in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(tid), {measure.OTHER_CPU})


class Paced(threading.Thread):
    """Sends a clip's frames at their pace for some seconds; .ends: [(when the frame began to be sent, the file's bytes with it)]."""

    def __init__(self, rig, port, seconds):
        super().__init__()
        self.video, self.count, self.ends = Video(rig, port, senders.video_clip("VP8", 4, "160x90", FPS, 40, 12), step=VIDEO["clock_rate"] // FPS), int(seconds * FPS), []

    def run(self):
        began, end = time.monotonic(), IVF_HEAD
        for i in range(self.count):
            time.sleep(max(0.0, began + i / FPS - time.monotonic()))
            now = time.monotonic()
            self.video.send(gap=0)
            end += IVF_FRAME_HEAD + len(self.video.sent[-1])
            self.ends.append((now, end))


def observed(rig, name, sender, longer):
    """While the sender runs and @longer seconds, for the last flush and a sync after it: [(when, bytes of the file that may be read, syncs done)]."""
    connection, seen, done = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=30), [], None
    while not done or seen[-1][0] < done:
        connection.request("HEAD", f"/records/{name}")
        answer = connection.getresponse()
        answer.read()
        seen.append((time.monotonic(), int(answer.getheader("Content-Length")), rig.stats()["writer"][0]["syncs"]))
        if not done and not sender.is_alive():
            done = seen[-1][0] + longer
        time.sleep(0.002)
    return seen


def delays(sender, seen, synced):
    """Seconds from each frame's sending until its bytes were there, or were @synced."""
    marks, syncs = [], seen[0][2]
    for when, size, count in seen:
        if not synced:
            marks.append((when, size))
        elif count > syncs:  # what was there when it began
            marks.append((when, max((s for w, s, _ in seen if w <= when - SYNC_S), default=0)))
            syncs = count
    took, at = [], 0
    for sent, end in sender.ends:
        while at < len(marks) and marks[at][1] < end:
            at += 1
        if at == len(marks):
            break
        took.append(marks[at][0] - sent)
    return took


def disk(seconds, flush_ms, sync_ms):
    """(sender, what was observed) of one flow so slow that its blocks go out when they are flushed, and not because they are full."""
    with Rig(flush=flush_ms, record=f"sync_interval_ms = {sync_ms}", ingest="allow_plain_rtp = 1", log="warn", lcores=(measure.POLL_CPU,)) as rig:
        s = rig.open([dict(VIDEO)])
        sender = Paced(rig, s["port"], seconds)
        sender.start()
        name = wait_for("a growing file", lambda: next((r["name"] for r in rig.listing("?state=open")), None))
        seen = observed(rig, name, sender, (flush_ms + sync_ms) / 1e3 + 1)
        rig.finish(s["id"])
    return sender, seen


def times(how):
    """At the defaults, of which a crash of ours costs no more than a flush, and at what keeps the goal for a crash of the machine, too."""
    for flush_ms, sync_ms in ((400, 400),) if how.short else ((1000, 5000), (400, 400)):
        sender, seen = disk(3 if how.short else 30, flush_ms, sync_ms)
        every = statistics.median(b[0] - a[0] for a, b in zip(seen, seen[1:]))
        for what, note, took in (("readable in the file", f"looked at every {every * 1e3:.0f} ms", delays(sender, seen, False)),
                                 ("synced to disk", "by fdatasync: only a crash of the whole machine takes what is not", delays(sender, seen, True))):
            if len(took) != len(sender.ends):
                raise measure.Failed(f"of {len(sender.ends)} frames {len(took)} were {what} in time")
            p99 = percentile(took, 99)
            yield report.row(6, f"from a frame's sending to its being {what}, flush_interval_ms = {flush_ms}, sync_interval_ms = {sync_ms}, p99", p99, "s", against="p50",
                             limit=percentile(took, 50), wanted=f"<= {DISK_S} s", met=p99 <= DISK_S, sink="disk", note=f"{len(took)} frames; {note}")


class Gaps:
    """Times between two looks at a clock, in powers of two: [(at most so many ns, how many)]."""

    def __init__(self, buckets, longest):
        self.buckets, self.longest = buckets, longest

    def p9999(self):
        """What all but one in 10,000 gaps stay below."""
        left = sum(n for _, n in self.buckets) * 1e-4
        return self._above(left, lambda bound, n: n)

    def moment(self):
        """What a packet finds that comes at any moment, but for one in 10,000: gaps count by their length."""
        left = sum(bound * n for bound, n in self.buckets) * 1e-4
        return self._above(left, lambda bound, n: bound * n)

    def _above(self, left, weight):
        for bound, n in sorted(self.buckets, reverse=True):
            left -= weight(bound, n)
            if left < 0:
                return min(bound, self.longest)
        return 0


def poll_gaps(before, after):
    """Of a poll loop between two looks at its counters."""
    def cumulative(lcore):
        h = lcore["poll_ns"]
        return [(int(le), n) for le, n in h["le"].items()] + [(1 << 35, h["count"])]
    buckets, below = [], 0
    for (bound, n), (_, was) in zip(cumulative(after), cumulative(before)):
        buckets.append((bound, n - was - below))
        below = n - was
    top = max((bound for bound, n in buckets if n), default=0)
    return Gaps(buckets, after["stall_max_ns"] if after["stall_max_ns"] > before["stall_max_ns"] else top)


def spin(seconds):
    """[[bound, how many]] and the longest, of a loop that does nothing but look at the clock. Run in a process of its own."""
    gc.disable()
    counts, longest, clock = [0] * 64, 0, time.perf_counter_ns
    last = clock()
    end = last + int(seconds * 1e9)
    while last < end:
        now = clock()
        gap, last = now - last, now
        counts[max(gap - 1, 1023).bit_length()] += 1
        if gap > longest:
            longest = gap
    return [[1 << i, n] for i, n in enumerate(counts) if n], longest


def machine_gaps(seconds):
    """What this machine does to anybody who spins on the poll loop's CPU, while the other one works."""
    here = os.path.dirname(os.path.abspath(__file__))
    load = subprocess.Popen(measure.pinned(measure.OTHER_CPU, sys.executable, "-c", "while True: pass"))
    try:
        told = command(*measure.pinned(measure.POLL_CPU, sys.executable, "-c", f"import sys, json; sys.path[:0] = {[here, os.path.join(here, '../e2e')]!r}\n"
                                                                               f"import bench_life; print(json.dumps(bench_life.spin({seconds})))"))
    finally:
        load.kill()
        load.wait()
    return Gaps(*json.loads(told))


def taken_away(rig):
    """Seconds so far that the poll loop wanted to run and others ran on its CPU, and that the hypervisor took of that CPU."""
    pid, waited = rig.procs["wirespool-dataplane"].pid, 0.0
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/comm") as name, open(f"/proc/{pid}/task/{tid}/schedstat") as f:
            if "worker" in name.read():
                waited += int(f.read().split()[1]) / 1e9
    with open("/proc/stat") as f:
        stolen = next(line.split()[8] for line in f if line.startswith(f"cpu{measure.POLL_CPU} "))
    return waited, int(stolen) / os.sysconf("SC_CLK_TCK")


def thousand(rig, how):
    """A thousand sessions of one Opus track each that are opened, recorded and closed; each file opens at its first packet."""
    count, ramp, seconds = (100, 1, 2) if how.short else (1000, 3, 5)
    account = os.path.join(rig.dir, "thousand.json")
    done = subprocess.run(measure.pinned(measure.OTHER_CPU, measure.program("tools/gen/wirespool-gen"), "--api", f"http://127.0.0.1:{rig.port}", "--netns", rig.ns,
                                         "--sessions", count, "--tracks", "audio", "--frame-ms", 60, "--audio-kbps", 16, "--ramp", ramp, "--duration", seconds, "--account", account),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180)
    if done.returncode:
        raise measure.Failed(f"wirespool-gen ended with {done.returncode}: {done.stdout[-800:]}")


def stalls(how):
    """Of the poll loop, and of the machine itself in the same minute."""
    rounds = 1 if how.short else how.repeat
    cpus = os.sched_getaffinity(0)
    try:
        with Rig(flush=1000, log="warn", lcores=(measure.POLL_CPU,)) as rig:
            apart(rig)
            others = Others(rig)
            time.sleep(1)
            proc, before, began, away = rig.stats()["proc"], rig.stats()["lcore"][0], time.monotonic(), taken_away(rig)
            for _ in range(rounds):
                thousand(rig, how)
            took, stats = time.monotonic() - began, rig.stats()
            files = stats["proc"]["recordings_finished"] - proc["recordings_finished"]
            ours, away = poll_gaps(before, stats["lcore"][0]), [b - a for a, b in zip(away, taken_away(rig))]
            sent = others.end()
    finally:
        os.sched_setaffinity(0, cpus)
    floor = machine_gaps(min(took, 30))
    against, what = "a loop that only looks at the clock", f"stall of the poll loop while {files} files open and close"
    p9999 = ours.p9999() / US
    yield report.row(6, f"{what}, p99.99 of polls", p9999, "us", against=against, limit=floor.p9999() / US, wanted=f"<= {STALL_US} us", met=p9999 <= STALL_US, sink="disk",
                     note=f"upper bounds of buckets that double; {took:.0f} s, in which {len(others.sessions)} other flows sent {sent} packets, all recorded")
    for which, value, limit in (("p99.99 of all moments", ours.moment(), floor.moment()), ("the longest", ours.longest, floor.longest)):
        yield report.row(6, f"{what}, {which}", value / US, "us", against=against, limit=limit / US, sink="disk",
                         note=f"of {took:.0f} s others had the poll loop's CPU for {away[0] * 1e3:.0f} ms and the hypervisor for {away[1] * 1e3:.0f} ms")


def cpu(rig):
    """CPU seconds of the appliance by part."""
    threads = measure.thread_cpu_seconds(rig.procs["wirespool-dataplane"].pid)
    poll = sum(sum(s) for name, s in threads.items() if "worker" in name)
    rest = sum(sum(s) for s in threads.values()) - poll
    return poll, rest, sum(map(sum, measure.thread_cpu_seconds(rig.procs["wirespool-control"].pid).values()))


def idle_sleep_us(rig):
    """What is in force."""
    told = command(measure.program("dataplane/wirespool-dataplane"), "--config", rig.ini, "--print-config")
    return int(re.search(r"^idle_sleep_us *= *(\d+)", told, re.M)[1])


def sleeper_percent(sleep_us, seconds):
    """CPU of one that does nothing but sleep and wake as an idle poll loop does: what waking costs on this machine."""
    return float(command(*measure.pinned(measure.POLL_CPU, sys.executable, "-c", f"""
import time
end, was = time.monotonic() + {seconds}, time.process_time()
while time.monotonic() < end:
    time.sleep({sleep_us}e-6)
print(100 * (time.process_time() - was) / {seconds})""")))


def pings(rig, count, interval):
    """Round trips in ms of echo requests so far apart."""
    told = rig.netns_run("ping", "-n", "-c", count, "-i", interval, "10.77.0.1")
    got = [float(ms) for ms in re.findall(r"time=([\d.]+) ms", told)]
    if len(got) != count:
        raise measure.Failed(f"{count - len(got)} of {count} pings were not answered")
    return got


def idle(how):
    seconds, count = (2, 2) if how.short else (10, 30)
    with Rig(flush=1000, log="warn", lcores=(measure.POLL_CPU,)) as rig:
        for argv in (("sysctl", "-qw", "net.ipv6.conf.snd.disable_ipv6=1"), ("ping", "-n", "-c", "1", "10.77.0.1")):
            rig.netns_run(*argv)  # nobody speaks unasked, and the neighbours know each other
        time.sleep(2)  # it has been silent for more than a second
        packets, before, began = rig.stats()["port"][0]["rx_pkts"], cpu(rig), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        poll, rest, control = (100 * (b - a) / took for a, b in zip(before, cpu(rig)))
        came = rig.stats()["port"][0]["rx_pkts"] - packets
        awake, after, sleep_us = pings(rig, 100, 0.01), pings(rig, count, 1.6), idle_sleep_us(rig)
    percent = poll + rest + control
    yield report.row(7, "CPU of an idle appliance", percent, "% of a core", against=f"a loop that only sleeps {sleep_us} us", limit=sleeper_percent(sleep_us, seconds),
                     wanted=f"< {IDLE_PERCENT} %", met=percent < IDLE_PERCENT,
                     note=f"poll loop {poll:.2f}, the dataplane's other threads {rest:.2f}, control {control:.2f}; over {took:.0f} s in which {came} packets came")
    for what, value, limit in (("p50", statistics.median(after), statistics.median(awake)), ("the longest", max(after), max(awake))):
        yield report.row(7, f"first packet after 1.6 s of silence is answered, {what}", value, "ms", against="awake", limit=limit, wanted=f"<= {FIRST_MS} ms",
                         met=value <= FIRST_MS, note=f"ping over veth and af_packet, round trip, {count} times")


def run(how):
    yield from times(how)
    yield from stalls(how)
    yield from idle(how)
