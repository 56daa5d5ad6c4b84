/* SPDX-License-Identifier: BSD-3-Clause */
/* Output by UDP sockets, one a session, not connected: a receiver's ICMP errors stop nothing, and its RTCP
 * may come from another port. */
#include "tools/gen/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <rte_cycles.h>
#include "base/clk.h"
#include "base/log.h"
#include "tools/gen/options.h"
#include "tools/gen/protect_batch.h"

#define SOCKET_BYTES (4 << 20) /* buffers asked of the kernel, which may give less */
#define EVENTS       32
#define READS_MAX    16 /* datagrams read from a socket in a row */

struct session_socket {
	int fd;
	struct sockaddr_storage to[2]; /* the port, and the one after */
	socklen_t to_len;
};

struct udp {
	struct output output;
	const struct options *options;
	int epoll;
	struct session_socket *sessions;
	unsigned count, pending;
	unsigned session_of[OUTPUT_BURST];
	struct mmsghdr messages[OUTPUT_BURST];
	struct iovec vectors[OUTPUT_BURST];
	uint8_t buffers[OUTPUT_BURST][LIMIT_PACKET_BYTES];
};

static void next_port(struct sockaddr_storage *address)
{
	/* sin_port and sin6_port lie at the same place */
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	in->sin_port = htons((uint16_t)(ntohs(in->sin_port) + 1));
}

static int open_socket(struct udp *u, sa_family_t family, unsigned index)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };
	int bytes = SOCKET_BYTES, back, fd;

	if (output_enter_netns(u->options->netns, &back))
		return -EINVAL;
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	output_leave_netns(back);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if ((u->options->bind_len &&
	            bind(fd, (const struct sockaddr *)&u->options->bind, u->options->bind_len)) ||
	        epoll_ctl(u->epoll, EPOLL_CTL_ADD, fd, &event)) {
		int status = -errno;
		close(fd);
		return status;
	}
	return fd;
}

static int udp_add(struct output *output, const struct sockaddr_storage *to)
{
	struct udp *u = (struct udp *)output;
	struct session_socket *sessions = realloc(u->sessions, (u->count + 1) * sizeof(*sessions));
	int fd;

	if (!sessions)
		return -ENOMEM;
	u->sessions = sessions;
	fd = open_socket(u, to->ss_family, u->count);
	if (fd < 0) {
		log_error("cannot open UDP socket %u: %s%s", u->count, strerror(-fd),
		        fd == -EMFILE ? ", raise 'ulimit -n'" : "");
		return fd;
	}
	sessions[u->count] = (struct session_socket){
		.fd = fd,
		.to = { *to, *to },
		.to_len =
		        to->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
	};
	next_port(&sessions[u->count++].to[1]);
	return 0;
}

static int udp_start(struct output *output)
{
	return 0;
}

static uint8_t *udp_buffer(struct output *output)
{
	struct udp *u = (struct udp *)output;

	if (u->pending == OUTPUT_BURST) {
		int status = u->output.ops->flush(output);
		if (status) {
			errno = -status;
			return NULL;
		}
	}
	return u->buffers[u->pending];
}

static int udp_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	struct udp *u = (struct udp *)output;
	struct session_socket *s = &u->sessions[session];
	unsigned i = u->pending++;

	u->vectors[i] = (struct iovec){ u->buffers[i], len };
	u->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &s->to[port_offset],
		.msg_namelen = s->to_len,
		.msg_iov = &u->vectors[i],
		.msg_iovlen = 1,
	};
	u->session_of[i] = session;
	return 0;
}

static bool is_transient(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ECONNREFUSED || error == EINTR;
}

/* Send @count messages of one socket, however often the kernel says "later". */
static int send_all(struct udp *u, int fd, struct mmsghdr *messages, unsigned count)
{
	while (count) {
		uint64_t since = rte_rdtsc();
		int sent = sendmmsg(fd, messages, count, 0);

		u->output.tsc += rte_rdtsc() - since;
		if (sent > 0) {
			messages += sent;
			count -= (unsigned)sent;
			continue;
		}
		if (!is_transient(errno)) {
			int status = -errno;
			log_error("cannot send: %s", strerror(errno));
			return status;
		}
		u->output.retries++;
		since = rte_rdtsc();
		poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 1);
		u->output.stalled_tsc += rte_rdtsc() - since;
	}
	return 0;
}

static int udp_flush(struct output *output)
{
	struct udp *u = (struct udp *)output;
	int status = 0;

	protect_batch_run(u->output.batch);
	for (unsigned i = 0, end; i < u->pending && !status; i = end) {
		unsigned session = u->session_of[i];

		for (end = i; end < u->pending && u->session_of[end] == session;)
			end++;
		status = send_all(u, u->sessions[session].fd, u->messages + i, end - i);
	}
	u->pending = 0;
	return status;
}

static void receive(struct udp *u, unsigned session)
{
	uint8_t data[LIMIT_PACKET_BYTES];

	for (unsigned i = 0; i < READS_MAX; i++) {
		ssize_t len = recv(u->sessions[session].fd, data, sizeof(data), MSG_TRUNC);

		if (len < 0)
			return;
		if ((size_t)len <= sizeof(data))
			u->output.on_receive(u->output.arg, session, data, (size_t)len);
	}
}

static int udp_wait(struct output *output, uint64_t ns)
{
	struct udp *u = (struct udp *)output;
	struct epoll_event events[EVENTS];
	struct timespec timeout = { (time_t)(ns / CLK_NS_PER_S), (long)(ns % CLK_NS_PER_S) };
	int count = epoll_pwait2(u->epoll, events, EVENTS, &timeout, NULL);

	if (count < 0 && errno != EINTR) {
		int status = -errno;
		log_error("epoll_pwait2: %s", strerror(errno));
		return status;
	}
	for (int i = 0; i < count; i++)
		receive(u, events[i].data.u32);
	return 0;
}

static void udp_free(struct output *output)
{
	struct udp *u = (struct udp *)output;

	for (unsigned i = 0; i < u->count; i++)
		close(u->sessions[i].fd);
	if (u->epoll >= 0)
		close(u->epoll);
	free(u->sessions);
	free(u);
}

static const struct output_ops udp_ops = {
	.add = udp_add,
	.start = udp_start,
	.buffer = udp_buffer,
	.commit = udp_commit,
	.flush = udp_flush,
	.wait = udp_wait,
	.free = udp_free,
};

int output_udp_create(struct output **ret_output, const struct options *options)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->output.ops = &udp_ops;
	u->options = options;
	u->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (u->epoll < 0) {
		int status = -errno;
		log_error("epoll_create1: %s", strerror(errno));
		free(u);
		return status;
	}
	*ret_output = &u->output;
	return 0;
}
