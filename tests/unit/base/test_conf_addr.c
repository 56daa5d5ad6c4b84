/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_addr.c: the addresses of base/conf.h. */
#include "base/conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void addresses_have_their_prefix(void **state)
{
	struct conf_addr addr;

	assert_int_equal(conf_addr_parse("10.77.0.1/24", true, &addr), 0);
	assert_false(addr.is_v6);
	assert_memory_equal(addr.bytes, "\x0a\x4d\x00\x01", 4);
	assert_int_equal(addr.prefix, 24);
	assert_int_equal(conf_addr_parse("fd00::1/64", true, &addr), 0);
	assert_true(addr.is_v6);
	assert_memory_equal(addr.bytes, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	assert_int_equal(addr.prefix, 64);
}

static void gateways_have_none(void **state)
{
	struct conf_addr addr;

	assert_int_equal(conf_addr_parse("10.77.0.254", false, &addr), 0);
	assert_int_equal(addr.prefix, 32);
	assert_int_equal(conf_addr_parse("fe80::1", false, &addr), 0);
	assert_int_equal(addr.prefix, 128);
	assert_int_equal(conf_addr_parse("10.77.0.254/24", false, &addr), -EINVAL);
	assert_int_equal(conf_addr_parse("10.77.0.254/", false, &addr), -EINVAL);
}

static void wrong_addresses_are_refused(void **state)
{
	static const char *const wrong[] = { "", "/", "/24", "10.0.0.1", "10.0.0.1/", "10.0.0.1/0",
		"10.0.0.1/33", "10.0.0.1/24/8", "10.0.0.1/+8", "10.0.0/24", "010.0.0.1/24", "fd00::1/129",
		"fd00::1/0", "fd00:::1/64", "fe80::1%eth0/64", "[fd00::1]/64", "localhost/8", "0.0.0.0/8",
		"::/64", "224.0.0.1/4", "255.255.255.255/32", "ff02::1/64",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444/64" };
	struct conf_addr addr = { .prefix = 99 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(conf_addr_parse(wrong[i], true, &addr), -EINVAL);
	assert_int_equal(addr.prefix, 99);
}

static void loopback_is_known(void **state)
{
	struct conf_addr addr;

	assert_int_equal(conf_addr_parse("127.1.2.3", false, &addr), 0);
	assert_true(conf_addr_is_loopback(&addr));
	assert_int_equal(conf_addr_parse("::1", false, &addr), 0);
	assert_true(conf_addr_is_loopback(&addr));
	assert_int_equal(conf_addr_parse("10.0.0.1", false, &addr), 0);
	assert_false(conf_addr_is_loopback(&addr));
	assert_int_equal(conf_addr_parse("::ffff:127.0.0.1", false, &addr), 0);
	assert_false(conf_addr_is_loopback(&addr));
}

static void listen_addresses_have_a_port(void **state)
{
	struct conf_addr addr;
	uint16_t port;

	assert_int_equal(conf_listen_parse("127.0.0.1:8080", &addr, &port), 0);
	assert_false(addr.is_v6);
	assert_memory_equal(addr.bytes, "\x7f\0\0\x01", 4);
	assert_int_equal(port, 8080);
	assert_int_equal(conf_listen_parse("[::1]:0", &addr, &port), 0);
	assert_true(addr.is_v6);
	assert_int_equal(port, 0);
	assert_int_equal(conf_listen_parse("localhost:1", &addr, &port), 0);
	assert_true(conf_addr_is_loopback(&addr));
	assert_int_equal(conf_listen_parse("0.0.0.0:65535", &addr, &port), 0);
	assert_int_equal(port, 65535);
}

static void wrong_listen_addresses_are_refused(void **state)
{
	static const char *const wrong[] = { "", ":", "8080", ":8080", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:80 ", "[::1]", "[::1]8080",
		"[::1:8080", "::1:8080", "[127.0.0.1]:80", "[localhost]:80", "host:80", "[]:80" };
	struct conf_addr addr;
	uint16_t port;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(conf_listen_parse(wrong[i], &addr, &port), -EINVAL);
}

static void mac_addresses_are_of_one_host(void **state)
{
	static const char *const wrong[] = { "", "0", "02", "02:", "02:00:00:00:00", "02:00:00:00:00:0",
		"02:00:00:00:00:01:", "02:00:00:00:00:011", "02-00-00-00-00-01", "02:00:00:00:00:0g",
		"01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "+2:00:00:00:00:01" };
	uint8_t mac[6];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(conf_mac_parse(wrong[i], mac), -EINVAL);
	assert_int_equal(conf_mac_parse("02:aB:00:00:00:fe", mac), 0);
	assert_memory_equal(mac, "\x02\xab\0\0\0\xfe", 6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_their_prefix),
		cmocka_unit_test(gateways_have_none),
		cmocka_unit_test(wrong_addresses_are_refused),
		cmocka_unit_test(loopback_is_known),
		cmocka_unit_test(listen_addresses_have_a_port),
		cmocka_unit_test(wrong_listen_addresses_are_refused),
		cmocka_unit_test(mac_addresses_are_of_one_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
