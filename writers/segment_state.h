/* SPDX-License-Identifier: BSD-3-Clause */
/* What a segment is made of; shared by writers/segment*.c alone.
 *
 *   blocks, in file order:   [ sent, under way ] [ first … ] [ … ] [ … last ]
 *                                              ^sent        ^committed  ^end
 *
 * A block leaves the chain when all of it has been sent; its memory goes back when its last write is done.
 * With O_DIRECT, `sent` lies on a page; the page behind it may be in the file already, as far as it was
 * committed at the last flush (`flushed`), padded with zeros.
 */
#ifndef WRITERS_SEGMENT_STATE_H
#define WRITERS_SEGMENT_STATE_H

#include <stdbool.h>
#include "writers/filer.h"
#include "writers/pace.h"
#include "writers/segment.h"
#include "writers/storage.h"

/* One write under way; in the order of the file, so that `written` grows without holes. */
struct segment_write {
	struct uring_op op;
	struct segment *segment;
	struct segment_write *next;
	struct block *block; /* holds a reference */
	uint64_t to;         /* the file is good up to here when this one and all before it are done */
	const void *bytes;   /* for a second try without O_DIRECT */
	uint64_t from;
	uint32_t len;
	bool tail; /* ends in a padded page: nothing that overlaps may be sent until it is done */
	bool direct, done, failed;
};

struct segment {
	/* written per frame */
	struct block *first, *last;
	uint64_t end, committed;
	struct storage *storage;
	int status;
	bool audio, untimed;
	struct pace pace;
	/* the file */
	bool opened, direct, tail_busy, flush_wanted, finishing, discarded, closing, broken, reserving,
	        syncing;
	uint64_t sent, flushed, written, synced, reserved;
	struct segment_write *writes, *writes_last;
	unsigned inflight; /* operations of all kinds, and jobs of the filer */
	struct filer_file *file;
	struct storage_timer flush, sync, retry;
	struct uring_op sync_op, journal_sync_op, journal_op;
	/* the journal */
	struct journal journal;
	bool journal_busy, journal_syncing, journal_failed;
	uint64_t journal_offset, journal_synced;
	uint64_t journal_lost_told; /* lines */
	char *journal_text;         /* under way */
	size_t journal_text_bytes;
	/* the owner's */
	uint64_t preallocate_bytes;
	uint64_t *slot;
	void *track_arg;
};

/* Send what is committed: whole blocks, and with @flush the rest, too. */
void segment_write_push(struct segment *segment, bool flush);

/* Send the journal's lines. */
void segment_write_journal(struct segment *segment);

/* fdatasync what is written. */
void segment_write_sync(struct segment *segment);

/* Give back all blocks that are not under way. */
void segment_write_drop(struct segment *segment);

/* Something under way has ended: on to the next step of finishing. Frees the segment when it was the last. */
void segment_step(struct segment *segment);

/* The file cannot be written any more: @err, while doing @what. */
void segment_fail(struct segment *segment, int err, const char *what);

#endif
