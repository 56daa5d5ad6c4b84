/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>
#include "base/log.h"

enum action {
	ACTION_RUN,
	ACTION_CHECK,
	ACTION_PRINT,
	ACTION_SAMPLE,
	ACTION_VERSION,
	ACTION_HELP,
	ACTION_WRONG_USE
};

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, ACTION_CHECK },
	{ "print-config", no_argument, NULL, ACTION_PRINT },
	{ "sample-config", no_argument, NULL, ACTION_SAMPLE },
	{ "version", no_argument, NULL, ACTION_VERSION },
	{ "help", no_argument, NULL, ACTION_HELP },
	{ 0 },
};

static enum action parse_arguments(int argc, char **argv, const char *process, const char **ret_path)
{
	enum action action = ACTION_RUN;

	optind = 0; /* start over, also when called before */
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
		if (c == 'c') {
			*ret_path = optarg;
		} else if (c == ':' || c == '?') {
			fprintf(stderr, "%s: %s: %s; try --help\n", process, argv[optind - 1],
			        c == ':' ? "needs a value" : "unknown argument");
			return ACTION_WRONG_USE;
		} else {
			action = (enum action)c;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: %s: unknown argument; try --help\n", process, argv[optind]);
		return ACTION_WRONG_USE;
	}
	return action;
}

static void print_help(const char *process, const char *purpose)
{
	printf("usage: %s [--config FILE] [--check | --print-config]\n"
	       "       %s --sample-config | --version | --help\n\n"
	       "%s\n\n"
	       "  --config FILE    the configuration; else %s, if it is there\n"
	       "  --check          only tell whether the configuration is good\n"
	       "  --print-config   only print what it amounts to, secrets masked\n"
	       "  --sample-config  print a sample with every option and its default\n"
	       "  --version        print the version\n"
	       "  --help           print this\n\n"
	       "Exit codes: 0 done, 1 failed, 2 wrong use or bad configuration.\n",
	        process, process, purpose, CONF_PATH);
}

/* What needs no configuration. False when @action is none of these. */
static bool run_plain(enum action action, const char *process, const char *purpose)
{
	switch (action) {
	case ACTION_SAMPLE:
		conf_print(NULL, true, stdout);
		return true;
	case ACTION_VERSION:
		printf("%s %s\n", process, WIRESPOOL_VERSION);
		return true;
	case ACTION_HELP:
		print_help(process, purpose);
		return true;
	default:
		return false;
	}
}

/* 0, or 1 when what was printed did not arrive. */
static int finish_output(void)
{
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}

int conf_main(int argc, char **argv, const char *process, const char *purpose, struct conf **ret_conf,
        int *ret_exit)
{
	const char *path = NULL;
	enum action action = parse_arguments(argc, argv, process, &path);
	struct conf *conf;

	if (action == ACTION_WRONG_USE) {
		*ret_exit = 2;
		return -1;
	}
	if (run_plain(action, process, purpose)) {
		*ret_exit = finish_output();
		return -1;
	}
	if (!path && !(access(CONF_PATH, F_OK) && errno == ENOENT))
		path = CONF_PATH;
	if (conf_load(&conf, path, stderr)) {
		*ret_exit = 2;
		return -1;
	}
	if (action == ACTION_RUN) {
		log_setup(process, (enum log_level)conf->log_level, (enum log_format)conf->log_format);
		*ret_conf = conf;
		return 0;
	}
	if (action == ACTION_PRINT)
		conf_print(conf, false, stdout);
	else
		printf("%s: good\n", path ? path : "defaults and environment");
	conf_free(conf);
	*ret_exit = finish_output();
	return -1;
}
