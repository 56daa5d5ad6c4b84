/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequence numbers of one RTP source: extension to 64 bits, duplicates, jumps, loss and jitter (RFC 3550 A.1,
 * A.3, A.8).
 *
 * What RFC 3550 A.1 calls a very large jump costs one packet: its successor confirms it and is a restart. An
 * authenticated jump forward is what it says, a gap, and costs none. Between MAX_MISORDER and the end of the
 * window a packet that is really missing is taken, however late; beyond the window it is too old. The first
 * packet counts at once; A.1's probation is dataplane/flow.h's matter.
 *
 * A packet that was lost and came back otherwise (RFC 4588, RFC 2198, RFC 5109) fills its gap, so that it is
 * taken once. It was not received on its SSRC, though: reports tell the loss as it was before repair, from
 * which the sender reckons what its path bears. When the original comes late after all it was not lost.
 * Poll loop only.
 */
#ifndef DATAPLANE_SEQUENCE_H
#define DATAPLANE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#define SEQUENCE_WINDOW 1024 /* packets below the highest, in which duplicates are known */

struct sequence {
	uint64_t max_ext;                        /* highest extended sequence number */
	uint64_t base_ext;                       /* lowest */
	uint64_t received;                       /* from base_ext on, without duplicates and repaired ones */
	uint64_t lost_before;                    /* of what came before the last restart */
	uint64_t expected_prior, received_prior; /* at the last report */
	uint32_t transit_rtp;                    /* of the last packet */
	uint32_t jitter_q4;                      /* in 1/16 ticks */
	uint32_t bad_seq;                        /* what would confirm a jump; UINT32_MAX: no jump */
	bool started, has_transit;
	bool authentic;                          /* SRTP */
	bool any_repaired;                       /* a bit of repaired may be set */
	uint64_t window[SEQUENCE_WINDOW / 64];   /* bit (ext % SEQUENCE_WINDOW): was there */
	uint64_t repaired[SEQUENCE_WINDOW / 64]; /* likewise: is there, but was not received */
};

enum sequence_verdict {
	SEQUENCE_NEW,       /* later than all before */
	SEQUENCE_REORDERED, /* missing until now */
	SEQUENCE_RESTART,   /* the sender began anew: this is the first of it */
	SEQUENCE_DUPLICATE,
	SEQUENCE_FAR, /* a jump that the next packet may confirm */
	SEQUENCE_OLD, /* before the window */
};

/* Begin with the packet @ext, as after a change of the SSRC: the next sequence_take is about it. Losses stay
 * counted. */
void sequence_begin(struct sequence *s, uint64_t ext, bool authentic);

/* The packet @seq is there. *ret_ext is written for the first three verdicts. */
enum sequence_verdict sequence_take(struct sequence *s, uint16_t seq, uint64_t *ret_ext);

/* The packet @seq was brought back: it never begins anew, and never leads far ahead. *ret_ext is written for
 * the first two verdicts; DUPLICATE: it was there, FAR, OLD: it is none of these. */
enum sequence_verdict sequence_repair(struct sequence *s, uint16_t seq, uint64_t *ret_ext);

/* Whether a packet of that number would be of use: later than all, or missing in the window. */
bool sequence_is_missing(const struct sequence *s, uint16_t seq);

/* Interarrival jitter, A.8: the packet of @timestamp was there at @arrival_unix_ns. */
void sequence_time(struct sequence *s, uint32_t timestamp, uint64_t arrival_unix_ns, uint32_t clock_rate);

/* Packets lost, A.3: expected less received; since the last restart for reports, and in all. */
uint64_t sequence_lost(const struct sequence *s);
uint64_t sequence_lost_in_all(const struct sequence *s);

/* The fraction lost since the last call, of 256 (A.3). For reports. */
uint8_t sequence_fraction_lost(struct sequence *s);

#endif
