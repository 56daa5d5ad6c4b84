/* SPDX-License-Identifier: BSD-3-Clause */
/* A finished recording on disk: the media file and the sidecar that tells about it. Whatever is in a sidecar
 * is foreign: bounded, and each field may be missing or of another type. Any thread; who changes a pair
 * excludes others that do. */
#ifndef CONTROL_PAIR_H
#define CONTROL_PAIR_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "base/name.h"
#include "control/catalogue.h"

#define PAIR_SIDECAR_BYTES (16 << 20) /* a larger one is not read */
#define PAIR_SIDECAR_DEPTH 8u
#define PAIR_TEXT_BYTES    512 /* a longer string is left out of listings */
#define PAIR_KEYS          64  /* more are left out of listings */

/* What the file system says: 0, -ENOENT, -errno. Something that is no regular file is -ENOENT. */
int pair_stat(int dir_fd, const char *name, uint64_t *ret_bytes, uint64_t *ret_mtime_ns);

/* The catalogue's row of a pair; a media file without a (readable) sidecar makes one too. *ret_bad_sidecar:
 * there is one, and it makes no sense. 0, -ENOENT (no media file), -errno. */
int pair_read(int dir_fd, const char *name, struct catalogue_row *ret_row, bool *ret_bad_sidecar);

/* The sidecar whole, with name, size, modTime and url as the file system has them. NULL: there is no such
 * media file. */
json_t *pair_json(int dir_fd, const char *name);

/* Replace the sidecar's "upload" object in one step (a missing sidecar is made). 0 or -errno. */
struct pair_upload {
	const char *key, *etag;
	uint64_t finished_unix_ns;
};
int pair_set_upload(int dir_fd, const char *name, const struct pair_upload *upload);

/* Remove the media file, then the sidecar, durably. 0, -ENOENT (no media file; the sidecar is removed),
 * -errno. */
int pair_remove(int dir_fd, const char *name);

/* From the sidecar's JSON (NULL: none) to what a listing shows: scalars, and counts in place of long lists.
 * One line of text to free, or NULL: no memory. @row gets the fields that it has. */
char *pair_summary(const json_t *sidecar, struct catalogue_row *row);

#endif
