/* SPDX-License-Identifier: BSD-3-Clause */
/* After a crash: every .part in a directory becomes a playable file with its sidecar. Runs at start, before
 * writers. */
#ifndef WRITERS_REPAIR_H
#define WRITERS_REPAIR_H

#include "base/msg.h"

struct repair_report {
	unsigned repaired, empty, failed; /* files made whole; parts without a frame, removed; parts that are
	                                     kept as they are */
};

/* Repair all parts of @dir; @on_file (may be NULL) is told of each finished file. Logs one line a file.
 * Interrupted at any point, the next run goes on: what was done is not done again, nothing is lost. 0 or
 * -errno (the directory cannot be read). */
int repair_dir(const char *dir, struct repair_report *ret_report,
        void (*on_file)(void *arg, const struct msg_file_state *file), void *arg);

/* Repair the part of the recording @name: what repair_dir does for each, and the filer for a file whose
 * writing failed.
 * @end: final figures that the journal may lack (JSON object), NULL: none.
 * 0 with *ret_file finished; -ENODATA (no media was in it: removed); else the part is kept: -EBADMSG (no
 * whole frame), -EEXIST (the name is taken), -EINVAL (not a file of ours), -errno of the disk. Any thread;
 * logs nothing. */
int repair_part(int dir_fd, const char *name, const char *end, struct msg_file_state *ret_file);

#endif
