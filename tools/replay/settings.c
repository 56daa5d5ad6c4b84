/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/settings.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACKS_MIN 64

/* Of those that we may use: the EAL wants one for a poll loop, which never runs here. */
static unsigned any_cpu(void)
{
	unsigned cpu = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &set))
		cpu++;
	return cpu;
}

static void set_number(const char *name, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	setenv(name, text, 1);
}

/* The environment goes before the file, so this is where replay has its say. */
static void override(const struct settings *settings)
{
	static const char *const fixed[][2] = {
		{ "RECORD_ENABLED", "1" },
		{ "UPLOAD_RECORDINGS", "0" },
		{ "WIRESPOOL_INGEST_GATEWAY", "" },
		{ "WIRESPOOL_INGEST_MAC", "" },
		{ "WIRESPOOL_INGEST_PORT_RANGE", "2-65535" },
		{ "WIRESPOOL_INGEST_WEBRTC_PORT", "1" },
		{ "WIRESPOOL_INGEST_ALLOW_PLAIN_RTP", "1" },
		{ "WIRESPOOL_DATAPLANE_PORT", "net_null0,no-rx=1" }, /* for what we would send */
		{ "WIRESPOOL_DATAPLANE_WRITERS", "1" },
		{ "WIRESPOOL_DATAPLANE_WRITER_CPUS", "" },
		{ "WIRESPOOL_DATAPLANE_RX_QUEUES", "1" },
		{ "WIRESPOOL_DATAPLANE_MBUFS", "32767" },
		{ "WIRESPOOL_DATAPLANE_HUGEPAGES", "off" },
		{ "WIRESPOOL_DATAPLANE_MEMORY_MB", "192" },
		{ "WIRESPOOL_DATAPLANE_BLOCK_MB", "64" },
		{ "WIRESPOOL_DATAPLANE_URING_SQPOLL", "0" },
		{ "WIRESPOOL_DATAPLANE_EAL", "" },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		setenv(fixed[i][0], fixed[i][1], 1);
	setenv("RECORD_DIR", settings->output, 1);
	setenv("WIRESPOOL_DATAPLANE_RUN_DIR", settings->run_dir, 1);
	setenv("WIRESPOOL_INGEST_ADDRESS", settings->addresses, 1);
	set_number("WIRESPOOL_DATAPLANE_LCORES", any_cpu());
	/* A slot is taken again when all others were: each track's figures stay. */
	set_number("WIRESPOOL_DATAPLANE_MAX_TRACKS",
	        settings->tracks > TRACKS_MIN ? settings->tracks : TRACKS_MIN);
}

int settings_load(struct conf **ret_conf, const struct settings *settings)
{
	/* Nothing is uploaded, and nobody listens: the daemons' secrets are root's. */
	static const char *const unused[] = { "upload", "s3", "control", NULL };
	const char *path = settings->config;

	if (!path && !(access(CONF_PATH, F_OK) && errno == ENOENT))
		path = CONF_PATH;
	if (!settings->config && path && access(path, R_OK)) {
		fprintf(stderr,
		        "%s: %s; be of the group wirespool to read it, or take the defaults by --config "
		        "/dev/null\n",
		        path, strerror(errno));
		return -EACCES;
	}
	override(settings);
	return conf_load_without(ret_conf, path, unused, stderr);
}
