/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool-dataplane: repairs what a crash left, takes the ports, starts writers and poll loops, and becomes
 * the command thread until SIGTERM or SIGINT; then every recording is finalised, and all is given back in the
 * opposite order. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/notify.h"
#include "base/stat.h"
#include "dataplane/crypto_cpu.h"
#include "dataplane/disk.h"
#include "dataplane/eal.h"
#include "dataplane/handover.h"
#include "dataplane/heartbeat.h"
#include "dataplane/inbox.h"
#include "dataplane/lcore.h"
#include "dataplane/lcore_make.h"
#include "dataplane/neigh.h"
#include "dataplane/port.h"
#include "dataplane/port_stat.h"
#include "dataplane/privilege.h"
#include "dataplane/session_table.h"
#include "writers/repair.h"
#include "writers/writer.h"

#define RING_PKTS 16384 /* packets between an lcore and a writer: a quarter of a second at 64 kpps */

struct process {
	struct conf *conf;
	struct stat_segment *stat;
	struct host host;
	struct rte_mempool *pool;
	struct lcore lcores[LIMIT_LCORES];
	unsigned lcore_ids[LIMIT_LCORES], lcore_count, launched;
	struct inbox *inbox;
	struct writer_pool *writers;
	struct session_table *sessions;
	struct repair_report repaired;
	struct heartbeat heart;
	bool is_watched; /* by the service manager */
	_Atomic bool lcores_stop;
};

static struct process process;
static _Atomic bool stop;

static void on_signal(int number)
{
	atomic_store(&stop, true);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Writers give packets back on threads of their own: as DPDK's guests they have a cache of the pool each. */
static void enter_thread(void *arg)
{
	if (rte_thread_register())
		log_warn("a writer thread cannot be registered with DPDK: it gives packets back without a "
		         "cache");
}

static void leave_thread(void *arg)
{
	rte_thread_unregister();
}

static int create_stat(struct process *p)
{
	struct stat_cfg cfg = { .instances = { [STAT_SCOPE_PROC] = 1,
		                        [STAT_SCOPE_PORT] = p->host.port_count,
		                        [STAT_SCOPE_LCORE] = p->lcore_count,
		                        [STAT_SCOPE_WRITER] = (unsigned)p->conf->dataplane_writers,
		                        [STAT_SCOPE_FLOW] = (unsigned)p->conf->dataplane_max_tracks,
		                        [STAT_SCOPE_TRACK] = (unsigned)p->conf->dataplane_max_tracks } };
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", p->conf->dataplane_run_dir, MSG_STATS);
	int status = stat_create(&p->stat, path, &cfg);
	if (status) {
		log_error("the counters' segment %s cannot be made: %s", path, strerror(-status));
		return status;
	}
	stat_set(stat_slot(p->stat, STAT_SCOPE_PROC, 0), STAT_PROC_huge_pages,
	        (uint64_t)rte_eal_has_hugepages());
	for (unsigned i = 0; i < p->host.port_count; i++) {
		p->host.port_slots[i] = stat_slot(p->stat, STAT_SCOPE_PORT, i);
		stat_set_label(p->stat, STAT_SCOPE_PORT, i, port_name(i));
	}
	return 0;
}

static int create_writers(struct process *p)
{
	int status = inbox_create(&p->inbox);
	struct writer_cfg cfg = { .conf = p->conf,
		.inputs = p->lcore_count,
		.ring_pkts = RING_PKTS,
		.stat = p->stat,
		.release = handover_release };

	if (status)
		return status;
	cfg.events = inbox_events(p->inbox);
	cfg.events.thread_enter = enter_thread;
	cfg.events.thread_leave = leave_thread;
	return writer_pool_create(&p->writers, &cfg);
}

static int create_lcores(struct process *p)
{
	const struct lcore_make_cfg cfg = { .conf = p->conf,
		.host = &p->host,
		.pool = p->pool,
		.stat = p->stat,
		.writers = p->writers,
		.tsc_hz = rte_get_tsc_hz(),
		.now_tsc = rte_rdtsc(),
		.stop = &p->lcores_stop };
	int status = 0;

	for (unsigned i = 0; i < p->lcore_count && !status; i++) {
		p->lcores[i].eal_id = p->lcore_ids[i];
		status = lcore_make(p->lcores, i, p->lcore_count, &cfg);
	}
	return status;
}

static void on_second(void *arg)
{
	struct process *p = arg;
	uint64_t *slot = stat_slot(p->stat, STAT_SCOPE_PROC, 0);

	port_stat_update(&p->host);
	stat_set(slot, STAT_PROC_mbufs_in_use, rte_mempool_in_use_count(p->pool));
	disk_watch(p->conf, slot);
	if (p->is_watched && heartbeat_look(&p->heart))
		notify_alive();
}

static int create_sessions(struct process *p)
{
	struct session_table_cfg cfg = { .conf = p->conf,
		.stat = p->stat,
		.host = &p->host,
		.lcores = p->lcores,
		.lcore_count = p->lcore_count,
		.writers = p->writers,
		.inbox = p->inbox,
		.repaired = p->repaired.repaired,
		.stop = &stop,
		.on_second = on_second,
		.arg = p };

	return session_table_create(&p->sessions, &cfg);
}

static int repair(struct process *p)
{
	int status = repair_dir(p->conf->record_dir, &p->repaired, NULL, NULL);

	if (status)
		log_error("%s cannot be looked through for parts of a crash: %s", p->conf->record_dir,
		        strerror(-status));
	else if (p->repaired.repaired || p->repaired.failed)
		log_info("%u recordings cut off by a crash are repaired, %u could not be and are kept as "
		         "they are",
		        p->repaired.repaired, p->repaired.failed);
	return status;
}

/* Everything up to the poll loops. 0 or -errno, logged. */
static int start(struct process *p)
{
	const char *why = NULL;
	int status = neigh_host_init(&p->host, p->conf, &why);

	if (status) {
		log_error("%s", why);
		return status;
	}
	crypto_cpu_choose(p->conf->dataplane_vector_crypto);
	if (p->conf->dataplane_vector_crypto && !crypto_cpu_vector())
		log_warn("this CPU shows no AES instructions: SRTP costs ten times as much, and more. A "
		         "virtual "
		         "machine gets them with the host's CPU model");
	privilege_raise_limits();
	status = privilege_make_dirs(p->conf);
	if (!status)
		status = repair(p);
	if (!status)
		status = eal_start(p->conf, p->lcore_ids, &p->lcore_count);
	if (status)
		return status;
	p->pool = port_pool_create(p->conf);
	if (!p->pool) {
		log_error("%ld packet buffers do not fit in %ld MiB: lower dataplane.mbufs or raise "
		          "dataplane.memory_mb and the "
		          "huge pages",
		        (long)p->conf->dataplane_mbufs, (long)p->conf->dataplane_memory_mb);
		return -ENOMEM;
	}
	status = port_start_all(p->conf, p->pool, &p->host, p->lcores, p->lcore_count);
	if (!status)
		status = privilege_drop(p->conf);
	if (!status)
		status = create_stat(p);
	if (!status)
		status = create_writers(p);
	if (!status)
		status = create_lcores(p);
	return status ? status : create_sessions(p);
}

static int launch(struct process *p)
{
	for (unsigned i = 0; i < p->lcore_count; i++) {
		int status = rte_eal_remote_launch(lcore_main, &p->lcores[i], p->lcores[i].eal_id);
		if (status) {
			log_error("poll loop %u does not start: %s", i, strerror(-status));
			return status;
		}
		p->launched++;
	}
	log_info("%u poll loops, %ld writers, records to %s", p->lcore_count,
	        (long)p->conf->dataplane_writers, p->conf->record_dir);
	heartbeat_init(&p->heart, p->lcores, p->lcore_count, p->stat, (unsigned)p->conf->dataplane_writers);
	p->is_watched =
	        notify_alive_every_ns() != 0; /* once a second is often enough: see the unit's WatchdogSec */
	notify_ready();
	return session_table_run(p->sessions);
}

/* The opposite order; every part may be missing. */
static void end(struct process *p)
{
	atomic_store(&p->lcores_stop, true);
	rte_eal_mp_wait_lcore();
	writer_pool_free(p->writers);
	session_table_free(p->sessions);
	inbox_free(p->inbox);
	for (unsigned i = 0; i < p->lcore_count; i++)
		lcore_make_free(&p->lcores[i]);
	port_stop_all();
	stat_close(p->stat);
	rte_eal_cleanup();
}

int main(int argc, char **argv)
{
	int code;

	if (conf_main(argc, argv, "wirespool-dataplane",
	            "Takes media from the NIC and records it: poll-mode cores, writers, crash-safe files.",
	            &process.conf, &code))
		return code;
	catch_signals();
	int status = start(&process);
	if (!status)
		status = launch(&process);
	if (process.lcore_count)
		end(&process);
	conf_free(process.conf);
	return status ? 1 : 0;
}
