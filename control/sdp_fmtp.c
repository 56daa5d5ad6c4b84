/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sdp_fmtp.h"

#include <string.h>
#include <strings.h>
#include "base/base64.h"

#define START_CODE_BYTES 4

const char *sdp_fmtp_value(const char *fmtp, const char *name, size_t *ret_len)
{
	size_t name_bytes = strlen(name);

	while (*fmtp) {
		size_t len;

		fmtp += strspn(fmtp, "; ");
		len = strcspn(fmtp, ";");
		if (len > name_bytes && fmtp[name_bytes] == '=' && !strncasecmp(fmtp, name, name_bytes)) {
			for (; fmtp[len - 1] == ' '; len--)
				;
			*ret_len = len - name_bytes - 1;
			return fmtp + name_bytes + 1;
		}
		fmtp += len;
	}
	return NULL;
}

/* NAL units in base 64, a comma between two (RFC 6184 section 8.1), each behind a start code. Returns the
 * bytes, 0 when one of them is none or they do not fit. */
static size_t read_sets(const char *text, size_t len, uint8_t sets[LIMIT_PARAMETER_SET_BYTES])
{
	size_t at = 0;

	for (const char *end = text + len; text <= end;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		size_t chars = (size_t)((comma ? comma : end) - text);
		ssize_t n;

		if (at + START_CODE_BYTES >= LIMIT_PARAMETER_SET_BYTES)
			return 0;
		memcpy(sets + at, "\0\0\0\1", START_CODE_BYTES);
		at += START_CODE_BYTES;
		n = base64_decode(text, chars, sets + at, LIMIT_PARAMETER_SET_BYTES - at);
		if (n <= 0 || (size_t)n > LIMIT_PARAMETER_SET_BYTES - at)
			return 0;
		at += (size_t)n;
		text += chars + 1;
	}
	return at;
}

void sdp_fmtp_h264(struct sdp_h264 *ret_h264, const char *fmtp)
{
	const char *value;
	size_t len;

	memset(ret_h264, 0, sizeof(*ret_h264));
	value = sdp_fmtp_value(fmtp, "packetization-mode", &len);
	if (value && len == 1 && *value >= '0' && *value <= '9')
		ret_h264->packetization_mode = (unsigned)(*value - '0');
	value = sdp_fmtp_value(fmtp, "profile-level-id", &len);
	if (value && len == SDP_FMTP_PROFILE - 1 &&
	        strspn(value, "0123456789abcdefABCDEF") >= SDP_FMTP_PROFILE - 1)
		memcpy(ret_h264->profile, value, SDP_FMTP_PROFILE - 1);
	value = sdp_fmtp_value(fmtp, "sprop-parameter-sets", &len);
	if (value)
		ret_h264->parameter_set_bytes = (uint16_t)read_sets(value, len, ret_h264->parameter_sets);
}
