/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sdp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "control/sdp_crypto.h"
#include "control/session_request.h"

#define FORMATS 128 /* payload types */

enum direction { SENDRECV, SENDONLY, RECVONLY, INACTIVE };

/* The m-line that is being read. */
struct section {
	struct sdp_media *media; /* NULL: the session's own lines */
	uint8_t order[FORMATS];  /* payload types as the m-line lists them */
	unsigned formats;
	bool known[FORMATS]; /* a codec of ours */
	uint8_t channels[FORMATS];
	enum codec codec[FORMATS];
	bool port_zero, bundle_only, secure;
	enum direction direction;
	const char *crypto_refusal;
};

struct parser {
	struct sdp_offer *offer;
	struct section section;
	enum direction direction; /* of the session, where an m-line says nothing */
	char bundle[512];         /* mids of a=group:BUNDLE, each with a space before and behind */
	unsigned line;
	char *why;
};

/* A line's value, NUL-terminated. */
#define LINE_BYTES 2048

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p, const char *format, ...)
{
	va_list args;
	int n = snprintf(p->why, LIMIT_REASON_BYTES + 1, "line %u: ", p->line);

	va_start(args, format);
	vsnprintf(p->why + n, LIMIT_REASON_BYTES + 1 - (size_t)n, format, args);
	va_end(args);
	return -EINVAL;
}

/* The value behind "name:", or NULL when @text is another attribute. */
static const char *value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(text, name, len) && text[len] == ':' ? text + len + 1 : NULL;
}

/* Visible ASCII that goes back in an answer as it is: a token of RFC 8866. */
static bool copy_token(char word[SDP_WORD], const char *text, size_t len)
{
	if (!len || len >= SDP_WORD)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	memcpy(word, text, len);
	word[len] = '\0';
	return true;
}

/* The next word of *@text, which is moved past it and the space behind. Returns its length. */
static size_t next_word(const char **text, const char **ret_word)
{
	size_t len = strcspn(*text, " ");

	*ret_word = *text;
	*text += len + ((*text)[len] == ' ');
	return len;
}

static bool parse_u32(const char *text, const char *ends, uint32_t max, uint32_t *ret_number)
{
	uint64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && number <= max; at++)
		number = number * 10 + (unsigned)(*at - '0');
	*ret_number = (uint32_t)number;
	return at != text && number <= max && (!*at || strchr(ends, *at));
}

static bool payload_type_of(const char *text, uint8_t *ret_type)
{
	uint32_t number;
	bool ok = parse_u32(text, " ", FORMATS - 1, &number);

	*ret_type = (uint8_t)number;
	return ok;
}

/* The section is whole: choose the format, and say why it is no track. RFC 3264 section 6. */
static const char *judge(struct section *s)
{
	struct sdp_media *m = s->media;
	static const char *const transports[] = { "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF" };
	unsigned i;

	for (i = 0; i < 4 && strcmp(m->transport, transports[i]); i++)
		;
	if (i == 4)
		return "transport other than RTP/AVP, AVPF, SAVP, SAVPF";
	s->secure = i >= 2 || m->crypto.profile != PROFILE_PLAIN || s->crypto_refusal;
	if (s->port_zero && !s->bundle_only)
		return "port 0";
	if (s->direction == RECVONLY || s->direction == INACTIVE)
		return "its sender does not send";
	for (i = 0; i < s->formats && !s->known[s->order[i]]; i++)
		;
	if (i == s->formats)
		return "no codec that is supported (VP8, VP9, opus)";
	m->payload_type = s->order[i];
	m->codec = s->codec[m->payload_type];
	m->channels = s->channels[m->payload_type];
	if (codec_info(m->codec)->video != !strcmp(m->kind, "video"))
		return "codec of another kind of media";
	if (s->secure && m->crypto.profile == PROFILE_PLAIN)
		return s->crypto_refusal ? s->crypto_refusal : "no a=crypto line";
	return NULL;
}

static void end_section(struct parser *p)
{
	if (p->section.media)
		p->section.media->refusal = judge(&p->section);
}

/* m=video 5004 RTP/SAVP 96 97 (RFC 8866 section 5.14) */
static int parse_media(struct parser *p, const char *value)
{
	struct sdp_media *m;
	const char *word;
	size_t len;
	uint32_t port;

	end_section(p);
	if (p->offer->media_count == SDP_MEDIA)
		return refuse(p, "more than %u m-lines", SDP_MEDIA);
	m = &p->offer->media[p->offer->media_count++];
	p->section = (struct section){ .media = m, .direction = p->direction };
	len = next_word(&value, &word);
	if (!copy_token(m->kind, word, len))
		return refuse(p, "m= without a kind of media");
	next_word(&value, &word);
	if (!parse_u32(word, " ", 65535, &port))
		return refuse(p, "m= with a port that is not one number of 0 to 65535");
	p->section.port_zero = !port;
	len = next_word(&value, &word);
	if (!copy_token(m->transport, word, len))
		return refuse(p, "m= without a transport");
	if (!copy_token(m->format, value, strcspn(value, " ")))
		return refuse(p, "m= without a format");
	while (*value) {
		uint8_t type;

		next_word(&value, &word);
		if (payload_type_of(word, &type) && p->section.formats < FORMATS)
			p->section.order[p->section.formats++] = type;
	}
	return 0;
}

/* a=rtpmap:96 VP8/90000, a=rtpmap:111 opus/48000/2 (RFC 8866 section 6.6; names in any case, RFC 4855 section
 * 3) */
static void parse_rtpmap(struct section *s, const char *value)
{
	char name[LIMIT_CODEC_BYTES + 1];
	uint32_t rate, channels = 1;
	enum codec codec;
	const char *slash;
	uint8_t type;

	if (!payload_type_of(value, &type) || !(value = strchr(value, ' ')))
		return;
	slash = strchr(++value, '/');
	if (!slash || (size_t)(slash - value) >= sizeof(name))
		return;
	memcpy(name, value, (size_t)(slash - value));
	name[slash - value] = '\0';
	codec = session_request_codec(name);
	if (codec == CODECS || !parse_u32(slash + 1, "/ ", 1u << 20, &rate) ||
	        rate != session_request_clock_rate(codec))
		return;
	slash = strchr(slash + 1, '/');
	if (slash && (!parse_u32(slash + 1, " ", 2, &channels) || !channels))
		return;
	s->codec[type] = codec;
	s->channels[type] = codec_info(codec)->video ? 0 : (uint8_t)channels;
	s->known[type] = !session_request_is_rtcp_conflict(type);
}

/* a=fmtp:111 sprop-stereo=0: the sender of "opus/48000/2" says that it is mono (RFC 7587 section 6.1). */
static void parse_fmtp(struct section *s, const char *value)
{
	uint8_t type;

	if (payload_type_of(value, &type) && strstr(value, "sprop-stereo=0") && s->channels[type] == 2)
		s->channels[type] = 1;
}

static void parse_crypto(struct section *s, const char *value)
{
	struct sdp_crypto crypto;
	const char *why = sdp_crypto_parse(&crypto, value, strlen(value));

	if (why)
		s->crypto_refusal = why;
	else if (s->media->crypto.profile == PROFILE_PLAIN ||
	         sdp_crypto_is_better(&crypto, &s->media->crypto))
		s->media->crypto = crypto;
	explicit_bzero(&crypto, sizeof(crypto));
}

/* The first a=ssrc of an m-line is its sender; retransmissions come behind (RFC 5576). */
static void parse_ssrc(struct sdp_media *m, const char *value)
{
	if (!m->ssrc_known)
		m->ssrc_known = parse_u32(value, " ", UINT32_MAX, &m->ssrc);
}

static bool parse_direction(const char *text, enum direction *direction)
{
	static const char *const names[] = { "sendrecv", "sendonly", "recvonly", "inactive" };

	for (unsigned i = 0; i < 4; i++) {
		if (!strcmp(text, names[i])) {
			*direction = (enum direction)i;
			return true;
		}
	}
	return false;
}

static int parse_session_attribute(struct parser *p, const char *text)
{
	const char *group = value_of(text, "group");

	parse_direction(text, &p->direction);
	if (group && !strncmp(group, "BUNDLE ", 7)) {
		if ((size_t)snprintf(p->bundle, sizeof(p->bundle), " %s ", group + 7) >= sizeof(p->bundle))
			return refuse(p, "a=group:BUNDLE is too long");
	}
	return 0;
}

static int parse_media_attribute(struct parser *p, const char *text)
{
	struct sdp_media *m = p->section.media;
	const char *value;

	if (parse_direction(text, &p->section.direction))
		return 0;
	if ((value = value_of(text, "rtpmap")))
		parse_rtpmap(&p->section, value);
	else if ((value = value_of(text, "fmtp")))
		parse_fmtp(&p->section, value);
	else if ((value = value_of(text, "crypto")))
		parse_crypto(&p->section, value);
	else if ((value = value_of(text, "ssrc")))
		parse_ssrc(m, value);
	else if ((value = value_of(text, "rtcp-fb")) && strstr(value, " nack pli"))
		m->has_pli = true;
	else if (!strcmp(text, "rtcp-mux"))
		m->has_rtcp_mux = true;
	else if (!strcmp(text, "bundle-only"))
		p->section.bundle_only = true;
	else if ((value = value_of(text, "mid")) && !copy_token(m->mid, value, strlen(value)))
		return refuse(p, "a=mid is empty, too long or no token");
	else if ((value = value_of(text, "label")) && !copy_token(m->label, value, strlen(value)))
		return refuse(p, "a=label is empty, too long or no token");
	return 0;
}

static void parse_name(struct sdp_offer *offer, const char *value)
{
	static const char *const nothing[] = { "-", " ", "No Name" }; /* the last is ffmpeg's */

	for (unsigned i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		if (!strcmp(value, nothing[i]))
			return;
	}
	if (strlen(value) < sizeof(offer->name))
		memcpy(offer->name, value, strlen(value) + 1);
}

/* One line "x=value", without its end. */
static int parse_line(struct parser *p, const char *line)
{
	const char *value = line + 2;

	if (p->line == 1 && strcmp(line, "v=0"))
		return refuse(p, "an offer begins with v=0");
	if (*line < 'a' || *line > 'z' || line[1] != '=')
		return refuse(p, "a line is a letter, '=' and a value");
	if (*line == 'm')
		return parse_media(p, value);
	if (*line == 'a')
		return p->section.media ? parse_media_attribute(p, value) : parse_session_attribute(p, value);
	if (*line == 's' && !p->section.media)
		parse_name(p->offer, value);
	if (*line == 't' && !p->section.media && strspn(value, "0123456789 ") == strlen(value) &&
	        strlen(value) < SDP_WORD)
		memcpy(p->offer->time, value, strlen(value) + 1);
	return 0;
}

/* Lines end with CRLF, or LF alone (RFC 8866 section 5 has parsers take both). */
static int parse_lines(struct parser *p, const char *text, size_t len)
{
	char line[LINE_BYTES];
	int r = 0;

	for (const char *end = text + len; !r && text < end;) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);

		p->line++;
		if (p->line > LIMIT_SDP_LINES)
			r = refuse(p, "more than %u lines", LIMIT_SDP_LINES);
		else if (n >= sizeof(line) || memchr(text, '\0', n))
			r = refuse(p, "too long, or holds a NUL");
		if (r)
			break;
		memcpy(line, text, n);
		text += n + 1;
		if (n && line[n - 1] == '\r')
			n--;
		line[n] = '\0';
		if (n || text < end) /* an empty line at the very end is nothing */
			r = parse_line(p, line);
	}
	explicit_bzero(line, sizeof(line));
	return r;
}

int sdp_parse(struct sdp_offer *ret_offer, const char *text, size_t len, char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct parser p = { .offer = ret_offer, .why = ret_why };
	int r;

	memset(ret_offer, 0, sizeof(*ret_offer));
	memcpy(ret_offer->time, "0 0", 4);
	r = parse_lines(&p, text, len);
	if (r)
		return r;
	end_section(&p);
	if (!ret_offer->media_count)
		return refuse(&p, "an offer has m-lines");
	for (unsigned i = 0; i < ret_offer->media_count; i++) {
		struct sdp_media *m = &ret_offer->media[i];
		char mid[SDP_WORD + 2];

		snprintf(mid, sizeof(mid), " %s ", m->mid);
		m->is_bundled = *m->mid && strstr(p.bundle, mid);
	}
	return 0;
}
