#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The machine's set-up, appliance/setup, on machines made of files: what /proc, /sys and /etc say of them, below a directory of their own.

    0000:01:00.0  eth0  igb          default route, SSH        Intel, two NUMA nodes, GRUB, IOMMU at work
    0000:3b:00.0  eth1  ixgbe        to spare                  0000:3b:00.1  eth2  ixgbe  has an address
    0000:5e:00.0  eth3  mlx5_core    Mellanox                  0000:65:00.0  eth4  igb    below bridge br0, which has an address
    0000:17:00.0        ahci         no NIC

Such a tree takes what is written to it and does nothing with it: a NIC's driver stays what it was, unless a case changes it.
"""
import os
import shutil
import subprocess
import tempfile

from rig import ROOT, check, equal, main

SETUP = os.path.join(ROOT, "appliance/setup")
PCI = "sys/bus/pci/devices"
PAGES = "sys/kernel/mm/hugepages/hugepages-{}kB/nr_hugepages"
NODE_PAGES = "sys/devices/system/node/node{}/hugepages/hugepages-{}kB/nr_hugepages"
GRUB = "etc/default/grub.d/wirespool.cfg"
STATE = "var/lib/wirespool/machine.json"
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth2\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
br0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
ROUTES6 = "fe80000000000000" + "0" * 16 + " 40 " + "0" * 32 + " 00 " + "0" * 32 + " 00000100 00000001 00000000 00000001     eth1\n"


class Machine:
    def __init__(self, iommu=True, grub=True):
        self.root = tempfile.mkdtemp(prefix="wirespool-setup-")
        put = self.put
        put("proc/cpuinfo", "vendor_id\t: GenuineIntel\n")
        put("proc/meminfo", "MemTotal:       16777216 kB\n")
        put("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n")
        put("proc/net/route", ROUTES)
        put("proc/net/ipv6_route", ROUTES6)
        put("proc/1/comm", "systemd\n")
        put("sys/devices/system/cpu/present", "0-7\n")
        for kib in (2048, 1048576):
            put(PAGES.format(kib), "0\n")
            for node in (0, 1):
                put(NODE_PAGES.format(node, kib), "0\n")
        for node in (0, 1):
            put(f"sys/devices/system/node/node{node}/meminfo", f"Node {node} MemTotal:        8388608 kB\n")
        put("sys/bus/pci/drivers_probe", "")
        put("sys/bus/pci/drivers/vfio-pci/bind", "")
        put("sys/firmware/acpi/tables/DMAR", "")
        if iommu:
            put("sys/class/iommu/dmar0/name", "")
        if grub:
            put("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')
        self.nic("0000:01:00.0", "eth0", "igb")
        self.nic("0000:3b:00.0", "eth1", "ixgbe")
        self.nic("0000:3b:00.1", "eth2", "ixgbe")
        self.nic("0000:5e:00.0", "eth3", "mlx5_core", vendor="0x15b3")
        self.nic("0000:65:00.0", "eth4", "igb")
        put("sys/class/net/eth4/upper_br0/x", "")
        self.nic("0000:17:00.0", None, "ahci", kind="0x010601")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def path(self, path):
        return os.path.join(self.root, path)

    def put(self, path, text):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "w", encoding="utf-8") as f:
            f.write(text)

    def get(self, path):
        with open(self.path(path), encoding="utf-8") as f:
            return f.read()

    def driver(self, address, name):
        """What the kernel does when a device is bound."""
        at = self.path(f"{PCI}/{address}/driver")
        if os.path.lexists(at):
            os.unlink(at)
        self.put(f"sys/bus/pci/drivers/{name}/unbind", "")
        os.symlink(f"../../drivers/{name}", at)

    def nic(self, address, interface, driver, vendor="0x8086", kind="0x020000"):
        at = f"{PCI}/{address}"
        for name, text in (("vendor", vendor), ("device", "0x10fb"), ("class", kind), ("numa_node", "0"), ("driver_override", "(null)")):
            self.put(f"{at}/{name}", text + "\n")
        if interface:
            self.put(f"{at}/net/{interface}/address", "")
            self.put(f"sys/class/net/{interface}/address", "")
        self.driver(address, driver)

    def setup(self, *argv, code=0, ssh=None):
        env = {k: v for k, v in os.environ.items() if k != "SSH_CONNECTION"}
        if ssh:
            env["SSH_CONNECTION"] = ssh
        p = subprocess.run([SETUP, "--root", self.root, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, check=False)
        equal(p.returncode, code, f"setup {' '.join(argv)}: {p.stdout}")
        return p.stdout

    def tree(self):
        """Every file and link, and what is in it."""
        found = {}
        for at, dirs, names in os.walk(self.root):
            for name in names + [d for d in dirs if os.path.islink(os.path.join(at, d))]:
                path = os.path.join(at, name)
                found[os.path.relpath(path, self.root)] = os.readlink(path) if os.path.islink(path) else self.get(path)
        return found


ALL = ("--hugepages", "2M:1024", "--hugepages", "1G:2@1", "--isolate", "2-3", "--bind", "3b:00.0")


def looking_changes_nothing():
    with Machine() as m:
        before = m.tree()
        out = m.setup()
        check("NIC 0000:3b:00.0: eth1, driver ixgbe, NUMA node 0; to spare" in out, out)
        check("0000:01:00.0: eth0, driver igb, NUMA node 0; carries the default route" in out, out)
        check("wirespool setup --hugepages 2M:512 --bind 0000:3b:00.0" in out, out)
        check("huge pages of node1: 0 of 2M, 0 of 1G" in out, out)
        out = m.setup("--interface", "eth0")
        check("port = net_af_packet0,iface=eth0" in out and "net_af_xdp0,iface=eth0" in out, out)
        check("there is no interface eth9" in m.setup("--interface", "eth9", code=1), "eth9")
        equal(m.tree(), before, "the tree")


def a_small_machine_is_told_its_form():
    """One NIC, which carries the management address, two CPUs, no huge pages: an interface of Linux is shared."""
    with Machine(iommu=False) as m:
        for address in os.listdir(m.path(PCI)):
            if address != "0000:01:00.0":
                shutil.rmtree(m.path(f"{PCI}/{address}"))
        m.put("sys/devices/system/cpu/present", "0-1\n")
        out = m.setup()
        check("no NIC to spare" in out and "small form" in out and "wirespool setup --interface eth0" in out, out)
        check("--bind" not in out, f"it offers the NIC that the machine is reached by: {out}")
        out = m.setup("--interface", "eth0")
        check("    port = net_af_packet0,iface=eth0\n    lcores = 1\n" in out and "Huge pages are not needed" in out, out)
        m.put("sys/devices/system/cpu/present", "0\n")
        check("    lcores = 0\n" in m.setup("--interface", "eth0"), "a machine of one CPU")


def a_dry_run_tells_and_does_nothing():
    with Machine() as m:
        before = m.tree()
        out = m.setup("--dry-run", *ALL)
        equal(m.tree(), before, "the tree")
        for line in ("would write '1024' to /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
                     "would write '2' to /sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages",
                     "would write /etc/default/grub.d/wirespool.cfg:", "would run update-grub",
                     "would write 'vfio-pci' to /sys/bus/pci/devices/0000:3b:00.0/driver_override",
                     "would write '0000:3b:00.0' to /sys/bus/pci/devices/0000:3b:00.0/driver/unbind",
                     "would write '0000:3b:00.0' to /sys/bus/pci/drivers_probe"):
            check(line in out.splitlines(), f"{line!r} is missing in:\n{out}")
        done = m.setup(*ALL)
        told = [line[len("would "):] for line in out.splitlines() if line.startswith("would ")]
        equal([line for line in done.splitlines() if line.startswith(("write ", "run "))], told, "what is done is what was told")


def it_is_done_once_and_undone_to_the_byte():
    with Machine() as m:
        m.put(PAGES.format(2048), "16\n")
        before = m.tree()
        m.setup(*ALL)
        equal((m.get(PAGES.format(2048)), m.get(NODE_PAGES.format(1, 1048576))), ("1024", "2"), "huge pages")
        equal(m.get(GRUB).splitlines()[1], 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT hugepagesz=1G hugepages=1:2 '
              'isolcpus=managed_irq,domain,2-3 nohz_full=2-3 rcu_nocbs=2-3 intel_iommu=on iommu=pt"', "the kernel's command line")
        equal([m.get(f"{PCI}/0000:3b:00.0/driver_override"), m.get("sys/bus/pci/drivers/ixgbe/unbind"), m.get("sys/bus/pci/drivers_probe")],
              ["vfio-pci", "0000:3b:00.0", "0000:3b:00.0"], "what the kernel was told")
        m.driver("0000:3b:00.0", "vfio-pci")
        once = m.tree()
        check("all of this is so already" in m.setup(*ALL), "a second time")
        equal(m.tree(), once, "the tree")
        m.setup("--hugepages", "2M:512")  # what was before the first time stays noted
        equal(m.get(PAGES.format(2048)), "512", "huge pages")
        told = m.setup("--undo", "--dry-run")
        check("would remove /etc/default/grub.d/wirespool.cfg" in told, told)
        m.setup("--undo")
        equal(m.get("sys/bus/pci/drivers/vfio-pci/unbind"), "0000:3b:00.0", "what vfio-pci was told")
        m.driver("0000:3b:00.0", "ixgbe")
        after = m.tree()
        for path in (GRUB, STATE):
            check(path not in after, f"{path} is left")
        kernels = ("unbind", "drivers_probe", "driver_override")  # of files what was written last; the kernel's own forget
        clean = lambda tree: {k: v.strip() for k, v in tree.items() if not k.endswith(kernels)}
        equal(clean(after), clean(before), "the tree")
        equal(m.get(f"{PCI}/0000:3b:00.0/driver_override"), "\n", "driver_override is cleared")
        check("nothing was set up" in m.setup("--undo"), "a second undo")


def an_older_file_comes_back():
    with Machine() as m:
        m.put(GRUB, "# mine\n")
        m.setup("--isolate", "4-5")
        check("isolcpus" in m.get(GRUB), "written")
        m.setup("--undo")
        equal(m.get(GRUB), "# mine\n", "the file of before")


def it_never_takes_what_the_machine_is_reached_by():
    with Machine() as m:
        before = m.tree()
        for address, why in (("01:00.0", "carries the default route by eth0"), ("3b:00.1", "has an address or route in 192.168.0.0/16 by eth2"),
                             ("65:00.0", "has an address or route in 172.16.0.0/16 by br0"), ("17:00.0", "is no NIC"), ("99:00.0", "there is no device"),
                             ("eth1", "is no PCI address")):
            out = m.setup("--hugepages", "2M:64", "--bind", address, code=1)
            check(why in out, f"{address}: {out}")
        equal(m.tree(), before, "of what is refused nothing is done")
        m.put("proc/net/route", ROUTES + "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n")
        out = m.setup("--bind", "3b:00.0", code=1, ssh="192.0.2.9 51000 192.0.2.1 22")
        check("carries the SSH connection from 192.0.2.9" in out, out)
        m.put("proc/net/route", "")
        m.put("proc/net/ipv6_route", "0" * 32 + " 00 " + "0" * 32 + " 00 fe80" + "0" * 27 + "1 00000400 00000001 00000000 00000003     eth1\n")
        check("carries the default route by eth1" in m.setup("--bind", "3b:00.0", code=1), "IPv6")


def mellanox_stays_with_its_driver():
    with Machine() as m:
        before = m.tree()
        out = m.setup("--bind", "5e:00.0")
        check("0000:5e:00.0 stays at its kernel driver mlx5_core" in out, out)
        equal(m.tree(), before, "the tree")


def a_group_is_taken_whole_or_not():
    with Machine() as m:
        for address in ("0000:3b:00.0", "0000:17:00.0"):
            m.put(f"{PCI}/0000:3b:00.0/iommu_group/devices/{address}", "")
        out = m.setup("--bind", "3b:00.0", code=1)
        check("in one IOMMU group with 0000:17:00.0" in out, out)


def without_an_iommu_it_waits_for_a_boot():
    with Machine(iommu=False) as m:
        out = m.setup("--bind", "3b:00.0")
        check("a reboot is needed for: intel_iommu=on iommu=pt" in out, out)
        equal(m.get(f"{PCI}/0000:3b:00.0/driver_override"), "(null)\n", "nothing is bound yet")
        check("no IOMMU is at work" in m.setup("--boot", code=1), "a boot without it")
        m.put("sys/class/iommu/dmar0/name", "")
        m.setup("--boot")
        equal(m.get(f"{PCI}/0000:3b:00.0/driver_override"), "vfio-pci", "bound at boot")
        os.unlink(m.path("sys/firmware/acpi/tables/DMAR"))
    with Machine(iommu=False, grub=False) as m:
        check("put this on the kernel's command line yourself: intel_iommu=on iommu=pt" in m.setup("--bind", "3b:00.0"), "without GRUB")
    with Machine(iommu=False) as m:
        os.unlink(m.path("sys/firmware/acpi/tables/DMAR"))
        check("no IOMMU, or it is off in the firmware" in m.setup("--bind", "3b:00.0", code=1), "no IOMMU at all")


def a_boot_does_again_what_it_forgot():
    with Machine() as m:
        m.setup(*ALL)
        m.put(PAGES.format(2048), "0\n")
        m.put(f"{PCI}/0000:3b:00.0/driver_override", "(null)\n")
        m.setup("--boot")
        equal((m.get(PAGES.format(2048)), m.get(f"{PCI}/0000:3b:00.0/driver_override")), ("1024", "vfio-pci"), "after a boot")
        m.put(f"{PCI}/0000:3b:00.0/device", "0x1234\n")  # cards were swapped
        m.put(f"{PCI}/0000:3b:00.0/driver_override", "(null)\n")
        m.put(PAGES.format(2048), "0\n")
        check("is another device than it was" in m.setup("--boot", code=1), "another card")
        equal((m.get(PAGES.format(2048)), m.get(f"{PCI}/0000:3b:00.0/driver_override")), ("1024", "(null)\n"), "after a boot with another card")


def wrong_wishes_are_named():
    with Machine() as m:
        before = m.tree()
        for argv, why in ((("--hugepages", "3M:4"), "of size 2M or 1G"), (("--hugepages", "1G:2@7"), "no such NUMA node"),
                          (("--hugepages", "1G:8@0"), "would leave less than"), (("--hugepages", "2M:9999999"), "would leave less than"),
                          (("--isolate", "0-3"), "CPU 0"), (("--isolate", "6-9"), "no CPU 8"), (("--isolate", "x"), "is no list of CPUs")):
            check(why in m.setup(*argv, code=1), f"{argv}: {m.setup(*argv, code=1)}")
        for argv in (("--undo", "--isolate", "2"), ("--boot", "--undo"), ("--nonsense",), ("--bind",)):
            m.setup(*argv, code=2)
        equal(m.tree(), before, "the tree")
        m.put(STATE, "{")
        check("cannot be read" in m.setup("--undo", code=1), "a damaged state")


def nothing_is_undone_below_a_running_dataplane():
    with Machine() as m:
        m.setup(*ALL)
        m.put("proc/77/comm", "wirespool-datap\n")
        before = m.tree()
        check("wirespool-dataplane runs (process 77)" in m.setup("--undo", code=1), "undo")
        equal(m.tree(), before, "the tree")


if __name__ == "__main__":
    main([looking_changes_nothing, a_small_machine_is_told_its_form, a_dry_run_tells_and_does_nothing, it_is_done_once_and_undone_to_the_byte, an_older_file_comes_back,
          it_never_takes_what_the_machine_is_reached_by, mellanox_stays_with_its_driver, a_group_is_taken_whole_or_not,
          without_an_iommu_it_waits_for_a_boot, a_boot_does_again_what_it_forgot, wrong_wishes_are_named, nothing_is_undone_below_a_running_dataplane])
