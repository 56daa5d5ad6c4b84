/* SPDX-License-Identifier: BSD-3-Clause */
/* Which recordings have to go: a pure function over a list, oldest first; the caller removes. Any thread. */
#ifndef UPLOADER_RETENTION_H
#define UPLOADER_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2026-11-01, before which no recording was made by this program: what says so was finished while the clock
 * was not set, and its age is not known. */
#define RETENTION_FIRST_UNIX_S 1793491200u

struct retention_rules {
	uint64_t max_age_s;      /* 0: no rule; likewise below */
	uint64_t max_bytes;      /* of all finished recordings together */
	uint64_t min_free_bytes; /* of the file system */
	bool uploads;            /* upload is on: only uploaded ones may go */
};

struct retention_item {
	uint64_t finished_unix_s, bytes;
	bool uploaded;
	bool held; /* open, being finalised or being served: never goes */
	bool ret_remove;
};

/* Mark what has to go. @items are sorted oldest first by the caller; returns how many were marked. */
size_t retention_mark(struct retention_item *items, size_t count, const struct retention_rules *rules,
        uint64_t now_unix_s, uint64_t free_bytes);

#endif
