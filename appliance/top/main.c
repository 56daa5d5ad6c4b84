/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool-top: the machine on one screen, or once as text or JSON. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "appliance/top/dashboard.h"
#include "appliance/top/machine.h"
#include "appliance/top/once.h"
#include "appliance/top/options.h"

int main(int argc, char **argv)
{
	struct options *options;
	struct machine *machine;
	int exit_code, r;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	signal(SIGPIPE, SIG_IGN);
	if (options_load(&options, argc, argv, &exit_code))
		return exit_code;
	r = machine_create(&machine, options);
	if (r) {
		fprintf(stderr, "wirespool-top: cannot start: %s\n", strerror(-r));
		options_free(options);
		return 1;
	}
	if (options->mode == OPTIONS_DASHBOARD && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO))
		exit_code = dashboard_run(machine);
	else
		exit_code = once_run(machine, options->mode == OPTIONS_JSON);
	machine_free(machine);
	options_free(options);
	return exit_code;
}
