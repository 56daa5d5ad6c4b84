# SPDX-License-Identifier: BSD-3-Clause
"""wirespool-top in a terminal of tmux's: keys go in, screens come out, as text or as a picture."""
import os
import re
import shutil
import subprocess
import tempfile

from rig import BUILD, ROOT, check, wait_for

TOP = os.path.join(BUILD, "appliance", "top", "wirespool-top")


class Terminal:
    """wirespool-top on a screen of so many columns and rows."""

    def __init__(self, *args, cols=80, rows=24, locale="C.UTF-8", term="screen", **env):
        self.dir = tempfile.mkdtemp(prefix="wirespool-tmux-")
        self.env = dict(os.environ, LC_ALL="C.UTF-8")
        self.env.pop("NO_COLOR", None)
        assigned = " ".join(f"{k}={v}" for k, v in dict(env, LC_ALL=locale, TERM=term).items())
        self.tmux("-u", "new-session", "-d", "-x", str(cols), "-y", str(rows), f"env {assigned} {TOP} {' '.join(args)}; echo ended with $?; exec sleep 600")

    def tmux(self, *argv):
        p = subprocess.run(["tmux", "-f", "/dev/null", "-S", os.path.join(self.dir, "socket"), *argv], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        check(p.returncode == 0, f"tmux {argv[0]}: {p.stderr}")
        return p.stdout

    def screen(self, escapes=False):
        return self.tmux("capture-pane", "-p", *(["-e", "-N"] if escapes else []))

    def picture(self, path, cols, rows):
        """The screen as PNG (tools/screenshot)."""
        p = subprocess.run([os.path.join(ROOT, "tools/screenshot"), "--cols", str(cols), "--rows", str(rows), path], input=self.screen(True), capture_output=True, text=True, timeout=60)
        check(p.returncode == 0, f"tools/screenshot: {p.stderr}")

    def press(self, *keys):
        for key in keys:
            self.tmux("send-keys", *(["-l", key] if len(key) == 1 else [key]))

    def shows(self, *lines, seconds=15):
        """Wait until there is a line for each pattern, one below the other; the screen."""
        def found():
            rows, at = self.screen().splitlines(), 0
            for pattern in lines:
                while at < len(rows) and not re.search(pattern, rows[at]):
                    at += 1
                if at == len(rows):
                    return None
                at += 1
            return "\n".join(rows)
        try:
            return wait_for("a screen", found, seconds)
        except AssertionError:
            raise AssertionError(f"no {lines} in:\n{self.screen()}") from None

    def pid(self):
        """Of wirespool-top."""
        shell = self.tmux("list-panes", "-F", "#{pane_pid}").strip()
        return int(subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True).stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")
        shutil.rmtree(self.dir)
