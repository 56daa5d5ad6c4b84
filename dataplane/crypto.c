/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cur.h"
#include "base/limits.h"
#include "dataplane/crypto_frame.h"
#include "dataplane/crypto_source.h"

#define LINE       64
#define KEY_BYTES  256 /* of AES-CM; an AEAD key goes on */
#define INDEX_MASK ((1ull << 48) - 1)

/*   | this | sources | keys of RTP, RTCP, reports | SSRCs, if they are more than CRYPTO_SSRCS | indices, if
 * they are nobody else's | */
struct crypto {
	const struct profile_info *info;
	uint32_t *ssrcs; /* of the sources, side by side: few_ssrcs, or behind the keys */
	uint32_t bytes;
	uint32_t taken_pkts;
	uint16_t key_bytes;
	uint8_t places, source_count;
	bool ssrc_known, others;
	uint32_t send_ssrcs[2];
	uint32_t *send_indices;
	uint32_t few_ssrcs[CRYPTO_SSRCS];
	struct crypto_source sources[]; /* the known one is the first */
};

static_assert(offsetof(struct crypto, sources) == LINE, "what every packet needs is one line");
static_assert(LIMIT_SOURCES <= UINT8_MAX, "places are counted in 8 bits");

enum key_use { KEY_RTP, KEY_RTCP, KEY_REPORT, KEYS };

static struct crypto_key *key_of(const struct crypto *c, enum key_use use)
{
	return (struct crypto_key *)((uintptr_t)&c->sources[c->places] + (size_t)use * c->key_bytes);
}

static int make_keys(struct crypto *c, const struct crypto_cfg *cfg)
{
	int error = crypto_key_derive(key_of(c, KEY_RTP), cfg->profile, cfg->key, CRYPTO_KEY_RTP);

	if (!error)
		error = crypto_key_derive(key_of(c, KEY_RTCP), cfg->profile, cfg->key, CRYPTO_KEY_RTCP);
	if (!error)
		error = crypto_key_derive(
		        key_of(c, KEY_REPORT), cfg->profile, cfg->send_key, CRYPTO_KEY_RTCP);
	return error;
}

static struct crypto_source *add_source(struct crypto *c, unsigned at, uint32_t ssrc, uint32_t roc)
{
	c->ssrcs[at] = ssrc;
	crypto_source_begin(&c->sources[at], roc);
	return &c->sources[at];
}

int crypto_create(struct crypto **ret_crypto, const struct crypto_cfg *cfg)
{
	unsigned places = cfg->ssrc_places ? cfg->ssrc_places : CRYPTO_SSRCS;
	size_t ssrcs_at, indices_at, bytes;
	struct crypto *c;
	int error;

	if (cfg->profile == PROFILE_PLAIN || cfg->profile >= PROFILES || (cfg->roc && !cfg->ssrc_known) ||
	        cfg->send_ssrcs[0] == cfg->send_ssrcs[1] || places > LIMIT_SOURCES)
		return -EINVAL;
	ssrcs_at = sizeof(*c) + places * sizeof(c->sources[0]) + KEYS * crypto_key_bytes(cfg->profile);
	bytes = ssrcs_at;
	if (places > CRYPTO_SSRCS)
		bytes += (places * sizeof(c->ssrcs[0]) + LINE - 1) / LINE * LINE;
	indices_at = bytes;
	if (!cfg->send_indices)
		bytes += LINE;
	c = aligned_alloc(LINE, bytes);
	if (!c)
		return -ENOMEM;
	memset(c, 0, bytes);
	c->bytes = (uint32_t)bytes;
	c->key_bytes = (uint16_t)crypto_key_bytes(cfg->profile);
	c->places = (uint8_t)places;
	c->ssrcs = places > CRYPTO_SSRCS ? (uint32_t *)((uintptr_t)c + ssrcs_at) : c->few_ssrcs;
	c->info = profile_info(cfg->profile);
	c->ssrc_known = cfg->ssrc_known;
	c->others = cfg->others || !cfg->ssrc_known;
	memcpy(c->send_ssrcs, cfg->send_ssrcs, sizeof(c->send_ssrcs));
	c->send_indices = cfg->send_indices ? cfg->send_indices : (uint32_t *)((uintptr_t)c + indices_at);
	if (cfg->ssrc_known)
		add_source(c, c->source_count++, cfg->ssrc, cfg->roc);
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
	for (unsigned i = 0; i < c->source_count; i++)
		if (c->ssrcs[i] == ssrc)
			return &c->sources[i];
	return NULL;
}

/* A place for a new source. */
static struct crypto_source *make_room(struct crypto *c, uint32_t ssrc)
{
	unsigned oldest = c->ssrc_known;

	if (c->source_count < c->places)
		return add_source(c, c->source_count++, ssrc, 0);
	for (unsigned i = oldest + 1; i < c->places; i++)
		if (c->taken_pkts - c->sources[i].used > c->taken_pkts - c->sources[oldest].used)
			oldest = i;
	return add_source(c, oldest, ssrc, 0);
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
	crypto_frame_set(p, c->info, key_of(c, p->is_rtcp ? KEY_RTCP : KEY_RTP));
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

	return !p->is_rtcp && c->ssrc_known && !c->sources[0].begun && c->ssrcs[0] == p->ssrc;
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

/* Most contexts have CRYPTO_SSRCS sources and a key without tables: where it lies is known without a look. */
void crypto_prefetch(const struct crypto *crypto)
{
	prefetch(crypto, 0, LINE + sizeof(crypto->sources[0]));
	prefetch(&crypto->sources[CRYPTO_SSRCS], 0, KEY_BYTES);
}

/* Where the key lies elsewhere, or is longer: what crypto_prefetch began with is here by now. */
static void prefetch_rest(const struct crypto_packet *packets, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct crypto *c = packets[i].crypto;
		if (c->places != CRYPTO_SSRCS)
			prefetch(key_of(c, KEY_RTP), 0, KEY_BYTES);
		if (c->info->aead)
			prefetch(key_of(c, KEY_RTP), KEY_BYTES, sizeof(struct crypto_key));
	}
}

void crypto_unprotect(struct crypto_engine *engine, struct crypto_packet *packets, unsigned count)
{
	struct crypto_job *jobs[CRYPTO_BURST] = { NULL };
	uint64_t index = 0;
	unsigned n = 0;

	assert(count <= CRYPTO_BURST);
	prefetch_rest(packets, count);
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
	        engine, crypto->info, key_of(crypto, KEY_REPORT), data, len, ssrc, ++crypto->send_indices[i]);
}
