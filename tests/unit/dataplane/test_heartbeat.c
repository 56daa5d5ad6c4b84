/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/heartbeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "dataplane/lcore.h"

#define LCORES  2
#define WRITERS 2

static struct lcore lcores[LCORES];
static struct stat_segment *segment;
static struct heartbeat heart;

static int set_up(void **state)
{
	struct stat_cfg cfg = { .instances = { [STAT_SCOPE_LCORE] = LCORES, [STAT_SCOPE_WRITER] = WRITERS } };
	char path[64];

	snprintf(path, sizeof(path), "/tmp/wirespool-heartbeat-%d", getpid());
	assert_int_equal(stat_create(&segment, path, &cfg), 0);
	unlink(path);
	for (unsigned i = 0; i < LCORES; i++) {
		lcores[i].slot = stat_slot(segment, STAT_SCOPE_LCORE, i);
		for (unsigned w = 0; w < WRITERS; w++)
			assert_int_equal(spsc_create(&lcores[i].writers[w], 8), 0);
	}
	heartbeat_init(&heart, lcores, LCORES, segment, WRITERS);
	return 0;
}

static int tear_down(void **state)
{
	for (unsigned i = 0; i < LCORES; i++)
		for (unsigned w = 0; w < WRITERS; w++)
			spsc_free(lcores[i].writers[w]);
	stat_close(segment);
	return 0;
}

static void poll_all(void)
{
	for (unsigned i = 0; i < LCORES; i++)
		stat_add(lcores[i].slot, STAT_LCORE_polls, 1);
}

static void put(unsigned lcore, unsigned writer)
{
	void *item = &heart;

	assert_int_equal(spsc_put(lcores[lcore].writers[writer], &item, 1), 1);
}

static void take(unsigned lcore, unsigned writer)
{
	void *item;

	assert_int_equal(spsc_take(lcores[lcore].writers[writer], &item, 1), 1);
	stat_add(stat_slot(segment, STAT_SCOPE_WRITER, writer), STAT_WRITER_pkts, 1);
}

static bool look(void)
{
	poll_all();
	return heartbeat_look(&heart);
}

static void it_beats_while_all_poll(void **state)
{
	assert_true(look());
	assert_true(look());
}

static void one_poll_loop_that_hangs_stops_it(void **state)
{
	assert_true(look());
	stat_add(lcores[0].slot, STAT_LCORE_polls, 1);
	assert_false(heartbeat_look(&heart));
	assert_true(look());
}

static void a_writer_that_leaves_packets_stops_it(void **state)
{
	assert_true(look());
	put(1, 1);
	assert_true(look()); /* they may have come a moment ago */
	assert_false(look());
	assert_false(look());
	take(1, 1);
	assert_true(look());
	assert_true(look());
}

static void a_writer_that_is_behind_but_takes_does_not(void **state)
{
	put(0, 0);
	put(0, 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(look());
		take(0, 0);
		put(0, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_beats_while_all_poll, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_poll_loop_that_hangs_stops_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_writer_that_leaves_packets_stops_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_writer_that_is_behind_but_takes_does_not, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
