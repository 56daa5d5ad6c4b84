/* SPDX-License-Identifier: BSD-3-Clause */
/* What journalctl prints, in two pieces, into the log. The first byte says where it is cut. */
#include <stdint.h>
#include "appliance/top/logbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct logbook book;
	size_t cut;

	if (!size)
		return 0;
	cut = data[0] % size;
	logbook_push(&book, (const char *)data + 1, cut ? cut - 1 : 0);
	logbook_push(&book, (const char *)data + (cut ? cut : 1), size - (cut ? cut : 1));
	logbook_reset(&book);
	return 0;
}
