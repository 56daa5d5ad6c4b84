/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/torn.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES (64 << 10)

/* Bytes of @sector up to the last that is not zero. */
static size_t filled(const uint8_t *sector, size_t len)
{
	while (len && !sector[len - 1])
		len--;
	return len;
}

int torn_end(int fd, uint64_t from, uint64_t size, uint64_t *ret_end)
{
	uint64_t at = from - from % TORN_SECTOR_BYTES, end = from;
	uint8_t *buf = malloc(READ_BYTES);
	bool over = false;
	int err = buf ? 0 : -ENOMEM;

	while (!err && !over && at < size) {
		ssize_t n = pread(fd, buf, READ_BYTES, (off_t)at);

		if (n <= 0) {
			err = n < 0 ? -errno : 0;
			break;
		}
		for (size_t i = 0; !over && i < (size_t)n; i += TORN_SECTOR_BYTES) {
			size_t len = (size_t)n - i < TORN_SECTOR_BYTES ? (size_t)n - i : TORN_SECTOR_BYTES;
			size_t have = filled(buf + i, len);

			over = !have && at + i >= from;
			if (have && at + i + have > end)
				end = at + i + have;
		}
		at += (uint64_t)n;
	}
	free(buf);
	if (!err)
		*ret_end = end < size ? end : size;
	return err;
}
