#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Chromium publishes by WHIP: what it encoded is what is recorded.

    Chromium (namespace) ── WHIP over door.py ──> control          its DTLS by way of the dataplane
                         ── ICE, DTLS, SRTP over veth ──> dataplane ──> files
"""
import array
import contextlib
import re
import subprocess
import time

from browser import Browser
from door import Door
from rig import Rig, check, decodes, equal, ivf_frames, main, run, wait_for

CLASSIC_HELLO = ["--disable-features=WebRtcPqcForDtls"]  # a ClientHello of one datagram


class Call:
    """A rig, a browser that publishes to it, and what became of it."""

    def __init__(self, flags=(), **rig):
        self.rig = Rig(**rig)
        try:
            self.door = Door(self.rig)
            self.browser = Browser(self.rig, self.door, flags)
        except BaseException:
            self.rig.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.browser.__exit__(*what)
        self.door.close()
        self.rig.__exit__(*what)

    def publish(self, **options):
        self.told = self.browser.publish(**options)
        self.id = self.told["id"]
        return self.told

    def session(self):
        return self.rig.session(self.id)

    def track(self, kind):
        return next(t for t in self.session()["tracks"] if t["id"].endswith(kind) or kind in t["id"])

    def recordings(self):
        wait_for("the end of the session", lambda: self.session()["state"] in ("done", "failed"), 20)
        equal(self.session()["state"], "done", "state")
        return sorted((r for r in self.rig.listing("?limit=100") if r.get("session") == self.id), key=lambda r: r["name"])

    def finish(self):
        """Halt, DELETE: the browser's final counts, and the sidecars by kind (a list each, in the order of time)."""
        sent = self.browser.halt()
        equal(self.browser.stop(), 200, "DELETE")
        sides = [self.rig.sidecar(r["name"]) for r in self.recordings()]
        return sent, {"video": [s for s in sides if not s["name"].endswith(".ogg")], "audio": [s for s in sides if s["name"].endswith(".ogg")]}


def total(sides, key):
    return sum(s[key] for s in sides)


def check_video(call, sent, sides, lossless=True):
    """Every frame that was sent is recorded, or explained by a counter, and all that is recorded decodes."""
    frames = sum(s["framesSent"] for s in sent["video"])
    check(frames > 30, f"the browser sent {frames} frames")
    got, explained = total(sides["video"], "frames"), total(sides["video"], "skipped_frames") + total(sides["video"], "broken_frames") + total(sides["video"], "dropped_frames")
    if lossless:
        equal(explained, 0, "frames left out or broken")
        equal(total(sides["video"], "gap_packets"), 0, "packets missing")
    # A frame of one packet that never came leaves nothing but a gap.
    missing = frames - got - explained
    check(0 <= missing <= total(sides["video"], "gap_packets"), f"of {frames} frames sent {got} are recorded, {explained} counted as left out or broken, {total(sides['video'], 'gap_packets')} packets missing")
    decoded = sum(decodes(call.rig.path(s["name"])) for s in sides["video"])
    equal(decoded, got, "frames decoded")
    for s in sides["audio"]:
        check(decodes(call.rig.path(s["name"])) > 0, f"{s['name']}: nothing decodes")


def codec_case(codec, ext, flags=(), **options):
    with Call(flags, ingest=f"codecs = {codec}, opus") as call:
        call.publish(video="camera", audio="mic", **options)
        time.sleep(5)
        shown = call.session()
        equal((shown["transport"], shown["state"]), ("webrtc", "recording"), "session")
        sent, sides = call.finish()
        check_video(call, sent, sides)
        equal([s["codec"] for s in sides["video"]][0], codec, "codec")
        check(sides["video"][0]["name"].endswith(ext), sides["video"][0]["name"])
        audio = sides["audio"][0]
        equal(audio["gap_packets"], 0, "audio packets missing")
        check(audio["duration_s"] > 4, f"audio of {audio['duration_s']} s")


def vp8():
    codec_case("VP8", ".ivf")


def vp8_with_a_classic_hello():
    codec_case("VP8", ".ivf", CLASSIC_HELLO)


def vp9():
    codec_case("VP9", ".ivf")


def av1():
    codec_case("AV1", ".ivf", width=320, height=180, fps=15)


def h264():
    codec_case("H264", ".h264")


def svc_case(codec, decoder):
    with Call(ingest=f"codecs = {codec}, opus") as call:
        call.publish(video="camera", audio="mic", simulcast=[{"scalabilityMode": "L3T3"}], fps=15)
        time.sleep(5)
        sent, sides = call.finish()
        side = sides["video"][-1]
        layers = sum(s["framesSent"] for s in sent["video"]) / side["frames"]  # the browser counts each layer's
        check(1.9 <= layers <= 3.1, f"{side['frames']} pictures of {layers:.2f} frames each")
        equal((total(sides["video"], "gap_packets"), total(sides["video"], "broken_frames"), total(sides["video"], "skipped_frames")), (0, 0, 0), "what is missing")
        equal(decodes(call.rig.path(side["name"]), ("-c:v", decoder)), side["frames"], "pictures decoded")
        equal((side["width"], side["height"]), (640, 360), "size")


def vp9_svc():
    """Scalable coding in one stream: all its layers are kept, and libvpx makes one picture of each superframe (ffmpeg's own decoder shows the lower ones, too)."""
    svc_case("VP9", "libvpx-vp9")


def av1_svc():
    """All layers of a temporal unit are kept: a decoder makes one picture of them."""
    svc_case("AV1", "libdav1d")


def g711():
    """Audio without Opus goes to WAVE, a sample a byte, as long as the call."""
    for codec in ("PCMU", "PCMA"):
        with Call(ingest=f"codecs = VP8, {codec}") as call:
            call.publish(video=None, audio="mic")
            time.sleep(3)
            sent = call.browser.halt()
            equal(call.browser.stop(), 200, "DELETE")
            (record,) = call.recordings()
            side = call.rig.sidecar(record["name"])
            equal((side["codec"], record["name"].rsplit(".", 1)[1]), (codec, "wav"), "codec and file")
            equal((side["packets"], side["gap_packets"]), (sent["audio"][0]["packetsSent"], 0), "packets recorded and missing")
            check(decodes(call.rig.path(record["name"])) > 0 and side["duration_s"] > 2, f"{side['duration_s']} s")


def a_data_channel_is_refused():
    """Its m-line gets port 0 and stands outside of the bundle; sound and picture go on as if it had not been asked for."""
    with Call() as call:
        call.browser.run("const made = RTCPeerConnection.prototype.addTransceiver; RTCPeerConnection.prototype.addTransceiver = function (...a) { publisher.channel ??= this.createDataChannel('chat'); return made.apply(this, a); }")
        call.publish(video="camera", audio="mic")
        check(re.search(r"^m=application [1-9]", call.told["offer"], re.M), "the browser offers no data channel")
        check(re.search(r"^m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r$", call.told["answer"], re.M), call.told["answer"])
        time.sleep(2)
        equal(call.browser.run("return publisher.channel.readyState"), "closed", "the channel")
        check_video(call, *call.finish())


def simulcast_best():
    with Call() as call:
        call.publish(video="camera", simulcast=[{"rid": "q", "scaleResolutionDownBy": 4}, {"rid": "h", "scaleResolutionDownBy": 2}, {"rid": "f"}], width=960, height=540, fps=15)
        wait_for("the best layer", lambda: call.track("video").get("width") == 960, 20)
        time.sleep(3)
        sent, sides = call.finish()
        layers = {s["rid"]: s for s in sent["video"]}
        check(layers["f"]["framesSent"] > 20, f"the best layer sent {layers['f']['framesSent']} frames")
        best = [s for s in sides["video"] if (s["width"], s["height"]) == (960, 540)]  # several when a busy sender left it for a while
        check(best, f"sizes recorded: {[(s['width'], s['height']) for s in sides['video']]}")
        check(total(best, "frames") >= layers["f"]["framesSent"] - 40 * len(best), f"{total(best, 'frames')} of {layers['f']['framesSent']} frames of the best layer")
        for s in sides["video"]:
            equal(decodes(call.rig.path(s["name"])), s["frames"], "frames decoded")


def simulcast_all():
    with Call(ingest="simulcast = all") as call:
        call.publish(video="camera", simulcast=[{"rid": "q", "scaleResolutionDownBy": 4}, {"rid": "h", "scaleResolutionDownBy": 2}, {"rid": "f"}], width=960, height=540, fps=15)
        wait_for("three layers", lambda: sum(1 for t in call.session()["tracks"] if t.get("width")) == 3, 15)
        time.sleep(2)
        sent, sides = call.finish()
        equal(sorted({s["width"] for s in sides["video"]})[-3:], [240, 480, 960], "sizes")
        for layer in sent["video"]:
            mine = [s for s in sides["video"] if s["track"].endswith("-" + layer["rid"])]
            equal(total(mine, "frames") + total(mine, "skipped_frames"), layer["framesSent"], f"frames of layer {layer['rid']}")


def screen():
    with Call() as call:
        call.publish(video="screen", hint="detail")
        call.browser.run("let n = 0; setInterval(() => { document.body.style.background = ['#fff', '#000'][n++ % 2]; document.title = 'publisher ' + n; }, 100)")
        time.sleep(4)
        sent, sides = call.finish()
        frames = sum(s["framesSent"] for s in sent["video"])
        check(frames >= 1, "no frame sent")
        equal(total(sides["video"], "frames"), frames, "frames")


MUTE = "for (const s of publisher.pc.getSenders()) { s.kept = s.track; await s.replaceTrack(null); }"
UNMUTE = "for (const s of publisher.pc.getSenders()) await s.replaceTrack(s.kept)"


def mute_and_unmute():
    """Silence and a black picture are kept in time: the files are as long as the call."""
    with Call() as call:
        call.publish(video="flash", audio=None)
        began = time.monotonic()
        time.sleep(3)
        call.browser.run(MUTE)
        time.sleep(4)
        call.browser.run(UNMUTE)
        time.sleep(3)
        seconds = time.monotonic() - began
        sent, sides = call.finish()
        check_video(call, sent, sides)
        equal((len(sides["video"]), len(sides["audio"])), (1, 1), "files")
        for side in sides["video"] + sides["audio"]:
            check(abs(side["duration_s"] - seconds) < 1.5, f"{side['track']}: {side['duration_s']} s of {seconds:.1f} s")


def ice_restart():
    with Call() as call:
        call.publish(video="camera", audio="mic")
        time.sleep(2)
        before = call.browser.stats()["pair"]["id"]
        call.browser.run("return await publisher.restart()")
        wait_for("another candidate pair", lambda: (call.browser.stats()["pair"] or {}).get("id", before) != before, 15)
        time.sleep(2)
        equal(call.browser.stats()["state"], "connected", "connection")
        sent, sides = call.finish()
        check_video(call, sent, sides)
        equal((len(sides["video"]), len(sides["audio"])), (1, 1), "files")


def killed():
    """The browser is gone without a word: the session ends by consent, the files are whole."""
    with Call() as call:
        call.publish(video="camera", audio="mic")
        time.sleep(3)
        call.browser.kill()
        wait_for("the session's end", lambda: call.session()["state"] == "done", 45)
        equal(call.session()["reason"], "consent", "reason")
        for r in call.recordings():
            check(decodes(call.rig.path(r["name"])) > 0, r["name"])


def closed():
    """close() of the peer connection, no DELETE: DTLS says so."""
    with Call() as call:
        call.publish(video="camera", audio="mic")
        time.sleep(2)
        call.browser.run("publisher.pc.close()")
        wait_for("the session's end", lambda: call.session()["state"] == "done", 8)


def page_reload():
    """The same room and participant publish again while the old session has not timed out."""
    with Call() as call:
        call.publish(video="camera", audio="mic")
        time.sleep(2)
        first = call.id
        call.browser.kill()
        call.browser = Browser(call.rig, call.door)
        call.publish(video="camera", audio="mic")
        check(call.id != first, "a new session")
        wait_for("the old session's end", lambda: call.rig.session(first)["state"] == "done", 15)
        time.sleep(2)
        sent, sides = call.finish()
        check_video(call, sent, sides)


def full_rate_within_seconds():
    with Call() as call:
        call.publish(video="noise", maxBitrate=2000000, width=640, height=360, fps=20)
        began = time.monotonic()
        rates = []
        last = None
        while time.monotonic() - began < 10:
            time.sleep(0.5)
            s = call.browser.outbound("video")[0]
            if last:
                rates.append((time.monotonic() - began, (s["bytesSent"] - last["bytesSent"]) * 8000 / (s["timestamp"] - last["timestamp"])))
            last = s
        reached = next((at for at, rate in rates if rate >= 1.5e6), None)
        print(f"# {reached and round(reached, 1)} s to 1.5 Mbit/s", flush=True)
        check(reached is not None and reached <= 6.5, "1.5 Mbit/s reached at %s: %s" % (reached, [(round(a, 1), int(r / 1000)) for a, r in rates]))
        sent, sides = call.finish()
        check_video(call, sent, sides)


@contextlib.contextmanager
def loss(call, percent):
    """Packets get lost by chance on their way to the dataplane, but for the first second and the last."""
    time.sleep(1)
    run("ip", "netns", "exec", call.rig.ns, "nft", f"add table netdev loss; add chain netdev loss out {{ type filter hook egress device snd priority 0; }}; "
        f"add rule netdev loss out udp dport 3478 numgen random mod 100 < {percent} drop")
    yield
    run("ip", "netns", "exec", call.rig.ns, "nft", "delete table netdev loss")
    time.sleep(1)


def lossy_call(percent, lossless):
    with Call() as call:
        call.publish(video="camera", audio="mic")
        with loss(call, percent):
            time.sleep(8)
        sent, sides = call.finish()
        check_video(call, sent, sides, lossless)
        for kind in ("video", "audio"):  # by retransmission; by redundancy (RED)
            check(total(sides[kind], "repaired_packets") > 0, f"{kind}: nothing was repaired")


def loss_of_3_percent():
    lossy_call(3, lossless=True)


def loss_of_10_percent():
    lossy_call(10, lossless=False)


# Of the answer, in the browser: a sender that takes no NACKs protects its packets by FEC.
NO_NACK = """const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (d) { return set.call(this, { type: d.type, sdp: d.sdp.replace(/a=rtcp-fb:\\d+ nack\\r\\n/g, "") }); };"""


def fec_case(flags=()):
    with Call(flags) as call:
        call.browser.run(NO_NACK)
        call.publish(video="noise", audio="mic", maxBitrate=800000, width=480, height=270, fps=20)
        with loss(call, 4):
            wait_for("packets that FEC brings back", lambda: call.track("video")["repaired_by_fec"] >= 3, 40)
            wait_for("enough of a picture", lambda: call.track("video")["frames"] > 60, 40)
        counted = call.rig.stats()["lcore"][0]
        equal((counted["drop_fec_malformed"], counted["drop_red_malformed"]), (0, 0), "FEC and RED that is not understood")
        check_video(call, *call.finish(), lossless=False)


def ulpfec():
    fec_case()


def flexfec():
    fec_case(["--force-fieldtrials=WebRTC-FlexFEC-03-Advertised/Enabled/WebRTC-FlexFEC-03/Enabled/"])


def control_restarts():
    with Call() as call:
        call.publish(video="camera", audio="mic")
        time.sleep(2)
        call.rig.kill("wirespool-control")
        time.sleep(3)
        call.rig.start_control()
        wait_for("the session, adopted", lambda: call.session()["state"] == "recording")
        time.sleep(2)
        equal(call.browser.stats()["state"], "connected", "connection")
        sent, sides = call.finish()
        check_video(call, sent, sides)
        equal((len(sides["video"]), len(sides["audio"])), (1, 1), "files")


def luminance(path):
    """[(seconds, mean luminance)] of an IVF file's frames."""
    head, frames = ivf_frames(path)
    raw = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-fps_mode", "passthrough", "-vf", "scale=16:9:flags=area,format=gray", "-f", "rawvideo", "-"],
                         capture_output=True, check=True).stdout
    equal(len(raw) // 144, len(frames), "frames decoded")
    return [(pts * head["num"] / head["den"], sum(raw[i * 144:(i + 1) * 144]) / 144) for i, (pts, _) in enumerate(frames)]


def flashes(path):
    """When the picture turned white."""
    out, white = [], True
    for at, mean in luminance(path):
        if mean > 128 and not white:
            out.append(at)
        white = mean > 128
    return out


def beeps(path):
    """When the tone began."""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-ac", "1", "-ar", "48000", "-f", "s16le", "-"], capture_output=True, check=True).stdout
    samples = array.array("h", raw[:len(raw) // 2 * 2])
    out, loud, step = [], True, 96
    quiet = 0
    for i in range(0, len(samples) - step, step):
        peak = max(map(abs, samples[i:i + step]))
        if peak > 3000 and not loud and quiet > 50:
            out.append(i / 48000)
        quiet = 0 if peak > 3000 else quiet + 1
        loud = peak > 3000
    return out


def seen_and_heard(call, sides):
    """When the flashes and the beeps were, by the sender's clock."""
    video, audio = sides["video"][0], sides["audio"][0]
    seen = [at + video["clock"]["sender_ntp_unix_ns"] / 1e9 for at in flashes(call.rig.path(video["name"]))]
    heard = [at + audio["clock"]["sender_ntp_unix_ns"] / 1e9 for at in beeps(call.rig.path(audio["name"]))]
    print(f"# residuals {video['clock']['residual_us']} and {audio['clock']['residual_us']} us", flush=True)
    return seen, heard


def apart(what, seen, heard):
    """By how many seconds the beep comes after the flash: the median."""
    each = sorted(min((h - s for h in heard), key=abs) for s in seen)
    middle = each[len(each) // 2]
    print(f"# {what}: beep after flash: median {middle * 1000:.1f} ms, {each[0] * 1000:.1f} to {each[-1] * 1000:.1f} ms", flush=True)
    return middle


def sound_and_picture_together():
    """A flash and a beep of the same instants: by the sidecars' common clock they are at most 20 ms apart.

    The browser's own way from a beep to its packet takes 5 to 30 ms, another time in each call, the longer the busier the machine: one call
    of three has to be within the bound. What the recorder got wrong would be in all of them.
    """
    tries = []
    while not tries or (min(map(abs, tries)) > 0.020 and len(tries) < 3):
        with Call() as call:
            call.publish(video="flash", fps=60, width=320, height=180)
            time.sleep(13)
            sent, sides = call.finish()
            seen, heard = seen_and_heard(call, sides)
            check(len(seen) >= 8 and len(heard) >= 8, f"{len(seen)} flashes, {len(heard)} beeps")
            tries.append(apart("all along", seen, heard))
    check(min(map(abs, tries)) <= 0.020, f"sound and picture apart by {[round(t * 1000, 1) for t in tries]} ms")


def moved_by_a_mute():
    """By how many seconds sound has moved against the picture, from before a mute of four seconds to after it."""
    with Call() as call:
        call.publish(video="flash", fps=60, width=320, height=180)
        time.sleep(8)
        call.browser.run(MUTE)
        time.sleep(4)
        call.browser.run(UNMUTE)
        time.sleep(13)
        sent, sides = call.finish()
        equal((len(sides["video"]), len(sides["audio"])), (1, 1), "files")
        seen, heard = seen_and_heard(call, sides)
    events = [e for e in sides["audio"][0].get("events", []) if e["type"] in ("pause", "time_shift")]
    print(f"# {events}", flush=True)
    check(abs(next(e["seconds"] for e in events if e["type"] == "pause") - 4) < 0.5, "seconds of the pause")
    muted = max(range(1, len(heard)), key=lambda i: heard[i] - heard[i - 1])
    before, after = (heard[muted - 1] + 0.5, heard[muted] - 0.5)
    check(after - before > 2, f"no beep for {after - before + 1:.1f} s")
    sooner, later = [s for s in seen if s < before], [s for s in seen if s > after]
    check(len(sooner) >= 4 and len(later) >= 8, f"{len(sooner)} flashes before, {len(later)} after")
    return apart("after", later, heard) - apart("before", sooner, heard)


def sound_and_picture_together_after_a_mute():
    """The RTP clock of the sound stands still while nothing is captured, that of the picture does not: they still meet.

    In one call of three, as above: the browser's own way from a beep to its packet changes with the microphone's new beginning.
    """
    tries = []
    while not tries or (min(map(abs, tries)) > 0.030 and len(tries) < 3):
        tries.append(moved_by_a_mute())
    check(min(map(abs, tries)) <= 0.030, f"the mute has moved sound against picture by {[round(t * 1000, 1) for t in tries]} ms")


if __name__ == "__main__":
    main([vp8, vp8_with_a_classic_hello, vp9, av1, h264, vp9_svc, av1_svc, g711, a_data_channel_is_refused, simulcast_best, simulcast_all, screen, mute_and_unmute, ice_restart, killed, closed, page_reload,
          full_rate_within_seconds, loss_of_3_percent, loss_of_10_percent, ulpfec, flexfec, control_restarts, sound_and_picture_together,
          sound_and_picture_together_after_a_mute])
