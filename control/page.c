/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "control/query.h"

bool page_limit(struct http_request *req, unsigned *ret_limit)
{
	const char *text = http_query(req, "limit");
	unsigned long limit = LIMIT_LIST_ROWS;
	char *end;

	if (text) {
		limit = strtoul(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || limit < 1 || limit > LIMIT_LIST_ROWS) {
			http_answer_error(req, 400, "bad_parameter", "limit has to be a number from 1 to %d.",
			        LIMIT_LIST_ROWS);
			return false;
		}
	}
	*ret_limit = (unsigned)limit;
	return true;
}

bool page_time(struct http_request *req, const char *key, uint64_t *ret_unix_ns)
{
	const char *text = http_query(req, key);

	*ret_unix_ns = 0;
	if (!text || !clk_parse_rfc3339(text, ret_unix_ns))
		return true;
	http_answer_error(req, 400, "bad_parameter",
	        "%s has to be a time as RFC 3339 has it, e.g. 2026-01-02T03:04:05Z.", key);
	return false;
}

bool page_text(struct http_request *req, const char *key, size_t max, const char **ret_text)
{
	const char *text = http_query(req, key);

	*ret_text = text;
	if (!text)
		return true;
	bool good = *text && strlen(text) <= max;
	for (size_t step; good && *text; text += step) {
		step = utf8_bytes(text);
		good = step > 0 && (unsigned char)*text >= ' ' && *text != 0x7f;
	}
	if (!good)
		http_answer_error(req, 400, "bad_parameter",
		        "%s has to be 1 to %zu bytes of UTF-8 without control characters.", key, max);
	return good;
}

void page_set_next(struct http_request *req, const char *const *keys, const char *cursor)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	fprintf(out, "<%s?", http_path(req));
	for (; *keys; keys++) {
		const char *value = http_query(req, *keys);
		if (!value)
			continue;
		fprintf(out, "%s=", *keys);
		query_encode(out, value);
		fputc('&', out);
	}
	fputs("cursor=", out);
	query_encode(out, cursor);
	fputs(">; rel=\"next\"", out);
	if (!fclose(out))
		http_set_header(req, "Link", text);
	free(text);
}
