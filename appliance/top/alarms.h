/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong now, worst first, each in a sentence that says what to do about it or where to look. One
 * thread. */
#ifndef APPLIANCE_TOP_ALARMS_H
#define APPLIANCE_TOP_ALARMS_H

#include <stdbool.h>
#include <stdint.h>
#include "appliance/top/counters.h"
#include "appliance/top/disks.h"
#include "appliance/top/lcores.h"
#include "appliance/top/overview.h"
#include "appliance/top/uploads.h"
#include "base/balance.h"

#define ALARMS_ROWS       24
#define ALARMS_TEXT_BYTES 512

/* What is looked at. */
struct alarms_view {
	enum counters_state state;
	int counters_error;
	const char *counters_path;
	double still_s;
	const struct counters_sample *now; /* NULL: no counters */
	const struct overview *overview;   /* of them */
	const struct lcores_row *lcores;   /* now->lcores of them */
	struct disks_space space;
	uint64_t min_free_bytes;
	double seconds_left;
	const char *control_why, *url; /* control_why NULL: it is up, or not known yet */
	bool refused;                  /* it wants another token */
	const char *not_ready;         /* lines of /readyz */
	const struct uploads_sums *uploads;
	const struct balance_row *open; /* accounts of packets that do not balance */
	unsigned open_count;
};

struct alarms {
	unsigned count;
	struct alarms_row {
		bool is_bad; /* recordings are lost or will be; otherwise a warning */
		char text[ALARMS_TEXT_BYTES];
	} rows[ALARMS_ROWS];
};

void alarms_make(struct alarms *ret_alarms, const struct alarms_view *view);

#endif
