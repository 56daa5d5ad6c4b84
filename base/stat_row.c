/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/stat.h"

#include <assert.h>
#include "base/fnv.h"

#define MAX_WORDS 128

static const char *const scope_names[STAT_SCOPES] = { "proc", "port", "lcore", "flow", "writer", "track" };

/* Each word has its row's. */
#define ROW(scope, id, kind, unit, sentence)                                                                 \
	[STAT_SCOPE_##scope][STAT_##scope##_##id... STAT_##scope##_##id + STAT_WORDS_##kind - 1] = { #id,    \
		#unit, sentence, STAT_KIND_##kind, STAT_##scope##_##id },
static const struct stat_row rows[STAT_SCOPES][MAX_WORDS] = { STAT_TABLE(ROW) };

#define NAME_FITS(scope, id, ...) static_assert(sizeof(#id) <= STAT_NAME_BYTES, "name of a counter: " #id);
STAT_TABLE(NAME_FITS)

static const unsigned counts[STAT_SCOPES] = { STAT_PROC_COUNT, STAT_PORT_COUNT, STAT_LCORE_COUNT,
	STAT_FLOW_COUNT, STAT_WRITER_COUNT, STAT_TRACK_COUNT };

const struct stat_row *stat_row(enum stat_scope scope, unsigned id)
{
	return id < counts[scope] ? &rows[scope][id] : NULL;
}

unsigned stat_words(const struct stat_row *row)
{
	return row->kind == STAT_KIND_HIST ? STAT_HIST_WORDS : 1;
}

const char *stat_kind_name(enum stat_kind kind)
{
	static const char *const names[] = { "counter", "gauge", "histogram" };

	return names[kind];
}

const char *stat_scope_name(enum stat_scope scope)
{
	return scope_names[scope];
}

unsigned stat_count(enum stat_scope scope)
{
	return counts[scope];
}

uint64_t stat_table_hash(void)
{
	uint64_t hash = FNV_BASIS;

	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		hash = fnv_1a_text(hash, scope_names[scope]);
		for (unsigned id = 0; id < counts[scope]; id++) {
			hash = fnv_1a_text(hash, rows[scope][id].name);
			hash = fnv_1a_text(hash, rows[scope][id].unit);
			hash = fnv_1a_text(hash, stat_kind_name(rows[scope][id].kind));
		}
	}
	return hash;
}
