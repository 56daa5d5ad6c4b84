# SPDX-License-Identifier: BSD-3-Clause
"""STUN requests by hand (RFC 8489), right and wrong, for what no decent client sends."""
import hashlib
import hmac
import os
import struct
import zlib

COOKIE = 0x2112A442


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def request(username, password, use_candidate=False, priority=0x6E7F1EFF, controlling=True, transaction=None, more=b"", fingerprint=True):
    """A binding request as an ICE agent sends it (RFC 8445 section 7.2.2)."""
    body = attribute(0x0006, username.encode()) + attribute(0x0024, struct.pack(">I", priority))
    body += attribute(0x802A if controlling else 0x8029, os.urandom(8))
    if use_candidate:
        body += attribute(0x0025, b"")
    body += more
    head = lambda n: struct.pack(">HHI", 1, n, COOKIE) + transaction
    transaction = transaction or os.urandom(12)
    mac = hmac.new(password.encode(), head(len(body) + 24) + body, hashlib.sha1).digest()
    body += attribute(0x0008, mac)
    if fingerprint:
        body += attribute(0x8028, struct.pack(">I", zlib.crc32(head(len(body) + 8) + body) ^ 0x5354554E))
    return head(len(body)) + body


def parse(data):
    """(type, {attribute: value}) of a message."""
    kind, length, cookie = struct.unpack(">HHI", data[:8])
    assert cookie == COOKIE and length == len(data) - 20, data
    at, found = 20, {}
    while at < len(data):
        attr, n = struct.unpack(">HH", data[at:at + 4])
        found[attr] = data[at + 4:at + 4 + n]
        at += 4 + n + -n % 4
    return kind, found
