/* SPDX-License-Identifier: BSD-3-Clause */
/* A track from within: what writers/track*.c share.
 *
 *   track.c          life, order of packets, gaps, time; hands packets in their order to
 *   track_video.c    packets of VP8 and VP9 to their pictures, of which
 *   track_picture.c  begins, cuts, skips and ends each, asking
 *   track_size.c     whether a new file is needed, and
 *   track_wish.c     for key frames
 *   track_audio.c    Opus packets on the file's time line, silence filled
 *   track_file.c     files: begin, end, links, figures
 *
 * Every packet that comes ends in exactly one of the counters pkts, late_pkts, padding_pkts, malformed_pkts
 * and cut_pkts. All on the writer's thread.
 */
#ifndef WRITERS_TRACK_STATE_H
#define WRITERS_TRACK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/jsonw.h"
#include "base/stat.h"
#include "writers/depay.h"
#include "writers/epoch.h"
#include "writers/mux.h"
#include "writers/note.h"
#include "writers/reorder.h"
#include "writers/superframe.h"
#include "writers/track.h"

#define TRACK_SSRCS 8 /* listed in a sidecar */

enum track_state {
	TRACK_STATE_FREE,
	TRACK_STATE_WAITING,
	TRACK_STATE_RECORDING,
	TRACK_STATE_FINALISING,
	TRACK_STATE_DONE,
	TRACK_STATE_FAILED
};

/* The open file. */
struct track_file {
	struct segment *segment; /* NULL: none */
	struct mux *mux;         /* NULL: its header is still to be written */
	uint64_t base;           /* media time of its first frame */
	uint64_t end_rtp;        /* file time: of the last frame; audio: where the next packet is due */
	uint64_t filled_rtp;     /* of it, silence that was not sent */
	uint64_t started_unix_ns, ended_unix_ns;
	uint32_t first_rtp, last_rtp;
	uint16_t width, height;         /* the largest picture */
	uint16_t key_width, key_height; /* what the last key frame's own header said */
	uint8_t layers;                 /* what the last key frame's scalability structure said, 0: none */
	unsigned ssrc_count;
	uint32_t ssrcs[TRACK_SSRCS];
	uint64_t before[STAT_TRACK_COUNT]; /* the track's counters when the file before ended */
};

/* The file before, ended but for the name of its successor. */
struct track_ended {
	struct segment *segment; /* NULL: none */
	struct jsonw end;        /* the object of final figures, still open */
	uint8_t head[64];
	size_t head_bytes;
};

enum track_picture {
	TRACK_PICTURE_NONE,   /* between pictures */
	TRACK_PICTURE_OPEN,   /* going into the file */
	TRACK_PICTURE_SKIP,   /* whole so far, but left out */
	TRACK_PICTURE_BROKEN, /* cut: what is left of it is dropped */
};

struct track_video {
	enum track_picture picture;
	uint32_t rtp;  /* of the picture */
	uint64_t time; /* its media time */
	bool key;
	bool lost; /* packets were lost since the last picture's end */
	const char *lost_cause;
	bool waiting;         /* for a key frame: at start, with wait_key after loss, for a new SSRC */
	uint64_t skipped;     /* frames left out since waiting began */
	uint64_t frame_at;    /* offset of the picture's first byte after its header */
	uint64_t pkts, bytes; /* in the open picture */
	/* VP9 layers */
	struct superframe layers; /* the whole ones */
	bool layer_open, layered;
	uint64_t layer_at; /* offset of the open one */
	uint64_t layer_pkts, layer_bytes;
	uint8_t last_byte;
	/* key frames wished for */
	bool key_needed, wished, wish_waits;
	uint64_t wished_ns;
};

struct track_audio {
	uint8_t toc;            /* of the last packet */
	uint64_t page_since_ns; /* since when the page is held, 0: it is not */
};

struct track {
	/* read-mostly */
	depay_fn *depay;
	const struct mux_ops *ops;
	struct storage *storage;
	struct packet_bin *bin;
	uint64_t *slot;
	uint64_t reorder_ns, page_ns, max_bytes;
	/* written per packet */
	struct reorder reorder;
	struct epoch epoch;
	uint64_t now_ns;
	uint64_t shed_pkts; /* given up for a full ring, and not in a gap yet */
	uint32_t ssrc;
	bool ssrc_known, restart;
	struct track_file file;
	union {
		struct track_video video;
		struct track_audio audio;
	};
	struct note note;
	uint32_t key_frames_wanted; /* read by the lcore */
	/* cold */
	struct track_ended ended;
	char failure[LIMIT_REASON_BYTES + 1]; /* empty: none */
	struct track_cfg cfg;
};

static inline void track_count(struct track *track, enum stat_track id, uint64_t n)
{
	stat_add(track->slot, id, n);
}

static inline void track_release(struct track *track, struct packet *packet)
{
	packet_bin_put(track->bin, packet);
}

/* The track cannot go on, for the negative errno @err. */
void track_fail(struct track *track, int err);

/* track_video.c. Each takes the packet over. */
void track_video_init(struct track *track);
void track_video_packet(struct track *track, struct packet *packet, uint64_t time);
/* Packets are missing before @next (NULL: the stream ends), or it has no relation to what was before. */
void track_video_gap(struct track *track, const struct packet *next, const char *cause);
/* The sender is another one: its frames build on nothing that was there. */
void track_video_restart(struct track *track);

/* track_picture.c. The first packet of a picture; a piece for the open one; the picture under way is broken,
 * and what still comes of it is dropped; it ends here, and all of it was seen. @packet stays the caller's. */
void track_picture_begin(struct track *track, const struct packet *packet, const struct depay_piece *piece);
void track_picture_add(struct track *track, const struct packet *packet, const struct depay_piece *piece);
void track_picture_break(struct track *track, const struct packet *packet, const char *cause);
void track_picture_end(struct track *track);

/* track_size.c. See to it that the file fits the key frame that begins: 0, or track_file_begin's errors. A
 * frame's size that is larger than the file's becomes the file's. */
int track_size_ready(struct track *track, const struct packet *packet, const struct depay_piece *piece);
void track_size_watch(struct track *track, const struct packet *packet, const struct depay_piece *piece);

/* track_wish.c. Something is broken that only a key frame repairs; a picture begins, and none has come yet.
 */
void track_wish_key(struct track *track);
void track_wish_repeat(struct track *track);

/* track_audio.c */
void track_audio_packet(struct track *track, struct packet *packet, uint64_t time);
uint64_t track_audio_deadline(const struct track *track);
void track_audio_tick(struct track *track);

/* track_file.c. Begin a file at @time with the frame that @packet begins, or go on with one that has no frame
 * yet. 0, or a negative errno: no frame can be written now (-ENOBUFS, -ENOMEM) or ever (-EIO). */
int track_file_begin(
        struct track *track, const struct packet *packet, uint64_t time, uint16_t width, uint16_t height);
/* A packet of the open file. */
void track_file_packet(struct track *track, const struct packet *packet);
/* End the open file, if there is one. @next: another one follows at once, and the two are linked. */
void track_file_end(struct track *track, const char *reason, bool next);
/* Whether there is no file with a frame. */
bool track_file_empty(const struct track *track);
/* Whether the open file has reached record.max_size_mb. */
bool track_file_full(const struct track *track);
/* Finish the file before, when its successor's name is known, or when @give_up. */
void track_file_link(struct track *track, bool give_up);

#endif
