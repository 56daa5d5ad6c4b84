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

/* {lcore="3"}, {port="net_memif0"}, {lcore="3",reason="auth"}; nothing for the process, of which there is
 * one. */
static void print_labels(const struct stat_segment *stat, enum stat_scope scope, unsigned instance,
        const char *reason, FILE *out)
{
	const char *label = stat_label(stat, scope, instance);

	if (scope == STAT_SCOPE_PROC)
		return;
	fprintf(out, "{%s=\"", stat_scope_name(scope));
	print_escaped(label, out);
	if (!*label)
		fprintf(out, "%u", instance);
	else if (label_is_taken(stat, scope, instance))
		fprintf(out, "#%u", instance);
	if (reason)
		fprintf(out, "\",reason=\"%s", reason);
	fputs("\"}", out);
}

static void print_samples(const struct stat_segment *stat, enum stat_scope scope, unsigned id,
        const char *name, const char *reason, FILE *out)
{
	unsigned instances = scope == STAT_SCOPE_PROC ? 1 : stat_instances(stat, scope);

	for (unsigned i = 0; i < instances; i++) {
		fputs(name, out);
		print_labels(stat, scope, i, reason, out);
		fprintf(out, " %" PRIu64 "\n", stat_get(stat_slot(stat, scope, i), id));
	}
}

/* HELP and TYPE; @help is ours and holds neither backslash nor new line. */
static void print_heading(const char *name, const char *help, bool counter, FILE *out)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, counter ? "counter" : "gauge");
}

static void print_row(const struct stat_segment *stat, enum stat_scope scope, unsigned id, FILE *out)
{
	const struct stat_row *row = stat_row(scope, id);
	bool counter = row->kind == STAT_KIND_COUNTER;
	char name[96];

	snprintf(name, sizeof(name), "wirespool_%s_%s%s", stat_scope_name(scope), row->name,
	        counter ? "_total" : "");
	print_heading(name, row->sentence, counter, out);
	print_samples(stat, scope, id, name, NULL, out);
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
			print_heading(name, help, true, out);
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
		for (unsigned id = 0; id < stat_count(scopes[i]); id++)
			if (!drop_reason(stat_row(scopes[i], id)))
				print_row(stat, scopes[i], id, out);
		print_drops(stat, scopes[i], out);
	}
}

void stat_print_markdown(FILE *out)
{
	fputs("| scope | counter | kind | unit | meaning |\n|---|---|---|---|---|\n", out);
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		for (unsigned id = 0; id < stat_count(scope); id++) {
			const struct stat_row *row = stat_row(scope, id);

			fprintf(out, "| %s | `%s` | %s | %s | %s |\n", stat_scope_name(scope), row->name,
			        row->kind == STAT_KIND_COUNTER ? "counter" : "gauge", row->unit,
			        row->sentence);
		}
	}
}
