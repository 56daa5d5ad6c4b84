/* SPDX-License-Identifier: BSD-3-Clause */
/* Client of the dataplane: its command socket and its counters.
 *
 * Lives on the event loop: connects, says HELLO, asks LIST, passes events on, and connects again whenever the dataplane
 * goes away. dataplane_request may be called from any thread but the loop's: it waits for the acknowledgement.
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
	void (*on_up)(void *arg, const struct msg_welcome *welcome, bool same_boot); /* before the answers to LIST */
	void (*on_listed)(void *arg);                                               /* LIST is complete */
	void (*on_down)(void *arg);
	void (*on_session)(void *arg, const struct msg_session_state *state);
	void (*on_file)(void *arg, const struct msg_file_state *state);
	void *arg;
};

int dataplane_create(struct dataplane **ret_dataplane, const struct dataplane_cfg *cfg);
void dataplane_free(struct dataplane *dataplane);

/* Send a request and wait for its acknowledgement, at most 5 s: the status in it (0 or negative errno, its sentence
 * in ret_why), -ENOTCONN (no dataplane), -ETIMEDOUT. The message is wiped (it may hold keys). */
int dataplane_request(struct dataplane *dataplane, union msg *msg, enum msg_type type, char ret_why[LIMIT_REASON_BYTES + 1]);

/* Send without waiting; for the loop's own thread. 0 or -errno. */
int dataplane_send(struct dataplane *dataplane, union msg *msg, enum msg_type type);

bool dataplane_is_up(struct dataplane *dataplane);

/* Run @use with the counters mapped and locked against replacement; false (not called) when there are none. Any thread. */
bool dataplane_with_stats(struct dataplane *dataplane, void (*use)(void *arg, const struct stat *stat), void *arg);

#endif
