/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of the budget, for budget.c (who decides) and budget_print.c (who tells). */
#ifndef CONTROL_BUDGET_STATE_H
#define CONTROL_BUDGET_STATE_H

#include <pthread.h>
#include "base/conf.h"
#include "control/budget.h"
#include "control/budget_measure.h"
#include "control/control.h"

/* Seconds that what was promised is reckoned with: then it can be measured. */
#define BUDGET_PROMISED_S BUDGET_MEASURE_S

enum budget_resource {
	BUDGET_POLL_LOOPS,
	BUDGET_BLOCKS,
	BUDGET_LOSSES,
	BUDGET_DISK,
	BUDGET_UPLOADS,
	BUDGET_RESOURCES
};

struct budget {
	const struct control *control;
	struct event *timer;
	uint64_t now_ns; /* of the look, as what follows; the loop's */
	struct budget_uploads uploads;
	pthread_mutex_t lock; /* of what follows */
	struct budget_measure measured;
	uint64_t second;                                  /* counts those that went into it */
	struct budget_demand promised[BUDGET_PROMISED_S]; /* by second */
	uint64_t refused[BUDGET_RESOURCES];
	uint64_t told_ns; /* when a refusal was logged last */
};

/* All of these: locked. */

double budget_limit(const struct budget *b);

/* What was promised in the last seconds, and may not be sent yet. */
struct budget_demand budget_promised(const struct budget *b);

/* Shares of what the machine has, with @more on top: of a poll loop's cycles, of the blocks' memory, of what
 * the disk can do (0 while that is not known). */
double budget_loops(const struct budget *b, const struct budget_demand *more);
double budget_blocks(const struct budget *b, unsigned more_tracks);
double budget_disk(const struct budget *b, const struct budget_demand *more);

/* Seconds until what waits for the store has filled the disk; INFINITY: that is not to be feared.
 * @total_bytes: of all finished recordings that are here. */
double budget_space(const struct budget *b, uint64_t total_bytes, const struct budget_demand *more);

#endif
