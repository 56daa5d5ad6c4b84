/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/whip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/id.h"
#include "base/log.h"
#include "tools/gen/api.h"
#include "tools/gen/options.h"
#include "tools/gen/roster.h"

#define PATH_BYTES (64 + 3 * (LIMIT_ROOM_BYTES + LIMIT_PARTICIPANT_BYTES))
#define LINE_BYTES 256 /* of a candidate that is looked at */

/* Of ice-char, RFC 8839 section 5.4. */
static void random_text(char *out, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t bytes[64];

	id_random(bytes, size - 1);
	for (size_t i = 0; i < size - 1; i++)
		out[i] = digits[bytes[i] & 63];
	out[size - 1] = '\0';
}

/* @text with all but letters and digits as %XX. */
static void escape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + sizeof("%XX") <= size; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		             c == '-';
		n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02X", c);
	}
	out[n] = '\0';
}

static void write_track(FILE *f, const struct roster_track *t, unsigned mid, const struct options *o)
{
	const struct codec_info *codec = codec_info(t->cfg.codec);
	unsigned type = t->cfg.payload_type;

	fprintf(f,
	        "m=%s 9 UDP/TLS/RTP/SAVPF %u\r\nc=IN IP4 0.0.0.0\r\na=mid:%u\r\na=sendonly\r\na=rtcp-mux\r\n",
	        codec->video ? "video" : "audio", type, mid);
	fprintf(f, "a=rtpmap:%u %s/%u%s\r\n", type, codec->name, codec->clock_rate, codec->video ? "" : "/2");
	if (codec->video)
		fprintf(f, "a=rtcp-fb:%u nack pli\r\na=rtcp-fb:%u ccm fir\r\n", type, type);
	if (!o->omit_ssrc)
		fprintf(f, "a=ssrc:%u cname:gen\r\n", t->cfg.ssrc);
}

static char *make_offer(const struct roster *roster, const struct roster_session *s, const char *fingerprint,
        const struct options *o)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fprintf(f, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
	for (unsigned i = 0; i < s->track_count; i++)
		fprintf(f, " %u", i);
	fprintf(f, "\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\na=setup:actpass\r\n",
	        s->ufrag, s->pwd, fingerprint);
	for (unsigned i = 0; i < s->track_count; i++)
		write_track(f, &roster->tracks[s->first_track + i], i, o);
	return fclose(f) ? NULL : text;
}

/* The first line of @text that begins with @name: what follows the name. NULL: there is none. */
static const char *find_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	while (strncmp(text, name, len)) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return text + len;
}

/* The rest of the first line that begins with @name; false: there is none that fits. */
static bool take_value(const char *text, const char *name, char *out, size_t size)
{
	const char *at = find_line(text, name);
	size_t len = at ? strcspn(at, "\r\n") : 0;

	if (!len || len >= size)
		return false;
	memcpy(out, at, len);
	out[len] = '\0';
	return true;
}

/* a=candidate:1 1 udp 2130706431 10.77.0.1 3478 typ host (RFC 8839 section 5.1): the first of a family that
 * we send by (IPv4, or what --bind is) */
static bool take_candidate(struct roster_session *s, const char *text, const struct options *o)
{
	bool want_v6 = o->bind_len && o->bind.ss_family == AF_INET6;

	while ((text = find_line(text, "a=candidate:"))) {
		char line[LINE_BYTES], transport[4], address[INET6_ADDRSTRLEN];
		unsigned port;
		int end = 0;

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\r\n"), text);
		sscanf(line, "%*s 1 %3s %*u %45s %5u typ host%n", transport, address, &port, &end);
		if (end && (line[end] == ' ' || !line[end]) && !strcasecmp(transport, "udp") &&
		        (strchr(address, ':') != NULL) == want_v6 && !roster_set_address(s, address, port))
			return true;
	}
	return false;
}

/* The path of the session's resource, whose last part is the session's id. */
static bool take_location(struct roster_session *s, const char *location)
{
	const char *id = strrchr(location, '/');
	size_t len = id ? strlen(id + 1) : 0;

	if (location[0] != '/' || location[1] == '/' || !len || len >= sizeof(s->id) ||
	        strpbrk(location, "?#"))
		return false;
	memcpy(s->id, id + 1, len + 1);
	snprintf(s->location, sizeof(s->location), "%s", location);
	return true;
}

/* The location first: a session whose answer is of no use is there all the same, and has to be ended. */
static int take_answer(
        struct roster_session *s, const char *path, const struct api_answer *answer, const struct options *o)
{
	const char *lacks = NULL;

	if (!take_location(s, answer->location))
		lacks = "absolute path of a session in Location";
	else if (!take_value(answer->text, "a=ice-ufrag:", s->remote_ufrag, sizeof(s->remote_ufrag)) ||
	         !take_value(answer->text, "a=ice-pwd:", s->remote_pwd, sizeof(s->remote_pwd)))
		lacks = "ICE credentials";
	else if (!take_candidate(s, answer->text, o))
		lacks = "candidate by UDP of the family that we send by";
	if (!lacks)
		return 0;
	log_error("POST %s: the answer has no %s", path, lacks);
	return -EPROTO;
}

int whip_open(struct api *api, struct roster *roster, unsigned index, const char *fingerprint,
        const struct options *options)
{
	struct roster_session *s = &roster->sessions[index];
	char path[PATH_BYTES], room[3 * LIMIT_ROOM_BYTES + 1], participant[3 * LIMIT_PARTICIPANT_BYTES + 1];
	struct api_answer answer;
	char *offer;
	int status;

	random_text(s->ufrag, sizeof(s->ufrag));
	random_text(s->pwd, sizeof(s->pwd));
	for (unsigned i = 0; i < s->track_count; i++)
		roster->tracks[s->first_track + i].id[0] = '\0'; /* the recorder names them */
	offer = make_offer(roster, s, fingerprint, options);
	if (!offer)
		return -ENOMEM;
	escape(room, sizeof(room), s->room);
	escape(participant, sizeof(participant), s->participant);
	snprintf(path, sizeof(path), "/whip/%s?participant=%s", room, participant);
	status = api_request(api, "POST", path, "application/sdp", offer, &answer);
	free(offer);
	if (!status && answer.status != 201)
		status = api_refused("POST", path, &answer);
	return status ? status : take_answer(s, path, &answer, options);
}

int whip_close(struct api *api, struct roster *roster, unsigned index, int keep)
{
	struct roster_session *s = &roster->sessions[index];
	struct api_answer answer;
	int status;

	if (!s->location[0])
		return 0;
	if (!keep) {
		status = api_request(api, "DELETE", s->location, "application/sdp", NULL, &answer);
		if (!status && answer.status != 200)
			status = api_refused("DELETE", s->location, &answer);
		if (status)
			return status;
	}
	return api_close(api, roster, index, 1);
}
