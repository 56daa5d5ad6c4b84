/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/ethernet.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct ethernet_path path_of(void)
{
	return (struct ethernet_path){ { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, inet_addr("10.77.0.2"),
		inet_addr("10.77.0.1"), 40000, 20000 };
}

/* RFC 1071 section 1, in 16-bit words. */
static uint16_t sum(const uint8_t *data, size_t len, uint32_t start)
{
	for (size_t i = 0; i < len; i += 2)
		start += (uint32_t)data[i] << 8 | (i + 1 < len ? data[i + 1] : 0);
	while (start >> 16)
		start = (start & 0xFFFF) + (start >> 16);
	return (uint16_t)start;
}

static void a_datagram_has_the_headers_of_its_rfcs(void **state)
{
	struct ethernet_path p = path_of();
	struct ethernet_head head;
	_Alignas(2) uint8_t frame[ETHERNET_UDP_BYTES + 5] = { 0 };
	uint32_t pseudo = 17 + 13;

	memcpy(frame + ETHERNET_UDP_BYTES, "hello", 5);
	ethernet_make_head(&head, &p);
	ethernet_write_udp(frame, &head, 0, 5);
	assert_memory_equal(frame + 40, ((uint8_t[]){ 0, 0 }), 2);
	ethernet_sum_udp(frame);
	assert_memory_equal(
	        frame, ((uint8_t[]){ 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45, 0 }), 16);
	assert_int_equal(frame[16] << 8 | frame[17], 20 + 8 + 5);
	assert_memory_equal(frame + 22, ((uint8_t[]){ 64, 17 }), 2);
	assert_memory_equal(
	        frame + 26, ((uint8_t[]){ 10, 77, 0, 2, 10, 77, 0, 1, 0x9C, 0x40, 0x4E, 0x20, 0, 13 }), 14);
	assert_int_equal(sum(frame + 14, 20, 0), 0xFFFF);
	assert_int_equal(sum(frame + 26, 8 + 13, pseudo), 0xFFFF);
	ethernet_write_udp(frame, &head, 1, 5);
	assert_memory_equal(frame + 36, ((uint8_t[]){ 0x4E, 0x21 }), 2);
	assert_int_equal(sum(frame + 14, 20, 0), 0xFFFF);
}

static void the_sum_of_the_ip_header_is_right_for_all_lengths(void **state)
{
	struct ethernet_path p = path_of();
	struct ethernet_head head;
	_Alignas(2) uint8_t frame[ETHERNET_UDP_BYTES];

	for (unsigned ip = 0; ip < 256; ip++) {
		p.dst_ip_be = htonl(0x0A4D0000 | ip << 4);
		ethernet_make_head(&head, &p);
		for (size_t len = 0; len < 2000; len++) {
			ethernet_write_udp(frame, &head, 0, len);
			assert_int_equal(sum(frame + 14, 20, 0), 0xFFFF);
		}
	}
}

static void what_is_written_is_read(void **state)
{
	struct ethernet_path p = path_of();
	_Alignas(2) uint8_t frame[ETHERNET_UDP_BYTES + 5] = { 0 };
	struct ethernet_head head;
	struct ethernet_path got;
	size_t len;

	ethernet_make_head(&head, &p);
	ethernet_write_udp(frame, &head, 0, 5);
	assert_ptr_equal(
	        ethernet_read_udp(frame, sizeof(frame), p.dst_ip_be, &got, &len), frame + ETHERNET_UDP_BYTES);
	assert_memory_equal(&got, &p, sizeof(p));
	assert_int_equal(len, 5);
}

static void what_does_not_fit_is_not_read(void **state)
{
	/* byte and value that spoil it: type, header length, fragment, protocol, total length, UDP length */
	static const uint8_t spoils[][2] = { { 12, 0x86 }, { 14, 0x46 }, { 20, 0x20 }, { 21, 1 }, { 23, 6 },
		{ 17, 40 }, { 39, 14 }, { 39, 7 }, { 30, 11 } };
	struct ethernet_path p = path_of();
	_Alignas(2) uint8_t frame[ETHERNET_UDP_BYTES + 5] = { 0 };
	struct ethernet_head head;
	struct ethernet_path got;
	size_t len;

	ethernet_make_head(&head, &p);
	for (size_t i = 0; i < sizeof(spoils) / sizeof(*spoils); i++) {
		ethernet_write_udp(frame, &head, 0, 5);
		frame[spoils[i][0]] = spoils[i][1];
		assert_null(ethernet_read_udp(frame, sizeof(frame), p.dst_ip_be, &got, &len));
	}
	ethernet_write_udp(frame, &head, 0, 5);
	for (size_t cut = 0; cut < sizeof(frame); cut++)
		assert_null(ethernet_read_udp(frame, cut, p.dst_ip_be, &got, &len));
}

static void arp_asks_answers_and_learns(void **state)
{
	struct ethernet_path a = path_of(),
	                     b = { { 2, 0, 0, 0, 0, 2 }, { 0 }, inet_addr("10.77.0.1"), 0, 0, 0 };
	_Alignas(2) uint8_t request[ETHERNET_ARP_BYTES], answer[ETHERNET_ARP_BYTES];
	uint8_t mac[6];

	ethernet_write_arp_request(request, &a, b.src_ip_be);
	assert_memory_equal(request,
	        ((uint8_t[]){ 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 }),
	        22);
	assert_true(ethernet_answer_arp(answer, request, sizeof(request), &b));
	assert_memory_equal(answer, a.src_mac, 6);
	assert_int_equal(answer[21], 2);
	assert_true(ethernet_learn_arp(answer, sizeof(answer), b.src_ip_be, mac));
	assert_memory_equal(mac, b.src_mac, 6);
	assert_false(ethernet_learn_arp(answer, sizeof(answer), a.src_ip_be, mac));
	assert_false(ethernet_learn_arp(answer, sizeof(answer) - 1, b.src_ip_be, mac));
	assert_false(ethernet_answer_arp(answer, request, sizeof(request), &a)); /* not asked for us */
	assert_false(ethernet_answer_arp(request, answer, sizeof(answer), &a));  /* not a question */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_has_the_headers_of_its_rfcs),
		cmocka_unit_test(the_sum_of_the_ip_header_is_right_for_all_lengths),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_does_not_fit_is_not_read),
		cmocka_unit_test(arp_asks_answers_and_learns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
