/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring, the filters, and the framing of WHATWG HTML section 9.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/limits.h"
#include "control/events.h"
#include "control/events_ring.h"
#include "control/metrics.h"

static struct events *events;
static struct events_reader *reader;
static unsigned wakes;
static char got[4 << 20]; /* holds all that is kept */

static void on_wake(void *arg)
{
	++*(unsigned *)arg;
}

static int set_up(void **state)
{
	wakes = 0;
	return events_create(&events);
}

static int tear_down(void **state)
{
	events_reader_free(reader);
	reader = NULL;
	events_free(events);
	return 0;
}

static void begin(const struct events_filter *filter)
{
	events_reader_free(reader);
	reader = NULL;
	assert_int_equal(events_reader_create(&reader, events, filter, on_wake, &wakes), 0);
}

/* All that there is to read now, @step bytes at a time; -1 at the end becomes "END". */
static const char *read_by(size_t step)
{
	size_t len = 0;
	ssize_t n;

	while ((n = events_reader_read(reader, got + len, step)) > 0)
		len += (size_t)n;
	strcpy(got + len, n < 0 ? "END" : "");
	return got;
}

static const char *read_all(void)
{
	return read_by(1 << 20);
}

static void emit(enum events_type type, const char *room)
{
	events_emit(events, &(struct event){ .type = type, .room = room });
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static uint64_t id_at(const char *text)
{
	const char *id = strstr(text, "id: ");

	assert_non_null(id);
	return strtoull(id + 4, NULL, 10);
}

static void a_message_has_id_type_and_one_line_of_json(void **state)
{
	char expected[512];
	uint64_t id = events->next;

	begin(&(struct events_filter){ 0 });
	assert_string_equal(read_all(), "retry: 1000\n\n");
	events_emit(events, &(struct event){ .type = EVENTS_record_failed,
	                            .room = "salle\n\"7\"",
	                            .session = "s_1",
	                            .track = "v",
	                            .record = "a.ivf",
	                            .reason = "disk",
	                            .more = json_pack("{s:i}", "bytes", 7) });
	assert_int_equal(wakes, 1);
	read_all();
	snprintf(expected, sizeof(expected), "id: %" PRIu64 "\nevent: record.failed\ndata: {\"time\":\"", id);
	assert_memory_equal(got, expected, strlen(expected));
	assert_string_equal(strchr(got, 'Z'), "Z\",\"type\":\"record.failed\",\"room\":\"salle\\n\\\"7\\\"\","
	                                      "\"session\":\"s_1\",\"track\":\"v\","
	                                      "\"record\":\"a.ivf\",\"reason\":\"disk\",\"bytes\":7}\n\n");
	assert_string_equal(read_all(), "");
}

static void what_does_not_apply_is_left_out(void **state)
{
	begin(&(struct events_filter){ 0 });
	read_all();
	emit(EVENTS_dataplane_lost, "");
	assert_string_equal(strchr(read_all(), 'Z'), "Z\",\"type\":\"dataplane.lost\"}\n\n");
	events_emit(NULL, &(struct event){ .type = EVENTS_disk_free, .more = json_object() });
}

static void it_may_be_read_a_byte_at_a_time(void **state)
{
	static char whole[sizeof(got)];

	begin(&(struct events_filter){ .resumes = true });
	emit(EVENTS_session_opened, "a");
	emit(EVENTS_session_done, "a");
	strcpy(whole, read_all());
	begin(&(struct events_filter){ .resumes = true });
	assert_string_equal(read_by(1), whole);
	begin(&(struct events_filter){ .resumes = true });
	assert_string_equal(read_by(7), whole);
}

static void ids_grow_and_begin_with_the_clock(void **state)
{
	uint64_t before = clk_wall_ns() / 1000;

	events_free(events);
	assert_int_equal(events_create(&events), 0);
	begin(&(struct events_filter){ .resumes = true });
	emit(EVENTS_session_opened, "a");
	emit(EVENTS_session_done, "a");
	read_all();
	uint64_t first = id_at(got), second = id_at(strstr(got, "session.opened"));
	assert_true(first >= before && first <= clk_wall_ns() / 1000);
	assert_int_equal(second, first + 1);
}

static void a_reader_goes_on_after_what_it_saw_last(void **state)
{
	uint64_t first = events->next;

	for (int i = 0; i < 5; i++)
		emit(EVENTS_session_opened, "a");
	begin(&(struct events_filter){ .resumes = true, .since = first + 2 });
	read_all();
	assert_int_equal(count(got, "event: "), 2);
	assert_int_equal(id_at(got), first + 3);
	begin(&(struct events_filter){ .resumes = true, .since = first + 4 });
	assert_string_equal(read_all(), "retry: 1000\n\n");
	begin(&(struct events_filter){ .resumes = true, .since = first - 1 }); /* before the first */
	read_all();
	assert_int_equal(count(got, "event: session.opened"), 5);
	assert_int_equal(count(got, "missed"), 0);
}

static void assert_missed(uint64_t since, uint64_t first, unsigned events_left)
{
	char expected[64];

	begin(&(struct events_filter){ .resumes = true, .since = since });
	read_all();
	snprintf(expected, sizeof(expected), "\"type\":\"missed\",\"first\":%" PRIu64 "}\n\n", first);
	assert_non_null(strstr(got, "retry: 1000\n\nevent: missed\ndata: {\"time\":\""));
	assert_non_null(strstr(got, expected));
	assert_int_equal(count(got, "event: session.opened"), events_left);
}

static void what_is_gone_is_said_to_be_missed(void **state)
{
	uint64_t first = events->next;

	emit(EVENTS_session_opened, "a");
	assert_missed(first - 2, first, 1); /* of the process before */
	assert_missed(first + 1, first, 1); /* of one whose clock was ahead */
	assert_missed(UINT64_MAX, first, 1);
	for (unsigned i = 0; i < LIMIT_EVENTS; i++)
		emit(EVENTS_dataplane_lost, NULL);
	assert_missed(first - 1, first + 1, 0);
	begin(&(struct events_filter){ .resumes = true, .since = first });
	assert_null(strstr(read_all(), "missed"));
	begin(&(struct events_filter){ .resumes = true, .since = 0 });
	assert_null(strstr(read_all(), "missed"));
	assert_int_equal(id_at(got), first + 1);
}

static void a_filter_lets_types_and_a_room_through(void **state)
{
	struct events_filter filter = { .room = "a" };
	char unknown[EVENTS_NAME_BYTES];

	assert_int_equal(events_parse_types("session.done,record.*", &filter.types, unknown), 0);
	begin(&filter);
	read_all();
	emit(EVENTS_session_done, "b");
	emit(EVENTS_session_opened, "a");
	emit(EVENTS_dataplane_lost, NULL);
	assert_int_equal(wakes, 0); /* nobody is woken for nothing */
	assert_string_equal(read_all(), "");
	emit(EVENTS_session_done, "a");
	emit(EVENTS_record_opened, "a");
	emit(EVENTS_record_removed, "a");
	assert_int_equal(wakes, 3);
	assert_int_equal(count(read_all(), "event: "), 3);
}

static void types_that_there_are_not_are_named(void **state)
{
	static const struct {
		const char *list, *unknown;
	} wrong[] = { { "", "" }, { "session.done,", "" }, { "session", "session" },
		{ "session.", "session." }, { ".*", ".*" }, { "*", "*" }, { "x,session.done", "x" },
		{ "session.d*", "session.d*" },
		{ "session.done.and.much.more.that.goes.on", "session.done.and.much.more.that" } };
	char unknown[EVENTS_NAME_BYTES];
	uint64_t types;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(events_parse_types(wrong[i].list, &types, unknown), -EINVAL);
		assert_string_equal(unknown, wrong[i].unknown);
	}
	for (unsigned type = 0; type < EVENTS_TYPES; type++) {
		assert_int_equal(events_parse_types(events_type_name(type), &types, unknown), 0);
		assert_int_equal(types, (uint64_t)1 << type);
	}
}

static void a_rooms_token_sees_its_rooms_and_nothing_else(void **state)
{
	static const char *const rooms[] = { "a", "b", NULL }, *const any[] = { "*", NULL };

	begin(&(struct events_filter){ .rooms = rooms });
	read_all();
	emit(EVENTS_session_done, "a");
	emit(EVENTS_session_done, "b");
	emit(EVENTS_session_done, "c");
	emit(EVENTS_session_done, "*");
	emit(EVENTS_disk_full, NULL);
	read_all();
	assert_int_equal(count(got, "event: "), 2);
	assert_int_equal(count(got, "\"room\":\"a\""), 1);
	assert_int_equal(count(got, "\"room\":\"b\""), 1);
	begin(&(struct events_filter){ .rooms = any, .resumes = true });
	assert_int_equal(count(read_all(), "event: "), 4); /* what belongs to no room is not theirs */
}

static void who_falls_behind_is_cut(void **state)
{
	uint64_t cut = metrics_get(METRICS_events_readers_cut);

	begin(&(struct events_filter){ 0 });
	read_all();
	for (unsigned i = 0; i < LIMIT_EVENTS; i++)
		emit(EVENTS_dataplane_lost, NULL);
	assert_int_equal(events_reader_read(reader, got, 10), 10); /* just not yet */
	for (unsigned i = 0; i < 2; i++)
		emit(EVENTS_dataplane_lost, NULL);
	assert_string_equal(read_all() + strlen(got) - 5, "\n\nEND"); /* at the end of a message */
	assert_int_equal(count(got, "event: "), 1);
	assert_int_equal(metrics_get(METRICS_events_readers_cut), cut + 1);
}

static void readers_are_bounded(void **state)
{
	static struct events_reader *readers[LIMIT_EVENT_READERS];
	const struct events_filter filter = { 0 };

	for (unsigned i = 0; i < LIMIT_EVENT_READERS; i++)
		assert_int_equal(events_reader_create(&readers[i], events, &filter, on_wake, &wakes), 0);
	assert_int_equal(events_reader_create(&reader, events, &filter, on_wake, &wakes), -EBUSY);
	assert_int_equal(metrics_get(METRICS_events_readers), LIMIT_EVENT_READERS);
	emit(EVENTS_dataplane_lost, NULL);
	assert_int_equal(wakes, LIMIT_EVENT_READERS);
	for (unsigned i = 0; i < LIMIT_EVENT_READERS; i++)
		events_reader_free(readers[i]);
	assert_int_equal(metrics_get(METRICS_events_readers), 0);
	begin(&filter);
}

static void silence_is_broken_by_a_sign_of_life(void **state)
{
	begin(&(struct events_filter){ 0 });
	read_all();
	events_beat(events);
	assert_int_equal(wakes, 0);
	assert_string_equal(read_all(), "");
	reader->sent_ns -= EVENTS_BEAT_S * CLK_NS_PER_S;
	events_beat(events);
	assert_int_equal(wakes, 1);
	assert_string_equal(read_all(), ":\n\n");
	assert_string_equal(read_all(), "");
	events_beat(events);
	assert_int_equal(wakes, 1);
}

static void the_end_ends_all_and_takes_nobody_new(void **state)
{
	struct events_reader *late;

	begin(&(struct events_filter){ 0 });
	read_all();
	events_close(events);
	assert_int_equal(wakes, 1);
	assert_string_equal(read_all(), "END");
	assert_int_equal(events_reader_create(&late, events, &(struct events_filter){ 0 }, on_wake, &wakes),
	        -ESHUTDOWN);
	events_close(NULL);
}

static void one_that_is_too_long_is_left_out(void **state)
{
	char *text = calloc(1, LIMIT_EVENT_BYTES + 1);

	memset(text, 'x', LIMIT_EVENT_BYTES);
	begin(&(struct events_filter){ 0 });
	read_all();
	events_emit(events, &(struct event){ .type = EVENTS_disk_full, .reason = text });
	assert_string_equal(read_all(), "");
	text[LIMIT_EVENT_BYTES - 64 - 80] = '\0';
	events_emit(events, &(struct event){ .type = EVENTS_disk_full, .reason = text });
	assert_int_equal(count(read_all(), "event: "), 1);
	assert_string_equal(got + strlen(got) - 4, "\"}\n\n");
	free(text);
}

static void *emit_many(void *arg)
{
	for (int i = 0; i < 1000; i++)
		emit(EVENTS_session_opened, arg);
	return NULL;
}

static void many_may_emit_while_one_reads(void **state)
{
	static char rooms[4][2] = { "a", "b", "c", "d" };
	pthread_t threads[4];
	unsigned seen = 0;
	uint64_t last = 0;

	begin(&(struct events_filter){ 0 });
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, emit_many, rooms[i]);
	while (seen < 4000) {
		ssize_t n = events_reader_read(reader, got, sizeof(got) - 1);
		assert_true(n >= 0);
		got[n] = '\0';
		for (const char *at = got; (at = strstr(at, "\ndata: ")); at++)
			seen++;
		if (strstr(got, "\nid: ")) {
			assert_true(id_at(strstr(got, "\nid: ")) > last);
			last = id_at(strstr(got, "\nid: "));
		}
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(seen, 4000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_message_has_id_type_and_one_line_of_json),
		CASE(what_does_not_apply_is_left_out),
		CASE(it_may_be_read_a_byte_at_a_time),
		CASE(ids_grow_and_begin_with_the_clock),
		CASE(a_reader_goes_on_after_what_it_saw_last),
		CASE(what_is_gone_is_said_to_be_missed),
		CASE(a_filter_lets_types_and_a_room_through),
		CASE(types_that_there_are_not_are_named),
		CASE(a_rooms_token_sees_its_rooms_and_nothing_else),
		CASE(who_falls_behind_is_cut),
		CASE(readers_are_bounded),
		CASE(silence_is_broken_by_a_sign_of_life),
		CASE(the_end_ends_all_and_takes_nobody_new),
		CASE(one_that_is_too_long_is_left_out),
		CASE(many_may_emit_while_one_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
