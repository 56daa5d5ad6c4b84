/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/retry.h"

#include "base/id.h"

uint64_t retry_wait_ns(const struct retry_bounds *bounds, uint32_t tries)
{
	uint64_t most = bounds->min_ns, least, random;

	for (uint32_t i = 1; i < tries && most < bounds->max_ns; i++)
		most *= 2;
	if (most > bounds->max_ns)
		most = bounds->max_ns;
	least = most / 2 > bounds->min_ns ? most / 2 : bounds->min_ns;
	if (least >= most)
		most = least + least / 4 < bounds->max_ns ? least + least / 4 : bounds->max_ns;
	if (least > most)
		least = most;
	id_random(&random, sizeof(random));
	return least + random % (most - least + 1);
}

bool retry_gate_open(const struct retry_gate *gate, uint64_t now_ns)
{
	return !gate->failures || (!gate->probing && now_ns >= gate->next_ns);
}

uint64_t retry_gate_begin(struct retry_gate *gate)
{
	gate->probing = gate->failures > 0;
	return gate->epoch;
}

int retry_gate_end(struct retry_gate *gate, uint64_t epoch, enum retry_end end,
        const struct retry_bounds *bounds, uint64_t now_ns)
{
	bool was_open = !gate->failures;

	if (epoch != gate->epoch)
		return 0;
	gate->probing = false;
	if (end == RETRY_UNKNOWN)
		return 0;
	if (end == RETRY_GOOD) {
		gate->failures = 0;
		return was_open ? 0 : 1;
	}
	gate->failures++;
	gate->epoch++;
	gate->next_ns = now_ns + retry_wait_ns(bounds, gate->failures);
	return was_open ? -1 : 0;
}
