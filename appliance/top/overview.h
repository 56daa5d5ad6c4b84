/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole machine at a glance, computed of two samples of counters: rates, drops by reason, the disk. One
 * thread; nothing is kept between two calls but what the caller hands in. */
#ifndef APPLIANCE_TOP_OVERVIEW_H
#define APPLIANCE_TOP_OVERVIEW_H

#include <stdbool.h>
#include <stdint.h>
#include "appliance/top/counters.h"

#define OVERVIEW_DROPS 64

struct overview_drop {
	const char *reason; /* "auth", "writer no_block", "port rx_missed": static storage */
	double per_s;
	uint64_t total;
};

struct overview {
	double seconds;                          /* between the samples */
	double in_pps, in_bps, out_pps, out_bps; /* of Ethernet */
	double rtp_pps, dropped_pps;             /* the latter of all reasons */
	double disk_bps;                         /* bytes a second written, with padding and rewrites */
	double growth_bps;                       /* bytes a second that recordings grow by */
	uint64_t disk_free_bytes, disk_error;    /* as the dataplane sees them */
	uint64_t sessions, tracks, files, block_bytes, uptime_s;
	uint64_t finished, failed, sessions_failed; /* since the dataplane's start */
	unsigned drops; /* reasons that ever counted, those of now first, then by total */
	struct overview_drop drop[OVERVIEW_DROPS];
};

/* @before NULL: no rates, they are 0. Counters that went backwards count as 0, too. */
void overview_make(struct overview *ret_overview, const struct counters_sample *now,
        const struct counters_sample *before);

/* Seconds until no session is taken any more: @free_bytes less @min_free_bytes at @growth_bps bytes a second.
 * 0 when that is so already, INFINITY when nothing grows. */
double overview_seconds_left(uint64_t free_bytes, uint64_t min_free_bytes, double growth_bps);

/* (@now - @before) / @seconds, 0 when it went backwards or no time passed. */
double overview_rate(uint64_t now, uint64_t before, double seconds);

#endif
