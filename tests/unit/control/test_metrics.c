/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "control/metrics.h"

static void a_metric_counts_up_and_down(void **state)
{
	metrics_add(METRICS_library_scans, 5);
	metrics_add(METRICS_library_scans, -2);
	assert_int_equal(metrics_get(METRICS_library_scans), 3);
	assert_int_equal(metrics_get(METRICS_library_added), 0);
}

static void every_row_has_a_name_and_a_sentence(void **state)
{
	for (unsigned id = 0; id < METRICS_COUNT; id++) {
		const struct metrics_row *row = metrics_row(id);
		for (const char *c = row->name; *c; c++)
			assert_true(islower(*c) || isdigit(*c) || *c == '_');
		assert_int_equal(row->sentence[strlen(row->sentence) - 1], '.');
	}
}

/* https://prometheus.io/docs/instrumenting/exposition_formats/ */
static void they_print_as_prometheus_reads_them(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	metrics_add(METRICS_library_added, 7);
	metrics_print(out);
	metrics_print_one(out, "x_y", METRICS_GAUGE, "Sentence.", 9);
	fclose(out);
	assert_non_null(strstr(text,
	        "# HELP wirespool_control_library_added_total Recordings taken into the catalogue.\n"
	        "# TYPE wirespool_control_library_added_total counter\n"
	        "wirespool_control_library_added_total 7\n"));
	assert_non_null(strstr(
	        text, "# HELP wirespool_x_y Sentence.\n# TYPE wirespool_x_y gauge\nwirespool_x_y 9\n"));
	assert_non_null(strstr(text, "# TYPE wirespool_control_http_requests_active gauge\n"));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_metric_counts_up_and_down),
		cmocka_unit_test(every_row_has_a_name_and_a_sentence),
		cmocka_unit_test(they_print_as_prometheus_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
