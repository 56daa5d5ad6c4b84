/* SPDX-License-Identifier: BSD-3-Clause */
/* A JSON writer (RFC 8259) into a growing buffer: for sidecars, journals and log lines, where nothing is
 * parsed. Commas and quoting are its business; nesting is the caller's. Not for poll loops. One thread at a
 * time. */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonw {
	char *text; /* NUL-terminated; NULL until the first write */
	size_t len, size;
	int error;       /* 0 or -ENOMEM; sticky */
	bool separate;   /* a comma goes before the next value */
	unsigned indent; /* spaces a level; 0: all on one line */
	unsigned depth;
};

/* Free the text and start over, with the same indent. */
void jsonw_reset(struct jsonw *w);

/* Open and close objects and arrays; @key is NULL inside an array and at the top. */
void jsonw_object(struct jsonw *w, const char *key);
void jsonw_array(struct jsonw *w, const char *key);
void jsonw_end_object(struct jsonw *w);
void jsonw_end_array(struct jsonw *w);

/* Values. Strings are escaped, bytes that are not UTF-8 become U+FFFD; NULL becomes null. Doubles print
 * shortest. */
void jsonw_string(struct jsonw *w, const char *key, const char *value);
void jsonw_u64(struct jsonw *w, const char *key, uint64_t value);
void jsonw_i64(struct jsonw *w, const char *key, int64_t value);
void jsonw_double(struct jsonw *w, const char *key, double value);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_null(struct jsonw *w, const char *key);
/* @json as it is: text that another jsonw made. */
void jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t len);

#endif
