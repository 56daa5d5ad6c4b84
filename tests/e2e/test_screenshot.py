#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/screenshot: a terminal's screen becomes the picture of it; and the README's pictures are what they are said to be.

    text with escapes ──> tools/screenshot ──> PNG, read back cell by cell
"""
import glob
import os
import re
import subprocess
import tempfile

from PIL import Image

from rig import ROOT, check, equal, main
from terminal import Terminal

TOOL = os.path.join(ROOT, "tools/screenshot")
MARGIN, COLS, ROWS = 10, 120, 34
PAPER = (0x16, 0x18, 0x1D)


class Picture:
    def __init__(self, path, cols, rows):
        self.image = Image.open(path).convert("RGB")
        width, height = self.image.size
        self.w, self.h = (width - 2 * MARGIN) // cols, (height - 2 * MARGIN) // rows
        equal((self.w * cols + 2 * MARGIN, self.h * rows + 2 * MARGIN), self.image.size, "size by cells")

    def cell(self, row, col):
        x, y = MARGIN + col * self.w, MARGIN + row * self.h
        return self.image.crop((x, y, x + self.w, y + self.h))

    def colours(self, row, col):
        return {colour for _, colour in self.cell(row, col).getcolors(4096)}


def shoot(text, *options, want=0):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "out.png")
        p = subprocess.run([TOOL, *options, path], input=text, capture_output=True, text=True, timeout=60)
        equal(p.returncode, want, f"exit code: {p.stderr}")
        if want:
            return p.stderr
        with open(path, "rb") as f:
            return f.read()


def drawn(text, cols, rows):
    with tempfile.NamedTemporaryFile(suffix=".png") as f:
        f.write(shoot(text, "--cols", str(cols), "--rows", str(rows)))
        f.flush()
        return Picture(f.name, cols, rows)


def cells_are_where_their_characters_are():
    p = drawn("ab \x1b[1ma\x1b[0m\n\n  a", 5, 3)
    a = p.cell(0, 0).tobytes()
    check(a != p.cell(0, 1).tobytes() and len(p.colours(0, 0)) > 2, "an a and a b look alike")
    equal(p.cell(2, 2).tobytes(), a, "the same letter elsewhere")
    check(p.cell(0, 3).tobytes() != a, "bold letters look like others")
    for row, col in ((0, 2), (0, 4), (1, 0), (2, 0)):
        equal(p.colours(row, col), {PAPER}, f"the blank cell {row}, {col}")


def colours_are_those_of_the_escapes():
    p = drawn("\x1b[41m \x1b[48;5;21m \x1b[48;2;1;2;3m \x1b[0m \x1b[7m \x1b[27m \x1b[38;5;46m█\x1b[39;2m█\x1b[m█", 9, 1)
    ink = p.colours(0, 8)
    equal([p.colours(0, i) for i in range(8)], [{(0xE0, 0x56, 0x5B)}, {(0, 0, 255)}, {(1, 2, 3)}, {PAPER}, ink, {PAPER}, {(0, 255, 0)}, p.colours(0, 7)], "grounds and inks")
    check(len(p.colours(0, 7)) == 1 and p.colours(0, 7) not in (ink, {PAPER}), "what is dim is neither bright nor invisible")


def blocks_are_areas():
    p = drawn("▁▄█▌░", 5, 1)
    ink = p.colours(0, 2)

    def part(col):
        return sum(n for n, colour in p.cell(0, col).getcolors(4096) if {colour} == ink) / (p.w * p.h)
    for col, want in ((0, 1 / 8), (1, 1 / 2), (2, 1), (3, 1 / 2)):
        check(abs(part(col) - want) < 0.08, f"block {col} fills {part(col):.2f}, not {want}")
    equal(part(4), 0, "a shade is not ink")


def the_same_text_gives_the_same_bytes():
    text = "one\x1b[32m two\n" * 20
    equal(shoot(text), shoot(text), "two pictures of one text")
    check(shoot(text) != shoot(text.replace("two", "twe")), "another text, the same picture")


def what_cannot_be_drawn_is_told():
    check("nothing to draw" in shoot("\n\n", want=1), "an empty text")
    check("No such file" in shoot("", "/nonexistent/text", want=1), "no text")
    check("usage" in shoot("a", "--size", "5000", want=2), "letters of 5000 pixels")
    shoot("\x1b[\x1b]0;title\x07\x1b[38;5m\x1b[999999m\x1b[38;2;1mx\x1b(0\x1b", "--cols", "1000")  # escapes that are none


def a_terminal_is_drawn():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "top.png")
        with Terminal("--run-dir", d, "--url", "http://127.0.0.1:9", cols=60, rows=12, term="screen-256color") as t:
            t.shows("2 ALARMS  dataplane absent")
            t.picture(path, 60, 12)
        p = Picture(path, 60, 12)
        check((215, 0, 0) in p.colours(0, 11), f"the alarms are not red: {p.colours(0, 11)}")
        check((0, 95, 135) in p.colours(1, 2), f"the view's name has no ground of its own: {p.colours(1, 2)}")
        equal(len(p.colours(11, 59)), 1, "the foot's right end is plain")
        check(PAPER not in p.colours(11, 59), "the foot ends with its text")


def the_readmes_pictures_are_there():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        shown = re.findall(r"\((appliance/top/screens/\w+\.png)\)", f.read())
    equal(sorted(shown), sorted(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "appliance/top/screens/*.png"))), "pictures in the README")
    check(len(shown) >= 3, f"pictures: {shown}")
    for name in shown:
        path = os.path.join(ROOT, name)
        check(os.path.getsize(path) < 150 << 10, f"{name} is large")
        check(len(Picture(path, COLS, ROWS).image.getcolors(1 << 20)) > 8, f"{name} is blank")


if __name__ == "__main__":
    main([cells_are_where_their_characters_are, colours_are_those_of_the_escapes, blocks_are_areas, the_same_text_gives_the_same_bytes, what_cannot_be_drawn_is_told, a_terminal_is_drawn,
          the_readmes_pictures_are_there])
