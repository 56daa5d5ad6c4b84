/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers against lite agents behind an output made here. */
#include "tools/gen/peers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "base/clk.h"
#include "base/jsonw.h"
#include "base/rtp.h"
#include "tests/unit/gen/lite_agent.h"
#include "tools/gen/output.h"
#include "tools/gen/roster.h"

#define SESSIONS   5
#define QUEUED_MAX 64
#define LONG_NS    (60 * CLK_NS_PER_S) /* more than any of these takes */
#define SHORT_NS   (CLK_NS_PER_S * 3 / 2)
#define PROFILE    PROFILE_AEAD_AES_128_GCM
#define SRTP       "SRTP_AEAD_AES_128_GCM"

/* How the other side of a session behaves. */
enum manner {
	ANSWERS,
	ANSWERS_NOTHING,
	ANSWERS_CHECKS,
	REFUSES
}; /* REFUSES: once the others are connected */

struct datagram {
	unsigned session;
	size_t len;
	uint8_t bytes[LITE_AGENT_FLIGHT_BYTES];
};

/* An output with an agent at the end of each session, whose answers come with the next wait. */
struct fake {
	struct output output;
	uint8_t buffer[LIMIT_PACKET_BYTES];
	struct lite_agent agents[SESSIONS];
	enum manner manners[SESSIONS];
	struct datagram queue[QUEUED_MAX];
	unsigned queued, committed, waits;
	unsigned stop_at; /* the wait in which a signal comes; 0: none */
	int no_buffer, commit_status, flush_status, wait_status;
};

static struct fake fake;
static struct roster roster;
static struct peers *peers;
static volatile sig_atomic_t stop;
static unsigned heard;

static void queue(unsigned session, const uint8_t *bytes, size_t len)
{
	assert_true(fake.queued < QUEUED_MAX && len <= LITE_AGENT_FLIGHT_BYTES);
	fake.queue[fake.queued].session = session;
	fake.queue[fake.queued].len = len;
	memcpy(fake.queue[fake.queued++].bytes, bytes, len);
}

static uint8_t *fake_buffer(struct output *output)
{
	errno = fake.no_buffer;
	return fake.no_buffer ? NULL : fake.buffer;
}

static void answer_check(unsigned session, size_t len)
{
	struct roster_session *s = &roster.sessions[session];
	struct stun_message asked;
	uint8_t out[LIMIT_PACKET_BYTES];

	assert_int_equal(stun_parse(&asked, fake.buffer, len), 0);
	assert_true(stun_check_mac(&asked, fake.buffer, lite_agent_hmac, s->remote_pwd));
	queue(session, out, lite_agent_answer(fake.buffer, len, s->remote_pwd, out));
}

static void answer_dtls(unsigned session, size_t len)
{
	uint8_t out[LITE_AGENT_FLIGHT_BYTES];

	lite_agent_hear(&fake.agents[session], fake.buffer, len);
	len = lite_agent_say(&fake.agents[session], out);
	if (len)
		queue(session, out, len);
}

static int fake_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	enum rtp_class class = rtp_classify(fake.buffer, len);

	assert_true(session < SESSIONS && len <= LIMIT_PACKET_BYTES);
	assert_int_equal(port_offset, 0);
	fake.committed++;
	if (fake.manners[session] != ANSWERS_NOTHING && class == RTP_CLASS_STUN)
		answer_check(session, len);
	if (fake.manners[session] == ANSWERS && class == RTP_CLASS_DTLS)
		answer_dtls(session, len);
	return fake.commit_status;
}

static int fake_flush(struct output *output)
{
	return fake.flush_status;
}

/* The number behind @key of what is printed. */
static double printed(const char *key)
{
	struct jsonw w = { 0 };
	char quoted[64], *at;
	double value;

	jsonw_object(&w, NULL);
	peers_print(peers, &w);
	jsonw_end_object(&w);
	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	assert_memory_equal(w.text, "{\"webrtc\":{", 11);
	at = strstr(w.text, quoted);
	assert_non_null(at);
	value = strtod(at + strlen(quoted), NULL);
	jsonw_reset(&w);
	return value;
}

/* handshake_failure, fatal; RFC 6347 section 4.1 */
static void refuse(unsigned session)
{
	static const uint8_t alert[] = { 21, 0xFE, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40 };

	if (fake.manners[session] == REFUSES && printed("connected") == SESSIONS - 1)
		queue(session, alert, sizeof(alert));
}

static int fake_wait(struct output *output, uint64_t ns)
{
	struct timespec sleep = { .tv_nsec = (long)ns };

	for (unsigned i = 0; i < SESSIONS; i++)
		refuse(i);
	if (!fake.queued)
		nanosleep(&sleep, NULL);
	for (unsigned i = 0; i < fake.queued; i++) /* it grows meanwhile */
		output->on_receive(
		        output->arg, fake.queue[i].session, fake.queue[i].bytes, fake.queue[i].len);
	fake.queued = 0;
	if (++fake.waits == fake.stop_at)
		stop = 1;
	return fake.wait_status;
}

static const struct output_ops fake_ops = {
	.buffer = fake_buffer, .commit = fake_commit, .flush = fake_flush, .wait = fake_wait
};

static void receive(void *arg, unsigned session, uint8_t *data, size_t len)
{
	int status = -1;

	assert_true(peers_hear(peers, session, data, len, &status));
	assert_int_equal(status, 0);
	heard++;
}

static int set_up(void **state)
{
	memset(&fake, 0, sizeof(fake));
	fake.output = (struct output){ .ops = &fake_ops, .on_receive = receive };
	stop = 0;
	heard = 0;
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct roster_session *s = roster_add_session(&roster);

		snprintf(s->ufrag, sizeof(s->ufrag), "ours%u", i);
		snprintf(s->remote_ufrag, sizeof(s->remote_ufrag), "theirs%u", i);
		snprintf(s->remote_pwd, sizeof(s->remote_pwd), "the recorder's password %u", i);
		for (unsigned t = 0; t < 2; t++)
			assert_non_null(roster_add_track(&roster));
		lite_agent_begin(&fake.agents[i], SRTP);
	}
	return peers_create(&peers, PROFILE);
}

static int tear_down(void **state)
{
	peers_free(peers);
	for (unsigned i = 0; i < SESSIONS; i++)
		lite_agent_end(&fake.agents[i]);
	roster_free(&roster);
	return 0;
}

static int connect_within(uint64_t limit_ns)
{
	return peers_connect(peers, &roster, &fake.output, limit_ns, &stop);
}

static void all_at_once_are_connected_each_with_keys_of_its_own(void **state)
{
	uint8_t material[56];

	assert_int_equal(connect_within(LONG_NS), 0);
	for (unsigned i = 0; i < SESSIONS; i++) {
		lite_agent_material(&fake.agents[i], material, sizeof(material));
		for (unsigned t = 0; t < 2; t++) {
			const struct flow_cfg *cfg = &roster.tracks[roster.sessions[i].first_track + t].cfg;

			assert_memory_equal(cfg->key, material, 16);
			assert_memory_equal(cfg->key + 16, material + 32, 12);
			assert_true(cfg->has_feedback_key);
			assert_memory_equal(cfg->feedback_key, material + 16, 16);
			assert_memory_equal(cfg->feedback_key + 16, material + 44, 12);
		}
	}
	assert_memory_not_equal(roster.tracks[0].cfg.key, roster.tracks[2].cfg.key, 16);
	assert_true(printed("connected") == SESSIONS);
	assert_true(printed("checks_sent") >= SESSIONS);
	assert_true(printed("checks_answered") == SESSIONS);
	assert_true(printed("longest_connect_ms") > 0);
}

static void the_fingerprint_is_of_the_certificate_that_is_shown(void **state)
{
	uint8_t digest[32];
	unsigned len;
	X509 *x;

	assert_int_equal(strlen(peers_fingerprint(peers)), 32 * 3 - 1);
	assert_int_equal(connect_within(LONG_NS), 0);
	x = SSL_get1_peer_certificate(fake.agents[3].ssl);
	assert_int_equal(X509_digest(x, EVP_sha256(), digest, &len), 1);
	X509_free(x);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(strtoul(peers_fingerprint(peers) + 3 * i, NULL, 16), digest[i]);
}

static void one_that_never_answers_is_a_time_out(void **state)
{
	uint64_t begun = clk_mono_ns();

	fake.manners[2] = ANSWERS_NOTHING;
	assert_int_equal(connect_within(SHORT_NS), -ETIMEDOUT);
	assert_true(clk_mono_ns() - begun >= SHORT_NS);
	assert_true(printed("connected") == SESSIONS - 1);
	assert_true(printed("checks_answered") == SESSIONS - 1);
	assert_true(printed("checks_sent") > SESSIONS); /* it was asked again */
	assert_false(roster.tracks[0].cfg.has_feedback_key);
}

static void one_that_knows_no_dtls_is_a_time_out(void **state)
{
	fake.manners[0] = ANSWERS_CHECKS;
	assert_int_equal(connect_within(SHORT_NS), -ETIMEDOUT);
	assert_true(printed("connected") == SESSIONS - 1);
	assert_true(printed("checks_answered") == SESSIONS);
}

/* Nothing is waited for, and what its failure leaves in OpenSSL is not another's: session 0 hears a
 * handshake's record that came late. */
static void one_that_refuses_is_a_failure_of_its_own(void **state)
{
	static const uint8_t late[] = { 22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0 };
	uint64_t begun = clk_mono_ns();
	uint8_t data[sizeof(late)];
	int status = -1;

	fake.manners[4] = REFUSES;
	assert_int_equal(connect_within(LONG_NS), -ECONNABORTED);
	assert_true(clk_mono_ns() - begun < LONG_NS);
	assert_true(printed("connected") == SESSIONS - 1);
	memcpy(data, late, sizeof(late));
	assert_true(peers_hear(peers, 0, data, sizeof(data), &status));
	assert_int_equal(status, 0);
	assert_true(printed("connected") == SESSIONS - 1);
}

static void a_handshake_without_a_profile_gives_no_keys(void **state)
{
	lite_agent_end(&fake.agents[1]);
	lite_agent_begin(&fake.agents[1], NULL);
	assert_int_equal(connect_within(LONG_NS), -EPROTO);
	assert_true(printed("connected") == SESSIONS);
	assert_false(roster.tracks[roster.sessions[1].first_track].cfg.has_feedback_key);
}

static void a_signal_ends_the_wait(void **state)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		fake.manners[i] = ANSWERS_NOTHING;
	fake.stop_at = 3;
	assert_int_equal(connect_within(LONG_NS), -EINTR);
	assert_int_equal(fake.waits, 3);
}

static void a_signal_before_it_begins_sends_nothing(void **state)
{
	stop = 1;
	assert_int_equal(connect_within(LONG_NS), -EINTR);
	assert_int_equal(fake.committed, 0);
	assert_true(printed("connected") == 0);
	assert_true(printed("longest_connect_ms") == 0);
}

static void what_the_output_cannot_do_ends_it(void **state)
{
	int *const statuses[] = { &fake.commit_status, &fake.flush_status, &fake.wait_status };

	for (unsigned i = 0; i < 4; i++) {
		peers_free(peers);
		assert_int_equal(peers_create(&peers, PROFILE), 0);
		fake.queued = 0;
		if (i < 3)
			*statuses[i] = -ENETDOWN;
		else
			fake.no_buffer = ENETDOWN;
		assert_int_equal(connect_within(LONG_NS), -ENETDOWN);
		if (i < 3)
			*statuses[i] = 0;
	}
}

/* The handshake's datagrams go by the output as well. */
static void what_the_output_cannot_do_in_a_handshake_is_told(void **state)
{
	int status = 0;

	fake.stop_at = 1;
	fake.output.on_receive = receive;
	for (unsigned i = 0; i < SESSIONS; i++)
		fake.manners[i] = ANSWERS_NOTHING;
	assert_int_equal(connect_within(LONG_NS), -EINTR); /* the first check is out */
	answer_check(0, STUN_HEADER_BYTES + fake.buffer[2] * 256u + fake.buffer[3]);
	fake.no_buffer = ENETDOWN;
	assert_true(peers_hear(peers, 0, fake.queue[0].bytes, fake.queue[0].len, &status));
	assert_int_equal(status, -ENETDOWN);
}

static void only_stun_and_dtls_are_heard(void **state)
{
	uint8_t stun[LIMIT_PACKET_BYTES], dtls[] = { 22, 0xFE, 0xFD, 0 }, rtp[12] = { 0x80, 96 },
	                                  rtcp[8] = { 0x80, 201, 0, 1 };
	struct stun_build build;
	int status = -1;
	size_t len;

	stun_begin(&build, stun, sizeof(stun), STUN_BINDING_SUCCESS, (uint8_t[STUN_ID_BYTES]){ 1 });
	len = stun_end(&build, NULL, NULL);
	assert_int_equal(connect_within(LONG_NS), 0);
	/* of sessions there are, of one there is not, and of one that is far from it */
	for (unsigned session = 0; session <= 1u << 31; session += session < SESSIONS ? 1 : 1u << 30) {
		assert_true(peers_hear(peers, session, stun, len, &status));
		assert_int_equal(status, 0);
		assert_true(peers_hear(peers, session, dtls, sizeof(dtls), &status));
		assert_int_equal(status, 0);
		assert_false(peers_hear(peers, session, rtp, sizeof(rtp), &status));
		assert_false(peers_hear(peers, session, rtcp, sizeof(rtcp), &status));
	}
	assert_false(peers_hear(peers, 0, rtp, 0, &status));
	assert_true(printed("connected") == SESSIONS);
	assert_true(printed("checks_answered") == SESSIONS);
}

static void without_sessions_there_is_nothing_to_do(void **state)
{
	struct roster none = { 0 };
	uint8_t dtls[] = { 22, 0xFE, 0xFD, 0 };
	int status = -1;

	assert_int_equal(peers_step(peers), 0);
	assert_true(peers_hear(peers, 0, dtls, sizeof(dtls), &status));
	assert_int_equal(status, 0);
	assert_int_equal(peers_connect(peers, &none, &fake.output, LONG_NS, &stop), 0);
	assert_int_equal(peers_step(peers), 0);
	assert_true(printed("connected") == 0);
	peers_free(NULL);
}

/* RFC 7675 section 5.1: the next check is seconds away. */
static void nothing_is_due_right_after_connecting(void **state)
{
	unsigned committed;

	assert_int_equal(connect_within(LONG_NS), 0);
	committed = fake.committed;
	assert_int_equal(peers_step(peers), 0);
	assert_int_equal(fake.committed, committed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(all_at_once_are_connected_each_with_keys_of_its_own),
		CASE(the_fingerprint_is_of_the_certificate_that_is_shown),
		CASE(one_that_never_answers_is_a_time_out),
		CASE(one_that_knows_no_dtls_is_a_time_out),
		CASE(one_that_refuses_is_a_failure_of_its_own),
		CASE(a_handshake_without_a_profile_gives_no_keys),
		CASE(a_signal_ends_the_wait),
		CASE(a_signal_before_it_begins_sends_nothing),
		CASE(what_the_output_cannot_do_ends_it),
		CASE(what_the_output_cannot_do_in_a_handshake_is_told),
		CASE(only_stun_and_dtls_are_heard),
		CASE(without_sessions_there_is_nothing_to_do),
		CASE(nothing_is_due_right_after_connecting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
