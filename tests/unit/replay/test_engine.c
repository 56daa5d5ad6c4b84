/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "base/rtp.h"
#include "base/stat.h"
#include "tools/replay/engine.h"
#include "tools/replay/output.h"
#include "tools/replay/settings.h"
#include "tests/unit/replay/wire.h"

#define START_NS (1700000000 * CLK_NS_PER_S)
#define PORT     20000
#define FRAME_NS (20 * CLK_NS_PER_MS)

/* One engine a process (DPDK's EAL): the cases go on where the one before them ended. */
static char dir[] = "/tmp/test_engine.XXXXXX", out[64], run_dir[64];
static struct engine *engine;
static struct conf *conf;
static uint64_t now_ns = START_NS;
static unsigned sent;

static uint64_t count(enum stat_lcore id)
{
	return stat_get(stat_slot(engine_stat(engine), STAT_SCOPE_LCORE, 0), id);
}

static uint64_t sessions_open(void)
{
	return stat_get(stat_slot(engine_stat(engine), STAT_SCOPE_PROC, 0), STAT_PROC_sessions_open);
}

/* The next 20 ms of Opus at their time, @is_checked or with the checksum @checksum. */
static int send_next(bool is_checked, unsigned checksum)
{
	uint8_t payload[RTP_HEADER_BYTES + 40] = { 0 }, bytes[128];
	struct link_frame frame;
	unsigned len;

	rtp_build(payload, 111, false, (uint16_t)(100 + sent), 5000 + sent * 960, 77);
	payload[RTP_HEADER_BYTES] = 0xfc;
	payload[RTP_HEADER_BYTES + 1] = (uint8_t)sent;
	len = wire_ipv4(bytes, PORT, payload, sizeof(payload));
	wire_be16(bytes + 26, checksum);
	assert_true(link_unwrap(LINK_RAW, bytes, len, engine_mac(engine), &frame));
	assert_int_equal(engine_pass(engine, now_ns), 0);
	now_ns += FRAME_NS;
	sent++;
	return engine_packet(engine, &frame, is_checked);
}

static void open_session(const char *room)
{
	struct msg_session_open open = { .port = PORT,
		.track_count = 1,
		.idle_timeout_s = 30,
		.addr = { 4, { 10, 77, 0, 1 } },
		.tracks = { { .id = "audio1",
		        .codec = CODEC_OPUS,
		        .payload_type = 111,
		        .clock_rate = 48000,
		        .channels = 2 } } };
	char why[LIMIT_REASON_BYTES + 1];

	snprintf(open.room, sizeof(open.room), "%s", room);
	snprintf(open.participant, sizeof(open.participant), "alice");
	id_make(open.id, sizeof(open.id), "s_");
	assert_int_equal(engine_pass(engine, now_ns), 0);
	assert_int_equal(engine_open(engine, &open, why), 0);
	assert_int_equal(open.opened_unix_ns, now_ns);
	assert_int_equal(engine_open(engine, &open, why), -EEXIST);
	assert_true(why[0] != '\0');
}

static const char *text_of(const json_t *list, size_t index, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, index), key));
}

static void packets_become_a_recording_at_the_capture_s_time(void **state)
{
	json_t *sidecars;

	open_session("first");
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send_next(false, 0), 0);
	assert_int_equal(count(STAT_LCORE_handed_pkts), 100);
	assert_int_equal(clk_wall_ns(), now_ns - FRAME_NS);
	sidecars = output_sidecars(out);
	assert_int_equal(json_array_size(sidecars), 0); /* it is open */
	json_decref(sidecars);
}

static void silence_ends_it_as_it_would_have_ended_live(void **state)
{
	uint64_t last_ns = now_ns - FRAME_NS;
	json_t *sidecars;

	assert_int_equal(engine_pass(engine, last_ns + 29 * CLK_NS_PER_S), 0);
	assert_int_equal(sessions_open(), 1);
	assert_int_equal(engine_pass(engine, last_ns + 32 * CLK_NS_PER_S), 0);
	assert_int_equal(sessions_open(), 0);
	sidecars = output_sidecars(out);
	assert_int_equal(json_array_size(sidecars), 1);
	assert_string_equal(text_of(sidecars, 0, "name"), "first_audio1_1700000000.ogg");
	assert_string_equal(text_of(sidecars, 0, "promised"), "first_audio1_1700000000.ogg");
	assert_string_equal(text_of(sidecars, 0, "reason"), "idle");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(sidecars, 0), "frames")), 100);
	json_decref(sidecars);
	now_ns = last_ns + 32 * CLK_NS_PER_S;
}

/* In steps of 100 ms these would be 10^10. */
static void a_long_time_without_sessions_takes_none(void **state)
{
	assert_int_equal(engine_pass(engine, now_ns += 30ull * 365 * 86400 * CLK_NS_PER_S), 0);
	assert_int_equal(clk_wall_ns(), now_ns);
	assert_int_equal(engine_pass(engine, START_NS), 0); /* an earlier one is now */
	assert_int_equal(clk_wall_ns(), now_ns);
}

static void checksums_are_checked_unless_they_are_said_to_be_right(void **state)
{
	open_session("second");
	assert_int_equal(send_next(false, 0x1234), 0);
	assert_int_equal(count(STAT_LCORE_drop_udp_checksum), 1);
	assert_int_equal(send_next(true, 0x1234), 0);
	assert_int_equal(count(STAT_LCORE_drop_udp_checksum), 1);
	assert_int_equal(count(STAT_LCORE_handed_pkts), 101);
}

static void a_frame_longer_than_a_port_takes_is_refused(void **state)
{
	static uint8_t bytes[9000] = { 0x45 };
	struct link_frame frame;
	uint64_t before = count(STAT_LCORE_rx_pkts);

	assert_true(link_unwrap(LINK_RAW, bytes, sizeof(bytes), engine_mac(engine), &frame));
	assert_int_equal(engine_packet(engine, &frame, false), -EMSGSIZE);
	assert_true(link_unwrap(LINK_RAW, bytes, 2048 - LINK_HEADER_BYTES, engine_mac(engine), &frame));
	assert_int_equal(engine_packet(engine, &frame, false), 0);
	assert_int_equal(count(STAT_LCORE_rx_pkts), before + 1);
}

static void the_end_finishes_what_is_open(void **state)
{
	json_t *sidecars;

	assert_int_equal(engine_finish(engine, "end of test"), 0);
	sidecars = output_sidecars(out);
	assert_int_equal(json_array_size(sidecars), 2);
	assert_string_equal(text_of(sidecars, 1, "reason"), "end of test");
	json_decref(sidecars);
	engine_free(engine);
	engine = NULL;
	assert_int_equal(rmdir(run_dir), 0); /* nothing is left there */
}

static int begin(void **state)
{
	struct settings settings = {
		.config = "/dev/null", .output = out, .run_dir = run_dir, .addresses = "10.77.0.1/32"
	};

	if (!mkdtemp(dir))
		return -1;
	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(run_dir, sizeof(run_dir), "%s/run.XXXXXX", dir);
	log_setup("test_engine", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (!mkdtemp(run_dir) || output_make(out) || settings_load(&conf, &settings))
		return -1;
	return engine_create(&engine, conf, START_NS);
}

static int end(void **state)
{
	char command[96];

	engine_free(engine);
	conf_free(conf);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_become_a_recording_at_the_capture_s_time),
		cmocka_unit_test(silence_ends_it_as_it_would_have_ended_live),
		cmocka_unit_test(a_long_time_without_sessions_takes_none),
		cmocka_unit_test(checksums_are_checked_unless_they_are_said_to_be_right),
		cmocka_unit_test(a_frame_longer_than_a_port_takes_is_refused),
		cmocka_unit_test(the_end_finishes_what_is_open),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
