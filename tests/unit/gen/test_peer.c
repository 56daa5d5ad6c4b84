/* SPDX-License-Identifier: BSD-3-Clause */
/* A peer against a lite agent and DTLS server. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clk.h"
#include "base/limits.h"
#include "base/rtp.h"
#include "tests/unit/gen/lite_agent.h"
#include "tools/gen/output.h"
#include "tools/gen/peer.h"
#include "tools/gen/roster.h"

#define SENT_MAX 64
#define PROFILE  PROFILE_AEAD_AES_128_GCM

/* An output that keeps what is sent. */
struct kept {
	struct output output;
	uint8_t buffer[LIMIT_PACKET_BYTES];
	unsigned count;
	size_t lens[SENT_MAX];
	uint8_t sent[SENT_MAX][LIMIT_PACKET_BYTES];
};

static struct kept kept;
static struct roster_session place;
static struct peer_identity *identity;
static struct peer peer;
static struct lite_agent agent;

static uint8_t *kept_buffer(struct output *output)
{
	return ((struct kept *)output)->buffer;
}

static int kept_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	struct kept *k = (struct kept *)output;

	assert_true(k->count < SENT_MAX && len <= LIMIT_PACKET_BYTES);
	assert_int_equal(session, 7);
	memcpy(k->sent[k->count], k->buffer, len);
	k->lens[k->count++] = len;
	return 0;
}

static const struct output_ops kept_ops = { .buffer = kept_buffer, .commit = kept_commit };

static int set_up(void **state)
{
	memset(&kept, 0, sizeof(kept));
	kept.output.ops = &kept_ops;
	memset(&place, 0, sizeof(place));
	strcpy(place.ufrag, "oursours");
	strcpy(place.pwd, "a password of ours, of no use");
	strcpy(place.remote_ufrag, "theirs");
	strcpy(place.remote_pwd, "the recorder's password");
	assert_int_equal(peer_identity_create(&identity, PROFILE), 0);
	return peer_init(&peer, 7, &place, &kept.output, identity, 1000);
}

static int tear_down(void **state)
{
	peer_free(&peer);
	peer_identity_free(identity);
	lite_agent_end(&agent);
	return 0;
}

/* The answer to the last check. */
static size_t answer_check(uint8_t *out, char *password)
{
	size_t len = lite_agent_answer(kept.sent[kept.count - 1], kept.lens[kept.count - 1], password, out);

	assert_true(len > 0);
	return len;
}

static void a_check_is_what_a_lite_agent_wants(void **state)
{
	struct stun_message m;

	assert_true(peer_due(&peer) <= 1000);
	assert_int_equal(peer_step(&peer, 1000), 0);
	assert_int_equal(kept.count, 1);
	assert_int_equal(stun_parse(&m, kept.sent[0], kept.lens[0]), 0);
	assert_int_equal(m.type, STUN_BINDING_REQUEST);
	assert_true(m.fingerprint && m.use_candidate && m.controlling && m.has_priority);
	assert_int_equal(m.username_bytes, strlen("theirs:oursours"));
	assert_memory_equal(m.username, "theirs:oursours", m.username_bytes);
	assert_true(stun_check_mac(&m, kept.sent[0], lite_agent_hmac, place.remote_pwd));
	assert_true(peer_due(&peer) > 1000);
}

static void checks_go_on_ever_slower_without_an_answer(void **state)
{
	uint64_t now = 1000, wait = 0;

	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(peer_step(&peer, now), 0);
		assert_true(peer_due(&peer) - now >= wait);
		wait = peer_due(&peer) - now;
		now = peer_due(&peer);
	}
	assert_int_equal(kept.count, 8);
	assert_int_equal(peer.state, PEER_CHECKING);
}

static void a_forged_answer_is_none(void **state)
{
	uint8_t answer[LIMIT_PACKET_BYTES];
	size_t len;

	peer_step(&peer, 1000);
	len = answer_check(answer, (char[]){ "another password" });
	assert_int_equal(peer_hear(&peer, answer, len, 2000), 0);
	assert_int_equal(peer.state, PEER_CHECKING);
	assert_int_equal(peer.checks_answered, 0);
}

/* Carry datagrams to and fro until nobody says anything. */
static void carry(unsigned from)
{
	uint8_t data[LITE_AGENT_FLIGHT_BYTES];

	for (unsigned round = 0; round < 10; round++) {
		size_t len;

		for (; from < kept.count; from++)
			lite_agent_hear(&agent, kept.sent[from], kept.lens[from]);
		len = lite_agent_say(&agent, data);
		if (!len)
			return;
		assert_int_equal(peer_hear(&peer, data, len, 3000), 0);
	}
}

static void connect_peer(void)
{
	uint8_t answer[LIMIT_PACKET_BYTES];
	size_t len;

	lite_agent_begin(&agent, "SRTP_AEAD_AES_128_GCM");
	peer_step(&peer, 1000);
	len = answer_check(answer, place.remote_pwd);
	assert_int_equal(peer_hear(&peer, answer, len, 2000), 0);
	assert_int_equal(peer.state, PEER_HANDSHAKING);
	assert_int_equal(rtp_classify(kept.sent[1], kept.lens[1]), RTP_CLASS_DTLS);
	carry(1);
}

static void an_answered_check_leads_to_keys_both_sides_have(void **state)
{
	uint8_t key[PROFILE_KEY_BYTES] = { 0 }, back[PROFILE_KEY_BYTES] = { 0 }, material[56];

	connect_peer();
	assert_int_equal(peer.state, PEER_CONNECTED);
	assert_int_equal(peer.connected_ns, 3000);
	assert_int_equal(peer_dtls_keys(peer.dtls, PROFILE, key, back), 0);
	lite_agent_material(&agent, material, sizeof(material));
	assert_memory_equal(key, material, 16);
	assert_memory_equal(key + 16, material + 32, 12);
	assert_memory_equal(back, material + 16, 16);
	assert_memory_equal(back + 16, material + 44, 12);
}

static void consent_is_asked_for_once_it_is_connected(void **state)
{
	uint8_t answer[LIMIT_PACKET_BYTES];
	uint64_t due;
	unsigned before;

	connect_peer();
	due = peer_due(&peer);
	assert_true(due >= 3000 + 4 * CLK_NS_PER_S && due <= 3000 + 6 * CLK_NS_PER_S);
	before = kept.count;
	assert_int_equal(peer_step(&peer, due), 0);
	assert_int_equal(kept.count, before + 1);
	peer_hear(&peer, answer, answer_check(answer, place.remote_pwd), due + 10);
	assert_int_equal(peer.checks_answered, 2);
	assert_int_equal(peer.answered_ns, due + 10);
	assert_int_equal(peer.state, PEER_CONNECTED);
}

static void a_fatal_alert_is_a_failure(void **state)
{
	const uint8_t alert[] = { 21, 0xFE, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40 };
	uint8_t answer[LIMIT_PACKET_BYTES];

	peer_step(&peer, 1000);
	peer_hear(&peer, answer, answer_check(answer, place.remote_pwd), 2000);
	assert_int_equal(peer_hear(&peer, (uint8_t *)(uintptr_t)alert, sizeof(alert), 3000), 0);
	assert_int_equal(peer.state, PEER_FAILED);
	assert_int_equal(peer_due(&peer), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_check_is_what_a_lite_agent_wants, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        checks_go_on_ever_slower_without_an_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_forged_answer_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        an_answered_check_leads_to_keys_both_sides_have, set_up, tear_down),
		cmocka_unit_test_setup_teardown(consent_is_asked_for_once_it_is_connected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_fatal_alert_is_a_failure, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
