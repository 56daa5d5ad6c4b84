/* SPDX-License-Identifier: BSD-3-Clause */
/* A child process in place of journalctl's, found by PATH: what it prints comes, and it ends when it is told
 * to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "appliance/top/follow.h"

static char dir[] = "/tmp/test_follow.XXXXXX", script[64], *path;
static struct follow *follow;
static struct logbook book;

/* The directory is all that is in PATH. */
static int setup(void **state)
{
	path = strdup(getenv("PATH"));
	strcpy(strrchr(dir, '.'), ".XXXXXX");
	if (!path || !mkdtemp(dir))
		return -1;
	snprintf(script, sizeof(script), "%s/journalctl", dir);
	return setenv("PATH", dir, 1);
}

static int teardown(void **state)
{
	follow_stop(follow);
	follow = NULL;
	logbook_reset(&book);
	unlink(script);
	rmdir(dir);
	setenv("PATH", path, 1);
	free(path);
	return 0;
}

static void write_script(const char *text)
{
	FILE *file = fopen(script, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	fclose(file);
	assert_int_equal(chmod(script, 0755), 0);
}

/* Rows, or an error, of the first read that has any; within ten seconds. */
static int read_some(void)
{
	int r = 0;

	for (unsigned i = 0; i < 1000 && !r && !*book.said; i++) {
		r = follow_read(follow, &book);
		usleep(10000);
	}
	return r;
}

static void without_journalctl_there_is_none(void **state)
{
	assert_int_equal(follow_start(&follow, NULL), -ENOENT);
	assert_null(follow);
}

static void entries_come_and_the_child_goes(void **state)
{
	sigset_t set;
	pid_t pid;

	write_script("echo '{\"MESSAGE\":\"one\"}'; echo $$ >&2; while :; do /bin/sleep 1; done");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL); /* as the dashboard does */
	assert_int_equal(follow_start(&follow, NULL), 0);
	while (!*book.said)
		assert_true(read_some() >= 0);
	assert_string_equal(logbook_get(&book, 0)->text, "one");
	pid = (pid_t)atoi(book.said);
	assert_int_equal(kill(pid, 0), 0);
	follow_stop(follow);
	follow = NULL;
	assert_int_equal(kill(pid, 0), -1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void its_end_is_told_with_its_last_words(void **state)
{
	write_script("shift 8; echo \"no $3 $1\" >&2; exit 1");
	assert_int_equal(follow_start(&follow, "/var/log/else"), 0);
	while (follow_read(follow, &book) == 0)
		usleep(10000);
	assert_int_equal(follow_read(follow, &book), -ECHILD);
	assert_string_equal(book.said, "no /var/log/else --merge");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { CASE(without_journalctl_there_is_none),
		CASE(entries_come_and_the_child_goes), CASE(its_end_is_told_with_its_last_words) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
