/* SPDX-License-Identifier: BSD-3-Clause */
/* A body of application/trickle-ice-sdpfrag from a stranger. */
#include <stdlib.h>
#include <string.h>
#include "control/sdp_webrtc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sdp_fragment fragment;
	char why[LIMIT_REASON_BYTES + 1];

	if (sdp_webrtc_fragment(&fragment, (const char *)data, size, why)) {
		if (!*why)
			abort();
		return 0;
	}
	if (strlen(fragment.ufrag) > LIMIT_ICE_UFRAG_BYTES || strpbrk(fragment.ufrag, " :\r\n") ||
	        (!*fragment.ufrag && !fragment.candidates && !fragment.end_of_candidates))
		abort();
	return 0;
}
