#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Either daemon dies, or is stopped, while a call is being recorded: what is lost, what goes on, what is found again.

    senders (namespace), which notice nothing ── veth ──> dataplane ── files, sidecars ── control
                                                             └── kill -9, SIGTERM ──┘
"""
import os
import random
import signal
import threading
import time
from datetime import datetime

import senders
from packets import AUDIO, VIDEO, Audio, Video, real_packets, same
from rig import Rig, check, decodes, equal, ivf_frames, key_base64, main, wait_for

FLUSH_MS = 200
SLACK_S = 0.6  # a kill meets a busy machine: what was sent is not yet received, what is received not yet written
DATAPLANE, CONTROL = "wirespool-dataplane", "wirespool-control"
PROFILE = "AES_CM_128_HMAC_SHA1_80"


class Going:
    """A sender that goes on in the background until it is stopped."""

    def __init__(self, sender, gap):
        self.sender, self.gap, self.stopped = sender, gap, False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopped:
            self.sender.send(1, self.gap)

    def stop(self):
        self.stopped = True
        self.thread.join()
        time.sleep(0.4)
        return self.sender.sent


def recording(rig, sid):
    return wait_for(f"session {sid} to record", lambda: (lambda s: s["state"] == "recording" and s)(rig.session(sid)), 20)


def track(name, **more):
    return dict(dict(VIDEO if name.startswith("v") else AUDIO, id=name), **more)


def files_of(rig, sid, name=None):
    """Sidecars of a session's recordings (of one track), oldest first."""
    found = [r["name"] for r in rig.listing("?limit=1000") if r.get("session") == sid and name in (None, r.get("track"))]
    return sorted((rig.sidecar(n) for n in found), key=lambda s: s["started_unix_ns"])


def unix(text):
    whole = datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    return whole + float("0" + text[19:].rstrip("Z")) if "." in text else whole


def nothing_left(rig):
    left = [n for n in os.listdir(rig.records) if n.endswith((".part", ".journal", ".json.new")) or n.startswith(".probe")]
    equal(left, [], "unfinished files")


def everything_plays(rig):
    for r in rig.listing("?limit=1000"):
        check(decodes(rig.path(r["name"])) > 0, f"{r['name']} holds nothing to play")
        equal(r["size"], os.path.getsize(rig.path(r["name"])), f"size of {r['name']} in the list")


# --- control ------------------------------------------------------------------------------------------------------------
def control_goes(how):
    clip = senders.video_clip("VP8", 2)
    with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
        call = rig.open([track("video0", ssrc=2000), track("audio1", ssrc=1000)], room="call")
        short = rig.open([track("audio1", ssrc=1001)], room="short", idle_timeout_s=1)
        waits = rig.open([track("audio1")], room="waits")
        v, a = Going(Video(rig, call["port"], clip), 0.03), Going(Audio(rig, call["port"]), 0.02)
        s = Audio(rig, short["port"], ssrc=1001)
        recording(rig, call["id"])
        s.send(20)
        recording(rig, short["id"])
        code = rig.stop(CONTROL, how)
        check(code == (0 if how == signal.SIGTERM else -9), f"control's exit code {code}")
        wait_for("the silent session's file", lambda: [n for n in os.listdir(rig.records) if n.startswith("short") and n.endswith(".json")], 10)
        rig.start_control()
        live = {x["id"]: x for x in rig.ok("GET", "/api/v1/sessions")}
        equal({i: x["state"] for i, x in live.items()}, {call["id"]: "recording", waits["id"]: "waiting"}, "sessions after the return")
        for before in (call, waits):
            now = live[before["id"]]
            equal([now[k] for k in ("room", "participant", "port")], [before[k] for k in ("room", "participant", "port")], "the session")
            equal([(t["id"], t["record"]) for t in now["tracks"]], [(t["id"], t["record"]) for t in before["tracks"]], "its tracks")
        missed = wait_for("the recording that nobody announced", lambda: rig.listing("?room=short"))
        same(real_packets(rig.path(missed[0]["name"])), s.sent, "its packets")
        gone = rig.session(short["id"])
        equal((gone["state"], [r["name"] for r in gone["recordings"]]), ("done", [missed[0]["name"]]), "the session that ended meanwhile")
        equal(len(rig.listing("?state=open")), 2, "files open")
        for body, code in ((dict(room="call", tracks=[track("audio1")]), "track_taken"), (dict(room="x", port=call["port"], tracks=[track("audio1")]), "port_taken")):
            status, answer, _ = rig.api("POST", "/api/v1/sessions", dict(body, participant="p"))
            equal((status, answer["error"]["code"]), (409, code), "what an adopted session holds")
        before = {t["id"]: t["packets"] for t in live[call["id"]]["tracks"]}
        wait_for("figures that grow", lambda: all(t["packets"] > before[t["id"]] for t in rig.session(call["id"])["tracks"]))
        sent_v, sent_a = v.stop(), a.stop()
        done = rig.finish(call["id"])
        equal((done["state"], done["reason"], len(done["recordings"])), ("done", "deleted", 2), f"the session at its end: {done}")
        video, audio = files_of(rig, call["id"], "video0"), files_of(rig, call["id"], "audio1")
        equal((len(video), len(audio), video[0]["gap_packets"], audio[0]["gap_packets"]), (1, 1, 0, 0), "files and gaps")
        same([d for _, d in ivf_frames(rig.path(video[0]["name"]))[1]], sent_v, "frames")
        same(real_packets(rig.path(audio[0]["name"])), sent_a, "packets")
        rig.finish(waits["id"])
        nothing_left(rig)


def control_is_killed():
    control_goes(signal.SIGKILL)


def control_is_stopped():
    control_goes(signal.SIGTERM)


# --- dataplane ----------------------------------------------------------------------------------------------------------
def cut_at(side, killed):
    """The file that a kill cut off is whole up to one flush interval before."""
    equal((side.get("repaired"), side["reason"], side["state"]), (True, "crash", "finished"), f"sidecar of {side['name']}")
    lost = killed - unix(side["ended"])
    check(lost <= FLUSH_MS / 1000 + SLACK_S, f"{side['name']} lacks {lost:.2f} s before the kill")


def dataplane_again(rig, sessions, away=0):
    """kill -9 and a new start; so many sessions go on in it."""
    def resumed():
        return rig.log(CONTROL).count("goes on in the new dataplane")
    before = resumed()
    rig.kill(DATAPLANE)
    time.sleep(away)
    rig.start_dataplane()
    wait_for("the sessions to go on", lambda: resumed() == before + sessions, 20)


def dataplane_is_killed_beside_plain_senders():
    """Two kills; every frame of before and after is in a file, but for the flush interval and the time of absence."""
    clip = senders.video_clip("VP8", 2)
    with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
        call = rig.open([track("video0", ssrc=2000), track("audio1")], room="call")
        waits = rig.open([track("audio1")], room="waits")
        v, a = Going(Video(rig, call["port"], clip, obeys=True), 0.03), Going(Audio(rig, call["port"]), 0.02)
        recording(rig, call["id"])
        kills = []
        for _ in range(2):
            time.sleep(1.2)
            kills.append(time.time())
            dataplane_again(rig, 2)
            now = recording(rig, call["id"])
            equal([now[k] for k in ("id", "port", "room")], [call[k] for k in ("id", "port", "room")], "the session")
        equal(rig.session(waits["id"])["state"], "waiting", "the session that waits")
        time.sleep(1.2)
        sent_v, sent_a = v.stop(), a.stop()
        late = Audio(rig, waits["port"], ssrc=5)
        late.send(20)
        time.sleep(0.3)
        packets = {t["id"]: t["packets"] for t in rig.session(call["id"])["tracks"]}
        done = rig.finish(call["id"])
        equal((done["state"], len(done["recordings"])), ("done", 6), f"the session at its end: {[r['name'] for r in done['recordings']]}")
        for name, sent, media in (("video0", sent_v, lambda p: [d for _, d in ivf_frames(p)[1]]), ("audio1", sent_a, real_packets)):
            sides = files_of(rig, call["id"], name)
            equal([s["repaired"] for s in sides], [True, True, False], f"repaired files of {name}")
            for side, killed in zip(sides, kills):
                cut_at(side, killed)
            at, first = 0, True
            for side in sides:
                got = media(rig.path(side["name"]))
                check(len(got) >= 10, f"{side['name']} holds {len(got)}")
                if name == "audio1":  # each is marked by its number
                    at = int.from_bytes(got[0][1:5], "big")
                else:
                    at = next((i for i in range(at, len(sent)) if sent[i:i + len(got)] == got), None)
                    check(at is not None, f"the frames of {side['name']} are not the ones sent")
                same(got, sent[at:at + len(got)], f"media of {side['name']}")
                check(at == 0 or not first, f"{at} of {name} are missing at the very beginning")
                at, first = at + len(got), False
            equal(at, len(sent), f"{name} up to the end")
            check(packets[name] >= sum(s["packets"] for s in sides[2:]), f"figures fell: {packets}")
        same(real_packets(rig.path(rig.finish(waits["id"])["recordings"][0]["name"])), late.sent, "packets of the session that waited")
        everything_plays(rig)
        nothing_left(rig)


def srtp_goes_on(offset, away, ssrc=None):
    """GStreamer sends SRTP from sequence number @offset on; the dataplane is away for a while in the middle."""
    clip = senders.video_clip("VP8", 8)
    with Rig(flush=FLUSH_MS) as rig:
        keys = dict(profile=PROFILE, key=key_base64(seed=11))
        call = rig.open([track("video0", srtp=keys, **(dict(ssrc=ssrc) if ssrc else {}))], room="call")
        p = senders.gstreamer(rig, clip, call["port"], "VP8", 96, 0x11223344, PROFILE, keys["key"], wait=False, pay=f"seqnum-offset={offset}")
        wait_for("packets", lambda: rig.session(call["id"])["tracks"][0]["packets"] >= 80, 20)
        killed = time.time()
        dataplane_again(rig, 1, away)
        recording(rig, call["id"])
        equal(p.wait(30), 0, "the sender")
        time.sleep(0.4)
        now = rig.session(call["id"])["tracks"][0]
        equal(now["auth_failed"], 0, "packets that failed authentication")
        done = rig.finish(call["id"])
        sides = files_of(rig, call["id"])
        equal((done["state"], len(sides)), ("done", 2), "files")
        cut_at(sides[0], killed)
        sent = [d for _, d in ivf_frames(clip)[1]]
        first, second = ([d for _, d in ivf_frames(rig.path(s["name"]))[1]] for s in sides)
        same(first, sent[:len(first)], "frames of before")
        same(second, sent[-len(second):], "frames of after")
        check(len(second) >= 30 and (len(sent) - len(second)) % 30 == 0, f"{len(second)} frames of after, which do not begin at the first key frame")
        equal(sides[1]["gap_packets"], 0, "gaps of after")
        everything_plays(rig)


def srtp_goes_on_after_the_sequence_number_wrapped():
    srtp_goes_on(65500, 0, ssrc=0x11223344)


def srtp_goes_on_when_it_wraps_during_the_absence():
    srtp_goes_on(65536 - 130, 2)


def a_sender_that_begins_anew_meanwhile_is_taken():
    """A session whose SSRC nobody named: the dataplane dies, and the sender comes back as another."""
    clip = senders.audio_clip(2)
    with Rig(flush=FLUSH_MS) as rig:
        keys = dict(profile=PROFILE, key=key_base64(seed=12))
        call = rig.open([track("audio1", srtp=keys)], room="call")
        senders.ffmpeg(rig, clip, call["port"], 111, 1111, PROFILE, keys["key"])
        recording(rig, call["id"])
        dataplane_again(rig, 1)
        senders.ffmpeg(rig, clip, call["port"], 111, 2222, PROFILE, keys["key"])
        time.sleep(0.4)
        done = rig.finish(call["id"])
        sides = files_of(rig, call["id"])
        equal((done["state"], [s["ssrc"] for s in sides]), ("done", [1111, 2222]), "files by SSRC")
        senders.same_packets(clip, rig.path(sides[1]["name"]))


def dataplane_is_stopped():
    clip = senders.video_clip("VP8", 2)
    with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
        call = rig.open([track("video0", ssrc=2000), track("audio1", ssrc=1000)], room="call")
        v, a = Going(Video(rig, call["port"], clip), 0.03), Going(Audio(rig, call["port"]), 0.02)
        recording(rig, call["id"])
        time.sleep(1)
        equal(rig.stop(DATAPLANE), 0, "exit code")
        sent_v, sent_a = v.stop(), a.stop()
        nothing_left(rig)
        done = wait_for("the session's end", lambda: (lambda s: s["state"] == "done" and s)(rig.session(call["id"])))
        equal((done["reason"], len(done["recordings"])), ("shutdown", 2), "the session")
        video, audio = files_of(rig, call["id"], "video0"), files_of(rig, call["id"], "audio1")
        equal([(s["reason"], s["repaired"]) for s in video + audio], [("shutdown", False)] * 2, "sidecars")
        got = [d for _, d in ivf_frames(rig.path(video[0]["name"]))[1]]
        check(len(got) >= 10, f"{len(got)} frames")
        same(got, sent_v[:len(got)], "frames")
        got = real_packets(rig.path(audio[0]["name"]))
        check(len(got) >= 15, f"{len(got)} packets")
        same(got, sent_a[:len(got)], "packets")
        everything_plays(rig)
        rig.start_dataplane()
        wait_for("readiness", lambda: rig.api("GET", "/readyz")[0] == 200)
        rig.finish(rig.open([track("audio1")], room="call", port=call["port"])["id"])


def a_session_is_deleted_while_the_dataplane_is_away():
    with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
        call = rig.open([track("audio1", ssrc=1000)], room="call")
        a = Audio(rig, call["port"])
        a.send(50, 0.02)
        recording(rig, call["id"])
        rig.kill(DATAPLANE)
        answer = []
        asks = threading.Thread(target=lambda: answer.append(rig.finish(call["id"])))
        asks.start()
        time.sleep(0.3)
        equal(rig.session(call["id"])["state"], "finalising", "state meanwhile")
        rig.start_dataplane()
        asks.join(15)
        check(answer, "DELETE has not answered")
        equal(answer[0]["state"], "done", f"the session {answer[0]}")
        wait_for("its recording", lambda: rig.session(call["id"])["recordings"])
        sides = files_of(rig, call["id"])
        equal((len(sides), sides[0]["repaired"]), (1, True), "files")
        got = real_packets(rig.path(sides[0]["name"]))
        check(got and got == a.sent[:len(got)], "packets")
        rig.finish(rig.open([track("audio1")], room="call", port=call["port"])["id"])


def both_are_killed():
    clip = senders.video_clip("VP8", 2)
    for order in ((DATAPLANE, CONTROL), (CONTROL, DATAPLANE)):
        with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
            call = rig.open([track("video0", ssrc=2000), track("audio1", ssrc=1000)], room="call")
            v, a = Going(Video(rig, call["port"], clip), 0.03), Going(Audio(rig, call["port"]), 0.02)
            recording(rig, call["id"])
            time.sleep(1)
            killed = time.time()
            for name in order:
                rig.kill(name)
            sent_v, sent_a = v.stop(), a.stop()
            for name in order:
                (rig.start_dataplane if name == DATAPLANE else lambda: rig.start_control(wait=False))()
            wait_for("readiness", lambda: ready(rig))
            wait_for("the recordings", lambda: len(rig.listing()) == 2)
            gone = rig.session(call["id"])
            equal((gone["state"], len(gone["recordings"])), ("done", 2), "the session, which nobody remembers")
            equal(rig.ok("GET", "/api/v1/sessions"), [], "sessions")
            for name, sent, media in (("video0", sent_v, lambda p: [d for _, d in ivf_frames(p)[1]]), ("audio1", sent_a, real_packets)):
                side, = files_of(rig, call["id"], name)
                cut_at(side, killed)
                got = media(rig.path(side["name"]))
                check(len(got) >= 10, f"{len(got)} of {name}")
                same(got, sent[:len(got)], f"media of {name}")
            everything_plays(rig)
            nothing_left(rig)
            rig.finish(rig.open([track("audio1")], room="call", port=call["port"])["id"])


def ready(rig):
    try:
        return rig.api("GET", "/readyz")[0] == 200
    except OSError:
        return False


# --- catalogue and sidecars ---------------------------------------------------------------------------------------------
def record_some(rig, count=4):
    """Names of recordings, by room."""
    names = {}
    for n in range(count):
        s = rig.open([track("audio1", ssrc=n + 1)], room=f"room{n}")
        Audio(rig, s["port"], ssrc=n + 1).send(20)
        time.sleep(0.2)
        names[f"room{n}"] = rig.finish(s["id"])["recordings"][0]["name"]
    return names


def the_catalogue_is_made_anew():
    with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
        record_some(rig)
        before = rig.listing()
        db = os.path.join(rig.records, ".catalogue.db")
        rnd = random.Random(1)

        def wipe():
            for tail in ("", "-wal", "-shm"):
                if os.path.exists(db + tail):
                    os.unlink(db + tail)

        def overwrite(data):
            wipe()
            with open(db, "wb") as f:
                f.write(data)

        with open(db, "rb") as f:
            good = f.read()

        def torn():
            overwrite(good[:len(good) // 2])

        def scratched():
            overwrite(b"".join(bytes(rnd.randrange(256) for _ in range(64)) + good[i + 64:i + 1024] if i else good[:1024] for i in range(0, len(good), 1024)))

        def directory():
            wipe()
            os.mkdir(db)
        for harm in (wipe, lambda: overwrite(b""), lambda: overwrite(bytes(rnd.randrange(256) for _ in range(50000))), torn, scratched, directory):
            rig.kill(CONTROL)
            harm()
            rig.start_control()
            wait_for("the list as it was", lambda: rig.listing() == before, 10)
            equal(len(rig.listing("?room=room2")), 1, "recordings of one room")
            if os.path.isdir(db):
                rig.kill(CONTROL)
                os.rmdir(db)
                rig.start_control()
        record_some(rig, 1)
        equal(len(rig.listing()), 5, "recordings after all that")


def sidecars_are_missing_or_damaged():
    with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
        names = record_some(rig, 9)

        def side(n):
            return rig.path(names[f"room{n}"] + ".json")

        def put(n, data):
            with open(side(n), "wb") as f:
                f.write(data)
        with open(side(2)) as f:
            whole = f.read()
        rig.stop(CONTROL)
        os.unlink(side(0))
        put(1, b"\xff\xfe no JSON" * 50)
        put(2, whole[:len(whole) // 2].encode())
        put(3, b"[" * 100000)
        put(4, b'{"room": 5, "started": [], "size": "many", "session": {"a": 1}, "upload": 7, "track": null, "gaps": {}, "name": "other.ogg", "promised": "../../etc/passwd"}')
        put(5, b'{"events": [' + b'"x",' * 3000000 + b'"x"]}')
        os.unlink(side(6))
        os.mkdir(side(6))
        os.unlink(side(7))
        os.symlink("/etc/passwd", side(7))
        for n in os.listdir(rig.records):
            if n.startswith(".catalogue"):
                os.unlink(rig.path(n))
        rig.start_control()
        wait_for("all recordings", lambda: len(rig.listing()) == 9)
        equal({r["name"] for r in rig.listing()}, set(names.values()), "names")
        for n in range(9):
            name = names[f"room{n}"]
            status, answer, _ = rig.api("GET", f"/api/records/{name}")
            check(status == 200 and answer["name"] == name and answer["size"] == os.path.getsize(rig.path(name)), f"{name}: {status} {answer}")
            status, body, _ = rig.api("GET", f"/records/{name}", raw=True)
            check(status == 200 and len(body) == answer["size"], f"{name}: {status}, {len(body)} bytes")
            check("root:" not in str(answer), "a symbolic link was followed")
        equal(rig.sidecar(names["room8"])["room"], "room8", "the one that is whole")
        status, answer, _ = rig.api("DELETE", f"/api/records/{names['room1']}")
        equal(status, 200, f"DELETE of one with a damaged sidecar: {answer}")
        rig.kill(DATAPLANE)
        rig.start_dataplane()
        wait_for("readiness", lambda: ready(rig))
        record_some(rig, 1)
        equal(len(rig.listing()), 9, "recordings at the end")


def parts_of_a_crash_may_be_damaged_too():
    with Rig(flush=FLUSH_MS, ingest="allow_plain_rtp = 1") as rig:
        sessions = [rig.open([track("audio1", ssrc=n + 1)], room=f"room{n}") for n in range(5)]
        going = [Going(Audio(rig, s["port"], ssrc=n + 1), 0.02) for n, s in enumerate(sessions)]
        for s in sessions:
            recording(rig, s["id"])
        time.sleep(1)
        rig.kill(CONTROL)
        rig.kill(DATAPLANE)
        sent = [g.stop() for g in going]
        parts = {n: next(os.path.join(rig.records, f) for f in os.listdir(rig.records) if f.startswith(f".room{n}_") and f.endswith(".part")) for n in range(5)}
        os.unlink(parts[0][:-5] + ".journal")
        with open(parts[1][:-5] + ".journal", "r+b") as f:
            f.seek(40)
            f.write(os.urandom(4000))
        with open(parts[2], "r+b") as f:
            f.truncate(os.path.getsize(parts[2]) - 33)
        with open(parts[3], "wb") as f:
            f.write(b"not a recording at all" * 100)
        os.unlink(parts[4])
        os.mkdir(parts[4])
        rig.start_dataplane()
        rig.start_control()
        records = wait_for("the list", lambda: (lambda r: len(r) >= 3 and r)(rig.listing()))
        equal(len(records), 3, "recordings repaired")
        for n in range(3):
            name = next(r["name"] for r in records if r["name"].startswith(f"room{n}_"))
            got = real_packets(rig.path(name))
            check(len(got) >= 20, f"{name}: {len(got)} packets")
            same(got, sent[n][:len(got)], name)
            check(rig.sidecar(name)["repaired"], f"{name} is not marked as repaired")
        equal(rig.sidecar(next(r["name"] for r in records if r["name"].startswith("room2_")))["room"], "room2", "room in the sidecar")
        check(os.path.exists(parts[3]), "what could not be repaired is not kept")
        everything_plays(rig)
        record_some(rig, 1)


main([control_is_killed, control_is_stopped, dataplane_is_killed_beside_plain_senders, srtp_goes_on_after_the_sequence_number_wrapped,
      srtp_goes_on_when_it_wraps_during_the_absence, a_sender_that_begins_anew_meanwhile_is_taken, dataplane_is_stopped, a_session_is_deleted_while_the_dataplane_is_away,
      both_are_killed, the_catalogue_is_made_anew, sidecars_are_missing_or_damaged, parts_of_a_crash_may_be_damaged_too])
