/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/output.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".json"

static int nothing_hidden(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int is_sidecar(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
	       strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

int output_make(const char *dir)
{
	struct dirent **entries;
	int count;

	if (mkdir(dir, 0777) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	count = scandir(dir, &entries, nothing_hidden, NULL);
	if (count < 0)
		return -errno;
	free_entries(entries, count);
	return count ? -ENOTEMPTY : 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

json_t *output_sidecars(const char *dir)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, is_sidecar, by_bytes);
	json_t *list;

	if (count < 0)
		return NULL;
	list = json_array();
	for (int i = 0; i < count; i++) {
		char path[8192];
		json_t *sidecar;

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		sidecar = json_load_file(path, 0, NULL);
		if (sidecar)
			json_array_append_new(list, sidecar);
	}
	free_entries(entries, count);
	return list;
}
