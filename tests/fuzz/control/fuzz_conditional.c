/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes as each of the conditional headers, dates and lists of tags alike; a date that is read prints and
 * reads back. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "control/conditional.h"
#include "control/http_date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct conditional_target finished = { "\"tag\"", 784111777 }, growing = { 0 };
	char *text = strndup((const char *)data, size), printed[HTTP_DATE_BYTES];
	const struct conditional_headers all = { text, text, text, text, text };
	const struct conditional_headers dates = { .if_unmodified_since = text, .if_modified_since = text };
	uint64_t unix_s, again_s;

	conditional_check(&finished, &all);
	conditional_check(&finished, &dates);
	assert(conditional_check(&growing, &dates) == 0);
	conditional_range_holds(&finished, text, 784111790);
	assert(!conditional_range_holds(&growing, text, 784111790));
	if (!http_date_parse(text, &unix_s) && unix_s < 253402300800) { /* year 10000 */
		http_date_print(printed, unix_s);
		assert(!http_date_parse(printed, &again_s) && again_s == unix_s);
	}
	free(text);
	return 0;
}
