/* SPDX-License-Identifier: BSD-3-Clause */
/* What a WebRTC session is made of when it opens. */
#include "tests/unit/dataplane/table_webrtc.h"

static void a_session_opens_with_all_it_needs(void **state)
{
	union msg msg = opening_webrtc("s_1", "ufrag001", 3);
	struct msg_session_open *o = &msg.SESSION_OPEN_;

	conf.ingest_allow_plain_rtp = false;
	join();
	o->extensions[MSG_EXTENSION_TWCC] = 3;
	o->reduced_rtcp = 1;
	o->tracks[0].feedback = MSG_FEEDBACK_NACK | MSG_FEEDBACK_PLI | MSG_FEEDBACK_TWCC | MSG_FEEDBACK_REMB;
	o->tracks[0].max_bitrate_bps = 2000000;
	o->tracks[0].rtx_payload_type = 120;
	o->tracks[0].flexfec_payload_type = 121;
	o->tracks[1].codec = CODEC_OPUS;
	o->tracks[1].channels = 2;
	o->tracks[1].red_payload_type = 63;
	o->tracks[1].feedback = MSG_FEEDBACK_RRTR;
	o->tracks[1].max_bitrate_bps = 64000;
	o->tracks[2].red_payload_type = 122;
	o->tracks[2].red_rtx_payload_type = 123;
	o->tracks[2].ulpfec_payload_type = 124;
	o->tracks[2].max_bitrate_bps = 1000000;
	say(&msg, MSG_SESSION_OPEN, 5);
	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.open.transport, MSG_TRANSPORT_WEBRTC);
	assert_string_equal(msg.SESSION_STATE_.open.ice.ufrag, "ufrag001");
	assert_int_equal(msg.SESSION_STATE_.has_path + msg.SESSION_STATE_.has_keys, 0);
	assert_int_equal(hear_ack(5), 0);

	const struct session *s = session("s_1");
	const struct webrtc *w = s->endpoint->webrtc;
	assert_known(s, "ufrag001");
	assert_int_equal(s->endpoint->port, WEBRTC_PORT);
	assert_int_equal(s->endpoint->local, ENDPOINT_ANY_LOCAL);
	assert_int_equal((uintptr_t)w % 64, 0);
	assert_int_equal(w->extensions[MSG_EXTENSION_TWCC], 3);
	assert_true(w->reduced_rtcp && w->remb && w->rrtr);
	assert_non_null(w->twcc);
	assert_int_equal(w->max_bitrate_bps, 3064000);
	assert_memory_equal(w->ice.now.ufrag, "ufrag001", MSG_UFRAG_BYTES);
	assert_int_equal(w->ice.selected, -1);
	assert_int_equal(w->ice.consent_mono_ns, s->opened_mono_ns);
	assert_int_equal(w->news.kind, COMMAND_NEWS);
	assert_non_null(s->flows[0].nack);
	assert_non_null(s->flows[0].fec);
	assert_null(s->flows[1].nack);
	assert_null(s->flows[1].fec);
	assert_non_null(s->flows[2].fec);
	assert_int_equal(s->flows[0].rtx_type, 120);
	assert_int_equal(s->flows[0].flexfec_type, 121);
	assert_int_equal(s->flows[1].red_type, 63);
	assert_int_equal(s->flows[2].red_rtx_type, 123);
	assert_int_equal(s->flows[2].ulpfec_type, 124);
	assert_int_equal(s->flows[0].feedback & MSG_FEEDBACK_PLI, MSG_FEEDBACK_PLI);
	assert_ptr_equal(s->flows[1].offered, &s->open.tracks[1]);
	assert_int_equal(s->flows[2].key_group, 0);
	/* Its writers wait as long as its sender is asked. */
	assert_int_equal(tracks[0].cfg.reorder_ms, 1000);
	assert_int_equal(tracks[1].cfg.reorder_ms, 0);
	assert_int_equal(tracks[0].cfg.layers, 1);
	assert_int_equal(table->handshakes, 1);
}

static void what_was_not_negotiated_is_not_made(void **state)
{
	union msg msg = opening_webrtc("s_1", "ufrag001", 2);

	join();
	msg.SESSION_OPEN_.tracks[0].feedback = MSG_FEEDBACK_TWCC; /* without its header extension */
	msg.SESSION_OPEN_.tracks[0].max_bitrate_bps = 5;          /* and the other video has no bound */
	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
	const struct webrtc *w = session("s_1")->endpoint->webrtc;
	assert_null(w->twcc);
	assert_false(w->reduced_rtcp || w->remb || w->rrtr);
	assert_int_equal(w->max_bitrate_bps, 0);
}

static void layers_become_one_track(void **state)
{
	union msg msg = opening_webrtc("s_1", "ufrag001", 3);
	struct msg_track *t = msg.SESSION_OPEN_.tracks;

	join();
	conf.record_reorder_ms = 1500;
	for (unsigned i = 1; i < 3; i++) {
		t[i].layer_of = 1;
		t[i].id[0] = '\0';
		t[i].payload_type = 96;
	}
	t[0].layer = 0, t[1].layer = 2, t[2].layer = 1;
	strcpy(t[0].rid, "h"), strcpy(t[1].rid, "l"), strcpy(t[2].rid, "m");
	t[1].feedback = MSG_FEEDBACK_NACK;
	t[0].parameter_set_bytes = 3;
	memcpy(t[0].parameter_sets, "abc", 3);
	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
	struct session *s = session("s_1");
	assert_int_equal(track_count, 1);
	assert_int_equal(tracks[0].cfg.layers, 3);
	assert_string_equal(tracks[0].cfg.rids[0], "h");
	assert_string_equal(tracks[0].cfg.rids[1], "m");
	assert_string_equal(tracks[0].cfg.rids[2], "l");
	assert_int_equal(tracks[0].cfg.reorder_ms, 1500);
	assert_int_equal(tracks[0].cfg.parameter_set_bytes, 3);
	assert_memory_equal(tracks[0].cfg.parameter_sets, "abc", 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_ptr_equal(s->flows[i].track, &tracks[0]);
		assert_int_equal(s->flows[i].layer, s->open.tracks[i].layer);
	}
	/* A wish for its key frames is one for those of all its layers. */
	memset(&msg, 0, sizeof(msg));
	strcpy(msg.KEY_FRAME_.id, "s_1");
	strcpy(msg.KEY_FRAME_.track_id, "track0");
	say(&msg, MSG_KEY_FRAME, 9);
	assert_int_equal(hear_ack(9), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(s->flows[i].key_frame_asked);
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_state(MSG_SESSION_DONE, "deleted");
}

static void what_cannot_be_is_refused(void **state)
{
	union msg msg;

	join();
	open_webrtc("s_1", "ufrag001", 1);
	msg = opening_webrtc("s_2", "ufrag001", 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening_webrtc("s_2", "ufrag002", 1);
	msg.SESSION_OPEN_.port = FIRST;
	assert_int_equal(refused(&msg), -EINVAL);
	msg = opening_webrtc("s_2", "ufrag002", 1);
	strcpy(msg.SESSION_OPEN_.room, "room s_1");
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening_webrtc("s_2", "ufrag002", 2);
	strcpy(msg.SESSION_OPEN_.tracks[1].id, "track0");
	assert_int_equal(refused(&msg), -EINVAL);
	/* Layers are of WebRTC, and so are their names. */
	msg = opening("s_2", FIRST, 2);
	msg.SESSION_OPEN_.tracks[1].layer_of = 1;
	assert_int_equal(refused(&msg), -EINVAL);
	msg = opening_webrtc("s_2", "ufrag002", 2);
	open_fails_at = 3;
	assert_int_equal(refused(&msg), -ENOSPC);
	turns();
	open_fails_at = 0;
	assert_int_equal(table->session_count, 1);
	assert_int_equal(table->handshakes, 1);
	/* Nothing of all that is left over, and an RTP session has its own names. */
	open_webrtc("s_2", "ufrag002", 2);
	open_one("s_3", FIRST, 2);
	assert_int_equal(table->session_count, 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(a_session_opens_with_all_it_needs),
		CASE(what_was_not_negotiated_is_not_made),
		CASE(layers_become_one_track),
		CASE(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
