/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a fuzz target over its corpus in the normal test run: every file as it is, cut at every length up to
 * 512, and with seeded single-byte and splice mutations. Under ASan this finds the plain mistakes; libFuzzer
 * looks for the rest. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUTATIONS 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t rng = 0x9E3779B97F4A7C15u;

static uint32_t rnd(void)
{
	rng ^= rng << 13, rng ^= rng >> 7, rng ^= rng << 17;
	return (uint32_t)(rng >> 32);
}

/* A heap copy of exactly @size bytes, so that ASan sees a read past it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_mutations(const uint8_t *data, size_t size)
{
	uint8_t *work = malloc(size + 1);

	run(data, size);
	for (size_t cut = 0; cut < size && cut <= 512; cut++)
		run(data, cut);
	for (int i = 0; size && i < MUTATIONS; i++) {
		memcpy(work, data, size);
		for (uint32_t n = 1 + rnd() % 4; n; n--)
			work[rnd() % size] = (uint8_t)rnd();
		if (i % 8 == 0 && size > 8) {
			size_t from = rnd() % (size / 2), to = rnd() % (size / 2);
			memmove(work + to, data + from, size / 4);
		}
		run(work, size);
	}
	free(work);
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	int files = 0;

	if (!dir) {
		fprintf(stderr, "usage: %s CORPUS_DIR\n", argv[0]);
		return 2;
	}
	run((const uint8_t *)"", 0);
	for (struct dirent *e; (e = readdir(dir));) {
		char path[4096];
		static uint8_t buf[1 << 20];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		FILE *f = fopen(path, "rb");
		if (!f)
			continue;
		size_t size = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		run_mutations(buf, size);
		files++;
	}
	closedir(dir);
	printf("%d corpus files\n", files);
	return files ? 0 : 1;
}
