#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packetizes an IVF file of AV1 as the AOM's RTP payload specification has it: sizes are taken out of the OBUs, small ones
share a packet, large ones are cut; packets use both forms of the W field in turn.
usage: make_av1.py IVF RTP    (each packet with its length before it, as capture.py writes them)"""
import struct
import sys

PAYLOAD = 480


def leb128(n):
    out = b""
    while True:
        out += bytes([n & 0x7F | (0x80 if n > 0x7F else 0)])
        n >>= 7
        if not n:
            return out


def read_leb128(data, at):
    n = shift = 0
    while True:
        n |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return n, at


def obus(unit):
    """OBUs without their size fields; temporal delimiters are left out."""
    at = 0
    while at < len(unit):
        head = unit[at : at + 1 + (unit[at] >> 2 & 1)]
        size, data = read_leb128(unit, at + len(head))
        if head[0] >> 3 & 15 != 2:
            yield bytes([head[0] & ~2]) + head[1:] + unit[data : data + size]
        at = data + size


def payloads(unit):
    """Aggregation headers and elements."""
    packets, elements, room, z = [], [], PAYLOAD, False

    def end(y):
        nonlocal elements, room, z
        n = len(packets)
        counted = n % 2 == 0 and len(elements) <= 3
        head = (z << 7) | (y << 6) | ((len(elements) if counted else 0) << 4)
        body = b"".join((b"" if counted and i == len(elements) - 1 else leb128(len(e))) + e for i, e in enumerate(elements))
        packets.append(bytes([head]) + body)
        elements, room, z = [], PAYLOAD, y

    sequence = False
    for obu in obus(unit):
        sequence |= obu[0] >> 3 & 15 == 1
        while obu:
            if room < 8:
                end(False)
            part, obu = obu[: room - 3], obu[room - 3 :]
            elements.append(part)
            room -= len(part) + 3
            if obu:
                end(True)
    if elements:
        end(False)
    if sequence:
        packets[0] = bytes([packets[0][0] | 8]) + packets[0][1:]
    return packets


def main():
    data = open(sys.argv[1], "rb").read()
    scale, rate = struct.unpack_from("<II", data, 20)[0], struct.unpack_from("<II", data, 16)[0]
    at, seq = 32, 65520
    with open(sys.argv[2], "wb") as out:
        while at < len(data):
            size, pts = struct.unpack_from("<IQ", data, at)
            packets = payloads(data[at + 12 : at + 12 + size])
            for i, payload in enumerate(packets):
                marker = 128 if i == len(packets) - 1 else 0
                rtp = struct.pack(">BBHII", 128, marker | 45, seq & 0xFFFF, (pts * 90000 * scale // rate + 4294900000) & 0xFFFFFFFF, 305419901)
                out.write(struct.pack(">H", 12 + len(payload)) + rtp + payload)
                seq += 1
            at += 12 + size


main()
