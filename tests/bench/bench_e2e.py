# SPDX-License-Identifier: BSD-3-Clause
"""the most that one poll core records without loss: SRTP in over memif, IVF and Ogg out

    wirespool-gen --prepare on CPU 0 ── memif ──> poll core on the last CPU ──> ring ──> writer ──> files

What is sent lies ready and encrypted in memory, so that the sender leaves most of its CPU to the writer and the kernel, which
share it on a machine of two. The rate is searched for: a run counts when every packet that was sent was recorded, every frame
is in a file, and nothing was dropped anywhere.
"""
import json
import os
import subprocess
import tempfile

import measure
import report
from knee import Ceiling, knee
from rig import Rig, key_base64, wait_for

MEMIF = "net_memif0,role={role},id=0,socket-abstract=no,socket={dir}/memif.sock{more}"
MEMORY = dict(WIRESPOOL_DATAPLANE_MBUFS="65535", WIRESPOOL_DATAPLANE_MEMORY_MB="512", WIRESPOOL_DATAPLANE_BLOCK_MB="1024")
STAGES = ("rx", "classify", "unprotect", "rtp", "handover")
WANTED = {"AES_CM_128_HMAC_SHA1_80": 10, "AEAD_AES_128_GCM": 14}  # Gbit/s
OPUS_MPPS = 2.5


class Media:
    """What is sent: @flows of it, at most @most times as fast as in life."""

    def __init__(self, name, codec, flows, most, *options):
        self.name, self.codec, self.flows, self.most, self.options = name, codec, flows, most, options

    def track(self, ssrc, profile, key):
        track = dict(id="t", codec=self.codec, payload_type=96, ssrc=ssrc, clock_rate=90000, srtp=dict(profile=profile, key=key))
        return track if self.codec == "VP8" else dict(track, clock_rate=48000, channels=2)


NULL = "null"  # a sink: what a writer writes goes nowhere, and only counters tell
VIDEO = Media("VP8, 1200-byte packets", "VP8", 100, 40, "--kbps", "4000", "--size", "640x360")
AUDIO = Media("Opus, 200-byte packets", "opus", 1000, 64, "--audio-kbps", "76")


def step_back():
    """In the sender: where it and a writer want one CPU the writer goes first. A sender that lags is seen as such, a writer
    that waits for it would be taken for a loss of ours."""
    os.setsid()
    os.nice(15)
    try:
        with open("/proc/self/autogroup", "w") as f:
            f.write("15")  # sessions share a CPU before nice counts
    except OSError:
        pass


class Recorder:
    """A recorder whose files go to @directory, and a sender for it."""

    def __init__(self, directory):
        self.null = directory == NULL
        self.where = tempfile.TemporaryDirectory(prefix="wirespool-bench-", dir="/dev/shm" if self.null else directory)
        os.environ["HUGEPAGES"] = "on"
        more = dict(LD_PRELOAD=measure.program("tests/bench/libnull_files.so")) if self.null else {}
        self.rig = Rig(nic=MEMIF.format(role="server", dir="{dir}", more=",rsize=12"), flush=1000, log="error" if self.null else "warn", lcores=(measure.POLL_CPU,),
                       record="reorder_ms = 1000", dataplane="max_tracks = 8192\nidle_sleep_us = 0", env=dict(RECORD_DIR=self.where.name, **MEMORY, **more))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.rig.close()
        self.where.cleanup()
        del os.environ["HUGEPAGES"]

    def counters(self):
        stats = self.rig.stats()
        got = dict(stats["lcore"][0])
        for what in ("drop_no_block", "frames"):
            got[what] = sum(w[what] for w in stats["writer"])
        return got

    @staticmethod
    def since(before, after):
        return {k: after[k] - before[k] for k in before if isinstance(after[k], (int, float))}

    def cpu(self):
        spent = measure.thread_cpu_seconds(self.rig.procs["wirespool-dataplane"].pid)
        return {part: sum(sum(s) for name, s in spent.items() if name.startswith(part)) for part in ("writer", "filer")}

    def send(self, media, profile, scale, seconds):
        """Record @seconds of sending at @scale times the media's own rate."""
        plan, account = os.path.join(self.rig.dir, "plan"), os.path.join(self.rig.dir, "account.json")
        sessions = []
        if self.null:  # files of the run before could not be finished, which is a disk that fails, until it is looked at again
            wait_for("the disk to be well", lambda: not self.rig.stats()["proc"]["disk_error"], 10)
        with open(plan, "w") as f:
            for i in range(media.flows):
                key = key_base64(profile, i)
                s = self.rig.open([media.track(1000 + i, profile, key)], room=f"r{i}", idle_timeout_s=600)  # preparing takes a while
                sessions.append(s["id"])
                f.write(f"10.77.0.1 {s['port']} {1000 + i} 96 {media.codec} {profile} {key}\n")
        before, cpu = self.counters(), self.cpu()
        argv = measure.pinned(measure.OTHER_CPU, measure.program("tools/gen/wirespool-gen"), "--plan", plan, "--duration", seconds * scale, "--rate-scale", scale,
                              "--prepare", "--prepare-mb", 8192, "--no-sr", "--account", account, *media.options, "--vdev",
                              MEMIF.format(role="client", dir=self.rig.dir, more=",rsize=12"), "--src-ip", "10.77.0.2", "--no-huge")
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds * 8 + 120, preexec_fn=step_back)
        if done.returncode:
            raise measure.Failed(f"wirespool-gen: {done.stdout[-800:]}")
        for sid in sessions:
            self.rig.finish(sid)
        with open(account) as f:
            told = json.load(f)
        after, spent = self.counters(), self.cpu()
        if self.null:
            return Run(told, self.since(before, after), after["frames"] - before["frames"], self.since(cpu, spent), after["tsc_hz"])
        records = [r for r in self.records() if r["session"] in sessions]
        got = Run(told, self.since(before, after), sum(r.get("frames", 0) for r in records), self.since(cpu, spent), after["tsc_hz"])
        for r in records:
            self.rig.api("DELETE", f"/api/records/{r['name']}")
        return got

    def records(self):
        """All pages of the list."""
        path, found = "/api/records?limit=1000", []
        while path:
            _, page, headers = self.rig.api("GET", path)
            found += page
            path = headers["Link"].split(">")[0].lstrip("<") if "Link" in headers else None
        return found


class Run:
    """What came of one: its rates, whether all of it was recorded, and what it cost."""

    def __init__(self, told, delta, frames, cpu, tsc_hz):
        total = told["totals"] if "totals" in told else told["total"]
        self.seconds, self.packets, self.delta, self.cpu = told["seconds"], total["packets_sent"], delta, cpu
        self.pps, self.bps = self.packets / self.seconds, total["bytes"] * 8 / self.seconds
        self.whole = delta["rtp_pkts"] == self.packets == delta["handed_pkts"] and frames == total["frames_intact"] and not delta["drop_no_block"]
        self.gbit = total["bytes"] * 8 / 1e9
        self.busy_seconds = delta["cycles_busy"] / tsc_hz
        self.cpu_a_gbit = (self.busy_seconds + sum(cpu.values())) / self.gbit

    def cycles(self, stage="busy"):
        return self.delta["cycles_" + stage] / max(1, self.delta["rx_pkts"])

    def describe(self):
        stages = " / ".join(f"{self.cycles(s):.0f}" for s in STAGES)
        share = self.busy_seconds / self.seconds
        return (f"poll core {100 * share:.0f} % busy, so good for {self.bps / share / 1e9:.1f} Gbit/s; cycles a packet {self.cycles():.0f}: {stages} of {'/'.join(STAGES)}; {self.delta['rx_pkts'] / max(1, self.delta['bursts']):.0f} packets a burst; "
                f"{self.cpu_a_gbit:.3f} CPU-s a Gbit of poll core and writers")


def search(directory, media, profile, how):
    """The highest rate that was recorded whole."""
    seconds = 1 if how.short else 2

    def try_rate(scale):
        run = recorder.send(media, profile, scale, seconds)
        if run.whole and run.seconds > seconds * 1.1:
            raise Ceiling(scale, run)
        return run if run.whole else None

    with Recorder(directory) as recorder:
        found = knee(try_rate, 1 if how.short else 4, 2 if how.short else media.most, 0.5 if how.short else 0.05)
    if not found:
        raise measure.Failed(f"{media.name}, {profile}: nothing was recorded whole")
    return found[1]


def settings(how):
    """(sink by name, directory, profile) of video."""
    aes, gcm = WANTED
    yield "null", NULL, aes
    yield "tmpfs", "/dev/shm", aes
    if not how.short:
        yield "null", NULL, gcm
        yield "tmpfs", "/dev/shm", gcm
        yield f"disk {report.machine()['disk']}", measure.ROOT, aes


def run(how):
    for sink, directory, profile in settings(how):
        best = search(directory, VIDEO, profile, how)
        wanted = WANTED[profile]
        yield report.row(1, f"{VIDEO.name}, {profile}, {VIDEO.flows} flows", best.bps / 1e9, "Gbit/s", wanted=f">= {wanted} Gbit/s", met=best.bps >= wanted * 1e9, sink=sink,
                         note=f"{best.pps / 1e6:.2f} Mpps; {best.describe()}")
    best = search("/dev/shm", AUDIO, "AES_CM_128_HMAC_SHA1_80", how)
    yield report.row(1, f"{AUDIO.name}, {AUDIO.flows} flows", best.pps / 1e6, "Mpps", wanted=f">= {OPUS_MPPS} Mpps", met=best.pps >= OPUS_MPPS * 1e6, sink="tmpfs", note=best.describe())
