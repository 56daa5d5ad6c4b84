/* SPDX-License-Identifier: BSD-3-Clause */
/* Writers that the caller steps (writer_cfg.stepped), in a time that it sets: what they do depends on that
 * alone. */
#include "tests/unit/writers/house.h"

#include "base/clk.h"
#include "writers/writer.h"

#define UNIX_NS  (1710000000 * CLK_NS_PER_S)
#define NAME     "demo_audio1_1710000000.ogg"
#define FRAME_NS (20 * CLK_NS_PER_MS)

struct hall {
	struct house house;
	struct stat_segment *stat;
	struct writer_pool *pool;
	struct track *track;
	unsigned sent, released, closed, failed, entered;
	pthread_t thread; /* that closed reports came on */
};

static void on_file(void *arg, const struct msg_file_state *file)
{
	house_on_file(&((struct hall *)arg)->house, file);
}

static void on_failed(void *arg, struct track *track, const char *why)
{
	((struct hall *)arg)->failed++;
}

static void on_closed(void *arg, void *cookie, int status)
{
	struct hall *hall = arg;

	assert_int_equal(status, 0);
	hall->closed++;
	hall->thread = pthread_self();
}

static void enter(void *arg)
{
	((struct hall *)arg)->entered++;
}

static void release(void *arg, struct packet *const *packets, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(packets[i]);
	((struct hall *)arg)->released += n;
}

static void set_time(uint64_t ns)
{
	clk_set(CLK_NS_PER_S + ns, UNIX_NS + ns);
}

static void begin(struct hall *hall)
{
	struct stat_cfg stat = { .instances = { [STAT_SCOPE_WRITER] = 1, [STAT_SCOPE_TRACK] = 1 } };
	struct writer_cfg cfg = {
		.conf = &hall->house.conf,
		.inputs = 1,
		.ring_pkts = 64,
		.stepped = true,
		.release = release,
		.release_arg = hall,
		.events = { on_file, on_failed, on_closed, enter, enter, hall },
	};
	struct track_cfg track = { .conf = &hall->house.conf,
		.codec = CODEC_OPUS,
		.clock_rate = 48000,
		.channels = 2,
		.session = "s_1",
		.room = "demo",
		.participant = "alice",
		.id = "audio1" };
	char path[256];

	memset(hall, 0, sizeof(*hall));
	set_time(0);
	house_prepare(&hall->house);
	hall->house.conf.dataplane_writers = 1;
	hall->house.conf.dataplane_block_mb = 16;
	hall->house.conf.record_reorder_ms = 100;
	hall->house.conf.record_flush_interval_ms = 1000;
	snprintf(path, sizeof(path), "%s/counters", hall->house.dir);
	assert_int_equal(stat_create(&hall->stat, path, &stat), 0);
	unlink(path);
	cfg.stat = hall->stat;
	assert_int_equal(writer_pool_create(&hall->pool, &cfg), 0);
	track.slot = stat_slot(hall->stat, STAT_SCOPE_TRACK, 0);
	assert_int_equal(writer_track_open(hall->pool, 0, &track, &hall->track), 0);
}

static void end(struct hall *hall)
{
	writer_pool_free(hall->pool);
	assert_int_equal(hall->sent, hall->released);
	assert_int_equal(hall->entered, 0); /* there was no thread */
	assert_int_equal(hall->closed, 1);
	assert_true(pthread_equal(hall->thread, pthread_self()));
	stat_close(hall->stat);
	house_remove_all(hall->house.dir);
}

/* Frame @n at its time, and all that comes of it. */
static void send_frame(struct hall *hall, uint64_t n)
{
	struct packet *packet = malloc(sizeof(*packet) + 80);
	uint8_t *payload = (uint8_t *)(packet + 1);
	void *item = packet;

	memset(payload, (int)n, 80);
	payload[0] = 0xFC;
	set_time(n * FRAME_NS);
	*packet = (struct packet){
		.track = hall->track,
		.payload = payload,
		.ext_seq = n + 1000,
		.arrival_unix_ns = clk_wall_ns(),
		.arrival_mono_ns = clk_mono_ns(),
		.rtp_time = (uint32_t)(n * 960),
		.ssrc = 1,
		.payload_bytes = 80,
		.kind = PACKET_MEDIA,
	};
	assert_int_equal(spsc_put(writer_input(hall->pool, 0, 0), &item, 1), 1);
	hall->sent++;
	writer_pool_settle(hall->pool);
}

static uint64_t frames(const struct hall *hall)
{
	return stat_get(stat_slot(hall->stat, STAT_SCOPE_TRACK, 0), STAT_TRACK_frames);
}

static uint64_t writes(const struct hall *hall)
{
	return stat_get(stat_slot(hall->stat, STAT_SCOPE_WRITER, 0), STAT_WRITER_writes);
}

static void settling_leaves_nothing_to_be_done(void **state)
{
	struct hall hall;

	begin(&hall);
	for (uint64_t n = 0; n < 100; n++)
		send_frame(&hall, n);
	assert_int_equal(hall.released, 100);
	assert_int_equal(frames(&hall), 100);
	writer_track_close(hall.pool, hall.track, "bye");
	assert_int_equal(hall.closed, 0);
	writer_pool_settle(hall.pool);
	assert_int_equal(hall.closed, 1); /* its file is durable */
	assert_true(house_sidecar_says(&hall.house, NAME, "\"frames\": 100"));
	assert_true(house_sidecar_says(&hall.house, NAME, "\"reason\": \"bye\""));
	end(&hall);
}

static void only_the_time_that_is_set_makes_anything_due(void **state)
{
	struct hall hall;
	uint64_t before;

	begin(&hall);
	for (uint64_t n = 0; n < 10; n++)
		send_frame(&hall, n);
	send_frame(&hall, 11);
	assert_int_equal(frames(&hall), 10); /* the one between is waited for, */
	usleep(150000);
	writer_pool_settle(hall.pool);
	assert_int_equal(frames(&hall), 10); /* however long it takes here */
	set_time(11 * FRAME_NS + 99 * CLK_NS_PER_MS);
	writer_pool_settle(hall.pool);
	assert_int_equal(frames(&hall), 10);
	set_time(11 * FRAME_NS + 101 * CLK_NS_PER_MS);
	writer_pool_settle(hall.pool);
	assert_int_equal(frames(&hall), 11);
	before = writes(&hall);
	set_time(3 * CLK_NS_PER_S);
	writer_pool_settle(hall.pool);
	assert_true(writes(&hall) > before); /* a flush, and it is done */
	writer_track_close(hall.pool, hall.track, "bye");
	writer_pool_settle(hall.pool);
	end(&hall);
}

static void freeing_them_finishes_what_is_open(void **state)
{
	struct hall hall;

	begin(&hall);
	send_frame(&hall, 0);
	writer_pool_free(hall.pool);
	hall.pool = NULL;
	assert_true(house_sidecar_says(&hall.house, NAME, "\"reason\": \"shutdown\""));
	end(&hall);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(settling_leaves_nothing_to_be_done),
		cmocka_unit_test(only_the_time_that_is_set_makes_anything_due),
		cmocka_unit_test(freeing_them_finishes_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
