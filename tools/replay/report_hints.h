/* SPDX-License-Identifier: BSD-3-Clause */
/* What a replay's figures mean to whoever asked for it: sentences that say what to do. Main thread. */
#ifndef REPLAY_REPORT_HINTS_H
#define REPLAY_REPORT_HINTS_H

#include <jansson.h>

struct report_cfg;

/* An array of them, which may be empty. */
json_t *report_hints(const struct report_cfg *cfg);

#endif
