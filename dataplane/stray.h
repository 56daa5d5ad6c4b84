/* SPDX-License-Identifier: BSD-3-Clause */
/* Media of a WebRTC session from where no check of ICE came: a NAT on the way has forgotten its sender, which
 * is known by another port from now on and does not notice; its next check, seconds later, makes a path of
 * it. Until then its media is found by SSRC and taken if it is authentic (RFC 3711), as a path is to be known
 * only for what we send (RFC 7675). An lcore knows the SSRCs of its own endpoints: what RSS brings to another
 * one waits for the check. Of two sessions with one SSRC the first is found. Poll loop only.
 */
#ifndef DATAPLANE_STRAY_H
#define DATAPLANE_STRAY_H

#include <stdint.h>
#include <rte_mbuf.h>

struct endpoint;
struct lcore;

/* Flow @flow of @ep, which is this lcore's own and has a webrtc, has media of @ssrc now. */
void stray_expect(struct lcore *lc, struct endpoint *ep, unsigned flow, uint32_t ssrc);

/* What is expected of @ep is found in this lcore when it comes (@slot is a pointer), and no more when it goes
 * (anything else). */
void stray_put_slots(struct lcore *lc, const struct endpoint *ep, uintptr_t slot);

/* The endpoint whose RTP or RTCP this may be, by its SSRC; NULL: none. */
struct endpoint *stray_find(const struct lcore *lc, struct rte_mbuf *mbuf);

#endif
