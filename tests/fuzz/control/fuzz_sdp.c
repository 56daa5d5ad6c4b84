/* SPDX-License-Identifier: BSD-3-Clause */
/* An offer from a stranger: parsed, made into tracks, answered; what comes out must hold together. */
#include <stdlib.h>
#include <string.h>
#include "control/sdp.h"
#include "control/session_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sdp_offer offer;
	static struct msg_session_open open;
	struct session_request_error error;
	char why[LIMIT_REASON_BYTES + 1];
	char *answer;

	if (sdp_parse(&offer, (const char *)data, size, why))
		return 0;
	open.addr.family = 4;
	open.port = 20000;
	if (sdp_tracks(&open, &offer, why))
		return 0;
	for (unsigned i = 0; i < open.track_count; i++) {
		const struct msg_track *track = &open.tracks[i];

		if (track->codec >= CODECS || track->profile >= PROFILES || track->payload_type > 127 ||
		        !*track->id)
			abort();
	}
	session_request_check_tracks(&open, true, &error);
	answer = sdp_answer(&offer, &open);
	if (!answer || strncmp(answer, "v=0\r\n", 5))
		abort();
	free(answer);
	return 0;
}
