/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include "base/clk.h"
#include "base/conf.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/session.h"
#include "tests/unit/control/peer.h"

static struct peer *peer;
static struct peer_loop loop;
static struct conf conf;
static struct control control;
static _Atomic unsigned listed, downs;
static char why[LIMIT_REASON_BYTES + 1];

static void on_up(void *arg, const struct msg_welcome *welcome, bool same_boot)
{
	sessions_dataplane_up(control.sessions, welcome, same_boot);
}

static void on_listed(void *arg)
{
	sessions_dataplane_listed(control.sessions);
	listed++;
}

static void on_down(void *arg)
{
	sessions_dataplane_down(control.sessions);
	downs++;
}

static void on_session(void *arg, const struct msg_session_state *state)
{
	sessions_on_state(control.sessions, state);
}

static void on_file(void *arg, const struct msg_file_state *file)
{
	sessions_on_file(control.sessions, file);
}

/* Control begins anew: an empty table, a new connection. */
static void start_control(void)
{
	struct dataplane_cfg cfg = { .on_up = on_up,
		.on_listed = on_listed,
		.on_down = on_down,
		.on_session = on_session,
		.on_file = on_file,
		.run_dir = peer->dir };

	listed = downs = 0;
	peer_loop_create(&loop);
	cfg.loop = loop.base;
	assert_int_equal(sessions_create(&control.sessions, &control), 0);
	assert_int_equal(dataplane_create(&control.dataplane, &cfg), 0);
	peer_loop_run(&loop);
	assert_true(PEER_UNTIL(listed == 1));
}

static void stop_control(void)
{
	peer_loop_stop(&loop);
	dataplane_free(control.dataplane);
	sessions_free(control.sessions);
	peer_loop_free(&loop);
}

static int setup(void **state)
{
	static char *addresses[] = { (char *)"10.77.0.1/24", NULL };
	bool fresh;

	if (!peer_create(&peer))
		return -1;
	conf = (struct conf){ .record_enabled = true,
		.record_dir = peer->dir,
		.record_filename = (char *)"{room}_{trackID}_{timestamp}.{ext}",
		.ingest_address = addresses,
		.ingest_port_range = (char *)"20000-20099",
		.record_idle_timeout_s = 30 };
	control = (struct control){ .conf = &conf };
	if (catalogue_open(&control.catalogue, ":memory:", &fresh))
		return -1;
	start_control();
	return 0;
}

static int teardown(void **state)
{
	stop_control();
	catalogue_close(control.catalogue);
	peer_die(peer);
	peer_free(peer);
	return 0;
}

static struct msg_session_open opening(const char *room, const char *track)
{
	struct msg_session_open open = {
		.track_count = 1, .idle_timeout_s = 30, .addr = { .family = 4, .bytes = { 10, 77, 0, 1 } }
	};

	strcpy(open.room, room);
	strcpy(open.participant, "alice");
	strcpy(open.tracks[0].id, track);
	open.tracks[0] = (struct msg_track){ .codec = CODEC_VP8,
		.profile = PROFILE_AEAD_AES_128_GCM,
		.payload_type = 96,
		.clock_rate = 90000,
		.key = { 1, 2, 3 },
		.send_key = { 4, 5, 6 } };
	strcpy(open.tracks[0].id, track);
	return open;
}

static struct msg_session_open open_one(const char *room, const char *track)
{
	struct msg_session_open open = opening(room, track);

	assert_int_equal(sessions_open(control.sessions, &open, why), 0);
	return open;
}

static int try_open(const char *room, const char *track)
{
	struct msg_session_open open = opening(room, track);

	return sessions_open(control.sessions, &open, why);
}

/* What the API shows of a session at @path, "state" or "tracks.0.packets"; static until the next call; ""
 * when missing. */
static const char *shown(const char *id, const char *path)
{
	static char text[512];
	json_t *session = sessions_json(control.sessions, id), *at = session;
	char copy[64], *word, *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	while (at && (word = strsep(&rest, ".")))
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(word)) : json_object_get(at, word);
	if (json_is_string(at))
		snprintf(text, sizeof(text), "%s", json_string_value(at));
	else if (json_is_integer(at))
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(at));
	else if (json_is_real(at))
		snprintf(text, sizeof(text), "%.2f", json_real_value(at));
	else
		text[0] = '\0';
	json_decref(session);
	return text;
}

#define SHOWS(id, path, value) PEER_UNTIL(!strcmp(shown(id, path), value))

/* Media arrives: the peer's slots say so, and the session records. */
static void receive(const char *id, uint64_t packets, uint32_t ssrc, uint64_t ext_seq)
{
	struct msg_session_state *session;

	pthread_mutex_lock(&peer->lock);
	session = peer_find(peer, id);
	assert_non_null(session);
	uint64_t *flow = stat_slot(peer->stat, STAT_SCOPE_FLOW, session->open.tracks[0].stat_index);
	stat_set(flow, STAT_FLOW_pkts, packets);
	stat_set(flow, STAT_FLOW_bytes, packets * 1000);
	stat_set(flow, STAT_FLOW_jitter_rtp, 900);
	stat_set(flow, STAT_FLOW_ssrc, ssrc);
	stat_set(flow, STAT_FLOW_ext_seq, ext_seq);
	stat_set(flow, STAT_FLOW_last_pkt_unix_ns, 1710123458 * CLK_NS_PER_S);
	session->state = MSG_SESSION_RECORDING;
	session->first_pkt_unix_ns = 1710123456 * CLK_NS_PER_S;
	peer_set_slots(peer, session, 2);
	peer_send_session(peer, session);
	pthread_mutex_unlock(&peer->lock);
	assert_true(SHOWS(id, "state", "recording"));
}

static void end(const char *id, uint32_t state, const char *reason)
{
	pthread_mutex_lock(&peer->lock);
	assert_non_null(peer_find(peer, id));
	peer_end(peer, peer_find(peer, id), state, reason);
	pthread_mutex_unlock(&peer->lock);
}

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

static void answers_an_opening_as_the_contract_has_it(void **state)
{
	struct msg_session_open open = open_one("demo", "video0");
	json_t *json = sessions_opened_json(&open);
	char *text = json_dumps(json, JSON_COMPACT), expected[512];

	snprintf(expected, sizeof(expected),
	        "{\"id\":\"%s\",\"room\":\"demo\",\"participant\":\"alice\",\"state\":\"waiting\","
	        "\"address\":\"10.77.0.1\",\"port\":20000,"
	        "\"rtcp_port\":20001,\"tracks\":[{\"id\":\"video0\",\"record\":\"%s\"}]}",
	        open.id, open.tracks[0].promised);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
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

static void shows_live_figures(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	receive(open.id, 250, 77, 5);
	assert_string_equal(shown(open.id, "tracks.0.packets"), "250");
	assert_string_equal(shown(open.id, "tracks.0.ssrc"), "77");
	assert_string_equal(shown(open.id, "tracks.0.jitter_ms"), "10.00");
	assert_string_equal(shown(open.id, "tracks.0.bitrate_bps"), "1000000");
	assert_string_equal(shown(open.id, "started"), "2024-03-11T02:17:36.000Z");
	assert_string_equal(shown(open.id, "tracks.0.last_packet"), "2024-03-11T02:17:38.000Z");
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

static void adopts_what_runs_when_control_begins_anew(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	receive(open.id, 10, 77, 5);
	stop_control();
	start_control();
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

static void lists_newest_first_by_pages(void **state)
{
	struct msg_session_open open[5];
	char *cursor, *next, *none;
	json_t *list;

	for (unsigned i = 0; i < 5; i++)
		open[i] = open_one(i % 2 ? "odd" : "even", (const char *[]){ "a", "b", "c", "d", "e" }[i]);
	list = sessions_list_json(control.sessions, NULL, NULL, 3, NULL, &cursor);
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "id")), open[4].id);
	assert_non_null(cursor);
	json_decref(list);
	list = sessions_list_json(control.sessions, NULL, NULL, 3, cursor, &next);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "id")), open[1].id);
	assert_null(next);
	json_decref(list);
	free(cursor);
	list = sessions_list_json(control.sessions, "odd", "waiting", 3, NULL, &next);
	assert_int_equal(json_array_size(list), 2);
	json_decref(list);
	assert_null(next);
	list = sessions_list_json(control.sessions, NULL, "done", 3, NULL, &next);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	assert_null(sessions_list_json(control.sessions, NULL, NULL, 3, "nonsense", &none));
	assert_null(sessions_list_json(control.sessions, NULL, NULL, 3, "12.", &none));
}

static void tells_of_sessions_long_ended_from_the_catalogue(void **state)
{
	struct catalogue_row row = { .name = "old_v_1.ivf",
		.promised = "old_v_1.ivf",
		.session = "s_old",
		.room = "old",
		.participant = "bob",
		.track = "v",
		.bytes = 42,
		.sidecar = (char *)"{}" };

	assert_int_equal(catalogue_put(control.catalogue, &row), 0);
	assert_string_equal(shown("s_old", "state"), "done");
	assert_string_equal(shown("s_old", "room"), "old");
	assert_string_equal(shown("s_old", "recordings.0.name"), "old_v_1.ivf");
	assert_string_equal(shown("s_old", "recordings.0.size"), "42");
	assert_null(sessions_json(control.sessions, "s_none"));
}

static void says_when_the_port_range_is_unusable(void **state)
{
	struct conf bad = { .ingest_port_range = (char *)"x" };
	struct control none = { .conf = &bad };
	struct sessions *sessions;

	assert_int_equal(sessions_create(&sessions, &none), -EINVAL);
	sessions_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(opens_a_session_with_names_port_and_keys),
		CASE(answers_an_opening_as_the_contract_has_it),
		CASE(promises_different_names_to_tracks_that_look_alike),
		CASE(promises_different_names_to_rooms_that_look_alike),
		CASE(gives_a_room_and_track_to_one_session),
		CASE(gives_a_wished_port_to_one_session),
		CASE(says_when_no_port_is_left),
		CASE(admits_nobody_when_it_must_not),
		CASE(gives_everything_back_when_the_dataplane_refuses),
		CASE(shows_live_figures),
		CASE(closes_and_shows_what_was_recorded),
		CASE(goes_on_closing_when_nobody_waits_any_more),
		CASE(follows_the_dataplane_to_the_end),
		CASE(asks_for_key_frames),
		CASE(adopts_what_runs_when_control_begins_anew),
		CASE(opens_again_in_a_new_dataplane_where_it_was),
		CASE(opens_many_again),
		CASE(fails_what_a_new_dataplane_refuses),
		CASE(does_not_open_again_what_was_closed_meanwhile),
		CASE(closes_in_the_same_dataplane_what_was_closed_meanwhile),
		CASE(ends_what_ended_while_the_connection_was_cut),
		CASE(leaves_nothing_of_an_opening_that_was_not_answered),
		CASE(lists_newest_first_by_pages),
		CASE(tells_of_sessions_long_ended_from_the_catalogue),
		CASE(says_when_the_port_range_is_unusable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
