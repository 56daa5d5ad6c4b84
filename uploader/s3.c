/* SPDX-License-Identifier: BSD-3-Clause */
/* https://host[/bucket]/key?query */
#include "uploader/s3.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_PAGE    "250" /* an entry takes up to 3 KiB of LIMIT_STORE_REPLY_BYTES */
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static bool is_address(const char *endpoint)
{
	char host[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (endpoint[0] == '[')
		return true;
	size_t len = strcspn(endpoint, ":");
	if (len >= sizeof(host))
		return false;
	memcpy(host, endpoint, len);
	host[len] = '\0';
	return inet_pton(AF_INET, host, &v4) == 1;
}

/* A bucket that can stand before the endpoint as one DNS label. */
static bool is_label(const char *bucket)
{
	for (const char *c = bucket; *c; c++) {
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
			return false;
	}
	size_t len = strlen(bucket);
	return len && len <= 63 && bucket[0] != '-' && bucket[len - 1] != '-';
}

/* curl leaves the scheme's own port out of Host, and that is what has to be signed. */
static size_t endpoint_len(const char *endpoint, bool tls)
{
	size_t len = strlen(endpoint);
	const char *port = tls ? ":443" : ":80";
	size_t port_len = strlen(port);

	return len > port_len && !strcmp(endpoint + len - port_len, port) ? len - port_len : len;
}

int s3_store_init(struct s3_store *ret_store, const struct conf *conf, const char **ret_why)
{
	const char *endpoint = conf->s3_endpoint, *bucket = conf->s3_bucket;
	struct s3_store store = { .conf = conf, .tls = conf->s3_use_ssl };

	if (strpbrk(endpoint, "/@?# \t\r\n") || !endpoint[0]) {
		*ret_why = "s3.endpoint is host or host:port, without https:// and path";
		return -EINVAL;
	}
	if (!bucket[0] || strpbrk(bucket, "/?# \t\r\n")) {
		*ret_why = "s3.bucket is not the name of a bucket";
		return -EINVAL;
	}
	store.path_style = conf->s3_path_style || is_address(endpoint) || !is_label(bucket);
	if (store.path_style)
		snprintf(store.root, sizeof(store.root), "/%s", bucket);
	int n = snprintf(store.host, sizeof(store.host), "%s%s%.*s", store.path_style ? "" : bucket,
	        store.path_style ? "" : ".", (int)endpoint_len(endpoint, store.tls), endpoint);
	if (n < 0 || (size_t)n >= sizeof(store.host) || strlen(bucket) + 2 > sizeof(store.root)) {
		*ret_why = "s3.endpoint or s3.bucket is too long";
		return -EINVAL;
	}
	*ret_store = store;
	return 0;
}

static const char *method_of(enum s3_op op)
{
	static const char *const methods[] = { [S3_PUT] = "PUT",
		[S3_HEAD] = "HEAD",
		[S3_GET] = "GET",
		[S3_DELETE] = "DELETE",
		[S3_CREATE] = "POST",
		[S3_PART] = "PUT",
		[S3_COMPLETE] = "POST",
		[S3_ABORT] = "DELETE",
		[S3_LIST] = "GET" };

	return methods[op];
}

static size_t query_of(struct sigv4_field query[5], const struct s3_request *r, char part[12])
{
	size_t n = 0;

	switch (r->op) {
	case S3_PUT:
	case S3_HEAD:
	case S3_GET:
	case S3_DELETE:
		break;
	case S3_CREATE:
		query[n++] = (struct sigv4_field){ "uploads", "" };
		break;
	case S3_PART:
		snprintf(part, 12, "%u", r->part);
		query[n++] = (struct sigv4_field){ "partNumber", part };
		query[n++] = (struct sigv4_field){ "uploadId", r->upload_id };
		break;
	case S3_COMPLETE:
	case S3_ABORT:
		query[n++] = (struct sigv4_field){ "uploadId", r->upload_id };
		break;
	case S3_LIST:
		query[n++] = (struct sigv4_field){ "uploads", "" };
		query[n++] = (struct sigv4_field){ "prefix", r->prefix };
		query[n++] = (struct sigv4_field){ "max-uploads", LIST_PAGE };
		if (r->key_marker && r->key_marker[0])
			query[n++] = (struct sigv4_field){ "key-marker", r->key_marker };
		if (r->key_marker && r->key_marker[0] && r->id_marker && r->id_marker[0])
			query[n++] = (struct sigv4_field){ "upload-id-marker", r->id_marker };
		break;
	}
	return n;
}

static char *path_of(const struct s3_store *store, const struct s3_request *r)
{
	char *path = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&path, &len);

	if (!out)
		return NULL;
	sigv4_encode(out, store->root, 1);
	if (r->op == S3_LIST) {
		if (!store->path_style)
			fputc('/', out);
	} else {
		fputc('/', out);
		sigv4_encode(out, r->key, 1);
	}
	if (fclose(out)) {
		free(path);
		return NULL;
	}
	return path;
}

static int add_header(struct s3_head *head, const char *name, const char *value)
{
	if (asprintf(&head->headers[head->header_count], "%s: %s", name, value) < 0)
		return -ENOMEM;
	head->header_count++;
	return 0;
}

/* Sign what @headers holds and fill @head. */
static int finish(
        struct s3_head *head, const struct s3_store *store, const struct sigv4_request *r, uint64_t unix_s)
{
	const struct conf *conf = store->conf;
	const struct sigv4_key key = { conf->s3_access_key, conf->s3_secret_key, conf->s3_region, "s3" };
	char *authorization = NULL, *query = sigv4_query(r->query, r->query_count);
	int error = query ? sigv4_sign(&authorization, &key, r, unix_s) : -ENOMEM;

	for (size_t i = 0; !error && i < r->header_count; i++)
		error = add_header(head, r->headers[i].name, r->headers[i].value);
	if (!error)
		error = add_header(head, "authorization", authorization);
	if (!error && asprintf(&head->url, "%s://%s%s%s%s", store->tls ? "https" : "http", store->host,
	                      r->path, query[0] ? "?" : "", query) < 0) {
		head->url = NULL;
		error = -ENOMEM;
	}
	free(authorization);
	free(query);
	return error;
}

int s3_build(struct s3_head *ret_head, const struct s3_store *store, const struct s3_request *request)
{
	char time[SIGV4_TIME_BYTES], part[12];
	struct sigv4_field query[5], headers[S3_HEADERS];
	struct s3_head head = { .method = method_of(request->op) };
	size_t n = 0;
	bool has_body = request->op == S3_PUT || request->op == S3_PART || request->op == S3_COMPLETE;
	struct sigv4_request r = { .method = head.method, .query = query, .headers = headers };

	r.payload = !has_body ? EMPTY_SHA256 : request->payload ? request->payload : SIGV4_UNSIGNED;
	r.query_count = query_of(query, request, part);
	char *path = path_of(store, request);
	if (!path)
		return -ENOMEM;
	r.path = path;
	headers[n++] = (struct sigv4_field){ "host", store->host };
	headers[n++] = (struct sigv4_field){ "x-amz-content-sha256", r.payload };
	headers[n++] = (struct sigv4_field){ "x-amz-date", sigv4_time(time, request->unix_s) };
	if (store->conf->s3_session_token[0])
		headers[n++] = (struct sigv4_field){ "x-amz-security-token", store->conf->s3_session_token };
	for (size_t i = 0; i < request->field_count && n < S3_HEADERS - 1; i++)
		headers[n++] = request->fields[i];
	r.header_count = n;
	int error = finish(&head, store, &r, request->unix_s);
	free(path);
	if (error)
		s3_head_free(&head);
	else
		*ret_head = head;
	return error;
}

void s3_head_free(struct s3_head *head)
{
	for (size_t i = 0; i < head->header_count; i++)
		free(head->headers[i]);
	free(head->url);
	memset(head, 0, sizeof(*head));
}

bool s3_etag_is_md5(const char *etag, bool parts)
{
	size_t len = strspn(etag, "0123456789abcdefABCDEF");

	if (len != 32 || !parts)
		return len == 32 && !etag[len];
	return etag[len] == '-' && etag[len + 1] && !etag[len + 1 + strspn(etag + len + 1, "0123456789")];
}
