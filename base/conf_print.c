/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf.h"

#include <string.h>
#include "base/conf_row.h"

#define MASK "********"

static const char head[] =
        "# The configuration of wirespool. Both daemons read it; --check tells what is wrong with it.\n"
        "#\n"
        "# An environment variable overrides each option; its name stands with the option. A value may hold "
        "${NAME}, which\n"
        "# the environment replaces, so that secrets stay out of this file; $${ is a plain ${. A comment "
        "begins with ';' or\n"
        "# '#', on a line of its own or after white space behind a value (behind a list only '#', as ';' "
        "separates there).\n";

/* Text that reads back as it was: "${" would be taken for a variable. */
static void print_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (text[0] == '$' && text[1] == '{')
			fputc('$', out);
		fputc(*text, out);
	}
}

static void print_choice(const char *choices, int index, FILE *out)
{
	while (index--)
		choices += strcspn(choices, "|") + 1;
	fprintf(out, "%.*s", (int)strcspn(choices, "|"), choices);
}

static void print_list(char *const *items, const char *separator, FILE *out)
{
	for (char *const *p = items; *p; p++) {
		if (p != items)
			fputs(separator, out);
		print_text(*p, out);
	}
}

static bool is_empty(const struct conf_row *row, const void *field)
{
	if (row->type == CONF_STR)
		return !**(char *const *)field;
	return (row->type == CONF_LIST || row->type == CONF_WORDS) && !**(char **const *)field;
}

static void print_value(const struct conf_row *row, const void *field, FILE *out)
{
	if (is_empty(row, field))
		return;
	fputc(' ', out);
	if (row->flags & CONF_SECRET) {
		fputs(MASK, out);
		return;
	}
	switch (row->type) {
	case CONF_BOOL:
		fputc(*(const bool *)field ? '1' : '0', out);
		break;
	case CONF_INT:
		fprintf(out, "%lld", (long long)*(const int64_t *)field);
		break;
	case CONF_ENUM:
		print_choice(row->choices, *(const int *)field, out);
		break;
	case CONF_STR:
		print_text(*(char *const *)field, out);
		break;
	case CONF_LIST:
		print_list(*(char **const *)field, ", ", out);
		break;
	case CONF_WORDS:
		print_list(*(char **const *)field, "; ", out);
		break;
	}
}

static void print_option(const struct conf_row *row, const struct conf *conf, bool commented, FILE *out)
{
	char env[CONF_ROW_ENV_BYTES], allowed[CONF_ROW_ALLOWED_BYTES];

	fprintf(out, "\n# %s\n# %s; environment: %s\n", row->sentence, conf_row_allowed(row, allowed),
	        conf_row_env(row, env));
	fprintf(out, "%s%s =", commented ? "#" : "", row->key);
	if (conf)
		print_value(row, (const char *)conf + row->offset, out);
	else
		fprintf(out, "%s%s", *row->fallback ? " " : "", row->fallback);
	fputc('\n', out);
}

void conf_print(const struct conf *conf, bool commented, FILE *out)
{
	const char *section = "";

	fputs(head, out);
	for (int i = 0; i < CONF_ROWS; i++) {
		if (strcmp(section, conf_rows[i].section)) {
			section = conf_rows[i].section;
			fprintf(out, "\n[%s]\n", section);
		}
		print_option(&conf_rows[i], conf, commented, out);
	}
}
