/* SPDX-License-Identifier: BSD-3-Clause */
/* The second walk through a capture: each packet to the engine at its time, each session opened when its
 * first packet comes. Main thread. */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "tools/replay/capture.h"
#include "tools/replay/sessions.h"

struct engine;

struct run_totals {
	uint64_t oversize_pkts; /* longer than a port takes */
	unsigned opened, refused;
};

#define RUN_END_REASON "end of capture" /* of sessions that live to see it */

/* Walk through @capture from its begin to its end or where it is damaged, then finish. 0; -EINTR: a signal
 * has set *stop; or -errno, logged. */
int run_capture(struct engine *engine, struct capture *capture, struct sessions *sessions,
        bool ignore_checksums, const volatile sig_atomic_t *stop, struct run_totals *ret_totals);

#endif
