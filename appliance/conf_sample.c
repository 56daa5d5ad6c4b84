/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints what is generated from base's tables: the sample INI, or with --counters the table of counters in
 * Markdown. The build compares the committed copies to it. */
#include <stdio.h>
#include <string.h>
#include "base/conf.h"
#include "base/stat.h"

int main(int argc, char **argv)
{
	if (argc == 1) {
		conf_print(NULL, true, stdout);
	} else if (argc == 2 && !strcmp(argv[1], "--counters")) {
		stat_print_markdown(stdout);
	} else {
		fprintf(stderr, "usage: %s [--counters]\n", argv[0]);
		return 2;
	}
	return fflush(stdout) ? 1 : 0;
}
