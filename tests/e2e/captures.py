# SPDX-License-Identifier: BSD-3-Clause
"""Capture files made by hand: pcap and pcapng, over any link, of datagrams whose bytes and times a test chooses."""
import struct

US, SENDER = "10.77.0.1", "10.77.0.2"
ETHERNET, SLL, SLL2, RAW, NULL = 1, 113, 276, 101, 0


def _sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(payload, port, dst=US, src=SENDER, sport=4000, checksum=None):
    """IPv4 and UDP around a payload; @checksum instead of the right one."""
    a, b = (bytes(map(int, text.split("."))) for text in (src, dst))
    udp = struct.pack("!HHHH", sport, port, 8 + len(payload), 0) + payload
    right = _sum(a + b + struct.pack("!BBH", 0, 17, len(udp)) + udp) or 0xFFFF
    udp = udp[:6] + struct.pack("!H", right if checksum is None else checksum) + udp[8:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + a + b
    return ip[:10] + struct.pack("!H", _sum(ip)) + ip[12:] + udp


def framed(ip, link):
    """An IPv4 packet as it is captured on @link."""
    return {ETHERNET: b"\2\0\0\0\0\7" b"\2\0\0\0\0\2" b"\x08\0", SLL: b"\0\0\0\1\0\6" + bytes(8) + b"\x08\0",
            SLL2: b"\x08\0" + bytes(18), RAW: b"", NULL: b"\2\0\0\0"}[link] + ip


def write_pcap(path, packets, link=ETHERNET, snap=262144):
    """@packets: [(Unix ns, IPv4 packet)]; what is longer than @snap on the link is cut."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snap, link))
        for ns, ip in packets:
            data = framed(ip, link)
            f.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, min(len(data), snap), len(data)) + data[:snap])


def _block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def write_pcapng(path, packets, link=ETHERNET):
    """Section header, one interface that tells nanoseconds (if_tsresol 9), enhanced packets."""
    with open(path, "wb") as f:
        f.write(_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        f.write(_block(1, struct.pack("<HHI", link, 0, 262144) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)))
        for ns, ip in packets:
            data = framed(ip, link)
            f.write(_block(6, struct.pack("<IIIII", 0, ns >> 32, ns & 0xFFFFFFFF, len(data), len(data)) + data))
