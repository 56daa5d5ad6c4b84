/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls on sessions: /api/v1/sessions and below. */
#include "control/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/conf.h"
#include "control/api_failure.h"
#include "control/control.h"
#include "control/errors.h"
#include "control/sdp.h"
#include "control/session.h"
#include "control/session_request.h"

#define CLOSE_WAIT_MS 10000 /* a DELETE waits this long for the files to be durable */
#define LIST_ROWS     100   /* a page, unless ?limit= says otherwise */

#define SESSIONS_PATH "/api/v1/sessions"

static void answer_request_error(struct http_request *req, const struct session_request_error *error)
{
	http_answer_error(req, errors_status(error->code), error->code, "%s", error->message);
}

static void set_location(struct http_request *req, const char *id)
{
	char location[sizeof(SESSIONS_PATH) + LIMIT_SESSION_ID_BYTES + 2];

	snprintf(location, sizeof(location), SESSIONS_PATH "/%s", id);
	http_set_header(req, "Location", location);
}

static void open_json(struct http_request *req)
{
	struct control *control = http_control(req);
	struct session_request_error error = { "bad_field", "" };
	struct msg_session_open open;
	char why[LIMIT_REASON_BYTES + 1];
	json_t *body = http_body_json(req);
	int r;

	if (!body)
		return;
	r = session_request_parse(&open, body, control->conf, &error);
	json_decref(body);
	if (r) {
		answer_request_error(req, &error);
	} else if ((r = sessions_open(control->sessions, &open, why))) {
		api_failure_answer(req, r, why);
	} else {
		set_location(req, open.id);
		http_answer_json(req, 201, sessions_opened_json(&open));
	}
	explicit_bzero(&open, sizeof(open));
}

/* The query of an SDP body as the head of a JSON one: texts stay texts, what are numbers there become
 * numbers. NULL: one of them is no UTF-8. */
static json_t *head_of_query(const struct http_request *req, const char *name)
{
	static const char *const texts[] = { "room", "participant", "address" };
	static const char *const numbers[] = { "port", "family", "idle_timeout_s", "max_duration_s" };
	json_t *head = json_object();
	bool ok = head;

	for (unsigned i = 0; ok && i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *value = http_query(req, texts[i]);

		if (!value && i == 0 && *name)
			value = name;
		if (value)
			ok = !json_object_set_new(head, texts[i], json_string(value));
	}
	for (unsigned i = 0; ok && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *value = http_query(req, numbers[i]);
		json_t *number;

		if (!value)
			continue;
		number = json_loads(value, JSON_DECODE_ANY, NULL);
		ok = !json_object_set_new(head, numbers[i], number ? number : json_string(value));
	}
	if (ok)
		return head;
	json_decref(head);
	return NULL;
}

/* The session that offer and query ask for. 0, or -EINVAL: answered. */
static int read_offer(struct http_request *req, const struct sdp_offer *offer, struct msg_session_open *open)
{
	const struct conf *conf = http_control(req)->conf;
	struct session_request_error error = { "bad_field", "" };
	char why[LIMIT_REASON_BYTES + 1];
	json_t *head = head_of_query(req, offer->name);
	int r;

	if (!head) {
		http_answer_error(req, 400, "bad_parameter", "the query is not UTF-8");
		return -EINVAL;
	}
	r = session_request_head(open, head, conf, &error);
	json_decref(head);
	if (r) {
		answer_request_error(req, &error);
		return -EINVAL;
	}
	if (sdp_tracks(open, offer, why)) {
		http_answer_error(req, 400, "bad_sdp", "%s", why);
		return -EINVAL;
	}
	if (session_request_check_tracks(open, conf->ingest_allow_plain_rtp, &error)) {
		answer_request_error(req, &error);
		return -EINVAL;
	}
	return 0;
}

static void answer_sdp(
        struct http_request *req, const struct sdp_offer *offer, const struct msg_session_open *open)
{
	char *text = sdp_answer(offer, open);

	if (!text) {
		sessions_close(http_control(req)->sessions, open->id, "its opener could not be answered", 0);
		http_answer_error(req, 500, "internal", "no memory");
		return;
	}
	set_location(req, open->id);
	http_answer_text(req, 201, "application/sdp", text, strlen(text));
	explicit_bzero(text, strlen(text));
	free(text);
}

static void open_sdp(struct http_request *req)
{
	char why[LIMIT_REASON_BYTES + 1];
	struct msg_session_open open;
	struct sdp_offer *offer = calloc(1, sizeof(*offer));
	size_t len;
	const char *body = http_body(req, &len);
	int r;

	if (!offer) {
		http_answer_error(req, 500, "internal", "no memory");
		return;
	}
	if (sdp_parse(offer, body ? body : "", body ? len : 0, why)) {
		http_answer_error(req, 400, "bad_sdp", "%s", why);
	} else if (!read_offer(req, offer, &open)) {
		r = sessions_open(http_control(req)->sessions, &open, why);
		if (r)
			api_failure_answer(req, r, why);
		else
			answer_sdp(req, offer, &open);
	}
	explicit_bzero(&open, sizeof(open));
	explicit_bzero(offer, sizeof(*offer));
	free(offer);
}

void api_sessions_open(struct http_request *req)
{
	const char *type = http_header(req, "Content-Type");

	if (type && !strncasecmp(type, "application/sdp", strlen("application/sdp")))
		open_sdp(req);
	else
		open_json(req);
}

/* Append "key=value" to a Link's query, percent-encoded (RFC 3986 section 2.3). */
static void print_parameter(FILE *out, const char *key, const char *value)
{
	fprintf(out, "&%s=", key);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		        strchr("-._~", c))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

/* Link: the next page (RFC 8288). */
static void set_next_link(
        struct http_request *req, unsigned limit, const char *room, const char *state, const char *cursor)
{
	char *link = NULL;
	size_t len;
	FILE *out = open_memstream(&link, &len);

	if (!out)
		return;
	fprintf(out, "<" SESSIONS_PATH "?limit=%u", limit);
	if (room)
		print_parameter(out, "room", room);
	if (state)
		print_parameter(out, "state", state);
	print_parameter(out, "cursor", cursor);
	fputs(">; rel=\"next\"", out);
	if (!fclose(out))
		http_set_header(req, "Link", link);
	free(link);
}

static bool parse_limit(const char *text, unsigned *ret_limit)
{
	char *end;
	unsigned long limit = text ? strtoul(text, &end, 10) : LIST_ROWS;

	*ret_limit = (unsigned)limit;
	return !text || (*text >= '0' && *text <= '9' && !*end && limit >= 1 && limit <= LIMIT_LIST_ROWS);
}

static bool is_state(const char *state)
{
	static const char *const states[] = { "waiting", "recording", "finalising", "done", "failed" };

	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!strcmp(state, states[i]))
			return true;
	}
	return false;
}

void api_sessions_list(struct http_request *req)
{
	const char *room = http_query(req, "room"), *state = http_query(req, "state"),
	           *cursor = http_query(req, "cursor");
	char *next = NULL;
	unsigned limit;
	json_t *list;

	if (!parse_limit(http_query(req, "limit"), &limit)) {
		http_answer_error(req, 400, "bad_parameter", "limit: 1 to %u expected", LIMIT_LIST_ROWS);
		return;
	}
	if (state && !is_state(state)) {
		http_answer_error(req, 400, "bad_parameter",
		        "state: waiting, recording, finalising, done or failed expected");
		return;
	}
	list = sessions_list_json(http_control(req)->sessions, room, state, limit, cursor, &next);
	if (!list) {
		http_answer_error(req, 400, "bad_parameter", "cursor: not one that was given out");
		return;
	}
	if (next)
		set_next_link(req, limit, room, state, next);
	free(next);
	http_answer_json(req, 200, list);
}

static void answer_session(struct http_request *req)
{
	json_t *session = sessions_json(http_control(req)->sessions, http_param(req, 0));

	if (session)
		http_answer_json(req, 200, session);
	else
		http_answer_error(req, 404, "not_found", "there is no such session");
}

void api_sessions_get(struct http_request *req)
{
	answer_session(req);
}

/* Whether it is over already, or still finalising after the wait, the answer is the session as it is now. */
void api_sessions_close(struct http_request *req)
{
	sessions_close(http_control(req)->sessions, http_param(req, 0), "deleted", CLOSE_WAIT_MS);
	answer_session(req);
}

void api_sessions_key_frame(struct http_request *req)
{
	const char *track = http_query(req, "track");
	char why[LIMIT_REASON_BYTES + 1];
	int r = sessions_key_frame(http_control(req)->sessions, http_param(req, 0), track ? track : "", why);

	if (r)
		api_failure_answer(req, r, why);
	else
		http_answer_empty(req, 204);
}
