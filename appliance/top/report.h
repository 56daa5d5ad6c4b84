/* SPDX-License-Identifier: BSD-3-Clause */
/* The overview without a terminal: text for people, JSON for scripts. One thread. */
#ifndef APPLIANCE_TOP_REPORT_H
#define APPLIANCE_TOP_REPORT_H

#include <stdio.h>
#include "appliance/top/machine.h"

void report_text(const struct machine *machine, FILE *out);
/* One object, with a line feed behind. */
void report_json(const struct machine *machine, FILE *out);

#endif
