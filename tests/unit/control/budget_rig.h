/* SPDX-License-Identifier: BSD-3-Clause */
/* A budget whose dataplane is played by the test: counters in memory, seconds that pass at once. Header only:
 * each test is one source file. */
#ifndef TESTS_UNIT_CONTROL_BUDGET_RIG_H
#define TESTS_UNIT_CONTROL_BUDGET_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/clk.h"
#include "base/codec.h"
#include "base/conf.h"
#include "base/msg.h"
#include "base/stat.h"
#include "control/budget.h"
#include "control/control.h"
#include "control/dataplane.h"

#define HZ 1000000000ull

static struct conf conf;
static struct control control = { .conf = &conf };
static struct event_base *loop;
static struct budget *budget;
static struct stat_segment *counters;
static bool counters_held; /* in dataplane_with_stats */
static uint64_t now_ns = CLK_NS_PER_S;
static char why[LIMIT_REASON_BYTES + 1];
static struct budget_promise promise; /* the last one */

bool dataplane_is_up(struct dataplane *dataplane)
{
	return counters != NULL;
}

bool dataplane_with_stats(
        struct dataplane *dataplane, void (*use)(void *arg, const struct stat_segment *stat), void *arg)
{
	counters_held = true;
	use(arg, counters);
	counters_held = false;
	return true;
}

static int budget_set_up(void **state)
{
	const struct stat_cfg cfg = { .instances = { 1, 1, 2, 1, 1, 1 } };
	char path[] = "/tmp/test_budget.XXXXXX";

	close(mkstemp(path));
	assert_int_equal(stat_create(&counters, path, &cfg), 0);
	unlink(path);
	stat_set(stat_slot(counters, STAT_SCOPE_PROC, 0), STAT_PROC_start_unix_ns, 7);
	for (unsigned i = 0; i < 2; i++)
		stat_set(stat_slot(counters, STAT_SCOPE_LCORE, i), STAT_LCORE_tsc_hz, HZ);
	conf.control_full_percent = 85;
	conf.dataplane_block_mb = 256;
	conf.ingest_max_bitrate_kbps = 0;
	loop = event_base_new();
	return budget_create(&budget, &control, loop);
}

static int budget_tear_down(void **state)
{
	budget_free(budget);
	budget_free(NULL);
	event_base_free(loop);
	stat_close(counters);
	counters = NULL;
	return 0;
}

/* A second in which loop @lcore takes @pkts packets in @cycles. */
static inline void second(unsigned lcore, uint64_t pkts, uint64_t cycles)
{
	uint64_t *slot = stat_slot(counters, STAT_SCOPE_LCORE, lcore);

	stat_add(slot, STAT_LCORE_rx_pkts, pkts);
	stat_add(slot, STAT_LCORE_cycles_busy, cycles);
	now_ns += CLK_NS_PER_S;
	budget_look(budget, now_ns);
}

static inline void seconds(unsigned count, uint64_t pkts, uint64_t cycles)
{
	for (unsigned i = 0; i < count; i++)
		second(0, pkts, cycles);
}

static inline int ask(enum codec codec, uint32_t max_bitrate_bps)
{
	static struct msg_session_open open;

	open.track_count = 1;
	open.tracks[0].codec = (uint8_t)codec;
	open.tracks[0].max_bitrate_bps = max_bitrate_bps;
	why[0] = '\0';
	return budget_ask(budget, &open, now_ns, &promise, why);
}

static inline double told(const char *name)
{
	json_t *json = budget_json(budget);
	double value = json_number_value(json_object_get(json, name));

	json_decref(json);
	return value;
}

/* What Prometheus is told, to be freed. */
static inline char *printed(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	budget_print(budget, out);
	fclose(out);
	return text;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, budget_set_up, budget_tear_down)

#endif
