/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/follow.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES (16 << 10)
#define READS      16 /* at a time: a daemon that logs without end does not keep the keys from being read */

extern char **environ;

struct follow {
	pid_t pid;
	int fd;
};

/* Its standard output and error are the pipe's end @to; of the signals that we block it blocks none. */
static int spawn(pid_t *ret_pid, int to, const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, to, STDERR_FILENO);
	if (!r)
		r = posix_spawnp(
		        ret_pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int follow_start(struct follow **ret_follow, const char *directory)
{
	const char *const argv[] = { "journalctl", "--follow", "--lines=500", "--output=json",
		"--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER", "--no-pager",
		"--unit=wirespool-control", "--unit=wirespool-dataplane",
		"--unit=wirespool-*", /* a pattern finds those that have logged already */
		directory ? "--merge" : NULL, "--directory", directory, NULL };
	/* --follow is of this boot alone, which a journal from elsewhere has not, but for --merge. */
	struct follow *f = calloc(1, sizeof(*f));
	int ends[2], r;

	static_assert(LOGBOOK_ROWS == 500, "lines that are asked for");
	if (!f)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC)) {
		r = -errno;
		free(f);
		return r;
	}
	r = fcntl(ends[0], F_SETFL, O_NONBLOCK) ? -errno : spawn(&f->pid, ends[1], argv);
	close(ends[1]);
	if (r) {
		close(ends[0]);
		free(f);
		return r;
	}
	f->fd = ends[0];
	*ret_follow = f;
	return 0;
}

void follow_stop(struct follow *f)
{
	if (!f)
		return;
	close(f->fd);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	free(f);
}

int follow_read(struct follow *f, struct logbook *book)
{
	char data[READ_BYTES];
	int rows = 0;

	for (unsigned i = 0; i < READS; i++) {
		ssize_t n = read(f->fd, data, sizeof(data));

		if (n == 0)
			return rows ? rows : -ECHILD;
		if (n < 0)
			break;
		rows += (int)logbook_push(book, data, (size_t)n);
	}
	return rows;
}
