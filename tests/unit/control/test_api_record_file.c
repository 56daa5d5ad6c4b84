/* SPDX-License-Identifier: BSD-3-Clause */
/* How a recording is served, growing ones above all; the server and the library are played by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clk.h"
#include "control/control.h"
#include "control/library.h"
#include "control/route.h"

static struct control control;
static const char *range, *if_range, *if_none_match;
static char headers[2048], code[64];
static int status, open_error, last_fd;
static bool is_growing;
static uint64_t sent_offset, sent_len;
static size_t piece_count;

struct control *http_control(const struct http_request *req)
{
	return &control;
}

const char *http_param(const struct http_request *req, unsigned index)
{
	return "promised_v_1.ivf";
}

const char *http_header(const struct http_request *req, const char *name)
{
	return !strcmp(name, "Range")           ? range
	       : !strcmp(name, "If-Range")      ? if_range
	       : !strcmp(name, "If-None-Match") ? if_none_match
	                                        : NULL;
}

void http_set_header(struct http_request *req, const char *name, const char *value)
{
	sprintf(headers + strlen(headers), "%s: %s\n", name, value);
}

void http_answer_empty(struct http_request *req, int s)
{
	status = s;
}

void http_answer_error(struct http_request *req, int s, const char *c, const char *format, ...)
{
	status = s;
	snprintf(code, sizeof(code), "%s", c);
}

void http_answer_file(struct http_request *req, int s, int fd, uint64_t offset, uint64_t len)
{
	status = s;
	sent_offset = offset;
	sent_len = len;
	close(fd);
}

void http_answer_pieces(
        struct http_request *req, int s, int fd, const struct http_piece *pieces, size_t count)
{
	status = s;
	piece_count = count;
	for (size_t i = 0; i < count; i++)
		free(pieces[i].text);
	close(fd);
}

int library_open_for_reading(struct library *library, const char *name, uint64_t *ret_bytes,
        uint64_t *ret_mtime_ns, bool *ret_growing, char ret_name[NAME_BYTES])
{
	if (open_error)
		return open_error;
	*ret_bytes = 1000;
	*ret_mtime_ns = 784111777 * CLK_NS_PER_S;
	*ret_growing = is_growing;
	strcpy(ret_name, "real_v_1.ivf");
	return last_fd = memfd_create("file", MFD_CLOEXEC);
}

static void get(const char *want_range)
{
	range = want_range;
	headers[0] = code[0] = '\0';
	status = 0;
	sent_offset = sent_len = piece_count = 0;
	api_records_file(NULL);
	if (!open_error)
		assert_int_equal(close(last_fd), -1); /* handed over or closed, whatever the answer */
}

static int reset(void **state)
{
	range = if_range = if_none_match = NULL;
	open_error = 0;
	is_growing = false;
	return 0;
}

static bool has(const char *header)
{
	return strstr(headers, header) != NULL;
}

static void a_finished_one_bears_tag_and_date(void **state)
{
	get(NULL);
	assert_int_equal(status, 200);
	assert_int_equal(sent_len, 1000);
	assert_true(has("Content-Type: video/x-ivf\n") && has("Accept-Ranges: bytes\n"));
	assert_true(has("ETag: \"") && has("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n"));
}

static void a_growing_one_is_not_to_be_kept(void **state)
{
	is_growing = true;
	get(NULL);
	assert_int_equal(status, 200);
	assert_int_equal(sent_len, 1000);
	assert_true(has("Cache-Control: no-store\n") && has("Accept-Ranges: bytes\n"));
	assert_false(has("ETag") || has("Last-Modified"));
	if_none_match = "\"x\"";
	get(NULL);
	assert_int_equal(status, 200);
}

static void a_growing_one_has_ranges_of_what_there_is(void **state)
{
	is_growing = true;
	get("bytes=990-2000");
	assert_int_equal(status, 206);
	assert_int_equal(sent_offset, 990);
	assert_int_equal(sent_len, 10);
	assert_true(has("Content-Range: bytes 990-999/1000\n"));
	get("bytes=1000-");
	assert_int_equal(status, 416);
	assert_true(has("Content-Range: bytes */1000\n"));
	if_range = "\"x\"";
	get("bytes=0-9");
	assert_int_equal(status, 200);
}

static void several_ranges_are_sent_in_pieces(void **state)
{
	get("bytes=0-1,10-11,-1");
	assert_int_equal(status, 206);
	assert_int_equal(piece_count, 4);
	assert_true(has("Content-Type: multipart/byteranges; boundary=part-"));
}

static void conditions_end_without_a_body(void **state)
{
	if_none_match = "*";
	get("bytes=0-1");
	assert_int_equal(status, 304);
	assert_true(has("ETag: \""));
}

static void failures_say_which(void **state)
{
	open_error = -ENOENT;
	get(NULL);
	assert_int_equal(status, 404);
	assert_string_equal(code, "not_found");
	open_error = -EIO;
	get(NULL);
	assert_int_equal(status, 500);
	assert_string_equal(code, "disk_error");
}

#define CASE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_finished_one_bears_tag_and_date),
		CASE(a_growing_one_is_not_to_be_kept),
		CASE(a_growing_one_has_ranges_of_what_there_is),
		CASE(several_ranges_are_sent_in_pieces),
		CASE(conditions_end_without_a_body),
		CASE(failures_say_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
