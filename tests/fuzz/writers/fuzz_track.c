/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/cur.h"
#include "base/stat.h"
#include "tests/unit/writers/memory_segment.h"
#include "writers/mux.h"
#include "writers/track.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A stream of packets: the first byte is codec and options, then records of
 *   flags | sequence step, signed | RTP time step, 4, LE | ms since the last packet | payload length |
 * payload With OPTION_LAYERS two bytes follow the flags: the layer with MORE_… and the orientation, and how
 * wrong the sender's clock is. Whatever comes, every packet is counted once, and each file that has a frame
 * is whole. */
#define OPTION_PATIENT  0x10
#define OPTION_LAYERS   0x20
#define OPTION_UNNAMED  0x40
#define OPTION_WAIT_KEY 0x80

#define FLAG_MARKER  0x01
#define FLAG_RESTART 0x02
#define FLAG_REPORT  0x04
#define FLAG_SSRC    0x08
#define FLAG_SHED    0x10
#define FLAG_FULL    0x20 /* no block is free from here on */
#define FLAG_ROOM    0x40 /* blocks are free again */
#define FLAG_SLOW    0x80 /* seconds instead of ms */

#define MORE_LAYER       0x03
#define MORE_CAPTURED    0x04
#define MORE_ORIENTATION 0x08

static uint64_t given, released, media;

static void release(void *arg, struct packet *const *packets, unsigned n)
{
	released += n;
	for (unsigned i = 0; i < n; i++) {
		free((void *)packets[i]->payload);
		free(packets[i]);
	}
}

/* Of each layer: numbers and RTP time, which go on. */
static struct packet states[TRACK_LAYERS];

/* What is told beside the payload. Returns the layer. */
static unsigned read_more(struct cur *c, struct packet *packet, bool layers)
{
	uint8_t more = layers ? cur_u8(c) : 0;
	int64_t wrong = layers ? (int8_t)cur_u8(c) : 0;

	packet->layer = more & MORE_LAYER;
	packet->orientation = more >> 4;
	packet->flags = (uint8_t)((more & MORE_CAPTURED ? PACKET_CAPTURED : 0) |
	                          (more & MORE_ORIENTATION ? PACKET_ORIENTATION : 0) |
	                          (wrong & 1 ? PACKET_REPAIRED : 0));
	packet->ntp = clk_unix_ns_to_ntp(packet->arrival_unix_ns + (uint64_t)(wrong * wrong * wrong * 10000));
	return packet->layer;
}

static struct packet *read_packet(struct cur *c, struct packet *now, bool layers)
{
	struct packet *packet = malloc(sizeof(*packet));
	struct packet more = { .arrival_unix_ns = now->arrival_unix_ns }, *state;
	uint8_t flags = cur_u8(c), ms;
	uint8_t *payload;

	state = &states[read_more(c, &more, layers)];
	state->ext_seq += (uint64_t)(int8_t)cur_u8(c);
	state->rtp_time +=
	        cur_u8(c) | (uint32_t)cur_u8(c) << 8 | (uint32_t)cur_u8(c) << 16 | (uint32_t)cur_u8(c) << 24;
	ms = cur_u8(c);
	now->arrival_unix_ns += ms * (flags & FLAG_SLOW ? CLK_NS_PER_S : CLK_NS_PER_MS);
	state->ssrc ^= flags & FLAG_SSRC ? 1 : 0;
	*packet = more;
	packet->ext_seq = state->ext_seq;
	packet->rtp_time = state->rtp_time;
	packet->ssrc = state->ssrc;
	packet->arrival_unix_ns = packet->arrival_mono_ns = now->arrival_unix_ns;
	packet->payload_bytes = cur_u8(c);
	if (packet->payload_bytes > cur_left(c))
		packet->payload_bytes = (uint16_t)cur_left(c);
	payload = malloc(packet->payload_bytes ? packet->payload_bytes : 1);
	if (packet->payload_bytes)
		memcpy(payload, cur_bytes(c, packet->payload_bytes), packet->payload_bytes);
	packet->payload = payload;
	packet->flags |=
	        (flags & FLAG_MARKER ? PACKET_MARKER : 0) | (flags & FLAG_RESTART ? PACKET_RESTART : 0);
	packet->kind = flags & FLAG_REPORT ? PACKET_SENDER_REPORT : PACKET_MEDIA;
	packet->shed_pkts = flags & FLAG_SHED ? 3 : 0;
	if (flags & FLAG_FULL)
		memory_segment_plan.room = 100;
	if (flags & FLAG_ROOM)
		memory_segment_plan.room = UINT64_MAX;
	return packet;
}

static void check_files(enum codec codec)
{
	static struct mux_scan scan;

	for (unsigned i = 0; i < memory_segment_count; i++) {
		struct segment *segment = memory_segments[i];
		int fd, err;

		if (!segment->finished)
			abort();
		if (segment->discarded || !segment->committed)
			continue;
		fd = memory_segment_file(i);
		err = mux_of(codec)->scan(fd, segment->committed, &scan);
		close(fd);
		if (!err && scan.valid_bytes != segment->committed && memory_segment_plan.room == UINT64_MAX)
			abort();
		if (err && memory_segment_plan.room == UINT64_MAX)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum codec codecs[] = { CODEC_VP8, CODEC_VP9, CODEC_OPUS, CODEC_PCMU, CODEC_PCMA,
		CODEC_AV1, CODEC_H264 };
	struct cur c = cur_of(data, size);
	uint8_t options = cur_u8(&c);
	struct conf conf = {
		.record_filename = (char *)"x", .record_reorder_ms = 50, .record_flush_interval_ms = 1000
	};
	uint64_t slot[STAT_TRACK_COUNT] = { 0 };
	struct packet_bin bin = { .release = release };
	struct packet state = { .arrival_unix_ns = 1710123456000000000ull };
	struct track_cfg cfg = {
		.conf = &conf, .codec = codecs[options % 8 % (sizeof(codecs) / sizeof(*codecs))], .slot = slot
	};
	const uint64_t start = state.arrival_unix_ns - CLK_NS_PER_S;
	struct track *track;

	for (unsigned i = 0; i < TRACK_LAYERS; i++)
		states[i] = (struct packet){ .ext_seq = 1 << 20, .ssrc = 2 + 2 * i, .rtp_time = 4294960000u };
	if (options & OPTION_LAYERS && codec_info(cfg.codec)->video)
		cfg.layers = 3;
	cfg.reorder_ms = options & OPTION_PATIENT ? 1000 : 0;
	conf.record_on_loss = options & OPTION_WAIT_KEY ? CONF_ON_LOSS_WAIT_KEY : CONF_ON_LOSS_KEEP;
	cfg.clock_rate = codec_info(cfg.codec)->clock_rate;
	cfg.channels = (uint8_t)codec_channels(cfg.codec);
	given = released = media = 0;
	memory_segment_reset();
	memory_segment_plan.unnamed = options & OPTION_UNNAMED;
	if (track_create(&track, &cfg))
		abort();
	track_attach(track, NULL, &bin);
	for (unsigned n = 0; cur_left(&c) && n < 4096; n++) {
		struct packet *packet = read_packet(&c, &state, options & OPTION_LAYERS);
		uint64_t now = state.arrival_unix_ns - start;

		if (track_deadline(track) <= now)
			track_tick(track, now);
		given++;
		media += packet->kind == PACKET_MEDIA;
		track_packet(track, packet, now);
	}
	track_finish(track, "end");
	packet_bin_empty(&bin);
	track_free(track);
	if (released != given || slot[STAT_TRACK_pkts] + slot[STAT_TRACK_late_pkts] +
	                                         slot[STAT_TRACK_padding_pkts] +
	                                         slot[STAT_TRACK_malformed_pkts] + slot[STAT_TRACK_cut_pkts] +
	                                         slot[STAT_TRACK_layer_pkts] !=
	                                 media)
		abort();
	check_files(cfg.codec);
	return 0;
}
