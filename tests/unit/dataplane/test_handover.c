/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring to the writer, and what it costs when it is full: whole frames. */
#include "tests/unit/dataplane/media.h"

static struct media_sender sender = { .ssrc = 5, .port = 4000, .payload_type = 96 };

static int begin(void **state)
{
	int r = media_reset(state);

	sender.ext_seq = 0;
	sender.rtp_time = 0;
	media_flow(96, PROFILE_PLAIN, 1, 0);
	return r;
}

/* A frame of @n packets. */
static void send_frame(unsigned n)
{
	sender.rtp_time += 3000;
	while (n-- > 0)
		media_send(&sender);
}

static void packets_keep_their_order(void **state)
{
	send_frame(MEDIA_RING);
	for (uint64_t seq = 0; seq < MEDIA_RING; seq++) {
		struct packet *p = media_taken();
		assert_int_equal(p->ext_seq, seq);
		assert_int_equal(p->shed_pkts, 0);
		media_done(p);
	}
	assert_int_equal(media_count(handed_pkts), MEDIA_RING);
}

static void a_full_ring_costs_the_rest_of_the_frame_and_says_so(void **state)
{
	struct packet *p;

	send_frame(MEDIA_RING - 2);
	send_frame(3);
	assert_int_equal(media_count(drop_ring_full), 1);
	media_drain();
	/* There is room now, but the frame is lost already. */
	media_send(&sender);
	media_send(&sender);
	assert_int_equal(media_count(drop_ring_full), 3);
	assert_int_equal(media_flow_count(0, shed_pkts), 3);
	send_frame(2);
	p = media_taken();
	assert_int_equal(p->shed_pkts, 3);
	media_done(p);
	p = media_taken();
	assert_int_equal(p->shed_pkts, 0);
	media_done(p);
}

static void a_frame_begins_only_with_some_room(void **state)
{
	send_frame(MEDIA_RING + 1);
	media_done(media_taken());
	send_frame(1);
	assert_int_equal(media_count(drop_ring_full), 2);
	for (unsigned i = 0; i < MEDIA_RING / 8; i++)
		media_done(media_taken());
	send_frame(1);
	assert_int_equal(media_count(drop_ring_full), 2);
}

static void a_restart_that_was_given_up_is_told_by_the_next(void **state)
{
	struct packet *p;

	send_frame(MEDIA_RING);
	sender.ext_seq = 30000;
	send_frame(2); /* probation, restart: no room */
	assert_int_equal(media_count(drop_ring_full), 1);
	media_drain();
	send_frame(1);
	p = media_taken();
	assert_int_equal(p->flags, PACKET_RESTART);
	assert_int_equal(p->shed_pkts, 1);
	media_done(p);
	send_frame(1);
	p = media_taken();
	assert_int_equal(p->flags, 0);
	media_done(p);
}

static void each_writer_has_its_own_ring(void **state)
{
	struct media_sender other = sender;
	struct spsc *second = NULL;
	void *packet = NULL;

	assert_int_equal(spsc_create(&second, 2), 0);
	wire_lc.writers[1] = second;
	media_flow(97, PROFILE_PLAIN, 1, 0)->writer = 1;
	other.ssrc = 6;
	other.payload_type = 97;
	struct rte_mbuf *pkts[6];
	uint8_t data[128];
	for (unsigned i = 0; i < 6; i++) {
		unsigned len = media_make(i % 2 ? &other : &sender, data, false, 20);
		pkts[i] = media_frame(4000, MEDIA_PORT, data, len);
	}
	lcore_process(&wire_lc, pkts, 6);
	assert_int_equal(media_drain(), 3);
	assert_int_equal(media_flow_count(1, shed_pkts), 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(spsc_take(second, &packet, 1), 1);
		assert_int_equal(((struct packet *)packet)->ssrc, 6);
		media_done(packet);
	}
	spsc_free(second);
}

static void a_report_does_not_wait_for_room(void **state)
{
	uint8_t report[64];

	send_frame(MEDIA_RING);
	media_send_rtcp(&sender, 1, report, rtcp_build_sr(report, sizeof(report), 0, 5, 1, 2, 3, 4));
	assert_int_equal(media_count(rtcp_pkts), 1);
	assert_int_equal(media_drain(), MEDIA_RING);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, media_end)
	const struct CMUnitTest tests[] = {
		CASE(packets_keep_their_order),
		CASE(a_full_ring_costs_the_rest_of_the_frame_and_says_so),
		CASE(a_frame_begins_only_with_some_room),
		CASE(a_restart_that_was_given_up_is_told_by_the_next),
		CASE(each_writer_has_its_own_ring),
		CASE(a_report_does_not_wait_for_room),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
