/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tools/wirespool/command.h"
#include "tools/wirespool/replay.h"

static void assert_words(const struct args *args, const char *const *want, unsigned count)
{
	const char *words[REPLAY_WORDS];

	assert_int_equal(replay_argv(args, words), count + 1);
	assert_non_null(strstr(words[0], "/wirespool/wirespool-replay"));
	for (unsigned i = 0; i < count; i++)
		assert_string_equal(words[1 + i], want[i]);
	assert_null(words[1 + count]);
}

static void options_are_handed_over_as_they_are(void **state)
{
	static const char *const all[] = { "--session", "s.json", "--output", "out", "--config", "c.ini",
		"--json", "--ignore-checksums", "--", "-odd.pcap" },
	                         *const few[] = { "--session", "s.json", "--", "a.pcap" };
	char odd[] = "-odd.pcap", plain[] = "a.pcap", *words[] = { odd };
	struct args args = { .words = words, .count = 1 };

	args.values[ARGS_SESSION] = "s.json";
	args.values[ARGS_OUTPUT] = "out";
	args.values[ARGS_CONFIG] = "c.ini";
	args.values[ARGS_JSON] = args.values[ARGS_IGNORE_CHECKSUMS] = "";
	assert_words(&args, all, 10);
	words[0] = plain;
	args = (struct args){ .words = words, .count = 1 };
	args.values[ARGS_SESSION] = "s.json";
	assert_words(&args, few, 4);
}

static void without_sessions_it_is_wrong_use(void **state)
{
	char plain[] = "a.pcap", *words[] = { plain };
	const struct args args = { .words = words, .count = 1 };

	assert_int_equal(replay_run(&args), COMMAND_WRONG_USE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_handed_over_as_they_are),
		cmocka_unit_test(without_sessions_it_is_wrong_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
