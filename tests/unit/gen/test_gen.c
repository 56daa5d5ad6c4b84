/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole runs over UDP on the loopback. */
#include "base/fnv.h"
#include "tools/gen/gen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/rtcp.h"
#include "base/rtp.h"
#include "tools/gen/gen_flows.h"
#include "tools/gen/gen_stock.h"
#include "tools/gen/options.h"
#include "tools/gen/stock.h"

static volatile sig_atomic_t stop;

/* A socket on a port of the kernel's choice. */
static int listen_udp(uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static struct options options_of(void)
{
	return (struct options){ .packet_bytes = 1200,
		.seq = -1,
		.timestamp = -1,
		.reports = true,
		.bye = true,
		.seed = 1,
		.rate_scale = 1,
		.unpaced = true,
		.duration_ns = 1000000000,
		.impair = { .loss_burst = 1, .reorder_depth = 3 },
		.clip = { .width = 64,
		        .height = 48,
		        .fps = 30,
		        .kbps = 64,
		        .gop = 15,
		        .seconds = 1,
		        .layers = 1,
		        .frame_us = 20000,
		        .audio_kbps = 16,
		        .channels = 1 } };
}

static void add_flow(struct gen *g, enum codec codec, uint32_t ssrc, uint16_t port)
{
	if (!g->roster.session_count) {
		roster_add_session(&g->roster);
		assert_int_equal(roster_set_address(&g->roster.sessions[0], "127.0.0.1", port), 0);
	}
	struct roster_track *t = roster_add_track(&g->roster);
	t->cfg = (struct flow_cfg){
		.codec = codec, .profile = PROFILE_PLAIN, .payload_type = 96, .ssrc = ssrc
	};
}

static void what_is_accounted_for_arrives(void **state)
{
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };
	unsigned rtp = 0, rtcp = 0;
	uint8_t data[LIMIT_PACKET_BYTES];
	uint16_t port;
	int fd = listen_udp(&port);

	add_flow(&g, CODEC_VP8, 1, port);
	add_flow(&g, CODEC_OPUS, 2, port);
	o.impair.loss = 10;
	o.impair.duplicate = 10;
	assert_int_equal(gen_prepare(&g), 0);
	assert_int_equal(gen_run(&g), 0);
	for (ssize_t len; (len = recv(fd, data, sizeof(data), 0)) > 0;) {
		if (rtp_classify(data, (size_t)len) == RTP_CLASS_RTP)
			rtp++;
		else
			rtcp++;
	}
	assert_int_equal(rtp, g.flows[0].account.counts.datagrams + g.flows[1].account.counts.datagrams);
	assert_int_equal(rtcp, g.flows[0].account.counts.rtcp_sent + g.flows[1].account.counts.rtcp_sent);
	assert_int_equal(g.flows[0].account.counts.frames_made, 30);
	assert_int_equal(g.flows[1].account.counts.frames_made, 50);
	gen_free(&g);
	close(fd);
}

/* What a run sends, in short: the datagrams of RTP, counted and hashed in their order. */
struct heard {
	unsigned rtp, rtcp;
	uint64_t hash;
};

static struct heard hear(int fd)
{
	uint8_t data[LIMIT_PACKET_BYTES];
	struct heard h = { 0 };

	for (ssize_t len; (len = recv(fd, data, sizeof(data), 0)) > 0;) {
		if (rtp_classify(data, (size_t)len) == RTP_CLASS_RTCP) {
			h.rtcp++;
			continue;
		}
		h.rtp++;
		h.hash = h.hash * 31 + fnv_1a(FNV_BASIS, data, (size_t)len);
	}
	return h;
}

static struct options options_of_harm(void)
{
	struct options o = options_of();

	o.duration_ns = 1500000000;
	o.impair = (struct impair_cfg){ .loss = 5,
		.loss_burst = 1,
		.duplicate = 5,
		.reorder = 5,
		.reorder_depth = 4,
		.corrupt = 3,
		.truncate = 3,
		.replay = 3 };
	return o;
}

static void prepare_two_flows(struct gen *g, uint16_t port)
{
	add_flow(g, CODEC_VP8, 1, port);
	add_flow(g, CODEC_OPUS, 2, port);
	for (unsigned i = 0; i < 2; i++) {
		g->roster.tracks[i].cfg.profile = PROFILE_AES_CM_128_HMAC_SHA1_80 + i;
		memset(g->roster.tracks[i].cfg.key, 7 + (int)i, PROFILE_KEY_BYTES);
	}
	assert_int_equal(gen_prepare(g), 0);
}

static void what_is_prepared_is_what_else_would_be_sent(void **state)
{
	struct options o = options_of_harm();
	struct heard heard[2];
	uint16_t port;
	int fd = listen_udp(&port);

	for (unsigned i = 0; i < 2; i++) {
		struct gen g = { .options = &o, .stop = &stop };
		struct account_counts c = { 0 };

		o.reports = i == 0;
		o.prepare = i == 1;
		o.ceiling = i == 1;
		o.prepare_mb = 100;
		prepare_two_flows(&g, port);
		assert_int_equal(gen_run(&g), 0);
		heard[i] = hear(fd);
		assert_int_equal(heard[i].rtp,
		        g.flows[0].account.counts.datagrams + g.flows[1].account.counts.datagrams);
		assert_int_equal(heard[i].rtcp,
		        g.flows[0].account.counts.rtcp_sent + g.flows[1].account.counts.rtcp_sent);
		account_add(&c, &g.flows[0].account.counts);
		account_add(&c, &g.flows[1].account.counts);
		assert_true(c.corrupted && c.truncated && c.duplicated && c.replayed && c.reordered);
		assert_true(!o.ceiling || g.ceiling.datagrams >= heard[i].rtp);
		gen_free(&g);
	}
	assert_int_equal(heard[0].rtp, heard[1].rtp);
	assert_true(heard[0].hash == heard[1].hash);
	assert_int_equal(heard[1].rtcp, 2); /* the BYEs */
	close(fd);
}

static unsigned lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned lines = 0;

	for (int c; (c = fgetc(f)) != EOF;)
		lines += c == '\n';
	fclose(f);
	return lines;
}

static void a_prepared_run_that_is_interrupted_accounts_for_what_was_sent(void **state)
{
	char path[] = "/tmp/test-gen-XXXXXX";
	uint16_t port;
	int fd = listen_udp(&port), file = mkstemp(path);

	for (unsigned sent = 0; sent < 100; sent += 9) {
		struct options o = options_of_harm();
		struct gen g = { .options = &o, .stop = &stop };
		struct account_counts c = { 0 };

		o.frames_file = path;
		o.prepare = true;
		o.prepare_mb = 100;
		prepare_two_flows(&g, port);
		gen_flows_go_live(&g);
		for (unsigned i = 0; i < sent || !stock_is_between_steps(g.stock); i++)
			assert_int_equal(gen_stock_step(&g), 0);
		stop = 1;
		assert_int_equal(gen_run(&g), 0);
		stop = 0;
		assert_true(g.interrupted);
		struct heard h = hear(fd);
		account_add(&c, &g.flows[0].account.counts);
		account_add(&c, &g.flows[1].account.counts);
		assert_in_range(h.rtp, sent, sent + 30);
		assert_int_equal(h.rtp, c.datagrams);
		assert_int_equal(h.rtp, c.packets_made - c.dropped + c.duplicated + c.replayed);
		assert_int_equal(h.rtcp, c.byes_sent);
		assert_int_equal(lines_of(path), c.frames_made);
		gen_free(&g);
	}
	close(file);
	unlink(path);
	close(fd);
}

static void more_than_may_be_prepared_is_refused(void **state)
{
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };

	o.prepare = true;
	o.prepare_mb = 1;
	o.duration_ns = 600000000000;
	add_flow(&g, CODEC_OPUS, 1, 9);
	assert_int_equal(gen_prepare(&g), -ENOSPC);
	gen_free(&g);
}

static void the_account_is_printed_as_json(void **state)
{
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };
	uint16_t port;
	int fd = listen_udp(&port);
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	add_flow(&g, CODEC_OPUS, 77, port);
	assert_int_equal(gen_prepare(&g), 0);
	assert_int_equal(gen_run(&g), 0);
	roster_add_record(&g.roster.tracks[0], "a.ogg");
	assert_int_equal(gen_print_account(&g, true, f), 0);
	fclose(f);
	assert_non_null(strstr(text, "\"complete\": true"));
	assert_non_null(strstr(text, "\"frames_made\": 50"));
	assert_non_null(strstr(text, "\"ssrc\": 77"));
	assert_non_null(strstr(text, "\"a.ogg\""));
	free(text);
	gen_free(&g);
	close(fd);
}

static void frames_are_listed(void **state)
{
	char path[] = "/tmp/test-gen-XXXXXX", line[256];
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };
	uint16_t port;
	int fd = listen_udp(&port), file = mkstemp(path);
	unsigned lines = 0;

	o.frames_file = path;
	add_flow(&g, CODEC_VP9, 5, port);
	assert_int_equal(gen_prepare(&g), 0);
	assert_int_equal(gen_run(&g), 0);
	FILE *f = fopen(path, "r");
	while (fgets(line, sizeof(line), f)) {
		unsigned flow, size, intact, key, ssrc;
		unsigned long long time, hash;

		assert_int_equal(sscanf(line, "%u %llu %u %llx %u %u %u", &flow, &time, &size, &hash, &intact,
		                         &key, &ssrc),
		        7);
		assert_int_equal(ssrc, 5);
		assert_int_equal(key, lines % 15 == 0);
		assert_int_equal(size, g.clips[CODEC_VP9]->frames[lines].len);
		lines++;
	}
	assert_int_equal(lines, 30);
	fclose(f);
	close(file);
	unlink(path);
	gen_free(&g);
	close(fd);
}

static void a_pace_takes_its_time(void **state)
{
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };
	uint16_t port;
	int fd = listen_udp(&port);

	o.unpaced = false;
	o.rate_scale = 5;
	add_flow(&g, CODEC_OPUS, 1, port);
	assert_int_equal(gen_prepare(&g), 0);
	assert_int_equal(gen_run(&g), 0);
	assert_true(g.sent_ns >= 190000000); /* 1 s five times as fast; how much longer is the machine's */
	gen_free(&g);
	close(fd);
}

static void a_signal_ends_the_run_cleanly(void **state)
{
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };
	uint16_t port;
	int fd = listen_udp(&port);

	o.unpaced = false;
	o.duration_ns = 3600000000000;
	stop = 1;
	add_flow(&g, CODEC_OPUS, 1, port);
	assert_int_equal(gen_prepare(&g), 0);
	assert_int_equal(gen_run(&g), 0);
	assert_true(g.interrupted);
	stop = 0;
	gen_free(&g);
	close(fd);
}

/* What comes back before the run is read during it. */
static void rtcp_that_comes_back_reaches_its_flow(void **state)
{
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t data[LIMIT_PACKET_BYTES];
	uint16_t port;
	int fd = listen_udp(&port);

	add_flow(&g, CODEC_OPUS, 1, port);
	add_flow(&g, CODEC_VP8, 2, port);
	assert_int_equal(gen_prepare(&g), 0);
	assert_int_equal(flow_step(&g.flows[0]), 0); /* begins a frame, sends one packet */
	assert_int_equal(flow_step(&g.flows[0]), 0);
	assert_int_equal(g.output->ops->flush(g.output), 0);
	assert_true(recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len) > 0);
	size_t n = rtcp_build_rr(data, sizeof(data), 0, 9, NULL, 0);
	n = rtcp_build_pli(data, sizeof(data), n, 9, 2);
	assert_int_equal(sendto(fd, data, n, 0, (struct sockaddr *)&from, len), n);
	assert_int_equal(sendto(fd, "junk", 4, 0, (struct sockaddr *)&from, len), 4);
	assert_int_equal(gen_run(&g), 0);
	assert_int_equal(g.rtcp_received, 1);
	assert_int_equal(g.flows[1].account.counts.plis_received, 1);
	assert_int_equal(g.flows[0].account.counts.plis_received, 0);
	gen_free(&g);
	close(fd);
}

static void what_cannot_be_prepared_is_told(void **state)
{
	struct options o = options_of();
	struct gen g = { .options = &o, .stop = &stop };

	o.netns = "no-such-namespace";
	add_flow(&g, CODEC_OPUS, 1, 9);
	assert_int_not_equal(gen_prepare(&g), 0);
	gen_free(&g);
	struct gen h = { .options = &o, .stop = &stop };
	o.frames_file = "/nowhere/frames";
	add_flow(&h, CODEC_OPUS, 1, 9);
	assert_int_equal(gen_prepare(&h), -ENOENT);
	gen_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_accounted_for_arrives),
		cmocka_unit_test(what_is_prepared_is_what_else_would_be_sent),
		cmocka_unit_test(a_prepared_run_that_is_interrupted_accounts_for_what_was_sent),
		cmocka_unit_test(more_than_may_be_prepared_is_refused),
		cmocka_unit_test(the_account_is_printed_as_json),
		cmocka_unit_test(frames_are_listed),
		cmocka_unit_test(a_pace_takes_its_time),
		cmocka_unit_test(a_signal_ends_the_run_cleanly),
		cmocka_unit_test(rtcp_that_comes_back_reaches_its_flow),
		cmocka_unit_test(what_cannot_be_prepared_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
