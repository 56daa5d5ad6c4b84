/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "writers/mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mux_scan first, second;

/* A file that was repaired as the scan says is whole: a second scan finds the same, and nothing to do. */
static void check_repaired(int fd)
{
	if (first.head_bytes && pwrite(fd, first.head, first.head_bytes, 0) < 0)
		abort();
	if (first.tail_rewrite && pwrite(fd, first.tail, first.tail_bytes, (off_t)first.tail_offset) < 0)
		abort();
	if (ftruncate(fd, (off_t)first.valid_bytes) || mux_ivf.scan(fd, first.valid_bytes, &second))
		abort();
	if (second.valid_bytes != first.valid_bytes || second.frames != first.frames ||
	        second.first_pts != first.first_pts || second.last_pts != first.last_pts ||
	        second.tail_rewrite)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("scan", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (mux_ivf.scan(fd, size, &first) == 0) {
		if (!first.frames || first.valid_bytes > size || first.last_pts < first.first_pts)
			abort();
		check_repaired(fd);
	}
	close(fd);
	return 0;
}
