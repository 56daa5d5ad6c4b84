/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP in and out, as it is on the wire. */
#include "tests/unit/dataplane/media.h"
#include "base/clk.h"
#include "dataplane/feedback.h"

static struct media_sender sender;

static int begin(void **state)
{
	int r = media_reset(state);

	sender = (struct media_sender){ .ssrc = 5,
		.port = 4000,
		.payload_type = 96,
		.seed = 1,
		.profile = PROFILE_AES_CM_128_HMAC_SHA1_80,
		.ext_seq = 10 };
	media_flow(96, sender.profile, 1, 0);
	return r;
}

/* Let @ms pass, with the timer's calls every millisecond. */
static void pass(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		wire_lc.now_tsc += wire_lc.tsc_hz / 1000;
		wire_lc.now_unix_ns += CLK_NS_PER_MS;
		feedback_timer(&wire_lc);
	}
}

/* What a report of ours said. */
struct seen {
	uint16_t from_port, to_port;
	uint32_t sender_ssrc, ssrc, highest_seq, pli_ssrc;
	int32_t lost;
	uint8_t fraction;
	unsigned blocks, plis;
};

static void see_block(
        void *arg, uint32_t ssrc, uint8_t fraction, int32_t lost, uint32_t highest_seq, uint32_t jitter)
{
	struct seen *seen = arg;

	seen->blocks++;
	seen->ssrc = ssrc;
	seen->fraction = fraction;
	seen->lost = lost;
	seen->highest_seq = highest_seq;
}

static void see_key_frame_request(void *arg, uint32_t media_ssrc)
{
	struct seen *seen = arg;

	seen->plis++;
	seen->pli_ssrc = media_ssrc;
}

static bool sent_report(struct seen *ret_seen, enum profile profile)
{
	struct rte_mbuf *mbuf = wire_sent();
	struct rtcp_handlers handlers = {
		.report_block = see_block, .key_frame_request = see_key_frame_request, .arg = ret_seen
	};

	memset(ret_seen, 0, sizeof(*ret_seen));
	if (!mbuf)
		return false;
	struct rte_ipv4_hdr *ip = wire_l3(mbuf);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	uint8_t *data = (uint8_t *)(udp + 1);
	unsigned len = rte_be_to_cpu_16(udp->dgram_len) - 8u;
	assert_memory_equal(&ip->dst_addr, wire_theirs4, 4);
	ret_seen->from_port = rte_be_to_cpu_16(udp->src_port);
	ret_seen->to_port = rte_be_to_cpu_16(udp->dst_port);
	media_open_rtcp(data, &len, profile, 1);
	assert_int_equal(rtcp_sender_ssrc(data, len, &ret_seen->sender_ssrc), 0);
	assert_int_equal(rtcp_parse(data, len, &handlers), 0);
	rte_pktmbuf_free(mbuf);
	return true;
}

static void send_sr(uint32_t ssrc, unsigned odd, uint64_t ntp)
{
	uint8_t report[128];

	media_send_rtcp(
	        &sender, odd, report, rtcp_build_sr(report, sizeof(report), 0, ssrc, ntp, 4321, 1, 2));
}

static void send_bye(uint32_t ssrc)
{
	uint8_t report[128];
	size_t len = rtcp_build_rr(report, sizeof(report), 0, ssrc, NULL, 0);

	media_send_rtcp(&sender, 0, report, rtcp_build_bye(report, sizeof(report), len, ssrc));
}

static void a_sender_report_goes_to_the_writer(void **state)
{
	struct packet *p;

	media_send(&sender);
	media_drain();
	send_sr(5, 1, 0x1122334455667788);
	p = media_taken();
	assert_int_equal(p->kind, PACKET_SENDER_REPORT);
	assert_int_equal(p->ntp, 0x1122334455667788);
	assert_int_equal(p->rtp_time, 4321);
	assert_int_equal(p->ssrc, 5);
	assert_int_equal(p->payload_bytes, 0);
	assert_int_equal(p->arrival_unix_ns, MEDIA_NS);
	assert_ptr_equal(p->track, media_flows[0]->track);
	media_done(p);
	assert_int_equal(media_flow_count(0, sender_reports), 1);
	assert_int_equal(media_count(rtcp_pkts), 1);
}

static void a_report_that_comes_before_the_first_packet_is_kept_too(void **state)
{
	struct packet *p;

	send_sr(5, 1, 1);
	assert_int_equal(media_ep->ssrc_bound, 0);
	p = media_taken();
	assert_int_equal(p->ssrc, 5);
	media_done(p);
	media_send(&sender);
	media_drain();
}

static void a_forged_report_is_dropped(void **state)
{
	sender.seed = 2;
	send_sr(5, 1, 1);
	assert_int_equal(media_count(drop_auth), 1);
	assert_false(media_flows[0]->has_rtcp_peer);
}

static void a_replayed_report_is_dropped(void **state)
{
	send_sr(5, 1, 1);
	sender.rtcp_index--;
	send_sr(5, 1, 1);
	assert_int_equal(media_count(drop_replay), 1);
	media_drain();
}

static void a_compound_packet_that_lies_is_malformed(void **state)
{
	uint8_t report[64] = { 0 };

	rtcp_build_rr(report, sizeof(report), 0, 5, NULL, 0);
	report[3] = 9;
	media_send_rtcp(&sender, 0, report, 8);
	assert_int_equal(media_count(drop_rtcp_malformed), 1);
}

static void the_report_of_one_track_opens_with_the_key_of_another_only_if_they_share_it(void **state)
{
	/* flow 1 has another key: its SSRC in a report under flow 0's key says nothing of flow 1 */
	media_flow(97, PROFILE_AES_CM_128_HMAC_SHA1_80, 2, 9);
	media_send(&sender);
	media_drain();
	uint8_t report[128];
	size_t len = rtcp_build_rr(report, sizeof(report), 0, 5, NULL, 0);
	media_send_rtcp(&sender, 0, report, rtcp_build_bye(report, sizeof(report), len, 9));
	assert_int_equal(media_flows[1]->bye_unix_ns, 0);
	media_flows[1]->key_group = 0;
	len = rtcp_build_rr(report, sizeof(report), 0, 5, NULL, 0);
	media_send_rtcp(&sender, 0, report, rtcp_build_bye(report, sizeof(report), len, 9));
	assert_int_not_equal(media_flows[1]->bye_unix_ns, 0);
}

static void a_report_goes_out_every_second_while_packets_come(void **state)
{
	struct seen seen;

	pass(2000);
	assert_false(sent_report(&seen, sender.profile));
	media_send(&sender);
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	assert_int_equal(seen.blocks, 1);
	assert_int_equal(seen.ssrc, 5);
	assert_int_equal(seen.highest_seq, 10);
	assert_int_equal(seen.plis, 0);
	assert_int_equal(seen.sender_ssrc, 0xFEED0001);
	assert_int_equal(seen.from_port, MEDIA_PORT);
	assert_int_equal(seen.to_port, 4000);
	for (unsigned i = 0; i < 10; i++) {
		media_send(&sender);
		pass(80);
		assert_false(sent_report(&seen, sender.profile));
	}
	pass(300);
	assert_true(sent_report(&seen, sender.profile));
	pass(3000);
	assert_false(sent_report(&seen, sender.profile));
	assert_int_equal(media_flow_count(0, receiver_reports), 2);
	media_drain();
}

static void a_report_tells_losses_and_the_last_sender_report(void **state)
{
	struct seen seen;

	media_send(&sender);
	sender.ext_seq += 2;
	media_send(&sender);
	send_sr(5, 1, 0xAABBCCDD11223344);
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	assert_int_equal(seen.lost, 2);
	assert_int_equal(seen.fraction, 2 * 256 / 4);
	assert_int_equal(media_flows[0]->last_sr, 0xCCDD1122);
	media_drain();
}

static void a_wall_clock_that_is_set_does_not_change_how_long_a_sender_report_was_kept(void **state)
{
	media_send(&sender);
	send_sr(5, 1, 0xAABBCCDD11223344);
	wire_lc.now_unix_ns -= 3600 * CLK_NS_PER_S;
	wire_lc.now_mono_ns += CLK_NS_PER_S / 2;
	assert_int_equal(feedback_block(&wire_lc, media_flows[0]).delay_since_sr, 0x8000);
	media_drain();
}

/* Else the second would have the nonce of the first (RFC 7714 section 8.1). */
static void reports_with_one_key_have_one_count(void **state)
{
	struct media_sender other = sender;
	struct rte_mbuf *reports[2];
	uint8_t last[2][4];

	media_flow(97, sender.profile, sender.seed, 6);
	other.ssrc = 6;
	other.payload_type = 97;
	other.port = 4100;
	media_send(&sender);
	media_send(&other);
	for (unsigned ms = 0; ms < 100; ms++)
		pass(1);
	assert_int_equal(rte_eth_rx_burst(0, 0, reports, 2), 2);
	for (unsigned i = 0; i < 2; i++) {
		unsigned behind = 4 + profile_info(sender.profile)->rtcp_tag_bytes;
		memcpy(last[i], rte_pktmbuf_mtod_offset(reports[i], uint8_t *, reports[i]->pkt_len - behind),
		        4);
		assert_int_equal(last[i][3], i + 1);
		rte_pktmbuf_free(reports[i]);
	}
	media_drain();
}

static void reports_go_to_where_rtcp_comes_from(void **state)
{
	struct seen seen;

	media_send(&sender);
	send_sr(5, 1, 1);
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	assert_int_equal(seen.from_port, MEDIA_PORT + 1);
	assert_int_equal(seen.to_port, 4001);
	media_drain();
}

static void a_wish_for_a_key_frame_becomes_a_pli(void **state)
{
	struct seen seen;

	media_send(&sender);
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	media_wanted = 1;
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	assert_int_equal(seen.plis, 1);
	assert_int_equal(seen.pli_ssrc, 5);
	pass(2000);
	assert_false(sent_report(&seen, sender.profile));
	assert_int_equal(media_flow_count(0, key_frame_requests), 1);
	media_drain();
}

static void plis_are_at_least_250_ms_apart(void **state)
{
	struct seen seen;
	unsigned plis = 0;

	media_send(&sender);
	for (unsigned i = 0; i < 1000; i++) {
		media_wanted++;
		pass(1);
		if (sent_report(&seen, sender.profile))
			plis += seen.plis;
	}
	assert_in_range(plis, 3, 4);
	media_drain();
}

static void a_wish_waits_for_the_first_packet(void **state)
{
	struct seen seen;

	media_flows[0]->key_frame_asked = true;
	pass(500);
	assert_false(sent_report(&seen, sender.profile));
	media_send(&sender);
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	assert_int_equal(seen.plis, 1);
	media_drain();
}

static void audio_is_asked_for_no_key_frame(void **state)
{
	struct seen seen;

	media_flows[0]->video = false;
	media_flows[0]->key_frame_asked = true;
	media_send(&sender);
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	assert_int_equal(seen.plis, 0);
	media_drain();
}

/* RFC 3550 section 8.2: ours gives way. */
static void our_ssrc_is_never_a_senders(void **state)
{
	struct seen seen;

	sender.ssrc = 0xFEED0001;
	media_send(&sender);
	pass(100);
	assert_true(sent_report(&seen, sender.profile));
	assert_int_equal(seen.sender_ssrc, 0xFEED0002);
	media_drain();
}

static struct command *told(void)
{
	void *command = NULL;

	return spsc_take(wire_lc.replies, &command, 1) ? command : NULL;
}

static void bye_ends_a_flow_a_second_later(void **state)
{
	struct command *c;

	media_send(&sender);
	send_bye(5);
	pass(900);
	assert_null(told());
	pass(200);
	c = told();
	assert_ptr_equal(c, &media_ep->bye);
	assert_int_equal(c->kind, COMMAND_BYE);
	assert_int_equal(c->flows, 1);
	media_send(&sender);
	assert_int_equal(media_count(drop_paused), 1);
	pass(2000);
	assert_null(told());
	media_drain();
}

static void packets_that_go_on_after_bye_cancel_it(void **state)
{
	media_send(&sender);
	send_bye(5);
	for (unsigned i = 0; i < 30; i++) {
		media_send(&sender);
		pass(100);
	}
	assert_null(told());
	assert_false(media_flows[0]->ended);
	media_drain();
}

static void a_bye_of_somebody_else_ends_nothing(void **state)
{
	media_send(&sender);
	send_bye(77);
	pass(1500);
	assert_null(told());
	media_drain();
}

static void news_wait_until_the_command_thread_has_read_the_last(void **state)
{
	media_flow(97, PROFILE_PLAIN, 1, 9);
	media_send(&sender);
	send_bye(5);
	pass(1200);
	assert_non_null(told());
	media_flows[1]->ended = true;
	pass(200);
	assert_null(told());
	atomic_store(&media_ep->bye.told, false);
	pass(200);
	assert_int_equal(told()->flows, 3);
	media_drain();
}

static void plain_rtcp_of_another_host_is_dropped(void **state)
{
	struct media_sender s = { .ssrc = 9, .port = 4000, .payload_type = 97 };
	uint8_t report[64];

	media_flow(97, PROFILE_PLAIN, 1, 0);
	media_send(&s);
	media_send(&s);
	media_flows[1]->rtp_peer.addr[3] ^= 1;
	media_send_rtcp(&s, 1, report, rtcp_build_sr(report, sizeof(report), 0, 9, 1, 2, 3, 4));
	assert_int_equal(media_count(drop_wrong_source), 1);
	media_drain();
}

static void an_endpoint_is_astray_when_three_quarters_come_from_elsewhere(void **state)
{
	media_ep->passed_from = 1;
	media_ep->passed_pkts = 600;
	media_ep->own_pkts = 1000;
	pass(FEEDBACK_LOOK_MS);
	assert_int_equal(spsc_count(wire_lc.replies), 0);
	assert_int_equal(media_ep->own_pkts, 0);
	media_ep->passed_pkts = 800;
	media_ep->own_pkts = 1000;
	pass(FEEDBACK_LOOK_MS);
	assert_int_equal(spsc_count(wire_lc.replies), 1);
	assert_int_equal(media_ep->astray.owner, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, media_end)
	const struct CMUnitTest tests[] = {
		CASE(a_sender_report_goes_to_the_writer),
		CASE(a_report_that_comes_before_the_first_packet_is_kept_too),
		CASE(a_forged_report_is_dropped),
		CASE(a_replayed_report_is_dropped),
		CASE(a_compound_packet_that_lies_is_malformed),
		CASE(the_report_of_one_track_opens_with_the_key_of_another_only_if_they_share_it),
		CASE(a_report_goes_out_every_second_while_packets_come),
		CASE(a_report_tells_losses_and_the_last_sender_report),
		CASE(a_wall_clock_that_is_set_does_not_change_how_long_a_sender_report_was_kept),
		CASE(reports_with_one_key_have_one_count),
		CASE(reports_go_to_where_rtcp_comes_from),
		CASE(a_wish_for_a_key_frame_becomes_a_pli),
		CASE(plis_are_at_least_250_ms_apart),
		CASE(a_wish_waits_for_the_first_packet),
		CASE(audio_is_asked_for_no_key_frame),
		CASE(our_ssrc_is_never_a_senders),
		CASE(bye_ends_a_flow_a_second_later),
		CASE(packets_that_go_on_after_bye_cancel_it),
		CASE(a_bye_of_somebody_else_ends_nothing),
		CASE(news_wait_until_the_command_thread_has_read_the_last),
		CASE(plain_rtcp_of_another_host_is_dropped),
		CASE(an_endpoint_is_astray_when_three_quarters_come_from_elsewhere),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
