/* SPDX-License-Identifier: BSD-3-Clause */
/* Server-sent events, taken apart as they come (HTML Living Standard section 9.2.6). Foreign bytes: any input
 * is safe; an event longer than LIMIT_EVENT_IN_BYTES is passed over. Any thread, one a reader; pure. */
#ifndef BASE_SSE_H
#define BASE_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/limits.h"

#define SSE_ID_BYTES    128
#define SSE_EVENT_BYTES 64

struct sse_event {
	const char *id;   /* the last one that was told, "" while none was */
	const char *name; /* "message" when none was told */
	const char *data;
};

struct sse {
	void (*each)(void *arg, const struct sse_event *event);
	void *arg;
	char line[LIMIT_EVENT_IN_BYTES], data[LIMIT_EVENT_IN_BYTES];
	size_t line_len, data_len;
	bool line_cut, data_cut, has_data, after_cr, begun;
	char name[SSE_EVENT_BYTES], id[SSE_ID_BYTES], next_id[SSE_ID_BYTES];
	unsigned retry_ms; /* 0: not told */
};

/* @each is called for every event, from within sse_push. */
void sse_begin(struct sse *sse, void (*each)(void *arg, const struct sse_event *event), void *arg);

/* The connection is a new one: what was half told is dropped, the last id stays. */
void sse_restart(struct sse *sse);
void sse_push(struct sse *sse, const char *bytes, size_t len);

#endif
