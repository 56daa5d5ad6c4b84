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
#include "base/stat.h"
#include "tools/replay/report.h"
#include "tools/replay/report_hints.h"
#include "tests/unit/replay/survey_rig.h"

static const char body[] = "{\"room\":\"r\",\"participant\":\"p\",\"port\":20000,\"tracks\":[{\"id\":\"a\","
                           "\"codec\":\"opus\",\"payload_type\":111}]}";

static char path[] = "/tmp/test_report_hints.XXXXXX";
static struct stat_segment *stat_segment;
static struct run_totals totals;
static struct sessions *sessions;
static uint64_t *lcore;

/* The session at port 20000, as @survey has it. */
static void load(const struct survey *survey)
{
	static char range[] = "2-65535", ours[] = "10.77.0.1/32", nobodys[] = "192.0.2.1/32";
	char *addresses[] = { ours, nobodys, NULL }, why[SESSIONS_WHY_BYTES];
	struct conf conf = { .ingest_address = addresses,
		.ingest_port_range = range,
		.ingest_allow_plain_rtp = true,
		.record_idle_timeout_s = 30 };
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(body, file);
	fclose(file);
	assert_int_equal(sessions_load(&sessions, path, survey, why), 0);
	assert_int_equal(sessions_parse(sessions, &conf, why), 0);
}

/* All hints on it, as one text. */
static const char *hints(struct survey *survey, const char *refused)
{
	struct report_cfg cfg = { .survey = survey, .run = &totals, .stat = stat_segment };
	static char text[8192];
	json_t *list, *hint;
	size_t i;

	load(survey);
	cfg.sessions = sessions;
	snprintf(sessions_at(sessions, 0)->why, LIMIT_REASON_BYTES + 1, "%s", refused);
	list = report_hints(&cfg);
	text[0] = '\0';
	json_array_foreach(list, i, hint)
	{
		strcat(text, json_string_value(hint));
		strcat(text, "\n");
	}
	json_decref(list);
	sessions_free(sessions);
	survey_free(survey);
	return text;
}

static struct survey *one_packet(uint16_t port, const char *payload)
{
	return rig_survey(&(struct rig_packet){ 1, port, false, payload, 0 }, 1, 0);
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in: %s", part, text);
}

static void a_clean_replay_has_none(void **state)
{
	assert_string_equal(hints(one_packet(20000, "\x80"), ""), "");
}

static void where_the_packets_went_instead_is_told(void **state)
{
	assert_says(hints(one_packet(30000, "\x80"), ""),
	        "session at port 20000; there is UDP to 10.77.0.1:30000 (1 packets)");
}

static void webrtc_is_told_to_be_beyond_us(void **state)
{
	assert_says(hints(one_packet(20000, "\x16"), ""), "10.77.0.1:20000 took part in DTLS handshakes");
}

static void an_unwhole_capture_is_told(void **state)
{
	const struct rig_packet two[] = { { 2, 20000, false, "\x80", 1 }, { 1, 20000, false, "\x80", 0 },
		{ 1, 20000, false, "\x80", 0 } };
	const char *text = hints(rig_survey(two, 3, 1), "");

	assert_says(text, "The file ends early");
	assert_says(text, "1 packets are not whole");
	assert_says(text, "1 packets are older");
}

static void drops_that_have_a_remedy_are_told(void **state)
{
	const char *text;

	stat_set(lcore, STAT_LCORE_drop_auth, 7);
	stat_set(lcore, STAT_LCORE_drop_udp_checksum, 8);
	stat_set(lcore, STAT_LCORE_drop_no_track, 9);
	totals.oversize_pkts = 10;
	text = hints(one_packet(20000, "\x80"), "room and track are taken");
	assert_says(text, "The authentication of 7 packets failed, that of 0 did not");
	assert_says(text, "8 UDP checksums are wrong");
	assert_says(text, "--ignore-checksums");
	assert_says(text, "9 packets are of an SSRC");
	assert_says(text, "10 packets are longer than a port takes");
	assert_says(text, "The session at port 20000 was refused: room and track are taken.");
}

static void a_few_failures_of_authentication_are_none_of_the_key(void **state)
{
	memset(lcore, 0, STAT_LCORE_COUNT * sizeof(*lcore));
	totals = (struct run_totals){ 0 };
	stat_set(lcore, STAT_LCORE_drop_auth, 5);
	stat_set(lcore, STAT_LCORE_handed_pkts, 90);
	stat_set(lcore, STAT_LCORE_rtcp_pkts, 10);
	assert_string_equal(hints(one_packet(20000, "\x80"), ""), "");
	stat_set(lcore, STAT_LCORE_drop_auth, 6);
	assert_says(hints(one_packet(20000, "\x80"), ""), "The authentication of 6 packets failed");
}

static int begin(void **state)
{
	struct stat_cfg cfg = { .instances = { [STAT_SCOPE_LCORE] = 1 } };
	int fd = mkstemp(path);

	if (fd < 0 || stat_create(&stat_segment, path, &cfg))
		return -1;
	unlink(path); /* its mapping stays; the name is for session files */
	lcore = stat_slot(stat_segment, STAT_SCOPE_LCORE, 0);
	return close(fd);
}

static int end(void **state)
{
	stat_close(stat_segment);
	return unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_replay_has_none),
		cmocka_unit_test(where_the_packets_went_instead_is_told),
		cmocka_unit_test(webrtc_is_told_to_be_beyond_us),
		cmocka_unit_test(an_unwhole_capture_is_told),
		cmocka_unit_test(drops_that_have_a_remedy_are_told),
		cmocka_unit_test(a_few_failures_of_authentication_are_none_of_the_key),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
