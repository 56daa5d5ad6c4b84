/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port_stat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/stat.h"

static uint64_t slot[STAT_PORT_COUNT];

static void assert_counts(uint64_t pkts, uint64_t bytes, uint64_t restarts)
{
	assert_int_equal(slot[STAT_PORT_rx_pkts], pkts);
	assert_int_equal(slot[STAT_PORT_rx_bytes], bytes);
	assert_int_equal(slot[STAT_PORT_restarts], restarts);
}

static void counters_go_on_when_the_device_begins_anew(void **state)
{
	struct port_stat port = { 0 };

	port_stat_take(&port, slot, &(struct rte_eth_stats){ .ipackets = 10, .ibytes = 1000, .imissed = 3 });
	assert_counts(10, 1000, 0);
	port_stat_take(&port, slot, &(struct rte_eth_stats){ .ipackets = 15, .ibytes = 1500, .imissed = 3 });
	assert_counts(15, 1500, 0);
	port_stat_take(&port, slot, &(struct rte_eth_stats){ 0 });
	assert_counts(15, 1500, 1);
	port_stat_take(&port, slot, &(struct rte_eth_stats){ .ipackets = 20, .ibytes = 100 });
	assert_counts(35, 1600, 1);
	/* Less of one of them is enough. */
	port_stat_take(&port, slot, &(struct rte_eth_stats){ .ipackets = 21, .ibytes = 90 });
	assert_counts(56, 1690, 2);
	assert_int_equal(slot[STAT_PORT_rx_missed], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(counters_go_on_when_the_device_begins_anew) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
