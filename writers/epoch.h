/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP time, 32 bits that wrap and may jump, as one media time that only grows.
 *
 * An epoch is a stretch in which RTP time keeps step with arrival. Where it runs off by more than
 * LIMIT_TIME_JUMP_S, goes back by more than a second, or the sender begins anew, a new epoch is set on where
 * arrival says. What arrival says follows the sender's clock slowly (1 in 1000), so a clock that drifts for
 * days is no jump, and a time that runs wild is one. A pause, however long, in which RTP time went on is none
 * either; for one in which it stood still see writers/pause.h. Pure; one thread.
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
	int64_t ahead;                   /* of it, what is too much, and is taken back little by little */
	uint64_t anchor_ns, anchor_time; /* when which media time was due */
};

/* The media time of a packet, in ticks since the first one; never less than that of the one before. @restart:
 * the sender began anew; @arrival_ns: of a clock that is never set. *ret_new tells whether an epoch began
 * here (not for the first packet of all). */
uint64_t epoch_time(struct epoch *epoch, uint32_t rtp_time, uint64_t arrival_ns, bool restart, bool *ret_new);

/* The media time that @rtp_time stands for in this epoch, at @arrival_ns; it may be before 0. False: it is so
 * far off that it belongs to another epoch, or none has begun. */
bool epoch_locate(const struct epoch *epoch, uint32_t rtp_time, uint64_t arrival_ns, int64_t *ret_time);

/* Begin an epoch in which @rtp_time, of a packet that is next, is the media time @time. Where that is not
 * after the packet before, it is nearly, and what follows makes up for it. Returns the packet's media time.
 * There was an epoch before. */
uint64_t epoch_place(struct epoch *epoch, uint32_t rtp_time, int64_t time);

/* All that follows is later by @ticks; or earlier, for which the steps that follow are halved until it is. */
void epoch_shift(struct epoch *epoch, int64_t ticks);

/* All that follows is earlier by @ticks, at once: the next packet's time may lie before that of the last one.
 */
void epoch_set_back(struct epoch *epoch, int64_t ticks);

/* When a packet that came at @arrival_ns is due by arrival, in media time. */
int64_t epoch_due(const struct epoch *epoch, uint64_t arrival_ns);

#endif
