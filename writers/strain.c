/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/strain.h"

enum strain_change strain_look(struct strain *strain, const struct strain_look *look)
{
	bool slow = look->write_ns > look->allowed_ns;
	bool scarce = look->block_bytes > look->pool_bytes / 4 * 3;

	if (slow)
		strain->last_slow_ns = look->now_ns;
	if (look->write_ns > strain->longest_ns)
		strain->longest_ns = look->write_ns;
	if (!strain->strained) {
		if (!slow && !scarce) {
			strain->longest_ns = 0;
			return STRAIN_SAME;
		}
		strain->strained = true;
		strain->since_ns = look->now_ns;
		return STRAIN_BEGINS;
	}
	if (slow || look->block_bytes > look->pool_bytes / 2 ||
	        look->now_ns - strain->last_slow_ns < STRAIN_CALM_NS)
		return STRAIN_SAME;
	strain->strained = false;
	return STRAIN_ENDS;
}
