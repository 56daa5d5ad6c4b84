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
#include "tools/replay/options.h"

static struct options options;

static int parse(const char *line)
{
	static char text[4096];
	static char *argv[32];
	int argc = 1;

	snprintf(text, sizeof(text), "%s", line);
	argv[0] = (char *)"wirespool-replay";
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(&options, argc, argv);
}

static void all_of_them_are_read(void **state)
{
	assert_int_equal(parse("--session s.json -o out --config c.ini --json --ignore-checksums a.pcap"), 0);
	assert_string_equal(options.capture, "a.pcap");
	assert_string_equal(options.session, "s.json");
	assert_string_equal(options.config, "c.ini");
	assert_string_equal(options.output, "out");
	assert_true(options.json && options.ignore_checksums);
}

static void the_output_is_named_after_the_capture(void **state)
{
	assert_int_equal(parse("/calls/monday.pcapng --session s"), 0);
	assert_string_equal(options.output, "monday.replay");
	assert_false(options.json || options.ignore_checksums);
	assert_null(options.config);
	assert_int_equal(parse("a.b/plain --session s"), 0);
	assert_string_equal(options.output, "plain.replay");
	assert_int_equal(parse("--session s -- --odd.pcap"), 0);
	assert_string_equal(options.capture, "--odd.pcap");
	assert_string_equal(options.output, "--odd.replay");
}

static void wrong_use_is_refused(void **state)
{
	static char longer[OPTIONS_PATH_BYTES + 40];
	static const char *const rows[] = { "", "--session s", "a.pcap", "a.pcap b.pcap --session s",
		"a.pcap --session", "a.pcap --session s --no-such" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(parse(rows[i]), -EINVAL);
	memcpy(longer, "--session s ", 12);
	memset(longer + 12, 'x', OPTIONS_PATH_BYTES);
	assert_int_equal(parse(longer), -EINVAL);
	memcpy(longer, "a --session s -o ", 17);
	memset(longer + 17, 'x', OPTIONS_PATH_BYTES + 1);
	assert_int_equal(parse(longer), -EINVAL);
	longer[17 + OPTIONS_PATH_BYTES] = '\0';
	assert_int_equal(parse(longer), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them_are_read),
		cmocka_unit_test(the_output_is_named_after_the_capture),
		cmocka_unit_test(wrong_use_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
