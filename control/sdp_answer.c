/* SPDX-License-Identifier: BSD-3-Clause */
/* From an offer to a session's tracks, and the answer (RFC 3264 section 6). */
#include "control/sdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/id.h"
#include "base/base64.h"
#include "control/session_request.h"

static void fill_track(struct msg_track *track, const struct sdp_media *m, unsigned line)
{
	const struct profile_info *profile = profile_info(m->crypto.profile);

	*track = (struct msg_track){
		.codec = (uint8_t)m->codec,
		.profile = (uint8_t)m->crypto.profile,
		.payload_type = m->payload_type,
		.channels = m->channels,
		.ssrc_known = m->ssrc_known,
		.ssrc = m->ssrc,
		.clock_rate = codec_info(m->codec)->clock_rate,
	};
	if (*m->label)
		memcpy(track->id, m->label, sizeof(track->id));
	else
		snprintf(track->id, sizeof(track->id), "%s%u",
		        codec_info(m->codec)->video ? "video" : "audio", line);
	if (m->codec == CODEC_H264) {
		track->parameter_set_bytes = m->h264.parameter_set_bytes;
		memcpy(track->parameter_sets, m->h264.parameter_sets, m->h264.parameter_set_bytes);
	}
	memcpy(track->key, m->crypto.key, sizeof(track->key));
	id_random(track->send_key, profile->key_bytes + (size_t)profile->salt_bytes);
}

int sdp_tracks(
        struct msg_session_open *open, const struct sdp_offer *offer, char ret_why[LIMIT_REASON_BYTES + 1])
{
	open->track_count = 0;
	for (unsigned i = 0; i < offer->media_count; i++) {
		if (offer->media[i].refusal)
			continue;
		if (open->track_count == LIMIT_TRACKS_PER_SESSION) {
			snprintf(ret_why, LIMIT_REASON_BYTES + 1, "more than %u m-lines with media",
			        LIMIT_TRACKS_PER_SESSION);
			return -E2BIG;
		}
		fill_track(&open->tracks[open->track_count++], &offer->media[i], i);
	}
	if (open->track_count)
		return 0;
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "no m-line can be taken; the first: %s",
	        offer->media[0].refusal);
	return -ENOENT;
}

static void print_head(
        FILE *out, const struct sdp_offer *offer, const struct msg_session_open *open, const char *address)
{
	const char *family = open->addr.family == 6 ? "IP6" : "IP4";
	bool any = false;

	fprintf(out, "v=0\r\no=wirespool %" PRIu64 " 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=%s\r\n",
	        open->opened_unix_ns, family, address, family, address, offer->time);
	for (unsigned i = 0; i < offer->media_count; i++) {
		const struct sdp_media *m = &offer->media[i];

		if (!m->is_bundled || m->refusal)
			continue;
		fprintf(out, "%s %s", any ? "" : "a=group:BUNDLE", m->mid);
		any = true;
	}
	if (any)
		fputs("\r\n", out);
}

static void print_crypto(FILE *out, const struct sdp_crypto *crypto, const struct msg_track *track)
{
	const struct profile_info *profile = profile_info(track->profile);
	char key[BASE64_BYTES(PROFILE_KEY_BYTES)];

	base64_encode(key, track->send_key, profile->key_bytes + (size_t)profile->salt_bytes);
	fprintf(out, "a=crypto:%u %s inline:%s\r\n", crypto->tag, profile->name, key);
	explicit_bzero(key, sizeof(key));
}

/* The format's configuration is the offer's, unchanged (RFC 6184 section 8.2.2). */
static void print_h264(FILE *out, const struct sdp_media *m)
{
	fprintf(out, "a=fmtp:%u packetization-mode=%u", m->payload_type, m->h264.packetization_mode);
	if (*m->h264.profile)
		fprintf(out, ";profile-level-id=%s", m->h264.profile);
	fputs("\r\n", out);
}

static void print_media(FILE *out, const struct sdp_media *m, const struct msg_track *track, uint16_t port)
{
	size_t transport = strlen(m->transport);

	fprintf(out, "m=%s %u %s %u\r\n", m->kind, port, m->transport, m->payload_type);
	if (*m->mid)
		fprintf(out, "a=mid:%s\r\n", m->mid);
	fprintf(out, "a=recvonly\r\na=rtpmap:%u %s/%u%s\r\n", m->payload_type, codec_info(m->codec)->name,
	        track->clock_rate, codec_channels(m->codec) == 2 ? "/2" : "");
	if (m->codec == CODEC_H264)
		print_h264(out, m);
	if (m->crypto.profile != PROFILE_PLAIN)
		print_crypto(out, &m->crypto, track);
	if (m->has_pli && m->transport[transport - 1] == 'F')
		fprintf(out, "a=rtcp-fb:%u nack pli\r\n", m->payload_type);
	if (m->has_rtcp_mux)
		fputs("a=rtcp-mux\r\n", out);
	else
		fprintf(out, "a=rtcp:%u\r\n", port + 1u);
}

char *sdp_answer(const struct sdp_offer *offer, const struct msg_session_open *open)
{
	char address[INET6_ADDRSTRLEN] = "", *text = NULL;
	unsigned track = 0;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	inet_ntop(open->addr.family == 6 ? AF_INET6 : AF_INET, open->addr.bytes, address, sizeof(address));
	print_head(out, offer, open, address);
	for (unsigned i = 0; i < offer->media_count; i++) {
		const struct sdp_media *m = &offer->media[i];

		if (!m->refusal) {
			print_media(out, m, &open->tracks[track++], open->port);
			continue;
		}
		fprintf(out, "m=%s 0 %s %s\r\n", m->kind, m->transport, m->format);
		if (*m->mid)
			fprintf(out, "a=mid:%s\r\n", m->mid);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
