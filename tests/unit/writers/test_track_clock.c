/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/writers/track_rig.h"

#define MS     ((int64_t)CLK_NS_PER_MS)
#define SENDER (TRACK_RIG_START_NS - 3600 * CLK_NS_PER_S) /* its clock at the start: an hour slow */

static struct track_rig rig;
static struct track_rig_frame got[1024];
static const uint8_t opus[] = { 0xF8, 1, 2, 3 }; /* 20 ms */

/* A sender of one track. Its RTP clock is off its wall clock by so much, which is off ours; what it sends at
 * @begins_ns comes @delay_ns later. */
struct sender {
	enum codec codec;
	double rtp_ppm, wall_ppm;
	uint64_t begins_ns, delay_ns;
	uint32_t first_rtp, ssrc;
	uint64_t seq;
	uint8_t flags; /* of the next packet */
};

static uint32_t rtp_at(const struct sender *from, uint64_t ns)
{
	double rate = from->codec == CODEC_OPUS ? 48000 : 90000;

	return from->first_rtp + (uint32_t)(uint64_t)((double)ns / 1e9 * rate * (1 + from->rtp_ppm * 1e-6));
}

static uint64_t ntp_at(const struct sender *from, uint64_t ns)
{
	return clk_unix_ns_to_ntp(SENDER + (uint64_t)((double)ns * (1 + from->wall_ppm * 1e-6)));
}

/* One frame, of what was captured at @ns. */
static void send(struct sender *from, uint64_t ns, bool key)
{
	static uint8_t vp8[] = { 0x10, 0x10, 2, 0, 0x9D, 1, 0x2A, 64, 0, 48, 0, 7 };
	struct track_rig_packet packet = {
		.seq = from->seq++,
		.at_ns = ns + from->delay_ns,
		.rtp = rtp_at(from, ns),
		.ssrc = from->ssrc,
		.flags = PACKET_MARKER | from->flags,
		.payload = from->codec == CODEC_OPUS ? opus : vp8,
		.len = from->codec == CODEC_OPUS ? sizeof(opus) : sizeof(vp8),
		.ntp = from->flags & PACKET_CAPTURED ? ntp_at(from, ns) : 0,
	};

	vp8[1] = key ? 0x10 : 0x11;
	track_rig_put(&rig, &packet);
	from->flags &= ~PACKET_RESTART;
}

/* A report of @ns, wrong by @wrong_ns, that the network holds up for @late_ns more. */
static void report(const struct sender *from, uint64_t ns, int64_t wrong_ns, uint64_t late_ns)
{
	struct track_rig_packet packet = {
		.kind = PACKET_SENDER_REPORT,
		.at_ns = ns + from->delay_ns + late_ns,
		.rtp = rtp_at(from, ns),
		.ssrc = from->ssrc,
		.ntp = ntp_at(from, ns + (uint64_t)wrong_ns),
	};
	track_rig_put(&rig, &packet);
}

/* A number of the "clock" of file @i. */
static int64_t clock_of(unsigned i, const char *key)
{
	const char *clock = strstr(memory_segments[i]->json_end, "\"clock\":{");
	const char *at = clock ? strstr(clock, key) : NULL;

	if (!at || at > strchr(clock, '}'))
		fail_msg("no %s in %s", key, memory_segments[i]->json_end);
	return strtoll(strchr(at, ':') + 1, NULL, 10);
}

static bool clock_has(unsigned i, const char *text)
{
	const char *clock = strstr(memory_segments[i]->json_end, "\"clock\":{");
	const char *at = clock ? strstr(clock, text) : NULL;

	return at && at < strchr(clock, '}');
}

static void assert_near(int64_t value, int64_t want, int64_t most)
{
	if (llabs(value - want) > most)
		fail_msg("%lld ns off", (long long)(value - want));
}

static struct sender video_sender(void)
{
	return (struct sender){ .codec = CODEC_VP8,
		.first_rtp = 4294900000u,
		.ssrc = 1,
		.seq = 70000,
		.delay_ns = 20 * CLK_NS_PER_MS };
}

/* Half an hour of a call: when did the first frame begin, by the sender's clock and by ours? */
static void record_half_an_hour(struct sender from)
{
	uint32_t seed = 7;

	track_rig_open(&rig, from.codec, NULL);
	for (uint64_t s = 0; s < 1800; s++) {
		uint64_t ns = from.begins_ns + s * CLK_NS_PER_S;

		send(&from, ns, s == 0);
		seed = seed * 1103515245 + 12345;
		report(&from, ns + 300 * CLK_NS_PER_MS,
		        s % 100 == 50 ? 2000 * MS : (int64_t)(seed >> 28) * 20000,
		        (seed >> 24 & 15) * 2 * CLK_NS_PER_MS);
	}
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_true(clock_has(0, "\"source\":\"sender_report\""));
	assert_int_equal(clock_of(0, "samples"), 1800);
	assert_true(clock_of(0, "residual_us") < 1000);
	assert_near(clock_of(0, "rate_ppm"), (int64_t)from.rtp_ppm - (int64_t)from.wall_ppm, 3);
	assert_near(clock_of(0, "sender_ntp_unix_ns"), (int64_t)(SENDER + from.begins_ns), MS);
	assert_near(clock_of(0, "unix_ns_at_start"),
	        (int64_t)(TRACK_RIG_START_NS + from.begins_ns + from.delay_ns), 3 * MS);
}

static void sound_and_picture_of_a_sender_meet_on_its_clock(void **state)
{
	struct sender video = video_sender();
	struct sender audio = { .codec = CODEC_OPUS,
		.first_rtp = 77,
		.ssrc = 1,
		.seq = 5000,
		.delay_ns = 5 * CLK_NS_PER_MS,
		.begins_ns = 137 * CLK_NS_PER_MS };

	record_half_an_hour(video);
	record_half_an_hour(audio);
	video.rtp_ppm = 200;
	video.wall_ppm = -200;
	audio.rtp_ppm = -200;
	audio.wall_ppm = -200;
	record_half_an_hour(video);
	record_half_an_hour(audio);
}

static void without_reports_arrival_is_all_and_says_so(void **state)
{
	struct sender from = video_sender();

	track_rig_open(&rig, CODEC_VP8, NULL);
	for (uint64_t i = 0; i < 300; i++) {
		from.delay_ns = (20 + i % 7) * CLK_NS_PER_MS;
		send(&from, i * 33 * CLK_NS_PER_MS, i == 0);
	}
	track_rig_close(&rig, "bye");
	assert_true(clock_has(0, "\"source\":\"arrival\""));
	assert_false(clock_has(0, "sender_ntp_unix_ns"));
	assert_near(clock_of(0, "unix_ns_at_start"), (int64_t)TRACK_RIG_START_NS + 20 * MS, 3 * MS);
	assert_int_equal(clock_of(0, "samples"), 10);
}

static void report_of_a_sender_without_a_clock_is_none(void **state)
{
	struct track_rig_packet packet = {
		.kind = PACKET_SENDER_REPORT, .rtp = 5, .at_ns = 5 * CLK_NS_PER_MS
	};
	struct sender from = video_sender();

	track_rig_open(&rig, CODEC_VP8, NULL);
	send(&from, 0, true);
	track_rig_put(&rig, &packet);
	track_rig_close(&rig, "bye");
	assert_true(clock_has(0, "\"source\":\"arrival\""));
	assert_int_equal(memory_segment_notes(0, "C {"), 0);
}

static void capture_times_are_used_until_a_report_comes(void **state)
{
	struct sender from = video_sender();

	from.flags = PACKET_CAPTURED;
	track_rig_open(&rig, CODEC_VP8, NULL);
	for (uint64_t i = 0; i < 60; i++)
		send(&from, i * 33 * CLK_NS_PER_MS, i == 0);
	track_rig_close(&rig, "bye");
	assert_true(clock_has(0, "\"source\":\"capture_time\""));
	assert_near(clock_of(0, "sender_ntp_unix_ns"), (int64_t)SENDER, MS / 10);
	from = video_sender();
	from.flags = PACKET_CAPTURED;
	track_rig_open(&rig, CODEC_VP8, NULL);
	for (uint64_t i = 0; i < 60; i++) {
		send(&from, i * 33 * CLK_NS_PER_MS, i == 0);
		if (i == 40)
			report(&from, i * 33 * CLK_NS_PER_MS, 0, 0);
	}
	track_rig_close(&rig, "bye");
	assert_true(clock_has(0, "\"source\":\"sender_report\""));
	assert_int_equal(clock_of(0, "samples"), 1);
}

static void report_before_the_first_packet_counts(void **state)
{
	struct sender from = video_sender();

	track_rig_open(&rig, CODEC_VP8, NULL);
	report(&from, 0, 0, 0);
	send(&from, 10 * CLK_NS_PER_MS, true);
	track_rig_close(&rig, "bye");
	assert_near(clock_of(0, "sender_ntp_unix_ns"), (int64_t)SENDER + 10 * MS, MS / 10);
}

/* A minute of a sender that reports every second, then the same from another SSRC. */
static struct sender change_ssrc(void)
{
	struct sender from = video_sender();

	track_rig_open(&rig, CODEC_VP8, NULL);
	for (uint64_t i = 0; i < 60; i++) {
		send(&from, i * CLK_NS_PER_S, i == 0);
		report(&from, i * CLK_NS_PER_S + 100 * CLK_NS_PER_MS, 0, 0);
	}
	from.ssrc = 2;
	from.first_rtp = 1234567;
	from.seq = 17;
	from.flags = PACKET_RESTART;
	from.delay_ns += 50 * CLK_NS_PER_MS;
	return from;
}

static unsigned frames(void)
{
	assert_int_equal(memory_segment_count, 1);
	return track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, got, 1024);
}

static void other_ssrc_goes_on_exactly_by_a_report_that_came_first(void **state)
{
	struct sender from = change_ssrc();

	report(&from, 59500 * CLK_NS_PER_MS, 0, 0);
	send(&from, 60 * CLK_NS_PER_S, true);
	send(&from, 61 * CLK_NS_PER_S, false);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames(), 62);
	assert_in_range(got[60].pts, 60 * 90000 - 1, 60 * 90000 + 1);
	assert_in_range(got[61].pts, 61 * 90000 - 1, 61 * 90000 + 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"ssrc\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), 0);
	assert_int_equal(clock_of(0, "samples"), 61);
}

static void other_ssrc_goes_on_exactly_by_its_capture_time(void **state)
{
	struct sender from = change_ssrc();

	from.flags |= PACKET_CAPTURED;
	send(&from, 60 * CLK_NS_PER_S, true);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames(), 61);
	assert_in_range(got[60].pts, 60 * 90000 - 1, 60 * 90000 + 1);
}

static void other_ssrc_goes_on_by_arrival_until_it_reports(void **state)
{
	struct sender from = change_ssrc();

	send(&from, 60 * CLK_NS_PER_S, true);
	send(&from, 60500 * CLK_NS_PER_MS, false);
	report(&from, 60600 * CLK_NS_PER_MS, 0, 0);
	for (uint64_t i = 61; i < 65; i++)
		send(&from, i * CLK_NS_PER_S, false);
	track_rig_close(&rig, "bye");
	assert_int_equal(frames(), 66);
	assert_in_range(got[60].pts, 60 * 90000 + 4400, 60 * 90000 + 4600); /* 50 ms later by arrival */
	assert_in_range(got[65].pts, 64 * 90000 - 1, 64 * 90000 + 1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), 1);
	assert_near(clock_of(0, "sender_ntp_unix_ns"), (int64_t)SENDER, MS / 10);
}

static void report_that_cannot_be_is_not_believed_but_another_clock_is(void **state)
{
	struct sender from = change_ssrc();

	send(&from, 60 * CLK_NS_PER_S, true);
	report(&from, 60100 * CLK_NS_PER_MS, 4000 * MS, 0); /* wrong */
	report(&from, 60200 * CLK_NS_PER_MS, 0, 0);
	send(&from, 61 * CLK_NS_PER_S, false);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), 1);
	assert_near(clock_of(0, "sender_ntp_unix_ns"), (int64_t)SENDER, MS / 10);
	from = change_ssrc();
	send(&from, 60 * CLK_NS_PER_S, true);
	for (uint64_t i = 61; i < 70; i++) {
		send(&from, i * CLK_NS_PER_S, false);
		report(&from, i * CLK_NS_PER_S, 900000 * MS, 0);
	}
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), 0);
	/* What arrival placed 50 ms late is so on that clock, too. */
	assert_near(clock_of(0, "sender_ntp_unix_ns"), (int64_t)SENDER + 900000 * MS - 50 * MS, MS);
}

static void every_file_of_a_track_knows_its_own_start(void **state)
{
	struct sender from = video_sender();

	track_rig_open(&rig, CODEC_VP8, NULL);
	for (uint64_t i = 0; i < 10; i++) {
		send(&from, i * CLK_NS_PER_S, i == 0);
		report(&from, i * CLK_NS_PER_S + 100 * CLK_NS_PER_MS, 0, 0);
	}
	track_rig_vp8(&rig,
	        &(struct track_rig_vp8){ .seq = from.seq,
	                .rtp = rtp_at(&from, 10 * CLK_NS_PER_S),
	                .at_ns = 10 * CLK_NS_PER_S + from.delay_ns,
	                .ssrc = 1,
	                .width = 640 },
	        true, 1, 0);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_near(clock_of(0, "sender_ntp_unix_ns"), (int64_t)SENDER, MS / 10);
	assert_near(clock_of(1, "sender_ntp_unix_ns"), (int64_t)SENDER + 10000 * MS, MS / 10);
	assert_near(clock_of(1, "unix_ns_at_start"), (int64_t)TRACK_RIG_START_NS + 10020 * MS, MS);
}

static void wall_clock_that_is_set_moves_no_clock(void **state)
{
	struct sender from = video_sender();

	track_rig_open(&rig, CODEC_VP8, NULL);
	for (uint64_t i = 0; i < 10; i++) {
		send(&from, i * CLK_NS_PER_S, i == 0);
		report(&from, i * CLK_NS_PER_S + 100 * CLK_NS_PER_MS, 0, 0);
		rig.clock_set_ns = 77 * CLK_NS_PER_S;
	}
	track_rig_close(&rig, "bye");
	assert_near(clock_of(0, "unix_ns_at_start"), (int64_t)TRACK_RIG_START_NS + 20 * MS, MS);
}

static void journal_has_it_soon_and_now_and_again(void **state)
{
	struct sender from = video_sender();

	track_rig_open(&rig, CODEC_VP8, NULL);
	send(&from, 0, true);
	for (uint64_t i = 1; i < 600; i++) {
		send(&from, i * CLK_NS_PER_S, false);
		report(&from, i * CLK_NS_PER_S, 0, 0);
		if (i == 4)
			assert_int_equal(memory_segment_notes(0, "M {\"clock\":{\"unix_ns_at_start\":"), 2);
	}
	assert_in_range(memory_segment_notes(0, "M {\"clock\":"), 20, 25);
	track_rig_close(&rig, "bye");
	assert_int_equal(
	        memory_segment_notes(0, "\"source\":\"arrival\"}}"), 1); /* when there was no report yet */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_and_picture_of_a_sender_meet_on_its_clock),
		cmocka_unit_test(without_reports_arrival_is_all_and_says_so),
		cmocka_unit_test(report_of_a_sender_without_a_clock_is_none),
		cmocka_unit_test(capture_times_are_used_until_a_report_comes),
		cmocka_unit_test(report_before_the_first_packet_counts),
		cmocka_unit_test(other_ssrc_goes_on_exactly_by_a_report_that_came_first),
		cmocka_unit_test(other_ssrc_goes_on_exactly_by_its_capture_time),
		cmocka_unit_test(other_ssrc_goes_on_by_arrival_until_it_reports),
		cmocka_unit_test(report_that_cannot_be_is_not_believed_but_another_clock_is),
		cmocka_unit_test(every_file_of_a_track_knows_its_own_start),
		cmocka_unit_test(wall_clock_that_is_set_moves_no_clock),
		cmocka_unit_test(journal_has_it_soon_and_now_and_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
