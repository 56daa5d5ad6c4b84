/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/stock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "tools/gen/protect_batch.h"

/* An output that checks what comes: packet n has n bytes of value n, for session n. */
struct checker {
	struct output output;
	unsigned count;
	uint8_t buffer[LIMIT_PACKET_BYTES];
};

static uint8_t *check_buffer(struct output *output)
{
	return ((struct checker *)output)->buffer;
}

static int check_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	struct checker *c = (struct checker *)output;

	c->count++;
	assert_int_equal(session, c->count);
	assert_int_equal(port_offset, c->count % 2);
	assert_int_equal(len, c->count);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(c->buffer[i], (uint8_t)c->count);
	return 0;
}

static const struct output_ops check_ops = { .buffer = check_buffer, .commit = check_commit };

static void put(struct stock *s, unsigned n)
{
	struct output *o = &s->output;
	uint8_t *out = o->ops->buffer(o);

	assert_non_null(out);
	memset(out, (int)n, n);
	s->now_ns = n * 10;
	assert_int_equal(o->ops->commit(o, n, n % 2, n), 0);
}

static void what_is_put_in_comes_out_in_order(void **state)
{
	struct checker checker = { .output.ops = &check_ops };
	struct protect_batch *batch;
	struct stock *s;
	uint64_t bytes = 0;

	for (unsigned n = 1; n <= 1500; n++)
		bytes += n;
	assert_int_equal(protect_batch_create(&batch), 0);
	assert_int_equal(stock_create(&s, batch, 1500, bytes), 0);
	for (unsigned n = 1; n <= 1500; n++)
		put(s, n);
	assert_int_equal(s->output.ops->flush(&s->output), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned n = 1; stock_next(s); n++) {
			assert_int_equal(stock_next(s)->due_ns, n * 10);
			assert_int_equal(stock_send(s, &checker.output), 0);
		}
		assert_int_equal(checker.count, 1500);
		checker.count = 0;
		stock_rewind(s);
	}
	stock_free(s);
	protect_batch_free(batch);
}

static void steps_and_byes_are_known(void **state)
{
	struct checker checker = { .output.ops = &check_ops };
	struct protect_batch *batch;
	struct stock *s;

	assert_int_equal(protect_batch_create(&batch), 0);
	assert_int_equal(stock_create(&s, batch, 3, 3), 0);
	stock_end_step(s); /* one without a packet */
	put(s, 1);
	put(s, 2);
	stock_end_step(s);
	stock_note_bye(s, 77);
	stock_end_step(s);
	assert_true(stock_is_between_steps(s));
	assert_int_equal(stock_send(s, &checker.output), 0);
	assert_false(stock_is_between_steps(s));
	assert_int_equal(stock_send(s, &checker.output), 0);
	assert_true(stock_is_between_steps(s));
	assert_int_equal(stock_next(s)->len, 0);
	assert_int_equal(stock_next(s)->session, 77);
	stock_skip(s);
	assert_null(stock_next(s));
	assert_true(stock_is_between_steps(s));
	stock_free(s);
	protect_batch_free(batch);
}

static void a_full_stock_says_so(void **state)
{
	struct protect_batch *batch;
	struct stock *s;

	assert_int_equal(protect_batch_create(&batch), 0);
	assert_int_equal(stock_create(&s, batch, 0, 0), 0);
	put(s, 1);
	assert_null(s->output.ops->buffer(&s->output));
	assert_int_equal(errno, ENOBUFS);
	stock_free(s);
	stock_free(NULL);
	protect_batch_free(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_in_comes_out_in_order),
		cmocka_unit_test(steps_and_byes_are_known),
		cmocka_unit_test(a_full_stock_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
