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
#include "base/limits.h"
#include "tests/unit/replay/survey_rig.h"

static const struct rig_packet three[] = { { 3000, 20000, false, "\x80", 0 },
	{ 2000, 20002, true, "\x16", 0 }, { 5000, 20002, true, "\x80", 1 } };

static void places_are_counted_the_busiest_first(void **state)
{
	struct survey *survey = rig_survey(three, 3, 0);
	unsigned count;
	const struct survey_place *places = survey_places(survey, &count);

	assert_int_equal(count, 2);
	assert_int_equal(places[0].port, 20002);
	assert_true(places[0].is_v6);
	assert_int_equal(places[0].pkts, 2);
	assert_int_equal(places[0].dtls_pkts, 1);
	assert_int_equal(places[0].first, 1);
	assert_int_equal(places[1].port, 20000);
	assert_int_equal(places[1].first, 0);
	assert_ptr_equal(survey_find(survey, 20000, NULL, false), &places[1]);
	assert_ptr_equal(survey_find(survey, 20000, (const uint8_t[]){ 10, 77, 0, 1 }, false), &places[1]);
	assert_null(survey_find(survey, 20000, (const uint8_t[]){ 10, 77, 0, 9 }, false));
	assert_null(survey_find(survey, 20001, NULL, false));
	survey_free(survey);
}

static void totals_tell_what_is_odd(void **state)
{
	struct survey *survey = rig_survey(three, 3, 0);
	const struct survey_totals *t = survey_totals(survey);

	assert_int_equal(t->pkts, 3);
	assert_int_equal(t->cut_pkts, 1);
	assert_int_equal(t->backward_pkts, 1);
	assert_int_equal(t->unknown_pkts, 0);
	assert_int_equal(t->first_unix_ns, 3000);
	assert_int_equal(t->last_unix_ns, 5000);
	assert_false(t->is_damaged);
	survey_free(survey);
	survey = rig_survey(three, 3, 1);
	assert_int_equal(survey_totals(survey)->pkts, 2);
	assert_true(survey_totals(survey)->is_damaged);
	assert_non_null(strstr(survey_totals(survey)->damage, "truncated"));
	survey_free(survey);
}

static void the_digest_stands_for_bytes_and_times(void **state)
{
	struct rig_packet other[3];
	struct survey *a = rig_survey(three, 3, 0), *b = rig_survey(three, 3, 0), *c;

	assert_true(survey_totals(a)->digest == survey_totals(b)->digest);
	memcpy(other, three, sizeof(other));
	other[2].unix_ns++;
	c = rig_survey(other, 3, 0);
	assert_true(survey_totals(a)->digest != survey_totals(c)->digest);
	survey_free(c);
	other[2].unix_ns--;
	other[0].payload = "\x81";
	c = rig_survey(other, 3, 0);
	assert_true(survey_totals(a)->digest != survey_totals(c)->digest);
	survey_free(c);
	survey_free(a);
	survey_free(b);
}

static void more_places_than_are_told_apart_do_no_harm(void **state)
{
	static struct rig_packet many[LIMIT_REPLAY_PLACES + 100];
	struct survey *survey;
	unsigned count;

	for (unsigned i = 0; i < LIMIT_REPLAY_PLACES + 100; i++)
		many[i] = (struct rig_packet){ i, (uint16_t)i, i > UINT16_MAX, "\x80", 0 };
	survey = rig_survey(many, LIMIT_REPLAY_PLACES + 100, 0);
	survey_places(survey, &count);
	assert_int_equal(count, LIMIT_REPLAY_PLACES);
	assert_int_equal(survey_totals(survey)->pkts, LIMIT_REPLAY_PLACES + 100);
	assert_non_null(survey_find(survey, UINT16_MAX, NULL, false));
	assert_int_equal(survey_find(survey, 7, NULL, false)->pkts, 1);
	assert_int_equal(survey_totals(survey)->elsewhere_pkts, 100);
	survey_free(survey);
}

static void a_signal_ends_the_walk(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct capture *capture;
	struct survey *survey = NULL;
	char *text, why[CAPTURE_WHY_BYTES];
	size_t len;
	FILE *file = open_memstream(&text, &len);

	wire_pcap_begin(file, 101);
	fclose(file);
	assert_int_equal(capture_open_stream(&capture, fmemopen(text, len, "r"), why), 0);
	assert_int_equal(survey_create(&survey, capture, &stop), -EINTR);
	assert_null(survey);
	capture_close(capture);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_counted_the_busiest_first),
		cmocka_unit_test(totals_tell_what_is_odd),
		cmocka_unit_test(the_digest_stands_for_bytes_and_times),
		cmocka_unit_test(more_places_than_are_told_apart_do_no_harm),
		cmocka_unit_test(a_signal_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
