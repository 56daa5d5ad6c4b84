/* SPDX-License-Identifier: BSD-3-Clause */
/* SDP offers of senders (RFC 8866, RFC 3264) over RTP/AVP, AVPF, SAVP or SAVPF with keys in a=crypto (RFC
 * 4568, RFC 7714 section 14), and the answers to them. Pure: text in, text out; any thread. WebRTC's offers
 * (DTLS) are not taken here.
 *
 * A key beside RTP/AVP is taken too, and then SRTP is expected: ffmpeg writes its offers so.
 *
 * An m-line becomes a track when its sender sends (sendrecv or sendonly), its transport is one of the four, a
 * codec of ours is among its formats, and, for SAVP, an a=crypto line of it can be used. Others are answered
 * with port 0. Payload types 0 and 8 need no a=rtpmap (RFC 3551 section 6). All tracks share one port and are
 * told apart by payload type or a=ssrc. Track ids: a=label
 * (RFC 4574), else kind and number of the m-line, "video0".
 */
#ifndef CONTROL_SDP_H
#define CONTROL_SDP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/msg.h"
#include "control/sdp_fmtp.h"

#define SDP_MEDIA 32 /* m-lines looked at */
#define SDP_WORD  64 /* longest media name, transport, mid, format that is kept, with terminator */

/* What the keys of one a=crypto line come down to. */
struct sdp_crypto {
	uint32_t tag;
	enum profile profile; /* PROFILE_PLAIN: none */
	uint8_t key[PROFILE_KEY_BYTES];
};

struct sdp_media {
	char kind[SDP_WORD], transport[SDP_WORD], format[SDP_WORD]; /* as offered; the first format */
	char mid[SDP_WORD], label[LIMIT_TRACK_ID_BYTES + 1];        /* empty: none */
	const char *refusal; /* NULL: it becomes a track; else why not, static */
	bool is_bundled, has_rtcp_mux, has_pli;
	uint8_t payload_type, channels;
	enum codec codec;
	bool ssrc_known;
	uint32_t ssrc;
	struct sdp_crypto crypto;
	struct sdp_h264 h264;
};

struct sdp_offer {
	char name[LIMIT_ROOM_BYTES + 1]; /* s=; empty when it says nothing ("-", " ") */
	char time[SDP_WORD];             /* t=, given back in the answer */
	unsigned media_count;
	struct sdp_media media[SDP_MEDIA];
};

/* Parse an offer. 0, or -EINVAL with a sentence in @ret_why that names the line. @ret_offer holds keys: to be
 * wiped. */
int sdp_parse(
        struct sdp_offer *ret_offer, const char *text, size_t len, char ret_why[LIMIT_REASON_BYTES + 1]);

/* The tracks of @open from the offer, each with a fresh key for our SRTCP. 0; -ENOENT when no m-line becomes
 * a track, with the first refusal in @ret_why; -E2BIG when there are too many. */
int sdp_tracks(
        struct msg_session_open *open, const struct sdp_offer *offer, char ret_why[LIMIT_REASON_BYTES + 1]);

/* The answer for @open, that runs: malloc'ed, holds keys; NULL: no memory. */
char *sdp_answer(const struct sdp_offer *offer, const struct msg_session_open *open);

#endif
