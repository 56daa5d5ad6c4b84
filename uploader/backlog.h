/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes of finished recordings that are not in the store yet, as sums that are kept while transfers change:
 * who asks for them, once a second and more, need not walk all that are unfinished. */
#ifndef UPLOADER_BACKLOG_H
#define UPLOADER_BACKLOG_H

#include <stdint.h>

struct transfer;

struct backlog {
	uint64_t pending,
	        failed;   /* of their files: of those that are to be uploaded, and of those given up */
	uint64_t waiting; /* of the pending, not sent yet */
};

/* What @t accounts for, whether it is listed, or what the API is shown of it has changed: @sum has it as it
 * is now. Under the lock that guards these, before it is let go. */
void backlog_recount(struct backlog *sum, struct transfer *t);

#endif
