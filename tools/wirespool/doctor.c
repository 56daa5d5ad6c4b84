/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "tools/wirespool/command.h"
#include "tools/wirespool/target.h"

#define DOCTOR_ROW(name, function, needs_conf, sentence) { name, function, needs_conf, sentence },
const struct doctor_check doctor_checks[] = { DOCTOR_TABLE(DOCTOR_ROW) };
const unsigned doctor_check_count = sizeof(doctor_checks) / sizeof(doctor_checks[0]);

void doctor_say(struct doctor *doctor, enum doctor_state state, const char *remedy, const char *format, ...)
{
	struct doctor_finding *finding;
	va_list list;

	doctor->findings = reallocarray(doctor->findings, doctor->count + 1, sizeof(*finding));
	if (!doctor->findings)
		abort();
	finding = &doctor->findings[doctor->count++];
	*finding = (struct doctor_finding){ .check = doctor->check, .state = state };
	va_start(list, format);
	int len = vasprintf(&finding->found, format, list);
	va_end(list);
	finding->remedy = remedy ? strdup(remedy) : NULL;
	if (len < 0 || (remedy && !finding->remedy))
		abort();
	doctor->states[state]++;
}

void doctor_clear(struct doctor *doctor)
{
	for (unsigned i = 0; i < doctor->count; i++) {
		free(doctor->findings[i].found);
		free(doctor->findings[i].remedy);
	}
	free(doctor->findings);
	doctor->findings = NULL;
	doctor->count = 0;
	memset(doctor->states, 0, sizeof(doctor->states));
}

static bool is_wanted(const struct args *args, const char *name)
{
	bool wanted = !args->count;

	for (unsigned i = 0; i < args->count; i++)
		wanted |= !strcmp(args->words[i], name);
	return wanted;
}

/* A word that is no check's name; NULL: there is none. */
static const char *find_stranger(const struct args *args)
{
	for (unsigned i = 0; i < args->count; i++) {
		unsigned k = 0;

		while (k < doctor_check_count && strcmp(doctor_checks[k].name, args->words[i]))
			k++;
		if (k == doctor_check_count)
			return args->words[i];
	}
	return NULL;
}

static void run_checks(struct doctor *doctor, const struct args *args)
{
	for (unsigned i = 0; i < doctor_check_count; i++) {
		const struct doctor_check *check = &doctor_checks[i];

		if (!is_wanted(args, check->name))
			continue;
		doctor->check = check->name;
		if (check->needs_conf && !doctor->conf)
			doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "needs a good configuration");
		else
			check->run(doctor);
	}
}

static int examine(const struct args *args, struct conf *conf, const char *errors)
{
	struct doctor doctor = {
		.root = "", .args = args, .config = target_config(args), .conf = conf, .conf_errors = errors
	};

	doctor.dataplane = daemon_find(doctor.root, "wirespool-dataplane", doctor.config);
	doctor.control = daemon_find(doctor.root, "wirespool-control", doctor.config);
	run_checks(&doctor, args);
	if (args->values[ARGS_JSON])
		doctor_print_json(&doctor, stdout);
	else
		doctor_print_text(&doctor, stdout);
	int code = doctor.states[DOCTOR_PROBLEM] ? COMMAND_FAILED : COMMAND_DONE;
	doctor_clear(&doctor);
	return code;
}

int doctor_run(const struct args *args)
{
	const char *stranger = find_stranger(args);
	struct conf *conf = NULL;
	char *errors = NULL;
	size_t len = 0;

	if (stranger) {
		command_error("doctor: there is no check '%s'; 'wirespool help doctor' lists them", stranger);
		return COMMAND_WRONG_USE;
	}
	FILE *out = open_memstream(&errors, &len);
	if (!out)
		abort();
	conf_load(&conf, target_config(args), out);
	if (fclose(out))
		abort();
	int code = examine(args, conf, errors);
	conf_free(conf);
	free(errors);
	return code;
}
