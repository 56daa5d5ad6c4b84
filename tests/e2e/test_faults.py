#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What an operator, a disk and a client can do wrong: said clearly, refused or survived, and nobody else is hurt.

    senders (namespace) ── veth ──> dataplane ── files ──> a small tmpfs, a directory that vanishes, …
                                                  control's API <── requests that are none
"""
import base64
import contextlib
import json
import os
import re
import shutil
import signal
import ssl
import stat
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import senders
from disks import ballast, slow_disk, tmpfs
from packets import AUDIO, VIDEO, Audio, Video, real_packets, rtcp_packets, same
from rig import BUILD, ROOT, Rig, Skipped, check, decodes, equal, ivf_frames, key_base64, main, run, wait_for

DAEMONS = {"wirespool-dataplane": "dataplane", "wirespool-control": "control"}
PLAIN = dict(ingest="allow_plain_rtp = 1")


# --- daemons that are expected to end by themselves ---------------------------------------------------------------------
def program(name):
    return os.path.join(BUILD, DAEMONS[name], name)


def ends(name, ini, *args, env=None):
    """(exit code, output with DIR for the directory, names left in the directory) of a daemon on this configuration; {dir} in it."""
    with tempfile.TemporaryDirectory(prefix="wirespool-e2e-") as place:
        path = os.path.join(place, "w.ini")
        with open(path, "w") as f:
            f.write(ini.replace("{dir}", place))
        p = subprocess.run([program(name), "--config", path, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=dict(os.environ, **(env or {})), timeout=60, text=True)
        return p.returncode, p.stdout.replace(place, "DIR"), sorted(os.listdir(place))


PLACES = "[record]\ndir = {dir}/records\nmin_free_mb = 0\n[dataplane]\nrun_dir = {dir}/run\nhugepages = off\nmemory_mb = 128\nblock_mb = 16\nmbufs = 4095\n[control]\nlisten = 127.0.0.1:1\ndtls_dir = {dir}/dtls\n"


def a_bad_configuration_starts_nothing():
    cases = [  # what stands in the first lines, line of the error, what the message names
        ("[record]\nno_such = 1\n", 2, "no_such"),
        ("[nowhere]\nx = 1\n", 1, "nowhere"),
        ("[record]\nflush_interval_ms = soon\n", 2, "flush_interval_ms"),
        ("[record]\nflush_interval_ms = 9\n", 2, "10 to 60000"),
        ("[record]\nio = sideways\n", 2, "auto, direct or buffered"),
        ("[record]\nfilename = {room}.{ext}\n", 2, "filename"),
        ("[record]\nfilename = ${NO_SUCH_VARIABLE}\n", 2, "NO_SUCH_VARIABLE"),
        ("[upload]\nenabled = 1\n", 2, "S3_BUCKET"),
        ("[s3]\nbucket = b\naccess_key = a\n[upload]\nenabled = 1\n", 5, "S3_SECRET_KEY"),
        ("[ingest]\naddress = 10.77.0.300/24\n", 2, "10.77.0.300"),
        ("[ingest]\nport_range = 5000-4000\n", 2, "5000-4000"),
        ("[dataplane]\nlcores = two\n", 2, "lcores"),
        ("[control]\nlisten = 0.0.0.0:8080\n", 2, "api_tokens"),
        ("[control]\ntls_cert = /tmp/x\n", 2, "tls_key"),
        ("[log]\nlevel = loud\n", 2, "loud"),
        ("not a line of an INI\n", 1, ""),
    ]
    for name in DAEMONS:
        for text, line, names in cases:
            ini = text + (PLACES if not text.startswith("[control]") else PLACES.split("[control]")[0])
            for args in ((), ("--check",)):
                code, out, left = ends(name, ini, *args)
                equal(code, 2, f"exit code of {name} {args} with {text!r}: {out}")
                check(f"DIR/w.ini:{line}: " in out, f"{name} names no line {line} for {text!r}: {out}")
                check(names in out, f"{name} does not name {names} for {text!r}: {out}")
                equal(left, ["w.ini"], f"what {name} left behind after {text!r}")
        code, out, left = ends(name, PLACES, env=dict(RECORD_ENABLED="perhaps"))
        equal((code, left), (2, ["w.ini"]), f"{name} with a bad environment")
        check("environment RECORD_ENABLED: " in out, out)
        p = subprocess.run([program(name), "--config", "/no/such/file.ini"], capture_output=True, text=True)
        check(p.returncode == 2 and "/no/such/file.ini" in p.stderr, f"{name} without its file: {p.returncode} {p.stderr}")
        for wrong in (["--no-such"], ["--config"], ["surplus"]):
            p = subprocess.run([program(name), *wrong], capture_output=True, text=True)
            check(p.returncode == 2 and p.stderr, f"{name} {wrong}: {p.returncode} {p.stderr}")


def the_sample_is_good_and_secrets_are_masked():
    for name in DAEMONS:
        sample = run(program(name), "--sample-config")
        with open(os.path.join(ROOT, "appliance/wirespool.ini")) as f:
            equal(sample, f.read(), "--sample-config and appliance/wirespool.ini")
        code, out, left = ends(name, sample, "--check")
        equal((code, left), (0, ["w.ini"]), f"{name} --check of the sample: {out}")
        code, out, _ = ends(name, re.sub(r"(?m)^#([a-z_]+ =)", r"\1", sample), "--check")  # every option said aloud
        equal(code, 0, f"{name} --check of the sample with all options: {out}")
        secrets = dict(SECRET="sw0rdf1sh-the-secret", S3_SESSION_TOKEN="sess10n-the-token", WIRESPOOL_API_TOKENS="t0ken-one,t0ken-two")
        ini = PLACES + "[s3]\nbucket = b\naccess_key = access-id\nsecret_key = ${SECRET}\n[upload]\nenabled = 1\n"
        for args in (("--check",), ("--print-config",)):
            code, out, _ = ends(name, ini, *args, env=secrets)
            equal(code, 0, f"{name} {args}: {out}")
            for word in ("sw0rdf1sh", "sess10n", "t0ken"):
                check(word not in out, f"{name} {args} tells the secret {word}")
        check("secret_key" in out and "access-id" in out and "run_dir = DIR/run" in out, f"--print-config: {out}")


def free_pages():
    """Files that say how many huge pages there are, and how many."""
    pages = [os.path.join("/sys/kernel/mm/hugepages", d, "nr_hugepages") for d in os.listdir("/sys/kernel/mm/hugepages")]
    return {p: open(p).read().strip() for p in pages}


def no_huge_pages():
    before = free_pages()
    if any(n != "0" for n in before.values()):
        raise Skipped("huge pages are reserved here, perhaps in use")
    for wish, port in (("on", "net_null0"), ("auto", "0000:fe:1f.7")):  # a NIC of its own is for speed
        code, out, left = ends("wirespool-dataplane", PLACES.replace("hugepages = off", f"hugepages = {wish}\nport = {port}"))
        equal(code, 1, f"exit code with hugepages = {wish}: {out}")
        check("/proc/sys/vm/nr_hugepages" in out and "hugepages = off" in out, f"no remedy in: {out}")
    equal(free_pages(), before, "huge pages reserved")


def without_huge_pages_it_runs_in_the_small_form():
    if any(n != "0" for n in free_pages().values()):
        raise Skipped("huge pages are reserved here, perhaps in use")
    with Rig(env=dict(WIRESPOOL_DATAPLANE_HUGEPAGES="auto"), **PLAIN) as rig:
        said = rig.log("wirespool-dataplane")
        check(said.count("small form") == 1 and "/proc/sys/vm/nr_hugepages" in said, f"it is not told: {said}")
        audio_works(rig, "small")


def devices_that_are_not_there():
    cases = [("port = net_af_packet0,iface=wsnone0\n", "wsnone0"), ("port = 0000:fe:1f.7\n", "0000:fe:1f.7"), ("port = net_nosuch0\n", "net_nosuch0"),
             ("port = net_null0\nlcores = 1000\n", "CPU 1000")]
    for lines, names in cases:
        code, out, left = ends("wirespool-dataplane", PLACES.replace("[control]", lines + "[control]"))
        equal(code, 1, f"exit code with {lines!r}: {out}")
        check(names in out, f"{names} is not named in: {out}")
        check(len(out) < 3000, f"too much to read: {out}")


# --- disks --------------------------------------------------------------------------------------------------------------
def ready(rig):
    """(status, {check: reason}) of /readyz; no reason where all is well."""
    status, answer, _ = rig.api("GET", "/readyz")
    return status, {name: c.get("reason") for name, c in answer["checks"].items()}


def ended(rig, sid):
    return wait_for(f"the end of session {sid}", lambda: (lambda s: s["state"] in ("done", "failed") and s)(rig.session(sid)), 15)


def audio_works(rig, room, count=30):
    """A whole recording from opening to listing."""
    s = rig.open([dict(AUDIO, ssrc=7)], room=room)
    a = Audio(rig, s["port"], ssrc=7)
    a.send(count)
    time.sleep(0.3)
    done = rig.finish(s["id"])
    equal((done["state"], len(done["recordings"])), ("done", 1), f"a session of room {room}: {done}")
    name = done["recordings"][0]["name"]
    same(real_packets(rig.path(name)), a.sent, "packets recorded")
    check(name in [r["name"] for r in rig.listing()], f"{name} is not listed")
    return name


def a_records_directory_that_cannot_be_used():
    for kind, says in (("a file", "Not a directory"), ("read-only", "Read-only")):
        with Rig(start=False) as rig, contextlib.ExitStack() as stack:
            if kind == "a file":
                os.rmdir(rig.records)
                open(rig.records, "w").close()
            else:
                stack.enter_context(tmpfs(rig.records, "size=1m,ro"))
            p = rig.start_dataplane(wait=False)
            equal(p.wait(20), 1, f"exit code of the dataplane, record.dir {kind}")
            said = rig.log("wirespool-dataplane")
            check(rig.records in said and says in said, f"record.dir {kind}: {said}")
            rig.start_control(wait=False)
            status, why = wait_for("an answer", lambda: answers(rig))
            check(status == 503 and why["dataplane"] and rig.records in why["disk"], f"readiness, record.dir {kind}: {status} {why}")
            equal(rig.api("GET", "/healthz")[0], 200, "liveness")
            equal(rig.stop("wirespool-control"), 0, "control's exit code")


def answers(rig):
    try:
        return ready(rig)
    except OSError:
        return None


def the_records_directory_turns_read_only():
    with Rig(start=False, **PLAIN) as rig, tmpfs(rig.records, "size=64m"):
        rig.start_dataplane()
        rig.start_control()
        audio_works(rig, "before")
        rig.stop("wirespool-control")  # its catalogue lies there too
        run("mount", "-o", "remount,ro", rig.records)
        rig.start_control(wait=False)
        status, why = wait_for("an answer", lambda: (lambda a: a and not a[1]["dataplane"] and a)(answers(rig)))
        check(status == 503 and rig.records in why["disk"], f"readiness: {status} {why}")
        status, body, _ = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=[AUDIO]))
        equal((status, body["error"]["code"]), (500, "disk_error"), "a session on a read-only disk")
        wait_for("the old recording in the list", lambda: len(rig.listing()) == 1)
        run("mount", "-o", "remount,rw", rig.records)
        wait_for("readiness", lambda: ready(rig)[0] == 200)
        audio_works(rig, "after")


def the_records_directory_vanishes_under_way():
    with Rig(**PLAIN) as rig:
        kept = audio_works(rig, "before")
        s, idle = rig.open([dict(AUDIO, ssrc=1000)], room="gone"), rig.open([dict(AUDIO, ssrc=1001)], room="waits")
        a = Audio(rig, s["port"])
        a.send(30)
        wait_for("state recording", lambda: rig.session(s["id"])["state"] == "recording")
        shutil.rmtree(rig.records)
        a.send(30, 0.02)
        done = ended(rig, s["id"])
        equal(done["state"], "failed", "state of the session that recorded")
        check("disk" in done["reason"], f"reason {done['reason']}")
        status, why = ready(rig)
        check(status == 503 and rig.records in why["disk"], f"readiness without the directory: {status} {why}")
        status, body, _ = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=[AUDIO]))
        equal((status, body["error"]["code"]), (500, "disk_error"), "a session without a directory")
        equal(rig.session(idle["id"])["state"], "waiting", "the neighbour that waits")
        os.makedirs(rig.records)
        wait_for("readiness", lambda: ready(rig)[0] == 200)
        b = Audio(rig, idle["port"], ssrc=1001)
        b.send(20)
        time.sleep(0.3)
        equal(rig.finish(idle["id"])["state"], "done", "the neighbour")
        audio_works(rig, "after")
        wait_for("what is gone to leave the list", lambda: kept not in [r["name"] for r in rig.listing()])
        equal(len(rig.listing()), 2, "recordings listed")


def the_disk_fills_up_under_way():
    clip = senders.video_clip("VP8", 2, kbit=4000)
    with Rig(start=False, record="preallocate_mb = 0", **PLAIN) as rig, tmpfs(rig.records, "size=8m"):
        rig.start_dataplane()
        rig.start_control()
        s, idle = rig.open([dict(VIDEO, ssrc=2000)], room="large"), rig.open([dict(AUDIO, ssrc=1001)], room="waits")
        video = Video(rig, s["port"], clip)
        video.send(30)
        wait_for("state recording", lambda: rig.session(s["id"])["state"] == "recording")
        heavy = ballast(rig.records, 256)
        for _ in range(40):
            video.send(15)
            if rig.session(s["id"])["state"] not in ("waiting", "recording"):
                break
        done = ended(rig, s["id"])
        equal(done["state"], "failed", f"state of the session that filled the disk: {done}")
        check("No space left" in done["reason"], f"reason {done['reason']}")
        status, why = ready(rig)
        check(status == 503 and rig.records in (why["disk"] or ""), f"readiness on a full disk: {status} {why}")
        equal(len(done["recordings"]), 1, f"recordings of the failed session: {done['recordings']}")
        name = done["recordings"][0]["name"]
        head, frames = ivf_frames(rig.path(name))
        check(len(frames) >= 20, f"{len(frames)} frames were kept")
        equal(head["count"], len(frames), "frames by the header")
        same([d for _, d in frames], video.sent[:len(frames)], "what was written before")
        equal(decodes(rig.path(name)), len(frames), "frames decoded")
        side = rig.sidecar(name)
        check(side["size"] == os.path.getsize(rig.path(name)) and side["frames"] == len(frames), f"sidecar {side}")
        rest = ballast(rig.records, 0) + "-rest"
        with contextlib.suppress(OSError), open(rest, "wb") as f:
            f.write(bytes(1 << 20))
        status, body, _ = rig.api("POST", "/api/v1/sessions", dict(room="late", participant="p", tracks=[dict(AUDIO, ssrc=1002)]))
        equal((status, body["error"]["code"]), (507, "disk_full"), f"a session on a full disk: {body}")
        check("No space left" in body["error"]["message"], f"its reason: {body}")
        os.unlink(heavy)
        os.unlink(rest)
        wait_for("readiness", lambda: ready(rig)[0] == 200)
        equal(rig.session(idle["id"])["state"], "waiting", "the neighbour that waits")
        b = Audio(rig, idle["port"], ssrc=1001)
        b.send(20)
        time.sleep(0.3)
        equal(rig.finish(idle["id"])["state"], "done", "the neighbour")
        audio_works(rig, "after")
        left = [n for n in os.listdir(rig.records) if n.startswith(".") and not n.startswith(".catalogue")]
        equal(left, [], "left between the recordings")


def a_slow_disk_is_told_and_survived():
    clip = senders.video_clip("VP8", 2, kbit=4000)
    with Rig(log="warn", **PLAIN) as rig:
        s = rig.open([dict(VIDEO, ssrc=2000)])
        video = Video(rig, s["port"], clip)
        video.send(30)
        wait_for("state recording", lambda: rig.session(s["id"])["state"] == "recording")

        def said(what):
            return [line for line in rig.log("wirespool-dataplane").splitlines() if what in line]

        def pressed():
            video.send(10)
            return said("the disk is slow")
        equal(said("the disk"), [], "what is said of a disk that keeps up")
        with slow_disk(rig, "wirespool-dataplane", 65536):
            wait_for("word of the slow disk", pressed, 60)
            writer = rig.stats()["writer"][0]
            check(writer["queued_bytes"] > 0 and writer["block_bytes"] > 0, f"bytes that wait: {writer}")
        wait_for("word of the disk that keeps up again", lambda: said("the disk keeps up again"), 60)
        video.send(30)
        done = rig.finish(s["id"])
        equal(done["state"], "done", f"{done}")
        name = done["recordings"][0]["name"]
        same([d for _, d in ivf_frames(rig.path(name))[1]], video.sent, "frames of the file")
        equal([len(said(what)) for what in ("the disk is slow", "the disk keeps up again")], [1, 1], "how often it is said")
        times = rig.stats()["writer"][0]["write_ns"]
        equal(times["count"], rig.stats()["writer"][0]["writes"], "writes in the histogram")
        check(times["le"]["134217728"] < times["count"], f"no write took long: {times}")


def too_little_space_refuses_new_sessions_only():
    with Rig(start=False, env=dict(WIRESPOOL_RECORD_MIN_FREE_MB="16"), **PLAIN) as rig, tmpfs(rig.records, "size=40m"):
        rig.start_dataplane()
        rig.start_control()
        s = rig.open([dict(AUDIO, ssrc=1000)])
        a = Audio(rig, s["port"])
        a.send(20)
        heavy = ballast(rig.records, 8 << 10)
        status, body, _ = rig.api("POST", "/api/v1/sessions", dict(room="new", participant="p", tracks=[AUDIO]))
        equal((status, body["error"]["code"]), (507, "disk_full"), f"a new session: {body}")
        check("min_free_mb" in body["error"]["message"], f"message {body}")
        status, why = ready(rig)
        check(status == 503 and "min_free_mb" in why["disk"], f"readiness: {status} {why}")
        a.send(20)
        time.sleep(0.3)
        done = rig.finish(s["id"])
        equal(done["state"], "done", "the session that ran")
        same(real_packets(rig.path(done["recordings"][0]["name"])), a.sent, "packets of the session that ran")
        os.unlink(heavy)
        wait_for("readiness", lambda: ready(rig)[0] == 200)
        audio_works(rig, "after")


# --- requests -----------------------------------------------------------------------------------------------------------
def names_are_kept_and_files_are_safe():
    rooms = ["../../../etc/passwd", "/absolute/path", "a\\b:c*d?e", ".hidden", "..", "-rf", "ünïcode – 部屋 🎥", "r" * 128, "%2e%2e%2fx", "a\"b'c<d>"]
    with Rig(**PLAIN) as rig:
        around = sorted(os.listdir(rig.dir))
        for n, room in enumerate(rooms):
            track = "../" * 5 + "tràck" if n % 2 else "t" * 64
            s = rig.open([dict(AUDIO, id=track, ssrc=50 + n)], room=room, participant=room[::-1])
            Audio(rig, s["port"], ssrc=50 + n).send(10)
            time.sleep(0.2)
            done = rig.finish(s["id"])
            equal((done["room"], done["participant"], done["tracks"][0]["id"]), (room, room[::-1], track), "names of the session")
            equal(len(done["recordings"]), 1, f"recordings of room {room!r}")
            name = done["recordings"][0]["name"]
            check(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.ogg", name) and len(name) <= 200, f"name {name!r} of room {room!r}")
            check(stat.S_ISREG(os.lstat(rig.path(name)).st_mode), f"{name} is no file")
            side = rig.sidecar(name)
            equal((side["room"], side["participant"], side["track"]), (room, room[::-1], track), "names in the sidecar")
        equal(sorted(os.listdir(rig.dir)), around, "files beside the records")
        equal(sorted(r["room"] for r in rig.listing("?limit=100")), sorted(rooms), "rooms in the list")
        with open(os.path.join(rig.dir, "secret.ogg"), "w") as f:
            f.write("none of yours")
        for path in ("../secret.ogg", "..%2fsecret.ogg", "%2e%2e/secret.ogg", "....//secret.ogg", ".catalogue.db", "%00", "x%00.ogg", "%ff%fe.ogg", "a" * 5000 + ".ogg"):
            for prefix in ("/records/", "/api/records/"):
                for method in ("GET", "DELETE") if prefix == "/api/records/" else ("GET",):
                    status = rig.api(method, prefix + path)[0]
                    check(400 <= status < 500, f"{method} {prefix}{path[:40]}: {status}")
        check(os.path.exists(os.path.join(rig.dir, "secret.ogg")), "a file outside was deleted")


def srtp(profile="AES_CM_128_HMAC_SHA1_80", key=None):
    return dict(profile=profile, key=key_base64(profile) if key is None else key)


def bad_requests_are_answered_and_forgotten():
    def session(**more):
        return dict(dict(room="r", participant="p", tracks=[dict(AUDIO)]), **more)

    def track(**more):
        t = dict(dict(AUDIO), **more)
        return session(tracks=[{k: v for k, v in t.items() if v is not None}])

    short, long = (base64.b64encode(bytes(n)).decode() for n in (29, 31))
    bad = [  # body, field that the message names
        (session(room=5), "room"), (session(room=""), "room"), (session(room="r" * 300), "room"), (session(room="a\nb"), "room"), (session(room=None), "room"),
        ({k: v for k, v in session().items() if k != "room"}, "room"), (session(participant=["p"]), "participant"), (session(participant="ü" * 65), "participant"),
        (session(tracks={}), "tracks"), (session(tracks=[]), "tracks"), (session(tracks=[dict(AUDIO, id=f"t{i}", ssrc=i) for i in range(17)]), "tracks"),
        (session(tracks=[5]), "tracks[0]"), (session(tracks=[None]), "tracks[0]"), (session(tracks="all"), "tracks"), (session(tracks=[[[]]]), "tracks[0]"),
        (session(port=20001), "port"), (session(port=80), "port"), (session(port=-2), "port"), (session(port="20000"), "port"), (session(port=1 << 40), "port"), (session(port=2e4), "port"),
        (session(address="192.0.2.1"), "address"), (session(address="localhost"), "address"), (session(family=5), "family"),
        (session(idle_timeout_s=0), "idle_timeout_s"), (session(idle_timeout_s=1e9), "idle_timeout_s"), (session(max_duration_s=-1), "max_duration_s"), (session(surprise=1), "surprise"),
        (track(id=None), "tracks[0].id"), (track(id=""), "tracks[0].id"), (track(id="x" * 65), "tracks[0].id"), (track(codec="H265"), "tracks[0].codec"), (track(codec=None), "tracks[0].codec"),
        (track(codec="V" * 1000), "tracks[0].codec"), (track(payload_type=None), "tracks[0].payload_type"), (track(payload_type="111"), "tracks[0].payload_type"),
        (track(payload_type=128), "tracks[0].payload_type"), (track(payload_type=72), "tracks[0].payload_type"), (track(payload_type=True), "tracks[0].payload_type"),
        (track(clock_rate=44100), "tracks[0].clock_rate"), (track(channels=3), "tracks[0].channels"), (track(ssrc=-1), "tracks[0].ssrc"), (track(ssrc=1 << 32), "tracks[0].ssrc"),
        (track(ssrc="7"), "tracks[0].ssrc"), (track(colour="red"), "tracks[0].colour"), (track(srtp="please"), "tracks[0].srtp"), (track(srtp={}), "tracks[0].srtp.profile"),
        (track(srtp=srtp("AES_CM_128_HMAC_SHA1_80", short)), "tracks[0].srtp.key"), (track(srtp=srtp("AES_CM_128_HMAC_SHA1_32", long)), "tracks[0].srtp.key"),
        (track(srtp=dict(profile="AES_CM_256", key=short)), "tracks[0].srtp.profile"), (track(srtp=dict(profile="AEAD_AES_256_GCM", key=key_base64())), "tracks[0].srtp.key"),
        (track(srtp=dict(profile="AEAD_AES_128_GCM")), "tracks[0].srtp.key"), (track(srtp=dict(profile="AEAD_AES_128_GCM", key=28)), "tracks[0].srtp.key"),
        (track(srtp=srtp(key="!" * 40)), "tracks[0].srtp.key"), (track(srtp=srtp(key="")), "tracks[0].srtp.key"), (track(srtp=dict(srtp(), mki=1)), "tracks[0].srtp.mki"),
        (session(tracks=[dict(AUDIO), dict(AUDIO)]), "tracks[1].id"), (session(tracks=[dict(AUDIO), dict(AUDIO, id="b")]), "tracks[1].payload_type"),
        (session(tracks=[dict(AUDIO, ssrc=5), dict(VIDEO, ssrc=5)]), "tracks[1].ssrc"),
    ]
    broken = [b"{", b"", b"null", b"[]", b'"x"', b"{}x", b"\xff\xfe", b'{"room": "\xff"}', b'{"room":"a\\u0000b","participant":"p","tracks":[]}', b"[" * 100000, b'{"a":' * 60 + b"1" + b"}" * 60,
              b"{'room': 1}", b'{"room": 1e999}', b'{"port": 1180591620717411303424}', b'{"room":"\\ud800"}']
    with Rig(**PLAIN) as rig:
        for body, field in bad:
            status, answer, _ = rig.api("POST", "/api/v1/sessions", body)
            check(status == 400 and answer["error"]["code"] == "bad_field", f"{json.dumps(body)[:200]}: {status} {answer}")
            check(answer["error"]["message"].startswith(field + ":"), f"{field} is not named: {answer}")
        for body in broken:
            status, answer, _ = rig.api("POST", "/api/v1/sessions", body)
            check(status == 400 and answer["error"]["code"] in ("bad_json", "bad_field") and answer["error"]["message"], f"{body[:60]}: {status} {answer}")
        status, answer, _ = rig.api("POST", "/api/v1/sessions", b'{"room":"' + b"x" * (300 << 10) + b'"}')
        equal((status, answer["error"]["code"]), (413, "too_large"), "a body of 300 KiB")
        for offer in (b"", b"v=0\r\n", b"m=audio 1 RTP/AVP 0\r\n" * 3000, b"\0" * 1000, b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=video 9 RTP/SAVP 96\r\na=rtpmap:96 H999/90000\r\n"):
            status, answer, _ = rig.api("POST", "/api/v1/sessions?room=r&participant=p", offer, {"Content-Type": "application/sdp"})
            check(status == 400, f"offer {offer[:40]}: {status} {answer}")
        for method, path, want in (("GET", "/api/v1/sessions/none", 404), ("DELETE", "/api/v1/sessions/none", 404), ("PUT", "/api/v1/sessions", 405), ("GET", "/api/v1/nothing", 404),
                                   ("GET", "/api/v1/sessions?limit=0", 400), ("GET", "/api/v1/sessions?limit=x", 400), ("GET", "/api/v1/sessions?state=happy", 400),
                                   ("GET", "/api/v1/sessions?cursor=abc", 400), ("GET", "/api/records?limit=99999999999", 400), ("GET", "/api/records?since=yesterday", 400),
                                   ("GET", "/api/records?cursor=%00", 400), ("GET", "/api/records?room=%zz", 400)):
            status, answer, _ = rig.api(method, path)
            equal(status, want, f"{method} {path}: {answer}")
            check(answer["error"]["code"] and answer["error"]["message"], f"{method} {path}: {answer}")
        equal(rig.ok("GET", "/api/v1/sessions"), [], "sessions after bad requests")
        audio_works(rig, "after")
        check(b"wirespool" in rig.api("GET", "/metrics", raw=True)[1], "metrics after bad requests")


def ports_and_tracks_are_given_once():
    with Rig(**PLAIN) as rig:
        first = rig.open([dict(AUDIO)], port=20100)
        equal((first["port"], first["rtcp_port"]), (20100, 20101), "the wished port")

        def refused(code, **body):
            status, answer, _ = rig.api("POST", "/api/v1/sessions", dict(dict(room="demo", participant="bob", tracks=[dict(AUDIO)]), **body))
            equal((status, answer["error"]["code"]), (409, code), f"{body}: {answer}")
            return answer["error"]["message"]
        refused("port_taken", room="other", port=20100)
        check(first["id"] in refused("track_taken"), "the session in the way is not named")
        refused("track_taken", tracks=[dict(VIDEO), dict(AUDIO)])
        same_room = rig.open([dict(VIDEO)], participant="bob")
        rig.finish(first["id"])
        rig.finish(same_room["id"])
        again = rig.open([dict(AUDIO)], port=20100)
        check(again["id"] != first["id"], "a new id")
        equal(len(rig.ok("GET", "/api/v1/sessions?state=waiting")), 1, "sessions that wait")


def plain_rtp_is_refused_unless_allowed():
    with Rig() as rig:
        status, answer, _ = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=[dict(AUDIO, srtp=srtp()), dict(VIDEO)]))
        equal((status, answer["error"]["code"]), (400, "plain_rtp_refused"), f"{answer}")
        check("tracks[1].srtp" in answer["error"]["message"], f"{answer}")
        offer = b"v=0\r\no=- 1 1 IN IP4 10.77.0.2\r\ns=-\r\nc=IN IP4 10.77.0.2\r\nt=0 0\r\nm=audio 5004 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n"
        status, answer, _ = rig.api("POST", "/api/v1/sessions?room=r&participant=p", offer, {"Content-Type": "application/sdp"})
        equal((status, answer["error"]["code"]), (400, "plain_rtp_refused"), f"offer: {answer}")
        equal(rig.ok("GET", "/api/v1/sessions"), [], "sessions")


def without_a_dataplane_control_says_so():
    with Rig(**PLAIN) as rig:
        kept = audio_works(rig, "before")
        equal(rig.stop("wirespool-dataplane"), 0, "the dataplane's exit code")
        status, why = wait_for("readiness to fall", lambda: (lambda a: a[0] == 503 and a)(ready(rig)))
        check("wirespool-dataplane" in why["dataplane"] and not why["disk"], f"readiness: {why}")
        status, answer, headers = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=[dict(AUDIO)]))
        equal((status, answer["error"]["code"]), (503, "dataplane_down"), "a new session")
        check(headers.get("Retry-After"), "no Retry-After")
        equal(rig.api("GET", "/healthz")[0], 200, "liveness")
        equal([r["name"] for r in rig.listing()], [kept], "the list")
        equal(rig.ok("GET", "/api/v1/stats")["control"]["dataplane_up"], False, "counters")
        equal(rig.api("GET", "/metrics", raw=True)[0], 200, "metrics")
        rig.start_dataplane()
        wait_for("readiness", lambda: ready(rig)[0] == 200)
        audio_works(rig, "after")


def a_dataplane_that_hangs_is_waited_for():
    with Rig(**PLAIN) as rig:
        s = rig.open([dict(AUDIO, ssrc=1000)], room="kept")
        a = Audio(rig, s["port"])
        a.send(20)
        rig.procs["wirespool-dataplane"].send_signal(signal.SIGSTOP)
        try:
            status, answer, _ = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=[dict(AUDIO)]))
            equal((status, answer["error"]["code"]), (503, "dataplane_down"), f"a new session: {answer}")
            equal(rig.api("GET", "/healthz")[0], 200, "liveness")
            equal([x["id"] for x in rig.ok("GET", "/api/v1/sessions")], [s["id"]], "sessions")
        finally:
            rig.procs["wirespool-dataplane"].send_signal(signal.SIGCONT)
        a.send(20)
        wait_for("the session that nobody waited for to end", lambda: "r_audio1" not in str(rig.ok("GET", "/api/v1/sessions")) and rig.stats()["proc"]["tracks_open"] == 1)
        time.sleep(0.3)
        same(real_packets(rig.path(rig.finish(s["id"])["recordings"][0]["name"])), a.sent, "packets")
        audio_works(rig, "r")


def recording_can_be_off():
    with Rig(env=dict(RECORD_ENABLED="0"), **PLAIN) as rig:
        status, answer, _ = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=[dict(AUDIO)]))
        equal((status, answer["error"]["code"]), (409, "recording_disabled"), f"{answer}")
        equal(rig.listing(), [], "the list")


def a_second_dataplane_harms_nothing():
    with Rig(**PLAIN) as rig:
        s = rig.open([dict(AUDIO, ssrc=1000)])
        a = Audio(rig, s["port"])
        a.send(20)
        wait_for("state recording", lambda: rig.session(s["id"])["state"] == "recording")
        wait_for("an open file", lambda: rig.listing("?state=open"))
        time.sleep(0.5)
        p = subprocess.run([program("wirespool-dataplane"), "--config", rig.ini], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        equal(p.returncode, 1, f"exit code of the second: {p.stderr}")
        check("already" in p.stderr or "another" in p.stderr, f"it does not say why: {p.stderr}")
        a.send(20)
        equal(ready(rig)[0], 200, "readiness")
        time.sleep(0.3)
        done = rig.finish(s["id"])
        equal((done["state"], len(done["recordings"])), ("done", 1), f"the session that ran: {done}")
        same(real_packets(rig.path(done["recordings"][0]["name"])), a.sent, "its packets")
        p = subprocess.run([program("wirespool-control"), "--config", rig.ini], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        check(p.returncode == 1 and f"127.0.0.1:{rig.port}" in p.stderr, f"a second control: {p.returncode} {p.stderr}")
        audio_works(rig, "after")


# --- limits -------------------------------------------------------------------------------------------------------------
def sessions_end_at_their_limits():
    with Rig(ingest="allow_plain_rtp = 1", record="max_duration_s = 20\nidle_timeout_s = 20") as rig:
        long = rig.open([dict(AUDIO, ssrc=1)], room="long", max_duration_s=2)
        quiet = rig.open([dict(AUDIO, ssrc=2)], room="quiet", idle_timeout_s=1)
        other = rig.open([dict(AUDIO, ssrc=3)], room="other")
        status, answer, _ = rig.api("POST", "/api/v1/sessions", dict(room="x", participant="p", tracks=[dict(AUDIO)], max_duration_s=21))
        check(status == 400 and "max_duration_s" in answer["error"]["message"], f"more than record.max_duration_s: {status} {answer}")
        a, b = Audio(rig, long["port"], ssrc=1), Audio(rig, quiet["port"], ssrc=2)
        b.send(10)
        while rig.session(long["id"])["state"] in ("waiting", "recording"):
            a.send(5, 0.02)
        first, second = ended(rig, long["id"]), ended(rig, quiet["id"])
        equal((first["state"], first["reason"], len(first["recordings"])), ("done", "duration", 1), "the session that was too long")
        equal((second["state"], second["reason"], len(second["recordings"])), ("done", "idle", 1), "the session that fell silent")
        equal(rig.sidecar(first["recordings"][0]["name"])["reason"], "duration", "reason in the sidecar")
        equal(rig.sidecar(second["recordings"][0]["name"])["reason"], "idle", "reason in the sidecar")
        same(real_packets(rig.path(second["recordings"][0]["name"])), b.sent, "packets")
        equal(rig.session(other["id"])["state"], "waiting", "the session with the configured limits")


def a_file_that_is_full_goes_on_in_the_next():
    clip = senders.video_clip("VP8", 2, size="640x360", kbit=6000)
    with Rig(ingest="allow_plain_rtp = 1", record="max_size_mb = 1") as rig:
        s = rig.open([dict(VIDEO, ssrc=2000), dict(AUDIO, ssrc=1000)])
        v, a = Video(rig, s["port"], clip), Audio(rig, s["port"])
        for _ in range(18):
            v.send(10, 0.01)
            a.send(10, 0.001, size=700)
        time.sleep(0.3)
        done = rig.finish(s["id"])
        equal(done["state"], "done", f"{done}")
        videos, audios = (sorted((rig.sidecar(r["name"]) for r in done["recordings"] if r["track"] == t), key=lambda r: r["started"]) for t in ("video0", "audio1"))
        check(len(videos) >= 2 and len(audios) == 1, f"{len(videos)} files of video, {len(audios)} of audio")
        got = []
        for i, side in enumerate(videos):
            frames = ivf_frames(rig.path(side["name"]))[1]
            equal(decodes(rig.path(side["name"])), len(frames), f"frames of file {i} decoded")
            check(side["size"] < 2 << 20, f"file {i} has {side['size']} bytes")
            equal((side["previous"], side["next"]), (videos[i - 1]["name"] if i else None, videos[i + 1]["name"] if i + 1 < len(videos) else None), f"links of file {i}")
            got += [d for _, d in frames]
        same(got, v.sent, f"frames over all files, gaps {[s['gaps'] for s in videos]}")
        same(real_packets(rig.path(audios[0]["name"])), a.sent, "packets of the neighbour")


def a_recording_begins_at_a_key_frame_that_is_asked_for():
    clip = senders.video_clip("VP8", 2)
    with Rig(**PLAIN) as rig:
        s = rig.open([dict(VIDEO, ssrc=2000)])
        v = Video(rig, s["port"], clip, first=5)
        v.send(15, 0.02)
        wishes = [body for kind, form, body in rtcp_packets(v.s, 1) if (kind, form) == (206, 1)]
        check(wishes, "no PLI came")
        equal(wishes[0][4:8], (2000).to_bytes(4, "big"), "media source of the PLI (RFC 4585 section 6.3.1)")
        check(not rig.listing(), "something was recorded before a key frame")
        v.send(10, 0.02)
        skipped = len(v.sent)
        equal(v.n, 30, "frames sent before the key frame")
        v.send(20, 0.02)
        more = [1 for kind, form, _ in rtcp_packets(v.s, 0.6) if (kind, form) == (206, 1)]
        names = [r["name"] for r in rig.finish(s["id"])["recordings"]]
        equal(len(names), 1, "files")
        same([d for _, d in ivf_frames(rig.path(names[0]))[1]], v.sent[skipped:], "frames")
        equal(decodes(rig.path(names[0])), 20, "frames decoded")
        wishes = [1 for kind, form, _ in rtcp_packets(v.s, 0.6) if (kind, form) == (206, 1)]
        equal(wishes, [], "PLIs after the end")
        check(len(more) <= 4, f"{len(more)} PLIs, and the key frame had come")


def a_session_can_be_deleted_twice():
    with Rig(**PLAIN) as rig:
        s = rig.open([dict(AUDIO, ssrc=1000)])
        Audio(rig, s["port"]).send(20)
        time.sleep(0.3)
        first, second = rig.finish(s["id"]), rig.finish(s["id"])
        check(first["state"] == second["state"] == "done" and len(first["recordings"]) == 1, f"{first}")
        equal(second["recordings"], first["recordings"], "recordings of both answers")
        equal(rig.session(s["id"])["recordings"], first["recordings"], "and of a later look")
        unused = rig.open([dict(AUDIO)])
        equal([rig.finish(unused["id"])["recordings"] for _ in range(2)], [[], []], "recordings of a session without packets")
        equal(rig.api("DELETE", "/api/v1/sessions/s_nosuch")[0], 404, "DELETE of no session")


# --- who may ask, and what is told --------------------------------------------------------------------------------------
def tls_and_tokens():
    with Rig(start=False, env=dict(WIRESPOOL_API_TOKENS="first-token, second-token"), **PLAIN) as rig:
        cert, key, other = (os.path.join(rig.dir, n) for n in ("cert.pem", "key.pem", "other.pem"))
        for k in (other, key):
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=recorder", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", k, "-out", cert)
        with open(rig.ini, "a") as f:
            f.write(f"[control]\ntls_cert = {cert}\ntls_key = {key}\n")
        rig.start_dataplane()
        p = rig.start_control(wait=False)
        context = ssl.create_default_context(cafile=cert)

        def ask(path, token=None, method="GET", scheme="https"):
            r = urllib.request.Request(f"{scheme}://127.0.0.1:{rig.port}{path}", method=method, headers={"Authorization": token} if token else {})
            try:
                with urllib.request.urlopen(r, context=context if scheme == "https" else None, timeout=10) as answer:
                    return answer.status, answer.headers
            except urllib.error.HTTPError as answer:
                return answer.code, answer.headers

        def up():
            try:
                return ask("/readyz")[0] == 200
            except (OSError, urllib.error.URLError):
                check(p.poll() is None, f"control ended: {rig.log('wirespool-control')}")
        wait_for("readiness over TLS", up)
        equal(ask("/healthz")[0], 200, "health needs no token")
        for path in ("/api/records", "/api/v1/sessions", "/metrics", "/api/v1/stats", "/records/x.ivf"):
            status, headers = ask(path)
            equal((status, headers["WWW-Authenticate"][:6]), (401, "Bearer"), f"{path} without a token")
        for token in ("Bearer wrong", "Bearer first-tokenx", "Bearer first-toke", "first-token", "Basic first-token", "Bearer ", "Bearer first-token, second-token"):
            equal(ask("/api/records", token)[0], 401, f"with {token!r}")
        for token in ("Bearer first-token", "bearer second-token"):
            equal(ask("/api/records", token)[0], 200, f"with {token!r}")
        equal(ask("/api/v1/sessions/x", "Bearer nobody", "DELETE")[0], 401, "DELETE with a wrong token")
        try:
            status = ask("/healthz", scheme="http")[0]
            check(status >= 400, "plain HTTP is answered on a TLS port")
        except (OSError, urllib.error.URLError):
            pass
        equal(rig.stop("wirespool-control"), 0, "exit code")
        for lines, says in ((f"tls_key = {other}", "pair"), (f"tls_key = {rig.dir}/none.pem", "none.pem"), (f"tls_key = {rig.ini}", "pair")):
            with open(rig.ini) as f:
                good = f.read()
            with open(rig.ini, "w") as f:
                f.write(good.replace(f"tls_key = {key}", lines))
            code = rig.start_control(wait=False).wait(20)
            said = rig.log("wirespool-control").split("stopped")[-1]
            check(code == 1 and says in said, f"{lines}: {code} {said}")
            with open(rig.ini, "w") as f:
                f.write(good)
        said = rig.log("wirespool-control")
        check("-token" not in said, "a token is in the log")


def metrics_are_what_prometheus_reads():
    sample = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.eE+-]+|NaN|[+-]Inf)')
    with Rig(**PLAIN) as rig:
        audio_works(rig, "before", 30)

        def scrape():
            status, text, headers = rig.api("GET", "/metrics", raw=True)
            check(status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4"), f"{status} {headers}")
            text = text.decode()
            check(text.endswith("\n"), "the last line is cut")
            types, helped, values = {}, set(), {}
            for line in text.splitlines():
                if line.startswith("# TYPE "):
                    name, kind = line[7:].split(" ")
                    check(name not in types and kind in ("counter", "gauge", "histogram", "summary", "untyped"), line)
                    types[name] = kind
                elif line.startswith("# HELP "):
                    check(line.split(" ")[2] not in helped, f"twice: {line}")
                    helped.add(line.split(" ")[2])
                elif line:
                    m = sample.fullmatch(line)
                    check(m, f"not a sample: {line!r}")
                    family = re.sub("_(bucket|sum|count)$", "", m[1])
                    family = family if types.get(family) == "histogram" else m[1]
                    check(family in types and family in helped and family.startswith("wirespool_"), f"no type or help before: {line!r}")
                    check((m[1], m[2]) not in values, f"twice: {line!r}")
                    values[m[1], m[2]] = float(m[3])
            return types, values
        types, before = scrape()
        audio_works(rig, "again", 30)
        _, after = scrape()
        check(set(before) <= set(after), "series are gone")
        for series, value in before.items():
            if types.get(series[0]) == "counter":
                check(series[0].endswith("_total"), f"counter {series[0]} without _total")
                check(after[series] >= value, f"{series} fell from {value} to {after[series]}")
        check("histogram" in types.values(), "no histogram")
        for family in (name for name, kind in types.items() if kind == "histogram"):
            for _, labels in (s for s in after if s[0] == family + "_count"):
                buckets = [v for (name, at), v in after.items() if name == family + "_bucket" and at.startswith(labels + ",le=")]
                check(buckets == sorted(buckets) and buckets[-1] == after[family + "_count", labels], f"{family}: {buckets}")
        rtp = [name for name, _ in after if name.endswith("rtp_pkts_total")]
        check(rtp, "no count of RTP packets")
        equal(sum(v for (name, _), v in after.items() if name == rtp[0]) - sum(v for (name, _), v in before.items() if name == rtp[0]), 30, "RTP packets between the scrapes")


def logs_hold_no_secrets():
    key, own = key_base64("AEAD_AES_256_GCM", 77), key_base64("AES_CM_128_HMAC_SHA1_80", 78)
    secrets = ["api-t0ken-secret", "s3cr3t-of-the-store", "sess10n-t0ken", key, own, base64.b64decode(key).hex(), base64.b64decode(own).hex()]
    env = dict(WIRESPOOL_API_TOKENS=secrets[0], S3_BUCKET="b", S3_ACCESS_KEY="id", S3_SECRET_KEY=secrets[1], S3_SESSION_TOKEN=secrets[2], UPLOAD_RECORDINGS="1", S3_ENDPOINT="127.0.0.1:1",
               S3_USE_SSL="0", WIRESPOOL_LOG_FORMAT="json")
    with Rig(start=False, log="debug", env=env) as rig:
        rig.start_dataplane()
        rig.start_control(wait=False)
        auth = {"Authorization": "Bearer " + secrets[0]}
        wait_for("health", lambda: (lambda a: a and not a[1]["dataplane"])(answers(rig)))
        tracks = [dict(VIDEO, srtp=dict(profile="AEAD_AES_256_GCM", key=key)), dict(AUDIO, srtp=dict(profile="AES_CM_128_HMAC_SHA1_80", key=own, send_key=own))]
        status, s, _ = rig.api("POST", "/api/v1/sessions", dict(room="r", participant="p", tracks=tracks), auth)
        equal(status, 201, f"{s}")
        told = [json.dumps(s)]
        clip = senders.audio_clip(2)
        senders.ffmpeg(rig, clip, s["port"], 111, None, "AES_CM_128_HMAC_SHA1_80", own, seconds=1)
        for body in (dict(room="r2", participant="p", tracks=[dict(AUDIO, srtp=dict(profile="AES_CM_128_HMAC_SHA1_80", key=key))]),
                     dict(room="r2", participant="p", tracks=[dict(AUDIO, srtp=dict(profile=key, key=own))]), dict(room="r2", participant=5, key=key)):
            status, answer, _ = rig.api("POST", "/api/v1/sessions", body, auth)
            check(status == 400, f"{answer}")
            if key not in (body.get("tracks") or [{}])[0].get("srtp", {}).get("profile", ""):
                told.append(json.dumps(answer))
        offer = f"v=0\r\no=- 1 1 IN IP4 10.77.0.2\r\ns=-\r\nc=IN IP4 10.77.0.2\r\nt=0 0\r\nm=audio 5004 RTP/SAVP 111\r\na=rtpmap:111 opus/48000/2\r\na=crypto:1 NO_SUCH_SUITE inline:{own}\r\n"
        status, answer, _ = rig.api("POST", "/api/v1/sessions?room=r3&participant=p", offer.encode(), dict(auth, **{"Content-Type": "application/sdp"}))
        check(status == 400, f"{answer}")
        rig.api("GET", "/api/records", headers={"Authorization": "Bearer wrong-" + secrets[0]})
        for path in (f"/api/v1/sessions/{s['id']}", "/api/v1/sessions", "/api/v1/stats", "/metrics"):
            told.append(rig.api("GET", path, headers=auth, raw=True)[1].decode())
        rig.api("DELETE", f"/api/v1/sessions/{s['id']}", headers=auth)
        told += [rig.api("GET", path, headers=auth, raw=True)[1].decode() for path in ("/api/records", "/api/v1/uploads")]
        wait_for("a try to upload", lambda: "upload" in rig.log("wirespool-control"))
        equal([rig.stop(name) for name in ("wirespool-control", "wirespool-dataplane")], [0, 0], "exit codes")
        for name in DAEMONS:
            text = rig.log(name)
            told.append(text)
            lines = [json.loads(line) for line in text.splitlines() if line]
            check(lines and all(isinstance(line, dict) for line in lines), f"log of {name}")
        for side in os.listdir(rig.records):
            if side.endswith(".json"):
                with open(rig.path(side)) as f:
                    told.append(f.read())
        for secret in secrets:
            for text in told:
                at = text.find(secret)
                check(at < 0, f"a secret is told: {text[max(0, at - 150):at + 10]}")


main([a_bad_configuration_starts_nothing, the_sample_is_good_and_secrets_are_masked, no_huge_pages, without_huge_pages_it_runs_in_the_small_form, devices_that_are_not_there, a_records_directory_that_cannot_be_used,
      the_records_directory_turns_read_only, the_records_directory_vanishes_under_way, the_disk_fills_up_under_way, a_slow_disk_is_told_and_survived, too_little_space_refuses_new_sessions_only,
      names_are_kept_and_files_are_safe, bad_requests_are_answered_and_forgotten, ports_and_tracks_are_given_once, plain_rtp_is_refused_unless_allowed,
      without_a_dataplane_control_says_so, a_dataplane_that_hangs_is_waited_for, recording_can_be_off, a_second_dataplane_harms_nothing, sessions_end_at_their_limits, a_file_that_is_full_goes_on_in_the_next,
      a_recording_begins_at_a_key_frame_that_is_asked_for, a_session_can_be_deleted_twice, tls_and_tokens, metrics_are_what_prometheus_reads, logs_hold_no_secrets])
