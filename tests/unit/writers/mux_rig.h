/* SPDX-License-Identifier: BSD-3-Clause */
/* One container's file on a segment in memory, and its scan. Header only: each test is one source file. */
#ifndef TESTS_UNIT_WRITERS_MUX_RIG_H
#define TESTS_UNIT_WRITERS_MUX_RIG_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/unit/writers/memory_segment.h"
#include "writers/mux.h"

static struct segment *segment;
static struct mux *mux;
static struct mux_scan scan;

static inline int mux_rig_create(void **state)
{
	const struct segment_cfg cfg = { .meta = "{}", .meta_bytes = 2, .name = { .ext = "mux" } };

	memory_segment_reset();
	return segment_begin(&segment, NULL, &cfg);
}

static inline int mux_rig_free(void **state)
{
	memory_segment_reset();
	return 0;
}

/* The file ends; the head that closes it must have so many bytes. */
static inline void mux_rig_finish(const struct mux_ops *ops, size_t want_head_bytes)
{
	uint8_t head[64];
	size_t head_bytes = 1;

	ops->finish(mux, head, &head_bytes);
	assert_int_equal(head_bytes, want_head_bytes);
	segment_finish(segment, head, head_bytes, "{}", 2);
}

/* What @scan says of a file with these bytes, nothing of it left as it was. */
static inline int mux_rig_scan(const struct mux_ops *ops, const void *bytes, size_t len)
{
	int fd = memfd_create("mux", MFD_CLOEXEC), err;

	assert_int_equal(write(fd, bytes, len), len);
	memset(&scan, 0xEE, sizeof(scan));
	err = ops->scan(fd, len, &scan);
	close(fd);
	return err;
}

#endif
