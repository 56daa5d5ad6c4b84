/* SPDX-License-Identifier: BSD-3-Clause */
/* What the filer's threads do to one file: each job as a plain function that blocks. Internal to
 * writers/filer*.c. Failures of a close are logged here, the filer being their owner; those of an open are
 * the writer's to log. */
#ifndef WRITERS_FILER_JOB_H
#define WRITERS_FILER_JOB_H

#include "base/conf.h"
#include "base/msg.h"
#include "writers/filer.h"

/* Settle the name and create part and journal. 0, -EINVAL (record.io is direct, and
 * the file system cannot), -ENAMETOOLONG, -EEXIST (no free name), -errno of the disk. */
int filer_job_open(const struct conf *conf, struct filer_file *file);

/* Finish the file: its descriptors are closed. *ret_state says how it ended. 0 or -errno; -ENODATA: there was
 * nothing in it. */
int filer_job_close(const struct conf *conf, struct filer_file *file, struct msg_file_state *ret_state);

/* Reserve space ahead; a file system that cannot, or is full, is no error here. */
void filer_job_reserve(struct filer_file *file);

/* Make entries of the directory durable. */
void filer_job_sync_dir(const struct conf *conf);

/* What is to be reported of the file. */
void filer_job_state(const struct filer_file *file, enum msg_file_state_id state, const char *reason,
        struct msg_file_state *ret_state);

#endif
