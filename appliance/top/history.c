/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/history.h"

#include <math.h>

void history_add(struct history *h, double value)
{
	h->values[h->next] = (float)value;
	h->next = (h->next + 1) % HISTORY_VALUES;
	if (h->count < HISTORY_VALUES)
		h->count++;
}

double history_get(const struct history *h, unsigned back)
{
	return back < h->count ? (double)h->values[(h->next + HISTORY_VALUES - 1 - back) % HISTORY_VALUES]
	                       : NAN;
}

double history_max(const struct history *h, unsigned count)
{
	double max = 0;

	for (unsigned back = 0; back < count && back < h->count; back++)
		max = fmax(max, history_get(h, back));
	return max;
}
