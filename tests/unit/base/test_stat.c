/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/test_stat.XXXXXX";
static char path[64];

static const struct stat_cfg cfg = {
	.instances = { 1, 2, 3, 40, 2, 40 },
};

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/stat", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static void a_reader_sees_what_the_writer_wrote(void **state)
{
	struct stat_segment *writer, *reader;

	assert_int_equal(stat_create(&writer, path, &cfg), 0);
	assert_int_equal(stat_open(&reader, path), 0);
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		assert_int_equal(stat_instances(reader, scope), cfg.instances[scope]);
		for (unsigned i = 0; i < cfg.instances[scope]; i++) {
			uint64_t *slot = stat_slot(writer, scope, i);

			assert_int_equal((uintptr_t)slot % 64, 0);
			for (unsigned id = 0; id < stat_count(scope); id++) {
				assert_int_equal(stat_get(slot, id), 0);
				stat_set(slot, id, scope * 1000000 + i * 1000 + id);
			}
		}
	}
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++)
		for (unsigned i = 0; i < cfg.instances[scope]; i++)
			for (unsigned id = 0; id < stat_count(scope); id++)
				assert_int_equal(stat_get(stat_slot(reader, scope, i), id),
				        scope * 1000000 + i * 1000 + id);
	assert_null(stat_slot(reader, STAT_SCOPE_LCORE, 3));
	stat_close(reader);
	stat_close(writer);
}

static void counters_add_and_keep_maxima(void **state)
{
	uint64_t slot[2] = { 5, 5 };

	stat_add(slot, 0, 7);
	stat_max(slot, 1, 4);
	assert_int_equal(slot[1], 5);
	stat_max(slot, 1, 9);
	assert_int_equal(slot[0], 12);
	assert_int_equal(slot[1], 9);
}

static void a_histogram_counts_by_powers_of_two(void **state)
{
	uint64_t slot[STAT_HIST_WORDS + 1] = { 0 };
	static const struct {
		uint64_t value;
		unsigned bucket;
	} cases[] = { { 0, 0 }, { 1, 0 }, { 1024, 0 }, { 1025, 1 }, { 2048, 1 }, { 2049, 2 },
		{ 1ull << 33, 23 }, { (1ull << 33) + 1, 24 }, { UINT64_MAX, 24 } };
	uint64_t sum = 0;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t before = slot[1 + cases[i].bucket];

		stat_hist_add(slot, 1, cases[i].value);
		sum += cases[i].value;
		assert_int_equal(slot[1 + cases[i].bucket], before + 1);
		assert_int_equal(slot[1 + STAT_HIST_BUCKETS], sum);
	}
	assert_int_equal(slot[0], 0);
}

static void labels_are_cut_and_bounded(void **state)
{
	struct stat_segment *writer, *reader;
	char text[200];

	assert_int_equal(stat_create(&writer, path, &cfg), 0);
	assert_int_equal(stat_open(&reader, path), 0);
	assert_string_equal(stat_label(reader, STAT_SCOPE_PORT, 1), "");
	stat_set_label(writer, STAT_SCOPE_PORT, 1, "net_memif0");
	assert_string_equal(stat_label(reader, STAT_SCOPE_PORT, 1), "net_memif0");
	assert_string_equal(stat_label(reader, STAT_SCOPE_PORT, 0), "");
	memset(text, 'x', sizeof(text));
	text[199] = '\0';
	stat_set_label(writer, STAT_SCOPE_PORT, 0, text);
	assert_int_equal(strlen(stat_label(reader, STAT_SCOPE_PORT, 0)), STAT_LABEL_BYTES - 1);
	assert_string_equal(stat_label(reader, STAT_SCOPE_PORT, 1), "net_memif0");
	stat_set_label(writer, STAT_SCOPE_PORT, 2, "beyond");
	assert_string_equal(stat_label(reader, STAT_SCOPE_PORT, 2), "");
	stat_close(reader);
	stat_close(writer);
}

static void a_new_file_makes_the_old_mapping_stale(void **state)
{
	struct stat_segment *first, *second, *reader;

	assert_int_equal(stat_create(&first, path, &cfg), 0);
	stat_set(stat_slot(first, STAT_SCOPE_PROC, 0), STAT_PROC_tracks_open, 5);
	assert_int_equal(stat_open(&reader, path), 0);
	stat_close(first);
	assert_false(stat_stale(reader, path));
	assert_int_equal(stat_create(&second, path, &cfg), 0);
	assert_true(stat_stale(reader, path));
	assert_int_equal(stat_get(stat_slot(reader, STAT_SCOPE_PROC, 0), STAT_PROC_tracks_open), 5);
	unlink(path);
	assert_true(stat_stale(second, path));
	stat_close(reader);
	stat_close(second);
	stat_close(NULL);
}

static void the_file_is_readable_by_all_and_alone(void **state)
{
	struct stat_segment *writer;
	struct stat st;

	assert_int_equal(stat_create(&writer, path, &cfg), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_true(st.st_blocks * 512 >= st.st_size);
	stat_close(writer);
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void creation_fails_with_the_reason(void **state)
{
	struct stat_cfg big = cfg;
	struct stat_segment *writer = NULL;
	char deep[5000];

	assert_int_equal(stat_create(&writer, "/tmp/there/is/no/stat", &cfg), -ENOENT);
	assert_int_equal(stat_create(&writer, dir, &cfg), -EISDIR);
	big.instances[STAT_SCOPE_FLOW] = (1u << 20) + 1;
	assert_int_equal(stat_create(&writer, path, &big), -EINVAL);
	memset(deep, 'x', sizeof(deep));
	deep[4999] = '\0';
	assert_int_equal(stat_create(&writer, deep, &cfg), -ENAMETOOLONG);
	assert_null(writer);
}

/* A copy of a good segment with @len bytes at @offset replaced, cut to @size if that is not 0. */
static int open_damaged(size_t offset, const void *bytes, size_t len, size_t size)
{
	struct stat_segment *writer, *reader = NULL;
	int err, fd;

	assert_int_equal(stat_create(&writer, path, &cfg), 0);
	stat_close(writer);
	fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, bytes, len, (off_t)offset), len);
	if (size)
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
	close(fd);
	err = stat_open(&reader, path);
	assert_true((err == 0) == (reader != NULL));
	stat_close(reader);
	return err;
}

static void damaged_segments_are_refused(void **state)
{
	static const size_t entry = 64 + 64 * STAT_SCOPE_LCORE;
	const uint64_t huge = UINT64_MAX - 63, odd = 8, zero = 0, near_end = 1 << 20;
	const uint32_t many = 1 << 20, more = (1 << 20) + 1, four = 4;

	assert_int_equal(open_damaged(0, "", 0, 0), 0);
	assert_int_equal(open_damaged(0, "X", 1, 0), -EPROTO);            /* magic */
	assert_int_equal(open_damaged(8, &four, 4, 0), -EPROTO);          /* version */
	assert_int_equal(open_damaged(12, &four, 4, 0), -EPROTO);         /* scopes */
	assert_int_equal(open_damaged(16, &odd, 8, 0), -EPROTO);          /* size */
	assert_int_equal(open_damaged(24, &odd, 8, 0), -EPROTO);          /* another table */
	assert_int_equal(open_damaged(entry, "X", 1, 0), -EPROTO);        /* scope's name */
	assert_int_equal(open_damaged(entry + 16, &four, 4, 0), -EPROTO); /* counters */
	assert_int_equal(open_damaged(entry + 20, &many, 4, 0), -EPROTO); /* instances beyond the file */
	assert_int_equal(open_damaged(entry + 20, &more, 4, 0), -EPROTO); /* instances beyond reason */
	assert_int_equal(open_damaged(entry + 24, &zero, 8, 0), -EPROTO); /* names within the header */
	assert_int_equal(open_damaged(entry + 24, &near_end, 8, 0), -EPROTO);
	assert_int_equal(open_damaged(entry + 32, &huge, 8, 0), -EPROTO); /* labels */
	assert_int_equal(open_damaged(entry + 40, &huge, 8, 0), -EPROTO); /* slots */
	assert_int_equal(open_damaged(entry + 40, &odd, 8, 0), -EPROTO);
	assert_int_equal(open_damaged(entry + 48, &zero, 8, 0), -EPROTO); /* stride */
	assert_int_equal(open_damaged(0, "", 0, 1), -EPROTO);
	assert_int_equal(open_damaged(0, "", 0, 447), -EPROTO);
	assert_int_equal(open_damaged(0, "", 0, 448), -EPROTO);
	assert_int_equal(open_damaged(0, "", 0, 4096), -EPROTO);
}

static void what_is_no_segment_is_refused(void **state)
{
	struct stat_segment *reader = NULL;

	assert_int_equal(stat_open(&reader, "/tmp/there/is/no/stat"), -ENOENT);
	assert_int_equal(stat_open(&reader, "/tmp"), -EPROTO);
	assert_int_equal(stat_open(&reader, "/dev/null"), -EPROTO);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(stat_open(&reader, path), -EPROTO);
	unlink(path);
	assert_null(reader);
}

static void a_label_without_end_is_empty(void **state)
{
	struct stat_segment *writer, *reader;

	assert_int_equal(stat_create(&writer, path, &cfg), 0);
	assert_int_equal(stat_open(&reader, path), 0);
	stat_set_label(writer, STAT_SCOPE_PORT, 0, "x");
	memset((char *)(uintptr_t)stat_label(writer, STAT_SCOPE_PORT, 0), 'x', STAT_LABEL_BYTES);
	assert_string_equal(stat_label(reader, STAT_SCOPE_PORT, 0), "");
	stat_close(reader);
	stat_close(writer);
}

static void the_names_are_in_the_file(void **state)
{
	struct stat_segment *writer;
	uint64_t names;
	char name[STAT_NAME_BYTES];
	int fd;

	assert_int_equal(stat_create(&writer, path, &cfg), 0);
	stat_close(writer);
	fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, &names, 8, 64 + 64 * STAT_SCOPE_LCORE + 24), 8);
	assert_int_equal(pread(fd, name, sizeof(name), (off_t)names + STAT_LCORE_rx_bytes * STAT_NAME_BYTES),
	        sizeof(name));
	close(fd);
	assert_string_equal(name, "rx_bytes");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_sees_what_the_writer_wrote),
		cmocka_unit_test(counters_add_and_keep_maxima),
		cmocka_unit_test(a_histogram_counts_by_powers_of_two),
		cmocka_unit_test(labels_are_cut_and_bounded),
		cmocka_unit_test(a_new_file_makes_the_old_mapping_stale),
		cmocka_unit_test(the_file_is_readable_by_all_and_alone),
		cmocka_unit_test(creation_fails_with_the_reason),
		cmocka_unit_test(damaged_segments_are_refused),
		cmocka_unit_test(what_is_no_segment_is_refused),
		cmocka_unit_test(a_label_without_end_is_empty),
		cmocka_unit_test(the_names_are_in_the_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
