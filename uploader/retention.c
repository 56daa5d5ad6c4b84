/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/retention.h"

static bool may_go(const struct retention_item *item, const struct retention_rules *rules)
{
	return !item->held && (item->uploaded || !rules->uploads);
}

static uint64_t missing(uint64_t want, uint64_t have)
{
	return want > have ? want - have : 0;
}

size_t retention_mark(struct retention_item *items, size_t count, const struct retention_rules *rules,
        uint64_t now_unix_s, uint64_t free_bytes)
{
	uint64_t total = 0, excess, short_of, gone = 0;
	size_t marked = 0;

	for (size_t i = 0; i < count; i++)
		total += items[i].bytes;
	excess = rules->max_bytes ? missing(total, rules->max_bytes) : 0;
	short_of = rules->min_free_bytes ? missing(rules->min_free_bytes, free_bytes) : 0;

	for (size_t i = 0; i < count; i++) {
		struct retention_item *item = &items[i];
		bool old = rules->max_age_s && item->finished_unix_s >= RETENTION_FIRST_UNIX_S &&
		           missing(now_unix_s, item->finished_unix_s) > rules->max_age_s;

		item->ret_remove = may_go(item, rules) && (old || gone < excess || gone < short_of);
		if (item->ret_remove) {
			gone += item->bytes;
			marked++;
		}
	}
	return marked;
}
