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
#include "base/clk.h"
#include "tests/unit/writers/memory_segment.h"
#include "writers/times.h"

#define MS CLK_NS_PER_MS

static struct segment *segment;
static struct times times;

static int set_up(void **state)
{
	const struct segment_cfg cfg = { .meta = "{}", .meta_bytes = 2, .name = { .ext = "h264" } };

	memory_segment_reset();
	times = (struct times){ 0 };
	return segment_begin(&segment, NULL, &cfg);
}

static int tear_down(void **state)
{
	memory_segment_reset();
	return 0;
}

static void a_line_holds_a_quarter_of_a_second(void **state)
{
	times_open(&times, segment);
	for (unsigned i = 0; i < 10; i++)
		times_add(&times, i * 3003, 1000 + i * 3003, 1000, 90000, i * 33 * MS);
	assert_string_equal(segment->notes,
	        "T {\"frame\":0,\"ms\":[0.000,33.366,66.733,100.100,133.466,166.833,"
	        "200.200,233.566,266.933]}\n");
	times_close(&times);
	assert_non_null(strstr(segment->notes, "T {\"frame\":9,\"ms\":[300.300]}\n"));
	times_close(&times);
	assert_int_equal(memory_segment_notes(0, "T {"), 2);
}

/* I P B B: the P picture comes before the two that are shown before it; media time does not go back. */
static void b_pictures_are_shown_before_those_that_came_first(void **state)
{
	static const uint32_t rtp[] = { 4294965000u, 4294965000u + 9000, 4294965000u + 3000,
		4294965000u + 6000, 4294965000u + 12000 };
	static const uint64_t time[] = { 500, 9500, 9500, 9500, 12500 };

	times_open(&times, segment);
	for (unsigned i = 0; i < 5; i++)
		times_add(&times, rtp[i], time[i], 500, 90000, 0);
	times_close(&times);
	assert_string_equal(segment->notes, "T {\"frame\":0,\"ms\":[0.000,100.000,33.333,66.666,133.333]}\n");
}

static void nothing_is_shown_before_the_file_begins(void **state)
{
	times_open(&times, segment);
	times_add(&times, 9000, 9000, 9000, 90000, 0);
	times_add(&times, 6000, 9000, 9000, 90000, 0);
	times_close(&times);
	assert_string_equal(segment->notes, "T {\"frame\":0,\"ms\":[0.000,0.000]}\n");
}

static void a_full_line_ends(void **state)
{
	times_open(&times, segment);
	for (unsigned i = 0; i < 1000; i++)
		times_add(&times, i * 3000, (1ull << 40) + i * 3000, 0, 90000, 0);
	times_close(&times);
	assert_true(memory_segment_notes(0, "T {") > 20);
	for (char *line = segment->notes, *end; (end = strchr(line, '\n')); line = end + 1) {
		assert_true(end - line < TIMES_LINE_BYTES + 2);
		assert_memory_equal(end - 2, "]}", 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_holds_a_quarter_of_a_second, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        b_pictures_are_shown_before_those_that_came_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_shown_before_the_file_begins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_line_ends, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
