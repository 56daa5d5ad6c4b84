/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/session_ports.h"

static struct session_ports ports;

static uint16_t take(uint16_t wished)
{
	uint16_t port = 0;

	assert_int_equal(session_ports_take(&ports, wished, &port), 0);
	return port;
}

static void hands_out_even_ports_in_turn(void **state)
{
	session_ports_init(&ports, 20000, 20007, 0);
	assert_int_equal(take(0), 20000);
	assert_int_equal(take(0), 20002);
	session_ports_release(&ports, 20000);
	assert_int_equal(take(0), 20004);
	assert_int_equal(take(0), 20006);
	assert_int_equal(take(0), 20000);
}

static void says_when_all_are_taken(void **state)
{
	uint16_t port;

	session_ports_init(&ports, 20000, 20003, 0);
	take(0);
	take(0);
	assert_int_equal(session_ports_take(&ports, 0, &port), -ENOSPC);
	session_ports_release(&ports, 20002);
	assert_int_equal(take(0), 20002);
}

static void keeps_both_ports_within_an_odd_range(void **state)
{
	uint16_t port;

	session_ports_init(&ports, 20001, 20004, 0);
	assert_int_equal(take(0), 20002);
	assert_int_equal(session_ports_take(&ports, 0, &port), -ENOSPC);
	assert_int_equal(session_ports_take(&ports, 20004, &port), -ERANGE);
	session_ports_init(&ports, 20001, 20001, 0);
	assert_int_equal(session_ports_take(&ports, 0, &port), -ENOSPC);
}

static void reaches_the_last_port_there_is(void **state)
{
	session_ports_init(&ports, 65534, 65535, 0);
	assert_int_equal(take(0), 65534);
}

static void gives_a_wish_once(void **state)
{
	uint16_t port;

	session_ports_init(&ports, 20000, 20099, 0);
	assert_int_equal(take(20010), 20010);
	assert_int_equal(session_ports_take(&ports, 20010, &port), -EADDRINUSE);
	assert_int_equal(session_ports_take(&ports, 20011, &port), -ERANGE);
	assert_int_equal(session_ports_take(&ports, 19998, &port), -ERANGE);
	assert_int_equal(session_ports_take(&ports, 20100, &port), -ERANGE);
}

static void passes_over_adopted_and_reserved_ports(void **state)
{
	uint16_t port;

	session_ports_init(&ports, 20000, 20007, 20003);
	session_ports_adopt(&ports, 20000);
	session_ports_adopt(&ports, 50000);
	assert_int_equal(take(0), 20004);
	assert_int_equal(session_ports_take(&ports, 20002, &port), -EADDRINUSE);
	session_ports_release(&ports, 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_out_even_ports_in_turn),
		cmocka_unit_test(says_when_all_are_taken),
		cmocka_unit_test(keeps_both_ports_within_an_odd_range),
		cmocka_unit_test(reaches_the_last_port_there_is),
		cmocka_unit_test(gives_a_wish_once),
		cmocka_unit_test(passes_over_adopted_and_reserved_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
