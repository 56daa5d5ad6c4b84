/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose an SSRC is in a WebRTC session: by what its packets say, by the offer, by payload type; and what
 * becomes of it then. */
#include "tests/unit/dataplane/publisher.h"

#define VP8 96
#define RTX 97

static struct publisher_packet media(uint32_t ssrc, const char *mid, const char *rid)
{
	return (struct publisher_packet){
		.ssrc = ssrc, .ext_seq = 100, .payload_type = VP8, .mid = mid, .rid = rid
	};
}

static void mids_tell_tracks_of_one_payload_type_apart(void **state)
{
	struct publisher_packet a = media(5, "0", NULL), b = media(6, "1", NULL), c = media(7, "2", NULL);

	publisher_flow(VP8, "0", NULL);
	publisher_flow(VP8, "1", NULL);
	publisher_next(&b);
	publisher_next(&a);
	publisher_next(&c);
	assert_int_equal(media_flow_count(0, ssrc), 5);
	assert_int_equal(media_flow_count(1, ssrc), 6);
	assert_int_equal(media_count(drop_no_track), 1);
	assert_int_equal(media_drain(), 2);
}

static void what_is_bound_needs_no_names_any_more(void **state)
{
	struct publisher_packet a = media(5, "0", NULL), b = media(6, "1", NULL);

	publisher_flow(VP8, "0", NULL);
	publisher_flow(VP8, "1", NULL);
	for (unsigned i = 0; i < 3; i++) {
		publisher_next(&a);
		publisher_next(&b);
	}
	assert_int_equal(media_flow_count(0, pkts), 3);
	assert_int_equal(media_flow_count(1, pkts), 3);
	assert_int_equal(media_drain(), 6);
}

static void without_names_only_a_payload_type_of_one_flow_tells(void **state)
{
	struct publisher_packet a = media(5, NULL, NULL), b = media(6, NULL, NULL);

	publisher_flow(VP8, "0", NULL);
	publisher_flow(VP8, "1", NULL);
	publisher_flow(111, "2", NULL);
	publisher_next(&a);
	assert_int_equal(media_count(drop_no_track), 1);
	b.payload_type = 111;
	publisher_next(&b);
	assert_int_equal(media_flow_count(2, ssrc), 6);
	assert_int_equal(media_drain(), 1);
}

static void the_offer_tells_whose_an_ssrc_is(void **state)
{
	struct publisher_packet a = media(5, NULL, NULL), rtx = media(50, NULL, NULL),
	                        fec = media(70, NULL, NULL);

	for (unsigned i = 0; i < 2; i++) {
		struct flow *flow = publisher_flow(VP8, i ? "1" : "0", NULL);
		flow->rtx_type = RTX;
		flow->flexfec_type = 98;
	}
	publisher_offered[1].ssrc_known = publisher_offered[1].rtx_ssrc_known =
	        publisher_offered[1].fec_ssrc_known = 1;
	publisher_offered[1].ssrc = 5;
	publisher_offered[1].rtx_ssrc = 50;
	publisher_offered[1].fec_ssrc = 70;
	publisher_next(&a);
	assert_int_equal(media_flow_count(1, ssrc), 5);
	rtx.payload_type = RTX;
	publisher_next(&rtx);
	assert_int_equal(source_find(&publisher_webrtc->sources, 50)->role, SOURCE_RTX);
	assert_int_equal(source_find(&publisher_webrtc->sources, 50)->flow, 1);
	fec.payload_type = 98;
	publisher_next(&fec);
	assert_int_equal(source_find(&publisher_webrtc->sources, 70)->role, SOURCE_FEC);
	assert_int_equal(media_count(fec_pkts), 1);
	media_drain();
}

static void rids_tell_layers_of_one_track_apart(void **state)
{
	static const char *rids[] = { "h", "m", "l" };
	struct publisher_packet rtx = media(90, "0", NULL), unnamed = media(9, "0", NULL),
	                        strange = media(10, "0", "x");

	for (uint8_t i = 0; i < 3; i++) {
		struct flow *flow = publisher_flow(VP8, "0", rids[i]);
		flow->layer = i;
		flow->rtx_type = RTX;
		flow->track = media_flows[0]->track;
	}
	for (unsigned i = 0; i < 3; i++) {
		struct publisher_packet p = media(5 + i, "0", rids[i]);
		struct packet *taken;
		publisher_next(&p);
		publisher_next(&p);
		assert_int_equal(media_flow_count(i, ssrc), 5 + i);
		for (unsigned j = 0; j < 2; j++) {
			taken = media_taken();
			assert_int_equal(taken->layer, i);
			assert_ptr_equal(taken->track, media_flows[0]->track);
			media_done(taken);
		}
	}
	/* the mid alone does not tell, nor does a layer that nobody asked for */
	publisher_next(&unnamed);
	publisher_next(&strange);
	assert_int_equal(media_count(drop_no_track), 2);
	rtx.payload_type = RTX;
	rtx.repaired_rid = "m";
	publisher_next(&rtx);
	assert_int_equal(source_find(&publisher_webrtc->sources, 90)->flow, 1);
}

static void a_rid_that_was_not_answered_does_not_matter(void **state)
{
	struct publisher_packet a = media(5, "0", "q"), b = media(6, NULL, "q");

	publisher_flow(VP8, "0", NULL);
	publisher_flow(VP8, "1", NULL);
	publisher_next(&a);
	assert_int_equal(media_flow_count(0, ssrc), 5);
	publisher_next(&b);
	assert_int_equal(media_count(drop_no_track), 1);
	media_drain();
}

static void a_payload_type_that_was_not_negotiated_has_no_track(void **state)
{
	struct publisher_packet a = media(5, "0", NULL);

	publisher_flow(VP8, "0", NULL);
	publisher_next(&a);
	a.payload_type = 0; /* what else was not negotiated has 0 */
	publisher_next(&a);
	a.payload_type = 100;
	a.mid = "0";
	publisher_next(&a);
	assert_int_equal(media_count(drop_no_track), 2);
	assert_int_equal(media_drain(), 1);
}

static void pcmu_has_payload_type_0(void **state)
{
	struct publisher_packet a = media(5, NULL, NULL);

	publisher_flow(0, "0", NULL);
	a.payload_type = 0;
	publisher_next(&a);
	assert_int_equal(media_drain(), 1);
}

static void what_is_not_authentic_binds_nothing(void **state)
{
	struct publisher_packet a = media(5, "0", NULL);
	uint8_t data[256];
	unsigned len;

	publisher_flow(VP8, "0", NULL);
	len = publisher_seal(data, publisher_make(&a, data), a.ext_seq);
	data[len - 1] ^= 1;
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, data, len);
	assert_int_equal(media_count(drop_auth), 1);
	assert_int_equal(media_flow_count(0, auth_failed_pkts), 1);
	assert_int_equal(publisher_webrtc->sources.count, 0);
	assert_int_equal(media_ep->ssrc_bound, 0);
}

static void a_new_ssrc_that_says_whose_it_is_goes_on_at_once(void **state)
{
	struct publisher_packet a = media(5, "0", NULL), b = media(6, "0", NULL), rtx = media(50, "0", NULL);

	publisher_flow(VP8, "0", NULL)->rtx_type = RTX;
	publisher_flow(VP8, "1", NULL);
	publisher_next(&a);
	rtx.payload_type = RTX;
	publisher_next(&rtx);
	b.ext_seq = 9000;
	publisher_next(&b);
	publisher_next(&b);
	publisher_assert_taken(100, 0);
	publisher_assert_taken(9000, PACKET_RESTART);
	publisher_assert_taken(9001, 0);
	assert_int_equal(media_flow_count(0, restarts), 1);
	assert_int_equal(media_flow_count(0, ssrc), 6);
	/* what belonged to the SSRC before it is to be bound anew */
	assert_null(source_find(&publisher_webrtc->sources, 5));
	assert_null(source_find(&publisher_webrtc->sources, 50));
	assert_int_equal(media_drain(), 0);
}

static void a_late_packet_of_the_ssrc_before_does_not_bring_it_back(void **state)
{
	struct publisher_packet a = media(5, "0", NULL), b = media(6, "0", NULL);

	publisher_flow(VP8, "0", NULL);
	publisher_next(&a);
	publisher_next(&b);
	a.mid = "0";
	publisher_next(&a);
	assert_int_equal(media_count(drop_no_track), 1);
	publisher_next(&b);
	assert_int_equal(media_flow_count(0, restarts), 1);
	/* it comes back when the other has been silent */
	wire_lc.now_unix_ns += FLOW_ABANDONED_NS;
	a.mid = "0";
	publisher_next(&a);
	assert_int_equal(media_flow_count(0, restarts), 2);
	assert_int_equal(media_flow_count(0, ssrc), 5);
	assert_int_equal(media_drain(), 4);
}

static void a_new_ssrc_without_names_waits_for_silence(void **state)
{
	struct publisher_packet a = media(5, NULL, NULL), b = media(6, NULL, NULL);

	publisher_flow(VP8, "0", NULL);
	publisher_next(&a);
	publisher_next(&b);
	assert_int_equal(media_count(drop_no_track), 1);
	wire_lc.now_unix_ns += FLOW_ABANDONED_NS;
	publisher_next(&b);
	assert_int_equal(media_flow_count(0, ssrc), 6);
	assert_int_equal(media_drain(), 2);
}

static void one_burst_binds_as_its_packets_come(void **state)
{
	struct publisher_packet a = media(5, "0", NULL), b = media(6, "1", NULL);
	struct rte_mbuf *pkts[6];

	publisher_flow(VP8, "0", NULL);
	publisher_flow(VP8, "1", NULL);
	for (unsigned i = 0; i < 6; i++) {
		struct publisher_packet *p = i % 2 ? &a : &b;
		pkts[i] = publisher_frame(p);
		p->ext_seq++;
		p->mid = NULL;
	}
	lcore_process(&wire_lc, pkts, 6);
	assert_int_equal(media_flow_count(0, pkts), 3);
	assert_int_equal(media_flow_count(1, pkts), 3);
	assert_int_equal(media_drain(), 6);
}

static void an_ssrc_may_move_to_another_track(void **state)
{
	struct publisher_packet a = media(5, "0", NULL);

	publisher_flow(VP8, "0", NULL);
	publisher_flow(111, "1", NULL);
	publisher_next(&a);
	a.payload_type = 111;
	publisher_next(&a);
	assert_int_equal(media_count(drop_no_track), 1);
	a.mid = "1";
	publisher_next(&a);
	assert_int_equal(media_flow_count(1, ssrc), 5);
	assert_int_equal(media_ep->ssrc_bound, 2);
	assert_int_equal(media_drain(), 2);
}

static void an_ssrc_of_repair_may_turn_out_to_be_media(void **state)
{
	struct publisher_packet a = media(5, "0", NULL);

	publisher_flow(VP8, "0", NULL)->ulpfec_type = 98;
	a.payload_type = 98;
	publisher_next(&a);
	assert_int_equal(source_find(&publisher_webrtc->sources, 5)->role, SOURCE_FEC);
	a.payload_type = VP8;
	publisher_next(&a);
	assert_int_equal(source_find(&publisher_webrtc->sources, 5)->role, SOURCE_MEDIA);
	assert_int_equal(media_flow_count(0, ssrc), 5);
	assert_int_equal(media_drain(), 1);
}

static void the_longest_silent_ssrc_gives_way_but_never_media(void **state)
{
	struct publisher_packet a = media(5, "0", NULL), rtx;

	publisher_flow(VP8, "0", NULL)->rtx_type = RTX;
	publisher_next(&a);
	for (uint32_t i = 0; i < 2 * LIMIT_SOURCES; i++) {
		rtx = media(1000 + i, "0", NULL);
		rtx.payload_type = RTX;
		publisher_next(&rtx);
	}
	assert_int_equal(publisher_webrtc->sources.count, LIMIT_SOURCES);
	assert_non_null(source_find(&publisher_webrtc->sources, 5));
	assert_null(source_find(&publisher_webrtc->sources, 1000));
	assert_null(source_find(&publisher_webrtc->sources, 1000 + LIMIT_SOURCES));
	assert_non_null(source_find(&publisher_webrtc->sources, 1000 + LIMIT_SOURCES + 1));
	media_drain();
}

static void rtcp_of_any_ssrc_is_taken(void **state)
{
	struct media_sender s = {
		.ssrc = 77, .port = PUBLISHER_FROM, .seed = PUBLISHER_SEED, .profile = PUBLISHER_PROFILE
	};
	uint8_t report[128];
	struct reference_keys keys;
	uint8_t key[PROFILE_KEY_BYTES];
	unsigned len = (unsigned)rtcp_build_rr(report, sizeof(report), 0, 77, NULL, 0);

	publisher_flow(VP8, "0", NULL);
	media_key(key, s.seed);
	reference_derive_all(&keys, key, profile_info(s.profile), REFERENCE_RTCP);
	len = reference_rtcp(&keys, profile_info(s.profile), report, len, 1);
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, report, len);
	assert_int_equal(media_count(rtcp_pkts), 1);
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, report, len);
	assert_int_equal(media_count(drop_replay), 1);
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, report, 6);
	assert_int_equal(media_count(drop_rtcp_malformed), 1);
	assert_int_equal(media_ep->ssrc_bound, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		publisher_test(mids_tell_tracks_of_one_payload_type_apart),
		publisher_test(what_is_bound_needs_no_names_any_more),
		publisher_test(without_names_only_a_payload_type_of_one_flow_tells),
		publisher_test(the_offer_tells_whose_an_ssrc_is),
		publisher_test(rids_tell_layers_of_one_track_apart),
		publisher_test(a_rid_that_was_not_answered_does_not_matter),
		publisher_test(a_payload_type_that_was_not_negotiated_has_no_track),
		publisher_test(pcmu_has_payload_type_0),
		publisher_test(what_is_not_authentic_binds_nothing),
		publisher_test(a_new_ssrc_that_says_whose_it_is_goes_on_at_once),
		publisher_test(a_late_packet_of_the_ssrc_before_does_not_bring_it_back),
		publisher_test(a_new_ssrc_without_names_waits_for_silence),
		publisher_test(one_burst_binds_as_its_packets_come),
		publisher_test(an_ssrc_may_move_to_another_track),
		publisher_test(an_ssrc_of_repair_may_turn_out_to_be_media),
		publisher_test(the_longest_silent_ssrc_gives_way_but_never_media),
		publisher_test(rtcp_of_any_ssrc_is_taken),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
