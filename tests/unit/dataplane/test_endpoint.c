/* SPDX-License-Identifier: BSD-3-Clause */
/* Two lcores and what goes between them: packets of an endpoint that the other owns, and endpoints that move.
 */
#include "tests/unit/dataplane/wire.h"
#include <stdlib.h>
#include "dataplane/command.h"
#include "dataplane/endpoint.h"

#define FIRST 20000
#define RING  8

static struct lcore lcores[2];
static uint64_t slots[2][STAT_LCORE_COUNT];
static struct endpoint ep;

static int begin(void **state)
{
	memset(lcores, 0, sizeof(lcores));
	memset(slots, 0, sizeof(slots));
	memset(&ep, 0, sizeof(ep));
	for (unsigned i = 0; i < 2; i++) {
		lcores[i].index = i;
		lcores[i].count = 2;
		lcores[i].slot = slots[i];
		lcores[i].tsc_hz = 1000000;
		wheel_init(&lcores[i].wheel, 0, lcores[i].tsc_hz);
		if (endpoint_table_create(&lcores[i].endpoints, FIRST, FIRST + 99, 2) ||
		        spsc_create(&lcores[i].commands, COMMAND_RING) ||
		        spsc_create(&lcores[i].replies, COMMAND_RING) ||
		        spsc_create(&lcores[i].forward[!i], RING))
			return -1;
	}
	lcores[0].forwarded[1] = lcores[1].forward[0];
	lcores[1].forwarded[0] = lcores[0].forward[1];
	ep.port = FIRST;
	return 0;
}

static int end(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		endpoint_table_free(lcores[i].endpoints);
		spsc_free(lcores[i].commands);
		spsc_free(lcores[i].replies);
		spsc_free(lcores[i].forward[!i]);
	}
	assert_int_equal(rte_mempool_in_use_count(wire_lc.pool), 0);
	return 0;
}

/* A packet for @port, as classify_burst leaves it. */
static struct rte_mbuf *packet_for(unsigned local, uint16_t port)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(wire_lc.pool);
	struct meta *m = meta_of(mbuf);

	memset(m, 0, sizeof(*m));
	m->local = (uint8_t)local;
	m->local_port = port;
	return mbuf;
}

/* Look up one packet; whether it is the lcore's own, with the endpoint it found. */
static struct endpoint *look_up(unsigned lcore, unsigned local, uint16_t port)
{
	struct rte_mbuf *mbuf = packet_for(local, port);
	struct endpoint *found;

	if (!endpoint_lookup_burst(&lcores[lcore], &mbuf, 1))
		return NULL;
	found = meta_of(mbuf)->endpoint;
	rte_pktmbuf_free(mbuf);
	return found;
}

/* Let @lcore take what was passed on, and look it up; how many were its own. */
static unsigned take(unsigned lcore)
{
	struct rte_mbuf *pkts[LCORE_BURST];
	unsigned n = endpoint_take_forwarded(&lcores[lcore], pkts, LCORE_BURST);

	n = endpoint_lookup_burst(&lcores[lcore], pkts, n);
	for (unsigned i = 0; i < n; i++) {
		assert_ptr_equal(meta_of(pkts[i])->endpoint, &ep);
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

#define count(lcore, id) ((int)slots[lcore][STAT_LCORE_##id])

static void both_ports_of_the_pair_lead_to_the_endpoint(void **state)
{
	endpoint_install(&lcores[0], &ep);
	assert_ptr_equal(look_up(0, 0, FIRST), &ep);
	assert_ptr_equal(look_up(0, 0, FIRST + 1), &ep);
	assert_null(look_up(0, 0, FIRST + 2));
	assert_null(look_up(0, 1, FIRST));
	assert_null(look_up(0, 0, FIRST - 1));
	assert_null(look_up(0, 2, FIRST));
	assert_int_equal(count(0, drop_no_flow), 4);
	endpoint_remove(&lcores[0], 0, FIRST);
	assert_null(look_up(0, 0, FIRST));
	assert_int_equal(endpoint_own_count(&lcores[0]), 0);
}

static void an_endpoint_of_any_address_is_found_at_all(void **state)
{
	ep.local = ENDPOINT_ANY_LOCAL;
	endpoint_install(&lcores[0], &ep);
	assert_ptr_equal(look_up(0, 0, FIRST), &ep);
	assert_ptr_equal(look_up(0, 1, FIRST + 1), &ep);
	endpoint_remove(&lcores[0], ENDPOINT_ANY_LOCAL, FIRST);
	assert_null(look_up(0, 1, FIRST));
}

static void packets_go_to_the_lcore_that_owns_their_endpoint(void **state)
{
	endpoint_install(&lcores[0], &ep);
	endpoint_point(&lcores[1], 0, FIRST, 0);
	assert_null(look_up(1, 0, FIRST));
	assert_null(look_up(1, 0, FIRST + 1));
	assert_int_equal(count(1, forwarded_out), 2);
	assert_int_equal(take(0), 2);
	assert_int_equal(ep.passed_pkts, 2);
	assert_int_equal(ep.passed_from, 1);
}

/* Three lcores with a third of the packets each: none of them is where they arrive. */
static void packets_from_several_lcores_take_each_other_back(void **state)
{
	struct spsc *third;

	endpoint_install(&lcores[0], &ep);
	endpoint_point(&lcores[1], 0, FIRST, 0);
	assert_int_equal(spsc_create(&third, RING), 0);
	lcores[0].forwarded[2] = third;
	lcores[0].count = 3;
	for (unsigned i = 0; i < 100; i++) {
		struct rte_mbuf *mbuf = packet_for(0, FIRST);

		meta_of(mbuf)->hops = 1;
		meta_of(mbuf)->from = 2;
		assert_int_equal(spsc_put(third, (void *const *)&mbuf, 1), 1);
		assert_null(look_up(1, 0, FIRST));
		assert_int_equal(take(0), 2);
		assert_ptr_equal(look_up(0, 0, FIRST), &ep);
	}
	assert_int_equal(ep.own_pkts, 300);
	assert_true(ep.passed_pkts <= 1);
	spsc_free(third);
}

static void lcores_that_pass_on_have_their_turns(void **state)
{
	unsigned before[3] = { 0, RING, RING };
	struct spsc *rings[3] = { NULL, lcores[0].forwarded[1], NULL };
	struct rte_mbuf *pkts[LCORE_BURST];

	assert_int_equal(spsc_create(&rings[2], RING), 0);
	lcores[0].forwarded[2] = rings[2];
	lcores[0].count = 3;
	for (unsigned i = 0; i < 2 * RING; i++) {
		struct rte_mbuf *mbuf = packet_for(0, FIRST);
		assert_int_equal(spsc_put(rings[1 + i % 2], (void *const *)&mbuf, 1), 1);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(endpoint_take_forwarded(&lcores[0], pkts + 2 * i, 2), 2);
	for (unsigned i = 1; i < 3; i++)
		assert_in_range(before[i] - spsc_count(rings[i]), 2, 6);
	for (unsigned i = 4; i < RING; i++)
		assert_int_equal(endpoint_take_forwarded(&lcores[0], pkts + 2 * i, 2), 2);
	rte_pktmbuf_free_bulk(pkts, 2 * RING);
	spsc_free(rings[2]);
}

static void a_full_ring_between_lcores_drops(void **state)
{
	endpoint_point(&lcores[1], 0, FIRST, 0);
	endpoint_install(&lcores[0], &ep);
	for (unsigned i = 0; i < RING + 3; i++)
		look_up(1, 0, FIRST);
	assert_int_equal(count(1, drop_forward_full), 3);
	assert_int_equal(take(0), RING);
}

/* Two lcores that each think the other owns it: no packet runs for ever. */
static void a_packet_that_nobody_wants_ends(void **state)
{
	endpoint_point(&lcores[0], 0, FIRST, 1);
	endpoint_point(&lcores[1], 0, FIRST, 0);
	look_up(0, 0, FIRST);
	for (unsigned i = 0; i < 2 * ENDPOINT_HOPS_MAX; i++)
		assert_int_equal(take(!(i & 1)), 0);
	assert_int_equal(count(0, forwarded_out) + count(1, forwarded_out), ENDPOINT_HOPS_MAX);
	assert_int_equal(count(0, drop_no_flow) + count(1, drop_no_flow), 1);
}

static struct command *answer(unsigned lcore)
{
	void *command = NULL;

	return spsc_take(lcores[lcore].replies, &command, 1) ? command : NULL;
}

static void give(unsigned lcore, struct command *command)
{
	assert_int_equal(spsc_put(lcores[lcore].commands, (void *const *)&command, 1), 1);
	command_poll(&lcores[lcore]);
}

static void an_endpoint_moves_ahead_of_its_packets(void **state)
{
	struct command move = { .kind = COMMAND_MOVE, .endpoint = &ep, .port = FIRST, .owner = 1 };

	endpoint_install(&lcores[0], &ep);
	endpoint_point(&lcores[1], 0, FIRST, 0);
	look_up(1, 0, FIRST); /* on its way to the old owner */
	give(0, &move);
	assert_null(answer(0));
	assert_false(endpoint_is_own(&lcores[0], &ep, 0, FIRST));
	look_up(0, 0, FIRST); /* behind the endpoint */
	assert_int_equal(take(0), 0);
	assert_int_equal(take(1), 2);
	assert_ptr_equal(answer(1), &move);
	assert_int_equal(move.status, 0);
	assert_int_equal(ep.owner, 1);
	assert_ptr_equal(look_up(1, 0, FIRST), &ep);
	assert_int_equal(endpoint_own_count(&lcores[0]), 0);
	assert_int_equal(endpoint_own_count(&lcores[1]), 1);
}

static void a_move_that_finds_the_ring_full_changes_nothing(void **state)
{
	struct command move = { .kind = COMMAND_MOVE, .endpoint = &ep, .port = FIRST, .owner = 1 };

	endpoint_install(&lcores[0], &ep);
	endpoint_point(&lcores[0], 0, FIRST + 10, 1);
	for (unsigned i = 0; i < RING; i++)
		look_up(0, 0, FIRST + 10);
	give(0, &move);
	assert_ptr_equal(answer(0), &move);
	assert_int_equal(move.status, -EAGAIN);
	assert_ptr_equal(look_up(0, 0, FIRST), &ep);
	take(1);
}

static void commands_about_an_endpoint_of_another_come_back(void **state)
{
	struct command pause = { .kind = COMMAND_PAUSE, .endpoint = &ep, .port = FIRST };
	struct command ask = { .kind = COMMAND_KEY_FRAME, .endpoint = &ep, .port = FIRST, .flows = 1 };

	endpoint_point(&lcores[0], 0, FIRST, 1);
	give(0, &pause);
	give(0, &ask);
	assert_ptr_equal(answer(0), &pause);
	assert_ptr_equal(answer(0), &ask);
	assert_int_equal(pause.status, -EAGAIN);
	assert_int_equal(ask.status, -EAGAIN);
	assert_false(ep.paused);
}

static void commands_are_carried_out_and_answered(void **state)
{
	struct command add = { .kind = COMMAND_ADD, .endpoint = &ep, .port = FIRST };
	struct command pause = { .kind = COMMAND_PAUSE, .endpoint = &ep, .port = FIRST };
	struct command point = { .kind = COMMAND_POINT, .port = FIRST + 10, .owner = 1 };
	struct command forget = { .kind = COMMAND_REMOVE, .port = FIRST };

	give(0, &add);
	assert_ptr_equal(look_up(0, 0, FIRST), &ep);
	give(0, &pause);
	assert_true(ep.paused);
	give(0, &point);
	assert_null(look_up(0, 0, FIRST + 10));
	assert_int_equal(count(0, forwarded_out), 1);
	give(0, &forget);
	assert_null(look_up(0, 0, FIRST));
	assert_ptr_equal(answer(0), &add);
	assert_ptr_equal(answer(0), &pause);
	assert_ptr_equal(answer(0), &point);
	assert_ptr_equal(answer(0), &forget);
	assert_null(answer(0));
	take(1);
}

static void news_leave_half_of_the_replies_to_answers(void **state)
{
	static struct command news[COMMAND_RING];
	unsigned told = 0;

	memset(news, 0, sizeof(news));
	for (unsigned i = 0; i < COMMAND_RING; i++)
		told += command_tell(&lcores[0], &news[i]);
	assert_int_equal(told, COMMAND_RING / 2);
	assert_false(command_tell(&lcores[0], &news[0]));
}

static void note_port(void *arg, struct wheel_timer *timer)
{
	uint16_t *seen = arg;

	*seen |= (uint16_t)(1u << (container_of(timer, struct endpoint, timer)->port - FIRST) / 2);
}

static void the_timer_goes_round_what_is_left(void **state)
{
	static struct endpoint some[5];
	uint16_t seen = 0;

	for (unsigned i = 0; i < 5; i++) {
		some[i] = (struct endpoint){ .port = (uint16_t)(FIRST + 2 * i) };
		endpoint_install(&lcores[0], &some[i]);
	}
	assert_int_equal(endpoint_own_count(&lcores[0]), 5);
	endpoint_remove(&lcores[0], 0, FIRST);
	endpoint_remove(&lcores[0], 0, FIRST + 4);
	assert_int_equal(wheel_run(&lcores[0].wheel, 100000, 10, note_port, &seen), 3);
	assert_int_equal(seen, 1 << 1 | 1 << 3 | 1 << 4);
}

static void tables_without_ports_or_addresses_are_refused(void **state)
{
	struct endpoint_table *table = NULL;

	assert_int_equal(endpoint_table_create(&table, 10, 9, 1), -EINVAL);
	assert_int_equal(endpoint_table_create(&table, 10, 19, 0), -EINVAL);
	assert_int_equal(endpoint_table_create(&table, 10, 19, LIMIT_LOCAL_ADDRS + 1), -EINVAL);
	assert_null(table);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(both_ports_of_the_pair_lead_to_the_endpoint),
		CASE(an_endpoint_of_any_address_is_found_at_all),
		CASE(packets_go_to_the_lcore_that_owns_their_endpoint),
		CASE(packets_from_several_lcores_take_each_other_back),
		CASE(lcores_that_pass_on_have_their_turns),
		CASE(a_full_ring_between_lcores_drops),
		CASE(a_packet_that_nobody_wants_ends),
		CASE(an_endpoint_moves_ahead_of_its_packets),
		CASE(a_move_that_finds_the_ring_full_changes_nothing),
		CASE(commands_about_an_endpoint_of_another_come_back),
		CASE(commands_are_carried_out_and_answered),
		CASE(news_leave_half_of_the_replies_to_answers),
		CASE(the_timer_goes_round_what_is_left),
		CASE(tables_without_ports_or_addresses_are_refused),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
