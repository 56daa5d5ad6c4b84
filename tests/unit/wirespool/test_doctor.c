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
#include <jansson.h>
#include "tests/unit/wirespool/doctor_rig.h"

static char *printed(void (*print)(const struct doctor *doctor, FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	print(&doctor, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void findings_are_lines_with_their_remedies(void **state)
{
	doctor.check = "nic";
	doctor_say(&doctor, DOCTOR_OK, NULL, "%s is up", "eth1");
	doctor_say(&doctor, DOCTOR_PROBLEM, "ip link set eth2 up", "eth2 is down");
	doctor_say(&doctor, DOCTOR_UNCHECKED, NULL, "eth3");
	char *text = printed(doctor_print_text);
	assert_non_null(strstr(text, "ok         nic         eth1 is up\n"));
	assert_non_null(strstr(text, "problem    nic         eth2 is down; remedy: ip link set eth2 up\n"));
	assert_non_null(strstr(text, "1 ok, 0 warnings, 1 problems, 1 unchecked\n"));
	free(text);
}

static void json_says_the_same(void **state)
{
	doctor_say(&doctor, DOCTOR_WARNING, "do this", "that");
	char *text = printed(doctor_print_json);
	json_t *json = json_loads(text, 0, NULL), *one = json_array_get(json_object_get(json, "checks"), 0);
	assert_true(json_is_true(json_object_get(json, "ok")));
	assert_string_equal(json_string_value(json_object_get(one, "state")), "warning");
	assert_string_equal(json_string_value(json_object_get(one, "remedy")), "do this");
	json_decref(json);
	free(text);
	doctor_say(&doctor, DOCTOR_PROBLEM, NULL, "\xff");
	text = printed(doctor_print_json);
	json = json_loads(text, 0, NULL);
	assert_true(json_is_false(json_object_get(json, "ok")));
	json_decref(json);
	free(text);
}

static void each_error_of_the_configuration_is_a_problem(void **state)
{
	doctor.config = "x.ini";
	examine(doctor_config);
	expect_one(DOCTOR_OK, "x.ini: good", NULL);
	doctor.conf = NULL;
	doctor.conf_errors = "x.ini:1: one\nx.ini:2: two\n";
	examine(doctor_config);
	assert_int_equal(doctor.count, 2);
	expect_finding(0, DOCTOR_PROBLEM, "x.ini:1: one", NULL);
	expect_finding(1, DOCTOR_PROBLEM, "x.ini:2: two", NULL);
}

static void versions_of_what_is_installed(void **state)
{
	examine(doctor_versions);
	assert_int_equal(doctor.count, 3);
	expect_finding(2, DOCTOR_UNCHECKED, "DPDK's version is not known", NULL);
	tree_text("/usr/lib/x86_64-linux-gnu/librte_eal.so.23.0", "");
	examine(doctor_versions);
	expect_finding(2, DOCTOR_OK, "librte_eal.so.23.0 is installed", NULL);
	doctor.dataplane.pid = 6;
	tree_text("/proc/6/maps", "7f00-7f01 r-xp 0 fd:01 1   /usr/lib/librte_eal.so.24.1\n");
	examine(doctor_versions);
	expect_finding(2, DOCTOR_OK, "the dataplane runs on DPDK's librte_eal.so.24.1", NULL);
}

/* A program that says its version. */
static void put_program(const char *path, const char *version)
{
	char text[128], full[512];

	snprintf(text, sizeof(text), "#!/bin/sh\necho wirespool-control %s\n", version);
	tree_text(path, text);
	snprintf(full, sizeof(full), "%s%s", tree, path);
	assert_int_equal(chmod(full, 0755), 0);
}

static void a_program_of_before_an_upgrade_is_named(void **state)
{
	doctor.control.pid = 5;
	examine(doctor_versions);
	expect_finding(3, DOCTOR_UNCHECKED, "which wirespool-control runs (process 5)", "root");
	put_program("/proc/5/exe", WIRESPOOL_VERSION);
	examine(doctor_versions);
	expect_finding(3, DOCTOR_OK, "wirespool-control " WIRESPOOL_VERSION " runs (process 5)", NULL);
	char path[512];
	snprintf(path, sizeof(path), "%s/proc/5/exe", tree);
	assert_int_equal(chmod(path, 0775), 0); /* somebody else may have changed it */
	examine(doctor_versions);
	expect_finding(3, DOCTOR_UNCHECKED, "which wirespool-control runs (process 5)", "root");
	assert_int_equal(chmod(path, 0755), 0);
	doctor.control.is_deleted = true;
	examine(doctor_versions);
	expect_finding(3, DOCTOR_WARNING, "of before an upgrade", "start wirespool-control anew");
	doctor.control.is_deleted = false;
	put_program("/proc/5/exe", "0.0.9");
	examine(doctor_versions);
	expect_finding(3, DOCTOR_WARNING, "wirespool-control 0.0.9 runs", "start wirespool-control anew");
}

int main(void)
{
	const struct CMUnitTest tests[] = { DOCTOR_TEST(findings_are_lines_with_their_remedies),
		DOCTOR_TEST(json_says_the_same), DOCTOR_TEST(each_error_of_the_configuration_is_a_problem),
		DOCTOR_TEST(versions_of_what_is_installed),
		DOCTOR_TEST(a_program_of_before_an_upgrade_is_named) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
