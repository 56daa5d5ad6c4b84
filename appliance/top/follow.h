/* SPDX-License-Identifier: BSD-3-Clause */
/* A journalctl that follows what the daemons log, as a child process that lives as long as its log is looked
 * at. Nothing here waits. One thread. */
#ifndef APPLIANCE_TOP_FOLLOW_H
#define APPLIANCE_TOP_FOLLOW_H

#include <stdbool.h>
#include "appliance/top/logbook.h"

struct follow;

/* Start it: with the last LOGBOOK_ROWS of all units of ours, from @directory (journalctl(1), --directory;
 * NULL: the system's). 0, -ENOMEM, -ENOENT: there is no journalctl, or another -errno of starting it. */
int follow_start(struct follow **ret_follow, const char *directory);
/* End it, and wait for that: it is killed. NULL is accepted. */
void follow_stop(struct follow *follow);

/* Push what it has printed meanwhile, some at a time. How many rows came of it; -ECHILD: it has ended. */
int follow_read(struct follow *follow, struct logbook *book);

#endif
