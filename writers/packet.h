/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet on its way from an lcore to a writer: what the rings carry.
 *
 * It lies in its network buffer's private area, so handing it over copies nothing; who made the buffers gives
 * a function that takes them back in bulk (no library of the network's reaches into writers). One thread owns
 * a packet at a time: the lcore until the ring, the writer after.
 */
#ifndef WRITERS_PACKET_H
#define WRITERS_PACKET_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct track;

enum packet_kind {
	PACKET_MEDIA,         /* one RTP packet's payload */
	PACKET_SENDER_REPORT, /* ntp and rtp_time are one instant of the sender's clock; no payload */
};

struct packet {
	struct track *track;      /* whose; opaque to the lcore */
	const uint8_t *payload;   /* decrypted, without header, extension and padding */
	uint64_t ext_seq;         /* RTP sequence number extended to 64 bits (RFC 3550 A.1) */
	uint64_t arrival_unix_ns; /* to be told */
	uint64_t arrival_mono_ns; /* to be reckoned with: the wall clock may be set */
	uint64_t ntp; /* PACKET_SENDER_REPORT, and media with PACKET_CAPTURED: the sender's clock, 32.32 */
	uint32_t rtp_time;
	uint32_t ssrc;
	uint16_t shed_pkts; /* given up for a full ring since the last one handed over, of this track */
	uint16_t payload_bytes;
	uint8_t kind : 2;        /* enum packet_kind */
	uint8_t layer : 2;       /* of the track's simulcast layers, by its place in the offer */
	uint8_t orientation : 4; /* PACKET_ORIENTATION: C, F and R1 R0 of 3GPP TS 26.114 section 7.4.5 */
	uint8_t flags;           /* PACKET_MARKER | … */
};
static_assert(sizeof(struct packet) <= 64, "one cache line");

#define PACKET_MARKER 1 /* RTP's marker bit */
#define PACKET_RESTART                                                                                       \
	2 /* the sender began anew here: sequence numbers and time have no relation to those before */

#define PACKET_REPAIRED    4  /* lost, and brought back by a retransmission or redundancy */
#define PACKET_CAPTURED    8  /* ntp is when the sender captured it (abs-capture-time) */
#define PACKET_ORIENTATION 16 /* orientation is given */

/* Gives back @n packets to where they came from. Called on writer threads. */
typedef void packet_release_fn(void *arg, struct packet *const *packets, unsigned n);

#define PACKET_BIN 64

/* Collects packets that are done with, and releases them in bulk. One thread. */
struct packet_bin {
	packet_release_fn *release;
	void *arg;
	unsigned count;
	struct packet *packets[PACKET_BIN];
};

static inline void packet_bin_empty(struct packet_bin *bin)
{
	if (bin->count)
		bin->release(bin->arg, bin->packets, bin->count);
	bin->count = 0;
}

static inline void packet_bin_put(struct packet_bin *bin, struct packet *packet)
{
	bin->packets[bin->count++] = packet;
	if (bin->count == PACKET_BIN)
		packet_bin_empty(bin);
}

#endif
