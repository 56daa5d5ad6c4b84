/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on the ports: NICs by PCI address, interfaces of vdevs. */
#include "tools/wirespool/doctor.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/limits.h"
#include "tools/wirespool/doctor_numa.h"
#include "tools/wirespool/sysfile.h"

/* Kernel drivers that DPDK shares a NIC with. */
static bool is_bifurcated(const char *driver)
{
	static const char *const drivers[] = { "mlx4_core", "mlx5_core", "mana" };

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(driver, drivers[i]))
			return true;
	return false;
}

static bool is_userspace(const char *driver)
{
	return !strcmp(driver, "vfio-pci") || !strcmp(driver, "uio_pci_generic") ||
	       !strcmp(driver, "igb_uio");
}

static void check_pci(struct doctor *doctor, const char *address)
{
	char driver[64], remedy[DOCTOR_REMEDY_BYTES];

	if (!sysfile_exists(doctor->root, "/sys/bus/pci/devices/%s", address)) {
		doctor_say(doctor, DOCTOR_PROBLEM, "'dpdk-devbind.py --status-dev net' lists what is there",
		        "there is no PCI device %s", address);
		return;
	}
	snprintf(remedy, sizeof(remedy),
	        "'dpdk-devbind.py -b vfio-pci %s', unless it is the one you are logged in by", address);
	if (!sysfile_link(doctor->root, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", address))
		doctor_say(doctor, DOCTOR_PROBLEM, remedy, "%s has no driver", address);
	else if (is_bifurcated(driver))
		doctor_say(doctor, DOCTOR_OK, NULL, "%s is with %s, which DPDK shares", address, driver);
	else if (is_userspace(driver))
		doctor_say(doctor, DOCTOR_OK, NULL, "%s is bound to %s", address, driver);
	else
		doctor_say(doctor, DOCTOR_PROBLEM, remedy, "%s belongs to the kernel's driver %s", address,
		        driver);
}

static void check_iface(struct doctor *doctor, const char *iface)
{
	char remedy[DOCTOR_REMEDY_BYTES];
	int64_t flags = 0, carrier = 1;

	if (!sysfile_exists(doctor->root, "/sys/class/net/%s", iface)) {
		doctor_say(doctor, DOCTOR_PROBLEM, "'ip link' lists what is there; name it in dataplane.port",
		        "there is no interface %s", iface);
		return;
	}
	snprintf(remedy, sizeof(remedy), "ip link set %s up", iface);
	sysfile_number(doctor->root, &flags, "/sys/class/net/%s/flags", iface);
	if (!(flags & IFF_UP)) {
		doctor_say(doctor, DOCTOR_PROBLEM, remedy, "interface %s is down", iface);
		return;
	}
	sysfile_number(doctor->root, &carrier, "/sys/class/net/%s/carrier", iface);
	if (!carrier)
		doctor_say(doctor, DOCTOR_PROBLEM, "look at cable, switch, or the other end of a veth pair",
		        "interface %s is up and has no link", iface);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "interface %s is up", iface);
}

static void check_numa(struct doctor *doctor, const char *port)
{
	unsigned cpus[LIMIT_LCORES];
	int node = doctor_numa_of_port(doctor, port);
	int count = conf_cpus(doctor->conf->dataplane_lcores, cpus, LIMIT_LCORES);

	for (int i = 0; node >= 0 && i < count; i++) {
		int own = doctor_numa_of_cpu(doctor, cpus[i]);
		if (own >= 0 && own != node)
			doctor_say(doctor, DOCTOR_WARNING,
			        "name CPUs of that node in dataplane.lcores, see lscpu",
			        "%s is at NUMA node %d, CPU %u at node %d: packets cross between them", port,
			        node, cpus[i], own);
	}
}

void doctor_nic(struct doctor *doctor)
{
	for (char **port = doctor->conf->dataplane_port; *port; port++) {
		char address[DOCTOR_PCI_BYTES], iface[64];

		if (doctor_port_is_pci(*port, address))
			check_pci(doctor, address);
		else if (doctor_port_iface(*port, iface, sizeof(iface)))
			check_iface(doctor, iface);
		else
			doctor_say(doctor, DOCTOR_OK, NULL, "%s needs no device", *port);
		check_numa(doctor, *port);
	}
}

/* The group's device, which the dataplane opens as root, before it becomes dataplane.user. */
static void check_group(struct doctor *doctor, const char *address, const char *group)
{
	char path[SYSFILE_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/dev/vfio/%s", doctor->root, group);
	if (!access(path, R_OK | W_OK))
		doctor_say(doctor, DOCTOR_OK, NULL, "%s is in IOMMU group %s, /dev/vfio/%s may be opened",
		        address, group, group);
	else if (!access(path, F_OK))
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL,
		        "%s is in IOMMU group %s; /dev/vfio/%s is not for us to open", address, group, group);
	else
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "bind all devices of the group to vfio-pci, or put the NIC into another slot",
		        "%s is in IOMMU group %s, and there is no /dev/vfio/%s", address, group, group);
}

static void check_pci_iommu(struct doctor *doctor, const char *address)
{
	char driver[64] = "", group[32], unsafe[8] = "";

	if (!sysfile_exists(doctor->root, "/sys/bus/pci/devices/%s", address))
		return; /* told already */
	sysfile_link(doctor->root, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", address);
	if (is_bifurcated(driver)) {
		doctor_say(doctor, DOCTOR_OK, NULL, "%s stays with %s and needs none", address, driver);
		return;
	}
	sysfile_text(doctor->root, unsafe, sizeof(unsafe),
	        "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	if (!sysfile_exists(doctor->root, "/sys/bus/pci/drivers/vfio-pci"))
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "modprobe vfio-pci, and 'vfio-pci' in /etc/modules-load.d/vfio.conf",
		        "the driver vfio-pci is not loaded");
	else if (sysfile_link(doctor->root, group, sizeof(group), "/sys/bus/pci/devices/%s/iommu_group",
	                 address)) {
		if (!strcmp(driver, "vfio-pci"))
			check_group(doctor, address, group);
		else
			doctor_say(doctor, DOCTOR_OK, NULL, "%s is in IOMMU group %s", address, group);
	} else if (unsafe[0] == 'Y')
		doctor_say(doctor, DOCTOR_WARNING,
		        "switch the IOMMU on in the firmware, with intel_iommu=on or amd_iommu=on",
		        "%s has no IOMMU: vfio runs in its unsafe mode, the NIC may write to any memory",
		        address);
	else
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "switch the IOMMU on in the firmware, with intel_iommu=on or amd_iommu=on; or, where "
		        "there is none, "
		        "enable_unsafe_noiommu_mode=1 of vfio",
		        "%s has no IOMMU group: vfio-pci cannot take it", address);
}

void doctor_iommu(struct doctor *doctor)
{
	char address[DOCTOR_PCI_BYTES];
	unsigned ports = 0;

	for (char **port = doctor->conf->dataplane_port; *port; port++) {
		if (!doctor_port_is_pci(*port, address))
			continue;
		ports++;
		check_pci_iommu(doctor, address);
	}
	if (!ports)
		doctor_say(doctor, DOCTOR_OK, NULL, "dataplane.port names no PCI device: none is needed");
}
