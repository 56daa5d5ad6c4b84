/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf_parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/conf.h"

static void text_without_variables_stays_as_it_is(void **state)
{
	static const char *const texts[] = { "", "a", "$", "a$", "$$", "$x", "}", "{x}", "a$b$" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *at;
		char *text;
		size_t len;

		assert_int_equal(conf_parse_expand(&text, texts[i], &at, &len), 0);
		assert_string_equal(text, texts[i]);
		conf_parse_wipe(text);
	}
}

static void variables_are_replaced_once(void **state)
{
	const char *at;
	char *text;
	size_t len;

	setenv("TEST_PARSE_A", "${TEST_PARSE_A}", 1);
	assert_int_equal(conf_parse_expand(&text, "<${TEST_PARSE_A}$${TEST_PARSE_A}>", &at, &len), 0);
	assert_string_equal(text, "<${TEST_PARSE_A}${TEST_PARSE_A}>");
	conf_parse_wipe(text);
}

static void wrong_variables_are_pointed_at(void **state)
{
	static const struct {
		const char *text, *wrong;
		int err;
	} rows[] = {
		{ "a${}", "${}", -EINVAL },
		{ "a${1A}b", "${1A}", -EINVAL },
		{ "a${A-B}b", "${A-B}", -EINVAL },
		{ "a${A", "${A", -EINVAL },
		{ "a${TEST_PARSE_NONE}b", "${TEST_PARSE_NONE}", -ENOENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *at;
		char *text;
		size_t len;

		assert_int_equal(conf_parse_expand(&text, rows[i].text, &at, &len), rows[i].err);
		assert_int_equal(len, strlen(rows[i].wrong));
		assert_memory_equal(at, rows[i].wrong, len);
	}
}

static void values_are_bounded(void **state)
{
	char *big = malloc(CONF_PARSE_VALUE_BYTES + 2), *text;
	const char *at;
	size_t len;

	memset(big, 'x', CONF_PARSE_VALUE_BYTES + 1);
	big[CONF_PARSE_VALUE_BYTES + 1] = '\0';
	assert_int_equal(conf_parse_expand(&text, big, &at, &len), -E2BIG);
	big[CONF_PARSE_VALUE_BYTES] = '\0';
	assert_int_equal(conf_parse_expand(&text, big, &at, &len), 0);
	assert_int_equal(strlen(text), CONF_PARSE_VALUE_BYTES);
	conf_parse_wipe(text);
	setenv("TEST_PARSE_BIG", big, 1);
	assert_int_equal(conf_parse_expand(&text, "${TEST_PARSE_BIG}x", &at, &len), -E2BIG);
	unsetenv("TEST_PARSE_BIG");
	free(big);
}

static void lists_are_cut_at_their_separators(void **state)
{
	char **items;

	assert_int_equal(conf_parse_list(&items, " a,b ;; c\td,", CONF_PARSE_LIST), 0);
	assert_string_equal(items[0], "a");
	assert_string_equal(items[3], "d");
	assert_null(items[4]);
	conf_parse_list_free(items);
	assert_int_equal(conf_parse_list(&items, "a,b ;c", CONF_PARSE_WORDS), 0);
	assert_string_equal(items[0], "a,b");
	assert_string_equal(items[1], "c");
	assert_null(items[2]);
	conf_parse_list_free(items);
	assert_int_equal(conf_parse_list(&items, "", CONF_PARSE_LIST), 0);
	assert_null(items[0]);
	conf_parse_list_free(items);
	conf_parse_list_free(NULL);
}

static void port_ranges_are_read(void **state)
{
	static const char *const wrong[] = { "", "1", "0-5", "5-4", "1-65536", "1-2-3", "1 - 2", "-1-2",
		"a-b", "1-", "99999999999999999999-1" };
	uint16_t first = 7, last = 7;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(conf_port_range(wrong[i], &first, &last), -EINVAL);
	assert_int_equal(first, 7);
	assert_int_equal(last, 7);
	assert_int_equal(conf_port_range("1-65535", &first, &last), 0);
	assert_int_equal(first, 1);
	assert_int_equal(last, 65535);
}

static int cpus(const char *text, unsigned *ret_cpus, unsigned max)
{
	char *items[] = { (char *)(uintptr_t)text, NULL };

	return conf_cpus(items, ret_cpus, max);
}

static void cpus_are_sorted_without_doubles(void **state)
{
	char a[] = "8,2-4", b[] = "3", c[] = "0";
	char *items[] = { a, b, c, NULL }, *none[] = { NULL };
	unsigned found[5];
	const unsigned expected[] = { 0, 2, 3, 4, 8 };

	assert_int_equal(conf_cpus(items, found, 5), 5);
	assert_memory_equal(found, expected, sizeof(expected));
	assert_int_equal(conf_cpus(items, found, 4), -E2BIG);
	assert_int_equal(conf_cpus(none, found, 5), 0);
}

static void wrong_cpus_are_refused(void **state)
{
	static const char *const wrong[] = { "a", "1-", "-1", "3-2", "1024", "1-1024", "1-2-3", "0x1",
		"1.5" };
	unsigned found[4];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(cpus(wrong[i], found, 4), -EINVAL);
	assert_int_equal(cpus("1023", found, 4), 1);
	assert_int_equal(found[0], 1023);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_without_variables_stays_as_it_is),
		cmocka_unit_test(variables_are_replaced_once),
		cmocka_unit_test(wrong_variables_are_pointed_at),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(lists_are_cut_at_their_separators),
		cmocka_unit_test(port_ranges_are_read),
		cmocka_unit_test(cpus_are_sorted_without_doubles),
		cmocka_unit_test(wrong_cpus_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
