/* SPDX-License-Identifier: BSD-3-Clause */
/* The last values of a figure, for a sparkline. One thread. */
#ifndef APPLIANCE_TOP_HISTORY_H
#define APPLIANCE_TOP_HISTORY_H

#define HISTORY_VALUES 256

struct history {
	unsigned count, next;
	float values[HISTORY_VALUES];
};

void history_add(struct history *history, double value);
/* The @back-th value before the newest, 0 the newest itself; NAN beyond the oldest. */
double history_get(const struct history *history, unsigned back);
/* The largest of the newest @count; 0 when there is none. */
double history_max(const struct history *history, unsigned count);

#endif
