/* SPDX-License-Identifier: BSD-3-Clause */
/* What a SESSION_OPEN must be before anything is made of it. Control has checked it by its own rules; this
 * end does not rely on that. Command thread. */
#ifndef DATAPLANE_OPENING_CHECK_H
#define DATAPLANE_OPENING_CHECK_H

#include "dataplane/session.h"

/* 0 and *ret_local (index of the address, or ENDPOINT_ANY_LOCAL); or an error of msg_session_open and its
 * sentence in
 * @ret_why of LIMIT_REASON_BYTES + 1. */
int opening_check(const struct session_table *table, const struct msg_session_open *open, uint8_t *ret_local,
        char *ret_why);

/* Whether an RTP payload type is usable: with the marker bit some would look like RTCP (RFC 5761 section 4).
 */
static inline bool opening_check_payload_type(unsigned type)
{
	return type <= 127 && (type < 64 || type > 95);
}

/* Write the sentence to @ret_why of LIMIT_REASON_BYTES + 1; returns @status. */
__attribute__((format(printf, 3, 4))) int opening_check_refuse(
        char *ret_why, int status, const char *format, ...);

#endif
