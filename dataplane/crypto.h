/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTP and SRTCP of one track (RFC 3711, RFC 7714; keys by RFC 4568): packets in are authenticated and
 * decrypted in place, reports out are protected. Crypto by libsrtp2.
 *
 * Contexts are made and freed by the command thread, and used by one lcore. With an SSRC known beforehand all
 * of a context is there from the start; else the library makes a stream out of its template when the first
 * packet of a new SSRC has been authenticated: its one allocation, at most CRYPTO_SSRCS times a context,
 * on the poll loop. (What Debian's library allocates inside NSS at every packet is its own matter.) A packet
 * that fails has changed nothing. Keys are wiped, and never printed.
 */
#ifndef DATAPLANE_CRYPTO_H
#define DATAPLANE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

#define CRYPTO_SSRCS         64   /* that one sender may have in its life; more are refused */
#define CRYPTO_WINDOW        1024 /* replay window, packets; RFC 3711 section 3.3.2 asks for 64 */
#define CRYPTO_TRAILER_BYTES 20   /* SRTCP index and the longest tag */

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
};

enum crypto_verdict {
	CRYPTO_OK,
	CRYPTO_FORGED,   /* the tag is wrong */
	CRYPTO_REPLAYED, /* was there, or is from before the window */
	CRYPTO_FAILED,   /* too short, or the library cannot */
	CRYPTO_REFUSED,  /* an SSRC that the context was not made for, or one too many */
};

/* 0; -EINVAL (profile, roc without an SSRC, equal send_ssrcs); -ENOKEY (the library takes no such key);
 * -ENOMEM. */
int crypto_create(struct crypto **ret_crypto, const struct crypto_cfg *cfg);
void crypto_free(struct crypto *crypto);

/* Authenticate and decrypt @data of *@len bytes, of the sender @ssrc (as read from it). Only when OK *@len is
 * new. */
enum crypto_verdict crypto_unprotect_rtp(struct crypto *crypto, uint8_t *data, uint16_t *len, uint32_t ssrc);
enum crypto_verdict crypto_unprotect_rtcp(struct crypto *crypto, uint8_t *data, uint16_t *len, uint32_t ssrc);

/* The roll-over counter of the sender @ssrc, after its last packet. */
uint32_t crypto_roc(const struct crypto *crypto, uint32_t ssrc);

/* Protect a report of ours of @len bytes, in a buffer aligned to 4 with CRYPTO_TRAILER_BYTES of room
 * behind it. The new length, or 0. */
size_t crypto_protect_rtcp(struct crypto *crypto, uint8_t *data, size_t len);

#endif
