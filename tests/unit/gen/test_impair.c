/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/impair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "base/rtp.h"

#define PACKETS 200000

static const struct impair_cfg all = { .loss = 2,
	.duplicate = 3,
	.reorder = 4,
	.corrupt = 1,
	.replay = 2,
	.truncate = 1,
	.malformed = 1,
	.loss_burst = 1,
	.reorder_depth = 3,
	.jitter_ns = 1000 };

struct tally {
	unsigned fates[IMPAIR_FATES], duplicates, late, replays, delays[IMPAIR_DEPTH_MAX + 1], loss_runs;
	uint64_t jitter_max, hash;
};

static struct tally count(const struct impair_cfg *cfg, uint64_t seed, uint64_t flow)
{
	struct impair impair;
	struct tally t = { 0 };
	enum impair_fate before = IMPAIR_INTACT;

	impair_init(&impair, cfg, seed, flow);
	for (unsigned i = 0; i < PACKETS; i++) {
		struct impair_verdict v;

		impair_next(&impair, &v);
		t.fates[v.fate]++;
		t.duplicates += v.duplicate;
		t.late += v.delay_pkts > 0;
		t.replays += v.replay;
		t.delays[v.delay_pkts]++;
		t.loss_runs += v.fate == IMPAIR_LOST && before != IMPAIR_LOST;
		before = v.fate;
		t.jitter_max = v.jitter_ns > t.jitter_max ? v.jitter_ns : t.jitter_max;
		t.hash = t.hash * 31 + v.fate * 8 + v.duplicate * 4 + v.delay_pkts * 64 + v.replay * 2 +
		         v.random;
		assert_true(v.fate == IMPAIR_INTACT || !v.duplicate);
		assert_true(v.fate != IMPAIR_LOST || (!v.delay_pkts && !v.replay));
	}
	return t;
}

static void assert_share(unsigned n, double percent)
{
	double expected = PACKETS * percent / 100;
	assert_in_range(n, (unsigned)(expected * 0.93), (unsigned)(expected * 1.07));
}

static void the_same_seed_gives_the_same_verdicts(void **state)
{
	assert_true(count(&all, 5, 1).hash == count(&all, 5, 1).hash);
	assert_true(count(&all, 5, 1).hash != count(&all, 6, 1).hash);
	assert_true(count(&all, 5, 1).hash != count(&all, 5, 2).hash);
}

static void shares_come_out_as_asked(void **state)
{
	struct tally t = count(&all, 1, 0);

	assert_share(t.fates[IMPAIR_LOST], 2);
	assert_share(t.fates[IMPAIR_CORRUPT], 0.98);
	assert_share(t.fates[IMPAIR_TRUNCATED], 0.97);
	assert_share(t.fates[IMPAIR_MALFORMED], 0.96);
	assert_share(t.duplicates, 3 * 0.95);
	assert_share(t.late, 4 * 0.98);
	assert_share(t.replays, 2 * 0.98);
	assert_share(t.delays[1], 4 * 0.98 / 3);
	assert_share(t.delays[3], 4 * 0.98 / 3);
	assert_int_equal(t.delays[4], 0);
	assert_in_range(t.jitter_max, 990, 1000);
}

static void bursts_keep_the_share_of_loss(void **state)
{
	struct impair_cfg cfg = { .loss = 5, .loss_burst = 5 };
	struct tally t = count(&cfg, 1, 0);

	assert_share(t.fates[IMPAIR_LOST], 5);
	assert_in_range(t.loss_runs, PACKETS * 5 / 100 / 6, PACKETS * 5 / 100 / 4);
}

static void all_or_nothing(void **state)
{
	struct impair_cfg none = { 0 }, lost = { .loss = 100 };

	assert_int_equal(count(&none, 1, 0).fates[IMPAIR_INTACT], PACKETS);
	assert_int_equal(count(&lost, 1, 0).fates[IMPAIR_LOST], PACKETS);
}

static void the_clean_start_is_spared(void **state)
{
	struct impair_cfg cfg = { .loss = 100, .clean_pkts = 50 };
	struct impair impair;
	struct impair_verdict v;

	impair_init(&impair, &cfg, 1, 0);
	for (unsigned i = 0; i < 100; i++) {
		impair_next(&impair, &v);
		assert_int_equal(v.fate, i < 50 ? IMPAIR_INTACT : IMPAIR_LOST);
	}
}

static void one_byte_behind_the_header_is_flipped(void **state)
{
	for (uint64_t r = 0; r < 5000; r += 7) {
		uint8_t packet[RTP_HEADER_BYTES + 5] = { 0 }, zero[RTP_HEADER_BYTES] = { 0 };
		unsigned changed = 0;

		impair_corrupt(packet, sizeof(packet), r * 0x10000019ull);
		assert_memory_equal(packet, zero, RTP_HEADER_BYTES);
		for (size_t i = RTP_HEADER_BYTES; i < sizeof(packet); i++)
			changed += packet[i] != 0;
		assert_int_equal(changed, 1);
	}
}

static void a_cut_packet_is_shorter_and_not_empty(void **state)
{
	for (uint64_t r = 0; r < 1000; r++)
		assert_in_range(impair_truncate(100, r), 1, 99);
	assert_int_equal(impair_truncate(2, 5), 1);
}

static void lies_fit_their_room(void **state)
{
	for (enum codec codec = 0; codec < CODECS; codec++)
		for (uint64_t r = 0; r < 20; r++) {
			uint8_t out[IMPAIR_LIE_BYTES];
			assert_in_range(impair_malform(out, codec, r), 1, IMPAIR_LIE_BYTES);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_verdicts),
		cmocka_unit_test(shares_come_out_as_asked),
		cmocka_unit_test(bursts_keep_the_share_of_loss),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(the_clean_start_is_spared),
		cmocka_unit_test(one_byte_behind_the_header_is_flipped),
		cmocka_unit_test(a_cut_packet_is_shorter_and_not_empty),
		cmocka_unit_test(lies_fit_their_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
