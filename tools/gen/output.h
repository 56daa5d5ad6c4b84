/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets go: UDP sockets, a DPDK device, or nowhere. Packets are built in place, in a buffer of the
 * output, and leave in bursts; what has been committed is sent, or the run fails: an account is exact only
 * so. One thread. */
#ifndef TOOLS_GEN_OUTPUT_H
#define TOOLS_GEN_OUTPUT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "base/limits.h"

#define OUTPUT_BURST 64

struct options;
struct protect_batch;

struct output {
	const struct output_ops *ops;
	/* Called from wait for each datagram that came for a session. */
	void (*on_receive)(void *arg, unsigned session, uint8_t *data, size_t len);
	void *arg;
	struct protect_batch *batch; /* of SRTP, run before what it holds leaves; the caller's */
	uint64_t retries;            /* bursts that the kernel or the device did not take at once */
	/* Cycles of the time stamp counter that these took, and that were waited for them. */
	uint64_t tsc, stalled_tsc;
	uint64_t datagrams, bytes; /* committed to an output to nowhere */
};

struct output_ops {
	/* A further session, numbered from 0: datagrams to @to come from a port of its own. 0 or -errno,
	 * logged. */
	int (*add)(struct output *, const struct sockaddr_storage *to);
	/* All sessions are there: be ready to send. 0 or -errno, logged. */
	int (*start)(struct output *);
	/* Room for the next packet, LIMIT_PACKET_BYTES; the same until it is committed. NULL: no buffers,
	 * errno says why. */
	uint8_t *(*buffer)(struct output *);
	/* Send what is in the buffer to the session's port (@port_offset 0) or the one after (1). 0 or
	 * -errno, logged. */
	int (*commit)(struct output *, unsigned session, unsigned port_offset, size_t len);
	/* Everything committed is on its way. 0 or -errno, logged. */
	int (*flush)(struct output *);
	/* Hand over what came in, and sleep for @ns at most (0: do not sleep). 0 or -errno, logged. */
	int (*wait)(struct output *, uint64_t ns);
	void (*free)(struct output *);
};

/* Create one of the two; options are kept. 0, -ENOMEM or -errno, logged. */
int output_udp_create(struct output **ret_output, const struct options *options);
int output_dpdk_create(struct output **ret_output, const struct options *options);
/* One to nowhere, that @encrypt's what is in @batch or drops it. 0 or -ENOMEM. */
int output_none_create(struct output **ret_output, struct protect_batch *batch, bool encrypt);

/* Enter the network namespace @name of iproute2 and leave it again: *ret_back is the way back. NULL name:
 * nothing is done, *ret_back is -1. 0 or -errno, logged. */
int output_enter_netns(const char *name, int *ret_back);
void output_leave_netns(int back);

#endif
