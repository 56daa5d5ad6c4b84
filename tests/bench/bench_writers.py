# SPDX-License-Identifier: BSD-3-Clause
"""The writers alone: CPU a packet, bytes to disk beside fio's, memory a track.

    bench_writer, CPU of the poll loop ── ring ──> writer thread, the other CPU ── io_uring ──> /dev/null, tmpfs, disk
    fio, the other CPU ─────────────────────────────────────────────────────────── io_uring ──> the same disk
"""
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile

import measure
import report

BLOCK_KB = 256  # what a busy file is written in
DEPTH = 64      # writes of it under way
FILES = 32

INI = """
[record]
dir = {dir}
io = {io}
sync_interval_ms = 0
min_free_mb = 0
[dataplane]
lcores = {poll}
writer_cpus = {other}
block_mb = {block_mb}
max_tracks = 20000
[log]
level = error
"""


def shown(done):
    return f"{' '.join(done.args)}: exit code {done.returncode}: {(done.stdout + done.stderr).strip()[-500:]}"


def place(sink):
    """A directory of the sink's kind; where nothing is written, any will do."""
    base = measure.BUILD if sink == "disk" else "/dev/shm"
    return tempfile.mkdtemp(prefix="bench-writers-", dir=base)


def ours(sink, *args, tracks, seconds, block_mb=256):
    """bench_writer's figures."""
    directory = place(sink)
    try:
        ini = os.path.join(directory, "w.ini")
        with open(ini, "w") as f:
            f.write(INI.format(dir=directory, io="direct" if sink == "disk" else "buffered", poll=measure.POLL_CPU, other=measure.OTHER_CPU, block_mb=block_mb))
        argv = [measure.program("tests/bench/bench_writer"), "--config", ini, "--tracks", str(tracks), "--seconds", str(seconds), "--cpu", str(measure.POLL_CPU),
                *(["--null"] if sink == "null" else []), *args]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds + 120)
        if done.returncode:
            raise measure.Failed(shown(done))
        return json.loads(done.stdout)
    finally:
        shutil.rmtree(directory)


def fio(seconds):
    """{written_bytes_s} of fio on the disk: files that grow, O_DIRECT, io_uring, as ours are written."""
    directory = place("disk")
    try:
        done = subprocess.run(measure.pinned(measure.OTHER_CPU, "fio", "--name=w", f"--directory={directory}", "--ioengine=io_uring", "--direct=1", "--rw=write", f"--bs={BLOCK_KB}k",
                                             f"--iodepth={DEPTH}", f"--nrfiles={FILES}", "--filesize=1g", "--file_service_type=roundrobin", "--fallocate=none", "--registerfiles", "--fixedbufs",
                                             "--time_based", f"--runtime={seconds}", "--output-format=json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds + 120)
        if done.returncode:
            raise measure.Failed(shown(done))
        return dict(written_bytes_s=json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]["write"]["bw_bytes"])
    finally:
        shutil.rmtree(directory)


def rounds(how, *measures):
    """Each of @measures in turn, as often as wished: a function that tells the median of a key for each."""
    runs = [[] for _ in measures]
    for _ in range(how.repeat):
        for got, one in zip(runs, measures):
            got.append(one())
    return [lambda key, got=got: statistics.median(r[key] for r in got) for got in runs]


def cost(how, what, sink, *args, tracks):
    """CPU of a packet in user space, which is ours; beside a bare copy of its bytes on the same thread."""
    seconds = 1 if how.short else 5
    got, = rounds(how, lambda: ours(sink, *args, tracks=tracks, seconds=seconds))
    value, copy = got("user_ns"), got("copy_ns")
    return report.row(4, f"writer thread, {what}, {tracks} tracks: CPU a packet", value, "ns", against="a copy of its payload", limit=copy,
                      wanted="<= 60 ns and one copy", met=value <= copy + 60, sink=sink,
                      note=f"{got('packets_s') / 1e6:.2f} Mpps, with the kernel's part {got('writer_ns'):.0f} ns")


def disk(how):
    seconds = 2 if how.short else 10
    # The feeder waits when half of the blocks are taken: those under way, and one of each file that fills.
    mine, theirs = rounds(how, lambda: ours("disk", tracks=FILES, seconds=seconds, block_mb=2 * (DEPTH + FILES) * BLOCK_KB // 1024), lambda: fio(seconds))
    value, limit = mine("written_bytes_s") / (1 << 20), theirs("written_bytes_s") / (1 << 20)
    return report.row(4, f"VP8 to {FILES} files", value, "MiB/s", against=f"fio, io_uring, {BLOCK_KB} KiB, depth {DEPTH}", limit=limit, wanted=">= 95 %", met=value >= 0.95 * limit,
                      sink="disk, direct", note=f"neither syncs; {mine('media_bytes_s') / (1 << 20):.0f} MiB/s without padding and rewrites, {mine('dropped_frames'):.0f} frames dropped")


def memory(how, what, most, *args, tracks):
    # All begin at once, a picture with a large block: more than half of the pool would make the feeder wait.
    block_mb = 256 if "--audio" in args else max(256, tracks * BLOCK_KB * 5 // 2 // 1024)
    got, = rounds(how, lambda: ours("null", "--paced", *args, tracks=tracks, seconds=2 if how.short else 5, block_mb=block_mb))
    value = got("kib_track") + got("block_kib_track")
    wanted = dict(wanted=f"<= {most} KiB", met=value <= most) if most else {}
    return report.row(3, f"memory of a track, {what}, {tracks} at once", value, "KiB", **wanted, sink="null",
                      note=f"of it blocks {got('block_kib_track'):.1f}; {got('behind_packets'):.0f} packets behind life, {got('dropped_frames'):.0f} frames dropped")


def many():
    """Ten thousand tracks, or as many as there may be descriptors for: two each, beside some others."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 20, 1 << 20))
        return 10000
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return min(10000, (hard - 200) // 2)


def run(how):
    yield cost(how, "VP8, 1200 bytes", "null", tracks=100)
    yield cost(how, "Opus, 160 bytes", "null", "--audio", tracks=1000)
    if not how.short:
        yield cost(how, "VP8, 1200 bytes", "tmpfs", tracks=100)
    yield disk(how)
    yield memory(how, "idle Opus (DTX)", 16, "--audio", "--idle", tracks=1000 if how.short else many())
    if not how.short:
        yield memory(how, "Opus, 64 kbit/s", 0, "--audio", tracks=many())
    yield memory(how, "VP8, 4 Mbit/s", 512, tracks=100 if how.short else 1000)
