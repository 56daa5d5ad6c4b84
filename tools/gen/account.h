/* SPDX-License-Identifier: BSD-3-Clause */
/* The exact account of what one flow sent: told packet by packet, printed as JSON at the end. One thread. */
#ifndef TOOLS_GEN_ACCOUNT_H
#define TOOLS_GEN_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tools/gen/clip.h"
#include "tools/gen/impair.h"

struct jsonw;

/* COUNT(field, sentence): each is a field of the JSON, per flow and in the totals. */
#define ACCOUNT_TABLE(COUNT)                                                                                 \
	COUNT(packets_made, "sequence numbers used")                                                         \
	COUNT(packets_sent, "different packets that a receiver should accept, malformed ones among them")    \
	COUNT(dropped, "packets never sent")                                                                 \
	COUNT(corrupted, "packets sent with a flipped byte")                                                 \
	COUNT(truncated, "packets sent cut short")                                                           \
	COUNT(truncated_in_header, "of these, cut inside the RTP header")                                    \
	COUNT(malformed, "packets sent whose payload descriptor lies")                                       \
	COUNT(wrong_key, "packets protected with another key than the receiver has")                         \
	COUNT(duplicated, "packets sent a second time at once")                                              \
	COUNT(replayed, "older packets sent again")                                                          \
	COUNT(reordered, "packets sent after a later one")                                                   \
	COUNT(delayed, "packets held back, whether or not another overtook them")                            \
	COUNT(datagrams, "RTP datagrams sent, all of the above")                                             \
	COUNT(bytes, "UDP payload bytes of these")                                                           \
	COUNT(gap_packets, "packets that a receiver cannot have: the sum over gaps")                         \
	COUNT(frames_made, "frames, pictures or Opus packets begun")                                         \
	COUNT(frames_intact, "frames whose packets were all sent unharmed")                                  \
	COUNT(frame_bytes, "codec bytes of the intact frames")                                               \
	COUNT(key_frames, "key frames among frames_made; for Opus, all")                                     \
	COUNT(key_frames_intact, "key frames among frames_intact")                                           \
	COUNT(ssrc_changes, "times the SSRC changed")                                                        \
	COUNT(restarts, "times sequence and time began anew")                                                \
	COUNT(rtcp_sent, "RTCP datagrams sent")                                                              \
	COUNT(byes_sent, "BYEs among them")                                                                  \
	COUNT(plis_received, "key frame requests (PLI, FIR) that came back")                                 \
	COUNT(key_frames_forced, "jumps to a key frame because of them")                                     \
	COUNT(reports_received, "report blocks about this flow that came back")

#define ACCOUNT_FIELD(field, sentence) uint64_t field;
struct account_counts {
	ACCOUNT_TABLE(ACCOUNT_FIELD)
};

/* Extended sequence numbers first to last never came whole; cause IMPAIR_FATES: several. */
struct account_gap {
	uint64_t first, last, rtp_time;
	enum impair_fate cause;
};

/* What is told apart by SSRC and a restart: sequence numbers rise by one within it. */
struct account_stream {
	uint32_t ssrc;
	bool begun;
	uint64_t first_seq, last_seq; /* extended: the wraps are counted, beginning from 0 */
	uint64_t first_rtp, last_rtp; /* unwrapped likewise */
	uint64_t packets_made, packets_sent, frames_intact;
	struct account_gap *gaps;
	size_t gap_count, gap_room;
};

struct account {
	struct account_counts counts;
	struct account_stream *streams;
	size_t stream_count;
	int error; /* 0 or -ENOMEM: the gaps are not all here */
	struct {
		uint32_t fraction_lost;
		int32_t lost;
		uint32_t highest_seq;
	} report; /* the last report block */
};

struct account_packet {
	enum impair_fate fate;
	bool accepted; /* what a receiver should take: whether it fills its place in the sequence */
	uint64_t seq, rtp_time;
};

void account_free(struct account *account);

/* A stream begins: the packets and frames that follow are its. 0 or -ENOMEM. */
int account_begin_stream(struct account *account, uint32_t ssrc);
/* A packet was made and its fate is known. In the order of sequence numbers. */
void account_packet(struct account *account, const struct account_packet *packet);
/* A frame was made. */
void account_frame(struct account *account, const struct clip_frame *frame, bool intact);

void account_add(struct account_counts *sum, const struct account_counts *more);
/* Print the counts as members of the object that is open, and a flow's streams as the member "streams":
 * [{"ssrc", "first_seq", …, "gaps": [{"first", "last", "packets", "rtp_time", "cause", "where"}]}], where
 * "where" is head, inside or tail of the stream: a receiver can know only of those inside. */
void account_print_counts(const struct account_counts *counts, struct jsonw *w);
void account_print_streams(const struct account *account, struct jsonw *w);

#endif
