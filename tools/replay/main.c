/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool-replay: a capture through the real stages, writers and files, with the capture's clock. Run by
 * 'wirespool replay'. The same capture, sessions and configuration give the same bytes. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "tools/replay/capture.h"
#include "tools/replay/engine.h"
#include "tools/replay/options.h"
#include "tools/replay/output.h"
#include "tools/replay/report.h"
#include "tools/replay/report_text.h"
#include "tools/replay/run.h"
#include "tools/replay/sessions.h"
#include "tools/replay/settings.h"
#include "tools/replay/survey.h"

#define RUN_DIR_BYTES 80 /* dataplane.run_dir takes no more than 90: there is a socket in it */

enum { DONE, FAILED, WRONG_USE }; /* exit codes */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = 1;
}

/* Whoever has enough of it gets back what was in use: the directory of the socket. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

struct replay {
	struct options options;
	struct capture *capture;
	enum link_kind link;
	struct survey *survey;
	struct sessions *sessions;
	struct conf *conf;
	struct engine *engine;
	char run_dir[RUN_DIR_BYTES + 1];
};

__attribute__((format(printf, 2, 3))) static int fail(int code, const char *format, ...)
{
	va_list args;

	fputs("wirespool replay: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

static int open_capture(struct replay *r)
{
	char why[CAPTURE_WHY_BYTES];

	if (capture_open(&r->capture, r->options.capture, why))
		return fail(FAILED, "%s: %s", r->options.capture, why);
	r->link = capture_link(r->capture);
	return DONE;
}

/* The first walk. */
static int look_through(struct replay *r)
{
	int code = open_capture(r), status;

	if (code)
		return code;
	status = survey_create(&r->survey, r->capture, &stop);
	if (status)
		return status == -EINTR ? FAILED : fail(FAILED, "no memory");
	capture_close(r->capture);
	r->capture = NULL;
	if (survey_totals(r->survey)->pkts)
		return DONE;
	return survey_totals(r->survey)->is_damaged
	               ? fail(FAILED, "%s: %s", r->options.capture, survey_totals(r->survey)->damage)
	               : fail(FAILED, "%s: no packet is in it", r->options.capture);
}

static unsigned count_tracks(const struct sessions *sessions)
{
	return sessions_count(sessions) * LIMIT_TRACKS_PER_SESSION;
}

static int configure(struct replay *r)
{
	char why[SESSIONS_WHY_BYTES];
	struct settings settings = {
		.config = r->options.config, .output = r->options.output, .run_dir = r->run_dir, .tracks = 0
	};

	if (sessions_load(&r->sessions, r->options.session, r->survey, why))
		return fail(WRONG_USE, "%s", why);
	settings.addresses = sessions_addresses(r->sessions);
	settings.tracks = count_tracks(r->sessions);
	if (settings_load(&r->conf, &settings))
		return WRONG_USE; /* told */
	if (sessions_parse(r->sessions, r->conf, why))
		return fail(WRONG_USE, "%s: %s", r->options.session, why);
	return DONE;
}

static int make_dirs(struct replay *r)
{
	int status = output_make(r->options.output);

	if (status == -ENOTEMPTY)
		return fail(WRONG_USE,
		        "%s: not empty; what is there would change the recordings' names: name another "
		        "directory by --output, or remove it",
		        r->options.output);
	if (status)
		return fail(FAILED, "%s: %s", r->options.output, strerror(-status));
	return DONE;
}

/* The second walk. */
static int run(struct replay *r, struct run_totals *ret_totals)
{
	int code = open_capture(r);

	if (code)
		return code;
	if (engine_create(&r->engine, r->conf, survey_totals(r->survey)->first_unix_ns))
		return FAILED; /* logged */
	if (run_capture(r->engine, r->capture, r->sessions, r->options.ignore_checksums, &stop, ret_totals))
		return FAILED;
	return DONE;
}

static int tell(struct replay *r, const struct run_totals *totals)
{
	const struct report_cfg cfg = { .capture = r->options.capture,
		.output = r->options.output,
		.link = r->link,
		.survey = r->survey,
		.sessions = r->sessions,
		.run = totals,
		.stat = engine_stat(r->engine) };
	json_t *report = report_make(&cfg);
	int code;

	if (!report)
		return fail(FAILED, "%s: what was recorded cannot be read", r->options.output);
	if (r->options.json) {
		json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		putchar('\n');
	} else {
		report_text_print(report, stdout);
	}
	code = report_is_good(report) ? DONE : FAILED;
	json_decref(report);
	return fflush(stdout) || ferror(stdout) ? FAILED : code;
}

static int replay(struct replay *r)
{
	struct run_totals totals;
	int code = look_through(r);

	if (code)
		return code;
	id_seed(survey_totals(r->survey)->digest);
	code = configure(r);
	if (!code)
		code = make_dirs(r);
	if (!code)
		code = run(r, &totals);
	return code ? code : tell(r, &totals);
}

static void end(struct replay *r)
{
	engine_free(r->engine);
	conf_free(r->conf);
	sessions_free(r->sessions);
	survey_free(r->survey);
	capture_close(r->capture);
	rmdir(r->run_dir);
}

/* In TMPDIR, unless that is too long for a socket. */
static int make_run_dir(struct replay *r)
{
	static const char name[] = "/wirespool-replay.XXXXXX";
	const char *tmp = getenv("TMPDIR");

	if (!tmp || !*tmp || strlen(tmp) + strlen(name) > RUN_DIR_BYTES)
		tmp = "/tmp";
	snprintf(r->run_dir, sizeof(r->run_dir), "%s%s", tmp, name);
	return mkdtemp(r->run_dir) ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct replay r;
	int code;

	if (options_parse(&r.options, argc, argv))
		return WRONG_USE;
	log_setup("wirespool-replay", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (make_run_dir(&r))
		return fail(FAILED, "%s: %s", r.run_dir, strerror(errno));
	catch_signals();
	code = replay(&r);
	end(&r);
	return code;
}
