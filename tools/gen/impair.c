/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/impair.h"

#include <string.h>
#include "base/rtp.h"

struct lie {
	uint8_t len, bytes[IMPAIR_LIE_BYTES];
};

/* RFC 7741 section 4.2: extension bits without their bytes, a picture id cut in half, no payload behind. */
static const struct lie vp8_lies[] = {
	{ 1, { 0x90 } },
	{ 2, { 0x90, 0x80 } },
	{ 3, { 0x90, 0x80, 0x80 } },
	{ 4, { 0x90, 0xF0, 0x80, 0x01 } },
	{ 4, { 0x90, 0x80, 0x80, 0x01 } },
};

/* RFC 9628 section 4.2: a picture id cut in half, no layer bytes, four references, a structure and a picture
 * group that run past the end, no payload behind. */
static const struct lie vp9_lies[] = {
	{ 1, { 0x8C } },
	{ 2, { 0x8C, 0x81 } },
	{ 3, { 0xAC, 0x81, 0x01 } },
	{ 8, { 0xDC, 0x81, 0x01, 0x03, 0x03, 0x03, 0x03, 0x03 } },
	{ 6, { 0x8E, 0x81, 0x01, 0xF8, 0x01, 0x40 } },
	{ 5, { 0x8E, 0x81, 0x01, 0x08, 0xFF } },
	{ 3, { 0x8C, 0x81, 0x01 } },
};

/* RFC 6716 section 3.4: code 3 without a count (R6, R7), with none (R5), of more than 120 ms (R5), with
 * padding past the end (R7), code 1 of odd length (R3), code 2 whose first frame is longer than the packet
 * (R4). */
static const struct lie opus_lies[] = {
	{ 1, { 0xFB } },
	{ 3, { 0xFB, 0x00, 0x11 } },
	{ 3, { 0xFB, 0x3F, 0x11 } },
	{ 3, { 0xFB, 0x41, 0xF0 } },
	{ 4, { 0xF9, 0x11, 0x22, 0x33 } },
	{ 3, { 0xFA, 0xC8, 0x11 } },
};

void impair_init(struct impair *impair, const struct impair_cfg *cfg, uint64_t seed, uint64_t flow)
{
	*impair = (struct impair){ .cfg = cfg, .rng = rng_of(seed ^ 0x696D70616972ull, flow) };
}

/* Whether this packet is lost; a burst, once begun, goes on. */
static bool is_lost(struct impair *i, double share)
{
	unsigned burst = i->cfg->loss_burst > 1 ? i->cfg->loss_burst : 1;
	/* Begins among the packets outside bursts at the rate that makes the share of all come out right. */
	double begin = share < 100 ? share / (burst * (1 - share / 100) + share / 100) : 100;
	bool begins = rng_chance(&i->rng, begin);

	if (i->burst_left) {
		i->burst_left--;
		return true;
	}
	if (begins)
		i->burst_left = burst - 1;
	return begins;
}

void impair_next(struct impair *i, struct impair_verdict *ret_verdict)
{
	const struct impair_cfg *cfg = i->cfg;
	struct impair_verdict v = { .fate = IMPAIR_INTACT };
	bool spared = i->count++ < cfg->clean_pkts;
	/* All numbers are drawn whatever comes of them, so that one setting does not move the others' places.
	 */
	bool lost = is_lost(i, spared ? 0 : cfg->loss);
	bool corrupt = rng_chance(&i->rng, cfg->corrupt);
	bool truncated = rng_chance(&i->rng, cfg->truncate);
	bool malformed = rng_chance(&i->rng, cfg->malformed);
	bool duplicate = rng_chance(&i->rng, cfg->duplicate);
	bool late = rng_chance(&i->rng, cfg->reorder);
	bool replay = rng_chance(&i->rng, cfg->replay);
	uint64_t delay = rng_below(&i->rng, cfg->reorder_depth);
	uint64_t jitter = rng_below(&i->rng, cfg->jitter_ns + 1);

	v.random = rng_next(&i->rng);
	v.jitter_ns = jitter;
	if (lost)
		v.fate = IMPAIR_LOST;
	else if (spared)
		v.fate = IMPAIR_INTACT;
	else if (corrupt)
		v.fate = IMPAIR_CORRUPT;
	else if (truncated)
		v.fate = IMPAIR_TRUNCATED;
	else if (malformed)
		v.fate = IMPAIR_MALFORMED;
	if (!spared && v.fate != IMPAIR_LOST) {
		v.duplicate = duplicate && v.fate == IMPAIR_INTACT;
		v.delay_pkts = late ? (unsigned)delay + 1 : 0;
		v.replay = replay;
	}
	*ret_verdict = v;
}

void impair_corrupt(uint8_t *packet, size_t len, uint64_t random)
{
	size_t at = RTP_HEADER_BYTES + random % (len - RTP_HEADER_BYTES);
	packet[at] ^= (uint8_t)(1 + (random >> 32) % 255);
}

size_t impair_truncate(size_t len, uint64_t random)
{
	return 1 + random % (len - 1);
}

size_t impair_malform(uint8_t *out, enum codec codec, uint64_t random)
{
	const struct lie *lies = codec == CODEC_VP8 ? vp8_lies : codec == CODEC_VP9 ? vp9_lies : opus_lies;
	size_t count = codec == CODEC_VP8   ? sizeof(vp8_lies) / sizeof(*lies)
	               : codec == CODEC_VP9 ? sizeof(vp9_lies) / sizeof(*lies)
	                                    : sizeof(opus_lies) / sizeof(*lies);
	const struct lie *lie = &lies[random % count];

	memcpy(out, lie->bytes, lie->len);
	return lie->len;
}
