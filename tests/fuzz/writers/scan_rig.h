/* SPDX-License-Identifier: BSD-3-Clause */
/* A container's scan under a fuzzer: of any file, and of what it was repaired to. Header only: each target is
 * one source file. */
#ifndef TESTS_FUZZ_WRITERS_SCAN_RIG_H
#define TESTS_FUZZ_WRITERS_SCAN_RIG_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "writers/mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mux_scan scan_first, scan_second;

/* A file that was repaired as the scan says is whole: a second scan finds the same, and nothing to do. */
static void scan_repaired(const struct mux_ops *ops, int fd)
{
	const struct mux_scan *first = &scan_first, *second = &scan_second;

	if (first->head_bytes && pwrite(fd, first->head, first->head_bytes, 0) < 0)
		abort();
	if (first->tail_rewrite && pwrite(fd, first->tail, first->tail_bytes, (off_t)first->tail_offset) < 0)
		abort();
	if (ftruncate(fd, (off_t)first->valid_bytes) || ops->scan(fd, first->valid_bytes, &scan_second))
		abort();
	if (second->valid_bytes != first->valid_bytes || second->frames != first->frames ||
	        second->first_pts != first->first_pts || second->last_pts != first->last_pts ||
	        second->tail_rewrite)
		abort();
}

/* What was found in a file of @data, after it was repaired and scanned again; NULL: nothing. Repair adds
 * @added bytes at the most. */
static const struct mux_scan *scan_file(
        const struct mux_ops *ops, const uint8_t *data, size_t size, size_t added)
{
	int fd = memfd_create("scan", MFD_CLOEXEC), err;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	err = ops->scan(fd, size, &scan_first);
	if (!err) {
		if (scan_first.valid_bytes > size + added || scan_first.last_pts < scan_first.first_pts)
			abort();
		scan_repaired(ops, fd);
	}
	close(fd);
	return err ? NULL : &scan_first;
}

#endif
