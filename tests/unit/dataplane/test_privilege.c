/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/privilege.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/log.h"

static char place[64], records[96], run_dir[96];

static int setup(void **state)
{
	snprintf(place, sizeof(place), "/tmp/wirespool-privilege-XXXXXX");
	if (!mkdtemp(place))
		return -1;
	snprintf(records, sizeof(records), "%s/a/records", place);
	snprintf(run_dir, sizeof(run_dir), "%s/run", place);
	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return 0;
}

static int teardown(void **state)
{
	char a[96];

	snprintf(a, sizeof(a), "%s/a", place);
	rmdir(records);
	rmdir(run_dir);
	unlink(run_dir);
	rmdir(a);
	return rmdir(place); /* fails when a probe was left */
}

/* In a process of its own, which is what a lock belongs to; -errno of the call. */
static int make_dirs(void)
{
	struct conf conf = {
		.record_dir = records, .dataplane_run_dir = run_dir, .dataplane_user = (char[]){ "" }
	};
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(-privilege_make_dirs(&conf));
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void directories_are_made(void **state)
{
	struct stat st;

	assert_int_equal(make_dirs(), 0);
	assert_int_equal(stat(records, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750 & ~0022);
	assert_int_equal(stat(run_dir, &st), 0);
	assert_int_equal(make_dirs(), 0); /* there already, and the lock went with the first process */
}

static void a_second_process_is_turned_away(void **state)
{
	struct conf conf = {
		.record_dir = records, .dataplane_run_dir = run_dir, .dataplane_user = (char[]){ "" }
	};

	assert_int_equal(privilege_make_dirs(&conf), 0);
	assert_int_equal(make_dirs(), -EBUSY);
	char other[96];
	snprintf(other, sizeof(other), "%s/other", place);
	snprintf(
	        records, sizeof(records), "%s", other); /* the same run_dir with other records is no better */
	assert_int_equal(make_dirs(), -EBUSY);
	assert_int_equal(rmdir(other), 0);
	snprintf(records, sizeof(records), "%s/a/records", place);
}

static void a_file_in_the_way_is_told(void **state)
{
	FILE *file = fopen(run_dir, "w");

	assert_non_null(file);
	fclose(file);
	assert_int_equal(make_dirs(), -ENOTDIR);
}

/* In a process of its own, which stays what it became: first nobody, then @name once more. */
static int drop_twice(const char *name)
{
	struct conf nobody = { .dataplane_user = (char[]){ "nobody" } };
	struct conf then = { .dataplane_user = (char *)name };
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(privilege_drop(&nobody) ? 255 : -privilege_drop(&then));
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void who_is_that_user_already_stays_it(void **state)
{
	if (geteuid())
		skip();
	assert_int_equal(drop_twice(""), 0);
	assert_int_equal(drop_twice("nobody"), 0);
	assert_int_equal(drop_twice("daemon"), -EPERM);
	assert_int_equal(drop_twice("no-such-user-here"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(directories_are_made, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_process_is_turned_away, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_in_the_way_is_told, setup, teardown),
		cmocka_unit_test(who_is_that_user_already_stays_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
