/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/track_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/cur.h"
#include "base/rtp.h"
#include "writers/track_state.h"

static void release(void *arg, struct packet *const *packets, unsigned n)
{
	struct track_rig *rig = arg;

	rig->released += n;
	for (unsigned i = 0; i < n; i++) {
		free((void *)packets[i]->payload);
		free(packets[i]);
	}
}

void track_rig_open(struct track_rig *rig, enum codec codec, void (*adjust)(struct conf *conf))
{
	track_rig_open_as(rig, codec, adjust, NULL);
}

void track_rig_open_as(struct track_rig *rig, enum codec codec, void (*adjust)(struct conf *conf),
        void (*adjust_track)(struct track_cfg *cfg))
{
	struct track_cfg cfg = {
		.conf = &rig->conf,
		.codec = codec,
		.clock_rate = codec_info(codec)->clock_rate,
		.channels = (uint8_t)codec_channels(codec),
		.slot = rig->slot,
		.session = "s_1",
		.room = "demo \"1\"",
		.participant = "alice",
		.id = "track0",
		.promised = "demo_track0_1710123456.ivf",
	};

	memory_segment_reset();
	*rig = (struct track_rig){ .bin = { .release = release, .arg = rig } };
	rig->conf.record_filename = (char *)"{room}_{trackID}_{timestamp}.{ext}";
	rig->conf.record_reorder_ms = 200;
	rig->conf.record_flush_interval_ms = 1000;
	if (adjust)
		adjust(&rig->conf);
	if (adjust_track)
		adjust_track(&cfg);
	assert_int_equal(track_create(&rig->track, &cfg), 0);
	track_attach(rig->track, NULL, &rig->bin);
}

/* Nothing earlier than the stream's first packet is waited for. */
static void start(struct track_rig *rig, const struct track_rig_packet *from)
{
	struct track_stream *stream =
	        rig->track->layers ? track_layer_stream(rig->track, from->layer & 3) : &rig->track->stream;

	if (!stream || stream->reorder.started)
		return;
	stream->reorder.started = true;
	stream->reorder.next = from->seq;
}

void track_rig_put(struct track_rig *rig, const struct track_rig_packet *from)
{
	struct packet *packet = calloc(1, sizeof(*packet));
	uint8_t *payload = malloc(from->len ? from->len : 1);

	if (from->len)
		memcpy(payload, from->payload, from->len);
	*packet = (struct packet){
		.track = rig->track,
		.payload = payload,
		.ext_seq = from->seq,
		.arrival_unix_ns = TRACK_RIG_START_NS + from->at_ns + rig->clock_set_ns,
		.arrival_mono_ns = CLK_NS_PER_S + from->at_ns,
		.ntp = from->ntp,
		.rtp_time = from->rtp,
		.ssrc = from->ssrc ? from->ssrc : 1,
		.shed_pkts = from->shed,
		.payload_bytes = (uint16_t)from->len,
		.kind = from->kind,
		.layer = from->layer & 3,
		.orientation = from->orientation & 15,
		.flags = from->flags,
	};
	track_rig_wait(rig, from->at_ns);
	rig->given++;
	rig->media += from->kind == PACKET_MEDIA;
	if (!rig->patient && from->kind == PACKET_MEDIA)
		start(rig, from);
	track_packet(rig->track, packet, rig->mono_ns);
	if (!rig->patient && from->flags & PACKET_RESTART)
		track_tick(rig->track, rig->mono_ns + TRACK_RIG_SETTLE_NS);
}

void track_rig_wait(struct track_rig *rig, uint64_t at_ns)
{
	uint64_t until = CLK_NS_PER_S + at_ns, due;

	while ((due = track_deadline(rig->track)) <= until) {
		rig->mono_ns = due > rig->mono_ns ? due : rig->mono_ns + 1;
		track_tick(rig->track, rig->mono_ns);
	}
	if (until > rig->mono_ns)
		rig->mono_ns = until;
}

void track_rig_close(struct track_rig *rig, const char *reason)
{
	track_finish(rig->track, reason);
	packet_bin_empty(&rig->bin);
	track_free(rig->track);
	assert_int_equal(rig->released, rig->given);
	assert_int_equal(track_rig_stat(rig, STAT_TRACK_pkts) + track_rig_stat(rig, STAT_TRACK_late_pkts) +
	                         track_rig_stat(rig, STAT_TRACK_padding_pkts) +
	                         track_rig_stat(rig, STAT_TRACK_malformed_pkts) +
	                         track_rig_stat(rig, STAT_TRACK_cut_pkts) +
	                         track_rig_stat(rig, STAT_TRACK_layer_pkts),
	        rig->media);
	for (unsigned i = 0; i < memory_segment_count; i++)
		assert_true(memory_segments[i]->finished);
}

uint64_t track_rig_stat(const struct track_rig *rig, enum stat_track id)
{
	return rig->slot[id];
}

struct track_rig_packet track_rig_vp8_packet(
        const struct track_rig_vp8 *stream, bool key, unsigned packets, unsigned i)
{
	static uint8_t payload[64];
	size_t len = 0;

	payload[len++] = i ? 0x00 : 0x10; /* S, partition 0 */
	if (i == 0 && key) {
		memcpy(payload + len, "\x10\x02\x00\x9D\x01\x2A", 6);
		cur_put_le(payload + len + 6, stream->width ? stream->width : 320, 2);
		cur_put_le(payload + len + 8, stream->height ? stream->height : 240, 2);
		len += 10;
	} else if (i == 0) {
		payload[len++] = 0x11;
	}
	cur_put_le(payload + len, stream->seq + i, 8);
	len += 8;
	return (struct track_rig_packet){
		.seq = stream->seq + i,
		.at_ns = stream->at_ns,
		.rtp = stream->rtp,
		.ssrc = stream->ssrc,
		.layer = stream->layer,
		.flags = i == packets - 1 ? PACKET_MARKER : 0,
		.payload = payload,
		.len = len,
	};
}

void track_rig_vp8(
        struct track_rig *rig, struct track_rig_vp8 *stream, bool key, unsigned packets, uint32_t missing)
{
	for (unsigned i = 0; i < packets; i++) {
		struct track_rig_packet packet = track_rig_vp8_packet(stream, key, packets, i);

		if (!((uint64_t)missing >> (i % 64) & 1))
			track_rig_put(rig, &packet);
	}
	stream->seq += packets;
	stream->rtp += TRACK_RIG_FRAME_RTP;
	stream->at_ns += TRACK_RIG_FRAME_NS;
}

uint8_t *track_rig_read(const char *name, size_t *ret_len)
{
	const char *dir = getenv("TEST_DATA");
	char path[4096];
	uint8_t *bytes = malloc(1 << 20);
	FILE *f;

	snprintf(path, sizeof(path), "%s/media/%s", dir ? dir : "tests/data", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	*ret_len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

void track_rig_load(struct track_rig_capture *capture, const char *name, uint32_t rate)
{
	size_t len;
	uint64_t seq = 1 << 16, first = 0, time = 1ull << 32;
	struct cur c;

	capture->bytes = track_rig_read(name, &len);
	capture->count = 0;
	c = cur_of(capture->bytes, len);
	while (cur_left(&c)) {
		size_t n = cur_u16(&c);
		const uint8_t *data = cur_bytes(&c, n);
		struct rtp_header header;

		assert_int_equal(rtp_parse(&header, data, n), 0);
		seq = rtp_unwrap16(seq, header.seq);
		time = rtp_unwrap32(time, header.timestamp);
		if (!capture->count)
			first = time;
		assert_true(capture->count < 512);
		capture->packets[capture->count++] = (struct track_rig_packet){
			.seq = seq,
			.at_ns = (time - first) * CLK_NS_PER_S / rate,
			.rtp = header.timestamp,
			.ssrc = header.ssrc,
			.flags = header.marker ? PACKET_MARKER : 0,
			.payload = data + header.payload_offset,
			.len = n - header.payload_offset,
		};
	}
}

void track_rig_unload(struct track_rig_capture *capture)
{
	free(capture->bytes);
}

unsigned track_rig_ivf(const uint8_t *bytes, size_t len, struct track_rig_frame *ret_frames, unsigned max)
{
	unsigned count = 0;
	size_t at = 32;

	assert_true(len >= 32);
	assert_memory_equal(bytes, "DKIF", 4);
	while (at < len) {
		assert_true(len - at >= 12 && count < max);
		ret_frames[count] = (struct track_rig_frame){
			.len = (uint32_t)cur_get_le(bytes + at, 4),
			.pts = cur_get_le(bytes + at + 4, 8),
			.bytes = bytes + at + 12,
		};
		at += 12 + ret_frames[count++].len;
	}
	assert_int_equal(at, len);
	return count;
}
