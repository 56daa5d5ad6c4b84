/* SPDX-License-Identifier: BSD-3-Clause */
/* The uploads that wait, run or fail, as the API lists them (GET /api/v1/uploads), and their sums (GET
 * /api/v1/stats). One thread. */
#ifndef APPLIANCE_TOP_UPLOADS_H
#define APPLIANCE_TOP_UPLOADS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"
#include "base/name.h"

#define UPLOADS_ROWS 200 /* so many are asked for and shown: the growing ones, then the newest */

struct uploads_row {
	char name[NAME_BYTES], state[16], error[256];
	bool growing;
	uint64_t bytes_done, bytes_total, tries, next_try_unix_ns; /* the last: 0: none */
};

struct uploads_sums {
	bool is_known; /* control has told */
	bool is_on;    /* upload.enabled */
	bool store_usable;
	uint64_t queued, active, retrying, stopped, done, failures, bytes_sent;
	uint64_t oldest_unix_ns; /* start of the oldest recording not yet uploaded; 0: none */
};

struct uploads {
	struct uploads_sums sums;
	unsigned count; /* of rows */
	struct uploads_row rows[UPLOADS_ROWS];
};

/* Take the "uploads" of /api/v1/stats: an object, or null when upload is off. */
void uploads_take_sums(struct uploads *uploads, const json_t *sums);
/* Take a list; anything else than an array empties it. */
void uploads_take_list(struct uploads *uploads, const json_t *list);
/* Control is away: nothing is known. */
void uploads_forget(struct uploads *uploads);

#endif
