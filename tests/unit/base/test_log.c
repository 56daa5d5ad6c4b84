/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char line[8192];

/* What log_line writes for @text. */
static const char *logged(enum log_level level, const char *text)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipe_fds), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	close(pipe_fds[1]);
	log_line(level, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipe_fds[0], line, sizeof(line) - 1);
	close(pipe_fds[0]);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

/* The line without its time, which has the form of RFC 3339 with milliseconds. */
static const char *behind_time(const char *text, const char *before)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

	assert_memory_equal(text, before, strlen(before));
	text += strlen(before);
	for (size_t i = 0; form[i]; i++)
		assert_true(form[i] == 'd' ? isdigit((unsigned char)text[i]) : text[i] == form[i]);
	return text + strlen(form);
}

static void text_has_time_process_and_level(void **state)
{
	log_setup("wirespool-test", LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	assert_string_equal(behind_time(logged(LOG_LEVEL_ERROR, "a \"b\" \\"), ""),
	        " wirespool-test error: a \"b\" \\\n");
	assert_string_equal(behind_time(logged(LOG_LEVEL_WARN, "b"), ""), " wirespool-test warn: b\n");
	assert_string_equal(behind_time(logged(LOG_LEVEL_INFO, "c"), ""), " wirespool-test info: c\n");
	assert_string_equal(behind_time(logged(LOG_LEVEL_DEBUG, ""), ""), " wirespool-test debug: \n");
}

static void json_has_the_same(void **state)
{
	log_setup("wirespool-test", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	assert_string_equal(behind_time(logged(LOG_LEVEL_WARN, "a \"b\" \\ \xC3\xA4"), "{\"time\":\""),
	        "\",\"level\":\"warn\",\"process\":\"wirespool-test\",\"message\":\"a \\\"b\\\" \\\\ "
	        "\xC3\xA4\"}\n");
}

static void less_severe_lines_are_left_out(void **state)
{
	log_setup("wirespool-test", LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	assert_string_equal(logged(LOG_LEVEL_INFO, "x"), "");
	assert_string_equal(logged(LOG_LEVEL_DEBUG, "x"), "");
	assert_string_not_equal(logged(LOG_LEVEL_WARN, "x"), "");
	assert_string_not_equal(logged(LOG_LEVEL_ERROR, "x"), "");
}

static void control_characters_are_escaped(void **state)
{
	static const char text[] = "a\nb\tc\033[2J\177\xC2\x9B\xFF\xE2\x82z\xE2\x82\xAC";

	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	assert_string_equal(behind_time(logged(LOG_LEVEL_INFO, text), ""),
	        " p info: a\\nb\\tc\\x1b[2J\\x7f\\xc2\\x9b\\xff\\xe2\\x82z\xE2\x82\xAC\n");
	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	assert_non_null(strstr(logged(LOG_LEVEL_INFO, text),
	        "\"a\\nb\\tc\\u001b["
	        "2J\\u007f\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\xE2\x82\xAC\"}\n"));
}

static void long_lines_are_cut_and_stay_whole(void **state)
{
	static const char *const units[] = { "x", "\xE2\x82\xAC", "\001", "\"", "\xFF" };

	for (int format = LOG_FORMAT_TEXT; format <= LOG_FORMAT_JSON; format++) {
		const char *end = format == LOG_FORMAT_JSON ? "...\"}\n" : "...\n";

		log_setup("p", LOG_LEVEL_INFO, (enum log_format)format);
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
			char text[5000] = "";

			while (strlen(text) < 4000)
				strcat(text, units[i]);
			logged(LOG_LEVEL_INFO, text);
			assert_true(strlen(line) <= 2048 && strlen(line) > 2000);
			assert_string_equal(line + strlen(line) - strlen(end), end);
			if (!strcmp(units[i], "\""))
				assert_true(format == LOG_FORMAT_TEXT || line[strlen(line) - 7] == '"');
		}
	}
}

static const char *logged_with(const struct log_ids *ids, const char *text)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipe_fds), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	close(pipe_fds[1]);
	log_with(LOG_LEVEL_INFO, ids, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipe_fds[0], line, sizeof(line) - 1);
	close(pipe_fds[0]);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void ids_are_fields_in_json_and_not_in_text(void **state)
{
	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	assert_string_equal(behind_time(logged_with(LOG_IDS(.record = "a.ivf", .session = "s_1",
	                                                    .room = "\"7\"\n", .track = ""),
	                                        "text"),
	                            "{\"time\":\""),
	        "\",\"level\":\"info\",\"process\":\"p\",\"session\":\"s_1\",\"room\":\"\\\"7\\\"\\n\","
	        "\"record\":\"a.ivf\",\"message\":\"text\"}\n");
	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	assert_string_equal(behind_time(logged_with(LOG_IDS(.session = "s_1"), "session s_1: text"), ""),
	        " p info: session s_1: text\n");
	log_setup("p", LOG_LEVEL_WARN, LOG_FORMAT_JSON);
	assert_string_equal(logged_with(LOG_IDS(.session = "s_1"), "text"), "");
}

static void ids_and_message_share_a_line_that_stays_whole(void **state)
{
	char room[129] = "", long_id[3000] = "", text[3000] = "";

	memset(room, '\001', sizeof(room) - 1); /* six bytes each, escaped */
	memset(long_id, 'x', sizeof(long_id) - 1);
	memset(text, '"', sizeof(text) - 1);
	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	logged_with(LOG_IDS(.session = long_id, .room = room, .track = "v"), text);
	assert_true(strlen(line) <= 2048 && strlen(line) > 2000);
	assert_null(strstr(line, "\"session\""));
	assert_non_null(strstr(line, "\"room\":\"\\u0001"));
	assert_non_null(strstr(line, "\\u0001\",\"track\":\"v\",\"message\":\"\\\""));
	assert_string_equal(line + strlen(line) - 8, "\\\"...\"}\n");
}

static void the_journal_gets_priorities(void **state)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	struct stat st;
	char stream[64], got[256] = "";

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(fstat(pipe_fds[1], &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_TEXT); /* our own error output is no journal */
	assert_memory_not_equal(logged(LOG_LEVEL_WARN, "x"), "<", 1);
	dup2(pipe_fds[1], STDERR_FILENO);
	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_warn("x");
	dup2(saved, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	assert_true(read(pipe_fds[0], got, sizeof(got) - 1) > 0);
	assert_memory_equal(got, "<4>{\"time\"", 10);
	close(saved);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void errno_is_kept(void **state)
{
	log_setup("p", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	errno = ENOTTY;
	logged(LOG_LEVEL_INFO, "x");
	errno = ENOTTY;
	int saved = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	errno = ENOTTY;
	log_info("nobody hears %s", "this");
	assert_int_equal(errno, ENOTTY);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_time_process_and_level),
		cmocka_unit_test(json_has_the_same),
		cmocka_unit_test(less_severe_lines_are_left_out),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(long_lines_are_cut_and_stay_whole),
		cmocka_unit_test(ids_are_fields_in_json_and_not_in_text),
		cmocka_unit_test(ids_and_message_share_a_line_that_stays_whole),
		cmocka_unit_test(the_journal_gets_priorities),
		cmocka_unit_test(errno_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
