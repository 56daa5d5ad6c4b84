/* SPDX-License-Identifier: BSD-3-Clause */
/* A segment: one file while it is written. Bytes are appended to aligned blocks, committed at frame
 * boundaries, and reach the disk when a block is full or segment_flush_ns has passed; what is not committed
 * never does.
 *
 *   |------ written ------|--- committed ---|-- open frame --|
 *   0            readable = file_bytes                       end
 *
 * The file is opened, and at the end made durable, by the filer; segment_begin and segment_finish return at
 * once. All functions run on the writer's thread that owns the storage.
 */
#ifndef WRITERS_SEGMENT_H
#define WRITERS_SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/name.h"
#include "writers/journal.h"

struct segment;
struct storage; /* a writer thread's blocks, io_uring and way to the filer */

struct segment_cfg {
	const char *filename;        /* record.filename */
	struct name_parts name;      /* of the first packet; the name is settled (-2, -3, …) by the filer */
	const char *session, *track; /* for events */
	uint32_t stat_index;
	uint64_t *slot; /* TRACK counters: file_bytes is kept here */
	uint64_t started_unix_ns;
	uint64_t preallocate_bytes; /* 0: none */
	const char *promised;       /* the name to take if it is of this second and free; NULL: none */
	const char *meta;           /* JSON object: what the journal begins with (writers/journal.h) */
	size_t meta_bytes;
	bool audio;      /* its blocks are audio's */
	bool untimed;    /* its frames' times are in the journal alone, which bytes are not to run ahead of */
	void *track_arg; /* the struct track: for events; files of one track are chained by it */
};

/* Begin a file. 0, -ENOMEM. Blocks may be missing: then the first append fails. */
int segment_begin(struct segment **ret_segment, struct storage *storage, const struct segment_cfg *cfg);

/* Copy @len bytes to the end. 0; -ENOBUFS (no block is free: cut the frame and go on later); -EIO (the file
 * has failed). */
int segment_append(struct segment *segment, const void *bytes, size_t len);

/* Begin to fetch the place that the next @len bytes will have. */
void segment_prefetch(const struct segment *segment, size_t len);

/* Offset of the end. */
uint64_t segment_end(const struct segment *segment);

/* Overwrite bytes that are not committed yet. */
void segment_patch(struct segment *segment, uint64_t offset, const void *bytes, size_t len);

/* All up to the end is whole frames and may be written. */
void segment_commit(struct segment *segment);

/* Take back all that is not committed. */
void segment_cut(struct segment *segment);

/* Take back what lies from @offset on, which is not committed: the broken upper layer of a picture. */
void segment_rewind(struct segment *segment, uint64_t offset);

/* Send what is committed now, rather than when its time has come. */
void segment_flush(struct segment *segment);

/* How long bytes stay in memory, in a container's page or committed: two thirds of record.flush_interval. The
 * last third is for packets that wait for a missing one, for the frame under way, and for the disk. */
static inline uint64_t segment_flush_ns(const struct conf *conf)
{
	return (uint64_t)conf->record_flush_interval_ms * CLK_NS_PER_MS * 2 / 3;
}

/* Add a line to the journal: it is on disk by the next flush, and in the sidecar at the end. @json is an
 * object. */
void segment_note(struct segment *segment, enum journal_kind kind, const char *json, size_t len);

/* 0, or the negative errno that ended it: from then on appends fail, what was committed and written is
 * finalised. */
int segment_status(const struct segment *segment);

/* The name once the filer has settled it, else NULL; for linking segments. */
const char *segment_name(const struct segment *segment);

/* End the file. @head (may be empty) replaces the first bytes of the file; @end is the JSON object of final
 * figures (journal kind END). The segment is gone for the caller; the filer closes, reports and frees it. */
void segment_finish(
        struct segment *segment, const void *head, size_t head_bytes, const char *end, size_t end_bytes);

/* End the file and remove it: there is no frame in it. The segment is gone for the caller. */
void segment_discard(struct segment *segment);

#endif
