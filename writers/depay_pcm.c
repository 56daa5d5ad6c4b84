/* SPDX-License-Identifier: BSD-3-Clause */
/* G.711 in RTP: the payload is samples, one byte each, as many as the sender likes (RFC 3551 section 4.5.14);
 * one channel. */
#include "writers/depay.h"

#include <errno.h>

int depay_pcm(const uint8_t *payload, uint32_t len, bool marker, struct depay_piece *ret_piece)
{
	if (!len)
		return -EBADMSG;
	*ret_piece = depay_audio_piece(payload, len, len);
	return 0;
}
