/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_promise.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "base/clk.h"
#include "base/conf.h"
#include "control/control.h"
#include "control/library.h"
#include "control/session_life.h"

static int make(const struct sessions *ss, const struct msg_session_open *open, unsigned track, unsigned copy,
        char ret_name[NAME_BYTES])
{
	const struct name_parts parts = {
		.room = open->room,
		.participant = open->participant,
		.track_id = open->tracks[track].id,
		.session_id = open->id,
		.ext = codec_info(open->tracks[track].codec)->ext,
		.unix_s = open->opened_unix_ns / CLK_NS_PER_S,
	};

	return name_make(ret_name, ss->control->conf->record_filename, &parts, copy);
}

int session_promise_look(
        struct sessions *ss, const struct msg_session_open *open, struct session_promise_copies *ret_free)
{
	struct library *library = ss->control->library;
	char name[NAME_BYTES];

	for (unsigned i = 0; i < open->track_count; i++) {
		unsigned *copy = &ret_free->of_track[i];

		*copy = 1;
		if (open->tracks[i].layer_of) /* has no file of its own */
			continue;
		if (make(ss, open, i, *copy, name))
			return -EINVAL;
		while (library && library_knows(library, name) && !make(ss, open, i, *copy + 1, name))
			++*copy;
	}
	return 0;
}

static bool by_itself(const struct msg_session_open *open, unsigned tracks, const char *name)
{
	for (unsigned i = 0; i < tracks; i++) {
		if (!strcmp(open->tracks[i].promised, name))
			return true;
	}
	return false;
}

/* Names are alike only if they were promised in the same second, or bear no time but the session's id. */
static bool by_another(const struct sessions *ss, const struct msg_session_open *open, const char *name)
{
	uint64_t second_ns = open->opened_unix_ns - open->opened_unix_ns % CLK_NS_PER_S;
	struct session *s;

	TAILQ_FOREACH_REVERSE(s, &ss->table.by_age, session_list, by_age)
	{
		if (s->opened_unix_ns < second_ns)
			return false;
		for (unsigned i = 0; i < s->track_count; i++) {
			if (!strcmp(s->tracks[i].msg.promised, name))
				return true;
		}
	}
	return false;
}

void session_promise_make(
        struct sessions *ss, struct msg_session_open *open, const struct session_promise_copies *free_copies)
{
	char name[NAME_BYTES];

	for (unsigned i = 0; i < open->track_count; i++) {
		unsigned copy = free_copies->of_track[i];

		while (!open->tracks[i].layer_of && !make(ss, open, i, copy, name)) {
			memcpy(open->tracks[i].promised, name, sizeof(name));
			if (!by_itself(open, i, name) && !by_another(ss, open, name))
				break;
			copy++;
		}
	}
}
