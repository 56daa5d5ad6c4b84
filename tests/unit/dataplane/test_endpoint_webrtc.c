/* SPDX-License-Identifier: BSD-3-Clause */
/* Two lcores, and WebRTC sessions whose packets arrive now at the one, now at the other. */
#include "tests/unit/dataplane/rtc.h"
#include "dataplane/command.h"
#include "dataplane/endpoint_webrtc.h"
#include "dataplane/stages.h"
#include "writers/track.h"

#define RING 64
#define P1   4001

static struct lcore lcores[2];
static uint64_t slots[2][STAT_LCORE_COUNT];
static struct endpoint *ep;

static int begin(void **state)
{
	wire_reset(state);
	memset(slots, 0, sizeof(slots));
	for (unsigned i = 0; i < 2; i++) {
		lcores[i] = (struct lcore){ .slot = slots[i],
			.host = wire_lc.host,
			.pool = wire_lc.pool,
			.crypto = wire_lc.crypto,
			.index = i,
			.count = 2,
			.tsc_hz = wire_lc.tsc_hz };
		if (rtc_lcore(&lcores[i]) || spsc_create(&lcores[i].forward[!i], RING))
			return -1;
	}
	lcores[0].forwarded[1] = lcores[1].forward[0];
	lcores[1].forwarded[0] = lcores[0].forward[1];
	ep = rtc_make(0, lcores[0].now_mono_ns);
	return 0;
}

static int end(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		rtc_lcore_end(&lcores[i]);
		spsc_free(lcores[i].forward[!i]);
	}
	wire_reset(state);
	assert_int_equal(rte_mempool_in_use_count(wire_lc.pool), 0);
	return 0;
}

#define count(lcore, id) ((int)slots[lcore][STAT_LCORE_##id])

/* What the stages behind the look-up do of it: STUN is answered; how many others were the lcore's own. */
static unsigned work(unsigned lcore, struct rte_mbuf **pkts, unsigned n)
{
	unsigned others = 0;

	n = endpoint_lookup_burst(&lcores[lcore], pkts, n);
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *sent = NULL;
		assert_ptr_equal(meta_of(pkts[i])->endpoint, ep);
		if (meta_data(pkts[i])[0] == 0) {
			ice_take(&lcores[lcore], pkts[i]);
			sent = wire_sent();
			assert_non_null(sent);
			rte_pktmbuf_free(sent);
			continue;
		}
		others++;
		rte_pktmbuf_free(pkts[i]);
	}
	return others;
}

static unsigned arrive(unsigned lcore, struct rte_mbuf *mbuf)
{
	unsigned n = classify_burst(&lcores[lcore], &mbuf, 1);

	return work(lcore, &mbuf, n);
}

static unsigned take_forwarded(unsigned lcore)
{
	struct rte_mbuf *pkts[LCORE_BURST];
	unsigned n = endpoint_take_forwarded(&lcores[lcore], pkts, LCORE_BURST);

	return work(lcore, pkts, n);
}

static void check_at(unsigned lcore, struct rtc_check c)
{
	assert_int_equal(arrive(lcore, rtc_check_frame(&c)), 0);
}

/* DTLS, by its first byte. */
static unsigned dtls_at(unsigned lcore, uint16_t port)
{
	static const uint8_t hello[20] = { 22, 254, 253 };

	return arrive(lcore, rtc_frame(false, port, hello, sizeof(hello)));
}

/* A command about the session, carried out; its status. */
static int give(unsigned lcore, enum command_kind kind, unsigned owner, const char *first, const char *second)
{
	struct command command = { .kind = kind, .endpoint = ep, .port = RTC_PORT, .owner = (uint8_t)owner };
	void *at = &command, *back = NULL;

	command.local = ENDPOINT_ANY_LOCAL;
	memcpy(command.ufrags[0], first, MSG_UFRAG_BYTES);
	if (second)
		memcpy(command.ufrags[1], second, MSG_UFRAG_BYTES);
	assert_int_equal(spsc_put(lcores[lcore].commands, &at, 1), 1);
	command_poll(&lcores[lcore]);
	if (kind == COMMAND_MOVE && !spsc_count(lcores[lcore].replies)) {
		take_forwarded(owner);
		lcore = owner;
	}
	assert_int_equal(spsc_take(lcores[lcore].replies, &back, 1), 1);
	assert_ptr_equal(back, &command);
	return command.status;
}

static const char *ufrag(unsigned restart)
{
	static struct msg_ice ice[4];

	ice[restart] = rtc_ice(0, restart);
	return ice[restart].ufrag;
}

/* Lcore 0 owns the session, lcore 1 knows. */
static void open_at_0(void)
{
	assert_int_equal(give(0, COMMAND_ADD, 0, ufrag(0), NULL), 0);
	assert_int_equal(give(1, COMMAND_POINT, 0, ufrag(0), NULL), 0);
	assert_int_equal(give(0, COMMAND_POINT, 0, ufrag(0), NULL), 0);
}

static void checks_and_what_follows_them_reach_the_owner(void **state)
{
	open_at_0();
	assert_int_equal(dtls_at(0, P1), 0); /* ahead of the first check */
	assert_int_equal(count(0, drop_no_path), 1);
	check_at(0, (struct rtc_check){ .port = P1 });
	assert_int_equal(count(0, stun_checks), 1);
	assert_int_equal(dtls_at(0, P1), 1);
	assert_int_equal(dtls_at(0, P1 + 1), 0);
	assert_int_equal(count(0, drop_no_path), 2);
	assert_int_equal(ep->own_pkts, 2);
	assert_int_equal(ep->passed_pkts, 0);
}

static void what_arrives_at_the_other_lcore_follows_its_checks(void **state)
{
	open_at_0();
	assert_int_equal(dtls_at(1, P1), 0);
	assert_int_equal(count(1, drop_no_path), 1);
	check_at(1, (struct rtc_check){ .port = P1 });
	assert_int_equal(count(1, forwarded_out), 1);
	assert_int_equal(take_forwarded(0), 0);
	assert_int_equal(dtls_at(1, P1), 0);
	assert_int_equal(count(1, forwarded_out), 2);
	assert_int_equal(take_forwarded(0), 1);
	assert_int_equal(count(0, stun_checks), 1);
	assert_int_equal(ep->passed_pkts, 2);
	assert_int_equal(ep->passed_from, 1);
	/* the owner knows the path now, wherever it comes in */
	assert_int_equal(dtls_at(0, P1), 1);
}

/* It is asked for by majority, as an RTP session is. */
static void a_session_that_lies_on_the_wrong_lcore_is_noticed(void **state)
{
	void *told = NULL;

	open_at_0();
	check_at(1, (struct rtc_check){ .port = P1 });
	take_forwarded(0);
	for (unsigned i = 0; i < 70; i++) {
		dtls_at(1, P1);
		take_forwarded(0);
	}
	assert_int_equal(ep->passed_pkts, 71);
	lcores[0].now_tsc += lcores[0].tsc_hz;
	feedback_timer(&lcores[0]);
	assert_int_equal(spsc_take(lcores[0].replies, &told, 1), 1);
	assert_ptr_equal(told, &ep->astray);
	assert_int_equal(ep->astray.owner, 1);
}

static void a_session_moves_with_its_paths(void **state)
{
	open_at_0();
	check_at(0, (struct rtc_check){ .port = P1, .use = true });
	check_at(0, (struct rtc_check){ .port = P1, .is_v6 = true });
	assert_int_equal(give(0, COMMAND_MOVE, 1, ufrag(0), NULL), 0);
	assert_int_equal(endpoint_own_count(&lcores[0]), 0);
	assert_int_equal(endpoint_own_count(&lcores[1]), 1);
	assert_int_equal(ep->owner, 1);
	assert_true(wheel_is_set(&ep->timer));
	assert_int_equal(lcores[0].wheel.count, 0);
	assert_int_equal(dtls_at(1, P1), 1);
	/* what still arrives at the old owner goes along, checks and others */
	assert_int_equal(dtls_at(0, P1), 0);
	check_at(0, (struct rtc_check){ .port = P1 });
	assert_int_equal(take_forwarded(1), 1);
	assert_int_equal(count(1, stun_checks), 1);
	/* commands to the old owner come back */
	assert_int_equal(give(0, COMMAND_PAUSE, 0, ufrag(0), NULL), -EAGAIN);
	assert_int_equal(give(0, COMMAND_ICE, 0, ufrag(1), ufrag(0)), -EAGAIN);
	assert_false(ep->paused);
	/* word of the move that comes late changes nothing */
	assert_int_equal(give(1, COMMAND_POINT, 1, ufrag(0), NULL), 0);
	assert_int_equal(dtls_at(1, P1), 1);
	/* and back */
	assert_int_equal(give(1, COMMAND_MOVE, 0, ufrag(0), NULL), 0);
	assert_int_equal(dtls_at(0, P1), 1);
	assert_int_equal(dtls_at(1, P1), 0);
	assert_int_equal(take_forwarded(0), 1);
}

static void a_move_that_finds_the_ring_full_changes_nothing(void **state)
{
	open_at_0();
	check_at(0, (struct rtc_check){ .port = P1 });
	for (unsigned i = 0; i < RING; i++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(wire_lc.pool);
		assert_int_equal(spsc_put(lcores[0].forward[1], (void *const *)&mbuf, 1), 1);
	}
	assert_int_equal(give(0, COMMAND_MOVE, 1, ufrag(0), NULL), -EAGAIN);
	assert_int_equal(dtls_at(0, P1), 1);
	for (unsigned i = 0; i < RING; i++) {
		void *mbuf = NULL;
		assert_int_equal(spsc_take(lcores[1].forwarded[0], &mbuf, 1), 1);
		rte_pktmbuf_free(mbuf);
	}
}

static void a_session_that_has_ended_leaves_nothing_behind(void **state)
{
	open_at_0();
	check_at(0, (struct rtc_check){ .port = P1 });
	check_at(1, (struct rtc_check){ .port = P1 + 1 });
	take_forwarded(0);
	assert_int_equal(give(0, COMMAND_PAUSE, 0, ufrag(0), NULL), 0);
	assert_true(ep->paused);
	assert_int_equal(give(1, COMMAND_REMOVE, 0, ufrag(0), NULL), 0);
	assert_int_equal(give(0, COMMAND_REMOVE, 0, ufrag(0), NULL), 0);
	assert_int_equal(endpoint_own_count(&lcores[0]), 0);
	assert_false(wheel_is_set(&ep->timer));
	assert_int_equal(dtls_at(0, P1), 0);
	assert_int_equal(count(0, drop_no_path), 1);
	check_at(0, (struct rtc_check){ .port = P1 });
	assert_int_equal(count(0, drop_stun_stranger), 1);
	/* a hint that is out of date leads to who knows better */
	assert_int_equal(dtls_at(1, P1 + 1), 0);
	assert_int_equal(take_forwarded(0), 0);
	assert_int_equal(count(0, drop_no_path), 2);
	/* the ufrag may be used again */
	ep = rtc_make(0, lcores[0].now_mono_ns);
	open_at_0();
	check_at(0, (struct rtc_check){ .port = P1 });
	assert_int_equal(dtls_at(0, P1), 1);
}

/* Hints that lead to and fro: the packet ends. */
static void a_packet_that_nobody_wants_ends(void **state)
{
	struct peer peer = { .port = P1 };

	memcpy(peer.addr, wire_theirs4, 4);
	demux_hint(lcores[0].demux, &peer, 0, 1);
	demux_hint(lcores[1].demux, &peer, 0, 0);
	dtls_at(0, P1);
	for (unsigned i = 0; i < 2 * ENDPOINT_HOPS_MAX; i++)
		assert_int_equal(take_forwarded(!(i & 1)), 0);
	assert_int_equal(count(0, forwarded_out) + count(1, forwarded_out), ENDPOINT_HOPS_MAX);
	assert_int_equal(count(0, drop_no_flow) + count(1, drop_no_flow), 1);
}

/* As the command thread does: with the ufrags that were known before. */
static void give_restart(unsigned owner, unsigned number)
{
	struct ice_credentials credentials;
	struct msg_ice msg = rtc_ice(0, number);
	struct command command = { .kind = COMMAND_ICE, .endpoint = ep, .credentials = &credentials };
	void *at = &command;

	ice_credentials_init(&credentials, &msg);
	memcpy(command.ufrags[0], ufrag(number - 1), MSG_UFRAG_BYTES);
	if (number > 1)
		memcpy(command.ufrags[1], ufrag(number - 2), MSG_UFRAG_BYTES);
	assert_int_equal(spsc_put(lcores[owner].commands, &at, 1), 1);
	command_poll(&lcores[owner]);
	assert_int_equal(spsc_take(lcores[owner].replies, &at, 1), 1);
	assert_int_equal(command.status, 0);
}

/* Restarted, moved, settled, and back: what the first lcore knows of the first ufrag is out of date. */
static void a_restart_forgets_a_ufrag_that_led_to_a_former_owner(void **state)
{
	open_at_0();
	check_at(0, (struct rtc_check){ .port = P1, .use = true });
	give_restart(0, 1);
	assert_int_equal(give(1, COMMAND_POINT, 0, ufrag(1), ufrag(0)), 0);
	assert_int_equal(give(0, COMMAND_MOVE, 1, ufrag(1), ufrag(0)), 0);
	check_at(1, (struct rtc_check){ .port = P1, .restart = 1, .use = true });
	assert_int_equal(give(1, COMMAND_MOVE, 0, ufrag(1), ufrag(0)), 0);
	assert_true(demux_ufrag(lcores[0].demux, ufrag(0)) != 0);
	assert_int_equal(give(1, COMMAND_REMOVE, 0, ufrag(0), NULL), 0);
	give_restart(0, 2);
	assert_int_equal(demux_ufrag(lcores[0].demux, ufrag(0)), 0);
	assert_int_equal(give(1, COMMAND_POINT, 0, ufrag(2), ufrag(1)), 0);
	assert_int_equal(give(0, COMMAND_REMOVE, 0, ufrag(2), ufrag(1)), 0);
	assert_int_equal(give(1, COMMAND_REMOVE, 0, ufrag(2), ufrag(1)), 0);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(demux_ufrag(lcores[i & 1].demux, ufrag(i / 2)), 0);
}

static void a_restart_is_known_to_both(void **state)
{
	open_at_0();
	check_at(0, (struct rtc_check){ .port = P1, .use = true });
	give_restart(0, 1);
	assert_int_equal(give(1, COMMAND_POINT, 0, ufrag(1), ufrag(0)), 0);
	check_at(1, (struct rtc_check){ .port = P1 + 1, .restart = 1 });
	check_at(1, (struct rtc_check){ .port = P1 + 1 });
	take_forwarded(0);
	assert_int_equal(count(0, stun_checks), 3);
	/* a move takes both along */
	assert_int_equal(give(0, COMMAND_MOVE, 1, ufrag(1), ufrag(0)), 0);
	check_at(1, (struct rtc_check){ .port = P1 + 1 });
	check_at(1, (struct rtc_check){ .port = P1 + 1, .restart = 1, .use = true });
	assert_int_equal(count(1, stun_checks), 2);
	/* the old ones are gone: the other lcore still passes them on, the owner refuses */
	check_at(0, (struct rtc_check){ .port = P1 });
	take_forwarded(1);
	assert_int_equal(count(1, drop_stun_stranger), 1);
	/* the next restart; the oldest is forgotten at the other lcore by command */
	assert_int_equal(give(0, COMMAND_REMOVE, 1, ufrag(0), NULL), 0);
	check_at(0, (struct rtc_check){ .port = P1 });
	assert_int_equal(count(0, drop_stun_stranger), 1);
	assert_int_equal(give(1, COMMAND_REMOVE, 1, ufrag(1), ufrag(0)), 0);
	assert_int_equal(endpoint_own_count(&lcores[1]), 0);
	assert_int_equal(dtls_at(1, P1 + 1), 0);
	/* hints of old, to and fro */
	for (unsigned i = 0; i < ENDPOINT_HOPS_MAX; i++)
		assert_int_equal(take_forwarded(i & 1), 0);
	assert_int_equal(count(0, drop_no_flow) + count(1, drop_no_flow), 1);
}

static void stun_that_belongs_to_nobody_is_told_apart(void **state)
{
	static const uint8_t junk[24] = { 0, 1, 0, 4, 1, 2, 3, 4 };

	open_at_0();
	check_at(0, (struct rtc_check){ .port = P1, .username = "nobodies" });
	check_at(0, (struct rtc_check){ .port = P1, .username = "no" });
	check_at(0, (struct rtc_check){ .port = P1, .no_username = true });
	assert_int_equal(count(0, drop_stun_stranger), 3);
	check_at(0, (struct rtc_check){ .port = P1, .type = STUN_BINDING_ERROR });
	assert_int_equal(count(0, drop_stun_other), 1);
	assert_int_equal(arrive(0, rtc_frame(false, P1, junk, sizeof(junk))), 0);
	assert_int_equal(count(0, drop_stun_malformed), 1);
	/* too short for STUN, and not taken for it */
	assert_int_equal(arrive(0, rtc_frame(false, P1, junk, 1)), 0);
	assert_int_equal(count(0, drop_no_path), 1);
}

static void the_port_leads_nowhere_without_a_table(void **state)
{
	struct demux *demux = lcores[0].demux;

	lcores[0].demux = NULL;
	assert_int_equal(dtls_at(0, P1), 0);
	assert_int_equal(count(0, drop_no_flow), 1);
	lcores[0].demux = demux;
}

uint32_t track_key_frames_wanted(const struct track *track, unsigned layer)
{
	return 0;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(checks_and_what_follows_them_reach_the_owner),
		CASE(what_arrives_at_the_other_lcore_follows_its_checks),
		CASE(a_session_that_lies_on_the_wrong_lcore_is_noticed),
		CASE(a_session_moves_with_its_paths),
		CASE(a_move_that_finds_the_ring_full_changes_nothing),
		CASE(a_session_that_has_ended_leaves_nothing_behind),
		CASE(a_packet_that_nobody_wants_ends),
		CASE(a_restart_is_known_to_both),
		CASE(a_restart_forgets_a_ufrag_that_led_to_a_former_owner),
		CASE(stun_that_belongs_to_nobody_is_told_apart),
		CASE(the_port_leads_nowhere_without_a_table),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
