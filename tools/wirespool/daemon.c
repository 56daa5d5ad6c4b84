/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/daemon.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/conf.h"
#include "tools/wirespool/sysfile.h"

#define COMM_CHARS 15 /* that the kernel keeps of a name */

struct search {
	const char *root, *name, *config;
	struct daemon found;
};

/* A relative name is relative to where the process is. */
static bool is_same_file(const struct search *search, const char *pid, const char *config)
{
	char path[SYSFILE_PATH_BYTES];
	struct stat a, b;

	if (!strcmp(config, search->config))
		return true;
	if (*config == '/')
		snprintf(path, sizeof(path), "%s", config);
	else
		snprintf(path, sizeof(path), "%s/proc/%s/cwd/%s", search->root, pid, config);
	return !stat(path, &a) && !stat(search->config, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The value of --config in a command line whose words end with NUL. */
static const char *find_config(const char *words, size_t len)
{
	static const char option[] = "--config";

	for (const char *word = words; word < words + len; word += strlen(word) + 1) {
		size_t n = sizeof(option) - 1;
		if (strncmp(word, option, n))
			continue;
		if (word[n] == '=')
			return word + n + 1;
		if (!word[n])
			return word + n + 1 < words + len ? word + n + 1 : NULL;
	}
	return CONF_PATH;
}

static size_t read_words(const struct search *search, const char *pid, char *words, size_t size)
{
	char path[SYSFILE_PATH_BYTES];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/proc/%s/cmdline", search->root, pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, words, size - 1);
	close(fd);
	words[len > 0 ? len : 0] = '\0';
	return len > 0 ? (size_t)len : 0;
}

static void look(void *arg, const char *pid)
{
	struct search *search = arg;
	char comm[32], words[8192], status[4096], uids[64], program[SYSFILE_PATH_BYTES];

	if (search->found.pid || strspn(pid, "0123456789") != strlen(pid) ||
	        !sysfile_text(search->root, comm, sizeof(comm), "/proc/%s/comm", pid) ||
	        strncmp(comm, search->name, COMM_CHARS))
		return;
	size_t len = read_words(search, pid, words, sizeof(words));
	const char *config = len ? find_config(words, len) : NULL;
	if (!config || !is_same_file(search, pid, config))
		return;
	search->found.pid = (pid_t)atol(pid);
	search->found.uid = -1;
	if (sysfile_text(search->root, status, sizeof(status), "/proc/%s/status", pid) &&
	        sysfile_field(status, "Uid", uids, sizeof(uids)))
		search->found.uid = atol(uids);
	if (sysfile_link(search->root, program, sizeof(program), "/proc/%s/exe", pid))
		search->found.is_deleted = strstr(program, " (deleted)");
}

struct daemon daemon_find(const char *root, const char *name, const char *config)
{
	struct search search = { .root = root, .name = name, .config = config ? config : CONF_PATH };

	sysfile_each(root, "/proc", look, &search);
	return search.found;
}

static uint64_t parse_limit(const char *text, char **end)
{
	static const char unlimited[] = "unlimited";

	text += strspn(text, " ");
	if (strncmp(text, unlimited, sizeof(unlimited) - 1))
		return strtoull(text, end, 10);
	*end = (char *)(uintptr_t)text + sizeof(unlimited) - 1;
	return UINT64_MAX;
}

bool daemon_limit(const char *root, pid_t pid, const char *line, uint64_t *ret_soft, uint64_t *ret_hard)
{
	char text[4096], *end;

	if (!sysfile_text(root, text, sizeof(text), "/proc/%d/limits", (int)pid))
		return false;
	const char *at = strstr(text, line);
	if (!at)
		return false;
	*ret_soft = parse_limit(at + strlen(line), &end);
	*ret_hard = parse_limit(end, &end);
	return true;
}
