/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/balance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clk.h"

#define S CLK_NS_PER_S

static struct stat_segment *stat_seg;
static struct balance *balance;
static uint64_t now_ns;

static uint64_t *slot(enum stat_scope scope, unsigned i)
{
	return stat_slot(stat_seg, scope, i);
}

static int setup(void **state)
{
	static const struct stat_cfg cfg = { .instances = { 1, 1, 2, 4, 1, 4 } };
	char path[] = "/tmp/test_balance.XXXXXX";
	int fd = mkstemp(path);

	close(fd);
	now_ns = S;
	if (stat_create(&stat_seg, path, &cfg) || balance_create(&balance))
		return -1;
	stat_set(slot(STAT_SCOPE_PROC, 0), STAT_PROC_start_unix_ns, 7);
	for (unsigned i = 0; i < 4; i++)
		stat_set(slot(STAT_SCOPE_FLOW, i), STAT_FLOW_track, i);
	return unlink(path);
}

static int teardown(void **state)
{
	balance_free(balance);
	stat_close(stat_seg);
	return 0;
}

/* @count packets go all the way: from the port by the lcore and a ring to the track's file. */
static void pass(unsigned lcore, unsigned count)
{
	stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, count);
	stat_add(slot(STAT_SCOPE_LCORE, lcore), STAT_LCORE_rx_pkts, count);
	stat_add(slot(STAT_SCOPE_LCORE, lcore), STAT_LCORE_handed_pkts, count);
	stat_add(slot(STAT_SCOPE_FLOW, lcore), STAT_FLOW_pkts, count);
	stat_add(slot(STAT_SCOPE_WRITER, 0), STAT_WRITER_pkts, count);
	stat_add(slot(STAT_SCOPE_TRACK, lcore), STAT_TRACK_pkts, count);
}

/* Looks for @seconds; then the accounts that do not balance. */
static unsigned look_for(unsigned seconds, struct balance_row *rows, unsigned max)
{
	for (unsigned i = 0; i < seconds * 10; i++, now_ns += S / 10)
		balance_look(balance, stat_seg, now_ns);
	return balance_rows(balance, rows, max);
}

static void what_passes_is_accounted_for(void **state)
{
	struct balance_row rows[4];

	stat_set(slot(STAT_SCOPE_TRACK, 0), STAT_TRACK_state, 2);
	for (unsigned i = 0; i < 25; i++) {
		pass(i & 1, 100 + i);
		assert_int_equal(look_for(1, rows, 4), 0);
	}
	assert_int_equal(balance_accounts(balance), 6);
}

static void what_has_a_reason_is_accounted_for(void **state)
{
	uint64_t *lcore = slot(STAT_SCOPE_LCORE, 0);

	for (unsigned id = STAT_LCORE_drop_l2_unknown; id <= STAT_LCORE_drop_forward_full; id++) {
		assert_int_equal(strncmp(stat_row(STAT_SCOPE_LCORE, id)->name, "drop_", 5), 0);
		stat_add(lcore, id, 1);
		stat_add(lcore, STAT_LCORE_rx_pkts, 1);
		assert_int_equal(balance_lcore(lcore), 0);
	}
	for (unsigned id = 0; id < STAT_LCORE_COUNT; id++)
		if (id < STAT_LCORE_drop_l2_unknown || id > STAT_LCORE_drop_forward_full)
			assert_int_not_equal(strncmp(stat_row(STAT_SCOPE_LCORE, id)->name, "drop_", 5), 0);
}

static void a_packet_that_an_lcore_lost_shows(void **state)
{
	struct balance_row row;

	pass(1, 1000);
	stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, 1);
	stat_add(slot(STAT_SCOPE_LCORE, 1), STAT_LCORE_rx_pkts, 1);
	assert_int_equal(look_for(11, &row, 1), 1);
	assert_int_equal(row.kind, BALANCE_LCORE);
	assert_int_equal(row.instance, 1);
	assert_int_equal(row.unaccounted_pkts, 1);
	stat_add(slot(STAT_SCOPE_LCORE, 1), STAT_LCORE_drop_auth, 1);
	assert_int_equal(look_for(11, &row, 1), 0);
}

static void an_lcore_at_work_is_no_alarm(void **state)
{
	struct balance_row row;

	for (unsigned i = 0; i < 300; i++, now_ns += S / 10) {
		bool at_rest = i % 50 == 7; /* twice in a window it is seen between two bursts */
		stat_add(slot(STAT_SCOPE_LCORE, 0), STAT_LCORE_rx_pkts, at_rest ? 0 : 32);
		balance_look(balance, stat_seg, now_ns);
		stat_add(slot(STAT_SCOPE_LCORE, 0), STAT_LCORE_drop_no_flow, at_rest ? 0 : 32);
		if (!at_rest)
			stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, 32);
		balance_look(balance, stat_seg, now_ns + 1);
		assert_int_equal(balance_rows(balance, &row, 1), 0);
	}
}

static void what_is_on_its_way_is_no_alarm_and_what_never_comes_is(void **state)
{
	struct balance_row row;

	pass(0, 500);
	look_for(11, &row, 1);
	stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, 3);
	stat_add(slot(STAT_SCOPE_LCORE, 0), STAT_LCORE_rx_pkts, 3);
	stat_add(slot(STAT_SCOPE_LCORE, 0), STAT_LCORE_handed_pkts, 3);
	assert_int_equal(look_for(8, &row, 1), 0);
	assert_int_equal(look_for(14, &row, 1), 1);
	assert_int_equal(row.kind, BALANCE_RINGS);
	assert_int_equal(row.unaccounted_pkts, 3);
	stat_add(slot(STAT_SCOPE_WRITER, 0), STAT_WRITER_pkts, 4);
	look_for(1, &row, 1);
	assert_int_equal(row.kind, BALANCE_RINGS);
	assert_int_equal(row.unaccounted_pkts, -1);
}

static void what_a_port_has_and_no_lcore_shows(void **state)
{
	struct balance_row row;

	pass(0, 500);
	stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, 64); /* as many as both may hold */
	assert_int_equal(look_for(25, &row, 1), 0);
	stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, 1);
	assert_int_equal(look_for(1, &row, 1), 1);
	assert_int_equal(row.kind, BALANCE_PORTS);
	assert_int_equal(row.unaccounted_pkts, 65);
}

static void a_port_that_counts_anew_is_no_alarm(void **state)
{
	struct balance_row row;

	pass(0, 500);
	look_for(25, &row, 1);
	pass(0, 100);
	stat_add(
	        slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, (uint64_t)-60); /* what it has not told before */
	stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_restarts, 1);
	assert_int_equal(look_for(25, &row, 1), 0);
	pass(0, 1000);
	assert_int_equal(look_for(25, &row, 1), 0);
	stat_add(slot(STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, (uint64_t)-5);
	assert_int_equal(look_for(25, &row, 1), 1);
	assert_int_equal(row.unaccounted_pkts, -5);
}

static void a_layer_is_its_tracks(void **state)
{
	struct balance_row row;

	for (unsigned i = 1; i < 4; i++) {
		stat_set(slot(STAT_SCOPE_FLOW, i), STAT_FLOW_pkts, 10 * i);
		stat_set(slot(STAT_SCOPE_FLOW, i), STAT_FLOW_track, 1);
	}
	stat_set(slot(STAT_SCOPE_TRACK, 1), STAT_TRACK_pkts, 30);
	stat_set(slot(STAT_SCOPE_TRACK, 1), STAT_TRACK_filed_pkts, 30);
	stat_set(slot(STAT_SCOPE_TRACK, 1), STAT_TRACK_layer_pkts, 30);
	stat_set(slot(STAT_SCOPE_TRACK, 1), STAT_TRACK_state, 4);
	assert_int_equal(look_for(11, &row, 1), 0);
	stat_set(slot(STAT_SCOPE_FLOW, 3), STAT_FLOW_track, 3);
	assert_int_equal(look_for(11, &row, 1), 1);
	assert_int_equal(row.unaccounted_pkts, -30);
}

static void a_track_balances_when_it_is_done(void **state)
{
	uint64_t *flow = slot(STAT_SCOPE_FLOW, 2), *track = slot(STAT_SCOPE_TRACK, 2);
	struct balance_row row;

	stat_set(flow, STAT_FLOW_pkts, 100);
	stat_set(flow, STAT_FLOW_shed_pkts, 10);
	stat_set(track, STAT_TRACK_pkts, 70);
	stat_set(track, STAT_TRACK_filed_pkts, 70);
	stat_set(track, STAT_TRACK_cut_pkts, 5);
	stat_set(track, STAT_TRACK_late_pkts, 4);
	stat_set(track, STAT_TRACK_padding_pkts, 3);
	stat_set(track, STAT_TRACK_malformed_pkts, 2);
	stat_set(track, STAT_TRACK_layer_pkts, 1);
	stat_set(track, STAT_TRACK_state, 2);
	assert_int_equal(look_for(11, &row, 1), 0); /* five are held for order */
	stat_set(track, STAT_TRACK_state, 4);
	assert_int_equal(look_for(11, &row, 1), 1);
	assert_int_equal(row.kind, BALANCE_TRACK);
	assert_int_equal(row.instance, 2);
	assert_int_equal(row.unaccounted_pkts, 5);
	stat_add(track, STAT_TRACK_cut_pkts, 5);
	assert_int_equal(look_for(11, &row, 1), 0);
	stat_add(track, STAT_TRACK_cut_pkts, 1);
	stat_set(track, STAT_TRACK_state, 2);
	assert_int_equal(look_for(11, &row, 1), 1);
	assert_int_equal(row.unaccounted_pkts, -1);
}

static void what_a_track_recorded_is_in_its_files(void **state)
{
	uint64_t *track = slot(STAT_SCOPE_TRACK, 2);
	struct balance_row row;

	stat_set(slot(STAT_SCOPE_FLOW, 2), STAT_FLOW_pkts, 100);
	stat_set(track, STAT_TRACK_pkts, 100);
	stat_set(track, STAT_TRACK_filed_pkts, 60);
	stat_set(track, STAT_TRACK_state, 2);
	assert_int_equal(look_for(11, &row, 1), 0); /* its second file is open */
	stat_set(track, STAT_TRACK_state, 4);
	assert_int_equal(look_for(11, &row, 1), 1);
	assert_int_equal(row.kind, BALANCE_FILES);
	assert_int_equal(row.instance, 2);
	assert_int_equal(row.unaccounted_pkts, 40);
	stat_set(track, STAT_TRACK_filed_pkts, 100);
	assert_int_equal(look_for(11, &row, 1), 0);
	stat_set(track, STAT_TRACK_filed_pkts, 101);
	stat_set(track, STAT_TRACK_state, 2);
	assert_int_equal(look_for(11, &row, 1), 1);
	assert_int_equal(row.unaccounted_pkts, -1);
}

static void another_dataplane_begins_anew(void **state)
{
	struct balance_row row;

	stat_add(slot(STAT_SCOPE_LCORE, 0), STAT_LCORE_forwarded_in, 1);
	assert_int_equal(look_for(11, &row, 1), 1);
	for (unsigned id = 0; id < STAT_LCORE_COUNT; id++)
		stat_set(slot(STAT_SCOPE_LCORE, 0), id, 0);
	stat_set(slot(STAT_SCOPE_PROC, 0), STAT_PROC_start_unix_ns, 8);
	assert_int_equal(look_for(1, &row, 1), 0);
	assert_int_equal(look_for(25, &row, 1), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_passes_is_accounted_for),
		CASE(what_has_a_reason_is_accounted_for),
		CASE(a_packet_that_an_lcore_lost_shows),
		CASE(an_lcore_at_work_is_no_alarm),
		CASE(what_is_on_its_way_is_no_alarm_and_what_never_comes_is),
		CASE(what_a_port_has_and_no_lcore_shows),
		CASE(a_port_that_counts_anew_is_no_alarm),
		CASE(a_layer_is_its_tracks),
		CASE(a_track_balances_when_it_is_done),
		CASE(what_a_track_recorded_is_in_its_files),
		CASE(another_dataplane_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
