/* SPDX-License-Identifier: BSD-3-Clause */
/* The pipeline behind classify and endpoint_lookup, in the packet's order: what lcore.c calls. Each is
 * implemented in the file that bears its stem, and takes and returns as dataplane/lcore.h says. */
#ifndef DATAPLANE_STAGES_H
#define DATAPLANE_STAGES_H

#include <rte_mbuf.h>

struct lcore;

/* RTP or RTCP (RFC 7983, RFC 5761)? Header sound? Whose: by SSRC, else by payload type of a flow not bound
 * yet. */
unsigned flow_match_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Authenticate and decrypt in place (RFC 3711, RFC 7714); bind a flow's SSRC and the endpoint's peer once
 * authentic. */
unsigned unprotect_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* WebRTC: note each packet's transport-wide number and what header extensions say; retransmissions (RFC 4588)
 * become what they retransmit, redundant audio (RFC 2198) the packets in it, FEC the packets it repairs.
 * @pkts has room for LCORE_BURST + LCORE_EXTRA. */
unsigned unwrap_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Consume RTCP: sender reports go to the writer as PACKET_SENDER_REPORT, BYE ends a flow. Leaves RTP only. */
unsigned feedback_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Extended sequence numbers, duplicates, loss, jitter, restarts (RFC 3550 A.1, A.3, A.8); fills in
 * meta.packet. */
unsigned sequence_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Put packets into their writers' rings; a full ring costs whole frames. */
void handover_burst(struct lcore *lc, struct rte_mbuf **pkts, unsigned count);

/* Receiver reports and PLIs that are due. Called about every millisecond; visits every endpoint within 100
 * ms. */
void feedback_timer(struct lcore *lc);

/* Carry out what the command thread asks (dataplane/command.h). Called about every 100 us. */
void command_poll(struct lcore *lc);

#endif
