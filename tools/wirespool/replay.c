/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool replay: the program that does it, which links the dataplane and is installed beside the others.
 */
#include "tools/wirespool/replay.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include "tools/wirespool/command.h"

unsigned replay_argv(const struct args *args, const char *ret_argv[REPLAY_WORDS])
{
	static const enum args_id options[] = { ARGS_SESSION, ARGS_OUTPUT, ARGS_CONFIG, ARGS_JSON,
		ARGS_IGNORE_CHECKSUMS };
	static const char *const names[] = { "--session", "--output", "--config", "--json",
		"--ignore-checksums" };
	unsigned n = 0;

	ret_argv[n++] = REPLAY_PATH;
	for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!args->values[options[i]])
			continue;
		ret_argv[n++] = names[i];
		if (args_row(options[i])->value)
			ret_argv[n++] = args->values[options[i]];
	}
	ret_argv[n++] = "--"; /* a file may be named like an option */
	ret_argv[n++] = args->words[0];
	ret_argv[n] = NULL;
	return n;
}

int replay_run(const struct args *args)
{
	const char *argv[REPLAY_WORDS];

	if (!args->values[ARGS_SESSION]) {
		command_error("replay needs --session FILE: what POST /api/v1/sessions takes, with \"port\" "
		              "and keys, "
		              "says which streams these are; try 'wirespool help replay'");
		return COMMAND_WRONG_USE;
	}
	replay_argv(args, argv);
	execv(REPLAY_PATH, (char *const *)(uintptr_t)argv);
	command_error("%s: %s; it comes with the package, and is build/tools/replay/wirespool-replay in the "
	              "sources",
	        REPLAY_PATH, strerror(errno));
	return COMMAND_FAILED;
}
