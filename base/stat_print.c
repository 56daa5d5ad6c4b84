/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/stat.h"

#include <inttypes.h>
#include <string.h>
#include "base/utf8.h"

#define DROP_PREFIX "drop_"

static const char *drop_reason(const struct stat_row *row)
{
	size_t len = strlen(DROP_PREFIX);

	return strncmp(row->name, DROP_PREFIX, len) ? NULL : row->name + len;
}

/* A label's value: backslash, quote and new line escaped, what is no UTF-8 replaced. */
static void print_escaped(const char *text, FILE *out)
{
	for (size_t len; *text; text += len) {
		len = utf8_bytes(text);
		if (!len) {
			len = 1;
			fputs("\xEF\xBF\xBD", out);
		} else if (*text == '\n') {
			fputs("\\n", out);
		} else {
			if (*text == '"' || *text == '\\')
				fputc('\\', out);
			fwrite(text, 1, len, out);
		}
	}
}

static bool label_is_taken(const struct stat_segment *stat, enum stat_scope scope, unsigned instance)
{
	for (unsigned i = 0; i < instance; i++)
		if (!strcmp(stat_label(stat, scope, i), stat_label(stat, scope, instance)))
			return true;
	return false;
}

/* {lcore="3"}, {port="net_memif0"}, {lcore="3",reason="auth"}, the last one for @key "reason" and @value
 * "auth"; for the process, of which there is one, nothing or {le="1024"}. */
static void print_labels(const struct stat_segment *stat, enum stat_scope scope, unsigned instance,
        const char *key, const char *value, FILE *out)
{
	const char *label = stat_label(stat, scope, instance);
	bool named = scope != STAT_SCOPE_PROC;

	if (!named && !key)
		return;
	fputc('{', out);
	if (named) {
		fprintf(out, "%s=\"", stat_scope_name(scope));
		print_escaped(label, out);
		if (!*label)
			fprintf(out, "%u", instance);
		else if (label_is_taken(stat, scope, instance))
			fprintf(out, "#%u", instance);
		fputc('"', out);
	}
	if (key)
		fprintf(out, "%s%s=\"%s\"", named ? "," : "", key, value);
	fputc('}', out);
}

static unsigned instances_of(const struct stat_segment *stat, enum stat_scope scope)
{
	return scope == STAT_SCOPE_PROC ? 1 : stat_instances(stat, scope);
}

static void print_samples(const struct stat_segment *stat, enum stat_scope scope, unsigned id,
        const char *name, const char *reason, FILE *out)
{
	for (unsigned i = 0; i < instances_of(stat, scope); i++) {
		fputs(name, out);
		print_labels(stat, scope, i, reason ? "reason" : NULL, reason, out);
		fprintf(out, " %" PRIu64 "\n", stat_get(stat_slot(stat, scope, i), id));
	}
}

/* HELP and TYPE; @help is ours and holds neither backslash nor new line. */
static void print_heading(const char *name, const char *help, enum stat_kind kind, FILE *out)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, stat_kind_name(kind));
}

/* Buckets as Prometheus has them: each with all that is less. The count is theirs, so that they agree. */
static void print_hist(
        const struct stat_segment *stat, enum stat_scope scope, unsigned id, const char *name, FILE *out)
{
	for (unsigned i = 0; i < instances_of(stat, scope); i++) {
		const uint64_t *slot = stat_slot(stat, scope, i);
		uint64_t count = 0;
		char le[24];

		for (unsigned b = 0; b < STAT_HIST_BUCKETS; b++) {
			count += stat_get(slot, id + b);
			snprintf(le, sizeof(le), "%" PRIu64, (uint64_t)1 << (STAT_HIST_SHIFT + b));
			fprintf(out, "%s_bucket", name);
			print_labels(stat, scope, i, "le", b < STAT_HIST_BUCKETS - 1 ? le : "+Inf", out);
			fprintf(out, " %" PRIu64 "\n", count);
		}
		fprintf(out, "%s_sum", name);
		print_labels(stat, scope, i, NULL, NULL, out);
		fprintf(out, " %" PRIu64 "\n%s_count", stat_get(slot, id + STAT_HIST_BUCKETS), name);
		print_labels(stat, scope, i, NULL, NULL, out);
		fprintf(out, " %" PRIu64 "\n", count);
	}
}

static void print_row(
        const struct stat_segment *stat, enum stat_scope scope, const struct stat_row *row, FILE *out)
{
	char name[96];

	snprintf(name, sizeof(name), "wirespool_%s_%s%s", stat_scope_name(scope), row->name,
	        row->kind == STAT_KIND_COUNTER ? "_total" : "");
	print_heading(name, row->sentence, row->kind, out);
	if (row->kind == STAT_KIND_HIST)
		print_hist(stat, scope, row->first, name, out);
	else
		print_samples(stat, scope, row->first, name, NULL, out);
}

static void print_drops(const struct stat_segment *stat, enum stat_scope scope, FILE *out)
{
	char name[96], help[96];
	bool headed = false;

	snprintf(name, sizeof(name), "wirespool_%s_drops_total", stat_scope_name(scope));
	for (unsigned id = 0; id < stat_count(scope); id++) {
		const struct stat_row *row = stat_row(scope, id);
		const char *reason = drop_reason(row);

		if (!reason)
			continue;
		if (!headed) {
			snprintf(help, sizeof(help), "What was dropped, by reason, in %s.", row->unit);
			print_heading(name, help, STAT_KIND_COUNTER, out);
			headed = true;
		}
		print_samples(stat, scope, id, name, reason, out);
	}
}

void stat_print_prometheus(const struct stat_segment *stat, FILE *out)
{
	static const enum stat_scope scopes[] = { STAT_SCOPE_PROC, STAT_SCOPE_PORT, STAT_SCOPE_LCORE,
		STAT_SCOPE_WRITER };

	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++) {
		if (!stat_instances(stat, scopes[i]))
			continue;
		for (unsigned id = 0; id < stat_count(scopes[i]); id += stat_words(stat_row(scopes[i], id)))
			if (!drop_reason(stat_row(scopes[i], id)))
				print_row(stat, scopes[i], stat_row(scopes[i], id), out);
		print_drops(stat, scopes[i], out);
	}
}

void stat_print_markdown(FILE *out)
{
	fputs("| scope | counter | kind | unit | meaning |\n|---|---|---|---|---|\n", out);
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		const struct stat_row *row;

		for (unsigned id = 0; (row = stat_row(scope, id)); id += stat_words(row))
			fprintf(out, "| %s | `%s` | %s | %s | %s |\n", stat_scope_name(scope), row->name,
			        stat_kind_name(row->kind), row->unit, row->sentence);
	}
}
