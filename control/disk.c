/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/conf.h"
#include "base/stat.h"
#include "control/control.h"
#include "control/dataplane.h"

static void disk_read_error(void *arg, const struct stat_segment *stat)
{
	uint64_t *error = arg;
	const uint64_t *slot = stat_slot(stat, STAT_SCOPE_PROC, 0);

	if (slot)
		*error = stat_get(slot, STAT_PROC_disk_error);
}

int disk_last_error(const struct control *control)
{
	uint64_t error = 0;

	if (dataplane_is_up(control->dataplane))
		dataplane_with_stats(control->dataplane, disk_read_error, &error);
	return (int)error;
}

bool disk_is_usable(const struct control *control, uint64_t *ret_free_bytes, char ret_why[DISK_WHY_BYTES])
{
	const struct conf *conf = control->conf;
	struct statvfs fs;
	int error;

	*ret_free_bytes = 0;
	if (statvfs(conf->record_dir, &fs) || access(conf->record_dir, R_OK | W_OK | X_OK)) {
		snprintf(ret_why, DISK_WHY_BYTES, "%.300s: %s", conf->record_dir, strerror(errno));
		return false;
	}
	*ret_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (*ret_free_bytes >> 20 < (uint64_t)conf->record_min_free_mb) {
		snprintf(ret_why, DISK_WHY_BYTES, "%.300s: %llu MiB free, record.min_free_mb is %lld",
		        conf->record_dir, (unsigned long long)(*ret_free_bytes >> 20),
		        (long long)conf->record_min_free_mb);
		return false;
	}
	error = disk_last_error(control);
	if (error)
		snprintf(ret_why, DISK_WHY_BYTES, "%.300s: the last write failed: %s", conf->record_dir,
		        strerror(error));
	return error == 0;
}
