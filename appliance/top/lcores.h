/* SPDX-License-Identifier: BSD-3-Clause */
/* What each poll loop did between two samples. One thread. */
#ifndef APPLIANCE_TOP_LCORES_H
#define APPLIANCE_TOP_LCORES_H

#include <stdint.h>
#include "appliance/top/counters.h"

enum lcores_stage {
	LCORES_RX,
	LCORES_CLASSIFY,
	LCORES_UNPROTECT,
	LCORES_RTP,
	LCORES_HANDOVER,
	LCORES_STAGES
};

struct lcores_row {
	double busy; /* part of its cycles that went into bursts, 0 to 1 */
	double pps, bps, dropped_pps;
	double cycles_a_packet, stage[LCORES_STAGES]; /* NAN without packets */
	double burst;                                 /* packets a burst, NAN without bursts */
	double poll_p99_ns;    /* of the polls in between: a bucket's upper bound; NAN without */
	uint64_t stall_max_ns; /* since start */
};

/* Fill @ret_rows of COUNTERS_LCORES; @before NULL: no rates. Returns how many there are. */
unsigned lcores_make(
        struct lcores_row *ret_rows, const struct counters_sample *now, const struct counters_sample *before);

const char *lcores_stage_name(enum lcores_stage stage); /* "unprotect" */

/* The value that @part of what a histogram counted between @before and @now (its first words; @before NULL:
 * 0) does not exceed: the upper bound of its bucket. NAN when nothing was counted. */
double lcores_quantile(const uint64_t *now, const uint64_t *before, double part);

#endif
