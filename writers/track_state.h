/* SPDX-License-Identifier: BSD-3-Clause */
/* A track from within: what writers/track*.c share.
 *
 *   track.c          life, time; hands packets in their order to
 *   track_video.c    video packets to their pictures, of which
 *   track_picture.c  begins, cuts, skips and ends each, with
 *   track_head.c     what comes before an H264 or AV1 picture's slices, and parameter sets
 *   track_unit.c     NAL units and OBUs, asking
 *   track_size.c     whether a new file is needed, and
 *   track_wish.c     for key frames
 *   track_audio.c    Opus packets on the file's time line, silence filled
 *   track_stream.c   the order of packets, and gaps
 *   track_layer.c    simulcast layers, among which
 *   track_aim.c      chooses the one that is recorded
 *   track_pause.c    pauses in which the sender's RTP clock stood still
 *   track_clock.c    the sender's wall clock
 *   track_file.c     files: begin, end, links, figures
 *
 * Every packet that comes ends in exactly one of the counters pkts, late_pkts, padding_pkts, malformed_pkts,
 * cut_pkts and, whatever it is, layer_pkts when its layer is not the recorded one. All on the writer's
 * thread.
 */
#ifndef WRITERS_TRACK_STATE_H
#define WRITERS_TRACK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/jsonw.h"
#include "base/stat.h"
#include "writers/clock_fit.h"
#include "writers/depay.h"
#include "writers/epoch.h"
#include "writers/mux.h"
#include "writers/note.h"
#include "writers/pause.h"
#include "writers/reorder.h"
#include "writers/superframe.h"
#include "writers/times.h"
#include "writers/track.h"

#define TRACK_SSRCS 8 /* listed in a sidecar */
#define TRACK_PAUSE_LEAST_MS                                                                                 \
	10 /* less is no pause, nor worth a seam: half of what sound and picture may be apart */

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
	uint64_t started;    /* the same, but for audio whose durations have run ahead of RTP time since */
	int64_t wall_ns;     /* our wall clock less the monotonic one, when it began */
	uint64_t end_rtp;    /* file time: of the last frame; audio: where the next packet is due */
	uint64_t filled_rtp; /* of it, silence that was not sent */
	uint64_t started_unix_ns, ended_unix_ns;
	uint64_t repaired_pkts; /* that came by retransmission or redundancy */
	uint32_t first_rtp, last_rtp;
	uint16_t width, height;         /* the largest picture */
	uint16_t key_width, key_height; /* what the last key frame's own header said */
	uint8_t layers;                 /* what the last key frame's scalability structure said, 0: none */
	uint32_t sequence;              /* AV1: which sequence header the last key frame had */
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
	TRACK_PICTURE_HEAD,   /* held, until it tells whether it is a key frame */
	TRACK_PICTURE_OPEN,   /* going into the file */
	TRACK_PICTURE_SKIP,   /* whole so far, but left out */
	TRACK_PICTURE_BROKEN, /* cut: what is left of it is dropped */
};

/* The NAL unit or OBU whose further fragments are to come. */
enum track_unit {
	TRACK_UNIT_NONE,
	TRACK_UNIT_OPEN, /* going into the file */
	TRACK_UNIT_DROP, /* left out */
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
	uint64_t pkts, bytes; /* in the open picture */
	enum track_unit unit;
	uint64_t unit_at; /* offset of its size; 0: none was reserved */
	/* VP9 layers */
	struct superframe layers; /* the whole ones */
	bool layer_open, layered;
	uint64_t layer_at; /* offset of the open one */
	uint64_t layer_pkts, layer_bytes;
	uint8_t last_byte;
	/* key frames wished for */
	bool key_needed, wished, wish_waits;
	uint64_t wished_ns;
	uint64_t broken_ns; /* since when what comes builds on what was lost; 0: it does not */
};

/* A stream of RTP packets coming back into order: the track's own, or that of a simulcast layer. */
struct track_stream {
	struct reorder reorder;
	uint64_t shed_pkts; /* given up for a full ring, and not in a gap yet */
	bool restart;       /* the next packet has no relation to those before */
	uint8_t layer;
};

/* The sender's wall clock, as far as it is known. */
struct track_clock {
	uint64_t note_ns; /* when it goes into the journal next; 0: at once */
	bool loose;       /* the epoch may have been set on by arrival, though the clock is known */
	bool has_early;
	int64_t doubt;       /* not 0: it may have stood still, for so many ticks at most */
	unsigned refused;    /* reports that did not fit it, in a row */
	struct packet early; /* the last report of an SSRC of which no packet has come */
	struct clock_fit fit;
};

struct track_audio {
	uint8_t toc;            /* of the last packet */
	uint64_t page_since_ns; /* since when the page is held, 0: it is not */
	uint64_t excess_rtp;    /* silence that proved too much, and is made up for by less of it later */
	/* after a gap that is not clear yet */
	unsigned held_count;
	uint64_t held_until_ns;
	/* when the last packet was captured that told it, and its media time */
	bool captured;
	int64_t captured_ns, captured_time;
	struct packet *held[LIMIT_PAUSE_PKTS];
};

struct track {
	/* read or written per packet: three cache lines */
	depay_fn *depay;
	depay_unit_fn *next_unit; /* H264, AV1: walks a piece's units */
	struct track_head *head;  /* the same; else NULL */
	struct times *times;      /* NULL: the container tells them */
	const struct mux_ops *ops;
	struct packet_bin *bin;
	uint64_t *slot;
	struct track_layers *layers; /* NULL: it has one layer, which is `stream` */
	uint64_t now_ns;
	uint64_t sample_ns; /* when a packet is looked at for the clock next */
	uint32_t ssrc;
	bool ssrc_known : 1;
	bool is_video : 1;
	bool failed : 1; /* `failure` says why */
	uint8_t layer;   /* that is recorded */
	uint8_t orientation;
	uint8_t stream_count;
	struct track_stream stream;
	uint64_t reorder_ns;
	struct epoch epoch;
	struct pause pause;
	uint64_t page_ns;
	/* per frame */
	struct storage *storage;
	uint64_t max_bytes;
	struct track_stream *streams[TRACK_LAYERS]; /* by layer; NULL: nothing of it has come */
	struct track_file file;
	union {
		struct track_video video;
		struct track_audio audio;
	};
	struct note note;
	uint32_t key_frames_wanted[TRACK_LAYERS]; /* read by the lcore */
	struct track_clock clock;
	/* cold */
	struct track_ended ended;
	char failure[LIMIT_REASON_BYTES + 1]; /* empty: none */
	struct track_cfg cfg;
};

static inline void track_count(struct track *track, enum stat_track id, uint64_t n)
{
	stat_add(track->slot, id, n);
}

/* Begin to fetch what taking a packet touches, in three steps: the track; its file's and counters; the
 * packet's payload and where it goes. */
static inline void track_prefetch(const struct track *track)
{
	for (size_t at = 0; at < offsetof(struct track, file.before); at += 64)
		__builtin_prefetch((const char *)track + at);
}

static inline void track_prefetch_file(const struct track *track)
{
	__builtin_prefetch(track->slot, 1);
	if (!track->file.mux)
		return;
	__builtin_prefetch(track->file.segment);
	__builtin_prefetch((const char *)track->file.mux);
	__builtin_prefetch((const char *)track->file.mux + 64);
}

static inline void track_prefetch_bytes(const struct packet *packet)
{
	for (size_t at = 0; at < packet->payload_bytes; at += 64)
		__builtin_prefetch(packet->payload + at);
	if (packet->track->file.mux)
		packet->track->ops->prefetch(packet->track->file.mux, packet->payload_bytes);
}

static inline void track_release(struct track *track, struct packet *packet)
{
	packet_bin_put(track->bin, packet);
}

/* A packet that ends in the counter @id. */
static inline void track_drop(struct track *track, struct packet *packet, enum stat_track id)
{
	track_count(track, id, 1);
	track_release(track, packet);
}

static inline bool track_is_video(const struct track *track)
{
	return track->is_video;
}

/* Whether the stream is what is recorded. */
static inline bool track_stream_recorded(const struct track *track, const struct track_stream *stream)
{
	return stream->layer == track->layer;
}

/* The track cannot go on, for the negative errno @err. */
void track_fail(struct track *track, int err);

/* track.c. A packet of the stream whose turn it is. Takes it over. */
void track_deliver(struct track *track, struct track_stream *stream, struct packet *packet);
/* The same, when it is not to be held any more. */
void track_take(struct track *track, struct track_stream *stream, struct packet *packet);

/* track_stream.c. Make the stream of a layer; all zeros before. */
void track_stream_init(struct track_stream *stream, const struct track_cfg *cfg, unsigned layer);
/* A packet that has come, which is taken over: deliver it, and what waited for it, or keep it. */
void track_stream_put(struct track *track, struct track_stream *stream, struct packet *packet);
/* When what is missing is given up; UINT64_MAX: nothing is. Give it up, if that time has come; deliver all
 * that is held, whatever is missing. */
uint64_t track_stream_deadline(const struct track *track, const struct track_stream *stream);
void track_stream_tick(struct track *track, struct track_stream *stream);
void track_stream_empty(struct track *track, struct track_stream *stream);
/* The streams of a track, one a call; *@at begins at 0. NULL: no more. */
struct track_stream *track_stream_next(const struct track *track, unsigned *at);

/* track_video.c. Each takes the packet over. */
int track_video_init(struct track *track); /* 0 or -ENOMEM */
void track_video_packet(struct track *track, struct packet *packet, uint64_t time);
/* Packets are missing before @next (NULL: the stream ends), or it has no relation to what was before. */
void track_video_gap(struct track *track, const struct packet *next, const char *cause);
/* The sender is another one: its frames build on nothing that was there. */
void track_video_restart(struct track *track);

/* Another layer is recorded from here on: the picture under way ends, whole if it is. */
void track_video_leave(struct track *track, const struct packet *next);

/* track_picture.c. The first packet of a picture; a piece for the open one; the picture under way is broken,
 * and what still comes of it is dropped (cut: no key frame is wished for); it ends here, and all of it was
 * seen. @packet stays the caller's. */
void track_picture_begin(struct track *track, const struct packet *packet, const struct depay_piece *piece);
void track_picture_add(struct track *track, const struct packet *packet, const struct depay_piece *piece);
void track_picture_break(struct track *track, const struct packet *packet, const char *cause);
void track_picture_cut(struct track *track, const struct packet *packet, const char *cause);
void track_picture_end(struct track *track);

/* track_head.c; for tracks without units these do nothing. 0 or -ENOMEM; another sender's sets follow; a
 * picture begins. */
int track_head_init(struct track *track);
void track_head_forget(struct track *track);
void track_head_begin(struct track *track);
/* Keep the sets of a piece, and say in it whether a key frame can be decoded, and its size. */
void track_head_read(struct track *track, struct depay_piece *piece);
/* Hold a prelude. False: its fragments do not fit each other. */
bool track_head_hold(struct track *track, const struct depay_piece *piece);
/* Write what is held into the frame that has begun; of a key frame the sets first that it lacks. 0 or the
 * mux's error. */
int track_head_write(struct track *track, bool key);
/* Which sequence header is in force: another one has another number. */
uint32_t track_head_sequence(const struct track *track);

/* track_unit.c. Take note of a unit or fragment whose turn it is, to be dropped or not. False: it does not
 * fit the one before. */
bool track_unit_turn(struct track_video *v, const struct depay_unit *unit, bool drop);
/* The piece's units into the open frame. 0; -EBADMSG: they do not fit those before; the mux's errors. */
int track_unit_write(struct track *track, const struct depay_piece *piece);

/* track_size.c. See to it that the file fits the key frame that begins: 0, or track_file_begin's errors. A
 * frame's size that is larger than the file's becomes the file's. */
int track_size_ready(struct track *track, const struct packet *packet, const struct depay_piece *piece);
void track_size_watch(struct track *track, const struct packet *packet, const struct depay_piece *piece);

/* track_layer.c, for tracks with several. 0 or -ENOMEM. */
int track_layer_init(struct track *track);
void track_layer_free(struct track *track);
/* The stream of layer @layer, made when its first packet comes; NULL: there is no such layer, or no memory.
 */
struct track_stream *track_layer_stream(struct track *track, unsigned layer);
/* A packet or report has come: the same. */
struct track_stream *track_layer_enter(struct track *track, const struct packet *packet);
/* Its turn has come. False: it is not to be recorded. */
bool track_layer_take(struct track *track, struct track_stream *stream, const struct packet *packet);
/* @missing packets of a stream that is not recorded will not come. */
void track_layer_gap(struct track_stream *stream, uint64_t missing);
/* A sender report of the layer, which may be the recorded one. */
void track_layer_report(struct track_stream *stream, const struct packet *report);
/* The layer's sender began anew. */
void track_layer_restart(struct track_stream *stream, const struct packet *packet);

/* track_clock.c. A sender report of what is recorded. A packet that is recorded, at media time @time, when
 * sample_ns has come or it says when it was captured. */
void track_clock_report(struct track *track, const struct packet *report);
void track_clock_sample(struct track *track, const struct packet *packet, uint64_t time);
/* An epoch has begun by arrival alone. */
void track_clock_loosen(struct track *track);
/* The sender's RTP clock may have stood still for up to @ticks: the next reports tell. */
void track_clock_doubt(struct track *track, int64_t ticks);
/* By how many ticks what the report tells is later than the media time @time. False: no report was there
 * before. */
bool track_clock_off(
        const struct track *track, const struct packet *report, int64_t time, int64_t *ret_ticks);
/* When the packet was captured, by its sender's clock, as far as it or an early report tells. */
bool track_clock_when(const struct track *track, const struct packet *packet, int64_t *ret_sender_ns);
/* Begin an epoch with @packet where its capture at @sender_ns says. False: the clock is not known, or that is
 * not to be believed; nothing has changed. */
bool track_clock_place(struct track *track, const struct packet *packet, int64_t sender_ns);
/* "clock" of the open file, into an object. */
void track_clock_write(const struct track *track, struct jsonw *w);

/* track_pause.c. A packet that is to be recorded, whose turn it is. True: it is held, and taken over. */
bool track_pause_take(struct track *track, struct track_stream *stream, struct packet *packet);
/* One that is recorded at media time @time. Returns that time, or an earlier one: a pause was taken for too
 * long. */
uint64_t track_pause_pass(struct track *track, const struct packet *packet, uint64_t time);
/* Sound is earlier by @ticks from here on. */
void track_pause_set_back(struct track *track, int64_t ticks);
/* The pair that a report of what is recorded tells: where its RTP time is the last packet's, it is of when
 * that was sent. */
struct packet track_pause_pair(const struct track *track, const struct packet *report);
/* Such a pair. True: it cannot be told yet, or not at all, which media time it is of. */
bool track_pause_report(struct track *track, const struct packet *report);
/* Nothing more can be waited for: what is held goes its way. */
void track_pause_end(struct track *track);
/* Audio: when that is, at the latest; whether it has come. */
uint64_t track_pause_deadline(const struct track *track);
void track_pause_tick(struct track *track);

/* track_orientation.c. A packet of the open file that tells how the picture is turned. */
void track_orientation_packet(struct track *track, const struct packet *packet, uint64_t time);

/* track_wish.c. Something is broken that only a key frame repairs; a picture begins, and none has come yet.
 */
void track_wish_key(struct track *track);
void track_wish_repeat(struct track *track);
/* Wish for a key frame of a layer that is not recorded. */
void track_wish_layer(struct track *track, unsigned layer);

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
