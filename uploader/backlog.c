/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/backlog.h"

#include "uploader/transfer.h"

static struct backlog share_of(const struct transfer *t)
{
	const struct transfer_public *pub = &t->pub;

	if (!t->listed)
		return (struct backlog){ 0 };
	if (pub->state == UPLOADER_STOPPED)
		return (struct backlog){ .failed = t->accounted };
	return (struct backlog){ .pending = t->accounted,
		.waiting = pub->bytes_total > pub->bytes_done ? pub->bytes_total - pub->bytes_done : 0 };
}

void backlog_recount(struct backlog *sum, struct transfer *t)
{
	struct backlog now = share_of(t);

	sum->pending += now.pending - t->counted.pending;
	sum->failed += now.failed - t->counted.failed;
	sum->waiting += now.waiting - t->counted.waiting;
	t->counted = now;
}
