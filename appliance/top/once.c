/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/once.h"

#include <stdio.h>
#include "appliance/top/report.h"
#include "base/clk.h"

#define LOOKS 5 /* seconds until counters that stand still are believed to: more than COUNTERS_STILL_NS */

/* Let the API answer for a second; while nothing moves, look again. */
static void look(struct machine *m)
{
	static const struct machine_wants wants = { .tracks = false };

	machine_refresh(m, &wants);
	for (unsigned i = 0; i < LOOKS; i++) {
		uint64_t end = clk_mono_ns() + CLK_NS_PER_S, now;

		while ((now = clk_mono_ns()) < end)
			api_wait(m->api, NULL, 0, (int)((end - now) / CLK_NS_PER_MS) + 1);
		machine_refresh(m, &wants);
		if (counters_state(m->counters) != COUNTERS_LIVE || counters_still_s(m->counters) == 0)
			break;
	}
	machine_judge(m);
}

int once_run(struct machine *m, bool as_json)
{
	look(m);
	if (as_json)
		report_json(m, stdout);
	else
		report_text(m, stdout);
	if (fflush(stdout) || ferror(stdout))
		return 1;
	return counters_state(m->counters) == COUNTERS_LIVE ? 0 : 1;
}
