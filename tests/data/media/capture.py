#!/usr/bin/env python3
"""Keeps the RTP datagrams that come to a loopback port: each with its length before it, 2 bytes, big-endian.
usage: capture.py PORT FILE    (ends when nothing has come for a second)"""
import socket
import sys

port, path = int(sys.argv[1]), sys.argv[2]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
sock.bind(("127.0.0.1", port))
sock.settimeout(5)
with open(path, "wb") as out:
    while True:
        try:
            datagram = sock.recv(2048)
        except socket.timeout:
            break
        sock.settimeout(1)
        if 192 <= datagram[1] <= 223:
            continue  # RTCP
        out.write(len(datagram).to_bytes(2, "big") + datagram)
