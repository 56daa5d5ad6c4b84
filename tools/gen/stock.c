/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/stock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "tools/gen/protect_batch.h"

static_assert(sizeof(struct stock_entry) == STOCK_ALIGN, "so that they are a packet's share of stock_size");

static size_t rounded(size_t bytes)
{
	return (bytes + STOCK_ALIGN - 1) / STOCK_ALIGN * STOCK_ALIGN;
}

size_t stock_size(uint64_t datagrams, uint64_t bytes)
{
	/* a packet is built in room for the longest one */
	return sizeof(struct stock_entry) * (datagrams + 1) + bytes + STOCK_ALIGN * datagrams +
	       LIMIT_PACKET_BYTES;
}

static int stock_add(struct output *output, const struct sockaddr_storage *to)
{
	return 0;
}

static int stock_start(struct output *output)
{
	return 0;
}

static int stock_flush(struct output *output)
{
	protect_batch_run(output->batch);
	return 0;
}

static uint8_t *stock_buffer(struct output *output)
{
	struct stock *s = (struct stock *)output;

	if (s->count < s->room && s->used + LIMIT_PACKET_BYTES <= s->size)
		return s->bytes + s->used;
	errno = ENOBUFS;
	return NULL;
}

static int stock_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	struct stock *s = (struct stock *)output;

	s->entries[s->count++] = (struct stock_entry){
		.due_ns = s->now_ns, .session = session, .len = (uint16_t)len, .next_port = port_offset != 0
	};
	s->used += rounded(len);
	return 0;
}

static int stock_wait(struct output *output, uint64_t ns)
{
	return 0;
}

static void stock_free_output(struct output *output)
{
	stock_free((struct stock *)output);
}

static const struct output_ops stock_ops = {
	.add = stock_add,
	.start = stock_start,
	.buffer = stock_buffer,
	.commit = stock_commit,
	.flush = stock_flush,
	.wait = stock_wait,
	.free = stock_free_output,
};

/* Memory of huge pages where the kernel has them, all of it there at once: no fault while it is sent. */
static void *map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, bytes, MADV_HUGEPAGE);
	madvise(at, bytes, MADV_POPULATE_WRITE);
	return at;
}

int stock_create(struct stock **ret_stock, struct protect_batch *batch, uint64_t datagrams, uint64_t bytes)
{
	struct stock *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->output.ops = &stock_ops;
	s->output.batch = batch;
	s->room = datagrams + 1;
	s->size = stock_size(datagrams, bytes) - s->room * sizeof(*s->entries);
	s->entries = map(s->room * sizeof(*s->entries));
	s->bytes = map(s->size);
	if (!s->entries || !s->bytes) {
		stock_free(s);
		return -ENOMEM;
	}
	*ret_stock = s;
	return 0;
}

void stock_free(struct stock *s)
{
	if (!s)
		return;
	if (s->entries)
		munmap(s->entries, s->room * sizeof(*s->entries));
	if (s->bytes)
		munmap(s->bytes, s->size);
	free(s);
}

void stock_note_bye(struct stock *s, unsigned flow)
{
	assert(s->count < s->room);
	s->entries[s->count++] = (struct stock_entry){ .due_ns = s->now_ns, .session = flow };
}

void stock_end_step(struct stock *s)
{
	if (s->count)
		s->entries[s->count - 1].last = true;
}

int stock_send(struct stock *s, struct output *output)
{
	const struct stock_entry *e = &s->entries[s->sent];
	uint8_t *out = output->ops->buffer(output);

	if (!out)
		return -errno;
	memcpy(out, s->bytes + s->sent_bytes, e->len);
	s->sent_bytes += rounded(e->len);
	s->sent++;
	return output->ops->commit(output, e->session, e->next_port, e->len);
}

void stock_skip(struct stock *s)
{
	s->sent++;
}

void stock_rewind(struct stock *s)
{
	s->sent = s->sent_bytes = 0;
}
