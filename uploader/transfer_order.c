/* SPDX-License-Identifier: BSD-3-Clause */
/* What a recording is to have done next. */
#include "uploader/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "uploader/transfer_internal.h"

/* Takes @value over; NULL is memory that was short. */
static int add_field(struct task_order *order, const char *name, char *value)
{
	if (!value)
		return -ENOMEM;
	order->fields[order->field_count][0] = (char *)name;
	order->fields[order->field_count++][1] = value;
	return 0;
}

/* Content type and x-amz-meta-*: they go with PUT and CREATE. */
static int add_metadata(const struct transfer *t, struct task_order *order)
{
	const struct uploader_meta *meta = &t->meta;
	char started[CLK_RFC3339_BYTES];
	int error = add_field(order, "content-type", strdup(name_content_type(t->name)));

	if (!error && meta->room[0])
		error = add_field(order, "x-amz-meta-room", sigv4_encoded(meta->room));
	if (!error && meta->participant[0])
		error = add_field(order, "x-amz-meta-participant", sigv4_encoded(meta->participant));
	if (!error && meta->track[0])
		error = add_field(order, "x-amz-meta-track", sigv4_encoded(meta->track));
	if (!error && meta->started_unix_ns)
		error = add_field(
		        order, "x-amz-meta-started", strdup(clk_rfc3339(started, meta->started_unix_ns, 3)));
	return error;
}

static int order_put(const struct transfer *t, const struct transfer_env *env, struct task_order *order)
{
	order->op = S3_PUT;
	order->bytes = t->readable;
	order->md5 = true;
	order->sha256 = !env->task->store->tls;
	return add_metadata(t, order);
}

/* The MD5 of an object that went in one piece is what its ETag is compared with. */
static int order_head(const struct transfer *t, struct task_order *order)
{
	order->op = S3_HEAD;
	if (t->ledger.state == LEDGER_PUT && !t->has_md5) {
		order->md5 = true;
		order->bytes = t->readable;
	}
	return 0;
}

static int order_part(
        struct transfer *t, const struct transfer_env *env, unsigned number, struct task_order *order)
{
	struct multipart_part *part = &t->ledger.parts.parts[number - 1];

	order->op = S3_PART;
	order->part = number;
	order->offset = multipart_offset(&t->ledger.parts, number);
	order->bytes = multipart_bytes(&t->ledger.parts, number);
	order->check_only = part->state == MULTIPART_SENT;
	order->sha256 = order->check_only ? part->digest_bytes == 32 : !env->task->store->tls;
	order->md5 = !order->sha256;
	order->upload_id = strdup(t->ledger.upload_id);
	if (!order->upload_id)
		return -ENOMEM;
	part->state = order->check_only ? MULTIPART_CHECKING : MULTIPART_BUSY;
	return 0;
}

static int order_complete(struct transfer *t, struct task_order *order)
{
	order->op = S3_COMPLETE;
	order->upload_id = strdup(t->ledger.upload_id);
	order->text = multipart_complete_body(&t->ledger.parts);
	if (!order->upload_id || !order->text)
		return -ENOMEM;
	return add_field(order, "content-type", strdup("application/xml"));
}

/* Growing beyond what parts of this size can hold is foreseen fourfold. */
static uint64_t choose_part_size(const struct transfer *t, const struct transfer_env *env)
{
	uint64_t room = env->part_size * LIMIT_UPLOAD_PARTS;
	uint64_t expected = t->finished ? 0 : env->max_size;

	if (!t->finished && t->readable > room / 2 && expected < 4 * t->readable)
		expected = 4 * t->readable;
	return multipart_part_size(env->part_size, t->readable, expected);
}

/* Something is to be begun, now or later. */
static int begin(struct transfer *t, const struct transfer_env *env, struct task_order *order)
{
	if (t->finished && t->readable <= env->part_size) {
		t->ledger.state = LEDGER_PUT;
		transfer_save(t, env);
		return order_put(t, env, order);
	}
	uint64_t part_size = choose_part_size(t, env);
	if (!part_size)
		return -EFBIG;
	if (!t->finished && !multipart_worth(part_size, t->readable))
		return -EAGAIN;
	multipart_free(&t->ledger.parts);
	multipart_init(&t->ledger.parts, part_size);
	t->ledger.state = LEDGER_CREATING;
	transfer_save(t, env);
	order->op = S3_CREATE;
	return add_metadata(t, order);
}

static int next_of_parts(struct transfer *t, const struct transfer_env *env, struct task_order *order)
{
	unsigned number = multipart_next(&t->ledger.parts);

	if (number)
		return order_part(t, env, number, order);
	if (t->active || !multipart_ready(&t->ledger.parts))
		return -EAGAIN;
	t->ledger.state = LEDGER_COMPLETING;
	transfer_save(t, env);
	return order_complete(t, order);
}

/* 0 with an order, -EAGAIN for nothing, -errno. Only parts go out several at a time. */
static int decide(struct transfer *t, const struct transfer_env *env, struct task_order *order)
{
	bool alone = !t->active;

	if (t->proving)
		return alone && t->finished ? order_head(t, order) : -EAGAIN;
	switch (t->ledger.state) {
	case LEDGER_NONE:
	case LEDGER_CREATING:
		return alone ? begin(t, env, order) : -EAGAIN;
	case LEDGER_PUT:
		return alone && t->finished ? order_put(t, env, order) : -EAGAIN;
	case LEDGER_PARTS:
		return next_of_parts(t, env, order);
	case LEDGER_COMPLETING:
		/* Of an upload that was being completed when the process died, the parts are compared again.
		 */
		if (alone && !multipart_ready(&t->ledger.parts)) {
			t->ledger.state = LEDGER_PARTS;
			return next_of_parts(t, env, order);
		}
		return alone ? order_complete(t, order) : -EAGAIN;
	case LEDGER_DONE:
		break;
	}
	return -EAGAIN;
}

int transfer_next(struct transfer *t, const struct transfer_env *env, struct task_order *ret_order)
{
	struct task_order order = { .name = t->name, .settled = t->finished };
	int error = decide(t, env, &order);

	if (!error && !(order.key = transfer_key(t, env)))
		error = -ENOMEM;
	if (error) {
		task_order_free(&order);
		return error == -EAGAIN ? 0 : error;
	}
	order.generation = t->generation;
	*ret_order = order;
	return 1;
}
