/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_BACKLOG 512

union listen_addr {
	struct sockaddr any;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

static socklen_t listen_fill(union listen_addr *ret_addr, const struct conf_addr *addr, uint16_t port)
{
	memset(ret_addr, 0, sizeof(*ret_addr));
	if (addr->is_v6) {
		ret_addr->in6.sin6_family = AF_INET6;
		ret_addr->in6.sin6_port = htons(port);
		memcpy(&ret_addr->in6.sin6_addr, addr->bytes, 16);
		return sizeof(ret_addr->in6);
	}
	ret_addr->in4.sin_family = AF_INET;
	ret_addr->in4.sin_port = htons(port);
	memcpy(&ret_addr->in4.sin_addr, addr->bytes, 4);
	return sizeof(ret_addr->in4);
}

int listen_open(const struct conf_addr *addr, uint16_t port)
{
	union listen_addr to;
	socklen_t len = listen_fill(&to, addr, port);
	int on = 1, off = 0;
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	        (addr->is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))) ||
	        bind(fd, &to.any, len) || listen(fd, LISTEN_BACKLOG)) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

uint16_t listen_port(int fd)
{
	union listen_addr addr = { 0 };
	socklen_t len = sizeof(addr);

	if (getsockname(fd, &addr.any, &len))
		return 0;
	return ntohs(addr.any.sa_family == AF_INET6 ? addr.in6.sin6_port : addr.in4.sin_port);
}
