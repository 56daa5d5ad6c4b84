# SPDX-License-Identifier: BSD-3-Clause
"""Disks that are small, slow, or taken away."""
import array
import contextlib
import fcntl
import os
import subprocess

from rig import Skipped, run, wait_for


@contextlib.contextmanager
def tmpfs(path, options):
    run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path)
    try:
        yield path
    finally:
        run("umount", "-l", path)


def ballast(path, leave_kib):
    """Fill the file system under a directory but for so many KiB; the name of the file that does it."""
    name = os.path.join(path, "ballast")
    fs = os.statvfs(path)
    with open(name, "ab") as f:
        f.write(bytes(max(0, fs.f_bavail * fs.f_frsize - leave_kib * 1024)))
    return name


@contextlib.contextmanager
def slow_disk(rig, name, bytes_s):
    """What the daemon writes to the disk of its records goes at so many bytes a second (cgroup v1, blkio)."""
    device = os.stat(rig.records).st_dev
    place = f"/sys/fs/cgroup/blkio/{rig.name}"
    limit = os.path.join(place, "blkio.throttle.write_bps_device")

    def put(path, text):
        with open(path, "w") as f:
            f.write(text)
    try:
        os.mkdir(place)
    except OSError as why:
        raise Skipped(f"no cgroup of block devices here: {why}") from why
    try:
        try:
            put(limit, f"{os.major(device)}:{os.minor(device)} {bytes_s}")
        except OSError as why:
            raise Skipped(f"{rig.records} is on no device that can be slowed down: {why}") from why
        put(os.path.join(place, "cgroup.procs"), str(rig.procs[name].pid))
        yield
    finally:
        with contextlib.suppress(OSError):
            put(limit, f"{os.major(device)}:{os.minor(device)} 0")
        put("/sys/fs/cgroup/blkio/cgroup.procs", str(rig.procs[name].pid))
        wait_for("the cgroup to be empty", lambda: not open(os.path.join(place, "cgroup.procs")).read())
        os.rmdir(place)


class Disk:
    """A file system of its own below a directory."""
    SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2  # FS_IOC_SHUTDOWN: from now on every call ends with EIO, and nothing more is written

    def __init__(self, image, place):
        self.image, self.place = image, place

    def __enter__(self):
        with open(self.image, "wb") as f:
            f.truncate(96 << 20)
        run("mkfs.ext4", "-q", self.image)
        self.plug()
        return self

    def __exit__(self, *_):
        self.unplug()

    def plug(self):
        try:
            self.device = run("losetup", "--show", "-f", self.image).strip()
        except subprocess.CalledProcessError as why:
            raise Skipped(f"no loop device here: {why.output}") from why
        run("mount", self.device, self.place)

    def unplug(self):
        """Whoever has files open on it keeps the old one; what is plugged next is another device."""
        subprocess.run(["umount", "-l", self.place], check=False)
        subprocess.run(["losetup", "-d", self.device], check=False)

    def pull(self):
        fd = os.open(self.place, os.O_RDONLY)
        fcntl.ioctl(fd, self.SHUTDOWN, array.array("I", [self.NO_LOG_FLUSH]))
        os.close(fd)
