/* SPDX-License-Identifier: BSD-3-Clause */
/* Endpoints of WebRTC sessions: all on one port, known by their ICE ufrags and paths (dataplane/demux.h).
 * What dataplane/endpoint.h does by address and port for the others. Poll loop only. */
#ifndef DATAPLANE_ENDPOINT_WEBRTC_H
#define DATAPLANE_ENDPOINT_WEBRTC_H

#include <stdbool.h>
#include <rte_mbuf.h>
#include "base/msg.h"

struct endpoint;
struct lcore;

/* The endpoint of a datagram to the WebRTC port, if it is this lcore's own. NULL: it was passed on, or
 * dropped with a counted reason. */
struct endpoint *endpoint_webrtc_find(struct lcore *lc, struct rte_mbuf *mbuf);

/* @ufrags is struct command's: one or two. As endpoint_point, endpoint_remove, endpoint_is_own. */
void endpoint_webrtc_point(struct lcore *lc, const char ufrags[2][MSG_UFRAG_BYTES], unsigned owner);
void endpoint_webrtc_remove(struct lcore *lc, const char ufrags[2][MSG_UFRAG_BYTES]);
bool endpoint_webrtc_is_own(
        const struct lcore *lc, const struct endpoint *ep, const char ufrags[2][MSG_UFRAG_BYTES]);

#endif
