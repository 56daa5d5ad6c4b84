/* SPDX-License-Identifier: BSD-3-Clause */
/* Which session has which port pair at which of our addresses. Command thread. */
#ifndef DATAPLANE_PORT_CLAIM_H
#define DATAPLANE_PORT_CLAIM_H

#include "dataplane/session.h"

/* Who has one of the two ports from @port on at @local (an address's index, or ENDPOINT_ANY_LOCAL); NULL:
 * nobody. They are within ingest.port_range. */
struct session *port_claim_holder(const struct session_table *table, unsigned local, uint16_t port);

/* Take a session's two ports, which are free; give them back, if it has them. */
void port_claim_take(struct session *session);
void port_claim_drop(struct session *session);

#endif
