#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""wirespool replay: a capture of what came in gives what was recorded, and the same bytes each time.

    senders (namespace) ── veth ──┬──> dataplane ──> files ─────────────┐
                                  └──> tcpdump ──> capture ──> replay ──┴── the same media, gaps and figures
"""
import contextlib
import filecmp
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import captures
import senders
from packets import AUDIO, VIDEO, opus, rtp
from rig import BUILD, Rig, check, equal, ivf_frames, key_base64, main, ogg_packets, wait_for

REPLAY = os.path.join(BUILD, "tools", "replay", "wirespool-replay")
START = 1_700_000_000_250_000_000
SAME = ["frames", "packets", "media_bytes", "gap_count", "gap_packets", "late_packets", "malformed_packets", "broken_frames", "skipped_frames", "duration_s",
        "codec", "ssrcs", "first_rtp", "last_rtp"]


class Bench:
    """A directory for captures, session files and outputs."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="wirespool-replay-e2e-")
        self.runs = 0
        os.mkdir(self.path("tmp"))
        return self

    def __exit__(self, kind, *_):
        left = os.listdir(self.path("tmp"))
        if os.environ.get("KEEP"):
            print("# kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        check(kind or not left, f"left behind in TMPDIR: {left}")

    def path(self, name):
        return os.path.join(self.dir, name)

    def sessions(self, *bodies):
        with open(self.path("sessions.json"), "w") as f:
            json.dump(bodies if len(bodies) != 1 else bodies[0], f)
        return self.path("sessions.json")

    def run(self, capture, sessions, *more, code=0, prefix=()):
        """(report, output directory) of one replay; its text instead of a report when it is to fail."""
        self.runs += 1
        out = self.path(f"out{self.runs}")
        p = subprocess.run([*prefix, REPLAY, capture, "--session", sessions, "--output", out, "--config", "/dev/null", "--json", *more],
                           capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, env=dict(os.environ, TMPDIR=self.path("tmp")))
        equal(p.returncode, code, f"replay: {p.stdout[-2000:]} {p.stderr[-2000:]}")
        return (json.loads(p.stdout), out) if code == 0 else (p.stderr, out)

    def twice(self, capture, sessions, *more):
        """Two replays give the same bytes, and the same account; of the second one (report, directory)."""
        (a, first), (b, second) = self.run(capture, sessions, *more), self.run(capture, sessions, *more)
        names = sorted(os.listdir(first))
        equal(sorted(os.listdir(second)), names, "names of the second replay")
        same, differ, odd = filecmp.cmpfiles(first, second, names, shallow=False)
        check(not differ and not odd, f"replays differ: {differ} {odd}")
        equal(dict(a, output=""), dict(b, output=""), "reports")
        check(b["ledger"]["balanced"] and b["ledger"]["accounts"] >= 4, f"ledger: {b['ledger']}")
        return b, second


def sidecar(directory, name):
    with open(os.path.join(directory, name + ".json")) as f:
        return json.load(f)


def file_of(report, track):
    names = [r["name"] for r in report["recordings"] if r["track"] == track]
    equal(len(names), 1, f"recordings of {track} among {report['recordings']}")
    return names[0]


def media(path):
    """Frames with their times; or packets, and when the last one ends: where pages end between is a matter of the time a live writer takes."""
    if path.endswith(".ivf"):
        return ivf_frames(path)[1]
    packets = ogg_packets(path)[2:]
    return [data for _, data in packets], packets[-1][0]


def same_media(got, want, what):
    """As equal(), in fewer words."""
    check(got == want, f"{what} differs: {len(got)} frames or {len(got[0])} packets, {len(want)} or {len(want[0])} live")


def drops(report):
    return {d["reason"]: d["packets"] for d in report["packets"]["drops"]}


def hint(report, text):
    check(any(text in h for h in report["hints"]), f"no hint of {text!r}: {report['hints']}")


class Tcpdump:
    """All that comes in at the recorder's port, as a capture."""

    def __init__(self, rig, path):
        self.path = path
        self.p = subprocess.Popen(["tcpdump", "-i", rig.iface, "-Q", "in", "-s", "0", "--immediate-mode", "-U", "-w", path, "udp"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, start_new_session=True)
        rig.senders.append(self.p)
        wait_for("tcpdump", lambda: os.path.exists(path) and os.path.getsize(path) >= 24)
        time.sleep(0.3)

    def stop(self):
        time.sleep(0.5)
        self.p.send_signal(signal.SIGINT)
        told = self.p.communicate(timeout=10)[1].decode()
        check("\n0 packets dropped by kernel" in "\n" + told, f"tcpdump: {told}")


def body_of(opened, tracks):
    return dict(room=opened["room"], participant=opened["participant"], port=opened["port"], address=opened["address"], tracks=tracks)


def compare(bench, rig, capture, opened, tracks):
    """What was recorded live against a replay of the same packets."""
    live = [r for r in rig.listing("?limit=100") if r.get("session") == opened["id"]]
    report, out = bench.twice(capture, bench.sessions(body_of(opened, tracks)), "--config", rig.ini)
    for track in tracks:
        was, name = senders.file_of(live, track["id"]), file_of(report, track["id"])
        same_media(media(os.path.join(out, name)), media(rig.path(was)), f"media of {track['id']}")
        a, b = sidecar(rig.records, was), sidecar(out, name)
        equal({k: b.get(k) for k in SAME}, {k: a.get(k) for k in SAME}, f"figures of {track['id']}")
        equal([(g["seq"], g["rtp"], g["packets"], g["cause"]) for g in b["gaps"]], [(g["seq"], g["rtp"], g["packets"], g["cause"]) for g in a["gaps"]],
              f"gaps of {track['id']}")
    return report, out


def live_srtp_and_plain_rtp_agree_with_their_replay():
    video, audio = senders.video_clip("VP8"), senders.audio_clip()
    key = key_base64(seed=3)
    tracks = [dict(VIDEO, ssrc=0x10203040, srtp=dict(profile="AES_CM_128_HMAC_SHA1_80", key=key)), dict(AUDIO, ssrc=0x50607080)]
    with Bench() as bench, Rig(ingest="allow_plain_rtp = 1") as rig:
        opened = rig.open(tracks)
        dump = Tcpdump(rig, bench.path("live.pcap"))
        both = [senders.ffmpeg(rig, video, opened["port"], 96, tracks[0]["ssrc"], "AES_CM_128_HMAC_SHA1_80", key, wait=False),
                senders.ffmpeg(rig, audio, opened["port"], 111, tracks[1]["ssrc"], wait=False)]
        for p in both:
            equal(p.wait(60), 0, "ffmpeg")
        dump.stop()
        rig.finish(opened["id"])
        report, out = compare(bench, rig, dump.path, opened, tracks)
        senders.same_frames(video, os.path.join(out, file_of(report, "video0")))
        senders.same_packets(audio, os.path.join(out, file_of(report, "audio1")))
        check(report["packets"]["rtcp_pkts"] > 0, "no RTCP in the replay")
        equal(report["hints"], [], "hints")


def live_loss_reordering_and_duplicates_agree_with_their_replay():
    with Bench() as bench, Rig(ingest="allow_plain_rtp = 1") as rig:
        tracks = [dict(AUDIO, ssrc=1000)]
        opened = rig.open(tracks)
        dump = Tcpdump(rig, bench.path("live.pcap"))
        sock = rig.socket()
        for i in disturbed(300):
            sock.sendto(rtp(100 + i, 5000 + i * 960, 1000, opus(i)), ("10.77.0.1", opened["port"]))
            time.sleep(0.02)
        sock.close()
        dump.stop()
        rig.finish(opened["id"])
        report, _ = compare(bench, rig, dump.path, opened, tracks)
        received = report["sessions"][0]["tracks"][0]["received"]
        equal((received["lost_pkts"], received["duplicate_pkts"]), (7, 3), "lost and twice")
        check(received["reordered_pkts"] > 0, f"none out of order: {received}")
        equal(drops(report), {"duplicate": 3}, "drops")


def disturbed(count):
    """Numbers of packets in the order they are sent in: two gaps, three twice, some swapped."""
    order = [i for i in range(count) if i not in (50, 51, 52, 53, 54, 120, 121)]
    for at in (30, 80, 150, 200):
        order[at], order[at + 1] = order[at + 1], order[at]
    for at in (40, 100, 220):
        order.insert(at, order[at - 1])
    return order


def audio_packets(count=200, port=20000, start=START, gap_at=None, gap_s=0, **more):
    """Opus of 20 ms each; @gap_s seconds of silence before packet @gap_at."""
    packets = []
    for i in range(count):
        at = start + i * 20_000_000 + (int(gap_s * 10**9) if gap_at is not None and i >= gap_at else 0)
        packets.append((at, captures.datagram(rtp(100 + i, 5000 + i * 960, 1000, opus(i)), port, **more)))
    return packets


BODY = dict(room="demo", participant="alice", port=20000, tracks=[AUDIO])


def every_link_and_format_gives_the_same_media():
    with Bench() as bench:
        packets = audio_packets()
        for link in (captures.ETHERNET, captures.SLL, captures.SLL2, captures.RAW, captures.NULL):
            captures.write_pcap(bench.path(f"{link}.pcap"), packets, link)
            captures.write_pcapng(bench.path(f"{link}.pcapng"), packets, link)
        for name in sorted(n for n in os.listdir(bench.dir) if ".pcap" in n):
            report, out = bench.run(bench.path(name), bench.sessions(BODY))
            got, _ = media(os.path.join(out, file_of(report, "audio1")))
            check(got == [opus(i) for i in range(200)], f"{name}: {len(got)} packets, or other bytes")
            equal(sidecar(out, file_of(report, "audio1"))["started_unix_ns"], START, f"start of {name}")


def a_cut_capture_is_replayed_up_to_its_end():
    with Bench() as bench:
        captures.write_pcap(bench.path("a.pcap"), audio_packets())
        os.truncate(bench.path("a.pcap"), os.path.getsize(bench.path("a.pcap")) * 2 // 3)
        report, out = bench.twice(bench.path("a.pcap"), bench.sessions(BODY))
        check(report["capture"]["damage"], "damage is not told")
        hint(report, "The file ends early")
        equal(sidecar(out, file_of(report, "audio1"))["frames"], report["capture"]["packets"], "frames up to the cut")
        check(100 < report["capture"]["packets"] < 200, report["capture"]["packets"])


def cut_packets_are_told():
    with Bench() as bench:
        captures.write_pcap(bench.path("a.pcap"), audio_packets(), snap=96)
        report, _ = bench.run(bench.path("a.pcap"), bench.sessions(BODY))
        equal((report["capture"]["cut_packets"], drops(report)), (200, {"truncated": 200}), "cut packets")
        hint(report, "tcpdump -s 0")


def a_wrong_key_is_told_packet_by_packet():
    key, wrong = key_base64(seed=3), key_base64(seed=4)
    profile = "AES_CM_128_HMAC_SHA1_80"
    clip = senders.video_clip("VP8", seconds=2)
    with Bench() as bench, Rig() as rig:
        tracks = [dict(VIDEO, srtp=dict(profile=profile, key=key))]
        opened = rig.open(tracks)
        dump = Tcpdump(rig, bench.path("live.pcap"))
        senders.ffmpeg(rig, clip, opened["port"], 96, 7, profile, key)
        dump.stop()
        rig.finish(opened["id"])
        good, _ = bench.run(dump.path, bench.sessions(body_of(opened, tracks)))
        equal(drops(good), {}, "drops with the right key")
        bad, _ = bench.twice(dump.path, bench.sessions(body_of(opened, [dict(VIDEO, srtp=dict(profile=profile, key=wrong))])))
        equal((drops(bad), bad["recordings"]), ({"auth": good["capture"]["packets"]}, []), "drops with a wrong key")
        hint(bad, "key or profile is not the sender's")


def unfinished_checksums_are_told_and_may_be_passed_over():
    with Bench() as bench:
        captures.write_pcap(bench.path("a.pcap"), audio_packets(checksum=0x1234))
        report, _ = bench.run(bench.path("a.pcap"), bench.sessions(BODY))
        equal((drops(report), report["recordings"]), ({"udp_checksum": 200}, []), "drops")
        hint(report, "--ignore-checksums")
        report, out = bench.twice(bench.path("a.pcap"), bench.sessions(BODY), "--ignore-checksums")
        equal(sidecar(out, file_of(report, "audio1"))["frames"], 200, "frames")


def hours_pass_in_seconds_and_silence_ends_a_session():
    with Bench() as bench:
        captures.write_pcap(bench.path("a.pcap"), audio_packets(gap_at=100, gap_s=7200))
        began = time.monotonic()
        report, out = bench.twice(bench.path("a.pcap"), bench.sessions(BODY))
        check(time.monotonic() - began < 60, "two hours took a minute")
        side = sidecar(out, file_of(report, "audio1"))
        equal((side["reason"], side["frames"]), ("idle", 100), "its end")
        equal(drops(report), {"no_flow": 100}, "what came after")


def several_sessions_share_a_capture():
    with Bench() as bench:
        packets = audio_packets() + audio_packets(port=20002, dst="10.77.0.9", start=START + 7) + audio_packets(10, port=5000, start=START + 11)
        captures.write_pcap(bench.path("a.pcap"), sorted(packets))
        second = dict(BODY, participant="bob", port=20002, tracks=[dict(AUDIO, id="audio2")])
        third = dict(BODY, participant="carol", port=30000, tracks=[dict(AUDIO, id="audio3")])
        report, out = bench.twice(bench.path("a.pcap"), bench.sessions(BODY, second, third))
        equal([s["address"] for s in report["sessions"]], ["10.77.0.1", "10.77.0.9", "10.77.0.1"], "addresses")
        for track in ("audio1", "audio2"):
            equal(sidecar(out, file_of(report, track))["frames"], 200, track)
        equal(drops(report), {"no_flow": 10}, "drops")
        hint(report, "session at port 30000; there is UDP to 10.77.0.1:20000 (200 packets)")


def an_ordinary_user_needs_no_set_up():
    with Bench() as bench:
        captures.write_pcap(bench.path("a.pcap"), audio_packets())
        sessions = bench.sessions(BODY)
        root, out = bench.run(bench.path("a.pcap"), sessions)
        os.chmod(bench.dir, 0o777)
        program = bench.path("wirespool-replay")  # the build may be where nobody may go
        shutil.copy(REPLAY, program)
        with open(bench.path("secrets.ini"), "w") as f:  # what it names is root's
            f.write("[upload]\nenabled = 1\n[s3]\nbucket = b\naccess_key = ${S3_ACCESS_KEY}\nsecret_key = ${S3_SECRET_KEY}\n"
                    "[control]\nlisten = 0.0.0.0:8080\napi_tokens = ${WIRESPOOL_API_TOKENS}\n")
        for theirs, more in (("theirs", []), ("configured", ["--config", bench.path("secrets.ini")])):
            theirs = bench.path(theirs)
            p = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i", program, bench.path("a.pcap"), "--session", sessions, "-o", theirs, *more],
                               capture_output=True, text=True, timeout=120)
            equal((p.returncode, p.stderr), (0, ""), f"as nobody, {more}")
            check("ledger: every packet is accounted for" in p.stdout and "200 packets" in p.stdout, p.stdout)
            names = sorted(os.listdir(out))
            equal(filecmp.cmpfiles(out, theirs, names, shallow=False)[0], names, "files that are the same")


def what_is_no_capture_and_wrong_use_are_told():
    with Bench() as bench:
        good, text, empty = bench.path("a.pcap"), bench.path("text"), bench.path("empty.pcap")
        captures.write_pcap(good, audio_packets(5))
        captures.write_pcap(empty, [])
        with open(text, "w") as f:
            f.write("no capture at all, but long enough for any header\n" * 4)
        sessions = bench.sessions(BODY)
        check("no pcap or pcapng capture" in bench.run(text, sessions, code=1)[0], "text")
        check("no packet is in it" in bench.run(empty, sessions, code=1)[0], "empty")
        check("No such file" in bench.run(bench.path("absent"), sessions, code=1)[0], "absent")
        check("codec: missing" in bench.run(good, bench.sessions(dict(BODY, tracks=[dict(id="a", payload_type=111)])), code=2)[0], "a track without codec")
        check('"port"' in bench.run(good, bench.sessions({k: v for k, v in BODY.items() if k != "port"}), code=2)[0], "no port")
        check("unrecognized option" in bench.run(good, sessions, "--bogus", code=2)[0], "an unknown option")
        os.makedirs(bench.path("full/x"))
        check("not empty" in bench.run(good, bench.sessions(BODY), "--output", bench.path("full"), code=2)[0], "an output that is not empty")
        equal(os.listdir(bench.path("full")), ["x"], "what is in it")


def a_signal_ends_it_and_leaves_nothing_behind():
    with Bench() as bench:
        captures.write_pcap(bench.path("a.pcap"), audio_packets(40000))
        p = subprocess.Popen([REPLAY, bench.path("a.pcap"), "--session", bench.sessions(BODY), "-o", bench.path("out"), "--config", "/dev/null"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ, TMPDIR=bench.path("tmp")))
        wait_for("its recording", lambda: os.path.isdir(bench.path("out")) and os.listdir(bench.path("out")), every=0.01)
        p.send_signal(signal.SIGINT)
        equal((p.communicate(timeout=30)[0], p.returncode), (b"", 1), "output and exit code")


def a_signal_ends_the_first_walk_too():
    """The capture is a pipe that goes on and on, so nothing but the signal ends the walk."""
    for number in (signal.SIGINT, signal.SIGTERM):
        with Bench() as bench:
            captures.write_pcap(bench.path("a.pcap"), audio_packets(2000))
            with open(bench.path("a.pcap"), "rb") as f:
                header, packets = f.read(24), f.read()
            os.mkfifo(bench.path("pipe"))
            p = subprocess.Popen([REPLAY, bench.path("pipe"), "--session", bench.sessions(BODY), "-o", bench.path("out"), "--config", "/dev/null"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, TMPDIR=bench.path("tmp")))
            try:
                with contextlib.suppress(BrokenPipeError), open(bench.path("pipe"), "wb", buffering=0) as pipe:
                    pipe.write(header)
                    for i in range(200):  # more than a walk that does not look would ever be given
                        pipe.write(packets)
                        if i == 5:
                            p.send_signal(number)
                    check(False, "the walk goes on")
                equal((*p.communicate(timeout=30), p.returncode), (b"", b"", 1), f"output and exit code by {number}")
                check(not os.path.exists(bench.path("out")), "an output was made")
            finally:
                p.kill()
                p.wait()


def webrtc_is_told_to_be_out_of_reach():
    with Bench() as bench:
        hello = bytes([22, 0xFE, 0xFD]) + bytes(60)
        captures.write_pcap(bench.path("a.pcap"), audio_packets(5) + [(START + 10**9, captures.datagram(hello, 3478))])
        report, _ = bench.run(bench.path("a.pcap"), bench.sessions(BODY))
        hint(report, "10.77.0.1:3478 took part in DTLS handshakes")


main([live_srtp_and_plain_rtp_agree_with_their_replay, live_loss_reordering_and_duplicates_agree_with_their_replay, every_link_and_format_gives_the_same_media,
      a_cut_capture_is_replayed_up_to_its_end, cut_packets_are_told, a_wrong_key_is_told_packet_by_packet, unfinished_checksums_are_told_and_may_be_passed_over,
      hours_pass_in_seconds_and_silence_ends_a_session, several_sessions_share_a_capture, an_ordinary_user_needs_no_set_up,
      what_is_no_capture_and_wrong_use_are_told, a_signal_ends_it_and_leaves_nothing_behind, a_signal_ends_the_first_walk_too, webrtc_is_told_to_be_out_of_reach])
