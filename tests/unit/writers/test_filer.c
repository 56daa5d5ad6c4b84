/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/house.h"

#include "writers/filer_job.h"

#define UNIX_S 1710000000
#define NAME   "demo_video0_1710000000.ivf"

static void on_returned(struct filer_file *file, enum filer_job job)
{
}

/* A file as a segment asks for it. */
static struct filer_file *make(struct filer_mail *mail)
{
	struct filer_file *file = filer_file_new();

	assert_non_null(file);
	file->returned = on_returned;
	file->mail = mail;
	file->template = strdup("{room}_{trackID}_{timestamp}.{ext}");
	file->room = strdup("demo");
	file->track_id = strdup("video0");
	file->session_id = strdup("s_1");
	file->meta = strdup(HOUSE_META);
	file->ext = "ivf";
	file->unix_s = UNIX_S;
	strcpy(file->session, "s_1");
	strcpy(file->track, "video0");
	return file;
}

static void touch(const struct house *house, const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", house->dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
}

static void it_can_be_waited_for(void **state)
{
	struct filer_mail mail = { NULL };
	struct filer_cfg cfg = { 0 };
	struct filer *filer;
	struct house house;

	house_prepare(&house);
	cfg.conf = &house.conf;
	assert_int_equal(filer_create(&filer, &cfg), 0);
	filer_wait(filer); /* for nothing */
	for (unsigned i = 0; i < 40; i++) {
		struct filer_file *file = make(&mail);

		filer_submit(filer, file, FILER_OPEN);
		filer_wait(filer);
		assert_ptr_equal(filer_mail_take(&mail), file);
		assert_int_equal(file->status, 0);
		filer_submit(filer, file, FILER_CLOSE);
		filer_wait(filer);
		assert_ptr_equal(filer_mail_take(&mail), file);
		filer_file_unref(file);
	}
	filer_free(filer);
	house_remove_all(house.dir);
}

/* Anything of a recording's names counts as taken: the recording may be uploaded and gone. */
static void taken_names_are_passed_over(void **state)
{
	static const char *const taken[] = { NAME, "demo_video0_1710000000-2.ivf.json",
		".demo_video0_1710000000-3.ivf.part", ".demo_video0_1710000000-4.ivf.journal",
		".demo_video0_1710000000-5.ivf.upload" };
	struct filer_file *file = make(NULL);
	struct house house;

	house_prepare(&house);
	for (unsigned i = 0; i < 5; i++)
		touch(&house, taken[i]);
	assert_int_equal(filer_job_open(&house.conf, file), 0);
	assert_string_equal(file->name, "demo_video0_1710000000-6.ivf");
	assert_int_equal(house_entries(&house), 5 + 3);
	filer_file_unref(file);
	house_remove_all(house.dir);
}

static void the_promised_name_is_taken_if_it_is_of_this_second(void **state)
{
	static const struct {
		const char *promised, *name;
	} cases[] = {
		{ "demo_video0_1710000000-3.ivf", "demo_video0_1710000000-3.ivf" },
		{ "demo_video0_1710000000-3.ivf", "demo_video0_1710000000-4.ivf" }, /* it is taken */
		{ NAME, NAME },
		{ "demo_video0_1709999999-7.ivf", "demo_video0_1710000000-2.ivf" },
		{ "demo_video0_1710000000-x.ivf", "demo_video0_1710000000-5.ivf" },
		{ "demo_video0_1710000000-9.ogg", "demo_video0_1710000000-6.ivf" },
		{ "demo_video0_1710000000-99999999999.ivf", "demo_video0_1710000000-7.ivf" },
		{ "demo_video0_17", "demo_video0_1710000000-8.ivf" },
	};
	struct house house;

	house_prepare(&house);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filer_file *file = make(NULL);

		strcpy(file->promised, cases[i].promised);
		assert_int_equal(filer_job_open(&house.conf, file), 0);
		assert_string_equal(file->name, cases[i].name);
		filer_file_unref(file);
	}
	house_remove_all(house.dir);
}

/* Without a time in the name, the number goes on where an earlier file may be gone. */
static void copies_go_on_counting_after_the_file_before(void **state)
{
	struct filer_file *first = make(NULL), *second = make(NULL), *third = make(NULL);
	struct house house;

	house_prepare(&house);
	assert_int_equal(filer_job_open(&house.conf, first), 0);
	house_remove_all(house.dir);
	assert_int_equal(mkdir(house.dir, 0755), 0);
	second->previous = first;
	assert_int_equal(filer_job_open(&house.conf, second), 0);
	assert_string_equal(second->name, "demo_video0_1710000000-2.ivf");
	third->previous = second;
	third->unix_s++;
	assert_int_equal(filer_job_open(&house.conf, third), 0);
	assert_string_equal(third->name, "demo_video0_1710000001.ivf");
	filer_file_unref(third);
	house_remove_all(house.dir);
}

static void journal_begins_with_meta_and_previous(void **state)
{
	struct filer_file *first = make(NULL), *second = make(NULL);
	struct house house;
	char *text = NULL;

	house_prepare(&house);
	assert_int_equal(filer_job_open(&house.conf, first), 0);
	second->previous = first;
	assert_int_equal(filer_job_open(&house.conf, second), 0);
	assert_int_equal(
	        house_read(&house, ".demo_video0_1710000000-2.ivf.journal", &text), second->journal_bytes);
	assert_string_equal(text, "M " HOUSE_META "\nM {\"previous\":\"" NAME "\"}\n");
	free(text);
	filer_file_unref(second);
	house_remove_all(house.dir);
}

static void failed_open_leaves_nothing(void **state)
{
	struct filer_file *file = make(NULL);
	struct house house;

	house_prepare(&house);
	free(file->template);
	file->template = strdup("{nonsense}.{ext}");
	assert_int_equal(filer_job_open(&house.conf, file), -EINVAL);
	assert_int_equal(file->fd, -1);
	assert_int_equal(house_entries(&house), 0);
	assert_string_equal(file->name, "");
	filer_file_unref(file);
	house_remove_all(house.dir);
	file = make(NULL);
	assert_int_equal(filer_job_open(&house.conf, file), -ENOENT);
	filer_file_unref(file);
}

/* Whether the file system below takes O_DIRECT is its own matter: always means an error where it does not. */
static void direct_io_is_as_record_io_says(void **state)
{
	static const struct {
		enum conf_record_io io;
		bool may_be_direct;
	} rows[] = { { CONF_IO_AUTO, true }, { CONF_IO_DIRECT, true }, { CONF_IO_BUFFERED, false } };
	struct house house;

	house_prepare(&house);
	for (unsigned i = 0; i < 3; i++) {
		struct filer_file *file = make(NULL);
		int flags, err;

		house.conf.record_io = rows[i].io;
		err = filer_job_open(&house.conf, file);
		if (err) {
			assert_int_equal(rows[i].io, CONF_IO_DIRECT);
			assert_int_equal(err, -EINVAL);
			assert_true(file->fd < 0);
		} else {
			flags = fcntl(file->fd, F_GETFL);
			assert_int_equal(!!(flags & O_DIRECT), file->direct);
			assert_true(rows[i].may_be_direct || !file->direct);
			assert_true(rows[i].io != CONF_IO_DIRECT || file->direct);
		}
		filer_file_unref(file);
	}
	house_remove_all(house.dir);
}

static void closed_file_is_published(void **state)
{
	struct filer_file *file = make(NULL);
	struct msg_file_state state_of;
	struct house house;
	uint8_t head[32];

	house_prepare(&house);
	house.conf.record_io = CONF_IO_BUFFERED;
	assert_int_equal(filer_job_open(&house.conf, file), 0);
	house_header(head, 0);
	assert_int_equal(pwrite(file->fd, head, 32, 0), 32);
	assert_int_equal(pwrite(file->fd, "padding", 7, 32), 7);
	house_header(file->head, 9);
	file->head_bytes = 32;
	file->size = 32;
	assert_int_equal(filer_job_close(&house.conf, file, &state_of), 0);
	assert_int_equal(state_of.state, MSG_FILE_FINISHED);
	assert_int_equal(state_of.bytes, 32);
	assert_string_equal(state_of.name, NAME);
	assert_string_equal(state_of.session, "s_1");
	assert_int_equal(house_read(&house, NAME, NULL), 32);
	assert_int_equal(house_entries(&house), 2);
	filer_file_unref(file);
	house_remove_all(house.dir);
}

static void name_taken_meanwhile_keeps_the_part(void **state)
{
	struct filer_file *file = make(NULL);
	struct msg_file_state state_of;
	struct house house;

	house_prepare(&house);
	house.conf.record_io = CONF_IO_BUFFERED;
	assert_int_equal(filer_job_open(&house.conf, file), 0);
	touch(&house, NAME);
	assert_int_equal(pwrite(file->fd, "x", 1, 0), 1);
	file->size = 1;
	assert_int_equal(filer_job_close(&house.conf, file, &state_of), -EEXIST);
	assert_int_equal(state_of.state, MSG_FILE_FAILED);
	assert_string_equal(state_of.reason, "disk: File exists");
	assert_true(house_has(&house, "." NAME ".part"));
	assert_int_equal(house_read(&house, NAME, NULL), 0);
	filer_file_unref(file);
	house_remove_all(house.dir);
}

static void file_shorter_than_its_size_fails(void **state)
{
	struct filer_file *file = make(NULL);
	struct msg_file_state state_of;
	struct house house;

	house_prepare(&house);
	house.conf.record_io = CONF_IO_BUFFERED;
	assert_int_equal(filer_job_open(&house.conf, file), 0);
	file->size = 10;
	file->head_bytes = 20;
	assert_int_equal(filer_job_close(&house.conf, file, &state_of), -EINVAL);
	assert_int_equal(state_of.state, MSG_FILE_FAILED);
	filer_file_unref(file);
	house_remove_all(house.dir);
}

/* Files of many go through at once, and come back in the order they were done. */
static void files_come_back_by_mail(void **state)
{
	enum { FILES = 50 };
	struct filer_mail mail = { NULL };
	struct filer_file *files[FILES], *file;
	struct house house;
	struct filer_cfg cfg = { .conf = &house.conf, .on_file = house_on_file, .arg = &house };
	unsigned back = 0, round;

	house_prepare(&house);
	assert_int_equal(filer_create(&house.filer, &cfg), 0);
	assert_null(filer_mail_take(&mail));
	for (unsigned i = 0; i < FILES; i++) {
		files[i] = make(&mail);
		files[i]->unix_s += i;
	}
	for (round = 0; round < 3; round++) {
		static const enum filer_job jobs[] = { FILER_OPEN, FILER_RESERVE, FILER_CLOSE };

		for (unsigned i = 0; i < FILES; i++) {
			files[i]->reserve_bytes = 4096;
			filer_submit(house.filer, files[i], jobs[round]);
		}
		for (back = 0; back < FILES; usleep(100))
			for (file = filer_mail_take(&mail); file; file = file->next_mail, back++)
				assert_int_equal(file->status, jobs[round] == FILER_CLOSE ? -ENODATA : 0);
	}
	filer_free(house.filer);
	assert_int_equal(house.file_count, 2 * FILES);
	assert_int_equal(house_entries(&house), 0);
	for (unsigned i = 0; i < FILES; i++)
		filer_file_unref(files[i]);
	house_remove_all(house.dir);
}

static void filer_ends_what_is_queued(void **state)
{
	struct filer_mail mail = { NULL };
	struct filer_file *file = make(&mail);
	struct house house;
	struct filer_cfg cfg = { .conf = &house.conf };

	house_prepare(&house);
	assert_int_equal(filer_create(&house.filer, &cfg), 0);
	filer_submit(house.filer, file, FILER_OPEN);
	filer_free(house.filer);
	assert_ptr_equal(filer_mail_take(&mail), file);
	assert_string_equal(file->name, NAME);
	filer_file_unref(file);
	filer_free(NULL);
	filer_file_unref(NULL);
	house_remove_all(house.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_can_be_waited_for),
		cmocka_unit_test(taken_names_are_passed_over),
		cmocka_unit_test(the_promised_name_is_taken_if_it_is_of_this_second),
		cmocka_unit_test(copies_go_on_counting_after_the_file_before),
		cmocka_unit_test(journal_begins_with_meta_and_previous),
		cmocka_unit_test(failed_open_leaves_nothing),
		cmocka_unit_test(direct_io_is_as_record_io_says),
		cmocka_unit_test(closed_file_is_published),
		cmocka_unit_test(name_taken_meanwhile_keeps_the_part),
		cmocka_unit_test(file_shorter_than_its_size_fails),
		cmocka_unit_test(files_come_back_by_mail),
		cmocka_unit_test(filer_ends_what_is_queued),
	};

	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
