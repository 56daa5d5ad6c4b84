/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "control/times.h"

static char *text;

static const char *printed(void (*print)(FILE *out))
{
	size_t len;
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &len);
	print(out);
	fclose(out);
	return text;
}

static void an_upload_falls_into_all_buckets_that_hold_it(void **state)
{
	times_add_upload(CLK_NS_PER_MS); /* a bound belongs to its bucket */
	times_add_upload(CLK_NS_PER_MS + 1);
	times_add_upload(2 * CLK_NS_PER_S);
	times_add_upload(7200 * CLK_NS_PER_S);
	printed(times_print_uploads);
	assert_non_null(strstr(text, "# TYPE wirespool_uploads_seconds histogram\n"
	                             "wirespool_uploads_seconds_bucket{le=\"0.001\"} 1\n"
	                             "wirespool_uploads_seconds_bucket{le=\"0.005\"} 2\n"));
	assert_non_null(strstr(text, "_bucket{le=\"1\"} 2\nwirespool_uploads_seconds_bucket{le=\"5\"} 3\n"));
	assert_non_null(
	        strstr(text, "_bucket{le=\"1800\"} 3\nwirespool_uploads_seconds_bucket{le=\"+Inf\"} 4\n"
	                     "wirespool_uploads_seconds_sum 7202.002000001\n"
	                     "wirespool_uploads_seconds_count 4\n"));
}

static void requests_are_told_by_method_and_route(void **state)
{
	times_add_http(0, 3 * CLK_NS_PER_MS);
	times_add_http(10000, CLK_NS_PER_S); /* no row: nothing happens */
	printed(times_print_http);
	assert_non_null(
	        strstr(text, "wirespool_control_http_request_seconds_bucket{method=\"GET\",route=\"/api/"
	                     "records\",le=\"0.005\"} 1\n"));
	assert_non_null(strstr(text, "wirespool_control_http_request_seconds_sum{method=\"GET\",route=\"/api/"
	                             "records\"} 0.003000000\n"));
	assert_non_null(
	        strstr(text, "wirespool_control_http_request_seconds_count{method=\"DELETE\",route=\"/api/"
	                     "records/{name}\"} 0\n"));
	assert_null(strstr(strstr(text, "# TYPE") + 1, "# TYPE")); /* one family */
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_upload_falls_into_all_buckets_that_hold_it),
		cmocka_unit_test(requests_are_told_by_method_and_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
