/* SPDX-License-Identifier: BSD-3-Clause */
/* Which packets of a flow are missing, and when to ask for each (RFC 4585 section 6.2.1): first after a short
 * while, as reordering needs no retransmission, then once a round trip, until it has been missing for too
 * long, or NACK_TRIES: then a key frame is asked for instead. The round trip is what the sender's reports
 * tell (XR DLRR), else how long answers to NACKs took. In the flow, its lcore's. Never allocates.
 */
#ifndef DATAPLANE_NACK_H
#define DATAPLANE_NACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NACK_MISSING_MAX                                                                                     \
	512 /* beyond it the stream is beyond repair: a key frame is asked for, and all is forgotten */
#define NACK_TRIES 10

struct nack;

/* 0, -ENOMEM. Command thread. @give_up_ms: as long as the writer waits. */
int nack_create(struct nack **ret_nack, unsigned give_up_ms);
void nack_free(struct nack *nack);

/* The stream begins, or begins anew, with @ext. */
void nack_begin(struct nack *nack, uint64_t ext);

/* The packet @ext is there; a later one than all before says which are missing. @repaired: it was
 * retransmitted. */
void nack_take(struct nack *nack, uint64_t ext, bool repaired, uint64_t now_mono_ns);

/* A round trip was measured otherwise. */
void nack_round_trip(struct nack *nack, uint64_t round_trip_ns);
uint64_t nack_round_trip_ns(const struct nack *nack); /* 0: not known yet */

/* When something is to be asked or given up next; UINT64_MAX: nothing. */
uint64_t nack_due_mono_ns(const struct nack *nack);

/* The numbers to be asked for now, ascending: stored in @ret_seqs, at most @max; returns how many.
 * *ret_gave_up: how many will not be asked for any more (one, at least, when the stream was beyond repair): a
 * key frame has to help. */
unsigned nack_collect(
        struct nack *nack, uint64_t now_mono_ns, uint16_t *ret_seqs, unsigned max, unsigned *ret_gave_up);

#endif
