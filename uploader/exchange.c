/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/limits.h"

#define CONNECT_TIMEOUT_S   15
#define REQUEST_TIMEOUT_S   120  /* of a request without a large body */
#define COMPLETE_TIMEOUT_S  1800 /* stores copy large objects before they answer */
#define SEND_BUFFER_BYTES   (512l << 10)
#define SLOWEST_BYTES_PER_S 256l

static size_t read_body(char *out, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	uint64_t left = x->source.bytes - x->at;
	size_t want = size * count < left ? size * count : (size_t)left;
	ssize_t n;

	if (!want)
		return 0;
	if (x->source.text) {
		memcpy(out, x->source.text + x->at, want);
		n = (ssize_t)want;
	} else {
		do {
			n = pread(x->source.fd, out, want, (off_t)(x->source.offset + x->at));
		} while (n < 0 && errno == EINTR);
	}
	if (n <= 0) {
		x->file_error = n ? errno : ENODATA;
		return CURL_READFUNC_ABORT;
	}
	x->at += (uint64_t)n;
	return (size_t)n;
}

/* curl goes back when a kept connection turns out to be dead. */
static int seek_body(void *arg, curl_off_t offset, int origin)
{
	struct exchange *x = arg;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > x->source.bytes)
		return CURL_SEEKFUNC_FAIL;
	x->at = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t keep_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t n = size * count;

	if (n > LIMIT_STORE_REPLY_BYTES - x->len)
		return 0;
	char *body = realloc(x->body, x->len + n + 1);
	if (!body)
		return 0;
	memcpy(body + x->len, bytes, n);
	x->body = body;
	x->len += n;
	x->body[x->len] = '\0';
	return n;
}

/* `ETag: "…"`, also weak; the quotes are left out. */
static size_t keep_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t n = size * count, used = 0;

	if (n >= 5 && !strncasecmp(bytes, "HTTP/", 5))
		x->etag[0] = '\0'; /* a 100 Continue went before */
	if (n < 5 || strncasecmp(bytes, "etag:", 5))
		return n;
	for (size_t i = 5; i < n && used + 1 < sizeof(x->etag); i++) {
		char c = bytes[i];

		if (c > ' ' && c < 0x7F && c != '"')
			x->etag[used++] = c;
	}
	x->etag[used] = '\0';
	if (!strncmp(x->etag, "W/", 2))
		memmove(x->etag, x->etag + 2, used - 1);
	return n;
}

static bool add_line(struct exchange *x, const char *line)
{
	struct curl_slist *headers = curl_slist_append(x->headers, line);

	if (headers)
		x->headers = headers;
	return headers;
}

static bool set_headers(struct exchange *x, const struct s3_head *head, bool wait_for_go)
{
	bool good = add_line(x, wait_for_go ? "Expect: 100-continue" : "Expect:");

	for (size_t i = 0; good && i < head->header_count; i++)
		good = add_line(x, head->headers[i]);
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	return good;
}

static void set_limits(struct exchange *x, const struct exchange_env *env, enum s3_op op)
{
	bool file = op == S3_PUT || op == S3_PART, complete = op == S3_COMPLETE;

	curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(x->easy, CURLOPT_LOW_SPEED_LIMIT, SLOWEST_BYTES_PER_S);
	curl_easy_setopt(
	        x->easy, CURLOPT_LOW_SPEED_TIME, complete ? (long)COMPLETE_TIMEOUT_S : (long)env->stall_s);
	if (!file)
		curl_easy_setopt(x->easy, CURLOPT_TIMEOUT,
		        complete ? (long)COMPLETE_TIMEOUT_S : (long)REQUEST_TIMEOUT_S);
	curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1l);
	curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(x->easy, CURLOPT_TCP_KEEPALIVE, 1l);
	curl_easy_setopt(x->easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER_BYTES);
	curl_easy_setopt(x->easy, CURLOPT_USERAGENT, "wirespool/" WIRESPOOL_VERSION);
	if (env->ca_file[0])
		curl_easy_setopt(x->easy, CURLOPT_CAINFO, env->ca_file);
}

static void set_method(struct exchange *x, const struct s3_head *head)
{
	if (!strcmp(head->method, "HEAD")) {
		curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1l);
	} else if (!strcmp(head->method, "PUT")) {
		curl_easy_setopt(x->easy, CURLOPT_UPLOAD, 1l);
		curl_easy_setopt(x->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->source.bytes);
	} else if (!strcmp(head->method, "POST")) {
		curl_easy_setopt(x->easy, CURLOPT_POST, 1l);
		curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->source.bytes);
		if (!x->source.bytes)
			curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, "");
	} else if (strcmp(head->method, "GET")) {
		curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, head->method);
	}
}

static void set_callbacks(struct exchange *x)
{
	curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, read_body);
	curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_SEEKFUNCTION, seek_body);
	curl_easy_setopt(x->easy, CURLOPT_SEEKDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, keep_body);
	curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, keep_header);
	curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error);
}

/* Ready for the next one; the easy handle stays, emptied. */
static int clear(struct exchange *x)
{
	CURL *easy = x->easy;

	if (easy)
		curl_easy_reset(easy);
	else
		easy = curl_easy_init();
	curl_slist_free_all(x->headers);
	free(x->body);
	memset(x, 0, sizeof(*x));
	x->easy = easy;
	return easy ? 0 : -ENOMEM;
}

int exchange_start(struct exchange *x, const struct exchange_env *env, const struct s3_head *head,
        enum s3_op op, const struct exchange_source *source, bool wait_for_go, void *private)
{
	if (clear(x))
		return -ENOMEM;
	x->source = *source;
	set_limits(x, env, op);
	set_method(x, head);
	set_callbacks(x);
	curl_easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1l);
	curl_easy_setopt(x->easy, CURLOPT_PRIVATE, private);
	if (!set_headers(x, head, wait_for_go && source->bytes) ||
	        curl_easy_setopt(x->easy, CURLOPT_URL, head->url) != CURLE_OK ||
	        curl_multi_add_handle(env->multi, x->easy) != CURLM_OK)
		return -ENOMEM;
	return 0;
}

void exchange_stop(struct exchange *x, const struct exchange_env *env)
{
	if (x->easy)
		curl_multi_remove_handle(env->multi, x->easy);
}

/* -1: the answer told none. */
static int64_t date_of(CURL *easy)
{
	struct curl_header *date;

	return curl_easy_header(easy, "date", 0, CURLH_HEADER, -1, &date) ? -1
	                                                                  : curl_getdate(date->value, NULL);
}

void exchange_result(struct exchange *x, CURLcode code, struct exchange_reply *ret_reply)
{
	struct exchange_reply reply = {
		.complete = code == CURLE_OK, .body = x->body, .len = x->len, .etag = x->etag
	};
	curl_off_t length = -1, retry_after = 0;
	long request_bytes = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &reply.status);
	curl_easy_getinfo(x->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &retry_after);
	curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	reply.went_out = request_bytes && x->at == x->source.bytes;
	reply.length = length;
	reply.date_unix_s = date_of(x->easy);
	reply.retry_after_s = retry_after > 86400 ? 86400 : retry_after > 0 ? (uint32_t)retry_after : 0;
	reply.file_error = x->file_error;
	if (reply.status < 200)
		reply.status = 0;
	if (code == CURLE_WRITE_ERROR)
		reply.reason = "the answer is longer than 1 MiB";
	else if (code != CURLE_OK)
		reply.reason = x->error[0] ? x->error : curl_easy_strerror(code);
	*ret_reply = reply;
}

void exchange_free(struct exchange *x)
{
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->headers);
	free(x->body);
	memset(x, 0, sizeof(*x));
}
