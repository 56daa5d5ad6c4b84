/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#define CONNECT_TIMEOUT_S   10L
#define CALL_TIMEOUT_S      120L
#define STALL_S             60L
#define SLOWEST_BYTES_PER_S 1L
#define REPLY_BYTES         (16u << 20) /* a thousand rows with all that is known of them, or a long sidecar */

struct client {
	const struct target *target;
	CURL *curl;
	long patience_s;
	char *body;
	size_t len;
	const struct client_fetch *fetch; /* of client_fetch alone */
	char error[CURL_ERROR_SIZE];
};

int client_create(struct client **ret_client, const struct target *target)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->target = target;
	client->patience_s = CALL_TIMEOUT_S;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	client->curl = curl_easy_init();
	if (!client->curl) {
		client_free(client);
		return -ENOMEM;
	}
	*ret_client = client;
	return 0;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	free(client->body);
	free(client);
}

void client_set_patience(struct client *client, long seconds)
{
	client->patience_s = seconds;
}

const char *client_url(const struct client *client)
{
	return client->target->url;
}

static size_t keep_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct client *client = arg;
	size_t len = size * count;
	char *body = len > REPLY_BYTES - client->len ? NULL : realloc(client->body, client->len + len + 1);

	if (!body)
		return 0;
	memcpy(body + client->len, bytes, len);
	client->body = body;
	client->len += len;
	client->body[client->len] = '\0';
	return len;
}

/* What is not the file is an error's text. */
static size_t pass_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct client *client = arg;
	long status = 0;

	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == (client->fetch->from ? 206 : 200))
		return client->fetch->sink(client->fetch->arg, bytes, size * count);
	return keep_body(bytes, size, count, arg);
}

static int ask_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct client *client = arg;

	return client->fetch->stop(client->fetch->arg);
}

/* @list with "@name@value" behind it, wiped where it was put together. */
static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
	struct curl_slist *longer;
	char *line;

	if (asprintf(&line, "%s%s", name, value) < 0)
		abort();
	longer = curl_slist_append(list, line);
	explicit_bzero(line, strlen(line));
	free(line);
	if (!longer)
		abort();
	return longer;
}

static void set_tls(struct client *client)
{
	const struct target *target = client->target;

	if (!target->ca_file)
		return;
	curl_easy_setopt(client->curl, CURLOPT_CAINFO, target->ca_file);
	if (target->local) /* the very certificate of the INI: its names are those that others reach it by */
		curl_easy_setopt(client->curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

static void set_up(struct client *client, const char *url)
{
	curl_easy_reset(client->curl);
	client->len = 0;
	client->error[0] = '\0';
	curl_easy_setopt(client->curl, CURLOPT_URL, url);
	curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->error);
	curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(client->curl, CURLOPT_USERAGENT, "wirespool/" WIRESPOOL_VERSION);
	curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, keep_body);
	curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
	set_tls(client);
}

/* The path of `Link: <path>; rel="next"`, to be freed. */
static char *find_next(CURL *curl)
{
	struct curl_header *link;
	const char *end;

	if (curl_easy_header(curl, "link", 0, CURLH_HEADER, -1, &link) || link->value[0] != '<' ||
	        !strstr(link->value, "rel=\"next\""))
		return NULL;
	end = strchr(link->value, '>');
	return end && link->value[1] == '/' ? strndup(link->value + 1, (size_t)(end - link->value - 1))
	                                    : NULL;
}

/* Send what is set up and see what came. */
static int perform(struct client *client, struct curl_slist *headers, struct client_answer *ret_answer)
{
	*ret_answer = (struct client_answer){ 0 };
	if (client->target->token)
		headers = add_header(headers, "Authorization: Bearer ", client->target->token);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
	CURLcode code = curl_easy_perform(client->curl);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
	if (code == CURLE_OK && client->len)
		ret_answer->json = json_loadb(client->body, client->len, JSON_REJECT_DUPLICATES, NULL);
	if (code == CURLE_OK)
		ret_answer->next = find_next(client->curl);
	else
		snprintf(ret_answer->why, sizeof(ret_answer->why), "%s",
		        client->error[0] ? client->error : curl_easy_strerror(code));
	curl_slist_free_all(headers);
	return code == CURLE_OK ? 0 : -EIO;
}

static char *join(const char *a, const char *b)
{
	char *text;

	if (asprintf(&text, "%s%s", a, b) < 0)
		abort();
	return text;
}

int client_ask(struct client *client, const char *method, const char *path, struct client_answer *ret_answer)
{
	char *url = join(client->target->url, path);

	set_up(client, url);
	free(url);
	curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, client->patience_s);
	if (!strcmp(method, "POST"))
		curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, "");
	int status = perform(client, NULL, ret_answer);
	if (status) /* a part of an answer is none */
		ret_answer->status = 0;
	return status;
}

int client_fetch(struct client *client, const struct client_fetch *fetch, struct client_answer *ret_answer)
{
	char *url = join(client->target->url, fetch->path), range[32];
	struct curl_slist *headers = NULL;

	set_up(client, url);
	free(url);
	client->fetch = fetch;
	curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, pass_body);
	if (fetch->from) {
		snprintf(range, sizeof(range), "%llu-", (unsigned long long)fetch->from);
		curl_easy_setopt(client->curl, CURLOPT_RANGE, range);
	}
	if (fetch->last_event)
		headers = add_header(headers, "Last-Event-ID: ", fetch->last_event);
	if (!fetch->endless) {
		curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, SLOWEST_BYTES_PER_S);
		curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
	}
	if (fetch->stop) {
		curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, ask_stop);
		curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, client);
		curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, 0L);
	}
	return perform(client, headers, ret_answer);
}

void client_answer_clear(struct client_answer *answer)
{
	json_decref(answer->json);
	free(answer->next);
	*answer = (struct client_answer){ 0 };
}

char *client_path(const char *prefix, const char *name, const char *suffix)
{
	char *encoded = curl_easy_escape(NULL, name, 0), *path;

	if (!encoded || asprintf(&path, "%s%s%s", prefix, encoded, suffix) < 0)
		abort();
	curl_free(encoded);
	return path;
}
