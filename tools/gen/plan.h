/* SPDX-License-Identifier: BSD-3-Clause */
/* Plan files: flows that were agreed upon elsewhere, a line each; # begins a comment.
 *
 *   address port ssrc payload-type codec profile|plain key-in-base64|-
 *
 * Flows to the same address and port that follow one another are tracks of one session and leave from one
 * socket. */
#ifndef TOOLS_GEN_PLAN_H
#define TOOLS_GEN_PLAN_H

struct roster;

/* Read a plan into an empty roster. 0, -ENOMEM, -EINVAL (a line is wrong, or there is none; logged with its
 * number) or the errno of reading (logged). */
int plan_read(struct roster *roster, const char *path);

#endif
