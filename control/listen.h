/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket that the HTTP API listens on. Any thread. */
#ifndef CONTROL_LISTEN_H
#define CONTROL_LISTEN_H

#include <stdint.h>
#include "base/conf.h"

/* A listening TCP socket, non-blocking and close-on-exec; @port 0 is any. "[::]" takes IPv4 too. -errno. */
int listen_open(const struct conf_addr *addr, uint16_t port);

/* The port that it listens on. */
uint16_t listen_port(int fd);

#endif
