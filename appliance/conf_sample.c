/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints what is generated from base's tables: the sample INI, with --counters the table of counters in
 * Markdown, with --man the manual page wirespool.ini(5), with --protocol what daemons have to have in
 * common to understand each other: the version of their messages, and the table of the shared counters. The
 * build compares the committed copies to it, and installs the last two. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/conf.h"
#include "base/msg.h"
#include "base/stat.h"

int main(int argc, char **argv)
{
	if (argc == 1) {
		conf_print(NULL, true, stdout);
	} else if (argc == 2 && !strcmp(argv[1], "--counters")) {
		stat_print_markdown(stdout);
	} else if (argc == 2 && !strcmp(argv[1], "--man")) {
		conf_print_man(stdout);
	} else if (argc == 2 && !strcmp(argv[1], "--protocol")) {
		printf("%d %016" PRIx64 "\n", MSG_VERSION, stat_table_hash());
	} else {
		fprintf(stderr, "usage: %s [--counters | --man | --protocol]\n", argv[0]);
		return 2;
	}
	return fflush(stdout) ? 1 : 0;
}
