/* SPDX-License-Identifier: BSD-3-Clause */
/* /api/v1/uploads: what waits, runs or fails, newest first; growing recordings, whose parts go out already,
 * in front. */
#include "control/route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/json_field.h"
#include "control/library.h"
#include "control/page.h"
#include "uploader/uploader.h"

struct api_uploads {
	struct uploader *uploader;
	json_t *list;
};

static json_t *api_uploads_json(struct uploader *uploader, const char *name, bool growing)
{
	struct uploader_status status = { .state = UPLOADER_NONE };

	uploader_status(uploader, name, &status);
	json_t *json = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I}", "name", name, "state",
	        uploader_state_name(status.state), "growing", growing, "bytes_done",
	        (json_int_t)status.bytes_done, "bytes_total", (json_int_t)status.bytes_total, "tries",
	        (json_int_t)status.tries);
	if (status.key[0])
		json_field_text(json, "key", status.key);
	if (status.error[0])
		json_field_text(json, "error", status.error);
	if (status.state == UPLOADER_RETRYING)
		json_field_time(json, "next_try", status.next_try_unix_ns);
	return json;
}

static void api_uploads_put(void *arg, const struct catalogue_row *row)
{
	struct api_uploads *uploads = arg;

	json_array_append_new(uploads->list, api_uploads_json(uploads->uploader, row->name, false));
}

static void api_uploads_put_growing(struct api_uploads *uploads, struct library *library)
{
	struct library_open_file *files;
	unsigned count = library_open_files(library, &files);

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(
		        uploads->list, api_uploads_json(uploads->uploader, files[i].name, true));
	free(files);
}

static bool api_uploads_are_on(struct http_request *req)
{
	if (!http_control(req)->uploader)
		http_answer_error(req, 409, "upload_disabled", "Upload is off: see upload.enabled.");
	return http_control(req)->uploader != NULL;
}

void api_uploads_list(struct http_request *req)
{
	static const char *const keys[] = { "limit", NULL };
	const struct control *control = http_control(req);
	struct catalogue_query query = { .waiting = true, .cursor = http_query(req, "cursor") };
	struct api_uploads uploads = { .uploader = control->uploader };
	char *cursor = NULL;

	if (!api_uploads_are_on(req) || !page_limit(req, &query.limit))
		return;
	uploads.list = json_array();
	if (!query.cursor)
		api_uploads_put_growing(&uploads, control->library);
	int err = catalogue_list(control->catalogue, &query, api_uploads_put, &uploads, &cursor);
	if (err) {
		json_decref(uploads.list);
		if (err == -EINVAL)
			http_answer_error(
			        req, 400, "bad_parameter", "cursor has to be the one of a Link header.");
		else
			http_answer_error(
			        req, 500, "internal", "The catalogue cannot be read: %s.", strerror(-err));
		return;
	}
	if (cursor)
		page_set_next(req, keys, cursor);
	free(cursor);
	http_answer_json(req, 200, uploads.list);
}

void api_uploads_retry(struct http_request *req)
{
	const char *name = http_param(req, 0);

	if (!api_uploads_are_on(req))
		return;
	if (!name_valid(name) || uploader_retry(http_control(req)->uploader, name))
		http_answer_error(req, 404, "not_found", "No upload of %s waits.", name);
	else
		http_answer_json(req, 202, api_uploads_json(http_control(req)->uploader, name, false));
}
