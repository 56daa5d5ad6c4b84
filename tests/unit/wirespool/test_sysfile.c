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
#include "tests/unit/wirespool/tree_rig.h"
#include "tools/wirespool/sysfile.h"

static void texts_and_numbers_are_read(void **state)
{
	int64_t number = 7;
	char text[16];

	tree_text("/sys/a", "some words\n");
	tree_text("/sys/n", "-42\n");
	tree_text("/sys/h", "0x1003\n");
	assert_true(sysfile_text(tree, text, sizeof(text), "/sys/%s", "a"));
	assert_string_equal(text, "some words");
	assert_true(sysfile_text(tree, text, 5, "/sys/a"));
	assert_string_equal(text, "some");
	assert_true(sysfile_number(tree, &number, "/sys/n"));
	assert_int_equal(number, -42);
	assert_true(sysfile_number(tree, &number, "/sys/h"));
	assert_int_equal(number, 0x1003);
	assert_false(sysfile_number(tree, &number, "/sys/a"));
	assert_false(sysfile_number(tree, &number, "/sys/none"));
	assert_false(sysfile_text(tree, text, sizeof(text), "/sys/none"));
	assert_int_equal(number, 0x1003);
}

static void lists_of_cpus(void **state)
{
	cpu_set_t cpus;

	assert_true(sysfile_parse_cpus("", &cpus));
	assert_int_equal(CPU_COUNT(&cpus), 0);
	assert_true(sysfile_parse_cpus("0-3,8", &cpus));
	assert_int_equal(CPU_COUNT(&cpus), 5);
	assert_true(CPU_ISSET(8, &cpus) && CPU_ISSET(3, &cpus) && !CPU_ISSET(4, &cpus));
	assert_true(sysfile_parse_cpus("0-5000", &cpus));
	assert_int_equal(CPU_COUNT(&cpus), CPU_SETSIZE);
	static const char *const bad[] = { "a", "1-", "-1", "3-1", "1;2", "1-2-3", ",1" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sysfile_parse_cpus(bad[i], &cpus));
}

static void links_end_in_their_last_part(void **state)
{
	char name[16];

	tree_link("/sys/driver", "../../bus/pci/drivers/vfio-pci");
	assert_true(sysfile_link(tree, name, sizeof(name), "/sys/driver"));
	assert_string_equal(name, "vfio-pci");
	assert_false(sysfile_link(tree, name, sizeof(name), "/sys/none"));
	tree_text("/sys/x", "");
	assert_true(sysfile_exists(tree, "/sys/x"));
	assert_false(sysfile_exists(tree, "/sys/y"));
}

static void fields_of_lines(void **state)
{
	char value[16];

	assert_true(sysfile_field("Name:\tx\nUid:\t0\t1\n", "Uid", value, sizeof(value)));
	assert_string_equal(value, "0\t1");
	assert_true(sysfile_field("flags\t\t: fpu vme \n", "flags", value, sizeof(value)));
	assert_string_equal(value, "fpu vme");
	assert_false(sysfile_field("NotUid: 1\n", "Uid", value, sizeof(value)));
	assert_false(sysfile_field("Uids: 1\n", "Uid", value, sizeof(value)));
	assert_false(sysfile_field("", "Uid", value, sizeof(value)));
}

static void count(void *arg, const char *entry)
{
	++*(unsigned *)arg;
}

static void entries_are_walked(void **state)
{
	unsigned entries = 0;

	tree_text("/sys/d/a", "");
	tree_text("/sys/d/b", "");
	tree_text("/sys/d/.c", "");
	assert_true(sysfile_each(tree, "/sys/d", count, &entries));
	assert_int_equal(entries, 2);
	assert_false(sysfile_each(tree, "/sys/none", count, &entries));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)
	const struct CMUnitTest tests[] = { TEST(texts_and_numbers_are_read), TEST(lists_of_cpus),
		TEST(links_end_in_their_last_part), TEST(fields_of_lines), TEST(entries_are_walked) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
