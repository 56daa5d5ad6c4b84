/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/house.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include "writers/writer.h"

#define TRACKS 8
#define INPUTS 2
#define UNIX_S 1710000000ull

/* A pool with its events, and threads that stand for lcores. */
struct hall {
	struct house house; /* directory and account of files */
	struct stat_segment *stat;
	struct writer_pool *pool;
	struct track *tracks[TRACKS];
	atomic_uint sent, released, closed[TRACKS], failed;
	atomic_int status[TRACKS];
	char why[LIMIT_REASON_BYTES + 1];
	atomic_int threads_in;
};

static void on_failed(void *arg, struct track *track, const char *why)
{
	struct hall *hall = arg;

	pthread_mutex_lock(&hall->house.lock);
	snprintf(hall->why, sizeof(hall->why), "%s", why);
	pthread_mutex_unlock(&hall->house.lock);
	atomic_fetch_add(&hall->failed, 1);
}

static void on_closed(void *arg, void *cookie, int status)
{
	struct hall *hall = arg;
	uintptr_t i = (uintptr_t)cookie;

	atomic_store(&hall->status[i], status);
	atomic_fetch_add(&hall->closed[i], 1);
}

static void on_file(void *arg, const struct msg_file_state *file)
{
	house_on_file(&((struct hall *)arg)->house, file);
}

static void enter(void *arg)
{
	atomic_fetch_add(&((struct hall *)arg)->threads_in, 1);
}

static void leave(void *arg)
{
	atomic_fetch_sub(&((struct hall *)arg)->threads_in, 1);
}

static void release(void *arg, struct packet *const *packets, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(packets[i]);
	atomic_fetch_add(&((struct hall *)arg)->released, n);
}

static int hall_create_pool(struct hall *hall)
{
	struct stat_cfg stat = { .instances = { [STAT_SCOPE_WRITER] = 2, [STAT_SCOPE_TRACK] = TRACKS } };
	struct writer_cfg cfg = {
		.conf = &hall->house.conf,
		.inputs = INPUTS,
		.ring_pkts = 1024,
		.release = release,
		.release_arg = hall,
		.events = { on_file, on_failed, on_closed, enter, leave, hall },
	};
	char path[256];

	snprintf(path, sizeof(path), "%s/counters", hall->house.dir);
	assert_int_equal(stat_create(&hall->stat, path, &stat), 0);
	unlink(path);
	cfg.stat = hall->stat;
	return writer_pool_create(&hall->pool, &cfg);
}

static void hall_prepare(struct hall *hall)
{
	memset(hall, 0, sizeof(*hall));
	house_prepare(&hall->house);
	hall->house.conf.dataplane_writers = 2;
	hall->house.conf.dataplane_block_mb = 16;
	hall->house.conf.record_reorder_ms = 20;
}

static void hall_begin(struct hall *hall)
{
	hall_prepare(hall);
	assert_int_equal(hall_create_pool(hall), 0);
	assert_int_equal(atomic_load(&hall->threads_in), 2);
}

static void hall_end(struct hall *hall)
{
	writer_pool_free(hall->pool);
	assert_int_equal(atomic_load(&hall->threads_in), 0);
	assert_int_equal(atomic_load(&hall->sent), atomic_load(&hall->released));
	stat_close(hall->stat);
	house_remove_all(hall->house.dir);
}

static bool is_video(unsigned i)
{
	return i % 2 == 0;
}

/* Track @i: VP8 on even numbers, Opus on odd ones; on writer and input i % 2. */
static struct track_cfg cfg_of(struct hall *hall, unsigned i)
{
	struct track_cfg cfg = {
		.conf = &hall->house.conf,
		.codec = is_video(i) ? CODEC_VP8 : CODEC_OPUS,
		.clock_rate = is_video(i) ? 90000 : 48000,
		.channels = is_video(i) ? 0 : 2,
		.stat_index = i,
		.slot = stat_slot(hall->stat, STAT_SCOPE_TRACK, i),
		.cookie = (void *)(uintptr_t)i,
		.session = "s_1",
		.room = "demo",
		.participant = "alice",
	};

	snprintf(cfg.id, sizeof(cfg.id), "track%u", i);
	return cfg;
}

static void open_track(struct hall *hall, unsigned i)
{
	struct track_cfg cfg = cfg_of(hall, i);

	assert_int_equal(writer_track_open(hall->pool, i / 2 % 2, &cfg, &hall->tracks[i]), 0);
}

/* Frame @n of track @i as one packet: a VP8 key frame of 640x480, or 20 ms of Opus. */
static void send_frame(struct hall *hall, unsigned i, uint64_t n)
{
	static const uint8_t key[] = { 0x10, 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0xE0, 0x01 };
	size_t len = is_video(i) ? 1000 : 80;
	struct packet *packet = malloc(sizeof(*packet) + len);
	uint8_t *payload = (uint8_t *)(packet + 1);
	void *item = packet;

	memset(payload, (int)n, len);
	if (is_video(i))
		memcpy(payload, key, sizeof(key));
	else
		payload[0] = 0xFC;
	*packet = (struct packet){
		.track = hall->tracks[i],
		.payload = payload,
		.ext_seq = n + 1000,
		.arrival_unix_ns = UNIX_S * CLK_NS_PER_S + n * 20 * CLK_NS_PER_MS,
		.arrival_mono_ns = n * 20 * CLK_NS_PER_MS,
		.rtp_time = (uint32_t)(n * (is_video(i) ? 1800 : 960)),
		.ssrc = i + 1,
		.payload_bytes = (uint16_t)len,
		.kind = PACKET_MEDIA,
		.flags = PACKET_MARKER,
	};
	atomic_fetch_add(&hall->sent, 1);
	while (!spsc_put(writer_input(hall->pool, i / 2 % 2, i % 2), &item, 1))
		usleep(100);
}

struct lcore {
	struct hall *hall;
	unsigned input;
	uint64_t frames;
};

static void *run_lcore(void *arg)
{
	struct lcore *lcore = arg;

	for (uint64_t n = 0; n < lcore->frames; n++)
		for (unsigned i = lcore->input; i < TRACKS; i += INPUTS)
			send_frame(lcore->hall, i, n);
	return NULL;
}

static void wait_closed(struct hall *hall, unsigned i)
{
	for (unsigned ms = 0; ms < 30000 && !atomic_load(&hall->closed[i]); ms++)
		usleep(1000);
	assert_int_equal(atomic_load(&hall->closed[i]), 1);
}

static unsigned files_in(struct hall *hall, enum msg_file_state_id state)
{
	unsigned n = 0;

	pthread_mutex_lock(&hall->house.lock);
	for (unsigned i = 0; i < hall->house.file_count; i++)
		n += hall->house.files[i].state == state;
	pthread_mutex_unlock(&hall->house.lock);
	return n;
}

static void check_whole(const struct hall *hall, const char *name, uint64_t frames)
{
	char path[300];
	struct mux_scan *scan = calloc(1, sizeof(*scan));
	struct stat stat;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", hall->house.dir, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &stat), 0);
	assert_int_equal(mux_by_name(name)->scan(fd, (uint64_t)stat.st_size, scan), 0);
	assert_int_equal(scan->valid_bytes, stat.st_size);
	assert_int_equal(scan->frames, frames);
	assert_false(scan->tail_rewrite);
	close(fd);
	free(scan);
}

static void tracks_of_several_lcores_become_files(void **state)
{
	enum { FRAMES = 400 };
	struct hall hall;
	pthread_t threads[INPUTS];
	struct lcore lcores[INPUTS];
	uint64_t pkts = 0, frames = 0;

	hall_begin(&hall);
	for (unsigned i = 0; i < TRACKS; i++)
		open_track(&hall, i);
	for (unsigned i = 0; i < INPUTS; i++) {
		lcores[i] = (struct lcore){ &hall, i, FRAMES };
		pthread_create(&threads[i], NULL, run_lcore, &lcores[i]);
	}
	for (unsigned i = 0; i < INPUTS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < TRACKS; i++)
		writer_track_close(hall.pool, hall.tracks[i], "bye");
	for (unsigned i = 0; i < TRACKS; i++) {
		char name[64];

		wait_closed(&hall, i);
		assert_int_equal(atomic_load(&hall.status[i]), 0);
		snprintf(name, sizeof(name), "demo_track%u_%llu.%s", i, (unsigned long long)UNIX_S,
		        is_video(i) ? "ivf" : "ogg");
		check_whole(&hall, name, FRAMES);
		assert_true(house_sidecar_says(&hall.house, name, "\"reason\": \"bye\""));
		assert_true(house_sidecar_says(&hall.house, name, "\"frames\": 400"));
	}
	for (unsigned i = 0; i < 2; i++) {
		pkts += stat_get(stat_slot(hall.stat, STAT_SCOPE_WRITER, i), STAT_WRITER_pkts);
		frames += stat_get(stat_slot(hall.stat, STAT_SCOPE_WRITER, i), STAT_WRITER_frames);
	}
	assert_int_equal(pkts, TRACKS * FRAMES);
	assert_int_equal(frames, TRACKS * FRAMES);
	assert_int_equal(files_in(&hall, MSG_FILE_OPEN), TRACKS);
	assert_int_equal(files_in(&hall, MSG_FILE_FINISHED), TRACKS);
	assert_int_equal(house_entries(&hall.house), 2 * TRACKS);
	hall_end(&hall);
}

/* A hole in the sequence is waited for, and given up by a tick when nothing else comes. */
static void held_packets_are_let_go_in_time(void **state)
{
	struct hall hall;
	uint64_t *slot;

	hall_begin(&hall);
	slot = stat_slot(hall.stat, STAT_SCOPE_TRACK, 0);
	open_track(&hall, 0);
	send_frame(&hall, 0, 0);
	send_frame(&hall, 0, 2);
	for (unsigned ms = 0; ms < 10000 && stat_get(slot, STAT_TRACK_gap_pkts) == 0; ms++)
		usleep(1000);
	assert_int_equal(stat_get(slot, STAT_TRACK_gap_pkts), 1);
	assert_int_equal(stat_get(slot, STAT_TRACK_frames), 2);
	hall_end(&hall);
}

static void packets_still_in_the_ring_are_recorded(void **state)
{
	struct hall hall;

	hall_begin(&hall);
	open_track(&hall, 0);
	for (unsigned n = 0; n < 900; n++)
		send_frame(&hall, 0, n);
	writer_track_close(hall.pool, hall.tracks[0], "idle");
	wait_closed(&hall, 0);
	check_whole(&hall, "demo_track0_1710000000.ivf", 900);
	hall_end(&hall);
}

static void track_without_packets_closes_without_a_file(void **state)
{
	struct hall hall;

	hall_begin(&hall);
	open_track(&hall, 3);
	writer_track_close(hall.pool, hall.tracks[3], "idle");
	wait_closed(&hall, 3);
	assert_int_equal(stat_get(stat_slot(hall.stat, STAT_SCOPE_TRACK, 3), STAT_TRACK_state), 4);
	assert_int_equal(house_entries(&hall.house), 0);
	/* Its place can be taken again. */
	open_track(&hall, 3);
	send_frame(&hall, 3, 0);
	hall_end(&hall);
}

static void freeing_the_pool_finishes_every_file(void **state)
{
	struct hall hall;
	unsigned i;

	hall_begin(&hall);
	for (i = 0; i < TRACKS; i++) {
		open_track(&hall, i);
		send_frame(&hall, i, 0);
	}
	writer_pool_free(hall.pool);
	hall.pool = NULL;
	for (i = 0; i < TRACKS; i++)
		assert_int_equal(atomic_load(&hall.closed[i]), 1);
	assert_int_equal(files_in(&hall, MSG_FILE_FINISHED), TRACKS);
	assert_true(
	        house_sidecar_says(&hall.house, "demo_track0_1710000000.ivf", "\"reason\": \"shutdown\""));
	hall_end(&hall);
}

static void vanished_directory_fails_its_tracks(void **state)
{
	struct hall hall;

	hall_begin(&hall);
	house_remove_all(hall.house.dir);
	open_track(&hall, 0);
	for (unsigned n = 0; n < 20; n++)
		send_frame(&hall, 0, n);
	for (unsigned ms = 0; ms < 10000 && !atomic_load(&hall.failed); ms++)
		usleep(1000);
	assert_int_equal(atomic_load(&hall.failed), 1);
	assert_string_equal(hall.why, "disk: No such file or directory (open)");
	writer_track_close(hall.pool, hall.tracks[0], hall.why);
	wait_closed(&hall, 0);
	assert_int_equal(atomic_load(&hall.status[0]), -ENOENT);
	assert_int_equal(stat_get(stat_slot(hall.stat, STAT_SCOPE_TRACK, 0), STAT_TRACK_state), 5);
	hall_end(&hall);
}

static void track_without_a_place_is_refused(void **state)
{
	struct hall hall;
	struct track_cfg cfg;
	struct track *track;

	hall_begin(&hall);
	cfg = cfg_of(&hall, 0);
	cfg.stat_index = TRACKS;
	assert_int_equal(writer_track_open(hall.pool, 0, &cfg, &track), -EINVAL);
	open_track(&hall, 0);
	cfg.stat_index = 0;
	assert_int_equal(writer_track_open(hall.pool, 0, &cfg, &track), -EINVAL);
	cfg = cfg_of(&hall, 1);
	cfg.clock_rate = 0;
	assert_int_equal(writer_track_open(hall.pool, 0, &cfg, &track), -EINVAL);
	hall_end(&hall);
}

static void writer_with_less_to_do_is_picked(void **state)
{
	struct hall hall;

	hall_begin(&hall);
	assert_int_equal(writer_pick(hall.pool), 0);
	open_track(&hall, 0);
	assert_int_equal(writer_pick(hall.pool), 1);
	open_track(&hall, 3);
	assert_int_equal(writer_pick(hall.pool), 1);
	open_track(&hall, 2);
	assert_int_equal(writer_pick(hall.pool), 0);
	writer_track_close(hall.pool, hall.tracks[2], "bye");
	assert_int_equal(writer_pick(hall.pool), 1);
	hall_end(&hall);
}

static void missing_huge_pages_are_an_error_when_they_are_demanded(void **state)
{
	struct hall hall;

	hall_prepare(&hall);
	hall.house.conf.dataplane_hugepages = CONF_HUGEPAGES_ON;
	hall.house.conf.dataplane_block_mb = 1 << 20;
	assert_int_equal(hall_create_pool(&hall), -ENOMEM);
	assert_int_equal(atomic_load(&hall.threads_in), 0);
	hall.pool = NULL;
	hall_end(&hall);
}

static double cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Generous: sanitizers and a busy machine are to pass, a loop that spins is not. */
static void silent_writers_rest(void **state)
{
	struct hall hall;
	double before;

	hall_begin(&hall);
	open_track(&hall, 0);
	open_track(&hall, 2);
	usleep(100000);
	before = cpu_s();
	usleep(500000);
	print_message("two writers with a silent track each: %.1f %% of a core\n", (cpu_s() - before) * 200);
	assert_true(cpu_s() - before < 0.5 * 0.3);
	hall_end(&hall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracks_of_several_lcores_become_files),
		cmocka_unit_test(held_packets_are_let_go_in_time),
		cmocka_unit_test(packets_still_in_the_ring_are_recorded),
		cmocka_unit_test(track_without_packets_closes_without_a_file),
		cmocka_unit_test(freeing_the_pool_finishes_every_file),
		cmocka_unit_test(vanished_directory_fails_its_tracks),
		cmocka_unit_test(track_without_a_place_is_refused),
		cmocka_unit_test(writer_with_less_to_do_is_picked),
		cmocka_unit_test(missing_huge_pages_are_an_error_when_they_are_demanded),
		cmocka_unit_test(silent_writers_rest),
	};

	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
