/* SPDX-License-Identifier: BSD-3-Clause */
/* What the API answers when it does not do what was asked, one row each: ERROR(code, status, sentence)
 * The code is what a client may rely on; the message beside it is for people. Any thread. */
#ifndef CONTROL_ERRORS_H
#define CONTROL_ERRORS_H

#include <stddef.h>
#include <string.h>

/* clang-format off */
#define ERRORS_TABLE(ERROR)                                                                                     \
	ERROR(bad_request, 400, "The request as a whole makes no sense.")                                       \
	ERROR(bad_parameter, 400, "A query parameter has a wrong value; the message names it.")                 \
	ERROR(bad_json, 400, "The body is not the JSON that is expected: broken, too deep, not an object.")     \
	ERROR(bad_field, 400, "A field of the body has a wrong type or value; the message names it.")           \
	ERROR(bad_sdp, 400, "The offer cannot be taken; the message names the line.")                           \
	ERROR(plain_rtp_refused, 400, "A track without SRTP, and ingest.allow_plain_rtp is off.")               \
	ERROR(unauthorized, 401, "A bearer token is needed, or the one given is not known.")                    \
	ERROR(not_found, 404, "There is no such path, recording, session or upload.")                           \
	ERROR(method_not_allowed, 405, "The path takes other methods; Allow names them.")                       \
	ERROR(not_acceptable, 406, "Of what is offered nothing can be recorded; the message says why.")         \
	ERROR(conflict, 409, "It cannot be done to what is there, as it is now.")                               \
	ERROR(port_taken, 409, "The wished port is another session's.")                                         \
	ERROR(track_taken, 409, "A live session has that track of that room.")                                  \
	ERROR(recording_disabled, 409, "record.enabled is 0.")                                                  \
	ERROR(recording_open, 409, "The recording is still being written.")                                     \
	ERROR(upload_disabled, 409, "Upload is off.")                                                           \
	ERROR(precondition_failed, 412, "If-Match or If-Unmodified-Since does not hold.")                       \
	ERROR(too_large, 413, "The body is larger than is taken.")                                              \
	ERROR(unsupported_media_type, 415, "The body is of another type than is taken.")                        \
	ERROR(range_not_satisfiable, 416, "No byte of the range exists; Content-Range tells the size.")         \
	ERROR(unprocessable, 422, "A sound offer that cannot be served; the message says why.")                 \
	ERROR(precondition_required, 428, "If-Match is needed: an ICE restart says of what (RFC 9725).")        \
	ERROR(internal, 500, "A failure of this server; its log says more.")                                    \
	ERROR(disk_error, 500, "The disk of the recordings failed.")                                            \
	ERROR(full, 503, "The machine has no room for another session; Retry-After says when to ask again.")     \
	ERROR(no_capacity, 503, "No port or place is left for another session.")                                \
	ERROR(dataplane_down, 503, "The dataplane is not there, or did not answer in time.")                    \
	ERROR(stopping, 503, "The server is being stopped.")                                                    \
	ERROR(disk_full, 507, "Less space is free than record.min_free_mb asks for, or none.")
/* clang-format on */

/* The status that goes with @code; 0 when there is no such row. */
static inline int errors_status(const char *code)
{
#define ERRORS_ROW(id, status, sentence) { #id, status },
	static const struct {
		const char *code;
		int status;
	} rows[] = { ERRORS_TABLE(ERRORS_ROW) };
#undef ERRORS_ROW
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].code, code))
			return rows[i].status;
	return 0;
}

#endif
