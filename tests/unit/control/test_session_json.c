/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/session_rig.h"

static void answers_an_opening_as_the_contract_has_it(void **state)
{
	struct msg_session_open open = open_one("demo", "video0");
	json_t *json = sessions_opened_json(&open);
	char *text = json_dumps(json, JSON_COMPACT), expected[512];

	snprintf(expected, sizeof(expected),
	        "{\"id\":\"%s\",\"room\":\"demo\",\"participant\":\"alice\",\"state\":\"waiting\","
	        "\"address\":\"10.77.0.1\",\"port\":20000,"
	        "\"rtcp_port\":20001,\"tracks\":[{\"id\":\"video0\",\"record\":\"%s\"}]}",
	        open.id, open.tracks[0].promised);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void shows_live_figures(void **state)
{
	struct msg_session_open open = open_one("demo", "v");

	receive(open.id, 250, 77, 5);
	assert_string_equal(shown(open.id, "tracks.0.packets"), "250");
	assert_string_equal(shown(open.id, "tracks.0.ssrc"), "77");
	assert_string_equal(shown(open.id, "tracks.0.slot"), "0");
	assert_string_equal(shown(open.id, "tracks.0.jitter_ms"), "10.00");
	assert_string_equal(shown(open.id, "tracks.0.bitrate_bps"), "1000000");
	assert_string_equal(shown(open.id, "started"), "2024-03-11T02:17:36.000Z");
	assert_string_equal(shown(open.id, "tracks.0.last_packet"), "2024-03-11T02:17:38.000Z");
}

static void lists_newest_first_by_pages(void **state)
{
	struct msg_session_open open[5];
	char *cursor, *next, *none;
	json_t *list;

	for (unsigned i = 0; i < 5; i++)
		open[i] = open_one(i % 2 ? "odd" : "even", (const char *[]){ "a", "b", "c", "d", "e" }[i]);
	list = sessions_list_json(control.sessions, NULL, NULL, 3, NULL, &cursor);
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "id")), open[4].id);
	assert_non_null(cursor);
	json_decref(list);
	list = sessions_list_json(control.sessions, NULL, NULL, 3, cursor, &next);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "id")), open[1].id);
	assert_null(next);
	json_decref(list);
	free(cursor);
	list = sessions_list_json(control.sessions, "odd", "waiting", 3, NULL, &next);
	assert_int_equal(json_array_size(list), 2);
	json_decref(list);
	assert_null(next);
	list = sessions_list_json(control.sessions, NULL, "done", 3, NULL, &next);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	assert_null(sessions_list_json(control.sessions, NULL, NULL, 3, "nonsense", &none));
	assert_null(sessions_list_json(control.sessions, NULL, NULL, 3, "12.", &none));
}

static void tells_of_sessions_long_ended_from_the_catalogue(void **state)
{
	struct catalogue_row row = { .name = "old_v_1.ivf",
		.promised = "old_v_1.ivf",
		.session = "s_old",
		.room = "old",
		.participant = "bob",
		.track = "v",
		.bytes = 42,
		.sidecar = (char *)"{}" };

	assert_int_equal(catalogue_put(control.catalogue, &row), 0);
	assert_string_equal(shown("s_old", "state"), "done");
	assert_string_equal(shown("s_old", "room"), "old");
	assert_string_equal(shown("s_old", "recordings.0.name"), "old_v_1.ivf");
	assert_string_equal(shown("s_old", "recordings.0.size"), "42");
	assert_null(sessions_json(control.sessions, "s_none"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, session_rig_create, session_rig_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(answers_an_opening_as_the_contract_has_it),
		CASE(shows_live_figures),
		CASE(lists_newest_first_by_pages),
		CASE(tells_of_sessions_long_ended_from_the_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
