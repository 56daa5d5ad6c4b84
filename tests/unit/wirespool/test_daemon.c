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
#include "tools/wirespool/daemon.h"

/* A process with its words, which "|" ends. */
static void process(const char *pid, const char *comm, const char *words)
{
	char path[64], text[256];
	size_t len = strlen(words);

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	tree_text(path, comm);
	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	tree_text(path, "Name:\tx\nUid:\t997\t997\t997\t997\n");
	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	memcpy(text, words, len + 1);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '|')
			text[i] = '\0';
	tree_put(path, text, len);
}

static void the_one_with_our_configuration_is_found(void **state)
{
	process("10", "wirespool-contr\n", "wirespool-control|--config|/x/other.ini|");
	process("11", "wirespool-contr\n", "/usr/bin/wirespool-control|--config|/x/our.ini|");
	process("12", "wirespool-datap\n", "wirespool-dataplane|--config=/x/our.ini|");
	process("13", "bash\n", "bash|-c|wirespool-control --config /x/our.ini|");
	tree_text("/proc/uptime", "1");
	struct daemon control = daemon_find(tree, "wirespool-control", "/x/our.ini");
	assert_int_equal(control.pid, 11);
	assert_int_equal(control.uid, 997);
	assert_false(control.is_deleted);
	assert_int_equal(daemon_find(tree, "wirespool-dataplane", "/x/our.ini").pid, 12);
	assert_int_equal(daemon_find(tree, "wirespool-dataplane", "/x/other.ini").pid, 0);
}

static void without_config_it_is_the_usual_one(void **state)
{
	process("20", "wirespool-contr\n", "wirespool-control|");
	process("21", "wirespool-datap\n", "wirespool-dataplane|--config|");
	assert_int_equal(daemon_find(tree, "wirespool-control", NULL).pid, 20);
	assert_int_equal(daemon_find(tree, "wirespool-control", "/x/our.ini").pid, 0);
	assert_int_equal(daemon_find(tree, "wirespool-dataplane", NULL).pid, 0);
}

static void a_relative_name_is_of_where_the_process_is(void **state)
{
	char ini[64];

	tree_text("/home/our.ini", "");
	process("30", "wirespool-contr\n", "wirespool-control|--config|our.ini|");
	snprintf(ini, sizeof(ini), "%s/home", tree);
	tree_link("/proc/30/cwd", ini);
	snprintf(ini, sizeof(ini), "%s/home/our.ini", tree);
	assert_int_equal(daemon_find(tree, "wirespool-control", ini).pid, 30);
}

static void a_program_that_was_replaced_is_told(void **state)
{
	process("40", "wirespool-contr\n", "wirespool-control|--config|/x/our.ini|");
	tree_link("/proc/40/exe", "/usr/bin/wirespool-control (deleted)");
	assert_true(daemon_find(tree, "wirespool-control", "/x/our.ini").is_deleted);
}

static void limits_have_two_columns(void **state)
{
	uint64_t soft, hard;

	tree_text("/proc/50/limits",
	        "Limit                     Soft Limit           Hard Limit           Units     \n"
	        "Max open files            1024                 1048576              files     \n"
	        "Max locked memory         unlimited            unlimited            bytes     \n");
	assert_true(daemon_limit(tree, 50, "Max open files", &soft, &hard));
	assert_int_equal(soft, 1024);
	assert_int_equal(hard, 1048576);
	assert_true(daemon_limit(tree, 50, "Max locked memory", &soft, &hard));
	assert_true(soft == UINT64_MAX && hard == UINT64_MAX);
	assert_false(daemon_limit(tree, 50, "Max nonsense", &soft, &hard));
	assert_false(daemon_limit(tree, 51, "Max open files", &soft, &hard));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)
	const struct CMUnitTest tests[] = { TEST(the_one_with_our_configuration_is_found),
		TEST(without_config_it_is_the_usual_one), TEST(a_relative_name_is_of_where_the_process_is),
		TEST(a_program_that_was_replaced_is_told), TEST(limits_have_two_columns) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
