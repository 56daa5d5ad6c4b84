/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of a flow on their way out: built, harmed, protected, held back, sent. Same thread as the flow. */
#ifndef TOOLS_GEN_FLOW_PACKET_H
#define TOOLS_GEN_FLOW_PACKET_H

#include "tools/gen/flow.h"

/* Make the next packet of the frame under way and send what its verdict says. *ret_jitter_ns: how late the
 * one that follows is. 0 or -errno. */
int flow_packet_send(struct flow *flow, uint64_t *ret_jitter_ns);
/* Send all that is held back. 0 or -errno. */
int flow_packet_flush(struct flow *flow);

#endif
