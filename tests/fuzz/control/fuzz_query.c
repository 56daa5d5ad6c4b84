/* SPDX-License-Identifier: BSD-3-Clause */
/* A query string, and the same as a path through the routes; what was decoded encodes and decodes to itself.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "control/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_and_decode(const char *value)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	query_encode(out, value);
	fclose(out);
	assert(!query_decode(text, true) && !strcmp(text, value));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query_pair pairs[QUERY_PAIRS];
	char *text = strndup((const char *)data, size), *path = strdup(text);
	int count = query_parse(text, pairs, QUERY_PAIRS);

	for (int i = 0; i < count; i++) {
		assert(query_get(pairs, (size_t)count, pairs[i].key));
		encode_and_decode(pairs[i].value);
	}
	query_decode(path, false);
	free(path);
	free(text);
	return 0;
}
