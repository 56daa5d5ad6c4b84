/* SPDX-License-Identifier: BSD-3-Clause */
/* What wirespool-top is asked to do, and where it finds the machine: the command line first, then the
 * environment, then the daemons' INI. Main thread, at start; read-only after. */
#ifndef APPLIANCE_TOP_OPTIONS_H
#define APPLIANCE_TOP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum options_mode { OPTIONS_DASHBOARD, OPTIONS_ONCE, OPTIONS_JSON };

struct options {
	enum options_mode mode;
	bool colour;
	char *run_dir;           /* where the shared counters are */
	char *url;               /* of the HTTP API, without a '/' at its end */
	char *token;             /* its bearer token; NULL: none */
	char *record_dir;        /* NULL: not known, as no INI was read */
	char *journal;           /* directory of the journal that is shown; NULL: the system's */
	char *ca_file;           /* PEM that the API's certificate is checked by; NULL: the system's */
	bool any_host;           /* @ca_file is the server's own certificate: its names do not matter */
	uint64_t min_free_bytes; /* with less free space no session is taken */
};

/* Parse the command line, read the INI. Returns 0 with *ret_options set; or -1 with *ret_exit the exit code
 * (0 done: --help and --version; 1 no memory; 2 wrong use or bad configuration, reported): leave. */
int options_load(struct options **ret_options, int argc, char **argv, int *ret_exit);

/* Wipes the token; NULL is accepted. */
void options_free(struct options *options);

#endif
