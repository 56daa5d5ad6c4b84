/* SPDX-License-Identifier: BSD-3-Clause */
/* Client of the dataplane: its command socket and its counters.
 *
 * Lives on the event loop: connects, says HELLO, asks LIST, passes events on, and connects again whenever the
 * dataplane goes away. dataplane_request may be called from any thread but the loop's: it waits for the
 * acknowledgement.
 */
#ifndef CONTROL_DATAPLANE_H
#define CONTROL_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/msg.h"
#include "base/stat.h"

struct dataplane;
struct event_base;

struct dataplane_cfg {
	const char *run_dir;
	struct event_base *loop;
	/* All on the loop. */
	void (*on_up)(void *arg, const struct msg_welcome *welcome,
	        bool same_boot);      /* before the answers to LIST */
	void (*on_listed)(void *arg); /* LIST is complete */
	void (*on_down)(void *arg);
	void (*on_session)(void *arg, const struct msg_session_state *state);
	void (*on_file)(void *arg, const struct msg_file_state *state);
	void (*on_datagram)(void *arg, const struct msg_datagram *datagram); /* DTLS_IN */
	void *arg;
};

/* Begins to connect as soon as the loop runs, and tries again every 200 ms to 2 s. 0, -ENAMETOOLONG, -ENOMEM,
 * -errno. */
int dataplane_create(struct dataplane **ret_dataplane, const struct dataplane_cfg *cfg);
/* On the loop's thread, or when the loop has ended; those who wait get -ENOTCONN. NULL is allowed. */
void dataplane_free(struct dataplane *dataplane);

/* Send a request and wait for its acknowledgement, at most 5 s: the status in it (0 or negative errno, its
 * sentence in ret_why), -ENOTCONN (no dataplane), -ETIMEDOUT. The message is wiped (it may hold keys). */
int dataplane_request(struct dataplane *dataplane, union msg *msg, enum msg_type type,
        char ret_why[LIMIT_REASON_BYTES + 1]);

/* Send without waiting, and without hearing of it. Any thread. 0, -ENOTCONN, -ENOMEM, -ENOBUFS (more than
 * LIMIT_DTLS_OUT_PKTS of DTLS_OUT wait). The message is copied and wiped. */
int dataplane_send(struct dataplane *dataplane, union msg *msg, enum msg_type type);

/* Send a request that names a session (SESSION_OPEN, SESSION_KEYS, KEY_FRAME, …) without waiting: @done is
 * called on the loop with its acknowledgement, or with -ENOTCONN when the dataplane goes away first; not when
 * dataplane_free comes first. Any thread. 0, -ENOTCONN or -ENOMEM (then @done is not called). The message is
 * copied and wiped. */
typedef void dataplane_done(void *arg, const char *session, int status, const char *why);
int dataplane_ask(
        struct dataplane *dataplane, union msg *msg, enum msg_type type, dataplane_done *done, void *arg);

/* Whether it is connected and its sessions are known. Any thread. */
bool dataplane_is_up(struct dataplane *dataplane);

/* Run @use with the counters mapped and locked against replacement; false (not called) when there are none.
 * Any thread. */
bool dataplane_with_stats(
        struct dataplane *dataplane, void (*use)(void *arg, const struct stat_segment *stat), void *arg);

#endif
