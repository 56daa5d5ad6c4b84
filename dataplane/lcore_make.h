/* SPDX-License-Identifier: BSD-3-Clause */
/* What a poll loop is made of: an lcore with its tables, ciphers and rings, ready to run. Main thread, before
 * any lcore runs and when none does any more. */
#ifndef DATAPLANE_LCORE_MAKE_H
#define DATAPLANE_LCORE_MAKE_H

#include <stdint.h>
#include "dataplane/lcore.h"

struct stat_segment;
struct writer_pool;

struct lcore_make_cfg {
	const struct conf
	        *conf;     /* ingest.port_range, webrtc_port; dataplane.join_us, idle_sleep_us, mbufs, … */
	struct host *host; /* our addresses */
	struct rte_mempool *pool;
	struct stat_segment *stat; /* its LCORE slots are written */
	struct writer_pool *writers;
	uint64_t tsc_hz, now_tsc; /* of the clock that it will run by */
	_Atomic bool *stop;
};

/* Make lcores[index] of @count; those before it are made. Queues and eal_id are the caller's. 0, -EINVAL
 * (port range), -ENOMEM, or what crypto_engine_create says; what was made is lcore_make_free's in either
 * case. */
int lcore_make(struct lcore *lcores, unsigned index, unsigned count, const struct lcore_make_cfg *cfg);
void lcore_make_free(struct lcore *lc);

#endif
