#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A machine that is full says so: new sessions are refused with the reason, those that run are not harmed, and room that comes back is given.

    ffmpeg ──> dataplane     POST /api/v1/sessions, POST /whip ──> control: what there is against what is asked
"""
import re

import senders
from offer import OFFER
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


main([poll_loops_that_would_be_too_busy, blocks_that_would_be_too_few])
