/* SPDX-License-Identifier: BSD-3-Clause */
/* Feedback to a WebRTC sender, so that it sends all that it has at full quality: what it is told when.
 *
 *   report    every FEEDBACK_REPORT_MS: RR about all flows, SDES; receiver reference time where it is
 * answered twcc      every TWCC_MS while packets come: when each arrived; the sender finds its rate by that
 *   remb      every REMB_MS where the sender listens to nothing better, or is to be bounded: our estimate,
 * which lets it climb: half as much again as it sends, as the link to a recorder is not where the bottleneck
 * is; less than it sends when more than a tenth is lost nack      what is missing, by dataplane/nack.h PLI,
 * FIR  at the writer's wish, at control's, and when NACK gives up
 *
 * All that is due at a time goes into one compound packet, which begins with a report unless reduced size was
 * agreed upon (RFC 5506), protected with the endpoint's key, to the path that ICE has selected. Poll loop
 * only.
 */
#ifndef DATAPLANE_FEEDBACK_WEBRTC_H
#define DATAPLANE_FEEDBACK_WEBRTC_H

#include <stdint.h>

struct endpoint;
struct lcore;

/* Say what is due; returns when to look again. */
uint64_t feedback_webrtc_look(struct lcore *lc, struct endpoint *ep);

/* The sender has answered our receiver reference time @last_rr after @delay of 1/65536 s (RFC 3611
 * section 4.5). */
void feedback_webrtc_round_trip(struct lcore *lc, struct endpoint *ep, uint32_t last_rr, uint32_t delay);

#endif
