/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/house.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NAME   "demo_video0_1710000000.ivf"
#define PART   "." NAME ".part"
#define UNIX_S 1710000000

static const enum conf_record_io modes[] = { CONF_IO_AUTO, CONF_IO_BUFFERED };

static void finished_file_holds_all_frames(void **state)
{
	for (unsigned mode = 0; mode < 2; mode++) {
		struct house house;
		struct segment *segment;

		house_begin(&house);
		house.conf.record_io = modes[mode];
		segment = house_segment(&house, UNIX_S);
		assert_int_equal(house_put_header(segment), 0);
		for (unsigned i = 0; i < 300; i++) {
			assert_int_equal(house_put_frame(segment, i, 1 + i * 37 % 30000), 0);
			house_poll(&house);
		}
		house_finish(segment, 300);
		house_settle(&house);
		assert_int_equal(house_walk(&house, NAME), 300);
		assert_int_equal(house_entries(&house), 2);
		assert_int_equal(house.idles, 1);
		assert_int_equal(house.idle_status, 0);
		assert_int_equal(block_in_use(storage_blocks(house.storage)), 0);
		house_end(&house);
	}
}

/* What a crash would leave: all that was committed a flush interval ago, and of the open frame nothing. */
static void flush_writes_whole_frames_then_zeros(void **state)
{
	for (unsigned mode = 0; mode < 2; mode++) {
		struct house house;
		struct segment *segment;
		uint8_t open_frame[3000];
		char *bytes = NULL;
		uint64_t committed;
		long size;

		house_begin(&house);
		house.conf.record_io = modes[mode];
		memset(open_frame, 0xEE, sizeof(open_frame));
		segment = house_segment(&house, UNIX_S);
		assert_int_equal(house_put_header(segment), 0);
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(house_put_frame(segment, i, 9000), 0);
			committed = segment_end(segment);
			assert_int_equal(segment_append(segment, open_frame, sizeof(open_frame)), 0);
			house_poll_until(&house, committed);
			assert_int_equal(stat_get(house.track_slot, STAT_TRACK_file_bytes), committed);
			size = house_read(&house, PART, &bytes);
			assert_true(size >= (long)committed && size < (long)committed + BLOCK_PAGE_BYTES);
			for (long at = (long)committed; at < size; at++)
				assert_int_equal(bytes[at], 0);
			free(bytes);
			segment_cut(segment);
		}
		house_finish(segment, 5);
		house_settle(&house);
		assert_int_equal(house_walk(&house, NAME), 5);
		house_end(&house);
	}
}

static void flush_asked_for_is_at_once(void **state)
{
	struct house house;
	struct segment *segment;

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	assert_int_equal(house_put_frame(segment, 0, 100), 0);
	segment_flush(segment); /* before the file is there */
	storage_poll(house.storage, 1);
	for (unsigned i = 0; i < 1000 && stat_get(house.track_slot, STAT_TRACK_file_bytes) == 0; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		storage_poll(house.storage, 1); /* no timer's time comes */
	}
	assert_int_equal(stat_get(house.track_slot, STAT_TRACK_file_bytes), segment_end(segment));
	assert_int_equal(house_put_frame(segment, 1, 100), 0);
	segment_flush(segment);
	segment_flush(segment);
	for (unsigned i = 0;
	        i < 5000 && stat_get(house.track_slot, STAT_TRACK_file_bytes) != segment_end(segment); i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		storage_poll(house.storage, 1);
	}
	assert_int_equal(stat_get(house.track_slot, STAT_TRACK_file_bytes), segment_end(segment));
	house_finish(segment, 2);
	house_settle(&house);
	assert_int_equal(house_walk(&house, NAME), 2);
	house_end(&house);
}

static void cut_frames_leave_no_trace(void **state)
{
	struct house house;
	struct segment *segment;
	static uint8_t large[3 << 20];
	uint64_t before;

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	memset(large, 0xEE, sizeof(large));
	for (unsigned i = 0; i < 20; i++) {
		if (i == 0)
			assert_int_equal(house_put_header(segment), 0);
		assert_int_equal(house_put_frame(segment, i, 60000 + i), 0);
		before = segment_end(segment);
		assert_int_equal(segment_append(segment, large, i % 2 ? sizeof(large) : 100 * i), 0);
		if (i % 3 == 0)
			house_poll_ms(&house, 30);
		segment_cut(segment);
		assert_int_equal(segment_end(segment), before);
	}
	house_finish(segment, 20);
	house_settle(&house);
	assert_int_equal(house_walk(&house, NAME), 20);
	assert_int_equal(block_in_use(storage_blocks(house.storage)), 0);
	house_end(&house);
}

static void frame_ends_exactly_at_block_and_page(void **state)
{
	struct house house;
	struct segment *segment;

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	assert_int_equal(house_put_frame(segment, 0, BLOCK_PAGE_BYTES - 32 - 12), 0);
	house_poll_ms(&house, 40);
	assert_int_equal(house_put_frame(segment, 1, BLOCK_LARGE_BYTES - BLOCK_PAGE_BYTES - 12), 0);
	house_poll_ms(&house, 40);
	segment_cut(segment);
	assert_int_equal(house_put_frame(segment, 2, 2 * BLOCK_LARGE_BYTES - 12), 0);
	assert_int_equal(segment_end(segment), 3 * BLOCK_LARGE_BYTES);
	house_finish(segment, 3);
	house_settle(&house);
	assert_int_equal(house_walk(&house, NAME), 3);
	house_end(&house);
}

static void largest_frame_spans_blocks(void **state)
{
	struct house house;
	struct segment *segment;

	house_prepare(&house);
	house_start(&house, 32 << 20);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	assert_int_equal(house_put_frame(segment, 7, LIMIT_FRAME_BYTES), 0);
	house_finish(segment, 1);
	house_settle(&house);
	assert_int_equal(house_walk(&house, NAME), 1);
	house_end(&house);
}

static void without_a_block_a_frame_is_refused_and_the_next_goes_on(void **state)
{
	struct house house;
	struct segment *segment;
	static uint8_t large[9 << 20];

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	assert_int_equal(house_put_frame(segment, 0, 1000), 0);
	assert_int_equal(segment_append(segment, large, sizeof(large)), -ENOBUFS);
	assert_int_equal(stat_get(house.writer_slot, STAT_WRITER_drop_no_block), 1);
	segment_cut(segment);
	assert_int_equal(segment_status(segment), 0);
	assert_int_equal(house_put_frame(segment, 1, 500000), 0);
	house_finish(segment, 2);
	house_settle(&house);
	assert_int_equal(house_walk(&house, NAME), 2);
	house_end(&house);
}

/* Every block is held by a file that has a little in it: all can be flushed, and ended. */
static void with_all_blocks_held_files_are_flushed_and_ended(void **state)
{
	enum { BYTES = 2 << 20, FILES = BYTES / BLOCK_SMALL_BYTES };
	struct segment *segments[FILES];
	uint64_t slots[FILES][STAT_TRACK_COUNT] = { 0 };
	struct house house;
	unsigned refused = 0;
	char name[64];

	house_prepare(&house);
	house_start(&house, BYTES);
	for (unsigned i = 0; i < FILES; i++) {
		struct segment_cfg cfg = {
			.filename = house.conf.record_filename,
			.name = { "demo", NULL, "audio", NULL, "ivf", i },
			.slot = slots[i],
			.audio = true,
			.track_arg = slots[i],
		};

		assert_int_equal(segment_begin(&segments[i], house.storage, &cfg), 0);
		if (house_put_header(segments[i]) || house_put_frame(segments[i], i, 500))
			refused++;
	}
	assert_int_equal(refused, FILES / 64);
	for (unsigned i = 0; i < FILES - refused; i++)
		while (slots[i][STAT_TRACK_file_bytes] < 544)
			house_poll(&house);
	for (unsigned i = 0; i < FILES - refused; i++)
		assert_int_equal(house_put_frame(segments[i], i, 300), 0);
	for (unsigned i = 0; i < FILES; i++)
		house_finish(segments[i], 2);
	house_settle(&house);
	for (unsigned i = 0; i < FILES - refused; i++) {
		snprintf(name, sizeof(name), "demo_audio_%u.ivf", i);
		assert_int_equal(house_walk(&house, name), 2);
	}
	assert_int_equal(house_entries(&house), 2 * (FILES - refused));
	house_end(&house);
}

static void notes_and_figures_come_into_the_sidecar(void **state)
{
	static const char gap[] = "{\"at\":\"x\",\"packets\":3}", event[] = "{\"event\":\"epoch\"}";
	struct house house;
	struct segment *segment;
	char *journal = NULL;

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	assert_int_equal(house_put_frame(segment, 0, 100), 0);
	segment_note(segment, JOURNAL_GAP, gap, strlen(gap));
	house_poll_ms(&house, 60);
	assert_true(house_read(&house, "." NAME ".journal", &journal) > 0);
	assert_non_null(strstr(journal, "M " HOUSE_META "\nG {\"at\":\"x\",\"packets\":3}\n"));
	free(journal);
	segment_note(segment, JOURNAL_EVENT, event, strlen(event));
	house_finish(segment, 1);
	house_settle(&house);
	assert_true(house_sidecar_says(&house, NAME, "\"room\": \"demo\""));
	assert_true(house_sidecar_says(&house, NAME, "\"reason\": \"bye\""));
	assert_true(house_sidecar_says(&house, NAME, "\"gaps\": [\n    {\"at\":\"x\",\"packets\":3}\n  ]"));
	assert_true(house_sidecar_says(&house, NAME, "\"events\": [\n    {\"event\":\"epoch\"}\n  ]"));
	assert_true(house_sidecar_says(&house, NAME, "\"repaired\": false"));
	house_end(&house);
}

static void lost_journal_lines_are_told(void **state)
{
	struct house house;
	struct segment *segment;
	char line[4000];

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	assert_int_equal(house_put_frame(segment, 0, 100), 0);
	memset(line, ' ', sizeof(line));
	line[0] = '{';
	line[sizeof(line) - 1] = '}';
	for (unsigned i = 0; i < 100; i++)
		segment_note(segment, JOURNAL_EVENT, line, sizeof(line));
	house_poll_ms(&house, 60);
	house_finish(segment, 1);
	house_settle(&house);
	assert_true(house_sidecar_says(&house, NAME, "{\"event\":\"journal_lost\",\"lines\":35}"));
	house_end(&house);
}

static void name_is_known_once_settled(void **state)
{
	struct house house;
	struct segment *segment, *next;

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_null(segment_name(segment));
	while (!segment_name(segment))
		house_poll(&house);
	assert_string_equal(segment_name(segment), NAME);
	assert_int_equal(house_put_header(segment), 0);
	next = house_segment(&house, UNIX_S);
	while (!segment_name(next))
		house_poll(&house);
	assert_string_equal(segment_name(next), "demo_video0_1710000000-2.ivf");
	assert_int_equal(house_put_header(next), 0);
	house_finish(segment, 0);
	house_finish(next, 0);
	house_settle(&house);
	assert_true(house_sidecar_says(&house, "demo_video0_1710000000-2.ivf", "\"previous\": \"" NAME "\""));
	assert_int_equal(house.idles, 1);
	house_end(&house);
}

static void file_without_a_byte_is_removed(void **state)
{
	struct house house;

	house_begin(&house);
	house_finish(house_segment(&house, UNIX_S), 0);
	house_settle(&house);
	assert_int_equal(house_entries(&house), 0);
	assert_int_equal(house.file_count, 2);
	assert_int_equal(house.files[1].state, MSG_FILE_DISCARDED);
	assert_string_equal(house.files[1].reason, "empty");
	assert_int_equal(house.idle_status, 0);
	house_end(&house);
}

static void discarded_file_leaves_nothing(void **state)
{
	for (unsigned flushed = 0; flushed < 2; flushed++) {
		struct house house;
		struct segment *segment;

		house_begin(&house);
		segment = house_segment(&house, UNIX_S);
		assert_int_equal(house_put_header(segment), 0);
		if (flushed)
			house_poll_ms(&house, 60);
		segment_discard(segment);
		house_settle(&house);
		assert_int_equal(house_entries(&house), 0);
		assert_int_equal(house.idle_status, 0);
		assert_int_equal(block_in_use(storage_blocks(house.storage)), 0);
		house_end(&house);
	}
}

static void missing_directory_fails_the_track(void **state)
{
	struct house house;
	struct segment *segment;

	house_begin(&house);
	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	assert_int_equal(rmdir(house.dir), 0);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	while (!segment_status(segment))
		house_poll(&house);
	assert_int_equal(segment_status(segment), -ENOENT);
	assert_int_equal(house.failures, 1);
	assert_string_equal(house.failure, "disk: No such file or directory (open)");
	assert_int_equal(segment_append(segment, "x", 1), -EIO);
	segment_cut(segment);
	assert_null(segment_name(segment));
	house_finish(segment, 0);
	house_settle(&house);
	assert_int_equal(house.idle_status, -ENOENT);
	house_end(&house);
}

static void directory_removed_under_way_fails_the_track(void **state)
{
	struct house house;
	struct segment *segment;

	house_begin(&house);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	house_poll_ms(&house, 40);
	house_remove_all(house.dir);
	assert_int_equal(house_put_frame(segment, 0, 5000), 0);
	house_poll_ms(&house, 60);
	assert_int_equal(segment_status(segment), -ENOENT);
	assert_string_equal(house.failure, "disk: No such file or directory (file removed)");
	house_finish(segment, 1);
	house_settle(&house);
	assert_int_equal(house.files[house.file_count - 1].state, MSG_FILE_FAILED);
	house_end(&house);
}

/* The file size limit stands for a full disk: from some byte on, writes fail. */
static void failed_write_keeps_what_was_written_before(void **state)
{
	struct rlimit before, limit;
	struct house house;
	struct segment *segment;
	unsigned frames = 0;

	house_begin(&house);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = (1 << 20) + 4096;
	setrlimit(RLIMIT_FSIZE, &limit);
	segment = house_segment(&house, UNIX_S);
	assert_int_equal(house_put_header(segment), 0);
	while (house_put_frame(segment, frames, 10000) == 0) {
		frames++;
		house_poll_ms(&house, 1);
	}
	assert_int_equal(segment_status(segment), -EFBIG);
	assert_string_equal(house.failure, "disk: File too large (write)");
	assert_true(stat_get(house.writer_slot, STAT_WRITER_write_errors) > 0);
	house_finish(segment, frames);
	house_settle(&house);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_in_range(house_walk(&house, NAME), (1 << 20) / 10012 - 30, (1 << 20) / 10012 + 1);
	assert_true(house_sidecar_says(&house, NAME, "\"reason\": \"bye\""));
	assert_true(house_sidecar_says(&house, NAME, "\"repaired\": true"));
	assert_int_equal(house.failures, 1);
	assert_int_equal(block_in_use(storage_blocks(house.storage)), 0);
	house_end(&house);
}

static void preallocated_space_is_given_back(void **state)
{
	struct house house;
	struct segment *segment;
	struct segment_cfg cfg = {
		.name = { "demo", NULL, "video0", NULL, "ivf", UNIX_S },
		.preallocate_bytes = 1 << 20,
	};
	struct stat stat_open, stat_done;
	char path[256];

	house_begin(&house);
	cfg.filename = house.conf.record_filename;
	assert_int_equal(segment_begin(&segment, house.storage, &cfg), 0);
	assert_int_equal(house_put_header(segment), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(house_put_frame(segment, i, 500000), 0);
		house_poll_ms(&house, 40);
	}
	snprintf(path, sizeof(path), "%s/" PART, house.dir);
	assert_int_equal(stat(path, &stat_open), 0);
	house_finish(segment, 3);
	house_settle(&house);
	snprintf(path, sizeof(path), "%s/" NAME, house.dir);
	assert_int_equal(stat(path, &stat_done), 0);
	assert_int_equal(house_walk(&house, NAME), 3);
	assert_true(stat_done.st_blocks * 512 < 1700000);
	if (stat_open.st_blocks * 512 < 2 << 20) {
		house_end(&house);
		skip(); /* no fallocate here */
	}
	house_end(&house);
}

/* Mounts of our own, by right or as root of a user namespace. */
static bool own_mounts(void)
{
	char map[64];
	int fd, len = snprintf(map, sizeof(map), "0 %u 1", getuid());
	bool mapped;

	if (unshare(CLONE_NEWNS) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	fd = open("/proc/self/uid_map", O_WRONLY);
	mapped = fd >= 0 && write(fd, map, (size_t)len) == len;
	close(fd);
	return mapped;
}

/* A tmpfs of 2 MiB in namespaces of the child's own. Exit codes: 0 good, 77 not allowed here, else failed. */
static int fill_disk(void)
{
	struct house house;
	struct segment *full, *other;
	unsigned frames = 0, small = 0;

	if (!own_mounts())
		return 77;
	house_begin(&house);
	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	        mount("tmpfs", house.dir, "tmpfs", 0, "size=2m") < 0) {
		house_end(&house);
		return 77;
	}
	full = house_segment(&house, UNIX_S);
	other = house_segment(&house, UNIX_S + 1);
	assert_int_equal(house_put_header(full), 0);
	assert_int_equal(house_put_header(other), 0);
	while (house_put_frame(full, frames, 20000) == 0) {
		frames++;
		if (small < 3)
			assert_int_equal(house_put_frame(other, small++, 300), 0);
		house_poll_ms(&house, 3);
	}
	if (segment_status(full) != -ENOSPC ||
	        strcmp(house.failure, "disk: No space left on device (write)") != 0)
		return 1;
	house_finish(full, frames);
	house_finish(other, small);
	house_settle(&house);
	if (house_walk(&house, "demo_video0_1710000001.ivf") != small)
		return 2;
	/* Whatever the full disk let be done of it: what was written is whole, now or when there is room. */
	if (!house_has(&house, NAME)) {
		struct repair_report report;

		if (mount("tmpfs", house.dir, "tmpfs", MS_REMOUNT, "size=3m") < 0 ||
		        repair_dir(house.dir, &report, NULL, NULL) < 0 || report.repaired != 1)
			return 3;
	}
	if (house_walk(&house, NAME) < frames - 20)
		return 4;
	house_stop(&house);
	umount2(house.dir, MNT_DETACH);
	rmdir(house.dir);
	return 0;
}

static void full_disk_fails_one_track_and_no_other(void **state)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fill_disk());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finished_file_holds_all_frames),
		cmocka_unit_test(flush_writes_whole_frames_then_zeros),
		cmocka_unit_test(flush_asked_for_is_at_once),
		cmocka_unit_test(cut_frames_leave_no_trace),
		cmocka_unit_test(frame_ends_exactly_at_block_and_page),
		cmocka_unit_test(largest_frame_spans_blocks),
		cmocka_unit_test(without_a_block_a_frame_is_refused_and_the_next_goes_on),
		cmocka_unit_test(with_all_blocks_held_files_are_flushed_and_ended),
		cmocka_unit_test(notes_and_figures_come_into_the_sidecar),
		cmocka_unit_test(lost_journal_lines_are_told),
		cmocka_unit_test(name_is_known_once_settled),
		cmocka_unit_test(file_without_a_byte_is_removed),
		cmocka_unit_test(discarded_file_leaves_nothing),
		cmocka_unit_test(missing_directory_fails_the_track),
		cmocka_unit_test(directory_removed_under_way_fails_the_track),
		cmocka_unit_test(failed_write_keeps_what_was_written_before),
		cmocka_unit_test(preallocated_space_is_given_back),
		cmocka_unit_test(full_disk_fails_one_track_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
