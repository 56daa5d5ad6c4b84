#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""More than the machine can record, for a second: whole frames are given up and told, nobody starves, and it ends at once.

    wirespool-gen, 8 steady flows ─────────── memif 1 ──> dataplane ──> files
    wirespool-gen, 40 flows, 60 times as fast ── memif 0 ──>   its writer shares one CPU with both senders
"""
import contextlib
import json
import os
import subprocess
import time

from rig import BUILD, Rig, check, equal, ivf_frames, key_base64, main, wait_for

PROFILE = "AES_CM_128_HMAC_SHA1_80"
MEMIF = "net_memif{id},role={role},id={id},socket-abstract=no,socket={dir}/memif{id}.sock,rsize=12"
STEADY, FLOOD = 8, 40
AHEAD_S, BEHIND_S = 3, 6  # steady media before the flood and after its end


def frame_sizes(path):
    """Sizes of the frames sent, of each flow."""
    sizes = {}
    with open(path) as f:
        for line in f:
            flow, _, size = line.split()[:3]
            sizes.setdefault(int(flow), []).append(int(size))
    return sizes


class Sender:
    """wirespool-gen over the memif @port, with @count flows of its own sessions."""

    def __init__(self, rig, port, count, *options):
        self.rig, self.files = rig, {n: os.path.join(rig.dir, f"{n}{port}") for n in ("plan", "account", "frames")}
        self.sessions = []
        with open(self.files["plan"], "w") as f:
            for i in range(count):
                key, ssrc = key_base64(PROFILE, i), 1000 * (port + 1) + i
                s = rig.open([dict(id="v", codec="VP8", payload_type=96, clock_rate=90000, ssrc=ssrc, srtp=dict(profile=PROFILE, key=key))], room=f"r{port}-{i}", idle_timeout_s=600)
                self.sessions.append(s["id"])
                f.write(f"10.77.0.1 {s['port']} {ssrc} 96 VP8 {PROFILE} {key}\n")
        argv = ["taskset", "-c", "0", os.path.join(BUILD, "tools/gen/wirespool-gen"), "--plan", self.files["plan"], "--no-sr", "--no-bye", "--account", self.files["account"],
                "--frames-file", self.files["frames"], "--vdev", MEMIF.format(role="client", id=port, dir=rig.dir), "--src-ip", f"10.77.0.{port + 2}", "--no-huge", *options]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        rig.senders.append(self.process)

    def end(self):
        """Wait for its end: its account."""
        out = self.process.communicate(timeout=120)[0]
        equal(self.process.returncode, 0, f"wirespool-gen: {out[-600:]}")
        with open(self.files["account"]) as f:
            return json.load(f)

    def finish(self):
        """(what the API told of the track, its sidecar, the sizes of its frames) of each flow."""
        told = [self.rig.session(sid)["tracks"][0] for sid in self.sessions]
        for sid in self.sessions:
            self.rig.finish(sid)
        got = []
        for track, sid in zip(told, self.sessions):
            names = [r["name"] for r in self.rig.listing("?limit=1000") if r["session"] == sid]
            equal(len(names), 1, f"files of {sid}")
            got.append((track, self.rig.sidecar(names[0]), [len(data) for _, data in ivf_frames(self.rig.path(names[0]))[1]]))
        return got


def is_subsequence(some, all_of_them):
    rest = iter(all_of_them)
    return all(one in rest for one in some)


def shed(side):
    return [g for g in side["gaps"] if g["cause"] == "ring_full"]


@contextlib.contextmanager
def squeezed(rig):
    """The writer gets what CPU time the senders leave, on a machine of any speed: a tenth of their share when they want it all."""
    pid = rig.procs["wirespool-dataplane"].pid
    threads = [int(tid) for tid in os.listdir(f"/proc/{pid}/task") if "writer" in open(f"/proc/{pid}/task/{tid}/comm").read()]
    equal(len(threads), 1, "writer threads")
    os.setpriority(os.PRIO_PROCESS, threads[0], 10)
    yield
    os.setpriority(os.PRIO_PROCESS, threads[0], 0)


def a_flood_costs_whole_frames_of_everybody_and_nothing_afterwards():
    nic = ";".join(MEMIF.format(role="server", id=i, dir="{dir}") for i in range(2))
    with Rig(nic=nic, dataplane="writer_cpus = 0\nmax_tracks = 512", record="reorder_ms = 1000", flush=1000) as rig:
        steady = Sender(rig, 1, STEADY, "--duration", str(AHEAD_S + 20 + BEHIND_S), "--size", "320x180", "--kbps", "500")
        wait_for("steady media", lambda: rig.stats()["lcore"][0]["rtp_pkts"] > 100, 30)
        with squeezed(rig):
            flood = Sender(rig, 0, FLOOD, "--prepare", "--duration", "72", "--rate-scale", "60", "--size", "640x360", "--kbps", "4000")
            account = flood.end()
        end = time.time()
        lcore = rig.stats()["lcore"][0]
        check(lcore["drop_ring_full"] > 0, "there was no overload")
        equal(rig.stats()["port"][0]["rx_nombuf"], 0, "packets lost for want of a buffer")
        time.sleep(BEHIND_S)
        steady.process.send_signal(2)
        steady.end()
        recorded = flood.finish()
        sizes = frame_sizes(flood.files["frames"])
        for i, (sent, (track, side, got)) in enumerate(zip(account["flows"], recorded)):
            check(is_subsequence(got, sizes[i]), f"a frame of flow {i} is not as it was sent")
            told = sum(g["packets"] for g in side["gaps"])
            check(side["gap_packets"] == told > 0, f"flow {i} tells of {told} packets in gaps, {side['gap_packets']} in all")
            equal(track["packets"], sent["packets_sent"], f"packets of flow {i} that came")
            equal({g["cause"] for g in side["gaps"]}, {"ring_full"}, f"causes of the gaps of flow {i}")
        shares = [len(got) / len(sizes[i]) for i, (_, _, got) in enumerate(recorded)]
        check(min(shares) > sum(shares) / len(shares) / 4, f"a flow starves: {sorted(shares)[:3]} of {sum(shares) / len(shares):.3f}")
        for i, (track, side, got) in enumerate(steady.finish()):
            late = [g for g in shed(side) if g["unix_ns"] / 1e9 > end + 1]
            equal(late, [], f"gaps of steady flow {i} after the flood")
            check(is_subsequence(got, frame_sizes(steady.files["frames"])[i]), f"a frame of steady flow {i} is not as it was sent")


main([a_flood_costs_whole_frames_of_everybody_and_nothing_afterwards])
