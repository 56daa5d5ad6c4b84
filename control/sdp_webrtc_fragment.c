/* SPDX-License-Identifier: BSD-3-Clause */
/* SDP fragments for trickle ICE (RFC 8840 section 9), as WHIP has them (RFC 9725 section 4.3):
 *
 *   a=ice-ufrag:EsAw
 *   a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
 *   m=audio 9 UDP/TLS/RTP/SAVPF 0
 *   a=mid:0
 *   a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host
 *   a=end-of-candidates
 */
#include "control/sdp_webrtc_offer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATE_WORDS 8 /* foundation to type (RFC 8839 section 5.1) */
#define UFRAG_MIN       4 /* RFC 8839 section 5.4 */
#define PWD_MIN         22
#define PWD_MAX         256

static const char *read_ufrag(struct sdp_fragment *f, const char *value)
{
	char ufrag[LIMIT_ICE_UFRAG_BYTES + 1];

	if (!sdp_line_token(ufrag, sizeof(ufrag), value, strlen(value)) || strchr(value, ':') ||
	        strlen(ufrag) < UFRAG_MIN)
		return "a=ice-ufrag is too short, too long or no token";
	if (*f->ufrag && strcmp(f->ufrag, ufrag))
		return "two of a=ice-ufrag that differ";
	memcpy(f->ufrag, ufrag, sizeof(f->ufrag));
	return NULL;
}

static const char *read_pwd(struct sdp_fragment *f, const char *value)
{
	size_t len = strlen(value);

	if (len < PWD_MIN || len > PWD_MAX)
		return "a=ice-pwd is too short or too long";
	f->has_pwd = true;
	return NULL;
}

/* Those that are looked at have all their parts; of what they name nothing is needed. */
static const char *read_candidate(struct sdp_fragment *f, const char *value)
{
	const char *word;
	unsigned words = 0;
	bool has_type = false;

	if (++f->candidates > LIMIT_SDP_CANDIDATES)
		return NULL;
	for (size_t n; (n = sdp_line_word(&value, &word)); words++)
		has_type = has_type || (words == CANDIDATE_WORDS - 2 && n == 3 && !strncmp(word, "typ", 3));
	return words >= CANDIDATE_WORDS && has_type ? NULL : "a=candidate is cut or broken";
}

static const char *read_line(struct sdp_fragment *f, const char *line)
{
	const char *text = line + 2, *value;

	if (!sdp_line_is_sound(line))
		return "a line is a letter, '=' and a value";
	if (*line != 'a')
		return NULL;
	if ((value = sdp_line_value(text, "ice-ufrag")))
		return read_ufrag(f, value);
	if ((value = sdp_line_value(text, "ice-pwd")))
		return read_pwd(f, value);
	if ((value = sdp_line_value(text, "candidate")))
		return read_candidate(f, value);
	f->end_of_candidates = f->end_of_candidates || !strcmp(text, "end-of-candidates");
	return NULL;
}

int sdp_webrtc_fragment(
        struct sdp_fragment *ret_fragment, const char *text, size_t len, char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct sdp_fragment f = { 0 };
	struct sdp_lines lines;
	const char *why;
	int r;

	sdp_line_begin(&lines, text, len);
	while ((r = sdp_line_next(&lines, ret_why)) > 0) {
		why = read_line(&f, lines.text);
		lines.passed_over += !strncmp(lines.text, "a=candidate:", strlen("a=candidate:"));
		if (why)
			return sdp_line_refuse(&lines, ret_why, "%s", why);
	}
	if (!r && !*f.ufrag && !f.candidates && !f.end_of_candidates) {
		snprintf(ret_why, LIMIT_REASON_BYTES + 1, "a fragment has credentials or candidates");
		r = -EINVAL;
	}
	if (!r)
		*ret_fragment = f;
	return r;
}

char *sdp_webrtc_fragment_answer(
        const struct msg_ice *ice, const struct msg_track *track, const struct conf *conf, uint16_t port)
{
	const char *kind = codec_info(track->codec)->video ? "video" : "audio";

	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, "a=ice-lite\r\nm=%s 9 UDP/TLS/RTP/SAVPF %u\r\n", kind, track->payload_type);
	if (*track->mid)
		fprintf(out, "a=mid:%s\r\n", track->mid);
	fprintf(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", ice->ufrag, ice->pwd);
	sdp_webrtc_candidates_print(out, conf, port);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
