/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/clock_step.h"

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

bool clock_step_holds(const struct clock_step *step, uint64_t mono_ns)
{
	return mono_ns < step->held_until_ns;
}
