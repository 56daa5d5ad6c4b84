/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	unsigned long events, hash;
};

static void see(void *arg, const struct sse_event *event)
{
	struct seen *seen = arg;

	if (strlen(event->id) >= SSE_ID_BYTES || strlen(event->name) >= SSE_EVENT_BYTES || !event->name[0] ||
	        strlen(event->data) >= LIMIT_EVENT_IN_BYTES)
		abort();
	seen->events++;
	for (const char *c = event->data; *c; c++)
		seen->hash = seen->hash * 31 + (unsigned char)*c;
}

/* Whole and byte by byte come to the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sse whole, pieces;
	struct seen a = { 0 }, b = { 0 };

	sse_begin(&whole, see, &a);
	sse_push(&whole, (const char *)data, size);
	sse_begin(&pieces, see, &b);
	for (size_t i = 0; i < size; i++)
		sse_push(&pieces, (const char *)data + i, 1);
	if (a.events != b.events || a.hash != b.hash || strcmp(whole.id, pieces.id) ||
	        whole.retry_ms != pieces.retry_ms)
		abort();
	sse_restart(&whole);
	return 0;
}
