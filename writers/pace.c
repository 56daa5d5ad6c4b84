/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/pace.h"

uint64_t pace_wish(struct pace *pace, uint64_t bytes, uint64_t now_ns, uint64_t interval_ns)
{
	uint64_t came = bytes > pace->since_bytes ? bytes - pace->since_bytes : 0; /* less: it was cut */
	uint64_t since_ns = now_ns - pace->since_ns;

	if (since_ns >= interval_ns) {
		pace->before = (uint64_t)((double)came * (double)interval_ns / (double)since_ns);
		pace->since_ns = now_ns;
		pace->since_bytes = bytes;
		came = 0;
	}
	return (came > pace->before ? came : pace->before) / 2;
}
