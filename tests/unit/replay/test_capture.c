/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tools/replay/capture.h"
#include "tests/unit/replay/wire.h"

static char *text;
static size_t text_bytes;
static char why[CAPTURE_WHY_BYTES];

/* A capture of @link with two packets, in text. */
static void make(uint32_t link)
{
	FILE *file = open_memstream(&text, &text_bytes);

	wire_pcap_begin(file, link);
	wire_pcap_add(file, 1700000000123456789, (const uint8_t *)"first", 5, 5);
	wire_pcap_add(file, 1700000001000000000, (const uint8_t *)"second", 6, 60);
	fclose(file);
}

static int open_bytes(struct capture **capture, size_t len)
{
	return capture_open_stream(capture, fmemopen(text, len, "r"), why);
}

static void packets_come_with_their_nanoseconds(void **state)
{
	struct capture_packet packet;
	struct capture *capture;

	make(1);
	assert_int_equal(open_bytes(&capture, text_bytes), 0);
	assert_int_equal(capture_link(capture), LINK_ETHERNET);
	assert_int_equal(capture_next(capture, &packet), 1);
	assert_int_equal(packet.unix_ns, 1700000000123456789);
	assert_int_equal(packet.len, 5);
	assert_memory_equal(packet.bytes, "first", 5);
	assert_int_equal(capture_next(capture, &packet), 1);
	assert_int_equal(packet.len, 6);
	assert_int_equal(packet.wire_len, 60);
	assert_int_equal(capture_next(capture, &packet), 0);
	capture_close(capture);
	free(text);
}

/* Big-endian, microseconds: as a Sun would have written it. */
static void the_other_byte_order_and_microseconds_are_taken(void **state)
{
	static const uint8_t file[] = { 0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0,
		0, 0, 0, 0, 113, 0x65, 0x53, 0xf1, 0x00, 0, 1, 0xe2, 0x40, 0, 0, 0, 1, 0, 0, 0, 1, 'x' };
	struct capture_packet packet;
	struct capture *capture;

	assert_int_equal(
	        capture_open_stream(&capture, fmemopen((void *)(uintptr_t)file, sizeof(file), "r"), why), 0);
	assert_int_equal(capture_link(capture), LINK_SLL);
	assert_int_equal(capture_next(capture, &packet), 1);
	assert_int_equal(packet.unix_ns, 1700000000123456000);
	capture_close(capture);
}

static void a_file_that_is_cut_is_told_where_it_is(void **state)
{
	struct capture_packet packet;
	struct capture *capture;

	make(1);
	assert_int_equal(open_bytes(&capture, text_bytes - 1), 0);
	assert_int_equal(capture_next(capture, &packet), 1);
	assert_int_equal(capture_next(capture, &packet), -EBADMSG);
	assert_non_null(strstr(capture_damage(capture), "truncated"));
	capture_close(capture);
	free(text);
}

static void what_is_no_capture_or_of_an_odd_link_is_refused(void **state)
{
	struct capture *capture = NULL;

	assert_int_equal(
	        capture_open_stream(&capture, fmemopen((void *)(uintptr_t) "this is a text", 14, "r"), why),
	        -EINVAL);
	assert_non_null(strstr(why, "no pcap or pcapng"));
	make(105);
	assert_int_equal(open_bytes(&capture, text_bytes), -EINVAL);
	assert_non_null(strstr(why, "105"));
	assert_non_null(strstr(why, "Ethernet"));
	free(text);
	assert_int_equal(capture_open(&capture, "/nonexistent/x.pcap", why), -ENOENT);
	assert_null(capture);
	capture_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_come_with_their_nanoseconds),
		cmocka_unit_test(the_other_byte_order_and_microseconds_are_taken),
		cmocka_unit_test(a_file_that_is_cut_is_told_where_it_is),
		cmocka_unit_test(what_is_no_capture_or_of_an_odd_link_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
