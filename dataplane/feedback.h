/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP, both ways (RFC 3550 section 6, RFC 4585, RFC 5761). In: sender reports become the writer's clock
 * pairs, BYE ends a flow a second later unless its packets go on. Out: a receiver report with CNAME about
 * each flow that had packets, every second, and a PLI when the track or control wishes a key frame.
 *
 * Each flow is reported on by itself: it has its own key, and its sender may speak from an address of its
 * own; WebRTC's are bundled (dataplane/feedback_webrtc.h). Reports go to where RTCP came from; as long as
 * none came, to where RTP comes from, which is right where the two are muxed (RFC 5761) and harmless else.
 * Poll loop only. The stage and the timer are in dataplane/stages.h.
 */
#ifndef DATAPLANE_FEEDBACK_H
#define DATAPLANE_FEEDBACK_H

#include <stdint.h>

#define FEEDBACK_REPORT_MS   1000
#define FEEDBACK_PLI_MS      250  /* at most one PLI a flow */
#define FEEDBACK_LOOK_MS     50   /* each endpoint is looked at about this often, or when more is due */
#define FEEDBACK_BUSY_MS     10   /* and no more often than this, on average over all of an lcore */
#define FEEDBACK_BYE_MS      1000 /* after BYE */
#define FEEDBACK_BYE_LATE_MS 200  /* packets that the network held back */
#define FEEDBACK_ASTRAY_PKTS                                                                                 \
	64 /* passed on, before it is asked whether the endpoint lies on the wrong lcore: where three        \
	      quarters of its packets come from, so that one whose tracks come in on several lcores does not \
	      wander */

struct endpoint;
struct lcore;

struct flow;
struct rtcp_report_block;

/* The report block about @flow's media as it is now (RFC 3550 sections 6.4.1 and A.3); the next one's
 * fraction lost begins here. What retransmissions and FEC brought back counts as lost: the report is about
 * the network. */
struct rtcp_report_block feedback_block(const struct lcore *lc, struct flow *flow);

/* The SSRC of our reports: one that no sender of this endpoint has. */
uint32_t feedback_ssrc(const struct endpoint *ep);

/* Look at @ep, which is this lcore's own, at @due_tsc at the latest. */
void feedback_soon(struct lcore *lc, struct endpoint *ep, uint64_t due_tsc);

#endif
