/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/segment.h"
#include "writers/segment_state.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/log.h"
#include "base/stat.h"

#define OWNER(timer, member) ((struct segment *)((char *)(timer)-offsetof(struct segment, member)))

/* A file that is removed under way can be written for ever, to nobody's use. */
static void check_linked(struct segment *segment)
{
	struct stat stat;

	if (segment->opened && !segment->status && fstat(segment->file->fd, &stat) == 0 && stat.st_nlink == 0)
		segment_fail(segment, -ENOENT, "file removed");
}

static void flush_due(struct storage_timer *timer)
{
	struct segment *segment = OWNER(timer, flush);

	check_linked(segment);
	segment_write_push(segment, true);
	segment_write_journal(segment);
}

static void sync_due(struct storage_timer *timer)
{
	segment_write_sync(OWNER(timer, sync));
}

static void retry_due(struct storage_timer *timer)
{
	struct segment *segment = OWNER(timer, retry);

	segment_write_push(segment, segment->flush_wanted);
	segment_step(segment);
}

static void destroy(struct segment *segment)
{
	storage_disarm(segment->storage, &segment->flush);
	storage_disarm(segment->storage, &segment->sync);
	storage_disarm(segment->storage, &segment->retry);
	segment_write_drop(segment);
	journal_free(&segment->journal);
	filer_file_unref(segment->file);
	free(segment);
}

static void returned(struct filer_file *file, enum filer_job job)
{
	struct segment *segment = file->owner;

	segment->inflight--;
	switch (job) {
	case FILER_OPEN:
		if (file->status) {
			segment_fail(segment, file->status, "open");
		} else {
			segment->opened = true;
			segment->direct = file->direct;
			segment->journal_offset = file->journal_bytes;
			uring_add_file(storage_uring(segment->storage), file->fd);
			if (segment->flush_wanted)
				segment_write_journal(segment);
			segment_write_push(segment, segment->flush_wanted);
		}
		break;
	case FILER_RESERVE:
		segment->reserving = false;
		break;
	default:
		storage_file_ended(segment->storage, segment->track_arg,
		        file->status && file->status != -ENODATA ? file->status : segment->status);
		destroy(segment);
		return;
	}
	segment_step(segment);
}

static char *copy_of(const char *text, bool *ret_failed)
{
	char *copy = text ? strdup(text) : NULL;

	*ret_failed |= text && !copy;
	return copy;
}

static struct filer_file *make_file(struct segment *segment, const struct segment_cfg *cfg)
{
	struct filer_file *file = filer_file_new();
	bool failed = false;

	if (!file)
		return NULL;
	file->returned = returned;
	file->owner = segment;
	file->mail = storage_mail(segment->storage);
	file->template = copy_of(cfg->filename, &failed);
	file->room = copy_of(cfg->name.room, &failed);
	file->participant = copy_of(cfg->name.participant, &failed);
	file->track_id = copy_of(cfg->name.track_id, &failed);
	file->session_id = copy_of(cfg->name.session_id, &failed);
	file->ext = cfg->name.ext;
	file->unix_s = cfg->name.unix_s;
	file->meta = cfg->meta_bytes ? strndup(cfg->meta, cfg->meta_bytes) : NULL;
	file->started_unix_ns = cfg->started_unix_ns;
	file->stat_index = cfg->stat_index;
	file->reserve_bytes = cfg->preallocate_bytes;
	snprintf(file->session, sizeof(file->session), "%s", cfg->session ? cfg->session : "");
	snprintf(file->track, sizeof(file->track), "%s", cfg->track ? cfg->track : "");
	snprintf(file->promised, sizeof(file->promised), "%s", cfg->promised ? cfg->promised : "");
	if (failed || (cfg->meta_bytes && !file->meta)) {
		filer_file_unref(file);
		return NULL;
	}
	return file;
}

int segment_begin(struct segment **ret_segment, struct storage *storage, const struct segment_cfg *cfg)
{
	struct segment *segment = calloc(1, sizeof(*segment));
	int err;

	if (!segment)
		return -ENOMEM;
	segment->storage = storage;
	segment->audio = cfg->audio;
	segment->untimed = cfg->untimed;
	segment->slot = cfg->slot;
	segment->track_arg = cfg->track_arg;
	segment->preallocate_bytes = segment->reserved = cfg->preallocate_bytes;
	segment->flush.fire = flush_due;
	segment->sync.fire = sync_due;
	segment->retry.fire = retry_due;
	segment->file = make_file(segment, cfg);
	err = segment->file ? 0 : -ENOMEM;
	if (!err)
		err = storage_file_begun(
		        storage, segment->track_arg, segment->file, &segment->file->previous);
	if (err) {
		destroy(segment);
		return err;
	}
	if (segment->slot)
		stat_set(segment->slot, STAT_TRACK_file_bytes, 0);
	segment->inflight++;
	filer_submit(storage_cfg(storage)->filer, segment->file, FILER_OPEN);
	*ret_segment = segment;
	return 0;
}

/* A video file begins with as much as there is, so that its first frame goes to disk in one write: what a
 * crash leaves is that frame or nothing, and no part that cannot be repaired. Blocks go out as they are full,
 * the journal with the flush: where that tells the times, blocks are never small. */
static uint64_t wish_of(struct segment *segment)
{
	uint64_t wish = pace_wish(&segment->pace, segment->end, storage_now_ns(segment->storage),
	        segment_flush_ns(storage_cfg(segment->storage)->conf));

	return segment->untimed || (!segment->end && !segment->audio) ? BLOCK_LARGE_BYTES : wish;
}

static int add_block(struct segment *segment)
{
	uint64_t wish = wish_of(segment);
	struct block *block = block_get(storage_blocks(segment->storage),
	        segment->audio ? BLOCK_AUDIO : BLOCK_VIDEO, block_fit(wish));

	if (!block) {
		storage_count(segment->storage, STAT_WRITER_drop_no_block, 1);
		return -ENOBUFS;
	}
	block->offset = segment->end;
	if (segment->last)
		segment->last->next = block;
	else
		segment->first = block;
	segment->last = block;
	return 0;
}

int segment_append(struct segment *segment, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	if (segment->status)
		return -EIO;
	while (len > 0) {
		struct block *block = segment->last;
		size_t used = block ? (size_t)(segment->end - block->offset) : 0;
		size_t n = block ? block->bytes - used : 0;

		if (n == 0) {
			int err = add_block(segment);
			if (err)
				return err;
			continue;
		}
		if (n > len)
			n = len;
		memcpy(block->data + used, from, n);
		segment->end += n;
		from += n;
		len -= n;
	}
	return 0;
}

void segment_prefetch(const struct segment *segment, size_t len)
{
	const struct block *block = segment->last;
	const uint8_t *to;

	if (!block)
		return;
	to = block->data + (segment->end - block->offset);
	for (size_t at = 0; at < len && to + at < block->data + block->bytes; at += 64)
		__builtin_prefetch(to + at, 1);
}

uint64_t segment_end(const struct segment *segment)
{
	return segment->end;
}

void segment_patch(struct segment *segment, uint64_t offset, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	if (segment->status)
		return;
	assert(offset >= segment->committed && offset + len <= segment->end);
	for (struct block *block = segment->first; block && len > 0; block = block->next) {
		uint64_t block_end = block->offset + block->bytes;
		size_t n;

		if (offset >= block_end)
			continue;
		n = block_end - offset < len ? (size_t)(block_end - offset) : len;
		memcpy(block->data + (offset - block->offset), from, n);
		offset += n;
		from += n;
		len -= n;
	}
}

void segment_commit(struct segment *segment)
{
	if (segment->status || segment->end == segment->committed)
		return;
	storage_count(segment->storage, STAT_WRITER_bytes, segment->end - segment->committed);
	segment->committed = segment->end;
	storage_arm(segment->storage, STORAGE_FLUSH, &segment->flush);
	if (segment->committed >= segment->first->offset + segment->first->bytes)
		segment_write_push(segment, false);
}

void segment_cut(struct segment *segment)
{
	segment_rewind(segment, segment->committed);
}

void segment_rewind(struct segment *segment, uint64_t offset)
{
	struct block *kept = NULL, *cut = segment->first;

	if (segment->end == offset)
		return;
	assert(offset >= segment->committed && offset < segment->end);
	segment->end = offset;
	while (cut && cut->offset < offset) {
		kept = cut;
		cut = cut->next;
	}
	if (kept)
		kept->next = NULL;
	else
		segment->first = NULL;
	segment->last = kept;
	while (cut) {
		struct block *next = cut->next;
		block_put(storage_blocks(segment->storage), cut);
		cut = next;
	}
}

void segment_note(struct segment *segment, enum journal_kind kind, const char *json, size_t len)
{
	journal_add(&segment->journal, kind, json, len);
	storage_arm(segment->storage, STORAGE_FLUSH, &segment->flush);
}

void segment_flush(struct segment *segment)
{
	storage_disarm(segment->storage, &segment->flush);
	flush_due(&segment->flush);
}

int segment_status(const struct segment *segment)
{
	return segment->status;
}

const char *segment_name(const struct segment *segment)
{
	return segment->opened ? segment->file->name : NULL;
}

void segment_fail(struct segment *segment, int err, const char *what)
{
	const struct storage_cfg *cfg = storage_cfg(segment->storage);
	struct filer_file *file = segment->file;
	char why[LIMIT_REASON_BYTES + 1];

	if (segment->status)
		return;
	segment->status = err;
	segment_write_drop(segment);
	storage_disarm(segment->storage, &segment->retry);
	storage_disarm(segment->storage, &segment->sync);
	snprintf(why, sizeof(why), "disk: %s (%s)", strerror(-err), what);
	log_error("%s/%s: session %s, track %s: %s: %s; the track ends here", cfg->conf->record_dir,
	        file->name[0] ? file->name : "(new file)", file->session, file->track, what, strerror(-err));
	if (cfg->on_failed)
		cfg->on_failed(cfg->arg, segment->track_arg, why);
}

/* The last bytes are out, or never will be: over to the filer. */
static void close_file(struct segment *segment)
{
	struct filer_file *file = segment->file;

	segment->closing = true;
	if (!segment->opened) {
		storage_file_ended(segment->storage, segment->track_arg, segment->status);
		destroy(segment);
		return;
	}
	uring_remove_file(storage_uring(segment->storage), file->fd);
	file->size = segment->discarded ? 0 : segment->written;
	file->failed = segment->status;
	segment->inflight++;
	filer_submit(storage_cfg(segment->storage)->filer, file, FILER_CLOSE);
}

void segment_step(struct segment *segment)
{
	if (!segment->finishing || segment->closing || segment->inflight || segment->retry.armed)
		return;
	if (!segment->status && segment->flushed < segment->committed)
		segment_write_push(segment, true);
	segment_write_journal(segment);
	if (!segment->inflight && !segment->retry.armed)
		close_file(segment);
}

void segment_finish(
        struct segment *segment, const void *head, size_t head_bytes, const char *end, size_t end_bytes)
{
	struct filer_file *file = segment->file;

	assert(head_bytes <= FILER_HEAD_BYTES);
	segment_cut(segment);
	if (end_bytes) {
		journal_add(&segment->journal, JOURNAL_END, end, end_bytes);
		file->end = strndup(end, end_bytes); /* without it the journal's line has to do */
	}
	if (head_bytes)
		memcpy(file->head, head, head_bytes);
	file->head_bytes = head_bytes;
	segment->slot = NULL; /* the next file's from now on */
	segment->finishing = true;
	storage_disarm(segment->storage, &segment->flush);
	storage_disarm(segment->storage, &segment->sync);
	segment_step(segment);
}

void segment_discard(struct segment *segment)
{
	segment->discarded = true;
	segment_finish(segment, NULL, 0, NULL, 0);
}
