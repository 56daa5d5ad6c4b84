/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf_row.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/conf_parse.h"

/* What the min and max columns mean differs by type: ENUM has its choices in min. */
#define LIMITS_BOOL(min, max)  NULL, 0, 0
#define LIMITS_INT(min, max)   NULL, min, max
#define LIMITS_ENUM(min, max)  min, 0, 0
#define LIMITS_STR(min, max)   NULL, min, max
#define LIMITS_LIST(min, max)  NULL, min, max
#define LIMITS_WORDS(min, max) NULL, min, max
#define ROW(section, key, type, fallback, min, max, env, flags, sentence)                                    \
	{ #section, #key, fallback, env, sentence, LIMITS_##type(min, max),                                  \
		offsetof(struct conf, section##_##key), CONF_##type, flags },

const struct conf_row conf_rows[CONF_ROWS] = { CONF_TABLE(ROW) };

int conf_row_find(const char *section, const char *key)
{
	for (int i = 0; i < CONF_ROWS; i++)
		if (!strcmp(conf_rows[i].section, section) && !strcmp(conf_rows[i].key, key))
			return i;
	return -1;
}

bool conf_row_in_section(const char *section)
{
	for (int i = 0; i < CONF_ROWS; i++)
		if (!strcmp(conf_rows[i].section, section))
			return true;
	return false;
}

char *conf_row_env(const struct conf_row *row, char *buf)
{
	if (*row->env) {
		snprintf(buf, CONF_ROW_ENV_BYTES, "%s", row->env);
		return buf;
	}
	snprintf(buf, CONF_ROW_ENV_BYTES, "WIRESPOOL_%s_%s", row->section, row->key);
	for (char *p = buf; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return buf;
}

static void print_choices(const char *choices, char *buf, size_t size)
{
	size_t at = 0;

	for (const char *p = choices; *p && at + 1 < size;) {
		size_t len = strcspn(p, "|");
		bool last = !p[len], before_last = !last && !strchr(p + len + 1, '|');
		int n = snprintf(buf + at, size - at, "%.*s%s", (int)len, p,
		        last          ? ""
		        : before_last ? " or "
		                      : ", ");

		at += (size_t)n;
		p += len + !last;
	}
}

char *conf_row_allowed(const struct conf_row *row, char *buf)
{
	long long min = (long long)row->min, max = (long long)row->max;

	switch (row->type) {
	case CONF_BOOL:
		snprintf(buf, CONF_ROW_ALLOWED_BYTES, "0 or 1");
		break;
	case CONF_INT:
		snprintf(buf, CONF_ROW_ALLOWED_BYTES, "%lld to %lld", min, max);
		break;
	case CONF_ENUM:
		print_choices(row->choices, buf, CONF_ROW_ALLOWED_BYTES);
		break;
	case CONF_STR:
		snprintf(buf, CONF_ROW_ALLOWED_BYTES, "text of %lld to %lld bytes", min, max);
		break;
	case CONF_LIST:
		snprintf(buf, CONF_ROW_ALLOWED_BYTES,
		        "list of %lld to %lld bytes, separated by ',', ';' or spaces", min, max);
		break;
	case CONF_WORDS:
		snprintf(buf, CONF_ROW_ALLOWED_BYTES,
		        "list of %lld to %lld bytes, separated by ';' or spaces", min, max);
		break;
	}
	return buf;
}

static int set_bool(bool *field, const char *text, const char **ret_why)
{
	static const char *const words[] = { "0", "1", "false", "true", "no", "yes", "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strcasecmp(text, words[i])) {
			*field = i & 1;
			return 0;
		}
	}
	*ret_why = "is neither on nor off";
	return -EINVAL;
}

static int set_int(const struct conf_row *row, int64_t *field, const char *text, const char **ret_why)
{
	const char *digits = text + (*text == '-' || *text == '+');
	long long value;

	if (!*digits || digits[strspn(digits, "0123456789")]) {
		*ret_why = "is not a whole number";
		return -EINVAL;
	}
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno || value < row->min || value > row->max) {
		*ret_why = "is out of bounds";
		return -EINVAL;
	}
	*field = value;
	return 0;
}

static int set_enum(const struct conf_row *row, int *field, const char *text, const char **ret_why)
{
	size_t text_len = strlen(text);
	int index = 0;

	for (const char *p = row->choices;; p++, index++) {
		size_t len = strcspn(p, "|");

		if (len == text_len && !strncasecmp(p, text, len)) {
			*field = index;
			return 0;
		}
		p += len;
		if (!*p)
			break;
	}
	*ret_why = "is not one of the choices";
	return -EINVAL;
}

static int check_text(const struct conf_row *row, const char *text, const char **ret_why)
{
	const char *white_space = row->type == CONF_STR ? "" : "\t\r\n"; /* a list's separators */
	int64_t len = (int64_t)strlen(text);

	*ret_why = NULL;
	if (!len && row->min)
		*ret_why = "is empty";
	else if (len < row->min)
		*ret_why = "is too short";
	else if (len > row->max)
		*ret_why = "is too long";
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < 0x20 || *p == 0x7f) && !strchr(white_space, *p))
			*ret_why = "holds a control character";
	return *ret_why ? -EINVAL : 0;
}

static int set_str(const struct conf_row *row, char **field, const char *text, const char **ret_why)
{
	char *copy;
	int err = check_text(row, text, ret_why);

	if (err)
		return err;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	conf_parse_wipe(*field);
	*field = copy;
	return 0;
}

static int set_list(const struct conf_row *row, char ***field, const char *text, const char **ret_why)
{
	const char *separators = row->type == CONF_LIST ? CONF_PARSE_LIST : CONF_PARSE_WORDS;
	char **items;
	int err = check_text(row, text, ret_why);

	if (!err)
		err = conf_parse_list(&items, text, separators);
	if (err)
		return err;
	if (row->min && !*items) {
		conf_parse_list_free(items);
		*ret_why = "has nothing between its separators";
		return -EINVAL;
	}
	conf_parse_list_free(*field);
	*field = items;
	return 0;
}

int conf_row_set(const struct conf_row *row, struct conf *conf, const char *text, const char **ret_why)
{
	void *field = (char *)conf + row->offset;

	switch (row->type) {
	case CONF_BOOL:
		return set_bool(field, text, ret_why);
	case CONF_INT:
		return set_int(row, field, text, ret_why);
	case CONF_ENUM:
		return set_enum(row, field, text, ret_why);
	case CONF_STR:
		return set_str(row, field, text, ret_why);
	case CONF_LIST:
	case CONF_WORDS:
		return set_list(row, field, text, ret_why);
	}
	return -EINVAL;
}

void conf_row_clear(const struct conf_row *row, struct conf *conf)
{
	void *field = (char *)conf + row->offset;

	if (row->type == CONF_STR) {
		conf_parse_wipe(*(char **)field);
		*(char **)field = NULL;
	} else if (row->type == CONF_LIST || row->type == CONF_WORDS) {
		conf_parse_list_free(*(char ***)field);
		*(char ***)field = NULL;
	}
}
