/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/house.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define NAME   "demo_video0_1710000000.ivf"
#define PART   "." NAME ".part"
#define UNIX_S 1710000000

/* What a child that is killed tells its parent: memory that outlives it. */
#define FILES  64
#define FRAMES 4096
struct diary {
	uint64_t ends[FILES][FRAMES]; /* end of each committed frame */
	uint32_t frames[FILES];
	uint64_t track_slots[FILES][STAT_TRACK_COUNT]; /* file_bytes: what has been written */
	uint32_t begun;
	uint32_t finished; /* reported as durable */
	char finished_names[FILES][NAME_BYTES];
};

static struct diary *diary;
static uint64_t rng = 0x9E3779B97F4A7C15u;

static uint32_t rnd(void)
{
	rng ^= rng << 13, rng ^= rng >> 7, rng ^= rng << 17;
	return (uint32_t)(rng >> 32);
}

static void write_file(const struct house *house, const char *name, const void *bytes, size_t len)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", house->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* An IVF with @frames frames of 100 bytes, and @tail bytes of @fill behind. Returns its length. */
static size_t make_ivf(uint8_t *bytes, uint32_t head_frames, uint32_t frames, size_t tail, uint8_t fill)
{
	size_t at = 32;

	house_header(bytes, head_frames);
	for (uint32_t i = 0; i < frames; i++, at += 112) {
		cur_put_le(bytes + at, 100, 4);
		cur_put_le(bytes + at + 4, i * 3000, 8);
		house_frame_bytes(i, bytes + at + 12, 100);
	}
	memset(bytes + at, fill, tail);
	return at + tail;
}

static struct repair_report repair(struct house *house)
{
	struct repair_report report;

	house->file_count = 0;
	assert_int_equal(repair_dir(house->dir, &report, house_on_file, house), 0);
	return report;
}

static void part_with_zeros_behind_is_cut_and_finished(void **state)
{
	static const char journal[] = "M " HOUSE_META "\nM {\"started\":\"2026-11-21T01:00:00Z\"}\n"
	                              "G {\"packets\":4}\nG {\"packets\":3}\nE {\"event\":\"ep";
	struct house house;
	uint8_t bytes[8192];

	house_prepare(&house);
	write_file(&house, PART, bytes, make_ivf(bytes, 0, 10, 3000, 0));
	write_file(&house, "." NAME ".journal", journal, strlen(journal));
	write_file(&house, "." NAME ".json.tmp", "torn", 4);
	assert_int_equal(repair(&house).repaired, 1);
	assert_int_equal(house_walk(&house, NAME), 10);
	assert_int_equal(house_entries(&house), 2);
	assert_int_equal(house.file_count, 1);
	assert_int_equal(house.files[0].state, MSG_FILE_FINISHED);
	assert_int_equal(house.files[0].bytes, 32 + 10 * 112);
	assert_string_equal(house.files[0].session, "s_1");
	assert_string_equal(house.files[0].reason, "crash");
	assert_true(house.files[0].started_unix_ns > 0);
	assert_true(house_sidecar_says(&house, NAME, "\"frames\": 10"));
	assert_true(house_sidecar_says(&house, NAME, "\"reason\": \"crash\""));
	assert_true(house_sidecar_says(&house, NAME, "\"duration_s\": 0.300000"));
	assert_true(house_sidecar_says(&house, NAME, "\"ended\": \"2026-11-21T01:00:00.300000Z\""));
	assert_true(house_sidecar_says(&house, NAME, "\"gap_packets\": 7"));
	assert_true(house_sidecar_says(&house, NAME, "\"events\": []"));
	assert_true(house_sidecar_says(&house, NAME, "\"repaired\": true"));
	assert_int_equal(repair(&house).repaired, 0);
	house_remove_all(house.dir);
}

static void part_without_journal_gets_a_sidecar(void **state)
{
	struct house house;
	uint8_t bytes[8192];

	house_prepare(&house);
	write_file(&house, PART, bytes, make_ivf(bytes, 0, 3, 200, 0xFF));
	assert_int_equal(repair(&house).repaired, 1);
	assert_int_equal(house_walk(&house, NAME), 3);
	assert_true(house_sidecar_says(&house, NAME, "\"started\": \"20"));
	house_remove_all(house.dir);
}

/* A WAVE file of @samples that was never closed, with @tail zeros behind. Returns its length. */
static size_t make_wav(uint8_t *bytes, uint32_t samples, size_t tail)
{
	memcpy(bytes,
	        "RIFF\xFF\xFF\xFF\xFFWAVEfmt \x12\0\0\0\7\0\1\0\x40\x1F\0\0\x40\x1F\0\0\1\0\x8\0\0\0"
	        "fact\4\0\0\0\xFF\xFF\xFF\xFF"
	        "data\xFF\xFF\xFF\xFF",
	        58);
	memset(bytes + 58, 0x55, samples);
	memset(bytes + 58 + samples, 0, tail);
	return 58 + samples + tail;
}

static void samples_without_frames_are_told_by_their_time(void **state)
{
	static const char name[] = "demo_audio0_1710000000.wav", part[] = ".demo_audio0_1710000000.wav.part",
	                  journal[] = "M {\"session\":\"s_1\",\"codec\":\"PCMU\",\"clock_rate\":8000}\n";
	struct house house;
	uint8_t bytes[8192];
	char *text = NULL;

	house_prepare(&house);
	write_file(&house, part, bytes, make_wav(bytes, 4001, 1000));
	write_file(&house, ".demo_audio0_1710000000.wav.journal", journal, strlen(journal));
	assert_int_equal(repair(&house).repaired, 1);
	assert_int_equal(house_read(&house, name, &text), 58 + 4002);
	assert_int_equal(cur_get_le((uint8_t *)text + 54, 4), 4001);
	free(text);
	assert_true(house_sidecar_says(&house, name, "\"duration_s\": 0.500125"));
	assert_false(house_sidecar_says(&house, name, "\"frames\""));
	assert_true(house_sidecar_says(&house, name, "\"repaired\": true"));
	house_remove_all(house.dir);
	/* With the journal's end that fits, its figures hold. */
	house_prepare(&house);
	write_file(&house, part, bytes, make_wav(bytes, 4000, 0));
	write_file(&house, ".demo_audio0_1710000000.wav.journal",
	        "M {\"clock_rate\":8000}\nZ {\"frames\":25,\"duration_s\":0.5,\"reason\":\"bye\"}\n", 70);
	assert_int_equal(repair(&house).repaired, 1);
	assert_true(house_sidecar_says(&house, name, "\"frames\": 25"));
	house_remove_all(house.dir);
	/* A header alone is no recording. */
	house_prepare(&house);
	write_file(&house, part, bytes, make_wav(bytes, 0, 4038));
	assert_int_equal(repair(&house).empty, 1);
	house_remove_all(house.dir);
}

static void frames_without_times_get_those_of_the_journal(void **state)
{
#define NAME_H264 "demo_video0_1710000000.h264"
#define DELIMITER "\0\0\0\1\x09\xF0"
	static const char media[] = DELIMITER "key" DELIMITER "two" DELIMITER "three" DELIMITER "cu";
	static const char journal[] =
	        "M " HOUSE_META "\nT {\"frame\":0,\"ms\":[0.000,100.000]}\n"
	        "T {\"frame\":2,\"ms\":[33.333,200.000,9]}\nT {\"frame\":9}\nT {\"ms\":[x]}\n";
	struct house house;
	char *text = NULL;

	house_prepare(&house);
	write_file(&house, "." NAME_H264 ".part", media, sizeof(media) - 1);
	write_file(&house, "." NAME_H264 ".journal", journal, strlen(journal));
	assert_int_equal(repair(&house).repaired, 1);
	assert_int_equal(house_read(&house, NAME_H264, &text), 9 + 9 + 11 + 5);
	assert_memory_equal(text + 29, "\0\0\0\1\x0B", 5);
	free(text);
	assert_true(house_sidecar_says(&house, NAME_H264, "\"frames\": 3"));
	assert_true(house_sidecar_says(&house, NAME_H264, "\"duration_s\": 0.100000")); /* of the three */
	assert_true(house_sidecar_says(
	        &house, NAME_H264, "\"times\": [\n    {\"frame\":0,\"ms\":[0.000,100.000]},\n"));
	house_remove_all(house.dir);
}

static void whole_part_with_ended_journal_is_not_called_repaired(void **state)
{
	static const char journal[] =
	        "M " HOUSE_META "\nZ {\"reason\":\"bye\",\"frames\":4,\"key_frames\":1}\n";
	struct house house;
	uint8_t bytes[8192];

	house_prepare(&house);
	write_file(&house, PART, bytes, make_ivf(bytes, 4, 4, 0, 0));
	write_file(&house, "." NAME ".journal", journal, strlen(journal));
	write_file(&house, NAME ".json", "{}", 2);
	assert_int_equal(repair(&house).repaired, 1);
	assert_int_equal(house_walk(&house, NAME), 4);
	assert_true(house_sidecar_says(&house, NAME, "\"repaired\": false"));
	assert_true(house_sidecar_says(&house, NAME, "\"key_frames\": 1"));
	assert_string_equal(house.files[0].reason, "bye");
	house_remove_all(house.dir);
}

static void figures_beyond_what_was_written_are_left_out(void **state)
{
	static const char journal[] =
	        "M " HOUSE_META "\nZ {\"reason\":\"bye\",\"frames\":9,\"key_frames\":5}\n";
	struct house house;
	uint8_t bytes[8192];

	house_prepare(&house);
	write_file(&house, PART, bytes, make_ivf(bytes, 9, 4, 0, 0));
	write_file(&house, "." NAME ".journal", journal, strlen(journal));
	assert_int_equal(repair(&house).repaired, 1);
	assert_true(house_sidecar_says(&house, NAME, "\"frames\": 4"));
	assert_false(house_sidecar_says(&house, NAME, "key_frames"));
	assert_true(house_sidecar_says(&house, NAME, "\"reason\": \"bye\""));
	house_remove_all(house.dir);
}

static void parts_without_media_are_removed(void **state)
{
	static const char *const name[] = { "a_1.ivf", "b_2.ivf", "c_3.ogg", "d_4.ogg" };
	struct house house;
	uint8_t bytes[8192] = { 0 };
	char part[NAME_FILE_BYTES];

	house_prepare(&house);
	for (unsigned i = 0; i < 4; i++) {
		name_file(part, name[i], NAME_PART);
		write_file(&house, part, bytes, i == 0 ? 0 : i == 1 ? make_ivf(bytes, 0, 0, 4064, 0) : 0);
		name_file(part, name[i], NAME_JOURNAL);
		write_file(&house, part, "M {}\n", 5);
	}
	assert_int_equal(repair(&house).empty, 4);
	assert_int_equal(house_entries(&house), 0);
	house_remove_all(house.dir);
}

/* A first frame of which only a part came to the disk is media still. */
static void part_without_a_whole_frame_is_kept(void **state)
{
	struct house house;
	uint8_t bytes[8192];
	struct repair_report report;

	house_prepare(&house);
	make_ivf(bytes, 0, 1, 0, 0);
	write_file(&house, PART, bytes, 32 + 50);
	write_file(&house, ".e_5.ogg.part", "no Ogg at all", 13);
	report = repair(&house);
	assert_int_equal(report.failed, 2);
	assert_int_equal(report.repaired + report.empty, 0);
	assert_int_equal(house_entries(&house), 2);
	house_remove_all(house.dir);
}

static void part_beside_a_finished_file_of_its_name_is_kept(void **state)
{
	struct house house;
	uint8_t bytes[8192];

	house_prepare(&house);
	write_file(&house, PART, bytes, make_ivf(bytes, 0, 2, 0, 0));
	write_file(&house, NAME, "finished", 8);
	write_file(&house, NAME ".json", "sidecar", 7);
	assert_int_equal(repair(&house).failed, 1);
	assert_int_equal(house_read(&house, NAME, NULL), 8);
	assert_int_equal(house_read(&house, NAME ".json", NULL), 7);
	house_remove_all(house.dir);
}

static void journal_of_a_finished_pair_is_removed(void **state)
{
	struct house house;

	house_prepare(&house);
	write_file(&house, NAME, "finished", 8);
	write_file(&house, NAME ".json", "sidecar", 7);
	write_file(&house, "." NAME ".journal", "M {}\n", 5);
	write_file(&house, ".hidden", "somebody else's", 15);
	write_file(&house, "." NAME ".upload", "ledger", 6);
	assert_int_equal(repair(&house).repaired, 0);
	assert_false(house_has(&house, "." NAME ".journal"));
	assert_int_equal(house_entries(&house), 4);
	house_remove_all(house.dir);
}

static void file_before_gets_its_link(void **state)
{
	static const char before[] =
	        "{\n  \"name\": \"demo_1.ivf\",\n  \"next\": null,\n  \"repaired\": false\n}\n";
	static const char journal[] = "M " HOUSE_META "\nM {\"previous\":\"demo_1.ivf\"}\n";
	struct house house;
	uint8_t bytes[8192];

	house_prepare(&house);
	write_file(&house, "demo_1.ivf", "x", 1);
	write_file(&house, "demo_1.ivf.json", before, strlen(before));
	write_file(&house, PART, bytes, make_ivf(bytes, 0, 2, 0, 0));
	write_file(&house, "." NAME ".journal", journal, strlen(journal));
	assert_int_equal(repair(&house).repaired, 1);
	assert_true(house_sidecar_says(&house, "demo_1.ivf", "\"next\": \"" NAME "\",\n  \"repaired\""));
	house_remove_all(house.dir);
}

static void missing_directory_is_an_error(void **state)
{
	struct repair_report report;

	assert_int_equal(repair_dir("/nonexistent/records", &report, NULL, NULL), -ENOENT);
}

static void symlinks_are_not_followed(void **state)
{
	struct house house;
	uint8_t bytes[8192];
	char path[512];

	house_prepare(&house);
	write_file(&house, "target", bytes, make_ivf(bytes, 0, 2, 100, 0));
	snprintf(path, sizeof(path), "%s/" PART, house.dir);
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(repair(&house).failed, 1);
	assert_int_equal(house_read(&house, "target", NULL), 32 + 2 * 112 + 100);
	house_remove_all(house.dir);
}

static void diary_on_file(void *arg, const struct msg_file_state *file)
{
	if (file->state != MSG_FILE_FINISHED)
		return;
	pthread_mutex_lock(&((struct house *)arg)->lock);
	strcpy(diary->finished_names[diary->finished], file->name);
	__atomic_store_n(&diary->finished, diary->finished + 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&((struct house *)arg)->lock);
}

static uint32_t put_random_frame(struct segment *segment, uint32_t n)
{
	uint32_t shape = rnd() % 10, len = shape == 0 ? 1 + rnd() % 400000 : 1 + rnd() % 5000;

	if (shape == 1) { /* a broken one */
		static uint8_t junk[100000];
		memset(junk, 0xEE, sizeof(junk));
		segment_append(segment, junk, rnd() % sizeof(junk));
		segment_cut(segment);
		return 0;
	}
	return house_put_frame(segment, n, len) == 0;
}

static struct segment *begin_in_diary(struct house *house, unsigned i)
{
	struct segment_cfg cfg = {
		.filename = house->conf.record_filename,
		.name = { "demo", "alice", "video0", "s_1", "ivf", UNIX_S + i },
		.session = "s_1",
		.track = "video0",
		.slot = diary->track_slots[i],
		.meta = HOUSE_META,
		.meta_bytes = strlen(HOUSE_META),
		.track_arg = &diary->track_slots[i],
	};
	struct segment *segment;

	assert_int_equal(segment_begin(&segment, house->storage, &cfg), 0);
	assert_int_equal(house_put_header(segment), 0);
	return segment;
}

/* Write files with random frames, a few at a time, and end them, until killed. */
static void live(struct house *house)
{
	struct filer_cfg filer = { .conf = &house->conf, .on_file = diary_on_file, .arg = house };
	struct storage_cfg storage = { .conf = &house->conf, .block_bytes = 16 << 20 };
	struct segment *open[4] = { NULL };
	unsigned index[4];

	house->conf.record_flush_interval_ms = 10;
	house->conf.record_sync_interval_ms = 0;
	house->conf.record_io = rnd() % 2 ? CONF_IO_AUTO : CONF_IO_BUFFERED;
	assert_int_equal(filer_create(&house->filer, &filer), 0);
	storage.filer = house->filer;
	assert_int_equal(storage_create(&house->storage, &storage), 0);
	for (;;) {
		unsigned i = rnd() % 4, file;

		house_poll(house);
		if (!open[i]) {
			if (diary->begun == FILES)
				continue;
			index[i] = diary->begun;
			open[i] = begin_in_diary(house, index[i]);
			diary->begun++;
			continue;
		}
		file = index[i];
		if (diary->frames[file] == FRAMES || rnd() % 40 == 0) {
			house_finish(open[i], diary->frames[file]);
			open[i] = NULL;
			continue;
		}
		if (put_random_frame(open[i], diary->frames[file])) {
			diary->ends[file][diary->frames[file]] = segment_end(open[i]);
			diary->frames[file]++;
		}
	}
}

/* Run @child for at most @us microseconds, then kill it. Returns whether it came to its end before. */
static bool run_and_kill(void (*child)(struct house *), struct house *house, unsigned us)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		log_setup("child", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
		child(house);
		_exit(0);
	}
	usleep(us);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status);
}

static void repair_in_child(struct house *house)
{
	struct repair_report report;

	repair_dir(house->dir, &report, NULL, NULL);
}

/* False: the file is not there, as none of its frames was flushed. */
static bool check_file(const struct house *house, unsigned i)
{
	char name[NAME_BYTES], part[NAME_FILE_BYTES];
	uint64_t written = diary->track_slots[i][STAT_TRACK_file_bytes];
	uint32_t frames, flushed = 0;

	snprintf(name, sizeof(name), "demo_video0_%u.ivf", UNIX_S + i);
	while (flushed < diary->frames[i] && diary->ends[i][flushed] <= written)
		flushed++;
	name_file(part, name, NAME_PART);
	if (!house_has(house, name)) {
		if (flushed)
			fail_msg("%s is lost, with %u flushed frames", name, flushed);
		return false;
	}
	assert_false(house_has(house, part));
	assert_true(house_sidecar_says(house, name, "\"sha256\""));
	frames = house_walk(house, name);
	if (frames < flushed || frames > diary->frames[i] + 1)
		fail_msg("%s: %u frames, %u flushed, %u committed", name, frames, flushed, diary->frames[i]);
	return true;
}

/* The heart of it: killed at any moment, also within the close protocol and within the repair, nothing that
 * was flushed is lost, every file walks cleanly, and what was reported as finished is there. */
static void killed_at_any_moment_nothing_flushed_is_lost(void **state)
{
	const char *rounds_wish = getenv("TEST_ROUNDS");
	unsigned rounds = rounds_wish ? (unsigned)atoi(rounds_wish) : 60;
	uint64_t files = 0, finished = 0, repaired = 0, interrupted = 0;

	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	diary = mmap(NULL, sizeof(*diary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(diary != MAP_FAILED);
	for (unsigned round = 0; round < rounds; round++) {
		struct house house;
		struct repair_report report;
		unsigned kept = 0;

		memset(diary, 0, sizeof(*diary));
		house_prepare(&house);
		rng += rnd();
		run_and_kill(live, &house, 2000 + rnd() % 120000);
		for (unsigned i = 0; i < 3; i++)
			interrupted += !run_and_kill(repair_in_child, &house, rnd() % 3000);
		report = repair(&house);
		for (unsigned i = 0; i < diary->begun; i++)
			kept += !check_file(&house, i);
		assert_true(report.failed <= kept);
		for (unsigned i = 0; i < diary->finished; i++)
			assert_true(house_has(&house, diary->finished_names[i]));
		for (unsigned i = 0; i < FILES; i++) {
			char name[NAME_BYTES], journal[NAME_FILE_BYTES];
			snprintf(name, sizeof(name), "demo_video0_%u.ivf", UNIX_S + i);
			name_file(journal, name, NAME_JOURNAL);
			assert_false(house_has(&house, name) && house_has(&house, journal));
		}
		files += diary->begun;
		finished += diary->finished;
		repaired += report.repaired;
		house_remove_all(house.dir);
	}
	munmap(diary, sizeof(*diary));
	print_message(
	        "%u kills: %llu files, %llu finished before, %llu repaired at last, %llu repairs killed\n",
	        rounds, (unsigned long long)files, (unsigned long long)finished, (unsigned long long)repaired,
	        (unsigned long long)interrupted);
	assert_true(files > finished && finished > 0 && repaired > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(part_with_zeros_behind_is_cut_and_finished),
		cmocka_unit_test(part_without_journal_gets_a_sidecar),
		cmocka_unit_test(samples_without_frames_are_told_by_their_time),
		cmocka_unit_test(frames_without_times_get_those_of_the_journal),
		cmocka_unit_test(whole_part_with_ended_journal_is_not_called_repaired),
		cmocka_unit_test(figures_beyond_what_was_written_are_left_out),
		cmocka_unit_test(parts_without_media_are_removed),
		cmocka_unit_test(part_without_a_whole_frame_is_kept),
		cmocka_unit_test(part_beside_a_finished_file_of_its_name_is_kept),
		cmocka_unit_test(journal_of_a_finished_pair_is_removed),
		cmocka_unit_test(file_before_gets_its_link),
		cmocka_unit_test(missing_directory_is_an_error),
		cmocka_unit_test(symlinks_are_not_followed),
		cmocka_unit_test(killed_at_any_moment_nothing_flushed_is_lost),
	};

	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
