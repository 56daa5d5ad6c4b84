/* SPDX-License-Identifier: BSD-3-Clause */
/* Format parameters of SDP: the value of a=fmtp behind the payload type, "name=value;name=value" (RFC 8866
 * section 6.15, RFC 6184 section 8.1). Pure; any thread.
 */
#ifndef CONTROL_SDP_FMTP_H
#define CONTROL_SDP_FMTP_H

#include <stdint.h>
#include <stddef.h>
#include "base/limits.h"

#define SDP_FMTP_PROFILE 7 /* profile-level-id, six hexadecimal digits, with terminator */

/* What the parameters of an H264 format say (RFC 6184 section 8.1). */
struct sdp_h264 {
	unsigned packetization_mode;    /* 0 when it is not said */
	char profile[SDP_FMTP_PROFILE]; /* profile-level-id; empty: not said */
	uint16_t parameter_set_bytes;   /* sprop-parameter-sets as Annex B; 0: none, or more than fits */
	uint8_t parameter_sets[LIMIT_PARAMETER_SET_BYTES];
};

/* The value of the parameter @name (in any case) of @fmtp, or NULL; *ret_len is its length. */
const char *sdp_fmtp_value(const char *fmtp, const char *name, size_t *ret_len);

/* The H264 parameters of @fmtp. What cannot be read counts as not said. */
void sdp_fmtp_h264(struct sdp_h264 *ret_h264, const char *fmtp);

#endif
