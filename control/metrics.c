/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics.h"

#include <inttypes.h>

static uint64_t metrics_values[METRICS_COUNT];

const struct metrics_row *metrics_row(enum metrics_id id)
{
#define METRICS_ROW(name, kind, sentence) { #name, sentence, METRICS_##kind },
	static const struct metrics_row rows[] = { METRICS_TABLE(METRICS_ROW) };
#undef METRICS_ROW
	return &rows[id];
}

void metrics_add(enum metrics_id id, int64_t n)
{
	__atomic_fetch_add(&metrics_values[id], (uint64_t)n, __ATOMIC_RELAXED);
}

uint64_t metrics_get(enum metrics_id id)
{
	return __atomic_load_n(&metrics_values[id], __ATOMIC_RELAXED);
}

void metrics_print_one(
        FILE *out, const char *suffix, enum metrics_kind kind, const char *sentence, uint64_t value)
{
	const char *end = kind == METRICS_COUNTER ? "_total" : "";

	fprintf(out, "# HELP wirespool_%s%s %s\n# TYPE wirespool_%s%s %s\nwirespool_%s%s %" PRIu64 "\n",
	        suffix, end, sentence, suffix, end, kind == METRICS_COUNTER ? "counter" : "gauge", suffix,
	        end, value);
}

void metrics_print(FILE *out)
{
	char name[96];

	for (unsigned id = 0; id < METRICS_COUNT; id++) {
		const struct metrics_row *row = metrics_row(id);
		snprintf(name, sizeof(name), "control_%s", row->name);
		metrics_print_one(out, name, row->kind, row->sentence, metrics_get(id));
	}
}
