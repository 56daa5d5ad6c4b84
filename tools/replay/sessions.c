/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/sessions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "base/conf.h"
#include "base/id.h"
#include "control/json_text.h"
#include "control/session_request.h"

#define ADDRESSES_BYTES (LIMIT_LOCAL_ADDRS * (INET6_ADDRSTRLEN + 8))
#define NOBODYS_ADDRESS "192.0.2.1" /* RFC 5737: where nothing in the capture is for any session */

struct sessions {
	json_t *bodies; /* an array */
	const struct survey *survey;
	unsigned count, address_count;
	char addresses[ADDRESSES_BYTES];
	struct sessions_one *list;
};

/* The file as a text; at most LIMIT_REPLAY_SESSION_BYTES of it. */
static int read_file(const char *path, char **ret_text, size_t *ret_len, char why[SESSIONS_WHY_BYTES])
{
	FILE *file = fopen(path, "re");
	int status = file ? 0 : -errno;
	char *text = NULL;
	size_t len = 0;

	if (!status) {
		text = malloc(LIMIT_REPLAY_SESSION_BYTES + 1);
		len = text ? fread(text, 1, LIMIT_REPLAY_SESSION_BYTES + 1, file) : 0;
		status = !text                              ? -ENOMEM
		         : ferror(file)                     ? -EIO
		         : len > LIMIT_REPLAY_SESSION_BYTES ? -EFBIG
		                                            : 0;
		fclose(file);
	}
	if (status) {
		free(text);
		snprintf(why, SESSIONS_WHY_BYTES, "%s: %s", path, strerror(-status));
		return status;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

static int read_bodies(struct sessions *s, const char *path, char why[SESSIONS_WHY_BYTES])
{
	char *text, reason[JSON_TEXT_WHY_BYTES];
	size_t len;
	int status = read_file(path, &text, &len, why);
	json_t *json;

	if (status)
		return status;
	json = json_text_parse(text, len, LIMIT_JSON_DEPTH, reason);
	explicit_bzero(text, len);
	free(text);
	if (!json) {
		snprintf(why, SESSIONS_WHY_BYTES, "%s: %s", path, reason);
		return -EINVAL;
	}
	s->bodies = json_is_array(json) ? json : json_pack("[o]", json);
	s->count = (unsigned)json_array_size(s->bodies);
	if (s->count >= 1 && s->count <= LIMIT_REPLAY_SESSIONS)
		return 0;
	snprintf(why, SESSIONS_WHY_BYTES, "%s: 1 to %d sessions expected, %zu given", path,
	        LIMIT_REPLAY_SESSIONS, json_array_size(s->bodies));
	return -EINVAL;
}

/* Add an address to the list, unless it is there. False: there are too many. */
static bool add_address(struct sessions *s, const char *text)
{
	size_t len = strlen(s->addresses);
	char item[INET6_ADDRSTRLEN + 8];

	snprintf(item, sizeof(item), "%s/%d", text, strchr(text, ':') ? 128 : 32);
	for (const char *at = s->addresses; (at = strstr(at, item)); at++)
		if ((at == s->addresses || at[-1] == ',') && (at[strlen(item)] == ',' || !at[strlen(item)]))
			return true;
	if (s->address_count == LIMIT_LOCAL_ADDRS)
		return false;
	s->address_count++;
	snprintf(s->addresses + len, sizeof(s->addresses) - len, "%s%s", len ? "," : "", item);
	return true;
}

static void print_address(char text[INET6_ADDRSTRLEN], const struct survey_place *place)
{
	inet_ntop(place->is_v6 ? AF_INET6 : AF_INET, place->addr, text, INET6_ADDRSTRLEN);
}

/* Where packets of the capture go that are for @port: RTP, or else its RTCP. */
static const struct survey_place *find_place(const struct sessions *s, uint16_t port)
{
	const struct survey_place *place = survey_find(s->survey, port, NULL, false);

	return place ? place : survey_find(s->survey, (uint16_t)(port + 1), NULL, false);
}

__attribute__((format(printf, 3, 4))) static int refuse(
        char why[SESSIONS_WHY_BYTES], unsigned index, const char *format, ...)
{
	int n = snprintf(why, SESSIONS_WHY_BYTES, "session %u: ", index);
	va_list args;

	va_start(args, format);
	vsnprintf(why + n, SESSIONS_WHY_BYTES - (size_t)n, format, args);
	va_end(args);
	return -EINVAL;
}

/* The address of a body: what it says, else what the capture says; the parser then has no other. One that
 * nothing in the capture is for needs none. */
static int settle_address(struct sessions *s, unsigned index, char why[SESSIONS_WHY_BYTES])
{
	json_t *body = json_array_get(s->bodies, index);
	json_int_t port = json_integer_value(json_object_get(body, "port"));
	const char *given = json_string_value(json_object_get(body, "address"));
	char text[INET6_ADDRSTRLEN] = "";
	const struct survey_place *place = NULL;
	struct conf_addr addr;

	if (!json_is_object(body) || port < 1 || port > UINT16_MAX)
		return refuse(
		        why, index, "an object with the \"port\" that its packets were sent to is expected");
	if (!given && !(place = find_place(s, (uint16_t)port)))
		return 0;
	if (place)
		print_address(text, place);
	if (conf_addr_parse(given ? given : text, false, &addr))
		return given ? refuse(why, index, "address: an IPv4 or IPv6 address is expected")
		             : refuse(why, index,
		                       "its packets go to %s, to a group or to nobody, and those are not "
		                       "recorded",
		                       text);
	inet_ntop(addr.is_v6 ? AF_INET6 : AF_INET, addr.bytes, text, sizeof(text));
	if (place)
		json_object_set_new(body, "address", json_string(text));
	if (add_address(s, text))
		return 0;
	return refuse(
	        why, index, "more than %d addresses in all; replay them in several runs", LIMIT_LOCAL_ADDRS);
}

int sessions_load(struct sessions **ret_sessions, const char *path, const struct survey *survey,
        char ret_why[SESSIONS_WHY_BYTES])
{
	struct sessions *s = calloc(1, sizeof(*s));
	int status = -ENOMEM;

	snprintf(ret_why, SESSIONS_WHY_BYTES, "no memory");
	if (!s)
		return -ENOMEM;
	s->survey = survey;
	status = read_bodies(s, path, ret_why);
	for (unsigned i = 0; i < s->count && !status; i++)
		status = settle_address(s, i, ret_why);
	if (!status && !s->address_count)
		add_address(s, NOBODYS_ADDRESS);
	if (status) {
		sessions_free(s);
		return status;
	}
	*ret_sessions = s;
	return 0;
}

void sessions_free(struct sessions *s)
{
	if (!s)
		return;
	json_decref(s->bodies);
	if (s->list)
		explicit_bzero(s->list, s->count * sizeof(s->list[0]));
	free(s->list);
	free(s);
}

const char *sessions_addresses(const struct sessions *s)
{
	return s->addresses;
}

static void take_place(struct sessions_one *one, const struct survey *survey, uint16_t port)
{
	const struct msg_addr *addr = &one->open.addr;
	const struct survey_place *place = survey_find(survey, port, addr->bytes, addr->family == 6);

	if (!place)
		return;
	one->pkts += place->pkts;
	if (place->first < one->first)
		one->first = place->first;
}

int sessions_parse(struct sessions *s, const struct conf *conf, char ret_why[SESSIONS_WHY_BYTES])
{
	struct session_request_error error;

	s->list = calloc(s->count, sizeof(s->list[0]));
	if (!s->list) {
		snprintf(ret_why, SESSIONS_WHY_BYTES, "no memory");
		return -EINVAL;
	}
	for (unsigned i = 0; i < s->count; i++) {
		struct sessions_one *one = &s->list[i];

		if (session_request_parse(&one->open, json_array_get(s->bodies, i), conf, &error)) {
			snprintf(ret_why, SESSIONS_WHY_BYTES, "session %u: %s", i, error.message);
			return -EINVAL;
		}
		id_make(one->open.id, sizeof(one->open.id), "s_");
		one->first = UINT64_MAX;
		take_place(one, s->survey, one->open.port);
		take_place(one, s->survey, (uint16_t)(one->open.port + 1));
	}
	return 0;
}

unsigned sessions_count(const struct sessions *s)
{
	return s->count;
}

struct sessions_one *sessions_at(struct sessions *s, unsigned index)
{
	return &s->list[index];
}
