/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of the storage half stand in: a directory of their own, a filer, a storage that the test polls
 * by hand, and an account of the events. Files are IVF with frames whose bytes are known by their number. */
#ifndef TESTS_WRITERS_HOUSE_H
#define TESTS_WRITERS_HOUSE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clk.h"
#include "base/cur.h"
#include "base/log.h"
#include "base/stat.h"
#include "writers/mux.h"
#include "writers/repair.h"
#include "writers/segment.h"
#include "writers/storage.h"

#define HOUSE_EVENTS 512
#define HOUSE_META                                                                                           \
	"{\"session\":\"s_1\",\"room\":\"demo\",\"track\":\"video0\",\"codec\":\"VP8\",\"clock_rate\":"      \
	"90000}"

struct house {
	char dir[128];
	struct conf conf;
	struct filer *filer;
	struct storage *storage;
	uint64_t writer_slot[STAT_WRITER_COUNT], track_slot[STAT_TRACK_COUNT];
	pthread_mutex_t lock;
	struct msg_file_state files[HOUSE_EVENTS];
	unsigned file_count;
	char failure[LIMIT_REASON_BYTES + 1];
	unsigned failures, idles;
	int idle_status;
};

static inline void house_on_file(void *arg, const struct msg_file_state *file)
{
	struct house *house = arg;

	pthread_mutex_lock(&house->lock);
	if (house->file_count < HOUSE_EVENTS)
		house->files[house->file_count++] = *file;
	pthread_mutex_unlock(&house->lock);
}

static inline void house_on_failed(void *arg, void *track, const char *why)
{
	struct house *house = arg;

	house->failures++;
	snprintf(house->failure, sizeof(house->failure), "%s", why);
}

static inline void house_on_idle(void *arg, void *track, int status)
{
	struct house *house = arg;

	house->idles++;
	house->idle_status = status;
}

/* A directory below the build directory (a real file system), with everything at its default but what tests
 * need small. */
static inline void house_prepare(struct house *house)
{
	memset(house, 0, sizeof(*house));
	pthread_mutex_init(&house->lock, NULL);
	snprintf(house->dir, sizeof(house->dir), "storage-test-XXXXXX");
	assert_non_null(mkdtemp(house->dir));
	house->conf.record_dir = house->dir;
	house->conf.record_filename = (char *)"{room}_{trackID}_{timestamp}.{ext}";
	house->conf.record_flush_interval_ms = 30; /* of which 20 in memory */
	house->conf.record_sync_interval_ms = 50;
	house->conf.record_io = CONF_IO_AUTO;
	house->conf.dataplane_hugepages = CONF_HUGEPAGES_OFF;
}

static inline void house_start(struct house *house, uint64_t block_bytes)
{
	struct filer_cfg filer = { .conf = &house->conf, .on_file = house_on_file, .arg = house };
	struct storage_cfg storage = { .conf = &house->conf,
		.block_bytes = block_bytes,
		.slot = house->writer_slot,
		.on_failed = house_on_failed,
		.on_idle = house_on_idle,
		.arg = house };

	assert_int_equal(filer_create(&house->filer, &filer), 0);
	storage.filer = house->filer;
	assert_int_equal(storage_create(&house->storage, &storage), 0);
}

static inline void house_begin(struct house *house)
{
	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	house_prepare(house);
	house_start(house, 8 << 20);
}

static inline void house_poll(struct house *house)
{
	if (!storage_poll(house->storage, clk_mono_ns()))
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
}

static inline void house_poll_ms(struct house *house, unsigned ms)
{
	uint64_t until = clk_mono_ns() + ms * CLK_NS_PER_MS;

	while (clk_mono_ns() < until)
		house_poll(house);
}

/* Until so much of the file may be read, however busy the machine; what fails to come is the caller's to
 * find.
 */
static inline void house_poll_until(struct house *house, uint64_t file_bytes)
{
	uint64_t until = clk_mono_ns() + 10 * CLK_NS_PER_S;

	while (stat_get(house->track_slot, STAT_TRACK_file_bytes) != file_bytes && clk_mono_ns() < until)
		house_poll(house);
}

static inline void house_settle(struct house *house)
{
	while (storage_files(house->storage))
		house_poll(house);
}

static inline void house_remove_all(const char *path)
{
	DIR *dir = opendir(path);
	char file[512];

	for (struct dirent *e; dir && (e = readdir(dir));) {
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		unlink(file);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static inline void house_stop(struct house *house)
{
	house_settle(house);
	storage_free(house->storage);
	filer_free(house->filer);
	house->storage = NULL;
	house->filer = NULL;
}

static inline void house_end(struct house *house)
{
	house_stop(house);
	house_remove_all(house->dir);
	pthread_mutex_destroy(&house->lock);
}

static inline struct segment *house_segment(struct house *house, uint64_t unix_s)
{
	struct segment_cfg cfg = {
		.filename = house->conf.record_filename,
		.name = { "demo", "alice", "video0", "s_1", "ivf", unix_s },
		.session = "s_1",
		.track = "video0",
		.slot = house->track_slot,
		.started_unix_ns = unix_s * CLK_NS_PER_S,
		.meta = HOUSE_META,
		.meta_bytes = strlen(HOUSE_META),
		.track_arg = house,
	};
	struct segment *segment;

	assert_int_equal(segment_begin(&segment, house->storage, &cfg), 0);
	return segment;
}

/* The bytes of frame @number: any of them tells where it belongs. */
static inline void house_frame_bytes(uint64_t number, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(number * 31 + i * 7 + (i >> 8) + 1);
}

static inline void house_header(uint8_t head[32], uint32_t frames)
{
	memset(head, 0, 32);
	memcpy(head, "DKIF\0\0\x20\0VP80", 12);
	cur_put_le(head + 12, 640, 2);
	cur_put_le(head + 14, 480, 2);
	cur_put_le(head + 16, 90000, 4);
	cur_put_le(head + 20, 1, 4);
	cur_put_le(head + 24, frames, 4);
}

static inline int house_put_header(struct segment *segment)
{
	uint8_t head[32];
	int err;

	house_header(head, 0);
	err = segment_append(segment, head, sizeof(head));
	if (err)
		segment_cut(segment);
	else
		segment_commit(segment);
	return err;
}

/* A frame as the container makes it: length reserved, bytes in pieces, length patched. */
static inline int house_put_frame(struct segment *segment, uint64_t number, size_t len)
{
	uint64_t at = segment_end(segment);
	uint8_t head[12] = { 0 }, field[4], *bytes = malloc(len);
	int err;

	house_frame_bytes(number, bytes, len);
	cur_put_le(head + 4, number * 3000, 8);
	err = segment_append(segment, head, sizeof(head));
	for (size_t done = 0; !err && done < len; done += 1100)
		err = segment_append(segment, bytes + done, len - done < 1100 ? len - done : 1100);
	free(bytes);
	if (err) {
		segment_cut(segment);
		return err;
	}
	cur_put_le(field, len, 4);
	segment_patch(segment, at, field, sizeof(field));
	segment_commit(segment);
	return 0;
}

static inline void house_finish(struct segment *segment, uint32_t frames)
{
	uint8_t head[32];
	char end[128];
	int len = snprintf(end, sizeof(end), "{\"reason\":\"bye\",\"frames\":%u,\"duration_s\":1}", frames);

	house_header(head, frames);
	segment_finish(segment, head, sizeof(head), end, (size_t)len);
}

/* Bytes of a file in the house, or -errno; *ret_bytes (may be NULL) is the caller's to free, and ends with a
 * NUL. */
static inline long house_read(const struct house *house, const char *name, char **ret_bytes)
{
	char path[512];
	struct stat stat;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", house->dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	assert_int_equal(fstat(fd, &stat), 0);
	if (ret_bytes) {
		*ret_bytes = calloc(1, (size_t)stat.st_size + 1);
		assert_int_equal(read(fd, *ret_bytes, (size_t)stat.st_size), stat.st_size);
	}
	close(fd);
	return stat.st_size;
}

static inline bool house_has(const struct house *house, const char *name)
{
	return house_read(house, name, NULL) >= 0;
}

/* Walk the finished IVF: its header's count, lengths to the last byte, every frame's bytes. Returns the
 * frames. */
static inline uint32_t house_walk(const struct house *house, const char *name)
{
	char *bytes = NULL;
	long size = house_read(house, name, &bytes), at = 32;
	uint32_t frames = 0;

	assert_true(size >= 32);
	while (at < size) {
		size_t len = (size_t)cur_get_le((uint8_t *)bytes + at, 4);
		uint64_t number = cur_get_le((uint8_t *)bytes + at + 4, 8) / 3000;
		uint8_t *want = malloc(len + 1);

		assert_true(len > 0 && at + 12 + (long)len <= size);
		house_frame_bytes(number, want, len);
		assert_memory_equal(want, bytes + at + 12, len);
		free(want);
		at += 12 + (long)len;
		frames++;
	}
	assert_int_equal(at, size);
	assert_int_equal(cur_get_le((uint8_t *)bytes + 24, 4), frames);
	free(bytes);
	return frames;
}

/* Whether the sidecar holds @text. */
static inline bool house_sidecar_says(const struct house *house, const char *name, const char *text)
{
	char file[NAME_FILE_BYTES], *json = NULL;
	bool found;

	name_file(file, name, NAME_SIDECAR);
	assert_true(house_read(house, file, &json) > 0);
	found = strstr(json, text);
	free(json);
	return found;
}

/* Entries of the directory. */
static inline unsigned house_entries(const struct house *house)
{
	DIR *dir = opendir(house->dir);
	unsigned n = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n;
}

#endif
