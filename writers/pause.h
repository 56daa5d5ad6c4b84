/* SPDX-License-Identifier: BSD-3-Clause */
/* A sender that paused, told from a network that stalled, by when its packets come.
 *
 *   pause  ─o─o─o─o─┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄─o─o─o─o─o─o─   RTP time goes on from where it stood, at its own pace
 *   stall  ─o─o─o─o─┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ooooooooo─o─o─   the same, but what was held up comes faster than that
 *
 * Some senders stop their RTP clock while they capture nothing (a browser whose track is replaced by none):
 * RFC 3550 section 5.1 wants it to go on. In media time such a pause lasts as long as it did.
 *
 * All goes by a packet's lag: the media time that was due when it came, less its own. Where the least lag was
 * before the gap, and where it is after, differ by the pause. Nothing is held here: that is the track's,
 * which asks. Pure; one thread.
 */
#ifndef WRITERS_PAUSE_H
#define WRITERS_PAUSE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clk.h"

#define PAUSE_GAP_NS  (300 * CLK_NS_PER_MS) /* shorter gaps are none */
#define PAUSE_HOLD_NS (200 * CLK_NS_PER_MS) /* of what follows tells which it was */

struct pause {
	uint32_t rate;     /* ticks a second */
	uint32_t last_rtp; /* of the last packet */
	bool started;
	uint64_t last_ns; /* the latest arrival */
	/* the least lag, of this window and of the one before */
	int64_t least, least_before;
	uint64_t window_ns; /* since when it is this one */
	/* a gap, while it is not clear what it was */
	uint64_t gap_ns;
	uint64_t since_ns;           /* of the first packet after it that was not repaired */
	bool timed;                  /* it has come */
	int64_t normal;              /* the least lag before */
	int64_t first, after, spare; /* lags after: the first, the least, the least of repaired packets */
	/* a pause that was taken for one, by arrival alone */
	int64_t doubtful; /* ticks of it that may have been none */
	uint64_t doubt_until_ns;
};

enum pause_verdict { PAUSE_UNCLEAR, PAUSE_STALL, PAUSE_PAUSE };

/* What comes has no relation to what was before. */
void pause_restart(struct pause *pause);

/* Whether RTP time stood still in a gap before @rtp_time, of a packet or report that came at @arrival_ns: by
 * less than half of the gap, of PAUSE_GAP_NS or more, it has gone on. */
bool pause_stood(const struct pause *pause, uint32_t rtp_time, uint64_t arrival_ns);

/* A packet for which the above is true: pause_judge follows, for it and those after it. */
void pause_begin(struct pause *pause, uint64_t arrival_ns);
/* A packet after the gap, that lags by @lag ticks if RTP time did not stand still. @repaired: it came late
 * for its own reasons. */
enum pause_verdict pause_judge(struct pause *pause, uint64_t arrival_ns, int64_t lag, bool repaired);
/* The verdict when no more can be waited for: no longer unclear. */
enum pause_verdict pause_conclude(const struct pause *pause);
/* By how many ticks RTP time stood still, by arrival; never below 0. */
int64_t pause_ticks(const struct pause *pause);
/* They were believed: they are in the lag of what follows. */
void pause_believe(struct pause *pause, int64_t ticks);
/* A report has told: nothing is doubtful any more. */
void pause_trust(struct pause *pause);

/* A packet that is recorded, in a track that holds none back: what pause_stood goes by. */
void pause_pass(struct pause *pause, uint32_t rtp_time, uint64_t arrival_ns);
/* The lag of a packet that is recorded. Returns by how many ticks what was believed was too much: it is ahead
 * of what the network can do. */
int64_t pause_lag(struct pause *pause, uint64_t arrival_ns, int64_t lag);

#endif
