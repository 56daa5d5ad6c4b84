/* SPDX-License-Identifier: BSD-3-Clause */
/* A daemon that runs, found in /proc: the one that reads the same INI. Main thread. */
#ifndef TOOLS_WIRESPOOL_DAEMON_H
#define TOOLS_WIRESPOOL_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct daemon {
	pid_t pid;       /* 0: none runs */
	int64_t uid;     /* who it is by now; -1: not to be told */
	bool is_deleted; /* its program was replaced since it began */
};

/* Look in @root/proc for @name ("wirespool-control") with --config @config; @config NULL is the one that both
 * take without. */
struct daemon daemon_find(const char *root, const char *name, const char *config);

/* A line of /proc/PID/limits, "Max open files": its two columns, UINT64_MAX for "unlimited". False: cannot be
 * read. */
bool daemon_limit(const char *root, pid_t pid, const char *line, uint64_t *ret_soft, uint64_t *ret_hard);

#endif
