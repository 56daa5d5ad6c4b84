#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What strangers, broken senders and accidents send: counted by reason, to the packet, and the neighbours unharmed.

    raw frames and datagrams (namespace) ──> dataplane, beside a good sender that must lose nothing
"""
import socket
import struct
import time

import senders
from packets import AUDIO, VIDEO, Audio, opus, real_packets, rtp
from rig import Rig, check, conserved, equal, ivf_frames, key_base64, main, ogg_packets


def drops(rig):
    """Drop counters summed over lcores."""
    total = {}
    for lcore in rig.stats()["lcore"]:
        for k, v in lcore.items():
            if isinstance(v, int):
                total[k] = total.get(k, 0) + v
    return total


def settled(rig):
    """Counters once nothing moves any more."""
    last = drops(rig)
    while True:
        time.sleep(0.15)
        now = drops(rig)
        if now["rx_pkts"] == last["rx_pkts"]:
            return now
        last = now


def finish_one(rig, session):
    time.sleep(0.3)
    rig.finish(session["id"])
    mine = [r for r in rig.listing("?limit=100") if r.get("session") == session["id"]]
    return [r["name"] for r in sorted(mine, key=lambda r: r["name"])]


def every_kind_of_bad_packet_is_counted_by_its_reason():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        good_session = rig.open([dict(AUDIO, id="good", ssrc=1000)])
        key = dict(profile="AES_CM_128_HMAC_SHA1_80", key=key_base64())
        srtp_session = rig.open([dict(AUDIO, id="srtp", ssrc=2000, srtp=key)])
        good = Audio(rig, good_session["port"])
        good.send(20)
        port = good_session["port"]
        other = rig.socket()

        def expect(reason, count, *datagrams, to=port, via=good.s, used=0):
            before = settled(rig)
            for d in datagrams:
                via.sendto(d, ("10.77.0.1", to))
            good.seq += used
            good.send(3)
            after = settled(rig)
            equal(after["drop_" + reason] - before["drop_" + reason], count, f"drop_{reason}")
            equal(after["handed_pkts"] - before["handed_pkts"], 3, "the neighbour's packets")
            conserved(after)

        p = opus(0)
        expect("no_flow", 2, rtp(1, 1, 1, p), b"hello", to=59990)
        expect("not_media", 3, b"\x00\x01" + bytes(30), b"\x16\xfe\xfd" + bytes(30), b"GET / HTTP/1.0")
        expect("rtp_malformed", 4, rtp(1, 1, 1000, b"")[:11], rtp(1, 1, 1000, b"", cc=15), rtp(1, 1, 1000, b"", extension=b"\xbe\xde\xff\xff"),
               rtp(good.seq, good.timestamp, 1000, b"", padding=bytes([0, 0, 0, 200])))
        expect("no_track", 2, rtp(1, 1, 999, p), rtp(2, 1, 999, p, pt=33))
        expect("rtcp_malformed", 2, b"\x80\xc8\xff\xff\x00\x00\x03\xe8" + bytes(4), b"\x80\xc8\x00\x01\x00\x00\x03\xe8")
        expect("wrong_source", 2, rtp(good.seq, good.timestamp, 1000, p), rtp(good.seq + 1, good.timestamp, 1000, p), via=other)
        expect("duplicate", 2, rtp(good.seq - 1, good.timestamp - 960, 1000, p), rtp(good.seq - 5, good.timestamp - 960 * 5, 1000, p))
        expect("auth", 2, rtp(1, 1, 2000, p), rtp(2, 1, 2000, p), to=srtp_session["port"])
        good.s.sendto(rtp(good.seq, good.timestamp, 1000, b"", padding=bytes([0, 0, 0, 4])), good.to)  # padding alone
        good.seq += 1
        good.send(3)
        names = finish_one(rig, good_session)
        equal(len(names), 1, "files")
        equal(real_packets(rig.path(names[0])), good.sent, "the neighbour's recording")
        equal(rig.sidecar(names[0])["gap_packets"], 0, "gaps: padding alone is none")


def frames_that_lie_below_udp_are_counted():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        session = rig.open([dict(AUDIO, ssrc=1000)])
        good = Audio(rig, session["port"])
        good.send(5)
        raw = rig.socket(socket.AF_PACKET, socket.SOCK_RAW)
        raw.bind(("snd", 0))
        mac = raw.getsockname()[4]
        with open(f"/sys/class/net/{rig.iface}/address") as f:
            ours = bytes.fromhex(f.read().strip().replace(":", ""))

        def checksum(b):
            s = sum(struct.unpack(f"!{len(b) // 2}H", b))
            while s >> 16:
                s = (s & 0xFFFF) + (s >> 16)
            return ~s & 0xFFFF

        def frame(payload=b"x" * 20, proto=17, fragment=0, dst=(10, 77, 0, 1), udp_len=None, vihl=0x45, bad_ip=False, udp_sum=0, total=None, vlan=b""):
            udp = struct.pack("!HHHH", 4000, session["port"], 8 + len(payload) if udp_len is None else udp_len, udp_sum) + payload
            head = struct.pack("!BBHHHBBH4B4B", vihl, 0, 20 + len(udp) if total is None else total, 1, fragment, 64, proto, 0, 10, 77, 0, 2, *dst)
            head = head[:10] + struct.pack("!H", checksum(head) ^ (1 if bad_ip else 0)) + head[12:]
            return ours + mac + vlan + b"\x08\x00" + head + udp

        # no fragments here: af_packet has the kernel put them together; tests/unit/dataplane/test_classify.c drops them
        cases = [("not_ours", frame(dst=(10, 77, 0, 9))), ("not_udp", frame(proto=132)),
                 ("udp_malformed", frame(udp_len=4)), ("udp_malformed", frame(udp_len=200)), ("udp_checksum", frame(udp_sum=1)), ("ip_malformed", frame(bad_ip=True)),
                 ("ip_malformed", frame(vihl=0x42)), ("truncated", frame(total=1400)), ("l2_unknown", ours + mac + b"\x88\xcc" + bytes(60)),
                 ("not_media", frame(vlan=b"\x81\x00\x00\x05"))]
        for reason, bytes_ in cases:
            before = settled(rig)
            raw.send(bytes_)
            good.send(2)
            after = settled(rig)
            got = after["drop_" + reason] - before["drop_" + reason]
            check(got == 1 or (got > 1 and reason == "not_ours"), f"drop_{reason}: {got}")  # multicast of the namespace's kernel is not ours
            conserved(after)
        names = finish_one(rig, session)
        equal(real_packets(rig.path(names[0])), good.sent, "the neighbour's recording")


def loss_reordering_and_late_packets():
    with Rig(ingest="allow_plain_rtp = 1", record="reorder_ms = 100") as rig:
        session = rig.open([dict(AUDIO, ssrc=1000)])
        a = Audio(rig, session["port"])
        a.send(10)
        a.skip(3)
        a.send(10)
        swapped = [rtp(a.seq + 1, a.timestamp + 960, 1000, opus(a.n + 1)), rtp(a.seq, a.timestamp, 1000, opus(a.n))]
        for d in swapped:
            a.s.sendto(d, a.to)
        a.sent += [opus(a.n), opus(a.n + 1)]
        a.skip(2)
        a.send(10)
        names = finish_one(rig, session)
        equal(real_packets(rig.path(names[0])), a.sent, "packets in order")
        side = rig.sidecar(names[0])
        equal((side["gap_packets"], [g["packets"] for g in side["gaps"]]), (3, [3]), "gaps")
        granule = [g for g, _ in ogg_packets(rig.path(names[0])) if g is not None][-1]
        check(granule >= (35 * 960), f"the gap is not kept in time: granule {granule}")


def sequence_and_time_wrap():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        session = rig.open([dict(AUDIO, ssrc=1000)])
        a = Audio(rig, session["port"], seq=65530, timestamp=(1 << 32) - 960 * 5)
        a.send(20)
        names = finish_one(rig, session)
        equal(len(names), 1, "files")
        equal(real_packets(rig.path(names[0])), a.sent, "packets")
        side = rig.sidecar(names[0])
        equal(side["gap_packets"], 0, "gaps")
        check(side["duration_s"] < 2, f"duration {side['duration_s']}")


def a_jump_in_time_is_an_epoch_not_a_149_hour_file():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        session = rig.open([dict(AUDIO, ssrc=1000)])
        a = Audio(rig, session["port"])
        a.send(20, 0.02)
        a.timestamp += 1 << 31
        a.send(20, 0.02)
        a.seq += 20000
        a.send(20, 0.02)
        names = finish_one(rig, session)
        sides = [rig.sidecar(n) for n in names]
        check(sum(s["duration_s"] for s in sides) < 10, f"durations {[s['duration_s'] for s in sides]}")
        events = [e["type"] for s in sides for e in s["events"]]
        check(len(names) > 1 or "epoch" in events, f"no mark of the jump: {events}")
        got = [p for n in names for p in real_packets(rig.path(n))]
        check(set(a.sent) - set(got) <= {a.sent[40]}, "more than the unconfirmed packet of the jump was lost")  # RFC 3550 A.1


def payload_descriptors_that_lie():
    """VP8 payloads cut inside their descriptors, between good frames: only the frames they hit are cut."""
    clip = senders.video_clip("VP8", 2)
    frames = [d for _, d in ivf_frames(clip)[1]]
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        session = rig.open([dict(VIDEO, ssrc=5)])
        s, seq = rig.socket(), 0
        bad = {10: b"\x90", 20: b"\x90\x80", 30: b"\x90\xff\x80"}  # extension bits promise bytes that are not there
        for i, frame in enumerate(frames):
            pieces = [frame[at:at + 1100] for at in range(0, len(frame), 1100)]
            for k, piece in enumerate(pieces):
                payload = bytes([0x10 if k == 0 else 0]) + piece
                if i in bad and k == len(pieces) - 1:
                    payload = bad[i]
                s.sendto(rtp(seq, i * 3000, 5, payload, pt=96, marker=k == len(pieces) - 1), ("10.77.0.1", session["port"]))
                seq += 1
            time.sleep(0.004)
        names = finish_one(rig, session)
        got = [d for _, d in ivf_frames(rig.path(names[0]))[1]]
        equal(got, [f for i, f in enumerate(frames) if i not in bad], "frames")
        events = rig.sidecar(names[0])["events"]
        equal(len([e for e in events if e["type"] == "broken_frame"]), len(bad), f"marks of broken frames: {events}")


def a_stream_that_begins_late_and_pauses():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        session = rig.open([dict(AUDIO, ssrc=1000)])
        time.sleep(1.2)
        a = Audio(rig, session["port"])
        a.send(10, 0.02)
        time.sleep(2)
        a.timestamp += 96000
        a.send(10, 0.02)
        names = finish_one(rig, session)
        equal(len(names), 1, "files")
        equal(real_packets(rig.path(names[0])), a.sent, "packets")
        granule = [g for g, _ in ogg_packets(rig.path(names[0])) if g is not None][-1]
        check(granule >= 96000 + 20 * 960, f"the pause is not kept in time: granule {granule}")


def two_senders_on_one_track():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        session = rig.open([dict(AUDIO)])
        a, b = Audio(rig, session["port"], ssrc=1), Audio(rig, session["port"], ssrc=2)
        a.send(10)
        for _ in range(10):
            a.send(1)
            b.send(1)
        names = finish_one(rig, session)
        equal(real_packets(rig.path(names[0])), a.sent, "the first sender's recording")


main([every_kind_of_bad_packet_is_counted_by_its_reason, frames_that_lie_below_udp_are_counted, loss_reordering_and_late_packets, sequence_and_time_wrap,
      a_jump_in_time_is_an_epoch_not_a_149_hour_file, payload_descriptors_that_lie, a_stream_that_begins_late_and_pauses, two_senders_on_one_track])
