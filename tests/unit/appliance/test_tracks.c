/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "appliance/top/tracks.h"
#include "base/clk.h"
#include "tests/unit/appliance/hall.h"

static struct hall hall;
static struct names *names;
static struct tracks *tracks;
static struct tracks_row row;
static uint64_t now_ns;

static int setup(void **state)
{
	now_ns = 9 * CLK_NS_PER_S;
	return hall_make(&hall) || names_create(&names, HALL_TRACKS) ||
	       tracks_create(&tracks, HALL_TRACKS, names);
}

static int teardown(void **state)
{
	tracks_free(tracks);
	names_free(names);
	hall_free(&hall);
	return 0;
}

static void name(unsigned slot, const char *room, const char *codec, int clock_rate)
{
	json_t *page = json_pack("[{s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:i, s:i}]}]", "id", "s_1", "room",
	        room, "participant", "p", "state", "recording", "tracks", "id", "track0", "codec", codec,
	        "clock_rate", clock_rate, "slot", (int)slot);

	assert_int_equal(names_take(names, page), 1);
	json_decref(page);
}

static void begin(unsigned slot, enum tracks_state state)
{
	HALL_SET(&hall, TRACK, slot, state, state);
	HALL_SET(&hall, FLOW, slot, ssrc, 0xabc0 + slot);
}

static void receive(unsigned slot, unsigned pkts, unsigned bytes)
{
	HALL_ADD(&hall, FLOW, slot, pkts, pkts);
	HALL_ADD(&hall, FLOW, slot, bytes, bytes);
}

static void sample(void)
{
	tracks_sample(tracks, hall.stat, now_ns, &(struct tracks_shown){ 0 });
	now_ns += CLK_NS_PER_S;
}

/* Slots in the order that the arrangement has them, as digits. */
static const char *order(enum tracks_key key, bool reverse, const char *filter)
{
	static char text[HALL_TRACKS + 1];
	unsigned i;

	tracks_arrange(tracks, hall.stat, key, reverse, filter);
	for (i = 0; i < tracks_count(tracks); i++) {
		tracks_row(tracks, hall.stat, i, &row);
		text[i] = (char)('0' + row.slot);
	}
	text[i] = '\0';
	return text;
}

static void rates_come_with_the_second_sample(void **state)
{
	begin(3, TRACKS_RECORDING);
	receive(3, 100, 100000);
	sample();
	tracks_of_slot(tracks, hall.stat, 3, &row);
	assert_true(isnan(row.bps) && isnan(row.fps) && isnan(row.loss));
	receive(3, 90, 12500);
	HALL_ADD(&hall, FLOW, 3, lost_pkts, 10);
	HALL_ADD(&hall, TRACK, 3, frames, 30);
	HALL_SET(&hall, FLOW, 3, round_trip_us, 23500);
	sample();
	tracks_of_slot(tracks, hall.stat, 3, &row);
	assert_float_equal(row.bps, 100000, 0);
	assert_float_equal(row.fps, 30, 0);
	assert_float_equal(row.loss, 0.1, 1e-9);
	assert_float_equal(row.round_trip_ms, 23.5, 1e-9);
	assert_float_equal(tracks_rate_before(tracks, 3, 0), 100000, 0);
	assert_true(isnan(tracks_rate_before(tracks, 3, 1)));
}

static void jitter_is_in_milliseconds_where_the_clock_is_known(void **state)
{
	begin(0, TRACKS_RECORDING);
	HALL_SET(&hall, FLOW, 0, jitter_rtp, 480);
	sample();
	tracks_of_slot(tracks, hall.stat, 0, &row);
	assert_true(isnan(row.jitter_ms));
	name(0, "demo", "opus", 48000);
	tracks_of_slot(tracks, hall.stat, 0, &row);
	assert_float_equal(row.jitter_ms, 10, 0);
	names_forget(names, 0);
	HALL_SET(&hall, TRACK, 0, width, 320);
	tracks_of_slot(tracks, hall.stat, 0, &row);
	assert_float_equal(row.jitter_ms, 480 / 90.0, 1e-9);
}

static void what_a_higher_layer_writes_counts(void **state)
{
	begin(0, TRACKS_RECORDING);
	sample();
	receive(0, 10, 1000);
	HALL_ADD(&hall, TRACK, 0, bytes, 5000);
	sample();
	tracks_of_slot(tracks, hall.stat, 0, &row);
	assert_float_equal(row.bps, 40000, 0);
}

static void only_live_tracks_are_listed_and_sorted(void **state)
{
	begin(0, TRACKS_WAITING);
	begin(1, TRACKS_RECORDING);
	begin(2, TRACKS_FINALISING);
	begin(3, TRACKS_DONE);
	begin(4, TRACKS_FAILED);
	sample();
	receive(1, 1, 100);
	receive(2, 1, 200);
	HALL_SET(&hall, FLOW, 0, nacked_pkts, 9);
	sample();
	assert_string_equal(order(TRACKS_BY_RATE, false, ""), "210");
	assert_string_equal(order(TRACKS_BY_RATE, true, ""), "012");
	assert_string_equal(order(TRACKS_BY_NACK, false, ""), "012");
	assert_string_equal(order(TRACKS_BY_SLOT, false, ""), "012");
	assert_int_equal(tracks_total(tracks), 3);
	assert_int_equal(tracks_index(tracks, 2), 2);
	assert_int_equal(tracks_index(tracks, 7), 3);
}

static void rooms_go_by_letters_and_the_unnamed_behind(void **state)
{
	for (unsigned slot = 0; slot < 3; slot++)
		begin(slot, TRACKS_RECORDING);
	name(1, "zoo", "VP8", 90000);
	name(2, "Attic", "opus", 48000);
	sample();
	assert_string_equal(order(TRACKS_BY_ROOM, false, ""), "210");
}

static void a_filter_looks_at_names_labels_states_and_ssrcs(void **state)
{
	for (unsigned slot = 0; slot < 4; slot++)
		begin(slot, slot == 3 ? TRACKS_WAITING : TRACKS_RECORDING);
	name(1, "Kitchen", "VP8", 90000);
	name(2, "hall", "opus", 48000);
	stat_set_label(hall.stat, STAT_SCOPE_TRACK, 0, "cellar camera");
	sample();
	assert_string_equal(order(TRACKS_BY_SLOT, false, "kitch"), "1");
	assert_string_equal(order(TRACKS_BY_SLOT, false, "OPUS"), "2");
	assert_string_equal(order(TRACKS_BY_SLOT, false, "camera"), "0");
	assert_string_equal(order(TRACKS_BY_SLOT, false, "waiting"), "3");
	assert_string_equal(order(TRACKS_BY_SLOT, false, "abc1"), "1");
	assert_string_equal(order(TRACKS_BY_SLOT, false, "nobody"), "");
	tracks_of_slot(tracks, hall.stat, 0, &row);
	assert_string_equal(row.label, "cellar camera");
}

static void a_slot_that_passes_on_loses_its_name_and_past(void **state)
{
	begin(5, TRACKS_RECORDING);
	receive(5, 100, 5000);
	name(5, "demo", "VP8", 90000);
	sample();
	sample();
	HALL_SET(&hall, FLOW, 5, pkts, 1);
	sample();
	assert_null(names_get(names, 5));
	tracks_of_slot(tracks, hall.stat, 5, &row);
	assert_true(isnan(row.bps));
	name(5, "other", "VP8", 90000);
	HALL_SET(&hall, TRACK, 5, state, TRACKS_DONE);
	sample();
	assert_null(names_get(names, 5));
	assert_int_equal(tracks_total(tracks), 0);
}

/* With three times as many as are sampled a refresh, all are every fourth time; rates are right all the same.
 */
static void of_very_many_those_that_are_shown_are_sampled_in_between(void **state)
{
	enum { MANY = 3 * TRACKS_A_REFRESH };
	const struct stat_cfg cfg = { .instances = { 1, 1, 1, MANY, 1, MANY } };
	const struct tracks_shown shown = { 0, 1, MANY - 1 };
	static const unsigned looked_at[] = { 0, MANY / 2, MANY - 1 };
	struct stat_segment *stat;
	struct names *many_names;
	struct tracks *many;

	assert_int_equal(stat_create(&stat, hall.path, &cfg), 0);
	assert_int_equal(names_create(&many_names, MANY), 0);
	assert_int_equal(tracks_create(&many, MANY, many_names), 0);
	for (unsigned slot = 0; slot < MANY; slot++)
		stat_set(stat_slot(stat, STAT_SCOPE_TRACK, slot), STAT_TRACK_state, TRACKS_RECORDING);
	for (unsigned refresh = 0; refresh < 9; refresh++) {
		tracks_sample(many, stat, now_ns += CLK_NS_PER_S, &shown);
		assert_int_equal(tracks_is_whole(many), refresh == 0 || refresh % 4 == 1);
		if (tracks_is_whole(many))
			tracks_arrange(many, stat, TRACKS_BY_SLOT, false, "");
		for (unsigned slot = 0; slot < MANY; slot++)
			stat_add(stat_slot(stat, STAT_SCOPE_FLOW, slot), STAT_FLOW_bytes, 1000);
		for (unsigned i = 0; i < 3; i++) {
			tracks_of_slot(many, stat, looked_at[i], &row);
			assert_true(refresh ? row.bps == 8000 : isnan(row.bps));
		}
	}
	assert_int_equal(tracks_total(many), MANY);
	tracks_free(many);
	names_free(many_names);
	stat_close(stat);
}

static void what_a_filter_finds_follows_names_ssrc_and_state(void **state)
{
	begin(1, TRACKS_RECORDING);
	begin(2, TRACKS_WAITING);
	sample();
	assert_string_equal(order(TRACKS_BY_SLOT, false, "kitchen"), "");
	name(1, "kitchen", "opus", 48000);
	assert_string_equal(order(TRACKS_BY_SLOT, false, "kitchen"), "1");
	name(1, "hall", "opus", 48000);
	assert_string_equal(order(TRACKS_BY_SLOT, false, "kitchen"), "");
	assert_string_equal(order(TRACKS_BY_SLOT, false, "beef"), "");
	HALL_SET(&hall, FLOW, 2, ssrc, 0xbeef);
	sample();
	assert_string_equal(order(TRACKS_BY_SLOT, false, "beef"), "2");
	assert_string_equal(order(TRACKS_BY_SLOT, false, "waiting"), "2");
	begin(2, TRACKS_RECORDING);
	sample();
	assert_string_equal(order(TRACKS_BY_SLOT, false, "waiting"), "");
}

static void rooms_are_sorted_beyond_their_first_letters(void **state)
{
	for (unsigned slot = 0; slot < 4; slot++)
		begin(slot, TRACKS_RECORDING);
	name(0, "Conference-2", "opus", 48000);
	name(1, "conference-10", "opus", 48000);
	name(2, "a", "opus", 48000);
	sample();
	assert_string_equal(order(TRACKS_BY_ROOM, false, ""), "2103");
	assert_string_equal(order(TRACKS_BY_ROOM, true, ""), "3012");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { CASE(what_a_filter_finds_follows_names_ssrc_and_state),
		CASE(rooms_are_sorted_beyond_their_first_letters), CASE(rates_come_with_the_second_sample),
		CASE(jitter_is_in_milliseconds_where_the_clock_is_known),
		CASE(what_a_higher_layer_writes_counts), CASE(only_live_tracks_are_listed_and_sorted),
		CASE(rooms_go_by_letters_and_the_unnamed_behind),
		CASE(a_filter_looks_at_names_labels_states_and_ssrcs),
		CASE(a_slot_that_passes_on_loses_its_name_and_past),
		CASE(of_very_many_those_that_are_shown_are_sampled_in_between) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
