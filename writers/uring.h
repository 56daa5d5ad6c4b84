/* SPDX-License-Identifier: BSD-3-Clause */
/* io_uring as the writers use it: writes and fdatasyncs that call back when they are done.
 *
 * A thin layer over liburing. An operation lies in its owner's memory until its callback has run. What does
 * not fit the ring waits in a list; short and interrupted writes go on by themselves. Writes are counted and
 * timed in the WRITER slot. One thread a ring: the one that made it; nothing here blocks but uring_drain.
 */
#ifndef WRITERS_URING_H
#define WRITERS_URING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct uring;
struct uring_op;

/* @status: 0 when all bytes were written or synced, else the negative errno of the first failure. */
typedef void uring_done_fn(struct uring_op *op, int status);

struct uring_op {
	uring_done_fn *done; /* the owner's, as is @owner; the rest belongs to the ring */
	void *owner;
	struct uring_op *next;
	struct uring_op *older, *newer; /* writes that are not done, as they were asked for */
	const uint8_t *bytes;
	uint64_t offset, submitted_ns;
	uint32_t len;
	int fd;
	int16_t buffer;
	bool sync;
	uint32_t align;
};

struct uring_cfg {
	unsigned entries;            /* of the submission queue; four times as many may be under way */
	const struct iovec *buffers; /* to register; 0 of them is allowed */
	unsigned buffer_count;
	unsigned files; /* descriptors below it may be registered; 0: none */
	bool sqpoll;    /* a kernel thread submits, on the last of the caller's CPUs; sleeps when idle */
	uint64_t *slot; /* WRITER counters, NULL: none */
};

/* 0; -ENOSYS, -EPERM (io_uring is not allowed here), -ENOMEM, -errno. What the kernel or a limit does not let
 * have is done without: see uring_registered, uring_files and uring_sqpoll. */
int uring_create(struct uring **ret_uring, const struct uring_cfg *cfg);

/* Waits for what is under way. NULL is allowed. */
void uring_free(struct uring *uring);

/* 0, or the negative errno for which the buffers could not be registered: writing works, but costs more. */
int uring_registered(const struct uring *uring);

/* The same for files: 0, or why each request has to look its file up. */
int uring_files(const struct uring *uring);

/* Whether a kernel thread submits. */
bool uring_sqpoll(const struct uring *uring);

/* Register a file that will be written often: requests to it cost less from here on. It stays open in the
 * kernel until it is taken out, which has to be before it is closed. Cold; one that cannot be registered is
 * written all the same. */
void uring_add_file(struct uring *uring, int fd);
void uring_remove_file(struct uring *uring, int fd);

#define URING_NO_BUFFER (-1)

/* Write @len bytes to @fd at @offset. @buffer: index of the registered buffer that holds them, or
 * URING_NO_BUFFER. @align: what the start of every request has to be aligned to (1: nothing), for the rest of
 * a short write. */
void uring_write(struct uring *uring, struct uring_op *op, int fd, const void *bytes, uint32_t len,
        uint64_t offset, int buffer, uint32_t align);

/* fdatasync(2): covers what was done before it was asked for. */
void uring_sync(struct uring *uring, struct uring_op *op, int fd);

/* Run the callbacks of what is done, and submit what waits. Returns how many operations ended. */
unsigned uring_poll(struct uring *uring);

/* When the oldest write was asked for that is not done; 0: there is none. */
uint64_t uring_oldest_ns(const struct uring *uring);

/* Poll until nothing is under way. */
void uring_drain(struct uring *uring);

#endif
