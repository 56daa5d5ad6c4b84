/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "control/listen.h"

static const struct conf_addr loopback = { .bytes = { 127, 0, 0, 1 } };

static void a_port_of_ones_choice_is_taken_once(void **state)
{
	int fd = listen_open(&loopback, 0);

	assert_true(fd >= 0);
	assert_true(listen_port(fd) > 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(listen_open(&loopback, listen_port(fd)), -EADDRINUSE);
	close(fd);
}

static void ipv6_is_listened_on(void **state)
{
	const struct conf_addr addr = { .is_v6 = true, .bytes = { [15] = 1 } };
	int fd = listen_open(&addr, 0);

	assert_true(fd >= 0);
	assert_true(listen_port(fd) > 0);
	close(fd);
}

static void an_address_of_somebody_else_is_an_error(void **state)
{
	const struct conf_addr addr = { .bytes = { 192, 0, 2, 1 } };

	assert_int_equal(listen_open(&addr, 0), -EADDRNOTAVAIL);
	assert_int_equal(listen_port(-1), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_of_ones_choice_is_taken_once),
		cmocka_unit_test(ipv6_is_listened_on),
		cmocka_unit_test(an_address_of_somebody_else_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
