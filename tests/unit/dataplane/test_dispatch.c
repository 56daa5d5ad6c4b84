/* SPDX-License-Identifier: BSD-3-Clause */
/* The command thread's end of the rings, against lcores that answer at once, late, or in a thread of their
 * own. */
#include "dataplane/dispatch.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "dataplane/endpoint.h"
#include "dataplane/lcore.h"

#define RING 16
#define MANY 5000

static struct lcore lcores[2];
static uint64_t slots[2][STAT_LCORE_COUNT];
static struct command commands[MANY];
static unsigned answered;

static int begin(void **state)
{
	memset(lcores, 0, sizeof(lcores));
	memset(commands, 0, sizeof(commands));
	answered = 0;
	for (unsigned i = 0; i < 2; i++) {
		lcores[i].index = i;
		lcores[i].slot = slots[i];
		if (spsc_create(&lcores[i].commands, 4) || spsc_create(&lcores[i].replies, RING) ||
		        endpoint_table_create(&lcores[i].endpoints, 20000, 20099, 1))
			return -1;
	}
	return 0;
}

static int end(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		spsc_free(lcores[i].commands);
		spsc_free(lcores[i].replies);
		endpoint_table_free(lcores[i].endpoints);
	}
	return 0;
}

static void take(void *arg, struct command *command)
{
	assert_int_equal(command->status, 0);
	command->status = 1; /* once */
	answered++;
}

static void everything_comes_back_however_small_the_rings(void **state)
{
	struct dispatch *d = NULL;

	assert_int_equal(dispatch_create(&d, lcores, 2), 0);
	for (unsigned i = 0; i < 100; i++) {
		commands[i].kind = COMMAND_REMOVE;
		commands[i].port = 20000;
		dispatch_send(d, i % 2, &commands[i]);
	}
	assert_int_equal(dispatch_pending(d), 100);
	assert_int_equal(spsc_count(lcores[0].commands), 4);
	while (dispatch_pending(d)) {
		command_poll(&lcores[0]);
		command_poll(&lcores[1]);
		assert_true(dispatch_poll(d, take, NULL) > 0);
	}
	assert_int_equal(answered, 100);
	dispatch_free(d);
}

static void no_more_are_under_way_than_half_of_the_replies(void **state)
{
	struct dispatch *d = NULL;

	spsc_free(lcores[0].commands);
	assert_int_equal(spsc_create(&lcores[0].commands, 64), 0);
	assert_int_equal(dispatch_create(&d, lcores, 2), 0);
	for (unsigned i = 0; i < 40; i++) {
		commands[i].kind = COMMAND_REMOVE;
		dispatch_send(d, 0, &commands[i]);
	}
	assert_int_equal(spsc_count(lcores[0].commands), RING / 2);
	dispatch_free(d);
}

static void order_is_kept_to_an_lcore(void **state)
{
	struct dispatch *d = NULL;

	assert_int_equal(dispatch_create(&d, lcores, 2), 0);
	for (unsigned i = 0; i < 30; i++) {
		commands[i].kind = COMMAND_POINT;
		commands[i].port = 20000;
		commands[i].owner = 1;
		dispatch_send(d, 0, &commands[i]);
	}
	for (unsigned next = 0; next < 30;) {
		void *items[8];
		command_poll(&lcores[0]);
		uint32_t n = spsc_take(lcores[0].replies, items, 8);
		for (uint32_t i = 0; i < n; i++)
			assert_ptr_equal(items[i], &commands[next++]);
		/* the answers were taken here: give them to dispatch again, which counts them */
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(spsc_put(lcores[0].replies, &items[i], 1), 1);
		dispatch_poll(d, take, NULL);
	}
	dispatch_free(d);
}

static void what_is_told_may_be_told_again_when_it_was_taken(void **state)
{
	static struct command bye;
	struct dispatch *d = NULL;

	bye = (struct command){ .kind = COMMAND_BYE };
	assert_int_equal(dispatch_create(&d, lcores, 2), 0);
	assert_true(command_tell(&lcores[0], &bye));
	assert_false(command_tell(&lcores[0], &bye));
	assert_int_equal(dispatch_poll(d, take, NULL), 1);
	assert_int_equal(dispatch_pending(d), 0);
	assert_true(command_tell(&lcores[0], &bye));
	dispatch_free(d);
}

static _Atomic bool stop;

static void *be_lcore(void *arg)
{
	while (!atomic_load(&stop))
		command_poll(arg);
	return NULL;
}

static void lcores_in_threads_answer_all(void **state)
{
	struct dispatch *d = NULL;
	pthread_t threads[2];
	unsigned sent = 0;

	atomic_store(&stop, false);
	assert_int_equal(dispatch_create(&d, lcores, 2), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, be_lcore, &lcores[i]), 0);
	while (answered < MANY) {
		for (unsigned i = 0; i < 7 && sent < MANY; i++, sent++) {
			commands[sent].kind = sent % 3 ? COMMAND_POINT : COMMAND_REMOVE;
			commands[sent].port = (uint16_t)(20000 + sent % 50 * 2);
			commands[sent].owner = !(sent % 2);
			dispatch_send(d, sent % 2, &commands[sent]);
		}
		if (!dispatch_poll(d, take, NULL))
			sched_yield();
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(dispatch_pending(d), 0);
	dispatch_free(d);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(everything_comes_back_however_small_the_rings),
		CASE(no_more_are_under_way_than_half_of_the_replies),
		CASE(order_is_kept_to_an_lcore),
		CASE(what_is_told_may_be_told_again_when_it_was_taken),
		CASE(lcores_in_threads_answer_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
