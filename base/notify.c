/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/log.h"

#define ALIVE_SHARE 3

/* 0 or -errno. */
static int send_text(const char *path, const char *text)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (!len || len >= sizeof(addr.sun_path))
		return -EINVAL;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@') /* Linux' abstract names begin with a NUL */
		addr.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int status =
	        sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&addr, size) < 0 ? -errno : 0;
	close(fd);
	return status;
}

static void tell(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int status = path ? send_text(path, text) : 0;

	if (status)
		log_warn("NOTIFY_SOCKET %s: the service manager cannot be told %s: %s", path, text,
		        strerror(-status));
}

void notify_ready(void)
{
	tell("READY=1");
}

void notify_stopping(void)
{
	tell("STOPPING=1");
}

void notify_alive(void)
{
	tell("WATCHDOG=1");
}

uint64_t notify_alive_every_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || !getenv("NOTIFY_SOCKET") || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(usec, NULL, 10) * 1000 / ALIVE_SHARE;
}
