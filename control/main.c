/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool-control: sessions, the HTTP API, the catalogue, uploads and retention. One event loop in this
 * thread; HTTP, DTLS, library and uploader have threads of their own. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/notify.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/events.h"
#include "control/http.h"
#include "control/audit.h"
#include "control/budget.h"
#include "control/library.h"
#include "control/session.h"
#include "control/webrtc.h"

struct app {
	struct control control;
	struct event_base *loop;
	struct event *signals[2], *stopped, *second, *alive;
	struct http *http;
	pthread_t stopper;
	bool stopping, restarted; /* restarted: the dataplane that said hello last was another than before */
	int stopped_fd;
};

static void on_up(void *arg, const struct msg_welcome *welcome, bool same_boot)
{
	struct app *app = arg;

	app->restarted = !same_boot;
	library_dataplane_up(app->control.library);
	sessions_dataplane_up(app->control.sessions, welcome, same_boot);
}

static void on_listed(void *arg)
{
	struct app *app = arg;

	events_emit(app->control.events, &(struct event){ .type = EVENTS_dataplane_back,
	                                         .more = json_pack("{s:b}", "restarted", app->restarted) });
	sessions_dataplane_listed(app->control.sessions);
	library_dataplane_listed(app->control.library);
}

static void on_down(void *arg)
{
	struct app *app = arg;

	events_emit(app->control.events, &(struct event){ .type = EVENTS_dataplane_lost });
	sessions_dataplane_down(app->control.sessions);
}

static void on_session(void *arg, const struct msg_session_state *state)
{
	struct app *app = arg;

	sessions_on_state(app->control.sessions, state);
}

/* The library first: whoever waits for the session's end is to find its recordings in the catalogue. */
static void on_file(void *arg, const struct msg_file_state *state)
{
	struct app *app = arg;

	library_file_event(app->control.library, state);
	sessions_on_file(app->control.sessions, state);
}

static void on_datagram(void *arg, const struct msg_datagram *datagram)
{
	struct app *app = arg;

	webrtc_on_datagram(app->control.webrtc, datagram);
}

/* Calls under way may wait for the dataplane, whose answers come by the loop: so the server is ended beside
 * it. */
static void *stop_main(void *arg)
{
	struct app *app = arg;
	const uint64_t one = 1;

	events_close(app->control.events); /* who reads them would hold up the end */
	http_free(app->http);
	if (write(app->stopped_fd, &one, sizeof(one)) < 0)
		log_error("control: cannot wake the loop: %s", strerror(errno));
	return NULL;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct app *app = arg;

	if (app->stopping)
		return;
	notify_stopping();
	log_info("control: %s, stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
	app->stopping = pthread_create(&app->stopper, NULL, stop_main, app) == 0;
	if (!app->stopping) {
		log_error("control: no thread to stop in; leaving at once");
		_exit(1);
	}
}

static void on_stopped(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	event_base_loopbreak(app->loop);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct app *app = arg;

	events_beat(app->control.events);
}

static void on_alive(evutil_socket_t fd, short what, void *arg)
{
	notify_alive();
}

/* Tell the service manager from now on that the loop turns, if it looks at that. */
static int feed_watchdog(struct app *app)
{
	uint64_t ns = notify_alive_every_ns();
	struct timeval every = { .tv_sec = (time_t)(ns / CLK_NS_PER_S),
		.tv_usec = (suseconds_t)(ns % CLK_NS_PER_S / 1000) };

	if (!ns)
		return 0;
	app->alive = event_new(app->loop, -1, EV_PERSIST, on_alive, app);
	return !app->alive || event_add(app->alive, &every) ? -ENOMEM : 0;
}

/* The index can be thrown away, so a disk that does not take it is no reason not to serve. */
static int open_catalogue(struct app *app)
{
	const struct conf *conf = app->control.conf;
	char path[4096];
	bool fresh;

	if (*conf->control_catalogue)
		snprintf(path, sizeof(path), "%s", conf->control_catalogue);
	else
		snprintf(path, sizeof(path), "%s/.catalogue.db", conf->record_dir);
	if (!catalogue_open(&app->control.catalogue, path, &fresh))
		return 0;
	log_warn("control: the catalogue is kept in memory until the next start");
	return catalogue_open(&app->control.catalogue, ":memory:", &fresh);
}

static int create_loop(struct app *app)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	const struct timeval second = { .tv_sec = 1 };

	app->loop = event_base_new();
	app->stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!app->loop || app->stopped_fd < 0)
		return -ENOMEM;
	app->stopped = event_new(app->loop, app->stopped_fd, EV_READ, on_stopped, app);
	if (!app->stopped || event_add(app->stopped, NULL))
		return -ENOMEM;
	app->second = event_new(app->loop, -1, EV_PERSIST, on_second, app);
	if (!app->second || event_add(app->second, &second))
		return -ENOMEM;
	for (size_t i = 0; i < 2; i++) {
		app->signals[i] = evsignal_new(app->loop, numbers[i], on_signal, app);
		if (!app->signals[i] || event_add(app->signals[i], NULL))
			return -ENOMEM;
	}
	return 0;
}

static int start(struct app *app)
{
	struct control *control = &app->control;
	const struct dataplane_cfg dataplane = { .run_dir = control->conf->dataplane_run_dir,
		.loop = app->loop,
		.on_up = on_up,
		.on_listed = on_listed,
		.on_down = on_down,
		.on_session = on_session,
		.on_file = on_file,
		.on_datagram = on_datagram,
		.arg = app };
	int err = events_create(&control->events);

	events_emit(control->events, &(struct event){ .type = EVENTS_control_started,
	                                     .more = json_pack("{s:s}", "version", WIRESPOOL_VERSION) });
	if (!err)
		err = open_catalogue(app);
	if (!err)
		err = sessions_create(&control->sessions, control);
	if (!err)
		err = dataplane_create(&control->dataplane, &dataplane);
	if (!err)
		err = library_create(&control->library, control);
	if (!err)
		err = audit_create(&control->audit, control, app->loop);
	if (!err)
		err = budget_create(&control->budget, control, app->loop);
	if (!err)
		err = webrtc_create(&control->webrtc, control);
	if (!err)
		err = http_create(&app->http, control);
	if (!err)
		err = feed_watchdog(app);
	if (!err)
		notify_ready();
	return err;
}

static void stop(struct app *app)
{
	struct control *control = &app->control;

	if (app->stopping)
		pthread_join(app->stopper, NULL);
	webrtc_free(control->webrtc);
	budget_free(control->budget);
	audit_free(control->audit);
	library_free(control->library);
	dataplane_free(control->dataplane);
	sessions_free(control->sessions);
	catalogue_close(control->catalogue);
	events_free(control->events);
	for (size_t i = 0; i < 2; i++)
		if (app->signals[i])
			event_free(app->signals[i]);
	if (app->stopped)
		event_free(app->stopped);
	if (app->second)
		event_free(app->second);
	if (app->alive)
		event_free(app->alive);
	if (app->loop)
		event_base_free(app->loop);
	if (app->stopped_fd >= 0)
		close(app->stopped_fd);
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_warn("control: cannot raise the limit of open files: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct app app = { .stopped_fd = -1 };
	struct conf *conf;
	int exit_code;

	if (conf_main(argc, argv, "wirespool-control",
	            "Serves the HTTP API, keeps sessions and the catalogue of recordings, uploads and "
	            "expires them.",
	            &conf, &exit_code))
		return exit_code;
	app.control.conf = conf;
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();

	int err = create_loop(&app);
	if (err)
		log_error("control: no event loop: %s", strerror(-err));
	else
		err = start(&app);
	if (!err && event_base_dispatch(app.loop) < 0)
		err = -EIO;
	stop(&app);
	conf_free(conf);
	if (!err)
		log_info("control: stopped");
	return err ? 1 : 0;
}
