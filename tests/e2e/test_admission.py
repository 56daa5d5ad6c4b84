#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A machine that is full says so: new sessions are refused with the reason, those that run are not harmed, and room that comes back is given.

    ffmpeg ──> dataplane     POST /api/v1/sessions, POST /whip ──> control: what there is against what is asked
"""
import contextlib
import re

import senders
import store
from disks import slow_disk, tmpfs
from offer import OFFER
from packets import VIDEO, Video
from rig import Rig, check, equal, ivf_frames, key_base64, main, wait_for

PROFILE = "AES_CM_128_HMAC_SHA1_80"


def ask(rig, n, codec="VP8"):
    track = dict(id="v", codec="VP8", payload_type=96, clock_rate=90000) if codec == "VP8" else dict(id="a", codec="opus", payload_type=111, clock_rate=48000, channels=2)
    return rig.api("POST", "/api/v1/sessions", dict(room=f"r{n}", participant="p", tracks=[dict(track, srtp=dict(profile=PROFILE, key=key_base64(PROFILE, n)))]))


def fill(rig, most=2000):
    """Open sessions until one is refused: how many there were, and the refusal."""
    for n in range(most):
        status, body, headers = ask(rig, n)
        if status != 201:
            return n, status, body, headers
    raise AssertionError(f"{most} sessions were taken")


def refused(status, body, headers, reason):
    equal((status, body["error"]["code"]), (503, "full"), "refusal")
    check(re.search(reason, body["error"]["message"]), f"reason: {body['error']['message']}")
    equal(headers.get("Retry-After"), "10", "Retry-After")


def gauges(rig):
    text = rig.api("GET", "/metrics", raw=True)[1].decode()
    return {m[1]: float(m[2]) for m in re.finditer(r"^(wirespool_budget_\S+) (\S+)$", text, re.M)}


def poll_loops_that_would_be_too_busy():
    with Rig(control="full_percent = 60", ingest="max_bitrate_kbps = 100000") as rig:
        clip = senders.video_clip("VP8")
        key = key_base64(PROFILE, 77)
        s = rig.open([dict(id="v", codec="VP8", payload_type=96, clock_rate=90000, ssrc=5, srtp=dict(profile=PROFILE, key=key))], room="runs")
        sender = senders.ffmpeg(rig, clip, s["port"], 96, ssrc=5, profile=PROFILE, key=key, wait=False)
        taken, *answer = fill(rig)
        refused(*answer, r"full: the poll loops would be busy for \d+ %, 60 % is the budget")
        check(taken > 3, f"{taken} sessions were taken")
        status, body, headers = rig.api("POST", "/whip/other?participant=p", OFFER.encode(), {"Content-Type": "application/sdp"})
        refused(status, body, headers, "full: the poll loops")
        now = gauges(rig)
        check(now['wirespool_budget_refused_total{resource="poll_loops"}'] >= 2, f"refusals: {now}")
        equal(now["wirespool_budget_limit_ratio"], 0.6, "wirespool_budget_limit_ratio")
        check("budget: a new session is refused: full" in rig.log("wirespool-control"), "it is in the log")
        equal(sender.wait(60), 0, "ffmpeg")
        rig.finish(s["id"])
        name = next(r["name"] for r in rig.listing("?limit=100") if r.get("session") == s["id"])
        equal([d for _, d in ivf_frames(rig.path(name))[1]], [d for _, d in ivf_frames(clip)[1]], "frames of the one that ran")
        wait_for("room for another, as nobody else sends", lambda: ask(rig, 3000)[0] == 201, 30, 1)


def blocks_that_would_be_too_few():
    with Rig(control="full_percent = 1") as rig:  # of 96 MiB
        taken, *answer = fill(rig, 100)
        refused(*answer, r"full: \d+ % of dataplane.block_mb would be needed, 1 % is the budget")
        check(20 <= taken <= 40, f"sessions that were taken: {taken}")  # 24 KiB each; one may count twice for a second
        budget = rig.ok("GET", "/api/v1/stats")["budget"]
        equal((budget["limit"], budget["refused"]["blocks"]), (0.01, 1), f"budget in /api/v1/stats: {budget}")


def a_disk_that_does_not_keep_up():
    clip = senders.video_clip("VP8", 2, kbit=4000)
    with Rig(ingest="allow_plain_rtp = 1", log="warn") as rig:
        s = rig.open([dict(VIDEO, ssrc=2000)], room="runs")
        video = Video(rig, s["port"], clip)
        video.send(60)
        equal(rig.finish(rig.open([dict(VIDEO, ssrc=9)], room="early")["id"])["state"], "done", "a session while the disk keeps up")
        # What it writes while it is slow is a bound only if it is no less than what it wrote before.
        wait_for("the disk to be idle", lambda: gauges(rig)["wirespool_budget_disk_bytes_per_second"] < 5000, 60, 0.5)
        with slow_disk(rig, "wirespool-dataplane", 65536):
            def full():
                video.send(10)
                status, *rest = ask(rig, 1)
                if status == 201:
                    rig.finish(rest[0]["id"])
                return status != 201 and (status, *rest)
            refused(*wait_for("a refusal", full, 60, 0.2), r"full: the disk does not keep up: [0-9.]+ MB wait to be written")
            now = gauges(rig)
            equal((now["wirespool_budget_disk_strained"], now["wirespool_budget_headroom_bytes_per_second"]), (1, 0), "strain in the metrics")
            check(now['wirespool_budget_refused_total{resource="disk"}'] >= 1, f"refusals: {now}")
        wait_for("the disk to keep up", lambda: not gauges(rig)["wirespool_budget_disk_strained"], 60, 0.5)
        check(gauges(rig)["wirespool_budget_disk_most_bytes_per_second"] > 0, "what the disk took is known")
        refused(*ask(rig, 2), r"full: the disk would be asked for [0-9.]+ MB/s; when it did not keep up it took 0\.\d, 85 % of that is the budget")
        equal(rig.finish(s["id"])["state"], "done", "the session that ran")
        check([d for _, d in ivf_frames(rig.path(next(r["name"] for r in rig.listing() if r["room"] == "runs")))[1]] == video.sent, "frames of the one that ran")


def uploads_that_would_fill_the_disk():
    clip = senders.video_clip("VP8", 2, kbit=4000)
    with contextlib.ExitStack() as stack:
        swift = stack.enter_context(store.Store())
        rig = stack.enter_context(Rig(start=False, ingest="allow_plain_rtp = 1\nmax_bitrate_kbps = 200", rest=swift.ini(delete_after_upload=1), env=swift.env()))
        stack.enter_context(tmpfs(rig.records, "size=64m"))  # for three quarters of an hour of 200 kbit/s
        rig.start_dataplane()
        rig.start_control()

        def record(n, count=90):
            s = rig.open([dict(VIDEO, ssrc=2000 + n)], room=f"room{n}")
            video = Video(rig, s["port"], clip, ssrc=2000 + n)
            video.send(count)
            equal(rig.finish(s["id"])["state"], "done", f"session {n}")

        def uploads():
            return rig.ok("GET", "/api/v1/stats")["uploads"]
        record(1)
        wait_for("its upload", lambda: uploads()["done"] == 1 and not uploads()["waiting_bytes"], 30)
        equal(rig.finish(rig.open([dict(VIDEO, ssrc=1)], room="early")["id"])["state"], "done", "a session while nothing waits")
        swift.proxy.go_away()
        record(2, 900)
        # A minute of what is asked is 1.5 MB.
        wait_for("more than a minute of recording, and of what is asked, to wait", lambda: uploads()["waiting_bytes"] > 60 * (rig.ok("GET", "/api/v1/stats")["budget"]["recorded_bytes_s"] + 25000), 200, 0.5)

        def full():
            status, *rest = ask(rig, 1)
            if status == 201:
                rig.finish(rest[0]["id"])
            return status != 201 and (status, *rest)
        # What was taken and ended counts as promised for ten seconds.
        refused(*wait_for("a refusal", full, 60, 11), r"full: uploads are \d+ MB behind, which would fill the disk in \d+ min, 60 is the least \(control.full_minutes\)")
        check(gauges(rig)['wirespool_budget_refused_total{resource="uploads"}'] >= 1, f"refusals: {gauges(rig)}")
        swift.proxy.come()
        wait_for("what waited to be sent", lambda: uploads()["done"] == 2, 60)
        wait_for("room for another", lambda: ask(rig, 3)[0] == 201, 30, 0.5)


main([poll_loops_that_would_be_too_busy, blocks_that_would_be_too_few, a_disk_that_does_not_keep_up, uploads_that_would_fill_the_disk])
