/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "base/jsonw.h"

static void tell(struct account *a, uint64_t seq, enum impair_fate fate, bool accepted)
{
	account_packet(a, &(struct account_packet){
	                          .fate = fate, .accepted = accepted, .seq = seq, .rtp_time = seq * 10 });
}

static void every_packet_is_counted_once(void **state)
{
	struct account a = { 0 };
	const struct account_counts *c = &a.counts;

	assert_int_equal(account_begin_stream(&a, 0x1234), 0);
	tell(&a, 65530, IMPAIR_INTACT, true);
	tell(&a, 65531, IMPAIR_LOST, false);
	tell(&a, 65532, IMPAIR_CORRUPT, false);
	tell(&a, 65533, IMPAIR_CORRUPT, true); /* plain: nobody sees it */
	tell(&a, 65534, IMPAIR_TRUNCATED, false);
	tell(&a, 65535, IMPAIR_MALFORMED, true);
	tell(&a, 65536, IMPAIR_INTACT, false); /* the wrong key */
	tell(&a, 65537, IMPAIR_MALFORMED, false);
	assert_int_equal(c->packets_made, 8);
	assert_int_equal(c->packets_sent, 3);
	assert_int_equal(c->dropped, 1);
	assert_int_equal(c->corrupted, 2);
	assert_int_equal(c->truncated, 1);
	assert_int_equal(c->malformed, 2);
	assert_int_equal(c->wrong_key, 2);
	assert_int_equal(c->gap_packets, c->packets_made - c->packets_sent);
	assert_int_equal(a.streams[0].first_seq, 65530);
	assert_int_equal(a.streams[0].last_seq, 65537);
	account_free(&a);
}

static void gaps_are_ranges_with_their_place(void **state)
{
	struct account a = { 0 };
	struct jsonw w = { 0 };

	account_begin_stream(&a, 7);
	tell(&a, 10, IMPAIR_LOST, false);
	tell(&a, 11, IMPAIR_INTACT, true);
	tell(&a, 12, IMPAIR_LOST, false);
	tell(&a, 13, IMPAIR_LOST, false);
	tell(&a, 14, IMPAIR_CORRUPT, false);
	tell(&a, 15, IMPAIR_INTACT, true);
	tell(&a, 16, IMPAIR_TRUNCATED, false);
	jsonw_object(&w, NULL);
	account_print_streams(&a, &w);
	jsonw_end_object(&w);
	assert_string_equal(w.text, "{\"streams\":[{\"ssrc\":7,\"first_seq\":10,\"last_seq\":16,\"first_"
	                            "rtp\":100,\"last_rtp\":160,"
	                            "\"packets_made\":7,\"packets_sent\":2,\"frames_intact\":0,\"gaps\":["
	                            "{\"first\":10,\"last\":10,\"packets\":1,\"rtp_time\":100,\"cause\":"
	                            "\"dropped\",\"where\":\"head\"},"
	                            "{\"first\":12,\"last\":14,\"packets\":3,\"rtp_time\":120,\"cause\":"
	                            "\"several\",\"where\":\"inside\"},"
	                            "{\"first\":16,\"last\":16,\"packets\":1,\"rtp_time\":160,\"cause\":"
	                            "\"truncated\",\"where\":\"tail\"}]}]}");
	jsonw_reset(&w);
	account_free(&a);
}

static void many_gaps_are_kept(void **state)
{
	struct account a = { 0 };

	account_begin_stream(&a, 7);
	for (unsigned i = 0; i < 2000; i++)
		tell(&a, i, i % 2 ? IMPAIR_LOST : IMPAIR_INTACT, !(i % 2));
	assert_int_equal(a.streams[0].gap_count, 1000);
	assert_int_equal(a.streams[0].gaps[999].first, 1999);
	assert_int_equal(a.error, 0);
	account_free(&a);
}

static void frames_and_streams_add_up(void **state)
{
	struct clip_frame key = { .len = 100, .key = true }, delta = { .len = 10 };
	struct account a = { 0 };
	struct account_counts sum = { .frames_made = 1 };

	account_begin_stream(&a, 1);
	account_frame(&a, &key, true);
	account_frame(&a, &delta, false);
	account_begin_stream(&a, 2);
	account_frame(&a, &key, false);
	account_frame(&a, &delta, true);
	assert_int_equal(a.counts.frames_made, 4);
	assert_int_equal(a.counts.frames_intact, 2);
	assert_int_equal(a.counts.frame_bytes, 110);
	assert_int_equal(a.counts.key_frames, 2);
	assert_int_equal(a.counts.key_frames_intact, 1);
	assert_int_equal(a.streams[0].frames_intact, 1);
	assert_int_equal(a.streams[1].frames_intact, 1);
	account_add(&sum, &a.counts);
	assert_int_equal(sum.frames_made, 5);
	account_free(&a);
}

static void counts_print_under_their_names(void **state)
{
	struct account_counts c = { .packets_made = 3, .reports_received = 9 };
	struct jsonw w = { 0 };

	jsonw_object(&w, NULL);
	account_print_counts(&c, &w);
	jsonw_end_object(&w);
	assert_non_null(strstr(w.text, "\"packets_made\":3,\"packets_sent\":0,"));
	assert_non_null(strstr(w.text, "\"reports_received\":9}"));
	jsonw_reset(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_is_counted_once),
		cmocka_unit_test(gaps_are_ranges_with_their_place),
		cmocka_unit_test(many_gaps_are_kept),
		cmocka_unit_test(frames_and_streams_add_up),
		cmocka_unit_test(counts_print_under_their_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
