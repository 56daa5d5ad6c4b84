#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the README's pictures of wirespool-top, appliance/top/screens/*.png, of a recorder at work.
usage: tests/e2e/top_screens.py [DIR]     as root, for its namespace; takes two minutes

    wirespool-gen (WHIP with loss, SRTP) ──> dataplane ── counters ──> wirespool-top in tmux ──> tools/screenshot
                                             control ──> Swift's S3
"""
import os
import subprocess
import sys
import time

import store
from door import Door
from rig import BUILD, ROOT, Rig, run, wait_for
from terminal import Terminal

store.PORT, store.PROXY_PORT = 18600, 18650  # of its own: it may run beside tests
GEN = os.path.join(BUILD, "tools/gen/wirespool-gen")
COLS, ROWS = 120, 34
COURSE_S = 100  # seconds that a course has to show

# Rooms, and what is sent to them.
CALLS = (("design-review", ("--webrtc", "--sessions", "3", "--size", "960x540", "--kbps", "1500")),
         ("support", ("--sessions", "3", "--tracks", "opus", "--jitter-ms", "5")),
         ("lecture", ("--sessions", "2", "--tracks", "vp9,opus", "--profile", "AEAD_AES_128_GCM", "--kbps", "1100", "--size", "640x360", "--loss", "0.5")))


def call(rig, room, options):
    return subprocess.Popen([GEN, "--api", f"http://127.0.0.1:{rig.port}", "--netns", rig.ns, "--room", room, "--participant", room[0] + "{n}", "--duration", "600", *options],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def publish(rig):
    """One who repairs what is lost on the way, as browsers do."""
    clip, door = os.path.join(rig.dir, "clip.webm"), Door(rig)
    run("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=frequency=500", "-t", "240",
        "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-c:a", "libopus", "-y", clip)
    rig.netns("/usr/bin/python3", os.path.join(ROOT, "tests/e2e/publish_aiortc.py"), door.url + "/whip/standup?participant=ann", clip, "240")


def picture(terminal, where, name):
    time.sleep(1.2)  # what the view reads for itself has been there twice
    terminal.picture(os.path.join(where, name + ".png"), COLS, ROWS)


def main():
    where = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "appliance/top/screens")
    os.makedirs(where, exist_ok=True)
    with store.Store() as s3, Rig(rest=s3.ini(), env=s3.env(), log="warn") as rig, Terminal("--config", rig.ini, cols=COLS, rows=ROWS, term="screen-256color") as t:
        calls = [call(rig, *c) for c in CALLS]
        rig.senders += calls
        publish(rig)
        run("ip", "netns", "exec", rig.ns, "nft", "add table netdev loss; add chain netdev loss out { type filter hook egress device snd priority 0; }; "
            "add rule netdev loss out udp dport 3478 numgen random mod 1000 < 8 drop")
        wait_for("all calls", lambda: len(rig.ok("GET", "/api/v1/sessions?state=recording")) >= 9, 60, 0.5)
        ended = call(rig, "interview", ("--sessions", "1", "--kbps", "3000"))  # one that ends: its recordings are uploaded
        rig.senders.append(ended)
        t.press("3")
        time.sleep(8)
        ended.terminate()
        t.press("/", *"standup", "Enter", "Home", "Enter")
        time.sleep(COURSE_S)
        picture(t, where, "track")
        t.press("Escape", "Escape", "s", "Home")
        picture(t, where, "tracks")
        t.press("1")
        picture(t, where, "overview")
        t.press("2")
        picture(t, where, "lcores")
        t.press("q")
        for one in calls:
            one.terminate()
        for one in calls:
            one.wait(30)
    for name in sorted(os.listdir(where)):
        print(name, os.path.getsize(os.path.join(where, name)), "bytes")


if __name__ == "__main__":
    main()
