/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims on names: a hash table from a pair of texts (a session's id; a room and a track in it) to who holds
 * it. The claims lie in their owners, so that taking one cannot fail. Command thread. */
#ifndef DATAPLANE_CLAIM_H
#define DATAPLANE_CLAIM_H

#include <stdint.h>

struct claim {
	struct claim *next;
	uint64_t hash;
	const char *first, *second; /* the owner's texts; NULL first: not in a table */
	void *owner;
};

struct claim_table {
	uint64_t seed; /* random: the names come from clients */
	unsigned mask;
	struct claim **buckets;
};

/* Room for about @expected claims; more only make it slower. 0, -ENOMEM. */
int claim_table_init(struct claim_table *table, unsigned expected);
void claim_table_free(struct claim_table *table);

/* The owner of a claim to that pair, or NULL. @second may be "". */
void *claim_find(const struct claim_table *table, const char *first, const char *second);

/* Put a claim in; the texts must stay. Several claims to one pair may be in: claim_find gives the latest. */
void claim_put(
        struct claim_table *table, struct claim *claim, const char *first, const char *second, void *owner);

/* Take a claim out, if it is in. */
void claim_drop(struct claim_table *table, struct claim *claim);

#endif
