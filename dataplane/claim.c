/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fnv.h"
#include "base/id.h"

static uint64_t hash_pair(const struct claim_table *table, const char *first, const char *second)
{
	uint64_t hash = fnv_1a_text(fnv_1a_text(table->seed, first), second);

	return hash ^ hash >> 32;
}

int claim_table_init(struct claim_table *table, unsigned expected)
{
	unsigned size = 16;

	while (size < expected && size < 1u << 20)
		size <<= 1;
	table->buckets = calloc(size, sizeof(table->buckets[0]));
	if (!table->buckets)
		return -ENOMEM;
	table->mask = size - 1;
	id_random(&table->seed, sizeof(table->seed));
	return 0;
}

void claim_table_free(struct claim_table *table)
{
	free(table->buckets);
	table->buckets = NULL;
}

void *claim_find(const struct claim_table *table, const char *first, const char *second)
{
	uint64_t hash = hash_pair(table, first, second);

	for (const struct claim *c = table->buckets[hash & table->mask]; c; c = c->next)
		if (c->hash == hash && strcmp(c->first, first) == 0 && strcmp(c->second, second) == 0)
			return c->owner;
	return NULL;
}

void claim_put(
        struct claim_table *table, struct claim *claim, const char *first, const char *second, void *owner)
{
	uint64_t hash = hash_pair(table, first, second);
	struct claim **bucket = &table->buckets[hash & table->mask];

	*claim = (struct claim){
		.next = *bucket, .hash = hash, .first = first, .second = second, .owner = owner
	};
	*bucket = claim;
}

void claim_drop(struct claim_table *table, struct claim *claim)
{
	struct claim **at;

	if (!claim->first)
		return;
	for (at = &table->buckets[claim->hash & table->mask]; *at != claim; at = &(*at)->next)
		;
	*at = claim->next;
	claim->first = NULL;
}
