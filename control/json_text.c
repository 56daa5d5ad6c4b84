/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/json_text.h"

#include <stdbool.h>
#include <stdio.h>

/* Nesting of brackets outside strings: 0, or the offset + 1 of the bracket that goes too deep. */
static size_t json_text_too_deep(const char *text, size_t len, unsigned depth)
{
	unsigned level = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
		} else if (text[i] == '"') {
			in_string = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++level > depth)
				return i + 1;
		} else if ((text[i] == '}' || text[i] == ']') && level > 0) {
			level--;
		}
	}
	return 0;
}

json_t *json_text_parse(const char *text, size_t len, unsigned depth, char ret_why[JSON_TEXT_WHY_BYTES])
{
	json_error_t error;
	size_t deep = json_text_too_deep(text, len, depth);

	if (deep) {
		snprintf(ret_why, JSON_TEXT_WHY_BYTES, "byte %zu: nested deeper than %u levels", deep, depth);
		return NULL;
	}
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		snprintf(ret_why, JSON_TEXT_WHY_BYTES, "line %d, column %d: %s", error.line, error.column,
		        error.text);
	return json;
}
