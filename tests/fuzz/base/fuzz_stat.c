/* SPDX-License-Identifier: BSD-3-Clause */
/* A counter segment as foreign bytes. The input is a damage report on a good segment of this build, so that
 * the corpus outlives changes of the table: two bytes of size to cut to (0: whole), then any number of
 * (offset 16 bits, byte). What is accepted must be readable from end to end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/cur.h"
#include "base/stat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t good[65536];
static size_t good_size;

static void make_good(void)
{
	static const struct stat_cfg cfg = { .instances = { 1, 1, 2, 3, 1, 3 } };
	char path[] = "/tmp/fuzz_stat.XXXXXX";
	struct stat_segment *stat;
	int fd = mkstemp(path);
	FILE *file;

	close(fd);
	if (stat_create(&stat, path, &cfg))
		abort();
	stat_set_label(stat, STAT_SCOPE_PORT, 0, "net_tap0");
	file = fopen(path, "rb");
	good_size = fread(good, 1, sizeof(good), file);
	fclose(file);
	stat_close(stat);
	unlink(path);
}

static void read_all(const struct stat_segment *stat)
{
	FILE *out = fopen("/dev/null", "w");
	uint64_t sum = 0;

	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		for (unsigned i = 0; i < stat_instances(stat, scope); i++) {
			sum += strlen(stat_label(stat, scope, i));
			for (unsigned id = 0; id < stat_count(scope); id++)
				sum += stat_get(stat_slot(stat, scope, i), id);
		}
	}
	fprintf(out, "%ju\n", (uintmax_t)sum);
	stat_print_prometheus(stat, out);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	uint8_t bytes[sizeof(good)];
	char path[64];
	struct stat_segment *stat;
	size_t cut;
	int fd;

	if (!good_size)
		make_good();
	memcpy(bytes, good, good_size);
	cut = cur_u16(&c);
	while (cur_left(&c) >= 3) {
		size_t offset = cur_u16(&c);

		bytes[offset % good_size] = cur_u8(&c);
	}
	fd = memfd_create("fuzz_stat", MFD_CLOEXEC);
	if (write(fd, bytes, cut && cut < good_size ? cut : good_size) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!stat_open(&stat, path)) {
		read_all(stat);
		stat_close(stat);
	}
	close(fd);
	return 0;
}
