/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters in a shared-memory segment, from one table (base/stat_table.h).
 *
 * Each slot (one instance of a scope) is an array of 64-bit words on cache lines of its own, written with
 * plain stores by the one thread that owns it and read by anyone who maps the file: control's metrics, the
 * dashboard, tests. The segment starts with a directory, so that a reader of another version finds what it
 * knows by name.
 *
 *   header | directory: one entry a scope | names: one a counter | labels | slots of PROC, PORT, LCORE, ...
 */
#ifndef BASE_STAT_H
#define BASE_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/stat_table.h"

enum stat_scope {
	STAT_SCOPE_PROC,
	STAT_SCOPE_PORT,
	STAT_SCOPE_LCORE,
	STAT_SCOPE_FLOW,
	STAT_SCOPE_WRITER,
	STAT_SCOPE_TRACK,
	STAT_SCOPES
};
enum stat_kind { STAT_KIND_COUNTER, STAT_KIND_GAUGE, STAT_KIND_HIST };

/* A histogram's words: how many values fell into each bucket, then the sum of all values. Bucket i holds what
 * is more than the bucket before holds and at most 2^(STAT_HIST_SHIFT + i), the last one all that is more; of
 * nanoseconds from a microsecond to 8.6 s. */
#define STAT_HIST_SHIFT   10
#define STAT_HIST_BUCKETS 25
#define STAT_HIST_WORDS   (STAT_HIST_BUCKETS + 1)

/* Words that a row of each kind takes. */
#define STAT_WORDS_COUNTER 1
#define STAT_WORDS_GAUGE   1
#define STAT_WORDS_HIST    STAT_HIST_WORDS

/* STAT_LCORE_rx_pkts and so on: the index of the counter within its scope's slot (stat_index.h makes them).
 */
#include "base/stat_index.h"

struct stat_segment; /* a mapped segment */

struct stat_cfg {
	unsigned instances[STAT_SCOPES];
};

#define STAT_LABEL_BYTES 128
#define STAT_NAME_BYTES  32

/* Create the file @path (under run_dir; replaced atomically, mode 0644), its space reserved, and map it for
 * writing. 0; -EINVAL: more than a million instances; or -errno of the file system (-ENOSPC, -ENOENT, ...).
 */
int stat_create(struct stat_segment **ret_stat, const char *path, const struct stat_cfg *cfg);

/* Map @path read-only; writing through it faults. 0, -ENOENT, -EPROTO (not a segment, damaged, or of a build
 * with another table), or another -errno of open or mmap. The mapping stays valid, and frozen, when its
 * writer is gone; stat_stale tells whether @path is gone or has become another file since. */
int stat_open(struct stat_segment **ret_stat, const char *path);
bool stat_stale(const struct stat_segment *stat, const char *path);

/* Unmap; the file stays. NULL is accepted. */
void stat_close(struct stat_segment *stat);

unsigned stat_instances(const struct stat_segment *stat, enum stat_scope scope);

/* The words of one instance, on cache lines of their own; NULL when out of range. */
uint64_t *stat_slot(const struct stat_segment *stat, enum stat_scope scope, unsigned instance);

/* An instance's label, e.g. the port's name: cut to STAT_LABEL_BYTES - 1. Cold, owner only. */
void stat_set_label(struct stat_segment *stat, enum stat_scope scope, unsigned instance, const char *label);
/* "" while none was set, and when out of range. */
const char *stat_label(const struct stat_segment *stat, enum stat_scope scope, unsigned instance);

/* One owner: no read-modify-write, only stores that do not tear. */
static inline void stat_set(uint64_t *slot, unsigned id, uint64_t value)
{
	__atomic_store_n(&slot[id], value, __ATOMIC_RELAXED);
}

static inline uint64_t stat_get(const uint64_t *slot, unsigned id)
{
	return __atomic_load_n(&slot[id], __ATOMIC_RELAXED);
}

static inline void stat_add(uint64_t *slot, unsigned id, uint64_t n)
{
	stat_set(slot, id, stat_get(slot, id) + n);
}

static inline void stat_max(uint64_t *slot, unsigned id, uint64_t value)
{
	if (value > stat_get(slot, id))
		stat_set(slot, id, value);
}

/* A value into the histogram @id. */
static inline void stat_hist_add(uint64_t *slot, unsigned id, uint64_t value)
{
	unsigned bits = value > 1 ? 64 - (unsigned)__builtin_clzll(value - 1) : 0;
	unsigned bucket = bits > STAT_HIST_SHIFT ? bits - STAT_HIST_SHIFT : 0;

	stat_add(slot, id + (bucket < STAT_HIST_BUCKETS ? bucket : STAT_HIST_BUCKETS - 1), 1);
	stat_add(slot, id + STAT_HIST_BUCKETS, value);
}

/* The table, for those who print: name, kind, unit and sentence of the row that counter @id of @scope belongs
 * to, which begins at @first; NULL past the last. stat_words: how many words it takes. */
struct stat_row {
	const char *name, *unit, *sentence;
	enum stat_kind kind;
	unsigned first;
};
const struct stat_row *stat_row(enum stat_scope scope, unsigned id);
unsigned stat_words(const struct stat_row *row);
const char *stat_kind_name(enum stat_kind kind);    /* "counter", "gauge", "histogram" */
const char *stat_scope_name(enum stat_scope scope); /* "lcore" */
unsigned stat_count(enum stat_scope scope);
/* Of scopes, names, units, kinds and their order: where it is equal, the indexes mean the same. */
uint64_t stat_table_hash(void);

/* Prometheus text exposition (format 0.0.4) of PROC, PORT, LCORE and WRITER:
 * wirespool_<scope>_<id>{<scope>="..."}, with _total for counters, and of histograms _bucket{le="..."}, _sum
 * and _count. The label is the instance's, or its number where none is set; one that is taken gets
 * "#<number>". Drop reasons are one metric a scope:
 * wirespool_<scope>_drops_total{<scope>="...",reason="..."} (stat_print.c). */
void stat_print_prometheus(const struct stat_segment *stat, FILE *out);
/* The counters table as Markdown for the README, which a test compares (stat_print.c). */
void stat_print_markdown(FILE *out);

#endif
