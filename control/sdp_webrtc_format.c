/* SPDX-License-Identifier: BSD-3-Clause */
/* Payload types of an offer: what each is, and which of them are wanted. */
#include "control/sdp_webrtc_offer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "control/sdp_fmtp.h"
#include "control/session_request.h"

#define INTERLEAVED 2 /* packetization-mode, RFC 6184 section 6.4: not taken */
#define RATE_MAX    1000000

static unsigned index_of(const struct sdp_webrtc_media *m, uint8_t type)
{
	unsigned i;

	for (i = 0; i < m->format_count && m->formats[i].type != type; i++)
		;
	return i;
}

static struct sdp_webrtc_format *find(struct sdp_webrtc_media *m, uint8_t type)
{
	unsigned i = index_of(m, type);

	return i < m->format_count ? &m->formats[i] : NULL;
}

const struct sdp_webrtc_format *sdp_webrtc_format_of(const struct sdp_webrtc_media *m, uint8_t type)
{
	unsigned i = index_of(m, type);

	return i < m->format_count ? &m->formats[i] : NULL;
}

/* Types 0 and 8 are PCMU and PCMA unless a=rtpmap says otherwise (RFC 3551 section 6). */
void sdp_webrtc_format_add(struct sdp_webrtc_media *m, uint8_t type)
{
	struct sdp_webrtc_format *f;

	if (find(m, type) || m->format_count == SDP_WEBRTC_TYPES)
		return;
	f = &m->formats[m->format_count++];
	*f = (struct sdp_webrtc_format){ .type = type };
	if (type == 0 || type == 8) {
		f->use = SDP_WEBRTC_CODEC;
		f->codec = type == 0 ? CODEC_PCMU : CODEC_PCMA;
		f->clock_rate = codec_info(f->codec)->clock_rate;
		strcpy(f->name, codec_info(f->codec)->name);
	}
}

static enum sdp_webrtc_use use_of(const struct sdp_webrtc_format *f, bool is_video)
{
	static const struct {
		const char *name;
		enum sdp_webrtc_use use;
	} uses[] = { { "rtx", SDP_WEBRTC_RTX }, { "red", SDP_WEBRTC_RED }, { "ulpfec", SDP_WEBRTC_ULPFEC },
		{ "flexfec", SDP_WEBRTC_FLEXFEC }, { "flexfec-03", SDP_WEBRTC_FLEXFEC } };

	if (session_request_is_rtcp_conflict(f->type))
		return SDP_WEBRTC_UNKNOWN;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (!strcasecmp(f->name, uses[i].name))
			return uses[i].use;
	}
	if (f->codec == CODECS || codec_info(f->codec)->video != is_video ||
	        codec_info(f->codec)->clock_rate != f->clock_rate ||
	        f->channels > (is_video ? 1 : codec_channels(f->codec)))
		return SDP_WEBRTC_UNKNOWN;
	return SDP_WEBRTC_CODEC;
}

/* a=rtpmap:96 VP8/90000, a=rtpmap:111 OPUS/48000/2 (RFC 8866 section 6.6; names in any case, RFC 4855 section
 * 3) */
void sdp_webrtc_format_rtpmap(struct sdp_webrtc_media *m, const char *value)
{
	struct sdp_webrtc_format *f;
	uint32_t channels = 0;
	const char *slash;
	uint8_t type;

	if (!sdp_line_payload_type(value, &type) || !(f = find(m, type)) || !(value = strchr(value, ' ')))
		return;
	f->use = SDP_WEBRTC_UNKNOWN;
	slash = strchr(++value, '/');
	if (!slash || !sdp_line_token(f->name, sizeof(f->name), value, (size_t)(slash - value)) ||
	        !sdp_line_number(slash + 1, "/ ", RATE_MAX, &f->clock_rate))
		return;
	slash = strchr(slash + 1, '/');
	if (slash && (!sdp_line_number(slash + 1, " ", UINT8_MAX, &channels) || !channels))
		return;
	f->channels = (uint8_t)channels;
	f->codec = session_request_codec(f->name);
	f->use = use_of(f, m->is_video);
}

int sdp_webrtc_format_fmtp(struct sdp_webrtc_media *m, const char *value)
{
	const char *text = strchr(value, ' ');
	struct sdp_webrtc_format *f;
	uint8_t type;

	if (!sdp_line_payload_type(value, &type) || !text || !(f = find(m, type)) || f->fmtp)
		return 0;
	f->fmtp = strdup(text + strspn(text, " "));
	return f->fmtp ? 0 : -ENOMEM;
}

/* a=rtcp-fb:96 nack pli, a=rtcp-fb:* transport-cc (RFC 4585 section 4.2) */
void sdp_webrtc_format_feedback(struct sdp_webrtc_media *m, const char *value)
{
	static const struct {
		const char *text;
		uint8_t bit;
	} kinds[] = { { "nack", MSG_FEEDBACK_NACK }, { "nack pli", MSG_FEEDBACK_PLI },
		{ "ccm fir", MSG_FEEDBACK_FIR }, { "transport-cc", MSG_FEEDBACK_TWCC },
		{ "goog-remb", MSG_FEEDBACK_REMB }, { "rrtr", MSG_FEEDBACK_RRTR } };
	const char *text = strchr(value, ' ');
	struct sdp_webrtc_format *f = NULL;
	uint8_t type, *bits = &m->feedback;
	size_t len;

	if (!text)
		return;
	if (strncmp(value, "* ", 2)) {
		f = sdp_line_payload_type(value, &type) ? find(m, type) : NULL;
		if (!f)
			return;
		bits = &f->feedback;
	}
	text += strspn(text, " ");
	for (len = strlen(text); len && text[len - 1] == ' '; len--)
		;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (len == strlen(kinds[i].text) && !strncasecmp(text, kinds[i].text, len))
			*bits |= kinds[i].bit;
	}
}

unsigned sdp_webrtc_format_number(
        const struct sdp_webrtc_format *format, const char *name, unsigned otherwise)
{
	size_t len;
	const char *value = format->fmtp ? sdp_fmtp_value(format->fmtp, name, &len) : NULL;
	uint32_t number;

	return value && sdp_line_number(value, "; ", UINT32_MAX, &number) ? number : otherwise;
}

/* How well @format of a wanted codec suits: H264 in fragments rather than single NAL units, VP9 and AV1 of
 * profile 0, which all players have. 0: not to be recorded. */
static unsigned rank(const struct sdp_webrtc_format *f)
{
	unsigned mode;

	switch (f->codec) {
	case CODEC_H264:
		mode = sdp_webrtc_format_number(f, "packetization-mode", 0);
		return mode < INTERLEAVED ? mode + 1 : 0;
	case CODEC_VP9:
		return sdp_webrtc_format_number(f, "profile-id", 0) ? 1 : 2;
	case CODEC_AV1:
		return sdp_webrtc_format_number(f, "profile", 0) ? 1 : 2;
	default:
		return 2;
	}
}

const struct sdp_webrtc_format *sdp_webrtc_format_choose(
        const struct sdp_webrtc_media *m, char *const *codecs)
{
	const struct sdp_webrtc_format *best = NULL;

	for (; !best && *codecs; codecs++) {
		enum codec codec = session_request_codec(*codecs);

		for (unsigned i = 0; i < m->format_count; i++) {
			const struct sdp_webrtc_format *f = &m->formats[i];

			if (f->use == SDP_WEBRTC_CODEC && f->codec == codec &&
			        rank(f) > (best ? rank(best) : 0))
				best = f;
		}
	}
	return best;
}

/* RED's list, "111/111", names nothing but @type (RFC 2198 section 5). */
static bool red_holds(const char *list, uint8_t type)
{
	uint32_t number;

	for (const char *at = list; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (!sdp_line_number(at, "/ ", SDP_WEBRTC_TYPES - 1, &number) || number != type)
			return false;
	}
	return true;
}

static bool goes_with(const struct sdp_webrtc_media *m, const struct sdp_webrtc_format *f,
        const struct sdp_webrtc_format *primary)
{
	if (f->clock_rate != primary->clock_rate)
		return false;
	if (f->use == SDP_WEBRTC_RTX)
		return sdp_webrtc_format_number(f, "apt", SDP_WEBRTC_TYPES) == primary->type;
	if (f->use == SDP_WEBRTC_RED && !m->is_video) /* video's carries whatever there is, and ULPFEC */
		return f->fmtp && red_holds(f->fmtp, primary->type);
	return true;
}

const struct sdp_webrtc_format *sdp_webrtc_format_with(
        const struct sdp_webrtc_media *m, enum sdp_webrtc_use use, const struct sdp_webrtc_format *primary)
{
	for (unsigned i = 0; i < m->format_count; i++) {
		const struct sdp_webrtc_format *f = &m->formats[i];

		if (f->use == use && goes_with(m, f, primary))
			return f;
	}
	return NULL;
}
