/* SPDX-License-Identifier: BSD-3-Clause */
/* Admission while uploads are behind; dataplane, uploader and catalogue are played by the test. */
#include "tests/unit/control/budget_rig.h"
#include "control/catalogue.h"
#include "uploader/uploader.h"

#define MB 1000000ull
#define GB (1000 * MB)

static struct uploader_backlog uploads;
static struct catalogue_totals totals;

void uploader_backlog(struct uploader *uploader, struct uploader_backlog *ret_backlog)
{
	assert_false(counters_held); /* the uploader may keep its lock for a while */
	*ret_backlog = uploads;
}

void catalogue_totals(struct catalogue *catalogue, struct catalogue_totals *ret_totals)
{
	*ret_totals = totals;
}

static int uploads_set_up(void **state)
{
	uploads = (struct uploader_backlog){ 0 };
	totals = (struct catalogue_totals){ 0 };
	control.uploader = (struct uploader *)&uploads;
	conf.control_full_minutes = 60;
	conf.record_min_free_mb = 0;
	conf.record_retention_min_free_mb = 0;
	return budget_set_up(state);
}

static int uploads_tear_down(void **state)
{
	control.uploader = NULL;
	return budget_tear_down(state);
}

/* Seconds in which so much is recorded and sent. */
static void pass(unsigned seconds_, uint64_t recorded, uint64_t sent)
{
	for (unsigned i = 0; i < seconds_; i++) {
		stat_add(stat_slot(counters, STAT_SCOPE_WRITER, 0), STAT_WRITER_bytes, recorded);
		uploads.sent_bytes += sent;
		second(0, 1000, HZ / 100);
	}
}

static void space(uint64_t bytes)
{
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_disk_free_bytes, bytes);
}

static void uploads_that_keep_up_refuse_nobody(void **state)
{
	space(GB);
	pass(200, 10 * MB, 10 * MB);
	uploads.waiting_bytes = uploads.held_bytes = 100 * MB;
	pass(2, 10 * MB, 10 * MB);
	assert_int_equal(ask(CODEC_VP8, 0), 0);
}

static void late_uploads_refuse_nobody_while_there_is_space(void **state)
{
	space(1000 * GB);
	uploads.waiting_bytes = uploads.held_bytes = 500 * GB;
	pass(200, 10 * MB, 0); /* it lasts for a day */
	assert_int_equal(ask(CODEC_VP8, 0), 0);
	assert_true(told("full_in_s") > 90000 && told("full_in_s") < 100500);
}

static void an_hour_before_the_disk_is_full_nobody_new_is_taken(void **state)
{
	space(36 * GB);
	uploads.waiting_bytes = uploads.held_bytes = 5 * GB;
	pass(200, 9 * MB, 0);
	assert_int_equal(ask(CODEC_VP8, 0), 0);
	pass(20, 9 * MB, 0);
	pass(200, 10 * MB, 0);
	assert_int_equal(ask(CODEC_VP8, 0), -EUSERS);
	assert_non_null(strstr(why, "uploads are 5000 MB behind, which would fill the disk in 5"));
	assert_non_null(strstr(why, "control.full_minutes"));
	char *text = printed();
	assert_non_null(strstr(text, "\nwirespool_budget_refused_total{resource=\"uploads\"} 1\n"));
	assert_non_null(strstr(text, "\nwirespool_budget_full_in_seconds 36"));
	free(text);
	conf.control_full_minutes = 0;
	assert_int_equal(ask(CODEC_VP8, 0), 0);
}

static void what_waits_on_an_idle_machine_refuses_nobody(void **state)
{
	space(GB / 2);                                        /* less than an hour of what is asked */
	uploads.waiting_bytes = uploads.held_bytes = 10 * MB; /* less than a minute of it */
	pass(5, 0, 0);
	assert_int_equal(ask(CODEC_VP8, 0), 0);
	uploads.waiting_bytes = uploads.held_bytes = 100 * MB;
	pass(1, 0, 0);
	assert_int_equal(ask(CODEC_VP8, 0), -EUSERS);
}

static void when_they_catch_up_sessions_are_taken_again(void **state)
{
	space(GB);
	uploads.waiting_bytes = uploads.held_bytes = 5 * GB;
	pass(200, MB, 0);
	assert_int_equal(ask(CODEC_VP8, 0), -EUSERS);
	pass(200, MB, 5 * MB);
	assert_int_equal(ask(CODEC_VP8, 0), 0);
}

static void what_retention_may_remove_is_space(void **state)
{
	space(GB);
	totals.bytes = 100 * GB;
	uploads.waiting_bytes = uploads.held_bytes = 5 * GB;
	pass(200, 10 * MB, 0);
	assert_int_equal(ask(CODEC_VP8, 0), -EUSERS);
	conf.record_retention_min_free_mb = 2000;
	assert_int_equal(ask(CODEC_VP8, 0), 0);
	uploads.held_bytes = totals.bytes; /* none of it is uploaded */
	pass(1, 10 * MB, 0);
	assert_int_equal(ask(CODEC_VP8, 0), -EUSERS);
}

static void without_uploads_space_is_no_matter_of_theirs(void **state)
{
	space(MB);
	control.uploader = NULL;
	pass(200, 10 * MB, 0);
	assert_int_equal(ask(CODEC_VP8, 0), 0);
	char *text = printed();
	assert_non_null(strstr(text, "\nwirespool_budget_full_in_seconds +Inf\n"));
	free(text);
}

#define UPLOADS(name) cmocka_unit_test_setup_teardown(name, uploads_set_up, uploads_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UPLOADS(uploads_that_keep_up_refuse_nobody),
		UPLOADS(late_uploads_refuse_nobody_while_there_is_space),
		UPLOADS(an_hour_before_the_disk_is_full_nobody_new_is_taken),
		UPLOADS(what_waits_on_an_idle_machine_refuses_nobody),
		UPLOADS(when_they_catch_up_sessions_are_taken_again),
		UPLOADS(what_retention_may_remove_is_space),
		UPLOADS(without_uploads_space_is_no_matter_of_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
