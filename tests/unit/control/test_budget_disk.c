/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/budget_disk.h"

#define MB 1e6

static struct budget_disk disk;

static int set_up(void **state)
{
	disk = (struct budget_disk){ 0 };
	return 0;
}

static void seconds(unsigned count, double written, double queued)
{
	while (count--)
		budget_disk_second(&disk, written, queued);
}

static void expect_about(double value, double wanted)
{
	assert_true(value > wanted * 0.95 && value < wanted * 1.05);
}

static void of_a_disk_that_keeps_up_nothing_is_known(void **state)
{
	seconds(100, 50 * MB, 60 * MB); /* a flush is under way at each look */
	assert_false(disk.strained);
	assert_true(disk.most_bytes_s == 0);
	expect_about(disk.written_bytes_s, 50 * MB);
}

static void a_moment_of_waiting_is_no_strain(void **state)
{
	seconds(30, 50 * MB, 0);
	seconds(BUDGET_DISK_STRAINED_S - 1, 0, 100 * MB);
	seconds(1, 150 * MB, 0);
	assert_false(disk.strained);
	seconds(5, 0, 0); /* nobody records */
	assert_false(disk.strained);
}

static void a_disk_that_does_not_keep_up_shows_what_it_can(void **state)
{
	seconds(30, 30 * MB, 0);
	for (unsigned i = 1; i < 20; i++)
		seconds(1, 20 * MB, i * 60 * MB);
	assert_true(disk.strained);
	expect_about(disk.most_bytes_s, 30 * MB); /* which it took, before */
	seconds(10, 40 * MB, 100 * MB);
	expect_about(disk.most_bytes_s, 40 * MB);
	seconds(BUDGET_DISK_CALM_S - 1, 30 * MB, 0);
	assert_true(disk.strained);
	seconds(1, 30 * MB, 0);
	assert_false(disk.strained);
	expect_about(disk.most_bytes_s, 40 * MB); /* stays known */
}

static void one_that_stands_still_is_strained(void **state)
{
	seconds(BUDGET_DISK_STRAINED_S, 0, 4096);
	assert_true(disk.strained);
}

/* Neither what was recorded before a pause nor the burst after it says what the disk can do. */
static void a_pause_of_an_idle_disk_is_no_bound(void **state)
{
	seconds(30, MB, 0);
	for (unsigned i = 1; i <= BUDGET_DISK_STRAINED_S; i++)
		seconds(1, 0, i * MB);
	assert_true(disk.strained);
	seconds(1, 4 * MB, 0);
	seconds(BUDGET_DISK_CALM_S - 2, MB, 0);
	assert_true(disk.strained);
	seconds(1, MB, 0);
	assert_false(disk.strained);
	assert_true(disk.most_bytes_s == 0);
	seconds(60, MB, 0);
	assert_true(disk.most_bytes_s == 0);
}

static void nor_is_one_before_anything_was_written(void **state)
{
	seconds(BUDGET_DISK_STRAINED_S, 0, MB);
	assert_true(disk.strained);
	seconds(1, MB, 0);
	seconds(BUDGET_DISK_CALM_S - 1, 0, 0);
	assert_false(disk.strained);
	assert_true(disk.most_bytes_s == 0);
}

/* It comes and goes: what was before is what was before all of it. */
static void a_pause_with_a_breath_between_is_one(void **state)
{
	seconds(30, 10 * MB, 0);
	seconds(BUDGET_DISK_STRAINED_S, 0, 30 * MB);
	seconds(1, 10 * MB, 0);
	seconds(10, 0, 30 * MB); /* the load of just now is less than that of before */
	seconds(1, 8 * MB, 30 * MB);
	seconds(BUDGET_DISK_CALM_S, 10 * MB, 0);
	assert_false(disk.strained);
	assert_true(disk.most_bytes_s == 0);
}

static void it_may_show_that_it_can_do_more(void **state)
{
	seconds(10, 10 * MB, 100 * MB);
	seconds(25, 40 * MB, 0);
	assert_false(disk.strained);
	assert_true(disk.most_bytes_s > 39 * MB && disk.most_bytes_s < 50 * MB);
}

static void it_is_trusted_with_more_by_and_by(void **state)
{
	seconds(10, 10 * MB, 100 * MB);
	seconds(BUDGET_DISK_CALM_S + 60, MB, 0);
	assert_true(disk.most_bytes_s > 17 * MB && disk.most_bytes_s < 19 * MB);
}

static void what_it_could_is_forgotten(void **state)
{
	seconds(10, 10 * MB, 100 * MB);
	seconds(BUDGET_DISK_KNOWN_S - 1, 5 * MB, 0);
	assert_true(disk.most_bytes_s > 0);
	seconds(1, 5 * MB, 0);
	assert_true(disk.most_bytes_s == 0);
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(of_a_disk_that_keeps_up_nothing_is_known),
		CASE(a_moment_of_waiting_is_no_strain),
		CASE(a_disk_that_does_not_keep_up_shows_what_it_can),
		CASE(one_that_stands_still_is_strained),
		CASE(a_pause_of_an_idle_disk_is_no_bound),
		CASE(nor_is_one_before_anything_was_written),
		CASE(a_pause_with_a_breath_between_is_one),
		CASE(it_may_show_that_it_can_do_more),
		CASE(it_is_trusted_with_more_by_and_by),
		CASE(what_it_could_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
