/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a recording is still the one that its sidecar tells of: size and SHA-256. Main thread. */
#ifndef TOOLS_WIRESPOOL_VERIFY_H
#define TOOLS_WIRESPOOL_VERIFY_H

#include <stdint.h>
#include <jansson.h>
#include "uploader/digest.h"

enum verify {
	VERIFY_GOOD,
	VERIFY_BAD,     /* another size or hash, a file that is missing or cannot be read */
	VERIFY_UNKNOWN, /* nothing there to compare with */
	VERIFY_GONE     /* neither file nor sidecar: removed meanwhile */
};

#define VERIFY_WHY_BYTES 256

/* Compare @bytes and the finished @digest with what @sidecar says; @ret_why is a sentence unless VERIFY_GOOD.
 */
enum verify verify_compare(
        const json_t *sidecar, uint64_t bytes, const struct digest *digest, char ret_why[VERIFY_WHY_BYTES]);

/* Read @name's file and sidecar in @dir_fd and compare. */
enum verify verify_file(int dir_fd, const char *name, char ret_why[VERIFY_WHY_BYTES]);

/* Names of all finished recordings of which a file or a sidecar is in @dir_fd, in order, each once; to be
 * freed by verify_free_names. 0 or -errno. */
int verify_list(int dir_fd, char ***ret_names, unsigned *ret_count);
void verify_free_names(char **names, unsigned count);

#endif
