/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   SRTP   | RTP header | payload, encrypted | tag (AEAD: part of the cipher text) |
 *   SRTCP  | header, SSRC | encrypted | tag if AEAD | E, index 31 | tag if not AEAD |
 */
#include "dataplane/unprotect.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <srtp2/srtp.h>
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/lcore.h"
#include "dataplane/stages.h"

#define NO_REASON UINT32_MAX

struct unprotect {
	srtp_t in, out;
	bool ssrc_known;
	uint8_t ssrc_count;
	uint32_t ssrcs[UNPROTECT_SSRCS]; /* of which a packet has been authenticated */
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_status;

static void library_start(void)
{
	library_status = srtp_init() == srtp_err_status_ok ? 0 : -ENOKEY;
}

static void set_crypto(srtp_policy_t *policy, enum profile profile)
{
	switch (profile) {
	case PROFILE_AES_CM_128_HMAC_SHA1_32:
		/* RFC 4568 section 6.2.2: the tag of SRTCP stays at 80 bits. */
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
		break;
	case PROFILE_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
		break;
	case PROFILE_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
		break;
	default:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
		break;
	}
}

static int make_in(struct unprotect *u, const struct unprotect_cfg *cfg, uint8_t *key)
{
	srtp_policy_t policy = { .key = key, .window_size = UNPROTECT_WINDOW };

	set_crypto(&policy, cfg->profile);
	policy.ssrc.type = cfg->ssrc_known ? ssrc_specific : ssrc_any_inbound;
	policy.ssrc.value = cfg->ssrc;
	if (srtp_create(&u->in, &policy) != srtp_err_status_ok)
		return -ENOKEY;
	if (cfg->roc && srtp_set_stream_roc(u->in, cfg->ssrc, cfg->roc) != srtp_err_status_ok)
		return -ENOKEY;
	return 0;
}

static int make_out(struct unprotect *u, const struct unprotect_cfg *cfg, uint8_t *key)
{
	srtp_policy_t spare = { .key = key, .window_size = UNPROTECT_WINDOW };
	srtp_policy_t policy;

	set_crypto(&spare, cfg->profile);
	spare.ssrc.type = ssrc_specific;
	spare.ssrc.value = cfg->send_ssrcs[1];
	policy = spare;
	policy.ssrc.value = cfg->send_ssrcs[0];
	policy.next = &spare;
	return srtp_create(&u->out, &policy) == srtp_err_status_ok ? 0 : -ENOKEY;
}

int unprotect_create(struct unprotect **ret_unprotect, const struct unprotect_cfg *cfg)
{
	uint8_t key[SRTP_MAX_KEY_LEN] = { 0 };
	struct unprotect *u;
	int error;

	if (cfg->profile == PROFILE_PLAIN || cfg->profile >= PROFILES || (cfg->roc && !cfg->ssrc_known) ||
	        cfg->send_ssrcs[0] == cfg->send_ssrcs[1])
		return -EINVAL;
	pthread_once(&library_once, library_start);
	if (library_status < 0)
		return library_status;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->ssrc_known = cfg->ssrc_known;
	if (cfg->ssrc_known)
		u->ssrcs[u->ssrc_count++] = cfg->ssrc;
	const struct profile_info *info = profile_info(cfg->profile);
	size_t bytes = (size_t)info->key_bytes + info->salt_bytes;
	memcpy(key, cfg->key, bytes);
	error = make_in(u, cfg, key);
	if (!error) {
		memcpy(key, cfg->send_key, bytes);
		error = make_out(u, cfg, key);
	}
	explicit_bzero(key, sizeof(key));
	if (error < 0) {
		unprotect_free(u);
		return error;
	}
	*ret_unprotect = u;
	return 0;
}

void unprotect_free(struct unprotect *unprotect)
{
	if (!unprotect)
		return;
	/* The library wipes its keys. */
	if (unprotect->in)
		srtp_dealloc(unprotect->in);
	if (unprotect->out)
		srtp_dealloc(unprotect->out);
	free(unprotect);
}

static bool knows_ssrc(const struct unprotect *u, uint32_t ssrc)
{
	for (unsigned i = 0; i < u->ssrc_count; i++)
		if (u->ssrcs[i] == ssrc)
			return true;
	return false;
}

static enum unprotect_verdict verdict_of(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return UNPROTECT_OK;
	case srtp_err_status_auth_fail:
		return UNPROTECT_FORGED;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
	case srtp_err_status_pkt_idx_old:
		return UNPROTECT_REPLAYED;
	default:
		return UNPROTECT_FAILED;
	}
}

typedef srtp_err_status_t unprotect_fn(srtp_t context, void *data, int *len);

static enum unprotect_verdict run(
        struct unprotect *u, unprotect_fn *fn, uint8_t *data, uint16_t *len, uint32_t ssrc)
{
	bool known = knows_ssrc(u, ssrc);
	int bytes = *len;
	enum unprotect_verdict verdict;

	if (!known && (u->ssrc_known || u->ssrc_count == UNPROTECT_SSRCS))
		return UNPROTECT_REFUSED;
	verdict = verdict_of(fn(u->in, data, &bytes));
	if (verdict != UNPROTECT_OK)
		return verdict;
	if (!known)
		u->ssrcs[u->ssrc_count++] = ssrc;
	*len = (uint16_t)bytes;
	return UNPROTECT_OK;
}

enum unprotect_verdict unprotect_rtp(struct unprotect *unprotect, uint8_t *data, uint16_t *len, uint32_t ssrc)
{
	return run(unprotect, srtp_unprotect, data, len, ssrc);
}

enum unprotect_verdict unprotect_rtcp(
        struct unprotect *unprotect, uint8_t *data, uint16_t *len, uint32_t ssrc)
{
	return run(unprotect, srtp_unprotect_rtcp, data, len, ssrc);
}

size_t unprotect_protect_rtcp(struct unprotect *unprotect, uint8_t *data, size_t len)
{
	int bytes = (int)len;

	return srtp_protect_rtcp(unprotect->out, data, &bytes) == srtp_err_status_ok ? (size_t)bytes : 0;
}

/* Why a packet is dropped, by the verdict on it; counted for its flow. */
static uint32_t reason_of(enum unprotect_verdict verdict, const struct flow *flow)
{
	switch (verdict) {
	case UNPROTECT_FORGED:
		stat_add(flow->slot, STAT_FLOW_auth_failed_pkts, 1);
		return STAT_LCORE_drop_auth;
	case UNPROTECT_REPLAYED:
		stat_add(flow->slot, STAT_FLOW_replayed_pkts, 1);
		return STAT_LCORE_drop_replay;
	case UNPROTECT_REFUSED:
		return STAT_LCORE_drop_no_track;
	default:
		return STAT_LCORE_drop_crypto;
	}
}

/* Plain RTP: the source that began stays, once it is off probation. */
static bool source_allowed(const struct flow *flow, const struct meta *m)
{
	if (flow->unprotect || !flow->has_rtp_peer || !flow->confirmed)
		return true;
	if (!m->is_rtcp)
		return flow_same_peer(&flow->rtp_peer, &m->src);
	return memcmp(flow->rtp_peer.addr, m->src.addr, sizeof(m->src.addr)) == 0;
}

static enum unprotect_verdict open_packet(struct flow *flow, struct meta *m, uint8_t *data)
{
	if (!flow->unprotect)
		return UNPROTECT_OK;
	return (m->is_rtcp ? unprotect_rtcp : unprotect_rtp)(
	        flow->unprotect, data, &m->data_len, m->packet.ssrc);
}

/* The sender of an authentic RTP packet: feedback goes where it came from. */
static void follow_source(struct flow *flow, const struct meta *m)
{
	uint16_t seq = (uint16_t)m->packet.ext_seq;

	if (!flow->unprotect && !flow->confirmed && flow->has_rtp_peer) {
		if (!flow_same_peer(&flow->rtp_peer, &m->src)) {
			/* Another takes the place of one on probation. */
			flow->sequence.started = false;
			flow->restart = true;
		} else if (seq == (uint16_t)(flow->first_seq + 1)) {
			flow->confirmed = true;
		}
	}
	flow->first_seq = seq;
	flow->rtp_peer = m->src;
	flow->has_rtp_peer = true;
	flow->local = m->local;
	flow->rival_pkts = 0;
	stat_set(flow->slot, STAT_FLOW_ssrc, m->packet.ssrc);
}

/* A packet of an SSRC that is bound to @flow. */
static uint32_t admit_bound(struct flow *flow, struct meta *m, uint8_t *data)
{
	enum unprotect_verdict verdict;

	if (!source_allowed(flow, m))
		return STAT_LCORE_drop_wrong_source;
	verdict = open_packet(flow, m, data);
	if (verdict != UNPROTECT_OK)
		return reason_of(verdict, flow);
	m->flow = flow;
	if (!m->is_rtcp)
		follow_source(flow, m);
	return NO_REASON;
}

/* A packet of an SSRC that is bound to no flow: the first flow whose key opens it may take it. Not all
 * libraries leave a packet alone that they refuse, so it is tried on a copy. */
static uint32_t admit_new(struct lcore *lc, struct meta *m, uint8_t *data)
{
	uint8_t type = m->is_rtcp ? FLOW_ANY_TYPE : data[1] & 0x7F, copy[LIMIT_PACKET_BYTES];
	uint32_t reason = STAT_LCORE_drop_no_track;
	const struct flow *first = NULL;
	struct flow *flow;
	unsigned at = 0;

	if (m->data_len > sizeof(copy))
		return STAT_LCORE_drop_truncated;
	memcpy(copy, data, m->data_len);
	for (; (flow = flow_candidate(m->endpoint, type, &at)) != NULL; memcpy(data, copy, m->data_len)) {
		enum unprotect_verdict verdict = UNPROTECT_OK;
		bool allowed = source_allowed(flow, m);
		if (allowed)
			verdict = open_packet(flow, m, data);
		if (allowed && verdict == UNPROTECT_OK) {
			m->flow = flow;
			if (m->is_rtcp)
				return NO_REASON;
			if (!flow_bind(lc, m->endpoint, flow, m->packet.ssrc))
				return STAT_LCORE_drop_no_track;
			follow_source(flow, m);
			return NO_REASON;
		}
		if (!first)
			reason = allowed ? reason_of(verdict, flow) : STAT_LCORE_drop_wrong_source;
		first = first ? first : flow;
	}
	return reason;
}

static uint32_t admit(struct lcore *lc, struct rte_mbuf *mbuf)
{
	struct meta *m = meta_of(mbuf);
	uint8_t *data = meta_data(mbuf);
	struct flow *flow = m->flow;

	/* A packet before it in the burst may have bound its SSRC, or bound the flow to another. */
	if (!flow_has_ssrc(m->endpoint, flow, m->packet.ssrc))
		flow = flow_by_ssrc(m->endpoint, m->packet.ssrc);
	if (!flow)
		return admit_new(lc, m, data);
	if (!m->is_rtcp && flow->payload_type != (data[1] & 0x7F))
		return STAT_LCORE_drop_no_track;
	return admit_bound(flow, m, data);
}

unsigned unprotect_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count)
{
	unsigned out = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t reason = admit(lc, pkts[i]);
		if (reason == NO_REASON)
			pkts[out++] = pkts[i];
		else
			lcore_drop(lc, pkts[i], reason);
	}
	return out;
}
