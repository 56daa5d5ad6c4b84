/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/conf.h"
#include "tests/unit/control/dtls_client.h"

#define WAIT_MS  10000
#define CLIENTS  500
#define DAY_S    86400u
#define FLOODERS (LIMIT_DTLS_PENDING / 4)

static char dir[64], file[96];
static struct conf conf;
static struct dtls *dtls;

/* Sessions are named by their client's number. What comes for one is kept until the test's thread takes it:
 * a client belongs to that thread. */
static struct session {
	struct dtls_client *client;
	unsigned count;
	struct dtls_client_pkt inbox[16];
	unsigned keyed, closed;
	bool failed;
	enum profile profile;
	uint8_t key[PROFILE_KEY_BYTES], send_key[PROFILE_KEY_BYTES];
	char reason[LIMIT_REASON_BYTES + 1];
} sessions[CLIENTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct session *session_of(const char *name)
{
	return &sessions[atoi(name)];
}

static const char *name_of(const struct session *s)
{
	static _Thread_local char name[16];

	snprintf(name, sizeof(name), "%zu", (size_t)(s - sessions));
	return name;
}

static void on_send(void *arg, const char *session, const uint8_t *bytes, size_t len)
{
	struct session *s = session_of(session);

	pthread_mutex_lock(&lock);
	if (s->count < 16) {
		s->inbox[s->count].len = len;
		memcpy(s->inbox[s->count++].bytes, bytes, len);
	}
	pthread_mutex_unlock(&lock);
}

static void on_keyed(void *arg, const char *session, enum profile profile,
        const uint8_t key[PROFILE_KEY_BYTES], const uint8_t send_key[PROFILE_KEY_BYTES])
{
	struct session *s = session_of(session);

	pthread_mutex_lock(&lock);
	s->keyed++;
	s->profile = profile;
	memcpy(s->key, key, sizeof(s->key));
	memcpy(s->send_key, send_key, sizeof(s->send_key));
	pthread_mutex_unlock(&lock);
}

static void on_closed(void *arg, const char *session, bool failed, const char *reason)
{
	struct session *s = session_of(session);

	pthread_mutex_lock(&lock);
	s->closed++;
	s->failed = failed;
	snprintf(s->reason, sizeof(s->reason), "%s", reason);
	pthread_mutex_unlock(&lock);
}

static void start_with(unsigned handshake_ms)
{
	const struct dtls_events events = {
		.send = on_send, .keyed = on_keyed, .closed = on_closed, .handshake_ms = handshake_ms
	};

	assert_int_equal(dtls_create(&dtls, &conf, &events), 0);
}

static void start(void)
{
	start_with(0);
}

static int setup(void **unused)
{
	strcpy(dir, "/tmp/wirespool-dtls-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/" DTLS_CERT_FILE, dir);
	conf = (struct conf){ .control_dtls_dir = dir, .control_dtls_cert_days = 30 };
	start();
	return 0;
}

static int teardown(void **unused)
{
	dtls_free(dtls);
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (sessions[i].client)
			dtls_client_free(sessions[i].client);
	}
	memset(sessions, 0, sizeof(sessions));
	unlink(file);
	return rmdir(dir);
}

static void open_with(struct session *s, const struct dtls_client_cfg *cfg, char *ret_fingerprint)
{
	s->client = dtls_client_create(cfg);
	assert_int_equal(dtls_open(dtls, name_of(s), &s->client->fingerprint, 1, ret_fingerprint), 0);
}

static struct session *open_one(void)
{
	char fingerprint[DTLS_FINGERPRINT_TEXT];

	open_with(&sessions[0], &(struct dtls_client_cfg){ 0 }, fingerprint);
	return &sessions[0];
}

/* Both ways once: what came to @s goes to its client, what the client sends goes to DTLS. */
static void pump(struct session *s)
{
	struct dtls_client_pkt pkts[16];
	unsigned n;

	pthread_mutex_lock(&lock);
	n = s->count;
	memcpy(pkts, s->inbox, n * sizeof(pkts[0]));
	s->count = 0;
	pthread_mutex_unlock(&lock);
	for (unsigned i = 0; i < n; i++)
		dtls_client_input(s->client, pkts[i].bytes, pkts[i].len);
	for (unsigned i = 0; i < s->client->count; i++)
		dtls_input(dtls, name_of(s), s->client->sent[i].bytes, s->client->sent[i].len);
	s->client->count = 0;
}

static bool has_keys(struct session *s)
{
	pthread_mutex_lock(&lock);
	bool has = s->keyed && s->client->connected;
	pthread_mutex_unlock(&lock);
	return has;
}

static bool is_closed(struct session *s)
{
	pthread_mutex_lock(&lock);
	bool closed = s->closed;
	pthread_mutex_unlock(&lock);
	return closed;
}

static bool client_is_closed(struct session *s)
{
	return s->client->closed;
}

/* Pump until @done; false after WAIT_MS. */
static bool until(struct session *s, bool (*done)(struct session *))
{
	for (unsigned ms = 0; ms < WAIT_MS; ms++) {
		pump(s);
		if (done(s))
			return true;
		usleep(1000);
	}
	return false;
}

static void shake_hands(struct session *s)
{
	dtls_client_input(s->client, NULL, 0);
	assert_true(until(s, has_keys));
}

static void a_handshake_gives_both_sides_the_same_keys(void **unused)
{
	uint8_t key[PROFILE_KEY_BYTES], send_key[PROFILE_KEY_BYTES];
	struct session *s = open_one();

	shake_hands(s);
	assert_int_equal(s->profile, PROFILE_AEAD_AES_128_GCM);
	dtls_client_keys(s->client, 16, 12, key, send_key);
	assert_memory_equal(s->key, key, sizeof(key));
	assert_memory_equal(s->send_key, send_key, sizeof(key));
	usleep(20000);
	assert_int_equal(s->keyed, 1);
	assert_int_equal(s->closed, 0);
}

static void a_session_is_opened_once(void **unused)
{
	char fingerprint[DTLS_FINGERPRINT_TEXT];
	struct session *s = open_one();
	struct dtls_fingerprint many[DTLS_FINGERPRINTS + 1] = { 0 };

	assert_int_equal(dtls_open(dtls, "0", &s->client->fingerprint, 1, fingerprint), -EEXIST);
	dtls_close(dtls, "0");
	assert_int_equal(dtls_open(dtls, "0", &s->client->fingerprint, 1, fingerprint), 0);
	assert_int_equal(dtls_open(dtls, "1", many, 0, fingerprint), -EINVAL);
	assert_int_equal(dtls_open(dtls, "1", many, DTLS_FINGERPRINTS + 1, fingerprint), -EINVAL);
}

static void a_failure_is_told_with_its_reason(void **unused)
{
	char fingerprint[DTLS_FINGERPRINT_TEXT];
	struct session *s = &sessions[0];
	struct dtls_fingerprint wrong;

	s->client = dtls_client_create(&(struct dtls_client_cfg){ 0 });
	wrong = s->client->fingerprint;
	wrong.bytes[0] ^= 1;
	assert_int_equal(dtls_open(dtls, "0", &wrong, 1, fingerprint), 0);
	dtls_client_input(s->client, NULL, 0);
	assert_true(until(s, is_closed));
	assert_true(s->failed);
	assert_string_equal(s->reason, "the peer's certificate is not the one of its offer");
	assert_int_equal(s->keyed, 0);
	assert_int_equal(dtls_open(dtls, "0", &wrong, 1, fingerprint), 0);
}

static void close_notify_of_the_peer_is_no_failure(void **unused)
{
	struct session *s = open_one();

	shake_hands(s);
	SSL_shutdown(s->client->ssl);
	assert_true(until(s, is_closed));
	assert_false(s->failed);
	assert_string_equal(s->reason, "peer closed");
}

static void closing_tells_the_peer_and_nobody_else(void **unused)
{
	struct session *s = open_one();

	shake_hands(s);
	dtls_close(dtls, "0");
	assert_true(until(s, client_is_closed));
	assert_int_equal(s->closed, 0);
	dtls_close(dtls, "0");
	dtls_close(dtls, "unknown");
}

static void datagrams_of_strangers_are_dropped(void **unused)
{
	uint8_t bytes[LIMIT_PACKET_BYTES + 1] = { 22 };
	struct session *s = open_one();

	dtls_input(dtls, "1", bytes, 100);
	dtls_input(dtls, "0", bytes, 0);
	dtls_input(dtls, "0", bytes, sizeof(bytes));
	shake_hands(s);
	for (unsigned i = 0; i < 10 * LIMIT_DTLS_SESSION_PKTS; i++)
		dtls_input(dtls, "0", bytes, 100);
	usleep(20000);
	assert_int_equal(s->closed, 0);
}

/* The server's flight is lost: its own timer sends it again. */
static void what_was_lost_is_sent_again(void **unused)
{
	struct session *s = open_one();
	bool came = false;

	dtls_client_input(s->client, NULL, 0);
	pump(s);
	for (unsigned ms = 0; ms < WAIT_MS && !came; ms++) {
		usleep(1000);
		pthread_mutex_lock(&lock);
		came = s->count;
		s->count = 0;
		pthread_mutex_unlock(&lock);
	}
	assert_true(came);
	assert_true(until(s, has_keys));
}

static void half_a_handshake_is_given_up(void **unused)
{
	char fingerprint[DTLS_FINGERPRINT_TEXT];

	dtls_free(dtls);
	start_with(400);
	for (unsigned i = 0; i < 3; i++)
		open_with(&sessions[i], &(struct dtls_client_cfg){ 0 }, fingerprint);
	shake_hands(&sessions[2]);
	dtls_client_input(sessions[1].client, NULL, 0);
	dtls_input(dtls, "1", sessions[1].client->sent[0].bytes, sessions[1].client->sent[0].len);
	for (unsigned ms = 0; ms < WAIT_MS && !(is_closed(&sessions[0]) && is_closed(&sessions[1])); ms++)
		usleep(1000);
	assert_true(sessions[0].failed && sessions[1].failed);
	assert_string_equal(sessions[0].reason, "no handshake came");
	assert_string_equal(sessions[1].reason, "the handshake did not end");
	usleep(50000);
	assert_false(is_closed(&sessions[2]));
}

static void the_certificate_stays_over_a_restart(void **unused)
{
	char before[DTLS_FINGERPRINT_TEXT], after[DTLS_FINGERPRINT_TEXT];
	struct stat st;

	open_with(&sessions[0], &(struct dtls_client_cfg){ 0 }, before);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	dtls_free(dtls);
	start();
	open_with(&sessions[1], &(struct dtls_client_cfg){ 0 }, after);
	assert_string_equal(before, after);
}

static void an_old_or_broken_certificate_is_replaced_at_start(void **unused)
{
	char text[3][DTLS_FINGERPRINT_TEXT];
	struct dtls_cert *old;
	int fd;

	dtls_free(dtls);
	assert_int_equal(dtls_cert_make(&old, clk_wall_ns() / CLK_NS_PER_S - 30 * DAY_S - 60), 0);
	assert_int_equal(dtls_cert_store(old, dir), 0);
	start();
	open_with(&sessions[0], &(struct dtls_client_cfg){ 0 }, text[0]);
	assert_string_not_equal(text[0], old->fingerprint);
	dtls_cert_unref(old);
	dtls_free(dtls);
	fd = open(file, O_WRONLY | O_TRUNC);
	close(fd);
	start();
	open_with(&sessions[1], &(struct dtls_client_cfg){ 0 }, text[1]);
	assert_string_not_equal(text[0], text[1]);
	dtls_free(dtls);
	assert_int_equal(chmod(file, 0644), 0);
	start();
	open_with(&sessions[2], &(struct dtls_client_cfg){ 0 }, text[2]);
	assert_string_not_equal(text[1], text[2]);
}

static void a_place_that_cannot_be_written_to_is_no_reason_not_to_serve(void **unused)
{
	struct session *s;

	dtls_free(dtls);
	conf.control_dtls_dir = (char *)"/proc/wirespool";
	start();
	s = open_one();
	shake_hands(s);
}

/* The fingerprint of the certificate that the client was shown. */
static bool was_shown(struct session *s, const char *fingerprint)
{
	X509 *shown = SSL_get1_peer_certificate(s->client->ssl);
	char text[DTLS_FINGERPRINT_TEXT];

	dtls_fingerprint_print(text, shown);
	X509_free(shown);
	return !strcmp(text, fingerprint);
}

static void answers_given_before_a_rotation_still_hold(void **unused)
{
	char before[DTLS_FINGERPRINT_TEXT], after[DTLS_FINGERPRINT_TEXT];
	uint64_t now = clk_wall_ns() / CLK_NS_PER_S;

	open_with(&sessions[0], &(struct dtls_client_cfg){ 0 }, before);
	assert_false(dtls_rotate(dtls, now + 29 * DAY_S));
	assert_true(dtls_rotate(dtls, now + 31 * DAY_S));
	assert_false(dtls_rotate(dtls, now + 31 * DAY_S));
	open_with(&sessions[1], &(struct dtls_client_cfg){ 0 }, after);
	assert_string_not_equal(before, after);
	shake_hands(&sessions[0]);
	shake_hands(&sessions[1]);
	assert_true(was_shown(&sessions[0], before));
	assert_true(was_shown(&sessions[1], after));
}

/* Handshakes that nobody goes on with are bounded, and beyond a quarter of the bound cookies are asked for.
 */
static void a_flood_is_met_with_cookies_and_a_bound(void **unused)
{
	const struct dtls_fingerprint nobody = { 0 };
	char name[16], fingerprint[DTLS_FINGERPRINT_TEXT];
	struct session *s;
	unsigned n = CLIENTS;

	for (; n < CLIENTS + FLOODERS; n++) {
		snprintf(name, sizeof(name), "%u", n);
		assert_int_equal(dtls_open(dtls, name, &nobody, 1, fingerprint), 0);
	}
	s = open_one();
	dtls_client_input(s->client, NULL, 0);
	dtls_input(dtls, "0", s->client->sent[0].bytes, s->client->sent[0].len);
	s->client->count = 0;
	for (unsigned ms = 0; ms < WAIT_MS; ms++) {
		pthread_mutex_lock(&lock);
		bool came = s->count;
		pthread_mutex_unlock(&lock);
		if (came)
			break;
		usleep(1000);
	}
	assert_int_equal(s->inbox[0].bytes[13], DTLS1_MT_HELLO_VERIFY_REQUEST);
	assert_true(until(s, has_keys));
	for (; n < CLIENTS + LIMIT_DTLS_PENDING; n++) {
		snprintf(name, sizeof(name), "%u", n);
		assert_int_equal(dtls_open(dtls, name, &nobody, 1, fingerprint), 0);
	}
	assert_int_equal(dtls_open(dtls, "1", &nobody, 1, fingerprint), -ENOSPC);
	dtls_close(dtls, name);
	assert_int_equal(dtls_open(dtls, "1", &nobody, 1, fingerprint), 0);
}

/* Beside one that sends without end, all get their keys. */
static void hundreds_at_once_are_served_in_turns(void **unused)
{
	char fingerprint[DTLS_FINGERPRINT_TEXT];
	uint8_t noise[1200] = { 22, 0xfe, 0xfd };
	unsigned through = 0;
	uint64_t begun, ns;

	for (unsigned i = 0; i < CLIENTS; i++)
		open_with(&sessions[i], &(struct dtls_client_cfg){ .padding = 1184 }, fingerprint);
	begun = clk_mono_ns();
	for (unsigned i = 1; i < CLIENTS; i++)
		dtls_client_input(sessions[i].client, NULL, 0);
	while (clk_mono_ns() - begun < WAIT_MS * CLK_NS_PER_MS && through < CLIENTS - 1) {
		through = 0;
		for (unsigned k = 0; k < LIMIT_DTLS_SESSION_PKTS; k++)
			dtls_input(dtls, "0", noise, sizeof(noise));
		for (unsigned i = 1; i < CLIENTS; i++) {
			pump(&sessions[i]);
			through += has_keys(&sessions[i]);
		}
	}
	ns = clk_mono_ns() - begun;
	assert_int_equal(through, CLIENTS - 1);
	print_message("%u handshakes in %.0f ms with their clients: %.0f a second\n", through,
	        (double)ns / 1e6, through * 1e9 / (double)ns);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_handshake_gives_both_sides_the_same_keys),
		CASE(a_session_is_opened_once),
		CASE(a_failure_is_told_with_its_reason),
		CASE(close_notify_of_the_peer_is_no_failure),
		CASE(closing_tells_the_peer_and_nobody_else),
		CASE(datagrams_of_strangers_are_dropped),
		CASE(what_was_lost_is_sent_again),
		CASE(half_a_handshake_is_given_up),
		CASE(the_certificate_stays_over_a_restart),
		CASE(an_old_or_broken_certificate_is_replaced_at_start),
		CASE(a_place_that_cannot_be_written_to_is_no_reason_not_to_serve),
		CASE(answers_given_before_a_rotation_still_hold),
		CASE(a_flood_is_met_with_cookies_and_a_bound),
		CASE(hundreds_at_once_are_served_in_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
