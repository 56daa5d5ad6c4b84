/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/api.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <curl/curl.h>
#include <jansson.h>
#include "base/log.h"
#include "base/base64.h"
#include "tools/gen/options.h"
#include "tools/gen/roster.h"

#define TIMEOUT_S 60L

struct api {
	const struct options *options;
	CURL *curl;
	char *answer;
	size_t answer_len;
	char location[API_LOCATION_BYTES];
};

int api_create(struct api **ret_api, const struct options *options)
{
	struct api *api = calloc(1, sizeof(*api));

	if (!api)
		return -ENOMEM;
	api->options = options;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	api->curl = curl_easy_init();
	if (!api->curl) {
		api_free(api);
		return -ENOMEM;
	}
	*ret_api = api;
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	curl_easy_cleanup(api->curl);
	free(api->answer);
	free(api);
}

/* @list with "@name@value" behind it. NULL: no memory, and the list is freed. */
static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
	struct curl_slist *longer = NULL;
	char *line;

	if (asprintf(&line, "%s%s", name, value) >= 0) {
		longer = curl_slist_append(list, line);
		explicit_bzero(line, strlen(line));
		free(line);
	}
	if (!longer)
		curl_slist_free_all(list);
	return longer;
}

static struct curl_slist *make_headers(const struct api *api, const char *content_type)
{
	struct curl_slist *list = add_header(NULL, "Content-Type: ", content_type);

	if (list && api->options->api_token)
		list = add_header(list, "Authorization: Bearer ", api->options->api_token);
	return list;
}

/* Location is the only header of an answer that is of interest. */
static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
	static const char name[] = "location:";
	struct api *api = arg;
	size_t len = size * count;

	if (len > sizeof(name) && len - sizeof(name) < sizeof(api->location) &&
	        !strncasecmp(data, name, sizeof(name) - 1)) {
		snprintf(api->location, sizeof(api->location), "%.*s", (int)(len - sizeof(name) + 1),
		        data + sizeof(name) - 1);
		memmove(api->location, api->location + strspn(api->location, " "),
		        strlen(api->location + strspn(api->location, " ")) + 1);
		api->location[strcspn(api->location, "\r\n")] = '\0';
	}
	return len;
}

static size_t take_answer(char *data, size_t size, size_t count, void *arg)
{
	struct api *api = arg;
	size_t len = size * count;
	char *more;

	if (api->answer_len + len > LIMIT_STORE_REPLY_BYTES)
		return 0;
	more = realloc(api->answer, api->answer_len + len + 1);
	if (!more)
		return 0;
	memcpy(more + api->answer_len, data, len);
	api->answer = more;
	api->answer_len += len;
	more[api->answer_len] = '\0';
	return len;
}

static void set_options(
        struct api *api, const char *method, const char *url, struct curl_slist *headers, const char *body)
{
	curl_easy_reset(api->curl);
	curl_easy_setopt(api->curl, CURLOPT_URL, url);
	curl_easy_setopt(api->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(api->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(api->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(api->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, api);
	curl_easy_setopt(api->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(api->curl, CURLOPT_HEADERDATA, api);
	if (body)
		curl_easy_setopt(api->curl, CURLOPT_POSTFIELDS, body);
}

int api_request(struct api *api, const char *method, const char *path, const char *content_type,
        const char *body, struct api_answer *ret_answer)
{
	size_t base = strlen(api->options->api);
	struct curl_slist *headers;
	CURLcode code;
	char *url;

	while (base && api->options->api[base - 1] == '/')
		base--;
	if (asprintf(&url, "%.*s%s", (int)base, api->options->api, path) < 0)
		return -ENOMEM;
	headers = make_headers(api, content_type);
	if (!headers) {
		free(url);
		return -ENOMEM;
	}
	api->answer_len = 0;
	api->location[0] = '\0';
	set_options(api, method, url, headers, body);
	code = curl_easy_perform(api->curl);
	curl_slist_free_all(headers);
	if (code)
		log_error("%s %s: %s", method, url, curl_easy_strerror(code));
	free(url);
	if (code)
		return -ECONNREFUSED;
	*ret_answer = (struct api_answer){
		.text = api->answer_len ? api->answer : "",
		.len = api->answer_len,
		.location = api->location,
	};
	curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
	return 0;
}

int api_refused(const char *method, const char *path, const struct api_answer *answer)
{
	json_t *j = answer->len ? json_loadb(answer->text, answer->len, 0, NULL) : NULL;
	const char *message = json_string_value(json_object_get(json_object_get(j, "error"), "message"));

	log_error("%s %s: %ld, %s", method, path, answer->status,
	        message       ? message
	        : answer->len ? answer->text
	                      : "no body");
	json_decref(j);
	return -EPROTO;
}

/* A request whose answer is an object, which is the caller's. NULL body: none. */
static int ask(struct api *api, const char *method, const char *path, const char *body, json_t **ret_answer)
{
	struct api_answer answer;
	int err = api_request(api, method, path, "application/json", body, &answer);

	if (err)
		return err;
	json_t *j = answer.len ? json_loadb(answer.text, answer.len, 0, NULL) : NULL;
	if (answer.status < 200 || answer.status > 299 || !json_is_object(j)) {
		json_decref(j);
		return api_refused(method, path, &answer);
	}
	*ret_answer = j;
	return 0;
}

static json_t *track_json(const struct roster_track *t, bool omit_ssrc)
{
	const struct codec_info *codec = codec_info(t->cfg.codec);
	const struct profile_info *profile = profile_info(t->cfg.profile);
	char key[BASE64_BYTES(PROFILE_KEY_BYTES)];
	json_t *j = json_pack("{s:s, s:s, s:i, s:i}", "id", t->id, "codec", codec->name, "payload_type",
	        t->cfg.payload_type, "clock_rate", codec->video ? 90000 : 48000);

	if (!codec->video)
		json_object_set_new(j, "channels", json_integer(2));
	if (!omit_ssrc)
		json_object_set_new(j, "ssrc", json_integer(t->cfg.ssrc));
	if (t->cfg.profile != PROFILE_PLAIN) {
		base64_encode(key, t->cfg.key, (size_t)profile->key_bytes + profile->salt_bytes);
		json_object_set_new(j, "srtp", json_pack("{s:s, s:s}", "profile", profile->name, "key", key));
		explicit_bzero(key, sizeof(key));
	}
	return j;
}

static char *session_text(const struct api *api, const struct roster *roster, const struct roster_session *s)
{
	json_t *j = json_pack("{s:s, s:s}", "room", s->room, "participant", s->participant);
	json_t *tracks = json_array();
	char *text;

	if (api->options->idle_timeout_s)
		json_object_set_new(
		        j, "idle_timeout_s", json_integer((json_int_t)api->options->idle_timeout_s));
	for (unsigned i = 0; i < s->track_count; i++)
		json_array_append_new(
		        tracks, track_json(&roster->tracks[s->first_track + i], api->options->omit_ssrc));
	json_object_set_new(j, "tracks", tracks);
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

static int take_place(struct roster_session *s, const json_t *answer)
{
	const char *id = json_string_value(json_object_get(answer, "id"));
	const char *address = json_string_value(json_object_get(answer, "address"));
	json_int_t port = json_integer_value(json_object_get(answer, "port"));

	if (!id || strlen(id) >= sizeof(s->id) || strchr(id, '/') || !address || port < 1 ||
	        port > UINT16_MAX || roster_set_address(s, address, (unsigned)port)) {
		log_error("the API's answer names no session, address and port that are of use");
		return -EPROTO;
	}
	memcpy(s->id, id, strlen(id) + 1);
	return 0;
}

int api_open(struct api *api, struct roster *roster, unsigned index)
{
	struct roster_session *s = &roster->sessions[index];
	char *body = session_text(api, roster, s);
	json_t *answer = NULL;
	int status;

	if (!body)
		return -ENOMEM;
	status = ask(api, "POST", "/api/v1/sessions", body, &answer);
	explicit_bzero(body, strlen(body));
	free(body);
	if (!status)
		status = take_place(s, answer);
	json_decref(answer);
	return status;
}

/* The recordings of track @index of the answer: by its id, or by its place when the recorder gave the ids. */
static int take_records(
        struct roster *roster, const struct roster_session *s, size_t index, const json_t *track)
{
	const char *id = json_string_value(json_object_get(track, "id"));
	size_t at;
	json_t *name;
	int status = 0;

	for (unsigned i = 0; id && i < s->track_count; i++) {
		struct roster_track *t = &roster->tracks[s->first_track + i];

		if (*t->id ? strcmp(t->id, id) : i != index)
			continue;
		json_array_foreach(json_object_get(track, "records"), at, name)
		{
			if (json_is_string(name) && !status)
				status = roster_add_record(t, json_string_value(name));
		}
	}
	return status;
}

int api_close(struct api *api, struct roster *roster, unsigned index, int keep)
{
	struct roster_session *s = &roster->sessions[index];
	char path[64 + LIMIT_SESSION_ID_BYTES];
	json_t *answer = NULL, *track;
	size_t at;
	int status;

	if (!s->id[0])
		return 0;
	snprintf(path, sizeof(path), "/api/v1/sessions/%s", s->id);
	status = ask(api, keep ? "GET" : "DELETE", path, NULL, &answer);
	if (status)
		return status;
	json_array_foreach(json_object_get(answer, "tracks"), at, track)
	{
		if (!status)
			status = take_records(roster, s, at, track);
	}
	json_decref(answer);
	return status;
}
