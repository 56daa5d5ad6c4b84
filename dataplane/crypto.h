/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTP and SRTCP of one track, or of a whole WebRTC session (RFC 3711, RFC 7714; keys by RFC 4568, RFC 5764):
 * packets in are authenticated and decrypted in place, many tracks' side by side; reports out are protected.
 *
 * Contexts are made and freed by the command thread, and used by one lcore with that lcore's engine. All of a
 * context is there from the start: a sender's SSRCs have CRYPTO_SSRCS places in it, or as many as were asked
 * for, and a new one takes the place of the one that has been silent longest, whose packets are then not
 * known as replayed any more; the SSRC that was known beforehand keeps its place. A packet that is not OK has
 * changed nothing and is as it was. Keys are wiped, and never printed.
 */
#ifndef DATAPLANE_CRYPTO_H
#define DATAPLANE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"
#include "dataplane/crypto_engine.h"

#define CRYPTO_SSRCS         4 /* of one sender, that are remembered at a time unless told */
#define CRYPTO_BURST         CRYPTO_ENGINE_BURST
#define CRYPTO_TRAILER_BYTES 20 /* SRTCP index and the longest tag */

struct crypto;

struct crypto_cfg {
	enum profile profile;    /* not PLAIN */
	const uint8_t *key;      /* master key and salt of what comes in: the profile's lengths */
	const uint8_t *send_key; /* of our reports */
	bool ssrc_known;
	bool others;        /* other SSRCs than the known one are taken too */
	uint32_t ssrc, roc; /* roc: roll-over counter to begin with, or the one before it; needs ssrc_known
	                       unless 0 */
	uint32_t send_ssrcs[2]; /* of our reports */
	uint32_t *send_indices; /* how many were sent by each of these, of all contexts that may have the same
	                           send_key: else two reports would have one nonce (RFC 7714 section 8.1, RFC
	                           3711 section 9.1). Lasts as long as they do; NULL: the context's own */
	unsigned ssrc_places;   /* SSRCs that are remembered at a time; 0: CRYPTO_SSRCS */
};

enum crypto_verdict {
	CRYPTO_OK,
	CRYPTO_FORGED,   /* the tag is wrong */
	CRYPTO_REPLAYED, /* was there, or is from before the window */
	CRYPTO_FAILED,   /* too short, or SRTCP that is not encrypted where it has to be */
	CRYPTO_REFUSED,  /* an SSRC that the context was not made for */
};

/* One packet of a burst. */
struct crypto_packet {
	/* the caller's */
	struct crypto *crypto;
	uint8_t *data;
	uint32_t ssrc;         /* of its sender, as read from it */
	uint16_t len;          /* is made shorter when OK */
	uint16_t header_bytes; /* RTP: where the payload begins, at most len; RTCP: not looked at */
	bool is_rtcp;
	/* the answer */
	enum crypto_verdict verdict;
	uint64_t index; /* when OK: of RTP, roll-over counter << 16 | sequence number */
	/* crypto_unprotect's own */
	bool tried;
	uint16_t tag_at;
	uint8_t aad[12];
	struct crypto_job job;
};

/* 0; -EINVAL (profile, roc without an SSRC, equal send_ssrcs, places beyond LIMIT_SOURCES); -ENOKEY
 * (no ciphers); -ENOMEM. */
int crypto_create(struct crypto **ret_crypto, const struct crypto_cfg *cfg);
void crypto_free(struct crypto *crypto);

/* Authenticate and decrypt up to CRYPTO_BURST packets of any contexts, as if one after the other. */
void crypto_unprotect(struct crypto_engine *engine, struct crypto_packet *packets, unsigned count);

/* Begin to fetch what opening a packet of @crypto touches: of many flows none is in the cache, and a burst
 * waits for all at once instead of for one line after the other. Some hundred cycles before
 * crypto_unprotect. */
void crypto_prefetch(const struct crypto *crypto);

/* The roll-over counter of the sender @ssrc, after its last packet. */
uint32_t crypto_roc(const struct crypto *crypto, uint32_t ssrc);

/* Protect a report of ours of @len bytes, with CRYPTO_TRAILER_BYTES of room behind it. The new length; 0: its
 * SSRC is not of send_ssrcs, it is too short, or 2^31 have been sent. */
size_t crypto_protect_rtcp(struct crypto *crypto, struct crypto_engine *engine, uint8_t *data, size_t len);

#endif
