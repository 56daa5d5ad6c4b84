/* SPDX-License-Identifier: BSD-3-Clause */
/* From a SESSION_OPEN to a session with all that it needs: checks, endpoint, flows, keys, tracks. All of it
 * or nothing. Command thread. */
#ifndef DATAPLANE_OPENING_H
#define DATAPLANE_OPENING_H

#include <stddef.h>
#include "dataplane/session.h"

/* Build the session that @open asks for, in the table but not known to any lcore: session_start is next. Its
 * errors are those of msg_session_open, with a sentence in @ret_why of LIMIT_REASON_BYTES + 1. */
int opening_build(struct session_table *table, const struct msg_session_open *open,
        struct session **ret_session, char *ret_why);

/* Zeroed memory that shares no cache line with anybody else's: for what an lcore writes. NULL; else freed by
 * free. */
void *opening_make_lines(size_t size);

#endif
