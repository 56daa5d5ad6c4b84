/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/sdp_line.h"

static struct sdp_lines lines;
static char why[LIMIT_REASON_BYTES + 1];

static void assert_next(const char *text)
{
	assert_int_equal(sdp_line_next(&lines, why), 1);
	assert_string_equal(lines.text, text);
}

static void lines_end_with_crlf_or_lf(void **state)
{
	const char text[] = "v=0\r\ns=a b\n\r\nlast";

	sdp_line_begin(&lines, text, sizeof(text) - 1);
	assert_next("v=0");
	assert_next("s=a b");
	assert_next("");
	assert_next("last");
	assert_int_equal(lines.number, 4);
	assert_int_equal(sdp_line_next(&lines, why), 0);
	sdp_line_begin(&lines, text, 0);
	assert_int_equal(sdp_line_next(&lines, why), 0);
}

static void an_empty_line_at_the_end_is_nothing(void **state)
{
	sdp_line_begin(&lines, "v=0\r\n\r\n", 7);
	assert_next("v=0");
	assert_int_equal(sdp_line_next(&lines, why), 0);
}

static void what_is_too_long_or_holds_a_nul_is_refused(void **state)
{
	static char text[SDP_LINE_BYTES + 2];

	memset(text, 'a', sizeof(text));
	text[SDP_LINE_BYTES - 1] = '\n';
	sdp_line_begin(&lines, text, SDP_LINE_BYTES);
	assert_int_equal(sdp_line_next(&lines, why), 1);
	assert_int_equal(strlen(lines.text), SDP_LINE_BYTES - 1);
	text[SDP_LINE_BYTES - 1] = 'a';
	sdp_line_begin(&lines, text, SDP_LINE_BYTES);
	assert_int_equal(sdp_line_next(&lines, why), -EINVAL);
	assert_string_equal(why, "line 1: too long, or holds a NUL");
	sdp_line_begin(&lines, "v=0\na=\0\n", 8);
	assert_next("v=0");
	assert_int_equal(sdp_line_next(&lines, why), -EINVAL);
	assert_string_equal(why, "line 2: too long, or holds a NUL");
}

static void lines_are_counted_but_for_those_passed_over(void **state)
{
	static char text[2 * (LIMIT_SDP_LINES + 10)];

	for (size_t i = 0; i < sizeof(text); i += 2)
		text[i] = 'x', text[i + 1] = '\n';
	sdp_line_begin(&lines, text, sizeof(text));
	lines.passed_over = 9;
	for (unsigned i = 0; i < LIMIT_SDP_LINES + 9; i++)
		assert_next("x");
	assert_int_equal(sdp_line_next(&lines, why), -EINVAL);
	assert_non_null(strstr(why, "more than 2000 lines"));
}

static void a_line_is_a_letter_and_a_value(void **state)
{
	assert_true(sdp_line_is_sound("a="));
	assert_true(sdp_line_is_sound("m=audio"));
	assert_false(sdp_line_is_sound(""));
	assert_false(sdp_line_is_sound("a"));
	assert_false(sdp_line_is_sound("A=b"));
	assert_false(sdp_line_is_sound("a b=c"));
}

static void an_offer_begins_with_its_version_alone(void **state)
{
	assert_null(sdp_line_not_first("v=0"));
	assert_string_equal(sdp_line_not_first("v=1"), "an offer begins with v=0");
	assert_string_equal(sdp_line_not_first(""), "an offer begins with v=0");
	assert_non_null(strstr(sdp_line_not_first("v=0o=- 1 1 IN IP4 127.0.0.1s=-"), "--data-binary"));
}

static void a_refusal_names_the_line(void **state)
{
	lines.number = 7;
	assert_int_equal(sdp_line_refuse(&lines, why, "%s is %d", "that", 3), -EINVAL);
	assert_string_equal(why, "line 7: that is 3");
	sdp_line_refuse(&lines, why, "%500d", 1);
	assert_int_equal(strlen(why), LIMIT_REASON_BYTES);
}

static void attributes_are_told_by_their_whole_name(void **state)
{
	assert_string_equal(sdp_line_value("mid:0", "mid"), "0");
	assert_string_equal(sdp_line_value("mid:", "mid"), "");
	assert_null(sdp_line_value("mid", "mid"));
	assert_null(sdp_line_value("middle:0", "mid"));
	assert_null(sdp_line_value("mi:0", "mid"));
}

static void words_end_at_a_space(void **state)
{
	const char *text = "one two", *word;

	assert_int_equal(sdp_line_word(&text, &word), 3);
	assert_memory_equal(word, "one", 3);
	assert_int_equal(sdp_line_word(&text, &word), 3);
	assert_string_equal(word, "two");
	assert_int_equal(sdp_line_word(&text, &word), 0);
}

static void numbers_are_whole_and_bounded(void **state)
{
	uint32_t n;
	uint8_t type;

	assert_true(sdp_line_number("65535", " ", 65535, &n));
	assert_int_equal(n, 65535);
	assert_true(sdp_line_number("9/2", "/", 10, &n));
	assert_int_equal(n, 9);
	assert_true(sdp_line_number("4294967295", " ", UINT32_MAX, &n));
	assert_false(sdp_line_number("4294967296", " ", UINT32_MAX, &n));
	assert_false(sdp_line_number("99999999999999999999999999", " ", UINT32_MAX, &n));
	assert_false(sdp_line_number("", " ", 9, &n));
	assert_false(sdp_line_number("-1", " ", 9, &n));
	assert_false(sdp_line_number("1x", " ", 9, &n));
	assert_true(sdp_line_payload_type("127 VP8", &type));
	assert_int_equal(type, 127);
	assert_false(sdp_line_payload_type("128", &type));
	assert_false(sdp_line_payload_type("*", &type));
}

static void tokens_are_visible_ascii(void **state)
{
	char word[4];

	assert_true(sdp_line_token(word, sizeof(word), "abcd", 3));
	assert_string_equal(word, "abc");
	assert_false(sdp_line_token(word, sizeof(word), "abcd", 4));
	assert_false(sdp_line_token(word, sizeof(word), "", 0));
	assert_false(sdp_line_token(word, sizeof(word), "a b", 3));
	assert_false(sdp_line_token(word, sizeof(word), "a\r", 2));
	assert_false(sdp_line_token(word, sizeof(word), "\xC3\xA4", 2));
}

static void directions_are_known(void **state)
{
	enum sdp_direction direction;

	assert_true(sdp_line_direction("sendonly", &direction));
	assert_int_equal(direction, SDP_SENDONLY);
	assert_true(sdp_line_direction("inactive", &direction));
	assert_int_equal(direction, SDP_INACTIVE);
	assert_false(sdp_line_direction("send", &direction));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_with_crlf_or_lf),
		cmocka_unit_test(an_empty_line_at_the_end_is_nothing),
		cmocka_unit_test(what_is_too_long_or_holds_a_nul_is_refused),
		cmocka_unit_test(lines_are_counted_but_for_those_passed_over),
		cmocka_unit_test(a_line_is_a_letter_and_a_value),
		cmocka_unit_test(an_offer_begins_with_its_version_alone),
		cmocka_unit_test(a_refusal_names_the_line),
		cmocka_unit_test(attributes_are_told_by_their_whole_name),
		cmocka_unit_test(words_end_at_a_space),
		cmocka_unit_test(numbers_are_whole_and_bounded),
		cmocka_unit_test(tokens_are_visible_ascii),
		cmocka_unit_test(directions_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
