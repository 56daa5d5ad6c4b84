/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets back into the order they were sent in: a window of slots after the sequence number that is awaited.
 *
 *   next        first held
 *    |  missing  |
 *    v           v
 *   [ ][ ][ ][ ][7][ ][9] …                   in order nothing is stored
 *
 * Holds packets until what is missing has come, or its owner gives it up: when it has waited long enough, or
 * the window is too small. The window grows as far as packets come apart, up to its bound, and is given back
 * when none is held: most tracks never need more than a few slots. On the writer's thread.
 */
#ifndef WRITERS_REORDER_H
#define WRITERS_REORDER_H

#include <stdbool.h>
#include <stdint.h>
#include "writers/packet.h"

struct reorder_slot {
	struct packet *packet;
	uint64_t seen_ns;
};

struct reorder {
	uint64_t next;             /* extended sequence number awaited */
	uint64_t gap_since_ns;     /* with packets held: since when it is missing */
	uint32_t held, size, most; /* packets held, slots there are, and may be */
	bool started;
	bool settling; /* at the start: earlier packets than the first to come may follow, and none is missed
	                */
	struct reorder_slot *slots;
};

enum reorder_verdict {
	REORDER_NEXT, /* it is the next one; reorder_take may give more */
	REORDER_HELD, /* kept until its turn */
	REORDER_LATE, /* it was given up, or is there already */
	REORDER_FULL, /* too far ahead, or no memory: give up what is missing, and try again */
};

/* @most slots, a power of two. */
void reorder_init(struct reorder *reorder, unsigned most);
/* Nothing may be held. */
void reorder_free(struct reorder *reorder);

/* The next packet's number, whatever it is, begins anew. Nothing may be held. */
void reorder_restart(struct reorder *reorder);

/* A stream's first packets may come in another order than they were sent in, too: up to REORDER_START_PKTS
 * earlier ones, or a quarter of the window, are waited for, as for missing ones, until reorder_give_up, which
 * then gives up nothing. */
#define REORDER_START_PKTS 16

enum reorder_verdict reorder_put(struct reorder *reorder, struct packet *packet, uint64_t now_ns);

/* The held packet whose turn it is, or NULL. */
struct packet *reorder_take(struct reorder *reorder);

/* Await the first held packet instead. Returns how many numbers were given up, 0 when nothing is held or at
 * the start. */
uint64_t reorder_give_up(struct reorder *reorder);

/* Await @seq, past all that was awaited, with nothing held. Returns how many numbers were given up. */
uint64_t reorder_skip_to(struct reorder *reorder, uint64_t seq);

#endif
