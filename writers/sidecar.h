/* SPDX-License-Identifier: BSD-3-Clause */
/* Sidecars: `<name>.json` says what a recording is and what happened to it. Composed when the file ends, of
 * its journal and of what is known of the file; one top-level field or array element a line, so memory does
 * not grow with it.
 *
 *   {
 *     "version": 1,
 *     "name": "demo_video0_1710123456.ivf",
 *     …
 *     "gaps": [
 *       {"at":"…","rtp":…},
 *       …
 *     ],
 *     "next": null,
 *     "repaired": false
 *   }
 *
 * Written under a temporary name, synced, renamed: a reader finds all of it or none. Blocks; filer's threads
 * and repair.
 */
#ifndef WRITERS_SIDECAR_H
#define WRITERS_SIDECAR_H

#include <stdbool.h>
#include <stdint.h>
#include "base/name.h"
#include "writers/sha256.h"

#define SIDECAR_VERSION   1
#define SIDECAR_TEMPORARY ".tmp" /* ".<name>.json.tmp" while it is written */

/* What is known of the file besides its journal. */
struct sidecar_facts {
	const char *name;
	uint64_t size;
	uint8_t sha256[SHA256_BYTES];
	const char *end; /* JSON object: as a last line of the journal, NULL: none */
	bool repaired;   /* bytes were cut off or made anew, or the journal has no end */
	/* Of a file whose track did not end it: what its bytes say. Overrides the journal's figures. */
	bool scanned;
	uint64_t frames; /* 0: they do not say */
	uint64_t first_pts, last_pts;
	uint64_t modified_unix_ns;
};

/* Compose and write the sidecar in the directory @dir_fd. @journal_fd -1: no journal. Durable but for the
 * directory itself. 0 or -errno; then nothing but the reserved space is left of it. */
int sidecar_write(int dir_fd, int journal_fd, const struct sidecar_facts *facts);

/* Set space aside for the sidecar of a file that is begun, so that a full disk cannot keep it from being
 * finished. What the file system cannot do is left undone. */
void sidecar_reserve(int dir_fd, const char *name);
/* Give it back: there will be no sidecar. */
void sidecar_unreserve(int dir_fd, const char *name);

/* Set "next" of the finished recording @name, for a successor that was repaired. 0; -ENOENT (no sidecar);
 * -EBADMSG (not one as written here); -errno. */
int sidecar_link(int dir_fd, const char *name, const char *next);

/* The temporary name of the sidecar of @name; ret_file holds NAME_FILE_BYTES. */
void sidecar_temporary(char ret_file[NAME_FILE_BYTES], const char *name);

/* Whether the directory entry @entry is such a temporary file. */
bool sidecar_is_temporary(const char *entry);

#endif
