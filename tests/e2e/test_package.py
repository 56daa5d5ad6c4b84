#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The Debian packages, in a machine of their own that has nothing but a minimal Debian and systemd: install, record, upgrade, remove.

    senders (namespace)  ── veth ──  container (systemd-nspawn)
    10.77.0.2  snd                   systemd → wirespool-dataplane on the veth's other end, wirespool-control on its lo

All of it is in one temporary directory: packages, root of the container, and what they write. The cases go on from each other.
"""
import atexit
import ctypes
import glob
import http.client
import json
import os
import resource
import shutil
import subprocess
import tempfile
import threading
import time

import senders
from packets import AUDIO, VIDEO, Audio
from rig import ROOT, Failed, Rig, check, decodes, equal, main, ogg_packets, wait_for

INI = """
[record]
min_free_mb = 0
flush_interval_ms = 200
[ingest]
address = 10.77.0.1/24
allow_plain_rtp = 1
[dataplane]
port = net_af_packet0,iface={iface},blocksz=65536,framesz=2048,framecnt=8192
memory_mb = 256
block_mb = 96
mbufs = 32767
[control]
api_tokens = ${{TOKEN}}
"""
RECORDS = "/var/lib/wirespool/records"
DAEMONS = ("wirespool-dataplane", "wirespool-control")
INCLUDE = ["systemd", "systemd-sysv", "udev", "python3", "kmod", "man-db", "librte-net-af-packet23", "librte-net-af-xdp23", "librte-mempool-ring23",
           "libipsec-mb1", "liburing2", "libogg0", "libinih1", "libmicrohttpd12", "libjansson4", "libsqlite3-0", "libevent-core-2.1-7", "libcurl4"]


def output(*argv, **kw):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **kw)
    check(p.returncode == 0, f"{' '.join(argv[:6])} ended with {p.returncode}: {p.stdout[-1500:]}")
    return p.stdout


def may_lock():
    """Whether this machine lets root raise the limit of locked memory, as every machine of one's own does."""
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return True
    except (OSError, ValueError):
        return False


class House:
    """Packages, root and container; each made when it is first asked for."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="wirespool-package-")
        self.root = os.path.join(self.dir, "root")
        self.rig = self.net = self.nspawn = self.leader = self.made = None
        self.installed = False
        atexit.register(self.close)

    def close(self):
        if self.rig:
            self.rig.close()  # with its end of the veth the container's goes
        if self.nspawn:
            self.nspawn.terminate()
            try:
                self.nspawn.wait(20)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        if self.net:
            subprocess.run(["ip", "netns", "del", self.net], stderr=subprocess.DEVNULL, check=False)
        if os.environ.get("KEEP"):
            print("# kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    # --- packages and root --------------------------------------------------------------------------------------------
    def _build(self):
        env = dict(os.environ, DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=2")
        output(os.path.join(ROOT, "appliance/build-deb"), os.path.join(self.dir, "debs"), env=env)

    def _bootstrap(self):
        """A minimal Debian from where this machine has its own packages from."""
        lines = output("apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages").split("\n")
        sources = sorted({"deb {} {} {}".format(*line.split("|")[1:]) for line in lines if line.startswith("Debian|")})
        options = [f"--aptopt={o}" for o in output("apt-config", "dump", "Acquire::http").split("\n") if "Proxy" in o and '""' not in o]
        output("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--dpkgopt=force-unsafe-io", "--skip=cleanup/apt", "--include=" + ",".join(INCLUDE), *options,
               "bookworm", self.root, *sources)
        if os.path.exists("/etc/resolv.conf"):
            shutil.copy("/etc/resolv.conf", os.path.join(self.root, "etc/resolv.conf"))

    def make(self):
        if self.made is None:
            failures = []

            def guarded(job):
                try:
                    job()
                except Exception as why:  # reported below, in the main thread
                    failures.append(why)
            jobs = [threading.Thread(target=guarded, args=(job,)) for job in (self._build, self._bootstrap)]
            for job in jobs:
                job.start()
            for job in jobs:
                job.join()
            self.made = failures
        if self.made:
            raise self.made[0]
        return sorted(glob.glob(os.path.join(self.dir, "debs", "*.deb")))

    def deb(self, name):
        return next(p for p in self.make() if os.path.basename(p).startswith(name + "_"))

    def install(self):
        """By apt, which brings what the packages depend on."""
        if self.installed:
            return
        for deb in self.make():
            shutil.copy(deb, os.path.join(self.root, "tmp"))
        policy = self.path("/usr/sbin/policy-rc.d")
        with open(policy, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\nexit 101\n")
        os.chmod(policy, 0o755)
        names = [f"/tmp/{os.path.basename(deb)}" for deb in self.make()]
        self.chroot("apt-get", "install", "-yq", "--no-install-recommends", *names)
        os.unlink(policy)
        self.installed = True

    def path(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def chroot(self, *argv):
        """Of a system that is not running, but has /proc."""
        return output("unshare", "-m", "-p", "-f", f"--mount-proc={self.root}/proc", "chroot", self.root, *argv,
                      env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})

    def newer(self, version):
        """The package wirespool as it would be of another version: path below the container's root."""
        work = os.path.join(self.dir, "newer")
        shutil.rmtree(work, ignore_errors=True)
        output("dpkg-deb", "-R", self.deb("wirespool"), work)
        control = os.path.join(work, "DEBIAN/control")
        with open(control, encoding="utf-8") as f:
            text = f.read()
        with open(control, "w", encoding="utf-8") as f:
            f.write("".join(f"Version: {version}\n" if line.startswith("Version:") else line for line in text.splitlines(True)))
        output("dpkg-deb", "-Znone", "-b", work, self.path(f"/var/tmp/wirespool_{version}.deb"))
        return f"/var/tmp/wirespool_{version}.deb"

    # --- container ----------------------------------------------------------------------------------------------------
    def boot(self):
        if self.leader:
            return
        self.install()
        self.rig = Rig(start=False)
        self.net = self.rig.name + "c"
        output("ip", "netns", "add", self.net)
        output("ip", "link", "set", self.rig.iface, "netns", self.net)
        with self.inside():
            with open(f"/proc/sys/net/ipv6/conf/{self.rig.iface}/disable_ipv6", "w", encoding="ascii") as f:
                f.write("1")  # the kernel stays silent on the dataplane's end
            output("ip", "link", "set", self.rig.iface, "up")
            output("ip", "link", "set", "lo", "up")
            # The one NIC of the machine, which is reached by it.
            output("ip", "addr", "add", "10.77.0.9/24", "dev", self.rig.iface)
            output("ip", "route", "add", "default", "via", "10.77.0.2")
        with open(self.path("/etc/wirespool/wirespool.ini"), "a", encoding="ascii") as f:
            f.write(INI.format(iface=self.rig.iface))
        with open(self.path("/etc/wirespool/environment"), "w", encoding="ascii") as f:
            f.write("TOKEN=let me in? never\n".replace(" ", "-"))
        if not may_lock():  # then LimitMEMLOCK cannot be had, and the dataplane gets the capability that stands for it
            drop_in = self.path("/etc/systemd/system/wirespool-dataplane.service.d")
            os.makedirs(drop_in)
            with open(os.path.join(drop_in, "lock.conf"), "w", encoding="ascii") as f:
                f.write("[Service]\nAmbientCapabilities=CAP_IPC_LOCK\nCapabilityBoundingSet=CAP_IPC_LOCK\n")
        log = open(os.path.join(self.dir, "console"), "wb")
        self.nspawn = subprocess.Popen(["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", f"--directory={self.root}",
                                        f"--network-namespace-path=/run/netns/{self.net}", "--capability=CAP_NET_ADMIN,CAP_IPC_LOCK", "--resolv-conf=off"],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        log.close()

        def leader():
            check(self.nspawn.poll() is None, f"systemd-nspawn ended with {self.nspawn.returncode}: {self.console()[-800:]}")
            with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children", encoding="ascii") as f:
                return f.read().split()
        self.leader = wait_for("the container", leader, 30)[0]
        # This machine may have huge pages, and NICs; that one has none but the veth.
        wait_for("its file systems", lambda: self.tried("mount", "-t", "tmpfs", "none", "/sys/kernel/mm/hugepages")[0] == 0, 30)
        self.run("mount", "-t", "tmpfs", "none", "/sys/bus/pci/devices")
        self.run("sh", "-ec", "mkdir /run/own; mount -t sysfs none /run/own; for d in class/net devices/virtual/net; do mount --bind /run/own/$d /sys/$d; done")
        self.run("mkdir", "/sys/kernel/mm/hugepages/hugepages-2048kB")
        self.run("sh", "-c", "cd /sys/kernel/mm/hugepages/hugepages-2048kB; echo 0 >nr_hugepages; echo 0 >free_hugepages")
        wait_for("systemd in the container", lambda: self.tried("systemctl", "is-system-running")[1].strip() in ("running", "degraded"), 60)

    def console(self):
        with open(os.path.join(self.dir, "console"), errors="replace", encoding="utf-8") as f:
            return f.read()

    def inside(self):
        """In the container's network, for as long as the context lasts."""
        return Network(f"/run/netns/{self.net}")

    def tried(self, *argv):
        """(exit code, output) of a command in the container."""
        p = subprocess.run(["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                            "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors="replace", check=False)
        return p.returncode, p.stdout

    def run(self, *argv):
        code, out = self.tried(*argv)
        if code:
            journal = self.tried("journalctl", "-n", "40", "--no-pager", "-q")[1]
            raise Failed(f"in the container {' '.join(argv)} ended with {code}: {out[-800:]}\n{journal}")
        return out

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def pids(self):
        return [self.property(d, "MainPID") for d in DAEMONS]

    def api(self, method, path, body=None):
        with self.inside():
            c = http.client.HTTPConnection("127.0.0.1", 8080, timeout=30)
            c.connect()
        try:
            c.request(method, path, json.dumps(body) if body else None, {"Authorization": "Bearer let-me-in?-never", "Content-Type": "application/json"})
            r = c.getresponse()
            got = r.read()
        finally:
            c.close()
        check(r.status < 300, f"{method} {path}: {r.status} {got}")
        return json.loads(got) if got else None

    def ready(self):
        def asked():
            try:
                return self.api("GET", "/readyz") is not None
            except (OSError, Failed):
                return False
        try:
            wait_for("readiness", asked, 30)
        except Failed as why:
            raise Failed(f"{why}: {self.tried('journalctl', '-q', '--no-pager', '-n', '30')[1]}") from why

    def start(self):
        self.boot()
        self.run("systemctl", "enable", "--now", "wirespool.target")
        self.ready()

    def begin(self, room):
        """A call that goes on: the session's id and its sender."""
        session = self.api("POST", "/api/v1/sessions", dict(room=room, participant="a", tracks=[dict(AUDIO, ssrc=1000)]))
        sender = Going(Audio(self.rig, session["port"]))
        wait_for("recording", lambda: glob.glob(self.path(f"{RECORDS}/.{room}_*.part")), 20)
        return session["id"], sender

    def files(self, pattern):
        return [os.path.basename(p) for p in glob.glob(self.path(f"{RECORDS}/{pattern}"))]


class Network:
    """This thread in another network namespace."""

    def __init__(self, path):
        self.path, self.libc = path, ctypes.CDLL(None, use_errno=True)

    def _enter(self, fd):
        check(self.libc.setns(fd, 0x40000000) == 0, "setns")

    def __enter__(self):
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        fd = os.open(self.path, os.O_RDONLY)
        self._enter(fd)
        os.close(fd)

    def __exit__(self, *_):
        self._enter(self.home)
        os.close(self.home)


class Going:
    """A sender that goes on in the background until it is stopped."""

    def __init__(self, sender):
        self.sender, self.stopped = sender, False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopped:
            try:
                self.sender.send(1, 0.02)
            except OSError:  # the recorder is being removed
                time.sleep(0.02)

    def stop(self):
        self.stopped = True
        self.thread.join()


house = House()


# --- without systemd at work ------------------------------------------------------------------------------------------------
def lintian_finds_no_error():
    p = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", *house.make()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    check(p.returncode == 0, p.stdout)


def a_minimal_system_takes_them():
    house.install()
    users = house.chroot("id", "wirespool-control") + house.chroot("id", "wirespool")
    check("(wirespool)" in users.splitlines()[0], f"control is not in the group: {users}")
    want = {"/etc/wirespool/wirespool.ini": "640 root wirespool", RECORDS: "2770 wirespool wirespool", "/var/lib/wirespool": "755 root root",
            "/var/lib/wirespool/dtls": "700 wirespool-control wirespool", "/run/wirespool": "755 wirespool wirespool",
            "/usr/sbin/wirespool-dataplane": "755 root root", "/usr/bin/wirespool-control": "755 root root", "/usr/bin/wirespool-gen": "755 root root",
            "/usr/libexec/wirespool/setup": "755 root root", "/usr/libexec/wirespool/wirespool-replay": "755 root root"}
    got = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in house.chroot("stat", "-c", "%n %a %U %G", *want).splitlines()}
    equal(got, want, "owners and modes")
    equal(house.chroot("dpkg-query", "-W", "-f", "${Conffiles}", "wirespool").split()[0], "/etc/wirespool/wirespool.ini", "conffile")
    for daemon in DAEMONS:
        check("good" in house.chroot(daemon, "--check"), f"{daemon} --check")
    check("usage: wirespool-gen" in house.chroot("wirespool-gen", "--help"), "wirespool-gen --help")
    check("huge pages" in house.chroot("/usr/libexec/wirespool/setup", "--root", "/nowhere"), "setup")
    enabled = subprocess.run(["chroot", house.root, "systemctl", "is-enabled", "wirespool.target"], capture_output=True, text=True, check=False).stdout.strip()
    equal(enabled, "disabled", "before it is configured wirespool.target is")


def manual_pages_are_sound():
    unpacked = os.path.join(house.dir, "pages")
    for deb in house.make():
        output("dpkg-deb", "-x", deb, unpacked)
    pages = glob.glob(unpacked + "/usr/share/man/man*/*.gz")
    programs = glob.glob(unpacked + "/usr/bin/*") + glob.glob(unpacked + "/usr/sbin/*")
    named = {os.path.basename(p).rsplit(".", 2)[0] for p in pages}
    equal({os.path.basename(p) for p in programs} | {"wirespool.ini"}, named, "programs, and their manual pages")
    for page in pages:
        p = subprocess.run(["man", "--warnings", "-l", page], env=dict(os.environ, MANPAGER="cat", LC_ALL="C.UTF-8", MANWIDTH="100"), capture_output=True, text=True, check=False)
        check(p.returncode == 0 and "warning" not in p.stderr and len(p.stdout) > 800, f"{page}: {p.stderr[:400]}")


def units_are_sound_and_tight():
    house.install()
    units = ["wirespool.target", *(d + ".service" for d in DAEMONS), "wirespool-machine.service", "wirespool-check.service"]
    equal(house.chroot("systemd-analyze", "verify", "--man=no", *units).strip(), "", "systemd-analyze verify")
    for unit, tenths in (("wirespool-dataplane", 25), ("wirespool-control", 15), ("wirespool-machine", 30), ("wirespool-check", 50)):
        house.chroot("systemd-analyze", "security", "--offline=true", f"--threshold={tenths}", f"{unit}.service")


# --- with systemd -----------------------------------------------------------------------------------------------------------
def the_machine_is_set_up_at_boot():
    house.boot()
    setup = "/usr/libexec/wirespool/setup"
    check("kernel's command line" in house.run(setup, "--isolate", "1"), "a machine without GRUB is told what to do itself")
    house.run("systemctl", "start", "wirespool-machine")
    equal(house.property("wirespool-machine", "ActiveState"), "active", "wirespool-machine")
    house.run("systemctl", "stop", "wirespool-machine")
    house.run("wirespool", "setup", "--undo")
    house.run("systemctl", "start", "wirespool-machine")
    equal(house.property("wirespool-machine", "ActiveState"), "inactive", "wirespool-machine of a machine that is not set up")


def a_small_machine_is_told_so_and_records():
    """No huge pages, and one NIC, which carries the address that the machine is reached by."""
    house.start()
    said = house.run("wirespool", "setup")
    check("small form" in said and f"wirespool setup --interface {house.rig.iface}" in said, f"setup: {said}")
    check(f"port = net_af_packet0,iface={house.rig.iface}\n" in house.run("wirespool", "setup", "--interface", house.rig.iface), "how to share the interface")
    check("in the small form" in house.run("journalctl", "-q", "-u", "wirespool-dataplane"), "the journal does not say that it is the small form")
    code, found = house.tried("wirespool", "doctor", "--json", "--no-store", "hugepages", "nic", "iommu", "limits", "dataplane")
    found = {f["check"]: f for f in json.loads(found)["checks"]}
    equal((code, found["hugepages"]["state"], found["nic"]["state"], found["dataplane"]["state"]), (0, "warning", "ok", "ok"), f"the doctor: {found}")
    check("small form" in found["hugepages"]["found"], f"the doctor: {found}")
    house.rig.netns_run("ping", "-c", "3", "-i", "0.2", "10.77.0.9")  # Linux
    house.rig.netns_run("ping", "-c", "3", "-i", "0.2", "10.77.0.1")  # the dataplane


def systemd_runs_it_and_it_records():
    house.start()
    for daemon, user in zip(DAEMONS, ("wirespool", "wirespool-control")):
        equal(house.property(daemon, "ActiveState"), "active", daemon)
        equal(house.property(daemon, "WatchdogUSec"), "30s", daemon + "'s watchdog")
        pid = house.property(daemon, "MainPID")
        status = dict(line.split(":", 1) for line in house.run("cat", f"/proc/{pid}/status").splitlines() if ":" in line)
        equal(house.run("stat", "-c", "%U", f"/proc/{pid}").strip(), user, f"{daemon} runs as")
        want = 1 << 12 | 1 << 13 | (0 if may_lock() else 1 << 14) if user == "wirespool" else 0  # CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK
        equal([int(status[c], 16) for c in ("CapEff", "CapBnd")], [want, want], f"{daemon}'s capabilities")
        equal((status["NoNewPrivs"].strip(), status["Seccomp"].strip()), ("1", "2"), f"{daemon}: no new privileges, seccomp")
    lines = house.run("journalctl", "-q", "-o", "json", "-u", "wirespool-control").splitlines()
    line = next(json.loads(line) for line in lines if "http: listening" in line)
    equal((line["PRIORITY"], line["MESSAGE"][:1] != "<"), ("6", True), "a line in the journal")
    clip = senders.video_clip("VP8", 2)
    session = house.api("POST", "/api/v1/sessions", dict(room="real", participant="a", tracks=[dict(VIDEO, ssrc=2000)]))
    senders.ffmpeg(house.rig, clip, session["port"], 96, 2000)
    house.api("DELETE", f"/api/v1/sessions/{session['id']}")
    record = house.api("GET", "/api/records")[0]
    path = house.path(f"{RECORDS}/{record['name']}")
    senders.same_frames(clip, path)
    check(decodes(path) > 0, "it plays")
    equal(house.run("stat", "-c", "%a %U %G", f"{RECORDS}/{record['name']}").strip(), "640 wirespool wirespool", "the recording's owner and mode")
    house.api("DELETE", f"/api/records/{record['name']}")
    equal(house.files("real_*"), [], "control may remove what the dataplane wrote")


def a_daemon_that_hangs_is_started_anew():
    house.start()
    for daemon in DAEMONS:
        drop_in = f"/run/systemd/system/{daemon}.service.d"
        house.run("mkdir", "-p", drop_in)
        house.run("sh", "-c", f"printf '[Service]\\nWatchdogSec=2\\nRestartSec=0\\n' > {drop_in}/test.conf")
    house.run("systemctl", "daemon-reload")
    house.run("systemctl", "restart", *DAEMONS)
    house.ready()
    time.sleep(3)  # longer than the watchdog's time: it is fed
    before = house.pids()
    equal([house.property(d, "NRestarts") for d in DAEMONS], ["0", "0"], "restarts of daemons that are well")
    house.run("sh", "-c", "kill -STOP " + " ".join(before))
    wait_for("both to be killed and started anew", lambda: [house.property(d, "NRestarts") for d in DAEMONS] == ["1", "1"], 30, 0.2)
    house.ready()
    check("watchdog" in house.run("journalctl", "-q", "-u", DAEMONS[0], "-u", DAEMONS[1]).lower(), "the journal says why")
    house.run("rm", "-r", *(f"/run/systemd/system/{d}.service.d" for d in DAEMONS))
    house.run("systemctl", "daemon-reload")
    house.run("systemctl", "restart", *DAEMONS)
    house.ready()


def a_wrong_configuration_is_not_tried_again():
    house.start()
    house.run("sh", "-c", "cd /etc/wirespool && cp -p wirespool.ini good && printf '[log]\\nlevle = info\\n' >> wirespool.ini")
    code, _ = house.tried("systemctl", "restart", "wirespool-control")
    check(code != 0, "a restart with a wrong configuration fails")
    time.sleep(3)  # longer than RestartSec
    equal([house.property("wirespool-control", name) for name in ("ActiveState", "NRestarts")], ["failed", "0"], "wirespool-control")
    check("levle" in house.run("journalctl", "-q", "-u", "wirespool-control"), "the journal says what is wrong")
    house.run("sh", "-c", "cd /etc/wirespool && mv good wirespool.ini")
    house.run("systemctl", "start", "wirespool-control")
    house.ready()


def an_upgrade_restarts_as_little_as_it_may():
    house.start()
    before = house.pids()
    sid, sender = house.begin("upgrade")
    out = house.run("dpkg", "-i", house.newer("0.1.0+1"))
    check("goes on running" in out, f"told while a recording is under way: {out}")
    during = house.pids()
    check(during[0] == before[0] and during[1] != before[1], f"a recording is under way: only control is new ({before}, {during})")
    house.ready()
    wait_for("control to find the session", lambda: house.api("GET", f"/api/v1/sessions/{sid}")["state"] == "recording")

    house.run("sh", "-c", "echo 0 >/run/wirespool/protocol")  # as if this dataplane spoke another one than the new control
    out = house.run("dpkg", "-i", house.newer("0.1.0+2"))
    check("needs the new dataplane" in out, f"told when the two would not understand each other: {out}")
    equal(house.pids(), during, "daemons, when the new control would not understand the old dataplane")

    ini = house.path("/etc/wirespool/wirespool.ini")
    with open(ini, "a", encoding="ascii") as f:
        f.write("[log]\nlevle = info\n")
    out = house.run("dpkg", "-i", house.newer("0.1.0+3"))  # which ends well: dpkg is not left with half a package
    line = sum(1 for _ in open(ini, encoding="ascii"))
    check(f"/etc/wirespool/wirespool.ini:{line}: " in out and "levle" in out and "refuses" in out, f"what is wrong with the configuration is told: {out}")
    check("systemctl restart wirespool.target" in out, f"its remedy is told: {out}")
    check("install ok installed" in house.run("dpkg", "-s", "wirespool"), "the package is configured")
    equal(house.pids(), during, "daemons, when the new version refuses the configuration")
    with open(ini, encoding="ascii") as f:
        good = f.read().replace("[log]\nlevle = info\n", "")
    with open(ini, "w", encoding="ascii") as f:
        f.write(good)

    sender.stop()
    house.api("DELETE", f"/api/v1/sessions/{sid}")
    names = house.files("upgrade_*.ogg")
    equal(len(names), 1, "one file over three upgrades, one of them to a version that refuses the configuration")
    holds_all_of(names[0], sender.sender)
    house.run("dpkg", "-i", house.newer("0.1.0+4"))
    after = house.pids()
    check(after[0] != during[0] and after[1] != during[1] and "0" not in after, f"nothing is recorded: both are new ({during}, {after})")
    house.ready()


def holds_all_of(name, sender):
    """All that was sent is in the file, nothing else."""
    equal([p for _, p in ogg_packets(house.path(f"{RECORDS}/{name}"))[2:]], sender.sent, f"packets of {name}")


def removed_while_recording_it_finishes_its_files():
    house.start()
    pids = house.pids()
    done = house.api("GET", "/api/records")[0]["name"]
    _, sender = house.begin("removed")
    time.sleep(1)
    house.run("apt-get", "remove", "-yq", "wirespool")
    sender.stop()
    for pid in pids:
        check(house.tried("test", "-e", f"/proc/{pid}")[0], f"process {pid} lives on")
    equal(house.files(".*.part") + house.files(".*.journal"), [], "unfinished files")
    names = house.files("removed_*.ogg")
    equal(len(names), 1, "recordings")
    with open(house.path(f"{RECORDS}/{names[0]}.json"), encoding="utf-8") as f:
        sidecar = json.load(f)
    equal((sidecar["state"], sidecar["size"]), ("finished", os.path.getsize(house.path(f"{RECORDS}/{names[0]}"))), "its sidecar")
    check(decodes(house.path(f"{RECORDS}/{names[0]}")) > 20, "it plays")
    got = [p for _, p in ogg_packets(house.path(f"{RECORDS}/{names[0]}"))[2:]]
    equal(got, sender.sender.sent[:len(got)], "its packets, as far as it was there")
    check(house.files(done) == [done], f"{done}, which was finished before, is gone")
    journal = house.run("journalctl", "-q", "-o", "cat", "-u", "wirespool-control", "-u", "wirespool-dataplane").splitlines()
    ends = [next(line[:24] for line in reversed(journal) if words in line) for words in ("control: stopped", "stopping: finalising 1 sessions")]
    check(ends == sorted(ends), f"control is stopped first, so that no session is opened meanwhile: {ends}")


def purged_it_leaves_the_recordings():
    house.boot()
    if house.tried("dpkg", "-s", "wirespool")[1].count("install ok installed"):
        house.run("apt-get", "remove", "-yq", "wirespool")
    with open(house.path(f"{RECORDS}/mine.ogg"), "wb") as f:
        f.write(b"x")
    before = sorted(n for n in os.listdir(house.path(RECORDS)) if not n.startswith(".catalogue"))
    house.run("apt-get", "purge", "-yq", "wirespool")
    equal(sorted(os.listdir(house.path(RECORDS))), before, "the recordings")
    left = [p for p in ("/etc/wirespool", "/var/lib/wirespool/dtls", "/run/wirespool", "/usr/sbin/wirespool-dataplane", "/etc/systemd/system/multi-user.target.wants/wirespool.target")
            if house.tried("test", "-e", p)[0] == 0 or house.tried("test", "-L", p)[0] == 0]
    equal(left, [], "what a purge leaves of the rest")


def installed_it_says_what_the_machine_has():
    house.boot()
    if not house.tried("dpkg", "-s", "wirespool")[0]:
        house.run("apt-get", "purge", "-yq", "wirespool")
    out = house.run("dpkg", "-i", house.newer("0.1.0+5"))
    check("small form" in out and f"wirespool setup --interface {house.rig.iface}" in out, f"a machine without a NIC to spare is told so: {out}")
    check("systemctl enable --now wirespool.target" in out, f"what comes next is told: {out}")
    equal(house.tried("systemctl", "is-active", "wirespool-dataplane")[1].strip(), "inactive", "before it is configured wirespool-dataplane is")


main([lintian_finds_no_error, a_minimal_system_takes_them, manual_pages_are_sound, units_are_sound_and_tight, the_machine_is_set_up_at_boot, a_small_machine_is_told_so_and_records,
      systemd_runs_it_and_it_records, a_daemon_that_hangs_is_started_anew, a_wrong_configuration_is_not_tried_again,
      an_upgrade_restarts_as_little_as_it_may, removed_while_recording_it_finishes_its_files,
      purged_it_leaves_the_recordings, installed_it_says_what_the_machine_has])
