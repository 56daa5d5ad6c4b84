/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/limits.h"
#include "tests/unit/writers/track_rig.h"

#define MS     CLK_NS_PER_MS
#define SENDER (TRACK_RIG_START_NS - 3600 * CLK_NS_PER_S) /* its clock at the start: an hour slow */
#define STEP   20                                         /* ms, of a packet */

static struct track_rig rig;

/* A sender whose RTP clock stands still while it captures nothing. Times in ms since the start. */
static struct {
	enum codec codec;
	uint32_t rate;
	uint64_t now;     /* of what is captured next */
	uint64_t stood;   /* for so long RTP time has stood still */
	uint64_t delay;   /* of the network */
	uint64_t clear;   /* nothing comes before: the network stalled until then */
	uint64_t drained; /* after it, a packet comes in so many ms; 0: at once */
	uint64_t queued;  /* when the last one came */
	uint64_t seq;
	uint8_t flags;
	double ppm; /* how much faster its RTP clock runs than ours */
	size_t len;
} from;

static void open_as(enum codec codec, void (*adjust)(struct conf *conf))
{
	memset(&from, 0, sizeof(from));
	from.codec = codec;
	from.rate = codec == CODEC_OPUS ? 48000 : codec == CODEC_VP8 ? 90000 : 8000;
	from.delay = 30;
	from.seq = 70000;
	from.len = codec == CODEC_OPUS ? 4 : 160;
	track_rig_open(&rig, codec, adjust);
}

static uint32_t rtp_at(uint64_t ms)
{
	return (uint32_t)(4294960000u +
	                  (uint64_t)((double)(ms - from.stood) * from.rate / 1000 * (1 + from.ppm * 1e-6)));
}

/* When what is sent at @ms comes. */
static uint64_t comes(uint64_t ms)
{
	uint64_t at = ms + from.delay;

	if (from.clear && at < from.clear)
		at = from.clear;
	if (from.clear && from.queued && from.queued >= from.clear && at < from.queued + from.drained)
		at = from.queued + from.drained;
	from.queued = at;
	return at;
}

static void report_of(uint64_t ms, uint64_t at, uint32_t rtp)
{
	track_rig_put(&rig, &(struct track_rig_packet){ .kind = PACKET_SENDER_REPORT,
	                            .at_ns = at * MS,
	                            .rtp = rtp,
	                            .ntp = clk_unix_ns_to_ntp(SENDER + ms * MS) });
}

static void report(void)
{
	report_of(from.now, comes(from.now), rtp_at(from.now));
}

static void lose(void)
{
	from.seq++;
	from.now += STEP;
}

static void send(void)
{
	static uint8_t payload[1275];

	memset(payload, 0x55, sizeof(payload));
	payload[0] = 0xF8; /* Opus: CELT, 20 ms, mono */
	if (from.codec == CODEC_VP8)
		memcpy(payload,
		        (uint8_t[]){
		                0x10, from.seq == 70000 ? 0x10 : 0x11, 2, 0, 0x9D, 1, 0x2A, 64, 0, 48, 0, 7 },
		        12);
	track_rig_put(&rig,
	        &(struct track_rig_packet){ .seq = from.seq++,
	                .at_ns = comes(from.now) * MS,
	                .rtp = rtp_at(from.now),
	                .flags = PACKET_MARKER | from.flags,
	                .ntp = from.flags & PACKET_CAPTURED ? clk_unix_ns_to_ntp(SENDER + from.now * MS) : 0,
	                .payload = payload,
	                .len = from.codec == CODEC_VP8 ? 12 : from.len });
	from.now += STEP;
}

static void talk(uint64_t ms)
{
	for (uint64_t i = 0; i < ms / STEP; i++)
		send();
}

static void talk_reporting(uint64_t ms)
{
	for (uint64_t i = 0; i < ms / STEP; i++) {
		send();
		if (i % 50 == 25)
			report();
	}
}

/* Capture nothing. */
static void pause_for(uint64_t ms)
{
	from.stood += ms;
	from.now += ms;
}

/* What is sent from here on comes @ms later at the earliest, and then one packet in @drained ms. */
static void stall_for(uint64_t ms, uint64_t drained)
{
	from.clear = from.now + from.delay + ms;
	from.drained = drained;
	from.queued = 0;
}

/* A number of the final figures of file @i. */
static double figure(unsigned i, const char *key)
{
	char text[64];
	const char *at;

	snprintf(text, sizeof(text), "\"%s\":", key);
	at = strstr(memory_segments[i]->json_end, text);
	assert_non_null(at);
	return strtod(at + strlen(text), NULL);
}

static void assert_near(double value, double want, double most)
{
	if (value - want > most || want - value > most)
		fail_msg("%.4f instead of %.4f", value, want);
}

/* One file of the sender's whole time. */
static void check_length(double most)
{
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 1);
	assert_near(figure(0, "duration_s"), (double)from.now / 1000, most);
}

static void check_pauses(unsigned pauses, unsigned shifts)
{
	assert_int_equal(memory_segment_notes(0, "\"type\":\"pause\""), pauses);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), shifts);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"epoch\""), 0);
}

static void pause_becomes_silence(void **state)
{
	static const enum codec codecs[] = { CODEC_OPUS, CODEC_PCMU, CODEC_PCMA };

	for (unsigned i = 0; i < 3; i++) {
		open_as(codecs[i], NULL);
		talk(3000);
		pause_for(4000);
		talk(3000);
		check_length(0.001);
		check_pauses(1, 0);
		assert_int_equal(memory_segment_notes(0, "\"seconds\":4.000,\"basis\":\"arrival\""), 1);
		assert_near(figure(0, "filled_s"), 4, 0.001);
		assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 300);
	}
}

static void silence_lies_where_the_pause_was(void **state)
{
	const uint8_t *samples;

	open_as(CODEC_PCMU, NULL);
	talk(1000);
	pause_for(4000);
	talk(1000);
	check_length(0);
	samples = memory_segments[0]->bytes + 58;
	assert_int_equal(samples[7999], 0x55);
	assert_int_equal(samples[8000], 0xFF);
	assert_int_equal(samples[39999], 0xFF);
	assert_int_equal(samples[40000], 0xF8); /* a packet's first byte here */
}

static void stall_that_ends_in_a_burst_shifts_nothing(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	stall_for(4000, 0);
	talk(10000);
	check_length(0);
	check_pauses(0, 0);
	assert_near(figure(0, "filled_s"), 0, 0);
}

static void stall_that_drains_slowly_shifts_nothing(void **state)
{
	open_as(CODEC_PCMA, NULL);
	talk(3000);
	stall_for(4000, STEP / 2);
	talk(10000);
	check_length(0);
	check_pauses(0, 0);
	assert_near(figure(0, "filled_s"), 0, 0);
}

static void burst_with_a_loss_in_it_is_waited_for(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	stall_for(4000, 0);
	talk(20);
	lose();
	talk(9960);
	check_length(0);
	check_pauses(0, 0);
	assert_near(figure(0, "filled_s"), 0.02, 0);
}

static void gap_below_300_ms_shifts_nothing(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	pause_for(270); /* and a packet */
	talk(3000);
	from.now -= 270;
	check_length(0);
	check_pauses(0, 0);
}

static void silence_that_was_not_sent_is_no_pause(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	for (unsigned i = 0; i < 10; i++) {
		from.now += 380;
		send();
	}
	talk(1000);
	check_length(0);
	check_pauses(0, 0);
}

static void losses_at_its_edges_do_not_hide_a_pause(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	lose();
	lose();
	pause_for(4000);
	lose();
	talk(3000);
	check_length(0.001);
	check_pauses(1, 0);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_gap_pkts), 3);
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	pause_for(4000);
	talk(60);
	lose();
	talk(3000);
	check_length(0.001);
	check_pauses(1, 0);
}

/* A packet lost after the pause comes again, later than those that follow it. */
static void repaired_packet_after_a_pause_tells_nothing_of_pace(void **state)
{
	uint64_t seq, now;

	open_as(CODEC_OPUS, NULL);
	talk(3000);
	pause_for(4000);
	seq = from.seq;
	now = from.now;
	lose();
	talk(140);
	from.flags = PACKET_REPAIRED;
	from.delay += 150;
	from.seq = seq;
	from.now = now;
	send();
	from.flags = 0;
	from.delay -= 150;
	from.seq = seq + 8;
	from.now = now + 160;
	talk(3000);
	check_length(0.001);
	check_pauses(1, 0);
}

static void pause_of_ten_minutes_is_one_file_without_an_epoch(void **state)
{
	open_as(CODEC_OPUS, NULL);
	from.ppm = 200;
	talk_reporting(30000);
	pause_for(600000);
	talk_reporting(30000);
	check_length(0.135); /* RTP time is fast */
	check_pauses(1, 1);
	assert_near(figure(0, "rate_ppm"), 200, 20);
}

static void pauses_may_come_again_and_again(void **state)
{
	open_as(CODEC_OPUS, NULL);
	for (unsigned i = 0; i < 40; i++) {
		talk(3000);
		pause_for(700 + i * 20);
	}
	talk(1000);
	check_length(0.02);
	check_pauses(40, 0);
}

/* The network is slower by 150 ms when the sender goes on: only its reports tell how long it really was. */
static void report_after_a_pause_corrects_it(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	pause_for(4000);
	from.delay = 10; /* 20 ms less */
	talk_reporting(5000);
	check_length(0.003);
	check_pauses(1, 1);
	assert_near(figure(0, "sender_ntp_unix_ns"), (double)SENDER, 2e6);
	assert_near(figure(0, "residual_us"), 0, 1000);
}

static void excess_of_silence_is_made_up_for_by_less_later(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	pause_for(4000);
	from.delay = 180;
	talk_reporting(3000);
	from.now += 1000; /* not sent */
	talk_reporting(3000);
	check_length(0.003);
	check_pauses(1, 1);
	assert_near(figure(0, "sender_ntp_unix_ns"), (double)SENDER, 2e6);
}

static void nothing_is_dropped_when_a_pause_proves_to_have_been_none(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	stall_for(4000, STEP); /* the queue stays as long as it is */
	talk(2000);
	report();
	talk(3000);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"overlap\""), 0);
	from.now += 6000; /* not sent, and the queue is empty after it */
	talk(1000);
	check_length(0.003);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 550);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"overlap\""), 0);
}

static void slow_queue_without_reports_is_seen_when_it_empties(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(5000);
	stall_for(4000, STEP - 4);
	talk(30000);
	from.now += 6000;
	talk(1000);
	check_length(0.1);
	assert_int_equal(memory_segment_notes(0, "\"type\":\"pause\""), 1);
	assert_true(memory_segment_notes(0, "\"type\":\"time_shift\"") > 0);
}

static void report_while_holding_decides_exactly(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	pause_for(4000);
	from.delay = 130;
	talk(60);
	report();
	talk(2000);
	check_length(0.003);
	check_pauses(1, 0);
	assert_int_equal(memory_segment_notes(0, "\"basis\":\"sender_report\""), 1);
	assert_near(figure(0, "sender_ntp_unix_ns"), (double)SENDER, 1e6);
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	stall_for(4000, STEP); /* looks like a pause, but for the report */
	talk(60);
	report();
	talk(2000);
	check_length(0.003);
	check_pauses(0, 0);
}

static void report_that_cannot_be_decides_nothing(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	pause_for(4000);
	talk(60);
	report_of(from.now + 50000, from.now + 30, rtp_at(from.now));
	talk_reporting(3000);
	check_length(0.003);
	assert_int_equal(memory_segment_notes(0, "\"basis\":\"arrival\""), 1);
}

/* Some senders tell the RTP time of the last packet: of a clock that stands still there is nothing to learn.
 */
static void reports_in_a_pause_do_not_bend_the_line(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	for (unsigned i = 0; i < 12; i++) {
		pause_for(5000);
		report();
	}
	talk_reporting(5000);
	check_length(0.003);
	assert_near(figure(0, "sender_ntp_unix_ns"), (double)SENDER, 1e6);
	assert_near(figure(0, "residual_us"), 0, 1000);
}

/* Others, Chromium among them, reckon it on: that is the clock as it was before. */
static void reports_in_a_pause_may_go_by_the_clock_before(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk_reporting(5000);
	for (unsigned i = 0; i < 4; i++) {
		from.now += 1000;
		report();
	}
	from.stood += 4000;
	talk_reporting(5000);
	check_length(0.003);
	check_pauses(1, 1);
	assert_near(figure(0, "sender_ntp_unix_ns"), (double)SENDER, 1e6);
	assert_near(figure(0, "residual_us"), 0, 1000);
}

/* Chromium's reports of sound: now, and the RTP time of the last packet. */
static void report_of_the_last_packet_is_of_when_that_came(void **state)
{
	open_as(CODEC_OPUS, NULL);
	for (unsigned i = 0; i < 10; i++) {
		talk(1000);
		report_of(from.now - STEP + i, from.now - STEP + from.delay + i, rtp_at(from.now - STEP));
	}
	report_of(from.now + 200, from.now + from.delay + 200, rtp_at(from.now - STEP)); /* silence begins */
	pause_for(4000);
	talk(60);
	report_of(from.now - 5, from.now + from.delay - 5, rtp_at(from.now - STEP));
	talk(2000);
	check_length(0.003);
	check_pauses(1, 0);
	assert_int_equal(memory_segment_notes(0, "\"basis\":\"sender_report\""), 1);
	assert_near(figure(0, "sender_ntp_unix_ns"), (double)SENDER, 1e5);
	assert_near(figure(0, "residual_us"), 0, 10);
}

static void capture_time_decides_at_once(void **state)
{
	open_as(CODEC_OPUS, NULL);
	from.flags = PACKET_CAPTURED;
	talk(3000);
	pause_for(4000);
	from.delay = 190;
	send();
	assert_int_equal(memory_segment_notes(0, "\"seconds\":4.000,\"basis\":\"capture_time\""), 1);
	talk(1000);
	check_length(0.001);
	open_as(CODEC_OPUS, NULL);
	from.flags = PACKET_CAPTURED;
	talk(3000);
	stall_for(4000, STEP);
	talk(3000);
	check_length(0);
	check_pauses(0, 0);
}

static void end_of_the_stream_does_not_wait(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	pause_for(4000);
	talk(60);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 150);
	check_length(0.001);
	check_pauses(1, 0);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 153);
}

static void what_is_held_waits_200_ms_at_most(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	pause_for(4000);
	send();
	track_rig_wait(&rig, (7000 + 30 + 199) * MS);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 150);
	track_rig_wait(&rig, (7000 + 30 + 200) * MS);
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 151);
	check_length(0.001);
}

static void no_more_is_held_than_the_limit(void **state)
{
	uint8_t payload[] = { 0xE0, 1, 2 }; /* 2.5 ms */

	open_as(CODEC_OPUS, NULL);
	talk(1000);
	for (unsigned i = 0; i < LIMIT_PAUSE_PKTS; i++) {
		assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 50);
		track_rig_put(&rig, &(struct track_rig_packet){ .seq = from.seq++,
		                            .at_ns = (5000 + i * 5 / 2) * MS,
		                            .rtp = rtp_at(1000) + i * 120,
		                            .payload = payload,
		                            .len = sizeof(payload) });
	}
	assert_int_equal(track_rig_stat(&rig, STAT_TRACK_pkts), 50 + LIMIT_PAUSE_PKTS);
	track_rig_close(&rig, "bye");
	check_pauses(1, 0);
}

static void another_sender_while_holding_begins_an_epoch(void **state)
{
	open_as(CODEC_OPUS, NULL);
	talk(3000);
	pause_for(4000);
	talk(60);
	from.flags = PACKET_RESTART;
	from.seq = 17;
	from.stood = 123456;
	from.now = 200000;
	send();
	from.flags = 0;
	talk(1000);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"type\":\"pause\""), 1);
	assert_int_equal(memory_segment_notes(0, "\"cause\":\"restart\""), 1);
	assert_near(figure(0, "duration_s"), 201.02, 0.003);
}

static void small_file(struct conf *conf)
{
	conf->record_max_size_mb = 1;
}

static void file_that_is_full_when_it_is_clear_ends_where_it_was(void **state)
{
	open_as(CODEC_PCMU, small_file); /* which holds back no page */
	do
		send();
	while (memory_segments[0]->end < 1 << 20);
	pause_for(4000);
	talk(3000);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_count, 2);
	assert_near(figure(0, "duration_s") + figure(1, "duration_s"), (double)from.now / 1000 - 4, 0.001);
	assert_near(figure(1, "unix_ns_at_start") - figure(0, "unix_ns_at_start"),
	        (double)(from.now - 3000) * 1e6, 2e6);
}

static void picture_whose_clock_stood_is_set_on_by_the_next_report(void **state)
{
	static struct track_rig_frame got[1024];
	unsigned n;

	open_as(CODEC_VP8, NULL);
	talk_reporting(5000);
	pause_for(4000);
	talk_reporting(5000);
	track_rig_close(&rig, "bye");
	assert_int_equal(memory_segment_notes(0, "\"type\":\"time_shift\""), 1);
	n = track_rig_ivf(memory_segments[0]->bytes, memory_segments[0]->committed, got, 1024);
	assert_int_equal(n, 500);
	assert_near((double)got[n - 1].pts, (13980) * 90.0, 2 * 90);
	open_as(CODEC_VP8, NULL);
	talk_reporting(5000);
	stall_for(4000, 0);
	talk_reporting(10000);
	track_rig_close(&rig, "bye");
	check_pauses(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pause_becomes_silence),
		cmocka_unit_test(silence_lies_where_the_pause_was),
		cmocka_unit_test(stall_that_ends_in_a_burst_shifts_nothing),
		cmocka_unit_test(stall_that_drains_slowly_shifts_nothing),
		cmocka_unit_test(burst_with_a_loss_in_it_is_waited_for),
		cmocka_unit_test(gap_below_300_ms_shifts_nothing),
		cmocka_unit_test(silence_that_was_not_sent_is_no_pause),
		cmocka_unit_test(losses_at_its_edges_do_not_hide_a_pause),
		cmocka_unit_test(repaired_packet_after_a_pause_tells_nothing_of_pace),
		cmocka_unit_test(pause_of_ten_minutes_is_one_file_without_an_epoch),
		cmocka_unit_test(pauses_may_come_again_and_again),
		cmocka_unit_test(report_after_a_pause_corrects_it),
		cmocka_unit_test(excess_of_silence_is_made_up_for_by_less_later),
		cmocka_unit_test(nothing_is_dropped_when_a_pause_proves_to_have_been_none),
		cmocka_unit_test(slow_queue_without_reports_is_seen_when_it_empties),
		cmocka_unit_test(report_while_holding_decides_exactly),
		cmocka_unit_test(report_that_cannot_be_decides_nothing),
		cmocka_unit_test(reports_in_a_pause_do_not_bend_the_line),
		cmocka_unit_test(reports_in_a_pause_may_go_by_the_clock_before),
		cmocka_unit_test(report_of_the_last_packet_is_of_when_that_came),
		cmocka_unit_test(capture_time_decides_at_once),
		cmocka_unit_test(end_of_the_stream_does_not_wait),
		cmocka_unit_test(what_is_held_waits_200_ms_at_most),
		cmocka_unit_test(no_more_is_held_than_the_limit),
		cmocka_unit_test(another_sender_while_holding_begins_an_epoch),
		cmocka_unit_test(file_that_is_full_when_it_is_clear_ends_where_it_was),
		cmocka_unit_test(picture_whose_clock_stood_is_set_on_by_the_next_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
