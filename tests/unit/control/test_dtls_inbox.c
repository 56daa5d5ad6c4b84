/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "control/dtls_inbox.h"

#define PEERS (LIMIT_DTLS_PKTS / LIMIT_DTLS_SESSION_PKTS + 1)

static struct dtls_inbox *inbox;
static int wake_fd;

static int setup(void **unused)
{
	inbox = malloc(sizeof(*inbox));
	wake_fd = eventfd(0, EFD_NONBLOCK);
	dtls_inbox_init(inbox, wake_fd);
	return 0;
}

static int teardown(void **unused)
{
	for (struct dtls_peer *peer; (peer = dtls_inbox_any(inbox));) {
		dtls_inbox_end(inbox, peer);
		free(peer);
	}
	assert_int_equal(inbox->waiting, 0);
	assert_int_equal(inbox->pending, 0);
	dtls_inbox_destroy(inbox);
	free(inbox);
	return close(wake_fd);
}

static struct dtls_peer *open_one(const char *session)
{
	struct dtls_peer *peer = calloc(1, sizeof(*peer));

	strcpy(peer->session, session);
	assert_int_equal(dtls_inbox_open(inbox, peer), 0);
	return peer;
}

static void put(const char *session, uint8_t byte)
{
	dtls_inbox_put(inbox, session, &byte, 1);
}

/* The turn that is next: of whom, and the byte of its datagram, -1 when there is none; -2 when nobody has a
 * turn. */
static int take(struct dtls_peer **ret_peer, bool *ret_closing)
{
	struct dtls_datagram *datagram = NULL;
	int byte = -1;

	*ret_peer = dtls_inbox_turn(inbox, &datagram, ret_closing);
	if (!*ret_peer)
		return -2;
	if (datagram)
		byte = datagram->bytes[0];
	free(datagram);
	return byte;
}

static void assert_turn(const struct dtls_peer *of, int byte)
{
	struct dtls_peer *peer;
	bool closing = false;

	assert_int_equal(take(&peer, &closing), byte);
	assert_ptr_equal(peer, of);
	assert_false(closing);
}

static bool is_awake(void)
{
	uint64_t count;

	return read(wake_fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void each_has_a_turn_after_the_other(void **unused)
{
	struct dtls_peer *a = open_one("a"), *b = open_one("b");

	assert_true(is_awake());
	assert_turn(a, -1);
	assert_turn(b, -1);
	assert_turn(NULL, -2);
	put("a", 1);
	put("a", 2);
	put("a", 3);
	put("b", 4);
	put("b", 5);
	assert_turn(a, 1);
	assert_turn(b, 4);
	assert_turn(a, 2);
	assert_turn(b, 5);
	assert_turn(a, 3);
	assert_turn(NULL, -2);
}

static void the_thread_is_woken_once(void **unused)
{
	struct dtls_peer *a = open_one("a");

	assert_true(is_awake());
	assert_turn(a, -1);
	assert_false(is_awake());
	put("a", 1);
	assert_true(is_awake());
	put("a", 2);
	assert_false(is_awake());
}

static void a_sessions_datagrams_are_bounded(void **unused)
{
	struct dtls_peer *a = open_one("a"), *peer;
	uint8_t big[LIMIT_PACKET_BYTES + 1] = { 0 };
	unsigned n = 0;
	bool closing;

	assert_turn(a, -1);
	dtls_inbox_put(inbox, "a", big, 0);
	dtls_inbox_put(inbox, "a", big, sizeof(big));
	for (unsigned i = 0; i < 2 * LIMIT_DTLS_SESSION_PKTS; i++)
		put("a", (uint8_t)i);
	for (int byte; (byte = take(&peer, &closing)) >= 0; n++)
		assert_int_equal(byte, n); /* the oldest stay */
	assert_int_equal(n, LIMIT_DTLS_SESSION_PKTS);
}

static void those_of_all_are_bounded(void **unused)
{
	char name[16];

	for (unsigned i = 0; i < PEERS; i++) {
		snprintf(name, sizeof(name), "%u", i);
		open_one(name);
		for (unsigned k = 0; k < LIMIT_DTLS_SESSION_PKTS; k++)
			put(name, 0);
	}
	assert_int_equal(inbox->waiting, LIMIT_DTLS_PKTS);
}

static void a_name_is_free_when_its_session_closes(void **unused)
{
	struct dtls_peer *a = open_one("a"), twin = { .session = "a" }, *peer, *second;
	bool closing;

	assert_int_equal(dtls_inbox_open(inbox, &twin), -EEXIST);
	put("a", 1);
	dtls_inbox_close(inbox, "a");
	assert_int_equal(dtls_inbox_pending(inbox), 0);
	second = open_one("a");
	put("a", 2);
	take(&peer, &closing);
	assert_ptr_equal(peer, a);
	assert_true(closing);
	assert_true(dtls_inbox_end(inbox, a));
	free(a);
	assert_turn(second, 2);
}

static void handshakes_under_way_are_counted_and_bounded(void **unused)
{
	struct dtls_peer *a = open_one("a"), one_more = { .session = "x" };
	char name[16];

	assert_int_equal(dtls_inbox_pending(inbox), 1);
	dtls_inbox_through(inbox, a);
	dtls_inbox_through(inbox, a);
	assert_int_equal(dtls_inbox_pending(inbox), 0);
	for (unsigned i = 0; i < LIMIT_DTLS_PENDING; i++) {
		snprintf(name, sizeof(name), "%u", i);
		open_one(name);
	}
	assert_int_equal(dtls_inbox_open(inbox, &one_more), -ENOSPC);
	dtls_inbox_close(inbox, "0");
	assert_int_equal(dtls_inbox_pending(inbox), LIMIT_DTLS_PENDING - 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(each_has_a_turn_after_the_other),
		CASE(the_thread_is_woken_once),
		CASE(a_sessions_datagrams_are_bounded),
		CASE(those_of_all_are_bounded),
		CASE(a_name_is_free_when_its_session_closes),
		CASE(handshakes_under_way_are_counted_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
