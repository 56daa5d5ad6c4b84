/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/wirespool/doctor_rig.h"

/* Limits of a dataplane that runs. */
static void put_limits(const char *files, const char *memory)
{
	char text[512];

	doctor.dataplane.pid = 9;
	snprintf(text, sizeof(text),
	        "Limit                     Soft Limit           Hard Limit           Units     \n"
	        "Max open files            %-20s %-20s files     \n"
	        "Max locked memory         %-20s %-20s bytes     \n",
	        files, files, memory, memory);
	tree_text("/proc/9/limits", text);
}

static void a_dataplane_with_room_for_its_tracks(void **state)
{
	put_limits("1048576", "unlimited");
	examine(doctor_limits);
	assert_int_equal(doctor.count, 2);
	expect_finding(0, DOCTOR_OK, "may open 1048576 files, 5024 needed", NULL);
	expect_finding(1, DOCTOR_OK, "unlimited", NULL);
}

static void too_few_files(void **state)
{
	put_limits("1024", "unlimited");
	examine(doctor_limits);
	expect_finding(
	        0, DOCTOR_PROBLEM, "1000 tracks (dataplane.max_tracks) take up to 5024", "LimitNOFILE=5024");
	put_limits("4000", "unlimited");
	examine(doctor_limits);
	expect_finding(0, DOCTOR_WARNING, "unless many begin and end at once", "LimitNOFILE=5024");
}

static void too_little_memory_to_lock(void **state)
{
	put_limits("1048576", "8388608");
	examine(doctor_limits);
	expect_finding(1, DOCTOR_WARNING, "blocks (268435456) are not registered", "LimitMEMLOCK=infinity");
}

static void limits_that_are_not_for_us_to_read(void **state)
{
	doctor.dataplane.pid = 9;
	examine(doctor_limits);
	expect_one(DOCTOR_UNCHECKED, "/proc/9/limits", "root");
}

static void io_uring_that_is_switched_off(void **state)
{
	tree_text("/proc/sys/kernel/io_uring_disabled", "2\n");
	examine(doctor_uring);
	expect_one(DOCTOR_PROBLEM, "kernel.io_uring_disabled is 2", "sysctl -w kernel.io_uring_disabled=0");
	tree_text("/proc/sys/kernel/io_uring_disabled", "1\n");
	examine(doctor_uring);
	expect_finding(0, DOCTOR_WARNING, "kernel.io_uring_disabled is 1", "io_uring_group");
}

int main(void)
{
	const struct CMUnitTest tests[] = { DOCTOR_TEST(a_dataplane_with_room_for_its_tracks),
		DOCTOR_TEST(too_few_files), DOCTOR_TEST(too_little_memory_to_lock),
		DOCTOR_TEST(limits_that_are_not_for_us_to_read), DOCTOR_TEST(io_uring_that_is_switched_off) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
