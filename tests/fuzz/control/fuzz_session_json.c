/* SPDX-License-Identifier: BSD-3-Clause */
/* The JSON body of an opening: whatever is taken must be within the bounds the dataplane relies on. */
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "control/session_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *addresses[] = { (char *)"10.77.0.1/24", (char *)"fd00::1/64", NULL };
	static const struct conf conf = {
		.ingest_address = addresses,
		.ingest_port_range = (char *)"20000-20099",
		.ingest_allow_plain_rtp = true,
		.record_idle_timeout_s = 30,
	};
	static struct msg_session_open open;
	struct session_request_error error = { NULL, "" };
	json_t *body = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (!body)
		return 0;
	if (session_request_parse(&open, body, &conf, &error)) {
		if (!error.code || !*error.message)
			abort();
	} else if (!open.track_count || open.track_count > LIMIT_TRACKS_PER_SESSION || !*open.room ||
	           !open.addr.family || (open.port && (open.port < 20000 || open.port > 20098)) ||
	           !open.idle_timeout_s) {
		abort();
	}
	json_decref(body);
	return 0;
}
