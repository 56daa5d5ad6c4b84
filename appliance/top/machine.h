/* SPDX-License-Identifier: BSD-3-Clause */
/* All that is known of the machine, brought up to date once a refresh: the sources (counters, API) and what
 * is computed of them. Views and reports only read it. One thread. */
#ifndef APPLIANCE_TOP_MACHINE_H
#define APPLIANCE_TOP_MACHINE_H

#include <stdbool.h>
#include "appliance/top/alarms.h"
#include "appliance/top/api.h"
#include "appliance/top/counters.h"
#include "appliance/top/disks.h"
#include "appliance/top/eventlog.h"
#include "appliance/top/follow.h"
#include "appliance/top/history.h"
#include "appliance/top/lcores.h"
#include "appliance/top/logbook.h"
#include "appliance/top/names.h"
#include "appliance/top/options.h"
#include "appliance/top/overview.h"
#include "appliance/top/tracks.h"

struct machine {
	const struct options *options;
	struct counters *counters;
	struct api *api;
	struct names *names; /* NULL without counters */
	struct balance *balance;
	struct tracks *tracks; /* the same; sampled only when they are wanted */
	struct eventlog log;
	struct overview overview; /* all 0 without counters */
	struct lcores_row lcores[COUNTERS_LCORES];
	struct disks_row writers[COUNTERS_WRITERS];
	struct disks_space space;
	double growth_bps; /* bytes a second that recordings grow by, over half a minute; NAN: not known */
	double seconds_left;
	struct history in_bps, out_bps, disk_bps, busy[COUNTERS_LCORES]; /* one value a refresh */
	struct follow *follow;                                           /* NULL: the log is not followed */
	int follow_error;                                                /* -errno of following it, 0: none */
	struct logbook book;
	struct alarms alarms;
	enum counters_state last_state;
	bool was_seen; /* last_state is one */
};

/* What the next refreshes read beside the plain counters. */
struct machine_wants {
	bool tracks; /* sample the tracks */
	bool log;    /* follow what the daemons log */
	struct tracks_shown shown;
	struct api_wants api;
};

/* @options stays the caller's. 0, -ENOMEM or -EINVAL. */
int machine_create(struct machine **ret_machine, const struct options *options);
void machine_free(struct machine *machine);

/* Take another sample, ask the API for what is due, compute. Never waits. */
void machine_refresh(struct machine *machine, const struct machine_wants *wants);
/* Take what the daemons have logged meanwhile. True: something came of it. */
bool machine_read_log(struct machine *machine);
/* Compute the alarms anew: what the API has said since the refresh is in them. */
void machine_judge(struct machine *machine);

#endif
