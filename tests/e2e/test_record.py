#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Real senders through the real dataplane: what is recorded is what the encoder made.

    ffmpeg | GStreamer (namespace) ── SRTP over veth ──> dataplane ──> files ──> control's API
"""
import json
import os
import struct
import subprocess
import time

import senders
from rig import Rig, check, decodes, equal, ivf_frames, key_base64, main, wait_for

VIDEO = dict(id="video0", codec="VP8", payload_type=96, clock_rate=90000)
AUDIO = dict(id="audio1", codec="opus", payload_type=111, clock_rate=48000, channels=2)


def srtp(profile, seed=1):
    return dict(profile=profile, key=key_base64(profile, seed))


def record(rig, tracks, send, **more):
    """Open a session, send, finish; the session and its recordings as the API names them."""
    s = rig.open(tracks, **more)
    send(s)
    time.sleep(0.3)
    done = rig.finish(s["id"])
    equal(done["state"], "done", "state after DELETE")
    mine = [r for r in rig.listing("?limit=100") if r.get("session") == s["id"]]
    check(mine, "no recordings listed")
    return s, mine


def video_case(codec, profile, gst=False):
    clip = senders.video_clip(codec)
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        track = dict(VIDEO, codec=codec, ssrc=0x10203040)
        if profile:
            track["srtp"] = srtp(profile)
        key = track.get("srtp", {}).get("key")

        def send(s):
            if gst:
                senders.gstreamer(rig, clip, s["port"], codec, 96, track["ssrc"], profile, key)
            else:
                senders.ffmpeg(rig, clip, s["port"], 96, track["ssrc"], profile, key)
        s, records = record(rig, [track], send)
        name = senders.file_of(records, "video0")
        senders.same_frames(clip, rig.path(name))
        frames = len(ivf_frames(clip)[1])
        equal(decodes(rig.path(name)), frames, "frames decoded")
        side = rig.sidecar(name)
        equal((side["frames"], side["gap_packets"], side["codec"], side["room"], side["participant"]), (frames, 0, codec, "demo", "alice"), "sidecar")
        equal(side["size"], os.path.getsize(rig.path(name)), "size in the sidecar")
        digest = subprocess.run(["sha256sum", rig.path(name)], capture_output=True, text=True).stdout.split()[0]
        equal(side["sha256"], digest, "SHA-256 in the sidecar")


def vp8_plain():
    video_case("VP8", None)


def vp8_aes_cm_80():
    video_case("VP8", "AES_CM_128_HMAC_SHA1_80")


def vp9_aes_cm_32():
    video_case("VP9", "AES_CM_128_HMAC_SHA1_32")


def vp8_gcm_128_by_gstreamer():
    video_case("VP8", "AEAD_AES_128_GCM", gst=True)


def vp9_gcm_256_by_gstreamer():
    video_case("VP9", "AEAD_AES_256_GCM", gst=True)


def opus_case(profile, gst=False):
    clip = senders.audio_clip()
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        track = dict(AUDIO, ssrc=0xF0000001)
        if profile:
            track["srtp"] = srtp(profile, 7)

        def send(s):
            if gst:
                senders.gstreamer(rig, clip, s["port"], "opus", 111, track["ssrc"], profile, track["srtp"]["key"])
            else:
                senders.ffmpeg(rig, clip, s["port"], 111, track["ssrc"], profile, track.get("srtp", {}).get("key"))
        s, records = record(rig, [track], send)
        name = senders.file_of(records, "audio1")
        check(name.endswith(".ogg"), name)
        senders.same_packets(clip, rig.path(name))
        check(decodes(rig.path(name)) > 0, "nothing decoded")
        info = subprocess.run(["opusinfo", rig.path(name)], capture_output=True, text=True)
        check("WARNING" not in info.stdout + info.stderr and info.returncode == 0, "opusinfo: " + info.stdout + info.stderr)


def opus_aes_cm_80():
    opus_case("AES_CM_128_HMAC_SHA1_80")


def opus_gcm_256_by_gstreamer():
    opus_case("AEAD_AES_256_GCM", gst=True)


def h264_case(profile):
    clip = senders.h264_clip()
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        track = dict(VIDEO, codec="H264", payload_type=97, ssrc=0x20304050)
        if profile:
            track["srtp"] = srtp(profile)

        def send(s):
            senders.ffmpeg(rig, clip, s["port"], 97, track["ssrc"], profile, track.get("srtp", {}).get("key"))
        s, records = record(rig, [track], send)
        name = senders.file_of(records, "video0")
        check(name.endswith(".h264"), name)
        want = senders.pictures(clip)
        equal(senders.pictures(rig.path(name)), want, "frames decoded")
        equal(len(want), 120, "frames sent")
        side = rig.sidecar(name)
        equal((side["frames"], side["gap_packets"], side["codec"], side["width"], side["height"]), (120, 0, "H264", 320, 180), "sidecar")
        times = sorted(ms for line in side["times"] for ms in line["ms"])
        equal(len(times), 120, "times of frames")
        check(all(abs(ms - i * 1000 / 30) < 0.1 for i, ms in enumerate(times)), f"times {times[:9]}")
        equal(rig.api("GET", f"/records/{name}", raw=True)[2]["Content-Type"], "video/h264", "content type")


def h264_plain():
    h264_case(None)


def h264_aes_cm_80():
    h264_case("AES_CM_128_HMAC_SHA1_80")


def g711_case(codec, law, tag, payload_type):
    clip = senders.g711_clip(law)
    with Rig() as rig:
        key = key_base64(seed=11)
        track = dict(id="audio1", codec=codec, payload_type=payload_type, clock_rate=8000, srtp=dict(profile="AES_CM_128_HMAC_SHA1_80", key=key))

        def send(s):
            senders.ffmpeg(rig, clip, s["port"], payload_type, None, "AES_CM_128_HMAC_SHA1_80", key)
        s, records = record(rig, [track], send)
        name = senders.file_of(records, "audio1")
        check(name.endswith(".wav"), name)
        equal(senders.samples(rig.path(name)), (tag, senders.samples(clip)[1]), "samples")
        check(decodes(rig.path(name)) > 0, "nothing decoded")
        side = rig.sidecar(name)
        equal((side["codec"], side["clock_rate"], side["channels"], side["duration_s"], side["filled_s"]), (codec, 8000, 1, 4, 0), "sidecar")
        equal(rig.api("GET", f"/records/{name}", raw=True)[2]["Content-Type"], "audio/wav", "content type")


def pcmu_aes_cm_80():
    g711_case("PCMU", "pcm_mulaw", 7, 0)


def pcma_aes_cm_80():
    g711_case("PCMA", "pcm_alaw", 6, 8)


def h264_and_g711_survive_a_kill():
    video, audio = senders.h264_clip(8), senders.g711_clip("pcm_mulaw", 8)
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        s = rig.open([dict(VIDEO, codec="H264", payload_type=97), dict(id="audio1", codec="PCMU", payload_type=0, clock_rate=8000)])
        for clip, payload_type in ((video, 97), (audio, 0)):
            senders.ffmpeg(rig, clip, s["port"], payload_type, wait=False)
        names = wait_for("both files", lambda: (lambda l: len(l) == 2 and [r["name"] for r in l])(rig.listing("?state=all")))
        time.sleep(4)
        rig.kill("wirespool-dataplane")
        rig.start_dataplane()
        wait_for("both repaired", lambda: all(os.path.exists(rig.path(n) + ".json") for n in names))
        for name in names:
            with open(rig.path(name) + ".json") as f:
                side = json.load(f)
            check(side["repaired"] and 2.5 < side["duration_s"] < 6, f"{name}: {side['repaired']}, {side['duration_s']} s")
            if name.endswith(".wav"):
                tag, got = senders.samples(rig.path(name))
                equal((tag, got), (7, senders.samples(audio)[1][:len(got)]), "samples up to the kill")
                equal(len(got), round(side["duration_s"] * 8000), "samples and their time")
            else:
                got, want = senders.pictures(rig.path(name)), senders.pictures(video)
                equal(len(got), side["frames"], "frames that are whole")
                # what is shown at the end may lack a picture that comes later: B pictures
                equal(got[:-3], want[:len(got)][:-3], "pictures up to the kill")
                check(side["frames"] - sum(len(line["ms"]) for line in side["times"]) < 10, "times of frames are missing")


def av1_plain():
    """ffmpeg 5.1 has no AV1 payload: the packets are those of the unit tests, sent as they are."""
    media = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "media")
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        def send(s):
            with open(os.path.join(media, "av1.rtp"), "rb") as f, rig.socket() as sock:
                while head := f.read(2):
                    sock.sendto(f.read(struct.unpack(">H", head)[0]), ("10.77.0.1", s["port"]))
                    time.sleep(0.002)
        s, records = record(rig, [dict(VIDEO, codec="AV1", payload_type=45)], send)
        name = senders.file_of(records, "video0")
        equal(senders.pictures(rig.path(name)), senders.pictures(os.path.join(media, "av1.ivf")), "frames decoded")
        head, frames = ivf_frames(rig.path(name))
        equal((head["width"], head["height"], len(frames), head["count"]), (176, 144, 30, 30), "header")
        equal(rig.sidecar(name)["codec"], "AV1", "codec")


def a_call_of_audio_and_video_with_ssrcs_unknown():
    video, audio = senders.video_clip("VP8"), senders.audio_clip()
    with Rig() as rig:
        profile = "AES_CM_128_HMAC_SHA1_80"
        tracks = [dict(VIDEO, srtp=srtp(profile, 3)), dict(AUDIO, srtp=srtp(profile, 4))]

        def send(s):
            equal(s["state"], "waiting", "state before the first packet")
            a = senders.ffmpeg(rig, audio, s["port"], 111, None, profile, tracks[1]["srtp"]["key"], wait=False)
            b = senders.ffmpeg(rig, video, s["port"], 96, None, profile, tracks[0]["srtp"]["key"], wait=False)
            wait_for("state recording", lambda: rig.session(s["id"])["state"] == "recording")
            name = wait_for("an open recording in the list",
                            lambda: next((r["name"] for r in rig.listing("?state=all") if r["name"].endswith(".ivf") and r["state"] == "open"), None))
            wait_for("bytes of a growing file", lambda: len(rig.api("GET", f"/records/{name}", raw=True)[1]) > 5000)
            equal(rig.api("DELETE", f"/api/records/{name}")[0], 409, "DELETE of an open recording")
            equal((a.wait(30), b.wait(30)), (0, 0), "senders")
        s, records = record(rig, tracks, send)
        equal(len(records), 2, "recordings")
        senders.same_frames(video, rig.path(senders.file_of(records, "video0")))
        senders.same_packets(audio, rig.path(senders.file_of(records, "audio1")))
        for track in s["tracks"]:  # the name promised at the opening leads to the file
            status, body, _ = rig.api("GET", f"/records/{track['record']}", raw=True)
            equal(status, 200, f"promised name {track['record']}")
            check(len(body) > 1000, "promised name: empty")
        name = senders.file_of(records, "video0")
        whole = rig.api("GET", f"/records/{name}", raw=True)[1]
        with open(rig.path(name), "rb") as f:
            check(whole == f.read(), "download differs from the file")
        status, part, headers = rig.api("GET", f"/records/{name}", headers={"Range": "bytes=100-299"}, raw=True)
        equal((status, part), (206, whole[100:300]), "range")
        equal(rig.api("DELETE", f"/api/records/{name}")[0] // 100, 2, "DELETE")
        equal(rig.api("GET", f"/records/{name}")[0], 404, "after DELETE")
        check(not os.path.exists(rig.path(name)), "the file is still there")


def ipv6_sender():
    clip = senders.video_clip("VP8", seconds=2)
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        def send(s):
            senders.ffmpeg(rig, clip, s["port"], 96, 77, address="fd77::1")
        s, records = record(rig, [dict(VIDEO, ssrc=77)], send, address="fd77::1")
        equal(s["address"], "fd77::1", "address")
        senders.same_frames(clip, rig.path(senders.file_of(records, "video0")))


def neighbours_are_answered():
    with Rig() as rig:
        rig.netns_run("ping", "-c", "3", "-i", "0.2", "-W", "2", "10.77.0.1")
        rig.netns_run("ping", "-c", "3", "-i", "0.2", "-W", "2", "fd77::1")


def sdp_offer_is_answered_in_kind():
    clip = senders.audio_clip()
    with Rig() as rig:
        key = key_base64(seed=9)
        offer = ("v=0\r\no=- 1 1 IN IP4 10.77.0.2\r\ns=call\r\nc=IN IP4 10.77.0.2\r\nt=0 0\r\n"
                 "m=audio 5004 RTP/SAVP 111\r\na=rtpmap:111 opus/48000/2\r\na=mid:a0\r\na=sendonly\r\n"
                 f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n")
        status, answer, headers = rig.api("POST", "/api/v1/sessions?room=sdp&participant=bob", offer.encode(), {"Content-Type": "application/sdp"})
        equal(status, 201, f"SDP offer: {answer}")
        answer = answer.decode()
        check("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in answer and "a=recvonly" in answer, answer)
        port = int(answer.split("m=audio ")[1].split()[0])
        sid = headers["Location"].rsplit("/", 1)[1]
        senders.ffmpeg(rig, clip, port, 111, None, "AES_CM_128_HMAC_SHA1_80", key)
        time.sleep(0.3)
        rig.finish(sid)
        records = [r for r in rig.listing() if r.get("session") == sid]
        equal(len(records), 1, "recordings")
        senders.same_packets(clip, rig.path(records[0]["name"]))


def picture_size_changes_make_a_new_file():
    small, large = senders.video_clip("VP8", 2), senders.video_clip("VP8", 2, size="640x360")
    with Rig() as rig:
        keys = srtp("AEAD_AES_128_GCM", 5)

        def send(s):  # the sender's port changes too: an authentic packet takes its track along
            senders.gstreamer(rig, small, s["port"], "VP8", 96, 5, keys["profile"], keys["key"])
            senders.gstreamer(rig, large, s["port"], "VP8", 96, 6, keys["profile"], keys["key"])
        s, records = record(rig, [dict(VIDEO, srtp=keys)], send)
        equal(len(records), 2, "files")
        sizes = sorted((ivf_frames(rig.path(r["name"]))[0]["width"], r["name"]) for r in records)
        equal([w for w, _ in sizes], [320, 640], "widths")
        first, second = (rig.sidecar(n) for _, n in sizes)
        equal((first.get("next"), second.get("previous")), (sizes[1][1], sizes[0][1]), "links between the sidecars")
        for _, name in sizes:
            check(decodes(rig.path(name)) > 0, f"{name} does not decode")


def many_sessions_of_one_room():
    clip = senders.audio_clip(2)
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        sessions = [rig.open([dict(AUDIO, id=f"a{i}", ssrc=100 + i)], participant=f"p{i}") for i in range(5)]
        procs = [senders.ffmpeg(rig, clip, s["port"], 111, 100 + i, wait=False) for i, s in enumerate(sessions)]
        for p in procs:
            equal(p.wait(30), 0, "sender")
        time.sleep(0.3)
        for s in sessions:
            rig.finish(s["id"])
        records = rig.listing("?room=demo")
        equal(len(records), 5, "recordings")
        for r in records:
            senders.same_packets(clip, rig.path(r["name"]))


def two_lcores_share_the_senders():
    """RSS (af_packet's fanout by hash) brings packets where it likes: they reach the lcore that owns their session."""
    clip = senders.audio_clip(3)
    with Rig(lcores=(0, 1)) as rig:
        keys = srtp("AES_CM_128_HMAC_SHA1_80", 3)
        sessions = [rig.open([dict(AUDIO, id=f"a{i}", srtp=keys)], participant=f"p{i}") for i in range(8)]
        procs = [senders.ffmpeg(rig, clip, s["port"], 111, None, keys["profile"], keys["key"], wait=False) for s in sessions]
        for p in procs:
            equal(p.wait(30), 0, "sender")
        time.sleep(0.3)
        lcores = rig.stats()["lcore"]
        check(all(l["rx_pkts"] > 0 for l in lcores), f"one lcore saw nothing: {[l['rx_pkts'] for l in lcores]}")
        check(all(l["handed_pkts"] > 0 for l in lcores), f"one lcore owned nothing: {[l['handed_pkts'] for l in lcores]}")
        for l in lcores:
            out = l["forwarded_out"] + l["answered"] + l["rtcp_pkts"] + l["handed_pkts"] + sum(v for k, v in l.items() if k.startswith("drop_"))
            equal(l["rx_pkts"] + l["forwarded_in"], out, "packets in and out of an lcore")
        for s in sessions:
            rig.finish(s["id"])
        records = rig.listing("?room=demo")
        equal(len(records), 8, "recordings")
        for r in records:
            senders.same_packets(clip, rig.path(r["name"]))


def a_session_without_packets_ends_idle():
    with Rig(ingest="allow_plain_rtp = 1") as rig:
        s = rig.open([dict(AUDIO)], idle_timeout_s=1)
        done = wait_for("the end", lambda: (lambda x: x["state"] in ("done", "failed") and x)(rig.session(s["id"])), 10)
        equal(done["state"], "done", "state")
        check("idle" in (done.get("reason") or ""), f"reason {done.get('reason')}")
        equal(rig.listing(), [], "no recording comes of no packets")


main([vp8_plain, vp8_aes_cm_80, vp9_aes_cm_32, vp8_gcm_128_by_gstreamer, vp9_gcm_256_by_gstreamer, opus_aes_cm_80, opus_gcm_256_by_gstreamer,
      h264_plain, h264_aes_cm_80, pcmu_aes_cm_80, pcma_aes_cm_80, h264_and_g711_survive_a_kill, av1_plain,
      a_call_of_audio_and_video_with_ssrcs_unknown, ipv6_sender, neighbours_are_answered, sdp_offer_is_answered_in_kind, picture_size_changes_make_a_new_file,
      many_sessions_of_one_room, two_lcores_share_the_senders, a_session_without_packets_ends_idle])
