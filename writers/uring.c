/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/uring.h"

#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdlib.h>
#include "base/clk.h"
#include "base/stat.h"

#define CQ_FACTOR  4
#define BATCH      32
#define SQ_IDLE_MS 100 /* after which the kernel's thread sleeps */
#define IOWQ_MAX   32  /* kernel threads for requests that would block: a slow disk must not grow hundreds */

struct uring {
	struct io_uring ring;
	struct uring_op *first, *last;    /* wait for a place in the ring */
	struct uring_op *oldest, *newest; /* writes that are not done */
	uint64_t queued_bytes;
	unsigned inflight, max;
	uint64_t *slot;
	int registered, files_registered;
	unsigned files;
	uint8_t *has_file; /* by descriptor: it is in the ring's table, in the place of its number */
	bool made, sqpoll;
};

static void count(struct uring *uring, unsigned id, uint64_t n)
{
	if (uring->slot)
		stat_add(uring->slot, id, n);
}

static unsigned last_cpu(void)
{
	unsigned last = 0;
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &cpus))
			last = i;
	return last;
}

/* The kernel's thread would run on any CPU, a poll loop's, too: it is told where. */
static int make_polled_ring(struct uring *uring, unsigned entries)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF,
		.cq_entries = entries * CQ_FACTOR,
		.sq_thread_idle = SQ_IDLE_MS,
		.sq_thread_cpu = last_cpu(),
	};
	int err = io_uring_queue_init_params(entries, &uring->ring, &params);

	uring->sqpoll = !err;
	return err;
}

/* The flags save interrupts of a thread that polls anyway; kernels before 6.0 do not know them. */
static int make_ring(struct uring *uring, unsigned entries)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
		         IORING_SETUP_SINGLE_ISSUER,
		.cq_entries = entries * CQ_FACTOR,
	};
	int err = io_uring_queue_init_params(entries, &uring->ring, &params);

	if (err == -EINVAL) {
		params = (struct io_uring_params){ .flags = IORING_SETUP_CQSIZE,
			.cq_entries = entries * CQ_FACTOR };
		err = io_uring_queue_init_params(entries, &uring->ring, &params);
	}
	return err;
}

/* An empty table. 0 or -errno. */
static int register_files(struct uring *uring, unsigned files)
{
	int err;

	if (!files)
		return -ENOENT;
	uring->has_file = calloc(files, 1);
	if (!uring->has_file)
		return -ENOMEM;
	err = io_uring_register_files_sparse(&uring->ring, files);
	if (!err)
		uring->files = files;
	return err;
}

int uring_create(struct uring **ret_uring, const struct uring_cfg *cfg)
{
	unsigned workers[2] = { IOWQ_MAX, IOWQ_MAX };
	struct uring *uring = calloc(1, sizeof(*uring));
	int err;

	if (!uring)
		return -ENOMEM;
	err = cfg->sqpoll ? make_polled_ring(uring, cfg->entries) : -EINVAL;
	if (err)
		err = make_ring(uring, cfg->entries);
	if (err < 0) {
		uring_free(uring);
		return err;
	}
	uring->made = true;
	uring->max = cfg->entries * CQ_FACTOR;
	uring->slot = cfg->slot;
	if (cfg->buffer_count)
		uring->registered = io_uring_register_buffers(&uring->ring, cfg->buffers, cfg->buffer_count);
	else
		uring->registered = -ENOENT;
	uring->files_registered = register_files(uring, cfg->files);
	io_uring_register_iowq_max_workers(&uring->ring, workers); /* a wish: kernels before 5.15 have none */
	*ret_uring = uring;
	return 0;
}

void uring_free(struct uring *uring)
{
	if (!uring)
		return;
	if (uring->made) {
		uring_drain(uring);
		io_uring_queue_exit(&uring->ring);
	}
	free(uring->has_file);
	free(uring);
}

int uring_registered(const struct uring *uring)
{
	return uring->registered;
}

int uring_files(const struct uring *uring)
{
	return uring->files_registered;
}

bool uring_sqpoll(const struct uring *uring)
{
	return uring->sqpoll;
}

static bool has_file(const struct uring *uring, int fd)
{
	return fd >= 0 && (unsigned)fd < uring->files && uring->has_file[fd];
}

void uring_add_file(struct uring *uring, int fd)
{
	if (fd >= 0 && (unsigned)fd < uring->files)
		uring->has_file[fd] = io_uring_register_files_update(&uring->ring, (unsigned)fd, &fd, 1) == 1;
}

void uring_remove_file(struct uring *uring, int fd)
{
	const int none = -1;

	if (!has_file(uring, fd))
		return;
	io_uring_register_files_update(&uring->ring, (unsigned)fd, &none, 1);
	uring->has_file[fd] = 0;
}

static void wait_in_line(struct uring *uring, struct uring_op *op)
{
	op->next = NULL;
	if (uring->last)
		uring->last->next = op;
	else
		uring->first = op;
	uring->last = op;
}

static void enlist(struct uring *uring, struct uring_op *op)
{
	op->newer = NULL;
	op->older = uring->newest;
	if (uring->newest)
		uring->newest->newer = op;
	else
		uring->oldest = op;
	uring->newest = op;
	uring->queued_bytes += op->len;
}

/* What is left of it will not be written any more, or nothing is. */
static void delist(struct uring *uring, struct uring_op *op)
{
	if (op->older)
		op->older->newer = op->newer;
	else
		uring->oldest = op->newer;
	if (op->newer)
		op->newer->older = op->older;
	else
		uring->newest = op->older;
	uring->queued_bytes -= op->len;
}

uint64_t uring_oldest_ns(const struct uring *uring)
{
	return uring->oldest ? uring->oldest->submitted_ns : 0;
}

void uring_write(struct uring *uring, struct uring_op *op, int fd, const void *bytes, uint32_t len,
        uint64_t offset, int buffer, uint32_t align)
{
	op->fd = fd;
	op->bytes = bytes;
	op->len = len;
	op->offset = offset;
	op->buffer = (int16_t)(uring->registered < 0 ? URING_NO_BUFFER : buffer);
	op->align = align;
	op->sync = false;
	op->submitted_ns = clk_mono_ns();
	enlist(uring, op);
	wait_in_line(uring, op);
}

void uring_sync(struct uring *uring, struct uring_op *op, int fd)
{
	op->fd = fd;
	op->sync = true;
	wait_in_line(uring, op);
}

static void prepare(const struct uring *uring, struct io_uring_sqe *sqe, struct uring_op *op)
{
	if (op->sync)
		io_uring_prep_fsync(sqe, op->fd, IORING_FSYNC_DATASYNC);
	else if (op->buffer != URING_NO_BUFFER)
		io_uring_prep_write_fixed(sqe, op->fd, op->bytes, op->len, op->offset, op->buffer);
	else
		io_uring_prep_write(sqe, op->fd, op->bytes, op->len, op->offset);
	if (has_file(uring, op->fd))
		sqe->flags |= IOSQE_FIXED_FILE; /* its place is its number */
	io_uring_sqe_set_data(sqe, op);
}

/* Never more under way than the completion queue holds, so that it cannot overflow. */
static void submit(struct uring *uring)
{
	while (uring->first && uring->inflight < uring->max) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);
		struct uring_op *op = uring->first;

		if (!sqe) {
			if (io_uring_submit(&uring->ring) <= 0)
				break;
			continue;
		}
		uring->first = op->next;
		if (!uring->first)
			uring->last = NULL;
		uring->inflight++;
		prepare(uring, sqe, op);
	}
	/* -EAGAIN and -EBUSY leave the requests in the queue: the next poll tries again. */
	if (io_uring_sq_ready(&uring->ring))
		io_uring_submit(&uring->ring);
}

static void count_time(uint64_t *slot, uint64_t ns)
{
	stat_hist_add(slot, STAT_WRITER_write_ns, ns);
	stat_max(slot, STAT_WRITER_write_ns_max, ns);
}

static void end(struct uring *uring, struct uring_op *op, int status)
{
	if (op->sync) {
		count(uring, STAT_WRITER_syncs, 1);
	} else {
		delist(uring, op);
		count(uring, status < 0 ? STAT_WRITER_write_errors : STAT_WRITER_writes, 1);
		if (uring->slot)
			count_time(uring->slot, clk_mono_ns() - op->submitted_ns);
	}
	op->done(op, status);
}

/* One completion. A short write goes on where it ended, or where the page began in which it did. */
static bool complete(struct uring *uring, struct uring_op *op, int res)
{
	uint32_t done;

	if (res == -EINTR || res == -EAGAIN) {
		wait_in_line(uring, op);
		return false;
	}
	if (res < 0 || op->sync) {
		end(uring, op, res < 0 ? res : 0);
		return true;
	}
	done = (uint32_t)res < op->len ? (uint32_t)res & ~(op->align - 1) : op->len;
	count(uring, STAT_WRITER_written_bytes, done);
	if (done == op->len || done == 0) {
		end(uring, op, done == op->len ? 0 : -EIO);
		return true;
	}
	op->bytes += done;
	op->offset += done;
	op->len -= done;
	uring->queued_bytes -= done;
	wait_in_line(uring, op);
	return false;
}

static unsigned reap(struct uring *uring)
{
	struct io_uring_cqe *cqes[BATCH];
	unsigned ended = 0, n;

	while (uring->inflight && (n = io_uring_peek_batch_cqe(&uring->ring, cqes, BATCH)) > 0) {
		struct {
			struct uring_op *op;
			int res;
		} results[BATCH];

		/* Out of the queue first: callbacks may ask for more. */
		for (unsigned i = 0; i < n; i++) {
			results[i].op = io_uring_cqe_get_data(cqes[i]);
			results[i].res = cqes[i]->res;
		}
		io_uring_cq_advance(&uring->ring, n);
		uring->inflight -= n;
		for (unsigned i = 0; i < n; i++)
			ended += complete(uring, results[i].op, results[i].res);
	}
	return ended;
}

unsigned uring_poll(struct uring *uring)
{
	unsigned ended = reap(uring);

	if (uring->first || io_uring_sq_ready(&uring->ring))
		submit(uring);
	if (uring->slot) {
		stat_set(uring->slot, STAT_WRITER_inflight, uring->inflight);
		stat_set(uring->slot, STAT_WRITER_queued_bytes, uring->queued_bytes);
	}
	return ended;
}

void uring_drain(struct uring *uring)
{
	while (uring->inflight || uring->first) {
		struct io_uring_cqe *cqe;

		uring_poll(uring);
		if (uring->inflight)
			io_uring_wait_cqe(&uring->ring, &cqe);
	}
}
