/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether record.dir takes recordings, as far as one can tell without writing to it: it is there, may be
 * written, has record.min_free_mb free, and the dataplane's last write to it did not fail. Any thread; blocks
 * as long as the file system does. */
#ifndef CONTROL_DISK_H
#define CONTROL_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_WHY_BYTES 512

struct control;

/* Else with a sentence in @ret_why. *ret_free_bytes is 0 when it is not known. */
bool disk_is_usable(const struct control *control, uint64_t *ret_free_bytes, char ret_why[DISK_WHY_BYTES]);

/* errno of the dataplane's last write to record.dir, when it failed and none has worked since; else 0. */
int disk_last_error(const struct control *control);

#endif
