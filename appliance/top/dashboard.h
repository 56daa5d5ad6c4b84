/* SPDX-License-Identifier: BSD-3-Clause */
/* The dashboard's loop: a refresh a second, keys and answers in between. Main thread. */
#ifndef APPLIANCE_TOP_DASHBOARD_H
#define APPLIANCE_TOP_DASHBOARD_H

#include "appliance/top/machine.h"

/* Until the operator quits, or SIGINT, SIGTERM or SIGHUP comes. Returns the exit code: 0, or 1: the terminal
 * cannot be used, reported. */
int dashboard_run(struct machine *machine);

#endif
