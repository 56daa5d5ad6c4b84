/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory that the recordings of a replay go to, and what is in it after. Main thread. */
#ifndef REPLAY_OUTPUT_H
#define REPLAY_OUTPUT_H

#include <jansson.h>

/* Make @dir, or take it if it is there and empty: names of recordings depend on those that are there. 0;
 * -ENOTEMPTY; -errno. */
int output_make(const char *dir);

/* The sidecars in @dir, by name, as an array of their objects. NULL: the directory cannot be read. */
json_t *output_sidecars(const char *dir);

#endif
