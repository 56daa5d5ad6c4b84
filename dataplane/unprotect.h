/* SPDX-License-Identifier: BSD-3-Clause */
/* SRTP and SRTCP of one track (RFC 3711, RFC 7714; keys by RFC 4568): packets in are authenticated and
 * decrypted in place, reports out are protected. Crypto by libsrtp2.
 *
 * Contexts are made and freed by the command thread, and used by one lcore. With an SSRC known beforehand all
 * of a context is there from the start; else the library makes a stream out of its template when the first
 * packet of a new SSRC has been authenticated: its one allocation, at most UNPROTECT_SSRCS times a context,
 * on the poll loop. (What Debian's library allocates inside NSS at every packet is its own matter.) A packet
 * that fails has changed nothing. Keys are wiped, and never printed.
 */
#ifndef DATAPLANE_UNPROTECT_H
#define DATAPLANE_UNPROTECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"

#define UNPROTECT_SSRCS         64   /* that one sender may have in its life; more are refused */
#define UNPROTECT_WINDOW        1024 /* replay window, packets; RFC 3711 section 3.3.2 asks for 64 */
#define UNPROTECT_TRAILER_BYTES 20   /* SRTCP index and the longest tag */

struct unprotect;

struct unprotect_cfg {
	enum profile profile;    /* not PLAIN */
	const uint8_t *key;      /* master key and salt of what comes in: the profile's lengths */
	const uint8_t *send_key; /* of our reports */
	bool ssrc_known;
	uint32_t ssrc, roc;     /* roc: roll-over counter to begin with; needs ssrc_known unless 0 */
	uint32_t send_ssrcs[2]; /* of our reports */
};

enum unprotect_verdict {
	UNPROTECT_OK,
	UNPROTECT_FORGED,   /* the tag is wrong */
	UNPROTECT_REPLAYED, /* was there, or is from before the window */
	UNPROTECT_FAILED,   /* too short, or the library cannot */
	UNPROTECT_REFUSED,  /* an SSRC that the context was not made for, or one too many */
};

/* 0; -EINVAL (profile, roc without an SSRC, equal send_ssrcs); -ENOKEY (the library takes no such key);
 * -ENOMEM. */
int unprotect_create(struct unprotect **ret_unprotect, const struct unprotect_cfg *cfg);
void unprotect_free(struct unprotect *unprotect);

/* Authenticate and decrypt @data of *@len bytes, of the sender @ssrc (as read from it). Only when OK *@len is
 * new. */
enum unprotect_verdict unprotect_rtp(
        struct unprotect *unprotect, uint8_t *data, uint16_t *len, uint32_t ssrc);
enum unprotect_verdict unprotect_rtcp(
        struct unprotect *unprotect, uint8_t *data, uint16_t *len, uint32_t ssrc);

/* Protect a report of ours of @len bytes, in a buffer aligned to 4 with UNPROTECT_TRAILER_BYTES of room
 * behind it. The new length, or 0. */
size_t unprotect_protect_rtcp(struct unprotect *unprotect, uint8_t *data, size_t len);

#endif
