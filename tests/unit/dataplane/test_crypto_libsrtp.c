/* SPDX-License-Identifier: BSD-3-Clause */
/* Our SRTP against libsrtp2: random streams, broken in every way that a network or an attacker can, go
 * through both, ours by bursts of several flows and libsrtp2's one by one; verdict and plain text must be the
 * same. CRYPTO_LIBSRTP_PKTS in the environment: how many packets of each profile, 100,000 unless told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dataplane/crypto_cpu.h"
#include <srtp2/srtp.h>
#include "base/limits.h"
#include "dataplane/crypto.h"
#include "dataplane/crypto_source.h"
#include "tests/unit/dataplane/reference.h"

#define PKTS    100000
#define FLOWS   5
#define SENDERS 3 /* of a flow: fewer than CRYPTO_SSRCS, libsrtp2 forgets none */
#define KEPT    64
#define ROOM    2048
#define ROC     9 /* of the flows that have one beforehand */

struct sealed {
	uint16_t len, header_bytes;
	bool is_rtcp;
	uint8_t data[ROOM];
};

struct sender {
	uint32_t ssrc;
	uint64_t index; /* of the next packet */
	uint32_t rtcp_index;
	unsigned kept;
	struct sealed past[KEPT];
};

struct flow_pair {
	struct crypto *ours;
	srtp_t theirs;
	uint32_t known_ssrc, roc; /* 0: none */
	bool begun;               /* with that */
	struct reference_keys rtp, rtcp;
	struct sender senders[SENDERS];
};

static struct crypto_engine *engine;
static struct flow_pair flows[FLOWS];
static uint64_t random_state = 0x9E3779B97F4A7C15;
static uint64_t rolled;                      /* first packets with the counter after the one that was told */
static uint64_t seen[CRYPTO_REFUSED + 1][2]; /* verdicts on RTP and RTCP */

static uint32_t any(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

static bool one_in(uint32_t n)
{
	return any(n) == 0;
}

static void set_policy(srtp_policy_t *policy, enum profile profile)
{
	switch (profile) {
	case PROFILE_AES_CM_128_HMAC_SHA1_32:
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

/* Flow 0 and 1 take anybody, 2 and 3 know one sender beforehand, 4 knows the only one. */
static void make_flow(unsigned i, enum profile profile)
{
	struct flow_pair *f = &flows[i];
	const struct profile_info *info = profile_info(profile);
	uint8_t key[64];

	for (unsigned k = 0; k < sizeof(key); k++)
		key[k] = (uint8_t)any(256);
	memset(f, 0, sizeof(*f));
	f->roc = i == 3 ? ROC : 0;
	f->known_ssrc = i >= 2 ? 1000 * (i + 1) : 0;
	for (unsigned k = 0; k < SENDERS; k++) {
		f->senders[k].ssrc = 1000 * (i + 1) + k;
		/* Not far from where the sequence number rolls over, or anywhere. */
		f->senders[k].index = k ? any(65536) : one_in(2) ? 65000 : 65530 + any(20);
	}
	f->senders[0].index += (uint64_t)f->roc << 16;
	struct crypto_cfg cfg = { .profile = profile,
		.key = key,
		.send_key = key,
		.ssrc_known = i >= 2,
		.others = i != 4,
		.ssrc = f->senders[0].ssrc,
		.roc = f->roc,
		.send_ssrcs = { 1, 2 },
		.ssrc_places = i % 2 ? LIMIT_SOURCES : 0 };
	srtp_policy_t wild = { .key = key, .window_size = CRYPTO_SOURCE_WINDOW }, policy;
	set_policy(&wild, profile);
	wild.ssrc.type = ssrc_any_inbound;
	policy = wild;
	if (i >= 2) {
		policy.ssrc = (srtp_ssrc_t){ .type = ssrc_specific, .value = cfg.ssrc };
		policy.next = i != 4 ? &wild : NULL;
	}
	assert_int_equal(crypto_create(&f->ours, &cfg), 0);
	assert_int_equal(srtp_create(&f->theirs, &policy), srtp_err_status_ok);
	if (f->roc)
		assert_int_equal(srtp_set_stream_roc(f->theirs, cfg.ssrc, f->roc), srtp_err_status_ok);
	reference_derive_all(&f->rtp, key, info, REFERENCE_RTP);
	reference_derive_all(&f->rtcp, key, info, REFERENCE_RTCP);
}

static void free_flow(struct flow_pair *f)
{
	crypto_free(f->ours);
	srtp_dealloc(f->theirs);
}

/* An RTP packet of @index with any number of CSRCs, any extension, any payload of up to 1400 bytes. */
static void make_rtp(struct sealed *s, const struct flow_pair *f, const struct profile_info *info,
        uint32_t ssrc, uint64_t index)
{
	unsigned csrcs = one_in(4) ? any(16) : 0, words = any(20), len = 12, payload = any(1401);
	bool extension = one_in(3);

	for (unsigned i = 0; i < 16 * 4 + 20 * 4 + 1500; i++)
		s->data[i] = (uint8_t)(index + i * 31);
	rtp_build(s->data, 96, one_in(2), (uint16_t)index, any(UINT32_MAX), ssrc);
	s->data[0] |= (uint8_t)(csrcs | (unsigned)extension << 4);
	len += 4 * csrcs;
	if (extension) {
		cur_put16(s->data + len, 0xBEDE);
		cur_put16(s->data + len + 2, (uint16_t)words);
		len += 4 + 4 * words;
	}
	s->is_rtcp = false;
	s->header_bytes = (uint16_t)len;
	s->len = (uint16_t)reference_rtp(&f->rtp, info, s->data, len + payload, (uint32_t)(index >> 16));
}

static void make_rtcp(struct sealed *s, const struct flow_pair *f, const struct profile_info *info,
        uint32_t ssrc, uint32_t index)
{
	unsigned len = 8 + 4 * any(100);

	memset(s->data, (int)index & 0xFF, len);
	s->data[0] = 0x80;
	s->data[1] = 200;
	cur_put16(s->data + 2, (uint16_t)(len / 4 - 1));
	cur_put32(s->data + 4, ssrc);
	s->is_rtcp = true;
	s->header_bytes = 0;
	s->len = (uint16_t)reference_rtcp(&f->rtcp, info, s->data, len, index);
}

/* What the network brings next of @from: in order, lost before, late, much too late, or far ahead. */
static uint64_t next_index(struct sender *from)
{
	uint64_t index;

	if (one_in(10) && from->index > 2000)
		return from->index - 1 - any(one_in(4) ? 1200 : 20);
	if (one_in(50))
		from->index += any(one_in(10) ? 33000 : 1100);
	else if (one_in(10))
		from->index += any(5);
	index = from->index++;
	return index;
}

static void next_packet(
        struct sealed *s, const struct flow_pair *f, struct sender *from, const struct profile_info *info)
{
	struct sealed *kept;

	if (from->kept && one_in(20)) {
		*s = from->past[any(from->kept < KEPT ? from->kept : KEPT)]; /* a replay */
	} else if (one_in(12)) {
		if (one_in(10))
			from->rtcp_index += any(200);
		make_rtcp(s, f, info, from->ssrc,
		        one_in(10) && from->rtcp_index > 150 ? from->rtcp_index - any(150)
		                                             : ++from->rtcp_index);
	} else {
		make_rtp(s, f, info, from->ssrc, next_index(from));
	}
	kept = &from->past[from->kept++ % KEPT];
	*kept = *s;
	if (one_in(15)) {
		/* Not the SSRC, nor what says how long the header is. */
		unsigned at = one_in(2) ? s->len - 1 - any(s->len < 18 ? s->len : 18) : any(s->len);
		bool spared = s->is_rtcp ? at < 8 : at == 0 || (at >= 8 && at < s->header_bytes);
		if (!spared)
			s->data[at] ^= (uint8_t)(1 << any(8));
	} else if (one_in(40)) {
		s->len = (uint16_t)(s->header_bytes + any(s->len - s->header_bytes));
		if (s->is_rtcp && s->len < 8)
			s->len = 8;
	}
}

static enum crypto_verdict verdict_of(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return CRYPTO_OK;
	case srtp_err_status_auth_fail:
		return CRYPTO_FORGED;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return CRYPTO_REPLAYED;
	case srtp_err_status_no_ctx:
		return CRYPTO_REFUSED;
	default:
		return CRYPTO_FAILED;
	}
}

/* The packet @s through libsrtp2, compared with what became of it with us. */
static void compare(struct flow_pair *f, const struct sealed *s, const struct crypto_packet *p)
{
	static _Alignas(8) uint8_t copy[ROOM];
	int len = s->len;
	srtp_err_status_t status;
	enum crypto_verdict theirs;

	memcpy(copy, s->data, s->len);
	status = (s->is_rtcp ? srtp_unprotect_rtcp : srtp_unprotect)(f->theirs, copy, &len);
	if (!s->is_rtcp && p->ssrc == f->known_ssrc && !f->begun) {
		/* Ours would find it too if the sender had rolled over. */
		if (status == srtp_err_status_auth_fail && p->verdict == CRYPTO_OK &&
		        p->index >> 16 == f->roc + 1) {
			rolled++;
			srtp_set_stream_roc(f->theirs, p->ssrc, f->roc + 1);
			memcpy(copy, s->data, s->len);
			status = srtp_unprotect(f->theirs, copy, &len);
		}
		f->begun = status == srtp_err_status_ok;
	}
	theirs = verdict_of(status);
	/* That a report is too short and that its sender is unknown they find out in another order. */
	if (s->is_rtcp && theirs >= CRYPTO_FAILED && p->verdict >= CRYPTO_FAILED)
		theirs = p->verdict;
	if (theirs != p->verdict)
		fail_msg("libsrtp2 says %d, we say %d of %s with index %llu, %u bytes, SSRC %u", status,
		        p->verdict, s->is_rtcp ? "RTCP" : "RTP", (unsigned long long)p->index, s->len,
		        p->ssrc);
	seen[p->verdict][s->is_rtcp]++;
	if (p->verdict == CRYPTO_OK) {
		assert_int_equal(p->len, len);
		assert_memory_equal(p->data, copy, len);
	} else {
		assert_int_equal(p->len, s->len);
		assert_memory_equal(p->data, s->data, s->len);
	}
}

static void run_burst(const struct profile_info *info, unsigned count)
{
	static struct sealed sealed[CRYPTO_BURST];
	static _Alignas(8) uint8_t data[CRYPTO_BURST][ROOM];
	struct crypto_packet packets[CRYPTO_BURST];
	struct flow_pair *of[CRYPTO_BURST];

	for (unsigned i = 0; i < count; i++) {
		struct flow_pair *f = of[i] = &flows[any(FLOWS)];
		struct sender *from = &f->senders[one_in(3) ? any(SENDERS) : 0];
		next_packet(&sealed[i], f, from, info);
		memcpy(data[i], sealed[i].data, sealed[i].len);
		packets[i] = (struct crypto_packet){ .crypto = f->ours,
			.data = data[i],
			.len = sealed[i].len,
			.header_bytes = sealed[i].header_bytes,
			.ssrc = from->ssrc,
			.is_rtcp = sealed[i].is_rtcp };
	}
	crypto_unprotect(engine, packets, count);
	for (unsigned i = 0; i < count; i++)
		compare(of[i], &sealed[i], &packets[i]);
}

static void run_profile(enum profile profile)
{
	const char *text = getenv("CRYPTO_LIBSRTP_PKTS");
	uint64_t left = text ? strtoull(text, NULL, 10) : PKTS;

	memset(seen, 0, sizeof(seen));
	rolled = 0;
	for (unsigned i = 0; i < FLOWS; i++)
		make_flow(i, profile);
	while (left > 0) {
		unsigned count = one_in(3) ? 1 : 1 + any(CRYPTO_BURST);
		if (count > left)
			count = (unsigned)left;
		run_burst(profile_info(profile), count);
		left -= count;
		if (one_in(200)) {
			unsigned i = any(FLOWS);
			free_flow(&flows[i]);
			make_flow(i, profile);
		}
	}
	for (unsigned i = 0; i < FLOWS; i++)
		free_flow(&flows[i]);
	print_message("%s: OK %llu+%llu, forged %llu+%llu, replayed %llu+%llu, failed %llu+%llu, refused "
	              "%llu+%llu\n",
	        profile_info(profile)->name, (unsigned long long)seen[CRYPTO_OK][0],
	        (unsigned long long)seen[CRYPTO_OK][1], (unsigned long long)seen[CRYPTO_FORGED][0],
	        (unsigned long long)seen[CRYPTO_FORGED][1], (unsigned long long)seen[CRYPTO_REPLAYED][0],
	        (unsigned long long)seen[CRYPTO_REPLAYED][1], (unsigned long long)seen[CRYPTO_FAILED][0],
	        (unsigned long long)seen[CRYPTO_FAILED][1], (unsigned long long)seen[CRYPTO_REFUSED][0],
	        (unsigned long long)seen[CRYPTO_REFUSED][1]);
	/* It has been about something. */
	assert_true(rolled > 0);
	for (unsigned verdict = CRYPTO_OK; verdict <= CRYPTO_REFUSED; verdict++)
		for (unsigned rtcp = 0; rtcp < 2; rtcp++)
			assert_true(seen[verdict][rtcp] > 0);
}

static void aes_cm_80_is_libsrtp2s(void **state)
{
	run_profile(PROFILE_AES_CM_128_HMAC_SHA1_80);
}

static void aes_cm_32_is_libsrtp2s(void **state)
{
	run_profile(PROFILE_AES_CM_128_HMAC_SHA1_32);
}

static void aead_128_is_libsrtp2s(void **state)
{
	run_profile(PROFILE_AEAD_AES_128_GCM);
}

static void aead_256_is_libsrtp2s(void **state)
{
	run_profile(PROFILE_AEAD_AES_256_GCM);
}

static void libsrtp2_opens_our_reports(void **state)
{
	static const enum profile all[] = { PROFILE_AES_CM_128_HMAC_SHA1_80, PROFILE_AES_CM_128_HMAC_SHA1_32,
		PROFILE_AEAD_AES_128_GCM, PROFILE_AEAD_AES_256_GCM };
	_Alignas(8) uint8_t data[1024], plain[1024];

	for (unsigned i = 0; i < 4; i++) {
		make_flow(0, all[i]);
		for (unsigned n = 0; n < 2000; n++) {
			size_t len = 8 + 4 * any(200);
			memset(plain, (int)n, len);
			plain[0] = 0x80;
			plain[1] = 201;
			cur_put16(plain + 2, (uint16_t)(len / 4 - 1));
			cur_put32(plain + 4, 1 + any(2));
			memcpy(data, plain, len);
			int bytes = (int)crypto_protect_rtcp(flows[0].ours, engine, data, len);
			assert_true(bytes > (int)len);
			assert_int_equal(
			        srtp_unprotect_rtcp(flows[0].theirs, data, &bytes), srtp_err_status_ok);
			assert_int_equal(bytes, len);
			assert_memory_equal(data, plain, len);
		}
		free_flow(&flows[0]);
	}
}

static int begin(void **state)
{
	crypto_cpu_choose(!getenv("CRYPTO_SCALAR"));
	return crypto_engine_create(&engine) || srtp_init() != srtp_err_status_ok;
}

static int end(void **state)
{
	crypto_engine_free(engine);
	return srtp_shutdown() != srtp_err_status_ok;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_cm_80_is_libsrtp2s),
		cmocka_unit_test(aes_cm_32_is_libsrtp2s),
		cmocka_unit_test(aead_128_is_libsrtp2s),
		cmocka_unit_test(aead_256_is_libsrtp2s),
		cmocka_unit_test(libsrtp2_opens_our_reports),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
