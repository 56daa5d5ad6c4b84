/* SPDX-License-Identifier: BSD-3-Clause */
/* The pieces of option values: ${VAR}, lists. The parsers of ports, CPUs and addresses are in base/conf.h,
 * for everyone.
 *
 * Internal to base/conf*.c. Everything that may have held a secret is wiped before it is freed.
 */
#ifndef BASE_CONF_PARSE_H
#define BASE_CONF_PARSE_H

#include <stddef.h>

#define CONF_PARSE_WORDS "; \t\r\n"
#define CONF_PARSE_LIST  "," CONF_PARSE_WORDS

/* Copy @text with each ${NAME} replaced by the environment's value; "$${" stands for a plain "${", any other
 * '$' for itself. Returns 0 with *ret_text to be wiped by the caller; -EINVAL (no '}', or NAME is not
 * [A-Za-z_][A-Za-z0-9_]*) or -ENOENT (unset), with *ret_at and *ret_len the bytes of @text that are wrong;
 * -E2BIG when the result would be longer than CONF_PARSE_VALUE_BYTES; -ENOMEM. */
int conf_parse_expand(char **ret_text, const char *text, const char **ret_at, size_t *ret_len);
#define CONF_PARSE_VALUE_BYTES 65536

/* Cut @text at any of @separators; empty items vanish. The list is NULL-terminated. 0 or -ENOMEM. */
int conf_parse_list(char ***ret_items, const char *text, const char *separators);
/* Wipe and free a list, NULL too. */
void conf_parse_list_free(char **items);

/* A decimal number of at most @max that begins at *@text, which is moved past its digits; -EINVAL when there
 * is none. */
long conf_parse_number(const char **text, long max);

/* Wipe and free a string, NULL too. */
void conf_parse_wipe(char *text);

#endif
