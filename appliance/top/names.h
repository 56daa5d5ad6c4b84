/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is behind a track's counters: session, room, participant, track and codec of a slot, as the API's list
 * of sessions tells it, and for as long as it is true. One thread. */
#ifndef APPLIANCE_TOP_NAMES_H
#define APPLIANCE_TOP_NAMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/limits.h"

struct names_track {
	char session[LIMIT_SESSION_ID_BYTES + 1];
	char room[LIMIT_ROOM_BYTES + 1], participant[LIMIT_PARTICIPANT_BYTES + 1];
	char track[LIMIT_TRACK_ID_BYTES + 1], codec[LIMIT_CODEC_BYTES + 1];
	uint32_t clock_rate; /* 0: not known */
};

struct names;

/* For so many slots. 0 or -ENOMEM. */
int names_create(struct names **ret_names, unsigned slots);
void names_free(struct names *names);

/* Take a page of GET /api/v1/sessions. Returns how many of its sessions are under way: what is no such page
 * has none. */
unsigned names_take(struct names *names, const json_t *page);

/* NULL: not known. Valid until the next names_take or names_forget. */
const struct names_track *names_get(const struct names *names, unsigned slot);
void names_forget(struct names *names, unsigned slot);
unsigned names_known(const struct names *names);
/* Another number whenever any name is another than before. */
unsigned names_edition(const struct names *names);

#endif
