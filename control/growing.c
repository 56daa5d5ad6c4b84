/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/growing.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/stat.h"
#include "control/dataplane.h"

struct growing_entry {
	struct library_open_file file;
	uint32_t stat_index;
	bool superseded; /* the track's counter is another file's by now */
	bool old;        /* said by an earlier connection, and not again by now: shown to nobody */
};

struct growing {
	pthread_mutex_t lock;
	struct growing_entry *entries;
	unsigned count, size;
};

int growing_create(struct growing **ret_growing)
{
	struct growing *growing = calloc(1, sizeof(*growing));

	if (!growing)
		return -ENOMEM;
	pthread_mutex_init(&growing->lock, NULL);
	*ret_growing = growing;
	return 0;
}

void growing_free(struct growing *growing)
{
	if (!growing)
		return;
	pthread_mutex_destroy(&growing->lock);
	free(growing->entries);
	free(growing);
}

static void growing_describe(struct library_open_file *file, const struct msg_session_open *opening)
{
	strcpy(file->room, opening->room);
	strcpy(file->participant, opening->participant);
	for (unsigned i = 0; i < opening->track_count && i < LIMIT_TRACKS_PER_SESSION; i++)
		if (!strcmp(opening->tracks[i].id, file->track))
			strcpy(file->promised, opening->tracks[i].promised);
}

static struct growing_entry *growing_by_name(struct growing *growing, const char *name)
{
	for (unsigned i = 0; i < growing->count; i++)
		if (!strcmp(growing->entries[i].file.name, name))
			return &growing->entries[i];
	return NULL;
}

static void growing_drop(struct growing *growing, struct growing_entry *entry)
{
	*entry = growing->entries[--growing->count];
}

/* Room for @file's entry: the one it has already, or a new one. */
static struct growing_entry *growing_place(struct growing *growing, const char *name)
{
	struct growing_entry *entry = growing_by_name(growing, name);

	if (entry)
		return entry;
	if (growing->count == growing->size) {
		unsigned size = growing->size ? growing->size * 2 : 64;
		struct growing_entry *entries = realloc(growing->entries, size * sizeof(*entries));
		if (!entries)
			return NULL;
		growing->entries = entries;
		growing->size = size;
	}
	return &growing->entries[growing->count++];
}

int growing_add(
        struct growing *growing, const struct msg_file_state *file, const struct msg_session_open *opening)
{
	pthread_mutex_lock(&growing->lock);
	for (unsigned i = 0; i < growing->count; i++)
		if (growing->entries[i].stat_index == file->stat_index)
			growing->entries[i].superseded = true;
	bool known = growing_by_name(growing, file->name) != NULL;
	struct growing_entry *entry = growing_place(growing, file->name);
	if (entry) {
		memset(entry, 0, sizeof(*entry));
		strcpy(entry->file.name, file->name);
		strcpy(entry->file.session, file->session);
		strcpy(entry->file.track, file->track);
		entry->file.started_unix_ns = file->started_unix_ns;
		entry->stat_index = file->stat_index;
		if (opening)
			growing_describe(&entry->file, opening);
	}
	pthread_mutex_unlock(&growing->lock);
	return entry ? known : -ENOMEM;
}

void growing_remove(struct growing *growing, const char *name)
{
	pthread_mutex_lock(&growing->lock);
	struct growing_entry *entry = growing_by_name(growing, name);
	if (entry)
		growing_drop(growing, entry);
	pthread_mutex_unlock(&growing->lock);
}

void growing_clear(struct growing *growing)
{
	pthread_mutex_lock(&growing->lock);
	for (unsigned i = 0; i < growing->count; i++)
		growing->entries[i].old = true;
	pthread_mutex_unlock(&growing->lock);
}

void growing_settle(struct growing *growing)
{
	pthread_mutex_lock(&growing->lock);
	for (unsigned i = growing->count; i-- > 0;)
		if (growing->entries[i].old)
			growing_drop(growing, &growing->entries[i]);
	pthread_mutex_unlock(&growing->lock);
}

/* A size only grows: the counter falls back to zero at a change of file, some time before its event comes. */
static void growing_read(void *arg, const struct stat_segment *stat)
{
	struct growing *growing = arg;

	for (unsigned i = 0; i < growing->count; i++) {
		struct growing_entry *entry = &growing->entries[i];
		const uint64_t *slot =
		        entry->superseded ? NULL : stat_slot(stat, STAT_SCOPE_TRACK, entry->stat_index);
		uint64_t bytes = slot ? stat_get(slot, STAT_TRACK_file_bytes) : 0;
		if (bytes > entry->file.bytes)
			entry->file.bytes = bytes;
	}
}

void growing_refresh(struct growing *growing, struct dataplane *dataplane)
{
	pthread_mutex_lock(&growing->lock);
	if (growing->count)
		dataplane_with_stats(dataplane, growing_read, growing);
	pthread_mutex_unlock(&growing->lock);
}

unsigned growing_list(struct growing *growing, struct library_open_file **ret_files)
{
	struct library_open_file *files = NULL;

	pthread_mutex_lock(&growing->lock);
	unsigned count = 0;
	if (growing->count)
		files = malloc(growing->count * sizeof(*files));
	for (unsigned i = 0; files && i < growing->count; i++)
		if (!growing->entries[i].old)
			files[count++] = growing->entries[i].file;
	if (!count) {
		free(files);
		files = NULL;
	}
	pthread_mutex_unlock(&growing->lock);
	*ret_files = files;
	return count;
}

bool growing_find(struct growing *growing, const char *name, struct library_open_file *ret_file)
{
	pthread_mutex_lock(&growing->lock);
	struct growing_entry *entry = growing_by_name(growing, name);
	for (unsigned i = 0; !entry && i < growing->count; i++)
		if (!growing->entries[i].old && !strcmp(growing->entries[i].file.promised, name))
			entry = &growing->entries[i];
	bool found = entry && !entry->old;
	if (found)
		*ret_file = entry->file;
	pthread_mutex_unlock(&growing->lock);
	return found;
}
