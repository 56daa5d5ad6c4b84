#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""wirespool-top in a terminal of tmux's, driven by keys and read as screens; and without one.

    tmux (a server of its own) ── wirespool-top ── shared counters ── dataplane ◄── senders
                                       └── HTTP ── control
"""
import http.server
import json
import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time

import senders
import store
from packets import AUDIO, VIDEO, Audio, Video
from rig import BUILD, Rig, check, equal, main, run, wait_for
from terminal import TOP, Terminal

SEGMENT = os.path.join(BUILD, "appliance", "top", "top_segment")
store.PORT, store.PROXY_PORT = 18700, 18750  # of its own: it may run beside other tests
CONTROL, DATAPLANE = "wirespool-control", "wirespool-dataplane"
PLAIN = "allow_plain_rtp = 1"
SPARKS = "▁▂▃▄▅▆▇█"
KEYS = r"q quit"


class Calls:
    """A rig with two calls, a video and an audio track each, that go on, and one session that nobody sends to."""

    def __enter__(self):
        self.rig = Rig(ingest=PLAIN)
        self.stopped, self.threads = False, []
        clip = senders.video_clip("VP8", 2)
        self.sessions = [self.rig.open([VIDEO, AUDIO], room=room, participant=who) for room, who in (("kitchen", "ann"), ("hall", "bob"))]
        self.rig.open([AUDIO], room="attic", participant="eve")
        for i, session in enumerate(self.sessions):
            self._go(Video(self.rig, session["port"], clip, ssrc=0xA000 + i), 0.033)
            self._go(Audio(self.rig, session["port"], ssrc=0xB000 + i), 0.02)
        return self

    def _go(self, sender, gap):
        def run():
            while not self.stopped:
                sender.send(1, gap)
        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def __exit__(self, *why):
        self.stopped = True
        for thread in self.threads:
            thread.join()
        return self.rig.__exit__(*why)

    def terminal(self, **more):
        return Terminal("--config", self.rig.ini, **more)


def run_top(*args, **env):
    p = subprocess.run([TOP, *args], env=dict(os.environ, **env), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout, p.stderr


FIGURES = [r"^In +\S+ k?M?bit/s +\S+ packet/s", r"^Out +\S+ k?bit/s +\S+ packet/s", r"^Dropped +\S+ packet/s of \S+ packet/s RTP", r"^Sessions +3, 5 tracks, 4 files open",
           r"^Disk +\S+ \w+/s written, grows \S+ \w+/s", r"^Free +\S+ \w+, at this rate enough for \d+", r"^Finished +0 recordings, 0 failed", r"^Uploads +off"]


def look_at_every_view(calls):
    with calls.terminal() as t:
        t.shows(r"^wirespool .* dataplane live \d+ s  control up .*\d\d:\d\d:\d\d$", r"^ 1 overview   2 lcores   3 tracks   4 disks   5 uploads   6 events   7 log$", r"^$", *FIGURES,
                r"^lcore 0 +[━─]+ +\S+ % busy", r"^(Drops by reason|No drops)", r"^q quit  \? help  1-7 views  Tab next$")
        t.shows(rf"^In .*[{SPARKS}]$")
        t.press("2")
        t.shows(r"^lcore busy % packet/s +bit/s .*rx class  srtp   rtp  hand burst +stall", r"^0 +\d", r"^port +link", r"^net_af_packet0 +up", KEYS)
        t.press("3")
        t.shows(r"^5 of 5 tracks by kbit/s", r"^room +track +codec kbit/s  fps loss% jit ms rtt ms  nack  pli state",
                r"^(hall|kitchen) +video0 +VP8 +\d+ +\d+ +0 .* recording", r"^(hall|kitchen) +video0", r"^(hall|kitchen) +audio1 +opus +\d+", r"^(hall|kitchen) +audio1",
                r"^attic +audio1 +opus +0 .* waiting", r"q quit  \? help  Enter open  / filter  s sort  r reverse  x stop session$")
        t.press("Enter")
        t.shows(r"^(kitchen / ann|hall / bob) / video0  VP8  recording", r"^session s_\w+, slot \d, SSRC 0000a00[01]", rf"^bit rate \S+ kbit/s .*[{SPARKS}]", rf"^frames +\S+ fps .*[{SPARKS}]",
                r"^file \S+ KiB, picture 320x180", r"^packets +\d+", r"q quit  \? help  Esc back")
        t.press("Escape", "4")
        t.shows(r"^\S+ \w+ free, at this rate enough for .*, of \S+ \w+", r"^[━─]{60}$", r"^writer .* written/s", r"^0 +\d", KEYS)
        t.press("5")
        t.shows(r"^Upload is off: see upload.enabled")
        t.press("Tab")
        t.shows(r"^(What the counters show|Control's events)", r"q quit  \? help  1-7 views  Up/Down move$")
        t.press("?")
        t.shows("^q +quit", "^Up Down +move", "^x +stop its session", r"^any key: back *$")
        t.press("q")
        t.shows(r"q quit  \? help  1-7 views  Up/Down move$")


def events_are_told(calls):
    with calls.terminal() as t:
        t.shows("control up")
        t.press("6")
        more = calls.rig.open([AUDIO], room="cellar", participant="sue")
        t.shows(r"^\d\d:\d\d:\d\d session", seconds=10)
        calls.rig.finish(more["id"])


def sort_filter_and_resize(calls):
    with calls.terminal(cols=200, rows=50) as t:
        t.shows(FIGURES[0] + r".*(Drops by reason|No drops)", *FIGURES[1:], r"^q quit")
        t.press("3")
        t.shows(r"^room +participant +track +codec kbit/s .* size +lost  gaps +file ssrc +session +state", r"^(hall +bob|kitchen +ann) +video0 .* 320x180 .* 0000a00[01] s_\w{20} recording")
        t.press(*"ssssss")
        t.shows("by room", "^attic", "^hall", "^hall", "^kitchen", "^kitchen")
        t.press("r")
        t.shows("by room reversed", "^kitchen", "^kitchen", "^hall", "^hall", "^attic")
        t.press("/", *"KITCHEN")
        t.shows("2 of 5 tracks by room reversed with \"KITCHEN\"", "^kitchen", "^kitchen", "^filter: KITCHEN_$")
        t.press("BSpace", "Enter")
        screen = t.shows("with \"KITCHE\"", "^kitchen", "^kitchen", KEYS)
        check("hall" not in screen, f"the filter lets others through:\n{screen}")
        t.press("Escape")
        t.shows("^5 of 5")
        t.tmux("resize-window", "-x", "80", "-y", "12")
        rows = t.shows(r"^room +track +codec", "^kitchen", r"^q quit  \? help  Enter open").splitlines()
        equal(len(rows), 12, "rows of the smaller screen")
        check(rows[11].startswith("q quit"), f"the keys are not at the foot: {rows}")


def small_screens_are_cut_and_no_more(calls):
    for locale in ("C.UTF-8", "C"):
        with calls.terminal(cols=20, rows=5, locale=locale) as t:
            t.shows(r"^wirespool (all well|\d)", KEYS)
            for view, line in (("1", "^(In|lcore|[a-z_]+:) "), ("2", "^lcore busy"), ("3", "^room +kbit/s"), ("4", "free"), ("5", "Upload is off"), ("6", "")):
                t.press(view)
                rows = t.shows("^wirespool ", line, KEYS).splitlines()
                check(len(rows) == 5 and all(len(r) <= 20 for r in rows), f"20x5: {rows}")
                check(locale != "C" or all(r.isascii() for r in rows), f"not ASCII: {rows}")
    with calls.terminal(cols=12, rows=2) as t:
        t.shows("^wirespool")
        t.press("3", "Enter", "6", "q")
        t.shows("^ended with 0")


def colours_can_be_had_and_not(calls):
    colour = re.compile(r"\x1b\[(?:[0-9;]*;)?(3[0-7]|4[0-7])[;m]")

    def coloured(screen):
        return bool(colour.search(screen))

    for wanted, args in ((True, {}), (False, dict(NO_COLOR="1")), (False, dict(term="vt100"))):
        with calls.terminal(**args) as t:
            t.shows("control up", *FIGURES)
            equal(coloured(t.screen(True)), wanted, f"colours with {args}")
    with Terminal("--config", calls.rig.ini, "--no-colour") as t:
        t.shows("control up")
        check(not coloured(t.screen(True)), "colours in spite of --no-colour")


def once_json_and_a_pipe_tell_the_same(calls):
    for args in (["--once"], []):  # without: standard output is a pipe
        code, out, err = run_top("--config", calls.rig.ini, *args)
        equal((code, err), (0, ""), "exit code and errors")
        for line in (r"^dataplane  live, up", r"^control    up at http://127", r"^in +\S+ packet/s, \S+ k?M?bit/s", r"^sessions   3, 5 tracks, 4 files open", r"^lcore 0 +\S+ % busy", r"^uploads    off"):
            check(re.search(line, out, re.M), f"no {line} in {out}")
        check("\x1b" not in out, "escapes on a pipe")
    code, out, err = run_top("--config", calls.rig.ini, "--json")
    equal((code, err), (0, ""), "exit code and errors")
    top = json.loads(out)
    equal((top["dataplane"]["state"], top["control"]["state"], top["sessions"], top["tracks"], top["uploads"]), ("live", "up", 3, 5, None), "states")
    check(top["rtp_pps"] > 0 and top["in_bps"] > 0 and top["disk"]["free_bytes"] > 0 and len(top["lcores"]) == 1 and len(top["writers"]) == 1, f"figures: {top}")
    with open("/dev/full", "w") as full:
        p = subprocess.run([TOP, "--config", calls.rig.ini, "--once"], stdin=subprocess.DEVNULL, stdout=full, timeout=60)
    equal(p.returncode, 1, "exit code of a full disk")


def a_session_is_stopped_when_that_is_confirmed(calls):
    kitchen, hall = calls.sessions
    with calls.terminal() as t:
        t.press("3")
        t.shows("^kitchen")
        t.press("/", *"kitchen", "Enter")
        t.shows("^2 of 5", "^kitchen +video0", "^kitchen +audio1")
        t.press("x")
        t.shows(rf"^y/n\? stop session {kitchen['id']} \(kitchen/ann\)$")
        t.press("n")
        t.shows("nothing was done")
        equal(calls.rig.session(kitchen["id"])["state"], "recording", "the session that was not stopped")
        t.press("f")
        t.shows(r"^y/n\? ask for a key frame of kitchen/video0$")
        t.press("y")
        t.shows("^ask for a key frame of kitchen/video0: (done|failed: )")
        t.press("x")
        t.shows(r"^y/n\? stop session")
        t.press("y")
        t.shows("^0 of 3", rf"^stop session {kitchen['id']} .*: done$")
        equal((calls.rig.session(kitchen["id"])["state"], calls.rig.session(hall["id"])["state"]), ("done", "recording"), "the two sessions")
        t.press("q")
        t.shows("^ended with 0")


def a_call_on_screens():
    with Calls() as calls:
        look_at_every_view(calls)
        events_are_told(calls)
        sort_filter_and_resize(calls)
        small_screens_are_cut_and_no_more(calls)


def a_call_without_colours_and_without_a_terminal():
    with Calls() as calls:
        colours_can_be_had_and_not(calls)
        once_json_and_a_pipe_tell_the_same(calls)
        a_session_is_stopped_when_that_is_confirmed(calls)


def daemons_come_and_go():
    with Calls() as calls, calls.terminal() as t:
        t.shows("dataplane live .* control up")
        t.press("3")
        t.shows("^(hall|kitchen) +video0")
        equal(calls.rig.stop(CONTROL), 0, "control's exit code")
        t.shows("1 ALARM  dataplane live .* control down", r"^(hall|kitchen) +video0 +VP8 +\d+")  # names that were known stay
        t.press("x")
        t.shows("control is not there to be asked")
        t.press("1")
        t.shows("^control: http://127.*Failed to connect", "Recordings go on", r"^Sessions +3, 5 tracks", r"^Uploads +not known without control")
        with calls.terminal() as late:  # never saw control: what the counters tell
            late.press("3")
            late.shows("control down", r"^5 of 5", r"^kitchen/an +video0 .* recording", r"^hall/bob +video0 .* recording")
        code, out, _ = run_top("--config", calls.rig.ini, "--once")
        equal(code, 0, "exit code without control")
        check("control    down" in out and re.search("^in +[1-9]", out, re.M), out)
        calls.rig.start_control()
        t.shows("dataplane live .* control up")
        equal(calls.rig.kill(DATAPLANE), -9, "the dataplane's exit code")
        t.shows("ALARM.* dataplane STANDS STILL", "^dataplane: its counters have stood still for")
        code, out, _ = run_top("--config", calls.rig.ini, "--json")
        equal((code, json.loads(out)["dataplane"]["state"]), (1, "still"), "a dead dataplane")
        calls.rig.start_dataplane()
        t.shows("dataplane live .* control up")
        t.press("6")
        t.shows(r"dataplane +started", r"dataplane +.*dead or stuck", r"control +control answers again", r"control +control does not answer")


def nothing_is_there():
    with tempfile.TemporaryDirectory() as d:
        where = ["--run-dir", d, "--url", "http://127.0.0.1:9"]
        code, out, _ = run_top(*where, "--once")
        equal(code, 1, "exit code without a dataplane")
        check("dataplane  absent" in out and "No such file" in out and "control    down" in out, out)
        with Terminal(*where, cols=20, rows=5) as small, Terminal(*where) as t:
            t.shows("2 ALARMS  dataplane absent  control down", "^dataplane: .*No such file", "Trying on")
            small.shows("^wirespool 2 ALARMS", "^dataplane:", KEYS)
            with open(os.path.join(d, "counters"), "w") as f:
                f.write("nonsense" * 1000)
            t.shows("dataplane foreign", "not a segment of version")
            os.kill(t.pid(), signal.SIGTERM)
            t.shows("^ended with 0")
    for args, why in ((["--nonsense"], "unknown argument"), (["--config", "/nonexistent.ini"], "nonexistent"), (["--url", "host", "--run-dir", "/"], "http://")):
        code, _, err = run_top(*args)
        equal(code, 2, f"exit code of {args}")
        check(why in err, err)
    with Terminal("--run-dir", "/", "--url", "http://127.0.0.1:9", term="nonsense") as t:
        t.shows("terminal cannot be used", "ended with 1")


def a_token_is_asked_for():
    with Rig(control="api_tokens = SECRET") as rig:
        code, out, _ = run_top("--config", rig.ini, "--once")
        check(code == 0 and "control    up" in out, out)
        where = ["--run-dir", os.path.join(rig.dir, "run"), "--url", f"http://127.0.0.1:{rig.port}", "--once"]
        code, out, _ = run_top(*where, "--token", "WRONG")
        check("control    refused" in out and "WIRESPOOL_API_TOKENS" in out, out)
        check("control    up" in run_top(*where, "--token", "SECRET")[1], "--token is not taken")
        check("control    up" in run_top(*where, WIRESPOOL_API_TOKENS="SECRET,other")[1], "WIRESPOOL_API_TOKENS is not taken")


def uploads_that_fail_are_shown_and_retried():
    store = "[upload]\nenabled = 1\nmax_retries = 1\n[s3]\nendpoint = 127.0.0.1:9\nuse_ssl = 0\npath_style = 1\nbucket = b\naccess_key = a\nsecret_key = s"
    with Rig(ingest=PLAIN, rest=store, start=False) as rig, Terminal("--config", rig.ini) as t:
        rig.start_dataplane()
        rig.start_control(wait=False)
        wait_for("control and dataplane to meet", lambda: have_met(rig))
        session = rig.open([AUDIO])
        Audio(rig, session["port"]).send(30, 0.02)
        rig.finish(session["id"])
        t.press("5")
        t.shows("ALARM", r"^\d+ queued, \d+ active, \d+ done, .* sent.* stopped", r"^recording +state", r"^demo_audio1_\d+\.ogg +stopped", seconds=30)
        t.press("t")
        t.shows(r"^y/n\? try the upload of demo_audio1_\d+\.ogg now")
        t.press("y")
        t.shows(r"^try the upload of demo_audio1_\d+\.ogg now: done")
        t.press("1")
        t.shows(r"^Uploads +\d+ queued, \d+ active, oldest: \d+ s")


def events_of(text):
    """The types on an events view, newest first."""
    return re.findall(r"^\d\d:\d\d:\d\d ([a-z]+\.[a-z]+) ", text, re.M)


def control_tells_of_sessions_recordings_uploads_and_alarms():
    """Control's own feed in the events view, and none of it twice."""
    with store.Store() as s3, Rig(ingest=PLAIN, rest=s3.ini(), env=s3.env()) as rig, Terminal("--config", rig.ini, cols=150, rows=40) as t:
        t.shows("control up")
        t.press("6")
        t.shows("^Control's events", r" control\.started +version=")
        session = rig.open([AUDIO], room="cellar", participant="sue")
        Audio(rig, session["port"]).send(60, 0.02)
        rig.finish(session["id"])
        for line in (r"session\.opened +room=cellar participant=sue .*tracks=1 session=s_", r"session\.recording +room=cellar", r"record\.opened +room=cellar track=audio1 record=cellar_audio1_\d+\.ogg",
                     r"record\.finished +room=cellar .*bytes=\d+", r"session\.done +room=cellar", r"upload\.queued +room=cellar", r"upload\.started +room=cellar", r"upload\.finished +room=cellar .*key=calls/cellar"):
            t.shows(r"^\d\d:\d\d:\d\d " + line, seconds=30)
        screen = t.screen()
        check(not re.search("session opened|recording finished", screen), f"what the feed tells is told twice:\n{screen}")
        told = events_of(screen)
        equal(sorted(told), sorted(set(told)), "each of them once")
        poke(rig, 7)
        t.shows(r"alarm\.raised +.*account=lcore 0.*packets=7", seconds=40)
        t.press("1")
        t.shows("ALARM", "^lcore 0: 7 packets are not accounted for", seconds=40)
        poke(rig, (1 << 64) - 7)
        t.press("6")
        t.shows(r"alarm\.cleared +.*account=lcore 0", r"alarm\.raised", seconds=40)
        wait_for("an even ledger", lambda: not rig.unaccounted(), 40, 0.5)


def poke(rig, pkts):
    run(os.path.join(BUILD, "base/poke_counter"), os.path.join(rig.dir, "run", "counters"), "lcore", "0", "forwarded_in", str(pkts))


def the_feed_goes_on_after_a_restart_of_control():
    """With a token: without it there is no feed, and that is told."""
    with Rig(ingest=PLAIN, control="api_tokens = SECRET", env={"WIRESPOOL_API_TOKENS": "SECRET"}, start=False) as rig:
        headers = {"Authorization": "Bearer SECRET"}
        rig.start_dataplane()
        rig.start_control()
        opened = lambda room: equal(rig.api("POST", "/api/v1/sessions", dict(room=room, participant="p", tracks=[AUDIO]), headers)[0], 201, "a session")
        where = ["--run-dir", os.path.join(rig.dir, "run"), "--url", f"http://127.0.0.1:{rig.port}"]
        opened("before")
        with Terminal("--config", rig.ini, cols=132) as t, Terminal(*where, "--token", "WRONG", cols=132) as stranger:
            t.press("6")
            t.shows("^Control's events", r"session\.opened +room=before", r"control\.started")  # what was before we came
            stranger.shows("control refuses", "^control: http.* refuses the token: ", "WIRESPOOL_API_TOKENS")
            stranger.press("6")
            stranger.shows("^What the counters show: control's events are not there")
            equal(rig.kill(CONTROL), -9, "control's exit code")
            t.shows("control down", "^What the counters show", "control +control does not answer")
            rig.start_control()
            opened("after")
            screen = t.shows("control up", "^Control's events", r"session\.opened +room=after", r"control\.started", "control +control does not answer", r"session\.opened +room=before", seconds=30)
            for room in ("before", "after"):
                equal(len(re.findall(rf"session\.opened +room={room} ", screen)), 1, f"tellings of {room}")
            opened("stranger")
            stranger.shows(r"session +1 session opened", seconds=10)
            check(not events_of(stranger.screen()), f"events without a token:\n{stranger.screen()}")


class Control(http.server.BaseHTTPRequestHandler):
    """Takes the part of a control whose clock is set back: its feed tells what was kept, then what @news are put in."""
    protocol_version, news = "HTTP/1.0", queue.Queue()

    def log_message(self, *_):
        pass

    def tell(self, *events):
        for at, kind in events:
            self.wfile.write(f'event: {kind}\ndata: {{"time":"{at}","type":"{kind}"}}\n\n'.encode())

    def do_GET(self):
        is_feed = self.path.startswith("/api/v1/events")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if is_feed else "application/json")
        self.end_headers()
        if not is_feed:
            self.wfile.write(b"{}")
            return
        self.tell(("2026-01-02T10:00:00Z", "kept.first"), ("2026-01-02T10:00:05Z", "kept.last"))
        while event := self.news.get():
            self.tell(event)


def news_are_on_top_after_the_clock_was_set_back():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Control)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory() as d, Terminal("--run-dir", d, "--url", f"http://127.0.0.1:{server.server_port}") as t:
            t.press("6")
            t.shows("^Control's events", r"kept\.last", r"kept\.first")
            time.sleep(2.5)  # what control has kept is in
            Control.news.put(("2026-01-01T10:00:10Z", "new.first"))
            t.shows("^Control's events", r"new\.first", r"kept\.last", r"kept\.first")
            Control.news.put(("2026-01-01T10:00:15Z", "new.last"))
            t.shows("^Control's events", r"new\.last", r"new\.first", r"kept\.last", r"kept\.first")
    finally:
        Control.news.put(None)
        server.shutdown()
        server.server_close()


def journal(path, *entries):
    """Entries (unit, priority, message) go into a journal, the real one's form (systemd.journal-export)."""
    lines = [f"__REALTIME_TIMESTAMP={time.time_ns() // 1000 + i}\n_SYSTEMD_UNIT=wirespool-{unit}.service\nPRIORITY={priority}\nMESSAGE={message}\n\n" for i, (unit, priority, message) in enumerate(entries)]
    subprocess.run(["/lib/systemd/systemd-journal-remote", "--output", path, "-"], input="".join(lines), capture_output=True, text=True, timeout=30, check=True)


def the_log_is_the_journals():
    with tempfile.TemporaryDirectory() as d:
        where, file = ["--run-dir", d, "--url", "http://127.0.0.1:9", "--journal", d], os.path.join(d, "test.journal")
        with Terminal(*where) as t:
            t.press("7")
            t.shows("^(No journal files|The journal has nothing|-- No entries)", "^Daemons that systemd did not start")
        journal(file, ("control", 6, "2026-11-21T01:02:03.456Z wirespool-control info: listening"), ("dataplane", 4, "a warning"), ("dataplane", 3, "an error"), ("else", 6, "others"))
        with Terminal(*where, term="screen-256color") as t, Terminal(*where, cols=20, rows=5, locale="C") as small:
            t.press("7")
            t.shows(r"^journalctl", r"^\d\d:\d\d:\d\d else +others", r"^\S+ dataplane +an error", r"^\S+ dataplane +a warning", r"^\S+ control +info: listening", r"q quit")
            lines = [line for line in t.screen(True).splitlines() if " error" in line or "a warning" in line]
            check("48;5;160m" in lines[0] and "33m" in lines[1], f"an error and a warning in their colours: {lines}")
            small.press("7")
            small.shows("^wirespool", r"^\d\d:\d\d:\d\d else others")
            t.press("Down", "Down")
            journal(file, ("control", 4, "later on"))
            screen = t.shows(r"^\S+ control +later on", r"^\S+ else +others")
            child = subprocess.run(["pgrep", "-P", str(t.pid())], capture_output=True, text=True).stdout.split()
            equal(len(child), 1, f"one journalctl while the log is looked at:\n{screen}")
            t.press("1")
            wait_for("its end", lambda: not os.path.exists(f"/proc/{child[0]}"), 10)
            t.press("7")
            t.shows(r"control +later on", r"else +others")
        with Terminal(*where, PATH="/nowhere") as t:
            t.press("7")
            t.shows("^There is no journalctl on this machine")


def have_met(rig):
    try:
        return rig.api("GET", "/readyz")[1]["checks"]["dataplane"]["ok"]
    except OSError:
        return False


def https_is_checked_by_the_certificate_of_the_ini():
    with tempfile.TemporaryDirectory() as d:
        for name in ("ours", "other"):
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=recorder",
                "-keyout", f"{d}/{name}.key", "-out", f"{d}/{name}.pem")
        with Rig(control=f"tls_cert = {d}/ours.pem\ntls_key = {d}/ours.key", start=False) as rig:
            rig.start_control(wait=False)
            out = wait_for("control by HTTPS", lambda: [out for out in [run_top("--config", rig.ini, "--once")[1]] if "control    up" in out])[0]
            check(f"up at https://127.0.0.1:{rig.port}" in out, out)
            where = ["--run-dir", d, "--url", f"https://127.0.0.1:{rig.port}", "--once"]
            for more in ([], ["--ca-file", f"{d}/other.pem"]):
                check("control    down" in run_top(*where, *more)[1], f"an unknown certificate is taken with {more}")


def ten_thousand_tracks_are_sorted_and_filtered():
    with tempfile.TemporaryDirectory() as d:
        segment = subprocess.Popen([SEGMENT, d, "10000"])
        try:
            with Terminal("--run-dir", d, "--url", "http://127.0.0.1:9") as t:
                t.shows("dataplane live")
                t.press("3")
                t.shows("^10000 of 10000 tracks by kbit/s", r"^#9999 +0000370f +\d+", "^#9998")
                t.press("r", "End")
                t.shows("^#9998", "^#9999", KEYS)
                t.press("/", *"370f")
                t.shows("^1 of 10000", "^#9999")
                top = t.pid()
                before = cpu_ns(top)
                time.sleep(5)
                print(f"# {(cpu_ns(top) - before) / 5e7:.2f} % of a core at 10000 tracks", flush=True)
        finally:
            segment.kill()
            segment.wait()


def cpu_ns(pid):
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0])


if __name__ == "__main__":
    main([a_call_on_screens, a_call_without_colours_and_without_a_terminal, daemons_come_and_go, nothing_is_there, a_token_is_asked_for, https_is_checked_by_the_certificate_of_the_ini,
      control_tells_of_sessions_recordings_uploads_and_alarms, the_feed_goes_on_after_a_restart_of_control, news_are_on_top_after_the_clock_was_set_back, the_log_is_the_journals,
      uploads_that_fail_are_shown_and_retried, ten_thousand_tracks_are_sorted_and_filtered])
