/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/memory_segment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct memory_segment_plan memory_segment_plan = { .room = UINT64_MAX };
struct segment *memory_segments[MEMORY_SEGMENTS];
unsigned memory_segment_count;

void memory_segment_reset(void)
{
	for (unsigned i = 0; i < memory_segment_count; i++) {
		free(memory_segments[i]->bytes);
		free(memory_segments[i]->meta);
		free(memory_segments[i]->notes);
		free(memory_segments[i]->json_end);
		free(memory_segments[i]);
	}
	memory_segment_count = 0;
	memory_segment_plan = (struct memory_segment_plan){ .room = UINT64_MAX };
}

int segment_begin(struct segment **ret_segment, struct storage *storage, const struct segment_cfg *cfg)
{
	struct segment *segment;

	if (memory_segment_plan.begin_fails)
		return memory_segment_plan.begin_fails;
	if (memory_segment_count == MEMORY_SEGMENTS) /* fuzzing: the oldest goes */
		memory_segment_reset();
	segment = calloc(1, sizeof(*segment));
	segment->meta = strndup(cfg->meta, cfg->meta_bytes);
	segment->small = cfg->audio;
	snprintf(segment->name, sizeof(segment->name), "file-%u.%s", memory_segment_count, cfg->name.ext);
	memory_segments[memory_segment_count++] = segment;
	*ret_segment = segment;
	return 0;
}

void segment_prefetch(const struct segment *segment, size_t len)
{
}

int segment_append(struct segment *segment, const void *bytes, size_t len)
{
	if (memory_segment_plan.fail)
		segment->status = memory_segment_plan.fail;
	if (segment->status)
		return -EIO;
	if (len > memory_segment_plan.room)
		return -ENOBUFS;
	if (memory_segment_plan.room != UINT64_MAX)
		memory_segment_plan.room -= len;
	if (segment->end + len > segment->size) {
		segment->size = (segment->end + len) * 2;
		segment->bytes = realloc(segment->bytes, segment->size);
	}
	memcpy(segment->bytes + segment->end, bytes, len);
	segment->end += len;
	return 0;
}

uint64_t segment_end(const struct segment *segment)
{
	return segment->end;
}

void segment_patch(struct segment *segment, uint64_t offset, const void *bytes, size_t len)
{
	if (offset < segment->committed || offset + len > segment->end)
		abort();
	memcpy(segment->bytes + offset, bytes, len);
}

void segment_commit(struct segment *segment)
{
	segment->committed = segment->end;
}

void segment_flush(struct segment *segment)
{
	segment->flushed = segment->committed;
}

void segment_cut(struct segment *segment)
{
	segment->end = segment->committed;
}

void segment_rewind(struct segment *segment, uint64_t offset)
{
	if (offset < segment->committed || offset > segment->end)
		abort();
	segment->end = offset;
}

void segment_note(struct segment *segment, enum journal_kind kind, const char *json, size_t len)
{
	segment->notes = realloc(segment->notes, segment->notes_bytes + len + 4);
	segment->notes_bytes += (size_t)sprintf(
	        segment->notes + segment->notes_bytes, "%c %.*s\n", (char)kind, (int)len, json);
}

int segment_status(const struct segment *segment)
{
	return segment->status;
}

const char *segment_name(const struct segment *segment)
{
	return memory_segment_plan.unnamed ? NULL : segment->name;
}

void segment_finish(
        struct segment *segment, const void *head, size_t head_bytes, const char *end, size_t end_bytes)
{
	segment_cut(segment);
	if (head_bytes && head_bytes <= segment->end)
		memcpy(segment->bytes, head, head_bytes);
	segment->json_end = strndup(end, end_bytes);
	segment->finished = true;
}

void segment_discard(struct segment *segment)
{
	segment->finished = segment->discarded = true;
}

unsigned memory_segment_notes(unsigned i, const char *text)
{
	const char *at = i < memory_segment_count ? memory_segments[i]->notes : NULL;
	unsigned count = 0;

	for (; at && (at = strstr(at, text)); at++)
		count++;
	return count;
}

bool memory_segment_end_has(unsigned i, const char *text)
{
	return i < memory_segment_count && memory_segments[i]->json_end &&
	       strstr(memory_segments[i]->json_end, text);
}

bool memory_segment_meta_has(unsigned i, const char *text)
{
	return i < memory_segment_count && strstr(memory_segments[i]->meta, text);
}

int memory_segment_file(unsigned i)
{
	int fd = memfd_create("segment", MFD_CLOEXEC);

	if (fd < 0 || write(fd, memory_segments[i]->bytes, memory_segments[i]->committed) !=
	                      (ssize_t)memory_segments[i]->committed)
		abort();
	return fd;
}
