/* SPDX-License-Identifier: BSD-3-Clause */
/* What an answer of the store means: S3 API reference, "List of error codes". */
#include "uploader/s3.h"

#include <stdio.h>
#include <string.h>

enum mark { MARK_SOON = 1, MARK_STORE = 2, MARK_GONE = 4 };

/* Codes that mean something else than their status does. */
static const struct {
	const char *code;
	unsigned marks;
} codes[] = {
	{ "RequestTimeout", MARK_SOON }, /* 400: the store waited for our bytes */
	{ "IncompleteBody", MARK_SOON },
	{ "BadDigest", MARK_SOON },
	{ "XAmzContentSHA256Mismatch", MARK_SOON },
	{ "OperationAborted", MARK_SOON },
	{ "InternalError", MARK_SOON | MARK_STORE },
	{ "SlowDown", MARK_SOON | MARK_STORE },
	{ "Throttling", MARK_SOON | MARK_STORE },
	{ "ServiceUnavailable", MARK_SOON | MARK_STORE },
	{ "RequestTimeTooSkewed", MARK_STORE },
	{ "NoSuchBucket", MARK_STORE },
	{ "NoSuchUpload", MARK_GONE },
	{ "InvalidPart", MARK_GONE },
	{ "InvalidPartOrder", MARK_GONE },
};

static unsigned marks_of(long status, const char *code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (!strcmp(codes[i].code, code))
			return codes[i].marks;
	}
	switch (status) {
	case 408:
	case 425:
		return MARK_SOON;
	case 429:
		return MARK_SOON | MARK_STORE;
	case 401:
	case 403:
		return MARK_STORE;
	default:
		return status >= 500 || status < 300 ? MARK_SOON | MARK_STORE : status < 400 ? MARK_STORE : 0;
	}
}

static bool belongs_to_upload(enum s3_op op)
{
	return op == S3_PART || op == S3_COMPLETE || op == S3_ABORT;
}

static void fail(struct s3_verdict *v, enum s3_op op, long status, const struct s3_error *error)
{
	unsigned marks = marks_of(status, error->code);

	v->outcome = marks & MARK_GONE && belongs_to_upload(op) ? S3_GONE : S3_FAILED;
	v->slow = !(marks & MARK_SOON);
	v->store = marks & MARK_STORE;
	v->unsure = status >= 500 || status < 300;
	v->skewed = !strcmp(error->code, "RequestTimeTooSkewed") ||
	            (op == S3_HEAD && status == 403 && !error->code[0]);
	if (error->code[0])
		snprintf(v->reason, sizeof(v->reason), "%ld %s%s%s", status, error->code,
		        error->message[0] ? ": " : "", error->message);
	else
		snprintf(v->reason, sizeof(v->reason), "%ld without a reason", status);
}

void s3_judge(struct s3_verdict *ret_verdict, enum s3_op op, long status, const char *body, size_t len,
        const char *transport)
{
	struct s3_error error = { "", "" };

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	bool is_error = len && s3_xml_error(body, len, &error);
	if (!status || (transport && status < 300)) {
		ret_verdict->outcome = S3_FAILED;
		ret_verdict->store = ret_verdict->unsure = true;
		snprintf(ret_verdict->reason, sizeof(ret_verdict->reason), "%s",
		        transport ? transport : "no answer");
	} else if (op == S3_HEAD && status == 404) {
		ret_verdict->outcome = S3_ABSENT;
	} else if (status < 200 || status >= 300 || is_error) {
		fail(ret_verdict, op, status, &error);
	}
}
