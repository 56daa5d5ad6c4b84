/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP time, 32 bits that wrap and may jump, as one media time that only grows.
 *
 * An epoch is a stretch in which RTP time keeps step with arrival. Where it runs off by more than
 * LIMIT_TIME_JUMP_S, goes back by more than a second, or the sender begins anew, a new epoch is set on where
 * arrival says. What arrival says follows the sender's clock slowly (1 in 1000), so a clock that drifts for
 * days is no jump, and a time that runs wild is one. A pause, however long, in which RTP time went on is none
 * either. Pure; one thread.
 */
#ifndef WRITERS_EPOCH_H
#define WRITERS_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

struct epoch {
	uint32_t rate; /* ticks a second */
	bool started;
	uint64_t last_rtp;               /* of the last packet, unwrapped */
	uint64_t last_time;              /* media time of it */
	int64_t shift;                   /* media time less unwrapped RTP time */
	uint64_t anchor_ns, anchor_time; /* when which media time was due */
};

/* The media time of a packet, in ticks since the first one; never less than that of the one before. @restart:
 * the sender began anew; @arrival_ns: of a clock that is never set. *ret_new tells whether an epoch began
 * here (not for the first packet of all). */
uint64_t epoch_time(struct epoch *epoch, uint32_t rtp_time, uint64_t arrival_ns, bool restart, bool *ret_new);

#endif
