/* SPDX-License-Identifier: BSD-3-Clause */
/* What each writer thread did between two samples, and the file system that they write to. One thread. */
#ifndef APPLIANCE_TOP_DISKS_H
#define APPLIANCE_TOP_DISKS_H

#include <stdbool.h>
#include <stdint.h>
#include "appliance/top/counters.h"

struct disks_row {
	double pps, fps, media_bps, written_bps; /* bytes a second */
	double writes_per_s, syncs_per_s, dropped_per_s;
	double write_p50_ns, write_p99_ns; /* of the writes in between, NAN without */
	uint64_t write_max_ns, write_errors, inflight, queued_bytes, blocks, block_bytes, files;
};

/* Fill @ret_rows of COUNTERS_WRITERS; @before NULL: no rates. Returns how many there are. */
unsigned disks_make(
        struct disks_row *ret_rows, const struct counters_sample *now, const struct counters_sample *before);

struct disks_space {
	bool is_known;
	uint64_t free_bytes, total_bytes; /* total 0: not known */
};

/* Of @record_dir's file system where we may look (NULL: we may not), else as the dataplane counts it:
 * @counted_free_bytes, 0 when it did not. */
struct disks_space disks_space(const char *record_dir, uint64_t counted_free_bytes);

#endif
