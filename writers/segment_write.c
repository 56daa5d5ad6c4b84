/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/segment_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/stat.h"

#define PAGE BLOCK_PAGE_BYTES

static uint64_t page_down(uint64_t offset)
{
	return offset & ~(uint64_t)(PAGE - 1);
}

static uint64_t page_up(uint64_t offset)
{
	return page_down(offset + PAGE - 1);
}

static void release(struct segment *segment, struct block *block)
{
	if (--block->refs == 0)
		block_put(storage_blocks(segment->storage), block);
}

void segment_write_drop(struct segment *segment)
{
	while (segment->first) {
		struct block *block = segment->first;
		segment->first = block->next;
		release(segment, block);
	}
	segment->last = NULL;
}

/* Writes leave the list in the order of the file; a failed one is the end of what is good. */
static void retire_writes(struct segment *segment)
{
	while (segment->writes && segment->writes->done) {
		struct segment_write *write = segment->writes;

		segment->writes = write->next;
		segment->broken |= write->failed;
		if (!segment->broken)
			segment->written = write->to;
		free(write);
	}
	if (!segment->writes)
		segment->writes_last = NULL;
	if (segment->slot)
		stat_set(segment->slot, STAT_TRACK_file_bytes, segment->written);
}

static void submit(struct segment *segment, struct segment_write *write)
{
	write->direct = segment->direct;
	segment->inflight++;
	uring_write(storage_uring(segment->storage), &write->op, segment->file->fd, write->bytes, write->len,
	        write->from, write->block->buffer, write->direct ? PAGE : 1);
}

/* A file system may take the flag, and not the writes: then on without it, unless it was asked for. */
static bool retry_buffered(struct segment *segment, struct segment_write *write)
{
	if (!write->direct || storage_cfg(segment->storage)->conf->record_io != CONF_IO_AUTO ||
	        fcntl(segment->file->fd, F_SETFL, 0) < 0)
		return false;
	segment->direct = segment->file->direct = false;
	submit(segment, write);
	return true;
}

static void reserve_ahead(struct segment *segment)
{
	struct filer_file *file = segment->file;

	if (!segment->preallocate_bytes || segment->reserving || segment->finishing ||
	        segment->written + segment->preallocate_bytes / 2 < segment->reserved)
		return;
	file->reserve_at = segment->reserved;
	file->reserve_bytes = segment->preallocate_bytes;
	segment->reserved += segment->preallocate_bytes;
	segment->reserving = true;
	segment->inflight++;
	filer_submit(storage_cfg(segment->storage)->filer, file, FILER_RESERVE);
}

static void write_done(struct uring_op *op, int status)
{
	struct segment_write *write = (struct segment_write *)op;
	struct segment *segment = write->segment;

	segment->inflight--;
	if (status == -EINVAL && retry_buffered(segment, write))
		return;
	release(segment, write->block);
	if (write->tail)
		segment->tail_busy = false;
	write->done = true;
	write->failed = status < 0;
	retire_writes(segment);
	if (status < 0)
		segment_fail(segment, status, "write");
	if (!segment->status) {
		segment_write_push(segment, segment->flush_wanted);
		if (storage_cfg(segment->storage)->conf->record_sync_interval_ms && !segment->finishing)
			storage_arm(segment->storage, STORAGE_SYNC, &segment->sync);
		reserve_ahead(segment);
	}
	segment_step(segment);
}

/* Send @len bytes of @block, to lie at @from; the write takes a reference. False: no memory for it now. */
static bool send(struct segment *segment, struct block *block, const uint8_t *bytes, uint64_t from,
        uint32_t len, uint64_t to, bool tail)
{
	struct segment_write *write = malloc(sizeof(*write));

	if (!write)
		return false;
	*write = (struct segment_write){ .op.done = write_done,
		.segment = segment,
		.block = block,
		.bytes = bytes,
		.from = from,
		.len = len,
		.to = to,
		.tail = tail };
	block->refs++;
	if (segment->writes_last)
		segment->writes_last->next = write;
	else
		segment->writes = write;
	segment->writes_last = write;
	segment->tail_busy |= tail;
	segment->flushed = to;
	submit(segment, write);
	return true;
}

/* From `sent` to @to, which lies in the first block. */
static bool send_up_to(struct segment *segment, uint64_t to)
{
	struct block *block = segment->first;

	if (to == segment->sent)
		return true;
	if (!send(segment, block, block->data + (segment->sent - block->offset), segment->sent,
	            (uint32_t)(to - segment->sent), to, false))
		return false;
	segment->sent = to;
	return true;
}

/* Nothing will be appended any more: the rest goes out from its own block, padded in place, so that a file
 * can be ended when no block is free. @up: the end, on a page. */
static bool send_last(struct segment *segment, uint64_t up)
{
	struct block *block = segment->first;

	memset(block->data + (segment->committed - block->offset), 0, (size_t)(up - segment->committed));
	return send(segment, block, block->data + (segment->sent - block->offset), segment->sent,
	        (uint32_t)(up - segment->sent), segment->committed, false);
}

/* A block that a copy of so many bytes fits into; NULL: there is none, or they are too many. */
static struct block *get_copy(struct segment *segment, uint64_t len)
{
	if (len > BLOCK_COPY_BYTES)
		return NULL;
	return block_get(storage_blocks(segment->storage), BLOCK_COPY,
	        len > BLOCK_PAGE_BYTES ? BLOCK_COPY_BYTES : BLOCK_PAGE_BYTES);
}

/* What is committed of a block that is not full. With O_DIRECT its last page goes out as a copy, padded with
 * zeros: the open frame behind it must not reach the disk, and the page goes out again when there is more of
 * it. A short range is copied whole, for one write instead of two. */
static bool send_rest(struct segment *segment)
{
	uint64_t tail = page_down(segment->committed), up = page_up(segment->committed), from = tail;
	struct block *copy, *block = segment->first;
	size_t len;
	bool sent;

	if (!segment->direct || tail == segment->committed)
		return send_up_to(segment, segment->committed);
	if (segment->finishing)
		return send_last(segment, up);
	copy = get_copy(segment, up - segment->sent);
	if (copy) {
		from = segment->sent;
	} else {
		copy = get_copy(segment, up - from);
		if (!copy)
			return false;
		if (!send_up_to(segment, tail)) {
			release(segment, copy);
			return false;
		}
	}
	len = (size_t)(segment->committed - from);
	memcpy(copy->data, block->data + (from - block->offset), len);
	memset(copy->data + len, 0, (size_t)(up - segment->committed));
	sent = send(segment, copy, copy->data, from, (uint32_t)(up - from), segment->committed, true);
	release(segment, copy);
	if (sent)
		segment->sent = tail;
	return sent;
}

static void detach_first(struct segment *segment)
{
	struct block *block = segment->first;

	segment->first = block->next;
	if (!segment->first)
		segment->last = NULL;
	release(segment, block);
}

void segment_write_push(struct segment *segment, bool flush)
{
	bool stalled = false;

	segment->flush_wanted |= flush;
	if (!segment->opened || segment->status || segment->tail_busy)
		return;
	while (segment->first && !stalled) {
		uint64_t block_end = segment->first->offset + segment->first->bytes;

		if (segment->committed < block_end) {
			if (segment->flush_wanted && segment->flushed < segment->committed)
				stalled = !send_rest(segment);
			break;
		}
		stalled = !send_up_to(segment, block_end);
		if (!stalled)
			detach_first(segment);
	}
	if (stalled)
		storage_arm(segment->storage, STORAGE_RETRY, &segment->retry);
	else
		segment->flush_wanted = false;
}

static void journal_done(struct uring_op *op, int status)
{
	struct segment *segment = op->owner;

	segment->inflight--;
	segment->journal_busy = false;
	free(segment->journal_text);
	segment->journal_text = NULL;
	segment->journal_offset += segment->journal_text_bytes;
	if (status < 0 && !segment->journal_failed) {
		segment->journal_failed = true;
		log_warn("%s: its journal cannot be written: %s; the sidecar will lack what comes now",
		        segment->file->name, strerror(-status));
	}
	if (segment->journal.len && !segment->finishing)
		storage_arm(segment->storage, STORAGE_FLUSH, &segment->flush); /* what came meanwhile */
	segment_step(segment);
}

static void tell_lost_lines(struct segment *segment)
{
	char event[64];
	uint64_t lost = segment->journal.lost - segment->journal_lost_told;
	int len = snprintf(event, sizeof(event), "{\"event\":\"journal_lost\",\"lines\":%llu}",
	        (unsigned long long)lost);

	if (!lost)
		return;
	segment->journal_lost_told = segment->journal.lost;
	journal_add(&segment->journal, JOURNAL_EVENT, event, (size_t)len);
}

void segment_write_journal(struct segment *segment)
{
	if (!segment->opened || segment->journal_busy || segment->journal_failed)
		return;
	segment->journal_text_bytes = journal_take(&segment->journal, &segment->journal_text);
	if (!segment->journal_text_bytes)
		return;
	tell_lost_lines(segment);
	segment->journal_busy = true;
	segment->inflight++;
	segment->journal_op.done = journal_done;
	segment->journal_op.owner = segment;
	uring_write(storage_uring(segment->storage), &segment->journal_op, segment->file->journal_fd,
	        segment->journal_text, (uint32_t)segment->journal_text_bytes, segment->journal_offset,
	        URING_NO_BUFFER, 1);
}

static void sync_done(struct uring_op *op, int status)
{
	struct segment *segment = op->owner;

	segment->inflight--;
	if (op == &segment->sync_op)
		segment->syncing = false;
	else
		segment->journal_syncing = false;
	if (status < 0)
		segment_fail(segment, status, "fdatasync");
	else if (segment->synced < segment->written && !segment->status && !segment->finishing)
		storage_arm(segment->storage, STORAGE_SYNC, &segment->sync); /* written meanwhile */
	segment_step(segment);
}

static void sync_file(struct segment *segment, struct uring_op *op, int fd)
{
	segment->inflight++;
	op->done = sync_done;
	op->owner = segment;
	uring_sync(storage_uring(segment->storage), op, fd);
}

void segment_write_sync(struct segment *segment)
{
	if (!segment->opened || segment->status)
		return;
	if (!segment->syncing && segment->synced < segment->written) {
		segment->syncing = true;
		segment->synced = segment->written;
		sync_file(segment, &segment->sync_op, segment->file->fd);
	}
	if (!segment->journal_syncing && segment->journal_synced < segment->journal_offset) {
		segment->journal_syncing = true;
		segment->journal_synced = segment->journal_offset;
		sync_file(segment, &segment->journal_sync_op, segment->file->journal_fd);
	}
}
