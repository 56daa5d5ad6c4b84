# SPDX-License-Identifier: BSD-3-Clause
"""Headless Chromium in the senders' namespace, publishing by WHIP (tests/e2e/browser.mjs, publisher.js)."""
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile

from rig import Failed, check

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required",
         "--auto-select-desktop-capture-source=publisher", "--auto-accept-this-tab-capture", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
         "--disable-gpu", "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"]


class Browser:
    def __init__(self, rig, door, flags=(), origin=None):
        self.rig, self.door = rig, door
        self.home = tempfile.mkdtemp(prefix="browser-", dir=rig.dir)
        wrapper = os.path.join(self.home, "chromium")
        with open(wrapper, "w") as f:
            f.write(f'#!/bin/sh\necho $$ > {self.home}/pid\nexec ip netns exec {rig.ns} env HOME={self.home} {chromium()} "$@"\n')
        os.chmod(wrapper, 0o755)
        self.log = open(os.path.join(self.home, "log"), "w")
        self.process = subprocess.Popen([node(), os.path.join(HERE, "browser.mjs"), wrapper, *FLAGS, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, start_new_session=True)
        rig.senders.append(self.process)
        self.version = self._answer(60)["version"]
        with open(os.path.join(HERE, "publisher.js")) as f:
            self.ask("open", page=(origin or door.url) + "/publisher-under-test", script=f.read())

    def _answer(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        check(ready, f"no answer of the browser in {seconds} s: {self.tail()}")
        line = self.process.stdout.readline()
        check(line, f"the browser has ended: {self.tail()}")
        answer = json.loads(line)
        check(answer["ok"], f"browser: {answer.get('why')}; {self.tail()}")
        return answer["value"]

    def tail(self):
        with open(os.path.join(self.home, "log"), errors="replace") as f:
            return f.read()[-1500:]

    def ask(self, do, seconds=40, **more):
        self.process.stdin.write(json.dumps(dict(do=do, **more)) + "\n")
        self.process.stdin.flush()
        return self._answer(seconds)

    def run(self, code, seconds=40):
        return self.ask("run", seconds, code=code)

    def publish(self, room="demo", participant="alice", query="", **options):
        """Publish, wait until connected; what start() of publisher.js tells."""
        options["url"] = f"{self.door.url}/whip/{room}?participant={participant}{query}"
        told = self.run(f"return await publisher.start({json.dumps(options)})")
        self.run("return await publisher.connected()")
        told["id"] = told["location"].rsplit("/", 1)[1]
        return told

    def stats(self):
        return self.run("return await publisher.stats()")

    def outbound(self, kind):
        """The outbound-rtp statistics of that kind, simulcast layers sorted by rid."""
        return sorted((s for s in self.stats()["outbound"] if s["kind"] == kind), key=lambda s: s.get("rid", ""))

    def halt(self):
        """End the media; the counts that are final then, by kind."""
        self.run("await publisher.halt()")
        return {kind: self.outbound(kind) for kind in ("audio", "video")}

    def stop(self):
        return self.run("return await publisher.stop()")

    def close(self):
        try:
            self.ask("close")
        except (Failed, OSError, ValueError):
            pass
        self.process.stdin.close()
        self.process.wait(20)

    def kill(self):
        """As a crash or a lost laptop does: no word to anybody."""
        with open(os.path.join(self.home, "pid")) as f:
            main = int(f.read())
        for pid in descendants(main) + [main]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.kill()
        self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.close()


def descendants(pid):
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry))
            except OSError:
                pass
    found, look = [], [pid]
    while look:
        mine = children.get(look.pop(), [])
        found += mine
        look += mine
    return found


def node():
    found = shutil.which("node")
    check(found, "no node: tools/deps test installs it")
    return found


def chromium():
    found = shutil.which("chromium")
    check(found, "no chromium: tools/deps test installs it")
    return found
