/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture file from anywhere, as the first walk of a replay reads it: libpcap's formats, every link, the
 * look at the datagrams. What each frame is then, dataplane/fuzz_datagram.c has. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "tools/replay/capture.h"
#include "tools/replay/datagram.h"
#include "tools/replay/survey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every kind of link on these bytes, whatever the file says of them. */
static void unwrap_all(const uint8_t *data, size_t size)
{
	static const uint8_t mac[LINK_MAC_BYTES];

	for (unsigned kind = 0; kind < LINK_KINDS; kind++) {
		struct link_frame frame;
		struct datagram datagram;

		if (!link_unwrap(kind, data, (uint32_t)size, mac, &frame))
			continue;
		assert(frame.rest >= data && frame.rest + frame.rest_len == data + size);
		(void)datagram_look(&frame, &datagram);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const volatile sig_atomic_t stop;
	char why[CAPTURE_WHY_BYTES];
	struct capture *capture;
	struct survey *survey;
	unsigned count;

	unwrap_all(data, size);
	if (size == 0 || capture_open_stream(&capture, fmemopen((void *)(uintptr_t)data, size, "r"), why))
		return 0;
	if (survey_create(&survey, capture, &stop))
		abort();
	survey_places(survey, &count);
	assert(count <= survey_totals(survey)->pkts);
	survey_free(survey);
	capture_close(capture);
	return 0;
}
