/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/name.h"

int task_open(int dir, const char *name)
{
	static const enum name_kind kinds[] = { NAME_FINAL, NAME_PART, NAME_FINAL };
	char file[NAME_FILE_BYTES];
	int fd = -1;

	/* Renamed between the first two tries, it is found by the third. */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		name_file(file, name, kinds[i]);
		fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 || errno != ENOENT)
			break;
	}
	return fd < 0 ? -errno : fd;
}

uint64_t task_unix_s(const struct task_env *env)
{
	return (uint64_t)((int64_t)(clk_wall_ns() / CLK_NS_PER_S) + env->clock_ahead_s);
}

void task_order_free(struct task_order *order)
{
	free(order->key);
	free(order->upload_id);
	free(order->text);
	free(order->prefix);
	free(order->key_marker);
	free(order->id_marker);
	for (size_t i = 0; i < order->field_count; i++)
		free(order->fields[i][1]);
	memset(order, 0, sizeof(*order));
}

static bool sends_file(const struct task_order *order)
{
	return !order->check_only && (order->op == S3_PUT || order->op == S3_PART);
}

/* The hash that the body is signed by, or NULL over TLS, which protects it. */
static const char *payload_hash(
        const struct task *task, const struct task_env *env, char hex[SIGV4_HASH_BYTES])
{
	const char *text = task->order.text;

	if (text)
		return sigv4_hash(hex, text, strlen(text));
	if (env->store->tls || !task->digest.has_sha256)
		return NULL;
	return digest_hex(hex, task->digest.sha256, 32);
}

static int begin_request(struct task *task, const struct task_env *env)
{
	const struct task_order *o = &task->order;
	struct sigv4_field fields[TASK_FIELDS];
	char hex[SIGV4_HASH_BYTES];
	struct exchange_source source = { .fd = task->fd };
	struct s3_request request = { .op = o->op,
		.key = o->key,
		.upload_id = o->upload_id,
		.part = o->part,
		.prefix = o->prefix,
		.key_marker = o->key_marker,
		.id_marker = o->id_marker,
		.fields = fields,
		.field_count = o->field_count,
		.unix_s = task_unix_s(env) };
	struct s3_head head;

	for (size_t i = 0; i < o->field_count; i++)
		fields[i] = (struct sigv4_field){ o->fields[i][0], o->fields[i][1] };
	request.payload = payload_hash(task, env, hex);
	if (o->text) {
		source.text = o->text;
		source.bytes = strlen(o->text);
	} else if (sends_file(o)) {
		source.offset = o->offset;
		source.bytes = o->bytes;
	}
	int error = s3_build(&head, env->store, &request);
	if (error)
		return error;
	error = exchange_start(
	        &task->exchange, &env->exchange, &head, o->op, &source, env->wait_for_go, task);
	s3_head_free(&head);
	if (!error)
		task->stage = TASK_WIRE;
	return error;
}

int task_start(struct task *task, const struct task_env *env, void *owner, struct task_order *order)
{
	bool hash = order->md5 || order->sha256;
	int error = 0;

	task->owner = owner;
	task->order = *order;
	memset(order, 0, sizeof(*order));
	task->fd = -1;
	task->hashed = 0;
	memset(&task->digest, 0, sizeof(task->digest));
	task->stage = TASK_HASH;
	if (hash || sends_file(&task->order)) {
		task->fd = task_open(env->dir, task->order.name);
		error = task->fd < 0 ? task->fd : 0;
	}
	if (!error && hash)
		error = digest_begin(&task->digest, task->order.md5, task->order.sha256);
	if (!error && !hash)
		error = begin_request(task, env);
	return error;
}

int task_step(struct task *task, const struct task_env *env)
{
	uint64_t left = task->order.bytes - task->hashed;

	if (left) {
		int64_t n = digest_slice(&task->digest, task->fd, task->order.offset + task->hashed, left);

		if (n < 0)
			return (int)n;
		task->hashed += (uint64_t)n;
		if (task->hashed < task->order.bytes)
			return 1;
	}
	int error = digest_end(&task->digest);
	if (error || task->order.check_only)
		return error;
	return begin_request(task, env);
}

void task_end(struct task *task, const struct task_env *env)
{
	if (task->stage == TASK_WIRE)
		exchange_stop(&task->exchange, &env->exchange);
	if (task->fd >= 0)
		close(task->fd);
	digest_free(&task->digest);
	task_order_free(&task->order);
	task->fd = -1;
	task->owner = NULL;
	task->stage = TASK_FREE;
}
