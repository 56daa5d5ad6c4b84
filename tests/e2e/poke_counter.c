/* SPDX-License-Identifier: BSD-3-Clause */
/* Breaks a running dataplane's account on purpose: adds to one of its counters.
 * usage: poke_counter SEGMENT SCOPE INSTANCE NAME N */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/stat.h"

static void die(const char *what)
{
	fprintf(stderr, "poke_counter: %s\n", what);
	exit(1);
}

static unsigned scope_of(const char *name)
{
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++)
		if (!strcmp(stat_scope_name(scope), name))
			return scope;
	die("no such scope");
	return 0;
}

static unsigned counter_of(unsigned scope, const char *name)
{
	const struct stat_row *row;

	for (unsigned id = 0; (row = stat_row(scope, id)); id += stat_words(row))
		if (!strcmp(row->name, name))
			return id;
	die("no such counter");
	return 0;
}

/* Where in the file @at lies, which is in the mapping of @path. */
static off_t offset_of(const char *path, const void *at)
{
	char line[4352], real[4096];
	FILE *maps = fopen("/proc/self/maps", "r");
	uintptr_t from, to, address = (uintptr_t)at;
	off_t offset = -1;

	if (!maps || !realpath(path, real))
		die("no maps");
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t begins;
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNxPTR, &from, &to, &begins) == 3 &&
		        address >= from && address < to && strstr(line, real))
			offset = (off_t)(address - from + begins);
	}
	fclose(maps);
	return offset;
}

int main(int argc, char **argv)
{
	struct stat_segment *stat;
	unsigned scope, id;
	const uint64_t *slot;
	uint64_t value;
	off_t offset;
	int fd;

	if (argc != 6)
		die("usage: poke_counter SEGMENT SCOPE INSTANCE NAME N");
	if (stat_open(&stat, argv[1]))
		die("no segment");
	scope = scope_of(argv[2]);
	id = counter_of(scope, argv[4]);
	slot = stat_slot(stat, scope, (unsigned)atoi(argv[3]));
	if (!slot)
		die("no such instance");
	offset = offset_of(argv[1], slot + id);
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	value = stat_get(slot, id) + strtoull(argv[5], NULL, 10);
	if (offset < 0 || fd < 0 || pwrite(fd, &value, sizeof(value), offset) != sizeof(value))
		die("it cannot be written");
	close(fd);
	stat_close(stat);
	return 0;
}
