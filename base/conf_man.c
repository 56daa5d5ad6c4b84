/* SPDX-License-Identifier: BSD-3-Clause */
/* The manual page of the configuration, in the macros of man(7). */
#include "base/conf.h"

#include <string.h>
#include "base/conf_row.h"

static const char head[] =
        ".\\\" Generated from the table of options.\n"
        ".TH WIRESPOOL.INI 5 \"\" \"wirespool " WIRESPOOL_VERSION "\" \"wirespool\"\n"
        ".SH NAME\nwirespool.ini \\- configuration of the media recorder wirespool\n"
        ".SH SYNOPSIS\n.I " CONF_PATH "\n"
        ".SH DESCRIPTION\n"
        "Both daemons read this file when they start; after a change restart them. The command\n"
        ".PP\n.RS\n.B wirespool\\-dataplane \\-\\-check\n.RE\n.PP\n"
        "tells what is wrong with it, with file and line; a daemon starts with none of it wrong only.\n"
        ".PP\nOptions stand in sections, as\n.IR key \" = \" value .\n"
        "A comment begins with ; or #, on a line of its own or after white space behind a value; behind a\n"
        "list only with #, as ; separates there. A value may hold\n.BR ${NAME} ,\n"
        "which the environment replaces, so that secrets stay out of the file; $${ is a plain ${.\n"
        ".PP\nAn environment variable overrides each option; its name stands with the option. The\n"
        "packaged units take variables from\n.IR /etc/wirespool/environment .\n";

static const char tail[] = ".SH SEE ALSO\n.BR wirespool\\-dataplane (8),\n.BR wirespool\\-control (8)\n";

/* Text that troff takes as it is. */
static void print_text(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void print_option(const struct conf_row *row, FILE *out)
{
	char env[CONF_ROW_ENV_BYTES], allowed[CONF_ROW_ALLOWED_BYTES];

	fprintf(out, ".TP\n.B %s", row->key);
	fputs(*row->fallback ? " = " : " =", out);
	print_text(row->fallback, out);
	fputc('\n', out);
	print_text(row->sentence, out);
	fputs("\n.br\n", out);
	print_text(conf_row_allowed(row, allowed), out);
	fprintf(out, "; environment:\n.B %s\n", conf_row_env(row, env));
}

void conf_print_man(FILE *out)
{
	const char *section = "";

	fputs(head, out);
	fputs(".SH OPTIONS\nEach with its default.\n", out);
	for (int i = 0; i < CONF_ROWS; i++) {
		if (strcmp(section, conf_rows[i].section)) {
			section = conf_rows[i].section;
			fprintf(out, ".SS [%s]\n", section);
		}
		print_option(&conf_rows[i], out);
	}
	fputs(tail, out);
}
