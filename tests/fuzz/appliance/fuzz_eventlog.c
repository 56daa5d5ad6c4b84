/* SPDX-License-Identifier: BSD-3-Clause */
/* An event stream, in two pieces, into the log of events. The first byte says where it is cut. */
#include <stdint.h>
#include <string.h>
#include "appliance/top/eventlog.h"
#include "base/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct eventlog events;

static void on_event(void *arg, const struct sse_event *event)
{
	eventlog_take(&events, true, 1, event->name, event->data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sse sse;
	size_t cut;

	if (!size)
		return 0;
	cut = data[0] % size;
	sse_begin(&sse, on_event, NULL);
	sse_push(&sse, (const char *)data, cut);
	sse_push(&sse, (const char *)data + cut, size - cut);
	return 0;
}
