/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct names {
	struct names_track **tracks; /* by slot */
	unsigned slots, known, edition;
};

int names_create(struct names **ret_names, unsigned slots)
{
	struct names *n = calloc(1, sizeof(*n));

	if (n)
		n->tracks = calloc(slots ? slots : 1, sizeof(n->tracks[0]));
	if (!n || !n->tracks) {
		free(n);
		return -ENOMEM;
	}
	n->slots = slots;
	*ret_names = n;
	return 0;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	for (unsigned i = 0; i < n->slots; i++)
		free(n->tracks[i]);
	free(n->tracks);
	free(n);
}

void names_forget(struct names *n, unsigned slot)
{
	if (slot >= n->slots || !n->tracks[slot])
		return;
	free(n->tracks[slot]);
	n->tracks[slot] = NULL;
	n->known--;
	n->edition++;
}

static void copy_text(char *to, size_t size, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	snprintf(to, size, "%s", text ? text : "");
}

static void take_track(struct names *n, const json_t *session, const json_t *track)
{
	const json_t *slot = json_object_get(track, "slot");
	json_int_t index = json_integer_value(slot);
	struct names_track now, *t;

	memset(&now, 0, sizeof(now)); /* compared as a whole below */
	if (!json_is_integer(slot) || index < 0 || index >= n->slots)
		return;
	t = n->tracks[index];
	if (!t) {
		t = n->tracks[index] = calloc(1, sizeof(*t));
		if (!t)
			return;
		n->known++;
	}
	copy_text(now.session, sizeof(now.session), session, "id");
	copy_text(now.room, sizeof(now.room), session, "room");
	copy_text(now.participant, sizeof(now.participant), session, "participant");
	copy_text(now.track, sizeof(now.track), track, "id");
	copy_text(now.codec, sizeof(now.codec), track, "codec");
	now.clock_rate = (uint32_t)json_integer_value(json_object_get(track, "clock_rate"));
	if (!memcmp(t, &now, sizeof(now)))
		return;
	*t = now;
	n->edition++;
}

/* Of one that has ended the slots may be another's already. */
static bool is_under_way(const json_t *session)
{
	const char *state = json_string_value(json_object_get(session, "state"));

	return state && strcmp(state, "done") != 0 && strcmp(state, "failed") != 0;
}

unsigned names_take(struct names *n, const json_t *page)
{
	size_t i, k;
	json_t *session, *track;
	unsigned count = 0;

	json_array_foreach(page, i, session)
	{
		if (!is_under_way(session))
			continue;
		count++;
		json_array_foreach(json_object_get(session, "tracks"), k, track)
		        take_track(n, session, track);
	}
	return count;
}

const struct names_track *names_get(const struct names *n, unsigned slot)
{
	return slot < n->slots ? n->tracks[slot] : NULL;
}

unsigned names_known(const struct names *n)
{
	return n->known;
}

unsigned names_edition(const struct names *n)
{
	return n->edition;
}
