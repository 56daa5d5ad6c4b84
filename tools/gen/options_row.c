/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/options_row.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECONDS_MAX 1e9
#define DECIMAL_LEN 18 /* digits that fit in 64 bits, sign and all */

static int read_double(const char *text, double min, double max, double *ret)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max) || strpbrk(text, "xXpP "))
		return -EINVAL;
	*ret = value;
	return 0;
}

/* A whole number, decimal or 0x…, from @min to @max. */
static int read_whole(const char *text, double min, double max, int64_t *ret)
{
	char *end;
	int64_t value;

	errno = 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	value = strtoll(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
	if (errno || end == text || *end || (double)value < min || (double)value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int read_seconds(const char *text, double max, uint64_t *ret_ns)
{
	double s;

	if (read_double(text, 0, max, &s) || s <= 0)
		return -EINVAL;
	*ret_ns = (uint64_t)llround(s * 1e9);
	return 0;
}

static int read_number(const struct options_row *row, void *field, const char *text)
{
	int64_t value;

	if (read_whole(text, row->min, row->max, &value))
		return -EINVAL;
	if (row->kind == OPTIONS_ROW_UINT)
		*(unsigned *)field = (unsigned)value;
	else
		*(int64_t *)field = value; /* a uint64_t likewise: no bound is above INT64_MAX */
	return 0;
}

int options_row_read(const struct options_row *row, struct options *options, const char *text)
{
	void *field = (char *)options + row->offset;

	switch (row->kind) {
	case OPTIONS_ROW_FLAG:
		*(bool *)field = row->max == 0;
		return 0;
	case OPTIONS_ROW_TEXT:
		*(const char **)field = text;
		return *text ? 0 : -EINVAL;
	case OPTIONS_ROW_U64:
	case OPTIONS_ROW_UINT:
	case OPTIONS_ROW_I64:
		return read_number(row, field, text);
	case OPTIONS_ROW_PERCENT:
		return read_double(text, 0, 100, field);
	case OPTIONS_ROW_SECONDS:
		return read_seconds(text, row->max, field);
	case OPTIONS_ROW_OTHER:
		return row->fn(options, text);
	case OPTIONS_ROW_HEAD:
		break;
	}
	return -EINVAL;
}

static int read_track(const char *name, size_t len, enum codec *ret_codec)
{
	static const struct {
		const char *name;
		enum codec codec;
	} names[] = { { "video", CODEC_VP8 }, { "vp8", CODEC_VP8 }, { "vp9", CODEC_VP9 },
		{ "audio", CODEC_OPUS }, { "opus", CODEC_OPUS } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == len && !strncasecmp(names[i].name, name, len)) {
			*ret_codec = names[i].codec;
			return 0;
		}
	return -EINVAL;
}

int options_row_tracks(struct options *o, const char *text)
{
	unsigned count = 0;

	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");

		if (count == LIMIT_TRACKS_PER_SESSION || read_track(at, len, &o->tracks[count++]))
			return -EINVAL;
		at += len;
		if (!*at)
			break;
	}
	o->track_count = count;
	return 0;
}

int options_row_size(struct options *o, const char *text)
{
	const char *x = strchr(text, 'x');
	int64_t width, height;
	char first[DECIMAL_LEN + 1] = "";

	if (!x || x - text > DECIMAL_LEN)
		return -EINVAL;
	memcpy(first, text, (size_t)(x - text));
	if (read_whole(first, 16, LIMIT_SIDE_PIXELS, &width) ||
	        read_whole(x + 1, 16, LIMIT_SIDE_PIXELS, &height))
		return -EINVAL;
	o->clip.width = (unsigned)width;
	o->clip.height = (unsigned)height;
	return 0;
}

int options_row_profile(struct options *o, const char *text)
{
	o->profile = PROFILE_PLAIN;
	if (!strcasecmp(text, "plain"))
		return 0;
	do
		o->profile++;
	while (o->profile < PROFILES && strcasecmp(text, profile_info(o->profile)->name));
	return o->profile < PROFILES ? 0 : -EINVAL;
}

int options_row_pause(struct options *o, const char *text)
{
	char *end;
	double at = strtod(text, &end);

	if (end == text || *end != ':' || !(at >= 0 && at <= SECONDS_MAX))
		return -EINVAL;
	o->pause_at_ns = (uint64_t)llround(at * 1e9);
	return read_seconds(end + 1, SECONDS_MAX, &o->pause_len_ns);
}

int options_row_bind(struct options *o, const char *text)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&o->bind;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&o->bind;

	memset(&o->bind, 0, sizeof(o->bind));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		o->bind_len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		o->bind_len = sizeof(*v6);
	} else {
		return -EINVAL;
	}
	return 0;
}

int options_row_src_ip(struct options *o, const char *text)
{
	o->has_src_ip = true;
	return inet_pton(AF_INET, text, &o->src_ip) == 1 ? 0 : -EINVAL;
}

static int read_mac(const char *text, uint8_t *ret_mac, bool *ret_given)
{
	for (unsigned i = 0; i < 6; i++) {
		char *end;

		if (!strchr("0123456789abcdefABCDEF", *text) || !*text)
			return -EINVAL;
		unsigned long byte = strtoul(text, &end, 16);
		if (end - text > 2 || *end != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		ret_mac[i] = (uint8_t)byte;
		text = end + 1;
	}
	*ret_given = true;
	return ret_mac[0] & 1 ? -EINVAL : 0;
}

int options_row_src_mac(struct options *o, const char *text)
{
	return read_mac(text, o->src_mac, &o->has_src_mac);
}

int options_row_dst_mac(struct options *o, const char *text)
{
	return read_mac(text, o->dst_mac, &o->has_dst_mac);
}

int options_row_frame_ms(struct options *o, const char *text)
{
	static const unsigned allowed_us[] = { 2500, 5000, 10000, 20000, 40000, 60000 };
	double ms;

	if (read_double(text, 0, 1000, &ms))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(allowed_us) / sizeof(*allowed_us); i++)
		if (allowed_us[i] == (unsigned)llround(ms * 1000)) {
			o->clip.frame_us = allowed_us[i];
			return 0;
		}
	return -EINVAL;
}

int options_row_rate_scale(struct options *o, const char *text)
{
	return read_double(text, 0.001, 1e6, &o->rate_scale);
}

int options_row_vp9_mode(struct options *o, const char *text)
{
	o->flexible = !strcmp(text, "flexible");
	return o->flexible || !strcmp(text, "non-flexible") ? 0 : -EINVAL;
}

int options_row_jitter(struct options *o, const char *text)
{
	double ms;

	if (read_double(text, 0, 10000, &ms))
		return -EINVAL;
	o->impair.jitter_ns = (uint64_t)llround(ms * 1e6);
	return 0;
}
