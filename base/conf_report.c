/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf_report.h"

#include <stdarg.h>
#include <string.h>

static void print_place(struct conf_report *report, unsigned line)
{
	fputs(report->path ? report->path : "configuration", report->errors);
	if (line)
		fprintf(report->errors, ":%u", line);
	fputs(": ", report->errors);
}

/* One error is one line whatever was in the file: control characters become '?'. */
static void print_message(struct conf_report *report, const char *format, va_list args)
{
	char message[1024];

	vsnprintf(message, sizeof(message), format, args);
	for (char *p = message; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	fprintf(report->errors, "%s\n", message);
	report->count++;
}

void conf_report_at(struct conf_report *report, unsigned line, const char *format, ...)
{
	va_list args;

	print_place(report, line);
	va_start(args, format);
	print_message(report, format, args);
	va_end(args);
}

void conf_report_row(struct conf_report *report, enum conf_row_id row, const char *format, ...)
{
	struct conf_origin *origin = &report->origins[row];
	char env[CONF_ROW_ENV_BYTES];
	va_list args;

	if (origin->from_env)
		fprintf(report->errors, "environment %s: ", conf_row_env(&conf_rows[row], env));
	else
		print_place(report, origin->line);
	fprintf(report->errors, "[%s] %s: ", conf_rows[row].section, conf_rows[row].key);
	va_start(args, format);
	print_message(report, format, args);
	va_end(args);
	origin->bad = true;
}

void conf_report_value(struct conf_report *report, enum conf_row_id row, const char *text, const char *why)
{
	char allowed[CONF_ROW_ALLOWED_BYTES];

	conf_row_allowed(&conf_rows[row], allowed);
	if (conf_rows[row].flags & CONF_SECRET || !*text)
		conf_report_row(report, row, "the value %s; allowed: %s", why, allowed);
	else
		conf_report_row(report, row, "'%.200s' %s; allowed: %s", text, why, allowed);
}
