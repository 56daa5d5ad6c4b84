#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""WHIP (RFC 9725) as HTTP: what is asked and answered, who may ask, and what becomes of a publication when either
daemon goes away. Media comes from wirespool-gen --webrtc, and once from the page at /publish."""
import glob
import json
import os
import re
import subprocess
import tempfile
import threading
import time

import stun
from browser import Browser
from door import Door
from rig import BUILD, ROOT, Rig, check, decodes, equal, main, run, wait_for
from test_webrtc import OFFER, Peer, credentials, media_of

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
TRICKLE = "a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:1 1 udp 1 10.77.0.2 9 typ host\r\n"
RESTART = "a=ice-ufrag:{}\r\na=ice-pwd:0123456789012345678901\r\n"


class Answer:
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body.decode(), headers

    def refused(self, status, code, part=""):
        equal(self.status, status, f"status of {self.body}")
        error = json.loads(self.body)["error"]
        equal(error["code"], code, error["message"])
        check(part in error["message"], f"{part!r} is not in {error['message']!r}")
        return self


def call(rig, method, path, body=None, kind=None, token=None, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind:
        sent["Content-Type"] = kind
    if token:
        sent["Authorization"] = "Bearer " + token
    return Answer(*rig.api(method, path, body.encode() if body is not None else None, sent, raw=True))


def post(rig, offer=OFFER, room="demo", query="", **more):
    return call(rig, "POST", f"/whip/{room}{query}", offer, SDP, **more)


def publish(rig, **more):
    """(location, answer) of a publication."""
    a = post(rig, **more)
    equal(a.status, 201, f"POST: {a.body}")
    return a.headers["Location"], a


def patch(rig, location, body, match=None, **more):
    if match is not None:
        more["If_Match"] = match
    return call(rig, "PATCH", location, body, FRAGMENT, **more)


def id_of(location):
    return location.rsplit("/", 1)[1]


def offer_is_answered():
    with Rig(ingest="public_address = 192.0.2.7\nmax_bitrate_kbps = 3000") as rig:
        location, a = publish(rig, query="?participant=alice&max_bitrate_kbps=900")
        equal(a.headers["Content-Type"], SDP, "type of the answer")
        check(re.fullmatch(r"/whip/demo/s_[a-z2-7]{20}", location), location)
        check(re.fullmatch(r'"[a-z2-7]{8}"', a.headers["ETag"]), a.headers["ETag"])
        equal(a.headers["Accept-Patch"], FRAGMENT, "Accept-Patch")
        equal(a.headers["Access-Control-Allow-Origin"], "*", "allowed origin")
        for name in ("Location", "ETag", "Link"):
            check(name in a.headers["Access-Control-Expose-Headers"], f"{name} is not exposed")
        lines = a.body.split("\r\n")
        for line in ("a=ice-lite", "a=setup:passive", "a=recvonly", "a=rtcp-mux", "a=mid:0", "a=group:BUNDLE 0", "m=video 9 UDP/TLS/RTP/SAVPF 96", "b=AS:900"):
            check(line in lines, f"{line} is not in the answer")
        addresses = [line.split()[4] for line in lines if line.startswith("a=candidate:")]
        equal(addresses, ["10.77.0.1", "fd77::1", "192.0.2.7"], "candidates")
        shown = run("openssl", "x509", "-in", f"{rig.dir}/dtls/identity.pem", "-noout", "-fingerprint", "-sha256").strip().split("=")[1]
        check(f"a=fingerprint:sha-256 {shown}" in lines, "the fingerprint is not the certificate's")
        ufrag, pwd = credentials(a.body)
        check(len(ufrag) >= 4 and len(pwd) >= 22, "credentials are too short (RFC 8839 section 5.4)")
        s = rig.session(id_of(location))
        equal((s["room"], s["participant"], s["state"], s["tracks"][0]["id"]), ("demo", "alice", "waiting", "alice-video0"), "session")
        check(pwd not in json.dumps(s) + rig.log("wirespool-control") + rig.log("wirespool-dataplane"), "the ICE password is told to others")
        names = {rig.session(id_of(publish(rig)[0]))["participant"] for _ in range(5)}
        equal(len(names), 5, "names that were made up")


def rooms_are_paths():
    with Rig() as rig:
        for room, name in (("a%20room", "a room"), ("r%C3%B6m-%E2%98%83", "r\u00f6m-\u2603"), ("a.b", "a.b"), ("...", "..."), ("%2A", "*"), ("a%3Fb%23c%25d", "a?b#c%d"), ("r" * 128, "r" * 128)):
            location, _ = publish(rig, room=room)
            equal(rig.session(id_of(location))["room"], name, room)
            equal(call(rig, "DELETE", location).status, 200, f"DELETE {location}")
        for room in (".", "..", "%2e%2E", "r" * 129, "%FF", "a%0Ab", "a%7Fb"):
            post(rig, room=room).refused(400, "bad_parameter", "room")
        for room in ("a%2Fb", "a%00b", "a%4", "", "a/b/c"):
            post(rig, room=room).refused(404, "not_found")


def other_stacks_get_answers_that_fit():
    with Rig() as rig:
        for path in sorted(glob.glob(os.path.join(ROOT, "tests/data/sdp/*.sdp"))):
            name = os.path.basename(path)
            with open(path, newline="") as f:
                offer = f.read()
            _, a = publish(rig, offer=offer, room=name)
            check(a.body.endswith("\r\n") and "\n\n" not in a.body.replace("\r", ""), f"{name}: line ends")
            offered, answered = (text.replace("\r", "").split("\nm=")[1:] for text in (offer, a.body))
            equal(len(answered), len(offered), f"{name}: m-lines")
            mid = lambda m: re.findall(r"^a=mid:(\S+)$", m, re.M)
            served = []
            for mine, theirs in zip(answered, offered):
                kind, port, protocol, *types = mine.split("\n")[0].split(" ")
                equal((kind, protocol), tuple(theirs.split("\n")[0].split(" ")[i] for i in (0, 2)), f"{name}: m-line")
                equal(mid(mine), mid(theirs), f"{name}: mid")
                check(set(types) <= set(theirs.split("\n")[0].split(" ")[3:]), f"{name}: types {types}")
                if port == "0":
                    continue
                served += mid(mine)
                check("a=recvonly" in mine and "a=rtcp-mux" in mine and "a=setup:passive" in mine and "a=ice-ufrag:" in mine and "a=fingerprint:" in mine, f"{name}: {mine}")
                for line in re.findall(r"^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)", mine, re.M):
                    check(line in types, f"{name}: a line of type {line}, that is not in the m-line")
                maps = dict(re.findall(r"^a=rtpmap:(\d+) (\S+)", theirs, re.M))
                for kind, codec in re.findall(r"^a=rtpmap:(\d+) (\S+)", mine, re.M):
                    equal(codec.lower(), maps.get(kind, codec).lower(), f"{name}: rtpmap")
                for kind, apt in re.findall(r"^a=fmtp:(\d+) apt=(\d+)", mine, re.M):
                    check(apt in types, f"{name}: retransmissions of {apt}, that is not in the m-line")
                for number, uri in re.findall(r"^a=extmap:(\d+)\S* (\S+)", mine, re.M):
                    check(re.search(rf"^a=extmap:{number}(/\w+)? {re.escape(uri)}", offer, re.M), f"{name}: extmap {number} {uri}")
            check(served, f"{name}: nothing is served")
            group = re.search(r"^a=group:BUNDLE (.*?)\r?$", a.body, re.M).group(1).split()
            equal(sorted(group), sorted(served), f"{name}: bundle")
            equal(a.body.count("a=end-of-candidates"), 1, f"{name}: one transport")


def what_is_no_offer_is_refused():
    with Rig() as rig:
        for kind in ("text/plain", "application/sdpx", "application/json", FRAGMENT):
            a = call(rig, "POST", "/whip/demo", OFFER, kind).refused(415, "unsupported_media_type", SDP)
            equal(a.headers["Accept-Post"], SDP, "Accept-Post")
        equal(call(rig, "POST", "/whip/demo", OFFER, "Application/SDP; charset=utf-8").status, 201, "type with a parameter")
        swap = OFFER.replace
        for offer, status, code, part in (
                ("", 400, "bad_sdp", "empty"), ("hello", 400, "bad_sdp", "line 1"), (swap("\r\n", ""), 400, "bad_sdp", "--data-binary"), ("v=0\r\n", 400, "bad_sdp", "m-lines"),
                (OFFER + "x\r\n", 400, "bad_sdp", "line "), (swap("a=ice-pwd", "a=x"), 400, "bad_sdp", "ice-pwd"), (swap("AB:CD", "AB-CD", 1), 400, "bad_sdp", "fingerprint"),
                (swap("VP8", "H265"), 406, "not_acceptable", "ingest.codecs"), (swap("sendonly", "recvonly"), 406, "not_acceptable", "does not send"),
                (swap("m=video 9", "m=video 0"), 406, "not_acceptable", "port 0"), (swap("UDP/TLS/RTP/SAVPF", "RTP/AVP"), 406, "not_acceptable", "DTLS-SRTP"),
                (swap("a=fingerprint", "a=x"), 422, "unprocessable", "fingerprint is missing"), (swap("sha-256", "sha-1"), 422, "unprocessable", "sha-256"),
                (swap("actpass", "passive"), 422, "unprocessable", "passive"), (swap("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"), 422, "unprocessable", "lite")):
            post(rig, offer=offer).refused(status, code, part)
        post(rig, offer=OFFER + "a=x:" + "y" * (257 << 10)).refused(413, "too_large")
        for query in ("participant=", "participant=" + "p" * 129, "participant=%FF", "participant=a%01", "max_bitrate_kbps=0", "max_bitrate_kbps=x", "max_bitrate_kbps=1000001"):
            post(rig, query="?" + query).refused(400, "bad_parameter", "participant" if query[0] == "p" else "max_bitrate_kbps")
        for method, path, allow in (("GET", "/whip/demo", "POST, OPTIONS"), ("HEAD", "/whip/demo", "POST, OPTIONS"), ("PUT", "/whip/demo", "POST, OPTIONS"), ("PATCH", "/whip/demo", "POST, OPTIONS"),
                                    ("GET", "/whip/demo/s_x", "PATCH, DELETE, OPTIONS"), ("POST", "/whip/demo/s_x", "PATCH, DELETE, OPTIONS"), ("POST", "/publish", "GET, HEAD, OPTIONS")):
            a = call(rig, method, path)
            equal((a.status, a.headers["Allow"]), (405, allow), f"{method} {path}")
        equal([s["state"] for s in rig.ok("GET", "/api/v1/sessions")], ["waiting"], "sessions")


def preflights_need_no_token():
    asked = dict(Origin="https://call.example", Access_Control_Request_Method="POST", Access_Control_Request_Headers="authorization,content-type,if-match")
    with Rig(control="whip_tokens = demo=sesame\napi_tokens = master") as rig:
        for path, methods, types in (("/whip/demo", "POST, OPTIONS", {"Accept-Post": SDP}), ("/whip/demo/s_x", "PATCH, DELETE, OPTIONS", {"Accept-Patch": FRAGMENT})):
            a = call(rig, "OPTIONS", path, **asked)
            equal((a.status, a.body), (204, ""), f"OPTIONS {path}")
            equal((a.headers["Access-Control-Allow-Origin"], a.headers["Access-Control-Allow-Methods"], a.headers["Allow"]), ("*", methods, methods), path)
            for name in ("Authorization", "Content-Type", "If-Match"):
                check(name in a.headers["Access-Control-Allow-Headers"], f"{name} is not allowed")
            for name, value in types.items():
                equal(a.headers[name], value, name)
        a = post(rig).refused(401, "unauthorized")
        equal((a.headers["Access-Control-Allow-Origin"], a.headers["WWW-Authenticate"][:6]), ("*", "Bearer"), "a refusal that a page can read")
    for origin in ("https://call.example", ""):
        with Rig(control=f"cors_origin = {origin}") as rig:
            for a in (call(rig, "OPTIONS", "/whip/demo", **asked), post(rig)):
                equal(a.headers.get("Access-Control-Allow-Origin", ""), origin, "allowed origin")
                equal(a.headers.get("Vary"), "Origin" if origin else None, "Vary")


def tokens_have_their_rooms():
    with Rig(start=False, control="api_tokens = master\nwhip_tokens = red=redtoken, blue=bluetoken, *=anytoken, r\u00f6m=romtoken, x=a=b") as rig:
        rig.start_dataplane()
        rig.start_control()
        good = (("red", "redtoken"), ("red", "anytoken"), ("red", "master"), ("blue", "bluetoken"), ("r%C3%B6m", "romtoken"), ("x", "a=b"), ("%2A", "anytoken"))
        places = {(room, token): publish(rig, room=room, token=token)[0] for room, token in good}
        for room, token in (("red", None), ("red", "bluetoken"), ("red", "redtoke"), ("red", "redtoken2"), ("red", ""), ("Red", "redtoken"), ("red%20", "redtoken"), ("blue", "redtoken"), ("%2A", "redtoken"), ("rom", "romtoken"),
                            ("red", "red=redtoken"), ("x", "b")):
            a = post(rig, room=room, token=token).refused(401, "unauthorized")
            check(a.headers["WWW-Authenticate"].startswith("Bearer"), "WWW-Authenticate")
        for room in ("red%2F..%2Fblue", "red%2Fs_x"):
            post(rig, room=room, token="redtoken").refused(404, "not_found")
        red, blue = places["red", "redtoken"], places["blue", "bluetoken"]
        for method, body in (("DELETE", None), ("PATCH", TRICKLE)):
            ask = lambda path, token: call(rig, method, path, body, FRAGMENT if body else None, token=token)
            ask(blue, "redtoken").refused(401, "unauthorized")
            ask(blue, None).refused(401, "unauthorized")
            ask("/whip/red/" + id_of(blue), "redtoken").refused(404, "not_found")
            ask("/whip/red/..%2F..%2Fblue%2F" + id_of(blue), "redtoken").refused(404, "not_found")
        equal(call(rig, "GET", "/api/v1/sessions/" + id_of(blue), token="master").status, 200, "the session is untouched")
        equal(json.loads(call(rig, "GET", "/api/v1/sessions/" + id_of(blue), token="master").body)["state"], "waiting", "state")
        for method, path in (("GET", "/api/v1/sessions"), ("GET", "/api/v1/sessions/" + id_of(red)), ("DELETE", "/api/v1/sessions/" + id_of(red)), ("POST", "/api/v1/sessions"), ("GET", "/api/records"),
                             ("GET", "/records/x.ivf"), ("GET", "/metrics"), ("GET", "/api/v1/stats"), ("POST", f"/api/v1/sessions/{id_of(red)}/key-frame")):
            for token in ("redtoken", "anytoken"):
                call(rig, method, path, token=token).refused(401, "unauthorized")
        equal(patch(rig, red, TRICKLE, token="redtoken").status, 204, "PATCH with the room's token")
        equal(call(rig, "DELETE", red, token="redtoken").status, 200, "DELETE with the room's token")
        equal(call(rig, "DELETE", blue, token="master").status, 200, "DELETE with the API's token")
        for token in ("redtoken", "bluetoken", "anytoken", "master", "romtoken"):
            check(token not in rig.log("wirespool-control"), "a token is in the log")


def tokens_of_rooms_alone_leave_the_api_open_and_say_so():
    with Rig(control="whip_tokens = red=redtoken") as rig:
        post(rig, room="red").refused(401, "unauthorized")
        publish(rig, room="red", token="redtoken")
        equal(call(rig, "GET", "/api/v1/sessions").status, 200, "the API on loopback")
        check("whip_tokens without control.api_tokens" in rig.log("wirespool-control"), "no warning")


def candidates_and_restarts():
    with Rig() as rig:
        location, a = publish(rig)
        tag = a.headers["ETag"]
        for match in (None, "*", '"*"', tag, f'"x", {tag}'):
            got = patch(rig, location, TRICKLE, match)
            equal((got.status, got.body, got.headers["ETag"]), (204, "", tag), f"candidates with If-Match {match}")
        equal(patch(rig, location, "a=end-of-candidates\r\n").status, 204, "end of candidates")
        for match in ('"x"', "W/" + tag, tag.strip('"'), ""):
            patch(rig, location, TRICKLE, match).refused(412, "precondition_failed")
            patch(rig, location, RESTART.format("anew"), match).refused(412, "precondition_failed")
        for body in ("", "x", "a=candidate:1\r\n", "a=ice-ufrag:ab\r\na=ice-pwd:0123456789012345678901\r\n", "a=ice-ufrag:anew\r\na=ice-pwd:short\r\n"):
            patch(rig, location, body, "*").refused(400, "bad_sdp")
        patch(rig, location, "a=ice-ufrag:anew\r\n", "*").refused(400, "bad_sdp", "ice-pwd")
        patch(rig, location, RESTART.format("anew")).refused(428, "precondition_required", "If-Match")
        equal(call(rig, "PATCH", location, TRICKLE, SDP).refused(415, "unsupported_media_type").headers["Accept-Patch"], FRAGMENT, "Accept-Patch")
        ufrag = credentials(a.body)[0]
        for n, match in enumerate(("*", '"*"', None)):
            got = patch(rig, location, RESTART.format(f"anew{n}"), match or tag)
            equal((got.status, got.headers["Content-Type"]), (200, FRAGMENT), f"restart: {got.body}")
            check(got.headers["ETag"] not in (tag, ""), "the ETag stays")
            check(re.search(r"^m=video .*\r\na=mid:0\r\n", got.body, re.M) and "10.77.0.1 3478 typ host" in got.body and "a=ice-lite" in got.body, got.body)
            check(credentials(got.body)[0] != ufrag, "the ufrag stays")
            tag, (ufrag, pwd) = got.headers["ETag"], credentials(got.body)
            equal(patch(rig, location, RESTART.format(f"anew{n}"), tag).status, 204, "the same once more is no restart")
        peer = Peer(rig)
        check(peer.ask(stun.request(f"{ufrag}:anew2", pwd, use_candidate=True)), "the new credentials are not answered")
        equal(peer.ask(stun.request(f"{ufrag}:peer", pwd)), None, "the old peer's ufrag with new credentials")


def restarts_at_one_time_exclude_each_other():
    with Rig() as rig:
        location, a = publish(rig)
        got = []
        ask = lambda n: got.append(patch(rig, location, RESTART.format(f"peer{n}"), "*"))
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for one in got:
            if one.status != 200:
                equal(one.refused(409, "conflict", "restart").headers["Retry-After"], "1", "Retry-After")
        check(any(one.status == 200 for one in got), "none came through")
        now = patch(rig, location, "a=end-of-candidates\r\n").headers["ETag"]
        check(now in [one.headers.get("ETag") for one in got], "the ETag is one of theirs")


def ends_are_told_twice():
    with Rig() as rig:
        location, _ = publish(rig)
        for method, body in (("DELETE", None), ("PATCH", TRICKLE)):
            for path in ("/whip/demo/s_nobody", location.replace("demo", "other"), location + "x", "/whip/demo/" + "x" * 200):
                call(rig, method, path, body, FRAGMENT if body else None).refused(404, "not_found")
        for _ in range(2):
            a = call(rig, "DELETE", location)
            told = json.loads(a.body)
            equal((a.status, told["state"], told["reason"]), (200, "done", "deleted"), "DELETE")
        patch(rig, location, TRICKLE).refused(404, "not_found")
        patch(rig, location, RESTART.format("anew"), "*").refused(404, "not_found")
        plain = rig.open([dict(id="v", codec="VP8", payload_type=96, clock_rate=90000, srtp=dict(profile="AES_CM_128_HMAC_SHA1_80", key="A" * 40))])
        call(rig, "DELETE", "/whip/demo/" + plain["id"]).refused(404, "not_found")
        equal(rig.session(plain["id"])["state"], "waiting", "a session that is not WHIP's")
        location, _ = publish(rig)
        rig.finish(id_of(location))
        equal(call(rig, "DELETE", location).status, 200, "after an end by the API")


def who_comes_again_is_replaced():
    with Rig() as rig:
        state = lambda location: (lambda s: (s["state"], s.get("reason")))(rig.session(id_of(location)))
        first, _ = publish(rig, query="?participant=alice")
        others = [publish(rig, query="?participant=bob")[0], publish(rig, room="other", query="?participant=alice")[0], publish(rig)[0], publish(rig)[0]]
        for offer, status in ((OFFER.replace("VP8", "H265"), 406), (OFFER.replace("a=fingerprint", "a=x"), 422), ("v=0", 400)):
            equal(post(rig, offer=offer, query="?participant=alice").status, status, "a bad offer")
            equal(state(first), ("waiting", None), "who offers nonsense keeps what there is")
        second, _ = publish(rig, query="?participant=alice")
        equal(state(first), ("done", "replaced"), "the former")
        for one in [second] + others:
            equal(state(one), ("waiting", None), "the others")
        patch(rig, first, TRICKLE).refused(404, "not_found")
        got = []
        threads = [threading.Thread(target=lambda: got.append(post(rig, query="?participant=carol"))) for _ in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        check(all(a.status == 201 or a.refused(409, "track_taken") for a in got), "many at a time")
        live = [s for s in rig.ok("GET", "/api/v1/sessions?limit=100") if s["participant"] == "carol" and s["state"] == "waiting"]
        equal(len(live), 1, "one of them is left")


def full_says_when_to_come_again():
    with Rig(dataplane="max_tracks = 2") as rig:
        locations = [publish(rig, query=f"?participant=p{n}")[0] for n in range(2)]
        a = post(rig, query="?participant=late").refused(503, "full", "max_tracks")
        check(int(a.headers["Retry-After"]) > 0, "Retry-After")
        equal(call(rig, "DELETE", locations[0]).status, 200, "DELETE")
        publish(rig, query="?participant=late")
        post(rig, query="?participant=later").refused(503, "full")
        publish(rig, query="?participant=late")  # takes its own place
    with Rig(record="enabled = 0") as rig:
        post(rig).refused(409, "recording_disabled")


def the_dataplane_goes_away():
    with Rig() as rig:
        location, a = publish(rig, query="?participant=alice")
        rig.kill("wirespool-dataplane")
        wait_for("control to notice", lambda: rig.api("GET", "/readyz")[0] == 503)
        for got in (post(rig, query="?participant=alice"), patch(rig, location, RESTART.format("anew"), "*")):
            equal(got.refused(503, "dataplane_down").headers["Retry-After"], "1", "Retry-After")
        equal(patch(rig, location, TRICKLE).status, 204, "candidates need no dataplane")
        rig.start_dataplane()
        wait_for("readiness", lambda: rig.api("GET", "/readyz")[0] == 200)
        ufrag, pwd = credentials(a.body)
        peer = Peer(rig)
        wait_for("the session in the new dataplane", lambda: peer.ask(stun.request(f"{ufrag}:peer", pwd, use_candidate=True)))
        equal(patch(rig, location, RESTART.format("anew"), a.headers["ETag"]).status, 200, "restart")
        equal(call(rig, "DELETE", location).status, 200, "DELETE")


def ends_that_wait_hold_up_nobody():
    """Many DELETEs while the dataplane is away: some wait for it, and control goes on answering."""
    with Rig() as rig:
        locations = [publish(rig)[0] for _ in range(9)]
        rig.kill("wirespool-dataplane")
        wait_for("control to notice", lambda: rig.api("GET", "/readyz")[0] == 503)
        got = []
        threads = [threading.Thread(target=lambda to=to: got.append(call(rig, "DELETE", to))) for to in locations]
        for t in threads:
            t.start()
        began = time.monotonic()
        for path, want in (("/healthz", 200), ("/readyz", 503), ("/api/v1/sessions", 200)):
            equal(rig.api("GET", path)[0], want, path)
        check(time.monotonic() - began < 3, f"answers took {time.monotonic() - began:.1f} s")
        rig.start_dataplane()
        for t in threads:
            t.join()
        equal({a.status for a in got}, {200}, "DELETE")
        wait_for("the ends", lambda: all(s["state"] == "done" for s in rig.ok("GET", "/api/v1/sessions")))


def control_goes_away_before_the_handshake():
    with Rig() as rig:
        location, a = publish(rig, query="?participant=alice")
        before = run("openssl", "x509", "-in", f"{rig.dir}/dtls/identity.pem", "-noout", "-fingerprint", "-sha256")
        rig.kill("wirespool-control")
        rig.start_control()
        wait_for("the end", lambda: rig.session(id_of(location))["state"] == "failed")
        check("restart of control" in rig.session(id_of(location))["reason"], "reason")
        patch(rig, location, TRICKLE).refused(404, "not_found")
        equal(call(rig, "DELETE", location).status, 200, "DELETE")
        _, b = publish(rig, query="?participant=alice")
        equal(run("openssl", "x509", "-in", f"{rig.dir}/dtls/identity.pem", "-noout", "-fingerprint", "-sha256"), before, "certificate")
        fingerprint = lambda answer: re.search(r"a=fingerprint:(.*)\r", answer.body).group(1)
        equal(fingerprint(a), fingerprint(b), "fingerprint")


def generate(rig, *options):
    return subprocess.Popen([os.path.join(BUILD, "tools/gen/wirespool-gen"), "--webrtc", "--api", f"http://127.0.0.1:{rig.port}", "--netns", rig.ns, "--room", "demo", "--participant", "gen",
                             "--size", "160x90", "--kbps", "150", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def publisher(rig, token=None):
    """The session of wirespool-gen once its media comes."""
    def look():
        found = json.loads(call(rig, "GET", "/api/v1/sessions?room=demo", token=token).body)
        return next((s for s in found if s["state"] == "recording" and s["dtls"] == "connected"), None)
    return wait_for("a publisher that is recorded", look, 30)


def a_publisher_lives_through_it_all():
    """ICE restarts whose new credentials nobody uses, and a restart of control, while media comes; WHIP ends it."""
    with Rig(control="api_tokens = master\nwhip_tokens = demo=sesame", start=False) as rig:
        rig.env["WIRESPOOL_API_TOKEN"] = "master"
        rig.start_dataplane()
        rig.start_control()
        gen = generate(rig, "--duration", "60", "--api-token", "master")
        rig.senders.append(gen)
        s = publisher(rig, "master")
        location = "/whip/demo/" + s["id"]
        restarted = patch(rig, location, RESTART.format("other"), "*", token="sesame")
        equal(restarted.status, 200, f"restart: {restarted.body}")
        patch(rig, location, RESTART.format("another"), '"stale"', token="sesame").refused(412, "precondition_failed")
        rig.kill("wirespool-control")
        rig.start_control()
        adopted = publisher(rig, "master")
        equal((adopted["id"], adopted["participant"]), (s["id"], "gen"), "adopted")
        got = patch(rig, location, "a=end-of-candidates\r\n", restarted.headers["ETag"], token="sesame")
        equal((got.status, got.headers["ETag"]), (204, restarted.headers["ETag"]), "the ETag outlives control")
        packets = lambda: sum(t["packets"] for t in json.loads(call(rig, "GET", "/api/v1/sessions/" + s["id"], token="master").body)["tracks"])
        before = packets()
        wait_for("more media", lambda: packets() > before + 100, 20)
        call(rig, "DELETE", location, token="wrong").refused(401, "unauthorized")
        told = call(rig, "DELETE", location, token="sesame")
        equal((told.status, json.loads(told.body)["state"]), (200, "done"), "DELETE")
        gen.terminate()
        gen.wait(30)
        records = [r for r in json.loads(call(rig, "GET", "/api/records", token="master").body) if r["session"] == s["id"]]
        equal(len(records), 2, "recordings")
        for r in records:
            check(decodes(rig.path(r["name"])) > 30, f"{r['name']}: too little")


def a_publisher_is_replaced_by_its_next_self():
    with Rig() as rig:
        first = generate(rig, "--duration", "60")
        rig.senders.append(first)
        old = publisher(rig)
        wait_for("media", lambda: all(track["packets"] > 100 for track in rig.session(old["id"])["tracks"]))
        second = generate(rig, "--duration", "3")
        rig.senders.append(second)
        wait_for("the former's end", lambda: rig.session(old["id"])["state"] == "done")
        equal(rig.session(old["id"])["reason"], "replaced", "reason")
        out = second.communicate(timeout=60)[0]
        equal(second.returncode, 0, out[-500:])
        first.terminate()
        first.wait(30)
        for s in rig.ok("GET", "/api/v1/sessions?room=demo"):
            records = media_of(rig, s["id"])
            equal(len(records), 2, f"recordings of {s['id']}")
            for r in records:
                check(decodes(rig.path(r["name"])) > 5, f"{r['name']}: too little")


def by_tls():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=wirespool", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", d + "/key.pem", "-out", d + "/cert.pem"], check=True, stderr=subprocess.DEVNULL)
        with Rig(start=False, control=f"tls_cert = {d}/cert.pem\ntls_key = {d}/key.pem\npublish_page = 1\nwhip_tokens = demo=sesame\napi_tokens = master") as rig:
            rig.start_dataplane()
            rig.start_control(wait=False)

            def curl(*argv, body="", ca=True):
                """(status, headers by their names in lower case, body)"""
                p = subprocess.run(["curl", "-sS", "-i", "--max-time", "20", *(["--cacert", d + "/cert.pem"] if ca else []), *argv[:-1], f"https://127.0.0.1:{rig.port}{argv[-1]}"],
                                   input=body, capture_output=True, text=True)
                if p.returncode:
                    return p.returncode, {}, p.stderr
                head, _, text = p.stdout.partition("\n\n")
                status, *lines = head.split("\n")
                return int(status.split()[1]), {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}, text
            wait_for("readiness", lambda: curl("/readyz")[0] == 200, 20)
            equal(curl("/readyz", ca=False)[0], 60, "a certificate that nobody signed")
            token = ["-H", "Authorization: Bearer sesame"]
            sdp = ["-X", "POST", "-H", "Content-Type: " + SDP, "--data-binary", "@-"]
            equal(curl(*sdp, "/whip/demo", body=OFFER)[0], 401, "without a token")
            status, headers, text = curl(*sdp, *token, "/whip/demo", body=OFFER)
            equal((status, text[:3]), (201, "v=0"), "POST")
            fragment = ["-X", "PATCH", "-H", "Content-Type: " + FRAGMENT, "-H", "If-Match: " + headers["etag"], "--data-binary", "@-"]
            equal(curl(*fragment, *token, headers["location"], body=RESTART.format("anew"))[0], 200, "PATCH")
            equal(curl("-X", "DELETE", *token, headers["location"])[0], 200, "DELETE")
            status, headers, text = curl("/publish")
            equal((status, headers["content-type"]), (200, "text/html; charset=utf-8"), "/publish")
            check("default-src 'none'" in headers["content-security-policy"] and "<title>" in text, "the page")
            for version, ok in (("1.1", False), ("1.2", True), ("1.3", True)):
                argv = ["--tlsv" + version] + (["--tls-max", version] if not ok or version == "1.2" else [])
                equal(curl(*argv, "/healthz")[0] == 200, ok, f"TLS {version}")


def the_page_is_off_unless_wanted():
    with Rig() as rig:
        call(rig, "GET", "/publish").refused(404, "not_found", "publish_page")


def the_page_publishes():
    with Rig(control="publish_page = 1\nwhip_tokens = demo=sesame") as rig:
        door = Door(rig)
        with Browser(rig, door) as browser:
            browser.ask("open", page=door.url + "/publish")
            text = lambda name: browser.run(f"return document.getElementById('{name}').textContent")
            press = lambda name: browser.run(f"document.getElementById('{name}').click()")
            fill = lambda name, value: browser.run(f"document.getElementById('{name}').value = {json.dumps(value)}")
            wait_for("the devices", lambda: browser.run("return document.getElementById('video').value.startsWith('device:') && document.getElementById('audio').value.startsWith('device:')"))
            fill("participant", "alice")
            press("start")
            wait_for("a refusal", lambda: "token" in text("error"), 20)
            fill("token", "sesame")
            press("start")
            wait_for("the connection", lambda: text("state").startswith("Connected"), 30)
            equal(text("error"), "", "error")
            wait_for("figures", lambda: "bit/s" in text("rate") and "×" in text("picture"), 20)
            browser.run("await restart()")
            recorded = lambda: [s for s in rig.ok("GET", "/api/v1/sessions?room=demo") if s["state"] == "recording" and len(s["tracks"]) == 2 and all(t.get("frames", 0) > 10 for t in s["tracks"])]
            first = wait_for("sound and picture", recorded, 20)[0]
            equal(first["participant"], "alice", "participant")
            check("ICE is restarted" in rig.log("wirespool-control"), "no restart")
            browser.ask("open", page=door.url + "/publish")  # another tab, the same name
            wait_for("the devices", lambda: browser.run("return document.getElementById('video').options.length > 1"))
            fill("participant", "alice")
            fill("token", "sesame")
            press("start")
            wait_for("the connection", lambda: text("state").startswith("Connected"), 30)
            wait_for("the former's end", lambda: rig.session(first["id"])["state"] == "done")
            wait_for("figures", lambda: "bit/s" in text("rate"), 20)
            wait_for("sound and picture", recorded, 20)
            press("stop")
            wait_for("the end", lambda: text("state") == "Stopped: the recording is finished.", 20)
            equal(text("error"), "", "error")
        for s in rig.ok("GET", "/api/v1/sessions?room=demo"):
            equal(s["state"], "done", "session")
            frames = {}  # by track: each size of the picture has a file of its own
            for r in s["recordings"]:
                frames[r["track"]] = frames.get(r["track"], 0) + decodes(rig.path(r["name"]))
            check(len(frames) == 2 and min(frames.values()) > 5, f"frames decoded: {frames}")


if __name__ == "__main__":
    main([offer_is_answered, rooms_are_paths, other_stacks_get_answers_that_fit, what_is_no_offer_is_refused, preflights_need_no_token, tokens_have_their_rooms,
          tokens_of_rooms_alone_leave_the_api_open_and_say_so, candidates_and_restarts, restarts_at_one_time_exclude_each_other, ends_are_told_twice, who_comes_again_is_replaced, full_says_when_to_come_again,
          the_dataplane_goes_away, ends_that_wait_hold_up_nobody, control_goes_away_before_the_handshake, a_publisher_lives_through_it_all, a_publisher_is_replaced_by_its_next_self, by_tls, the_page_is_off_unless_wanted, the_page_publishes])
