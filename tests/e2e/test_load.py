#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""200 flows at once, with loss, reordering and duplicates: the recorder's account equals the sender's, to the packet.

    wirespool-gen --plan (namespace) ── 100 sessions, VP8 + Opus, SRTP ──> dataplane ──> files, sidecars, counters
"""
import json
import os

import store
from rig import BUILD, Rig, conserved, equal, ivf_frames, main, ogg_packets

SESSIONS = 100
PROFILES = ["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"]


def frame_hash(data):
    """FNV-1a, 64 bit, as wirespool-gen writes it."""
    h = 0xCBF29CE484222325
    for b in data:
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def plan(rig, path, sessions):
    """Open the sessions; one line a flow for the generator. [(session, track id, codec)] in the flows' order."""
    flows = []
    with open(path, "w") as f:
        for i in range(sessions):
            profile, key = PROFILES[i % len(PROFILES)], store.random_key(i)
            srtp = dict(profile=profile, key=key)
            s = rig.open([dict(id="v", codec="VP8", payload_type=96, clock_rate=90000, ssrc=10000 + i, srtp=srtp),
                          dict(id="a", codec="opus", payload_type=111, clock_rate=48000, channels=2, ssrc=20000 + i, srtp=srtp)],
                         room=f"room{i}", participant=f"p{i}")
            for ssrc, pt, codec, track in ((10000 + i, 96, "VP8", "v"), (20000 + i, 111, "opus", "a")):
                f.write(f"10.77.0.1 {s['port']} {ssrc} {pt} {codec} {profile} {key}\n")
                flows.append((s["id"], track, codec))
    return flows


def run(rig, sessions, *options, seconds=8):
    """Send; the generator's account, and per flow (session id, track id, codec)."""
    names = {n: os.path.join(rig.dir, n) for n in ("plan", "account", "frames")}
    flows = plan(rig, names["plan"], sessions)
    rig.netns_run(os.path.join(BUILD, "tools/gen/wirespool-gen"), "--plan", names["plan"], "--duration", str(seconds), "--size", "160x90", "--kbps", "150",
                  "--no-bye", "--seed", "7", "--account", names["account"], "--frames-file", names["frames"], *options, timeout=seconds + 60)
    with open(names["account"]) as f:
        account = json.load(f)
    frames = [[] for _ in flows]
    with open(names["frames"]) as f:
        for line in f:
            flow, rtp, size, digest, intact, key = line.split()[:6]
            frames[int(flow)].append((int(rtp), int(size), int(digest, 16), intact == "1", key == "1"))
    equal(len(account["flows"]), len(flows), "flows in the account")
    return account, flows, frames


def inside(flow):
    """What a receiver can know to be missing: [(first sequence number, packets)]."""
    return [(g["first"] & 0xFFFF, g["packets"]) for s in flow["streams"] for g in s["gaps"] if g["where"] == "inside"]


def compare(rig, account, flows, frames):
    tracks = {}
    for sid in {f[0] for f in flows}:
        for t in rig.session(sid)["tracks"]:
            tracks[sid, t["id"]] = t
    for sent, (sid, track, codec) in zip(account["flows"], flows):
        got, who = tracks[sid, track], f"{codec} {sid}"
        equal(got["packets"], sent["packets_sent"], f"packets of {who}")
        equal(got["duplicates"] + got["replayed"], sent["duplicated"], f"duplicates of {who}")
        equal(got["lost"], sum(n for _, n in inside(sent)), f"lost packets of {who}")
        equal(got["late_packets"], 0, f"late packets of {who}")
    lcore = rig.stats()["lcore"][0]
    total = account["total"] if "total" in account else account["totals"]
    equal(lcore["rtp_pkts"], total["packets_sent"], "RTP packets in all")
    equal(lcore["drop_duplicate"] + lcore["drop_replay"], total["duplicated"], "duplicates in all")
    conserved(lcore)
    port = rig.stats()["port"][0]
    equal((port["rx_missed"], port["rx_nombuf"]), (0, 0), "packets the port lost")
    for sid in {f[0] for f in flows}:
        rig.finish(sid)
    by_track = {}
    for state in rig.listing("?limit=1000"):
        by_track.setdefault((state["session"], state["track"]), []).append(state["name"])
    for i, (sent, (sid, track, codec)) in enumerate(zip(account["flows"], flows)):
        names = by_track[sid, track]
        equal(len(names), 1, f"files of {codec} {sid}")
        side = rig.sidecar(names[0])
        equal([(g["seq"] & 0xFFFF, g["packets"]) for g in side["gaps"]], inside(sent), f"gaps in the sidecar of {names[0]}")
        equal(side["gap_packets"], sum(n for _, n in inside(sent)), f"gap_packets of {names[0]}")
        intact = [f for f in frames[i] if f[3]]
        if codec == "opus":
            got = [p for _, p in ogg_packets(rig.path(names[0]))[2:] if len(p) > 2]
        else:
            begin = next((k for k, f in enumerate(intact) if f[4]), len(intact))
            intact = intact[begin:]
            got = [d for _, d in ivf_frames(rig.path(names[0]))[1]]
        equal([len(d) for d in got], [f[1] for f in intact], f"sizes of the frames of {names[0]}")
        if i < 8:
            equal([frame_hash(d) for d in got], [f[2] for f in intact], f"frames of {names[0]}")


def two_hundred_flows_with_loss_reordering_and_duplicates():
    # what is held back for three packets of its flow comes 100 ms later, and that much more as a busy machine's sender lags: none is to be late
    with Rig(dataplane="max_tracks = 512", record="reorder_ms = 1000") as rig:
        compare(rig, *run(rig, SESSIONS, "--loss", "2", "--reorder", "2", "--duplicate", "1"))


def two_hundred_flows_unharmed():
    with Rig(dataplane="max_tracks = 512") as rig:
        account, flows, frames = run(rig, SESSIONS, seconds=4)
        compare(rig, account, flows, frames)
        equal((account["total"] if "total" in account else account["totals"])["gap_packets"], 0, "gaps in an unharmed run")


main([two_hundred_flows_unharmed, two_hundred_flows_with_loss_reordering_and_duplicates])
