/* SPDX-License-Identifier: BSD-3-Clause */
/* WebRTC sessions from the offer to their keys, with DTLS clients behind a dataplane of tests. SDP is another
 * file's matter: what is asked of it here is answered by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include "base/clk.h"
#include "control/webrtc.h"
#include "tests/unit/control/control_rig.h"
#include "tests/unit/control/dtls_client.h"

static struct dtls_client *client;
static char dir[64], file[96];
static int tracks_result;
static bool no_fingerprint, wrong_fingerprint, no_answer;
static bool was_closed; /* the client was told, by close_notify */

int sdp_webrtc_tracks(struct msg_session_open *open, const struct sdp_webrtc_offer *offer,
        const struct conf *settings, char ret_why[LIMIT_REASON_BYTES + 1])
{
	strcpy(ret_why, tracks_result ? "m-line 0: nothing of it can be served" : "");
	strcpy(open->ice.remote_ufrag, "peer");
	open->track_count = 1;
	open->tracks[0] = (struct msg_track){
		.id = "video0", .codec = CODEC_VP8, .payload_type = 96, .clock_rate = 90000, .mid = "0"
	};
	return tracks_result;
}

unsigned sdp_webrtc_fingerprints(
        const struct sdp_webrtc_offer *offer, struct dtls_fingerprint ret_list[SDP_WEBRTC_FINGERPRINTS])
{
	ret_list[0] = client->fingerprint;
	ret_list[0].bytes[7] ^= wrong_fingerprint;
	return !no_fingerprint;
}

char *sdp_webrtc_answer(const struct sdp_webrtc_offer *offer, const struct msg_session_open *open,
        const struct conf *settings, const char *fingerprint)
{
	return no_answer ? NULL : strdup(fingerprint);
}

static void on_datagram(void *arg, const struct msg_datagram *datagram)
{
	webrtc_on_datagram(control.webrtc, datagram);
}

static void begin(void)
{
	assert_int_equal(webrtc_create(&control.webrtc, &control), 0);
}

static void end(void)
{
	webrtc_free(control.webrtc);
}

static int setup(void **state)
{
	tracks_result = 0;
	no_fingerprint = wrong_fingerprint = no_answer = was_closed = false;
	strcpy(dir, "/tmp/wirespool-webrtc-XXXXXX");
	if (!mkdtemp(dir) || !rig_create())
		return -1;
	snprintf(file, sizeof(file), "%s/" DTLS_CERT_FILE, dir);
	conf.control_dtls_dir = dir;
	conf.control_dtls_cert_days = 30;
	client = dtls_client_create(&(struct dtls_client_cfg){ 0 });
	rig_start(begin, on_datagram);
	return 0;
}

static int teardown(void **state)
{
	rig_stop(end);
	rig_free();
	dtls_client_free(client);
	unlink(file);
	return rmdir(dir);
}

static int try_open(const char *room, struct msg_session_open *ret_open, char **ret_answer)
{
	*ret_answer = NULL;
	*ret_open = (struct msg_session_open){ .idle_timeout_s = 30 };
	strcpy(ret_open->room, room);
	strcpy(ret_open->participant, "alice");
	return webrtc_open(control.webrtc, NULL, ret_open, ret_answer, why);
}

static struct msg_session_open open_one(const char *room)
{
	struct msg_session_open open;
	char *answer;

	assert_int_equal(try_open(room, &open, &answer), 0);
	free(answer);
	return open;
}

/* Both ways once: what came for @id goes to the client, what the client sends goes to the dataplane. */
static void pump(const char *id)
{
	struct msg_datagram pkts[PEER_PKTS];
	unsigned n;

	pthread_mutex_lock(&peer->lock);
	n = peer->pkt_count;
	memcpy(pkts, peer->pkts, n * sizeof(pkts[0]));
	peer->pkt_count = 0;
	pthread_mutex_unlock(&peer->lock);
	for (unsigned i = 0; i < n; i++) {
		assert_string_equal(pkts[i].id, id);
		dtls_client_input(client, pkts[i].bytes, pkts[i].len);
	}
	for (unsigned i = 0; i < client->count; i++)
		peer_send_datagram(peer, id, client->sent[i].bytes, client->sent[i].len);
	client->count = 0;
	was_closed = client->closed;
}

#define PUMPS_UNTIL(id, condition) PEER_UNTIL((pump(id), condition))

static struct msg_session_open shake_hands(void)
{
	struct msg_session_open open = open_one("demo");

	dtls_client_input(client, NULL, 0);
	assert_true(PUMPS_UNTIL(open.id, client->connected && peer->keyed == 1));
	return open;
}

static bool is_ice_text(const char *text, size_t min, size_t max)
{
	for (size_t i = 0; text[i]; i++) {
		if (!isalnum((unsigned char)text[i]))
			return false;
	}
	return strlen(text) >= min && strlen(text) <= max;
}

static void an_offer_becomes_a_session_and_an_answer(void **state)
{
	struct msg_session_open open, other;
	struct dtls_fingerprint fingerprint;
	struct msg_ice ice;
	char *answer;

	assert_int_equal(try_open("demo", &open, &answer), 0);
	assert_int_equal(dtls_fingerprint_parse(&fingerprint, answer, strlen(answer)), 0);
	free(answer);
	assert_int_equal(open.transport, MSG_TRANSPORT_WEBRTC);
	assert_int_equal(open.port, 3478);
	assert_int_equal(open.addr.family, 0);
	assert_true(is_ice_text(open.ice.ufrag, MSG_UFRAG_BYTES, MSG_UFRAG_BYTES));
	assert_true(is_ice_text(open.ice.pwd, 26, LIMIT_ICE_PWD_BYTES)); /* 128 bits at five each */
	assert_string_equal(open.ice.remote_ufrag, "peer");
	assert_memory_equal(&peer->last_open.ice, &open.ice, sizeof(open.ice));
	assert_int_equal(webrtc_ice(control.webrtc, open.id, &ice), 0);
	assert_memory_equal(&ice, &open.ice, sizeof(ice));
	other = open_one("other");
	assert_string_not_equal(open.ice.ufrag, other.ice.ufrag);
	assert_string_not_equal(open.ice.pwd, other.ice.pwd);
}

static void the_handshakes_keys_reach_the_dataplane(void **state)
{
	uint8_t key[PROFILE_KEY_BYTES], send_key[PROFILE_KEY_BYTES];
	struct msg_session_open open = shake_hands();

	dtls_client_keys(client, 16, 12, key, send_key);
	assert_string_equal(peer->last_keys.id, open.id);
	assert_int_equal(peer->last_keys.profile, PROFILE_AEAD_AES_128_GCM);
	assert_memory_equal(peer->last_keys.key, key, sizeof(key));
	assert_memory_equal(peer->last_keys.send_key, send_key, sizeof(key));
	assert_true(SHOWS(open.id, "dtls", "connected"));
}

static void what_cannot_be_served_is_refused_with_the_reason(void **state)
{
	struct msg_session_open open;
	char *answer;

	tracks_result = -ENOENT;
	assert_int_equal(try_open("demo", &open, &answer), -ENOENT);
	assert_string_equal(why, "m-line 0: nothing of it can be served");
	tracks_result = 0;
	no_fingerprint = true;
	assert_int_equal(try_open("demo", &open, &answer), -EINVAL);
	assert_string_equal(why, "the offer names no certificate that is taken");
	assert_int_equal(peer->opened, 0);
	assert_null(answer);
}

/* And DTLS forgets it: a hello is not answered. */
static void what_the_dataplane_refuses_leaves_nothing_behind(void **state)
{
	struct msg_session_open open;
	char *answer;

	peer->refuse = -ENOSPC;
	assert_int_equal(try_open("demo", &open, &answer), -ENOSPC);
	assert_string_equal(why, "the peer refuses");
	peer->refuse = 0;
	dtls_client_input(client, NULL, 0);
	peer_send_datagram(peer, open.id, client->sent[0].bytes, client->sent[0].len);
	usleep(30000);
	assert_int_equal(peer->pkt_count, 0);
	assert_int_equal(webrtc_ice(control.webrtc, open.id, &open.ice), -ENOENT);
	open = open_one("demo");
}

static void a_session_that_cannot_be_answered_is_closed(void **state)
{
	struct msg_session_open open;
	char *answer;

	no_answer = true;
	assert_int_equal(try_open("demo", &open, &answer), -ENOMEM);
	assert_true(SHOWS(open.id, "state", "done"));
	assert_string_equal(peer->last_close.reason, "its opener could not be answered");
}

static void another_peer_than_the_offers_ends_the_session(void **state)
{
	struct msg_session_open open;

	wrong_fingerprint = true;
	open = open_one("demo");
	dtls_client_input(client, NULL, 0);
	assert_true(PUMPS_UNTIL(open.id, peer->closed == 1));
	assert_string_equal(
	        peer->last_close.reason, "dtls: the peer's certificate is not the one of its offer");
	assert_int_equal(peer->keyed, 0);
	assert_true(SHOWS(open.id, "state", "failed"));
}

static void close_notify_ends_the_session(void **state)
{
	struct msg_session_open open = shake_hands();

	SSL_shutdown(client->ssl);
	assert_true(PUMPS_UNTIL(open.id, peer->closed == 1));
	assert_string_equal(peer->last_close.reason, "peer closed");
	assert_true(SHOWS(open.id, "state", "done"));
	assert_string_equal(shown(open.id, "reason"), "peer closed");
}

static void the_peer_is_told_of_the_end(void **state)
{
	struct msg_session_open open = shake_hands();

	sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS);
	assert_true(PUMPS_UNTIL(open.id, was_closed));
	assert_int_equal(peer->closed, 1);
}

static void an_end_by_the_dataplane_is_told_too(void **state)
{
	struct msg_session_open open = shake_hands();

	pthread_mutex_lock(&peer->lock);
	peer_end(peer, peer_find(peer, open.id), MSG_SESSION_DONE, "duration");
	pthread_mutex_unlock(&peer->lock);
	assert_true(PUMPS_UNTIL(open.id, was_closed));
	assert_int_equal(peer->closed, 0);
}

static void an_ice_restart_makes_new_credentials(void **state)
{
	struct msg_session_open open = open_one("demo");
	char long_ufrag[LIMIT_ICE_UFRAG_BYTES + 2];
	struct msg_ice ice, now;

	assert_int_equal(webrtc_restart(control.webrtc, open.id, "peer2", &ice, why), 0);
	assert_string_equal(ice.remote_ufrag, "peer2");
	assert_string_not_equal(ice.ufrag, open.ice.ufrag);
	assert_string_not_equal(ice.pwd, open.ice.pwd);
	assert_memory_equal(&peer->last_ice.ice, &ice, sizeof(ice));
	assert_int_equal(webrtc_ice(control.webrtc, open.id, &now), 0);
	assert_memory_equal(&now, &ice, sizeof(ice));
	memset(long_ufrag, 'a', sizeof(long_ufrag));
	long_ufrag[LIMIT_ICE_UFRAG_BYTES + 1] = '\0';
	assert_int_equal(webrtc_restart(control.webrtc, open.id, long_ufrag, &now, why), -EINVAL);
	assert_int_equal(webrtc_restart(control.webrtc, "s_unknown", "peer2", &now, why), -ENOENT);
}

static void a_handshake_goes_on_in_a_new_dataplane(void **state)
{
	struct msg_session_open open = open_one("demo");

	dtls_client_input(client, NULL, 0);
	pump(open.id);
	rig_replace_dataplane();
	assert_true(PEER_UNTIL(peer->opened == 2));
	assert_true(
	        PUMPS_UNTIL(open.id, (dtls_client_resend(client), client->connected && peer->keyed == 1)));
	assert_string_equal(peer->last_keys.id, open.id);
}

static void keys_are_given_to_a_new_dataplane(void **state)
{
	struct msg_session_open open = shake_hands();
	struct msg_session_keys first = peer->last_keys;

	rig_replace_dataplane();
	assert_true(PEER_UNTIL(peer->keyed == 2));
	assert_memory_equal(peer->last_keys.key, first.key, sizeof(first.key));
	assert_memory_equal(peer->last_open.ice.pwd, open.ice.pwd, sizeof(open.ice.pwd));
	SSL_shutdown(client->ssl);
	assert_true(PUMPS_UNTIL(open.id, peer->closed == 1));
	assert_string_equal(peer->last_close.reason, "peer closed");
}

/* Stopping is no end: the peer hears nothing, and its session goes on. */
static void a_restart_of_control_leaves_the_call_alone(void **state)
{
	struct msg_session_open open = shake_hands();

	rig_stop(end);
	rig_start(begin, on_datagram);
	pump(open.id);
	assert_false(was_closed);
	assert_true(sessions_is_live(control.sessions, open.id));
	SSL_shutdown(client->ssl); /* nobody has the connection's keys any more */
	pump(open.id);
	usleep(20000);
	assert_int_equal(peer->closed, 0);
	assert_int_equal(sessions_close(control.sessions, open.id, "deleted", PEER_WAIT_MS), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(an_offer_becomes_a_session_and_an_answer),
		CASE(the_handshakes_keys_reach_the_dataplane),
		CASE(what_cannot_be_served_is_refused_with_the_reason),
		CASE(what_the_dataplane_refuses_leaves_nothing_behind),
		CASE(a_session_that_cannot_be_answered_is_closed),
		CASE(another_peer_than_the_offers_ends_the_session),
		CASE(close_notify_ends_the_session),
		CASE(the_peer_is_told_of_the_end),
		CASE(an_end_by_the_dataplane_is_told_too),
		CASE(an_ice_restart_makes_new_credentials),
		CASE(a_handshake_goes_on_in_a_new_dataplane),
		CASE(keys_are_given_to_a_new_dataplane),
		CASE(a_restart_of_control_leaves_the_call_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
