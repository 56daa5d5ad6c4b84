/* SPDX-License-Identifier: BSD-3-Clause */
/* GET and HEAD /records/{name}: the bytes of a recording, finished or still growing. A growing one has the
 * size that may be read now, and neither tag nor date: nothing of it is to be kept by a cache. */
#include "control/route.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/id.h"
#include "base/log.h"
#include "base/name.h"
#include "control/conditional.h"
#include "control/control.h"
#include "control/http_date.h"
#include "control/library.h"
#include "control/range.h"

#define API_RECORD_FILE_BOUNDARY_BYTES 32
#define API_RECORD_FILE_ETAG_BYTES     48

struct api_record_file {
	int fd;
	uint64_t bytes, mtime_ns;
	bool growing;
	char name[NAME_BYTES], etag[API_RECORD_FILE_ETAG_BYTES];
};

static void api_record_file_describe(struct http_request *req, struct api_record_file *file)
{
	char date[HTTP_DATE_BYTES];

	http_set_header(req, "Accept-Ranges", "bytes");
	if (file->growing) {
		http_set_header(req, "Cache-Control", "no-store");
		return;
	}
	snprintf(file->etag, sizeof(file->etag), "\"%" PRIx64 "-%" PRIx64 "\"", file->mtime_ns, file->bytes);
	http_set_header(req, "Cache-Control", "private, no-cache");
	http_set_header(req, "ETag", file->etag);
	http_set_header(req, "Last-Modified", http_date_print(date, file->mtime_ns / CLK_NS_PER_S));
}

static void api_record_file_whole(struct http_request *req, const struct api_record_file *file)
{
	http_set_header(req, "Content-Type", name_content_type(file->name));
	http_answer_file(req, 200, file->fd, 0, file->bytes);
}

static void api_record_file_range(
        struct http_request *req, const struct api_record_file *file, struct range range)
{
	char text[96];

	snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first, range.last,
	        file->bytes);
	http_set_header(req, "Content-Type", name_content_type(file->name));
	http_set_header(req, "Content-Range", text);
	http_answer_file(req, 206, file->fd, range.first, range.last - range.first + 1);
}

/* One part of the body; true when there is no memory for its head. */
static bool api_record_file_part(struct http_piece *ret_piece, const struct api_record_file *file,
        const struct range *range, const char *before, const char *boundary)
{
	ret_piece->offset = range->first;
	ret_piece->len = range->last - range->first + 1;
	return asprintf(&ret_piece->text,
	               "%s--%s\r\nContent-Type: %s\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
	               "\r\n\r\n",
	               before, boundary, name_content_type(file->name), range->first, range->last,
	               file->bytes) < 0;
}

/* multipart/byteranges (RFC 9110 section 14.6). */
static void api_record_file_ranges(
        struct http_request *req, const struct api_record_file *file, const struct range *ranges, int count)
{
	struct http_piece pieces[RANGE_MAX + 1] = { 0 };
	char boundary[API_RECORD_FILE_BOUNDARY_BYTES], type[96];
	bool failed = false;

	id_make(boundary, sizeof(boundary), "part-");
	for (int i = 0; i <= count && !failed; i++) {
		failed = i < count ? api_record_file_part(
		                             &pieces[i], file, &ranges[i], i ? "\r\n" : "", boundary)
		                   : asprintf(&pieces[i].text, "\r\n--%s--\r\n", boundary) < 0;
		if (failed)
			pieces[i].text = NULL;
	}
	if (failed) { /* no memory: the whole file needs none, and is as good an answer */
		for (int i = 0; i <= count; i++)
			free(pieces[i].text);
		api_record_file_whole(req, file);
		return;
	}
	snprintf(type, sizeof(type), "multipart/byteranges; boundary=%s", boundary);
	http_set_header(req, "Content-Type", type);
	http_answer_pieces(req, 206, file->fd, pieces, (size_t)count + 1);
}

static void api_record_file_send(
        struct http_request *req, const struct api_record_file *file, const char *range)
{
	struct range ranges[RANGE_MAX];
	char text[48];
	int count = range ? range_parse(range, file->bytes, ranges) : -EINVAL;

	if (count == -ERANGE) {
		snprintf(text, sizeof(text), "bytes */%" PRIu64, file->bytes);
		http_set_header(req, "Content-Range", text);
		close(file->fd);
		http_answer_error(
		        req, 416, "range_not_satisfiable", "The file has %" PRIu64 " bytes.", file->bytes);
	} else if (count < 0) {
		api_record_file_whole(req, file);
	} else if (count == 1) {
		api_record_file_range(req, file, ranges[0]);
	} else {
		api_record_file_ranges(req, file, ranges, count);
	}
}

void api_records_file(struct http_request *req)
{
	const struct conditional_headers headers = { .if_match = http_header(req, "If-Match"),
		.if_unmodified_since = http_header(req, "If-Unmodified-Since"),
		.if_none_match = http_header(req, "If-None-Match"),
		.if_modified_since = http_header(req, "If-Modified-Since"),
		.if_range = http_header(req, "If-Range") };
	struct api_record_file file = { 0 };
	const char *name = http_param(req, 0);

	file.fd = library_open_for_reading(
	        http_control(req)->library, name, &file.bytes, &file.mtime_ns, &file.growing, file.name);
	if (file.fd == -ENOENT) {
		http_answer_error(req, 404, "not_found", "There is no recording %s.", name);
		return;
	}
	if (file.fd < 0) {
		log_error("http: cannot open recording %s: %s", name, strerror(-file.fd));
		http_answer_error(
		        req, 500, "disk_error", "%s cannot be opened: %s.", name, strerror(-file.fd));
		return;
	}
	api_record_file_describe(req, &file);
	const struct conditional_target target = { file.growing ? NULL : file.etag,
		file.growing ? 0 : file.mtime_ns / CLK_NS_PER_S };
	int status = conditional_check(&target, &headers);
	if (status) {
		close(file.fd);
		if (status == 304)
			http_answer_empty(req, 304);
		else
			http_answer_error(req, 412, "precondition_failed",
			        "%s is not what If-Match or If-Unmodified-Since asks for.", name);
		return;
	}
	bool holds = conditional_range_holds(&target, headers.if_range, clk_wall_ns() / CLK_NS_PER_S);
	api_record_file_send(req, &file, holds ? http_header(req, "Range") : NULL);
}
