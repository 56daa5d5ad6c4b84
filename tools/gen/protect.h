/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTP and SRTCP of one flow by libsrtp2 (RFC 3711, RFC 7714): one master key for what goes out and for the
 * feedback that comes back. One thread an object. */
#ifndef TOOLS_GEN_PROTECT_H
#define TOOLS_GEN_PROTECT_H

#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

#define PROTECT_ROOM_BYTES 32 /* what may be added behind a packet: the longest tag, and SRTCP's index */

struct protect;

/* @key: master key and salt of the profile's length, copied. For PROFILE_PLAIN the calls below leave packets
 * as they are. 0, -ENOMEM or -EINVAL. */
int protect_create(struct protect **ret_protect, enum profile profile, const uint8_t *key);
void protect_free(struct protect *protect);

/* Protect a packet of *@len bytes in place, with PROTECT_ROOM_BYTES of room behind; *len is then the new
 * length. Any SSRC; its roll-over counter follows the sequence numbers, which may skip. 0, or -EINVAL:
 * libsrtp2 refuses. */
int protect_rtp(struct protect *protect, uint8_t *packet, size_t *len);
int protect_rtcp(struct protect *protect, uint8_t *packet, size_t *len);

/* Check and decrypt RTCP that a receiver sent, in place. 0 or -EBADMSG. */
int protect_open_rtcp(struct protect *protect, uint8_t *packet, size_t *len);

#endif
