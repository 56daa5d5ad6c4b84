/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/server_rig.h"

#define ASK "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n"

static char heard[8192];

/* Read on until @text came. */
static void hear_until(int fd, const char *text)
{
	size_t len = strlen(heard);

	while (!strstr(heard, text)) {
		ssize_t got = recv(fd, heard + len, sizeof(heard) - 1 - len, 0);
		assert_true(got > 0);
		heard[len += (size_t)got] = '\0';
	}
}

static int ask_for_stream(void)
{
	int fd = dial();

	heard[0] = '\0';
	say_text(fd, ASK);
	hear_until(fd, "\r\n\r\n");
	assert_non_null(strstr(heard, "Content-Type: text/event-stream\r\n"));
	return fd;
}

static unsigned reads(void)
{
	pthread_mutex_lock(&stream_lock);
	unsigned n = stream_reads;
	pthread_mutex_unlock(&stream_lock);
	return n;
}

static void pause_ms(unsigned ms)
{
	const struct timespec wait = { .tv_nsec = (long)(ms * CLK_NS_PER_MS) };

	nanosleep(&wait, NULL);
}

/* The server lets go of a stream soon after its client has heard the end. */
static void wait_for_ends(unsigned count)
{
	for (int tries = 0; tries < 400; tries++) {
		pthread_mutex_lock(&stream_lock);
		unsigned ends = stream_ends;
		pthread_mutex_unlock(&stream_lock);
		if (ends == count)
			return;
		pause_ms(5);
	}
	fail_msg("%u streams have not ended", count);
}

static void a_stream_sleeps_until_it_is_woken(void **state)
{
	start();
	int fd = ask_for_stream();
	while (!reads())
		pause_ms(5);
	pause_ms(100);
	unsigned before = reads();
	pause_ms(200);
	assert_int_equal(reads(), before); /* nobody polls */
	stream_say("one\n");
	hear_until(fd, "one\n");
	stream_say("two\n");
	hear_until(fd, "two\n");
	stream_finish();
	hear_until(fd, "\r\n0\r\n\r\n");
	say_text(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection is good for more */
	hear_until(fd, "live");
	wait_for_ends(1);
	close(fd);
}

static void streams_pin_no_threads(void **state)
{
	int fds[8];

	start(); /* three threads */
	for (int i = 0; i < 8; i++)
		fds[i] = ask_for_stream();
	assert_non_null(strstr(ask("GET", "/healthz", "", NULL), "live"));
	assert_non_null(strstr(ask("GET", "/api/records", "", NULL), "200 OK"));
	heard[0] = '\0';
	stream_finish();
	for (int i = 0; i < 8; i++) {
		size_t len = 0;
		while (!strstr(heard, "0\r\n\r\n")) {
			ssize_t got = recv(fds[i], heard + len, sizeof(heard) - 1 - len, 0);
			assert_true(got > 0);
			heard[len += (size_t)got] = '\0';
		}
		heard[0] = '\0';
		close(fds[i]);
	}
	wait_for_ends(8);
}

static void wakes_that_come_while_it_reads_are_not_lost(void **state)
{
	char expected[32];

	start();
	int fd = ask_for_stream();
	for (int i = 0; i < 300; i++) {
		snprintf(expected, sizeof(expected), "<%d>\n", i);
		stream_say(expected);
		if (i % 3)
			continue; /* some in a row, some one by one */
		if (strlen(heard) > sizeof(heard) / 2)
			heard[0] = '\0';
		hear_until(fd, expected);
	}
	hear_until(fd, "<299>\n");
	stream_finish();
	hear_until(fd, "\r\n0\r\n\r\n");
	close(fd);
}

static void a_client_that_left_is_noticed_when_something_is_said(void **state)
{
	start();
	int fd = ask_for_stream();
	const struct linger reset = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	for (int tries = 0; tries < 400; tries++) {
		stream_say(":\n");
		pause_ms(5);
		pthread_mutex_lock(&stream_lock);
		bool over = stream_ends > 0;
		pthread_mutex_unlock(&stream_lock);
		if (over)
			return;
	}
	fail_msg("the stream of a client that is gone goes on");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, server_rig_create, server_rig_free)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_stream_sleeps_until_it_is_woken),
		CASE(streams_pin_no_threads),
		CASE(wakes_that_come_while_it_reads_are_not_lost),
		CASE(a_client_that_left_is_noticed_when_something_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
