/* SPDX-License-Identifier: BSD-3-Clause */
/* The recording's state, its files and what to do next; uploader/transfer_result.c has what the answers mean.
 */
#include "uploader/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/log.h"
#include "uploader/transfer_internal.h"

int transfer_create(struct transfer **ret_transfer, const char *name, const struct uploader_meta *meta)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->name = strdup(name);
	if (!t->name) {
		free(t);
		return -ENOMEM;
	}
	if (meta)
		t->meta = *meta;
	t->pub.state = UPLOADER_QUEUED;
	*ret_transfer = t;
	return 0;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	ledger_free(&transfer->ledger);
	free(transfer->pub.error);
	free(transfer->name);
	free(transfer);
}

bool transfer_is_done(const struct transfer *t)
{
	return t->ledger.state == LEDGER_DONE;
}

uint64_t transfer_bytes_done(const struct transfer *t)
{
	if (transfer_is_done(t))
		return t->ledger.size;
	return multipart_sent_bytes(&t->ledger.parts);
}

char *transfer_key(const struct transfer *t, const struct transfer_env *env)
{
	char *key = NULL;

	return asprintf(&key, "%s%s", env->task->store->conf->s3_prefix, t->name) < 0 ? NULL : key;
}

/* Which object of which bucket the ledger speaks of. */
static char *target_of(const struct transfer *t, const struct transfer_env *env)
{
	const struct s3_store *store = env->task->store;
	char *target = NULL;

	if (asprintf(&target, "%s%s/%s%s", store->host, store->root, store->conf->s3_prefix, t->name) < 0)
		return NULL;
	return target;
}

void transfer_save(struct transfer *t, const struct transfer_env *env)
{
	int error;

	if (!t->ledger.target)
		t->ledger.target = target_of(t, env);
	error = t->ledger.target ? ledger_save(&t->ledger, env->task->dir, t->name) : -ENOMEM;
	/* A full disk must not keep recordings from leaving it. */
	if (error)
		log_with(LOG_LEVEL_WARN, TRANSFER_IDS(t),
		        "upload of %s: its ledger cannot be written: %s; going on, a crash would have parts "
		        "sent again",
		        t->name, strerror(-error));
}

void transfer_abandon(struct transfer *t, const struct transfer_env *env)
{
	if (t->ledger.upload_id)
		orphans_abort(env->orphans, t->name, t->ledger.upload_id, false);
	ledger_free(&t->ledger);
	ledger_remove(env->task->dir, t->name);
	t->proving = t->doubt = t->confirmed = t->gone = false;
	t->confirmed_etag[0] = '\0';
	t->generation++;
}

/* Take up what the ledger of an earlier process says. */
static void resume(struct transfer *t, const struct transfer_env *env)
{
	char *target = target_of(t, env);
	bool same = target && !strcmp(target, t->ledger.target);

	free(target);
	if (t->ledger.state == LEDGER_DONE)
		return;
	if (!same) {
		log_with(LOG_LEVEL_INFO, TRANSFER_IDS(t),
		        "upload of %s: was begun to %s, which is not where uploads go now; beginning anew",
		        t->name, t->ledger.target);
		ledger_free(&t->ledger);
		return;
	}
	switch (t->ledger.state) {
	case LEDGER_CREATING:
		t->stray = true;
		t->ledger.state = LEDGER_NONE;
		break;
	case LEDGER_PUT:
	case LEDGER_COMPLETING:
		t->proving = t->doubt = true;
		break;
	default:
		break;
	}
}

void transfer_load(struct transfer *t, const struct transfer_env *env)
{
	int error = ledger_load(&t->ledger, env->task->dir, t->name);

	t->loaded = true;
	if (error && error != -ENOENT)
		log_with(LOG_LEVEL_WARN, TRANSFER_IDS(t),
		        "upload of %s: its ledger is not readable: %s; beginning anew", t->name,
		        strerror(-error));
	else if (!error)
		resume(t, env);
}

static int file_size(const struct transfer *t, const struct transfer_env *env, uint64_t *ret_size)
{
	struct stat st;
	int fd = task_open(env->task->dir, t->name);

	if (fd < 0)
		return fd;
	int error = fstat(fd, &st) ? -errno : 0;
	close(fd);
	if (!error)
		*ret_size = (uint64_t)st.st_size;
	return error;
}

/* Parts sent with another length than the finished file gives them are sent again. */
static void drop_misfits(struct multipart *mp)
{
	for (unsigned i = 0; i < mp->count; i++) {
		struct multipart_part *part = &mp->parts[i];

		if (part->state == MULTIPART_SENT && part->bytes != multipart_bytes(mp, i + 1))
			part->state = MULTIPART_MISSING;
	}
}

/* The upload, if one has been begun, covers @bytes from now on. */
static int stretch(struct transfer *t, const struct transfer_env *env, uint64_t bytes, bool finished)
{
	bool begun = t->ledger.state == LEDGER_PARTS || t->ledger.state == LEDGER_COMPLETING;
	int error;

	if (!begun)
		return 0;
	if (finished && bytes <= t->ledger.parts.part_size && t->ledger.state == LEDGER_PARTS) {
		log_with(LOG_LEVEL_INFO, TRANSFER_IDS(t),
		        "upload of %s: the file has become small, it goes in one piece", t->name);
		transfer_abandon(t, env);
		return 0;
	}
	error = multipart_resize(&t->ledger.parts, bytes, finished);
	if (error == -EFBIG) {
		log_with(LOG_LEVEL_INFO, TRANSFER_IDS(t),
		        "upload of %s: outgrows its parts, beginning anew with larger ones", t->name);
		transfer_abandon(t, env);
		error = 0;
	}
	if (!error && finished)
		drop_misfits(&t->ledger.parts);
	return error;
}

int transfer_offer(struct transfer *t, const struct transfer_env *env, uint64_t bytes, bool finished,
        struct s3_verdict *ret_verdict)
{
	int error = finished ? file_size(t, env, &bytes) : 0;

	if (!error && transfer_is_done(t) && finished && t->ledger.size != bytes) {
		log_with(LOG_LEVEL_WARN, TRANSFER_IDS(t),
		        "upload of %s: the file is not the one that was uploaded; uploading it", t->name);
		transfer_abandon(t, env);
	}
	if (!error && !transfer_is_done(t))
		error = stretch(t, env, bytes, finished);
	if (error) {
		memset(ret_verdict, 0, sizeof(*ret_verdict));
		ret_verdict->outcome = S3_FAILED;
		ret_verdict->slow = error != -ENOMEM;
		snprintf(ret_verdict->reason, sizeof(ret_verdict->reason), "file: %s", strerror(-error));
		return error;
	}
	t->readable = bytes;
	t->finished = finished;
	return 0;
}

void transfer_forget(struct transfer *t, const struct transfer_env *env)
{
	bool begun = t->ledger.upload_id && !transfer_is_done(t);

	if (begun)
		orphans_abort(env->orphans, t->name, t->ledger.upload_id, true);
	else
		ledger_remove(env->task->dir, t->name);
	if (t->stray)
		orphans_look(env->orphans, t->name);
}
