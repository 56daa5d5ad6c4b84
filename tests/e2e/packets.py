# SPDX-License-Identifier: BSD-3-Clause
"""Packets made by hand, for what no encoder sends: plain RTP of known payloads, at any pace, and the RTCP that comes back."""
import socket
import struct
import time

from rig import Failed, ivf_frames, ogg_packets

VIDEO = dict(id="video0", codec="VP8", payload_type=96, clock_rate=90000)
AUDIO = dict(id="audio1", codec="opus", payload_type=111, clock_rate=48000, channels=2)


def rtp(seq, timestamp, ssrc, payload, pt=111, marker=False, version=2, cc=0, extension=b"", padding=b""):
    first = version << 6 | (0x20 if padding else 0) | (0x10 if extension else 0) | cc
    return struct.pack("!BBHII", first, (0x80 if marker else 0) | pt, seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + extension + payload + padding


def opus(i, size=65):
    """A 20 ms packet, CELT fullband, recognisable by its number."""
    return bytes([0xFC]) + struct.pack("!I", i) + bytes(size - 5)


class Audio:
    """A plain Opus sender with its own socket."""

    def __init__(self, rig, port, ssrc=1000, seq=100, timestamp=5000):
        self.s, self.to = rig.socket(), ("10.77.0.1", port)
        self.ssrc, self.seq, self.timestamp, self.n, self.sent = ssrc, seq, timestamp, 0, []

    def send(self, count=1, gap=0.002, size=65):
        for _ in range(count):
            data = opus(self.n, size)
            self.s.sendto(rtp(self.seq, self.timestamp, self.ssrc, data), self.to)
            self.sent.append(data)
            self.n, self.seq, self.timestamp = self.n + 1, self.seq + 1, self.timestamp + 960
            time.sleep(gap)

    def skip(self, count):
        """Packets that never are sent."""
        self.n, self.seq, self.timestamp = self.n + count, self.seq + count, self.timestamp + 960 * count


class Video:
    """A plain VP8 sender (RFC 7741 with the shortest descriptor) of a clip's frames, round and round. If it obeys, a PLI (RFC 4585
    section 6.3.1) makes it go on with the clip's next key frame."""

    def __init__(self, rig, port, clip, ssrc=2000, first=0, step=3000, obeys=False):
        self.s, self.to = rig.socket(), ("10.77.0.1", port)
        self.frames = [d for _, d in ivf_frames(clip)[1]]
        self.ssrc, self.n, self.step, self.seq, self.timestamp, self.sent = ssrc, first, step, 100, 5000, []
        self.obeys = obeys

    def _obey(self):
        if any((kind, form) == (206, 1) for kind, form, _ in rtcp_packets(self.s, 0)):
            while self.frames[self.n % len(self.frames)][0] & 1:  # RFC 6386 section 9.1: 0 is a key frame
                self.n += 1

    def send(self, count=1, gap=0.005):
        for _ in range(count):
            if self.obeys:
                self._obey()
            frame = self.frames[self.n % len(self.frames)]
            pieces = [frame[at:at + 1100] for at in range(0, len(frame), 1100)]
            for k, piece in enumerate(pieces):
                payload = bytes([0x10 if k == 0 else 0]) + piece
                self.s.sendto(rtp(self.seq, self.timestamp, self.ssrc, payload, pt=96, marker=k == len(pieces) - 1), self.to)
                self.seq += 1
            self.sent.append(frame)
            self.n, self.timestamp = self.n + 1, self.timestamp + self.step
            time.sleep(gap)


def rtcp_packets(sock, seconds):
    """[(type, count or format, body)] of the plain RTCP that arrives at a socket within so many seconds (RFC 3550 section 6.1)."""
    end, found = time.monotonic() + seconds, []
    while True:
        sock.settimeout(max(0, end - time.monotonic()))
        try:
            data = sock.recv(2048)
        except (socket.timeout, BlockingIOError):
            break
        while len(data) >= 4:
            first, kind, words = struct.unpack("!BBH", data[:4])
            size = 4 + 4 * words
            if first >> 6 != 2 or size > len(data):
                raise Failed(f"RTCP that is none: {data.hex()}")
            found.append((kind, first & 31, data[4:size]))
            data = data[size:]
    sock.settimeout(None)
    return found


def same(got, sent, what):
    """Both lists of frames or packets are the same; says where they part, not what they hold."""
    if got != sent:
        at = next((i for i, (g, s) in enumerate(zip(got, sent)) if g != s), min(len(got), len(sent)))
        began = sent.index(got[0]) if got and got[0] in sent else "nowhere"
        raise Failed(f"{what}: {len(got)} instead of {len(sent)}, other from {at} on; the first is found at {began}")


def real_packets(path):
    """Packets of a recording that carry media, not fill-ins."""
    return [p for _, p in ogg_packets(path)[2:] if len(p) > 2]
