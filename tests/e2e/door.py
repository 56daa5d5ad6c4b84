# SPDX-License-Identifier: BSD-3-Clause
"""A way from the senders' namespace to control: a TCP port on its loopback, led to control's port on ours.

    browser ── 127.0.0.1:8080 (namespace) ──> this process ──> 127.0.0.1:<control> (the machine)
"""
import socket
import threading


class Door:
    def __init__(self, rig, port=8080):
        self.rig = rig
        self.listener = rig.socket(kind=socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        self.url = f"http://127.0.0.1:{port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                inside, _ = self.listener.accept()
            except OSError:
                return
            try:
                outside = socket.create_connection(("127.0.0.1", self.rig.port), 5)
                outside.settimeout(None)  # else it would cut whom it bores, in the middle of a request at worst: browsers connect ahead
            except OSError:
                inside.close()  # control is away
                continue
            for a, b in ((inside, outside), (outside, inside)):
                threading.Thread(target=self._copy, args=(a, b, b is inside), daemon=True).start()

    def filter(self, data, inwards):
        """What becomes of bytes on their way."""
        return data

    def _copy(self, source, sink, inwards):
        try:
            while data := source.recv(65536):
                sink.sendall(self.filter(data, inwards))
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (source, sink):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.listener.close()
