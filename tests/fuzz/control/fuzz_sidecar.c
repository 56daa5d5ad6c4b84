/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes as a sidecar: whatever it says, the listing's line is one bounded JSON object of scalars. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "control/json_text.h"
#include "control/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[JSON_TEXT_WHY_BYTES];
	struct catalogue_row row = { 0 };
	json_t *json = json_text_parse((const char *)data, size, PAIR_SIDECAR_DEPTH, why);

	if (!json_is_object(json)) {
		json_decref(json);
		return 0;
	}
	char *text = pair_summary(json, &row);
	assert(text && text[0] == '{' && text[strlen(text) - 1] == '}' && !strchr(text, '\n'));
	json_t *summary = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert(json_object_size(summary) <= PAIR_KEYS + 2);
	assert(!json_object_get(summary, "name") && !json_object_get(summary, "url"));
	json_decref(summary);
	json_decref(json);
	free(text);
	return 0;
}
