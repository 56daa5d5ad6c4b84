/* SPDX-License-Identifier: BSD-3-Clause */
/* What writers report of files and tracks, and what that means to their session. Command thread. */
#ifndef DATAPLANE_REPORT_H
#define DATAPLANE_REPORT_H

struct inbox_item;

/* For inbox_poll; @arg is the struct session_table. */
void report_take(void *arg, const struct inbox_item *item);

#endif
