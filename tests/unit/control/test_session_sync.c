/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions when control, the dataplane or the connection between them is gone for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/session_rig.h"

static void adopts_what_runs_when_control_begins_anew(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	receive(open.id, 10, 77, 5);
	rig_stop(NULL);
	rig_start(NULL, NULL);
	assert_string_equal(shown(open.id, "state"), "recording");
	assert_string_equal(shown(open.id, "tracks.0.packets"), "10");
	assert_string_equal(shown(open.id, "tracks.0.record"), open.tracks[0].promised);
	assert_int_equal(try_open("demo", "v"), -EEXIST);
	assert_int_equal(open_one("demo", "w").port, 20002);
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 5000), 0);
}

static void opens_again_in_a_new_dataplane_where_it_was(void **state)
{
	struct msg_session_open open = open_one("demo", "v"), waiting = open_one("demo", "w");

	receive(open.id, 10, 77, 3 << 16 | 500);
	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	peer->opened = 0;
	assert_true(peer_return(peer, true));
	assert_true(PEER_UNTIL(peer->opened == 2));
	assert_true(SHOWS(open.id, "state", "waiting"));
	pthread_mutex_lock(&peer->lock);
	const struct msg_session_open *again = &peer_find(peer, open.id)->open;
	assert_int_equal(again->port, open.port);
	assert_int_equal(again->tracks[0].roc, 3);
	assert_int_equal(again->tracks[0].ssrc_known, 0);
	assert_int_equal(again->tracks[0].ssrc_bound, 1);
	assert_int_equal(again->tracks[0].ssrc, 77);
	assert_memory_equal(again->tracks[0].key, "\1\2\3", 3);
	assert_memory_equal(again->tracks[0].send_key, "\4\5\6", 3);
	assert_int_equal(peer_find(peer, waiting.id)->open.tracks[0].ssrc_known, 0);
	assert_int_equal(peer_find(peer, waiting.id)->open.tracks[0].roc, 0);
	pthread_mutex_unlock(&peer->lock);
	receive(open.id, 5, 77, 3 << 16 | 600);
	assert_string_equal(shown(open.id, "tracks.0.packets"), "15");
}

static void opens_many_again(void **state)
{
	char room[16];

	for (unsigned i = 0; i < 40; i++) {
		snprintf(room, sizeof(room), "r%u", i);
		open_one(room, "v");
	}
	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	peer->opened = 0;
	assert_true(peer_return(peer, true));
	assert_true(PEER_UNTIL(peer->opened == 40));
}

static void fails_what_a_new_dataplane_refuses(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	peer->refuse = -EROFS;
	assert_true(peer_return(peer, true));
	assert_true(SHOWS(open.id, "state", "failed"));
	assert_string_equal(shown(open.id, "reason"), "the peer refuses");
	peer->refuse = 0;
	assert_int_equal(try_open("demo", "v"), 0);
}

static void does_not_open_again_what_was_closed_meanwhile(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	peer->opened = 0;
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 0), -ETIMEDOUT);
	assert_string_equal(shown(open.id, "state"), "finalising");
	assert_true(peer_return(peer, true));
	assert_true(SHOWS(open.id, "state", "done"));
	assert_int_equal(peer->opened, 0);
}

static void closes_in_the_same_dataplane_what_was_closed_meanwhile(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 0), -ETIMEDOUT);
	assert_true(peer_return(peer, false));
	assert_true(SHOWS(open.id, "state", "done"));
	assert_int_equal(peer->closed, 1);
}

static void ends_what_ended_while_the_connection_was_cut(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	memset(peer->sessions, 0, sizeof(peer->sessions));
	assert_true(peer_return(peer, false));
	assert_true(SHOWS(open.id, "state", "done"));
	assert_string_equal(shown(open.id, "reason"), "ended while control was away");
}

static void leaves_nothing_of_an_opening_that_was_not_answered(void **state)
{
	json_t *list;
	char *cursor;

	peer->mute = true;
	assert_int_equal(try_open("demo", "v"), -ETIMEDOUT);
	list = sessions_list_json(control.sessions, NULL, NULL, 10, NULL, &cursor);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	peer->mute = false;
	peer_cut(peer);
	assert_true(PEER_UNTIL(listed == 2));
	assert_int_equal(try_open("demo", "v"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, session_rig_create, session_rig_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(adopts_what_runs_when_control_begins_anew),
		CASE(opens_again_in_a_new_dataplane_where_it_was),
		CASE(opens_many_again),
		CASE(fails_what_a_new_dataplane_refuses),
		CASE(does_not_open_again_what_was_closed_meanwhile),
		CASE(closes_in_the_same_dataplane_what_was_closed_meanwhile),
		CASE(ends_what_ended_while_the_connection_was_cut),
		CASE(leaves_nothing_of_an_opening_that_was_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
