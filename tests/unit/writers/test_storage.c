/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/house.h"

struct bell {
	struct storage_timer timer;
	unsigned rung, order;
};

static unsigned rings;

static void ring(struct storage_timer *timer)
{
	struct bell *bell = (struct bell *)timer;

	bell->rung++;
	bell->order = ++rings;
}

static void timers_fire_once_in_order(void **state)
{
	struct bell bells[3] = { { .timer.fire = ring }, { .timer.fire = ring }, { .timer.fire = ring } };
	struct house house;
	uint64_t now = 1000 * CLK_NS_PER_S;

	house_begin(&house);
	rings = 0;
	storage_poll(house.storage, now);
	storage_arm(house.storage, STORAGE_FLUSH, &bells[0].timer);
	storage_arm(house.storage, STORAGE_FLUSH, &bells[1].timer);
	storage_poll(house.storage, now + 5 * CLK_NS_PER_MS);
	storage_arm(house.storage, STORAGE_FLUSH, &bells[0].timer); /* keeps its time */
	storage_arm(house.storage, STORAGE_FLUSH, &bells[2].timer);
	storage_disarm(house.storage, &bells[1].timer);
	storage_disarm(house.storage, &bells[1].timer);
	assert_false(storage_poll(house.storage, now + 19 * CLK_NS_PER_MS));
	assert_true(storage_poll(house.storage, now + 20 * CLK_NS_PER_MS));
	assert_int_equal(bells[0].rung, 1);
	assert_int_equal(bells[2].rung, 0);
	storage_poll(house.storage, now + 100 * CLK_NS_PER_MS);
	storage_poll(house.storage, now + 200 * CLK_NS_PER_MS);
	assert_int_equal(bells[0].rung + bells[1].rung, 1);
	assert_int_equal(bells[2].order, 2);
	house_end(&house);
}

static void tracks_files_are_chained(void **state)
{
	struct filer_file *files[3], *previous;
	struct house house;
	int a, b;

	house_begin(&house);
	for (unsigned i = 0; i < 3; i++)
		files[i] = filer_file_new();
	assert_int_equal(storage_file_begun(house.storage, &a, files[0], &previous), 0);
	assert_null(previous);
	assert_int_equal(storage_file_begun(house.storage, &b, files[1], &previous), 0);
	assert_null(previous);
	assert_int_equal(storage_file_begun(house.storage, &a, files[2], &previous), 0);
	assert_ptr_equal(previous, files[0]);
	filer_file_unref(previous);
	assert_int_equal(storage_files(house.storage), 3);
	assert_int_equal(storage_track_files(house.storage, &a), 2);
	assert_int_equal(house.writer_slot[STAT_WRITER_files_open], 3);
	storage_file_ended(house.storage, &a, -EIO);
	assert_int_equal(house.idles, 0);
	storage_file_ended(house.storage, &a, 0);
	assert_int_equal(house.idles, 1);
	assert_int_equal(house.idle_status, -EIO);
	assert_int_equal(storage_track_files(house.storage, &a), 0);
	storage_file_ended(house.storage, &b, 0);
	assert_int_equal(house.idle_status, 0);
	storage_forget(house.storage, &a);
	storage_forget(house.storage, &a);
	assert_int_equal(storage_track_files(house.storage, &a), 0);
	for (unsigned i = 0; i < 3; i++)
		filer_file_unref(files[i]);
	house_end(&house);
}

static void demanded_huge_pages_that_are_not_there_are_an_error(void **state)
{
	struct house house;
	struct storage_cfg cfg = { .conf = &house.conf, .block_bytes = 1ull << 40 };
	struct storage *storage;

	house_prepare(&house);
	house.conf.dataplane_hugepages = CONF_HUGEPAGES_ON;
	assert_int_equal(storage_create(&storage, &cfg), -ENOMEM);
	storage_free(NULL);
	house_remove_all(house.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_once_in_order),
		cmocka_unit_test(tracks_files_are_chained),
		cmocka_unit_test(demanded_huge_pages_that_are_not_there_are_an_error),
	};

	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
