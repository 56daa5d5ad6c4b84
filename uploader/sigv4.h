/* SPDX-License-Identifier: BSD-3-Clause */
/* AWS Signature Version 4, in the header form.
 *
 * Pure functions over strings; any thread. The caller gives what it is going to send: this module neither
 * adds headers nor looks at a clock. Source: "AWS Signature Version 4 for API requests" (IAM user guide) and
 * "Authenticating Requests (AWS Signature Version 4)" (S3 API reference); S3's rules: the path is encoded
 * once and not normalised.
 */
#ifndef UPLOADER_SIGV4_H
#define UPLOADER_SIGV4_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SIGV4_HASH_BYTES 65 /* SHA-256 as hex, with its terminator */
#define SIGV4_TIME_BYTES 17 /* 20150830T123600Z, with its terminator */
#define SIGV4_UNSIGNED   "UNSIGNED-PAYLOAD"

struct sigv4_key {
	const char *access_key, *secret_key;
	const char *region, *service;
};

/* A header or a query parameter; not encoded. */
struct sigv4_field {
	const char *name, *value;
};

struct sigv4_request {
	const char *method;
	const char *path; /* encoded, as it stands in the URL; begins with '/' */
	const struct sigv4_field *query;
	size_t query_count;
	const struct sigv4_field
	        *headers; /* all that are to be signed: host among them; names in lower case */
	size_t header_count;
	const char *payload; /* hex SHA-256 of the body, or SIGV4_UNSIGNED */
};

/* "20150830T123600Z" into @ret_time; returns it. */
char *sigv4_time(char ret_time[SIGV4_TIME_BYTES], uint64_t unix_s);

/* Lower-case hex SHA-256 of @len bytes into @ret_hex; returns it. */
char *sigv4_hash(char ret_hex[SIGV4_HASH_BYTES], const void *bytes, size_t len);

/* Print @text with everything but A-Z a-z 0-9 - . _ ~ (and '/', when @slashes) as %XX. */
void sigv4_encode(FILE *out, const char *text, int slashes);

/* @text encoded so, slashes too, to be freed; NULL when memory is short. */
char *sigv4_encoded(const char *text);

/* The query string, encoded and sorted as it is signed, to be freed; NULL when memory is short. */
char *sigv4_query(const struct sigv4_field *query, size_t count);

/* The value of the Authorization header, to be freed. 0 or -ENOMEM. */
int sigv4_sign(char **ret_authorization, const struct sigv4_key *key, const struct sigv4_request *request,
        uint64_t unix_s);

#endif
