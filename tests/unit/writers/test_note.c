/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clk.h"
#include "tests/unit/writers/memory_segment.h"
#include "writers/note.h"

#define START 1710123456000000000ull

static struct note note;
static struct segment *segment;

static int set_up(void **state)
{
	const struct segment_cfg cfg = { .meta = "{}", .meta_bytes = 2, .name = { .ext = "ivf" } };

	memory_segment_reset();
	note = (struct note){ 0 };
	return segment_begin(&segment, NULL, &cfg);
}

static int tear_down(void **state)
{
	memory_segment_reset();
	return 0;
}

static struct packet packet_at(uint64_t s)
{
	return (struct packet){
		.arrival_unix_ns = START + s * CLK_NS_PER_S, .rtp_time = 77, .ext_seq = 99, .ssrc = 5
	};
}

static struct packet report_at(uint64_t s)
{
	struct packet packet = packet_at(s);

	packet.kind = PACKET_SENDER_REPORT;
	packet.ntp = clk_unix_ns_to_ntp(START + s * CLK_NS_PER_S - CLK_NS_PER_S / 2);
	packet.rtp_time = (uint32_t)s;
	return packet;
}

static void gap_tells_when_where_and_why(void **state)
{
	struct note_gap gap = { .unix_ns = START, .seq = 65538, .packets = 3, .rtp = 9000 };

	note_open(&note, segment);
	note_gap(&note, &gap);
	gap.shed = 2;
	note_gap(&note, &gap);
	gap.shed = 3;
	note_gap(&note, &gap);
	assert_string_equal(segment->notes, "G "
	                                    "{\"at\":\"2024-03-11T02:17:36.000000Z\",\"unix_ns\":"
	                                    "1710123456000000000,\"rtp\":9000,\"seq\":65538,"
	                                    "\"packets\":3,\"cause\":\"network\"}\n"
	                                    "G "
	                                    "{\"at\":\"2024-03-11T02:17:36.000000Z\",\"unix_ns\":"
	                                    "1710123456000000000,\"rtp\":9000,\"seq\":65538,"
	                                    "\"packets\":3,\"cause\":\"network\",\"shed\":2}\n"
	                                    "G "
	                                    "{\"at\":\"2024-03-11T02:17:36.000000Z\",\"unix_ns\":"
	                                    "1710123456000000000,\"rtp\":9000,\"seq\":65538,"
	                                    "\"packets\":3,\"cause\":\"ring_full\",\"shed\":3}\n");
}

static void gaps_before_the_file_go_into_it(void **state)
{
	struct note_gap gap = { .unix_ns = START, .packets = 1 };

	for (unsigned i = 0; i < NOTE_EARLY_GAPS + 5; i++) {
		gap.seq = i;
		note_gap(&note, &gap);
	}
	note_open(&note, segment);
	assert_int_equal(memory_segment_notes(0, "G {"), NOTE_EARLY_GAPS);
	assert_int_equal(memory_segment_notes(0, "\"packets\":1,"), NOTE_EARLY_GAPS - 1);
	assert_int_equal(memory_segment_notes(0, "\"packets\":6,"), 1); /* none is forgotten */
	note_close(&note);
	note_open(&note, segment);
	assert_int_equal(memory_segment_notes(0, "G {"), NOTE_EARLY_GAPS);
}

static void clock_pairs_are_the_first_one_in_five_seconds_and_the_last(void **state)
{
	note_open(&note, segment);
	for (uint64_t s = 0; s <= 12; s++) {
		struct packet report = report_at(s);

		note_clock(&note, &report);
	}
	assert_int_equal(memory_segment_notes(0, "C {"), 3); /* 0, 5, 10 */
	note_close(&note);
	assert_int_equal(memory_segment_notes(0, "C {"), 4);
	assert_int_equal(memory_segment_notes(0, "C "
	                                         "{\"unix_ns\":1710123467500000000,\"arrival_unix_ns\":"
	                                         "1710123468000000000,\"rtp\":12}"),
	        1);
}

static void report_before_the_file_goes_into_it_once(void **state)
{
	struct packet report = report_at(1);

	note_clock(&note, &report);
	note_open(&note, segment);
	note_close(&note);
	assert_int_equal(memory_segment_notes(0, "C {"), 1);
}

static void events_have_their_fields(void **state)
{
	struct packet packet = packet_at(0);

	note_open(&note, segment);
	note_broken_frame(&note, &packet, 3000, NOTE_CAUSE_LOSS, 0);
	note_broken_frame(&note, &packet, 3000, NOTE_CAUSE_NO_BLOCK, 2);
	note_malformed(&note, &packet);
	note_skipped_frames(&note, &packet, 12);
	note_epoch(&note, &packet, NOTE_CAUSE_TIME_JUMP, 4500);
	note_ssrc(&note, &packet);
	note_size(&note, &packet, 4500, 640, 360);
	note_shift(&note, &packet, -4500);
	note_pause(&note, &packet, NOTE_BASIS_REPORT, 4.012, 4500);
	note_layer(&note, &packet,
	        &(struct note_layer){
	                .from = 2, .to = 0, .rid = "h\"i-_1", .cause = NOTE_CAUSE_BETTER, .exact = true });
	packet.orientation = 11;
	note_orientation(&note, &packet, 99);
#define AT "\"at\":\"2024-03-11T02:17:36.000000Z\",\"unix_ns\":1710123456000000000,"
	assert_string_equal(segment->notes,
	        "E {\"type\":\"broken_frame\"," AT "\"rtp\":3000,\"cause\":\"loss\"}\n"
	        "E {\"type\":\"broken_frame\"," AT "\"rtp\":3000,\"cause\":\"no_block\",\"layers_kept\":2}\n"
	        "E {\"type\":\"malformed\"," AT "\"rtp\":77,\"seq\":99}\n"
	        "E {\"type\":\"skipped_frames\"," AT "\"frames\":12}\n"
	        "E {\"type\":\"epoch\"," AT
	        "\"cause\":\"time_jump\",\"rtp\":77,\"seq\":99,\"time_rtp\":4500}\n"
	        "E {\"type\":\"ssrc\"," AT "\"ssrc\":5}\n"
	        "S {" AT "\"rtp\":77,\"time_rtp\":4500,\"width\":640,\"height\":360}\n"
	        "E {\"type\":\"time_shift\"," AT "\"rtp\":77,\"ticks\":-4500}\n"
	        "E {\"type\":\"pause\"," AT
	        "\"seconds\":4.012,\"basis\":\"sender_report\",\"rtp\":77,\"time_rtp\":4500}\n"
	        "E {\"type\":\"layer\"," AT
	        "\"from\":2,\"to\":0,\"rid\":\"hi-_1\",\"cause\":\"better\",\"rtp\":77,"
	        "\"placed_by\":\"sender_report\"}\n"
	        "E {\"type\":\"orientation\"," AT "\"rtp\":77,\"time_rtp\":99,\"orientation\":"
	        "{\"degrees\":270,\"flip\":false,\"camera\":\"back\"}}\n");
}

static void flood_of_events_is_left_out_and_counted(void **state)
{
	struct packet packet = packet_at(0);

	note_open(&note, segment);
	for (unsigned i = 0; i < NOTE_EVENTS + 30; i++)
		note_malformed(&note, &packet);
	assert_int_equal(memory_segment_notes(0, "malformed"), NOTE_EVENTS);
	assert_int_equal(note.left_out, 30);
	packet = packet_at(2);
	for (unsigned i = 0; i < 100; i++)
		note_malformed(&note, &packet);
	assert_int_equal(memory_segment_notes(0, "malformed"), NOTE_EVENTS + 2 * NOTE_EVENTS_S);
}

static void clock_that_is_set_back_silences_no_events(void **state)
{
	struct packet packet = packet_at(3600);

	note_open(&note, segment);
	for (unsigned i = 0; i < NOTE_EVENTS; i++)
		note_malformed(&note, &packet);
	packet = packet_at(1);
	note_malformed(&note, &packet);
	packet = packet_at(2);
	for (unsigned i = 0; i < 100; i++)
		note_malformed(&note, &packet);
	assert_int_equal(memory_segment_notes(0, "malformed"), NOTE_EVENTS + NOTE_EVENTS_S);
}

static void without_a_file_events_go_nowhere(void **state)
{
	struct packet packet = packet_at(0);

	note_malformed(&note, &packet);
	note_size(&note, &packet, 0, 1, 1);
	assert_int_equal(note.left_out, 0);
	assert_int_equal(segment->notes_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gap_tells_when_where_and_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gaps_before_the_file_go_into_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        clock_pairs_are_the_first_one_in_five_seconds_and_the_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(report_before_the_file_goes_into_it_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_have_their_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(flood_of_events_is_left_out_and_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(clock_that_is_set_back_silences_no_events, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_file_events_go_nowhere, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
