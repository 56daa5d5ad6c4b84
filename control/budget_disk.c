/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/budget_disk.h"

#define SMOOTH 0.2 /* of a new second: flushes come by the second, in waves */

/* One that wrote less than before while more waited was held up: that says what was asked of it, not what it
 * can do, and the burst that comes after says no more. */
static bool was_pause(const struct budget_disk *disk)
{
	return disk->behind_bytes_s <= 0 || disk->behind_bytes_s < disk->before_bytes_s;
}

void budget_disk_second(struct budget_disk *disk, double written, double queued)
{
	bool waits = queued > 0 && queued > written * BUDGET_DISK_WAIT_S;

	disk->waiting_s = waits ? disk->waiting_s + 1 : 0;
	disk->calm_s = waits ? 0 : disk->calm_s + 1;
	disk->queued_bytes = queued;
	if (disk->waiting_s == 1 && !disk->strained) {
		disk->before_bytes_s = disk->written_bytes_s;
		disk->behind_bytes_s = 0;
	}
	if (waits && written > disk->behind_bytes_s)
		disk->behind_bytes_s = written;
	if (!disk->strained && disk->waiting_s >= BUDGET_DISK_STRAINED_S) {
		disk->strained = true;
		disk->most_bytes_s = disk->before_bytes_s;
	} else if (disk->strained && disk->calm_s >= BUDGET_DISK_CALM_S) {
		disk->strained = false;
		if (was_pause(disk))
			disk->most_bytes_s = 0;
	}
	disk->written_bytes_s += (written - disk->written_bytes_s) * SMOOTH;
	if (!disk->strained)
		disk->most_bytes_s *= 1 + BUDGET_DISK_TRUST;
	if (disk->strained && written > disk->most_bytes_s)
		disk->most_bytes_s = written;
	else if (disk->most_bytes_s > 0 && disk->written_bytes_s > disk->most_bytes_s)
		disk->most_bytes_s = disk->written_bytes_s;
	if (disk->calm_s >= BUDGET_DISK_KNOWN_S)
		disk->most_bytes_s = 0;
}
