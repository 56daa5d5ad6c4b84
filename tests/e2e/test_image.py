#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The disk image without QEMU: its first boot on machines made of files (test_setup.py has them), its scripts, its boot sector.

What a real boot does appliance/try-image tries, which takes too long for every day.
"""
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile

from rig import BUILD, ROOT, check, equal, main
from test_setup import SETUP, STATE, Machine

IMAGE = os.path.join(ROOT, "appliance/image")
FIRSTBOOT = os.path.join(IMAGE, "firstboot")
PATH = os.pathsep.join([os.path.join(BUILD, "tools/wirespool"), os.path.join(BUILD, "dataplane"), os.environ["PATH"]])
INI = "[ingest]\naddress = 10.77.0.1/24\n[dataplane]\nport = 0000:3b:00.0\nmemory_mb = 192\nblock_mb = 65\n"
FSTAB = "UUID=1 / ext4 errors=remount-ro 0 1\nPARTLABEL=wirespool-records /var/lib/wirespool/records ext4 nofail 0 2\n"
FILES = ("etc/wirespool", "etc/hostname", "root", "var/lib/wirespool/firstboot.done", STATE)


class Fresh(Machine):
    """A machine that was booted from the image for the first time, and its second drive."""

    def __init__(self, **files):
        super().__init__()
        self.put("etc/fstab", FSTAB)
        self.put("proc/meminfo", "MemTotal:       4194304 kB\n")
        self.drive = tempfile.mkdtemp(prefix="wirespool-drive-")
        for name, text in files.items():
            with open(os.path.join(self.drive, name.replace("__", ".")), "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode())

    def __exit__(self, *_):
        shutil.rmtree(self.drive)
        super().__exit__()

    def boot(self, *argv, code=0, answers="", drive=True):
        argv = [FIRSTBOOT, "--here", "--root", self.root, "--setup", SETUP, *(["--drive", self.drive] if drive else []), *argv]
        env = {k: v for k, v in os.environ.items() if k != "SSH_CONNECTION" and not k.startswith("WIRESPOOL_")}
        p = subprocess.run(argv, input=answers, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(env, PATH=PATH), check=False)
        equal(p.returncode, code, f"firstboot: {p.stdout}")
        return p.stdout

    def there(self, path):
        return os.path.exists(self.path(path))

    def mode(self, path):
        return oct(stat.S_IMODE(os.stat(self.path(path)).st_mode))

    def untouched(self):
        equal([path for path in FILES if self.there(path)], [], "what was made")


def a_drive_configures_the_machine():
    hashed = "$6$salt$hash"
    with Fresh(wirespool__ini=b"\xef\xbb\xbf" + INI.replace("\n", "\r\n").encode(), environment="# mine\nS3_SECRET_KEY='a b'\n", authorized_keys="ssh-ed25519 AAAA me\n",
               hostname="rec7\n", lan__network="[Match]\nName=eno1\n", cert__pem="cert\n", key__pem="key\n", **{"root-password": hashed + "\n"}) as m:
        said = m.boot()
        equal(m.get("etc/wirespool/wirespool.ini"), INI, "the INI, without what an editor of another system put in")
        equal(m.get("etc/wirespool/environment"), "# mine\nS3_SECRET_KEY='a b'\n", "the environment")
        equal({p: m.mode(p) for p in ("etc/wirespool/wirespool.ini", "etc/wirespool/environment", "etc/wirespool/key.pem", "root/.ssh", "root/.ssh/authorized_keys")},
              {"etc/wirespool/wirespool.ini": "0o640", "etc/wirespool/environment": "0o600", "etc/wirespool/key.pem": "0o640", "root/.ssh": "0o700",
               "root/.ssh/authorized_keys": "0o600"}, "modes")
        equal((m.get("etc/hostname"), m.get("etc/systemd/network/20-lan.network")), ("rec7\n", "[Match]\nName=eno1\n"), "name and network")
        equal(m.get("sys/bus/pci/devices/0000:3b:00.0/driver_override"), "vfio-pci", "the NIC of dataplane.port")
        equal(m.get("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"), "131", "huge pages: 192 and 65 MiB, and two")
        for command in ("chpasswd -e", "systemctl enable ssh.service", "systemctl enable wirespool.target", "systemctl reboot --no-block"):
            check(f"run {command}\n" in said, f"{command}: {said}")
        check(hashed not in said and "a b" not in said, f"secrets stay off the console: {said}")
        check(m.there("var/lib/wirespool/firstboot.done"), "it is done")


def a_machine_whose_kernel_is_told_already_starts_at_once():
    with Fresh(wirespool__ini=INI) as m:
        m.put("proc/cmdline", "root=/dev/vda3 intel_iommu=on iommu=pt\n")
        said = m.boot()
        check("run systemctl start --no-block wirespool.target\n" in said and "reboot" not in said, said)
        check("ssh" not in said and "chpasswd" not in said and not m.there("root/.ssh"), f"nobody may log in whom the drive does not name: {said}")


def the_drive_may_say_itself_what_is_set_up():
    with Fresh(wirespool__ini=INI.replace("3b:00.0", "3b:00.1"), setup="--hugepages 1G:2@1 --isolate 2-3 --bind 0000:3b:00.0  # the other one\n") as m:
        m.boot()
        equal((m.get("sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages"), m.get("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")),
              ("2", "0\n"), "huge pages")
        check('"isolate": "2-3"' in m.get(STATE) and "3b:00.1" not in m.get(STATE), m.get(STATE))


def no_pages_and_no_nic_without_need():
    with Fresh(wirespool__ini="[ingest]\naddress = 10.77.0.1/24\n[dataplane]\nport = net_af_packet0,iface=eth1\nhugepages = off\n") as m:
        m.boot()
        check(not m.there(STATE), "nothing was set up")


def what_is_wrong_is_named_and_nothing_is_touched():
    for files, why in ((dict(wirespool__ini="[log]\nlevle = info\n"), "wirespool.ini:2"), (dict(wirespool__ini=INI + "[s3]\nsecret_key = ${NOT_THERE}\n"), "NOT_THERE"),
                       (dict(), "there is no wirespool.ini"), (dict(wirespool__ini=b"\xff\xfe[\0"), "no text in UTF-8"),
                       (dict(wirespool__ini=INI, environment="export A=b\n"), "environment:1: "), (dict(wirespool__ini=INI, **{"root-password": "secret\n"}), "openssl passwd -6"),
                       (dict(wirespool__ini=INI, hostname="a b\n"), "hostname: "), (dict(wirespool__ini=INI, setup="--bind '3b\n"), "setup: ")):
        with Fresh(**files) as m:
            said = m.boot(code=1)
            check("this is not good yet" in said and why in said and "nobody is there to answer" in said, f"{files}: {said}")
            check("secret\n" not in said, "a password stays off the console")
            m.untouched()


def a_drive_is_looked_at_again():
    with Fresh(wirespool__ini="[log]\nlevle = info\n") as m:
        good = os.path.join(m.drive, "wirespool.ini")
        p = subprocess.Popen([FIRSTBOOT, "--here", "--root", m.root, "--setup", SETUP, "--drive", m.drive], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, env=dict(os.environ, PATH=PATH))
        said = ""
        while "answer questions here" not in said:
            byte = p.stdout.read(1)
            check(byte, f"it ended: {said}")
            said += byte
        with open(good, "w", encoding="ascii") as f:
            f.write(INI)
        said += p.communicate("\n", timeout=120)[0]
        equal(p.returncode, 0, f"firstboot: {said}")
        equal(m.get("etc/wirespool/wirespool.ini"), INI, "the INI")


def the_way_to_the_machine_is_never_taken():
    with Fresh(wirespool__ini=INI.replace("3b:00.0", "01:00.0")) as m:
        said = m.boot(code=1)
        check("carries the default route by eth0" in said and "this is not good yet" in said, said)
        check(not m.there("var/lib/wirespool/firstboot.done"), "it is not done")


def a_nic_of_the_media_gives_its_address_back():
    with Fresh(wirespool__ini=INI.replace("3b:00.0", "3b:00.1")) as m:  # eth2 has got an address, eth0 the default route
        said = m.boot(code=1)  # and keeps it: commands are only told here
        for command in ("networkctl reload", "ip link set eth2 down", "ip addr flush dev eth2"):
            check(f"run {command}\n" in said, f"{command}: {said}")
        check("Unmanaged=yes" in m.get("run/systemd/network/10-eth2.network"), "networkd leaves it alone")
        check("eth0" not in said and not m.there("run/systemd/network/10-eth0.network"), f"the other NICs: {said}")


def questions_make_a_configuration():
    def lines(*answers):
        return "".join(a + "\n" for a in answers)
    with Fresh() as m:
        said = m.boot(drive=False, answers=lines("2", "10.9.0.1", "10.9.0.1/16", "10.9.0.254", "yes", "yes", "minio.example:9000", "", "tapes", "y", "me", "hidden", "pass word"))
        check("0000:01:00.0 driver igb eth0" in said and ", management" in said.split("0000:01:00.0", 1)[1].splitlines()[0], f"NICs: {said}")
        check("0000:17:00.0" not in said, f"what is no NIC: {said}")
        check("with the prefix length" in said, f"an answer that is wrong is asked for again: {said}")
        ini = m.get("etc/wirespool/wirespool.ini")
        for line in ("address = 10.9.0.1/16", "gateway = 10.9.0.254", "port = 0000:3b:00.0", "listen = 0.0.0.0:8080", "endpoint = minio.example:9000", "region = us-east-1",
                     "bucket = tapes", "path_style = 1", "memory_mb = 256"):
            check(line + "\n" in ini, f"{line}: {ini}")
        secrets = m.get("etc/wirespool/environment")
        check(re.fullmatch(r"WIRESPOOL_API_TOKENS=\S{32}\nS3_ACCESS_KEY=me\nS3_SECRET_KEY=hidden\n", secrets), secrets)
        check("hidden" not in ini and m.mode("etc/wirespool/environment") == "0o600", "secrets have a file of their own")
        check("run chpasswd -e\n" in said and "pass word" not in said, said)
    with Fresh() as m:  # no more than has to be said
        said = m.boot(drive=False, answers=lines("2", "", "", "no", "", ""))
        check("listen" not in m.get("etc/wirespool/wirespool.ini") and not m.there("etc/wirespool/environment") and "chpasswd" not in said, said)
        equal(m.boot("--help", drive=False)[:17], "usage: firstboot ", "--help")


def recordings_may_have_a_disk_of_their_own():
    with Fresh(wirespool__ini=INI, **{"records-disk": "/dev/sdb\n"}) as m:
        said = m.boot()
        check("run mkfs.ext4 -q -m 0 /dev/sdb\n" in said and said.index("mkfs") < said.index("run mount /var/lib/wirespool/records\n"), said)
        fstab = m.get("etc/fstab").splitlines()
        check(fstab[0] == FSTAB.splitlines()[0] and re.match(r"UUID=\S* /var/lib/wirespool/records ext4 nofail", fstab[1]), f"fstab: {fstab}")


def only_disks_without_anything_on_them_are_offered():
    loader = importlib.machinery.SourceFileLoader("firstboot", FIRSTBOOT)
    firstboot = importlib.util.module_from_spec(importlib.util.spec_from_loader("firstboot", loader))
    loader.exec_module(firstboot)

    def device(path, kind="disk", size=8 << 30, fstype=None, pttype=None, label=None, mountpoints=(None,), ro=False, children=None):
        found = dict(name=os.path.basename(path), path=path, type=kind, size=size, fstype=fstype, pttype=pttype, label=label, mountpoints=list(mountpoints), ro=ro)
        return dict(found, children=children) if children else found
    tree = [device("/dev/vda", pttype="gpt", children=[device("/dev/vda3", "part", fstype="ext4", label="wirespool-root", mountpoints=["/"]),
                                                       device("/dev/vda2", "part", fstype="vfat", label="WSEFI")]),
            device("/dev/vdb"), device("/dev/vdc", fstype="ext4"), device("/dev/vdd", pttype="dos"), device("/dev/vde", ro=True), device("/dev/fd0", size=1440 << 10),
            device("/dev/sr0", "rom", fstype="iso9660", label="cidata"), device("/dev/sdb", children=[device("/dev/sdb1", "part", fstype="vfat", label="wirespool")]),
            device("/dev/vdf", fstype="LVM2_member"), device("/dev/vdg", fstype="ext4", mountpoints=["/mnt"])]
    devices = list(firstboot.block_devices(json.dumps(dict(blockdevices=tree))))
    equal([d["path"] for d in firstboot.empty_disks(devices)], ["/dev/vdb"], "empty disks")
    equal([d["path"] for d in firstboot.second_drives(devices)], ["/dev/sdb1", "/dev/vdc", "/dev/sr0"], "what may be the second drive")
    here = list(firstboot.block_devices())  # as lsblk of this machine has it
    check(all({"path", "type", "size", "fstype", "pttype", "label", "mountpoints", "ro"} <= set(d) for d in here), f"columns of lsblk: {here[:1]}")


def a_disk_gets_its_boot_sector():
    with tempfile.TemporaryDirectory() as at:
        disk, boot = os.path.join(at, "disk"), os.path.join(at, "boot.img")
        sector = bytearray(range(256)) * 2
        sector[510:] = b"\x55\xaa"
        with open(boot, "wb") as f:
            f.write(sector)
        core = bytearray(b"\x11" * 1024)
        struct.pack_into("<QHH", core, 0x1f4, 2, 9, 0x820)
        with open(disk, "wb") as f:
            f.write(b"\xee" * 512 + bytes(512 * 7) + core + bytes(4096))
        for argv, code in ((["x"], 1), ([disk, boot, "20"], 1), ([disk, disk, "8"], 1), ([disk, boot, "8"], 0)):
            equal(subprocess.run([os.path.join(IMAGE, "boot-sector"), *argv], stderr=subprocess.DEVNULL, check=False).returncode, code, f"boot-sector {argv}")
        with open(disk, "rb") as f:
            got = f.read()
        equal(got[:0x5c], bytes(sector[:0x5c]), "code")
        equal(struct.unpack_from("<Q", got, 0x5c)[0], 8, "sector of the core")
        equal(got[0x1b8:0x1fe], b"\xee" * 70, "the partition table stays")
        equal((got[510:512], struct.unpack_from("<QHH", got, 8 * 512 + 0x1f4)), (b"\x55\xaa", (9, 9, 0x820)), "signature, and the rest of the core")


def scripts_and_units_are_sound():
    for script in ("appliance/build-image", "appliance/image/customize"):
        equal(subprocess.run(["bash", "-n", os.path.join(ROOT, script)], capture_output=True, text=True, check=False).stderr, "", script)
    for script in ("appliance/try-image", "appliance/image/firstboot", "appliance/image/boot-sector"):
        with open(os.path.join(ROOT, script), encoding="utf-8") as f:
            compile(f.read(), script, "exec")
    with open(os.path.join(IMAGE, "customize"), encoding="utf-8") as f:
        put = re.findall(r"^put (\S+) (\S+) \d+$", f.read(), re.M)
    check(len(put) > 6, f"what goes into the image: {put}")
    for name, _ in put:
        check(os.path.exists(os.path.join(IMAGE, name)), f"appliance/image/{name}")
    p = subprocess.run([os.path.join(ROOT, "appliance/build-image"), "--nonsense"], capture_output=True, text=True, check=False)
    check(p.returncode == 2 and "usage: " in p.stderr, f"build-image --nonsense: {p}")
    for word, want in (("--help", 0), ("--nonsense", 2), ("/nowhere.img", 2)):
        equal(subprocess.run([os.path.join(ROOT, "appliance/try-image"), word], capture_output=True, check=False).returncode, want, f"try-image {word}")
    with tempfile.TemporaryDirectory() as root:  # units beside the programs that they start
        for name, to in put:
            os.makedirs(os.path.dirname(os.path.join(root, to)), exist_ok=True)
            shutil.copy(os.path.join(IMAGE, name), os.path.join(root, to))
        os.makedirs(os.path.join(root, "usr/bin"))
        shutil.copy("/bin/true", os.path.join(root, "usr/bin/wirespool-top"))
        shutil.copytree("/lib/systemd/system", os.path.join(root, "lib/systemd/system"), symlinks=True)
        for unit in ("wirespool-firstboot.service", "wirespool-console.service"):
            p = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={root}", unit], capture_output=True, text=True, check=False)
            equal((p.returncode, p.stderr.strip()), (0, ""), f"systemd-analyze verify {unit}")


main([a_drive_configures_the_machine, a_machine_whose_kernel_is_told_already_starts_at_once, the_drive_may_say_itself_what_is_set_up, no_pages_and_no_nic_without_need,
      what_is_wrong_is_named_and_nothing_is_touched, a_drive_is_looked_at_again, the_way_to_the_machine_is_never_taken, a_nic_of_the_media_gives_its_address_back,
      questions_make_a_configuration, recordings_may_have_a_disk_of_their_own, only_disks_without_anything_on_them_are_offered, a_disk_gets_its_boot_sector, scripts_and_units_are_sound])
