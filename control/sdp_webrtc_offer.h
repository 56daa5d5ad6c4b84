/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a parsed WebRTC offer, for the sdp_webrtc_*.c files only. What an offer says is kept as it
 * was said; what becomes of it is chosen by sdp_webrtc_tracks.c. */
#ifndef CONTROL_SDP_WEBRTC_OFFER_H
#define CONTROL_SDP_WEBRTC_OFFER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "control/sdp_line.h"
#include "control/sdp_webrtc.h"

#define SDP_WEBRTC_WORD   64  /* longest media name, transport, mid, format that is kept, with terminator */
#define SDP_WEBRTC_TYPES  128 /* payload types */
#define SDP_WEBRTC_LAYERS 8   /* of one simulcast that are looked at */
#define SDP_WEBRTC_TAKEN  4   /* of these, as many as a track can be made of (writers/track.h) */
#define SDP_WEBRTC_RIDS   16  /* a=rid lines of one m-line that are looked at */

/* What a payload type is, by its a=rtpmap. */
enum sdp_webrtc_use {
	SDP_WEBRTC_UNKNOWN,
	SDP_WEBRTC_CODEC,
	SDP_WEBRTC_RTX,     /* RFC 4588 */
	SDP_WEBRTC_RED,     /* RFC 2198 */
	SDP_WEBRTC_ULPFEC,  /* RFC 5109 */
	SDP_WEBRTC_FLEXFEC, /* RFC 8627, and its draft 03 */
};

struct sdp_webrtc_format {
	uint8_t type;
	enum sdp_webrtc_use use;
	enum codec codec; /* of SDP_WEBRTC_CODEC */
	uint8_t channels; /* as a=rtpmap says it; 0: it does not */
	uint8_t feedback; /* MSG_FEEDBACK_… */
	uint32_t clock_rate;
	char name[LIMIT_CODEC_BYTES + 1]; /* as offered: whoever compares it with capitals gets them back */
	char *fmtp;                       /* the first a=fmtp; NULL: none */
};

/* a=rid of what the peer sends (RFC 8851). */
struct sdp_webrtc_rid {
	char rid[LIMIT_RID_BYTES + 1];
	bool has_types;    /* pt=: only these payload types */
	uint64_t types[2]; /* a bit each */
	uint64_t pixels;   /* of max-width and max-height, or max-fs; 0: not said */
	uint64_t max_bps;  /* max-br; 0: not said */
};

/* What tells of a transport (RFC 8843 section 9: in bundles, of the first m-line that has it). */
struct sdp_webrtc_transport {
	char ufrag[LIMIT_ICE_UFRAG_BYTES + 1]; /* empty: not said */
	bool has_pwd;
	bool has_setup, is_passive, is_hold; /* a=setup */
	bool has_fingerprint;                /* of any hash */
	unsigned fingerprint_count;
	struct dtls_fingerprint fingerprints[SDP_WEBRTC_FINGERPRINTS];
};

struct sdp_webrtc_extension {
	uint8_t id;        /* 0: not offered */
	bool has_sendonly; /* its direction is said: the answer says recvonly */
};

struct sdp_webrtc_media {
	char kind[SDP_WEBRTC_WORD], protocol[SDP_WEBRTC_WORD], first_format[SDP_WEBRTC_WORD];
	char mid[SDP_WEBRTC_WORD]; /* empty: none */
	const char *refusal;       /* static; NULL: it can be served, if a codec of it is wanted */
	unsigned number;           /* 0, 1, … */
	enum sdp_direction direction;
	bool is_video, has_port;
	bool is_bundle_only, is_bundled, has_rtcp_mux, has_rtcp_rsize, allows_mixed;
	struct sdp_webrtc_transport transport;
	unsigned format_count;
	struct sdp_webrtc_format formats[SDP_WEBRTC_TYPES]; /* in the m-line's order */
	uint8_t feedback;                                   /* of a=rtcp-fb:* */
	char rtcp_xr_rtt[8]; /* "all", "sender": mode of a=rtcp-xr:rcvr-rtt (RFC 3611 section 5.1) */
	struct sdp_webrtc_extension extensions[MSG_EXTENSIONS];
	bool has_ssrc, has_rtx_ssrc, has_fec_ssrc;
	uint32_t ssrc, rtx_ssrc, fec_ssrc;
	unsigned rid_count, layer_count;
	struct sdp_webrtc_rid rids[SDP_WEBRTC_RIDS];
	char layers[SDP_WEBRTC_LAYERS][LIMIT_RID_BYTES + 1]; /* of a=simulcast, in its order */
	bool is_old_simulcast;                               /* "send rid=a;b", of drafts before RFC 8853 */
};

struct sdp_webrtc_offer {
	uint32_t max_bitrate_bps; /* of sdp_webrtc_bound */
	struct sdp_webrtc_transport transport;
	struct sdp_webrtc_extension extensions[MSG_EXTENSIONS];
	char bundle[SDP_LINE_BYTES]; /* mids of a=group:BUNDLE, a space before and behind each */
	char rtcp_xr_rtt[8];
	enum sdp_direction direction;
	bool is_lite, allows_mixed;
	unsigned media_count;
	struct sdp_webrtc_media *media[SDP_WEBRTC_MEDIA];
};

/* sdp_webrtc_media.c: the m-line of @value ("audio 9 UDP/TLS/RTP/SAVPF 111"). 0; -EINVAL with *ret_why
 * (static); -ENOMEM. To be freed. */
int sdp_webrtc_media_create(struct sdp_webrtc_media **ret_media, const char *value, const char **ret_why);
void sdp_webrtc_media_free(struct sdp_webrtc_media *media);

/* An attribute of @media, or of the session (@media NULL). 0; -EINVAL with *ret_why (static); -ENOMEM. */
int sdp_webrtc_media_attribute(struct sdp_webrtc_offer *offer, struct sdp_webrtc_media *media,
        const char *text, const char **ret_why);

/* sdp_webrtc_format.c: a=rtpmap, a=fmtp (0, -ENOMEM), a=rtcp-fb of @media. What makes no sense is passed
 * over. */
void sdp_webrtc_format_add(struct sdp_webrtc_media *media, uint8_t type);
void sdp_webrtc_format_rtpmap(struct sdp_webrtc_media *media, const char *value);
int sdp_webrtc_format_fmtp(struct sdp_webrtc_media *media, const char *value);
void sdp_webrtc_format_feedback(struct sdp_webrtc_media *media, const char *value);

/* The format of payload type @type, or NULL. */
const struct sdp_webrtc_format *sdp_webrtc_format_of(const struct sdp_webrtc_media *media, uint8_t type);

/* A number among @format's parameters, or @otherwise. */
unsigned sdp_webrtc_format_number(
        const struct sdp_webrtc_format *format, const char *name, unsigned otherwise);

/* The format of @media to record, by @codecs (ingest.codecs, the most wanted first); NULL: none is wanted. */
const struct sdp_webrtc_format *sdp_webrtc_format_choose(
        const struct sdp_webrtc_media *media, char *const *codecs);

/* The first of @use that goes with @primary (by apt=, RED's list, the clock rate); NULL: none. */
const struct sdp_webrtc_format *sdp_webrtc_format_with(const struct sdp_webrtc_media *media,
        enum sdp_webrtc_use use, const struct sdp_webrtc_format *primary);

/* sdp_webrtc_simulcast.c: a=rid (RFC 8851) and a=simulcast (RFC 8853) of @media. */
void sdp_webrtc_simulcast_rid(struct sdp_webrtc_media *media, const char *value);
void sdp_webrtc_simulcast_list(struct sdp_webrtc_media *media, const char *value);

/* The layers of payload type @type, the best first as far as the offer tells. Returns how many; 0: no
 * simulcast. */
unsigned sdp_webrtc_simulcast_layers(
        const struct sdp_webrtc_media *media, uint8_t type, const char *ret_rids[SDP_WEBRTC_TAKEN]);

/* sdp_webrtc_tracks.c: the first track of @media in @open, NULL: it is refused; and the m-line whose
 * transport all use (RFC 9143 section 7.3), NULL: none is served. */
const struct msg_track *sdp_webrtc_tracks_of(
        const struct msg_session_open *open, const struct sdp_webrtc_media *media);
const struct sdp_webrtc_media *sdp_webrtc_tracks_first(
        const struct msg_session_open *open, const struct sdp_webrtc_offer *offer);

/* The m-line of that mid, or NULL. */
const struct sdp_webrtc_media *sdp_webrtc_media_find(
        const struct sdp_webrtc_offer *offer, const char *mid, size_t len);

/* sdp_webrtc_candidates.c: our candidates (RFC 8839 section 5.1) and a=end-of-candidates, each a line. */
void sdp_webrtc_candidates_print(FILE *out, const struct conf *conf, uint16_t port);

#endif
