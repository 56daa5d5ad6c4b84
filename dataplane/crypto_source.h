/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of one SSRC's SRTP and SRTCP: the highest index, and which of those below it were there
 * (RFC 3711 sections 3.3.1 and 3.3.2). Asking changes nothing; only an authenticated packet is taken. Poll
 * loop. */
#ifndef DATAPLANE_CRYPTO_SOURCE_H
#define DATAPLANE_CRYPTO_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define CRYPTO_SOURCE_WINDOW      1024 /* RTP packets; RFC 3711 section 3.3.2 asks for 64 */
#define CRYPTO_SOURCE_RTCP_WINDOW 128

struct crypto_source {
	_Alignas(64) uint64_t highest;
	uint32_t used; /* when, by its context's count of packets */
	uint32_t roc;  /* of the first RTP packet */
	bool begun;    /* an RTP packet has been taken */
	uint32_t rtcp_highest;
	uint64_t rtcp_window[CRYPTO_SOURCE_RTCP_WINDOW / 64];
	_Alignas(64) uint64_t window[CRYPTO_SOURCE_WINDOW / 64]; /* bit (index % CRYPTO_SOURCE_WINDOW): was
	                                                            there */
};

/* A source of which nothing has been taken; @roc is its first packet's roll-over counter. */
void crypto_source_begin(struct crypto_source *source, uint32_t roc);

/* The index of the packet @seq. */
uint64_t crypto_source_guess(const struct crypto_source *source, uint16_t seq);

/* Whether a packet of that index may be taken: it has not been, and is not from before the window. */
bool crypto_source_is_new(const struct crypto_source *source, uint64_t index);
bool crypto_source_is_new_rtcp(const struct crypto_source *source, uint32_t index);

/* Take an authenticated packet, of which the question above was answered with yes. */
void crypto_source_take(struct crypto_source *source, uint64_t index);
void crypto_source_take_rtcp(struct crypto_source *source, uint32_t index);

#endif
