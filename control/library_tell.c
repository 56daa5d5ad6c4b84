/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/library_keep.h"

#include <string.h>
#include "control/disk.h"
#include "control/json_field.h"
#include "control/times.h"

static void library_tell(struct library *library, const struct event *event)
{
	events_emit(library->control->events, event);
}

static json_t *library_tell_bytes(uint64_t bytes)
{
	json_t *json = json_object();

	json_field_number(json, "bytes", bytes);
	return json;
}

void library_tell_row(struct library *library, enum events_type type, const char *name,
        const struct catalogue_row *row, const char *reason)
{
	struct event event = { .type = type, .record = name, .reason = reason };

	if (row) {
		event.room = row->room;
		event.session = row->session;
		event.track = row->track;
	}
	if (row && type != EVENTS_record_removed)
		event.more = library_tell_bytes(row->bytes);
	library_tell(library, &event);
}

/* A part that was left by a crash has no session that could tell of it: what it was is in its sidecar. */
static bool library_tell_was_repaired(const struct catalogue_row *row)
{
	json_t *sidecar = row->sidecar ? json_loads(row->sidecar, 0, NULL) : NULL;
	bool repaired = json_is_true(json_object_get(sidecar, "repaired"));

	json_decref(sidecar);
	return repaired;
}

void library_tell_found(struct library *library, const char *name)
{
	struct catalogue_row row = { 0 };

	if (!catalogue_get(library->control->catalogue, name, &row) && !strcmp(row.name, name))
		library_tell_row(library,
		        library_tell_was_repaired(&row) ? EVENTS_record_repaired : EVENTS_record_finished,
		        name, &row, NULL);
	catalogue_row_clear(&row);
}

void library_tell_file(struct library *library, const struct msg_file_state *file, bool known)
{
	static const enum events_type types[] = { [MSG_FILE_OPEN] = EVENTS_record_opened,
		[MSG_FILE_FINISHED] = EVENTS_record_finished,
		[MSG_FILE_FAILED] = EVENTS_record_failed,
		[MSG_FILE_DISCARDED] = EVENTS_record_discarded };
	struct library_open_file open_file = { 0 };
	struct event event = { .type = types[file->state],
		.session = file->session,
		.track = file->track,
		.record = file->name,
		.reason = file->reason };

	/* What is open when control begins was opened before. */
	if (file->state == MSG_FILE_OPEN && (known || (library->listing && !library->listed)))
		return;
	if (file->state == MSG_FILE_FINISHED && !file->session[0])
		event.type = EVENTS_record_repaired;
	if (growing_find(library->growing, file->name, &open_file))
		event.room = open_file.room;
	if (file->state == MSG_FILE_FINISHED)
		event.more = library_tell_bytes(file->bytes);
	library_tell(library, &event);
}

void library_tell_upload(void *arg, enum uploader_news news, const char *name,
        const struct uploader_meta *meta, const struct uploader_status *status)
{
	static const enum events_type types[] = { [UPLOADER_NEWS_QUEUED] = EVENTS_upload_queued,
		[UPLOADER_NEWS_STARTED] = EVENTS_upload_started,
		[UPLOADER_NEWS_FINISHED] = EVENTS_upload_finished,
		[UPLOADER_NEWS_FAILED] = EVENTS_upload_failed };
	struct event event = {
		.type = types[news], .room = meta->room, .track = meta->track, .record = name
	};

	if (news == UPLOADER_NEWS_FINISHED) {
		event.more = library_tell_bytes(status->bytes_total);
		json_field_text(event.more, "key", status->key);
		if (status->took_ns)
			times_add_upload(status->took_ns);
	} else if (news == UPLOADER_NEWS_FAILED) {
		event.reason = status->error;
		event.more = json_pack("{s:I}", "tries", (json_int_t)status->tries);
		json_field_time(event.more, "next_try", status->next_try_unix_ns);
	}
	library_tell(arg, &event);
}

void library_tell_disk(struct library *library)
{
	char why[DISK_WHY_BYTES] = "";
	uint64_t free_bytes;
	bool bad = !disk_is_usable(library->control, &free_bytes, why);

	if (bad == library->disk_is_bad)
		return;
	library->disk_is_bad = bad;
	struct event event = { .type = bad ? EVENTS_disk_full : EVENTS_disk_free, .reason = why };
	if (!bad) {
		event.more = json_object();
		json_field_number(event.more, "free_bytes", free_bytes);
	}
	library_tell(library, &event);
}
