/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <event2/event.h>
#include "control/budget.h"
#include "tests/unit/control/session_rig.h"

static void opens_a_session_with_names_port_and_keys(void **state)
{
	struct msg_session_open open = open_one("demo", "video0");
	char name[NAME_BYTES];

	assert_memory_equal(open.id, "s_", 2);
	assert_int_equal(open.port, 20000);
	snprintf(name, sizeof(name), "demo_video0_%llu.ivf",
	        (unsigned long long)(open.opened_unix_ns / CLK_NS_PER_S));
	assert_string_equal(open.tracks[0].promised, name);
	assert_string_equal(peer->last_open.id, open.id);
	assert_string_equal(peer->last_open.tracks[0].promised, name);
	assert_memory_equal(peer->last_open.tracks[0].key, "\1\2\3", 3);
	assert_memory_equal(peer->last_open.tracks[0].send_key, "\4\5\6", 3);
	assert_string_equal(shown(open.id, "state"), "waiting");
	assert_string_equal(shown(open.id, "address"), "10.77.0.1");
	assert_string_equal(shown(open.id, "rtcp_port"), "20001");
	assert_string_equal(shown(open.id, "tracks.0.record"), name);
	assert_string_equal(shown(open.id, "tracks.0.profile"), "AEAD_AES_128_GCM");
	assert_string_equal(shown(open.id, "tracks.0.ssrc"), "");
}

static void promises_different_names_to_tracks_that_look_alike(void **state)
{
	struct msg_session_open open = opening("demo", "a/b");

	open.track_count = 2;
	open.tracks[1] = open.tracks[0];
	strcpy(open.tracks[1].id, "a-b");
	assert_int_equal(sessions_open(control.sessions, &open, why), 0);
	assert_string_not_equal(open.tracks[0].promised, open.tracks[1].promised);
}

/* A recording is found by the name that was promised. */
static void promises_different_names_to_rooms_that_look_alike(void **state)
{
	struct msg_session_open one = open_one("a/b", "video0"), two = open_one("a b", "video0"),
	                        three = open_one("a-b", "video0");

	assert_string_not_equal(one.tracks[0].promised, two.tracks[0].promised);
	assert_string_not_equal(one.tracks[0].promised, three.tracks[0].promised);
	assert_string_not_equal(two.tracks[0].promised, three.tracks[0].promised);
}

static void gives_a_room_and_track_to_one_session(void **state)
{
	struct msg_session_open open = open_one("demo", "video0");
	char expected[128];

	assert_int_equal(try_open("demo", "video0"), -EEXIST);
	snprintf(expected, sizeof(expected), "track video0 of this room is taken by session %s", open.id);
	assert_string_equal(why, expected);
	assert_int_equal(try_open("demo", "video1"), 0);
	assert_int_equal(try_open("demo2", "video0"), 0);
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 5000), 0);
	assert_int_equal(try_open("demo", "video0"), 0);
}

static void gives_a_wished_port_to_one_session(void **state)
{
	struct msg_session_open open = opening("a", "v");

	open.port = 20050;
	assert_int_equal(sessions_open(control.sessions, &open, why), 0);
	open = opening("b", "v");
	open.port = 20050;
	assert_int_equal(sessions_open(control.sessions, &open, why), -EADDRINUSE);
	open.port = 30000;
	assert_int_equal(sessions_open(control.sessions, &open, why), -ERANGE);
}

static void says_when_no_port_is_left(void **state)
{
	char room[16];

	for (unsigned i = 0; i < 50; i++) {
		snprintf(room, sizeof(room), "r%u", i);
		open_one(room, "v");
	}
	assert_int_equal(try_open("one more", "v"), -ENOSPC);
}

static void admits_nobody_when_it_must_not(void **state)
{
	conf.record_enabled = false;
	assert_int_equal(try_open("demo", "v"), -EPERM);
	conf.record_enabled = true;
	conf.record_min_free_mb = INT64_MAX >> 20;
	assert_int_equal(try_open("demo", "v"), -EDQUOT);
	conf.record_min_free_mb = 0;
	conf.record_dir = (char *)"/nonexistent/records";
	assert_int_equal(try_open("demo", "v"), -EROFS);
	conf.record_dir = peer->dir;
	uint64_t *proc = stat_slot(peer->stat, STAT_SCOPE_PROC, 0);
	stat_set(proc, STAT_PROC_disk_error, EIO); /* pulled */
	assert_int_equal(try_open("demo", "v"), -EROFS);
	assert_string_equal(why, "the last write to record.dir failed: Input/output error");
	stat_set(proc, STAT_PROC_disk_error, ENOSPC);
	assert_int_equal(try_open("demo", "v"), -EDQUOT);
	stat_set(proc, STAT_PROC_disk_error, 0);
	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	assert_int_equal(try_open("demo", "v"), -ENOTCONN);
	assert_true(peer_return(peer, false));
}

static void gives_everything_back_when_the_dataplane_refuses(void **state)
{
	peer->refuse = -ENOKEY;
	assert_int_equal(try_open("demo", "v"), -ENOKEY);
	assert_string_equal(why, "the peer refuses");
	peer->refuse = 0;
	for (unsigned i = 0; i < 50; i++) {
		struct msg_session_open open = open_one("demo", "v");

		assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 5000), 0);
	}
}

/* Promises are open for ten seconds: those of sessions that are not opened must not fill the machine. */
static void gives_what_was_promised_back_when_it_fails(void **state)
{
	struct event_base *still = event_base_new(); /* no second passes */

	conf.control_full_percent = 85;
	conf.dataplane_block_mb = 1; /* 36 tracks */
	assert_int_equal(budget_create(&control.budget, &control, still), 0);
	open_one("demo", "v");
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(try_open("demo", "v"), -EEXIST);
	peer->refuse = -ENOKEY;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(try_open("demo", "w"), -ENOKEY);
	peer->refuse = 0;
	conf.record_filename = (char *)"{nothing}";
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(try_open("demo", "w"), -EINVAL);
	budget_free(control.budget);
	control.budget = NULL;
	event_base_free(still);
}

static void closes_and_shows_what_was_recorded(void **state)
{
	struct msg_session_open open = open_one("demo", "v"), later;
	char url[NAME_BYTES + 16];

	receive(open.id, 10, 77, 5);
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 5000), 0);
	assert_string_equal(peer->last_close.reason, "deleted");
	assert_string_equal(shown(open.id, "state"), "done");
	assert_string_equal(shown(open.id, "reason"), "deleted");
	assert_string_equal(shown(open.id, "tracks.0.packets"), "10");
	assert_string_equal(shown(open.id, "tracks.0.records.0"), open.tracks[0].promised);
	assert_string_equal(shown(open.id, "recordings.0.name"), open.tracks[0].promised);
	assert_string_equal(shown(open.id, "recordings.0.size"), "1000");
	snprintf(url, sizeof(url), "/records/%s", open.tracks[0].promised);
	assert_string_equal(shown(open.id, "recordings.0.url"), url);
	assert_string_not_equal(shown(open.id, "ended"), "");
	assert_int_equal(sessions_close(control.sessions, open.id, "again", 5000), 0);
	assert_string_equal(shown(open.id, "reason"), "deleted");
	assert_int_equal(peer->closed, 1);
	assert_int_equal(sessions_close(control.sessions, "s_none", "deleted", 0), -ENOENT);
	assert_true(sessions_opening(control.sessions, open.id, &later));
	assert_int_equal(later.tracks[0].key[0], 0);
}

static void goes_on_closing_when_nobody_waits_any_more(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	peer->keep_closing = true;
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 50), -ETIMEDOUT);
	assert_string_equal(shown(open.id, "state"), "finalising");
	end(open.id, MSG_SESSION_DONE, "deleted");
	assert_true(SHOWS(open.id, "state", "done"));
}

static void follows_the_dataplane_to_the_end(void **state)
{
	struct msg_session_open idle = open_one("demo", "v"), failed = open_one("demo", "w");

	end(idle.id, MSG_SESSION_DONE, "idle");
	end(failed.id, MSG_SESSION_FAILED, "disk: No space left on device");
	assert_true(SHOWS(failed.id, "state", "failed"));
	assert_string_equal(shown(failed.id, "reason"), "disk: No space left on device");
	assert_string_equal(shown(idle.id, "state"), "done");
	assert_string_equal(shown(idle.id, "reason"), "idle");
}

static void asks_for_key_frames(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	assert_int_equal(sessions_key_frame(control.sessions, open.id, "v", why), 0);
	assert_int_equal(peer->key_frames, 1);
	assert_int_equal(sessions_key_frame(control.sessions, "s_none", "", why), -ENOENT);
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", 5000), 0);
	assert_int_equal(sessions_key_frame(control.sessions, open.id, "", why), -EALREADY);
}

static void says_when_the_port_range_is_unusable(void **state)
{
	struct conf bad = { .ingest_port_range = (char *)"x" };
	struct control none = { .conf = &bad };
	struct sessions *sessions;

	assert_int_equal(sessions_create(&sessions, &none), -EINVAL);
	sessions_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, session_rig_create, session_rig_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(opens_a_session_with_names_port_and_keys),
		CASE(promises_different_names_to_tracks_that_look_alike),
		CASE(promises_different_names_to_rooms_that_look_alike),
		CASE(gives_a_room_and_track_to_one_session),
		CASE(gives_a_wished_port_to_one_session),
		CASE(says_when_no_port_is_left),
		CASE(admits_nobody_when_it_must_not),
		CASE(gives_everything_back_when_the_dataplane_refuses),
		CASE(gives_what_was_promised_back_when_it_fails),
		CASE(closes_and_shows_what_was_recorded),
		CASE(goes_on_closing_when_nobody_waits_any_more),
		CASE(follows_the_dataplane_to_the_end),
		CASE(asks_for_key_frames),
		CASE(says_when_the_port_range_is_unusable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
