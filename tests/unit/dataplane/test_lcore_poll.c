/* SPDX-License-Identifier: BSD-3-Clause */
/* A round of the loop: what it takes from its queues, when it goes on with it, and what commands wait for. */
#include <limits.h>
#include "base/clk.h"
#include "tests/unit/dataplane/media.h"

static struct media_sender sender;

static int reset(void **state)
{
	if (media_reset(state))
		return -1;
	wire_lc.timer_tsc = wire_lc.neigh_tsc = UINT64_MAX; /* what they would send comes back by the loop */
	wire_lc.queue_count = 1;
	wire_lc.queues[0] = (struct lcore_queue){ 0, 0 };
	wire_lc.join_tsc = wire_lc.command_tsc = wire_lc.command_late_tsc = wire_lc.last_poll_tsc = 0;
	sender = (struct media_sender){ .ssrc = 7, .port = 4000, .payload_type = 96, .ext_seq = 100 };
	media_flow(96, PROFILE_PLAIN, 1, 7);
	return 0;
}

/* @count packets are in the queue. */
static void arrive(unsigned count)
{
	for (; count > 0; count--) {
		uint8_t data[256];
		struct rte_mbuf *mbuf =
		        media_frame(sender.port, MEDIA_PORT, data, media_make(&sender, data, false, 50));
		assert_int_equal(rte_eth_tx_burst(0, 0, &mbuf, 1), 1);
	}
}

static void without_joining_every_packet_goes_on_at_once(void **state)
{
	arrive(1);
	assert_int_equal(lcore_poll(&wire_lc), 1);
	assert_int_equal(media_drain(), 1);
	assert_int_equal(lcore_poll(&wire_lc), 0);
}

static void a_burst_that_is_not_full_waits_for_others(void **state)
{
	wire_lc.join_tsc = UINT64_MAX;
	arrive(5);
	assert_int_equal(lcore_poll(&wire_lc), 5);
	assert_int_equal(media_count(rx_pkts), 0);
	arrive(LCORE_BURST - 5 + 1);
	assert_int_equal(lcore_poll(&wire_lc), LCORE_BURST - 5);
	assert_int_equal(media_count(rx_pkts), LCORE_BURST);
	assert_int_equal(media_count(bursts), 1);
	assert_int_equal(media_drain(), LCORE_BURST);
	wire_lc.join_tsc = 0;
	assert_int_equal(lcore_poll(&wire_lc), 1);
	assert_int_equal(media_drain(), 1);
}

static void but_not_longer_than_it_may(void **state)
{
	wire_lc.join_tsc = wire_lc.tsc_hz / 1000;
	arrive(3);
	assert_int_equal(lcore_poll(&wire_lc), 3);
	rte_delay_us_block(1100);
	assert_int_equal(lcore_poll(&wire_lc), 0);
	assert_int_equal(media_count(rx_pkts), 3);
	assert_int_equal(media_drain(), 3);
}

static void what_came_before_a_command_is_taken_before_it(void **state)
{
	struct command command = { .kind = COMMAND_PAUSE, .endpoint = media_ep, .port = MEDIA_PORT };
	void *at = &command;

	wire_lc.join_tsc = UINT64_MAX;
	arrive(LCORE_BURST + 8);
	wire_lc.command_late_tsc = UINT64_MAX;
	assert_int_equal(spsc_put(wire_lc.commands, &at, 1), 1);
	assert_int_equal(lcore_poll(&wire_lc), LCORE_BURST);
	assert_int_equal(spsc_count(wire_lc.replies), 0);
	assert_int_equal(lcore_poll(&wire_lc), 8);
	assert_int_equal(spsc_take(wire_lc.replies, &at, 1), 1);
	assert_int_equal(media_count(drop_paused), 0);
	assert_int_equal(media_drain(), LCORE_BURST + 8);
	wire_lc.join_tsc = 0;
	arrive(1);
	lcore_poll(&wire_lc);
	assert_int_equal(media_count(drop_paused), 1);
}

static void under_load_a_command_does_not_wait_for_ever(void **state)
{
	struct command command = { .kind = COMMAND_PAUSE, .endpoint = media_ep, .port = MEDIA_PORT };
	void *at = &command;

	arrive(2 * LCORE_BURST - 10);
	assert_int_equal(spsc_put(wire_lc.commands, &at, 1), 1);
	assert_int_equal(lcore_poll(&wire_lc), LCORE_BURST);
	assert_int_equal(spsc_take(wire_lc.replies, &at, 1), 1);
	lcore_poll(&wire_lc);
	assert_int_equal(media_count(drop_paused), LCORE_BURST - 10);
	media_drain();
}

static int stages(void)
{
	return media_count(cycles_rx) + media_count(cycles_classify) + media_count(cycles_unprotect) +
	       media_count(cycles_rtp) + media_count(cycles_handover);
}

static void what_a_burst_took_is_work(void **state)
{
	int before = media_count(cycles_busy), stages_before = stages();

	arrive(LCORE_BURST);
	lcore_poll(&wire_lc);
	media_drain();
	assert_true(media_count(cycles_busy) > before);
	assert_int_equal(media_count(cycles_busy) - before, stages() - stages_before);
}

static void but_not_what_it_was_kept_from_running(void **state)
{
	int before = media_count(cycles_busy);
	uint64_t hz = wire_lc.tsc_hz;

	arrive(LCORE_BURST);
	lcore_set_clock(&wire_lc, 100); /* any stage takes longer than 10 ms of these */
	lcore_poll(&wire_lc);
	lcore_set_clock(&wire_lc, hz);
	assert_int_equal(media_drain(), LCORE_BURST);
	assert_int_equal(media_count(cycles_busy), before);
}

static void the_time_between_polls_is_told(void **state)
{
	lcore_poll(&wire_lc);
	rte_delay_us_block(300);
	lcore_poll(&wire_lc);
	assert_true(media_count(poll_ns_sum) >= 300000);
	assert_int_equal(wire_slot[STAT_LCORE_poll_ns_sum], wire_slot[STAT_LCORE_stall_max_ns]);
}

static void a_step_runs_commands_and_timers_at_the_time_it_is_told(void **state)
{
	struct command command = { .kind = COMMAND_PAUSE, .endpoint = media_ep, .port = MEDIA_PORT };
	uint64_t now_ns = wire_lc.now_tsc + CLK_NS_PER_S;
	void *at = &command;

	wire_lc.command_tsc = UINT64_MAX; /* steps have no rate */
	assert_int_equal(spsc_put(wire_lc.commands, &at, 1), 1);
	lcore_step(&wire_lc, now_ns, 1700000000123456789);
	assert_int_equal(wire_lc.now_mono_ns, now_ns);
	assert_int_equal(wire_lc.now_unix_ns, 1700000000123456789);
	assert_int_equal(spsc_take(wire_lc.replies, &at, 1), 1);
	wire_lc.timer_tsc = now_ns + 5;
	lcore_step(&wire_lc, now_ns + 4, 1700000000123456793);
	assert_int_equal(wire_lc.timer_tsc, now_ns + 5);
	lcore_step(&wire_lc, now_ns + 5, 1700000000123456794);
	assert_true(wire_lc.timer_tsc > now_ns + 5);
	arrive(1);
	lcore_step(&wire_lc, now_ns + 6, 1700000000123456795);
	assert_int_equal(media_count(rx_pkts), 0); /* queues are not its business */
	assert_int_equal(lcore_poll(&wire_lc), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        without_joining_every_packet_goes_on_at_once, reset, media_end),
		cmocka_unit_test_setup_teardown(a_burst_that_is_not_full_waits_for_others, reset, media_end),
		cmocka_unit_test_setup_teardown(but_not_longer_than_it_may, reset, media_end),
		cmocka_unit_test_setup_teardown(
		        what_came_before_a_command_is_taken_before_it, reset, media_end),
		cmocka_unit_test_setup_teardown(
		        under_load_a_command_does_not_wait_for_ever, reset, media_end),
		cmocka_unit_test_setup_teardown(what_a_burst_took_is_work, reset, media_end),
		cmocka_unit_test_setup_teardown(but_not_what_it_was_kept_from_running, reset, media_end),
		cmocka_unit_test_setup_teardown(the_time_between_polls_is_told, reset, media_end),
		cmocka_unit_test_setup_teardown(
		        a_step_runs_commands_and_timers_at_the_time_it_is_told, reset, media_end),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
