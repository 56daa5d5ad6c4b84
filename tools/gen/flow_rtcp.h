/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP of a flow: sender reports and the BYE that go out. Same thread as the flow. */
#ifndef TOOLS_GEN_FLOW_RTCP_H
#define TOOLS_GEN_FLOW_RTCP_H

#include "tools/gen/flow.h"

/* SR and SDES (RFC 3550 section 6.1) for the virtual time @now_ns; nothing before the first packet. 0 or
 * -errno. */
int flow_rtcp_send_report(struct flow *flow, uint64_t now_ns);
/* The same with a BYE (section 6.6) behind, the last thing that the flow sends. 0 or -errno. */
int flow_rtcp_send_bye(struct flow *flow);

#endif
