/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane's shared counters, read as two samples a refresh apart. It follows the file: one that is not
 * there yet, is replaced by a new dataplane's, or whose writer has died. One thread. */
#ifndef APPLIANCE_TOP_COUNTERS_H
#define APPLIANCE_TOP_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"
#include "base/stat.h"

#define COUNTERS_PORTS   64
#define COUNTERS_LCORES  LIMIT_LCORES
#define COUNTERS_WRITERS 32
/* Poll loops count their polls: no dataplane that runs leaves them as they are for so long. */
#define COUNTERS_STILL_NS 2500000000ull

enum counters_state {
	COUNTERS_ABSENT,  /* no such file, or it cannot be read */
	COUNTERS_FOREIGN, /* no segment, or that of another version */
	COUNTERS_STILL,   /* nothing moves in it: its writer is dead or stuck */
	COUNTERS_LIVE
};

/* Everything but the tracks, at one time. */
struct counters_sample {
	uint64_t mono_ns, wall_ns;
	unsigned ports, lcores, writers; /* how many of each are filled */
	uint64_t proc[STAT_PROC_COUNT];
	uint64_t port[COUNTERS_PORTS][STAT_PORT_COUNT];
	uint64_t lcore[COUNTERS_LCORES][STAT_LCORE_COUNT];
	uint64_t writer[COUNTERS_WRITERS][STAT_WRITER_COUNT];
};

/* Copy what @stat holds now; @mono_ns and @wall_ns are the caller's clocks. */
void counters_sample_take(
        struct counters_sample *sample, const struct stat_segment *stat, uint64_t mono_ns, uint64_t wall_ns);

struct counters;

/* @run_dir is copied. 0 or -ENOMEM; the file need not be there. */
int counters_create(struct counters **ret_counters, const char *run_dir);
void counters_free(struct counters *counters);

/* Take another sample, opening the file (again) when it has to be. */
void counters_refresh(struct counters *counters);

enum counters_state counters_state(const struct counters *counters);
/* Whether the last refresh opened a segment: what was known of its slots is void. */
bool counters_is_new(const struct counters *counters);
const char *counters_path(const struct counters *counters);
/* -errno of the last attempt to open; 0 when it is open. */
int counters_error(const struct counters *counters);
/* Seconds that nothing has moved. */
double counters_still_s(const struct counters *counters);

/* The segment, NULL when there is none. Valid until the next refresh. */
const struct stat_segment *counters_segment(const struct counters *counters);
/* The latest sample, and the one before of the same segment; NULL when there is none. */
const struct counters_sample *counters_now(const struct counters *counters);
const struct counters_sample *counters_before(const struct counters *counters);

#endif
