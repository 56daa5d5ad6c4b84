/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/dashboard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "appliance/top/term.h"
#include "appliance/top/view.h"
#include "base/clk.h"

#define LOG_EVERY_NS (CLK_NS_PER_S / 5) /* so often what was logged is looked at, while that is shown */
#define CTRL_L       ('L' & 0x1F)

struct dashboard {
	struct machine *machine;
	struct ui ui;
	struct screen screen;
	int signals; /* a signalfd */
	bool stopped, resized;
};

/* Signals become readable, so that they end any wait. 0 or -errno. */
static int catch_signals(struct dashboard *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return d->signals < 0 ? -errno : 0;
}

static void read_signals(struct dashboard *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			d->resized = true;
		else
			d->stopped = true;
	}
}

/* Whether the terminal is gone: then nobody will ever quit. */
static bool has_hung_up(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) > 0 && (in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* All keys that are there. True: there was one. */
static bool read_keys(struct dashboard *d)
{
	bool any = false;
	unsigned key;

	while (!d->ui.quits && (key = term_key()) != TERM_NO_KEY) {
		any = true;
		if (key == TERM_KEY_RESIZE || key == CTRL_L)
			d->resized = true;
		else
			ui_press(&d->ui, d->machine, key);
	}
	return any;
}

static void refresh_machine(struct dashboard *d)
{
	struct machine_wants wants = ui_wants(&d->ui);

	machine_refresh(d->machine, &wants);
	ui_follow(&d->ui, d->machine, true);
}

/* Views show what is sampled: the first look at the tracks has to be at once. */
static bool is_due(const struct ui *ui, enum ui_view shown, uint64_t now, uint64_t due)
{
	return now >= due ||
	       (ui->view != shown && (ui->view == UI_TRACKS || ui->view == UI_UPLOADS || ui->view == UI_LOG));
}

/* Keys, signals and answers of the API, until something is due at @due. True: what is shown is no more what
 * is so. */
static bool wait_for_change(struct dashboard *d, uint64_t due)
{
	const int fds[] = { STDIN_FILENO, d->signals };
	bool was_acting = api_is_acting(d->machine->api);
	bool has_logged = false;
	uint64_t now = clk_mono_ns();

	if (d->machine->follow && due > now + LOG_EVERY_NS)
		due = now + LOG_EVERY_NS;
	if (api_wait(d->machine->api, fds, 2, now < due ? (int)((due - now) / CLK_NS_PER_MS) + 1 : 0)) {
		read_signals(d);
		if (read_keys(d))
			return true;
		if (has_hung_up())
			d->stopped = true;
	}
	if (machine_read_log(d->machine)) {
		ui_follow(&d->ui, d->machine, false);
		has_logged = true;
	}
	return has_logged || (was_acting && !api_is_acting(d->machine->api));
}

static int loop(struct dashboard *d)
{
	uint64_t due = clk_mono_ns();
	enum ui_view shown = d->ui.view;
	bool has_changed = true;

	while (!d->ui.quits && !d->stopped) {
		uint64_t now = clk_mono_ns();

		if (d->resized) {
			d->resized = false;
			if (term_fit(&d->screen))
				return -ENOMEM;
			has_changed = true;
		}
		if (is_due(&d->ui, shown, now, due)) {
			refresh_machine(d);
			due = (now < due || now - due > CLK_NS_PER_S ? now : due) + CLK_NS_PER_S;
			has_changed = true;
		}
		shown = d->ui.view;
		if (has_changed) {
			view_screen(&d->screen, d->machine, &d->ui);
			term_show(&d->screen);
		}
		has_changed = wait_for_change(d, due);
	}
	return 0;
}

int dashboard_run(struct machine *m)
{
	struct dashboard d = { .machine = m, .screen = { .unicode = term_has_unicode() } };
	const char *term = getenv("TERM");
	int r = catch_signals(&d);

	if (!r && term_open(m->options->colour)) {
		fprintf(stderr,
		        "wirespool-top: this terminal cannot be used: TERM is \"%s\"; --once prints plain "
		        "text\n",
		        term ? term : "");
		close(d.signals);
		return 1;
	}
	if (!r)
		r = term_fit(&d.screen);
	if (!r)
		r = loop(&d);
	term_close();
	screen_free(&d.screen);
	if (d.signals >= 0)
		close(d.signals);
	if (r)
		fprintf(stderr, "wirespool-top: %s\n", strerror(-r));
	return r ? 1 : 0;
}
