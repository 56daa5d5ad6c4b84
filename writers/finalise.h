/* SPDX-License-Identifier: BSD-3-Clause */
/* The last steps of a recording's life as a part: what the filer does when a file ends, and repair when one
 * was left.
 *
 *   1  head patched, cut to its size, fdatasync        the part is whole, and looks so to repair
 *   2  SHA-256, sidecar written, synced, renamed       a sidecar beside a part: repair makes it anew
 *   3  directory synced                                the sidecar is durable before …
 *   4  part renamed to its final name                  … the recording exists: a finished pair
 *   5  journal removed, directory synced               a journal beside a finished pair: repair removes it
 *
 * A crash between any two leaves a part that repair finishes, or a finished pair. Blocks; filer's threads and
 * repair.
 */
#ifndef WRITERS_FINALISE_H
#define WRITERS_FINALISE_H

#include <stddef.h>
#include <stdint.h>
#include "writers/sha256.h"

/* Step 1. Write @head to the start of @fd and cut it to @size. 0 or -errno. */
int finalise_media(int fd, const void *head, size_t head_bytes, uint64_t size);

/* The digest of the first @size bytes. 0, -EIO (the file is shorter), -errno. */
int finalise_digest(int fd, uint64_t size, uint8_t ret_digest[SHA256_BYTES]);

/* Steps 3 to 5. 0; -EEXIST (something else took the name meanwhile: the part stays); -errno. */
int finalise_publish(int dir_fd, const char *name);

/* Write all of @len bytes at @offset, whatever it takes. 0 or -errno. */
int finalise_pwrite(int fd, const void *bytes, size_t len, uint64_t offset);

/* The directory @path as a descriptor that can be synced, or -errno. */
int finalise_open_dir(const char *path);

#endif
