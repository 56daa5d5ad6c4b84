/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "writers/torn.h"

#define BYTES (200 << 10)

static uint8_t bytes[BYTES];

/* The end that is found from @from on, in the first @size bytes. */
static uint64_t end_of(uint64_t from, uint64_t size)
{
	int fd = memfd_create("torn", MFD_CLOEXEC);
	uint64_t end = 0;

	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(torn_end(fd, from, size, &end), 0);
	close(fd);
	return end;
}

static void data_ends_with_its_last_byte_that_is_not_zero(void **state)
{
	memset(bytes, 7, BYTES);
	assert_int_equal(end_of(58, BYTES), BYTES);
	assert_int_equal(end_of(58, 1000), 1000);
	memset(bytes + 900, 0, 100);
	assert_int_equal(end_of(58, 1000), 900);
	assert_int_equal(end_of(950, 1000), 950);
	assert_int_equal(end_of(0, 0), 0);
	memset(bytes + 900, 0, BYTES - 900);
	assert_int_equal(end_of(58, BYTES), 900);
}

static void a_sector_that_was_not_written_ends_it(void **state)
{
	memset(bytes, 7, BYTES);
	memset(bytes + 600, 0, 800); /* no whole sector */
	assert_int_equal(end_of(58, BYTES), BYTES);
	memset(bytes + 70 * 1024, 0, TORN_SECTOR_BYTES);
	assert_int_equal(end_of(58, BYTES), 70 * 1024);
	assert_int_equal(end_of(71 * 1024, BYTES), BYTES);
	memset(bytes + 70 * 1024 - 3, 0, 3);
	assert_int_equal(end_of(58, BYTES), 70 * 1024 - 3);
}

static void what_cannot_be_read_is_told(void **state)
{
	uint64_t end;

	assert_int_equal(torn_end(-1, 0, 10, &end), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_ends_with_its_last_byte_that_is_not_zero),
		cmocka_unit_test(a_sector_that_was_not_written_ends_it),
		cmocka_unit_test(what_cannot_be_read_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
