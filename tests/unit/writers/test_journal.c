/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "writers/journal.h"

static int file_of(const char *text, size_t len)
{
	int fd = memfd_create("journal", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	return fd;
}

/* Lines read back from @text, as "M{}G{…}"; *ret_foreign counts the others. */
static char *read_all(const char *text, size_t len, uint64_t *ret_foreign)
{
	char *all = calloc(1, len + 2);
	struct journal_reader reader;
	struct journal_line line;
	int fd = file_of(text, len);

	journal_read(&reader, fd);
	while (journal_next(&reader, &line)) {
		strncat(all, &(char){ (char)line.kind }, 1);
		strcat(all, line.json);
		assert_int_equal(strlen(line.json), line.len);
	}
	*ret_foreign = reader.foreign;
	close(fd);
	return all;
}

static void expect(const char *text, const char *want, uint64_t foreign)
{
	uint64_t got;
	char *all = read_all(text, strlen(text), &got);

	assert_string_equal(all, want);
	assert_int_equal(got, foreign);
	free(all);
}

static void lines_come_back_as_they_were_added(void **state)
{
	struct journal journal = { 0 };
	char *text;
	size_t len;

	journal_add(&journal, JOURNAL_META, "{\"a\":1}", 7);
	journal_add(&journal, JOURNAL_GAP, "{}", 2);
	len = journal_take(&journal, &text);
	assert_int_equal(len, 7 + 2 + 2 * 3);
	assert_memory_equal(text, "M {\"a\":1}\nG {}\n", len);
	assert_int_equal(journal_take(&journal, &text), 0);
	free(text);
	journal_free(&journal);
}

static void lines_that_cannot_be_kept_are_counted(void **state)
{
	struct journal journal = { 0 };
	char line[JOURNAL_LINE_BYTES];
	unsigned kept = 0;

	memset(line, ' ', sizeof(line));
	journal_add(&journal, JOURNAL_EVENT, line, sizeof(line) - 2);
	journal_add(&journal, JOURNAL_EVENT, "{\n}", 3);
	assert_int_equal(journal.lost, 2);
	for (; journal.lost == 2 && kept < 1000; kept++)
		journal_add(&journal, JOURNAL_EVENT, line, sizeof(line) - 3);
	assert_int_equal(kept, 65);
	assert_int_equal(journal.len, 256 << 10);
	journal_free(&journal);
}

static void torn_and_foreign_lines_are_left_out(void **state)
{
	expect("M {}\nG {\"a\":1}\nE {\"tor", "M{}G{\"a\":1}", 0);
	expect("M {}\nX {}\nnonsense\n\nM{}\nM []\nM {\nG {}\n", "M{}G{}", 6);
	expect("M {\"a\":1} x\nM {\"a\"}\nM {\"a\":01}\nM {,}\nZ {}\n", "Z{}", 4);
	expect("", "", 0);
	expect("\n\n\n", "", 3);
}

static void zeros_of_a_crash_are_left_out(void **state)
{
	static const char text[] = "M {}\nG {\"a\"\0\0\0\0\0\0\nG {}\n\0\0\0\0";
	uint64_t foreign;
	char *all = read_all(text, sizeof(text) - 1, &foreign);

	assert_string_equal(all, "M{}G{}");
	assert_int_equal(foreign, 1);
	free(all);
}

static void lines_that_are_too_long_are_left_out(void **state)
{
	size_t len = 3 * JOURNAL_LINE_BYTES;
	char *text = malloc(len + 100), *all;
	uint64_t foreign;

	memset(text, ' ', len + 100);
	memcpy(text, "M {\"a\":1}\nG {", 13);
	memcpy(text + len, "}\nG {\"b\":2}\n", 12);
	all = read_all(text, len + 12, &foreign);
	assert_string_equal(all, "M{\"a\":1}G{\"b\":2}");
	assert_int_equal(foreign, 1);
	free(all);
	/* The longest that counts, across the reader's buffer. */
	memset(text, ' ', len);
	for (unsigned n = 0; n < 3; n++) {
		memcpy(text + n * JOURNAL_LINE_BYTES, "E {", 3);
		memcpy(text + (n + 1) * JOURNAL_LINE_BYTES - 2, "}\n", 2);
	}
	all = read_all(text, len, &foreign);
	assert_int_equal(foreign, 0);
	assert_int_equal(strlen(all), 3 * (JOURNAL_LINE_BYTES - 2));
	free(all);
	free(text);
}

static bool is_object(const char *json)
{
	return journal_is_object(json, strlen(json));
}

static void grammar_is_that_of_json(void **state)
{
	static const char *const good[] = { "{}", " { } ", "{\"a\":-0.5e+3}",
		"{\"a\":[1,[],{\"b\":null}],\"c\":true}", "{\"\\u00e4\\n\\\"\":\"\xc3\xa4\"}", "{\"a\":0}",
		"{\"a\" : \"\" , \"b\":false}" };
	static const char *const bad[] = { "", "{", "}", "[]", "{}{}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
		"{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":-}", "{\"a\":tru}",
		"{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\t\"}",
		"{\"a\":\"\x7f\"}", "{\"a\":\"b}", "{\"a\":[1 2]}", "{\"a\":[1,]}", "{\"a\":\"\\",
		"{\"a\":1]" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!is_object(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (is_object(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

static void nesting_is_bounded(void **state)
{
	char json[3000] = "{\"a\":";

	for (unsigned i = 0; i < 1000; i++)
		strcat(json, "[");
	assert_false(is_object(json));
	strcpy(json, "{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}");
	assert_true(is_object(json));
	strcpy(json, "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}");
	assert_false(is_object(json));
}

static void fields_are_walked_in_order(void **state)
{
	static const char json[] = " { \"a\" : 1 ,\"b\":{\"c\":[2,3]}, \"d\":\"x,y\"}";
	static const char *const want[][2] = { { "a", "1" }, { "b", "{\"c\":[2,3]}" }, { "d", "\"x,y\"" } };
	struct journal_field field;
	const char *at = json;
	unsigned n = 0;

	for (; journal_next_field(&at, &field); n++) {
		assert_true(n < 3);
		assert_int_equal(field.key_len, strlen(want[n][0]));
		assert_memory_equal(field.key, want[n][0], field.key_len);
		assert_int_equal(field.value_len, strlen(want[n][1]));
		assert_memory_equal(field.value, want[n][1], field.value_len);
	}
	assert_int_equal(n, 3);
	at = "{}";
	assert_false(journal_next_field(&at, &field));
}

static void values_are_taken_by_type(void **state)
{
	static const char json[] =
	        "{\"n\":18446744073709551615,\"big\":18446744073709551616,\"neg\":-1,\"s\":\"demo\","
	        "\"e\":\"a\\nb\",\"n2\":1,\"n2\":2}";
	uint64_t n;
	char s[5], small[4];

	assert_true(journal_u64(json, "n", &n));
	assert_true(n == UINT64_MAX);
	assert_true(journal_u64(json, "n2", &n));
	assert_int_equal(n, 2);
	assert_false(journal_u64(json, "big", &n));
	assert_false(journal_u64(json, "neg", &n));
	assert_false(journal_u64(json, "s", &n));
	assert_false(journal_u64(json, "none", &n));
	assert_true(journal_string(json, "s", s, sizeof(s)));
	assert_string_equal(s, "demo");
	assert_false(journal_string(json, "s", small, sizeof(small)));
	assert_false(journal_string(json, "e", s, sizeof(s)));
	assert_false(journal_string(json, "n", s, sizeof(s)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_back_as_they_were_added),
		cmocka_unit_test(lines_that_cannot_be_kept_are_counted),
		cmocka_unit_test(torn_and_foreign_lines_are_left_out),
		cmocka_unit_test(zeros_of_a_crash_are_left_out),
		cmocka_unit_test(lines_that_are_too_long_are_left_out),
		cmocka_unit_test(grammar_is_that_of_json),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(fields_are_walked_in_order),
		cmocka_unit_test(values_are_taken_by_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
