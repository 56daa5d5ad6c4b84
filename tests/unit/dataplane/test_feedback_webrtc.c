/* SPDX-License-Identifier: BSD-3-Clause */
/* What a WebRTC endpoint's sender is told, as it is on the wire. */
#include "tests/unit/dataplane/media.h"
#include "base/clk.h"
#include "base/cur.h"
#include "dataplane/feedback.h"
#include "dataplane/feedback_webrtc.h"
#include "dataplane/nack.h"
#include "dataplane/twcc.h"
#include "dataplane/webrtc.h"

#define PROFILE PROFILE_AES_CM_128_HMAC_SHA1_80
#define SSRC    0x1000 /* of flow 0; the others follow */
#define KINDS   8

#define SENT 256

static struct webrtc webrtc;
static struct rte_mbuf *sent[SENT]; /* in order */
static unsigned sent_count, sent_taken;

/* The packets of one compound, by what they are. */
struct said {
	unsigned count, rr, sdes, xr, pli, fir, nack, twcc, remb, unknown;
	uint8_t types[KINDS];
	uint16_t nacked; /* the first number */
	uint32_t media_ssrc, blocks, reference;
	uint64_t bps;
	uint8_t fir_seq;
	uint32_t fir_ssrc;
};

static int begin(void **state)
{
	int r = media_reset(state);

	memset(&webrtc, 0, sizeof(webrtc));
	webrtc.ice.selected = -1;
	webrtc.ice.consent_mono_ns = wire_lc.now_mono_ns;
	webrtc.reduced_rtcp = true;
	media_flow(96, PROFILE, 1, 0);
	return r;
}

static int end(void **state)
{
	media_ep->webrtc = NULL;
	for (unsigned i = 0; i < media_ep->flow_count; i++) {
		nack_free(media_flows[i]->nack);
		if (i)
			media_flows[i]->crypto = NULL;
	}
	twcc_free(webrtc.twcc);
	rte_pktmbuf_free_bulk(sent + sent_taken, sent_count - sent_taken);
	sent_count = sent_taken = 0;
	return media_end(state);
}

/* The endpoint has keys and a path; each flow has had @pkts packets. */
static void connect_endpoint(unsigned pkts)
{
	struct ice_path *path = &webrtc.ice.paths[0];

	media_ep->webrtc = &webrtc;
	webrtc.crypto = media_flows[0]->crypto;
	webrtc.ice.path_count = 1;
	webrtc.ice.selected = 0;
	webrtc.path_told = true;
	memcpy(path->peer.addr, wire_theirs4, 4);
	path->peer.port = 6000;
	path->nominated = true;
	for (unsigned i = 0; i < media_ep->flow_count; i++) {
		struct flow *flow = media_flows[i];
		flow->sequence_ssrc = SSRC + i;
		flow->feedback |= MSG_FEEDBACK_PLI;
		webrtc.sources.ssrcs[i] = SSRC + i;
		webrtc.sources.sources[i] =
		        (struct source){ .ssrc = SSRC + i, .flow = (uint8_t)i, .role = SOURCE_MEDIA };
		webrtc.sources.count = i + 1;
		sequence_begin(&flow->sequence, 100, true);
		for (unsigned p = 0; p < pkts; p++) {
			uint64_t ext;
			sequence_take(&flow->sequence, (uint16_t)(100 + p), &ext);
		}
	}
}

static void pass(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		wire_lc.now_tsc += wire_lc.tsc_hz / 1000;
		wire_lc.now_unix_ns += CLK_NS_PER_MS;
		wire_lc.now_mono_ns += CLK_NS_PER_MS;
		webrtc.ice.consent_mono_ns = wire_lc.now_mono_ns;
		feedback_timer(&wire_lc);
		assert_true(sent_count + 8 <= SENT);
		sent_count += rte_eth_rx_burst(0, 0, sent + sent_count, 8);
	}
}

static void take_feedback(struct said *said, const uint8_t *p, unsigned type, unsigned format)
{
	struct cur c = cur_of(p + 8, 1500);

	said->media_ssrc = cur_u32(&c);
	if (type == RTCP_PSFB && format == 1) {
		said->pli++;
	} else if (type == RTCP_PSFB && format == 4) {
		said->fir++;
		said->fir_ssrc = cur_u32(&c);
		said->fir_seq = cur_u8(&c);
	} else if (type == RTCP_PSFB && format == 15) {
		said->remb++;
		cur_u32(&c);
		cur_u8(&c);
		uint32_t rate = cur_u24(&c);
		said->bps = (uint64_t)(rate & 0x3FFFF) << (rate >> 18);
	} else if (type == RTCP_RTPFB && format == 1) {
		said->nack++;
		said->nacked = cur_u16(&c);
	} else if (type == RTCP_RTPFB && format == 15) {
		said->twcc++;
	} else {
		said->unknown++;
	}
}

static void take_packet(struct said *said, const uint8_t *p)
{
	switch (p[1]) {
	case RTCP_RR:
		said->rr++;
		said->blocks = p[0] & 31;
		break;
	case RTCP_SDES:
		said->sdes++;
		break;
	case RTCP_XR:
		said->xr++;
		said->reference =
		        (uint32_t)p[14] << 24 | (uint32_t)p[15] << 16 | (uint32_t)p[16] << 8 | p[17];
		break;
	default:
		take_feedback(said, p, p[1], p[0] & 31);
		break;
	}
}

/* The next datagram that was sent, opened. */
static bool next_said(struct said *said)
{
	struct rte_mbuf *mbuf = sent_taken < sent_count ? sent[sent_taken++] : NULL;

	memset(said, 0, sizeof(*said));
	if (!mbuf)
		return false;
	struct rte_ipv4_hdr *ip = wire_l3(mbuf);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	uint8_t *data = (uint8_t *)(udp + 1);
	unsigned len = rte_be_to_cpu_16(udp->dgram_len) - 8u;
	assert_memory_equal(&ip->dst_addr, wire_theirs4, 4);
	assert_int_equal(rte_be_to_cpu_16(udp->dst_port), 6000);
	assert_int_equal(rte_be_to_cpu_16(udp->src_port), MEDIA_PORT);
	media_open_rtcp(data, &len, PROFILE, 1);
	for (unsigned at = 0; at < len; at += 4u * (data[at + 2] << 8 | data[at + 3]) + 4) {
		assert_true(said->count < KINDS);
		said->types[said->count++] = data[at + 1];
		take_packet(said, data + at);
	}
	rte_pktmbuf_free(mbuf);
	return true;
}

/* All that was sent, added up. */
static struct said all_said(void)
{
	struct said all = { 0 }, one;

	while (next_said(&one)) {
		all.count++;
		all.rr += one.rr;
		all.sdes += one.sdes;
		all.xr += one.xr;
		all.pli += one.pli;
		all.fir += one.fir;
		all.nack += one.nack;
		all.twcc += one.twcc;
		all.remb += one.remb;
		all.bps = one.remb ? one.bps : all.bps;
	}
	return all;
}

static void without_a_path_or_keys_nothing_is_said(void **state)
{
	struct said said;

	connect_endpoint(3);
	webrtc.ice.selected = -1;
	pass(1500);
	assert_false(next_said(&said));
	webrtc.ice.selected = 0;
	webrtc.crypto = NULL;
	pass(1500);
	assert_false(next_said(&said));
}

static void a_report_tells_of_all_flows_once_a_second(void **state)
{
	struct said said;

	media_flow(111, PROFILE_PLAIN, 1, 0);
	connect_endpoint(3);
	pass(60);
	assert_true(next_said(&said));
	assert_int_equal(said.types[0], RTCP_RR);
	assert_int_equal(said.types[1], RTCP_SDES);
	assert_int_equal(said.count, 2);
	assert_int_equal(said.blocks, 2);
	assert_false(next_said(&said));
	pass(3030);
	assert_int_equal(all_said().rr, 3);
	assert_int_equal(media_slots[0][STAT_FLOW_receiver_reports], 4);
	assert_int_equal(media_slots[1][STAT_FLOW_receiver_reports], 4);
}

static void arrivals_are_told_every_fifty_milliseconds(void **state)
{
	struct said said;

	connect_endpoint(3);
	assert_int_equal(twcc_create(&webrtc.twcc), 0);
	webrtc.next_report_tsc = UINT64_MAX;
	for (unsigned i = 0; i < 1000; i++) {
		twcc_note(webrtc.twcc, (uint16_t)i, wire_lc.now_mono_ns);
		pass(1);
	}
	said = all_said();
	assert_in_range(said.twcc, 18, 20);
	assert_int_equal(said.rr, 0); /* reduced size */
	assert_int_equal(wire_slot[STAT_LCORE_twcc_reports], said.twcc);
	pass(500);
	assert_in_range(all_said().twcc, 0, 1); /* nothing came */
}

static void without_reduced_size_each_begins_with_a_report(void **state)
{
	struct said said;

	connect_endpoint(3);
	webrtc.reduced_rtcp = false;
	webrtc.next_report_tsc = UINT64_MAX;
	media_flows[0]->key_frame_asked = true;
	pass(60);
	assert_true(next_said(&said));
	assert_int_equal(said.types[0], RTCP_RR);
	assert_int_equal(said.types[1], RTCP_SDES);
	assert_int_equal(said.pli, 1);
}

static void a_wish_is_a_pli_but_not_two_in_a_row(void **state)
{
	struct said said;

	connect_endpoint(3);
	webrtc.next_report_tsc = UINT64_MAX;
	media_wanted = 1;
	pass(60);
	assert_true(next_said(&said));
	assert_int_equal(said.pli, 1);
	assert_int_equal(said.media_ssrc, SSRC);
	media_wanted = 2;
	pass(100);
	assert_false(next_said(&said));
	pass(200);
	assert_int_equal(all_said().pli, 1);
	assert_int_equal(media_slots[0][STAT_FLOW_key_frame_requests], 2);
}

static void where_pli_is_not_understood_it_is_a_fir(void **state)
{
	struct said said;

	connect_endpoint(3);
	webrtc.next_report_tsc = UINT64_MAX;
	media_flows[0]->feedback = MSG_FEEDBACK_FIR;
	media_flows[0]->key_frame_asked = true;
	pass(60);
	assert_true(next_said(&said));
	assert_int_equal(said.fir, 1);
	assert_int_equal(said.fir_ssrc, SSRC);
	assert_int_equal(said.media_ssrc, 0);
	uint8_t first = said.fir_seq;
	media_flows[0]->key_frame_asked = true;
	pass(400);
	assert_true(next_said(&said));
	assert_int_equal(said.fir_seq, (uint8_t)(first + 1));
}

static void what_is_missing_is_asked_for_in_milliseconds(void **state)
{
	struct said said;

	connect_endpoint(3);
	webrtc.next_report_tsc = UINT64_MAX;
	assert_int_equal(nack_create(&media_flows[0]->nack, 300), 0);
	pass(60);
	nack_begin(media_flows[0]->nack, 102);
	nack_take(media_flows[0]->nack, 105, false, wire_lc.now_mono_ns);
	feedback_soon(&wire_lc, media_ep, lcore_tsc_of(&wire_lc, nack_due_mono_ns(media_flows[0]->nack)));
	pass(12);
	assert_true(next_said(&said));
	assert_int_equal(said.nack, 1);
	assert_int_equal(said.nacked, 103);
	assert_int_equal(said.media_ssrc, SSRC);
	assert_int_equal(media_slots[0][STAT_FLOW_nacked_pkts], 2);
	/* When NACK gives up, a key frame has to help. */
	pass(400);
	assert_true(all_said().pli >= 1);
	assert_int_equal(media_slots[0][STAT_FLOW_given_up_pkts], 2);
}

static void without_transport_feedback_an_estimate_lets_it_climb(void **state)
{
	struct said said;

	connect_endpoint(3);
	webrtc.remb = true;
	pass(60);
	said = all_said();
	assert_int_equal(said.remb, 1);
	assert_in_range(said.bps, 1999000, 2000000); /* the floor */
	webrtc.received_bytes = 250000;              /* 4 Mbit/s for half a second */
	pass(500);
	assert_in_range(all_said().bps, 5990000, 6000000);
	assert_int_equal(wire_slot[STAT_LCORE_remb_reports], 2);
}

static void the_bound_is_told_even_beside_transport_feedback(void **state)
{
	connect_endpoint(3);
	webrtc.remb = true;
	assert_int_equal(twcc_create(&webrtc.twcc), 0);
	pass(600);
	assert_int_equal(all_said().remb, 0);
	webrtc.max_bitrate_bps = 1500000;
	pass(600);
	assert_in_range(all_said().bps, 1499000, 1500000);
}

static void heavy_loss_lowers_the_estimate(void **state)
{
	uint64_t ext;

	connect_endpoint(3);
	webrtc.remb = true;
	pass(60);
	all_said();
	/* whether a report goes out in front of it or not */
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 100; i += 2)
			sequence_take(&media_flows[0]->sequence, (uint16_t)(103 + 100 * round + i), &ext);
		webrtc.reduced_rtcp = round & 1;
		webrtc.received_bytes = 1000000; /* 16 Mbit/s */
		webrtc.next_remb_tsc = webrtc.next_report_tsc = 0;
		pass(60);
		assert_in_range(all_said().bps, 13500000, 13600000);
	}
	webrtc.received_bytes = 1000000;
	webrtc.next_remb_tsc = 0;
	pass(60);
	assert_in_range(all_said().bps, 23900000, 24000000);
}

static void the_round_trip_is_what_the_sender_answers(void **state)
{
	struct said said;

	connect_endpoint(3);
	webrtc.rrtr = true;
	assert_int_equal(nack_create(&media_flows[0]->nack, 300), 0);
	pass(60);
	assert_true(next_said(&said));
	assert_int_equal(said.xr, 1);
	assert_int_equal(said.reference, webrtc.rrtr_ntp);
	wire_lc.now_mono_ns = webrtc.rrtr_mono_ns + 150 * CLK_NS_PER_MS;
	feedback_webrtc_round_trip(&wire_lc, media_ep, said.reference, 65536 / 10);
	assert_in_range(media_slots[0][STAT_FLOW_round_trip_us], 49000, 51000);
	assert_in_range(nack_round_trip_ns(media_flows[0]->nack), 49 * CLK_NS_PER_MS, 51 * CLK_NS_PER_MS);
	/* An answer to something else, or one that was kept longer than it took, says nothing. */
	feedback_webrtc_round_trip(&wire_lc, media_ep, said.reference + 1, 0);
	feedback_webrtc_round_trip(&wire_lc, media_ep, said.reference, 65536);
	assert_in_range(media_slots[0][STAT_FLOW_round_trip_us], 49000, 51000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(without_a_path_or_keys_nothing_is_said),
		CASE(a_report_tells_of_all_flows_once_a_second),
		CASE(arrivals_are_told_every_fifty_milliseconds),
		CASE(without_reduced_size_each_begins_with_a_report),
		CASE(a_wish_is_a_pli_but_not_two_in_a_row),
		CASE(where_pli_is_not_understood_it_is_a_fir),
		CASE(what_is_missing_is_asked_for_in_milliseconds),
		CASE(without_transport_feedback_an_estimate_lets_it_climb),
		CASE(the_bound_is_told_even_beside_transport_feedback),
		CASE(heavy_loss_lowers_the_estimate),
		CASE(the_round_trip_is_what_the_sender_answers),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
