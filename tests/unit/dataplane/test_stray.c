/* SPDX-License-Identifier: BSD-3-Clause */
/* Media from where no check came, as after a NAT has forgotten its sender: found by SSRC, taken if authentic.
 */
#include "tests/unit/dataplane/publisher.h"
#include "dataplane/classify.h"
#include "dataplane/stray.h"

#define VP8       96
#define ELSEWHERE 5000 /* the peer's port after that */

static struct publisher_packet media(uint32_t ssrc, const char *mid)
{
	return (struct publisher_packet){ .ssrc = ssrc, .ext_seq = 100, .payload_type = VP8, .mid = mid };
}

/* Send @p from another port than the checked one, with a bit of it flipped if it is to be @forged. */
static void stray(const struct publisher_packet *p, bool forged)
{
	uint8_t data[2048];
	unsigned len = publisher_seal(data, publisher_make(p, data), p->ext_seq);

	data[len - 1] ^= forged;
	media_feed(ELSEWHERE, PUBLISHER_PORT, data, len);
}

static void authentic_media_of_a_known_ssrc_goes_on(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	publisher_next(&p);
	for (unsigned i = 0; i < 3; i++, p.ext_seq++)
		stray(&p, false);
	assert_int_equal(media_flow_count(0, pkts), 4);
	assert_int_equal(media_drain(), 4);
	assert_int_equal(media_count(drop_no_path), 0);
	assert_false(ice_knows(&publisher_webrtc->ice, &media_flows[0]->rtp_peer, 0));
}

static void forged_media_of_a_known_ssrc_changes_nothing(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	publisher_next(&p);
	stray(&p, true);
	assert_int_equal(media_count(drop_auth), 1);
	publisher_next(&p);
	assert_int_equal(media_flow_count(0, pkts), 2);
	assert_int_equal(media_drain(), 2);
}

static void an_unknown_ssrc_is_nobodys(void **state)
{
	struct publisher_packet p = media(5, "0"), other = media(6, "0");

	publisher_flow(VP8, "0", NULL);
	stray(&p, false);
	publisher_next(&p);
	stray(&other, false);
	assert_int_equal(media_count(drop_no_path), 2);
	assert_int_equal(media_drain(), 1);
}

static void the_ssrc_that_another_took_the_place_of_is_found_no_more(void **state)
{
	struct publisher_packet p = media(5, "0"), next = media(6, "0");

	publisher_flow(VP8, "0", NULL);
	publisher_next(&p);
	publisher_next(&next);
	assert_int_equal(demux_ssrc(wire_lc.demux, 5), 0);
	assert_ptr_equal(demux_ssrc(wire_lc.demux, 6), media_ep);
	stray(&p, false);
	assert_int_equal(media_count(drop_no_path), 1);
	assert_int_equal(media_drain(), 2);
}

static void it_is_found_where_its_endpoint_is(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	publisher_next(&p);
	endpoint_webrtc_remove(&wire_lc, publisher_ufrags);
	assert_int_equal(demux_ssrc(wire_lc.demux, 5), 0);
	endpoint_install(&wire_lc, media_ep);
	assert_ptr_equal(demux_ssrc(wire_lc.demux, 5), media_ep);
	assert_int_equal(media_drain(), 1);
}

/* Whoever was there first keeps it, also when the other one goes. */
static void an_ssrc_of_another_endpoint_is_not_taken_away(void **state)
{
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	assert_int_equal(demux_put_ssrc(wire_lc.demux, 5, 0x1000), 0);
	publisher_next(&p);
	assert_int_equal(demux_ssrc(wire_lc.demux, 5), 0x1000);
	endpoint_webrtc_remove(&wire_lc, publisher_ufrags);
	assert_int_equal(demux_ssrc(wire_lc.demux, 5), 0x1000);
	endpoint_install(&wire_lc, media_ep);
	assert_int_equal(media_drain(), 1);
}

static void assert_finds(const uint8_t *data, unsigned len, const void *endpoint)
{
	struct rte_mbuf *mbuf = media_frame(ELSEWHERE, PUBLISHER_PORT, data, len);

	assert_int_equal(classify_burst(&wire_lc, &mbuf, 1), 1);
	assert_ptr_equal(stray_find(&wire_lc, mbuf), endpoint);
	rte_pktmbuf_free(mbuf);
}

static void rtcp_is_found_by_its_sender_and_all_else_by_nothing(void **state)
{
	const uint8_t report[28] = { 0x80, 200, 0, 6, 0, 0, 0, 5 }, dtls[20] = { 22, 254, 253 };
	const uint8_t rtp[12] = { 0x80, VP8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5 };
	struct publisher_packet p = media(5, "0");

	publisher_flow(VP8, "0", NULL);
	publisher_next(&p);
	assert_finds(rtp, sizeof(rtp), media_ep);
	assert_finds(rtp, sizeof(rtp) - 1, NULL);
	assert_finds(report, sizeof(report), media_ep);
	assert_finds(report, 7, NULL);
	assert_finds(dtls, sizeof(dtls), NULL);
	assert_int_equal(media_drain(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		publisher_test(authentic_media_of_a_known_ssrc_goes_on),
		publisher_test(forged_media_of_a_known_ssrc_changes_nothing),
		publisher_test(an_unknown_ssrc_is_nobodys),
		publisher_test(the_ssrc_that_another_took_the_place_of_is_found_no_more),
		publisher_test(it_is_found_where_its_endpoint_is),
		publisher_test(an_ssrc_of_another_endpoint_is_not_taken_away),
		publisher_test(rtcp_is_found_by_its_sender_and_all_else_by_nothing),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
