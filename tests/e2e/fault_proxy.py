# SPDX-License-Identifier: BSD-3-Clause
"""An HTTP proxy in front of an S3 store that goes wrong on request, and remembers what went through.

    uploader ──→ 127.0.0.1:listen ──→ 127.0.0.1:store
                  │ faults: a list of Fault; the first that matches and has turns left is acted out
                  └ log: one Entry a request
"""
import re
import select
import socket
import threading
import time

SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
INTERNAL = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"


class Entry:
    """A request that was seen: what it was, and the status that the store (not the proxy) gave it."""

    def __init__(self, op, path, part, length):
        self.op, self.path, self.part, self.length = op, path, part, length
        self.status, self.fault, self.at = None, None, time.monotonic()

    def __repr__(self):
        return "%s %s part=%s %s %s" % (self.op, self.path.split("?")[0], self.part, self.status, self.fault or "")


class Fault:
    """What to do to requests of @op ("*": any): `answer` (status, body) instead of asking the store; `cut_after` bytes of the
    body have come; `drop_answer`: let the store do it, then cut; `stall`: swallow and never answer."""

    def __init__(self, op, times=1, answer=None, cut_after=None, drop_answer=False, stall=False, replace=None):
        self.op, self.times, self.answer = op, times, answer
        self.cut_after, self.drop_answer, self.stall, self.replace = cut_after, drop_answer, stall, replace


def operation(method, path):
    query = path.partition("?")[2]
    if "uploadId=" in query:
        return {"PUT": "part", "POST": "complete", "DELETE": "abort"}.get(method, "other")
    if "uploads" in query:
        return "create" if method == "POST" else "list"
    return {"PUT": "put", "HEAD": "head", "GET": "get"}.get(method, "other")


class FaultProxy:
    def __init__(self, listen, store):
        self.listen_port, self.store_port = listen, store
        self.faults, self.log, self.lock = [], [], threading.Lock()
        self.delay = 0.0  # seconds before each part goes on to the store
        self.server, self.links = None, set()
        self.come()

    def come(self):
        """Listen."""
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", self.listen_port))
        server.listen(64)
        self.server = server
        threading.Thread(target=self._accept, args=(server,), daemon=True).start()

    def go_away(self):
        """Refuse connections and cut those there are."""
        server, self.server = self.server, None
        if server:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        with self.lock:
            links, self.links = self.links, set()
        for link in links:
            _shut(link)

    def reset(self):
        with self.lock:
            self.faults, self.log, self.delay = [], [], 0.0

    def add(self, fault):
        with self.lock:
            self.faults.append(fault)

    def seen(self, op, ok=False):
        """Requests of @op so far; @ok: only those that the store answered with 2xx."""
        with self.lock:
            return [e for e in self.log if e.op == op and (not ok or (e.status or 0) // 100 == 2)]

    def _accept(self, server):
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with self.lock:
                self.links.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        try:
            while self._one(link):
                pass
        except OSError:
            pass
        with self.lock:
            self.links.discard(link)
        _shut(link)

    def _fault_for(self, op):
        with self.lock:
            for fault in self.faults:
                if fault.op in (op, "*") and fault.times:
                    fault.times -= 1
                    return fault
        return None

    def _one(self, link):
        """One request and its answer; False when the connection is over."""
        head, rest = _read_head(link)
        if not head:
            return False
        method, path = head.split(b" ")[0].decode(), head.split(b" ")[1].decode()
        length = int((re.search(rb"(?i)\r\ncontent-length: *(\d+)", head) or [0, 0])[1])
        number = re.search(r"partNumber=(\d+)", path)
        entry = Entry(operation(method, path), path, int(number.group(1)) if number else None, length)
        fault = self._fault_for(entry.op)
        with self.lock:
            self.log.append(entry)
        if re.search(rb"(?i)\r\nexpect:", head):
            if fault and fault.answer:
                entry.fault = "answer %d" % fault.answer[0]
                _answer(link, *fault.answer)
                return False
            link.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = re.sub(rb"(?i)\r\nexpect:[^\r]*", b"", head)
        if fault and fault.cut_after is not None:
            entry.fault = "cut"
            _read_body(link, rest, min(fault.cut_after, length))
            return False
        body = _read_body(link, rest, length)
        if body is None:
            entry.fault = "peer cut"
            return False
        if fault and fault.answer:
            entry.fault = "answer %d" % fault.answer[0]
            _answer(link, *fault.answer)
            return True
        if fault and fault.stall:
            entry.fault = "stall"
            while link.recv(65536):
                pass
            return False
        if self.delay and entry.op == "part":
            time.sleep(self.delay)
        answer, keep = self._ask_store(method, head, body, entry)
        if fault and fault.drop_answer:
            entry.fault = "answer dropped"
            return False
        if fault and fault.replace:
            entry.fault = "answer changed"
            answer = fault.replace(answer)
        link.sendall(answer)
        return keep

    def _ask_store(self, method, head, body, entry):
        """The store's whole answer, and whether the connection may be used again."""
        store = socket.create_connection(("127.0.0.1", self.store_port), timeout=60)
        store.sendall(re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head[:-4]) + b"\r\nConnection: close\r\n\r\n")
        answer, sent = b"", 0
        # A store that refuses does so before it has read the body.
        while sent < len(body) and not select.select([store], [], [], 0)[0]:
            sent += store.send(body[sent:sent + 65536])
        while True:
            data = store.recv(65536)
            if not data:
                break
            answer += data
        store.close()
        entry.status = int(answer.split(b" ")[1])
        return answer, False


def _shut(link):
    try:
        link.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    link.close()


def _read_head(link):
    data = b""
    while b"\r\n\r\n" not in data:
        more = link.recv(65536)
        if not more:
            return b"", b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _read_body(link, rest, length):
    parts, have = [rest], len(rest)
    while have < length:
        more = link.recv(min(1 << 20, length - have))
        if not more:
            return None
        parts.append(more)
        have += len(more)
    return b"".join(parts)


def _answer(link, status, body):
    link.sendall(b"HTTP/1.1 %d Fault\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
