#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The uploader against a real store (OpenStack Swift's S3), through a proxy that goes wrong on request.

    upload_driver ──→ 127.0.0.1:18150 fault proxy ──→ 127.0.0.1:18100 Swift
         └─────────────────── TLS ──────────────────→ 127.0.0.1:18120 Swift

usage: test_upload.py [CASE ...]      BUILD=<build directory>; prints "ok NAME" or "FAIL NAME: why" a case; exit 0 or 1
"""
import hashlib
import json
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from fault_proxy import INTERNAL, SLOW_DOWN, Fault, FaultProxy  # noqa: E402
from s3_client import S3  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
DRIVER = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "uploader", "upload_driver")
PLAIN, TLS, PROXY = 18100, 18120, 18150
MIB = 1 << 20
PART = 5 * MIB
KEEP_BACK = 128 << 10
CASES = []

INI = """[record]
dir = {dir}
[upload]
enabled = 1
part_size_mb = 5
parallel_parts = {parallel}
max_retries = {max_retries}
min_retry_ms = 50
max_retry_ms = 400
[s3]
endpoint = {endpoint}
bucket = {bucket}
access_key = test:tester
secret_key = {secret}
use_ssl = {ssl}
path_style = {path_style}
ca_file = {ca_file}
prefix = {prefix}
[log]
level = debug
"""


class Failed(Exception):
    pass


def check(condition, why):
    if not condition:
        raise Failed(why)


def eventually(condition, why, timeout=30):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise Failed("not within %d s: %s" % (timeout, why() if callable(why) else why))


def case(function):
    CASES.append(function)
    return function


class Driver:
    """The uploader in a process of its own."""

    def __init__(self, box, scan=False, stall=None):
        command = [DRIVER, "--config", box.ini]
        command += ["--scan"] if scan else []
        command += ["--stall", str(stall)] if stall else []
        self.log = open(box.log, "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.answers, self.finished, self.dones = queue.Queue(), {}, []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        check(self.answers.get(timeout=20)["event"] == "ready", "the driver does not start")

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "done":
                self.finished[event["name"]] = event
                self.dones.append(event["name"])
            else:
                self.answers.put(event)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.answers.get(timeout=20)

    def status(self, name):
        return self.ask("status", name)

    def wait_done(self, name, timeout=60):
        return eventually(lambda: self.finished.get(name), lambda: "%s is uploaded; %s" % (name, self.status(name)), timeout)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.write("quit\n")
            self.process.stdin.flush()
            check(self.process.wait(timeout=20) == 0, "the driver ends with %s" % self.process.returncode)
        self.process.stdin.close()
        self.reader.join(timeout=5)
        self.log.close()


class Box:
    """One case's directory, configuration and part of the bucket."""

    def __init__(self, store, proxy, directory, name):
        self.s3, self.proxy, self.name = store, proxy, name
        self.bucket, self.prefix = "media", "rec/%s/" % name
        self.dir, self.ini, self.log = (os.path.join(directory, name + end) for end in ("", ".ini", ".log"))
        self.drivers = []
        os.makedirs(self.dir)
        self.configure()

    def configure(self, **changes):
        values = dict(dir=self.dir, parallel=4, max_retries=0, endpoint="127.0.0.1:%d" % PROXY, bucket=self.bucket,
                      secret="testing", ssl=0, path_style=1, ca_file="", prefix=self.prefix)
        values.update(changes)
        with open(self.ini, "w") as f:
            f.write(INI.format(**values))

    def driver(self, **options):
        self.drivers.append(Driver(self, **options))
        return self.drivers[-1]

    def path(self, file):
        return os.path.join(self.dir, file)

    def file(self, name, size):
        data = os.urandom(size)
        with open(self.path(name), "wb") as f:
            f.write(data)
        return data

    def expect_object(self, name, data, s3=None):
        got, headers = (s3 or self.s3).get(self.bucket, self.prefix + name)
        check(got is not None, "no object %s" % name)
        check(got == data, "object %s differs: %d bytes of %d" % (name, len(got), len(data)))
        return headers

    def expect_parts_once(self, count):
        sent = sorted(e.part for e in self.proxy.seen("part"))
        check(sent == list(range(1, count + 1)), "parts sent: %s, not 1 to %d once" % (sent, count))

    def close(self):
        for driver in self.drivers:
            driver.close()


def recording(box, name, size):
    """A file that is being written: like a writer's, with a header that is patched at close."""
    data = bytearray(os.urandom(size))
    path = box.path(".%s.part" % name)
    open(path, "wb").close()
    return data, path


def grow(driver, path, name, data, upto):
    with open(path, "r+b") as f:
        f.seek(0, 2)
        f.write(data[f.tell():upto])
    check(driver.ask("growing", name, upto)["error"] == 0, "growing is refused")


def close_recording(box, path, name, data):
    """Rewrite header and last page as writers do, and rename."""
    data[24:28] = b"\x01\x02\x03\x04"
    data[-100:] = os.urandom(100)
    with open(path, "r+b") as f:
        f.write(data[:32])
        f.seek(len(data) - 100)
        f.write(data[-100:])
        f.truncate(len(data))
    os.rename(path, box.path(name))


@case
def small_file_in_one_put(box):
    data = box.file("room_v_1.ivf", 300000)
    driver = box.driver()
    check(driver.ask("finished", "room_v_1.ivf")["error"] == 0, "finished is refused")
    done = driver.wait_done("room_v_1.ivf")
    headers = box.expect_object("room_v_1.ivf", data)
    check(done["etag"] == hashlib.md5(data).hexdigest(), "ETag %s" % done["etag"])
    check(done["key"] == box.prefix + "room_v_1.ivf", "key %s" % done["key"])
    check(headers["content-type"] == "video/x-ivf", "type %s" % headers["content-type"])
    check(headers["x-amz-meta-room"] == "Gro%C3%9Fe%20Runde", "room %s" % headers.get("x-amz-meta-room"))
    check(headers["x-amz-meta-started"] == "2024-03-11T02:17:36.000Z", "started %s" % headers.get("x-amz-meta-started"))
    check(len(box.proxy.seen("put")) == 1 and len(box.proxy.seen("head")) == 1, "requests: %s" % box.proxy.log)


@case
def empty_file(box):
    box.file("room_a_1.ogg", 0)
    box.driver(scan=True).wait_done("room_a_1.ogg")
    box.expect_object("room_a_1.ogg", b"")


@case
def large_file_in_parts(box):
    data = box.file("room_v_1.ivf", 3 * PART + 12345)
    done = box.driver(scan=True).wait_done("room_v_1.ivf")
    headers = box.expect_object("room_v_1.ivf", data)
    box.expect_parts_once(4)
    check(done["etag"].endswith("-4") and done["bytes_done"] == len(data), "status %s" % done)
    check(headers["content-type"] == "video/x-ivf", "type %s" % headers["content-type"])
    check(len(box.proxy.seen("complete", ok=True)) == 1, "completes: %s" % box.proxy.log)


@case
def growing_file_goes_out_while_it_grows(box):
    name = "room_v_1.ivf"
    data, path = recording(box, name, 4 * PART + 77777)
    driver = box.driver()
    grow(driver, path, name, data, 2 * PART + KEEP_BACK - 1)
    time.sleep(0.5)
    check(not box.proxy.seen("create"), "begun before a part could be sent")
    grow(driver, path, name, data, 2 * PART + KEEP_BACK)
    eventually(lambda: [e.part for e in box.proxy.seen("part", ok=True)] == [2], "part 2 is sent")
    grow(driver, path, name, data, 4 * PART + 77777)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) == 2, "part 3 is sent")
    time.sleep(0.5)
    check(sorted(e.part for e in box.proxy.seen("part")) == [2, 3], "sent while growing: %s" % box.proxy.log)
    close_recording(box, path, name, data)
    driver.ask("finished", name)
    driver.wait_done(name)
    box.expect_object(name, data)
    box.expect_parts_once(5)


@case
def growing_file_that_stays_small(box):
    name = "room_a_1.ogg"
    data, path = recording(box, name, 2 * PART)
    driver = box.driver()
    grow(driver, path, name, data, PART)
    close_recording(box, path, name, data[:PART])
    driver.ask("finished", name)
    driver.wait_done(name)
    check(not box.proxy.seen("create") and len(box.proxy.seen("put")) == 1, "requests: %s" % box.proxy.log)


@case
def part_that_a_repair_changed_is_sent_again(box):
    name = "room_v_1.ivf"
    data, path = recording(box, name, 5 * PART)
    driver = box.driver()
    grow(driver, path, name, data, 5 * PART)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) == 3, "parts 2 to 4 are sent")
    eventually(lambda: os.path.exists(box.path(".%s.upload" % name)) and
               open(box.path(".%s.upload" % name)).read().count("\npart ") == 3, "the ledger has them")
    driver.kill()
    data = data[:4 * PART - 1000]
    data[2 * PART + 5] ^= 0xFF
    with open(path, "wb") as f:
        f.write(data)
    close_recording(box, path, name, data)
    box.driver(scan=True).wait_done(name)
    box.expect_object(name, data)
    sent = sorted(e.part for e in box.proxy.seen("part"))
    check(sent == [1, 2, 3, 3, 4, 4], "parts sent: %s" % sent)


@case
def repair_to_less_than_a_part(box):
    name = "room_v_1.ivf"
    data, path = recording(box, name, 3 * PART)
    driver = box.driver()
    grow(driver, path, name, data, 3 * PART)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) == 1, "part 2 is sent")
    data = data[:1000]
    close_recording(box, path, name, data)
    driver.ask("finished", name)
    driver.wait_done(name)
    box.expect_object(name, data)
    eventually(lambda: box.prefix + name not in box.s3.uploads(box.bucket), "the upload is aborted")


@case
def killed_in_the_middle_and_resumed(box):
    name = "room_v_1.ivf"
    data = box.file(name, 12 * PART + 4321)
    box.proxy.delay = 0.15
    box.configure(parallel=2)
    driver = box.driver(scan=True)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) >= 4, "four parts are sent")
    driver.kill()
    time.sleep(0.5)
    before = [e.part for e in box.proxy.seen("part")]
    box.proxy.delay = 0
    box.driver(scan=True).wait_done(name)
    box.expect_object(name, data)
    sent = [e.part for e in box.proxy.seen("part")]
    check(set(sent) == set(range(1, 14)), "parts sent: %s" % sent)
    check(len(sent) - 13 <= 2, "%d parts were sent twice, 2 were under way: %s after %s" % (len(sent) - 13, sent, before))
    check(len(box.proxy.seen("create")) == 1, "uploads begun: %d" % len(box.proxy.seen("create")))
    check(len(box.proxy.seen("complete", ok=True)) == 1, "completed: %s" % box.proxy.seen("complete"))


@case
def killed_while_growing_and_resumed(box):
    name = "room_v_1.ivf"
    data, path = recording(box, name, 5 * PART)
    driver = box.driver()
    grow(driver, path, name, data, 4 * PART)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) == 2, "parts 2 and 3 are sent")
    time.sleep(0.3)
    driver.kill()
    driver = box.driver()
    grow(driver, path, name, data, 5 * PART)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) == 3, "part 4 is sent")
    close_recording(box, path, name, data)
    driver.ask("finished", name)
    driver.wait_done(name)
    box.expect_object(name, data)
    box.expect_parts_once(5)
    check(len(box.proxy.seen("create")) == 1, "uploads begun: %d" % len(box.proxy.seen("create")))


@case
def killed_at_random_moments(box):
    chance = random.Random(7)
    files = {"room_v_%d.ivf" % i: 3 * PART + 1000 * i if i % 3 == 0 else 20000 * (i + 1) for i in range(12)}
    files = {name: box.file(name, size) for name, size in files.items()}
    box.proxy.delay = 0.05
    for _ in range(15):
        driver = box.driver(scan=True)
        time.sleep(chance.random() * 0.6)
        driver.kill()
    driver = box.driver(scan=True)
    for name, data in files.items():
        driver.wait_done(name)
        box.expect_object(name, data)
        written = [e for op in ("put", "complete") for e in box.proxy.seen(op, ok=True) if e.path.split("?")[0].endswith(name)]
        check(len(written) == 1, "%s was written %d times" % (name, len(written)))
    eventually(lambda: not [key for key in box.s3.uploads(box.bucket) if key.startswith(box.prefix)], "strays are aborted")


def killed_after(box, op, size):
    """The store has done @op, but the process dies before it hears of it."""
    data = box.file("room_v_1.ivf", size)
    box.proxy.add(Fault(op, drop_answer=True))
    box.proxy.add(Fault("head", times=1000, stall=True))
    driver = box.driver(scan=True)
    eventually(lambda: [e for e in box.proxy.seen(op, ok=True) if e.fault], "%s has been done" % op)
    driver.kill()
    with box.proxy.lock:
        box.proxy.faults.clear()
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(len(box.proxy.seen(op)) == 1, "done again: %s" % box.proxy.log)


@case
def killed_after_put(box):
    killed_after(box, "put", 200000)


@case
def killed_after_complete(box):
    killed_after(box, "complete", 2 * PART)


@case
def answer_to_put_lost(box):
    data = box.file("room_v_1.ivf", 200000)
    box.proxy.add(Fault("put", drop_answer=True))
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(len(box.proxy.seen("put")) == 1, "sent again: %s" % box.proxy.log)


@case
def answer_to_complete_lost(box):
    data = box.file("room_v_1.ivf", 2 * PART)
    box.proxy.add(Fault("complete", drop_answer=True))
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(len(box.proxy.seen("complete")) == 1, "completed again: %s" % box.proxy.log)


@case
def answer_to_create_lost(box):
    data = box.file("room_v_1.ivf", 2 * PART)
    box.proxy.add(Fault("create", drop_answer=True))
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    eventually(lambda: box.prefix + "room_v_1.ivf" not in box.s3.uploads(box.bucket), "the stray upload is aborted")


@case
def completion_that_says_error_with_status_200(box):
    data = box.file("room_v_1.ivf", 2 * PART)
    box.proxy.add(Fault("complete", times=2, answer=(200, INTERNAL)))
    driver = box.driver(scan=True)
    eventually(lambda: "200 InternalError" in driver.status("room_v_1.ivf")["error"], "the error is shown")
    driver.wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(len(box.proxy.seen("complete", ok=True)) == 1, "completed: %s" % box.proxy.seen("complete"))
    box.expect_parts_once(2)


@case
def completion_with_an_empty_etag(box):
    def without_etag(answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        body = re.sub(rb"<ETag>.*?</ETag>", b"<ETag></ETag>", body, flags=re.S)
        head = re.sub(rb"(?i)(content-length: *)\d+", rb"\g<1>%d" % len(body), head)
        return re.sub(rb"(?i)\r\ntransfer-encoding:[^\r]*", b"", head) + b"\r\n\r\n" + body

    data = box.file("room_v_1.ivf", 2 * PART)
    box.proxy.add(Fault("complete", replace=without_etag))
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)


@case
def wrong_secret(box):
    data = box.file("room_v_1.ivf", 3 * PART)
    small = box.file("room_v_2.ivf", 100000)
    box.configure(secret="mistaken")
    driver = box.driver(scan=True)
    for name in ("room_v_1.ivf", "room_v_2.ivf"):
        status = eventually(lambda: (lambda s: s if s["error"] else None)(driver.status(name)), "an error is shown")
        check(status["error"].startswith("403 SignatureDoesNotMatch"), "error %s" % status["error"])
    eventually(lambda: driver.status("room_v_1.ivf")["tries"] >= 3, "it is tried again")
    status = driver.status("room_v_1.ivf")
    counts = driver.ask("counts")
    check(not counts["store_usable"] and counts["last_error"].startswith("403"), "counts %s" % counts)
    check("mistaken" not in open(box.log).read(), "the secret is in the log")
    driver.close()
    box.configure()
    driver = box.driver(scan=True)
    driver.wait_done("room_v_1.ivf")
    driver.wait_done("room_v_2.ivf")
    box.expect_object("room_v_1.ivf", data)
    box.expect_object("room_v_2.ivf", small)


@case
def bucket_made_later(box):
    box.bucket = "later-%d" % os.getpid()
    box.configure(bucket=box.bucket)
    data = box.file("room_v_1.ivf", 2 * PART)
    driver = box.driver(scan=True)
    eventually(lambda: driver.status("room_v_1.ivf")["error"].startswith("404 NoSuchBucket"), "the reason is shown")
    check(driver.status("room_v_1.ivf")["state"] in ("retrying", "active"), "it goes on")
    box.s3.make_bucket(box.bucket)
    driver.wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)


@case
def errors_500(box):
    data = box.file("room_v_1.ivf", 4 * PART)
    for op in ("create", "part", "complete", "head"):
        box.proxy.add(Fault(op, times=2, answer=(500, INTERNAL)))
    driver = box.driver(scan=True)
    driver.wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(driver.ask("counts")["failures"] >= 4, "failures are counted")


@case
def slow_down_is_obeyed(box):
    files = {"room_v_%d.ivf" % i: box.file("room_v_%d.ivf" % i, 50000) for i in range(20)}
    box.proxy.add(Fault("*", times=1000000, answer=(503, SLOW_DOWN)))
    driver = box.driver(scan=True)
    time.sleep(3)
    asked = len(box.proxy.log)
    check(5 <= asked <= 30, "%d requests in 3 s to a store that says SlowDown" % asked)
    check("503 SlowDown" in driver.ask("counts")["last_error"], "the reason is shown")
    with box.proxy.lock:
        box.proxy.faults.clear()
    for name, data in files.items():
        driver.wait_done(name)
        box.expect_object(name, data)


@case
def connection_cut_in_a_part(box):
    data = box.file("room_v_1.ivf", 4 * PART)
    box.proxy.add(Fault("part", times=3, cut_after=PART // 2))
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(len(box.proxy.seen("part", ok=True)) == 4, "parts taken: %s" % box.proxy.seen("part"))


@case
def store_that_stalls(box):
    data = box.file("room_v_1.ivf", 3 * PART)
    box.proxy.add(Fault("part", stall=True))
    driver = box.driver(scan=True, stall=2)
    driver.wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)


@case
def store_away_and_back(box):
    data = box.file("room_v_1.ivf", 10 * PART)
    box.proxy.delay = 0.1
    driver = box.driver(scan=True)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) >= 2, "two parts are sent")
    box.proxy.go_away()
    eventually(lambda: driver.status("room_v_1.ivf")["state"] == "retrying", "it waits")
    check(not eventually(lambda: (lambda c: c if not c["store_usable"] else None)(driver.ask("counts")),
                         "the store is not usable")["store_usable"], "usable")
    time.sleep(2)
    box.proxy.come()
    driver.wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(driver.ask("counts")["store_usable"], "not usable again")
    check(len(box.proxy.seen("create")) == 1, "begun anew")


@case
def upload_that_the_store_forgot(box):
    data = box.file("room_v_1.ivf", 8 * PART)
    box.proxy.delay = 0.2
    driver = box.driver(scan=True)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) >= 2, "two parts are sent")
    path = box.proxy.seen("part")[0].path
    upload = re.search("uploadId=([^&]+)", path).group(1)
    box.s3.request("DELETE", path.split("?")[0], [("uploadId", upload)])
    box.proxy.delay = 0
    driver.wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(len(box.proxy.seen("create")) == 2, "uploads begun: %d" % len(box.proxy.seen("create")))


@case
def given_up_after_max_retries_until_asked(box):
    data = box.file("room_v_1.ivf", 1000)
    box.configure(max_retries=3)
    box.proxy.add(Fault("put", times=3, answer=(500, INTERNAL)))
    box.proxy.add(Fault("head", times=1, answer=(404, b"")))
    driver = box.driver(scan=True)
    eventually(lambda: driver.status("room_v_1.ivf")["state"] == "stopped", "it stops")
    time.sleep(1)
    check(driver.ask("counts")["stopped"] == 1, "counts")
    with box.proxy.lock:
        box.proxy.faults.clear()
    check(driver.ask("retry", "room_v_1.ivf")["error"] == 0, "retry is refused")
    driver.wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)


@case
def done_is_not_uploaded_again(box):
    box.file("room_v_1.ivf", 1000)
    box.file("room_v_2.ivf", 2 * PART)
    driver = box.driver(scan=True)
    for name in ("room_v_1.ivf", "room_v_2.ivf"):
        driver.wait_done(name)
        driver.ask("finished", name)
    time.sleep(0.3)
    check(sorted(driver.dones) == ["room_v_1.ivf", "room_v_2.ivf"], "done told: %s" % driver.dones)
    driver.close()
    box.proxy.reset()
    driver = box.driver(scan=True)
    check(driver.wait_done("room_v_2.ivf")["etag"].endswith("-2"), "ETag is not remembered")
    driver.wait_done("room_v_1.ivf")
    check(not [e for e in box.proxy.log if e.op != "list"], "requests: %s" % box.proxy.log)


@case
def forgotten_recording_is_aborted(box):
    name = "room_v_1.ivf"
    data, path = recording(box, name, 4 * PART)
    driver = box.driver()
    grow(driver, path, name, data, 4 * PART)
    eventually(lambda: len(box.proxy.seen("part", ok=True)) == 2, "parts are sent")
    os.unlink(path)
    driver.ask("forget", name)
    check(driver.status(name)["state"] == "none", "still known")
    eventually(lambda: box.prefix + name not in box.s3.uploads(box.bucket), "the upload is aborted")
    eventually(lambda: not os.listdir(box.dir), "the ledger is removed")


@case
def orphans_are_aborted_and_strangers_kept(box):
    box.file("ours_v_1.ivf", 1000)
    box.file("growing_v_2.ivf", 10)
    os.rename(box.path("growing_v_2.ivf"), box.path(".growing_v_2.ivf.part"))
    with open(box.path(".gone_v_3.ivf.upload"), "w") as f:
        gone = box.s3.begin_upload(box.bucket, box.prefix + "gone_v_3.ivf")
        f.write("wirespool-upload 1\nstate parts\ntarget x\nid %s\npart_size 5242880\nend\n" % gone)
    ours = [box.prefix + "ours_v_1.ivf", box.prefix + "growing_v_2.ivf"]
    strangers = [box.prefix + "theirs_v_1.ivf", "other/%s/ours_v_1.ivf" % box.name, box.prefix + "sub/ours_v_1.ivf"]
    for key in ours + strangers:
        box.s3.begin_upload(box.bucket, key)
    driver = box.driver(scan=True)
    driver.wait_done("ours_v_1.ivf")
    eventually(lambda: not set(ours + [box.prefix + "gone_v_3.ivf"]) & set(box.s3.uploads(box.bucket)), "orphans are aborted")
    time.sleep(0.5)
    left = set(box.s3.uploads(box.bucket))
    check(set(strangers) <= left, "strangers' uploads were aborted: %s" % (set(strangers) - left))
    check(not os.path.exists(box.path(".gone_v_3.ivf.upload")), "the ledger of a recording that is gone stays")


@case
def small_file_is_not_kept_waiting_by_a_large_one(box):
    box.file("large_v_1.ivf", 30 * PART)
    box.proxy.delay = 0.15
    driver = box.driver(scan=True)
    eventually(lambda: len(box.proxy.seen("part")) >= 4, "the large one is under way")
    box.file("small_v_2.ivf", 1000)
    driver.ask("finished", "small_v_2.ivf")
    driver.wait_done("small_v_2.ivf", 5)
    check("large_v_1.ivf" not in driver.finished, "the large one was sent first")


@case
def damaged_ledger(box):
    data = box.file("room_v_1.ivf", 2 * PART)
    with open(box.path(".room_v_1.ivf.upload"), "wb") as f:
        f.write(b"wirespool-upload 1\nstate parts\nid \xff\xfe\n\x00")
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)


@case
def virtual_host_style(box):
    box.configure(endpoint="s3.localhost:%d" % PROXY, path_style=0)
    data = box.file("room v".replace(" ", "_") + "_1.ivf", 2 * PART)
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)
    check(all(e.path.startswith("/?") or e.path.startswith("/rec/") for e in box.proxy.log), "paths: %s" % box.proxy.log)


@case
def prefix_with_odd_characters(box):
    box.prefix = "rec/ü +&=%s/" % box.name
    box.configure(prefix=box.prefix)
    data = box.file("room_v_1.ivf", 2 * PART)
    box.driver(scan=True).wait_done("room_v_1.ivf")
    box.expect_object("room_v_1.ivf", data)


@case
def tls_with_ca_file(box):
    run = os.path.join(os.path.dirname(box.dir), "tls")
    store = start_swift(TLS, run, tls=True)
    try:
        ca = os.path.join(run, "tls.pem")
        s3 = S3(TLS, "test:tester", "testing", cafile=ca)
        s3.make_bucket(box.bucket)
        large, small = box.file("room_v_1.ivf", 3 * PART), box.file("room_v_2.ivf", 5000)
        box.configure(endpoint="localhost:%d" % TLS, ssl=1)
        driver = box.driver(scan=True)
        eventually(lambda: "certificate" in driver.status("room_v_1.ivf")["error"], "an unknown authority is refused")
        driver.close()
        box.configure(endpoint="localhost:%d" % TLS, ssl=1, ca_file=ca)
        driver = box.driver(scan=True)
        driver.wait_done("room_v_1.ivf")
        driver.wait_done("room_v_2.ivf")
        box.expect_object("room_v_1.ivf", large, s3)
        box.expect_object("room_v_2.ivf", small, s3)
    finally:
        stop_swift(store)


@case
def bad_configuration_is_refused(box):
    for change in (dict(ca_file="/nonexistent.pem", ssl=1), dict(endpoint="https://store"), dict(dir="/nonexistent")):
        box.configure(**change)
        done = subprocess.run([DRIVER, "--config", box.ini], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        check(done.returncode in (1, 2) and done.stderr.strip(), "%s: exit %d %s" % (change, done.returncode, done.stderr))


def start_swift(port, run, tls=False):
    env = dict(os.environ, TLS="1" if tls else "0", S3_DOMAIN="s3.localhost")
    subprocess.run([os.path.join(HERE, "start-swift"), str(port), "test:tester", "testing", run], env=env, check=True,
                   stdout=subprocess.DEVNULL, timeout=120)
    return run


def stop_swift(run):
    subprocess.run([os.path.join(HERE, "stop-swift"), run, "wipe"], check=False, timeout=60)


def run_case(function, store, proxy, directory):
    name = function.__name__
    proxy.reset()
    box = Box(store, proxy, directory, name)
    try:
        try:
            function(box)
        finally:
            box.close()
    except Exception as error:  # pylint: disable=broad-except
        why = str(error) if isinstance(error, Failed) else traceback.format_exc(limit=-3)
        print("FAIL %s: %s" % (name, " ".join(why.split())), flush=True)
        sys.stderr.write("".join("    %.2f %s\n" % (e.at, e) for e in proxy.log[-40:]))
        if os.path.exists(box.log):
            sys.stderr.write("".join("    " + line for line in open(box.log, errors="replace").readlines()[-30:]))
        return False
    print("ok %s" % name, flush=True)
    return True


def main():
    wanted = sys.argv[1:]
    if not os.access(DRIVER, os.X_OK):
        print("FAIL upload_driver: %s is not built" % DRIVER)
        return 1
    directory = tempfile.mkdtemp(prefix="wirespool-upload.")
    swift, good = os.path.join(directory, "swift"), True
    try:
        start_swift(PLAIN, swift)
        store = S3(PLAIN, "test:tester", "testing")
        store.make_bucket("media")
        proxy = FaultProxy(PROXY, PLAIN)
        for function in CASES:
            if not wanted or function.__name__ in wanted:
                good = run_case(function, store, proxy, directory) and good
    finally:
        stop_swift(swift)
        shutil.rmtree(directory, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
