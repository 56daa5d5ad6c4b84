/* SPDX-License-Identifier: BSD-3-Clause */
/* The paths of a WebRTC endpoint, for dataplane/ice.c: which there are, and which one of them is selected, as
 * dataplane/ice.h says. What is public of them is there, too. Poll loop only. */
#ifndef DATAPLANE_ICE_PATH_H
#define DATAPLANE_ICE_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include "dataplane/ice.h"

#define ICE_PATH_NONE (-1)

/* The path that an authentic check came on, known from now on: its index. ICE_PATH_NONE: it cannot be had. */
int ice_path_enter(struct lcore *lc, struct endpoint *ep, const struct meta *m);

/* Select by a check of path @at that nominated it; @restarted: it is the first with the latest credentials,
 * and what was nominated with those before holds no more. */
void ice_path_nominate(struct ice *ice, int at, bool restarted, uint64_t now_mono_ns);

/* Select by a check of path @at that did not nominate it. */
void ice_path_keep(struct ice *ice, int at, uint64_t now_mono_ns);

#endif
