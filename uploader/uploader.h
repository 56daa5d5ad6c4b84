/* SPDX-License-Identifier: BSD-3-Clause */
/* Uploads recordings to an S3 store: the queue, the retries and the thread that does the work.
 *
 * One thread owns all transfers (libcurl's multi interface) and every file it reads; the functions below may
 * be called from any thread and return at once. Memory is bounded by part_size x parallel_parts. What is
 * under way is kept in a ledger beside each recording (uploader/ledger.h), so that a killed process goes on
 * where it was, and an object is written once: an upload counts as done when the store has confirmed it and
 * HEAD has read its size and ETag back.
 *
 * A recording that still grows is offered with uploader_growing: its parts 2..n go out as they fill, part 1,
 * whose header is patched at close, last. A small file goes in one PUT. Failures are retried for ever unless
 * max_retries says otherwise: 5xx, 429, time-outs and resets with growing, jittered waits; other 4xx slowly
 * (max_retry_ms), with the store's own reason in the status and one log line when the reason changes.
 */
#ifndef UPLOADER_UPLOADER_H
#define UPLOADER_UPLOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/conf.h"
#include "base/name.h"

struct uploader;

enum uploader_state {
	UPLOADER_NONE,     /* not known here */
	UPLOADER_QUEUED,   /* waits for a place, or for its file to grow */
	UPLOADER_ACTIVE,   /* requests are under way */
	UPLOADER_RETRYING, /* failed, next_try_unix_ns says when it is tried again */
	UPLOADER_STOPPED,  /* max_retries reached: waits for uploader_retry */
	UPLOADER_DONE
};

const char *uploader_state_name(enum uploader_state state); /* "queued" */

struct uploader_status {
	enum uploader_state state;
	uint64_t bytes_done, bytes_total; /* total 0 while the recording grows */
	uint32_t tries;                   /* failed tries in a row */
	uint64_t next_try_unix_ns;
	uint64_t finished_unix_ns; /* when DONE */
	uint64_t took_ns; /* when DONE: since it was said to be finished; 0: that was before this process */
	char key[LIMIT_FILE_NAME_BYTES + 513];
	char etag[80];
	char error[256]; /* the last failure: "403 SignatureDoesNotMatch: …", empty when none */
};

/* What goes with the object: x-amz-meta-room and so on (UTF-8 is percent-encoded). */
struct uploader_meta {
	char room[LIMIT_ROOM_BYTES + 1];
	char participant[LIMIT_PARTICIPANT_BYTES + 1];
	char track[LIMIT_TRACK_ID_BYTES + 1];
	uint64_t started_unix_ns;
};

struct uploader_counts {
	uint64_t queued, active, retrying, stopped; /* recordings now */
	uint64_t done, failures, bytes_sent;        /* since start */
	uint64_t waiting_bytes;  /* of finished recordings, not sent yet; none of those stopped */
	uint64_t oldest_unix_ns; /* start of the oldest recording not yet uploaded; 0: none */
	bool store_usable;       /* the last request that says so was answered well */
	char last_error[256];
};

/* What may be worth telling about a recording; each once, but for a failure: again when its reason changes,
 * or when it is given up. */
enum uploader_news {
	UPLOADER_NEWS_QUEUED,  /* it is to be uploaded, and not yet done */
	UPLOADER_NEWS_STARTED, /* its first request is under way */
	UPLOADER_NEWS_FINISHED,
	UPLOADER_NEWS_FAILED
};

struct uploader_cfg {
	const struct conf *conf; /* upload, s3, record.dir; must outlive the uploader */
	/* Called on the uploader's thread once the store has confirmed; the file is still there. Called once
	 * more after a restart, when the recording is offered again and its ledger says that it is uploaded.
	 * It may call the functions below. May be NULL. */
	void (*on_done)(void *arg, const char *name, const struct uploader_status *status);
	/* The same; not called again after a restart for what was done before. May be NULL. */
	void (*on_news)(void *arg, enum uploader_news news, const char *name,
	        const struct uploader_meta *meta, const struct uploader_status *status);
	void *arg;
	unsigned stall_s; /* a request that does not move for this long is given up and retried; 0: 30 s */
};

/* Start the thread. 0, -ENOMEM, -EINVAL (cannot be set up as configured, e.g. ca_file or record.dir
 * unreadable; logged). */
int uploader_create(struct uploader **ret_uploader, const struct uploader_cfg *cfg);

/* Stop the thread: transfers under way are given up, their ledgers stay for the next start. NULL is allowed.
 */
void uploader_free(struct uploader *uploader);

/* @name (in record.dir, as .part) is being recorded and @bytes of it may be read. Call again as it grows. */
int uploader_growing(
        struct uploader *uploader, const char *name, uint64_t bytes, const struct uploader_meta *meta);

/* @name is finished. Safe to repeat: what is done or under way is not begun again. */
int uploader_finished(struct uploader *uploader, const char *name, const struct uploader_meta *meta);

/* @name was deleted (also after its upload, by delete_after_upload or retention): a multipart upload begun is
 * aborted, the ledger removed. The object, if complete, stays. */
void uploader_forget(struct uploader *uploader, const char *name);

/* Try now instead of at next_try; wakes a STOPPED one. 0 or -ENOENT. */
int uploader_retry(struct uploader *uploader, const char *name);

/* 0 or -ENOENT (state NONE). */
int uploader_status(struct uploader *uploader, const char *name, struct uploader_status *ret_status);
/* Goes over all that are not done. */
void uploader_counts(struct uploader *uploader, struct uploader_counts *ret_counts);

/* What the store lags behind; at once, however much it is. */
struct uploader_backlog {
	uint64_t sent_bytes;    /* since start */
	uint64_t waiting_bytes; /* of finished recordings, not sent yet; none of those stopped */
	uint64_t held_bytes;    /* of finished recordings that are not uploaded: all of their files */
};
void uploader_backlog(struct uploader *uploader, struct uploader_backlog *ret_backlog);

/* Where the bytes of recordings are that were to be uploaded since the start: offered = objects + pending +
 * failed + forgotten, at any moment. */
struct uploader_account {
	uint64_t offered;   /* of files that were finished, and not uploaded before */
	uint64_t objects;   /* in the store, by its own word */
	uint64_t pending;   /* to be sent, or under way, or to be tried again */
	uint64_t failed;    /* given up, until they are asked for */
	uint64_t forgotten; /* deleted before they were uploaded */
};
void uploader_account(struct uploader *uploader, struct uploader_account *ret_account);

/* Bytes that are nowhere; less than 0: more is somewhere than was offered. Not 0: something is wrong. */
static inline int64_t uploader_unaccounted(const struct uploader_account *account)
{
	return (int64_t)(account->offered - account->objects - account->pending - account->failed -
	                 account->forgotten);
}

#endif
