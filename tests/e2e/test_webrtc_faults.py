#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a WebRTC session must stand: other paths, daemons that die, bad networks, floods, strangers and changed minds in mid-call.

    Chromium or wirespool-gen --webrtc (namespace) ──┬── veth ──────────> dataplane ── files, sidecars
                                                     └── relay.py ─────>      └── kill -9 ──┘ control
usage: test_webrtc_faults.py [--long] [CASE...]     --long: also those of a minute and more
"""
import json
import os
import random
import re
import struct
import subprocess
import sys
import time

import stun
from browser import Browser
from relay import Relay, RelayDoor
from rig import BUILD, Failed, Rig, check, decodes, equal, ivf_frames, main, wait_for
from test_browser import Call, check_video, total
from test_webrtc import Peer, credentials, media_of, whip

CONTROL, DATAPLANE = "wirespool-control", "wirespool-dataplane"
SMALL = ("--size", "160x90", "--kbps", "150")


class Generator:
    """wirespool-gen --webrtc in the background: straight to the recorder, or by a door (and the relay behind it)."""

    def __init__(self, rig, *options, seconds=8, sessions=1, door=None, participant="gen-{n}", room="gen-{n}"):
        self.rig = rig
        self.account = os.path.join(rig.dir, f"account-{len(rig.senders)}")
        argv = [os.path.join(BUILD, "tools/gen/wirespool-gen"), "--webrtc", "--sessions", str(sessions), "--duration", str(seconds), "--account", self.account,
                "--participant", participant, "--room", room, *SMALL, *options]
        self.log = self.account + ".log"
        with open(self.log, "w") as log:
            if door:
                self.process = rig.netns(*argv, "--api", door.url, stdout=log, stderr=log)
            else:
                self.process = subprocess.Popen([*argv, "--api", f"http://127.0.0.1:{rig.port}", "--netns", rig.ns], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                start_new_session=True)
                rig.senders.append(self.process)

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def recording(self, count=1):
        """The sessions, once they record."""
        def look():
            if self.process.poll():
                raise Failed(f"wirespool-gen ended with {self.process.returncode}: {self.said()[-600:]}")
            found = [s for s in self.rig.ok("GET", "/api/v1/sessions?limit=1000") if s["state"] == "recording" and all(t.get("packets") for t in s["tracks"])]
            return len(found) >= count and found
        return wait_for("the generator's sessions to record", look, 40)

    def finish(self, seconds=120, code=0):
        """Wait for its end; its account."""
        equal(self.process.wait(seconds), code, f"wirespool-gen's exit code; it says {self.said()[-600:]}")
        if code:
            return None
        with open(self.account) as f:
            return json.load(f)


def inside(flow):
    return [g for s in flow["streams"] for g in s["gaps"] if g["where"] == "inside"]


def recorded(rig, told, files=1):
    """Sidecars of each flow, all of whose files decode."""
    found = []
    for flow in told["flows"]:
        sides = sorted((rig.sidecar(r["name"]) for r in media_of(rig, flow["session_id"]) if r["codec"] == flow["codec"]), key=lambda s: s["started_unix_ns"])
        equal(len(sides), files, f"files of flow {flow['flow']}")
        for side in sides:
            decodes(rig.path(side["name"]))
        found.append((flow, sides))
    return found


def unharmed(rig, told):
    """Every packet of the account is in the one file of its flow, with no gap but the account's."""
    found = recorded(rig, told)
    for flow, (side,) in found:
        equal([(g["seq"] & 0xFFFF, g["packets"]) for g in side["gaps"]], [(g["first"] & 0xFFFF, g["packets"]) for g in inside(flow)], f"gaps of {side['name']}")
        equal((side["frames"], side["late_packets"], side["malformed_packets"]), (flow["frames_made"], 0, 0), f"frames of {side['name']}, packets late or malformed")
    return [(flow, side) for flow, (side,) in found]


def whole(side, seconds, slack=0.3):
    check(abs(side["duration_s"] - seconds) <= slack, f"{side['name']} lasts {side['duration_s']} s of {seconds} s")


class Network:
    """A relay before a rig, and the door to control that goes with it."""

    def __init__(self, rig, **door):
        self.rig, self.relay, self.door = rig, Relay(rig), RelayDoor(rig, **door)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.door.close()
        self.relay.close()


class RelayedCall(Call):
    """A browser's call by way of the relay."""

    def __init__(self, flags=(), **rig):
        self.rig = Rig(**rig)
        try:
            self.relay, self.door = Relay(self.rig), RelayDoor(self.rig)
            self.browser = Browser(self.rig, self.door, flags)
        except BaseException:
            self.rig.close()
            raise

    def __exit__(self, *what):
        self.relay.close()
        super().__exit__(*what)


def counters(rig):
    out = {}
    for one in rig.stats()["lcore"]:
        for name, n in one.items():
            if isinstance(n, int):
                out[name] = out.get(name, 0) + n
    return out


# --- another path ---------------------------------------------------------------------------------------------------------
def rate(browser, seconds=2):
    """Video bits a second that the browser sends."""
    def sent():
        s = browser.outbound("video")[0]
        return s["bytesSent"], s["timestamp"]
    n, at = sent()
    time.sleep(seconds)
    more, then = sent()
    return (more - n) * 8000 / (then - at)


def a_nat_forgets_a_browser():
    with RelayedCall() as call:
        call.publish(video="noise", audio="mic", maxBitrate=1500000, width=640, height=360, fps=20, hint="detail")
        wait_for("the full rate", lambda: rate(call.browser, 1) > 1.2e6, 15)
        call.browser.run("publisher.states = []; publisher.pc.addEventListener('connectionstatechange', () => publisher.states.push(publisher.pc.connectionState))")
        call.relay.rebind()
        time.sleep(2)
        after = rate(call.browser, 3)
        told, states = call.browser.stats(), call.browser.run("return publisher.states")
        print(f"# {after / 1000:.0f} kbit/s after the change, states since {states}", flush=True)
        equal(told["state"], "connected", "connection")
        check(after > 1.0e6, f"{after / 1000:.0f} kbit/s after the change")
        sent, sides = call.finish()
        equal((len(sides["video"]), len(sides["audio"])), (1, 1), "files")
        check_video(call, sent, sides)
        equal(sides["audio"][0]["gap_packets"], 0, "audio packets missing")


def a_nat_forgets_the_generator():
    with Rig() as rig, Network(rig) as network:
        gen = Generator(rig, seconds=12, door=network.door)
        gen.recording()
        time.sleep(2)
        network.relay.rebind()
        unharmed(rig, gen.finish())
        equal(counters(rig)["drop_no_path"], 0, "packets dropped")


# --- daemons that die -------------------------------------------------------------------------------------------------------
def kill_dataplane(rig, away=0.0):
    before = rig.log(CONTROL).count("goes on in the new dataplane")
    rig.kill(DATAPLANE)
    time.sleep(away)
    rig.start_dataplane()
    wait_for("the session in the new dataplane", lambda: rig.log(CONTROL).count("goes on in the new dataplane") > before, 10)


def the_dataplane_dies_in_a_browsers_call():
    with Call() as call:
        call.publish(video="noise", audio="mic", maxBitrate=1200000, width=640, height=360, fps=20, hint="detail")
        wait_for("the full rate", lambda: rate(call.browser, 1) > 0.9e6, 15)
        before = call.session()
        kill_dataplane(call.rig)
        began = time.monotonic()
        wait_for("sound and picture", lambda: call.session()["state"] == "recording" and all(t.get("frames", 0) > before["tracks"][i]["frames"] for i, t in enumerate(call.session()["tracks"])), 30)
        took = time.monotonic() - began
        time.sleep(2)
        after = rate(call.browser, 2)
        told = call.browser.stats()
        equal(told["state"], "connected", "connection")
        sent, sides = call.finish()
        print(f"# recorded again after {took:.1f} s, {after / 1000:.0f} kbit/s; video of {[s['duration_s'] for s in sides['video']]} s, gaps {[s['gap_packets'] for s in sides['video']]}, "
              f"{sides['video'][-1]['skipped_frames']} frames skipped", flush=True)
        check(after > 0.8e6, f"{after / 1000:.0f} kbit/s after the restart")
        for kind in ("video", "audio"):
            first, second = sides[kind]
            equal((first["repaired"], first["reason"], second["repaired"], second["reason"]), (True, "crash", False, "deleted"), f"{kind}: repaired and reasons")
            equal((first["gap_packets"], second["gap_packets"]), (0, 0), f"{kind}: packets missing within the files")
            check(second["duration_s"] > 3, f"{second['name']} lasts {second['duration_s']} s")


def the_dataplane_dies_beside_the_generator():
    with Rig() as rig:
        gen = Generator(rig, "--gop", "30", seconds=14)
        gen.recording()
        time.sleep(2)
        kill_dataplane(rig)
        told = gen.finish()
        for flow, (first, second) in recorded(rig, told, files=2):
            equal((first["repaired"], second["repaired"]), (True, False), f"{flow['codec']}: repaired")
            equal((first["gap_packets"], second["gap_packets"], second["late_packets"]), (0, 0, 0), f"{flow['codec']}: packets missing within the files")
            print(f"# {first['duration_s']} s and {second['duration_s']} s of 14 s", flush=True)
            check(first["duration_s"] + second["duration_s"] > 5, "too little")


def control_dies_in_a_call():
    """DELETE, and an ICE restart by PATCH, are the business of a control that did not open the session."""
    with Call() as call:
        call.publish(video="camera", audio="mic")
        time.sleep(1)
        call.rig.kill(CONTROL)
        time.sleep(1)
        call.rig.start_control()
        wait_for("the session, adopted", lambda: call.session()["state"] == "recording")
        before = call.browser.stats()["pair"]["id"]
        call.browser.run("return await publisher.restart()")
        wait_for("another candidate pair", lambda: (call.browser.stats()["pair"] or {}).get("id", before) != before, 15)
        time.sleep(1)
        equal(call.browser.stats()["state"], "connected", "connection")
        sent, sides = call.finish()
        check_video(call, sent, sides)
        equal((len(sides["video"]), len(sides["audio"])), (1, 1), "files")


# --- bad networks and clocks --------------------------------------------------------------------------------------------------
def jitter_and_reordering():
    """Packets as late as in bad wireless networks, or out of order: nothing is given up that comes within record.reorder_ms."""
    with Rig() as rig:
        gens = [Generator(rig, *options, "--clean-start", "20", seconds=6, room=f"bad{i}")
                for i, options in enumerate((("--jitter-ms", "200"), ("--reorder", "5"), ("--jitter-ms", "60", "--reorder", "5")))]
        for gen in gens:
            found = unharmed(rig, gen.finish())
            for _, side in found:
                whole(side, 6)


def clocks(seconds, within):
    """A sender's clock that is 200 ppm fast or slow, by its own reports."""
    with Rig() as rig:
        gens = [(ppm, Generator(rig, "--rate-scale", f"{1 + ppm / 1e6:.4f}", seconds=seconds, room=f"clock{ppm}")) for ppm in (200, -200)]
        for ppm, gen in gens:
            for flow, side in unharmed(rig, gen.finish()):
                print(f"# {ppm} ppm: {side['clock']}", flush=True)
                whole(side, seconds, 0.1)
                check(abs(side["clock"]["rate_ppm"] - ppm) <= within, f"{side['name']}: {side['clock']['rate_ppm']} ppm instead of {ppm}")


def a_clock_that_is_off():
    clocks(15, 20)


def a_clock_that_is_off_for_a_minute():
    clocks(60, 20)


class Wire:
    """What of RTP's headers goes by at a relay, from the sender, before anything is lost: they are in clear."""

    def __init__(self, relay):
        self.packets = {}  # SSRC -> {sequence number: RTP time}
        relay.passes = self.look

    def look(self, data):
        if len(data) > 12 and data[0] >> 6 == 2 and not 192 <= data[1] <= 223:
            seq, rtp, ssrc = struct.unpack(">HII", data[2:12])
            self.packets.setdefault(ssrc, {}).setdefault(seq, rtp)
        return True


def loss_of_10_percent_and_jitter_of_200_ms():
    """Every frame that went on the wire is recorded, or has a packet in a gap."""
    with RelayedCall() as call:
        wire = Wire(call.relay)
        call.publish(video="camera", audio="mic")
        time.sleep(2)
        call.relay.loss, call.relay.delay_ms = 10, 200
        time.sleep(10)
        call.relay.loss, call.relay.delay_ms = 0, 0
        time.sleep(1)
        sent, sides = call.finish()
        equal(len(sides["audio"]), 1, "audio files")
        video, audio = wire.packets[sent["video"][0]["ssrc"]], wire.packets[sent["audio"][0]["ssrc"]]
        there = {(s["first_rtp"] + pts) & 0xFFFFFFFF for s in sides["video"] for pts, _ in ivf_frames(call.rig.path(s["name"]))[1]}
        missing = {(g["seq"] + i) & 0xFFFF for s in sides["video"] for g in s["gaps"] for i in range(g["packets"])}
        frames = set(video.values())
        print(f"# lost on the way {call.relay.lost}; video: {len(frames & there)} of {len(frames)} frames, {total(sides['video'], 'gap_packets')} packets missing, "
              f"{total(sides['video'], 'repaired_packets')} repaired; audio: {sides['audio'][0]['packets']} of {len(audio)} packets, {sides['audio'][0]['gap_packets']} missing, "
              f"{sides['audio'][0]['repaired_packets']} repaired", flush=True)
        equal(frames - there - {video[n] for n in missing if n in video}, set(), "frames that are neither recorded nor explained by a gap")
        check(len(frames & there) >= 0.85 * len(frames), "too few frames")
        equal(sides["audio"][0]["packets"] + sides["audio"][0]["gap_packets"], len(audio), "audio packets recorded and missing")
        for side in sides["video"]:
            equal(decodes(call.rig.path(side["name"])), side["frames"], "frames decoded")


# --- floods ---------------------------------------------------------------------------------------------------------------------
def memory_mb(rig, name):
    with open(f"/proc/{rig.procs[name].pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024


def five_hundred_handshakes_at_once():
    with Rig(log="warn") as rig:
        running = Generator(rig, seconds=30, participant="running", room="calm")
        running.recording()
        crowd = Generator(rig, "--tracks", "opus", "--audio-kbps", "12", "--frame-ms", "60", seconds=3, sessions=500).finish()
        equal(crowd["webrtc"]["connected"], 500, "sessions connected")
        print(f"# 500 connected within {crowd['webrtc']['longest_connect_ms']:.0f} ms; control {memory_mb(rig, CONTROL):.0f} MiB, dataplane {memory_mb(rig, DATAPLANE):.0f} MiB", flush=True)
        running.process.terminate()
        unharmed(rig, running.finish())


OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=fingerprint:sha-256 AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89
a=setup:actpass
a=ice-ufrag:peer
a=ice-pwd:0123456789012345678901
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=sendonly
a=rtcp-mux
a=rtpmap:96 VP8/90000
""".replace("\n", "\r\n")


def opened_and_left_alone():
    """300 sessions whose peers never come: they end by themselves, cost little, and are in nobody's way."""
    with Rig(log="warn") as rig:
        before = {n: memory_mb(rig, n) for n in (CONTROL, DATAPLANE)}
        ids = [whip(rig, OFFER, participant=f"p{i}")[0] for i in range(300)]
        began = time.monotonic()
        print("# MiB for 300: " + ", ".join(f"{n} {before[n]:.0f} -> {memory_mb(rig, n):.0f}" for n in before), flush=True)
        for n in before:
            check(memory_mb(rig, n) - before[n] < 60, f"{n} has grown by {memory_mb(rig, n) - before[n]:.0f} MiB")
        told = Generator(rig, seconds=4, participant="late").finish()
        unharmed(rig, told)
        waiting = lambda: [s for s in rig.ok("GET", "/api/v1/sessions?limit=1000") if s["state"] == "waiting"]
        equal(len(waiting()), 300, "sessions that wait")
        wait_for("their end", lambda: not waiting(), 45, every=0.5)
        print(f"# ended after {time.monotonic() - began:.0f} s; MiB: " + ", ".join(f"{n} {memory_mb(rig, n):.0f}" for n in before), flush=True)
        ends = {(rig.session(i)["state"], rig.session(i)["reason"]) for i in ids[::30]}
        # control's patience with the handshake and the dataplane's with consent end in the same moment
        check({why for _, why in ends} <= {"dtls: no handshake came", "consent"}, f"how they ended: {ends}")
        equal(len(rig.listing("?limit=100")), 2, "recordings")


# --- DTLS -----------------------------------------------------------------------------------------------------------------------
def another_certificate(data):
    """An offer whose fingerprint is that of another certificate."""
    return re.sub(rb"(a=fingerprint:sha-256 )(..)", lambda m: m.group(1) + (b"00" if m.group(2) != b"00" else b"11"), data)


def the_wrong_certificate():
    for by_browser in (False, True):
        with Rig() as rig, Network(rig, offer=another_certificate) as network:
            if by_browser:
                browser = Browser(rig, network.door)
                try:
                    browser.publish(video="camera", audio="mic")
                    raise Failed("it connected")
                except Failed as why:
                    check("connect" in str(why), str(why))
            else:
                gen = Generator(rig, seconds=3, door=network.door)
                gen.finish(code=1)
            sid = re.search(r"session (s_\w+): opened", rig.log(CONTROL)).group(1)
            ended = wait_for("the session's end", lambda: (lambda s: s["state"] in ("done", "failed") and s)(rig.session(sid)), 10)
            print(f"# {ended['state']}: {ended['reason']}", flush=True)
            equal((ended["state"], ended["recordings"]), ("failed", []), "the session")
            check("fingerprint" in ended["reason"] or "certificate" in ended["reason"], f"reason: {ended['reason']}")
            check(re.search(rf"warn: session {sid}: dtls: ", rig.log(CONTROL)), "no word in the log")
            equal(os.listdir(rig.records) and [n for n in os.listdir(rig.records) if not n.startswith(".catalogue")], [], "files")


def garbage(chance):
    """Datagrams that look like DTLS: records that lie, handshakes of no sense, alerts that nobody signed."""
    record = lambda kind, body, epoch=0, size=None: bytes([kind]) + b"\xfe\xfd" + epoch.to_bytes(2, "big") + chance.randbytes(6) + (len(body) if size is None else size).to_bytes(2, "big") + body
    handshake = lambda kind, length, at, n, body: bytes([kind]) + length.to_bytes(3, "big") + bytes(2) + at.to_bytes(3, "big") + n.to_bytes(3, "big") + body
    body = chance.randbytes(chance.randrange(0, 200))
    return chance.choice([
        chance.choice(b"\x14\x15\x16\x17\x3f").to_bytes(1, "big") + body,
        record(22, handshake(chance.randrange(256), chance.randrange(1 << 24), chance.randrange(1 << 24), chance.randrange(1 << 24), body)),
        record(22, handshake(1, len(body), 0, len(body), body)),
        record(22, handshake(1, 1 << 20, 0, len(body), body)),
        record(22, body, size=chance.randrange(1 << 16)),
        record(21, bytes([1, 0])), record(21, bytes([2, 40])), record(21, bytes([1, 0]), epoch=1), record(20, b"\x01"),
        record(23, body, epoch=1), record(22, body, epoch=1), record(chance.randrange(20, 64), body, epoch=chance.randrange(1 << 16))])


def garbage_for_dtls():
    """On a path that ICE has found good, before a handshake and in the middle of a call."""
    chance = random.Random(7)
    with Rig() as rig, Network(rig) as network:
        gen = Generator(rig, seconds=6, door=network.door)
        gen.recording()
        sid, answer = whip(rig, OFFER, participant="hostile")
        peer = Peer(rig)
        ufrag, pwd = credentials(answer)
        check(peer.ask(stun.request(f"{ufrag}:peer", pwd, use_candidate=True)), "no answer to a right request")
        for i in range(2000):
            peer.s.sendto(garbage(chance), peer.to)
            network.relay.inject(garbage(chance))
            if i % 10 == 0:
                time.sleep(0.005)
        print(f"# {counters(rig)['punted_pkts']} passed on, {counters(rig)['drop_punt_full']} dropped; the hostile session is {rig.session(sid)['state']} {rig.session(sid).get('reason')}", flush=True)
        unharmed(rig, gen.finish())
        equal([r for r in rig.listing("?limit=10") if "hostile" in r["name"]], [], "recordings of nobody")
        unharmed(rig, Generator(rig, seconds=2, participant="after").finish())


def media_before_the_keys():
    """What looks like SRTP before DTLS is through is held within bounds, the rest counted; then all goes on."""
    with Rig() as rig, Network(rig) as network:
        relay = network.relay
        relay.passes = lambda data: not (data and 20 <= data[0] <= 63)
        gen = Generator(rig, seconds=5, door=network.door)
        wait_for("a path", lambda: any(s["ice"] == "connected" for s in rig.ok("GET", "/api/v1/sessions")), 10)
        chance = random.Random(3)
        for i in range(300):
            relay.inject(bytes([0x80, 96 + i % 16]) + (1000 + i).to_bytes(2, "big") + bytes(4) + (0x12340000 + i % 5).to_bytes(4, "big") + chance.randbytes(100))
            relay.inject(bytes([0x80, 200]) + (24).to_bytes(2, "big") + (0x12340000).to_bytes(4, "big") + chance.randbytes(92))
            if i % 20 == 0:
                time.sleep(0.01)
        seen = wait_for("all of it", lambda: (lambda d: d["drop_no_keys"] >= 536 and d)(counters(rig)), 5)
        equal((seen["held_pkts"], seen["drop_no_keys"]), (64, 536), "packets held and dropped")
        relay.passes = lambda data: True
        unharmed(rig, gen.finish())
        after = counters(rig)
        equal(after["released_pkts"], 64, "packets let go")
        print("# then: " + ", ".join(f"{k} {v}" for k, v in after.items() if k.startswith("drop_") and v), flush=True)


# --- calls that change ------------------------------------------------------------------------------------------------------------
def two_in_one_room():
    with Rig() as rig:
        told = Generator(rig, seconds=4, sessions=2, participant="p{n}", room="demo").finish()
        found = unharmed(rig, told)
        names = sorted(re.sub(r"_\d+\.", "_TIME.", side["name"]) for _, side in found)
        equal(names, ["demo_p0-audio1_TIME.ogg", "demo_p0-video0_TIME.ivf", "demo_p1-audio1_TIME.ogg", "demo_p1-video0_TIME.ivf"], "names")
        equal({(s["participant"], s["track"]) for _, s in found}, {(f"p{i}", f"p{i}-{t}") for i in (0, 1) for t in ("video0", "audio1")}, "participants and tracks")


def mute(seconds, at=4):
    """No media for longer than any idle time: consent keeps the session, silence keeps its time."""
    with Rig(record="idle_timeout_s = 5") as rig:
        whole_call = at + seconds + 4
        gen = Generator(rig, "--pause", f"{at}:{seconds}", seconds=whole_call)
        gen.recording()
        time.sleep(at + seconds - 1)
        equal([s["state"] for s in rig.ok("GET", "/api/v1/sessions")], ["recording"], "state")
        for flow, side in unharmed(rig, gen.finish()):
            whole(side, whole_call)


def muted_for_a_while():
    mute(12)


def muted_for_65_seconds():
    mute(65)


def another_ssrc():
    for options in (("--omit-ssrc",), ()):
        with Rig() as rig:
            told = Generator(rig, "--ssrc-change", "3", *options, seconds=7).finish()
            for flow, (side,) in recorded(rig, told):
                print(f"# {side['track']}: {side['frames']} of {flow['frames_made']} frames, {side['duration_s']} s, events {[e['type'] for e in side['events']]}", flush=True)
                equal([e["ssrc"] for e in side["events"] if e["type"] == "ssrc"], [flow["streams"][1]["ssrc"]], "SSRCs in the sidecar")
                whole(side, 7)
                equal(side["gap_packets"], 0, "packets missing")
                check(flow["frames_made"] - side["frames"] <= 6, f"{side['frames']} of {flow['frames_made']} frames")
                if side["name"].endswith(".ivf"):
                    times = [pts / 90000 for pts, _ in ivf_frames(rig.path(side["name"]))[1]]
                    check(all(0 < b - a < 0.2 for a, b in zip(times, times[1:])), "time does not go on evenly")


def ends_of_all_kinds():
    """The longest duration, DELETE of the session itself, a page that is closed."""
    with Call(record="max_duration_s = 4") as call:
        began = time.monotonic()
        call.publish(video="camera", audio="mic")
        connecting = time.monotonic() - began
        done = wait_for("its end", lambda: (lambda s: s["state"] == "done" and s)(call.session()), 10)
        check(time.monotonic() - began >= 4, f"ended after {time.monotonic() - began:.1f} s")
        print(f"# max_duration: {done['reason']}", flush=True)
        equal((done["reason"], len(done["recordings"])), ("duration", 2), "reason and recordings")
        for r in done["recordings"]:  # it is reckoned from the opening, so the time of connecting is in it
            seconds = call.rig.sidecar(r["name"])["duration_s"]
            check(3.3 - connecting <= seconds <= 4.7, f"{r['name']} lasts {seconds} s of 4 s, of which {connecting:.1f} s went before")
        equal(call.browser.stop(), 200, "DELETE of what has ended")
    with Call() as call:
        call.publish(video="camera", audio="mic")
        time.sleep(1.5)
        done = call.rig.finish(call.id)
        equal((done["state"], done["reason"], len(done["recordings"])), ("done", "deleted", 2), "DELETE of the session")
        wait_for("the browser to hear of it", lambda: call.browser.stats()["state"] in ("closed", "failed", "disconnected"), 10)
        call.publish(video="camera", audio="mic")
        time.sleep(1.5)
        try:
            call.browser.run("location.href = 'about:blank'")
        except Failed:
            pass
        began = time.monotonic()
        done = wait_for("the session's end", lambda: (lambda s: s["state"] == "done" and s)(call.session()), 45)
        print(f"# a page that was left: {done['reason']} after {time.monotonic() - began:.1f} s", flush=True)
        equal(len(done["recordings"]), 2, "recordings")
        for r in done["recordings"]:
            decodes(call.rig.path(r["name"]))


if __name__ == "__main__":
    LONG = [a_clock_that_is_off_for_a_minute, muted_for_65_seconds]
    CASES = [a_nat_forgets_a_browser, a_nat_forgets_the_generator, the_dataplane_dies_in_a_browsers_call, the_dataplane_dies_beside_the_generator, control_dies_in_a_call,
             jitter_and_reordering, a_clock_that_is_off, loss_of_10_percent_and_jitter_of_200_ms, five_hundred_handshakes_at_once, opened_and_left_alone,
             the_wrong_certificate, garbage_for_dtls, media_before_the_keys, two_in_one_room, muted_for_a_while, another_ssrc, ends_of_all_kinds]
    named = [a for a in sys.argv[1:] if a != "--long"]
    with_long = "--long" in sys.argv or named
    sys.argv[1:] = named
    main(CASES + (LONG if with_long else []))
