/* SPDX-License-Identifier: BSD-3-Clause */
/* What header extensions say goes to where it is wanted, and nothing else is touched. */
#include "tests/unit/dataplane/publisher.h"
#include "dataplane/twcc.h"

#define VP8 96

static struct publisher_packet media(const void *extra, unsigned extra_bytes)
{
	return (struct publisher_packet){ .ssrc = 5,
		.ext_seq = 100,
		.payload_type = VP8,
		.mid = "0",
		.extra = extra,
		.extra_bytes = extra_bytes };
}

static void the_time_of_capture_goes_with_the_packet(void **state)
{
	const uint8_t extra[] = { CAPTURE_TIME << 4 | 7, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct publisher_packet p = media(extra, sizeof(extra));
	struct packet *taken;

	publisher_flow(VP8, "0", NULL);
	publisher_send(&p);
	taken = media_taken();
	assert_int_equal(taken->flags, PACKET_CAPTURED);
	assert_int_equal(taken->ntp, 0x0102030405060708);
	media_done(taken);
}

/* http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time: what captured it is that far ahead of who
 * sends it. */
static void a_time_of_capture_by_another_clock_is_made_the_senders(void **state)
{
	const uint8_t extra[] = { CAPTURE_TIME << 4 | 15, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1 };
	struct publisher_packet p = media(extra, sizeof(extra));
	struct packet *taken;

	publisher_flow(VP8, "0", NULL);
	publisher_send(&p);
	taken = media_taken();
	assert_int_equal(taken->ntp, (9ull << 32) - (2ull << 32 | 1));
	media_done(taken);
}

static void orientation_goes_with_the_packet(void **state)
{
	const uint8_t extra[] = { ORIENTATION << 4, 0xF0 | 0x0B };
	struct publisher_packet p = media(extra, sizeof(extra));
	struct packet *taken;

	publisher_flow(VP8, "0", NULL)->layer = 2;
	publisher_send(&p);
	taken = media_taken();
	assert_int_equal(taken->flags, PACKET_ORIENTATION);
	assert_int_equal(taken->orientation, 0x0B);
	assert_int_equal(taken->layer, 2);
	media_done(taken);
}

static void extensions_of_another_length_say_nothing(void **state)
{
	const uint8_t extra[] = { CAPTURE_TIME << 4 | 3, 1, 2, 3, 4, ORIENTATION << 4 | 1, 1, 2, TWCC << 4,
		1 };
	struct publisher_packet p = media(extra, sizeof(extra));

	publisher_flow(VP8, "0", NULL);
	assert_int_equal(twcc_create(&publisher_webrtc->twcc), 0);
	publisher_send(&p);
	publisher_assert_taken(100, 0);
	assert_false(twcc_pending(publisher_webrtc->twcc));
	twcc_free(publisher_webrtc->twcc);
}

static void transport_wide_numbers_are_noted(void **state)
{
	const uint8_t extra[] = { TWCC << 4 | 1, 0x12, 0x34 };
	struct publisher_packet p = media(extra, sizeof(extra));

	publisher_flow(VP8, "0", NULL);
	assert_int_equal(twcc_create(&publisher_webrtc->twcc), 0);
	publisher_send(&p);
	assert_true(twcc_pending(publisher_webrtc->twcc));
	assert_int_equal(media_drain(), 1);
	twcc_free(publisher_webrtc->twcc);
}

static void bytes_are_counted_as_they_come(void **state)
{
	struct publisher_packet p = media(NULL, 0);

	publisher_flow(VP8, "0", NULL);
	publisher_send(&p);
	assert_int_equal(publisher_webrtc->received_bytes, 12 + 4 + 4 + 50);
	assert_int_equal(media_drain(), 1);
}

static void packets_of_an_rtp_session_pass_through(void **state)
{
	struct media_sender s = { .ssrc = 5, .port = 4000, .payload_type = VP8, .ext_seq = 100 };

	media_flow(VP8, PROFILE_PLAIN, 1, 0);
	media_send(&s);
	publisher_assert_taken(100, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		publisher_test(the_time_of_capture_goes_with_the_packet),
		publisher_test(a_time_of_capture_by_another_clock_is_made_the_senders),
		publisher_test(orientation_goes_with_the_packet),
		publisher_test(extensions_of_another_length_say_nothing),
		publisher_test(transport_wide_numbers_are_noted),
		publisher_test(bytes_are_counted_as_they_come),
		cmocka_unit_test_setup_teardown(
		        packets_of_an_rtp_session_pass_through, media_reset, media_end),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}
