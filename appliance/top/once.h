/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool-top for scripts and pipes: look for a second, print, leave. Main thread. */
#ifndef APPLIANCE_TOP_ONCE_H
#define APPLIANCE_TOP_ONCE_H

#include <stdbool.h>
#include "appliance/top/machine.h"

/* Returns the exit code: 0, or 1 when the dataplane's counters are not there or stand still, or what was
 * printed did not arrive. */
int once_run(struct machine *machine, bool as_json);

#endif
