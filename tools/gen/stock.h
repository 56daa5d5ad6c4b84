/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets of a whole run, made beforehand: an output that keeps what is committed to it, encrypted, in
 * the order in which it is to be sent. One thread.
 *
 *   entries:  | due, session, length, port | … |
 *   bytes:    | packet | packet | … |          each begins at a multiple of STOCK_ALIGN
 */
#ifndef TOOLS_GEN_STOCK_H
#define TOOLS_GEN_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tools/gen/output.h"

#define STOCK_ALIGN 16

struct stock_entry {
	uint64_t due_ns;      /* virtual time */
	uint32_t session;     /* of a BYE: the flow */
	uint16_t len;         /* 0: the flow's BYE, which is made when it is due, since it tells the time */
	bool next_port, last; /* the port after; the last of its step: a run may be interrupted behind it */
};

struct stock {
	struct output output;
	uint64_t now_ns; /* of what is committed next */
	struct stock_entry *entries;
	size_t count, room;
	uint8_t *bytes;
	size_t used, size;
	/* Sending. */
	size_t sent, sent_bytes;
};

/* Memory that @datagrams of @bytes in all take, BYEs counted. */
size_t stock_size(uint64_t datagrams, uint64_t bytes);

/* For @datagrams of @bytes in all. 0 or -ENOMEM. */
int stock_create(struct stock **ret_stock, struct protect_batch *batch, uint64_t datagrams, uint64_t bytes);
void stock_free(struct stock *stock);

/* Note the BYE of @flow. */
void stock_note_bye(struct stock *stock, unsigned flow);
/* A flow's step is done. */
void stock_end_step(struct stock *stock);

/* The next entry to send, NULL: none is left. */
static inline const struct stock_entry *stock_next(const struct stock *stock)
{
	return stock->sent < stock->count ? &stock->entries[stock->sent] : NULL;
}

/* Whether what has been sent ends with a whole step. */
static inline bool stock_is_between_steps(const struct stock *stock)
{
	return !stock->sent || stock->entries[stock->sent - 1].last;
}

/* Copy the next entry, which is no BYE, to @output and go on. 0 or -errno. */
int stock_send(struct stock *stock, struct output *output);
/* Go on behind a BYE. */
void stock_skip(struct stock *stock);
/* Begin anew. */
void stock_rewind(struct stock *stock);

#endif
