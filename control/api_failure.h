/* SPDX-License-Identifier: BSD-3-Clause */
/* What the failures of control/session.h and control/webrtc.h are to a client. Of HTTP's handlers. */
#ifndef CONTROL_API_FAILURE_H
#define CONTROL_API_FAILURE_H

struct http_request;

/* Answer @error, negative, with the code of control/errors.h that fits it, "internal" when none does, and
 * with
 * @why; where that is empty, with what errno says. */
void api_failure_answer(struct http_request *req, int error, const char *why);

#endif
