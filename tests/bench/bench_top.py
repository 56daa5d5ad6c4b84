# SPDX-License-Identifier: BSD-3-Clause
"""What wirespool-top takes of a core while it watches 10,000 tracks, in its costliest views

    top_segment: counters of 10,000 tracks, all of which receive ──┐
    control: the names of as many, open in a dataplane ── HTTP ────┴──> wirespool-top on a screen of tmux's
"""
import subprocess
import tempfile
import time

import measure
import report
from rig import Rig, wait_for
from terminal import Terminal

TRACKS, TRACKS_SHORT, OF_A_SESSION = 10000, 1000, 2
SECONDS = 12  # a refresh each
SEGMENT = "appliance/top/top_segment"
AUDIO = dict(codec="opus", clock_rate=48000, channels=2)
WANTED = 1.0  # % of a core

# What is looked at, keys that lead there, and a pattern of its screen.
VIEWS = (("overview", "1", "^Sessions"),
         ("tracks by kbit/s", "3", "tracks by kbit/s"),
         ("tracks by room", "ssssss", "by room"),
         ("tracks by room, filtered", "/room-1\r", r"by room with \"room-1\""),
         ("tracks by jitter, filtered", "SSSS", r"by jitter with \"room-1\""))


def open_all(rig, tracks):
    for i in range(tracks // OF_A_SESSION):
        rig.open([dict(AUDIO, id=f"audio{k}", payload_type=96 + k) for k in range(OF_A_SESSION)], room=f"room-{i}", participant=f"p{i}", idle_timeout_s=3600)


def press(terminal, keys):
    for key in keys:
        terminal.press("Enter" if key == "\r" else key)


def share(pid, seconds):
    """What of a core a process takes, user and system time, in %."""
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - began) * 100


def cpu_seconds(pid):
    """To the nanosecond: /proc/PID/stat has hundredths of a second, and a refresh takes less."""
    return sum(sum(threads) for threads in measure.thread_cpu_seconds(pid).values())


def named(terminal):
    """The names have come: they do so by pages, one a second."""
    return terminal.screen().count("room-") > 10


def run(how):
    seconds, tracks = (3, TRACKS_SHORT) if how.short else (SECONDS, TRACKS)
    with tempfile.TemporaryDirectory(prefix="wirespool-top-") as where, \
            Rig(ingest="allow_plain_rtp = 1", dataplane=f"max_tracks = {tracks}", log="warn", lcores=(measure.POLL_CPU,)) as rig:
        open_all(rig, tracks)
        segment = subprocess.Popen([measure.program(SEGMENT), where, str(tracks)])
        try:
            with Terminal("--run-dir", where, "--url", f"http://127.0.0.1:{rig.port}", cols=132, rows=43, term="screen-256color") as t:
                t.shows("dataplane live .* control up")
                t.press("3")
                wait_for("names", lambda: named(t), 200, 1)
                for what, keys, pattern in VIEWS:
                    press(t, keys)
                    t.shows(pattern)
                    got = how.median(lambda: share(t.pid(), seconds))[0]
                    yield report.row(0, f"wirespool-top, {tracks} tracks: {what}", got, "% of a core", against="a core", limit=100, wanted=f"< {WANTED:g} %", met=got < WANTED)
        finally:
            segment.kill()
            segment.wait()
