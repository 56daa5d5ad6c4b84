/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/roster.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/gen/options.h"
#include "tools/gen/rng.h"

void roster_free(struct roster *roster)
{
	for (unsigned i = 0; i < roster->track_count; i++) {
		for (unsigned r = 0; r < roster->tracks[i].record_count; r++)
			free(roster->tracks[i].records[r]);
		explicit_bzero(roster->tracks[i].cfg.key, PROFILE_KEY_BYTES);
	}
	free(roster->tracks);
	free(roster->sessions);
	*roster = (struct roster){ 0 };
}

/* Room for one more in arrays that double. */
static void *grow(void *array, unsigned count, size_t size)
{
	if (count & (count - 1))
		return array;
	return realloc(array, (count ? 2 * (size_t)count : 1) * size);
}

struct roster_session *roster_add_session(struct roster *roster)
{
	struct roster_session *sessions = grow(roster->sessions, roster->session_count, sizeof(*sessions)),
	                      *s;

	if (!sessions)
		return NULL;
	roster->sessions = sessions;
	s = &sessions[roster->session_count++];
	memset(s, 0, sizeof(*s));
	s->first_track = roster->track_count;
	return s;
}

struct roster_track *roster_add_track(struct roster *roster)
{
	struct roster_track *tracks = grow(roster->tracks, roster->track_count, sizeof(*tracks)), *t;

	if (!tracks)
		return NULL;
	roster->tracks = tracks;
	t = &tracks[roster->track_count++];
	memset(t, 0, sizeof(*t));
	t->session = roster->session_count - 1;
	roster->sessions[t->session].track_count++;
	return t;
}

int roster_set_address(struct roster_session *s, const char *address, unsigned port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&s->to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s->to;

	memset(&s->to, 0, sizeof(s->to));
	if (port == 0 || port > UINT16_MAX)
		return -EINVAL;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
	} else {
		return -EINVAL;
	}
	snprintf(s->address, sizeof(s->address), "%s", address);
	s->port = (uint16_t)port;
	return 0;
}

/* @pattern with {n} replaced by the session's number. True: there was one. */
static bool expand(char *buf, size_t size, const char *pattern, unsigned n)
{
	const char *at = strstr(pattern, "{n}");

	if (at)
		snprintf(buf, size, "%.*s%u%s", (int)(at - pattern), pattern, n, at + 3);
	else
		snprintf(buf, size, "%s", pattern);
	return at != NULL;
}

static bool is_taken(const struct roster *roster, const struct roster_session *s, uint32_t ssrc)
{
	for (unsigned i = s->first_track; i + 1 < s->first_track + s->track_count; i++)
		if (roster->tracks[i].cfg.ssrc == ssrc)
			return true;
	return false;
}

static uint8_t payload_type(enum codec codec)
{
	return codec == CODEC_VP8 ? 96 : codec == CODEC_VP9 ? 98 : 111;
}

/* Track @n of the session: two of one codec share a payload type, so the SSRC has to tell them apart. */
static int compose_track(struct roster *roster, const struct options *o, const struct roster_session *s,
        unsigned n, bool own_room)
{
	struct roster_track *t = roster_add_track(roster);

	if (!t)
		return -ENOMEM;
	struct rng rng = rng_of(o->seed ^ 0x6B657973ull, roster->track_count - 1);
	const struct profile_info *profile = profile_info(o->profile);
	const char *kind = codec_info(o->tracks[n])->video ? "video" : "audio";

	t->cfg.codec = o->tracks[n];
	t->cfg.payload_type = payload_type(t->cfg.codec);
	t->cfg.profile = o->profile;
	rng_fill(&rng, t->cfg.key, (size_t)profile->key_bytes + profile->salt_bytes);
	do
		t->cfg.ssrc = (uint32_t)rng_next(&rng);
	while (t->cfg.ssrc == 0 || is_taken(roster, s, t->cfg.ssrc));
	if (own_room)
		snprintf(t->id, sizeof(t->id), "%s%u", kind, n);
	else
		snprintf(t->id, sizeof(t->id), "%s%u-%u", kind, n, t->session);
	return 0;
}

int roster_compose(struct roster *roster, const struct options *o)
{
	for (unsigned i = 0; i < o->sessions; i++) {
		struct roster_session *s = roster_add_session(roster);

		if (!s)
			return -ENOMEM;
		bool own_room = expand(s->room, sizeof(s->room), o->room, i);
		expand(s->participant, sizeof(s->participant), o->participant, i);
		for (unsigned t = 0; t < o->track_count; t++)
			if (compose_track(roster, o, s, t, own_room || o->sessions == 1))
				return -ENOMEM;
	}
	return 0;
}

int roster_add_record(struct roster_track *track, const char *name)
{
	for (unsigned i = 0; i < track->record_count; i++)
		if (!strcmp(track->records[i], name))
			return 0;
	if (track->record_count == ROSTER_RECORDS_MAX)
		return 0;
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	track->records[track->record_count++] = copy;
	return 0;
}
