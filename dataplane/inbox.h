/* SPDX-License-Identifier: BSD-3-Clause */
/* What writers and filers report (writers/writer.h), on its way to the command thread: a queue behind a
 * mutex, and an eventfd that makes poll(2) return. Its producers are threads that may block for as long as a
 * pointer takes. */
#ifndef DATAPLANE_INBOX_H
#define DATAPLANE_INBOX_H

#include "base/msg.h"
#include "writers/writer.h"

struct inbox;

enum inbox_kind { INBOX_FILE, INBOX_TRACK_FAILED, INBOX_TRACK_CLOSED };

struct inbox_item {
	struct inbox_item *next;
	enum inbox_kind kind;
	void *cookie; /* struct track_cfg's: TRACK_FAILED, TRACK_CLOSED */
	int status;   /* TRACK_CLOSED */
	char why[LIMIT_REASON_BYTES + 1];
	struct msg_file_state file;
};

/* 0, -ENOMEM, -errno of eventfd. */
int inbox_create(struct inbox **ret_inbox);
void inbox_free(struct inbox *inbox);

/* The callbacks for writer_cfg.events; thread_enter and thread_leave are the caller's to set. */
struct writer_events inbox_events(struct inbox *inbox);

/* Readable when something is there. */
int inbox_fd(const struct inbox *inbox);

/* Hand all that is there to @take, in order. Command thread. Returns how many. */
unsigned inbox_poll(struct inbox *inbox, void (*take)(void *arg, const struct inbox_item *item), void *arg);

#endif
