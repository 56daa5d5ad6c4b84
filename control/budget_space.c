/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/budget_space.h"

#include <math.h>

double budget_space_lasts_s(const struct budget_space *space, double more_bytes_s)
{
	double recorded_bytes_s = space->recorded_bytes_s + more_bytes_s;
	double eaten_bytes_s = recorded_bytes_s - space->sent_bytes_s;

	/* Measured by what will be recorded: where nothing is, a single byte would be late. */
	if (space->waiting_bytes <= recorded_bytes_s * BUDGET_SPACE_BEHIND_S || eaten_bytes_s <= 0)
		return INFINITY;
	return space->free_bytes > 0 ? space->free_bytes / eaten_bytes_s : 0;
}
