/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes between two refreshes, as events: what is seen also when control's feed is not there. One thread.
 */
#ifndef APPLIANCE_TOP_WATCH_H
#define APPLIANCE_TOP_WATCH_H

#include "appliance/top/counters.h"
#include "appliance/top/eventlog.h"

/* Log what changed from @before to @now, samples of one segment; when control's feed is there without what it
 * tells better, sessions and recordings. */
void watch_samples(struct eventlog *log, const struct counters_sample *now,
        const struct counters_sample *before, bool has_feed);

/* Log that the dataplane came, went or was replaced. @from and @to are states of two refreshes; @is_new: the
 * segment is another than before. */
void watch_state(struct eventlog *log, uint64_t unix_ns, enum counters_state from, enum counters_state to,
        bool is_new);

#endif
