/* SPDX-License-Identifier: BSD-3-Clause */
/* Where in SRTP and SRTCP what lies (RFC 3711 sections 3.1 and 3.4, RFC 7714 sections 8.2 and 9.2), told to
 * the engine as a job.
 *
 *   SRTP   | RTP header | payload, encrypted | tag (AEAD: part of the cipher text) |
 *   SRTCP  | header, SSRC | encrypted | tag if AEAD | E, index 31 | tag if not AEAD |
 *
 * What RFC 3711 authenticates of an SRTP packet ends with the roll-over counter, which is not in it: while
 * the tag is computed the counter stands in the place of the received one. Poll loop.
 */
#ifndef DATAPLANE_CRYPTO_FRAME_H
#define DATAPLANE_CRYPTO_FRAME_H

#include "dataplane/crypto.h"

#define CRYPTO_FRAME_RTCP_HEADER 8
#define CRYPTO_FRAME_RTCP_INDEX  4
#define CRYPTO_FRAME_ENCRYPTED   (1u << 31) /* E */

/* The index of an SRTCP packet that is long enough to have one, with its E bit. */
uint32_t crypto_frame_trailer(const struct crypto_packet *p, const struct profile_info *info);

/* Prepare the job of a packet that is long enough, with the index that it has; until crypto_frame_restore its
 * tag may be overwritten. */
void crypto_frame_set(struct crypto_packet *p, const struct profile_info *info, const struct crypto_key *key);
void crypto_frame_restore(struct crypto_packet *p);

/* Make an RTCP packet of @len bytes an SRTCP packet with @index; its new length. */
size_t crypto_frame_seal(struct crypto_engine *engine, const struct profile_info *info,
        const struct crypto_key *key, uint8_t *data, size_t len, uint32_t ssrc, uint32_t index);

#endif
