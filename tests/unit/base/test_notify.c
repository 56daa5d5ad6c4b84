/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static char path[64];

/* The service manager's socket, @name as NOTIFY_SOCKET has it. */
static int manager(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(addr.sun_path, name, strlen(name));
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr,
	                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
	        0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect(int fd, const char *text)
{
	char got[64] = "";

	assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), (ssize_t)strlen(text));
	assert_string_equal(got, text);
}

static void three_things_are_told(void **state)
{
	int fd = manager(path);

	notify_ready();
	notify_alive();
	notify_stopping();
	expect(fd, "READY=1");
	expect(fd, "WATCHDOG=1");
	expect(fd, "STOPPING=1");
	assert_int_equal(recv(fd, (char[1]){ 0 }, 1, 0), -1);
	close(fd);
	unlink(path);
}

static void abstract_sockets_are_reached(void **state)
{
	char name[64];

	snprintf(name, sizeof(name), "@wirespool-test-notify-%d", getpid());
	int fd = manager(name);
	notify_ready();
	expect(fd, "READY=1");
	close(fd);
}

static void a_manager_that_is_gone_or_full_holds_nobody_up(void **state)
{
	int fd = manager(path);

	for (unsigned i = 0; i < 5000; i++)
		notify_alive();
	expect(fd, "WATCHDOG=1");
	close(fd);
	notify_ready();
	unlink(path);
	notify_ready();
	setenv("NOTIFY_SOCKET", "", 1);
	notify_ready();
}

static void the_watchdog_is_fed_thrice_in_its_time(void **state)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("NOTIFY_SOCKET", path, 1);
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_alive_every_ns(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_alive_every_ns(), 10000000000);
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_alive_every_ns(), 10000000000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_alive_every_ns(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_alive_every_ns(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_things_are_told),
		cmocka_unit_test(abstract_sockets_are_reached),
		cmocka_unit_test(a_manager_that_is_gone_or_full_holds_nobody_up),
		cmocka_unit_test(the_watchdog_is_fed_thrice_in_its_time),
	};

	snprintf(path, sizeof(path), "/tmp/wirespool-notify-%d", getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
