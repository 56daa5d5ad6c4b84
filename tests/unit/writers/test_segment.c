/* SPDX-License-Identifier: BSD-3-Clause */
#include "house.h"

#define NAME   "demo_video0_1710000000.ivf"
#define PART   "." NAME ".part"
#define UNIX_S 1710000000

static void finished_file_holds_all_frames(void **state)
{
	struct house house;
	struct segment *segment;

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	for (unsigned i = 0; i < 300; i++) {
		assert_int_equal(house_put_frame(segment, i, 1 + i * 37 % 30000), 0);
		house_poll(&house);
	}
	house_finish(segment, 300);
	house_settle(&house);
	assert_int_equal(house_walk(&house, NAME), 300);
	assert_int_equal(house_entries(&house), 2);
	assert_int_equal(house.idles, 1);
	assert_int_equal(house.idle_status, 0);
	house_end(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(finished_file_holds_all_frames) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
