/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/writers/mux_rig.h"
#include "writers/mux_direct.h"

static int begin(const char *head)
{
	return mux_direct_begin(
	        &mux, sizeof(struct mux), segment, (const uint8_t *)head, head ? strlen(head) : 0);
}

static void assert_finishes(const char *head, const char *bytes)
{
	uint8_t got[64];
	size_t got_bytes;

	mux_direct_finish(mux, got, &got_bytes);
	assert_int_equal(got_bytes, strlen(head));
	assert_memory_equal(got, head, got_bytes);
	assert_int_equal(segment->committed, strlen(bytes));
	assert_memory_equal(segment->bytes, bytes, strlen(bytes));
}

static void frames_follow_the_head(void **state)
{
	assert_int_equal(begin("head"), 0);
	assert_int_equal(segment->committed, 4);
	assert_int_equal(mux_direct_frame_append(mux, "ab", 2), 0);
	assert_int_equal(mux_direct_frame_append(mux, "c", 1), 0);
	assert_false(mux_direct_holds(mux));
	assert_int_equal(mux_direct_flush(mux), 0);
	assert_int_equal(segment->committed, 4);
	assert_int_equal(mux_direct_frame_end(mux, 1), 0);
	mux->head[0] = 'H';
	assert_finishes("Head", "headabc");
}

static void cut_frame_leaves_no_trace(void **state)
{
	assert_int_equal(begin("head"), 0);
	assert_int_equal(mux_direct_frame_append(mux, "ab", 2), 0);
	mux_direct_frame_cut(mux);
	assert_int_equal(segment_end(segment), 4);
	assert_finishes("head", "head");
}

/* Not even a block is needed for it. */
static void file_without_a_head_begins_empty(void **state)
{
	memory_segment_plan.room = 0;
	assert_int_equal(begin(NULL), 0);
	assert_int_equal(mux_direct_frame_append(mux, "a", 1), -ENOBUFS);
	mux_direct_frame_cut(mux);
	assert_finishes("", "");
}

static void head_that_does_not_fit_leaves_nothing(void **state)
{
	memory_segment_plan.room = 3;
	assert_int_equal(begin("head"), -ENOBUFS);
	assert_int_equal(segment_end(segment), 0);
	memory_segment_plan.fail = -EIO;
	assert_int_equal(begin("head"), -EIO);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, mux_rig_create, mux_rig_free)
	const struct CMUnitTest tests[] = {
		CASE(frames_follow_the_head),
		CASE(cut_frame_leaves_no_trace),
		CASE(file_without_a_head_begins_empty),
		CASE(head_that_does_not_fit_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
