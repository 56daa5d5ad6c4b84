/* SPDX-License-Identifier: BSD-3-Clause */
/* What root does first, and how the process stops being root. Main thread, before threads start. */
#ifndef DATAPLANE_PRIVILEGE_H
#define DATAPLANE_PRIVILEGE_H

#include "base/conf.h"

/* Make record.dir and run_dir, owned by dataplane.user, see that they can be written, and lock them against a
 * second dataplane until this process ends. 0 or -errno (-EBUSY: another has them), logged. */
int privilege_make_dirs(const struct conf *conf);

/* Raise the limits that io_uring's registered memory and open files are held to. Failing is not fatal: what
 * needs them says so. */
void privilege_raise_limits(void);

/* Become dataplane.user for good, if one is set and is not who we are already. 0 or -errno, logged. */
int privilege_drop(const struct conf *conf);

#endif
