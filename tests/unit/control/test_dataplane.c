/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/peer.h"

/* What the callbacks saw; written on the loop, read by the test. */
static struct {
	_Atomic unsigned ups, listed, downs, sessions, files, datagrams;
	_Atomic bool same_boot;
	_Atomic unsigned slots_at_up; /* instances of FLOW that were mapped when on_up was called */
	_Atomic int done_status;
	_Atomic unsigned done;
} seen;

static struct peer *peer;
static struct peer_loop loop;
static struct dataplane *dataplane;

static void count_slots(void *arg, const struct stat_segment *stat)
{
	*(unsigned *)arg = stat_instances(stat, STAT_SCOPE_FLOW);
}

static void on_up(void *arg, const struct msg_welcome *welcome, bool same_boot)
{
	unsigned slots = 0;

	dataplane_with_stats(dataplane, count_slots, &slots);
	seen.slots_at_up = slots;
	seen.same_boot = same_boot;
	seen.ups++;
}

static void on_listed(void *arg)
{
	seen.listed++;
}

static void on_down(void *arg)
{
	seen.downs++;
}

static void on_session(void *arg, const struct msg_session_state *state)
{
	seen.sessions++;
}

static void on_file(void *arg, const struct msg_file_state *state)
{
	seen.files++;
}

static void on_datagram(void *arg, const struct msg_datagram *datagram)
{
	assert_string_equal(datagram->id, "s_1");
	assert_int_equal(datagram->len, 3);
	assert_memory_equal(datagram->bytes, "\x16\xfe\xfd", 3);
	seen.datagrams++;
}

static void on_done(void *arg, const char *session, int status, const char *why)
{
	assert_string_equal(session, "s_1");
	seen.done_status = status;
	seen.done++;
}

static int setup(void **state)
{
	struct dataplane_cfg cfg = { .on_up = on_up,
		.on_listed = on_listed,
		.on_down = on_down,
		.on_session = on_session,
		.on_file = on_file,
		.on_datagram = on_datagram };

	memset((void *)&seen, 0, sizeof(seen));
	if (!peer_create(&peer))
		return -1;
	peer_loop_create(&loop);
	cfg.run_dir = peer->dir;
	cfg.loop = loop.base;
	if (dataplane_create(&dataplane, &cfg))
		return -1;
	peer_loop_run(&loop);
	return 0;
}

static int teardown(void **state)
{
	peer_loop_stop(&loop);
	dataplane_free(dataplane);
	peer_loop_free(&loop);
	peer_die(peer);
	peer_free(peer);
	return 0;
}

static void close_message(union msg *msg)
{
	memset(msg, 0, sizeof(*msg));
	strcpy(msg->SESSION_CLOSE_.id, "s_1");
}

static int request_close(void)
{
	char why[LIMIT_REASON_BYTES + 1];
	union msg msg;

	close_message(&msg);
	return dataplane_request(dataplane, &msg, MSG_SESSION_CLOSE, why);
}

static void greets_lists_and_is_up(void **state)
{
	assert_true(PEER_UNTIL(dataplane_is_up(dataplane)));
	assert_true(PEER_UNTIL(seen.listed == 1));
	assert_int_equal(seen.ups, 1);
	assert_false(seen.same_boot);
}

static void passes_events_on(void **state)
{
	union msg msg = { 0 };

	assert_true(PEER_UNTIL(seen.listed == 1));
	pthread_mutex_lock(&peer->lock);
	peer_send(peer, &msg, MSG_SESSION_STATE, 0);
	memset(&msg, 0, sizeof(msg));
	peer_send(peer, &msg, MSG_FILE_STATE, 0);
	pthread_mutex_unlock(&peer->lock);
	assert_true(PEER_UNTIL(seen.files == 1));
	assert_int_equal(seen.sessions, 1);
}

static void brings_the_status_of_a_request_and_wipes_it(void **state)
{
	char why[LIMIT_REASON_BYTES + 1];
	union msg msg = { 0 }, zero = { 0 };

	assert_true(PEER_UNTIL(seen.listed == 1));
	assert_int_equal(request_close(), -ENOENT);
	peer->refuse = -ENOKEY;
	strcpy(msg.SESSION_OPEN_.id, "s_1");
	msg.SESSION_OPEN_.tracks[0].key[0] = 1;
	assert_int_equal(dataplane_request(dataplane, &msg, MSG_SESSION_OPEN, why), -ENOKEY);
	assert_string_equal(why, "the peer refuses");
	assert_memory_equal(&msg, &zero, sizeof(struct msg_session_open));
}

static void *request_main(void *arg)
{
	for (unsigned i = 0; i < 50; i++) {
		if (request_close() != -ENOENT)
			return (void *)"a request went wrong";
	}
	return NULL;
}

static void serves_many_threads_at_once(void **state)
{
	pthread_t threads[8];
	void *wrong;

	assert_true(PEER_UNTIL(seen.listed == 1));
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, request_main, NULL), 0);
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(peer->closed, 400);
}

static void calls_back_who_does_not_wait(void **state)
{
	union msg msg;

	assert_true(PEER_UNTIL(seen.listed == 1));
	close_message(&msg);
	assert_int_equal(dataplane_ask(dataplane, &msg, MSG_SESSION_CLOSE, on_done, NULL), 0);
	assert_true(PEER_UNTIL(seen.done == 1));
	assert_int_equal(seen.done_status, -ENOENT);
	close_message(&msg);
	assert_int_equal(dataplane_send(dataplane, &msg, MSG_SESSION_CLOSE), 0);
	assert_true(PEER_UNTIL(peer->closed == 2));
}

static void says_when_nobody_is_there(void **state)
{
	union msg msg;

	assert_true(PEER_UNTIL(seen.listed == 1));
	peer_die(peer);
	assert_true(PEER_UNTIL(seen.downs == 1));
	assert_false(dataplane_is_up(dataplane));
	assert_int_equal(request_close(), -ENOTCONN);
	close_message(&msg);
	assert_int_equal(dataplane_ask(dataplane, &msg, MSG_SESSION_CLOSE, on_done, NULL), -ENOTCONN);
	assert_true(peer_return(peer, false));
}

static void comes_back_to_the_same_dataplane(void **state)
{
	assert_true(PEER_UNTIL(seen.listed == 1));
	peer_cut(peer);
	assert_true(PEER_UNTIL(seen.listed == 2));
	assert_int_equal(seen.downs, 1);
	assert_true(seen.same_boot);
	assert_int_equal(request_close(), -ENOENT);
}

static void shows_the_old_counters_to_on_up_and_the_new_after(void **state)
{
	static const struct stat_cfg cfg = { .instances = { 1, 1, 1, 8, 1, 8 } };
	unsigned slots = 0;
	struct stat_segment *stat;

	assert_true(PEER_UNTIL(seen.listed == 1));
	assert_int_equal(seen.slots_at_up, 0);
	peer_die(peer);
	assert_true(PEER_UNTIL(seen.downs == 1));
	assert_true(peer_return(peer, true));
	assert_true(PEER_UNTIL(seen.listed == 2));
	assert_false(seen.same_boot);
	assert_int_equal(seen.slots_at_up, PEER_TRACKS);
	peer_die(peer);
	assert_true(PEER_UNTIL(seen.downs == 2));
	/* Another size shows that the mapping is another. */
	assert_true(peer_return(peer, true));
	assert_int_equal(stat_create(&stat, peer->stats_path, &cfg), 0);
	assert_true(PEER_UNTIL(seen.listed == 3));
	assert_true(dataplane_with_stats(dataplane, count_slots, &slots));
	assert_true(slots == 8 || slots == PEER_TRACKS);
	stat_close(stat);
}

static void wakes_who_waits_when_the_dataplane_dies(void **state)
{
	union msg msg;

	assert_true(PEER_UNTIL(seen.listed == 1));
	peer->mute = true;
	close_message(&msg);
	assert_int_equal(dataplane_ask(dataplane, &msg, MSG_SESSION_CLOSE, on_done, NULL), 0);
	usleep(20000);
	peer_cut(peer);
	assert_true(PEER_UNTIL(seen.done == 1));
	assert_int_equal(seen.done_status, -ENOTCONN);
}

static void gives_up_on_an_answer_after_a_while(void **state)
{
	assert_true(PEER_UNTIL(seen.listed == 1));
	peer->mute = true;
	assert_int_equal(request_close(), -ETIMEDOUT);
	peer->mute = false;
	assert_int_equal(request_close(), -ENOENT);
}

static void hangs_up_on_another_version(void **state)
{
	assert_true(PEER_UNTIL(seen.listed == 1));
	peer->version = MSG_VERSION + 1;
	peer_cut(peer);
	assert_true(PEER_UNTIL(peer->connections >= 3));
	assert_int_equal(seen.listed, 1);
	assert_false(dataplane_is_up(dataplane));
}

static void hangs_up_on_what_a_dataplane_would_not_say(void **state)
{
	union msg msg = { 0 };

	assert_true(PEER_UNTIL(seen.listed == 1));
	pthread_mutex_lock(&peer->lock);
	peer_send(peer, &msg, MSG_LIST, 0);
	pthread_mutex_unlock(&peer->lock);
	assert_true(PEER_UNTIL(seen.listed == 2));
	assert_int_equal(seen.downs, 1);
}

static void passes_datagrams_of_dtls_on(void **state)
{
	assert_true(PEER_UNTIL(seen.listed == 1));
	peer_send_datagram(peer, "s_1", (const uint8_t *)"\x16\xfe\xfd", 3);
	assert_true(PEER_UNTIL(seen.datagrams == 1));
}

static int send_datagram(uint16_t number)
{
	union msg msg;

	msg.DTLS_OUT_ = (struct msg_datagram){ .id = "s_1", .len = number };
	return dataplane_send(dataplane, &msg, MSG_DTLS_OUT);
}

/* No answer comes for them, so none is waited for: what comes after is answered. */
static void datagrams_of_dtls_are_sent_and_forgotten(void **state)
{
	assert_true(PEER_UNTIL(seen.listed == 1));
	for (uint16_t i = 1; i <= 10; i++)
		assert_int_equal(send_datagram(i), 0);
	assert_int_equal(request_close(), -ENOENT);
	assert_int_equal(peer->pkt_count, 10);
	for (uint16_t i = 0; i < 10; i++)
		assert_int_equal(peer->pkts[i].len, i + 1);
}

static void datagrams_that_nobody_takes_are_bounded(void **state)
{
	unsigned taken = 0;
	int r;

	assert_true(PEER_UNTIL(seen.listed == 1));
	pthread_mutex_lock(&peer->lock); /* it does not read any more */
	while (!(r = send_datagram(1)) && taken < 2 * LIMIT_DTLS_OUT_PKTS)
		taken++;
	pthread_mutex_unlock(&peer->lock);
	assert_int_equal(r, -ENOBUFS);
	assert_true(taken >= LIMIT_DTLS_OUT_PKTS);
	assert_int_equal(request_close(), -ENOENT);
	assert_int_equal(send_datagram(1), 0);
}

static void refuses_a_directory_too_long(void **state)
{
	char dir[300];
	struct dataplane_cfg cfg = { .run_dir = dir, .loop = loop.base };
	struct dataplane *none = NULL;

	memset(dir, 'x', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	assert_int_equal(dataplane_create(&none, &cfg), -ENAMETOOLONG);
	assert_null(none);
	dataplane_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(greets_lists_and_is_up),
		CASE(passes_events_on),
		CASE(brings_the_status_of_a_request_and_wipes_it),
		CASE(serves_many_threads_at_once),
		CASE(calls_back_who_does_not_wait),
		CASE(says_when_nobody_is_there),
		CASE(comes_back_to_the_same_dataplane),
		CASE(shows_the_old_counters_to_on_up_and_the_new_after),
		CASE(wakes_who_waits_when_the_dataplane_dies),
		CASE(gives_up_on_an_answer_after_a_while),
		CASE(hangs_up_on_another_version),
		CASE(hangs_up_on_what_a_dataplane_would_not_say),
		CASE(passes_datagrams_of_dtls_on),
		CASE(datagrams_of_dtls_are_sent_and_forgotten),
		CASE(datagrams_that_nobody_takes_are_bounded),
		CASE(refuses_a_directory_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
