/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"

#define LOADS_A_TURN   64 /* ledgers read between two looks at the network */
#define LONGEST_WAIT_S 60
#define GATE_LOG_AFTER 3 /* failures in a row before the store itself is worth a log line */

/* What the API shows, brought up to date; @error NULL leaves the last one. */
static void publish(struct uploader *u, struct transfer *t, const char *error)
{
	enum uploader_state state = transfer_is_done(t) && t->offered_finished ? UPLOADER_DONE
	                            : t->stopped                               ? UPLOADER_STOPPED
	                            : t->place == TRANSFER_WAITING             ? UPLOADER_RETRYING
	                            : t->active                                ? UPLOADER_ACTIVE
	                                                                       : UPLOADER_QUEUED;
	uint64_t now_ns = clk_mono_ns();

	pthread_mutex_lock(&u->lock);
	if (!t->in.forgotten) {
		u->in_state[t->pub.state]--;
		u->in_state[state]++;
	}
	t->pub.state = state;
	t->pub.bytes_done = transfer_bytes_done(t);
	t->pub.bytes_total = t->finished ? t->readable : 0;
	t->pub.tries = t->tries;
	t->pub.next_try_unix_ns = 0;
	if (state == UPLOADER_RETRYING)
		t->pub.next_try_unix_ns =
		        clk_wall_ns() + (t->next_try_ns > now_ns ? t->next_try_ns - now_ns : 0);
	if (error) {
		free(t->pub.error);
		t->pub.error = error[0] ? strdup(error) : NULL;
	}
	pthread_mutex_unlock(&u->lock);
}

static struct transfer_list *list_of(struct uploader *u, enum transfer_place place)
{
	return place == TRANSFER_FRESH ? &u->fresh : place == TRANSFER_READY ? &u->ready : &u->waiting;
}

static void move(struct uploader *u, struct transfer *t, enum transfer_place place)
{
	if (t->place != TRANSFER_IDLE)
		TAILQ_REMOVE(list_of(u, t->place), t, link);
	t->place = place;
	if (place != TRANSFER_IDLE)
		TAILQ_INSERT_TAIL(list_of(u, place), t, link);
}

static void make_ready(struct uploader *u, struct transfer *t)
{
	if (t->place == TRANSFER_IDLE && !t->stopped && !(transfer_is_done(t) && !t->offered))
		move(u, t, TRANSFER_READY);
}

/* One line when the reason changes, not one a try. */
static void log_failure(struct transfer *t, const struct s3_verdict *verdict, uint64_t wait_ns)
{
	char head[sizeof(t->logged)];

	snprintf(head, sizeof(head), "%.*s", (int)strcspn(verdict->reason, ":"), verdict->reason);
	if (!strcmp(head, t->logged))
		return;
	memcpy(t->logged, head, sizeof(head));
	if (t->stopped)
		log_error("upload of %s: %s; given up after %u tries, until it is asked for", t->name,
		        verdict->reason, t->tries);
	else
		log_warn("upload of %s: %s; trying again in %.1f s", t->name, verdict->reason,
		        (double)wait_ns / (double)CLK_NS_PER_S);
}

static void failed(struct uploader *u, struct transfer *t, const struct s3_verdict *verdict)
{
	const struct conf *conf = u->cfg.conf;
	uint64_t wait_ns = u->bounds.max_ns;

	t->epoch++;
	t->tries++;
	if (!verdict->slow)
		wait_ns = retry_wait_ns(&u->bounds, t->tries);
	if (verdict->retry_after_s * CLK_NS_PER_S > wait_ns)
		wait_ns = verdict->retry_after_s * CLK_NS_PER_S;
	if (wait_ns > u->bounds.max_ns)
		wait_ns = u->bounds.max_ns;
	t->stopped = conf->upload_max_retries && t->tries >= conf->upload_max_retries;
	t->next_try_ns = clk_mono_ns() + wait_ns;
	move(u, t, t->stopped ? TRANSFER_IDLE : TRANSFER_WAITING);
	if (!t->stopped && t->next_try_ns < u->earliest_ns)
		u->earliest_ns = t->next_try_ns;
	log_failure(t, verdict, wait_ns);
	pthread_mutex_lock(&u->lock);
	u->failures++;
	memcpy(u->last_error, verdict->reason, sizeof(u->last_error));
	pthread_mutex_unlock(&u->lock);
	publish(u, t, verdict->reason);
}

/* The object is there. @fresh: since just now, rather than by an earlier process. */
static void completed(struct uploader *u, struct transfer *t, bool fresh)
{
	struct uploader_status status;
	bool known;

	move(u, t, TRANSFER_IDLE);
	t->tries = 0;
	pthread_mutex_lock(&u->lock);
	snprintf(t->pub.etag, sizeof(t->pub.etag), "%s", t->ledger.etag);
	t->pub.finished_unix_ns = t->ledger.finished_unix_ns;
	if (t->listed)
		TAILQ_REMOVE(&u->unfinished, t, all);
	t->listed = false;
	u->done += fresh;
	pthread_mutex_unlock(&u->lock);
	publish(u, t, "");
	if (fresh)
		log_info("upload of %s: done, %llu bytes, ETag %s", t->name,
		        (unsigned long long)t->ledger.size, t->ledger.etag);
	known = !uploader_status(u, t->name, &status);
	if (known && u->cfg.on_done)
		u->cfg.on_done(u->cfg.arg, t->name, &status);
}

/* Look at what the API said last about a transfer whose ledger has been read. */
static void take_offer(struct uploader *u, struct transfer *t)
{
	struct s3_verdict verdict;
	bool was_done = t->pub.state == UPLOADER_DONE;

	if (transfer_offer(t, &u->transfer_env, t->offered_bytes, t->offered_finished, &verdict)) {
		failed(u, t, &verdict);
		return;
	}
	t->offered = false;
	if (!transfer_is_done(t)) {
		make_ready(u, t);
		publish(u, t, NULL);
	} else if (!was_done && t->offered_finished) {
		completed(u, t, false);
	}
}

static void end_tasks_of(struct uploader *u, const void *owner)
{
	for (unsigned i = 0; i < u->task_count; i++) {
		struct task *task = &u->tasks[i];

		if (task->stage == TASK_FREE || task->owner != owner)
			continue;
		retry_gate_end(&u->gate, task->gate_epoch, RETRY_UNKNOWN, &u->bounds, clk_mono_ns());
		task_end(task, &u->task_env);
	}
}

static void forget(struct uploader *u, struct transfer *t)
{
	end_tasks_of(u, t);
	move(u, t, TRANSFER_IDLE);
	if (!t->loaded)
		transfer_load(t, &u->transfer_env);
	transfer_forget(t, &u->transfer_env);
	transfer_free(t);
}

static void retry_now(struct uploader *u, struct transfer *t)
{
	if (t->place == TRANSFER_WAITING)
		move(u, t, TRANSFER_IDLE);
	t->stopped = false;
	t->tries = 0;
	t->logged[0] = '\0';
	u->gate.next_ns = 0;
	if (t->loaded)
		make_ready(u, t);
	publish(u, t, NULL);
}

static void take_input(struct uploader *u, struct transfer *t, const struct transfer_input *in)
{
	if (in->forgotten) {
		forget(u, t);
		return;
	}
	if (in->retry)
		retry_now(u, t);
	if (!in->offered)
		return;
	t->offered = true;
	t->offered_finished = in->finished;
	t->offered_bytes = in->bytes;
	if (!t->loaded && t->place == TRANSFER_IDLE)
		move(u, t, TRANSFER_FRESH);
	else if (t->loaded && t->place != TRANSFER_WAITING && !t->stopped)
		take_offer(u, t);
}

/* Whether the thread is to go on. */
static bool take_inbox(struct uploader *u)
{
	struct transfer *t;
	bool stop;

	for (;;) {
		struct transfer_input in;

		pthread_mutex_lock(&u->lock);
		stop = u->stop;
		t = stop ? NULL : TAILQ_FIRST(&u->inbox);
		if (t) {
			TAILQ_REMOVE(&u->inbox, t, in.link);
			in = t->in;
			t->in.queued = t->in.offered = t->in.retry = false;
		}
		pthread_mutex_unlock(&u->lock);
		if (!t)
			return !stop;
		take_input(u, t, &in);
	}
}

static void load_fresh(struct uploader *u)
{
	struct transfer *t;

	for (unsigned i = 0; i < LOADS_A_TURN && (t = TAILQ_FIRST(&u->fresh)); i++) {
		move(u, t, TRANSFER_IDLE);
		transfer_load(t, &u->transfer_env);
		take_offer(u, t);
	}
}

static void wake_waiting(struct uploader *u, uint64_t now_ns)
{
	struct transfer *t, *next;

	if (now_ns < u->earliest_ns)
		return;
	u->earliest_ns = UINT64_MAX;
	for (t = TAILQ_FIRST(&u->waiting); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->next_try_ns <= now_ns) {
			move(u, t, TRANSFER_IDLE);
			make_ready(u, t);
		} else if (t->next_try_ns < u->earliest_ns) {
			u->earliest_ns = t->next_try_ns;
		}
	}
}

static void note_gate(struct uploader *u, int change, const struct s3_verdict *verdict)
{
	bool usable = !u->gate.failures;

	u->task_env.wait_for_go = !usable;
	pthread_mutex_lock(&u->lock);
	u->store_usable = usable;
	pthread_mutex_unlock(&u->lock);
	if (u->gate.failures == GATE_LOG_AFTER && !u->gate_logged) {
		log_warn("object store: %s; asking one request at a time, with growing waits",
		        verdict->reason);
		u->gate_logged = true;
	} else if (change > 0 && u->gate_logged) {
		log_info("object store: usable again");
		u->gate_logged = false;
	}
}

static enum retry_end end_of(
        const struct task *task, const struct exchange_reply *reply, const struct s3_verdict *v)
{
	/* Not being allowed to list says nothing about uploads. */
	bool optional = task->order.op == S3_LIST && reply && reply->status == 403 &&
	                strstr(v->reason, "AccessDenied");

	if (!reply || reply->file_error || optional)
		return RETRY_UNKNOWN;
	return v->outcome == S3_FAILED && v->store ? RETRY_BAD : RETRY_GOOD;
}

static void transfer_ended(
        struct uploader *u, struct task *task, const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	struct transfer *t = task->owner;
	bool current = task->order.generation == t->generation, near = false;
	bool sent = verdict->outcome == S3_OK && reply && !task->order.check_only;

	t->active--;
	if (sent && (task->order.op == S3_PUT || task->order.op == S3_PART)) {
		pthread_mutex_lock(&u->lock);
		u->bytes_sent += task->order.bytes;
		pthread_mutex_unlock(&u->lock);
	}
	if (current)
		near = transfer_result(t, &u->transfer_env, task, reply, verdict);
	if (near) {
		t->tries = 0;
		t->logged[0] = '\0';
	}
	bool bad = current && (verdict->outcome == S3_FAILED || verdict->outcome == S3_GONE);
	if (transfer_is_done(t))
		completed(u, t, true);
	else if (bad && task->owner_epoch == t->epoch)
		failed(u, t, verdict);
	else
		make_ready(u, t), publish(u, t, near ? "" : NULL);
}

/* A task came to its end; @reply NULL when it made no request. */
static void ended(
        struct uploader *u, struct task *task, const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	uint64_t now_ns = clk_mono_ns();
	int change =
	        retry_gate_end(&u->gate, task->gate_epoch, end_of(task, reply, verdict), &u->bounds, now_ns);

	if (end_of(task, reply, verdict) != RETRY_UNKNOWN)
		note_gate(u, change, verdict);
	if (task->owner == u->orphans)
		orphans_result(u->orphans, reply, verdict, now_ns);
	else
		transfer_ended(u, task, reply, verdict);
	task_end(task, &u->task_env);
}

/* A task failed on this machine, before or in place of an answer. */
static void ended_locally(struct uploader *u, struct task *task, int error)
{
	struct s3_verdict verdict = { .outcome = S3_FAILED };

	/* A file that is gone or unreadable does not come back soon; one that is short may still be growing.
	 */
	verdict.slow = error != -ENOMEM && error != -ENODATA;
	snprintf(verdict.reason, sizeof(verdict.reason), "file: %s",
	        error == -ENODATA ? "is shorter than was said" : strerror(-error));
	ended(u, task, NULL, &verdict);
}

static bool start_task(
        struct uploader *u, struct task *task, void *owner, uint64_t epoch, struct task_order *order)
{
	bool check_only = order->check_only;

	task->gate_epoch = check_only ? UINT64_MAX : retry_gate_begin(&u->gate);
	task->owner_epoch = epoch;
	int error = task_start(task, &u->task_env, owner, order);
	if (error)
		ended_locally(u, task, error);
	return !error;
}

/* Recordings take turns: one request each. Whether one was begun. */
static bool start_transfer(struct uploader *u, struct task *task)
{
	struct transfer *t;

	while ((t = TAILQ_FIRST(&u->ready))) {
		struct task_order order;

		move(u, t, TRANSFER_IDLE);
		if (t->offered) {
			take_offer(u, t); /* it comes back to the end of the queue */
			continue;
		}
		int n = transfer_next(t, &u->transfer_env, &order);
		if (n < 0) {
			struct s3_verdict verdict = { .outcome = S3_FAILED, .slow = n != -ENOMEM };

			snprintf(verdict.reason, sizeof(verdict.reason), "%s", strerror(-n));
			failed(u, t, &verdict);
		} else if (n) {
			t->active++;
			if (start_task(u, task, t, t->epoch, &order)) {
				make_ready(u, t);
				publish(u, t, NULL);
			}
			return true;
		} else {
			publish(u, t, NULL);
		}
	}
	return false;
}

static void start_tasks(struct uploader *u, uint64_t now_ns)
{
	for (unsigned i = 0; i < u->task_count; i++) {
		struct task *task = &u->tasks[i];
		struct task_order order;

		if (task->stage != TASK_FREE)
			continue;
		if (!retry_gate_open(&u->gate, now_ns))
			return;
		if (orphans_next(u->orphans, now_ns, &order))
			start_task(u, task, u->orphans, 0, &order);
		else if (!start_transfer(u, task))
			return;
	}
}

/* Whether any task is still hashing. */
static bool step_tasks(struct uploader *u)
{
	bool more = false;

	for (unsigned i = 0; i < u->task_count; i++) {
		struct task *task = &u->tasks[i];
		struct s3_verdict good = { .outcome = S3_OK };

		if (task->stage != TASK_HASH)
			continue;
		int n = task_step(task, &u->task_env);
		if (n < 0)
			ended_locally(u, task, n);
		else if (!n && task->order.check_only)
			ended(u, task, NULL, &good);
		more = true; /* a place may have become free, or a request begun */
	}
	return more;
}

static void collect(struct uploader *u)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(u->task_env.exchange.multi, &left))) {
		struct exchange_reply reply;
		struct s3_verdict verdict;
		struct task *task = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&task);
		exchange_result(&task->exchange, msg->data.result, &reply);
		if (reply.file_error) {
			ended_locally(u, task, -reply.file_error);
			continue;
		}
		s3_judge(&verdict, task->order.op, reply.status, reply.body, reply.len, reply.reason);
		verdict.retry_after_s = reply.retry_after_s;
		ended(u, task, &reply, &verdict);
	}
}

static bool has_free_place(const struct uploader *u)
{
	for (unsigned i = 0; i < u->task_count; i++) {
		if (u->tasks[i].stage == TASK_FREE)
			return true;
	}
	return false;
}

/* How long nothing can happen but by network or API. */
static int wait_ms(const struct uploader *u, bool hashing)
{
	uint64_t now_ns = clk_mono_ns(), due_ns = now_ns + LONGEST_WAIT_S * CLK_NS_PER_S;
	uint64_t orphan_ns = orphans_due_ns(u->orphans);
	uint64_t next_ns = TAILQ_EMPTY(&u->ready) ? orphan_ns : 0;

	if (hashing || !TAILQ_EMPTY(&u->fresh))
		return 0;
	if (u->earliest_ns < due_ns)
		due_ns = u->earliest_ns;
	if (u->gate.failures && next_ns < u->gate.next_ns)
		next_ns = u->gate.next_ns;
	if (next_ns < due_ns && !(u->gate.failures && u->gate.probing) && has_free_place(u))
		due_ns = next_ns;
	return due_ns <= now_ns ? 1 : (int)((due_ns - now_ns) / CLK_NS_PER_MS) + 1;
}

static bool is_used(void *arg, const char *name, const char *id)
{
	struct uploader *u = arg;

	pthread_mutex_lock(&u->lock);
	struct transfer *t = worker_find(u, name);
	pthread_mutex_unlock(&u->lock);
	if (!t)
		return false;
	return t->ledger.state == LEDGER_CREATING ||
	       (t->ledger.upload_id && !strcmp(t->ledger.upload_id, id));
}

void *worker_run(void *arg)
{
	struct uploader *u = arg;
	const struct orphans_cfg cfg = {
		.env = &u->task_env, .bounds = u->bounds, .is_used = is_used, .arg = u
	};

	u->earliest_ns = UINT64_MAX;
	if (orphans_create(&u->orphans, &cfg)) {
		log_error("uploads do not start: no memory");
		return NULL;
	}
	u->transfer_env.orphans = u->orphans;
	while (take_inbox(u)) {
		bool hashing;
		int running;

		load_fresh(u);
		wake_waiting(u, clk_mono_ns());
		start_tasks(u, clk_mono_ns());
		hashing = step_tasks(u);
		curl_multi_perform(u->task_env.exchange.multi, &running);
		collect(u);
		curl_multi_poll(u->task_env.exchange.multi, NULL, 0, wait_ms(u, hashing), NULL);
	}
	for (unsigned i = 0; i < u->task_count; i++) {
		if (u->tasks[i].stage != TASK_FREE)
			task_end(&u->tasks[i], &u->task_env);
	}
	orphans_free(u->orphans);
	return NULL;
}
