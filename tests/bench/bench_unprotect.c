/* SPDX-License-Identifier: BSD-3-Clause */
/* What SRTP costs, ours beside libsrtp2 in one run: cycles a packet in bursts of one, 8 and 32 over 32 flows,
 * and of 32 over so many that no cache has them all; and making and freeing contexts.
 *
 * usage: bench_unprotect [PROFILE ...]     none: all, and contexts; as a table
 *        bench_unprotect --json PROFILE    cycles a packet of one, for tools/bench
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <srtp2/srtp.h>
#include <x86intrin.h>
#include "base/jsonw.h"
#include "base/rtp.h"
#include "dataplane/crypto.h"

#define FLOWS  CRYPTO_BURST
#define ROUNDS 6500
#define WARM   200    /* rounds not measured */
#define MANY   100000 /* flows */
#define SSRC   7
#define ROOM   2048

#define CONTEXTS       20000 /* of ours, that are made and freed */
#define THEIR_CONTEXTS 1000  /* of libsrtp2: what its NSS needs grows as the square */

static const uint8_t key[PROFILE_KEY_BYTES] = { 1, 2, 3 };
static const enum profile profiles[] = { PROFILE_AES_CM_128_HMAC_SHA1_80, PROFILE_AES_CM_128_HMAC_SHA1_32,
	PROFILE_AEAD_AES_128_GCM, PROFILE_AEAD_AES_256_GCM };

static _Alignas(64) uint8_t data[FLOWS][ROOM];
static int lens[FLOWS];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench_unprotect: %s\n", what);
	exit(1);
}

static struct crypto *make_ours(enum profile profile)
{
	const struct crypto_cfg cfg = { .profile = profile,
		.key = key,
		.send_key = key,
		.ssrc_known = true,
		.ssrc = SSRC,
		.send_ssrcs = { 1, 2 } };
	struct crypto *crypto = NULL;

	if (crypto_create(&crypto, &cfg))
		die("no context of ours");
	return crypto;
}

static srtp_t make_theirs(enum profile profile, srtp_ssrc_type_t type)
{
	srtp_policy_t policy = {
		.key = (uint8_t *)(uintptr_t)key, .window_size = 1024, .allow_repeat_tx = 1
	};
	srtp_t context;

	switch (profile) {
	case PROFILE_AES_CM_128_HMAC_SHA1_32:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
		break;
	case PROFILE_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
		break;
	case PROFILE_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
		break;
	default:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
		break;
	}
	policy.ssrc = (srtp_ssrc_t){ .type = type, .value = SSRC };
	if (srtp_create(&context, &policy))
		die("no context of libsrtp2");
	return context;
}

/* The packet @seq, sealed, once for every flow. */
static void seal(srtp_t out, uint16_t seq, int bytes)
{
	rtp_build(data[0], 96, false, seq, seq * 3000u, SSRC);
	memset(data[0] + RTP_HEADER_BYTES, seq & 0xFF, (size_t)bytes - RTP_HEADER_BYTES);
	lens[0] = bytes;
	if (srtp_protect(out, data[0], &lens[0]))
		die("libsrtp2 does not protect");
	for (unsigned i = 1; i < FLOWS; i++) {
		memcpy(data[i], data[0], (size_t)lens[0]);
		lens[i] = lens[0];
	}
}

static void open_ours(struct crypto_engine *engine, struct crypto **contexts, unsigned burst)
{
	struct crypto_packet packets[CRYPTO_BURST];

	for (unsigned at = 0; at < FLOWS; at += burst) {
		for (unsigned i = 0; i < burst; i++) {
			struct crypto_packet *p = &packets[i];
			p->crypto = contexts[at + i];
			p->data = data[at + i];
			p->len = (uint16_t)lens[at + i];
			p->header_bytes = RTP_HEADER_BYTES;
			p->ssrc = SSRC;
			p->is_rtcp = false;
		}
		crypto_unprotect(engine, packets, burst);
		for (unsigned i = 0; i < burst; i++)
			if (packets[i].verdict != CRYPTO_OK)
				die("a packet of ours is not OK");
	}
}

static void open_theirs(srtp_t *contexts)
{
	for (unsigned i = 0; i < FLOWS; i++)
		if (srtp_unprotect(contexts[i], data[i], &lens[i]))
			die("a packet of libsrtp2's is not OK");
}

/* Cycles a packet; @burst 0: libsrtp2. */
static double measure(
        struct crypto_engine *engine, enum profile profile, int bytes, unsigned burst, unsigned flows)
{
	srtp_t out = make_theirs(profile, ssrc_any_outbound), theirs[FLOWS] = { NULL };
	static struct crypto *ours[MANY];
	uint64_t cycles = 0, begin;

	for (unsigned i = 0; i < flows && burst; i++)
		ours[i] = make_ours(profile);
	for (unsigned i = 0; i < flows && burst; i++) {
		/* Packets come in another order than their flows were made. */
		unsigned other = (unsigned)rand() % flows;
		struct crypto *c = ours[i];
		ours[i] = ours[other];
		ours[other] = c;
	}
	for (unsigned i = 0; i < FLOWS && !burst; i++)
		theirs[i] = make_theirs(profile, ssrc_specific);
	for (unsigned round = 0; round < ROUNDS; round++) {
		seal(out, (uint16_t)(round / (flows / FLOWS)), bytes);
		begin = __rdtsc();
		if (burst)
			open_ours(engine, ours + round % (flows / FLOWS) * FLOWS, burst);
		else
			open_theirs(theirs);
		cycles += round < WARM ? 0 : __rdtsc() - begin;
	}
	for (unsigned i = 0; i < flows && burst; i++)
		crypto_free(ours[i]);
	for (unsigned i = 0; i < FLOWS && !burst; i++)
		srtp_dealloc(theirs[i]);
	srtp_dealloc(out);
	return (double)cycles / (ROUNDS - WARM) / FLOWS;
}

/* Cycles a packet by whom and how. */
struct costs {
	double libsrtp2, burst_1, burst_8, burst_32, many_flows;
};

static struct costs measure_all(struct crypto_engine *engine, enum profile profile, int bytes)
{
	return (struct costs){
		.libsrtp2 = measure(engine, profile, bytes, 0, FLOWS),
		.burst_1 = measure(engine, profile, bytes, 1, FLOWS),
		.burst_8 = measure(engine, profile, bytes, 8, FLOWS),
		.burst_32 = measure(engine, profile, bytes, CRYPTO_BURST, FLOWS),
		.many_flows = measure(engine, profile, bytes, CRYPTO_BURST, MANY),
	};
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_contexts(const char *whose, enum profile profile, unsigned count)
{
	bool is_ours = strcmp(whose, "ours") == 0;
	void **all = calloc(count, sizeof(*all));
	double begin = seconds(), made;

	if (!all)
		die("no memory");
	for (unsigned i = 0; i < count; i++)
		all[i] = is_ours ? (void *)make_ours(profile) : (void *)make_theirs(profile, ssrc_specific);
	made = seconds();
	for (unsigned i = 0; i < count; i++) {
		if (is_ours)
			crypto_free(all[i]);
		else
			srtp_dealloc(all[i]);
	}
	printf("%-24s %-8s %6u contexts: %8.2f us to make, %8.2f us to free\n", profile_info(profile)->name,
	        whose, count, (made - begin) * 1e6 / count, (seconds() - made) * 1e6 / count);
	free(all);
}

static void print_table_row(struct crypto_engine *engine, enum profile profile, int bytes)
{
	struct costs c = measure_all(engine, profile, bytes);

	printf("%-24s %6d %10.0f %10.0f %10.0f %10.0f %10.0f\n", profile_info(profile)->name, bytes,
	        c.libsrtp2, c.burst_1, c.burst_8, c.burst_32, c.many_flows);
}

static void print_costs(struct jsonw *w, const char *name, const struct costs *c)
{
	jsonw_object(w, name);
	jsonw_double(w, "libsrtp2", c->libsrtp2);
	jsonw_double(w, "1", c->burst_1);
	jsonw_double(w, "8", c->burst_8);
	jsonw_double(w, "32", c->burst_32);
	jsonw_double(w, "many_flows", c->many_flows);
	jsonw_end_object(w);
}

/* {"tsc_hz": …, "1200": {"libsrtp2": …, "1": …, "8": …, "32": …, "many_flows": …}, "200": {…}} */
static void print_json(struct crypto_engine *engine, enum profile profile)
{
	struct jsonw w = { 0 };
	double begin_s = seconds();
	uint64_t begin = __rdtsc();
	struct costs large = measure_all(engine, profile, 1200), small = measure_all(engine, profile, 200);

	jsonw_object(&w, NULL);
	jsonw_double(&w, "tsc_hz", (double)(__rdtsc() - begin) / (seconds() - begin_s));
	print_costs(&w, "1200", &large);
	print_costs(&w, "200", &small);
	jsonw_end_object(&w);
	if (w.error)
		die("no memory");
	puts(w.text);
	jsonw_reset(&w);
}

static enum profile find_profile(const char *name)
{
	for (unsigned i = 0; i < 4; i++)
		if (strcmp(profile_info(profiles[i])->name, name) == 0)
			return profiles[i];
	die("usage: bench_unprotect [PROFILE ...] | --json PROFILE");
}

static void print_table(struct crypto_engine *engine, char **names)
{
	printf("%-24s %6s %10s %10s %10s %10s %10s   cycles a packet\n", "profile", "bytes", "libsrtp2",
	        "burst 1", "burst 8", "burst 32", "many flows");
	for (unsigned i = 0; names[0] ? names[i] != NULL : i < 4; i++) {
		enum profile profile = names[0] ? find_profile(names[i]) : profiles[i];
		print_table_row(engine, profile, 200);
		print_table_row(engine, profile, 1200);
	}
	for (unsigned i = 0; i < 4 && !names[0]; i += 2) {
		print_contexts("ours", profiles[i], CONTEXTS);
		print_contexts("libsrtp2", profiles[i], THEIR_CONTEXTS);
	}
}

int main(int argc, char **argv)
{
	struct crypto_engine *engine;

	if (srtp_init() || crypto_engine_create(&engine))
		die("cannot begin");
	if (argc == 3 && strcmp(argv[1], "--json") == 0)
		print_json(engine, find_profile(argv[2]));
	else
		print_table(engine, argv + 1);
	crypto_engine_free(engine);
	return 0;
}
