/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows into an output that keeps what it gets: what a receiver with the right key makes of it is what the
 * account says. */
#include "tools/gen/flow.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <srtp2/srtp.h>
#include "base/rtcp.h"
#include "base/rtp.h"
#include "tools/gen/options.h"
#include "tools/gen/output.h"
#include "tools/gen/protect.h"
#include "tools/gen/protect_batch.h"

#define KEPT_MAX 20000
#define MS       1000000ull
#define SSRC     0xCAFE0001

struct kept {
	size_t len;
	unsigned port_offset;
	uint8_t data[LIMIT_PACKET_BYTES];
};

struct shelf {
	struct output output;
	struct kept *kept;
	unsigned count;
	int refuse; /* errno of commits */
};

static uint8_t *shelf_buffer(struct output *output)
{
	struct shelf *s = (struct shelf *)output;

	assert_true(s->count < KEPT_MAX);
	return s->kept[s->count].data;
}

static int shelf_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	struct shelf *s = (struct shelf *)output;

	assert_int_equal(session, 3);
	s->kept[s->count].len = len;
	s->kept[s->count++].port_offset = port_offset;
	return -s->refuse;
}

static const struct output_ops shelf_ops = { .buffer = shelf_buffer, .commit = shelf_commit };

/* What a test begins with: a clip of 30 pictures of some packets, three of them keys, one flow over it. */
struct scene {
	struct options options;
	struct flow_cfg cfg;
	struct clip clip;
	struct shelf shelf;
	struct flow flow;
};

static void add_frame(struct clip *clip, unsigned i)
{
	static uint8_t data[4000];
	size_t len = i % 10 == 0 ? 3500 : 300 + 97 * i;

	for (size_t k = 0; k < len; k++)
		data[k] = (uint8_t)(k * i + k / 256 + i);
	assert_int_equal(clip_append(clip, data, len, 3000, i % 10 == 0), 0);
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->options = (struct options){ .packet_bytes = 1000,
		.rate_scale = 1,
		.seq = -1,
		.timestamp = -1,
		.reports = true,
		.bye = true,
		.seed = 9,
		.duration_ns = 10000 * MS,
		.impair = { .loss_burst = 1, .reorder_depth = 3 } };
	s->cfg = (struct flow_cfg){ .codec = CODEC_VP8,
		.profile = PROFILE_AES_CM_128_HMAC_SHA1_80,
		.payload_type = 96,
		.ssrc = SSRC };
	for (unsigned i = 0; i < 30; i++)
		s->cfg.key[i] = (uint8_t)(i * 3);
	s->clip = (struct clip){ .codec = CODEC_VP8, .clock_rate = 90000, .layers = 1 };
	for (unsigned i = 0; i < 30; i++)
		add_frame(&s->clip, i);
	s->shelf.output.ops = &shelf_ops;
	assert_int_equal(protect_batch_create(&s->shelf.output.batch), 0);
	s->shelf.kept = calloc(KEPT_MAX, sizeof(*s->shelf.kept));
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	flow_free(&s->flow);
	protect_batch_free(s->shelf.output.batch);
	for (size_t i = 0; i < s->clip.count; i++)
		free(s->clip.frames[i].data);
	free(s->clip.frames);
	free(s->shelf.kept);
	free(s);
	return 0;
}

static void init(struct scene *s)
{
	struct flow_place place = { .session = 3,
		.clip = &s->clip,
		.output = &s->shelf.output,
		.begin_ns = 0,
		.end_ns = s->options.duration_ns,
		.wall_ns = 1700000000000000000ull };

	assert_int_equal(flow_init(&s->flow, &s->cfg, &place, &s->options), 0);
}

static void run(struct scene *s)
{
	uint64_t last = 0;

	init(s);
	while (flow_due(&s->flow) != FLOW_NEVER) {
		assert_true(flow_due(&s->flow) >= last);
		last = flow_due(&s->flow);
		assert_int_equal(flow_step(&s->flow), 0);
	}
	protect_batch_run(s->shelf.output.batch);
	assert_int_equal(s->flow.account.error, 0);
}

/* What a receiver makes of the kept packets. */
struct heard {
	unsigned accepted, refused, unreadable, reports, byes;
	uint8_t have[1 << 17]; /* by sequence number, extended */
	uint32_t last_rtp;
};

static void on_report(
        void *arg, uint32_t ssrc, uint64_t ntp, uint32_t rtp_time, uint32_t packets, uint32_t bytes)
{
	((struct heard *)arg)->reports++;
}

static void on_bye(void *arg, uint32_t ssrc)
{
	((struct heard *)arg)->byes++;
}

static srtp_t receiver_of(const struct scene *s)
{
	uint8_t key[PROFILE_KEY_BYTES];
	srtp_policy_t policy = { .ssrc.type = ssrc_any_inbound, .key = key, .window_size = 1024 };
	srtp_t in = NULL;

	if (s->cfg.profile == PROFILE_PLAIN)
		return NULL;
	memcpy(key, s->cfg.key, sizeof(key));
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	assert_int_equal(srtp_create(&in, &policy), srtp_err_status_ok);
	return in;
}

static void hear(const struct scene *s, struct heard *h)
{
	srtp_t in = receiver_of(s);
	uint64_t reference = s->flow.account.streams[0].first_seq;

	memset(h, 0, sizeof(*h));
	for (unsigned i = 0; i < s->shelf.count; i++) {
		struct kept *k = &s->shelf.kept[i];
		struct rtp_header header;
		int len = (int)k->len;

		if (rtp_classify(k->data, k->len) == RTP_CLASS_RTCP) {
			struct rtcp_handlers handlers = {
				.sender_report = on_report, .bye = on_bye, .arg = h
			};

			if (in && srtp_unprotect_rtcp(in, k->data, &len) != srtp_err_status_ok)
				h->refused++;
			else
				assert_int_equal(rtcp_parse(k->data, (size_t)len, &handlers), 0);
			continue;
		}
		if (rtp_parse(&header, k->data, k->len)) {
			h->unreadable++;
		} else if (in && srtp_unprotect(in, k->data, &len) != srtp_err_status_ok) {
			h->refused++;
		} else {
			reference = rtp_unwrap16(reference, header.seq);
			h->accepted += !h->have[reference]++;
			h->last_rtp = header.timestamp;
		}
	}
	if (in)
		srtp_dealloc(in);
}

/* Every sequence number of the first stream was had, or stands in a gap. */
static void assert_gaps(const struct scene *s, const struct heard *h)
{
	const struct account_stream *a = &s->flow.account.streams[0];
	size_t g = 0;

	for (uint64_t seq = a->first_seq; seq <= a->last_seq; seq++) {
		while (g < a->gap_count && a->gaps[g].last < seq)
			g++;
		bool gap = g < a->gap_count && a->gaps[g].first <= seq;
		assert_int_equal(gap, !h->have[seq]);
	}
}

static void all_arrives_when_nothing_is_asked(void **state)
{
	struct scene *s = *state;
	const struct account_counts *c = &s->flow.account.counts;
	struct heard h;

	run(s);
	hear(s, &h);
	assert_int_equal(c->frames_made, 300);
	assert_int_equal(c->frames_intact, 300);
	assert_int_equal(c->key_frames, 30);
	assert_int_equal(c->packets_sent, c->packets_made);
	assert_int_equal(h.accepted, c->packets_made);
	assert_int_equal(h.refused + h.unreadable, 0);
	assert_int_equal(h.reports, 11); /* 9 seconds, and with the BYE; one more falls into the last frame */
	assert_int_equal(h.byes, 1);
	assert_int_equal(s->flow.account.streams[0].gap_count, 0);
	assert_int_equal(
	        s->flow.account.streams[0].last_rtp - s->flow.account.streams[0].first_rtp, 299 * 3000);
}

static void the_account_is_what_a_receiver_finds(void **state)
{
	struct scene *s = *state;
	const struct account_counts *c = &s->flow.account.counts;
	struct heard h;

	s->options.seq = 65000; /* the wrap falls into the run */
	s->options.impair = (struct impair_cfg){ .loss = 3,
		.loss_burst = 2,
		.duplicate = 3,
		.reorder = 5,
		.reorder_depth = 6,
		.corrupt = 2,
		.truncate = 2,
		.malformed = 2,
		.replay = 3,
		.jitter_ns = 20 * MS,
		.clean_pkts = 3 };
	run(s);
	hear(s, &h);
	assert_true(c->dropped && c->corrupted && c->truncated && c->malformed && c->duplicated &&
	            c->replayed && c->reordered);
	assert_int_equal(h.accepted, c->packets_sent);
	assert_int_equal(c->packets_made, c->packets_sent + c->dropped + c->corrupted + c->truncated);
	assert_int_equal(h.unreadable, c->truncated_in_header);
	assert_int_equal(h.refused,
	        c->corrupted + c->truncated - c->truncated_in_header + c->duplicated + c->replayed);
	assert_int_equal(c->datagrams + c->rtcp_sent, s->shelf.count);
	assert_int_equal(c->datagrams, c->packets_made - c->dropped + c->duplicated + c->replayed);
	assert_true(c->frames_intact < c->frames_made);
	assert_gaps(s, &h);
}

static void the_same_seed_sends_the_same_bytes(void **state)
{
	struct scene *s = *state;
	uint64_t hash[2] = { 0, 0 };

	s->options.impair.loss = 5;
	s->options.impair.reorder = 5;
	for (unsigned n = 0; n < 2; n++) {
		s->shelf.count = 0;
		run(s);
		for (unsigned i = 0; i < s->shelf.count; i++)
			for (size_t k = 0; k < s->shelf.kept[i].len; k++)
				hash[n] = hash[n] * 31 + s->shelf.kept[i].data[k];
		if (!n) {
			flow_free(&s->flow);
			memset(&s->flow, 0, sizeof(s->flow));
		}
	}
	assert_true(hash[0] == hash[1]);
}

static void the_wrong_key_fits_nobody(void **state)
{
	struct scene *s = *state;
	const struct account_counts *c = &s->flow.account.counts;
	struct heard h;

	s->options.wrong_key = 1;
	run(s);
	hear(s, &h);
	assert_int_equal(h.accepted, 0);
	assert_int_equal(h.refused, s->shelf.count);
	assert_int_equal(c->packets_sent, 0);
	assert_int_equal(c->wrong_key, c->packets_made);
	assert_int_equal(c->frames_intact, 0);
	assert_int_equal(s->flow.account.streams[0].gap_count, 1);
}

static void a_plain_receiver_takes_what_has_a_header(void **state)
{
	struct scene *s = *state;
	const struct account_counts *c = &s->flow.account.counts;
	struct heard h;

	s->cfg.profile = PROFILE_PLAIN;
	s->options.impair.corrupt = 5;
	s->options.impair.truncate = 30;
	run(s);
	hear(s, &h);
	assert_true(c->corrupted && c->truncated_in_header);
	assert_int_equal(h.accepted, c->packets_sent);
	assert_int_equal(c->packets_sent, c->packets_made - c->truncated_in_header);
	assert_gaps(s, &h);
}

static void a_pli_brings_the_next_key_frame(void **state)
{
	struct scene *s = *state;
	uint8_t pli[64];
	size_t len = rtcp_build_rr(pli, sizeof(pli), 0, 1, NULL, 0);

	init(s);
	while (s->flow.account.counts.frames_made < 3)
		assert_int_equal(flow_step(&s->flow), 0);
	len = rtcp_build_pli(pli, sizeof(pli), len, 1, SSRC + 1); /* somebody else's */
	flow_hear_rtcp(&s->flow, pli, len);
	assert_int_equal(s->flow.account.counts.plis_received, 0);
	len = rtcp_build_pli(pli, sizeof(pli), len, 1, SSRC);
	flow_hear_rtcp(&s->flow, pli, len);
	while (s->flow.account.counts.frames_made < 4)
		assert_int_equal(flow_step(&s->flow), 0);
	assert_int_equal(s->flow.account.counts.plis_received, 1);
	assert_int_equal(s->flow.account.counts.key_frames_forced, 1);
	assert_int_equal(s->flow.account.counts.key_frames, 2);
	assert_int_equal(s->flow.at, 11);
}

static void reports_that_come_back_are_read_under_the_key(void **state)
{
	struct scene *s = *state;
	struct rtcp_report_block block = { .ssrc = SSRC, .fraction_lost = 7, .lost = -3, .highest_seq = 99 };
	struct protect *receiver;
	uint8_t rr[128];
	size_t len = rtcp_build_rr(rr, sizeof(rr), 0, 1, &block, 1);

	init(s);
	assert_false(flow_open_rtcp(&s->flow, rr, &len)); /* not protected */
	assert_int_equal(
	        protect_create(&receiver, s->shelf.output.batch, s->cfg.profile, s->cfg.key, s->cfg.key), 0);
	assert_int_equal(protect_rtcp(receiver, rr, &len), 0);
	assert_true(flow_open_rtcp(&s->flow, rr, &len));
	flow_hear_rtcp(&s->flow, rr, len);
	assert_int_equal(s->flow.account.counts.reports_received, 1);
	assert_int_equal(s->flow.account.report.lost, -3);
	assert_int_equal(s->flow.account.report.highest_seq, 99);
	protect_free(receiver);
}

static void the_ssrc_changes_once(void **state)
{
	struct scene *s = *state;
	const struct account *a = &s->flow.account;
	struct heard h;

	s->options.ssrc_change_ns = 4000 * MS;
	run(s);
	hear(s, &h);
	assert_int_equal(a->stream_count, 2);
	assert_int_equal(a->streams[0].ssrc, SSRC);
	assert_int_not_equal(a->streams[1].ssrc, SSRC);
	assert_int_equal(a->streams[0].frames_intact, 120);
	assert_int_equal(a->streams[1].frames_intact, 180);
	assert_int_equal(h.refused, 0);
}

static void a_restart_jumps_and_stays_acceptable(void **state)
{
	struct scene *s = *state;
	const struct account *a = &s->flow.account;
	struct heard h;

	s->options.restart_ns = 5000 * MS;
	run(s);
	hear(s, &h);
	assert_int_equal(a->stream_count, 2);
	assert_int_equal(a->streams[1].ssrc, SSRC);
	assert_in_range(a->streams[1].first_seq - a->streams[0].last_seq, LIMIT_SEQ_JUMP, 1 << 15);
	assert_int_equal(h.refused, 0);
	assert_int_equal(h.accepted, a->counts.packets_made);
}

static void a_pause_lets_time_pass(void **state)
{
	struct scene *s = *state;
	const struct account_stream *a;

	s->options.pause_at_ns = 2000 * MS;
	s->options.pause_len_ns = 3000 * MS;
	run(s);
	a = &s->flow.account.streams[0];
	assert_int_equal(s->flow.account.counts.frames_made, 210);
	assert_int_equal(a->last_rtp - a->first_rtp, 299 * 3000);
	assert_int_equal(a->packets_made, a->last_seq - a->first_seq + 1);
}

static void first_numbers_are_as_asked_and_time_wraps(void **state)
{
	struct scene *s = *state;
	struct heard h;

	s->options.seq = 65534;
	s->options.timestamp = UINT32_MAX - 1000;
	run(s);
	hear(s, &h);
	assert_int_equal(s->flow.account.streams[0].first_seq, 65534);
	assert_true(s->flow.account.streams[0].last_rtp > UINT32_MAX);
	assert_int_equal(h.last_rtp, (uint32_t)s->flow.account.streams[0].last_rtp);
	assert_int_equal(h.refused, 0);
}

static void a_number_of_packets_ends_with_a_whole_frame(void **state)
{
	struct scene *s = *state;
	const struct account_counts *c = &s->flow.account.counts;

	s->options.packets = 10;
	run(s);
	assert_in_range(c->packets_made, 10, 14);
	assert_int_equal(c->frames_intact, c->frames_made);
}

static void stopping_ends_with_the_frame_and_a_bye(void **state)
{
	struct scene *s = *state;

	init(s);
	while (s->flow.account.counts.packets_made < 2)
		assert_int_equal(flow_step(&s->flow), 0);
	flow_stop(&s->flow, flow_due(&s->flow));
	while (flow_due(&s->flow) != FLOW_NEVER)
		assert_int_equal(flow_step(&s->flow), 0);
	assert_int_equal(s->flow.account.counts.frames_made, 1);
	assert_int_equal(s->flow.account.counts.frames_intact, 1);
	assert_int_equal(s->flow.account.counts.byes_sent, 1);
}

static void rtcp_goes_to_the_next_port_when_asked(void **state)
{
	struct scene *s = *state;
	unsigned count = 0;

	s->options.rtcp_next_port = true;
	run(s);
	for (unsigned i = 0; i < s->shelf.count; i++) {
		bool rtcp = rtp_classify(s->shelf.kept[i].data, s->shelf.kept[i].len) == RTP_CLASS_RTCP;
		assert_int_equal(s->shelf.kept[i].port_offset, rtcp);
		count += rtcp;
	}
	assert_int_equal(count, s->flow.account.counts.rtcp_sent);
}

static void an_output_that_fails_stops_the_flow(void **state)
{
	struct scene *s = *state;
	int status = 0;

	s->shelf.refuse = ENETUNREACH;
	init(s);
	for (unsigned i = 0; i < 10 && !status; i++)
		status = flow_step(&s->flow);
	assert_int_equal(status, -ENETUNREACH);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(all_arrives_when_nothing_is_asked),
		CASE(the_account_is_what_a_receiver_finds),
		CASE(the_same_seed_sends_the_same_bytes),
		CASE(the_wrong_key_fits_nobody),
		CASE(a_plain_receiver_takes_what_has_a_header),
		CASE(a_pli_brings_the_next_key_frame),
		CASE(reports_that_come_back_are_read_under_the_key),
		CASE(the_ssrc_changes_once),
		CASE(a_restart_jumps_and_stays_acceptable),
		CASE(a_pause_lets_time_pass),
		CASE(first_numbers_are_as_asked_and_time_wraps),
		CASE(a_number_of_packets_ends_with_a_whole_frame),
		CASE(stopping_ends_with_the_frame_and_a_bye),
		CASE(rtcp_goes_to_the_next_port_when_asked),
		CASE(an_output_that_fails_stops_the_flow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
