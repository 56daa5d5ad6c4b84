#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""WebRTC by other stacks than a browser's (aiortc, libdatachannel, GStreamer), many at a time, and by nobody decent."""
import json
import os
import re
import socket

import senders
import stun
from browser import HERE, node
from door import Door
from offer import OFFER
from rig import BUILD, Rig, check, decodes, equal, ivf_frames, main, ogg_packets, run, wait_for


def whip(rig, offer=OFFER, room="demo", participant="alice", want=201):
    """(id, answer) of a session opened by hand."""
    status, body, headers = rig.api("POST", f"/whip/{room}?participant={participant}", offer.encode(), {"Content-Type": "application/sdp"}, raw=True)
    equal(status, want, f"POST /whip: {body}")
    return headers.get("Location", "").rsplit("/", 1)[-1], body.decode()


def credentials(answer):
    return tuple(re.search(f"a={what}:(\\S+)", answer).group(1) for what in ("ice-ufrag", "ice-pwd"))


def drops(rig):
    out = {}
    for one in rig.stats()["lcore"]:
        for name, n in one.items():
            if name.startswith("drop_") or name in ("answered", "stun_checks", "punted_pkts"):
                out[name] = out.get(name, 0) + n
    return out


def media_of(rig, session):
    return sorted((r for r in rig.listing("?limit=1000") if r.get("session") == session), key=lambda r: r["name"])


def aiortc():
    clip = os.path.join(senders.CLIPS, "av-5.webm")
    if not os.path.exists(clip):
        os.makedirs(senders.CLIPS, exist_ok=True)
        senders.run("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=20", "-f", "lavfi", "-i", "sine=frequency=500", "-t", "20",
                    "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-c:a", "libopus", "-y", clip + ".tmp.webm")
        os.rename(clip + ".tmp.webm", clip)
    with Rig() as rig:
        door = Door(rig)
        out = json.loads(rig.netns_run("/usr/bin/python3", os.path.join(HERE, "publish_aiortc.py"), door.url + "/whip/demo?participant=aiortc", clip, "4").strip().split("\n")[-1])
        equal((out["state"], out["deleted"]), ("connected", 200), "aiortc")
        records = media_of(rig, out["location"].rsplit("/", 1)[1])
        equal(len(records), 2, "recordings")
        for r in records:
            side = rig.sidecar(r["name"])
            equal(side["gap_packets"], 0, f"{r['name']}: packets missing")
            check(decodes(rig.path(r["name"])) >= 40, f"{r['name']}: too little")


def publish_many(sessions, seconds, rig, door, **more):
    file = os.path.join(rig.dir, "packets")
    audio, video = senders.packets_file(file, senders.video_clip("VP8", seconds, **more), senders.audio_clip(seconds))
    out = json.loads(rig.netns_run(node(), os.path.join(HERE, "publish_datachannel.mjs"), door.url + "/whip/room", sessions, file, timeout=240).strip().split("\n")[-1])
    equal((out["connected"], out["failed"]), (sessions, []), "libdatachannel's sessions")
    equal(out["sent"], sessions * (audio + video), "packets sent")
    return audio, video


def libdatachannel():
    with Rig() as rig:
        publish_many(1, 4, rig, Door(rig))
        records = {r["name"].rsplit(".", 1)[1]: r["name"] for r in rig.listing()}
        senders.same_frames(senders.video_clip("VP8", 4), rig.path(records["ivf"]))
        senders.same_packets(senders.audio_clip(4), rig.path(records["ogg"]))


def two_hundred_sessions():
    small = dict(size="160x90", rate=10, gop=10, kbit=60)
    with Rig(dataplane="", log="warn") as rig:
        publish_many(200, 8, rig, Door(rig), **small)
        records = rig.listing("?limit=1000")
        equal(len(records), 400, "recordings")
        frames = len(ivf_frames(senders.video_clip("VP8", 8, **small))[1])
        packets = len(ogg_packets(senders.audio_clip(8))) - 2
        for r in records:
            side = rig.sidecar(r["name"])
            equal((side["gap_packets"], side["frames"]), (0, frames if r["name"].endswith(".ivf") else packets), r["name"])
        for r in records[::40]:
            if r["name"].endswith(".ivf"):
                senders.same_frames(senders.video_clip("VP8", 8, **small), rig.path(r["name"]))


def gstreamer():
    with Rig() as rig:
        door = Door(rig)
        out = json.loads(rig.netns_run("/usr/bin/python3", os.path.join(HERE, "publish_gstreamer.py"), door.url + "/whip/demo?participant=gst", "5").strip().split("\n")[-1])
        equal((out["state"], out["deleted"]), ("connected", 200), "webrtcbin")
        for r in media_of(rig, out["location"].rsplit("/", 1)[1]):
            check(decodes(rig.path(r["name"])) >= 40, f"{r['name']}: too little")


def generator(profile, sessions, *options):
    """wirespool-gen as so many browsers: every packet and every gap of its account is in the sidecars."""
    with Rig(log="warn") as rig:
        account = os.path.join(rig.dir, "account")
        run(os.path.join(BUILD, "tools/gen/wirespool-gen"), "--webrtc", "--api", f"http://127.0.0.1:{rig.port}", "--netns", rig.ns, "--sessions", str(sessions), "--profile", profile,
            "--duration", "6", "--size", "160x90", "--kbps", "150", "--account", account, *options)
        with open(account) as f:
            told = json.load(f)
        equal(told["webrtc"]["connected"], sessions, "sessions connected")
        for flow in told["flows"]:
            equal(len(flow["records"]), 1, f"recordings of flow {flow['flow']}")
            side = rig.sidecar(flow["records"][0])
            inside = [(g["first"] & 0xFFFF, g["packets"]) for s in flow["streams"] for g in s["gaps"] if g["where"] == "inside"]
            equal([(g["seq"] & 0xFFFF, g["packets"]) for g in side["gaps"]], inside, f"gaps of {side['name']}")
            equal(side["packets"] + side["cut_packets"] + side["malformed_packets"] + side["late_packets"] + side.get("skipped_packets", 0), flow["packets_sent"] - flow["duplicated"], f"packets of {side['name']}")
        print(f"# {sessions} sessions connected within {told['webrtc']['longest_connect_ms']:.0f} ms", flush=True)


def generator_unharmed():
    generator("AEAD_AES_128_GCM", 50)


def generator_with_loss():
    generator("AES_CM_128_HMAC_SHA1_80", 50, "--loss", "2", "--reorder", "2", "--clean-start", "20")


class Peer:
    """A socket in the senders' namespace that speaks to the WebRTC port."""

    def __init__(self, rig, family=socket.AF_INET):
        self.s = rig.socket(family)
        self.to = ("10.77.0.1" if family == socket.AF_INET else "fd77::1", 3478)
        self.s.settimeout(0.4)

    def ask(self, data):
        """The answer, or None."""
        self.s.sendto(data, self.to)
        try:
            return self.s.recv(2048)
        except socket.timeout:
            return None


def stun_from_strangers():
    """Who does not know the password gets no answer; who does gets one that is not larger than what was asked."""
    with Rig() as rig:
        _, answer = whip(rig)
        ufrag, pwd = credentials(answer)
        for family in (socket.AF_INET, socket.AF_INET6):
            peer = Peer(rig, family)
            asked = stun.request(f"{ufrag}:peer", pwd)
            got = peer.ask(asked)
            check(got is not None, "no answer to a right request")
            kind, attributes = stun.parse(got)
            equal(kind, 0x0101, "type of the answer")
            check(0x0020 in attributes and len(got) <= len(asked), f"answer of {len(got)} bytes to {len(asked)}")
            replayed = peer.ask(asked)
            check(replayed is not None and len(replayed) <= len(asked), "a request that is sent again is answered alike")
            for what, bad in (("a wrong password", stun.request(f"{ufrag}:peer", "x" * 24)), ("a wrong ufrag", stun.request("AAAAAAAA:peer", pwd)),
                              ("another client's ufrag", stun.request(f"{ufrag}:other", pwd)), ("no fingerprint", stun.request(f"{ufrag}:peer", pwd, fingerprint=False)),
                              ("a cut one", asked[:-9]), ("an indication", b"\0\x11" + asked[2:]), ("nothing but a header", asked[:2] + b"\0\0" + asked[4:20])):
                equal(peer.ask(bad), None, f"answer to {what}")
        counted = drops(rig)
        for reason in ("drop_stun_auth", "drop_stun_stranger", "drop_stun_malformed", "drop_stun_other"):
            check(counted[reason] >= 2, f"{reason} is {counted[reason]}")


def datagrams_without_a_session():
    """DTLS, RTP and noise to the WebRTC port from nowhere known: counted, unanswered."""
    with Rig() as rig:
        whip(rig)
        peer = Peer(rig)
        for data in (b"\x16\xfe\xfd" + bytes(60), b"\x80\x60" + bytes(40), b"\x80\xc8" + bytes(40), b"", b"\xff" * 100, bytes(1400)):
            equal(peer.ask(data), None, "an answer")
        check(drops(rig)["drop_no_path"] >= 3, "nothing counted")


def half_handshakes_expire():
    """ICE is through, and then nothing: the session ends when consent does; DTLS garbage does not keep it."""
    with Rig() as rig:
        sid, answer = whip(rig)
        ufrag, pwd = credentials(answer)
        peer = Peer(rig)
        check(peer.ask(stun.request(f"{ufrag}:peer", pwd, use_candidate=True)), "no answer")
        for _ in range(200):
            peer.s.sendto(b"\x16\xfe\xfd" + os.urandom(200), peer.to)
        wait_for("the end of the session", lambda: rig.session(sid)["state"] in ("done", "failed"), 60, every=0.5)


def two_clients_with_one_answer():
    """A second client that got hold of the answer cannot take the first one's place."""
    with Rig() as rig:
        sid, answer = whip(rig)
        ufrag, pwd = credentials(answer)
        first, second = Peer(rig), Peer(rig)
        check(first.ask(stun.request(f"{ufrag}:peer", pwd, use_candidate=True)), "the first gets no answer")
        equal(second.ask(stun.request(f"{ufrag}:thief", pwd, use_candidate=True)), None, "answer to the second")


def offers_cut_and_large():
    with Rig() as rig:
        for cut in range(0, len(OFFER), 7):
            status = rig.api("POST", "/whip/demo?participant=cut", OFFER[:cut].encode(), {"Content-Type": "application/sdp"}, raw=True)[0]
            check(status in (201, 400, 406, 422, 409, 503), f"{status} to an offer of {cut} bytes")
        equal(rig.api("POST", "/whip/demo", b"x" * (1 << 20), {"Content-Type": "application/sdp"}, raw=True)[0], 413, "1 MB")
        many = OFFER + "".join(f"a=candidate:{i} 1 udp 1 10.77.0.2 {i} typ host\r\n" for i in range(1, 4000))
        whip(rig, many, participant="many")
        many += "".join(f"a=candidate:{i} 1 udp 1 10.77.0.2 {i} typ host\r\n" for i in range(4000, 10000))
        equal(rig.api("POST", "/whip/demo", many.encode(), {"Content-Type": "application/sdp"}, raw=True)[0], 413, "10,000 candidates, of more than 256 KiB")
        equal(rig.api("POST", "/whip/demo", OFFER.encode(), {"Content-Type": "text/plain"}, raw=True)[0], 415, "another type")


if __name__ == "__main__":
    main([aiortc, libdatachannel, gstreamer, generator_unharmed, generator_with_loss, two_hundred_sessions, stun_from_strangers, datagrams_without_a_session, half_handshakes_expire,
          two_clients_with_one_answer, offers_cut_and_large])
