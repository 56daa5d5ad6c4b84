/* SPDX-License-Identifier: BSD-3-Clause */
/* Output to nowhere: what is committed is counted, and encrypted if asked. */
#include "tools/gen/output.h"

#include <errno.h>
#include <stdlib.h>
#include "tools/gen/protect_batch.h"

struct none {
	struct output output;
	bool encrypt;
	unsigned pending;
	uint8_t buffers[OUTPUT_BURST][LIMIT_PACKET_BYTES];
};

static int none_add(struct output *output, const struct sockaddr_storage *to)
{
	return 0;
}

static int none_start(struct output *output)
{
	return 0;
}

static int none_flush(struct output *output)
{
	struct none *n = (struct none *)output;

	if (n->encrypt)
		protect_batch_run(output->batch);
	else
		protect_batch_drop(output->batch);
	n->pending = 0;
	return 0;
}

static uint8_t *none_buffer(struct output *output)
{
	struct none *n = (struct none *)output;

	if (n->pending == OUTPUT_BURST)
		none_flush(output);
	return n->buffers[n->pending];
}

static int none_commit(struct output *output, unsigned session, unsigned port_offset, size_t len)
{
	struct none *n = (struct none *)output;

	n->pending++;
	output->datagrams++;
	output->bytes += len;
	return 0;
}

static int none_wait(struct output *output, uint64_t ns)
{
	return 0;
}

static void none_free(struct output *output)
{
	free(output);
}

static const struct output_ops none_ops = {
	.add = none_add,
	.start = none_start,
	.buffer = none_buffer,
	.commit = none_commit,
	.flush = none_flush,
	.wait = none_wait,
	.free = none_free,
};

int output_none_create(struct output **ret_output, struct protect_batch *batch, bool encrypt)
{
	struct none *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->output.ops = &none_ops;
	n->output.batch = batch;
	n->encrypt = encrypt;
	*ret_output = &n->output;
	return 0;
}
