/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of what is wrong with a configuration, and where each option's value came from, so that a check
 * that finds two options at odds can still name a file and a line. Values never appear in it when they are
 * secret.
 *
 * Internal to base/conf*.c.
 */
#ifndef BASE_CONF_REPORT_H
#define BASE_CONF_REPORT_H

#include <stdio.h>
#include "base/conf_row.h"

struct conf_report {
	FILE *errors;
	const char *path;           /* NULL: no file */
	unsigned count;             /* errors so far */
	bool peeks;                 /* conf_peek: what the reader's environment lacks is no error */
	const char *const *without; /* conf_load_without: nor is it in these sections; NULL: there are none */
	struct conf_origin {
		unsigned line; /* where the file gives it; 0: nowhere */
		bool from_env, bad;
		bool lacks; /* its ${VAR} is not set, and need not be: what it would be is not known */
	} origins[CONF_ROWS];
};

/* "path:line: ..."; without the line when that is 0. */
void conf_report_at(struct conf_report *report, unsigned line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* "path:line: [section] key: ...", or "environment NAME: [section] key: ..."; marks the row as bad. */
void conf_report_row(struct conf_report *report, enum conf_row_id row, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* The value @text of @row is no good because it @why ("is out of bounds"). */
void conf_report_value(struct conf_report *report, enum conf_row_id row, const char *text, const char *why);

#endif
