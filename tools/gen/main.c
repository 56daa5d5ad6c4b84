/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool-gen: a load generator that speaks SRTP. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "tools/gen/api.h"
#include "tools/gen/gen.h"
#include "tools/gen/options.h"
#include "tools/gen/peers.h"
#include "tools/gen/plan.h"
#include "tools/gen/whip.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE };

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Run on options->lcore alone. */
static int pin(const struct options *options)
{
	cpu_set_t set;

	if (options->lcore < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((size_t)options->lcore, &set);
	if (!sched_setaffinity(0, sizeof(set), &set))
		return 0;
	int status = -errno;
	log_error("--lcore %" PRId64 ": %s", options->lcore, strerror(errno));
	return status;
}

/* Fill the roster from the plan, or open sessions one by one. */
static int fill_roster(struct gen *gen, struct api *api)
{
	int status;

	if (!api)
		return plan_read(&gen->roster, gen->options->plan);
	status = roster_compose(&gen->roster, gen->options);
	if (!status && gen->options->webrtc)
		status = peers_create(&gen->peers, gen->options->profile);
	for (unsigned i = 0; i < gen->roster.session_count && !status; i++) {
		if (stop)
			return -EINTR;
		status = gen->peers ? whip_open(api, &gen->roster, i, peers_fingerprint(gen->peers),
		                              gen->options)
		                    : api_open(api, &gen->roster, i);
	}
	return status;
}

/* End what was opened, all of it even if some fails. */
static int close_sessions(struct gen *gen, struct api *api)
{
	int status = 0;

	for (unsigned i = 0; api && i < gen->roster.session_count; i++) {
		int one = gen->peers ? whip_close(api, &gen->roster, i, gen->options->keep_open)
		                     : api_close(api, &gen->roster, i, gen->options->keep_open);
		status = status ? status : one;
	}
	return status;
}

static int print_account(const struct gen *gen, bool complete)
{
	const char *path = gen->options->account;
	FILE *to = path ? fopen(path, "w") : stdout;
	int status = to ? gen_print_account(gen, complete, to) : -errno;

	if (to && path && fclose(to) && !status)
		status = -errno;
	if (status)
		log_error("the account cannot be written to %s: %s", path ? path : "standard output",
		        strerror(-status));
	return status;
}

static int run(const struct options *options)
{
	struct gen gen = { .options = options, .stop = &stop };
	struct api *api = NULL;
	int status = pin(options);

	if (!status && options->api)
		status = api_create(&api, options);
	if (!status)
		status = fill_roster(&gen, api);
	if (!status)
		status = gen_prepare(&gen);
	bool prepared = !status;
	if (prepared)
		status = gen_run(&gen);
	if (prepared && api) {
		struct timespec linger = { (time_t)(options->linger_ms / 1000),
			(long)(options->linger_ms % 1000) * 1000000 };
		nanosleep(&linger, NULL);
	}
	int closed = close_sessions(&gen, api);
	if (prepared) {
		int printed = print_account(&gen, !status);
		status = status ? status : printed;
	}
	gen_free(&gen);
	api_free(api);
	return status || closed ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct options options;
	char error[512];

	log_setup("wirespool-gen", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	if (options_parse(&options, argc, argv, error, sizeof(error))) {
		fprintf(stderr, "wirespool-gen: %s\n", error);
		return EXIT_WRONG_USE;
	}
	if (options.help) {
		options_help(stdout);
		return EXIT_DONE;
	}
	if (options.version) {
		puts("wirespool-gen " WIRESPOOL_VERSION);
		return EXIT_DONE;
	}
	if (!options.api_token)
		options.api_token = getenv("WIRESPOOL_API_TOKEN");
	catch_signals();
	return run(&options);
}
