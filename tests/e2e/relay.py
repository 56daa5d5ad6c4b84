# SPDX-License-Identifier: BSD-3-Clause
"""A NAT and a bad network between senders and the WebRTC port, as a thread of this process.

    sender ── 10.77.0.2:3478 ──> Relay ── a port for each sender ──> 10.77.0.1:3478
             (namespace, lo)       loses, delays, withholds, adds; changes its port when told

RelayDoor leads to control as door.py does, and makes the answers name the relay.
"""
import heapq
import random
import select
import socket
import threading
import time

from door import Door


class RelayDoor(Door):
    """Answers name the relay's address, and no other that works; offers are as `offer` makes them, of the same length."""

    def __init__(self, rig, port=8080, offer=lambda data: data):
        self.offer = offer
        super().__init__(rig, port)

    def filter(self, data, inwards):
        if not inwards:
            return self.offer(data)
        return data.replace(b" 10.77.0.1 ", b" 10.77.0.2 ").replace(b" fd77::1 ", b" fd77::9 ")


class Relay:
    """Losses in per cent and delays in ms are of the way to the recorder; `passes(data)` says what it lets through, either way."""

    def __init__(self, rig, seed=1):
        self.rig, self.chance = rig, random.Random(seed)
        self.loss, self.delay_ms, self.passes = 0, 0, lambda data: True
        self.up = self.down = self.lost = 0
        self.front = rig.socket()
        self.front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.front.bind(("10.77.0.2", 3478))
        self.out, self.senders = {}, {}  # sender's address -> socket, and back
        self.late, self.count = [], 0
        self.lock, self.ended = threading.Lock(), False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _socket(self, sender):
        if sender not in self.out:
            s = self.rig.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            s.connect(("10.77.0.1", 3478))
            self.out[sender], self.senders[s] = s, sender
        return self.out[sender]

    def rebind(self):
        """All senders come from other ports from now on; what is sent to the old ones is lost."""
        with self.lock:
            for s in self.senders:
                s.close()
            self.out, self.senders, self.late = {}, {}, []

    def inject(self, data):
        """A datagram of ours, to the recorder on every sender's path."""
        with self.lock:
            for s in self.senders:
                self._send(s.send, data)

    @staticmethod
    def _send(how, *what):
        try:
            how(*what)
        except OSError:
            pass  # the receiver is away

    def _upwards(self):
        data, sender = self.front.recvfrom(2048)
        out = self._socket(sender)
        if not self.passes(data):
            return
        if self.loss and self.chance.random() * 100 < self.loss:
            self.lost += 1
            return
        self.up += 1
        if not self.delay_ms and not self.late:
            self._send(out.send, data)
            return
        self.count += 1
        heapq.heappush(self.late, (time.monotonic() + self.chance.random() * self.delay_ms / 1000, self.count, out, data))

    def _downwards(self, s):
        try:
            data = s.recv(2048)
        except OSError:
            return
        if self.passes(data):
            self.down += 1
            self._send(self.front.sendto, data, self.senders[s])

    def _run(self):
        while not self.ended:
            with self.lock:
                now = time.monotonic()
                while self.late and self.late[0][0] <= now:
                    _, _, out, data = heapq.heappop(self.late)
                    self._send(out.send, data)
                wait = min(0.01, self.late[0][0] - now) if self.late else 0.01
                watched = [self.front, *self.senders]
            ready = select.select(watched, [], [], wait)[0]
            with self.lock:
                for s in ready:
                    if s is self.front:
                        self._upwards()
                    elif s in self.senders:
                        self._downwards(s)

    def close(self):
        self.ended = True
        self.thread.join()
        for s in (self.front, *self.senders):
            s.close()
