/* SPDX-License-Identifier: BSD-3-Clause */
/* Which paths there are of a session, and which of them is taken. */
#include "tests/unit/dataplane/ice_rig.h"

static void the_longest_unchecked_path_gives_way(void **state)
{
	assert_good(.port = 5000, .use = true);
	for (uint16_t i = 1; i < LIMIT_ICE_PATHS; i++) {
		pass_ms(1);
		assert_good(.port = 5000 + i);
	}
	pass_ms(1);
	assert_good(.port = 5001);
	pass_ms(1);
	assert_good(.port = 6000);
	assert_int_equal(ice->path_count, LIMIT_ICE_PATHS);
	assert_true(knows(5000)); /* the oldest, but selected */
	assert_true(knows(5001));
	assert_false(knows(5002));
	assert_true(knows(6000));
	/* a selected one and a rival move with the others */
	assert_good(.port = 6000, .use = true, .priority = 1);
	assert_int_equal(selected(), 6000);
	for (uint16_t i = 0; i < 3 * LIMIT_ICE_PATHS; i++) {
		pass_ms(1);
		assert_good(.port = 7000 + i, .use = i % 5 == 0);
		assert_int_equal(selected(), 6000);
		assert_true(knows(7000 + i) && knows(6000));
		pass_ms(1);
		assert_good(.port = 6000, .use = true, .priority = 1);
	}
	assert_int_equal(ice->path_count, LIMIT_ICE_PATHS);
}

static void the_room_for_paths_is_bounded(void **state)
{
	unsigned room = RTC_ROOM * DEMUX_PATHS - LIMIT_ICE_PATHS + 1;
	struct peer peer = { .is_v6 = 1 };

	for (unsigned i = 0; i < room; i++) {
		peer.port = (uint16_t)i;
		assert_int_equal(demux_put_path(wire_lc.demux, &peer, 0, 3), 0);
	}
	for (uint16_t i = 0; i < LIMIT_ICE_PATHS - 1; i++)
		assert_good(.port = 5000 + i);
	assert_int_equal(check_of(.port = 6000), 0);
	assert_int_equal(rtc_count(drop_stun_path), 1);
	assert_false(knows(6000));
	assert_int_equal(check_of(.port = 6000, .id = rtc_last_id), 0); /* repeated, as it got no answer */
	assert_good(.port = 5000);
	assert_int_equal(demux_put_path(wire_lc.demux, &peer, 0, 0), 0);
	assert_good(.port = 6000);
}

/* RFC 5245 section 2.6: all are nominated, in whatever order their checks come. */
static void an_aggressive_nominator_gets_the_best_path(void **state)
{
	for (unsigned i = 0; i < 20; i++) {
		pass_ms(50);
		assert_good(.port = P2, .use = true, .priority = LOW);
		assert_int_equal(selected(), i ? P1 : P2);
		assert_good(.port = P1, .use = true, .priority = HIGH);
		assert_int_equal(selected(), P1);
		assert_good(.port = P3, .use = true, .priority = LOW);
		assert_int_equal(selected(), P1);
	}
}

static void among_equals_an_aggressive_nominator_gets_no_to_and_fro(void **state)
{
	assert_good(.port = P1, .use = true, .priority = LOW);
	for (unsigned i = 0; i < 20; i++) {
		pass_ms(500);
		assert_good(.port = P2, .use = true, .priority = LOW);
		assert_good(.port = P3, .use = true, .priority = LOW);
		assert_int_equal(selected(), P1);
		assert_good(.port = P1, .use = true, .priority = LOW);
	}
}

/* The one it keeps in the end counts. */
static void an_aggressive_nominator_that_settles_gets_what_it_keeps(void **state)
{
	assert_good(.port = P1, .use = true, .priority = HIGH);
	assert_good(.port = P2, .use = true, .priority = LOW);
	pass_ms(2500);
	assert_good(.port = P2, .use = true, .priority = LOW);
	assert_int_equal(selected(), P2);
}

/* As Chromium does: USE-CANDIDATE on every check of the pair it wants, and on no other. */
static void a_regular_nominator_gets_what_it_wants_within_two_checks(void **state)
{
	assert_good(.port = P1, .priority = HIGH);
	assert_good(.port = P2, .priority = LOW);
	assert_null(ice_selected(ice));
	assert_good(.port = P1, .use = true, .priority = HIGH);
	assert_int_equal(selected(), P1);
	/* from the better one to the worse one, which is checked alone: the network has gone */
	pass_ms(1100);
	assert_good(.port = P2, .use = true, .priority = LOW);
	pass_ms(1100);
	assert_good(.port = P2, .use = true, .priority = LOW);
	assert_int_equal(selected(), P2);
	/* and back at once, to the better one */
	assert_good(.port = P1, .use = true, .priority = HIGH);
	assert_int_equal(selected(), P1);
	/* once more to the worse one, while the better one is checked on */
	assert_good(.port = P2, .use = true, .priority = LOW);
	assert_good(.port = P1, .priority = HIGH);
	assert_int_equal(selected(), P2);
	for (unsigned i = 0; i < 10; i++) {
		pass_ms(1100);
		assert_good(.port = P1, .priority = HIGH);
		assert_good(.port = P2, .use = true, .priority = LOW);
		assert_int_equal(selected(), P2);
	}
}

/* As aioice does: each pair that is good is nominated once; consent checks bear no USE-CANDIDATE. */
static void a_nomination_lasts_while_the_path_is_checked(void **state)
{
	assert_good(.port = P1, .use = true, .priority = LOW);
	for (unsigned i = 0; i < 10; i++) {
		pass_ms(5000);
		assert_good(.port = P1, .priority = LOW);
		assert_good(.port = P2, .priority = HIGH);
		assert_int_equal(selected(), P1);
	}
}

static void a_path_that_is_not_checked_gives_way_to_a_nominated_one(void **state)
{
	assert_good(.port = P2, .use = true, .priority = LOW);
	assert_good(.port = P1, .use = true, .priority = HIGH);
	pass_ms(ICE_FRESH_S * 1000);
	assert_good(.port = P2, .priority = LOW);
	assert_int_equal(selected(), P1);
	pass_ms(1);
	assert_good(.port = P3, .priority = LOW); /* not nominated */
	assert_int_equal(selected(), P1);
	assert_good(.port = P2, .priority = LOW);
	assert_int_equal(selected(), P2);
	/* nominated after the silence of the selected one: at once */
	pass_ms(ICE_FRESH_S * 1000 + 1);
	assert_good(.port = P3, .use = true, .priority = 1);
	assert_int_equal(selected(), P3);
}

static void the_router_of_a_path_may_change(void **state)
{
	struct rtc_check c = { .port = P1 };
	struct rte_mbuf *mbuf;

	assert_good(.port = P1);
	mbuf = rtc_check_frame(&c);
	rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *)->src_addr.addr_bytes[5] = 9;
	feed(mbuf);
	rte_pktmbuf_free(wire_sent());
	assert_int_equal(ice->path_count, 1);
	assert_int_equal(ice->paths[0].peer.mac.addr_bytes[5], 9);
}

/* Two sessions' checks from one address and port. */
static void a_path_of_another_session_is_taken_only_when_that_left_it(void **state)
{
	struct peer peer = peer_of(P1);

	endpoint_install(&wire_lc, rtc_make(1, wire_lc.now_mono_ns));
	assert_good(.port = P1, .use = true);
	pass_ms(ICE_HOLD_S * 1000);
	assert_int_equal(check_of(.port = P1, .number = 1), 0);
	assert_int_equal(rtc_count(drop_stun_path), 1);
	assert_true(knows(P1));
	pass_ms(1);
	assert_good(.port = P1, .number = 1, .use = true);
	assert_ptr_equal(demux_path(wire_lc.demux, &peer, 0), (uintptr_t)&rtc_eps[1]);
	/* the first one goes, and leaves the second one's path alone */
	ice_put_slots(&wire_lc, &rtc_eps[0], 0);
	assert_ptr_equal(demux_path(wire_lc.demux, &peer, 0), (uintptr_t)&rtc_eps[1]);
	ice_put_slots(&wire_lc, &rtc_eps[1], 0);
	assert_int_equal(demux_path(wire_lc.demux, &peer, 0), 0);
}

/* A session that comes from another lcore, with a path that somebody has here: forged there, perhaps. */
static void a_session_that_comes_takes_nobodys_path(void **state)
{
	struct peer peer = peer_of(P1);

	assert_good(.port = P1, .use = true);
	rtc_make(1, wire_lc.now_mono_ns);
	rtc_webrtcs[1].ice.paths[rtc_webrtcs[1].ice.path_count++] =
	        (struct ice_path){ .peer = peer, .checked_mono_ns = wire_lc.now_mono_ns };
	endpoint_install(&wire_lc, &rtc_eps[1]);
	assert_true(knows(P1));
	assert_good(.port = P1);
	pass_ms(ICE_HOLD_S * 1000 + 1);
	ice_put_slots(&wire_lc, &rtc_eps[1], (uintptr_t)&rtc_eps[1]);
	assert_ptr_equal(demux_path(wire_lc.demux, &peer, 0), (uintptr_t)&rtc_eps[1]);
}

static void a_path_that_cannot_be_had_costs_none_of_ours(void **state)
{
	endpoint_install(&wire_lc, rtc_make(1, wire_lc.now_mono_ns));
	assert_good(.port = 6000, .number = 1);
	for (uint16_t i = 0; i < LIMIT_ICE_PATHS; i++)
		assert_good(.port = 5000 + i);
	assert_int_equal(check_of(.port = 6000), 0);
	assert_int_equal(rtc_count(drop_stun_path), 1);
	assert_int_equal(ice->path_count, LIMIT_ICE_PATHS);
	assert_true(knows(5000));
}

static void media_on_the_path_that_was_nominated_last_selects_it(void **state)
{
	struct peer peer = peer_of(P2), third = peer_of(P3);

	assert_good(.port = P1, .use = true, .priority = HIGH);
	assert_good(.port = P3, .priority = LOW);
	assert_good(.port = P2, .use = true, .priority = LOW);
	ice_follow(ice, &third, 0); /* not nominated */
	ice_follow(ice, &peer, 1);  /* another address of ours */
	assert_int_equal(selected(), P1);
	ice_follow(ice, &peer, 0);
	assert_int_equal(selected(), P2);
	assert_int_equal(ice->rival, -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, ice_rig_create, ice_rig_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_longest_unchecked_path_gives_way),
		CASE(the_room_for_paths_is_bounded),
		CASE(an_aggressive_nominator_gets_the_best_path),
		CASE(among_equals_an_aggressive_nominator_gets_no_to_and_fro),
		CASE(an_aggressive_nominator_that_settles_gets_what_it_keeps),
		CASE(a_regular_nominator_gets_what_it_wants_within_two_checks),
		CASE(a_nomination_lasts_while_the_path_is_checked),
		CASE(a_path_that_is_not_checked_gives_way_to_a_nominated_one),
		CASE(the_router_of_a_path_may_change),
		CASE(a_path_of_another_session_is_taken_only_when_that_left_it),
		CASE(a_session_that_comes_takes_nobodys_path),
		CASE(a_path_that_cannot_be_had_costs_none_of_ours),
		CASE(media_on_the_path_that_was_nominated_last_selects_it),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
