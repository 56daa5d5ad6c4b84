/* SPDX-License-Identifier: BSD-3-Clause */
/* A WebRTC session from opening to end, as control sees it: keys, restarts, consent. */
#include "tests/unit/dataplane/table_threads.h"
#include "tests/unit/dataplane/table_webrtc.h"

static union msg keys(const char *id, uint8_t profile)
{
	union msg msg;

	memset(&msg, 0, sizeof(msg));
	snprintf(msg.SESSION_KEYS_.id, sizeof(msg.SESSION_KEYS_.id), "%s", id);
	msg.SESSION_KEYS_.profile = profile;
	memset(msg.SESSION_KEYS_.key, 3, PROFILE_KEY_BYTES);
	memset(msg.SESSION_KEYS_.send_key, 4, PROFILE_KEY_BYTES);
	return msg;
}

static int give_keys(const char *id, uint8_t profile)
{
	union msg msg = keys(id, profile);

	say(&msg, MSG_SESSION_KEYS, 20);
	return hear_ack(20);
}

static union msg restart(const char *id, const char *ufrag)
{
	union msg msg;

	memset(&msg, 0, sizeof(msg));
	snprintf(msg.SESSION_ICE_.id, sizeof(msg.SESSION_ICE_.id), "%s", id);
	snprintf(msg.SESSION_ICE_.ice.ufrag, sizeof(msg.SESSION_ICE_.ice.ufrag), "%s", ufrag);
	snprintf(msg.SESSION_ICE_.ice.pwd, sizeof(msg.SESSION_ICE_.ice.pwd), "password/with/22/chars");
	return msg;
}

static int restarted(const char *id, const char *ufrag)
{
	union msg msg = restart(id, ufrag);

	say(&msg, MSG_SESSION_ICE, 30);
	return hear_ack(30);
}

/* Its lcore tells of it. */
static void tell(struct session *s, bool has_path, bool expired)
{
	struct webrtc *w = s->endpoint->webrtc;

	w->news.has_path = has_path;
	w->news.expired = expired;
	assert_true(command_tell(&lcores[s->owner], &w->news));
	turns();
}

/* Control comes, and s_1 is open, known as ufrag001. */
static struct session *join_with_one(unsigned tracks_of_it)
{
	join();
	open_webrtc("s_1", "ufrag001", tracks_of_it);
	return session("s_1");
}

static void keys_come_once_to_all_flows(void **state)
{
	union msg msg = { 0 };

	join();
	assert_int_equal(give_keys("s_1", PROFILE_AEAD_AES_128_GCM), -ENOENT);
	open_one("s_0", FIRST, 1);
	assert_int_equal(give_keys("s_0", PROFILE_AEAD_AES_128_GCM), -EINVAL);
	open_webrtc("s_1", "ufrag001", 2);
	assert_int_equal(give_keys("s_1", PROFILE_PLAIN), -EINVAL);
	assert_int_equal(give_keys("s_1", PROFILE_AES_CM_128_HMAC_SHA1_80), 0);
	const struct session *s = session("s_1");
	assert_non_null(s->endpoint->webrtc->crypto);
	for (unsigned i = 0; i < 2; i++)
		assert_ptr_equal(s->flows[i].crypto, s->endpoint->webrtc->crypto);
	assert_int_equal(table->handshakes, 0);
	assert_int_equal(give_keys("s_1", PROFILE_AES_CM_128_HMAC_SHA1_80), -EALREADY);
	say(&msg, MSG_LIST, 8);
	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.has_keys, 0); /* not a word of it for RTP */
	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.has_keys, 1);
	for (unsigned i = 0; i < PROFILE_KEY_BYTES; i++)
		assert_int_equal(msg.SESSION_STATE_.open.tracks[0].key[i], 0);
	assert_int_equal(hear_ack(8), 0);
}

static void a_closing_session_takes_neither_keys_nor_restarts(void **state)
{
	join();
	open_webrtc("s_1", "ufrag001", 1);
	close_at_once = false;
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	assert_int_equal(give_keys("s_1", PROFILE_AES_CM_128_HMAC_SHA1_80), -ENOENT);
	assert_int_equal(restarted("s_1", "ufrag002"), -ENOENT);
	finish_track(&tracks[0], 0);
	turns();
	hear_state(MSG_SESSION_DONE, "deleted");
	assert_unknown("ufrag001");
	assert_int_equal(table->handshakes, 0);
	/* The ufrag is free again. */
	open_webrtc("s_1", "ufrag001", 1);
}

static void keys_follow_an_endpoint_that_moves(void **state)
{
	union msg msg = keys("s_1", PROFILE_AES_CM_128_HMAC_SHA1_80);
	struct session *s = join_with_one(1);

	assert_int_equal(s->owner, 0);
	s->endpoint->astray.owner = 1;
	session_take_command(s, &s->endpoint->astray);
	say(&msg, MSG_SESSION_KEYS, 20);
	assert_int_equal(hear_ack(20), 0);
	assert_int_equal(s->owner, 1);
	assert_known(s, "ufrag001");
	assert_non_null(s->flows[0].crypto);
	assert_non_null(s->endpoint->webrtc->crypto);
}

static void a_restart_is_known_to_all_beside_the_credentials_before(void **state)
{
	union msg msg = { 0 };
	struct session *s;

	join();
	open_one("s_0", FIRST, 1);
	open_webrtc("s_1", "ufrag001", 1);
	s = session("s_1");
	assert_int_equal(restarted("s_0", "ufrag002"), -EINVAL);
	assert_int_equal(restarted("s_2", "ufrag002"), -ENOENT);
	assert_int_equal(restarted("s_1", "ufrag00"), -EINVAL);
	assert_int_equal(restarted("s_1", "ufrag001"), -EEXIST);
	assert_int_equal(restarted("s_1", "ufrag002"), 0);
	assert_known(s, "ufrag001");
	assert_known(s, "ufrag002");
	assert_memory_equal(s->endpoint->webrtc->ice.now.ufrag, "ufrag002", MSG_UFRAG_BYTES);
	assert_memory_equal(s->endpoint->webrtc->ice.before.ufrag, "ufrag001", MSG_UFRAG_BYTES);
	msg = opening_webrtc("s_2", "ufrag002", 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening_webrtc("s_2", "ufrag001", 1);
	assert_int_equal(refused(&msg), -EEXIST);
	memset(&msg, 0, sizeof(msg));
	say(&msg, MSG_LIST, 8);
	hear(&msg, MSG_SESSION_STATE);
	hear(&msg, MSG_SESSION_STATE);
	assert_string_equal(msg.SESSION_STATE_.open.ice.ufrag, "ufrag002");
	assert_int_equal(hear_ack(8), 0);
}

static void a_further_restart_forgets_the_oldest(void **state)
{
	struct session *s;
	char ufrag[] = "ufrag00x";

	join();
	open_webrtc("s_1", "ufrag000", 1);
	s = session("s_1");
	for (char i = '1'; i <= '9'; i++) {
		ufrag[7] = i;
		assert_int_equal(restarted("s_1", ufrag), 0);
		assert_known(s, ufrag);
		ufrag[7] = (char)(i - 1);
		assert_known(s, ufrag);
		if (i == '1')
			continue;
		ufrag[7] = (char)(i - 2);
		assert_unknown(ufrag);
	}
	/* What is forgotten is free. */
	open_webrtc("s_2", "ufrag000", 1);
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_state(MSG_SESSION_DONE, "deleted");
	assert_unknown("ufrag008");
	assert_unknown("ufrag009");
	assert_known(session("s_2"), "ufrag000");
}

static void restarts_come_one_after_the_other_and_after_a_move(void **state)
{
	union msg first = restart("s_1", "ufrag002"), second = restart("s_1", "ufrag003");
	struct session *s = join_with_one(1);

	s->endpoint->astray.owner = 1;
	session_take_command(s, &s->endpoint->astray);
	assert_int_equal(ipc_send(control, &first, MSG_SESSION_ICE, 30), 0);
	assert_int_equal(ipc_send(control, &second, MSG_SESSION_ICE, 31), 0);
	turns();
	assert_int_equal(hear_ack(31), -EBUSY);
	assert_int_equal(hear_ack(30), 0);
	assert_int_equal(s->owner, 1);
	assert_known(s, "ufrag001");
	assert_known(s, "ufrag002");
	/* And an endpoint that is known by two moves with both. */
	s->endpoint->astray.owner = 0;
	session_take_command(s, &s->endpoint->astray);
	turns();
	assert_int_equal(s->owner, 0);
	assert_known(s, "ufrag001");
	assert_known(s, "ufrag002");
}

static void a_close_before_a_restart_has_begun_ends_it(void **state)
{
	union msg msg = restart("s_1", "ufrag002");
	struct session *s = join_with_one(1);

	s->endpoint->astray.owner = 1;
	session_take_command(s, &s->endpoint->astray);
	assert_int_equal(ipc_send(control, &msg, MSG_SESSION_ICE, 30), 0);
	session_table_poll(table, 0);
	session_close(s, "deleted", false);
	turns();
	hear_state(MSG_SESSION_FINALISING, "deleted");
	assert_int_equal(hear_ack(30), -ENOENT);
	hear_state(MSG_SESSION_DONE, "deleted");
	assert_unknown("ufrag001");
	assert_unknown("ufrag002");
	open_webrtc("s_1", "ufrag002", 1);
}

static void a_close_during_a_restart_waits_for_it(void **state)
{
	union msg msg = restart("s_1", "ufrag002");
	struct session *s = join_with_one(1);

	assert_int_equal(ipc_send(control, &msg, MSG_SESSION_ICE, 30), 0);
	session_table_poll(table, 0);
	session_close(s, "deleted", false);
	turns();
	hear_state(MSG_SESSION_FINALISING, "deleted");
	assert_int_equal(hear_ack(30), 0);
	hear_state(MSG_SESSION_DONE, "deleted");
	assert_unknown("ufrag001");
	assert_unknown("ufrag002");
}

static void a_path_is_told_once(void **state)
{
	union msg msg;
	struct session *s = join_with_one(1);

	tell(s, true, false);
	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.state, MSG_SESSION_WAITING);
	assert_int_equal(msg.SESSION_STATE_.has_path, 1);
	tell(s, true, false);
	hear_nothing();
}

static void a_path_during_the_opening_is_told_with_it(void **state)
{
	union msg msg = opening_webrtc("s_1", "ufrag001", 1);
	struct session *s;

	join();
	assert_int_equal(ipc_send(control, &msg, MSG_SESSION_OPEN, 5), 0);
	session_table_poll(table, 0);
	s = session("s_1");
	s->endpoint->webrtc->news.has_path = true;
	assert_true(command_tell(&lcores[0], &s->endpoint->webrtc->news));
	session_table_poll(table, 0);
	hear_nothing();
	turns();
	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.has_path, 1);
	assert_int_equal(hear_ack(5), 0);
	hear_nothing();
}

static void the_end_of_consent_is_the_end(void **state)
{
	struct session *s = join_with_one(1);

	tell(s, false, true);
	hear_state(MSG_SESSION_FINALISING, "consent");
	hear_state(MSG_SESSION_DONE, "consent");
	assert_unknown("ufrag001");
}

static void bye_does_not_end_it(void **state)
{
	struct session *s = join_with_one(1);

	s->endpoint->bye.flows = 1;
	assert_true(command_tell(&lcores[s->owner], &s->endpoint->bye));
	turns();
	hear_nothing();
	assert_true(tracks[0].open && !tracks[0].closing);
}

static void silence_does_not_end_it_while_its_peer_consents(void **state)
{
	struct session *s = join_with_one(1);
	uint64_t now;

	now = s->opened_mono_ns;
	watch_sessions(table, now + 3600 * CLK_NS_PER_S); /* no path: its lcore reckons that */
	hear_nothing();
	tell(s, true, false);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(give_keys("s_1", PROFILE_AEAD_AES_256_GCM), 0);
	watch_sessions(table, now + 7200 * CLK_NS_PER_S);
	hear_nothing();
	s->open.max_duration_s = 7200;
	watch_sessions(table, now + 7200 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_FINALISING, "duration");
}

static void a_handshake_that_does_not_end_ends_it(void **state)
{
	struct session *s = join_with_one(1);

	tell(s, true, false);
	hear_state(MSG_SESSION_WAITING, "");
	watch_sessions(table, s->active_mono_ns + 30 * CLK_NS_PER_S - 1);
	hear_nothing();
	watch_sessions(table, s->active_mono_ns + 30 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_FINALISING, "idle");
}

/* Real threads: sessions are opened, moved to and fro, given keys, restarted, sent datagrams and closed; then
 * a shutdown with some open. */
static void everything_at_once_in_threads_ends_well(void **state)
{
	struct threads threads;
	union msg msg;

	join();
	threads_begin(&threads);
	for (uint64_t round = 0; round < 8; round++) {
		char id[16], ufrag[] = "ufrag000";
		for (unsigned i = 0; i < 3; i++) {
			snprintf(id, sizeof(id), "s_%u", i);
			ufrag[5] = (char)('0' + i);
			msg = opening_webrtc(id, ufrag, 2);
			tell_control(&msg, MSG_SESSION_OPEN, 100 + i);
		}
		wait_acks(100);
		for (unsigned i = 0; i < 3; i++) {
			snprintf(id, sizeof(id), "s_%u", i);
			msg = keys(id, PROFILE_AES_CM_128_HMAC_SHA1_80);
			tell_control(&msg, MSG_SESSION_KEYS, 200 + i);
			for (unsigned j = 0; j < 20; j++) {
				memset(&msg, 0, sizeof(msg));
				memcpy(msg.DTLS_OUT_.id, id, sizeof(id));
				msg.DTLS_OUT_.len = 100;
				tell_control(&msg, MSG_DTLS_OUT, 0);
			}
		}
		wait_acks(200);
		for (unsigned j = 1; j < 5; j++) {
			for (unsigned i = 0; i < 3; i++) {
				snprintf(id, sizeof(id), "s_%u", i);
				ufrag[5] = (char)('0' + i);
				ufrag[7] = (char)('0' + j);
				msg = restart(id, ufrag);
				tell_control(&msg, MSG_SESSION_ICE, 300 + i);
			}
			wait_acks(300);
		}
		if (round == 7)
			break;
		close_all(400);
		track_count = 0;
	}
	threads_end(&threads);
	assert_int_equal(table->session_count + table->handshakes + table->send_count, 0);
}

static void a_table_with_sessions_is_freed_whole(void **state)
{
	union msg msg;

	join();
	open_webrtc("s_1", "ufrag001", 1);
	assert_int_equal(give_keys("s_1", PROFILE_AES_CM_128_HMAC_SHA1_80), 0);
	/* Things under way: a restart, and a datagram. */
	msg = restart("s_1", "ufrag002");
	assert_int_equal(ipc_send(control, &msg, MSG_SESSION_ICE, 30), 0);
	memset(&msg, 0, sizeof(msg));
	strcpy(msg.DTLS_OUT_.id, "s_1");
	msg.DTLS_OUT_.len = 20;
	assert_int_equal(ipc_send(control, &msg, MSG_DTLS_OUT, 0), 0);
	session_table_poll(table, 0);
	assert_int_equal(table->send_count, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(keys_come_once_to_all_flows),
		CASE(a_closing_session_takes_neither_keys_nor_restarts),
		CASE(keys_follow_an_endpoint_that_moves),
		CASE(a_restart_is_known_to_all_beside_the_credentials_before),
		CASE(a_further_restart_forgets_the_oldest),
		CASE(restarts_come_one_after_the_other_and_after_a_move),
		CASE(a_close_before_a_restart_has_begun_ends_it),
		CASE(a_close_during_a_restart_waits_for_it),
		CASE(a_path_is_told_once),
		CASE(a_path_during_the_opening_is_told_with_it),
		CASE(the_end_of_consent_is_the_end),
		CASE(bye_does_not_end_it),
		CASE(silence_does_not_end_it_while_its_peer_consents),
		CASE(a_handshake_that_does_not_end_ends_it),
		CASE(everything_at_once_in_threads_ends_well),
		CASE(a_table_with_sessions_is_freed_whole),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
