/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on ports that run: descriptors, and what is at the other end of the cable; by the counters of
 * the dataplane, which alone sees them. */
#include "tools/wirespool/doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include "base/limits.h"
#include "base/msg.h"
#include "base/stat.h"

#define PATH_BYTES 128 /* run_dir is short, for it is a socket's */
#define LOST_LEAST 100 /* a port that begins may lose some */

static struct stat_segment *open_counters(const struct doctor *doctor)
{
	char path[PATH_BYTES];
	struct stat_segment *stat;

	snprintf(path, sizeof(path), "%s/%s", doctor->conf->dataplane_run_dir, MSG_STATS);
	return doctor->dataplane.pid && !stat_open(&stat, path) ? stat : NULL;
}

static const char *name_of(const struct stat_segment *stat, unsigned port)
{
	const char *label = stat_label(stat, STAT_SCOPE_PORT, port);

	return label && *label ? label : "a port";
}

/* What waits in descriptors is taken from the packet buffers. */
static void check_buffers(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	unsigned cpus[LIMIT_LCORES], ports = 0;
	int lcores = conf_cpus(conf->dataplane_lcores, cpus, LIMIT_LCORES);
	int64_t queues = conf->dataplane_rx_queues ? conf->dataplane_rx_queues : lcores > 0 ? lcores : 1;
	char remedy[DOCTOR_REMEDY_BYTES];

	while (conf->dataplane_port[ports])
		ports++;
	int64_t taken = conf->dataplane_rx_descriptors * queues * ports;
	snprintf(remedy, sizeof(remedy),
	        "dataplane.mbufs of %" PRId64
	        " and more, with memory_mb for 2.5 KiB each; or fewer rx_descriptors",
	        4 * taken);
	if (taken >= conf->dataplane_mbufs)
		doctor_say(doctor, DOCTOR_PROBLEM, remedy,
		        "RX descriptors take %" PRId64 " packet buffers, dataplane.mbufs are %" PRId64
		        ": ports do not start, or lose packets",
		        taken, conf->dataplane_mbufs);
	else if (taken > conf->dataplane_mbufs / 2)
		doctor_say(doctor, DOCTOR_WARNING, remedy,
		        "RX descriptors take %" PRId64 " of %" PRId64
		        " packet buffers: few are left for what waits to be written",
		        taken, conf->dataplane_mbufs);
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		        "RX descriptors take %" PRId64 " of %" PRId64 " packet buffers", taken,
		        conf->dataplane_mbufs);
}

static void check_losses(struct doctor *doctor, const struct stat_segment *stat, unsigned port)
{
	const uint64_t *slot = stat_slot(stat, STAT_SCOPE_PORT, port);
	uint64_t missed = stat_get(slot, STAT_PORT_rx_missed), nombuf = stat_get(slot, STAT_PORT_rx_nombuf);

	if (missed > LOST_LEAST)
		doctor_say(doctor, DOCTOR_WARNING,
		        "more dataplane.rx_descriptors to ride out pauses; more or better isolated lcores, "
		        "if "
		        "wirespool-top shows them busy",
		        "%s lost %" PRIu64 " packets since the dataplane began, as no descriptor was free",
		        name_of(stat, port), missed);
	if (nombuf > LOST_LEAST)
		doctor_say(doctor, DOCTOR_WARNING, "more dataplane.mbufs, and memory_mb for them",
		        "%s lost %" PRIu64 " packets since the dataplane began, as no packet buffer was free",
		        name_of(stat, port), nombuf);
}

void doctor_descriptors(struct doctor *doctor)
{
	struct stat_segment *stat = open_counters(doctor);

	check_buffers(doctor);
	for (unsigned i = 0; stat && i < stat_instances(stat, STAT_SCOPE_PORT); i++)
		check_losses(doctor, stat, i);
	stat_close(stat);
}

static void check_port(struct doctor *doctor, const struct stat_segment *stat, unsigned port)
{
	const uint64_t *slot = stat_slot(stat, STAT_SCOPE_PORT, port);
	uint64_t came = stat_get(slot, STAT_PORT_rx_pkts);

	if (!stat_get(slot, STAT_PORT_link_up))
		doctor_say(doctor, DOCTOR_PROBLEM, "look at cable, switch, or the other end of a veth pair",
		        "%s has no link", name_of(stat, port));
	else if (!came)
		doctor_say(doctor, DOCTOR_WARNING,
		        "is the switch's port in the right VLAN, and ingest.address routed here?",
		        "%s has a link, and not one packet has come by it", name_of(stat, port));
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s has a link, %" PRIu64 " packets have come by it",
		        name_of(stat, port), came);
}

void doctor_reach(struct doctor *doctor)
{
	struct stat_segment *stat = open_counters(doctor);
	unsigned gateways = 0;
	uint64_t answer = 0;

	if (!stat) {
		doctor_say(doctor, DOCTOR_UNCHECKED, "start wirespool-dataplane",
		        "only the dataplane sees what its ports reach, and it does not run");
		return;
	}
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_PORT); i++) {
		check_port(doctor, stat, i);
		answer += stat_get(stat_slot(stat, STAT_SCOPE_PORT, i), STAT_PORT_gateways_resolved);
	}
	while (doctor->conf->ingest_gateway && doctor->conf->ingest_gateway[gateways])
		gateways++;
	if (answer < gateways)
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "correct ingest.gateway, or see why it answers no ARP or neighbour discovery at that "
		        "port: "
		        "VLAN, switch, its own log",
		        "%" PRIu64
		        " of %u gateways (ingest.gateway) answer: senders behind the others get nothing back",
		        answer, gateways);
	else if (gateways)
		doctor_say(doctor, DOCTOR_OK, NULL, "%u of %u gateways answer", gateways, gateways);
	stat_close(stat);
}
