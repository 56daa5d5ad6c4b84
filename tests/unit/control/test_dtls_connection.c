/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include "control/dtls_connection.h"
#include "control/dtls_context.h"
#include "tests/unit/control/dtls_client.h"

#define MAX_ROUNDS 200

static struct dtls_context *context;
static struct dtls_cert *cert;
static struct dtls_connection *server;
static struct dtls_client *client;
static unsigned count; /* datagrams of the server that were not taken */
static struct dtls_client_pkt sent[DTLS_CLIENT_PKTS];
static enum dtls_connection_state state;

static void on_send(void *arg, const uint8_t *bytes, size_t len)
{
	assert_true(count < DTLS_CLIENT_PKTS && len <= DTLS_MTU);
	sent[count].len = len;
	memcpy(sent[count++].bytes, bytes, len);
}

static int setup(void **unused)
{
	return dtls_context_create(&context, dtls_connection_check) || dtls_cert_make(&cert, 1700000000);
}

static int teardown(void **unused)
{
	dtls_context_free(context);
	dtls_cert_unref(cert);
	return 0;
}

static int end(void **unused)
{
	dtls_connection_free(server);
	if (client)
		dtls_client_free(client);
	server = NULL;
	client = NULL;
	return 0;
}

static void begin_with(const struct dtls_client_cfg *client_cfg, bool want_cookie)
{
	struct dtls_connection_cfg cfg = { .context = context,
		.cert = cert,
		.peer_count = 1,
		.name = "s_1",
		.want_cookie = want_cookie,
		.send = on_send };

	client = dtls_client_create(client_cfg);
	cfg.peers[0] = client->fingerprint;
	count = 0;
	state = DTLS_CONNECTION_HANDSHAKING;
	assert_int_equal(dtls_connection_create(&server, &cfg), 0);
}

static void begin(void)
{
	begin_with(&(struct dtls_client_cfg){ 0 }, false);
}

static void to_server(const struct dtls_client_pkt *pkt)
{
	state = dtls_connection_input(server, pkt->bytes, pkt->len);
}

static void to_client(const struct dtls_client_pkt *pkt)
{
	dtls_client_input(client, pkt->bytes, pkt->len);
}

/* Deliver everything that has been sent, both ways, until nobody has more to say. */
static void exchange(void)
{
	for (unsigned round = 0; client->count + count; round++) {
		struct dtls_client_pkt mine[DTLS_CLIENT_PKTS];
		unsigned n = client->count;

		assert_true(round < MAX_ROUNDS);
		memcpy(mine, client->sent, sizeof(mine));
		client->count = 0;
		for (unsigned i = 0; i < n; i++)
			to_server(&mine[i]);
		n = count;
		memcpy(mine, sent, sizeof(mine));
		count = 0;
		for (unsigned i = 0; i < n; i++)
			to_client(&mine[i]);
	}
}

static void shake_hands(void)
{
	dtls_client_input(client, NULL, 0);
	exchange();
}

/* Both sides have the same keys, of @profile. */
static void assert_keys(enum profile expected)
{
	uint8_t key[PROFILE_KEY_BYTES], send_key[PROFILE_KEY_BYTES];
	uint8_t their_key[PROFILE_KEY_BYTES], their_send_key[PROFILE_KEY_BYTES];
	const struct profile_info *info = profile_info(expected);
	enum profile profile;

	assert_true(client->connected);
	assert_int_equal(state, DTLS_CONNECTION_CONNECTED);
	assert_true(dtls_connection_keys(server, &profile, key, send_key));
	assert_int_equal(profile, expected);
	dtls_client_keys(client, info->key_bytes, info->salt_bytes, their_key, their_send_key);
	assert_memory_equal(key, their_key, sizeof(key));
	assert_memory_equal(send_key, their_send_key, sizeof(key));
	assert_memory_not_equal(key, send_key, info->key_bytes);
}

static void gcm_is_preferred_whatever_the_client_likes(void **unused)
{
	begin();
	shake_hands();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
	assert_int_equal(SSL_version(client->ssl), DTLS1_2_VERSION);
	assert_int_equal(SSL_get_extms_support(client->ssl), 1);
}

static void each_profile_gives_its_keys(void **unused)
{
	static const struct {
		const char *name;
		enum profile profile;
	} rows[] = {
		{ "SRTP_AEAD_AES_128_GCM", PROFILE_AEAD_AES_128_GCM },
		{ "SRTP_AEAD_AES_256_GCM", PROFILE_AEAD_AES_256_GCM },
		{ "SRTP_AES128_CM_SHA1_80", PROFILE_AES_CM_128_HMAC_SHA1_80 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_with(&(struct dtls_client_cfg){ .profiles = rows[i].name }, false);
		shake_hands();
		assert_keys(rows[i].profile);
		end(NULL);
	}
}

static void each_cipher_will_do(void **unused)
{
	static const char *const names[] = { "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
		"ECDHE-ECDSA-CHACHA20-POLY1305" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		begin_with(&(struct dtls_client_cfg){ .ciphers = names[i] }, false);
		shake_hands();
		assert_keys(PROFILE_AEAD_AES_128_GCM);
		assert_string_equal(SSL_get_cipher_name(client->ssl), names[i]);
		end(NULL);
	}
}

static void an_rsa_certificate_of_the_peer_will_do(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .rsa = true }, false);
	shake_hands();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

static void assert_failed(const char *reason)
{
	enum profile profile;
	uint8_t key[PROFILE_KEY_BYTES];

	assert_int_equal(state, DTLS_CONNECTION_FAILED);
	assert_string_equal(dtls_connection_reason(server), reason);
	assert_false(dtls_connection_keys(server, &profile, key, key));
	assert_true(client->failed);
}

static void another_certificate_than_the_offers_is_refused(void **unused)
{
	struct dtls_connection_cfg cfg = {
		.context = context, .cert = cert, .peer_count = 1, .name = "s_1", .send = on_send
	};

	client = dtls_client_create(&(struct dtls_client_cfg){ 0 });
	cfg.peers[0] = client->fingerprint;
	cfg.peers[0].bytes[31] ^= 1;
	count = 0;
	assert_int_equal(dtls_connection_create(&server, &cfg), 0);
	shake_hands();
	assert_failed("the peer's certificate is not the one of its offer");
}

static void a_peer_without_certificate_is_refused(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .no_certificate = true }, false);
	shake_hands();
	assert_failed("the peer showed no certificate");
}

static void no_common_profile_is_said_so(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .profiles = "SRTP_AES128_CM_SHA1_32" }, false);
	shake_hands();
	assert_failed("no SRTP profile in common");
	end(NULL);
	begin_with(&(struct dtls_client_cfg){ .no_srtp = true }, false);
	shake_hands();
	assert_failed("no SRTP profile in common");
}

static void no_common_cipher_is_said_so(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .ciphers = "ECDHE-ECDSA-AES128-SHA" }, false);
	shake_hands();
	assert_failed("no cipher in common");
}

/* As Chromium's with ML-KEM: 1413 bytes. */
static void a_hello_in_two_datagrams_is_put_together(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .padding = 1184 }, false);
	dtls_client_input(client, NULL, 0);
	assert_int_equal(client->count, 2);
	exchange();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

static void a_hello_whose_second_half_comes_first_is_put_together(void **unused)
{
	struct dtls_client_pkt halves[2];

	begin_with(&(struct dtls_client_cfg){ .padding = 1184 }, false);
	dtls_client_input(client, NULL, 0);
	assert_int_equal(client->count, 2);
	memcpy(halves, client->sent, sizeof(halves));
	client->count = 0;
	to_server(&halves[1]);
	assert_int_equal(count, 0);
	to_server(&halves[1]);
	to_server(&halves[0]);
	assert_int_not_equal(count, 0);
	exchange();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

/* GStreamer's: its certificate comes in three datagrams or more. */
static void a_peer_with_an_mtu_of_256_bytes_gets_through(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .mtu = 256, .rsa = true }, false);
	shake_hands();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

/* Every datagram twice, each flight in reverse order. */
static void pump_backwards(void)
{
	struct dtls_client_pkt up[DTLS_CLIENT_PKTS], down[DTLS_CLIENT_PKTS];
	unsigned ups = client->count, downs = count;

	memcpy(up, client->sent, sizeof(up));
	memcpy(down, sent, sizeof(down));
	count = client->count = 0;
	for (unsigned i = 2 * ups; i-- > 0;)
		to_server(&up[i / 2]);
	for (unsigned i = 2 * downs; i-- > 0;)
		to_client(&down[i / 2]);
}

/* Let 10 ms pass, with what is due in them. */
static void tick(void)
{
	uint64_t us;

	usleep(10000);
	dtls_client_resend(client);
	if (dtls_connection_resend_in(server, &us) && !us)
		state = dtls_connection_resend(server);
}

static bool is_through(void)
{
	return client->connected && state == DTLS_CONNECTION_CONNECTED;
}

static void reordered_and_duplicated_datagrams_do_no_harm(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .mtu = 256, .padding = 600 }, false);
	dtls_client_input(client, NULL, 0);
	for (unsigned ms = 0; ms < 5000 && !is_through(); ms += 10) {
		while (client->count + count)
			pump_backwards();
		tick();
	}
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

static void pump_one(bool up, unsigned lose, unsigned *at)
{
	struct dtls_client_pkt mine[DTLS_CLIENT_PKTS];
	unsigned n = up ? client->count : count;

	memcpy(mine, up ? client->sent : sent, sizeof(mine));
	*(up ? &client->count : &count) = 0;
	for (unsigned i = 0; i < n; i++) {
		if ((*at)++ == lose)
			continue;
		if (up)
			to_server(&mine[i]);
		else
			to_client(&mine[i]);
	}
}

/* Whichever of the handshake's datagrams is lost, the timers bring it through. */
static void any_one_datagram_may_be_lost(void **unused)
{
	for (unsigned lose = 0, at = UINT32_MAX; at > lose; lose++) {
		begin();
		at = 0;
		dtls_client_input(client, NULL, 0);
		for (unsigned ms = 0; ms < 3000 && !is_through(); ms += 10) {
			while (client->count + count) {
				pump_one(true, lose, &at);
				pump_one(false, lose, &at);
			}
			tick();
		}
		assert_keys(PROFILE_AEAD_AES_128_GCM);
		end(NULL);
	}
}

/* The server alone sends again: the peer that waits has lost its whole flight. */
static void a_flight_that_was_lost_is_sent_again(void **unused)
{
	uint64_t us;

	begin();
	assert_false(dtls_connection_resend_in(server, &us));
	dtls_client_input(client, NULL, 0);
	to_server(&client->sent[0]);
	client->count = 0;
	assert_int_not_equal(count, 0);
	assert_true(dtls_connection_resend_in(server, &us));
	assert_true(us > 0 && us <= DTLS_CONNECTION_RESEND_MIN_MS * 1000);
	count = 0;
	usleep((unsigned)us + 1000);
	assert_int_equal(dtls_connection_resend(server), DTLS_CONNECTION_HANDSHAKING);
	assert_int_not_equal(count, 0);
	assert_true(dtls_connection_resend_in(server, &us));
	assert_true(us > DTLS_CONNECTION_RESEND_MIN_MS * 1000);
	exchange();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
	assert_false(dtls_connection_resend_in(server, &us));
}

static void a_cookie_is_asked_for_and_taken(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ .padding = 1184 }, true);
	dtls_client_input(client, NULL, 0);
	to_server(&client->sent[0]);
	to_server(&client->sent[1]);
	client->count = 0;
	assert_int_equal(count, 1);
	assert_true(sent[0].len < 100);
	assert_int_equal(sent[0].bytes[13], DTLS1_MT_HELLO_VERIFY_REQUEST);
	exchange();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

static void a_wrong_cookie_is_not_taken(void **unused)
{
	begin_with(&(struct dtls_client_cfg){ 0 }, true);
	dtls_client_input(client, NULL, 0);
	to_server(&client->sent[0]);
	client->count = 0;
	sent[0].bytes[sent[0].len - 1] ^= 1;
	exchange();
	assert_int_not_equal(state, DTLS_CONNECTION_CONNECTED);
}

#define RECORD_BYTES 13 /* RFC 6347 section 4.1 */

/* A record as anybody can write it who knows the path, whose body is said to have @says bytes. */
static void forge(uint8_t kind, uint8_t epoch, const uint8_t *body, size_t len, unsigned says)
{
	static uint8_t number;
	struct dtls_client_pkt pkt = { .len = RECORD_BYTES + len,
		.bytes = { kind, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 1, ++number, (uint8_t)(says >> 8),
		        (uint8_t)says } };

	memcpy(pkt.bytes + RECORD_BYTES, body, len);
	to_server(&pkt);
}

static void forge_all(uint8_t kind, uint8_t epoch)
{
	static const uint8_t bodies[][60] = { { 1, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0, 48, 0xFE, 0xFD },
		{ 11, 0xFF, 0xFF, 0xFF, 0, 9, 0x80, 0, 0, 0x7F, 0xFF, 0xFF }, { 2, 40 }, { 1, 0 } };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		for (size_t len = 0; len <= sizeof(bodies[i]); len++)
			forge(kind, epoch, bodies[i], len, (unsigned)len);
		forge(kind, epoch, bodies[i], sizeof(bodies[i]), UINT16_MAX);
		forge(kind, epoch, bodies[i], sizeof(bodies[i]), 10);
	}
}

/* RFC 6347 section 4.1.2.7: what nobody can have protected is passed over. */
static void records_of_a_stranger_do_not_end_a_connection(void **unused)
{
	static const char *const ciphers[] = { "ECDHE-ECDSA-AES128-GCM-SHA256",
		"ECDHE-ECDSA-CHACHA20-POLY1305" };

	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		begin_with(&(struct dtls_client_cfg){ .ciphers = ciphers[i] }, false);
		shake_hands();
		for (uint8_t kind = 20; kind < 64; kind++)
			for (uint8_t epoch = 0; epoch < 4; epoch++)
				forge_all(kind, epoch);
		assert_keys(PROFILE_AEAD_AES_128_GCM);
		SSL_shutdown(client->ssl);
		exchange();
		assert_int_equal(state, DTLS_CONNECTION_CLOSED);
		end(NULL);
	}
}

/* In the middle of a handshake those that claim to be protected. */
static void protected_records_of_a_stranger_do_not_end_a_handshake(void **unused)
{
	begin();
	dtls_client_input(client, NULL, 0);
	to_server(&client->sent[0]);
	client->count = 0;
	for (uint8_t kind = 20; kind < 64; kind++)
		forge_all(kind, 1);
	exchange();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

static void close_notify_of_the_peer_closes(void **unused)
{
	begin();
	shake_hands();
	SSL_shutdown(client->ssl);
	exchange();
	assert_int_equal(state, DTLS_CONNECTION_CLOSED);
	assert_string_equal(dtls_connection_reason(server), "peer closed");
}

static void we_send_close_notify(void **unused)
{
	begin();
	dtls_connection_close(server);
	assert_int_equal(count, 0);
	shake_hands();
	dtls_connection_close(server);
	assert_int_equal(count, 1);
	exchange();
	assert_true(client->closed);
}

static void an_alert_of_the_peer_is_told(void **unused)
{
	static const uint8_t alert[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 42 };

	begin();
	dtls_client_input(client, NULL, 0);
	to_server(&client->sent[0]);
	assert_int_equal(dtls_connection_input(server, alert, sizeof(alert)), DTLS_CONNECTION_FAILED);
	assert_string_equal(dtls_connection_reason(server), "the peer gave up: bad certificate");
}

static void application_data_and_renegotiation_change_nothing(void **unused)
{
	begin();
	shake_hands();
	SSL_write(client->ssl, "hello", 5);
	exchange();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
	SSL_renegotiate(client->ssl);
	SSL_do_handshake(client->ssl);
	for (unsigned i = 0; i < client->count; i++)
		to_server(&client->sent[i]);
	assert_int_equal(state, DTLS_CONNECTION_CONNECTED);
}

static void garbage_before_and_after_does_no_harm(void **unused)
{
	uint8_t bytes[200];

	begin();
	for (unsigned i = 0; i < 256; i++) {
		memset(bytes, (int)i, sizeof(bytes));
		bytes[0] = (uint8_t)(20 + i % 44);
		dtls_connection_input(server, bytes, 1 + i % sizeof(bytes));
	}
	shake_hands();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
	for (unsigned i = 0; i < 256; i++) {
		memset(bytes, (int)i, sizeof(bytes));
		bytes[0] = (uint8_t)(20 + i % 44);
		assert_int_equal(dtls_connection_input(server, bytes, 1 + i % sizeof(bytes)),
		        DTLS_CONNECTION_CONNECTED);
	}
}

static void a_last_flight_that_was_lost_is_sent_again_when_asked(void **unused)
{
	struct dtls_client_pkt finished[DTLS_CLIENT_PKTS];
	unsigned n;

	begin();
	dtls_client_input(client, NULL, 0);
	to_server(&client->sent[0]);
	client->count = 0;
	for (unsigned i = 0; i < count; i++)
		to_client(&sent[i]);
	count = 0;
	n = client->count;
	memcpy(finished, client->sent, sizeof(finished));
	for (unsigned i = 0; i < n; i++)
		to_server(&finished[i]);
	assert_int_equal(state, DTLS_CONNECTION_CONNECTED);
	assert_int_not_equal(count, 0);
	count = client->count = 0;
	usleep(110000);
	dtls_client_resend(client);
	assert_int_not_equal(client->count, 0);
	exchange();
	assert_keys(PROFILE_AEAD_AES_128_GCM);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, end)
	const struct CMUnitTest tests[] = {
		CASE(gcm_is_preferred_whatever_the_client_likes),
		CASE(each_profile_gives_its_keys),
		CASE(each_cipher_will_do),
		CASE(an_rsa_certificate_of_the_peer_will_do),
		CASE(another_certificate_than_the_offers_is_refused),
		CASE(a_peer_without_certificate_is_refused),
		CASE(no_common_profile_is_said_so),
		CASE(no_common_cipher_is_said_so),
		CASE(a_hello_in_two_datagrams_is_put_together),
		CASE(a_hello_whose_second_half_comes_first_is_put_together),
		CASE(a_peer_with_an_mtu_of_256_bytes_gets_through),
		CASE(reordered_and_duplicated_datagrams_do_no_harm),
		CASE(any_one_datagram_may_be_lost),
		CASE(a_flight_that_was_lost_is_sent_again),
		CASE(a_cookie_is_asked_for_and_taken),
		CASE(a_wrong_cookie_is_not_taken),
		CASE(records_of_a_stranger_do_not_end_a_connection),
		CASE(protected_records_of_a_stranger_do_not_end_a_handshake),
		CASE(close_notify_of_the_peer_closes),
		CASE(we_send_close_notify),
		CASE(an_alert_of_the_peer_is_told),
		CASE(application_data_and_renegotiation_change_nothing),
		CASE(garbage_before_and_after_does_no_harm),
		CASE(a_last_flight_that_was_lost_is_sent_again_when_asked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
