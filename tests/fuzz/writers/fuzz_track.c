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
 * payload Whatever comes, every packet is counted once, and each file that has a frame is whole. */
#define FLAG_MARKER  0x01
#define FLAG_RESTART 0x02
#define FLAG_REPORT  0x04
#define FLAG_SSRC    0x08
#define FLAG_SHED    0x10
#define FLAG_FULL    0x20 /* no block is free from here on */
#define FLAG_ROOM    0x40 /* blocks are free again */
#define FLAG_SLOW    0x80 /* seconds instead of ms */

static uint64_t given, released, media;

static void release(void *arg, struct packet *const *packets, unsigned n)
{
	released += n;
	for (unsigned i = 0; i < n; i++) {
		free((void *)packets[i]->payload);
		free(packets[i]);
	}
}

static struct packet *read_packet(struct cur *c, struct packet *state)
{
	struct packet *packet = malloc(sizeof(*packet));
	uint8_t flags = cur_u8(c), ms;
	uint8_t *payload;

	state->ext_seq += (uint64_t)(int8_t)cur_u8(c);
	state->rtp_time +=
	        cur_u8(c) | (uint32_t)cur_u8(c) << 8 | (uint32_t)cur_u8(c) << 16 | (uint32_t)cur_u8(c) << 24;
	ms = cur_u8(c);
	state->arrival_unix_ns += ms * (flags & FLAG_SLOW ? CLK_NS_PER_S : CLK_NS_PER_MS);
	state->arrival_mono_ns = state->arrival_unix_ns;
	state->ssrc ^= flags & FLAG_SSRC ? 1 : 0;
	*packet = *state;
	packet->payload_bytes = cur_u8(c);
	if (packet->payload_bytes > cur_left(c))
		packet->payload_bytes = (uint16_t)cur_left(c);
	payload = malloc(packet->payload_bytes ? packet->payload_bytes : 1);
	if (packet->payload_bytes)
		memcpy(payload, cur_bytes(c, packet->payload_bytes), packet->payload_bytes);
	packet->payload = payload;
	packet->flags =
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
		if (!err && scan.valid_bytes != segment->committed)
			abort();
		if (err && memory_segment_plan.room == UINT64_MAX)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum codec codecs[] = { CODEC_VP8, CODEC_VP9, CODEC_OPUS };
	struct cur c = cur_of(data, size);
	uint8_t options = cur_u8(&c);
	struct conf conf = {
		.record_filename = (char *)"x", .record_reorder_ms = 50, .record_flush_interval_ms = 1000
	};
	uint64_t slot[STAT_TRACK_COUNT] = { 0 };
	struct packet_bin bin = { .release = release };
	struct packet state = { .ext_seq = 1 << 20,
		.arrival_unix_ns = 1710123456000000000ull,
		.ssrc = 2,
		.rtp_time = 4294960000u };
	struct track_cfg cfg = { .conf = &conf, .codec = codecs[options % 3], .channels = 2, .slot = slot };
	const uint64_t start = state.arrival_unix_ns - CLK_NS_PER_S;
	struct track *track;

	conf.record_on_loss = options & 0x80 ? CONF_ON_LOSS_WAIT_KEY : CONF_ON_LOSS_KEEP;
	cfg.clock_rate = cfg.codec == CODEC_OPUS ? 48000 : 90000;
	given = released = media = 0;
	memory_segment_reset();
	memory_segment_plan.unnamed = options & 0x40;
	if (track_create(&track, &cfg))
		abort();
	track_attach(track, NULL, &bin);
	for (unsigned n = 0; cur_left(&c) && n < 4096; n++) {
		struct packet *packet = read_packet(&c, &state);
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
	if (released != given ||
	        slot[STAT_TRACK_pkts] + slot[STAT_TRACK_late_pkts] + slot[STAT_TRACK_padding_pkts] +
	                        slot[STAT_TRACK_malformed_pkts] + slot[STAT_TRACK_cut_pkts] !=
	                media)
		abort();
	check_files(cfg.codec);
	return 0;
}
