/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/fnv.h"
#include "base/id.h"

static unsigned bucket_of(uint64_t hash)
{
	return (unsigned)((hash ^ hash >> 32) % SESSION_TABLE_BUCKETS);
}

static unsigned id_bucket(const struct session_table *t, const char *id)
{
	return bucket_of(fnv_1a_text(t->seed, id));
}

static unsigned claim_bucket(const struct session_table *t, const char *room, const char *track)
{
	return bucket_of(fnv_1a_text(fnv_1a_text(t->seed, room), track));
}

void session_table_init(struct session_table *t)
{
	memset(t, 0, sizeof(*t));
	id_random(&t->seed, sizeof(t->seed));
	TAILQ_INIT(&t->by_age);
	TAILQ_INIT(&t->by_end);
}

static void free_session(struct session *s)
{
	explicit_bzero(s->tracks, s->track_count * sizeof(s->tracks[0]));
	explicit_bzero(&s->keys, sizeof(s->keys));
	explicit_bzero(&s->ice, sizeof(s->ice));
	free(s->files);
	free(s);
}

void session_table_clear(struct session_table *t)
{
	for (struct session *s; (s = TAILQ_FIRST(&t->by_age));) {
		TAILQ_REMOVE(&t->by_age, s, by_age);
		free_session(s);
	}
}

struct session *session_table_find(const struct session_table *t, const char *id)
{
	struct session *s;

	LIST_FOREACH(s, &t->ids[id_bucket(t, id)], by_id)
	{
		if (!strcmp(s->id, id))
			return s;
	}
	return NULL;
}

struct session *session_table_claimant(const struct session_table *t, const char *room, const char *track)
{
	struct session_track *claim;

	LIST_FOREACH(claim, &t->claims[claim_bucket(t, room, track)], by_claim)
	{
		if (!strcmp(claim->msg.id, track) && !strcmp(claim->session->room, room))
			return claim->session;
	}
	return NULL;
}

/* Adopted sessions may come in any order; others are the newest. */
static void insert_by_age(struct session_table *t, struct session *s)
{
	struct session *older = TAILQ_LAST(&t->by_age, session_list);

	while (older && older->opened_unix_ns > s->opened_unix_ns)
		older = TAILQ_PREV(older, session_list, by_age);
	if (older)
		TAILQ_INSERT_AFTER(&t->by_age, older, s, by_age);
	else
		TAILQ_INSERT_HEAD(&t->by_age, s, by_age);
}

static void copy_opening(struct session *s, const struct msg_session_open *open)
{
	memcpy(s->id, open->id, sizeof(s->id));
	memcpy(s->room, open->room, sizeof(s->room));
	memcpy(s->participant, open->participant, sizeof(s->participant));
	s->transport = (enum msg_transport)open->transport;
	s->ice = open->ice;
	s->reduced_rtcp = open->reduced_rtcp;
	memcpy(s->extensions, open->extensions, sizeof(s->extensions));
	s->addr = open->addr;
	s->port = open->port;
	s->idle_timeout_s = open->idle_timeout_s;
	s->max_duration_s = open->max_duration_s;
	s->opened_unix_ns = open->opened_unix_ns;
	s->track_count = open->track_count;
	for (unsigned i = 0; i < open->track_count; i++) {
		s->tracks[i].msg = open->tracks[i];
		s->tracks[i].msg.stat_index = SESSION_TABLE_NO_INDEX;
		s->tracks[i].session = s;
	}
}

struct session *session_table_add(struct session_table *t, const struct msg_session_open *open)
{
	struct session *s = calloc(1, sizeof(*s) + open->track_count * sizeof(s->tracks[0]));

	if (!s)
		return NULL;
	copy_opening(s, open);
	s->state = MSG_SESSION_WAITING;
	insert_by_age(t, s);
	LIST_INSERT_HEAD(&t->ids[id_bucket(t, s->id)], s, by_id);
	for (unsigned i = 0; i < s->track_count; i++) {
		if (!s->tracks[i].msg.layer_of)
			LIST_INSERT_HEAD(&t->claims[claim_bucket(t, s->room, s->tracks[i].msg.id)],
			        &s->tracks[i], by_claim);
	}
	t->live++;
	return s;
}

void session_table_to_open(const struct session *s, struct msg_session_open *ret_open)
{
	memset(ret_open, 0, sizeof(*ret_open));
	memcpy(ret_open->id, s->id, sizeof(s->id));
	memcpy(ret_open->room, s->room, sizeof(s->room));
	memcpy(ret_open->participant, s->participant, sizeof(s->participant));
	ret_open->transport = (uint8_t)s->transport;
	ret_open->ice = s->ice;
	ret_open->reduced_rtcp = s->reduced_rtcp;
	memcpy(ret_open->extensions, s->extensions, sizeof(s->extensions));
	ret_open->addr = s->addr;
	ret_open->port = s->port;
	ret_open->idle_timeout_s = s->idle_timeout_s;
	ret_open->max_duration_s = s->max_duration_s;
	ret_open->opened_unix_ns = s->opened_unix_ns;
	ret_open->track_count = (uint8_t)s->track_count;
	for (unsigned i = 0; i < s->track_count; i++)
		ret_open->tracks[i] = s->tracks[i].msg;
}

/* No longer live: the names and keys go. */
static void retire(struct session_table *t, struct session *s)
{
	for (unsigned i = 0; i < s->track_count; i++) {
		if (!s->tracks[i].msg.layer_of)
			LIST_REMOVE(&s->tracks[i], by_claim);
		explicit_bzero(s->tracks[i].msg.key, sizeof(s->tracks[i].msg.key));
		explicit_bzero(s->tracks[i].msg.send_key, sizeof(s->tracks[i].msg.send_key));
	}
	explicit_bzero(&s->keys, sizeof(s->keys));
	explicit_bzero(s->ice.pwd, sizeof(s->ice.pwd));
	t->live--;
}

void session_table_end(struct session_table *t, struct session *s, enum msg_session_state_id state)
{
	retire(t, s);
	s->state = state;
	s->ended_unix_ns = clk_wall_ns();
	s->ended_mono_ns = clk_mono_ns();
	TAILQ_INSERT_TAIL(&t->by_end, s, by_end);
	t->ended++;
}

void session_table_remove(struct session_table *t, struct session *s)
{
	if (session_table_has_ended(s)) {
		TAILQ_REMOVE(&t->by_end, s, by_end);
		t->ended--;
	} else {
		retire(t, s);
	}
	TAILQ_REMOVE(&t->by_age, s, by_age);
	LIST_REMOVE(s, by_id);
	free_session(s);
}

void session_table_prune(struct session_table *t, uint64_t now_mono_ns)
{
	for (struct session *s; (s = TAILQ_FIRST(&t->by_end));) {
		if (t->ended <= SESSION_TABLE_ENDED &&
		        now_mono_ns - s->ended_mono_ns < SESSION_TABLE_ENDED_S * CLK_NS_PER_S)
			break;
		session_table_remove(t, s);
	}
}

static struct session_file *find_file(struct session *s, const char *name)
{
	for (unsigned i = 0; i < s->file_count; i++) {
		if (!strcmp(s->files[i].name, name))
			return &s->files[i];
	}
	return NULL;
}

static struct session_file *new_file(struct session *s)
{
	struct session_file *files;

	if (s->file_count == SESSION_TABLE_FILES) {
		memmove(s->files, s->files + 1, (SESSION_TABLE_FILES - 1) * sizeof(*files));
		return &s->files[SESSION_TABLE_FILES - 1];
	}
	files = reallocarray(s->files, s->file_count + 1, sizeof(*files));
	if (!files)
		return NULL;
	s->files = files;
	return &files[s->file_count++];
}

static void drop_file(struct session *s, struct session_file *file)
{
	size_t behind = (size_t)(&s->files[s->file_count] - (file + 1));

	memmove(file, file + 1, behind * sizeof(*file));
	s->file_count--;
}

int session_table_put_file(struct session *s, const struct msg_file_state *msg)
{
	struct session_file *file = find_file(s, msg->name);

	if (msg->state == MSG_FILE_DISCARDED) {
		if (file)
			drop_file(s, file);
		return 0;
	}
	if (!file)
		file = new_file(s);
	if (!file)
		return -ENOMEM;
	memcpy(file->name, msg->name, sizeof(file->name));
	memcpy(file->track, msg->track, sizeof(file->track));
	file->state = msg->state;
	file->bytes = msg->bytes;
	return 0;
}
