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
#include "base/conf.h"
#include "base/limits.h"
#include "tools/replay/sessions.h"
#include "tests/unit/replay/survey_rig.h"

#define TRACK "\"tracks\":[{\"id\":\"audio1\",\"codec\":\"opus\",\"payload_type\":111}]"

static const struct rig_packet packets[] = { { 1, 9, false, "\x80", 0 }, { 2, 20000, false, "\x80", 0 },
	{ 3, 20003, true, "\x80", 0 }, { 4, 20001, false, "\x80", 0 } };
static char path[] = "/tmp/test_sessions.XXXXXX", why[SESSIONS_WHY_BYTES];
static struct sessions *sessions;
static struct survey *survey;

static int load(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	sessions = NULL;
	return sessions_load(&sessions, path, survey, why);
}

/* With the addresses that were found. */
static int parse(void)
{
	static char range[] = "2-65535";
	char *text = strdup(sessions_addresses(sessions)), *addresses[LIMIT_LOCAL_ADDRS + 1] = { NULL },
	     *save;
	struct conf conf = { .ingest_address = addresses,
		.ingest_port_range = range,
		.ingest_allow_plain_rtp = true,
		.record_idle_timeout_s = 30 };
	unsigned n = 0;
	int status;

	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save))
		addresses[n++] = word;
	status = sessions_parse(sessions, &conf, why);
	free(text);
	return status;
}

static void one_body_takes_its_address_from_the_capture(void **state)
{
	const struct sessions_one *one;

	assert_int_equal(load("{\"room\":\"r\",\"participant\":\"p\",\"port\":20000," TRACK "}"), 0);
	assert_string_equal(sessions_addresses(sessions), "10.77.0.1/32");
	assert_int_equal(parse(), 0);
	assert_int_equal(sessions_count(sessions), 1);
	one = sessions_at(sessions, 0);
	assert_int_equal(one->open.port, 20000);
	assert_int_equal(one->open.addr.family, 4);
	assert_int_equal(one->first, 1);
	assert_int_equal(one->pkts, 2); /* RTCP on the next port, too */
	assert_int_equal(strncmp(one->open.id, "s_", 2), 0);
	sessions_free(sessions);
}

static void an_array_names_several_and_rtcp_alone_names_an_address(void **state)
{
	assert_int_equal(
	        load("[{\"room\":\"r\",\"participant\":\"p\",\"port\":20000," TRACK "},"
	             "{\"room\":\"r\",\"participant\":\"q\",\"port\":20002," TRACK "},"
	             "{\"room\":\"r\",\"participant\":\"o\",\"port\":30000,\"address\":\"10.77.0.1\"," TRACK
	             "}]"),
	        0);
	assert_string_equal(sessions_addresses(sessions), "10.77.0.1/32,fd77::1/128");
	assert_int_equal(parse(), 0);
	assert_int_equal(sessions_count(sessions), 3);
	assert_int_equal(sessions_at(sessions, 1)->first, 2);
	assert_int_equal(sessions_at(sessions, 1)->open.addr.family, 6);
	assert_true(sessions_at(sessions, 2)->first == UINT64_MAX);
	sessions_free(sessions);
}

static void mistakes_are_named(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"room\":\"r\"", "line 1" },
		{ "[]", "1 to 256 sessions" },
		{ "[7]", "session 0: an object with the \"port\"" },
		{ "{\"room\":\"r\",\"participant\":\"p\"," TRACK "}", "\"port\"" },
		{ "{\"port\":70000}", "\"port\"" },
		{ "{\"port\":20000,\"address\":\"nowhere\"}", "address" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(load(rows[i][0]), -EINVAL);
		if (!strstr(why, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], why);
	}
	assert_int_equal(
	        load("{\"room\":\"r\",\"participant\":\"p\",\"port\":20000,\"tracks\":[{\"id\":\"a\"}]}"), 0);
	assert_int_equal(parse(), -EINVAL);
	assert_non_null(strstr(why, "session 0: tracks[0].codec: missing"));
	sessions_free(sessions);
	assert_int_equal(sessions_load(&sessions, "/nonexistent/s.json", survey, why), -ENOENT);
	sessions_free(NULL);
}

static void more_addresses_than_the_dataplane_has_are_refused(void **state)
{
	char text[4096] = "[";

	for (unsigned i = 0; i <= LIMIT_LOCAL_ADDRS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		        "%s{\"room\":\"r\",\"participant\":\"p%u\",\"port\":20000,\"address\":\"10.0.0.%"
		        "u\"," TRACK "}",
		        i ? "," : "", i, i + 1);
	strcat(text, "]");
	assert_int_equal(load(text), -EINVAL);
	assert_non_null(strstr(why, "more than 8 addresses"));
}

static int begin(void **state)
{
	survey = rig_survey(packets, sizeof(packets) / sizeof(packets[0]), 0);
	return mkstemp(path) < 0 ? -1 : 0;
}

static int end(void **state)
{
	survey_free(survey);
	return unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_body_takes_its_address_from_the_capture),
		cmocka_unit_test(an_array_names_several_and_rtcp_alone_names_an_address),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(more_addresses_than_the_dataplane_has_are_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
