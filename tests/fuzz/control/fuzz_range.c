/* SPDX-License-Identifier: BSD-3-Clause */
/* A size of a file (8 bytes), then a Range header: what comes out lies within the file and does not overlap.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "control/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range ranges[RANGE_MAX];
	uint64_t bytes;

	if (size < sizeof(bytes))
		return 0;
	memcpy(&bytes, data, sizeof(bytes));
	bytes >>= 1; /* off_t */
	char *header = strndup((const char *)data + sizeof(bytes), size - sizeof(bytes));
	int count = range_parse(header, bytes, ranges);
	assert((count > 0 && count <= RANGE_MAX) || count == -EINVAL || count == -ERANGE);
	for (int i = 0; i < count; i++) {
		assert(ranges[i].first <= ranges[i].last && ranges[i].last < bytes);
		for (int j = 0; j < i; j++)
			assert(ranges[i].last < ranges[j].first || ranges[j].last < ranges[i].first);
	}
	free(header);
	return 0;
}
