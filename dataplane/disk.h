/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk of record.dir as the whole process sees it: how much of it is free, and whether it can be written
 * again after a write has failed. Command thread, once a second. */
#ifndef DATAPLANE_DISK_H
#define DATAPLANE_DISK_H

#include <stdint.h>
#include "base/conf.h"

/* Bring disk_free_bytes and disk_error of @proc (a slot of STAT_SCOPE_PROC) up to date. While disk_error is
 * set a file as large as the largest write of a recording is written, synced and removed: when that works,
 * disk_error is 0 again. */
void disk_watch(const struct conf *conf, uint64_t *proc);

#endif
