/* SPDX-License-Identifier: BSD-3-Clause */
/* One control at a time, and what becomes of those that do not keep to the protocol. */
#include "dataplane/control_link.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ipc.h"
#include "base/log.h"

static char dir[] = "/tmp/control_link.XXXXXX", path[64];
static struct control_link *control_link;
static uint32_t last_request;
static unsigned requests;

static void on_request(void *arg, const union msg *msg)
{
	last_request = msg->head.type;
	requests++;
	control_link_ack(control_link, msg->head.id, -ENOENT, "nothing here");
}

static int begin(void **state)
{
	struct control_link_cfg cfg = { .path = path,
		.on_request = on_request,
		.welcome = { .version = MSG_VERSION, .boot_id = 77, .max_tracks = 5 } };

	requests = 0;
	return control_link_create(&control_link, &cfg);
}

static int end(void **state)
{
	control_link_free(control_link);
	return 0;
}

/* What the loop does when poll has something, until there is nothing. */
static void turn(void)
{
	struct pollfd fds[CONTROL_LINK_FDS];

	for (;;) {
		control_link_prepare(control_link, fds);
		if (poll(fds, CONTROL_LINK_FDS, 0) <= 0)
			return;
		if (!(fds[0].revents | fds[1].revents))
			return;
		control_link_handle(control_link, fds);
	}
}

static void say(int fd, enum msg_type type, uint64_t id)
{
	union msg msg;

	memset(&msg, 0, sizeof(msg));
	if (type == MSG_HELLO)
		msg.HELLO_.version = MSG_VERSION;
	assert_int_equal(ipc_send(fd, &msg, type, id), 0);
	turn();
}

static int join(void)
{
	int fd = ipc_connect(path);
	union msg msg;

	assert_true(fd >= 0);
	turn();
	say(fd, MSG_HELLO, 1);
	assert_int_equal(ipc_recv(fd, &msg), 0);
	assert_int_equal(msg.head.type, MSG_WELCOME);
	assert_int_equal(msg.WELCOME_.boot_id, 77);
	assert_int_equal(msg.WELCOME_.max_tracks, 5);
	assert_int_equal(ipc_recv(fd, &msg), 0);
	assert_int_equal(msg.head.type, MSG_ACK);
	assert_int_equal(msg.head.id, 1);
	assert_int_equal(msg.ACK_.status, 0);
	return fd;
}

static void assert_closed(int fd)
{
	union msg msg;

	assert_int_equal(ipc_recv(fd, &msg), -EPIPE);
	close(fd);
}

static void hello_is_welcomed_and_requests_are_answered(void **state)
{
	int fd = join();
	union msg msg;

	assert_true(control_link_is_up(control_link));
	say(fd, MSG_LIST, 9);
	assert_int_equal(last_request, MSG_LIST);
	assert_int_equal(ipc_recv(fd, &msg), 0);
	assert_int_equal(msg.head.id, 9);
	assert_int_equal(msg.ACK_.status, -ENOENT);
	assert_string_equal(msg.ACK_.why, "nothing here");
	close(fd);
	turn();
	assert_false(control_link_is_up(control_link));
}

static void who_does_not_say_hello_is_turned_away(void **state)
{
	int fd = ipc_connect(path);
	union msg msg;

	turn();
	say(fd, MSG_LIST, 3);
	assert_int_equal(ipc_recv(fd, &msg), 0);
	assert_int_equal(msg.ACK_.status, -EPROTO);
	assert_closed(fd);
	assert_int_equal(requests, 0);
}

static void who_speaks_another_version_is_turned_away(void **state)
{
	int fd = ipc_connect(path);
	union msg msg = { .HELLO_ = { .version = MSG_VERSION + 1 } };

	turn();
	assert_int_equal(ipc_send(fd, &msg, MSG_HELLO, 4), 0);
	turn();
	assert_int_equal(ipc_recv(fd, &msg), 0);
	assert_int_equal(msg.head.id, 4);
	assert_int_equal(msg.ACK_.status, -EPROTO);
	assert_closed(fd);
}

static void what_is_no_message_ends_the_connection(void **state)
{
	int fd = join();

	assert_int_equal(send(fd, "junk", 4, 0), 4);
	turn();
	assert_closed(fd);
	assert_false(control_link_is_up(control_link));
}

static void a_second_control_is_turned_away_while_the_first_lives(void **state)
{
	int first = join(), second = ipc_connect(path);

	turn();
	assert_closed(second);
	say(first, MSG_LIST, 2);
	assert_int_equal(requests, 1);
	close(first);
}

static void a_control_that_died_makes_room_for_the_next(void **state)
{
	int first = join();

	close(first);
	int second = join();
	close(second);
}

static void one_that_is_silent_gives_way_to_one_that_comes(void **state)
{
	int silent = ipc_connect(path);

	turn();
	int second = join();
	assert_closed(silent);
	close(second);
}

static void what_is_not_read_is_kept_and_sent_later_in_order(void **state)
{
	int fd = join();
	unsigned got = 0;
	union msg msg;

	for (unsigned i = 0; i < 2000; i++) {
		memset(&msg, 0, sizeof(msg));
		msg.SESSION_STATE_.first_pkt_unix_ns = i;
		control_link_send(control_link, &msg, MSG_SESSION_STATE, 0);
		/* it may hold keys */
		assert_int_equal(msg.head.type + msg.head.size, 0);
	}
	while (got < 2000) {
		turn();
		while (ipc_recv(fd, &msg) == 0)
			assert_int_equal(msg.SESSION_STATE_.first_pkt_unix_ns, got++);
	}
	close(fd);
}

static void a_control_that_never_reads_is_let_go(void **state)
{
	int fd = join();
	union msg msg;

	for (unsigned i = 0; i < 3 * LIMIT_SESSIONS && control_link_is_up(control_link); i++) {
		memset(&msg, 0, sizeof(msg));
		control_link_send(control_link, &msg, MSG_ACK, 1);
	}
	assert_false(control_link_is_up(control_link));
	close(fd);
}

/* Offer a datagram numbered @i; whether it was sent. */
static bool offer(uint16_t i)
{
	union msg msg;
	bool sent;

	memset(&msg, 0, sizeof(msg));
	msg.DTLS_IN_.len = i;
	sent = control_link_offer(control_link, &msg, MSG_DTLS_IN);
	assert_int_equal(msg.DTLS_IN_.len + msg.head.size, 0);
	return sent;
}

static void what_may_get_lost_is_lost_when_control_does_not_read(void **state)
{
	union msg msg;
	uint16_t sent = 0, got = 0;

	assert_false(offer(0));
	int fd = join();
	while (sent < 2000 && offer(sent))
		sent++;
	assert_in_range(sent, 1, 1999);
	for (unsigned i = 0; i < 3 * LIMIT_SESSIONS; i++)
		assert_false(offer(0));
	assert_true(control_link_is_up(control_link));
	/* What must not get lost waits, and nothing overtakes it. */
	control_link_ack(control_link, 5, 0, "");
	assert_int_equal(ipc_recv(fd, &msg), 0);
	assert_false(offer(0));
	for (got = 1; got < sent; got++) {
		assert_int_equal(ipc_recv(fd, &msg), 0);
		assert_int_equal(msg.DTLS_IN_.len, got);
	}
	turn();
	assert_int_equal(ipc_recv(fd, &msg), 0);
	assert_int_equal(msg.head.id, 5);
	assert_true(offer(7));
	close(fd);
}

static void an_offer_to_a_control_that_died_ends_the_connection(void **state)
{
	int fd = join();

	close(fd);
	assert_false(offer(0));
	assert_false(control_link_is_up(control_link));
}

static void nobody_there_is_no_error(void **state)
{
	union msg msg = { .ACK_ = { .status = 1 } };

	control_link_send(control_link, &msg, MSG_ACK, 1);
	control_link_ack(control_link, 1, 0, "");
	turn();
}

static void a_socket_that_cannot_be_made_is_an_error(void **state)
{
	struct control_link_cfg cfg = { .path = "/nonexistent/directory/socket" };
	struct control_link *none = NULL;

	assert_int_equal(control_link_create(&none, &cfg), -ENOENT);
	assert_null(none);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(hello_is_welcomed_and_requests_are_answered),
		CASE(who_does_not_say_hello_is_turned_away),
		CASE(who_speaks_another_version_is_turned_away),
		CASE(what_is_no_message_ends_the_connection),
		CASE(a_second_control_is_turned_away_while_the_first_lives),
		CASE(a_control_that_died_makes_room_for_the_next),
		CASE(one_that_is_silent_gives_way_to_one_that_comes),
		CASE(what_is_not_read_is_kept_and_sent_later_in_order),
		CASE(a_control_that_never_reads_is_let_go),
		CASE(what_may_get_lost_is_lost_when_control_does_not_read),
		CASE(an_offer_to_a_control_that_died_ends_the_connection),
		CASE(nobody_there_is_no_error),
		CASE(a_socket_that_cannot_be_made_is_an_error),
	};

	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/s", dir);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(dir);
	return failed;
}
