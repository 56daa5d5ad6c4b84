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
#include "dataplane/command.h"
#include "dataplane/crypto_cpu.h"
#include "dataplane/crypto_engine.h"
#include "dataplane/demux.h"
#include "dataplane/disk.h"
#include "dataplane/eal.h"
#include "dataplane/endpoint.h"
#include "dataplane/heartbeat.h"
#include "dataplane/inbox.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"
#include "dataplane/port.h"
#include "dataplane/port_stat.h"
#include "dataplane/privilege.h"
#include "dataplane/session_table.h"
#include "writers/repair.h"
#include "writers/writer.h"

#define RING_PKTS     16384 /* packets between an lcore and a writer: a quarter of a second at 64 kpps */
#define FORWARD_SLOTS 4096
#define HELD_SHARE    8 /* an eighth of the packet buffers at most waits for keys of WebRTC sessions */

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

static void release(void *arg, struct packet *const *packets, unsigned n)
{
	struct rte_mbuf *mbufs[PACKET_BIN];

	for (unsigned i = 0; i < n; i++)
		mbufs[i] = meta_mbuf(packets[i]);
	rte_pktmbuf_free_bulk(mbufs, n);
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
		.release = release };

	if (status)
		return status;
	cfg.events = inbox_events(p->inbox);
	cfg.events.thread_enter = enter_thread;
	cfg.events.thread_leave = leave_thread;
	return writer_pool_create(&p->writers, &cfg);
}

/* A session has a track at least. */
static unsigned max_sessions(const struct conf *conf)
{
	return (unsigned)(conf->dataplane_max_tracks < LIMIT_SESSIONS ? conf->dataplane_max_tracks
	                                                              : LIMIT_SESSIONS);
}

/* What an lcore's loop touches; the rings to the other lcores are made by the one with the lower index. */
static int create_lcore(struct process *p, unsigned index)
{
	struct lcore *lc = &p->lcores[index];
	uint16_t first, last;

	lc->index = index;
	lc->eal_id = p->lcore_ids[index];
	lc->count = p->lcore_count;
	lc->slot = stat_slot(p->stat, STAT_SCOPE_LCORE, index);
	lc->host = &p->host;
	lc->pool = p->pool;
	lcore_set_clock(lc, rte_get_tsc_hz());
	stat_set(lc->slot, STAT_LCORE_tsc_hz, lc->tsc_hz);
	lc->join_tsc = lc->tsc_hz / 1000000 * (uint64_t)p->conf->dataplane_join_us;
	wheel_init(&lc->wheel, rte_rdtsc(), lc->tsc_hz);
	lc->idle_sleep_us = (uint32_t)p->conf->dataplane_idle_sleep_us;
	lc->held_max = (unsigned)p->conf->dataplane_mbufs / HELD_SHARE / p->lcore_count;
	lc->stop = &p->lcores_stop;
	for (unsigned w = 0; w < p->conf->dataplane_writers; w++)
		lc->writers[w] = writer_input(p->writers, w, index);
	if (conf_port_range(p->conf->ingest_port_range, &first, &last) ||
	        endpoint_table_create(&lc->endpoints, first, last, p->host.addr_count) ||
	        spsc_create(&lc->commands, COMMAND_RING) || spsc_create(&lc->replies, COMMAND_RING))
		return -ENOMEM;
	lc->webrtc_port = (uint16_t)p->conf->ingest_webrtc_port;
	if (demux_create(&lc->demux, max_sessions(p->conf)) || spsc_create(&lc->punts, LIMIT_PUNTED_PKTS))
		return -ENOMEM;
	int status = crypto_engine_create(&lc->crypto);
	if (status)
		return status;
	for (unsigned other = 0; other < index; other++) {
		struct lcore *to = &p->lcores[other];
		if (spsc_create(&lc->forward[other], FORWARD_SLOTS) ||
		        spsc_create(&to->forward[index], FORWARD_SLOTS))
			return -ENOMEM;
		to->forwarded[index] = lc->forward[other];
		lc->forwarded[other] = to->forward[index];
	}
	return 0;
}

static void free_lcore(struct lcore *lc)
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
	for (unsigned i = 0; i < p->lcore_count && !status; i++)
		status = create_lcore(p, i);
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
		free_lcore(&p->lcores[i]);
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
