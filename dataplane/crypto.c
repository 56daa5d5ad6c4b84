/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cur.h"
#include "dataplane/crypto_frame.h"
#include "dataplane/crypto_source.h"

#define LINE       64
#define KEY_BYTES  256 /* of AES-CM; an AEAD key goes on */
#define INDEX_MASK ((1ull << 48) - 1)

struct crypto {
	const struct profile_info *info;
	struct crypto_key *rtp, *rtcp, *report; /* behind the struct */
	size_t bytes;
	bool ssrc_known, others;
	uint32_t taken_pkts;
	uint32_t send_ssrcs[2], send_indices[2];
	struct crypto_source sources[CRYPTO_SSRCS]; /* the known one is the first */
};

static_assert(offsetof(struct crypto, sources) == LINE, "what every packet needs is one line");

static int make_keys(struct crypto *c, const struct crypto_cfg *cfg)
{
	uint8_t *at = (uint8_t *)(c + 1);
	size_t key_bytes = crypto_key_bytes(cfg->profile);
	int error;

	c->rtp = (struct crypto_key *)at;
	c->rtcp = (struct crypto_key *)(at + key_bytes);
	c->report = (struct crypto_key *)(at + 2 * key_bytes);
	error = crypto_key_derive(c->rtp, cfg->profile, cfg->key, CRYPTO_KEY_RTP);
	if (!error)
		error = crypto_key_derive(c->rtcp, cfg->profile, cfg->key, CRYPTO_KEY_RTCP);
	if (!error)
		error = crypto_key_derive(c->report, cfg->profile, cfg->send_key, CRYPTO_KEY_RTCP);
	return error;
}

int crypto_create(struct crypto **ret_crypto, const struct crypto_cfg *cfg)
{
	size_t bytes;
	struct crypto *c;
	int error;

	if (cfg->profile == PROFILE_PLAIN || cfg->profile >= PROFILES || (cfg->roc && !cfg->ssrc_known) ||
	        cfg->send_ssrcs[0] == cfg->send_ssrcs[1])
		return -EINVAL;
	bytes = sizeof(*c) + 3 * crypto_key_bytes(cfg->profile);
	c = aligned_alloc(LINE, bytes);
	if (!c)
		return -ENOMEM;
	memset(c, 0, bytes);
	c->bytes = bytes;
	c->info = profile_info(cfg->profile);
	c->ssrc_known = cfg->ssrc_known;
	c->others = cfg->others || !cfg->ssrc_known;
	memcpy(c->send_ssrcs, cfg->send_ssrcs, sizeof(c->send_ssrcs));
	if (cfg->ssrc_known)
		crypto_source_begin(&c->sources[0], cfg->ssrc, cfg->roc);
	error = make_keys(c, cfg);
	if (error < 0) {
		crypto_free(c);
		return error;
	}
	*ret_crypto = c;
	return 0;
}

void crypto_free(struct crypto *crypto)
{
	if (!crypto)
		return;
	explicit_bzero(crypto, crypto->bytes);
	free(crypto);
}

static const struct crypto_source *find(const struct crypto *c, uint32_t ssrc)
{
	for (unsigned i = 0; i < CRYPTO_SSRCS; i++)
		if (c->sources[i].taken && c->sources[i].ssrc == ssrc)
			return &c->sources[i];
	return NULL;
}

/* A place for a new source. */
static struct crypto_source *make_room(struct crypto *c, uint32_t ssrc)
{
	struct crypto_source *oldest = &c->sources[c->ssrc_known];

	for (unsigned i = c->ssrc_known; i < CRYPTO_SSRCS; i++) {
		struct crypto_source *s = &c->sources[i];
		if (!s->taken) {
			oldest = s;
			break;
		}
		if (c->taken_pkts - s->used > c->taken_pkts - oldest->used)
			oldest = s;
	}
	crypto_source_begin(oldest, ssrc, 0);
	return oldest;
}

static enum crypto_verdict judge_rtcp(const struct crypto_packet *p, uint64_t *ret_index)
{
	const struct crypto *c = p->crypto;
	const struct crypto_source *source = find(c, p->ssrc);
	uint32_t trailer;

	if (p->len < CRYPTO_FRAME_RTCP_HEADER + CRYPTO_FRAME_RTCP_INDEX + c->info->rtcp_tag_bytes)
		return CRYPTO_FAILED;
	if (!source && !c->others)
		return CRYPTO_REFUSED;
	trailer = crypto_frame_trailer(p, c->info);
	if (!c->info->aead && !(trailer & CRYPTO_FRAME_ENCRYPTED))
		return CRYPTO_FAILED;
	*ret_index = trailer & ~CRYPTO_FRAME_ENCRYPTED;
	if (source && !crypto_source_is_new_rtcp(source, (uint32_t)*ret_index))
		return CRYPTO_REPLAYED;
	return CRYPTO_OK;
}

/* What is to be said of a packet as things are now, before its tag is looked at; OK: *ret_index is written.
 */
static enum crypto_verdict judge(const struct crypto_packet *p, uint64_t *ret_index)
{
	const struct crypto *c = p->crypto;
	const struct crypto_source *source;
	uint16_t seq;

	if (p->is_rtcp)
		return judge_rtcp(p, ret_index);
	source = find(c, p->ssrc);
	if (!source && !c->others)
		return CRYPTO_REFUSED;
	seq = (uint16_t)(p->data[2] << 8 | p->data[3]);
	*ret_index = source ? crypto_source_guess(source, seq) : seq;
	if (source && !crypto_source_is_new(source, *ret_index))
		return CRYPTO_REPLAYED;
	return p->len < p->header_bytes + c->info->tag_bytes ? CRYPTO_FAILED : CRYPTO_OK;
}

static void frame(struct crypto_packet *p, uint64_t index)
{
	const struct crypto *c = p->crypto;

	p->index = index;
	p->tried = true;
	crypto_frame_set(p, c->info, p->is_rtcp ? c->rtcp : c->rtp);
}

/* Encrypt again what has been decrypted before its verdict. */
static void undo(struct crypto_engine *engine, struct crypto_packet *p)
{
	struct crypto_job *job = &p->job;

	if (p->tried && job->aead && job->authentic)
		crypto_engine_cipher(engine, &job, 1);
	p->tried = false;
}

static void try_alone(struct crypto_engine *engine, struct crypto_packet *p, uint64_t index)
{
	struct crypto_job *job = &p->job;

	undo(engine, p);
	frame(p, index);
	crypto_engine_verify(engine, &job, 1);
	crypto_frame_restore(p);
}

/* The first packet of a stream that may have been going on while nobody listened: its sequence number may
 * have rolled over once more. */
static bool may_have_rolled_over(const struct crypto_packet *p)
{
	const struct crypto *c = p->crypto;

	return !p->is_rtcp && c->ssrc_known && !c->sources[0].begun && c->sources[0].ssrc == p->ssrc;
}

static void take(struct crypto_packet *p)
{
	struct crypto *c = p->crypto;
	const struct crypto_source *known = find(c, p->ssrc);
	struct crypto_source *source = known ? &c->sources[known - c->sources] : make_room(c, p->ssrc);

	source->used = ++c->taken_pkts;
	p->len = (uint16_t)(p->len - p->job.tag_bytes);
	if (p->is_rtcp) {
		p->len -= CRYPTO_FRAME_RTCP_INDEX;
		crypto_source_take_rtcp(source, (uint32_t)p->index);
	} else {
		crypto_source_take(source, p->index);
	}
}

/* The packets before it in the burst have been settled: what was thought of this one before may not hold any
 * more. */
static void settle(struct crypto_engine *engine, struct crypto_packet *p)
{
	uint64_t index = 0;

	p->verdict = judge(p, &index);
	if (p->verdict != CRYPTO_OK) {
		undo(engine, p);
		return;
	}
	if (!p->tried || p->index != index)
		try_alone(engine, p, index);
	if (!p->job.authentic && may_have_rolled_over(p))
		try_alone(engine, p, (index + 0x10000) & INDEX_MASK);
	if (p->job.authentic)
		take(p);
	else
		p->verdict = CRYPTO_FORGED;
}

static void prefetch(const void *from, size_t begin, size_t end)
{
	for (size_t at = begin; at < end; at += LINE)
		__builtin_prefetch((const char *)from + at);
}

/* Of many flows none is in the cache, and a burst waits for all its contexts at once instead of for one line
 * after the other: with 100,000 flows of AES-CM at 200 B 1900 cycles a packet against 2600. */
static void prefetch_contexts(const struct crypto_packet *packets, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct crypto *c = packets[i].crypto;
		prefetch(c, 0, LINE + sizeof(c->sources[0]));
		prefetch(c + 1, 0, KEY_BYTES);
	}
	for (unsigned i = 0; i < count; i++) {
		const struct crypto *c = packets[i].crypto;
		if (c->info->aead)
			prefetch(c + 1, KEY_BYTES, sizeof(struct crypto_key));
	}
}

void crypto_unprotect(struct crypto_engine *engine, struct crypto_packet *packets, unsigned count)
{
	struct crypto_job *jobs[CRYPTO_BURST] = { NULL };
	uint64_t index = 0;
	unsigned n = 0;

	assert(count <= CRYPTO_BURST);
	prefetch_contexts(packets, count);
	for (unsigned i = 0; i < count; i++) {
		packets[i].tried = false;
		if (judge(&packets[i], &index) != CRYPTO_OK)
			continue;
		frame(&packets[i], index);
		jobs[n++] = &packets[i].job;
	}
	crypto_engine_verify(engine, jobs, n);
	for (unsigned i = 0; i < count; i++)
		if (packets[i].tried)
			crypto_frame_restore(&packets[i]);
	n = 0;
	for (unsigned i = 0; i < count; i++) {
		settle(engine, &packets[i]);
		if (packets[i].verdict == CRYPTO_OK && !packets[i].job.aead)
			jobs[n++] = &packets[i].job;
	}
	crypto_engine_cipher(engine, jobs, n);
}

uint32_t crypto_roc(const struct crypto *crypto, uint32_t ssrc)
{
	const struct crypto_source *source = find(crypto, ssrc);

	return source ? (uint32_t)(source->highest >> 16) : 0;
}

size_t crypto_protect_rtcp(struct crypto *crypto, struct crypto_engine *engine, uint8_t *data, size_t len)
{
	struct cur header = cur_of(data, len);
	uint32_t ssrc;
	unsigned i;

	cur_u32(&header);
	ssrc = cur_u32(&header);
	i = ssrc != crypto->send_ssrcs[0];
	if (header.overrun || len > UINT16_MAX - CRYPTO_TRAILER_BYTES || ssrc != crypto->send_ssrcs[i] ||
	        crypto->send_indices[i] == CRYPTO_FRAME_ENCRYPTED - 1)
		return 0;
	return crypto_frame_seal(
	        engine, crypto->info, crypto->report, data, len, ssrc, ++crypto->send_indices[i]);
}
