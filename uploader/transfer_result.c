/* SPDX-License-Identifier: BSD-3-Clause */
/* What the answers mean for a recording. */
#include "uploader/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/clk.h"
#include "base/log.h"
#include "uploader/transfer_internal.h"

#define SETTLE_S 2 /* what a dead process or connection has asked for may take this long to show */

static void fail(struct s3_verdict *verdict, bool slow, const char *reason)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->outcome = S3_FAILED;
	verdict->slow = slow;
	snprintf(verdict->reason, sizeof(verdict->reason), "%s", reason);
}

static void take_digest(struct multipart_part *part, const struct digest *digest)
{
	part->digest_bytes = digest->has_sha256 ? 32 : 16;
	memcpy(part->digest, digest->has_sha256 ? digest->sha256 : digest->md5, part->digest_bytes);
}

static bool part_checked(struct transfer *t, const struct task *task)
{
	struct multipart_part *part = &t->ledger.parts.parts[task->order.part - 1];
	const uint8_t *digest = part->digest_bytes == 32 ? task->digest.sha256 : task->digest.md5;
	bool same = !memcmp(digest, part->digest, part->digest_bytes);

	part->state = same ? MULTIPART_GOOD : MULTIPART_MISSING;
	if (!same)
		log_with(LOG_LEVEL_INFO, TRANSFER_IDS(t),
		        "upload of %s: part %u is not what was sent of it, sending it again", t->name,
		        task->order.part);
	return false;
}

static bool part_result(struct transfer *t, const struct transfer_env *env, const struct task *task,
        const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	struct multipart_part *part = &t->ledger.parts.parts[task->order.part - 1];

	if (verdict->outcome == S3_OK && !task->order.check_only && !reply->etag[0])
		fail(verdict, false, "the store's answer to a part has no ETag");
	if (verdict->outcome == S3_GONE) {
		transfer_abandon(t, env);
		return false;
	}
	if (verdict->outcome != S3_OK) {
		part->state = task->order.check_only ? MULTIPART_SENT : MULTIPART_MISSING;
		return false;
	}
	if (task->order.check_only)
		return part_checked(t, task);
	part->bytes = task->order.bytes;
	part->state = task->order.settled ? MULTIPART_GOOD : MULTIPART_SENT;
	snprintf(part->etag, sizeof(part->etag), "%s", reply->etag);
	take_digest(part, &task->digest);
	transfer_save(t, env);
	return true;
}

static bool create_result(struct transfer *t, const struct transfer_env *env,
        const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	char id[S3_UPLOAD_ID_BYTES];

	t->ledger.state = LEDGER_NONE;
	if (verdict->outcome == S3_OK) {
		if (s3_xml_text(reply->body ? reply->body : "", reply->len, "UploadId", id, sizeof(id)) ||
		        !id[0]) {
			fail(verdict, false, "the store's answer has no usable upload id");
			verdict->unsure = true;
		} else if (!(t->ledger.upload_id = strdup(id)) ||
		           multipart_resize(&t->ledger.parts, t->readable, t->finished)) {
			fail(verdict, false, "no memory");
		}
	}
	if (verdict->unsure)
		t->stray = true;
	if (verdict->outcome != S3_OK)
		return false;
	t->ledger.state = LEDGER_PARTS;
	t->generation++;
	transfer_save(t, env);
	return false;
}

static bool put_result(struct transfer *t, const struct task *task, const struct exchange_reply *reply,
        const struct s3_verdict *verdict)
{
	if (task->digest.has_md5) {
		memcpy(t->md5, task->digest.md5, sizeof(t->md5));
		t->has_md5 = true;
	}
	t->proving = verdict->outcome == S3_OK || verdict->unsure;
	t->doubt = verdict->unsure && !reply->complete;
	t->confirmed = verdict->outcome == S3_OK;
	if (t->confirmed)
		snprintf(t->confirmed_etag, sizeof(t->confirmed_etag), "%s", reply->etag);
	return t->confirmed;
}

/* The ETag in the answer to COMPLETE may stand in quotes, and may be missing. */
static void take_completed_etag(struct transfer *t, const struct exchange_reply *reply)
{
	char text[S3_ETAG_BYTES];
	size_t used = 0;

	t->confirmed_etag[0] = '\0';
	if (s3_xml_text(reply->body ? reply->body : "", reply->len, "ETag", text, sizeof(text)))
		return;
	for (const char *c = text; *c; c++) {
		if (*c != '"')
			t->confirmed_etag[used++] = *c;
	}
	t->confirmed_etag[used] = '\0';
}

static bool complete_result(
        struct transfer *t, const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	if (verdict->outcome == S3_OK) {
		t->confirmed = true;
		take_completed_etag(t, reply);
	} else if (verdict->outcome == S3_GONE) {
		/* Completed before, perhaps: HEAD will tell, and then it is no failure. */
		t->gone = true;
		verdict->outcome = S3_OK;
	}
	t->proving = verdict->outcome == S3_OK || verdict->unsure;
	t->doubt = verdict->unsure && !reply->complete;
	return t->confirmed;
}

/* Whether an object of the right size and with @etag is what we have sent. */
static bool proves(const struct transfer *t, const char *etag)
{
	bool parts = t->ledger.state != LEDGER_PUT;
	char expected[S3_ETAG_BYTES] = "", hex[DIGEST_HEX_BYTES];

	if (!parts && t->has_md5)
		snprintf(expected, sizeof(expected), "%s", digest_hex(hex, t->md5, sizeof(t->md5)));
	if (parts && !multipart_etag(&t->ledger.parts, expected))
		expected[0] = '\0';
	if (expected[0] && !strcasecmp(expected, etag))
		return true;
	/* Encrypting and some smaller stores have ETags of their own: then the store's word and the size must
	 * do. */
	bool own_scheme = !s3_etag_is_md5(etag, parts);
	bool echoed = t->confirmed && t->confirmed_etag[0] && !strcasecmp(t->confirmed_etag, etag);
	if (!echoed && !(own_scheme && (t->confirmed || t->gone)))
		return false;
	log_with(LOG_LEVEL_DEBUG, TRANSFER_IDS(t),
	        "upload of %s: the store's ETag %s is not made of MD5s (%s expected); size and "
	        "confirmation fit",
	        t->name, etag, expected[0] ? expected : "nothing");
	return true;
}

static void finish(struct transfer *t, const struct transfer_env *env, const char *etag)
{
	t->ledger.state = LEDGER_DONE;
	t->ledger.size = t->readable;
	t->ledger.finished_unix_ns = clk_wall_ns();
	snprintf(t->ledger.etag, sizeof(t->ledger.etag), "%s", etag);
	multipart_free(&t->ledger.parts);
	free(t->ledger.upload_id);
	t->ledger.upload_id = NULL;
	t->proving = false;
	transfer_save(t, env);
	if (t->stray)
		orphans_look(env->orphans, t->name);
	t->stray = false;
}

static bool head_result(struct transfer *t, const struct transfer_env *env, const struct task *task,
        const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	bool present = verdict->outcome == S3_OK, was_confirmed = t->confirmed, was_gone = t->gone;
	char why[128];

	if (task->digest.has_md5) {
		memcpy(t->md5, task->digest.md5, sizeof(t->md5));
		t->has_md5 = true;
	}
	if (verdict->outcome == S3_FAILED || verdict->outcome == S3_GONE)
		return false;
	if (present && reply->length == (int64_t)t->readable && proves(t, reply->etag)) {
		t->stored = (uint64_t)reply->length;
		finish(t, env, reply->etag);
		return true;
	}
	if (t->doubt && !was_confirmed && !was_gone) {
		t->doubt = false;
		fail(verdict, false, "the store's answer was lost: looking once more before asking again");
		verdict->retry_after_s = SETTLE_S;
		return false;
	}
	t->proving = t->confirmed = t->gone = t->doubt = false;
	verdict->outcome = S3_OK;
	if (was_gone) {
		transfer_abandon(t, env);
		fail(verdict, false, "404 NoSuchUpload: the store lost the upload, beginning anew");
	} else if (was_confirmed) {
		snprintf(why, sizeof(why), "the store confirmed the object, but HEAD shows %s (%lld bytes)",
		        present ? "another one" : "none", present ? (long long)reply->length : 0ll);
		fail(verdict, false, why);
	}
	return false;
}

bool transfer_result(struct transfer *t, const struct transfer_env *env, const struct task *task,
        const struct exchange_reply *reply, struct s3_verdict *verdict)
{
	switch (task->order.op) {
	case S3_PUT:
		return put_result(t, task, reply, verdict);
	case S3_HEAD:
		return head_result(t, env, task, reply, verdict);
	case S3_CREATE:
		return create_result(t, env, reply, verdict);
	case S3_PART:
		return part_result(t, env, task, reply, verdict);
	case S3_COMPLETE:
		return complete_result(t, reply, verdict);
	case S3_GET:
	case S3_DELETE:
	case S3_ABORT:
	case S3_LIST:
		break;
	}
	return false;
}
