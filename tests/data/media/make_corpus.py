#!/usr/bin/env python3
"""Makes the corpora of depay_*, scan_* and track from the media beside it. usage: make_corpus.py"""
import os
import struct

here = os.path.dirname(os.path.abspath(__file__))
corpus = os.path.join(here, "..", "corpus")


def put(parser, name, data):
    os.makedirs(os.path.join(corpus, parser), exist_ok=True)
    with open(os.path.join(corpus, parser, name), "wb") as out:
        out.write(data)


def packets(name):
    with open(os.path.join(here, name + ".rtp"), "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        n = struct.unpack_from(">H", data, at)[0]
        yield data[at + 2 : at + 2 + n]
        at += 2 + n


def depay(parser, name, picks):
    """The marker in the first byte, then the payload."""
    every = list(packets(name))
    for i in picks:
        p = every[i]
        put(parser, "%s-%d" % (name, i), bytes([p[1] >> 7]) + p[12:])


def track(name, codec, first, last, mangle):
    """Records as tests/fuzz/writers/fuzz_track.c reads them."""
    out = bytes([codec])
    seq = time = None
    for i, p in enumerate(packets(name)):
        if not first <= i < last or mangle and i % 7 == 5:
            continue
        s, t = struct.unpack_from(">HI", p, 2)
        step = 0 if seq is None else (s - seq) & 0xFF
        ticks = 0 if time is None else (t - time) & 0xFFFFFFFF
        seq, time = s, t
        payload = p[12:172]
        flags = p[1] >> 7 | (2 if mangle and i % 19 == 11 else 0)
        out += struct.pack("<BbIBB", flags, step if step < 128 else step - 256, ticks, 20, len(payload)) + payload
    put("track", name + ("-mangled" if mangle else ""), out)


depay("depay_vp8", "vp8", (0, 1, 12, 30))
put("depay_vp8", "extended", bytes.fromhex("0190f0ffff096510029d012ab0009000"))
depay("depay_vp9", "vp9", (0, 1, 20))
depay("depay_vp9", "svc", (0, 1, 3, 10, 40))
put("depay_vp9", "flexible", bytes.fromhex("00f8c56740030508860000008000"))
depay("depay_opus", "opus", (0, 10))
for name, text in (("silence", "78"), ("two", "7a01090909"), ("vbr", "7b8301010909 09"), ("padded", "7b420201010000")):
    put("depay_opus", name, b"\0" + bytes.fromhex(text.replace(" ", "")))

with open(os.path.join(here, "vp8.ivf"), "rb") as f:
    ivf = f.read()
put("scan_ivf", "cut", ivf[:5000])
put("scan_ivf", "zeros", ivf[:4200] + bytes(600))
with open(os.path.join(here, "opus.ogg"), "rb") as f:
    ogg = f.read()
put("scan_ogg", "cut", ogg[:6000])
put("scan_ogg", "whole", ogg)

depay("depay_h264", "h264", (0, 1, 2, 7))
depay("depay_av1", "av1", (0, 1, 2, 70))

for mangle in (False, True):
    track("mulaw", 3, 0, 12, mangle)
    track("av1", 5, 0, 24, mangle)
    track("h264", 6, 0, 24, mangle)
    track("vp8", 0, 0, 24, mangle)
    track("vp9", 1, 0, 24, mangle)
    track("svc", 1, 0, 24, mangle)
    track("opus", 2, 0, 24, mangle)
