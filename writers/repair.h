/* SPDX-License-Identifier: BSD-3-Clause */
/* After a crash: every .part in a directory becomes a playable file with its sidecar. Runs at start, before writers. */
#ifndef WRITERS_REPAIR_H
#define WRITERS_REPAIR_H

#include "base/msg.h"

struct repair_report {
	unsigned repaired, empty, failed; /* files made whole; parts without a frame, removed; parts that are kept as they are */
};

/* Repair all parts of @dir; @on_file (may be NULL) is told of each finished file. Logs one line a file. Interrupted at any
 * point, the next run goes on: what was done is not done again, nothing is lost. 0 or -errno (the directory cannot be read). */
int repair_dir(const char *dir, struct repair_report *ret_report, void (*on_file)(void *arg, const struct msg_file_state *file), void *arg);

#endif
