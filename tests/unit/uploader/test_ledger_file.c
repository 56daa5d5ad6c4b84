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
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "uploader/ledger.h"

#define NAME      "room_v_1.ivf"
#define FILE_NAME "." NAME ".upload"

static char path[] = "/tmp/test_ledger_file.XXXXXX";
static int dir;

static int set_up(void **state)
{
	strcpy(path + strlen(path) - 6, "XXXXXX");
	if (!mkdtemp(path))
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY);
	return dir < 0;
}

static int tear_down(void **state)
{
	ledger_remove(dir, NAME);
	unlinkat(dir, FILE_NAME, AT_REMOVEDIR);
	close(dir);
	return rmdir(path);
}

static struct ledger put_ledger(void)
{
	return (struct ledger){ .state = LEDGER_PUT, .target = strdup("h/k") };
}

static void saved_is_loaded(void **state)
{
	struct ledger a = put_ledger(), b;

	assert_int_equal(ledger_save(&a, dir, NAME), 0);
	a.state = LEDGER_CREATING;
	assert_int_equal(ledger_save(&a, dir, NAME), 0);
	assert_int_equal(ledger_load(&b, dir, NAME), 0);
	assert_int_equal(b.state, LEDGER_CREATING);
	assert_int_equal(faccessat(dir, FILE_NAME ".new", F_OK, 0), -1);
	ledger_free(&a);
	ledger_free(&b);
}

static void missing_is_enoent(void **state)
{
	struct ledger ledger;

	assert_int_equal(ledger_load(&ledger, dir, NAME), -ENOENT);
}

static void links_and_directories_are_refused(void **state)
{
	struct ledger ledger;

	assert_int_equal(symlinkat("/etc/passwd", dir, FILE_NAME), 0);
	assert_int_equal(ledger_load(&ledger, dir, NAME), -ELOOP);
	unlinkat(dir, FILE_NAME, 0);
	assert_int_equal(mkdirat(dir, FILE_NAME, 0755), 0);
	assert_int_equal(ledger_load(&ledger, dir, NAME), -EBADMSG);
}

static void a_save_that_fails_leaves_the_old_one(void **state)
{
	struct ledger a = put_ledger(), b;

	assert_int_equal(ledger_save(&a, dir, NAME), 0);
	assert_int_equal(mkdirat(dir, FILE_NAME ".new", 0755), 0);
	a.state = LEDGER_CREATING;
	assert_int_equal(ledger_save(&a, dir, NAME), -EISDIR);
	unlinkat(dir, FILE_NAME ".new", AT_REMOVEDIR);
	assert_int_equal(ledger_load(&b, dir, NAME), 0);
	assert_int_equal(b.state, LEDGER_PUT);
	ledger_free(&a);
	ledger_free(&b);
}

static void removed_is_gone(void **state)
{
	struct ledger a = put_ledger(), b;

	assert_int_equal(ledger_save(&a, dir, NAME), 0);
	ledger_remove(dir, NAME);
	assert_int_equal(ledger_load(&b, dir, NAME), -ENOENT);
	ledger_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(saved_is_loaded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_is_enoent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(links_and_directories_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_save_that_fails_leaves_the_old_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed_is_gone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
