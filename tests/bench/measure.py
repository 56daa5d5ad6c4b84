# SPDX-License-Identifier: BSD-3-Clause
"""What benches share: how often and where to measure, medians of interleaved runs, CPU time of processes, huge pages."""
import contextlib
import fcntl
import os
import statistics
import subprocess

import rig
from rig import BUILD, ROOT

Failed = rig.Failed  # a measure that cannot be taken

POLL_CPU = max(os.cpu_count() - 1, 0)  # the poll core; what else runs is pinned to the others
OTHER_CPU = 0
HUGE_BYTES = 2 << 20

# What is beyond the machine is tried on purpose here.
os.environ["WIRESPOOL_CONTROL_FULL_PERCENT"] = "0"


class How:
    """How to measure. As a context it holds huge pages, and the machine: two benches never run at a time."""

    def __init__(self, repeat=3, short=False):
        self.repeat, self.short = repeat, short
        self.hugepages_mb = 2048 if short else 3072

    def median(self, *measures):
        """Call each of @measures in turn, @repeat times around; the median of what each returned, in their order."""
        runs = [[] for _ in measures]
        for _ in range(self.repeat):
            for got, one in zip(runs, measures):
                got.append(one())
        return [statistics.median(got) for got in runs]

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        lock = self.stack.enter_context(open("/run/lock/wirespool-bench", "w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open("/proc/sys/vm/nr_hugepages") as f:
            before = f.read().strip()
        want = self.hugepages_mb * (1 << 20) // HUGE_BYTES
        if int(before) < want:
            set_hugepages(want)
            self.stack.callback(set_hugepages, before)
        return self

    def __exit__(self, *_):
        self.stack.close()


def set_hugepages(count):
    with open("/proc/sys/vm/nr_hugepages", "w") as f:
        f.write(str(count))


def need_build():
    """The programs that are measured, as the checkout is, optimised."""
    if not os.path.isdir(BUILD):
        subprocess.run(["meson", "setup", BUILD, ROOT, "-Dbuildtype=debugoptimized"], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["ninja", "-C", BUILD], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-2000:])


def program(name):
    """Path of one of ours in the build directory, e.g. "tools/gen/wirespool-gen"."""
    return os.path.join(BUILD, name)


def pinned(cpu, *argv):
    return ["taskset", "-c", str(cpu), *map(str, argv)]


def cpu_seconds(pid):
    """User and system time of a live process with all its threads, without its children."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def thread_cpu_seconds(pid):
    """{thread name: [seconds of each thread of that name]} of a live process, to the nanosecond."""
    found = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{tid}/comm") as f:
                name = f.read().strip()
            with open(f"/proc/{pid}/task/{tid}/schedstat") as f:
                found.setdefault(name, []).append(int(f.read().split()[0]) / 1e9)
        except OSError:
            continue  # it has ended
    return found
