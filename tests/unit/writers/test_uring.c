/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/stat.h"
#include "writers/block.h"
#include "writers/uring.h"

struct rig {
	struct uring *uring;
	struct block_pool *blocks;
	uint64_t slot[STAT_WRITER_COUNT];
	char path[64];
	int fd;
	unsigned done;
	int status;
};

static void on_done(struct uring_op *op, int status)
{
	struct rig *rig = op->owner;

	rig->done++;
	if (!rig->status)
		rig->status = status;
}

static void begin(struct rig *rig, unsigned entries)
{
	struct iovec buffers[4];
	struct uring_cfg cfg = { .entries = entries, .buffers = buffers, .slot = rig->slot };

	memset(rig, 0, sizeof(*rig));
	assert_int_equal(block_pool_create(&rig->blocks, 4 << 20, CONF_HUGEPAGES_OFF), 0);
	cfg.buffer_count = block_buffers(rig->blocks, buffers, 4);
	assert_int_equal(uring_create(&rig->uring, &cfg), 0);
	strcpy(rig->path, "uring-test-XXXXXX");
	rig->fd = mkstemp(rig->path);
	assert_true(rig->fd >= 0);
}

static void end(struct rig *rig)
{
	uring_free(rig->uring);
	block_pool_free(rig->blocks);
	close(rig->fd);
	unlink(rig->path);
}

static void written_bytes_are_in_the_file(void **state)
{
	struct rig rig;
	struct uring_op fixed, plain, sync;
	struct block *block;
	static uint8_t bytes[5000], back[BLOCK_LARGE_BYTES];

	begin(&rig, 8);
	fixed = plain = sync = (struct uring_op){ .done = on_done, .owner = &rig };
	block = block_get(rig.blocks, BLOCK_VIDEO, BLOCK_LARGE_BYTES);
	memset(block->data, 0xA5, block->bytes);
	memset(bytes, 0x5A, sizeof(bytes));
	uring_write(rig.uring, &fixed, rig.fd, block->data, block->bytes, 0, block->buffer, 1);
	uring_write(rig.uring, &plain, rig.fd, bytes, sizeof(bytes), block->bytes, URING_NO_BUFFER, 1);
	uring_drain(rig.uring);
	uring_sync(rig.uring, &sync, rig.fd);
	assert_int_equal(rig.done, 2);
	uring_drain(rig.uring);
	assert_int_equal(rig.done, 3);
	assert_int_equal(rig.status, 0);
	assert_int_equal(pread(rig.fd, back, block->bytes, 0), block->bytes);
	assert_memory_equal(back, block->data, block->bytes);
	assert_int_equal(pread(rig.fd, back, sizeof(back), block->bytes), sizeof(bytes));
	assert_memory_equal(back, bytes, sizeof(bytes));
	assert_int_equal(rig.slot[STAT_WRITER_writes], 2);
	assert_int_equal(rig.slot[STAT_WRITER_syncs], 1);
	assert_int_equal(rig.slot[STAT_WRITER_written_bytes], block->bytes + sizeof(bytes));
	assert_true(rig.slot[STAT_WRITER_write_ns_max] > 0);
	assert_true(rig.slot[STAT_WRITER_write_ns_sum] >= rig.slot[STAT_WRITER_write_ns_max]);
	end(&rig);
}

/* Far more than the ring holds at once: the rest waits in line. */
static void many_writes_wait_their_turn(void **state)
{
	enum { WRITES = 1000 };
	static struct uring_op ops[WRITES];
	static uint32_t numbers[WRITES];
	struct rig rig;
	uint32_t number;

	begin(&rig, 4);
	for (uint32_t i = 0; i < WRITES; i++) {
		numbers[i] = i;
		ops[i] = (struct uring_op){ .done = on_done, .owner = &rig };
		uring_write(rig.uring, &ops[i], rig.fd, &numbers[i], 4, 4 * i, URING_NO_BUFFER, 1);
	}
	while (rig.done < WRITES)
		uring_poll(rig.uring);
	assert_int_equal(rig.done, WRITES);
	for (uint32_t i = 0; i < WRITES; i++) {
		assert_int_equal(pread(rig.fd, &number, 4, 4 * i), 4);
		assert_int_equal(number, i);
	}
	end(&rig);
}

static void failed_write_tells_its_errno(void **state)
{
	struct rig rig;
	struct uring_op op;

	begin(&rig, 4);
	op = (struct uring_op){ .done = on_done, .owner = &rig };
	uring_write(rig.uring, &op, -1, "x", 1, 0, URING_NO_BUFFER, 1);
	uring_drain(rig.uring);
	assert_int_equal(rig.status, -EBADF);
	assert_int_equal(rig.slot[STAT_WRITER_write_errors], 1);
	assert_int_equal(rig.slot[STAT_WRITER_writes], 0);
	end(&rig);
}

static void failed_sync_tells_its_errno(void **state)
{
	struct rig rig;
	struct uring_op op;

	begin(&rig, 4);
	op = (struct uring_op){ .done = on_done, .owner = &rig };
	uring_sync(rig.uring, &op, -1);
	uring_drain(rig.uring);
	assert_int_equal(rig.status, -EBADF);
	end(&rig);
}

/* The file size limit cuts the first request short; the rest is asked for by itself, and fails. */
static void short_write_goes_on(void **state)
{
	static uint8_t bytes[20000];
	struct rlimit before, limit;
	struct rig rig;
	struct uring_op op;

	begin(&rig, 4);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 10000;
	setrlimit(RLIMIT_FSIZE, &limit);
	op = (struct uring_op){ .done = on_done, .owner = &rig };
	uring_write(rig.uring, &op, rig.fd, bytes, sizeof(bytes), 0, URING_NO_BUFFER, 1);
	uring_drain(rig.uring);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(rig.done, 1);
	assert_int_equal(rig.status, -EFBIG);
	assert_int_equal(rig.slot[STAT_WRITER_written_bytes], 10000);
	end(&rig);
}

/* A pipe that nobody reads from is a disk that has stopped. */
static void what_waits_for_the_disk_is_known(void **state)
{
	static uint8_t bytes[300000], back[300000];
	struct rig rig;
	struct uring_op first, second;
	uint64_t oldest;
	int pipes[2];

	begin(&rig, 4);
	assert_int_equal(uring_oldest_ns(rig.uring), 0);
	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	first = second = (struct uring_op){ .done = on_done, .owner = &rig };
	uring_write(rig.uring, &first, pipes[1], bytes, 200000, 0, URING_NO_BUFFER, 1);
	uring_write(rig.uring, &second, pipes[1], bytes, 100000, 0, URING_NO_BUFFER, 1);
	oldest = uring_oldest_ns(rig.uring);
	assert_true(oldest > 0);
	uring_poll(rig.uring);
	assert_true(rig.slot[STAT_WRITER_queued_bytes] > 200000);
	assert_int_equal(uring_oldest_ns(rig.uring), oldest);
	while (rig.done < 2) {
		(void)!read(pipes[0], back, sizeof(back));
		uring_poll(rig.uring);
	}
	assert_int_equal(rig.slot[STAT_WRITER_queued_bytes], 0);
	assert_int_equal(uring_oldest_ns(rig.uring), 0);
	close(pipes[0]);
	close(pipes[1]);
	end(&rig);
}

/* A pipe takes what it holds, and the rest as it is read. */
static void short_writes_end_as_one(void **state)
{
	static uint8_t bytes[300000], back[300000];
	struct rig rig;
	struct uring_op op;
	size_t got = 0;
	int pipes[2];

	begin(&rig, 4);
	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i >> 8);
	op = (struct uring_op){ .done = on_done, .owner = &rig };
	uring_write(rig.uring, &op, pipes[1], bytes, sizeof(bytes), 0, URING_NO_BUFFER, 1);
	while (!rig.done || got < sizeof(back)) {
		ssize_t n = read(pipes[0], back + got, sizeof(back) - got);
		got += n > 0 ? (size_t)n : 0;
		uring_poll(rig.uring);
	}
	assert_int_equal(rig.status, 0);
	assert_int_equal(rig.done, 1);
	assert_memory_equal(bytes, back, sizeof(bytes));
	close(pipes[0]);
	close(pipes[1]);
	end(&rig);
}

static void registered_files_are_written_and_let_go(void **state)
{
	struct uring_cfg cfg = { .entries = 4, .files = 64 };
	char path[] = "uring-test-XXXXXX", back[4] = "";
	int fd = mkstemp(path), pipes[2];
	struct uring_op op;
	struct rig rig = { 0 };

	assert_int_equal(uring_create(&rig.uring, &cfg), 0);
	assert_int_equal(uring_files(rig.uring), 0);
	uring_add_file(rig.uring, fd);
	uring_add_file(rig.uring, 1000); /* beyond the table */
	uring_add_file(rig.uring, -1);
	op = (struct uring_op){ .done = on_done, .owner = &rig };
	uring_write(rig.uring, &op, fd, "abc", 3, 0, URING_NO_BUFFER, 1);
	uring_drain(rig.uring);
	assert_int_equal(rig.status, 0);
	assert_int_equal(pread(fd, back, 3, 0), 3);
	assert_string_equal(back, "abc");
	/* The last descriptor of a pipe's end is the one that closes it. */
	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	uring_add_file(rig.uring, pipes[1]);
	uring_remove_file(rig.uring, pipes[1]);
	uring_remove_file(rig.uring, pipes[1]);
	close(pipes[1]);
	for (unsigned ms = 0; ms < 5000 && read(pipes[0], back, 1) != 0; ms++) {
		uring_poll(rig.uring);
		usleep(1000);
	}
	assert_int_equal(read(pipes[0], back, 1), 0);
	close(pipes[0]);
	uring_free(rig.uring);
	close(fd);
	unlink(path);
}

static void a_kernel_thread_submits_when_it_is_wished(void **state)
{
	struct uring_cfg cfg = { .entries = 8, .files = 64, .sqpoll = true };
	char path[] = "uring-test-XXXXXX";
	int fd = mkstemp(path);
	static struct uring_op ops[100];
	struct rig rig = { 0 };

	assert_int_equal(uring_create(&rig.uring, &cfg), 0);
	if (!uring_sqpoll(rig.uring))
		print_message("the kernel does not let us: written by system calls\n");
	uring_add_file(rig.uring, fd);
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 100; i++) {
			ops[i] = (struct uring_op){ .done = on_done, .owner = &rig };
			uring_write(rig.uring, &ops[i], fd, "abcd", 4, 4 * i, URING_NO_BUFFER, 1);
		}
		while (rig.done < 100 * (round + 1))
			uring_poll(rig.uring);
		usleep(150000); /* its thread falls asleep */
	}
	assert_int_equal(rig.status, 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 400);
	uring_free(rig.uring);
	close(fd);
	unlink(path);
}

static void works_without_registered_buffers(void **state)
{
	struct uring_cfg cfg = { .entries = 4 };
	struct uring *uring;

	assert_int_equal(uring_create(&uring, &cfg), 0);
	assert_int_equal(uring_registered(uring), -ENOENT);
	assert_int_equal(uring_files(uring), -ENOENT);
	uring_add_file(uring, 1);
	uring_remove_file(uring, 1);
	assert_int_equal(uring_poll(uring), 0);
	uring_free(uring);
	uring_free(NULL);
}

static void too_many_entries_are_refused(void **state)
{
	struct uring_cfg cfg = { .entries = 1u << 30 };
	struct uring *uring;

	assert_int_equal(uring_create(&uring, &cfg), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_bytes_are_in_the_file),
		cmocka_unit_test(many_writes_wait_their_turn),
		cmocka_unit_test(failed_write_tells_its_errno),
		cmocka_unit_test(failed_sync_tells_its_errno),
		cmocka_unit_test(short_write_goes_on),
		cmocka_unit_test(what_waits_for_the_disk_is_known),
		cmocka_unit_test(short_writes_end_as_one),
		cmocka_unit_test(registered_files_are_written_and_let_go),
		cmocka_unit_test(a_kernel_thread_submits_when_it_is_wished),
		cmocka_unit_test(works_without_registered_buffers),
		cmocka_unit_test(too_many_entries_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
