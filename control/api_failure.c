/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/api_failure.h"

#include <errno.h>
#include <string.h>
#include "control/errors.h"
#include "control/http.h"

static const struct {
	int error;
	const char *code;
	const char *retry_after;
} failures[] = {
	{ -EPERM, "recording_disabled", NULL },
	{ -EDQUOT, "disk_full", NULL },
	{ -EROFS, "disk_error", NULL },
	{ -EEXIST, "track_taken", NULL },
	{ -EADDRINUSE, "port_taken", NULL },
	{ -ERANGE, "bad_field", NULL },
	{ -ENOSPC, "no_capacity", "5" },
	{ -EUSERS, "full", "10" },
	{ -ENOTCONN, "dataplane_down", "1" },
	{ -ETIMEDOUT, "dataplane_down", "1" },
	{ -EINVAL, "bad_field", NULL },
	{ -ENOKEY, "bad_field", NULL },
	{ -ENOENT, "not_found", NULL },
	{ -EALREADY, "conflict", NULL },
	{ -EBUSY, "conflict", "1" },
};

void api_failure_answer(struct http_request *req, int error, const char *why)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].error != error)
			continue;
		if (failures[i].retry_after)
			http_set_header(req, "Retry-After", failures[i].retry_after);
		http_answer_error(req, errors_status(failures[i].code), failures[i].code, "%s",
		        *why ? why : strerror(-error));
		return;
	}
	http_answer_error(req, 500, "internal", "%s", *why ? why : strerror(-error));
}
