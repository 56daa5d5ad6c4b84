/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on the configuration. */
#include "tools/wirespool/doctor.h"

#include <string.h>

void doctor_config(struct doctor *doctor)
{
	const char *config = doctor->config ? doctor->config : "defaults and environment";

	if (doctor->conf) {
		doctor_say(doctor, DOCTOR_OK, NULL, "%s: good", config);
		return;
	}
	for (const char *line = doctor->conf_errors; *line;) {
		size_t len = strcspn(line, "\n");
		doctor_say(doctor, DOCTOR_PROBLEM, NULL, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}
