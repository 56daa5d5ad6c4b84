/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions from opening to end, as control sees them: two lcores, writers that do what the test says, a real
 * socket. */
#include "tests/unit/dataplane/table_threads.h"

static char nowhere[] = "/nonexistent";

static void a_session_opens_with_all_it_needs(void **state)
{
	union msg msg;

	join();
	msg = opening("s_1", FIRST, 2);
	msg.SESSION_OPEN_.tracks[1].ssrc_known = 1;
	msg.SESSION_OPEN_.tracks[1].ssrc = 1234;
	msg.SESSION_OPEN_.tracks[1].codec = CODEC_OPUS;
	msg.SESSION_OPEN_.tracks[1].channels = 2;
	say(&msg, MSG_SESSION_OPEN, 5);
	hear(&msg, MSG_SESSION_STATE);
	assert_string_equal(msg.SESSION_STATE_.open.id, "s_1");
	assert_int_equal(msg.SESSION_STATE_.open.idle_timeout_s, 30);
	assert_int_equal(msg.SESSION_STATE_.open.tracks[0].key[0], 7);
	assert_int_equal(msg.SESSION_STATE_.open.tracks[0].stat_index, 0);
	assert_int_equal(msg.SESSION_STATE_.open.tracks[1].stat_index, 1);
	assert_int_equal(hear_ack(5), 0);
	assert_int_equal(track_count, 2);
	assert_string_equal(tracks[0].cfg.room, "room s_1");
	assert_string_equal(tracks[1].cfg.id, "track1");
	assert_string_equal(tracks[1].cfg.promised, "file1.ivf");
	assert_int_equal(tracks[1].cfg.channels, 2);
	assert_int_equal(tracks[0].writer, tracks[1].writer);
	struct session *s = session("s_1");
	assert_true(endpoint_is_own(&lcores[s->owner], s->endpoint, 0, FIRST));
	assert_int_equal(endpoint_own_count(&lcores[!s->owner]), 0);
	assert_int_equal(s->endpoint->ssrc_bound, 2);
	assert_int_equal(s->endpoint->ssrcs[1], 1234);
	assert_int_equal(proc(STAT_PROC_sessions_opened), 1);
}

static void openings_that_cannot_be_are_refused_with_a_reason(void **state)
{
	union msg msg;

	join();
#define REFUSED(status, change)                                                                              \
	do {                                                                                                 \
		msg = opening("s_1", FIRST, 2);                                                              \
		change;                                                                                      \
		assert_int_equal(refused(&msg), status);                                                     \
		assert_int_equal(table->session_count, 0);                                                   \
	} while (0)
	struct msg_session_open *o = &msg.SESSION_OPEN_;
	REFUSED(-EINVAL, o->track_count = 0);
	REFUSED(-EINVAL, o->id[0] = '\0');
	REFUSED(-EINVAL, o->room[0] = '\0');
	REFUSED(-EINVAL, o->port = FIRST - 2);
	REFUSED(-EINVAL, o->port = FIRST + 99);
	REFUSED(-EINVAL, o->addr.bytes[3] = 9);
	REFUSED(-EINVAL, o->tracks[0].id[0] = '\0');
	REFUSED(-EINVAL, strcpy(o->tracks[0].id, o->tracks[1].id));
	REFUSED(-EINVAL, o->tracks[0].payload_type = 72);
	REFUSED(-EINVAL, o->tracks[0].clock_rate = 0);
	REFUSED(-EINVAL, o->tracks[0].codec = CODEC_OPUS);
	REFUSED(-EINVAL, o->tracks[0].roc = 1);
	REFUSED(-EINVAL, (o->tracks[0].ssrc_known = o->tracks[1].ssrc_known = 1));
	REFUSED(-EINVAL, (conf.ingest_allow_plain_rtp = false, o->tracks[0].profile = PROFILE_PLAIN));
	REFUSED(-ENOSPC, conf.record_min_free_mb = 1 << 30);
	conf.record_min_free_mb = 0;
	REFUSED(-EROFS, conf.record_dir = nowhere);
	conf.record_dir = dir;
	/* Nothing of all that is left over. */
	open_one("s_1", FIRST, 2);
}

static void what_is_taken_is_refused(void **state)
{
	union msg msg;

	join();
	open_one("s_1", FIRST, 2);
	msg = opening("s_1", FIRST + 2, 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST, 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST + 1, 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST + 2, 1);
	strcpy(msg.SESSION_OPEN_.room, "room s_1");
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST + 2, 7);
	assert_int_equal(refused(&msg), -ENOSPC);
	msg = opening("s_2", FIRST, 1);
	msg.SESSION_OPEN_.addr.family = 0;
	assert_int_equal(refused(&msg), -EEXIST);
	/* The same port at another address is another port. */
	msg = opening("s_2", FIRST, 1);
	msg.SESSION_OPEN_.addr = (struct msg_addr){ .family = 6, .bytes = { 0xfd } };
	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
}

static void a_track_that_cannot_be_made_undoes_the_opening(void **state)
{
	union msg msg = opening("s_1", FIRST, 2);

	join();
	open_fails_at = 2;
	assert_int_equal(refused(&msg), -ENOSPC);
	hear_nothing();
	turns();
	assert_int_equal(table->session_count, 0);
	assert_string_equal(tracks[0].reason, "not opened");
	open_fails_at = 0;
	open_one("s_1", FIRST, 2);
}

static void participants_keep_to_one_writer(void **state)
{
	union msg msg;

	join();
	open_one("s_1", FIRST, 1);
	open_one("s_2", FIRST + 2, 1);
	assert_int_not_equal(tracks[0].writer, tracks[1].writer);
	msg = opening("s_3", FIRST + 4, 1);
	strcpy(msg.SESSION_OPEN_.room, "room s_1");
	strcpy(msg.SESSION_OPEN_.tracks[0].id, "another");
	say(&msg, MSG_SESSION_OPEN, 5);
	assert_int_equal(tracks[2].writer, tracks[0].writer);
}

static void closing_finalises_and_is_done_when_all_is_durable(void **state)
{
	join();
	open_one("s_1", FIRST, 2);
	close_at_once = false;
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_nothing();
	assert_true(session("s_1")->endpoint->paused);
	assert_string_equal(tracks[0].reason, "deleted");
	finish_track(&tracks[0], 0);
	turns();
	hear_nothing();
	finish_track(&tracks[1], 0);
	turns();
	hear_state(MSG_SESSION_DONE, "deleted");
	assert_null(session_find(table, "s_1"));
	assert_int_equal(endpoint_own_count(&lcores[0]) + endpoint_own_count(&lcores[1]), 0);
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), -ENOENT);
	/* Port, names and slots are free again. */
	open_one("s_1", FIRST, 2);
}

static void the_first_packet_begins_the_recording(void **state)
{
	union msg msg;

	join();
	open_one("s_1", FIRST, 2);
	packet_comes(session("s_1"), 1, 5000);
	packet_comes(session("s_1"), 0, 4000);
	watch_sessions(table, clk_mono_ns());
	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.state, MSG_SESSION_RECORDING);
	assert_int_equal(msg.SESSION_STATE_.first_pkt_unix_ns, 4000);
	watch_sessions(table, clk_mono_ns());
	hear_nothing();
}

static void silence_ends_a_session(void **state)
{
	uint64_t now;

	join();
	open_one("s_1", FIRST, 1);
	now = session("s_1")->opened_mono_ns;
	watch_sessions(table, now + 29 * CLK_NS_PER_S);
	packet_comes(session("s_1"), 0, 1000);
	watch_sessions(table, now + 29 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_RECORDING, "");
	/* The wall clock may jump: it is the change that counts. */
	packet_comes(session("s_1"), 0, 10);
	watch_sessions(table, now + 58 * CLK_NS_PER_S);
	watch_sessions(table, now + 87 * CLK_NS_PER_S);
	hear_nothing();
	watch_sessions(table, now + 88 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_FINALISING, "idle");
	turns();
	hear_state(MSG_SESSION_DONE, "idle");
}

static void a_session_ends_at_its_longest_duration(void **state)
{
	union msg msg = opening("s_1", FIRST, 1);
	uint64_t now;

	join();
	msg.SESSION_OPEN_.max_duration_s = 5;
	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
	now = session("s_1")->opened_mono_ns;
	watch_sessions(table, now + 5 * CLK_NS_PER_S - 1);
	hear_nothing();
	watch_sessions(table, now + 5 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_FINALISING, "duration");
}

static void bye_of_one_track_closes_it_and_of_all_the_session(void **state)
{
	join();
	open_one("s_1", FIRST, 2);
	session("s_1")->flows[1].ended = true;
	turns();
	assert_string_equal(tracks[1].reason, "bye");
	assert_false(tracks[0].closing);
	hear_nothing();
	session("s_1")->flows[0].ended = true;
	turns();
	hear_state(MSG_SESSION_FINALISING, "bye");
	turns();
	hear_state(MSG_SESSION_DONE, "bye");
}

static void a_track_that_fails_fails_the_session(void **state)
{
	struct writer_events events = inbox_events(inbox);

	join();
	open_one("s_1", FIRST, 2);
	open_one("s_2", FIRST + 2, 1);
	events.on_track_failed(events.arg, &tracks[1], "disk full: 0 bytes free");
	turns();
	hear_state(MSG_SESSION_FINALISING, "disk full: 0 bytes free");
	hear_state(MSG_SESSION_FAILED, "disk full: 0 bytes free");
	assert_int_equal(proc(STAT_PROC_sessions_failed), 1);
	assert_non_null(session_find(table, "s_2"));
}

static void a_file_that_cannot_be_finished_fails_the_session(void **state)
{
	join();
	open_one("s_1", FIRST, 1);
	close_at_once = false;
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	finish_track(&tracks[0], -EIO);
	turns();
	hear_state(MSG_SESSION_FAILED, "file: Input/output error");
	assert_int_equal(proc(STAT_PROC_disk_error), EIO);
}

static void files_are_told_and_listed_while_open(void **state)
{
	struct writer_events events = inbox_events(inbox);
	struct msg_file_state file = {
		.state = MSG_FILE_OPEN, .session = "s_1", .track = "track0", .name = "a.ivf"
	};
	union msg msg = { 0 };

	join();
	open_one("s_1", FIRST, 1);
	events.on_file(events.arg, &file);
	turns();
	hear(&msg, MSG_FILE_STATE);
	assert_string_equal(msg.FILE_STATE_.name, "a.ivf");
	say(&msg, MSG_LIST, 8);
	hear_state(MSG_SESSION_WAITING, "");
	hear(&msg, MSG_FILE_STATE);
	assert_int_equal(msg.FILE_STATE_.state, MSG_FILE_OPEN);
	assert_int_equal(hear_ack(8), 0);
	file.state = MSG_FILE_FINISHED;
	events.on_file(events.arg, &file);
	turns();
	hear(&msg, MSG_FILE_STATE);
	assert_int_equal(proc(STAT_PROC_recordings_finished), 1);
	say(&msg, MSG_LIST, 8);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(8), 0);
	file.state = MSG_FILE_FAILED;
	events.on_file(events.arg, &file);
	file.state = MSG_FILE_DISCARDED;
	events.on_file(events.arg, &file);
	turns();
	assert_int_equal(proc(STAT_PROC_recordings_failed), 1);
	assert_int_equal(proc(STAT_PROC_recordings_finished), 1);
}

static void key_frames_are_asked_for_where_the_endpoint_is(void **state)
{
	union msg msg = { 0 };

	join();
	open_one("s_1", FIRST, 2);
	strcpy(msg.KEY_FRAME_.id, "s_1");
	strcpy(msg.KEY_FRAME_.track_id, "track1");
	say(&msg, MSG_KEY_FRAME, 9);
	assert_int_equal(hear_ack(9), 0);
	assert_false(session("s_1")->flows[0].key_frame_asked);
	assert_true(session("s_1")->flows[1].key_frame_asked);
	memset(&msg, 0, sizeof(msg));
	strcpy(msg.KEY_FRAME_.id, "s_1");
	say(&msg, MSG_KEY_FRAME, 9);
	assert_int_equal(hear_ack(9), 0);
	assert_true(session("s_1")->flows[0].key_frame_asked);
	strcpy(msg.KEY_FRAME_.id, "s_2");
	say(&msg, MSG_KEY_FRAME, 9);
	assert_int_equal(hear_ack(9), -ENOENT);
}

static void an_endpoint_astray_is_moved(void **state)
{
	struct session *s;

	join();
	open_one("s_1", FIRST, 1);
	s = session("s_1");
	assert_int_equal(s->owner, 0);
	s->endpoint->passed_pkts = s->endpoint->own_pkts = 1000;
	s->endpoint->passed_from = 1;
	turns();
	assert_int_equal(s->owner, 1);
	assert_true(endpoint_is_own(&lcores[1], s->endpoint, 0, FIRST));
	assert_false(endpoint_is_own(&lcores[0], s->endpoint, 0, FIRST));
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_state(MSG_SESSION_DONE, "deleted");
}

static void a_close_during_a_move_waits_for_it(void **state)
{
	struct session *s;

	join();
	open_one("s_1", FIRST, 1);
	s = session("s_1");
	s->endpoint->astray.owner = 1;
	session_take_command(s, &s->endpoint->astray);
	assert_int_equal(s->answers, 1);
	session_close(s, "deleted", false);
	assert_int_equal(s->phase, SESSION_OPEN);
	turns();
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_state(MSG_SESSION_DONE, "deleted");
}

static void a_close_during_the_opening_comes_after_it(void **state)
{
	union msg msg = opening("s_1", FIRST, 1), bye = { 0 };

	join();
	strcpy(bye.SESSION_CLOSE_.id, "s_1");
	assert_int_equal(ipc_send(control, &msg, MSG_SESSION_OPEN, 5), 0);
	assert_int_equal(ipc_send(control, &bye, MSG_SESSION_CLOSE, 6), 0);
	turns();
	assert_int_equal(hear_ack(6), 0);
	hear_state(MSG_SESSION_FINALISING, "");
	hear_state(MSG_SESSION_FINALISING, "");
	assert_int_equal(hear_ack(5), 0);
	hear_state(MSG_SESSION_DONE, "");
}

static void what_is_no_request_is_told_so(void **state)
{
	union msg msg = { 0 };

	join();
	say(&msg, MSG_ACK, 4);
	assert_int_equal(hear_ack(4), -EPROTO);
}

static void sessions_go_on_without_control(void **state)
{
	union msg msg = { 0 };

	join();
	open_one("s_1", FIRST, 1);
	close(control);
	turns();
	join();
	say(&msg, MSG_LIST, 8);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(8), 0);
}

static void slots_are_clean_when_they_are_used_again(void **state)
{
	join();
	for (unsigned i = 0; i < 3; i++) {
		open_one("s_1", FIRST, TRACKS);
		for (unsigned t = 0; t < TRACKS; t++) {
			assert_int_equal(stat_get(session("s_1")->flows[t].slot, STAT_FLOW_pkts), 0);
			assert_int_equal(stat_get(tracks[track_count - 1].cfg.slot, STAT_TRACK_pkts), 0);
			stat_set(session("s_1")->flows[t].slot, STAT_FLOW_pkts, 9);
			stat_set(stat_slot(stat_segment, STAT_SCOPE_TRACK, t), STAT_TRACK_pkts, 9);
		}
		close_one("s_1", "deleted");
		assert_int_equal(hear_ack(7), 0);
		hear_state(MSG_SESSION_FINALISING, "deleted");
		hear_state(MSG_SESSION_DONE, "deleted");
	}
}

/* Real threads: sessions are opened, moved to and fro, asked for key frames and closed; then a shutdown with
 * some open. */
static void everything_at_once_in_threads_ends_well(void **state)
{
	struct threads threads;
	union msg msg;

	join();
	threads_begin(&threads);
	for (uint64_t round = 0; round < 12; round++) {
		for (uint16_t i = 0; i < 3; i++) {
			char id[16];
			snprintf(id, sizeof(id), "s_%u", i);
			msg = opening(id, (uint16_t)(FIRST + 2 * i), 2);
			tell_control(&msg, MSG_SESSION_OPEN, 100 + i);
		}
		wait_acks(100);
		usleep(20000);
		for (uint16_t i = 0; i < 3; i++) {
			memset(&msg, 0, sizeof(msg));
			snprintf(msg.KEY_FRAME_.id, sizeof(msg.KEY_FRAME_.id), "s_%u", i);
			tell_control(&msg, MSG_KEY_FRAME, 200 + i);
		}
		wait_acks(200);
		if (round == 11)
			break;
		close_all(300);
		track_count = 0;
	}
	threads_end(&threads);
	assert_int_equal(table->session_count, 0);
	for (unsigned i = 0; i < 6; i++)
		assert_string_equal(tracks[i].reason, "shutdown");
}

static void a_table_without_a_socket_is_not_made(void **state)
{
	struct session_table_cfg cfg = table->cfg;
	struct session_table *none = NULL;
	struct conf other = conf;

	other.dataplane_run_dir = nowhere;
	cfg.conf = &other;
	assert_int_equal(session_table_create(&none, &cfg), -ENOENT);
	assert_null(none);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(a_session_opens_with_all_it_needs),
		CASE(openings_that_cannot_be_are_refused_with_a_reason),
		CASE(what_is_taken_is_refused),
		CASE(a_track_that_cannot_be_made_undoes_the_opening),
		CASE(participants_keep_to_one_writer),
		CASE(closing_finalises_and_is_done_when_all_is_durable),
		CASE(the_first_packet_begins_the_recording),
		CASE(silence_ends_a_session),
		CASE(a_session_ends_at_its_longest_duration),
		CASE(bye_of_one_track_closes_it_and_of_all_the_session),
		CASE(a_track_that_fails_fails_the_session),
		CASE(a_file_that_cannot_be_finished_fails_the_session),
		CASE(files_are_told_and_listed_while_open),
		CASE(key_frames_are_asked_for_where_the_endpoint_is),
		CASE(an_endpoint_astray_is_moved),
		CASE(a_close_during_a_move_waits_for_it),
		CASE(a_close_during_the_opening_comes_after_it),
		CASE(what_is_no_request_is_told_so),
		CASE(sessions_go_on_without_control),
		CASE(slots_are_clean_when_they_are_used_again),
		CASE(everything_at_once_in_threads_ends_well),
		CASE(a_table_without_a_socket_is_not_made),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
