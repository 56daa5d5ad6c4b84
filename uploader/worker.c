/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/log.h"
#include "uploader/schedule.h"

#define LONGEST_WAIT_S  60
#define SKEW_FOLLOWED_S 300 /* stores allow 900 */
#define SKEW_AGREES_S   10
#define GATE_LOG_AFTER  3 /* failures in a row before the store itself is worth a log line */

void worker_end_tasks(struct uploader *u, const void *owner)
{
	for (unsigned i = 0; i < u->task_count; i++) {
		struct task *task = &u->tasks[i];

		if (task->stage == TASK_FREE || task->owner != owner)
			continue;
		retry_gate_end(&u->gate, task->gate_epoch, RETRY_UNKNOWN, &u->bounds, clk_mono_ns());
		task_end(task, &u->task_env);
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
		schedule_completed(u, t, true);
	else if (bad && task->owner_epoch == t->epoch)
		schedule_failed(u, t, verdict);
	else
		schedule_ready(u, t), schedule_publish(u, t, near ? "" : NULL);
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

/* Whether one was begun. */
static bool start_transfer(struct uploader *u, struct task *task)
{
	struct task_order order;
	struct transfer *t = schedule_next(u, &order);

	if (!t)
		return false;
	t->active++;
	if (start_task(u, task, t, t->epoch, &order)) {
		schedule_ready(u, t);
		schedule_publish(u, t, NULL);
		if (!t->told_started)
			schedule_tell(u, t, UPLOADER_NEWS_STARTED);
		t->told_started = true;
	}
	return true;
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

/* A store refuses signatures whose time is off by a quarter of an hour; then its own time is in the answer. A
 * clock that was set, here or there, is no reason to stop uploading. Of several requests that are refused
 * together the first corrects the time, and all are tried again soon. */
static void follow_clock(struct uploader *u, const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	int64_t apart_s = reply->date_unix_s - (int64_t)task_unix_s(&u->task_env);

	if (!verdict->skewed || reply->date_unix_s < 0)
		return;
	if (llabs(apart_s) < SKEW_FOLLOWED_S) {
		if (u->task_env.clock_ahead_s)
			verdict->slow = false;
		return;
	}
	u->task_env.clock_ahead_s += apart_s;
	if (llabs(u->task_env.clock_ahead_s) < SKEW_AGREES_S)
		u->task_env.clock_ahead_s = 0;
	verdict->slow = false;
	if (!u->task_env.clock_ahead_s)
		log_info("object store: its clock and ours agree again");
	else
		log_warn("object store: it refuses our clock, which is %lld s from its own: requests are "
		         "signed by "
		         "its clock from now on; let NTP set this machine's",
		        (long long)-u->task_env.clock_ahead_s);
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
		verdict.unsure = verdict.unsure && reply.went_out;
		follow_clock(u, &reply, &verdict);
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
	struct transfer *t = uploader_find(u, name);
	pthread_mutex_unlock(&u->lock);
	if (!t)
		return false;
	return t->ledger.state == LEDGER_CREATING ||
	       (t->ledger.upload_id && !strcmp(t->ledger.upload_id, id));
}

/* record.dir may have been replaced, or another file system mounted on it. The one that is open keeps its
 * inode number, so another directory has another. */
static void follow_dir(struct uploader *u)
{
	const char *path = u->cfg.conf->record_dir;
	struct stat now, open_one;

	if (stat(path, &now) || fstat(u->task_env.dir, &open_one) ||
	        (now.st_dev == open_one.st_dev && now.st_ino == open_one.st_ino))
		return;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return; /* the next turn tries again */
	log_info("uploads: record.dir %s is another directory now", path);
	close(u->task_env.dir);
	u->task_env.dir = dir;
}

/* Look where the recordings are, then take what the API has said of them. Whether the thread is to go on. */
static bool take_inbox(struct uploader *u)
{
	follow_dir(u);
	return schedule_inbox(u);
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

		schedule_load(u);
		schedule_wake(u, clk_mono_ns());
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
