/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "control/query.h"

static void assert_decodes(const char *text, bool plus, const char *want)
{
	char buf[128];

	strcpy(buf, text);
	if (!want) {
		assert_int_equal(query_decode(buf, plus), -EINVAL);
		return;
	}
	assert_int_equal(query_decode(buf, plus), 0);
	assert_string_equal(buf, want);
}

static void percent_encoding_is_decoded(void **state)
{
	assert_decodes("a%20b%2fC%2Fd", false, "a b/C/d");
	assert_decodes("%E4%bd%a0", false, "\xE4\xBD\xA0");
	assert_decodes("", false, "");
	assert_decodes("%25%32%35", false, "%25");
}

static void a_plus_is_a_space_only_in_queries(void **state)
{
	assert_decodes("a+b", true, "a b");
	assert_decodes("a+b", false, "a+b");
	assert_decodes("a%2Bb", true, "a+b");
}

static void broken_encodings_and_nul_are_refused(void **state)
{
	assert_decodes("%", false, NULL);
	assert_decodes("%4", false, NULL);
	assert_decodes("%zz", false, NULL);
	assert_decodes("%4g", false, NULL);
	assert_decodes("a%00b", false, NULL);
}

static void pairs_are_split_and_the_first_of_a_key_counts(void **state)
{
	char text[] = "room=a%26b&limit=5&&flag&=x&room=second&empty=";
	struct query_pair pairs[QUERY_PAIRS];
	int count = query_parse(text, pairs, QUERY_PAIRS);

	assert_int_equal(count, 6);
	assert_string_equal(query_get(pairs, 6, "room"), "a&b");
	assert_string_equal(query_get(pairs, 6, "limit"), "5");
	assert_string_equal(query_get(pairs, 6, "flag"), "");
	assert_string_equal(query_get(pairs, 6, "empty"), "");
	assert_string_equal(query_get(pairs, 6, ""), "x");
	assert_null(query_get(pairs, 6, "Room"));
}

static void a_bad_pair_spoils_the_query(void **state)
{
	char key[] = "a=1&b%0=2", value[] = "a=%00", many[3 * QUERY_PAIRS + 8] = "";
	struct query_pair pairs[QUERY_PAIRS];

	assert_int_equal(query_parse(key, pairs, QUERY_PAIRS), -EINVAL);
	assert_int_equal(query_parse(value, pairs, QUERY_PAIRS), -EINVAL);
	for (int i = 0; i < QUERY_PAIRS; i++)
		strcat(many, "a&");
	assert_int_equal(query_parse(many, pairs, QUERY_PAIRS), QUERY_PAIRS);
	many[0] = '\0';
	for (int i = 0; i <= QUERY_PAIRS; i++)
		strcat(many, "a&");
	assert_int_equal(query_parse(many, pairs, QUERY_PAIRS), -E2BIG);
}

static void what_is_encoded_decodes_to_itself(void **state)
{
	char all[256], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	query_encode(out, all);
	fclose(out);
	assert_null(strpbrk(text, " &=+/?<>\"\n"));
	assert_non_null(strstr(text, "abc"));
	assert_int_equal(query_decode(text, true), 0);
	assert_string_equal(text, all);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_encoding_is_decoded),
		cmocka_unit_test(a_plus_is_a_space_only_in_queries),
		cmocka_unit_test(broken_encodings_and_nul_are_refused),
		cmocka_unit_test(pairs_are_split_and_the_first_of_a_key_counts),
		cmocka_unit_test(a_bad_pair_spoils_the_query),
		cmocka_unit_test(what_is_encoded_decodes_to_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
