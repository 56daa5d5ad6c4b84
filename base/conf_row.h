/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of the option table as data: what the loader, the checks and the printer of the configuration
 * share.
 *
 * Internal to base/conf*.c; everybody else reads struct conf. Main thread, at start.
 */
#ifndef BASE_CONF_ROW_H
#define BASE_CONF_ROW_H

#include <stddef.h>
#include <stdint.h>
#include "base/conf.h"

enum conf_type { CONF_BOOL, CONF_INT, CONF_ENUM, CONF_STR, CONF_LIST, CONF_WORDS };

/* CONF_ROW_record_dir and so on: the index of an option in conf_rows. */
#define CONF_ROW_ID(section, key, ...) CONF_ROW_##section##_##key,
enum conf_row_id { CONF_TABLE(CONF_ROW_ID) CONF_ROWS };

struct conf_row {
	const char *section, *key, *fallback, *env, *sentence;
	const char *choices; /* ENUM: "a|b|c", else NULL */
	int64_t min, max;
	size_t offset; /* of the field in struct conf */
	enum conf_type type;
	int flags;
};

extern const struct conf_row conf_rows[CONF_ROWS];

/* The row of [@section] @key, or -1. */
int conf_row_find(const char *section, const char *key);
/* Whether any row is in [@section]. */
bool conf_row_in_section(const char *section);

#define CONF_ROW_ENV_BYTES 64
/* The name of the environment variable that overrides @row, in @buf of CONF_ROW_ENV_BYTES; returns buf. */
char *conf_row_env(const struct conf_row *row, char *buf);

#define CONF_ROW_ALLOWED_BYTES 160
/* What the value may be, as words: "0 or 1", "10 to 60000", "auto, direct or buffered". @buf has
 * CONF_ROW_ALLOWED_BYTES; returns buf. */
char *conf_row_allowed(const struct conf_row *row, char *buf);

/* Parse @text by the type and bounds of @row into the field of @conf, and free what was there. Returns 0, or
 * -EINVAL with a sentence in *ret_why (static storage), or -ENOMEM; the field is kept then. */
int conf_row_set(const struct conf_row *row, struct conf *conf, const char *text, const char **ret_why);

/* Wipe and free the field of @row. */
void conf_row_clear(const struct conf_row *row, struct conf *conf);

#endif
