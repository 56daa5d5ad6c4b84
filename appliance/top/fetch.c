/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#define CONNECT_TIMEOUT_MS 3000L

struct transfer {
	TAILQ_ENTRY(transfer) link;
	CURL *easy;
	struct curl_slist *headers;
	fetch_read *read;
	fetch_done *done;
	void *arg;
	char *body;
	size_t len, size;
	char cursor[FETCH_CURSOR_BYTES], error[CURL_ERROR_SIZE];
};

struct fetch {
	CURLM *multi;
	char *url, *bearer, *ca_file; /* bearer: the header line, NULL: none */
	bool any_host;
	TAILQ_HEAD(, transfer) transfers;
};

static void transfer_free(struct fetch *f, struct transfer *t)
{
	if (!t)
		return;
	if (t->easy) {
		curl_multi_remove_handle(f->multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	curl_slist_free_all(t->headers);
	free(t->body);
	free(t);
}

int fetch_create(struct fetch **ret_fetch, const struct fetch_cfg *cfg)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	TAILQ_INIT(&f->transfers);
	f->any_host = cfg->any_host;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(f->multi = curl_multi_init())) {
		fetch_free(f);
		return -EINVAL;
	}
	f->url = strdup(cfg->url);
	f->ca_file = cfg->ca_file ? strdup(cfg->ca_file) : NULL;
	if (cfg->token && asprintf(&f->bearer, "Authorization: Bearer %s", cfg->token) < 0)
		f->bearer = NULL;
	if (!f->url || (cfg->ca_file && !f->ca_file) || (cfg->token && !f->bearer)) {
		fetch_free(f);
		return -ENOMEM;
	}
	*ret_fetch = f;
	return 0;
}

void fetch_free(struct fetch *f)
{
	struct transfer *t;

	if (!f)
		return;
	while ((t = TAILQ_FIRST(&f->transfers))) {
		TAILQ_REMOVE(&f->transfers, t, link);
		transfer_free(f, t);
	}
	curl_multi_cleanup(f->multi);
	if (f->bearer)
		explicit_bzero(f->bearer, strlen(f->bearer));
	free(f->bearer);
	free(f->url);
	free(f->ca_file);
	free(f);
}

static bool grow(struct transfer *t, size_t more)
{
	size_t size = t->size ? t->size : 4096;
	char *body;

	if (t->len + more >= FETCH_BODY_BYTES)
		return false;
	while (size <= t->len + more)
		size *= 2;
	if (size == t->size)
		return true;
	body = realloc(t->body, size);
	if (!body)
		return false;
	t->body = body;
	t->size = size;
	return true;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->read && status == 200) {
		t->read(t->arg, data, len);
		return len;
	}
	if (!grow(t, len)) {
		snprintf(t->error, sizeof(t->error), "its answer is too long");
		return 0;
	}
	memcpy(t->body + t->len, data, len);
	t->len += len;
	t->body[t->len] = '\0';
	return len;
}

/* Link: <…&cursor=TEXT>; rel="next" */
static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
	static const char name[] = "link:", key[] = "cursor=";
	struct transfer *t = arg;
	const char *end = data + len, *at;

	if (len <= strlen(name) || strncasecmp(data, name, strlen(name)) ||
	        !memmem(data, len, "rel=\"next\"", 10))
		return len;
	at = memmem(data, len, key, strlen(key));
	if (!at)
		return len;
	at += strlen(key);
	for (size_t n = 0; at < end && n + 1 < sizeof(t->cursor) && *at != '>' && *at != '&' && *at > ' ';
	        at++) {
		t->cursor[n++] = *at;
		t->cursor[n] = '\0';
	}
	return len;
}

static bool add_header(struct transfer *t, const char *line)
{
	struct curl_slist *headers = line ? curl_slist_append(t->headers, line) : NULL;

	if (headers)
		t->headers = headers;
	return headers || !line;
}

static bool set_up(struct fetch *f, struct transfer *t, const struct fetch_request *request)
{
	char *url;
	bool ok;

	if (asprintf(&url, "%s%s", f->url, request->path) < 0)
		return false;
	ok = !curl_easy_setopt(t->easy, CURLOPT_URL, url);
	free(url);
	ok = ok && add_header(t, f->bearer) && add_header(t, request->header);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT, (long)request->timeout_s);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	if (strcmp(request->method, "GET"))
		ok = ok && !curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, request->method);
	if (!strcmp(request->method, "POST"))
		ok = ok && !curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, "");
	if (f->ca_file)
		ok = ok && !curl_easy_setopt(t->easy, CURLOPT_CAINFO, f->ca_file);
	if (f->any_host)
		curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	return ok;
}

int fetch_start(struct fetch *f, const struct fetch_request *request)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->read = request->read;
	t->done = request->done;
	t->arg = request->arg;
	t->easy = curl_easy_init();
	if (!t->easy || !set_up(f, t, request) || curl_multi_add_handle(f->multi, t->easy)) {
		transfer_free(f, t);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&f->transfers, t, link);
	return 0;
}

static void finish(struct fetch *f, struct transfer *t, CURLcode code)
{
	struct fetch_result result = {
		.body = t->body ? t->body : "", .len = t->len, .cursor = t->cursor, .error = ""
	};
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	result.status = code ? 0 : (int)status;
	if (code)
		result.error = *t->error ? t->error : curl_easy_strerror(code);
	TAILQ_REMOVE(&f->transfers, t, link);
	t->done(t->arg, &result);
	transfer_free(f, t);
}

/* How many ended. */
static unsigned finish_all(struct fetch *f)
{
	unsigned count = 0;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(f->multi, &left))) {
		struct transfer *t;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		finish(f, t, msg->data.result);
		count++;
	}
	return count;
}

bool fetch_wait(struct fetch *f, const int *fds, unsigned count, int timeout_ms)
{
	struct curl_waitfd extra[FETCH_FDS] = { 0 };
	bool is_readable = false;
	int running;

	for (unsigned i = 0; i < count; i++)
		extra[i] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
	curl_multi_perform(f->multi, &running);
	if (finish_all(f))
		timeout_ms = 0;
	curl_multi_poll(f->multi, extra, count, timeout_ms, NULL);
	curl_multi_perform(f->multi, &running);
	finish_all(f);
	for (unsigned i = 0; i < count; i++)
		is_readable |= extra[i].revents != 0;
	return is_readable;
}

char *fetch_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0), *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}
