/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/clock_step.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clk.h"

int64_t clock_step_look(struct clock_step *step, uint64_t wall_ns, uint64_t mono_ns)
{
	int64_t went_ns = (int64_t)(wall_ns - step->wall_ns), passed_ns = (int64_t)(mono_ns - step->mono_ns);
	int64_t by_ns = step->mono_ns ? went_ns - passed_ns : 0, half_ns = CLK_NS_PER_S / 2;
	int64_t by_s = (by_ns + (by_ns < 0 ? -half_ns : half_ns)) / (int64_t)CLK_NS_PER_S;

	step->wall_ns = wall_ns;
	step->mono_ns = mono_ns;
	if (by_s >= CLOCK_STEP_LEAST_S)
		step->held_until_ns = mono_ns + CLOCK_STEP_HOLD_S * CLK_NS_PER_S;
	else if (by_s <= -CLOCK_STEP_LEAST_S)
		step->held_until_ns = 0;
	else
		by_s = 0;
	return by_s;
}

void clock_step_print(const struct clock_step *step, const char *boot, char ret_line[CLOCK_STEP_BYTES])
{
	snprintf(ret_line, CLOCK_STEP_BYTES, "%.40s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", boot,
	        step->wall_ns, step->mono_ns, step->held_until_ns);
}

int64_t clock_step_resume(
        struct clock_step *step, const char *line, const char *boot, uint64_t wall_ns, uint64_t mono_ns)
{
	struct clock_step was;
	char when[41];

	if (sscanf(line, "%40s %" SCNu64 " %" SCNu64 " %" SCNu64, when, &was.wall_ns, &was.mono_ns,
	            &was.held_until_ns) != 4)
		return 0;
	if (!strcmp(when, boot) && was.mono_ns <= mono_ns) {
		*step = was;
		return 0;
	}
	if (wall_ns < was.wall_ns || wall_ns - was.wall_ns < CLOCK_STEP_AWAY_S * CLK_NS_PER_S)
		return 0;
	step->held_until_ns = mono_ns + CLOCK_STEP_HOLD_S * CLK_NS_PER_S;
	return (int64_t)((wall_ns - was.wall_ns) / CLK_NS_PER_S);
}

bool clock_step_holds(const struct clock_step *step, uint64_t mono_ns)
{
	return mono_ns < step->held_until_ns;
}
