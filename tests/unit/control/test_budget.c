/* SPDX-License-Identifier: BSD-3-Clause */
/* Admission; the dataplane is played by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/clk.h"
#include "base/codec.h"
#include "base/conf.h"
#include "base/msg.h"
#include "base/stat.h"
#include "control/budget.h"
#include "control/control.h"
#include "control/dataplane.h"

#define HZ 1000000000ull

static struct conf conf;
static struct control control = { .conf = &conf };
static struct event_base *loop;
static struct budget *budget;
static struct stat_segment *counters;
static uint64_t now_ns = CLK_NS_PER_S;
static char why[LIMIT_REASON_BYTES + 1];

bool dataplane_is_up(struct dataplane *dataplane)
{
	return counters != NULL;
}

bool dataplane_with_stats(
        struct dataplane *dataplane, void (*use)(void *arg, const struct stat_segment *stat), void *arg)
{
	use(arg, counters);
	return true;
}

static int set_up(void **state)
{
	const struct stat_cfg cfg = { .instances = { 1, 1, 2, 1, 1, 1 } };
	char path[] = "/tmp/test_budget.XXXXXX";

	close(mkstemp(path));
	assert_int_equal(stat_create(&counters, path, &cfg), 0);
	unlink(path);
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_start_unix_ns, 7);
	for (unsigned i = 0; i < 2; i++)
		stat_set(stat_slot(counters, STAT_SCOPE_LCORE, i), STAT_LCORE_tsc_hz, HZ);
	conf.control_full_percent = 85;
	conf.dataplane_block_mb = 256;
	conf.ingest_max_bitrate_kbps = 0;
	loop = event_base_new();
	return budget_create(&budget, &control, loop);
}

static int tear_down(void **state)
{
	budget_free(budget);
	budget_free(NULL);
	event_base_free(loop);
	stat_close(counters);
	counters = NULL;
	return 0;
}

/* A second in which loop @lcore takes @pkts packets in @cycles. */
static void second(unsigned lcore, uint64_t pkts, uint64_t cycles)
{
	uint64_t *slot = stat_slot(counters, STAT_SCOPE_LCORE, lcore);

	stat_add(slot, STAT_LCORE_rx_pkts, pkts);
	stat_add(slot, STAT_LCORE_cycles_busy, cycles);
	now_ns += CLK_NS_PER_S;
	budget_look(budget, now_ns);
}

static void seconds(unsigned count, uint64_t pkts, uint64_t cycles)
{
	for (unsigned i = 0; i < count; i++)
		second(0, pkts, cycles);
}

static int ask(enum codec codec, uint32_t max_bitrate_bps)
{
	static struct msg_session_open open;

	open.track_count = 1;
	open.tracks[0].codec = (uint8_t)codec;
	open.tracks[0].max_bitrate_bps = max_bitrate_bps;
	why[0] = '\0';
	return budget_ask(budget, &open, now_ns, why);
}

static double told(const char *name)
{
	json_t *json = budget_json(budget);
	double value = json_number_value(json_object_get(json, name));

	json_decref(json);
	return value;
}

static void an_idle_machine_takes_sessions(void **state)
{
	assert_int_equal(ask(CODEC_VP8, 0), 0); /* before anything is known */
	seconds(3, 0, 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(ask(CODEC_VP8, 0), 0);
	assert_int_equal(budget_ask(NULL, NULL, 0, why), 0);
}

static void busy_loops_are_full_and_take_again_when_they_are_less_busy(void **state)
{
	seconds(20, 400000, HZ * 80 / 100);
	assert_true(told("poll_loops") > 0.79 && told("poll_loops") < 0.81);
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
	seconds(20, 430000, HZ * 86 / 100);
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	assert_non_null(strstr(why, "poll loops would be busy for 86 %, 85 % is the budget"));
	assert_true(told("headroom_packets_s") < 1);
	seconds(20, 100000, HZ * 20 / 100);
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
	assert_true(told("headroom_packets_s") > 500000); /* 65 % of two loops at 2000 cycles */
}

/* What was taken a moment ago sends nothing yet. */
static void what_was_promised_counts(void **state)
{
	unsigned taken = 0;

	conf.dataplane_block_mb = 1 << 20;
	seconds(20, 400000, HZ * 80 / 100); /* 2000 cycles a packet; 5 % of two loops are 50,000 packets */
	while (taken < 10000 && !ask(CODEC_OPUS, 0))
		taken++;
	assert_in_range(taken, 950, 1050);
	seconds(11, 400000, HZ * 80 / 100);
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
}

static void what_a_track_may_send_is_taken_for_what_it_will(void **state)
{
	conf.dataplane_block_mb = 1 << 20;
	seconds(20, 400000, HZ * 80 / 100);
	assert_int_equal(ask(CODEC_VP8, 500000000), -EUSERS); /* 57,000 packets a second */
	assert_int_equal(ask(CODEC_VP8, 0), 0);
	conf.ingest_max_bitrate_kbps = 500000;
	assert_int_equal(ask(CODEC_VP8, 0), -EUSERS);
}

static void few_packets_are_no_measure_of_what_one_takes(void **state)
{
	seconds(20, 100, HZ / 100); /* 100,000 cycles each */
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(ask(CODEC_OPUS, 0), 0);
}

static void tracks_that_need_the_blocks_are_full(void **state)
{
	unsigned taken = 0;

	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_tracks_open, 9000); /* 211 of 217.6 MiB */
	seconds(2, 0, 0);
	while (taken < 1000 && !ask(CODEC_OPUS, 0))
		taken++;
	assert_in_range(taken, 280, 290);
	assert_non_null(strstr(why, "85 % of dataplane.block_mb would be needed"));
	seconds(2, 0, 0); /* they are not open */
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
}

static void a_machine_that_loses_packets_takes_nobody(void **state)
{
	uint64_t *port = stat_slot(counters, STAT_SCOPE_PORT, 0);

	seconds(2, 100000, HZ / 10);
	stat_add(port, STAT_PORT_rx_missed, 900); /* may have been a moment's */
	seconds(1, 50000, HZ / 20);
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
	stat_add(port, STAT_PORT_rx_missed, 20000);
	seconds(1, 100000, HZ / 10);
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	assert_non_null(strstr(why, "20900 packets were lost here in the last 10 s"));
	seconds(10, 100000, HZ / 10);
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
}

static void nobody_is_refused_where_that_is_not_wanted(void **state)
{
	conf.control_full_percent = 0;
	seconds(20, 400000, HZ);
	assert_int_equal(ask(CODEC_VP8, 0), 0);
}

static void another_dataplane_begins_anew(void **state)
{
	seconds(20, 400000, HZ);
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_start_unix_ns, 8);
	stat_set(stat_slot(counters, STAT_SCOPE_LCORE, 0), STAT_LCORE_cycles_busy, 0);
	stat_set(stat_slot(counters, STAT_SCOPE_LCORE, 0), STAT_LCORE_rx_pkts, 0);
	seconds(1, 0, 0);
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
}

static void refusals_are_counted(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out;

	seconds(20, 400000, HZ);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	out = open_memstream(&text, &len);
	budget_print(budget, out);
	fclose(out);
	assert_non_null(strstr(text, "\nwirespool_budget_refused_total{resource=\"poll_loops\"} 3\n"));
	assert_non_null(strstr(text, "\nwirespool_budget_limit_ratio 0.85\n"));
	assert_non_null(strstr(text, "\nwirespool_budget_headroom_packets_per_second 0\n"));
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_idle_machine_takes_sessions),
		CASE(busy_loops_are_full_and_take_again_when_they_are_less_busy),
		CASE(what_was_promised_counts),
		CASE(what_a_track_may_send_is_taken_for_what_it_will),
		CASE(few_packets_are_no_measure_of_what_one_takes),
		CASE(tracks_that_need_the_blocks_are_full),
		CASE(a_machine_that_loses_packets_takes_nobody),
		CASE(nobody_is_refused_where_that_is_not_wanted),
		CASE(another_dataplane_begins_anew),
		CASE(refusals_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
