/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole pipeline, for a WebRTC session: what waits for keys, and that whatever comes is accounted for (as
 * publisher_end checks). */
#include "tests/unit/dataplane/publisher.h"
#include "tests/unit/base/red_build.h"

#define VP8  96
#define RTX  97
#define OPUS 111
#define RED  63
#define FEC  100

static struct publisher_packet media(uint32_t ssrc, const char *mid)
{
	return (struct publisher_packet){ .ssrc = ssrc, .ext_seq = 100, .payload_type = VP8, .mid = mid };
}

static void media_before_its_keys_is_held_and_goes_on_with_them(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	for (unsigned i = 0; i < 40; i++)
		publisher_next(&p);
	assert_int_equal(media_count(held_pkts), 40);
	assert_int_equal(media_drain(), 0);
	media_assert_conserved();
	publisher_keys();
	assert_int_equal(media_count(released_pkts), 40);
	for (unsigned i = 0; i < 40; i++)
		publisher_assert_taken(100 + i, 0);
	assert_ptr_equal(media_flows[0]->crypto, publisher_webrtc->crypto);
	publisher_next(&p);
	publisher_assert_taken(140, 0);
	assert_int_equal(media_count(held_pkts), 40);
}

static void of_more_than_can_be_held_the_oldest_stay(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	for (unsigned i = 0; i < LIMIT_HELD_PKTS + 3; i++)
		publisher_next(&p);
	assert_int_equal(media_count(held_pkts), LIMIT_HELD_PKTS);
	assert_int_equal(media_count(drop_no_keys), 3);
	publisher_keys();
	assert_int_equal(media_count(handed_pkts), LIMIT_HELD_PKTS);
	publisher_assert_taken(100, 0);
	media_drain();
}

static void what_an_lcore_holds_is_bounded(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	wire_lc.held_max = 2;
	for (unsigned i = 0; i < 3; i++)
		publisher_next(&p);
	assert_int_equal(media_count(held_pkts), 2);
	assert_int_equal(media_count(drop_no_keys), 1);
	assert_int_equal(wire_lc.held_count, 2);
	publisher_keys();
	assert_int_equal(wire_lc.held_count, 0);
	wire_lc.held_max = 1000;
	media_drain();
}

static void feedback_follows_media_to_a_path_that_was_nominated(void **state)
{
	struct publisher_packet p = media(5, "0");
	struct ice *ice = &publisher_webrtc->ice;

	publisher_flow(VP8, "0", NULL);
	publisher_next(&p);
	ice->paths[1] = ice->paths[0];
	ice->paths[1].peer.port = 1;
	ice->path_count = 2;
	ice->selected = 1;
	publisher_next(&p);
	assert_int_equal(ice->selected, 1);
	ice->rival = 0;
	publisher_next(&p);
	assert_int_equal(ice->selected, 0);
	media_drain();
}

static void what_is_held_of_a_session_that_ends_is_dropped(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	publisher_next(&p);
	publisher_next(&p);
	assert_int_equal(publisher_command(COMMAND_PAUSE, NULL), 0);
	assert_int_equal(media_count(released_pkts), 2);
	assert_int_equal(media_count(drop_paused), 2);
	publisher_next(&p);
	assert_int_equal(media_count(drop_paused), 3);
}

static void what_was_held_and_is_forged_is_dropped_with_its_reason(void **state)
{
	struct publisher_packet p = media(5, "0");
	uint8_t data[256];
	unsigned len = publisher_seal(data, publisher_make(&p, data), p.ext_seq);

	publisher_flow(VP8, "0", NULL);
	data[len - 1] ^= 1;
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, data, len);
	assert_int_equal(media_count(held_pkts), 1);
	publisher_keys();
	assert_int_equal(media_count(drop_auth), 1);
}

static void media_from_where_no_check_came_is_nobodys(void **state)
{
	const uint8_t dtls[20] = { 22, 254, 253 };
	struct publisher_packet p = media(5, "0");
	struct rte_mbuf *mbuf = publisher_frame(&p);
	struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(
	        mbuf, struct rte_udp_hdr *, sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr));

	publisher_flow(VP8, "0", NULL);
	udp->src_port = rte_cpu_to_be_16(PUBLISHER_FROM + 1);
	lcore_process(&wire_lc, &mbuf, 1);
	assert_int_equal(media_count(drop_no_path), 1);
	/* nor is DTLS when the path has been forgotten since */
	publisher_webrtc->ice.paths[0].peer.port = 1;
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, dtls, sizeof(dtls));
	assert_int_equal(media_count(drop_no_path), 2);
	publisher_webrtc->ice.paths[0].peer.port = PUBLISHER_FROM;
}

static void what_is_neither_media_stun_nor_dtls_is_dropped(void **state)
{
	const uint8_t other[20] = { 200, 200 }, dtls[20] = { 22, 254, 253 }, stun[20] = { 0, 1 };
	uint8_t rtp[20] = { 0x8F, 96 };

	publisher_flow(VP8, "0", NULL);
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, other, sizeof(other));
	assert_int_equal(media_count(drop_not_media), 1);
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, rtp, sizeof(rtp));
	assert_int_equal(media_count(drop_rtp_malformed), 1);
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, dtls, sizeof(dtls));
	media_feed(PUBLISHER_FROM, PUBLISHER_PORT, stun, sizeof(stun));
	assert_int_equal(media_count(rx_pkts), 4);
	assert_int_equal(media_count(handed_pkts), 0);
}

static void the_keys_of_an_endpoint_that_is_not_here_come_back(void **state)
{
	struct crypto *crypto = publisher_crypto();

	endpoint_webrtc_remove(&wire_lc, publisher_ufrags);
	assert_int_equal(publisher_command(COMMAND_KEYS, crypto), -EAGAIN);
	assert_null(publisher_webrtc->crypto);
	crypto_free(crypto);
	endpoint_install(&wire_lc, media_ep);
}

static unsigned random_state;

static unsigned any(unsigned below)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % below;
}

/* A packet of any stream, near where that is, with a payload that is sometimes sound. */
static struct rte_mbuf *random_frame(void)
{
	static const uint8_t types[] = { VP8, RTX, OPUS, RED, FEC, 99, 98, 77 };
	static const char *const mids[] = { "0", "1", NULL, "9" };
	static uint64_t seqs[8];
	static uint8_t payload[600];
	unsigned stream = any(8);
	const uint8_t extra[] = { TWCC << 4 | 1, 1, 2, ORIENTATION << 4, 1 };
	struct publisher_packet p = { .ssrc = 10 + stream,
		.ext_seq = seqs[stream] += any(20) ? 1 : any(300),
		.rtp_time = (uint32_t)seqs[stream] * 960,
		.payload_type = types[any(5) ? stream : any(8)],
		.mid = mids[any(4)],
		.extra = extra,
		.extra_bytes = any(2) ? sizeof(extra) : 0,
		.padding = (uint8_t)(any(4) ? 0 : any(30)),
		.payload = payload,
		.payload_bytes = any(10) ? 10 + any(200) : 0 };
	uint8_t data[2048];
	unsigned len;

	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)any(256);
	if (any(2)) {
		struct red_block blocks[2] = { { OPUS, 960, 20, payload }, { OPUS, 0, 30, payload } };
		static uint8_t red[64];
		p.payload = red;
		p.payload_bytes = (unsigned)red_build(red, blocks, 2);
	} else if (any(2)) {
		cur_put16(payload, (uint16_t)(seqs[0] - any(5)));
	} else if (any(2)) {
		memset(payload, 0, 4);
		cur_put16(payload + 2, (uint16_t)(seqs[0] - any(5)));
		cur_put16(payload + 8, (uint16_t)any(50));
	}
	len = publisher_seal(data, publisher_make(&p, data), p.ext_seq);
	if (any(20) == 0)
		data[any(len)] ^= 1;
	return media_frame((uint16_t)(any(30) ? PUBLISHER_FROM : 1), PUBLISHER_PORT, data, len);
}

static void random_traffic_is_conserved(void **state)
{
	struct flow *video = publisher_flow(VP8, "0", NULL), *audio = publisher_flow(OPUS, "1", NULL);
	unsigned handed = 0;

	video->rtx_type = RTX;
	video->flexfec_type = FEC;
	video->red_type = 98;
	video->ulpfec_type = 99;
	audio->red_type = RED;
	assert_int_equal(fec_create(&video->fec, FEC_ULP), 0);
	random_state = 7;
	for (unsigned round = 0; round < 3000; round++) {
		struct rte_mbuf *pkts[LCORE_BURST];
		unsigned n = 1 + any(LCORE_BURST);
		for (unsigned i = 0; i < n; i++)
			pkts[i] = random_frame();
		if (round == 3)
			publisher_keys();
		lcore_process(&wire_lc, pkts, n);
		wire_lc.now_unix_ns += any(10) * CLK_NS_PER_MS;
		if (any(3))
			handed += media_drain();
		media_assert_conserved();
	}
	assert_true(handed > 3000);
	assert_true(media_count(rtx_pkts) > 0 && media_count(drop_probe) > 0 && media_count(drop_rtx) > 0);
	assert_true(media_count(recovered_pkts) > 0 && media_count(drop_red_malformed) > 0);
	assert_true(media_count(fec_pkts) > 0 && media_count(drop_fec_malformed) > 0);
	assert_true(media_count(drop_no_keys) > 0 && media_count(drop_no_track) > 0);
	assert_true(media_flow_count(1, red_repaired_pkts) > 0 && media_flow_count(0, rtx_repaired_pkts) > 0);
}

int main(void)
{
#define KEYLESS(name) cmocka_unit_test_setup_teardown(name, publisher_reset_keyless, publisher_end)
	const struct CMUnitTest tests[] = {
		KEYLESS(media_before_its_keys_is_held_and_goes_on_with_them),
		KEYLESS(of_more_than_can_be_held_the_oldest_stay),
		KEYLESS(what_an_lcore_holds_is_bounded),
		KEYLESS(what_is_held_of_a_session_that_ends_is_dropped),
		KEYLESS(what_was_held_and_is_forged_is_dropped_with_its_reason),
		publisher_test(media_from_where_no_check_came_is_nobodys),
		publisher_test(what_is_neither_media_stun_nor_dtls_is_dropped),
		publisher_test(feedback_follows_media_to_a_path_that_was_nominated),
		KEYLESS(the_keys_of_an_endpoint_that_is_not_here_come_back),
		KEYLESS(random_traffic_is_conserved),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
