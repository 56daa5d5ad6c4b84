/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS on its way up and down, and what becomes of it when a path, control, room or the session is missing.
 */
#include "tests/unit/dataplane/wire.h"
#include "tests/unit/dataplane/table.h"
#include "dataplane/frame.h"
#include "dataplane/punt.h"
#include "dataplane/session_dtls.h"
#include "dataplane/webrtc.h"

#define PORT 4000 /* the peer's, of its first path */

static uint64_t lcore_count_of(unsigned i, unsigned id)
{
	return stat_get(lcores[i].slot, id);
}

static int set_up(void **state)
{
	if (wire_setup(state))
		return -1;
	pool = wire_lc.pool;
	return make_dir(state);
}

static int reset(void **state)
{
	wire_reset(state);
	return begin(state);
}

/* No packet buffer is lost, whatever happened. */
static int finish(void **state)
{
	end(state);
	wire_reset(state);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	return 0;
}

static struct peer peer_at(uint16_t port)
{
	return (struct peer){ .addr = { 10, 77, 0, 2 }, .port = port, .mac = wire_their_mac };
}

/* The peer's check from @port was authentic, at @checked_mono_ns. */
static void add_path(struct session *s, uint16_t port, uint64_t checked_mono_ns)
{
	struct ice *ice = &s->endpoint->webrtc->ice;

	ice->paths[ice->path_count++] =
	        (struct ice_path){ .peer = peer_at(port), .checked_mono_ns = checked_mono_ns };
}

static struct session *open_with_path(const char *id, const char *ufrag)
{
	union msg msg = opening_webrtc(id, ufrag, 1);

	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
	add_path(session(id), PORT, 1);
	return session(id);
}

/* A DTLS datagram from @port of @len bytes, as it is when its endpoint has been found. */
static struct rte_mbuf *datagram(struct session *s, uint16_t port, uint16_t len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct meta *m = meta_of(mbuf);

	memset(m, 0, sizeof(*m));
	m->endpoint = s->endpoint;
	m->src = peer_at(port);
	m->local_port = WEBRTC_PORT;
	m->data_offset = 42;
	m->data_len = len;
	rte_pktmbuf_append(mbuf, (uint16_t)(42 + len));
	memset(meta_data(mbuf), 22, len);
	return mbuf;
}

static void receive(struct session *s, uint16_t port, uint16_t len)
{
	punt_take(&lcores[s->owner], datagram(s, port, len));
}

static void hear_dtls(const char *id, uint16_t len)
{
	union msg msg;

	hear(&msg, MSG_DTLS_IN);
	assert_string_equal(msg.DTLS_IN_.id, id);
	assert_int_equal(msg.DTLS_IN_.len, len);
	for (unsigned i = 0; i < sizeof(msg.DTLS_IN_.bytes); i++)
		assert_int_equal(msg.DTLS_IN_.bytes[i], i < len ? 22 : 0);
}

static union msg dtls_out(const char *id, uint16_t len)
{
	union msg msg;

	memset(&msg, 0, sizeof(msg));
	snprintf(msg.DTLS_OUT_.id, sizeof(msg.DTLS_OUT_.id), "%s", id);
	msg.DTLS_OUT_.len = len;
	memset(msg.DTLS_OUT_.bytes, 23, len);
	return msg;
}

static void send_down(const char *id, uint16_t len)
{
	union msg msg = dtls_out(id, len);

	say(&msg, MSG_DTLS_OUT, 0);
}

/* The one datagram that went out went to @port and has @len bytes. */
static void assert_sent(uint16_t port, uint16_t len)
{
	struct rte_mbuf *mbuf = wire_sent();
	const struct rte_ipv4_hdr *ip;
	const struct rte_udp_hdr *udp;

	assert_non_null(mbuf);
	ip = wire_l3(mbuf);
	udp = (const struct rte_udp_hdr *)(ip + 1);
	assert_int_equal(rte_be_to_cpu_16(udp->src_port), WEBRTC_PORT);
	assert_int_equal(rte_be_to_cpu_16(udp->dst_port), port);
	assert_int_equal(rte_be_to_cpu_16(udp->dgram_len), sizeof(*udp) + len);
	assert_int_equal(((const uint8_t *)(udp + 1))[len - 1], 23);
	rte_pktmbuf_free(mbuf);
}

/* --- cases --- */

static void what_comes_on_a_checked_path_goes_up(void **state)
{
	struct session *s, *t;

	join();
	s = open_with_path("s_1", "ufrag001");
	t = open_with_path("s_2", "ufrag002");
	assert_int_not_equal(s->owner, t->owner);
	receive(s, PORT, 1);
	receive(t, PORT, 1413);
	assert_int_equal(s->endpoint->webrtc->punted, 1);
	assert_int_equal(session_dtls_poll(table), 2);
	hear_dtls(s->owner == 0 ? "s_1" : "s_2", s->owner == 0 ? 1 : 1413);
	hear_dtls(s->owner == 0 ? "s_2" : "s_1", s->owner == 0 ? 1413 : 1);
	assert_int_equal(s->endpoint->webrtc->punted, 0);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_punted_pkts), 1);
	assert_int_equal(lcore_count_of(1, STAT_LCORE_punted_pkts), 1);
	assert_int_equal(session_dtls_poll(table), 0);
	assert_int_equal(proc(STAT_PROC_dtls_in_lost), 0);
}

static void what_comes_from_elsewhere_does_not(void **state)
{
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	receive(s, PORT + 1, 100);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_drop_no_path), 1);
	s->endpoint->paused = true;
	receive(s, PORT, 100);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_drop_paused), 1);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_punted_pkts), 0);
	assert_int_equal(s->endpoint->webrtc->punted, 0);
	assert_int_equal(session_dtls_poll(table), 0);
}

static void one_session_takes_not_all_the_room(void **state)
{
	struct session *s, *t;

	join();
	s = open_with_path("s_1", "ufrag001");
	open_with_path("s_2", "ufrag002");
	t = open_with_path("s_3", "ufrag003");
	assert_int_equal(s->owner, t->owner);
	for (unsigned i = 0; i < PUNT_SESSION_PKTS + 3; i++)
		receive(s, PORT, 100);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_drop_punt_full), 3);
	receive(t, PORT, 200);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_drop_punt_full), 3);
	assert_int_equal(session_dtls_poll(table), PUNT_SESSION_PKTS + 1);
	for (unsigned i = 0; i < PUNT_SESSION_PKTS; i++)
		hear_dtls("s_1", 100);
	hear_dtls("s_3", 200);
	receive(s, PORT, 100);
	assert_int_equal(session_dtls_poll(table), 1);
}

static void a_full_ring_drops(void **state)
{
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	spsc_free(lcores[0].punts);
	assert_int_equal(spsc_create(&lcores[0].punts, 2), 0);
	for (unsigned i = 0; i < 3; i++)
		receive(s, PORT, 100);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_drop_punt_full), 1);
	assert_int_equal(s->endpoint->webrtc->punted, 2);
}

static void without_control_it_is_lost(void **state)
{
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	close(control);
	control = -1;
	turns();
	receive(s, PORT, 100);
	assert_int_equal(session_dtls_poll(table), 1);
	assert_int_equal(proc(STAT_PROC_dtls_in_lost), 1);
	assert_int_equal(s->endpoint->webrtc->punted, 0);
}

static void a_control_that_does_not_read_loses_it_and_nothing_else(void **state)
{
	struct session *s;
	unsigned sent = 0;
	union msg msg = { 0 };

	join();
	s = open_with_path("s_1", "ufrag001");
	while (!proc(STAT_PROC_dtls_in_lost)) {
		receive(s, PORT, 100);
		session_dtls_poll(table);
		sent++;
	}
	assert_in_range(sent, 2, 10000);
	say(&msg, MSG_LIST, 8);
	for (unsigned i = 0; i < 100; i++) {
		receive(s, PORT, 100);
		session_dtls_poll(table);
	}
	assert_int_equal(proc(STAT_PROC_dtls_in_lost), 101);
	for (unsigned i = 1; i < sent; i++)
		hear_dtls("s_1", 100);
	turns();
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(8), 0);
}

static void what_control_says_goes_to_the_selected_path(void **state)
{
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	add_path(s, PORT + 1, 2);
	s->endpoint->webrtc->ice.selected = 0;
	send_down("s_1", 300);
	assert_sent(PORT, 300);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_tx_pkts), 1);
	assert_int_equal(lcore_count_of(0, STAT_LCORE_tx_bytes), 14 + 20 + 8 + 300); /* Ethernet, IPv4, UDP */
	assert_int_equal(s->webrtc->send_count + table->send_count, 0);
}

static void before_nomination_it_goes_where_the_last_check_came_from(void **state)
{
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	add_path(s, PORT + 1, 3);
	add_path(s, PORT + 2, 2);
	send_down("s_1", 300);
	assert_sent(PORT + 1, 300);
}

static void without_a_path_it_is_lost(void **state)
{
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	s->endpoint->webrtc->ice.path_count = 0;
	send_down("s_1", 300);
	assert_null(wire_sent());
	assert_int_equal(lcore_count_of(0, STAT_LCORE_tx_dropped), 1);
	assert_int_equal(s->webrtc->send_count, 0);
}

static void what_goes_down_has_bounds(void **state)
{
	struct session *s;
	union msg msg;

	join();
	send_down("s_1", 300);
	assert_int_equal(proc(STAT_PROC_dtls_out_lost), 1);
	open_one("s_0", FIRST, 1);
	send_down("s_0", 300);
	assert_int_equal(proc(STAT_PROC_dtls_out_lost), 2);
	s = open_with_path("s_1", "ufrag001");
	send_down("s_1", FRAME_UDP_MAX + 1);
	assert_int_equal(proc(STAT_PROC_dtls_out_lost), 3);
	msg = dtls_out("s_1", 20);
	for (unsigned i = 0; i < SESSION_DTLS_SENDS; i++)
		assert_true(session_dtls_send(s, &msg.DTLS_OUT_));
	assert_false(session_dtls_send(s, &msg.DTLS_OUT_));
	turns();
	wire_reset(state);
	assert_true(session_dtls_send(s, &msg.DTLS_OUT_));
	table->send_count += SESSION_DTLS_SENDS_ALL;
	assert_false(session_dtls_send(s, &msg.DTLS_OUT_));
	table->send_count -= SESSION_DTLS_SENDS_ALL;
	turns();
	assert_sent(PORT, 20);
}

static void it_follows_an_endpoint_that_moves(void **state)
{
	union msg msg = dtls_out("s_1", 20);
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	s->endpoint->astray.owner = 1;
	session_take_command(s, &s->endpoint->astray);
	assert_true(session_dtls_send(s, &msg.DTLS_OUT_));
	turns();
	assert_int_equal(s->owner, 1);
	assert_sent(PORT, 20);
	assert_int_equal(lcore_count_of(1, STAT_LCORE_tx_pkts), 1);
}

static void a_session_waits_for_what_is_under_way(void **state)
{
	union msg msg = dtls_out("s_1", 20);
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	close_at_once = false;
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	/* Up: it was there before the pause. */
	s->endpoint->paused = false;
	receive(s, PORT, 100);
	/* Down: an alert may still go out while it is finalised. */
	assert_true(session_dtls_send(s, &msg.DTLS_OUT_));
	finish_track(&tracks[0], 0);
	while (s->phase != SESSION_REMOVING)
		session_table_poll(table, 0);
	assert_false(session_dtls_send(s, &msg.DTLS_OUT_));
	turns();
	assert_sent(PORT, 20);
	hear_dtls("s_1", 100);
	hear_state(MSG_SESSION_DONE, "deleted");
	assert_null(session_find(table, "s_1"));
	assert_int_equal(table->send_count, 0);
}

/* The last datagram on its way up is what the end waits for. */
static void the_last_datagram_frees_its_session(void **state)
{
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	for (unsigned i = 0; i < 3; i++)
		receive(s, PORT, 100);
	atomic_fetch_add(&s->endpoint->webrtc->punted, 1);
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	for (unsigned i = 0; i < 3; i++)
		hear_dtls("s_1", 100);
	hear_nothing();
	assert_int_equal(s->phase, SESSION_REMOVING);
	atomic_fetch_sub(&s->endpoint->webrtc->punted, 1);
	s->endpoint->paused = false;
	receive(s, PORT, 100);
	turns();
	hear_dtls("s_1", 100);
	hear_state(MSG_SESSION_DONE, "deleted");
}

static void packets_that_are_held_go_with_their_session(void **state)
{
	struct webrtc_held *held;
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	held = &s->endpoint->webrtc->held;
	while (held->count < LIMIT_HELD_PKTS)
		held->pkts[held->count++] = datagram(s, PORT, 100);
	assert_int_equal(rte_mempool_in_use_count(pool), LIMIT_HELD_PKTS);
	close_one("s_1", "deleted");
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
}

static void what_is_left_in_the_rings_goes_with_the_table(void **state)
{
	union msg msg = dtls_out("s_1", 20);
	struct session *s;

	join();
	s = open_with_path("s_1", "ufrag001");
	receive(s, PORT, 100);
	receive(s, PORT, 100);
	assert_true(session_dtls_send(s, &msg.DTLS_OUT_));
	s->endpoint->webrtc->held.count = 1;
	s->endpoint->webrtc->held.pkts[0] = datagram(s, PORT, 100);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, reset, finish)
	const struct CMUnitTest tests[] = {
		CASE(what_comes_on_a_checked_path_goes_up),
		CASE(what_comes_from_elsewhere_does_not),
		CASE(one_session_takes_not_all_the_room),
		CASE(a_full_ring_drops),
		CASE(without_control_it_is_lost),
		CASE(a_control_that_does_not_read_loses_it_and_nothing_else),
		CASE(what_control_says_goes_to_the_selected_path),
		CASE(before_nomination_it_goes_where_the_last_check_came_from),
		CASE(without_a_path_it_is_lost),
		CASE(what_goes_down_has_bounds),
		CASE(it_follows_an_endpoint_that_moves),
		CASE(a_session_waits_for_what_is_under_way),
		CASE(the_last_datagram_frees_its_session),
		CASE(packets_that_are_held_go_with_their_session),
		CASE(what_is_left_in_the_rings_goes_with_the_table),
	};

	return cmocka_run_group_tests(tests, set_up, remove_dir);
}
