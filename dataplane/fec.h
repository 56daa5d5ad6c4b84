/* SPDX-License-Identifier: BSD-3-Clause */
/* Forward error correction of a flow: lost packets from those around them. ULPFEC (RFC 5109, level 0),
 * FlexFEC (RFC 8627 section 4.2, and the draft 03 of it that browsers speak; with L and D, or a mask; no
 * retransmission). Keeps copies of the flow's last packets, so only flows that negotiated it have one. Its
 * lcore's. Never allocates once made.
 */
#ifndef DATAPLANE_FEC_H
#define DATAPLANE_FEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEC_HISTORY 256 /* media packets, a power of two */
#define FEC_WAITING 32  /* FEC packets that may still be of use */

struct fec;

enum fec_kind { FEC_ULP, FEC_FLEX };

/* 0, -ENOMEM. Command thread. */
int fec_create(struct fec **ret_fec, enum fec_kind kind);
void fec_free(struct fec *fec);

/* A media packet of the flow, whole, decrypted, without padding's removal: header, extensions, payload. Only
 * the first copy counts. */
void fec_media(struct fec *fec, const uint8_t *packet, size_t len);

/* A FEC packet: for ULPFEC its payload (behind RED's header), of the media's SSRC; for FlexFEC its RTP
 * payload and the SSRC that it protects. 0, -EBADMSG. */
int fec_repair(struct fec *fec, uint16_t seq, const uint8_t *payload, size_t len);

/* The next lost packet of @ssrc that can be made now, whole, into @out of @size bytes: its length; 0: none.
 * It counts as fec_media from then. Call until 0. */
size_t fec_take(struct fec *fec, uint32_t ssrc, uint8_t *out, size_t size);

#endif
