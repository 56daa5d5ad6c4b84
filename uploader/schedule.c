/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/log.h"
#include "uploader/worker.h"

#define LOADS_A_TURN 64 /* ledgers read between two looks at the network */

static enum uploader_state state_of(const struct transfer *t)
{
	if (transfer_is_done(t) && t->offered_finished)
		return UPLOADER_DONE;
	if (t->stopped)
		return UPLOADER_STOPPED;
	if (t->place == TRANSFER_WAITING)
		return UPLOADER_RETRYING;
	return t->active ? UPLOADER_ACTIVE : UPLOADER_QUEUED;
}

void schedule_publish(struct uploader *u, struct transfer *t, const char *error)
{
	enum uploader_state state = state_of(t);
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
	backlog_recount(&u->backlog, t);
	pthread_mutex_unlock(&u->lock);
}

void schedule_tell(struct uploader *u, struct transfer *t, enum uploader_news news)
{
	struct uploader_status status;

	if (u->cfg.on_news && !uploader_status(u, t->name, &status))
		u->cfg.on_news(u->cfg.arg, news, t->name, &t->meta, &status);
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

void schedule_ready(struct uploader *u, struct transfer *t)
{
	if (t->place == TRANSFER_IDLE && !t->stopped && !(transfer_is_done(t) && !t->offered))
		move(u, t, TRANSFER_READY);
}

/* One line when the reason changes, not one a try. Whether there was one. */
static bool log_failure(struct transfer *t, const struct s3_verdict *verdict, uint64_t wait_ns)
{
	char head[sizeof(t->logged)];

	snprintf(head, sizeof(head), "%.*s", (int)strcspn(verdict->reason, ":"), verdict->reason);
	if (!strcmp(head, t->logged) && !t->stopped)
		return false;
	memcpy(t->logged, head, sizeof(head));
	if (t->stopped)
		log_with(LOG_LEVEL_ERROR, TRANSFER_IDS(t),
		        "upload of %s: %s; given up after %u tries, until it is asked for", t->name,
		        verdict->reason, t->tries);
	else
		log_with(LOG_LEVEL_WARN, TRANSFER_IDS(t), "upload of %s: %s; trying again in %.1f s", t->name,
		        verdict->reason, (double)wait_ns / (double)CLK_NS_PER_S);
	return true;
}

void schedule_failed(struct uploader *u, struct transfer *t, const struct s3_verdict *verdict)
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
	bool news = log_failure(t, verdict, wait_ns);
	pthread_mutex_lock(&u->lock);
	u->failures++;
	memcpy(u->last_error, verdict->reason, sizeof(u->last_error));
	pthread_mutex_unlock(&u->lock);
	schedule_publish(u, t, verdict->reason);
	if (news)
		schedule_tell(u, t, UPLOADER_NEWS_FAILED);
}

void schedule_completed(struct uploader *u, struct transfer *t, bool fresh)
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
	u->object_bytes += fresh && !t->in.forgotten ? t->stored : 0;
	t->accounted = 0;
	backlog_recount(&u->backlog, t);
	if (fresh && t->in.finished_ns)
		t->pub.took_ns = clk_mono_ns() - t->in.finished_ns;
	pthread_mutex_unlock(&u->lock);
	schedule_publish(u, t, "");
	if (fresh) {
		log_with(LOG_LEVEL_INFO, TRANSFER_IDS(t), "upload of %s: done, %llu bytes, ETag %s", t->name,
		        (unsigned long long)t->ledger.size, t->ledger.etag);
		schedule_tell(u, t, UPLOADER_NEWS_FINISHED);
	}
	known = !uploader_status(u, t->name, &status);
	if (known && u->cfg.on_done)
		u->cfg.on_done(u->cfg.arg, t->name, &status);
}

/* A finished recording is taken into the account of objects, or its size there changes: a repair may have
 * made it shorter. One that was uploaded, and is another file now, waits again. */
static void account(struct uploader *u, struct transfer *t)
{
	pthread_mutex_lock(&u->lock);
	if (!t->in.forgotten) {
		u->offered_bytes += t->readable - t->accounted;
		t->accounted = t->readable;
		if (!t->listed)
			TAILQ_INSERT_TAIL(&u->unfinished, t, all);
		t->listed = true;
		backlog_recount(&u->backlog, t);
	}
	pthread_mutex_unlock(&u->lock);
}

/* Look at what the API said last about a transfer whose ledger has been read. */
static void take_offer(struct uploader *u, struct transfer *t)
{
	struct s3_verdict verdict;
	bool was_done = t->pub.state == UPLOADER_DONE;

	if (transfer_offer(t, &u->transfer_env, t->offered_bytes, t->offered_finished, &verdict)) {
		schedule_failed(u, t, &verdict);
		return;
	}
	t->offered = false;
	if (!transfer_is_done(t)) {
		if (t->finished)
			account(u, t);
		schedule_ready(u, t);
		schedule_publish(u, t, NULL);
		if (!t->told_queued)
			schedule_tell(u, t, UPLOADER_NEWS_QUEUED);
		t->told_queued = true;
	} else if (!was_done && t->offered_finished) {
		schedule_completed(u, t, false);
	}
}

static void forget(struct uploader *u, struct transfer *t)
{
	worker_end_tasks(u, t);
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
		schedule_ready(u, t);
	schedule_publish(u, t, NULL);
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

bool schedule_inbox(struct uploader *u)
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

void schedule_load(struct uploader *u)
{
	struct transfer *t;

	for (unsigned i = 0; i < LOADS_A_TURN && (t = TAILQ_FIRST(&u->fresh)); i++) {
		move(u, t, TRANSFER_IDLE);
		transfer_load(t, &u->transfer_env);
		take_offer(u, t);
	}
}

void schedule_wake(struct uploader *u, uint64_t now_ns)
{
	struct transfer *t, *next;

	if (now_ns < u->earliest_ns)
		return;
	u->earliest_ns = UINT64_MAX;
	for (t = TAILQ_FIRST(&u->waiting); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->next_try_ns <= now_ns) {
			move(u, t, TRANSFER_IDLE);
			schedule_ready(u, t);
		} else if (t->next_try_ns < u->earliest_ns) {
			u->earliest_ns = t->next_try_ns;
		}
	}
}

struct transfer *schedule_next(struct uploader *u, struct task_order *ret_order)
{
	struct transfer *t;

	while ((t = TAILQ_FIRST(&u->ready))) {
		move(u, t, TRANSFER_IDLE);
		if (t->offered) {
			take_offer(u, t); /* it comes back to the end of the queue */
			continue;
		}
		int n = transfer_next(t, &u->transfer_env, ret_order);
		if (n > 0)
			return t;
		if (n < 0) {
			struct s3_verdict verdict = { .outcome = S3_FAILED, .slow = n != -ENOMEM };

			snprintf(verdict.reason, sizeof(verdict.reason), "%s", strerror(-n));
			schedule_failed(u, t, &verdict);
		} else {
			schedule_publish(u, t, NULL);
		}
	}
	return NULL;
}
