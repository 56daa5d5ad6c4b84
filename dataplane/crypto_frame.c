/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_frame.h"

#include <string.h>
#include "base/cur.h"

#define NO_TAG_AT UINT16_MAX

uint32_t crypto_frame_trailer(const struct crypto_packet *p, const struct profile_info *info)
{
	unsigned behind = CRYPTO_FRAME_RTCP_INDEX + (info->aead ? 0u : info->rtcp_tag_bytes);
	struct cur c = cur_of(p->data + p->len - behind, CRYPTO_FRAME_RTCP_INDEX);

	return cur_u32(&c);
}

/* RFC 7714 sections 8.1 and 9.1, RFC 3711 section 4.1.1: the salt, with SSRC and 48 bits of index in it. */
static void set_iv(struct crypto_job *job, uint32_t ssrc, uint64_t index)
{
	uint8_t *at = job->iv + (job->aead ? 2 : 4), in[10];

	memcpy(job->iv, job->key->salt, sizeof(job->iv));
	cur_put32(in, ssrc);
	cur_put16(in + 4, (uint16_t)(index >> 32));
	cur_put32(in + 6, (uint32_t)index);
	for (unsigned i = 0; i < sizeof(in); i++)
		at[i] ^= in[i];
}

/* Keep the received tag aside; where @word is to be authenticated with what is before the tag it takes the
 * tag's place. */
static void take_tag(struct crypto_packet *p, unsigned at, bool replace, uint32_t word)
{
	memcpy(p->job.tag, p->data + at, p->job.tag_bytes);
	p->tag_at = replace ? (uint16_t)at : NO_TAG_AT;
	if (replace)
		cur_put32(p->data + at, word);
}

static void set_text(struct crypto_packet *p, unsigned from, unsigned to)
{
	p->job.text = p->data + from;
	p->job.text_bytes = (uint16_t)(to - from);
}

static void set_aad(struct crypto_packet *p, const uint8_t *aad, unsigned bytes)
{
	p->job.aad = aad;
	p->job.aad_bytes = (uint16_t)bytes;
}

static void frame_rtp(struct crypto_packet *p)
{
	unsigned end = p->len - p->job.tag_bytes;

	set_text(p, p->header_bytes, end);
	set_aad(p, p->data, p->job.aead ? p->header_bytes : end + sizeof(uint32_t));
	take_tag(p, end, !p->job.aead, (uint32_t)(p->index >> 16));
}

static void frame_rtcp(struct crypto_packet *p, uint32_t trailer)
{
	unsigned end = p->len - CRYPTO_FRAME_RTCP_INDEX - p->job.tag_bytes;

	if (!p->job.aead) {
		set_text(p, CRYPTO_FRAME_RTCP_HEADER, end);
		set_aad(p, p->data, end + CRYPTO_FRAME_RTCP_INDEX);
		take_tag(p, end + CRYPTO_FRAME_RTCP_INDEX, false, 0);
	} else if (trailer & CRYPTO_FRAME_ENCRYPTED) {
		memcpy(p->aad, p->data, CRYPTO_FRAME_RTCP_HEADER);
		cur_put32(p->aad + CRYPTO_FRAME_RTCP_HEADER, trailer);
		set_text(p, CRYPTO_FRAME_RTCP_HEADER, end);
		set_aad(p, p->aad, sizeof(p->aad));
		take_tag(p, end, false, 0);
	} else {
		/* RFC 7714 section 9.3: authenticated only. */
		set_text(p, end, end);
		set_aad(p, p->data, end + CRYPTO_FRAME_RTCP_INDEX);
		take_tag(p, end, true, trailer);
	}
}

void crypto_frame_set(struct crypto_packet *p, const struct profile_info *info, const struct crypto_key *key)
{
	p->job.key = key;
	p->job.key_bytes = info->key_bytes;
	p->job.tag_bytes = p->is_rtcp ? info->rtcp_tag_bytes : info->tag_bytes;
	p->job.aead = info->aead;
	set_iv(&p->job, p->ssrc, p->index);
	if (p->is_rtcp)
		frame_rtcp(p, crypto_frame_trailer(p, info));
	else
		frame_rtp(p);
}

void crypto_frame_restore(struct crypto_packet *p)
{
	if (p->tag_at != NO_TAG_AT)
		memcpy(p->data + p->tag_at, p->job.tag, p->job.tag_bytes);
}

size_t crypto_frame_seal(struct crypto_engine *engine, const struct profile_info *info,
        const struct crypto_key *key, uint8_t *data, size_t len, uint32_t ssrc, uint32_t index)
{
	struct crypto_job job = { .key = key,
		.aad = data,
		.text = data + CRYPTO_FRAME_RTCP_HEADER,
		.text_bytes = (uint16_t)(len - CRYPTO_FRAME_RTCP_HEADER),
		.aad_bytes = (uint16_t)(len + CRYPTO_FRAME_RTCP_INDEX),
		.tag_bytes = info->rtcp_tag_bytes,
		.key_bytes = info->key_bytes,
		.aead = info->aead };
	uint8_t aad[CRYPTO_FRAME_RTCP_HEADER + CRYPTO_FRAME_RTCP_INDEX];
	uint8_t *trailer = data + len + (info->aead ? info->rtcp_tag_bytes : 0);

	set_iv(&job, ssrc, index);
	cur_put32(trailer, index | CRYPTO_FRAME_ENCRYPTED);
	if (info->aead) {
		memcpy(aad, data, CRYPTO_FRAME_RTCP_HEADER);
		memcpy(aad + CRYPTO_FRAME_RTCP_HEADER, trailer, CRYPTO_FRAME_RTCP_INDEX);
		job.aad = aad;
		job.aad_bytes = sizeof(aad);
	}
	crypto_engine_seal(engine, &job, info->aead ? data + len : trailer + CRYPTO_FRAME_RTCP_INDEX);
	return len + CRYPTO_FRAME_RTCP_INDEX + info->rtcp_tag_bytes;
}
