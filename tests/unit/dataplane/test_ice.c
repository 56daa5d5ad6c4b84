/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/ice_rig.h"

static void a_check_is_answered_and_makes_a_path(void **state)
{
	assert_good(.port = P1, .priority = LOW);
	assert_int_equal(rtc_count(stun_checks), 1);
	assert_int_equal(rtc_count(answered), 1);
	assert_int_equal(rtc_count(tx_pkts), 1);
	assert_true(knows(P1));
	assert_false(knows(P2));
	assert_null(ice_selected(ice));
	assert_int_equal(ice->paths[0].priority, LOW);
	assert_true(rte_is_same_ether_addr(&ice->paths[0].peer.mac, &wire_their_mac));
	assert_good(.port = P1, .use = true);
	assert_int_equal(selected(), P1);
	assert_int_equal(ice->path_count, 1);
}

static void a_check_by_ipv6_is_answered(void **state)
{
	struct peer peer = { .port = P1, .is_v6 = 1 };

	assert_good(.port = P1, .is_v6 = true, .use = true);
	memcpy(peer.addr, wire_theirs6, 16);
	assert_true(ice_knows(ice, &peer, 1));
	assert_false(ice_knows(ice, &peer, 0));
	assert_int_equal(selected(), P1);
}

/* Four bytes more in front. */
static uint8_t *widen(struct rte_mbuf *mbuf)
{
	mbuf->data_off -= 4;
	mbuf->data_len += 4;
	mbuf->pkt_len += 4;
	return rte_pktmbuf_mtod(mbuf, uint8_t *);
}

/* Tagged, as it came: with the tag in the frame, and with the tag taken off by the device. */
static void an_answer_takes_its_vlan_along(void **state)
{
	struct rtc_check c = { .port = P1 };

	for (unsigned stripped = 0; stripped < 2; stripped++) {
		struct rte_mbuf *mbuf = rtc_check_frame(&c), *sent;
		if (stripped) {
			mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
			mbuf->vlan_tci = 5;
		} else {
			uint8_t *start = widen(mbuf);
			memmove(start, start + 4, 12);
			memcpy(start + 12, "\x81\x00\x00\x05", 4);
		}
		feed(mbuf);
		sent = wire_sent();
		assert_non_null(sent);
		const uint8_t *bytes = rte_pktmbuf_mtod(sent, uint8_t *);
		assert_memory_equal(bytes + 12, "\x81\x00\x00\x05\x08\x00\x45", 7);
		assert_int_equal(sent->pkt_len, 18 + 20 + 8 + 64);
		rte_pktmbuf_free(sent);
	}
}

static void ip_options_are_not_answered_with(void **state)
{
	struct rtc_check c = { .port = P1 };
	struct rte_mbuf *mbuf = rtc_check_frame(&c);
	uint8_t *start = widen(mbuf);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(start + 14);
	struct stun_message answer;

	memmove(start, start + 4, 14 + 20);
	memset(start + 34, 1, 4); /* no operation */
	ip->version_ihl = 0x46;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->total_length) + 4));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, 24);
	feed(mbuf);
	assert_true(read_answer(&answer, &c));
	assert_int_equal(answer.type, STUN_BINDING_SUCCESS);
}

/* Without room in front for a tag that the device took off. */
static void an_answer_that_has_no_room_for_its_headers_is_counted(void **state)
{
	struct rtc_check c = { .port = P1 };
	struct rte_mbuf *mbuf = rtc_check_frame(&c);

	memmove(mbuf->buf_addr, rte_pktmbuf_mtod(mbuf, void *), mbuf->pkt_len);
	mbuf->data_off = 0;
	mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	mbuf->vlan_tci = 5;
	feed(mbuf);
	assert_null(wire_sent());
	assert_int_equal(rtc_count(answered), 1);
	assert_int_equal(rtc_count(tx_dropped), 1);
}

static void what_is_not_authentic_is_counted_and_not_answered(void **state)
{
	uint64_t consent = ice->consent_mono_ns;
	uint8_t bytes[512];
	unsigned len;

	pass_ms(1000);
	assert_int_equal(check_of(.port = P1, .pwd = "another password, alas"), 0);
	assert_int_equal(rtc_count(drop_stun_auth), 1);
	assert_int_equal(check_of(.port = P1, .no_mac = true), 0);
	assert_int_equal(rtc_count(drop_stun_auth), 2);
	assert_int_equal(check_of(.port = P1, .no_fingerprint = true), 0);
	assert_int_equal(rtc_count(drop_stun_malformed), 1);
	len = rtc_request(bytes, sizeof(bytes), &(struct rtc_check){ .port = P1 });
	bytes[len - 1] ^= 1;
	feed(rtc_frame(false, P1, bytes, len));
	assert_int_equal(rtc_count(drop_stun_malformed), 2);
	feed(rtc_frame(false, P1, bytes, len - 1));
	assert_int_equal(rtc_count(drop_stun_malformed), 3);
	assert_int_equal(check_of(.port = P1, .type = STUN_BINDING_INDICATION), 0);
	assert_int_equal(check_of(.port = P1, .type = STUN_BINDING_SUCCESS), 0);
	assert_int_equal(rtc_count(drop_stun_other), 2);
	assert_int_equal(check_of(.port = P1, .username = "ours9999"), 0);
	assert_int_equal(check_of(.port = P1, .username = "ours"), 0);
	assert_int_equal(check_of(.port = P1, .username = "ours0000x"), 0);
	assert_int_equal(check_of(.port = P1, .username = "ours0000:more"), 0); /* another peer */
	assert_int_equal(check_of(.port = P1, .no_username = true), 0);
	assert_int_equal(rtc_count(drop_stun_stranger), 5);
	assert_int_equal(ice->path_count, 0);
	assert_int_equal(ice->consent_mono_ns, consent);
	assert_int_equal(rtc_count(stun_checks), 0);
	assert_int_equal(rtc_count(answered), 0);
	assert_null(wire_sent());
}

/* What has got past the peek at its user name by another lcore's doing. */
static void what_is_no_request_is_refused_by_ice_as_well(void **state)
{
	uint8_t bytes[512];
	unsigned len = rtc_request(
	        bytes, sizeof(bytes), &(struct rtc_check){ .port = P1, .type = STUN_BINDING_SUCCESS });
	struct rte_mbuf *mbuf = rtc_frame(false, P1, bytes, len);

	assert_int_equal(classify_burst(&wire_lc, &mbuf, 1), 1);
	meta_of(mbuf)->endpoint = &rtc_eps[0];
	ice_take(&wire_lc, mbuf);
	assert_int_equal(rtc_count(drop_stun_other), 1);
}

static void errors_are_told_to_who_is_authentic(void **state)
{
	struct stun_message answer;

	assert_int_equal(check_of(.port = P1, .unknown = 0x7777), STUN_ERROR_UNKNOWN_ATTRIBUTE);
	assert_int_equal(stun_parse(&answer, answer_bytes, answer_len), 0);
	assert_memory_equal(answer_bytes + 28, "\x00\x0a\x00\x02\x77\x77", 6);
	assert_int_equal(check_of(.port = P1, .controlled = true), STUN_ERROR_ROLE_CONFLICT);
	assert_int_equal(check_of(.port = P1, .no_priority = true), STUN_ERROR_BAD_REQUEST);
	assert_int_equal(check_of(.port = P1, .unknown = 0x7777, .pwd = "no"), 0);
	assert_int_equal(ice->path_count, 0);
	assert_int_equal(rtc_count(answered), 3);
	assert_int_equal(rtc_count(stun_checks), 3);
	/* what may be passed over is */
	assert_good(.port = P1, .unknown = 0xC057);
}

/* The same bytes again: the same answer, and nothing else; also from somewhere else. */
static void a_replayed_request_is_answered_alike_and_harmless(void **state)
{
	struct ice before;

	assert_good(.port = P1, .use = true, .priority = LOW, .id = 0xABCD);
	before = *ice;
	pass_ms(20000);
	assert_good(.port = P1, .use = true, .priority = LOW, .id = 0xABCD);
	assert_memory_equal(&before, ice, sizeof(before));
	assert_good(.port = P2, .use = true, .priority = LOW, .id = 0xABCD);
	assert_memory_equal(&before, ice, sizeof(before));
	assert_false(knows(P2));
	pass_ms(10001);
	assert_true(ice_expired(ice, wire_lc.now_mono_ns));
	/* as many as are remembered */
	for (unsigned i = 0; i < ICE_IDS - 1; i++)
		assert_good(.port = P1);
	assert_good(.port = P2, .use = true, .id = 0xABCD);
	assert_false(knows(P2));
}

/* A second browser with the same answer: it has another ufrag, and does not know ours for it. */
static void of_two_clients_with_one_answer_only_the_first_is_served(void **state)
{
	struct msg_ice mine = rtc_ice(0, 0);
	uint8_t bytes[512], id[STUN_ID_BYTES] = { 9 };
	struct stun_build b;

	assert_good(.port = P1, .use = true);
	stun_begin(&b, bytes, sizeof(bytes), STUN_BINDING_REQUEST, id);
	stun_put_username(&b, mine.ufrag, "else");
	stun_put_priority(&b, HIGH);
	stun_put_controlling(&b, 1);
	stun_put_use_candidate(&b);
	feed(rtc_frame(false, P2, bytes, (unsigned)stun_end(&b, rtc_hmac, mine.pwd)));
	assert_int_equal(rtc_count(drop_stun_stranger), 1);
	assert_false(knows(P2));
	assert_int_equal(selected(), P1);
}

static void restart(unsigned number)
{
	struct ice_credentials credentials;
	struct msg_ice msg = rtc_ice(0, number);

	ice_credentials_init(&credentials, &msg);
	ice_restart(&wire_lc, &rtc_eps[0], &credentials);
}

static bool knows_ufrag(unsigned number)
{
	return demux_ufrag(wire_lc.demux, rtc_ice(0, number).ufrag) == (uintptr_t)&rtc_eps[0];
}

static void a_restart_takes_over_when_a_path_is_nominated(void **state)
{
	assert_good(.port = P1, .use = true, .priority = HIGH);
	restart(1);
	/* both are good */
	assert_good(.port = P1, .use = true, .priority = HIGH);
	assert_good(.port = P2, .restart = 1, .priority = LOW);
	assert_good(.port = P1, .restart = 1, .priority = HIGH);
	assert_int_equal(selected(), P1);
	assert_int_equal(check_of(.port = P2, .restart = 1, .pwd = "password-of-ours-00-00"), 0);
	assert_int_equal(rtc_count(drop_stun_auth), 1);
	assert_true(knows_ufrag(0) && knows_ufrag(1));
	/* a lower priority, but of the restart */
	assert_good(.port = P2, .restart = 1, .priority = LOW, .use = true);
	assert_int_equal(selected(), P2);
	assert_false(knows_ufrag(0));
	assert_int_equal(check_of(.port = P1, .use = true, .priority = HIGH), 0);
	assert_int_equal(rtc_count(drop_stun_stranger), 1);
	assert_int_equal(selected(), P2);
	/* what is still under way on the old path is ours */
	assert_true(knows(P1));
	/* the old path alone makes no come-back */
	assert_good(.port = P1, .restart = 1, .priority = HIGH);
	pass_ms(ICE_FRESH_S * 1000 + 1);
	assert_good(.port = P1, .restart = 1, .priority = HIGH);
	assert_int_equal(selected(), P2);
}

static void a_restart_of_a_restart_forgets_the_oldest(void **state)
{
	assert_good(.port = P1, .use = true);
	restart(1);
	restart(2);
	assert_false(knows_ufrag(0));
	assert_true(knows_ufrag(1) && knows_ufrag(2));
	assert_int_equal(check_of(.port = P1), 0);
	assert_good(.port = P1, .restart = 1);
	assert_good(.port = P1, .restart = 2, .use = true);
	assert_false(knows_ufrag(1));
	restart(3);
	assert_true(knows_ufrag(2) && knows_ufrag(3));
}

static struct command *told(void)
{
	void *command = NULL;

	ice_news(&wire_lc, &rtc_eps[0]);
	return spsc_take(wire_lc.replies, &command, 1) ? command : NULL;
}

static void news_of_path_and_consent_are_told_once_each(void **state)
{
	struct command *news = &rtc_webrtcs[0].news;

	assert_null(told());
	assert_good(.port = P1);
	assert_null(told());
	assert_good(.port = P1, .use = true);
	assert_ptr_equal(told(), news);
	assert_true(news->has_path && !news->expired);
	assert_null(told());
	pass_ms(ICE_CONSENT_S * 1000 + 1);
	assert_null(told()); /* the last one is with the command thread */
	atomic_store(&news->told, false);
	assert_ptr_equal(told(), news);
	assert_true(news->expired);
	atomic_store(&news->told, false);
	assert_null(told());
}

static void a_peer_that_never_comes_has_not_consented(void **state)
{
	pass_ms(ICE_CONSENT_S * 1000);
	assert_null(told());
	pass_ms(1);
	assert_non_null(told());
	assert_true(rtc_webrtcs[0].news.expired && !rtc_webrtcs[0].news.has_path);
}

static void consent_lasts_from_check_to_check(void **state)
{
	for (unsigned i = 0; i < 10; i++) {
		assert_good(.port = P1);
		pass_ms(ICE_CONSENT_S * 1000 - 1);
		assert_false(ice_expired(ice, wire_lc.now_mono_ns));
	}
	/* others do not prolong it */
	assert_int_equal(check_of(.port = P1, .pwd = "no"), 0);
	assert_int_equal(check_of(.port = P1, .controlled = true), STUN_ERROR_ROLE_CONFLICT);
	pass_ms(2);
	assert_true(ice_expired(ice, wire_lc.now_mono_ns));
	/* a clock of another lcore that is a little behind is no reason */
	ice->consent_mono_ns = wire_lc.now_mono_ns + 1000;
	assert_false(ice_expired(ice, wire_lc.now_mono_ns));
}

static void remote_ufrags_may_be_long(void **state)
{
	struct ice_credentials credentials;
	struct msg_ice msg = rtc_ice(0, 1);

	memset(msg.remote_ufrag, 'x', LIMIT_ICE_UFRAG_BYTES);
	msg.remote_ufrag[LIMIT_ICE_UFRAG_BYTES] = '\0';
	ice_credentials_init(&credentials, &msg);
	assert_int_equal(credentials.remote_ufrag_bytes, LIMIT_ICE_UFRAG_BYTES);
	assert_memory_equal(credentials.remote_ufrag, msg.remote_ufrag, LIMIT_ICE_UFRAG_BYTES);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, ice_rig_create, ice_rig_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_check_is_answered_and_makes_a_path),
		CASE(a_check_by_ipv6_is_answered),
		CASE(an_answer_takes_its_vlan_along),
		CASE(ip_options_are_not_answered_with),
		CASE(an_answer_that_has_no_room_for_its_headers_is_counted),
		CASE(what_is_not_authentic_is_counted_and_not_answered),
		CASE(what_is_no_request_is_refused_by_ice_as_well),
		CASE(errors_are_told_to_who_is_authentic),
		CASE(a_replayed_request_is_answered_alike_and_harmless),
		CASE(of_two_clients_with_one_answer_only_the_first_is_served),
		CASE(a_restart_takes_over_when_a_path_is_nominated),
		CASE(a_restart_of_a_restart_forgets_the_oldest),
		CASE(news_of_path_and_consent_are_told_once_each),
		CASE(a_peer_that_never_comes_has_not_consented),
		CASE(consent_lasts_from_check_to_check),
		CASE(remote_ufrags_may_be_long),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
