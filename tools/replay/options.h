/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of wirespool-replay, which 'wirespool replay' runs: its options are described there. Main
 * thread. */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include <stdbool.h>

#define OPTIONS_PATH_BYTES 3400 /* record.dir holds it */

struct options {
	const char *capture, *session, *config; /* config NULL: the default */
	char output[OPTIONS_PATH_BYTES + 1];
	bool json, ignore_checksums;
};

/* 0, or -EINVAL: wrong use, told on standard error. What is read points into @argv. */
int options_parse(struct options *ret_options, int argc, char **argv);

#endif
