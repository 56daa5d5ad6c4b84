/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTCP of one flow (RFC 3711 section 3.4): what goes out by a batch, what comes back by libsrtp2, which is
 * slow to make and so is made when it is first needed. One thread an object. */
#ifndef TOOLS_GEN_PROTECT_H
#define TOOLS_GEN_PROTECT_H

#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

#define PROTECT_ROOM_BYTES 32 /* what may be added behind a packet: the longest tag, and SRTCP's index */

struct protect;
struct protect_batch;

/* @key: master key and salt of the profile's length, of what goes out; @feedback_key: of what comes back;
 * copied. @batch is kept. For PROFILE_PLAIN the calls below leave packets as they are. 0, -ENOMEM, or
 * -EINVAL: libsrtp2 does not start. */
int protect_create(struct protect **ret_protect, struct protect_batch *batch, enum profile profile,
        const uint8_t *key, const uint8_t *feedback_key);
void protect_free(struct protect *protect);

/* Protect RTCP of *@len bytes in place, with PROTECT_ROOM_BYTES of room behind; *len is then the new length.
 * The batch runs. 0, -ENOMEM or -EINVAL: no keys can be derived. */
int protect_rtcp(struct protect *protect, uint8_t *packet, size_t *len);

/* Check and decrypt RTCP that a receiver sent, in place. 0, -EBADMSG, or -EINVAL: libsrtp2 refuses the key.
 */
int protect_open_rtcp(struct protect *protect, uint8_t *packet, size_t *len);

#endif
