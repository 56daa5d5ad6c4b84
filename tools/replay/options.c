/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define USAGE                                                                                                \
	"usage: wirespool replay FILE --session FILE [--output DIR] [--config FILE] [--ignore-checksums] "   \
	"[--json]\n"

enum { SESSION = 256, CONFIG, JSON, CHECKSUMS };

static const struct option long_options[] = { { "session", required_argument, NULL, SESSION },
	{ "output", required_argument, NULL, 'o' }, { "config", required_argument, NULL, CONFIG },
	{ "json", no_argument, NULL, JSON }, { "ignore-checksums", no_argument, NULL, CHECKSUMS }, { 0 } };

/* "calls/monday.pcap" leads to "monday.replay", here. */
static void name_output(struct options *options)
{
	const char *name = strrchr(options->capture, '/'), *dot;

	name = name ? name + 1 : options->capture;
	dot = strrchr(name, '.');
	snprintf(options->output, sizeof(options->output), "%.*s.replay",
	        (int)(dot && dot > name ? (size_t)(dot - name) : strlen(name)), name);
}

static bool take_option(struct options *options, int c)
{
	switch (c) {
	case SESSION:
		options->session = optarg;
		return true;
	case CONFIG:
		options->config = optarg;
		return true;
	case JSON:
		options->json = true;
		return true;
	case CHECKSUMS:
		options->ignore_checksums = true;
		return true;
	case 'o':
		if (*optarg && strlen(optarg) <= OPTIONS_PATH_BYTES) {
			strcpy(options->output, optarg);
			return true;
		}
		fprintf(stderr, "wirespool replay: --output: 1 to %d bytes expected\n", OPTIONS_PATH_BYTES);
		return false;
	default:
		return false; /* getopt has told */
	}
}

int options_parse(struct options *ret_options, int argc, char **argv)
{
	*ret_options = (struct options){ 0 };
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, "o:", long_options, NULL)) != -1;) {
		if (!take_option(ret_options, c)) {
			fputs(USAGE, stderr);
			return -EINVAL;
		}
	}
	if (argc - optind != 1 || strlen(argv[optind]) > OPTIONS_PATH_BYTES - sizeof(".replay")) {
		fprintf(stderr, "wirespool replay: one capture file is expected\n%s", USAGE);
		return -EINVAL;
	}
	if (!ret_options->session) {
		fprintf(stderr,
		        "wirespool replay: --session FILE is needed: what POST /api/v1/sessions takes, with "
		        "\"port\" and keys, says which streams these are\n%s",
		        USAGE);
		return -EINVAL;
	}
	ret_options->capture = argv[optind];
	if (!ret_options->output[0])
		name_output(ret_options);
	return 0;
}
