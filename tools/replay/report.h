/* SPDX-License-Identifier: BSD-3-Clause */
/* What came of a replay, as one JSON object: of the capture, of each session and its tracks, of the
 * recordings, of every packet; what is to be done about it, in sentences; and whether all of it adds up.
 * tools/replay/report_text.h says the same in words. Main thread. */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

#include <stdbool.h>
#include <jansson.h>
#include "tools/replay/run.h"
#include "tools/replay/survey.h"

struct report_cfg {
	const char *capture, *output; /* paths */
	enum link_kind link;
	const struct survey *survey;
	struct sessions *sessions;
	const struct run_totals *run;
	const struct stat_segment *stat;
};

/* NULL: no memory, or the output cannot be read. */
json_t *report_make(const struct report_cfg *cfg);

/* Whether every packet is accounted for, and every file was finished. */
bool report_is_good(const json_t *report);

#endif
