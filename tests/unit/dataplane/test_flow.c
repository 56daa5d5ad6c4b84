/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a datagram is, by port, SSRC and payload type; and what the header says of it. */
#include "base/clk.h"
#include "tests/unit/dataplane/media.h"

static struct media_sender plain(uint32_t ssrc, uint8_t payload_type)
{
	return (struct media_sender){
		.ssrc = ssrc, .port = 4000, .payload_type = payload_type, .ext_seq = 100
	};
}

static void what_is_neither_rtp_nor_rtcp_is_not_media(void **state)
{
	const uint8_t stun[20] = { 0, 1 }, dtls[20] = { 22 }, other[20] = { 200, 200 };

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_feed(4000, MEDIA_PORT, stun, sizeof(stun));
	media_feed(4000, MEDIA_PORT, dtls, sizeof(dtls));
	media_feed(4000, MEDIA_PORT, other, sizeof(other));
	media_feed(4000, MEDIA_PORT, "", 0);
	media_feed(4000, MEDIA_PORT, "\x80", 1);
	assert_int_equal(media_count(drop_not_media), 5);
}

static void headers_that_lie_are_malformed(void **state)
{
	uint8_t data[64] = { 0 };

	media_flow(96, PROFILE_PLAIN, 1, 0);
	rtp_build(data, 96, false, 1, 2, 3);
	media_feed(4000, MEDIA_PORT, data, 11);
	data[0] = 0x8F; /* 15 CSRCs */
	media_feed(4000, MEDIA_PORT, data, 64);
	data[0] = 0x90; /* an extension of 0xFFFF words */
	memset(data + 12, 0xFF, 4);
	media_feed(4000, MEDIA_PORT, data, 64);
	assert_int_equal(media_count(drop_rtp_malformed), 3);
}

static void padding_that_lies_is_malformed_and_changes_nothing(void **state)
{
	struct media_sender s = plain(5, 96);
	uint8_t data[128];
	unsigned len;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_send(&s);
	s.ext_seq = 9000;
	len = media_make(&s, data, false, 50);
	data[0] |= 0x20;
	data[len - 1] = 51;
	media_feed(4000, MEDIA_PORT, data, len);
	data[len - 1] = 0;
	media_feed(4000, MEDIA_PORT, data, len);
	assert_int_equal(media_count(drop_rtp_malformed), 2);
	assert_int_equal(media_flow_count(0, ext_seq), 100);
	assert_int_equal(media_drain(), 1);
}

static void padding_and_extension_are_no_payload(void **state)
{
	const uint8_t extension[8] = { 0xBE, 0xDE, 0, 1, 0x10, 0xAA, 0, 0 };
	uint8_t data[128];
	struct packet *p;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	rtp_build(data, 96, true, 1, 2, 3);
	data[0] |= 0x30;
	memcpy(data + 12, extension, 8);
	memset(data + 20, 0x77, 40);
	data[59] = 10;
	media_feed(4000, MEDIA_PORT, data, 60);
	p = media_taken();
	assert_int_equal(p->payload_bytes, 30);
	assert_int_equal(p->payload[0], 0x77);
	assert_int_equal(p->flags, PACKET_MARKER);
	media_done(p);
}

static void a_packet_of_padding_alone_goes_on_for_its_number(void **state)
{
	struct media_sender s = plain(5, 96);
	uint8_t data[64];
	unsigned len;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_send(&s);
	len = media_make(&s, data, false, 20);
	data[0] |= 0x20;
	data[len - 1] = 20;
	media_feed(4000, MEDIA_PORT, data, len);
	media_send(&s);
	assert_int_equal(media_flow_count(0, lost_pkts), 0);
	assert_int_equal(media_flow_count(0, pkts), 3);
	assert_int_equal(media_drain(), 3);
}

static void payload_types_find_their_tracks(void **state)
{
	struct media_sender video = plain(5, 96), audio = plain(6, 111), other = plain(7, 97);

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_flow(111, PROFILE_PLAIN, 1, 0);
	media_send(&audio);
	media_send(&video);
	media_send(&other);
	assert_int_equal(media_flow_count(0, ssrc), 5);
	assert_int_equal(media_flow_count(1, ssrc), 6);
	assert_int_equal(media_count(drop_no_track), 1);
	assert_int_equal(media_drain(), 2);
}

static void a_bound_ssrc_with_another_payload_type_has_no_track(void **state)
{
	struct media_sender s = plain(5, 96);

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_flow(111, PROFILE_PLAIN, 1, 0);
	media_send(&s);
	s.payload_type = 111;
	media_send(&s);
	assert_int_equal(media_count(drop_no_track), 1);
	assert_int_equal(media_drain(), 1);
}

static void rtp_on_the_rtcp_port_has_no_track(void **state)
{
	struct media_sender s = plain(5, 96);
	uint8_t data[64];
	unsigned len = media_make(&s, data, false, 20);

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_feed(4000, MEDIA_PORT + 1, data, len);
	assert_int_equal(media_count(drop_no_track), 1);
}

static void a_port_without_a_session_has_no_flow(void **state)
{
	struct media_sender s = plain(5, 96);
	uint8_t data[64];
	unsigned len = media_make(&s, data, false, 20);

	media_feed(4000, MEDIA_PORT + 2, data, len);
	media_feed(4000, 19999, data, len);
	media_feed(4000, 20100, data, len);
	assert_int_equal(media_count(drop_no_flow), 3);
}

static void a_paused_endpoint_drops_all(void **state)
{
	struct media_sender s = plain(5, 96);
	uint8_t report[64];

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_ep->paused = true;
	media_send(&s);
	media_send_rtcp(&s, 0, report, rtcp_build_rr(report, sizeof(report), 0, 5, NULL, 0));
	assert_int_equal(media_count(drop_paused), 2);
}

static void rtcp_of_nobody_is_told_from_rtcp_of_somebody(void **state)
{
	struct media_sender s = plain(5, 96), other = plain(6, 96);
	uint8_t report[64];

	media_flow(96, PROFILE_PLAIN, 1, 5);
	media_send_rtcp(&other, 1, report, rtcp_build_rr(report, sizeof(report), 0, 6, NULL, 0));
	assert_int_equal(media_count(drop_no_track), 1);
	media_send_rtcp(&s, 1, report, rtcp_build_rr(report, sizeof(report), 0, 5, NULL, 0));
	assert_int_equal(media_count(rtcp_pkts), 1);
	media_send_rtcp(&s, 1, report, 6);
	assert_int_equal(media_count(drop_rtcp_malformed), 1);
}

static void candidates_without_an_ssrc_come_first(void **state)
{
	unsigned at = 0;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_flow(96, PROFILE_PLAIN, 1, 7); /* known: takes no other */
	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_ep->ssrcs[0] = 5;
	media_ep->ssrc_bound |= 1;
	assert_ptr_equal(flow_candidate(media_ep, 96, &at), media_flows[2]);
	assert_ptr_equal(flow_candidate(media_ep, 96, &at), media_flows[0]);
	assert_null(flow_candidate(media_ep, 96, &at));
	at = 0;
	assert_null(flow_candidate(media_ep, 97, &at));
	at = 0;
	assert_ptr_equal(flow_candidate(media_ep, FLOW_ANY_TYPE, &at), media_flows[2]);
}

static void clock_that_is_set_back_is_no_silence(void **state)
{
	struct flow *flow = media_flow(96, PROFILE_PLAIN, 1, 0);

	flow->confirmed = true;
	flow->spoke_unix_ns = MEDIA_NS;
	media_ep->ssrcs[0] = 5;
	media_ep->ssrc_bound |= 1;
	wire_lc.now_unix_ns = MEDIA_NS - 3600 * CLK_NS_PER_S;
	assert_false(flow_bind(&wire_lc, media_ep, flow, 7));
	wire_lc.now_unix_ns += FLOW_ABANDONED_NS;
	assert_true(flow_bind(&wire_lc, media_ep, flow, 7));
}

static void jumps_duplicates_and_old_packets_are_counted_apart(void **state)
{
	struct media_sender s = plain(5, 96);
	struct packet *p;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	s.ext_seq = 30000;
	media_send(&s);
	media_send(&s);
	s.ext_seq = 30001;
	media_send(&s);
	assert_int_equal(media_count(drop_duplicate), 1);
	assert_int_equal(media_flow_count(0, duplicate_pkts), 1);
	s.ext_seq = 10;
	media_send(&s);
	assert_int_equal(media_count(drop_too_old), 1);
	s.ext_seq = 50000;
	media_send(&s);
	assert_int_equal(media_count(drop_probation), 1);
	assert_int_equal(media_drain(), 2);
	media_send(&s);
	assert_int_equal(media_flow_count(0, restarts), 1);
	p = media_taken();
	assert_int_equal(p->flags, PACKET_RESTART);
	media_done(p);
	s.ext_seq += 2;
	media_send(&s);
	assert_int_equal(media_flow_count(0, lost_pkts), 2);
	s.ext_seq -= 2;
	media_send(&s);
	assert_int_equal(media_flow_count(0, reordered_pkts), 1);
	assert_int_equal(media_flow_count(0, lost_pkts), 1);
	assert_int_equal(media_drain(), 2);
}

/* Whatever comes, every packet is accounted for: media_end checks. */
static void random_traffic_is_conserved(void **state)
{
	struct media_sender senders[6] = { plain(1, 96), plain(2, 111), plain(3, 96), plain(4, 97),
		plain(5, 98), plain(6, 77) };
	unsigned seed = 42;

	media_flow(96, PROFILE_PLAIN, 1, 0);
	media_flow(111, PROFILE_PLAIN, 1, 2);
	media_flow(97, PROFILE_AES_CM_128_HMAC_SHA1_80, 1, 0);
	media_flow(98, PROFILE_AEAD_AES_128_GCM, 1, 0);
	senders[3].profile = PROFILE_AES_CM_128_HMAC_SHA1_80;
	senders[4].profile = PROFILE_AEAD_AES_128_GCM;
	senders[3].seed = senders[4].seed = 1;
	for (unsigned round = 0; round < 400; round++) {
		struct rte_mbuf *pkts[LCORE_BURST];
		for (unsigned i = 0; i < LCORE_BURST; i++) {
			struct media_sender *s = &senders[rand_r(&seed) % 6];
			uint8_t data[256];
			s->ext_seq += rand_r(&seed) % 10 ? 0 : (unsigned)rand_r(&seed) % 70000;
			s->port = rand_r(&seed) % 50 ? 4000 : 5000;
			unsigned len = media_make(s, data, rand_r(&seed) % 2, (unsigned)rand_r(&seed) % 100);
			if (rand_r(&seed) % 4 == 0)
				data[(unsigned)rand_r(&seed) % len] ^= (uint8_t)rand_r(&seed);
			if (rand_r(&seed) % 8 == 0)
				data[1] = (uint8_t)(200 + rand_r(&seed) % 8);
			pkts[i] = media_frame(
			        s->port, MEDIA_PORT + (unsigned)rand_r(&seed) % 20 / 18, data, len);
		}
		lcore_process(&wire_lc, pkts, LCORE_BURST);
		wire_lc.now_unix_ns += 5000000;
		media_assert_conserved();
		if (rand_r(&seed) % 8 == 0)
			media_drain();
	}
	assert_true(media_count(handed_pkts) > 500);
	assert_true(media_count(drop_ring_full) > 0);
	assert_true(media_count(drop_auth) > 0);
	assert_true(media_count(rtcp_pkts) + media_count(drop_rtcp_malformed) > 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, media_reset, media_end)
	const struct CMUnitTest tests[] = {
		CASE(what_is_neither_rtp_nor_rtcp_is_not_media),
		CASE(headers_that_lie_are_malformed),
		CASE(padding_that_lies_is_malformed_and_changes_nothing),
		CASE(padding_and_extension_are_no_payload),
		CASE(a_packet_of_padding_alone_goes_on_for_its_number),
		CASE(payload_types_find_their_tracks),
		CASE(a_bound_ssrc_with_another_payload_type_has_no_track),
		CASE(rtp_on_the_rtcp_port_has_no_track),
		CASE(a_port_without_a_session_has_no_flow),
		CASE(a_paused_endpoint_drops_all),
		CASE(rtcp_of_nobody_is_told_from_rtcp_of_somebody),
		CASE(candidates_without_an_ssrc_come_first),
		CASE(clock_that_is_set_back_is_no_silence),
		CASE(jumps_duplicates_and_old_packets_are_counted_apart),
		CASE(random_traffic_is_conserved),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
