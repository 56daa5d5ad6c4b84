/* SPDX-License-Identifier: BSD-3-Clause */
/* A track on segments in memory, fed by hand or from a capture: what the tests of tracks stand on. */
#ifndef TESTS_UNIT_WRITERS_TRACK_RIG_H
#define TESTS_UNIT_WRITERS_TRACK_RIG_H

#include "base/clk.h"
#include "base/stat.h"
#include "tests/unit/writers/memory_segment.h"
#include "writers/track.h"

#define TRACK_RIG_START_NS  1710123456000000000ull
#define TRACK_RIG_SETTLE_NS (50 * CLK_NS_PER_MS)

struct track_rig {
	struct conf conf;
	struct track *track;
	uint64_t slot[STAT_TRACK_COUNT];
	struct packet_bin bin;
	uint64_t given, released; /* packets */
	uint64_t media;           /* of them, media */
	uint64_t mono_ns;
	uint64_t clock_set_ns; /* how far the wall clock has been set, modulo 2^64 */
	bool patient; /* earlier packets than the first are waited for, as in life; else a stream begins at
	                 once */
};

/* A packet to be. Times in ns since the start. */
struct track_rig_packet {
	uint64_t seq, at_ns, ntp;
	uint32_t rtp, ssrc, shed;
	uint8_t flags, kind, layer, orientation;
	const void *payload;
	size_t len;
};

/* Make a track of @codec; the rig's conf is filled with defaults first, @adjust (may be NULL) changes it. */
void track_rig_open(struct track_rig *rig, enum codec codec, void (*adjust)(struct conf *conf));
/* The same, with the track's own config adjusted, too. */
void track_rig_open_as(struct track_rig *rig, enum codec codec, void (*adjust)(struct conf *conf),
        void (*adjust_track)(struct track_cfg *cfg));
void track_rig_put(struct track_rig *rig, const struct track_rig_packet *packet);
/* Let time pass to @at_ns, with ticks when they are due. */
void track_rig_wait(struct track_rig *rig, uint64_t at_ns);
/* Finish the track and free it. All packets have come back, and each counted as exactly one of pkts,
 * late_pkts, malformed_pkts, cut_pkts and layer_pkts: else the test fails. */
void track_rig_close(struct track_rig *rig, const char *reason);

uint64_t track_rig_stat(const struct track_rig *rig, enum stat_track id);

/* A VP8 stream by hand: frames of so many packets at 30 frames a second. The payload's last bytes are the
 * packet's number. */
struct track_rig_vp8 {
	uint64_t seq, at_ns;
	uint32_t rtp, ssrc;
	uint16_t width, height; /* of key frames; 0: 320 x 240 */
	uint8_t layer;
};
#define TRACK_RIG_FRAME_NS  33333333ull
#define TRACK_RIG_FRAME_RTP 3000
/* Put the next frame. @missing: a mask of packets that do not come. */
void track_rig_vp8(
        struct track_rig *rig, struct track_rig_vp8 *stream, bool key, unsigned packets, uint32_t missing);
/* Only make the packet @i of it; its payload is static. */
struct track_rig_packet track_rig_vp8_packet(
        const struct track_rig_vp8 *stream, bool key, unsigned packets, unsigned i);

/* A capture of tests/data/media: RTP packets, each with its length before it. */
struct track_rig_capture {
	uint8_t *bytes;
	size_t count;
	struct track_rig_packet packets[512];
};
/* Load; arrival is what RTP time of @rate says. Numbers are extended. */
void track_rig_load(struct track_rig_capture *capture, const char *name, uint32_t rate);
void track_rig_unload(struct track_rig_capture *capture);

/* The frames of an IVF file in memory. */
struct track_rig_frame {
	const uint8_t *bytes;
	uint32_t len;
	uint64_t pts;
};
/* Returns how many frames @bytes hold; fails the test when they are no IVF file to the last byte. */
unsigned track_rig_ivf(const uint8_t *bytes, size_t len, struct track_rig_frame *ret_frames, unsigned max);

/* Read tests/data/media/@name whole. */
uint8_t *track_rig_read(const char *name, size_t *ret_len);

#endif
