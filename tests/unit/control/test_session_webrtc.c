/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clk.h"
#include "tests/unit/control/control_rig.h"

static _Atomic unsigned ended;
static char last_ended[LIMIT_SESSION_ID_BYTES + 1];

static void on_end(void *arg, const char *id)
{
	snprintf(last_ended, sizeof(last_ended), "%s", id);
	ended++;
}

static void begin(void)
{
	ended = 0;
	sessions_on_webrtc_end(control.sessions, on_end, NULL);
}

static int setup(void **state)
{
	if (!rig_create())
		return -1;
	rig_start(begin, NULL);
	return 0;
}

static int teardown(void **state)
{
	rig_stop(NULL);
	rig_free();
	return 0;
}

/* A video track in two layers, and audio. */
static struct msg_session_open opening(const char *room)
{
	struct msg_session_open open = { .transport = MSG_TRANSPORT_WEBRTC,
		.reduced_rtcp = 1,
		.extensions = { [MSG_EXTENSION_MID] = 3, [MSG_EXTENSION_TWCC] = 5 },
		.port = 3478,
		.idle_timeout_s = 30,
		.track_count = 3,
		.ice = { .ufrag = "abcdefgh", .pwd = "secret", .remote_ufrag = "peer" },
		.tracks = { { .id = "video0",
		                    .codec = CODEC_VP8,
		                    .payload_type = 96,
		                    .clock_rate = 90000,
		                    .mid = "0",
		                    .rid = "h" },
		        { .id = "audio1",
		                .codec = CODEC_OPUS,
		                .payload_type = 111,
		                .clock_rate = 48000,
		                .channels = 2,
		                .mid = "1" },
		        { .id = "video0",
		                .codec = CODEC_VP8,
		                .payload_type = 96,
		                .clock_rate = 90000,
		                .mid = "0",
		                .rid = "q",
		                .layer_of = 1,
		                .layer = 1 } } };

	strcpy(open.room, room);
	strcpy(open.participant, "alice");
	return open;
}

static struct msg_session_open open_one(const char *room)
{
	struct msg_session_open open = opening(room);

	assert_int_equal(sessions_open(control.sessions, &open, why), 0);
	return open;
}

static void give_keys(const char *id)
{
	static const uint8_t key[PROFILE_KEY_BYTES] = { 1, 2, 3 }, send_key[PROFILE_KEY_BYTES] = { 4, 5, 6 };

	sessions_keyed(control.sessions, id, PROFILE_AEAD_AES_128_GCM, key, send_key);
}

static void assert_keys_came(const char *id)
{
	assert_string_equal(peer->last_keys.id, id);
	assert_int_equal(peer->last_keys.profile, PROFILE_AEAD_AES_128_GCM);
	assert_memory_equal(peer->last_keys.key, "\1\2\3", 3);
	assert_memory_equal(peer->last_keys.send_key, "\4\5\6", 3);
}

static void opens_on_the_port_that_all_share(void **state)
{
	struct msg_session_open one = open_one("one"), two = open_one("two"), rtp = opening("three");

	assert_int_equal(one.port, 3478);
	assert_int_equal(two.port, 3478);
	assert_int_equal(peer->last_open.transport, MSG_TRANSPORT_WEBRTC);
	assert_int_equal(peer->last_open.reduced_rtcp, 1);
	assert_int_equal(peer->last_open.extensions[MSG_EXTENSION_TWCC], 5);
	assert_string_equal(peer->last_open.ice.pwd, "secret");
	sessions_close(control.sessions, one.id, "deleted", PEER_WAIT_MS);
	rtp.transport = MSG_TRANSPORT_RTP;
	rtp.port = 0;
	rtp.track_count = 1;
	assert_int_equal(sessions_open(control.sessions, &rtp, why), 0);
	assert_int_equal(rtp.port, 20000);
}

static void an_id_that_is_given_stays(void **state)
{
	struct msg_session_open open = opening("demo");

	strcpy(open.id, "s_given");
	assert_int_equal(sessions_open(control.sessions, &open, why), 0);
	assert_string_equal(open.id, "s_given");
	assert_true(sessions_is_live(control.sessions, "s_given"));
}

static void layers_have_neither_claim_nor_file(void **state)
{
	struct msg_session_open open = open_one("demo"), again = opening("demo");

	assert_string_not_equal(open.tracks[0].promised, "");
	assert_string_not_equal(open.tracks[1].promised, "");
	assert_string_equal(open.tracks[2].promised, "");
	assert_int_equal(sessions_open(control.sessions, &again, why), -EEXIST);
	sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS);
	again = opening("demo");
	assert_int_equal(sessions_open(control.sessions, &again, why), 0);
}

static void count(const char *id, unsigned track, uint64_t packets, uint64_t nacked)
{
	struct msg_session_state *session;
	uint64_t *flow;

	pthread_mutex_lock(&peer->lock);
	session = peer_find(peer, id);
	flow = stat_slot(peer->stat, STAT_SCOPE_FLOW, session->open.tracks[track].stat_index);
	stat_set(flow, STAT_FLOW_pkts, packets);
	stat_set(flow, STAT_FLOW_ssrc, 1000 + track);
	stat_set(flow, STAT_FLOW_ext_seq, (uint64_t)(track + 1) << 16 | 7);
	stat_set(flow, STAT_FLOW_nacked_pkts, nacked);
	stat_set(flow, STAT_FLOW_rtx_repaired_pkts, 2);
	stat_set(flow, STAT_FLOW_red_repaired_pkts, 3);
	stat_set(flow, STAT_FLOW_given_up_pkts, 4);
	stat_set(flow, STAT_FLOW_round_trip_us, 12500);
	stat_set(flow, STAT_FLOW_last_pkt_unix_ns, 1710123458 * CLK_NS_PER_S);
	stat_set(stat_slot(peer->stat, STAT_SCOPE_TRACK, session->open.tracks[track].stat_index),
	        STAT_TRACK_layer, track ? 0 : 1);
	pthread_mutex_unlock(&peer->lock);
}

/* The peer's slots of layers are in no state, as the dataplane's. */
static void free_layer_slot(const char *id)
{
	pthread_mutex_lock(&peer->lock);
	stat_set(stat_slot(peer->stat, STAT_SCOPE_TRACK, peer_find(peer, id)->open.tracks[2].stat_index),
	        STAT_TRACK_state, 0);
	pthread_mutex_unlock(&peer->lock);
}

static void shows_what_webrtc_has_beyond_rtp(void **state)
{
	struct msg_session_open open = open_one("demo");

	free_layer_slot(open.id);
	count(open.id, 0, 100, 10);
	count(open.id, 2, 50, 5);
	assert_string_equal(shown(open.id, "transport"), "webrtc");
	assert_string_equal(shown(open.id, "port"), "3478");
	assert_string_equal(shown(open.id, "rtcp_port"), "");
	assert_string_equal(shown(open.id, "address"), "");
	assert_string_equal(shown(open.id, "ice"), "checking");
	assert_string_equal(shown(open.id, "dtls"), "handshaking");
	assert_string_equal(shown(open.id, "tracks.2.id"), "");
	assert_string_equal(shown(open.id, "tracks.0.mid"), "0");
	assert_string_equal(shown(open.id, "tracks.0.rid"), "h");
	assert_string_equal(shown(open.id, "tracks.1.rid"), "");
	assert_string_equal(shown(open.id, "tracks.0.packets"), "150");
	assert_string_equal(shown(open.id, "tracks.0.nacked"), "15");
	assert_string_equal(shown(open.id, "tracks.0.repaired"), "10");
	assert_string_equal(shown(open.id, "tracks.0.given_up"), "8");
	assert_string_equal(shown(open.id, "tracks.0.round_trip_ms"), "12.50");
	assert_string_equal(shown(open.id, "tracks.0.recorded_layer"), "1");
	assert_string_equal(shown(open.id, "tracks.0.layers.0.packets"), "100");
	assert_string_equal(shown(open.id, "tracks.0.layers.1.packets"), "50");
	assert_string_equal(shown(open.id, "tracks.0.layers.1.rid"), "q");
	assert_string_equal(shown(open.id, "tracks.0.layers.1.ssrc"), "1002");
	assert_string_equal(shown(open.id, "tracks.0.layers.1.frames"), "");
	assert_string_equal(shown(open.id, "tracks.1.layers.0.packets"), "");
}

static void rtp_sessions_show_nothing_of_it(void **state)
{
	struct msg_session_open open = opening("demo");

	open.transport = MSG_TRANSPORT_RTP;
	open.port = 0;
	open.addr = (struct msg_addr){ .family = 4, .bytes = { 10, 77, 0, 1 } };
	open.track_count = 1;
	assert_int_equal(sessions_open(control.sessions, &open, why), 0);
	assert_string_equal(shown(open.id, "transport"), "");
	assert_string_equal(shown(open.id, "ice"), "");
	assert_string_equal(shown(open.id, "dtls"), "");
	assert_string_equal(shown(open.id, "tracks.0.nacked"), "");
	assert_string_equal(shown(open.id, "tracks.0.repaired"), "");
	assert_string_equal(shown(open.id, "tracks.0.packets"), "0");
	give_keys(open.id);
	sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS);
	assert_int_equal(ended, 0);
}

static void path_and_keys_are_followed(void **state)
{
	struct msg_session_open open = open_one("demo");

	pthread_mutex_lock(&peer->lock);
	peer_find(peer, open.id)->has_path = 1;
	peer_send_session(peer, peer_find(peer, open.id));
	pthread_mutex_unlock(&peer->lock);
	assert_true(SHOWS(open.id, "ice", "connected"));
	assert_string_equal(shown(open.id, "dtls"), "handshaking");
	give_keys(open.id);
	assert_true(PEER_UNTIL(peer->keyed == 1));
	assert_keys_came(open.id);
	assert_string_equal(shown(open.id, "dtls"), "connected");
	assert_string_equal(shown(open.id, "profile"), "AEAD_AES_128_GCM");
}

static void keys_that_are_refused_end_the_session(void **state)
{
	struct msg_session_open open = open_one("demo");

	peer->refuse_keys = -ENOKEY;
	give_keys(open.id);
	assert_true(SHOWS(open.id, "state", "failed"));
	assert_string_equal(peer->last_close.reason, "dtls: its keys are not taken: the peer refuses");
	assert_string_equal(last_ended, open.id);
}

static void keys_that_it_has_already_are_no_failure(void **state)
{
	struct msg_session_open open = open_one("demo");

	peer->refuse_keys = -EALREADY;
	give_keys(open.id);
	assert_true(PEER_UNTIL(peer->keyed == 1));
	usleep(20000);
	assert_true(sessions_is_live(control.sessions, open.id));
}

static void keys_of_a_session_that_ended_go_nowhere(void **state)
{
	struct msg_session_open open = open_one("demo");

	sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS);
	give_keys(open.id);
	give_keys("s_unknown");
	usleep(20000);
	assert_int_equal(peer->keyed, 0);
}

static void an_end_is_told_whoever_wants_it(void **state)
{
	struct msg_session_open one = open_one("one"), two = open_one("two");

	sessions_close(control.sessions, one.id, "deleted", PEER_WAIT_MS);
	assert_true(ended > 0);
	assert_string_equal(last_ended, one.id);
	ended = 0;
	pthread_mutex_lock(&peer->lock);
	peer_end(peer, peer_find(peer, two.id), MSG_SESSION_DONE, "consent");
	pthread_mutex_unlock(&peer->lock);
	assert_true(SHOWS(two.id, "reason", "consent"));
	assert_true(ended > 0);
	assert_string_equal(last_ended, two.id);
}

static void the_password_and_keys_are_told_to_nobody(void **state)
{
	struct msg_session_open open = open_one("demo"), later;

	assert_true(sessions_opening(control.sessions, open.id, &later));
	assert_string_equal(later.ice.ufrag, "abcdefgh");
	assert_string_equal(later.ice.pwd, "");
}

static void ice_is_restarted(void **state)
{
	struct msg_ice ice = { .ufrag = "ijklmnop", .pwd = "new", .remote_ufrag = "peer2" }, now;
	struct msg_session_open open = open_one("demo");

	assert_int_equal(sessions_ice(control.sessions, open.id, &now), 0);
	assert_string_equal(now.ufrag, "abcdefgh");
	assert_int_equal(sessions_restart_ice(control.sessions, open.id, &ice, why), 0);
	assert_string_equal(peer->last_ice.id, open.id);
	assert_string_equal(peer->last_ice.ice.pwd, "new");
	assert_int_equal(sessions_ice(control.sessions, open.id, &now), 0);
	assert_memory_equal(&now, &ice, sizeof(ice));
	peer->refuse_ice = -EEXIST;
	strcpy(ice.ufrag, "qrstuvwx");
	assert_int_equal(sessions_restart_ice(control.sessions, open.id, &ice, why), -EEXIST);
	assert_string_equal(why, "the peer refuses");
	assert_int_equal(sessions_ice(control.sessions, open.id, &now), 0);
	assert_string_equal(now.ufrag, "ijklmnop");
}

static void only_a_live_webrtc_session_has_ice(void **state)
{
	struct msg_ice ice = { .ufrag = "ijklmnop", .pwd = "new" };
	struct msg_session_open open = open_one("demo"), rtp = opening("rtp");

	rtp.transport = MSG_TRANSPORT_RTP;
	rtp.port = 0;
	rtp.track_count = 1;
	assert_int_equal(sessions_open(control.sessions, &rtp, why), 0);
	assert_int_equal(sessions_ice(control.sessions, "s_unknown", &ice), -ENOENT);
	assert_int_equal(sessions_ice(control.sessions, rtp.id, &ice), -ENOENT);
	assert_int_equal(sessions_restart_ice(control.sessions, "s_unknown", &ice, why), -ENOENT);
	assert_int_equal(sessions_restart_ice(control.sessions, rtp.id, &ice, why), -ENOENT);
	sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS);
	assert_int_equal(sessions_ice(control.sessions, open.id, &ice), -ENOENT);
	assert_int_equal(sessions_restart_ice(control.sessions, open.id, &ice, why), -EALREADY);
	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	rtp = opening("x");
	assert_int_equal(sessions_open(control.sessions, &rtp, why), -ENOTCONN);
	assert_true(peer_return(peer, false));
}

static void goes_on_in_a_new_dataplane_with_its_credentials_and_keys(void **state)
{
	struct msg_ice ice = { .ufrag = "ijklmnop", .pwd = "new", .remote_ufrag = "peer2" };
	struct msg_session_open open = open_one("demo");

	give_keys(open.id);
	assert_true(PEER_UNTIL(peer->keyed == 1));
	assert_int_equal(sessions_restart_ice(control.sessions, open.id, &ice, why), 0);
	free_layer_slot(open.id);
	count(open.id, 0, 100, 0);
	count(open.id, 2, 50, 0);
	rig_replace_dataplane();
	assert_true(PEER_UNTIL(peer->keyed == 2));
	assert_keys_came(open.id);
	assert_string_equal(peer->last_open.id, open.id);
	assert_int_equal(peer->last_open.transport, MSG_TRANSPORT_WEBRTC);
	assert_int_equal(peer->last_open.extensions[MSG_EXTENSION_MID], 3);
	assert_memory_equal(&peer->last_open.ice, &ice, sizeof(ice));
	assert_int_equal(peer->last_open.tracks[0].ssrc, 1000);
	assert_int_equal(peer->last_open.tracks[0].ssrc_bound, 1);
	assert_int_equal(peer->last_open.tracks[0].roc, 1);
	assert_int_equal(peer->last_open.tracks[1].ssrc_bound, 0);
	assert_int_equal(peer->last_open.tracks[2].ssrc, 1002);
	assert_int_equal(peer->last_open.tracks[2].roc, 3);
	assert_int_equal(ended, 0);
	assert_string_equal(shown(open.id, "tracks.0.packets"), "150");
	assert_string_equal(shown(open.id, "ice"), "checking");
}

static void a_handshake_may_end_while_the_dataplane_is_away(void **state)
{
	struct msg_session_open open = open_one("demo");

	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	give_keys(open.id);
	assert_true(peer_return(peer, true));
	assert_true(PEER_UNTIL(peer->keyed == 1));
	assert_keys_came(open.id);
	assert_true(sessions_is_live(control.sessions, open.id));
}

static void keys_that_a_cut_connection_kept_back_are_sent_after_it(void **state)
{
	struct msg_session_open open = open_one("demo");

	peer->mute = true;
	give_keys(open.id);
	usleep(20000);
	peer->mute = false;
	assert_int_equal(peer->keyed, 0);
	peer_cut(peer);
	assert_true(PEER_UNTIL(listed == 2));
	assert_true(PEER_UNTIL(peer->keyed == 1));
	assert_keys_came(open.id);
	peer_cut(peer);
	assert_true(PEER_UNTIL(listed == 3));
	usleep(20000);
	assert_int_equal(peer->keyed, 1);
}

/* Media and consent need no control; so it takes up what runs. */
static void is_adopted_and_can_be_ended_and_restarted(void **state)
{
	struct msg_ice ice = { .ufrag = "ijklmnop", .pwd = "new", .remote_ufrag = "peer2" }, now;
	struct msg_session_open open = open_one("demo");

	give_keys(open.id);
	assert_true(PEER_UNTIL(peer->keyed == 1));
	rig_stop(NULL);
	rig_start(begin, NULL);
	assert_true(sessions_is_live(control.sessions, open.id));
	assert_string_equal(shown(open.id, "dtls"), "connected");
	assert_int_equal(sessions_ice(control.sessions, open.id, &now), 0);
	assert_string_equal(now.ufrag, "abcdefgh");
	assert_int_equal(sessions_restart_ice(control.sessions, open.id, &ice, why), 0);
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS), 0);
	assert_string_equal(shown(open.id, "state"), "done");
	assert_int_equal(peer->closed, 1);
}

static void adopted_and_then_without_its_dataplane_it_has_failed(void **state)
{
	struct msg_session_open open = open_one("demo");

	give_keys(open.id);
	assert_true(PEER_UNTIL(peer->keyed == 1));
	rig_stop(NULL);
	rig_start(begin, NULL);
	rig_replace_dataplane();
	assert_true(SHOWS(open.id, "state", "failed"));
	assert_string_equal(shown(open.id, "reason"), "its keys went with the dataplane");
}

static void a_handshake_does_not_outlive_control(void **state)
{
	struct msg_session_open open = open_one("demo");

	rig_stop(NULL);
	rig_start(begin, NULL);
	assert_true(SHOWS(open.id, "state", "failed"));
	assert_string_equal(
	        peer->last_close.reason, "dtls: the handshake was cut short by a restart of control");
	assert_int_equal(peer->closed, 1);
}

static void a_participants_publication_is_found(void **state)
{
	char id[LIMIT_SESSION_ID_BYTES + 1] = "";
	struct msg_session_open open = open_one("demo"), rtp = opening("rtp");

	rtp.transport = MSG_TRANSPORT_RTP;
	rtp.port = 0;
	rtp.track_count = 1;
	assert_int_equal(sessions_open(control.sessions, &rtp, why), 0);
	assert_true(sessions_publisher(control.sessions, "demo", "alice", id));
	assert_string_equal(id, open.id);
	assert_false(sessions_publisher(control.sessions, "demo", "bob", id));
	assert_false(sessions_publisher(control.sessions, "other", "alice", id));
	assert_false(sessions_publisher(control.sessions, "rtp", "alice", id));
	sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS);
	assert_false(sessions_publisher(control.sessions, "demo", "alice", id));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(opens_on_the_port_that_all_share),
		CASE(an_id_that_is_given_stays),
		CASE(layers_have_neither_claim_nor_file),
		CASE(shows_what_webrtc_has_beyond_rtp),
		CASE(rtp_sessions_show_nothing_of_it),
		CASE(path_and_keys_are_followed),
		CASE(keys_that_are_refused_end_the_session),
		CASE(keys_that_it_has_already_are_no_failure),
		CASE(keys_of_a_session_that_ended_go_nowhere),
		CASE(an_end_is_told_whoever_wants_it),
		CASE(the_password_and_keys_are_told_to_nobody),
		CASE(ice_is_restarted),
		CASE(only_a_live_webrtc_session_has_ice),
		CASE(a_participants_publication_is_found),
		CASE(goes_on_in_a_new_dataplane_with_its_credentials_and_keys),
		CASE(a_handshake_may_end_while_the_dataplane_is_away),
		CASE(keys_that_a_cut_connection_kept_back_are_sent_after_it),
		CASE(is_adopted_and_can_be_ended_and_restarted),
		CASE(adopted_and_then_without_its_dataplane_it_has_failed),
		CASE(a_handshake_does_not_outlive_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
