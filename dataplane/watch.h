/* SPDX-License-Identifier: BSD-3-Clause */
/* What time does to sessions: the first packet makes one record, silence and age end it; and the figures of
 * the process. Command thread. */
#ifndef DATAPLANE_WATCH_H
#define DATAPLANE_WATCH_H

#include <stdint.h>

#define WATCH_MS 200 /* between two looks at the sessions */

struct session_table;

/* Look at all sessions, every WATCH_MS. */
void watch_sessions(struct session_table *table, uint64_t now_mono_ns);

/* How many are open, to STAT_PROC, once a second. */
void watch_process(struct session_table *table);

#endif
