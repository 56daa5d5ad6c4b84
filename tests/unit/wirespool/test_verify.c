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
#include <fcntl.h>
#include "tests/unit/wirespool/tree_rig.h"
#include "tools/wirespool/verify.h"

/* FIPS 180-4 example: SHA-256 ("abc"). */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static int dir_fd;
static char why[VERIFY_WHY_BYTES];

static int set_up(void **state)
{
	if (tree_set_up(state))
		return -1;
	dir_fd = open(tree, O_RDONLY | O_DIRECTORY);
	return dir_fd < 0;
}

static int tear_down(void **state)
{
	close(dir_fd);
	return tree_tear_down(state);
}

static void expect(const char *name, enum verify verdict, const char *words)
{
	assert_int_equal(verify_file(dir_fd, name, why), verdict);
	if (!strstr(why, words))
		fail_msg("'%s', expected '%s'", why, words);
}

static void a_file_that_is_what_its_sidecar_says(void **state)
{
	tree_text("/r_v_1.ivf", "abc");
	tree_text("/r_v_1.ivf.json", "{\"sha256\":\"" ABC "\",\"size\":3}");
	expect("r_v_1.ivf", VERIFY_GOOD, "");
	assert_string_equal(why, "");
	tree_text("/r_v_1.ivf.json", "{\"sha256\":\"" ABC "\"}");
	expect("r_v_1.ivf", VERIFY_GOOD, "");
}

static void a_byte_or_a_length_that_differs(void **state)
{
	tree_text("/r_v_1.ivf.json", "{\"sha256\":\"" ABC "\",\"size\":3}");
	tree_text("/r_v_1.ivf", "abd");
	expect("r_v_1.ivf", VERIFY_BAD, "SHA-256 is a52d159f");
	tree_text("/r_v_1.ivf", "ab");
	expect("r_v_1.ivf", VERIFY_BAD, "has 2 bytes, its sidecar says 3");
	tree_text("/r_v_1.ivf", "");
	expect("r_v_1.ivf", VERIFY_BAD, "has 0 bytes");
}

static void what_is_missing_or_damaged(void **state)
{
	tree_text("/r_v_1.ivf.json", "{\"sha256\":\"" ABC "\"}");
	expect("r_v_1.ivf", VERIFY_BAD, "is missing");
	tree_text("/r_v_2.ivf", "abc");
	expect("r_v_2.ivf", VERIFY_UNKNOWN, "no sidecar");
	tree_text("/r_v_2.ivf.json", "{\"sha256\"");
	expect("r_v_2.ivf", VERIFY_BAD, "damaged");
	tree_text("/r_v_2.ivf.json", "[]");
	expect("r_v_2.ivf", VERIFY_BAD, "damaged");
	tree_text("/r_v_2.ivf.json", "{\"sha256\":7}");
	expect("r_v_2.ivf", VERIFY_UNKNOWN, "no SHA-256");
	expect("r_v_3.ivf", VERIFY_GONE, "no such recording");
	expect("../r_v_3.ivf", VERIFY_GONE, "no name of a recording");
	tree_link("/r_v_4.ivf", "/etc/passwd");
	tree_text("/r_v_4.ivf.json", "{\"sha256\":\"" ABC "\"}");
	expect("r_v_4.ivf", VERIFY_BAD, "cannot be read");
}

static void each_recording_is_listed_once_in_order(void **state)
{
	char **names;
	unsigned count;

	tree_text("/b_v_2.ivf", "");
	tree_text("/b_v_2.ivf.json", "");
	tree_text("/a_v_1.ogg.json", "");
	tree_text("/.c_v_3.ivf.part", "");
	tree_text("/.c_v_3.ivf.journal", "");
	tree_text("/.catalogue.db", "");
	tree_text("/notes.txt", "");
	assert_int_equal(verify_list(dir_fd, &names, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "a_v_1.ogg");
	assert_string_equal(names[1], "b_v_2.ivf");
	verify_free_names(names, count);
}

static void an_empty_directory_lists_nothing(void **state)
{
	char **names;
	unsigned count;

	assert_int_equal(verify_list(dir_fd, &names, &count), 0);
	assert_int_equal(count, 0);
	verify_free_names(names, count);
	assert_int_equal(verify_list(-1, &names, &count), -EBADF);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = { TEST(a_file_that_is_what_its_sidecar_says),
		TEST(a_byte_or_a_length_that_differs), TEST(what_is_missing_or_damaged),
		TEST(each_recording_is_listed_once_in_order), TEST(an_empty_directory_lists_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
