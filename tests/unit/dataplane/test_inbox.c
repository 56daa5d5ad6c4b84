/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inbox.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define THREADS 3
#define EACH    500

static struct track_cfg cfg;

const struct track_cfg *track_cfg(const struct track *track)
{
	return &cfg;
}

struct seen {
	struct inbox_item items[8];
	unsigned count;
	int last[THREADS];
	unsigned out_of_order;
};

static void see(void *arg, const struct inbox_item *item)
{
	struct seen *seen = arg;

	if (seen->count < 8)
		seen->items[seen->count] = *item;
	seen->count++;
}

static bool readable(const struct inbox *inbox)
{
	struct pollfd fd = { .fd = inbox_fd(inbox), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void reports_come_out_as_they_went_in(void **state)
{
	struct msg_file_state file = { .state = MSG_FILE_FINISHED, .name = "a.ivf", .bytes = 7 };
	struct seen seen = { 0 };
	struct inbox *inbox = NULL;
	int cookie;

	assert_int_equal(inbox_create(&inbox), 0);
	struct writer_events events = inbox_events(inbox);
	cfg.cookie = &cookie;
	assert_false(readable(inbox));
	events.on_file(events.arg, &file);
	events.on_track_failed(events.arg, NULL, "disk full");
	events.on_track_closed(events.arg, &cookie, -5);
	assert_true(readable(inbox));
	assert_int_equal(inbox_poll(inbox, see, &seen), 3);
	assert_false(readable(inbox));
	assert_int_equal(seen.items[0].kind, INBOX_FILE);
	assert_memory_equal(&seen.items[0].file, &file, sizeof(file));
	assert_int_equal(seen.items[1].kind, INBOX_TRACK_FAILED);
	assert_ptr_equal(seen.items[1].cookie, &cookie);
	assert_string_equal(seen.items[1].why, "disk full");
	assert_int_equal(seen.items[2].kind, INBOX_TRACK_CLOSED);
	assert_int_equal(seen.items[2].status, -5);
	assert_int_equal(inbox_poll(inbox, see, &seen), 0);
	inbox_free(inbox);
}

static void a_reason_that_is_too_long_is_cut(void **state)
{
	char why[4 * LIMIT_REASON_BYTES];
	struct seen seen = { 0 };
	struct inbox *inbox = NULL;

	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	assert_int_equal(inbox_create(&inbox), 0);
	struct writer_events events = inbox_events(inbox);
	events.on_track_failed(events.arg, NULL, why);
	inbox_poll(inbox, see, &seen);
	assert_int_equal(strlen(seen.items[0].why), LIMIT_REASON_BYTES);
	inbox_free(inbox);
}

static void what_nobody_took_is_freed(void **state)
{
	struct inbox *inbox = NULL;

	assert_int_equal(inbox_create(&inbox), 0);
	struct writer_events events = inbox_events(inbox);
	events.on_track_closed(events.arg, NULL, 0);
	inbox_free(inbox);
	inbox_free(NULL);
}

struct poster {
	struct writer_events events;
	int index;
};

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (int i = 1; i <= EACH; i++)
		p->events.on_track_closed(p->events.arg, (void *)(intptr_t)p->index, i);
	return NULL;
}

static void see_order(void *arg, const struct inbox_item *item)
{
	struct seen *seen = arg;
	intptr_t index = (intptr_t)item->cookie;

	seen->out_of_order += item->status != seen->last[index] + 1;
	seen->last[index] = item->status;
	seen->count++;
}

static void threads_post_at_once_and_each_keeps_its_order(void **state)
{
	struct poster posters[THREADS];
	pthread_t threads[THREADS];
	struct seen seen = { 0 };
	struct inbox *inbox = NULL;

	assert_int_equal(inbox_create(&inbox), 0);
	for (int i = 0; i < THREADS; i++) {
		posters[i] = (struct poster){ inbox_events(inbox), i };
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
	}
	while (seen.count < THREADS * EACH) {
		struct pollfd fd = { .fd = inbox_fd(inbox), .events = POLLIN };
		assert_int_equal(poll(&fd, 1, 10000), 1);
		inbox_poll(inbox, see_order, &seen);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(seen.out_of_order, 0);
	inbox_free(inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_come_out_as_they_went_in),
		cmocka_unit_test(a_reason_that_is_too_long_is_cut),
		cmocka_unit_test(what_nobody_took_is_freed),
		cmocka_unit_test(threads_post_at_once_and_each_keeps_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
