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

#define MACHINE "/sys/kernel/mm/hugepages"

static void put_pages(const char *dir, const char *size, const char *total, const char *free)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/hugepages-%skB/nr_hugepages", dir, size);
	tree_text(path, total);
	snprintf(path, sizeof(path), "%s/hugepages-%skB/free_hugepages", dir, size);
	tree_text(path, free);
}

static void none_at_all(void **state)
{
	put_pages(MACHINE, "2048", "0\n", "0\n");
	examine(doctor_hugepages);
	expect_one(DOCTOR_PROBLEM, "no huge pages are reserved", "echo 400 > /proc/sys/vm/nr_hugepages");
	assert_non_null(strstr(doctor.findings[0].found, "does not start without"));
}

static void without_a_nic_of_its_own_it_runs_in_the_small_form(void **state)
{
	static char word[] = "net_af_packet0,iface=eth0";
	char *shared[] = { word, NULL }, **nic = doctor_conf.dataplane_port;

	put_pages(MACHINE, "2048", "0\n", "0\n");
	doctor_conf.dataplane_port = shared;
	examine(doctor_hugepages);
	expect_one(DOCTOR_WARNING, "no huge pages are reserved", "wirespool setup --hugepages 2M:400");
	assert_non_null(strstr(doctor.findings[0].found, "in the small form"));
	put_pages(MACHINE, "2048", "10\n", "10\n");
	examine(doctor_hugepages);
	expect_one(DOCTOR_WARNING, "10 of 10 pages of 2 MiB free", "400");
	doctor_conf.dataplane_hugepages = CONF_HUGEPAGES_ON;
	examine(doctor_hugepages);
	expect_one(DOCTOR_PROBLEM, "does not start without", "400");
	doctor_conf.dataplane_port = nic;
}

static void enough_of_one_size_or_of_two(void **state)
{
	put_pages(MACHINE, "2048", "400\n", "390\n");
	examine(doctor_hugepages);
	expect_one(DOCTOR_OK, "390 of 400 pages of 2 MiB free, 512 + 256 MiB asked for", NULL);
	put_pages(MACHINE, "2048", "10\n", "10\n");
	put_pages(MACHINE, "1048576", "1\n", "1\n");
	examine(doctor_hugepages);
	assert_int_equal(doctor.findings[0].state, DOCTOR_OK);
	assert_non_null(strstr(doctor.findings[0].found, "1 of 1 pages of 1024 MiB free"));
}

static void enough_for_packets_alone(void **state)
{
	put_pages(MACHINE, "2048", "300\n", "300\n");
	examine(doctor_hugepages);
	expect_one(DOCTOR_WARNING, "the blocks (256 MiB) go to plain pages", "400");
	doctor_conf.dataplane_hugepages = CONF_HUGEPAGES_ON;
	examine(doctor_hugepages);
	expect_one(DOCTOR_PROBLEM, "ask for 512 + 256 MiB", "400");
}

static void too_few_for_packets(void **state)
{
	put_pages(MACHINE, "2048", "400\n", "100\n");
	examine(doctor_hugepages);
	expect_one(DOCTOR_PROBLEM, "100 of 400", "400");
	doctor.dataplane.pid = 1; /* which has taken them */
	examine(doctor_hugepages);
	expect_one(DOCTOR_OK, "100 of 400", NULL);
}

static void off_costs_speed(void **state)
{
	doctor_conf.dataplane_hugepages = CONF_HUGEPAGES_OFF;
	examine(doctor_hugepages);
	expect_one(DOCTOR_WARNING, "every packet costs more", "hugepages = auto");
}

static void a_kernel_without(void **state)
{
	examine(doctor_hugepages);
	expect_one(DOCTOR_PROBLEM, "/sys/kernel/mm/hugepages", "CONFIG_HUGETLBFS");
}

static void the_nics_node_has_none(void **state)
{
	put_pages(MACHINE, "2048", "400\n", "400\n");
	put_pages("/sys/devices/system/node/node0/hugepages", "2048", "400\n", "400\n");
	put_pages("/sys/devices/system/node/node1/hugepages", "2048", "0\n", "0\n");
	tree_text("/sys/bus/pci/devices/0000:3b:00.0/numa_node", "1\n");
	examine(doctor_hugepages);
	assert_int_equal(doctor.count, 3);
	expect_finding(1, DOCTOR_OK, "node 0: 400 of 400 pages of 2 MiB free", NULL);
	expect_finding(2, DOCTOR_WARNING, "node 1 has the NIC and no huge pages",
	        "echo 400 > /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages");
}

int main(void)
{
	const struct CMUnitTest tests[] = { DOCTOR_TEST(none_at_all),
		DOCTOR_TEST(enough_of_one_size_or_of_two), DOCTOR_TEST(enough_for_packets_alone),
		DOCTOR_TEST(too_few_for_packets), DOCTOR_TEST(off_costs_speed),
		DOCTOR_TEST(without_a_nic_of_its_own_it_runs_in_the_small_form),
		DOCTOR_TEST(a_kernel_without), DOCTOR_TEST(the_nics_node_has_none) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
