/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of each packet of a flow, by chance and seed: its fate (at most one harm a packet), and how it
 * travels. The same seed, flow and settings give the same verdicts. Pure; one thread an object. */
#ifndef TOOLS_GEN_IMPAIR_H
#define TOOLS_GEN_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/codec.h"
#include "tools/gen/rng.h"

#define IMPAIR_DEPTH_MAX 64 /* packets that one may be late by */

enum impair_fate {
	IMPAIR_INTACT,
	IMPAIR_LOST,      /* never sent */
	IMPAIR_CORRUPT,   /* a byte behind the RTP header is flipped after protection */
	IMPAIR_TRUNCATED, /* the datagram is cut after protection */
	IMPAIR_MALFORMED, /* the payload's descriptor lies; protected as it should be */
	IMPAIR_FATES
};

struct impair_cfg {
	double loss, duplicate, reorder, corrupt, replay, truncate, malformed; /* percent */
	unsigned loss_burst;    /* packets lost at a time; loss stays the share of all packets */
	unsigned reorder_depth; /* a late packet comes 1 to so many packets late; at most IMPAIR_DEPTH_MAX */
	uint64_t jitter_ns;     /* each packet comes 0 to so much later, order kept */
	uint64_t clean_pkts;    /* the first packets of a flow are spared */
};

struct impair_verdict {
	enum impair_fate fate;
	bool duplicate;      /* sent twice; intact ones only */
	bool replay;         /* an older packet is sent again after this one */
	unsigned delay_pkts; /* 0: in its place */
	uint64_t jitter_ns;
	uint64_t random; /* what byte, what length, which packet */
};

struct impair {
	const struct impair_cfg *cfg;
	struct rng rng;
	uint64_t count;
	unsigned burst_left;
};

/* @cfg is kept. */
void impair_init(struct impair *impair, const struct impair_cfg *cfg, uint64_t seed, uint64_t flow);
/* The verdict over the next packet. */
void impair_next(struct impair *impair, struct impair_verdict *ret_verdict);

/* Flip one byte behind the RTP header. @len is more than RTP_HEADER_BYTES. */
void impair_corrupt(uint8_t *packet, size_t len, uint64_t random);
/* The length, 1 to @len - 1, that a packet of @len > 1 bytes is cut to. */
size_t impair_truncate(size_t len, uint64_t random);
/* Write a payload that its codec's RFC rules out, whatever a receiver knows: it ends inside its own
 * descriptor, or counts more than it holds. At most IMPAIR_LIE_BYTES to @out; returns the length, at least 1.
 */
#define IMPAIR_LIE_BYTES 8
size_t impair_malform(uint8_t *out, enum codec codec, uint64_t random);

#endif
