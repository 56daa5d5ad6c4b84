/* SPDX-License-Identifier: BSD-3-Clause */
/* WebRTC's SDP (RFC 8866, RFC 9429, RFC 9143, RFC 8839, RFC 8842, RFC 8843, RFC 8853): offers of publishers,
 * and our answers: ice-lite, DTLS passive, recvonly, one bundled transport with rtcp-mux. Pure: text in, text
 * out; any thread.
 *
 * An m-line is served when it is audio or video over UDP/TLS/RTP/SAVPF (or TCP/…, UDP/TLS/RTP/SAVP, RTP/SAVPF
 * as old stacks write it), its peer sends, and one of its codecs is in the list of ours; data channels and
 * all else are answered with port 0. What is offered at session level (fingerprint, setup, ice-ufrag, …)
 * holds for each m-line that does not say otherwise.
 */
#ifndef CONTROL_SDP_WEBRTC_H
#define CONTROL_SDP_WEBRTC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/msg.h"
#include "control/dtls.h"

#define SDP_WEBRTC_MEDIA        32
#define SDP_WEBRTC_FINGERPRINTS 4

struct conf;
struct sdp_webrtc_offer; /* a parsed offer, opaque */

/* Parse an offer. 0; -EINVAL: a sentence in @ret_why that names the line; -ENOTSUP: sound, but it cannot be
 * served (no bundle or rtcp-mux, no usable fingerprint, …), with the reason; -ENOMEM. To be freed. */
int sdp_webrtc_parse(struct sdp_webrtc_offer **ret_offer, const char *text, size_t len,
        char ret_why[LIMIT_REASON_BYTES + 1]);
void sdp_webrtc_free(struct sdp_webrtc_offer *offer);

/* Have each video track's sender asked for no more than @bps, beside ingest.max_bitrate_kbps; 0: no bound. */
void sdp_webrtc_bound(struct sdp_webrtc_offer *offer, uint32_t bps);

/* The tracks, extensions and the peer's ufrag, into @open (whose participant is set), by ingest.codecs,
 * .simulcast and .max_bitrate_kbps. Track ids: participant (of a long one the beginning and a hash), kind and
 * number of the m-line ("alice-video0"), of a layer with "-" and the rid too, but for the best of
 * simulcast=best. 0; -ENOENT: no m-line can be served, with the first refusal in @ret_why; -E2BIG: too many
 * tracks. */
int sdp_webrtc_tracks(struct msg_session_open *open, const struct sdp_webrtc_offer *offer,
        const struct conf *conf, char ret_why[LIMIT_REASON_BYTES + 1]);

/* The certificates that the peer may have. Returns how many, stored in @ret_list. */
unsigned sdp_webrtc_fingerprints(
        const struct sdp_webrtc_offer *offer, struct dtls_fingerprint ret_list[SDP_WEBRTC_FINGERPRINTS]);

/* The answer for @open, that runs; @fingerprint is ours. malloc'ed; NULL: no memory. */
char *sdp_webrtc_answer(const struct sdp_webrtc_offer *offer, const struct msg_session_open *open,
        const struct conf *conf, const char *fingerprint);

/* A body of application/trickle-ice-sdpfrag (RFC 8840). */
struct sdp_fragment {
	char ufrag[LIMIT_ICE_UFRAG_BYTES + 1]; /* empty: none */
	bool has_pwd;
	unsigned candidates; /* counted; as the lite side we need none of them */
	bool end_of_candidates;
};
int sdp_webrtc_fragment(struct sdp_fragment *ret_fragment, const char *text, size_t len,
        char ret_why[LIMIT_REASON_BYTES + 1]);

/* The answer to an ICE restart: a fragment with our credentials and candidates, under the m-line of @track,
 * the session's first (RFC 8840 section 9: candidates are of an m-line). malloc'ed; NULL: no memory. */
char *sdp_webrtc_fragment_answer(
        const struct msg_ice *ice, const struct msg_track *track, const struct conf *conf, uint16_t port);

#endif
