/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/doctor.h"

#include <stdlib.h>
#include <unistd.h>
#include <jansson.h>
#include "tools/wirespool/show.h"

static const char *const names[DOCTOR_STATES] = { "ok", "warning", "problem", "unchecked" };

const char *doctor_state_name(enum doctor_state state)
{
	return names[state];
}

void doctor_print_text(const struct doctor *doctor, FILE *out)
{
	static const char *const colours[DOCTOR_STATES] = { "\033[32m", "\033[33m", "\033[31;1m", "\033[2m" };
	bool coloured = isatty(fileno(out)) && !getenv("NO_COLOR");

	for (unsigned i = 0; i < doctor->count; i++) {
		const struct doctor_finding *f = &doctor->findings[i];

		fprintf(out, "%s%-9s%s  %-10s  %s", coloured ? colours[f->state] : "", names[f->state],
		        coloured ? "\033[0m" : "", f->check, f->found);
		fprintf(out, f->remedy ? "; remedy: %s\n" : "\n", f->remedy);
	}
	fprintf(out, "%u ok, %u warnings, %u problems", doctor->states[DOCTOR_OK],
	        doctor->states[DOCTOR_WARNING], doctor->states[DOCTOR_PROBLEM]);
	if (doctor->states[DOCTOR_UNCHECKED])
		fprintf(out, ", %u unchecked", doctor->states[DOCTOR_UNCHECKED]);
	fputc('\n', out);
}

/* A path may be no UTF-8, which JSON cannot hold. */
static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = json_string(text);

	json_object_set_new(object, key, value ? value : json_string("(names a path that is no UTF-8)"));
}

void doctor_print_json(const struct doctor *doctor, FILE *out)
{
	json_t *checks = json_array();

	for (unsigned i = 0; i < doctor->count; i++) {
		const struct doctor_finding *f = &doctor->findings[i];
		json_t *one = json_pack("{s:s, s:s}", "check", f->check, "state", names[f->state]);

		set_text(one, "found", f->found);
		if (f->remedy)
			set_text(one, "remedy", f->remedy);
		json_array_append_new(checks, one);
	}
	json_t *all = json_pack("{s:b, s:i, s:i, s:o}", "ok", !doctor->states[DOCTOR_PROBLEM], "problems",
	        (int)doctor->states[DOCTOR_PROBLEM], "warnings", (int)doctor->states[DOCTOR_WARNING],
	        "checks", checks);
	show_json(all, out);
	json_decref(all);
}
