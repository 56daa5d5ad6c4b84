/* SPDX-License-Identifier: BSD-3-Clause */
/* What the checks of the disk share. Main thread. */
#ifndef TOOLS_WIRESPOOL_DOCTOR_DISK_H
#define TOOLS_WIRESPOOL_DOCTOR_DISK_H

#include <stdbool.h>
#include <stddef.h>

/* A file in @dir that has no name and is gone with its descriptor; @flags are added, O_DIRECT say. A
 * descriptor or -errno. */
int doctor_disk_probe(const char *dir, int flags);

/* The file system that @path is on, out of /proc/self/mountinfo's text (proc(5)). False: not found. */
bool doctor_disk_mount(
        const char *mountinfo, const char *path, char *ret_type, char *ret_source, size_t size);

#endif
