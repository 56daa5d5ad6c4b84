/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever parses must print, and parse again to the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "uploader/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger once, twice;
	char *first, *second;
	size_t first_len, second_len;

	if (ledger_parse(&once, (const char *)data, size))
		return 0;
	expect(!ledger_print(&once, &first, &first_len));
	expect(!ledger_parse(&twice, first, first_len));
	expect(!ledger_print(&twice, &second, &second_len));
	expect(first_len == second_len && !memcmp(first, second, first_len));
	free(first);
	free(second);
	ledger_free(&once);
	ledger_free(&twice);
	return 0;
}
