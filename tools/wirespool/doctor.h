/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool doctor: checks, each a small function that says what it found, and what to do about it. Main
 * thread.
 *
 * A check tells of what it looked at even when all is well, and of what it could not look at. It takes no
 * harm from running daemons and does none to them. */
#ifndef TOOLS_WIRESPOOL_DOCTOR_H
#define TOOLS_WIRESPOOL_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>
#include "base/conf.h"
#include "tools/wirespool/args.h"
#include "tools/wirespool/daemon.h"
#include "tools/wirespool/doctor_table.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARNING,  /* works, and not as it could */
	DOCTOR_PROBLEM,  /* something will not work, or recordings will be lost */
	DOCTOR_UNCHECKED /* it could not be looked at */
};
#define DOCTOR_STATES 4
const char *doctor_state_name(enum doctor_state state);

struct doctor_finding {
	const char *check; /* of the table */
	enum doctor_state state;
	char *found, *remedy; /* remedy NULL: none is needed */
};

struct doctor {
	const char *root;        /* before /proc and /sys: "" */
	const struct args *args; /* for how the API is reached */
	const char *config;      /* NULL: defaults and environment */
	const struct conf *conf; /* NULL: it is not good */
	const char *conf_errors; /* what conf_load said */
	struct daemon dataplane, control;
	const char *check; /* the one that runs */
	struct doctor_finding *findings;
	unsigned count, states[DOCTOR_STATES];
};

/* What the check that runs found; @remedy may be NULL and is copied. */
void doctor_say(struct doctor *doctor, enum doctor_state state, const char *remedy, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

#define DOCTOR_REMEDY_BYTES 1024

/* Free what was found. */
void doctor_clear(struct doctor *doctor);

/* One line a finding, aligned; or a JSON object. */
void doctor_print_text(const struct doctor *doctor, FILE *out);
void doctor_print_json(const struct doctor *doctor, FILE *out);

typedef void doctor_fn(struct doctor *doctor);
#define DOCTOR_DECLARE(name, function, ...) doctor_fn function;
DOCTOR_TABLE(DOCTOR_DECLARE)

struct doctor_check {
	const char *name;
	doctor_fn *run;
	bool needs_conf;
	const char *sentence;
};
extern const struct doctor_check doctor_checks[];
extern const unsigned doctor_check_count;

#endif
