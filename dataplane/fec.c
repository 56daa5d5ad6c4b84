/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/fec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cur.h"
#include "base/limits.h"
#include "base/rtp.h"
#include "dataplane/fec_parity.h"

struct media {
	bool there;
	uint16_t seq, len;
	uint8_t packet[LIMIT_PACKET_BYTES];
};

/* A FEC packet that may be of use yet. */
struct waiting {
	bool there;
	uint16_t missing; /* of those it protects, that have not been there */
	struct fec_parity parity;
	uint8_t payload[LIMIT_PACKET_BYTES];
};

struct fec {
	enum fec_kind kind;
	bool begun;
	uint32_t ssrc;   /* of the media */
	uint16_t newest; /* media packet */
	unsigned waiting_count, waiting_next;
	struct waiting waiting[FEC_WAITING];
	struct media media[FEC_HISTORY];
};

int fec_create(struct fec **ret_fec, enum fec_kind kind)
{
	struct fec *fec = calloc(1, sizeof(*fec));

	if (!fec)
		return -ENOMEM;
	fec->kind = kind;
	*ret_fec = fec;
	return 0;
}

void fec_free(struct fec *fec)
{
	free(fec);
}

static struct media *media_of(struct fec *fec, uint16_t seq)
{
	return &fec->media[seq % FEC_HISTORY];
}

static bool has(struct fec *fec, uint16_t seq)
{
	const struct media *media = media_of(fec, seq);

	return media->there && media->seq == seq;
}

static void drop(struct fec *fec, struct waiting *w)
{
	w->there = false;
	fec->waiting_count--;
}

static void forget(struct fec *fec)
{
	for (unsigned i = 0; i < FEC_HISTORY; i++)
		fec->media[i].there = false;
	for (unsigned i = 0; i < FEC_WAITING; i++)
		fec->waiting[i].there = false;
	fec->waiting_count = 0;
	fec->begun = false;
}

/* Whether what is protected from @base on is near the newest packet: numbers wrap, what is further off may be
 * of another turn. */
static bool is_near(const struct fec *fec, uint16_t base)
{
	int16_t step = (int16_t)(fec->newest - base);

	return step < 2 * FEC_HISTORY && step > -FEC_HISTORY;
}

/* The packet @seq is there now: fewer are missing. */
static void tell_waiting(struct fec *fec, uint16_t seq)
{
	unsigned left = fec->waiting_count;

	for (struct waiting *w = fec->waiting; left > 0; w++) {
		if (!w->there)
			continue;
		left--;
		if (fec_parity_protects(&w->parity, seq))
			w->missing--;
		if (w->missing == 0 || !is_near(fec, w->parity.base))
			drop(fec, w);
	}
}

void fec_media(struct fec *fec, const uint8_t *packet, size_t len)
{
	struct rtp_header header;
	struct media *media;
	int16_t step;

	if (len > LIMIT_PACKET_BYTES || rtp_parse(&header, packet, len) < 0)
		return;
	step = (int16_t)(header.seq - fec->newest);
	if (fec->begun && (header.ssrc != fec->ssrc || step >= FEC_HISTORY || step <= -FEC_HISTORY))
		forget(fec);
	if (!fec->begun || step > 0)
		fec->newest = header.seq;
	fec->begun = true;
	fec->ssrc = header.ssrc;
	if (has(fec, header.seq))
		return;
	media = media_of(fec, header.seq);
	media->there = true;
	media->seq = header.seq;
	media->len = (uint16_t)len;
	memcpy(media->packet, packet, len);
	tell_waiting(fec, header.seq);
}

static uint16_t count_missing(struct fec *fec, const struct fec_parity *parity)
{
	uint16_t missing = 0;

	for (unsigned word = 0; word < FEC_PARITY_SPAN / 64; word++)
		for (uint64_t bits = parity->mask[word]; bits; bits &= bits - 1) {
			unsigned at = word * 64 + (unsigned)__builtin_ctzll(bits);
			missing += !has(fec, (uint16_t)(parity->base + at));
		}
	return missing;
}

/* A place for a FEC packet: a free one, else the oldest's. */
static struct waiting *make_room(struct fec *fec)
{
	struct waiting *w = &fec->waiting[fec->waiting_next];

	fec->waiting_next = (fec->waiting_next + 1) % FEC_WAITING;
	if (w->there)
		drop(fec, w);
	return w;
}

int fec_repair(struct fec *fec, uint16_t seq, const uint8_t *payload, size_t len)
{
	struct fec_parity parity;
	struct waiting *w;
	uint16_t missing;
	int r = fec->kind == FEC_ULP ? fec_ulp_parse(&parity, payload, len)
	                             : fec_flex_parse(&parity, payload, len);

	if (r == -ENOTSUP)
		return 0;
	if (r < 0 || parity.bytes > LIMIT_PACKET_BYTES)
		return -EBADMSG;
	if (!fec->begun || !is_near(fec, parity.base) || (parity.has_ssrc && parity.ssrc != fec->ssrc))
		return 0;
	missing = count_missing(fec, &parity);
	if (missing == 0)
		return 0;
	w = make_room(fec);
	w->there = true;
	w->missing = missing;
	w->parity = parity;
	memcpy(w->payload, parity.payload, parity.bytes);
	fec->waiting_count++;
	return 0;
}

static void add(uint8_t *sum, const uint8_t *bytes, size_t count)
{
	size_t i = 0;

	/* By words: a sender chooses how many packets a repair is made of. */
	for (uint64_t a, b; count - i >= sizeof(a); i += sizeof(a)) {
		memcpy(&a, sum + i, sizeof(a));
		memcpy(&b, bytes + i, sizeof(b));
		a ^= b;
		memcpy(sum + i, &a, sizeof(a));
	}
	for (; i < count; i++)
		sum[i] ^= bytes[i];
}

/* Take @media, which @parity protects, out of the sum: RFC 5109 sections 9.1 and 9.2, RFC 8627 section 6.3.
 */
static void take_out(struct fec_parity *parity, uint8_t *payload, const struct media *media)
{
	struct cur c = cur_of(media->packet, media->len);
	uint16_t behind = (uint16_t)(media->len - RTP_HEADER_BYTES);

	parity->bits[0] ^= cur_u8(&c);
	parity->bits[1] ^= cur_u8(&c);
	cur_u16(&c);
	parity->time ^= cur_u32(&c);
	parity->length ^= behind;
	add(payload, media->packet + RTP_HEADER_BYTES, behind < parity->bytes ? behind : parity->bytes);
}

/* Make the one packet that is missing of those that @w protects: its length; 0: it cannot be had. @w is spent
 * either way. */
static size_t make(struct fec *fec, struct waiting *w, uint32_t ssrc, uint8_t *out, size_t size)
{
	struct fec_parity *p = &w->parity;
	uint16_t lost = 0;
	unsigned count = 0;

	for (unsigned at = 0; at < FEC_PARITY_SPAN; at++) {
		uint16_t seq = (uint16_t)(p->base + at);
		if (!fec_parity_protects(p, seq))
			continue;
		if (has(fec, seq))
			take_out(p, w->payload, media_of(fec, seq));
		else
			lost = seq, count++;
	}
	/* Of those it protects one may have given its place to a later one since. */
	if (count != 1 || p->length > p->bytes || size < (size_t)RTP_HEADER_BYTES + p->length)
		return 0;
	rtp_build(out, p->bits[1] & 0x7F, p->bits[1] >> 7, lost, p->time, ssrc);
	out[0] |= p->bits[0] & 0x3F;
	memcpy(out + RTP_HEADER_BYTES, w->payload, p->length);
	return (size_t)RTP_HEADER_BYTES + p->length;
}

size_t fec_take(struct fec *fec, uint32_t ssrc, uint8_t *out, size_t size)
{
	unsigned left = fec->waiting_count;
	struct rtp_header header;
	size_t len;

	if (ssrc != fec->ssrc)
		return 0;
	for (struct waiting *w = fec->waiting; left > 0; w++) {
		if (!w->there)
			continue;
		left--;
		if (w->missing != 1)
			continue;
		len = make(fec, w, ssrc, out, size);
		drop(fec, w);
		if (len == 0 || rtp_parse(&header, out, len) < 0)
			continue;
		fec_media(fec, out, len);
		return len;
	}
	return 0;
}
