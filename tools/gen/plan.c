/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/base64.h"
#include "tools/gen/roster.h"

#define FIELDS 7

static int read_number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 0);
	return errno || *text < '0' || *text > '9' || *end || *ret > max ? -EINVAL : 0;
}

static const char *read_codec(const char *text, struct flow_cfg *cfg)
{
	static const enum codec sendable[] = { CODEC_VP8, CODEC_VP9, CODEC_OPUS };

	for (size_t i = 0; i < sizeof(sendable) / sizeof(*sendable); i++)
		if (!strcasecmp(text, codec_info(sendable[i])->name)) {
			cfg->codec = sendable[i];
			return NULL;
		}
	return "the codecs that can be sent are VP8, VP9 and opus";
}

static const char *read_key(const char *profile, const char *key, struct flow_cfg *cfg)
{
	const struct profile_info *info;

	if (!strcasecmp(profile, "plain") || !strcmp(profile, "-")) {
		cfg->profile = PROFILE_PLAIN;
		return strcmp(key, "-") ? "a plain flow has - for its key" : NULL;
	}
	for (cfg->profile = PROFILE_PLAIN + 1; cfg->profile < PROFILES; cfg->profile++)
		if (!strcasecmp(profile, profile_info(cfg->profile)->name))
			break;
	if (cfg->profile == PROFILES)
		return "unknown SRTP profile";
	info = profile_info(cfg->profile);
	if (base64_decode(key, strlen(key), cfg->key, sizeof(cfg->key)) != info->key_bytes + info->salt_bytes)
		return "the key is not Base64 of the profile's master key and salt";
	return NULL;
}

/* The last session when it goes to the same place, else a new one. */
static struct roster_session *session_of(struct roster *roster, const struct roster_session *wanted)
{
	struct roster_session *s =
	        roster->session_count ? &roster->sessions[roster->session_count - 1] : NULL;

	if (s && !memcmp(&s->to, &wanted->to, sizeof(s->to)))
		return s;
	s = roster_add_session(roster);
	if (s) {
		s->to = wanted->to;
		s->port = wanted->port;
		memcpy(s->address, wanted->address, sizeof(s->address));
	}
	return s;
}

/* What is wrong with the line, or NULL. */
static const char *read_line(struct roster *roster, char *fields[FIELDS])
{
	struct roster_session wanted = { 0 };
	struct flow_cfg cfg = { 0 };
	unsigned long port, ssrc, payload_type;
	const char *why;

	if (read_number(fields[1], UINT16_MAX, &port) ||
	        roster_set_address(&wanted, fields[0], (unsigned)port))
		return "an address and a port are expected first";
	if (read_number(fields[2], UINT32_MAX, &ssrc))
		return "the SSRC is a number of 32 bits";
	if (read_number(fields[3], 127, &payload_type))
		return "the payload type is a number up to 127";
	cfg.ssrc = (uint32_t)ssrc;
	cfg.payload_type = (uint8_t)payload_type;
	why = read_codec(fields[4], &cfg);
	if (!why)
		why = read_key(fields[5], fields[6], &cfg);
	if (why)
		return why;
	struct roster_track *t = session_of(roster, &wanted) ? roster_add_track(roster) : NULL;
	if (!t)
		return "out of memory";
	t->cfg = cfg;
	return NULL;
}

/* Split at blanks, up to a comment. The number of fields, FIELDS + 1 for more. */
static unsigned split(char *line, char *fields[FIELDS])
{
	unsigned count = 0;
	char *save;

	line[strcspn(line, "#\r\n")] = '\0';
	for (char *word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (count == FIELDS)
			return FIELDS + 1;
		fields[count++] = word;
	}
	return count;
}

int plan_read(struct roster *roster, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[1024], *fields[FIELDS];
	unsigned number = 0;
	const char *why = NULL;

	if (!f) {
		int status = -errno;
		log_error("plan %s: %s", path, strerror(errno));
		return status;
	}
	while (!why && fgets(line, sizeof(line), f)) {
		unsigned count = split(line, fields);

		number++;
		if (count && count != FIELDS)
			why = "address port ssrc payload-type codec profile|plain key|- is expected";
		else if (count)
			why = read_line(roster, fields);
	}
	explicit_bzero(line, sizeof(line));
	fclose(f);
	if (!why && !roster->track_count)
		why = "no flow in it";
	if (why)
		log_error("plan %s, line %u: %s", path, number, why);
	return why ? -EINVAL : 0;
}
