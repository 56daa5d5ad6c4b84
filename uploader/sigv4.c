/* SPDX-License-Identifier: BSD-3-Clause */
/* canonical request = method \n path \n query \n header:value \n … \n \n signed;headers \n payload hash
 * string to sign    = AWS4-HMAC-SHA256 \n time \n date/region/service/aws4_request \n hash(canonical request)
 * signature         = hex(HMAC(HMAC(HMAC(HMAC(HMAC("AWS4" secret, date), region), service), "aws4_request"),
 * string)) */
#include "uploader/sigv4.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include "uploader/digest.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

char *sigv4_time(char ret_time[SIGV4_TIME_BYTES], uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	if (!strftime(ret_time, SIGV4_TIME_BYTES, "%Y%m%dT%H%M%SZ", &tm))
		ret_time[0] = '\0';
	return ret_time;
}

char *sigv4_hash(char ret_hex[SIGV4_HASH_BYTES], const void *bytes, size_t len)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256(bytes, len, digest);
	return digest_hex(ret_hex, digest, sizeof(digest));
}

void sigv4_encode(FILE *out, const char *text, int slashes)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < 0x80 && isalnum(c)) || strchr("-._~", c) || (slashes && c == '/'))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

char *sigv4_encoded(const char *text)
{
	char *ret = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&ret, &len);

	if (!out)
		return NULL;
	sigv4_encode(out, text, 0);
	if (fclose(out)) {
		free(ret);
		return NULL;
	}
	return ret;
}

/* Sorted by encoded name, then by encoded value. */
static int compare_fields(const void *a, const void *b)
{
	const struct sigv4_field *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->value, y->value);
}

char *sigv4_query(const struct sigv4_field *query, size_t count)
{
	struct sigv4_field *fields = calloc(count + 1, sizeof(*fields));
	char *ret = NULL;
	size_t len = 0;
	FILE *out = NULL;
	int broken = !fields;

	for (size_t i = 0; !broken && i < count; i++) {
		fields[i].name = sigv4_encoded(query[i].name);
		fields[i].value = sigv4_encoded(query[i].value);
		broken = !fields[i].name || !fields[i].value;
	}
	if (!broken) {
		qsort(fields, count, sizeof(*fields), compare_fields);
		out = open_memstream(&ret, &len);
	}
	for (size_t i = 0; out && i < count; i++)
		fprintf(out, "%s%s=%s", i ? "&" : "", fields[i].name, fields[i].value);
	if (out && fclose(out)) {
		free(ret);
		ret = NULL;
	}
	for (size_t i = 0; fields && i < count; i++) {
		free((char *)fields[i].name);
		free((char *)fields[i].value);
	}
	free(fields);
	return ret;
}

/* A header's value: trimmed, inner runs of spaces made one. */
static void print_value(FILE *out, const char *value)
{
	int space = 0, begun = 0;

	for (; *value; value++) {
		if (*value == ' ' || *value == '\t') {
			space = begun;
			continue;
		}
		if (space)
			fputc(' ', out);
		fputc(*value, out);
		space = 0;
		begun = 1;
	}
}

static char *signed_headers(const struct sigv4_field *headers, size_t count)
{
	char *ret = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&ret, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ";" : "", headers[i].name);
	if (fclose(out)) {
		free(ret);
		return NULL;
	}
	return ret;
}

/* Hex SHA-256 of the canonical request. */
static int hash_request(char ret_hash[SIGV4_HASH_BYTES], const struct sigv4_request *r, const char *query,
        const struct sigv4_field *headers, const char *names)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	fprintf(out, "%s\n%s\n%s\n", r->method, r->path, query);
	for (size_t i = 0; i < r->header_count; i++) {
		fprintf(out, "%s:", headers[i].name);
		print_value(out, headers[i].value);
		fputc('\n', out);
	}
	fprintf(out, "\n%s\n%s", names, r->payload);
	int error = fclose(out) ? -ENOMEM : 0;
	if (!error)
		sigv4_hash(ret_hash, text, len);
	free(text);
	return error;
}

static void hmac(
        uint8_t out[SHA256_DIGEST_LENGTH], const void *key, size_t key_len, const char *text, size_t len)
{
	HMAC(EVP_sha256(), key, (int)key_len, (const uint8_t *)text, len, out, NULL);
}

/* Hex signature of the string to sign. */
static int sign(
        char ret_signature[SIGV4_HASH_BYTES], const struct sigv4_key *key, const char *time, const char *hash)
{
	uint8_t k[SHA256_DIGEST_LENGTH], next[SHA256_DIGEST_LENGTH];
	const char *steps[] = { key->region, key->service, "aws4_request" };
	char *secret = NULL, *text = NULL;
	int secret_len = asprintf(&secret, "AWS4%s", key->secret_key);

	if (secret_len < 0)
		return -ENOMEM;
	int text_len = asprintf(&text, ALGORITHM "\n%s\n%.8s/%s/%s/aws4_request\n%s", time, time, key->region,
	        key->service, hash);
	if (text_len >= 0) {
		hmac(k, secret, (size_t)secret_len, time, 8);
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			hmac(next, k, sizeof(k), steps[i], strlen(steps[i]));
			memcpy(k, next, sizeof(k));
		}
		hmac(next, k, sizeof(k), text, (size_t)text_len);
		digest_hex(ret_signature, next, sizeof(next));
		free(text);
	}
	OPENSSL_cleanse(k, sizeof(k));
	OPENSSL_cleanse(secret, (size_t)secret_len);
	free(secret);
	return text_len < 0 ? -ENOMEM : 0;
}

/* @r's headers in the order of their names, to be freed. */
static struct sigv4_field *sorted(const struct sigv4_request *r)
{
	struct sigv4_field *headers = calloc(r->header_count + 1, sizeof(*headers));

	if (headers && r->header_count) {
		memcpy(headers, r->headers, r->header_count * sizeof(*headers));
		qsort(headers, r->header_count, sizeof(*headers), compare_fields);
	}
	return headers;
}

int sigv4_sign(char **ret_authorization, const struct sigv4_key *key, const struct sigv4_request *request,
        uint64_t unix_s)
{
	char time[SIGV4_TIME_BYTES], canonical[SIGV4_HASH_BYTES], hash[SIGV4_HASH_BYTES];
	struct sigv4_field *headers = sorted(request);
	char *query = sigv4_query(request->query, request->query_count);
	char *names = headers ? signed_headers(headers, request->header_count) : NULL;
	int error = -ENOMEM;

	sigv4_time(time, unix_s);
	if (query && names)
		error = hash_request(canonical, request, query, headers, names);
	if (!error)
		error = sign(hash, key, time, canonical);
	if (!error &&
	        asprintf(ret_authorization,
	                ALGORITHM " Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
	                key->access_key, time, key->region, key->service, names, hash) < 0)
		error = -ENOMEM;
	free(names);
	free(query);
	free(headers);
	return error;
}
