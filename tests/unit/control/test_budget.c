/* SPDX-License-Identifier: BSD-3-Clause */
/* Admission; the dataplane is played by the test. */
#include "tests/unit/control/budget_rig.h"

static void an_idle_machine_takes_sessions(void **state)
{
	assert_int_equal(ask(CODEC_VP8, 0), 0); /* before anything is known */
	seconds(3, 0, 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(ask(CODEC_VP8, 0), 0);
	assert_int_equal(budget_ask(NULL, NULL, 0, &promise, why), 0);
	budget_return(NULL, &promise);
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

static void what_is_given_back_is_promised_to_others(void **state)
{
	conf.dataplane_block_mb = 1; /* 36 tracks */
	seconds(20, 1000, HZ / 100);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(ask(CODEC_OPUS, 0), 0);
		budget_return(budget, &promise);
	}
	for (unsigned i = 0; i < 36; i++)
		assert_int_equal(ask(CODEC_OPUS, 0), 0);
	struct budget_promise last = promise;
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	budget_return(budget, &promise); /* it was promised nothing */
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	seconds(1, 1000, HZ / 100);
	budget_return(budget, &last); /* out of the second before */
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
}

/* An opening may be answered late: then nobody reckons with it any more, and what others were promised since
 * stays theirs. */
static void what_is_given_back_late_is_nobodys(void **state)
{
	conf.dataplane_block_mb = 1;
	seconds(20, 1000, HZ / 100);
	assert_int_equal(ask(CODEC_OPUS, 0), 0);
	struct budget_promise late = promise;
	seconds(10, 1000, HZ / 100);
	for (unsigned i = 0; i < 36; i++)
		assert_int_equal(ask(CODEC_OPUS, 0), 0);
	budget_return(budget, &late);
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
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

/* A second in which the writer writes @mb, and @waits MB wait at its end. */
static void disk_second(double mb, double waits)
{
	uint64_t *writer = stat_slot(counters, STAT_SCOPE_WRITER, 0);

	stat_add(writer, STAT_WRITER_written_bytes, (uint64_t)(mb * 1e6));
	stat_set(writer, STAT_WRITER_queued_bytes, (uint64_t)(waits * 1e6));
	second(0, 1000, HZ / 100);
}

static void disk_seconds(unsigned count, double mb, double waits)
{
	while (count--)
		disk_second(mb, waits);
}

static void a_disk_that_does_not_keep_up_takes_nobody(void **state)
{
	disk_seconds(30, 30, 30);
	assert_int_equal(ask(CODEC_VP8, 0), 0);
	assert_true(told("disk") == 0); /* nobody knows what it can do */
	disk_seconds(5, 30, 100);
	assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	assert_non_null(
	        strstr(why, "the disk does not keep up: 100.0 MB wait to be written, and it takes 30"));
	assert_true(told("disk_strained") || told("headroom_bytes_s") == 0);
}

/* When it does again, it is known what it can do: 30 MB/s and a little more; of them 85 %. */
static void what_the_disk_took_is_its_bound(void **state)
{
	unsigned taken = 0;

	conf.dataplane_block_mb = 1 << 20;
	disk_seconds(30, 30, 30);
	disk_seconds(5, 30, 100);
	disk_seconds(10, 20, 0);
	while (taken < 100 && !ask(CODEC_VP8, 0)) /* 0.3125 MB/s each */
		taken++;
	assert_in_range(taken, 16, 24); /* 33 MB/s * 85 % - 21 MB/s */
	assert_non_null(strstr(why, "when it did not keep up it took 3"));
	assert_true(told("disk") > 0.6 && told("disk") < 0.7);
	char *text = printed();
	assert_non_null(strstr(text, "\nwirespool_budget_refused_total{resource=\"disk\"} 1\n"));
	assert_non_null(strstr(text, "\nwirespool_budget_used_ratio{resource=\"disk\"} 0.6"));
	free(text);
	disk_seconds(300, 5, 0);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(ask(CODEC_VP8, 0), 0);
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
	seconds(20, 400000, HZ);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ask(CODEC_OPUS, 0), -EUSERS);
	char *text = printed();
	assert_non_null(strstr(text, "\nwirespool_budget_refused_total{resource=\"poll_loops\"} 3\n"));
	assert_non_null(strstr(text, "\nwirespool_budget_limit_ratio 0.85\n"));
	assert_non_null(strstr(text, "\nwirespool_budget_headroom_packets_per_second 0\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_idle_machine_takes_sessions),
		CASE(busy_loops_are_full_and_take_again_when_they_are_less_busy),
		CASE(what_was_promised_counts),
		CASE(what_is_given_back_is_promised_to_others),
		CASE(what_is_given_back_late_is_nobodys),
		CASE(what_a_track_may_send_is_taken_for_what_it_will),
		CASE(few_packets_are_no_measure_of_what_one_takes),
		CASE(tracks_that_need_the_blocks_are_full),
		CASE(a_machine_that_loses_packets_takes_nobody),
		CASE(a_disk_that_does_not_keep_up_takes_nobody),
		CASE(what_the_disk_took_is_its_bound),
		CASE(nobody_is_refused_where_that_is_not_wanted),
		CASE(another_dataplane_begins_anew),
		CASE(refusals_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
