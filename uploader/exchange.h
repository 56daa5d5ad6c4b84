/* SPDX-License-Identifier: BSD-3-Clause */
/* One HTTP request and its answer on a curl multi handle: the body is read from the file as it goes out, the
 * answer is kept up to LIMIT_STORE_REPLY_BYTES, and everything has a time limit. The uploader's thread only.
 */
#ifndef UPLOADER_EXCHANGE_H
#define UPLOADER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <curl/curl.h>
#include "uploader/s3.h"

/* What all exchanges share. */
struct exchange_env {
	CURLM *multi;
	const char *ca_file; /* empty: the system's */
	unsigned stall_s;    /* a transfer that hardly moves for this long is cut */
};

/* The body: @bytes of @fd from @offset, or of @text when that is set (borrowed, like @fd, until the end). */
struct exchange_source {
	int fd;
	const char *text;
	uint64_t offset, bytes;
};

struct exchange {
	CURL *easy; /* kept from one exchange to the next */
	struct curl_slist *headers;
	struct exchange_source source;
	uint64_t at;    /* of the body, sent so far */
	int file_error; /* errno of the body's file */
	char *body;
	size_t len;
	char etag[S3_ETAG_BYTES];
	char error[CURL_ERROR_SIZE];
};

struct exchange_reply {
	long status;   /* 0: none */
	bool complete; /* the answer came whole */
	bool went_out; /* the whole request may have reached the store */
	const char *body;
	size_t len;
	const char *etag; /* header, without quotes; may be empty */
	int64_t length;   /* Content-Length, -1: none */
	uint32_t retry_after_s;
	int64_t date_unix_s; /* header Date, -1: none */
	int file_error;      /* the body could not be read */
	const char *reason;  /* when not complete; static or in the exchange */
};

/* Begin; @private comes back from curl with the message of its end. @wait_for_go: send a body only once the
 * store has said 100 Continue, so that a refusal can be read. 0 or -ENOMEM; nothing was begun then. */
int exchange_start(struct exchange *x, const struct exchange_env *env, const struct s3_head *head,
        enum s3_op op, const struct exchange_source *source, bool wait_for_go, void *private);

/* Take it off the multi handle, if it is on it. */
void exchange_stop(struct exchange *x, const struct exchange_env *env);

/* What came of it; valid until the next start or free. */
void exchange_result(struct exchange *x, CURLcode code, struct exchange_reply *ret_reply);
void exchange_free(struct exchange *x);

#endif
