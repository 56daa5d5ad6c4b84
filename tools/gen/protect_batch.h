/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTP and SRTCP (RFC 3711, RFC 7714) of many packets at once, whichever flows they are of: packets are noted
 * as they are built and encrypted together, where they lie, before they leave. Written from the RFCs and
 * apart from the dataplane's, so that the two are held against each other. One thread.
 *
 *   | RTP header, 12: authenticated | payload: encrypted and authenticated | tag |
 *   | RTCP header, 8: authenticated | the rest: likewise | 1, index: authenticated | tag |       AES-CM
 *   | RTCP header, 8: authenticated | the rest: likewise | tag | 1, index: authenticated |       AES-GCM
 */
#ifndef TOOLS_GEN_PROTECT_BATCH_H
#define TOOLS_GEN_PROTECT_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include "tools/gen/protect_key.h"

#define PROTECT_BATCH 64 /* packets; four for each lane of the widest SHA-1 */

struct protect_batch;

/* 0; -ENOMEM; -ENOTSUP: this CPU lacks what the ciphers need. */
int protect_batch_create(struct protect_batch **ret_batch);
void protect_batch_free(struct protect_batch *batch);

/* For protect_key_create. */
IMB_MGR *protect_batch_manager(struct protect_batch *batch);

/* Note the RTP packet of @len bytes at @packet, header without CSRCs or extension, with room for the tag of
 * @key behind; @index is its extended sequence number (RFC 3711 section 3.3.1). It stays where it is until
 * the batch has run, which it does when full. Returns the length it will have; with NULL for @key it is and
 * stays @len. */
size_t protect_batch_add(struct protect_batch *batch, const struct protect_key *key, uint8_t *packet,
        size_t len, uint64_t index);

/* The same for a compound of RTCP, under a key of RTCP's; @index has 31 bits (RFC 3711 section 3.4). */
size_t protect_batch_add_rtcp(struct protect_batch *batch, const struct protect_key *key, uint8_t *packet,
        size_t len, uint32_t index);

/* Encrypt what is noted. */
void protect_batch_run(struct protect_batch *batch);
/* Forget what is noted: nobody will see those packets. */
void protect_batch_drop(struct protect_batch *batch);

/* Time stamp counter's cycles that running took, since the batch was made. */
uint64_t protect_batch_tsc(const struct protect_batch *batch);

#endif
