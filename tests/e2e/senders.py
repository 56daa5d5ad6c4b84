# SPDX-License-Identifier: BSD-3-Clause
"""Senders that we did not write: clips encoded by ffmpeg, sent by ffmpeg or GStreamer, as plain RTP or SRTP."""
import base64
import os
import struct
import subprocess
import tempfile

from rig import Failed, check, ivf_frames, ogg_packets, run

CLIPS = os.environ.get("CLIPS") or os.path.join(tempfile.gettempdir(), f"wirespool-clips-{os.getuid()}")  # kept from run to run
ENCODERS = {"VP8": ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"],
            "VP9": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1"]}


def video_clip(codec, seconds=4, size="320x180", rate=30, gop=30, kbit=400):
    """Path of an IVF file, made once."""
    os.makedirs(CLIPS, exist_ok=True)
    path = os.path.join(CLIPS, f"{codec}-{seconds}-{size}-{rate}-{gop}-{kbit}.ivf")
    if not os.path.exists(path):
        run("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}", "-t", str(seconds), *ENCODERS[codec],
            "-b:v", f"{kbit}k", "-g", str(gop), "-auto-alt-ref", "0", "-y", path + ".tmp.ivf")
        os.rename(path + ".tmp.ivf", path)
    return path


def h264_clip(seconds=4, size="320x180", rate=30, gop=30, kbit=400):
    """Path of H264 in MPEG-TS, which keeps the parameter sets in band and the times of B pictures; made once."""
    os.makedirs(CLIPS, exist_ok=True)
    path = os.path.join(CLIPS, f"H264-{seconds}-{size}-{rate}-{gop}-{kbit}.ts")
    if not os.path.exists(path):
        run("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}", "-t", str(seconds), "-c:v", "libx264", "-preset", "fast",
            "-pix_fmt", "yuv420p", "-bf", "2", "-b:v", f"{kbit}k", "-g", str(gop), "-y", path + ".tmp.ts")
        os.rename(path + ".tmp.ts", path)
    return path


def g711_clip(law, seconds=4):
    """Path of a WAVE file of pcm_mulaw or pcm_alaw, made once."""
    os.makedirs(CLIPS, exist_ok=True)
    path = os.path.join(CLIPS, f"{law}-{seconds}.wav")
    if not os.path.exists(path):
        run("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", f"sine=frequency=500:beep_factor=4:sample_rate=8000:duration={seconds}", "-c:a", law, "-y", path + ".tmp.wav")
        os.rename(path + ".tmp.wav", path)
    return path


def audio_clip(seconds=4, kbit=48, channels=2):
    """Path of an Ogg Opus file, made once."""
    os.makedirs(CLIPS, exist_ok=True)
    path = os.path.join(CLIPS, f"opus-{seconds}-{kbit}-{channels}.ogg")
    if not os.path.exists(path):
        run("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", f"sine=frequency=500:beep_factor=4:sample_rate=48000:duration={seconds}", "-ac", str(channels),
            "-c:a", "libopus", "-b:a", f"{kbit}k", "-y", path + ".tmp.ogg")
        os.rename(path + ".tmp.ogg", path)
    return path


def ffmpeg(rig, clip, port, payload_type, ssrc=None, profile=None, key=None, address="10.77.0.1", seconds=None, wait=True, more=()):
    """Send a clip as it is, at its own pace."""
    host = f"[{address}]" if ":" in address else address
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", clip, "-map", "0:0", "-c", "copy", "-strict", "experimental", "-payload_type", str(payload_type)]
    if seconds:
        argv += ["-t", str(seconds)]
    if ssrc is not None:
        argv += ["-ssrc", str(ssrc - (1 << 32) if ssrc >= 1 << 31 else ssrc)]
    if profile:
        argv += ["-srtp_out_suite", profile, "-srtp_out_params", key]
    argv += [*more, "-f", "rtp", f"{'srtp' if profile else 'rtp'}://{host}:{port}?pkt_size=1200"]
    return rig.netns_run(*argv) if wait else rig.netns(*argv)


def gstreamer(rig, clip, port, codec, payload_type, ssrc, profile, key, address="10.77.0.1", wait=True, pay=""):
    """Send a clip with GStreamer's own packetizers and srtpenc: the AEAD profiles too."""
    cipher, auth = {"AEAD_AES_128_GCM": ("aes-128-gcm", "null"), "AEAD_AES_256_GCM": ("aes-256-gcm", "null"),
                    "AES_CM_128_HMAC_SHA1_80": ("aes-128-icm", "hmac-sha1-80"), "AES_CM_128_HMAC_SHA1_32": ("aes-128-icm", "hmac-sha1-32")}[profile]
    rtcp_auth = "hmac-sha1-80" if auth != "null" else "null"
    parse = {"VP8": "ivfparse ! rtpvp8pay mtu=1200 picture-id-mode=15-bit", "VP9": "ivfparse ! vp9parse ! rtpvp9pay mtu=1200",
             "opus": "oggdemux ! opusparse ! rtpopuspay"}[codec]
    if codec == "VP9" and subprocess.run(["gst-inspect-1.0", "vp9parse"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        parse = parse.replace("vp9parse ! ", "")
    pipeline = (f"filesrc location={clip} ! {parse} pt={payload_type} ssrc={ssrc} {pay} ! srtpenc key={base64.b64decode(key).hex()} rtp-cipher={cipher} rtp-auth={auth} "
                f"rtcp-cipher={cipher} rtcp-auth={rtcp_auth} ! udpsink host={address} port={port} sync=true")
    argv = ["gst-launch-1.0", "-q", *pipeline.split()]
    return rig.netns_run(*argv) if wait else rig.netns(*argv)


def same_frames(source, recorded, clock_rate=90000, first=0, count=None):
    """The recording's frames are the source's, byte by byte, at the same times within one RTP tick."""
    head, want = ivf_frames(source)
    got_head, got = ivf_frames(recorded)
    want = want[first:] if count is None else want[first:first + count]
    check(len(got) == len(want), f"{len(got)} frames recorded, {len(want)} sent")
    check(got_head["count"] == len(got), f"the header counts {got_head['count']} of {len(got)} frames")
    check((got_head["width"], got_head["height"]) == (head["width"], head["height"]), f"size {got_head}")
    check((got_head["den"], got_head["num"]) == (clock_rate, 1), f"time base {got_head['num']}/{got_head['den']}")
    for i, ((pts, data), (got_pts, got_data)) in enumerate(zip(want, got)):
        check(data == got_data, f"frame {i} differs: {len(got_data)} bytes, {len(data)} sent")
        exact = (pts - want[0][0]) * head["num"] * clock_rate / head["den"]
        check(abs(got_pts - exact) <= 1, f"frame {i} at {got_pts}, {exact:.1f} sent")


def same_packets(source, recorded):
    """The recording's Opus packets are the source's, byte by byte; fill-ins (RFC 7845 section 4.1) are not among them."""
    want = [p for _, p in ogg_packets(source)[2:]]
    got = ogg_packets(recorded)
    check(got[0][1][:8] == b"OpusHead" and got[1][1][:8] == b"OpusTags", "no Opus headers")
    sent = [p for _, p in got[2:]]
    check(sent == want, f"{len(sent)} packets recorded, {len(want)} sent, or other bytes")
    granules = [g for g, _ in got[2:] if g is not None]
    check(granules == sorted(granules), "granule positions go backwards")
    return granules[-1]


def pictures(path):
    """Digests of the decoded frames, in the order they are shown in."""
    r = run("ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map", "0:0", "-fps_mode", "passthrough", "-f", "framehash", "-hash", "md5", "-")
    return [line.split(",")[5].strip() for line in r.splitlines() if line and line[0] != "#"]


def samples(path):
    """The data chunk of a WAVE file, and its format tag."""
    with open(path, "rb") as f:
        data = f.read()
    check(data[:4] == b"RIFF" and data[8:12] == b"WAVE" and struct.unpack_from("<I", data, 4)[0] == len(data) - 8, f"{path}: no whole RIFF WAVE")
    at, tag = 12, None
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            tag = struct.unpack_from("<H", data, at + 8)[0]
        if name == b"data":
            check(at + 8 + size + size % 2 == len(data), f"{path}: the data are not the rest")
            return tag, data[at + 8:at + 8 + size]
        at += 8 + size + size % 2
    raise Failed(f"{path}: no data")


def file_of(records, track):
    """The one recording of a track among a session's."""
    names = [r["name"] for r in records if f"_{track}_" in r["name"]]
    if len(names) != 1:
        raise Failed(f"{len(names)} recordings of {track}: {names}")
    return names[0]


def packets_file(path, video, audio, clock=90000):
    """The RTP payloads of two clips (VP8 in IVF, Opus in Ogg) with their times, for publish_datachannel.mjs; how many (audio, video)."""
    head, frames = ivf_frames(video)
    records = []
    for pts, data in frames:
        at = pts * head["num"] / head["den"]
        parts = [data[i:i + 1100] for i in range(0, len(data), 1100)]
        for i, part in enumerate(parts):
            records.append((at, 1, i == len(parts) - 1, int(at * clock), bytes([0x10 if i == 0 else 0]) + part))
    for i, (_, data) in enumerate(ogg_packets(audio)[2:]):
        records.append((i * 0.02, 0, i == 0, i * 960, data))
    records.sort(key=lambda r: r[0])
    with open(path, "wb") as f:
        for at, is_video, marker, rtp, payload in records:
            f.write(struct.pack("<IBBIH", int(at * 1e6), is_video, marker, rtp & 0xFFFFFFFF, len(payload)) + payload)
    return sum(not r[1] for r in records), sum(r[1] for r in records)
