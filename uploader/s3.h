/* SPDX-License-Identifier: BSD-3-Clause */
/* The S3 requests we make, as URL and headers, and what an answer to one means.
 *
 * Pure: nothing here touches the network; uploader/exchange.h sends what is built here. Any thread.
 * Source: S3 API reference, "Actions" and "Error responses"; "Virtual hosting of buckets".
 */
#ifndef UPLOADER_S3_H
#define UPLOADER_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/conf.h"
#include "uploader/s3_xml.h"
#include "uploader/sigv4.h"

#define S3_ETAG_BYTES   80
#define S3_REASON_BYTES 256
#define S3_HEADERS      16

/* Where the bucket is. Points into the configuration. */
struct s3_store {
	const struct conf *conf;
	char host[600]; /* what Host says: endpoint, with the bucket before it in virtual-host style */
	char root[260]; /* what every path begins with: "", or "/bucket" */
	bool tls, path_style;
};

enum s3_op {
	S3_PUT,      /* the whole object */
	S3_HEAD,     /* its size and ETag */
	S3_GET,      /* its bytes */
	S3_DELETE,   /* remove it */
	S3_CREATE,   /* begin a multipart upload */
	S3_PART,     /* one part of it */
	S3_COMPLETE, /* make the object of the parts */
	S3_ABORT,    /* give the upload up */
	S3_LIST      /* uploads under way */
};

struct s3_request {
	enum s3_op op;
	const char *key;                             /* all but LIST */
	const char *upload_id;                       /* PART, COMPLETE, ABORT */
	unsigned part;                               /* PART */
	const char *payload;                         /* hex SHA-256 of the body; NULL: SIGV4_UNSIGNED */
	const char *prefix, *key_marker, *id_marker; /* LIST */
	const struct sigv4_field *fields; /* further headers (content-type, x-amz-meta-…), lower case */
	size_t field_count;
	uint64_t unix_s;
};

/* A request ready to be sent: "name: value" lines, each to be freed by s3_head_free. */
struct s3_head {
	const char *method;
	char *url;
	char *headers[S3_HEADERS];
	size_t header_count;
};

/* What an answer, or its absence, means for the one who asked. */
enum s3_outcome {
	S3_OK,
	S3_ABSENT, /* HEAD: there is no such object */
	S3_GONE,   /* the multipart upload is not known (any more), or its parts are not what we hold */
	S3_FAILED
};

struct s3_verdict {
	enum s3_outcome outcome;
	bool slow;   /* the store refused: trying again soon is of no use */
	bool store;  /* it is the store or our access to it, not this object */
	bool unsure; /* the request may have taken effect all the same */
	bool skewed; /* our clock is refused; to a HEAD no code comes: then it may be */
	uint32_t retry_after_s;
	char reason[S3_REASON_BYTES]; /* "403 SignatureDoesNotMatch: …"; empty when S3_OK */
};

/* Work out the form of URLs from s3.*: virtual-host style unless path_style is set, the endpoint is an IP
 * address, or the bucket's name does not make a host name (a dot would not fit the store's certificate). 0,
 * or -EINVAL with a sentence in *ret_why. @conf must outlive the store. */
int s3_store_init(struct s3_store *ret_store, const struct conf *conf, const char **ret_why);

/* Build and sign. 0 or -ENOMEM. */
int s3_build(struct s3_head *ret_head, const struct s3_store *store, const struct s3_request *request);
void s3_head_free(struct s3_head *head);

/* Judge an answer of HTTP status @status (0: none came, @transport says why, e.g. "Connection refused") to
 * @op.
 * @body may hold an error, with a status of 200 too. */
void s3_judge(struct s3_verdict *ret_verdict, enum s3_op op, long status, const char *body, size_t len,
        const char *transport);

/* Whether @etag is of the common form: 32 hex digits (MD5), and with @parts "-N" after them. */
bool s3_etag_is_md5(const char *etag, bool parts);

#endif
