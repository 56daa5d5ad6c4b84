/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/wirespool/doctor_rig.h"
#include "tools/wirespool/doctor_numa.h"

#define DEVICE "/sys/bus/pci/devices/0000:3b:00.0"

static void put_driver(const char *driver)
{
	char target[64], path[128];

	snprintf(path, sizeof(path), "%s" DEVICE "/driver", tree);
	unlink(path);
	snprintf(target, sizeof(target), "../../drivers/%s", driver);
	tree_link(DEVICE "/driver", target);
}

static void words_of_dataplane_port(void **state)
{
	char address[DOCTOR_PCI_BYTES], iface[16];

	assert_true(doctor_port_is_pci("0000:3b:00.0", address));
	assert_string_equal(address, "0000:3b:00.0");
	assert_true(doctor_port_is_pci("3b:00.1", address));
	assert_string_equal(address, "0000:3b:00.1");
	assert_false(doctor_port_is_pci("net_af_packet0,iface=eth1", address));
	assert_false(doctor_port_is_pci("0000:3b:00.0,x=1", address));
	assert_true(doctor_port_iface("net_af_packet0,iface=eth1,qpairs=2", iface, sizeof(iface)));
	assert_string_equal(iface, "eth1");
	assert_true(doctor_port_iface("net_af_xdp0,iface=eth1", iface, sizeof(iface)));
	assert_false(doctor_port_iface("net_tap0,iface=rec0", iface, sizeof(iface)));
	assert_false(doctor_port_iface("net_memif0,role=client", iface, sizeof(iface)));
}

static void a_device_that_is_not_there(void **state)
{
	examine(doctor_nic);
	expect_one(DOCTOR_PROBLEM, "no PCI device 0000:3b:00.0", "dpdk-devbind.py --status-dev net");
	examine(doctor_iommu);
	assert_int_equal(doctor.count, 0);
}

static void drivers(void **state)
{
	tree_text(DEVICE "/vendor", "0x8086\n");
	examine(doctor_nic);
	expect_one(DOCTOR_PROBLEM, "has no driver", "dpdk-devbind.py -b vfio-pci 0000:3b:00.0");
	put_driver("ice");
	examine(doctor_nic);
	expect_one(DOCTOR_PROBLEM, "belongs to the kernel's driver ice",
	        "unless it is the one you are logged in by");
	put_driver("vfio-pci");
	examine(doctor_nic);
	expect_one(DOCTOR_OK, "bound to vfio-pci", NULL);
	put_driver("mlx5_core");
	examine(doctor_nic);
	expect_one(DOCTOR_OK, "mlx5_core, which DPDK shares", NULL);
}

static void interfaces(void **state)
{
	port_words[0] = (char *)"net_af_packet0,iface=eth1";
	examine(doctor_nic);
	expect_one(DOCTOR_PROBLEM, "no interface eth1", "ip link");
	tree_text("/sys/class/net/eth1/flags", "0x1002\n");
	examine(doctor_nic);
	expect_one(DOCTOR_PROBLEM, "eth1 is down", "ip link set eth1 up");
	tree_text("/sys/class/net/eth1/flags", "0x1003\n");
	tree_text("/sys/class/net/eth1/carrier", "0\n");
	examine(doctor_nic);
	expect_one(DOCTOR_PROBLEM, "no link", "cable");
	tree_text("/sys/class/net/eth1/carrier", "1\n");
	examine(doctor_nic);
	expect_one(DOCTOR_OK, "eth1 is up", NULL);
	port_words[0] = (char *)"net_memif0,role=client";
	examine(doctor_nic);
	expect_one(DOCTOR_OK, "needs no device", NULL);
}

static void poll_loops_at_another_node(void **state)
{
	put_driver("vfio-pci");
	tree_text(DEVICE "/numa_node", "1\n");
	tree_text("/sys/devices/system/node/node0/cpulist", "0-3\n");
	tree_text("/sys/devices/system/node/node1/cpulist", "4-7\n");
	examine(doctor_nic);
	assert_int_equal(doctor.count, 2);
	expect_finding(1, DOCTOR_WARNING, "at NUMA node 1, CPU 1 at node 0", "dataplane.lcores");
	lcore_words[0] = (char *)"4";
	examine(doctor_nic);
	assert_int_equal(doctor.count, 1);
}

static void no_iommu_is_needed_without_pci(void **state)
{
	port_words[0] = (char *)"net_af_packet0,iface=eth1";
	examine(doctor_iommu);
	expect_one(DOCTOR_OK, "none is needed", NULL);
	port_words[0] = (char *)"0000:3b:00.0";
	put_driver("mlx5_core");
	examine(doctor_iommu);
	expect_one(DOCTOR_OK, "stays with mlx5_core", NULL);
}

static void vfio_needs_module_group_and_device(void **state)
{
	put_driver("vfio-pci");
	examine(doctor_iommu);
	expect_one(DOCTOR_PROBLEM, "vfio-pci is not loaded", "modprobe vfio-pci");
	tree_text("/sys/bus/pci/drivers/vfio-pci/bind", "");
	examine(doctor_iommu);
	expect_one(DOCTOR_PROBLEM, "has no IOMMU group", "intel_iommu=on");
	tree_text("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
	examine(doctor_iommu);
	expect_one(DOCTOR_WARNING, "unsafe mode", "intel_iommu=on");
	tree_link(DEVICE "/iommu_group", "../../../kernel/iommu_groups/17");
	examine(doctor_iommu);
	expect_one(DOCTOR_PROBLEM, "there is no /dev/vfio/17", "all devices of the group");
	tree_text("/dev/vfio/17", "");
	examine(doctor_iommu);
	expect_one(DOCTOR_OK, "IOMMU group 17, /dev/vfio/17 may be opened", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { DOCTOR_TEST(words_of_dataplane_port),
		DOCTOR_TEST(a_device_that_is_not_there), DOCTOR_TEST(drivers), DOCTOR_TEST(interfaces),
		DOCTOR_TEST(poll_loops_at_another_node), DOCTOR_TEST(no_iommu_is_needed_without_pci),
		DOCTOR_TEST(vfio_needs_module_group_and_device) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
