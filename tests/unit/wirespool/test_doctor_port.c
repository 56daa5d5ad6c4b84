/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>
#include "base/msg.h"
#include "base/stat.h"
#include "tests/unit/wirespool/doctor_rig.h"

static struct stat_segment *counters;
static uint64_t *port;

static int port_set_up(void **state)
{
	const struct stat_cfg cfg = { .instances = { 1, 1, 1, 1, 1, 1 } };
	char path[512];

	if (doctor_set_up(state))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", tree, MSG_STATS);
	assert_int_equal(stat_create(&counters, path, &cfg), 0);
	port = stat_slot(counters, STAT_SCOPE_PORT, 0);
	stat_set(port, STAT_PORT_link_up, 1);
	stat_set(port, STAT_PORT_rx_pkts, 1000);
	doctor_conf.dataplane_run_dir = tree;
	doctor_conf.dataplane_rx_descriptors = 1024;
	doctor_conf.dataplane_mbufs = 65535;
	doctor.dataplane.pid = 1;
	return 0;
}

static int port_tear_down(void **state)
{
	char path[512];

	stat_close(counters);
	snprintf(path, sizeof(path), "%s/%s", tree, MSG_STATS);
	unlink(path);
	return doctor_tear_down(state);
}

static void buffers_have_to_hold_all_descriptors(void **state)
{
	examine(doctor_descriptors);
	expect_one(DOCTOR_OK, "RX descriptors take 1024 of 65535 packet buffers", NULL);
	port_words[1] = (char *)"0000:3b:00.1";
	doctor_conf.dataplane_rx_queues = 4;
	doctor_conf.dataplane_mbufs = 16383;
	doctor_conf.dataplane_rx_descriptors = 1536;
	examine(doctor_descriptors);
	expect_one(DOCTOR_WARNING, "RX descriptors take 12288 of 16383 packet buffers",
	        "dataplane.mbufs of 49152");
	doctor_conf.dataplane_rx_descriptors = 2048;
	examine(doctor_descriptors);
	expect_one(DOCTOR_PROBLEM, "RX descriptors take 16384 packet buffers", "dataplane.mbufs of 65536");
}

static void what_a_port_lost_is_told(void **state)
{
	stat_set(port, STAT_PORT_rx_missed, 100); /* at its start */
	examine(doctor_descriptors);
	assert_int_equal(doctor.count, 1);
	stat_set(port, STAT_PORT_rx_missed, 4711);
	stat_set(port, STAT_PORT_rx_nombuf, 815);
	examine(doctor_descriptors);
	assert_int_equal(doctor.count, 3);
	expect_finding(1, DOCTOR_WARNING, "lost 4711 packets", "dataplane.rx_descriptors");
	expect_finding(2, DOCTOR_WARNING, "lost 815 packets", "dataplane.mbufs");
}

static void a_port_that_reaches_something(void **state)
{
	examine(doctor_reach);
	expect_one(DOCTOR_OK, "has a link, 1000 packets", NULL);
	stat_set(port, STAT_PORT_rx_pkts, 0);
	examine(doctor_reach);
	expect_one(DOCTOR_WARNING, "not one packet", "VLAN");
	stat_set(port, STAT_PORT_link_up, 0);
	examine(doctor_reach);
	expect_one(DOCTOR_PROBLEM, "has no link", "cable");
}

static void gateways_have_to_answer(void **state)
{
	static char first[] = "10.77.0.254", second[] = "fd77::fe";
	char *gateways[] = { first, second, NULL };

	doctor_conf.ingest_gateway = gateways;
	stat_set(port, STAT_PORT_gateways_resolved, 1);
	examine(doctor_reach);
	assert_int_equal(doctor.count, 2);
	expect_finding(
	        1, DOCTOR_PROBLEM, "1 of 2 gateways (ingest.gateway) answer", "correct ingest.gateway");
	stat_set(port, STAT_PORT_gateways_resolved, 2);
	examine(doctor_reach);
	expect_finding(1, DOCTOR_OK, "2 of 2 gateways answer", NULL);
}

static void without_a_dataplane_nothing_is_seen(void **state)
{
	doctor.dataplane.pid = 0;
	examine(doctor_reach);
	expect_one(DOCTOR_UNCHECKED, "does not run", "start wirespool-dataplane");
	examine(doctor_descriptors);
	assert_int_equal(doctor.count, 1);
}

#define PORT_TEST(name) cmocka_unit_test_setup_teardown(name, port_set_up, port_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = { PORT_TEST(buffers_have_to_hold_all_descriptors),
		PORT_TEST(what_a_port_lost_is_told), PORT_TEST(a_port_that_reaches_something),
		PORT_TEST(gateways_have_to_answer), PORT_TEST(without_a_dataplane_nothing_is_seen) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
