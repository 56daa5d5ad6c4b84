/* SPDX-License-Identifier: BSD-3-Clause */
/* A first look at a frame, before the dataplane sees it: which UDP port of which address it is for. What the
 * dataplane makes of it is dataplane/classify.c's business. Pure. Any thread. */
#ifndef REPLAY_DATAGRAM_H
#define REPLAY_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include "tools/replay/link.h"

struct datagram {
	bool is_v6;
	uint8_t dst[16]; /* network order; IPv4 in the first four, the rest zero */
	uint16_t dst_port;
	bool has_payload;
	uint8_t first; /* byte of the payload, if it has any: tells RTP, STUN and DTLS apart (RFC 7983) */
};

/* False: no UDP datagram, or not the first fragment of one, or cut before its header's end. */
bool datagram_look(const struct link_frame *frame, struct datagram *ret_datagram);

/* Whether it begins as a record of DTLS does (RFC 7983 section 7). */
static inline bool datagram_is_dtls(const struct datagram *d)
{
	return d->has_payload && d->first >= 20 && d->first <= 63;
}

#endif
