/* SPDX-License-Identifier: BSD-3-Clause */
/* The recordings that are being written now, as the dataplane tells of them. Any thread; one lock inside. */
#ifndef CONTROL_GROWING_H
#define CONTROL_GROWING_H

#include <stdbool.h>
#include "control/library.h"

struct dataplane;
struct growing;

int growing_create(struct growing **ret_growing);
void growing_free(struct growing *growing);

/* A file was begun; @opening (NULL: unknown) tells of its session. A file of the same track that was there
 * before is being finished: its size no longer follows the track's counter. 0; 1 when it was known already,
 * also from before growing_clear; -ENOMEM. */
int growing_add(
        struct growing *growing, const struct msg_file_state *file, const struct msg_session_open *opening);
void growing_remove(struct growing *growing, const char *name);
/* The dataplane will say anew what there is: all are hidden until they are added again. growing_settle: it
 * has, and forgets the rest. */
void growing_clear(struct growing *growing);
void growing_settle(struct growing *growing);

/* Read the sizes from the dataplane's counters. */
void growing_refresh(struct growing *growing, struct dataplane *dataplane);

/* A copy of all, to free (NULL when none); returns how many. */
unsigned growing_list(struct growing *growing, struct library_open_file **ret_files);
/* By name, else by promised name. */
bool growing_find(struct growing *growing, const char *name, struct library_open_file *ret_file);

#endif
