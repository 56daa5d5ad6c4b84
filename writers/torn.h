/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the bytes end that reached the disk, in a file whose format has no lengths to tell: what a crash left
 * behind them are zeros, of O_DIRECT's padding, of space set aside, or of a block that was not written. */
#ifndef WRITERS_TORN_H
#define WRITERS_TORN_H

#include <stdint.h>

#define TORN_SECTOR_BYTES 512 /* the least that a disk writes whole */

/* The end of the data of @fd, which has @size bytes, of which those before @from are known to be there: the
 * first sector of zeros alone ends it, and zeros before that are none of it. 0 or -errno. Any thread. */
int torn_end(int fd, uint64_t from, uint64_t size, uint64_t *ret_end);

#endif
