/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool setup: the program that does it, which is no C and needs root. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/wirespool/command.h"

int setup_run(const struct args *args)
{
	char **argv = calloc(args->count + 2, sizeof(*argv));

	if (!argv) {
		command_error("no memory");
		return COMMAND_FAILED;
	}
	argv[0] = (char[]){ SETUP_PATH };
	memcpy(argv + 1, args->words, args->count * sizeof(*argv));
	execv(SETUP_PATH, argv);
	command_error("%s: %s; it comes with the package, and is appliance/setup in the sources", SETUP_PATH,
	        strerror(errno));
	free(argv);
	return COMMAND_FAILED;
}
