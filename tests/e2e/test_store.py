#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The whole recorder with an object store: what is recorded arrives there, and the local copy goes when it may.

    ffmpeg (namespace) ── RTP ──> dataplane ─ files ─ control ──> counting, faulty proxy ──> Swift's S3
                                                └── HTTP: downloads while it grows
"""
import os
import shutil
import struct
import time

import senders
import store
from fault_proxy import INTERNAL, Fault
from rig import Rig, check, equal, main, run, wait_for

VIDEO = dict(id="video0", codec="VP8", payload_type=96, clock_rate=90000, ssrc=7)
AUDIO = dict(id="audio1", codec="opus", payload_type=111, clock_rate=48000, channels=2)
ROOM, PARTICIPANT = "salle d'été / 7", "zoë"


def noise_clip():
    """Two seconds of some 25 Mbit/s, made once: parts of 5 MiB fill soon."""
    os.makedirs(senders.CLIPS, exist_ok=True)
    path = os.path.join(senders.CLIPS, "VP8-noise.ivf")
    if not os.path.exists(path):
        run("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30,noise=alls=100:allf=t", "-t", "2", *senders.ENCODERS["VP8"],
            "-b:v", "40M", "-qmin", "0", "-qmax", "6", "-g", "30", "-auto-alt-ref", "0", "-y", path + ".tmp.ivf")
        os.rename(path + ".tmp.ivf", path)
    return path


class Recorder(Rig):
    def __init__(self, upload=None, env=None, **more):
        super().__init__(ingest="allow_plain_rtp = 1", rest=swift.ini(**(upload or {})), env=env or swift.env(), **more)

    def send_video(self, session, times):
        """ffmpeg, sending the clip so many times over, at its own pace."""
        return self.netns("ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", times - 1, "-i", noise_clip(), "-map", "0:0", "-c", "copy",
                          "-payload_type", 96, "-ssrc", 7, "-f", "rtp", f"rtp://10.77.0.1:{session['port']}?pkt_size=1200")

    def send_audio(self, session, ssrc, seed):
        """Twenty Opus packets made by hand."""
        with self.socket() as out:
            for i in range(20):
                out.sendto(struct.pack("!BBHII", 0x80, 111, 100 + i, 960 * i, ssrc) + b"\xfc" + bytes([seed, i]) * 20, ("10.77.0.1", session["port"]))
                time.sleep(0.002)
        wait_for("packets", lambda: self.session(session["id"])["tracks"][0].get("packets") == 20)

    def record_audio(self, room="demo", ssrc=9, seed=0):
        """A short recording, finished; its name."""
        s = self.open([dict(AUDIO, ssrc=ssrc)], room=room)
        self.send_audio(s, ssrc, seed)
        done = self.finish(s["id"])
        equal((done["state"], len(done["recordings"])), ("done", 1), "a short recording")
        return done["recordings"][0]["name"]

    def bytes(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def wait_uploaded(self, seconds=30):
        return wait_for("every recording to be uploaded", lambda: (lambda rs: rs and all(r["uploaded"] for r in rs) and rs)(self.listing()), seconds)


def same_object(rig, name):
    """The object is the file, once, and says what it is."""
    body, headers = swift.s3.get(store.BUCKET, store.PREFIX + name)
    check(body == rig.bytes(name), f"the object of {name} is not the file")
    equal(swift.completed().count(name), 1, f"completions of {name}")
    return headers


def a_recording_goes_out_and_is_served_while_it_grows():
    with Recorder() as rig:
        s = rig.open([VIDEO], room=ROOM, participant=PARTICIPANT)
        sender = rig.send_video(s, 4)
        name = wait_for("an open recording", lambda: (lambda rs: rs and rs[0]["size"] > 100000 and rs[0])(rig.listing("?state=open")))["name"]
        got = b""
        while sender.poll() is None:  # a player that follows
            status, more, headers = rig.api("GET", f"/records/{name}", headers={"Range": f"bytes={len(got)}-"}, raw=True)
            check(status in (206, 416), f"range of a growing file: {status}")
            if status == 206:
                equal(headers["Content-Range"], f"bytes {len(got)}-{len(got) + len(more) - 1}/{len(got) + len(more)}", "Content-Range")
                got += more
            time.sleep(0.2)
        wait_for("parts while it grows", lambda: swift.proxy.seen("part", ok=True))
        early = [e.part for e in swift.proxy.seen("part")]
        check(1 not in early, f"part 1, whose header is patched at close, went out early: {early}")
        status = rig.ok("GET", "/api/v1/uploads")
        equal([(u["name"], u["growing"]) for u in status], [(name, True)], "uploads")
        check(status[0]["bytes_done"] >= 5 << 20, f"bytes done {status[0]['bytes_done']}")
        equal(rig.sidecar(name)["state"], "open", "state of a growing recording")
        equal(rig.finish(s["id"])["state"], "done", "state")
        got += rig.api("GET", f"/records/{name}", headers={"Range": f"bytes={len(got)}-"}, raw=True)[1] if len(got) < os.path.getsize(rig.path(name)) else b""
        check(got[32:] == rig.bytes(name)[32:], "what a follower read is not the file behind its header")
        rig.wait_uploaded()
        headers = same_object(rig, name)
        side = rig.sidecar(name)
        equal(side["gap_packets"], 0, "gaps")
        equal((side["upload"]["state"], side["upload"]["key"], side["upload"]["etag"]), ("done", store.PREFIX + name, headers["etag"].strip('"')), "upload in the sidecar")
        equal({k: v for k, v in headers.items() if k.startswith("x-amz-meta") or k == "content-type"},
              {"content-type": "video/x-ivf", "x-amz-meta-room": "salle%20d%27%C3%A9t%C3%A9%20%2F%207", "x-amz-meta-participant": "zo%C3%AB", "x-amz-meta-track": "video0",
               "x-amz-meta-started": side["started"][:23] + "Z"}, "metadata")
        ops = [e.op for e in swift.proxy.log if e.op != "list"]
        equal((ops[0], ops[-2:]), ("create", ["complete", "head"]), "order of requests")
        equal(rig.ok("GET", "/api/v1/uploads"), [], "uploads when all is done")


def control_is_killed_while_a_growing_file_goes_out():
    with Recorder() as rig:
        s = rig.open([VIDEO], room=ROOM)
        sender = rig.send_video(s, 5)
        swift.proxy.delay = 0.3
        wait_for("a part under way", lambda: swift.proxy.seen("part"), 20)
        rig.kill("wirespool-control")
        rig.start_control()
        wait_for("another part", lambda: len(swift.proxy.seen("part", ok=True)) >= 2, 20)
        rig.kill("wirespool-control")
        rig.start_control()
        equal(sender.wait(30), 0, "sender")
        done = rig.finish(s["id"])
        equal((done["state"], len(done["recordings"])), ("done", 1), "the session")
        rig.wait_uploaded()
        headers = same_object(rig, done["recordings"][0]["name"])
        check("x-amz-meta-room" in headers, "no room in the metadata")
        equal(len(swift.proxy.seen("create")), 1, "multipart uploads begun")
        wait_for("nothing left behind", lambda: swift.s3.uploads(store.BUCKET) == [])


def the_dataplane_is_killed_while_its_file_is_half_uploaded():
    with Recorder() as rig:
        s = rig.open([VIDEO], room=ROOM)
        sender = rig.send_video(s, 4)
        wait_for("a part", lambda: swift.proxy.seen("part", ok=True), 20)
        first = rig.listing("?state=open")[0]["name"]
        rig.kill("wirespool-dataplane")
        equal(rig.api("DELETE", f"/api/records/{first}")[0], 409, "DELETE of what is to be repaired")
        equal(rig.api("GET", f"/records/{first}", headers={"Range": "bytes=0-3"}, raw=True)[:2], (206, b"DKIF"), "its beginning")
        rig.start_dataplane()
        equal(sender.wait(30), 0, "sender")
        done = wait_for("the end", lambda: (lambda d: d["state"] == "done" and d)(rig.finish(s["id"])))
        records = rig.wait_uploaded()
        equal({r["name"] for r in records}, {first} | {r["name"] for r in done["recordings"]}, "recordings")
        for r in records:
            equal(same_object(rig, r["name"])["x-amz-meta-track"], "video0", "metadata")
        check(rig.sidecar(first)["repaired"], "the first file was not repaired")
        equal(swift.s3.uploads(store.BUCKET), [], "uploads left behind")


def a_local_copy_goes_only_when_head_has_proved_the_object():
    with Recorder(dict(delete_after_upload=1)) as rig:
        swift.proxy.add(Fault("head", times=1000, answer=(500, INTERNAL)))
        name = rig.record_audio()
        data = rig.bytes(name)
        wait_for("looks in vain", lambda: len(swift.proxy.seen("head")) >= 2)
        time.sleep(3.5)  # longer than it stays for its name's sake
        check(rig.bytes(name) == data, "the local copy went before the object was proved")
        equal([r["uploaded"] for r in rig.listing()], [False], "uploaded, without proof")
        swift.proxy.faults.clear()
        wait_for("the local copy to go", lambda: not os.path.exists(rig.path(name)), 20)
        check(swift.proxy.seen("head", ok=True), "it went without HEAD")
        check(swift.get(name) == data, "the object is not what was recorded")
        equal(swift.completed(), [name], "completions")
        wait_for("nothing of it to stay", lambda: [f for f in os.listdir(rig.records) if name in f] == [])
        equal((rig.listing(), rig.api("GET", f"/api/records/{name}")[0], rig.api("GET", f"/records/{name}")[0]), ([], 404, 404), "what the API has of it")


def short_recordings_of_one_second_keep_their_objects():
    """The name of one whose local copy went is not given to the next, whose object would take its place."""
    with Recorder(dict(delete_after_upload=1)) as rig:
        names = []
        for i in range(8):
            names.append(rig.record_audio(ssrc=100 + i, seed=i))
            wait_for("the upload", lambda: names[-1] in swift.completed())
        equal(len(set(names)), 8, f"different names among {names}")
        wait_for("the local copies to go", lambda: rig.listing() == [], 20)
        equal(sorted(swift.completed()), sorted(names), "objects")
        for i, name in enumerate(names):
            check(bytes([i, 19]) * 20 in swift.get(name), f"{name} holds another recording")


def rooms_that_look_alike_find_their_own_recordings():
    """Their files' names differ only in the copy number, whichever begins first."""
    with Recorder() as rig:
        rooms = ["房间一", "房间二", "房间三"]
        sessions = [rig.open([dict(AUDIO, ssrc=1 + i)], room=room) for i, room in enumerate(rooms)]
        promised = [s["tracks"][0]["record"] for s in sessions]
        equal(len(set(promised)), 3, f"names among {promised}")
        for i in (2, 0, 1):
            rig.send_audio(sessions[i], 1 + i, i)
        for state in ("open", "finished"):
            for i, name in enumerate(promised):
                body = wait_for(f"what was promised as {name}", lambda: (lambda b: b"\xfc" in b and b)(rig.api("GET", f"/records/{name}", raw=True)[1]))
                check(bytes([i, 0]) * 20 in body, f"{name}, {state}, is another room's recording")
                equal(rig.sidecar(name)["room"], rooms[i], f"room of {name}, {state}")
            for s in sessions:
                rig.finish(s["id"])


def what_is_deleted_while_it_goes_out_leaves_nothing():
    with Recorder(dict(parallel_parts=1)) as rig:
        s = rig.open([VIDEO])
        equal(rig.send_video(s, 2).wait(30), 0, "sender")
        swift.proxy.delay = 0.5
        name = rig.finish(s["id"])["recordings"][0]["name"]
        wait_for("a part under way", lambda: swift.proxy.seen("part"))
        equal(rig.api("DELETE", f"/api/records/{name}")[0], 200, "DELETE")
        wait_for("the upload to be aborted", lambda: swift.proxy.seen("abort", ok=True))
        wait_for("its ledger to go", lambda: [f for f in os.listdir(rig.records) if name in f] == [])
        equal((rig.ok("GET", "/api/v1/uploads"), swift.get(name), swift.s3.uploads(store.BUCKET)), ([], None, []), "what is left")


def retention_waits_for_the_store():
    with Recorder(record="retention_days = 1") as rig:
        swift.proxy.go_away()
        try:
            old, new = rig.record_audio("old"), rig.record_audio("new")
            os.utime(rig.path(old), (time.time() - 3 * 86400,) * 2)
            rig.kill("wirespool-control")
            rig.start_control_alone()
            wait_for("a try", lambda: any(u["tries"] for u in rig.ok("GET", "/api/v1/uploads")))
            time.sleep(1.5)
            equal({r["name"] for r in rig.listing()}, {old, new}, "recordings that nobody has a copy of")
            status, why, _ = rig.api("GET", "/readyz")
            check(status == 503 and not why["checks"]["store"]["ok"], f"readiness without a store: {status} {why}")
        finally:
            swift.proxy.come()
        rig.wait_uploaded()
        rig.kill("wirespool-control")
        rig.start_control()
        wait_for("the old one to go", lambda: [r["name"] for r in rig.listing()] == [new])
        check(swift.get(old), "the object of the old one")


def a_directory_that_was_replaced_is_uploaded_from():
    with Recorder() as rig:
        rig.record_audio("before")
        rig.wait_uploaded()
        shutil.rmtree(rig.records)
        os.makedirs(rig.records)
        wait_for("readiness", lambda: rig.api("GET", "/readyz")[0] == 200)
        name = rig.record_audio("after")
        rig.wait_uploaded()
        same_object(rig, name)


def fresh(case):
    def run_case():
        swift.proxy.reset()
        case()
    run_case.__name__ = case.__name__
    return run_case


CASES = [a_recording_goes_out_and_is_served_while_it_grows, control_is_killed_while_a_growing_file_goes_out, the_dataplane_is_killed_while_its_file_is_half_uploaded,
         a_local_copy_goes_only_when_head_has_proved_the_object, short_recordings_of_one_second_keep_their_objects,
         rooms_that_look_alike_find_their_own_recordings, what_is_deleted_while_it_goes_out_leaves_nothing,
         retention_waits_for_the_store, a_directory_that_was_replaced_is_uploaded_from]

with store.Store() as swift:
    main([fresh(case) for case in CASES])
