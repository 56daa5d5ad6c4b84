/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is let in: the stage's verdicts, what they are counted as, and that a packet that fails changes
 * nothing. */
#include "tests/unit/dataplane/media.h"

static struct media_sender sender(enum profile profile, uint32_t ssrc)
{
	return (struct media_sender){
		.ssrc = ssrc, .port = 4000, .payload_type = 96, .seed = 1, .profile = profile, .ext_seq = 100
	};
}

static void packets_of_every_profile_reach_the_writer_as_they_were(void **state)
{
	static const enum profile all[] = { PROFILE_AES_CM_128_HMAC_SHA1_80, PROFILE_AES_CM_128_HMAC_SHA1_32,
		PROFILE_AEAD_AES_128_GCM, PROFILE_AEAD_AES_256_GCM };

	for (unsigned i = 0; i < 4; i++) {
		struct media_sender s = sender(all[i], 1000 + i);
		s.payload_type = (uint8_t)(96 + i);
		s.rtp_time = 777;
		media_flow(s.payload_type, all[i], 1, 0);
		media_send(&s);
		struct packet *p = media_taken();
		assert_non_null(p);
		assert_ptr_equal(p->track, media_flows[i]->track);
		assert_int_equal(p->payload_bytes, 50);
		assert_int_equal(p->payload[0], 100);
		assert_int_equal(p->payload[49], 100);
		assert_int_equal(p->ext_seq, 100);
		assert_int_equal(p->rtp_time, 777);
		assert_int_equal(p->ssrc, 1000 + i);
		assert_int_equal(p->arrival_unix_ns, MEDIA_NS);
		assert_int_equal(p->kind, PACKET_MEDIA);
		assert_int_equal(p->flags, 0);
		assert_int_equal(media_flow_count(i, ssrc), 1000 + i);
		assert_int_equal(media_flow_count(i, pkts), 1);
		assert_int_equal(media_flow_count(i, bytes), 50);
		media_done(p);
	}
}

static void a_forged_packet_binds_nothing(void **state)
{
	struct media_sender s = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5), forger = s;
	struct flow *flow = media_flow(96, s.profile, 1, 0);

	forger.seed = 2;
	forger.ssrc = 6;
	forger.port = 6666;
	media_send(&forger);
	assert_int_equal(media_count(drop_auth), 1);
	assert_int_equal(media_flow_count(0, auth_failed_pkts), 1);
	assert_int_equal(media_ep->ssrc_bound, 0);
	assert_false(flow->has_rtp_peer);
	assert_int_equal(media_flow_count(0, ssrc), 0);
	media_send(&s);
	media_send(&forger);
	assert_int_equal(flow->rtp_peer.port, 4000);
	assert_int_equal(media_count(handed_pkts), 1);
}

static void a_replayed_packet_is_counted_as_that(void **state)
{
	struct media_sender s = sender(PROFILE_AEAD_AES_128_GCM, 5);

	media_flow(96, s.profile, 1, 0);
	media_send(&s);
	s.ext_seq--;
	media_send(&s);
	assert_int_equal(media_count(drop_replay), 1);
	assert_int_equal(media_flow_count(0, replayed_pkts), 1);
	assert_int_equal(media_drain(), 1);
}

static void a_packet_too_short_for_its_tag_is_a_crypto_drop(void **state)
{
	uint8_t data[64] = { 0 };

	media_flow(96, PROFILE_AEAD_AES_128_GCM, 1, 5);
	rtp_build(data, 96, false, 1, 1, 5);
	media_feed(4000, MEDIA_PORT, data, 20);
	assert_int_equal(media_count(drop_crypto), 1);
}

static void the_peer_of_srtp_follows_its_packets(void **state)
{
	struct media_sender s = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5);
	struct flow *flow = media_flow(96, s.profile, 1, 0);

	media_send(&s);
	s.port = 4711;
	media_send(&s);
	assert_int_equal(flow->rtp_peer.port, 4711);
	assert_int_equal(media_count(handed_pkts), 2);
}

static void plain_rtp_stays_with_the_source_that_began(void **state)
{
	struct media_sender s = sender(PROFILE_PLAIN, 5), other = s;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_send(&s);
	media_send(&s);
	other.port = 6666;
	other.ext_seq = 102;
	media_send(&other);
	assert_int_equal(media_count(drop_wrong_source), 1);
	other.ssrc = 77;
	media_send(&other);
	assert_int_equal(media_count(drop_wrong_source), 2);
	media_send(&s);
	assert_int_equal(media_count(handed_pkts), 3);
}

static void a_plain_source_on_probation_gives_way(void **state)
{
	struct media_sender stray = sender(PROFILE_PLAIN, 9), s = sender(PROFILE_PLAIN, 5);
	struct packet *p;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	stray.port = 6666;
	media_send(&stray);
	media_send(&s);
	media_send(&s);
	media_send(&stray);
	assert_int_equal(media_count(drop_wrong_source), 1);
	media_done(media_taken());
	p = media_taken();
	assert_int_equal(p->ssrc, 5);
	assert_int_equal(p->flags, PACKET_RESTART);
	media_done(p);
	assert_int_equal(media_drain(), 1);
}

static void two_tracks_of_one_payload_type_are_told_apart_by_their_keys(void **state)
{
	struct media_sender a = sender(PROFILE_AEAD_AES_128_GCM, 5), b = sender(PROFILE_AEAD_AES_128_GCM, 6);

	b.seed = 2;
	media_flow(96, PROFILE_AEAD_AES_128_GCM, 1, 0);
	media_flow(96, PROFILE_AEAD_AES_128_GCM, 2, 0);
	media_send(&b);
	media_send(&a);
	assert_int_equal(media_flow_count(0, ssrc), 5);
	assert_int_equal(media_flow_count(1, ssrc), 6);
	assert_int_equal(media_count(handed_pkts), 2);
}

static void first_packets_in_one_burst_bind_as_they_come(void **state)
{
	struct media_sender a = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5), b = a;
	struct rte_mbuf *pkts[4];
	uint8_t data[256];

	b.ssrc = 6;
	media_flow(96, a.profile, 1, 0);
	media_flow(96, a.profile, 1, 0);
	for (unsigned i = 0; i < 4; i++) {
		unsigned len = media_make(i % 2 ? &b : &a, data, false, 50);
		pkts[i] = media_frame(4000, MEDIA_PORT, data, len);
	}
	lcore_process(&wire_lc, pkts, 4);
	assert_int_equal(media_flow_count(0, pkts), 2);
	assert_int_equal(media_flow_count(1, pkts), 2);
}

/* RFC 3550 section 8.2. */
static void of_two_senders_at_once_the_first_stays(void **state)
{
	struct media_sender a = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5), b = a;

	b.ssrc = 6;
	media_flow(96, a.profile, 1, 0);
	for (unsigned i = 0; i < 20; i++) {
		wire_lc.now_unix_ns += 20000000;
		media_send(&a);
		media_send(&b);
	}
	assert_int_equal(media_flow_count(0, pkts), 20);
	assert_int_equal(media_count(drop_no_track), 20);
	assert_int_equal(media_flow_count(0, ssrc), 5);
}

static void a_sender_that_changes_its_ssrc_is_followed(void **state)
{
	struct media_sender a = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5), b = a;
	struct packet *p;

	b.ssrc = 6;
	b.ext_seq = 3;
	media_flow(96, a.profile, 1, 0);
	media_send(&a);
	media_done(media_taken());
	for (unsigned i = 0; i < 6; i++) {
		wire_lc.now_unix_ns += 20000000;
		media_send(&b);
	}
	/* 20 and 40 ms are no silence, 60 ms and three packets are */
	assert_int_equal(media_count(drop_no_track), 2);
	p = media_taken();
	assert_int_equal(p->flags, PACKET_RESTART);
	assert_int_equal(p->ssrc, 6);
	assert_int_equal(p->ext_seq, 5);
	media_done(p);
	assert_int_equal(media_flow_count(0, restarts), 1);
	assert_int_equal(media_flow_count(0, ssrc), 6);
	assert_int_equal(media_drain(), 3);
}

static void after_a_long_silence_one_packet_is_enough(void **state)
{
	struct media_sender a = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5), b = a;

	b.ssrc = 6;
	media_flow(96, a.profile, 1, 0);
	media_send(&a);
	wire_lc.now_unix_ns += FLOW_ABANDONED_NS;
	media_send(&b);
	assert_int_equal(media_flow_count(0, ssrc), 6);
	assert_int_equal(media_drain(), 2);
}

static void a_known_ssrc_is_never_changed(void **state)
{
	struct media_sender a = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5), b = a;

	b.ssrc = 6;
	media_flow(96, a.profile, 1, 5);
	wire_lc.now_unix_ns += 10 * FLOW_ABANDONED_NS;
	media_send(&b);
	assert_int_equal(media_count(drop_no_track), 1);
	media_send(&a);
	assert_int_equal(media_drain(), 1);
}

static void one_burst_changes_the_ssrc_once(void **state)
{
	struct media_sender a = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5), b = a;
	struct rte_mbuf *pkts[3];
	uint8_t data[256];

	b.ssrc = 6;
	media_flow(96, a.profile, 1, 0);
	media_send(&a);
	wire_lc.now_unix_ns += FLOW_ABANDONED_NS;
	for (unsigned i = 0; i < 3; i++) {
		unsigned len = media_make(i == 1 ? &a : &b, data, false, 50);
		pkts[i] = media_frame(4000, MEDIA_PORT, data, len);
	}
	lcore_process(&wire_lc, pkts, 3);
	assert_int_equal(media_flow_count(0, ssrc), 6);
	assert_int_equal(media_count(drop_no_track), 1);
	assert_int_equal(media_flow_count(0, restarts), 1);
	assert_int_equal(media_drain(), 3);
}

static void a_stray_that_gave_way_in_its_own_burst_is_left_out(void **state)
{
	struct media_sender stray = sender(PROFILE_PLAIN, 9), s = sender(PROFILE_PLAIN, 5);
	struct rte_mbuf *pkts[2];
	uint8_t data[256];
	unsigned len = media_make(&stray, data, false, 50);

	media_flow(96, PROFILE_PLAIN, 1, 0);
	pkts[0] = media_frame(6666, MEDIA_PORT, data, len);
	len = media_make(&s, data, false, 50);
	pkts[1] = media_frame(4000, MEDIA_PORT, data, len);
	lcore_process(&wire_lc, pkts, 2);
	assert_int_equal(media_count(drop_no_track), 1);
	assert_int_equal(media_flow_count(0, ssrc), 5);
	assert_int_equal(media_drain(), 1);
}

static void extended_numbers_are_the_srtp_index(void **state)
{
	struct media_sender s = sender(PROFILE_AES_CM_128_HMAC_SHA1_80, 5);

	media_flow(96, s.profile, 1, 0);
	s.ext_seq = 65500;
	for (unsigned i = 0; i < 60; i++) {
		struct packet *p;
		media_send(&s);
		p = media_taken();
		assert_int_equal(p->ext_seq, 65500 + i);
		media_done(p);
	}
	assert_int_equal(media_flow_count(0, ext_seq), 65559);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, media_reset, media_end)
	const struct CMUnitTest tests[] = {
		CASE(packets_of_every_profile_reach_the_writer_as_they_were),
		CASE(a_forged_packet_binds_nothing),
		CASE(a_replayed_packet_is_counted_as_that),
		CASE(a_packet_too_short_for_its_tag_is_a_crypto_drop),
		CASE(the_peer_of_srtp_follows_its_packets),
		CASE(plain_rtp_stays_with_the_source_that_began),
		CASE(a_plain_source_on_probation_gives_way),
		CASE(two_tracks_of_one_payload_type_are_told_apart_by_their_keys),
		CASE(first_packets_in_one_burst_bind_as_they_come),
		CASE(of_two_senders_at_once_the_first_stays),
		CASE(a_sender_that_changes_its_ssrc_is_followed),
		CASE(after_a_long_silence_one_packet_is_enough),
		CASE(a_known_ssrc_is_never_changed),
		CASE(one_burst_changes_the_ssrc_once),
		CASE(a_stray_that_gave_way_in_its_own_burst_is_left_out),
		CASE(extended_numbers_are_the_srtp_index),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
