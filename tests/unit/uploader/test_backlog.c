/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "uploader/backlog.h"
#include "uploader/transfer.h"

#define TRANSFERS 50

static struct transfer transfers[TRANSFERS];
static struct backlog sum;

static void expect(uint64_t pending, uint64_t failed, uint64_t waiting)
{
	assert_int_equal(sum.pending, pending);
	assert_int_equal(sum.failed, failed);
	assert_int_equal(sum.waiting, waiting);
}

static int set_up(void **state)
{
	for (unsigned i = 0; i < TRANSFERS; i++)
		transfers[i] = (struct transfer){ 0 };
	sum = (struct backlog){ 0 };
	return 0;
}

static void follows_one_to_the_store(void **state)
{
	struct transfer *t = &transfers[0];

	t->listed = true;
	t->pub.state = UPLOADER_ACTIVE;
	t->pub.bytes_done = 5; /* it grows: nobody knows of how many */
	backlog_recount(&sum, t);
	expect(0, 0, 0);
	t->accounted = t->pub.bytes_total = 12;
	backlog_recount(&sum, t);
	expect(12, 0, 7);
	t->pub.bytes_done = 12; /* the store has still to confirm it */
	backlog_recount(&sum, t);
	expect(12, 0, 0);
	t->listed = false;
	backlog_recount(&sum, t);
	expect(0, 0, 0);
}

static void what_is_given_up_is_held_but_does_not_wait(void **state)
{
	struct transfer *t = &transfers[0];

	t->listed = true;
	t->accounted = t->pub.bytes_total = 12;
	t->pub.bytes_done = 5;
	t->pub.state = UPLOADER_STOPPED;
	backlog_recount(&sum, t);
	expect(0, 12, 0);
	t->pub.state = UPLOADER_QUEUED; /* it was asked for */
	backlog_recount(&sum, t);
	expect(12, 0, 7);
}

/* The same, added up anew. */
static void walk(void)
{
	uint64_t pending = 0, failed = 0, waiting = 0;

	for (unsigned i = 0; i < TRANSFERS; i++) {
		const struct transfer *t = &transfers[i];
		bool stopped = t->pub.state == UPLOADER_STOPPED;

		if (t->listed && stopped)
			failed += t->accounted;
		if (t->listed && !stopped)
			pending += t->accounted;
		if (t->listed && !stopped && t->pub.bytes_total > t->pub.bytes_done)
			waiting += t->pub.bytes_total - t->pub.bytes_done;
	}
	expect(pending, failed, waiting);
}

static void is_what_a_walk_over_all_finds(void **state)
{
	srand(1);
	for (unsigned i = 0; i < 100000; i++) {
		struct transfer *t = &transfers[rand() % TRANSFERS];

		t->listed = rand() % 8;
		t->accounted = (uint64_t)rand() << 8;
		t->pub.state = (enum uploader_state)(rand() % (UPLOADER_DONE + 1));
		t->pub.bytes_done = (uint64_t)rand() << 8;
		t->pub.bytes_total = rand() % 2 ? (uint64_t)rand() << 8 : 0;
		backlog_recount(&sum, t);
		walk();
	}
	for (unsigned i = 0; i < TRANSFERS; i++) {
		transfers[i].listed = false;
		backlog_recount(&sum, &transfers[i]);
	}
	expect(0, 0, 0);
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(follows_one_to_the_store),
		CASE(what_is_given_up_is_held_but_does_not_wait),
		CASE(is_what_a_walk_over_all_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
