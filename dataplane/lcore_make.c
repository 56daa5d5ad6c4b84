/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lcore_make.h"

#include <errno.h>
#include "base/conf.h"
#include "dataplane/command.h"
#include "dataplane/crypto_engine.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/neigh.h"
#include "writers/writer.h"

#define FORWARD_SLOTS 4096
#define HELD_SHARE    8 /* an eighth of the packet buffers at most waits for keys of WebRTC sessions */

/* A session has a track at least. */
static unsigned max_sessions(const struct conf *conf)
{
	return (unsigned)(conf->dataplane_max_tracks < LIMIT_SESSIONS ? conf->dataplane_max_tracks
	                                                              : LIMIT_SESSIONS);
}

static void set_figures(struct lcore *lc, const struct lcore_make_cfg *cfg)
{
	const struct conf *conf = cfg->conf;

	lc->slot = stat_slot(cfg->stat, STAT_SCOPE_LCORE, lc->index);
	lc->host = cfg->host;
	lc->pool = cfg->pool;
	lcore_set_clock(lc, cfg->tsc_hz);
	stat_set(lc->slot, STAT_LCORE_tsc_hz, lc->tsc_hz);
	lc->join_tsc = lc->tsc_hz / 1000000 * (uint64_t)conf->dataplane_join_us;
	wheel_init(&lc->wheel, cfg->now_tsc, lc->tsc_hz);
	lc->idle_sleep_us = (uint32_t)conf->dataplane_idle_sleep_us;
	lc->held_max = (unsigned)conf->dataplane_mbufs / HELD_SHARE / lc->count;
	lc->stop = cfg->stop;
	lc->webrtc_port = (uint16_t)conf->ingest_webrtc_port;
	for (unsigned w = 0; w < conf->dataplane_writers; w++)
		lc->writers[w] = writer_input(cfg->writers, w, lc->index);
}

/* The rings to the other lcores are made by the one with the higher index. */
static int make_forward_rings(struct lcore *lcores, struct lcore *lc)
{
	for (unsigned other = 0; other < lc->index; other++) {
		struct lcore *to = &lcores[other];

		if (spsc_create(&lc->forward[other], FORWARD_SLOTS) ||
		        spsc_create(&to->forward[lc->index], FORWARD_SLOTS))
			return -ENOMEM;
		to->forwarded[lc->index] = lc->forward[other];
		lc->forwarded[other] = to->forward[lc->index];
	}
	return 0;
}

int lcore_make(struct lcore *lcores, unsigned index, unsigned count, const struct lcore_make_cfg *cfg)
{
	struct lcore *lc = &lcores[index];
	uint16_t first, last;
	int status;

	lc->index = index;
	lc->count = count;
	set_figures(lc, cfg);
	if (conf_port_range(cfg->conf->ingest_port_range, &first, &last))
		return -EINVAL;
	if (endpoint_table_create(&lc->endpoints, first, last, cfg->host->addr_count) ||
	        spsc_create(&lc->commands, COMMAND_RING) || spsc_create(&lc->replies, COMMAND_RING) ||
	        demux_create(&lc->demux, max_sessions(cfg->conf)) ||
	        spsc_create(&lc->punts, LIMIT_PUNTED_PKTS))
		return -ENOMEM;
	status = crypto_engine_create(&lc->crypto);
	return status ? status : make_forward_rings(lcores, lc);
}

void lcore_make_free(struct lcore *lc)
{
	endpoint_table_free(lc->endpoints);
	demux_free(lc->demux);
	crypto_engine_free(lc->crypto);
	spsc_free(lc->commands);
	spsc_free(lc->replies);
	spsc_free(lc->punts);
	for (unsigned other = 0; other < LIMIT_LCORES; other++)
		spsc_free(lc->forward[other]);
}
