/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/clk.h"
#include "writers/clock_fit.h"

#define RATE   90000u
#define SENDER 1710123456000000000ll
#define OURS   77000000000ll
#define MS     1000000ll

static struct clock_fit fit;
static struct clock_fit_line line;
static uint32_t seed;

static int set_up(void **state)
{
	fit = (struct clock_fit){ .rate = RATE };
	seed = 1;
	return 0;
}

/* 0 to 1. */
static double chance(void)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) / (double)(1 << 24);
}

/* A sender: how far its RTP clock is off its wall clock, and that off ours; what its reports and the network
 * jitter by. */
struct sender {
	double rtp_ppm, wall_ppm, jitter_ns, delay_ns, spread_ns;
};

/* Media time, sender's clock and ours at @s seconds of the sender's clock after the start. */
static int64_t media_at(const struct sender *from, double s)
{
	return (int64_t)(s * RATE * (1 + from->rtp_ppm * 1e-6));
}

static int64_t ours_at(const struct sender *from, double s)
{
	return OURS + (int64_t)(s * 1e9 / (1 + from->wall_ppm * 1e-6));
}

static void report_at(const struct sender *from, double s, int64_t wrong_ns)
{
	int64_t jitter = (int64_t)((chance() - 0.5) * from->jitter_ns);
	/* Most packets are fast, a few are not. */
	int64_t delay = (int64_t)(from->delay_ns + chance() * chance() * from->spread_ns);

	clock_fit_add(&fit, CLOCK_FIT_SENDER_REPORT, media_at(from, s),
	        SENDER + (int64_t)(s * 1e9) + jitter + wrong_ns, ours_at(from, s) + delay);
}

static void assert_near(int64_t got, int64_t want, int64_t most)
{
	if (llabs(got - want) > most)
		fail_msg("%lld ns off", (long long)(got - want));
}

static void nothing_known_is_said(void **state)
{
	assert_int_equal(clock_fit_solve(&fit, &line), -ENODATA);
}

static void one_pair_is_taken_at_its_word(void **state)
{
	clock_fit_add(&fit, CLOCK_FIT_SENDER_REPORT, 9000, SENDER, OURS);
	assert_int_equal(clock_fit_solve(&fit, &line), 0);
	assert_int_equal(line.used, 1);
	assert_int_equal(clock_fit_sender_ns(&line, 0), SENDER - 100 * MS);
	assert_int_equal(clock_fit_ours_ns(&line, 99000), OURS + 1000 * MS);
	assert_int_equal(clock_fit_time(&line, SENDER + 1000 * MS), 99000);
}

static void half_an_hour_at_200_ppm_stays_below_a_millisecond(void **state)
{
	const struct sender from = {
		.rtp_ppm = 200, .wall_ppm = -200, .jitter_ns = 1e6, .delay_ns = 20e6, .spread_ns = 50e6
	};

	for (double s = 1; s < 1800; s += 1 + chance())
		report_at(&from, s, 0);
	assert_int_equal(clock_fit_solve(&fit, &line), 0);
	assert_true(line.residual_us < 1000);
	assert_true(line.rate_ppm > 198 && line.rate_ppm < 202);
	assert_near(clock_fit_sender_ns(&line, 0), SENDER, MS);
	assert_near(clock_fit_sender_ns(&line, media_at(&from, 900)), SENDER + 900000 * MS, MS);
	assert_near(clock_fit_sender_ns(&line, media_at(&from, 1800)), SENDER + 1800000 * MS, MS);
	assert_near(clock_fit_time(&line, SENDER + 900000 * MS), media_at(&from, 900), RATE / 1000);
	/* Ours is known but for the network's shortest delay, and what reaches it. */
	assert_near(clock_fit_ours_ns(&line, 0), OURS + 20 * MS, 5 * MS);
	assert_near(clock_fit_ours_ns(&line, media_at(&from, 1800)), ours_at(&from, 1800) + 20 * MS, 5 * MS);
}

static void short_call_is_not_led_astray_by_jitter(void **state)
{
	const struct sender from = { .rtp_ppm = 30, .jitter_ns = 1e6 };

	for (double s = 0.5; s < 6; s += 1)
		report_at(&from, s, 0);
	assert_int_equal(clock_fit_solve(&fit, &line), 0);
	assert_near(clock_fit_sender_ns(&line, 0), SENDER, MS);
	assert_near(clock_fit_sender_ns(&line, media_at(&from, 60)), SENDER + 60000 * MS, 5 * MS);
}

static void wrong_reports_move_nothing(void **state)
{
	static const int64_t wrong[] = { 5 * MS, -3600 * 1000 * MS, 300000000000 * MS };
	const struct sender from = { .rtp_ppm = 200, .jitter_ns = 2e5 };

	for (unsigned kind = 0; kind < 3; kind++) {
		for (unsigned first = 0; first < 7; first++) {
			fit = (struct clock_fit){ .rate = RATE };
			for (unsigned s = 0; s < 300; s++)
				report_at(&from, s, s % 7 == first ? wrong[kind] : 0);
			assert_int_equal(clock_fit_solve(&fit, &line), 0);
			assert_near(clock_fit_sender_ns(&line, 0), SENDER, MS / 5);
			assert_near(clock_fit_sender_ns(&line, media_at(&from, 300)), SENDER + 300000 * MS,
			        MS / 5);
			assert_true(line.residual_us < 200);
		}
	}
}

static void one_wrong_report_among_three_is_found(void **state)
{
	const struct sender from = { 0 };

	for (unsigned s = 0; s < 3; s++)
		report_at(&from, s, s == 1 ? 40 * MS : 0);
	assert_int_equal(clock_fit_solve(&fit, &line), 0);
	assert_int_equal(line.used, 2);
	assert_int_equal(clock_fit_sender_ns(&line, 0), SENDER);
}

static void samples_are_spread_over_any_length(void **state)
{
	const struct sender from = { .rtp_ppm = -50 };

	for (unsigned s = 0; s < 100000; s++)
		report_at(&from, s, 0);
	assert_true(fit.count <= CLOCK_FIT_SAMPLES && fit.count >= CLOCK_FIT_SAMPLES / 2);
	assert_int_equal(fit.added, 100000);
	assert_int_equal(fit.samples[0].time, 0);
	assert_int_equal(fit.samples[fit.count - 1].time, media_at(&from, 99999));
	for (unsigned i = 2; i + 1 < fit.count; i++)
		assert_near(
		        fit.samples[i].sender_ns - fit.samples[i - 1].sender_ns, 2048000 * MS, 1100000 * MS);
}

static void better_source_replaces_and_worse_is_passed_over(void **state)
{
	clock_fit_add(&fit, CLOCK_FIT_ARRIVAL, 0, 5, 5);
	clock_fit_add(&fit, CLOCK_FIT_ARRIVAL, 90000, 5, 5);
	clock_fit_add(&fit, CLOCK_FIT_SENDER_REPORT, 0, SENDER, OURS);
	clock_fit_add(&fit, CLOCK_FIT_CAPTURE_TIME, 0, 9, 9);
	assert_int_equal(fit.count, 1);
	assert_int_equal(fit.added, 1);
	assert_int_equal(clock_fit_solve(&fit, &line), 0);
	assert_int_equal(clock_fit_sender_ns(&line, 0), SENDER);
	clock_fit_forget(&fit);
	assert_int_equal(clock_fit_solve(&fit, &line), -ENODATA);
	clock_fit_add(&fit, CLOCK_FIT_CAPTURE_TIME, 0, 9, 9);
	assert_int_equal(fit.count, 1);
	assert_string_equal(clock_fit_source_name(CLOCK_FIT_ARRIVAL), "arrival");
	assert_string_equal(clock_fit_source_name(CLOCK_FIT_CAPTURE_TIME), "capture_time");
	assert_string_equal(clock_fit_source_name(CLOCK_FIT_SENDER_REPORT), "sender_report");
}

/* Whatever a sender says, numbers stay numbers. */
static void nonsense_is_borne(void **state)
{
	for (unsigned i = 0; i < 1000; i++) {
		int64_t far = (int64_t)(chance() * 4e18);

		clock_fit_add(&fit, CLOCK_FIT_SENDER_REPORT, (int64_t)(chance() * 1e12), far, OURS);
		assert_int_equal(clock_fit_solve(&fit, &line), 0);
		clock_fit_time(&line, 0);
		clock_fit_sender_ns(&line, INT64_MAX / 4);
		clock_fit_ours_ns(&line, 0);
		assert_true(line.sender_tick_ns > 0 && line.used > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_known_is_said, set_up),
		cmocka_unit_test_setup(one_pair_is_taken_at_its_word, set_up),
		cmocka_unit_test_setup(half_an_hour_at_200_ppm_stays_below_a_millisecond, set_up),
		cmocka_unit_test_setup(short_call_is_not_led_astray_by_jitter, set_up),
		cmocka_unit_test_setup(wrong_reports_move_nothing, set_up),
		cmocka_unit_test_setup(one_wrong_report_among_three_is_found, set_up),
		cmocka_unit_test_setup(samples_are_spread_over_any_length, set_up),
		cmocka_unit_test_setup(better_source_replaces_and_worse_is_passed_over, set_up),
		cmocka_unit_test_setup(nonsense_is_borne, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
