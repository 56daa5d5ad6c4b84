/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/conf.h"

#define PROCESS "wirespool-top"

enum {
	OPT_CONFIG = 1,
	OPT_URL,
	OPT_TOKEN,
	OPT_RUN_DIR,
	OPT_CA,
	OPT_JOURNAL,
	OPT_NO_COLOUR,
	OPT_ONCE,
	OPT_JSON,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "url", required_argument, NULL, OPT_URL },
	{ "token", required_argument, NULL, OPT_TOKEN },
	{ "run-dir", required_argument, NULL, OPT_RUN_DIR },
	{ "journal", required_argument, NULL, OPT_JOURNAL },
	{ "ca-file", required_argument, NULL, OPT_CA },
	{ "no-colour", no_argument, NULL, OPT_NO_COLOUR },
	{ "no-color", no_argument, NULL, OPT_NO_COLOUR },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static const char help[] =
        "usage: " PROCESS " [--config FILE] [--url URL] [--token TOKEN] [--run-dir DIR]\n"
        "                     [--ca-file FILE] [--journal DIR] [--no-colour] [--once | --json]\n"
        "       " PROCESS " --version | --help\n\n"
        "Watches a wirespool machine: the dataplane's counters in shared memory, and the HTTP API while it "
        "is up.\n\n"
        "  --config FILE   the daemons' configuration; else " CONF_PATH ", if it is there\n"
        "  --url URL       the HTTP API, e.g. http://127.0.0.1:8080; else as control.listen says\n"
        "  --token TOKEN   its bearer token; better in the environment: WIRESPOOL_API_TOKENS\n"
        "  --run-dir DIR   where the dataplane keeps its counters; else dataplane.run_dir\n"
        "  --ca-file FILE  PEM certificates that the API's is checked by\n"
        "  --journal DIR   the journal whose log is shown; else the system's\n"
        "  --no-colour     no colours; so does NO_COLOR in the environment\n"
        "  --once          print an overview with the rates of one second, and leave\n"
        "  --json          the same as one JSON object\n"
        "  --version       print the version\n"
        "  --help          print this\n\n"
        "With --url and --run-dir no configuration is read. When standard output is no terminal, --once is "
        "meant.\n"
        "Exit codes: 0 done, 1 failed (--once, --json: the dataplane's counters are not there or stand "
        "still),\n"
        "2 wrong use or bad configuration.\n";

struct given {
	const char *config, *url, *token, *run_dir, *ca_file, *journal;
};

/* Where the text that option @c gives goes; NULL: it gives none. */
static const char **place_of(struct given *given, int c)
{
	switch (c) {
	case OPT_CONFIG:
		return &given->config;
	case OPT_URL:
		return &given->url;
	case OPT_TOKEN:
		return &given->token;
	case OPT_RUN_DIR:
		return &given->run_dir;
	case OPT_JOURNAL:
		return &given->journal;
	case OPT_CA:
		return &given->ca_file;
	default:
		return NULL;
	}
}

/* 0, or -1 with *ret_exit. */
static int parse(int argc, char **argv, struct options *o, struct given *given, int *ret_exit)
{
	*ret_exit = 2;
	optind = 0; /* start over, also when called before */
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
		const char **place = place_of(given, c);

		if (place) {
			*place = optarg;
		} else if (c == OPT_NO_COLOUR) {
			o->colour = false;
		} else if (c == OPT_ONCE || c == OPT_JSON) {
			o->mode = c == OPT_ONCE ? OPTIONS_ONCE : OPTIONS_JSON;
		} else if (c == OPT_VERSION || c == OPT_HELP) {
			fputs(c == OPT_HELP ? help : PROCESS " " WIRESPOOL_VERSION "\n", stdout);
			*ret_exit = fflush(stdout) ? 1 : 0;
			return -1;
		} else {
			fprintf(stderr, PROCESS ": %s: %s; try --help\n", argv[optind - 1],
			        c == ':' ? "needs a value" : "unknown argument");
			return -1;
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, PROCESS ": %s: unknown argument; try --help\n", argv[optind]);
	return -1;
}

/* The API's place as control.listen has it; a listener on all addresses is reached on the loopback. */
static char *make_url(const struct conf *conf)
{
	const char *listen = conf->control_listen, *host = NULL,
	           *scheme = *conf->control_tls_cert ? "https" : "http";
	struct conf_addr addr;
	uint16_t port;
	char *url;

	if (conf_listen_parse(listen, &addr, &port))
		return NULL;
	if (!strncmp(listen, "0.0.0.0:", 8))
		host = "127.0.0.1";
	else if (!strncmp(listen, "[::]:", 5))
		host = "[::1]";
	if (asprintf(&url, host ? "%s://%s:%u" : "%s://%s", scheme, host ? host : listen, (unsigned)port) < 0)
		return NULL;
	return url;
}

static bool has_scheme(const char *url)
{
	return !strncmp(url, "http://", 7) || !strncmp(url, "https://", 8);
}

/* A copy of @text, NULL for none. False without memory. */
static bool keep(char **field, const char *text)
{
	if (!text || !*text)
		return true;
	free(*field);
	*field = strdup(text);
	return *field != NULL;
}

static bool take_conf(struct options *o, const struct conf *conf)
{
	bool ok = keep(&o->run_dir, conf->dataplane_run_dir) && keep(&o->record_dir, conf->record_dir) &&
	          keep(&o->ca_file, conf->control_tls_cert) &&
	          keep(&o->token, conf->control_api_tokens ? conf->control_api_tokens[0] : NULL);

	o->any_host = o->ca_file != NULL;
	o->min_free_bytes = (uint64_t)conf->record_min_free_mb << 20;
	o->url = make_url(conf);
	return ok && o->url;
}

static bool take_given(struct options *o, const struct given *given)
{
	const char *tokens = getenv("WIRESPOOL_API_TOKENS");
	char *first = tokens ? strndup(tokens, strcspn(tokens, ",; \t\n")) : NULL;
	bool ok = keep(&o->token, first) && keep(&o->token, given->token) &&
	          keep(&o->run_dir, given->run_dir) && keep(&o->url, given->url) &&
	          keep(&o->journal, given->journal);

	if (given->url || given->ca_file) {
		free(o->ca_file);
		o->ca_file = NULL;
		o->any_host = false;
	}
	if (first)
		explicit_bzero(first, strlen(first));
	free(first);
	while (ok && o->url && *o->url && o->url[strlen(o->url) - 1] == '/')
		o->url[strlen(o->url) - 1] = '\0';
	return ok && keep(&o->ca_file, given->ca_file);
}

/* 0, or the exit code: reported. */
static int read_conf(struct options *o, const struct given *given)
{
	const char *path = given->config;
	struct conf *conf;
	bool ok;

	if (!path && given->url && given->run_dir)
		return 0;
	if (!path && !(access(CONF_PATH, F_OK) && errno == ENOENT))
		path = CONF_PATH;
	if (conf_peek(&conf, path, stderr)) {
		fprintf(stderr, PROCESS ": with --url and --run-dir no configuration is needed\n");
		return 2;
	}
	ok = take_conf(o, conf);
	if (!o->url)
		fprintf(stderr, PROCESS ": [control] listen: '%s' is no address with a port\n",
		        conf->control_listen);
	conf_free(conf);
	return ok ? 0 : o->url ? 1 : 2;
}

int options_load(struct options **ret_options, int argc, char **argv, int *ret_exit)
{
	const char *no_color = getenv("NO_COLOR");
	struct options *o = calloc(1, sizeof(*o));
	struct given given = { 0 };

	*ret_exit = 1;
	if (!o)
		return -1;
	o->colour = !no_color || !*no_color;
	if (parse(argc, argv, o, &given, ret_exit))
		goto out;
	if (given.url && !has_scheme(given.url)) {
		fprintf(stderr, PROCESS ": --url %s: http:// or https:// has to be in front\n", given.url);
		goto out;
	}
	*ret_exit = read_conf(o, &given);
	if (*ret_exit)
		goto out;
	*ret_exit = 1;
	if (!take_given(o, &given))
		goto out;
	*ret_options = o;
	return 0;
out:
	options_free(o);
	return -1;
}

void options_free(struct options *o)
{
	if (!o)
		return;
	if (o->token)
		explicit_bzero(o->token, strlen(o->token));
	free(o->run_dir);
	free(o->url);
	free(o->token);
	free(o->record_dir);
	free(o->ca_file);
	free(o->journal);
	free(o);
}
