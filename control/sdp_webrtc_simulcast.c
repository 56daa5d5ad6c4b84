/* SPDX-License-Identifier: BSD-3-Clause */
/* Simulcast of an offer (RFC 8853, RFC 8851):
 *
 *   a=rid:h send pt=96,97;max-width=1280;max-height=720;max-br=1500000
 *   a=simulcast:send f;h,h2;~q recv x        layers by ';', alternatives of one by ',', '~': paused at first
 *   a=simulcast: send rid=f;h;q              drafts before the RFC
 */
#include "control/sdp_webrtc_offer.h"

#include <stdlib.h>
#include <string.h>
#include "control/sdp_fmtp.h"

static uint64_t number_of(const char *restrictions, const char *name)
{
	size_t len;
	const char *value = sdp_fmtp_value(restrictions, name, &len);
	uint32_t number;

	return value && sdp_line_number(value, "; ", UINT32_MAX, &number) ? number : 0;
}

/* max-fs counts macroblocks of 16 by 16 pixels (RFC 8851 section 5). */
static uint64_t pixels_of(const char *restrictions)
{
	uint64_t width = number_of(restrictions, "max-width"), height = number_of(restrictions, "max-height");

	return width && height ? width * height : number_of(restrictions, "max-fs") * 256;
}

static void read_types(struct sdp_webrtc_rid *rid, const char *restrictions)
{
	size_t len;
	const char *value = sdp_fmtp_value(restrictions, "pt", &len);

	rid->has_types = value;
	for (const char *at = value; at && at < value + len; at = strchr(at, ',')) {
		uint32_t type;

		at += *at == ',';
		if (sdp_line_number(at, ",; ", SDP_WEBRTC_TYPES - 1, &type))
			rid->types[type / 64] |= UINT64_C(1) << type % 64;
	}
}

void sdp_webrtc_simulcast_rid(struct sdp_webrtc_media *m, const char *value)
{
	struct sdp_webrtc_rid *rid = &m->rids[m->rid_count];
	const char *word, *name;
	size_t name_len = sdp_line_word(&value, &name);

	if (m->rid_count == SDP_WEBRTC_RIDS || sdp_line_word(&value, &word) != 4 || strncmp(word, "send", 4))
		return;
	*rid = (struct sdp_webrtc_rid){ 0 };
	if (!sdp_line_token(rid->rid, sizeof(rid->rid), name, name_len) || strpbrk(rid->rid, ";,~"))
		return;
	read_types(rid, value);
	rid->pixels = pixels_of(value);
	rid->max_bps = number_of(value, "max-br");
	m->rid_count++;
}

/* Of the alternatives of a layer, the first that is not paused; else the first. */
static void read_layer(struct sdp_webrtc_media *m, const char *text, size_t len)
{
	const char *rid = text;
	size_t rid_len = 0, n;

	for (const char *at = text, *end = text + len; at < end; at += n + 1) {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		n = (size_t)((comma ? comma : end) - at);
		if (at == text || *at != '~')
			rid = at, rid_len = n;
		if (*at != '~')
			break;
	}
	if (rid_len && *rid == '~')
		rid++, rid_len--;
	if (m->layer_count == SDP_WEBRTC_LAYERS ||
	        !sdp_line_token(m->layers[m->layer_count], sizeof(m->layers[0]), rid, rid_len))
		return;
	for (unsigned i = 0; i < m->layer_count; i++) {
		if (!strcmp(m->layers[i], m->layers[m->layer_count]))
			return;
	}
	m->layer_count++;
}

/* The list behind "send"; its length is returned, 0: there is none. */
static size_t find_list(const char *value, const char **ret_list)
{
	for (value += strspn(value, " "); *value;) {
		const char *direction;
		size_t n = sdp_line_word(&value, &direction), len = sdp_line_word(&value, ret_list);

		if (n == 4 && !strncmp(direction, "send", 4))
			return len;
	}
	return 0;
}

void sdp_webrtc_simulcast_list(struct sdp_webrtc_media *m, const char *value)
{
	const char *list;
	size_t len = find_list(value, &list);

	m->layer_count = 0;
	if (!len || !strncmp(list, "pt=", 3))
		return;
	m->is_old_simulcast = !strncmp(list, "rid=", 4);
	for (const char *at = list + (m->is_old_simulcast ? 4 : 0), *end = list + len; at < end;) {
		const char *semicolon = memchr(at, ';', (size_t)(end - at));
		size_t n = (size_t)((semicolon ? semicolon : end) - at);

		read_layer(m, at, n);
		at += n + 1;
	}
}

static const struct sdp_webrtc_rid *rid_of(const struct sdp_webrtc_media *m, const char *name)
{
	for (unsigned i = 0; i < m->rid_count; i++) {
		if (!strcmp(m->rids[i].rid, name))
			return &m->rids[i];
	}
	return NULL;
}

/* The larger picture first, or the higher bit rate; those that are equal stay as they are. */
static void sort_layers(const struct sdp_webrtc_rid **layers, unsigned count, bool by_pixels)
{
	for (unsigned i = 1; i < count; i++) {
		const struct sdp_webrtc_rid *rid = layers[i];
		uint64_t weight = by_pixels ? rid->pixels : rid->max_bps;
		unsigned at = i;

		for (; at && (by_pixels ? layers[at - 1]->pixels : layers[at - 1]->max_bps) < weight; at--)
			layers[at] = layers[at - 1];
		layers[at] = rid;
	}
}

/* By picture size where each layer says it, else by bit rate where each does; else as listed, which is the
 * sender's order of preference (RFC 8853 section 5.2), but in browsers that of sendEncodings: often the
 * smallest first. What is best then, only the pictures tell. */
unsigned sdp_webrtc_simulcast_layers(
        const struct sdp_webrtc_media *m, uint8_t type, const char *ret_rids[SDP_WEBRTC_TAKEN])
{
	const struct sdp_webrtc_rid *layers[SDP_WEBRTC_LAYERS];
	bool has_pixels = true, has_rate = true;
	unsigned count = 0;

	for (unsigned i = 0; i < m->layer_count; i++) {
		const struct sdp_webrtc_rid *rid = rid_of(m, m->layers[i]);

		if (!rid || (rid->has_types && !(rid->types[type / 64] >> type % 64 & 1)))
			continue;
		has_pixels = has_pixels && rid->pixels;
		has_rate = has_rate && rid->max_bps;
		layers[count++] = rid;
	}
	if (has_pixels || has_rate)
		sort_layers(layers, count, has_pixels);
	if (count > SDP_WEBRTC_TAKEN)
		count = SDP_WEBRTC_TAKEN;
	for (unsigned i = 0; i < count; i++)
		ret_rids[i] = layers[i]->rid;
	return count;
}
