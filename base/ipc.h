/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket that carries base/msg.h: listening, connecting, sending and receiving whole, checked messages.
 * One thread a socket. All descriptors are close-on-exec; sending never raises SIGPIPE. */
#ifndef BASE_IPC_H
#define BASE_IPC_H

#include <stddef.h>
#include "base/msg.h"

/* Listen on a SOCK_SEQPACKET socket at @path (replaced; mode 0660). Non-blocking descriptor, or -errno. */
int ipc_listen(const char *path);
/* Accept one connection (non-blocking); descriptor or -errno (-EAGAIN: none waits). */
int ipc_accept(int listen_fd);
/* Connect (non-blocking); descriptor or -errno. */
int ipc_connect(const char *path);

/* Send one message; fills in type and size. 0, -EAGAIN (the peer does not read: try later), -EPIPE and other
 * -errno. A message with keys is wiped by its caller. */
int ipc_send(int fd, union msg *msg, enum msg_type type, uint64_t id);

/* Receive one message: size and type have been checked against the table, every string is NUL-terminated,
 * track count, codecs, profiles, payload types, address family, transport, lengths and states are in range.
 * *ret_msg is of use on success only. 0; -EAGAIN; -EPIPE (closed); -EPROTO (not one of ours: close the
 * socket). */
int ipc_recv(int fd, union msg *ret_msg);

/* Bytes of a message of that type. */
size_t ipc_size(enum msg_type type);

#endif
