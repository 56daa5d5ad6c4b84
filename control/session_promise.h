/* SPDX-License-Identifier: BSD-3-Clause */
/* The file names that the answer to an opening promises: those that the files will have if their first
 * packets come within the same second and nothing is in the way. Recordings are found by them for ever, so
 * each is promised once, also where the names of rooms differ only in characters that a file name does not
 * show. */
#ifndef CONTROL_SESSION_PROMISE_H
#define CONTROL_SESSION_PROMISE_H

#include "base/limits.h"
#include "base/msg.h"

struct sessions;

struct session_promise_copies {
	unsigned of_track[LIMIT_TRACKS_PER_SESSION]; /* as base/name.h counts them */
};

/* The first copy of each track's name that no recording has, open or finished, or was promised. Without the
 * lock, since it asks library and catalogue. 0, or -EINVAL: the template gives no name. */
int session_promise_look(struct sessions *sessions, const struct msg_session_open *open,
        struct session_promise_copies *ret_free);

/* Promise these or the next that no session has been promised. With the lock under which @open is then added
 * to the table. */
void session_promise_make(struct sessions *sessions, struct msg_session_open *open,
        const struct session_promise_copies *free_copies);

#endif
