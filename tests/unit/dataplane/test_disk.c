/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/disk.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/stat.h"

static char place[64];
static uint64_t proc[STAT_PROC_COUNT];

static struct conf *conf_of(const char *dir)
{
	static struct conf conf;

	conf.record_dir = (char *)(uintptr_t)dir;
	return &conf;
}

static int setup(void **state)
{
	snprintf(place, sizeof(place), "/tmp/wirespool-disk-XXXXXX");
	return mkdtemp(place) ? 0 : -1;
}

static int teardown(void **state)
{
	return rmdir(place); /* fails when a probe was left */
}

static uint64_t error_after(const char *dir, uint64_t before)
{
	stat_set(proc, STAT_PROC_disk_error, before);
	disk_watch(conf_of(dir), proc);
	return stat_get(proc, STAT_PROC_disk_error);
}

static void free_space_is_told(void **state)
{
	stat_set(proc, STAT_PROC_disk_free_bytes, 0);
	disk_watch(conf_of(place), proc);
	assert_true(stat_get(proc, STAT_PROC_disk_free_bytes) > 0);
}

static void an_error_goes_when_a_write_works(void **state)
{
	assert_int_equal(error_after(place, ENOSPC), 0);
}

static void an_error_stays_while_no_write_works(void **state)
{
	assert_int_equal(error_after("/tmp/wirespool-no-such-directory", EIO), ENOENT);
	if (access("/dev/full", F_OK) == 0)
		assert_int_equal(error_after("/dev/full", ENOSPC), ENOTDIR);
}

static void without_an_error_nothing_is_written(void **state)
{
	assert_int_equal(error_after("/tmp/wirespool-no-such-directory", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(free_space_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(an_error_goes_when_a_write_works, setup, teardown),
		cmocka_unit_test(an_error_stays_while_no_write_works),
		cmocka_unit_test(without_an_error_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
