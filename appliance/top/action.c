/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/action.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/fetch.h"

static bool __attribute__((format(printf, 2, 3))) refuse(struct ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ui->message, sizeof(ui->message), format, args);
	va_end(args);
	return false;
}

static bool is_control_up(struct ui *ui, const struct machine *m)
{
	return api_state(m->api) == API_UP || refuse(ui, "control is not there to be asked");
}

/* The selected track's name. */
static const struct names_track *named(struct ui *ui, const struct machine *m)
{
	const struct names_track *name = m->names ? names_get(m->names, ui->slot) : NULL;

	if (!is_control_up(ui, m))
		return NULL;
	if (!name)
		refuse(ui, "control has not told yet whose track this is");
	return name;
}

bool action_stop(struct ui *ui, const struct machine *m)
{
	const struct names_track *name = named(ui, m);

	if (!name)
		return false;
	ui->action.method = "DELETE";
	snprintf(ui->action.path, sizeof(ui->action.path), "/api/v1/sessions/%s", name->session);
	snprintf(ui->action.what, sizeof(ui->action.what), "stop session %s (%s/%s)", name->session,
	        name->room, name->participant);
	return true;
}

bool action_key_frame(struct ui *ui, const struct machine *m)
{
	const struct names_track *name = named(ui, m);
	char *track = name ? fetch_escape(name->track) : NULL;

	if (!track)
		return false;
	ui->action.method = "POST";
	snprintf(ui->action.path, sizeof(ui->action.path), "/api/v1/sessions/%s/key-frame?track=%s",
	        name->session, track);
	snprintf(ui->action.what, sizeof(ui->action.what), "ask for a key frame of %s/%s", name->room,
	        name->track);
	free(track);
	return true;
}

bool action_retry(struct ui *ui, const struct machine *m)
{
	const struct uploads *uploads = api_uploads(m->api);
	const struct uploads_row *row = &uploads->rows[ui->selected[UI_UPLOADS]];
	char *name;

	if (!is_control_up(ui, m))
		return false;
	if (ui->selected[UI_UPLOADS] >= uploads->count)
		return refuse(ui, "no upload is selected");
	name = fetch_escape(row->name);
	if (!name)
		return false;
	ui->action.method = "POST";
	snprintf(ui->action.path, sizeof(ui->action.path), "/api/v1/uploads/%s/retry", name);
	snprintf(ui->action.what, sizeof(ui->action.what), "try the upload of %s now", row->name);
	free(name);
	return true;
}

void action_do(struct ui *ui, struct machine *m)
{
	int r = api_act(m->api, ui->action.method, ui->action.path, ui->action.what);

	if (r)
		refuse(ui, "%s", r == -EBUSY ? "the last action is still under way" : strerror(-r));
}
