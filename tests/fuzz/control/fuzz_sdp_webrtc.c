/* SPDX-License-Identifier: BSD-3-Clause */
/* A WebRTC offer from a stranger: parsed, made into tracks, answered; what comes out must hold together. */
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "control/sdp_webrtc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_track(const struct msg_session_open *open, unsigned index)
{
	const struct msg_track *t = &open->tracks[index];

	if (t->codec >= CODECS || t->payload_type > 127 || (t->payload_type >= 64 && t->payload_type <= 95) ||
	        !*t->id || t->layer_of > index || strlen(t->mid) > LIMIT_MID_BYTES)
		abort();
	if (!codec_info(t->codec)->video && (!t->channels || t->channels > codec_channels(t->codec)))
		abort();
	if (t->layer_of && (!*t->rid || open->tracks[t->layer_of - 1].layer_of))
		abort();
	for (unsigned i = 0; i < index; i++) {
		if (!strcmp(open->tracks[i].id, t->id) ||
		        (t->ssrc_known && open->tracks[i].ssrc_known && open->tracks[i].ssrc == t->ssrc))
			abort();
	}
}

/* Nothing of the offer breaks out of its line. */
static void check_answer(const char *answer)
{
	if (strncmp(answer, "v=0\r\n", 5))
		abort();
	for (const char *at = answer; *at; at++) {
		if ((unsigned char)*at < ' ' && strncmp(at, "\r\n", 2) && (*at != '\n' || at[-1] != '\r'))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *codecs[] = { (char *)"AV1", (char *)"H264", (char *)"VP9", (char *)"VP8", (char *)"PCMU",
		(char *)"opus", NULL };
	static char *addresses[] = { (char *)"10.77.0.1/24", (char *)"fd00::1/64", NULL };
	static char *public_addresses[] = { (char *)"192.0.2.7", NULL };
	struct conf conf = { .ingest_codecs = codecs,
		.ingest_address = addresses,
		.ingest_public_address = public_addresses,
		.ingest_simulcast = size % 2 ? CONF_SIMULCAST_ALL : CONF_SIMULCAST_BEST };
	static struct msg_session_open open;
	struct dtls_fingerprint peers[SDP_WEBRTC_FINGERPRINTS];
	struct sdp_webrtc_offer *offer;
	char why[LIMIT_REASON_BYTES + 1], *answer;
	unsigned count;

	if (sdp_webrtc_parse(&offer, (const char *)data, size, why))
		return 0;
	memset(&open, 0, sizeof(open));
	strcpy(open.participant, "alice");
	strcpy(open.ice.ufrag, "abcdefgh");
	strcpy(open.ice.pwd, "0123456789abcdef01234567");
	open.port = 3478;
	if (!sdp_webrtc_tracks(&open, offer, &conf, why)) {
		count = sdp_webrtc_fingerprints(offer, peers);
		if (!count || count > SDP_WEBRTC_FINGERPRINTS || !*open.ice.remote_ufrag)
			abort();
		for (unsigned i = 0; i < open.track_count; i++)
			check_track(&open, i);
		answer = sdp_webrtc_answer(offer, &open, &conf, "sha-256 00:11");
		check_answer(answer);
		free(answer);
	}
	sdp_webrtc_free(offer);
	return 0;
}
