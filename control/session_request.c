/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/conf.h"
#include "base/base64.h"

/* An object of the body, and how its fields are called in a message. */
struct reader {
	const json_t *object;
	char prefix[40]; /* "tracks[0].srtp." */
	const struct conf *conf;
	struct session_request_error *error;
};

__attribute__((format(printf, 3, 4))) static int refuse(
        const struct reader *r, const char *field, const char *format, ...)
{
	va_list args;
	int n = snprintf(r->error->message, sizeof(r->error->message), "%s%s: ", r->prefix, field);

	r->error->code = "bad_field";
	va_start(args, format);
	vsnprintf(r->error->message + n, sizeof(r->error->message) - (size_t)n, format, args);
	va_end(args);
	return -EINVAL;
}

/* The name of an unknown field, made fit for a message: printable ASCII, not too long. */
static int refuse_unknown(const struct reader *r, const char *key)
{
	char name[41];
	size_t n = 0;

	for (; key[n] && n < sizeof(name) - 1; n++)
		name[n] = key[n] > ' ' && key[n] < 0x7f ? key[n] : '?';
	name[n] = '\0';
	return refuse(r, name, "unknown field");
}

static int check_known(const struct reader *r, const char *const *known)
{
	void *at = json_object_iter((json_t *)r->object);

	for (; at; at = json_object_iter_next((json_t *)r->object, at)) {
		const char *key = json_object_iter_key(at);
		size_t i = 0;

		while (known[i] && strcmp(known[i], key))
			i++;
		if (!known[i])
			return refuse_unknown(r, key);
	}
	return 0;
}

/* U+0000..1F, 7F..9F in UTF-8 that has been checked. */
static bool has_control_characters(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < len && (uint8_t)text[i + 1] < 0xa0))
			return true;
	}
	return false;
}

/* A text of 1 to @max bytes. */
static int read_text(const struct reader *r, const char *field, char *ret_text, size_t max)
{
	const json_t *value = json_object_get(r->object, field);
	size_t len;

	if (!value)
		return refuse(r, field, "missing");
	if (!json_is_string(value))
		return refuse(r, field, "a string is expected");
	len = json_string_length(value);
	if (!len || len > max)
		return refuse(r, field, "1 to %zu bytes expected, %zu given", max, len);
	if (has_control_characters(json_string_value(value), len))
		return refuse(r, field, "control characters are not allowed");
	memcpy(ret_text, json_string_value(value), len + 1);
	return 0;
}

/* A whole number within the bounds; absent: *ret_number stays, and *ret_given says so. */
static int read_number(const struct reader *r, const char *field, json_int_t min, json_int_t max,
        json_int_t *ret_number, bool *ret_given)
{
	const json_t *value = json_object_get(r->object, field);

	*ret_given = value != NULL;
	if (!value)
		return 0;
	if (!json_is_integer(value))
		return refuse(r, field, "a whole number is expected");
	if (json_integer_value(value) < min || json_integer_value(value) > max)
		return refuse(r, field,
		        "%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT " expected, %" JSON_INTEGER_FORMAT
		        " given",
		        min, max, json_integer_value(value));
	*ret_number = json_integer_value(value);
	return 0;
}

enum codec session_request_codec(const char *name)
{
	enum codec codec = 0;

	while (codec < CODECS && strcasecmp(codec_info(codec)->name, name))
		codec++;
	return codec;
}

enum profile session_request_profile(const char *name)
{
	enum profile profile = PROFILE_PLAIN + 1;

	while (profile < PROFILES && strcasecmp(profile_info(profile)->name, name))
		profile++;
	return profile;
}

static int read_port(const struct reader *r, struct msg_session_open *open)
{
	json_int_t port = 0;
	uint16_t first, last;
	bool given;

	if (read_number(r, "port", 0, UINT16_MAX, &port, &given))
		return -EINVAL;
	if (conf_port_range(r->conf->ingest_port_range, &first, &last))
		return refuse(r, "port", "ingest.port_range is unusable");
	if (port && (port % 2 || port < first || port >= last))
		return refuse(r, "port",
		        "an even port from %u to %u is expected (RTCP is taken on the next), "
		        "%" JSON_INTEGER_FORMAT " given",
		        first, last - 1u, port);
	open->port = (uint16_t)port;
	return 0;
}

/* The first of ingest.address that is of @family (0: any) and equals @wish (NULL: any). */
static int find_address(
        const struct conf *conf, unsigned family, const struct conf_addr *wish, struct msg_addr *ret_addr)
{
	for (char **text = conf->ingest_address; text && *text; text++) {
		struct conf_addr ours;

		if (conf_addr_parse(*text, true, &ours))
			continue;
		if ((family && (family == 6) != ours.is_v6) || (wish && wish->is_v6 != ours.is_v6))
			continue;
		if (wish && memcmp(wish->bytes, ours.bytes, ours.is_v6 ? 16 : 4))
			continue;
		memset(ret_addr, 0, sizeof(*ret_addr));
		ret_addr->family = ours.is_v6 ? 6 : 4;
		memcpy(ret_addr->bytes, ours.bytes, ours.is_v6 ? 16 : 4);
		return 0;
	}
	return -ENOENT;
}

static int read_address(const struct reader *r, struct msg_session_open *open)
{
	const json_t *value = json_object_get(r->object, "address");
	struct conf_addr wish;
	json_int_t family = 0;
	bool given;

	if (read_number(r, "family", 4, 6, &family, &given))
		return -EINVAL;
	if (family == 5)
		return refuse(r, "family", "4 or 6 is expected");
	if (value && !json_is_string(value))
		return refuse(r, "address", "a string is expected");
	if (value && conf_addr_parse(json_string_value(value), false, &wish))
		return refuse(r, "address", "an IPv4 or IPv6 address is expected");
	if (find_address(r->conf, (unsigned)family, value ? &wish : NULL, &open->addr))
		return value ? refuse(r, "address", "not one of ingest.address")
		             : refuse(r, "family", "ingest.address has none of that family");
	return 0;
}

static int read_times(const struct reader *r, struct msg_session_open *open)
{
	json_int_t idle = r->conf->record_idle_timeout_s, duration = r->conf->record_max_duration_s;
	bool given;

	if (read_number(r, "idle_timeout_s", 1, 86400, &idle, &given))
		return -EINVAL;
	if (read_number(r, "max_duration_s", 1, duration ? duration : 31536000, &duration, &given))
		return -EINVAL;
	open->idle_timeout_s = (uint32_t)idle;
	open->max_duration_s = (uint32_t)duration;
	return 0;
}

static int read_head(const struct reader *r, struct msg_session_open *open)
{
	if (read_text(r, "room", open->room, LIMIT_ROOM_BYTES) ||
	        read_text(r, "participant", open->participant, LIMIT_PARTICIPANT_BYTES))
		return -EINVAL;
	return read_port(r, open) || read_address(r, open) || read_times(r, open) ? -EINVAL : 0;
}

static int read_key(
        const struct reader *r, const char *field, enum profile profile, uint8_t key[PROFILE_KEY_BYTES])
{
	const json_t *value = json_object_get(r->object, field);
	unsigned want = profile_info(profile)->key_bytes + profile_info(profile)->salt_bytes;
	ssize_t n;

	if (!json_is_string(value))
		return refuse(r, field, value ? "a string is expected" : "missing");
	n = base64_decode(json_string_value(value), json_string_length(value), key, PROFILE_KEY_BYTES);
	if (n < 0)
		return refuse(r, field, "base64 is expected");
	if ((size_t)n != want)
		return refuse(r, field, "%u bytes expected after base64, %zd given", want, n);
	return 0;
}

static int read_srtp(const struct reader *track, struct msg_track *ret_track)
{
	static const char *const known[] = { "profile", "key", "send_key", NULL };
	struct reader r = *track;
	const json_t *name;

	r.object = json_object_get(track->object, "srtp");
	if (!r.object)
		return 0;
	if (!json_is_object(r.object))
		return refuse(track, "srtp", "an object is expected");
	snprintf(r.prefix, sizeof(r.prefix), "%.30ssrtp.", track->prefix);
	if (check_known(&r, known))
		return -EINVAL;
	name = json_object_get(r.object, "profile");
	if (!json_is_string(name))
		return refuse(&r, "profile", name ? "a string is expected" : "missing");
	ret_track->profile = (uint8_t)session_request_profile(json_string_value(name));
	if (ret_track->profile == PROFILES)
		return refuse(&r, "profile",
		        "unknown; AES_CM_128_HMAC_SHA1_80, AES_CM_128_HMAC_SHA1_32, AEAD_AES_128_GCM or "
		        "AEAD_AES_256_GCM");
	if (read_key(&r, "key", ret_track->profile, ret_track->key))
		return -EINVAL;
	if (json_object_get(r.object, "send_key"))
		return read_key(&r, "send_key", ret_track->profile, ret_track->send_key);
	memcpy(ret_track->send_key, ret_track->key, sizeof(ret_track->send_key));
	return 0;
}

static int read_codec(const struct reader *r, struct msg_track *ret_track)
{
	char name[LIMIT_CODEC_BYTES + 1];
	json_int_t rate, channels;
	enum codec codec;
	bool given;

	if (read_text(r, "codec", name, LIMIT_CODEC_BYTES))
		return -EINVAL;
	codec = session_request_codec(name);
	if (codec == CODECS)
		return refuse(r, "codec", "unknown; known are %s", codec_names());
	ret_track->codec = (uint8_t)codec;
	rate = codec_info(codec)->clock_rate;
	channels = codec_channels(codec);
	if (codec_info(codec)->video && json_object_get(r->object, "channels"))
		return refuse(r, "channels", "only audio has channels");
	if (read_number(r, "clock_rate", rate, rate, &rate, &given) ||
	        read_number(r, "channels", 1, channels, &channels, &given))
		return -EINVAL;
	ret_track->clock_rate = (uint32_t)rate;
	ret_track->channels = (uint8_t)channels;
	return 0;
}

static int read_track(const struct reader *r, struct msg_track *ret_track)
{
	static const char *const known[] = { "id", "codec", "payload_type", "clock_rate", "channels", "ssrc",
		"srtp", NULL };
	json_int_t payload_type = 0, ssrc = 0;
	bool given;

	if (check_known(r, known) || read_text(r, "id", ret_track->id, LIMIT_TRACK_ID_BYTES) ||
	        read_codec(r, ret_track) || read_number(r, "payload_type", 0, 127, &payload_type, &given))
		return -EINVAL;
	if (!given)
		return refuse(r, "payload_type", "missing");
	if (session_request_is_rtcp_conflict((unsigned)payload_type))
		return refuse(r, "payload_type", "64 to 95 cannot be told from RTCP (RFC 5761)");
	ret_track->payload_type = (uint8_t)payload_type;
	if (read_number(r, "ssrc", 0, UINT32_MAX, &ssrc, &given))
		return -EINVAL;
	ret_track->ssrc_known = given;
	ret_track->ssrc = (uint32_t)ssrc;
	return read_srtp(r, ret_track);
}

static int read_tracks(const struct reader *body, struct msg_session_open *open)
{
	const json_t *tracks = json_object_get(body->object, "tracks"), *track;
	struct reader r = *body;
	size_t i;

	if (!json_is_array(tracks))
		return refuse(body, "tracks", tracks ? "an array is expected" : "missing");
	if (!json_array_size(tracks) || json_array_size(tracks) > LIMIT_TRACKS_PER_SESSION)
		return refuse(body, "tracks", "1 to %u expected, %zu given", LIMIT_TRACKS_PER_SESSION,
		        json_array_size(tracks));
	json_array_foreach(tracks, i, track)
	{
		if (!json_is_object(track)) {
			snprintf(r.prefix, sizeof(r.prefix), "tracks[%zu]", i);
			return refuse(&r, "", "an object is expected");
		}
		snprintf(r.prefix, sizeof(r.prefix), "tracks[%zu].", i);
		r.object = track;
		if (read_track(&r, &open->tracks[i]))
			return -EINVAL;
		open->track_count++;
	}
	return 0;
}

/* How two tracks are in each other's way: the field they share, or NULL. */
static const char *shared_field(const struct msg_track *a, const struct msg_track *b)
{
	if (!strcmp(a->id, b->id))
		return "id";
	if (a->ssrc_known && b->ssrc_known)
		return a->ssrc == b->ssrc ? "ssrc" : NULL;
	return a->payload_type == b->payload_type ? "payload_type" : NULL;
}

int session_request_check_tracks(
        const struct msg_session_open *open, bool allow_plain_rtp, struct session_request_error *ret_error)
{
	struct reader r = { .error = ret_error };

	for (unsigned i = 0; i < open->track_count; i++) {
		snprintf(r.prefix, sizeof(r.prefix), "tracks[%u].", i);
		if (open->tracks[i].profile == PROFILE_PLAIN && !allow_plain_rtp) {
			refuse(&r, "srtp", "missing, and ingest.allow_plain_rtp is off");
			ret_error->code = "plain_rtp_refused";
			return -EINVAL;
		}
		for (unsigned k = 0; k < i; k++) {
			const char *field = shared_field(&open->tracks[k], &open->tracks[i]);

			if (field)
				return refuse(&r, field, "the same as tracks[%u].%s%s", k, field,
				        strcmp(field, "payload_type") ? "" : "; then both need their ssrc");
		}
	}
	return 0;
}

int session_request_head(struct msg_session_open *ret_open, const json_t *body, const struct conf *conf,
        struct session_request_error *ret_error)
{
	static const char *const known[] = { "room", "participant", "port", "address", "family",
		"idle_timeout_s", "max_duration_s", NULL };
	struct reader r = { .object = body, .conf = conf, .error = ret_error };

	memset(ret_open, 0, sizeof(*ret_open));
	return check_known(&r, known) || read_head(&r, ret_open) ? -EINVAL : 0;
}

int session_request_parse(struct msg_session_open *ret_open, const json_t *body, const struct conf *conf,
        struct session_request_error *ret_error)
{
	static const char *const known[] = { "room", "participant", "port", "address", "family",
		"idle_timeout_s", "max_duration_s", "tracks", NULL };
	struct reader r = { .object = body, .conf = conf, .error = ret_error };

	memset(ret_open, 0, sizeof(*ret_open));
	if (!json_is_object(body))
		return refuse(&r, "body", "an object is expected");
	if (check_known(&r, known) || read_head(&r, ret_open) || read_tracks(&r, ret_open))
		return -EINVAL;
	return session_request_check_tracks(ret_open, conf->ingest_allow_plain_rtp, ret_error);
}
