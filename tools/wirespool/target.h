/* SPDX-License-Identifier: BSD-3-Clause */
/* Which wirespool-control is meant, and by what it knows us: from the command line, else from the INI and the
 * environment. Main thread. */
#ifndef TOOLS_WIRESPOOL_TARGET_H
#define TOOLS_WIRESPOOL_TARGET_H

#include <stdbool.h>
#include "base/conf.h"
#include "tools/wirespool/args.h"

struct target {
	char *url;     /* "http://127.0.0.1:8080", no slash at the end */
	char *token;   /* NULL: none */
	char *ca_file; /* NULL: the system's authorities */
	bool local;    /* found by the INI: its own certificate proves it, whatever name that holds */
};

/* The INI that is meant: --config, else CONF_PATH if it is there, else NULL (defaults and environment). */
const char *target_config(const struct args *args);

/* Fill in what @args say, and what they leave open from @conf (NULL: there is none that is good; then --url
 * is needed). 0, -ENOENT (neither), -ENOMEM. */
int target_make(struct target *ret_target, const struct args *args, const struct conf *conf);

/* The same with the INI of target_config, loaded if need be; 0 or -errno, told. */
int target_find(struct target *ret_target, const struct args *args);
void target_free(struct target *target);

#endif
