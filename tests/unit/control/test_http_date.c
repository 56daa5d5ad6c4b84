/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "control/http_date.h"

#define MOMENT 784111777u /* of the examples of RFC 9110 section 5.6.7 */

static void a_date_prints_as_the_rfc_has_it(void **state)
{
	char buf[HTTP_DATE_BYTES];

	assert_string_equal(http_date_print(buf, MOMENT), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(http_date_print(buf, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_string_equal(http_date_print(buf, 4102444800u), "Fri, 01 Jan 2100 00:00:00 GMT");
}

static void all_three_forms_are_read(void **state)
{
	static const char *const forms[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" };

	for (size_t i = 0; i < 3; i++) {
		uint64_t unix_s = 0;
		assert_int_equal(http_date_parse(forms[i], &unix_s), 0);
		assert_int_equal(unix_s, MOMENT);
	}
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const wrong[] = { "", "x", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 25:49:37 GMT",
		"Thu, 01 Jan 1960 00:00:00 GMT", "784111777" };
	uint64_t unix_s = 7;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(http_date_parse(wrong[i], &unix_s), -EINVAL);
	assert_int_equal(unix_s, 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_date_prints_as_the_rfc_has_it),
		cmocka_unit_test(all_three_forms_are_read),
		cmocka_unit_test(what_is_no_date_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
