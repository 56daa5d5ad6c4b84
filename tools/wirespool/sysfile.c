/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/sysfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void make_path(char path[SYSFILE_PATH_BYTES], const char *root, const char *format, va_list list)
{
	int len = snprintf(path, SYSFILE_PATH_BYTES, "%s", root);

	if (len < 0 || len >= SYSFILE_PATH_BYTES)
		len = 0;
	vsnprintf(path + len, SYSFILE_PATH_BYTES - (size_t)len, format, list);
}

static bool read_text(const char *path, char *ret_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && len < size - 1) {
		n = read(fd, ret_text + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	while (len && strchr(" \t\n", ret_text[len - 1]))
		len--;
	ret_text[len] = '\0';
	return n >= 0;
}

bool sysfile_text(const char *root, char *ret_text, size_t size, const char *format, ...)
{
	char path[SYSFILE_PATH_BYTES];
	va_list list;

	va_start(list, format);
	make_path(path, root, format, list);
	va_end(list);
	return read_text(path, ret_text, size);
}

bool sysfile_number(const char *root, int64_t *ret_number, const char *format, ...)
{
	char path[SYSFILE_PATH_BYTES], text[64], *end;
	va_list list;

	va_start(list, format);
	make_path(path, root, format, list);
	va_end(list);
	if (!read_text(path, text, sizeof(text)) || !text[0])
		return false;
	int64_t number = strtoll(text, &end, 0);
	if (*end)
		return false;
	*ret_number = number;
	return true;
}

/* A number at *at, which is moved behind it. False: there is none. */
static bool take_number(const char **at, unsigned long *ret_number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*ret_number = strtoul(*at, &end, 10);
	*at = end;
	return true;
}

bool sysfile_parse_cpus(const char *text, cpu_set_t *ret_cpus)
{
	const char *at = text;
	unsigned long first, last;

	CPU_ZERO(ret_cpus);
	while (*at) {
		if (!take_number(&at, &first))
			return false;
		last = first;
		if (*at == '-' && (at++, !take_number(&at, &last)))
			return false;
		if ((*at && *at != ',') || first > last)
			return false;
		for (unsigned long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
			CPU_SET(cpu, ret_cpus);
		at += *at == ',';
	}
	return true;
}

bool sysfile_cpus(const char *root, cpu_set_t *ret_cpus, const char *format, ...)
{
	char path[SYSFILE_PATH_BYTES], text[4096];
	va_list list;

	va_start(list, format);
	make_path(path, root, format, list);
	va_end(list);
	return read_text(path, text, sizeof(text)) && sysfile_parse_cpus(text, ret_cpus);
}

bool sysfile_link(const char *root, char *ret_name, size_t size, const char *format, ...)
{
	char path[SYSFILE_PATH_BYTES], target[SYSFILE_PATH_BYTES];
	va_list list;

	va_start(list, format);
	make_path(path, root, format, list);
	va_end(list);
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	const char *slash = strrchr(target, '/');
	snprintf(ret_name, size, "%s", slash ? slash + 1 : target);
	return true;
}

bool sysfile_exists(const char *root, const char *format, ...)
{
	char path[SYSFILE_PATH_BYTES];
	va_list list;

	va_start(list, format);
	make_path(path, root, format, list);
	va_end(list);
	return !access(path, F_OK);
}

bool sysfile_each(const char *root, const char *dir, void (*each)(void *arg, const char *entry), void *arg)
{
	char path[SYSFILE_PATH_BYTES];

	snprintf(path, sizeof(path), "%s%s", root, dir);
	DIR *entries = opendir(path);
	if (!entries)
		return false;
	for (struct dirent *e; (e = readdir(entries));)
		if (e->d_name[0] != '.')
			each(arg, e->d_name);
	closedir(entries);
	return true;
}

bool sysfile_field(const char *text, const char *key, char *ret_value, size_t size)
{
	size_t key_len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (strncmp(line, key, key_len))
			continue;
		const char *at = line + key_len + strspn(line + key_len, " \t");
		if (*at != ':' && *at != '=')
			continue;
		at += 1 + strspn(at + 1, " \t");
		size_t len = strcspn(at, "\n");
		while (len && strchr(" \t", at[len - 1]))
			len--;
		snprintf(ret_value, size, "%.*s", (int)len, at);
		return true;
	}
	return false;
}
