/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of a replay: the appliance's where it decides what becomes of packets ([record] most of
 * all), and what fits a program that anyone runs on any machine, where it is about the machine. Main thread.
 */
#ifndef REPLAY_SETTINGS_H
#define REPLAY_SETTINGS_H

#include "base/conf.h"

struct settings {
	const char *config;    /* file, NULL: CONF_PATH, if it is there */
	const char *output;    /* directory of the recordings */
	const char *run_dir;   /* of socket and counters */
	const char *addresses; /* ingest.address */
	unsigned tracks;       /* of all sessions */
};

/* 0 or -EINVAL etc., reported on standard error as conf_load does. Environment variables are set. No secret
 * is needed: variables of the sections that replay has no use for need not be set. */
int settings_load(struct conf **ret_conf, const struct settings *settings);

#endif
